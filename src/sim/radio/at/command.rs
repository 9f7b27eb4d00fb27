//! What each AT command does (quectel.md §7, §8). Whatever is not known answers ERROR, as the modem does.

use super::{Answer, AtPort, Echo, PARTS, vendor};
use crate::files::hex;
use crate::protocol::diag::{NV_IMEI, NV_SIZE, NvStatus, imei_is_valid, imei_to_nv};
use crate::protocol::efs::EntryKind;
use crate::sim::radio::Wish;
use crate::sim::radio::core::{Core, Function};
use crate::sim::radio::file_system::normal;
use crate::sim::record::RecordKind;
use std::time::Duration;

/// From OK to the drop off the bus. The length is made up.
const RESTART: Duration = Duration::from_secs(1);
/// From OK to POWERED DOWN; leaving the network takes up to 60 s (AT-5xxQ 12.1).
const POWER_DOWN: Duration = Duration::from_secs(3);
/// Phone failure: what AT+CFUN=1 says offline and in factory test mode (quectel.md §8).
const PHONE_FAILURE: u16 = 0;

impl AtPort {
    pub(super) fn run(&mut self, core: &mut Core, command: &str) -> Answer {
        let Some(body) = body(command) else {
            return Answer::error();
        };
        let end = body.find(['=', '?']).unwrap_or(body.len());
        let name = body[..end].to_ascii_uppercase();
        let rest = body[end..].trim();
        let values = rest.strip_prefix('=').filter(|values| *values != "?");
        match (name.as_str(), rest, values) {
            ("", "", _) | ("+CMEE", _, Some(_)) => Answer::ok(),
            ("E0", "", _) => self.set_echo(Echo::Off),
            ("E" | "E1", "", _) => self.set_echo(Echo::On),
            ("I", "", _) => {
                let revision = format!("Revision: {}", core.short_version());
                Answer::lines([core.vendor.clone(), core.model.clone(), revision])
            }
            ("+CGMI" | "+GMI", "", _) => Answer::line(core.vendor.clone()),
            ("+CGMM" | "+GMM", "", _) => Answer::line(core.model.clone()),
            ("+CGMR" | "+GMR", "", _) => Answer::line(core.short_version()),
            ("+QGMR", "" | "?", _) => Answer::line(core.full_version()),
            // That a unit without an IMEI answers ERROR is unverified.
            ("+CGSN" | "+GSN", "", _) => {
                (core.unit.nv.imei()).map_or_else(Answer::error, Answer::line)
            }
            ("+EGMR", _, Some(values)) => identity(core, values),
            ("+CFUN", "?", _) => Answer::line(format!("+CFUN: {}", core.function.number())),
            ("+CFUN", "=?", _) => Answer::line("+CFUN: (0,1,4),(0,1)"),
            ("+CFUN", _, Some(values)) => function(core, values),
            ("+QRFTEST", _, Some(values)) => radio_test(core, command, values),
            ("+QINISTAT", "" | "?", _) => Answer::line(format!("+QINISTAT: {}", parts(core))),
            ("+QNVFR", _, Some(values)) => read_file(core, values),
            ("+QNVFW", _, Some(values)) => write_file(core, values).map_or_else(Answer::error, ok),
            ("+QNVFD", _, Some(values)) => remove_file(core, values).map_or_else(Answer::error, ok),
            ("+QNVR", _, Some(values)) => read_item(core, values).unwrap_or_else(Answer::error),
            ("+QNVW", _, Some(values)) => write_item(core, values).map_or_else(Answer::error, ok),
            ("+QPOWD", "", _) | ("+QPOWD", _, Some("0" | "1")) => {
                let due = core.now.saturating_add(POWER_DOWN);
                self.unsolicited.push_back((due, "POWERED DOWN"));
                // The port is there for a moment longer, so that the line can be read.
                core.wish(POWER_DOWN + RESTART, Wish::Off);
                Answer::ok()
            }
            _ if core.knows(&name) => vendor::run(core, &name, rest, values),
            _ => Answer::error(),
        }
    }

    fn set_echo(&mut self, echo: Echo) -> Answer {
        self.echo = echo;
        Answer::ok()
    }
}

fn ok((): ()) -> Answer {
    Answer::ok()
}

/// What follows the two letters every command begins with.
fn body(command: &str) -> Option<&str> {
    let (at, body) = command.split_at_checked(2)?;
    at.eq_ignore_ascii_case("AT").then_some(body)
}

