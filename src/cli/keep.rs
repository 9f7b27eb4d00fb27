//! Keeping a modem to one run: this computer, the locks on what the options name, and what is in the way.

use super::Stop;
use super::args::RunOptions;
use crate::diagnostic::Problem;
use crate::engine::ExitCode;
use crate::engine::store::Store;
use crate::files;
use crate::host::{Finding, Host, Keeper, Place, Scene, Severity, check, lock};
use crate::modem::ports::Target;
use crate::modem::survey::{Device, Every, Plans, survey};
use crate::modem::topology::Topology;
use crate::modem::{Bus, Role};
use camino::Utf8PathBuf;
use std::collections::{BTreeMap, BTreeSet};

/// This computer. A debug build looks at another one beneath `UNBRICK_ROOT`, for tests.
pub(super) fn host() -> Result<Host, files::Error> {
    Host::beneath(&root())
}

fn root() -> Utf8PathBuf {
    other_root().unwrap_or_else(|| "/".into())
}

fn other_root() -> Option<Utf8PathBuf> {
    let other = std::env::var("UNBRICK_ROOT").ok();
    other.filter(|_| cfg!(debug_assertions)).map(Into::into)
}

/// What is plugged into this computer.
pub(super) fn topology() -> Topology {
    let other = other_root().and_then(|root| Topology::beneath(&root.join("sys")).ok());
    other.unwrap_or_else(Topology::here)
}

/// Addresses of the system's bus (D-Bus Specification, "Well-known Message Bus Instances").
pub(super) fn dbus() -> String {
    let given = std::env::var("DBUS_SYSTEM_BUS_ADDRESS");
    given.unwrap_or_else(|_| format!("unix:path={}", root().join("run/dbus/system_bus_socket")))
}

/// Locks what the options name, before anything is opened.
pub(super) fn keeper(
    options: &RunOptions,
    ports: &BTreeMap<Role, Target>,
    plan: &str,
    store: &Store,
) -> Result<Keeper, Stop> {
    let place = if ports.is_empty() {
        Place::Usb(options.usb.clone())
    } else {
        Place::Ports(ports.clone())
    };
    let runtime = std::env::var("XDG_RUNTIME_DIR").ok();
    let folders = lock::folders(&root(), runtime.as_deref(), store.path());
    Keeper::new(host()?, folders, place, plan, dbus()).map_err(|refusal| refused(&refusal))
}

/// Locks what is there now, and whatever shows up later.
pub(super) fn kept(keeper: &Keeper, mut bus: Box<dyn Bus>) -> Result<Box<dyn Bus>, Stop> {
    keeper
        .look(&mut *bus)
        .map_err(|refusal| refused(&refusal))?;
    Ok(keeper.keep(bus))
}

/// Looks for what is in the way of a run: what stops it ends it here, the rest goes into its journal.
pub(super) fn clear_the_way(keeper: &Keeper, store: &Store) -> Result<(), Stop> {
    let host = host()?;
    let seen = survey(&topology(), &Plans::built_in()?, Every::Modem);
    let sockets: BTreeSet<String> = (keeper.places().iter())
        .map(|place| host.socket(place))
        .collect();
    let is_ours =
        |device: &Device| sockets.contains(&host.socket(&device.plugged.place.to_string()));
    let modems: Vec<Device> = seen.devices.into_iter().filter(is_ours).collect();
    let found = check::before_a_run(&Scene {
        host: &host,
        no_usb: None,
        modems: &modems,
        state: Some(store.path().to_owned()),
        outputs: files::here()?,
        dbus: dbus(),
        now: jiff::Timestamp::now().as_second(),
    });
    let (stops, spoils): (Vec<Finding>, Vec<Finding>) = found
        .into_iter()
        .partition(|finding| finding.severity == Severity::Stops);
    if stops.is_empty() {
        keeper.found(&spoils);
        return Ok(());
    }
    let problem = |finding: &Finding| {
        let problem = Problem::bare(
            "host::obstacle",
            format!("{}: {}", finding.what, finding.why),
        );
        let cure = finding
            .cure
            .as_deref()
            .unwrap_or("`unbrick doctor` tells more");
        problem.help(format!("the modem was not touched; {cure}"))
    };
    Err(Stop {
        exit: ExitCode::Host,
        problems: stops.iter().map(problem).collect(),
    })
}

fn refused(refusal: &lock::Refusal) -> Stop {
    let problem = Problem::bare(refusal.code(), refusal.to_string());
    Stop::one(ExitCode::Host, problem.help(refusal.help()))
}
