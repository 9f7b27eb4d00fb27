//! AT commands that some models know and others do not: those that the profile lists (quectel.md §7).

use super::Answer;
use super::command::unquoted;
use crate::protocol::diag::{NV_FTM_MODE, NV_SIZE};
use crate::sim::radio::Wish;
use crate::sim::radio::core::Core;
use crate::sim::record::RecordKind;
use std::time::Duration;

/// From the command to an empty bus; made up.
const TO_FASTBOOT: Duration = Duration::from_secs(1);

/// Runs a command of the profile's list; one that is not known here answers ERROR.
pub(super) fn run(core: &mut Core, name: &str, rest: &str, values: Option<&str>) -> Answer {
    match (name, rest, values) {
        ("+QRFTESTMODE", _, Some("0")) => test_mode(core, 0),
        ("+QRFTESTMODE", _, Some("1")) => test_mode(core, 1),
        ("+QPRTPARA", _, Some(values)) => own_copy(core, values),
        ("+QFASTBOOT", "", _) => fastboot(core),
        // A challenge of eight digits; the form of the line is unverified.
        ("+QADBKEY", "?", _) => Answer::line("+QADBKEY: 12345678"),
        ("+QADBKEY", _, Some(key)) => adb_key(core, unquoted(key)),
        ("+QCFG", _, Some(values)) => setting(core, values),
        _ => Answer::error(),
    }
}

/// Sets the factory-test flag, which counts from the next boot on. That nothing happens before is unverified.
fn test_mode(core: &mut Core, flag: u8) -> Answer {
    let mut value = [0; NV_SIZE];
    value[0] = flag;
    core.unit.nv.write(NV_FTM_MODE, 0, &value);
    core.records.push(RecordKind::NvWrite {
        item: NV_FTM_MODE,
        index: 0,
    });
    Answer::ok()
}

/// AT+QFASTBOOT goes without an answer (protocols.md §4).
fn fastboot(core: &mut Core) -> Answer {
    core.wish(TO_FASTBOOT, Wish::Fastboot);
    Answer::silence()
}

/// AT+QPRTPARA: 1 copies the file system at once, 3 puts the copy back at the next boot, 4 reads the counters
/// (quectel.md §7). That 3 without a copy answers ERROR is unverified, and so are the counters after the second.
fn own_copy(core: &mut Core, values: &str) -> Answer {
    match values {
        "1" => {
            core.unit.keep_copy();
            Answer::ok()
        }
        "3" if core.unit.want_copy_back() => Answer::ok(),
        "4" => {
            let (backups, restores) = core.unit.copy_counters();
            Answer::line(format!("+QPRTPARA: {backups},{restores}"))
        }
        _ => Answer::error(),
    }
}

/// What the vendor's keys look like is not known here: any that is not empty opens the setting until power goes.
fn adb_key(core: &mut Core, key: &str) -> Answer {
    if key.is_empty() {
        return Answer::error();
    }
    core.adb_unlocked = true;
    Answer::ok()
}

/// AT+QCFG="usbcfg": vid, pid, diag, nmea, at, modem, net, adb, uac (quectel.md §7). Only adb can be changed here; that
/// it is refused without the key is unverified.
fn setting(core: &mut Core, values: &str) -> Answer {
    let (vid, pid) = core.usb;
    let ids = format!("0x{vid:04X},0x{pid:04X}");
    let mut parts = values.splitn(2, ',').map(str::trim);
    match (parts.next().map(unquoted), parts.next()) {
        (Some("usbcfg"), None) => {
            let adb = u8::from(core.unit.adb);
            Answer::line(format!("+QCFG: \"usbcfg\",{ids},1,1,1,1,1,{adb},0"))
        }
        (Some("usbcfg"), Some(wanted)) => {
            let composition = wanted.strip_prefix(ids.as_str()).unwrap_or_default();
            core.unit.adb = match composition {
                ",1,1,1,1,1,0,0" => false,
                ",1,1,1,1,1,1,0" if core.adb_unlocked => true,
                _ => return Answer::error(),
            };
            Answer::ok()
        }
        _ => Answer::error(),
    }
}
