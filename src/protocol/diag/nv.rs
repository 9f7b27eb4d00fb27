//! NV items: numbers, status words, and the item that holds the IMEI.

/// Value bytes of a numbered NV item.
pub const NV_SIZE: usize = 128;

/// `NV_FTM_MODE_I`, the factory-test flag.
pub const NV_FTM_MODE: u16 = 453;

/// `NV_UE_IMEI_I`.
pub const NV_IMEI: u16 = 550;

/// `NV_DIAG_SPC_UNLOCK_TTL_I`: breaks a QPST restore on RM551E.
pub const NV_SPC_UNLOCK_TTL: u16 = 3252;

/// ESN, its checksum, IMEI, MEID and its variants: read and compared, never written (diag-and-xqcn.md §4, §10).
pub const IDENTITY_ITEMS: [u16; 6] = [0, 1, NV_IMEI, 1943, 1992, 5598];

/// A numbered NV item and, for the indexed commands, its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NvId {
    pub item: u16,
    /// `None` for the plain commands 0x26 and 0x27, which mean index 0.
    pub index: Option<u16>,
}

/// Status of an NV command (C2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NvStatus {
    Done,
    Busy,
    BadCommand,
    Full,
    Failed,
    /// Never written.
    Inactive,
    BadParameter,
    ReadOnly,
    NotDefined,
    Other(u16),
}

impl NvStatus {
    pub fn number(self) -> u16 {
        match self {
            Self::Done => 0,
            Self::Busy => 1,
            Self::BadCommand => 2,
            Self::Full => 3,
            Self::Failed => 4,
            Self::Inactive => 5,
            Self::BadParameter => 6,
            Self::ReadOnly => 7,
            Self::NotDefined => 8,
            Self::Other(other) => other,
        }
    }

    pub fn from_number(number: u16) -> Self {
        match number {
            0 => Self::Done,
            1 => Self::Busy,
            2 => Self::BadCommand,
            3 => Self::Full,
            4 => Self::Failed,
            5 => Self::Inactive,
            6 => Self::BadParameter,
            7 => Self::ReadOnly,
            8 => Self::NotDefined,
            other => Self::Other(other),
        }
    }
}

impl std::fmt::Display for NvStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Done => "done",
            Self::Busy => "busy",
            Self::BadCommand => "bad command",
            Self::Full => "memory full",
            Self::Failed => "failed",
            Self::Inactive => "inactive",
            Self::BadParameter => "bad parameter",
            Self::ReadOnly => "read-only",
            Self::NotDefined => "not defined",
            Self::Other(_) => "unknown",
        };
        write!(f, "status {} ({text})", self.number())
    }
}

/// Decodes the value of NV 550 (C2): a length of 8, then swapped BCD, the first nibble a marker of 0xA. `None` for
/// anything but fifteen digits with a valid check digit.
pub fn imei_from_nv(value: &[u8]) -> Option<String> {
    let value = value.get(..9).filter(|v| v[0] == 8)?;
    let nibbles = value[1..].iter().flat_map(|b| [b & 0xf, b >> 4]);
    let digits: String = nibbles
        .skip(1)
        .map(|n| char::from_digit(n.into(), 10))
        .collect::<Option<_>>()?;
    (value[1] & 0xf == 0xa && imei_is_valid(&digits)).then_some(digits)
}

/// Encodes fifteen digits as the value of NV 550: only the simulated modem and made-up test files use this.
pub fn imei_to_nv(imei: &str) -> Option<[u8; NV_SIZE]> {
    let digits: Vec<u8> = imei
        .bytes()
        .map(|b| b.is_ascii_digit().then(|| b - b'0'))
        .collect::<Option<_>>()?;
    if digits.len() != 15 {
        return None;
    }
    let nibbles: Vec<u8> = std::iter::once(0xa).chain(digits).collect();
    let mut value = [0; NV_SIZE];
    value[0] = 8;
    for (byte, pair) in value[1..].iter_mut().zip(nibbles.chunks(2)) {
        *byte = pair[0] | pair[1] << 4;
    }
    Some(value)
}

/// Fifteen digits whose last is the Luhn check digit of the others (3GPP TS 23.003).
pub fn imei_is_valid(imei: &str) -> bool {
    let sum: u32 = imei
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b.wrapping_sub(b'0'));
            let weighed = if i % 2 == 1 { digit * 2 } else { digit };
            weighed / 10 + weighed % 10
        })
        .sum();
    imei.len() == 15 && imei.bytes().all(|b| b.is_ascii_digit()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_imei_of_the_sample_file_is_decoded() {
        let value = [0x08, 0x4a, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81];
        assert_eq!(imei_from_nv(&value).as_deref(), Some("490154203237518"));
        assert_eq!(imei_to_nv("490154203237518").unwrap()[..9], value);
        assert_eq!(imei_from_nv(&[0; 9]), None);
    }

    #[test]
    fn a_wrong_check_digit_is_no_imei() {
        assert!(imei_is_valid("490154203237518"));
        assert!(!imei_is_valid("490154203237519"));
        assert!(!imei_is_valid("49015420323751"));
    }
}
