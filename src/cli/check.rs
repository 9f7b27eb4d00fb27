//! `unbrick check`: every problem of plans, profiles, scenarios and rehearsal cases.

use super::Stop;
use super::args::CheckFormat;
use crate::check;
use crate::diagnostic::{Problem, Severity};
use crate::engine::ExitCode;
use crate::files::Root;
use crate::plan::library::{self, EntryKind};
use crate::rehearse;
use crate::report::{Output, problems};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

pub(super) fn check(
    paths: &[String],
    format: CheckFormat,
    output: Output,
) -> Result<ExitCode, Stop> {
    let targets = targets(paths)?;
    let mut all = Vec::new();
    for target in &targets {
        all.extend(problems_of(target));
    }
    let errors = all.iter().filter(|p| p.severity == Severity::Error).count();
    match format {
        CheckFormat::Human => {
            for problem in &all {
                output.talk(&problems::human(problem, output));
            }
            let files = if targets.len() == 1 { "file" } else { "files" };
            let found = if errors == 1 { "problem" } else { "problems" };
            output.data(&format!(
                "{} {files} checked, {errors} {found}",
                targets.len()
            ))?;
        }
        CheckFormat::Json => {
            let list: Vec<_> = all.iter().map(problems::json).collect();
            output.json(&json!({ "format": 1, "checked": targets.len(), "problems": list }))?;
        }
        CheckFormat::Github => {
            for problem in &all {
                output.data(&problems::github(problem))?;
            }
        }
    }
    Ok(if errors == 0 {
        ExitCode::Proved
    } else {
        ExitCode::Problems
    })
}

/// One thing to check, and how to read it.
struct Target {
    name: String,
    kind: EntryKind,
}

fn targets(paths: &[String]) -> Result<Vec<Target>, Stop> {
    if paths.is_empty() {
        return Ok(library::list()
            .into_iter()
            .map(|entry| Target {
                name: entry.name,
                kind: entry.kind,
            })
            .collect());
    }
    let mut targets = Vec::new();
    for path in paths {
        let folder = Root::open(Utf8Path::new(path));
        match folder {
            Ok(root) => gather(&root, Utf8Path::new(""), &mut targets)?,
            Err(_) => targets.push(Target {
                name: path.clone(),
                kind: kind_of(Utf8Path::new(path)),
            }),
        }
    }
    Ok(targets)
}

/// Every YAML file below a folder.
fn gather(root: &Root, folder: &Utf8Path, targets: &mut Vec<Target>) -> Result<(), Stop> {
    for name in root.names(folder)? {
        let path = folder.join(&name);
        if root.is_folder(&path) {
            gather(root, &path, targets)?;
        } else if matches!(path.extension(), Some("yaml" | "yml")) {
            let full: Utf8PathBuf = root.path().join(&path);
            targets.push(Target {
                kind: kind_of(&full),
                name: full.into_string(),
            });
        }
    }
    Ok(())
}

/// What a file is, by its place: `modem.yaml`, a folder `scenarios` or `rehearsals`, else a plan. A built-in name is
/// told by the list of them.
fn kind_of(path: &Utf8Path) -> EntryKind {
    let folder = path.parent().and_then(Utf8Path::file_name);
    if path.file_name() == Some("modem.yaml") {
        EntryKind::Profile
    } else if folder == Some("scenarios") {
        EntryKind::Scenario
    } else if folder == Some("rehearsals") {
        EntryKind::Rehearsal
    } else {
        library::list()
            .into_iter()
            .find(|entry| entry.name == path.as_str())
            .map_or(EntryKind::Plan, |entry| entry.kind)
    }
}

fn problems_of(target: &Target) -> Vec<Problem> {
    match target.kind {
        EntryKind::Plan => match check::load(&target.name) {
            Ok((_, warnings)) => warnings,
            Err(problems) => problems,
        },
        EntryKind::Profile => library::load_profile_file(&target.name)
            .err()
            .unwrap_or_default(),
        EntryKind::Scenario => library::load_scenario(&target.name)
            .err()
            .unwrap_or_default(),
        EntryKind::Rehearsal => rehearse::check(&target.name),
    }
}
