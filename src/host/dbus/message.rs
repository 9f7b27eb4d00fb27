//! Messages of D-Bus as bytes; pure.

/// Longest message that is read. The calls made here have answers of a few hundred bytes.
const MAX_MESSAGE: usize = 1 << 20;
/// The fixed part of a header, with the length of its fields.
const FIXED: usize = 16;
const METHOD_CALL: u8 = 1;
/// Kinds of answers (D-Bus Specification, "Message Format").
pub(super) const METHOD_RETURN: u8 = 2;
pub(super) const ERROR: u8 = 3;
/// Never start a service for a call: asking whether ModemManager is there must not start it.
const NO_AUTO_START: u8 = 2;

/// One argument of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Argument<'a> {
    Text(&'a str),
    Flag(bool),
}

/// A call of a method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) destination: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) member: &'a str,
    pub(crate) arguments: &'a [Argument<'a>],
}

impl Call<'_> {
    /// Little-endian, as the first byte says.
    pub(super) fn bytes(&self, serial: u32) -> Vec<u8> {
        let mut signature = String::new();
        let mut body = Vec::new();
        for argument in self.arguments {
            match argument {
                Argument::Text(text) => {
                    signature.push('s');
                    push_text(&mut body, text);
                }
                Argument::Flag(flag) => {
                    signature.push('b');
                    push_u32(&mut body, u32::from(*flag));
                }
            }
        }
        let mut fields = Vec::new();
        for (code, kind, text) in [
            (1, b'o', self.path),
            (2, b's', self.interface),
            (3, b's', self.member),
            (6, b's', self.destination),
        ] {
            align(&mut fields, 8);
            fields.extend([code, 1, kind, 0]);
            push_text(&mut fields, text);
        }
        if !signature.is_empty() {
            align(&mut fields, 8);
            fields.extend([8, 1, b'g', 0, small(signature.len())]);
            fields.extend(signature.bytes());
            fields.push(0);
        }
        let mut bytes = vec![b'l', METHOD_CALL, NO_AUTO_START, 1];
        push_u32(&mut bytes, length(body.len()));
        push_u32(&mut bytes, serial);
        push_u32(&mut bytes, length(fields.len()));
        bytes.extend(fields);
        align(&mut bytes, 8);
        bytes.extend(body);
        bytes
    }
}

/// What came from the bus, as far as it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) reply_to: Option<u32>,
    pub(super) error: Option<String>,
    /// The first value of the body, where it is a text.
    pub(super) text: Option<String>,
}

/// What the bus sent is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The first message of what was read, and its length; `None` while more must be read.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Message, usize)>, Malformed> {
    if bytes.len() < FIXED {
        return Ok(None);
    }
    let big = match bytes[0] {
        b'l' => false,
        b'B' => true,
        _ => return Err(Malformed),
    };
    let fixed = Reader { bytes, at: 0, big };
    let body = fixed.peek(4)? as usize;
    let fields_end = FIXED.saturating_add(fixed.peek(12)? as usize);
    let body_at = fields_end.saturating_add(7) / 8 * 8;
    let end = body_at.saturating_add(body);
    if end > MAX_MESSAGE {
        return Err(Malformed);
    }
    if bytes.len() < end {
        return Ok(None);
    }
    let mut message = Message {
        kind: bytes[1],
        ..Message::default()
    };
    let mut fields = Reader {
        bytes: &bytes[..fields_end],
        at: FIXED,
        big,
    };
    let mut signature = String::new();
    while fields.at < fields_end {
        fields.align(8);
        let code = fields.byte()?;
        match fields.signature()?.as_str() {
            "s" | "o" => {
                let text = fields.text()?;
                if code == 4 {
                    message.error = Some(text);
                }
            }
            "g" => {
                let text = fields.signature()?;
                if code == 8 {
                    signature = text;
                }
            }
            "u" => {
                let number = fields.number()?;
                if code == 5 {
                    message.reply_to = Some(number);
                }
            }
            // No other field is defined, and its length would not be known.
            _ => return Err(Malformed),
        }
    }
    if signature.starts_with('s') {
        let mut body = Reader {
            bytes: &bytes[..end],
            at: body_at,
            big,
        };
        message.text = Some(body.text()?);
    }
    Ok(Some((message, end)))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    big: bool,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], Malformed> {
        let end = self.at.checked_add(count).ok_or(Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn align(&mut self, to: usize) {
        self.at = self.at.div_ceil(to) * to;
    }

    fn peek(&self, at: usize) -> Result<u32, Malformed> {
        let four = self.bytes.get(at..at.saturating_add(4)).ok_or(Malformed)?;
        let four = <[u8; 4]>::try_from(four).map_err(|_| Malformed)?;
        Ok(if self.big {
            u32::from_be_bytes(four)
        } else {
            u32::from_le_bytes(four)
        })
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        self.align(4);
        let number = self.peek(self.at)?;
        self.at += 4;
        Ok(number)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = self.number()? as usize;
        self.string(length)
    }

    fn signature(&mut self) -> Result<String, Malformed> {
        let length = self.byte()?.into();
        self.string(length)
    }

    fn string(&mut self, length: usize) -> Result<String, Malformed> {
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        // Both kinds end with a zero.
        self.take(1)?;
        Ok(text)
    }
}

fn align(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().div_ceil(to) * to, 0);
}

fn push_u32(bytes: &mut Vec<u8>, number: u32) {
    align(bytes, 4);
    bytes.extend(number.to_le_bytes());
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    push_u32(bytes, length(text.len()));
    bytes.extend(text.bytes());
    bytes.push(0);
}

/// What is sent from here is short.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn small(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An answer as the specification lays it out, by hand: error `a.b` to serial 7, body `no`.
    const REFUSAL: &[u8] = b"l\x03\x01\x01\x07\0\0\0\x09\0\0\0\x1f\0\0\0\
        \x05\x01u\0\x07\0\0\0\
        \x04\x01s\0\x03\0\0\0a.b\0\0\0\0\0\
        \x08\x01g\0\x01s\0\0\
        \x02\0\0\0no\0";

    #[test]
    fn an_error_is_read_with_its_name_and_text() {
        let (message, length) = parse(REFUSAL).unwrap().unwrap();
        assert_eq!(length, REFUSAL.len());
        assert_eq!(message.kind, ERROR);
        assert_eq!(message.reply_to, Some(7));
        assert_eq!(message.error.as_deref(), Some("a.b"));
        assert_eq!(message.text.as_deref(), Some("no"));
    }

    #[test]
    fn part_of_a_message_is_waited_for() {
        for end in 0..REFUSAL.len() {
            assert_eq!(parse(&REFUSAL[..end]), Ok(None), "{end}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_bus_sends_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_changed_byte_is_read_or_refused(at in 0..REFUSAL.len(), byte in any::<u8>()) {
            let mut bytes = REFUSAL.to_vec();
            bytes[at] = byte;
            let _ = parse(&bytes);
        }
    }
}
