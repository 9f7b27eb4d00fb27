//! Everything that happens in a run, as data: the journal, the progress display and the reports are listeners.
//!
//! Serialised as one JSON object per event, tagged by `event`. The journal holds the same events but `progress`
//! and `wire`, framed as `engine::journal` says.

use crate::plan::{Kind, Mode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the event format.
pub const FORMAT: u32 = 1;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    RunStart {
        format: u32,
        tool: String,
        run: String,
        plan: String,
        digest: String,
        inputs: BTreeMap<String, String>,
        simulated: bool,
    },
    /// The modem was seen in a mode.
    Mode {
        mode: Mode,
        evidence: String,
        /// The port path at which the modem is pinned, so that a run which goes on looks nowhere else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
    },
    /// Something on this computer that a person should know of.
    Host {
        code: String,
        message: String,
        cure: Option<String>,
    },
    StepStart {
        step: String,
        action: String,
        title: Option<String>,
        depth: usize,
    },
    StepSkip {
        step: String,
        because: String,
    },
    Attempt {
        step: String,
        attempt: u32,
        of: u32,
    },
    Guard {
        step: Option<String>,
        guard: String,
        kind: String,
        verdict: String,
        rule: String,
        source: String,
        message: String,
    },
    Ask {
        step: String,
        question: String,
        answer: String,
        how: String,
    },
    /// A person is told something.
    Say {
        step: String,
        text: String,
    },
    /// A line for the report, from a script or a driver.
    Note {
        step: String,
        text: String,
    },
    /// Bytes or items moved.
    Progress {
        step: String,
        what: String,
        unit: Unit,
        done: u64,
        total: u64,
    },
    Fact {
        step: String,
        name: String,
        kind: Kind,
        value: String,
    },
    /// Written and synced before the first destructive packet of one operation.
    Intent {
        step: String,
        operation: String,
        target: String,
        digest: Option<String>,
    },
    /// The operation is finished, and how that is known.
    Done {
        step: String,
        operation: String,
        target: String,
        evidence: String,
    },
    Failed {
        step: String,
        operation: String,
        target: String,
        error: String,
    },
    /// What a step wrote was not verified, though the plan did not say `verify: none`.
    Unverified {
        step: String,
        target: String,
        /// The version that the running firmware tells if this is what runs: a later answer may prove the write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// What another step wrote is verified after all, by the answer to this one.
    Verified {
        step: String,
        /// The step that wrote it.
        wrote: String,
        target: String,
        evidence: String,
    },
    /// A backup stands under its final name.
    Backup {
        step: String,
        files: Vec<BackupFile>,
        /// What could not be read, per file.
        holes: BTreeMap<String, u64>,
    },
    /// The run goes on after this checkpoint.
    Resume {
        checkpoint: String,
        mode: Mode,
    },
    Checkpoint {
        step: String,
        mode: Mode,
    },
    StepEnd {
        step: String,
        result: String,
        code: Option<String>,
        message: Option<String>,
    },
    RunEnd {
        outcome: String,
        exit: u8,
        dirty: bool,
        mode: Option<Mode>,
        message: String,
        report: BTreeMap<String, String>,
    },
}

/// What progress counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    Bytes,
    Items,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackupFile {
    /// As given to the plan.
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
}
