//! What a fault was told with its `value`.

use crate::plan::{Duration as Span, Fault, Mode};
use std::time::Duration;

/// The `value` of a fault; the rules of scenarios have seen that it fits the kind.
#[derive(Debug, Default, Clone)]
pub(super) struct Told(Option<String>);

impl Told {
    pub(super) fn of(fault: &Fault) -> Self {
        Self(fault.value.as_ref().map(|value| value.value.clone()))
    }

    pub(super) fn duration(&self, usual: Duration) -> Duration {
        let given = self.0.as_deref().and_then(Span::parse);
        given.map_or(usual, |span| span.0)
    }

    pub(super) fn number(&self, usual: u32) -> u32 {
        let given = self.0.as_deref().and_then(|text| text.parse().ok());
        given.unwrap_or(usual)
    }

    /// A number of bytes.
    pub(super) fn count(&self, usual: u32) -> usize {
        usize::try_from(self.number(usual)).unwrap_or(usize::MAX)
    }

    pub(super) fn mode(&self, usual: Mode) -> Mode {
        let given = self.0.as_deref();
        let mut modes = Mode::ALL.into_iter();
        modes
            .find(|mode| given == Some(mode.word()))
            .unwrap_or(usual)
    }
}
