//! Every way in which a zip is refused, each with its code; and nothing of it is left on the disk.

mod bombs;
mod data;
mod entries;
mod names;
mod whole;

use super::made::{Made, Piece, crc, deflated};
use super::{Place, TOP, good};

fn refused(what: &str, made: &Made, code: &str) {
    refused_bytes(what, &made.bytes(), code);
}

fn refused_bytes(what: &str, bytes: &[u8], code: &str) {
    let place = Place::new();
    let zip = place.write("x.zip", bytes);
    match place.unpack(&zip) {
        Ok(_) => panic!("{what:?} is unpacked"),
        Err(fault) => assert_eq!(fault.code(), code, "{what:?}: {fault}"),
    }
    assert!(place.is_clean(), "{what:?} leaves something behind");
}

/// Puts one more file into the good package.
fn with(change: impl FnOnce(&mut Piece)) -> Made {
    let mut made = good();
    let mut piece = Piece::file(&format!("{TOP}/update/extra.bin"), b"one more file");
    change(&mut piece);
    made.pieces.push(piece);
    made
}

fn end(change: impl FnOnce(&mut Made)) -> Made {
    let mut made = good();
    change(&mut made);
    made
}

fn extra(id: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let head = [id.to_le_bytes(), length.to_le_bytes()];
    [head.as_flattened(), content].concat()
}
