//! What the crash of one cluster does to operations in progress: which are cut, what they let go, how they begin again.
//!
//! A cut operation has an end of its own: disks and channel paths that work for it finish in their time, though a write
//! that was on its way to a platter does not arrive. Until then its place in the table is taken.

use super::background::Background;
use super::clusters::INTERRUPTED;
use super::command::Payload;
use super::copy::{EstablishPhase, WithdrawPhase};
use super::destage::Destage;
use super::microcode::Work;
use super::read::ReadPhase;
use super::row::RowWrite;
use super::state::{ClusterState, Suspended};
use super::write::WritePhase;
use super::{DasdController, DasdOutbox};
use crate::vocab::{Device, Status};

impl DasdController {
    /// The cluster that works on an operation.
    pub(super) fn cluster_of_work(&self, work: &Work) -> u8 {
        match work {
            Work::RowWrite(row) => self.volatile.ops[row.parent as usize].cluster,
            Work::SaveT0(save) => self.volatile.ops[save.parent as usize].cluster,
            Work::Append(append) => append.cluster,
            // Any cluster that is up may collect, and look after the disks.
            Work::Collection(_) | Work::Upkeep(_) => {
                self.volatile.clusters.iter().position(|state| *state == ClusterState::Up).unwrap_or(0) as u8
            }
            work => devices_of(work)[0].map_or(0, |device| self.serving(device)),
        }
    }

    /// Cuts whatever the cluster worked on, and what depends on its devices.
    pub(super) fn cut(&mut self, cluster: u8, out: &mut DasdOutbox) {
        let is_cut: Vec<bool> = (0..self.volatile.ops.len()).map(|slot| self.is_cut(cluster, slot)).collect();
        let gone = |slot: u32| is_cut[slot as usize];
        self.withdraw_waits(cluster, &gone, out);
        for slot in (0..is_cut.len() as u32).filter(|&slot| gone(slot)) {
            let parent = match &self.volatile.ops[slot as usize].work {
                Work::RowWrite(row) => Some(row.parent),
                Work::SaveT0(save) => Some(save.parent),
                _ => None,
            };
            let work = std::mem::replace(&mut self.volatile.ops[slot as usize].work, Work::Cut { parent });
            if let Some(work) = self.let_go(slot, work, out) {
                self.volatile.suspended.push_back(Suspended::Work(work));
            }
            let op = &self.volatile.ops[slot as usize];
            if op.outstanding == 0 && !op.timed {
                self.volatile.ready.push_back(slot);
            }
        }
        self.volatile.cache.lose_clean(cluster);
        self.forget_unsafe(cluster);
        for device in (0..self.parameters.volumes.len() as u16).map(Device) {
            self.drained(device, out);
        }
    }

    fn is_cut(&self, cluster: u8, slot: usize) -> bool {
        let op = &self.volatile.ops[slot];
        match &op.work {
            Work::Free | Work::Cut { .. } => false,
            Work::RowWrite(row) => self.is_cut(cluster, row.parent as usize),
            // It goes with the write that waits for it, which begins it anew.
            Work::SaveT0(save) => self.is_cut(cluster, save.parent as usize),
            // It reads and writes disks for its own device alone.
            Work::Destage(_) | Work::Append(_) | Work::Collection(_) | Work::Upkeep(_) => op.cluster == cluster,
            Work::Freeze(freeze) => {
                op.cluster == cluster || freeze.sources.iter().any(|&source| self.is_cut_off(source))
            }
            work => {
                op.cluster == cluster || devices_of(work).into_iter().flatten().any(|device| self.is_cut_off(device))
            }
        }
    }

