//! The modem as the engine sees it: what is on the bus, in which mode by which evidence, and its open ports.

pub mod bus;
pub mod identity;
mod place;
pub mod ports;
pub mod session;
pub mod survey;
pub mod sysfs;
pub mod topology;
pub mod usb;

pub use bus::{Bus, LookError, Role, Sighting};
pub use identity::UsbIdentity;
pub use place::Place;
pub use session::Session;
