use super::host::{Answer, Host};
use crate::plan::Mode;
use crate::protocol::firehose::Element;
use crate::protocol::sahara::{Mode as SaharaMode, Packet};
use crate::sim::fixture::spanned;
use crate::sim::package::programmer::programmer;
use crate::sim::{RecordKind, Wire};
use proptest::prelude::*;
use std::time::Duration;

const END_OK: Option<Packet> = Some(Packet::EndOfImage {
    image: 13,
    status: 0,
});

fn end(status: u32) -> Packet {
    Packet::EndOfImage { image: 13, status }
}

/// protocols.md §12.1.
#[test]
fn hello_is_the_published_vector() {
    let mut host = Host::in_edl(|_| ());
    let hello = host.read();
    let head = [
        1, 0, 0, 0, 0x30, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0,
    ];
    assert_eq!(hello.len(), 0x30);
    assert_eq!(&hello[..20], head);
    assert!(hello[20..].iter().all(|byte| *byte == 0));
}

#[test]
fn hello_comes_once_whoever_reads_it() {
    let mut host = Host::in_edl(|_| ());
    host.modem.opened(Wire::Edl);
    assert!(!host.read().is_empty());
    host.modem.closed(Wire::Edl);
    host.modem.opened(Wire::Edl);
    assert!(host.read().is_empty());
    // The answer to a HELLO that somebody else ate is taken.
    host.respond(SaharaMode::ImagePending);
    assert!(matches!(host.packet(), Some(Packet::ReadData { .. })));
}

#[test]
fn a_programmer_is_read_header_by_header_and_runs() {
    let file = programmer("sdx55");
    let mut host = Host::in_edl(|_| ());
    host.greet(SaharaMode::ImagePending);
    let (packet, asked) = host.serve(&file);
    assert_eq!(packet, END_OK);
    assert_eq!(asked[..3], [(0, 0x34), (0x34, 0x80), (0x1000, 0x1000)]);
    host.send(&Packet::Done);
    assert_eq!(host.packet(), Some(Packet::DoneResponse { status: 1 }));
    let before = host.modem.now();
    host.write(&Element::new("nop").document());
    assert_eq!(host.answer(), Answer::Ack);
    assert!(host.modem.now() >= before + Duration::from_millis(990));
    assert!(
        host.logs
            .iter()
            .any(|log| log == "Supported Functions (15):")
    );
    assert_eq!(host.modem.summary().mode, Mode::Firehose);
    let loaded = RecordKind::ProgrammerLoaded {
        sha256: crate::files::sha256(&file[..]).unwrap().0,
    };
    assert_eq!(host.kinds(), [loaded]);
}

#[test]
fn the_transfer_may_be_cut_anywhere() {
    let file = programmer("sdx55");
    let mut host = Host::in_edl(|_| ());
    assert!(!host.read().is_empty());
    for byte in Packet::encode(&Packet::HelloResponse {
        version: 2,
        compatible: 1,
        status: 0,
        mode: SaharaMode::ImagePending,
    }) {
        host.write(&[byte]);
    }
    while let Some(Packet::ReadData { offset, length, .. }) = host.packet() {
        let (offset, length) = (offset as usize, length as usize);
        for piece in file[offset..offset + length].chunks(512) {
            host.write(piece);
        }
    }
    host.send(&Packet::Done);
    assert_eq!(host.packet(), Some(Packet::DoneResponse { status: 1 }));
}

#[test]
fn the_wide_form_and_pending_are_the_scenarios_choice() {
    let mut host = Host::in_edl(|scenario| {
        scenario.sahara.read64 = true;
        scenario.sahara.pending = true;
        scenario.sahara.version = 3;
    });
    assert!(matches!(
        host.packet(),
        Some(Packet::Hello { version: 3, .. })
    ));
    host.respond(SaharaMode::ImagePending);
    let (packet, asked) = host.serve(&programmer("sdx55"));
    assert_eq!((packet, asked[0]), (END_OK, (0, 0x40)));
    host.send(&Packet::Done);
    assert_eq!(host.packet(), Some(Packet::DoneResponse { status: 0 }));
}

#[test]
fn what_is_not_signed_for_it_is_refused_and_then_only_a_reset_is_heard() {
    let mut host = Host::in_edl(|scenario| scenario.programmer.accepts = "00".repeat(32));
    host.greet(SaharaMode::ImagePending);
    assert_eq!(host.serve(&programmer("sdx55")).0, Some(end(0x25)));
    host.send(&Packet::Done);
    host.respond(SaharaMode::ImagePending);
    assert_eq!(host.packet(), None);
    host.send(&Packet::ResetStateMachine);
    host.greet(SaharaMode::ImagePending);
    assert_eq!(host.serve(&[0; 0x34]).0, Some(end(0x14)));
    let arrival = host.modem.presence().unwrap().arrival;
    host.send(&Packet::Reset);
    assert_eq!(host.packet(), Some(Packet::ResetResponse));
    host.wait(Duration::from_secs(30));
    assert_eq!(host.modem.summary().mode, Mode::Normal);
    assert_ne!(host.modem.presence().unwrap().arrival, arrival);
}

