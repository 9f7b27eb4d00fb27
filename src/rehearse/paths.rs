//! The two files that a case is about: found from where the case lies, read, and proved.

use crate::check::{self, CheckedPlan};
use crate::diagnostic::{Problem, Severity, Source, nearest};
use crate::plan::library::{self, Place};
use crate::plan::{Rehearsal, Scenario};
use crate::yaml::Spanned;
use camino::Utf8Path;

/// The plan of a case, proved.
pub(super) fn plan(
    source: &Source,
    place: &Place,
    case: &Rehearsal,
) -> Result<CheckedPlan, Vec<Problem>> {
    let place = follow(source, place, &case.plan, "plan", "rehearsal::no-plan")?;
    match check::load(&place.name()) {
        Ok((plan, _)) => Ok(plan),
        Err(problems) => Err(broken(source, &case.plan, &place, "plan", &problems)),
    }
}

/// The scenario of a case, judged.
pub(super) fn scenario(
    source: &Source,
    place: &Place,
    case: &Rehearsal,
) -> Result<Scenario, Vec<Problem>> {
    let code = "rehearsal::no-scenario";
    let place = follow(source, place, &case.scenario, "scenario", code)?;
    match library::load_scenario(&place.name()) {
        Ok((_, scenario)) => Ok(scenario),
        Err(problems) => {
            let path = &case.scenario;
            Err(broken(source, path, &place, "scenario", &problems))
        }
    }
}

fn follow(
    source: &Source,
    place: &Place,
    path: &Spanned<String>,
    what: &str,
    code: &'static str,
) -> Result<Place, Vec<Problem>> {
    let at = path.span.clone();
    if Utf8Path::new(&path.value).is_absolute() {
        let message = format!("`{}` does not begin at this file's folder", path.value);
        let problem = Problem::new(source, "plan::outside", message).label(at, "absolute");
        return Err(vec![problem.help("write it relative to this file")]);
    }
    let found = place.follow(path);
    if found.is_there() {
        return Ok(found);
    }
    let message = format!("there is no {what} `{}`", path.value);
    let problem = Problem::new(source, code, message).label(at, "no such file");
    Err(vec![match meant(place, path) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("name the {what}'s file, relative to this one")),
    }])
}

/// A file of a similar name in the same folder.
fn meant(place: &Place, path: &str) -> Option<String> {
    let path = Utf8Path::new(path);
    let (folder, name) = (path.parent()?, path.file_name()?);
    let places = place.beside(folder.as_str());
    let names: Vec<String> = places
        .iter()
        .filter_map(|place| match place {
            Place::Disk(path) => path.file_name().map(str::to_owned),
            Place::BuiltIn(path) => Utf8Path::new(path).file_name().map(str::to_owned),
        })
        .collect();
    nearest(name, names.iter().map(String::as_str)).map(|near| folder.join(near).into_string())
}

fn broken(
    source: &Source,
    path: &Spanned<String>,
    place: &Place,
    what: &str,
    problems: &[Problem],
) -> Vec<Problem> {
    let errors = problems.iter().filter(|p| p.severity == Severity::Error);
    let found = match errors.count() {
        1 => "a problem".to_owned(),
        count => format!("{count} problems"),
    };
    let message = format!("the {what} `{}` has {found}", path.value);
    let problem = Problem::new(source, "rehearsal::broken", message)
        .label(path.span.clone(), "cannot be rehearsed")
        .help(format!("`unbrick check {}` tells more", place.name()));
    vec![problem]
}
