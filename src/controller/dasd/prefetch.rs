//! Sequential detection and prefetch (MODEL 3.5): a host that has read some tracks of a device one behind the other gets
//! the next ones into the cache before it asks.
//!
//! The detector follows one stream per device. A prefetch takes the locks that are free and waits for none, so that it never
//! delays a destage or a copy; what somebody else is about to read or write is left to him. Backup programs read past
//! the cache and are not detected.

use super::DasdController;
use super::DasdOutbox;
use super::command::DasdFact;
use super::microcode::Work;
use crate::device::raid::Place;
use crate::vocab::{Device, TrackNo, TrackRange};

/// Consecutive tracks that make a stream (A, MODEL 3.5).
const STREAM: u32 = 3;

/// Tracks on their way into the cache.
#[derive(Clone, Debug)]
pub struct Prefetch {
    pub device: Device,
    pub tracks: Vec<TrackNo>,
    pub locks: Vec<(Device, TrackNo)>,
}

/// What a device was last asked for by hosts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stream {
    last: Option<TrackNo>,
    /// Consecutive tracks up to the last one.
    length: u32,
    /// Tracks below this one were prefetched.
    fetched: u32,
}

impl Stream {
    /// Follows a read; returns the tracks that should be prefetched now.
    fn follow(&mut self, range: TrackRange, depth: u32, tracks: u32) -> std::ops::Range<u32> {
        let first = range.first.0;
        self.length = match self.last {
            Some(last) if first == last.0 => self.length + range.count - 1,
            Some(last) if first == last.0 + 1 => self.length + range.count,
            _ => range.count,
        };
        let end = first + range.count;
        self.last = Some(TrackNo(end - 1));
        if self.length < STREAM {
            self.fetched = 0;
            return 0..0;
        }
        // More is fetched when half of what was fetched is used up.
        let ahead = self.fetched.saturating_sub(end);
        if ahead > depth / 2 {
            return 0..0;
        }
        let from = self.fetched.max(end);
        self.fetched = (end + depth).min(tracks);
        from..self.fetched.max(from)
    }
}

impl DasdController {
    /// A host read a range: what comes next may be fetched.
    pub(super) fn follow_stream(&mut self, range: TrackRange, out: &mut DasdOutbox) {
        let depth = self.parameters.prefetch_tracks;
        if depth == 0 {
            return;
        }
        let tracks = self.volatile.tables.tracks(range.device);
        let wanted = self.volatile.devices[range.device.0 as usize].stream.follow(range, depth, tracks);
        // A target's tracks belong to its source until they are its own; nothing of it is kept in the cache.
        if wanted.is_empty() || self.volatile.tables.relation_of_target(range.device).is_some() {
            return;
        }
        let free = |&track: &TrackNo| {
            let key = self.lock_of(range.device, track);
            self.disk_place(range.device, track).is_some() && !self.volatile.track_locks.contains_key(&key)
        };
        let tracks: Vec<TrackNo> = wanted.map(TrackNo).filter(free).collect();
        if tracks.is_empty() {
            return;
        }
        let places: Vec<Place> = tracks.iter().filter_map(|&track| self.disk_place(range.device, track)).collect();
        let locks: Vec<(Device, TrackNo)> = tracks.iter().map(|&track| self.lock_of(range.device, track)).collect();
        let slot = self.start(Work::Prefetch(Prefetch { device: range.device, tracks, locks: locks.clone() }));
        locks.into_iter().for_each(|key| self.take_free_lock(slot, key));
        self.read_places(slot, &places, out);
    }

    /// The tracks have been read: they are in the cache.
    pub(super) fn proceed_prefetch(&mut self, prefetch: Prefetch, out: &mut DasdOutbox) {
        let Prefetch { device, tracks, locks } = prefetch;
        for track in tracks {
            out.report(DasdFact::StageDone { device, track });
            if !self.is_unreadable(device, track) && self.volatile.tables.relation_of_target(device).is_none() {
                let image = self.logical_image(device, track);
                self.volatile.cache.insert_clean(device, track, image);
            }
        }
        locks.into_iter().for_each(|key| self.unlock_track(key));
        self.arm_scan(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u32, count: u32) -> TrackRange {
        TrackRange { device: Device(0), first: TrackNo(first), count }
    }

    #[test]
    fn three_consecutive_tracks_make_a_stream_that_stays_ahead() {
        let mut stream = Stream::default();
        let mut follow = |first| stream.follow(range(first, 1), 8, 1_000);
        assert_eq!([10, 11].map(&mut follow), [0..0, 0..0]);
        assert_eq!(follow(12), 13..21);
        // Several requests to one track do not end it.
        assert_eq!([12, 13, 14, 15].map(&mut follow), [0..0, 0..0, 0..0, 0..0]);
        assert_eq!(follow(16), 21..25, "half of it is used up");
        assert_eq!(follow(900), 0..0);
        assert_eq!([901, 902].map(&mut follow), [0..0, 903..911]);
    }

    #[test]
    fn a_long_request_is_a_stream_and_the_end_of_the_volume_its_end() {
        let mut stream = Stream::default();
        assert_eq!(stream.follow(range(90, 5), 8, 100), 95..100);
        assert!(stream.follow(range(95, 5), 8, 100).is_empty());
        assert!(stream.follow(range(0, 2), 8, 100).is_empty());
    }
}
