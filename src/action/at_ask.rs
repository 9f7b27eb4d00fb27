//! `at.ask`: asks the modem one AT query.

use super::{Cause, Context, Failure};
use crate::driver::at::{Answer, At};
use crate::protocol::at::Final;
use crate::transport::Deadline;
use regex::Regex;
use std::collections::BTreeMap;

/// Sends the query; gives what the named groups of `reply` matched.
pub fn run(
    ctx: &mut Context<'_>,
    command: &str,
    reply: Option<&Regex>,
) -> Result<BTreeMap<String, String>, Failure> {
    let deadline = ctx.deadline;
    ask(ctx.at()?, command, reply, deadline)
}

/// The lines of the answer to one query, for scripts.
pub fn lines(ctx: &mut Context<'_>, command: &str) -> Result<Vec<String>, Failure> {
    let deadline = ctx.deadline;
    let answer = ctx.at()?.ask(command, deadline)?;
    judge(&answer)?;
    Ok(answer.lines)
}

/// One command and what is searched in its answer; `at.set` does the same.
pub(super) fn ask(
    at: &mut At,
    command: &str,
    reply: Option<&Regex>,
    deadline: Deadline,
) -> Result<BTreeMap<String, String>, Failure> {
    let answer = at.ask(command, deadline)?;
    judge(&answer)?;
    match reply {
        None => Ok(BTreeMap::new()),
        Some(pattern) => captured(&answer, pattern),
    }
}

fn judge(answer: &Answer) -> Result<(), Failure> {
    if answer.result == Final::Ok {
        return Ok(());
    }
    let meaning = meaning(&answer.result).map_or_else(String::new, |m| format!(", {m}"));
    let message = format!("the modem answered `{}`{meaning}", answer.result);
    Err(Failure::new("at::error", Cause::Modem, message))
}

/// What is known of the code: CME numbers of 3GPP TS 27.007, and how they were met (quectel.md §8).
fn meaning(result: &Final) -> Option<&'static str> {
    let Final::Cme(code) = result else {
        return None;
    };
    Some(match code.as_str() {
        "0" | "phone failure" => "phone failure: it is offline or in factory test mode",
        "3" | "operation not allowed" => "operation not allowed, as in factory test mode",
        "4" | "operation not supported" => {
            "operation not supported, as with a calibration that it does not accept"
        }
        "10" => "no SIM card",
        "100" | "unknown" => "unknown",
        _ => return None,
    })
}

fn captured(answer: &Answer, pattern: &Regex) -> Result<BTreeMap<String, String>, Failure> {
    let found = answer.lines.iter().find_map(|line| pattern.captures(line));
    let Some(found) = found else {
        let lines = answer.lines.len();
        let message = format!("none of the {lines} lines of the answer matches `{pattern}`");
        return Err(Failure::new("at::no-match", Cause::Modem, message));
    };
    let named = pattern.capture_names().flatten();
    Ok(named
        .filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned())))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(lines: &[&str], result: Final) -> Answer {
        Answer {
            lines: lines.iter().map(ToString::to_string).collect(),
            result,
        }
    }

    #[test]
    fn named_groups_are_taken_from_the_first_line_that_matches() {
        let answer = answer(&["Quectel", "+CFUN: 5", "+CFUN: 1"], Final::Ok);
        let pattern = Regex::new(r"^\+CFUN: (?<cfun>\d+)(?<rest>,.*)?$").unwrap();
        let found = captured(&answer, &pattern).unwrap();
        assert_eq!(found, BTreeMap::from([("cfun".into(), "5".into())]));
    }

    #[test]
    fn no_matching_line_is_a_failure() {
        let answer = answer(&["+CFUN: x"], Final::Ok);
        let failure = captured(&answer, &Regex::new("^y").unwrap()).unwrap_err();
        assert_eq!(failure.code, "at::no-match");
    }

    #[test]
    fn an_error_is_a_failure_with_its_meaning() {
        for (code, wanted) in [("0", "factory test mode"), ("99", "+CME ERROR: 99")] {
            let failure = judge(&answer(&[], Final::Cme(code.into()))).unwrap_err();
            assert!(failure.message.contains(wanted), "{failure}");
            assert_eq!(failure.code, "at::error");
        }
        assert!(judge(&answer(&[], Final::Error)).is_err());
        assert!(judge(&answer(&[], Final::Ok)).is_ok());
    }
}
