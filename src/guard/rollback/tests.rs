//! The decision table, label and profile, and what holds of all versions.

use super::*;
use crate::yaml::Spanned;
use proptest::prelude::*;

fn barriers() -> Vec<Barrier> {
    vec![Barrier {
        hw: spanned("RM520NGLAA"),
        at_least: spanned("RM520NGLAAR01A07M4G_01.200.01.200"),
        because: "the module stops working properly".into(),
        source: "RM520N-GL release notes".into(),
    }]
}

fn spanned(text: &str) -> Spanned<String> {
    let mut spanned = Spanned::default();
    text.clone_into(&mut spanned.value);
    spanned
}

fn rule(from: &str, to: &str) -> (char, String) {
    match decide(from, to, None, &[], &barriers()) {
        Verdict::Allowed { rule, .. } => ('+', rule),
        Verdict::Refused { rule, .. } => ('-', rule),
        Verdict::Unknown { rule, .. } => ('?', rule),
    }
}

/// Each row is a jump that quectel.md §4 reports or rules.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_decision_table_says_what_quectel_says() {
    for (from, to, sign, wanted) in [
        (
            "RM502QGLAAR11A02M4G_01.200.01.200",
            "RM502QGLAAR11A02M4G_01.200.01.200",
            '+',
            "no-objection",
        ),
        (
            "RM502QGLAAR11A02M4G_01.001.01.001",
            "RM502QGLAAR11A02M4G_01.200.01.200",
            '+',
            "no-objection",
        ),
        (
            "RM502QGLAAR11A02M4G_01.200.01.200",
            "RM502QGLAAR11A02M4G_01.001.01.001",
            '-',
            "after-200",
        ),
        (
            "RM502QAEAAR13A04M4G_01.201.01.201",
            "RM502QAEAAR13A04M4G_01.200",
            '-',
            "after-200",
        ),
        ("RM502QAEAAR13A03M4G", "RM502QAEAAR11A02M4G", '-', "r-lower"),
        (
            "RM502QAEAAR11A02M4G",
            "RM502QAEAAR13A03M4G",
            '-',
            "r-higher",
        ),
        (
            "RM520NGLAAR01A08M4G_01.200.01.200",
            "RM520NGLAAR01A06M4G_01.200.01.200",
            '-',
            "barrier",
        ),
        (
            "RM520NGLAAR01A06M4G_01.200.01.200",
            "RM520NGLAAR01A07M4G_01.200.01.200",
            '+',
            "no-objection",
        ),
        (
            "RM520NGLAAR01A05M4G_01.001.01.001",
            "RM520NGLAAR01A03M4G_01.001.01.001",
            '+',
            "no-objection",
        ),
        (
            "EC25EFAR06A17M4G_20.200.20.200",
            "EC25EFAR08A01M4G_01.001.01.001",
            '-',
            "r-higher",
        ),
        (
            "EC25EFAR06A17M4G_20.200.20.200",
            "EC25EFAR06A11M4G_01.001.01.001",
            '-',
            "line-20-to-01",
        ),
        (
            "EC25EFAR06A11M4G_01.001.01.001",
            "EC25EFAR06A17M4G_20.200.20.200",
            '-',
            "line",
        ),
        ("EC20CEFAR02A10M4G", "EC20CEFAGR06A15M4G", '-', "hardware"),
        (
            "RM520NGLAPR01A03M4G_01.001.01.001",
            "RM520NGLAAR01A03M4G_01.001.01.001",
            '-',
            "hardware",
        ),
        (
            "EG25GGBR07A07M1G_01.001.01.001",
            "EG25GGBR07A07M2G_01.001.01.001",
            '-',
            "memory",
        ),
        (
            "EC25EFAR06A01M4G_OCPU_01.001.01.001",
            "EC25EFAR06A11M4G_01.001.01.001",
            '+',
            "tags",
        ),
        (
            "RM502QGLAAR11A02M4G",
            "RM502QGLAAR11A02M4G",
            '?',
            "no-configuration",
        ),
        (
            "EM05GFAR07A07M1G_01.016.00.000",
            "EM05GFAR07A07M1G_01.016.01.016",
            '?',
            "not-known-yet",
        ),
        (
            "unknown",
            "RM502QGLAAR11A02M4G_01.200.01.200",
            '?',
            "unreadable",
        ),
        (
            "RM502QGLAAR11A02M4G_01.20.01.200",
            "RM502QGLAAR11A02M4G_01.200.01.200",
            '?',
            "unreadable",
        ),
    ] {
        assert_eq!(
            rule(from, to),
            (sign, format!("rollback::{wanted}")),
            "{from} to {to}"
        );
    }
}

#[test]
fn the_label_and_the_profile_are_heard() {
    let version = "RM502QGLAAR11A02M4G_01.200.01.200";
    let says = |label, keys: &[&str]| decide(version, version, label, keys, &[]);
    assert!(matches!(
        says(Some("RM502QGLAA-M20-CASA"), &["RM502QGLAA"]),
        Verdict::Allowed { .. }
    ));
    assert!(matches!(
        says(Some("RM502QAEAA-M20"), &[]),
        Verdict::Refused { .. }
    ));
    assert!(matches!(says(Some("?"), &[]), Verdict::Unknown { .. }));
    assert!(matches!(
        says(None, &["RM520NGLAA"]),
        Verdict::Refused { .. }
    ));
}

fn version() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec![1, 3, 199, 200, 201, 300]);
    (
        1u8..3,
        1u8..9,
        number,
        prop::sample::select(vec!["01", "20"]),
    )
        .prop_map(|(r, a, n, b)| format!("RM520NGLAAR{r:02}A{a:02}M4G_{b}.{n:03}.{b}.{n:03}"))
}

proptest! {
    /// Once behind the 200 series or a barrier, no chain of allowed changes leads back below it.
    #[test]
    fn no_chain_of_allowed_changes_goes_back(a in version(), b in version(), c in version()) {
        let ok = |from: &str, to: &str| rule(from, to).0 == '+';
        if ok(&a, &b) && ok(&b, &c) {
            let number = |v: &str| Version::parse(v).unwrap().configuration.unwrap().number;
            prop_assert!(number(&a) < 200 || number(&c) >= 200);
            prop_assert!(!rule(&a, &c).1.ends_with("barrier"));
        }
    }

    #[test]
    fn a_version_that_does_not_parse_is_never_allowed(text in "[A-Za-z0-9_. ]{0,30}", other in version()) {
        prop_assume!(Version::parse(text.trim()).is_none());
        prop_assert_eq!(rule(&text, &other).0, '?');
        prop_assert_eq!(rule(&other, &text).0, '?');
        prop_assert_eq!(rule(&text, &text).0, '?');
    }

    #[test]
    fn staying_is_allowed_and_case_does_not_matter(version in version()) {
        prop_assert_eq!(rule(&version, &version.to_lowercase()).0, '+');
    }
}
