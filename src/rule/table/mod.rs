//! The rules, by topic. The id of a rule is its area and the name of its folder of examples.

mod file;
mod fragment;
mod guard;
mod head;
mod mode;
mod modem;
mod rehearsal;
mod scenario;
mod step;
mod text;

use super::Rule;

/// In the order in which an author meets them.
pub(super) const TOPICS: [&[Rule]; 10] = [
    file::RULES,
    head::RULES,
    mode::RULES,
    step::RULES,
    text::RULES,
    guard::RULES,
    fragment::RULES,
    modem::RULES,
    scenario::RULES,
    rehearsal::RULES,
];
