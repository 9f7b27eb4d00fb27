use super::*;
use crate::plan::{Profile, Scenario};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    word: Spanned<String>,
    #[serde(default)]
    list: Vec<Spanned<String>>,
    #[serde(default)]
    table: Table<Spanned<u32>>,
    #[serde(default)]
    inner: Option<Spanned<Inner>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    deep: Spanned<String>,
}

fn read(text: &str) -> Result<Sample, Vec<Problem>> {
    from_source(&Source::new("x.yaml", text), "sample").map(|(sample, _)| sample)
}

fn refusal(text: &str) -> (&'static str, String, Option<String>) {
    let problem = read(text).unwrap_err().remove(0);
    let at = problem.pointed_at().unwrap_or("").to_owned();
    (problem.code, at, problem.help.map(String::from))
}

#[test]
fn every_value_knows_its_place() {
    for (mark, end) in [
        ("", "\n"),
        ("\u{feff}", "\n"),
        ("", "\r\n"),
        ("\u{feff}", "\r\n"),
    ] {
        let text = format!(
            "{mark}# ünï{end}word: 'a €'{end}list: [x, \"y\"]{end}table:{end}  ä: 1{end}  b: 2{end}inner:{end}  deep: |{end}    one{end}    two{end}"
        );
        let sample = read(&text).unwrap();
        assert_eq!(&text[sample.word.span.clone()], "'a €'");
        assert_eq!(sample.word.value, "a €");
        assert_eq!(&text[sample.list[1].span.clone()], "\"y\"");
        let (key, value) = &sample.table.0[0];
        assert_eq!(
            (&text[key.span.clone()], &text[value.span.clone()]),
            ("ä", "1")
        );
        let inner = sample.inner.unwrap();
        assert_eq!(
            &text[inner.span.clone()],
            &text[text.find("deep").unwrap()..text.trim_end().len()]
        );
        assert_eq!(inner.deep.value, "one\ntwo\n");
        assert_eq!(&text[inner.deep.span.clone()], format!("one{end}    two"));
    }
}

#[test]
fn what_is_outside_the_subset_is_refused_where_it_stands() {
    for (text, code, at) in [
        ("word: &a x", "plan::anchor", "&a x"),
        ("word: x\nlist: [*a]", "plan::yaml-syntax", ""),
        ("word: !!str x", "plan::tag", "!!str x"),
        ("word: ~", "plan::null", "~"),
        ("word:\nlist: []", "plan::null", "word"),
        ("word: null", "plan::null", "null"),
        ("? word\n: x", "plan::complex-key", "word"),
        ("{?word : x}", "plan::complex-key", "?word"),
        ("{[a]: x}", "plan::complex-key", ""),
        ("word: x\n<<: { list: [] }", "plan::merge-key", "<<"),
        ("word: x\nword: y", "plan::duplicate-key", "word"),
        ("word: x\n---\nword: y", "plan::two-documents", "---"),
        ("word: x\u{85}y", "plan::odd-character", "\u{85}"),
        ("word: x\u{2028}y", "plan::odd-character", "\u{2028}"),
        ("word: x\u{7}", "plan::odd-character", "\u{7}"),
        ("word: x\ry", "plan::odd-character", "\r"),
        ("", "plan::empty", ""),
        ("# nothing\n", "plan::empty", ""),
        ("word: [", "plan::yaml-syntax", "["),
        ("word: 'x", "plan::yaml-syntax", ""),
    ] {
        let (got, place, _) = refusal(text);
        assert_eq!(got, code, "{text:?}");
        assert!(at.is_empty() || place == at, "{text:?}: {place:?}");
    }
}

#[test]
fn a_question_mark_in_text_or_comment_is_no_complex_key() {
    assert!(read("word: what?\n# why?\nlist: [a?]").is_ok());
    assert!(read("word: |\n  what?\nlist: []").is_ok());
}

#[test]
fn wrong_shapes_point_at_the_value_and_say_what_was_meant() {
    let (code, at, help) = refusal("wrod: x");
    assert_eq!((code, at.as_str()), ("plan::shape", "wrod"));
    assert_eq!(help.as_deref(), Some("did you mean `word`?"));
    let (code, at, _) = refusal("word: x\ntable: { a: b }");
    assert_eq!((code, at.as_str()), ("plan::shape", "b"));
    let (code, at, _) = refusal("word: x\ninner: {}");
    assert_eq!((code, at.as_str()), ("plan::shape", "{}"));
    let (code, at, _) = refusal("\u{feff}word: x\nlist: 7");
    assert_eq!((code, at.as_str()), ("plan::shape", "7"));
}

#[test]
fn text_fields_keep_what_looks_like_something_else() {
    for word in ["no", "0777", "1.20", "true", "0x10"] {
        assert_eq!(read(&format!("word: {word}")).unwrap().word.value, word);
    }
}

#[test]
fn a_place_inside_a_scalar_is_found_or_not_claimed() {
    let text = "word: 'it''s ok'\nlist: [plain €x, \"a\\tb\"]\ninner:\n  deep: |\n\n    let a = 1;\n\n      é(b);\n";
    let source = Source::new("x.yaml", text);
    let (sample, root) = from_source::<Sample>(&source, "sample").unwrap();
    let find = |span: &std::ops::Range<usize>, line, column| {
        let node = node_at(&root, span.start).unwrap();
        inside_scalar(text, node, line, column).map(|at| &text[at..])
    };
    assert!(find(&sample.word.span, 1, 3).unwrap().starts_with("''s"));
    assert_eq!(find(&sample.word.span, 1, 6), None, "after an escape");
    assert!(find(&sample.list[0].span, 1, 8).unwrap().starts_with("x, "));
    assert_eq!(find(&sample.list[1].span, 1, 3), None);
    let deep = &sample.inner.as_ref().unwrap().deep.span;
    assert!(find(deep, 2, 5).unwrap().starts_with("a = 1;"));
    assert!(find(deep, 4, 4).unwrap().starts_with("(b);"));
}

