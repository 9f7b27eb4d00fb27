//! `unbrick devices` on made trees like `/sys`: what is shown, as JSON, and while it is watched.

use crate::bench::{Bench, Said};
use crate::tree::{BOOT_ROM, Device, RUNNING, Tree, boot_rom, running};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const DOCUMENTATION: &str = include_str!("../../docs/devices-json.md");

/// Two controllers; on the first, port 5 of bus 1 is port 1 of bus 2.
fn tree() -> Tree {
    let tree = Tree::new(&[("0000:00:14.0", &[1, 2]), ("0000:03:00.0", &[3])]);
    tree.peers(("1-0:1.0", "usb1-port5"), ("2-0:1.0", "usb2-port1"));
    tree
}

fn devices(tree: &Tree, more: &[&str]) -> Said {
    let mut arguments = vec!["devices", "--sysfs", tree.root().as_str()];
    arguments.extend(more);
    Bench::new().run(&arguments)
}

fn document(tree: &Tree, more: &[&str]) -> Value {
    let said = devices(tree, &[&["--json"], more].concat());
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    serde_json::from_str(&said.stdout).unwrap()
}

/// A port of an RM520N on PCI Express.
fn wwan_port(tree: &Tree, name: &str) {
    let modem = "devices/pci0000:00/0000:00:1c.0/0000:01:00.0";
    tree.write(&format!("{modem}/vendor"), "0x1eac\n");
    tree.write(&format!("{modem}/device"), "0x1004\n");
    let port = format!("{modem}/mhi0/wwan/wwan0/{name}");
    tree.write(&format!("{port}/uevent"), "");
    tree.write("class/wwan/.keep", "");
    let link = tree.root().join("class/wwan").join(name);
    std::os::unix::fs::symlink(format!("../../{port}"), link).unwrap();
}

#[test]
fn a_modem_on_pci_express_is_shown_with_its_ports() {
    let tree = tree();
    for name in ["wwan0at0", "wwan0qcdm0"] {
        wwan_port(&tree, name);
    }
    let said = devices(&tree, &[]);
    let wanted = "\
wwan0: 1eac:1004 Quectel RM520N on PCI at 0000:01:00.0
  port     /dev/wwan0at0 AT
  port     /dev/wwan0qcdm0 QCDM
";
    assert_eq!((said.code, said.stdout.as_str()), (0, wanted));
    let wanted = json!([{
        "name": "wwan0",
        "pci": {
            "address": "0000:01:00.0", "id": "1eac:1004", "device": "Quectel RM520N", "source": "fwupd quirk",
        },
        "ports": [
            { "node": "/dev/wwan0at0", "kind": "AT" },
            { "node": "/dev/wwan0qcdm0", "kind": "QCDM" },
        ],
    }]);
    assert_eq!(document(&tree, &[])["wwan"], wanted);
}

fn with_ports(tree: &Tree) {
    tree.plug(&running("2-1", 7));
    for (number, tty) in [
        (0, "ttyUSB1"),
        (1, "ttyUSB2"),
        (2, "ttyUSB3"),
        (3, "ttyUSB4"),
    ] {
        tree.bind(&format!("2-1:1.{number}"), "option", Some(tty));
    }
    tree.bind("2-1:1.4", "qmi_wwan", None);
    tree.write("bus/usb/devices/2-1:1.4/net/wwan0/ifindex", "7\n");
}

