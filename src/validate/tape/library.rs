//! The library alone, with reads that come when they were recorded and occupy a drive as long as was recorded.
//!
//! Cells, accessors, levels and the choice of a drive are those of every scenario ([`crate::device::library`]).

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::Balance;
use super::record::{Read, Record, Trouble};
use crate::device::library::{Accessors, Candidate, CellMap, DriveChoice, Geometry, LibraryParameters};
use crate::kernel::{Class, Fingerprint, Model, Origin, Queue, Run, Span, Time};
use crate::vocab::{Cartridge, Drive};

/// Time of one exchange where the record does not hold it, and what passing a level adds (MODEL 5.3, G? and A).
const EXCHANGE: Span = Span::from_secs(14);
const PASS_THROUGH: Span = Span::from_secs(9);

/// What the recorded time of a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupancy {
    /// All the time that the drive was not free for another: exchanges, load, locate, reading, rewind, unload.
    Gross,
    /// The time between two exchanges, which are added.
    Net,
}

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// So many of the drives are there.
    pub drives: usize,
    pub occupancy: Occupancy,
    /// Whether drives fail and cartridges leave as they did.
    pub troubles: bool,
}

/// How a replay went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    pub balance: Balance,
    /// For how long drives were occupied, all together.
    pub occupied: Span,
    pub peak: u64,
    /// From its request until a read had a drive.
    pub waited: Span,
    pub longest_wait: Span,
    /// Reads without a drive when half of all had come, and when the last came.
    pub half: u64,
    pub last: u64,
    /// Recorded time of what waits or is being read when the last read comes.
    pub left: Span,
    pub exchanges: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    /// The next read of the record.
    Read,
    /// The next trouble of the record.
    Trouble,
    /// An accessor is through at a drive.
    Exchanged(Drive),
    /// A read is through.
    Used(Drive),
}

/// What a drive is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Free,
    Fetching(Read),
    Reading { until: Time },
    Storing,
}

#[derive(Clone, Debug)]
struct Library {
    record: Arc<Record>,
    setting: Setting,
    parameters: LibraryParameters,
    accessors: Accessors,
    cells: CellMap,
    uses: Vec<Use>,
    disabled: Vec<bool>,
    gone: Vec<bool>,
    waiting: VecDeque<Read>,
    next_read: usize,
    next_trouble: usize,
    busy: u64,
    changed: Time,
    course: Course,
}

/// Replays a record from an empty library until all reads have ended.
pub fn replay(record: &Arc<Record>, setting: Setting) -> Course {
    assert!((1..=record.drives.len()).contains(&setting.drives), "a part of the drives");
    let (cartridges, drives) = (record.cartridges as u16, setting.drives as u8);
    let parameters = LibraryParameters {
        geometry: Geometry::Listed {
            levels: record.levels,
            cells: Arc::clone(&record.homes),
            drives: record.drives[..setting.drives].into(),
        },
        pass_through: PASS_THROUGH,
        choice: DriveChoice::Nearest,
        ..LibraryParameters::plain(EXCHANGE, 1)
    };
    let library = Library {
        record: Arc::clone(record),
        setting,
        accessors: Accessors::new(&parameters),
        parameters,
        cells: CellMap::new(cartridges, drives),
        uses: vec![Use::Free; setting.drives],
        disabled: vec![false; setting.drives],
        gone: vec![false; record.cartridges],
        waiting: VecDeque::new(),
        next_read: 0,
        next_trouble: 0,
        busy: 0,
        changed: Time::ZERO,
        course: Course::default(),
    };
    let mut run = Run::new(library, Queue::new());
    run.model.await_read(&mut run.queue);
    run.model.await_trouble(&mut run.queue);
    while run.step().is_some() {}
    let end = run.now();
    let library = &mut run.model;
    library.course.exchanges = library.accessors.usage(end).busy;
    library.course.balance.in_flight = library.waiting.len() as u64 + library.busy;
    library.course
}

impl Model for Library {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        match event {
            Event::Read => self.read_comes(queue),
            Event::Trouble => self.trouble_comes(queue),
            Event::Exchanged(drive) => self.exchanged(drive, queue),
            Event::Used(drive) => match self.setting.occupancy {
                Occupancy::Gross => self.free(drive, queue.now()),
                Occupancy::Net => {
                    self.uses[usize::from(drive.0)] = Use::Storing;
                    self.ask_accessor(drive, queue);
                }
            },
        }
        self.serve(queue);
        if event == Event::Read {
            let reads = self.record.reads.len();
            let backlog = self.waiting.len() as u64;
            match self.next_read {
                half if half == reads.div_ceil(2) => self.course.half = backlog,
                all if all == reads => {
                    self.course.last = backlog;
                    let waiting: Span = self.waiting.iter().map(|read| read.occupied).sum();
                    self.course.left = waiting + self.under_way(queue.now());
                }
                _ => {}
            }
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        Origin(match event {
            Event::Read => 0,
            Event::Trouble => 1,
            Event::Exchanged(drive) | Event::Used(drive) => 2 + u16::from(drive.0),
        })
    }
}

