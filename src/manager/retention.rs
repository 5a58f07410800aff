//! Generations: which older backups of a volume are given up, and when (MODEL 3.9, `scratch_policy`).
//!
//! A backup plan may keep a number of generations. An older one is given up when the new one is verified, that is, read
//! back and registered; or as soon as the new one is written, before the inventory knows it; or by its age, whatever
//! becomes of the new one. The safe order is the first: the other two leave a while without a backup (HAZARDS H55). A
//! generation that was never read back supersedes nothing under the first. A plan without a number keeps everything.
//!
//! Giving up is part of the record of the step in which it happens: entry and cartridges change together.

use super::catalog::{CartridgeUse, EntryState};
use super::plan::ScratchPolicy;
use super::{Manager, ManagerFact, ManagerOutbox};
use crate::kernel::Time;
use crate::vocab::{Backup, Mutant};

/// How far the new generation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is about to be written.
    Begun,
    /// Its trailer is on tape.
    Written,
    /// The inventory lists it.
    Registered,
}

impl Manager {
    pub(super) fn expire_generations(&mut self, slot: u32, progress: Progress, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, plan, verified) = (run.backup, run.plan, run.verified);
        let kept = plan.generations as usize;
        if kept == 0 {
            return;
        }
        let mut older: Vec<(Time, Backup)> = self
            .durable
            .inventory
            .iter()
            .filter(|entry| entry.source == plan.source_id && entry.state == EntryState::Complete)
            .map(|entry| (entry.t0, entry.backup))
            .filter(|(_, known)| *known != backup)
            .collect();
        older.sort_unstable();
        // The new generation is one of those kept.
        let surplus = older.len().saturating_sub(kept - 1);
        let expired = match (plan.scratch_policy, progress) {
            (ScratchPolicy::ByAge, Progress::Begun) => {
                older.retain(|(t0, _)| t0.saturating_add(plan.retention) <= out.now());
                &older[..]
            }
            (_, Progress::Written) if plan.lacks(Mutant::ScratchBeforeVerify) => &older[..surplus],
            (ScratchPolicy::AfterNewWritten, Progress::Written) => &older[..surplus],
            (ScratchPolicy::AfterNewVerified, Progress::Registered) if verified => &older[..surplus],
            _ => &[],
        };
        for &(_, known) in expired {
            self.expire(known, out);
        }
    }

    fn expire(&mut self, backup: Backup, out: &mut ManagerOutbox) {
        let Some(entry) = self.durable.entry_mut(backup) else { return };
        entry.state = EntryState::Expired;
        let cartridges: Vec<_> = entry.sections().iter().map(|section| section.cartridge).collect();
        for cartridge in cartridges {
            let used = &mut self.durable.cartridges[cartridge.0 as usize];
            if *used == CartridgeUse::Allocated(backup) {
                *used = CartridgeUse::Scratch;
                out.report(ManagerFact::TapeScratched { cartridge });
            }
        }
    }
}
