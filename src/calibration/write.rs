//! XQCN as qfenix and QPST write it (diag-and-xqcn.md §8).

use super::read::{ARRAYS, HEAD, RECORD};
use super::{EfsFile, NvRecord, Property, Section, Xqcn};
use std::fmt::Write as _;

/// What qfenix writes before the date in an entry of `EFS_Backup`: mask 1, buffering 1, cleanup 1.
const HEAD_MASK: [u8; 4] = [1, 0, 1, 1];
/// The date of rfnv files: 1980-01-06, the GPS epoch.
const RFNV_DATE: u32 = 0x12d5_3d80;

pub(super) fn write(xqcn: &Xqcn) -> Vec<u8> {
    let mut out = Writer::default();
    out.text
        .push_str("<?xml version=\"1.0\" encoding=\"Windows-1252\" ?>\n");
    out.open(&xqcn.name);
    out.open(&xqcn.model_number);
    out.open("default");
    out.open("NV_NUMBERED_ITEMS");
    for (index, array) in (0..).zip(ARRAYS) {
        let of_array = xqcn.nv.iter().filter(|record| record.index == index);
        out.stream(array, &of_array.flat_map(record).collect::<Vec<u8>>());
    }
    out.close();
    for section in Section::ALL {
        out.open(section.storage());
        out.open("EFS_Dir");
        for (number, file) in xqcn.section(section).enumerate() {
            out.stream(&format!("{number:08X}"), &entry(file));
        }
        out.close();
        out.open("EFS_Data");
        for (number, file) in xqcn.section(section).enumerate() {
            out.stream(&format!("{number:08X}"), &file.data);
        }
        out.close();
        out.close();
    }
    if let Some(property) = &xqcn.property {
        out.stream("Mobile_Property_Info", &property_stream(property));
    }
    if let Some(mask) = &xqcn.feature_mask {
        out.stream("Feature_Mask", &counted(mask));
    }
    out.close();
    out.close();
    let version: Vec<u8> = xqcn.version.iter().flat_map(|w| w.to_le_bytes()).collect();
    out.stream("File_Version", &version);
    out.close();
    out.text.into_bytes()
}

fn record(record: &NvRecord) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(RECORD);
    for word in [0x88, 1, record.item, record.index] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(record.data);
    bytes
}

fn entry(file: &EfsFile) -> Vec<u8> {
    let path = file.path.as_bytes();
    match file.section {
        Section::EfsBackup => {
            let is_rfnv = file.path.starts_with("/nv/item_files/rfnv/");
            let date = if is_rfnv { RFNV_DATE } else { 0 };
            let mut entry = Vec::with_capacity(HEAD + path.len());
            entry.extend(HEAD_MASK);
            entry.extend(date.to_le_bytes());
            entry.extend(path);
            entry
        }
        Section::Provisioning => [path, &[0]].concat(),
        Section::NvItems => path.to_vec(),
    }
}

fn property_stream(property: &Property) -> Vec<u8> {
    let mut bytes = property.esn_word.to_le_bytes().to_vec();
    bytes.extend(property.model.to_le_bytes());
    bytes.extend([property.nv_major, property.nv_minor]);
    bytes.extend(counted(&one_byte_each(&property.software)));
    bytes.extend(counted(&one_byte_each(&property.tool)));
    bytes
}

/// A length of two bytes, and as many bytes; longer ones are cut, which no version and no mask comes near to.
fn counted(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut out = length.to_le_bytes().to_vec();
    out.extend(&bytes[..usize::from(length)]);
    out
}

fn one_byte_each(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect()
}

#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn open(&mut self, name: &str) {
        let name = escaped(name);
        self.line(&format!("<Storage Name='{name}'>"));
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.line("</Storage>");
    }

    fn stream(&mut self, name: &str, data: &[u8]) {
        let mut value = String::with_capacity(data.len() * 3);
        for (at, byte) in data.iter().enumerate() {
            let blank = if at == 0 { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(value, "{blank}{byte:02X}");
        }
        let length = data.len();
        let name = escaped(name);
        self.line(&format!(
            "<Stream Length='{length}' Name='{name}' Value='{value}'/>"
        ));
    }

    fn line(&mut self, line: &str) {
        self.text.extend(std::iter::repeat_n("  ", self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Everything but plain characters as numbers, so that the file's encoding does not matter.
fn escaped(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii_graphic() && !"<>&'\"".contains(c) || c == ' ' {
            text.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "&#{};", u32::from(c));
        }
        text
    })
}
