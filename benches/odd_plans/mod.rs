//! Plans that are legal, or nearly, and larger or odder than any that a person writes. Both the benchmark and the test
//! of growth read this one list.

use std::fmt::Write as _;

const HEAD: &str = "plan: 1\nid: odd\ntitle: Odd\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\nends_in: [normal]\n";

/// A plan with so many steps of the usual kinds: ask, save, compare, and now and then a group under a condition.
pub(crate) fn usual(steps: usize) -> String {
    let mut text = format!("{HEAD}inputs:\n  unit: {{ type: text, about: A name }}\nsteps:\n");
    for i in 0..steps {
        match i % 4 {
            0 => writeln!(
                text,
                "  - id: ask-{i}\n    at.ask: {{ send: \"AT+CFUN?\", reply: '\\+CFUN: (?<f{i}>\\d+)' }}\n    save: {{ f{i}: int }}\n    timeout: 5s"
            ),
            1 => writeln!(
                text,
                "  - id: claim-{i}\n    check:\n      - {{ that: f{} == 1, else: No }}",
                i - 1
            ),
            2 => writeln!(
                text,
                "  - id: tell-{i}\n    when: f{} != 5\n    operator.do: {{ say: \"${{unit}} has ${{f{}}}\", hands_off: true }}\n    timeout: 5s",
                i - 2,
                i - 2
            ),
            _ => writeln!(
                text,
                "  - id: group-{i}\n    when: f{} == 3\n    group:\n      - id: inner-{i}\n        at.ask: {{ send: AT+QGMR, reply: '^(?<g{i}>.+)' }}\n        save: {{ g{i}: text }}\n        timeout: 5s",
                i - 3
            ),
        }
        .expect("a string takes text");
    }
    let last = (steps - 1) / 4 * 4;
    write!(
        text,
        "  - id: proof\n    check:\n      - {{ that: f{last} == 1, else: No }}\n"
    )
    .expect("text");
    text
}

const ASK: &str = "steps:\n- {id: s, at.ask: {send: AT}, timeout: 1s}\n";

