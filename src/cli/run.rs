//! `unbrick run` and `unbrick resume`.

use super::args::RunOptions;
use super::{Stop, keep, setup};
use crate::diagnostic::Problem;
use crate::engine::resume::{self, History};
use crate::engine::run::{Ended, Request, StartError};
use crate::engine::store::RunFolder;
use crate::engine::{self, Outcome};
use crate::engine::{ExitCode, Listener};
use crate::files::{self, Root};
use crate::modem::Place as UsbPlace;
use crate::rehearse;
use crate::report::{Machine, Output, People};
use crate::transport::{Clock as _, Interrupt, SystemClock};
use camino::Utf8Path;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::time::Duration;

pub(super) fn run(
    name: &str,
    options: &RunOptions,
    asks: bool,
    output: Output,
) -> Result<ExitCode, Stop> {
    let store = setup::store(options.state.as_deref())?;
    go(name, options, asks, output, Which::New, &store)
}

pub(super) fn resume(
    id: &str,
    options: &RunOptions,
    asks: bool,
    output: Output,
) -> Result<ExitCode, Stop> {
    let store = setup::store(options.state.as_deref())?;
    let folder = store.run(id).map_err(|error| {
        let problem = Problem::bare("run::unknown", format!("there is no run `{id}`: {error}"));
        Stop::one(ExitCode::Usage, problem.help("`unbrick runs` lists them"))
    })?;
    let private = resume::private(&folder).map_err(|error| cannot_resume(&error))?;
    let here = files::here()?;
    if here != private.folder {
        return Err(cannot_resume(&resume::Error::OtherFolder(private.folder)));
    }
    let mut options = options.clone();
    if options.ports.is_empty() && options.usb.is_none() {
        options.ports.clone_from(&private.ports);
    }
    let begun_at = UsbPlace::parse(&private.place).map(|place| place.to_string());
    let mut inputs: Vec<String> = private
        .inputs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    inputs.append(&mut options.inputs);
    options.inputs = inputs;
    let plan = private.plan.clone();
    let history = History::read(&folder, private).map_err(|error| cannot_resume(&error))?;
    if options.ports.is_empty() && options.usb.is_none() {
        // A run that was begun with nothing attached saw its modem later.
        options.usb = history.place().map(str::to_owned).or(begun_at);
    }
    // The simulated modem of an earlier call is gone; a new one was never written to.
    history
        .is_for(false)
        .map_err(|error| cannot_resume(&error))?;
    if options.sim.is_some() {
        return Err(cannot_resume(&resume::Error::Real));
    }
    let which = Which::Earlier(folder, Box::new(history));
    go(&plan, &options, asks, output, which, &store)
}

/// The run that is begun or goes on.
enum Which {
    New,
    Earlier(RunFolder, Box<History>),
}

fn go(
    name: &str,
    options: &RunOptions,
    asks: bool,
    output: Output,
    which: Which,
    store: &engine::store::Store,
) -> Result<ExitCode, Stop> {
    let plan = setup::plan(name, output)?;
    let mut resolved = setup::resolve(options, &plan)?;
    let simulation = match &options.sim {
        Some(scenario) => {
            let given = &mut resolved.given;
            Some(setup::simulation(scenario, options, &plan, store, given)?)
        }
        None => None,
    };
    let simulated = simulation.as_ref().map(|s| s.modem.clone());
    let mut operator = setup::operator(options, &plan, asks, output)?;
    let values = setup::values(&plan, &resolved.given, operator.as_mut())?;
    let interrupt = Interrupt::default();
    watch_signals(&interrupt, output)?;
    // What was unpacked stays until the run is over.
    let (values, _scratch) = setup::unpacked(&plan, values, store, &interrupt)?;
    let keeper = match &simulation {
        Some(_) => None,
        None => Some(keep::keeper(options, &resolved.ports, name, store)?),
    };
    let (ports, keeper) = (resolved.ports, keeper.as_ref());
    let mut place = setup::place(options, ports, simulation, &plan, interrupt, keeper)?;
    if let Some(keeper) = keeper {
        keep::clear_the_way(keeper, store)?;
    }
    let (folder, history) = match which {
        Which::New => (store.new_run()?, None),
        Which::Earlier(folder, history) => (folder, Some(*history)),
    };
    if let Some(keeper) = keeper {
        keeper.begins(&folder.id);
    }
    let outputs = if simulated.is_some() {
        rehearse::outputs(&folder.root)?
    } else {
        Root::open(&files::here()?)?
    };
    let run_path = folder.root.path().to_owned();
    let request = Request {
        plan: &plan,
        name: name.to_owned(),
        values,
        overrides: resolved.overrides,
        approve: resolved.approve,
        yes: options.yes,
        outputs,
        place: place.name,
        ports: options.ports.clone(),
        folder,
        resume: history,
    };
    let mut people = People::new(output);
    let mut machine = Machine::new(output);
    let listener: &mut dyn Listener = if options.json {
        &mut machine
    } else {
        &mut people
    };
    let ended = engine::run::run(
        request,
        &mut place.session,
        operator.as_mut(),
        vec![listener],
    )
    .map_err(|error| cannot_start(&error))?;
    if let (Some(path), Some(modem)) = (&options.sim_log, &simulated) {
        setup::write_sim_log(path, modem)?;
    }
    if !options.json {
        tell(&ended, &run_path, output)?;
    }
    Ok(ended.outcome.exit())
}

