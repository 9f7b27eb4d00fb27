//! AT commands: lines, final result codes, and what a reply is made of (quectel.md §7, 3GPP TS 27.007 §9).

mod intent;

pub use intent::{Intent, Refused, arguments_of, as_read, intent, restarts};

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Final {
    Ok,
    Error,
    /// `+CME ERROR: <n>`; the text as the modem wrote it, a number or words.
    Cme(String),
    Cms(String),
}

impl std::fmt::Display for Final {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Error => f.write_str("ERROR"),
            Self::Cme(code) => write!(f, "+CME ERROR: {code}"),
            Self::Cms(code) => write!(f, "+CMS ERROR: {code}"),
        }
    }
}

/// The final result code that a line is, exactly, or `None`. `OKAY` and `ERRORS` are none.
pub fn final_result(line: &str) -> Option<Final> {
    match line {
        "OK" => Some(Final::Ok),
        "ERROR" => Some(Final::Error),
        _ => {
            let code = |prefix: &str| line.strip_prefix(prefix).map(|c| c.trim().to_owned());
            code("+CME ERROR:")
                .map(Final::Cme)
                .or_else(|| code("+CMS ERROR:").map(Final::Cms))
        }
    }
}

/// Unsolicited lines of `RM5xx` modules (AT-5xxQ 13.7, `ModemManager`'s Quectel plugin). A line that carries the prefix
/// of the command in hand is an answer and is not asked about here.
pub fn is_unsolicited(line: &str) -> bool {
    const EXACT: [&str; 3] = ["RDY", "POWERED DOWN", "APP RDY"];
    const PREFIXES: [&str; 6] = [
        "+CPIN:",
        "+QUSIM:",
        "+QIND:",
        "+CFUN:",
        "+QGPSURC:",
        "+QLWURC:",
    ];
    EXACT.contains(&line) || PREFIXES.iter().any(|prefix| line.starts_with(prefix))
}

/// The prefix that answers to a command carry: `+CFUN:` for `AT+CFUN?`. `None` for commands without a name.
pub fn answer_prefix(command: &str) -> Option<String> {
    let rest = command
        .get(..2)
        .filter(|at| at.eq_ignore_ascii_case("AT"))
        .and(command.get(2..))?;
    let name: String = rest
        .strip_prefix('+')?
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    (!name.is_empty()).then(|| format!("+{}:", name.to_ascii_uppercase()))
}

/// Cuts a stream into lines: ended by CR, LF or both; empty ones left out; bytes that are no UTF-8 replaced.
#[derive(Debug, Default)]
pub struct Lines {
    pending: Vec<u8>,
}

/// Longest line that is kept; longer ones are cut into pieces.
const MAX_LINE: usize = 64 * 1024;

impl Lines {
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    pub fn next_line(&mut self) -> Option<String> {
        loop {
            let end = self
                .pending
                .iter()
                .position(|b| matches!(b, b'\r' | b'\n'))
                .or((self.pending.len() > MAX_LINE).then_some(MAX_LINE))?;
            let line: Vec<u8> = self.pending.drain(..=end).take(end).collect();
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            if !line.is_empty() {
                return Some(line);
            }
        }
    }

    /// Whether part of a line waits for its end.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_codes_are_matched_exactly() {
        assert_eq!(final_result("OK"), Some(Final::Ok));
        assert_eq!(final_result("OKAY"), None);
        assert_eq!(final_result("+CME ERROR: 0"), Some(Final::Cme("0".into())));
        assert_eq!(final_result("+CFUN: 1"), None);
    }

    #[test]
    fn lines_come_whole_whatever_the_reads_were() {
        let mut lines = Lines::default();
        for byte in b"\r\n+CFUN: 5\r\n\r\nOK\r\n+CF" {
            lines.push(&[*byte]);
        }
        assert_eq!(lines.next_line().as_deref(), Some("+CFUN: 5"));
        assert_eq!(lines.next_line().as_deref(), Some("OK"));
        assert_eq!(lines.next_line(), None);
    }

    #[test]
    fn an_answer_is_told_by_its_prefix() {
        assert_eq!(answer_prefix("AT+CFUN?").as_deref(), Some("+CFUN:"));
        assert_eq!(
            answer_prefix("at+qrftest=\"mode\"").as_deref(),
            Some("+QRFTEST:")
        );
        assert_eq!(answer_prefix("ATI"), None);
        assert_eq!(answer_prefix("é"), None);
    }
}
