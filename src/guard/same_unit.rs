//! `same_unit`: a calibration file belongs to this very unit (diag-and-xqcn.md §10 rule 2).

use super::{Malformed, Verdict};
use crate::calibration::{MAX_BYTES, Xqcn};
use crate::files;
use camino::Utf8Path;
use regex::Regex;
use std::sync::LazyLock;

const RULE: &str = "same-unit";
const SOURCE: &str = "diag-and-xqcn.md §10 rule 2: calibration and identity belong to one unit";

/// What makes a calibration file none. Whose it is, is [`judge`]'s business.
pub fn malformed(file: &Utf8Path) -> Option<Malformed> {
    let message = match files::read_capped(file, MAX_BYTES) {
        Ok(Some(bytes)) => format!("`{file}`: {}", Xqcn::read(&bytes).err()?),
        Ok(None) => format!("`{file}` is too long for a calibration file"),
        Err(error) => error.to_string(),
    };
    Some(Malformed {
        code: "xqcn::malformed",
        message,
        help: "give a whole XQCN file, as it was saved from this very unit",
    })
}

/// `imei` is this unit's; `hardware` and `chip` are the profile's.
pub fn judge(file: &Utf8Path, imei: Option<&str>, hardware: &[&str], chip: &str) -> Verdict {
    let bytes = match files::read_capped(file, MAX_BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return refused(format!("`{file}` is too long for a calibration file")),
        Err(error) => return refused(error.to_string()),
    };
    match Xqcn::read(&bytes) {
        Ok(xqcn) => judge_contents(&xqcn, imei, hardware, chip),
        Err(error) => refused(format!("`{file}` is no whole XQCN file: {error}")),
    }
}

fn judge_contents(xqcn: &Xqcn, imei: Option<&str>, hardware: &[&str], chip: &str) -> Verdict {
    let software = xqcn.property.as_ref().map_or("", |p| p.software.as_str());
    let origin = origin(software, hardware, chip);
    if let Origin::Other(what) = origin {
        return refused(format!(
            "the file was made on {what}, which this model is not"
        ));
    }
    let Some(imei) = imei else {
        return unknown("the IMEI of this unit is not known");
    };
    match xqcn.owner() {
        None => unknown("the file carries no valid IMEI"),
        Some(owner) if owner != imei => refused(format!(
            "the file belongs to another unit: its IMEI ends in {}, this unit's in {}",
            ending(&owner),
            ending(imei)
        )),
        Some(_) => Verdict::Allowed {
            rule: RULE.to_owned(),
            source: SOURCE.to_owned(),
            warnings: match origin {
                Origin::Silent => {
                    vec!["the file's software version tells neither hardware nor chip".to_owned()]
                }
                _ => Vec::new(),
            },
        },
    }
}

/// What the software version of a file tells of the modem that it was made on.
#[derive(Debug, PartialEq, Eq)]
enum Origin {
    This,
    Other(String),
    Silent,
}

/// A short version begins with the hardware key (`RM502QGLAAR11A02M4G`); a build name holds the chip
/// (`MPSS.HI.2.0.1-00001-SDX55_GENALL_PACK-1`).
fn origin(software: &str, hardware: &[&str], chip: &str) -> Origin {
    // The key, then revision and sub-version (quectel.md §2.1).
    static VERSION: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^([A-Z]{2}[0-9]{2,3}[0-9A-Z-]*?)R[0-9]{2}A[0-9]{2}").ok());
    static CHIP: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:SDX|MDM9X?|SDM|SM|QCM|MSM)[0-9]{2,4}").ok());
    let software = software.to_ascii_uppercase();
    let version = VERSION.as_ref().and_then(|r| r.captures(&software));
    if let Some(key) = version.and_then(|found| found.get(1)) {
        let known = hardware
            .iter()
            .any(|hw| hw.eq_ignore_ascii_case(key.as_str()));
        return if known {
            Origin::This
        } else {
            Origin::Other(format!("hardware `{}`", key.as_str()))
        };
    }
    match CHIP.as_ref().and_then(|r| r.find(&software)) {
        Some(found) if found.as_str().eq_ignore_ascii_case(chip) => Origin::This,
        Some(found) => Origin::Other(format!("chip `{}`", found.as_str().to_ascii_lowercase())),
        None => Origin::Silent,
    }
}

fn ending(imei: &str) -> &str {
    imei.get(imei.len().saturating_sub(4)..).unwrap_or_default()
}

fn refused(message: String) -> Verdict {
    Verdict::Refused {
        rule: RULE.to_owned(),
        source: SOURCE.to_owned(),
        message,
        help: "use the backup that was made of this very unit".to_owned(),
    }
}

fn unknown(message: &str) -> Verdict {
    Verdict::Unknown {
        rule: RULE.to_owned(),
        source: SOURCE.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "490154203237518";
    const OTHER: &str = "356938035643809";
    const HARDWARE: &[&str] = &["RM502QGLAA"];

    fn sample() -> Xqcn {
        Xqcn::read(include_bytes!("../../tests/data/sample.xqcn")).unwrap()
    }

    fn verdict(software: &str, imei: Option<&str>) -> Verdict {
        let mut file = sample();
        file.property.as_mut().unwrap().software = software.to_owned();
        judge_contents(&file, imei, HARDWARE, "sdx55")
    }

    #[test]
    fn only_the_units_own_file_is_allowed() {
        let own = judge_contents(&sample(), Some(OWN), HARDWARE, "sdx55");
        assert!(matches!(own, Verdict::Allowed { ref warnings, .. } if warnings.is_empty()));
        let other = judge_contents(&sample(), Some(OTHER), HARDWARE, "sdx55");
        let Verdict::Refused { message, .. } = other else {
            panic!("{other:?}");
        };
        assert!(!message.contains(OWN) && !message.contains(OTHER));
        assert!(matches!(
            judge_contents(&sample(), None, HARDWARE, "sdx55"),
            Verdict::Unknown { .. }
        ));
        let mut anonymous = sample();
        anonymous.nv.clear();
        let anonymous = judge_contents(&anonymous, Some(OWN), HARDWARE, "sdx55");
        assert!(matches!(anonymous, Verdict::Unknown { .. }));
    }

    #[test]
    fn a_file_of_other_hardware_is_refused_whatever_its_imei() {
        for software in [
            "RM520NGLAAR01A07M4G",
            "RM502QAEAAR13A02M4G",
            "MPSS.HI.4.3-00001-SDX65_GENALL_PACK-1",
        ] {
            for imei in [Some(OWN), None] {
                let verdict = verdict(software, imei);
                assert!(
                    matches!(verdict, Verdict::Refused { .. }),
                    "{software} {verdict:?}"
                );
            }
        }
        for software in ["RM502QGLAAR11A02M4G", "MPSS.HI.2.0-1-SDX55_X-1"] {
            assert!(
                matches!(verdict(software, Some(OWN)), Verdict::Allowed { ref warnings, .. } if warnings.is_empty())
            );
        }
        assert!(
            matches!(verdict("", Some(OWN)), Verdict::Allowed { ref warnings, .. } if warnings.len() == 1)
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for path in ["Cargo.toml", "no-such-file.xqcn"] {
            let verdict = judge(Utf8Path::new(path), Some(OWN), HARDWARE, "sdx55");
            assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict:?}");
        }
    }
}
