//! `fastboot.flash`: one image goes into one partition.
//!
//! The download only fills the modem's memory; what destroys is the one command behind it. fastboot cannot read a
//! partition back, so what was written is never called verified here.

use super::fastboot_reboot::of_fastboot;
use super::{Cause, Context, Failure};
use crate::driver::fastboot::{self, Target};
use crate::event::Unit;
use crate::files;
use crate::plan::{FastbootVerify, Partition, Profile};
use camino::Utf8Path;
use cap_std::fs_utf8::File;

/// Bytes between two events of progress.
const STRIDE: u64 = 256 * 1024;
/// What is known of a partition after an OKAY.
const UNVERIFIED: &str =
    "the boot loader said OKAY; written, not verified: fastboot reads nothing back";
const KEEP_POWERED: &str = "the modem is in fastboot with this partition in doubt: keep it powered, do not unplug it, \
                            and let the run be resumed";
const REPLUG: &str = "the boot loader is out of step: cut the modem's power and give it back, bring it into fastboot \
                      again, then go on";

/// What was written, for the end of the run: the partition, which could not be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub unverified: Vec<String>,
}

/// An image that was judged, and where it goes.
struct Judged {
    target: Target,
    file: File,
    bytes: u64,
    sha256: String,
}

/// Judges image and partition, downloads, compares what was sent with what was judged, and writes.
pub fn run(ctx: &mut Context<'_>, part: &str, image: &Utf8Path) -> Result<Report, Failure> {
    let judged = judge(part, image, ctx.profile)?;
    let Judged {
        target,
        mut file,
        bytes,
        sha256,
    } = judged;
    let deadline = ctx.deadline;
    let place = format!("partition {part}");
    let (loader, witness) = ctx.fastboot_and_witness()?;
    let nothing_written = |failure: Failure, in_step: bool| {
        failure.help(if in_step {
            "nothing was written, and the boot loader still listens"
        } else {
            REPLUG
        })
    };
    let early = |error: &fastboot::Error| nothing_written(of_fastboot(error), error.in_step());
    let told = { loader.getvar(&format!("partition-size:{part}"), deadline) }
        .map_err(|error| early(&error))?;
    let room = told.as_deref().and_then(crate::protocol::fastboot::number);
    if let Some(room) = room.filter(|room| bytes > *room) {
        return Err(too_large(part, image, bytes, room));
    }
    let what = image.to_string();
    let mut next = 0;
    let mut progress = |done, total| {
        if done >= next || done == total {
            next = done + STRIDE;
            witness.progress(&what, Unit::Bytes, done, total);
        }
    };
    let sent = { loader.download(bytes, &mut file, deadline, &mut progress) }
        .map_err(|error| early(&error))?;
    if sent.sha256 != sha256 {
        let message = format!("`{image}` changed after it was judged");
        return Err(Failure::new("fastboot::file", Cause::Host, message)
            .help("nothing was written; run the plan again with an image that stays"));
    }
    if loader.interrupt().at_safe_point() {
        let message = "stopped by a person before anything was written";
        return Err(Failure::new(
            "fastboot::interrupted",
            Cause::Interrupted,
            message,
        ));
    }
    witness.intent("program", &place, Some(&sha256))?;
    match loader.flash(&target, deadline) {
        Ok(()) => {
            witness.note(&format!(
                "{place} could not be verified: fastboot reads nothing back"
            ));
            witness.done("program", &place, UNVERIFIED)?;
            Ok(Report {
                unverified: vec![place],
            })
        }
        Err(error) => {
            let mut failure = of_fastboot(&error);
            failure.message = format!("program of {place}: {}", failure.message);
            // A refusal is an answer; a silence says nothing of what was done.
            if error.in_step() {
                witness.failed("program", &place, &failure.message);
            }
            Err(failure.help(if error.in_step() {
                KEEP_POWERED
            } else {
                REPLUG
            }))
        }
    }
}

