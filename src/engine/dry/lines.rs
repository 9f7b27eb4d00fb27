//! What a step would send, read, write and ask, in its own order.

use super::Dry;
use crate::action::{Cause, Failure, dload_flash, fastboot_flash, firehose_flash, sahara_load};
use crate::check::CheckedStep;
use crate::engine::perform;
use crate::engine::run::permission::last_warning;
use crate::engine::zips;
use crate::files;
use crate::plan::{FirehoseFlash, Step, Template, Verify};
use camino::{Utf8Path, Utf8PathBuf};

impl Dry<'_> {
    pub(super) fn lines(&self, checked: &CheckedStep) -> Result<Vec<String>, Failure> {
        let step = &checked.step;
        let view = checked.view(&self.values);
        let values = view.as_ref();
        let shown =
            |text: &str| -> Result<String, Failure> { Ok(Template::parse(text)?.expand(values)?) };
        let path = |text: &str| -> Result<Utf8PathBuf, Failure> {
            Ok(Template::parse(text)?.expand_path(values)?)
        };
        // Judged as it would be sent, shown without what is private.
        let command = |text: &str| -> Result<String, Failure> {
            perform::finished_command(text, checked, self.plan, values)?;
            Ok(Template::parse(text)?.expand(values)?)
        };
        let mut lines = Vec::new();
        if let Some(ask) = &step.at_ask {
            lines.push(format!("ask `{}`", command(&ask.send)?));
        }
        if let Some(set) = &step.at_set {
            lines.push(format!("send `{}`", command(&set.send)?));
        }
        if step.modem_reset.is_some() {
            lines.push("restart the modem and wait until it answers".into());
        }
        if let Some(wait) = &step.usb_wait {
            lines.push(format!("wait until the modem is in {}", wait.mode.value));
        }
        if step.diag_edl.is_some() {
            lines.push("send 4b 65 01 00 over DIAG and wait for EDL".into());
        }
        if let Some(backup) = &step.diag_backup {
            lines.push(self.output("read NV items and the EFS tree into", &path(&backup.to)?)?);
        }
        if let Some(restore) = &step.diag_restore {
            let from = path(&restore.from)?;
            lines.push(format!(
                "write calibration from {}; identity items are left alone",
                described(&from)?
            ));
            if !restore.skip_items.is_empty() {
                let items: Vec<String> = restore
                    .skip_items
                    .iter()
                    .map(|item| item.value.to_string())
                    .collect();
                lines.push(format!("leave NV items {} alone", items.join(", ")));
            }
        }
        if step.sahara_info.is_some() {
            lines.push(format!(
                "ask the boot ROM for its identity{}",
                self.unasked()
            ));
        }
        if let Some(load) = &step.sahara_load {
            let files = perform::image_files(load, path)?;
            lines.extend(sahara_load::preview(&files, load.speaks())?);
        }
        if let Some(backup) = &step.firehose_backup {
            let parts: Vec<&str> = backup.parts.iter().map(|p| p.as_str()).collect();
            let verb = format!("read {} into", parts.join(", "));
            lines.push(self.output(&verb, &path(&backup.to)?)?);
        }
        if let Some(flash) = &step.firehose_flash {
            lines.extend(self.flash(flash, &path(&flash.package)?)?);
        }
        if let Some(reset) = &step.firehose_reset {
            lines.push(format!(
                "let the programmer restart the modem; wait for {}",
                reset.to.value
            ));
        }
        lines.extend(self.of_loaders(step, path)?);
        let claims = checked.claims.iter();
        lines.extend(claims.map(|claim| format!("`{}` must hold", claim.text)));
        if let Some(script) = &checked.script {
            let asked = script.commands();
            lines.extend(asked.map(|(command, _)| format!("ask `{command}`")));
            if script.calls().contains("rfnv_count") {
                lines.push("count the RF calibration files over DIAG".to_owned());
            }
        }
        if let Some(told) = &step.operator_do {
            lines.push(format!("tell a person: {}", shown(&told.say)?));
        }
        if let Some(ask) = &step.operator_ask {
            lines.push(format!("ask a person: {}", shown(&ask.say)?));
        }
        if let Some(confirm) = &step.confirm {
            lines.push(format!("asks first: {}", shown(confirm)?));
            let again = last_warning(checked, self.plan.profile());
            lines.extend(again.map(|question| format!("asks again: {question}")));
        }
        Ok(zips::as_given(lines, values))
    }

    /// Why a dry run does not ask a boot ROM.
    fn unasked(&self) -> &'static str {
        match &self.session {
            Some(session) if !session.is_simulated() => {
                ": the run does, for what a boot ROM says first it says only once"
            }
            _ => "",
        }
    }

    /// Every range, in the order in which it would be sent.
    fn flash(&self, flash: &FirehoseFlash, package: &Utf8Path) -> Result<Vec<String>, Failure> {
        let profile = self.plan.profile();
        let erase_all = flash.erase_all.as_ref().is_some_and(|e| e.value);
        let mut lines = firehose_flash::preview(package, profile, flash.skip_same, erase_all)?;
        let verify = flash.verify.as_ref().map(|v| v.value);
        lines.push(verified(verify).to_owned());
        Ok(lines)
    }

    /// What goes through a boot loader, or a streaming one.
    fn of_loaders(
        &self,
        step: &Step,
        path: impl Fn(&str) -> Result<Utf8PathBuf, Failure>,
    ) -> Result<Vec<String>, Failure> {
        let profile = self.plan.profile();
        let mut lines = Vec::new();
        if let Some(flash) = &step.fastboot_flash {
            let image = path(&flash.image)?;
            let verify = flash.verify.as_ref().map(|verify| verify.value);
            lines.extend(fastboot_flash::preview(
                &flash.part,
                &image,
                verify,
                profile,
            )?);
        }
        if let Some(reboot) = &step.fastboot_reboot {
            lines.push(format!("leave fastboot; wait for {}", reboot.to.value));
        }
        if let Some(flash) = &step.dload_flash {
            let (package, replaces) = (path(&flash.package)?, perform::replaces(flash));
            let verify = flash.verify.as_ref().map(|verify| verify.value);
            lines.extend(dload_flash::preview(&package, profile, replaces, verify)?);
        }
        if let Some(reset) = &step.dload_reset {
            lines.push(format!("leave the loader; wait for {}", reset.to.value));
        }
        Ok(lines)
    }

    /// A target that exists is refused here, long before anything would be read into it.
    fn output(&self, verb: &str, to: &Utf8Path) -> Result<String, Failure> {
        if self.outputs.exists(to) {
            return Err(exists(to));
        }
        Ok(format!("{verb} {to}"))
    }
}

