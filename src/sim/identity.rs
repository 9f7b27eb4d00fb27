//! What the simulated modem shows on USB, from the profile's evidence.

use super::Error;
use crate::modem::UsbIdentity;
use crate::modem::identity::{Class, Interface};
use crate::plan::{Evidence, Mode, Profile, Scenario};

/// Chip serial where the scenario gives none.
const SERIAL: u32 = 0x0bad_cafe;
/// bcdDevice of a running modem where the profile names none: that of an RM500Q (protocols.md §2). Anything but 0000.
const RUNNING_BCD: u16 = 0x0414;
/// The network interface behind the serial ones (protocols.md §2.2).
const NETWORK: Class = (0xff, 0xff, 0xff);
const DIAG: Class = (0xff, 0xff, 0x30);
const SERIAL_PORT: Class = (0xff, 0x00, 0x00);
/// Boot ROM of an RM500Q (protocols.md §2: `qfh:log/MCU_local.log.txt`).
const BOOT_ROM: Class = (0xff, 0xff, 0x11);
/// The port that the modem is plugged into at the start.
pub(super) const PORT: u32 = 1;
const DUMP: Class = (0xff, 0xff, 0x10);
/// Interface, product and bcdDevice of LK (protocols.md §2.1; `Biktorgj/quectel_lk`, `app/aboot/fastboot.c`).
const FASTBOOT: Class = (0xff, 0x42, 0x03);
const FASTBOOT_PRODUCT: &str = "Android";
const FASTBOOT_BCD: u16 = 0x0100;

/// The chip serial of a scenario.
pub(super) fn serial(scenario: &Scenario) -> Result<u32, Error> {
    let Some(text) = &scenario.serial else {
        return Ok(SERIAL);
    };
    u32::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| Error::Serial(text.value.clone()))
}

/// What the profile says of a mode, as descriptors. A programmer keeps the identity of the boot ROM.
pub(super) fn of_mode(profile: &Profile, mode: Mode, serial: u32) -> Result<UsbIdentity, Error> {
    let mode = mode.on_usb();
    let evidence = profile
        .modes
        .get(&mode)
        .and_then(|all| all.first())
        .ok_or(Error::Mode(mode))?;
    let (vid, pid) = usb_id(&evidence.usb).ok_or_else(|| bad(&evidence.usb))?;
    let running = mode == Mode::Normal;
    let bcd = match evidence.bcd.as_deref().map(String::as_str) {
        Some(text) if !text.starts_with('!') => {
            u16::from_str_radix(text, 16).map_err(|_| bad(text))?
        }
        _ if running => RUNNING_BCD,
        _ if mode == Mode::Fastboot => FASTBOOT_BCD,
        _ => 0,
    };
    Ok(UsbIdentity {
        vid,
        pid,
        bcd,
        product: Some(product(evidence, profile, mode, serial)),
        interfaces: interfaces(evidence, profile, mode)?,
        path: path(mode, PORT),
    })
}

/// Bus and port. A running RM500Q is on USB 3 and its boot ROM on USB 2, so the path changes with the mode (protocols.md
/// §2).
pub(super) fn path(mode: Mode, port: u32) -> String {
    let bus = if mode == Mode::Normal { 2 } else { 1 };
    format!("{bus}-{port}")
}

/// VID and PID of the running modem, where the profile has them.
pub(super) fn running(profile: &Profile) -> Option<(u16, u16)> {
    let evidence = profile.modes.get(&Mode::Normal)?.first()?;
    usb_id(&evidence.usb)
}

fn product(evidence: &Evidence, profile: &Profile, mode: Mode, serial: u32) -> String {
    match (&evidence.product, mode) {
        (Some(pattern), _) => pattern.replace(".*", &format!("{serial:08X}")),
        (None, Mode::Edl) => format!("QUSB_BULK_CID:0410_SN:{serial:08X}"),
        (None, Mode::Fastboot) => FASTBOOT_PRODUCT.to_owned(),
        (None, Mode::Ramdump) => format!("QUSB_BULK_SN:{serial:08X}"),
        (None, _) => profile.title.clone(),
    }
}

fn interfaces(evidence: &Evidence, profile: &Profile, mode: Mode) -> Result<Vec<Interface>, Error> {
    let given = match &evidence.protocol {
        Some(text) => Some(triple(text).ok_or_else(|| bad(text))?),
        None => None,
    };
    if mode != Mode::Normal {
        let usual = match mode {
            Mode::Edl => BOOT_ROM,
            Mode::Fastboot => FASTBOOT,
            _ => DUMP,
        };
        // Endpoints 81/01, as every boot ROM has them, and LK (protocols.md §2.1).
        let bulk = |number| Interface::new(number, given.unwrap_or(usual)).with_bulk(0x81, 0x01);
        return Ok((0..evidence.interfaces).map(bulk).collect());
    }
    let serial_ports = (0..evidence.interfaces).map(|number| {
        if number == profile.ports.usual.diag {
            given.unwrap_or(DIAG)
        } else {
            SERIAL_PORT
        }
    });
    let network = evidence.at_least.then_some(NETWORK);
    let all = (0..).zip(serial_ports.chain(network));
    Ok(all
        .map(|(number, class)| Interface::new(number, class))
        .collect())
}

fn bad(text: &str) -> Error {
    Error::Identity(text.to_owned())
}

fn usb_id(text: &str) -> Option<(u16, u16)> {
    let (vid, pid) = text.split_once(':')?;
    Some((
        u16::from_str_radix(vid, 16).ok()?,
        u16::from_str_radix(pid, 16).ok()?,
    ))
}

fn triple(text: &str) -> Option<Class> {
    let mut parts = text.splitn(3, '/').map(|p| u8::from_str_radix(p, 16).ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::fixture;

    #[test]
    fn each_mode_shows_what_the_profile_says() {
        let profile = fixture::profile();
        let edl = of_mode(&profile, Mode::Edl, 0x0bad_cafe).unwrap();
        assert_eq!((edl.vid, edl.pid, edl.bcd), (0x05c6, 0x9008, 0));
        assert_eq!(edl.interfaces.len(), 1);
        assert!(edl.product.unwrap().ends_with("SN:0BADCAFE"));
        let normal = of_mode(&profile, Mode::Normal, 1).unwrap();
        assert_eq!((normal.pid, normal.interfaces.len()), (0x0800, 5));
        assert_ne!(normal.bcd, 0);
        assert!(of_mode(&profile, Mode::Fastboot, 1).is_err());
    }
}
