//! Text that a person reads. It says something: a reason, a question or a refusal without a word is none.

use crate::yaml::Spanned;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::fmt;

pub(super) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Words::deserialize(deserializer).map(|words| words.0)
}

pub(super) fn some_words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    words(deserializer).map(Some)
}

pub(super) fn placed_words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Spanned<String>, D::Error> {
    let Spanned { value, span } = Spanned::<Words>::deserialize(deserializer)?;
    Ok(Spanned {
        value: value.0,
        span,
    })
}

pub(super) fn some_placed_words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Spanned<String>>, D::Error> {
    placed_words(deserializer).map(Some)
}

struct Words(String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(WordsVisitor)
    }
}

/// Judges while the reader still stands at the text, so that the problem has its place.
struct WordsVisitor;

impl Visitor<'_> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("words for a person")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Words, E> {
        if text.trim().is_empty() {
            return Err(E::invalid_value(Unexpected::Str(text), &self));
        }
        Ok(Words(text.to_owned()))
    }
}
