//! What a finished AT command would do, judged by its text alone: the one list by which the checker judges a plan
//! and the driver what it is about to send (diag-and-xqcn.md §10 rule 4, quectel.md §7, plan-language.md §8.2).
//!
//! The text is judged as the modem may read it: blanks do not count, case does not count, and a command may stand
//! behind basic commands on one line (`ATE0+EGMR=1,7`, V.250 5.2.4.1), so names are looked for everywhere.

use crate::protocol::diag::IDENTITY_ITEMS;
use crate::protocol::efs::is_identity_path;

/// What a command would do, from harmless on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// It only asks: `AT`, `ATI`, `AT+X?`, `AT+X=?`.
    Query,
    /// It may change something.
    Setting,
    /// It writes an NV item or a file of the modem's file system.
    WritesNv,
    /// It is never sent.
    Refused(Refused),
}

/// Why a command may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it does not begin with `AT`")]
    NotACommand,
    #[error("it holds a control character, `;` or a character that is not ASCII")]
    SeveralCommands,
    #[error(
        "it may write the identity of the unit; `AT+EGMR` is allowed with the first argument 0 only"
    )]
    Identity,
    #[error("it may write an NV item or file that holds the identity of the unit")]
    IdentityItem,
    #[error("it names no item or file that can be told apart from the identity of the unit")]
    UnclearItem,
    #[error("it may transmit; only `AT+QRFTEST=\"mode\"` is allowed")]
    Transmits,
    #[error("it closes ports that a recovery needs, or gives the modem another USB vendor")]
    LocksOut,
}

/// Signs behind which a vendor's command has its name.
const SIGNS: [char; 9] = ['+', '^', '$', '*', '!', '%', '&', '#', '@'];

/// What this very text would do.
pub fn intent(command: &str) -> Intent {
    if !command.bytes().all(|b| matches!(b, 0x20..=0x7e)) || command.contains(';') {
        return Intent::Refused(Refused::SeveralCommands);
    }
    let text = as_read(command);
    let Some(rest) = text.strip_prefix("AT") else {
        return Intent::Refused(Refused::NotACommand);
    };
    let mut writes = false;
    for (name, arguments) in named(rest) {
        if let Some(refused) = refused(name, arguments) {
            return Intent::Refused(refused);
        }
        writes |= writes_nv(name, arguments);
    }
    if writes {
        Intent::WritesNv
    } else if is_query(rest) {
        Intent::Query
    } else {
        Intent::Setting
    }
}

/// Capital letters and no blanks: how a modem reads it.
pub fn as_read(command: &str) -> String {
    command
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// The arguments of a command in such a text, without their quotes: those of `QCFG` in `AT+QCFG="USBCFG",...`.
pub fn arguments_of<'a>(as_read: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let (_, rest) = named(as_read).find(|(found, _)| *found == name)?;
    Some(fields(rest.strip_prefix('=')?).collect())
}

/// Whether the modem leaves the bus by itself once it has taken this command (quectel.md §7): `AT+CFUN=<fun>,<rst>` with
/// anything but 0 as its second argument, `AT+QPOWD`, `AT+QFASTBOOT`, and `AT+QDOWNLOAD` of other families.
pub fn restarts(command: &str) -> bool {
    let text = as_read(command);
    named(&text).any(|(name, rest)| match name {
        "CFUN" => fields(rest.strip_prefix('=').unwrap_or_default())
            .nth(1)
            .is_some_and(|reset| reset != "0"),
        "QPOWD" | "QFASTBOOT" | "QDOWNLOAD" => !rest.ends_with('?'),
        _ => false,
    })
}

