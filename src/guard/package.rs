//! Whether a package is whole, is for this chip, fits it, and leaves calibration alone. All of it offline.

use super::{Malformed, Verdict};
use crate::files::Root;
use crate::firmware::{Extent, Fault, Package, Version};
use crate::plan::Profile;
use camino::Utf8Path;
use std::fmt::Write as _;
use std::io::Read;

/// Where a package keeps its programmers.
const FIREHOSE: &str = "update/firehose";
/// Longest contents.xml that is looked at.
const MAX_CONTENTS: u64 = 1024 * 1024;

/// Names of chips in Qualcomm's build descriptions, and the chip they mean. The code names come from
/// iamromulan/cellular-modem-wiki; which of its two chips `sdxlemur` and `sdxpinn` mean is unverified, so they
/// stand for both.
const CHIPS: [(&str, &[&str]); 14] = [
    ("mdm9x07", &["mdm9x07", "mdm9607"]),
    ("mdm9607", &["mdm9x07", "mdm9607"]),
    ("sdx20", &["sdx20"]),
    ("sdx24", &["sdx24"]),
    ("sdx35", &["sdx35"]),
    ("sdx55", &["sdx55"]),
    ("sdxprairie", &["sdx55"]),
    ("sdx62", &["sdx62"]),
    ("sdx65", &["sdx65"]),
    ("sdxlemur", &["sdx62", "sdx65"]),
    ("sdx72", &["sdx72"]),
    ("sdx75", &["sdx75"]),
    ("sdxpinn", &["sdx72", "sdx75"]),
    ("sdx12", &["sdx12"]),
];

/// Judges an unpacked package. `keeps` names partitions besides those that the profile keeps.
pub fn judge(folder: &Utf8Path, keeps: &[String], profile: &Profile, erase_all: bool) -> Verdict {
    let root = match Root::open(folder) {
        Ok(root) => root,
        Err(error) => {
            let help = "give the folder that holds `md5.txt` and `update`";
            return refused(
                "package::unreadable",
                "the package itself",
                error.to_string(),
                help,
            );
        }
    };
    let Some(chip) = profile.flash_chip(keeps) else {
        return Verdict::Unknown {
            rule: "package::geometry".into(),
            source: "the profile".into(),
            message: "the profile's NAND geometry makes no sense".into(),
        };
    };
    let extent = if erase_all {
        Extent::WholeChip
    } else {
        Extent::Update
    };
    let mut warnings = Vec::new();
    let refusal = hardware(folder, profile)
        .or_else(|| Package::for_other_storage(&root, &chip).map(|fault| of_faults(&[fault])))
        .or_else(|| programmer(&root, profile))
        .or_else(|| chip_of_build(&root, profile, &mut warnings));
    if let Some(refusal) = refusal {
        return refusal;
    }
    match Package::inspect(&root, &chip, extent) {
        Ok(package) => {
            warnings.extend(package.warnings);
            Verdict::Allowed {
                rule: "package::fits".into(),
                source: "md5.txt and rawprogram of the package".into(),
                warnings,
            }
        }
        Err(faults) => of_faults(&faults),
    }
}

/// What makes a package none: its list, its XML or its partition table cannot be understood. What it says is
/// [`judge`]'s business.
pub fn malformed(folder: &Utf8Path, keeps: &[String], profile: &Profile) -> Option<Malformed> {
    let chip = profile.flash_chip(keeps)?;
    let root = match Root::open(folder) {
        Ok(root) => root,
        Err(error) => {
            return Some(Malformed {
                code: "package::unreadable",
                message: error.to_string(),
                help: "give the folder that holds `md5.txt` and `update`",
            });
        }
    };
    if let Some(name) = programmers(&root, profile).find(|name| !is_elf(&root, name)) {
        return Some(Malformed {
            code: "package::programmer",
            message: format!("`{FIREHOSE}/{name}` is no ELF, and every programmer is one"),
            help: "download and unpack the package again, and compare it with its source",
        });
    }
    let faults = Package::inspect(&root, &chip, Extent::Update).err()?;
    let first = faults.iter().find(|fault| fault.is_malformed())?;
    Some(Malformed {
        code: first.code(),
        message: first.to_string(),
        help: first.help(),
    })
}

