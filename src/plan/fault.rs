//! What goes wrong in a scenario or in a rehearsal case, and at which operation.

use super::strict;
use crate::yaml::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// Something that goes wrong at one operation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Spanned<FaultKind>,
    /// At which operation of the modem; any where nothing is given.
    #[serde(default)]
    pub on: Option<Spanned<Operation>>,
    /// Only while this step runs, counted from its start; at any time where nothing is given.
    #[serde(default)]
    pub step: Option<Spanned<String>>,
    /// At the how manieth; the first where nothing is given.
    #[serde(default)]
    #[schemars(transform = strict::counted)]
    pub nth: Option<u32>,
    /// What some kinds need to know: a mode, a number, a duration, or whose file.
    #[serde(default)]
    pub value: Option<Spanned<String>>,
}

/// What can go wrong: with the modem and its bus, and, in a rehearsal case only, with the computer that the program runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The modem leaves the bus and stays away.
    Unplug,
    /// The answer never comes.
    LostReply,
    /// Random bytes instead of the answer.
    Garbage,
    /// The programmer refuses the command.
    Nak,
    /// Data is acknowledged and not stored.
    AckButLost,
    /// One bit of what is stored is wrong.
    BitFlip,
    /// `END_OF_IMAGE` with the status `value`; 37, which is 0x25, where nothing is given.
    EndStatus,
    /// HELLO never comes.
    NoHello,
    /// Answers take ten times as long.
    Slow,
    /// The modem leaves the bus, and power comes back after `value`, a duration; 2 s where nothing is given.
    Vanish,
    /// The modem leaves the bus and comes back in the mode `value`: `normal`, `edl` or `ramdump`; `edl` where nothing is
    /// given.
    WrongMode,
    /// The first `value` bytes of the answer come alone; one byte where nothing is given.
    ShortRead,
    /// The answer comes in pieces of three bytes.
    Split,
    /// The answer comes in one transfer with what was sent before it.
    Join,
    /// The command is not heard: nothing is done, and nothing answered.
    Timeout,
    /// The modem sends nothing for `value`, a duration, and then goes on; 30 s where nothing is given.
    Stall,
    /// Random bytes come before the answer.
    StaleBytes,
    /// The DIAG answer comes with a wrong checksum.
    BadCrc,
    /// The answer comes twice.
    DuplicateReply,
    /// The answer comes `value` later, a duration, and others may come before it; 5 s where nothing is given.
    LateReply,
    /// HELLO comes twice.
    HelloTwice,
    /// `END_OF_IMAGE` of an earlier conversation comes before HELLO, with the status `value`; 1 where nothing is given.
    StaleEnd,
    /// After this `READ_DATA` the boot ROM says nothing any more, as where it does not like what it got.
    SilenceAfterRead,
    /// From this HELLO on the boot ROM leaves the bus every `value`, a duration, until a programmer runs; 15 s where
    /// nothing is given.
    EdlLoop,
    /// From this HELLO on the modem comes back in its memory dump state, unless the boot pin is tied.
    StayRamdump,
    /// `configure` is refused, and half of what was asked for is offered.
    NakSmallerPayload,
    /// The programmer refuses the command once, and says that it may be tried again.
    NakRetry,
    /// A log line comes after the response.
    LateLog,
    /// A log line and the response come as two documents in one transfer.
    TwoDocuments,
    /// The work is done and a log line comes, but never the response.
    LogWithoutResponse,
    /// The erase is acknowledged at once and happens `value` later, a duration; 2 s where nothing is given.
    LateErase,
    /// The first good block of the range turns bad.
    BadBlock,
    /// The programmer refuses to reset, and runs on.
    ErrorOnReset,
    /// The modem leaves for EDL without repeating the command.
    NoEcho,
    /// The write is refused as on a modem that was not unlocked.
    Locked,
    /// The file system has no room.
    EfsFull,
    /// It cannot be read: an error over DIAG, pages of filler in Firehose.
    ReadError,
    /// A line that nobody asked for stands in the answer.
    ExtraLine,
    /// From this command on the second half of the version is not there yet, for `value`, a duration; 10 s where nothing
    /// is given.
    HalfVersion,
    /// The modem leaves the bus and comes back at another USB port after `value`, a duration; 2 s where nothing is given.
    OtherPort,
    /// Of what is sent next, the first `value` bytes are taken alone; one byte where nothing is given.
    ShortWrite,
    /// From here on a transfer of whole packets of 512 bytes counts as unfinished until a zero-length packet follows.
    ZlpRequired,
    /// From here on a zero-length packet silences the modem until it is powered anew.
    ZlpForbidden,
    /// In a case only: from here on the computer's disk is full, and what is being written is cut off.
    DiskFull,
    /// In a case only: from here on the computer's disk takes nothing, for it is broken.
    IoError,
    /// In a case only: the program is killed, and says and writes nothing more. The case needs `resumed`; its `expect`
    /// says `outcome: interrupted`, as `unbrick runs` does, and the step that ran.
    Killed,
    /// In a case only: a person presses Ctrl-C.
    Interrupt,
    /// In a case only: a person presses Ctrl-C twice.
    InterruptTwice,
    /// In a case only: another file comes to lie where one was. `value` says whose: that of an input that is made, in a
    /// folder the largest, or that of a backup step, as soon as the backup is made.
    FileSwapped,
}

