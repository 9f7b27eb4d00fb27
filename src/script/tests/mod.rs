//! The room from outside: facts go in, a script asks a bench that answers one query.

mod condition;
mod limits;
mod script;
mod table;

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
