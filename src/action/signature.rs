//! The table of actions: what each needs, leaves and does. Checker, engine, `show` and documentation read this one.

use super::at_rules;
use crate::plan::{Mode, Modes, Profile, Speaks, Step};
use crate::protocol::at;
use std::fmt;
use std::ops::Range;

/// How grave it is, from harmless on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Computes.
    Pure,
    /// Asks the modem.
    Read,
    /// A person acts.
    Manual,
    /// Mode or power changes, nothing is stored.
    Disrupt,
    /// A setting is stored.
    Configure,
    /// Flash or NV is written or erased.
    Destroy,
}

impl Effect {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Read => "read",
            Self::Manual => "manual",
            Self::Disrupt => "disrupt",
            Self::Configure => "configure",
            Self::Destroy => "destroy",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// In which mode an action leaves the modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// As it was.
    Same,
    /// Not known before it is seen on the bus.
    Unknown,
    Known(Mode),
}

/// What `resume` may do with a step that was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redo {
    /// Run again; a backup that has passed is kept.
    ReadOnly,
    /// Run again, after the mode has been observed.
    Idempotent,
    /// Run again only with the operator's word.
    Destructive,
    /// Never run again by the tool.
    Once,
}

/// A kind of guard, without its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GuardName {
    Model,
    Rollback,
    Package,
    Backup,
    SameUnit,
    That,
}

impl GuardName {
    /// The key under which an author writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Rollback => "rollback",
            Self::Package => "package",
            Self::Backup => "backup",
            Self::SameUnit => "same_unit",
            Self::That => "that",
        }
    }
}

/// What is known of a step's action without running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    pub key: &'static str,
    /// Modes in which it works.
    pub needs: Modes,
    pub leaves: Leaves,
    /// It ends only when the mode that it leaves has been seen.
    pub waits: bool,
    pub effect: Effect,
    pub redo: Redo,
    /// Kinds of guards without which it is not run.
    pub demands: &'static [GuardName],
}

impl Signature {
    /// The signature of a step with exactly one action. A script's is raised by what it calls (`Script::needs`,
    /// `Script::effect`).
    pub fn of(step: &Step, profile: &Profile) -> Option<Self> {
        let mut rows = rows_of(step);
        let row = rows.next()?;
        if rows.next().is_some() {
            return None;
        }
        let mut signature = row.signature;
        (row.refine)(&mut signature, step, profile);
        Some(signature)
    }
}

/// Every action as it stands in the table, before its fields and the modem refine it.
pub fn table() -> impl Iterator<Item = &'static Signature> {
    TABLE.iter().map(|row| &row.signature)
}

/// The actions of a step, and where each stands. A step should have exactly one.
pub fn actions_of(step: &Step) -> impl Iterator<Item = (&'static str, Range<usize>)> {
    rows_of(step).filter_map(|row| Some((row.signature.key, (row.place)(step)?)))
}

/// One action.
struct Row {
    signature: Signature,
    place: fn(&Step) -> Option<Range<usize>>,
    /// What depends on its fields, or on the modem.
    refine: fn(&mut Signature, &Step, &Profile),
}

fn rows_of(step: &Step) -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(|row| (row.place)(step).is_some())
}

const NORMAL: Modes = Modes::one(Mode::Normal);
const EDL: Modes = Modes::one(Mode::Edl);
const FIREHOSE: Modes = Modes::one(Mode::Firehose);
const FASTBOOT: Modes = Modes::one(Mode::Fastboot);
const DLOAD: Modes = Modes::one(Mode::Dload);

macro_rules! row {
    ($key:literal, $field:ident, $needs:expr, $leaves:expr, $waits:literal, $effect:ident, $redo:ident, [$($demand:ident),*], $refine:expr) => {
        Row {
            signature: Signature {
                key: $key,
                needs: $needs,
                leaves: $leaves,
                waits: $waits,
                effect: Effect::$effect,
                redo: Redo::$redo,
                demands: &[$(GuardName::$demand),*],
            },
            place: |step| step.$field.as_ref().map(|action| action.span.clone()),
            refine: $refine,
        }
    };
}

