//! What is plugged in, for people and as JSON (`docs/devices-json.md`).

use crate::modem::identity::{self, State};
use crate::modem::survey::{Device, Survey};
use crate::modem::sysfs::WwanDevice;
use crate::plan::Mode;
use serde_json::{Value, json};

/// Every device as a block of lines.
pub fn people(survey: &Survey) -> Vec<String> {
    let devices = survey.devices.iter().map(block);
    devices.chain(survey.wwan.iter().map(wwan_block)).collect()
}

/// One line about a device, for the watch.
pub fn line(device: &Device) -> String {
    let usb = &device.plugged.usb;
    let product = usb
        .product_shown()
        .map_or_else(String::new, |p| format!(" `{p}`"));
    let ttys: Vec<String> = (usb.interfaces.iter())
        .filter_map(|i| {
            let tty = device.plugged.tty(i.number)?;
            Some(
                device
                    .role(i.number)
                    .map_or(tty.to_string(), |role| format!("{role}={tty}")),
            )
        })
        .collect();
    let mut line = format!("{usb}{product}: {}", state(device));
    for tty in ttys {
        line.push(' ');
        line.push_str(&tty);
    }
    line
}

fn block(device: &Device) -> String {
    let seen = &device.plugged;
    let usb = &seen.usb;
    let mut lines = Vec::new();
    let product = usb
        .product_shown()
        .map_or_else(String::new, |p| format!(" `{p}`"));
    let speed = seen
        .speed
        .as_ref()
        .map_or_else(String::new, |s| format!(", {s} Mbit/s"));
    let sibling = device.sibling.as_ref();
    let sibling = sibling.map_or_else(String::new, |s| format!(" (the same socket as {s})"));
    lines.push(format!(
        "{}{product} at {}{sibling}{speed}",
        usb.id(),
        usb.path
    ));
    let mut row = |name: &str, rows: Vec<String>| {
        for (index, text) in rows.into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            lines.push(format!("  {name:<8} {text}"));
        }
    };
    row("state", vec![state(device)]);
    row("because", reasons(device));
    row("ports", interfaces(device));
    row("plans", plans(device));
    lines.join("\n")
}

fn state(device: &Device) -> String {
    let known = device.known.as_ref().map(|known| known.row.state);
    match (device.mode(), known) {
        (Some(Mode::Edl), _) => {
            "edl, or firehose: the first bytes decide, and are left for a run".to_owned()
        }
        (Some(mode), _) => mode.to_string(),
        (None, Some(State::NotQualcomm)) => {
            "not-qualcomm: Qualcomm's commands are never sent to it".to_owned()
        }
        (None, Some(State::VendorGuess) | None) if !device.nearly.is_empty() => {
            "unknown: its id is known, and none of the states known of it fits".to_owned()
        }
        (None, Some(State::VendorGuess)) => {
            "unknown: only its vendor is known, which is never enough to send anything".to_owned()
        }
        (None, Some(state)) => state.to_string(),
        (None, None) if device.fits.is_empty() => "no modem that is known".to_owned(),
        (None, None) => "unknown: profiles differ about it".to_owned(),
    }
}

fn reasons(device: &Device) -> Vec<String> {
    let mut rows: Vec<String> = (device.fits.iter())
        .map(|fit| {
            format!(
                "{}: {} by {}",
                fit.profile,
                fit.by.mode,
                fit.by.facts.join(", ")
            )
        })
        .collect();
    if let Some(known) = &device.known {
        let row = known.row;
        let note = if row.note.is_empty() {
            String::new()
        } else {
            format!("; {}", row.note)
        };
        rows.push(format!(
            "{}: {} by {}{note} (sources {}: {})",
            row.name(),
            row.state,
            known.facts.join(", "),
            row.certainty,
            row.source
        ));
    }
    if device.mode().is_none() {
        for (row, lacks) in &device.nearly {
            rows.push(format!(
                "not {} ({}): it lacks {}",
                row.state,
                row.name(),
                lacks.join(", ")
            ));
        }
    }
    rows
}

fn interfaces(device: &Device) -> Vec<String> {
    let seen = &device.plugged;
    let row = |interface: &identity::Interface| {
        let attached = seen.attached.get(&interface.number);
        let driver = attached
            .and_then(|a| a.driver.as_deref())
            .unwrap_or("no driver");
        let mut ends: Vec<String> = seen
            .tty(interface.number)
            .map(ToString::to_string)
            .into_iter()
            .collect();
        ends.extend(attached.into_iter().flat_map(|a| a.others.clone()));
        ends.extend(
            device
                .role(interface.number)
                .map(|role| format!("[{role}]")),
        );
        let text = format!(
            "{} {} {driver:<10} {}",
            interface.number,
            interface.class_word(),
            ends.join(" ")
        );
        text.trim_end().to_owned()
    };
    seen.usb.interfaces.iter().map(row).collect()
}

