//! What the driver makes of a scripted programmer.

mod babble;
mod failing;
mod programmer;
mod start;
mod transfer;

pub(crate) use babble::babble;
pub(crate) use programmer::{Shared, State, small_chip, started};

use super::*;
use crate::protocol::nand::Sector;
use programmer::port;

fn late(firehose: &Firehose) -> Deadline {
    firehose.within(Duration::from_secs(600))
}

fn range(start: u32, count: u32) -> Sectors {
    Sectors::new(Sector(start), count).unwrap()
}

fn write(firehose: &mut Firehose, start: u32, count: u32, mut bytes: &[u8]) -> Result<u64, Error> {
    let writing = Writing {
        sectors: range(start, count),
        name: "x.mbn",
        last_sector: None,
    };
    let deadline = late(firehose);
    firehose.program(small_chip(), &writing, &mut bytes, deadline, &mut |_, _| {})
}
