use super::*;
use crate::diagnostic::Source;
use crate::plan::library;
use crate::{check, yaml};
use std::collections::{BTreeMap, BTreeSet};

const PLAN: &str = "quectel/rm502q-gl/unbrick-900e";

fn shipped() -> CheckedPlan {
    check::load(PLAN)
        .map_err(|p| p[0].message.clone())
        .unwrap()
        .0
}

/// Every kind of text of a plan that a person writes, with everything in it that means something to a format.
const HOSTILE: &str = r#"a "b" 'c' `d` ``e`` |f| <g> </h> &amp; #quot; \\i\" ]j[ {k} (l) ;m -->n %%o $p$ é **q** _r_ ~~s~~ ```"#;

fn hostile() -> CheckedPlan {
    let quoted = serde_json::to_string(HOSTILE).unwrap();
    let lines = serde_json::to_string("1. first\n# second\n\n- third\n</table>").unwrap();
    let text = format!(
        "plan: 1\nid: hostile\ntitle: {quoted}\nabout: {lines}\nmodem: quectel/rm502q-gl\n\
         starts_in: [normal]\nends_in: [normal]\n\
         inputs:\n  end: {{ type: text, about: {quoted}, default: 'a|`b', choices: ['a|`b', '<c>'] }}\n\
         steps:\n  - id: graph\n    title: {quoted}\n    check:\n      - that: end != \"|`<\"\n        else: {quoted}\n\
         \x20 - id: subgraph\n    title: {lines}\n    when: end == \"a|`b\"\n    group:\n\
         \x20     - id: node\n        at.ask: {{ send: AT+QGMR }}\n        timeout: 5s\n\
         \x20     - id: digraph\n        operator.do: {{ say: {lines}, hands_off: true }}\n        timeout: 5s\n\
         rescue:\n  - id: class\n    operator.do: {{ say: {quoted}, hands_off: true }}\n    timeout: 5s\n"
    );
    let source = Source::new("hostile.yaml", text);
    let (plan, root): (crate::plan::Plan, _) = yaml::from_source(&source, "plan")
        .map_err(|problems| problems[0].message.clone())
        .unwrap();
    let profile = library::find_profile(&plan.modem, None)
        .map_err(|problems| problems[0].message.clone())
        .unwrap()
        .unwrap();
    let checked = check::check(&source, &plan, &root, &profile);
    checked.map_err(|p| p[0].message.clone()).unwrap().0
}

fn ids(plan: &CheckedPlan) -> Vec<String> {
    plan.all_steps().map(|step| step.id().to_owned()).collect()
}

/// Nodes with their labels, and edges, read back from a drawing.
#[derive(Default)]
struct Read {
    nodes: BTreeMap<String, String>,
    frames: Vec<String>,
    edges: Vec<(String, String)>,
}

/// A small reader of what Graphviz reads: names, quoted texts with escapes, signs.
fn read_dot(text: &str) -> Read {
    let mut read = Read::default();
    let mut open = 0;
    for line in text.lines().map(str::trim) {
        let (bare, quoted) = unquoted(line, '\\');
        match bare.as_str() {
            "}" => open -= 1,
            _ if bare.ends_with('{') => open += 1,
            _ if bare.starts_with("label=") => read.frames.push(quoted[0].clone()),
            _ if bare.starts_with("node [") || bare.starts_with("edge [") => {}
            _ => {
                assert!(bare.ends_with("];"), "{line}");
                let name = bare.split(" [").next().unwrap();
                if let Some((from, to)) = name.split_once(" -> ") {
                    read.edges.push((from.to_owned(), to.to_owned()));
                } else {
                    let before = read.nodes.insert(name.to_owned(), quoted[0].clone());
                    assert!(before.is_none(), "{line}");
                }
            }
        }
    }
    assert_eq!(open, 0);
    read
}

