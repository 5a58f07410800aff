//! Destage: when modified data leaves the cache, which, and how much of a row at a time.
//!
//! NVS holds the second copy of all modified data. Above its high mark the oldest data goes to disk until the low mark is
//! reached; data older than the destage age goes in any case. One destage takes the oldest modified track and whatever
//! else of its parity row may go with it, so that sequential writes become full rows.

use super::command::DasdFact;
use super::microcode::Work;
use super::row::Purpose;
use super::tables::{Record, Relation};
use super::{DasdController, DasdOutbox, DasdTimerKind};
use crate::device::cache::{SlotNo, SlotState};
use crate::device::raid::Place;
use crate::kernel::{Class, Time};
use crate::vocab::{Device, Extents, Mutant, RelationNumber, TrackImage, TrackNo};

/// One row's worth of modified tracks on its way to disk: copy-on-write first where a relationship needs it.
#[derive(Clone, Debug)]
pub struct Destage {
    pub device: Device,
    pub cells: Vec<DestageCell>,
    pub phase: DestagePhase,
}

#[derive(Clone, Debug)]
pub struct DestageCell {
    pub track: TrackNo,
    pub slot: SlotNo,
    pub image: TrackImage,
    /// Newer than the T0 of this relationship, which still needs the track: copy first.
    pub copy_for: Option<RelationNumber>,
    pub newer: bool,
    pub lock: (Device, TrackNo),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestagePhase {
    ReadT0,
    WriteTarget,
    SetBits,
    WriteHome,
    /// The home was written first, and the copy comes behind it.
    CopyLate,
}

/// Which modified tracks are destaged.
#[derive(Clone, Copy, Debug)]
enum Due {
    All,
    /// Those that have reached their age at this instant.
    Aged(Time),
}

impl DasdController {
    /// Starts what is due, and sees to it that the next age limit is met.
    pub(super) fn destage_if_due(&mut self, out: &mut DasdOutbox) {
        for cluster in 0..self.parameters.clusters {
            let bank = self.bank_of(cluster);
            let used = u64::from(self.battery.modified.used(bank));
            let capacity = u64::from(self.battery.modified.capacity(bank));
            let draining = &mut self.volatile.draining[usize::from(cluster)];
            if used * 1_000_000 >= capacity * u64::from(self.parameters.nvs_high_ppm) && !*draining {
                *draining = true;
                out.report(DasdFact::NvsHigh);
            }
            if used * 1_000_000 <= capacity * u64::from(self.parameters.nvs_low_ppm) {
                *draining = false;
            }
            if *draining || self.volatile.space.pressed {
                self.start_destages(cluster, Due::All, out);
            } else if self.volatile.urgent[usize::from(cluster)].is_some() {
                self.start_destages(cluster, Due::Aged(out.now()), out);
            }
        }
        self.arm_scan(out);
    }

    /// The age limit of the oldest modified track is reached.
    pub(super) fn scan(&mut self, out: &mut DasdOutbox) {
        self.volatile.scan_armed = false;
        for cluster in 0..self.parameters.clusters {
            self.start_destages(cluster, Due::Aged(out.now()), out);
        }
        self.arm_scan(out);
    }

    pub(super) fn arm_scan(&mut self, out: &mut DasdOutbox) {
        // While every disk is at work the end of a destage looks again; while there is no space, the end of a collection.
        let later = self.volatile.destages >= self.destage_limit() || self.volatile.space.starved;
        if self.volatile.scan_armed || later {
            return;
        }
        let oldest = (0..self.parameters.clusters)
            .filter_map(|cluster| {
                let oldest = self.volatile.cache.modified(cluster).find(|&slot| self.may_destage(slot))?;
                Some(self.destage_due(cluster, oldest))
            })
            .min();
        if let Some(due) = oldest {
            self.volatile.scan_armed = true;
            let timer = self.timer(DasdTimerKind::Scan, 0);
            out.timer_at(due.max(out.now()), Class::Timer, timer);
        }
    }

    /// One destage for every disk of the rank at a time (A): enough to keep the arms busy. An append uses all disks.
    fn destage_limit(&self) -> u32 {
        if self.is_log_structured() { 1 } else { u32::from(self.rank.disks()) }
    }

    /// What has reached its age, where modified data does not drain anyway.
    pub(super) fn start_aged_destages(&mut self, out: &mut DasdOutbox) {
        for cluster in 0..self.parameters.clusters {
            if !self.volatile.draining[usize::from(cluster)] {
                self.start_destages(cluster, Due::Aged(out.now()), out);
            }
        }
        self.arm_scan(out);
    }

