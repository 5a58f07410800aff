//! Rows of the rank: every write of homes, with parity and the stripe log (MODEL 3.7).

use std::sync::Arc;

use super::command::DasdFact;
use super::microcode::Work;
use super::parameters::StripeLog;
use super::state::StripeIntent;
use super::{DasdController, DasdOutbox};
use crate::device::raid::{Action, DiskOp};
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

#[derive(Clone, Debug)]
pub struct RowCell {
    pub device: Device,
    pub track: TrackNo,
    pub disk: u16,
    pub image: TrackImage,
    pub purpose: Purpose,
}

/// Why a home is written: decides which fact observers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Destage { newer: bool },
    CopyOnWrite,
    Background,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPhase {
    Lock,
    Read,
    Write,
}

impl DasdController {
    /// Writes tracks to their homes, grouped by row. False when no track has a home.
    pub(super) fn write_homes(&mut self, parent: u32, tracks: Vec<(Device, TrackNo, TrackImage, Purpose)>) -> bool {
        let mut rows: Vec<RowWrite> = Vec::new();
        for (device, track, image, purpose) in tracks {
            let Some(place) = self.volatile.tables.place(device, track) else { continue };
            let location = self.rank.locate(place);
            let cell = RowCell { device, track, disk: location.disk, image, purpose };
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
    /// whichever is fewer. A full row needs nothing.
    pub(super) fn disks_to_read(&self, row: &RowWrite) -> Vec<u16> {
        let disks = self.rank.disks();
        let written = |disk: u16| row.cells.iter().any(|cell| cell.disk == disk);
        let others: Vec<u16> = (0..disks).filter(|&disk| disk != row.parity_disk && !written(disk)).collect();
        if others.len() <= row.cells.len() {
            return others;
        }
        let mut old: Vec<u16> = row.cells.iter().map(|cell| cell.disk).collect();
        old.push(row.parity_disk);
        old
    }

    pub(super) fn write_row(&mut self, slot: u32, row: &RowWrite, out: &mut DasdOutbox) {
        let disks = self.rank.disks();
        let new_tag = |disk: u16| row.cells.iter().find(|cell| cell.disk == disk).map(|cell| cell.image.tag);
        let parity = if self.disks_to_read(row).contains(&row.parity_disk) {
            row.cells.iter().fold(self.rank.slot(row.parity_disk, row.row), |parity, cell| {
                Tag(parity.0 ^ self.rank.slot(cell.disk, row.row).0 ^ cell.image.tag.0)
            })
        } else {
            (0..disks).filter(|&disk| disk != row.parity_disk).fold(Tag(0), |parity, disk| {
                Tag(parity.0 ^ new_tag(disk).unwrap_or_else(|| self.rank.slot(disk, row.row)).0)
            })
        };
        if self.parameters.stripe_log == StripeLog::Nvs {
            let mut cells: Vec<(u16, Tag)> = row.cells.iter().map(|cell| (cell.disk, cell.image.tag)).collect();
            cells.push((row.parity_disk, parity));
            let labels = row.cells.iter().filter_map(|cell| Some((cell.device, cell.image.label.clone()?))).collect();
            self.battery.stripes.push(StripeIntent { row: row.row, cells, labels });
        }
        for cell in &row.cells {
            let action = Action::Write(cell.image.tag);
            self.submit_disk(DiskOp { disk: cell.disk, row: row.row, rows: 1, action, owner: slot }, out);
        }
        let action = Action::Write(parity);
        self.submit_disk(DiskOp { disk: row.parity_disk, row: row.row, rows: 1, action, owner: slot }, out);
    }

    /// A disk operation ended: what it wrote is on the platter now.
    pub(super) fn disk_ended(&mut self, op: DiskOp, out: &mut DasdOutbox) {
        if let (Action::Write(_), Work::RowWrite(row)) = (&op.action, &self.volatile.ops[op.owner as usize].work) {
            match row.cells.iter().find(|cell| cell.disk == op.disk) {
                Some(cell) => {
                    let RowCell { device, track, ref image, purpose, .. } = *cell;
                    if let Some(label) = &image.label {
                        self.durable.home_labels[device.0 as usize] = Arc::clone(label);
                    }
                    out.report(DasdFact::StripeDataWritten { row: op.row });
                    match purpose {
                        Purpose::Destage { newer } if self.volatile.tables.relation_of_source(device).is_some() => {
                            out.report(DasdFact::SourceHomeWritten { device, track, newer });
                        }
                        Purpose::Destage { .. } => {}
                        Purpose::CopyOnWrite => out.report(DasdFact::CowCopyHardened { device, track }),
                        Purpose::Background => out.report(DasdFact::BackgroundTrackHardened { device, track }),
                    }
                }
                None => out.report(DasdFact::StripeParityWritten { row: op.row }),
            }
        }
        self.child_ended(op.owner);
    }

    pub(super) fn child_ended(&mut self, parent: u32) {
        let op = &mut self.volatile.ops[parent as usize];
        op.outstanding -= 1;
        if op.outstanding == 0 {
            self.volatile.ready.push_back(parent);
        }
    }
}
