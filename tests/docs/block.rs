//! The fenced blocks of a page.

/// A block between fences.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
    /// What stands behind the fence: `yaml steps from edl`.
    pub(crate) info: String,
    pub(crate) text: String,
}

pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(page.lines()) {
        match (line.strip_prefix("```"), is_open) {
            (Some(info), false) => {
                found.push(Block {
                    line: number,
                    info: info.trim().to_owned(),
                    text: String::new(),
                });
                is_open = true;
            }
            (Some(_), true) => is_open = false,
            (None, true) => {
                let block = found.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!is_open, "the last block is not closed");
    found
}
