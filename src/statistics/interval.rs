//! A range that contains the truth in a stated share of all repetitions.

/// An interval of confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    /// The share of repetitions whose interval contains the truth, as 0.99.
    pub level: f64,
}

impl Interval {
    /// `half_width` to both sides of `estimate`.
    pub fn around(estimate: f64, half_width: f64, level: f64) -> Interval {
        assert!(half_width >= 0.0, "an interval has its ends in order");
        Interval { low: estimate - half_width, high: estimate + half_width, level }
    }

    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_contains_its_ends_and_what_lies_between() {
        let interval = Interval::around(2.0, 0.5, 0.99);
        assert_eq!((interval.low, interval.high, interval.half_width()), (1.5, 2.5, 0.5));
        assert_eq!([1.49, 1.5, 2.0, 2.5, 2.51].map(|value| interval.contains(value)), [false, true, true, true, false]);
    }
}
