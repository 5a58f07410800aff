//! Two clusters: who serves which device, where its modified data has its second copy, and what happens when one of them
//! crashes (MODEL 3.5, S-30, S-31).
//!
//! A device belongs to the cluster of its logical subsystem ([`DasdParameters::home_cluster`]). That cluster's processors
//! and cache serve it; the NVS of the other cluster holds its modified data. When a cluster crashes, its clean cache and its
//! work in progress are gone. For `failover_time` nobody serves its devices: commands for them wait, also those that were in
//! progress, which the path recovery of the host sends again over a path to the survivor (A); the host sees a delay and no
//! error. Then the survivor reads NVS, completes unfinished stripes, takes the devices over and destages their modified data
//! before anything else. A metadata transaction is in the log or it is not; an establish or a withdraw that was cut goes on
//! behind its last transaction, or from its beginning. Alone, a cluster keeps second copies in its own NVS. After outage and
//! load the devices go back, with what is still modified; new copies are placed crosswise again.
//!
//! NVS keeps its content while its cluster is down, and the survivor reaches it (A: it has a power supply and a port of its
//! own). What the index of the cache says of modified data is what NVS holds, so it stays: nobody uses it before the survivor
//! has read it. A fault that takes NVS itself leaves data in the cache alone; it is destaged at once, and writes are
//! answered only when they are on disk until the bank's cluster is loaded anew. Label records and the metadata log then use
//! the other bank; without any, transactions go to the metadata store first, and a label is safe when it is destaged.
//!
//! [`DasdParameters::home_cluster`]: super::DasdParameters::home_cluster

use super::command::{DasdCommand, DasdFact};
use super::microcode::Work;
use super::state::{ClusterState, FailoverStep, Suspended};
use super::write::WritePhase;
use super::{DasdController, DasdOutbox, DasdTimerKind};
use crate::kernel::{Class, Span};
use crate::vocab::{Device, TRACK_BYTES, TrackNo, TrackRange};

/// The holder of a row lock whose write was cut: the survivor completes the stripe from its log.
pub(super) const INTERRUPTED: u32 = u32::MAX;

impl DasdController {
    /// The cluster that serves a device, or will again.
    pub(super) fn serving(&self, device: Device) -> u8 {
        let home = self.parameters.home_cluster(device);
        match self.volatile.clusters[usize::from(home)] {
            ClusterState::TakenOver => 1 - home,
            ClusterState::Up | ClusterState::Failing(_) => home,
        }
    }

    pub(super) fn is_served(&self, device: Device) -> bool {
        let home = usize::from(self.parameters.home_cluster(device));
        !matches!(self.volatile.clusters[home], ClusterState::Failing(_))
    }

    /// Whether the device, or the source through which its tracks are found, is without a cluster.
    pub(super) fn is_cut_off(&self, device: Device) -> bool {
        let source = self.volatile.tables.relation_of_target(device).map(|relation| relation.source);
        !self.is_served(device) || source.is_some_and(|source| !self.is_served(source))
    }

    /// The bank of NVS that takes second copies of a cluster's modified data: crosswise while both clusters are up.
    pub(super) fn bank_of(&self, cluster: u8) -> u8 {
        let crosswise =
            self.volatile.clusters.len() == 2 && self.volatile.clusters[usize::from(1 - cluster)] == ClusterState::Up;
        if crosswise { 1 - cluster } else { cluster }
    }

    /// The bank for a version of a track. Label records find another one when theirs is gone.
    pub(super) fn nvs_bank(&self, device: Device, track: TrackNo) -> u8 {
        let bank = self.bank_of(self.serving(device));
        if track.0 == 0 && !self.battery.modified.works(bank) { self.working_bank().unwrap_or(bank) } else { bank }
    }

    /// The bank of the metadata log: the last one that works (A).
    fn working_bank(&self) -> Option<u8> {
        (0..self.parameters.clusters).rev().find(|&bank| self.battery.modified.works(bank))
    }

    pub(super) fn has_nvs(&self) -> bool {
        self.working_bank().is_some()
    }

