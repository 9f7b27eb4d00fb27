//! The order of a flash: security mode, partition table, the boot loader made invalid, the images, the boot loader.

use super::judging::{BOOT_LOADER, INVALID, Judged, Part};
use super::{Report, of_dload};
use crate::action::halting::{self, Halts};
use crate::action::{Cause, Failure, Witness};
use crate::driver::dload::{Dload, Error, Target};
use crate::event::Unit;
use crate::files::hex;
use crate::protocol::dload::{Replace, TRUSTED, TableStatus};
use crate::transport::Deadline;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::time::Duration;

/// Longer than any open, close or change of the table.
const WHOLE: Duration = Duration::from_secs(3600);
/// Bytes between two events of progress.
const STRIDE: u64 = 256 * 1024;
/// What is known of a partition after its close.
const UNVERIFIED: &str =
    "the loader closed it; written, not verified: a streaming loader reads nothing back";
/// Said wherever a flash ends early. The engine adds the command that goes on.
const KEEP_POWERED: &str = "the modem is in its loader with the boot loader invalid: keep it powered, do not unplug it, \
                            and let the run be resumed";
const REPLUG: &str = "the loader is out of step and the boot loader is invalid: when the modem is powered anew it is in \
                      EDL; then let the run be resumed";
const NOTHING: &str = "nothing was written, and the loader still listens";
const NOTHING_OUT_OF_STEP: &str = "nothing was written; the loader is out of step: cut the modem's power, enter EDL \
                                   again, then go on";

const HALTS: Halts = Halts {
    between: "two partitions",
    interrupted: "dload::interrupted",
    timeout: "dload::timeout",
};

/// Writes a package that was judged.
pub(super) fn flash(
    loader: &mut Dload,
    witness: &mut dyn Witness,
    judged: &Judged,
    replaces: Replace,
    deadline: Deadline,
) -> Result<Report, Failure> {
    let mut flashing = Flashing {
        loader,
        witness,
        deadline,
        begun: false,
        report: Report::default(),
    };
    flashing.prepare()?;
    flashing.table(&judged.table, replaces)?;
    if let Some(boot_loader) = judged.parts.last() {
        flashing.invalidate(&boot_loader.target)?;
    }
    for part in &judged.parts {
        flashing.write(part)?;
    }
    Ok(flashing.report)
}

struct Flashing<'a> {
    loader: &'a mut Dload,
    witness: &'a mut dyn Witness,
    deadline: Deadline,
    /// Something may have been written.
    begun: bool,
    report: Report,
}

