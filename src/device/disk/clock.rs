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

impl Clock {
    /// A disk that turns `rpm_hundredths` hundredths of a turn a minute.
    pub fn new(rpm_hundredths: u64) -> Clock {
        assert!(rpm_hundredths > 0, "a disk turns");
        let denominator =
            [1, 10, 100].into_iter().find(|denominator| (rpm_hundredths * denominator).is_multiple_of(100));
        let denominator = denominator.expect("hundredths are whole in hundredths");
        Clock { turn: MINUTE * denominator, per_ns: rpm_hundredths * denominator / 100 }
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

    /// The instant `count` times `ticks` after another, however many these are.
    pub fn after_many(&self, instant: Instant, count: u64, ticks: u64) -> Instant {
        if let Some(all) = count.checked_mul(ticks).filter(|all| *all < u64::MAX / 2) {
            return self.after(instant, all);
        }
        let (all, turn) = (u128::from(count) * u128::from(ticks) + u128::from(instant.ticks), u128::from(self.turn));
        Instant { turns: instant.turns + (all / turn) as u64, ticks: (all % turn) as u64 }
    }

    /// The instant so many whole turns after another.
    pub fn after_turns(instant: Instant, turns: u64) -> Instant {
        Instant { turns: instant.turns + turns, ..instant }
    }

    /// Ticks from `earlier` to `later`; zero when it is not later.
    pub fn between(&self, earlier: Instant, later: Instant) -> u128 {
        if later <= earlier {
            return 0;
        }
        let turns = u128::from(later.turns - earlier.turns);
        turns * u128::from(self.turn) + u128::from(later.ticks) - u128::from(earlier.ticks)
    }

    /// The next instant, now or later, at which `angle` is under the heads.
    pub fn next_at(&self, from: Instant, angle: u64) -> Instant {
        let turns = from.turns + u64::from(angle < from.ticks);
        Instant { turns, ticks: angle }
    }

    /// The time in which the platters turn by `ticks`, in whole nanoseconds, rounded down.
    pub fn span(&self, ticks: u128) -> Span {
        let ns = match u64::try_from(ticks) {
            Ok(ticks) => ticks / self.per_ns,
            Err(_) => u64::try_from(ticks / u128::from(self.per_ns)).expect("an operation ends within 584 years"),
        };
        Span::from_ns(ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_with_a_broken_period_does_not_drift() {
        let clock = Clock::new(1_002_500);
        assert_eq!(clock.span(clock.turn().into()), Span::from_ns(5_985_037), "5.985037 ms, rounded down");
        let years = 30 * 365 * 24 * 3_600;
        for second in [0, 60, 6_000, years - years % 60] {
            let now = Time::ZERO + Span::from_secs(second);
            assert_eq!(clock.at(now, 0).ticks, 0, "10,025 turns take a minute: {second} s");
            let later = now + Span::from_ns(1_234_567_891);
            let exact = u128::from(later.ns()) * 10_025 % u128::from(MINUTE);
            assert_eq!(u128::from(clock.at(later, 0).ticks), exact);
            let moved = clock.after(clock.at(now, 7), clock.ticks(1_234_567_891));
            assert_eq!(moved, clock.at(later, 7), "sums and conversions agree");
            assert_eq!(clock.between(clock.at(now, 7), moved), u128::from(clock.ticks(1_234_567_891)));
            assert_eq!(clock.after_many(clock.at(now, 7), 1_234_567_891, clock.ticks(1)), moved);
        }
    }

    #[test]
    fn a_broken_speed_is_kept_as_a_fraction() {
        let clock = Clock::new(539_625);
        assert_eq!((clock.turn(), clock.per_ns), (MINUTE * 100, 539_625));
        let clock = Clock::new(540_050);
        assert_eq!((clock.turn(), clock.per_ns), (MINUTE * 10, 54_005));
        let minutes = Time::ZERO + Span::from_secs(600);
        assert_eq!(clock.at(minutes, 0), Instant { turns: 54_005, ticks: 0 });
    }

    #[test]
    fn an_angle_comes_round_once_a_turn() {
        let clock = Clock::new(6_000);
        let now = clock.at(Time::from_ns(1_250_000_000), 0);
        assert_eq!(now, Instant { turns: 1, ticks: MINUTE / 4 });
        assert_eq!(clock.next_at(now, MINUTE / 4), now);
        assert_eq!(clock.next_at(now, MINUTE / 2), Instant { turns: 1, ticks: MINUTE / 2 });
        assert_eq!(clock.next_at(now, 0), Instant { turns: 2, ticks: 0 });
        let long = clock.after_many(now, u64::from(u32::MAX), clock.ticks(10_000_000));
        assert_eq!(clock.span(clock.between(now, long)), Span::from_ms(10) * u64::from(u32::MAX));
    }
}
