//! The time of a check grows with the length of the file, whatever stands in it.
//!
//! It is measured as processor time of this process, which has this one test: a clock on the wall would also count what
//! else the machine does. A file four times as long takes four times as long, or sixteen times where something looks at
//! everything for everything: eight stands between them. What is over in a moment is not judged, and of five
//! comparisons one must hold, since caches and neighbours only ever add time.

#[path = "../benches/odd_plans/mod.rs"]
mod odd_plans;

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;
use unbrick::check::check;
use unbrick::diagnostic::Source;
use unbrick::plan::{Plan, Profile, library};
use unbrick::yaml::from_source;

const SHORT: usize = 16 * 1024;
const MOMENT: Duration = Duration::from_millis(60);

#[test]
fn the_time_of_a_check_grows_with_the_length_of_the_plan() {
    let profile = library::load_profile("quectel/rm502q-gl", None).expect("a built-in profile");
    compare(
        "steps",
        &profile,
        &odd_plans::usual(100),
        &odd_plans::usual(400),
    );
    let (short, long) = (odd_plans::odd(SHORT), odd_plans::odd(4 * SHORT));
    for ((name, short), (_, long)) in short.iter().zip(&long) {
        compare(name, &profile, short, long);
    }
}

fn compare(name: &str, profile: &(Source, Profile), short: &str, long: &str) {
    let mut seen = Vec::new();
    for _ in 0..5 {
        let times = [short, long].map(|text| time(profile, text));
        if times[1] < MOMENT.max(8 * times[0]) {
            return;
        }
        seen.push(times);
    }
    panic!("{name}: {seen:?}");
}

/// Processor time of reading and judging a text.
fn time(profile: &(Source, Profile), text: &str) -> Duration {
    let before = clock_gettime(ClockId::ProcessCPUTime);
    let source = Source::new("odd.yaml", text);
    if let Ok((plan, root)) = from_source::<Plan>(&source, "plan") {
        let _ = check(&source, &plan, &root, profile);
    }
    let spent = clock_gettime(ClockId::ProcessCPUTime) - before;
    Duration::try_from(spent).expect("time goes on")
}
