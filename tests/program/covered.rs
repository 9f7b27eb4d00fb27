//! Every built-in plan has a case for each way in which it can end: the good way, each guard refusing, the person saying
//! no, the modem not coming back, and a fault inside each step that destroys, with a resume (plan-language.md 12.2).
//!
//! That the cases come out as they say is for `unbrick rehearse --all`.

use unbrick::action::signature::Effect;
use unbrick::check::{self, CheckedPlan, CheckedStep, GuardKind};
use unbrick::plan::library::{self, EntryKind, Library, Place};
use unbrick::plan::{Mode, Outcome, Rehearsal};

/// One plan, and its cases.
struct Covered {
    plan: CheckedPlan,
    cases: Vec<Rehearsal>,
    missing: Vec<String>,
}

impl Covered {
    fn new(name: &str) -> Self {
        let (plan, _) = check::load(name).unwrap();
        let place = Place::find(name, EntryKind::Plan);
        let cases = Library::builtin()
            .paths()
            .filter(|path| path.contains("/rehearsals/"))
            .filter_map(|path| {
                let path = path.strip_suffix(".yaml")?;
                let (case, _, rehearsal, _) = library::load_rehearsal(path).unwrap();
                (case.follow(&rehearsal.plan) == place).then_some(rehearsal)
            });
        Self {
            cases: cases.collect(),
            plan,
            missing: Vec::new(),
        }
    }

    fn demand(&mut self, what: String, holds: impl Fn(&Rehearsal) -> bool) {
        if !self.cases.iter().any(holds) {
            self.missing.push(what);
        }
    }

    fn all(&mut self) {
        self.demand("the good way".to_owned(), |case| {
            let outcome = case.expect.outcome.value;
            outcome == Outcome::Proved && case.faults.is_empty() && case.overrides.is_empty()
        });
        for guard in self.plan.guards().to_vec() {
            let (head, of_step) = rule(&guard.kind);
            let holders = holders(&self.plan, &guard.name);
            self.demand(format!("guard {} refusing", guard.name), |case| {
                let expect = &case.expect;
                let refuses = [Outcome::Refused, Outcome::Failed].contains(&expect.outcome.value);
                let by_it = expect
                    .rule
                    .as_ref()
                    .is_some_and(|rule| rule.starts_with(head));
                // Guards of one kind may differ by their step only.
                let there = expect
                    .step
                    .as_ref()
                    .map_or(!of_step, |step| holders.contains(step));
                refuses && by_it && there
            });
        }
        let steps: Vec<(String, Effect, bool)> = (self.plan.all_steps())
            .filter(|step| step.children.is_empty())
            .map(|step| {
                let confirms = step.step.confirm.is_some();
                (step.id().to_owned(), step.signature.effect, confirms)
            })
            .collect();
        let said_no = |case: &Rehearsal, id: &str| {
            let no = case
                .answers
                .iter()
                .any(|(step, word)| **step == id && **word == "no");
            let expect = &case.expect;
            let there = expect.step.as_ref().is_some_and(|step| **step == id);
            let declined = expect
                .rule
                .as_ref()
                .is_some_and(|rule| **rule == "run::declined");
            no && there && declined
        };
        for (id, effect, confirms) in &steps {
            if *confirms {
                self.demand(format!("a no to {id}"), |case| said_no(case, id));
            }
            if *effect == Effect::Destroy {
                self.demand(format!("a fault inside {id}, and a resume"), |case| {
                    let inside = |fault: &unbrick::plan::Fault| {
                        fault.step.as_ref().is_some_and(|step| **step == **id)
                    };
                    let there = case.expect.step.as_ref().is_some_and(|step| **step == **id);
                    there && case.faults.iter().any(inside) && case.resumed.is_some()
                });
            }
        }
        if steps
            .iter()
            .any(|(_, effect, _)| *effect >= Effect::Configure)
        {
            self.demand("a person saying no".to_owned(), |case| {
                steps.iter().any(|(id, ..)| said_no(case, id))
            });
        }
        let comes_back = |step: &&CheckedStep| {
            let step = &step.step;
            step.usb_wait.is_some() || step.modem_reset.is_some()
        };
        let waits: Vec<String> = (self.plan.all_steps().filter(comes_back))
            .map(|step| step.id().to_owned())
            .collect();
        self.demand("the modem not coming back".to_owned(), |case| {
            let expect = &case.expect;
            let waiting = expect
                .step
                .as_ref()
                .is_some_and(|step| waits.contains(step));
            let modem = expect.modem.as_ref();
            let off = modem.and_then(|modem| modem.mode.as_ref());
            waiting && off.is_some_and(|mode| mode.value == Mode::Off)
        });
    }
}

/// How the rules of a guard's refusals begin, and whether it can refuse only at a step.
fn rule(kind: &GuardKind) -> (&'static str, bool) {
    match kind {
        GuardKind::Model { .. } => ("model::", false),
        GuardKind::Rollback { .. } => ("rollback::", false),
        GuardKind::Package { .. } => ("package::", false),
        GuardKind::Backup { .. } => ("backup", true),
        GuardKind::SameUnit { .. } => ("same-unit", false),
        GuardKind::That => ("that", false),
    }
}

/// Steps that demand a guard.
fn holders(plan: &CheckedPlan, guard: &str) -> Vec<String> {
    let steps = plan.all_steps();
    let holds = |step: &&CheckedStep| step.guards.iter().any(|held| held.name == guard);
    steps
        .filter(holds)
        .map(|step| step.id().to_owned())
        .collect()
}

#[test]
fn every_built_in_plan_has_a_case_for_every_way() {
    let plans = library::list();
    let plans = plans.iter().filter(|entry| entry.kind == EntryKind::Plan);
    let mut missing = Vec::new();
    for entry in plans {
        let mut covered = Covered::new(&entry.name);
        covered.all();
        let of_plan = covered.missing.iter();
        missing.extend(of_plan.map(|what| format!("{}: {what}", entry.name)));
    }
    assert!(missing.is_empty(), "no case for\n{}", missing.join("\n"));
}

#[test]
fn a_plan_without_one_of_its_cases_is_told() {
    let mut whole = Covered::new("quectel/ec25/restore-factory");
    whole.all();
    assert_eq!(whole.missing, Vec::<String>::new());
    let mut none = Covered::new("quectel/ec25/restore-factory");
    none.cases.clear();
    none.all();
    assert_eq!(
        none.missing,
        [
            "the good way",
            "guard right-model refusing",
            "guard nv-saved refusing",
            "a no to put-back",
            "a fault inside put-back, and a resume",
            "a person saying no",
            "the modem not coming back",
        ]
    );
}
