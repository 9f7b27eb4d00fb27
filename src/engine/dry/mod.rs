//! Decides everything that can be decided and sends nothing that changes anything.
//!
//! It never invents a result: at the first condition that needs an unread fact the decided part ends. With a modem it
//! carries out what only reads, up to the first step that would change something: what is read after that would be the
//! old modem's answer to a question about the new one.

mod lines;
mod modem;
mod report;
mod verdicts;

use super::approval::{Contents, Unit};
use super::mask::Mask;
use super::perform::Saved;
use crate::action::Failure;
use crate::action::signature::{Effect, Leaves};
use crate::check::{CheckedPlan, CheckedStep};
use crate::files::{self, Root};
use crate::modem::Session;
use crate::plan::{Mode, Modes, Step, Template, Value, Values};
use camino::Utf8Path;
pub use report::{End, Preview, Report, Rest};
use std::collections::BTreeMap;
pub use verdicts::Judged;

/// What is to be decided.
pub struct Request<'a> {
    pub plan: &'a CheckedPlan,
    pub values: &'a Values,
    pub overrides: &'a BTreeMap<String, String>,
    /// What is attached, and the way to it.
    pub modem: Option<(Unit, &'a mut Session)>,
    /// The folder in which `to:` paths begin.
    pub outputs: &'a Utf8Path,
}

/// Decides what can be decided.
pub fn dry_run(request: Request<'_>) -> Result<Report, files::Error> {
    let Request {
        plan,
        values,
        overrides,
        modem,
        outputs,
    } = request;
    let contents = Contents::read(plan, values)?;
    let digest = match &modem {
        Some((unit, _)) => contents.for_unit(unit, overrides, None),
        None => contents.offline(),
    };
    let guards = verdicts::all(plan, values, overrides);
    let starts: Modes = plan.plan().starts_in.iter().map(|m| m.value).collect();
    let mut modes = starts;
    let mut session = modem.map(|(_, session)| session);
    let mut begins = false;
    let seen = session.as_mut().map(|session| {
        let seen = modem::look(session, plan.profile());
        let fits = seen.could.and(starts);
        if fits.is_empty() {
            return format!(
                "{}, but the plan begins in {starts}: `run` would not begin",
                seen.told
            );
        }
        begins = fits.iter().count() == 1;
        modes = fits;
        seen.told
    });
    // Nothing is asked of a modem on which a run would not begin.
    if !begins || guards.iter().any(|guard| guard.verdict == "refused") {
        session = None;
    }
    let mut mask = Mask::new(digest.to_string());
    for value in values.values() {
        learn(&mut mask, value);
    }
    let mut dry = Dry {
        plan,
        values: values.clone(),
        overrides,
        outputs: Root::open(outputs)?,
        session,
        modes,
        mask,
        guards,
        unread: BTreeMap::new(),
        optional: 0,
        steps: Vec::new(),
        rest: None,
    };
    dry.walk(plan.steps(), 0);
    Ok(Report {
        modem: seen,
        guards: dry.guards,
        steps: dry.steps,
        rest: dry.rest,
        digest,
    })
}

/// What must not come out, whoever says it.
fn learn(mask: &mut Mask, value: &Value) {
    match value {
        Value::Imei(imei) => mask.identity(imei),
        Value::Secret(secret) => mask.secret(secret),
        _ => {}
    }
}

/// A fact that nobody has read yet.
struct Unread {
    /// The step that gives it.
    step: String,
    /// How it does.
    verb: &'static str,
}

struct Dry<'a> {
    plan: &'a CheckedPlan,
    /// Inputs, and what was read or computed so far.
    values: Values,
    overrides: &'a BTreeMap<String, String>,
    outputs: Root,
    /// The modem, as long as it may be asked: until the first step that would change something.
    session: Option<&'a mut Session>,
    /// Modes in which the modem may be here.
    modes: Modes,
    mask: Mask,
    guards: Vec<Judged>,
    unread: BTreeMap<String, Unread>,
    /// Optional groups around the present step.
    optional: usize,
    steps: Vec<Preview>,
    rest: Option<Rest>,
}

