//! Makes the XQCN that a backup of the simulated unit would be, always the same bytes.
//!
//! Written from the format's description alone (diag-and-xqcn.md §8), so that it disagrees with the calibration room
//! wherever that one is wrong.

use super::radio::{self, File, RFNV};
use crate::plan::{Calibration, MakeXqcn, Profile};
use std::fmt::Write as _;

/// A record's own size, in its first word.
const RECORD: u16 = 0x88;
/// The head of a path in `EFS_Backup`: mask 1, buffering 1, cleanup 1.
const HEAD: [u8; 4] = [1, 0, 1, 1];
/// The first second of GPS time, which stands where no time is known.
const GPS_EPOCH: u32 = 0x12d5_3d80;
/// What qfenix writes where the ESN would stand.
const NO_ESN: u32 = 0xdead_d00d;
const FEATURES: [u8; 10] = [0x08, 0x00, 0xff, 0x0f, 0x00, 0x00, 0xe1, 0xaa, 0x55, 0x00];

/// An XQCN of the unit that has this IMEI. An `imei` that is no fifteen digits leaves NV 550 out.
pub fn make_xqcn(make: &MakeXqcn, profile: &Profile) -> Vec<u8> {
    let calibration = match make.calibration {
        Calibration::Present => radio::calibration(profile),
        Calibration::Missing => Vec::new(),
    };
    let cards = radio::radio_cards(profile);
    let provisioning = radio::provisioning();
    let backup = |file: &File| {
        let date = if file.path.starts_with(RFNV) {
            GPS_EPOCH
        } else {
            0
        };
        [&HEAD[..], &date.to_le_bytes(), file.path.as_bytes()].concat()
    };
    let mut xml = Xml::default();
    xml.open(&format!("{}.xqcn", profile.id.replace('/', "-")));
    xml.open("00000000");
    xml.open("default");
    xml.open("NV_NUMBERED_ITEMS");
    for (index, name) in [
        "NV_ITEM_ARRAY",
        "NV_ITEM_ARRAY_SIM_1",
        "NV_ITEM_ARRAY_SIM_2",
    ]
    .into_iter()
    .enumerate()
    {
        xml.stream(name, &records(profile, &make.imei, index));
    }
    xml.close();
    let files: Vec<&File> = calibration.iter().chain(&cards).collect();
    xml.files("EFS_Backup", &files, backup);
    let files: Vec<&File> = provisioning.iter().collect();
    xml.files("Provisioning_Item_Files", &files, |file| {
        [file.path.as_bytes(), &[0]].concat()
    });
    let files: Vec<&File> = cards.iter().collect();
    xml.files("NV_Items", &files, |file| file.path.clone().into_bytes());
    xml.stream("Mobile_Property_Info", &properties(profile));
    xml.stream("Feature_Mask", &FEATURES);
    xml.close();
    xml.close();
    xml.stream("File_Version", &[2, 0, 0, 0, 0, 0]);
    xml.close();
    xml.text.into_bytes()
}

/// The records of one subscription.
fn records(profile: &Profile, imei: &str, index: usize) -> Vec<u8> {
    radio::items(profile, imei, false)
        .into_iter()
        .filter(|item| usize::from(item.index) == index)
        .flat_map(|item| {
            let words = [RECORD, 1, item.number, item.index].map(u16::to_le_bytes);
            [words.as_flattened(), &item.value].concat()
        })
        .collect()
}

/// Zeros for model and NV versions; then the software version, which is the release that the made-up unit was backed
/// up with, and the name of the program that wrote the file.
fn properties(profile: &Profile) -> Vec<u8> {
    let mut bytes = NO_ESN.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    for text in [software(profile), "unbrick sim".to_owned()] {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.bytes().take(length.into()));
    }
    bytes
}

/// A short version in the grammar of quectel.md §2.1: the model's first hardware key, and its memory in Gbit.
fn software(profile: &Profile) -> String {
    let key = profile.hw.first().map_or("", |key| key);
    let nand = &profile.nand;
    let bytes = u64::from(nand.page) * u64::from(nand.pages_per_block) * u64::from(nand.blocks);
    format!("{key}R11A02M{}G", bytes >> 27)
}

/// Nested storages and streams; text is made as it comes.
struct Xml {
    text: String,
    depth: usize,
}

impl Default for Xml {
    fn default() -> Self {
        let text = "<?xml version=\"1.0\" encoding=\"Windows-1252\" ?>\r\n".to_owned();
        Self { text, depth: 0 }
    }
}

impl Xml {
    fn line(&mut self, line: &str) {
        let indent = self.depth * 2;
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{:indent$}{line}\r\n", "");
    }

    fn open(&mut self, name: &str) {
        let name = escaped(name);
        self.line(&format!("<Storage Name=\"{name}\">"));
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.line("</Storage>");
    }

    fn stream(&mut self, name: &str, bytes: &[u8]) {
        let length = bytes.len();
        let mut value = String::with_capacity(length * 3);
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(value, "{byte:02X} ");
        }
        let name = escaped(name);
        let value = value.trim_end();
        self.line(&format!(
            "<Stream Length=\"{length}\" Name=\"{name}\" Value=\"{value}\"/>"
        ));
    }

    /// A storage of files: two lists whose streams belong together by name, here in opposite order, for nothing
    /// may rely on position.
    fn files(&mut self, name: &str, files: &[&File], entry: impl Fn(&File) -> Vec<u8>) {
        let numbered: Vec<(String, &File)> = files
            .iter()
            .enumerate()
            .map(|(number, file)| (format!("{number:08X}"), *file))
            .collect();
        self.open(name);
        self.open("EFS_Dir");
        for (number, file) in &numbered {
            self.stream(number, &entry(file));
        }
        self.close();
        self.open("EFS_Data");
        for (number, file) in numbered.iter().rev() {
            self.stream(number, &file.data);
        }
        self.close();
        self.close();
    }
}

fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
