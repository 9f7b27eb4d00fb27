//! `sahara.load`: the boot ROM takes a programmer and starts it.

use super::dload_reset::of_dload;
use super::{Cause, Context, Failure};
use crate::driver::dload::Dload;
use crate::driver::firehose::Firehose;
use crate::driver::sahara::{Image, Images};
use crate::driver::{dload, firehose, sahara};
use crate::event::Unit;
use crate::files;
use crate::plan::Speaks;
use crate::transport;
use camino::{Utf8Path, Utf8PathBuf};
use cap_std::fs_utf8::File;
use std::collections::BTreeMap;
use std::io::{Read, Seek};

/// A programmer is an ELF or an MBN; the longest seen has 1 MiB.
const MAX_IMAGE: u64 = 64 * 1024 * 1024;
const ELF: &[u8] = b"\x7fELF";
/// Said where what was loaded does not speak as the step says.
const ANOTHER_RUNS: &str = "a programmer runs now, and no step can load another one: cut the modem's power, enter EDL \
                            again, then go on";
/// Said where the modem is gone instead.
const LEFT: &str = "it left the bus when it was to start what it was given: look at the cable and the supply, enter EDL \
                    again, then go on; where it leaves again, the programmer is probably one for another modem";

/// What the boot ROM is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub programmer: Utf8PathBuf,
    /// Further images by their number.
    pub others: BTreeMap<u32, Utf8PathBuf>,
}

/// Checks the files before the modem is spoken to, loads them, and leaves the modem in what it speaks.
pub fn run(ctx: &mut Context<'_>, files: &Files, speaks: Speaks) -> Result<(), Failure> {
    let mut programmer = check_programmer(&files.programmer)?;
    let mut others = Vec::new();
    for (number, path) in &files.others {
        others.push((u64::from(*number), check(path)?));
    }
    let others = others
        .iter_mut()
        .map(|(number, file)| (*number, file as &mut dyn Image));
    let mut images = Images::with_others(&mut programmer, others.collect());
    let mut port = ctx.edl_port()?;
    let (deadline, witness) = (ctx.deadline, &mut *ctx.witness);
    let mut progress = |done, total| witness.progress("programmer", Unit::Bytes, done, total);
    let loaded =
        sahara::load(&mut port, &mut images, deadline, &mut progress).map_err(|e| of_sahara(&e))?;
    ctx.witness.note(&format!(
        "the boot ROM took image {} in {} bytes",
        loaded.image, loaded.bytes
    ));
    if let Some(other) = loaded.ended_as {
        ctx.witness.note(&format!(
            "the boot ROM has read image {}, and says that image {other} ends",
            loaded.image
        ));
    }
    match speaks {
        Speaks::Firehose => {
            let firehose = Firehose::start(port, deadline).map_err(|error| {
                let left = matches!(error, firehose::Error::Gone { .. });
                of_firehose(&error).help(after_loading(left))
            })?;
            ctx.programmer_runs(firehose);
        }
        Speaks::Dload => {
            let streaming = Dload::start(port, deadline).map_err(|error| {
                let left = matches!(error, dload::Error::Gone { .. });
                of_dload(&error).help(after_loading(left))
            })?;
            ctx.loader_runs(streaming);
        }
    }
    Ok(())
}

/// What to do where the boot ROM has taken the programmer, and nothing speaks as the step says. No source tells of one
/// that leaves the bus when it starts, so one that left has failed.
fn after_loading(left: bool) -> &'static str {
    if left { LEFT } else { ANOTHER_RUNS }
}

/// What a dry run prints: every file, checked as the run checks it.
pub fn preview(files: &Files, speaks: Speaks) -> Result<Vec<String>, Failure> {
    let mut lines = vec![described("upload", &files.programmer, check_programmer)?];
    for (number, path) in &files.others {
        lines.push(described(&format!("as image {number}"), path, check)?);
    }
    if speaks == Speaks::Dload {
        lines.push("greet it as a streaming loader".to_owned());
    }
    Ok(lines)
}

fn described(
    verb: &str,
    path: &Utf8Path,
    check: impl FnOnce(&Utf8Path) -> Result<File, Failure>,
) -> Result<String, Failure> {
    let mut file = check(path)?;
    file.rewind().map_err(|e| unusable(e.to_string()))?;
    let (sha256, bytes) = files::sha256(file).map_err(|e| unusable(e.to_string()))?;
    Ok(format!("{verb} {path} ({bytes} bytes, sha256 {sha256})"))
}

/// The boot ROM first reads an ELF header of it (measured: 0x34 bytes at 0). The streaming loaders are ELF files, too
/// (`eg25:update/NPRG9x07.mbn` and `ENPRG9x07.mbn`).
fn check_programmer(path: &Utf8Path) -> Result<File, Failure> {
    let mut file = check(path)?;
    let mut head = [0; 4];
    if file.read_exact(&mut head).is_ok() && head == ELF {
        return Ok(file);
    }
    Err(unusable(format!(
        "`{path}` is no ELF file, so no boot ROM takes it"
    )))
}

/// Of other images no source tells the form.
fn check(path: &Utf8Path) -> Result<File, Failure> {
    let file = files::open(path).map_err(|e| unusable(e.to_string()))?;
    let length = file.metadata().map_err(|e| unusable(e.to_string()))?.len();
    match length {
        0 => Err(unusable(format!("`{path}` is empty"))),
        1..=MAX_IMAGE => Ok(file),
        _ => Err(unusable(format!(
            "`{path}` is too long for a boot ROM to take"
        ))),
    }
}

fn unusable(message: String) -> Failure {
    Failure::new("sahara::programmer-unreadable", Cause::Plan, message)
        .help("give the programmer of the package's own `update/firehose` folder")
}

pub(super) fn of_sahara(error: &sahara::Error) -> Failure {
    let cause = match error {
        sahara::Error::Port(transport::Error::Interrupted) => Cause::Interrupted,
        sahara::Error::Image(_)
        | sahara::Error::Port(
            transport::Error::Open(_) | transport::Error::NoUsb | transport::Error::Io(_),
        ) => Cause::Host,
        _ => Cause::Modem,
    };
    Failure::new(error.code(), cause, error.to_string()).help(error.help())
}

/// A failure of the programmer as a failure of a step.
pub(super) fn of_firehose(error: &firehose::Error) -> Failure {
    let cause = match error {
        firehose::Error::Interrupted { .. }
        | firehose::Error::OutOfStep {
            reason: transport::Error::Interrupted,
            ..
        } => Cause::Interrupted,
        firehose::Error::File { .. } => Cause::Host,
        firehose::Error::Request { .. } => Cause::Program,
        _ => Cause::Modem,
    };
    let help = if error.in_step() {
        "keep the modem powered; the programmer still listens"
    } else {
        "the conversation is out of step: cut the modem's power, enter EDL again, then go on"
    };
    Failure::new(error.code(), cause, error.to_string()).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_breaks_off_raw_data_has_stopped_it() {
        for (reason, cause) in [
            (transport::Error::Interrupted, Cause::Interrupted),
            (transport::Error::Timeout, Cause::Modem),
        ] {
            let failure = of_firehose(&firehose::Error::OutOfStep {
                command: "read",
                sent: 1,
                announced: 2,
                reason,
            });
            assert_eq!(failure.cause, cause);
            assert!(failure.help.unwrap().contains("cut the modem's power"));
        }
    }
}
