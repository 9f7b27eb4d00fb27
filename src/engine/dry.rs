//! Decides everything that can be decided and sends nothing that changes anything.
//!
//! It never invents a result: at the first condition that needs an unread fact the decided part ends.

use super::approval::{Contents, Digest, Unit};
use super::guards::{self, Backups, Judgement, Known};
use crate::action::signature::Effect;
use crate::action::{Failure, firehose_flash};
use crate::check::{CheckedPlan, CheckedStep};
use crate::files;
use crate::guard::Verdict;
use crate::plan::{Mode, Modes, Step, Template, Values, WhenUnknown};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// What a dry run found.
#[derive(Debug)]
pub struct Report {
    pub guards: Vec<Judged>,
    pub steps: Vec<Preview>,
    /// Why nothing behind this point is decided, and the steps that are not.
    pub undecided: Option<(String, Vec<String>)>,
    pub digest: Digest,
}

impl Report {
    pub fn refused(&self) -> bool {
        self.guards.iter().any(|g| g.verdict == "refused")
    }

    pub fn broken(&self) -> bool {
        self.steps.iter().any(|s| s.problem.is_some())
    }
}

/// A guard's answer now.
#[derive(Debug)]
pub struct Judged {
    pub guard: String,
    pub kind: String,
    pub verdict: &'static str,
    pub rule: String,
    pub source: String,
    pub message: String,
    pub help: Option<String>,
}

/// What a step would do.
#[derive(Debug)]
pub struct Preview {
    pub step: String,
    pub action: &'static str,
    pub effect: Effect,
    pub depth: usize,
    /// In which modes it runs, where that is not all of those it may meet.
    pub only_in: Option<Modes>,
    pub lines: Vec<String>,
    /// What would make it fail.
    pub problem: Option<Failure>,
}

/// Decides what can be decided. `mode` is what a look at the modem shows, where one is attached.
pub fn dry_run(
    plan: &CheckedPlan,
    values: &Values,
    overrides: &BTreeMap<String, String>,
    unit: Option<&Unit>,
    mode: Option<Mode>,
    outputs: &Utf8Path,
) -> Result<Report, files::Error> {
    let contents = Contents::read(plan, values)?;
    let digest = match unit {
        Some(unit) => contents.for_unit(unit, overrides, None),
        None => contents.offline(),
    };
    let mut dry = Dry {
        plan,
        values,
        outputs,
        mode,
        unread: BTreeMap::new(),
        steps: Vec::new(),
        undecided: None,
    };
    dry.walk(plan.steps(), 0);
    Ok(Report {
        guards: judged(plan, values),
        steps: dry.steps,
        undecided: dry.undecided,
        digest,
    })
}

fn judged(plan: &CheckedPlan, values: &Values) -> Vec<Judged> {
    let backups = Backups::new();
    let known = Known {
        plan,
        values,
        backups: &backups,
    };
    plan.guards()
        .iter()
        .map(|guard| {
            let base = |verdict, rule: String, source: String, message: String| Judged {
                guard: guard.name.clone(),
                kind: guard.kind.name().word().to_owned(),
                verdict,
                rule,
                source,
                message,
                help: None,
            };
            match guards::judge(guard, &known) {
                Judgement::NotYet(missing) => base(
                    "later",
                    String::new(),
                    String::new(),
                    format!("`{missing}` is not known yet"),
                ),
                Judgement::Verdict(Verdict::Allowed {
                    rule,
                    source,
                    warnings,
                }) => base("allowed", rule, source, warnings.join("; ")),
                Judgement::Verdict(Verdict::Refused {
                    rule,
                    source,
                    message,
                    help,
                }) => Judged {
                    help: Some(help),
                    ..base("refused", rule, source, message)
                },
                Judgement::Verdict(Verdict::Unknown {
                    rule,
                    source,
                    message,
                }) => {
                    let verdict = if guard.unknown == WhenUnknown::Confirm {
                        "would ask"
                    } else {
                        "refused"
                    };
                    base(verdict, rule, source, message)
                }
            }
        })
        .collect()
}

