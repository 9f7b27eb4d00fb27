use super::*;
use crate::protocol::diag::imei_to_nv;
use manifest::{Link, ManifestError, Origin};
use proptest::prelude::*;

const SAMPLE: &[u8] = include_bytes!("../../tests/data/sample.xqcn");

fn sample_text() -> String {
    String::from_utf8(SAMPLE.to_vec()).unwrap()
}

#[test]
fn the_sample_is_read_whole() {
    let file = Xqcn::read(SAMPLE).unwrap();
    let items: Vec<u16> = file.nv.iter().map(|r| r.item).collect();
    assert_eq!(items, [10, 441, 550, 946, 6828]);
    assert_eq!(file.owner().as_deref(), Some("490154203237518"));
    let files: Vec<(Section, &str, usize)> = file
        .efs
        .iter()
        .map(|f| (f.section, f.path.as_str(), f.data.len()))
        .collect();
    assert_eq!(
        files,
        [
            (Section::EfsBackup, "/nv/item_files/rfnv/00020001", 32),
            (Section::Provisioning, "/nv/item_files/ims/IMS_enable", 1),
            (
                Section::Provisioning,
                "/nv/item_files/modem/mmode/sms_only",
                1
            ),
        ]
    );
    let property = file.property.clone().unwrap();
    assert_eq!(property.software, "MPSS.HI.2.0.1-00001-SDX55_FAKE_PACK-1");
    assert_eq!(property.tool, "sample");
    assert_eq!(file.feature_mask.as_ref().unwrap().len(), 8);
    assert!(file.left_out.is_empty());
}

/// A change of white space, the order of streams in a storage, and an added array is all that writing may bring.
#[test]
fn the_sample_survives_reading_and_writing() {
    let file = Xqcn::read(SAMPLE).unwrap();
    let written = file.write();
    assert_eq!(Xqcn::read(&written).unwrap(), file);
    let streams = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let mut all: Vec<String> = text
            .lines()
            .filter(|l| l.contains("<Stream"))
            .map(|l| l.trim().to_owned())
            .collect();
        all.sort();
        all
    };
    assert_eq!(streams(&written), streams(SAMPLE));
}

#[test]
fn other_quotes_and_lower_case_digits_are_read() {
    let text = sample_text().replace('\'', "\"").replace("0D D0", "0d d0");
    assert_eq!(
        Xqcn::read(text.as_bytes()).unwrap(),
        Xqcn::read(SAMPLE).unwrap()
    );
}

/// The content fault of the sample after one change.
fn fault(from: &str, to: &str) -> Fault {
    let text = sample_text();
    assert!(text.contains(from), "{from}");
    match Xqcn::read(text.replacen(from, to, 1).as_bytes()) {
        Err(XqcnError::Content { fault, .. }) => fault,
        other => panic!("{from} -> {to}: {other:?}"),
    }
}

#[test]
fn every_broken_rule_of_the_structure_is_named() {
    for (from, to, wanted) in [
        ("02 00 00 00 00 00", "01 00 00 00 00 00", Fault::Version),
        ("Name='File_Version'", "Name='Other'", Fault::Missing),
        ("Name='00000000'>", "Name='0000000'>", Fault::Name),
        ("Name='default'", "Name='other'", Fault::Missing),
        ("Provisioning_Item_Files", "EFS_Backup", Fault::Twice),
        ("NV_ITEM_ARRAY_SIM_2", "NV_ITEM_ARRAY_SIM_1", Fault::Twice),
        ("Value='08 00 FF", "Value='09 00 FF", Fault::Length),
        (
            "Value='0D D0 AD DE 00 00 00 00 25",
            "Value='0D D0 AD DE 00 00 00 00 24",
            Fault::Length,
        ),
    ] {
        assert_eq!(fault(from, to), wanted, "{from} -> {to}");
    }
}

#[test]
fn every_broken_rule_of_the_items_is_named() {
    let empty = "Length='0' Name='NV_ITEM_ARRAY_SIM_1' Value=''";
    let short = "Length='1' Name='NV_ITEM_ARRAY_SIM_1' Value='88'";
    for (from, to, wanted) in [
        ("'88 00 01", "'87 00 01", Fault::RecordHead),
        ("'88 00 01", "'88 00 02", Fault::RecordHead),
        (
            "'88 00 01 00 0A 00 00",
            "'88 00 01 00 0A 00 01",
            Fault::RecordIndex,
        ),
        ("B9 01 00 00", "0A 00 00 00", Fault::ItemTwice),
        (empty, short, Fault::RecordSize),
        // A trailing short record.
        (
            "Length='680' Name='NV_ITEM_ARRAY' Value='",
            "Length='681' Name='NV_ITEM_ARRAY' Value='88 ",
            Fault::RecordSize,
        ),
    ] {
        assert_eq!(fault(from, to), wanted, "{from} -> {to}");
    }
}

