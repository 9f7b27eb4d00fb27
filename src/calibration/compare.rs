//! What differs between two files.

use super::{Section, Xqcn};
use std::collections::BTreeMap;
use std::fmt;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Nv {
        item: u16,
        index: u16,
        change: Change,
    },
    File {
        section: Section,
        path: String,
        change: Change,
    },
    Software {
        first: String,
        second: String,
    },
    FeatureMask(Change),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    OnlyInFirst,
    OnlyInSecond,
    Differs,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnlyInFirst => "only in the first",
            Self::OnlyInSecond => "only in the second",
            Self::Differs => "differs",
        })
    }
}

/// Everything that differs in what a restore would write, and in what it is bound to. Values are not shown: they are
/// private.
pub fn compare(first: &Xqcn, second: &Xqcn) -> Vec<Difference> {
    let nv = |x: &Xqcn| -> BTreeMap<(u16, u16), Vec<u8>> {
        let record = |r: &super::NvRecord| ((r.item, r.index), r.data.to_vec());
        x.nv.iter().map(record).collect()
    };
    let files = |x: &Xqcn| -> BTreeMap<(Section, String), Vec<u8>> {
        let file = |f: &super::EfsFile| ((f.section, f.path.clone()), f.data.clone());
        x.efs.iter().map(file).collect()
    };
    let mut all: Vec<Difference> = changes(&nv(first), &nv(second))
        .map(|((item, index), change)| Difference::Nv {
            item,
            index,
            change,
        })
        .collect();
    all.extend(
        changes(&files(first), &files(second)).map(|((section, path), change)| Difference::File {
            section,
            path,
            change,
        }),
    );
    let software = |x: &Xqcn| x.property.clone().unwrap_or_default().software;
    if software(first) != software(second) {
        all.push(Difference::Software {
            first: software(first),
            second: software(second),
        });
    }
    let change = change(first.feature_mask.as_ref(), second.feature_mask.as_ref());
    all.extend(change.map(Difference::FeatureMask));
    all
}

fn changes<K: Ord + Clone, V: PartialEq>(
    first: &BTreeMap<K, V>,
    second: &BTreeMap<K, V>,
) -> impl Iterator<Item = (K, Change)> {
    let keys: std::collections::BTreeSet<&K> = first.keys().chain(second.keys()).collect();
    keys.into_iter()
        .filter_map(|key| Some((key.clone(), change(first.get(key), second.get(key))?)))
        .collect::<Vec<_>>()
        .into_iter()
}

fn change<V: PartialEq>(first: Option<V>, second: Option<V>) -> Option<Change> {
    match (first, second) {
        (Some(_), None) => Some(Change::OnlyInFirst),
        (None, Some(_)) => Some(Change::OnlyInSecond),
        (Some(first), Some(second)) if first != second => Some(Change::Differs),
        _ => None,
    }
}