    /// One cluster crashes; its load begins after `outage`. False when it was down already with the other one.
    pub fn crash_cluster(&mut self, cluster: u8, outage: Span, out: &mut DasdOutbox) -> bool {
        if !self.is_up() {
            return false;
        }
        let alone =
            self.parameters.clusters == 1 || self.volatile.clusters[usize::from(1 - cluster)] != ClusterState::Up;
        if alone {
            self.crash(false, outage, out);
            return true;
        }
        self.failback_due = out.now() + outage + self.parameters.iml_time;
        out.timer_at(self.failback_due, Class::Completion, self.timer(DasdTimerKind::Failback, u32::from(cluster)));
        if self.volatile.clusters[usize::from(cluster)] != ClusterState::Up {
            return true;
        }
        let modified = self.volatile.cache.modified(cluster).count() as u32 + self.destaging_of(cluster);
        out.report(DasdFact::ClusterFailed { cluster, modified });
        self.volatile.clusters[usize::from(cluster)] = ClusterState::Failing(FailoverStep::ReadNvs);
        self.generations[usize::from(cluster)] = self.generations[usize::from(cluster)].wrapping_add(1);
        self.cut(cluster, out);
        let timer = self.timer(DasdTimerKind::Failover, u32::from(cluster));
        out.complete_after(self.parameters.failover_time.saturating_sub(self.parameters.metadata_log_write), timer);
        self.run_ready(out);
        true
    }

    fn destaging_of(&self, cluster: u8) -> u32 {
        let cells = self.volatile.ops.iter().filter(|op| op.cluster == cluster).map(|op| match &op.work {
            Work::Destage(destage) => destage.cells.len() as u32,
            Work::Append(append) => append.cells.len() as u32,
            _ => 0,
        });
        cells.sum()
    }

    /// The next step of the survivor.
    pub(super) fn fail_over(&mut self, cluster: u8, out: &mut DasdOutbox) {
        match self.volatile.clusters[usize::from(cluster)] {
            ClusterState::Failing(FailoverStep::ReadNvs) => {
                self.complete_interrupted();
                self.volatile.clusters[usize::from(cluster)] = ClusterState::Failing(FailoverStep::TakeDevices);
                let timer = self.timer(DasdTimerKind::Failover, u32::from(cluster));
                out.complete_after(self.parameters.metadata_log_write, timer);
            }
            ClusterState::Failing(FailoverStep::TakeDevices) => {
                let survivor = 1 - cluster;
                self.volatile.clusters[usize::from(cluster)] = ClusterState::TakenOver;
                self.move_devices(cluster, survivor);
                self.volatile.urgent[usize::from(survivor)] = Some(out.now());
                out.report(DasdFact::FailoverDone { cluster });
                for suspended in std::mem::take(&mut self.volatile.suspended) {
                    self.resume(suspended, out);
                }
                self.resume_background();
                self.start_rebuilds();
                self.start_scrub(out);
                self.destage_if_due(out);
                self.collect_if_due(out);
            }
            ClusterState::Up | ClusterState::TakenOver => unreachable!("a failover has two steps"),
        }
    }

    /// The cluster has loaded: its devices go back.
    pub(super) fn fail_back(&mut self, cluster: u8, out: &mut DasdOutbox) {
        // It crashed again meanwhile: a later load counts.
        if out.now() < self.failback_due {
            return;
        }
        if let ClusterState::Failing(_) = self.volatile.clusters[usize::from(cluster)] {
            self.failback_due = out.now() + self.parameters.failover_time + self.parameters.metadata_log_write;
            out.timer_at(self.failback_due, Class::Completion, self.timer(DasdTimerKind::Failback, u32::from(cluster)));
            return;
        }
        self.volatile.clusters[usize::from(cluster)] = ClusterState::Up;
        self.battery.modified.mend(cluster);
        self.move_devices(1 - cluster, cluster);
        out.report(DasdFact::FailbackDone { cluster });
        self.destage_if_due(out);
    }

    /// Moves to the half of `to` what belongs there now.
    fn move_devices(&mut self, from: u8, to: u8) {
        for device in (0..self.parameters.volumes.len() as u16).map(Device) {
            if self.serving(device) == to && self.volatile.cache.half_of(device) == from {
                self.volatile.cache.move_device(device, to);
            }
        }
    }

