//! Exploration: a run is struck at every boundary between two events, by every fault of a study, in a fork that then goes
//! on to its end (HAZARDS 10).
//!
//! The trunk is run once. At each boundary it is cloned for each fault; the fork is judged from there on and answers for
//! its own time only. Forks are independent, and their findings stand in the order of boundary and fault: the result is
//! the same on any number of threads. With reduction a power loss that leaves the same durable state and the same books as
//! an earlier one is not run again: its future depends on nothing else, once workloads have fallen silent.
//!
//! The digest of durable state is computed anew for each power loss. That is a small part of the fork that it may save,
//! and it needs no bookkeeping in the components.

mod branch;
pub mod cause;
pub mod study;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;

pub use self::branch::{Branch, End, Finding};
pub use self::cause::{Cause, Window, causes, windows};
pub use self::study::{AfterFault, Points, Strike, Study};

use self::branch::{Grown, Root, grow, key};
use super::one::observe;
use super::outcome::EndReason;
use super::trial::{Happening, Trial};
use crate::check::{CheckReport, Checks, Seen, Setup, Verdict};
use crate::kernel::{Fingerprint, Span, StateDigest, Time};
use crate::manager::{Job, ManagerFact};
use crate::vocab::{EventName, Goal, Invariant, StepName};
use crate::world::{BuildError, Fact};

/// Boundaries whose forks are worked off together: a limit on the memory that waiting forks take.
const BATCH: usize = 64;

/// The moment behind an event of the trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// Events so far; 0 is the moment before the first.
    pub number: u64,
    pub time: Time,
    /// When the next event comes; the state stays as it is until then.
    pub until: Time,
    /// The last named event up to here.
    pub event: Option<EventName>,
    /// The step of a backup that the storage manager began last.
    pub step: Option<StepName>,
    /// Whether the study strikes here.
    pub chosen: bool,
}

/// What a whole exploration found.
#[derive(Clone, Debug)]
pub struct Exploration {
    pub boundaries: Vec<Boundary>,
    pub strikes: Vec<Strike>,
    /// By boundary and strike, in their order.
    pub branches: Vec<Branch>,
    /// What the run without any of these faults violates.
    pub trunk: Vec<CheckReport>,
    pub trunk_end: EndReason,
    /// How often each goal was reached, by trunk and forks together.
    pub goals: BTreeMap<Goal, u64>,
    /// Different states that the power losses of the study left; nothing without reduction.
    pub distinct: Option<u64>,
    /// Events of all forks.
    pub events: u64,
}

/// Explores; `tell` is told how many boundaries have been worked off, now and then.
///
/// # Errors
/// When no system can be built from the plan.
pub fn explore(study: &Study, tell: impl Fn(u64) + Sync) -> Result<Exploration, BuildError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(study.threads).build().expect("the system gives threads");
    let mut trunk = Trunk::new(study)?;
    let mut found = Findings::default();
    let mut batch = Vec::new();
    let done = AtomicU64::new(0);
    loop {
        batch.extend(trunk.root());
        let more = trunk.advance(study.points);
        if batch.len() >= BATCH || !more {
            found.take(study, &pool, std::mem::take(&mut batch), &|| tell(done.fetch_add(1, Ordering::Relaxed) + 1));
        }
        if !more {
            break;
        }
    }
    let (boundaries, checks, trunk_end) = trunk.finish();
    for &goal in Goal::ALL {
        *found.goals.entry(goal).or_default() += checks.goals().hits(goal);
    }
    Ok(Exploration {
        boundaries,
        strikes: study.strikes.clone(),
        branches: found.branches,
        trunk: checks.report(),
        trunk_end,
        goals: found.goals,
        distinct: study.reduce.then_some(found.seen.len() as u64),
        events: found.events,
    })
}

/// The run that is struck, with the checks beside it, at its last boundary.
struct Trunk {
    trial: Trial,
    checks: Checks,
    boundaries: Vec<Boundary>,
    /// What was durable at the last boundary, where the study asks for it.
    durable: Option<StateDigest>,
}

impl Trunk {
    fn new(study: &Study) -> Result<Trunk, BuildError> {
        let mut trial = Trial::new(&study.plan)?;
        let until = trial.run.peek().map_or(Time::ZERO, |next| next.time);
        let first = Boundary {
            number: 0,
            time: Time::ZERO,
            until,
            event: None,
            step: None,
            chosen: study.points == Points::Event,
        };
        let durable = (study.points == Points::Persist).then(|| trial.run.model.durable_digest());
        let checks = Checks::new(Setup::of(&study.plan, |device| u64::from(device.0)));
        Ok(Trunk { trial, checks, boundaries: vec![first], durable })
    }

