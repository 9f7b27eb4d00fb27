//! Two runs on one modem: the second is refused before it opens anything, and a lock goes with its process.

use crate::bench::PLAN;
use crate::ptys::{GROUND, Lab};
use rustix::process::Signal;

#[test]
fn a_second_run_on_the_same_modem_is_refused_until_the_first_is_gone() {
    let lab = Lab::new();
    let digest = lab.digest();
    let run = lab.arguments(&["run", PLAN], &["--approve", &digest]);
    let mut first = lab.in_terminal(&run);
    first.hear(GROUND);
    let (name, _) = lab.listed();
    let before = lab.record().len();
    // By whatever name the port is called.
    let dry = lab.arguments(&["dry-run", PLAN], &[]);
    let tty = lab.bench.path("modem/edl").canonicalize().unwrap();
    let by_tty = format!("edl={}", tty.to_str().unwrap());
    let inputs = lab.bench.text("inputs");
    let by_tty = vec!["run", PLAN, "--inputs", &inputs, "--port", &by_tty];
    for second in [&run, &dry, &by_tty] {
        let said = lab.bench.run(second);
        assert_eq!(said.code, 14, "{}", said.stderr);
        for part in ["host::in-use", &name, "unbrick-900e", "process", "since"] {
            assert!(said.stderr.contains(part), "no `{part}` in {}", said.stderr);
        }
    }
    assert_eq!(lab.record().len(), before, "the modem was sent something");
    let (_, listed) = lab.listed();
    assert_eq!(listed.lines().count(), 1, "{listed}");
    first.signal(Signal::KILL);
    drop(first);
    let mut second = lab.in_terminal(&run);
    second.hear(": quectel/rm502q-gl/unbrick-900e");
}
