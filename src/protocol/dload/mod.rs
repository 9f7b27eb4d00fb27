//! Streaming DLOAD: what a host and a streaming loader (NPRG, ENPRG) say to each other, pure messages both ways. Each goes
//! in one frame of [`super::hdlc`] (protocols.md §9).
//!
//! Sources: `openpst:streaming_dload.h`, `qfh:stream_download_protocol.c`, the strings of `eg25:update/ENPRG9x07.mbn`, and
//! `hostdl`, the packet layer of Qualcomm's loaders as it lies in public kernel and boot trees (`hostdl_packet.c`). The
//! frames of the tests are constants of `uc15_upgrade.c`, a tool that writes a Quectel UC15.

mod code;
mod table;
#[cfg(test)]
mod tests;

pub use code::{Code, OpenStatus, TableStatus};
pub use table::{Entry, Invalid, MAX_TABLE, Size, UserTable};

use super::wire::{Fields, Message};

const HOST: &[u8; 32] = b"QCOM fast download protocol host";
const TARGET: &[u8; 32] = b"QCOM fast download protocol targ";

/// What `QFirehose` says and the loaders of `MDM9x07` take (qfh, hostdl: `STREAM_DLOAD_MAX_VER`, `STREAM_DLOAD_MIN_VER`).
pub const MAX_VERSION: u8 = 4;
pub const MIN_VERSION: u8 = 2;
/// Most bytes of data in one framed write (openpst: `STREAMING_DLOAD_MAX_DATA_SIZE`; hostdl: `MAX_DATA_LENGTH`).
pub const MAX_DATA: usize = 1024;
/// Most bytes of the payload of an open (hostdl; openpst).
pub const MAX_NAME: usize = 512;
/// The image is a partition that its name says (openpst: `kStreamingDloadOpenModeMultiCustom`; qfh).
pub const BY_NAME: u8 = 0x0e;
/// What was written may come from anybody: the loader looks at no signature of the images (openpst).
pub const TRUSTED: u8 = 0x01;

/// What a host says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Hello {
        max_version: u8,
        min_version: u8,
        features: u8,
    },
    /// Reads the modem's memory, not its flash (hostdl: `do_read` of the NAND loader copies from an address).
    Read {
        address: u32,
        length: u16,
    },
    /// A piece of the image that is open, and its place from the image's start.
    StreamWrite {
        address: u32,
        data: Vec<u8>,
    },
    Nop(Vec<u8>),
    Reset,
    PowerOff,
    Close,
    Security(u8),
    Table {
        replaces: Replace,
        table: Vec<u8>,
    },
    OpenMulti {
        mode: u8,
        payload: Vec<u8>,
    },
    /// Quectel's own: whether the boot loader stops for a download after the next restart (qfh).
    DownloadFlag(bool),
}

/// Whether a partition table may take the place of another one on the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    Never,
    Differing,
}

/// What a loader says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Hello(Greeting),
    ReadData {
        address: u32,
        data: Vec<u8>,
    },
    Written {
        address: u32,
    },
    Nop(Vec<u8>),
    Reset,
    Error {
        code: Code,
        text: String,
    },
    Log(String),
    PoweringOff,
    Closed,
    Security,
    Table(TableStatus),
    OpenMulti(OpenStatus),
    /// 0 for done.
    DownloadFlag(u8),
}

