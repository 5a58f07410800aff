//! What became of one thing over a run: a list of states that stays short however long the run is.

use crate::kernel::{Span, Time};
use crate::names;

names! {
    /// What a volume ID, a device, a drive or a tape can be seen in, from the mildest to the gravest.
    pub enum State {
        Loaded = "loaded",
        Online = "online",
        Offline = "offline",
        /// A copy under the ID of its own, while the ID of its source is hidden in it.
        Withheld = "id-withheld",
        Restoring = "restoring",
        Dumping = "dumping",
        /// Two devices claim one ID, or a label says another.
        Duplicate = "duplicate-id",
    }
}

/// A stay in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    pub from: Time,
    pub until: Time,
    pub state: State,
}

/// The states of one thing, in their order.
///
/// Changes are kept as they came until there are [`Track::MOST`] of them. Then those within one *grain* of time become one,
/// the gravest, and the grain doubles as long as there are too many: nothing grave is lost, and its length is known to one
/// grain.
#[derive(Clone, Debug, Default)]
pub struct Track {
    changes: Vec<(Time, Option<State>)>,
    grain: Span,
}

impl Track {
    pub const MOST: usize = 400;
    /// The grain of the first time.
    const FIRST: Span = Span::from_ms(1);

    /// From now on it is in this state, or in none that is shown.
    pub fn set(&mut self, now: Time, state: Option<State>) {
        match self.changes.last_mut() {
            Some(last) if last.1 == state => return,
            None if state.is_none() => return,
            // What lasted for no time is told when it is grave.
            Some(last) if last.0 == now && last.1 != Some(State::Duplicate) => last.1 = state,
            _ => self.changes.push((now, state)),
        }
        if self.changes.len() > Track::MOST {
            self.grain = self.grain.max(Track::FIRST);
            self.coarsen();
            // There must be room for as many again.
            while self.changes.len() > Track::MOST / 2 {
                self.grain = self.grain * 2;
                self.coarsen();
            }
        }
    }

    /// Every stay in a state up to `end`; one with a duplicate ID also when it lasted for no time.
    pub fn stays(&self, end: Time) -> Vec<Stay> {
        let ends = self.changes.iter().skip(1).map(|change| change.0).chain([end]);
        let told = |change: &(Time, Option<State>), until: Time| change.0 < until || change.1 == Some(State::Duplicate);
        let stays = self.changes.iter().zip(ends).filter(|(change, until)| told(change, *until));
        let mut joined: Vec<Stay> = Vec::new();
        for (&(from, state), until) in stays {
            let Some(state) = state else { continue };
            match joined.last_mut().filter(|last| last.until == from && last.state == state) {
                Some(last) => last.until = until,
                None => joined.push(Stay { from, until, state }),
            }
        }
        joined
    }

    fn coarsen(&mut self) {
        let grain = self.grain.ns();
        let mut coarse: Vec<(Time, Option<State>)> = Vec::new();
        for group in self.changes.chunk_by(|one, other| one.0.ns() / grain == other.0.ns() / grain) {
            let (first, last) = (group[0], group[group.len() - 1]);
            let gravest = group.iter().map(|change| change.1).max().flatten();
            let mut put = |time, state| {
                if coarse.last().is_none_or(|known| known.1 != state) {
                    coarse.push((time, state));
                }
            };
            put(first.0, gravest);
            if gravest != last.1 {
                put(last.0, last.1);
            }
        }
        self.changes = coarse;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::ZERO + Span::from_ms(ms)
    }

    fn told(track: &Track, end: u64) -> String {
        let stay =
            |stay: &Stay| format!("{} {}-{}", stay.state, stay.from.ns() / 1_000_000, stay.until.ns() / 1_000_000);
        track.stays(at(end)).iter().map(stay).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn stays_lie_between_changes() {
        let mut track = Track::default();
        for (ms, state) in [
            (0, None),
            (0, Some(State::Offline)),
            (0, Some(State::Online)),
            (5, Some(State::Online)),
            (9, Some(State::Duplicate)),
            (12, Some(State::Online)),
            (15, Some(State::Duplicate)),
            (15, Some(State::Online)),
            (16, Some(State::Offline)),
            (16, Some(State::Online)),
            (20, None),
            (30, Some(State::Loaded)),
        ] {
            track.set(at(ms), state);
        }
        assert_eq!(
            told(&track, 40),
            "online 0-9, duplicate-id 9-12, online 12-15, duplicate-id 15-15, online 15-20, loaded 30-40"
        );
        assert_eq!(told(&track, 30), "online 0-9, duplicate-id 9-12, online 12-15, duplicate-id 15-15, online 15-20");
    }

    #[test]
    fn a_long_run_keeps_what_is_grave() {
        let mut track = Track::default();
        for ms in 0..100_000 {
            let state = if ms == 50_001 {
                State::Duplicate
            } else if ms % 2 == 0 {
                State::Online
            } else {
                State::Offline
            };
            track.set(at(ms), Some(state));
            assert!(track.changes.len() <= Track::MOST);
        }
        let stays = track.stays(at(100_000));
        assert_eq!((stays[0].from, stays[stays.len() - 1].until), (at(0), at(100_000)));
        assert!(stays.windows(2).all(|pair| pair[0].until == pair[1].from), "no gap");
        let doubt: Vec<&Stay> = stays.iter().filter(|stay| stay.state == State::Duplicate).collect();
        assert_eq!(doubt.len(), 1);
        assert!(doubt[0].from <= at(50_001) && doubt[0].until > at(50_001), "{doubt:?}");
    }
}
