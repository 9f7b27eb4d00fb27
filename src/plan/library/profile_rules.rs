//! What must hold inside a modem profile beyond its shape.

use super::rules::{Found, is_hex, is_profile_id, place};
use crate::diagnostic::{Problem, Source};
use crate::plan::{Evidence, Partition, Profile, is_firmware_version};
use crate::yaml::Node;
use camino::Utf8Path;
use std::collections::BTreeMap;

pub(super) fn problems(source: &Source, profile: &Profile, root: &Node) -> Vec<Problem> {
    let mut found = Found::new(source);
    if profile.profile.value != 1 {
        let at = &profile.profile.span;
        found.add(
            "modem::version",
            "only profile version 1 exists",
            at,
            "not known here",
        );
    }
    if lengths(&mut found, profile, root) {
        return found.sorted();
    }
    identity(&mut found, source, profile);
    for evidence in profile.modes.values().flatten() {
        descriptors(&mut found, evidence);
    }
    for mode in &profile.edl_by_diag {
        if !profile.modes.contains_key(&mode.value) {
            let message = format!("`modes` does not say how `{}` looks", mode.value);
            found.add("modem::mode", message, &mode.span, "not described");
            let described: Vec<&str> = profile.modes.keys().map(|mode| mode.word()).collect();
            found.help(format!("it describes: {}", described.join(", ")));
        }
    }
    for pattern in profile.nv_writing.iter().chain(&profile.refused) {
        if let Err(error) = pattern.compile() {
            found.no_pattern("modem::pattern", &error, &pattern.span);
        }
    }
    for query in &profile.queries {
        if query.contains([';', '\r', '\n']) || !query.to_ascii_uppercase().starts_with("AT") {
            let message = format!("`{}` is not one AT command", query.value);
            found.add("modem::query", message, &query.span, "no query");
        }
    }
    for command in &profile.commands {
        let name = command.strip_prefix("AT+").unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_uppercase()) {
            let message = format!("`{}` is no name such as `AT+QRFTESTMODE`", command.value);
            found.add("modem::command", message, &command.span, "no name");
        }
    }
    for name in &profile.programmers {
        if name.is_empty() || name.contains(['/', '\\']) {
            let message = "a programmer is given by a pattern of its file name";
            found.add("modem::programmer", message, &name.span, "no file name");
        }
    }
    flash(&mut found, profile, root);
    barriers(&mut found, profile);
    found.sorted()
}

/// Every command, partition and guard of a plan is held against the lists of its profile, so they are no longer than a
/// modem can need. Whether one is.
fn lengths(found: &mut Found<'_>, profile: &Profile, root: &Node) -> bool {
    let evidence = profile.modes.values().map(Vec::len).max().unwrap_or(0);
    let mut any = false;
    for (list, count, most) in [
        ("hw", profile.hw.len(), 64),
        ("modes", evidence, 16),
        ("programmers", profile.programmers.len(), 64),
        ("partitions", profile.partitions.len(), 256),
        ("queries", profile.queries.len(), 128),
        ("nv_writing", profile.nv_writing.len(), 32),
        ("refused", profile.refused.len(), 32),
        ("barriers", profile.barriers.len(), 256),
    ] {
        if count > most {
            let message = format!("`{list}` has {count} entries, and at most {most} are taken");
            found.add(
                "plan::too-large",
                message,
                &place(root, &[list]),
                "too many",
            );
            any = true;
        }
    }
    any
}

fn identity(found: &mut Found<'_>, source: &Source, profile: &Profile) {
    let id = &profile.id;
    if !is_profile_id(id) {
        let message = format!("`{}` is not `vendor/model` in small letters", id.value);
        found.add("modem::id", message, &id.span, "no profile name");
    } else if let Some(folder) = Utf8Path::new(source.name()).parent() {
        // A path that shows fewer than two folders proves nothing.
        let shown: Vec<&str> = folder
            .components()
            .rev()
            .take(2)
            .map(|c| c.as_str())
            .collect();
        if let [model, vendor] = shown[..]
            && vendor != ".."
            && model != ".."
            && **id != format!("{vendor}/{model}")
        {
            let message = format!("the profile lies in `{vendor}/{model}`");
            found.add(
                "modem::id",
                message,
                &id.span,
                "another name than its folder",
            );
        }
    }
    if profile.hw.is_empty() {
        found.add(
            "modem::hw",
            "a profile covers at least one hardware key",
            &profile.hw.span,
            "empty",
        );
    }
    for key in profile.hw.iter() {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        if key.is_empty() || !key.chars().all(plain) {
            let message = format!("`{}` is no hardware key such as `RM502QGLAA`", key.value);
            found.add(
                "modem::hw",
                message,
                &key.span,
                "capital letters and digits only",
            );
        }
    }
}

