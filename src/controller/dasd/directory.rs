//! The directory of a log-structured array: any volume may be bound to any place, also to one that others are bound to
//! (patent paragraph 25).
//!
//! Three tables of the product (S-36) stand behind it: a device leads to its functional track table, which leads for each
//! track to an entry of the track number table: a place, with the number of bindings to it. A place without bindings is
//! free; there is no other list of what is free, so nothing can be lost between two lists. Left out: where in a segment a
//! compressed track of its own length begins; every place has the mean length.

use std::sync::Arc;

use crate::device::raid::Place;
use crate::vocab::{Device, Paged, RelationNumber, TrackNo};

/// What stands in a pointer that leads nowhere.
const NOWHERE: u64 = u64::MAX;

/// How a volume's tracks lie at the start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub tracks: u32,
    /// Nothing but the label is stored.
    pub empty: bool,
}

impl Stored {
    /// Places it takes.
    pub fn places(self) -> u64 {
        if self.empty { 1 } else { u64::from(self.tracks) }
    }
}

/// A live track that a collection moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    pub from: Place,
    pub to: Place,
    pub bindings: MovedBindings,
}

impl Move {
    pub fn all(from: Place, to: Place) -> Move {
        Move { from, to, bindings: MovedBindings::All }
    }
}

/// Which bindings of a place move with its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedBindings {
    All,
    /// The counts move, but of the pointers only the first.
    One,
    /// The place is taken for free.
    None,
}

/// A snapshot between its two transactions: the source's places count one binding more than there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    pub relation: RelationNumber,
    pub source: Device,
    pub except: Vec<TrackNo>,
}

#[derive(Clone, Debug)]
pub struct Directory {
    functional: Vec<FunctionalTracks>,
    /// Bindings of each place, and the number that the tracks bound to it have on their volumes: a snapshot binds equal
    /// numbers.
    counts: Paged<u32>,
    numbers: Paged<u32>,
    /// Places bound at the start: they come first. By volume, where it begins.
    bound_at_first: u64,
    firsts: Arc<[u64]>,
    /// Places of a segment, and how many of each are live.
    segment: u64,
    live_in: Arc<Vec<u32>>,
    live: u64,
    empty_segments: u64,
    raised: Vec<Raised>,
}

/// The functional track table of one device.
#[derive(Clone, Debug)]
struct FunctionalTracks {
    stored: Stored,
    first: u64,
    pointers: Paged<u64>,
    /// Deleted, but its space was not asked for yet.
    hidden: bool,
}

impl FunctionalTracks {
    fn at_first(&self, track: u64) -> u64 {
        if self.stored.empty && track > 0 { NOWHERE } else { self.first + track }
    }

    fn get(&self, track: TrackNo) -> u64 {
        self.pointers.get(u64::from(track.0), |track| self.at_first(track))
    }

    fn set(&mut self, track: TrackNo, place: u64) {
        let FunctionalTracks { stored, first, .. } = *self;
        let at_first = |track| if stored.empty && track > 0 { NOWHERE } else { first + track };
        self.pointers.set(u64::from(track.0), place, at_first);
    }
}

impl Directory {
    /// Volumes one behind the other from place 0 on; `segments` of `segment` places each.
    pub fn new(volumes: &[Stored], segment: u64, segments: u64) -> Directory {
        let mut firsts = Vec::new();
        let mut first = 0;
        let mut functional = Vec::new();
        for &stored in volumes {
            firsts.push(first);
            let pointers = Paged::new(u64::from(stored.tracks));
            functional.push(FunctionalTracks { stored, first, pointers, hidden: false });
            first += stored.places();
        }
        let places = segment * segments;
        assert!(first <= places, "the volumes fit the array");
        let live_in: Vec<u32> =
            (0..segments).map(|number| first.saturating_sub(number * segment).min(segment) as u32).collect();
        Directory {
            functional,
            counts: Paged::new(places),
            numbers: Paged::new(places),
            bound_at_first: first,
            firsts: firsts.into(),
            segment,
            empty_segments: live_in.iter().filter(|&&live| live == 0).count() as u64,
            live_in: Arc::new(live_in),
            live: first,
            raised: Vec::new(),
        }
    }