#[test]
fn a_running_modem_is_shown_with_its_evidence_ports_and_plans() {
    let tree = tree();
    with_ports(&tree);
    let said = devices(&tree, &[]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let wanted = "\
2c7c:0800 `RM502Q-GL` at 2-1 (the same socket as 1-5), 480 Mbit/s
  state    normal
  because  quectel/rm502q-gl: normal by vendor 2c7c, product 0800, 5 interfaces, bcdDevice 0414
           Quectel RM500Q/RM502Q/RG50x: running by vendor 2c7c, product 0800, bcdDevice 0414, 5 interfaces; if0 \
ff/ff/30; modem if3 ff/00/00; net if4; bcd 0414 seen (sources 2+: mm:quectel rules; kernel option.c; \
qfh:log/MCU_local.log.txt)
  ports    0 ff/ff/30 option     /dev/ttyUSB1 [diag]
           1 ff/00/00 option     /dev/ttyUSB2 [nmea]
           2 ff/00/00 option     /dev/ttyUSB3 [at]
           3 ff/00/00 option     /dev/ttyUSB4
           4 ff/ff/ff qmi_wwan   wwan0
  plans    no built-in plan begins in normal with this modem
";
    assert_eq!(said.stdout, wanted);
}

#[test]
fn the_documented_json_is_what_is_printed() {
    let tree = tree();
    with_ports(&tree);
    let example = DOCUMENTATION.split("```json\n").nth(1).unwrap();
    let example: Value = serde_json::from_str(example.split("```").next().unwrap()).unwrap();
    assert_eq!(document(&tree, &[]), example);
    // Every field has a row in the tables of that page.
    let mut fields = vec![];
    names(&example, &mut fields);
    fields.extend(["event", "lacks"].map(str::to_owned));
    for field in fields {
        assert!(DOCUMENTATION.contains(&format!("| `{field}` |")), "{field}");
    }
}

fn names(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            into.push(name.clone());
            names(value, into);
        }),
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

#[test]
fn a_boot_rom_fits_the_plans_of_every_model_and_says_nothing_of_itself() {
    let tree = tree();
    tree.plug(&boot_rom("1-5", 9));
    let shown = document(&tree, &[]);
    let device = &shown["devices"][0];
    assert_eq!(device["mode"], "edl");
    assert_eq!(device["sibling"], "2-1");
    assert_eq!(device["product"], "QUSB_BULK_CID:0410_SN:…");
    let evidence = device["evidence"].as_array().unwrap();
    let profiles: Vec<&str> = evidence
        .iter()
        .filter_map(|e| e["profile"].as_str())
        .collect();
    assert_eq!(profiles, ["quectel/ec25", "quectel/rm502q-gl"]);
    let plans = device["plans"].as_array().unwrap();
    assert!(
        plans
            .iter()
            .any(|plan| plan["name"] == "quectel/rm502q-gl/unbrick-900e")
    );
    for plan in plans {
        assert!(profiles.contains(&plan["profile"].as_str().unwrap()));
    }
    for said in [devices(&tree, &[]), devices(&tree, &["--json"])] {
        assert!(
            !said.stdout.to_lowercase().contains("0badcafe"),
            "{}",
            said.stdout
        );
    }
}

#[test]
fn traps_are_in_no_mode_and_fit_no_plan() {
    let of = |device: &Device<'_>| {
        let tree = tree();
        tree.plug(device);
        let shown = document(&tree, &["--all"])["devices"][0].clone();
        let text = devices(&tree, &["--all"]).stdout;
        (shown, text)
    };
    let base = running("3-2", 4);
    let one = [(0, (0xff, 0xff, 0x10))];
    let not_zero = [(4, (0xff, 0xff, 0xff))];
    let keyboard = [(0, (3, 1, 1))];
    let cases = [
        // Other chips under Quectel's id.
        (
            Device {
                id: (0x2c7c, 0x6002),
                ..base.clone()
            },
            "state    not-qualcomm: ",
        ),
        // One interface, and nothing that says which state it is.
        (
            Device {
                interfaces: &one,
                product: None,
                ..base.clone()
            },
            "state    unknown: its id is known",
        ),
        // Running descriptors of an EC25 with bcdDevice 0000.
        (
            Device {
                id: (0x2c7c, 0x0125),
                bcd: 0,
                ..base.clone()
            },
            "it lacks bcdDevice other than 0000",
        ),
        // An RM530N with broken firmware.
        (
            Device {
                id: (0x2c7c, 0x0801),
                interfaces: &not_zero,
                ..base.clone()
            },
            "state    corrupt",
        ),
        (
            Device {
                id: (0x1199, 0x9070),
                ..base.clone()
            },
            "state    boothold",
        ),
        (
            Device {
                id: (0x2c7c, 0x4321),
                ..base.clone()
            },
            "unknown: only its vendor is known",
        ),
        (
            Device {
                id: (0x046d, 0xc31c),
                interfaces: &keyboard,
                ..base.clone()
            },
            "no modem that is known",
        ),
    ];
    for (device, wanted) in cases {
        let (shown, text) = of(&device);
        assert!(text.contains(wanted), "{text}");
        assert_eq!(shown["mode"], Value::Null, "{text}");
        assert_eq!(shown["plans"], json!([]), "{text}");
    }
    // The same module in its dump state, by all of its evidence.
    let dump = Device {
        interfaces: &one,
        bcd: 0,
        product: Some("QUSB_BULK_SN:0BADCAFE"),
        ..base
    };
    let (shown, _) = of(&dump);
    assert_eq!(shown["mode"], "ramdump");
    assert_eq!(shown["plans"][0]["name"], "quectel/rm502q-gl/unbrick-900e");
}