    /// Starts destages of a cluster's tracks in order while there is room.
    fn start_destages(&mut self, cluster: u8, which: Due, out: &mut DasdOutbox) {
        while self.volatile.destages < self.destage_limit() {
            let Some(slot) = self.volatile.cache.modified(cluster).find(|&slot| self.may_destage(slot)) else {
                // What had to go at once is gone, or on its way.
                self.volatile.urgent[usize::from(cluster)] = None;
                return;
            };
            if let Due::Aged(now) = which
                && self.destage_due(cluster, slot) > now
            {
                return;
            }
            if !self.is_log_structured() {
                self.start_destage(slot, out);
            } else if self.volatile.space.starved || !self.start_append(cluster, out) {
                return;
            }
        }
    }

    /// When a modified track is destaged in any case.
    fn destage_due(&self, cluster: u8, slot: SlotNo) -> Time {
        let SlotState::Modified { since, .. } = self.volatile.cache.slot(slot).state else {
            unreachable!("the list of modified slots holds modified slots");
        };
        let urgent = self.volatile.urgent[usize::from(cluster)].is_some_and(|instant| since <= instant);
        if urgent { since } else { since + self.parameters.destage_age }
    }

    pub(super) fn may_destage(&self, slot: SlotNo) -> bool {
        let slot = self.volatile.cache.slot(slot);
        self.is_served(slot.device)
            && !self.volatile.devices[slot.device.0 as usize].no_destage
            && !self.volatile.track_locks.contains_key(&self.lock_of(slot.device, slot.track))
    }

    fn start_destage(&mut self, oldest: SlotNo, out: &mut DasdOutbox) {
        let (device, track) = {
            let slot = self.volatile.cache.slot(oldest);
            (slot.device, slot.track)
        };
        let mates = self.row_mates(device, track);
        let mut cells = Vec::new();
        for track in mates {
            if let Some(cell) = self.destage_cell(device, track) {
                out.report(DasdFact::DestageStarted { device, track });
                if cell.copy_for.is_some() {
                    out.report(DasdFact::CowCopyStarted { device, track });
                }
                cells.push(cell);
            }
        }
        assert!(!cells.is_empty(), "the oldest modified track itself may be destaged");
        self.volatile.destages += 1;
        self.volatile.devices[device.0 as usize].destages += 1;
        let places: Vec<Place> = cells
            .iter()
            .filter(|cell| cell.copy_for.is_some())
            .filter_map(|cell| self.volatile.tables.place(device, cell.track))
            .collect();
        let keys: Vec<(Device, TrackNo)> = cells.iter().map(|cell| cell.lock).collect();
        let slot = self.start(Work::Destage(Destage { device, cells, phase: DestagePhase::ReadT0 }));
        keys.into_iter().for_each(|key| self.take_free_lock(slot, key));
        if places.is_empty() {
            self.volatile.ready.push_back(slot);
        } else {
            self.read_places(slot, &places, out);
        }
    }

    /// Tracks of the volume that share the track's parity row, itself included.
    fn row_mates(&self, device: Device, track: TrackNo) -> Vec<TrackNo> {
        let tables = &self.volatile.tables;
        let Some(place) = tables.place(device, track) else { return vec![track] };
        let width = u64::from(self.rank.data_disks());
        let column = place.0 % width;
        let last = u64::from(tables.tracks(device)) - 1;
        let low = u64::from(track.0).saturating_sub(column);
        let high = (u64::from(track.0) + width - 1 - column).min(last);
        (low..=high)
            .map(|number| TrackNo(number as u32))
            .filter(|&mate| tables.place(device, mate).is_some_and(|other| other.0 / width == place.0 / width))
            .collect()
    }

    /// What of a track may be destaged now. An older version that is still needed as T0 data goes first, and is itself
    /// that data: nothing is copied for it.
    pub(super) fn destage_cell(&mut self, device: Device, track: TrackNo) -> Option<DestageCell> {
        let newest = self.volatile.cache.newest(device, track)?;
        let slot = self.volatile.cache.older(newest).unwrap_or(newest);
        let SlotState::Modified { nvs, .. } = self.volatile.cache.slot(slot).state else { return None };
        if !self.may_destage(slot) {
            return None;
        }
        let sequence = self.battery.modified.get(nvs).sequence;
        let epoch = self.volatile.cache.slot(slot).epoch;
        let image = self.volatile.cache.slot(slot).image.clone();
        let relation = self.volatile.tables.relation_of_source(device);
        let newer = relation.is_some_and(|relation| relation.number.0 == epoch);
        let exempt = self.parameters.lacks(Mutant::SkipCow)
            || track.0 == 0 && self.parameters.lacks(Mutant::LabelTrackWithoutCow);
        let is_saved = |relation: &&Relation| newer && !relation.owns(track) && !exempt;
        let copy_for = relation.filter(is_saved).map(|relation| relation.number);
        self.volatile.cache.start_destage(slot, sequence);
        Some(DestageCell { track, slot, image, copy_for, newer, lock: self.lock_of(device, track) })
    }

