//! Why a boot ROM did not take a programmer.

use crate::protocol::sahara::{Malformed, status_text};
use crate::transport;

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
    #[error("the boot ROM has no command mode: status {status:#x}, {}", status_text(*.status))]
    NoCommandMode { status: u32 },
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
            // Codes a rejected programmer was seen with: protocols.md §5.7, forums.quectel.com/t/58273.
            Self::Refused {
                status: 0x08 | 0x21 | 0x22 | 0x25,
                ..
            } => {
                "the programmer is not signed for this modem, or is one for another hardware revision: \
                 get the one of its own package, unplug the modem, and start again in EDL"
            }
            Self::Refused { status: 0x12, .. } => {
                "the programmer is probably one for another chip: compare the package with the label"
            }
            Self::Silent { sent: 0 } => {
                "another program has probably taken its first words: stop ModemManager, cut the modem's \
                 power, and enter EDL again"
            }
            Self::Silent { .. } => {
                "the programmer is probably not signed for this modem: compare the package with the label, \
                 then cut the modem's power and enter EDL again"
            }
            Self::RamDump => {
                "tie the boot pin of the profile and power the modem again, to reach EDL"
            }
            Self::FirehoseRuns => "go on without `sahara.load`, or cut the modem's power first",
            Self::OtherImage { .. } | Self::MoreImages { .. } => {
                "give the image by its number in `images:` of `sahara.load`, from the modem's own package"
            }
            Self::NoCommandMode { .. } => {
                "this boot ROM does not tell its identity: cut the modem's power, enter EDL again, and go on without `sahara.info`"
            }
            Self::Beyond { .. } => "the programmer's file is cut short: unpack the package again",
            Self::Image(_) => "read the programmer's file by hand to see what is wrong with it",
            _ => "cut the modem's power, enter EDL again, and start again",
        }
    }
}

fn after(sent: u64) -> String {
    if sent == 0 {
        String::new()
    } else {
        format!(" after {sent} bytes of the programmer")
    }
}
