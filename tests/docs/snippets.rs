//! Every snippet of the reference is checked by the program: whole files as they are, parts of files in a frame. What
//! stands behind the fence says what it is (`yaml steps from edl to firehose`), and which rule it breaks, if any
//! (`breaks plan::wrong-mode`).

use crate::bench::{Bench, page};
use crate::block::{Block, blocks};
use serde_json::Value;
use unbrick::plan::library::Library;

/// Where a snippet is laid so that it is taken for what it is and finds what it names.
const FOLDER: &str = "plans/quectel/rm502q-gl";

/// Inputs that the parts of a plan may name.
const INPUTS: &str = "inputs:
  unit: { type: text, about: A name for this unit }
  package: { type: folder, about: Unpacked package }
  package_fw: { type: firmware, about: Its version }
  installed_fw: { type: firmware, about: The version before, default: unknown }
  label_model: { type: text, about: Ordering code on the label }
  label_imei: { type: imei, about: IMEI on the label }
  xqcn: { type: file, about: XQCN backup of this very modem }
";

/// Warnings about what a part of a plan leaves out.
const OF_PARTS: [&str; 2] = ["plan::unproved-end", "plan::unused-guard"];

#[test]
fn every_snippet_of_the_reference_is_what_it_says() {
    let page = page("language.md");
    let blocks = blocks(&page);
    let mut wrong = Vec::new();
    let mut count = 0;
    for block in &blocks {
        if block.info == "text" {
            continue;
        }
        count += 1;
        if let Err(found) = judge(block) {
            wrong.push(format!("line {} ({}): {found}", block.line, block.info));
        }
    }
    assert!(count > 20, "{count} snippets");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn judge(block: &Block) -> Result<(), String> {
    let (info, breaks) = match block.info.split_once(" breaks ") {
        Some((info, rule)) => (info, Some(rule)),
        None => (block.info.as_str(), None),
    };
    let (path, text, is_part) = framed(info, &block.text)?;
    let bench = Bench::new();
    let path = format!("{FOLDER}/{path}");
    let library = Library::builtin();
    // Cases name their plan and their scenario by path.
    for file in ["unbrick-900e.yaml", "scenarios/900e.yaml", "modem.yaml"] {
        let text = library.text(&format!("quectel/rm502q-gl/{file}")).unwrap();
        bench.write(&format!("{FOLDER}/{file}"), text);
    }
    bench.write(&path, &text);
    let said = bench.run(&["check", "--format", "json", &path]);
    let report: Value = serde_json::from_str(&said.text).map_err(|e| e.to_string())?;
    let codes: Vec<&str> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| {
            let code = problem["code"].as_str().unwrap();
            let excused = is_part && problem["severity"] == "warning" && OF_PARTS.contains(&code);
            !excused
        })
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    let wanted: Vec<&str> = breaks.into_iter().collect();
    if codes == wanted {
        Ok(())
    } else {
        Err(format!("wanted {wanted:?}, found {}", report["problems"]))
    }
}

/// Path, whole text, and whether the snippet is a part of a plan.
fn framed(info: &str, text: &str) -> Result<(&'static str, String, bool), String> {
    let words: Vec<&str> = info.split(' ').collect();
    let whole = |path| Ok((path, text.to_owned(), false));
    match words[..] {
        ["yaml", "plan"] => whole("example.yaml"),
        ["yaml", "fragment"] => whole("lib/example.yaml"),
        ["yaml", "scenario"] => whole("scenarios/example.yaml"),
        ["yaml", "rehearsal"] => whole("rehearsals/example.yaml"),
        ["yaml", "modem"] => Ok(("modem.yaml", in_profile(text), false)),
        ["yaml", "inputs"] => {
            let steps = "  - id: look\n    usb.wait: { for: normal }\n    timeout: 1m\n";
            Ok((
                "example.yaml",
                plan("normal", "normal", text, "", steps),
                true,
            ))
        }
        ["yaml", "guards"] => {
            let steps = "  - id: save-nv\n    diag.backup: { to: \"backup/${unit}/nv.xqcn\" }\n    timeout: 10m\n";
            let text = plan("normal", "normal", INPUTS, text, steps);
            Ok(("example.yaml", text, true))
        }
        ["yaml", "steps", "from", from] => {
            Ok(("example.yaml", plan(from, from, INPUTS, "", text), true))
        }
        ["yaml", "steps", "from", from, "to", to] => {
            Ok(("example.yaml", plan(from, to, INPUTS, "", text), true))
        }
        _ => Err("no snippet is called so".to_owned()),
    }
}

/// A plan around a part of it. `from` and `to` may be several modes, with commas.
fn plan(from: &str, to: &str, inputs: &str, guards: &str, steps: &str) -> String {
    format!(
        "plan: 1\nid: example\ntitle: A frame\nmodem: quectel/rm502q-gl\nstarts_in: [{}]\nends_in: [{}]\n{inputs}{guards}{}{steps}",
        from.replace(',', ", "),
        to.replace(',', ", "),
        if steps.starts_with("steps:") {
            ""
        } else {
            "steps:\n"
        },
    )
}

/// The built-in profile with some of its keys replaced.
fn in_profile(text: &str) -> String {
    let profile = Library::builtin()
        .text("quectel/rm502q-gl/modem.yaml")
        .unwrap();
    let key = |line: &str| -> Option<String> {
        let (key, _) = line.split_once(':')?;
        key.chars()
            .all(|c| c.is_ascii_lowercase() || c == '_')
            .then(|| key.to_owned())
    };
    let replaced: Vec<String> = text.lines().filter_map(key).collect();
    let mut kept = true;
    let mut whole = String::new();
    for line in profile.lines() {
        if let Some(key) = key(line) {
            kept = !replaced.contains(&key);
        }
        if kept {
            whole.push_str(line);
            whole.push('\n');
        }
    }
    whole + text
}
