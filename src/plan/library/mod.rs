//! Where plans, profiles, scenarios and rehearsal cases come from: a path on this computer, or the files built into the program.
//!
//! A path wins over a built-in name. Built-in names: a plan `quectel/rm502q-gl/unbrick-900e`, a scenario
//! `quectel/rm502q-gl/900e` (in the folder `scenarios`), a profile `quectel/rm502q-gl`, a fragment
//! `lib/wait-for-radio.yaml`, a rehearsal case `quectel/rm502q-gl/rehearsals/good-way`.

mod fault_rules;
mod place;
mod profile_rules;
mod rules;
mod scenario_rules;

pub use place::Place;

use super::{Fault, Fragment, Make, Plan, Profile, Rehearsal, Scenario};
use crate::diagnostic::{Problem, Source, nearest};
use crate::files::{self, Root};
use crate::yaml::{self, MAX_BYTES, Node, Table};
use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;

/// Every built-in file: its path below `plans/`, and its text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// What a built-in file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    Plan,
    Scenario,
    Profile,
    Fragment,
    Rehearsal,
}

/// A built-in plan, scenario, profile, fragment or rehearsal case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name by which it can be loaded.
    pub name: String,
    pub kind: EntryKind,
    /// One line about it.
    pub title: String,
}

/// The files built into the program.
#[derive(Debug, Clone, Copy)]
pub struct Library {
    files: &'static [(&'static str, &'static str)],
}

impl Library {
    pub fn builtin() -> Self {
        Self { files: FILES }
    }

    /// The text of a file by its path below `plans/`.
    pub fn text(self, path: &str) -> Option<&'static str> {
        let index = self
            .files
            .binary_search_by(|(name, _)| (*name).cmp(path))
            .ok()?;
        self.files.get(index).map(|(_, text)| *text)
    }

    /// Paths below `plans/`, sorted.
    pub fn paths(self) -> impl Iterator<Item = &'static str> {
        self.files.iter().map(|(path, _)| *path)
    }

    /// Names and kinds of everything that can be loaded by name.
    fn names(self) -> impl Iterator<Item = (String, EntryKind)> {
        self.paths().filter_map(name_of)
    }

    fn source(self, path: &str) -> Option<Source> {
        self.text(path)
            .map(|text| Source::builtin(format!("plans/{path}"), text))
    }
}

/// All built-in plans, scenarios, profiles and rehearsal cases, by kind and name.
pub fn list() -> Vec<Entry> {
    let library = Library::builtin();
    let mut entries: Vec<Entry> = library
        .names()
        .filter_map(|(name, kind)| {
            let source = library.source(&path_of(&name, kind))?;
            let title = match kind {
                EntryKind::Plan => read::<Plan>(&source, "plan").ok()?.0.title,
                EntryKind::Profile => read::<Profile>(&source, "profile").ok()?.0.title,
                EntryKind::Fragment => {
                    let about = read::<Fragment>(&source, "fragment").ok()?.0.about;
                    about.unwrap_or_default().trim().replace('\n', " ")
                }
                EntryKind::Scenario => {
                    let about = read::<Scenario>(&source, "scenario").ok()?.0.about;
                    about.unwrap_or_default().trim().replace('\n', " ")
                }
                EntryKind::Rehearsal => {
                    let about = read::<Rehearsal>(&source, "rehearsal").ok()?.0.about;
                    about.unwrap_or_default().trim().replace('\n', " ")
                }
            };
            Some(Entry { name, kind, title })
        })
        .collect();
    entries.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    entries
}

/// Loads a plan by path or by name. Its content is the checker's business.
pub fn load_plan(name_or_path: &str) -> Result<(Source, Plan, Node), Vec<Problem>> {
    let source = find(name_or_path, EntryKind::Plan)?;
    let (plan, root) = read(&source, "plan")?;
    Ok((source, plan, root))
}

