//! Reads a text once more, with `serde_yaml` alone, and demands that it is what the outline says: the same
//! collections, in the same order, with the same characters in every scalar.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use unbrick::yaml::{Node, NodeKind};

pub(crate) struct Like<'n>(pub(crate) &'n Node);

impl<'de> DeserializeSeed<'de> for Like<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match &self.0.kind {
            NodeKind::Scalar { .. } => deserializer.deserialize_str(self),
            NodeKind::Sequence(_) => deserializer.deserialize_seq(self),
            NodeKind::Mapping(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Like<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.kind)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match &self.0.kind {
            NodeKind::Scalar { text: own, .. } if own == text => Ok(()),
            own => Err(E::custom(format!("{text:?} instead of {own:?}"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for node in self.0.children() {
            if items.next_element_seed(Like(node))?.is_none() {
                return Err(A::Error::custom("fewer items than in the outline"));
            }
        }
        match items.next_element::<serde::de::IgnoredAny>()? {
            Some(_) => Err(A::Error::custom("more items than in the outline")),
            None => Ok(()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<(), A::Error> {
        let NodeKind::Mapping(own) = &self.0.kind else {
            return Err(A::Error::custom("a mapping"));
        };
        for (key, value) in own {
            if pairs.next_key_seed(Like(key))?.is_none() {
                return Err(A::Error::custom("fewer keys than in the outline"));
            }
            pairs.next_value_seed(Like(value))?;
        }
        match pairs.next_key::<serde::de::IgnoredAny>()? {
            Some(_) => Err(A::Error::custom("more keys than in the outline")),
            None => Ok(()),
        }
    }
}
