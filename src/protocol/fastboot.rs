//! fastboot: one command in one packet, one or more replies of one packet each, and raw data between the two.
//!
//! AOSP `platform/system/core:fastboot/README.md` describes the protocol; `LK` is the boot loader of `MDM9x07` modems as
//! `Biktorgj/quectel_lk` has it (`app/aboot/fastboot.c`, `app/aboot/aboot.c`).
//!
//! Nothing in a reply says where it ends: the packet does. Over a stream of bytes two replies cannot be told apart,
//! so fastboot is spoken over USB, and with the simulated modem, and over no other port.

use std::fmt;

/// Most bytes of a command: 64 in the protocol's documentation and in LK (`MAX_RSP_SIZE` is the size of its read), 4096
/// in later versions of the former.
pub const MAX_COMMAND: usize = 64;
/// Most bytes of a reply: 64 in version 0.4, 256 in the present documentation.
pub const MAX_REPLY: usize = 256;
/// What LK sends at most: it prints into 64 bytes, of which the last is a zero that is not sent.
pub const MAX_REPLY_OF_LK: usize = 63;

/// What the host says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Asks for a variable.
    Getvar(String),
    /// Announces so many bytes, which follow once the modem has answered with [`Reply::Data`].
    Download(u32),
    /// Writes what was downloaded into a partition.
    Flash(String),
    Erase(String),
    Reboot,
    RebootBootloader,
    Continue,
}

/// Why a command cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("`{0}` is no name: only printable ASCII without spaces is")]
    Name(String),
    #[error("`{command}` is longer than a command of fastboot may be, {MAX_COMMAND} bytes")]
    TooLong { command: String },
}

impl Command {
    /// The bytes of the packet, without a zero behind them.
    pub fn encode(&self) -> Result<Vec<u8>, CommandError> {
        if let Self::Getvar(name) | Self::Flash(name) | Self::Erase(name) = self
            && !is_name(name)
        {
            return Err(CommandError::Name(name.escape_debug().to_string()));
        }
        let command = self.to_string();
        if command.len() > MAX_COMMAND {
            return Err(CommandError::TooLong { command });
        }
        Ok(command.into_bytes())
    }

    /// What a packet of the host says; `None` for what is no command of this list.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(packet).ok()?;
        let named = |prefix| text.strip_prefix(prefix).filter(|name| is_name(name));
        let owned = str::to_owned;
        match text {
            "reboot" => Some(Self::Reboot),
            "reboot-bootloader" => Some(Self::RebootBootloader),
            "continue" => Some(Self::Continue),
            _ if text.len() > MAX_COMMAND => None,
            _ => named("getvar:")
                .map(|name| Self::Getvar(owned(name)))
                .or_else(|| named("flash:").map(|name| Self::Flash(owned(name))))
                .or_else(|| named("erase:").map(|name| Self::Erase(owned(name))))
                .or_else(|| Some(Self::Download(size(text.strip_prefix("download:")?)?))),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Getvar(name) => write!(f, "getvar:{name}"),
            Self::Download(bytes) => write!(f, "download:{bytes:08x}"),
            Self::Flash(part) => write!(f, "flash:{part}"),
            Self::Erase(part) => write!(f, "erase:{part}"),
            Self::Reboot => f.write_str("reboot"),
            Self::RebootBootloader => f.write_str("reboot-bootloader"),
            Self::Continue => f.write_str("continue"),
        }
    }
}

/// What the modem says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done; a variable's value follows.
    Okay(String),
    /// Not done, and why.
    Fail(String),
    /// Ready for so many bytes.
    Data(u32),
    /// A line for people; another reply follows.
    Info(String),
    /// As [`Self::Info`], without a line of its own.
    Text(String),
}

/// Why a packet is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadReply {
    #[error("a packet without a word")]
    Short,
    #[error("a packet longer than a reply may be, {MAX_REPLY} bytes")]
    TooLong,
    #[error("a packet that begins with none of OKAY, FAIL, DATA, INFO and TEXT")]
    Word,
    #[error("a DATA whose size is not eight hex digits")]
    Size,
}