fn descriptors(found: &mut Found<'_>, evidence: &Evidence) {
    let usb = &evidence.usb;
    if !usb
        .split_once(':')
        .is_some_and(|(vid, pid)| is_hex(vid, 4) && is_hex(pid, 4))
    {
        let message = format!("`{}` is not `VID:PID` in hex", usb.value);
        found.add("modem::usb", message, &usb.span, "such as `2c7c:0800`");
    }
    if let Some(protocol) = &evidence.protocol {
        let parts: Vec<&str> = protocol.split('/').collect();
        if parts.len() != 3 || !parts.iter().all(|part| is_hex(part, 2)) {
            let message = format!("`{}` is not class/subclass/protocol in hex", protocol.value);
            found.add("modem::usb", message, &protocol.span, "such as `ff/ff/10`");
        }
    }
    if let Some(bcd) = &evidence.bcd
        && !is_hex(bcd.strip_prefix('!').unwrap_or(bcd), 4)
    {
        let message = format!("`{}` is not a bcdDevice in hex", bcd.value);
        found.add(
            "modem::usb",
            message,
            &bcd.span,
            "such as `0504` or `!0000`",
        );
    }
    if let Some(product) = &evidence.product {
        found.pattern("modem::pattern", product);
    }
}

fn flash(found: &mut Found<'_>, profile: &Profile, root: &Node) {
    let nand = &profile.nand;
    let block = u64::from(nand.page) * u64::from(nand.pages_per_block);
    let whole = nand.page >= 512 && nand.page.is_power_of_two() && nand.pages_per_block > 0;
    if !whole || nand.blocks == 0 || block > 16 << 20 {
        let message = "no flash chip has this geometry";
        found.add(
            "modem::nand",
            message,
            &place(root, &["nand"]),
            "page, block or size",
        );
    }
    let mut names = BTreeMap::new();
    let end = |p: &Partition| u64::from(p.start) + u64::from(p.blocks);
    for partition in &profile.partitions {
        let name = &partition.name;
        if let Some(first) = names.insert(name.as_str(), &name.span) {
            let message = format!("there are two partitions `{}`", name.value);
            found.add("modem::partition", message, &name.span, "again here");
            found.also(first, "first here");
        }
        if partition.blocks == 0 || end(partition) > u64::from(nand.blocks) {
            let message = format!(
                "`{}` takes blocks {} to {} of a chip with {}",
                name.value,
                partition.start,
                end(partition).saturating_sub(1),
                nand.blocks
            );
            found.add(
                "modem::partition",
                message,
                &name.span,
                "empty, or outside the chip",
            );
        }
    }
    let mut sorted: Vec<&Partition> = profile.partitions.iter().collect();
    sorted.sort_by_key(|partition| partition.start);
    for pair in sorted.windows(2) {
        if let [left, right] = pair
            && end(left) > u64::from(right.start)
        {
            let message = format!("`{}` and `{}` overlap", left.name.value, right.name.value);
            found.add(
                "modem::partition",
                message,
                &right.name.span,
                "begins inside the other",
            );
            let ends = format!("ends with block {}", end(left).saturating_sub(1));
            found.also(&left.name.span, &ends);
        }
    }
}

fn barriers(found: &mut Found<'_>, profile: &Profile) {
    for barrier in &profile.barriers {
        if !profile.hw.iter().any(|hw| hw.value == barrier.hw.value) {
            let message = format!("the profile does not cover `{}`", barrier.hw.value);
            found.add("modem::barrier", message, &barrier.hw.span, "not in `hw`");
            found.also(&profile.hw.span, "covered");
        }
        let version = &barrier.at_least;
        if !is_firmware_version(version) || !version.starts_with(&barrier.hw.value) {
            let message = format!(
                "`{}` is no full version of `{}`",
                version.value, barrier.hw.value
            );
            found.add("modem::barrier", message, &version.span, "no version");
        }
    }
}
