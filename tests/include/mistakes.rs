//! Mistakes put into good plans and fragments, each found under its characters, in its file.

use super::*;

#[test]
fn every_mistake_is_found_at_its_characters_in_its_file() {
    let mut missed = Vec::new();
    for (file, from, to, code, at, in_file) in MISTAKES {
        let tree = Tree::new(|name, text| {
            if name != *file {
                return text.to_owned();
            }
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let problems = tree.check().err().unwrap_or_default();
        let found: Vec<_> = problems
            .iter()
            .map(|p| {
                let name = p.source.as_ref().map_or("", |s| s.name());
                let name = name.rsplit('/').next().unwrap();
                (p.code, p.pointed_at().unwrap_or(""), name)
            })
            .collect();
        if !found.contains(&(code, at, in_file)) {
            missed.push(format!("{from} -> {to}: {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_problem_in_a_fragment_names_the_step_that_includes_it() {
    let tree = Tree::new(|name, text| match name {
        "plan.yaml" => text.replace("starts_in: [normal]", "starts_in: [normal, edl]"),
        _ => text.to_owned(),
    });
    let problems = tree.check().unwrap_err();
    let wrong = problems
        .iter()
        .find(|p| p.code == "plan::wrong-mode" && !p.elsewhere.is_empty())
        .unwrap();
    let elsewhere: Vec<(&str, &str)> = wrong
        .elsewhere
        .iter()
        .map(|place| {
            (
                &place.source.text()[place.span.clone()],
                place.text.as_str(),
            )
        })
        .collect();
    assert_eq!(
        elsewhere,
        [
            ("before", "included by this step"),
            ("[normal, edl]", "the plan starts here")
        ]
    );
    // Both files are shown to people and to programs.
    for format in ["human", "json"] {
        let out = Command::new(env!("CARGO_BIN_EXE_unbrick"))
            .args(["check", &tree.plan(), "--format", format])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(10), "{said}");
        for wanted in ["radio.yaml", "plan.yaml", "included by this step"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
    }
}

/// One injected mistake: file, what to replace, by what, code, text under the first label, file of that label.
type Mistake = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const MISTAKES: &[Mistake] = &[
    (
        "plan.yaml",
        "{ file: told.yaml }",
        "{ file: tald.yaml }",
        "plan::include-missing",
        "tald.yaml",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "{ file: told.yaml }",
        "{ file: ../model/told.yaml }",
        "plan::outside",
        "../model/told.yaml",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "{ file: told.yaml }",
        "{ file: /told.yaml }",
        "plan::outside",
        "/told.yaml",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "{ file: told.yaml }",
        "{ fil: told.yaml }",
        "plan::shape",
        "fil",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "{ file: told.yaml }",
        "{ file: told.yaml, with: { who: x } }",
        "plan::include-param",
        "who",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        ", who: nobody }",
        " }",
        "plan::include-param",
        "lib/radio.yaml",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "wanted: 1, who: nobody",
        "wantd: 1, who: nobody",
        "plan::include-param",
        "wantd",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "wanted: 1, who: nobody",
        "wanted: one, who: nobody",
        "plan::include-param",
        "one",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "\"${wanted}\"",
        "\"${bench}\"",
        "plan::include-param",
        "\"${bench}\"",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "\"${wanted}\"",
        "\"1${wanted}\"",
        "plan::include-param",
        "\"1${wanted}\"",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "\"${wanted}\"",
        "\"${wated}\"",
        "plan::unknown-name",
        "${wated}",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "\"${wanted}\"",
        "\"${wanted + 1}\"",
        "plan::not-a-name",
        "${wanted + 1}",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "\"bench ${bench}\"",
        "\"bench ${label}\"",
        "plan::include-param",
        "\"bench ${label}\"",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "wanted: 1, who: \"${bench}\"",
        "wanted: \"${after_cfun}\", who: \"${bench}\"",
        "plan::maybe-unknown",
        "${after_cfun}",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "that: last_cfun == 1",
        "that: after_cfun == 1",
        "plan::maybe-unknown",
        "after_cfun",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "that: last_cfun == 1",
        "that: last_cfn == 1",
        "plan::unknown-name",
        "last_cfn",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "that: last_cfun == 1",
        "that: last_wanted == 1",
        "plan::unknown-name",
        "last_wanted",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "  - id: last\n",
        "  - id: before\n",
        "plan::name-taken",
        "before",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "  - id: last\n",
        "  - id: last\n    timeout: 5s\n",
        "plan::shape",
        "5s",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "  - id: last\n",
        "  - id: last\n    checkpoint: true\n",
        "plan::shape",
        "true",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "  - id: last\n",
        "  - id: last\n    usb.wait: { for: normal }\n",
        "plan::two-actions",
        "{ for: normal }",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "  - id: restart\n",
        "  - id: before-say\n",
        "plan::name-taken",
        "before-say",
        "plan.yaml",
    ),
    (
        "plan.yaml",
        "starts_in: [normal]",
        "starts_in: [edl]",
        "plan::wrong-mode",
        "{ send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>\\d+)' }",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "fragment: 1",
        "fragment: 2",
        "fragment::version",
        "2",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "until: cfun == wanted",
        "until: cfun == wated",
        "plan::unknown-name",
        "wated",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "until: cfun == wanted",
        "until: cfun == bench",
        "plan::unknown-name",
        "bench",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "until: cfun == wanted",
        "until: cfun == who",
        "plan::expression",
        "==",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "${who} asks",
        "${whom} asks",
        "plan::unknown-name",
        "${whom}",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "save: { cfun: int }",
        "save: { wanted: int }",
        "plan::name-taken",
        "wanted",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "    timeout: 5s\n",
        "",
        "plan::no-timeout",
        "{ send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>\\d+)' }",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "  who: {",
        "  who-not: {",
        "plan::name",
        "who-not",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "file: inner.yaml",
        "file: plan.yaml",
        "plan::shape",
        "plan",
        "plan.yaml",
    ),
    (
        "radio.yaml",
        "with: { state: \"${cfun}\" }",
        "with: { state: \"${who}\" }",
        "plan::include-param",
        "\"${who}\"",
        "radio.yaml",
    ),
    (
        "radio.yaml",
        "- id: state\n",
        "- id: a-name-that-is-much-too-long-for-all\n",
        "plan::name",
        "a-name-that-is-much-too-long-for-all",
        "radio.yaml",
    ),
    (
        "told.yaml",
        "    timeout: 1m\n",
        "    timeout: 1m\n    include: { file: inner.yaml, with: { state: 1 } }\n",
        "plan::two-actions",
        "{ say: Leave the module as it is., hands_off: true }",
        "told.yaml",
    ),
    (
        "inner.yaml",
        "      if state == 0 {",
        "      if stat == 0 {",
        "plan::unknown-name",
        "stat",
        "inner.yaml",
    ),
    (
        "inner.yaml",
        "set(\"answer\", \"on\")",
        "set(\"anser\", \"on\")",
        "plan::save",
        "\"anser\"",
        "inner.yaml",
    ),
    (
        "inner.yaml",
        "steps:\n",
        "steps:\n  - id: loop\n    include: { file: radio.yaml, with: { wanted: 1, who: x } }\n",
        "plan::include-loop",
        "radio.yaml",
        "inner.yaml",
    ),
    (
        "told.yaml",
        "fragment: 1\nsteps:\n",
        "fragment: 1\nsteps: []\nmore:\n",
        "plan::shape",
        "more",
        "told.yaml",
    ),
    (
        "told.yaml",
        "    timeout: 1m\n",
        "    timeout: 1m\n    timeout: 2m\n",
        "plan::duplicate-key",
        "timeout",
        "told.yaml",
    ),
];
