//! Why a boot ROM did not take a programmer.

use crate::protocol::sahara::{Cause, Malformed, cause, status_text};
use crate::transport;
use std::fmt;

/// After any of these the boot ROM must be powered anew, unless its variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing came. After bytes were sent this mostly means a programmer signed for another key
    /// (protocols.md §5.7).
    #[error("the boot ROM says nothing{}", after(*.sent))]
    Silent { sent: u64 },
    #[error("the boot ROM refused image {image}: status {status:#x}, {}", status_text(*.status))]
    Refused { image: u32, status: u32 },
    #[error("the modem is in its memory dump state")]
    RamDump,
    #[error("a programmer runs already")]
    FirehoseRuns,
    #[error("the port speaks HDLC, so no boot ROM is behind it")]
    Hdlc,
    /// The rest of an earlier conversation.
    #[error("the boot ROM said {packet}, which does not belong here")]
    Stale { packet: &'static str, sent: u64 },
    #[error("the boot ROM has no command mode{}, and {then}", said(*.status))]
    NoCommandMode {
        /// What it said of it, if anything.
        status: Option<u32>,
        then: Then,
    },
    /// It entered command mode, and does not answer there any more.
    #[error("the boot ROM does not answer in command mode, and {then}")]
    NoAnswer { then: Then },
    /// Another program was stopped while it gave an image; the boot ROM waits for the rest.
    #[error(
        "the boot ROM is in the middle of an image that another program began to give, and tells nothing of itself"
    )]
    MidImage,
    #[error("the boot ROM answers question {command:#x} with {length} bytes")]
    TooLong { command: u32, length: u32 },
    #[error("the boot ROM asks for image {image}, which was not given")]
    OtherImage { image: u64 },
    #[error("the boot ROM has taken image {image} and waits for another")]
    MoreImages { image: u64 },
    #[error("the boot ROM asks for {length} bytes at {offset}, the programmer has {have}")]
    Beyond { offset: u64, length: u64, have: u64 },
    #[error("the boot ROM asks for the same bytes again and again")]
    Circles,
    #[error("the boot ROM sent what is no Sahara packet: {0}")]
    Malformed(Malformed),
    #[error("cannot read the programmer: {0}")]
    Image(std::io::Error),
    #[error("{0}")]
    Port(transport::Error),
}

/// What a boot ROM does after it was asked for a mode that it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It waits for a programmer, as before.
    Waits,
    /// It hears nothing but a reset (protocols.md §5.2).
    Deaf,
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waits => "waits for a programmer as before",
            Self::Deaf => "hears nothing more until it is powered anew",
        })
    }
}

impl Error {
    /// `sahara::kebab-case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Silent { sent: 0 } => "sahara::no-hello",
            Self::Silent { .. } => "sahara::silent",
            Self::Refused { .. } => "sahara::refused",
            Self::RamDump => "sahara::ramdump",
            Self::FirehoseRuns => "sahara::firehose-runs",
            Self::Hdlc => "sahara::hdlc",
            Self::Stale { .. } => "sahara::stale",
            Self::NoCommandMode { .. } => "sahara::no-command-mode",
            Self::NoAnswer { .. } => "sahara::no-answer",
            Self::MidImage => "sahara::mid-image",
            Self::TooLong { .. } | Self::Malformed(_) => "sahara::malformed",
            Self::OtherImage { .. } | Self::MoreImages { .. } => "sahara::other-image",
            Self::Beyond { .. } => "sahara::beyond-image",
            Self::Circles => "sahara::circles",
            Self::Image(_) => "sahara::programmer-unreadable",
            Self::Port(transport::Error::Gone) => "sahara::gone",
            Self::Port(transport::Error::Interrupted) => "sahara::interrupted",
            Self::Port(_) => "sahara::port",
        }
    }

    /// The likely cause and what to do, as orders.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Refused { status, .. } => of_status(*status),
            Self::Silent { sent: 0 } => {
                "another program has probably taken its first words, or a question that it does not know has cost them: \
                 stop ModemManager, cut the modem's power, and enter EDL again"
            }
            Self::Silent { .. } => {
                "the programmer is probably not signed for this modem: compare the package with the label, \
                 then cut the modem's power and enter EDL again"
            }
            // protocols.md §10.1: each of these has helped somebody, none of them everybody.
            Self::RamDump => {
                "reach EDL: by `diag.edl` where the profile's `edl_by_diag` lists ramdump, else by powering the modem \
                 anew with its boot pin tied; where it comes back as 900E twice without the pin, its boot chain is \
                 damaged, and only EDL by the pin helps"
            }
            Self::FirehoseRuns => "go on without `sahara.load`, or cut the modem's power first",
            Self::OtherImage { .. } | Self::MoreImages { .. } => of_cause(Cause::Images),
            Self::NoCommandMode {
                then: Then::Waits, ..
            }
            | Self::NoAnswer { then: Then::Waits } => {
                "this boot ROM does not tell its identity: go on without `sahara.info`, or make the step `optional`"
            }
            Self::NoCommandMode {
                then: Then::Deaf, ..
            }
            | Self::NoAnswer { then: Then::Deaf } => {
                "cut the modem's power, enter EDL again, and go on without `sahara.info`: asking costs this boot ROM \
                 its other words"
            }
            Self::MidImage => {
                "cut the modem's power, enter EDL again, and ask again; `sahara.load` can go on with the same image without that"
            }
            Self::Beyond { .. } => "the programmer's file is cut short: unpack the package again",
            Self::Image(_) => "read the programmer's file by hand to see what is wrong with it",
            _ => of_cause(Cause::Conversation),
        }
    }
}

/// What to do about a status of `END_OF_IMAGE`.
pub fn of_status(status: u32) -> &'static str {
    of_cause(cause(status))
}

fn of_cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Signature => {
            "the programmer is not signed for this modem, or is one for another hardware revision: \
             get the one of its own package, unplug the modem, and start again in EDL"
        }
        Cause::OtherChip => {
            "the programmer is probably one for another chip: compare the package with the label, then cut the modem's \
             power and enter EDL again"
        }
        Cause::File => {
            "the file is damaged, or no programmer: compare it with the package's md5.txt, unpack the package again, then \
             cut the modem's power and enter EDL again"
        }
        Cause::Images => {
            "give the image by its number in `images:` of `sahara.load`, from the modem's own package, then cut the \
             modem's power and enter EDL again"
        }
        Cause::Version => {
            "this boot ROM speaks another version of Sahara than this tool: cut the modem's power, enter EDL again, and \
             start again; if it stays so, report it with the journal"
        }
        Cause::Line => {
            "bytes were lost on the way: plug the modem straight into the computer, without hub or extension, cut its \
             power, enter EDL again, and start again"
        }
        Cause::Chip => {
            "the chip could not go on: cut the modem's power for a minute, enter EDL again, and start again; if it stays \
             so, the memory of the modem is probably broken"
        }
        Cause::Conversation | Cause::Unknown => {
            "cut the modem's power, enter EDL again, and start again"
        }
    }
}

fn said(status: Option<u32>) -> String {
    status.map_or_else(String::new, |status| {
        format!(" (status {status:#x}, {})", status_text(status))
    })
}

fn after(sent: u64) -> String {
    if sent == 0 {
        String::new()
    } else {
        format!(" after {sent} bytes of the programmer")
    }
}
