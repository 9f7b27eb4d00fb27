//! Small values of the language: modes and sets of them, kinds, durations.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::borrow::Cow;
use std::fmt;

/// What the modem is, as far as its bus and first bytes show.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing on the bus.
    Off,
    /// Firmware runs: AT and DIAG answer.
    Normal,
    /// The boot ROM waits for a programmer (9008, Sahara).
    Edl,
    /// A programmer runs (9008, Firehose).
    Firehose,
    /// A memory dump state (900E, Sahara memory debug).
    Ramdump,
    /// The boot loader's fastboot.
    Fastboot,
    /// A streaming loader runs (9008, Streaming DLOAD).
    Dload,
}

impl Mode {
    pub const ALL: [Self; 7] = [
        Self::Off,
        Self::Normal,
        Self::Edl,
        Self::Firehose,
        Self::Ramdump,
        Self::Fastboot,
        Self::Dload,
    ];

    /// The mode whose USB identity it has: what the boot ROM has loaded keeps that of the boot ROM (protocols.md §2).
    #[must_use]
    pub fn on_usb(self) -> Self {
        match self {
            Self::Firehose | Self::Dload => Self::Edl,
            other => other,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Normal => "normal",
            Self::Edl => "edl",
            Self::Firehose => "firehose",
            Self::Ramdump => "ramdump",
            Self::Fastboot => "fastboot",
            Self::Dload => "dload",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A set of modes, in a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes(u8);

impl Modes {
    pub const NONE: Self = Self(0);
    pub const ANY: Self = Self(0b111_1111);

    pub const fn one(mode: Mode) -> Self {
        Self(1 << mode as u8)
    }

    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub const fn within(self, other: Self) -> bool {
        self.minus(other).0 == 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn has(self, mode: Mode) -> bool {
        self.0 & (1 << mode as u8) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Mode> {
        Mode::ALL.into_iter().filter(move |mode| self.has(*mode))
    }
}

impl FromIterator<Mode> for Modes {
    fn from_iter<I: IntoIterator<Item = Mode>>(modes: I) -> Self {
        modes
            .into_iter()
            .fold(Self::NONE, |set, mode| set.or(Self::one(mode)))
    }
}

impl fmt::Display for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.write_str("no mode"),
            Self::ANY => f.write_str("any mode"),
            _ => {
                let words: Vec<&str> = self.iter().map(Mode::word).collect();
                f.write_str(&words.join(" or "))
            }
        }
    }
}

/// What kind of value an input or a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// A file that exists.
    File,
    /// A folder that exists, or a zip of one.
    Folder,
    /// A full firmware version, or `unknown`.
    Firmware,
    /// Fifteen digits with a valid check digit; only ever compared.
    Imei,
    /// From a file, the environment or a prompt; never shown.
    Secret,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::File => "file",
            Self::Folder => "folder",
            Self::Firmware => "firmware",
            Self::Imei => "imei",
            Self::Secret => "secret",
        })
    }
}

/// A span of time, written with its unit: `500ms`, `30s`, `5m`. A bare number is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

impl Duration {
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    const EXPECTED: &'static str = "a duration with its unit, such as `500ms`, `30s` or `5m`";

    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            _ => return None,
        };
        Some(Self(std::time::Duration::from_millis(
            number.checked_mul(millis)?,
        )))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            _ if !millis.is_multiple_of(1000) => write!(f, "{millis}ms"),
            _ if millis == 0 || !millis.is_multiple_of(60_000) => write!(f, "{}s", millis / 1000),
            _ => write!(f, "{}m", millis / 60_000),
        }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Duration;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Duration::EXPECTED)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                Duration::parse(text)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A span of time with its unit: `500ms`, `30s`, `5m`.",
            // So many digits of minutes are still a number of milliseconds.
            "pattern": "^[0-9]{1,14}(ms|s|m)$",
            "patternErrorMessage": "A span of time with its unit, such as `500ms`, `30s` or `5m`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_its_unit() {
        assert_eq!(Duration::parse("5m").map(|d| d.0.as_secs()), Some(300));
        assert_eq!(Duration::parse("500ms").map(|d| d.0.as_millis()), Some(500));
        for wrong in [
            "5",
            "m",
            "",
            "5 m",
            "-5s",
            "5h",
            "99999999999999999999s",
            "18446744073709551615m",
        ] {
            assert_eq!(Duration::parse(wrong), None, "{wrong}");
        }
        for text in ["0s", "500ms", "30s", "5m", "90s"] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), text);
        }
    }
}
