//! `unbrick sim`: a simulated modem for any program, and the files that its scenario makes.

use super::Stop;
use super::args::SimOptions;
use crate::diagnostic::Problem;
use crate::engine::ExitCode;
use crate::files::{self, Root};
use crate::plan::{Profile, Scenario, library};
use crate::report::Output;
use crate::sim::{self, usb};
use crate::transport::{Interrupt, SystemClock};
use camino::Utf8Path;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};

pub(super) fn sim(options: &SimOptions, output: Output) -> Result<ExitCode, Stop> {
    let (_, scenario) = library::load_scenario(&options.scenario)?;
    let (_, profile) = library::load_profile(&scenario.modem, None)?;
    if options.package.is_some() || options.xqcn.is_some() {
        return make(options, &scenario, &profile, output);
    }
    if options.link.is_none() && !options.usb {
        return Err(Stop::usage(
            "there is nothing to do",
            "give --link, --usb, --package or --xqcn",
        ));
    }
    let mut modem = sim::Modem::new(&scenario, &profile, sim::Options { seed: options.seed })
        .map_err(|error| problem("scenario::modem", &error))?;
    let stop = Interrupt::default();
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let wish = stop.clone();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            wish.wish();
        }
    });
    let steps: Vec<String> = scenario
        .hands
        .iter()
        .map(|(name, _)| name.value.clone())
        .collect();
    let console = std::io::stdin();
    let terms = sim::serve::Terms {
        log: options.log.as_deref(),
        steps: &steps,
        console: Some(console.as_fd()),
        speed: options.speed,
        stop,
    };
    let clock = SystemClock::start();
    let mut say = |line: &str| output.talk(line);
    let served = match &options.link {
        Some(link) => sim::serve::serve_ptys(&mut modem, link, &terms, &clock, &mut say),
        None => on_usb(modem, options, &terms, &clock, &mut say),
    };
    served.map_err(|error| {
        let problem = Problem::bare("sim::serve", error.to_string());
        let problem = match &error {
            sim::serve::Error::Vhci(vhci) => vhci.help().into_iter().fold(problem, Problem::help),
            _ => problem,
        };
        Stop::one(ExitCode::Problems, problem)
    })?;
    Ok(ExitCode::Proved)
}

/// Plugs the modem into the kernel's virtual USB host controller.
fn on_usb(
    modem: sim::Modem,
    options: &SimOptions,
    terms: &sim::serve::Terms<'_>,
    clock: &SystemClock,
    say: &mut dyn FnMut(&str),
) -> Result<(), sim::serve::Error> {
    let mut controller = usb::Vhci::open(Utf8Path::new(usb::SYSFS))?;
    let ports = if options.usb3 {
        usb::Ports::RunningAtSuper
    } else {
        usb::Ports::High
    };
    let mut function = usb::UsbModem::new(Arc::new(Mutex::new(modem)), ports);
    sim::serve::serve_usb(&mut function, &mut controller, terms, clock, say)
}

/// Writes the package or the calibration file of the scenario; nothing is overwritten.
fn make(
    options: &SimOptions,
    scenario: &Scenario,
    profile: &Profile,
    output: Output,
) -> Result<ExitCode, Stop> {
    for (_, made) in &scenario.makes.0 {
        if let (Some(package), Some(folder)) = (&made.package, &options.package) {
            let parent = Root::create(folder.parent().unwrap_or(Utf8Path::new("")))?;
            let name = Utf8Path::new(folder.file_name().unwrap_or("package"));
            if parent.exists(name) {
                return Err(Stop::one(
                    ExitCode::Problems,
                    Problem::bare("host::exists", format!("`{folder}` exists already"))
                        .help("nothing is overwritten: name a folder that does not exist"),
                ));
            }
            let root = Root::create(folder)?;
            let mut package = package.clone();
            sim::set_size(&mut package, options.size.as_deref());
            sim::make_package(&root, &package, profile)
                .map_err(|error| problem("sim::package", &error))?;
            output.data(folder.as_str())?;
        }
        if let (Some(xqcn), Some(path)) = (&made.xqcn, &options.xqcn) {
            let parent = Root::create(path.parent().unwrap_or(Utf8Path::new("")))?;
            let name = Utf8Path::new(path.file_name().unwrap_or("made.xqcn"));
            files::write_new(&parent, name, &sim::xqcn::make_xqcn(xqcn, profile))?;
            output.data(path.as_str())?;
        }
    }
    Ok(ExitCode::Proved)
}

fn problem(code: &'static str, error: &dyn std::error::Error) -> Stop {
    Stop::one(ExitCode::Problems, Problem::bare(code, error.to_string()))
}
