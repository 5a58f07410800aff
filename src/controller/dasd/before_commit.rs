//! Copy-on-write before the answer (`cow = "before-commit"`, MODEL 3.4.2; source S-24): a host write to a track that a copy
//! still shares is acknowledged only when the T0 content is hardened at the target.
//!
//! The write starts a child that holds the lock of the track from the read of T0 to the bit, so that no dump read and no
//! destage comes between. Left out: whole tracks that a restore writes are saved by the destage, as without the switch.

use super::command::DasdFact;
use super::microcode::Work;
use super::parameters::CowTiming;
use super::row::Purpose;
use super::tables::Record;
use super::{DasdController, DasdOutbox};
use crate::vocab::{Device, RelationNumber, TrackNo};

/// Brings the T0 content of one track to its target.
#[derive(Clone, Debug)]
pub struct SaveT0 {
    pub parent: u32,
    relation: RelationNumber,
    source: Device,
    target: Device,
    track: TrackNo,
    phase: SavePhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SavePhase {
    Lock,
    Stage,
    WriteTarget,
    SetBit,
}

impl SaveT0 {
    /// The track whose lock it holds, or waits for.
    pub fn key(&self) -> (Device, TrackNo) {
        (self.source, self.track)
    }
}

impl DasdController {
    /// Whether the write of this operation has to wait until T0 is safe.
    pub(super) fn save_first(&mut self, slot: u32, source: Device, track: TrackNo) -> bool {
        let shared = self.volatile.tables.relation_of_source(source).filter(|relation| !relation.owns(track));
        let Some(relation) = shared.filter(|relation| relation.terms.cow == CowTiming::BeforeCommit) else {
            return false;
        };
        let (relation, target) = (relation.number, relation.target);
        self.volatile.ops[slot as usize].outstanding += 1;
        let save = SaveT0 { parent: slot, relation, source, target, track, phase: SavePhase::Lock };
        let child = self.start(Work::SaveT0(save));
        self.volatile.ready.push_back(child);
        true
    }

    pub(super) fn proceed_save(&mut self, slot: u32, mut save: SaveT0, out: &mut DasdOutbox) -> Option<SaveT0> {
        if save.phase == SavePhase::Lock && !self.lock_track(slot, save.key()) {
            return Some(save);
        }
        // Somebody else may have saved the track, or the copy may be gone.
        let SaveT0 { relation: number, source, target, track, .. } = save;
        let shared = self.volatile.tables.relation(number).is_some_and(|relation| !relation.owns(track));
        if !shared {
            return self.saved(save);
        }
        if save.phase == SavePhase::Lock {
            out.report(DasdFact::CowCopyStarted { device: source, track });
            save.phase = SavePhase::Stage;
            let cached = self.cached_t0(number.0, source, track).is_some();
            if let Some(place) = self.volatile.tables.place(source, track).filter(|_| !cached) {
                self.read_places(slot, &[place], out);
                return Some(save);
            }
        }
        if save.phase == SavePhase::Stage {
            save.phase = SavePhase::WriteTarget;
            let image = self.t0_image(number.0, source, track);
            if self.write_homes(slot, vec![(target, track, image, Purpose::CopyOnWrite)]) {
                return Some(save);
            }
        }
        if save.phase == SavePhase::WriteTarget {
            save.phase = SavePhase::SetBit;
            self.wait(slot, self.log_time(), out);
            return Some(save);
        }
        out.report(DasdFact::CowBitSet { device: source, track });
        self.log(Record::Own { relation: number, tracks: vec![track] }, out);
        self.saved(save)
    }

    fn saved(&mut self, save: SaveT0) -> Option<SaveT0> {
        self.unlock_track(save.key());
        self.child_ended(save.parent);
        None
    }
}