/// The texts of a step in which `${name}` may stand.
pub(super) fn texts(step: &Step) -> impl Iterator<Item = &str> {
    [
        step.at_ask.as_ref().map(|action| &action.send),
        step.at_set.as_ref().map(|action| &action.send),
        step.diag_backup.as_ref().map(|action| &action.to),
        step.diag_restore.as_ref().map(|action| &action.from),
        step.firehose_backup.as_ref().map(|action| &action.to),
        step.firehose_flash.as_ref().map(|action| &action.package),
        step.fastboot_flash.as_ref().map(|action| &action.image),
        step.dload_flash.as_ref().map(|action| &action.package),
        step.operator_do.as_ref().map(|action| &action.say),
        step.operator_ask.as_ref().map(|action| &action.say),
        step.confirm.as_ref(),
    ]
    .into_iter()
    .flatten()
    .chain(step.sahara_load.iter().flat_map(|load| load.files()))
    .map(|text| text.value.as_str())
}

fn verified(verify: Option<Verify>) -> &'static str {
    match verify {
        None => {
            "verify each range by the programmer's digest where it offers one, else by reading it back"
        }
        Some(Verify::Digest) => "verify each range by the programmer's digest",
        Some(Verify::Readback) => "verify each range by reading it back",
        Some(Verify::None) => "verify nothing",
    }
}

fn exists(to: &Utf8Path) -> Failure {
    Failure::new(
        "host::exists",
        Cause::Host,
        format!("`{to}` exists already, and nothing is overwritten"),
    )
    .help("move it away, or give another name")
}

fn host(error: &files::Error) -> Failure {
    Failure::new("host::file", Cause::Host, error.to_string())
}

fn described(path: &Utf8Path) -> Result<String, Failure> {
    let file = files::open(path).map_err(|e| host(&e))?;
    let (sha256, bytes) = files::sha256(file).map_err(|e| {
        Failure::new(
            "host::file",
            Cause::Host,
            format!("cannot read `{path}`: {e}"),
        )
    })?;
    Ok(format!("{path} ({bytes} bytes, sha256 {sha256})"))
}
