//! `unbrick doctor` on a made computer.

use crate::bench::Bench;
use serde_json::Value;

/// A computer with USB, run by root, with nothing in the way.
fn healthy() -> Bench {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("root/sys/bus/usb/devices")).unwrap();
    bench.write(
        "root/proc/self/status",
        "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0\n",
    );
    bench.write("root/proc/1/comm", "init\n");
    bench
}

#[test]
fn nothing_in_the_way_ends_with_zero() {
    let said = healthy().run(&["doctor"]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout
            .ends_with("Nothing on this computer would spoil a run.\n")
    );
}

#[test]
fn an_obstacle_ends_with_fourteen_and_stands_first_with_its_cure() {
    let bench = healthy();
    bench.write("root/proc/77/comm", "eg25-manager\n");
    let said = bench.run(&["doctor"]);
    assert_eq!(said.code, 14, "{}{}", said.stdout, said.stderr);
    let mut lines = said.stdout.lines();
    assert_eq!(
        lines.next(),
        Some("spoils a run: eg25-manager runs (process 77)")
    );
    assert!(
        lines
            .nth(1)
            .unwrap()
            .starts_with("    cure: sudo systemctl ")
    );
    let said = bench.run(&["doctor", "--json"]);
    assert_eq!(said.code, 14);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (&document["format"], &document["obstacles"]),
        (&1.into(), &1.into())
    );
    let spoils = document["findings"].as_array().unwrap().iter();
    let spoils: Vec<_> = spoils.filter(|f| f["severity"] == "spoils").collect();
    assert_eq!(spoils.len(), 1);
    for part in ["check", "what", "why", "cure"] {
        assert!(
            spoils[0][part]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{part}"
        );
    }
}

#[test]
fn a_computer_without_usb_is_told() {
    let bench = Bench::new();
    let said = bench.run(&["doctor"]);
    assert_eq!(said.code, 14, "{}", said.stdout);
    assert!(said.stdout.contains("stops a run: "), "{}", said.stdout);
    assert!(said.stdout.contains("in a container"), "{}", said.stdout);
}

#[test]
fn the_rules_that_are_written_are_those_that_are_wanted() {
    let bench = healthy();
    let rules = bench.run(&["doctor", "--udev-rules"]);
    assert_eq!((rules.code, rules.stderr.as_str()), (0, ""));
    std::fs::create_dir_all(bench.path("root/etc/udev/rules.d")).unwrap();
    let missing = bench.run(&["doctor"]);
    assert!(
        missing.stdout.contains("the udev rules are not installed"),
        "{}",
        missing.stdout
    );
    bench.write("root/etc/udev/rules.d/70-unbrick.rules", &rules.stdout);
    let installed = bench.run(&["doctor"]);
    assert!(
        installed
            .stdout
            .contains("good: the udev rules are installed"),
        "{}",
        installed.stdout
    );
}
