//! Command mode: what the boot ROM says of its chip (protocols.md §5.5). Every value is synthetic.

use super::Nature;
use crate::protocol::sahara::Packet;
use sha2::{Digest, Sha256};

const SERIAL: u32 = 0x01;
const HARDWARE: u32 = 0x02;
const KEY_HASH: u32 = 0x03;
const SOFTWARE_VERSION: u32 = 0x07;
const SUPPORTED: u32 = 0x08;
const CHIP_V3: u32 = 0x0a;
/// Statuses of `END_OF_IMAGE`.
const UNSUPPORTED: u32 = 0x1f;
const INVALID_COMMAND: u32 = 0x01;

/// Answers the questions of command mode.
pub(super) struct Chip<'a> {
    nature: &'a Nature,
}

impl<'a> Chip<'a> {
    pub(super) fn new(nature: &'a Nature) -> Self {
        Self { nature }
    }

    /// The answer to one packet. That the boot ROM stays in command mode after a refusal is unverified.
    pub(super) fn obey(&self, packet: &Packet) -> Vec<u8> {
        match packet {
            Packet::Execute { command } => match self.value(*command) {
                Some(value) => Packet::ExecuteResponse {
                    command: *command,
                    length: u32::try_from(value.len()).unwrap_or(0),
                }
                .encode(),
                None => refusal(UNSUPPORTED),
            },
            Packet::ExecuteData { command } => {
                self.value(*command).unwrap_or_else(|| refusal(UNSUPPORTED))
            }
            _ => refusal(INVALID_COMMAND),
        }
    }

    /// Version 3 refuses the old questions after hardware and key (bkerler/edl#443).
    fn value(&self, command: u32) -> Option<Vec<u8>> {
        let old = self.nature.traits.version < 3;
        match command {
            SERIAL => Some(self.nature.serial.to_le_bytes().to_vec()),
            HARDWARE if old => Some(b"SYNTHETC".repeat(3)),
            KEY_HASH if old => Some(Sha256::digest(self.nature.model.as_bytes()).repeat(3)),
            SOFTWARE_VERSION => Some(vec![0; 4]),
            SUPPORTED => {
                let ids: &[u32] = if old {
                    &[SERIAL, HARDWARE, KEY_HASH, SOFTWARE_VERSION, SUPPORTED]
                } else {
                    &[SERIAL, SOFTWARE_VERSION, SUPPORTED, CHIP_V3]
                };
                Some(ids.iter().flat_map(|id| id.to_le_bytes()).collect())
            }
            CHIP_V3 if !old => {
                // MSM id at 36, OEM id at 40, model at 42.
                let mut bytes = vec![0; 44];
                bytes[36..44].copy_from_slice(b"SYNTHETC");
                Some(bytes)
            }
            _ => None,
        }
    }
}

fn refusal(status: u32) -> Vec<u8> {
    Packet::EndOfImage { image: 0, status }.encode()
}
