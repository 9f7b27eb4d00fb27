//! Quectel's firmware versions (quectel.md §2, §3). What does not parse is no version: it never equals another.

use std::cmp::Ordering;

/// A parsed version, such as `RM502QGLAAR11A02M4G_01.200.01.200`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    /// Model, region and hardware sub-variant: `RM502QGLAA`.
    pub hw: String,
    /// Qualcomm's baseline.
    pub r: u8,
    /// Quectel's release on that baseline.
    pub a: u8,
    /// The rare `V01` between release and memory.
    pub v: Option<u8>,
    /// Density of the memory: `M4G`.
    pub mem: String,
    /// The rare letter behind it.
    pub x: Option<char>,
    /// `BETA`, `20200428F`, `OCPU`, `factory` and the like, in capitals.
    pub tags: Vec<String>,
    pub configuration: Option<Configuration>,
}

/// Quectel's configuration version: a half for the modem, and one for the application processor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// Branch or customer line: `01`, `20`, `A0`.
    pub branch: String,
    pub number: u16,
    pub processor_branch: Option<String>,
    pub processor_number: Option<u16>,
}

impl Version {
    /// Reads a version in any case; nothing may stand around it.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        let text = text.to_ascii_uppercase();
        // The shortest hardware key wins: two letters and at least one sign before `R`.
        (3..text.len()).find_map(|at| Self::split_at(&text, at))
    }

    fn split_at(text: &str, at: usize) -> Option<Self> {
        let (hw, rest) = text.split_at_checked(at)?;
        let rest = rest.strip_prefix('R')?;
        if !is_hardware(hw) {
            return None;
        }
        let (r, rest) = two_digits(rest)?;
        let (a, rest) = two_digits(rest.strip_prefix('A')?)?;
        let (v, rest) = match rest.strip_prefix('V').and_then(two_digits) {
            Some((v, rest)) => (Some(v), rest),
            None => (None, rest),
        };
        let (mem, rest) = rest.split_at_checked(3)?;
        let [letter, digit, b'G'] = mem.as_bytes() else {
            return None;
        };
        if !letter.is_ascii_uppercase() || !digit.is_ascii_digit() {
            return None;
        }
        let (head, tail) = rest
            .split_once('_')
            .map_or((rest, None), |(h, t)| (h, Some(t)));
        let mut letters = head.chars();
        let x = letters.next();
        if letters.next().is_some() || x.is_some_and(|x| !x.is_ascii_uppercase()) {
            return None;
        }
        let mut segments: Vec<&str> = tail.map_or(Vec::new(), |tail| tail.split('_').collect());
        let configuration = segments.last().and_then(|last| Configuration::parse(last));
        if configuration.is_some() {
            segments.pop();
        }
        // A segment with dots is a configuration that does not parse, not a tag: it must not pass as one.
        let is_tag = |s: &&str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric());
        segments.iter().all(is_tag).then(|| Self {
            hw: hw.to_owned(),
            r,
            a,
            v,
            mem: mem.to_owned(),
            x,
            tags: segments.iter().map(|&s| s.to_owned()).collect(),
            configuration,
        })
    }

    /// Whether the application processor has not answered yet: then this is no version, ask again
    /// (mm:src/plugins/quectel/mm-modem-helpers-quectel.c and its tests).
    pub fn is_not_known_yet(&self) -> bool {
        self.configuration.as_ref().is_some_and(|c| {
            c.processor_branch.as_deref() == Some("00") && c.processor_number == Some(0)
        })
    }

    /// Older or newer; `None` where the two are not of one hardware and one line.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let (mine, theirs) = (self.configuration.as_ref()?, other.configuration.as_ref()?);
        let key = |v: &Self, c: &Configuration| (v.r, v.a, v.v, c.number, c.processor_number);
        (self.hw == other.hw && mine.branch == theirs.branch)
            .then(|| key(self, mine).cmp(&key(other, theirs)))
    }
}

impl Configuration {
    /// `01.200.01.200`, `01.001.10`, `01.200`, with `V01` allowed behind a number.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let branch = line(parts.next()?)?;
        let number = three_digits(parts.next()?)?;
        let processor_branch = match parts.next() {
            Some(part) => Some(line(part)?),
            None => None,
        };
        let processor_number = match parts.next() {
            Some(part) => Some(three_digits(part)?),
            None => None,
        };
        parts.next().is_none().then_some(Self {
            branch,
            number,
            processor_branch,
            processor_number,
        })
    }
}

/// The hardware key of a version or of an ordering code on a label: `RM502QGLAA` of `RM502QGLAAR11A02M4G` and of
/// `RM502QGLAA-M20-CASA` (quectel.md §2.2).
pub fn hardware_key(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(version) = Version::parse(text) {
        return Some(version.hw);
    }
    let key = text.split('-').next()?.to_ascii_uppercase();
    (key.len() >= 5 && is_hardware(&key)).then_some(key)
}

fn is_hardware(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(head), Some(tail)) = (bytes.get(..2), bytes.get(2..)) else {
        return false;
    };
    let capital_or_digit = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    head.iter().all(u8::is_ascii_uppercase) && !tail.is_empty() && tail.iter().all(capital_or_digit)
}

