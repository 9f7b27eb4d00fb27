//! The side of this machine: makes the other one, boots it, and judges what it said.

mod archive;
mod contents;
mod evidence;
mod machine;
mod rig;

use crate::cases;
use machine::Machine;
use rig::Rig;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The whole of it takes a fraction of this. Only a machine that hangs gets here.
const LIMIT: Duration = Duration::from_secs(240);

/// `arguments` are those of the test harness: words that choose cases, and `--list`.
pub(crate) fn main(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| argument == "--list") {
        for case in cases::ALL {
            println!("{}: test", case.name);
        }
        return ExitCode::SUCCESS;
    }
    let words = arguments.iter().filter(|word| !word.starts_with('-'));
    let words: Vec<&str> = words.map(String::as_str).collect();
    if !words.is_empty() && !cases::ALL.iter().any(|case| case.is_chosen_by(&words)) {
        // A word for the tests of another target.
        return ExitCode::SUCCESS;
    }
    let rig = match Rig::find() {
        Ok(rig) => rig,
        Err(why) if std::env::var_os("UNBRICK_DEMAND_USB").is_some_and(|wish| wish == "1") => {
            eprintln!("the USB tier is demanded, and cannot run: {why}");
            return ExitCode::FAILURE;
        }
        Err(why) => {
            println!("passed over: {why}");
            return ExitCode::SUCCESS;
        }
    };
    let start = Instant::now();
    let contents = contents::pack(&rig, &words);
    println!(
        "initramfs: {} MiB in {:.1} s",
        contents.len() >> 20,
        start.elapsed().as_secs_f32()
    );
    let end = Machine::boot(&rig, &contents).watch(LIMIT);
    println!("wall time: {:.1} s", start.elapsed().as_secs_f32());
    evidence::keep(&rig);
    match end {
        Ok(passed) => {
            println!("{passed} cases passed on a real USB stack");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
