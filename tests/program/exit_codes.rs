//! The exit codes of the program and the table of the manual are one.

use unbrick::engine::ExitCode;

#[test]
fn the_readme_lists_every_exit_code_with_its_meaning() {
    let readme = include_str!("../../README.md");
    for code in ExitCode::ALL {
        let row = format!("| {} | {} |", code.number(), code.meaning());
        assert!(readme.contains(&row), "the README lacks: {row}");
    }
    let rows = readme
        .lines()
        .filter(|line| {
            line.strip_prefix("| ")
                .and_then(|rest| rest.split(' ').next())
                .is_some_and(|code| code.parse::<u8>().is_ok())
        })
        .count();
    assert_eq!(rows, ExitCode::ALL.len());
}
