//! One figure of a model beside what it should be: how far they may lie apart, and whether they do.

use crate::statistics::Interval;

/// Figures that come from the same runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub name: String,
    pub parameters: String,
    pub findings: Vec<Finding>,
}

/// One figure, expected and simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub measure: String,
    pub unit: &'static str,
    /// Nothing where nobody knows what it should be: then it is shown and not judged.
    pub expected: Option<f64>,
    pub tolerance: Tolerance,
    /// The last one stands; there is a second where the first missed its interval closely.
    pub attempts: Vec<Attempt>,
    /// Figures to compare with, which decide nothing.
    pub beside: Vec<Figure>,
}

/// What one series of runs gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub simulated: f64,
    pub interval: Option<Interval>,
    /// How the figure came about: replications, their length, what was cut off, the kind of interval.
    pub method: String,
    pub seed: Option<u64>,
    /// Of all runs of the series together.
    pub balance: Option<Balance>,
}

/// A figure of somebody else's.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub name: String,
    pub unit: &'static str,
    pub value: f64,
}

/// What became of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub issued: u64,
    pub completed: u64,
    pub failed: u64,
    pub in_flight: u64,
}

impl Balance {
    pub fn adds_up(&self) -> bool {
        self.issued == self.completed + self.failed + self.in_flight
    }

    pub fn and(self, other: Balance) -> Balance {
        Balance {
            issued: self.issued + other.issued,
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            in_flight: self.in_flight + other.in_flight,
        }
    }
}

/// How far a figure may lie from what is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    Exact,
    /// In the figure's own unit, to either side.
    Absolute(f64),
    /// A share of the expected value, as 0.01.
    Share(f64),
    /// The expected value lies in the interval, and the figure within this share of it.
    Interval(f64),
    /// Shown and not judged.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Within,
    Outside,
    Unjudged,
}

impl Finding {
    pub fn new(measure: impl Into<String>, unit: &'static str, expected: f64, tolerance: Tolerance) -> Finding {
        let expected = Some(expected);
        Finding { measure: measure.into(), unit, expected, tolerance, attempts: Vec::new(), beside: Vec::new() }
    }

    /// A figure with nothing to compare with.
    pub fn shown(measure: impl Into<String>, unit: &'static str) -> Finding {
        Finding { expected: None, ..Finding::new(measure, unit, 0.0, Tolerance::None) }
    }

    /// With a figure that was computed without chance.
    #[must_use]
    pub fn found(mut self, simulated: f64, method: impl Into<String>) -> Finding {
        let method = method.into();
        self.attempts.push(Attempt { simulated, interval: None, method, seed: None, balance: None });
        self
    }

    #[must_use]
    pub fn balanced(mut self, balance: Balance) -> Finding {
        self.attempts.last_mut().expect("a balance belongs to an attempt").balance = Some(balance);
        self
    }

    pub fn verdict(&self) -> Verdict {
        self.attempts.last().map_or(Verdict::Outside, |attempt| self.verdict_of(attempt))
    }

    /// A figure that is not a number is outside, and so is one whose requests do not add up.
    pub fn verdict_of(&self, attempt: &Attempt) -> Verdict {
        let Some(expected) = self.expected else { return Verdict::Unjudged };
        let error = (attempt.simulated - expected).abs();
        let is_within = match self.tolerance {
            Tolerance::None => return Verdict::Unjudged,
            Tolerance::Exact => attempt.simulated == expected,
            Tolerance::Absolute(limit) => error <= limit,
            Tolerance::Share(share) => error <= share * expected.abs(),
            Tolerance::Interval(share) => {
                error <= share * expected.abs() && attempt.interval.is_some_and(|interval| interval.contains(expected))
            }
        };
        let adds_up = attempt.balance.is_none_or(|balance| balance.adds_up());
        if is_within && adds_up { Verdict::Within } else { Verdict::Outside }
    }

    /// Outside its interval, but close enough to deserve the one longer series.
    pub fn deserves_another(&self, attempt: &Attempt) -> bool {
        let (Tolerance::Interval(share), Some(expected)) = (self.tolerance, self.expected) else { return false };
        let is_close = (attempt.simulated - expected).abs() <= share * expected.abs();
        is_close && self.verdict_of(attempt) == Verdict::Outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(simulated: f64, half_width: f64) -> Attempt {
        let interval = (half_width > 0.0).then(|| Interval::around(simulated, half_width, 0.99));
        Attempt { simulated, interval, method: String::new(), seed: Some(1), balance: None }
    }

    #[test]
    fn each_tolerance_has_an_inside_and_an_outside() {
        for (tolerance, expected, simulated, half_width, verdict) in [
            (Tolerance::Exact, 0.1, 0.1, 0.0, Verdict::Within),
            (Tolerance::Exact, 0.3, 0.1 + 0.2, 0.0, Verdict::Outside),
            (Tolerance::Absolute(0.5), 10.0, 10.5, 0.0, Verdict::Within),
            (Tolerance::Absolute(0.5), 10.0, 9.4, 0.0, Verdict::Outside),
            (Tolerance::Share(0.01), -100.0, -99.0, 0.0, Verdict::Within),
            (Tolerance::Share(0.01), 100.0, 101.1, 0.0, Verdict::Outside),
            (Tolerance::Interval(0.01), 100.0, 100.5, 0.6, Verdict::Within),
            (Tolerance::Interval(0.01), 100.0, 100.5, 0.4, Verdict::Outside),
            (Tolerance::Interval(0.01), 100.0, 102.0, 3.0, Verdict::Outside),
            (Tolerance::Interval(0.01), 100.0, 100.0, 0.0, Verdict::Outside),
            (Tolerance::Share(0.01), 1.0, f64::NAN, 0.0, Verdict::Outside),
            (Tolerance::None, 1.0, 2.0, 0.0, Verdict::Unjudged),
        ] {
            let finding = Finding::new("", "", expected, tolerance);
            assert_eq!(finding.verdict_of(&attempt(simulated, half_width)), verdict, "{tolerance:?} {simulated}");
        }
    }

    #[test]
    fn a_near_miss_deserves_one_more_series_and_the_last_one_stands() {
        let mut finding = Finding::new("", "", 100.0, Tolerance::Interval(0.01));
        assert_eq!(finding.verdict(), Verdict::Outside, "nothing was simulated");
        let near = attempt(100.5, 0.4);
        assert!(finding.deserves_another(&near));
        assert!(!finding.deserves_another(&attempt(102.0, 0.4)), "far off is far off");
        assert!(!finding.deserves_another(&attempt(100.5, 0.6)), "within is within");
        finding.attempts = vec![near, attempt(100.1, 0.2)];
        assert_eq!(finding.verdict(), Verdict::Within);
    }

    #[test]
    fn requests_that_do_not_add_up_are_outside_whatever_the_figure() {
        let balance = Balance { issued: 10, completed: 7, failed: 2, in_flight: 1 };
        let finding = Finding::new("", "", 1.0, Tolerance::Exact).found(1.0, "");
        assert_eq!(finding.clone().balanced(balance).verdict(), Verdict::Within);
        assert_eq!(finding.balanced(Balance { issued: 11, ..balance }).verdict(), Verdict::Outside);
    }
}
