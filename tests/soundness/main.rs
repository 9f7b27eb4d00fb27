//! What `check` has proved, a run keeps: random plans that pass it are run on the simulated modem, with random answers,
//! states and faults, and never fail by an unknown name, by values that do not go together, or in a mode into which
//! the plan itself has led the modem.
//!
//! The generator knows what it hopes, and not what is proved: it makes sound and unsound plans alike, and `check`
//! judges them. What is forbidden is told by the codes of the engine, never by a message.
//!
//! A failure prints the seed. `SOUNDNESS_SEED=17 cargo test --test soundness` tries that one plan and prints it;
//! `SOUNDNESS_PLANS=20000` tries that many.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may fail where it stands, looks at files as a person would, and prints what it reached"
)]

mod bench;
mod draft;
mod expression;
mod forced;
mod fragment;
mod guard;
mod many;
mod oracle;
mod person;
mod random;
mod scenario;
mod script;
mod steps;
mod tally;
mod way;
