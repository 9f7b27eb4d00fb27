//! Executes a proof, step by step: `walk` goes through the steps, `permission` asks guards and people,
//! `attempt` carries one step out, `ending` tells how it ended.

mod attempt;
mod ending;
pub(super) mod permission;
mod walk;

use crate::action::Failure;
use crate::action::signature::Effect;
use crate::check::{CheckedPlan, CheckedStep};
use crate::engine::Operator;
use crate::engine::approval::{Contents, Digest, Unit};
use crate::engine::journal::{self, Writer};
use crate::engine::mask::Mask;
use crate::engine::outcome::Outcome;
use crate::engine::recorder::{Listener, Recorder};
use crate::engine::resume::{self, Before, Chips, History};
use crate::engine::store::RunFolder;
use crate::event::{self, Event};
use crate::files::{self, Root};
use crate::modem::Session;
use crate::modem::session::Observed;
use crate::plan::{Kind, Mode, Template, Value, Values};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// What is to be run, resolved.
pub struct Request<'a> {
    pub plan: &'a CheckedPlan,
    /// The plan as the person named it: a path or a built-in name.
    pub name: String,
    pub values: Values,
    /// Guards that a person overrides, with the reason.
    pub overrides: BTreeMap<String, String>,
    pub approve: Option<Digest>,
    /// Answers harmless questions with yes.
    pub yes: bool,
    /// Where `to:` paths go.
    pub outputs: Root,
    /// Where the modem is looked for, for the digest.
    pub place: String,
    /// Ports given by hand, as typed, for a resume.
    pub ports: Vec<String>,
    pub folder: RunFolder,
    /// Goes on where an earlier run stopped.
    pub resume: Option<History>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub outcome: Outcome,
    pub run: String,
    /// What happened, what state the modem is in, what to do.
    pub message: String,
    pub help: Option<String>,
    /// The step that stopped it.
    pub step: Option<String>,
    pub code: Option<String>,
    /// Why the rescue did not come to its end, if it did not.
    pub rescue: Option<String>,
    pub mode: Option<Mode>,
    pub report: BTreeMap<String, String>,
    /// Facts that are known at the end, in full.
    pub facts: Values,
}

/// Why a run could not even begin: nothing was opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error(transparent)]
    File(#[from] files::Error),
    #[error(
        "the digest given with `--approve` is not that of this plan, these inputs and this unit; now it is {0}"
    )]
    StaleApproval(Digest),
    #[error("`{0}` exists already, and nothing is overwritten")]
    Exists(Utf8PathBuf),
    #[error("an offline digest approves nothing on hardware: make one with the modem attached")]
    OfflineApproval,
    #[error("what a resumed run destroys needs a person's word again, and there is no terminal")]
    NeedsApproval(Digest),
    #[error(transparent)]
    Resume(#[from] resume::Error),
}

/// Runs a plan to its end. Returns an error only where nothing was done.
pub fn run(
    request: Request<'_>,
    session: &mut Session,
    operator: &mut dyn Operator,
    listeners: Vec<&mut dyn Listener>,
) -> Result<Ended, StartError> {
    if request.resume.is_none() {
        outputs_are_free(&request)?;
    }
    let simulated = session.is_simulated();
    let unit = unit(&request.place, session);
    let contents = Contents::read(request.plan, &request.values)?;
    let seal = request.resume.as_ref().map(History::seal);
    let digest = contents.for_unit(&unit, &request.overrides, seal.as_deref());
    if let Some(history) = &request.resume {
        history.is_for(simulated)?;
        history.is_of(&contents.offline())?;
        if request.approve.is_none()
            && !simulated
            && !operator.can_act()
            && destroys(request.plan.steps())
        {
            return Err(StartError::NeedsApproval(digest));
        }
    }
    let answers = answers(request.approve.as_ref(), &digest, simulated)?;
    let mut mask = Mask::new(&request.folder.id);
    for value in request.values.values() {
        match value {
            Value::Imei(imei) => mask.identity(imei),
            Value::Secret(secret) => mask.secret(secret),
            _ => {}
        }
    }
    let mut chips = Chips::new();
    let (point, writer) = if let Some(history) = request.resume {
        for identity in history.identities() {
            mask.identity(identity);
        }
        let seen = session.observe().map_err(resume::Error::from)?;
        chips = history.chips();
        if session
            .chip()
            .is_some_and(|chip| resume::is_another(&chips, chip))
        {
            return Err(resume::Error::OtherUnit.into());
        }
        let (point, journal) = history.point(request.plan, &request.values, &seen)?;
        (Some(point), Writer::go_on(&request.folder.root, &journal)?)
    } else {
        write_private(&request, &contents.offline())?;
        (None, Writer::create(&request.folder.root)?)
    };
    let mut running = Running {
        plan: request.plan,
        name: request.name,
        inputs: request.values.clone(),
        contents,
        values: request.values,
        overrides: request.overrides,
        run: request.folder.id.clone(),
        folder: request.folder,
        outputs: request.outputs,
        session,
        operator,
        recorder: Recorder::new(mask, writer, listeners),
        answers,
        agreed: request.yes || answers == Answers::Digest,
        seen: None,
        chips,
        resume_after: None,
        passed: Vec::new(),
        checkpoint: point.is_some(),
        before: Before::Nothing,
        set: false,
    };
    if let Some(point) = point {
        running.recorder.backups = point.backups;
        running.values.extend(point.facts);
        running.resume_after = Some(point.after);
        running.passed = point.passed;
        running.before = point.before;
        running.recorder.unverified = point.unverified;
        running.recorder.emit(&Event::Resume {
            checkpoint: running.resume_after.clone().unwrap_or_default(),
            mode: point.mode,
        })?;
    } else {
        let start = running.start_event(digest.to_string(), simulated);
        running.recorder.emit(&start)?;
    }
    let result = running.whole();
    Ok(running.end(result))
}

