//! `diag.edl`: sends the modem into EDL over DIAG, and waits for it there.

use super::{Cause, Context, Failure};
use crate::driver::diag::{Diag, EdlWay};
use crate::modem::{Role, UsbIdentity};
use crate::plan::Mode;

pub fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    let sighting = ctx.session.look()?;
    if let Some(usb) = &sighting.usb {
        refuse_other_chips(usb)?;
    }
    let roles = sighting.roles;
    // A module in its dump state has no port of its own for DIAG: it hears the command on the bulk pair (protocols.md
    // §10.1).
    let way = if roles.contains(&Role::Edl) && !roles.contains(&Role::Diag) {
        Diag::new(ctx.edl_port()?).edl(deadline)?
    } else {
        ctx.diag()?.edl(deadline)?
    };
    ctx.modem_leaves()?;
    if way == EdlWay::Left {
        ctx.witness
            .note("the modem left without echoing the command into EDL, as some do");
    }
    ctx.wait_for(Mode::Edl)
}

/// Under the vendor id of Quectel there are chips of other makers, which must never be sent Qualcomm's command
/// (protocols.md §2.2). Whatever a profile says, the table of ids has the last word.
fn refuse_other_chips(usb: &UsbIdentity) -> Result<(), Failure> {
    let Some(known) = usb.is_not_qualcomm() else {
        return Ok(());
    };
    let (name, source) = (known.row.name(), known.row.source);
    let message = format!("{usb} is {name}, which has no chip of Qualcomm ({source})");
    let failure = Failure::new("diag::not-qualcomm", Cause::Plan, message);
    Err(failure.help("mend `edl_by_diag` and `modes` of the profile; nothing was sent"))
}

#[cfg(test)]
mod tests {
    use super::super::radio_tests::Heard;
    use super::*;
    use crate::modem::identity::Interface;
    use crate::modem::{Bus, LookError, Session, Sighting};
    use crate::plan::library;
    use crate::transport::{Deadline, Error, Interrupt, SystemClock, Transport};
    use std::sync::Arc;
    use std::time::Duration;

    /// Shows one modem, and cannot be opened.
    struct Shows(UsbIdentity);

    impl Bus for Shows {
        fn look(&mut self) -> Result<Sighting, LookError> {
            Ok(Sighting {
                usb: Some(self.0.clone()),
                roles: vec![Role::At, Role::Diag],
                ..Sighting::default()
            })
        }

        fn open(&mut self, _: Role) -> Result<Box<dyn Transport>, Error> {
            Err(Error::Open("it was opened".to_owned()))
        }
    }

    fn sent_into_edl(pid: u16) -> Failure {
        let usb = UsbIdentity {
            vid: 0x2c7c,
            pid,
            bcd: 0x0318,
            product: None,
            interfaces: (0..5).map(|n| Interface::new(n, (0xff, 0, 0))).collect(),
            path: "1-1".to_owned(),
        };
        let (_, profile) = library::load_profile_file("quectel/rm502q-gl").unwrap();
        let shared = Arc::new(profile.clone());
        let clock = Arc::new(SystemClock::start());
        let bus = Box::new(Shows(usb));
        let mut session = Session::new(bus, clock, Interrupt::default(), shared);
        let mut ctx = Context {
            session: &mut session,
            profile: &profile,
            deadline: Deadline::after(Duration::ZERO, Duration::from_secs(5)),
            witness: &mut Heard::default(),
        };
        run(&mut ctx).unwrap_err()
    }

    #[test]
    fn a_modem_with_another_chip_is_never_sent_the_command() {
        for pid in [
            0x6002, 0x6026, 0x6005, 0x6007, 0x0901, 0x7001, 0x6fff, 0x8001,
        ] {
            let failure = sent_into_edl(pid);
            assert_eq!(failure.code, "diag::not-qualcomm", "{pid:04x}");
        }
        for pid in [0x0800, 0x0125, 0x6008, 0x6009] {
            assert_eq!(sent_into_edl(pid).code, "modem::open", "{pid:04x}");
        }
    }
}