    /// Takes cut operations out of every line that they wait in.
    fn withdraw_waits(&mut self, cluster: u8, gone: &impl Fn(u32) -> bool, out: &DasdOutbox) {
        let volatile = &mut self.volatile;
        volatile.track_locks.values_mut().for_each(|lock| lock.waiters.retain(|&slot| !gone(slot)));
        volatile.row_locks.values_mut().for_each(|lock| lock.waiters.retain(|&slot| !gone(slot)));
        volatile.nvs_waiters.retain(|&slot| !gone(slot));
        volatile.hardening.retain(|&slot| !gone(slot));
        for device in &mut volatile.devices {
            device.drainer = device.drainer.filter(|&slot| !gone(slot));
        }
        let mut left = volatile.channel.withdraw(gone);
        left.extend(self.rank.withdraw(gone));
        for slot in left {
            volatile.ops[slot as usize].outstanding -= 1;
        }
        for (number, cpu) in volatile.cpus.iter_mut().enumerate() {
            for slot in cpu.withdraw(|&slot| gone(slot)) {
                volatile.ops[slot as usize].timed = false;
            }
            if number == usize::from(cluster) {
                cpu.clear(out.now());
            }
        }
        // Its processors and timers stopped.
        let stopped = volatile.ops.iter_mut().zip(0..).filter(|(op, slot)| op.cluster == cluster && gone(*slot));
        stopped.for_each(|(op, _)| op.timed = false);
    }

    /// Releases what a cut operation held. Returns what has to be taken up again, and where.
    fn let_go(&mut self, slot: u32, work: Work, out: &mut DasdOutbox) -> Option<Work> {
        Some(match work {
            Work::Free | Work::Cut { .. } => unreachable!("only a live operation is cut"),
            Work::Read(mut read) => {
                read.locks.drain(..).for_each(|key| self.unlock_track(key));
                (read.awaited, read.phase, read.hit) = (None, ReadPhase::Processor, false);
                read.rest.clear();
                Work::Read(read)
            }
            Work::Write(mut write) => match phase_again(write.phase) {
                Some(phase) => {
                    write.phase = phase;
                    Work::Write(write)
                }
                None => {
                    self.reply(write.ticket, Status::NotOperational, Payload::Nothing, out);
                    self.write_ended(write.range.device, out);
                    return None;
                }
            },
            Work::WriteTracks { ticket, device, first, images, phase } => match phase_again(phase) {
                Some(phase) => Work::WriteTracks { ticket, device, first, images, phase },
                None => {
                    self.reply(ticket, Status::NotOperational, Payload::Nothing, out);
                    self.write_ended(device, out);
                    return None;
                }
            },
            Work::WriteLabel { .. } | Work::ReadLabel { .. } | Work::Delete(_) | Work::Freeze(_) => work,
            Work::Establish(mut establish) => {
                establish.phase = match establish.phase {
                    // No relationship yet: it is made anew, with a later T0.
                    EstablishPhase::Drain
                    | EstablishPhase::Build
                    | EstablishPhase::LabelFirst
                    | EstablishPhase::RaiseCounts => EstablishPhase::Drain,
                    // The counts of a snapshot are raised: its pointers follow.
                    EstablishPhase::Relationship if self.is_log_structured() => EstablishPhase::Relationship,
                    EstablishPhase::Relationship => EstablishPhase::Drain,
                    EstablishPhase::LabelLast => EstablishPhase::LabelLast,
                    EstablishPhase::Acknowledge => EstablishPhase::Acknowledge,
                };
                Work::Establish(establish)
            }
            Work::Withdraw(mut withdraw) => {
                withdraw.phase = match withdraw.phase {
                    WithdrawPhase::Drain | WithdrawPhase::Work | WithdrawPhase::Commit => WithdrawPhase::Drain,
                    WithdrawPhase::ClearHidden { withdrawn } => WithdrawPhase::ClearHidden { withdrawn },
                };
                Work::Withdraw(withdraw)
            }
            Work::Destage(destage) => {
                self.let_destage_go(&destage, out);
                return None;
            }
            Work::Append(append) => {
                self.let_append_go(&append, out);
                return None;
            }
            Work::Collection(collection) => {
                self.let_collection_go(&collection);
                return None;
            }
            Work::Background(Background { locks, .. }) => {
                locks.into_iter().for_each(|key| self.unlock_track(key));
                return None;
            }
            Work::SaveT0(save) => {
                let lock = self.volatile.track_locks.get(&save.key());
                if lock.is_some_and(|lock| lock.holder == slot) {
                    self.unlock_track(save.key());
                }
                return None;
            }
            Work::RowWrite(row) => {
                self.let_row_go(slot, &row);
                return None;
            }
            Work::Prefetch(prefetch) => {
                prefetch.locks.into_iter().for_each(|key| self.unlock_track(key));
                return None;
            }
            Work::Upkeep(upkeep) => {
                self.let_upkeep_go(slot, &upkeep);
                return None;
            }
        })
    }

