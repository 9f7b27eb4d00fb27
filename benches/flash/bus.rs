//! A bus with a rate, a time per transfer and a programmer behind it that answers at once or after a set time.
//!
//! It lives in real time, so that what the host reads and hashes beside a transfer counts as it does on a wire.

use crate::now;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use unbrick::protocol::firehose::{Element, Scanner};
use unbrick::transport::{Error, Transport};

/// What is measured under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    /// Bytes a second; 0 for a bus that takes no time at all.
    pub(crate) rate: u64,
    pub(crate) per_transfer: Duration,
    pub(crate) payload: u64,
    /// Of one erase, of the end of one program, and of one digest.
    pub(crate) erase: Duration,
    pub(crate) finish: Duration,
    pub(crate) digest: Duration,
    /// Of one digest of a single page.
    pub(crate) page_digest: Duration,
    /// What a blank page digests to.
    pub(crate) blank: &'static str,
}

/// What passed over the bus.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) raw_bytes: u64,
    pub(crate) transfers: u64,
    /// Time that the device took by itself.
    pub(crate) device: Duration,
    pub(crate) programs: usize,
    pub(crate) digests: usize,
    /// Device time of the digests, and what passing their commands costs on the bus.
    pub(crate) digesting: Duration,
    /// From the first raw byte of each program to its last.
    pub(crate) raw_time: Duration,
}

pub(crate) type Shared = Arc<Mutex<Account>>;

/// The host's end of the bus.
pub(crate) struct Bus {
    model: Model,
    account: Shared,
    scanner: Scanner,
    /// Raw bytes that are still to come, and when the first of them came.
    raw: Option<(u64, Option<Instant>)>,
    out: VecDeque<(Instant, Vec<u8>)>,
    /// The programmer's digests, by first sector.
    digests: BTreeMap<u64, String>,
    /// First sectors of ranges that hold something else until they are written.
    differ: Vec<u64>,
    chip: (u32, u32, u32),
}

impl Bus {
    pub(crate) fn new(
        model: Model,
        chip: (u32, u32, u32),
        digests: BTreeMap<u64, String>,
        differ: Vec<u64>,
    ) -> (Self, Shared) {
        let account = Shared::default();
        let mut bus = Self {
            model,
            account: account.clone(),
            scanner: Scanner::default(),
            raw: None,
            out: VecDeque::new(),
            digests,
            differ,
            chip,
        };
        for log in [
            "INFO: Supported Functions (5):",
            "INFO: program",
            "INFO: erase",
            "INFO: getsha256digest",
            "INFO: End of supported functions 5",
        ] {
            bus.log(log);
        }
        (bus, account)
    }

