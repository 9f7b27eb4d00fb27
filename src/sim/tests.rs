//! The simulated modem spoken to byte by byte, by a host that is no driver.

mod dload;
mod fastboot;
mod fault_kinds;
mod faults;
mod firehose;
mod host;
mod power;
mod sahara;
