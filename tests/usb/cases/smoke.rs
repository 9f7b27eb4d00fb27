//! Whether the machine is what the other cases take it for.

use super::{Verdict, tool};
use crate::bench::Bench;
use crate::guest::evidence;
use rusb::UsbContext;

/// Each of Debian's eight controllers of `vhci_hcd` has a high-speed and a super-speed hub.
pub(crate) fn libusb_sees_the_root_hubs() {
    evidence::save("kernel.txt", &std::fs::read("/proc/version").unwrap());
    let context = rusb::Context::new().unwrap();
    let devices = context.devices().unwrap();
    let ids = devices.iter().map(|device| {
        let descriptor = device.device_descriptor().unwrap();
        (descriptor.vendor_id(), descriptor.product_id())
    });
    let mut ids: Vec<(u16, u16)> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids, [(0x1d6b, 2), (0x1d6b, 3)]);
}

pub(crate) fn the_program_starts() {
    let said = Bench::new().run(&["--version"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

pub(crate) fn qdl_starts() -> Verdict {
    starts("qdl")
}

pub(crate) fn qdl_of_backports_starts() -> Verdict {
    starts("qdl-backports")
}

/// Without arguments it prints its usage; a missing library would end it before.
fn starts(piece: &str) -> Verdict {
    tool::with_qdl(piece, |mut qdl| {
        let said = qdl.output().unwrap();
        let text = String::from_utf8_lossy(&said.stderr) + String::from_utf8_lossy(&said.stdout);
        assert!(
            text.contains("<prog.mbn>") || text.contains("sage"),
            "{text}"
        );
    })
}