impl Library {
    fn await_read(&self, queue: &mut Queue<Event>) {
        if let Some(read) = self.record.reads.get(self.next_read) {
            queue.push(read.at, Class::NewWork, Origin(0), Event::Read);
        }
    }

    fn await_trouble(&self, queue: &mut Queue<Event>) {
        let next = self.record.troubles.get(self.next_trouble);
        if let Some((at, _)) = next.filter(|_| self.setting.troubles) {
            queue.push(*at, Class::Timer, Origin(1), Event::Trouble);
        }
    }

    fn read_comes(&mut self, queue: &mut Queue<Event>) {
        let read = self.record.reads[self.next_read];
        self.next_read += 1;
        self.course.balance.issued += 1;
        match self.gone[usize::from(read.cartridge.0)] {
            true => self.course.balance.failed += 1,
            false => self.waiting.push_back(read),
        }
        self.await_read(queue);
    }

    fn trouble_comes(&mut self, queue: &mut Queue<Event>) {
        let (_, trouble) = self.record.troubles[self.next_trouble];
        self.next_trouble += 1;
        let is_there = |drive: Drive| usize::from(drive.0) < self.setting.drives;
        match trouble {
            // A read that goes on in it is finished first (A).
            Trouble::Disabled(drive) if is_there(drive) => self.disabled[usize::from(drive.0)] = true,
            Trouble::Enabled(drive) if is_there(drive) => self.disabled[usize::from(drive.0)] = false,
            Trouble::Disabled(_) | Trouble::Enabled(_) => {}
            Trouble::Ejected(cartridge) => self.eject(cartridge),
        }
        self.await_trouble(queue);
    }

    /// A cartridge leaves, from a drive when its read is through (A), and nobody says when it comes back.
    fn eject(&mut self, cartridge: Cartridge) {
        self.gone[usize::from(cartridge.0)] = true;
        let before = self.waiting.len();
        self.waiting.retain(|read| read.cartridge != cartridge);
        self.course.balance.failed += (before - self.waiting.len()) as u64;
        let cell = self.cells.home(cartridge).expect("it has one");
        self.cells.remove(cell);
    }

    /// What the drives still have to do on the reads that they have begun.
    fn under_way(&self, now: Time) -> Span {
        let left = |it: &Use| match *it {
            Use::Reading { until } => until.saturating_since(now),
            Use::Free | Use::Fetching(_) | Use::Storing => Span::ZERO,
        };
        self.uses.iter().map(left).sum()
    }

    /// Gives drives to reads, in the order in which they came; a read whose cartridge is in use lets others pass.
    fn serve(&mut self, queue: &mut Queue<Event>) {
        let now = queue.now();
        while self.has_free_drive() {
            let cells = &self.cells;
            let lies = |read: &Read| cells.home(read.cartridge).is_some_and(|cell| cells.in_cell(cell).is_some());
            let Some(place) = self.waiting.iter().position(lies) else { break };
            let read = self.waiting.remove(place).expect("it was found");
            let cell = self.cells.home(read.cartridge).expect("it has one");
            let candidates = self.cells.drives().filter(|&drive| self.is_free(drive)).map(|drive| Candidate {
                drive,
                is_empty: true,
                failed_mounts: 0,
                mounts: 0,
                distance: self.parameters.geometry.distance(cell, drive),
            });
            let drive = self.parameters.choice.choose(candidates).expect("one is free");
            self.cells.fetch(cell, drive).expect("the cartridge lies in its cell");
            self.account(now, 1);
            let wait = now - read.at;
            self.course.waited += wait;
            self.course.longest_wait = self.course.longest_wait.max(wait);
            match self.setting.occupancy {
                Occupancy::Gross => self.begin(drive, read, queue),
                Occupancy::Net => {
                    self.uses[usize::from(drive.0)] = Use::Fetching(read);
                    self.ask_accessor(drive, queue);
                }
            }
        }
    }

    fn has_free_drive(&self) -> bool {
        !self.waiting.is_empty() && self.cells.drives().any(|drive| self.is_free(drive))
    }

    fn is_free(&self, drive: Drive) -> bool {
        let place = usize::from(drive.0);
        self.uses[place] == Use::Free && !self.disabled[place]
    }

    fn begin(&mut self, drive: Drive, read: Read, queue: &mut Queue<Event>) {
        self.uses[usize::from(drive.0)] = Use::Reading { until: queue.now() + read.occupied };
        queue.push_after(read.occupied, Class::Completion, self.origin(&Event::Used(drive)), Event::Used(drive));
    }