impl Reply {
    /// What a packet of the modem says. What follows a zero is none of it, as in the documentation's own client.
    pub fn parse(packet: &[u8]) -> Result<Self, BadReply> {
        if packet.len() > MAX_REPLY {
            return Err(BadReply::TooLong);
        }
        let (word, rest) = packet.split_at_checked(4).ok_or(BadReply::Short)?;
        let rest = rest.split(|byte| *byte == 0).next().unwrap_or(rest);
        let text = String::from_utf8_lossy(rest).into_owned();
        match word {
            b"OKAY" => Ok(Self::Okay(text)),
            b"FAIL" => Ok(Self::Fail(text)),
            b"INFO" => Ok(Self::Info(text)),
            b"TEXT" => Ok(Self::Text(text)),
            b"DATA" => size(&text).map(Self::Data).ok_or(BadReply::Size),
            _ => Err(BadReply::Word),
        }
    }

    /// The bytes of the packet, cut after `most` as LK does.
    pub fn encode(&self, most: usize) -> Vec<u8> {
        let mut packet = match self {
            Self::Okay(text) => format!("OKAY{text}"),
            Self::Fail(text) => format!("FAIL{text}"),
            Self::Info(text) => format!("INFO{text}"),
            Self::Text(text) => format!("TEXT{text}"),
            Self::Data(bytes) => format!("DATA{bytes:08x}"),
        }
        .into_bytes();
        packet.truncate(most);
        packet
    }
}

/// Reads the value of a variable that is a number: `0x` and hex, or decimal. LK begins `max-download-size` with a
/// tabulator.
pub fn number(value: &str) -> Option<u64> {
    let value = value.trim();
    let hex = value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"));
    let (digits, radix) = hex.map_or((value, 10), |hex| (hex, 16));
    let right = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    right.then(|| u64::from_str_radix(digits, radix).ok())?
}