    /// The last boundary as the root of forks, if it is to be struck.
    fn root(&self) -> Option<Root> {
        let place = self.boundaries.len() - 1;
        let root = || Root { place, trial: self.trial.clone(), checks: self.checks.clone() };
        self.boundaries[place].chosen.then(root)
    }

    /// Goes on behind the next event. False when there is none. Faults of the scenario itself belong to the trunk.
    fn advance(&mut self, points: Points) -> bool {
        loop {
            let Some(happening) = self.trial.advance() else { return false };
            observe(&mut self.checks, &self.trial, happening);
            if self.trial.given_up().is_some() {
                return false;
            }
            if happening == Happening::Event {
                break;
            }
        }
        let last = self.boundaries.last().expect("there is a first boundary");
        let (mut event, mut step, mut step_ended) = (last.event, last.step, false);
        for fact in self.trial.run.model.facts() {
            event = fact.name().or(event);
            match fact {
                Fact::Manager(_, ManagerFact::StepStarted { job: Job::Backup(_), step: begun }) => step = Some(*begun),
                Fact::Manager(_, ManagerFact::StepEnded { .. }) => step_ended = true,
                _ => {}
            }
        }
        let chosen = match points {
            Points::Event => true,
            Points::Step => step_ended,
            Points::Persist => {
                let now = Some(self.trial.run.model.durable_digest());
                std::mem::replace(&mut self.durable, now) != now
            }
        };
        let time = self.trial.run.now();
        let until = self.trial.run.peek().map_or(time, |next| next.time);
        self.boundaries.push(Boundary { number: self.trial.run.steps, time, until, event, step, chosen });
        true
    }

    fn finish(mut self) -> (Vec<Boundary>, Checks, EndReason) {
        let (now, steps) = (self.trial.run.now(), self.trial.run.steps);
        let quiet = self.trial.run.queue.is_empty();
        self.checks.end(&Seen { world: &self.trial.run.model, now, quiet }, steps);
        let end = self.trial.given_up().unwrap_or(self.trial.end_reason());
        (self.boundaries, self.checks, end)
    }
}

/// What the forks so far have given.
#[derive(Default)]
struct Findings {
    branches: Vec<Branch>,
    goals: BTreeMap<Goal, u64>,
    /// The branches that a state led to: where they begin and how many they are.
    seen: BTreeMap<(usize, StateDigest, u64), (usize, usize)>,
    events: u64,
    forks: u64,
}

/// What is to be done with a strike at a boundary.
enum Task {
    Run,
    /// As another one of the same state.
    Copy((usize, StateDigest, u64)),
    Skip,
}

