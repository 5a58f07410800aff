//! Where the platter stands at an instant, without drift.
//!
//! A turn of 60 s / rpm is rarely a whole number of nanoseconds, so time at a disk is counted in *ticks* of which both a
//! nanosecond and a turn have a whole number: with a speed of `n / d` turns a minute a nanosecond has `n` ticks and a
//! turn has `60 * 10^9 * d`. An [`Instant`] is a number of whole turns and the ticks of the turn that is under way: the
//! angle under the heads is read off, and the phase after any number of turns is exact.

use crate::kernel::{Span, Time};

/// Nanoseconds of a minute: the ticks of a turn when the speed is a whole number of turns a minute.
pub const MINUTE: u64 = 60_000_000_000;

/// How ticks, turns and nanoseconds belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Ticks of a turn.
    turn: u64,
    /// Ticks of a nanosecond.
    per_ns: u64,
}

/// An instant at a disk, with the angle it stands at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    turns: u64,
    ticks: u64,
}

impl Instant {
    /// The angle under the heads, in ticks: less than a turn.
    pub fn angle(self) -> u64 {
        self.ticks
    }
}

impl Clock {
    /// A disk that turns `rpm_milli` thousandths of a turn a minute.
    pub fn new(rpm_milli: u64) -> Clock {
        assert!(rpm_milli > 0, "a disk turns");
        let denominator =
            [1, 10, 100, 1_000].into_iter().find(|denominator| (rpm_milli * denominator).is_multiple_of(1_000));
        let denominator = denominator.expect("thousandths are whole in thousandths");
        Clock { turn: MINUTE * denominator, per_ns: rpm_milli * denominator / 1_000 }
    }

    /// Ticks of a turn.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// The instant `time` on a disk that stood at `phase` ticks at time zero.
    pub fn at(&self, time: Time, phase: u64) -> Instant {
        // In two steps, as the ticks of centuries do not fit 64 bits.
        let (windows, rest) = (time.ns() / self.turn, time.ns() % self.turn);
        let within = u128::from(rest) * u128::from(self.per_ns) + u128::from(phase);
        let turn = u128::from(self.turn);
        Instant { turns: windows * self.per_ns + (within / turn) as u64, ticks: (within % turn) as u64 }
    }

    pub fn ticks(&self, ns: u64) -> u64 {
        ns.checked_mul(self.per_ns).expect("one movement of a disk takes less than an hour")
    }

    /// The instant `ticks` after another.
    pub fn after(&self, instant: Instant, ticks: u64) -> Instant {
        let sum = instant.ticks + ticks;
        if sum < self.turn {
            return Instant { turns: instant.turns, ticks: sum };
        }
        // Mostly one turn: a subtraction is cheaper than a division.
        let less = sum - self.turn;
        if less < self.turn {
            return Instant { turns: instant.turns + 1, ticks: less };
        }
        Instant { turns: instant.turns + sum / self.turn, ticks: sum % self.turn }
    }

    /// Ticks from `earlier` to `later`; zero when it is not later.
    pub fn between(&self, earlier: Instant, later: Instant) -> u64 {
        if later <= earlier {
            return 0;
        }
        let turns = later.turns - earlier.turns;
        let whole = turns.checked_mul(self.turn).expect("an operation of a disk takes less than a day");
        whole + later.ticks - earlier.ticks
    }

    /// The next instant, now or later, at which `angle` is under the heads.
    pub fn next_at(&self, from: Instant, angle: u64) -> Instant {
        let turns = from.turns + u64::from(angle < from.ticks);
        Instant { turns, ticks: angle }
    }

    /// The time in which the platters turn by `ticks`, in whole nanoseconds, rounded down.
    pub fn span(&self, ticks: u64) -> Span {
        Span::from_ns(ticks / self.per_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_with_a_broken_period_does_not_drift() {
        let clock = Clock::new(10_025_000);
        assert_eq!(clock.span(clock.turn()), Span::from_ns(5_985_037), "5.985037 ms, rounded down");
        let years = 30 * 365 * 24 * 3_600;
        for second in [0, 60, 6_000, years - years % 60] {
            let now = Time::ZERO + Span::from_secs(second);
            assert_eq!(clock.at(now, 0).angle(), 0, "10,025 turns take a minute: {second} s");
            let later = now + Span::from_ns(1_234_567_891);
            let exact = u128::from(later.ns()) * 10_025 % u128::from(MINUTE);
            assert_eq!(u128::from(clock.at(later, 0).angle()), exact);
            let moved = clock.after(clock.at(now, 7), clock.ticks(1_234_567_891));
            assert_eq!(moved, clock.at(later, 7), "sums and conversions agree");
            assert_eq!(clock.between(clock.at(now, 7), moved), clock.ticks(1_234_567_891));
        }
    }

    #[test]
    fn a_broken_speed_is_kept_as_a_fraction() {
        let clock = Clock::new(5_396_125);
        assert_eq!((clock.turn(), clock.per_ns), (MINUTE * 1_000, 5_396_125));
        let clock = Clock::new(5_400_500);
        assert_eq!((clock.turn(), clock.per_ns), (MINUTE * 10, 54_005));
        let minutes = Time::ZERO + Span::from_secs(600);
        assert_eq!(clock.at(minutes, 0), Instant { turns: 54_005, ticks: 0 });
    }

    #[test]
    fn an_angle_comes_round_once_a_turn() {
        let clock = Clock::new(60_000);
        let now = clock.at(Time::from_ns(1_250_000_000), 0);
        assert_eq!(now, Instant { turns: 1, ticks: MINUTE / 4 });
        assert_eq!(clock.next_at(now, MINUTE / 4), now);
        assert_eq!(clock.next_at(now, MINUTE / 2), Instant { turns: 1, ticks: MINUTE / 2 });
        assert_eq!(clock.next_at(now, 0), Instant { turns: 2, ticks: 0 });
    }
}