    pub fn place(&self, device: Device, track: TrackNo) -> Option<Place> {
        if self.is_hidden(device) && track.0 > 0 { None } else { self.binding(device, track) }
    }

    /// What the functional track table says, also of a deleted volume whose space was not asked for.
    pub fn binding(&self, device: Device, track: TrackNo) -> Option<Place> {
        let pointer = self.functional[device.0 as usize].get(track);
        (pointer != NOWHERE).then_some(Place(pointer))
    }

    pub fn is_hidden(&self, device: Device) -> bool {
        self.functional[device.0 as usize].hidden
    }

    /// Bindings of a place.
    pub fn count(&self, place: Place) -> u32 {
        self.counts.get(place.0, |place| u32::from(place < self.bound_at_first))
    }

    /// The number that tracks bound to the place have on their volumes; it outlives the last of them.
    pub fn number(&self, place: Place) -> TrackNo {
        TrackNo(self.numbers.get(place.0, |place| number_at_first(&self.firsts, place)))
    }

    pub fn places(&self) -> u64 {
        self.counts.len()
    }

    /// Places with at least one binding.
    pub fn live(&self) -> u64 {
        self.live
    }

    pub fn devices(&self) -> impl Iterator<Item = Device> + use<> {
        (0..self.functional.len() as u16).map(Device)
    }

    pub fn tracks(&self, device: Device) -> u32 {
        self.functional[device.0 as usize].stored.tracks
    }

    pub fn segments(&self) -> u32 {
        self.live_in.len() as u32
    }

    /// Segments without a live place.
    pub fn empty_segments(&self) -> u64 {
        self.empty_segments
    }

    pub fn live_in(&self, segment: u32) -> u32 {
        self.live_in[segment as usize]
    }

    pub fn segment_of(&self, place: Place) -> u32 {
        (place.0 / self.segment) as u32
    }

    pub fn range_of(&self, segment: u32) -> std::ops::Range<u64> {
        let first = u64::from(segment) * self.segment;
        first..first + self.segment
    }

    /// Snapshots between their two transactions.
    pub fn raised(&self) -> &[Raised] {
        &self.raised
    }

    /// Binds a track to another place, or to none.
    pub fn point(&mut self, device: Device, track: TrackNo, to: Option<Place>, freed: &mut Vec<Place>) {
        let from = self.binding(device, track);
        if from == to {
            return;
        }
        if let Some(place) = to {
            self.raise(place, track);
        }
        self.functional[device.0 as usize].set(track, to.map_or(NOWHERE, |place| place.0));
        if let Some(place) = from {
            self.lower(place, freed);
        }
    }

    pub fn raise_counts(&mut self, relation: RelationNumber, source: Device, except: &[TrackNo]) {
        for track in self.tracks_but(source, except) {
            if let Some(place) = self.binding(source, track) {
                self.raise(place, track);
            }
        }
        self.raised.push(Raised { relation, source, except: except.to_vec() });
    }

    /// The counts were raised before: now the pointers follow, and what the target was bound to loses a binding. (When the
    /// metadata store has lost the first transaction, it is made up for.)
    pub fn copy_pointers(
        &mut self,
        relation: RelationNumber,
        source: Device,
        target: Device,
        except: &[TrackNo],
        freed: &mut Vec<Place>,
    ) {
        if self.take_raised(relation).is_none() {
            self.raise_counts(relation, source, except);
            self.take_raised(relation);
        }
        for track in self.tracks_but(source, except) {
            let to = self.functional[source.0 as usize].get(track);
            let from = self.binding(target, track);
            self.functional[target.0 as usize].set(track, to);
            if let Some(place) = from {
                self.lower(place, freed);
            }
        }
        self.functional[target.0 as usize].hidden = false;
    }

    pub fn abandon(&mut self, relation: RelationNumber, freed: &mut Vec<Place>) {
        let Some(Raised { source, except, .. }) = self.take_raised(relation) else { return };
        for track in self.tracks_but(source, &except) {
            if let Some(place) = self.binding(source, track) {
                self.lower(place, freed);
            }
        }
    }