#[test]
fn only_modems_are_listed_unless_all_is_asked_for() {
    let tree = tree();
    let keyboard = [(0, (3, 1, 1))];
    // A keyboard whose vendor makes modems, too.
    tree.plug(&Device {
        id: (0x413c, 0x2113),
        interfaces: &keyboard,
        ..running("3-1", 2)
    });
    let said = devices(&tree, &[]);
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));
    assert!(
        said.stderr.starts_with("no modem is plugged in; "),
        "{}",
        said.stderr
    );
    assert_eq!(
        document(&tree, &["--all"])["devices"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    tree.plug(&Device {
        interfaces: &RUNNING,
        ..running("3-2", 3)
    });
    tree.plug(&Device {
        interfaces: &BOOT_ROM,
        ..boot_rom("1-1", 4)
    });
    assert_eq!(document(&tree, &[])["devices"].as_array().unwrap().len(), 2);
}

#[test]
fn where_there_is_no_usb_this_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let said = Bench::new().run(&["devices", "--sysfs", root]);
    assert_eq!((said.code, said.stdout.as_str()), (13, ""));
    assert!(
        said.stderr.contains("there is no USB here"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_watch_tells_what_comes_changes_and_goes_until_it_is_stopped() {
    let tree = tree();
    let mut watch = Bench::new()
        .command(&[
            "devices",
            "--watch",
            "--json",
            "--sysfs",
            tree.root().as_str(),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut event = || -> (String, String) {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let about = [&line["device"]["path"], &line["wwan"]["name"]];
        let about = about.into_iter().find(|name| !name.is_null());
        (text(&line["event"]), text(about.unwrap()))
    };
    // The whole device appears at once, as it does in the kernel's own tree.
    tree.plug(&boot_rom("1-5", 9));
    let seen = event();
    assert_eq!(seen, ("arrived".to_owned(), "1-5".to_owned()));
    tree.bind("1-5:1.0", "qcserial", Some("ttyUSB0"));
    let mut changed = event();
    assert_eq!(changed.0, "changed");
    tree.unplug("1-5");
    // The driver and the tty may be told as two changes.
    while changed.0 == "changed" {
        changed = event();
    }
    assert_eq!(changed, ("left".to_owned(), "1-5".to_owned()));
    // A modem on PCI Express, which is known by its ports.
    for (port, word) in [("wwan0at0", "arrived"), ("wwan0qcdm0", "changed")] {
        wwan_port(&tree, port);
        assert_eq!(event(), (word.to_owned(), "wwan0".to_owned()));
    }
    std::fs::remove_dir_all(tree.root().join("class/wwan")).unwrap();
    let mut last = event();
    while last.0 == "changed" {
        last = event();
    }
    assert_eq!(last, ("left".to_owned(), "wwan0".to_owned()));
    let id = rustix::process::Pid::from_child(&watch);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}