struct Dry<'a> {
    plan: &'a CheckedPlan,
    values: &'a Values,
    outputs: &'a Utf8Path,
    mode: Option<Mode>,
    /// Facts that steps would read, and which step.
    unread: BTreeMap<String, String>,
    steps: Vec<Preview>,
    undecided: Option<(String, Vec<String>)>,
}

impl Dry<'_> {
    fn walk(&mut self, steps: &[CheckedStep], depth: usize) {
        for checked in steps {
            if let Some((_, ids)) = &mut self.undecided {
                ids.push(checked.step.id.value.clone());
                continue;
            }
            self.step(checked, depth);
        }
    }

    fn step(&mut self, checked: &CheckedStep, depth: usize) {
        let step = &checked.step;
        if let Some((name, reader)) = self.needs_unread(step) {
            self.undecided = Some((
                format!("beyond this point it depends on `{name}`, which step `{reader}` reads"),
                vec![step.id.value.clone()],
            ));
            return;
        }
        let only_in: Option<Modes> = step
            .only_in
            .as_ref()
            .map(|modes| modes.iter().map(|m| m.value).collect());
        // The mode seen now holds until a step changes it.
        let skipped = matches!((only_in, self.mode), (Some(only), Some(mode)) if !only.has(mode));
        let (lines, problem) = if skipped {
            (
                vec!["would be skipped: the modem is in another mode".to_owned()],
                None,
            )
        } else {
            match self.lines(checked) {
                Ok(lines) => (lines, None),
                Err(failure) => (Vec::new(), Some(failure)),
            }
        };
        self.steps.push(Preview {
            step: step.id.value.clone(),
            action: checked.signature.key,
            effect: checked.signature.effect,
            depth,
            only_in,
            lines,
            problem,
        });
        if checked.signature.effect >= Effect::Manual {
            self.mode = None;
        }
        for (name, _) in &step.save.0 {
            if let Some(full) = step.scope.full(name) {
                self.unread.insert(full, step.id.value.clone());
            }
        }
        self.walk(&checked.children, depth + 1);
    }

    /// The first fact that decides this step and that no one has read.
    fn needs_unread(&self, step: &Step) -> Option<(String, String)> {
        let claims = step.check.iter().flat_map(|claims| claims.iter());
        let expressions = step
            .when
            .iter()
            .map(|when| when.value.as_str())
            .chain(claims.map(|claim| claim.that.value.as_str()));
        for expression in expressions {
            let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for name in words.filter_map(|word| step.scope.full(word)) {
                if let Some(reader) = self.unread.get(&name) {
                    return Some((name, reader.clone()));
                }
            }
        }
        let mut templates = texts(step).filter_map(|text| Template::parse(text).ok());
        templates.find_map(|template| {
            let mut names = template.names().map(|(name, _)| name);
            let (name, reader) = names.find_map(|name| self.unread.get_key_value(name))?;
            Some((name.clone(), reader.clone()))
        })
    }

    fn lines(&self, checked: &CheckedStep) -> Result<Vec<String>, Failure> {
        let step = &checked.step;
        let view = checked.view(self.values);
        let values = view.as_ref();
        let patterned = step.scope.patterned(self.plan.patterned());
        let shown =
            |text: &str| -> Result<String, Failure> { Ok(Template::parse(text)?.expand(values)?) };
        let path = |text: &str| -> Result<Utf8PathBuf, Failure> {
            Ok(Template::parse(text)?.expand_path(values)?)
        };
        // Judged as it would be sent, shown without what is private.
        let command = |text: &str| -> Result<String, Failure> {
            let template = Template::parse(text)?;
            template.expand_at(values, &patterned)?;
            Ok(template.expand(values)?)
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
            lines.push(format!(
                "write calibration from {}; identity items are left alone",
                path(&restore.from)?
            ));
        }
        if let Some(load) = &step.sahara_load {
            let programmer = path(&load.programmer)?;
            lines.push(format!("upload {}", described(&programmer)?));
        }
        if let Some(backup) = &step.firehose_backup {
            let parts: Vec<&str> = backup.parts.iter().map(|p| p.as_str()).collect();
            let verb = format!("read {} into", parts.join(", "));
            lines.push(self.output(&verb, &path(&backup.to)?)?);
        }
        if let Some(flash) = &step.firehose_flash {
            let erase_all = flash.erase_all.as_ref().is_some_and(|e| e.value);
            let package = path(&flash.package)?;
            lines.extend(firehose_flash::preview(
                &package,
                self.plan.profile(),
                flash.skip_same,
                erase_all,
            )?);
        }
        if let Some(reset) = &step.firehose_reset {
            lines.push(format!(
                "let the programmer restart the modem; wait for {}",
                reset.to.value
            ));
        }
        if let Some(flash) = &step.fastboot_flash {
            let image = path(&flash.image)?;
            lines.push(format!(
                "write {} to partition `{}` over fastboot",
                described(&image)?,
                flash.part.value
            ));
        }
        if let Some(reboot) = &step.fastboot_reboot {
            lines.push(format!("leave fastboot; wait for {}", reboot.to.value));
        }
        if let Some(told) = &step.operator_do {
            lines.push(format!("tell a person: {}", shown(&told.say)?));
        }
        if let Some(ask) = &step.operator_ask {
            lines.push(format!("ask a person: {}", shown(&ask.say)?));
        }
        if let Some(confirm) = &step.confirm {
            lines.push(format!("asks first: {}", shown(confirm)?));
        }
        Ok(lines)
    }

    /// A target that exists is refused here, long before anything would be read into it.
    fn output(&self, verb: &str, to: &Utf8Path) -> Result<String, Failure> {
        let root = files::Root::open(self.outputs).map_err(|e| host(&e))?;
        if root.exists(to) {
            return Err(exists(to));
        }
        Ok(format!("{verb} {to}"))
    }
}

