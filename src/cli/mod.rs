//! The command line: arguments are read, resolved into one request, and handed on. One file per command.

mod args;
mod check;
mod devices;
mod doctor;
mod dry_run;
mod explain;
mod keep;
mod list;
mod new;
mod operator;
mod rehearse;
mod run;
mod runs;
mod setup;
mod show;
mod sim;
mod stop;

pub use stop::Stop;

use crate::engine::ExitCode;
use crate::report::{Output, problems};
use args::{Cli, Color, Command};
use clap::Parser;
use std::io::IsTerminal;

/// Parses, runs, prints, and returns the exit code.
pub fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is all that can fail here.
            let _ = error.print();
            let wrong = error.use_stderr();
            return if wrong {
                ExitCode::Usage
            } else {
                ExitCode::Proved
            }
            .into();
        }
    };
    let output = output(&cli);
    let code = match dispatch(cli, output) {
        Ok(code) => code,
        Err(stop) => {
            for problem in &stop.problems {
                output.talk(&problems::human(problem, output));
            }
            stop.exit
        }
    };
    code.into()
}

fn dispatch(cli: Cli, output: Output) -> Result<ExitCode, Stop> {
    let asks = !cli.global.non_interactive && std::io::stdin().is_terminal();
    match cli.command {
        Command::Plans { json } => list::plans(json, output),
        Command::Show(options) => show::show(&options, output),
        Command::Check { paths, format } => check::check(&paths, format, output),
        Command::New {
            model,
            folder,
            from,
        } => new::new(&model, &folder, from.as_deref(), output),
        Command::Rehearse(options) => rehearse::rehearse(&options, output),
        Command::DryRun { plan, options } => dry_run::dry_run(&plan, &options, asks, output),
        Command::Run { plan, options } => run::run(&plan, &options, asks, output),
        Command::Resume { run, options } => run::resume(&run, &options, asks, output),
        Command::Runs { json, state } => runs::runs(json, state.as_deref(), output),
        Command::Log { run, json, state } => runs::log(&run, json, state.as_deref(), output),
        Command::Devices(options) => devices::devices(&options, output),
        Command::Doctor(options) => doctor::doctor(&options, output),
        Command::Sim(options) => sim::sim(&options, output),
        Command::Explain { rule, json } => explain::explain(rule.as_deref(), json, output),
        Command::Schema { name } => list::schema(&name, output),
    }
}

fn output(cli: &Cli) -> Output {
    let color = match cli.global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            !refused && !cli.global.plain && std::io::stderr().is_terminal()
        }
    };
    Output {
        plain: cli.global.plain,
        color,
        quiet: cli.global.quiet,
    }
}