fn line(text: &str) -> Option<String> {
    let capital_or_digit = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (text.len() == 2 && text.bytes().all(capital_or_digit)).then(|| text.to_owned())
}

fn two_digits(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let only_digits = digits.bytes().all(|b| b.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| only_digits)?, rest))
}

/// Three digits and perhaps `V` and two more.
fn three_digits(text: &str) -> Option<u16> {
    let (digits, rest) = text.split_at_checked(3)?;
    if !rest.is_empty()
        && !rest
            .strip_prefix('V')
            .and_then(two_digits)
            .is_some_and(|(_, r)| r.is_empty())
    {
        return None;
    }
    let only_digits = digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| only_digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn published() -> impl Iterator<Item = &'static str> {
        include_str!("../../tests/data/firmware-versions.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split('\t').next())
    }

    #[test]
    fn every_published_version_parses_in_any_case() {
        assert_eq!(published().count(), 119);
        for text in published() {
            let version = parse(text);
            assert_eq!(parse(&text.to_lowercase()), version, "{text}");
            let head = format!("{}R{:02}A{:02}", version.hw, version.r, version.a);
            assert!(text.starts_with(&head), "{text}");
            assert!(text.contains(&version.mem), "{text}");
            let dotted = text.rsplit('_').next().is_some_and(|s| s.contains('.'));
            assert_eq!(version.configuration.is_some(), dotted, "{text}");
        }
    }

    #[test]
    fn the_fields_are_where_quectel_puts_them() {
        let version = parse("EM20GRAR01A04V01M4G_factory");
        assert_eq!((version.hw.as_str(), version.v), ("EM20GRA", Some(1)));
        assert_eq!(version.tags, ["FACTORY"]);
        assert_eq!(parse("RM520NGLAAR03A02M4GA").x, Some('A'));
        assert_eq!(parse("EC20CEFAGR06A15M4G").hw, "EC20CEFAG");
        assert_eq!(parse("EC20CEFAR02A10M4G").hw, "EC20CEFA");
        let version = parse("RM551EGL00AAR01A01M8G_BETA_20240624A_01.001.01.001");
        assert_eq!(version.tags, ["BETA", "20240624A"]);
        let configuration = parse("BG96MAR04A02M1G_01.002.02.003")
            .configuration
            .unwrap();
        assert_eq!(
            (configuration.number, configuration.processor_number),
            (2, Some(3))
        );
        assert_eq!(
            parse("EG25GGBR07A07M2G_01.001.02")
                .configuration
                .unwrap()
                .processor_number,
            None
        );
        assert!(parse("EM05GFAR07A07M1G_01.016.00.000").is_not_known_yet());
        assert!(!parse("EM05GFAR07A07M1G_01.016.01.016").is_not_known_yet());
    }

    #[test]
    fn what_is_no_version_does_not_parse() {
        for text in [
            "",
            "unknown",
            "1.10",
            "RM502QGLAA",
            "RM502QGLAAR11",
            "RM502QGLAAR1A02M4G",
            "RM502QGLAAR11A02",
            "RM502QGLAAR11A02M4G_",
            "RM502QGLAAR11A02M4G_01.20.01.200",
            "RM502QGLAAR11A02M4G_01.200.01.2000",
            "RM502QGLAAR11A02M4G 01.200",
            " RM502QGLAAR11A02M4G",
            "RM502QGLAAR11A02M4G\n",
            "RM502QGLAAR+1A02M4G",
            "RM502QGLAAR11A02M4GAB",
            "RM502QGLAAR11A02M4G__OCPU",
            "ＲM502QGLAAR11A02M4G",
        ] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn versions_and_ordering_codes_begin_with_the_same_hardware_key() {
        for (text, key) in [
            ("RM502QGLAA-M20-CASA", Some("RM502QGLAA")),
            ("EP06ELA-512-SGA", Some("EP06ELA")),
            ("rm502qglaar11a02m4g", Some("RM502QGLAA")),
            ("RM502QGLAA", Some("RM502QGLAA")),
            ("unknown version", None),
            ("", None),
        ] {
            assert_eq!(hardware_key(text).as_deref(), key, "{text}");
        }
    }

    fn version() -> impl Strategy<Value = Version> {
        (
            prop::sample::select(vec!["RM502QGLAA", "RM520NGLAA"]),
            0u8..3,
            0u8..3,
            0u16..3,
            prop::sample::select(vec!["01", "20"]),
        )
            .prop_map(|(hw, r, a, n, b)| {
                parse(&format!("{hw}R{r:02}A{a:02}M4G_{b}.{n:03}.{b}.{n:03}"))
            })
    }

    proptest! {
        #[test]
        fn the_order_is_antisymmetric_and_transitive(x in version(), y in version(), z in version()) {
            prop_assert_eq!(x.compare(&y), y.compare(&x).map(Ordering::reverse));
            if let (Some(Ordering::Less), Some(Ordering::Less)) = (x.compare(&y), y.compare(&z)) {
                prop_assert_eq!(x.compare(&z), Some(Ordering::Less));
            }
            prop_assert_eq!(x.compare(&y).is_some(), x.hw == y.hw && x.configuration.as_ref().unwrap().branch == y.configuration.as_ref().unwrap().branch);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
            let _ = (Version::parse(&text), hardware_key(&text));
        }
    }
}