/// Every name behind a sign, with all that follows it.
fn named(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices(SIGNS).map(|(at, sign)| {
        let rest = &text[at + sign.len()..];
        let end = rest
            .find(|c: char| !is_name_character(c))
            .unwrap_or(rest.len());
        rest.split_at(end)
    })
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `AT+X=1?` ends in `?` as well and sets something on some modems: only a bare name may stand before it.
fn is_query(rest: &str) -> bool {
    let asks = rest
        .strip_suffix('?')
        .map(|rest| rest.strip_suffix('=').unwrap_or(rest))
        .and_then(|rest| rest.strip_prefix(SIGNS))
        .is_some_and(|name| !name.is_empty() && name.chars().all(is_name_character));
    asks || matches!(rest, "" | "I")
}

fn refused(name: &str, rest: &str) -> Option<Refused> {
    let asks = matches!(rest, "?" | "=?");
    match name {
        // `AT+EGMR=0,7` reads the IMEI, `AT+EGMR=1,7,"..."` writes it (quectel.md §7).
        "EGMR" => (!asks && first(rest) != Some("0")).then_some(Refused::Identity),
        // Every form but `"mode"` may make the modem transmit (quectel.md §7).
        "QRFTEST" => (rest != "=\"MODE\"").then_some(Refused::Transmits),
        "QCFG" => locks_out(rest).then_some(Refused::LocksOut),
        _ if names_nv(name) && !asks => judge_item(rest),
        _ => None,
    }
}

fn writes_nv(name: &str, rest: &str) -> bool {
    let asks = matches!(rest, "?" | "=?");
    // 1 writes a backup copy, 4 reads counters (quectel.md §7).
    let copies = name == "QPRTPARA" && !rest.is_empty() && !matches!(first(rest), Some("1" | "4"));
    !asks && (names_nv(name) || copies)
}

/// `QNVW`, `QNVFW`, `QNVFD`, `^NV`, and relatives that a vendor may have; not `QNVR` and `QNVFR`, which read.
fn names_nv(name: &str) -> bool {
    !matches!(name, "QNVR" | "QNVFR")
        && (name.starts_with("QNV") || name.starts_with("NV") || name.ends_with("NVW"))
}

/// The item or file that a writing command names: a number, or a path from the root.
fn judge_item(rest: &str) -> Option<Refused> {
    let Some(target) = first(rest) else {
        return Some(Refused::UnclearItem);
    };
    if target.starts_with('/') {
        // A numbered item might be kept elsewhere too, so the last part counts wherever it lies.
        let last = target.rsplit('/').next().and_then(number);
        let is_item = last.is_some_and(|item| IDENTITY_ITEMS.map(u64::from).contains(&item));
        return (is_item || is_identity_path(target)).then_some(Refused::IdentityItem);
    }
    // An id that does not fit would be cut to 16 bits by the modem and could then name any item.
    match number(target).map(u16::try_from) {
        Some(Ok(item)) => IDENTITY_ITEMS
            .contains(&item)
            .then_some(Refused::IdentityItem),
        Some(Err(_)) | None => Some(Refused::UnclearItem),
    }
}

fn number(text: &str) -> Option<u64> {
    text.strip_prefix("0X").map_or_else(
        || text.parse().ok(),
        |hex| u64::from_str_radix(hex, 16).ok(),
    )
}

/// `AT+QCFG="usbcfg",vid,pid,diag,nmea,at,modem,net,adb,uac` (quectel.md §7): a closed port, or a foreign vendor, and
/// nothing reaches the modem any more. Only adb and the audio port, which is off as delivered, may be closed.
fn locks_out(rest: &str) -> bool {
    let Some(arguments) = rest.strip_prefix('=') else {
        return false;
    };
    let mut fields = fields(arguments);
    if fields.next() != Some("USBCFG") {
        return false;
    }
    let Some(vendor) = fields.next() else {
        return false;
    };
    let foreign = vendor.strip_prefix("0X").unwrap_or(vendor) != "2C7C";
    let open = fields.skip(1).take(5).filter(|port| *port == "1").count();
    foreign || open != 5
}

fn first(rest: &str) -> Option<&str> {
    fields(rest.strip_prefix('=')?).next()
}

fn fields(arguments: &str) -> impl Iterator<Item = &str> {
    arguments.split(',').map(|field| field.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::Intent::{Query, Setting, WritesNv};
    use super::*;
    use proptest::prelude::*;

    const IDENTITY: Intent = Intent::Refused(Refused::Identity);
    const ITEM: Intent = Intent::Refused(Refused::IdentityItem);
    const UNCLEAR: Intent = Intent::Refused(Refused::UnclearItem);
    const TRANSMITS: Intent = Intent::Refused(Refused::Transmits);
    const LOCKS_OUT: Intent = Intent::Refused(Refused::LocksOut);
    const SEVERAL: Intent = Intent::Refused(Refused::SeveralCommands);
    const NO_COMMAND: Intent = Intent::Refused(Refused::NotACommand);

    /// What stands behind `AT` and a sign.
    #[rustfmt::skip]
    const NAMED: &[(&str, Intent)] = &[
        ("CFUN?", Query), ("CFUN=?", Query), ("QRFTESTMODE?", Query), ("EGMR?", Query), ("EGMR=?", Query),
        ("QNVW=?", Query), ("NV?", Query), ("QPRTPARA=?", Query), ("QCFG=?", Query),
        ("CFUN=1,1", Setting), ("CFUN=1?", Setting), ("CFUN", Setting), ("QGMR", Setting), ("?", Setting), ("=?", Setting),
        ("EGMR=0,7", Setting), ("EGMR=\"0\",7", Setting), ("QRFTEST=\"mode\"", Setting), ("QRFTESTMODE=0", Setting),
        ("QNVR=550,0", Setting), ("QNVFR=\"/nvm/num/550\"", Setting), ("QPRTPARA=1", Setting), ("QPRTPARA=4", Setting),
        ("QPRTPARA", Setting), ("QADBKEY=\"secret\"", Setting), ("QMBNCFG=\"list\"", Setting),
        ("QCFG=\"usbnet\",1", Setting), ("QCFG=\"usbcfg\"", Setting),
        ("QCFG=\"usbcfg\",0x2C7C,0x0801,1,1,1,1,1,0,0", Setting),
        ("NV=2497,1,\"01\"", WritesNv), ("NVW=453,0", WritesNv), ("XNVW=453,0", WritesNv), ("QNVW=453,0,\"00\"", WritesNv),
        ("QNVX=453", WritesNv), ("QNVFW=\"/nv/item_files/modem/mmode/cmph/ftm\",00", WritesNv), ("QNVFD=\"/x\"", WritesNv),
        ("QPRTPARA=3", WritesNv), ("QPRTPARA=\"3\"", WritesNv), ("QPRTPARA=X", WritesNv), ("QPRTPARA=3?", WritesNv),
        ("EGMR", IDENTITY), ("EGMR=", IDENTITY), ("EGMR=1,7,\"490154203237518\"", IDENTITY), ("EGMR=\"1\",7", IDENTITY),
        ("EGMR=00,7", IDENTITY), ("EGMR=,7", IDENTITY), ("EGMR=+1,7", IDENTITY), ("EGMR=X,7", IDENTITY),
        ("EGMR=1,7?", IDENTITY), ("CFUN=1+EGMR=1,7", IDENTITY),
        ("QNVW=550,0,\"08\"", ITEM), ("QNVW=0550,0", ITEM), ("QNVW=0x226,0", ITEM), ("QNVW=\"550\",0", ITEM),
        ("QNVW=0,0", ITEM), ("NV=550,9,\"08\"", ITEM), ("NV=1943,1", ITEM), ("NVW=5598,1", ITEM), ("XNVW=1,0", ITEM),
        ("QNVFW=\"/nvm/num/550\",08", ITEM), ("QNVFW=\"//nvm/./num/550\",08", ITEM), ("QNVFD=\"/nvm/num/1943\"", ITEM),
        ("QNVFW=\"/x/550\",08", ITEM), ("QNVFD=/NVM/NUM/0", ITEM), ("QNVFW=\"/x/../nvm/num/550\",08", ITEM),
        ("QNVW=66086,0", UNCLEAR), ("QNVW=-64986,0", UNCLEAR), ("QNVW=,0", UNCLEAR), ("QNVW=X,0", UNCLEAR),
        ("QNVW", UNCLEAR), ("NV", UNCLEAR), ("QNVFW=\"nvm/num/550\",08", UNCLEAR),
        ("QRFTEST", TRANSMITS), ("QRFTEST?", TRANSMITS), ("QRFTEST=?", TRANSMITS), ("QRFTEST=mode", TRANSMITS),
        ("QRFTEST=\"tx\",1", TRANSMITS), ("QRFTEST=\"mode\",1", TRANSMITS), ("QRFTEST=\"mode\"?", TRANSMITS),
        ("QCFG=\"usbcfg\",0x05C6,0x9008,1,1,1,1,1,1,0", LOCKS_OUT), ("QCFG=\"usbcfg\",0x2C7C", LOCKS_OUT),
        ("QCFG=\"usbcfg\",0x2C7C,0x0801,0,1,1,1,1,1,0", LOCKS_OUT), ("QCFG=\"usbcfg\",0x2C7C,0x0801,1,1,X,1,1,1,0", LOCKS_OUT),
        ("QCFG=usbcfg,0x2C7C,0x0801,1,1,1,1", LOCKS_OUT),
        ("CFUN=1;+CFUN=0", SEVERAL), ("CFUN?\r", SEVERAL), ("CFUN?\nAT", SEVERAL), ("CGSN\u{1a}", SEVERAL),
        ("EGMR\u{a0}=1,7", SEVERAL), ("CUSD=1,\"é\"", SEVERAL), ("X=\t1", SEVERAL),
    ];

    /// Whole lines.
    #[rustfmt::skip]
    const LINES: &[(&str, Intent)] = &[
        ("AT", Query), ("ATI", Query), ("AT&V?", Query), ("ATZ", Setting), ("ATE0", Setting), ("AT&F", Setting),
        ("ATE0+QNVFD=\"/x\"", WritesNv), ("ATE0Q0V1^NV=2497,1", WritesNv),
        ("ATE0+EGMR=1,7", IDENTITY), ("ATE0Q0V1+EGMR=1,10", IDENTITY), ("ATE0^NV=550", ITEM), ("ate0+qrftest=\"rx\"", TRANSMITS),
        ("", NO_COMMAND), ("A/", NO_COMMAND), ("+++", NO_COMMAND), ("+CFUN?", NO_COMMAND), ("ATI\0", SEVERAL),
    ];

    #[test]
    fn every_command_is_judged_alike_in_every_spelling() {
        assert!(NAMED.len() + LINES.len() >= 60);
        let lines = LINES
            .iter()
            .map(|(line, wanted)| ((*line).to_owned(), *wanted));
        let named = NAMED.iter().flat_map(|(named, wanted)| {
            ["+", "^", "$", "*"].map(|sign| (format!("AT{sign}{named}"), *wanted))
        });
        for (command, wanted) in lines.chain(named) {
            let blanks: String = command.chars().flat_map(|c| [' ', c]).collect();
            let spellings = [
                command.clone(),
                command.to_ascii_lowercase(),
                command.to_ascii_uppercase(),
                command.replace('=', " = "),
                blanks,
            ];
            for spelling in spellings {
                assert_eq!(intent(&spelling), wanted, "{spelling:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = intent(&text);
            let _ = intent(&format!("AT+QNVFW={text}"));
            let _ = intent(&format!("AT+QCFG=\"usbcfg\",{text}"));
        }

        /// What is put before a refused command does not hide it; it may itself be a reason to refuse (`AT&NV`).
        #[test]
        fn nothing_in_front_hides_a_refused_command(front in "[A-Z0-9&]{0,8}") {
            let line = format!("AT{front}+EGMR=1,7");
            prop_assert!(matches!(intent(&line), Intent::Refused(_)));
        }
    }
}
