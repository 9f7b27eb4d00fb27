//! `sahara.load`: the boot ROM takes a programmer and starts it.

use super::{Cause, Context, Failure};
use crate::driver::firehose::Firehose;
use crate::driver::sahara::Images;
use crate::driver::{firehose, sahara};
use crate::event::Unit;
use crate::files;
use crate::transport;
use camino::Utf8Path;
use std::io::Read;

/// A programmer is an ELF or an MBN; the longest seen has 1 MiB.
const MAX_PROGRAMMER: u64 = 64 * 1024 * 1024;
const ELF: &[u8] = b"\x7fELF";

/// Checks the file before the modem is spoken to, loads it, and leaves the modem in Firehose.
pub fn run(ctx: &mut Context<'_>, programmer: &Utf8Path) -> Result<(), Failure> {
    let mut file = check(programmer)?;
    let mut images = Images::only(&mut file);
    let mut port = ctx.edl_port()?;
    let (deadline, witness) = (ctx.deadline, &mut *ctx.witness);
    let mut progress = |done, total| witness.progress("programmer", Unit::Bytes, done, total);
    let loaded =
        sahara::load(&mut port, &mut images, deadline, &mut progress).map_err(|e| of_sahara(&e))?;
    ctx.witness.note(&format!(
        "the boot ROM took image {} in {} bytes",
        loaded.image, loaded.bytes
    ));
    let firehose = Firehose::start(port, deadline).map_err(|e| of_firehose(&e))?;
    ctx.programmer_runs(firehose);
    Ok(())
}

/// What a dry run prints.
pub fn preview(programmer: &Utf8Path) -> Result<Vec<String>, Failure> {
    let file = check(programmer)?;
    let (sha256, bytes) = files::sha256(file)
        .map_err(|e| Failure::new("sahara::programmer-unreadable", Cause::Host, e.to_string()))?;
    Ok(vec![format!(
        "load {programmer}, {bytes} bytes, sha256 {sha256}"
    )])
}

fn check(programmer: &Utf8Path) -> Result<cap_std::fs_utf8::File, Failure> {
    let host = |message: String| {
        Failure::new("sahara::programmer-unreadable", Cause::Plan, message)
            .help("give the programmer of the package's own `update/firehose` folder")
    };
    let mut file = files::open(programmer).map_err(|e| host(e.to_string()))?;
    let length = file.metadata().map_err(|e| host(e.to_string()))?.len();
    if length > MAX_PROGRAMMER {
        return Err(host(format!(
            "`{programmer}` is too long to be a programmer"
        )));
    }
    // The boot ROM first reads an ELF header (measured: 0x34 bytes at 0).
    let mut head = [0; 4];
    let is_elf = file.read_exact(&mut head).is_ok() && head == ELF;
    if is_elf {
        Ok(file)
    } else {
        Err(host(format!(
            "`{programmer}` is no ELF file, so no boot ROM takes it"
        )))
    }
}

fn of_sahara(error: &sahara::Error) -> Failure {
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
        firehose::Error::Interrupted { .. } => Cause::Interrupted,
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
