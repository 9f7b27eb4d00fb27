//! What must be true of every run, whatever went wrong in it.

use crate::cell::{PAGES_PER_BLOCK, Ran};
use std::time::Duration;
use unbrick::engine::{Outcome, journal};
use unbrick::event::Event;
use unbrick::plan::Mode;
use unbrick::sim::RecordKind;

/// The longest that a run may take in the modem's time: the plan's own timeouts add up to about two hours.
const LONGEST: Duration = Duration::from_secs(3 * 3600);
/// Partitions that nothing may touch, in blocks: `efs2` with `sys_rev`, and `rawdata`.
const KEPT: [(u64, u64); 2] = [(14, 136), (199, 209)];
const FIRMWARE: &str = "RM502QGLAAR11A02M4G_01.200.01.200";

/// Every broken promise of one run.
pub(crate) fn broken(ran: &Ran) -> Vec<String> {
    let mut broken = Vec::new();
    let mut must = |holds: bool, promise: &str| {
        if !holds {
            broken.push(promise.to_owned());
        }
    };
    must(ran.took < LONGEST, "time is bounded");
    must(
        !ran.record.iter().any(|r| {
            matches!(
                r.kind,
                RecordKind::IdentityWrite { .. } | RecordKind::Transmit { .. }
            )
        }),
        "no identity is written and nothing is transmitted",
    );
    must(keeps(ran), "the calibration partitions are not touched");
    must(
        guards_first(ran),
        "nothing destructive comes before its guards",
    );
    must(
        intents_first(ran),
        "every destructive record lies behind its open intent",
    );
    must(
        no_reset_when_unfinished(ran),
        "nothing resets or powers off an unfinished modem",
    );
    must(dones_are_true(ran), "every `done` is true");
    must(journal_is_whole(ran), "the journal is whole and chained");
    told(ran, &mut must);
    ends_well(ran, &mut must);
    broken
}

fn keeps(ran: &Ran) -> bool {
    ran.record.iter().all(|record| match record.kind {
        RecordKind::Erase { start, count } | RecordKind::ProgramBegin { start, count } => {
            KEPT.iter().all(|(from, to)| {
                start + count <= from * PAGES_PER_BLOCK || start >= to * PAGES_PER_BLOCK
            })
        }
        _ => true,
    })
}

/// The destroying steps, their guards, and the records that belong to each.
const DESTROYING: [(&str, &[&str], &[&str]); 2] = [
    (
        "flash",
        &["right-model", "no-rollback", "whole-package", "nand-saved"],
        &["erase", "program", "patch"],
    ),
    (
        "restore-nv",
        &["right-model", "own-xqcn", "nv-saved"],
        &["nv-write", "efs-write"],
    ),
];

fn guards_first(ran: &Ran) -> bool {
    DESTROYING.iter().all(|(destroying, guards, words)| {
        let first = ran
            .record
            .iter()
            .position(|record| words.contains(&record.kind.word()));
        first.is_none_or(|first| {
            let answered = |name: &&str| {
                ran.events.iter().any(|(before, event)| {
                    *before <= first
                        && matches!(event, Event::Guard { step: Some(step), guard, verdict, .. }
                            if step == destroying && guard == name && (verdict == "allowed" || verdict == "unknown"))
                })
            };
            let asked = ran.events.iter().any(|(before, event)| {
                *before <= first
                    && matches!(event, Event::Ask { step, answer, .. } if step == destroying && answer == "yes")
            });
            guards.iter().all(answered) && asked
        })
    })
}

fn intents_first(ran: &Ran) -> bool {
    ran.record.iter().enumerate().all(|(at, record)| {
        let word = record.kind.word();
        if !record.kind.is_destructive() {
            return true;
        }
        let mut open = 0_i32;
        for (before, event) in &ran.events {
            if *before > at {
                break;
            }
            match event {
                Event::Intent { operation, .. } if operation == word => open += 1,
                Event::Done { operation, .. } | Event::Failed { operation, .. }
                    if operation == word =>
                {
                    open -= 1;
                }
                _ => {}
            }
        }
        open > 0
    })
}

