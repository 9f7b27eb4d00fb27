//! Conditions: what they say, what is none, and what they need.

use super::*;

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