/// What a dry run prints.
pub fn preview(
    part: &str,
    image: &Utf8Path,
    verify: Option<FastbootVerify>,
    profile: &Profile,
) -> Result<Vec<String>, Failure> {
    let judged = judge(part, image, profile)?;
    Ok(vec![
        format!(
            "write {image} ({} bytes, sha256 {}) to partition `{part}` over fastboot",
            judged.bytes, judged.sha256
        ),
        match verify {
            Some(FastbootVerify::Version) => {
                "verify by the version that the modem tells before and afterwards"
            }
            Some(FastbootVerify::None) => "verify nothing, as the plan says",
            None => "verify nothing: fastboot reads nothing back, so the run ends as unproved",
        }
        .to_owned(),
    ])
}

/// Everything that can be known before the modem is spoken to.
fn judge(part: &str, image: &Utf8Path, profile: &Profile) -> Result<Judged, Failure> {
    let partition = { profile.partitions.iter() }.find(|partition| partition.name.value == part);
    let partition = partition.ok_or_else(|| {
        let message = format!("{} has no partition `{part}`", profile.id.value);
        Failure::new("plan::unknown-part", Cause::Plan, message)
    })?;
    let target = Target::of(partition)
        .map_err(|kept| Failure::new("plan::kept-part", Cause::Plan, kept.to_string()))?;
    let unreadable = |message: String| Failure::new("host::file", Cause::Host, message);
    let file = files::open(image).map_err(|error| unreadable(error.to_string()))?;
    let (sha256, bytes) =
        files::sha256(file).map_err(|e| unreadable(format!("cannot read `{image}`: {e}")))?;
    if bytes == 0 {
        let message = format!("`{image}` is empty, and would leave `{part}` blank");
        return Err(Failure::new("fastboot::empty", Cause::Plan, message));
    }
    let room = room_of(partition, profile);
    if bytes > room {
        return Err(too_large(part, image, bytes, room));
    }
    let file = files::open(image).map_err(|error| unreadable(error.to_string()))?;
    Ok(Judged {
        target,
        file,
        bytes,
        sha256,
    })
}

fn room_of(partition: &Partition, profile: &Profile) -> u64 {
    let nand = &profile.nand;
    u64::from(partition.blocks) * u64::from(nand.pages_per_block) * u64::from(nand.page)
}

fn too_large(part: &str, image: &Utf8Path, bytes: u64, room: u64) -> Failure {
    let message = format!("`{image}` has {bytes} bytes, and `{part}` has room for {room}");
    Failure::new("fastboot::too-large", Cause::Plan, message)
        .help("nothing was sent; look whether the image belongs to this model and partition")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::library;

    /// What is judged before the modem is spoken to, by the same judge in a dry run and in a run.
    #[test]
    fn what_is_kept_unknown_missing_empty_or_too_large_is_refused_before_the_modem_is_spoken_to() {
        let (_, profile) = library::load_profile("quectel/ec25", None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let root = files::Root::open(folder).unwrap();
        let made = |name: &str, bytes: usize| {
            files::write_new(&root, Utf8Path::new(name), &vec![7; bytes]).unwrap();
            folder.join(name)
        };
        // 4 blocks of 64 pages of 2048 bytes.
        let most = 4 * 64 * 2048;
        let fits = made("fits", most);
        let refused = |part: &str, image: &Utf8Path| {
            preview(part, image, None, &profile).map_err(|failure| failure.code)
        };
        assert!(refused("sec", &fits).is_ok());
        for kept in ["efs2", "sys_rev", "rawdata", "cust_info"] {
            assert_eq!(refused(kept, &fits), Err("plan::kept-part"));
        }
        assert_eq!(refused("nowhere", &fits), Err("plan::unknown-part"));
        assert_eq!(refused("sec", &folder.join("none")), Err("host::file"));
        assert_eq!(refused("sec", &made("empty", 0)), Err("fastboot::empty"));
        let over = made("over", most + 1);
        assert_eq!(refused("sec", &over), Err("fastboot::too-large"));
    }
}