fn read_mermaid(text: &str) -> Read {
    let mut read = Read::default();
    let mut open = 0;
    let mut lines = text.lines().map(str::trim);
    assert_eq!(lines.next(), Some("flowchart TD"));
    for line in lines {
        // Nothing escapes a quote there, so none may stand inside.
        let (bare, quoted) = unquoted(line, '\0');
        if let Some(rest) = bare.strip_prefix("subgraph ") {
            assert!(rest.ends_with("[]"), "{line}");
            read.frames.push(quoted[0].clone());
            open += 1;
        } else if bare == "end" {
            open -= 1;
        } else if bare.starts_with("classDef ") {
        } else if bare.contains("-->") || bare.contains("-.->") {
            let words: Vec<&str> = bare.split(' ').collect();
            assert_eq!(words.len(), 3, "{line}");
            read.edges.push((words[0].to_owned(), words[2].to_owned()));
        } else {
            let (shape, class) = bare.split_once(":::").unwrap();
            assert!(class.chars().all(|c| c.is_ascii_lowercase()), "{line}");
            let end = shape.find(['[', '(']).unwrap();
            assert!(["[]", "([])", "(( ))"].contains(&&shape[end..]), "{line}");
            let label = quoted.first().cloned().unwrap_or_default();
            assert!(read.nodes.insert(shape[..end].to_owned(), label).is_none());
        }
    }
    assert_eq!(open, 0);
    read
}

/// A line without its quoted texts, and those.
fn unquoted(line: &str, escape: char) -> (String, Vec<String>) {
    let (mut bare, mut quoted, mut inside) = (String::new(), Vec::new(), None::<String>);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (&mut inside, c) {
            (Some(text), c) if c == escape => {
                text.push(c);
                text.extend(characters.next());
            }
            (Some(_), '"') => quoted.extend(inside.take()),
            (Some(text), c) => text.push(c),
            (None, '"') => inside = Some(String::new()),
            (None, c) => bare.push(c),
        }
    }
    assert!(inside.is_none(), "a quote is left open: {line}");
    (bare, quoted)
}

fn judge_drawing(
    plan: &CheckedPlan,
    read: &Read,
    line_end: &str,
    written: impl Fn(&str) -> String,
) {
    let heads: Vec<&str> = read
        .nodes
        .values()
        .chain(&read.frames)
        .map(|label| label.split(line_end).next().unwrap())
        .collect();
    for id in ids(plan) {
        let id = written(&id);
        let times = heads.iter().filter(|head| **head == id).count();
        assert_eq!(times, 1, "{id} in {heads:?}");
    }
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    // Both ways in: the start of the plan, and a failed step.
    let targets: BTreeSet<&str> = read.edges.iter().map(|(_, to)| to.as_str()).collect();
    let keys = read.nodes.keys().map(String::as_str);
    let mut open: Vec<&str> = keys.filter(|key| !targets.contains(key)).collect();
    assert_eq!(open.len(), 1 + usize::from(!plan.rescue().is_empty()));
    while let Some(key) = open.pop() {
        assert!(read.nodes.contains_key(key), "{key}");
        if reached.insert(key) {
            let onward = read.edges.iter().filter(|(from, _)| from == key);
            open.extend(onward.map(|(_, to)| to.as_str()));
        }
    }
    assert_eq!(reached.len(), read.nodes.len(), "every node is reached");
}

#[test]
fn every_step_is_drawn_once_and_reached() {
    for plan in [shipped(), hostile()] {
        let dot = read_dot(&render(&plan, Format::Dot));
        judge_drawing(&plan, &dot, "\\n", str::to_owned);
        let mermaid = read_mermaid(&render(&plan, Format::Mermaid));
        judge_drawing(&plan, &mermaid, "<br/>", str::to_owned);
        assert_eq!(dot.edges.len(), mermaid.edges.len());
    }
}

