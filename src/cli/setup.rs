//! From options to what a run needs: the proof, the inputs, the modem's bus.

use super::Stop;
use super::args::RunOptions;
use super::keep;
use super::operator::{Simulated, Terminal};
use crate::check::{self, CheckedPlan};
use crate::diagnostic::Problem;
use crate::engine::approval::Digest;
use crate::engine::inputs::{self, Given, Secrets};
use crate::engine::store::{self, Scratch, Store};
use crate::engine::zips;
use crate::engine::{ExitCode, Operator};
use crate::files::{self, Root};
use crate::host::Keeper;
use crate::modem::ports::{PortBus, Target};
use crate::modem::usb::UsbBus;
use crate::modem::{Bus, LookError, Place as UsbPlace, Role, Session};
use crate::plan::{Kind, Profile, Values, library};
use crate::rehearse::{self, PackageSize, Simulation};
use crate::report::{Output, problems};
use crate::sim;
use crate::transport::{self, Clock, Interrupt, SystemClock};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

/// Reads and proves a plan; prints warnings.
pub(super) fn plan(name: &str, output: Output) -> Result<CheckedPlan, Stop> {
    let (plan, warnings) = check::load(name)?;
    for warning in &warnings {
        output.talk(&problems::human(warning, output));
    }
    Ok(plan)
}

/// The state folder.
pub(super) fn store(state: Option<&Utf8Path>) -> Result<Store, Stop> {
    let folder = match state {
        Some(folder) => folder.to_owned(),
        None => store::default_folder(|name| std::env::var(name).ok()).ok_or_else(|| {
            Stop::usage(
                "there is no folder for runs: neither XDG_STATE_HOME nor HOME is set",
                "name one with `--state DIR`",
            )
        })?,
    };
    Ok(Store::open(&folder)?)
}

/// Options that are texts, read.
pub(super) struct Resolved {
    pub(super) given: Given,
    pub(super) overrides: BTreeMap<String, String>,
    pub(super) approve: Option<Digest>,
    pub(super) ports: BTreeMap<Role, Target>,
}

pub(super) fn resolve(options: &RunOptions, plan: &CheckedPlan) -> Result<Resolved, Stop> {
    let approve = match &options.approve {
        None => None,
        Some(text) => Some(Digest::parse(text).ok_or_else(|| {
            Stop::usage(
                format!("`{text}` is no digest"),
                "take the line `unit:…` that `unbrick dry-run` prints with the modem attached",
            )
        })?),
    };
    // Before anything is read, unpacked or locked for it.
    usb_place(options)?;
    Ok(Resolved {
        given: given(options)?,
        overrides: overrides(options, plan)?,
        approve,
        ports: ports(options)?,
    })
}

/// Where the modem is on USB, where that was said.
fn usb_place(options: &RunOptions) -> Result<Option<UsbPlace>, Stop> {
    let Some(text) = &options.usb else {
        return Ok(None);
    };
    let place = UsbPlace::parse(text).ok_or_else(|| {
        Stop::usage(
            format!("`{text}` is no USB port path"),
            "take a path such as 1-2.3; `unbrick devices` lists them",
        )
    })?;
    Ok(Some(place))
}

fn given(options: &RunOptions) -> Result<Given, Stop> {
    let mut given = Given::new();
    if let Some(path) = &options.inputs_file {
        let bytes = files::read_capped(path, 1 << 20)?.ok_or_else(|| {
            Stop::usage(
                format!("`{path}` is longer than 1 MiB"),
                "give a file of inputs",
            )
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Stop::usage(format!("`{path}` is no text"), "give one NAME=VALUE a line")
        })?;
        for line in text.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                let (name, value) = pair("--inputs", line)?;
                given.insert(name, value);
            }
        }
    }
    for input in &options.inputs {
        let (name, value) = pair("--input", input)?;
        if given.insert(name.clone(), value).is_some() && options.inputs_file.is_none() {
            return Err(Stop::usage(
                format!("input `{name}` is given twice"),
                "give it once",
            ));
        }
    }
    Ok(given)
}

fn pair(option: &str, text: &str) -> Result<(String, String), Stop> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err(Stop::usage(
            format!("`{option} {text}` has no name and value"),
            "write NAME=VALUE",
        )),
    }
}

