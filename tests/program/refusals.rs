//! Refusals are real: the right exit code and rule, and not one destructive command in the modem's own record.

use crate::bench::{Bench, DESTRUCTIVE, SCENARIO, of_kind};

/// A scenario whose made inputs differ from the shipped one's.
fn scenario(bench: &Bench, from: &str, to: &str) -> String {
    let shipped = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");
    assert!(shipped.contains(from), "the scenario has changed: {from}");
    bench.write("scenarios/other.yaml", &shipped.replace(from, to))
}

fn refused(bench: &Bench, scenario: &str, more: &[&str], rule: &str) {
    let (said, record) = bench.story(scenario, more);
    assert_eq!(said.code, 11, "{}", said.stderr);
    assert!(
        said.stderr.contains(rule),
        "{rule} is not in: {}",
        said.stderr
    );
    assert!(said.stderr.contains("source"), "{}", said.stderr);
    let destructive = of_kind(&record, &DESTRUCTIVE);
    assert!(destructive.is_empty(), "{destructive:?}");
}

#[test]
fn going_back_from_r13_to_r11_is_refused() {
    let bench = Bench::new();
    let installed = "installed_fw=RM502QGLAAR13A03M4G_01.200.01.200";
    refused(&bench, SCENARIO, &["--input", installed], "rollback::");
}

#[test]
fn going_back_behind_a_200_build_is_refused() {
    let bench = Bench::new();
    let more = ["--input", "installed_fw=RM502QGLAAR11A03M4G_01.200.01.200"];
    refused(&bench, SCENARIO, &more, "rollback::");
}

#[test]
fn a_package_of_another_hardware_key_is_refused() {
    let bench = Bench::new();
    let other = scenario(
        &bench,
        "firmware: RM502QGLAAR11A02M4G_01.200.01.200",
        "firmware: RM520NGLAAR11A02M4G_01.200.01.200",
    );
    let fw = "package_fw=RM520NGLAAR11A02M4G_01.200.01.200";
    refused(&bench, &other, &["--input", fw], "hardware");
}

#[test]
fn a_package_with_a_wrong_md5_is_refused() {
    let bench = Bench::new();
    let from = "{ package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200 } }";
    let to = "{ package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200, broken: wrong-md5 } }";
    let other = scenario(&bench, from, to);
    refused(&bench, &other, &[], "md5");
}

#[test]
fn a_package_without_one_of_its_images_is_refused() {
    let bench = Bench::new();
    let from = "{ package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200 } }";
    let to = "{ package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200, broken: missing-image } }";
    let other = scenario(&bench, from, to);
    refused(&bench, &other, &[], "missing");
}

#[test]
fn a_package_that_erases_the_calibration_is_refused() {
    let bench = Bench::new();
    let from = "{ package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200 } }";
    let to =
        "{ package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200, broken: erases-calibration } }";
    let other = scenario(&bench, from, to);
    refused(&bench, &other, &[], "efs2");
}

#[test]
fn the_calibration_of_another_unit_is_refused() {
    let bench = Bench::new();
    let other = scenario(
        &bench,
        "{ xqcn: { imei: \"490154203237518\" } }",
        "{ xqcn: { imei: \"356938035643809\" } }",
    );
    refused(&bench, &other, &[], "same-unit");
}

#[test]
fn another_model_on_the_label_is_refused_by_the_input_itself() {
    let bench = Bench::new();
    let (said, record) = bench.story(SCENARIO, &["--input", "label_model=RM520NGLAA-M20"]);
    assert_eq!(said.code, 10, "{}", said.stderr);
    assert!(said.stderr.contains("label_model"));
    assert!(record.is_empty());
}
