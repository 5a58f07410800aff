//! For how long two devices bore one ID, and which ones: the time a state predicate was false.

use crate::kernel::{Span, Time};
use crate::vocab::{Device, Image, VolumeId};

/// Two devices with one ID, as one image sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duplicate {
    pub image: Image,
    pub first: Device,
    pub second: Device,
    pub id: VolumeId,
}

/// A duplicate from its first instant to its last; open while `to` is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    pub from: Time,
    pub to: Option<Time>,
    pub duplicate: Duplicate,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    episodes: Vec<Episode>,
    /// Places of the open ones.
    open: Vec<usize>,
    /// Since when the predicate has been false.
    since: Option<Time>,
    total: Span,
    longest: Span,
}

impl Exposure {
    /// Takes note of all duplicates there are now; returns those that are new.
    pub fn update(&mut self, now: Time, found: &[Duplicate]) -> Vec<Duplicate> {
        let Exposure { episodes, open, .. } = self;
        open.retain(|&place| {
            let stays = found.contains(&episodes[place].duplicate);
            if !stays {
                episodes[place].to = Some(now);
            }
            stays
        });
        let is_new = |duplicate: &&Duplicate| !open.iter().any(|&place| episodes[place].duplicate == **duplicate);
        let new: Vec<Duplicate> = found.iter().filter(is_new).copied().collect();
        for &duplicate in &new {
            open.push(episodes.len());
            episodes.push(Episode { from: now, to: None, duplicate });
        }
        match (self.since, found.is_empty()) {
            (None, false) => self.since = Some(now),
            (Some(since), true) => {
                self.add(now - since);
                self.since = None;
            }
            _ => {}
        }
        new
    }

    /// Total time with a duplicate, and the longest piece, up to `now`.
    pub fn until(&self, now: Time) -> (Span, Span) {
        let running = self.since.map_or(Span::ZERO, |since| now.saturating_since(since));
        (self.total + running, self.longest.max(running))
    }

    pub fn episodes(&self) -> &[Episode] {
        &self.episodes
    }

    pub fn open(&self) -> impl Iterator<Item = Duplicate> + '_ {
        self.open.iter().map(|&place| self.episodes[place].duplicate)
    }

    fn add(&mut self, span: Span) {
        self.total += span;
        self.longest = self.longest.max(span);
    }
}

/// Every device that shares its ID with another, paired with the next one that bears it. `ids` are in device order.
pub fn duplicates(image: Image, ids: impl Iterator<Item = (Device, VolumeId)>) -> Vec<Duplicate> {
    let mut bearers: Vec<(VolumeId, Device)> = ids.map(|(device, id)| (id, device)).collect();
    bearers.sort_unstable();
    let pairs = bearers.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    pairs.map(|pair| Duplicate { image, first: pair[0].1, second: pair[1].1, id: pair[0].0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::id;

    const IMAGE: Image = Image(0);

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    fn bearers(names: &[&str]) -> Vec<Duplicate> {
        duplicates(IMAGE, names.iter().zip(0..).map(|(name, place)| (Device(place), id(name))))
    }

    #[test]
    fn three_devices_with_one_id_are_two_pairs() {
        let found = bearers(&["A", "B", "A", "A", "C"]);
        let pairs: Vec<(u16, u16)> = found.iter().map(|pair| (pair.first.0, pair.second.0)).collect();
        assert_eq!(pairs, [(0, 2), (2, 3)]);
        assert_eq!(bearers(&["A", "B"]), []);
    }

    #[test]
    fn overlapping_episodes_count_once() {
        let mut exposure = Exposure::default();
        let both = bearers(&["A", "A", "B", "B"]);
        assert_eq!(exposure.update(at(10), &both[..1]).len(), 1);
        assert_eq!(exposure.update(at(12), &both), both[1..]);
        assert_eq!(exposure.update(at(15), &both[1..]), []);
        assert_eq!(exposure.until(at(18)), (Span::from_secs(8), Span::from_secs(8)));
        exposure.update(at(20), &[]);
        exposure.update(at(30), &both[..1]);
        exposure.update(at(31), &[]);
        assert_eq!(exposure.until(at(99)), (Span::from_secs(11), Span::from_secs(10)));
        let ends: Vec<Option<Time>> = exposure.episodes().iter().map(|episode| episode.to).collect();
        assert_eq!(ends, [Some(at(15)), Some(at(20)), Some(at(31))]);
    }
}
