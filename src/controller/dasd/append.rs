//! Destage in a log-structured array: modified tracks of any volumes are appended to the open segment, then bound to where
//! they lie now (MODEL 3.6; patent paragraph 25).
//!
//! One append takes all modified data that waits, up to what is left of the segment, in whole rows: no old data or parity
//! is read. Nothing is bound to the places while they are being written, so a write that is cut leaves everything as it
//! was. Then one metadata transaction redirects the bindings; what they led to before loses one binding each.

use super::command::DasdFact;
use super::destage::DestageCell;
use super::microcode::Work;
use super::row::{PlaceWrite, Purpose};
use super::space::Appender;
use super::tables::{Record, Redirection};
use super::{DasdController, DasdOutbox};
use crate::device::cache::SlotNo;
use crate::device::raid::Place;
use crate::vocab::{Device, Tag, TrackImage, TrackNo};

/// Modified tracks on their way to new places.
#[derive(Clone, Debug)]
pub struct Append {
    pub cluster: u8,
    pub cells: Vec<AppendCell>,
    pub segment: u32,
    pub phase: AppendPhase,
}

#[derive(Clone, Debug)]
pub struct AppendCell {
    pub device: Device,
    pub to: Place,
    pub cell: DestageCell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendPhase {
    Write,
    Redirect,
}

impl DasdController {
    /// Starts an append of what waits for destage in the half of a cluster. False when there is no segment for it.
    pub(super) fn start_append(&mut self, cluster: u8, out: &mut DasdOutbox) -> bool {
        let waiting: Vec<SlotNo> =
            self.volatile.cache.modified(cluster).filter(|&slot| self.may_destage(slot)).collect();
        let places = self.reserve_places(waiting.len() as u64, Appender::Destage, out.now());
        let Some(&first) = places.first() else {
            self.volatile.space.starved = true;
            self.collect_if_due(out);
            return false;
        };
        let segment = self.segment_of(first);
        let append = Append { cluster, cells: Vec::new(), segment, phase: AppendPhase::Write };
        let slot = self.start(Work::Append(append));
        let mut cells: Vec<AppendCell> = Vec::new();
        let mut places = places.into_iter();
        for waiting in waiting.into_iter().take(places.len()) {
            let (device, track) = {
                let held = self.volatile.cache.slot(waiting);
                (held.device, held.track)
            };
            // An older version goes first, and a lock that this append took already excludes a second version.
            let Some(cell) = self.destage_cell(device, track) else { continue };
            self.take_free_lock(slot, cell.lock);
            self.volatile.devices[device.0 as usize].destages += 1;
            out.report(DasdFact::DestageStarted { device, track });
            let to = places.next().expect("there is a place for each");
            cells.push(AppendCell { device, to, cell });
        }
        assert!(!cells.is_empty(), "the oldest modified track itself may be destaged");
        self.volatile.destages += 1;
        let writes = cells.iter().map(|AppendCell { device, to, cell }| PlaceWrite {
            place: *to,
            device: *device,
            track: cell.track,
            image: cell.image.clone(),
            purpose: Purpose::Append,
        });
        let writes = self.in_whole_rows(writes.collect());
        self.write_places(slot, writes);
        let Work::Append(append) = &mut self.volatile.ops[slot as usize].work else {
            unreachable!("the operation was just started");
        };
        append.cells = cells;
        true
    }

    /// Adds what fills the last row: its unused places are written as zeros.
    pub(super) fn in_whole_rows(&self, mut writes: Vec<PlaceWrite>) -> Vec<PlaceWrite> {
        let width = self.row_width();
        while let Some(last) = writes.last().filter(|last| (last.place.0 + 1) % width != 0) {
            let place = Place(last.place.0 + 1);
            let image = TrackImage::data(Tag(0));
            writes.push(PlaceWrite { place, image, device: last.device, track: TrackNo(0), purpose: Purpose::Append });
        }
        writes
    }

    pub(super) fn segment_of(&self, place: Place) -> u32 {
        let directory = self.volatile.tables.directory().expect("only a log-structured array appends");
        directory.segment_of(place)
    }

    pub(super) fn proceed_append(&mut self, slot: u32, mut append: Append, out: &mut DasdOutbox) -> Option<Append> {
        append.phase = match append.phase {
            AppendPhase::Write => {
                self.wait(slot, self.log_time(), out);
                AppendPhase::Redirect
            }
            AppendPhase::Redirect => {
                let moves = append.cells.iter().map(|AppendCell { device, to, cell }| Redirection {
                    device: *device,
                    track: cell.track,
                    to: *to,
                    newer: cell.newer,
                });
                self.log(Record::Redirect { moves: moves.collect() }, out);
                self.end_append(&append, out);
                return None;
            }
        };
        Some(append)
    }

    fn end_append(&mut self, append: &Append, out: &mut DasdOutbox) {
        for AppendCell { device, cell, .. } in &append.cells {
            let (device, track) = (*device, cell.track);
            self.settle_slot(cell.slot, out);
            self.unlock_track(cell.lock);
            self.volatile.devices[device.0 as usize].destages -= 1;
            out.report(DasdFact::TrackRedirected { device, track });
            out.report(DasdFact::DestageDone { device, track });
        }
        self.let_segment_go(append.segment);
        self.volatile.destages -= 1;
        self.volatile.space.pressed = false;
        for AppendCell { device, .. } in &append.cells {
            self.drained(*device, out);
        }
        self.space_gained(out);
        self.wake_hardened();
    }

    /// A cluster that crashed takes no append to its end: its tracks wait again, nothing is bound to what was written.
    pub(super) fn let_append_go(&mut self, append: &Append, out: &DasdOutbox) {
        for AppendCell { device, cell, .. } in &append.cells {
            self.volatile.cache.destage_again(cell.slot, out.now());
            self.unlock_track(cell.lock);
            self.volatile.devices[device.0 as usize].destages -= 1;
        }
        self.let_segment_go(append.segment);
        self.volatile.destages -= 1;
    }
}
