//! Synthetic firmware packages in the layout of a Quectel release (quectel.md §9), so that any tool can flash them.
//!
//! Nothing in them is anybody's firmware. Content follows from version and sizes alone, is streamed, and boots on
//! the simulated modem.

mod layout;
pub(super) mod programmer;
pub(super) mod text;

use super::Error;
use super::image::Image;
use crate::files::{Root, hex};
use crate::plan::{Broken, MakePackage, Profile, TransportName, Variant};
use camino::{Utf8Path, Utf8PathBuf};
use layout::Layout;
use md5::{Digest, Md5};
use std::io::Write;

/// Images all together where no size is given.
const USUAL_SIZE: u64 = 32 * 1024 * 1024;
/// What a streaming loader needs, in packages of modems that have one (quectel.md §9).
const LOADER: &str = "update/ENPRG9x07.mbn";
const TABLE: &str = "update/partition.mbn";
/// Bytes made at a time.
const PIECE: u64 = 256 * 1024;

/// A package that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageMade {
    /// Every file, relative to the root, in the order written.
    pub files: Vec<Utf8PathBuf>,
    /// Bytes of all files.
    pub bytes: u64,
    /// The programmer, relative to the root.
    pub programmer: Utf8PathBuf,
}

/// Makes a package below `root`, which must hold no file of the same names. The same arguments give the same bytes.
pub fn make_package(
    root: &Root,
    make: &MakePackage,
    profile: &Profile,
) -> Result<PackageMade, Error> {
    let size = match &make.size {
        Some(text) => parse_size(text).ok_or_else(|| Error::Size(text.value.clone()))?,
        None => USUAL_SIZE,
    };
    let layout = Layout::new(profile, size)?;
    let broken = make.broken.as_ref().map(|broken| broken.value);
    let mut writer = Writer {
        root,
        sums: Vec::new(),
        bytes: 0,
    };
    writer.text("contents.xml", &text::contents(profile, &make.firmware))?;
    writer.text(
        "update/partition_nand.xml",
        &text::partition_table(&layout, profile),
    )?;
    if speaks_dload(profile) {
        let loader = Image::given(programmer::loader(&profile.chip));
        writer.image(Utf8Path::new(LOADER), &loader)?;
        let table = Image::given(text::user_table(profile).encode());
        writer.image(Utf8Path::new(TABLE), &table)?;
    }
    for part in layout.programmed() {
        let path = Utf8PathBuf::from(format!("update/{}", part.file));
        let image = Image::of_stage(&part.name, &make.firmware, part.bytes);
        if broken == Some(Broken::MissingImage) && part.name == layout.victim() {
            writer.listed_only(&path, &image);
        } else {
            writer.image(&path, &image)?;
        }
    }
    if let Some(calibration) = layout.calibration() {
        // What a factory puts there before a unit is calibrated.
        let path = Utf8PathBuf::from(format!("update/{}", calibration.file));
        writer.image(&path, &Image::of_unit("cefs", 0, 0, calibration.bytes))?;
    }
    if layout.excess() > 0 {
        let image = Image::of_unit(&make.firmware, 0, 1, layout.excess());
        writer.image(Utf8Path::new("upgrade/target.bin"), &image)?;
    }
    let programmer = write_firehose(&mut writer, make, profile, &layout)?;
    if broken == Some(Broken::WrongMd5) {
        writer.spoil_sum(layout.victim_file());
    }
    let sums = text::md5_list(&writer.sums);
    writer.text("md5.txt", &sums)?;
    Ok(PackageMade {
        files: writer.sums.into_iter().map(|(path, _)| path).collect(),
        bytes: writer.bytes,
        programmer,
    })
}

fn speaks_dload(profile: &Profile) -> bool {
    let mut transports = profile.transports.iter();
    transports.any(|transport| transport.value == TransportName::Dload)
}

/// The folder for the programmer; gives the programmer's path.
fn write_firehose(
    writer: &mut Writer<'_>,
    make: &MakePackage,
    profile: &Profile,
    layout: &Layout,
) -> Result<Utf8PathBuf, Error> {
    let pattern = profile
        .programmers
        .first()
        .ok_or(Error::Incomplete("programmer"))?;
    let word = profile.nand.word();
    let firehose = Utf8Path::new("update/firehose");
    let programmer = firehose.join(pattern.replace('*', ""));
    writer.image(
        &programmer,
        &Image::given(programmer::programmer(&profile.chip)),
    )?;
    let erases_calibration = make
        .broken
        .as_ref()
        .is_some_and(|broken| broken.value == Broken::ErasesCalibration);
    if make.variant == Variant::Update {
        let xml = text::rawprogram(layout, profile, erases_calibration, false);
        writer.text(
            firehose.join(format!("rawprogram_nand_{word}_update.xml")),
            &xml,
        )?;
    }
    let xml = text::rawprogram(layout, profile, true, true);
    writer.text(
        firehose.join(format!("rawprogram_nand_{word}_factory.xml")),
        &xml,
    )?;
    writer.text(
        firehose.join(format!("patch_{word}.xml")),
        &text::patch(profile),
    )?;
    if layout.has_table() {
        let table = super::mibib::encode(&profile.partitions, layout.page());
        writer.image(&firehose.join(layout.table_file()), &Image::given(table))?;
    }
    Ok(programmer)
}

/// Writes files and remembers their MD5.
struct Writer<'a> {
    root: &'a Root,
    sums: Vec<(Utf8PathBuf, String)>,
    bytes: u64,
}

impl Writer<'_> {
    fn text(&mut self, path: impl Into<Utf8PathBuf>, text: &str) -> Result<(), Error> {
        self.image(&path.into(), &Image::given(text.as_bytes().to_vec()))
    }

    fn image(&mut self, path: &Utf8Path, image: &Image) -> Result<(), Error> {
        let mut file = self.root.create_new(path)?;
        let sum = pieces(image, |piece| file.write_all(piece)).map_err(|error| Error::Write {
            path: self.root.path().join(path),
            error,
        })?;
        self.sums.push((path.to_owned(), sum));
        self.bytes += image.len();
        Ok(())
    }

    /// A file that the list names and the package lacks.
    fn listed_only(&mut self, path: &Utf8Path, image: &Image) {
        if let Ok(sum) = pieces(image, |_| Ok(())) {
            self.sums.push((path.to_owned(), sum));
        }
    }

    fn spoil_sum(&mut self, file: &str) {
        for (path, sum) in &mut self.sums {
            if path.file_name() == Some(file) {
                *sum = sum.chars().rev().collect();
            }
        }
    }
}

/// Makes an image piece by piece; gives its MD5.
fn pieces(
    image: &Image,
    mut write: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<String> {
    let mut hash = Md5::new();
    let mut buffer = vec![0; usize::try_from(PIECE).unwrap_or(4096)];
    let mut done = 0;
    while done < image.len() {
        let count = usize::try_from(PIECE.min(image.len() - done)).unwrap_or(0);
        let piece = &mut buffer[..count];
        image.fill(done, piece);
        hash.update(&*piece);
        write(piece)?;
        done += count as u64;
    }
    Ok(hex(&hash.finalize()).to_ascii_uppercase())
}

/// Reads a size such as `64K`, `32M`, `1G` or a number of bytes.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(['K', 'M', 'G']);
    let factor: u64 = match &text[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests;
