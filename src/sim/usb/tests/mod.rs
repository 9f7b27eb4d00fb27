//! The rules of endpoints and of USB/IP, without a kernel: a small client plays its part.

mod conserved;
mod descriptors;
mod endpoints;
mod kernel;
mod lab;
mod modem;
mod served;
mod usbip;
