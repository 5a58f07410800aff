//! Space of a log-structured array: the segment that is being filled, what is free, and how full the array is (MODEL 3.6).
//!
//! Tracks are appended to an open segment, whole rows at a time. Which segments are free follows from the directory: those
//! without a live place. So a crash can lose the open segment but no space: what was written there and not yet bound is
//! free. A segment is used again only when the metadata store, too, says that nothing in it is live: otherwise a lost NVS
//! log could leave a binding to a place that holds other data by then.
//!
//! Net capacity load (NCL) is live bytes over capacity; modified data that is not on disk yet needs space too and counts
//! where a host write asks for admission.

use std::collections::BTreeMap;

use super::command::DasdFact;
use super::parameters::{Exhaustion, LsaParameters};
use super::{DasdController, DasdOutbox};
use crate::device::raid::Place;
use crate::kernel::{Span, Time};

/// Lost in a crash; all of it is found again from the directory.
#[derive(Clone, Debug, Default)]
pub struct Space {
    open: Option<OpenSegment>,
    /// Segments with writes or a collection in progress, and how many.
    busy: BTreeMap<u32, u32>,
    /// When a segment was last written, in this life of the controller.
    written: BTreeMap<u32, Time>,
    /// A collection is in progress, or its pause.
    pub collecting: bool,
    pub load: Load,
    /// A destage found no segment: it waits until a collection has made one.
    pub starved: bool,
    /// A host write waits for space: modified data goes to disk, so that what it replaces becomes free.
    pub pressed: bool,
    /// It was said that the array is full.
    exhausted: bool,
    /// Of the whole run: a crash leaves it as it is.
    pub account: SpaceAccount,
}

/// What the space of an array went through, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceAccount {
    /// The most live tracks at a time.
    pub peak: u64,
    pub collections: u64,
    pub segments_collected: u64,
    /// Live tracks that collections moved.
    pub tracks_moved: u64,
    /// Writes of hosts and restores that waited for space, and those that were refused for want of it.
    pub writes_waited: u64,
    pub writes_refused: u64,
    /// When a write first found the array full.
    pub first_full: Option<Time>,
    /// Since when it has been full.
    pub full_since: Option<Time>,
    /// How long it was full before.
    full_before: Span,
}

impl SpaceAccount {
    fn full(&mut self, now: Time) {
        self.first_full.get_or_insert(now);
        self.full_since.get_or_insert(now);
    }

    fn not_full(&mut self, now: Time) {
        if let Some(since) = self.full_since.take() {
            self.full_before += now - since;
        }
    }

    /// How long the array has been full in all.
    pub fn full_for(&self, now: Time) -> Span {
        self.full_before + self.full_since.map_or(Span::ZERO, |since| now - since)
    }
}

impl Space {
    /// What a crash leaves.
    pub fn after_crash(&self) -> Space {
        Space { account: self.account, ..Space::default() }
    }
}

#[derive(Clone, Copy, Debug)]
struct OpenSegment {
    number: u32,
    next_row: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
    #[default]
    Normal,
    /// At or above `ncl_high`: collection hurries.
    High,
}

/// Who asks for a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appender {
    Destage,
    /// It must always find one: what it writes frees more.
    Collection,
}

/// Free segments that are kept for collection.
const RESERVE: u64 = 1;
/// With as few free segments collection does not pause (A).
const SCARCE: u64 = 2;

impl DasdController {
    fn lsa(&self) -> &LsaParameters {
        &self.parameters.lsa
    }

    /// Columns of a row.
    pub(super) fn row_width(&self) -> u64 {
        u64::from(self.rank.data_disks())
    }

    /// Places for up to `count` tracks in the open segment, or in a new one; a part of the last row may stay unused.
    pub(super) fn reserve_places(&mut self, count: u64, appender: Appender, now: Time) -> Vec<Place> {
        let (width, rows) = (self.row_width(), self.lsa().segment_rows);
        if self.volatile.space.open.is_none_or(|open| open.next_row >= rows) {
            let spare = self.free_segments();
            let wanted = if appender == Appender::Destage { RESERVE } else { 0 };
            self.volatile.space.open = (spare > wanted)
                .then(|| self.next_free_segment())
                .flatten()
                .map(|number| OpenSegment { number, next_row: 0 });
        }
        let Some(open) = &mut self.volatile.space.open else { return Vec::new() };
        let first = (u64::from(open.number) * rows + open.next_row) * width;
        let count = count.min((rows - open.next_row) * width);
        open.next_row += count.div_ceil(width);
        let number = open.number;
        self.hold_segment(number);
        self.volatile.space.written.insert(number, now);
        (first..first + count).map(Place).collect()
    }

    pub(super) fn hold_segment(&mut self, segment: u32) {
        *self.volatile.space.busy.entry(segment).or_default() += 1;
    }

    pub(super) fn let_segment_go(&mut self, segment: u32) {
        let held = self.volatile.space.busy.get_mut(&segment).expect("a held segment is counted");
        *held -= 1;
        if *held == 0 {
            self.volatile.space.busy.remove(&segment);
        }
    }

    pub(super) fn is_segment_in_use(&self, segment: u32) -> bool {
        let space = &self.volatile.space;
        space.busy.contains_key(&segment) || space.open.is_some_and(|open| open.number == segment)
    }

