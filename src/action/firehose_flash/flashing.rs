//! The order of a flash: compare the chip, choose the proof, erase, write and prove, patch.

use super::super::halting::{self, Halts};
use super::super::sahara_load::of_firehose;
use super::super::{Cause, Failure, Witness};
use super::same;
use super::supply::{Hashed, Supply};
use super::verifying::{self, Method, Proof};
use super::{Options, Report};
use crate::driver::firehose::{Change, Error, Firehose, Writing};
use crate::event::Unit;
use crate::firmware::{Erase, Package, Program};
use crate::plan::Verify;
use crate::protocol::nand::Geometry;
use crate::transport::Deadline;

/// Bytes between two events of progress.
const STRIDE: u64 = 256 * 1024;

/// Said wherever a flash ends early. The engine adds the command that goes on.
const KEEP_POWERED: &str = "the modem is in its programmer with the boot loader blank: keep it powered, do not \
                            unplug it, and let the run be resumed";
const REPLUG: &str = "the programmer is out of step and the boot loader is blank: when the modem is powered anew \
                      it is in EDL; then let the run be resumed";

const NOTHING: &str = "nothing was erased, and the programmer still listens";
const NOTHING_OUT_OF_STEP: &str = "nothing was erased; the programmer is out of step: cut the modem's power, enter EDL \
                                   again, then let the run be resumed";
const ALL: &str = "every image is written, the boot loader as well: keep the modem powered, and let the run be resumed";
const ALL_OUT_OF_STEP: &str = "every image is written, the boot loader as well, and the programmer is out of step: power the \
                               modem anew, then let the run be resumed";

const HALTS: Halts = Halts {
    between: "two ranges",
    interrupted: "flash::interrupted",
    timeout: "flash::timeout",
};

/// How much of the chip is what the package wants, for the person who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No packet was sent that changes anything.
    Untouched,
    /// The boot loader is erased, or may be.
    Blank,
    /// Only patches are left.
    Written,
}

impl Stage {
    /// What the modem is now, and what to do.
    fn told(self, in_step: bool) -> &'static str {
        match (self, in_step) {
            (Self::Untouched, true) => NOTHING,
            (Self::Untouched, false) => NOTHING_OUT_OF_STEP,
            (Self::Blank, true) => KEEP_POWERED,
            (Self::Blank, false) => REPLUG,
            (Self::Written, true) => ALL,
            (Self::Written, false) => ALL_OUT_OF_STEP,
        }
    }
}

/// Writes a package that was judged: compares the chip, erases, writes and proves each range, and patches.
pub fn flash(
    firehose: &mut Firehose,
    witness: &mut dyn Witness,
    chip: Geometry,
    package: Package,
    options: Options,
    deadline: Deadline,
) -> Result<Report, Failure> {
    compare_chip(firehose, witness, chip, deadline)?;
    let method = verifying::choose(firehose, chip, options, deadline)?;
    if method == Method::Nothing && options.verify != Some(Verify::None) {
        witness.note("the programmer offers neither digests nor reading: nothing that is written is verified");
    }
    let mut flashing = Flashing {
        firehose,
        witness,
        chip,
        method,
        deadline,
        stage: Stage::Untouched,
        report: Report::default(),
    };
    let (erases, programs) = flashing.leave_same(package.erases, package.programs, options)?;
    let hashed = match method {
        Method::Nothing => Hashed::AsRead,
        Method::Digest | Method::Readback => Hashed::NotHere,
    };
    std::thread::scope(|scope| {
        // Begun before the first erase: where nothing can be read ahead, nothing is lost.
        let mut supply =
            Supply::start(scope, &programs, hashed).map_err(|error| no_thread(&error))?;
        for erase in &erases {
            flashing.erase(erase)?;
        }
        for program in &programs {
            flashing.program(program, &mut supply)?;
        }
        Ok::<(), Failure>(())
    })?;
    flashing.stage = Stage::Written;
    for patch in &package.patches {
        flashing.patch(patch)?;
    }
    Ok(flashing.report)
}

fn no_thread(error: &std::io::Error) -> Failure {
    let message = format!("the images cannot be read ahead: {error}");
    Failure::new("flash::host", Cause::Host, message)
        .help("nothing was erased; free some memory, then try again")
}

/// Nothing is erased on a chip that is not the one that was judged.
fn compare_chip(
    firehose: &mut Firehose,
    witness: &mut dyn Witness,
    chip: Geometry,
    deadline: Deadline,
) -> Result<(), Failure> {
    let refuse = |message: String| {
        Err(Failure::new("flash::geometry", Cause::Modem, message)
            .help("nothing was erased; compare the label with the profile and the package"))
    };
    match firehose.storage(deadline) {
        Ok(Some(storage)) if storage.is(chip) => {
            witness.note(&format!(
                "the chip has {} blocks, as the profile says",
                chip.blocks()
            ));
            Ok(())
        }
        Ok(Some(found)) => refuse(format!(
            "the chip has {} blocks of {} and pages of {} bytes, the profile says {} of {} with {}",
            found.total_blocks,
            found.block_size,
            found.page_size,
            chip.blocks(),
            chip.block(),
            chip.page()
        )),
        Ok(None) => refuse("the programmer does not say what chip there is".to_owned()),
        Err(error) => Err(of_firehose(&error)),
    }
}

struct Flashing<'a> {
    firehose: &'a mut Firehose,
    witness: &'a mut dyn Witness,
    chip: Geometry,
    method: Method,
    deadline: Deadline,
    stage: Stage,
    report: Report,
}

