//! The whole program, as a person or a script calls it. One file per subject, through one builder.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and looks at files as a person would"
)]

mod answers;
mod bad_files;
mod bad_input;
mod bench;
mod boot_rom;
mod computer;
mod covered;
mod dbus;
mod devices;
mod doctor;
mod dry_run;
mod ec25;
mod exit_codes;
mod groups;
mod locks;
mod modem_manager;
mod new;
mod ptys;
mod refusals;
mod rehearse;
mod show;
mod sparse;
mod story;
mod talker;
mod unit;
mod wrong;
mod zips;

/// Zips whose fields can lie.
#[path = "../../src/firmware/archive/tests/made.rs"]
mod made;
/// Made trees like `/sys`, which the reader's own tests use as well.
#[path = "../../src/modem/sysfs/fixture.rs"]
mod tree;
