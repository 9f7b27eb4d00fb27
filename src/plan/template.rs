//! Text with `${name}` in it. A name stands there and nothing else; `$${` writes `${`.

use super::{Value, Values, is_name};
use camino::Utf8PathBuf;
use std::collections::BTreeSet;
use std::ops::Range;

/// A text with names in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name { name: String, at: Range<usize> },
}

/// What stands in `${ }` is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("only a name may stand in `${{ }}`, never an expression")]
pub struct NotAName {
    /// From the `$` to the brace, in bytes of the text.
    pub at: Range<usize>,
}

/// Every such place of one text, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotNames {
    first: NotAName,
    others: Vec<NotAName>,
}

impl NotNames {
    pub fn iter(&self) -> impl Iterator<Item = &NotAName> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// A value that may not stand where the template puts it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    #[error("`{name}` is not known")]
    Unknown { name: String },
    #[error("the value of `{name}` may not be part of an AT command: {reason}")]
    Command { name: String, reason: &'static str },
    #[error("the value of `{name}` may not be part of a path: {reason}")]
    Path { name: String, reason: &'static str },
    #[error("the path leaves its folder")]
    Outside,
}

impl Template {
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        Self::parse_all(text).map_err(|faults| faults.first)
    }

    /// The same, with everything that is no name.
    pub fn parse_all(text: &str) -> Result<Self, NotNames> {
        let mut faults = Vec::new();
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = 0;
        while let Some(found) = text[rest..].find("${") {
            let at = rest + found;
            if text[rest..at].ends_with('$') {
                literal.push_str(&text[rest..at]);
                literal.push('{');
                rest = at + 2;
                continue;
            }
            literal.push_str(&text[rest..at]);
            let Some(end) = text[at..].find('}').map(|length| at + length) else {
                faults.push(NotAName { at: at..text.len() });
                rest = text.len();
                break;
            };
            let name = &text[at + 2..end];
            if !is_name(name) {
                faults.push(NotAName { at: at..end + 1 });
            }
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Name {
                name: name.to_owned(),
                at: at..end + 1,
            });
            rest = end + 1;
        }
        literal.push_str(&text[rest..]);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        let mut faults = faults.into_iter();
        match faults.next() {
            None => Ok(Self { parts }),
            Some(first) => Err(NotNames {
                first,
                others: faults.collect(),
            }),
        }
    }

    /// The value of one name.
    pub fn of_name(name: String) -> Self {
        Self {
            parts: vec![Part::Name { name, at: 0..0 }],
        }
    }

    /// The name, if the text is that and nothing else.
    pub fn only_name(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Name { name, .. }] => Some(name),
            _ => None,
        }
    }

    /// The same text with something else in the place of each name; `None` where one has nothing.
    pub fn replace_names(&self, mut by: impl FnMut(&str) -> Option<Self>) -> Option<Self> {
        let mut parts = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(_) => parts.push(part.clone()),
                Part::Name { name, .. } => parts.extend(by(name)?.parts),
            }
        }
        Some(Self { parts })
    }

    /// The names in it, and where `${name}` stands in the text.
    pub fn names(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name { name, at } => Some((name.as_str(), at.clone())),
            Part::Text(_) => None,
        })
    }

    /// What is written between the names.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Name { .. } => None,
        })
    }

    /// The name with which the text begins.
    pub fn begins_with(&self) -> Option<&str> {
        match self.parts.first() {
            Some(Part::Name { name, .. }) => Some(name),
            _ => None,
        }
    }

    /// For people: an IMEI is shown by its last four digits, a secret not at all.
    pub fn expand(&self, values: &Values) -> Result<String, ExpandError> {
        self.fill(values, |_, _, value| Ok(value.shown()))
    }

    /// For a modem. A value brings letters, digits, `.`, `_` and `-` only, unless it is one of `patterned`: an input
    /// with its own `matches`. The finished command is still to be judged as a written one.
    pub fn expand_at(
        &self,
        values: &Values,
        patterned: &BTreeSet<String>,
    ) -> Result<String, ExpandError> {
        self.fill(values, |name, _, value| {
            let refuse = |reason| ExpandError::Command {
                name: name.to_owned(),
                reason,
            };
            let text = value.display();
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if matches!(value, Value::Imei(_)) {
                Err(refuse("it is an identity"))
            } else if text.contains([';', '"', '\'', '\0']) || text.contains(char::is_control) {
                Err(refuse("it holds a `;`, a quote or a line break"))
            } else if !patterned.contains(name) && !text.chars().all(plain) {
                Err(refuse(
                    "it holds more than letters, digits, `.`, `_` and `-`",
                ))
            } else {
                Ok(text)
            }
        })
    }

    /// For a file. A file or folder stands only at the beginning; any other value adds to one part of the path.
    pub fn expand_path(&self, values: &Values) -> Result<Utf8PathBuf, ExpandError> {
        let text = self.fill(values, |name, first, value| {
            let refuse = |reason| ExpandError::Path {
                name: name.to_owned(),
                reason,
            };
            match value {
                Value::File(_) | Value::Folder(_) | Value::Unpacked(_) => match value.path() {
                    Some(path) if first => Ok(path.to_string()),
                    _ => Err(refuse("a path stands at the beginning")),
                },
                Value::Secret(_) | Value::Imei(_) => Err(refuse("it is private")),
                _ => {
                    let text = value.display();
                    if text == "." || text == ".." {
                        Err(refuse("it is no name"))
                    } else if text.contains(['/', '\\']) || text.contains(char::is_control) {
                        Err(refuse("it holds a slash or a control character"))
                    } else if holds_imei(&text) {
                        Err(refuse(
                            "it holds an IMEI, which has no place in a file name",
                        ))
                    } else {
                        Ok(text)
                    }
                }
            }
        })?;
        // What follows the given folder, or the whole where there is none, must stay beneath it.
        let own = match (self.begins_with()).and_then(|name| values.get(name)?.path()) {
            Some(path) => text[path.as_str().len()..].trim_start_matches('/'),
            None => &text,
        };
        if own.starts_with('/') || own.split(['/', '\\']).any(|part| part == "..") {
            return Err(ExpandError::Outside);
        }
        Ok(text.into())
    }

    fn fill(
        &self,
        values: &Values,
        write: impl Fn(&str, bool, &Value) -> Result<String, ExpandError>,
    ) -> Result<String, ExpandError> {
        let mut text = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Name { name, .. } => {
                    let value = values
                        .get(name)
                        .ok_or_else(|| ExpandError::Unknown { name: name.clone() })?;
                    text.push_str(&write(name, index == 0, value)?);
                }
            }
        }
        Ok(text)
    }
}

