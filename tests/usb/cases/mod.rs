//! What is tried inside of the machine. A case has one reason to fail; its name is the claim.

mod bulk;
mod modem_manager;
mod modes;
mod other_tools;
mod smoke;
mod story;
mod strangers;
mod tool;
mod usb3;
mod usbmon;

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

/// Lists of cases, in order; the name is the function's.
macro_rules! cases {
    ($($module:ident: $($case:ident)*;)*) => {
        &[$($(Case { name: stringify!($case), run: || $module::$case().into() },)*)*]
    };
}

/// What runs on each machine, side by side: none of them alone is done in the time that the tier may take.
pub(crate) const MACHINES: [&[Case]; 4] = [
    cases! {
        story: the_whole_main_job;
    },
    cases! {
        story: an_unplug_in_any_phase_is_resumed;
    },
    cases! {
        smoke: libusb_sees_the_root_hubs the_program_starts qdl_starts qdl_of_backports_starts;
        bulk: bytes_come_back_whole_at_odd_sizes a_read_keeps_what_came_before_its_time_was_over
            a_write_counts_what_moved_before_nak zero_length_packets_go_both_ways a_stall_is_told
            a_reset_of_the_device_ends_or_bears_what_goes_on
            an_endpoint_stays_halted_until_it_is_cleared an_unplug_ends_a_read an_unplug_ends_a_write speed_of_writes;
        modes: every_mode_is_known_by_its_evidence a_dump_state_under_the_running_id_is_no_running_modem
            the_modem_goes_into_edl_and_comes_back_with_its_ttys qcserial_gives_9008_up_and_gets_it_back
            two_modems_are_told_apart_only_by_name a_modem_at_another_port_is_not_taken_for_it
            time_from_plug_to_hello_answered;
        usb3: the_modem_is_followed_to_the_other_half_of_its_socket_and_back
            packets_of_1024_bytes_go_both_ways_and_zero_length_ones;
        strangers: another_vendors_boot_rom_is_refused_unwritten corrupt_firmware_is_no_known_state
            a_port_that_another_process_holds_is_told two_modems_and_no_name_are_refused;
        other_tools: qdl_flashes_a_whole_package qdl_of_backports_flashes_a_whole_package;
    },
    cases! {
        modem_manager: modem_manager_leaves_the_modem_of_a_run_alone_and_gets_it_back;
    },
];

/// Whether a machine that runs this case needs what only ModemManager needs.
pub(crate) fn needs_modem_manager(name: &str) -> bool {
    name.starts_with("modem_manager_")
}

/// Every case.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    MACHINES.into_iter().flatten()
}

impl From<()> for Verdict {
    fn from((): ()) -> Self {
        Self::Passed
    }
}

/// Runs one case in this process.
pub(crate) fn run(name: &str) -> ExitCode {
    let case = all().find(|case| case.name == name).unwrap();
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