    fn ask_accessor(&mut self, drive: Drive, queue: &mut Queue<Event>) {
        if let Some(drive) = self.accessors.ask(queue.now(), drive) {
            self.exchange(drive, queue);
        }
    }

    fn exchange(&self, drive: Drive, queue: &mut Queue<Event>) {
        let held = self.cells.held(drive).expect("an exchange is about a cartridge");
        let time = self.parameters.exchange_of(held.cell, drive);
        queue.push_after(time, Class::Completion, self.origin(&Event::Exchanged(drive)), Event::Exchanged(drive));
    }

    fn exchanged(&mut self, drive: Drive, queue: &mut Queue<Event>) {
        if let Some(next) = self.accessors.done(queue.now(), drive) {
            self.exchange(next, queue);
        }
        match self.uses[usize::from(drive.0)] {
            Use::Fetching(read) => self.begin(drive, read, queue),
            Use::Storing => self.free(drive, queue.now()),
            Use::Free | Use::Reading { .. } => unreachable!("nobody asked for an exchange"),
        }
    }

    fn free(&mut self, drive: Drive, now: Time) {
        self.account(now, -1);
        self.course.balance.completed += 1;
        self.uses[usize::from(drive.0)] = Use::Free;
        let held = self.cells.store(drive);
        if self.gone[usize::from(held.cartridge.0)] {
            self.cells.remove(held.cell);
        }
    }

    fn account(&mut self, now: Time, change: i64) {
        self.course.occupied += (now - self.changed) * self.busy;
        self.changed = now;
        self.busy = self.busy.checked_add_signed(change).expect("what is freed was busy");
        self.course.peak = self.course.peak.max(self.busy);
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{self, examples};
    use super::*;

    const S: Span = Span::from_secs(1);

    fn course(reads: &str, setting: Setting) -> Course {
        let folder = tempfile::tempdir().expect("a folder for the test");
        examples::write(folder.path(), reads);
        replay(&Arc::new(record::read(folder.path()).unwrap().remove(0)), setting)
    }

    const GROSS: Setting = Setting { drives: 2, occupancy: Occupancy::Gross, troubles: false };

    #[test]
    fn a_drive_that_is_given_back_is_there_for_the_next_in_the_same_second() {
        let reads = "AA0001;20110819T000000;10\nAA0002;20110819T000000;20\nAA0001;20110819T000010;5\nAA0001;20110819T000030;1\n";
        let both = course(reads, GROSS);
        assert_eq!((both.peak, both.waited, both.occupied), (2, Span::ZERO, S * 36));
        assert_eq!(both.balance, Balance { issued: 4, completed: 4, ..Balance::default() });
        // With one drive the second waits 10 s, the third until 30 s, the fourth until 35 s.
        let one = course(reads, Setting { drives: 1, ..GROSS });
        assert_eq!((one.peak, one.waited, one.longest_wait), (1, S * (10 + 20 + 5), S * 20));
        assert_eq!((one.half, one.last), (1, 1));
    }

    #[test]
    fn a_cartridge_is_in_one_place_and_lets_others_pass_while_it_is_read() {
        let reads = "AA0001;20110819T000000;30\nAA0001;20110819T000001;5\nAA0002;20110819T000002;5\n";
        let course = course(reads, GROSS);
        assert_eq!((course.waited, course.longest_wait, course.peak), (S * 29, S * 29, 2));
    }

    #[test]
    fn net_times_have_an_exchange_in_front_and_one_behind() {
        // The cartridge lies on level 0; its drive of that level has an accessor of its own.
        let near = course(
            "AA0001;20110819T000000;30\nAA0002;20110819T000100;0\n",
            Setting { occupancy: Occupancy::Net, ..GROSS },
        );
        assert_eq!((near.occupied, near.exchanges), (S * 30 + EXCHANGE * 4, EXCHANGE * 4));
        let far = course(
            "AA0002;20110819T000000;30\nAA0001;20110819T000300;0\n",
            Setting { drives: 1, occupancy: Occupancy::Net, ..GROSS },
        );
        assert_eq!(far.occupied, S * 30 + (EXCHANGE + PASS_THROUGH) * 2 + EXCHANGE * 2);
    }

    #[test]
    fn drives_fail_and_cartridges_leave() {
        // Drive 1 is out of use from 60 to 160 s, and AA0001 leaves at 120 s.
        let reads = "AA0001;20110819T000000;10\nAA0001;20110819T000100;70\nAA0002;20110819T000110;10\nAA0001;20110819T000300;1\n";
        let course = course(reads, Setting { troubles: true, ..GROSS });
        assert_eq!(course.balance, Balance { issued: 4, completed: 3, failed: 1, in_flight: 0 });
        assert_eq!(course.waited, S * 60, "drive 0 is busy from 60 to 130 s");
    }
}