/// Whether a run of digits in the text is an IMEI: journals mask those, and a masked path is found no more.
fn holds_imei(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(crate::protocol::diag::imei_is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imei_is_kept_out_of_file_names() {
        let template = Template::parse("backup/${unit}/nand").unwrap();
        let named = |unit: &str| {
            let values = Values::from([("unit".to_owned(), Value::Text(unit.to_owned()))]);
            template.expand_path(&values)
        };
        assert!(named("bench-490154203237518").is_err());
        assert!(named("bench-490154203237519").is_ok());
    }

    fn values() -> Values {
        [
            ("unit", Value::Text("bench-1".into())),
            ("two", Value::Text("1;+EGMR=1,7".into())),
            ("dots", Value::Text("..".into())),
            ("dot", Value::Text(".".into())),
            ("slash", Value::Text("a/b".into())),
            ("key", Value::Secret("s3cret".into())),
            ("imei", Value::Imei("490154203237518".into())),
            ("count", Value::Int(-3)),
            ("package", Value::Folder("/tmp/p".into())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    #[test]
    fn a_name_stands_in_braces_and_nothing_else() {
        let text = "a ${unit} $${unit} ${count}$";
        let template = Template::parse(text).unwrap();
        assert_eq!(template.expand(&values()).unwrap(), "a bench-1 ${unit} -3$");
        let places: Vec<&str> = template.names().map(|(_, at)| &text[at]).collect();
        assert_eq!(places, ["${unit}", "${count}"]);
        for wrong in [
            "${unit + 1}",
            "${}",
            "${ unit }",
            "${unit",
            "${A}",
            "x ${a.b}",
        ] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Template::parse("x ${a b} y").unwrap_err().at, 2..8);
        let faults = Template::parse_all("${} ${unit} ${a b} $${ ${").unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.at.clone()).collect();
        assert_eq!(places, [0..3, 12..18, 23..25]);
    }

    #[test]
    fn no_value_adds_a_command() {
        let all: BTreeSet<String> = values().into_keys().collect();
        for (text, free, ok) in [
            ("AT+X=${unit}", false, true),
            ("AT+X=${count}", false, true),
            ("AT+X=${key}", false, true),
            ("AT+X=${two}", false, false),
            ("AT+X=${two}", true, false),
            ("AT+X=${slash}", false, false),
            ("AT+X=${slash}", true, true),
            ("AT+X=${imei}", true, false),
            ("AT+X=${nobody}", true, false),
        ] {
            let patterned = if free { all.clone() } else { BTreeSet::new() };
            let got = Template::parse(text)
                .unwrap()
                .expand_at(&values(), &patterned);
            assert_eq!(got.is_ok(), ok, "{text} {got:?}");
        }
    }

    #[test]
    fn no_value_leaves_its_folder() {
        for (text, wanted) in [
            ("${package}/update/x.mbn", Some("/tmp/p/update/x.mbn")),
            ("backup/${unit}/nand", Some("backup/bench-1/nand")),
            ("backup/${package}", None),
            ("backup/${dots}/x", None),
            ("backup/${dot}${dot}/x", None),
            ("backup/${slash}", None),
            ("backup/${imei}", None),
            ("${package}/../x", None),
            ("../x", None),
            ("/etc/x", None),
        ] {
            let got = Template::parse(text).unwrap().expand_path(&values()).ok();
            assert_eq!(got.as_ref().map(|p| p.as_str()), wanted, "{text}");
        }
    }

    #[test]
    fn people_never_see_a_secret() {
        let text = Template::parse("${key} ${imei}").unwrap();
        assert_eq!(text.expand(&values()).unwrap(), "*** …7518");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in "[${}a-c $é]{0,30}") {
            if let Err(error) = Template::parse(&text) {
                assert!(text.get(error.at).is_some());
            }
        }
    }
}
