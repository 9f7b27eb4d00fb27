//! Builds the plan library into the program: a table of every YAML file below `plans/` with its text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = Vec::new();
    collect(Path::new("plans"), &mut paths)?;
    paths.sort();
    let mut table = String::from("&[\n");
    for path in paths {
        let path = path
            .to_str()
            .ok_or("a file name below plans/ is not UTF-8")?;
        let name = path.strip_prefix("plans/").unwrap_or(path);
        writeln!(
            table,
            "({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?}))),",
            format!("/{path}")
        )?;
    }
    table.push_str("]\n");
    let target = PathBuf::from(env::var("OUT_DIR")?).join("library.rs");
    write(&target, &table)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            println!("cargo::rerun-if-changed={}", path.display());
            paths.push(path);
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the file layer is not built yet")]
fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(path, text)?)
}
