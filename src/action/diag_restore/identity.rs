//! Whose calibration it is: the file, the modem and the label must agree before anything is written
//! (diag-and-xqcn.md §10 rule 2).

use crate::action::radio::masked;
use crate::action::{Cause, Failure};
use crate::protocol::diag::imei_is_valid;

/// Whose file a restore may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    ThisUnit,
    /// Another unit of the same hardware key, by a named override of the guard: calibration only.
    Donor,
}

/// The IMEI as three places tell it.
#[derive(Clone, Copy)]
pub(super) struct Readings<'a> {
    pub(super) file: Option<&'a str>,
    pub(super) modem: Option<&'a str>,
    pub(super) label: Option<&'a str>,
}

pub(super) fn judge(readings: Readings<'_>, owner: Owner) -> Result<(), Failure> {
    let Readings { file, modem, label } = readings;
    if let Some(label) = label.filter(|label| !imei_is_valid(label)) {
        let length = label.len();
        return Err(refused(format!(
            "the IMEI of the label ({length} characters) has no valid check digit"
        )));
    }
    if let (Some(modem), Some(label)) = (modem, label)
        && modem != label
    {
        return Err(refused(format!(
            "the modem's IMEI {} is not that of the label, {}",
            masked(modem),
            masked(label)
        )));
    }
    if owner == Owner::Donor {
        return Ok(());
    }
    let Some(file) = file else {
        return Err(refused(
            "the file carries no valid IMEI, so it cannot be known whose it is".to_owned(),
        ));
    };
    // A modem that lost its IMEI cannot vouch for the file; the label can.
    let Some(own) = modem.or(label) else {
        return Err(refused(
            "the modem has no IMEI and no label was given, so it cannot be known whose the file is"
                .to_owned(),
        ));
    };
    if file == own {
        return Ok(());
    }
    Err(refused(format!(
        "the file belongs to another unit: its IMEI is {}, this unit's is {}",
        masked(file),
        masked(own)
    )))
}

fn refused(message: String) -> Failure {
    Failure::new("restore::foreign", Cause::Plan, message)
        .help("use the backup that was made of this very unit; nothing was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "490154203237518";
    const OTHER: &str = "356938035643809";

    #[test]
    fn only_the_units_own_file_passes() {
        let table = [
            (Some(OWN), Some(OWN), Some(OWN), true),
            (Some(OWN), Some(OWN), None, true),
            (Some(OWN), None, Some(OWN), true),
            (Some(OWN), None, None, false),
            (Some(OTHER), Some(OWN), Some(OWN), false),
            (Some(OTHER), Some(OWN), None, false),
            (Some(OTHER), None, Some(OWN), false),
            (Some(OWN), Some(OTHER), Some(OWN), false),
            (Some(OWN), Some(OWN), Some(OTHER), false),
            (Some(OWN), Some(OWN), Some("490154203237519"), false),
            (None, Some(OWN), Some(OWN), false),
            (None, None, None, false),
        ];
        for (file, modem, label, passes) in table {
            let readings = Readings { file, modem, label };
            let judged = judge(readings, Owner::ThisUnit);
            assert_eq!(judged.is_ok(), passes, "{file:?} {modem:?} {label:?}");
            if let Err(failure) = judged {
                assert!(!failure.message.contains("4901542"), "{failure}");
            }
        }
    }

    #[test]
    fn a_donor_file_needs_its_override_and_a_label_still_binds() {
        let readings = |label| Readings {
            file: Some(OTHER),
            modem: Some(OWN),
            label,
        };
        assert!(judge(readings(None), Owner::Donor).is_ok());
        assert!(judge(readings(Some(OTHER)), Owner::Donor).is_err());
    }
}
