//! `unbrick doctor`: what on this computer would spoil a run, and the cure.

use super::args::DoctorOptions;
use super::{Stop, keep};
use crate::engine::ExitCode;
use crate::engine::store;
use crate::files;
use crate::host::{Scene, check, udev};
use crate::modem::survey::{Every, Plans, survey};
use crate::report::{Output, doctor as report};

pub(super) fn doctor(options: &DoctorOptions, output: Output) -> Result<ExitCode, Stop> {
    if options.udev_rules {
        output.data(udev::rules().trim_end())?;
        return Ok(ExitCode::Proved);
    }
    let host = keep::host()?;
    let seen = survey(&keep::topology(), &Plans::built_in()?, Every::Modem);
    let state = options
        .state
        .clone()
        .or_else(|| store::default_folder(|name| std::env::var(name).ok()));
    let findings = check::all(&Scene {
        host: &host,
        no_usb: seen.no_usb.map(|error| error.to_string()),
        modems: &seen.devices,
        state,
        outputs: files::here()?,
        dbus: keep::dbus(),
        now: jiff::Timestamp::now().as_second(),
    });
    if options.json {
        output.json(&report::document(&findings))?;
    } else {
        for line in report::lines(&findings) {
            output.data(&line)?;
        }
    }
    let obstacle = findings
        .iter()
        .any(|finding| finding.severity.is_obstacle());
    Ok(if obstacle {
        ExitCode::Host
    } else {
        ExitCode::Proved
    })
}
