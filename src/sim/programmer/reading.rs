//! Raw sectors to the host, made as fast as they are taken.

use super::command::Place;
use super::rates::{READ_RATE, at_rate};
use crate::files::hex;
use crate::plan::FaultKind;
use crate::sim::nand::{Nand, UNREADABLE};
use crate::sim::world::slowed;
use sha2::{Digest, Sha256};
use std::io;
use std::time::Duration;

/// A read command under way.
#[derive(Debug)]
pub(super) struct Reading {
    place: Place,
    left: u64,
    payload: u64,
    due: Duration,
    fault: Option<FaultKind>,
}

impl Reading {
    pub(super) fn new(place: Place, payload: u64, due: Duration, fault: Option<FaultKind>) -> Self {
        Self {
            place,
            left: place.count,
            payload,
            due,
            fault,
        }
    }

    pub(super) fn due(&self) -> Duration {
        self.due
    }

    /// One transfer and its time; `None` when all was sent.
    pub(super) fn next(&mut self, nand: &Nand) -> Option<(Duration, Vec<u8>)> {
        if self.left == 0 {
            return None;
        }
        let page_bytes = nand.page_bytes();
        let pages = (self.payload / page_bytes as u64).max(1).min(self.left);
        let mut bytes = vec![0; usize::try_from(pages).unwrap_or(1) * page_bytes];
        if self.fault == Some(FaultKind::ReadError) {
            bytes.fill(UNREADABLE);
        }
        let readable = self.fault != Some(FaultKind::ReadError);
        for page in bytes.chunks_mut(page_bytes).filter(|_| readable) {
            read_next(nand, &mut self.place, page).unwrap_or_else(|_| page.fill(UNREADABLE));
        }
        self.left -= pages;
        let time = at_rate(bytes.len() as u64, READ_RATE);
        self.due += slowed(time, self.fault);
        Some((self.due, bytes))
    }
}

/// SHA-256 of what a read would send.
pub(super) fn sha256(nand: &Nand, mut place: Place) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut page = vec![0; nand.page_bytes()];
    for _ in 0..place.count {
        read_next(nand, &mut place, &mut page)?;
        hash.update(&page);
    }
    Ok(hex(&hash.finalize()))
}

/// Past the last usable page of its range a read gives filler.
fn read_next(nand: &Nand, place: &mut Place, page: &mut [u8]) -> io::Result<()> {
    if let Some(number) = place.pages.next(nand) {
        return nand.read(number, page);
    }
    page.fill(UNREADABLE);
    Ok(())
}
