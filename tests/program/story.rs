//! A 900E brick comes back to life, end to end, on the simulated modem.

use crate::bench::{Bench, IMEI, SCENARIO, of_kind, shared_files};

#[test]
fn the_story_ends_proved() {
    let bench = Bench::new();
    let (said, record) = bench.story(SCENARIO, &[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("PROVED."), "{}", said.stdout);
    for line in [
        "fw: RM502QGLAAR11A02M4G_01.200.01.200",
        "cfun_after: 1",
        "rftest: 0",
    ] {
        assert!(said.stdout.contains(line), "{}", said.stdout);
    }
    // The modem's own record: the boot loader is erased first and programmed last.
    let erased = of_kind(&record, &["erase"]);
    let programmed = of_kind(&record, &["program"]);
    assert!(erased.len() > 10 && programmed.len() > 10);
    assert_eq!(erased[0]["start"], 0);
    assert_eq!(programmed[programmed.len() - 1]["start"], 0);
    assert!(
        programmed[..programmed.len() - 1]
            .iter()
            .all(|p| p["start"] != 0)
    );
    // No calibration partition is touched: blocks 14 to 136 and 199 to 209 of 64 pages.
    for range in erased.iter().chain(&programmed) {
        let start = range["start"].as_u64().unwrap();
        let end = start + range["count"].as_u64().unwrap();
        assert!(end <= 14 * 64 || start >= 136 * 64, "{range}");
        assert!(end <= 199 * 64 || start >= 209 * 64, "{range}");
    }
    assert!(of_kind(&record, &["identity-write", "transmit"]).is_empty());
    assert_eq!(of_kind(&record, &["programmer-loaded"]).len(), 1);
    assert!(!of_kind(&record, &["nv-write"]).is_empty());
    assert!(!of_kind(&record, &["efs-write"]).is_empty());
    let identity = [0, 1, 550, 1943, 1992, 5598];
    for written in of_kind(&record, &["nv-write"]) {
        assert!(identity.iter().all(|item| written["item"] != *item));
    }
}

#[test]
fn every_destructive_packet_lies_behind_an_intent_and_every_intent_is_done() {
    let bench = Bench::new();
    let (said, record) = bench.story(SCENARIO, &[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let journal = bench.journal();
    let key = |r: &serde_json::Value| (r["operation"].to_string(), r["target"].to_string());
    let of = |event: &str| -> Vec<_> {
        journal
            .iter()
            .filter(|r| r["event"] == event)
            .map(key)
            .collect()
    };
    let (intents, done) = (of("intent"), of("done"));
    let failed = of("failed");
    for intent in &intents {
        let refused = failed.contains(intent) && intent.0.contains("nv-write");
        assert!(done.contains(intent) || refused, "{intent:?}");
    }
    assert_eq!(
        failed.len(),
        2,
        "the unit has two read-only items: {failed:?}"
    );
    let erases = intents.iter().filter(|(o, _)| o.contains("erase")).count();
    let programs = intents
        .iter()
        .filter(|(o, _)| o.contains("program"))
        .count();
    assert_eq!(erases, of_kind(&record, &["erase"]).len());
    assert_eq!(programs, of_kind(&record, &["program"]).len());
    assert_eq!(journal[0]["event"], "run-start");
    assert_eq!(journal[journal.len() - 1]["outcome"], "proved");
}

#[test]
fn no_identity_comes_out() {
    let bench = Bench::new();
    let (said, _) = bench.story(SCENARIO, &[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!said.stdout.contains(IMEI) && !said.stderr.contains(IMEI));
    let files = shared_files(&bench.path("state"));
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(IMEI), "{}", file.display());
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let record = |seed: &str| {
        let bench = Bench::new();
        let (said, record) = bench.story(SCENARIO, &["--seed", seed]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        record
    };
    assert_eq!(record("7"), record("7"));
}

#[test]
fn the_machine_form_is_one_event_a_line() {
    let bench = Bench::new();
    let (said, _) = bench.story(SCENARIO, &["--json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let events: Vec<serde_json::Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.iter().all(|event| event["format"] == 1));
    assert_eq!(events[0]["event"], "run-start");
    assert_eq!(events[events.len() - 1]["event"], "run-end");
    assert_eq!(events[events.len() - 1]["exit"], 0);
}

#[test]
fn a_run_is_listed_and_its_journal_can_be_read() {
    let bench = Bench::new();
    let (said, _) = bench.story(SCENARIO, &[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let runs = bench.run(&["runs"]);
    assert!(runs.stdout.contains("proved"), "{}", runs.stdout);
    let id = runs.stdout.split_whitespace().next().unwrap().to_owned();
    let log = bench.run(&["log", &id, "--json"]);
    assert_eq!(log.code, 0);
    assert!(log.stdout.lines().count() > 50);
}
