//! The host's side of USB/IP, as the kernel speaks it: headers written and read by hand.

use std::io::{Read, Write};

/// What came back for a transfer or an unlink.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// 3 for a transfer, 4 for an unlink.
    pub(super) command: u32,
    pub(super) tag: u32,
    pub(super) status: i32,
    pub(super) moved: usize,
    pub(super) data: Vec<u8>,
}

/// One submit. `endpoint` has 0x80 for IN.
pub(super) fn submit(tag: u32, endpoint: u8, flags: u32, length: u32, setup: [u8; 8]) -> Vec<u8> {
    let input = u32::from(endpoint >> 7);
    let number = u32::from(endpoint & 0x7f);
    let words = [1, tag, 0x0001_0002, input, number, flags, length, 0, 0, 0];
    let mut bytes: Vec<u8> = words
        .iter()
        .flat_map(|word: &u32| word.to_be_bytes())
        .collect();
    bytes.extend(setup);
    bytes
}

pub(super) fn read(tag: u32, endpoint: u8, length: u32) -> Vec<u8> {
    submit(tag, endpoint, 0, length, [0; 8])
}

pub(super) fn write(tag: u32, endpoint: u8, flags: u32, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap();
    let mut bytes = submit(tag, endpoint, flags, length, [0; 8]);
    bytes.extend(data);
    bytes
}

pub(super) fn unlink(tag: u32, victim: u32) -> Vec<u8> {
    let words = [2, tag, 0x0001_0002, 0, 0, victim, 0, 0, 0, 0, 0, 0];
    words
        .iter()
        .flat_map(|word: &u32| word.to_be_bytes())
        .collect()
}

/// A control request, to the device or from it as its kind says.
pub(super) fn control(
    tag: u32,
    kind: u8,
    request: u8,
    value: u16,
    index: u16,
    length: u16,
) -> Vec<u8> {
    let [v0, v1] = value.to_le_bytes();
    let [i0, i1] = index.to_le_bytes();
    let [l0, l1] = length.to_le_bytes();
    let setup = [kind, request, v0, v1, i0, i1, l0, l1];
    submit(tag, kind & 0x80, 0, u32::from(length), setup)
}

/// The next reply; `inputs` tells which tags are reads, for the bytes that follow.
pub(super) fn reply(from: &mut impl Read, is_input: impl Fn(u32) -> bool) -> Reply {
    let mut header = [0; 48];
    from.read_exact(&mut header).unwrap();
    let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    assert_eq!(header[8..20], [0; 12]);
    assert_eq!(header[28..], [0; 20]);
    let (command, tag) = (word(0), word(4));
    let moved = usize::try_from(word(24)).unwrap();
    let has_data = command == 3 && is_input(tag);
    let mut data = vec![0; if has_data { moved } else { 0 }];
    from.read_exact(&mut data).unwrap();
    Reply {
        command,
        tag,
        status: word(20).cast_signed(),
        moved,
        data,
    }
}

/// A host at a socket. Even tags are writes.
pub(super) struct Host<S> {
    pub(super) socket: S,
    tag: u32,
}

impl<S: Read + Write> Host<S> {
    pub(super) fn new(socket: S) -> Self {
        Self { socket, tag: 0 }
    }

    pub(super) fn next_tag(&mut self, input: bool) -> u32 {
        self.tag += 2;
        self.tag + u32::from(input)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    pub(super) fn hear(&mut self) -> Reply {
        reply(&mut self.socket, |tag| tag % 2 == 1)
    }

    /// One control request and its answer; `None` for a stall.
    pub(super) fn control(
        &mut self,
        kind: u8,
        request: u8,
        value: u16,
        index: u16,
        length: u16,
    ) -> Option<Vec<u8>> {
        let tag = self.next_tag(kind & 0x80 != 0);
        self.send(&control(tag, kind, request, value, index, length));
        let reply = self.hear();
        assert_eq!(reply.tag, tag);
        (reply.status == 0).then_some(reply.data)
    }

    /// What a kernel does with a device that arrives; the configuration comes back.
    pub(super) fn enumerate(&mut self) -> (Vec<u8>, Vec<u8>) {
        let device = self.control(0x80, 6, 0x0100, 0, 18).unwrap();
        let head = self.control(0x80, 6, 0x0200, 0, 9).unwrap();
        let total = u16::from_le_bytes([head[2], head[3]]);
        let configuration = self.control(0x80, 6, 0x0200, 0, total).unwrap();
        assert_eq!(configuration.len(), usize::from(total));
        self.control(0x00, 9, 1, 0, 0).unwrap();
        (device, configuration)
    }

    /// One read, which must end.
    pub(super) fn read(&mut self, endpoint: u8, length: u32) -> Vec<u8> {
        let tag = self.next_tag(true);
        self.send(&read(tag, endpoint, length));
        let reply = self.hear();
        assert_eq!((reply.tag, reply.status), (tag, 0));
        reply.data
    }

    /// One write, which must end.
    pub(super) fn write(&mut self, endpoint: u8, data: &[u8]) {
        let tag = self.next_tag(false);
        self.send(&write(tag, endpoint, 0, data));
        let reply = self.hear();
        assert_eq!((reply.tag, reply.status), (tag, 0));
        assert_eq!(reply.moved, data.len());
    }
}
