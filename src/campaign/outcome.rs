//! What one run gives back, and how it is watched while it goes on.

use crate::kernel::{Span, Time, Usage};
use crate::measure::{Measured, Sample};
use crate::names;
use crate::vocab::Invariant;

names! {
    /// What may be said of one invariant, or of a run.
    pub enum Verdict {
        Pass = "PASS",
        Fail = "FAIL",
        /// Never put to the test.
        Inconclusive = "INCONCLUSIVE",
    }
}

names! {
    pub enum EndReason {
        /// All work was done and nothing was pending any more.
        Quiescent = "quiescent",
        /// The time of `until` was reached with work still pending.
        Until = "until",
        /// Somebody stopped it.
        Interrupted = "interrupted",
    }
}

/// What one check found in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    pub invariant: Invariant,
    /// Without it the run proves nothing (HAZARDS 13.1).
    pub required: bool,
    pub verdict: Verdict,
    /// How often it was evaluated, and how often with its premise true.
    pub evaluated: u64,
    pub premise_true: u64,
    pub violations: u64,
    /// Evaluations that could go either way.
    pub undecided: u64,
    pub first: Option<Violation>,
    /// For how long it was violated; nothing for an invariant that is no state.
    pub exposure: Option<Exposure>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    pub total: Span,
    pub longest: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The number of the event after which it showed.
    pub boundary: u64,
    pub time: Time,
    /// In the user's terms.
    pub detail: String,
}

/// Something that is to happen in some run, so that the checks had an occasion to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalReport {
    pub name: String,
    pub required: bool,
    pub hits: u64,
}

/// A station or device, with what it did until the end of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// As in `dasd.cpu`.
    pub name: String,
    pub servers: u32,
    pub usage: Usage,
}

/// Everything that is known after a run.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    pub end_reason: EndReason,
    pub end_time: Time,
    pub events: u64,
    pub ties: u64,
    pub fingerprint: u64,
    /// All invariants, in their order.
    pub checks: Vec<CheckReport>,
    pub goals: Vec<GoalReport>,
    pub measured: Measured,
    pub components: Vec<Component>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub now: Time,
    pub events: u64,
    pub violations: u64,
}

/// Whether a run is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Stop,
}

/// Who watches a run: `progress` is told every few thousand events, `samples` of every request that ended. Neither can
/// change what happens, only end it.
pub struct Watch<'a> {
    pub progress: &'a mut dyn FnMut(Progress) -> Flow,
    pub samples: Option<&'a mut dyn FnMut(&Sample) -> Flow>,
}