impl Flashing<'_> {
    /// Takes ranges out that hold their image already.
    fn leave_same(
        &mut self,
        erases: Vec<Erase>,
        programs: Vec<Program>,
        options: Options,
    ) -> Result<(Vec<Erase>, Vec<Program>), Failure> {
        if !options.skip_same || options.erase_all {
            return Ok((erases, programs));
        }
        if !verifying::has_digest(self.firehose, self.chip, self.deadline)? {
            self.witness
                .note("nothing is skipped, because the programmer offers no digests");
            return Ok((erases, programs));
        }
        let mut found = Vec::new();
        for program in &programs {
            self.safe_point()?;
            let same = same::holds(self.firehose, self.chip, program, self.deadline)
                .map_err(|e| of_firehose(&e).help(Stage::Untouched.told(e.in_step())))?;
            found.push(same);
        }
        let left = same::what_is_left(erases, programs, &found);
        for program in &left.same {
            let evidence = format!("digest {}", program.image.padded_sha256);
            self.witness.done("same", &program.to_string(), &evidence)?;
        }
        self.report.skipped = left.same.len();
        Ok((left.erases, left.programs))
    }

    fn erase(&mut self, erase: &Erase) -> Result<(), Failure> {
        self.safe_point()?;
        let target = erase.to_string();
        self.witness.intent("erase", &target, None)?;
        self.stage = Stage::Blank;
        let erased = self.firehose.erase(self.chip, erase.sectors, self.deadline);
        self.told("erase", &target, erased)?;
        self.report.erased += 1;
        self.witness.done("erase", &target, "acknowledged")?;
        Ok(())
    }

    fn program(&mut self, program: &Program, supply: &mut Supply) -> Result<(), Failure> {
        self.safe_point()?;
        let target = program.to_string();
        self.witness
            .intent("program", &target, Some(&program.image.padded_sha256))?;
        self.stage = Stage::Blank;
        let sent = self.send(program, supply);
        self.told("program", &target, sent)?;
        let proof = self.prove(program);
        let proof = self.told("program", &target, proof)?;
        self.report.written += 1;
        self.report.bytes += program.image.bytes;
        match proof {
            Proof::Same(evidence) => self.witness.done("program", &target, &evidence),
            Proof::Untold(why) => {
                self.report.unverified.push(target.clone());
                self.witness
                    .note(&format!("{target} could not be verified: {why}"));
                self.witness
                    .done("program", &target, "written, not verified")
            }
            Proof::Different(_) if program.image.has_changed() => {
                self.told("program", &target, Err(changed()))
            }
            Proof::Different(how) => {
                let message = format!("{target} does not hold its image: {how}");
                self.witness.failed("program", &target, &message);
                Err(Failure::new("flash::not-as-written", Cause::Modem, message).help(KEEP_POWERED))
            }
        }
    }

    fn send(&mut self, program: &Program, supply: &mut Supply) -> Result<(), Error> {
        let what = program.image.path.to_string();
        let name = program.image.path.file_name().unwrap_or("image").to_owned();
        let writing = Writing {
            sectors: program.sectors,
            name: &name,
            last_sector: program.last_sector,
        };
        let witness = &mut *self.witness;
        let mut progress = every(STRIDE, |done, total| {
            witness.progress(&what, Unit::Bytes, done, total);
        });
        let mut ahead = supply.next_image();
        self.firehose.program(
            self.chip,
            &writing,
            &mut ahead,
            self.deadline,
            &mut progress,
        )?;
        if ahead.was(program) {
            Ok(())
        } else {
            Err(changed())
        }
    }

    fn prove(&mut self, program: &Program) -> Result<Proof, Error> {
        let what = format!("verify {}", program.image.path);
        let witness = &mut *self.witness;
        let mut progress = every(STRIDE, |done, total| {
            witness.progress(&what, Unit::Bytes, done, total);
        });
        verifying::prove(
            self.firehose,
            self.chip,
            self.method,
            program,
            self.deadline,
            &mut progress,
        )
    }

    fn patch(&mut self, patch: &crate::firmware::Patch) -> Result<(), Failure> {
        self.safe_point()?;
        let target = patch.to_string();
        self.witness.intent("patch", &target, None)?;
        let change = Change {
            sector: patch.sector,
            byte_offset: patch.byte_offset,
            size: patch.size,
            value: &patch.value,
            what: &patch.what,
        };
        let patched = self.firehose.patch(self.chip, &change, self.deadline);
        self.told("patch", &target, patched)?;
        // It changes bytes whose digest was proved already, and an ACK is no proof.
        self.report.unverified.push(target.clone());
        self.witness
            .done("patch", &target, "acknowledged, not verified")
    }

    fn safe_point(&self) -> Result<(), Failure> {
        let (interrupt, time) = (
            self.firehose.interrupt(),
            (self.deadline, self.firehose.now()),
        );
        HALTS.here(interrupt, time, self.stage.told(true))
    }

    /// Tells the witness of a failure, and the person what the modem is now.
    fn told<T>(
        &mut self,
        operation: &str,
        target: &str,
        result: Result<T, Error>,
    ) -> Result<T, Failure> {
        result.map_err(|error| {
            let left = self.stage.told(error.in_step());
            halting::failed(self.witness, operation, target, of_firehose(&error), left)
        })
    }
}

fn changed() -> Error {
    Error::File {
        command: "program",
        reason: std::io::Error::other("it changed after it was judged"),
    }
}

fn every(stride: u64, mut tell: impl FnMut(u64, u64)) -> impl FnMut(u64, u64) {
    let mut next = 0;
    move |done, total| {
        if done >= next || done == total {
            next = done + stride;
            tell(done, total);
        }
    }
}
