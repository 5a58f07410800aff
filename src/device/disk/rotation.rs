//! Where the platter stands at an instant, without drift.
//!
//! A turn of 60 s / rpm is rarely a whole number of nanoseconds, so angles are counted in *ticks*: a turn has
//! [`TURN`] = 60 * 10^9 of them whatever the speed, a nanosecond has `rpm` of them. Both are whole numbers, and the
//! phase after any number of turns is exact.

use super::parameters::{DiskParameters, MOST_CYLINDERS, MOST_HEADS, MOST_RPM};
use crate::kernel::{Span, Time};

/// Ticks of one turn: the nanoseconds of a minute.
pub const TURN: u64 = 60_000_000_000;

// Phases and the starts of tracks are computed in 64 bits.
const _: () = assert!((TURN as u128) * (MOST_RPM as u128 + 1) < 1 << 64);
const _: () = assert!((TURN as u128) * (MOST_CYLINDERS as u128 + MOST_HEADS as u128) < 1 << 64);

/// The turning of the platters, and where on them the tracks begin.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Ticks per nanosecond.
    rpm: u64,
    /// Ticks from the start of a track to the start of the next one on the same cylinder, and on the next cylinder.
    track_skew: u64,
    cylinder_skew: u64,
    /// Phase of a cylinder's first track against the one before.
    cylinder_shift: u64,
}

impl Rotation {
    /// `parameters` have passed their own check.
    pub(super) fn new(parameters: &DiskParameters) -> Rotation {
        let rpm = u64::from(parameters.rpm);
        // A format leaves room for the move to the next cylinder, or each such crossing would cost a whole turn (A).
        let crossing = parameters.track_skew.max(parameters.seek_read.track).max(parameters.seek_write.track);
        let track_skew = parameters.track_skew.ns() * rpm;
        let cylinder_skew = crossing.ns() * rpm;
        let cylinder_shift = (u64::from(parameters.heads - 1) * track_skew + cylinder_skew) % TURN;
        Rotation { rpm, track_skew, cylinder_skew, cylinder_shift }
    }

    /// The angle under the heads, in ticks, of a disk that stood at `start` at time zero.
    pub fn phase(&self, now: Time, start: u64) -> u64 {
        (now.ns() % TURN * self.rpm + start) % TURN
    }

    /// The angle at which a track begins, in ticks.
    pub fn track_start(&self, cylinder: u32, head: u32) -> u64 {
        (u64::from(cylinder) * self.cylinder_shift + u64::from(head) * self.track_skew) % TURN
    }

    pub fn track_skew(&self) -> u64 {
        self.track_skew
    }

    pub fn cylinder_skew(&self) -> u64 {
        self.cylinder_skew
    }

    /// The time in which the platters turn by `ticks`, in whole nanoseconds.
    pub fn span(&self, ticks: u64) -> Span {
        Span::from_ns(ticks / self.rpm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::disk::parameters::examples::disk_36_gb;

    #[test]
    fn a_speed_with_a_broken_period_does_not_drift() {
        let rotation = Rotation::new(&DiskParameters { rpm: 10_025, ..disk_36_gb() });
        assert_eq!(rotation.span(TURN), Span::from_ns(5_985_037), "5.985037 ms, rounded down");
        let years = 30 * 365 * 24 * 3_600;
        for second in [0, 60, 6_000, years - years % 60] {
            let now = Time::ZERO + Span::from_secs(second);
            assert_eq!(rotation.phase(now, 0), 0, "10,025 turns take a minute: {second} s");
            let later = now + Span::from_ns(1_234_567_891);
            let exact = u128::from(later.ns()) * 10_025 % u128::from(TURN);
            assert_eq!(u128::from(rotation.phase(later, 0)), exact);
        }
    }

    #[test]
    fn skews_accumulate_over_tracks_and_cylinders() {
        let parameters = disk_36_gb();
        let rotation = Rotation::new(&parameters);
        for (cylinder, head) in [(0, 0), (0, 11), (1, 0), (9, 5), (15_109, 11)] {
            // Read and write both reach the next cylinder within the track skew of this disk, so all skews are alike.
            let tracks = u64::from(cylinder * parameters.heads + head);
            let turned = tracks * parameters.track_skew.ns() * 10_000 % TURN;
            assert_eq!(rotation.track_start(cylinder, head), turned, "cylinder {cylinder}, head {head}");
        }
    }

    #[test]
    fn a_slow_arm_widens_the_skew_between_cylinders_only() {
        let mut parameters = disk_36_gb();
        parameters.seek_write.track = Span::from_us(2_000);
        let rotation = Rotation::new(&parameters);
        let between = |from, to| (to + TURN - from) % TURN;
        let starts = [(3, 10), (3, 11), (4, 0)].map(|(cylinder, head)| rotation.track_start(cylinder, head));
        assert_eq!(rotation.span(between(starts[0], starts[1])), Span::from_us(1_040));
        assert_eq!(rotation.span(between(starts[1], starts[2])), Span::from_us(2_000));
    }
}
