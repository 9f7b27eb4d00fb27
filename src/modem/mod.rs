//! The modem as the engine sees it: what is on the bus, in which mode by which evidence, and its open ports.

pub mod bus;
pub mod identity;
pub mod ports;
pub mod session;
pub mod usb;

pub use bus::{Bus, Role, Sighting};
pub use identity::UsbIdentity;
pub use session::Session;
