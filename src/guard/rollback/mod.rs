//! Whether firmware may change from one version to another: the decision table of quectel.md §5, first line that
//! matches. What does not parse is unknown, never equal; a barrier is data per hardware key, not arithmetic.

use super::Verdict;
use crate::firmware::{Configuration, Version, hardware_key};
use crate::plan::{Barrier, Profile};

/// Staff on R, A and the 200 series.
const BASELINE: &str = "forums.quectel.com/t/32031";
/// Staff on lines of EC25-EFA.
const LINES: &str = "forums.quectel.com/t/44652";
/// Wrong hardware, flashed: radio off for good.
const HARDWARE: &str = "forums.quectel.com/t/58100";
const GRAMMAR: &str = "forums.quectel.com/t/32031 and 119 published versions";
const TAGS: &str = "published versions with tags";

/// Judges a change. `label` is the ordering code on the module, where a person gave it.
pub fn judge(installed: &str, target: &str, label: Option<&str>, profile: &Profile) -> Verdict {
    let keys: Vec<&str> = profile.hw.iter().map(|key| key.as_str()).collect();
    decide(installed, target, label, &keys, &profile.barriers)
}

/// The same over plain data. `keys` are the hardware keys of one chip; empty means any.
pub fn decide(
    installed: &str,
    target: &str,
    label: Option<&str>,
    keys: &[&str],
    barriers: &[Barrier],
) -> Verdict {
    let unreadable = |what: &str| {
        let message = format!("{what:?} is no version that is understood");
        unknown("rollback::unreadable", GRAMMAR, message)
    };
    let Some(to) = Version::parse(target.trim()) else {
        return unreadable(target);
    };
    // What is refused whatever is installed is refused first: a dead modem cannot say its version, and nobody is to
    // be asked about a package for other hardware.
    if let Some(verdict) = of_this_modem(&to, label, keys) {
        return verdict;
    }
    let Some(from) = Version::parse(installed.trim()) else {
        return unreadable(installed);
    };
    if let Some(verdict) = hardware(&from, &to) {
        return verdict;
    }
    if from.is_not_known_yet() || to.is_not_known_yet() {
        let message = "the application processor has not answered yet: read the version again";
        return unknown(
            "rollback::not-known-yet",
            "ModemManager:mm-modem-helpers-quectel.c",
            message.into(),
        );
    }
    if let Some(verdict) = baseline(&from, &to) {
        return verdict;
    }
    // Lines, barriers and the 200 series need the configuration, which short versions lack.
    let (Some(old), Some(new)) = (&from.configuration, &to.configuration) else {
        let message =
            "a version without its configuration cannot be compared: read it with AT+QGMR";
        return unknown("rollback::no-configuration", BASELINE, message.into());
    };
    line(old, new)
        .or_else(|| barrier(&from, &to, barriers))
        .or_else(|| two_hundred(&from, old, &to, new))
        .unwrap_or_else(|| allowed(&from, &to))
}

fn other_hardware(rule: &str, message: String) -> Verdict {
    let help = "get the package for this very hardware; compare it with the label";
    refused(rule, HARDWARE, message, help)
}

/// Lines 2 and 3 against what is known without the modem: its label, and what the profile covers.
fn of_this_modem(to: &Version, label: Option<&str>, keys: &[&str]) -> Option<Verdict> {
    if let Some(label) = label {
        match hardware_key(label) {
            None => {
                return Some(unknown(
                    "rollback::label",
                    HARDWARE,
                    format!("{label:?} is no ordering code"),
                ));
            }
            Some(key) if key != to.hw => {
                return Some(other_hardware(
                    "rollback::label",
                    format!("the label says `{key}`, the version `{}`", to.hw),
                ));
            }
            Some(_) => {}
        }
    }
    if !keys.is_empty() && !keys.iter().any(|key| key.eq_ignore_ascii_case(&to.hw)) {
        return Some(other_hardware(
            "rollback::chip",
            format!("`{}` is none of the profile's hardware", to.hw),
        ));
    }
    None
}

/// Line 2 against the version that is installed.
fn hardware(from: &Version, to: &Version) -> Option<Verdict> {
    if from.hw != to.hw {
        let message = format!(
            "`{}` is installed and `{}` is for other hardware",
            from.hw, to.hw
        );
        return Some(other_hardware("rollback::hardware", message));
    }
    // Not in the table: the density of the memory is part of the ordering code (quectel.md §2.2).
    (from.mem != to.mem).then(|| {
        refused(
            "rollback::memory",
            "Biktorgj/quectel_eg25_recovery#29",
            format!(
                "the modem has {} of memory, the version is for {}",
                from.mem, to.mem
            ),
            "get the package for this memory",
        )
    })
}