impl Findings {
    /// Works off some boundaries.
    fn take(&mut self, study: &Study, pool: &ThreadPool, roots: Vec<Root>, done: &(impl Fn() + Sync)) {
        let pairs: Vec<(&Root, usize)> =
            roots.iter().flat_map(|root| (0..study.strikes.len()).map(move |strike| (root, strike))).collect();
        let key_of = |&(root, strike): &(&Root, usize)| {
            let reducible = study.is_reducible(&study.strikes[strike]);
            reducible.then(|| key(root, study, &study.strikes[strike]))
        };
        let keys: Vec<Option<(StateDigest, u64)>> = pool.install(|| pairs.par_iter().map(key_of).collect());
        // In the order of the boundaries: who is first does not depend on threads.
        let mut new = BTreeMap::new();
        let tasks: Vec<Task> = pairs
            .iter()
            .zip(&keys)
            .map(|(&(_, strike), key)| {
                let key = key.map(|(state, books)| (strike, state, books));
                if let Some(key) = key.filter(|key| self.seen.contains_key(key) || new.contains_key(key)) {
                    return Task::Copy(key);
                }
                if study.budget.is_some_and(|budget| self.forks >= budget) {
                    return Task::Skip;
                }
                self.forks += 1;
                if let Some(key) = key {
                    new.insert(key, ());
                }
                Task::Run
            })
            .collect();
        let grow_one = |(&(root, strike), task): (&(&Root, usize), &Task)| {
            let grown = matches!(task, Task::Run).then(|| grow(root, study, strike));
            if strike + 1 == study.strikes.len() {
                done();
            }
            grown
        };
        let grown: Vec<Option<Grown>> = pool.install(|| pairs.par_iter().zip(tasks.par_iter()).map(grow_one).collect());
        for (((root, strike), task), (grown, key)) in pairs.iter().zip(tasks).zip(grown.into_iter().zip(keys)) {
            let place = self.branches.len();
            match (task, grown) {
                (Task::Run, Some(mut grown)) => {
                    // A strike with a choice or second crashes is several forks, and the budget counts each.
                    let more = grown.branches.len() as u64 - 1;
                    let room = study.budget.map_or(more, |budget| budget.saturating_sub(self.forks).min(more));
                    grown.branches.truncate(1 + room as usize);
                    self.forks += room;
                    let is_cut = room < more;
                    self.events += grown.branches.iter().map(|branch| branch.events).sum::<u64>();
                    for (goal, hits) in grown.goals {
                        *self.goals.entry(goal).or_default() += hits;
                    }
                    if let Some((state, books)) = key {
                        self.seen.insert((*strike, state, books), (place, grown.branches.len()));
                    }
                    self.branches.extend(grown.branches);
                    if is_cut {
                        self.branches.push(skipped(root.place, *strike));
                    }
                }
                (Task::Copy(key), _) => {
                    let (first, count) = self.seen[&key];
                    for at in first..first + count {
                        let like = &self.branches[at];
                        let copy = Branch { boundary: root.place, same: true, events: 0, ..like.clone() };
                        self.branches.push(copy);
                    }
                }
                (Task::Skip, _) | (Task::Run, None) => self.branches.push(skipped(root.place, *strike)),
            }
        }
    }
}

fn skipped(boundary: usize, strike: usize) -> Branch {
    Branch {
        boundary,
        strike,
        second: None,
        wrong_reply: false,
        end: End::Skipped,
        same: false,
        findings: Vec::new(),
        events: 0,
    }
}

impl Exploration {
    /// Whether the run without any fault violates the invariant.
    pub fn is_violated_anyway(&self, invariant: Invariant) -> bool {
        self.trunk.iter().any(|check| check.invariant == invariant && check.verdict == Verdict::Fail)
    }

    /// Whether a finding is the fault's doing, and not what the run does anyway.
    pub fn is_of_the_fault(&self, branch: &Branch, finding: &Finding) -> bool {
        // Two volumes with one ID: a crash is what makes somebody choose.
        let is_a_state = matches!(finding.invariant, Invariant::UniqueOnlineId | Invariant::UniqueIplId);
        let is_met = is_a_state && !finding.by_later_job && self.strikes[branch.strike].fault.is_crash();
        is_met || !self.is_violated_anyway(finding.invariant)
    }

    /// Whether a fork shows something that is the fault's doing.
    pub fn is_bad(&self, branch: &Branch) -> bool {
        branch.findings.iter().any(|finding| self.is_of_the_fault(branch, finding))
    }

    /// Boundaries at which at least one fork was run, or an equal one answered for it.
    pub fn struck(&self) -> u64 {
        let mut places: Vec<usize> =
            self.branches.iter().filter(|branch| branch.end != End::Skipped).map(|branch| branch.boundary).collect();
        places.dedup();
        places.len() as u64
    }

    /// From the first step of a backup to the last event of the trunk that is part of one.
    pub fn backup_time(&self) -> Option<Span> {
        let mut of_backup = self.boundaries.iter().filter(|boundary| boundary.step.is_some());
        let first = of_backup.next()?;
        let end = self.boundaries.iter().rev().find(|boundary| boundary.event == Some(EventName::JobEnded))?;
        Some(end.time.saturating_since(first.time))
    }

    /// A digest of everything that was found.
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        for branch in &self.branches {
            (branch.boundary, branch.strike, branch.second, branch.wrong_reply, branch.end, branch.same)
                .hash(&mut fingerprint);
            for finding in &branch.findings {
                (finding.invariant, finding.boundary, finding.time.ns()).hash(&mut fingerprint);
            }
        }
        fingerprint.value()
    }

    pub fn count(&self, end: End) -> u64 {
        self.branches.iter().filter(|branch| branch.end == end).count() as u64
    }

    /// Forks that were run, and those that an equal one answered for.
    pub fn run_and_same(&self) -> (u64, u64) {
        let same = self.branches.iter().filter(|branch| branch.same).count() as u64;
        (self.branches.len() as u64 - same - self.count(End::Skipped), same)
    }
}
