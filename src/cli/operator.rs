//! The person at the terminal, and the one who is not there because the modem is simulated.

use crate::engine::Operator;
use crate::engine::operator::Answer;
use crate::report::Output;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

/// Asks at the terminal, where there is one.
pub(super) struct Terminal {
    pub(super) output: Output,
    /// There is a terminal, and `--non-interactive` and `--json` were not given.
    pub(super) asks: bool,
}

impl Terminal {
    fn line(&self, prompt: &str) -> Option<String> {
        if !self.asks {
            return None;
        }
        let mut talk = io::stderr().lock();
        let _ = write!(talk, "{prompt} ");
        let _ = talk.flush();
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(count) if count > 0 => Some(line.trim().to_owned()),
            _ => None,
        }
    }
}

impl Operator for Terminal {
    fn tell(&mut self, _step: &str, _text: &str) {
        // The printer of events shows it.
    }

    fn can_act(&self) -> bool {
        self.asks
    }

    fn can_answer(&self, _step: &str) -> bool {
        self.asks
    }

    fn confirm(&mut self, _step: &str, question: &str, typed: &str) -> Answer {
        self.output.talk(&format!("    {question}"));
        match self.line(&format!(
            "    Type {typed} to go on, anything else to stop:"
        )) {
            Some(answer) if answer == typed => Answer::Yes { how: "typed" },
            Some(_) => Answer::No,
            None => Answer::Nobody,
        }
    }

    fn agree(&mut self, _step: &str, question: &str) -> Answer {
        match self.line(&format!("    {question} [y/N]")).as_deref() {
            Some("y" | "Y" | "yes") => Answer::Yes { how: "typed" },
            Some(_) => Answer::No,
            None => Answer::Nobody,
        }
    }

    fn ask(&mut self, step: &str, question: &str) -> Option<String> {
        self.line(&format!("{step} ({question}):"))
            .filter(|answer| !answer.is_empty())
    }

    fn ask_secret(&mut self, name: &str, question: &str) -> Option<String> {
        if !self.asks {
            return None;
        }
        let stdin = io::stdin();
        let usual = tcgetattr(&stdin).ok()?;
        let mut silent = usual.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // What could be read off the screen is not asked for.
        tcsetattr(&stdin, OptionalActions::Now, &silent).ok()?;
        self.output.talk(&format!(
            "{name} ({question}), not shown while it is typed:"
        ));
        let mut line = String::new();
        let read = stdin.lock().read_line(&mut line);
        let _ = tcsetattr(&stdin, OptionalActions::Now, &usual);
        let secret = line.trim_end_matches(['\r', '\n']);
        (read.is_ok() && !secret.is_empty()).then(|| secret.to_owned())
    }
}

/// Says yes to everything, because nothing real can be lost; answers by `--answer`, else asks at the terminal.
pub(super) struct Simulated {
    pub(super) answers: BTreeMap<String, String>,
    pub(super) terminal: Terminal,
}

/// The answer that stops.
const NO: &str = "no";

impl Simulated {
    fn word(&self, step: &str) -> Answer {
        match self.answers.get(step).map(String::as_str) {
            Some(NO) => Answer::No,
            _ => Answer::Yes { how: "simulated" },
        }
    }
}

impl Operator for Simulated {
    fn tell(&mut self, _step: &str, _text: &str) {}

    fn can_act(&self) -> bool {
        true
    }

    fn can_answer(&self, step: &str) -> bool {
        self.answers.contains_key(step) || self.terminal.asks
    }

    fn confirm(&mut self, step: &str, _question: &str, _typed: &str) -> Answer {
        self.word(step)
    }

    fn agree(&mut self, step: &str, _question: &str) -> Answer {
        self.word(step)
    }

    fn ask(&mut self, step: &str, question: &str) -> Option<String> {
        match self.answers.get(step) {
            Some(answer) => Some(answer.clone()),
            None => self.terminal.ask(step, question),
        }
    }

    fn ask_secret(&mut self, name: &str, question: &str) -> Option<String> {
        self.terminal.ask_secret(name, question)
    }

    fn how_to_answer(&self, step: &str) -> String {
        format!("run it in a terminal, or give `--answer {step}=TEXT`")
    }
}
