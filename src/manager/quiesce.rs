//! Quiescing an application for `direct-dump`, the availability baseline (steps q0 and q4 of HAZARDS 1; MODEL 1.4).
//!
//! A mark on a host disk says that writes to the volume are held. From the moment the mark is durable, new writes wait in the
//! manager; those that a device already has are waited for. T0 is the instant at which the last of them has ended: from then
//! on the volume does not change until the mark is taken away. Reads go on.
//!
//! The mark is durable because an application that stopped writing for a backup does not start again by itself: its own log
//! says that it is suspended. Whoever set the mark must take it away, also after a crash; the job's journal tells who that is,
//! and without a journal nobody knows (H80). Writes that waited when the host went down are gone, as all requests are.
//!
//! Left out: the application's own buffers, and what it does beside writing. The mark reaches the applications of the image that
//! runs the backup; one on another image knows nothing of it and goes on writing.

use super::catalog::QuiesceMark;
use super::io::Pending;
use super::session::{Wait, Work};
use super::{Manager, ManagerFact, ManagerOutbox};
use crate::vocab::{Backup, VolumeId};

impl Manager {
    /// Whether new writes to the volume wait.
    pub(super) fn holds_writes(&self, volume: VolumeId) -> bool {
        self.durable.quiesced.iter().any(|mark| mark.volume == volume)
    }

    /// The mark is durable: writes wait from here on, and those under way are waited for.
    pub(super) fn quiesce_marked(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.wait = Wait::Drain;
        let mark = QuiesceMark { backup: run.backup, volume: run.plan.source_id };
        self.durable.quiesced.push(mark);
        self.writes_may_be_drained(mark.volume, out);
    }

    /// A write to the volume has ended, or none was under way: T0 when it was the last.
    pub(super) fn writes_may_be_drained(&mut self, volume: VolumeId, out: &mut ManagerOutbox) {
        let waiting = self.volatile.sessions.iter().find_map(|(&slot, session)| match &session.work {
            Work::Backup(run) if run.wait == Wait::Drain && run.plan.source_id == volume => Some(slot),
            _ => None,
        });
        let Some(slot) = waiting else { return };
        let under_way = |pending: &Pending| match pending {
            Pending::Transfer(transfer) => transfer.is_write_under_way_to(volume),
            _ => false,
        };
        if self.volatile.pending.iter().any(|place| under_way(&place.pending)) {
            return;
        }
        let run = self.backup_run(slot);
        run.t0 = out.now();
        let (backup, source) = (run.backup, run.plan.source);
        out.report(ManagerFact::ApplicationQuiesced { backup, source });
        self.step_ended(slot, out);
    }

    /// The mark is gone: what waited goes on its way, in the order in which it came.
    pub(super) fn resume_application(&mut self, backup: Backup, out: &mut ManagerOutbox) {
        let Some(place) = self.durable.quiesced.iter().position(|mark| mark.backup == backup) else { return };
        let QuiesceMark { volume, .. } = self.durable.quiesced.remove(place);
        out.report(ManagerFact::ApplicationResumed { backup });
        if self.holds_writes(volume) {
            return;
        }
        for slot in std::mem::take(&mut self.volatile.held) {
            self.send_transfer(slot, out);
        }
    }
}