/// Loads the profile of a modem. `near` is the plan file that asks: where it lies in a tree of its own
/// (`<root>/<vendor>/<model>/x.yaml`), that tree is looked through first.
pub fn load_profile(id: &str, near: Option<&Utf8Path>) -> Result<(Source, Profile), Vec<Problem>> {
    match find_profile(id, near.and_then(Utf8Path::parent))? {
        Some(found) => Ok(found),
        None => Err(vec![no_profile(
            Problem::bare(
                "plan::no-profile",
                format!("there is no modem profile `{id}`"),
            ),
            id,
        )]),
    }
}

/// Judges a profile by path or by name.
pub fn load_profile_file(name_or_path: &str) -> Result<(Source, Profile), Vec<Problem>> {
    read_profile(&find(name_or_path, EntryKind::Profile)?)
}

/// Loads a scenario by path or by name, with its profile's partitions and geometry to judge it by.
pub fn load_scenario(name_or_path: &str) -> Result<(Source, Scenario), Vec<Problem>> {
    let source = find(name_or_path, EntryKind::Scenario)?;
    let (scenario, root) = read::<Scenario>(&source, "scenario")?;
    let profile = find_profile(&scenario.modem, source.folder().and_then(Utf8Path::parent))?;
    let Some((_, profile)) = profile else {
        let message = format!("there is no modem profile `{}`", scenario.modem.value);
        let problem = Problem::new(&source, "plan::no-profile", message)
            .label(scenario.modem.span.clone(), "not known");
        return Err(vec![no_profile(problem, &scenario.modem)]);
    };
    let problems = scenario_rules::problems(&source, &scenario, &root, &profile);
    if problems.is_empty() {
        Ok((source, scenario))
    } else {
        Err(problems)
    }
}

/// Loads a fragment by path or by name. Its content is the checker's business.
pub fn load_fragment(name_or_path: &str) -> Result<(Source, Fragment, Node), Vec<Problem>> {
    let source = find(name_or_path, EntryKind::Fragment)?;
    let (fragment, root) = read(&source, "fragment")?;
    Ok((source, fragment, root))
}

/// Finds the file that a plan or a fragment includes: beside it, from the folder of all plans on, among the built-in
/// ones. `None` where it is nowhere.
pub(crate) fn find_fragment(
    file: &Utf8Path,
    near: &Source,
) -> Result<Option<Source>, Vec<Problem>> {
    if let Some(folder) = near.folder() {
        for folder in [folder.to_owned(), folder.join("../..")] {
            // Beneath a folder that is held open, so that no link leads out of it.
            let found = Root::open(&folder).is_ok_and(|root| root.is_file(file));
            if found {
                return read_file(&folder.join(file)).map(Some);
            }
        }
    }
    let library = Library::builtin();
    let beside = near.name().strip_prefix("plans/").map(Utf8Path::new);
    let beside = beside
        .filter(|_| near.is_builtin())
        .and_then(Utf8Path::parent);
    let paths = beside.map(|folder| folder.join(file)).into_iter();
    Ok(paths
        .chain([file.to_owned()])
        .find_map(|path| library.source(path.as_str())))
}

/// Names of the built-in fragments, as an `include` gives them.
pub(crate) fn fragments() -> Vec<String> {
    names_of(EntryKind::Fragment)
}

/// Loads a rehearsal case by path or by name, and says where it lies. Its content is the business of
/// [`crate::rehearse`].
pub fn load_rehearsal(
    name_or_path: &str,
) -> Result<(Place, Source, Rehearsal, Node), Vec<Problem>> {
    let place = Place::find(name_or_path, EntryKind::Rehearsal);
    let source = find(name_or_path, EntryKind::Rehearsal)?;
    let (rehearsal, root) = read(&source, "rehearsal")?;
    Ok((place, source, rehearsal, root))
}

/// What is wrong with faults and with what the simulator makes, wherever they are written.
pub fn judge_simulation(source: &Source, faults: &[Fault], makes: &Table<Make>) -> Vec<Problem> {
    scenario_rules::simulation(source, faults, makes)
}

