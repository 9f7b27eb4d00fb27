//! The udev rules: made from the ids of the built-in profiles and of the generic states of Qualcomm's boot chain.

use crate::plan::library::{self, EntryKind};
use crate::plan::{Mode, Profile};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Before 73-seat-late.rules, which grants `uaccess`, and before ModemManager's 80-mm-candidate.rules.
pub const FILE: &str = "70-unbrick.rules";

/// What installs them.
pub const INSTALL: &str = "unbrick doctor --udev-rules | sudo tee /etc/udev/rules.d/70-unbrick.rules && \
                           sudo udevadm control --reload && sudo udevadm trigger";

/// Emergency download and dumps under Qualcomm's own ids, whoever made the module (protocols.md §2.1).
const GENERIC: [(u16, u16); 4] = [
    (0x05c6, 0x9008),
    (0x05c6, 0x900e),
    (0x05c6, 0x9006),
    (0x05c6, 0x9025),
];

const HEAD: &str = "\
# Modems that unbrick knows: made by `unbrick doctor --udev-rules`.
#
# Whoever sits at this computer, and the group dialout, may open them. ModemManager leaves them alone in EDL and in a
# dump; a modem that runs is left to it. The kernel does not put them to sleep.

ACTION==\"remove\", GOTO=\"unbrick_end\"
SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", GOTO=\"unbrick_usb\"
SUBSYSTEM==\"tty\", SUBSYSTEMS==\"usb\", GOTO=\"unbrick_tty\"
GOTO=\"unbrick_end\"
";

/// The text of the file.
pub fn rules() -> String {
    let ids = ids();
    let mut text = HEAD.to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\nLABEL=\"unbrick_usb\"");
    for id in &ids {
        let _ = writeln!(
            text,
            "{}, MODE=\"0660\", GROUP=\"dialout\", TAG+=\"uaccess\", ATTR{{power/control}}=\"on\"{}",
            id.matches("ATTR"),
            id.ignored()
        );
    }
    let _ = writeln!(text, "GOTO=\"unbrick_end\"\n\nLABEL=\"unbrick_tty\"");
    for id in &ids {
        let _ = writeln!(
            text,
            "{}, MODE=\"0660\", GROUP=\"dialout\", TAG+=\"uaccess\"{}",
            id.matches("ATTRS"),
            id.ignored()
        );
    }
    text.push_str("\nLABEL=\"unbrick_end\"\n");
    text
}

/// An id, and what else tells the state in which ModemManager must not touch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    vid: u16,
    pid: u16,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Whatever it is: ModemManager may have it.
    Any,
    /// The id alone says that no firmware runs.
    Boot,
    /// The id of the running modem with one interface: a dump.
    OneInterface,
}

impl Id {
    fn matches(self, key: &str) -> String {
        let Self { vid, pid, state } = self;
        let mut text =
            format!("{key}{{idVendor}}==\"{vid:04x}\", {key}{{idProduct}}==\"{pid:04x}\"");
        if state == State::OneInterface {
            // The kernel writes the number two wide (drivers/usb/core/sysfs.c, bNumInterfaces "%2d").
            let _ = write!(text, ", {key}{{bNumInterfaces}}==\" 1\"");
        }
        text
    }

    fn ignored(self) -> &'static str {
        match self.state {
            State::Any => "",
            // ModemManager's own word for it (include/ModemManager-tags.h).
            State::Boot | State::OneInterface => ", ENV{ID_MM_DEVICE_IGNORE}=\"1\"",
        }
    }
}

fn ids() -> BTreeSet<Id> {
    let generic = GENERIC.iter().map(|(vid, pid)| Id {
        vid: *vid,
        pid: *pid,
        state: State::Boot,
    });
    let mut ids: BTreeSet<Id> = generic.collect();
    for profile in profiles() {
        let running = of(&profile, |mode| mode == Mode::Normal);
        for (mode, evidence) in &profile.modes {
            for evidence in evidence {
                let Some((vid, pid)) = parse(&evidence.usb) else {
                    continue;
                };
                let state = match mode {
                    Mode::Edl | Mode::Firehose | Mode::Dload | Mode::Ramdump
                        if !running.contains(&(vid, pid)) =>
                    {
                        State::Boot
                    }
                    Mode::Ramdump if evidence.interfaces == 1 && !evidence.at_least => {
                        State::OneInterface
                    }
                    _ => State::Any,
                };
                ids.insert(Id { vid, pid, state });
            }
        }
    }
    ids
}

fn of(profile: &Profile, wanted: impl Fn(Mode) -> bool) -> BTreeSet<(u16, u16)> {
    let modes = profile.modes.iter().filter(|(mode, _)| wanted(**mode));
    modes
        .flat_map(|(_, evidence)| evidence)
        .filter_map(|evidence| parse(&evidence.usb))
        .collect()
}

fn profiles() -> Vec<Profile> {
    let entries = library::list().into_iter();
    entries
        .filter(|entry| entry.kind == EntryKind::Profile)
        .filter_map(|entry| library::load_profile_file(&entry.name).ok())
        .map(|(_, profile)| profile)
        .collect()
}

