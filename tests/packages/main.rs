//! Packages that lie or are damaged, one lie each: refused with the right code, before anything is sent, and by the guard,
//! by `check` and by `firehose.flash` alike.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and writes files as a person would"
)]
#![expect(
    clippy::semicolon_if_nothing_returned,
    clippy::too_many_lines,
    reason = "a table is a table, and each of its rows an expression"
)]

mod descriptions;
mod files;
mod images;
mod judged;
mod list;
mod patches;
mod quectel;
mod random;
mod ranges;
mod sound;
mod sparse;
mod storage;
mod table;

use judged::Row;

/// A row: its name, the code, words of the message, and what is done to the sound package.
macro_rules! rows {
    ($($name:literal, $code:literal, $words:expr, $lie:expr;)*) => {
        vec![$(crate::judged::Row { name: $name, code: $code, words: $words, lie: Box::new($lie) }),*]
    };
}
pub(crate) use rows;

fn all() -> Vec<Row> {
    [
        descriptions::rows(),
        files::rows(),
        images::rows(),
        list::rows(),
        patches::rows(),
        ranges::rows(),
        sparse::rows(),
        storage::rows(),
        table::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn there_are_enough_lies_and_none_twice() {
    let rows = all();
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows of one name");
    assert!(rows.len() >= 150, "{}", rows.len());
}

#[test]
fn every_lie_is_refused_with_its_code_and_its_place() {
    let wrong: Vec<String> = all().iter().filter_map(|row| row.judge().err()).collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
