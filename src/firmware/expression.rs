//! The small grammar of numbers in rawprogram and patch files (protocols.md §7.2):
//! `number | NAME (+|-|*|/) number`, with an optional final dot, and `CRC32(start,length)`. Others evaluate these
//! with `eval` or `atoi`.

use crate::protocol::nand::Geometry;

/// A number that may depend on the chip.
pub(super) fn number(text: &str, chip: Geometry) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    let Some((name, rest)) = text
        .find(['+', '-', '*', '/'])
        .and_then(|at| text.split_at_checked(at))
    else {
        return value(text, chip);
    };
    let operator = rest.as_bytes().first()?;
    let (left, right) = (disk(name.trim(), chip)?, literal(rest.get(1..)?.trim())?);
    match operator {
        b'+' => left.checked_add(right),
        b'-' => left.checked_sub(right),
        b'*' => left.checked_mul(right),
        _ => left.checked_div(right),
    }
}

/// Start and length of a `CRC32(start,length)`, each a number of this grammar.
pub(super) fn checksum(text: &str, chip: Geometry) -> Option<(u64, u64)> {
    let inside = text.trim().strip_prefix("CRC32(")?.strip_suffix(')')?;
    let (start, length) = inside.split_once(',')?;
    Some((number(start, chip)?, number(length, chip)?))
}

fn value(text: &str, chip: Geometry) -> Option<u64> {
    disk(text, chip).or_else(|| literal(text))
}

fn disk(name: &str, chip: Geometry) -> Option<u64> {
    match name {
        "NUM_DISK_SECTORS" => Some(chip.sectors().into()),
        "NUM_DISK_BLOCKS" => Some(chip.blocks().into()),
        _ => None,
    }
}

fn literal(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    // `from_str_radix` takes a sign, this grammar does not.
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_grammar_and_nothing_else() {
        let chip = Geometry::new(2048, 64, 2048).unwrap();
        for (text, wanted) in [
            ("640", Some(640)),
            ("640.", Some(640)),
            ("0x280", Some(640)),
            ("NUM_DISK_SECTORS-33.", Some(131_039)),
            ("NUM_DISK_BLOCKS-1458.", Some(590)),
            ("NUM_DISK_BLOCKS / 2", Some(1024)),
            ("NUM_DISK_BLOCKS", Some(2048)),
            ("NUM_DISK_BLOCKS-4096", None),
            ("NUM_DISK_BLOCKS/0", None),
            ("NUM_DISK_BLOCKS*99999999999999999999", None),
            ("-1", None),
            ("+1", None),
            ("1+1", None),
            ("", None),
            (".", None),
            ("__import__('os')", None),
            ("640..", None),
        ] {
            assert_eq!(number(text, chip), wanted, "{text}");
        }
        for (text, wanted) in [
            ("CRC32(0,4096)", Some((0, 4096))),
            ("CRC32(NUM_DISK_SECTORS-33., 16384)", Some((131_039, 16384))),
            ("CRC32(0)", None),
            ("CRC32(0,4096", None),
            ("CRC32(0,)", None),
            ("CRC32(0,CRC32(0,1))", None),
            ("crc32(0,4096)", None),
        ] {
            assert_eq!(checksum(text, chip), wanted, "{text}");
        }
    }
}
