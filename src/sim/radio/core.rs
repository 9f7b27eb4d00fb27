//! What both ports of the firmware share: the unit's memory, what the radio does, time, chance and faults.

use super::Wish;
use super::random::Random;
use super::unit::Unit;
use crate::plan::{FaultKind, Mode, Operation, Profile, Scenario, Spc};
use crate::protocol::diag::IDENTITY_ITEMS;
use crate::sim::delivery::{self, Piece};
use crate::sim::fault::Faults;
use crate::sim::identity;
use crate::sim::record::RecordKind;
use crate::sim::world::AWAY;
use std::time::Duration;

/// After boot, until the application processor has told its half of the version. The length is made up; that there
/// is such a time is quectel.md §2.2 (`ModemManager`).
const HALF_VERSION: Duration = Duration::from_secs(5);

/// The same, where a fault brings it on.
const HALF_VERSION_AGAIN: Duration = Duration::from_secs(10);

/// Longer than anything of a start takes.
const LONG_SINCE: Duration = Duration::from_secs(3600);

/// What the radio does; the numbers are those of AT+CFUN? (quectel.md §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Minimum,
    Full,
    RadioOff,
    FactoryTest,
    Offline,
}

impl Function {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Minimum => 0,
            Self::Full => 1,
            Self::RadioOff => 4,
            Self::FactoryTest => 5,
            Self::Offline => 7,
        }
    }
}

/// One run of the firmware, from power to power cut.
#[derive(Debug)]
struct Run {
    firmware: String,
    /// From here on the ports answer.
    ready: Duration,
    /// How long they had answered by then.
    before: Duration,
    at_boot: Function,
}

#[derive(Debug)]
pub(super) struct Core {
    pub(super) unit: Unit,
    pub(super) now: Duration,
    pub(super) random: Random,
    pub(super) faults: Faults,
    pub(super) records: Vec<RecordKind>,
    pub(super) function: Function,
    /// The model's name as the modem says it, such as `RM502Q-GL`.
    pub(super) model: String,
    /// Vendor as the modem says it, such as `Quectel`.
    pub(super) vendor: String,
    pub(super) spc: Spc,
    /// AT commands of this model that others do not know.
    commands: Vec<String>,
    /// VID and PID of the running modem.
    pub(super) usb: (u16, u16),
    /// The key for adb was told in this run of the firmware.
    pub(super) adb_unlocked: bool,
    /// Whether the DIAG command into EDL works on this model.
    pub(super) edl_by_diag: bool,
    /// Until then the second half of the version is not there, by a fault.
    half_until: Duration,
    /// How much of what is written next is taken alone.
    pub(super) short_write: Option<usize>,
    boot_time: Duration,
    run: Option<Run>,
    wish: Option<(Duration, Wish)>,
}

impl Core {
    pub(super) fn new(scenario: &Scenario, profile: &Profile, seed: u64) -> Self {
        let (vendor, model) = profile.id.split_once('/').unwrap_or(("", &profile.id));
        let boot_time = scenario.boot_time.as_ref();
        Self {
            unit: Unit::new(scenario, profile),
            now: Duration::ZERO,
            random: Random::new(seed),
            faults: Faults::new(&scenario.faults),
            records: Vec::new(),
            function: Function::FactoryTest,
            model: model.to_uppercase(),
            vendor: capitalised(vendor),
            spc: scenario.spc,
            usb: identity::running(profile).unwrap_or_default(),
            adb_unlocked: false,
            commands: profile.commands.iter().map(|c| c.value.clone()).collect(),
            edl_by_diag: (profile.edl_by_diag.iter()).any(|mode| mode.value == Mode::Normal),
            boot_time: boot_time.map_or(profile.timing.boot.0, |time| time.0),
            half_until: Duration::ZERO,
            short_write: None,
            run: None,
            wish: None,
        }
    }

    pub(super) fn boot(&mut self, now: Duration, firmware: &str) {
        self.now = self.now.max(now);
        if self.unit.put_copy_back() {
            self.note_file("/");
        }
        // Calibration is looked at now and never again until the next boot (quectel.md §8: only a reset helps).
        self.function = if self.unit.calibration_present() && !self.unit.nv.factory_test() {
            Function::Full
        } else {
            Function::FactoryTest
        };
        self.run = Some(Run {
            firmware: firmware.to_owned(),
            ready: self.now.saturating_add(self.boot_time),
            before: Duration::ZERO,
            at_boot: self.function,
        });
    }

    pub(super) fn find_running(&mut self, now: Duration, firmware: &str) {
        self.boot(now, firmware);
        if let Some(run) = &mut self.run {
            run.ready = self.now;
            run.before = LONG_SINCE;
        }
    }

    pub(super) fn power_off(&mut self) {
        self.run = None;
        self.wish = None;
        self.adb_unlocked = false;
    }

    /// Whether the ports answer: booted, and not on the way out.
    pub(super) fn answers(&self) -> bool {
        self.wish.is_none() && self.run.as_ref().is_some_and(|run| run.ready <= self.now)
    }

    /// Whether the profile lists a command for this model, given as `+NAME`.
    pub(super) fn knows(&self, name: &str) -> bool {
        let own = |command: &String| command.strip_prefix("AT") == Some(name);
        self.commands.iter().any(own)
    }

    /// When the ports begin to answer; `None` while power is off.
    pub(super) fn ready(&self) -> Option<Duration> {
        self.run.as_ref().map(|run| run.ready)
    }

