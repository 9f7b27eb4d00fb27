//! The rooms of `ARCHITECTURE.md`: each imports only from floors below its own. Tests inside a room may look further.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and reads the sources as they are"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the simulated modem must not know, whatever floor it is on.
const CONSPIRATORS: [&str; 6] = [
    "driver",
    "engine",
    "action",
    "guard",
    "firmware",
    "calibration",
];

/// The table of the map: room to floor.
fn floors() -> BTreeMap<String, u32> {
    let map = include_str!("../ARCHITECTURE.md");
    map.lines()
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let floor: u32 = cells.next()?.parse().ok()?;
            Some((floor, cells.next()?))
        })
        .flat_map(|(floor, rooms)| rooms.split(", ").map(move |room| (room.to_owned(), floor)))
        .collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// The first part of a path below `src`: its room.
fn room(path: &Path, src: &Path) -> String {
    let first = path.strip_prefix(src).unwrap().iter().next().unwrap();
    first.to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn every_room_imports_only_from_floors_below_its_own() {
    let floors = floors();
    assert_eq!(floors["transport"], 0);
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for path in sources(&src) {
        let room = room(&path, &src);
        if room == "lib" {
            continue;
        }
        let own = floors.get(&room).copied();
        let own = own.unwrap_or_else(|| panic!("the map lacks the room `{room}`"));
        let text = std::fs::read_to_string(&path).unwrap();
        let is_test = path
            .iter()
            .any(|part| part == "tests" || part == "tests.rs")
            || path.to_str().unwrap().ends_with("_tests.rs");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        if is_test {
            continue;
        }
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for used in line.split("crate::").skip(1) {
                let other: String = used
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                let below = floors.get(&other).is_none_or(|floor| *floor < own);
                // The other end of every wire must not agree with the drivers' mistakes.
                let conspires = room == "sim" && CONSPIRATORS.contains(&other.as_str());
                if (!below && other != room) || conspires {
                    wrong.push(format!("{}: {line}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
