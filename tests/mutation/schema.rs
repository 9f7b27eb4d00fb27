//! The same mistakes before the schema of plans: what an editor underlines while an author writes.

use crate::Mutant;
use unbrick::diagnostic::Source;
use unbrick::{schema::schema, yaml};

/// Rules about the form of a plan alone.
const OF_FORM: [&str; 4] = [
    "plan::shape",
    "plan::two-actions",
    "plan::no-action",
    "plan::guard-kind",
];

/// Kinds of mistakes in the form that only the checker finds: they are about two keys of one step, and a schema that
/// said so would make an editor offer the wrong keys (redhat-developer/yaml-language-server#937).
const NOT_BY_SCHEMA: [&str; 1] = ["a group with a limit of its own"];

/// The schema of plans.
pub(crate) struct Schema(jsonschema::Validator);

impl Schema {
    pub(crate) fn new() -> Self {
        Self(jsonschema::validator_for(&schema("plan").unwrap()).unwrap())
    }

    /// A mistake in the form that the schema lets pass, or another one that it is said to let pass and does not.
    pub(crate) fn passed(&self, kind: &str, mutant: &Mutant) -> Option<String> {
        if !OF_FORM.contains(&mutant.code) {
            return None;
        }
        let source = Source::new("plan.yaml", mutant.text.as_str());
        let (value, _) = yaml::from_source::<serde_json::Value>(&source, "plan").ok()?;
        match (self.0.is_valid(&value), NOT_BY_SCHEMA.contains(&kind)) {
            (true, false) => Some(format!(
                "the schema has nothing against {:?}",
                mutant.text.get(mutant.at.clone())
            )),
            (false, true) => Some("the schema finds it, and is said not to".to_owned()),
            _ => None,
        }
    }
}
