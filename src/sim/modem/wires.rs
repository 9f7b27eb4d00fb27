//! Bytes over the wires of the simulated modem: each transfer goes to the state that answers now.

use super::{Body, Modem};
use crate::sim::{Gone, Wire};

impl Modem {
    /// Bytes of one transfer of the host; how many of them are taken, which is all of them unless a fault says otherwise.
    pub fn write(&mut self, wire: Wire, bytes: &[u8]) -> Result<usize, Gone> {
        self.expect(wire)?;
        let short = match wire {
            Wire::Edl | Wire::Fastboot => self.world.short_write.take(),
            Wire::At | Wire::Diag => self.radio.take_short_write(),
        };
        let bytes = bytes.get(..short.unwrap_or(bytes.len())).unwrap_or(bytes);
        let taken = bytes.len();
        if wire == Wire::Edl {
            let Some(bytes) = self.inlet.transfer(self.world.zlp, bytes) else {
                return Ok(taken);
            };
            self.take(wire, &bytes)?;
        } else {
            self.take(wire, bytes)?;
        }
        Ok(taken)
    }

    /// One whole transfer of the host.
    fn take(&mut self, wire: Wire, bytes: &[u8]) -> Result<(), Gone> {
        match &mut self.body {
            Body::Absent => return Err(Gone),
            Body::BootRom(rom) | Body::Dump(rom) => rom.write(&mut self.world, bytes),
            Body::Programmer(programmer) => programmer.write(&mut self.world, bytes),
            Body::Loader(loader) => loader.write(&mut self.world, bytes),
            Body::Fastboot(lk) => lk.write(&mut self.world, bytes),
            Body::Running => self.radio.write(wire, bytes),
        }
        self.settle();
        Ok(())
    }

    /// Bytes of one transfer to the host; 0 for nothing now.
    pub fn read(&mut self, wire: Wire, buffer: &mut [u8]) -> Result<usize, Gone> {
        self.expect(wire)?;
        let count = match &mut self.body {
            Body::Absent => return Err(Gone),
            _ if self.inlet.is_deaf() => 0,
            Body::Running => self.radio.read(wire, buffer),
            Body::Programmer(programmer) => {
                let count = self.world.outbox.take(self.world.now, buffer);
                programmer.refill(&mut self.world);
                count
            }
            Body::BootRom(_) | Body::Dump(_) | Body::Loader(_) | Body::Fastboot(_) => {
                self.world.outbox.take(self.world.now, buffer)
            }
        };
        self.settle();
        Ok(count)
    }

    /// One whole transfer to the host, or what is left of it; `None` for nothing now.
    pub fn take_transfer(&mut self, wire: Wire) -> Result<Option<Vec<u8>>, Gone> {
        self.expect(wire)?;
        let transfer = match &mut self.body {
            Body::Absent => return Err(Gone),
            _ if self.inlet.is_deaf() => None,
            Body::Running => self.radio.take_piece(wire),
            Body::Programmer(programmer) => {
                let transfer = self.world.outbox.take_transfer(self.world.now);
                programmer.refill(&mut self.world);
                transfer
            }
            Body::BootRom(_) | Body::Dump(_) | Body::Loader(_) | Body::Fastboot(_) => {
                self.world.outbox.take_transfer(self.world.now)
            }
        };
        self.settle();
        Ok(transfer)
    }

    /// A zero-length packet from the host. Fastboot reads it; every other state swallows it, unless a fault says
    /// otherwise: Debian's qdl ends a Sahara image and raw data with one (usb-test-rig.md §7, measured).
    pub fn transfer_ended(&mut self, wire: Wire) -> Result<(), Gone> {
        self.expect(wire)?;
        if let Body::Fastboot(lk) = &mut self.body {
            lk.empty_packet(&mut self.world);
            self.settle();
            return Ok(());
        }
        if wire != Wire::Edl {
            return Ok(());
        }
        match self.inlet.zero_length(self.world.zlp) {
            Some(bytes) => self.take(wire, &bytes),
            None => Ok(()),
        }
    }

    /// The host opened a port. Nothing changes: HELLO comes once per power-up, not once per open.
    pub fn opened(&mut self, _wire: Wire) {}

    /// The host closed a port. What it did not read stays there for the next one.
    pub fn closed(&mut self, _wire: Wire) {}

    fn expect(&self, wire: Wire) -> Result<(), Gone> {
        let there = match self.body {
            Body::Absent => false,
            Body::Running => matches!(wire, Wire::At | Wire::Diag),
            Body::Fastboot(_) => wire == Wire::Fastboot,
            Body::BootRom(_) | Body::Dump(_) | Body::Programmer(_) | Body::Loader(_) => {
                wire == Wire::Edl
            }
        };
        if there { Ok(()) } else { Err(Gone) }
    }
}
