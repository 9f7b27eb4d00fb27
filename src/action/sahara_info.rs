//! `sahara.info`: what a boot ROM tells of its chip. On a generic 9008 this is the only identity there is.

use super::sahara_load::of_sahara;
use super::{Cause, Context, Failure};
use crate::driver::sahara::{self, ChipInfo, Then};
use crate::plan::Kind;
use std::collections::BTreeMap;

/// What it can give, and of which kind each is.
pub const GIVES: [(&str, Kind); 5] = [
    (SERIAL, Kind::Text),
    ("hwid", Kind::Text),
    ("pk_hash", Kind::Text),
    ("software", Kind::Int),
    ("sahara", Kind::Int),
];
/// It identifies one unit, so it is told outside of the run by a pseudonym.
pub const SERIAL: &str = "serial";

/// Asks, and leaves the boot ROM as it was: waiting for a programmer. `wanted` are the values that must be told.
pub fn run<'w>(
    ctx: &mut Context<'_>,
    wanted: impl Iterator<Item = &'w str>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut port = ctx.edl_port()?;
    let found = sahara::info(&mut port, ctx.deadline);
    if ready(&found) {
        ctx.edl_port_back(port);
    }
    let told = told(&found.map_err(|error| of_sahara(&error))?);
    let untold: Vec<&str> = wanted.filter(|name| !told.contains_key(*name)).collect();
    if untold.is_empty() {
        return Ok(told);
    }
    Err(Failure::new(
        "sahara::untold",
        Cause::Plan,
        format!("the boot ROM does not tell {}", untold.join(", ")),
    )
    .help(format!(
        "what it tells is {}: save no other, or make the step `optional`",
        told.into_keys().collect::<Vec<_>>().join(", ")
    )))
}

/// Whether the boot ROM waits for a programmer, its next words in the port.
fn ready(found: &Result<ChipInfo, sahara::Error>) -> bool {
    matches!(
        found,
        Ok(_)
            | Err(sahara::Error::NoCommandMode {
                then: Then::Waits,
                ..
            } | sahara::Error::NoAnswer { then: Then::Waits }
                | sahara::Error::MidImage)
    )
}

/// What it told; what it did not is left out, never guessed.
fn told(info: &ChipInfo) -> BTreeMap<String, String> {
    let values = [
        info.serial.map(|serial| format!("{serial:08x}")),
        info.hardware.clone(),
        info.key_hash.clone(),
        info.software.map(|software| software.to_string()),
        info.version.map(|version| version.to_string()),
    ];
    GIVES
        .iter()
        .zip(values)
        .filter_map(|((name, _), value)| Some(((*name).to_owned(), value?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Value;

    #[test]
    fn every_value_is_of_its_kind_and_what_is_not_told_is_left_out() {
        let info = ChipInfo {
            version: Some(3),
            serial: Some(0x0bad_cafe),
            hardware: Some("001ab0e101680003".into()),
            key_hash: Some("ab".repeat(48)),
            software: Some(u32::MAX),
            refused: vec![],
        };
        let all = told(&info);
        assert_eq!(all["serial"], "0badcafe");
        for (name, kind) in GIVES {
            Value::parse(kind, &all[name]).unwrap();
        }
        assert!(told(&ChipInfo::default()).is_empty());
    }
}
