//! Inputs: every one present, typed and, for files, there, before step one.

use super::operator::Answer;
use super::{Operator, zips};
use crate::check::{CheckedPlan, GuardKind};
use crate::diagnostic::Problem;
use crate::files;
use crate::guard;
use crate::plan::{Input, Kind, Plan, Value, Values};
use camino::Utf8Path;
use std::collections::BTreeMap;

/// Longest secret that is read from a file, in bytes.
const MAX_SECRET: u64 = 4096;

/// What the command line gave: name to text as typed.
pub type Given = BTreeMap<String, String>;

/// Why inputs are not complete.
#[derive(Debug)]
pub enum Error {
    Problems(Vec<Problem>),
    /// These are missing and there is nobody to ask.
    Missing(Vec<(String, String)>),
}

/// How a secret is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// As `@file` or `env:VAR`, never in its own words.
    Referred,
    /// In its own words: the test value of a rehearsal, or what was typed without being shown.
    Written,
}

/// Reads every input of the plan. Missing ones are asked for.
pub fn resolve(
    checked: &CheckedPlan,
    given: &Given,
    operator: &mut dyn Operator,
    secrets: Secrets,
) -> Result<Values, Error> {
    let plan = checked.plan();
    let mut problems = unknown_names(plan, given);
    let mut missing = Vec::new();
    let mut values = Values::new();
    for (name, input) in &plan.inputs.0 {
        let text = given
            .get(&name.value)
            .cloned()
            .or_else(|| input.default.as_ref().map(|default| default.value.clone()));
        let (text, secrets) = match text {
            Some(text) => (Some(text), secrets),
            None if input.kind.value == Kind::Secret => (
                operator.ask_secret(&name.value, &input.about),
                Secrets::Written,
            ),
            None => (operator.ask(&name.value, &input.about), secrets),
        };
        let Some(text) = text else {
            missing.push((name.value.clone(), input.about.clone()));
            continue;
        };
        match value(checked, &name.value, input, &text, secrets) {
            Ok(value) => {
                values.insert(name.value.clone(), value);
            }
            Err(reason) => problems.push(
                Problem::bare("input::value", format!("input `{}` {reason}", name.value))
                    .help(format!("it is: {}", input.about)),
            ),
        }
    }
    problems.extend(malformed(checked, &values));
    if !problems.is_empty() {
        Err(Error::Problems(problems))
    } else if !missing.is_empty() {
        Err(Error::Missing(missing))
    } else {
        Ok(values)
    }
}

/// Files that a guard will judge must at least be what they are said to be. A zip is judged once it is unpacked.
pub(super) fn malformed(checked: &CheckedPlan, values: &Values) -> Vec<Problem> {
    let guards = checked.guards().iter();
    guards
        .filter_map(|guard| {
            let (name, found) = match &guard.kind {
                GuardKind::Package { folder, keeps } => {
                    let value = values.get(folder).filter(|value| !zips::is_one(value))?;
                    let path = value.path()?;
                    let profile = checked.profile();
                    (folder, guard::package::malformed(path, keeps, profile)?)
                }
                GuardKind::SameUnit { file, .. } => {
                    let path = values.get(file)?.display();
                    (file, guard::same_unit::malformed(path.as_str().into())?)
                }
                _ => return None,
            };
            let message = format!("input `{name}` cannot be understood: {}", found.message);
            Some(Problem::bare(found.code, message).help(found.help))
        })
        .collect()
}

fn unknown_names(plan: &Plan, given: &Given) -> Vec<Problem> {
    let known: Vec<&str> = plan.inputs.0.iter().map(|(n, _)| n.as_str()).collect();
    given
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| {
            let list = if known.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            Problem::bare(
                "input::unknown",
                format!("the plan `{}` has no input `{name}`", plan.id.value),
            )
            .help(list)
        })
        .collect()
}

/// The typed value of one input, or why the text is none. Files and folders must be there; a zip may stand for a folder.
fn value(
    plan: &CheckedPlan,
    name: &str,
    input: &Input,
    text: &str,
    secrets: Secrets,
) -> Result<Value, String> {
    let (text, shown) = match input.kind.value {
        Kind::Secret if secrets == Secrets::Written => (text.to_owned(), "not shown".to_owned()),
        Kind::Secret => (secret(text)?, "not shown".to_owned()),
        Kind::Imei => (text.to_owned(), "not shown".to_owned()),
        _ => (text.to_owned(), format!("`{text}`")),
    };
    let value = plan
        .read_input(name, &text)
        .map_err(|reason| format!("is {shown}: {reason}"))?;
    match &value {
        Value::File(path) => exists(path, files::Root::is_file, "file")?,
        Value::Folder(path) if !zips::is_there(path) => folder_exists(path)?,
        _ => {}
    }
    Ok(value)
}

fn exists(
    path: &Utf8Path,
    is: impl Fn(&files::Root, &Utf8Path) -> bool,
    kind: &str,
) -> Result<(), String> {
    let folder = files::Root::open(path.parent().unwrap_or(Utf8Path::new("")));
    let name = path.file_name().map(Utf8Path::new);
    match (folder, name) {
        (Ok(root), Some(name)) if is(&root, name) => Ok(()),
        _ => Err(format!("is `{path}`, where there is no {kind}")),
    }
}

fn folder_exists(path: &Utf8Path) -> Result<(), String> {
    match files::Root::open(path) {
        Ok(_) => Ok(()),
        Err(_) if exists(path, files::Root::is_file, "file").is_ok() => Err(format!(
            "is `{path}`, which is neither a folder nor a file named `.zip`"
        )),
        Err(_) => Err(format!("is `{path}`, where there is no folder and no zip")),
    }
}

/// A secret never stands on the command line: `@file` or `env:VAR`.
fn secret(text: &str) -> Result<String, String> {
    if let Some(path) = text.strip_prefix('@') {
        let bytes = files::read_capped(Utf8Path::new(path), MAX_SECRET)
            .map_err(|e| format!("cannot be read: {e}"))?
            .ok_or_else(|| format!("comes from a file of over {MAX_SECRET} bytes"))?;
        let text = String::from_utf8(bytes).map_err(|_| "comes from a file that is no text")?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    match text.strip_prefix("env:") {
        Some(variable) => std::env::var(variable)
            .map_err(|_| format!("comes from `${variable}`, which is not set")),
        None => Err("is a secret: give it as NAME=@file or NAME=env:VAR".to_owned()),
    }
}

/// Nobody to ask: for runs whose inputs must all be given.
pub struct Nobody;

impl Operator for Nobody {
    fn tell(&mut self, _step: &str, _text: &str) {}
    fn can_act(&self) -> bool {
        false
    }
    fn can_answer(&self, _step: &str) -> bool {
        false
    }
    fn confirm(&mut self, _step: &str, _question: &str, _typed: &str) -> Answer {
        Answer::Nobody
    }
    fn agree(&mut self, _step: &str, _question: &str) -> Answer {
        Answer::Nobody
    }
    fn ask(&mut self, _step: &str, _question: &str) -> Option<String> {
        None
    }
}
