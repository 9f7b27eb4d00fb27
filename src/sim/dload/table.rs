//! The partition table that the host tells, against the one that the chip holds.

use super::{BLANK, ERASE_OF_A_BLOCK, Loader, TURN, first_page};
use crate::files::hex;
use crate::plan::{FaultKind, Operation};
use crate::protocol::dload::{Code, MAX_TABLE, Replace, Reply, TableStatus, UserTable};
use crate::sim::record::RecordKind;
use crate::sim::world::World;
use crate::sim::{boot, mibib};
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::time::Duration;

impl Loader {
    pub(super) fn partition_table(&mut self, world: &mut World, replaces: Replace, bytes: &[u8]) {
        let what = "partition table";
        let fault = world.strike(Operation::DloadTable);
        if fault == Some(FaultKind::Timeout) || world.want.is_some() {
            return;
        }
        if !self.secured {
            let why = (
                Code::OUT_OF_SEQUENCE,
                "No security mode received before partition table",
            );
            return self.refuse(world, fault, what, why);
        }
        self.table = None;
        if bytes.len() > MAX_TABLE {
            let why = (Code::INVALID_LENGTH, "Partition table length exceeded");
            return self.refuse(world, fault, what, why);
        }
        if fault == Some(FaultKind::Nak) {
            let why = (Code::FAILED, "Unknown error accepting partition table");
            return self.refuse(world, fault, what, why);
        }
        let block_kib = u32::try_from(world.nand.block_bytes() / 1024).unwrap_or(0);
        let told = UserTable::decode(bytes).ok().and_then(|table| {
            let places = table.places(block_kib, world.nand.blocks()).ok()?;
            let names = table.entries.into_iter().map(|entry| entry.name);
            let ranges = places
                .into_iter()
                .map(|(start, count)| start..start + count);
            Some(names.zip(ranges).collect::<Vec<_>>())
        });
        let Some(told) = told else {
            world.refused(what, "not recognised");
            let reply = Reply::Table(TableStatus::NotRecognised);
            return self.say(world, fault, TURN, &reply);
        };
        let mut time = TURN;
        if !self.is_the_chips(world, &told) {
            if replaces == Replace::Never {
                world.refused(what, "differs");
                return self.say(world, fault, TURN, &Reply::Table(TableStatus::Differs));
            }
            time += self.replace_table(world, &told, bytes);
        }
        self.table = Some(told);
        self.say(world, fault, time, &Reply::Table(TableStatus::Accepted));
    }

    /// Whether the chip's own table is whole and has the same partitions.
    fn is_the_chips(&self, world: &World, told: &[(String, Range<u32>)]) -> bool {
        let Some(own) = self.partitions.iter().find(|p| p.name.value == boot::TABLE) else {
            return false;
        };
        let page = world.nand.page_bytes();
        let mut pages = world
            .nand
            .good_pages(first_page(world, own.start), own.start + own.blocks);
        let mut bytes = vec![0; 4 * page];
        for part in bytes.chunks_mut(page) {
            if pages
                .next(&world.nand)
                .is_none_or(|number| world.nand.read(number, part).is_err())
            {
                return false;
            }
        }
        mibib::is_whole(&bytes, page) && self.is_laid_out_so(told)
    }

    fn is_laid_out_so(&self, told: &[(String, Range<u32>)]) -> bool {
        self.partitions.len() == told.len()
            && self
                .partitions
                .iter()
                .zip(told)
                .all(|(own, (name, blocks))| {
                    mibib::entry_name(&own.name).eq_ignore_ascii_case(name)
                        && own.start == blocks.start
                        && own.blocks <= blocks.end - blocks.start
                })
    }

    /// Writes the chip's table anew. A layout that is not this chip's leaves one that its boot loader does not take.
    fn replace_table(
        &self,
        world: &mut World,
        told: &[(String, Range<u32>)],
        bytes: &[u8],
    ) -> Duration {
        let Some(own) = self.partitions.iter().find(|p| p.name.value == boot::TABLE) else {
            return Duration::ZERO;
        };
        let page = world.nand.page_bytes();
        let start = first_page(world, own.start);
        let count = first_page(world, own.start + own.blocks) - start;
        world.record(RecordKind::Erase { start, count });
        for block in own.start..own.start + own.blocks {
            world.nand.erase(block);
        }
        let content = if self.is_laid_out_so(told) {
            mibib::encode(&self.partitions, page)
        } else {
            bytes.to_vec()
        };
        let mut pages = world.nand.good_pages(start, own.start + own.blocks);
        for part in content.chunks(page) {
            let mut whole = part.to_vec();
            whole.resize(page, BLANK);
            if let Some(number) = pages.next(&world.nand) {
                // A page that cannot be kept is one of a table that is not whole.
                let _ = world.nand.program(number, &whole);
            }
        }
        world.record(RecordKind::Program {
            start,
            count: content.len().div_ceil(page) as u64,
            sha256: hex(&Sha256::digest(&content)),
        });
        ERASE_OF_A_BLOCK.saturating_mul(own.blocks)
    }
}
