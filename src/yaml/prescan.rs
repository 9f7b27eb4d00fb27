//! What is refused before any YAML reader sees the text.

use crate::diagnostic::{Problem, Source};

/// The longest file.
pub const MAX_BYTES: usize = 256 * 1024;

/// Brackets that are open at once, counted over the whole text, quotes and scripts included. `serde_yaml`'s time grows
/// with the square of the depth: 15.7 s for 256 KiB of `{a: `, 3 ms at a depth of 1,000 (plan-language.md §15.2).
const MAX_BRACKETS: usize = 200;

pub(super) fn scan(source: &Source, what: &str) -> Result<(), Box<Problem>> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        let message = format!("a {what} may have at most {} KiB", MAX_BYTES / 1024);
        return Err(Box::new(Problem::new(source, "plan::too-large", message)));
    }
    let mark = super::byte_order_mark(text);
    let mut open = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '[' | '{' => open += 1,
            ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_BRACKETS {
            let message = format!("more than {MAX_BRACKETS} brackets are open here");
            let problem =
                Problem::new(source, "plan::too-deep", message).label(at..at + 1, "one more");
            return Err(Box::new(problem));
        }
        if at >= mark && is_odd(text, at, character) {
            let message = format!(
                "the character U+{:04X} may not stand in a {what}",
                u32::from(character)
            );
            let problem = Problem::new(source, "plan::odd-character", message)
                .label(at..at + character.len_utf8(), "here")
                .help("remove it, or write a space or a line break");
            return Err(Box::new(problem));
        }
    }
    Ok(())
}

/// Control characters, and what only one of the two readers takes for a line break: U+0085, U+2028, U+2029. A lone
/// carriage return is a line break for both, and for nobody who counts lines. What is never seen, and what shows text in
/// another order than it is read in, would let a plan do something else than its reviewer saw (Unicode TR36 and TR55).
fn is_odd(text: &str, at: usize, character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        '\r' => !text[at..].starts_with("\r\n"),
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control() || "\u{ad}\u{200b}\u{2060}\u{feff}".contains(character),
    }
}
