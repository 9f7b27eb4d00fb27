//! How fast a package goes onto a chip, over a bus of 40 MB/s with 60 µs per transfer: what share of the bus is used, what
//! is spent beside data and device, how much processor time and memory that takes, and what a second flash costs.
//!
//!     cargo bench --bench flash [size of the package, such as 64M]

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod bus;

use bus::{Account, Bus, Model};
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use unbrick::action::firehose_flash::{self, Options, Report};
use unbrick::action::{Failure, Witness};
use unbrick::driver::firehose::Firehose;
use unbrick::event::{BackupFile, Event, Unit};
use unbrick::files::Root;
use unbrick::firmware::{Chip, Extent, Package};
use unbrick::plan::library;
use unbrick::sim;
use unbrick::transport::{Interrupt, Port, SystemClock};

const MIB: f64 = 1024.0 * 1024.0;

/// The wire of an SDX55 in EDL, and device times of the size that was measured on one (protocols.md §7.1, §11.3).
const MODEL: Model = Model {
    rate: 40_000_000,
    per_transfer: Duration::from_micros(60),
    payload: 8192,
    erase: Duration::from_millis(40),
    finish: Duration::from_millis(5),
    digest: Duration::from_millis(20),
    // Not measured by anybody: a page takes 0.1 ms to read, its command and log two transfers.
    page_digest: Duration::from_micros(500),
    // SHA-256 of 4,096 bytes of 0xFF.
    blank: "f47a8ec3e9aff2318d896942282ad4fe37d6391c82914f54a5da8a37de1300c6",
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let size = size.unwrap_or_else(|| "64M".to_owned());
    let scratch = tempfile::tempdir()?;
    let folder = Root::open(Utf8Path::from_path(scratch.path()).ok_or("no UTF-8")?)?;
    let bench = Bench::new(&folder, &size)?;
    let mut out = std::io::stdout().lock();

    let small = peak_memory();
    for payload in [8192, 16384] {
        let whole = bench.flash(Model { payload, ..MODEL }, false, None)?;
        whole.tell(&mut out, &format!("payload {payload}"), MODEL.rate)?;
        let naive = by_payload(
            Model { payload, ..MODEL },
            whole.account.raw_bytes.min(16 << 20),
        );
        writeln!(
            out,
            "    one payload per write would use {:.1} % of the bus",
            naive * 100.0
        )?;
    }
    let whole = bench.flash(MODEL, false, None)?;
    let again = bench.flash(MODEL, true, Some(1))?;
    again.tell(&mut out, "again, one image differs", MODEL.rate)?;
    let digests = again.account.digesting;
    writeln!(
        out,
        "    {:.1} % of the whole flash, without its {} digests ({:.2} s)",
        (again.wall.saturating_sub(digests)).as_secs_f64() / whole.wall.as_secs_f64() * 100.0,
        again.account.digests,
        digests.as_secs_f64(),
    )?;

    let instant = Model {
        rate: 0,
        erase: Duration::ZERO,
        finish: Duration::ZERO,
        digest: Duration::ZERO,
        page_digest: Duration::ZERO,
        ..MODEL
    };
    let fast = bench.flash(instant, false, None)?;
    let mib = fast.account.raw_bytes as f64 / MIB;
    writeln!(
        out,
        "processor: {:.3} s per 256 MiB (read, hashed, sent; bus without time); {:.3} s to judge them before",
        fast.spent.as_secs_f64() / mib * 256.0,
        fast.judging.as_secs_f64() / mib * 256.0
    )?;
    writeln!(
        out,
        "memory: peak {:.1} MiB, {:.1} MiB before the first flash",
        peak_memory() as f64 / MIB,
        small as f64 / MIB
    )?;
    Ok(())
}

/// A package on disk and the chip that it is for.
struct Bench {
    root: Root,
    chip: Chip,
}

struct Measured {
    wall: Duration,
    /// Processor time of the flash, and of judging the package before it.
    spent: Duration,
    judging: Duration,
    account: Account,
    report: Report,
}

impl Bench {
    fn new(folder: &Root, size: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let problems = |_| "the built-in scenario has problems";
        let (_, scenario) = library::load_scenario("quectel/rm502q-gl/900e").map_err(problems)?;
        let (_, profile) = library::load_profile(&scenario.modem, None).map_err(problems)?;
        let make = scenario
            .makes
            .iter()
            .find(|(name, _)| name.value == "package");
        let make = &make.ok_or("the scenario makes no package")?.1;
        let path = sim::made(folder, make, Some(size), &profile)?;
        let chip = profile.flash_chip(&[]).ok_or("the profile has no chip")?;
        Ok(Self {
            root: Root::open(&path)?,
            chip,
        })
    }

