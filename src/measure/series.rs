//! How a run went over time: latencies, requests, and the use of components, in parts of equal length.
//!
//! There are at most [`Series::MOST`] parts. When the run is longer, two neighbours become one and parts are twice as long:
//! the memory is the same for any length of run.

use crate::kernel::{Span, Time, Usage};

/// Requests by latency, to an eighth of a power of two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts(Vec<u32>);

/// The parts of each power of two.
const PARTS: u64 = 8;

/// A part of the run.
#[derive(Clone, Debug, Default)]
struct Bin {
    counts: Counts,
    completed: u64,
    failed: u64,
    /// For each component: server time in use, and the longest line seen.
    busy: Vec<Span>,
    waiting: Vec<u64>,
}

/// What had been seen of a component when it was looked at last.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    busy: Span,
    longest_line: u64,
}

#[derive(Clone, Debug)]
pub struct Series {
    width: Span,
    bins: Vec<Bin>,
    /// Parts whose end the components have been seen at.
    ended: u64,
    /// Name and servers of each component, in the order in which they are shown.
    components: Vec<(String, u32)>,
    seen: Vec<Seen>,
    /// Their places, sorted by name: the order in which they are told.
    order: Vec<usize>,
}

/// A part of the run, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub from: Time,
    pub until: Time,
    /// Requests that ended in it.
    pub completed: u64,
    pub failed: u64,
    /// Percentiles of those that ended well; nothing unless at least ten took longer.
    pub p50: Option<Span>,
    pub p99: Option<Span>,
    /// In the order of [`Series::components`].
    pub busy: Vec<Span>,
    pub waiting: Vec<u64>,
    /// By latency, rising: from, to, requests. Quarters of powers of two.
    pub latencies: Vec<(Span, Span, u64)>,
}

impl Default for Series {
    fn default() -> Series {
        Series::new(Vec::new())
    }
}

impl Series {
    pub const MOST: usize = 256;
    const FIRST: Span = Span::from_ms(100);

    /// `components` are their names and the servers of each.
    pub fn new(components: Vec<(String, u32)>) -> Series {
        let mut order: Vec<usize> = (0..components.len()).collect();
        order.sort_by(|&one, &other| components[one].0.cmp(&components[other].0));
        let seen = vec![Seen::default(); components.len()];
        Series { width: Series::FIRST, bins: Vec::new(), ended: 0, components, seen, order }
    }

    pub fn completed(&mut self, now: Time, latency: Span) {
        let bin = self.bin(now);
        bin.completed += 1;
        bin.counts.add(latency);
    }

    pub fn failed(&mut self, now: Time, requests: u64) {
        self.bin(now).failed += requests;
    }

    /// When the components are to be looked at next, before anything happens at or after it.
    pub fn next_look(&self) -> Time {
        Time::ZERO + self.width * (self.ended + 1)
    }

    /// The components at the end of a part: at [`Series::next_look`], or at the end of the run.
    pub fn end_part(&mut self, at: Time, usage: &[Usage]) {
        // The end of a part belongs to it, not to the next.
        let before = Time::from_ns(at.ns().saturating_sub(1));
        self.look(before, usage);
        let place = self.place(before);
        for ((sum, known), now) in self.bins[place].busy.iter_mut().zip(&mut self.seen).zip(usage) {
            // A component that was replaced begins anew.
            *sum += now.busy.saturating_sub(known.busy);
            known.busy = now.busy;
        }
        self.ended = at.ns() / self.width.ns();
    }

    /// How long the lines are now.
    pub fn look(&mut self, now: Time, usage: &[Usage]) {
        let (place, count) = (self.place(now), self.components.len());
        let bin = &mut self.bins[place];
        bin.busy.resize(count, Span::ZERO);
        bin.waiting.resize(count, 0);
        for ((most, known), now) in bin.waiting.iter_mut().zip(&mut self.seen).zip(usage) {
            // A record since the last look was set in between.
            let record = if now.longest_line > known.longest_line { now.longest_line } else { 0 };
            known.longest_line = known.longest_line.max(now.longest_line);
            *most = (*most).max(now.waiting).max(record);
        }
    }