    /// Moves every binding of each place. One that lost its last binding meanwhile is left alone.
    pub fn relocate(&mut self, moves: &[Move], freed: &mut Vec<Place>) {
        for &Move { from, to, bindings } in moves {
            let count = self.count(from);
            if count == 0 {
                continue;
            }
            let track = self.number(from);
            let moved = match bindings {
                MovedBindings::All => usize::MAX,
                MovedBindings::One => 1,
                MovedBindings::None => 0,
            };
            for device in self.bound_to(from).into_iter().take(moved) {
                self.functional[device.0 as usize].set(track, to.0);
            }
            for _ in 0..count {
                if bindings != MovedBindings::None {
                    self.raise(to, track);
                }
                self.lower(from, freed);
            }
        }
    }

    /// Devices with a track bound to the place.
    pub fn bound_to(&self, place: Place) -> Vec<Device> {
        let track = self.number(place);
        let bound = |device: &Device| track.0 < self.tracks(*device) && self.binding(*device, track) == Some(place);
        self.devices().filter(bound).collect()
    }

    /// All data tracks lead nowhere; the label stays.
    pub fn unbind(&mut self, device: Device, freed: &mut Vec<Place>) {
        for track in (1..self.tracks(device)).map(TrackNo) {
            self.point(device, track, None, freed);
        }
        self.functional[device.0 as usize].hidden = false;
    }

    pub fn hide(&mut self, device: Device) {
        self.functional[device.0 as usize].hidden = true;
    }

    fn take_raised(&mut self, relation: RelationNumber) -> Option<Raised> {
        let at = self.raised.iter().position(|raised| raised.relation == relation)?;
        Some(self.raised.remove(at))
    }

    /// All tracks but those listed, which ascend.
    fn tracks_but(&self, device: Device, except: &[TrackNo]) -> impl Iterator<Item = TrackNo> + use<> {
        let except = except.to_vec();
        (0..self.tracks(device)).map(TrackNo).filter(move |track| except.binary_search(track).is_err())
    }

    fn raise(&mut self, place: Place, track: TrackNo) {
        let count = self.count(place);
        let bound = self.bound_at_first;
        self.counts.set(place.0, count + 1, |place| u32::from(place < bound));
        if self.number(place) != track {
            let firsts = Arc::clone(&self.firsts);
            self.numbers.set(place.0, track.0, |place| number_at_first(&firsts, place));
        }
        if count == 0 {
            let segment = self.segment_of(place) as usize;
            let live = &mut Arc::make_mut(&mut self.live_in)[segment];
            self.empty_segments -= u64::from(*live == 0);
            *live += 1;
            self.live += 1;
        }
    }

    fn lower(&mut self, place: Place, freed: &mut Vec<Place>) {
        let count = self.count(place);
        // Only a metadata store that lost transactions can have more bindings than it counts.
        if count == 0 {
            return;
        }
        let bound = self.bound_at_first;
        self.counts.set(place.0, count - 1, |place| u32::from(place < bound));
        if count == 1 {
            let segment = self.segment_of(place) as usize;
            let live = &mut Arc::make_mut(&mut self.live_in)[segment];
            *live -= 1;
            self.empty_segments += u64::from(*live == 0);
            self.live -= 1;
            freed.push(place);
        }
    }
}

