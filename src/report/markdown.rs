//! Text inside of Markdown, whatever it holds.

/// As itself: no sign of it means anything to Markdown or HTML. Line ends become blanks.
pub(super) fn plain(text: &str) -> String {
    let mut written = String::new();
    for c in text.chars() {
        match c {
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '&' => written.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                written.push('\\');
                written.push(c);
            }
            _ if c.is_control() => written.push(' '),
            _ => written.push(c),
        }
    }
    first_signs(written.trim())
}

/// At the beginning of a line, `-`, `+`, `=` and a number with a point would begin a list or a heading.
fn first_signs(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let sign = text[digits..].chars().next();
    match sign {
        Some('-' | '+' | '=') if digits == 0 => format!("\\{text}"),
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        _ => text.to_owned(),
    }
}

/// As code: the fence is longer than every run of backticks inside. A `|` is escaped, since a table takes it for the
/// end of a cell even there.
pub(super) fn code(text: &str) -> String {
    code_of(text).replace('|', "\\|")
}

/// As code outside of tables.
pub(super) fn code_of(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.trim() {
        "" => String::new(),
        inside if inside.starts_with('`') || inside.ends_with('`') => {
            format!("{fence} {inside} {fence}")
        }
        inside => format!("{fence}{inside}{fence}"),
    }
}

/// A table; cells are Markdown already. Nothing where there is no row.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rule = vec!["---".to_owned(); heads.len()];
    let mut lines = vec![line(&heads), line(&rule)];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.push(String::new());
    lines
}
