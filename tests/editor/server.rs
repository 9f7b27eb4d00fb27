//! The real yaml-language-server, spoken to as an editor does: JSON-RPC over its standard input and output.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Set where the server must be there, so that no test is passed over in silence.
const DEMAND: &str = "UNBRICK_DEMAND_EDITOR";
/// Where `.ci/run` puts it.
const PACKAGE: &str = "target/editor/node_modules/yaml-language-server/bin/yaml-language-server";
/// Of one message, on a machine that does much else. The server answers in less than a second.
const DEADLINE: Duration = Duration::from_secs(120);

/// A session with the server. It ends with this value, however the test ends.
pub(crate) struct Editor {
    child: Child,
    stdin: ChildStdin,
    messages: Receiver<Value>,
    asked: u64,
    /// The last ones of each document.
    diagnostics: BTreeMap<String, Vec<Value>>,
}

impl Editor {
    /// `None`, with a word about it, where node or the server is not installed and nobody demands them.
    pub(crate) fn start() -> Option<Self> {
        match Self::spawn() {
            Ok(mut editor) => {
                editor.greet();
                Some(editor)
            }
            Err(why) => {
                assert!(
                    std::env::var_os(DEMAND).is_none_or(|demand| demand != "1"),
                    "{DEMAND} is set, and {why}"
                );
                eprintln!("passed over, since {why}: CONTRIBUTING.md says how to install it");
                None
            }
        }
    }

    fn spawn() -> Result<Self, String> {
        let package = root().join(PACKAGE);
        if !package.is_file() {
            return Err(format!("there is no `{PACKAGE}`"));
        }
        let mut child = Command::new("node")
            .arg(package)
            .arg("--stdio")
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("`node` cannot be started: {error}"))?;
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        // Ends with the server's output, or with the test that no longer listens.
        std::thread::spawn(move || {
            while let Some(message) = message(&mut stdout) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            stdin,
            messages,
            asked: 0,
            diagnostics: BTreeMap::new(),
        })
    }

    fn greet(&mut self) {
        let documentation = json!({ "documentationFormat": ["plaintext"], "snippetSupport": true });
        let capabilities = json!({
            "workspace": { "configuration": true },
            "textDocument": {
                "completion": { "completionItem": documentation },
                "hover": { "contentFormat": ["plaintext"] },
            },
        });
        let root = uri("");
        self.ask(
            "initialize",
            &json!({ "processId": null, "rootUri": root, "capabilities": capabilities }),
        );
        self.tell("initialized", &json!({}));
    }

    /// Opens a document that need not lie on the disk, and waits until it has been judged.
    pub(crate) fn open(&mut self, path: &str, text: &str) -> Vec<Value> {
        let uri = uri(path);
        self.diagnostics.remove(&uri);
        self.tell(
            "textDocument/didOpen",
            &json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } }),
        );
        loop {
            if let Some(found) = self.diagnostics.get(&uri) {
                return found.clone();
            }
            let message = self.next();
            self.hear(&message);
        }
    }

    /// Label and documentation of everything that is offered at a place of an open document.
    pub(crate) fn completions(&mut self, path: &str, at: Position) -> BTreeMap<String, String> {
        let found = self.at("textDocument/completion", path, at);
        let items = found["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                let text = &item["documentation"];
                let text = text.as_str().or(text["value"].as_str());
                let label = item["label"].as_str().unwrap();
                (label.to_owned(), text.unwrap_or_default().to_owned())
            })
            .collect()
    }

    /// What is shown over a place of an open document.
    pub(crate) fn hover(&mut self, path: &str, at: Position) -> String {
        let found = self.at("textDocument/hover", path, at);
        let text = found["contents"]["value"].as_str();
        text.unwrap_or_else(|| panic!("{found}")).to_owned()
    }

    fn at(&mut self, method: &str, path: &str, at: Position) -> Value {
        let position = json!({ "line": at.line, "character": at.character });
        self.ask(
            method,
            &json!({ "textDocument": { "uri": uri(path) }, "position": position }),
        )
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.hear(&message);
        }
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn next(&mut self) -> Value {
        let heard = self.messages.recv_timeout(DEADLINE);
        heard.expect("the server says something in time")
    }

    /// Notes what the server tells, and answers what it asks an editor.
    fn hear(&mut self, message: &Value) {
        let params = &message["params"];
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = params["uri"].as_str().unwrap().to_owned();
            let found = params["diagnostics"].as_array().unwrap().clone();
            self.diagnostics.insert(uri, found);
        } else if let Some(id) = message.get("id") {
            let result = if message["method"] == "workspace/configuration" {
                let items = params["items"].as_array().unwrap().iter();
                Value::Array(items.map(settings).collect())
            } else {
                Value::Null
            };
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        }
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What an editor is set to: the usual, but nothing is looked up on the network.
fn settings(item: &Value) -> Value {
    match item["section"].as_str() {
        Some("yaml") => json!({
            "validate": true,
            "hover": true,
            "completion": true,
            "schemaStore": { "enable": false },
        }),
        _ => json!({}),
    }
}

/// One message; none at the end, or where it is none.
fn message(stdout: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("Content-Length: ") {
            length = number.parse().ok();
        }
    }
    let mut bytes = vec![0; length?];
    stdout.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The URI of a path of the repository.
fn uri(path: &str) -> String {
    let path = root().join(path);
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    let path: String = path.to_str().unwrap().bytes().map(escaped).collect();
    format!("file://{path}")
}

/// Where something stands in a document: line and UTF-16 unit, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) character: usize,
}

impl Position {
    /// Of a byte of a text.
    pub(crate) fn of(text: &str, at: usize) -> Self {
        let before = &text[..at];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: before.matches('\n').count(),
            character: before[line..].encode_utf16().count(),
        }
    }
}