    /// Names and servers of the components, sorted by name.
    pub fn components(&self) -> impl Iterator<Item = &(String, u32)> {
        self.order.iter().map(|&place| &self.components[place])
    }

    /// Every part up to the end of the run.
    pub fn parts(&self, end: Time) -> Vec<Part> {
        fn in_order<T: Copy + Default>(values: &[T], order: &[usize]) -> Vec<T> {
            order.iter().map(|&place| values.get(place).copied().unwrap_or_default()).collect()
        }
        let parts = self.bins.iter().enumerate().map(|(place, bin)| {
            let from = Time::ZERO + self.width * place as u64;
            Part {
                from,
                until: (from + self.width).min(end),
                completed: bin.completed,
                failed: bin.failed,
                p50: bin.counts.percentile(50),
                p99: bin.counts.percentile(99),
                busy: in_order(&bin.busy, &self.order),
                waiting: in_order(&bin.waiting, &self.order),
                latencies: bin.counts.quarters(),
            }
        });
        parts.filter(|part| part.from < part.until).collect()
    }

    fn bin(&mut self, now: Time) -> &mut Bin {
        let place = self.place(now);
        &mut self.bins[place]
    }

    /// Where a moment belongs; there is a part for it afterwards.
    fn place(&mut self, now: Time) -> usize {
        while now.ns() / self.width.ns() >= Series::MOST as u64 {
            self.halve();
        }
        let place = (now.ns() / self.width.ns()) as usize;
        if place >= self.bins.len() {
            self.bins.resize(place + 1, Bin::default());
        }
        place
    }

    fn halve(&mut self) {
        let pairs = self.bins.chunks(2).map(|pair| {
            let mut both = pair[0].clone();
            if let Some(second) = pair.get(1) {
                both.join(second);
            }
            both
        });
        self.bins = pairs.collect();
        self.width = self.width * 2;
        self.ended /= 2;
    }
}

impl Bin {
    fn join(&mut self, other: &Bin) {
        self.counts.join(&other.counts);
        self.completed += other.completed;
        self.failed += other.failed;
        let count = self.busy.len().max(other.busy.len());
        self.busy.resize(count, Span::ZERO);
        self.waiting.resize(count, 0);
        self.busy.iter_mut().zip(&other.busy).for_each(|(sum, busy)| *sum += *busy);
        self.waiting.iter_mut().zip(&other.waiting).for_each(|(most, line)| *most = (*most).max(*line));
    }
}

impl Counts {
    fn add(&mut self, latency: Span) {
        let place = place_of(latency.ns());
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        self.0[place] = self.0[place].saturating_add(1);
    }

    fn join(&mut self, other: &Counts) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }

    /// What `of_100` of a hundred requests did not exceed, to a sixteenth; requests of one place are spread evenly.
    fn percentile(&self, of_100: u64) -> Option<Span> {
        let total = self.total();
        if total * (100 - of_100) < 10 * 100 {
            return None;
        }
        let rank = (total * of_100).div_ceil(100).max(1);
        let mut below = 0;
        for (place, &count) in self.0.iter().enumerate() {
            let count = u64::from(count);
            if below + count >= rank {
                let (low, high) = (start_of(place), start_of(place + 1));
                let within = u128::from(high - low) * u128::from(rank - below) / u128::from(count);
                return Some(Span::from_ns(low + u64::try_from(within).expect("it lies between two latencies")));
            }
            below += count;
        }
        None
    }

    fn quarters(&self) -> Vec<(Span, Span, u64)> {
        const EACH: usize = PARTS as usize / 4;
        let quarters = self.0.chunks(EACH).enumerate().map(|(place, counts)| {
            let [low, high] = [place * EACH, (place + 1) * EACH].map(|edge| Span::from_ns(start_of(edge)));
            (low, high, counts.iter().map(|count| u64::from(*count)).sum::<u64>())
        });
        quarters.filter(|(.., count)| *count > 0).collect()
    }
}