    pub(super) fn end_destage(&mut self, destage: Destage, out: &mut DasdOutbox) {
        let device = destage.device;
        let mut own = Vec::new();
        for cell in &destage.cells {
            self.settle_slot(cell.slot, out);
            self.unlock_track(cell.lock);
            out.report(DasdFact::DestageDone { device, track: cell.track });
            own.push(cell.track);
        }
        self.clear_target_entries(device, own, out);
        self.volatile.destages -= 1;
        self.volatile.devices[device.0 as usize].destages -= 1;
        self.wake_writes();
        self.drained(device, out);
        self.destage_if_due(out);
        self.start_aged_destages(out);
        self.wake_hardened();
    }

    /// NVS has room again.
    pub(super) fn wake_writes(&mut self) {
        self.volatile.full_reported = false;
        while let Some(waiter) = self.volatile.nvs_waiters.pop_front() {
            self.volatile.ready.push_back(waiter);
        }
    }

    /// The version is on disk: it is clean now, unless it was modified again meanwhile.
    pub(super) fn settle_slot(&mut self, slot: SlotNo, out: &DasdOutbox) {
        let SlotState::Destaging { nvs, sequence } = self.volatile.cache.slot(slot).state else {
            unreachable!("a version stays in destage until it ends");
        };
        if self.battery.modified.get(nvs).sequence == sequence {
            self.battery.modified.release(nvs);
            self.volatile.cache.finish_destage(slot);
        } else {
            self.volatile.cache.destage_again(slot, out.now());
        }
    }

    /// Tracks that were written on the target itself lie in its own home now (Table 2 of the patent).
    fn clear_target_entries(&mut self, device: Device, tracks: Vec<TrackNo>, out: &mut DasdOutbox) {
        let Some(relation) = self.volatile.tables.relation_of_target(device) else { return };
        let number: RelationNumber = relation.number;
        let cleared: Vec<TrackNo> = tracks.into_iter().filter(|&track| !relation.owns(track)).collect();
        if cleared.is_empty() {
            return;
        }
        for &track in &cleared {
            out.report(DasdFact::TargetEntryCleared { device, track });
        }
        self.log(super::tables::Record::Own { relation: number, tracks: cleared }, out);
    }

    /// The device is about to become a target: whatever it holds of the copied tracks in cache and NVS is void (MODEL 3.4.1,
    /// H79).
    pub(super) fn discard_versions(&mut self, device: Device, extents: &Extents) {
        if self.parameters.lacks(Mutant::StaleTargetCache) {
            return;
        }
        for slot in self.volatile.cache.versions_of(device) {
            if !extents.contains(self.volatile.cache.slot(slot).track) {
                continue;
            }
            if let Some(nvs) = self.volatile.cache.slot(slot).nvs() {
                self.battery.modified.release(nvs);
            }
            self.volatile.cache.remove(slot);
        }
        self.wake_writes();
    }

    /// The volume's data tracks are deleted: what it holds of them is void; the label track stays.
    pub(super) fn discard_data_versions(&mut self, device: Device) {
        for slot in self.volatile.cache.versions_of(device) {
            let held = self.volatile.cache.slot(slot);
            if held.track.0 == 0 || matches!(held.state, SlotState::Destaging { .. }) {
                continue;
            }
            if let Some(nvs) = held.nvs() {
                self.battery.modified.release(nvs);
            }
            self.volatile.cache.remove(slot);
        }
        self.wake_writes();
    }

    /// A relationship has ended: versions kept behind newer ones only for its sake are void.
    pub(super) fn forget_older_versions(&mut self, source: Device) {
        for slot in self.volatile.cache.versions_of(source) {
            let Some(older) = self.volatile.cache.older(slot) else { continue };
            if let SlotState::Modified { nvs, .. } = self.volatile.cache.slot(older).state {
                self.battery.modified.release(nvs);
                self.volatile.cache.remove(older);
            }
        }
        self.wake_writes();
    }

