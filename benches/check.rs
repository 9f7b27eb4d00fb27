//! How long a check takes: plans of growing length, everything in `plans/`, and the oddest legal files.
//!
//!     cargo bench --bench check [part of a name]

mod odd_plans;

use std::io::Write as _;
use std::time::Duration;
use unbrick::check::check;
use unbrick::diagnostic::{Problem, Source};
use unbrick::plan::{Plan, library};
use unbrick::yaml::{MAX_BYTES, from_source};

fn main() -> std::io::Result<()> {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = wanted.unwrap_or_default();
    let mut files: Vec<(String, String)> = [10, 100, 1_000]
        .map(|steps| (format!("{steps} steps"), odd_plans::usual(steps)))
        .into();
    let builtin = library::Library::builtin();
    files.extend(
        builtin
            .paths()
            .filter_map(|path| Some((path.to_owned(), builtin.text(path)?.to_owned()))),
    );
    files.extend(odd_plans::odd(MAX_BYTES).into_iter().map(longest));
    files.push((
        "390 KiB of nested braces".to_owned(),
        "{a: ".repeat(100_000),
    ));
    files.push(("256 KiB of nested braces".to_owned(), "{a: ".repeat(65_536)));
    files.push(("256 KiB of brackets".to_owned(), "[".repeat(MAX_BYTES)));
    files.push(("80,000 nulls".to_owned(), "a:\n".repeat(80_000)));
    let mut out = std::io::stdout().lock();
    for (name, text) in files.iter().filter(|(name, _)| name.contains(&wanted)) {
        let first = measure(text);
        let more = if first.0 > Duration::from_millis(300) {
            0
        } else {
            4
        };
        let best = (0..more)
            .map(|_| measure(text).0)
            .fold(first.0, Duration::min);
        let (read, verdict) = (first.1, &first.2);
        writeln!(
            out,
            "{name:45} {:>4} KiB {:>9.2} ms (read {:>7.2} ms)  {verdict}",
            text.len() / 1024,
            millis(best),
            millis(read)
        )?;
    }
    Ok(())
}

/// The longest form of an odd plan that is not refused for its length or its number of values.
fn longest((name, text): (&str, String)) -> (String, String) {
    let is_refused = |text: &str| {
        let source = Source::new("odd.yaml", text);
        from_source::<Plan>(&source, "plan")
            .is_err_and(|problems| problems.iter().any(|p| p.code == "plan::too-large"))
    };
    let shorter = (0..8)
        .map(|eighths| MAX_BYTES - eighths * MAX_BYTES / 8)
        .filter_map(|bytes| {
            let all = odd_plans::odd(bytes).into_iter();
            all.filter(|(other, _)| *other == name)
                .map(|(_, text)| text)
                .next()
        })
        .find(|text| !is_refused(text));
    (name.to_owned(), shorter.unwrap_or(text))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Time of reading and judging a text, that of the reading alone, and what came out.
fn measure(text: &str) -> (Duration, Duration, String) {
    let begun = now();
    let source = Source::new("odd.yaml", text);
    let mut read = Duration::ZERO;
    let outcome = from_source::<Plan>(&source, "plan").and_then(|(plan, root)| {
        read = begun.elapsed();
        let profile = library::load_profile("quectel/rm502q-gl", None)?;
        check(&source, &plan, &root, &profile).map(|(_, warnings)| warnings)
    });
    let whole = begun.elapsed();
    let verdict = match &outcome {
        Ok(warnings) => format!("proved, {} warnings", warnings.len()),
        Err(problems) => format!("{} problems: {}", problems.len(), codes(problems)),
    };
    (whole, read, verdict)
}

fn codes(problems: &[Problem]) -> String {
    let mut codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(" ")
}
