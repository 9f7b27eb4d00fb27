//! `unbrick new`: the first files of a model.

use super::Stop;
use crate::author::{self, Draft, ModelName, SCHEMAS, Sister};
use crate::engine::ExitCode;
use crate::files::{self, Root};
use crate::plan::library::{self, EntryKind};
use crate::report::Output;
use crate::schema;
use camino::{Utf8Path, Utf8PathBuf};

/// The schemas that files of a model name in their first line.
const USED: [&str; 5] = ["plan", "modem", "fragment", "scenario", "rehearsal"];

pub(super) fn new(
    model: &str,
    folder: &Utf8Path,
    from: Option<&str>,
    output: Output,
) -> Result<ExitCode, Stop> {
    let name =
        ModelName::parse(model).map_err(|error| Stop::usage(error.to_string(), error.help()))?;
    refuse_known(&name)?;
    let sister = from.map(Sister::load).transpose()?;
    let own = Utf8Path::new(name.id());
    // Asked before anything is made, so that nothing is written where something is in the way.
    if Root::open(folder).is_ok_and(|root| root.exists(own)) {
        let target = folder.join(own);
        return Err(Stop::usage(
            format!("`{target}` exists already, and nothing is ever overwritten"),
            "give another folder with `--in`, or move it away",
        ));
    }
    let root = Root::create(folder)?;
    let drafts = author::drafts(&name, sister.as_ref());
    write(&root, own, &drafts)?;
    let old = schemas(&root)?;
    tell(&folder.join(own), &drafts, &old, output)
}

/// A copy of a built-in profile would hide it from every plan beside the copy, and grow old.
fn refuse_known(name: &ModelName) -> Result<(), Stop> {
    let known =
        |entry: &library::Entry| entry.kind == EntryKind::Profile && entry.name == name.id();
    if !library::list().iter().any(known) {
        return Ok(());
    }
    Err(Stop::usage(
        format!(
            "`{}` has a built-in profile, and a copy would hide it",
            name.id()
        ),
        format!(
            "write your plan into a file `{0}/NAME.yaml`, with `modem: {0}`: it finds that profile; for a sister model take \
             `unbrick new VENDOR/MODEL --from {0}`",
            name.id()
        ),
    ))
}

/// All files or none: they are written into a folder with a name of its own, which then gets the model's.
fn write(root: &Root, own: &Utf8Path, drafts: &[Draft]) -> Result<(), Stop> {
    let beside = own.with_file_name(format!(".{}.new", own.file_name().unwrap_or_default()));
    let written = drafts
        .iter()
        .try_for_each(|draft| {
            files::write_new(root, &beside.join(&draft.path), draft.text.as_bytes())
        })
        .and_then(|()| root.rename_new(&beside, own));
    written.map_err(|error| {
        // What was written so far is of no use; the first error is what matters.
        let _ = root.remove_folder(&beside);
        error.into()
    })
}

/// Writes the schemas that are not there, and gives those that are there and of another version.
fn schemas(root: &Root) -> Result<Vec<Utf8PathBuf>, Stop> {
    let mut old = Vec::new();
    for name in USED {
        let path = Utf8PathBuf::from(format!("{SCHEMAS}/{name}.schema.json"));
        let schema = schema::schema(name).unwrap_or_default();
        let text = format!("{schema:#}\n");
        if !root.exists(&path) {
            files::write_new(root, &path, text.as_bytes())?;
            continue;
        }
        let cap = text.len() as u64;
        let there = files::read_capped(&root.path().join(&path), cap)?;
        if there.as_deref() != Some(text.as_bytes()) {
            old.push(root.path().join(path));
        }
    }
    Ok(old)
}

fn tell(
    target: &Utf8Path,
    drafts: &[Draft],
    old: &[Utf8PathBuf],
    output: Output,
) -> Result<ExitCode, Stop> {
    for draft in drafts {
        output.data(&format!("wrote {}", target.join(&draft.path)))?;
    }
    for path in old {
        output.talk(&format!(
            "`{path}` is of another version of this program: `unbrick schema` prints the new one"
        ));
    }
    output.data("\nNext:")?;
    output.data(&format!("  unbrick check {target}"))?;
    output.data(&format!("  unbrick rehearse {target}/restart.yaml"))?;
    output.data(&format!(
        "  then read {target}/modem.yaml: what says PLACEHOLDER or unverified waits for your modem"
    ))?;
    Ok(ExitCode::Proved)
}
