use super::*;

fn codes(problems: &[Problem]) -> Vec<(&str, &str)> {
    problems
        .iter()
        .map(|problem| (problem.code, problem.pointed_at().unwrap_or("")))
        .collect()
}

#[test]
fn every_built_in_file_loads_by_its_name() {
    let entries = list();
    let count = |kind| entries.iter().filter(|entry| entry.kind == kind).count();
    assert!(count(EntryKind::Profile) >= 1 && count(EntryKind::Scenario) >= 1);
    for (name, kind) in Library::builtin().names() {
        match kind {
            EntryKind::Plan => drop(load_plan(&name).unwrap()),
            EntryKind::Scenario => drop(load_scenario(&name).unwrap()),
            EntryKind::Profile => drop(load_profile(&name, None).unwrap()),
            EntryKind::Fragment => drop(load_fragment(&name).unwrap()),
            EntryKind::Rehearsal => drop(load_rehearsal(&name).unwrap()),
        }
        assert!(
            entries.iter().any(|e| e.name == name && e.kind == kind),
            "{name}"
        );
        assert_eq!(name_of(&path_of(&name, kind)), Some((name, kind)));
    }
}

#[test]
fn an_unknown_name_says_what_was_meant() {
    let problem = load_scenario("quectel/rm502q-gl/900f")
        .unwrap_err()
        .remove(0);
    assert_eq!(problem.code, "scenario::no-such-scenario");
    assert_eq!(
        problem.help.as_deref(),
        Some("did you mean `quectel/rm502q-gl/900e`?")
    );
    let problem = load_scenario("900e").unwrap_err().remove(0);
    assert_eq!(
        problem.help.as_deref(),
        Some("did you mean `quectel/rm502q-gl/900e`?")
    );
    let problem = load_profile("quectel/rm502-gl", None)
        .unwrap_err()
        .remove(0);
    assert_eq!(
        problem.help.as_deref(),
        Some("did you mean `quectel/rm502q-gl`?")
    );
    for id in ["../../etc", "quectel", "Quectel/x", ""] {
        assert_eq!(
            load_profile(id, None).unwrap_err()[0].code,
            "plan::no-profile"
        );
    }
}