/// Nothing is overwritten: a target that exists is refused as soon as its path is known, before the modem is touched.
fn outputs_are_free(request: &Request<'_>) -> Result<(), StartError> {
    for checked in request.plan.all_steps() {
        let step = &checked.step;
        let diag = step.diag_backup.as_ref().map(|backup| &backup.to);
        let firehose = step.firehose_backup.as_ref().map(|backup| &backup.to);
        let path = diag
            .or(firehose)
            .and_then(|to| Template::parse(to).ok())
            .and_then(|template| template.expand_path(&checked.view(&request.values)).ok());
        if let Some(path) = path.filter(|path| request.outputs.exists(path)) {
            return Err(StartError::Exists(request.outputs.path().join(path)));
        }
    }
    Ok(())
}

fn destroys(steps: &[CheckedStep]) -> bool {
    steps
        .iter()
        .any(|step| step.signature.effect == Effect::Destroy || destroys(&step.children))
}

/// What is attached, as far as a look tells: nothing is opened for it.
pub fn unit(place: &str, session: &mut Session) -> Unit {
    let shows = match session.look() {
        Ok(sighting) => {
            let roles: Vec<&str> = sighting.roles.iter().map(|role| role.word()).collect();
            let ports = format!("ports {}", roles.join(" "));
            sighting.usb.map_or(ports, |usb| match &usb.product {
                // Newer chips tell their serial there.
                Some(product) => format!("{usb}, product {product}"),
                None => usb.to_string(),
            })
        }
        Err(error) => error.to_string(),
    };
    Unit {
        place: place.to_owned(),
        shows,
        identities: BTreeMap::new(),
    }
}

/// Who answers for what destroys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    Digest,
    Operator,
}

fn answers(
    given: Option<&Digest>,
    digest: &Digest,
    simulated: bool,
) -> Result<Answers, StartError> {
    match given {
        None => Ok(Answers::Operator),
        // Nothing real can be lost: the simulated modem's operator says yes to everything.
        Some(_) if simulated => Ok(Answers::Operator),
        Some(given) if !given.is_for_a_unit() => Err(StartError::OfflineApproval),
        Some(given) if given == digest => Ok(Answers::Digest),
        Some(_) => Err(StartError::StaleApproval(digest.clone())),
    }
}

/// The real values that a resume needs and that no report may hold; only its owner may read it.
fn write_private(request: &Request<'_>, offline: &Digest) -> Result<(), files::Error> {
    let inputs: BTreeMap<String, String> = request
        .values
        .iter()
        .filter(|(_, value)| value.kind() != Kind::Secret)
        .map(|(name, value)| (name.clone(), value.display()))
        .collect();
    let private = resume::Private {
        format: 1,
        plan: request.name.clone(),
        inputs,
        ports: request.ports.clone(),
        place: request.place.clone(),
        folder: request.outputs.path().to_owned(),
        offline: offline.to_string(),
        identities: BTreeMap::new(),
    };
    let json = serde_json::to_vec(&private).map_err(|error| files::Error {
        verb: "write",
        path: resume::PRIVATE.into(),
        reason: error.to_string(),
        missing: false,
    })?;
    files::write_new(&request.folder.root, Utf8Path::new(resume::PRIVATE), &json)
}

/// Why the walk stopped.
enum Stop {
    Refused {
        step: Option<String>,
        rule: String,
        message: String,
        help: Option<String>,
    },
    Declined {
        step: String,
        message: String,
        help: String,
    },
    NoModem {
        message: String,
        help: &'static str,
    },
    Failed {
        step: String,
        failure: Failure,
        effect: Effect,
        is_check: bool,
    },
}

impl Stop {
    fn code(&self) -> String {
        match self {
            Self::Refused { rule, .. } => rule.clone(),
            Self::Declined { .. } => "run::declined".to_owned(),
            Self::NoModem { .. } => "modem::none".to_owned(),
            Self::Failed { failure, .. } => failure.code.to_owned(),
        }
    }
}

struct Running<'r, 'l> {
    plan: &'r CheckedPlan,
    name: String,
    /// What the run was given, and what all of it was when it began.
    inputs: Values,
    contents: Contents,
    /// Inputs, and the facts read so far.
    values: Values,
    overrides: BTreeMap<String, String>,
    run: String,
    folder: RunFolder,
    outputs: Root,
    session: &'r mut Session,
    operator: &'r mut dyn Operator,
    recorder: Recorder<'l>,
    answers: Answers,
    /// Harmless questions are answered.
    agreed: bool,
    seen: Option<Observed>,
    /// The chip that the run is about: nothing goes on with another one.
    chips: Chips,
    /// Steps up to this one are done already.
    resume_after: Option<String>,
    /// Steps that this run, or an earlier part of it, has passed.
    passed: Vec<String>,
    /// A checkpoint was passed: the run can be resumed.
    checkpoint: bool,
    /// What an earlier part of this run wrote.
    before: Before,
    /// A step that stores a setting was begun.
    set: bool,
}

impl Running<'_, '_> {
    fn start_event(&self, digest: String, simulated: bool) -> Event {
        let inputs = self
            .values
            .iter()
            .map(|(name, value)| (name.clone(), value.shown()))
            .collect();
        Event::RunStart {
            format: event::FORMAT,
            tool: format!("unbrick {}", env!("CARGO_PKG_VERSION")),
            run: self.run.clone(),
            plan: self.name.clone(),
            digest,
            inputs,
            simulated,
        }
    }
}
