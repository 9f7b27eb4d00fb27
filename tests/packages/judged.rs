//! One row: a lie, and how it must be refused by everybody who judges packages.

use crate::sound::{Sound, inspect, profile};
use camino::Utf8Path;
use std::collections::BTreeSet;
use unbrick::action::firehose_flash;
use unbrick::firmware::Fault;
use unbrick::guard::Verdict;
use unbrick::guard::package::{judge, malformed};

pub(crate) type Lie = Box<dyn Fn(&mut Sound)>;

pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) code: &'static str,
    /// The file or the place that the message must name.
    pub(crate) words: &'static str,
    pub(crate) lie: Lie,
}

impl Row {
    /// Every fault is of the one code, one names the place, and guard, `check` and flash say the same.
    pub(crate) fn judge(&self) -> Result<(), String> {
        let mut sound = Sound::new();
        (self.lie)(&mut sound);
        let folder = sound.write();
        let Err(faults) = inspect(&folder) else {
            return Err(format!("{}: passed", self.name));
        };
        let said: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}: {fault}", fault.code()))
            .collect();
        let codes: BTreeSet<&str> = faults.iter().map(Fault::code).collect();
        let wrong = |what: &str| {
            Err(format!(
                "{}: {what}, wanted {} `{}`:\n    {}",
                self.name,
                self.code,
                self.words,
                said.join("\n    ")
            ))
        };
        if codes != BTreeSet::from([self.code]) {
            return wrong("other codes");
        }
        if !said.iter().any(|text| text.contains(self.words)) {
            return wrong("the place is not named");
        }
        let path = Utf8Path::from_path(folder.path()).unwrap();
        match judge(path, &[], &profile(), false) {
            Verdict::Refused { rule, message, .. }
                if rule == self.code && message.contains(self.words) => {}
            other => return wrong(&format!("the guard says {other:?}")),
        }
        match firehose_flash::preview(path, &profile(), false, false) {
            Err(failure) if failure.code == self.code => {}
            other => return wrong(&format!("the flash says {other:?}")),
        }
        let found = malformed(path, &[], &profile()).map(|malformed| malformed.code);
        let wanted = faults.iter().any(Fault::is_malformed).then_some(self.code);
        if found != wanted {
            return wrong(&format!("the check says {found:?}, not {wanted:?}"));
        }
        Ok(())
    }
}

#[test]
fn the_package_that_is_spoilt_is_sound() {
    let folder = Sound::new().write();
    let package = inspect(&folder).unwrap();
    assert_eq!(package.warnings, Vec::<String>::new());
    let path = Utf8Path::from_path(folder.path()).unwrap();
    assert!(matches!(
        judge(path, &[], &profile(), false),
        Verdict::Allowed { .. }
    ));
    assert_eq!(malformed(path, &[], &profile()), None);
    let preview = firehose_flash::preview(path, &profile(), false, false).unwrap();
    assert_eq!(preview[1], "erase sectors 0..16 (sbl)");
}