/// Latencies below eight nanoseconds have a place each; then eight places share each power of two.
fn place_of(ns: u64) -> usize {
    if ns < PARTS {
        return ns as usize;
    }
    let power = u64::from(ns.ilog2());
    let part = (ns >> (power - 3)) - PARTS;
    ((power - 2) * PARTS + part) as usize
}

/// The least latency of a place.
fn start_of(place: usize) -> u64 {
    let place = place as u64;
    if place < PARTS {
        return place;
    }
    let (power, part) = (place / PARTS + 2, place % PARTS);
    (PARTS + part).checked_shl((power - 3) as u32).filter(|ns| ns >> (power - 3) == PARTS + part).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::ZERO + Span::from_ms(ms)
    }

    #[test]
    fn every_latency_has_a_place() {
        for ns in [0, 1, 7, 8, 9, 15, 16, 17, 1_000, 4_095, 4_096, 123_456_789, u64::MAX / 3, u64::MAX] {
            let place = place_of(ns);
            assert!(start_of(place) <= ns && (ns < start_of(place + 1) || ns == u64::MAX), "{ns}: {place}");
        }
        assert!((0..400).all(|place| place_of(start_of(place)) == place));
    }

    #[test]
    fn parts_are_joined_and_nothing_is_lost() {
        let mut series = Series::new(vec![("dasd.cpu0".into(), 1)]);
        let usage = |busy_ms, waiting| [Usage { busy: Span::from_ms(busy_ms), waiting, ..Usage::default() }];
        for number in 0..10_000_u64 {
            let now = at(number * 10);
            while series.next_look() <= now {
                let edge = series.next_look();
                series.end_part(edge, &usage(edge.ns() / 2_000_000, 3));
            }
            series.completed(now, Span::from_us(1_000 + number % 100));
        }
        series.failed(at(99_999), 5);
        series.end_part(at(100_000), &usage(50_000, 0));
        let parts = series.parts(at(100_000));
        assert!(parts.len() <= Series::MOST && parts.len() > Series::MOST / 4, "{}", parts.len());
        assert_eq!(parts.iter().map(|part| part.completed).sum::<u64>(), 10_000);
        assert_eq!(parts.iter().map(|part| part.failed).sum::<u64>(), 5);
        assert_eq!(parts.iter().map(|part| part.busy[0]).sum::<Span>(), Span::from_ms(50_000));
        assert_eq!(parts[3].busy[0], Span::from_ms(200), "half of the time");
        assert!(parts.iter().all(|part| part.waiting[0] <= 3 && part.p99.is_none()));
        let cells = parts.iter().flat_map(|part| part.latencies.iter().map(|cell| cell.2)).sum::<u64>();
        assert_eq!(cells, 10_000);
        assert!(parts.windows(2).all(|pair| pair[0].until == pair[1].from));
    }

    #[test]
    fn percentiles_are_close() {
        let mut counts = Counts::default();
        (1..=2_000).for_each(|us| counts.add(Span::from_us(us)));
        for (of, truth) in [(50, 1_000_000_u64), (99, 1_980_000)] {
            let found = counts.percentile(of).expect("ten lie beyond").ns();
            assert!(found.abs_diff(truth) * 16 <= truth, "{found} of {truth}");
        }
        let mut few = Counts::default();
        (1..=19).for_each(|us| few.add(Span::from_us(us)));
        assert_eq!((few.percentile(50), few.quarters().iter().map(|it| it.2).sum::<u64>()), (None, 19));
    }

    #[test]
    fn a_record_between_two_looks_is_seen() {
        let mut series = Series::new(vec![("dasd.cpu0".into(), 1)]);
        let load = |longest_line| [Usage { longest_line, ..Usage::default() }];
        series.look(at(10), &load(4));
        series.look(at(120), &load(4));
        let lines: Vec<u64> = series.parts(at(200)).iter().map(|part| part.waiting[0]).collect();
        assert_eq!(lines, [4, 0]);
    }
}