/// The last words: what the modem is now, what proves it, where the report lies; or what to do next.
fn tell(ended: &Ended, run: &Utf8Path, output: Output) -> Result<(), Stop> {
    for (name, value) in &ended.report {
        output.data(&format!("{name}: {value}"))?;
    }
    if ended.outcome == Outcome::Proved {
        output.data(&format!("PROVED. {}", ended.message))?;
        output.talk(&format!("The journal of run {} lies in {run}", ended.run));
        return Ok(());
    }
    let mut problem = Problem::bare(
        "run::ended",
        format!("{}: {}", ended.outcome.word().to_uppercase(), ended.message),
    );
    if let Some(help) = &ended.help {
        problem = problem.help(help.clone());
    }
    output.talk(&crate::report::problems::human(&problem, output));
    let code = ended.code.as_deref().unwrap_or("-");
    output.talk(&format!(
        "Exit {}, code {code}. The journal of run {} lies in {run}",
        ended.outcome.exit().number(),
        ended.run
    ));
    Ok(())
}

fn cannot_start(error: &StartError) -> Stop {
    let (exit, code, help) = match error {
        StartError::Resume(error) => return cannot_resume(error),
        StartError::Journal(_) | StartError::File(_) => (
            ExitCode::Problems,
            "host::journal",
            "the modem was not touched; make room, or name another folder with `--state`",
        ),
        StartError::Exists(_) => (
            ExitCode::Problems,
            "host::exists",
            "the modem was not touched; move it away, or give the unit another name",
        ),
        StartError::NeedsApproval(digest) => {
            let help = format!(
                "nothing was sent; look at `unbrick log`, then resume with `--approve {digest}`"
            );
            let problem = Problem::bare("run::approval", error.to_string()).help(help);
            return Stop::one(ExitCode::Declined, problem);
        }
        StartError::StaleApproval(_) | StartError::OfflineApproval => (
            ExitCode::Declined,
            "run::approval",
            "the modem was not touched; look at `unbrick dry-run` again, and approve what it prints",
        ),
    };
    Stop::one(exit, Problem::bare(code, error.to_string()).help(help))
}

fn cannot_resume(error: &resume::Error) -> Stop {
    let exit = match error {
        resume::Error::Interrupted => ExitCode::Interrupted,
        error if error.is_about_the_modem() => ExitCode::NoModem,
        _ => ExitCode::Problems,
    };
    let problem = Problem::bare(resume::CODE, error.to_string());
    Stop::one(exit, problem.help(error.help()))
}

/// How close a second Ctrl-C must follow the first to stop a flash.
const AGAIN_WITHIN: Duration = Duration::from_secs(5);
const GOES_ON: &str = "The flash goes on: without its boot loader the modem would not start. Ctrl-C again within 5 \
                       seconds stops it at the end of the present range, where `unbrick resume` can go on.";

/// Ctrl-C is a wish; SIGTERM counts twice, for whoever sent it will kill soon; SIGHUP is ignored, because a dropped
/// ssh must not end a flash.
fn watch_signals(interrupt: &Interrupt, output: Output) -> Result<(), Stop> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let interrupt = interrupt.clone();
    let clock = SystemClock::start();
    let mut last = Duration::ZERO;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGINT => {
                    let now = clock.now();
                    let late = now.saturating_sub(last) > AGAIN_WITHIN;
                    last = now;
                    if late && !interrupt.at_safe_point() {
                        // While a flash holds, only a second wish close to the first counts.
                        interrupt.clear();
                    }
                    interrupt.wish();
                    if !interrupt.at_safe_point() {
                        output.talk(GOES_ON);
                    }
                }
                SIGTERM => interrupt.terminate(),
                _ => {}
            }
        }
    });
    Ok(())
}
