use super::*;

fn kinds() -> BTreeMap<String, Kind> {
    [
        ("cfun", Kind::Int),
        ("fw", Kind::Firmware),
        ("target", Kind::Firmware),
        ("imei", Kind::Imei),
        ("unit", Kind::Text),
        ("ready", Kind::Bool),
        ("key", Kind::Secret),
    ]
    .map(|(name, kind)| (name.to_owned(), kind))
    .into()
}

fn values() -> Values {
    [
        ("cfun", Value::Int(5)),
        (
            "fw",
            Value::Firmware("RM502QGLAAR11A02M4G_01.200.01.200".into()),
        ),
        (
            "target",
            Value::Firmware("RM502QGLAAR11A02M4G_01.200.01.200".into()),
        ),
        ("imei", Value::Imei("490154203237518".into())),
        ("unit", Value::Text("bench-1".into())),
        ("ready", Value::Bool(true)),
        ("key", Value::Secret("s3cret".into())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn saves() -> BTreeMap<String, Kind> {
    [("n", Kind::Int), ("t", Kind::Text)]
        .map(|(name, kind)| (name.to_owned(), kind))
        .into()
}

#[derive(Default)]
struct Bench {
    asked: Vec<String>,
    logged: Vec<String>,
    stopped: bool,
}

impl Host for Bench {
    fn at(&mut self, command: &str) -> Result<Vec<String>, String> {
        self.asked.push(command.to_owned());
        match command {
            "AT+CFUN?" => Ok(vec!["+CFUN: 5".to_owned()]),
            _ => Err("the modem said ERROR".to_owned()),
        }
    }
    fn rfnv_count(&mut self) -> Result<i64, String> {
        Ok(12)
    }
    fn log(&mut self, text: &str) {
        self.logged.push(text.to_owned());
    }
    fn cancelled(&self) -> bool {
        self.stopped
    }
}

fn fault<T: std::fmt::Debug>(result: Result<T, ScriptError>) -> Fault {
    result.unwrap_err().fault
}

fn run(text: &str) -> (Result<Values, ScriptError>, Bench) {
    let mut bench = Bench::default();
    let script = Script::compile(text, &kinds(), &BTreeMap::new()).unwrap();
    (script.run(&values(), &mut bench), bench)
}

#[test]
fn conditions_hold_or_not() {
    for (text, wanted) in [
        ("cfun == 5", true),
        ("cfun != 5", false),
        ("fw == target && cfun > 4", true),
        ("fw.starts_with(\"RM502\")", true),
        ("starts_with(fw, \"EC25\")", false),
        ("unit.split(\"-\")[1].to_int() == 1", true),
        ("unit.len() == 7 && unit.contains(\"nch\")", true),
        ("imei == \"490154203237518\"", true),
        ("ready", true),
        ("!ready || false", false),
        ("min(cfun, 3) + max(1, 2) - abs(-1) == 4", true),
        ("\" Ab \".trimmed().lower() == \"ab\"", true),
        ("[1, 2].contains(2)", true),
        ("cfun in [1, 5]", true),
        ("10 / (cfun - 4) == 10", true),
    ] {
        let condition = Condition::compile(text, &kinds()).map_err(|p| p.message);
        assert_eq!(condition.unwrap().holds(&values()), Ok(wanted), "{text}");
    }
}

#[test]
fn what_is_no_condition_is_refused_where_it_stands() {
    for (text, column, part) in [
        ("cfum == 5", 1, "nothing before this is called `cfum`"),
        ("cfun == 5 || cfum == 1", 14, "cfum"),
        ("key == \"x\"", 1, "key"),
        ("cfun + 1", 0, "true or false"),
        ("cfun == \"5\"", 6, "never equal"),
        ("ready || cfun == \"5\"", 15, "never equal"),
        ("unit.len() == \"5\"", 12, "never equal"),
        ("fw < target", 4, "no order"),
        ("imei >= \"1\"", 6, "no order"),
        ("same(fw, target)", 1, "not a function"),
        ("fw.start_with(\"x\")", 4, "did you mean `starts_with`?"),
        ("len()", 1, "takes 1 arguments, not 0"),
        ("unit.len(1)", 6, "takes 1 arguments, not 2"),
        ("at(\"AT\") == 1", 1, "not a function"),
        ("unit.size == 1", 6, "property"),
        ("cfun = 1", 0, ""),
        ("let a = 1; a == 1", 0, ""),
        ("cfun ==", 0, ""),
        ("", 0, ""),
        ("cfun.lower() == \"x\"", 0, "nothing here takes"),
        // On a branch that no trial takes.
        (
            "ready && cfun",
            10,
            "takes true or false, and this is a number",
        ),
        ("ready && !unit", 10, "takes true or false"),
        ("ready && unit.split(\"-\")[0] == 5", 0, "never equal"),
        ("ready && len(cfun) == 1", 14, "`len` takes text"),
        ("ready && abs(unit) == 1", 14, "`abs` takes a number"),
        (
            "ready && unit + ready == unit",
            0,
            "`+` takes text and numbers",
        ),
        (
            "ready && 1 in unit.split(\"-\")",
            0,
            "`contains` takes text",
        ),
        ("ready && unit[0] == unit", 0, "only a list has items"),
        (
            "ready && unit.split(\"-\")[unit] == unit",
            0,
            "a list takes a number",
        ),
        ("ready && [unit] == [unit]", 0, "does not compare"),
        (
            "if ready { 1 } else { true }",
            0,
            "a condition takes true or false",
        ),
        (
            "if ready { unit == (if ready { 1 } else { 2 }) } else { true }",
            0,
            "never equal",
        ),
    ] {
        let problem = Condition::compile(text, &kinds()).map(|_| ()).unwrap_err();
        assert!(
            problem.message.contains(part),
            "{text}: {}",
            problem.message
        );
        if column > 0 {
            assert_eq!(
                problem.place,
                Some((1, column)),
                "{text}: {}",
                problem.message
            );
        }
    }
}

#[test]
fn a_condition_says_which_facts_it_needs() {
    let condition = Condition::compile("cfun == 5 && fw == target", &kinds()).unwrap();
    assert_eq!(
        condition.names().iter().collect::<Vec<_>>(),
        ["cfun", "fw", "target"]
    );
    let missing = condition.holds(&Values::new()).unwrap_err();
    assert_eq!(
        missing,
        ScriptError {
            fault: Fault::Unknown {
                name: "cfun".into()
            },
            place: None
        }
    );
}

#[test]
fn a_script_asks_computes_and_saves() {
    let text = r#"
        let lines = at("AT+CFUN?");
        let found = 0;
        for line in lines {
            if line.starts_with("+CFUN:") { found = line.split(":")[1].to_int(); }
        }
        log("mode " + found);
        set("n", found + rfnv_count());
        set("t", unit);
    "#;
    let script = Script::compile(text, &kinds(), &saves())
        .map_err(|p| p.message)
        .unwrap();
    assert_eq!(script.effect(), Effect::Read);
    assert_eq!(script.needs().to_string(), "normal");
    assert_eq!(script.sets().len(), 2);
    assert_eq!(
        script.commands().collect::<Vec<_>>(),
        [("AT+CFUN?", Some((2, 24)))]
    );
    let mut bench = Bench::default();
    let saved = script.run(&values(), &mut bench).unwrap();
    assert_eq!(saved["n"], Value::Int(17));
    assert_eq!(saved["t"], Value::Text("bench-1".into()));
    assert_eq!(bench.asked, ["AT+CFUN?"]);
    assert_eq!(bench.logged, ["mode 5"]);
}

#[test]
fn what_is_no_script_is_refused() {
    for (text, line, part) in [
        ("let x = 1;\nset(\"m\", x);", 2, "does not declare"),
        ("let x = \"n\";\nset(x, 1);", 2, "written out"),
        ("let x = \"AT+CFUN\";\nat(x + \"=0\");", 2, "written out"),
        ("at(`AT+CFUN=${unit}`);", 1, "written out"),
        ("set(\"n\", \"x\");", 1, "a number"),
        ("set(\"n\");", 1, "takes 2 arguments"),
        ("let cfun = 1;", 1, "already a name"),
        ("cfun = 1;", 1, ""),
        ("eval(\"1\");", 1, ""),
        ("print(\"1\");", 1, ""),
        ("import \"/etc/passwd\" as x;", 1, ""),
        ("fn f() { 1 }", 1, ""),
        ("let f = |x| x;", 1, ""),
        ("sleep(1000);", 1, "not a function"),
        ("\"AT\".at();", 1, "not a function"),
        ("\"a\".replace(\"a\", \"b\");", 1, "not a function"),
        ("timestamp();", 1, "not a function"),
        ("x.y;", 1, "x"),
        ("set(\"n\", key);", 1, "key"),
        ("let a = 1;\na = \"x\";", 2, "would become text"),
        ("let a = 1;\na += \"x\";", 2, "would become text"),
        ("if ready {\nlog(cfun); }", 2, "`log` takes text"),
        (
            "if ready {\nfail(unit.split(\",\")); }",
            2,
            "`fail` takes text",
        ),
        (
            "for part in unit.split(\",\") {\nset(\"n\", part); }",
            2,
            "takes a number",
        ),
        (
            "if ready {\nfor part in unit { log(part); } }",
            2,
            "goes through a list",
        ),
        ("let a = [1];\nlog(a[0]);", 2, "`log` takes text"),
        ("while cfun { }", 1, "takes true or false"),
        ("if ready {\nrfnv_count() == unit; }", 2, "never equal"),
    ] {
        let problem = Script::compile(text, &kinds(), &saves())
            .map(|_| text)
            .unwrap_err();
        assert!(
            problem.message.contains(part),
            "{text}: {}",
            problem.message
        );
        assert_eq!(
            problem.place.map(|p| p.0),
            Some(line),
            "{text}: {}",
            problem.message
        );
    }
}

#[test]
fn a_verdict_cannot_be_caught() {
    let failed = |message: &str| Fault::Failed {
        message: message.into(),
    };
    assert_eq!(fault(run("fail(\"no\");").0), failed("no"));
    assert_eq!(
        fault(run("try { fail(\"no\"); } catch { log(\"caught\"); }").0),
        failed("no")
    );
    let (result, bench) = run("try { at(\"AT+X?\"); } catch (e) { log(\"caught\"); }");
    assert!(matches!(fault(result), Fault::Host { .. }));
    assert!(bench.logged.is_empty());
    let caught = run("try { throw \"mine\"; } catch (e) { log(e); }");
    assert_eq!(
        (caught.0, caught.1.logged),
        (Ok(Values::new()), vec!["mine".to_owned()])
    );
    let (result, _) = run("let a = [1];\nlet b = a[5];");
    let error = result.unwrap_err();
    assert!(matches!(error.fault, Fault::Runtime { .. }), "{error:?}");
    assert_eq!(error.place.unwrap().to_string(), "line 2, column 11");
}

#[test]
fn what_was_promised_must_be_set_once_and_of_its_kind() {
    let mut bench = Bench::default();
    let mut run = |text: &str| {
        Script::compile(text, &kinds(), &saves())
            .unwrap()
            .run(&values(), &mut bench)
    };
    assert_eq!(
        fault(run("set(\"n\", 1);")),
        Fault::NotSet { name: "t".into() }
    );
    let twice = run("set(\"n\", 1); set(\"n\", 2); set(\"t\", \"x\");");
    assert!(matches!(fault(twice), Fault::Value { .. }));
    let wrong = run("let x = [1, \"a\"]; set(\"n\", x[0]); set(\"t\", x[0]);");
    assert!(matches!(fault(wrong), Fault::Value { .. }));
}

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

#[test]
fn a_name_of_the_language_is_no_fact() {
    for word in [
        "let", "if", "while", "fn", "this", "true", "eval", "print", "import", "loop",
    ] {
        assert!(is_keyword(word), "{word}");
    }
    for word in ["cfun", "fw", "unit", "len", "package"] {
        assert!(!is_keyword(word), "{word}");
    }
}

#[test]
fn every_function_of_the_table_is_documented_and_its_example_runs() {
    let saves = BTreeMap::from([("files".to_owned(), Kind::Int)]);
    for function in &FUNCTIONS {
        assert!(!function.does.is_empty() && !function.does.ends_with('.'));
        assert!(
            function.example.contains(&format!("{}(", function.name)),
            "{}",
            function.name
        );
        if function.usable == Usable::Everywhere {
            let condition = Condition::compile(function.example, &BTreeMap::new());
            let held = condition.map_err(|p| p.message).unwrap().holds(&values());
            assert_eq!(held, Ok(true), "{}", function.name);
        }
        // Whatever a condition may call, a script may call, too.
        let saves = match function.name {
            "set" => saves.clone(),
            _ => BTreeMap::new(),
        };
        let script = Script::compile(function.example, &BTreeMap::new(), &saves);
        let script = script.map_err(|p| p.message).unwrap();
        assert_eq!(script.effect(), function.effect, "{}", function.name);
        let ended = script.run(&values(), &mut Bench::default());
        assert!(ended.is_ok(), "{}: {ended:?}", function.name);
    }
    let names: BTreeSet<&str> = FUNCTIONS.iter().map(|f| f.name).collect();
    assert_eq!(names.len(), FUNCTIONS.len());
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
