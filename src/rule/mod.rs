//! What every problem of a file means: what the rule says, why it is there, and one bad and one good example.
//!
//! This room holds data only. The checker emits a problem under the id of a rule; `unbrick explain` and the pages of
//! `docs/rules` are made from this table; `tests/rules.rs` holds code, table, examples and pages together.

mod example;
mod table;

pub use example::{Example, File};

use crate::diagnostic::{Severity, nearest};

/// One rule that the files are held to.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `area::kebab-case`, the code of its problems.
    pub id: &'static str,
    /// Of the bad example. Two rules about the proof at the end of a plan are graver where the plan destroys data.
    pub severity: Severity,
    /// One line.
    pub says: &'static str,
    /// What the rule protects, and what to do, for authors.
    pub why: &'static str,
    /// Breaks this rule and no other.
    pub bad: Example,
    /// The bad one, mended.
    pub good: Example,
}

impl Rule {
    /// The part of the id before the colons.
    pub fn area(&self) -> &'static str {
        self.id.split("::").next().unwrap_or(self.id)
    }

    /// The part of the id after the colons.
    pub fn name(&self) -> &'static str {
        self.id.rsplit("::").next().unwrap_or(self.id)
    }

    /// The path of its page in the repository.
    pub fn page(&self) -> String {
        format!("docs/rules/{}/{}.md", self.area(), self.name())
    }
}

/// Every rule, by topic.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    table::TOPICS.into_iter().flatten()
}

/// The rule of a problem's code; none for codes of a run.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// The rule that was probably meant. Who leaves the area out has the name right, or nearly.
pub fn near(id: &str) -> Option<&'static Rule> {
    let same_name = || all().find(|rule| rule.name() == id);
    let near_id = || nearest(id, all().map(|rule| rule.id)).and_then(find);
    let near_name = || {
        let name = nearest(id, all().map(Rule::name))?;
        all().find(|rule| rule.name() == name)
    };
    same_name().or_else(near_id).or_else(near_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_by_its_id_and_near_it() {
        assert!(find("plan::wrong-mode").is_some());
        assert!(find("step::until").is_none());
        let near = |id| near(id).map(|rule| rule.id);
        assert_eq!(near("plan::worng-mode"), Some("plan::wrong-mode"));
        assert_eq!(near("wrong-mode"), Some("plan::wrong-mode"));
        assert_eq!(near("wrong-moed"), Some("plan::wrong-mode"));
        assert_eq!(near("quite::different-thing"), None);
    }
}
