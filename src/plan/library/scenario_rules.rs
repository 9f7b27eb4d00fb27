//! What must hold inside a scenario beyond its shape, given its profile.

use super::fault_rules::{self, File};
use super::rules::{Found, is_hex, place, place_of_item};
use crate::diagnostic::{Problem, Source, nearest};
use crate::plan::{
    FactoryCopy, Fault, Make, Mode, Profile, Scenario, is_firmware_version, is_name,
};
use crate::protocol::diag::imei_is_valid;
use crate::yaml::{Node, Spanned, Table};

pub(super) fn problems(
    source: &Source,
    scenario: &Scenario,
    root: &Node,
    profile: &Profile,
) -> Vec<Problem> {
    let mut found = Found::new(source);
    if scenario.scenario.value != 1 {
        let at = &scenario.scenario.span;
        found.add(
            "scenario::version",
            "only scenario version 1 exists",
            at,
            "not known here",
        );
    }
    let mode = &scenario.mode;
    if mode.value != Mode::Off && !profile.modes.contains_key(&mode.on_usb()) {
        let message = format!("{} is never in `{}`", profile.id.value, mode.value);
        found.add("scenario::mode", message, &mode.span, "not in the profile");
        let described: Vec<&str> = profile.modes.keys().map(|mode| mode.word()).collect();
        found.help(format!("it shows itself in: {}", described.join(", ")));
    }
    let firmware = &scenario.firmware;
    if **firmware != "none" && !is_firmware_version(firmware) {
        let message = format!("`{}` is neither a full version nor `none`", firmware.value);
        found.add("scenario::firmware", message, &firmware.span, "no version");
    }
    unit(&mut found, scenario);
    copies(&mut found, scenario, root, profile);
    flash(&mut found, scenario, root, profile);
    let accepts = &scenario.programmer.accepts;
    if accepts != "any" && !is_hex(accepts, 64) {
        let at = place(root, &["programmer", "accepts"]);
        let message = "a programmer is given by its SHA-256, or as `any`";
        found.add("scenario::programmer", message, &at, "neither");
    }
    for (step, _) in &scenario.hands {
        if !is_name(step) {
            let message = format!("`{}` is no step's name", step.value);
            found.add("scenario::hands", message, &step.span, "no name");
        }
    }
    for fault in &scenario.faults {
        fault_rules::problems(&mut found, fault, File::Scenario);
    }
    inputs(&mut found, scenario);
    found.sorted()
}

/// Faults, and what is made, outside a scenario: in a rehearsal case.
pub(super) fn simulation(source: &Source, faults: &[Fault], made: &Table<Make>) -> Vec<Problem> {
    let mut found = Found::new(source);
    for fault in faults {
        fault_rules::problems(&mut found, fault, File::Case);
    }
    makes(&mut found, made);
    found.sorted()
}

fn unit(found: &mut Found<'_>, scenario: &Scenario) {
    if let Some(imei) = &scenario.imei
        && **imei != "none"
        && !imei_is_valid(imei)
    {
        let message = "an IMEI has 15 digits, the last of them a check digit";
        found.add(
            "scenario::imei",
            message,
            &imei.span,
            "neither an IMEI nor `none`",
        );
    }
    if let Some(serial) = &scenario.serial
        && !is_hex(serial, 8)
    {
        let message = "a chip serial has eight hex digits";
        found.add("scenario::serial", message, &serial.span, "no serial");
    }
}

/// Only a modem that knows the command for it has a copy of itself.
fn copies(found: &mut Found<'_>, scenario: &Scenario, root: &Node, profile: &Profile) {
    let knows = profile.commands.iter().any(|c| c.value == "AT+QPRTPARA");
    if scenario.factory_copy == FactoryCopy::Present && !knows {
        let at = place(root, &["factory_copy"]);
        let message = format!("{} does not know `AT+QPRTPARA`", profile.id.value);
        found.add("scenario::factory-copy", message, &at, "not made here");
    }
}

fn flash(found: &mut Found<'_>, scenario: &Scenario, root: &Node, profile: &Profile) {
    for name in &scenario.damage {
        let known = || profile.partitions.iter().map(|p| p.name.value.as_str());
        if !known().any(|partition| partition == **name) {
            let message = format!("{} has no partition `{}`", profile.id.value, name.value);
            found.add("scenario::damage", message, &name.span, "not there");
            if let Some(near) = nearest(name, known()) {
                found.help(format!("did you mean `{near}`?"));
            }
        }
    }
    let nand = &profile.nand;
    for (item, block) in scenario.nand.bad_blocks.iter().enumerate() {
        if *block >= nand.blocks {
            let at = place_of_item(root, &["nand", "bad_blocks"], item);
            let last = nand.blocks.saturating_sub(1);
            let message = format!("block {block} is not on the chip: its last is {last}");
            found.add("scenario::nand", message, &at, "beyond the chip");
        }
    }
    let pages = u64::from(nand.blocks) * u64::from(nand.pages_per_block);
    for (item, (first, count)) in scenario.nand.unreadable.iter().enumerate() {
        if *count == 0 || u64::from(*first) + u64::from(*count) > pages {
            let at = place_of_item(root, &["nand", "unreadable"], item);
            let message =
                format!("{count} pages from page {first} on: none, or not all on the chip");
            found.add("scenario::nand", message, &at, "not on the chip");
        }
    }
}

fn inputs(found: &mut Found<'_>, scenario: &Scenario) {
    for (name, _) in &scenario.inputs {
        let mut made = scenario.makes.iter().map(|(made, _)| made);
        if let Some(made) = made.find(|made| made.value == name.value) {
            let message = format!("`{}` is given and made", name.value);
            found.add("scenario::input", message, &name.span, "given here");
            found.also(&made.span, "made here");
            found.help("keep one of the two");
        }
    }
    makes(found, &scenario.makes);
}

fn makes(found: &mut Found<'_>, makes: &Table<Make>) {
    for (name, make) in makes {
        match make {
            Make {
                package: Some(package),
                xqcn: None,
                image: None,
            } => versioned(found, &package.firmware, package.size.as_ref()),
            Make {
                package: None,
                xqcn: None,
                image: Some(image),
            } => versioned(found, &image.firmware, image.size.as_ref()),
            Make {
                package: None,
                xqcn: Some(xqcn),
                image: None,
            } => {
                if !imei_is_valid(&xqcn.imei) {
                    let message = "an IMEI has 15 digits, the last of them a check digit";
                    found.add("scenario::imei", message, &xqcn.imei.span, "no IMEI");
                }
            }
            _ => {
                let message = format!(
                    "`{}` is made as one of `package`, `xqcn` and `image`",
                    name.value
                );
                found.add("scenario::make", message, &name.span, "none, or several");
            }
        }
    }
}

fn versioned(found: &mut Found<'_>, firmware: &Spanned<String>, size: Option<&Spanned<String>>) {
    if !is_firmware_version(firmware) {
        let message = format!("`{}` is no full version", firmware.value);
        found.add("scenario::firmware", message, &firmware.span, "no version");
    }
    if let Some(size) = size
        && !is_size(size)
    {
        let message = format!("`{}` is no size such as `32M`", size.value);
        found.add(
            "scenario::make",
            message,
            &size.span,
            "a number with K or M",
        );
    }
}

fn is_size(text: &str) -> bool {
    text.strip_suffix(['K', 'M'])
        .is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number > 0))
}