#[test]
fn the_right_programmer_is_known_by_its_hash() {
    let file = programmer("sdx55");
    let hash = crate::files::sha256(&file[..]).unwrap().0;
    let mut host = Host::in_edl(|scenario| scenario.programmer.accepts = hash.to_uppercase());
    host.upload(&file);
}

#[test]
fn command_mode_tells_serial_and_key() {
    let ask = |host: &mut Host, command| {
        host.send(&Packet::Execute { command });
        match host.packet() {
            Some(Packet::ExecuteResponse { length, .. }) => {
                host.send(&Packet::ExecuteData { command });
                let bytes = host.read();
                assert_eq!(bytes.len(), length as usize);
                Some(bytes)
            }
            _ => None,
        }
    };
    let mut host = Host::in_edl(|_| ());
    host.greet(SaharaMode::Command);
    assert_eq!(host.packet(), Some(Packet::CommandReady));
    assert_eq!(ask(&mut host, 1).unwrap(), 0x0bad_cafe_u32.to_le_bytes());
    assert_eq!(ask(&mut host, 2).unwrap().len(), 0x18);
    assert_eq!(ask(&mut host, 3).unwrap().len(), 0x60);
    assert_eq!(ask(&mut host, 0x77), None);
    host.send(&Packet::SwitchMode {
        mode: SaharaMode::ImagePending,
    });
    host.upload(&programmer("sdx55"));
    // Version 3 refuses hardware and key.
    let mut host = Host::in_edl(|scenario| scenario.sahara.version = 3);
    host.greet(SaharaMode::Command);
    assert_eq!(host.packet(), Some(Packet::CommandReady));
    assert_eq!(ask(&mut host, 2), None);
    assert!(ask(&mut host, 0x0a).unwrap().len() >= 44);
    let mut host = Host::in_edl(|scenario| scenario.sahara.command_mode = false);
    host.greet(SaharaMode::Command);
    assert!(matches!(host.packet(), Some(Packet::EndOfImage { .. })));
}

fn dumping() -> Host {
    Host::new(|scenario| {
        scenario.mode = spanned(Mode::Ramdump);
        scenario.damage = vec![spanned("abl".into())];
    })
}

#[test]
fn the_dump_state_gives_memory_and_refuses_an_image() {
    let mut host = dumping();
    assert!(matches!(
        host.packet(),
        Some(Packet::Hello {
            mode: SaharaMode::MemoryDebug,
            ..
        })
    ));
    host.respond(SaharaMode::MemoryDebug);
    let Some(Packet::MemoryDebug { table, length }) = host.packet() else {
        panic!("a table")
    };
    host.send(&Packet::MemoryRead {
        address: table,
        length,
    });
    assert_eq!(host.read().len(), length as usize);
    host.send(&Packet::ResetStateMachine);
    host.greet(SaharaMode::ImagePending);
    let refused = Packet::EndOfImage {
        image: 0,
        status: 0x1c,
    };
    assert_eq!(host.packet(), Some(refused));
}

#[test]
fn a_reset_leads_back_to_the_dump_state_where_a_stage_is_blank() {
    let mut host = dumping();
    host.send(&Packet::Reset);
    host.wait(Duration::from_secs(10));
    assert_eq!(host.modem.summary().mode, Mode::Ramdump);
}

#[test]
fn the_diag_command_leads_from_the_dump_state_to_the_boot_rom() {
    let frame = [0x4b, 0x65, 0x01, 0x00, 0x54, 0x0f, 0x7e];
    let mut host = dumping();
    host.drain();
    assert!(!host.read().is_empty());
    host.write(&frame);
    assert_eq!(host.read(), frame);
    host.wait(Duration::from_millis(100));
    assert_eq!(host.modem.presence(), None);
    assert!(host.modem.write(Wire::Edl, &[0]).is_err());
    host.wait(Duration::from_secs(3));
    host.upload(&programmer("sdx55"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_bytes_on_any_wire_upset_the_boot_rom(
        writes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..20),
        commands in proptest::collection::vec(0u32..0x16, 0..20),
        dump in any::<bool>(),
    ) {
        let mut host = if dump { dumping() } else { Host::in_edl(|_| ()) };
        for (command, bytes) in commands.iter().zip(&writes) {
            // Well-formed headers with any body, then noise.
            let mut packet = command.to_le_bytes().to_vec();
            let length = u32::try_from(bytes.len() + 8).unwrap();
            packet.extend_from_slice(&length.to_le_bytes());
            packet.extend_from_slice(bytes);
            let _ = host.modem.write(Wire::Edl, &packet);
            let _ = host.modem.write(Wire::Edl, bytes);
            let _ = host.modem.write(Wire::Diag, bytes);
            host.wait(Duration::from_millis(3));
            let _ = host.drain();
        }
        host.wait(Duration::from_secs(5));
        prop_assert!(!host.modem.record().iter().any(|r| r.kind.is_destructive()));
    }
}
