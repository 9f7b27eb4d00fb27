//! Inputs that are folders and were given as zips: unpacked before step one, and gone when the program ends.

use super::inputs;
use super::store::Scratch;
use crate::check::{CheckedPlan, GuardKind};
use crate::diagnostic::Problem;
use crate::files::{self, Root};
use crate::firmware::archive;
use crate::plan::{Template, Unpacked, Value, Values};
use crate::transport::Interrupt;
use camino::Utf8Path;

/// Why a zip does not stand for its folder.
#[derive(Debug)]
pub enum Error {
    /// Of the zips, or of what is in them.
    Problems(Vec<Problem>),
    /// This computer cannot take what is in them.
    Host(Problem),
    Interrupted(Problem),
}

/// Whether a value is a zip that was not unpacked yet.
pub fn is_one(value: &Value) -> bool {
    matches!(value, Value::Folder(path) if is_there(path))
}

/// Whether a folder is given as a zip that exists.
pub fn is_there(path: &Utf8Path) -> bool {
    let parent = path.parent().unwrap_or(Utf8Path::new(""));
    archive::is_named_like_one(path)
        && path.file_name().is_some_and(|name| {
            Root::open(parent).is_ok_and(|root| root.is_file(Utf8Path::new(name)))
        })
}

/// Unpacks every zip among the values, and judges what is in it as if a folder had been given. The scratch folder is
/// made where there is anything to unpack, and must live as long as the values.
pub fn unpack(
    plan: &CheckedPlan,
    mut values: Values,
    scratch: impl FnOnce() -> Result<Scratch, files::Error>,
    interrupt: &Interrupt,
) -> Result<(Values, Option<Scratch>), Error> {
    let zips: Values = values
        .iter()
        .filter(|(_, value)| is_one(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if zips.is_empty() {
        return Ok((values, None));
    }
    let scratch = scratch().map_err(|error| host(&error))?;
    let mut unpacked = Values::new();
    for (name, value) in zips {
        let Value::Folder(zip) = value else {
            continue;
        };
        let path = Utf8Path::new(&name);
        let folder = scratch
            .root
            .make_own_folder(path)
            .and_then(|()| scratch.root.folder(path))
            .map_err(|error| host(&error))?;
        let found = archive::unpack(&zip, &folder, &wanted(plan, &name), interrupt)
            .map_err(|fault| error(&name, &zip, &fault))?;
        let value = Value::Unpacked(Unpacked {
            folder: folder.path().join(found.folder),
            sha256: found.sha256,
            zip,
        });
        unpacked.insert(name, value);
    }
    let problems = inputs::malformed(plan, &unpacked);
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    values.extend(unpacked);
    Ok((values, Some(scratch)))
}

fn host(error: &files::Error) -> Error {
    Error::Host(Problem::bare("host::file", error.to_string()))
}

fn error(name: &str, zip: &Utf8Path, fault: &archive::Fault) -> Error {
    use archive::Fault;
    let message = format!("input `{name}` is `{zip}`: {fault}");
    let problem = Problem::bare(fault.code(), message).help(fault.help());
    match fault {
        Fault::NoRoom { .. } | Fault::Write(_) => Error::Host(problem),
        Fault::Interrupted => Error::Interrupted(problem),
        _ => Error::Problems(vec![problem]),
    }
}

/// Names that the plan looks for right below an input.
fn wanted(plan: &CheckedPlan, input: &str) -> Vec<String> {
    let mut names = Vec::new();
    for checked in plan.all_steps() {
        let step = &checked.step;
        let paths = [
            step.sahara_load.as_ref().map(|action| &action.programmer),
            step.diag_restore.as_ref().map(|action| &action.from),
            step.fastboot_flash.as_ref().map(|action| &action.image),
        ];
        for path in paths.into_iter().flatten() {
            let begins = Template::parse(path)
                .ok()
                .and_then(|template| step.scope.full(template.begins_with()?));
            let first = path.split('/').nth(1);
            if let (true, Some(first)) = (begins.as_deref() == Some(input), first) {
                names.push(first.to_owned());
            }
        }
    }
    let is_package =
        |kind: &GuardKind| matches!(kind, GuardKind::Package { folder, .. } if folder == input);
    if plan.guards().iter().any(|guard| is_package(&guard.kind)) {
        names.extend(["md5.txt".to_owned(), "update".to_owned()]);
    }
    names
}

/// Lines for people, who have never heard of the folders where zips are unpacked.
pub(super) fn as_given(lines: Vec<String>, values: &Values) -> Vec<String> {
    let unpacked = values.values().filter_map(|value| match value {
        Value::Unpacked(unpacked) => Some(unpacked),
        _ => None,
    });
    unpacked.fold(lines, |lines, unpacked| {
        let (folder, zip) = (unpacked.folder.as_str(), unpacked.zip.as_str());
        lines.iter().map(|line| line.replace(folder, zip)).collect()
    })
}

/// What was unpacked is flashed only as long as the zip is still the same.
pub(super) fn is_as_unpacked(unpacked: &Unpacked) -> Result<(), files::Error> {
    let wrong = |reason: String| files::Error {
        verb: "use",
        path: unpacked.zip.clone(),
        reason,
        missing: false,
    };
    let (sha256, _) =
        files::sha256(files::open(&unpacked.zip)?).map_err(|error| wrong(error.to_string()))?;
    if sha256 == unpacked.sha256 {
        Ok(())
    } else {
        Err(wrong("it has changed since it was unpacked".to_owned()))
    }
}
