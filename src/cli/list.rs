//! `unbrick plans` and `unbrick schema`.

use super::Stop;
use crate::engine::ExitCode;
use crate::plan::library;
use crate::report::Output;
use crate::schema::{self, SCHEMAS};
use serde_json::json;

pub(super) fn plans(as_json: bool, output: Output) -> Result<ExitCode, Stop> {
    let mut listed = Vec::new();
    for entry in library::list() {
        if entry.kind == library::EntryKind::Plan {
            let (_, plan, _) = library::load_plan(&entry.name)?;
            listed.push((entry.name, plan.modem.value, plan.title));
        }
    }
    if as_json {
        let plans: Vec<_> = listed
            .iter()
            .map(|(name, modem, title)| json!({ "name": name, "modem": modem, "title": title }))
            .collect();
        output.json(&json!({ "format": 1, "plans": plans }))?;
    } else {
        for (name, _, title) in &listed {
            output.data(&format!("{name}\n    {title}"))?;
        }
    }
    Ok(ExitCode::Proved)
}

pub(super) fn schema(name: &str, output: Output) -> Result<ExitCode, Stop> {
    match schema::schema(name) {
        Some(schema) => {
            let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
            output.data(&text)?;
            Ok(ExitCode::Proved)
        }
        None => Err(Stop::usage(
            format!("there is no schema `{name}`"),
            format!("take one of {}", SCHEMAS.join(", ")),
        )),
    }
}
