//! What a unit of a model holds: its own NV items and files, the same each time.
//!
//! Paths of `rfnv`, `ims` and `mmode` are those of diag-and-xqcn.md §6 and §8.5; all other names, and every byte, are
//! made up. Which items a real unit refuses to have written is not known: two made-up ones stand for them.

use super::random::Random;
use crate::plan::Profile;
use crate::protocol::diag::{NV_FTM_MODE, NV_IMEI, NV_SIZE, imei_to_nv};
use crate::protocol::efs::EntryKind;

/// The textbook number, for scenarios that name none.
pub(in crate::sim) const TEST_IMEI: &str = "490154203237518";
/// Where radio calibration lives (quectel.md §8).
pub(in crate::sim) const RFNV: &str = "/nv/item_files/rfnv/";
/// Items that answer "read-only" to a write.
pub(super) const READ_ONLY_ITEMS: [u16; 2] = [2825, 4399];

/// A numbered item as the unit holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Item {
    pub(in crate::sim) number: u16,
    pub(in crate::sim) index: u16,
    pub(in crate::sim) value: [u8; NV_SIZE],
}

/// A file as the unit holds it; for a symlink the data is its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct File {
    pub(in crate::sim) path: String,
    pub(in crate::sim) kind: EntryKind,
    pub(in crate::sim) data: Vec<u8>,
}

/// Folders that exist from the factory on, so that a file system without calibration still has a place for it.
pub(super) const FOLDERS: [&str; 10] = [
    "/nv",
    "/nv/item_files",
    "/nv/item_files/ims",
    "/nv/item_files/modem",
    "/nv/item_files/modem/mmode",
    "/nv/item_files/rfnv",
    "/nv/reg_files",
    "/policyman",
    "/rfc",
    "/rfc/card",
];

/// The unit's numbered items. The IMEI item is absent where the text is no fifteen digits.
pub(in crate::sim) fn items(profile: &Profile, imei: &str, factory_test: bool) -> Vec<Item> {
    let short = |number, index, bytes: &[u8]| {
        let mut value = [0; NV_SIZE];
        value[..bytes.len()].copy_from_slice(bytes);
        Item {
            number,
            index,
            value,
        }
    };
    let mut items = vec![
        short(10, 0, &[0, 4]),
        short(441, 0, &[0xff, 0xff]),
        short(NV_FTM_MODE, 0, &[u8::from(factory_test)]),
        short(946, 0, &[0xff, 0xff]),
        short(6828, 0, &[0xff, 0x3f, 0x08, 0x80, 0xde, 0x3b]),
        // The second subscription has its own band preference.
        short(441, 1, &[0xff, 0x0f]),
    ];
    items.extend(imei_to_nv(imei).map(|value| Item {
        number: NV_IMEI,
        index: 0,
        value,
    }));
    let mut random = Random::of_text(&format!("{} items", *profile.id));
    for item in (READ_ONLY_ITEMS.into_iter()).chain([1878, 4102, 6873]) {
        items.push(short(item, 0, &random.bytes(16)));
    }
    items.sort_by_key(|item| (item.index, item.number));
    items
}

/// The unit's own radio calibration. One file is as long as the longest seen on hardware, 72 KB, and so is no item
/// file: only OPEN and WRITE can make it.
pub(in crate::sim) fn calibration(profile: &Profile) -> Vec<File> {
    let mut random = Random::of_text(&format!("{} calibration", *profile.id));
    (1..=24_usize)
        .map(|number| {
            let path = format!("{RFNV}000200{number:02}");
            let (kind, length) = match number {
                7 => (EntryKind::File, 72 * 1024),
                // Longer than one READ.
                12 => (EntryKind::Item, 3000),
                _ => (EntryKind::Item, 24 + random.below(200)),
            };
            File {
                path,
                kind,
                data: random.bytes(length),
            }
        })
        .collect()
}

/// Radio cards' descriptions: stored beside calibration, no part of it.
pub(in crate::sim) fn radio_cards(profile: &Profile) -> Vec<File> {
    let mut random = Random::of_text(&format!("{} cards", *profile.id));
    ["/rfc/version", "/rfc/card/0", "/rfc/card/1"]
        .map(|path| File {
            path: path.to_owned(),
            kind: EntryKind::File,
            data: random.bytes(48),
        })
        .into()
}

/// Settings under `/nv`, with an empty file among them.
pub(in crate::sim) fn provisioning() -> Vec<File> {
    [
        ("/nv/item_files/ims/IMS_enable", EntryKind::Item, &[1][..]),
        ("/nv/item_files/modem/mmode/sms_only", EntryKind::Item, &[0]),
        ("/nv/item_files/modem/mmode/empty", EntryKind::Item, &[]),
        ("/nv/reg_files/conf", EntryKind::File, b"a=1\n"),
    ]
    .map(|(path, kind, data)| File {
        path: path.to_owned(),
        kind,
        data: data.to_vec(),
    })
    .into()
}

/// What no XQCN holds: a file in the root, a policy and a symlink to it.
pub(super) fn others() -> Vec<File> {
    [
        ("/boot_count", EntryKind::File, &[3, 0, 0, 0][..]),
        ("/policyman/carrier.xml", EntryKind::File, b"<policy/>"),
        (
            "/policyman/current",
            EntryKind::Symlink,
            b"/policyman/carrier.xml",
        ),
    ]
    .map(|(path, kind, data)| File {
        path: path.to_owned(),
        kind,
        data: data.to_vec(),
    })
    .into()
}
