//! What the programmer tells of itself and of the storage: banner, agreement on sizes, storage.

use super::Programmer;
use super::answers::{TURN, log, refuses, reply, response};
use super::documents::LONGEST_DOCUMENT;
use crate::plan::{Banner, FaultKind, Operation};
use crate::protocol::firehose::Element;
use crate::sim::world::World;

/// Advertised by SDX24 and SDX55 (protocols.md §6.4, measured).
const FUNCTIONS: [&str; 15] = [
    "program",
    "read",
    "nop",
    "patch",
    "configure",
    "setbootablestoragedrive",
    "erase",
    "power",
    "firmwarewrite",
    "getstorageinfo",
    "benchmark",
    "emmc",
    "ufs",
    "fixgpt",
    "getsha256digest",
];

impl Programmer {
    fn functions(&self) -> Vec<&'static str> {
        let offered = |name: &&str| self.traits.digest || *name != "getsha256digest";
        FUNCTIONS.into_iter().filter(offered).collect()
    }

    pub(super) fn banner(&self, serial: u32) -> Vec<Vec<u8>> {
        let functions = self.functions();
        let count = functions.len();
        let mut lines = vec![
            "Binary build date: Jan  1 2020 @ 00:00:00".to_owned(),
            format!("Chip serial num: {serial} (0x{serial:x})"),
        ];
        match self.traits.banner {
            Banner::Many => {
                lines.push(format!("Supported Functions ({count}):"));
                lines.extend(functions.into_iter().map(str::to_owned));
                lines.push(format!("End of supported functions {count}"));
            }
            Banner::One => lines.push(format!("Supported Functions: {}", functions.join(" "))),
        }
        lines.iter().map(|line| log(line)).collect()
    }

    /// NAK with a smaller size than asked, ACK otherwise (protocols.md §6.3).
    pub(super) fn configure(&mut self, world: &mut World, element: &Element) {
        let fault = world.strike(Operation::Configure);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        if refuses(fault) {
            return self.refuse(
                world,
                fault,
                "configure",
                "Failed to open device, type:nand",
            );
        }
        let asked: Option<u32> = element
            .attribute("MaxPayloadSizeToTargetInBytes")
            .and_then(|text| text.parse().ok());
        if fault == Some(FaultKind::NakSmallerPayload) {
            // No less than a sector, and from now on no more.
            let least = u32::try_from(world.nand.page_bytes()).unwrap_or(4096);
            let half = asked.unwrap_or(self.traits.max_payload) / 2;
            self.traits.max_payload = half.max(least);
        }
        let most = self.traits.max_payload;
        let fits = asked.is_none_or(|asked| (1..=most).contains(&asked));
        let agreed = if fits { asked.unwrap_or(most) } else { most };
        let due = self.due(world, fault, TURN);
        if !fits {
            world
                .outbox
                .send(due, log("Host's payload to target size is too large"));
        }
        let attributes = [
            ("MinVersionSupported", "1".to_owned()),
            ("MemoryName", "nand".to_owned()),
            ("Version", "1".to_owned()),
            ("MaxPayloadSizeToTargetInBytes", agreed.to_string()),
            ("MaxPayloadSizeToTargetInBytesSupported", most.to_string()),
            ("MaxXMLSizeInBytes", LONGEST_DOCUMENT.to_string()),
            ("DateTime", "Jan  1 2020 - 00:00:00".to_owned()),
        ];
        let verdict = if fits { "ACK" } else { "NAK" };
        reply(world, due, fault, response(verdict, &attributes));
    }

    /// Names of the members as in protocols.md §6.4; that blocks are erase blocks on NAND is unverified.
    pub(super) fn storage(&mut self, world: &mut World) {
        let text = format!(
            r#"INFO: {{"storage_info": {{"total_blocks":{}, "block_size":{}, "page_size":{}, "num_physical":1, "manufacturer_id":44, "serial_num":0, "fw_version":"0", "mem_type":"nand", "prod_name":"SYNTHETIC"}}}}"#,
            world.nand.blocks(),
            world.nand.block_bytes(),
            world.nand.page_bytes(),
        );
        let due = self.due(world, None, TURN);
        world.outbox.send(due, log(&text));
        world.outbox.send(due, response("ACK", &[]));
    }
}