/// A loader's HELLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    pub max_version: u8,
    pub min_version: u8,
    /// Bytes of data that it likes best in one write.
    pub block: u32,
    pub flash: String,
    /// Writes that may be under way at a time.
    pub window: u16,
    /// Blocks of the chip as the loader counts them for a host's progress: halved and doubled until they fit into its
    /// answer (hostdl: `flash_device_sectors`), so they say nothing of the geometry but their sum.
    pub sectors: Vec<u32>,
    pub features: u8,
}

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("a message without a single byte")]
    Empty,
    #[error("{code:#04x} is no message of this protocol that is known here")]
    Unknown { code: u8 },
    #[error("a `{what}` that is too short, {length} bytes")]
    Short { what: &'static str, length: usize },
    #[error("a `{what}` with {extra} bytes too many")]
    Long { what: &'static str, extra: usize },
    #[error("a HELLO without the words that make it one")]
    Magic,
}

impl Request {
    pub fn encode(&self) -> Vec<u8> {
        let message = Message::default().u8(self.code());
        let message = match self {
            Self::Hello {
                max_version,
                min_version,
                features,
            } => message
                .bytes(HOST)
                .u8(*max_version)
                .u8(*min_version)
                .u8(*features),
            Self::Read { address, length } => message.u32(*address).u16(*length),
            Self::StreamWrite { address, data } => message.u32(*address).bytes(data),
            Self::Nop(echoed) => message.bytes(echoed),
            Self::Reset | Self::PowerOff | Self::Close => message,
            Self::Security(mode) => message.u8(*mode),
            Self::Table { replaces, table } => message.u8(*replaces as u8).bytes(table),
            Self::OpenMulti { mode, payload } => message.u8(*mode).bytes(payload),
            Self::DownloadFlag(set) => message.u8(u8::from(*set)),
        };
        message.0
    }

    /// What a frame of a host says.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(bytes);
        let code = fields.u8().ok_or(Malformed::Empty)?;
        let short = |what| Malformed::Short {
            what,
            length: bytes.len(),
        };
        let request = match code {
            0x01 => {
                let what = "HELLO";
                if fields.take(HOST.len()).ok_or(short(what))? != HOST {
                    return Err(Malformed::Magic);
                }
                let hello = Self::Hello {
                    max_version: fields.u8().ok_or(short(what))?,
                    min_version: fields.u8().ok_or(short(what))?,
                    features: fields.u8().ok_or(short(what))?,
                };
                // More bytes of feature bits are allowed (hostdl: `handle_hello`).
                return Ok(hello);
            }
            0x03 => Self::Read {
                address: fields.u32().ok_or(short("read"))?,
                length: fields.u16().ok_or(short("read"))?,
            },
            0x07 => {
                let address = fields.u32().ok_or(short("stream write"))?;
                let data = fields.rest().to_vec();
                return Ok(Self::StreamWrite { address, data });
            }
            0x09 => return Ok(Self::Nop(fields.rest().to_vec())),
            0x0b => Self::Reset,
            0x11 => Self::PowerOff,
            0x15 => Self::Close,
            0x17 => Self::Security(fields.u8().ok_or(short("security mode"))?),
            0x19 => {
                let replaces = match fields.u8().ok_or(short("partition table"))? {
                    0 => Replace::Never,
                    _ => Replace::Differing,
                };
                let table = fields.rest().to_vec();
                return Ok(Self::Table { replaces, table });
            }
            0x1b => {
                let mode = fields.u8().ok_or(short("open multi"))?;
                let payload = fields.rest().to_vec();
                return Ok(Self::OpenMulti { mode, payload });
            }
            0x60 => Self::DownloadFlag(fields.u8().ok_or(short("download flag"))? != 0),
            code => return Err(Malformed::Unknown { code }),
        };
        ended(fields, "request")?;
        Ok(request)
    }

    fn code(&self) -> u8 {
        match self {
            Self::Hello { .. } => 0x01,
            Self::Read { .. } => 0x03,
            Self::StreamWrite { .. } => 0x07,
            Self::Nop(_) => 0x09,
            Self::Reset => 0x0b,
            Self::PowerOff => 0x11,
            Self::Close => 0x15,
            Self::Security(_) => 0x17,
            Self::Table { .. } => 0x19,
            Self::OpenMulti { .. } => 0x1b,
            Self::DownloadFlag(_) => 0x60,
        }
    }
}

impl Reply {
    pub fn encode(&self) -> Vec<u8> {
        let message = Message::default().u8(self.code());
        let message = match self {
            Self::Hello(greeting) => return greeting.encode(message),
            Self::ReadData { address, data } => message.u32(*address).bytes(data),
            Self::Written { address } => message.u32(*address),
            Self::Nop(echoed) => message.bytes(echoed),
            Self::Error { code, text } => message.u32(code.0).bytes(text.as_bytes()),
            Self::Log(text) => message.bytes(text.as_bytes()),
            Self::Reset | Self::PoweringOff | Self::Closed | Self::Security => message,
            Self::Table(status) => message.u8(status.code()),
            Self::OpenMulti(status) => message.u8(status.code()),
            Self::DownloadFlag(status) => message.u8(*status),
        };
        message.0
    }

