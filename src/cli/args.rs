//! The command line as typed. [`super::request`] resolves it; nothing below sees flags.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Recovers bricked cellular modems by plans that are proved before they touch one.
#[derive(Debug, Parser)]
#[command(name = "unbrick", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct Global {
    /// Colours: `auto` follows the terminal and `NO_COLOR`
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Never ask; implied where stdin is no terminal
    #[arg(long, global = true)]
    pub(super) non_interactive: bool,
    /// No boxes: for screen readers and logs
    #[arg(long, global = true)]
    pub(super) plain: bool,
    /// Say less
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List plans, built in and local
    Plans {
        #[arg(long)]
        json: bool,
    },
    /// Show a plan: inputs, steps with mode flow, effects, guards, worst-case time
    Show(ShowOptions),
    /// Find every problem of plans, profiles, fragments, scenarios and rehearsal cases
    Check {
        /// Files, folders or built-in names; all built-in files where none is given
        paths: Vec<String>,
        #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
        format: CheckFormat,
    },
    /// Write a first profile, plan and rehearsals of a model, which pass `check` and `rehearse` as they are
    New {
        /// Such as quectel/rm520n-gl
        #[arg(value_name = "VENDOR/MODEL")]
        model: String,
        /// The folder of all plans; the files go into VENDOR/MODEL below it
        #[arg(long = "in", value_name = "FOLDER", default_value = "plans")]
        folder: Utf8PathBuf,
        /// Take over the facts of a sister model's profile, each marked as unverified
        #[arg(long, value_name = "PROFILE")]
        from: Option<String>,
    },
    /// Run a plan's rehearsal cases on the simulated modem, and compare what comes out with what they expect
    Rehearse(RehearseOptions),
    /// Decide everything that can be decided, send nothing that changes anything, print the approval digest
    DryRun {
        plan: String,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Execute a plan on a modem, or on the simulated one with --sim
    Run {
        plan: String,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Go on with an earlier run after its last checkpoint
    Resume {
        /// The run's name, as `unbrick runs` lists it
        run: String,
        #[command(flatten)]
        options: RunOptions,
    },
    /// List earlier runs
    Runs {
        #[arg(long)]
        json: bool,
        /// Where runs are kept
        #[arg(long)]
        state: Option<Utf8PathBuf>,
    },
    /// Show one run's journal
    Log {
        run: String,
        #[arg(long)]
        json: bool,
        /// Where runs are kept
        #[arg(long)]
        state: Option<Utf8PathBuf>,
    },
    /// Show what is plugged in: mode, evidence, ports, kernel drivers, and the built-in plans that fit
    Devices(DevicesOptions),
    /// Find what on this computer would spoil a run, each with its cure
    Doctor(DoctorOptions),
    /// Serve a simulated modem on ptys, for any program; or write what a scenario makes
    Sim(SimOptions),
    /// Explain a rule of `check`, with a bad and a good example; list all rules where none is given
    Explain {
        /// The code of a problem, such as `plan::wrong-mode`
        rule: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Print a JSON Schema: plan, modem, fragment, scenario, rehearsal or events
    Schema { name: String },
}

#[derive(Debug, Args)]
pub(super) struct ShowOptions {
    /// A path, or a built-in name such as quectel/rm502q-gl/unbrick-900e
    #[arg(required_unless_present = "host_functions")]
    pub(super) plan: Option<String>,
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(super) format: ShowFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// Every function that conditions and scripts may call; with a plan, those that it calls
    #[arg(long)]
    pub(super) host_functions: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowFormat {
    /// Aligned columns
    Text,
    /// A document to print
    Markdown,
    /// A flowchart for Mermaid
    Mermaid,
    /// A flowchart for Graphviz
    Dot,
    /// One JSON document
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    Human,
    Json,
    Github,
}

#[derive(Debug, Clone, Args)]
pub(super) struct RunOptions {
    /// An input; a secret as NAME=@file or NAME=env:VAR
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub(super) inputs: Vec<String>,
    /// A file of inputs: one NAME=VALUE a line
    #[arg(long = "inputs", value_name = "FILE")]
    pub(super) inputs_file: Option<Utf8PathBuf>,
    /// Use this port instead of discovery: at, diag or edl = a tty path, or tcp:HOST:PORT
    #[arg(long = "port", value_name = "ROLE=TARGET")]
    pub(super) ports: Vec<String>,
    /// Pin a USB port path such as 1-2.3
    #[arg(long, value_name = "PATH", conflicts_with_all = ["ports", "sim"])]
    pub(super) usb: Option<String>,
    /// Run on the simulated modem: a built-in scenario or a file; never touches hardware
    #[arg(long, value_name = "SCENARIO", conflicts_with = "ports")]
    pub(super) sim: Option<String>,
    /// Seed of the simulated modem's whims
    #[arg(long, default_value_t = 0, requires = "sim")]
    pub(super) seed: u64,
    /// Size of the package that the simulated run makes, such as 32M
    #[arg(long, value_name = "SIZE", requires = "sim")]
    pub(super) package_size: Option<String>,
    /// What the person at the simulated modem answers at a step; `no` stops where the step asks for a yes
    #[arg(long = "answer", value_name = "STEP=TEXT", requires = "sim")]
    pub(super) answers: Vec<String>,
    /// Write what the simulated modem was sent, as JSON lines, to this file
    #[arg(long, value_name = "FILE", requires = "sim")]
    pub(super) sim_log: Option<Utf8PathBuf>,
    /// The digest that dry-run printed: one plan, one set of inputs and files, one unit
    #[arg(long, value_name = "DIGEST")]
    pub(super) approve: Option<String>,
    /// Answer harmless questions with yes; never confirms a step that destroys
    #[arg(long)]
    pub(super) yes: bool,
    /// Override one guard of a kind that may be overridden, with a reason
    #[arg(long = "override", value_name = "GUARD=REASON")]
    pub(super) overrides: Vec<String>,
    /// Where runs are kept
    #[arg(long)]
    pub(super) state: Option<Utf8PathBuf>,
    /// Print events as JSON lines; never asks
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RehearseOptions {
    /// A path, or a built-in name such as quectel/rm502q-gl/unbrick-900e
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) plan: Option<String>,
    /// Only this case: its file's name without the ending
    pub(super) case: Option<String>,
    /// The cases of every built-in plan
    #[arg(long)]
    pub(super) all: bool,
    /// Show what happens in each case
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct DevicesOptions {
    /// Everything on USB, not only what is known as a modem
    #[arg(long)]
    pub(super) all: bool,
    /// Tell what comes, goes and changes, until Ctrl-C
    #[arg(long)]
    pub(super) watch: bool,
    /// Print one JSON document; one line for each event with --watch
    #[arg(long)]
    pub(super) json: bool,
    /// Read a tree like /sys instead: a copy from another computer
    #[arg(long, value_name = "FOLDER", hide = true)]
    pub(super) sysfs: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct DoctorOptions {
    /// Write the udev rules to stdout: `| sudo tee /etc/udev/rules.d/70-unbrick.rules`
    #[arg(long, conflicts_with = "json")]
    pub(super) udev_rules: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
    /// Where runs are kept
    #[arg(long)]
    pub(super) state: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SimOptions {
    /// A built-in scenario such as quectel/rm502q-gl/900e, or a file
    pub(super) scenario: String,
    /// The folder in which `at`, `diag` and `edl` appear and vanish as the modem's mode changes
    #[arg(long, required_unless_present_any = ["usb", "package", "xqcn"])]
    pub(super) link: Option<Utf8PathBuf>,
    /// Plug the modem into this machine as a USB device; needs root and the kernel module vhci-hcd
    #[arg(long, conflicts_with_all = ["link", "package", "xqcn"])]
    pub(super) usb: bool,
    /// Show the running modem at the USB 3 half of its port, and everything else at the USB 2 half
    #[arg(long, requires = "usb", conflicts_with_all = ["link", "package", "xqcn"])]
    pub(super) usb3: bool,
    /// Write the scenario's firmware package into this folder, which must not exist, and end
    #[arg(long, conflicts_with = "link")]
    pub(super) package: Option<Utf8PathBuf>,
    /// Write the scenario's calibration file, which must not exist, and end
    #[arg(long, conflicts_with = "link")]
    pub(super) xqcn: Option<Utf8PathBuf>,
    /// Size of all files of the package together, such as 32M
    #[arg(long, requires = "package")]
    pub(super) size: Option<String>,
    /// Let the modem live this many times as fast as the clock
    #[arg(long, value_name = "TIMES", default_value_t = 1, conflicts_with_all = ["package", "xqcn"], value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) speed: u32,
    /// Append what the modem was sent, as JSON lines, to this file
    #[arg(long)]
    pub(super) log: Option<Utf8PathBuf>,
    /// Seed of the modem's whims
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
}