/// Name and text of each, about as many bytes long as is said.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn odd(bytes: usize) -> Vec<(&'static str, String)> {
    let big = "(?:\\w{3}){2}";
    vec![
        (
            "inputs",
            filled(bytes, &[HEAD, ASK, "inputs:\n"], "", |i| {
                format!("  a{i}: {{type: int, about: x}}\n")
            }),
        ),
        (
            "inputs with patterns",
            filled(bytes, &[HEAD, ASK, "inputs:\n"], "", |i| {
                format!("  a{i}: {{type: text, about: x, matches: '{big}'}}\n")
            }),
        ),
        (
            "choices under a large pattern",
            filled(
                bytes,
                &[
                    HEAD,
                    ASK,
                    "inputs:\n  a: {type: text, about: x, matches: '(?:\\w{5}){2}|x', choices: [",
                ],
                "]}\n",
                |_| "x,".to_owned(),
            ),
        ),
        (
            "guards",
            filled(
                bytes,
                &[HEAD, ASK, "inputs: {a: {type: int, about: x}}\nguards:\n"],
                "",
                |i| format!("  g{i}: {{that: a == 1}}\n"),
            ),
        ),
        (
            "one guard asked often",
            filled(
                bytes,
                &[
                    HEAD,
                    "inputs: {a: {type: int, about: x}}\nguards: {g: {that: a == 1}}\n",
                    "steps:\n- {id: s, at.ask: {send: AT}, timeout: 1s, guards: [",
                ],
                "]}\n",
                |_| "g,".to_owned(),
            ),
        ),
        (
            "a wide guard asked often",
            format!(
                "{HEAD}inputs: {{f: {{type: folder, about: x}}}}\nguards: {{g: {{package: {{folder: f, keeps: [{}]}}}}}}\nsteps:\n- {{id: s, at.ask: {{send: AT}}, timeout: 1s, guards: [{}]}}\n",
                "sbl,".repeat(bytes / 9),
                "g,".repeat(bytes / 5)
            ),
        ),
        (
            "guards of unknown names",
            filled(
                bytes,
                &[
                    HEAD,
                    "steps:\n- {id: s, at.ask: {send: AT}, timeout: 1s, guards: [",
                ],
                "]}\n",
                |i| format!("g{i},"),
            ),
        ),
        (
            "small steps",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!("- {{id: s{i}, at.ask: {{send: AT}}, timeout: 1s}}\n")
            }),
        ),
        (
            "steps of one name",
            filled(bytes, &[HEAD, "steps:\n"], "", |_| {
                "- {id: s, at.ask: {send: AT}, timeout: 1s}\n".to_owned()
            }),
        ),
        (
            "steps that change the modem",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!("- {{id: s{i}, at.set: {{send: AT+QCFG=1}}, timeout: 1s}}\n")
            }),
        ),
        (
            "steps without action",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!("- {{id: s{i}}}\n")
            }),
        ),
        (
            "steps under conditions",
            filled(
                bytes,
                &[HEAD, "inputs: {a: {type: int, about: x}}\nsteps:\n"],
                "",
                |i| format!("- {{id: s{i}, when: a==1, at.ask: {{send: AT}}, timeout: 1s}}\n"),
            ),
        ),
        (
            "scripts",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!("- {{id: s{i}, script: log(\"a\"), timeout: 1s}}\n")
            }),
        ),
        (
            "groups",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!(
                    "- {{id: s{i}, only_in: [edl], group: [{{id: t{i}, at.ask: {{send: AT}}, timeout: 1s}}]}}\n"
                )
            }),
        ),
        (
            "patterns",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!("- {{id: s{i}, at.ask: {{send: AT, reply: ^OK}}, timeout: 1s}}\n")
            }),
        ),
        (
            "large patterns",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!(
                    "- {{id: s{i}, at.ask: {{send: AT, reply: '(?:\\w{{9}}){{5}}'}}, timeout: 1s}}\n"
                )
            }),
        ),
        (
            "patterns beyond the limit",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!(
                    "- {{id: s{i}, at.ask: {{send: AT, reply: '(?:\\w{{99}}){{99}}'}}, timeout: 1s}}\n"
                )
            }),
        ),
        (
            "one long pattern",
            filled(
                bytes,
                &[
                    HEAD,
                    "steps:\n- {id: s, timeout: 1s, at.ask: {send: AT, reply: '",
                ],
                "'}}\n",
                |_| "[^a]".to_owned(),
            ),
        ),
        (
            "claims",
            filled(
                bytes,
                &[
                    HEAD,
                    "inputs: {a: {type: int, about: x}}\nsteps:\n- {id: s, check: [",
                ],
                "]}\n",
                |_| "{that: a==1, else: x},".to_owned(),
            ),
        ),
        (
            "claims over unknown names",
            filled(bytes, &[HEAD, "steps:\n- {id: s, check: ["], "]}\n", |i| {
                format!("{{that: b{i}==1, else: x}},")
            }),
        ),
        (
            "long claims",
            filled(
                bytes,
                &[
                    HEAD,
                    "inputs: {a: {type: int, about: x}}\nsteps:\n- {id: s, check: [",
                ],
                "]}\n",
                |_| format!("{{that: '{}a==1', else: x}},", "a==1 || ".repeat(15)),
            ),
        ),
        (
            "longest claims",
            filled(
                bytes,
                &[
                    HEAD,
                    "inputs: {a: {type: text, about: x}}\nsteps:\n- {id: s, check: [",
                ],
                "]}\n",
                |_| {
                    format!(
                        "{{that: '{}', else: x}},",
                        "a.len()==1&&a.lower()==a;"
                            .repeat(14)
                            .trim_end_matches(';')
                            .replace(';', "||")
                    )
                },
            ),
        ),
        (
            "saves of one step",
            filled(
                bytes,
                &[
                    HEAD,
                    "steps:\n- {id: s, timeout: 1s, operator.ask: {say: x}, save: {",
                ],
                "}}\n",
                |i| format!("a{i}: int,"),
            ),
        ),
        ("saves under a condition", saves_under_a_condition(bytes)),
        (
            "groups of a pattern",
            filled(
                bytes,
                &[
                    HEAD,
                    "steps:\n- {id: s, timeout: 1s, at.ask: {send: AT, reply: '",
                ],
                "'}}\n",
                |i| format!("(?<a{i}>x)"),
            ),
        ),
        (
            "names in questions",
            filled(
                bytes,
                &[HEAD, "inputs: {a: {type: int, about: x}}\nsteps:\n"],
                "",
                |i| {
                    let say = "${a}".repeat(1_000.min(bytes / 100));
                    format!(
                        "- id: s{i}\n  timeout: 1s\n  operator.do: {{say: \"{say}\", hands_off: true}}\n"
                    )
                },
            ),
        ),
        (
            "unknown names in questions",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                let say: String = (0..150).fold(String::new(), |text, k| {
                    text + format!("${{a{i}_{k}}}").as_str()
                });
                format!(
                    "- id: s{i}\n  timeout: 1s\n  operator.do: {{say: \"{say}\", hands_off: true}}\n"
                )
            }),
        ),
        (
            "one long question",
            filled(
                bytes,
                &[HEAD, "steps:\n- {id: s, timeout: 1s, operator.do: {say: '"],
                "'}}\n",
                |_| "a".to_owned(),
            ),
        ),
        ("unknown names among many", unknown_among_many(bytes)),
        (
            "broken names in questions",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!("- {{id: s{i}, timeout: 1s, operator.do: {{say: '${{'}}}}\n")
            }),
        ),
        (
            "commands in scripts",
            filled(
                bytes,
                &[HEAD, "steps:\n- id: s\n  timeout: 1s\n  script: |\n"],
                "",
                |_| "    at(\"AT+X=1\");\n".to_owned(),
            ),
        ),
        (
            "commands in short scripts",
            filled(bytes, &[HEAD, "steps:\n"], "", |i| {
                format!(
                    "- id: s{i}\n  timeout: 1s\n  script: |\n{}",
                    "    at(\"AT+X=1\");\n".repeat(50)
                )
            }),
        ),
        (
            "partitions of a backup",
            filled(
                bytes,
                &[
                    HEAD,
                    "steps:\n- {id: s, timeout: 1s, firehose.backup: {to: x, parts: [",
                ],
                "]}}\n",
                |i| format!("p{i},"),
            ),
        ),
        (
            "flashes",
            filled(
                bytes,
                &[HEAD, "inputs: {p: {type: folder, about: x}}\nsteps:\n"],
                "",
                |i| {
                    format!(
                        "- {{id: s{i}, timeout: 1s, sahara.load: {{programmer: '${{p}}/a'}}}}\n- {{id: t{i}, timeout: 1s, firehose.flash: {{package: '${{p}}'}}}}\n"
                    )
                },
            ),
        ),
        (
            "programmers from elsewhere",
            filled(
                bytes,
                &[
                    HEAD,
                    "inputs: {p: {type: folder, about: x}, q: {type: folder, about: x}}\nsteps:\n",
                ],
                "",
                |i| {
                    format!(
                        "- {{id: s{i}, timeout: 1s, sahara.load: {{programmer: '${{p}}/a'}}}}\n- {{id: t{i}, timeout: 1s, firehose.flash: {{package: '${{q}}'}}}}\n"
                    )
                },
            ),
        ),
        (
            "backup guards",
            filled(
                bytes,
                &[
                    HEAD,
                    "steps:\n- {id: s, timeout: 1s, firehose.backup: {to: x, parts: [sbl]}}\nguards:\n",
                ],
                "",
                |i| format!("  g{i}: {{backup: {{step: s}}, unknown: confirm}}\n"),
            ),
        ),
        (
            "rollback guards",
            filled(
                bytes,
                &[
                    HEAD,
                    ASK,
                    "inputs: {v: {type: firmware, about: x}}\nguards:\n",
                ],
                "",
                |i| format!("  g{i}: {{rollback: {{installed: v, target: v}}}}\n"),
            ),
        ),
        (
            "rollback guards over many names",
            filled(bytes, &[HEAD, ASK, "guards:\n"], "", |i| {
                format!("  g{i}: {{rollback: {{installed: a{i}, target: b{i}}}}}\n")
            }),
        ),
        (
            "reports",
            filled(
                bytes,
                &[HEAD, ASK, "inputs: {a: {type: int, about: x}}\nreport: ["],
                "]\n",
                |_| "a,".to_owned(),
            ),
        ),
        (
            "unknown reports",
            filled(bytes, &[HEAD, ASK, "report: ["], "]\n", |i| {
                format!("a{i},")
            }),
        ),
        (
            "rescue",
            filled(bytes, &[HEAD, ASK, "rescue:\n"], "", |i| {
                format!("- {{id: s{i}, at.ask: {{send: AT}}, timeout: 1s}}\n")
            }),
        ),
        (
            "modes",
            filled(
                bytes,
                &[
                    "plan: 1\nid: odd\ntitle: Odd\nmodem: quectel/rm502q-gl\nends_in: [normal]\n",
                    ASK,
                    "starts_in: [",
                ],
                "]\n",
                |_| "edl,".to_owned(),
            ),
        ),
        (
            "a stale claim before many optional steps",
            filled(
                bytes,
                &[
                    HEAD,
                    "steps:\n- {id: s, check: [{that: 1 == 1, else: x}]}\n",
                ],
                "",
                |i| {
                    format!(
                        "- {{id: s{i}, optional: true, because: x, at.ask: {{send: AT}}, timeout: 1s}}\n"
                    )
                },
            ),
        ),
        (
            "blank lines",
            filled(bytes, &[HEAD, ASK], "", |_| "\n".to_owned()),
        ),
        (
            "comments",
            filled(bytes, &[HEAD, ASK], "", |_| "#?\n".to_owned()),
        ),
        (
            "one long text",
            filled(bytes, &[HEAD, ASK, "about: |\n"], "", |_| {
                "  a\n".to_owned()
            }),
        ),
        (
            "one folded text",
            filled(bytes, &[HEAD, ASK, "about: >\n"], "", |_| {
                "  a\n\n".to_owned()
            }),
        ),
        (
            "one quoted text",
            filled(bytes, &[HEAD, ASK, "about: \""], "\"\n", |_| {
                "\\\"a\n\n ".to_owned()
            }),
        ),
    ]
}

