//! One run, one modem: what another unit shows, plugged in at the same place in EDL, ends the run before it is written to.

use crate::cell::Yes;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use unbrick::check::{self, CheckedPlan};
use unbrick::engine::Outcome;
use unbrick::engine::resume::{self, History};
use unbrick::engine::run::{Ended, Request, StartError, run};
use unbrick::engine::store::{RunFolder, Store};
use unbrick::files::Root;
use unbrick::modem::Session;
use unbrick::modem::bus::{Bus, LookError, Role, Sighting};
use unbrick::plan::{Scenario, Values, library};
use unbrick::sim::{self, Modem, SimBus};
use unbrick::transport::{Clock, Error, Interrupt, Transport};

const PLAN: &str = r"plan: 1
id: units
title: Load a programmer twice
modem: quectel/rm502q-gl
starts_in: [edl]
ends_in: [edl]
steps:
  - id: in-edl
    usb.wait: { for: edl }
    timeout: 1m
    checkpoint: true
  - id: chip
    sahara.info: {}
    save: { hwid: text }
    timeout: 30s
  - id: swap
    operator.do: { say: Now, hands_off: true }
    timeout: 1m
  - id: again
    sahara.info: {}
    save: { pk_hash: text }
    timeout: 30s
  - id: stop
    check: [{ that: hwid == pk_hash, else: The run stops here. }]
";

/// Two modems, of which the second takes the first one's place while step `swap` runs.
struct TwoUnits {
    units: [SimBus; 2],
    clocks: [Arc<dyn Clock>; 2],
    now: usize,
    /// The product string tells the chip's serial number.
    told: bool,
}

impl Bus for TwoUnits {
    fn look(&mut self) -> Result<Sighting, LookError> {
        let mut sighting = self.units[self.now].look()?;
        sighting.arrival += 1000 * self.now as u64;
        if let Some(usb) = sighting.usb.as_mut().filter(|_| !self.told) {
            usb.product = Some("QUSB__BULK".to_owned());
        }
        Ok(sighting)
    }

    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error> {
        self.units[self.now].open(role)
    }

    fn pause(&mut self, _: &dyn Clock, time: Duration) {
        for clock in &self.clocks {
            clock.sleep(time);
        }
    }

