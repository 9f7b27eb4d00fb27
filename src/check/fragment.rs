//! A fragment by itself: what holds whichever plan includes it.
//!
//! It is walked as the steps of a plan whose inputs are its parameters, for a modem that speaks everything. What only a
//! plan or a profile can decide, such as modes and guards, is left to the plans that include it.

use super::problems::Problems;
use super::{Checker, Expanded, broken_off, include};
use crate::diagnostic::{Problem, Source};
use crate::plan::{Fragment, Input, Mode, Plan, Profile};
use crate::script::workshop;
use crate::yaml::{self, Node, Spanned, Table};

/// Every problem of a fragment that is its own.
pub fn check_fragment(source: &Source, fragment: &Fragment, root: &Node) -> Vec<Problem> {
    let profile = match any_modem() {
        Ok(profile) => profile,
        // A fault of the program, and never a silent yes.
        Err(problems) => return problems,
    };
    let Expanded {
        plan,
        places,
        mut problems,
    } = include::expand(source, &around(fragment), root);
    problems.extend(include::judge(&places, fragment));
    let problems = Problems::new(&places, problems).without(&OF_A_PLAN);
    let walk = || {
        let mut walk = Checker::new(&places, &plan, &profile, problems);
        walk.plan();
        walk.problems.all()
    };
    workshop(walk).unwrap_or_else(|error| vec![broken_off(source, &error)])
}

/// Rules about what surrounds a fragment: the modes, the profile, the guards and the proof of a plan.
const OF_A_PLAN: [&str; 18] = [
    "plan::ends-elsewhere",
    "plan::guards-another",
    "plan::kept-part",
    "plan::loose-checkpoint",
    "plan::never-runs",
    "plan::never-starts",
    "plan::no-backup",
    "plan::no-transport",
    "plan::not-a-backup",
    "plan::not-a-query",
    "plan::stale-proof",
    "plan::unguarded",
    "plan::unknown-guard",
    "plan::unknown-part",
    "plan::unproved-end",
    "plan::unread-version",
    "plan::weak-backup",
    "plan::wrong-mode",
];

/// A plan of nothing but the fragment's steps.
fn around(fragment: &Fragment) -> Plan {
    let inputs = fragment.params.iter().map(|(name, param)| {
        let input = Input {
            kind: param.kind.clone(),
            about: param.about.clone(),
            default: None,
            matches: None,
            choices: Vec::new(),
        };
        (name.clone(), input)
    });
    Plan {
        plan: nowhere(1),
        id: nowhere("fragment".to_owned()),
        title: String::new(),
        about: None,
        modem: nowhere(String::new()),
        starts_in: nowhere(Mode::ALL.map(nowhere).to_vec()),
        ends_in: nowhere(Mode::ALL.map(nowhere).to_vec()),
        inputs: Table(inputs.collect()),
        guards: Table::default(),
        steps: fragment.steps.clone(),
        rescue: Vec::new(),
        report: Vec::new(),
    }
}

fn nowhere<T>(value: T) -> Spanned<T> {
    Spanned { value, span: 0..0 }
}

/// A modem that speaks everything.
fn any_modem() -> Result<Profile, Vec<Problem>> {
    let source = Source::builtin("any modem", ANY_MODEM);
    let (profile, _) = yaml::from_source(&source, "profile")?;
    Ok(profile)
}

const ANY_MODEM: &str = "\
profile: 1
id: any/modem
title: Any modem
hw: [ANY]
chip: any
transports: [at, diag, sahara, firehose, fastboot, dload]
modes: {}
ports: { usual: { diag: 0, at: 2 } }
nand: { page: 4096, pages_per_block: 64, blocks: 2048 }
partitions: []
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modem_that_speaks_everything_is_read() {
        assert_eq!(any_modem().unwrap().transports.len(), 6);
    }
}