/// What a fault may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultValue {
    Mode,
    Number,
    Duration,
    /// Of an input or of a step.
    Name,
}

impl FaultValue {
    pub fn article(self) -> &'static str {
        match self {
            Self::Mode => "`normal`, `edl` or `ramdump`",
            Self::Number => "a number from 1 on",
            Self::Duration => "a duration such as `5s`",
            Self::Name => "the name of an input or of a backup step",
        }
    }
}

impl FaultKind {
    /// What its `value` is; `None` where it takes none.
    pub fn takes(self) -> Option<FaultValue> {
        match self {
            Self::WrongMode => Some(FaultValue::Mode),
            Self::ShortRead | Self::ShortWrite | Self::EndStatus | Self::StaleEnd => {
                Some(FaultValue::Number)
            }
            Self::Vanish
            | Self::Stall
            | Self::LateReply
            | Self::EdlLoop
            | Self::LateErase
            | Self::HalfVersion
            | Self::OtherPort => Some(FaultValue::Duration),
            Self::FileSwapped => Some(FaultValue::Name),
            _ => None,
        }
    }

    /// Whether it strikes the computer that the program runs on, and not the modem: then the simulated modem only tells
    /// that its moment has come.
    pub fn is_of_the_host(self) -> bool {
        matches!(
            self,
            Self::DiskFull
                | Self::IoError
                | Self::Killed
                | Self::Interrupt
                | Self::InterruptTwice
                | Self::FileSwapped
        )
    }
}

/// Operations of the simulated modem that faults strike at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Sahara's HELLO.
    Hello,
    /// Sahara asks for a part of the programmer.
    ReadData,
    /// Firehose `configure`.
    Configure,
    /// Firehose `erase`.
    Erase,
    /// Firehose `program`: one image.
    Program,
    /// Raw data of a `program`.
    Raw,
    /// Firehose `getsha256digest`.
    Digest,
    /// Firehose `read`.
    Read,
    /// DIAG reads an NV item.
    NvRead,
    /// DIAG writes an NV item.
    NvWrite,
    /// DIAG reads from the EFS.
    EfsRead,
    /// DIAG writes to the EFS.
    EfsWrite,
    /// An AT command.
    At,
    /// The programmer is told to reset or to switch off.
    Power,
    /// The DIAG command into EDL.
    Edl,
    /// A question of fastboot: `getvar`.
    Getvar,
    /// fastboot announces an image: `download`.
    Download,
    /// Data of a `download`, 32 KiB at a time.
    Data,
    /// fastboot writes a partition: `flash`.
    Flash,
    /// fastboot erases a partition: `erase`.
    FastbootErase,
    /// The boot loader is told to leave: `reboot`, `reboot-bootloader`, `continue`.
    FastbootReboot,
    /// A streaming loader is told of the partitions.
    DloadTable,
    /// A streaming loader opens a partition.
    DloadOpen,
    /// A piece of an image for a streaming loader.
    DloadWrite,
    /// A streaming loader closes the partition that is open.
    DloadClose,
}