impl Flashing<'_> {
    fn prepare(&mut self) -> Result<(), Failure> {
        let greeting = self.loader.greeting();
        self.witness.note(&format!(
            "the loader names the flash `{}` and takes {} writes at a time",
            greeting.flash.escape_debug(),
            greeting.window
        ));
        let ready = { self.loader.close_leftover(self.deadline) }
            .and_then(|()| self.loader.security(TRUSTED, self.deadline));
        ready.map_err(|error| early(&error))
    }

    /// The loader compares first, whatever the plan allows.
    fn table(&mut self, table: &[u8], replaces: Replace) -> Result<(), Failure> {
        let target = "partition table";
        let told = self.loader.table(table, Replace::Never, self.deadline);
        let status = told.map_err(|error| early(&error))?;
        match (status, replaces) {
            (TableStatus::Accepted, _) => return Ok(()),
            (TableStatus::Differs, Replace::Differing) => {}
            (TableStatus::Differs, Replace::Never) => {
                let message = "the chip has another partition table than the package";
                return Err(
                    Failure::new("dload::table-differs", Cause::Modem, message).help(
                        "nothing was written; where the chip's table is damaged, `replace_table: true` lets the loader \
                         write the package's, which may erase",
                    ),
                );
            }
            (status, _) => return Err(not_taken(status).help(NOTHING)),
        }
        self.safe_point()?;
        let digest = hex(&Sha256::digest(table));
        self.witness.intent("replace", target, Some(&digest))?;
        self.begun = true;
        let whole = self.loader.within(WHOLE);
        let told = self.loader.table(table, Replace::Differing, whole);
        match self.told("replace", target, told)? {
            TableStatus::Accepted => {}
            status => {
                let failure = not_taken(status);
                self.witness.failed("replace", target, &failure.message);
                return Err(failure.help(KEEP_POWERED));
            }
        }
        self.report.unverified.push(target.to_owned());
        self.witness.done("replace", target, UNVERIFIED)?;
        // Whoever replaces the table loses the flag that HELLO has set (qfh); with it the boot loader, once there is one
        // again, waits for a download. A loader that has no such flag goes on all the same.
        let whole = self.loader.within(WHOLE);
        let flag = self.loader.download_flag(true, whole);
        if !self.told("replace", target, flag)? {
            self.witness.note("the loader takes no download flag");
        }
        Ok(())
    }

    fn invalidate(&mut self, target: &Target) -> Result<(), Failure> {
        self.safe_point()?;
        let place = format!("partition {BOOT_LOADER}");
        self.witness.intent("erase", &place, None)?;
        self.begun = true;
        let mut zeros = INVALID;
        let written = image(self.loader, target, &mut zeros, &mut |_| {});
        self.told("erase", &place, written)?;
        self.witness.done("erase", &place, "acknowledged")
    }

    fn write(&mut self, part: &Part) -> Result<(), Failure> {
        self.safe_point()?;
        let place = format!("partition {}", part.name);
        let image = &part.image;
        self.witness
            .intent("program", &place, Some(&image.sha256))?;
        let written = self.hashed(part);
        let sha256 = self.told("program", &place, written)?;
        if sha256 != image.sha256 {
            let message = format!("`{}` changed after it was judged", image.path);
            self.witness.failed("program", &place, &message);
            return Err(Failure::new("dload::file", Cause::Host, message).help(KEEP_POWERED));
        }
        self.report.bytes += image.bytes;
        self.report.unverified.push(place.clone());
        self.witness.note(&format!(
            "{place} could not be verified: a streaming loader reads nothing back"
        ));
        self.witness.done("program", &place, UNVERIFIED)
    }

    /// Writes an image; gives the SHA-256 of what was sent.
    fn hashed(&mut self, part: &Part) -> Result<String, Error> {
        let total = part.image.bytes;
        let what = part.image.path.to_string();
        let mut hashing = Hashing {
            reader: part.image.reader(),
            hash: Sha256::new(),
        };
        let witness = &mut *self.witness;
        let mut next = 0;
        let mut progress = |done| {
            if done >= next || done == total {
                next = done + STRIDE;
                witness.progress(&what, Unit::Bytes, done, total);
            }
        };
        image(self.loader, &part.target, &mut hashing, &mut progress)?;
        Ok(hex(&hashing.hash.finalize()))
    }

    fn safe_point(&self) -> Result<(), Failure> {
        let left = if self.begun { KEEP_POWERED } else { NOTHING };
        let time = (self.deadline, self.loader.now());
        HALTS.here(self.loader.interrupt(), time, left)
    }

    /// Tells the witness of a failure, and the person what the modem is now.
    fn told<T>(
        &mut self,
        operation: &str,
        target: &str,
        result: Result<T, Error>,
    ) -> Result<T, Failure> {
        result.map_err(|error| {
            let left = if error.in_step() {
                KEEP_POWERED
            } else {
                REPLUG
            };
            halting::failed(self.witness, operation, target, of_dload(&error), left)
        })
    }
}

/// A failure before anything was written.
fn early(error: &Error) -> Failure {
    of_dload(error).help(if error.in_step() {
        NOTHING
    } else {
        NOTHING_OUT_OF_STEP
    })
}

/// One partition from its open to its close. Once it is begun, only the loader's own silence ends it: a plan's timeout that
/// cut it short would leave the loader out of step.
fn image(
    loader: &mut Dload,
    target: &Target,
    reader: &mut dyn Read,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Error> {
    loader.open(target, loader.within(WHOLE))?;
    loader.write(reader, progress)?;
    loader.close(loader.within(WHOLE))
}

fn not_taken(status: TableStatus) -> Failure {
    let message = format!("the loader does not take the partition table: {status}");
    Failure::new("dload::table-refused", Cause::Modem, message)
}

/// A reader that hashes what it gives.
struct Hashing<'a> {
    reader: Box<dyn Read + Send + 'a>,
    hash: Sha256,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
