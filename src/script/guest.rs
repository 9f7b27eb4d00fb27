//! What a running program shares with the outside: its limits, its verdict, what it saved, and the way to the host,
//! which stays on the thread that started the program.

use super::functions::{MAX_ITEMS, register_host};
use super::room::{End, MAX_OPERATIONS, MAX_TEXT, Use};
use super::{Fault, Host, value_of};
use crate::plan::{Kind, Values};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Position};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a waiting host looks whether the run is being stopped.
const LOOK: Duration = Duration::from_millis(20);
/// Each call may cost the host far more than the script: a line of `log` is synced into the journal.
const MAX_CALLS: u64 = 1_000;

/// Answers the script's requests until it ends.
pub(super) fn serve(
    host: &mut dyn Host,
    requests: &Receiver<Request>,
    answers: &Sender<Result<Answer, String>>,
    stop: &AtomicBool,
) {
    loop {
        if host.cancelled() {
            stop.store(true, Ordering::Relaxed);
        }
        let answer = match requests.recv_timeout(LOOK) {
            Ok(Request::At(command)) => host.at(&command).map(Answer::Lines),
            Ok(Request::RfnvCount) => host.rfnv_count().map(Answer::Number),
            Ok(Request::Log(text)) => {
                host.log(&text);
                Ok(Answer::Heard)
            }
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // The script may have ended meanwhile.
        let _ = answers.send(answer);
    }
}

/// A script's wish, carried to the thread of the host.
pub(super) enum Request {
    At(String),
    RfnvCount,
    Log(String),
}

pub(super) enum Answer {
    Lines(Vec<String>),
    Number(i64),
    Heard,
}

pub(super) struct Link {
    pub(super) ask: Sender<Request>,
    pub(super) answered: Mutex<Receiver<Result<Answer, String>>>,
}

/// What the functions of one running program share.
#[derive(Clone)]
pub(super) struct Guest(Arc<Inside>);

struct Inside {
    link: Mutex<Option<Link>>,
    saves: BTreeMap<String, Kind>,
    saved: Mutex<Values>,
    /// Why the program must end; once there, it stays.
    verdict: Mutex<Option<End>>,
    stop: Arc<AtomicBool>,
    started: Instant,
    limit: Duration,
    /// Spent in the host, in nanoseconds: that is not the program's own time.
    away: AtomicU64,
    /// Of the host, so far.
    calls: AtomicU64,
}

impl Guest {
    pub(super) fn new(engine: &mut Engine, purpose: Use) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        Self::link(engine, purpose, None, BTreeMap::new(), stop)
    }

    pub(super) fn link(
        engine: &mut Engine,
        purpose: Use,
        link: Option<Link>,
        saves: BTreeMap<String, Kind>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let limit = match purpose {
            Use::Condition => Duration::from_millis(100),
            Use::Script => Duration::from_secs(1),
        };
        let guest = Self(Arc::new(Inside {
            link: Mutex::new(link),
            saves,
            saved: Mutex::new(Values::new()),
            verdict: Mutex::new(None),
            stop,
            started: now(),
            limit,
            away: AtomicU64::new(0),
            calls: AtomicU64::new(0),
        }));
        let watch = guest.clone();
        engine.on_progress(move |operations| watch.watch(operations));
        if purpose == Use::Script {
            register_host(engine, &guest);
        }
        guest
    }

    fn watch(&self, operations: u64) -> Option<Dynamic> {
        let error = if self.0.stop.load(Ordering::Relaxed) {
            Fault::Stopped
        } else if operations > MAX_OPERATIONS {
            Fault::Limit {
                limit: "50,000 operations",
            }
        } else if self.own_time() > self.0.limit {
            Fault::Limit { limit: "time" }
        } else {
            return locked(&self.0.verdict).as_ref().map(|_| Dynamic::UNIT);
        };
        locked(&self.0.verdict).get_or_insert(error.into());
        Some(Dynamic::UNIT)
    }

    fn own_time(&self) -> Duration {
        let away = Duration::from_nanos(self.0.away.load(Ordering::Relaxed));
        now().duration_since(self.0.started).saturating_sub(away)
    }

    pub(super) fn verdict(&self) -> Option<End> {
        locked(&self.0.verdict).clone()
    }

    pub(super) fn saved(&self) -> Values {
        locked(&self.0.saved).clone()
    }

    /// Ends the program in a way that it cannot catch. The place is kept with the verdict, because the engine loses
    /// that of such an end inside of functions.
    fn end<T>(&self, fault: Fault, at: Position) -> Result<T, Box<EvalAltResult>> {
        locked(&self.0.verdict).get_or_insert(End::new(fault, at));
        Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, at).into())
    }

    fn ask(&self, request: Request, at: Position) -> Result<Answer, Box<EvalAltResult>> {
        if self.0.stop.load(Ordering::Relaxed) {
            return self.end(Fault::Stopped, at);
        }
        if self.0.calls.fetch_add(1, Ordering::Relaxed) >= MAX_CALLS {
            let limit = "1,000 calls of the host";
            return self.end(Fault::Limit { limit }, at);
        }
        let begun = now();
        let answer = {
            let link = locked(&self.0.link);
            let Some(link) = link.as_ref() else {
                return self.end(Fault::Crashed, at);
            };
            if link.ask.send(request).is_err() {
                return self.end(Fault::Crashed, at);
            }
            locked(&link.answered).recv()
        };
        let spent = now().duration_since(begun).as_nanos();
        let spent = u64::try_from(spent).unwrap_or(u64::MAX);
        self.0.away.fetch_add(spent, Ordering::Relaxed);
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(message)) => self.end(Fault::Host { message }, at),
            Err(_) => self.end(Fault::Crashed, at),
        }
    }

    pub(super) fn at(&self, command: &str, at: Position) -> Result<Array, Box<EvalAltResult>> {
        let Answer::Lines(lines) = self.ask(Request::At(command.to_owned()), at)? else {
            return self.end(Fault::Crashed, at);
        };
        if lines.len() > MAX_ITEMS || lines.iter().map(String::len).sum::<usize>() > MAX_TEXT {
            let message = "the answer is longer than 16 KiB".to_owned();
            return self.end(Fault::Host { message }, at);
        }
        Ok(lines.into_iter().map(Dynamic::from).collect())
    }

    pub(super) fn rfnv_count(&self, at: Position) -> Result<i64, Box<EvalAltResult>> {
        match self.ask(Request::RfnvCount, at)? {
            Answer::Number(number) => Ok(number),
            Answer::Lines(_) | Answer::Heard => self.end(Fault::Crashed, at),
        }
    }

    pub(super) fn log(&self, text: &str, at: Position) -> Result<(), Box<EvalAltResult>> {
        self.ask(Request::Log(text.to_owned()), at).map(|_| ())
    }

    pub(super) fn set(
        &self,
        name: &str,
        value: &Dynamic,
        at: Position,
    ) -> Result<(), Box<EvalAltResult>> {
        let wrong = |reason: String| Fault::Value {
            name: name.to_owned(),
            reason,
        };
        let Some(kind) = self.0.saves.get(name) else {
            return self.end(wrong("`save` does not declare it".to_owned()), at);
        };
        match value_of(*kind, value) {
            Err(reason) => self.end(wrong(reason), at),
            Ok(value) => match locked(&self.0.saved).insert(name.to_owned(), value) {
                None => Ok(()),
                Some(_) => self.end(wrong("it is set twice".to_owned()), at),
            },
        }
    }

    pub(super) fn fail(&self, text: &str, at: Position) -> Result<(), Box<EvalAltResult>> {
        let message = text.to_owned();
        self.end(Fault::Failed { message }, at)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that does not end spends real time; virtual time would stand still for it"
)]
fn now() -> Instant {
    Instant::now()
}