fn saves_under_a_condition(bytes: usize) -> String {
    let saves: String = (0..bytes / 26).fold(String::new(), |text, i| {
        text + format!("a{i}: int,").as_str()
    });
    let ask = format!(
        "{HEAD}inputs: {{q: {{type: int, about: x}}}}\nsteps:\n- {{id: s, timeout: 1s, when: q == 1, operator.ask: {{say: x}}, save: {{{saves}}}}}\n"
    );
    filled(bytes, &[&ask], "", |i| {
        format!("- {{id: s{i}, when: q == 2, at.ask: {{send: AT}}, timeout: 1s}}\n")
    })
}

fn unknown_among_many(bytes: usize) -> String {
    let inputs: String = (0..bytes / 70).fold(String::new(), |text, i| {
        text + format!("  abcdefgh{i}: {{type: int, about: x}}\n").as_str()
    });
    filled(
        bytes,
        &[
            HEAD,
            "inputs:\n",
            &inputs,
            "steps:\n- {id: s, timeout: 1s, check: [",
        ],
        "]}\n",
        |i| format!("{{that: abcdefghij{i}==1, else: x}},"),
    )
}

/// As many items as there is room for.
fn filled(bytes: usize, head: &[&str], tail: &str, item: impl Fn(usize) -> String) -> String {
    let mut text = head.concat();
    for i in 0.. {
        let item = item(i);
        if text.len() + item.len() + tail.len() > bytes {
            break;
        }
        text.push_str(&item);
    }
    text + tail
}
