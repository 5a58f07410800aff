//! The way from the buffer to the host and back: so many ticks a sector, never ahead of the media.

use super::clock::{Clock, Instant};

/// A transfer to the host of sectors that come off the media while it runs.
///
/// Each sector leaves once the one before it has left and once it has been read: the end of the transfer is the latest of
/// what any sector allows for those after it. Sectors of a stretch come evenly, so that its first and its last decide.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    per_sector: u64,
    total: u64,
    /// The earliest end that the sectors read so far allow.
    earliest_end: Instant,
}

impl Transfer {
    pub fn new(total: u64, per_sector: u64) -> Transfer {
        Transfer { per_sector, total, earliest_end: Instant::default() }
    }

    /// Sector number `index` of the transfer is in the buffer at `instant`.
    pub fn arrives(&mut self, clock: &Clock, index: u64, instant: Instant) {
        let end = clock.after_many(instant, self.total - index, self.per_sector);
        self.earliest_end = self.earliest_end.max(end);
    }

    /// The end of a transfer that begins at `start`.
    pub fn end(&self, clock: &Clock, start: Instant) -> Instant {
        clock.after_many(start, self.total, self.per_sector).max(self.earliest_end)
    }
}

/// Sectors that come from the host while they are being written.
#[derive(Clone, Copy, Debug)]
pub struct Filling {
    pub start: Instant,
    pub per_sector: u64,
    /// Nothing is written before so many are in the buffer.
    pub least: u64,
}

impl Filling {
    /// When sector number `index` may be written.
    pub fn ready(&self, clock: &Clock, index: u64) -> Instant {
        clock.after_many(self.start, (index + 1).max(self.least), self.per_sector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;

    /// Sector by sector, as the rule is stated.
    fn stepwise(clock: &Clock, start: Instant, media: &[Instant], per_sector: u64) -> Instant {
        media.iter().fold(start, |free, &read| clock.after(free.max(read), per_sector))
    }

    #[test]
    fn two_sectors_of_a_stretch_decide_for_all() {
        let clock = Clock::new(1_000_000);
        let at = |us: u64| clock.at(Time::from_ns(us * 1_000), 0);
        for per_sector in [0, 30, 100, 170] {
            for begin in [0, 500, 5_000] {
                // Two stretches of evenly spaced sectors with a gap between them.
                let media: Vec<Instant> =
                    (1..20).map(|n| at(1_000 + n * 100)).chain((1..9).map(|n| at(4_000 + n * 60))).collect();
                let mut transfer = Transfer::new(media.len() as u64, clock.ticks(per_sector * 1_000));
                for index in [0, 18, 19, 26] {
                    transfer.arrives(&clock, index as u64, media[index]);
                }
                let end = stepwise(&clock, at(begin), &media, clock.ticks(per_sector * 1_000));
                assert_eq!(transfer.end(&clock, at(begin)), end, "{per_sector} us a sector from {begin} us on");
            }
        }
    }
}
