//! `unbrick new`: what it writes passes as it is, and nothing is written where something is in the way.

use crate::bench::Bench;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Every file below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    found.sort();
    found
}

#[test]
fn what_is_written_passes_check_and_rehearse_as_it_is() {
    let bench = Bench::new();
    for (model, more) in [
        ("quectel/rm520n-gl", vec![]),
        ("quectel/rm521f-gl", vec!["--from", "quectel/rm502q-gl"]),
        ("quectel/eg25-g", vec!["--from", "quectel/ec25"]),
        ("acme/4g", vec![]),
        ("a/b", vec!["--in", "deep/er"]),
        ("0/r01a02-an-unusually-long-name-of-a-model", vec![]),
    ] {
        let mut arguments = vec!["new", model];
        arguments.extend(&more);
        let said = bench.run(&arguments);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{model}");
        let below = if more.contains(&"--in") {
            "deep/er"
        } else {
            "plans"
        };
        let folder = format!("{below}/{model}");
        assert!(
            said.stdout
                .contains(&format!("wrote {folder}/modem.yaml\n"))
        );
        let said = bench.run(&["check", &folder]);
        assert_eq!(said.stdout, "5 files checked, 0 problems\n", "{model}");
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{model}");
        let said = bench.run(&["rehearse", &format!("{folder}/restart.yaml")]);
        assert_eq!(said.code, 0, "{model}: {}{}", said.stdout, said.stderr);
        assert!(said.stdout.ends_with("2 cases, as expected\n"), "{model}");
    }
}

/// An editor finds the schema from the file alone, wherever the tree is moved.
#[test]
fn every_file_names_a_schema_that_is_there_and_is_that_of_its_kind() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["new", "quectel/rm520n-gl"]).code, 0);
    std::fs::rename(bench.path("plans"), bench.path("moved")).unwrap();
    let mut count = 0;
    for file in files(&bench.path("moved/quectel")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap();
        let path = first.strip_prefix("# yaml-language-server: $schema=");
        let schema = file.parent().unwrap().join(path.unwrap());
        let there = std::fs::read_to_string(&schema).unwrap();
        let name = schema.file_name().unwrap().to_str().unwrap();
        let name = name.strip_suffix(".schema.json").unwrap();
        assert_eq!(there, bench.run(&["schema", name]).stdout);
        let word = if name == "modem" { "profile" } else { name };
        assert!(text.contains(&format!("\n{word}: 1\n")), "{name}");
        count += 1;
    }
    assert_eq!(count, 5);
}

/// A profile that is made up must not let a plan near a modem.
#[test]
fn what_is_not_known_matches_no_modem_and_carries_no_destroying_action() {
    let bench = Bench::new();
    for (model, from) in [
        ("quectel/rm520n-gl", None),
        ("a/b", Some("quectel/rm502q-gl")),
    ] {
        let mut arguments = vec!["new", model];
        arguments.extend(from.iter().flat_map(|from| ["--from", *from]));
        assert_eq!(bench.run(&arguments).code, 0);
        let profile = bench.path(&format!("plans/{model}/modem.yaml"));
        let text = std::fs::read_to_string(profile).unwrap();
        assert!(text.contains("\ntransports: [at]\n"), "{text}");
        match from {
            None => assert!(text.contains("usb: \"2c7c:0000\""), "{text}"),
            Some(from) => {
                let mark = format!("# From {from}, unverified here.\n");
                assert!(text.matches(&mark).count() >= 8, "{text}");
            }
        }
    }
}

#[test]
fn what_exists_is_named_and_left_alone_and_nothing_is_written() {
    let bench = Bench::new();
    bench.write("plans/quectel/rm520n-gl/notes.txt", "mine");
    let said = bench.run(&["new", "quectel/rm520n-gl"]);
    assert_eq!(said.code, 2);
    let says = "`plans/quectel/rm520n-gl` exists already";
    assert!(said.stderr.contains(says), "{}", said.stderr);
    let only = [bench.path("plans/quectel/rm520n-gl/notes.txt")];
    assert_eq!(files(&bench.path("plans")), only);
}

/// Someone else's schemas stay, and a program that has grown says so.
#[test]
fn a_schema_of_another_version_is_left_and_told() {
    let bench = Bench::new();
    bench.write("plans/.schemas/plan.schema.json", "{}");
    let said = bench.run(&["new", "quectel/rm520n-gl"]);
    assert_eq!(said.code, 0);
    assert_eq!(
        said.stderr,
        "`plans/.schemas/plan.schema.json` is of another version of this program: `unbrick schema` prints the new one\n"
    );
    let there = std::fs::read_to_string(bench.path("plans/.schemas/plan.schema.json"));
    assert_eq!(there.unwrap(), "{}");
    let said = bench.run(&["new", "quectel/rm521f-gl"]);
    assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
}

#[test]
fn a_bad_name_ends_with_usage_and_what_to_write() {
    let bench = Bench::new();
    for (model, help) in [
        ("Quectel/x", "write `quectel/x`"),
        ("a", "with one slash"),
        ("a/b/c", "with one slash"),
        ("../x", "small letters, digits"),
        ("/etc", "with one slash"),
        ("lib/x", "name the vendor"),
        ("quectel/rm502q-gl", "--from quectel/rm502q-gl"),
    ] {
        let said = bench.run(&["new", model]);
        assert_eq!(said.code, 2, "{model}");
        // Printed lines are wrapped.
        let talk = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(talk.contains(help), "{model}: {talk}");
        assert_eq!(said.stdout, "");
    }
    let said = bench.run(&["new", "a/b", "--from", "quectel/rm502q"]);
    assert_eq!(said.code, 10);
    assert!(said.stderr.contains("did you mean `quectel/rm502q-gl`?"));
    assert!(files(&bench.path("")).is_empty());
}

#[test]
fn where_nothing_can_be_written_the_place_is_named_and_nothing_is_left() {
    let bench = Bench::new();
    // A file where the folder should be stops everybody, the superuser included.
    bench.write("plans", "a file");
    let said = bench.run(&["new", "a/b"]);
    assert_eq!(said.code, 10);
    assert!(said.stderr.contains("`plans`"), "{}", said.stderr);
    std::fs::create_dir(bench.path("shut")).unwrap();
    let shut = bench.path("shut");
    std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o555)).unwrap();
    let stops = std::fs::write(shut.join("probe"), "").is_err();
    if stops {
        let said = bench.run(&["new", "a/b", "--in", "shut"]);
        assert_eq!(said.code, 10);
        assert!(said.stderr.contains("`shut/"), "{}", said.stderr);
        assert!(files(&shut).is_empty());
    }
    std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o755)).unwrap();
}
