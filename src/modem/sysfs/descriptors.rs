//! Raw USB descriptors, as Linux keeps them in the file `descriptors` of a device (USB 2.0, chapter 9.6). A device says
//! what it likes: nothing here trusts a length.

use super::super::identity::Interface;

const DEVICE: u8 = 1;
const CONFIGURATION: u8 = 2;
const INTERFACE: u8 = 4;
const ENDPOINT: u8 = 5;
const BULK: u8 = 2;

/// What the descriptors say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) vid: u16,
    pub(super) pid: u16,
    pub(super) bcd: u16,
    /// Of the active configuration, each in its first setting, by number.
    pub(super) interfaces: Vec<Interface>,
}

/// `active`: the value of the active configuration. A device that has none yet is told by its first.
pub(super) fn parse(bytes: &[u8], active: Option<u8>) -> Option<Parsed> {
    let mut all = Descriptors(bytes);
    let device = all.next().filter(|d| d.get(1) == Some(&DEVICE))?;
    let word = |at| Some(u16::from_le_bytes([*device.get(at)?, *device.get(at + 1)?]));
    let mut found: Vec<(Interface, Vec<u8>)> = Vec::new();
    let mut wanted = None;
    let mut first_setting = false;
    for descriptor in all {
        let byte = |at: usize| descriptor.get(at).copied();
        match byte(1) {
            Some(CONFIGURATION) => {
                let value = byte(5);
                let is_first = wanted.is_none();
                let is_wanted = if active.is_some() {
                    value == active
                } else {
                    is_first
                };
                wanted = Some(is_wanted);
            }
            _ if wanted != Some(true) => {}
            Some(INTERFACE) => {
                first_setting = byte(3) == Some(0);
                let class = (byte(5), byte(6), byte(7));
                if let (true, Some(number), (Some(a), Some(b), Some(c))) =
                    (first_setting, byte(2), class)
                {
                    found.push((Interface::new(number, (a, b, c)), Vec::new()));
                }
            }
            Some(ENDPOINT) if first_setting => {
                if let (Some((_, bulk)), Some(address), Some(kind)) =
                    (found.last_mut(), byte(2), byte(3))
                    && kind & 3 == BULK
                {
                    bulk.push(address);
                }
            }
            _ => {}
        }
    }
    let mut interfaces: Vec<Interface> = found
        .into_iter()
        .map(|(interface, bulk)| Interface {
            bulk: pair(&bulk),
            ..interface
        })
        .collect();
    interfaces.sort_unstable();
    Some(Parsed {
        vid: word(8)?,
        pid: word(10)?,
        bcd: word(12)?,
        interfaces,
    })
}

/// The only endpoint in, and the only one out.
fn pair(bulk: &[u8]) -> Option<(u8, u8)> {
    let one = |input: bool| {
        let mut of = bulk
            .iter()
            .filter(|address| (*address & 0x80 != 0) == input);
        let only = of.next()?;
        of.next().is_none().then_some(*only)
    };
    Some((one(true)?, one(false)?))
}

/// One descriptor after the other; ends at the first whose length cannot be.
struct Descriptors<'a>(&'a [u8]);

impl<'a> Iterator for Descriptors<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(*self.0.first()?);
        if length < 2 {
            return None;
        }
        let (one, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A real EC25-AU in EDL (fwupd:plugins/qc-firehose/tests/qc-ec25au-setup.json, the file `descriptors`).
    const EC25_EDL: [u8; 50] = [
        0x12, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x40, 0xc6, 0x05, 0x08, 0x90, 0x00, 0x00, 0x01,
        0x02, 0x00, 0x01, 0x09, 0x02, 0x20, 0x00, 0x01, 0x01, 0x00, 0x80, 0x01, 0x09, 0x04, 0x00,
        0x00, 0x02, 0xff, 0xff, 0xff, 0x00, 0x07, 0x05, 0x81, 0x02, 0x00, 0x02, 0x00, 0x07, 0x05,
        0x01, 0x02, 0x00, 0x02, 0x00,
    ];

    #[test]
    fn a_recorded_boot_rom_is_read() {
        for active in [None, Some(1)] {
            let parsed = parse(&EC25_EDL, active).unwrap();
            assert_eq!((parsed.vid, parsed.pid, parsed.bcd), (0x05c6, 0x9008, 0));
            let boot_rom = Interface::new(0, (0xff, 0xff, 0xff)).with_bulk(0x81, 0x01);
            assert_eq!(parsed.interfaces, [boot_rom]);
        }
        assert!(parse(&EC25_EDL, Some(2)).unwrap().interfaces.is_empty());
    }

    #[test]
    fn descriptors_that_break_off_give_what_came_before() {
        assert_eq!(parse(&EC25_EDL[..17], None), None);
        let cut = parse(&EC25_EDL[..40], None).unwrap();
        assert_eq!(cut.interfaces, [Interface::new(0, (0xff, 0xff, 0xff))]);
        let mut loops = EC25_EDL;
        loops[18] = 0;
        assert!(parse(&loops, None).unwrap().interfaces.is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_wild(bytes in proptest::collection::vec(any::<u8>(), 0..200), active: Option<u8>) {
            let _ = parse(&bytes, active);
        }
    }
}