    fn entered(&mut self, step: Option<&str>) {
        if step == Some("swap") {
            self.now = 1;
        }
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

struct Stand {
    _folder: TempDir,
    plan: CheckedPlan,
    scenario: Utf8PathBuf,
    store: Store,
}

impl Stand {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = Utf8Path::from_path(folder.path())
            .unwrap()
            .join("quectel/rm502q-gl");
        std::fs::create_dir_all(model.join("scenarios")).unwrap();
        let profile = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
        std::fs::write(model.join("modem.yaml"), profile).unwrap();
        std::fs::write(model.join("units.yaml"), PLAN).unwrap();
        let (plan, _) =
            check::load(model.join("units.yaml").as_str()).unwrap_or_else(|p| panic!("{p:?}"));
        let state = model.join("state");
        std::fs::create_dir_all(&state).unwrap();
        Self {
            _folder: folder,
            plan,
            scenario: model.join("scenarios/edl.yaml"),
            store: Store::open(&state).unwrap(),
        }
    }

    fn scenario(&self, serial: &str) -> Scenario {
        let text = format!(
            "scenario: 1\nmodem: quectel/rm502q-gl\nmode: edl\ndamage: [sbl]\nserial: {serial}\n\
             firmware: RM502QGLAAR11A02M4G_01.001.01.001\nimei: \"490154203237518\"\n"
        );
        std::fs::write(&self.scenario, text).unwrap();
        library::load_scenario(self.scenario.as_str()).unwrap().1
    }

    /// A session with the unit that is there, and the one that takes its place.
    fn session(&self, serials: [&str; 2], told: bool) -> Session {
        let made = serials.map(|serial| {
            let scenario = self.scenario(serial);
            let options = sim::Options { seed: 1 };
            let modem = Modem::new(&scenario, self.plan.profile(), options).unwrap();
            let (bus, clock, _) = SimBus::new(modem);
            (bus, clock as Arc<dyn Clock>)
        });
        let [(first, clock), (second, later)] = made;
        let bus = TwoUnits {
            units: [first, second],
            clocks: [clock.clone(), later],
            now: 0,
            told,
        };
        let profile = Arc::new(self.plan.profile().clone());
        Session::new(Box::new(bus), clock, Interrupt::default(), profile)
    }

    fn run(
        &self,
        session: &mut Session,
        folder: RunFolder,
        resume: Option<History>,
    ) -> Result<Ended, StartError> {
        let outputs = Root::open(folder.root.path()).unwrap();
        let request = Request {
            plan: &self.plan,
            name: "units".to_owned(),
            values: Values::new(),
            overrides: BTreeMap::new(),
            approve: None,
            yes: false,
            outputs,
            place: "the simulated modem".to_owned(),
            ports: Vec::new(),
            folder,
            resume,
        };
        run(request, session, &mut Yes, vec![])
    }

    fn begin(&self, serials: [&str; 2], told: bool) -> (Ended, RunFolder) {
        let folder = self.store.new_run().unwrap();
        let id = folder.id.clone();
        let mut session = self.session(serials, told);
        let ended = self.run(&mut session, folder, None).unwrap();
        (ended, self.store.run(&id).unwrap())
    }
}

const OWN: &str = "0badcafe";
const OTHER: &str = "0badcaff";

#[test]
fn another_unit_in_the_place_of_the_runs_own_ends_the_run() {
    let stand = Stand::new();
    for (serials, told, code) in [
        ([OWN, OWN], true, "step::claim"),
        ([OWN, OWN], false, "step::claim"),
        ([OWN, OTHER], true, "modem::another-unit"),
        ([OWN, OTHER], false, "modem::another-unit"),
    ] {
        let (ended, folder) = stand.begin(serials, told);
        assert_eq!(
            ended.code.as_deref(),
            Some(code),
            "{serials:?} {told} {}",
            ended.message
        );
        let message = format!("{} {:?}", ended.message, ended.help);
        if code == "modem::another-unit" {
            assert!(
                message.contains("the run's own is as the last step"),
                "{message}"
            );
            assert!(message.contains("plug the run's own modem in"), "{message}");
        }
        assert!(
            !message.contains(OWN) && !message.contains(OTHER),
            "{message}"
        );
        let journal = std::fs::read(folder.root.path().join("journal")).unwrap();
        let journal = String::from_utf8(journal).unwrap().to_ascii_lowercase();
        assert!(!journal.contains(OWN) && !journal.contains(OTHER));
    }
}

#[test]
fn a_run_is_resumed_with_its_own_unit_alone() {
    let stand = Stand::new();
    for (serial, told, refused, code) in [
        (OWN, true, false, "step::claim"),
        (OWN, false, false, "step::claim"),
        (OTHER, true, true, ""),
        // Known as soon as the boot ROM is asked.
        (OTHER, false, false, "modem::another-unit"),
    ] {
        let (_, folder) = stand.begin([OWN, OWN], told);
        let private = resume::private(&folder).unwrap();
        let history = History::read(&folder, private).unwrap();
        let mut session = stand.session([serial, serial], told);
        match stand.run(&mut session, folder, Some(history)) {
            Ok(ended) => {
                assert!(!refused, "{serial} {told}");
                assert_eq!(ended.code.as_deref(), Some(code), "{}", ended.message);
            }
            Err(StartError::Resume(error @ resume::Error::OtherUnit)) => {
                assert!(refused && error.is_about_the_modem());
                assert!(!format!("{error} {}", error.help()).contains(OTHER));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// It says nothing of the modem: nobody is told to look for another program.
#[test]
fn a_wish_to_stop_before_the_modem_is_known_is_told_as_one() {
    let stand = Stand::new();
    let mut session = stand.session([OWN, OWN], true);
    session.interrupt().wish();
    let folder = stand.store.new_run().unwrap();
    let ended = stand.run(&mut session, folder, None).unwrap();
    assert_eq!(ended.outcome, Outcome::Interrupted, "{}", ended.message);
    assert_eq!(ended.code.as_deref(), Some("run::interrupted"));

    let (_, folder) = stand.begin([OWN, OWN], true);
    let history = History::read(&folder, resume::private(&folder).unwrap()).unwrap();
    let mut session = stand.session([OWN, OWN], true);
    session.interrupt().wish();
    let error = stand.run(&mut session, folder, Some(history)).unwrap_err();
    assert!(
        matches!(error, StartError::Resume(resume::Error::Interrupted)),
        "{error}"
    );
}
