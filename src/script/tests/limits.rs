//! No text makes the room crash, or stay.

use super::*;

#[test]
fn every_program_ends() {
    for text in [
        "loop {}",
        "let x = 0; while true { x += 1; }",
        "let s = \"x\"; loop { s += s; }",
        "let a = []; loop { a += [1]; }",
        "let a = [1]; loop { a = [a, a]; }",
        "let a = []; let i = 0; loop { a = [a]; i += 1; }",
        "try { loop {} } catch { }",
        "loop { try { loop { } } catch { } }",
        "let m = #{}; let i = 0; loop { m[\"k\" + i] = m; i += 1; }",
        "let s = \"\"; loop { s += \"xxxxxxxxxxxxxxxx\"; s.split(\"x\"); }",
        "let x = 9223372036854775807; x += 1;",
        "let x = 1 / 0;",
        "let x = 1 << 100000; loop {}",
    ] {
        let (result, _) = run(text);
        let error = result.unwrap_err();
        assert_ne!(error.fault, Fault::Crashed, "{text}");
    }
    let deep = format!("let x = {}1{};", "(".repeat(500), ")".repeat(500));
    assert!(Script::compile(&deep, &kinds(), &saves()).is_err());
    let many: String = (0..200).fold(String::new(), |text, i| {
        text + format!("let v{i} = {i};").as_str()
    });
    let script = Script::compile(&many, &kinds(), &BTreeMap::new());
    let ended = script.map(|s| s.run(&values(), &mut Bench::default()));
    assert!(!matches!(ended, Ok(Ok(_))), "too many variables");
}

#[test]
fn a_stopped_run_stops_its_script() {
    let mut bench = Bench {
        stopped: true,
        ..Bench::default()
    };
    let script = Script::compile("loop { log(\"x\"); }", &kinds(), &BTreeMap::new()).unwrap();
    let error = fault(script.run(&values(), &mut bench));
    assert_eq!(error, Fault::Stopped);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]
    #[test]
    fn no_text_breaks_the_room(text in any_program()) {
        let saves = saves();
        match Script::compile(&text, &kinds(), &saves) {
            Ok(script) => {
                let mut bench = Bench::default();
                if let Err(error) = script.run(&values(), &mut bench) {
                    proptest::prop_assert_ne!(error.fault, Fault::Crashed);
                }
                // Nothing but the one written command can have been asked.
                proptest::prop_assert!(bench.asked.iter().all(|asked| asked == "AT+CFUN?"));
            }
            Err(problem) => proptest::prop_assert_ne!(problem.message, Fault::Crashed.to_string()),
        }
        match Condition::compile(&text, &kinds()) {
            Ok(condition) => if let Err(error) = condition.holds(&values()) {
                proptest::prop_assert_ne!(error.fault, Fault::Crashed);
            },
            Err(problem) => proptest::prop_assert_ne!(problem.message, Fault::Crashed.to_string()),
        }
    }
}

/// Words of the language, its functions, names of facts, and what limits are made of.
fn any_program() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::{Strategy, prop, prop_oneof};
    let function = (0..FUNCTIONS.len()).prop_map(|i| FUNCTIONS[i].name.to_owned());
    let keyword = (0..KEYWORDS.len()).prop_map(|i| KEYWORDS[i].to_owned());
    let other = prop::sample::select(vec![
        "cfun",
        "unit",
        "fw",
        "ready",
        "key",
        "x",
        "y",
        "1",
        "-9223372036854775808",
        "0x7f",
        "\"x\"",
        "`${x}`",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "#{",
        ";",
        ",",
        ".",
        ":",
        "::",
        "=",
        "+=",
        "*=",
        "==",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "**",
        "/",
        "%",
        "<<",
        "..",
        "..=",
        "?.",
        "??",
        "=>",
        "|",
        "let x =",
        "x += x;",
        "loop {",
        "for i in",
        "try {",
        "} catch (e) {",
        "at(\"AT+CFUN?\")",
        "set(\"n\",",
        "'c'",
        "//",
        "/*",
        "é",
    ])
    .prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![2 => function, 2 => keyword, 6 => other], 0..40)
        .prop_map(|words| words.join(" "))
}
