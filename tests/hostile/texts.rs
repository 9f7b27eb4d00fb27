//! The hostile texts, and the plans around them.

use Ends::{AtLoad, InRun, Well};
use std::ops::Range;

/// How a hostile text must end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ends {
    /// Refused by `unbrick check`, at this line of the text, with these words.
    AtLoad(usize, &'static str),
    /// Refused while it runs, at this line of the text, with these words.
    InRun(usize, &'static str),
    /// It is allowed, and harmless.
    Well,
}

/// The step's `script: |` is in line 10 of the plan, so line 1 of a script is line 11.
pub(crate) const ABOVE: usize = 10;

/// Name, script, end.
#[rustfmt::skip]
pub(crate) fn scripts() -> Vec<(&'static str, String, Ends)> {
    pub(crate) const ABSENT: &str = "is not a function here";
    pub(crate) const LARGE: &str = "more than its largest value";
    pub(crate) const LONG: &str = "more than its 50,000 operations";
    pub(crate) const CALLS: &str = "more than its 1,000 calls of the host";
    let mut table: Vec<(&'static str, String, Ends)> = [
        // The traps of plan-language.md §14.4, by number.
        ("B1 replace", "let s = \"a\";\ns.replace(\"a\", s);", AtLoad(2, ABSENT)),
        ("B2 curry", "let f = Fn(\"len\");\nloop { f = f.curry(1); }", AtLoad(1, "")),
        ("B2 curry of a text", "let f = \"x\";\nf.curry(1);", AtLoad(2, "")),
        ("B3 closure", "let f = |x| |y| x + y;", AtLoad(1, "")),
        ("B3 function", "fn f() { f() }\nf();", AtLoad(1, "")),
        ("B4 deep list", "let a = [];\nloop { a = [a]; }", InRun(2, "")),
        ("B4 deep list compared", "let a = [];\nfor i in [1,2,3] { a = [a]; }\nif a == a { fail(\"same\"); }", AtLoad(3, "does not compare")),
        // An item of a mixed list: that it is one is not seen before it runs.
        ("B4 hidden list compared", "let a = [[], 1][0];\nfor i in [1,2,3] { a = [a]; }\nif a == a { fail(\"same\"); }", InRun(3, "")),
        ("B4 deep list as text", "let a = []; let n = 0;\nwhile n < 900 { a = [a]; n += 1; }\nlet s = `${a}`; fail(s);", InRun(3, "")),
        ("B4 deep list thrown", "let a = []; let n = 0;\nwhile n < 900 { a = [a]; n += 1; }\nthrow a;", InRun(3, "")),
        ("B4 deep list given back", "let a = []; let n = 0;\nwhile n < 900 { a = [a]; n += 1; }\na", Well),
        ("B4 deep map thrown", "let a = #{}; let n = 0;\nwhile n < 250 { a = #{ a: [a] }; n += 1; }\nthrow a;", InRun(3, "")),
        ("B4 hidden list compared at depth", "let a = [[], 1][0]; let n = 0;\nwhile n < 900 { a = [a]; n += 1; }\nif a == a { fail(\"same\"); }", InRun(3, "")),
        ("B5 map with callback", "let a = [1];\na.map(|x| x);", AtLoad(2, "")),
        ("B5 limit in try", "try { loop {} } catch { log(\"caught\"); }", InRun(1, LONG)),
        ("B5 limit in try in loop", "loop { try { loop {} } catch {} }", InRun(1, LONG)),
        ("B5 size in try", "let s = \"x\";\nloop { try { s += s; } catch { } }", InRun(2, "")),
        ("B6 growing callback", "let a = [1];\na.filter(|x| true);", AtLoad(2, "")),
        ("B7 nested by index", "let a = [0];\nlet n = 0;\nloop { a[0] = a; n += 1; }", InRun(3, "")),
        ("B7 filled by index", "let b = [0,0,0,0,0,0,0,0];\nlet a = b;\nlet n = 0;\nloop { a[n % 8] = b; b = a; n += 1; }", InRun(4, "")),
        ("B8 sleep", "sleep(1000000);", AtLoad(1, ABSENT)),
        ("B9 large values touched often", "let a = [];\nlet s = \"xxxxxxxxxxxxxxxx\";\nlet n = 0;\nwhile n < 900 { a += [s]; n += 1; }\nloop { a[0] = s; }", InRun(0, "")),
        ("B10 import", "import \"/etc/passwd\" as x;", AtLoad(1, "")),
        ("B10 eval", "eval(\"loop {}\");", AtLoad(1, "")),
        ("B10 print", "print(\"x\");", AtLoad(1, "")),
        ("B10 debug", "debug(1);", AtLoad(1, "")),
        ("B10 export", "let x = 1;\nexport x;", AtLoad(2, "")),
        ("B11 loop", "loop {}", InRun(1, LONG)),
        ("B11 while", "let n = 0;\nwhile true { n += 1; }", InRun(2, LONG)),
        ("B11 do", "do { } while true;", InRun(1, LONG)),
        ("B12 mixture in a literal", "if \"5\" == 5 { }", AtLoad(1, "never equal")),
        ("B12 mixture in values", "let a = [5, \"5\"];\nif a[0] == a[1] { }", InRun(2, "never equal")),
        ("B12 mixed order", "let a = [true, 1];\nif a[0] < a[1] { }", InRun(2, "")),
        ("B13 trim", "let s = \" x \";\ns.trim();", AtLoad(2, ABSENT)),
        ("B14 unknown function behind false", "if false { nothing(); }", AtLoad(1, ABSENT)),
        ("B15 unknown property", "let m = #{};\nlog(m.nothing);", AtLoad(2, "property")),
        ("B15 unknown key", "let m = #{};\nlet x = m[\"nothing\"];", InRun(2, "")),
        ("B16 error in a function of ours", "let s = \"five\";\n\nlet n = s.to_int();", InRun(3, "not a whole number")),
        ("B17 call", "call(\"at\");", AtLoad(1, "")),
        ("B18 exit", "exit(0);", AtLoad(1, ABSENT)),
        ("B18 parse_json", "parse_json(\"{}\");", AtLoad(1, ABSENT)),
        ("B18 timestamp", "let t = timestamp();", AtLoad(1, ABSENT)),
        ("B19 fail in try", "try {\n  fail(\"no\");\n} catch { log(\"caught\"); }", InRun(2, "no")),
        ("B19 refused host in try", "try {\n  at(\"AT+CFUN=1\");\n} catch { }", AtLoad(2, "may change the modem")),
        ("B19 throw out", "throw \"mine\";", InRun(1, "mine")),
        ("B20 foreign name", "let é = 1;", AtLoad(1, "")),
        // Text.
        ("doubled text", "let s = \"x\";\nloop { s += s; }", InRun(2, LARGE)),
        ("doubled text by interpolation", "let s = \"x\";\nloop { s = `${s}${s}`; }", InRun(2, "")),
        ("text and numbers", "let s = \"x\";\nloop { s = s + 9223372036854775807; }", InRun(2, "")),
        ("split bomb", "let s = \",,,,,,,,,,,,,,,,\";\ns += s; s += s; s += s; s += s; s += s; s += s; s += s;\ns.split(\",\");", InRun(3, "1,024 parts")),
        ("split by nothing", "\"abc\".split(\"\");", InRun(1, "separator")),
        ("lists of parts", "let s = \"a,b\";\nlet a = [];\nloop { a += s.split(\",\"); }", InRun(3, LARGE)),
        ("letters that grow", "let s = \"\u{130}\";\nloop { s += s; s = s.lower(); }", InRun(2, LARGE)),
        // Lists and maps.
        ("grown list", "let a = [];\nloop { a += [1]; }", InRun(2, LARGE)),
        ("doubled list", "let a = [1];\nloop { a += a; }", InRun(2, LARGE)),
        ("paired list", "let a = [1];\nloop { a = [a, a]; }", InRun(2, LARGE)),
        // The size of a map is looked at when the map is read: until then, the operations bound it.
        ("grown map", "let m = #{};\nlet i = 0;\nloop { m[\"k\" + i] = i; i += 1; }", InRun(3, LONG)),
        ("map in itself", "let m = #{};\nlet i = 0;\nloop { m[\"k\" + i] = m; i += 1; }", InRun(3, LARGE)),
        ("map of lists of maps", "let m = #{};\nloop { m = #{ a: [m, m], b: m }; }", InRun(2, LARGE)),
        ("for in for", "let a = []; let i = 0;\nwhile i < 1000 { a += [i]; i += 1; }\nfor x in a { for y in a { for z in a { } } }", InRun(3, LONG)),
        ("index far outside", "let a = [1];\nlet b = a[9223372036854775807];", InRun(2, "")),
        ("index far below", "let a = [1];\nlet b = a[-9223372036854775807];", InRun(2, "")),
        ("no list", "for x in 5 { }", AtLoad(1, "")),
        ("range", "for x in 0..9223372036854775807 { }", InRun(1, "")),
        ("range with its end", "let r = 0..=9223372036854775807;", Well),
        ("blob", "let b = blob(1000000);", AtLoad(1, ABSENT)),
        // Numbers.
        ("overflow", "let x = 9223372036854775807;\nx += 1;", InRun(2, "")),
        ("least number negated", "let x = -9223372036854775807 - 1;\nlet y = -x;", InRun(2, "too large")),
        ("least number without sign", "abs(-9223372036854775807 - 1);", InRun(1, "too large")),
        ("division by zero", "let z = 0;\nlet y = 1 / z;", InRun(2, "")),
        ("least number divided", "let x = -9223372036854775807 - 1;\nlet y = x / -1;", InRun(2, "")),
        ("rest of nothing", "let z = 0;\nlet y = 1 % z;", InRun(2, "")),
        ("huge power", "let x = 9223372036854775807 ** 9223372036854775807;", InRun(1, "")),
        ("negative power", "let x = 2 ** -1;", InRun(1, "")),
        ("wide shift", "let x = 1 << 9223372036854775807;\nfail(\"end\");", InRun(2, "end")),
        ("float", "let x = 1.5;", AtLoad(1, "")),
        ("number too long", "let x = 99999999999999999999999999;", AtLoad(1, "")),
        // Names and forms of the language.
        ("this", "this.x = 1;", AtLoad(1, "")),
        ("global", "let x = global::at;", AtLoad(1, "")),
        ("call by namespace", "global::at(\"AT\");", AtLoad(1, "")),
        ("hidden function", "let at = 1;\nat(\"AT\" + at);", AtLoad(2, "written out")),
        ("type_of", "type_of(1);", AtLoad(1, "")),
        ("is_def_var", "is_def_var(\"x\");", AtLoad(1, "")),
        ("property chain", "let m = #{ a: #{ b: 1 } };\nm.a.b.c = 1;", AtLoad(2, "property")),
        ("endless switch", "loop { switch 1 { 1 => { continue; } } }", InRun(1, LONG)),
        ("endless continue", "while true { continue; }", InRun(1, LONG)),
        ("thrown and caught for ever", "loop { try { throw 1; } catch (e) { } }", InRun(1, LONG)),
        ("thrown list", "let a = [[1], #{}];\nthrow a;", InRun(2, "")),
        ("return", "return 5;", Well),
        ("value at the end", "[1, #{ a: 2 }]", Well),
        ("operator as a function", "let x = \"+\"(1, 2);", AtLoad(1, "")),
        ("unended comment", "/* ", Well),
        ("unended text", "let s = \"abc", AtLoad(1, "")),
        ("unended interpolation", "let s = `${ {", AtLoad(1, "")),
        ("loop in interpolation", "let s = `${ loop {} }`;", InRun(1, LONG)),
        ("custom syntax", "repeat { } until true;", AtLoad(1, "")),
        // The host.
        ("command put together", "let c = \"AT+CFUN=0\";\nat(c);", AtLoad(2, "written out")),
        ("command by interpolation", "at(`AT+CFUN=${1}`);", AtLoad(1, "written out")),
        ("identity written", "at(\"AT+EGMR=1,7,\\\"490154203237518\\\"\");", AtLoad(1, "may change the modem")),
        ("two commands in one", "at(\"AT+CFUN?;+CFUN=0\");", AtLoad(1, "may change the modem")),
        ("line end in a command", "at(\"AT+CFUN?\\r\\nAT+CFUN=0?\");", AtLoad(1, "may change the modem")),
        ("asked behind a dot", "\"AT\".at();", AtLoad(1, ABSENT)),
        ("asked for ever", "loop { at(\"AT\"); }", InRun(1, "within the time allowed")),
        ("told for ever", "loop { log(\"x\"); }", InRun(1, CALLS)),
        ("undeclared fact", "set(\"x\", 1);", AtLoad(1, "does not declare")),
        ("computed name of a fact", "let n = \"x\";\nset(n, 1);", AtLoad(2, "written out")),
    ]
    .map(|(name, text, ends)| (name, text.to_owned(), ends))
    .into();
    let nested = |open: &str, inside: &str, close: &str, times: usize| {
        format!("{}{inside}{}", open.repeat(times), close.repeat(times))
    };
    let literal = |count: usize| format!("let a = [{}];", "0,".repeat(count));
    table.extend([
        ("deep parentheses", format!("let x = {};", nested("(", "1", ")", 20_000)), AtLoad(1, "")),
        ("deep lists", format!("let x = {};", nested("[", "", "]", 20_000)), AtLoad(1, "")),
        ("deep maps", format!("let x = {};", nested("#{a:", "1", "}", 10_000)), AtLoad(1, "")),
        ("deep blocks", nested("{", "", "}", 20_000), AtLoad(1, "")),
        ("deep conditions", nested("if true {", "", "}", 5_000), AtLoad(1, "")),
        ("deep tries", nested("try {", "", "} catch {}", 3_000), AtLoad(1, "")),
        ("deep negation", format!("let x = {}1;", "-".repeat(20_000)), AtLoad(1, "")),
        ("deep not", format!("let x = {}true;", "!".repeat(20_000)), AtLoad(1, "")),
        ("deep calls", format!("let x = {};", nested("abs(", "1", ")", 10_000)), AtLoad(1, "")),
        ("deep index", format!("let a = [0];\nlet x = {};", nested("a[", "0", "]", 10_000)), AtLoad(2, "")),
        ("deep interpolation", nested("`${", "1", "}`", 5_000), AtLoad(1, "")),
        ("long chain of methods", format!("let x = \"a\"{};", ".lower()".repeat(5_000)), AtLoad(1, "")),
        ("long sum", format!("let x = 1{};", "+1".repeat(20_000)), AtLoad(1, "")),
        ("long or", format!("let x = true{};", "||true".repeat(8_000)), AtLoad(1, "")),
        ("long else if", format!("if false {{}}{}", " else if false {}".repeat(3_000)), AtLoad(1, "")),
        ("large literal list", literal(30_000), AtLoad(1, "")),
        ("too long a source", "// x\n".repeat(13_200), AtLoad(0, "64 KiB")),
        ("64 KiB of comments", "// xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(1_800), Well),
        ("64 KiB of statements", "log(\"x\");\n".repeat(5_500), InRun(1_001, CALLS)),
        ("long literal text", format!("let s = \"{}\";", "x".repeat(20_000)), AtLoad(1, "")),
        ("many variables", numbered(0..200, |i| format!("let v{i} = {i};\n")), InRun(65, "64 variables")),
        ("many arms", format!("switch 1 {{ {} }}", numbered(0..4_000, |i| format!("{i} => 1, "))), Well),
    ]);
    table
}

/// Name, condition, end.
#[rustfmt::skip]
pub(crate) fn conditions() -> Vec<(&'static str, String, Ends)> {
    let nested = |open: &str, inside: &str, close: &str, times: usize| {
        format!("{}{inside}{}", open.repeat(times), close.repeat(times))
    };
    vec![
        ("no truth", "n + 1".into(), AtLoad(1, "true or false")),
        ("assignment", "n = 1".into(), AtLoad(1, "")),
        ("statements", "let x = 1; x == 1".into(), AtLoad(1, "")),
        ("loop as a value", "loop { break true; }".into(), AtLoad(1, "")),
        ("block as a value", "{ loop {} true }".into(), AtLoad(1, "")),
        ("loop in interpolation", "`${ loop {} }` == \\\"\\\"".into(), AtLoad(1, "")),
        ("host", "at(\\\"AT\\\").len() == 1".into(), AtLoad(1, "is not a function here")),
        ("replace", "unit.replace(\\\"a\\\", \\\"b\\\") == unit".into(), AtLoad(1, "is not a function here")),
        ("eval", "eval(\\\"true\\\")".into(), AtLoad(1, "")),
        ("closure", "[1].some(|x| x == 1)".into(), AtLoad(1, "")),
        ("mixture", "true || n == \\\"1\\\"".into(), AtLoad(1, "never equal")),
        ("unknown name behind a truth", "true || nothing == 1".into(), AtLoad(1, "nothing before this")),
        ("deep parentheses", nested("(", "true", ")", 1_500), AtLoad(1, "")),
        ("deep not", format!("{}true", "!".repeat(3_000)), AtLoad(1, "")),
        ("long or", format!("true{}", "||true".repeat(600)), AtLoad(1, "")),
        ("too long", format!("true{}", " ".repeat(5_000) + "&& true"), AtLoad(0, "4 KiB")),
        ("range", "n in 0..9223372036854775807".into(), AtLoad(1, "")),
        ("no number", "unit.to_int() == 1".into(), InRun(1, "not a whole number")),
        ("division by zero", "1 / (n - 7) == 1".into(), InRun(1, "")),
        ("outside of a list", "[true][n]".into(), InRun(1, "")),
        ("overflow", "9223372036854775807 + n == 1".into(), InRun(1, "")),
        ("split by nothing", "unit.split(\\\"\\\").len() == n".into(), InRun(1, "separator")),
    ]
}

fn numbered(numbers: Range<u32>, line: impl Fn(u32) -> String) -> String {
    numbers.map(line).collect::<Vec<_>>().concat()
}

pub(crate) fn plan_with_script(script: &str) -> String {
    let lines: Vec<String> = script
        .split('\n')
        .map(|line| format!("      {line}\n"))
        .collect();
    let block = lines.concat();
    format!(
        "plan: 1\nid: hostile\ntitle: A script\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\nends_in: [normal]\n\
         steps:\n  - id: program\n    timeout: 5s\n    script: |\n{block}"
    )
}

/// The condition is in line 11, too, at the seventeenth character.
pub(crate) fn plan_with_condition(condition: &str) -> String {
    format!(
        "plan: 1\nid: hostile\ntitle: A condition\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\nends_in: [normal]\n\
         inputs: {{ unit: {{ type: text, about: u, default: bench }}, n: {{ type: int, about: n, default: \"7\" }} }}\n\
         steps:\n  - id: claim\n    check:\n      - that: \"{condition}\"\n        else: No.\n"
    )
}
