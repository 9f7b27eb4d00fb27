//! Which fault can strike where, and what it needs to know: one that never strikes would prove nothing.

use super::rules::Found;
use crate::plan::{Duration, Fault, FaultKind, FaultValue, Mode, Operation, is_name};
use Operation::{
    At, Configure, Data, Digest, DloadClose, DloadOpen, DloadTable, DloadWrite, Edl, EfsRead,
    EfsWrite, Erase, FastbootErase, Flash, Hello, NvRead, NvWrite, Power, Program, Raw, Read,
    ReadData,
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
        Some(on) if !strikes(kind, on.value) => {
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

/// What is answered, whatever the answer is.
fn is_answered(on: Operation) -> bool {
    !matches!(on, Power | Edl | Data)
}

/// What the host sends and the modem obeys in one piece.
fn is_command(on: Operation) -> bool {
    !matches!(on, Hello | ReadData | Raw | Data)
}

/// What can be refused.
fn is_refused(on: Operation) -> bool {
    !matches!(on, Hello | ReadData | Power | Edl)
}

/// What happens on the bulk pair of the boot ROM and the programmer.
const BULK: &[Operation] = &[
    Hello, ReadData, Configure, Erase, Program, Raw, Digest, Read,
];
const FIREHOSE: &[Operation] = &[Configure, Erase, Program, Raw, Digest, Read];
const DIAG: &[Operation] = &[NvRead, NvWrite, EfsRead, EfsWrite];
const DLOAD: &[Operation] = &[DloadTable, DloadOpen, DloadWrite, DloadClose];

/// Whether a kind of fault has a meaning there.
fn strikes(kind: FaultKind, on: Operation) -> bool {
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
        | F::FileSwapped => true,
        F::ZlpRequired | F::ZlpForbidden => BULK.contains(&on) || DLOAD.contains(&on),
        F::ShortWrite
        | F::LostReply
        | F::Garbage
        | F::Slow
        | F::StaleBytes
        | F::DuplicateReply
        | F::LateReply
        | F::Stall
        | F::ShortRead
        | F::Split => is_answered(on),
        F::Timeout => is_command(on),
        F::Join => matches!(on, Erase | Digest | Raw | At),
        F::BadCrc => DIAG.contains(&on) || DLOAD.contains(&on),
        F::NoHello | F::HelloTwice | F::StaleEnd | F::EdlLoop | F::StayRamdump => matches!(on, Hello),
        F::EndStatus => matches!(on, Hello | ReadData),
        F::SilenceAfterRead => matches!(on, ReadData),
        F::Nak => is_refused(on),
        F::NakRetry => matches!(on, Configure | Erase | Program | Digest | Read),
        F::NakSmallerPayload => matches!(on, Configure),
        F::LateLog | F::TwoDocuments | F::LogWithoutResponse => FIREHOSE.contains(&on),
        F::AckButLost => matches!(on, Erase | Program | Raw | NvWrite | EfsWrite | Flash | FastbootErase | DloadWrite),
        F::BitFlip => matches!(on, Program | Raw | NvRead | NvWrite | EfsRead | EfsWrite | Flash | DloadWrite),
        F::LateErase => matches!(on, Erase),
        F::BadBlock => matches!(on, Erase | Program),
        F::ErrorOnReset => matches!(on, Power),
        F::NoEcho => matches!(on, Edl),
        F::Locked => matches!(on, NvWrite | EfsWrite),
        F::EfsFull => matches!(on, EfsWrite),
        F::ReadError => matches!(on, NvRead | EfsRead | Read),
        F::ExtraLine | F::HalfVersion => matches!(on, At),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{Download, FastbootReboot, Getvar};

    #[test]
    fn a_value_is_of_the_kind_that_the_fault_takes() {
        assert!(fits("5s", FaultValue::Duration) && !fits("5", FaultValue::Duration));
        assert!(fits("37", FaultValue::Number) && !fits("0", FaultValue::Number));
        assert!(fits("edl", FaultValue::Mode) && !fits("fastboot", FaultValue::Mode));
    }

    #[test]
    fn what_answers_twice_answers_at_all_and_what_is_erased_late_is_erased() {
        let others = [
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
        for on in BULK.iter().chain(DIAG).chain(DLOAD).chain(&others) {
            let can = |kind| strikes(kind, *on);
            assert!(!can(FaultKind::DuplicateReply) || can(FaultKind::LostReply));
            assert!(!can(FaultKind::BadCrc) || DIAG.contains(on) || DLOAD.contains(on));
            assert!(!can(FaultKind::LateErase) || can(FaultKind::AckButLost));
            assert!(can(FaultKind::Unplug) && can(FaultKind::Killed));
        }
    }
}