/// Whatever restarts the modem comes only where no destroying step has begun, or after it has passed.
fn no_reset_when_unfinished(ran: &Ran) -> bool {
    ran.record.iter().enumerate().all(|(at, record)| {
        let restarts = match &record.kind {
            RecordKind::Power { .. } | RecordKind::Reset | RecordKind::ModeSwitch { .. } => true,
            RecordKind::AtCommand { command } => {
                let command = command.to_ascii_uppercase();
                ["AT+CFUN=1,1", "AT+QPOWD", "AT+QDOWNLOAD"]
                    .iter()
                    .any(|reset| command.starts_with(reset))
            }
            _ => false,
        };
        !restarts
            || DESTROYING.iter().all(|(step, _, words)| {
                let begun = ran.record[..at]
                    .iter()
                    .any(|record| words.contains(&record.kind.word()));
                !begun || passed(ran, step, at)
            })
    })
}

fn passed(ran: &Ran, wanted: &str, at: usize) -> bool {
    ran.events.iter().any(|(before, event)| {
        *before <= at
            && matches!(event, Event::StepEnd { step, result, .. } if step == wanted && result == "passed")
    })
}

/// What is said to be programmed is what the modem received, range by range.
fn dones_are_true(ran: &Ran) -> bool {
    ran.events.iter().all(|(before, event)| {
        let Event::Done {
            operation, target, ..
        } = event
        else {
            return true;
        };
        let received = &ran.record[..*before];
        match operation.as_str() {
            "program" => received.iter().any(|record| {
                matches!(record.kind, RecordKind::Program { start, count, .. }
                    if target.contains(&format!("{start}..{}", start + count)))
            }),
            "erase" => received.iter().any(|record| {
                matches!(record.kind, RecordKind::Erase { start, count }
                    if target.contains(&format!("{start}..{}", start + count)))
            }),
            _ => true,
        }
    })
}

fn journal_is_whole(ran: &Ran) -> bool {
    let journal = journal::read(&ran.journal);
    let first = journal.records.first();
    let last = journal.records.last();
    journal.state == journal::State::Whole
        && first.is_some_and(|r| r["event"] == "run-start")
        && last.is_some_and(|r| r["event"] == "run-end" && r["outcome"] == ran.ended.outcome.word())
        && journal.records.len() == ran.events.len()
}

/// A failure names the step, the mode and what to do.
fn told(ran: &Ran, must: &mut impl FnMut(bool, &str)) {
    let ended = &ran.ended;
    if ended.outcome == Outcome::Proved {
        return;
    }
    let step = ended.step.as_deref();
    must(
        step.is_none_or(|step| ended.message.contains(step)),
        "the message names the step",
    );
    must(
        step.is_some() || ended.outcome == Outcome::NoModem || ended.outcome == Outcome::Refused,
        "a step is named",
    );
    let mode = ran.summary.mode;
    let state = match mode {
        Mode::Off => "nothing is on the bus".to_owned(),
        _ => format!("The modem is in {}", mode.word()),
    };
    let says = ended.message.contains(&state);
    must(says, "the message says the modem's mode");
    let code = ended.code.as_deref().unwrap_or_default();
    must(code.contains("::"), "there is a code");
    must(
        ended.help.as_ref().is_some_and(|help| !help.is_empty())
            || ended.outcome == Outcome::NoModem,
        "it is said what to do",
    );
}

fn ends_well(ran: &Ran, must: &mut impl FnMut(bool, &str)) {
    let destroyed = ran.record.iter().any(|record| record.kind.is_destructive());
    let begun = ran
        .events
        .iter()
        .any(|(_, event)| matches!(event, Event::Intent { .. }));
    let summary = &ran.summary;
    match ran.ended.outcome {
        Outcome::Proved => {
            must(
                summary.mode == Mode::Normal
                    && summary.firmware.as_deref() == Some(FIRMWARE)
                    && summary.calibration
                    && summary.imei.as_deref() == Some("490154203237518"),
                "what is proved is true of the modem",
            );
        }
        Outcome::InDoubt => must(begun, "only what was begun is in doubt"),
        Outcome::Refused | Outcome::Declined | Outcome::NoModem => {
            must(!destroyed, "a refusal means that nothing was written");
        }
        Outcome::Unproved | Outcome::Failed | Outcome::Interrupted => {}
    }
    let flashed = passed(ran, "flash", ran.record.len());
    let erased = ran.record.iter().any(|r| r.kind.word() == "erase");
    must(
        !erased || flashed || matches!(ran.ended.outcome, Outcome::InDoubt | Outcome::Unproved),
        "a flash that was begun and did not end is in doubt",
    );
    match summary.mode {
        Mode::Normal | Mode::Edl | Mode::Firehose | Mode::Off => {}
        Mode::Ramdump => must(!destroyed, "memory dump only before anything was written"),
        Mode::Fastboot | Mode::Dload => must(false, "it ends in a mode of the plan"),
    }
}
