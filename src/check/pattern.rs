//! Regular expressions of a plan: compiled once each, and together no larger than can be compiled in a moment.

use super::Checker;
use crate::yaml::Spanned;
use regex::{Error, Regex, RegexBuilder};
use std::collections::HashMap;
use std::ops::Range;

/// Most bytes of one compiled pattern.
const MAX_PATTERN: usize = 1 << 20;
/// What a pattern is charged with: the least of these sizes into which it fits. Compiling takes time by size.
const SIZES: [usize; 4] = [16 << 10, 64 << 10, 256 << 10, MAX_PATTERN];
/// Most bytes of its text: the time for many named groups grows with their square.
const MAX_TEXT: usize = 4 * 1024;
/// Most bytes of all patterns of a plan.
const MAX_PATTERNS: usize = 32 << 20;

/// Every pattern that has been compiled, by its text, and what is left to spend.
pub(super) struct Patterns {
    compiled: HashMap<(Use, String), Result<Regex, Refusal>>,
    left: usize,
}

/// What a pattern is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Use {
    /// Searched line by line.
    Search,
    /// The whole value of an input matches it.
    Whole,
}

/// Why a pattern is none.
#[derive(Clone)]
pub(super) enum Refusal {
    Wrong(String),
    TooMuch,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            compiled: HashMap::new(),
            left: MAX_PATTERNS,
        }
    }
}

impl Patterns {
    fn compile(&mut self, text: &str, purpose: Use) -> Result<Regex, Refusal> {
        let key = (purpose, text.to_owned());
        if let Some(known) = self.compiled.get(&key) {
            return known.clone();
        }
        let built = self.build(text, purpose);
        self.compiled.insert(key, built.clone());
        built
    }

    fn build(&mut self, text: &str, purpose: Use) -> Result<Regex, Refusal> {
        if text.len() > MAX_TEXT {
            return Err(Refusal::Wrong("a pattern has at most 4 KiB".to_owned()));
        }
        // A pattern that does not fit costs what was tried.
        for size in SIZES {
            self.left = self.left.checked_sub(size).ok_or(Refusal::TooMuch)?;
            match builder(text, purpose).size_limit(size).build() {
                Err(Error::CompiledTooBig(_)) if size < MAX_PATTERN => {}
                Ok(regex) => return Ok(regex),
                Err(error) => return Err(Refusal::Wrong(reason(&error))),
            }
        }
        Err(Refusal::TooMuch)
    }
}

fn builder(text: &str, purpose: Use) -> RegexBuilder {
    match purpose {
        Use::Search => {
            let mut builder = RegexBuilder::new(text);
            builder.multi_line(true);
            builder
        }
        Use::Whole => RegexBuilder::new(&format!("^(?:{text})$")),
    }
}

/// The pattern of an input, which its whole value matches.
pub(super) fn whole(text: &str) -> Result<Regex, Error> {
    builder(text, Use::Whole).size_limit(MAX_PATTERN).build()
}

/// The last line of the message: those before it draw the pattern.
fn reason(error: &Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or("");
    last.trim_start_matches("error: ").to_owned()
}

impl Checker<'_> {
    /// Compiles a pattern that is searched line by line.
    pub(super) fn pattern(&mut self, pattern: &Spanned<String>) -> Option<Regex> {
        let built = self.patterns.compile(pattern, Use::Search);
        self.said(built, &pattern.span)
    }

    /// Compiles the pattern of an input.
    pub(super) fn whole_pattern(&mut self, pattern: &Spanned<String>) -> Option<Regex> {
        // Alone it must be a pattern, too: `a)|(b` is none.
        self.pattern(pattern)?;
        let built = self.patterns.compile(pattern, Use::Whole);
        self.said(built, &pattern.span)
    }

    fn said(&mut self, built: Result<Regex, Refusal>, at: &Range<usize>) -> Option<Regex> {
        match built {
            Ok(regex) => return Some(regex),
            Err(Refusal::Wrong(message)) => {
                self.problem("plan::regex", message, at, "no regular expression");
            }
            Err(Refusal::TooMuch) => {
                let message = "the patterns of this plan are too large together";
                self.problem("plan::regex", message, at, "one too many");
                self.help("`[0-9]` is smaller than `\\d`, and `[^ ]` is smaller than `\\S`");
            }
        }
        None
    }
}
