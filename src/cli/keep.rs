//! Keeping a modem to one run: this computer, and the locks on what the options name.

use super::Stop;
use super::args::RunOptions;
use crate::diagnostic::Problem;
use crate::engine::ExitCode;
use crate::engine::store::Store;
use crate::files;
use crate::host::{Host, Keeper, Place, lock};
use crate::modem::ports::Target;
use crate::modem::{Bus, Role};
use camino::Utf8PathBuf;
use std::collections::BTreeMap;

/// This computer. A debug build looks at another one beneath `UNBRICK_ROOT`, for tests.
pub(super) fn host() -> Result<Host, files::Error> {
    Host::beneath(&root())
}

fn root() -> Utf8PathBuf {
    let other = std::env::var("UNBRICK_ROOT").ok();
    let other = other.filter(|_| cfg!(debug_assertions));
    other.unwrap_or_else(|| "/".to_owned()).into()
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
    Keeper::new(host()?, folders, place, plan).map_err(|refusal| refused(&refusal))
}

/// Locks what is there now, and whatever shows up later.
pub(super) fn kept(keeper: &Keeper, mut bus: Box<dyn Bus>) -> Result<Box<dyn Bus>, Stop> {
    keeper
        .look(&mut *bus)
        .map_err(|refusal| refused(&refusal))?;
    Ok(keeper.keep(bus))
}

fn refused(refusal: &lock::Refusal) -> Stop {
    let problem = Problem::bare(refusal.code(), refusal.to_string());
    Stop::one(ExitCode::Host, problem.help(refusal.help()))
}
