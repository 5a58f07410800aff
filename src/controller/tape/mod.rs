//! The tape controller: channel programs for drives, mounts for the library, and what is lost when something breaks.
//!
//! A job mounts a cartridge and gets a drive reserved. It then sends channel programs, which the drive executes one after
//! the other: a chain of writes pays the channel's overhead once, and its records cross the channel one by one. A record
//! is acknowledged when it is in the drive's buffer. The drive hardens blocks on its own account: it starts when the next
//! record finds no room, when a command asks for it (a synchronising mark, a read, a locate, a rewind, an unload), or when no
//! command has come for as long as a backhitch takes (an assumption: then a stop costs nothing that was not lost already).
//! A program that finds the buffer full, or nothing read ahead, gives the path back and asks again.
//!
//! An unusual end of a command, such as an error, ends the commands behind it as well. A write error drops the buffer from
//! the failed block on and is reported to the program, which still has the blocks or can read them again; without a
//! program to tell, the next command is told. Before it reports, the drive tries again by itself, which costs one backhitch
//! and the time of the block (an assumption).
//!
//! Each record that arrives and each block that is hardened is an event of its own, and so a place to crash.
//!
//! Left out: read backward, density and format choice, command time-outs. Control commands take no channel time.

pub mod command;
mod fault;
mod motion;
mod mount;
mod program;
pub mod state;

#[cfg(test)]
mod tests;

pub use command::{
    LabelKind, ReadEnd, TapeCommand, TapeFact, TapeOutbox, TapeReply, TapeResult, TapeTimer, TapeTimerKind, Target,
};
pub use state::{Durable, TapeParameters};

use state::{Active, Activity, Fixture, Lane, Mishaps, Unit, Volatile};

use crate::device::cartridge::{Cartridge, TapeVolser};
use crate::device::drive::{DriveState, DriveUsage};
use crate::device::library::CellMap;
use crate::kernel::{Span, Time, Usage};
use crate::vocab::{self, Drive, Ticket};

#[derive(Clone, Debug)]
pub struct TapeController {
    parameters: TapeParameters,
    durable: Durable,
    volatile: Volatile,
    fixtures: Vec<Fixture>,
    mishaps: Mishaps,
}

impl TapeController {
    /// All cartridges in their cells, all drives empty.
    pub fn new(parameters: TapeParameters, cartridges: Vec<Cartridge>) -> TapeController {
        let count = u16::try_from(cartridges.len()).expect("cartridges are numbered in two bytes");
        let map = CellMap::new(count, parameters.drives);
        TapeController {
            volatile: Volatile::new(&parameters),
            fixtures: vec![Fixture::default(); parameters.drives.into()],
            mishaps: Mishaps::default(),
            durable: Durable { cartridges, map },
            parameters,
        }
    }

    pub fn command(&mut self, command: TapeCommand, outbox: &mut TapeOutbox) {
        match command {
            TapeCommand::Mount { ticket, drive, cartridge } => self.ask_for_mount(ticket, drive, cartridge, outbox),
            TapeCommand::Write { drive, .. }
            | TapeCommand::WriteMark { drive, .. }
            | TapeCommand::Read { drive, .. }
            | TapeCommand::Locate { drive, .. }
            | TapeCommand::Rewind { drive, .. }
            | TapeCommand::Unload { drive, .. } => {
                if !self.is_reserved(drive) {
                    return reply(command.ticket(), TapeResult::NotReady, drive, outbox);
                }
                self.unit_mut(drive).queue.push_back(command);
                self.settle(drive, outbox);
            }
        }
        self.serve_waiting(outbox);
    }

    pub fn timer(&mut self, timer: TapeTimer, outbox: &mut TapeOutbox) {
        if !self.is_live(timer) {
            // A crash or another command came between.
            return;
        }
        let drive = Drive(u8::try_from(timer.slot).expect("a timer names a drive"));
        match timer.kind {
            TapeTimerKind::Transferred => self.transferred(drive, outbox),
            TapeTimerKind::Hardened => self.hardened(drive, outbox),
            TapeTimerKind::ReadAhead => self.read_ahead(drive, outbox),
            TapeTimerKind::Repositioned => self.set_activity(drive, Activity::Rest, outbox.now()),
            TapeTimerKind::Retried => self.retried(drive, outbox),
            TapeTimerKind::Located => self.located(drive, outbox),
            TapeTimerKind::Rewound => self.rewound(drive, outbox),
            TapeTimerKind::Loaded => self.loaded(drive, outbox),
            TapeTimerKind::Unloaded => self.unloaded(drive, outbox),
            TapeTimerKind::Exchanged => self.exchanged(drive, outbox),
            TapeTimerKind::Returned => {}
            TapeTimerKind::Idled => {
                let unit = self.unit_mut(drive);
                unit.idle_armed = false;
                unit.flush = true;
            }
        }
        self.settle(drive, outbox);
        self.serve_waiting(outbox);
    }

