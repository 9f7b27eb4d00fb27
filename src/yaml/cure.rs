//! What has probably led to an error of the YAML reader.

/// What has probably led to it, where the reader's words do not say so.
pub(super) fn cure(message: &str, lines: &str) -> Option<&'static str> {
    if lines.contains('\t') {
        Some("there is a tab: write spaces")
    } else if lines.contains('\u{a0}') {
        Some("there is a no-break space: write a plain one")
    } else if lines.contains(['“', '”', '‘', '’', '„']) {
        Some("there are typographic quotes: write \" or '")
    } else if message.contains("mapping values are not allowed") {
        Some("put text that holds `: ` in quotes, and look at the indentation")
    } else if message.contains("unknown escape character") {
        Some("write it in single quotes: there a `\\` is itself, as patterns want it")
    } else if message.contains("block collection") || message.contains("block mapping") {
        Some("what belongs together is indented alike: look at this line and the one above")
    } else {
        None
    }
}

/// The lines from that of one place to that of another.
pub(super) fn lines(text: &str, from: usize, to: usize) -> &str {
    let start = text.get(..from).and_then(|head| head.rfind('\n'));
    let end = text.get(to..).and_then(|rest| rest.find('\n'));
    text.get(start.unwrap_or(0)..end.map_or(text.len(), |end| to + end))
        .unwrap_or("")
}