/// The first fault gives the rule, all of them the message.
fn of_faults(faults: &[Fault]) -> Verdict {
    let said: Vec<String> = faults.iter().take(5).map(ToString::to_string).collect();
    let more = faults.len().saturating_sub(said.len());
    let mut message = said.join("; ");
    if more > 0 {
        // Writing to a String cannot fail.
        let _ = write!(message, "; and {more} more");
    }
    match faults.first() {
        Some(first) => refused(first.code(), first.source_of_rule(), message, first.help()),
        None => refused(
            "package::unreadable",
            "the package itself",
            message,
            "unpack it again",
        ),
    }
}

/// Packages are mostly unpacked into a folder with the version's name.
fn hardware(folder: &Utf8Path, profile: &Profile) -> Option<Verdict> {
    let version = Version::parse(folder.file_name()?)?;
    other_hardware(&version, "the folder's name", profile)
}

fn other_hardware(version: &Version, place: &str, profile: &Profile) -> Option<Verdict> {
    let fits = profile
        .hw
        .iter()
        .any(|key| key.eq_ignore_ascii_case(&version.hw));
    (!fits).then(|| {
        refused(
            "package::other-hardware",
            "forums.quectel.com/t/58100",
            format!(
                "{place} says `{}`, which is other hardware than this profile covers",
                version.hw
            ),
            "get the package for this very hardware; compare it with the label",
        )
    })
}

/// The programmer of another chip shows a package for another chip (forums.quectel.com/t/39259).
fn programmer(root: &Root, profile: &Profile) -> Option<Verdict> {
    if profile.programmers.is_empty() {
        return None;
    }
    if let Err(error) = root.names(Utf8Path::new(FIREHOSE)) {
        return Some(of_faults(&[error.into()]));
    }
    if programmers(root, profile).next().is_some() {
        return None;
    }
    let patterns: Vec<&str> = profile.programmers.iter().map(|p| p.as_str()).collect();
    Some(refused(
        "package::no-programmer",
        "forums.quectel.com/t/39259",
        format!(
            "`update/firehose` holds no programmer named {}",
            patterns.join(" or ")
        ),
        "get the package for this chip",
    ))
}

/// Names of the package's programmers for the profile's chip.
fn programmers<'a>(root: &Root, profile: &'a Profile) -> impl Iterator<Item = String> + 'a {
    let names = root.names(Utf8Path::new(FIREHOSE)).unwrap_or_default();
    names.into_iter().filter(|name| {
        let mut patterns = profile.programmers.iter();
        patterns.any(|pattern| matches(pattern, name))
    })
}

/// The boot ROM first reads an ELF header (protocols.md §5.2, measured).
fn is_elf(root: &Root, name: &str) -> bool {
    let mut head = [0; 4];
    root.read(&Utf8Path::new(FIREHOSE).join(name))
        .is_ok_and(|mut file| file.read_exact(&mut head).is_ok())
        && head == *b"\x7fELF"
}

fn chip_of_build(root: &Root, profile: &Profile, warnings: &mut Vec<String>) -> Option<Verdict> {
    let mut text = Vec::new();
    let path = Utf8Path::new("contents.xml");
    if !root.exists(path) {
        return None;
    }
    let read = root
        .read(path)
        .ok()?
        .take(MAX_CONTENTS)
        .read_to_end(&mut text);
    if let Err(error) = read {
        warnings.push(format!("contents.xml cannot be read: {error}"));
        return None;
    }
    let text = String::from_utf8_lossy(&text);
    // Some builds are named after their version.
    let product = element_text(&text, "product_name").and_then(Version::parse);
    if let Some(refusal) =
        product.and_then(|version| other_hardware(&version, "contents.xml", profile))
    {
        return Some(refusal);
    }
    let text = text.to_lowercase();
    let values = ["product_name", "chipid"]
        .into_iter()
        .filter_map(|tag| element_text(&text, tag));
    let named: Vec<&(&str, &[&str])> = values
        .flat_map(|value| CHIPS.iter().filter(move |(name, _)| value.contains(name)))
        .collect();
    let chip = profile.chip.to_lowercase();
    let (Some((name, _)), false) = (
        named.first(),
        named
            .iter()
            .any(|(_, chips)| chips.contains(&chip.as_str())),
    ) else {
        if named.is_empty() {
            warnings.push("contents.xml names no chip that is known".to_owned());
        }
        return None;
    };
    Some(refused(
        "package::other-chip",
        "contents.xml of the package",
        format!("the build is for `{name}`, this modem has `{chip}`"),
        "get the package for this chip",
    ))
}