#[test]
fn a_tree_of_its_own_wins_over_the_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    let builtin = Library::builtin()
        .text("quectel/rm502q-gl/modem.yaml")
        .unwrap();
    let own = builtin.replace("title: Quectel", "title: Own");
    files::write_new(
        &root,
        Utf8Path::new("quectel/rm502q-gl/modem.yaml"),
        own.as_bytes(),
    )
    .unwrap();
    let title = |path: &str| {
        let near = root.path().join(path);
        load_profile("quectel/rm502q-gl", Some(&near))
            .unwrap()
            .1
            .title
    };
    assert!(title("quectel/rm502q-gl/x.yaml").starts_with("Own"));
    assert!(
        title("quectel/rm500q/x.yaml").starts_with("Quectel"),
        "a folder that is not there"
    );
    root.make_folder(Utf8Path::new("quectel/rm500q")).unwrap();
    assert!(title("quectel/rm500q/x.yaml").starts_with("Own"));
    assert!(title("x.yaml").starts_with("Quectel"));
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    files::write_new(&root, Utf8Path::new("a.yaml"), b"plan: \xff").unwrap();
    files::write_new(
        &root,
        Utf8Path::new("b.yaml"),
        " ".repeat(MAX_BYTES + 1).as_bytes(),
    )
    .unwrap();
    let code = |name| load_plan(root.path().join(name).as_str()).unwrap_err()[0].code;
    assert_eq!(code("a.yaml"), "plan::not-utf8");
    assert_eq!(code("b.yaml"), "plan::too-large");
    assert_eq!(code("c.yaml"), "plan::no-such-plan");
    assert_eq!(code("."), "plan::unreadable");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_mistake_in_a_profile_is_found_where_it_is() {
    let text = Library::builtin()
        .text("quectel/rm502q-gl/modem.yaml")
        .unwrap();
    for (from, to, code, at) in [
        ("profile: 1", "profile: 2", "modem::version", "2"),
        (
            "id: quectel/rm502q-gl",
            "id: quectel/rm500q",
            "modem::id",
            "quectel/rm500q",
        ),
        (
            "id: quectel/rm502q-gl",
            "id: Quectel",
            "modem::id",
            "Quectel",
        ),
        ("hw: [RM502QGLAA]", "hw: []", "modem::hw", "[]"),
        ("hw: [RM502QGLAA]", "hw: [rm502]", "modem::hw", "rm502"),
        (
            "\"05c6:9008\"",
            "\"05c6-9008\"",
            "modem::usb",
            "\"05c6-9008\"",
        ),
        (
            "\"05c6:9008\"",
            "\"05c6:90081\"",
            "modem::usb",
            "\"05c6:90081\"",
        ),
        ("ff/ff/10", "ff/10", "modem::usb", "ff/10"),
        ("\"!0000\"", "\"!00\"", "modem::usb", "\"!00\""),
        (
            "\"QUSB_BULK_SN:.*\"",
            "\"QUSB(\"",
            "modem::pattern",
            "\"QUSB(\"",
        ),
        (
            "edl_by_diag: [normal, ramdump]",
            "edl_by_diag: [fastboot]",
            "modem::mode",
            "fastboot",
        ),
        (
            "page: 4096",
            "page: 0",
            "modem::nand",
            "{ page: 0, pages_per_block: 64, blocks: 2048 }",
        ),
        (
            "start: 1605, blocks: 443",
            "start: 1605, blocks: 444",
            "modem::partition",
            "system",
        ),
        (
            "name: mibib, start: 10",
            "name: mibib, start: 9",
            "modem::partition",
            "mibib",
        ),
        ("name: mibib", "name: sbl", "modem::partition", "sbl"),
        (
            "[AT+QGMR,",
            "[\"AT+QGMR;+CFUN=1\",",
            "modem::query",
            "\"AT+QGMR;+CFUN=1\"",
        ),
        (
            "\"prog_firehose_sdx55*.mbn\"",
            "\"../x\"",
            "modem::programmer",
            "\"../x\"",
        ),
        (
            "commands: [AT+QADBKEY,",
            "commands: [QADBKEY,",
            "modem::command",
            "QADBKEY",
        ),
        (
            "timing:",
            "refused: [\"AT+(\"]\ntiming:",
            "modem::pattern",
            "\"AT+(\"",
        ),
        (
            "timing:",
            "barriers: [{ hw: EC25, at_least: EC25EFAR06A17M4G_20.200, because: x, source: y }]\ntiming:",
            "modem::barrier",
            "EC25",
        ),
        (
            "timing:",
            "barriers: [{ hw: RM502QGLAA, at_least: R11A05, because: x, source: y }]\ntiming:",
            "modem::barrier",
            "R11A05",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let source = Source::new(
            "plans/quectel/rm502q-gl/modem.yaml",
            text.replacen(from, to, 1),
        );
        let problems = read_profile(&source).unwrap_err();
        assert!(
            codes(&problems).contains(&(code, at)),
            "{to}: {:?}",
            codes(&problems)
        );
    }
}

#[test]
fn a_list_that_every_command_is_held_against_is_short() {
    let text = Library::builtin()
        .text("quectel/rm502q-gl/modem.yaml")
        .unwrap();
    let list = format!("refused: [{}]", "x,".repeat(33));
    let text = text.replacen("timing:", &format!("{list}\ntiming:"), 1);
    let source = Source::new("plans/quectel/rm502q-gl/modem.yaml", text);
    let problems = read_profile(&source).unwrap_err();
    let wanted = list.trim_start_matches("refused: ");
    assert_eq!(codes(&problems), [("plan::too-large", wanted)]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_mistake_in_a_scenario_is_found_where_it_is() {
    let text = Library::builtin()
        .text("quectel/rm502q-gl/scenarios/900e.yaml")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    for (number, (from, to, code, at)) in [
        ("scenario: 1", "scenario: 3", "scenario::version", "3"),
        (
            "modem: quectel/rm502q-gl",
            "modem: quectel/rm5",
            "plan::no-profile",
            "quectel/rm5",
        ),
        (
            "mode: ramdump",
            "mode: fastboot",
            "scenario::mode",
            "fastboot",
        ),
        (
            "firmware: RM502QGLAAR11",
            "firmware: R11",
            "scenario::firmware",
            "R11A02M4G_01.001.01.001",
        ),
        (
            "damage: [abl]",
            "damage: [abbl]",
            "scenario::damage",
            "abbl",
        ),
        (
            "imei: \"490154203237518\"",
            "imei: \"490154203237519\"",
            "scenario::imei",
            "\"490154203237519\"",
        ),
        (
            "serial: 0badcafe",
            "serial: 0badcafé",
            "scenario::serial",
            "0badcafé",
        ),
        ("[700, 1203]", "[700, 2048]", "scenario::nand", "2048"),
        (
            "[700, 1203]",
            "[], unreadable: [[131071, 2]]",
            "scenario::nand",
            "[131071, 2]",
        ),
        (
            "inputs:",
            "programmer: { accepts: some }\ninputs:",
            "scenario::programmer",
            "some",
        ),
        (
            "  free-pin-65:",
            "  Free Pin:",
            "scenario::hands",
            "Free Pin",
        ),
        (
            "inputs:",
            "factory_copy: present\ninputs:",
            "scenario::factory-copy",
            "present",
        ),
        (
            "inputs:",
            "faults: [{ kind: nak, nth: 0 }]\ninputs:",
            "scenario::fault",
            "nak",
        ),
        (
            "inputs:",
            "faults: [{ kind: no-hello, on: erase }]\ninputs:",
            "scenario::fault",
            "erase",
        ),
        (
            "inputs:",
            "faults: [{ kind: bit-flip, on: erase }]\ninputs:",
            "scenario::fault",
            "erase",
        ),
        (
            "inputs:",
            "faults: [{ kind: nak, on: erase, value: 5s }]\ninputs:",
            "scenario::fault",
            "5s",
        ),
        (
            "inputs:",
            "faults: [{ kind: wrong-mode, value: firehose }]\ninputs:",
            "scenario::fault",
            "firehose",
        ),
        (
            "inputs:",
            "faults: [{ kind: stall, value: 5 }]\ninputs:",
            "scenario::fault",
            "5",
        ),
        ("inputs:", "inputs:\n  xqcn: x", "scenario::input", "xqcn"),
        (
            "{ package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200 } }",
            "{}",
            "scenario::make",
            "package",
        ),
        (
            "_01.200.01.200 } }",
            "_01.200.01.200, size: big } }",
            "scenario::make",
            "big",
        ),
        (
            "{ xqcn: { imei: \"490154203237518\" } }",
            "{ xqcn: { imei: none } }",
            "scenario::imei",
            "none",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(text.contains(from), "{from}");
        let path = format!("{number}.yaml");
        let changed = text.replacen(from, to, 1);
        files::write_new(&root, Utf8Path::new(&path), changed.as_bytes()).unwrap();
        let problems = load_scenario(root.path().join(path).as_str()).unwrap_err();
        assert!(
            codes(&problems).contains(&(code, at)),
            "{to}: {:?}",
            codes(&problems)
        );
    }
}

#[test]
fn a_rehearsal_is_one_whatever_words_come_first() {
    for text in [
        "rehearsal: 1\nplan: a.yaml\nscenario: b.yaml\n",
        "scenario: b.yaml\nplan: a.yaml\nrehearsal: 1\n",
        "plan: a.yaml\nscenario: b.yaml\nrehersal: 1\n",
    ] {
        assert_eq!(said_kind(text), Some(EntryKind::Rehearsal), "{text}");
    }
    assert_eq!(said_kind("plan: 1\n  scenario: x\n"), Some(EntryKind::Plan));
    assert_eq!(said_kind("scenario: 1\n"), Some(EntryKind::Scenario));
}