#[test]
fn every_broken_rule_of_the_paths_is_named() {
    let stream = |bytes: &str| {
        let length = bytes.split(' ').count();
        format!("Length='{length}' Name='00000000' Value='{bytes}'")
    };
    let rfnv =
        "2F 6E 76 2F 69 74 65 6D 5F 66 69 6C 65 73 2F 72 66 6E 76 2F 30 30 30 32 30 30 30 31";
    let backup = stream(&format!("01 00 01 01 80 3D D5 12 {rfnv}"));
    let ims = stream(
        "2F 6E 76 2F 69 74 65 6D 5F 66 69 6C 65 73 2F 69 6D 73 2F 49 4D 53 5F 65 6E 61 62 6C 65 00",
    );
    let long = format!("2F{} 00", " 61".repeat(251));
    for (from, bytes, wanted) in [
        (&backup, rfnv, Fault::NoPath),
        (&backup, "01 00 01 01", Fault::NoPath),
        (&ims, "2F 61 00 62", Fault::NoPath),
        (&ims, "61 2F 61 00", Fault::NoPath),
        (&ims, &long, Fault::LongPath),
        (&ims, "2F 2E 2E 2F 61 00", Fault::BadPath),
        (&ims, "2F 61 2F 2E 00", Fault::BadPath),
        (&ims, "2F 61 2F 2F 62 00", Fault::BadPath),
        (&ims, "2F 61 2F 00", Fault::BadPath),
        (&ims, "2F 61 0A 00", Fault::BadPath),
        (&ims, "2F C3 A9 00", Fault::BadPath),
    ] {
        assert_eq!(fault(from, &stream(bytes)), wanted, "{bytes}");
    }
    let renamed = |number| format!("Length='36' Name='{number}'");
    assert_eq!(fault(&renamed("00000001"), &renamed("1")), Fault::Name);
    assert_eq!(
        fault(&renamed("00000001"), &renamed("00000002")),
        Fault::Unpaired
    );
}

#[test]
fn data_without_a_path_are_refused() {
    let orphan =
        "<Storage Name='EFS_Data'>\n          <Stream Length='1' Name='00000007' Value='01'/>";
    assert_eq!(fault("<Storage Name='EFS_Data'>", orphan), Fault::Orphan);
}

#[test]
fn a_path_that_occurs_twice_is_refused() {
    let text = sample_text();
    let line = text.lines().find(|l| l.contains("Length='30'")).unwrap();
    let again = line.replace("00000000", "00000002");
    assert_eq!(fault(line, &format!("{line}\n{again}")), Fault::PathTwice);
}

#[test]
fn every_broken_rule_of_the_xml_is_refused_with_its_place() {
    let table = [
        ("Length='36'", "Length='37'"),
        ("Length='36'", "Length='+36'"),
        ("Length='36'", "Length='99999999999999999999999'"),
        ("Length='36' ", ""),
        ("Value='02 00", "Value='2 00"),
        ("Value='02 00", "Value='0x02 00"),
        ("Value='02 00", "Value='02,00"),
        ("Value='02 00", "Value='+2 00"),
        ("<Storage Name='default'>", "<Storage>"),
        (
            "<Storage Name='default'>",
            "<Storage Name='default' Value='00'>",
        ),
        ("<Storage Name='default'>", "<Other Name='default'>"),
        ("<Storage Name='default'>", "<Storage Name='default'>text"),
        (
            "<Storage Name='default'>",
            "<Storage Name='default' Name='x'>",
        ),
        (
            "<Storage Name='default'>",
            "<Storage Name='default'><![CDATA[x]]>",
        ),
        ("<Storage Name='default'>", "<Storage Name='&boom;'>"),
        (
            "<Storage Name='sample.xqcn'>",
            "<!DOCTYPE x [<!ENTITY boom 'x'>]><Storage Name='sample.xqcn'>",
        ),
        (
            "<Storage Name='default'>",
            "<Storage Name='default'></Storage>",
        ),
    ];
    for (from, to) in table {
        let text = sample_text().replacen(from, to, 1);
        let error = Xqcn::read(text.as_bytes());
        assert!(
            matches!(
                error,
                Err(XqcnError::Xml { .. } | XqcnError::Content { .. })
            ),
            "{to}: {error:?}"
        );
    }
    let broken = sample_text().replacen("Length='36'", "Length='37'", 1);
    let Err(XqcnError::Xml { offset, .. }) = Xqcn::read(broken.as_bytes()) else {
        panic!("not refused");
    };
    assert!(broken[usize::try_from(offset).unwrap()..].starts_with("<Stream Length='37'"));
}

