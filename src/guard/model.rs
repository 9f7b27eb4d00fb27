//! Whether the modem is of a model that the plan is for.

use super::Verdict;
use crate::firmware::hardware_key;

const RULE: &str = "model::hardware-key";
/// The first token of the ordering code on the label equals the first part of the version.
const SOURCE: &str = "forums.quectel.com/t/31665";

/// Judges a version or an ordering code.
pub fn judge(value: &str, allowed: &[&str]) -> Verdict {
    let Some(key) = hardware_key(value) else {
        return Verdict::Unknown {
            rule: RULE.into(),
            source: SOURCE.into(),
            message: format!("{value:?} is neither a firmware version nor an ordering code"),
        };
    };
    if allowed.iter().any(|one| one.eq_ignore_ascii_case(&key)) {
        Verdict::Allowed {
            rule: RULE.into(),
            source: SOURCE.into(),
            warnings: Vec::new(),
        }
    } else {
        Verdict::Refused {
            rule: RULE.into(),
            source: SOURCE.into(),
            message: format!(
                "the modem is a `{key}`, and this plan is for {}",
                allowed.join(", ")
            ),
            help: "use the plan of this modem's own model; letters behind the region count as well"
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_hardware_key_counts() {
        let allowed = |value| matches!(judge(value, &["RM502QGLAA"]), Verdict::Allowed { .. });
        assert!(allowed("RM502QGLAAR11A02M4G_01.200.01.200"));
        assert!(allowed("rm502qglaa-m20-casa"));
        for other in [
            "RM502QGLABR11A02M4G",
            "RM502QAEAAR13A04M4G",
            "RM502QGLAAX",
            "RM502Q-GL",
        ] {
            assert!(
                matches!(judge(other, &["RM502QGLAA"]), Verdict::Refused { .. }),
                "{other}"
            );
        }
        for nothing in ["", "unknown version", "?", "1.10"] {
            assert!(
                matches!(judge(nothing, &["RM502QGLAA"]), Verdict::Unknown { .. }),
                "{nothing}"
            );
        }
    }
}