fn plans(device: &Device) -> Vec<String> {
    let all = device.fits.iter().flat_map(|fit| &fit.plans);
    let mut rows: Vec<String> = all
        .map(|(name, title)| format!("{name}: {title}"))
        .collect();
    if rows.is_empty() {
        rows.push(match device.mode() {
            Some(mode) => format!("no built-in plan begins in {mode} with this modem"),
            None => "none".to_owned(),
        });
    }
    rows
}

/// One line about a modem with WWAN ports, for the watch.
pub fn wwan_line(device: &WwanDevice) -> String {
    let ports = device.ports.iter();
    let ports = ports.map(|port| format!("{}={}", port.kind.to_lowercase(), port.node));
    let words: Vec<String> = std::iter::once(wwan_head(device)).chain(ports).collect();
    words.join(" ")
}

fn wwan_head(device: &WwanDevice) -> String {
    let name = &device.name;
    match &device.pci {
        Some((address, vendor, id)) => {
            let known = identity::on_pci(*vendor, *id);
            let title = known.map_or_else(String::new, |row| format!(" {}", row.name()));
            format!("{name}: {vendor:04x}:{id:04x}{title} on PCI at {address}")
        }
        None => format!("{name}: not on PCI"),
    }
}

fn wwan_block(device: &WwanDevice) -> String {
    let mut lines = vec![wwan_head(device)];
    for port in &device.ports {
        lines.push(format!("  port     {} {}", port.node, port.kind));
    }
    lines.join("\n")
}

/// The whole look as one document.
pub fn document(survey: &Survey) -> Value {
    json!({
        "format": 1,
        "usb": survey.no_usb.is_none(),
        "devices": survey.devices.iter().map(device_json).collect::<Vec<_>>(),
        "wwan": survey.wwan.iter().map(wwan_json).collect::<Vec<_>>(),
    })
}

/// One thing that happened, as a line of its own.
pub fn event(word: &str, device: &Device) -> Value {
    json!({ "format": 1, "event": word, "device": device_json(device) })
}

/// The same of a modem with WWAN ports.
pub fn wwan_event(word: &str, device: &WwanDevice) -> Value {
    json!({ "format": 1, "event": word, "wwan": wwan_json(device) })
}

fn device_json(device: &Device) -> Value {
    let seen = &device.plugged;
    let usb = &seen.usb;
    let mut evidence: Vec<Value> = (device.fits.iter())
        .map(|fit| json!({ "profile": fit.profile, "mode": fit.by.mode, "facts": fit.by.facts }))
        .collect();
    if let Some(known) = &device.known {
        let row = known.row;
        evidence.push(json!({
            "row": row.line, "state": row.state.word(), "device": row.name(), "facts": known.facts,
            "note": row.note, "source": row.source, "sources": row.certainty,
        }));
    }
    let lacks: Vec<Value> = (device.nearly.iter())
        .map(|(row, lacks)| json!({ "row": row.line, "state": row.state.word(), "device": row.name(), "lacks": lacks }))
        .collect();
    let interface = |interface: &identity::Interface| {
        let attached = seen.attached.get(&interface.number);
        json!({
            "number": interface.number,
            "class": interface.class_word(),
            "driver": attached.and_then(|a| a.driver.as_deref()),
            "tty": seen.tty(interface.number),
            "others": attached.map(|a| a.others.clone()).unwrap_or_default(),
            "role": device.role(interface.number),
        })
    };
    let fits = device.fits.iter();
    let plans = fits.flat_map(|fit| {
        fit.plans
            .iter()
            .map(|(name, title)| (&fit.profile, name, title))
    });
    json!({
        "path": usb.path,
        "sibling": device.sibling.as_ref().map(ToString::to_string),
        "id": usb.id(),
        "bcd": format!("{:04x}", usb.bcd),
        "product": usb.product_shown(),
        "speed": seen.speed,
        "mode": device.mode(),
        "evidence": evidence,
        "lacks": lacks,
        "interfaces": usb.interfaces.iter().map(interface).collect::<Vec<_>>(),
        "plans": plans
            .map(|(profile, name, title)| json!({ "name": name, "title": title, "profile": profile }))
            .collect::<Vec<_>>(),
    })
}

fn wwan_json(device: &WwanDevice) -> Value {
    let pci = device.pci.as_ref().map(|(address, vendor, id)| {
        let known = identity::on_pci(*vendor, *id);
        json!({
            "address": address,
            "id": format!("{vendor:04x}:{id:04x}"),
            "device": known.map(identity::Row::name),
            "source": known.map(|row| row.source),
        })
    });
    let ports = device.ports.iter();
    json!({
        "name": device.name,
        "pci": pci,
        "ports": ports.map(|p| json!({ "node": p.node, "kind": p.kind })).collect::<Vec<_>>(),
    })
}
