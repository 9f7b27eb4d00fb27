//! Numbered NV items.

use super::contents::{Item, READ_ONLY_ITEMS};
use crate::protocol::diag::{NV_FTM_MODE, NV_IMEI, NV_SIZE, NvStatus, imei_from_nv};
use std::collections::BTreeMap;

/// The value of an item.
pub(super) type Value = [u8; NV_SIZE];

/// Items above this have no meaning. The limit is made up; tools scan no further than 8192 (diag-and-xqcn.md §4).
const LAST_ITEM: u16 = 20_000;
/// Subscriptions of a modem: the main one, and one for each SIM array of an XQCN.
const LAST_INDEX: u16 = 2;

/// All items of the unit, by item and index.
#[derive(Debug, Default, Clone)]
pub(super) struct NvItems {
    values: BTreeMap<(u16, u16), Value>,
}

impl NvItems {
    pub(super) fn new(items: Vec<Item>) -> Self {
        let values = items.into_iter().map(|i| ((i.number, i.index), i.value));
        Self {
            values: values.collect(),
        }
    }

    /// What a read answers; zeros with every status but "done".
    pub(super) fn read(&self, item: u16, index: u16) -> (Value, NvStatus) {
        if item > LAST_ITEM || index > LAST_INDEX {
            return ([0; NV_SIZE], NvStatus::BadParameter);
        }
        match self.values.get(&(item, index)) {
            Some(value) => (*value, NvStatus::Done),
            None => ([0; NV_SIZE], NvStatus::Inactive),
        }
    }

    /// What a write answers.
    pub(super) fn write(&mut self, item: u16, index: u16, value: &Value) -> NvStatus {
        if item > LAST_ITEM || index > LAST_INDEX {
            return NvStatus::BadParameter;
        }
        if READ_ONLY_ITEMS.contains(&item) {
            return NvStatus::ReadOnly;
        }
        self.values.insert((item, index), *value);
        NvStatus::Done
    }

    /// Makes one bit of a stored value wrong.
    pub(super) fn flip(&mut self, item: u16, index: u16) {
        if let Some(value) = self.values.get_mut(&(item, index)) {
            value[0] ^= 1;
        }
    }

    pub(super) fn imei(&self) -> Option<String> {
        imei_from_nv(self.values.get(&(NV_IMEI, 0))?)
    }

    /// Whether the factory-test flag is set.
    pub(super) fn factory_test(&self) -> bool {
        self.values
            .get(&(NV_FTM_MODE, 0))
            .is_some_and(|value| value[0] != 0)
    }
}
