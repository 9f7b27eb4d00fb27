//! `unbrick check`: every problem of plans, profiles, fragments, scenarios and rehearsal cases.

use super::Stop;
use super::args::CheckFormat;
use crate::check;
use crate::diagnostic::{Problem, Severity};
use crate::engine::ExitCode;
use crate::files::Root;
use crate::plan::library::{self, EntryKind};
use crate::rehearse;
use crate::report::{Output, problems};
use crate::rule;
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
            if let Some(rule) = all.iter().find_map(|problem| rule::find(problem.code)) {
                output.data(&format!("`unbrick explain {}` says more", rule.id))?;
            }
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
                kind: library::kind_of(path),
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
                kind: library::kind_of(full.as_str()),
                name: full.into_string(),
            });
        }
    }
    Ok(())
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
        EntryKind::Fragment => match library::load_fragment(&target.name) {
            Ok((source, fragment, root)) => check::check_fragment(&source, &fragment, &root),
            Err(problems) => problems,
        },
        EntryKind::Scenario => library::load_scenario(&target.name)
            .err()
            .unwrap_or_default(),
        EntryKind::Rehearsal => rehearse::check(&target.name),
    }
}