    /// The T0 content of a source track as the relationship's target sees it.
    pub(super) fn t0_image(&self, epoch: u32, source: Device, track: TrackNo) -> TrackImage {
        match self.cached_t0(epoch, source, track) {
            Some(slot) if !self.parameters.lacks(Mutant::CowCopiesStaleHome) => {
                self.volatile.cache.slot(slot).image.clone()
            }
            _ => self.home_image(source, track),
        }
    }

    /// The cached version that is not newer than T0, if there is one.
    pub(super) fn cached_t0(&self, epoch: u32, source: Device, track: TrackNo) -> Option<SlotNo> {
        let newest = self.volatile.cache.newest(source, track)?;
        if self.parameters.lacks(Mutant::TargetReadFromDirtySlot) {
            return Some(newest);
        }
        if self.volatile.cache.slot(newest).epoch == epoch { self.volatile.cache.older(newest) } else { Some(newest) }
    }

    pub(super) fn proceed_destage(&mut self, slot: u32, mut destage: Destage, out: &mut DasdOutbox) -> Option<Destage> {
        let device = destage.device;
        loop {
            match destage.phase {
                DestagePhase::ReadT0 if self.parameters.lacks(Mutant::SourceWriteBeforeCow) => {
                    destage.phase = DestagePhase::CopyLate;
                    if self.write_own_homes(slot, &destage) {
                        return Some(destage);
                    }
                }
                DestagePhase::ReadT0 | DestagePhase::CopyLate => {
                    destage.phase = DestagePhase::WriteTarget;
                    if self.parameters.lacks(Mutant::OwnBitBeforeCopy) {
                        self.set_bits(&destage, out);
                    }
                    let copies = self.cells_to_copy(&destage);
                    if let Some((target, _)) = copies {
                        let cells: Vec<_> = destage
                            .cells
                            .iter()
                            .filter_map(|cell| cell.copy_for.map(|number| (cell.track, number)))
                            .map(|(track, number)| {
                                (
                                    target,
                                    track,
                                    self.saved_image(number.0, (device, target), track),
                                    Purpose::CopyOnWrite,
                                )
                            })
                            .collect();
                        if self.write_homes(slot, cells) {
                            return Some(destage);
                        }
                    }
                }
                DestagePhase::WriteTarget => {
                    destage.phase = DestagePhase::SetBits;
                    if self.cells_to_copy(&destage).is_some() {
                        self.wait(slot, self.log_time(), out);
                        return Some(destage);
                    }
                }
                DestagePhase::SetBits => {
                    destage.phase = DestagePhase::WriteHome;
                    if !self.parameters.lacks(Mutant::OwnBitBeforeCopy) {
                        self.set_bits(&destage, out);
                    }
                    if self.write_own_homes(slot, &destage) {
                        return Some(destage);
                    }
                }
                DestagePhase::WriteHome => {
                    self.end_destage(destage, out);
                    return None;
                }
            }
        }
    }

    /// Writes the versions to the homes that they belong to. False when there is nothing to write.
    fn write_own_homes(&mut self, slot: u32, destage: &Destage) -> bool {
        let cells = destage.cells.iter();
        let cells = cells
            .map(|cell| (destage.device, cell.track, cell.image.clone(), Purpose::Destage { newer: cell.newer }))
            .collect();
        self.write_homes(slot, cells)
    }

    /// What copy on write puts into the target's home.
    fn saved_image(&self, epoch: u32, (source, target): (Device, Device), track: TrackNo) -> TrackImage {
        // Behind the write of the home, the home is what there is to save.
        if self.parameters.lacks(Mutant::SourceWriteBeforeCow) {
            return self.home_image(source, track);
        }
        let mut image = self.t0_image(epoch, source, track);
        if self.parameters.lacks(Mutant::CowCopiesPartOfTrack) {
            image.tag = image.tag.torn_over(self.home_image(target, track).tag);
        }
        image
    }

    /// What was copied is the target's own from now on.
    fn set_bits(&mut self, destage: &Destage, out: &mut DasdOutbox) {
        let Some((_, relation)) = self.cells_to_copy(destage) else { return };
        let copied = destage.cells.iter().filter(|cell| cell.copy_for.is_some());
        let tracks: Vec<TrackNo> = copied.map(|cell| cell.track).collect();
        for &track in &tracks {
            out.report(DasdFact::CowBitSet { device: destage.device, track });
        }
        self.log(Record::Own { relation, tracks }, out);
    }

    /// The target and relationship for which cells are copied first, while it stands.
    pub(super) fn cells_to_copy(&self, destage: &Destage) -> Option<(Device, RelationNumber)> {
        let number = destage.cells.iter().find_map(|cell| cell.copy_for)?;
        self.volatile.tables.relation(number).map(|relation| (relation.target, number))
    }
}
