//! What a person sees while a plan runs: the step, each guard's verdict with its rule, a bar while data moves.

use super::Output;
use crate::engine::Listener;
use crate::event::{BackupFile, Event, Unit};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;

/// Talks on stderr.
pub struct People {
    output: Output,
    bar: Option<(String, ProgressBar)>,
    indent: usize,
}

impl People {
    pub fn new(output: Output) -> Self {
        Self {
            output,
            bar: None,
            indent: 0,
        }
    }

    fn line(&mut self, text: &str) {
        self.end_bar();
        if !self.output.quiet {
            let indent = " ".repeat(4 + 2 * self.indent);
            self.output.talk(&format!("{indent}{text}"));
        }
    }

    fn head(&mut self, text: &str) {
        self.end_bar();
        let indent = "  ".repeat(self.indent);
        self.output.talk(&format!("{indent}{text}"));
    }

    fn end_bar(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn progress(&mut self, what: &str, unit: Unit, done: u64, total: u64) {
        if !self.output.is_terminal() {
            if done == total && total > 0 && !self.output.quiet {
                let total = amount(unit, total);
                self.line(&format!("{what}: {total}"));
            }
            return;
        }
        if self.bar.as_ref().is_none_or(|(shown, _)| shown != what) {
            self.end_bar();
            let bar = ProgressBar::new(total);
            let template = match unit {
                _ if total == 0 => "    {msg} {pos}",
                Unit::Bytes => {
                    "    {msg} [{wide_bar}] {bytes} of {total_bytes} {bytes_per_sec} {eta}"
                }
                Unit::Items => "    {msg} [{wide_bar}] {pos} of {len} {per_sec} {eta}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(what.to_owned());
            self.bar = Some((what.to_owned(), bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_position(done);
        }
    }

    fn backup(&mut self, files: &[BackupFile], holes: &BTreeMap<String, u64>) {
        for file in files {
            let holes = holes.get(&file.path).filter(|n| **n > 0);
            let holes = holes.map_or_else(String::new, |n| format!(", {n} pages not readable"));
            let size = size(file.bytes);
            self.line(&format!("saved {} ({size}{holes})", file.path));
        }
    }
}

fn amount(unit: Unit, number: u64) -> String {
    match unit {
        Unit::Bytes => size(number),
        Unit::Items => number.to_string(),
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20),
    }
}

impl Listener for People {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::RunStart {
                run,
                plan,
                simulated,
                ..
            } => {
                let on = if *simulated {
                    " on the simulated modem"
                } else {
                    ""
                };
                self.head(&format!("Run {run}: {plan}{on}"));
            }
            Event::Resume { checkpoint, .. } => {
                self.head(&format!("Going on after checkpoint {checkpoint}"));
            }
            Event::Mode { mode, evidence, .. } => self.line(&format!("modem: {mode} ({evidence})")),
            Event::Host { message, cure, .. } => {
                self.line(&format!("this computer: {message}"));
                if let Some(cure) = cure {
                    self.line(&format!("    {cure}"));
                }
            }
            Event::StepStart {
                step,
                action,
                title,
                depth,
            } => {
                self.indent = *depth;
                let title = title
                    .as_ref()
                    .map_or_else(String::new, |title| format!(": {title}"));
                self.head(&format!("> {step} [{action}]{title}"));
            }
            Event::StepSkip { step, because } => {
                self.head(&format!("- {step}: skipped, {because}"));
            }
            Event::Attempt { attempt, of, .. } if *attempt > 1 => {
                self.line(&format!("attempt {attempt} of {of}"));
            }
            Event::Guard {
                guard,
                verdict,
                rule,
                message,
                ..
            } => {
                let message = if message.is_empty() {
                    String::new()
                } else {
                    format!(": {message}")
                };
                self.line(&format!("guard {guard}: {verdict} ({rule}){message}"));
            }
            Event::Ask {
                question,
                answer,
                how,
                ..
            } => self.line(&format!("{question} {answer} ({how})")),
            Event::Say { text, .. } => self.line(&format!("TO DO: {}", text.trim())),
            Event::Note { text, .. } => self.line(text),
            Event::Progress {
                what,
                unit,
                done,
                total,
                ..
            } => self.progress(what, *unit, *done, *total),
            Event::Fact { name, value, .. } => self.line(&format!("{name} = {value}")),
            Event::Backup { files, holes, .. } => self.backup(files, holes),
            Event::Verified {
                target, evidence, ..
            } => self.line(&format!("{target} is verified: {evidence}")),
            Event::Checkpoint { mode, .. } => self.line(&format!("checkpoint, modem in {mode}")),
            Event::StepEnd {
                result, message, ..
            } if result != "passed" => {
                let message = message.as_deref().unwrap_or("no reason known");
                self.line(&format!("{result}: {message}"));
            }
            Event::Attempt { .. }
            | Event::Intent { .. }
            | Event::Done { .. }
            | Event::Failed { .. }
            | Event::Unverified { .. }
            | Event::StepEnd { .. }
            | Event::RunEnd { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(size(512), "512 bytes");
        assert_eq!(size(4096), "4 KiB");
        assert_eq!(size(3 * 1_048_576 / 2), "1.5 MiB");
    }
}
