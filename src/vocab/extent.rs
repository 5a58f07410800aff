//! Extents: the tracks of a volume that a copy, a dump or a restore is about (patent paragraph 41; MODEL 1.4).

use super::id::TrackNo;

/// Runs of one extent list: what a data set of the 3390 may have on one volume is 16 (G).
pub const MOST_RUNS: usize = 16;

/// Tracks 1 to this one hold the directory of a volume (MODEL 2.1, A).
pub const VTOC_TRACKS: u32 = 15;

/// Tracks `first` to `first + count - 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackRun {
    pub first: u32,
    pub count: u32,
}

impl TrackRun {
    pub const fn end(self) -> u32 {
        self.first + self.count
    }
}

/// One or more runs of tracks of a volume, ascending, without overlap. Tracks are numbered through all runs by their
/// *position*: that is their order on tape.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Extents {
    runs: [TrackRun; MOST_RUNS],
    count: u8,
    /// Tracks of the volume that they are part of.
    volume: u32,
}

impl Extents {
    /// All tracks of a volume.
    pub fn whole(volume: u32) -> Extents {
        let mut runs = [TrackRun::default(); MOST_RUNS];
        runs[0] = TrackRun { first: 0, count: volume };
        Extents { runs, count: 1, volume }
    }

    /// `runs` of a volume, in any order. `None` when they are none or too many, are empty, overlap or lie beyond the end.
    pub fn of(runs: &[TrackRun], volume: u32) -> Option<Extents> {
        let mut sorted = runs.to_vec();
        sorted.sort_unstable();
        let apart = sorted.windows(2).all(|pair| pair[0].end() <= pair[1].first);
        let within = sorted.iter().all(|run| run.count > 0 && run.end() <= volume);
        if !apart || !within || sorted.is_empty() || sorted.len() > MOST_RUNS {
            return None;
        }
        let mut kept = [TrackRun::default(); MOST_RUNS];
        kept[..sorted.len()].copy_from_slice(&sorted);
        Some(Extents { runs: kept, count: sorted.len() as u8, volume })
    }

    /// As [`Self::of`], with runs that follow each other as one.
    pub fn joined(runs: &[TrackRun], volume: u32) -> Option<Extents> {
        let mut sorted = runs.to_vec();
        sorted.sort_unstable();
        let mut joined: Vec<TrackRun> = Vec::new();
        for run in sorted {
            match joined.last_mut().filter(|last| last.end() == run.first) {
                Some(last) => last.count += run.count,
                None => joined.push(run),
            }
        }
        Extents::of(&joined, volume)
    }

    pub fn runs(&self) -> &[TrackRun] {
        &self.runs[..usize::from(self.count)]
    }

    /// Tracks of the volume that they are part of.
    pub fn volume(&self) -> u32 {
        self.volume
    }

    /// Tracks in all runs.
    pub fn tracks(&self) -> u32 {
        self.runs().iter().map(|run| run.count).sum()
    }

    pub fn is_whole(&self) -> bool {
        self.tracks() == self.volume
    }

    /// Whether the label track is among them.
    pub fn holds_label(&self) -> bool {
        self.contains(TrackNo(0))
    }

    #[inline]
    pub fn contains(&self, track: TrackNo) -> bool {
        self.runs().iter().any(|run| run.first <= track.0 && track.0 < run.end())
    }

    /// Whether every track of `others` is among them.
    pub fn cover(&self, others: &Extents) -> bool {
        others.each().all(|track| self.contains(track))
    }

    /// The track at a position, and how many tracks from it on follow each other; `None` behind the last.
    pub fn at(&self, position: u32) -> Option<(TrackNo, u32)> {
        let mut before = 0;
        for run in self.runs() {
            if position < before + run.count {
                let within = position - before;
                return Some((TrackNo(run.first + within), run.count - within));
            }
            before += run.count;
        }
        None
    }

    /// The position of a track.
    pub fn position(&self, track: TrackNo) -> Option<u32> {
        let mut before = 0;
        for run in self.runs() {
            if run.first <= track.0 && track.0 < run.end() {
                return Some(before + track.0 - run.first);
            }
            before += run.count;
        }
        None
    }

    /// All tracks, ascending.
    pub fn each(&self) -> impl Iterator<Item = TrackNo> + '_ {
        self.runs().iter().flat_map(|run| run.first..run.end()).map(TrackNo)
    }
}

impl std::fmt::Debug for Extents {
    /// As in `0-29,60-89 of 300`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, run) in self.runs().iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}-{}", run.first, run.end() - 1)?;
        }
        write!(f, " of {}", self.volume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u32, count: u32) -> TrackRun {
        TrackRun { first, count }
    }

    #[test]
    fn positions_number_the_tracks_of_all_runs() {
        let extents = Extents::of(&[run(60, 30), run(0, 30)], 100).expect("two runs apart");
        assert_eq!((extents.tracks(), extents.is_whole(), extents.holds_label()), (60, false, true));
        assert_eq!(extents.at(0), Some((TrackNo(0), 30)));
        assert_eq!(extents.at(29), Some((TrackNo(29), 1)));
        assert_eq!(extents.at(30), Some((TrackNo(60), 30)));
        assert_eq!(extents.at(60), None);
        for (position, track) in (0..).zip(extents.each()) {
            assert_eq!(extents.position(track), Some(position));
            assert_eq!(extents.at(position).map(|(track, _)| track), Some(track));
        }
        assert_eq!((extents.position(TrackNo(30)), extents.contains(TrackNo(90))), (None, false));
        assert_eq!(format!("{extents:?}"), "0-29,60-89 of 100");
    }

    #[test]
    fn what_is_no_list_of_extents_is_refused() {
        for runs in [&[][..], &[run(0, 0)], &[run(90, 11)], &[run(0, 10), run(9, 2)], &[run(0, 1); 17]] {
            assert_eq!(Extents::of(runs, 100), None, "{runs:?}");
        }
        let whole = Extents::whole(100);
        assert_eq!(Extents::of(&[run(50, 50), run(0, 50)], 100).map(|extents| extents.is_whole()), Some(true));
        let part = Extents::of(&[run(1, 2)], 100).expect("one run");
        assert!(whole.cover(&part) && !part.cover(&whole) && !part.holds_label());
    }
}
