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
        ScriptError::Unknown {
            name: "cfun".into()
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
    let failed = |message: &str| {
        Err(ScriptError::Failed {
            message: message.into(),
        })
    };
    assert_eq!(run("fail(\"no\");").0, failed("no"));
    assert_eq!(
        run("try { fail(\"no\"); } catch { log(\"caught\"); }").0,
        failed("no")
    );
    let (result, bench) = run("try { at(\"AT+X?\"); } catch (e) { log(\"caught\"); }");
    assert!(matches!(result, Err(ScriptError::Host { .. })));
    assert!(bench.logged.is_empty());
    let caught = run("try { throw \"mine\"; } catch (e) { log(e); }");
    assert_eq!(
        (caught.0, caught.1.logged),
        (Ok(Values::new()), vec!["mine".to_owned()])
    );
    let (result, _) = run("let a = [1];\nlet b = a[5];");
    assert!(
        matches!(result, Err(ScriptError::Runtime { line: 2, .. })),
        "{result:?}"
    );
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
        run("set(\"n\", 1);"),
        Err(ScriptError::NotSet { name: "t".into() })
    );
    let twice = run("set(\"n\", 1); set(\"n\", 2); set(\"t\", \"x\");");
    assert!(matches!(twice, Err(ScriptError::Value { .. })));
    let wrong = run("let x = [1]; set(\"n\", x[0]); set(\"t\", x);");
    assert!(matches!(wrong, Err(ScriptError::Value { .. })));
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
        assert_ne!(error, ScriptError::Crashed, "{text}");
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
    assert_eq!(script.run(&values(), &mut bench), Err(ScriptError::Stopped));
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
fn every_function_of_the_table_is_registered_and_documented() {
    for function in &FUNCTIONS {
        assert!(!function.does.is_empty() && !function.does.ends_with('.'));
    }
    let names: BTreeSet<&str> = FUNCTIONS.iter().map(|f| f.name).collect();
    assert_eq!(names.len(), FUNCTIONS.len());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_the_room_panic(text in "(cfun|unit|loop|let|if|\\{|\\}|\\(|\\)|;| |=|==|\\[|\\]|\"x\"|[0-9]|\\.|len|,|for|in|x|\\+|try|catch){0,25}") {
        if let Ok(script) = Script::compile(&text, &kinds(), &BTreeMap::new()) {
            proptest::prop_assert_ne!(script.run(&values(), &mut Bench::default()), Err(ScriptError::Crashed));
        }
        if let Ok(condition) = Condition::compile(&text, &kinds()) {
            proptest::prop_assert_ne!(condition.holds(&values()), Err(ScriptError::Crashed));
        }
    }
}
