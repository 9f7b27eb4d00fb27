//! What the story needs on disk: a scenario whose hands and boots are quick, a small package, calibration, inputs.

use crate::bench::Bench;

/// Paths of files in the bench's folder.
pub(crate) struct Unit {
    pub(crate) scenario: String,
    /// A file with an input per line.
    pub(crate) inputs: String,
}

impl Unit {
    pub(crate) fn make(bench: &Bench) -> Self {
        let shipped = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");
        let quick = shipped
            .replace("after: 20s", "after: 200ms")
            .replace("after: 15s", "after: 200ms")
            .replace(
                "calibration: missing",
                "calibration: missing\nboot_time: 1s",
            );
        let scenario = bench.write("quick.yaml", &quick);
        let (package, xqcn) = (bench.text("package"), bench.text("unit.xqcn"));
        let made = bench.run(&["sim", &scenario, "--package", &package, "--size", "2M"]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        let made = bench.run(&["sim", &scenario, "--xqcn", &xqcn]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        let inputs = bench.write(
            "inputs",
            &format!(
                "unit=bench-1\npackage={package}\npackage_fw=RM502QGLAAR11A02M4G_01.200.01.200\n\
                 label_model=RM502QGLAA-M20-CASA\nlabel_imei=490154203237518\nxqcn={xqcn}\n"
            ),
        );
        Self { scenario, inputs }
    }
}
