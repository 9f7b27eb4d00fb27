//! A made XQCN, read by an XML parser and written back by raw messages.

use super::{Bench, efs, word};
use crate::plan::{Calibration, MakeXqcn, Scenario};
use crate::sim::radio::fixture::{profile, scenario, spanned};
use crate::sim::xqcn::make_xqcn;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

fn made(calibration: Calibration) -> BTreeMap<String, Vec<u8>> {
    let make = MakeXqcn {
        imei: spanned("490154203237518".into()),
        calibration,
    };
    let xml = make_xqcn(&make, &profile());
    assert_eq!(xml, make_xqcn(&make, &profile()), "always the same bytes");
    streams(std::str::from_utf8(&xml).unwrap())
}

/// Every stream by its path; lengths are checked.
fn streams(xml: &str) -> BTreeMap<String, Vec<u8>> {
    let attribute = |element: &BytesStart<'_>, name: &str| {
        let found = element.try_get_attribute(name).unwrap().unwrap();
        found.value.into_owned()
    };
    let mut reader = Reader::from_str(xml);
    let mut path: Vec<String> = Vec::new();
    let mut streams = BTreeMap::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => path.push(attribute(&element, "Name")),
            Event::End(_) => drop(path.pop()),
            Event::Empty(element) => {
                let name = [&path[1..], &[attribute(&element, "Name")]]
                    .concat()
                    .join("/");
                let value: Vec<u8> = attribute(&element, "Value")
                    .split_whitespace()
                    .map(|byte| u8::from_str_radix(byte, 16).unwrap())
                    .collect();
                assert_eq!(attribute(&element, "Length"), value.len().to_string());
                assert!(streams.insert(name, value).is_none());
            }
            Event::Eof => return streams,
            _ => {}
        }
    }
}

/// Paths and data of a storage, paired by name.
fn files(streams: &BTreeMap<String, Vec<u8>>, storage: &str) -> Vec<(String, Vec<u8>)> {
    let folder = format!("00000000/default/{storage}/EFS_Dir/");
    let entries = streams.iter().filter_map(|(name, entry)| {
        let number = name.strip_prefix(&folder)?;
        let start = entry.iter().position(|b| *b == b'/').unwrap();
        let path = String::from_utf8(entry[start..].to_vec()).unwrap();
        let data = &streams[&format!("00000000/default/{storage}/EFS_Data/{number}")];
        Some((path.trim_end_matches('\0').to_owned(), data.clone()))
    });
    entries.collect()
}

fn put(bench: &mut Bench, path: &str, data: &[u8]) {
    let length = u16::try_from(data.len()).unwrap().to_le_bytes();
    let flags = 0xc_0240_u32.to_le_bytes();
    let request = efs(
        38,
        &[
            &length,
            &[0, 0],
            &flags,
            &[0xff, 1],
            data,
            path.as_bytes(),
            &[0],
        ],
    );
    assert_eq!(bench.diag(&request).unwrap()[6..8], [0, 0], "{path}");
}

fn write_in_pieces(bench: &mut Bench, path: &str, data: &[u8]) {
    let flags = 0x241_u32.to_le_bytes();
    let open = efs(2, &[&flags, &[0xff, 1, 0, 0], path.as_bytes(), &[0]]);
    let fd = word(&bench.diag(&open).unwrap(), 4);
    for (number, piece) in data.chunks(1024).enumerate() {
        let offset = u32::try_from(number * 1024).unwrap().to_le_bytes();
        let answer = bench
            .diag(&efs(5, &[&fd.to_le_bytes(), &offset, piece]))
            .unwrap();
        assert_eq!(word(&answer, 16), 0);
        assert_eq!(word(&answer, 12), i32::try_from(piece.len()).unwrap());
    }
    assert_eq!(
        word(&bench.diag(&efs(3, &[&fd.to_le_bytes()])).unwrap(), 4),
        0
    );
}

fn restore(bench: &mut Bench, streams: &BTreeMap<String, Vec<u8>>) {
    bench.unlock();
    bench.diag(&[0x29, 1, 0]).unwrap();
    for (path, data) in files(streams, "EFS_Backup") {
        if data.len() > 6144 {
            write_in_pieces(bench, &path, &data);
        } else {
            put(bench, &path, &data);
        }
    }
}

