//! What is on the bus and is not the modem that was meant, or is not ours alone.

use crate::bench::{Bench, PLAN, Said};
use crate::stand::{Lab, Plug, Rule, modem, unit};
use unbrick::plan::Mode;
use unbrick::sim::usb::{corrupt_firmware, foreign_boot_rom};
use unbrick::transport::{SystemClock, usb};

const EDL: (u16, u16) = (0x05c6, 0x9008);

/// A run by a script: nobody answers, no hands.
fn run(more: &[&str]) -> Said {
    let bench = Bench::new();
    let inputs = unit().inputs;
    let mut arguments = vec!["run", PLAN, "--inputs", &inputs];
    arguments.extend(more);
    let said = bench.run(&arguments);
    assert!(!said.stderr.contains("panicked"));
    said
}

pub(crate) fn another_vendors_boot_rom_is_refused_unwritten() {
    let lab = Lab::with(foreign_boot_rom(), Rule::Sink);
    let plug = Plug::new(lab.clone(), 1);
    plug.seen(EDL.0, EDL.1);
    let said = run(&[]);
    assert_eq!(said.code, 20, "{}", said.stderr);
    assert!(
        said.stderr.contains("Nothing was written"),
        "{}",
        said.stderr
    );
    // Questions in two protocols, and no image.
    assert!(lab.taken() < 2048, "{}", lab.taken());
}

pub(crate) fn corrupt_firmware_is_no_known_state() {
    let device = corrupt_firmware();
    let (vid, pid) = (device.vid, device.pid);
    let plug = Plug::new(Lab::with(device, Rule::Sink), 1);
    plug.seen(vid, pid);
    let said = run(&[]);
    assert_eq!(said.code, 13, "{}", said.stderr);
}

pub(crate) fn a_port_that_another_process_holds_is_told() {
    let (function, _modem) = modem(Mode::Edl);
    let plug = Plug::new(function, 1);
    let place = plug.seen(EDL.0, EDL.1).path;
    let _held = usb::open(EDL.0, EDL.1, &place, &SystemClock::start()).unwrap();
    let said = run(&[]);
    assert_eq!(said.code, 13, "{}", said.stderr);
    assert!(said.stderr.contains("another program"), "{}", said.stderr);
}

pub(crate) fn two_modems_and_no_name_are_refused() {
    let (one, _one) = modem(Mode::Edl);
    let (other, _other) = modem(Mode::Edl);
    let first = Plug::new(one, 1);
    first.seen(EDL.0, EDL.1);
    let _second = Plug::new(other, 1);
    crate::stand::patiently("both", || {
        let all = usb::list().unwrap();
        (all.iter()
            .filter(|seen| (seen.vid, seen.pid) == EDL)
            .count()
            == 2)
            .then_some(())
    });
    let said = run(&[]);
    assert_eq!(said.code, 13, "{}", said.stderr);
    assert!(
        said.stderr.contains("more than one modem"),
        "{}",
        said.stderr
    );
}