    /// Flashes once; `differing`: how many images are not on the chip yet.
    fn flash(
        &self,
        model: Model,
        skip_same: bool,
        differing: Option<usize>,
    ) -> Result<Measured, Box<dyn std::error::Error>> {
        let idle = processor_time();
        let faults = |faults: Vec<_>| format!("{faults:?}");
        let package = Package::inspect(&self.root, &self.chip, Extent::Update).map_err(faults)?;
        let plain = package
            .programs
            .iter()
            .filter(|p| !p.image.is_ubi() && p.sectors.start().0 != 0);
        let differ: Vec<u64> = plain
            .map(|p| u64::from(p.sectors.start().0))
            .take(differing.unwrap_or(0))
            .collect();
        let digests: BTreeMap<u64, String> = package
            .programs
            .iter()
            .map(|p| {
                (
                    u64::from(p.sectors.start().0),
                    p.image.padded_sha256.clone(),
                )
            })
            .collect();
        let geometry = self.chip.geometry;
        let chip = (geometry.page(), geometry.block(), geometry.blocks());
        let (bus, account) = Bus::new(model, chip, digests, differ);
        let clock = Arc::new(SystemClock::start());
        let port = Port::new(Box::new(bus), clock, Interrupt::default());
        let judged = processor_time();
        let begun = now();
        let deadline = port.within(Duration::from_secs(3600));
        let mut firehose = Firehose::start(port, deadline)?;
        let options = Options {
            verify: None,
            skip_same,
            erase_all: false,
        };
        let report = firehose_flash::flash(
            &mut firehose,
            &mut Silent,
            geometry,
            package,
            options,
            deadline,
        )
        .map_err(|failure| failure.message)?;
        let wall = begun.elapsed();
        let account = account
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Ok(Measured {
            wall,
            spent: processor_time().saturating_sub(judged),
            judging: judged.saturating_sub(idle),
            account,
            report,
        })
    }
}

impl Measured {
    fn tell(&self, out: &mut dyn std::io::Write, what: &str, rate: u64) -> std::io::Result<()> {
        let account = &self.account;
        let data = Duration::from_secs_f64(account.raw_bytes as f64 / rate as f64);
        let beside = self.wall.saturating_sub(data + account.device);
        writeln!(
            out,
            "{what}: {} images, {:.1} MiB in {:.2} s; {:.1} % of the bus while data moves; {:.3} s beside data and device \
             ({:.2} s), {:.3} s for each 12 images; {} transfers, {} erases, {} skipped",
            account.programs,
            account.raw_bytes as f64 / MIB,
            self.wall.as_secs_f64(),
            data.as_secs_f64() / account.raw_time.as_secs_f64() * 100.0,
            beside.as_secs_f64(),
            account.device.as_secs_f64(),
            beside.as_secs_f64() / account.programs.max(1) as f64 * 12.0,
            account.transfers,
            self.report.erased,
            self.report.skipped,
        )
    }
}

/// What share of the bus a host uses that writes one payload at a time, as most tools do.
fn by_payload(model: Model, bytes: u64) -> f64 {
    let writes = bytes / model.payload;
    let data = bytes as f64 / model.rate as f64;
    data / (data + model.per_transfer.as_secs_f64() * writes as f64)
}

/// Nobody watches.
struct Silent;

impl Witness for Silent {
    fn intent(&mut self, _: &str, _: &str, _: Option<&str>) -> Result<(), Failure> {
        Ok(())
    }
    fn done(&mut self, _: &str, _: &str, _: &str) -> Result<(), Failure> {
        Ok(())
    }
    fn failed(&mut self, _: &str, _: &str, _: &str) {}
    fn progress(&mut self, _: &str, _: Unit, _: u64, _: u64) {}
    fn note(&mut self, _: &str) {}
    fn backup(&mut self, _: Vec<BackupFile>, _: BTreeMap<String, u64>) -> Result<(), Failure> {
        Ok(())
    }
    fn event(&mut self, _: Event) {}
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Of all threads of this process, those that ended included.
fn processor_time() -> Duration {
    let status = proc_file("stat");
    // Behind the name in parentheses: fields 14 and 15 of proc(5), in ticks of 10 ms.
    let fields: Vec<&str> = status
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let ticks = |at: usize| -> u64 { fields.get(at).and_then(|t| t.parse().ok()).unwrap_or(0) };
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn peak_memory() -> u64 {
    let status = proc_file("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line
        .and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0);
    kib * 1024
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads what the kernel says of it"
)]
fn proc_file(name: &str) -> String {
    std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default()
}