#[test]
fn a_drawing_holds_no_sign_of_the_plan_that_its_language_reads() {
    let mermaid = render(&hostile(), Format::Mermaid);
    for label in mermaid.lines().flat_map(|line| unquoted(line, '\0').1) {
        let own = label.replace("<br/>", "");
        let numbers = own.split('#').skip(1);
        for number in numbers {
            let (number, _) = number.split_once(';').unwrap();
            assert!(number.parse::<u32>().is_ok(), "{label}");
        }
        assert!(
            !own.contains(['<', '>', '`', '"', '&', '\\', '|']),
            "{label}"
        );
    }
    let dot = render(&hostile(), Format::Dot);
    assert!(
        dot.contains(r#"a \"b\" 'c' `d`"#) && dot.contains("&amp;amp;"),
        "{dot}"
    );
}

/// Graphviz itself, where it is installed, reads every drawing.
#[test]
fn graphviz_reads_the_drawings() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    for plan in [shipped(), hostile()] {
        let child = Command::new("dot")
            .arg("-Tsvg")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            println!("skipped: `dot` is not installed");
            return;
        };
        let text = render(&plan, Format::Dot);
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The cells of a row; `\|` does not end one.
fn cells(row: &str) -> usize {
    row.replace("\\\\", "")
        .replace("\\|", "")
        .matches('|')
        .count()
}

#[test]
fn the_document_is_whole_whatever_the_plan_says() {
    for plan in [shipped(), hostile()] {
        let text = render(&plan, Format::Markdown);
        let mut columns = None;
        for line in text.lines() {
            if line.starts_with('|') {
                assert_eq!(*columns.get_or_insert(cells(line)), cells(line), "{line}");
            } else {
                columns = None;
            }
            assert!(!line.contains(['<', '>']) || line.contains('`'), "{line}");
        }
        let heads: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            heads.iter().filter(|line| line.starts_with("# ")).count(),
            1
        );
        for id in ids(&plan) {
            let head = format!(" `{id}`");
            let with = heads.iter().filter(|line| {
                line.starts_with("### ") && line.split(':').next().unwrap().ends_with(&head)
            });
            assert_eq!(with.count(), 1, "{id}");
        }
    }
    let shipped = render(&shipped(), Format::Markdown);
    for part in [
        "## Before you begin",
        "## What is destroyed",
        "## Guards",
        "## Steps",
        "## If a step fails",
        "## What proves it",
        "**Do:** Unplug the module.",
        "**Asks:** Write ${package",
    ] {
        assert!(shipped.replace('\\', "").contains(part), "{part}");
    }
}

#[test]
fn the_columns_of_the_text_are_aligned_and_steer_no_terminal() {
    let rows = [
        ["a", "b", "c"].map(str::to_owned).to_vec(),
        ["a very long name \u{1b}[31m", "é", "last\nline"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let lines = super::aligned(&rows);
    let place = |line: &str, word: &str| {
        let at = line.find(word).unwrap();
        line[..at].chars().count()
    };
    assert_eq!(place(&lines[0], "b"), place(&lines[1], "é"));
    assert_eq!(place(&lines[0], "c"), place(&lines[1], "last line"));
    assert!(!lines.concat().contains(char::is_control));
    let text = render(&shipped(), Format::Text);
    for (id, word) in [("flash", "firehose.flash"), ("repair-radio", "group")] {
        let line = text
            .lines()
            .find(|line| line.trim().starts_with(&format!("{id} ")));
        let flash = text
            .lines()
            .find(|line| line.contains("sahara.load"))
            .unwrap();
        assert_eq!(place(line.unwrap(), word), place(flash, "sahara.load"));
    }
    assert!(text.contains("matches [A-Za-z0-9_-]{1,40}") && text.contains("else unknown"));
}

#[test]
fn the_data_say_what_the_document_says() {
    let plan = shipped();
    let data: serde_json::Value = serde_json::from_str(&render(&plan, Format::Json)).unwrap();
    assert_eq!(data["destroys"], serde_json::json!(["flash", "restore-nv"]));
    assert_eq!(data["steps"].as_array().unwrap().len(), plan.steps().len());
    assert_eq!(
        data["worst_case_seconds"],
        facts::worst_case(plan.steps()).as_secs()
    );
}