    /// When the segment was last written: longest ago is the start of the controller.
    pub(super) fn segment_written(&self, segment: u32) -> Time {
        self.volatile.space.written.get(&segment).copied().unwrap_or(Time::ZERO)
    }

    /// Segments that could be opened now.
    fn free_segments(&self) -> u64 {
        let Some(directory) = self.volatile.tables.directory() else { return 0 };
        let space = &self.volatile.space;
        let open = space.open.map(|open| open.number).filter(|number| !space.busy.contains_key(number));
        let used = space.busy.keys().copied().chain(open).filter(|&segment| directory.live_in(segment) == 0);
        directory.empty_segments() - used.count() as u64
    }

    fn next_free_segment(&self) -> Option<u32> {
        let (present, stored) = (self.volatile.tables.directory()?, self.durable.store.tables().directory()?);
        let is_free = |&segment: &u32| {
            present.live_in(segment) == 0 && stored.live_in(segment) == 0 && !self.is_segment_in_use(segment)
        };
        (0..present.segments()).find(is_free)
    }

    pub(super) fn space_is_scarce(&self) -> bool {
        self.free_segments() <= SCARCE
    }

    /// Free places that lie in segments with live ones, against all free places.
    pub(super) fn scattered(&self) -> (u64, u64) {
        let Some(directory) = self.volatile.tables.directory() else { return (0, 0) };
        let free = directory.places() - directory.live();
        (free - directory.empty_segments() * self.row_width() * self.lsa().segment_rows, free)
    }

    /// Live tracks, and the tracks that make 100 % net capacity load; `None` without a directory.
    pub fn net_capacity_load(&self) -> Option<(u64, u64)> {
        self.volatile.tables.directory().map(|directory| (directory.live(), self.lsa().capacity))
    }

    /// What the space went through; `None` without a directory.
    pub fn space_account(&self) -> Option<SpaceAccount> {
        let (live, _) = self.net_capacity_load()?;
        let account = self.volatile.space.account;
        // Nothing may have changed since the start.
        Some(SpaceAccount { peak: account.peak.max(live), ..account })
    }

    /// Bytes on disk of all live tracks.
    pub fn live_bytes(&self) -> u64 {
        self.net_capacity_load().map_or(0, |(live, _)| live * self.lsa().stored_track())
    }

    fn modified_tracks(&self) -> u64 {
        (0..self.parameters.clusters).map(|bank| u64::from(self.battery.modified.used(bank))).sum()
    }

    /// Whether one more modified track might find no place.
    pub(super) fn is_space_exhausted(&self) -> bool {
        self.net_capacity_load().is_some_and(|(live, capacity)| {
            let claimed = live + self.modified_tracks();
            claimed * 1_000_000 >= capacity * self.lsa().ncl_full_ppm
        })
    }

    /// Whether a host write is refused: as a whole, before anything of it is done. One that was admitted ends; what it
    /// needs beyond the capacity comes from the reserve.
    pub(super) fn refuses_writes(&mut self, out: &mut DasdOutbox) -> bool {
        let refuses = self.lsa().exhaustion == Exhaustion::Reject && self.is_space_exhausted();
        if refuses {
            self.volatile.space.account.writes_refused += 1;
            self.report_exhaustion(out);
        }
        refuses
    }

    pub(super) fn must_wait_for_space(&mut self, out: &mut DasdOutbox) -> bool {
        let waits = self.lsa().exhaustion == Exhaustion::Block && self.is_space_exhausted();
        if waits {
            self.report_exhaustion(out);
        }
        waits
    }

    /// A host write finds the array full: modified data goes to disk, so that what it replaces becomes free.
    fn report_exhaustion(&mut self, out: &mut DasdOutbox) {
        if !self.volatile.space.exhausted {
            self.volatile.space.exhausted = true;
            out.report(DasdFact::Ncl100);
        }
        self.volatile.space.account.full(out.now());
        self.volatile.space.pressed = true;
        self.destage_if_due(out);
    }

    /// The bindings have changed.
    pub(super) fn note_load(&mut self, out: &mut DasdOutbox) {
        let Some((live, capacity)) = self.net_capacity_load() else { return };
        let account = &mut self.volatile.space.account;
        account.peak = account.peak.max(live);
        let high = live * 1_000_000 >= capacity * self.lsa().ncl_high_ppm;
        match (self.volatile.space.load, high) {
            (Load::Normal, true) => {
                self.volatile.space.load = Load::High;
                out.report(DasdFact::Ncl75);
            }
            (Load::High, false) => self.volatile.space.load = Load::Normal,
            (Load::Normal, false) | (Load::High, true) => {}
        }
    }

    /// Places or segments became free: whoever waits for them looks again.
    pub(super) fn space_gained(&mut self, out: &mut DasdOutbox) {
        self.volatile.space.starved = false;
        if !self.is_space_exhausted() {
            self.volatile.space.exhausted = false;
            self.volatile.space.account.not_full(out.now());
        }
        self.wake_writes();
        self.collect_if_due(out);
        self.destage_if_due(out);
        self.start_aged_destages(out);
    }
}