    /// How long the ports have answered.
    pub(super) fn up(&self) -> Duration {
        self.run.as_ref().map_or(Duration::ZERO, |run| {
            self.now.saturating_sub(run.ready) + run.before
        })
    }

    pub(super) fn next_event(&self) -> Option<Duration> {
        let wish = self.wish.map(|(due, _)| due);
        let moments = [self.ready(), wish].into_iter().flatten();
        moments.filter(|due| *due > self.now).min()
    }

    pub(super) fn wish(&mut self, after: Duration, wish: Wish) {
        self.wish = Some((self.now.saturating_add(after), wish));
    }

    pub(super) fn take_wish(&mut self) -> Option<Wish> {
        let (_, wish) = self.wish.take_if(|(due, _)| *due <= self.now)?;
        Some(wish)
    }

    /// Full version; the application half is zero for a while (quectel.md §2.2).
    pub(super) fn full_version(&self) -> String {
        let full = self.run.as_ref().map_or("", |run| &run.firmware);
        let half = || {
            let (_, configuration) = split_version(full)?;
            let halves = configuration.splitn(3, '.').collect::<Vec<_>>();
            let [branch, number, _application] = halves[..] else {
                return None;
            };
            let kept = full.len() - configuration.len();
            Some(format!("{}{branch}.{number}.00.000", &full[..kept]))
        };
        (self.up() < HALF_VERSION || self.now < self.half_until)
            .then(half)
            .flatten()
            .unwrap_or_else(|| full.to_owned())
    }

    /// Version without its configuration part.
    pub(super) fn short_version(&self) -> &str {
        let full = self.run.as_ref().map_or("", |run| &run.firmware);
        split_version(full).map_or(full, |(short, _)| short)
    }

    /// Told to be online. Calibration that came since boot is not used: CFUN stays 7 until a reset (qfenix commit
    /// 6adc7f5, seen on hardware).
    pub(super) fn go_online(&mut self) {
        self.records.push(RecordKind::Online);
        self.function = match self.run.as_ref().map(|run| run.at_boot) {
            Some(Function::FactoryTest) if self.unit.calibration_present() => Function::Offline,
            Some(at_boot) => at_boot,
            None => self.function,
        };
    }

    pub(super) fn go_offline(&mut self) {
        self.records.push(RecordKind::Offline);
        self.function = Function::Offline;
    }

    /// Whether the radio came up with its calibration at boot.
    pub(super) fn healthy_at_boot(&self) -> bool {
        self.run
            .as_ref()
            .is_some_and(|run| run.at_boot == Function::Full)
    }

    /// Remembers an attempt to write identity, whether or not it is let through.
    pub(super) fn note_identity(&mut self, item: u16) {
        if IDENTITY_ITEMS.contains(&item) {
            let what = format!("NV {item}");
            self.records.push(RecordKind::IdentityWrite { what });
        }
    }

    /// Remembers that a file was changed; a row of writes to one file counts as one.
    pub(super) fn note_file(&mut self, path: &str) {
        let record = RecordKind::EfsWrite {
            path: path.to_owned(),
        };
        if self.records.last() != Some(&record) {
            self.records.push(record);
        }
    }

    /// Counts an operation; gives the fault that strikes at it. A modem that leaves does so at once.
    pub(super) fn strike(&mut self, operation: Operation) -> Option<FaultKind> {
        let fault = self.faults.strike(operation);
        let told = self.faults.told();
        let wish = match fault {
            Some(FaultKind::Unplug) => Some(Wish::Unplug),
            Some(FaultKind::Vanish) => Some(Wish::Vanish {
                after: told.duration(AWAY),
            }),
            Some(FaultKind::OtherPort) => Some(Wish::Elsewhere {
                after: told.duration(AWAY),
            }),
            Some(FaultKind::WrongMode) => Some(Wish::Into(told.mode(Mode::Edl))),
            _ => None,
        };
        if fault == Some(FaultKind::ShortWrite) {
            self.short_write = Some(told.count(1));
        }
        if fault == Some(FaultKind::HalfVersion) {
            let until = told.duration(HALF_VERSION_AGAIN);
            self.half_until = self.now.saturating_add(until);
        }
        if let Some(wish) = wish {
            self.wish(Duration::ZERO, wish);
        }
        fault
    }

    /// The pieces in which an answer comes, where a fault strikes at it.
    pub(super) fn pieces(
        &mut self,
        fault: Option<FaultKind>,
        due: Duration,
        bytes: Vec<u8>,
    ) -> Vec<Piece> {
        let random = &mut self.random;
        let told = self.faults.told();
        delivery::pieces(fault, told, due, bytes, |count| random.bytes(count))
    }

    /// How long an answer takes.
    pub(super) fn pace(&self, usual: Duration, fault: Option<FaultKind>) -> Duration {
        let factor = if fault == Some(FaultKind::Slow) {
            10
        } else {
            1
        };
        self.now.saturating_add(usual * factor)
    }
}

/// Short version and configuration of `RM502QGLAAR11A02M4G_01.200.01.200` (quectel.md §2.1).
fn split_version(full: &str) -> Option<(&str, &str)> {
    full.rsplit_once('_')
        .filter(|(_, tail)| tail.contains('.') && tail.split('.').all(|part| !part.is_empty()))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_what_follows_the_last_line_below_with_dots() {
        assert_eq!(
            split_version("RM502QGLAAR11A02M4G_01.200.01.200"),
            Some(("RM502QGLAAR11A02M4G", "01.200.01.200"))
        );
        assert_eq!(split_version("EM20GRAR01A04V01M4G_factory"), None);
        assert_eq!(split_version("none"), None);
    }
}
