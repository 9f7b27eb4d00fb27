//! What the names inside a fragment mean in the plan that includes it.
//!
//! A fragment knows its parameters and its own facts, by their short names. The plan knows the facts by the name of the
//! including step and the short name: step `radio` with fact `cfun` gives `radio_cfun`. So a fragment may be included
//! twice, and no name collides by accident.

use super::{Kind, Template, Value, Values};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// The names of one inclusion; of the plan itself where nothing is included.
#[derive(Debug, Clone, Default)]
pub struct Scope(Option<Arc<Inclusion>>);

#[derive(Debug)]
struct Inclusion {
    meanings: BTreeMap<String, Meaning>,
    /// Where the including steps stand, the innermost first.
    places: Vec<Range<usize>>,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// An input or a fact of the plan, by its full name.
    Name(String),
    /// A text that the plan gives, its names being full ones.
    Text(Kind, Template),
}

impl Scope {
    /// The scope of a fragment's steps: what its parameters and its own facts mean. `place` is the including step's,
    /// `outer` the scope in which that stands.
    pub fn of_fragment(
        meanings: BTreeMap<String, Meaning>,
        place: Range<usize>,
        outer: &Self,
    ) -> Self {
        let mut places = vec![place];
        places.extend(outer.places().cloned());
        Self(Some(Arc::new(Inclusion { meanings, places })))
    }

    /// What a name means here; `None` where a fragment does not know it.
    pub fn meaning(&self, name: &str) -> Option<Cow<'_, Meaning>> {
        match &self.0 {
            None => Some(Cow::Owned(Meaning::Name(name.to_owned()))),
            Some(inclusion) => inclusion.meanings.get(name).map(Cow::Borrowed),
        }
    }

    /// The plan's name for a name of this scope, if it means one.
    pub fn full(&self, name: &str) -> Option<String> {
        match self.meaning(name)?.into_owned() {
            Meaning::Name(full) => Some(full),
            Meaning::Text(..) => None,
        }
    }

    /// The plan's names that the value of a name of this scope rests on.
    pub fn rests_on(&self, name: &str) -> Vec<String> {
        match self.meaning(name).map(Cow::into_owned) {
            None => Vec::new(),
            Some(Meaning::Name(full)) => vec![full],
            Some(Meaning::Text(_, template)) => {
                template.names().map(|(name, _)| name.to_owned()).collect()
            }
        }
    }

    /// The names that a fragment knows; none of its own for the plan itself, which knows all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let inclusion = self.0.iter();
        inclusion.flat_map(|inclusion| inclusion.meanings.keys().map(String::as_str))
    }

    /// Whether these are the plan's own names.
    pub fn is_plan(&self) -> bool {
        self.0.is_none()
    }

    /// Where the including steps stand, the innermost first.
    pub fn places(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter().flat_map(|inclusion| inclusion.places.iter())
    }

    /// The values that are known, by the names of this scope.
    pub fn view<'v>(&self, values: &'v Values) -> Cow<'v, Values> {
        let Some(inclusion) = &self.0 else {
            return Cow::Borrowed(values);
        };
        let known = inclusion.meanings.iter().filter_map(|(name, meaning)| {
            let value = match meaning {
                Meaning::Name(full) => values.get(full)?.clone(),
                // What is not known yet, and what is no value of its kind, is not known.
                Meaning::Text(kind, template) => {
                    Value::parse(*kind, &template.expand(values).ok()?).ok()?
                }
            };
            Some((name.clone(), value))
        });
        Cow::Owned(known.collect())
    }

    /// Of names of the plan, those that this scope knows, by its own names. What a plan writes out itself is one of
    /// them: its author has seen it.
    pub fn patterned<'p>(&self, patterned: &'p BTreeSet<String>) -> Cow<'p, BTreeSet<String>> {
        let Some(inclusion) = &self.0 else {
            return Cow::Borrowed(patterned);
        };
        let names = inclusion
            .meanings
            .iter()
            .filter(|(_, meaning)| match meaning {
                Meaning::Name(full) => patterned.contains(full),
                Meaning::Text(_, template) => {
                    template.names().all(|(name, _)| patterned.contains(name))
                }
            });
        Cow::Owned(names.map(|(name, _)| name.clone()).collect())
    }

    /// A template of this scope in the plan's names; `None` where a name is not known here.
    pub fn resolve(&self, template: &Template) -> Option<Template> {
        template.replace_names(|name| {
            Some(match self.meaning(name)?.into_owned() {
                Meaning::Name(full) => Template::of_name(full),
                Meaning::Text(_, template) => template,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        let text = Template::parse("bench ${unit}").unwrap();
        let meanings = BTreeMap::from([
            ("cfun".to_owned(), Meaning::Name("radio_cfun".to_owned())),
            ("file".to_owned(), Meaning::Name("xqcn".to_owned())),
            ("say".to_owned(), Meaning::Text(Kind::Text, text)),
        ]);
        Scope::of_fragment(meanings, 3..9, &Scope::default())
    }

    #[test]
    fn a_fragment_sees_its_own_names_only() {
        let values = Values::from([
            ("radio_cfun".to_owned(), Value::Int(1)),
            ("cfun".to_owned(), Value::Int(5)),
            ("unit".to_owned(), Value::Text("7".to_owned())),
        ]);
        let scope = scope();
        let view = scope.view(&values);
        assert_eq!(view.get("cfun"), Some(&Value::Int(1)));
        assert_eq!(view.get("say"), Some(&Value::Text("bench 7".to_owned())));
        assert_eq!(view.len(), 2);
        assert_eq!(scope.full("file").as_deref(), Some("xqcn"));
        assert_eq!(scope.full("unit"), None);
        assert_eq!(Scope::default().full("unit").as_deref(), Some("unit"));
    }

    #[test]
    fn a_template_is_told_in_the_names_of_the_plan() {
        let resolved = |text: &str| scope().resolve(&Template::parse(text).unwrap());
        let wanted = Template::parse("a ${radio_cfun}, bench ${unit}!").unwrap();
        let given = resolved("a ${cfun}, ${say}!").unwrap();
        let values = Values::from([
            ("radio_cfun".to_owned(), Value::Int(1)),
            ("unit".to_owned(), Value::Text("7".to_owned())),
        ]);
        assert_eq!(given.expand(&values), wanted.expand(&values));
        assert_eq!(resolved("${unit}"), None);
    }
}