/// The texts of a step in which `${name}` may stand.
fn texts(step: &Step) -> impl Iterator<Item = &str> {
    [
        step.at_ask.as_ref().map(|action| &action.send),
        step.at_set.as_ref().map(|action| &action.send),
        step.diag_backup.as_ref().map(|action| &action.to),
        step.diag_restore.as_ref().map(|action| &action.from),
        step.sahara_load.as_ref().map(|action| &action.programmer),
        step.firehose_backup.as_ref().map(|action| &action.to),
        step.firehose_flash.as_ref().map(|action| &action.package),
        step.fastboot_flash.as_ref().map(|action| &action.image),
        step.operator_do.as_ref().map(|action| &action.say),
        step.operator_ask.as_ref().map(|action| &action.say),
        step.confirm.as_ref(),
    ]
    .into_iter()
    .flatten()
    .map(|text| text.value.as_str())
}

fn exists(to: &Utf8Path) -> Failure {
    Failure::new(
        "host::exists",
        crate::action::Cause::Host,
        format!("`{to}` exists already, and nothing is overwritten"),
    )
    .help("move it away, or give another name")
}

fn host(error: &files::Error) -> Failure {
    Failure::new("host::file", crate::action::Cause::Host, error.to_string())
}

fn described(path: &Utf8Path) -> Result<String, Failure> {
    let file = files::open(path).map_err(|e| host(&e))?;
    let (sha256, bytes) = files::sha256(file).map_err(|e| {
        Failure::new(
            "host::file",
            crate::action::Cause::Host,
            format!("cannot read `{path}`: {e}"),
        )
    })?;
    Ok(format!("{path} ({bytes} bytes, sha256 {sha256})"))
}
