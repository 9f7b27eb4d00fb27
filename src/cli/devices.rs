//! `unbrick devices`: what is plugged in, in which mode, by what evidence, and which plans fit.

use super::Stop;
use super::args::DevicesOptions;
use crate::diagnostic::Problem;
use crate::engine::ExitCode;
use crate::modem::Place;
use crate::modem::survey::{self, Device, Every, Plans, Survey};
use crate::modem::sysfs::WwanDevice;
use crate::modem::topology::Topology;
use crate::report::{Output, devices};
use crate::transport::SystemClock;
use crate::transport::usb::Arrivals;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks of the watch; sooner where the bus tells that something came or went.
const LOOK: Duration = Duration::from_millis(250);

pub(super) fn devices(options: &DevicesOptions, output: Output) -> Result<ExitCode, Stop> {
    let topology = match &options.sysfs {
        Some(folder) => Topology::beneath(folder)?,
        None => Topology::here(),
    };
    let plans = Plans::built_in()?;
    let every = if options.all {
        Every::Device
    } else {
        Every::Modem
    };
    let look = || survey::survey(&topology, &plans, every);
    let first = look();
    let empty = first.devices.is_empty() && first.wwan.is_empty();
    if let (Some(error), true) = (&first.no_usb, empty) {
        let problem = Problem::bare("usb::none", error.to_string());
        let help = "attach the modem to a computer with USB, or name ports with `--port`";
        return Err(Stop::one(ExitCode::NoModem, problem.help(help)));
    }
    if options.watch {
        let arrivals = if options.sysfs.is_some() {
            Arrivals::none()
        } else {
            Arrivals::listen()
        };
        return watch(look, first, arrivals, options.json, output);
    }
    if options.json {
        output.json(&devices::document(&first))?;
        return Ok(ExitCode::Proved);
    }
    for block in devices::people(&first) {
        output.data(&block)?;
    }
    if let Some(error) = &first.no_usb {
        output.talk(&error.to_string());
    } else if empty {
        output.talk("no modem is plugged in; `unbrick devices --all` lists everything on USB");
    }
    Ok(ExitCode::Proved)
}

/// Tells what comes, goes and changes, until a person stops it.
fn watch(
    look: impl Fn() -> Survey,
    first: Survey,
    mut arrivals: Arrivals,
    as_json: bool,
    output: Output,
) -> Result<ExitCode, Stop> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let clock = SystemClock::start();
    let tell = |word: &str, mark: &str, seen: &Seen| match (as_json, seen) {
        (true, Seen::Usb(device)) => output.json(&devices::event(word, device)),
        (true, Seen::Wwan(modem)) => output.json(&devices::wwan_event(word, modem)),
        (false, Seen::Usb(device)) => output.data(&format!("{mark} {}", devices::line(device))),
        (false, Seen::Wwan(modem)) => output.data(&format!("{mark} {}", devices::wwan_line(modem))),
    };
    let mut before: BTreeMap<Key, Seen> = BTreeMap::new();
    let mut now = first;
    loop {
        let after = seen(now);
        for (key, one) in &before {
            if !after.contains_key(key) {
                tell("left", "-", one)?;
            }
        }
        for (key, one) in &after {
            match before.get(key) {
                None => tell("arrived", "+", one)?,
                // A driver, a tty or a port came later than the modem.
                Some(earlier) if earlier.differs_from(one) => tell("changed", "~", one)?,
                Some(_) => {}
            }
        }
        before = after;
        arrivals.wait(&clock, LOOK);
        if stop.load(Ordering::Relaxed) {
            return Ok(ExitCode::Proved);
        }
        now = look();
    }
}

/// What tells one arrival from another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Usb(Place, u8),
    /// Its name, and its address on PCI.
    Wwan(String, Option<String>),
}

enum Seen {
    Usb(Box<Device>),
    Wwan(WwanDevice),
}

impl Seen {
    fn differs_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Usb(one), Self::Usb(other)) => one.plugged != other.plugged,
            (Self::Wwan(one), Self::Wwan(other)) => one != other,
            _ => true,
        }
    }
}

fn seen(survey: Survey) -> BTreeMap<Key, Seen> {
    let usb = survey.devices.into_iter().map(|device| {
        let key = Key::Usb(device.plugged.place.clone(), device.plugged.address);
        (key, Seen::Usb(Box::new(device)))
    });
    let wwan = survey.wwan.into_iter().map(|modem| {
        let address = modem.pci.as_ref().map(|(address, ..)| address.clone());
        (Key::Wwan(modem.name.clone(), address), Seen::Wwan(modem))
    });
    usb.chain(wwan).collect()
}
