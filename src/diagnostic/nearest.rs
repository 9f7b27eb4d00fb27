//! Did you mean.

/// The word that was probably meant: at most three changes away, and closer than a new word would be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut limit = word.chars().count().saturating_sub(1).min(3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        if candidate != word && candidate.eq_ignore_ascii_case(word) {
            return Some(candidate);
        }
        // A word that is nothing but the changes is another word.
        let Some(changes) = distance(word, candidate, limit)
            .filter(|changes| *changes == 0 || *changes < candidate.chars().count())
        else {
            continue;
        };
        limit = changes;
        if best.is_none_or(|best| (changes, candidate) < best) {
            best = Some((changes, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The least number of characters to insert, remove, replace or swap with their neighbour, if it is within the limit.
/// Only what lies so near the diagonal is looked at, so that ten thousand names cost milliseconds.
fn distance(from: &str, to: &str, limit: usize) -> Option<usize> {
    let alike = |pair: &(char, char)| pair.0 == pair.1;
    let begin = from.chars().zip(to.chars()).take_while(alike);
    let begin: usize = begin.map(|(character, _)| character.len_utf8()).sum();
    let (from, to) = (&from[begin..], &to[begin..]);
    let end = from.chars().rev().zip(to.chars().rev()).take_while(alike);
    let end: usize = end.map(|(character, _)| character.len_utf8()).sum();
    let (from, to) = (&from[..from.len() - end], &to[..to.len() - end]);
    // A character has one to four bytes: most words are told apart by their length.
    if to.len() > 4 * (from.len() + limit) || from.len() > 4 * (to.len() + limit) {
        return None;
    }
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len().abs_diff(to.len()) > limit {
        return None;
    }
    let far = limit + 1;
    let mut before_last = vec![far; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut line = vec![far; to.len() + 1];
    for row in 1..=from.len() {
        let (first, end) = (
            row.saturating_sub(limit).max(1),
            (row + limit).min(to.len()),
        );
        line[first - 1] = if first == 1 { row } else { far };
        let mut smallest = line[first - 1];
        for column in first..=end {
            let replaced = last[column - 1] + usize::from(from[row - 1] != to[column - 1]);
            let mut best = replaced.min(line[column - 1] + 1);
            // The last line ends one column before this one.
            if column < row + limit {
                best = best.min(last[column] + 1);
            }
            let swapped = row > 1
                && column > 1
                && from[row - 1] == to[column - 2]
                && from[row - 2] == to[column - 1];
            if swapped {
                best = best.min(before_last[column - 2] + 1);
            }
            line[column] = best;
            smallest = smallest.min(best);
        }
        if smallest > limit {
            return None;
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut line);
    }
    last.get(to.len())
        .copied()
        .filter(|changes| *changes <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_understood() {
        let known = ["only_in", "when", "timeout", "edl"];
        assert_eq!(nearest("onli_in", known), Some("only_in"));
        assert_eq!(nearest("eld", known), Some("edl"));
        assert_eq!(nearest("tiemout", known), Some("timeout"));
        assert_eq!(nearest("xyz", known), None);
        assert_eq!(nearest("", known), None);
        let changes = |from, to| distance(from, to, 3);
        assert_eq!(changes("kitten", "sitting"), Some(3));
        assert_eq!(changes("", "abc"), Some(3));
        assert_eq!(changes("", "abcd"), None);
    }

    /// The whole table, as the textbook has it.
    fn plain_distance(from: &[char], to: &[char]) -> usize {
        let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
        for row in 0..=from.len() {
            for column in 0..=to.len() {
                table[row][column] = if row == 0 || column == 0 {
                    row + column
                } else {
                    let differs = usize::from(from[row - 1] != to[column - 1]);
                    let mut best = (table[row - 1][column - 1] + differs)
                        .min(table[row - 1][column] + 1)
                        .min(table[row][column - 1] + 1);
                    if row > 1
                        && column > 1
                        && from[row - 1] == to[column - 2]
                        && from[row - 2] == to[column - 1]
                    {
                        best = best.min(table[row - 2][column - 2] + 1);
                    }
                    best
                };
            }
        }
        table[from.len()][to.len()]
    }

    proptest::proptest! {
        #[test]
        fn the_narrow_way_finds_what_the_whole_table_finds(
            from in "[ab\u{e9}]{0,7}", to in "[ab\u{e9}]{0,7}", limit in 0_usize..4,
        ) {
            let whole: Vec<Vec<char>> = [&from, &to].map(|word| word.chars().collect()).into();
            let whole = plain_distance(&whole[0], &whole[1]);
            assert_eq!(distance(&from, &to, limit), (whole <= limit).then_some(whole));
        }
    }
}
