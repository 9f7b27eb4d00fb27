//! Events as JSON lines on stdout.

use super::Output;
use crate::engine::Listener;
use crate::event::{Event, FORMAT};
use serde_json::Value;

/// Prints every event as one JSON object.
pub struct Machine {
    output: Output,
}

impl Machine {
    pub fn new(output: Output) -> Self {
        Self { output }
    }
}

impl Listener for Machine {
    fn hear(&mut self, event: &Event) {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else {
            return;
        };
        fields.insert("format".into(), FORMAT.into());
        // A reader that went away is no reason to stop a run in the middle.
        let _ = self.output.json(&Value::Object(fields));
    }
}
