//! `unbrick runs` and `unbrick log`: what the journals tell.

use super::{Stop, setup};
use crate::diagnostic::Problem;
use crate::engine::journal::State;
use crate::engine::{ExitCode, Listener};
use crate::event::Event;
use crate::report::{Output, People, Ranges};
use camino::Utf8Path;
use serde_json::json;

pub(super) fn runs(
    as_json: bool,
    state: Option<&Utf8Path>,
    output: Output,
) -> Result<ExitCode, Stop> {
    let runs = setup::store(state)?.runs()?;
    if as_json {
        let runs: Vec<_> = runs
            .iter()
            .map(|run| {
                json!({
                    "run": run.id, "plan": run.plan, "started": run.started, "outcome": run.outcome,
                    "simulated": run.simulated, "step": run.step, "damaged": run.damaged,
                })
            })
            .collect();
        output.json(&json!({ "format": 1, "runs": runs }))?;
        return Ok(ExitCode::Proved);
    }
    for run in runs {
        let step = run
            .step
            .filter(|_| run.outcome != "proved")
            .map_or_else(String::new, |step| format!(" at step {step}"));
        let simulated = if run.simulated { ", simulated" } else { "" };
        let damaged = if run.damaged { ", journal damaged" } else { "" };
        output.data(&format!(
            "{}  {}{step}  {}{simulated}{damaged}",
            run.id, run.outcome, run.plan
        ))?;
    }
    Ok(ExitCode::Proved)
}

pub(super) fn log(
    id: &str,
    as_json: bool,
    state: Option<&Utf8Path>,
    output: Output,
) -> Result<ExitCode, Stop> {
    let folder = setup::store(state)?.run(id).map_err(|error| {
        let problem = Problem::bare("run::unknown", format!("there is no run `{id}`: {error}"));
        Stop::one(ExitCode::Usage, problem.help("`unbrick runs` lists them"))
    })?;
    let journal = folder.journal()?;
    let mut people = People::new(output);
    let mut ranges = Ranges::default();
    for record in &journal.records {
        if as_json {
            output.json(record)?;
        } else if let Ok(event) = serde_json::from_value::<Event>(record.clone()) {
            people.hear(&event);
            ranges.hear(&event);
        }
    }
    let ranges = ranges.to_string();
    if !ranges.is_empty() {
        output.data(&ranges)?;
    }
    match journal.state {
        State::Whole => Ok(ExitCode::Proved),
        State::TornTail => {
            output.talk("The last record was cut short and is left out.");
            Ok(ExitCode::Proved)
        }
        State::Damaged => Err(Stop::one(
            ExitCode::Problems,
            Problem::bare(
                "run::damaged",
                "the journal is damaged behind the records above",
            )
            .help("a damaged journal can be shown, and never resumed"),
        )),
    }
}
