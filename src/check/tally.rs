//! How often an invariant was evaluated, how often that meant something, and what was found.

use crate::kernel::Time;

/// The boundary at which something is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub boundary: u64,
    pub time: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub boundary: u64,
    pub time: Time,
    pub detail: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub evaluated: u64,
    /// Evaluations that could have failed.
    pub premise_true: u64,
    pub violations: u64,
    /// Evaluations that could go either way: too many unacknowledged writes on one track.
    pub undecided: u64,
    pub first: Option<Violation>,
}

impl Tally {
    #[inline]
    pub fn evaluate(&mut self, premise: bool) {
        self.evaluated += 1;
        self.premise_true += u64::from(premise);
    }

    /// Counts a violation; `detail` is written for the first one only.
    pub fn violate(&mut self, at: Moment, detail: impl FnOnce() -> String) {
        self.violations += 1;
        if self.first.is_none() {
            self.first = Some(Violation { boundary: at.boundary, time: at.time, detail: detail() });
        }
    }

    /// One evaluation with a true premise; `failure` says what is wrong, if anything is.
    pub fn judge(&mut self, at: Moment, failure: Option<String>) {
        self.evaluate(true);
        if let Some(detail) = failure {
            self.violate(at, || detail);
        }
    }

    /// Forgets what was found, as a fork does: it answers for its own time only.
    pub fn forget_violations(&mut self) {
        self.violations = 0;
        self.undecided = 0;
        self.first = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_violation_is_kept_and_all_are_counted() {
        let mut tally = Tally::default();
        tally.evaluate(false);
        let at = Moment { boundary: 7, time: Time::from_ns(3) };
        tally.judge(at, None);
        tally.judge(at, Some("first".into()));
        tally.judge(at, Some("second".into()));
        assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (4, 3, 2));
        assert_eq!(tally.first, Some(Violation { boundary: 7, time: Time::from_ns(3), detail: "first".into() }));
        tally.forget_violations();
        assert_eq!((tally.evaluated, tally.violations, tally.first), (4, 0, None));
    }
}
