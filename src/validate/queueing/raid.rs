//! Small requests on RAID-5: places by the rank's own layout, and a station for each disk.
//!
//! The law holds for accesses of one length, so the disks here take 5 ms for each; those of a real rank depend on where the
//! arm stands, and the second access to a sector follows one turn after the first.

use super::super::Balance;
use super::super::series::{Experiment, Replication, Sample, WarmUp, measure};
use super::disk;
use super::formulas::raid5_accesses;
use crate::device::raid::{Location, Place, RaidLevel, Rank, RankParameters, SLOT_SECTORS, Scheduler};
use crate::device::service::Service;
use crate::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Station, Time};

const DISKS: u16 = 8;
const RATE: u64 = 200;
const WRITES: f64 = 0.4;
const ACCESS: Service = Service::Constant(Span::from_ms(5));

/// A request under way: what is left to do at its disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Read,
    /// Data and parity are read; so many of the two are left.
    ReadOld,
    /// Data and parity are written.
    WriteNew,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Access {
    request: u32,
    disk: u16,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    place: Location,
    step: Step,
    left: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    Arrival,
    Accessed(Access),
}

#[derive(Clone, Debug)]
struct Array {
    rank: Rank,
    gaps: Draws,
    choices: Draws,
    disks: Vec<Station<Access>>,
    /// By number; free places are used again.
    requests: Vec<Request>,
    free: Vec<u32>,
    accesses: u64,
    balance: Balance,
}

impl Model for Array {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        match event {
            Event::Arrival => self.arrive(queue),
            Event::Accessed(access) => self.accessed(access, queue),
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        match event {
            Event::Arrival => Origin(0),
            Event::Accessed(access) => Origin(1 + access.disk),
        }
    }
}

fn rank() -> RankParameters {
    RankParameters {
        level: RaidLevel::Five,
        data_disks: u32::from(DISKS) - 1,
        spares: 0,
        scheduler: Scheduler::Fcfs,
        slot_sectors: SLOT_SECTORS,
        disk: disk::parameters(),
    }
}

impl Array {
    fn begin(replication: &Replication) -> Run<Array> {
        let draws = |purpose| replication.stream(purpose).draws(0);
        let model = Array {
            rank: Rank::new(&rank(), &[], &replication.stream("phases")).expect("a rank of these disks is legal"),
            gaps: draws("arrivals"),
            choices: draws("places and operations"),
            disks: (0..DISKS).map(|_| Station::new(1)).collect(),
            requests: Vec::new(),
            free: Vec::new(),
            accesses: 0,
            balance: Balance::default(),
        };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| model.await_arrival(queue));
        run
    }

    fn await_arrival(&mut self, queue: &mut Queue<Event>) {
        let gap = self.gaps.exponential(Span::from_ns(1_000_000_000 / RATE));
        queue.push_after(gap, Class::NewWork, Origin(0), Event::Arrival);
    }

    fn arrive(&mut self, queue: &mut Queue<Event>) {
        self.balance.issued += 1;
        let place = self.rank.locate(Place(self.choices.below(self.rank.places())));
        let step = if self.choices.chance(WRITES) { Step::ReadOld } else { Step::Read };
        let request = Request { place, step, left: 0 };
        let number = self.free.pop().unwrap_or_else(|| {
            self.requests.push(request);
            self.requests.len() as u32 - 1
        });
        self.requests[number as usize] = request;
        self.begin_step(number, queue);
        self.await_arrival(queue);
    }

    fn begin_step(&mut self, number: u32, queue: &mut Queue<Event>) {
        let Request { place, step, left } = &mut self.requests[number as usize];
        let Location { disk, row } = *place;
        let parity = (0..DISKS).find(|&disk| self.rank.is_parity(disk, row)).expect("a row has parity");
        *left = if *step == Step::Read { 1 } else { 2 };
        for disk in [disk, parity].into_iter().take(usize::from(*left)) {
            self.accesses += 1;
            let access = Access { request: number, disk };
            if let Some(access) = self.disks[usize::from(disk)].arrive(queue.now(), access) {
                self.access(access, queue);
            }
        }
    }

    fn access(&mut self, access: Access, queue: &mut Queue<Event>) {
        // Constant, and drawn like any other.
        let time = ACCESS.draw(&mut self.gaps);
        queue.push_after(time, Class::Completion, Origin(1 + access.disk), Event::Accessed(access));
    }

    fn accessed(&mut self, Access { request: number, disk }: Access, queue: &mut Queue<Event>) {
        if let Some(next) = self.disks[usize::from(disk)].depart(queue.now()) {
            self.access(next, queue);
        }
        let request = &mut self.requests[number as usize];
        request.left -= 1;
        if request.left > 0 {
            return;
        }
        match request.step {
            Step::ReadOld => {
                request.step = Step::WriteNew;
                self.begin_step(number, queue);
            }
            Step::Read | Step::WriteNew => {
                self.balance.completed += 1;
                self.free.push(number);
            }
        }
    }

    fn busy(&self, now: Time) -> f64 {
        self.disks.iter().map(|disk| disk.usage(now).busy).sum::<Span>().ns() as f64 / 1e9
    }
}

pub fn small_writes() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let mut run = Array::begin(replication);
        let mut reach = |issued: u64| {
            while run.model.balance.issued < issued {
                run.step();
            }
            (run.now(), run.model.accesses, run.model.busy(run.now()))
        };
        let before = reach(replication.warm_up());
        let after = reach(replication.length);
        let seconds = (after.0 - before.0).ns() as f64 / 1e9;
        let accesses = (after.1 - before.1) as f64;
        let disks = f64::from(DISKS);
        let requests = replication.length - replication.warm_up();
        let pairs =
            vec![(accesses, requests as f64), (accesses / disks, seconds), ((after.2 - before.2) / disks, seconds)];
        let in_flight = (run.model.requests.len() - run.model.free.len()) as u64;
        Sample { pairs, balance: Balance { in_flight, ..run.model.balance } }
    }
    let accesses = raid5_accesses(WRITES);
    let per_disk = RATE as f64 * accesses / f64::from(DISKS);
    Experiment {
        name: "raid5-small-write",
        parameters: format!(
            "{DISKS} disks, {RATE}.0 small requests/s uniform over the array, write fraction {WRITES}, every disk access takes \
             0.005 s"
        ),
        measures: vec![
            measure("disk accesses per request", "1", accesses),
            measure("accesses per disk", "1/s", per_disk),
            measure("utilisation of each disk", "1", per_disk * 0.005),
        ],
        replications: 32,
        length: 60_000,
        unit: "requests",
        warm_up: WarmUp::Cut,
        run: Box::new(run),
    }
}
