//! Which fault can strike where, and what it needs to know: one that never strikes would prove nothing.

use super::rules::Found;
use crate::plan::{Duration, Fault, FaultKind, FaultValue, Mode, Operation, is_name};
use Operation::{
    At, Configure, Data, Digest, Download, Edl, EfsRead, EfsWrite, Erase, FastbootErase,
    FastbootReboot, Flash, Getvar, Hello, NvRead, NvWrite, Power, Program, Raw, Read, ReadData,
};

/// In which file a fault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    /// A state of the modem: the computer belongs to none.
    Scenario,
    Case,
}

pub(super) fn problems(found: &mut Found<'_>, fault: &Fault, file: File) {
    let kind = fault.kind.value;
    if file == File::Scenario && kind.is_of_the_host() {
        let message = "this is no fault of the modem, but of the computer that the program runs on";
        let label = "belongs into a rehearsal case";
        found.add("scenario::fault", message, &fault.kind.span, label);
        return;
    }
    if kind == FaultKind::FileSwapped && fault.value.is_none() {
        let message = "whose file is swapped is not said";
        found.add(
            "scenario::fault",
            message,
            &fault.kind.span,
            "needs a `value`",
        );
        found.help("name an input that is made, or a backup step");
    }
    if fault.nth == Some(0) {
        let message = "operations are counted from 1";
        found.add(
            "scenario::fault",
            message,
            &fault.kind.span,
            "`nth: 0` never comes",
        );
    }
    match &fault.on {
        Some(on) if !operations(kind).contains(&on.value) => {
            let message = "this fault cannot happen at this operation";
            found.add("scenario::fault", message, &on.span, "not here");
        }
        _ => {}
    }
    match (&fault.value, kind.takes()) {
        (Some(value), None) => {
            let message = "this fault takes no value";
            found.add("scenario::fault", message, &value.span, "not needed");
        }
        (Some(value), Some(wanted)) if !fits(value, wanted) => {
            let message = format!("`{}` is not {}", value.value, wanted.article());
            found.add("scenario::fault", message, &value.span, "another value");
        }
        _ => {}
    }
}

fn fits(value: &str, wanted: FaultValue) -> bool {
    match wanted {
        FaultValue::Duration => Duration::parse(value).is_some(),
        FaultValue::Number => value.parse::<u32>().is_ok_and(|number| number > 0),
        FaultValue::Mode => [Mode::Normal, Mode::Edl, Mode::Ramdump]
            .iter()
            .any(|mode| mode.word() == value),
        FaultValue::Name => is_name(value),
    }
}

const EVERY: &[Operation] = &[
    Hello,
    ReadData,
    Configure,
    Erase,
    Program,
    Raw,
    Digest,
    Read,
    NvRead,
    NvWrite,
    EfsRead,
    EfsWrite,
    At,
    Power,
    Edl,
    Getvar,
    Download,
    Data,
    Flash,
    FastbootErase,
    FastbootReboot,
];
/// What is answered, whatever the answer is.
const ANSWERED: &[Operation] = &[
    Hello,
    ReadData,
    Configure,
    Erase,
    Program,
    Raw,
    Digest,
    Read,
    NvRead,
    NvWrite,
    EfsRead,
    EfsWrite,
    At,
    Getvar,
    Download,
    Flash,
    FastbootErase,
    FastbootReboot,
];
const COMMANDS: &[Operation] = &[
    Configure,
    Erase,
    Program,
    Digest,
    Read,
    NvRead,
    NvWrite,
    EfsRead,
    EfsWrite,
    At,
    Power,
    Edl,
    Getvar,
    Download,
    Flash,
    FastbootErase,
    FastbootReboot,
];
/// What happens on the bulk pair of the boot ROM and the programmer.
const BULK: &[Operation] = &[
    Hello, ReadData, Configure, Erase, Program, Raw, Digest, Read,
];
const FIREHOSE: &[Operation] = &[Configure, Erase, Program, Raw, Digest, Read];
const DIAG: &[Operation] = &[NvRead, NvWrite, EfsRead, EfsWrite];

/// Where a kind of fault has a meaning.
fn operations(kind: FaultKind) -> &'static [Operation] {
    use FaultKind as F;
    match kind {
        F::Unplug
        | F::Vanish
        | F::WrongMode
        | F::OtherPort
        // The moment is the modem's, whatever strikes.
        | F::DiskFull
        | F::IoError
        | F::Killed
        | F::Interrupt
        | F::InterruptTwice
        | F::FileSwapped => EVERY,
        F::ZlpRequired | F::ZlpForbidden => BULK,
        F::ShortWrite
        | F::LostReply
        | F::Garbage
        | F::Slow
        | F::StaleBytes
        | F::DuplicateReply
        | F::LateReply
        | F::Stall
        | F::ShortRead
        | F::Split => ANSWERED,
        F::Timeout => COMMANDS,
        F::Join => &[Erase, Digest, Raw, At],
        F::BadCrc => DIAG,
        F::NoHello | F::HelloTwice | F::StaleEnd | F::EdlLoop | F::StayRamdump => &[Hello],
        F::EndStatus => &[Hello, ReadData],
        F::SilenceAfterRead => &[ReadData],
        F::Nak => &[
            Configure,
            Erase,
            Program,
            Raw,
            Digest,
            Read,
            NvRead,
            NvWrite,
            EfsRead,
            EfsWrite,
            At,
            Getvar,
            Download,
            Data,
            Flash,
            FastbootErase,
            FastbootReboot,
        ],
        F::NakRetry => &[Configure, Erase, Program, Digest, Read],
        F::NakSmallerPayload => &[Configure],
        F::LateLog | F::TwoDocuments | F::LogWithoutResponse => FIREHOSE,
        F::AckButLost => &[Erase, Program, Raw, NvWrite, EfsWrite, Flash, FastbootErase],
        F::BitFlip => &[Program, Raw, NvRead, NvWrite, EfsRead, EfsWrite, Flash],
        F::LateErase => &[Erase],
        F::BadBlock => &[Erase, Program],
        F::ErrorOnReset => &[Power],
        F::NoEcho => &[Edl],
        F::Locked => &[NvWrite, EfsWrite],
        F::EfsFull => &[EfsWrite],
        F::ReadError => &[NvRead, EfsRead, Read],
        F::ExtraLine | F::HalfVersion => &[At],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_the_kind_that_the_fault_takes() {
        assert!(fits("5s", FaultValue::Duration) && !fits("5", FaultValue::Duration));
        assert!(fits("37", FaultValue::Number) && !fits("0", FaultValue::Number));
        assert!(fits("edl", FaultValue::Mode) && !fits("fastboot", FaultValue::Mode));
    }

    #[test]
    fn what_answers_twice_answers_at_all_and_what_is_erased_late_is_erased() {
        for on in EVERY {
            let can = |kind| operations(kind).contains(on);
            assert!(!can(FaultKind::DuplicateReply) || can(FaultKind::LostReply));
            assert!(!can(FaultKind::BadCrc) || DIAG.contains(on));
            assert!(!can(FaultKind::LateErase) || can(FaultKind::AckButLost));
            assert!(can(FaultKind::Unplug) && can(FaultKind::Killed));
        }
    }
}
