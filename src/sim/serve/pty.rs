//! One pseudo-terminal: the modem's side of it.

use camino::{Utf8Path, Utf8PathBuf};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::{Errno, read, write};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// The master; dropping it makes an open slave read as gone.
pub(super) struct Pty {
    master: OwnedFd,
    path: Utf8PathBuf,
}

impl Pty {
    pub(super) fn open() -> Result<Self, Errno> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let path = ptsname(&master, Vec::new())?;
        let path = path.into_string().map_err(|_| Errno::ILSEQ)?;
        // Until the slave has been open once, the master cannot tell whether it is: it reports a hang-up only
        // after a close.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        drop(open(path.as_str(), flags, Mode::empty())?);
        // Raw bytes both ways, also for programs that set nothing. On the master this sets the slave.
        let mut settings = tcgetattr(&master)?;
        settings.make_raw();
        tcsetattr(&master, OptionalActions::Now, &settings)?;
        fcntl_setfl(&master, fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
        Ok(Self {
            master,
            path: path.into(),
        })
    }

    /// What a program opens.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub(super) fn master(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }

    /// Whether a program has it open.
    pub(super) fn is_open(&self) -> bool {
        let mut wanted = [PollFd::new(&self.master, PollFlags::IN)];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let looked = poll(&mut wanted, Some(&at_once));
        looked.is_ok()
            && !wanted
                .iter()
                .any(|fd| fd.revents().contains(PollFlags::HUP))
    }

    /// What a program wrote, as far as it is there.
    pub(super) fn read(&self) -> Vec<u8> {
        let mut buffer = vec![0; 4096];
        // A closed slave reads as an error once all it wrote has been read.
        let count = read(&self.master, &mut buffer).unwrap_or(0);
        buffer.truncate(count);
        buffer
    }

    /// Gives bytes to the program, as many as fit.
    pub(super) fn write(&self, bytes: &[u8]) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        write(&self.master, bytes).unwrap_or(0)
    }
}
