//! `docs/tutorial.md`, done word for word in a folder of its own, from the first block to the last.
//!
//! - `console`: lines after `$ ` are commands, the others what they print. `...` stands for any text, and on a line of its
//!   own for any lines. `console exits 10`: how the last command ends; 0 where nothing is said.
//! - `yaml PATH`: a new file.
//! - `diff PATH`: lines of a file, taken out by `-` and put in by `+`; lines with a blank in front stay.

use crate::bench::{Bench, page};
use crate::block::{Block, blocks};

#[test]
fn the_tutorial_does_what_it_says() {
    let bench = Bench::new();
    let page = page("tutorial.md");
    let mut commands = 0;
    for block in blocks(&page) {
        let done = match block.info.split(' ').collect::<Vec<_>>()[..] {
            ["console"] => console(&bench, &block, 0),
            ["console", "exits", code] => console(&bench, &block, code.parse().unwrap()),
            ["yaml", path] => new_file(&bench, path, &block.text),
            ["diff", path] => patch(&bench, path, &block.text),
            _ => Err(format!("no block is called `{}`", block.info)),
        };
        if let Err(wrong) = done {
            panic!("docs/tutorial.md:{}: {wrong}", block.line);
        }
        commands += block.text.matches("$ unbrick").count();
    }
    assert!(commands > 15, "{commands} commands");
}

fn new_file(bench: &Bench, path: &str, text: &str) -> Result<(), String> {
    if !bench.read(path).is_empty() {
        return Err(format!("`{path}` is there already"));
    }
    bench.write(path, text);
    Ok(())
}

fn patch(bench: &Bench, path: &str, text: &str) -> Result<(), String> {
    let (mut before, mut after) = (String::new(), String::new());
    for line in text.lines() {
        let (mark, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
        if mark != "+" {
            before.push_str(rest);
            before.push('\n');
        }
        if mark != "-" {
            after.push_str(rest);
            after.push('\n');
        }
    }
    let there = bench.read(path);
    match there.matches(&before).count() {
        1 => {
            bench.write(path, &there.replacen(&before, &after, 1));
            Ok(())
        }
        count => Err(format!("these lines stand {count} times in `{path}`")),
    }
}

fn console(bench: &Bench, block: &Block, exits: i32) -> Result<(), String> {
    let mut calls: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in block.text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => calls.push((command, Vec::new())),
            None => calls.last_mut().ok_or("no command")?.1.push(line),
        }
    }
    let last = calls.len();
    for (number, (command, wanted)) in (1..).zip(calls) {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let [program, arguments @ ..] = &arguments[..] else {
            return Err("no command".to_owned());
        };
        if *program != "unbrick" {
            return Err(format!("`{program}` is not run here"));
        }
        let said = bench.run(arguments);
        let printed: Vec<&str> = said.text.lines().map(str::trim_end).collect();
        let code = if number == last { exits } else { 0 };
        if said.code != code || !fits(&wanted, &printed) {
            let printed = printed.join("\n");
            return Err(format!("`{command}` ended with {}:\n{printed}", said.code));
        }
    }
    Ok(())
}

fn fits(wanted: &[&str], printed: &[&str]) -> bool {
    match (wanted, printed) {
        ([], []) => true,
        (["...", rest @ ..], _) => {
            (0..=printed.len()).any(|skipped| fits(rest, &printed[skipped..]))
        }
        ([first, wanted @ ..], [line, printed @ ..]) => {
            line_fits(first, line) && fits(wanted, printed)
        }
        _ => false,
    }
}

/// `...` stands for any text.
fn line_fits(wanted: &str, line: &str) -> bool {
    let Some((begin, rest)) = wanted.split_once("...") else {
        return wanted == line;
    };
    let Some(line) = line.strip_prefix(begin) else {
        return false;
    };
    let mut starts = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    starts.any(|at| line_fits(rest, &line[at..]))
}

#[test]
fn a_line_that_is_not_printed_does_not_fit() {
    let printed = ["wrote a.yaml", "", "2 cases, as expected"];
    assert!(fits(
        &["wrote ...", "...", "2 cases, as expected"],
        &printed
    ));
    assert!(fits(&["..."], &printed));
    assert!(fits(&["...e...", "", "2 ... as ...ed"], &printed));
    for wanted in [
        vec!["wrote a.yaml"],
        vec!["wrote b.yaml", "..."],
        vec!["...", "3 cases, as expected"],
        vec!["wrote a.yaml", "", "2 cases, as expected", "more"],
    ] {
        assert!(!fits(&wanted, &printed), "{wanted:?}");
    }
}