#[test]
fn a_key_that_is_given_twice_is_shown_at_both_places() {
    for text in [
        "word: x\n'word': y",
        "{word: x, \"word\": y}",
        "\u{feff}word: x\r\n\"wo\\x72d\": y",
    ] {
        let problem = read(text).unwrap_err().remove(0);
        assert_eq!(problem.code, "plan::duplicate-key", "{text:?}");
        let places: Vec<&str> = problem
            .labels
            .iter()
            .map(|(at, _)| &text[at.clone()])
            .collect();
        assert!(places[0].len() > 4 && places[1] == "word", "{places:?}");
    }
}

#[test]
fn a_byte_order_mark_stands_at_the_very_beginning_or_nowhere() {
    assert_eq!(read("\u{feff}word: x").unwrap().word.value, "x");
    for text in [
        "\u{feff}\u{feff}word: x",
        "word: \u{feff}x",
        "word: x\n\u{feff}",
        "word: '\u{feff}'",
        " \u{feff}word: x",
    ] {
        let (code, at, _) = refusal(text);
        assert_eq!(
            (code, at.as_str()),
            ("plan::odd-character", "\u{feff}"),
            "{text:?}"
        );
    }
    assert_eq!(refusal("\u{feff}").0, "plan::empty");
}

#[test]
fn a_block_scalar_without_content_or_line_break_is_read_and_has_a_place() {
    let text = "word: |\nlist: [a]";
    let sample = read(text).unwrap();
    assert_eq!(
        (sample.word.value.as_str(), &text[sample.word.span]),
        ("", "|")
    );
    let text = "list: []\nword: |\n  last";
    let sample = read(text).unwrap();
    assert_eq!(
        (sample.word.value.as_str(), &text[sample.word.span]),
        ("last", "last")
    );
}

#[test]
fn what_the_readers_see_differently_is_refused() {
    // serde_yaml sees no line in this block, saphyr-parser sees one.
    let (code, ..) = refusal("word: |+\n  ");
    assert_eq!(code, "plan::yaml-syntax");
    let (code, at, _) = refusal("word: x\nlist: [a,?b]");
    assert_eq!((code, at.as_str()), ("plan::complex-key", "?b"));
}

/// `serde_yaml` needs seconds for the deep ones, so each must be stopped by the reader that costs little: the pre-scan
/// stops at the bracket that is one too many, and the outline at the first event that it refuses.
#[test]
fn bombs_are_refused_before_serde_yaml_sees_them() {
    let nested = "{a: ".repeat(100_000);
    let deep_flow = "{a: ".repeat(64_000);
    let deep_list = "[".repeat(MAX_BYTES);
    let deep_block: String = (0..500).fold(String::new(), |text, i| {
        text + " ".repeat(i).as_str() + "a:\n"
    });
    let dashes = format!("{}x", "- ".repeat(100_000));
    let aliases = "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n";
    let nulls = "a:\n".repeat(80_000);
    let tags = "- !x y\n".repeat(30_000);
    let values = format!("a: [{}]", "b,".repeat(40_000));
    assert!(nested.len() > 390 * 1024);
    for (text, code, message, end) in [
        (nested.as_str(), "plan::too-large", "256 KiB", 0),
        (&deep_flow, "plan::too-deep", "200 brackets", 4 * 200 + 1),
        (&deep_list, "plan::too-deep", "200 brackets", 201),
        (
            &deep_block,
            "plan::too-deep",
            "deeper than 32",
            32 * 33 / 2 + 200,
        ),
        (&dashes, "plan::too-deep", "deeper than 32", 100),
        (aliases, "plan::anchor", "no YAML anchors", 20),
        (&nulls, "plan::null", "no null", 3),
        (&tags, "plan::tag", "no YAML tags", 10),
        // The mapping, its key and the list come before the words.
        (
            &values,
            "plan::too-large",
            "at most 32768 values",
            4 + 2 * (32_768 - 3) + 1,
        ),
    ] {
        let problems = read(text).unwrap_err();
        let problem = &problems[0];
        assert_eq!(problem.code, code, "{}", &text[..20]);
        assert!(problem.message.contains(message), "{}", problem.message);
        // Nothing behind this place decided.
        assert!(
            problem.labels.iter().all(|(at, _)| at.end <= end),
            "{:?}",
            problem.labels
        );
        assert!(problems.len() <= crate::diagnostic::MAX_PROBLEMS);
    }
}

#[test]
fn many_keys_are_told_apart_without_comparing_every_pair() {
    let keys: String = (0..15_000).fold(String::new(), |text, i| {
        text + format!("k{i}: 1\n").as_str()
    });
    assert_eq!(refusal(&keys).0, "plan::shape");
}

#[test]
fn the_shipped_profile_and_scenario_are_read_with_places() {
    let text = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
    let source = Source::new("modem.yaml", text);
    let (profile, _) = from_source::<Profile>(&source, "profile").unwrap();
    assert_eq!(&text[profile.id.span.clone()], "quectel/rm502q-gl");
    let text = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");
    let source = Source::new("900e.yaml", text);
    let (scenario, _) = from_source::<Scenario>(&source, "scenario").unwrap();
    assert_eq!(&text[scenario.damage[0].span.clone()], "abl");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "[ -~\n\u{e9}\u{20ac}:{}\\[\\]#?&*!|>'\"-]{0,200}") {
        if let Err(problems) = read(&text) {
            for problem in problems {
                for (span, _) in &problem.labels {
                    assert!(text.get(span.clone()).is_some());
                }
            }
        }
    }
}
