//! Free-space collection of a log-structured array (MODEL 3.6; S-35): live tracks of a segment with many free places are
//! appended elsewhere, and the whole segment is free.
//!
//! A collection takes no lock on a track: a place that is bound never changes. It reads what is live, writes it to new
//! places, and one transaction moves *all* bindings of each track that is still live then; so a track that a snapshot
//! shares stays shared. Its rate is a parameter, with another one above the high mark of the net capacity load; when there
//! are hardly any free segments left it does not pause.

use super::command::DasdFact;
use super::directory::{Move, MovedBindings};
use super::microcode::Work;
use super::parameters::Collector;
use super::row::{PlaceWrite, Purpose};
use super::space::{Appender, Load};
use super::tables::Record;
use super::{DasdController, DasdOutbox};
use crate::device::raid::Place;
use crate::kernel::{Span, Time};
use crate::vocab::{Device, Mutant, TrackImage, TrackNo};

/// One segment on its way.
#[derive(Clone, Debug)]
pub struct Collection {
    pub segment: u32,
    /// Live places that have not been given a new place yet, those that have, and the segment that is written.
    pub left: Vec<Place>,
    pub moves: Vec<Move>,
    pub into: u32,
    pub moved: u64,
    pub started: Time,
    pub phase: CollectionPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionPhase {
    /// Live tracks were read.
    Read,
    /// They are at their new places.
    Written,
    Commit,
    Pause,
}

impl DasdController {
    /// Starts a collection when there is a reason and a segment that is worth it.
    pub(super) fn collect_if_due(&mut self, out: &mut DasdOutbox) {
        if self.volatile.space.collecting || !self.is_collection_due() {
            return;
        }
        let Some(segment) = self.choose_segment(out.now()) else { return };
        self.volatile.space.collecting = true;
        self.volatile.space.account.collections += 1;
        self.hold_segment(segment);
        let live = self.live_places(segment);
        let collection = Collection {
            segment,
            left: live.clone(),
            moves: Vec::new(),
            into: segment,
            moved: 0,
            started: out.now(),
            phase: CollectionPhase::Read,
        };
        let slot = self.start(Work::Collection(collection));
        self.read_places(slot, &live, out);
    }

    /// Above the high mark always; below it when most of what is free lies scattered; and when segments run out.
    fn is_collection_due(&self) -> bool {
        let (scattered, free) = self.scattered();
        self.volatile.space.load == Load::High || scattered * 2 > free || self.space_is_scarce()
    }

    /// A segment with live tracks from which a collection gains a row at least.
    fn choose_segment(&self, now: Time) -> Option<u32> {
        let directory = self.volatile.tables.directory()?;
        let places = self.row_width() * self.parameters.lsa.segment_rows;
        let worth = |segment: &u32| {
            let live = u64::from(directory.live_in(*segment));
            live > 0 && live + self.row_width() <= places && !self.is_segment_in_use(*segment)
        };
        let benefit = |segment: &u32| -> (u128, u32) {
            let live = u128::from(directory.live_in(*segment));
            let free = u128::from(places) - live;
            let benefit = match self.parameters.lsa.collector {
                Collector::Greedy => free,
                // (1 - u) x age / (1 + u), after Rosenblum and Ousterhout, with u the share that is live.
                Collector::CostBenefit => {
                    free * u128::from((now - self.segment_written(*segment)).ns()) / (u128::from(places) + live)
                }
            };
            (benefit, u32::MAX - *segment)
        };
        (0..directory.segments()).filter(worth).max_by_key(benefit)
    }

    fn live_places(&self, segment: u32) -> Vec<Place> {
        let directory = self.volatile.tables.directory().expect("only a log-structured array collects");
        directory.range_of(segment).map(Place).filter(|&place| directory.count(place) > 0).collect()
    }