/// Exactly eight hex digits.
fn size(text: &str) -> Option<u32> {
    let right = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| u32::from_str_radix(text, 16).ok())?
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// AOSP `platform/system/core:fastboot/README.md`, "Example Session".
    #[test]
    fn the_documented_session_is_read_and_said() {
        let commands = [
            ("getvar:version", Command::Getvar("version".into())),
            ("getvar:nonexistant", Command::Getvar("nonexistant".into())),
            ("download:00001234", Command::Download(0x1234)),
            ("flash:bootloader", Command::Flash("bootloader".into())),
        ];
        for (text, command) in commands {
            assert_eq!(command.encode().unwrap(), text.as_bytes());
            assert_eq!(Command::parse(text.as_bytes()), Some(command));
        }
        let replies = [
            ("OKAY0.4", Reply::Okay("0.4".into())),
            (
                "FAILUnknown variable",
                Reply::Fail("Unknown variable".into()),
            ),
            ("DATA00001234", Reply::Data(0x1234)),
            ("OKAY", Reply::Okay(String::new())),
            ("INFOerasing flash", Reply::Info("erasing flash".into())),
            ("INFOwriting flash", Reply::Info("writing flash".into())),
            ("FAILunknown command", Reply::Fail("unknown command".into())),
        ];
        for (text, reply) in replies {
            assert_eq!(Reply::parse(text.as_bytes()).as_ref(), Ok(&reply));
            assert_eq!(reply.encode(MAX_REPLY), text.as_bytes());
        }
        // The session ends with a command that nobody here sends.
        assert_eq!(Command::parse(b"powerdown"), None);
    }

    /// What fwupd recorded on a real phone (`plugins/fastboot/tests/fastboot-google-sargo-setup.json`; its serial
    /// number left out).
    #[test]
    fn a_recorded_conversation_is_read_and_said() {
        let recorded: [(&[u8], &str, &[u8], &str); 3] = [
            (b"getvar:product", "product", b"OKAYsargo", "sargo"),
            (
                b"getvar:version-bootloader",
                "version-bootloader",
                b"OKAYb4s4-0.4-8048689",
                "b4s4-0.4-8048689",
            ),
            (b"getvar:secure", "secure", b"OKAYyes", "yes"),
        ];
        for (sent, name, came, value) in recorded {
            assert_eq!(Command::Getvar(name.into()).encode().unwrap(), sent);
            assert_eq!(Reply::parse(came), Ok(Reply::Okay(value.into())));
        }
    }

    #[test]
    fn a_size_is_eight_hex_digits_and_nothing_else() {
        for bad in [
            "",
            "1234",
            "+0001234",
            "0x001234",
            "00001234a",
            "0000123g",
            "  001234",
        ] {
            let packet = format!("DATA{bad}");
            assert_eq!(
                Reply::parse(packet.as_bytes()),
                Err(BadReply::Size),
                "{bad}"
            );
            let packet = format!("download:{bad}");
            assert_eq!(Command::parse(packet.as_bytes()), None, "{bad}");
        }
        assert_eq!(Reply::parse(b"DATAFFFFffff"), Ok(Reply::Data(u32::MAX)));
        assert_eq!(Reply::parse(b"DATA00000010\0"), Ok(Reply::Data(16)));
    }

    #[test]
    fn what_is_no_reply_is_told_apart() {
        let long = [b"INFO".as_slice(), &[b'x'; 253]].concat();
        let table: [(&[u8], BadReply); 7] = [
            (b"", BadReply::Short),
            (b"OKA", BadReply::Short),
            (b"okay", BadReply::Word),
            (b"\0OKAY", BadReply::Word),
            (b"<?xml version", BadReply::Word),
            (&long, BadReply::TooLong),
            (b"DATA\x00\x00\x12\x34", BadReply::Size),
        ];
        for (packet, bad) in table {
            assert_eq!(Reply::parse(packet), Err(bad), "{packet:?}");
        }
        assert!(Reply::parse(&long[..256]).is_ok());
    }

    #[test]
    fn a_command_is_short_and_a_name_is_printable() {
        let longest = Command::Flash("x".repeat(58));
        assert_eq!(longest.encode().unwrap().len(), MAX_COMMAND);
        let longer = Command::Flash("x".repeat(59));
        assert!(matches!(longer.encode(), Err(CommandError::TooLong { .. })));
        for bad in ["", "a b", "boot\n", "boot\0", "bööt"] {
            let named = [Command::Flash, Command::Erase, Command::Getvar];
            for command in named.map(|command| command(bad.to_owned())) {
                assert!(matches!(command.encode(), Err(CommandError::Name(_))));
                assert_eq!(Command::parse(command.to_string().as_bytes()), None);
            }
        }
    }

    #[test]
    fn a_number_is_hex_or_decimal() {
        // LK prints "\t0x%x".
        assert_eq!(number("\t0x8000000"), Some(0x0800_0000));
        assert_eq!(number("268435456"), Some(0x1000_0000));
        for bad in [
            "",
            "0x",
            "-1",
            "+1",
            "0x+1",
            "1 MiB",
            "99999999999999999999",
        ] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_command_is_read_as_it_was_said(name in "[!-~]{1,50}", bytes: u32, which in 0..7usize) {
            let commands = [
                Command::Getvar(name.clone()),
                Command::Flash(name.clone()),
                Command::Erase(name),
                Command::Download(bytes),
                Command::Reboot,
                Command::RebootBootloader,
                Command::Continue,
            ];
            let packet = commands[which].encode().unwrap();
            prop_assert_eq!(Command::parse(&packet), Some(commands[which].clone()));
        }

        #[test]
        fn every_reply_is_read_as_it_was_said(text in "[ -~]{0,252}", bytes: u32, which in 0..5usize) {
            let replies = [
                Reply::Okay(text.clone()),
                Reply::Fail(text.clone()),
                Reply::Info(text.clone()),
                Reply::Text(text),
                Reply::Data(bytes),
            ];
            let packet = replies[which].encode(MAX_REPLY);
            prop_assert_eq!(Reply::parse(&packet), Ok(replies[which].clone()));
            prop_assert!(replies[which].encode(MAX_REPLY_OF_LK).len() <= 63);
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(reply) = Reply::parse(&bytes) {
                let again = Reply::parse(&reply.encode(usize::MAX));
                // What was no text has become longer by the marks that stand for it.
                prop_assert!(again == Ok(reply) || again == Err(BadReply::TooLong));
            }
            if let Some(command) = Command::parse(&bytes) {
                prop_assert_eq!(Command::parse(&command.encode().unwrap()), Some(command));
            }
            let _ = number(&String::from_utf8_lossy(&bytes));
        }
    }
}
