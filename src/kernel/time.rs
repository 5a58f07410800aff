//! Simulated time: [`Time`] is an instant, [`Span`] an interval, both whole nanoseconds.
//!
//! `Time + Span = Time` and `Time - Time = Span`; nothing else compiles. Arithmetic is checked: running out of 64 bits
//! (584 years) is an assertion, never a wrap. No float ever holds a time.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

/// An instant, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// An interval, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Time {
    pub const ZERO: Time = Time(0);
    /// Later than everything that happens in a run.
    pub const NEVER: Time = Time(u64::MAX);

    pub const fn from_ns(ns: u64) -> Time {
        Time(ns)
    }

    pub const fn ns(self) -> u64 {
        self.0
    }

    /// The interval since `earlier`, or zero when `earlier` is later than `self`.
    pub const fn saturating_since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The instant `span` later, or [`Time::NEVER`] when that lies beyond 64 bits.
    pub const fn saturating_add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);

    pub const fn from_ns(ns: u64) -> Span {
        Span(ns)
    }

    pub const fn from_us(us: u64) -> Span {
        Span(us * 1_000)
    }

    pub const fn from_ms(ms: u64) -> Span {
        Span(ms * 1_000_000)
    }

    pub const fn from_secs(seconds: u64) -> Span {
        Span(seconds * 1_000_000_000)
    }

    pub const fn ns(self) -> u64 {
        self.0
    }

    /// The time `bytes` take at `bytes_per_second`, rounded down to whole nanoseconds.
    ///
    /// A carrier that sends many small pieces keeps the remainder itself; this function forgets it.
    pub fn of_transfer(bytes: u64, bytes_per_second: u64) -> Span {
        assert!(bytes_per_second > 0, "a transfer needs a rate above zero");
        // Up to 18 GB the product fits 64 bits, whose division is several times cheaper.
        if let Some(product) = bytes.checked_mul(1_000_000_000) {
            return Span(product / bytes_per_second);
        }
        let ns = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second);
        Span(u64::try_from(ns).expect("a transfer ends within 584 years"))
    }

    pub const fn saturating_sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.checked_add(span.0).expect("simulated time stays within 584 years"))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Time> for Time {
    type Output = Span;
    fn sub(self, earlier: Time) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("an interval runs forward in time"))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.checked_add(other.0).expect("an interval stays within 584 years"))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.checked_sub(other.0).expect("an interval is never negative"))
    }
}

impl SubAssign for Span {
    fn sub_assign(&mut self, other: Span) {
        *self = *self - other;
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, factor: u64) -> Span {
        Span(self.0.checked_mul(factor).expect("an interval stays within 584 years"))
    }
}

impl Div<u64> for Span {
    type Output = Span;
    fn div(self, divisor: u64) -> Span {
        Span(self.0 / divisor)
    }
}

impl Sum for Span {
    fn sum<I: Iterator<Item = Span>>(spans: I) -> Span {
        spans.fold(Span::ZERO, Add::add)
    }
}

impl fmt::Display for Time {
    /// Seconds since the start of the run, as in `12.5 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", Decimal { ns: self.0, unit: 1_000_000_000 })
    }
}

impl fmt::Display for Span {
    /// The largest unit that leaves a whole part, as in `12.5 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            0 => (1_000_000_000, "s"),
            1..=999 => (1, "ns"),
            1_000..=999_999 => (1_000, "us"),
            1_000_000..=999_999_999 => (1_000_000, "ms"),
            _ => (1_000_000_000, "s"),
        };
        write!(f, "{} {name}", Decimal { ns: self.0, unit })
    }
}

/// Nanoseconds as a decimal number of `unit`, exact and without trailing zeros.
struct Decimal {
    ns: u64,
    unit: u64,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ns / self.unit)?;
        let rest = self.ns % self.unit;
        if rest == 0 {
            return Ok(());
        }
        let width = self.unit.ilog10() as usize;
        let digits = format!("{rest:0width$}");
        write!(f, ".{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_intervals_print_exactly() {
        let shown: Vec<String> =
            [0, 999, 12_500, 12_500_000, 1_501_700_000].iter().map(|&ns| Span::from_ns(ns).to_string()).collect();
        assert_eq!(shown, ["0 s", "999 ns", "12.5 us", "12.5 ms", "1.5017 s"]);
        assert_eq!(Time::from_ns(90_000_000_001).to_string(), "90.000000001 s");
    }

    #[test]
    fn a_3390_track_takes_3_333_ms_over_escon() {
        assert_eq!(Span::of_transfer(56_664, 17_000_000), Span::from_ns(3_333_176));
    }

    #[test]
    #[should_panic(expected = "runs forward")]
    fn an_interval_never_runs_backwards() {
        let _ = Time::from_ns(1) - Time::from_ns(2);
    }
}