/// Only `rollback`, and `same_unit` for a donor file, may be overridden; with a reason.
fn overrides(options: &RunOptions, plan: &CheckedPlan) -> Result<BTreeMap<String, String>, Stop> {
    let mut all = BTreeMap::new();
    for text in &options.overrides {
        let (name, reason) = pair("--override", text)?;
        let Some(guard) = plan.guards().iter().find(|guard| guard.name == name) else {
            return Err(Stop::usage(
                format!("the plan has no guard `{name}`"),
                "name one of the plan's guards",
            ));
        };
        if !guard.kind.may_be_overridden() {
            return Err(Stop::usage(
                format!(
                    "guard `{name}` is of kind `{}`, which is never overridden",
                    guard.kind.name().word()
                ),
                "mend what it refuses",
            ));
        }
        if reason.trim().is_empty() {
            return Err(Stop::usage(
                format!("the override of `{name}` gives no reason"),
                "write --override GUARD=REASON; the reason goes into the journal",
            ));
        }
        all.insert(name, reason);
    }
    Ok(all)
}

fn ports(options: &RunOptions) -> Result<BTreeMap<Role, Target>, Stop> {
    let mut ports = BTreeMap::new();
    for text in &options.ports {
        let (role, target) = pair("--port", text)?;
        let role = match role.as_str() {
            "at" => Role::At,
            "diag" => Role::Diag,
            "edl" => Role::Edl,
            "fastboot" => {
                return Err(Stop::usage(
                    "fastboot has no port that can be named: its replies are packets, and a stream of bytes has none"
                        .to_owned(),
                    "attach the modem by USB and leave --port away; --usb PATH names one of several",
                ));
            }
            _ => {
                return Err(Stop::usage(
                    format!("`{role}` is no role of a port"),
                    "use at, diag or edl",
                ));
            }
        };
        let target = Target::parse(&target).ok_or_else(|| {
            Stop::usage(
                format!("`{target}` is no port"),
                "give a tty path, or tcp:HOST:PORT",
            )
        })?;
        if let Some((other, _)) = ports.iter().find(|(_, known)| **known == target) {
            return Err(Stop::usage(
                format!("`{target}` is given for {other} and for {role}"),
                "one port speaks one of them; `unbrick devices` tells which",
            ));
        }
        if ports.insert(role, target).is_some() {
            return Err(Stop::usage(
                format!("the port of {role} is given twice"),
                "give it once",
            ));
        }
    }
    Ok(ports)
}

/// The simulated modem of a run. Adds the inputs that its scenario gives or makes.
pub(super) fn simulation(
    name: &str,
    options: &RunOptions,
    plan: &CheckedPlan,
    store: &Store,
    given: &mut Given,
) -> Result<Simulation, Stop> {
    let (_, scenario) = library::load_scenario(name)?;
    let problem = |problem| Stop::one(ExitCode::Problems, problem);
    let size = match &options.package_size {
        Some(size) => PackageSize::Wanted(size),
        None => PackageSize::Described,
    };
    let simulation = Simulation::new(&scenario, plan, options.seed).map_err(problem)?;
    let made = store.made()?;
    let (words, makes) = (&scenario.inputs, &scenario.makes);
    rehearse::give(words, makes, size, plan, &made, given).map_err(problem)?;
    Ok(simulation)
}

/// Where the modem is looked for.
pub(super) struct Place {
    pub(super) session: Session,
    pub(super) name: String,
}

/// Opens the bus that the options name. A keeper locks what is seen on it.
pub(super) fn place(
    options: &RunOptions,
    ports: BTreeMap<Role, Target>,
    simulation: Option<Simulation>,
    plan: &CheckedPlan,
    interrupt: Interrupt,
    keeper: Option<&Keeper>,
) -> Result<Place, Stop> {
    let profile = Arc::new(plan.profile().clone());
    let (bus, clock, name): (Box<dyn Bus>, Arc<dyn Clock>, String) = if let Some(sim) = simulation {
        (
            Box::new(sim.bus),
            sim.clock,
            "the simulated modem".to_owned(),
        )
    } else if ports.is_empty() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let (bus, name) = usb(options, profile.clone(), clock.clone())?;
        (Box::new(bus), clock, name)
    } else {
        let name: Vec<String> = ports
            .iter()
            .map(|(role, target)| format!("{role}={target}"))
            .collect();
        let bus = PortBus::new(ports);
        (
            Box::new(bus),
            Arc::new(SystemClock::start()),
            name.join(" "),
        )
    };
    let bus = match keeper {
        Some(keeper) => keep::kept(keeper, bus)?,
        None => bus,
    };
    Ok(Place {
        session: Session::new(bus, clock, interrupt, profile),
        name,
    })
}

/// The code of a refusal to choose between two modems.
pub(super) const SEVERAL: &str = "modem::several";

