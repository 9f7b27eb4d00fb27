//! `unbrick show`: a plan in one of its forms, or the functions that conditions and scripts may call.

use super::args::{ShowFormat, ShowOptions};
use super::{Stop, setup};
use crate::check::CheckedPlan;
use crate::engine::ExitCode;
use crate::report::{Output, functions, show};

pub(super) fn show(options: &ShowOptions, output: Output) -> Result<ExitCode, Stop> {
    let format = if options.json {
        ShowFormat::Json
    } else {
        options.format
    };
    let plan = options.plan.as_deref();
    let plan = plan.map(|name| setup::plan(name, output)).transpose()?;
    match (&plan, options.host_functions) {
        (plan, true) => functions(plan.as_ref(), format, output),
        (Some(plan), false) => {
            output.data(&show::render(plan, of_plan(format)))?;
            Ok(ExitCode::Proved)
        }
        // clap demands one of both.
        (None, false) => Err(Stop::usage("there is no plan to show", "name one")),
    }
}

fn of_plan(format: ShowFormat) -> show::Format {
    match format {
        ShowFormat::Text => show::Format::Text,
        ShowFormat::Markdown => show::Format::Markdown,
        ShowFormat::Mermaid => show::Format::Mermaid,
        ShowFormat::Dot => show::Format::Dot,
        ShowFormat::Json => show::Format::Json,
    }
}

/// All functions, or those that a plan calls.
fn functions(
    plan: Option<&CheckedPlan>,
    format: ShowFormat,
    output: Output,
) -> Result<ExitCode, Stop> {
    let called = plan.map(CheckedPlan::calls);
    let list = functions::select(called.as_ref());
    let text = match format {
        ShowFormat::Text => functions::text(&list),
        ShowFormat::Markdown => functions::markdown(&list),
        ShowFormat::Json => functions::json(&list).to_string(),
        ShowFormat::Mermaid | ShowFormat::Dot => {
            return Err(Stop::usage(
                "functions cannot be drawn",
                "take `--format text`, `markdown` or `json`",
            ));
        }
    };
    output.data(&text)?;
    Ok(ExitCode::Proved)
}
