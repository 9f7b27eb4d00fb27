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
const LIMIT: Duration = Duration::from_secs(600);

/// `arguments` are those of the test harness: words that choose cases, and `--list`.
pub(crate) fn main(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| argument == "--list") {
        for case in cases::all() {
            println!("{}: test", case.name);
        }
        return ExitCode::SUCCESS;
    }
    let words = arguments.iter().filter(|word| !word.starts_with('-'));
    let words: Vec<&str> = words.map(String::as_str).collect();
    let chosen = cases::MACHINES.map(|all| {
        let chosen = all.iter().filter(|case| case.is_chosen_by(&words));
        // ModemManager mostly waits, and takes that time from the machines beside it: it runs where it is named.
        let named = |name: &str| !words.is_empty() || !cases::needs_modem_manager(name);
        let chosen = chosen.filter(|case| named(case.name));
        chosen.map(|case| case.name).collect::<Vec<_>>()
    });
    let chosen: Vec<_> = chosen.iter().filter(|names| !names.is_empty()).collect();
    if chosen.is_empty() {
        // A word for the tests of another target.
        return ExitCode::SUCCESS;
    }
    let wish = std::env::var("UNBRICK_DEMAND_USB").unwrap_or_default();
    if wish == "0" {
        println!("passed over: UNBRICK_DEMAND_USB=0");
        return ExitCode::SUCCESS;
    }
    let rig = match Rig::find() {
        Ok(rig) => rig,
        Err(why) if wish == "1" => {
            eprintln!("the USB tier is demanded, and cannot run: {why}");
            return ExitCode::FAILURE;
        }
        Err(why) => {
            println!("passed over: {why}");
            return ExitCode::SUCCESS;
        }
    };
    let start = Instant::now();
    let contents = contents::pack(&rig);
    println!(
        "initramfs: {} MiB in {:.1} s",
        contents.len() >> 20,
        start.elapsed().as_secs_f32()
    );
    let manager = contents::modem_manager(&rig).unwrap_or_default();
    let run = |(number, names): (usize, &Vec<&str>)| {
        let needs_it = names.iter().any(|name| cases::needs_modem_manager(name));
        let manager: &[u8] = if needs_it { &manager } else { &[] };
        let machine = Machine::boot(
            &rig,
            number,
            &[&contents, manager, &contents::chosen(names)],
        );
        machine.watch(LIMIT)
    };
    let ends: Vec<Result<u32, String>> = std::thread::scope(|scope| {
        let machines = chosen.iter().copied().enumerate();
        let machines: Vec<_> = machines.map(|it| scope.spawn(move || run(it))).collect();
        machines
            .into_iter()
            .map(|machine| machine.join().unwrap())
            .collect()
    });
    println!("wall time: {:.1} s", start.elapsed().as_secs_f32());
    evidence::keep(&rig, ends.len());
    match ends.into_iter().sum::<Result<u32, String>>() {
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
