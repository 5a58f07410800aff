//! Upkeep of the rank: filling a spare, and scrubbing (MODEL 3.7).
//!
//! Both go over all rows of the disks, so many at a time, and hold the locks of those rows meanwhile, so that no host write
//! of the same row falls in between. They take disks like every other operation and are paced: a rebuild by its rate, a
//! scrub so that one pass fills its period. How far a rebuild has come is durable; a scrub begins again after a restart of the
//! controller. Upkeep ends with the workloads of a run (`world::build::stop_workloads`): what is left of it is not work
//! that a run waits for.

use std::ops::Range;

use super::command::DasdFact;
use super::microcode::Work;
use super::{DasdController, DasdOutbox};
use crate::device::disk::SECTOR_BYTES;
use crate::device::raid::{Action, DiskOp, Finding};
use crate::kernel::{Span, Time};

/// Rows of one turn of a scrub, and the least of a rebuild (A: a cylinder's worth of each disk).
const TURN: u64 = 15;
/// A rebuild takes what its rate fills in this time (A), so that positioning is a small part of it.
const TURN_TIME: Span = Span::from_ms(100);
/// No more than this (A): a host request may have to wait for a turn.
const LONGEST_TURN: u64 = 1_000;

/// A pass over the rows of the rank.
#[derive(Clone, Debug)]
pub struct Upkeep {
    pub kind: UpkeepKind,
    /// The next rows, and the first of them that is not locked.
    pub row: u64,
    pub locked: u64,
    pub started: Time,
    pub phase: UpkeepPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpkeepKind {
    /// Of the spare in the place of this disk.
    Rebuild {
        disk: u16,
    },
    Scrub,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpkeepPhase {
    Locks,
    Disks,
    Repair,
    Pace,
}

impl Upkeep {
    fn new(kind: UpkeepKind, row: u64, phase: UpkeepPhase) -> Upkeep {
        Upkeep { kind, row, locked: row, started: Time::ZERO, phase }
    }
}

impl DasdController {
    /// The controller begins to work: a scrub is due after its first interval.
    pub fn begin(&mut self, out: &mut DasdOutbox) {
        self.start_scrub(out);
        self.run_ready(out);
    }

    /// The run comes to its end: upkeep ends at its next turn.
    pub fn stop_upkeep(&mut self) {
        self.upkeep_stopped = true;
    }

    /// Whatever spare is incomplete is filled from where it stands.
    pub(super) fn start_rebuilds(&mut self) {
        let rebuilding = |op: &super::microcode::Op, disk: u16| matches!(&op.work, Work::Upkeep(upkeep) if upkeep.kind == UpkeepKind::Rebuild { disk });
        for (disk, row) in self.rank.rebuilding() {
            if !self.volatile.ops.iter().any(|op| rebuilding(op, disk)) {
                let kind = UpkeepKind::Rebuild { disk };
                let slot = self.start(Work::Upkeep(Upkeep::new(kind, row, UpkeepPhase::Locks)));
                self.volatile.ready.push_back(slot);
            }
        }
    }

    pub(super) fn start_scrub(&mut self, out: &mut DasdOutbox) {
        let running =
            |op: &super::microcode::Op| matches!(&op.work, Work::Upkeep(upkeep) if upkeep.kind == UpkeepKind::Scrub);
        if self.parameters.scrub_every == Span::ZERO || self.volatile.ops.iter().any(running) {
            return;
        }
        let mut upkeep = Upkeep::new(UpkeepKind::Scrub, 0, UpkeepPhase::Pace);
        upkeep.started = out.now();
        let slot = self.start(Work::Upkeep(upkeep));
        self.wait(slot, self.scrub_interval(), out);
    }

    pub(super) fn proceed_upkeep(&mut self, slot: u32, mut upkeep: Upkeep, out: &mut DasdOutbox) -> Option<Upkeep> {
        loop {
            let end = self.end_of_turn(&upkeep);
            match upkeep.phase {
                UpkeepPhase::Locks => {
                    if self.upkeep_stopped && upkeep.locked == upkeep.row {
                        return None;
                    }
                    upkeep.started = if upkeep.locked == upkeep.row { out.now() } else { upkeep.started };
                    while upkeep.locked < end {
                        if !self.lock_row(slot, upkeep.locked) {
                            return Some(upkeep);
                        }
                        upkeep.locked += 1;
                    }
                    upkeep.phase = UpkeepPhase::Disks;
                    self.sweep(slot, &upkeep, end, out);
                    return Some(upkeep);
                }
                UpkeepPhase::Disks => {
                    upkeep.phase = UpkeepPhase::Repair;
                    if upkeep.kind == UpkeepKind::Scrub && self.repair(slot, upkeep.row..end, out) {
                        return Some(upkeep);
                    }
                }
                UpkeepPhase::Repair => {
                    (upkeep.row..upkeep.locked).for_each(|row| self.unlock_row(row));
                    let bytes = (end - upkeep.row) * self.slot_bytes();
                    (upkeep.row, upkeep.locked) = (end, end);
                    if end == self.rank.rows() && self.pass_ended(&mut upkeep, out) {
                        return None;
                    }
                    upkeep.phase = UpkeepPhase::Pace;
                    let interval = match upkeep.kind {
                        UpkeepKind::Rebuild { .. } => Span::of_transfer(bytes, self.parameters.rebuild_rate),
                        UpkeepKind::Scrub => self.scrub_interval(),
                    };
                    let due = upkeep.started + interval;
                    self.wait(slot, due.saturating_since(out.now()), out);
                    return Some(upkeep);
                }
                UpkeepPhase::Pace => upkeep.phase = UpkeepPhase::Locks,
            }
        }
    }

    /// All rows have been visited. True when that is the end.
    fn pass_ended(&mut self, upkeep: &mut Upkeep, out: &mut DasdOutbox) -> bool {
        match upkeep.kind {
            UpkeepKind::Rebuild { disk } => {
                out.report(DasdFact::RebuildDone { disk });
                true
            }
            UpkeepKind::Scrub => {
                out.report(DasdFact::ScrubPassDone);
                (upkeep.row, upkeep.locked) = (0, 0);
                false
            }
        }
    }

    /// A pass takes its period.
    fn scrub_interval(&self) -> Span {
        let turns = self.rank.rows().div_ceil(TURN);
        Span::from_ns(self.parameters.scrub_every.ns() / turns)
    }

    fn end_of_turn(&self, upkeep: &Upkeep) -> u64 {
        let rows = match upkeep.kind {
            UpkeepKind::Scrub => TURN,
            UpkeepKind::Rebuild { .. } => {
                let bytes = u128::from(self.parameters.rebuild_rate) * u128::from(TURN_TIME.ns()) / 1_000_000_000;
                u64::try_from(bytes / u128::from(self.slot_bytes())).unwrap_or(LONGEST_TURN).clamp(TURN, LONGEST_TURN)
            }
        };
        (upkeep.row + rows).min(self.rank.rows())
    }

    fn slot_bytes(&self) -> u64 {
        u64::from(self.parameters.rank.slot_sectors) * SECTOR_BYTES
    }

    /// Reads the rows: of a rebuild what the spare's slots are computed from, of a scrub everything. A spare is written
    /// while the others are read, a little behind them: the turn takes as long as the longest of the sweeps (A).
    fn sweep(&mut self, slot: u32, upkeep: &Upkeep, end: u64, out: &mut DasdOutbox) {
        let (row, rows) = (upkeep.row, (end - upkeep.row) as u32);
        let UpkeepKind::Rebuild { disk: spare } = upkeep.kind else {
            let whole: Vec<u16> = (0..self.rank.disks()).filter(|&disk| !self.rank.has_failed(disk, row)).collect();
            for disk in whole {
                self.submit_disk(DiskOp { disk, row, rows, action: Action::Read, owner: slot }, out);
            }
            return;
        };
        // With rotated checks, and with a second failure, the sources differ from row to row.
        let mut sources: Vec<u16> = (row..end).flat_map(|row| self.rank.sources(spare, row)).collect();
        sources.sort_unstable();
        sources.dedup();
        for disk in sources {
            self.submit_disk(DiskOp { disk, row, rows, action: Action::Read, owner: slot }, out);
        }
        self.submit_disk(DiskOp { disk: spare, row, rows, action: Action::Rebuild, owner: slot }, out);
    }

    /// Writes what the rest of each row tells better. False when there is nothing to write.
    fn repair(&mut self, slot: u32, rows: Range<u64>, out: &mut DasdOutbox) -> bool {
        let mut any = false;
        for finding in self.rank.scrub(rows) {
            match finding {
                Finding::Repair { disk, row, tag } => {
                    out.report(DasdFact::SlotRepaired { disk, row });
                    self.submit_disk(DiskOp { disk, row, rows: 1, action: Action::Write(tag), owner: slot }, out);
                    any = true;
                }
                Finding::Lost { disk, row } => out.report(DasdFact::SlotLost { disk, row }),
                Finding::Mismatch { row } => out.report(DasdFact::ScrubMismatch { row }),
            }
        }
        any
    }

    /// Its cluster crashed: the rows are free again, and another pass goes on (a rebuild) or begins (a scrub).
    pub(super) fn let_upkeep_go(&mut self, slot: u32, upkeep: &Upkeep) {
        for row in upkeep.row..self.end_of_turn(upkeep) {
            if self.volatile.row_locks.get(&row).is_some_and(|lock| lock.holder == slot) {
                self.unlock_row(row);
            }
        }
    }
}
