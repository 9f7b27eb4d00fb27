//! Bytes that no programmer would say.

use super::*;
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{self, Clock, StandingClock};
use proptest::prelude::*;
use std::sync::Arc;

pub(crate) fn babble(bytes: Vec<u8>, for_ever: bool) -> Port {
    let clock = Arc::new(StandingClock::default());
    let memory = Memory::new(
        Box::new(Babble(bytes, 0, clock.clone(), for_ever)),
        "babble",
    );
    Port::new(Box::new(memory), clock, Interrupt::default())
}

/// Says the same bytes for ever, and time passes only when it has nothing to say.
struct Babble(Vec<u8>, usize, Arc<StandingClock>, bool);

impl FarEnd for Babble {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        if self.1 >= self.0.len() {
            if self.0.is_empty() || !self.3 {
                self.2.sleep(timeout.max(Duration::from_millis(1)));
                return Err(transport::Error::Timeout);
            }
            self.1 = 0;
        }
        let count = buffer.len().min(self.0.len() - self.1);
        buffer[..count].copy_from_slice(&self.0[self.1..self.1 + count]);
        self.1 += count;
        Ok(count)
    }
    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        Ok(bytes.len())
    }
    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_bytes_of_a_modem_make_the_driver_panic_or_run_for_ever(bytes in document(), for_ever in any::<bool>()) {
        let port = babble(bytes, for_ever);
        let deadline = port.within(Duration::from_secs(600));
        if let Ok(mut firehose) = Firehose::start(port, deadline) {
            let _ = firehose.storage(deadline);
            let _ = firehose.erase(small_chip(), range(0, 4), deadline);
            let _ = write(&mut firehose, 0, 4, &[0; 2048]);
            let _ = firehose.read(small_chip(), range(0, 4), &mut std::io::sink(), deadline, &mut |_, _| {});
            let _ = firehose.sha256(small_chip(), range(0, 4), deadline);
            let _ = firehose.reset(deadline);
        }
    }
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "<?xml?><data>",
        "</data>",
        "<log value=\"x\"/>",
        "<response value=\"ACK\"/>",
        "<response value=\"NAK\"/>",
        "<response value=\"ACK\" rawmode=\"true\"/>",
        "MaxPayloadSizeToTargetInBytes=\"0\"",
        "<",
        ">",
        "\"",
        "\0",
        "<response value=\"NAK\" MaxPayloadSizeToTargetInBytes=\"99999999999999999999\"/>",
        "<response value=\"NAK\" MaxPayloadSizeToTargetInBytes=\"1\"/>",
        "{}",
        "supported functions",
        "\u{ff}",
    ]);
    prop_oneof![
        prop::collection::vec(word, 0..20).prop_map(|words| words.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..300),
    ]
}