fn parse(id: &str) -> Option<(u16, u16)> {
    let (vid, pid) = id.split_once(':')?;
    Some((
        u16::from_str_radix(vid, 16).ok()?,
        u16::from_str_radix(pid, 16).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    /// The grammar of udev(7): pairs of key, operator and quoted value, joined by commas; `#` begins a comment.
    fn fault(line: &str) -> Option<String> {
        let pair = Regex::new(r#"^([A-Z_]+)(\{[^}"]+\})?(==|!=|=|\+=|-=|:=)"((?:[^"\\]|\\.)*)"$"#)
            .unwrap();
        for part in line.split(", ") {
            let Some(found) = pair.captures(part) else {
                return Some(format!("no pair: {part}"));
            };
            let key = &found[1];
            let (takes_name, matches) = match key {
                "ACTION" | "KERNEL" | "SUBSYSTEM" | "SUBSYSTEMS" | "DRIVERS" => (false, "=="),
                "ATTRS" => (true, "=="),
                "ATTR" | "ENV" => (true, "== ="),
                "GOTO" | "LABEL" | "MODE" | "GROUP" => (false, "="),
                "TAG" => (false, "+="),
                other => return Some(format!("no key: {other}")),
            };
            if found.get(2).is_some() != takes_name {
                return Some(format!("braces: {part}"));
            }
            if !matches.split(' ').any(|operator| operator == &found[3]) {
                return Some(format!("operator: {part}"));
            }
        }
        None
    }

    fn lines() -> Vec<String> {
        let text = rules();
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn every_line_is_one_that_udev_reads() {
        for line in lines() {
            assert_eq!(fault(&line), None, "{line}");
        }
        for wrong in [
            r#"ATTR{idVendor}="05c6" MODE="0660""#,
            r#"ATTR{idVendor}=="05c6, MODE="0660""#,
            r#"MODE=="0660""#,
            r#"ATTRS=="05c6""#,
            r#"GOTO="x","#,
        ] {
            assert!(fault(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn every_jump_leads_forward_to_one_label() {
        let lines = lines();
        let label = |name: &str| -> Vec<usize> {
            let wanted = format!("LABEL=\"{name}\"");
            (0..lines.len()).filter(|at| lines[*at] == wanted).collect()
        };
        let mut jumps = 0;
        for (at, line) in lines.iter().enumerate() {
            if let Some((_, name)) = line.split_once("GOTO=\"") {
                let places = label(name.trim_end_matches('"'));
                assert_eq!(places.len(), 1, "{line}");
                assert!(places[0] > at, "{line}");
                jumps += 1;
            }
        }
        assert!(jumps >= 5);
    }

    #[test]
    fn every_id_of_every_profile_is_in_both_parts() {
        let text = rules();
        let mut count = 0;
        for profile in profiles() {
            for (vid, pid) in of(&profile, |_| true) {
                for key in ["ATTR", "ATTRS"] {
                    let wanted = format!(
                        "\n{key}{{idVendor}}==\"{vid:04x}\", {key}{{idProduct}}==\"{pid:04x}\""
                    );
                    assert!(
                        text.contains(&wanted),
                        "{vid:04x}:{pid:04x} of {}",
                        profile.id.value
                    );
                }
                count += 1;
            }
        }
        assert!(count >= 5);
    }

    #[test]
    fn modem_manager_ignores_edl_and_dumps_and_keeps_a_running_modem() {
        let lines = lines();
        let ignores = |vid: &str, pid: &str| -> Vec<bool> {
            let id = format!("idVendor}}==\"{vid}\"");
            let pid = format!("idProduct}}==\"{pid}\"");
            let of_id = lines
                .iter()
                .filter(|line| line.contains(&id) && line.contains(&pid));
            of_id
                .filter(|line| !line.contains("bNumInterfaces"))
                .map(|line| line.contains("ID_MM_DEVICE_IGNORE"))
                .collect()
        };
        for pid in ["9008", "900e", "9006", "9025"] {
            assert_eq!(ignores("05c6", pid), [true, true], "{pid}");
        }
        for pid in ["0800", "0125"] {
            assert_eq!(ignores("2c7c", pid), [false, false], "{pid}");
        }
        let dump = lines.iter().filter(|line| line.contains("bNumInterfaces"));
        assert!(dump.clone().count() >= 2);
        assert!(
            dump.clone()
                .all(|line| line.contains("ID_MM_DEVICE_IGNORE"))
        );
    }

    /// Where this computer's udev can (since 254), it judges the file itself.
    #[test]
    fn udev_itself_finds_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let root =
            crate::files::Root::open(camino::Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        crate::files::write_new(&root, camino::Utf8Path::new(FILE), rules().as_bytes()).unwrap();
        let verify = std::process::Command::new("udevadm")
            .args(["verify", "--resolve-names=never"])
            .arg(folder.path().join(FILE))
            .output();
        match verify {
            Ok(said) if said.status.success() => {}
            Ok(said) => {
                let text = String::from_utf8_lossy(&said.stderr).into_owned();
                let unknown = text.contains("Unknown command") || text.contains("Bad command");
                assert!(unknown, "{text}");
                println!("passed over: this udevadm cannot verify rules");
            }
            Err(error) => println!("passed over: no udevadm: {error}"),
        }
    }
}
