//! Orders from the person at the simulated modem, one a line.

use crate::plan::Hand;
use rustix::fd::BorrowedFd;

/// Longest line that is kept.
const MAX_LINE: usize = 4096;

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    Quit,
    State,
    Hand(Hand),
    /// A step of a plan asks for hands.
    Step(String),
    Unknown(String),
}

/// Reads orders without ever waiting.
pub(super) struct Console<'a> {
    /// Absent once it has ended.
    descriptor: Option<BorrowedFd<'a>>,
    pending: Vec<u8>,
}

impl<'a> Console<'a> {
    pub(super) fn new(descriptor: Option<BorrowedFd<'a>>) -> Self {
        Self {
            descriptor,
            pending: Vec::new(),
        }
    }

    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'a>> {
        self.descriptor
    }

    /// The orders that are there now.
    pub(super) fn orders(&mut self, steps: &[String]) -> Vec<Order> {
        while let Some(descriptor) = self.descriptor.filter(|fd| is_readable(*fd)) {
            let mut buffer = [0; 1024];
            match rustix::io::read(descriptor, &mut buffer) {
                Ok(0) => self.descriptor = None,
                Ok(count) => self.pending.extend(buffer.iter().take(count)),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => break,
                Err(_) => self.descriptor = None,
            }
            if self.pending.len() > MAX_LINE {
                break;
            }
        }
        let mut orders = Vec::new();
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            orders.extend(order(line.trim(), steps));
        }
        if self.pending.len() > MAX_LINE {
            self.pending.clear();
        }
        orders
    }
}

fn order(line: &str, steps: &[String]) -> Option<Order> {
    Some(match line {
        "" => return None,
        "quit" => Order::Quit,
        "state" => Order::State,
        "unplug" => Order::Hand(Hand::Unplug),
        "plug" => Order::Hand(Hand::Plug),
        "boot-pin-on" => Order::Hand(Hand::BootPinOn),
        "boot-pin-off" => Order::Hand(Hand::BootPinOff),
        step if steps.iter().any(|known| known == step) => Order::Step(step.to_owned()),
        other => Order::Unknown(other.to_owned()),
    })
}

/// What can be said, to a person who said something else.
pub(super) fn help(said: &str, steps: &[String]) -> String {
    let said: String = said.chars().filter(|c| !c.is_control()).take(40).collect();
    let words = [
        "unplug",
        "plug",
        "boot-pin-on",
        "boot-pin-off",
        "state",
        "quit",
    ];
    let known: Vec<String> = words
        .into_iter()
        .chain(steps.iter().map(String::as_str))
        .map(|word| format!("`{word}`"))
        .collect();
    format!("`{said}` is no order; say {}", known.join(", "))
}

fn is_readable(descriptor: BorrowedFd<'_>) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut wanted = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // A closed pipe reports a hang-up, and is read to see its end.
    poll(&mut wanted, Some(&at_once)).is_ok_and(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_an_order_only_if_the_hands_know_it() {
        let steps = ["ground-pin-65".to_owned()];
        assert_eq!(
            order("ground-pin-65", &steps),
            Some(Order::Step("ground-pin-65".into()))
        );
        assert_eq!(
            order("ground-pin-66", &steps),
            Some(Order::Unknown("ground-pin-66".into()))
        );
        assert_eq!(order("", &steps), None);
        assert_eq!(order("plug", &[]), Some(Order::Hand(Hand::Plug)));
        assert!(help("x\x1b[2J", &steps).contains("`ground-pin-65`"));
        assert!(!help("x\x1b[2J", &steps).contains('\x1b'));
    }
}
