//! The bytes of the partition that is open: some writes under way at a time, each answered with its own address.

use super::{Dload, Error, patience};
use crate::protocol::dload::{MAX_DATA, Reply, Request};
use crate::transport::Deadline;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::time::Duration;

/// Most writes under way. A loader of HOSTDL says that it takes a hundred (hostdl: `NUMBER_OF_PACKETS`); few are enough to
/// hide the way there and back, and what comes behind one that is refused is written into a hole.
const WINDOW: u16 = 8;
/// For the answers of writes that were under way when one failed.
const REST: Duration = Duration::from_secs(3);
/// Once a write is on its way only the loader's own silence ends it: a plan's timeout that cut it short would leave the
/// loader out of step. Whoever calls looks at the plan's time between two partitions.
const WHOLE: Duration = Duration::from_secs(3600);
const COMMAND: &str = "write";

impl Dload {
    /// Writes a reader into the partition that is open; returns how many bytes it gave.
    pub fn write(
        &mut self,
        reader: &mut dyn Read,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, Error> {
        let whole = self.line.within(WHOLE);
        let mut writing = Writing {
            window: usize::from(self.greeting.window.clamp(1, WINDOW)),
            under_way: VecDeque::new(),
            address: 0,
        };
        let block = usize::try_from(self.greeting.block).unwrap_or(MAX_DATA);
        let mut buffer = vec![0; block.clamp(1, MAX_DATA)];
        self.line.clear(COMMAND)?;
        loop {
            let count = match fill(reader, &mut buffer) {
                Ok(count) => count,
                Err(reason) => {
                    // What is on its way is answered first, so that the next command is understood.
                    writing.settle(self, 0, whole)?;
                    return Err(Error::File { reason });
                }
            };
            let Some(data) = buffer.get(..count).filter(|data| !data.is_empty()) else {
                writing.settle(self, 0, whole)?;
                return Ok(u64::from(writing.address));
            };
            let room = writing.window - 1;
            writing.settle(self, room, whole)?;
            writing.send(self, data, whole)?;
            progress(u64::from(writing.address));
        }
    }
}

struct Writing {
    window: usize,
    /// Addresses without an answer, the oldest first.
    under_way: VecDeque<u32>,
    /// Of the next byte.
    address: u32,
}

impl Writing {
    fn send(&mut self, loader: &mut Dload, data: &[u8], whole: Deadline) -> Result<(), Error> {
        let length = u32::try_from(data.len()).map_err(|_| Error::TooLong)?;
        let next = self.address.checked_add(length).ok_or(Error::TooLong)?;
        let request = Request::StreamWrite {
            address: self.address,
            data: data.to_vec(),
        };
        loader.line.send(COMMAND, &request, whole)?;
        self.under_way.push_back(self.address);
        self.address = next;
        Ok(())
    }

    /// Takes answers until no more than so many writes are under way.
    fn settle(&mut self, loader: &mut Dload, left: usize, whole: Deadline) -> Result<(), Error> {
        while self.under_way.len() > left {
            match loader.line.answer(COMMAND, patience::ANSWER, whole) {
                Ok(Reply::Written { address }) if self.under_way.front() == Some(&address) => {
                    self.under_way.pop_front();
                }
                Ok(Reply::Written { .. }) => {
                    return Err(Error::unexpected(COMMAND, "the address of another write"));
                }
                Ok(_) => return Err(Error::unexpected(COMMAND, "another answer")),
                Err(error) => return Err(self.refused(loader, error)),
            }
        }
        Ok(())
    }

    /// A refusal answers one write; the conversation is in step once the others have theirs.
    fn refused(&mut self, loader: &mut Dload, error: Error) -> Error {
        let Error::Refused {
            command,
            code,
            words,
            ..
        } = error
        else {
            return error;
        };
        self.under_way.pop_front();
        let until = loader.line.within(REST);
        let answered = (0..self.under_way.len()).all(|_| {
            let answer = loader.line.answer(COMMAND, REST, until);
            matches!(
                answer,
                Ok(Reply::Written { .. }) | Err(Error::Refused { .. })
            )
        });
        Error::Refused {
            command,
            code,
            words,
            in_step: answered,
        }
    }
}

/// Fills the buffer as far as the reader goes.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
