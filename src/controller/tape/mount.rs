//! Mounts: which drive a cartridge goes to, and the way of cartridges between cells and drives.
//!
//! A mount or an unload is pursued from where things are, one mechanical step at a time, until the right cartridge is at the
//! load point, or none is in the drive. So it does not matter what a crash left behind: a foreign cartridge in the
//! middle of its tape is drained, rewound, unloaded and returned first; one whose position is lost is loaded first, which
//! finds the load point. A drive that still holds the cartridge asked for only rewinds.

use super::TapeController;
use super::command::{TapeFact, TapeOutbox, TapeReply, TapeResult, TapeTimerKind};
use super::state::{Active, Activity, Lane, MountRequest, Thread};
use crate::device::cartridge::Record;
use crate::device::library::{Candidate, Cell, Demount, MountOrder};
use crate::kernel::Time;
use crate::vocab::{Cartridge, Drive, Ticket};

/// Where a waiting mount can be served.
enum Assignment {
    Use(Drive),
    /// The cartridge lies in that drive, but the mount names another.
    Clear(Drive),
    Wait,
}

/// How far the way of a cartridge is.
enum Pursuit {
    Reached,
    Underway,
    /// The cell is empty.
    Missing,
}

impl TapeController {
    pub(super) fn ask_for_mount(
        &mut self,
        ticket: Ticket,
        drive: Option<Drive>,
        cartridge: Cartridge,
        outbox: &mut TapeOutbox,
    ) {
        if drive.is_some_and(|drive| usize::from(drive.0) >= self.volatile.units.len()) {
            return outbox.send(TapeReply { ticket, result: TapeResult::NotReady });
        }
        match self.durable.map.home(cartridge) {
            Some(cell) => self.volatile.waiting.push_back(MountRequest { ticket, drive, cell }),
            None => outbox.send(TapeReply { ticket, result: TapeResult::CartridgeMissing }),
        }
    }

    /// Gives drives to the mounts that wait, first come first served as far as they can be.
    pub(super) fn serve_waiting(&mut self, outbox: &mut TapeOutbox) {
        if self.parameters.library.order == MountOrder::MountedFirst {
            self.serve_mounted(outbox);
        }
        let mut index = 0;
        while let Some(&request) = self.volatile.waiting.get(index) {
            match self.assign(request, outbox.now()) {
                Assignment::Wait => index += 1,
                Assignment::Clear(drive) => {
                    self.take(drive, Active::Unload { ticket: None }, outbox);
                    index += 1;
                }
                Assignment::Use(drive) => self.give(index, drive, outbox),
            }
        }
    }

    /// Gives their drives to the mounts whose cartridge is in one that is free.
    fn serve_mounted(&mut self, outbox: &mut TapeOutbox) {
        let mut index = 0;
        while let Some(&request) = self.volatile.waiting.get(index) {
            let holder = self.durable.map.drive_with(request.cell);
            match self.assign(request, outbox.now()) {
                Assignment::Use(drive) if holder == Some(drive) => self.give(index, drive, outbox),
                Assignment::Use(_) | Assignment::Clear(_) | Assignment::Wait => index += 1,
            }
        }
    }

    /// Reserves `drive` for the waiting mount `index`, which begins.
    fn give(&mut self, index: usize, drive: Drive, outbox: &mut TapeOutbox) {
        let request = self.volatile.waiting.remove(index).expect("the mount waits");
        let unit = self.unit_mut(drive);
        unit.reserved = true;
        unit.mounts += 1;
        self.take(drive, Active::Mount { ticket: request.ticket, cell: request.cell }, outbox);
    }

    pub(super) fn advance_mount(&mut self, drive: Drive, cell: Cell, outbox: &mut TapeOutbox) -> bool {
        match self.pursue(drive, Some(cell), outbox) {
            Pursuit::Underway => false,
            Pursuit::Reached if self.mishaps.mounts > 0 => {
                self.mount_failed(drive, outbox);
                true
            }
            Pursuit::Reached => {
                self.mounted(drive, outbox);
                true
            }
            Pursuit::Missing => {
                self.unit_mut(drive).reserved = false;
                self.finish(drive, TapeResult::CartridgeMissing, outbox);
                true
            }
        }
    }