impl Dry<'_> {
    fn walk(&mut self, steps: &[CheckedStep], depth: usize) {
        for checked in steps {
            match &mut self.rest {
                Some(rest) => rest.add(checked),
                None => self.step(checked, depth),
            }
        }
    }

    fn step(&mut self, checked: &CheckedStep, depth: usize) {
        let step = &checked.step;
        let before = self.modes;
        let only: Option<Modes> = step
            .only_in
            .as_ref()
            .map(|modes| modes.iter().map(|mode| mode.value).collect());
        let here = only.map_or(before, |only| before.and(only));
        let sure = before.within(here);
        let mut preview = Preview {
            step: step.id.value.clone(),
            action: checked.signature.key,
            effect: checked.signature.effect,
            depth,
            only_in: only.filter(|_| !sure),
            skipped: false,
            lines: Vec::new(),
            facts: Vec::new(),
            problem: None,
        };
        if here.is_empty() {
            preview.skip(&format!("the modem is in {before}"));
            self.steps.push(preview);
            return;
        }
        match self.decide(checked) {
            Ok(None) => {}
            Ok(Some(because)) => {
                preview.skip(&because);
                self.steps.push(preview);
                return;
            }
            Err(rest) => {
                let rest = self.rest.insert(rest);
                rest.add(checked);
                return;
            }
        }
        self.modes = here;
        if !sure {
            // What is read in a step that may be left out would decide nothing.
            self.session = None;
        }
        match self.lines(checked) {
            Ok(lines) => preview.lines = lines,
            Err(failure) => preview.problem = Some(self.masked(failure)),
        }
        if preview.problem.is_none() {
            self.carry_out(checked, &mut preview);
        }
        let changes = checked.signature.effect >= Effect::Disrupt
            || checked.signature.leaves == Leaves::Unknown;
        if changes && checked.children.is_empty() {
            self.session = None;
        }
        self.unread(checked, &preview);
        self.steps.push(preview);
        if checked.children.is_empty() {
            match checked.signature.leaves {
                Leaves::Same => {}
                Leaves::Unknown => self.modes = Modes::ANY,
                Leaves::Known(mode) => self.modes = Modes::one(mode),
            }
        } else {
            self.inside(checked, depth);
        }
        if !sure {
            self.modes = before.minus(here).or(self.modes);
        }
    }

    /// The steps of a group. A failure inside of an optional one ends the group and nothing else.
    fn inside(&mut self, checked: &CheckedStep, depth: usize) {
        let optional = usize::from(is_optional(&checked.step));
        self.optional += optional;
        self.walk(&checked.children, depth + 1);
        self.optional -= optional;
        let failed = |rest: &Rest| rest.end == End::NotReached;
        if optional == 1 && self.rest.as_ref().is_some_and(failed) {
            self.rest = None;
        }
    }

    /// Whether the step runs: why not, or what ends the decided part here.
    fn decide(&mut self, checked: &CheckedStep) -> Result<Option<String>, Rest> {
        let step = &checked.step;
        if let (Some(when), Some(text)) = (&checked.when, &step.when) {
            self.all_read(step, when.names())?;
            match when.holds(&checked.view(&self.values)) {
                Ok(true) => {}
                Ok(false) => return Ok(Some(format!("`{}` does not hold", text.value))),
                Err(error) => return Err(Rest::not_reached(step, &error.to_string())),
            }
        }
        for claim in &checked.claims {
            self.all_read(step, claim.condition.names())?;
        }
        if let Some(until) = &checked.until {
            let own = |name: &&String| step.save.0.iter().any(|(own, _)| own.value == **name);
            self.all_read(step, until.names().iter().filter(|name| !own(name)))?;
        }
        if let Some(script) = checked
            .script
            .as_ref()
            .filter(|_| self.runs_script(checked))
        {
            self.all_read(step, script.names())?;
        }
        for template in lines::texts(step).filter_map(|text| Template::parse(text).ok()) {
            let names: Vec<String> = template.names().map(|(name, _)| name.to_owned()).collect();
            self.all_read(step, &names)?;
        }
        for guard in &checked.guards {
            if let Some(missing) = guard
                .needs
                .iter()
                .find(|name| self.unread.contains_key(*name))
            {
                return Err(self.depends(missing));
            }
            let known = verdicts::judge(self.plan, &self.values, self.overrides, guard);
            let entry = self
                .guards
                .iter_mut()
                .find(|entry| entry.guard == guard.name);
            let Some(entry) = entry else { continue };
            // What was refused before step one is told already, and the steps are shown all the same.
            let told = entry.verdict == "refused";
            *entry = known;
            if entry.verdict == "refused" && !told {
                let why = format!("guard `{}` refuses step `{}`", guard.name, step.id.value);
                return Err(Rest::new(why, End::NotReached));
            }
        }
        Ok(None)
    }

    /// Whether every one of these names of the step's scope is known; otherwise the decided part ends.
    fn all_read<'n>(
        &self,
        step: &Step,
        names: impl IntoIterator<Item = &'n String>,
    ) -> Result<(), Rest> {
        let mut all = names.into_iter().flat_map(|name| step.scope.rests_on(name));
        match all.find(|name| self.unread.contains_key(name)) {
            Some(missing) => Err(self.depends(&missing)),
            None => Ok(()),
        }
    }

    fn depends(&self, name: &str) -> Rest {
        let how = self.unread.get(name).map_or_else(String::new, |unread| {
            format!(", which step `{}` {}", unread.step, unread.verb)
        });
        let why = format!("beyond this point it depends on `{name}`{how}");
        Rest::new(why, End::Undecided)
    }

    /// A script that asks nobody is run; one that asks the modem only while that may be asked.
    fn runs_script(&self, checked: &CheckedStep) -> bool {
        match checked.signature.effect {
            Effect::Pure => true,
            Effect::Read => self.may_read(checked),
            _ => false,
        }
    }

    fn may_read(&self, checked: &CheckedStep) -> bool {
        self.session.is_some() && self.modes.within(checked.signature.needs)
    }

    /// The bulk pair of a real modem is left to the run.
    fn on_simulated(&self) -> bool {
        self.session.as_ref().is_some_and(|s| s.is_simulated())
    }

    /// What computes, and what reads as far as that may be.
    fn carry_out(&mut self, checked: &CheckedStep, preview: &mut Preview) {
        let step = &checked.step;
        let done = if let Some(wait) = &step.usb_wait {
            self.look_once(wait.mode.value, preview);
            return;
        } else if step.check.is_some() {
            super::perform::claims(checked, &checked.view(&self.values)).map(|()| Saved::default())
        } else if (checked.script.is_some() && self.runs_script(checked))
            || (step.at_ask.is_some() && self.may_read(checked))
            || (step.sahara_info.is_some() && self.may_read(checked) && self.on_simulated())
        {
            self.read(checked, preview)
        } else {
            return;
        };
        let facts = done.and_then(|saved| {
            let facts = saved.typed(checked)?;
            for (_, identity) in saved.identities(checked, &facts) {
                self.mask.identity(&identity);
            }
            Ok(facts)
        });
        match facts {
            Ok(facts) => {
                for (name, value) in facts {
                    learn(&mut self.mask, &value);
                    let shown = self.mask.text(&value.shown());
                    preview.facts.push((name.clone(), shown));
                    self.values.insert(name, value);
                }
            }
            Err(failure) => self.failed(checked, self.masked(failure), preview),
        }
    }

    /// A failure that a run would meet, too.
    fn failed(&mut self, checked: &CheckedStep, failure: Failure, preview: &mut Preview) {
        if is_optional(&checked.step) {
            preview
                .lines
                .push(format!("it failed, and is optional: {}", failure.message));
            return;
        }
        if self.optional > 0 {
            preview.lines.push(format!(
                "it failed, and its group is optional: {}",
                failure.message
            ));
        } else {
            preview.problem = Some(failure);
        }
        let why = format!("step `{}` would fail", checked.step.id.value);
        self.rest = Some(Rest::new(why, End::NotReached));
    }

    /// `usb.wait` is one look: what a wait would come to is not known before.
    fn look_once(&mut self, wanted: Mode, preview: &mut Preview) {
        let Some(session) = &mut self.session else {
            return;
        };
        let seen = modem::look(session, self.plan.profile());
        preview.lines.push(format!("a look shows it {}", seen.told));
        if seen.could != Modes::one(wanted) {
            self.session = None;
        }
    }

    /// What the step would save and nobody has read.
    fn unread(&mut self, checked: &CheckedStep, preview: &Preview) {
        let step = &checked.step;
        let verb = if step.operator_ask.is_some() {
            "asks a person for"
        } else if step.script.is_some() {
            "computes"
        } else {
            "reads"
        };
        for (name, _) in &step.save.0 {
            let Some(full) = step.scope.full(name) else {
                continue;
            };
            if !preview.facts.iter().any(|(read, _)| *read == full) {
                let step = step.id.value.clone();
                self.unread.insert(full, Unread { step, verb });
            }
        }
    }

    /// As it may be shown.
    fn masked(&self, failure: Failure) -> Failure {
        Failure {
            message: self.mask.text(&failure.message),
            ..failure
        }
    }
}

fn is_optional(step: &Step) -> bool {
    step.optional
        .as_ref()
        .is_some_and(|optional| optional.value)
}
