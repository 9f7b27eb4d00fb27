//! What runs beside us on a Debian: udev, the system's bus, polkit and ModemManager, all of them the real ones, with the
//! rules and policies that their packages ship.

use super::{patiently, patiently_for};
use crate::guest::{LIBRARIES, SERVICES};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const BUS: &str = "/run/dbus/system_bus_socket";
/// What ModemManager says of itself.
const LOG: &str = "/tmp/modem-manager.log";

/// It gives a port that does not answer, as the modem's second AT port, 18 s.
const PROBING: Duration = Duration::from_secs(120);

/// They end with it.
pub(crate) struct Services {
    manager: Child,
    /// In the order in which they began.
    others: Vec<Child>,
}

impl Services {
    /// None where the rig has them not.
    pub(crate) fn start() -> Option<Self> {
        if !SERVICES
            .iter()
            .all(|path| Path::new("/").join(path).exists())
        {
            return None;
        }
        for folder in ["/run/dbus", "/run/udev", "/var/lib/polkit-1"] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::os::unix::fs::symlink("/run", "/var/run").unwrap();
        let mut others = Vec::new();
        let mut udev = command("udevadm");
        udev.arg0("systemd-udevd");
        others.push(service(udev, &[], "/tmp/udevd.log"));
        patiently("udev", || {
            Path::new("/run/udev/control").exists().then_some(())
        });
        let bus = ["--system", "--nofork", "--nopidfile"];
        others.push(service(command("dbus-daemon"), &bus, "/tmp/dbus.log"));
        patiently("the bus", || Path::new(BUS).exists().then_some(()));
        let log = "/tmp/polkitd.log";
        others.push(service(command("polkitd"), &[], log));
        patiently("polkit", || {
            let said = std::fs::read_to_string(log).unwrap();
            said.contains("Acquired the name").then_some(())
        });
        let manager = service(command("ModemManager"), &["--debug"], LOG);
        Some(Self { manager, others })
    }

    /// The modems that it manages, as its own client lists them.
    pub(crate) fn modems() -> String {
        let said = command("mmcli").arg("--list-modems").output().unwrap();
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    /// The ttys of modems that it has open.
    pub(crate) fn open_ttys(&self) -> Vec<String> {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.manager.id())).unwrap();
        let files = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        files
            .filter_map(|file| Some(file.to_str()?.to_owned()))
            .filter(|file| file.starts_with("/dev/ttyUSB"))
            .collect()
    }

    /// Waits until its log says so, from this byte on.
    pub(crate) fn says(since: usize, what: &str) {
        patiently_for(PROBING, what, || {
            // It is an emulated machine, and has better to do.
            std::thread::sleep(Duration::from_millis(100));
            Self::log()[since..].contains(what).then_some(())
        });
    }

    pub(crate) fn log() -> String {
        String::from_utf8_lossy(&std::fs::read(LOG).unwrap()).into_owned()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        for child in [&mut self.manager]
            .into_iter()
            .chain(self.others.iter_mut().rev())
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn service(mut command: Command, arguments: &[&str], log: &str) -> Child {
    let log = File::create(log).unwrap();
    command.args(arguments).stdin(Stdio::null());
    command.stdout(log.try_clone().unwrap()).stderr(log);
    command.spawn().unwrap()
}

fn command(name: &str) -> Command {
    let ends = |path: &&&str| path.ends_with(name);
    let path = SERVICES.iter().find(ends).unwrap();
    let mut command = Command::new(format!("/{path}"));
    command.env("LD_LIBRARY_PATH", format!("/{LIBRARIES}"));
    command
}
