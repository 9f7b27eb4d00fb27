//! What an attempt gave, before its kinds are known.

use crate::action::{Cause, Failure, sahara_info};
use crate::check::CheckedStep;
use crate::modem::identity::Chip;
use crate::plan::{Value, Values};
use std::collections::{BTreeMap, BTreeSet};

/// What an attempt gave, before its kinds are known.
#[derive(Debug, Default)]
pub(in crate::engine) struct Saved {
    pub(super) texts: BTreeMap<String, String>,
    pub(super) values: Values,
    /// Of these, what identifies the unit though its kind does not say so.
    pub(super) private: BTreeSet<String>,
    /// What was written and could not be verified, though the step did not say `verify: none`.
    pub(in crate::engine) unverified: Vec<Unread>,
}

/// What was written and not read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Unread {
    pub(in crate::engine) target: String,
    /// The version that the running firmware tells if this is what runs.
    pub(in crate::engine) version: Option<String>,
}

impl Saved {
    pub(super) fn texts(texts: BTreeMap<String, String>) -> Self {
        Self {
            texts,
            ..Self::default()
        }
    }

    pub(super) fn unverified(targets: Vec<String>, version: Option<&str>) -> Self {
        let unread = |target| Unread {
            target,
            version: version.map(Into::into),
        };
        Self {
            unverified: targets.into_iter().map(unread).collect(),
            ..Self::default()
        }
    }

    /// The facts that the step declares, by their names in the plan. One that is missing, or no value of its kind, fails the attempt.
    pub(in crate::engine) fn typed(&self, checked: &CheckedStep) -> Result<Values, Failure> {
        let mut values = Values::new();
        for (name, kind) in &checked.step.save.0 {
            let value = match (self.values.get(&name.value), self.texts.get(&name.value)) {
                (Some(value), _) => value.clone(),
                (None, Some(text)) => Value::parse(kind.value, text).map_err(|reason| {
                    Failure::new(
                        "step::value",
                        Cause::Modem,
                        format!("`{}` is `{text}`: {reason}", name.value),
                    )
                })?,
                (None, None) => {
                    return Err(Failure::new(
                        "step::unsaved",
                        Cause::Modem,
                        format!("the answer does not give `{}`", name.value),
                    ));
                }
            };
            // A step's own facts always have a name in the plan.
            let full = checked.step.scope.full(name);
            values.insert(full.unwrap_or_else(|| name.value.clone()), value);
        }
        Ok(values)
    }

    /// What identifies the unit: it leaves the run as a pseudonym only.
    pub(in crate::engine) fn identities<'s>(
        &'s self,
        checked: &'s CheckedStep,
        values: &'s Values,
    ) -> impl Iterator<Item = (&'s String, String)> {
        values.iter().filter_map(|(full, value)| {
            let is_private = || {
                let own = self.private.iter();
                let mut full_names = own.filter_map(|name| checked.step.scope.full(name));
                full_names.any(|name| name == *full)
            };
            let is_identity = matches!(value, Value::Imei(_)) || is_private();
            is_identity.then(|| (full, value.display()))
        })
    }

    /// The chip, where a boot ROM told its serial number.
    pub(in crate::engine) fn chip(&self) -> Option<Chip> {
        let serial = self.private.contains(sahara_info::SERIAL);
        let serial = self.texts.get(sahara_info::SERIAL).filter(|_| serial)?;
        Some(Chip {
            told_by: "sahara".to_owned(),
            serial: serial.clone(),
        })
    }

    pub(in crate::engine) fn shown(&self) -> String {
        let texts: Vec<String> = self
            .texts
            .iter()
            .map(|(name, text)| format!("{name} is {text}"))
            .collect();
        texts.join(", ")
    }
}
