//! The loop over a real socket pair, with a controller that hands its end to this test.

use super::kernel::Host;
use super::lab::{IN, Lab, OUT};
use crate::sim::serve::{Error, Terms, serve_usb};
use crate::sim::usb::usbip::Fault;
use crate::sim::usb::{Controller, Hub, Port, Speed, VhciError};
use crate::transport::{Interrupt, SystemClock};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longest wait for anything; only a failure waits that long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ports that are taken say so; what is plugged in goes to the test.
struct Hubs {
    taken: Arc<Mutex<Vec<u32>>>,
    plugged: Sender<(u32, Speed, UnixStream)>,
    /// Somebody else takes this port right before the first device is plugged in.
    quicker: Option<u32>,
}

impl Controller for Hubs {
    fn ports(&self) -> Result<Vec<Port>, VhciError> {
        let taken = self.taken.lock().unwrap();
        let port = |hub, number| Port {
            hub,
            number,
            free: !taken.contains(&number),
        };
        let high = (0..3).map(|number| port(Hub::High, number));
        Ok(high
            .chain((3..6).map(|number| port(Hub::Super, number)))
            .collect())
    }

    fn attach(&mut self, port: u32, speed: Speed, socket: UnixStream) -> Result<(), VhciError> {
        if self.quicker.take() == Some(port) {
            self.taken.lock().unwrap().push(port);
            return Err(VhciError::Taken(port));
        }
        self.plugged.send((port, speed, socket)).unwrap();
        Ok(())
    }
}

/// What a test does while the device is served.
struct Kernel {
    taken: Arc<Mutex<Vec<u32>>>,
    plugged: Receiver<(u32, Speed, UnixStream)>,
    console: std::io::PipeWriter,
    /// Sockets stay open for as long as the device is served.
    sockets: Vec<UnixStream>,
}

impl Kernel {
    fn plugged(&mut self) -> (u32, Host<UnixStream>) {
        let (port, _, socket) = self.plugged.recv_timeout(PATIENCE).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        self.sockets.push(socket.try_clone().unwrap());
        (port, Host::new(socket))
    }

    fn says(&mut self, line: &str) {
        self.console
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }
}

/// Serves a device on a machine whose port 0 is taken, while the test runs.
fn while_served(lab: Lab, test: impl FnOnce(&mut Kernel) + Send) -> (Lab, Result<(), Error>) {
    while_served_beside(None, lab, test)
}

/// The same, with somebody else who takes a port at the last moment.
fn while_served_beside(
    quicker: Option<u32>,
    mut lab: Lab,
    test: impl FnOnce(&mut Kernel) + Send,
) -> (Lab, Result<(), Error>) {
    let taken = Arc::new(Mutex::new(vec![0]));
    let (tell, plugged) = channel();
    let (console, writer) = std::io::pipe().unwrap();
    let mut hubs = Hubs {
        taken: Arc::clone(&taken),
        plugged: tell,
        quicker,
    };
    let stop = Interrupt::default();
    let mut kernel = Kernel {
        taken,
        plugged,
        console: writer,
        sockets: Vec::new(),
    };
    let result = std::thread::scope(|scope| {
        let wish = stop.clone();
        let tester = scope.spawn(move || {
            let result =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&mut kernel)));
            wish.wish();
            (result, kernel)
        });
        let terms = Terms {
            log: None,
            steps: &[],
            console: Some(console.as_fd()),
            speed: 1,
            stop,
        };
        let clock = SystemClock::start();
        let result = serve_usb(&mut lab, &mut hubs, &terms, &clock, &mut |_| {});
        // A test that still waits for a device learns that none will come.
        drop(hubs);
        let (outcome, _kernel) = tester.join().unwrap();
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
        result
    });
    (lab, result)
}

#[test]
fn bytes_go_both_ways_however_many_they_are() {
    let lab = Lab {
        echoes: true,
        ..Lab::default()
    };
    let (lab, result) = while_served(lab, |kernel| {
        let (port, mut host) = kernel.plugged();
        assert_eq!(port, 1);
        host.enumerate();
        for count in [1, 48, 511, 512, 513, 16 * 1024, 1 << 20] {
            let sent: Vec<u8> = (0..count).map(|n| u8::try_from(n % 251).unwrap()).collect();
            host.write(OUT, &sent);
            assert_eq!(host.read(IN, u32::try_from(count).unwrap()), sent);
        }
    });
    result.unwrap();
    assert_eq!(lab.taken.len(), 7);
}

#[test]
fn a_device_that_comes_back_comes_back_to_its_port_once_that_is_free() {
    let (_, result) = while_served(Lab::default(), |kernel| {
        let (port, mut host) = kernel.plugged();
        host.enumerate();
        kernel.taken.lock().unwrap().push(port);
        kernel.says("unplug");
        assert_eq!(host.socket.read(&mut [0]).unwrap(), 0);
        kernel.says("plug");
        // The port is taken still; another one is free, and is left alone.
        assert!(kernel.plugged.try_recv().is_err());
        kernel.taken.lock().unwrap().retain(|taken| *taken != port);
        let (again, mut host) = kernel.plugged();
        assert_eq!(again, port);
        host.enumerate();
    });
    result.unwrap();
}

#[test]
fn a_port_that_somebody_takes_first_is_left_to_him() {
    let (_, result) = while_served_beside(Some(1), Lab::default(), |kernel| {
        let (port, mut host) = kernel.plugged();
        assert_eq!(port, 2);
        host.enumerate();
    });
    result.unwrap();
}

#[test]
fn a_kernel_that_lets_go_ends_the_serving() {
    let (_, result) = while_served(Lab::default(), |kernel| {
        let (_, host) = kernel.plugged();
        host.socket.shutdown(std::net::Shutdown::Both).unwrap();
        // Nothing more is plugged in, because the serving has ended.
        kernel.plugged.recv_timeout(PATIENCE).unwrap_err();
    });
    assert!(matches!(result, Err(Error::Detached)), "{result:?}");
}

#[test]
fn garbage_ends_the_serving_with_its_reason() {
    let (_, result) = while_served(Lab::default(), |kernel| {
        let (_, mut host) = kernel.plugged();
        host.send(&[0xff; 64]);
        assert_eq!(host.socket.read(&mut [0]).unwrap_or(0), 0);
    });
    let fault = Fault::Command(u32::MAX);
    assert!(
        matches!(result, Err(Error::Host(found)) if found == fault),
        "{result:?}"
    );
}
