//! Which AT commands only ask, which write NV items, and which are never sent. The built-in list holds for every
//! modem and is the driver's own ([`intent`]); a profile adds to it and takes nothing away.

use crate::plan::{Mode, Pattern, Profile};
use crate::protocol::at::{Intent, arguments_of, as_read, intent};
use crate::yaml::Spanned;

/// Whether a command is one query: `AT`, `ATI`, `AT+X?`, `AT+X=?`, or a query of the profile.
pub fn is_query(command: &str, profile: &Profile) -> bool {
    let listed = || {
        let command = as_read(command);
        let mut queries = profile.queries.iter();
        queries.any(|query| as_read(query) == command)
    };
    is_refused(command, profile).is_none()
        && !writes_nv(command, profile)
        && (intent(command) == Intent::Query || listed())
}

/// Whether a command writes NV items or the modem's file system (quectel.md §7), so that it demands guards.
pub fn writes_nv(command: &str, profile: &Profile) -> bool {
    let adds = || any_matches(&profile.nv_writing, &as_read(command)).is_some();
    intent(command) == Intent::WritesNv || adds()
}

/// Why a command is never sent, if so.
pub fn is_refused(command: &str, profile: &Profile) -> Option<String> {
    if let Intent::Refused(refused) = intent(command) {
        return Some(refused.to_string());
    }
    let command = as_read(command);
    if renumbers(&command, profile) {
        return Some("it changes the vendor or product id".to_owned());
    }
    let pattern = any_matches(&profile.refused, &command)?;
    Some(format!("the profile refuses `{pattern}`"))
}

/// `AT+QCFG="usbcfg",vid,pid,...` with other numbers than those by which the profile knows the running modem.
fn renumbers(command: &str, profile: &Profile) -> bool {
    let arguments = arguments_of(command, "QCFG").unwrap_or_default();
    let (Some(&"USBCFG"), Some(vendor)) = (arguments.first(), arguments.get(1)) else {
        return false;
    };
    let product = arguments.get(2).copied().unwrap_or_default();
    let [vendor, product] = [vendor, product].map(|id| {
        let digits = id.strip_prefix("0X").unwrap_or(id).to_lowercase();
        format!("{digits:0>4}")
    });
    let own = profile.modes.get(&Mode::Normal).into_iter().flatten();
    !own.into_iter()
        .any(|evidence| evidence.usb.to_lowercase() == format!("{vendor}:{product}"))
}

fn any_matches<'a>(patterns: &'a [Spanned<Pattern>], command: &str) -> Option<&'a str> {
    let found = patterns.iter().find(|pattern| pattern.is_in(command));
    found.map(|pattern| &*pattern.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::library;

    fn profile() -> Profile {
        library::load_profile("quectel/rm502q-gl", None).unwrap().1
    }

    #[test]
    fn only_what_reads_is_a_query() {
        let profile = profile();
        for command in [
            "AT",
            "ati",
            "AT+CFUN?",
            "AT+CFUN=?",
            "at+qgmr",
            "AT+CGSN",
            "AT+QRFTEST=\"mode\"",
            "AT+EGMR=0,7",
            "AT&V?",
        ] {
            assert!(is_query(command, &profile), "{command}");
        }
        for command in [
            "AT+CFUN=1",
            "AT+CFUN=1;+CFUN?",
            "AT+CFUN=1?",
            "AT+CFUN?\rAT+CFUN=0",
            "AT+EGMR=1,7,\"490154203237518\"?",
            "ATZ",
            "",
            "AT+?",
            "AT+QRFTEST=\"tx\"?",
            "+CFUN?",
        ] {
            assert!(!is_query(command, &profile), "{command:?}");
        }
    }

    #[test]
    fn what_writes_identity_transmits_or_locks_out_is_refused() {
        let profile = profile();
        for command in [
            "AT+EGMR=1,7,\"490154203237518\"",
            "at+egmr = 1,7,\"490154203237518\"",
            "AT+EGMR=\"1\",7,\"x\"",
            "AT+EGMR=X,7",
            "AT+EGMR=00,7",
            "AT+EGMR",
            "ATE0+EGMR=1,7,\"490154203237518\"",
            "AT+QNVW=550,0,\"08\"",
            "AT+QNVW=0x226,0,\"08\"",
            "AT+QNVW=1943,0,\"08\"",
            "AT+QNVW=X,0,\"08\"",
            "AT+QNVFW=\"/nvm/num/550\",08",
            "AT+QRFTEST=\"tx\",1",
            "AT+QRFTEST=\"mode\",1",
            "AT+QRFTEST",
            "AT+QRFTEST=?",
            "AT+QCFG=\"usbcfg\",0x2C7C,0x0801,1,1,1,1,1,1,0",
            "AT+QCFG=\"usbcfg\",0x2C7C,0x0800,0,1,1,1,1,1,0",
            "AT+QCFG=\"USBCFG\",0x05C6,0x9008,1,1,1,1,1,1,0",
            "AT+QCFG=\"usbcfg\",0x2C7C,0x0800",
            "AT+CFUN=1;+CFUN=0",
            "AT+CFUN=1\r",
            "ATI\0",
            "",
            "+++",
        ] {
            assert!(is_refused(command, &profile).is_some(), "{command:?}");
        }
        for command in [
            "AT+CFUN=1,1",
            "AT+EGMR=0,7",
            "AT+EGMR=?",
            "AT+QNVW=453,0,\"00\"",
            "AT+QNVW=?",
            "AT+QRFTEST=\"mode\"",
            "AT+QRFTESTMODE=0",
            "AT+QCFG=\"usbcfg\"",
            "AT+QCFG=\"usbcfg\",0x2C7C,0x0800,1,1,1,1,1,1,0",
            "AT+QCFG=\"usbnet\",1",
        ] {
            assert_eq!(is_refused(command, &profile), None, "{command:?}");
        }
    }

    #[test]
    fn what_writes_nv_is_known() {
        let profile = profile();
        for command in [
            "AT+QNVFW=\"/x\",00",
            "AT+QNVFD=\"/x\"",
            "at+qnvw=453,0,\"00\"",
            "AT+QPRTPARA=3",
            "AT+QPRTPARA=\"3\"",
            "ATE0+QNVFD=\"/x\"",
            "AT^NV=2497,1,\"01\"",
            "AT$NVW=453,0",
        ] {
            assert!(writes_nv(command, &profile), "{command}");
        }
        for command in [
            "AT+QPRTPARA=1",
            "AT+QPRTPARA=4",
            "AT+QPRTPARA=?",
            "AT+CFUN=1",
            "AT+QNVFR=\"/x\"",
        ] {
            assert!(!writes_nv(command, &profile), "{command}");
        }
    }

    #[test]
    fn a_profile_adds_and_never_takes_away() {
        let mut profile = profile();
        let word = |text: &str| crate::yaml::Spanned {
            value: text.to_owned(),
            span: 0..0,
        };
        let pattern = |text: &str| crate::yaml::Spanned {
            value: Pattern::from(text.to_owned()),
            span: 0..0,
        };
        profile.refused = vec![pattern(r"^AT\+QPOWD")];
        profile.nv_writing = vec![pattern(r"\+QCFG=.RRC")];
        profile.queries.push(word("AT+EGMR=1,7"));
        assert!(is_refused("at+qpowd=1", &profile).is_some());
        assert!(writes_nv("AT+QCFG=\"rrc\",1", &profile));
        assert!(!is_query("AT+EGMR=1,7", &profile));
        assert!(is_refused("AT+EGMR=1,7,\"x\"", &profile).is_some());
    }
}