    /// False for a timer that something overtook: it is to be dropped unseen.
    pub fn is_live(&self, timer: TapeTimer) -> bool {
        self.fixtures
            .get(timer.slot as usize)
            .is_some_and(|fixture| fixture.generations[Lane::of(timer.kind) as usize] == timer.generation)
    }

    /// What is hardened, and where the cartridges are.
    pub fn durable(&self) -> &Durable {
        &self.durable
    }

    pub fn cartridge(&self, cartridge: vocab::Cartridge) -> &Cartridge {
        &self.durable.cartridges[usize::from(cartridge.0)]
    }

    /// The medium that somebody finds who looks for the cartridge called `name`: in its own cell if it is there, else
    /// anywhere in the library. `None` when no cartridge bears that name any more.
    pub fn cartridge_named(&self, cartridge: vocab::Cartridge, name: TapeVolser) -> Option<&Cartridge> {
        let map = &self.durable.map;
        let bears = |found: &vocab::Cartridge| self.cartridge(*found).volser() == Some(name);
        let own_cell = map.home(cartridge).and_then(|cell| map.delivered_from(cell));
        let found = own_cell.filter(bears).or_else(|| map.present().find(bears))?;
        Some(self.cartridge(found))
    }

    /// The cartridge in `drive`.
    pub fn cartridge_in(&self, drive: Drive) -> Option<vocab::Cartridge> {
        self.durable.map.held(drive).map(|held| held.cartridge)
    }

    pub fn is_reserved(&self, drive: Drive) -> bool {
        self.volatile.units.get(usize::from(drive.0)).is_some_and(|unit| unit.reserved)
    }

    /// Records of `drive` that are acknowledged and not on tape.
    pub fn unhardened(&self, drive: Drive) -> u64 {
        self.unit(drive).drive.unhardened()
    }

    /// The record that the next command would read or write.
    pub fn position(&self, drive: Drive) -> u64 {
        self.unit(drive).drive.position()
    }

    /// Mounts that wait for a drive.
    pub fn waiting_mounts(&self) -> usize {
        self.volatile.waiting.len()
    }

    /// Whether nothing goes on and nothing is left to do without a new command.
    pub fn is_quiet(&self) -> bool {
        self.volatile.waiting.is_empty()
            && self
                .volatile
                .units
                .iter()
                .all(|unit| unit.active.is_none() && unit.activity == Activity::Rest && unit.drive.unhardened() == 0)
    }

    pub fn drive_usage(&self, drive: Drive) -> &DriveUsage {
        &self.fixtures[usize::from(drive.0)].usage
    }

    pub fn accessor_usage(&self, now: Time) -> Usage {
        self.volatile.accessors.usage(now)
    }

    pub fn channel_usage(&self, now: Time) -> Usage {
        self.volatile.channel.usage(now)
    }

    pub fn drives(&self) -> u8 {
        self.parameters.drives
    }

    /// Names of its components, and the servers of each.
    pub fn servers(&self) -> impl Iterator<Item = (String, u32)> {
        let library = &self.parameters.library;
        let accessors = library.accessors * u32::from(library.geometry.levels());
        let shared =
            [("tape.accessor".to_owned(), accessors), ("tape.channel".to_owned(), self.parameters.channel.paths)];
        shared.into_iter().chain((0..self.drives()).map(|number| (format!("tape.drive{number}"), 1)))
    }

    /// What they have done so far, in the order of [`TapeController::servers`]. A drive is busy while it holds a cartridge
    /// and does not rest.
    pub fn usage(&self, now: Time) -> impl Iterator<Item = Usage> {
        let drive = move |number| {
            let drive = self.drive_usage(Drive(number));
            let working = [DriveState::Loading, DriveState::Streaming, DriveState::Positioning, DriveState::Unloading];
            let busy = working.into_iter().map(|state| drive.spent(state, now)).sum();
            Usage { busy, served: drive.hardened + drive.delivered, longest_line: 0, waiting: 0 }
        };
        [self.accessor_usage(now), self.channel_usage(now)].into_iter().chain((0..self.drives()).map(drive))
    }

    /// Brings command and mechanism of one drive as far as they get at this instant.
    fn settle(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        while self.advance(drive, outbox) {}
        self.start_motion(drive, outbox);
        self.watch_for_quiet(drive, outbox);
        self.assert_conserved(drive);
    }

