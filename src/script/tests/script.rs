//! Scripts: what they do, what is none, and what they promise.

use super::*;

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