/// AT+EGMR: reads begin with 0, everything else writes identity (quectel.md §7).
fn identity(core: &mut Core, values: &str) -> Answer {
    let mut parts = values.splitn(3, ',').map(str::trim);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("0"), Some("7"), None) => (core.unit.nv.imei()).map_or_else(Answer::error, |imei| {
            Answer::line(format!("+EGMR: \"{imei}\""))
        }),
        (Some("0"), _, _) => Answer::error(),
        (_, kind, value) => {
            core.records.push(RecordKind::IdentityWrite {
                what: format!("AT+EGMR={values}"),
            });
            let imei = value.map(unquoted).filter(|imei| imei_is_valid(imei));
            match (kind, imei.and_then(imei_to_nv)) {
                (Some("7"), Some(value)) => {
                    core.unit.nv.write(NV_IMEI, 0, &value);
                    Answer::ok()
                }
                _ => Answer::error(),
            }
        }
    }
}

fn function(core: &mut Core, values: &str) -> Answer {
    let wanted = match values {
        "1,1" => {
            core.wish(RESTART, Wish::Reset);
            return Answer::ok();
        }
        "0" | "0,0" => Function::Minimum,
        "1" | "1,0" => Function::Full,
        "4" | "4,0" => Function::RadioOff,
        _ => return Answer::error(),
    };
    // That 0 and 4 are refused, too, is unverified.
    if matches!(core.function, Function::FactoryTest | Function::Offline) {
        return Answer::equipment_error(PHONE_FAILURE);
    }
    core.function = wanted;
    Answer::ok()
}

/// AT+QRFTEST: the answer to "mode" is known from one forum report only (QF#32031: from 1 to 0 after a restore), and
/// its form is unverified. Every other form transmits.
fn radio_test(core: &mut Core, command: &str, values: &str) -> Answer {
    if unquoted(values) == "mode" {
        let tests = u8::from(core.function == Function::FactoryTest);
        return Answer::line(format!("+QRFTEST: \"mode\",{tests}"));
    }
    core.records.push(RecordKind::Transmit {
        command: command.to_owned(),
    });
    Answer::ok()
}

fn parts(core: &Core) -> u8 {
    if !core.healthy_at_boot() {
        return 0;
    }
    let there = |after: u64| core.up() >= Duration::from_millis(after);
    PARTS
        .iter()
        .filter(|(_, after)| there(*after))
        .map(|(bit, _)| bit)
        .sum()
}

/// AT+QNVFR="/path": a whole file as hex; the answer's form is that of quectel.md §7.
fn read_file(core: &Core, values: &str) -> Answer {
    let path = normal(unquoted(values)).ok();
    match path.and_then(|path| core.unit.efs.get(&path)) {
        Some(node) if matches!(node.kind, EntryKind::File | EntryKind::Item) => {
            Answer::line(format!("+QNVFR: {}", hex(&node.data).to_uppercase()))
        }
        _ => Answer::error(),
    }
}

/// AT+QNVFW="/path",hex; the chunk arguments (C1) are not known here.
fn write_file(core: &mut Core, values: &str) -> Option<()> {
    let (path, data) = values.split_once(',')?;
    let path = normal(unquoted(path.trim())).ok()?;
    let data = from_hex(unquoted(data.trim()))?;
    let efs = &mut core.unit.efs;
    match efs.kind(&path) {
        None => {
            efs.create_parents(&path).ok()?;
            efs.create(&path, EntryKind::Item, 0o777).ok()?;
        }
        Some(EntryKind::Item | EntryKind::File) => efs.get_mut(&path)?.data.clear(),
        Some(_) => return None,
    }
    efs.write(&path, 0, &data).ok()?;
    core.note_file(&path);
    Some(())
}

/// AT+QNVFD="/path" needs CFUN 0 (quectel.md §7).
fn remove_file(core: &mut Core, values: &str) -> Option<()> {
    let path = normal(unquoted(values)).ok()?;
    (core.function == Function::Minimum).then_some(())?;
    core.unit.efs.remove(&path).ok()?;
    core.note_file(&path);
    Some(())
}

/// AT+QNVR=item,index; the answer's form is unverified.
fn read_item(core: &Core, values: &str) -> Option<Answer> {
    let (item, index) = values.split_once(',')?;
    let (value, status) =
        (core.unit.nv).read(item.trim().parse().ok()?, index.trim().parse().ok()?);
    (status == NvStatus::Done)
        .then(|| Answer::line(format!("+QNVR: {}", hex(&value).to_uppercase())))
}

/// The write counterpart, of which only the existence is known: name and form are unverified.
fn write_item(core: &mut Core, values: &str) -> Option<()> {
    let mut parts = values.splitn(3, ',').map(str::trim);
    let item = parts.next()?.parse().ok()?;
    let index = parts.next()?.parse().ok()?;
    let data = from_hex(unquoted(parts.next()?)).filter(|data| data.len() <= NV_SIZE)?;
    core.note_identity(item);
    let mut value = [0; NV_SIZE];
    value[..data.len()].copy_from_slice(&data);
    (core.unit.nv.write(item, index, &value) == NvStatus::Done).then_some(())?;
    core.records.push(RecordKind::NvWrite { item, index });
    Some(())
}

pub(super) fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    inner.unwrap_or(value)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}
