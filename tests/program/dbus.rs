//! A private bus by the real dbus-daemon, and a ModemManager on it that only knows inhibition. It speaks through a D-Bus
//! implementation that is not ours, so that both sides cannot share a mistake.

use nix::sys::socket::UnixAddr;
use rustbus::connection::ll_conn::force_finish_on_error;
use rustbus::connection::{Error, Timeout};
use rustbus::message_builder::{DynamicHeader, MarshalledMessage};
use rustbus::{RpcConn, standard_messages};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const NAME: &str = "org.freedesktop.ModemManager1";
const PATIENCE: Duration = Duration::from_secs(60);

/// What the bus lets a caller do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    All,
    /// As Debian's policy does for everybody but root.
    NoInhibition,
}

/// What ModemManager saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It was asked while it was still probing.
    TooEarly(String),
    Inhibited(String),
    /// The caller left the bus.
    Released(String),
}

/// Both, for as long as this lives.
pub(crate) struct Bus {
    daemon: Child,
    pub(crate) address: String,
    seen: Receiver<Seen>,
    _folder: tempfile::TempDir,
}

impl Bus {
    /// `None`, with a word on it, where this computer has no dbus-daemon.
    pub(crate) fn start(policy: Policy) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        let denied = match policy {
            Policy::All => String::new(),
            Policy::NoInhibition => {
                format!(
                    r#"<deny send_destination="{NAME}" send_interface="{NAME}" send_member="InhibitDevice"/>"#
                )
            }
        };
        let text = format!(
            r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
                "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>system</type>
              <listen>unix:path={}</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow user="*"/><allow own="*"/>
                <allow send_type="method_call"/><allow send_type="signal"/>
                <allow send_requested_reply="true" send_type="method_return"/>
                <allow send_requested_reply="true" send_type="error"/>
                <allow receive_type="method_call"/><allow receive_type="method_return"/>
                <allow receive_type="error"/><allow receive_type="signal"/>
                {denied}
              </policy>
            </busconfig>"#,
            socket.display()
        );
        let config = folder.path().join("bus.conf");
        std::fs::write(&config, text).unwrap();
        let daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut daemon = match daemon {
            Ok(daemon) => daemon,
            Err(error) => {
                let mut out = std::io::stdout();
                writeln!(out, "passed over: no dbus-daemon: {error}").unwrap();
                return None;
            }
        };
        let mut address = String::new();
        let stdout = daemon.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut address).unwrap();
        let mut manager = ModemManager::on(&socket);
        let (tell, seen) = channel();
        std::thread::spawn(move || manager.serve(&tell));
        Some(Self {
            daemon,
            address: address.trim().to_owned(),
            seen,
            _folder: folder,
        })
    }

    /// Waits for what ModemManager sees next.
    pub(crate) fn sees(&self) -> Seen {
        self.seen.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

struct ModemManager {
    rpc: RpcConn,
    probing: bool,
    /// Place and the connection that inhibits it.
    inhibited: Vec<(String, String)>,
}

impl ModemManager {
    fn on(socket: &std::path::Path) -> Self {
        let address = UnixAddr::new(socket).unwrap();
        let wait = Timeout::Duration(PATIENCE);
        let mut rpc = RpcConn::connect_to_path(address, wait).unwrap();
        let changes = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'";
        for mut call in [
            standard_messages::add_match(changes),
            standard_messages::request_name(NAME, 0),
        ] {
            let sent = rpc.send_message(&mut call).unwrap().write_all();
            let serial = sent.map_err(|(_, error)| error).unwrap();
            rpc.wait_response(serial, wait).unwrap();
        }
        Self {
            rpc,
            probing: true,
            inhibited: Vec::new(),
        }
    }

    /// Until the bus is gone, or nobody listens.
    fn serve(&mut self, tell: &Sender<Seen>) {
        loop {
            while let Some(call) = self.rpc.try_get_call() {
                let (answer, seen) = self.answer(&call);
                self.send(&call.dynheader, answer);
                if seen.is_some_and(|seen| tell.send(seen).is_err()) {
                    return;
                }
            }
            while let Some(signal) = self.rpc.try_get_signal() {
                let Ok((name, _, new)) = signal.body.parser().get3::<&str, &str, &str>() else {
                    continue;
                };
                let gone = |held: &(String, String)| held.1 == name && new.is_empty();
                let released: Vec<_> = self.inhibited.iter().filter(|h| gone(h)).cloned().collect();
                self.inhibited.retain(|held| !gone(held));
                for (place, _) in released {
                    if tell.send(Seen::Released(place)).is_err() {
                        return;
                    }
                }
            }
            match self.rpc.refill_once(Timeout::Duration(PATIENCE)) {
                Ok(_) | Err(Error::TimedOut) => {}
                Err(_) => return,
            }
        }
    }

    fn send(&mut self, call: &DynamicHeader, answer: Answer) {
        let serial = self.rpc.alloc_serial();
        match answer {
            Answer::Done => {
                let mut answer = call.make_response();
                answer.dynheader.serial = Some(serial);
                // Who was killed meanwhile hears nothing.
                let sent = self.rpc.send_message(&mut answer).unwrap().write_all();
                sent.map_err(force_finish_on_error).unwrap();
            }
            Answer::Refused(word) => {
                let bytes = error(serial, call, &format!("{NAME}.Error.Core.{word}"));
                let socket = self.rpc.conn().send.as_raw_fd();
                assert_eq!(nix::unistd::write(socket, &bytes), Ok(bytes.len()));
            }
        }
    }

    /// As src/mm-base-manager.c answers.
    fn answer(&mut self, call: &MarshalledMessage) -> (Answer, Option<Seen>) {
        let header = &call.dynheader;
        let arguments = call.body.parser().get2::<&str, bool>();
        let (Some("InhibitDevice"), Ok((place, true))) = (header.member.as_deref(), arguments)
        else {
            return (Answer::Refused("InvalidArgs"), None);
        };
        let place = place.to_owned();
        if !place.contains("/usb1/") {
            return (Answer::Refused("NotFound"), None);
        }
        if std::mem::take(&mut self.probing) {
            return (Answer::Refused("WrongState"), Some(Seen::TooEarly(place)));
        }
        if self.inhibited.iter().any(|held| held.0 == place) {
            return (Answer::Refused("InProgress"), None);
        }
        let sender = header.sender.clone().unwrap();
        self.inhibited.push((place.clone(), sender));
        (Answer::Done, Some(Seen::Inhibited(place)))
    }
}

#[derive(Clone, Copy)]
enum Answer {
    Done,
    Refused(&'static str),
}

/// An error message: rustbus 0.19 leaves the name out, for which the bus throws its sender out.
fn error(serial: u32, call: &DynamicHeader, name: &str) -> Vec<u8> {
    let mut fields = Vec::new();
    let mut field = |code: u8, kind: u8, value: &[u8], end: &[u8]| {
        fields.resize(fields.len().next_multiple_of(8), 0);
        fields.extend([code, 1, kind, 0]);
        fields.extend(value);
        fields.extend(end);
    };
    let text = |text: &str| {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        [&length, text.as_bytes()].concat()
    };
    field(4, b's', &text(name), &[0]);
    field(5, b'u', &call.serial.unwrap().to_le_bytes(), &[]);
    field(6, b's', &text(call.sender.as_ref().unwrap()), &[0]);
    let length = u32::try_from(fields.len()).unwrap();
    let mut bytes = vec![b'l', 3, 0, 1, 0, 0, 0, 0];
    bytes.extend(serial.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(fields);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}
