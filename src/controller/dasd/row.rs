//! Rows of the rank: every write of homes, with parity and the stripe log (MODEL 3.7).

use super::command::DasdFact;
use super::microcode::Work;
use super::parameters::StripeLog;
use super::state::StripeIntent;
use super::{DasdController, DasdOutbox};
use crate::device::raid::{Action, DiskOp, Place};
use crate::vocab::{Device, Tag, TrackImage, TrackNo};

/// Writes some columns of one row, and its parity.
#[derive(Clone, Debug)]
pub struct RowWrite {
    pub parent: u32,
    pub row: u64,
    pub parity_disk: u16,
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
                None => rows.push(RowWrite {
                    parent,
                    row: location.row,
                    parity_disk: location.parity_disk,
                    cells: vec![cell],
                    phase: RowPhase::Lock,
                }),
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

    /// What the new parity is computed from: the old content of the columns and the old parity, or the other columns,
    /// whichever is fewer; where one of them cannot be read, the other way. A full row needs nothing, nor does one whose
    /// parity disk failed.
    pub(super) fn disks_to_read(&self, row: &RowWrite) -> Vec<u16> {
        if self.rank.has_failed(row.parity_disk) {
            return Vec::new();
        }
        let disks = self.rank.disks();
        let written = |disk: u16| row.cells.iter().any(|cell| cell.disk == disk);
        let others: Vec<u16> = (0..disks).filter(|&disk| disk != row.parity_disk && !written(disk)).collect();
        let mut old: Vec<u16> = row.cells.iter().map(|cell| cell.disk).collect();
        old.push(row.parity_disk);
        let (better, worse) = if others.len() <= row.cells.len() { (others, old) } else { (old, others) };
        let readable = |disks: &[u16]| disks.iter().all(|&disk| self.rank.is_readable(disk, row.row));
        if readable(&better) || !readable(&worse) { better } else { worse }
    }

    pub(super) fn write_row(&mut self, slot: u32, row: &RowWrite, out: &mut DasdOutbox) {
        let disks = self.rank.disks();
        let new_tag = |disk: u16| row.cells.iter().find(|cell| cell.disk == disk).map(|cell| cell.image.tag);
        let parity = if self.disks_to_read(row).contains(&row.parity_disk) {
            row.cells.iter().fold(self.rank.content(row.parity_disk, row.row), |parity, cell| {
                Tag(parity.0 ^ self.rank.content(cell.disk, row.row).0 ^ cell.image.tag.0)
            })
        } else {
            (0..disks).filter(|&disk| disk != row.parity_disk).fold(Tag(0), |parity, disk| {
                Tag(parity.0 ^ new_tag(disk).unwrap_or_else(|| self.rank.content(disk, row.row)).0)
            })
        };
        if self.parameters.stripe_log == StripeLog::Nvs {
            let mut cells: Vec<(u16, Tag)> = row.cells.iter().map(|cell| (cell.disk, cell.image.tag)).collect();
            cells.push((row.parity_disk, parity));
            let labels = row.cells.iter().filter_map(|cell| Some((cell.place, cell.image.label.clone()?))).collect();
            self.battery.stripes.push(StripeIntent { row: row.row, cells, labels });
        }
        let mut submitted = 0;
        let writes = row.cells.iter().map(|cell| (cell.disk, cell.image.tag)).chain([(row.parity_disk, parity)]);
        for (disk, tag) in writes.filter(|&(disk, _)| !self.rank.has_failed(disk)).collect::<Vec<_>>() {
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
            let is_parity = op.disk == row.parity_disk;
            // What a failed disk should hold is known once the parity is there.
            let told = |cell: &&RowCell| cell.disk == op.disk || is_parity && self.rank.has_failed(cell.disk);
            let cells: Vec<RowCell> = row.cells.iter().filter(told).cloned().collect();
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
