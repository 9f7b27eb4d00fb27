//! How writes are verified: not at all only with a reason, and by a version only where a later step asks for it.

use super::{CheckedStep, Checker};
use crate::plan::{FastbootVerify, Kind, Step, Verify};
use crate::yaml::Spanned;
use std::ops::Range;

impl Checker<'_> {
    pub(super) fn reason_to_verify_nothing(&mut self, step: &Step) {
        if let Some(verify) = verifies_nothing(step).filter(|_| step.because.is_none()) {
            let message = "a flash that is not verified needs a `because`";
            self.problem("plan::unverified", message, verify, "not verified");
            self.help("leave `verify` out, or say why with `because:`");
        }
    }

    /// `steps` are those of the plan, in their order.
    pub(super) fn versions_are_read(&mut self, steps: &[CheckedStep]) {
        // From the end, so that what comes behind a step is known when it is reached.
        let mut is_read = false;
        for step in steps.iter().rev().flat_map(with_children) {
            is_read |= asks_for_version(&step.step);
            if let Some(verify) = by_version(&step.step).filter(|_| !is_read) {
                let message = format!(
                    "no step behind `{}` asks the modem for its version",
                    step.id()
                );
                self.problem(
                    "plan::unread-version",
                    message,
                    &verify.span,
                    "nothing to verify it by",
                );
                self.help("after the restart, save it from an `at.ask`: `save: { fw: firmware }`");
            }
        }
    }
}

/// A group behind its steps, the last one first.
fn with_children(step: &CheckedStep) -> Vec<&CheckedStep> {
    let children = step.children.iter().rev().flat_map(with_children);
    children.chain([step]).collect()
}

fn asks_for_version(step: &Step) -> bool {
    let mut kinds = step.save.iter().map(|(_, kind)| kind.value);
    step.at_ask.is_some() && kinds.any(|kind| kind == Kind::Firmware)
}

fn by_version(step: &Step) -> Option<&Spanned<FastbootVerify>> {
    let verify = step.fastboot_flash.as_ref()?.verify.as_ref()?;
    (verify.value == FastbootVerify::Version).then_some(verify)
}

fn verifies_nothing(step: &Step) -> Option<&Range<usize>> {
    let firehose = step
        .firehose_flash
        .as_ref()
        .and_then(|flash| flash.verify.as_ref());
    let fastboot = step
        .fastboot_flash
        .as_ref()
        .and_then(|flash| flash.verify.as_ref());
    let dload = step
        .dload_flash
        .as_ref()
        .and_then(|flash| flash.verify.as_ref());
    let firehose = firehose.filter(|verify| verify.value == Verify::None);
    let fastboot = fastboot.filter(|verify| verify.value == FastbootVerify::None);
    firehose
        .map(|verify| &verify.span)
        .or(fastboot.map(|verify| &verify.span))
        .or(dload.map(|verify| &verify.span))
}
