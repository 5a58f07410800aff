//! How fast is the kernel? The hold model, two queueing models with exact answers, and forks; each beside a bare loop.
//!
//! `cargo bench --bench kernel [-- --quick]`

mod support;

use std::collections::BinaryHeap;
use std::hash::Hash;
use std::hint::black_box;
use std::process::ExitCode;

use support::bare::{self, CUSTOMERS, DISKS, MEAN_WAIT, THROUGHPUT, UNIT};
use support::{Bound, Done, Figures, Group, Options, Report};
use tiersim::campaign::trial::Trial;
use tiersim::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Station, Time};
use tiersim::scenario::{Overrides, Paint, Source, load};
use tiersim::world::World;

fn main() -> ExitCode {
    let options = match Options::from(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    let mut report = Report::new("kernel", &options);
    for pending in [10, 100, 10_000] {
        hold(pending, &options, &mut report);
    }
    queueing(&options, &mut report);
    forks(&options, &mut report);
    report.finish()
}

// ---- the hold model: take the earliest event, put it back later -------------------------------------------------

/// Increments of a hold, drawn once so that the draw is not what is measured.
const INCREMENTS: usize = 4_096;

#[derive(Clone, Debug)]
struct Increments {
    table: Vec<Span>,
    place: usize,
}

impl Increments {
    fn new() -> Increments {
        let mut draws = bare::draws("hold");
        Increments { table: (0..INCREMENTS).map(|_| draws.exponential(UNIT)).collect(), place: 0 }
    }

    fn next(&mut self) -> Span {
        self.place = (self.place + 1) % INCREMENTS;
        self.table[self.place]
    }

    fn mean(&self) -> f64 {
        self.table.iter().map(|increment| increment.ns() as f64).sum::<f64>() / INCREMENTS as f64
    }
}

/// The clock moves on by mean / pending at each hold: the check is by how much it did, in that measure.
fn held(holds: u64, pending: u32, end: u64, increments: &Increments) -> Done {
    Done { operations: holds, check: end as f64 * f64::from(pending) / holds as f64 / increments.mean() }
}

fn hold(pending: u32, options: &Options, report: &mut Report) {
    let holds = options.amount(24_000_000).max(u64::from(pending) * 100);
    let title = format!("hold, {pending} pending");
    let mut group = Group::new(title, "hold", "advance");
    group.add("std heap, pop and push", 1.0, || hold_std(pending, holds));
    group.add("our queue, bare loop", 1.0, || hold_queue(pending, holds));
    group.add("our queue, kernel run", 1.0, || hold_run(pending, holds));
    let figures = group.run(options.rounds(), report);
    let kernel = figures.ratio("our queue, kernel run", "our queue, bare loop");
    report.ratio("kernel / bare loop over the same queue", kernel, Bound::AtMost(1.15));
    let queue = figures.ratio("our queue, bare loop", "std heap, pop and push");
    report.ratio("our queue / std heap", queue, Bound::AtMost(1.0));
}

fn hold_std(pending: u32, holds: u64) -> Done {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Entry {
        key: std::cmp::Reverse<u128>,
        event: u64,
    }
    let mut increments = Increments::new();
    let mut heap = BinaryHeap::new();
    let mut scheduled = 0u64;
    let mut entry = |at: u64, event| {
        scheduled += 1;
        Entry { key: std::cmp::Reverse(u128::from(at) << 64 | u128::from(scheduled)), event }
    };
    for event in 0..u64::from(pending) {
        heap.push(entry(increments.next().ns(), event));
    }
    let mut now = 0;
    for _ in 0..holds {
        let Entry { key, event } = heap.pop().expect("every hold puts back what it took");
        now = (key.0 >> 64) as u64;
        heap.push(entry(now + increments.next().ns(), black_box(event)));
    }
    held(holds, pending, now, &increments)
}

fn filled(pending: u32, increments: &mut Increments) -> Queue<u64> {
    let mut queue = Queue::new();
    for event in 0..u64::from(pending) {
        queue.push_after(increments.next(), Class::Completion, Origin(0), event);
    }
    queue
}

fn hold_queue(pending: u32, holds: u64) -> Done {
    let mut increments = Increments::new();
    let mut queue = filled(pending, &mut increments);
    for _ in 0..holds {
        let delivery = queue.pop().expect("every hold puts back what it took");
        queue.push_after(increments.next(), Class::Completion, Origin(0), black_box(delivery.event));
        queue.reach_boundary();
    }
    held(holds, pending, queue.now().ns(), &increments)
}

#[derive(Clone, Debug)]
struct Hold {
    increments: Increments,
}

impl Model for Hold {
    type Event = u64;

    fn handle(&mut self, event: u64, queue: &mut Queue<u64>, _: &mut Fingerprint) {
        queue.push_after(self.increments.next(), Class::Completion, Origin(0), black_box(event));
    }

    fn origin(&self, _: &u64) -> Origin {
        Origin(0)
    }
}

fn hold_run(pending: u32, holds: u64) -> Done {
    let mut increments = Increments::new();
    let queue = filled(pending, &mut increments);
    let mut run = Run::new(Hold { increments }, queue);
    for _ in 0..holds {
        run.step();
    }
    black_box(run.fingerprint);
    held(holds, pending, run.now().ns(), &run.model.increments)
}

// ---- queueing models with exact answers ---------------------------------------------------------------------------

const KERNEL_MM1: &str = "M/M/1, kernel run with fingerprint";
const BARE_MM1: &str = "M/M/1, bare loop";
const KERNEL_CLOSED: &str = "closed network, kernel run with fingerprint";
const BARE_CLOSED: &str = "closed network, bare loop";

fn queueing(options: &Options, report: &mut Report) {
    let (customers, events) = (options.amount(4_000_000), options.amount(8_000_000));
    let mut group = Group::new("M/M/1 at a load of 0.8", "event", "Wq");
    group.add(BARE_MM1, MEAN_WAIT, || bare::mm1(customers));
    group.add(KERNEL_MM1, MEAN_WAIT, || Mm1::run(customers));
    group.add("hold, 100 pending, kernel run", 1.0, || hold_run(100, customers * 2));
    let figures = group.run(options.rounds(), report);
    report.ratio("M/M/1: kernel / bare loop", figures.ratio(KERNEL_MM1, BARE_MM1), Bound::None);
    let empty = figures.ratio("hold, 100 pending, kernel run", BARE_MM1);
    report.ratio("empty handlers, 100 pending / bare M/M/1", empty, Bound::AtMost(0.6));

    let mut group = Group::new("closed network: 64 customers, 1 processor, 8 disks", "event", "X");
    group.add(BARE_CLOSED, THROUGHPUT, || bare::closed(events));
    group.add(KERNEL_CLOSED, THROUGHPUT, || Closed::run(events));
    let figures = group.run(options.rounds(), report);
    let ratio = figures.ratio(KERNEL_CLOSED, BARE_CLOSED);
    report.ratio("closed network: kernel with fingerprint / bare loop", ratio, Bound::AtMost(1.05));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mm1Event {
    Arrival,
    Departure,
}

#[derive(Clone, Debug)]
struct Mm1 {
    draws: Draws,
    station: Station<Time>,
    served: u64,
    waited: Span,
}

impl Mm1 {
    fn run(customers: u64) -> Done {
        let model = Mm1 { draws: bare::draws("mm1"), station: Station::new(1), served: 0, waited: Span::ZERO };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| model.await_arrival(queue));
        while run.model.served < customers {
            run.step();
        }
        let check = run.model.waited.ns() as f64 / run.model.served as f64 / UNIT.ns() as f64;
        Done { operations: run.steps, check }
    }

    fn await_arrival(&mut self, queue: &mut Queue<Mm1Event>) {
        let gap = self.draws.exponential(bare::arrival_mean());
        queue.push_after(gap, Class::NewWork, Origin(1), Mm1Event::Arrival);
    }

    fn serve(&mut self, queue: &mut Queue<Mm1Event>) {
        queue.push_after(self.draws.exponential(UNIT), Class::Completion, Origin(2), Mm1Event::Departure);
    }
}

impl Model for Mm1 {
    type Event = Mm1Event;

    fn handle(&mut self, event: Mm1Event, queue: &mut Queue<Mm1Event>, _: &mut Fingerprint) {
        let now = queue.now();
        match event {
            Mm1Event::Arrival => {
                if self.station.arrive(now, now).is_some() {
                    self.serve(queue);
                }
                self.await_arrival(queue);
            }
            Mm1Event::Departure => {
                self.served += 1;
                if let Some(arrived) = self.station.depart(now) {
                    self.waited += now - arrived;
                    self.serve(queue);
                }
            }
        }
    }

    fn origin(&self, event: &Mm1Event) -> Origin {
        match event {
            Mm1Event::Arrival => Origin(1),
            Mm1Event::Departure => Origin(2),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ClosedEvent {
    Processor { customer: u32 },
    Disk { disk: u32, customer: u32 },
}

#[derive(Clone, Debug)]
struct Closed {
    draws: Draws,
    processor: Station<u32>,
    disks: Vec<Station<u32>>,
}

impl Closed {
    fn run(events: u64) -> Done {
        let disks = (0..DISKS).map(|_| Station::new(1)).collect();
        let model = Closed { draws: bare::draws("closed"), processor: Station::new(1), disks };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| {
            (0..CUSTOMERS).for_each(|customer| model.go_to_processor(customer, queue));
        });
        for _ in 0..events {
            run.step();
        }
        let visits = run.model.processor.usage(run.now()).served;
        Done { operations: events, check: visits as f64 * UNIT.ns() as f64 / run.now().ns() as f64 }
    }

    fn go_to_processor(&mut self, customer: u32, queue: &mut Queue<ClosedEvent>) {
        if let Some(customer) = self.processor.arrive(queue.now(), customer) {
            self.process(customer, queue);
        }
    }

    fn process(&mut self, customer: u32, queue: &mut Queue<ClosedEvent>) {
        let service = self.draws.exponential(UNIT);
        queue.push_after(service, Class::Completion, Origin(0), ClosedEvent::Processor { customer });
    }

    fn turn_disk(&mut self, disk: u32, customer: u32, queue: &mut Queue<ClosedEvent>) {
        let service = self.draws.exponential(bare::disk_mean());
        queue.push_after(service, Class::Completion, Origin(1), ClosedEvent::Disk { disk, customer });
    }
}

impl Model for Closed {
    type Event = ClosedEvent;

    fn handle(&mut self, event: ClosedEvent, queue: &mut Queue<ClosedEvent>, _: &mut Fingerprint) {
        let now = queue.now();
        match event {
            ClosedEvent::Processor { customer } => {
                if let Some(next) = self.processor.depart(now) {
                    self.process(next, queue);
                }
                let disk = self.draws.below(DISKS) as u32;
                if let Some(customer) = self.disks[disk as usize].arrive(now, customer) {
                    self.turn_disk(disk, customer, queue);
                }
            }
            ClosedEvent::Disk { disk, customer } => {
                if let Some(next) = self.disks[disk as usize].depart(now) {
                    self.turn_disk(disk, next, queue);
                }
                self.go_to_processor(customer, queue);
            }
        }
    }

    fn origin(&self, event: &ClosedEvent) -> Origin {
        match *event {
            ClosedEvent::Processor { .. } => Origin(0),
            ClosedEvent::Disk { disk, .. } => Origin(1 + disk as u16),
        }
    }
}

// ---- forks --------------------------------------------------------------------------------------------------------

/// Events of each branch.
const BRANCH: u64 = 1_000;

fn forks(options: &Options, report: &mut Report) {
    // A quarter and all of a 3390-9 of 10,017 cylinders (MODEL 2.1) would be the sizes in use; what was touched counts.
    let small = world_after(&scenario("cylinders = 20", "20 /s"), 10_000);
    let large = world_after(&scenario("model = \"3390-9\"", "400 /s"), 400_000);
    let (forks, branches) = (options.amount(40_000), options.amount(2_000));
    let mut group =
        Group::new(format!("forks of the full system; a branch is {BRANCH} events"), "operation", "same end");
    for (name, run) in [("small", &small), ("large", &large)] {
        let end = branch(run.clone());
        group.add(format!("{name}: fork and drop"), 1.0, move || copy(run, forks));
        group.add(format!("{name}: fork, branch, drop"), 1.0, move || explore(run, branches, end));
    }
    let figures: Figures = group.run(options.rounds(), report);
    let growth = figures.ratio("large: fork and drop", "small: fork and drop");
    report.ratio("fork of 4 full 3390-9 / fork of 4 volumes of 20 cylinders", growth, Bound::None);
    for name in ["small", "large"] {
        let share = figures.ratio(&format!("{name}: fork and drop"), &format!("{name}: fork, branch, drop"));
        report.ratio(&format!("{name}: the fork's share of a branch"), share, Bound::None);
    }
}

/// Four volumes, one of which is being saved while all four are in use.
fn scenario(size: &str, rate: &str) -> String {
    let volume = |number: u32, name: &str| format!("[[volume]]\nid = \"{name}\"\ndevice = \"0A{number}0\"\n{size}\n\n");
    let names = ["PROD01", "SPARE1", "PROD02", "PROD03"];
    let volumes: String = names.iter().zip(0..).map(|(name, number)| volume(number, name)).collect();
    format!(
        "title = \"forks\"\n\n{volumes}[[workload]]\nvolumes = [\"PROD01\", \"PROD02\", \"PROD03\"]\nrate = \"{rate}\"\n\n\
         [[backup]]\nat = \"30 s\"\nmethod = \"safe-backup\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n"
    )
}

fn world_after(text: &str, events: u64) -> Run<World> {
    let source = Source::Embedded { name: "bench.toml".into(), text: text.into(), files: &[] };
    let loaded = load(&source, &Overrides::default()).unwrap_or_else(|problems| {
        panic!("the scenario of a bench is valid:\n{}", problems.render(Paint::Plain));
    });
    let mut trial = Trial::new(&loaded.plan).expect("a checked plan can be built");
    while trial.run.steps < events {
        trial.advance().expect("the system has work for as long as the bench needs it");
    }
    trial.run
}

fn copy(run: &Run<World>, forks: u64) -> Done {
    let mut steps = 0;
    for _ in 0..forks {
        let fork = black_box(run.clone());
        steps += fork.steps;
    }
    Done { operations: forks, check: steps as f64 / forks as f64 / run.steps as f64 }
}

fn branch(mut fork: Run<World>) -> u64 {
    for _ in 0..BRANCH {
        fork.step();
    }
    fork.fingerprint.value()
}

/// Every branch must come to the same end.
fn explore(run: &Run<World>, branches: u64, end: u64) -> Done {
    let same = (0..branches).filter(|_| branch(run.clone()) == end).count();
    Done { operations: branches, check: same as f64 / branches as f64 }
}
