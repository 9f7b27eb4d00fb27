//! What a plan that passed `check` never comes to, told by the codes of the engine.

use crate::bench::{NoRun, Ran};
use crate::scenario::Weather;
use unbrick::engine::ExitCode;
use unbrick::event::Event;

/// Never, whatever the modem and the person do.
pub(crate) const NEVER: [&str; 6] = [
    "plan::unknown-name",
    "plan::wrong-type",
    "plan::not-a-name",
    "guard::missing",
    "program::script",
    "program::unexpected",
];

/// Only where something went wrong that is no part of the plan.
pub(crate) const NEVER_IN_CLEAR_WEATHER: [&str; 3] = [
    "modem::unexpected-mode",
    "modem::no-port",
    "modem::no-programmer",
];

/// Every promise that a run broke.
pub(crate) fn broken(ran: &Result<Ran, NoRun>, weather: Weather) -> Vec<String> {
    let ran = match ran {
        Ok(ran) => ran,
        Err(NoRun::Panicked) => return vec!["the run panicked".to_owned()],
        Err(NoRun::Scenario | NoRun::Inputs | NoRun::Start(_)) => return Vec::new(),
    };
    let mut broken: Vec<String> = codes(ran)
        .into_iter()
        .filter(|(_, code)| is_forbidden(code, weather))
        .map(|(place, code)| format!("{place}: {code}"))
        .collect();
    if ran.ended.outcome.exit() == ExitCode::Unexpected {
        broken.push("the run ends as a fault of the program".to_owned());
    }
    broken
}

fn is_forbidden(code: &str, weather: Weather) -> bool {
    NEVER.contains(&code)
        || code.starts_with("program::")
        || (weather == Weather::Clear && NEVER_IN_CLEAR_WEATHER.contains(&code))
}

/// Every code that the engine gave, and where: of the end, the rescue, each step and each guard.
fn codes(ran: &Ran) -> Vec<(String, String)> {
    let ended = &ran.ended;
    let end = ended.code.iter().map(|code| {
        let step = ended.step.as_deref().unwrap_or("the run");
        (format!("{step} ended it"), code.clone())
    });
    let rescue = ended
        .rescue
        .iter()
        .map(|code| ("the rescue".to_owned(), code.clone()));
    let events = ran.events.iter().filter_map(|event| match event {
        Event::StepEnd { step, code, .. } => Some((step.clone(), code.clone()?)),
        // Asked before step one, a guard may wait for its values.
        Event::Guard {
            step: Some(step),
            guard,
            rule,
            ..
        } => Some((format!("{step}, guard {guard}"), rule.clone())),
        _ => None,
    });
    end.chain(rescue).chain(events).collect()
}
