//! Files for the people outside: a name, a length, and the bytes, one after the other on the second serial line.

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io::Write;

const FOLDER: &str = "/evidence";
const LINE: &str = "/dev/ttyS1";

/// Called in a case.
pub(crate) fn save(name: &str, contents: &[u8]) {
    std::fs::create_dir_all(FOLDER).unwrap();
    std::fs::write(format!("{FOLDER}/{name}"), contents).unwrap();
}

/// Called by pid 1 at the end.
pub(crate) fn hand_out() {
    let Ok(files) = std::fs::read_dir(FOLDER) else {
        return;
    };
    let mut line = std::fs::File::options().write(true).open(LINE).unwrap();
    let mut settings = tcgetattr(&line).unwrap();
    settings.make_raw();
    tcsetattr(&line, OptionalActions::Now, &settings).unwrap();
    for file in files {
        let path = file.unwrap().path();
        let contents = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        writeln!(line, "{name} {}", contents.len()).unwrap();
        line.write_all(&contents).unwrap();
    }
    rustix::termios::tcdrain(&line).unwrap();
}

/// Called on the other side; what was cut short is left out.
pub(crate) fn split(mut bytes: &[u8]) -> Vec<(&str, &[u8])> {
    let mut files = Vec::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        let head = std::str::from_utf8(&bytes[..end]).ok();
        let head = head.and_then(|head| head.split_once(' '));
        let Some((name, Ok(length))) = head.map(|(name, n)| (name, n.parse::<usize>())) else {
            break;
        };
        let Some(contents) = bytes.get(end + 1..end + 1 + length) else {
            break;
        };
        files.push((name, contents));
        bytes = &bytes[end + 1 + length..];
    }
    files
}
