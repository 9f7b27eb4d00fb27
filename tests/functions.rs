//! `docs/functions.md` is the table of functions itself.

use unbrick::report::functions::{markdown, select};

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a generated file is overwritten, which the file layer never does"
)]
fn the_page_of_functions_is_that_of_the_table() {
    let path = camino::Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/functions.md");
    let wanted = format!("{}\n", markdown(&select(None)));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("docs/ can be written");
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == wanted,
        "{path} is out of date: run the tests once with UPDATE_DOCS=1"
    );
}
