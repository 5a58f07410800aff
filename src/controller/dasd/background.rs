//! The background copy of COPY mode: T0 tracks into the target's own home, a cylinder at a time (MODEL 3.4.3).

use std::collections::VecDeque;

use super::command::DasdFact;
use super::microcode::Work;
use super::row::Purpose;
use super::tables::Record;
use super::{DasdController, DasdOutbox};
use crate::device::raid::Place;
use crate::kernel::{Span, Time};
use crate::vocab::{Device, Label, Mutant, RelationNumber, TrackNo};

/// The background copy of one relationship, a cylinder at a time.
#[derive(Clone, Debug)]
pub struct Background {
    pub relation: RelationNumber,
    pub source: Device,
    pub target: Device,
    pub next: u32,
    pub batch: Vec<TrackNo>,
    pub locks: Vec<(Device, TrackNo)>,
    pub wanted: VecDeque<TrackNo>,
    pub started: Time,
    pub phase: BackgroundPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackgroundPhase {
    Pick,
    Locks,
    Stage,
    Write,
    SetBits,
    Pace,
    End,
}

/// Tracks of one background batch: a cylinder.
const BACKGROUND_BATCH: u32 = crate::vocab::TRACKS_PER_CYLINDER;

impl DasdController {
    pub(super) fn start_background(&mut self, relation: RelationNumber, source: Device, target: Device) {
        let background = Background {
            relation,
            source,
            target,
            next: 0,
            batch: Vec::new(),
            locks: Vec::new(),
            wanted: VecDeque::new(),
            started: Time::ZERO,
            phase: BackgroundPhase::Pick,
        };
        let slot = self.start(Work::Background(background));
        self.volatile.ready.push_back(slot);
    }

    pub(super) fn proceed_background(
        &mut self,
        slot: u32,
        mut copy: Background,
        out: &mut DasdOutbox,
    ) -> Option<Background> {
        loop {
            let Some(relation) = self.volatile.tables.relation(copy.relation) else {
                // Whoever is woken while it waits for a lock holds it now.
                if copy.phase == BackgroundPhase::Locks {
                    copy.locks.extend(copy.wanted.front().map(|&track| (copy.source, track)));
                }
                copy.locks.drain(..).for_each(|key| self.unlock_track(key));
                return None;
            };
            match copy.phase {
                BackgroundPhase::Pick => {
                    let tracks = relation.tracks();
                    copy.wanted.clear();
                    while copy.next < tracks && copy.wanted.len() < BACKGROUND_BATCH as usize {
                        if !relation.owns(TrackNo(copy.next)) {
                            copy.wanted.push_back(TrackNo(copy.next));
                        }
                        copy.next += 1;
                    }
                    copy.started = out.now();
                    if copy.wanted.is_empty() {
                        copy.phase = BackgroundPhase::End;
                        self.wait(slot, self.log_time(), out);
                        return Some(copy);
                    }
                    copy.phase = BackgroundPhase::Locks;
                }
                BackgroundPhase::Locks => {
                    while let Some(&track) = copy.wanted.front() {
                        let key = (copy.source, track);
                        if !self.lock_track(slot, key) {
                            return Some(copy);
                        }
                        copy.locks.push(key);
                        copy.wanted.pop_front();
                    }
                    copy.phase = BackgroundPhase::Stage;
                    // A host write may have come first: only what is still shared is copied.
                    // What the target itself was given becomes its own by destage.
                    let shared = copy.locks.iter().map(|&(_, track)| track).filter(|&track| {
                        !self.owns(&copy, track) && self.volatile.cache.newest(copy.target, track).is_none()
                    });
                    copy.batch = shared.collect();
                    let missing = copy
                        .batch
                        .iter()
                        .filter(|&&track| self.cached_t0(copy.relation.0, copy.source, track).is_none());
                    let tables = &self.volatile.tables;
                    let places: Vec<Place> = missing.filter_map(|&track| tables.place(copy.source, track)).collect();
                    if !places.is_empty() {
                        self.read_places(slot, &places, out);
                        return Some(copy);
                    }
                }
                BackgroundPhase::Stage => {
                    copy.phase = BackgroundPhase::Write;
                    let cells = copy.batch.iter().map(|&track| {
                        let image = self.t0_image(copy.relation.0, copy.source, track);
                        (copy.target, track, image, Purpose::Background)
                    });
                    let cells: Vec<_> = cells.collect();
                    if self.write_homes(slot, cells) {
                        return Some(copy);
                    }
                }
                BackgroundPhase::Write => {
                    copy.phase = BackgroundPhase::SetBits;
                    self.wait(slot, self.log_time(), out);
                    return Some(copy);
                }
                BackgroundPhase::SetBits => {
                    let tracks = copy.batch.clone();
                    self.log(Record::Own { relation: copy.relation, tracks }, out);
                    copy.locks.drain(..).for_each(|key| self.unlock_track(key));
                    let bytes = copy.batch.len() as u64 * crate::vocab::TRACK_BYTES;
                    let due = copy.started + Span::of_transfer(bytes, self.parameters.background_rate);
                    copy.phase = BackgroundPhase::Pace;
                    self.wait(slot, due.saturating_since(out.now()), out);
                    return Some(copy);
                }
                BackgroundPhase::Pace => copy.phase = BackgroundPhase::Pick,
                BackgroundPhase::End => {
                    let Background { relation: number, source, target, .. } = copy;
                    self.log(Record::End { relation: number }, out);
                    if self.parameters.lacks(Mutant::AutoEndClearsHiddenId) {
                        let mut label = *self.logical_label(target);
                        label.label.as_mut().map(Label::clear_hidden);
                        self.commit_label(target, label, out);
                    }
                    self.forget_older_versions(source);
                    out.report(DasdFact::BackgroundCopyComplete { relation: number, source, target });
                    return None;
                }
            }
        }
    }

    pub(super) fn owns(&self, copy: &Background, track: TrackNo) -> bool {
        self.volatile.tables.relation(copy.relation).is_none_or(|relation| relation.owns(track))
    }
}
