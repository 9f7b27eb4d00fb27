//! The rules, by topic. The id of a rule is its area and the name of its folder of examples.

mod file;
mod guard;
mod head;
mod mode;
mod modem;
mod scenario;
mod step;
mod text;

use super::Rule;

/// In the order in which an author meets them.
pub(super) const TOPICS: [&[Rule]; 8] = [
    file::RULES,
    head::RULES,
    mode::RULES,
    step::RULES,
    text::RULES,
    guard::RULES,
    modem::RULES,
    scenario::RULES,
];
