//! A deserializer that walks the outline beside `serde_yaml`: child *i* of the outline goes with child *i* of the value.
//! Every request is passed on; only [`MARK`] is answered here, with start, end and value.
//!
//! What the two readers do not see alike is refused: the accepted language is what both of them read (§15.3).

use super::left_out::LeftOut;
use super::node::{Node, NodeKind};
use super::spanned::MARK;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use std::fmt;
use std::ops::Range;
use std::slice;

/// Said where the readers disagree.
pub(super) const DISAGREE: &str = "two YAML readers do not read this alike";

pub(super) struct Forward<'n, D> {
    inner: D,
    at: At<'n>,
}

impl<'n, D> Forward<'n, D> {
    /// `base` is added to every place.
    pub(super) fn new(inner: D, root: &'n Node, base: usize, left_out: &'n LeftOut) -> Self {
        let at = At {
            node: root,
            base,
            left_out,
        };
        Self { inner, at }
    }
}

/// Where in the outline the value stands.
#[derive(Clone, Copy)]
struct At<'n> {
    node: &'n Node,
    base: usize,
    left_out: &'n LeftOut,
}

impl<'n> At<'n> {
    fn child(self, node: &'n Node) -> Self {
        Self { node, ..self }
    }

    fn span(self) -> Range<usize> {
        self.node.span.start + self.base..self.node.span.end + self.base
    }
}

macro_rules! pass_on {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($argument,)* Along { inner: visitor, at: self.at })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Forward<'_, D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_seq();
        deserialize_map();
        deserialize_identifier();
        deserialize_ignored_any();
        deserialize_unit_struct(name: &'static str);
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name == MARK {
            return visitor.visit_seq(Parts {
                given: 0,
                span: self.at.span(),
                inner: Some(self),
            });
        }
        self.inner.deserialize_newtype_struct(
            name,
            Along {
                inner: visitor,
                at: self.at,
            },
        )
    }
}

/// Start, end and value of a [`super::Spanned`].
struct Parts<'n, D> {
    given: u8,
    span: Range<usize>,
    inner: Option<Forward<'n, D>>,
}

impl<'de, D: Deserializer<'de>> SeqAccess<'de> for Parts<'_, D> {
    type Error = D::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, D::Error> {
        self.given += 1;
        match self.given {
            1 => seed
                .deserialize(self.span.start.into_deserializer())
                .map(Some),
            2 => seed
                .deserialize(self.span.end.into_deserializer())
                .map(Some),
            _ => self
                .inner
                .take()
                .map(|inner| seed.deserialize(inner))
                .transpose(),
        }
    }
}

/// A visitor that goes on along the outline.
struct Along<'n, V> {
    inner: V,
    at: At<'n>,
}

impl<V> Along<'_, V> {
    fn is_scalar<E: de::Error>(&self) -> Result<(), E> {
        match &self.at.node.kind {
            NodeKind::Scalar { .. } => Ok(()),
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => Err(E::custom(DISAGREE)),
        }
    }

    fn is_text<E: de::Error>(&self, read: &str) -> Result<(), E> {
        match &self.at.node.kind {
            NodeKind::Scalar { text, .. } if text == read => Ok(()),
            _ => Err(E::custom(DISAGREE)),
        }
    }
}

macro_rules! hand_over {
    ($($method:ident: $type:ty;)*) => {$(
        fn $method<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.is_scalar()?;
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Along<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    hand_over! {
        visit_bool: bool;
        visit_i64: i64;
        visit_i128: i128;
        visit_u64: u64;
        visit_u128: u128;
        visit_f64: f64;
        visit_char: char;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
        visit_byte_buf: Vec<u8>;
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<V::Value, E> {
        self.is_text(text)?;
        self.inner.visit_str(text)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.is_text(text)?;
        self.inner.visit_borrowed_str(text)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<V::Value, E> {
        self.is_text(&text)?;
        self.inner.visit_string(text)
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Forward { inner, at: self.at })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner
            .visit_newtype_struct(Forward { inner, at: self.at })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let NodeKind::Sequence(items) = &self.at.node.kind else {
            return Err(de::Error::custom(DISAGREE));
        };
        self.inner.visit_seq(Items {
            inner,
            nodes: items.iter(),
            at: self.at,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let NodeKind::Mapping(pairs) = &self.at.node.kind else {
            return Err(de::Error::custom(DISAGREE));
        };
        self.inner.visit_map(Pairs {
            inner,
            nodes: pairs.iter(),
            value: self.at,
        })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.is_scalar()?;
        self.inner.visit_enum(inner)
    }
}

struct Items<'n, A> {
    inner: A,
    nodes: slice::Iter<'n, Node>,
    /// The sequence.
    at: At<'n>,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let node = loop {
            match self.nodes.next() {
                None => return ended(self.inner.next_element::<IgnoredAny>()?.is_none()),
                Some(node) if !self.at.left_out.has(node) => break node,
                Some(_) => self.inner.next_element::<IgnoredAny>()?,
            };
        };
        let at = self.at.child(node);
        match self.inner.next_element_seed(Seed { inner: seed, at })? {
            Some(item) => Ok(Some(item)),
            None => ended(false),
        }
    }
}

struct Pairs<'n, A> {
    inner: A,
    nodes: slice::Iter<'n, (Node, Node)>,
    /// Of the key that came last.
    value: At<'n>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Pairs<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let left_out = self.value.left_out;
        let (node, value) = loop {
            match self.nodes.next() {
                None => return ended(self.inner.next_key::<IgnoredAny>()?.is_none()),
                Some((key, value)) if !(left_out.has(key) || left_out.has(value)) => {
                    break (key, value);
                }
                Some(_) => self.inner.next_entry::<IgnoredAny, IgnoredAny>()?,
            };
        };
        let at = self.value.child(node);
        self.value = self.value.child(value);
        match self.inner.next_key_seed(Seed { inner: seed, at })? {
            Some(key) => Ok(Some(key)),
            None => ended(false),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let at = self.value;
        self.inner.next_value_seed(Seed { inner: seed, at })
    }
}

/// The end of a collection, if both readers see it here.
fn ended<T, E: de::Error>(together: bool) -> Result<Option<T>, E> {
    if together {
        Ok(None)
    } else {
        Err(E::custom(DISAGREE))
    }
}

struct Seed<'n, S> {
    inner: S,
    at: At<'n>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Forward { inner, at: self.at })
    }
}
