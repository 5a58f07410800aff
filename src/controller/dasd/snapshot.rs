//! SnapShot, the instant copy of a log-structured array (patent paragraph 25; MODEL 3.6).
//!
//! Long busy, drain and T0 are those of every establish. Then two transactions: the counts of all places that the source
//! is bound to go up, and the target's pointers become those of the source. A crash between the two leaves counts that are
//! too high, never too low: no live track can be taken for free, and the restart takes the first transaction back. The
//! second one also writes down that the pair exists; so the manager can ask after a crash which copies stand.
//!
//! *Modified data.* What the source was given before T0 and is still modified data in NVS belongs to both volumes. It is
//! not copied: the record of the snapshot names these tracks, both volumes read the one version, and the append that
//! brings it to disk binds both to its place. A host write after T0 makes a new version in front of it. So that nothing is
//! half way to disk at T0, destage of the source pauses from T0 until the acknowledgement.

use super::command::{DasdFact, Identity};
use super::copy::Establish;
use super::parameters::LabelCommit;
use super::state::Logged;
use super::tables::{Record, Relation};
use super::{DasdController, DasdOutbox};
use crate::vocab::{Device, Mutant, RelationNumber, TrackNo};

impl DasdController {
    pub(super) fn is_log_structured(&self) -> bool {
        self.volatile.tables.directory().is_some()
    }

    /// Tracks whose content at T0 is modified data of the source, ascending. The target's label is its own business when
    /// it is written before the pointers or with them.
    fn modified_at_t0(&self, establish: &Establish) -> Vec<TrackNo> {
        let cache = &self.volatile.cache;
        let modified = cache.versions_of(establish.source).into_iter().map(|slot| cache.slot(slot));
        let mut tracks: Vec<TrackNo> = modified.filter(|slot| slot.nvs().is_some()).map(|slot| slot.track).collect();
        tracks.dedup();
        tracks.retain(|track| track.0 > 0 || !has_own_label(establish));
        tracks
    }

    pub(super) fn raise_counts(&mut self, establish: &Establish, out: &mut DasdOutbox) {
        let Establish { source, target, number, .. } = *establish;
        let except = match self.parameters.lacks(Mutant::SnapshotSkipsCount) {
            true => (0..self.volatile.tables.tracks(source)).map(TrackNo).collect(),
            false => self.without_a_place(establish),
        };
        self.log(Record::RaiseCounts { relation: number, source, except }, out);
        out.report(DasdFact::SnapshotCountsRaised { relation: number, source, target });
    }

    /// The tracks whose T0 content has no place that source and target could share: the label, and what is in the cache alone.
    fn without_a_place(&self, establish: &Establish) -> Vec<TrackNo> {
        let mut tracks = self.modified_at_t0(establish);
        if has_own_label(establish) {
            tracks.insert(0, TrackNo(0));
        }
        tracks
    }

    /// The tracks whose counts were not raised.
    fn raised_except(&self, establish: &Establish) -> Vec<TrackNo> {
        if self.parameters.lacks(Mutant::SnapshotSkipsCount) || self.parameters.lacks(Mutant::CountAfterPointer) {
            return self.without_a_place(establish);
        }
        let raised = self.volatile.tables.directory().into_iter().flat_map(|directory| directory.raised());
        let mut of_this = raised.filter(|raised| raised.relation == establish.number);
        let label = || if has_own_label(establish) { vec![TrackNo(0)] } else { Vec::new() };
        of_this.next().map_or_else(label, |raised| raised.except.clone())
    }

    /// Makes the snapshot durable; with an atomic label commit the label in the same log record.
    pub(super) fn commit_snapshot(&mut self, establish: &Establish, out: &mut DasdOutbox) {
        let Establish { source, target, number, t0, .. } = *establish;
        let except = self.raised_except(establish);
        let first = usize::from(has_own_label(establish));
        let modified = except[first..].to_vec();
        let tracks = self.volatile.tables.tracks(source);
        let mut relation = Relation::snapshot(number, source, target, t0, tracks, &modified);
        relation.conditioned = matches!(establish.identity, Identity::Withheld { .. });
        if relation.conditioned {
            relation.terms.fence = establish.terms.fence;
        }
        if establish.commit() != Some(LabelCommit::BeforeEstablish) {
            self.discard_versions(target, &establish.extents);
        }
        self.log(Record::Snapshot { relation, except }, out);
        out.report(DasdFact::SnapshotPointersWritten { relation: number, source, target });
        out.report(DasdFact::RelationshipCommitted { relation: number, source, target });
        if establish.commit() == Some(LabelCommit::Atomic) {
            self.commit_conditioned_label(establish, Some(t0), out);
        }
    }

    /// The restart takes back what a crash cut between its two transactions.
    pub(super) fn abandon_snapshots(&mut self) {
        let directory = self.volatile.tables.directory();
        let raised: Vec<RelationNumber> =
            directory.iter().flat_map(|directory| directory.raised()).map(|raised| raised.relation).collect();
        for relation in raised {
            let record = Record::AbandonSnapshot { relation };
            self.volatile.tables.apply(&record);
            self.battery.log.push_back(Logged { record, safe: true });
        }
    }

    /// Whether destage of the device must pause for an establish in progress.
    pub(super) fn pause_destage(&mut self, establish: &Establish, pause: bool) {
        let devices = [Some(establish.target), self.is_log_structured().then_some(establish.source)];
        for Device(number) in devices.into_iter().flatten() {
            self.volatile.devices[number as usize].no_destage = pause;
        }
    }
}

fn has_own_label(establish: &Establish) -> bool {
    matches!(establish.commit(), Some(LabelCommit::Atomic | LabelCommit::BeforeEstablish))
}