/// As it stands in the table.
const PLAIN: fn(&mut Signature, &Step, &Profile) = |_, _, _| {};

/// In the order of the language reference (plan-language.md §8.1).
#[rustfmt::skip]
static TABLE: [Row; 22] = [
    row!("at.ask", at_ask, NORMAL, Leaves::Same, false, Read, ReadOnly, [], PLAIN),
    row!("at.set", at_set, NORMAL, Leaves::Same, false, Configure, Idempotent, [], at_set),
    row!("modem.reset", modem_reset, NORMAL, Leaves::Known(Mode::Normal), true, Disrupt, Idempotent, [], PLAIN),
    row!("usb.wait", usb_wait, Modes::ANY, Leaves::Unknown, true, Read, ReadOnly, [], |signature, step, _| {
        let mode = step.usb_wait.as_ref().map(|wait| wait.mode.value);
        // A modem that has left the bus may come back by itself, whenever it likes.
        leave(signature, mode.filter(|mode| *mode != Mode::Off));
    }),
    row!("diag.edl", diag_edl, NORMAL, Leaves::Known(Mode::Edl), true, Disrupt, Idempotent, [], |signature, _, profile| {
        signature.needs = profile.edl_by_diag.iter().map(|mode| mode.value).collect();
    }),
    row!("diag.backup", diag_backup, NORMAL, Leaves::Same, false, Read, ReadOnly, [], PLAIN),
    row!("diag.restore", diag_restore, NORMAL, Leaves::Same, false, Destroy, Destructive, [Model, SameUnit, Backup], PLAIN),
    row!("sahara.info", sahara_info, EDL, Leaves::Same, false, Read, ReadOnly, [], PLAIN),
    row!("sahara.load", sahara_load, EDL, Leaves::Known(Mode::Firehose), true, Disrupt, Idempotent, [], |signature, step, _| {
        let speaks = step.sahara_load.as_ref().and_then(|load| load.speaks.as_ref());
        if speaks.is_some_and(|speaks| speaks.value == Speaks::Dload) {
            signature.leaves = Leaves::Known(Mode::Dload);
        }
    }),
    row!("firehose.backup", firehose_backup, FIREHOSE, Leaves::Same, false, Read, ReadOnly, [], PLAIN),
    row!("firehose.flash", firehose_flash, FIREHOSE, Leaves::Same, false, Destroy, Destructive, [Model, Rollback, Package, Backup], PLAIN),
    row!("firehose.reset", firehose_reset, FIREHOSE, Leaves::Unknown, true, Disrupt, Idempotent, [], |signature, step, _| {
        leave(signature, step.firehose_reset.as_ref().map(|reset| reset.to.value));
    }),
    row!("fastboot.flash", fastboot_flash, FASTBOOT, Leaves::Same, false, Destroy, Destructive, [Model, Rollback], PLAIN),
    row!("fastboot.reboot", fastboot_reboot, FASTBOOT, Leaves::Unknown, true, Disrupt, Idempotent, [], |signature, step, _| {
        leave(signature, step.fastboot_reboot.as_ref().map(|reboot| reboot.to.value));
    }),
    row!("dload.flash", dload_flash, DLOAD, Leaves::Same, false, Destroy, Destructive, [Model, Rollback, Package, Backup], PLAIN),
    row!("dload.reset", dload_reset, DLOAD, Leaves::Unknown, true, Disrupt, Idempotent, [], |signature, step, _| {
        leave(signature, step.dload_reset.as_ref().map(|reset| reset.to.value));
    }),
    row!("operator.do", operator_do, Modes::ANY, Leaves::Unknown, false, Manual, Idempotent, [], |signature, step, _| {
        if step.operator_do.as_ref().is_some_and(|action| action.hands_off) {
            signature.leaves = Leaves::Same;
        }
    }),
    row!("operator.ask", operator_ask, Modes::ANY, Leaves::Same, false, Manual, ReadOnly, [], PLAIN),
    row!("check", check, Modes::ANY, Leaves::Same, false, Pure, ReadOnly, [], PLAIN),
    row!("script", script, Modes::ANY, Leaves::Same, false, Pure, ReadOnly, [], PLAIN),
    row!("group", group, Modes::ANY, Leaves::Same, false, Pure, ReadOnly, [], group),
    row!("include", include, Modes::ANY, Leaves::Same, false, Pure, ReadOnly, [], group),
];

