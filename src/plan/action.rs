//! A step, and the fields of every action that writes no flash. What an action needs, leaves and does is in [`crate::action`].

use super::{DloadFlash, FastbootFlash, FirehoseBackup, FirehoseFlash, RebootTo, SaharaLoad};
use super::{Duration, Include, Inclusion, Kind, Mode, Scope, strict};
use crate::yaml::{Spanned, Table};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;

/// One step of a plan: exactly one action, and when, how often and under which guards it runs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = exactly_one_action)]
// What most steps lack is boxed: a list of 17,000 steps, as a file can hold, is moved and copied several times.
pub struct Step {
    /// The step's name.
    #[schemars(transform = strict::name)]
    pub id: Spanned<String>,
    /// What the step does, for people.
    #[serde(default, deserialize_with = "super::words::some_words")]
    #[schemars(transform = strict::words)]
    pub title: Option<String>,
    /// Why the step is there. Required with `optional`, `erase_all`, `replace_table` and `verify: none`.
    #[serde(default, deserialize_with = "super::words::some_placed_words")]
    #[schemars(transform = strict::words)]
    pub because: Option<Spanned<String>>,
    /// Run only where the modem is in one of these modes; else skip.
    #[serde(default)]
    #[schemars(transform = strict::filled)]
    pub only_in: Option<Spanned<Vec<Spanned<Mode>>>>,
    /// Run only where this expression holds; else skip.
    #[serde(default)]
    pub when: Option<Spanned<String>>,
    /// Of one attempt, with its unit: `30s`.
    #[serde(default)]
    pub timeout: Option<Spanned<Duration>>,
    /// How often to try, and until what holds.
    #[serde(default)]
    pub retry: Option<Box<Spanned<Retry>>>,
    /// Facts taken from the named groups of `reply`, from `sahara.info`, from a person's answer, or from `set()` in a script.
    #[serde(default)]
    #[schemars(transform = strict::by_variable)]
    pub save: Table<Spanned<Kind>>,
    /// Guards asked right before the step.
    #[serde(default)]
    #[schemars(transform = strict::names)]
    pub guards: Vec<Spanned<String>>,
    /// Asked from a person before the step.
    #[serde(default, deserialize_with = "super::words::some_placed_words")]
    #[schemars(transform = strict::words)]
    pub confirm: Option<Spanned<String>>,
    /// A failure is noted and the plan goes on; what the step saves stays unknown. Needs `because`.
    #[serde(default)]
    pub optional: Option<Spanned<bool>>,
    /// A run may be resumed after this step.
    #[serde(default)]
    pub checkpoint: Option<Spanned<bool>>,

    /// Asks the modem one AT query.
    #[serde(default, rename = "at.ask")]
    pub at_ask: Option<Box<Spanned<AtAsk>>>,
    /// Sends one AT command that changes something.
    #[serde(default, rename = "at.set")]
    pub at_set: Option<Box<Spanned<AtSet>>>,
    /// Restarts the running modem and waits until it is back.
    #[serde(default, rename = "modem.reset")]
    pub modem_reset: Option<Spanned<Empty>>,
    /// Waits until the modem is in a mode.
    #[serde(default, rename = "usb.wait")]
    pub usb_wait: Option<Box<Spanned<UsbWait>>>,
    /// Sends the running modem into EDL over DIAG.
    #[serde(default, rename = "diag.edl")]
    pub diag_edl: Option<Spanned<Empty>>,
    /// Saves the calibration of the running modem as an XQCN file.
    #[serde(default, rename = "diag.backup")]
    pub diag_backup: Option<Box<Spanned<DiagBackup>>>,
    /// Writes calibration back from an XQCN file of this very unit. Identity is left alone.
    #[serde(default, rename = "diag.restore")]
    pub diag_restore: Option<Box<Spanned<DiagRestore>>>,
    /// Asks the boot ROM for its identity, and leaves it waiting for a programmer. It gives `serial`, `hwid`, `pk_hash`
    /// (texts in hex), `software` and `sahara` (numbers) to `save`; what it does not tell fails the step.
    #[serde(default, rename = "sahara.info")]
    pub sahara_info: Option<Spanned<Empty>>,
    /// Loads the programmer into a modem in EDL.
    #[serde(default, rename = "sahara.load")]
    pub sahara_load: Option<Box<Spanned<SaharaLoad>>>,
    /// Reads partitions back from the flash. Not a calibration backup: pages may be unreadable.
    #[serde(default, rename = "firehose.backup")]
    pub firehose_backup: Option<Box<Spanned<FirehoseBackup>>>,
    /// Erases and programs the flash from a package, boot loader erased first and programmed last.
    #[serde(default, rename = "firehose.flash")]
    pub firehose_flash: Option<Box<Spanned<FirehoseFlash>>>,
    /// Lets the programmer restart the modem, and waits for the mode.
    #[serde(default, rename = "firehose.reset")]
    pub firehose_reset: Option<Box<Spanned<RebootTo>>>,
    /// Writes one image into one partition over fastboot. Nothing is read back, so a run with it ends as unproved unless
    /// `verify` says otherwise. Spoken over USB only.
    #[serde(default, rename = "fastboot.flash")]
    pub fastboot_flash: Option<Box<Spanned<FastbootFlash>>>,
    /// Lets the boot loader restart the modem, and waits for the mode.
    #[serde(default, rename = "fastboot.reboot")]
    pub fastboot_reboot: Option<Box<Spanned<RebootTo>>>,
    /// Writes the images of a package through a streaming loader, boot loader made invalid first and written last. Nothing
    /// is read back, so a run with it ends as unproved unless `verify` says otherwise.
    #[serde(default, rename = "dload.flash")]
    pub dload_flash: Option<Box<Spanned<DloadFlash>>>,
    /// Lets the streaming loader restart the modem, and waits for the mode.
    #[serde(default, rename = "dload.reset")]
    pub dload_reset: Option<Box<Spanned<RebootTo>>>,
    /// Tells a person to do something with their hands.
    #[serde(default, rename = "operator.do")]
    pub operator_do: Option<Box<Spanned<OperatorDo>>>,
    /// Asks a person for one value.
    #[serde(default, rename = "operator.ask")]
    pub operator_ask: Option<Box<Spanned<OperatorAsk>>>,
    /// Claims that must hold.
    #[serde(default)]
    #[schemars(transform = strict::filled)]
    pub check: Option<Box<Spanned<Vec<Claim>>>>,
    /// A Rhai script over facts and a few reading functions.
    #[serde(default)]
    pub script: Option<Box<Spanned<String>>>,
    /// Several steps under one condition; one level only.
    #[serde(default)]
    #[schemars(transform = strict::filled)]
    pub group: Option<Spanned<Vec<Step>>>,
    /// The steps of a fragment, with its parameters filled in.
    #[serde(default)]
    pub include: Option<Box<Spanned<Include>>>,

