//! Messages and framing of every wire protocol: pure bytes, both directions.
//!
//! Nothing here does I/O or reads a clock. The drivers and the simulated modem share these formats and nothing
//! else. Sources are named as in the reference: `qdl`, `edl`, `openpst`, `qfh` and so on are public tools.

pub mod at;
pub mod diag;
pub mod dload;
pub mod efs;
pub mod fastboot;
pub mod firehose;
pub mod hdlc;
pub mod nand;
pub mod sahara;

mod wire;