fn uncalibrated() -> Scenario {
    let mut state = scenario();
    state.calibration = Calibration::Missing;
    state
}

#[test]
fn a_restored_unit_is_well_after_a_reset_and_not_before() {
    let mut bench = Bench::up(&uncalibrated(), 5);
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    restore(&mut bench, &made(Calibration::Present));
    assert!(bench.radio.calibration_present());
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 7", "OK"]);
    bench.diag(&[0x29, 4, 0]).unwrap();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 7", "OK"]);
    bench.restart();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 1", "OK"]);
    assert_eq!(
        bench.ask("AT+QRFTEST=\"mode\""),
        ["+QRFTEST: \"mode\",0", "OK"]
    );
}

#[test]
fn a_file_without_calibration_cures_nothing() {
    let mut bench = Bench::up(&uncalibrated(), 5);
    restore(&mut bench, &made(Calibration::Missing));
    bench.diag(&[0x29, 4, 0]).unwrap();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    bench.restart();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
}

#[test]
fn one_wrong_byte_is_no_calibration() {
    let mut bench = Bench::up(&scenario(), 5);
    bench.unlock();
    put(&mut bench, "/nv/item_files/rfnv/00020003", b"other");
    assert!(!bench.radio.calibration_present());
}

#[test]
fn the_made_file_is_laid_out_as_the_format_says() {
    let streams = made(Calibration::Present);
    assert_eq!(streams["File_Version"], [2, 0, 0, 0, 0, 0]);
    let array = &streams["00000000/default/NV_NUMBERED_ITEMS/NV_ITEM_ARRAY"];
    assert_eq!(array.len() % 136, 0);
    let imei = array
        .chunks(136)
        .find(|record| record[4..6] == [0x26, 0x02])
        .unwrap();
    assert_eq!(imei[..8], [0x88, 0, 1, 0, 0x26, 0x02, 0, 0]);
    assert_eq!(
        imei[8..17],
        [0x08, 0x4a, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81]
    );
    let second = &streams["00000000/default/NV_NUMBERED_ITEMS/NV_ITEM_ARRAY_SIM_1"];
    assert_eq!(second[..8], [0x88, 0, 1, 0, 0xb9, 0x01, 1, 0]);
    assert!(streams["00000000/default/NV_NUMBERED_ITEMS/NV_ITEM_ARRAY_SIM_2"].is_empty());

    let entry = &streams["00000000/default/EFS_Backup/EFS_Dir/00000000"];
    assert_eq!(entry[..8], [0x01, 0x00, 0x01, 0x01, 0x80, 0x3d, 0xd5, 0x12]);
    assert_eq!(&entry[8..], b"/nv/item_files/rfnv/00020001");
    let entry = &streams["00000000/default/Provisioning_Item_Files/EFS_Dir/00000000"];
    assert_eq!(&entry[..], b"/nv/item_files/ims/IMS_enable\0");
    let backup = files(&streams, "EFS_Backup");
    for card in files(&streams, "NV_Items") {
        assert!(card.0.starts_with("/rfc/") && backup.contains(&card));
    }

    let properties = &streams["00000000/default/Mobile_Property_Info"];
    assert_eq!(properties[..8], [0x0d, 0xd0, 0xad, 0xde, 0, 0, 0, 0]);
    assert_eq!(properties[8..10], [19, 0]);
    assert_eq!(&properties[10..29], b"RM502QGLAAR11A02M4G");
}

#[test]
fn a_full_file_system_refuses_more() {
    let mut bench = Bench::up(&scenario(), 5);
    bench.unlock();
    let path = "/nv/big";
    let open = efs(
        2,
        &[&0x241_u32.to_le_bytes(), &[0; 4], path.as_bytes(), &[0]],
    );
    let fd = word(&bench.diag(&open).unwrap(), 4);
    let mut write = |offset: u32| {
        let request = efs(5, &[&fd.to_le_bytes(), &offset.to_le_bytes(), &[1; 1024]]);
        word(&bench.diag(&request).unwrap(), 16)
    };
    assert_eq!(write(1024 * 1024), 0);
    assert_eq!(write(2 * 1024 * 1024), 28);
    assert_eq!(write(u32::MAX), 28);
}
