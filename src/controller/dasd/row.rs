//! Rows of the rank: every write of homes, with its checks and the stripe log (MODEL 3.7).

use super::command::DasdFact;
use super::microcode::Work;
use super::parameters::StripeLog;
use super::state::StripeIntent;
use super::{DasdController, DasdOutbox};
use crate::device::raid::{Action, DiskOp, Place};
use crate::vocab::{Device, Mutant, Tag, TrackImage, TrackNo};

/// Writes some columns of one row, and its checks.
#[derive(Clone, Debug)]
pub struct RowWrite {
    pub parent: u32,
    pub row: u64,
    pub cells: Vec<RowCell>,
    pub phase: RowPhase,
}

/// What is to be written to a place, and for whom.
#[derive(Clone, Debug)]
pub struct PlaceWrite {
    pub place: Place,
    pub device: Device,
    pub track: TrackNo,
    pub image: TrackImage,
    pub purpose: Purpose,
}

#[derive(Clone, Debug)]
pub struct RowCell {
    pub place: Place,
    pub device: Device,
    pub track: TrackNo,
    pub disk: u16,
    pub image: TrackImage,
    pub purpose: Purpose,
}

/// Why a home is written: decides which fact observers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Destage {
        newer: bool,
    },
    CopyOnWrite,
    Background,
    /// A new place of a log-structured array: nobody is bound to it yet.
    Append,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPhase {
    Lock,
    Read,
    Write,
}

impl DasdController {
    /// Writes tracks to the places they are bound to. False when there is no such place.
    pub(super) fn write_homes(&mut self, parent: u32, tracks: Vec<(Device, TrackNo, TrackImage, Purpose)>) -> bool {
        let bound = |(device, track, image, purpose)| {
            let place = self.volatile.tables.place(device, track)?;
            Some(PlaceWrite { place, device, track, image, purpose })
        };
        let writes = tracks.into_iter().filter_map(bound).collect();
        self.write_places(parent, writes)
    }

    /// Writes places, grouped by row. False when there are none.
    pub(super) fn write_places(&mut self, parent: u32, writes: Vec<PlaceWrite>) -> bool {
        let mut rows: Vec<RowWrite> = Vec::new();
        for PlaceWrite { place, device, track, image, purpose } in writes {
            let location = self.rank.locate(place);
            let cell = RowCell { place, device, track, disk: location.disk, image, purpose };
            match rows.iter_mut().find(|row| row.row == location.row) {
                Some(row) => row.cells.push(cell),
                None => rows.push(RowWrite { parent, row: location.row, cells: vec![cell], phase: RowPhase::Lock }),
            }
        }
        self.volatile.ops[parent as usize].outstanding += rows.len() as u32;
        let any = !rows.is_empty();
        for row in rows {
            let child = self.start(Work::RowWrite(row));
            self.volatile.ready.push_back(child);
        }
        any
    }

    pub(super) fn proceed_row(&mut self, slot: u32, mut row: RowWrite, out: &mut DasdOutbox) -> Option<RowWrite> {
        if row.phase == RowPhase::Lock {
            if !self.lock_row(slot, row.row) {
                return Some(row);
            }
            row.phase = RowPhase::Read;
            for disk in self.disks_to_read(&row) {
                self.submit_disk(DiskOp { disk, row: row.row, rows: 1, action: Action::Read, owner: slot }, out);
            }
            if self.volatile.ops[slot as usize].outstanding > 0 {
                return Some(row);
            }
        }
        if row.phase == RowPhase::Read {
            row.phase = RowPhase::Write;
            self.write_row(slot, &row, out);
            return Some(row);
        }
        self.battery.stripes.retain(|intent| intent.row != row.row);
        self.unlock_row(row.row);
        self.child_ended(row.parent);
        None
    }

    /// What must be read first.
    pub(super) fn disks_to_read(&self, row: &RowWrite) -> Vec<u16> {
        let written: Vec<u16> = row.cells.iter().map(|cell| cell.disk).collect();
        self.rank.reads_before_write(row.row, &written)
    }

    pub(super) fn write_row(&mut self, slot: u32, row: &RowWrite, out: &mut DasdOutbox) {
        let mut cells: Vec<(u16, Tag)> = row.cells.iter().map(|cell| (cell.disk, cell.image.tag)).collect();
        let checks = self.rank.checks_after_write(row.row, &cells);
        cells.extend(checks);
        let saves_t0 = row.cells.iter().any(|cell| cell.purpose == Purpose::CopyOnWrite);
        let exempt = saves_t0 && self.parameters.lacks(Mutant::CowWriteHole);
        if self.parameters.stripe_log == StripeLog::Nvs && !exempt {
            let cells = cells.clone();
            let labels = row.cells.iter().filter_map(|cell| Some((cell.place, cell.image.label.clone()?))).collect();
            self.battery.stripes.push(StripeIntent { row: row.row, cells, labels });
        }
        let mut submitted = 0;
        cells.retain(|&(disk, _)| !self.rank.has_failed(disk, row.row));
        for (disk, tag) in cells {
            let action = Action::Write(tag);
            self.submit_disk(DiskOp { disk, row: row.row, rows: 1, action, owner: slot }, out);
            submitted += 1;
        }
        // Every disk that it would write has failed.
        if submitted == 0 {
            self.volatile.ready.push_back(slot);
        }
    }

    /// A disk operation ended: what it wrote is on the platter now.
    pub(super) fn disk_ended(&mut self, op: DiskOp, arrived: bool, out: &mut DasdOutbox) {
        if let (Action::Write(_), Work::RowWrite(row)) = (&op.action, &self.volatile.ops[op.owner as usize].work) {
            // What a failed disk should hold is known once the check that stands in for it is there.
            let told = |cell: &&RowCell| self.rank.keeper(cell.disk, op.row) == Some(op.disk);
            let cells: Vec<RowCell> = row.cells.iter().filter(told).cloned().collect();
            let is_parity = self.rank.is_parity(op.disk, op.row);
            for cell in cells {
                self.home_written(op.row, cell, arrived, out);
            }
            if is_parity {
                out.report(DasdFact::StripeParityWritten { row: op.row });
            }
        }
        self.child_ended(op.owner);
    }

    fn home_written(&mut self, row: u64, cell: RowCell, arrived: bool, out: &mut DasdOutbox) {
        let RowCell { place, device, track, image, purpose, .. } = cell;
        if let Some(label) = image.label.filter(|_| arrived) {
            self.durable.labels.insert(place, label);
        }
        out.report(DasdFact::StripeDataWritten { row });
        match purpose {
            Purpose::Destage { newer } if self.volatile.tables.relation_of_source(device).is_some() => {
                out.report(DasdFact::SourceHomeWritten { device, track, newer });
            }
            Purpose::Destage { .. } | Purpose::Append => {}
            Purpose::CopyOnWrite => out.report(DasdFact::CowCopyHardened { device, track }),
            Purpose::Background => out.report(DasdFact::BackgroundTrackHardened { device, track }),
        }
    }

    pub(super) fn child_ended(&mut self, parent: u32) {
        let op = &mut self.volatile.ops[parent as usize];
        op.outstanding -= 1;
        if op.outstanding == 0 {
            self.volatile.ready.push_back(parent);
        }
    }
}
