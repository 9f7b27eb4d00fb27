//! Hides identities and secrets in everything that leaves the engine.
//!
//! An identity becomes a pseudonym that is stable within the run, a secret becomes `***`. Known values are found
//! wherever they stand; unknown ones by their pattern: fifteen digits with a valid check digit.

use crate::files;
use crate::protocol::diag::imei_is_valid;
use regex::{Captures, Regex};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What to hide, and how.
pub(super) struct Mask {
    salt: String,
    secrets: Vec<String>,
    identities: BTreeMap<String, String>,
    digits: Option<Regex>,
}

impl Mask {
    pub(super) fn new(salt: impl Into<String>) -> Self {
        Self {
            salt: salt.into(),
            secrets: Vec::new(),
            identities: BTreeMap::new(),
            digits: Regex::new(r"[0-9]{15,}").ok(),
        }
    }

    pub(super) fn secret(&mut self, secret: &str) {
        if !secret.is_empty() {
            self.secrets.push(secret.to_owned());
        }
    }

    pub(super) fn identity(&mut self, identity: &str) {
        if !identity.is_empty() {
            let pseudonym = self.pseudonym(identity);
            self.identities.insert(identity.to_owned(), pseudonym);
        }
    }

    fn pseudonym(&self, identity: &str) -> String {
        let digest = Sha256::digest(format!("{}\0{identity}", self.salt));
        format!("id-{}", &files::hex(&digest)[..8])
    }

    pub(super) fn text(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in &self.secrets {
            masked = masked.replace(secret, "***");
        }
        self.without_identities(&masked)
    }

    fn without_identities(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for (identity, pseudonym) in &self.identities {
            masked = masked.replace(identity, pseudonym);
        }
        match &self.digits {
            Some(digits) => digits
                .replace_all(&masked, |found: &Captures<'_>| {
                    let found = &found[0];
                    if imei_is_valid(found) {
                        self.pseudonym(found)
                    } else {
                        found.to_owned()
                    }
                })
                .into_owned(),
            None => masked,
        }
    }

    /// Masks every text inside a record. What kind of record it is, and the names of its fields, are the program's own
    /// words: a secret that happens to be one of them must not make the journal unreadable.
    pub(super) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, value)| {
                    let masked = if key == "event" {
                        value
                    } else {
                        self.value(value)
                    };
                    (self.without_identities(&key), masked)
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_a_word_of_the_journal_leaves_it_readable() {
        let mut mask = Mask::new("salt");
        mask.secret("step");
        let record = serde_json::json!({ "event": "step-start", "step": "step one" });
        let masked = mask.value(record);
        assert_eq!(masked["event"], "step-start");
        assert_eq!(masked["step"], "*** one");
    }

    #[test]
    fn identities_and_secrets_do_not_come_out() {
        let mut mask = Mask::new("salt");
        mask.secret("hunter2");
        mask.identity("0badcafe");
        let masked = mask.text("490154203237518 hunter2 0badcafe 123456789012345");
        assert!(!masked.contains("490154203237518"));
        assert!(!masked.contains("hunter2"));
        assert!(!masked.contains("0badcafe"));
        assert!(masked.contains("123456789012345"), "no valid check digit");
        assert_eq!(mask.text("490154203237518"), mask.text("490154203237518"));
    }
}