#[test]
fn what_is_empty_long_or_deep_is_refused() {
    for bytes in [
        &b""[..],
        b"<",
        b"<Storage Name='x'>",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ] {
        assert!(Xqcn::read(bytes).is_err());
    }
    let deep = "<Storage Name='a'>".repeat(100_000);
    assert!(matches!(
        Xqcn::read(deep.as_bytes()),
        Err(XqcnError::Xml { .. })
    ));
    let long = vec![b' '; usize::try_from(MAX_BYTES).unwrap() + 1];
    assert_eq!(Xqcn::read(&long), Err(XqcnError::TooLong));
}

#[test]
fn what_means_nothing_is_named_and_not_lost_in_silence() {
    let text = sample_text().replacen(
        "<Storage Name='default'>",
        "<Storage Name='default'><Stream Length='1' Name='Roaming' Value='00'/>",
        1,
    );
    let file = Xqcn::read(text.as_bytes()).unwrap();
    assert_eq!(file.left_out, ["00000000/default/Roaming"]);
}

#[test]
fn differences_are_named() {
    let first = Xqcn::read(SAMPLE).unwrap();
    assert_eq!(compare(&first, &first), []);
    let mut second = first.clone();
    second.nv[0].data[0] ^= 1;
    second.nv.remove(1);
    second.efs[0].data.push(0);
    second.feature_mask = None;
    let nv = |item, change| Difference::Nv {
        item,
        index: 0,
        change,
    };
    assert_eq!(
        compare(&first, &second),
        [
            nv(10, Change::Differs),
            nv(441, Change::OnlyInFirst),
            Difference::File {
                section: Section::EfsBackup,
                path: "/nv/item_files/rfnv/00020001".into(),
                change: Change::Differs
            },
            Difference::FeatureMask(Change::OnlyInFirst),
        ]
    );
}

#[test]
fn a_manifest_belongs_to_one_file_and_keeps_what_xqcn_cannot() {
    let mut file = Xqcn::read(SAMPLE).unwrap();
    file.efs[1].kind = EntryKind::File;
    let links = vec![Link {
        path: "/l".into(),
        target: "/t".into(),
    }];
    let manifest = Manifest::new("sample.xqcn", SAMPLE, &file, links, Origin::default());
    let json = manifest.write();
    assert!(!String::from_utf8_lossy(&json).contains(&manifest::digest(&file.nv[2].data)));
    let back = Manifest::read(&json, SAMPLE).unwrap();
    assert_eq!(back, manifest);
    let mut fresh = Xqcn::read(SAMPLE).unwrap();
    back.tell_kinds(&mut fresh);
    assert_eq!(fresh, file);
    let other = Manifest::read(&json, b"other");
    assert_eq!(other, Err(ManifestError::OtherFile));
}

fn files() -> impl Strategy<Value = Vec<EfsFile>> {
    let file = (
        "(/[a-z0-9 .'<&_-]{1,9}x){1,4}",
        proptest::collection::vec(any::<u8>(), 0..50),
        0usize..3,
    );
    proptest::collection::btree_map(file.clone().prop_map(|f| f.0), file, 0..8).prop_map(|files| {
        let mut all: Vec<EfsFile> = files
            .into_iter()
            .map(|(path, (_, data, section))| {
                let section = Section::ALL[section];
                let kind = EfsFile::usual_kind(section, &path);
                EfsFile {
                    section,
                    path,
                    data,
                    kind,
                }
            })
            .collect();
        all.sort_by_key(|f| f.section);
        all
    })
}

prop_compose! {
    fn any_file()(
        name in ".{0,12}",
        items in proptest::collection::btree_map((0u16..3, any::<u16>()), any::<u8>(), 0..20),
        efs in files(),
        software in proptest::option::of("[ -~\u{a1}-\u{ff}]{0,40}"),
        feature_mask in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
    ) -> Xqcn {
        // XML has no control characters.
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        Xqcn {
            nv: items.into_iter().map(|((index, item), byte)| NvRecord { item, index, data: [byte; NV_SIZE] }).collect(),
            efs,
            property: software.map(|software| Property { software, ..Property::default() }),
            feature_mask,
            ..Xqcn::empty(name)
        }
    }
}

proptest! {
    #[test]
    fn any_file_survives_writing_and_reading(file in any_file()) {
        prop_assert_eq!(Xqcn::read(&file.write()), Ok(file));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Xqcn::read(&bytes);
    }

    #[test]
    fn any_change_of_the_sample_is_read_without_a_panic(at in 0usize..4000, byte in any::<u8>()) {
        let mut bytes = SAMPLE.to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = Xqcn::read(&bytes);
    }
}

#[test]
fn a_file_without_a_valid_imei_has_no_owner() {
    let mut file = Xqcn::read(SAMPLE).unwrap();
    file.nv[2].data = [0; NV_SIZE];
    assert_eq!(file.owner(), None);
    file.nv[2].data = imei_to_nv("490154203237518").unwrap();
    assert!(file.owner().is_some());
    file.nv[2].index = 1;
    assert_eq!(file.owner(), None);
}
