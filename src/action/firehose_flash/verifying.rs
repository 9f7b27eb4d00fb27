//! How a written range is proved. "Could not verify" is a result of its own, never "ok".

use super::super::sahara_load::of_firehose;
use super::super::{Cause, Failure};
use super::Options;
use crate::driver::firehose::{Error, Firehose};
use crate::files::hex;
use crate::firmware::{Image, Program};
use crate::plan::Verify;
use crate::protocol::nand::{Geometry, Sector, Sectors};
use crate::transport::Deadline;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// How ranges are verified in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Digest,
    Readback,
    Nothing,
}

/// What is known of a range after it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The evidence for the journal.
    Same(String),
    Different(String),
    /// Why it could not be told.
    Untold(String),
}

/// Loaders give this for pages that are blank or cannot be corrected (bkerler/edl#408).
pub(super) const FILLER: u8 = 0xee;

/// Chooses a method before the first erase. A programmer whose list of functions was not heard is asked for the
/// digest of one sector.
pub(super) fn choose(
    firehose: &mut Firehose,
    chip: Geometry,
    options: Options,
    deadline: Deadline,
) -> Result<Method, Failure> {
    let wants_digest = options.skip_same || matches!(options.verify, None | Some(Verify::Digest));
    let digests = wants_digest && has_digest(firehose, chip, deadline)?;
    match options.verify {
        Some(Verify::Digest) if !digests => Err(Failure::new(
            "flash::no-digest",
            Cause::Modem,
            "the programmer offers no getsha256digest, so `verify: digest` cannot be kept",
        )
        .help("nothing was erased; leave `verify` away to have every sector read back")),
        Some(Verify::Digest) => Ok(Method::Digest),
        Some(Verify::None) => Ok(Method::Nothing),
        None if digests => Ok(Method::Digest),
        None if firehose.offers().has("read") == Some(false) => Ok(Method::Nothing),
        Some(Verify::Readback) | None => Ok(Method::Readback),
    }
}

pub(super) fn has_digest(
    firehose: &mut Firehose,
    chip: Geometry,
    deadline: Deadline,
) -> Result<bool, Failure> {
    if let Some(known) = firehose.offers().has("getsha256digest") {
        return Ok(known);
    }
    let Some(one) = Sectors::new(Sector(0), 1) else {
        return Ok(false);
    };
    match firehose.sha256(chip, one, deadline) {
        Ok(_) => Ok(true),
        Err(Error::Nak { .. } | Error::Unexpected { .. }) => Ok(false),
        Err(error) => Err(of_firehose(&error)),
    }
}

/// Whether a range holds its image.
pub(super) fn prove(
    firehose: &mut Firehose,
    chip: Geometry,
    method: Method,
    program: &Program,
    deadline: Deadline,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Proof, Error> {
    match method {
        Method::Digest => {
            let found = firehose.sha256(chip, program.sectors, deadline)?;
            let wanted = &program.image.padded_sha256;
            Ok(if found == *wanted {
                Proof::Same(format!("digest {found}"))
            } else {
                Proof::Different(format!("its digest is {found}, wanted {wanted}"))
            })
        }
        Method::Readback => {
            let page = chip.page() as usize;
            let Image { bytes, .. } = program.image;
            let mut reader = program.image.reader();
            let mut compare = Compare::new(&mut *reader, page);
            firehose.read(chip, program.sectors, &mut compare, deadline, progress)?;
            Ok(compare.proof(bytes, &program.image.padded_sha256))
        }
        Method::Nothing => Ok(Proof::Untold("nothing verifies it".to_owned())),
    }
}

/// Takes what is read back, page by page, and compares it with the image.
struct Compare<'a> {
    image: &'a mut dyn Read,
    page: Vec<u8>,
    size: usize,
    hash: Sha256,
    pages: u64,
    different: u64,
    filler: u64,
}

impl<'a> Compare<'a> {
    fn new(image: &'a mut dyn Read, size: usize) -> Self {
        Self {
            image,
            page: Vec::with_capacity(size),
            size,
            hash: Sha256::new(),
            pages: 0,
            different: 0,
            filler: 0,
        }
    }

    fn whole_page(&mut self) -> io::Result<()> {
        let mut wanted = vec![0; self.size];
        let mut filled = 0;
        while let Some(rest) = wanted.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.image.read(rest)? {
                0 => break,
                count => filled += count,
            }
        }
        self.hash.update(&self.page);
        self.pages += 1;
        // A page that reads as filler throughout proves nothing, not even where the image holds the same bytes.
        if self.page.iter().all(|byte| *byte == FILLER) {
            self.filler += 1;
        } else if self.page != wanted {
            self.different += 1;
        }
        self.page.clear();
        Ok(())
    }

    fn proof(self, bytes: u64, wanted: &str) -> Proof {
        if self.different > 0 {
            Proof::Different(format!("{} of {} pages differ", self.different, self.pages))
        } else if self.filler > 0 {
            Proof::Untold(format!(
                "{} of {} pages read as filler",
                self.filler, self.pages
            ))
        } else if self.pages * (self.size as u64) < bytes {
            Proof::Untold("too little was read back".to_owned())
        } else {
            // The image may have changed since it was judged, and its pages with it.
            let found = hex(&self.hash.finalize());
            if found == wanted {
                Proof::Same(format!("readback {found}"))
            } else {
                Proof::Different(format!("its SHA-256 is {found}, wanted {wanted}"))
            }
        }
    }
}

impl Write for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.size - self.page.len());
        self.page
            .extend_from_slice(bytes.get(..count).unwrap_or_default());
        if self.page.len() == self.size {
            self.whole_page()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