    fn let_destage_go(&mut self, destage: &Destage, out: &DasdOutbox) {
        for cell in &destage.cells {
            self.volatile.cache.destage_again(cell.slot, out.now());
            self.unlock_track(cell.lock);
        }
        self.volatile.destages -= 1;
        self.volatile.devices[destage.device.0 as usize].destages -= 1;
    }

    fn let_row_go(&mut self, slot: u32, row: &RowWrite) {
        let lock = self.volatile.row_locks.get_mut(&row.row);
        let Some(lock) = lock.filter(|lock| lock.holder == slot) else { return };
        if self.battery.stripes.iter().any(|intent| intent.row == row.row) {
            lock.holder = INTERRUPTED;
        } else {
            self.unlock_row(row.row);
        }
    }

    /// Modified data that had no second copy is gone with the cache.
    fn forget_unsafe(&mut self, cluster: u8) {
        let lost: Vec<_> = self.volatile.cache.modified(cluster).collect();
        for slot in lost {
            let place = self.volatile.cache.slot(slot).nvs().expect("a modified slot has its copy in NVS");
            if !self.battery.modified.is_safe(place) {
                self.battery.modified.release(place);
                self.volatile.cache.remove(slot);
            }
        }
    }

    /// Something that a cut operation waited for has come back.
    pub(super) fn proceed_cut(&mut self, slot: u32, parent: Option<u32>) -> Option<Work> {
        let op = &self.volatile.ops[slot as usize];
        if op.outstanding > 0 || op.timed {
            return Some(Work::Cut { parent });
        }
        if let Some(parent) = parent {
            self.child_ended(parent);
        }
        None
    }
}

/// Where a cut write goes on: from its transfer, or behind the tracks that are committed. `None` when its tracks were in
/// the cache alone: whether they reached the disk is not known.
fn phase_again(phase: WritePhase) -> Option<WritePhase> {
    match phase {
        WritePhase::Channel | WritePhase::Processor => Some(WritePhase::Channel),
        WritePhase::Commit(_) | WritePhase::AwaitSpace(_) => Some(phase),
        WritePhase::Harden => None,
    }
}

/// The devices that an operation works for.
fn devices_of(work: &Work) -> [Option<Device>; 2] {
    match work {
        Work::Free
        | Work::Cut { .. }
        | Work::RowWrite(_)
        | Work::SaveT0(_)
        | Work::Append(_)
        | Work::Collection(_)
        | Work::Upkeep(_) => [None; 2],
        Work::Read(read) => [Some(read.range.device), None],
        Work::Prefetch(prefetch) => [Some(prefetch.device), None],
        Work::Write(write) => [Some(write.range.device), None],
        Work::WriteTracks { device, .. } | Work::WriteLabel { device, .. } | Work::ReadLabel { device, .. } => {
            [Some(*device), None]
        }
        Work::Delete(delete) => [Some(delete.device), None],
        Work::Freeze(freeze) => [freeze.sources.first().copied(), None],
        Work::Establish(establish) => [Some(establish.source), Some(establish.target)],
        Work::Withdraw(withdraw) => [Some(withdraw.source), Some(withdraw.target)],
        Work::Destage(destage) => [Some(destage.device), None],
        Work::Background(background) => [Some(background.source), Some(background.target)],
    }
}