    pub(super) fn advance_unload(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        match self.pursue(drive, self.unload_goal(drive), outbox) {
            Pursuit::Underway => false,
            Pursuit::Reached | Pursuit::Missing => {
                self.unit_mut(drive).reserved = false;
                self.finish(drive, TapeResult::Done, outbox);
                // The drive belongs to nobody now.
                self.drop_queue(drive, outbox);
                true
            }
        }
    }

    /// The cell of a cartridge that stays in its drive for the next who wants it; none when it goes back.
    fn unload_goal(&self, drive: Drive) -> Option<Cell> {
        let for_another = matches!(self.unit(drive).active, Some(Active::Unload { ticket: None }));
        match self.parameters.library.demount {
            Demount::WhenNeeded if !for_another => self.durable.map.held(drive).map(|held| held.cell),
            Demount::WhenNeeded | Demount::AtUnload => None,
        }
    }

    pub(super) fn start_loading(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let unit = self.unit(drive);
        let delay = unit.down_until.saturating_since(outbox.now()) + unit.drive.parameters().load;
        self.occupy(drive, Activity::Loading, TapeTimerKind::Loaded, delay, outbox);
    }

    pub(super) fn loaded(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let (cartridge, unit, _) = self.threaded(drive);
        unit.thread = Thread::Loaded;
        self.set_activity(drive, Activity::Rest, outbox.now());
        outbox.report(TapeFact::Loaded { drive, cartridge });
    }

    pub(super) fn unloaded(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let (cartridge, unit, _) = self.threaded(drive);
        unit.thread = Thread::Ejected;
        self.set_activity(drive, Activity::Rest, outbox.now());
        outbox.report(TapeFact::Unloaded { drive, cartridge });
    }

    /// An accessor has moved a cartridge: out of the drive if there was one, else into it.
    pub(super) fn exchanged(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        if let Some(next) = self.volatile.accessors.done(outbox.now(), drive) {
            self.start_exchange(next, outbox);
        }
        self.unit_mut(drive).thread = Thread::Out;
        if self.durable.map.held(drive).is_some() {
            let held = self.durable.map.store(drive);
            outbox.report(TapeFact::Stored { drive, cartridge: held.cartridge });
        } else if let Some(Active::Mount { cell, .. }) = self.unit(drive).active {
            // An empty cell shows when the mount goes on.
            let _ = self.durable.map.fetch(cell, drive);
        }
        self.set_activity(drive, Activity::Rest, outbox.now());
    }

    fn assign(&self, request: MountRequest, now: Time) -> Assignment {
        let is_free = |drive: Drive| self.unit(drive).is_free();
        let is_offline = |drive: Drive| self.unit(drive).down_until > now && self.durable.map.held(drive).is_none();
        let on_its_way = self
            .volatile
            .units
            .iter()
            .any(|unit| matches!(unit.active, Some(Active::Mount { cell, .. }) if cell == request.cell));
        if on_its_way {
            return Assignment::Wait;
        }
        let holder = self.durable.map.drive_with(request.cell);
        match (request.drive, holder) {
            (Some(wanted), Some(holder)) if wanted != holder => {
                if is_free(holder) {
                    Assignment::Clear(holder)
                } else {
                    Assignment::Wait
                }
            }
            (Some(drive), _) | (None, Some(drive)) => {
                if is_free(drive) && !is_offline(drive) {
                    Assignment::Use(drive)
                } else {
                    Assignment::Wait
                }
            }
            (None, None) => {
                let candidates = self.durable.map.drives().filter(|&drive| {
                    let unit = self.unit(drive);
                    unit.is_free() && unit.down_until <= now
                });
                let candidates = candidates.map(|drive| self.candidate(drive, request.cell));
                self.parameters.library.choice.choose(candidates).map_or(Assignment::Wait, Assignment::Use)
            }
        }
    }

