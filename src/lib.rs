//! Recovers bricked cellular modems: plans are proved, then executed against drivers, guarded step by step.
//!
//! A **plan** is data. The **checker** turns it into a proof. The **engine** turns a proof into effects on a
//! **modem**. **Drivers** speak wire protocols over byte **transports**. The **simulated modem** is the other end
//! of every wire. `ARCHITECTURE.md` has the map and the rules between the rooms.

pub mod action;
pub mod author;
pub mod calibration;
pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod driver;
pub mod engine;
pub mod event;
pub mod files;
pub mod firmware;
pub mod guard;
pub mod host;
pub mod modem;
pub mod plan;
pub mod protocol;
pub mod rehearse;
pub mod report;
pub mod rule;
pub mod schema;
pub mod script;
pub mod sim;
pub mod transport;
pub mod yaml;
