//! A real Linux USB stack. On this machine the test boots Debian's kernel in QEMU, with itself as pid 1; in there it plugs
//! simulated modems into `vhci_hcd`, and the cases look at them through libusb and the kernel's own drivers.
//!
//! `bash .ci/usb && cargo test --test usb [-- CASE...]`. Without the rig it is passed over, unless
//! `UNBRICK_DEMAND_USB=1`. CONTRIBUTING.md has the rest.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may fail where it stands; it writes its machine, and waits for a real one in real time"
)]

#[expect(
    dead_code,
    reason = "the builder of tests/program; not all of it is needed here"
)]
#[path = "../program/bench.rs"]
mod bench;
mod cases;
mod guest;
mod host;
mod stand;
#[path = "../program/talker.rs"]
mod talker;
#[path = "../program/unit.rs"]
mod unit;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if std::process::id() == 1 {
        return guest::init();
    }
    if let [mark, name] = &arguments[..]
        && mark == guest::CASE
    {
        return cases::run(name);
    }
    host::main(&arguments)
}
