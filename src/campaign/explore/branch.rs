//! One fork: a fault at a boundary, and what comes of it.

use super::study::{AfterFault, Strike, Study};
use crate::campaign::one::observe;
use crate::campaign::trial::{Happening, Trial};
use crate::check::{Checks, Seen};
use crate::fault::plan::Fault;
use crate::kernel::{StateDigest, Time, mix};
use crate::manager::ManagerFact;
use crate::names;
use crate::vocab::{Goal, Invariant, Slip};
use crate::world::Fact;

/// A boundary of the trunk with everything that a fork of it needs.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// Its place among the boundaries.
    pub place: usize,
    pub trial: Trial,
    pub checks: Checks,
}

names! {
    /// How a fork came out.
    pub enum End {
        Held = "held",
        Violated = "violated",
        /// There was nothing that the fault could act upon.
        NoEffect = "no-effect",
        /// The budget was used up.
        Skipped = "skipped",
    }
}

/// An invariant that a fork violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub invariant: Invariant,
    /// When it was seen first.
    pub boundary: u64,
    pub time: Time,
    pub detail: String,
    /// A job that was asked for behind the fault had begun by then.
    pub by_later_job: bool,
}

/// A fork, by where it left the trunk and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Place of its boundary, and of its strike in the study.
    pub boundary: usize,
    pub strike: usize,
    /// A second crash: so many events behind the first, and which strike.
    pub second: Option<(u64, usize)>,
    /// The operator answered the prompt for two volumes of one ID wrongly.
    pub wrong_reply: bool,
    pub end: End,
    /// The power loss left what an earlier one had left; the findings are those of that one.
    pub same: bool,
    pub findings: Vec<Finding>,
    pub events: u64,
}

/// Branches of one strike at one boundary, and the goals that they reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Grown {
    pub branches: Vec<Branch>,
    pub goals: Vec<(Goal, u64)>,
}

/// What will decide about the rest of the run once the power is lost.
pub(super) fn key(root: &Root, study: &Study, strike: &Strike) -> (StateDigest, u64) {
    let (trial, checks, _) = struck(root, study, strike.fault);
    // What is false right here is found here, whatever follows: two volumes online, say, of which the loss leaves no trace.
    let found = Invariant::ALL.iter().filter(|&&invariant| checks.violations(invariant) > 0);
    let found = found.fold(0, |found, &invariant| mix(found, invariant as u64 + 1));
    (trial.run.model.durable_digest(), mix(checks.digest(), found))
}

/// Runs a strike at a boundary to its end, with its choices and, at depth 2, its second crashes.
pub(super) fn grow(root: &Root, study: &Study, number: usize) -> Grown {
    let strike = &study.strikes[number];
    let (trial, checks, effect) = struck(root, study, strike.fault);
    let base = Branch {
        boundary: root.place,
        strike: number,
        second: None,
        wrong_reply: false,
        end: End::NoEffect,
        same: false,
        findings: Vec::new(),
        events: 0,
    };
    let mut grown = Grown::default();
    if !effect {
        grown.branches.push(base);
        return grown;
    }
    let second_crashes = study.depth > 1 && strike.fault.is_crash();
    let mut forks = Vec::new();
    let keep = |trial: &Trial, checks: &Checks| {
        if second_crashes && checks.in_recovery() {
            forks.push((trial.clone(), checks.clone()));
        }
    };
    let begun = trial.run.steps;
    let checks = grown.finish(trial.clone(), checks.clone(), base.clone(), root, keep);
    if checks.goals().hits(Goal::DuplicatePromptShown) > root.checks.goals().hits(Goal::DuplicatePromptShown) {
        let (mut trial, mut checks, _) = struck(root, study, strike.fault);
        inject(&mut trial, &mut checks, Fault::OperatorSlip { slip: Slip::WrongReply, step: None });
        grown.finish(trial, checks, Branch { wrong_reply: true, ..base.clone() }, root, |_, _| {});
    }
    for (trial, checks) in forks {
        let behind = trial.run.steps - begun;
        for (number, strike) in study.strikes.iter().enumerate().filter(|(_, strike)| strike.fault.is_crash()) {
            let (mut trial, mut checks) = (trial.clone(), checks.clone());
            inject(&mut trial, &mut checks, strike.fault);
            grown.finish(trial, checks, Branch { second: Some((behind, number)), ..base.clone() }, root, |_, _| {});
        }
    }
    grown
}

/// A fork of the root, struck. False when there was nothing to strike.
fn struck(root: &Root, study: &Study, fault: Fault) -> (Trial, Checks, bool) {
    let (mut trial, mut checks) = (root.trial.clone(), root.checks.clone());
    checks.begin_fork(&Seen { world: &trial.run.model, now: trial.run.now(), quiet: false }, trial.run.steps);
    let effect = inject(&mut trial, &mut checks, fault);
    if fault.is_crash() && study.after_fault == AfterFault::Stop {
        trial.silence();
    }
    (trial, checks, effect)
}

fn inject(trial: &mut Trial, checks: &mut Checks, fault: Fault) -> bool {
    let happening = trial.inject(fault);
    observe(checks, trial, happening);
    matches!(happening, Happening::Fault { effect: true, .. })
}

impl Grown {
    /// Runs a fork to its end and keeps what came of it.
    fn finish(
        &mut self,
        mut trial: Trial,
        mut checks: Checks,
        branch: Branch,
        root: &Root,
        mut at_boundary: impl FnMut(&Trial, &Checks),
    ) -> Checks {
        let begun = trial.run.steps;
        at_boundary(&trial, &checks);
        let mut recovered = false;
        let mut later_job = None;
        while let Some(happening) = trial.advance() {
            observe(&mut checks, &trial, happening);
            if trial.given_up().is_some() {
                break;
            }
            let facts = trial.run.model.facts();
            if later_job.is_none() && facts.iter().any(begins_a_job) {
                later_job = Some(trial.run.steps);
            }
            recovered |= facts.iter().any(|fact| matches!(fact, Fact::Manager(_, ManagerFact::RecoveryDone)));
            if !recovered && happening == Happening::Event {
                at_boundary(&trial, &checks);
            }
        }
        let (now, steps) = (trial.run.now(), trial.run.steps);
        let quiet = trial.run.queue.is_empty();
        checks.end(&Seen { world: &trial.run.model, now, quiet }, steps);
        let found = checks.report().into_iter().filter_map(|check| {
            let first = check.first?;
            Some(Finding {
                invariant: check.invariant,
                boundary: first.boundary,
                time: first.time,
                detail: first.detail,
                by_later_job: later_job.is_some_and(|begun| first.boundary >= begun),
            })
        });
        let mut findings: Vec<Finding> = found.collect();
        // A fork that never ends is late whatever its bounds say.
        if trial.has_stalled() && findings.iter().all(|finding| finding.invariant != Invariant::Progress) {
            let detail = "the work never ends".to_owned();
            findings.push(Finding {
                invariant: Invariant::Progress,
                boundary: steps,
                time: now,
                detail,
                by_later_job: false,
            });
        }
        let end = if findings.is_empty() { End::Held } else { End::Violated };
        self.branches.push(Branch { end, findings, events: trial.run.steps - begun, ..branch });
        for &goal in Goal::ALL {
            let hits = checks.goals().hits(goal) - root.checks.goals().hits(goal);
            if hits > 0 {
                self.goals.push((goal, hits));
            }
        }
        checks
    }
}

fn begins_a_job(fact: &Fact) -> bool {
    matches!(fact, Fact::Manager(_, ManagerFact::StimulusAccepted { .. } | ManagerFact::RestoreStarted { .. }))
}