    /// What stands for the `include`, once its fragment has been read.
    #[serde(skip)]
    pub included: Option<Inclusion>,
    /// What the names in this step mean, where it comes from a fragment.
    #[serde(skip)]
    pub scope: Scope,
}

impl Step {
    /// This step, those of its group, and those that it includes.
    pub fn all(&self) -> Vec<&Self> {
        let mut steps = vec![self];
        let group = self.group.iter().flat_map(|group| group.iter());
        let included = self.included.iter().flat_map(|included| &included.steps);
        for inner in group.chain(included) {
            steps.extend(inner.all());
        }
        steps
    }
}

/// How often a step is tried.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// All tries together, the first included: 2 to 100.
    #[schemars(transform = strict::attempts)]
    pub attempts: Spanned<u32>,
    /// Waited between two tries.
    pub delay: Spanned<Duration>,
    /// Multiplies the delay after each try, up to 60 s.
    #[serde(default)]
    #[schemars(transform = strict::grow)]
    pub grow: Option<Spanned<u32>>,
    /// Tried again until this expression holds; it may use the facts of this step.
    #[serde(default)]
    pub until: Option<Spanned<String>>,
}

/// Fields of `at.ask`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AtAsk {
    /// One query: `AT`, `ATI`, a form that ends in `?`, or a query of the profile.
    pub send: Spanned<String>,
    /// A regular expression searched in the lines of the answer; its named groups may be saved.
    #[serde(default)]
    pub reply: Option<Spanned<String>>,
}

/// Fields of `at.set`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AtSet {
    /// One command.
    pub send: Spanned<String>,
    /// A regular expression searched in the lines of the answer; its named groups may be saved.
    #[serde(default)]
    pub reply: Option<Spanned<String>>,
    /// The modem restarts: its mode is unknown afterwards.
    #[serde(default)]
    pub restarts: bool,
}

/// Fields of an action without fields: `{}`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// Fields of `usb.wait`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsbWait {
    /// The mode to wait for.
    #[serde(rename = "for")]
    pub mode: Spanned<Mode>,
}

/// Fields of `diag.backup`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiagBackup {
    /// The XQCN file to write, ending in `.xqcn`, relative to the working folder. It must not exist.
    #[schemars(transform = strict::xqcn)]
    pub to: Spanned<String>,
}

/// Fields of `diag.restore`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiagRestore {
    /// The XQCN file of this very unit.
    pub from: Spanned<String>,
    /// Further NV items to leave alone.
    #[serde(default)]
    pub skip_items: Vec<Spanned<u16>>,
}

/// Fields of `operator.do`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorDo {
    /// What the person is told.
    #[serde(deserialize_with = "super::words::placed_words")]
    #[schemars(transform = strict::words)]
    pub say: Spanned<String>,
    /// The person touches neither power nor USB nor pins: the mode stays, and the run does not wait.
    #[serde(default)]
    pub hands_off: bool,
}

/// Fields of `operator.ask`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorAsk {
    /// The question.
    #[serde(deserialize_with = "super::words::placed_words")]
    #[schemars(transform = strict::words)]
    pub say: Spanned<String>,
}

/// One claim of `check`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// An expression that must be true.
    pub that: Spanned<String>,
    /// Said when it is not.
    #[serde(rename = "else", deserialize_with = "super::words::words")]
    #[schemars(transform = strict::words)]
    pub otherwise: String,
}

/// The key of every action, in the order of the table in the language reference. [`crate::action`] has the rows; a
/// test keeps the two in step.
pub const ACTION_KEYS: [&str; 22] = [
    "at.ask",
    "at.set",
    "modem.reset",
    "usb.wait",
    "diag.edl",
    "diag.backup",
    "diag.restore",
    "sahara.info",
    "sahara.load",
    "firehose.backup",
    "firehose.flash",
    "firehose.reset",
    "fastboot.flash",
    "fastboot.reboot",
    "dload.flash",
    "dload.reset",
    "operator.do",
    "operator.ask",
    "check",
    "script",
    "group",
    "include",
];

/// Adds that exactly one of the action keys is present. The keys are the table's own.
fn exactly_one_action(schema: &mut Schema) {
    super::one_of::exactly_one_of(schema, &ACTION_KEYS);
}
