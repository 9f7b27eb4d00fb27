//! What must hold inside a scenario beyond its shape, given its profile.

use super::fault_rules;
use super::rules::{Found, is_hex, place};
use crate::diagnostic::{Problem, Source, nearest};
use crate::plan::{FactoryCopy, Make, Mode, Profile, Scenario, is_firmware_version, is_name};
use crate::protocol::diag::imei_is_valid;
use crate::yaml::Node;

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
    let looks_like = if mode.value == Mode::Firehose {
        Mode::Edl
    } else {
        mode.value
    };
    if mode.value != Mode::Off && !profile.modes.contains_key(&looks_like) {
        let message = format!("{} is never in `{}`", profile.id.value, mode.value);
        found.add("scenario::mode", message, &mode.span, "not in the profile");
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
        fault_rules::problems(&mut found, fault);
    }
    inputs(&mut found, scenario);
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
            let help = nearest(name, known()).map(|near| format!("did you mean `{near}`?"));
            found.push("scenario::damage", message, &name.span, "not there", help);
        }
    }
    let nand = &profile.nand;
    let beyond = |block: &&u32| **block >= nand.blocks;
    if let Some(block) = scenario.nand.bad_blocks.iter().find(beyond) {
        let at = place(root, &["nand", "bad_blocks"]);
        let message = format!("block {block} is beyond the chip's {}", nand.blocks);
        found.add("scenario::nand", message, &at, "in this list");
    }
    let pages = u64::from(nand.blocks) * u64::from(nand.pages_per_block);
    for (first, count) in &scenario.nand.unreadable {
        if *count == 0 || u64::from(*first) + u64::from(*count) > pages {
            let at = place(root, &["nand", "unreadable"]);
            let message = format!("pages {first} and {count} more are not all on the chip");
            found.add("scenario::nand", message, &at, "in this list");
        }
    }
}

fn inputs(found: &mut Found<'_>, scenario: &Scenario) {
    for (name, _) in &scenario.inputs {
        if scenario.makes.get(name).is_some() {
            let message = format!("`{}` is given and made", name.value);
            found.add("scenario::input", message, &name.span, "also under `makes`");
        }
    }
    for (name, make) in &scenario.makes {
        match make {
            Make {
                package: Some(package),
                xqcn: None,
            } => {
                let firmware = &package.firmware;
                if !is_firmware_version(firmware) {
                    let message = format!("`{}` is no full version", firmware.value);
                    found.add("scenario::firmware", message, &firmware.span, "no version");
                }
                if let Some(size) = &package.size
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
            Make {
                package: None,
                xqcn: Some(xqcn),
            } => {
                if !imei_is_valid(&xqcn.imei) {
                    let message = "an IMEI has 15 digits, the last of them a check digit";
                    found.add("scenario::imei", message, &xqcn.imei.span, "no IMEI");
                }
            }
            _ => {
                let message = format!("`{}` is made as one of `package` and `xqcn`", name.value);
                found.add("scenario::make", message, &name.span, "neither, or both");
            }
        }
    }
}

fn is_size(text: &str) -> bool {
    text.strip_suffix(['K', 'M'])
        .is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number > 0))
}
