//! What is said of one invariant after a run.

use super::exposure::Episode;
use super::tally::{Tally, Violation};
use crate::kernel::Span;
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

/// One of the fifteen rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    pub invariant: Invariant,
    /// Its premise must have been true for the run to pass.
    pub required: bool,
    pub verdict: Verdict,
    pub evaluated: u64,
    pub premise_true: u64,
    pub violations: u64,
    /// Evaluations that could go either way.
    pub undecided: u64,
    pub first: Option<Violation>,
    /// For how long it was violated; `None` for an invariant that is no state.
    pub exposure: Option<ExposureReport>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExposureReport {
    pub total: Span,
    pub longest: Span,
    pub episodes: Vec<Episode>,
}

impl CheckReport {
    pub fn new(invariant: Invariant, required: bool, tally: &Tally, exposure: Option<ExposureReport>) -> CheckReport {
        let verdict = match tally {
            Tally { violations: 1.., .. } => Verdict::Fail,
            Tally { premise_true: 0, .. } | Tally { undecided: 1.., .. } => Verdict::Inconclusive,
            _ => Verdict::Pass,
        };
        let Tally { evaluated, premise_true, violations, undecided, ref first } = *tally;
        let first = first.clone();
        CheckReport { invariant, required, verdict, evaluated, premise_true, violations, undecided, first, exposure }
    }
}