    fn counted(&self, count: impl FnOnce(&mut Account)) {
        count(&mut self.account.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn say(&mut self, after: Duration, text: &str) {
        let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\" ?><data>{text}</data>");
        self.counted(|account| account.device += after);
        self.out.push_back((now() + after, document.into_bytes()));
    }

    fn log(&mut self, text: &str) {
        self.say(Duration::ZERO, &format!("<log value=\"{text}\" />"));
    }

    fn acknowledge(&mut self, after: Duration) {
        self.say(after, "<response value=\"ACK\" rawmode=\"false\" />");
    }

    fn hear(&mut self, element: &Element) {
        let number = |name: &str| -> u64 {
            let text = element.attribute(name);
            text.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        match element.name.as_str() {
            "configure" => {
                let word = if number("MaxPayloadSizeToTargetInBytes") > self.model.payload {
                    "NAK"
                } else {
                    "ACK"
                };
                let size = self.model.payload;
                self.say(
                    Duration::ZERO,
                    &format!(
                        "<response value=\"{word}\" MaxPayloadSizeToTargetInBytes=\"{size}\" />"
                    ),
                );
            }
            "getstorageinfo" => {
                let (page, block, blocks) = self.chip;
                self.log(&format!("INFO: {{&quot;storage_info&quot;: {{&quot;total_blocks&quot;:{blocks}, &quot;block_size&quot;:{block}, &quot;page_size&quot;:{page}}}}}"));
                self.acknowledge(Duration::ZERO);
            }
            "erase" => self.acknowledge(self.model.erase),
            "program" => {
                let bytes = number("num_partition_sectors") * number("SECTOR_SIZE_IN_BYTES");
                self.raw = Some((bytes, None));
                let start = number("start_sector");
                self.differ.retain(|differs| *differs != start);
                self.counted(|account| account.programs += 1);
                self.say(
                    Duration::ZERO,
                    "<response value=\"ACK\" rawmode=\"true\" />",
                );
            }
            "getsha256digest" => {
                let start = number("start_sector");
                let is_page = number("num_partition_sectors") == 1;
                let (known, time) = if is_page {
                    (Some(self.model.blank.to_owned()), self.model.page_digest)
                } else {
                    let known = self.digests.get(&start);
                    let same = known.filter(|_| !self.differ.contains(&start));
                    (same.cloned(), self.model.digest)
                };
                self.counted(|account| {
                    account.digests += 1;
                    account.digesting += time + self.model.per_transfer * 3;
                });
                self.log(&format!(
                    "Digest {}",
                    known.unwrap_or_else(|| "0".repeat(64))
                ));
                self.acknowledge(time);
            }
            _ => self.acknowledge(Duration::ZERO),
        }
    }

    /// The bus is taken for as long as these bytes need.
    fn pass(&self, bytes: usize) {
        if self.model.rate == 0 {
            return;
        }
        let time = Duration::from_secs_f64(bytes as f64 / self.model.rate as f64);
        wait_until(now() + self.model.per_transfer + time);
    }
}

impl Transport for Bus {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        // libusb's shortest wait (src/transport/usb.rs).
        let until = now() + timeout.max(Duration::from_millis(1));
        match self.out.pop_front() {
            Some((due, mut bytes)) if due <= until => {
                wait_until(due);
                let rest = bytes.split_off(bytes.len().min(buffer.len()));
                for (to, from) in buffer.iter_mut().zip(&bytes) {
                    *to = *from;
                }
                if !rest.is_empty() {
                    self.out.push_front((due, rest));
                }
                self.pass(bytes.len());
                Ok(bytes.len())
            }
            other => {
                self.out.extend(other);
                wait_until(until);
                Err(Error::Timeout)
            }
        }
    }

    fn write(&mut self, bytes: &[u8], _timeout: Duration) -> Result<usize, Error> {
        let begun = now();
        self.pass(bytes.len());
        if let Some((left, first)) = self.raw.take() {
            let first = first.unwrap_or(begun);
            let left = left.saturating_sub(bytes.len() as u64);
            self.counted(|account| {
                account.raw_bytes += bytes.len() as u64;
                account.transfers += 1;
            });
            if left > 0 {
                self.raw = Some((left, Some(first)));
            } else {
                self.counted(|account| account.raw_time += now() - first);
                self.acknowledge(self.model.finish);
            }
            return Ok(bytes.len());
        }
        self.scanner.push(bytes);
        while let Some(element) = self.scanner.next_element() {
            self.hear(&element);
        }
        Ok(bytes.len())
    }

    fn name(&self) -> String {
        "a bus with a rate".to_owned()
    }
}

/// Sleeps, and watches the clock for the last part: a sleep alone is late by more than a transfer takes.
#[expect(clippy::disallowed_methods, reason = "a benchmark lives in real time")]
fn wait_until(due: Instant) {
    const LATE: Duration = Duration::from_micros(300);
    let left = due.saturating_duration_since(now());
    if left > LATE {
        std::thread::sleep(left.saturating_sub(LATE));
    }
    while now() < due {
        std::hint::spin_loop();
    }
}