/// The text of the first element of that name; contents.xml is only searched, never believed as a structure.
fn element_text<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let at = text.find(&format!("<{tag}"))?;
    let (_, rest) = text.get(at..)?.split_once('>')?;
    rest.split_once('<').map(|(value, _)| value)
}

/// `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

fn refused(rule: &str, source: &str, message: String, help: &str) -> Verdict {
    Verdict::Refused {
        rule: rule.into(),
        source: source.into(),
        message,
        help: help.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::package::tests::Maker;
    use crate::plan::Profile;

    /// The chip of the made packages.
    fn profile() -> Profile {
        serde_json::from_str(
            r#"{"profile":1,"id":"a/b","title":"t","hw":["RM502QGLAA"],"chip":"sdx55","transports":["firehose"],
            "modes":{},"ports":{"usual":{"at":2,"diag":0}},"programmers":["prog_firehose_sdx55*.mbn"],
            "nand":{"page":1024,"pages_per_block":4,"blocks":32},
            "partitions":[{"name":"efs2","start":4,"blocks":4,"keep":true}]}"#,
        )
        .unwrap()
    }

    fn verdict(change: impl FnOnce(&mut Maker), keeps: &[&str]) -> (char, String) {
        let mut maker = Maker::whole();
        change(&mut maker);
        let (_folder, root) = maker.write();
        let keeps: Vec<String> = keeps.iter().map(|k| (*k).to_owned()).collect();
        match judge(root.path(), &keeps, &profile(), false) {
            Verdict::Allowed { rule, .. } => ('+', rule),
            Verdict::Refused { rule, .. } => ('-', rule),
            Verdict::Unknown { rule, .. } => ('?', rule),
        }
    }

    #[test]
    fn a_package_is_allowed_only_where_nothing_speaks_against_it() {
        let is = |sign, rule: &str| (sign, format!("package::{rule}"));
        assert_eq!(verdict(|_| {}, &["efs2"]), is('+', "fits"));
        // The package's own table names `tz`, and it is written.
        assert_eq!(verdict(|_| {}, &["tz"]), is('-', "kept-partition"));
        assert_eq!(
            verdict(|m| m.wrong_md5 = Some("update/tz.mbn".into()), &[]),
            is('-', "wrong-md5")
        );
        let rename = |m: &mut Maker| {
            for (name, _) in &mut m.files {
                *name = name.replace("prog_firehose_sdx55", "prog_firehose_sdx6x");
            }
        };
        assert_eq!(verdict(rename, &[]), is('-', "no-programmer"));
        for (chip, wanted) in [
            ("SDX55.LE.1.2", is('+', "fits")),
            ("SDXPRAIRIE", is('+', "fits")),
            ("SDX65.LE.1.0", is('-', "other-chip")),
        ] {
            let contents = format!(
                "<contents><product_info><product_name>{chip}</product_name></product_info></contents>"
            );
            assert_eq!(
                verdict(|m| m.file("contents.xml", contents.into_bytes()), &[]),
                wanted
            );
        }
    }

    #[test]
    fn a_folder_named_after_other_hardware_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(outer.path())
            .unwrap()
            .join("RM520NGLAAR01A07M4G_01.200.01.200");
        Root::create(&folder).unwrap();
        let verdict = judge(&folder, &[], &profile(), false);
        assert!(
            matches!(verdict, Verdict::Refused { rule, .. } if rule == "package::other-hardware")
        );
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, wanted) in [
            ("prog_firehose_sdx55*.mbn", "prog_firehose_sdx55.mbn", true),
            (
                "prog_firehose_sdx55*.mbn",
                "prog_firehose_sdx55_v2.mbn",
                true,
            ),
            ("prog_firehose_sdx55*.mbn", "prog_firehose_sdx6x.mbn", false),
            (
                "prog_firehose_sdx55*.mbn",
                "prog_firehose_sdx55.mbn.txt",
                false,
            ),
            ("a", "ab", false),
            ("*", "anything", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
