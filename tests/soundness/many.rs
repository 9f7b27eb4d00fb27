//! Many plans.

use crate::bench::{Bench, NoRun};
use crate::draft::Draft;
use crate::oracle;
use crate::random::Random;
use crate::scenario::Weather;
use crate::tally::{Tally, constructs};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use unbrick::event::Event;

/// Plans that are drawn in the usual run; three out of four pass.
const PLANS: u64 = 300;
/// A construct that fewer plans had would prove little.
const LEAST: usize = 3;

/// Plans that must pass `check`, and those of them of which some run must pass several steps.
const PASSED: usize = 200;
const BEYOND: usize = 150;
/// What must stand in plans that passed. Functions and actions come from their own tables.
#[rustfmt::skip]
const HELD: &[&str] = &[
    "input text", "input int", "input bool", "input file", "input folder", "input firmware", "input imei",
    "input secret", "input default", "input matches", "input choices",
    "save text", "save int", "save bool", "save file", "save folder", "save firmware", "save imei",
    "parameter text", "parameter int", "parameter bool", "parameter file", "parameter folder", "parameter firmware",
    "parameter imei",
    "guard model", "guard rollback", "guard package", "guard backup", "guard same_unit", "guard that",
    "only_in", "when", "retry", "until", "optional", "checkpoint", "confirm", "group", "include", "rescue", "report",
    "fastboot.reboot",
];
/// What must have happened in runs.
const DONE: &[&str] = &[
    "skipped",
    "tried again",
    "checkpoint",
    "that allowed",
    "that refused",
];
const ENDED: &[&str] = &[
    "run proved",
    "run failed",
    "run refused",
    "run declined",
    "run unproved",
];

/// What all threads have found.
#[derive(Default)]
struct Found {
    refused: Tally,
    held: Tally,
    did: Tally,
    ended: Tally,
    broken: Vec<String>,
}

#[test]
fn what_check_has_proved_holds_in_every_run() {
    let (first, count) = wanted();
    let next = AtomicU64::new(first);
    let found = Mutex::new(Found::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism()
            .map_or(2, usize::from)
            .min(8)
        {
            scope.spawn(|| {
                let bench = Bench::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    one(&bench, seed, count == 1, &found);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    println!("plans: drawn {count}, {}", found.ended.shown());
    println!("refused: {}", found.refused.shown());
    println!("reached by plans that passed: {}", found.held.shown());
    println!("done in runs: {}", found.did.shown());
    let mut broken = found.broken;
    broken.sort();
    assert!(
        broken.is_empty(),
        "{} runs broke a promise:\n{}",
        broken.len(),
        broken.join("\n")
    );
    if count >= PLANS {
        enough(&found.held, &found.did, &found.ended);
    }
}

/// The first seed, and how many.
fn wanted() -> (u64, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match (number("SOUNDNESS_SEED"), number("SOUNDNESS_PLANS")) {
        (Some(seed), count) => (seed, count.unwrap_or(1)),
        (None, count) => (1, count.unwrap_or(PLANS)),
    }
}

fn one(bench: &Bench, seed: u64, shows: bool, found: &Mutex<Found>) {
    let draft = Draft::new(seed);
    let model = draft.model;
    let written = draft.write();
    if shows {
        println!("{}", written.plan);
        for (name, text) in &written.fragments {
            println!("--- {name}\n{text}");
        }
    }
    let plan = match bench.check(model, &written) {
        Ok(plan) => plan,
        Err(problems) => {
            let mut found = found.lock().unwrap();
            found.ended.add("refused");
            for problem in problems {
                if shows || loud() {
                    println!("{seed} {}: {}", problem.code, problem.message);
                }
                found.refused.add(problem.code);
            }
            return;
        }
    };
    let mut mine = Found::default();
    mine.ended.add("passed");
    for construct in constructs(&plan) {
        mine.held.add(construct);
    }
    let mut random = Random::new(seed ^ 0x5eed);
    let mut runs = false;
    for (place, mode) in plan.plan().starts_in.iter().enumerate() {
        for weather in [Weather::Clear, Weather::Stormy] {
            if weather == Weather::Stormy && place > 0 {
                continue;
            }
            let start = (mode.value, weather, written.hands.as_slice());
            let ran = bench.run(&mut random, model, &plan, start);
            for promise in oracle::broken(&ran, weather) {
                mine.broken.push(format!(
                    "seed {seed}, from {} in {weather:?}: {promise}",
                    mode.value
                ));
            }
            match &ran {
                Ok(ran) => {
                    mine.ended.add(format!("run {}", ran.ended.outcome.word()));
                    if shows {
                        println!("{:?} {}", ran.ended.code, ran.ended.message);
                    }
                    let mut passed = 0;
                    for event in &ran.events {
                        passed += usize::from(did(event, &mut mine.did));
                    }
                    runs |= passed > 1;
                }
                Err(NoRun::Panicked) => mine.ended.add("panicked"),
                Err(NoRun::Scenario) => mine.ended.add("no scenario"),
                Err(NoRun::Inputs) => mine.ended.add("no inputs"),
                Err(NoRun::Start(error)) => {
                    if shows {
                        println!("{error}");
                    }
                    mine.ended.add("no start");
                }
            }
        }
    }
    if runs {
        mine.ended.add("went beyond step one");
    }
    let mut found = found.lock().unwrap();
    found.held.merge(mine.held);
    found.did.merge(mine.did);
    found.ended.merge(mine.ended);
    found.broken.extend(mine.broken);
}

fn loud() -> bool {
    std::env::var("SOUNDNESS_LOUD").is_ok()
}

/// Counts what happened. Whether a step passed.
fn did(event: &Event, tally: &mut Tally) -> bool {
    match event {
        Event::StepStart { action, .. } => tally.add(format!("begun {action}")),
        Event::StepSkip { .. } => tally.add("skipped"),
        Event::Attempt { attempt: 2.., .. } => tally.add("tried again"),
        Event::Guard { kind, verdict, .. } => tally.add(format!("{kind} {verdict}")),
        Event::Checkpoint { .. } => tally.add("checkpoint"),
        Event::StepEnd { result, code, .. } => {
            if let Some(code) = code {
                tally.add(format!("failed {code}"));
            }
            return result == "passed";
        }
        _ => {}
    }
    false
}

/// Every construct was there, in plans that passed, and in runs that went on.
fn enough(held: &Tally, did: &Tally, ended: &Tally) {
    let mut missing = Vec::new();
    for (tally, words, least) in [
        (held, HELD, LEAST),
        (did, DONE, LEAST),
        (ended, ENDED, LEAST),
        (ended, &["passed"], PASSED),
        (ended, &["went beyond step one"], BEYOND),
    ] {
        let few = words.iter().filter(|word| tally.of(word) < least);
        missing.extend(few.map(|word| format!("{word}: {} of {least}", tally.of(word))));
    }
    let calls = unbrick::script::FUNCTIONS
        .iter()
        .map(|function| format!("{}()", function.name));
    missing.extend(calls.filter(|call| held.of(call) < LEAST));
    let actions = unbrick::action::signature::table();
    // Hardly a drawn plan comes there with all guards saying yes; `examples/rehearsals` has such runs.
    let begun = actions
        .map(|action| action.key)
        .filter(|key| !["fastboot.flash", "dload.flash"].contains(key));
    missing.extend(
        begun
            .filter(|key| did.of(&format!("begun {key}")) < LEAST)
            .map(|key| format!("{key} was hardly begun")),
    );
    assert!(
        missing.is_empty(),
        "too little was reached:\n{}",
        missing.join("\n")
    );
}