/// Looks a profile up in the model's folder, in the tree around it, and among the built-in ones.
pub(crate) fn find_profile(
    id: &str,
    folder: Option<&Utf8Path>,
) -> Result<Option<(Source, Profile)>, Vec<Problem>> {
    if !rules::is_profile_id(id) {
        return Ok(None);
    }
    if let Some(folder) = folder {
        let here = folder.join("modem.yaml");
        let beside = folder.join("../..").join(id).join("modem.yaml");
        for path in [here, beside] {
            if is_file(&path) {
                let found = read_profile(&read_file(&path)?)?;
                if found.1.id.value == id {
                    return Ok(Some(found));
                }
            }
        }
    }
    Library::builtin()
        .source(&path_of(id, EntryKind::Profile))
        .map(|source| read_profile(&source))
        .transpose()
}

fn read_profile(source: &Source) -> Result<(Source, Profile), Vec<Problem>> {
    let (profile, root) = read::<Profile>(source, "profile")?;
    let problems = profile_rules::problems(source, &profile, &root);
    if problems.is_empty() {
        Ok((source.clone(), profile))
    } else {
        Err(problems)
    }
}

/// Adds what can be done about a profile that is not there.
pub(crate) fn no_profile(problem: Problem, id: &str) -> Problem {
    let names = names_of(EntryKind::Profile);
    match nearest(id, names.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("known profiles: {}", names.join(", "))),
    }
}

fn read<T: DeserializeOwned>(
    source: &Source,
    what: &'static str,
) -> Result<(T, Node), Vec<Problem>> {
    yaml::from_source(source, what)
}

/// What a file or a built-in name holds: by the key with its version, else by its place.
pub fn kind_of(name_or_path: &str) -> EntryKind {
    let path = Utf8Path::new(name_or_path);
    let said = is_file(path)
        .then(|| read_file(path).ok())
        .flatten()
        .and_then(|source| said_kind(source.text()));
    let named = || {
        Library::builtin()
            .names()
            .find(|(name, _)| name == name_or_path)
    };
    let folder = path.parent().and_then(Utf8Path::file_name);
    match (said, path.file_name(), folder) {
        (Some(kind), _, _) => kind,
        (None, Some("modem.yaml"), _) => EntryKind::Profile,
        (None, _, Some("scenarios")) => EntryKind::Scenario,
        (None, _, Some("rehearsals")) => EntryKind::Rehearsal,
        (None, _, Some("lib")) => EntryKind::Fragment,
        _ => named().map_or(EntryKind::Plan, |(_, kind)| kind),
    }
}

/// By the first key at the left margin that gives the version of a kind of file. Only a rehearsal has several of these
/// words, since it names its plan and its scenario under them.
fn said_kind(text: &str) -> Option<EntryKind> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let keys = || {
        text.lines()
            .filter_map(|line| Some(line.split_once(':')?.0))
    };
    let has = |wanted: &str| keys().any(|key| key == wanted);
    if has("rehearsal") || has("plan") && has("scenario") {
        return Some(EntryKind::Rehearsal);
    }
    keys().find_map(|key| match key {
        "plan" => Some(EntryKind::Plan),
        "profile" => Some(EntryKind::Profile),
        "scenario" => Some(EntryKind::Scenario),
        "fragment" => Some(EntryKind::Fragment),
        "rehearsal" => Some(EntryKind::Rehearsal),
        _ => None,
    })
}

/// The text behind a path or a name.
fn find(name_or_path: &str, kind: EntryKind) -> Result<Source, Vec<Problem>> {
    let path = Utf8Path::new(name_or_path);
    if is_file(path) {
        return read_file(path);
    }
    let builtin = Library::builtin().source(&path_of(name_or_path, kind));
    builtin.ok_or_else(|| vec![not_found(name_or_path, kind)])
}