    pub(super) fn proceed_collection(
        &mut self,
        slot: u32,
        mut collection: Collection,
        out: &mut DasdOutbox,
    ) -> Option<Collection> {
        match collection.phase {
            CollectionPhase::Read => {
                let to = self.reserve_places(collection.left.len() as u64, Appender::Collection, out.now());
                let Some(&first) = to.first() else {
                    // Only what is not yet on the metadata store can stand in the way: it is there soon.
                    self.wait(slot, self.parameters.metadata_write, out);
                    return Some(collection);
                };
                collection.into = self.segment_of(first);
                collection.phase = CollectionPhase::Written;
                let from: Vec<Place> = collection.left.drain(..to.len()).collect();
                collection.moves = from.into_iter().zip(to).map(|(from, to)| Move::all(from, to)).collect();
                let writes = collection.moves.iter().map(|&Move { from, to, .. }| self.copy_of(from, to)).collect();
                let writes = self.in_whole_rows(writes);
                self.write_places(slot, writes);
                Some(collection)
            }
            CollectionPhase::Written => {
                collection.phase = CollectionPhase::Commit;
                self.wait(slot, self.log_time(), out);
                Some(collection)
            }
            CollectionPhase::Commit => self.commit_moves(slot, collection, out),
            CollectionPhase::Pause => {
                self.volatile.space.collecting = false;
                self.collect_if_due(out);
                None
            }
        }
    }

    /// The cluster that collected crashed; another collection begins anew.
    pub(super) fn let_collection_go(&mut self, collection: &Collection) {
        match collection.phase {
            CollectionPhase::Pause => {}
            CollectionPhase::Read => self.let_segment_go(collection.segment),
            CollectionPhase::Written | CollectionPhase::Commit => {
                self.let_segment_go(collection.into);
                self.let_segment_go(collection.segment);
            }
        }
        self.volatile.space.collecting = false;
    }

    /// Which bindings of a place the collector takes along: all, but for mutants that do not see that a place is shared.
    fn moved_bindings(&self, from: Place) -> MovedBindings {
        let is_shared = self.volatile.tables.directory().is_some_and(|directory| directory.count(from) > 1);
        match self.parameters.mutant {
            Some(Mutant::CollectorFreesSharedPlace) if is_shared => MovedBindings::None,
            Some(Mutant::CollectorMovesOneBinding) if is_shared => MovedBindings::One,
            _ => MovedBindings::All,
        }
    }

    fn copy_of(&self, from: Place, to: Place) -> PlaceWrite {
        let label = self.durable.labels.get(&from).cloned();
        let image = TrackImage { tag: self.rank.tag(from), label };
        PlaceWrite { place: to, device: Device(0), track: TrackNo(0), image, purpose: Purpose::Append }
    }

    fn commit_moves(&mut self, slot: u32, mut collection: Collection, out: &mut DasdOutbox) -> Option<Collection> {
        let moves = std::mem::take(&mut collection.moves);
        collection.moved += moves.len() as u64;
        self.volatile.space.account.tracks_moved += moves.len() as u64;
        let moves = moves.into_iter().map(|it| Move { bindings: self.moved_bindings(it.from), ..it }).collect();
        self.log(Record::Relocate { moves }, out);
        self.let_segment_go(collection.into);
        if !collection.left.is_empty() {
            collection.phase = CollectionPhase::Read;
            self.volatile.ready.push_back(slot);
            return Some(collection);
        }
        out.report(DasdFact::SegmentCollected { segment: collection.segment });
        self.volatile.space.account.segments_collected += 1;
        self.let_segment_go(collection.segment);
        let lsa = &self.parameters.lsa;
        let rate = if self.volatile.space.load == Load::High { lsa.collector_rate_high } else { lsa.collector_rate };
        let due = collection.started + Span::of_transfer(collection.moved * lsa.stored_track(), rate);
        let pause = if self.space_is_scarce() { Span::ZERO } else { due.saturating_since(out.now()) };
        collection.phase = CollectionPhase::Pause;
        self.wait(slot, pause, out);
        self.space_gained(out);
        Some(collection)
    }
}