    /// Advances the running command, or starts the next; false when only time can help.
    fn advance(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        let unit = self.unit_mut(drive);
        match &unit.active {
            Some(Active::Write { .. }) => self.advance_write(drive, outbox),
            Some(Active::Read { .. }) => self.advance_read(drive, outbox),
            Some(Active::Locate { to, .. }) => {
                let to = *to;
                self.advance_locate(drive, to, outbox)
            }
            Some(Active::Rewind { .. }) => self.advance_rewind(drive, outbox),
            Some(Active::Unload { .. }) => self.advance_unload(drive, outbox),
            Some(Active::Mount { cell, .. }) => {
                let cell = *cell;
                self.advance_mount(drive, cell, outbox)
            }
            None => match unit.queue.pop_front() {
                Some(command) => {
                    self.begin(drive, command, outbox);
                    true
                }
                None => false,
            },
        }
    }

    /// Answers the running command; after an unusual end the commands behind it are answered as well.
    fn finish(&mut self, drive: Drive, result: TapeResult, outbox: &mut TapeOutbox) {
        let unit = self.unit_mut(drive);
        let active = unit.active.take().expect("only a running command ends");
        let is_usual = result.is_usual();
        if let Some(ticket) = active.ticket() {
            reply(ticket, result, drive, outbox);
        }
        if !is_usual {
            self.drop_queue(drive, outbox);
        }
    }

    fn drop_queue(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        for command in std::mem::take(&mut self.unit_mut(drive).queue) {
            reply(command.ticket(), TapeResult::NotExecuted, drive, outbox);
        }
    }

    fn unit(&self, drive: Drive) -> &Unit {
        &self.volatile.units[usize::from(drive.0)]
    }

    fn unit_mut(&mut self, drive: Drive) -> &mut Unit {
        &mut self.volatile.units[usize::from(drive.0)]
    }

    fn fixture_mut(&mut self, drive: Drive) -> &mut Fixture {
        &mut self.fixtures[usize::from(drive.0)]
    }

    fn usage_mut(&mut self, drive: Drive) -> &mut DriveUsage {
        &mut self.fixture_mut(drive).usage
    }

    /// The drive and the tape in it, which are written and read together.
    fn threaded(&mut self, drive: Drive) -> (vocab::Cartridge, &mut Unit, &mut Cartridge) {
        let held = self.durable.map.held(drive).expect("a loaded drive holds a cartridge");
        let unit = &mut self.volatile.units[usize::from(drive.0)];
        (held.cartridge, unit, &mut self.durable.cartridges[usize::from(held.cartridge.0)])
    }

    /// Sets a timer; an older one of the same lane becomes stale.
    fn arm(&mut self, drive: Drive, kind: TapeTimerKind, delay: Span, outbox: &mut TapeOutbox) {
        let generation = self.disarm(drive, Lane::of(kind));
        outbox.complete_after(delay, TapeTimer { kind, slot: drive.0.into(), generation });
    }

    /// Makes the pending timer of a lane stale, if there is one.
    fn disarm(&mut self, drive: Drive, lane: Lane) -> u32 {
        let generation = &mut self.fixture_mut(drive).generations[lane as usize];
        *generation = generation.wrapping_add(1);
        *generation
    }

    fn set_activity(&mut self, drive: Drive, activity: Activity, now: Time) {
        let holds_cartridge = self.durable.map.held(drive).is_some();
        let unit = self.unit_mut(drive);
        unit.activity = activity;
        let state = unit.state(holds_cartridge);
        let usage = self.usage_mut(drive);
        if usage.state() != state {
            usage.enter(state, now);
        }
    }

    fn assert_conserved(&self, drive: Drive) {
        let usage = self.drive_usage(drive);
        let accounted = usage.hardened + usage.lost + self.unhardened(drive);
        assert!(usage.acknowledged == accounted, "a record acknowledged is in the buffer, on tape or lost");
    }
}

fn reply(ticket: Ticket, result: TapeResult, drive: Drive, outbox: &mut TapeOutbox) {
    match result {
        TapeResult::WriteError { permanent, .. } | TapeResult::ReadError { permanent, .. } => {
            outbox.report(TapeFact::ErrorReported { drive, permanent });
        }
        TapeResult::Reset { .. } => outbox.report(TapeFact::ErrorReported { drive, permanent: false }),
        TapeResult::Done
        | TapeResult::Mounted { .. }
        | TapeResult::Records(_)
        | TapeResult::RecordsUntil { .. }
        | TapeResult::NoSuchPlace
        | TapeResult::EndOfVolume { .. }
        | TapeResult::NotExecuted
        | TapeResult::NotReady
        | TapeResult::CartridgeMissing
        | TapeResult::MountFailed => {}
    }
    outbox.send(TapeReply { ticket, result });
}
