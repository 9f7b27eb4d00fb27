//! Texts with one to three mistakes in them, the same on every machine.

use std::ops::Range;

/// What means something to a YAML reader, or only to one of two.
const PIECES: [&str; 56] = [
    ":", ": ", " :", "-", "- ", "?", "? ", ",", "[", "]", "{", "}", "#", " #", "&a ", "*a", "!",
    "!!str ", "|", "|\n", "|2-\n", "|+\n", ">", ">\n", ">-\n", "'", "''", "\"", "\\", "\\n",
    "\\x41", "%", "@", "`", "---\n", "...\n", "<<: ", "~", "null", "\t", " ", "  ", "\n", "\n\n",
    "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{0}", "\u{a0}", "é", "€", "𝄞",
    "\u{7f}",
];

/// Pieces of a file, a few lines each, cut back to the left edge: small texts make many mutants cheap.
pub(crate) fn excerpts(text: &str) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    let margin = |line: &str| line.len() - line.trim_start().len();
    [6, 9, 13]
        .iter()
        .flat_map(|lines| all.chunks(*lines))
        .map(|chunk| {
            let cut = chunk.first().map_or(0, |line| margin(line));
            let cut = chunk.iter().map(|line| &line[cut.min(margin(line))..]);
            cut.fold(String::new(), |text, line| text + line + "\n")
        })
        .collect()
}

pub(crate) struct Mutants<'a> {
    state: u64,
    seeds: &'a [String],
}

impl<'a> Mutants<'a> {
    pub(crate) fn new(seed: u64, seeds: &'a [String]) -> Self {
        Self { state: seed, seeds }
    }

    /// splitmix64.
    fn next_number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).expect("fits");
        usize::try_from(self.next_number() % limit).expect("fits")
    }

    /// A range between two of the given borders.
    fn range(&mut self, borders: &[usize], longest: usize) -> Range<usize> {
        let first = self.below(borders.len());
        let last = (first + 1 + self.below(longest)).min(borders.len() - 1);
        borders[first]..borders[last.max(first)]
    }

    fn mutate(&mut self, text: &mut String) {
        let borders = match self.below(3) {
            0 => characters(text),
            1 => tokens(text),
            _ => lines(text),
        };
        let range = self.range(&borders, 3);
        match self.below(9) {
            0 => text.replace_range(range, ""),
            1 => {
                let copy = text[range.clone()].to_owned();
                text.insert_str(range.end, &copy);
            }
            2 => {
                let other = self.range(&borders, 3);
                let (one, two) = if range.start <= other.start {
                    (range, other)
                } else {
                    (other, range)
                };
                if one.end <= two.start {
                    let (first, second) =
                        (text[one.clone()].to_owned(), text[two.clone()].to_owned());
                    text.replace_range(two, &first);
                    text.replace_range(one, &second);
                }
            }
            3..=5 => {
                let piece = PIECES[self.below(PIECES.len())];
                text.insert_str(range.start, piece);
            }
            6 => {
                let piece = PIECES[self.below(PIECES.len())];
                text.replace_range(range, piece);
            }
            7 => self.shift(text),
            _ => {
                if self.below(4) == 0 {
                    text.truncate(range.start);
                } else {
                    *text = text.replacen('\n', "\r\n", self.below(40));
                }
            }
        }
    }

    /// Moves one line, or it and some that follow, to the left or to the right.
    fn shift(&mut self, text: &mut String) {
        let borders = lines(text);
        let range = self.range(&borders, 3);
        let by = 1 + self.below(3);
        let right = self.below(2) == 0;
        let moved = text[range.clone()]
            .split_inclusive('\n')
            .fold(String::new(), |moved, line| {
                if right {
                    moved + " ".repeat(by).as_str() + line
                } else {
                    let blank = line.len() - line.trim_start_matches(' ').len();
                    moved + &line[by.min(blank)..]
                }
            });
        text.replace_range(range, &moved);
    }
}

impl Iterator for Mutants<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut text = self.seeds[self.below(self.seeds.len())].clone();
        for _ in 0..=self.below(3) {
            self.mutate(&mut text);
        }
        Some(text)
    }
}

fn characters(text: &str) -> Vec<usize> {
    let starts = text.char_indices().map(|(at, _)| at);
    starts.chain([text.len()]).collect()
}

/// Borders between words, blanks and everything else.
fn tokens(text: &str) -> Vec<usize> {
    let kind = |c: char| if c.is_alphanumeric() { 0 } else { u32::from(c) };
    let mut borders = vec![0];
    let mut last = None;
    for (at, character) in text.char_indices() {
        if last.is_some_and(|last| last != kind(character)) {
            borders.push(at);
        }
        last = Some(kind(character));
    }
    borders.push(text.len());
    borders
}

fn lines(text: &str) -> Vec<usize> {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    [0].into_iter().chain(ends).chain([text.len()]).collect()
}