    /// What a frame of a loader says. Bytes behind a message that has an end are an error: an answer that is longer than
    /// it can be is not the one that was waited for.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(bytes);
        let code = fields.u8().ok_or(Malformed::Empty)?;
        let short = |what| Malformed::Short {
            what,
            length: bytes.len(),
        };
        let reply = match code {
            0x02 => return Greeting::decode(fields, bytes.len()).map(Self::Hello),
            0x04 => {
                let address = fields.u32().ok_or(short("read data"))?;
                let data = fields.rest().to_vec();
                return Ok(Self::ReadData { address, data });
            }
            0x08 => Self::Written {
                address: fields.u32().ok_or(short("block written"))?,
            },
            0x0a => return Ok(Self::Nop(fields.rest().to_vec())),
            0x0c => Self::Reset,
            0x0d => {
                let code = Code(fields.u32().ok_or(short("error"))?);
                let text = text(fields.rest());
                return Ok(Self::Error { code, text });
            }
            0x0e => return Ok(Self::Log(text(fields.rest()))),
            0x12 => Self::PoweringOff,
            0x16 => Self::Closed,
            0x18 => Self::Security,
            0x1a => Self::Table(TableStatus::of(fields.u8().ok_or(short("table status"))?)),
            0x1c => Self::OpenMulti(OpenStatus::of(fields.u8().ok_or(short("open status"))?)),
            0x61 => Self::DownloadFlag(fields.u8().ok_or(short("download flag"))?),
            code => return Err(Malformed::Unknown { code }),
        };
        ended(fields, "reply")?;
        Ok(reply)
    }

    fn code(&self) -> u8 {
        match self {
            Self::Hello(_) => 0x02,
            Self::ReadData { .. } => 0x04,
            Self::Written { .. } => 0x08,
            Self::Nop(_) => 0x0a,
            Self::Reset => 0x0c,
            Self::Error { .. } => 0x0d,
            Self::Log(_) => 0x0e,
            Self::PoweringOff => 0x12,
            Self::Closed => 0x16,
            Self::Security => 0x18,
            Self::Table(_) => 0x1a,
            Self::OpenMulti(_) => 0x1c,
            Self::DownloadFlag(_) => 0x61,
        }
    }
}

impl Greeting {
    fn encode(&self, message: Message) -> Vec<u8> {
        let flash = self.flash.as_bytes();
        let flash = flash.get(..255).unwrap_or(flash);
        let mut message = message
            .bytes(TARGET)
            .u8(self.max_version)
            .u8(self.min_version)
            .u32(self.block)
            // The base address of the flash.
            .u32(0)
            .u8(u8::try_from(flash.len()).unwrap_or(u8::MAX))
            .bytes(flash)
            .u16(self.window)
            .u16(u16::try_from(self.sectors.len()).unwrap_or(u16::MAX));
        for sector in &self.sectors {
            message = message.u32(*sector);
        }
        message.u8(self.features).0
    }

    fn decode(mut fields: Fields<'_>, length: usize) -> Result<Self, Malformed> {
        let short = || Malformed::Short {
            what: "HELLO",
            length,
        };
        if fields.take(TARGET.len()).ok_or_else(short)? != TARGET {
            return Err(Malformed::Magic);
        }
        let max_version = fields.u8().ok_or_else(short)?;
        let min_version = fields.u8().ok_or_else(short)?;
        let block = fields.u32().ok_or_else(short)?;
        let _base = fields.u32().ok_or_else(short)?;
        let named = usize::from(fields.u8().ok_or_else(short)?);
        let flash = text(fields.take(named).ok_or_else(short)?);
        let window = fields.u16().ok_or_else(short)?;
        let count = fields.u16().ok_or_else(short)?;
        let mut sectors = Vec::new();
        for _ in 0..count {
            sectors.push(fields.u32().ok_or_else(short)?);
        }
        // Only the first byte of them means anything (hostdl: `handle_hello`).
        let features = fields.u8().ok_or_else(short)?;
        Ok(Self {
            max_version,
            min_version,
            block,
            flash,
            window,
            sectors,
            features,
        })
    }
}

fn ended(fields: Fields<'_>, what: &'static str) -> Result<(), Malformed> {
    match fields.rest().len() {
        0 => Ok(()),
        extra => Err(Malformed::Long { what, extra }),
    }
}

/// Words of a loader, up to a zero and without the end of their line (hostdl ends each log with one).
fn text(bytes: &[u8]) -> String {
    let words = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(words).trim_end().to_owned()
}