    fn candidate(&self, drive: Drive, cell: Cell) -> Candidate {
        let unit = self.unit(drive);
        Candidate {
            drive,
            is_empty: self.durable.map.held(drive).is_none(),
            failed_mounts: unit.failed_mounts,
            mounts: unit.mounts,
            distance: self.parameters.library.geometry.distance(cell, drive),
        }
    }

    fn take(&mut self, drive: Drive, active: Active, outbox: &mut TapeOutbox) {
        self.disarm(drive, Lane::Idle);
        let unit = self.unit_mut(drive);
        assert!(unit.active.is_none(), "a free drive executes nothing");
        unit.idle_armed = false;
        unit.unreported = None;
        unit.active = Some(active);
        self.settle(drive, outbox);
    }

    /// The next step towards the cartridge of `goal` at the load point, or towards an empty drive.
    fn pursue(&mut self, drive: Drive, goal: Option<Cell>, outbox: &mut TapeOutbox) -> Pursuit {
        let is_drained = self.drained(drive);
        if !self.unit(drive).is_interruptible() {
            return Pursuit::Underway;
        }
        let Some(held) = self.durable.map.held(drive) else {
            let Some(cell) = goal else { return Pursuit::Reached };
            if self.durable.map.in_cell(cell).is_none() {
                return Pursuit::Missing;
            }
            self.ask_for_exchange(drive, outbox);
            return Pursuit::Underway;
        };
        let is_wanted = Some(held.cell) == goal;
        let unit = self.unit(drive);
        match unit.thread {
            Thread::Out => self.start_loading(drive, outbox),
            Thread::Ejected if is_wanted => self.start_loading(drive, outbox),
            Thread::Ejected => self.ask_for_exchange(drive, outbox),
            Thread::Loaded if !is_drained => {}
            Thread::Loaded if unit.drive.head() > 0 => self.start_rewinding(drive, outbox),
            Thread::Loaded if is_wanted => return Pursuit::Reached,
            Thread::Loaded => {
                let delay = unit.drive.parameters().unload;
                self.occupy(drive, Activity::Unloading, TapeTimerKind::Unloaded, delay, outbox);
            }
        }
        Pursuit::Underway
    }

    fn ask_for_exchange(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        self.set_activity(drive, Activity::Exchanging, outbox.now());
        if let Some(drive) = self.volatile.accessors.ask(outbox.now(), drive) {
            self.start_exchange(drive, outbox);
        }
    }

    fn start_exchange(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        // A stopped accessor takes up its work where it stood.
        let stopped = self.mishaps.accessors_stopped_until.saturating_since(outbox.now());
        let held = self.durable.map.held(drive).map(|held| held.cell);
        let cell = held.or_else(|| match self.unit(drive).active {
            Some(Active::Mount { cell, .. }) => Some(cell),
            _ => None,
        });
        let library = &self.parameters.library;
        let delay = stopped + cell.map_or(library.exchange, |cell| library.exchange_of(cell, drive));
        self.arm(drive, TapeTimerKind::Exchanged, delay, outbox);
    }

    /// The cartridge did not thread: the library takes it out again.
    fn mount_failed(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        self.mishaps.mounts -= 1;
        let unit = self.unit_mut(drive);
        unit.failed_mounts += 1;
        unit.reserved = false;
        self.finish(drive, TapeResult::MountFailed, outbox);
        self.unit_mut(drive).active = Some(Active::Unload { ticket: None });
    }

    /// Answers a mount with the ID in the volume label. Reading it is part of the load time.
    fn mounted(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let (cartridge, _, medium) = self.threaded(drive);
        let volser = match medium.is_empty() {
            true => None,
            false => match medium.try_read(0) {
                Ok(Record::Vol1 { volser }) => Some(*volser),
                Ok(_) | Err(_) => None,
            },
        };
        outbox.report(TapeFact::Mounted { drive, cartridge });
        self.finish(drive, TapeResult::Mounted { drive, volser }, outbox);
    }
}