fn at_set(signature: &mut Signature, step: &Step, profile: &Profile) {
    let Some(action) = &step.at_set else { return };
    // What is known to restart needs not be said.
    if action.restarts || at::restarts(&action.send) {
        signature.leaves = Leaves::Unknown;
    }
    if at_rules::writes_nv(&action.send, profile) {
        signature.effect = Effect::Destroy;
        signature.redo = Redo::Once;
        signature.demands = &[GuardName::Model, GuardName::Backup];
    }
}

fn leave(signature: &mut Signature, mode: Option<Mode>) {
    if let Some(mode) = mode {
        signature.leaves = Leaves::Known(mode);
    }
}

/// A group is as grave as its gravest step.
fn group(signature: &mut Signature, step: &Step, profile: &Profile) {
    let single = |inner: &&Step| inner.group.is_none() && inner.include.is_none();
    for inner in step.all().into_iter().filter(single) {
        if let Some(inner) = Signature::of(inner, profile)
            && inner.effect > signature.effect
        {
            signature.effect = inner.effect;
            signature.redo = inner.redo;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ACTION_KEYS, GUARD_KEYS, TransportName, library};

    #[test]
    fn the_table_holds_every_action_of_the_plan_types() {
        let keys: Vec<&str> = TABLE.iter().map(|row| row.signature.key).collect();
        assert_eq!(keys, ACTION_KEYS);
    }

    #[test]
    fn every_guard_kind_has_its_word() {
        let words = [
            GuardName::Model,
            GuardName::Rollback,
            GuardName::Package,
            GuardName::Backup,
            GuardName::SameUnit,
            GuardName::That,
        ]
        .map(GuardName::word);
        assert_eq!(words, GUARD_KEYS);
    }

    #[test]
    fn only_what_destroys_demands_guards_and_asks_before_it_is_run_again() {
        for row in &TABLE {
            let s = &row.signature;
            let destroys = s.effect == Effect::Destroy;
            assert_eq!(destroys, !s.demands.is_empty(), "{}", s.key);
            assert_eq!(destroys, s.redo == Redo::Destructive, "{}", s.key);
        }
    }

    #[test]
    fn an_action_of_a_transport_says_so_by_its_prefix() {
        let words = [
            TransportName::At,
            TransportName::Diag,
            TransportName::Sahara,
            TransportName::Firehose,
            TransportName::Fastboot,
            TransportName::Dload,
        ]
        .map(TransportName::word);
        for row in &TABLE {
            let prefix = row.signature.key.split('.').next().unwrap();
            let local = [
                "modem", "usb", "operator", "check", "script", "group", "include",
            ];
            assert!(
                words.contains(&prefix) || local.contains(&prefix),
                "{prefix}"
            );
        }
    }

    #[test]
    fn a_command_that_writes_nv_destroys() {
        let (_, profile) = library::load_profile("quectel/rm502q-gl", None).unwrap();
        let step = |send: &str| Step {
            at_set: Some(Box::new(crate::yaml::Spanned {
                value: crate::plan::AtSet {
                    send: crate::yaml::Spanned {
                        value: send.to_owned(),
                        span: 0..0,
                    },
                    reply: None,
                    restarts: false,
                },
                span: 0..0,
            })),
            ..Step::default()
        };
        let effect = |send: &str| Signature::of(&step(send), &profile).unwrap().effect;
        assert_eq!(effect("AT+CFUN=1"), Effect::Configure);
        assert_eq!(effect("AT+QNVFW=\"/x\",00"), Effect::Destroy);
        assert!(Signature::of(&Step::default(), &profile).is_none());
    }
}