/// Lines 4a and 4b.
fn baseline(from: &Version, to: &Version) -> Option<Verdict> {
    let change = format!("R{:02} to R{:02}", from.r, to.r);
    if to.r < from.r {
        let message = format!("{change} goes back to an older baseline, which is not allowed");
        return Some(refused(
            "rollback::r-lower",
            BASELINE,
            message,
            "use a version of the installed baseline",
        ));
    }
    (to.r > from.r).then(|| {
        let message =
            format!("{change} changes the baseline, which needs the vendor's confirmation");
        let help =
            "ask the vendor; if they agree, override this guard with their answer as the reason";
        refused("rollback::r-higher", BASELINE, message, help)
    })
}

/// Line 5.
fn line(old: &Configuration, new: &Configuration) -> Option<Verdict> {
    if old.branch == new.branch {
        return None;
    }
    let change = format!("line {} to line {}", old.branch, new.branch);
    if (old.branch.as_str(), new.branch.as_str()) == ("20", "01") {
        let message = format!("{change} ended in a module that always starts in EDL");
        return Some(refused(
            "rollback::line-20-to-01",
            LINES,
            message,
            "use a version of line 20",
        ));
    }
    let message =
        format!("{change} changes the customer line, which needs the vendor's confirmation");
    let help = "ask the vendor; if they agree, override this guard with their answer as the reason";
    Some(refused("rollback::line", LINES, message, help))
}

/// Line 6.
fn barrier(from: &Version, to: &Version, barriers: &[Barrier]) -> Option<Verdict> {
    for barrier in barriers
        .iter()
        .filter(|b| b.hw.eq_ignore_ascii_case(&from.hw))
    {
        let Some(first) = Version::parse(&barrier.at_least) else {
            let message = format!(
                "the profile's barrier {:?} is no version",
                barrier.at_least.as_str()
            );
            return Some(unknown("rollback::barrier", &barrier.source, message));
        };
        let height = |v: &Version| (v.r, v.a, v.configuration.as_ref().map(|c| c.number));
        if height(from) >= height(&first) && height(to) < height(&first) {
            let message = format!(
                "nothing before `{}` may follow it: {}",
                barrier.at_least.as_str(),
                barrier.because
            );
            let help = "use a version from the barrier on";
            return Some(refused("rollback::barrier", &barrier.source, message, help));
        }
    }
    None
}

/// Line 7.
fn two_hundred(
    from: &Version,
    old: &Configuration,
    to: &Version,
    new: &Configuration,
) -> Option<Verdict> {
    let back = new.number < 200 || to.a < from.a || new.number < old.number;
    (old.number >= 200 && back).then(|| {
        refused(
            "rollback::after-200",
            BASELINE,
            format!(
                "from A{:02} {}.{:03} there is no way back to A{:02} {}.{:03}",
                from.a, old.branch, old.number, to.a, new.branch, new.number
            ),
            "use the installed version or a newer one",
        )
    })
}

/// Lines 8 and 10. Line 9, calibration, is what the package and backup guards are for.
fn allowed(from: &Version, to: &Version) -> Verdict {
    let changed = from.tags != to.tags;
    let warning = || {
        let say = |tags: &[String]| {
            if tags.is_empty() {
                "none".to_owned()
            } else {
                tags.join("_")
            }
        };
        format!(
            "the build's tags change from {} to {}",
            say(&from.tags),
            say(&to.tags)
        )
    };
    Verdict::Allowed {
        rule: if changed {
            "rollback::tags"
        } else {
            "rollback::no-objection"
        }
        .into(),
        source: if changed { TAGS } else { BASELINE }.into(),
        warnings: changed.then(warning).into_iter().collect(),
    }
}

fn refused(rule: &str, source: &str, message: String, help: &str) -> Verdict {
    Verdict::Refused {
        rule: rule.into(),
        source: source.into(),
        message,
        help: help.into(),
    }
}

fn unknown(rule: &str, source: &str, message: String) -> Verdict {
    Verdict::Unknown {
        rule: rule.into(),
        source: source.into(),
        message,
    }
}

#[cfg(test)]
mod tests;