fn number_at_first(firsts: &[u64], place: u64) -> u32 {
    let volume = firsts.partition_point(|&first| first <= place);
    volume.checked_sub(1).map_or(0, |volume| (place - firsts[volume]) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Device = Device(0);
    const TARGET: Device = Device(1);
    const SNAPSHOT: RelationNumber = RelationNumber(1);

    /// A full volume and an empty one of four tracks, in four segments of four places.
    fn directory() -> Directory {
        Directory::new(&[Stored { tracks: 4, empty: false }, Stored { tracks: 4, empty: true }], 4, 4)
    }

    fn snapshot(directory: &mut Directory, except: &[u32]) -> Vec<Place> {
        let except: Vec<TrackNo> = except.iter().map(|&track| TrackNo(track)).collect();
        let mut freed = Vec::new();
        directory.raise_counts(SNAPSHOT, SOURCE, &except);
        directory.copy_pointers(SNAPSHOT, SOURCE, TARGET, &except, &mut freed);
        freed
    }

    fn pointers(directory: &Directory, device: Device) -> Vec<Option<u64>> {
        (0..4).map(|track| directory.place(device, TrackNo(track)).map(|place| place.0)).collect()
    }

    fn counts(directory: &Directory) -> Vec<u32> {
        (0..6).map(|place| directory.count(Place(place))).collect()
    }

    #[test]
    fn an_empty_volume_takes_one_place() {
        let directory = directory();
        assert_eq!(pointers(&directory, TARGET), [Some(4), None, None, None]);
        assert_eq!((directory.live(), directory.live_in(0), directory.live_in(1)), (5, 4, 1));
        assert_eq!(directory.empty_segments(), 2);
    }

    #[test]
    fn a_snapshot_counts_first_and_points_then() {
        let mut directory = directory();
        directory.raise_counts(SNAPSHOT, SOURCE, &[TrackNo(0)]);
        assert_eq!(counts(&directory), [1, 2, 2, 2, 1, 0]);
        assert_eq!(pointers(&directory, TARGET), [Some(4), None, None, None]);
        let mut abandoned = directory.clone();
        let mut freed = Vec::new();
        abandoned.abandon(SNAPSHOT, &mut freed);
        assert_eq!((counts(&abandoned), freed.len()), (vec![1, 1, 1, 1, 1, 0], 0));
        directory.copy_pointers(SNAPSHOT, SOURCE, TARGET, &[TrackNo(0)], &mut freed);
        assert_eq!(counts(&directory), [1, 2, 2, 2, 1, 0]);
        assert_eq!(pointers(&directory, TARGET), [Some(4), Some(1), Some(2), Some(3)]);
        assert_eq!((directory.raised().len(), freed.len(), directory.live()), (0, 0, 5));
    }

    #[test]
    fn the_last_binding_frees_a_place() {
        let mut directory = directory();
        assert_eq!(snapshot(&mut directory, &[]), [Place(4)], "the label of the target went to the source's place");
        let mut freed = Vec::new();
        directory.point(SOURCE, TrackNo(2), Some(Place(8)), &mut freed);
        assert_eq!((freed.len(), directory.count(Place(2))), (0, 1), "the target still has it");
        directory.unbind(TARGET, &mut freed);
        assert_eq!((freed, directory.live()), (vec![Place(2)], 4));
        assert_eq!(pointers(&directory, TARGET), [Some(0), None, None, None], "the label stays");
    }

    #[test]
    fn a_shared_track_moves_for_everybody_and_a_free_one_not_at_all() {
        let mut directory = directory();
        snapshot(&mut directory, &[]);
        let mut freed = Vec::new();
        directory.point(SOURCE, TrackNo(3), None, &mut freed);
        directory.point(TARGET, TrackNo(3), None, &mut freed);
        let moves = [(1, 8), (3, 9)].map(|(from, to)| Move::all(Place(from), Place(to)));
        directory.relocate(&moves, &mut freed);
        assert_eq!((pointers(&directory, SOURCE)[1], pointers(&directory, TARGET)[1]), (Some(8), Some(8)));
        assert_eq!((directory.count(Place(8)), directory.count(Place(9))), (2, 0));
        assert_eq!((freed, directory.number(Place(8))), (vec![Place(3), Place(1)], TrackNo(1)));
    }

    #[test]
    fn a_hidden_volume_keeps_its_space_until_it_is_asked_for() {
        let mut directory = directory();
        directory.hide(SOURCE);
        assert_eq!((pointers(&directory, SOURCE), directory.live()), (vec![Some(0), None, None, None], 5));
        let mut freed = Vec::new();
        directory.unbind(SOURCE, &mut freed);
        assert_eq!((freed.len(), directory.live(), directory.is_hidden(SOURCE)), (3, 2, false));
    }
}