    /// Stripes whose write was cut are completed from their log, and their rows are free again.
    fn complete_interrupted(&mut self) {
        let rows = self.volatile.row_locks.iter().filter(|(_, lock)| lock.holder == INTERRUPTED);
        for row in rows.map(|(&row, _)| row).collect::<Vec<u64>>() {
            if let Some(place) = self.battery.stripes.iter().position(|intent| intent.row == row) {
                let intent = self.battery.stripes.remove(place);
                self.complete_stripe(intent);
            }
            self.unlock_row(row);
        }
    }

    /// The content of one cluster's NVS is gone, and it takes no more until that cluster is loaded.
    pub fn lose_nvs(&mut self, cluster: u8, out: &mut DasdOutbox) -> bool {
        if !self.battery.modified.works(cluster) || !self.is_up() {
            return false;
        }
        let held_log = self.working_bank() == Some(cluster);
        self.battery.modified.fail(cluster);
        if held_log {
            self.battery.log.iter_mut().for_each(|logged| logged.safe = false);
            self.battery.stripes.clear();
        }
        self.volatile.urgent.iter_mut().for_each(|urgent| *urgent = Some(out.now()));
        self.destage_if_due(out);
        self.run_ready(out);
        true
    }

    /// Whether a write must wait until it is on disk, because one of its tracks has no second copy.
    pub(super) fn must_harden(&mut self, slot: u32, range: TrackRange, out: &mut DasdOutbox) -> bool {
        let alone = range.tracks().any(|track| {
            let newest = self.volatile.cache.newest(range.device, track);
            let copy = newest.and_then(|newest| self.volatile.cache.slot(newest).nvs());
            copy.is_some_and(|place| !self.battery.modified.is_safe(place))
        });
        if alone {
            let cluster = usize::from(self.serving(range.device));
            self.volatile.urgent[cluster] = Some(out.now());
            self.volatile.hardening.push(slot);
            self.destage_if_due(out);
        }
        alone
    }

    pub(super) fn wake_hardened(&mut self) {
        self.volatile.ready.extend(self.volatile.hardening.drain(..));
    }

    /// Whether a command waits for the end of a failover.
    pub(super) fn is_held_by_failover(&self, command: &DasdCommand) -> bool {
        if !self.volatile.clusters.iter().any(|state| matches!(state, ClusterState::Failing(_))) {
            return false;
        }
        match *command {
            DasdCommand::Read { range, .. } | DasdCommand::Write { range, .. } => self.is_cut_off(range.device),
            DasdCommand::WriteTracks { device, .. }
            | DasdCommand::WriteLabel { device, .. }
            | DasdCommand::ReadLabel { device, .. }
            | DasdCommand::DeleteTarget { device, .. }
            | DasdCommand::ReleaseSpace { device, .. } => self.is_cut_off(device),
            DasdCommand::Establish { source, target, .. } => self.is_cut_off(source) || self.is_cut_off(target),
            DasdCommand::Withdraw { target, .. } => self.is_cut_off(target),
            DasdCommand::Freeze { ref sources, .. } => sources.iter().any(|&source| self.is_cut_off(source)),
            DasdCommand::Thaw { .. } | DasdCommand::QueryRelations { .. } => false,
        }
    }

    /// Takes up again what a crash cut.
    fn resume(&mut self, suspended: Suspended, out: &mut DasdOutbox) {
        let work = match suspended {
            Suspended::Command(command) => return self.accept(command, out),
            Suspended::Work(work) => work,
        };
        let channel_bytes = match &work {
            Work::Write(write) if write.phase == WritePhase::Channel => Some(write.bytes),
            Work::WriteTracks { images, phase: WritePhase::Channel, .. } => Some(images.len() as u64 * TRACK_BYTES),
            _ => None,
        };
        let slot = self.start(work);
        match (&self.volatile.ops[slot as usize].work, channel_bytes) {
            (_, Some(bytes)) => self.use_channel(slot, bytes, out),
            (Work::Read(_) | Work::WriteLabel { .. } | Work::ReadLabel { .. }, None) => self.use_processor(slot, out),
            (Work::Establish(_) | Work::Withdraw(_) | Work::Delete(_) | Work::Freeze(_), None) => {
                self.wait(slot, self.log_time(), out);
            }
            _ => self.volatile.ready.push_back(slot),
        }
    }
}
