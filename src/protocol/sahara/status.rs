//! What a boot ROM says where something went wrong: the statuses of `END_OF_IMAGE`, and what each most likely means.

use Cause::{Chip, Conversation, File, Images, Line, OtherChip, Signature, Version};

/// The likely cause behind a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The file is not signed for this modem, or not at all. Rejected programmers were seen with 0x08, 0x21, 0x22 and 0x25
    /// (protocols.md §5.7); that the other words of the hash segment belong here is read off their names.
    Signature,
    /// The file wants to stand where this chip has no memory.
    OtherChip,
    /// The file is no programmer, or damaged.
    File,
    /// It asks for another image than was given.
    Images,
    /// The two sides speak different versions of the protocol.
    Version,
    /// The two sides are out of step.
    Conversation,
    /// Bytes were lost between the two.
    Line,
    /// The chip itself could not go on.
    Chip,
    /// A status that no source names.
    Unknown,
}

/// The name of a status.
pub fn status_text(status: u32) -> &'static str {
    row(status).map_or("unknown status", |(name, _)| name)
}

/// What it most likely means; read off its name, where nothing else is said at [`Cause`].
pub fn cause(status: u32) -> Cause {
    row(status).map_or(Cause::Unknown, |(_, cause)| cause)
}

fn row(status: u32) -> Option<(&'static str, Cause)> {
    usize::try_from(status)
        .ok()
        .and_then(|index| TABLE.get(index))
        .copied()
}

/// By number, from 0 on (protocols.md §5.7: openpst, libqmi and edl-ng agree; edl's own table is shifted by one).
#[rustfmt::skip]
const TABLE: [(&str, Cause); 0x29] = [
    ("ok", Conversation),
    ("invalid command", Conversation),
    ("protocol mismatch", Version),
    ("invalid target protocol", Version),
    ("invalid host protocol", Version),
    ("invalid packet size", Conversation),
    ("unexpected image id", Images),
    ("invalid image header size", File),
    ("invalid image data size", Signature),
    ("invalid image type", File),
    ("invalid transmit length", Line),
    ("invalid receive length", Line),
    ("transmit or receive error", Line),
    ("read data error", Line),
    ("unsupported number of program headers", File),
    ("invalid program header size", File),
    ("multiple shared segments", File),
    ("uninitialised header location", File),
    ("invalid destination address", OtherChip),
    ("invalid image header data size", File),
    ("invalid ELF header", File),
    ("unknown host error", Conversation),
    ("receive timeout", Line),
    ("transmit timeout", Line),
    ("invalid host mode", Conversation),
    ("invalid memory read", Conversation),
    ("invalid data size request", Conversation),
    ("memory debug unsupported", Conversation),
    ("invalid mode switch", Conversation),
    ("execute failed", Conversation),
    ("invalid execute parameter", Conversation),
    ("execute unsupported", Conversation),
    ("execute data: invalid command", Conversation),
    ("hash table authentication failed", Signature),
    ("hash verification failed", Signature),
    ("hash table not found", Signature),
    ("target initialisation failure", Chip),
    ("image authentication failed", Signature),
    ("invalid hash table size", Signature),
    ("enumeration failed", Line),
    ("hardware bulk transfer error", Line),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference's own list (protocols.md §5.7), with its abbreviations written out.
    const REFERENCE: &str = "0 ok; 01 invalid command; 02 protocol mismatch; 03 invalid target protocol; 04 invalid \
        host protocol; 05 invalid packet size; 06 unexpected image id; 07 invalid image header size; 08 invalid image data \
        size; 09 invalid image type; 0A invalid transmit length; 0B invalid receive length; 0C transmit or receive error; \
        0D read data error; 0E unsupported number of program headers; 0F invalid program header size; 10 multiple shared \
        segments; 11 uninitialised header location; 12 invalid destination address; 13 invalid image header data size; 14 \
        invalid ELF header; 15 unknown host error; 16 receive timeout; 17 transmit timeout; 18 invalid host mode; 19 \
        invalid memory read; 1A invalid data size request; 1B memory debug unsupported; 1C invalid mode switch; 1D \
        execute failed; 1E invalid execute parameter; 1F execute unsupported; 20 execute data: invalid command; 21 hash \
        table authentication failed; 22 hash verification failed; 23 hash table not found; 24 target initialisation \
        failure; 25 image authentication failed; 26 invalid hash table size; 27 enumeration failed; 28 hardware bulk \
        transfer error";

    #[test]
    fn every_status_of_the_reference_has_its_name() {
        let mut count = 0;
        for line in REFERENCE.split("; ") {
            let (number, name) = line.trim().split_once(' ').unwrap();
            let status = u32::from_str_radix(number, 16).unwrap();
            assert_eq!(status_text(status), name.trim(), "{status:#x}");
            assert_eq!(status, count, "one follows the other");
            count += 1;
        }
        assert_eq!(count, 0x29);
        for beyond in [0x29, 0xff, u32::MAX] {
            assert_eq!(status_text(beyond), "unknown status");
            assert_eq!(cause(beyond), Cause::Unknown);
        }
    }

    #[test]
    fn what_a_rejected_programmer_was_seen_with_is_told_as_its_signature() {
        for status in [0x08, 0x21, 0x22, 0x25] {
            assert_eq!(cause(status), Cause::Signature, "{status:#x}");
        }
    }
}