/// The modem on USB, pinned where it is seen. Two that fit are told before anything is asked or written.
fn usb(
    options: &RunOptions,
    profile: Arc<Profile>,
    clock: Arc<dyn Clock>,
) -> Result<(UsbBus, String), Stop> {
    let place = usb_place(options)?;
    let none = |error: transport::Error| {
        let problem = Problem::bare("usb::none", error.to_string());
        let help = "name ports with `--port`, or run on the simulated modem with `--sim`";
        Stop::one(ExitCode::NoModem, problem.help(help))
    };
    let mut bus = UsbBus::new(profile, place, clock).map_err(none)?;
    match bus.look() {
        Ok(_) => {}
        Err(LookError::Bus(error)) => return Err(none(error)),
        Err(error @ LookError::Several(_)) => {
            let problem = Problem::bare(SEVERAL, error.to_string());
            let help =
                "unplug all but one, or name one with `--usb PATH`; `unbrick devices` tells more";
            return Err(Stop::one(ExitCode::NoModem, problem.help(help)));
        }
    }
    let name = bus
        .pinned()
        .map_or_else(|| "usb".to_owned(), ToString::to_string);
    Ok((bus, name))
}

/// The person, or the one who stands for them at the simulated modem.
pub(super) fn operator(
    options: &RunOptions,
    plan: &CheckedPlan,
    asks: bool,
    output: Output,
) -> Result<Box<dyn Operator>, Stop> {
    let terminal = Terminal {
        output,
        asks: asks && !options.json,
    };
    if options.sim.is_none() {
        return Ok(Box::new(terminal));
    }
    let answers = answers(options, plan)?;
    Ok(Box::new(Simulated { answers, terminal }))
}

fn answers(options: &RunOptions, plan: &CheckedPlan) -> Result<BTreeMap<String, String>, Stop> {
    let mut answers = BTreeMap::new();
    for text in &options.answers {
        let (step, answer) = pair("--answer", text)?;
        if !plan.all_steps().any(|checked| checked.id() == step) {
            return Err(Stop::usage(
                format!("the plan has no step `{step}`"),
                "`unbrick show` lists its steps",
            ));
        }
        if answers.insert(step.clone(), answer).is_some() {
            return Err(Stop::usage(
                format!("step `{step}` is answered twice"),
                "answer it once",
            ));
        }
    }
    Ok(answers)
}

/// Every input, read, typed and there.
pub(super) fn values(
    plan: &CheckedPlan,
    given: &Given,
    operator: &mut dyn Operator,
) -> Result<Values, Stop> {
    inputs::resolve(plan, given, operator, Secrets::Referred).map_err(|error| match error {
        inputs::Error::Problems(problems) => Stop::problems(problems),
        inputs::Error::Missing(missing) => Stop {
            exit: ExitCode::Declined,
            problems: missing
                .into_iter()
                .map(|(name, about)| {
                    Problem::bare(
                        "input::missing",
                        format!("input `{name}` is missing: {about}"),
                    )
                    .help(match plan.plan().inputs.get(&name) {
                        Some(input) if input.kind.value == Kind::Secret => {
                            format!(
                                "give it with `--input {name}=@FILE` or `--input {name}=env:VAR`"
                            )
                        }
                        _ => format!("give it with `--input {name}=VALUE`"),
                    })
                })
                .collect(),
        },
    })
}

/// The same with every zip unpacked, and the folder where that was done: it goes with what is returned.
pub(super) fn unpacked(
    plan: &CheckedPlan,
    values: Values,
    store: &Store,
    interrupt: &Interrupt,
) -> Result<(Values, Option<Scratch>), Stop> {
    let unpacked = zips::unpack(plan, values, || store.scratch(), interrupt);
    unpacked.map_err(|error| match error {
        zips::Error::Problems(problems) => Stop::problems(problems),
        zips::Error::Host(problem) => Stop::one(ExitCode::Host, problem),
        zips::Error::Interrupted(problem) => Stop::one(ExitCode::Interrupted, problem),
    })
}

/// What the simulated modem was sent.
pub(super) fn write_sim_log(path: &Utf8Path, modem: &Arc<Mutex<sim::Modem>>) -> Result<(), Stop> {
    let folder = Root::open(path.parent().unwrap_or(Utf8Path::new("")))?;
    let name = Utf8PathBuf::from(path.file_name().unwrap_or("sim.log"));
    let mut file = folder.create_new(&name)?;
    let modem = modem
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    for record in modem.record() {
        writeln!(file, "{}", record.json())?;
    }
    Ok(())
}