fn not_found(name: &str, kind: EntryKind) -> Problem {
    let (code, what) = match kind {
        EntryKind::Plan => ("plan::no-such-plan", "plan"),
        EntryKind::Scenario => ("scenario::no-such-scenario", "scenario"),
        EntryKind::Profile => ("plan::no-profile", "modem profile"),
        EntryKind::Fragment => ("plan::include-missing", "fragment"),
        EntryKind::Rehearsal => ("rehearsal::no-such-case", "rehearsal case"),
    };
    if let Err(error) = files::open(Utf8Path::new(name))
        && !error.missing
    {
        return Problem::bare("plan::unreadable", error.to_string());
    }
    let names = names_of(kind);
    let known = || names.iter().map(String::as_str);
    // Who leaves the folder out, or writes the path of a file, has the last word right, or nearly.
    let last = |name: &'_ str| -> String { name.rsplit('/').next().unwrap_or(name).to_owned() };
    let lasts: Vec<String> = known().map(last).collect();
    let word = last(name);
    let word = word.strip_suffix(".yaml").unwrap_or(&word);
    let near = nearest(name, known()).or_else(|| {
        let near = nearest(word, lasts.iter().map(String::as_str))?;
        known().find(|known| last(known) == near)
    });
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("give a file, or one of: {}", names.join(", ")),
    };
    let message = format!("there is no {what} `{name}`: neither a file nor a built-in name");
    Problem::bare(code, message).help(help)
}

fn names_of(kind: EntryKind) -> Vec<String> {
    Library::builtin()
        .names()
        .filter(|(_, of)| *of == kind)
        .map(|(name, _)| name)
        .collect()
}

/// The path below `plans/` of a name.
fn path_of(name: &str, kind: EntryKind) -> String {
    match (kind, name.rsplit_once('/')) {
        (EntryKind::Fragment, _) => name.to_owned(),
        (EntryKind::Profile, _) => format!("{name}/modem.yaml"),
        (EntryKind::Scenario, Some((folder, last))) => format!("{folder}/scenarios/{last}.yaml"),
        _ => format!("{name}.yaml"),
    }
}

/// The name of a path below `plans/`: the reverse of [`path_of`].
fn name_of(path: &str) -> Option<(String, EntryKind)> {
    let parts: Vec<&str> = path.strip_suffix(".yaml")?.split('/').collect();
    match parts[..] {
        [vendor, model, "modem"] => Some((format!("{vendor}/{model}"), EntryKind::Profile)),
        [vendor, model, "scenarios", name] => {
            Some((format!("{vendor}/{model}/{name}"), EntryKind::Scenario))
        }
        [vendor, model, "rehearsals", name] => Some((
            format!("{vendor}/{model}/rehearsals/{name}"),
            EntryKind::Rehearsal,
        )),
        ["lib", ..] => Some((path.to_owned(), EntryKind::Fragment)),
        [vendor, model, name] => Some((format!("{vendor}/{model}/{name}"), EntryKind::Plan)),
        _ => None,
    }
}

fn is_file(path: &Utf8Path) -> bool {
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    path.file_name()
        .is_some_and(|name| Root::open(folder).is_ok_and(|root| root.is_file(Utf8Path::new(name))))
}

fn read_file(path: &Utf8Path) -> Result<Source, Vec<Problem>> {
    let refuse = |code, message: String| vec![Problem::bare(code, message)];
    let bytes = files::read_capped(path, MAX_BYTES as u64)
        .map_err(|error| refuse("plan::unreadable", error.to_string()))?
        .ok_or_else(|| {
            let limit = MAX_BYTES / 1024;
            refuse(
                "plan::too-large",
                format!("`{path}` is longer than {limit} KiB"),
            )
        })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(Utf8PathBuf::from(path), text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let message = format!("`{path}` is not UTF-8: the byte at {at} begins no character");
            Err(refuse("plan::not-utf8", message))
        }
    }
}

#[cfg(test)]
mod tests;
