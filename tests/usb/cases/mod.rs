//! What is tried inside of the machine. A case has one reason to fail; its name is the claim.

mod smoke;
mod tool;

use std::panic::catch_unwind;
use std::process::ExitCode;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    run: fn() -> Verdict,
}

impl Case {
    /// Without words all are.
    pub(crate) fn is_chosen_by(&self, words: &[&str]) -> bool {
        words.is_empty() || words.iter().any(|word| self.name.contains(word))
    }
}

/// How a case ends that did not fail.
pub(crate) enum Verdict {
    Passed,
    /// What it needs is not in the rig.
    PassedOver(String),
}

pub(crate) const PASSED: i32 = 0;
pub(crate) const FAILED: i32 = 1;
pub(crate) const PASSED_OVER: i32 = 2;

/// The list of cases, in order; the name is the function's.
macro_rules! cases {
    ($($module:ident: $($case:ident)*;)*) => {
        pub(crate) const ALL: &[Case] = &[
            $($(Case { name: stringify!($case), run: || $module::$case().into() },)*)*
        ];
    };
}

cases! {
    smoke: libusb_sees_the_root_hubs the_program_starts qdl_starts qdl_of_backports_starts;
}

impl From<()> for Verdict {
    fn from((): ()) -> Self {
        Self::Passed
    }
}

/// Runs one case in this process.
pub(crate) fn run(name: &str) -> ExitCode {
    let case = ALL.iter().find(|case| case.name == name).unwrap();
    let code = match catch_unwind(case.run) {
        Ok(Verdict::Passed) => PASSED,
        Ok(Verdict::PassedOver(why)) => {
            println!("{name}: {why}");
            PASSED_OVER
        }
        Err(_) => FAILED,
    };
    ExitCode::from(u8::try_from(code).unwrap())
}
