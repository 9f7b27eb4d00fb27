//! The table of functions, and the words of the language.

use super::*;

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
