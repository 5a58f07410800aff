//! One processor and eight disks: jobs go round between them, and a job that leaves is replaced at once.

use super::super::Balance;
use super::super::series::{Experiment, Replication, Sample, WarmUp, measure};
use super::formulas::mean_value_analysis;
use crate::device::service::Service;
use crate::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Station, Time};

const JOBS: u32 = 10;
const DISKS: u32 = 8;
const PROCESSOR: Span = Span::from_ms(2);
const DISK: Span = Span::from_ms(12);

#[derive(Clone, Debug)]
struct Server {
    routing: Draws,
    serving: Draws,
    processor: Station<u32>,
    disks: Vec<Station<u32>>,
    /// When each job began its present round.
    began: Vec<Time>,
    balance: Balance,
    responses: Span,
    /// Jobs at the processor, summed over nanoseconds.
    area: u64,
    changed: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    Processed { job: u32 },
    Accessed { disk: u32, job: u32 },
}

impl Model for Server {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        let now = queue.now();
        self.area += self.at_processor() * (now - self.changed).ns();
        self.changed = now;
        match event {
            Event::Processed { job } => {
                if let Some(next) = self.processor.depart(now) {
                    self.process(next, queue);
                }
                // One way out, and one to each disk.
                match self.routing.below(u64::from(DISKS) + 1) as u32 {
                    DISKS => self.leave(job, queue),
                    disk => {
                        if let Some(job) = self.disks[disk as usize].arrive(now, job) {
                            self.access(disk, job, queue);
                        }
                    }
                }
            }
            Event::Accessed { disk, job } => {
                if let Some(next) = self.disks[disk as usize].depart(now) {
                    self.access(disk, next, queue);
                }
                self.go_to_processor(job, queue);
            }
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        match *event {
            Event::Processed { .. } => Origin(0),
            Event::Accessed { disk, .. } => Origin(1 + disk as u16),
        }
    }
}

impl Server {
    fn begin(replication: &Replication) -> Run<Server> {
        let draws = |purpose| replication.stream(purpose).draws(0);
        let model = Server {
            routing: draws("routing"),
            serving: draws("service"),
            processor: Station::new(1),
            disks: (0..DISKS).map(|_| Station::new(1)).collect(),
            began: vec![Time::ZERO; JOBS as usize],
            balance: Balance::default(),
            responses: Span::ZERO,
            area: 0,
            changed: Time::ZERO,
        };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| (0..JOBS).for_each(|job| model.enter(job, queue)));
        run
    }

    fn enter(&mut self, job: u32, queue: &mut Queue<Event>) {
        self.balance.issued += 1;
        self.began[job as usize] = queue.now();
        self.go_to_processor(job, queue);
    }

    fn leave(&mut self, job: u32, queue: &mut Queue<Event>) {
        self.balance.completed += 1;
        self.responses += queue.now() - self.began[job as usize];
        self.enter(job, queue);
    }

    fn go_to_processor(&mut self, job: u32, queue: &mut Queue<Event>) {
        if let Some(job) = self.processor.arrive(queue.now(), job) {
            self.process(job, queue);
        }
    }

    fn process(&mut self, job: u32, queue: &mut Queue<Event>) {
        let service = Service::Exponential { mean: PROCESSOR }.draw(&mut self.serving);
        queue.push_after(service, Class::Completion, Origin(0), Event::Processed { job });
    }

    fn access(&mut self, disk: u32, job: u32, queue: &mut Queue<Event>) {
        let service = Service::Exponential { mean: DISK }.draw(&mut self.serving);
        queue.push_after(service, Class::Completion, Origin(1 + disk as u16), Event::Accessed { disk, job });
    }

    fn at_processor(&self) -> u64 {
        u64::from(self.processor.in_service()) + self.processor.waiting() as u64
    }

    fn in_flight(&self) -> u64 {
        let at_disks = |disk: &Station<u32>| u64::from(disk.in_service()) + disk.waiting() as u64;
        self.at_processor() + self.disks.iter().map(at_disks).sum::<u64>()
    }
}

/// What adds up, at one instant.
struct Sums {
    at: Time,
    completed: u64,
    responses: Span,
    processor: Span,
    disks: Span,
    area: u64,
}

pub fn central_server() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let mut run = Server::begin(replication);
        let mut reach = |completed: u64| {
            while run.model.balance.completed < completed {
                run.step();
            }
            let (now, model) = (run.now(), &run.model);
            Sums {
                at: now,
                completed: model.balance.completed,
                responses: model.responses,
                processor: model.processor.usage(now).busy,
                disks: model.disks.iter().map(|disk| disk.usage(now).busy).sum(),
                area: model.area,
            }
        };
        let before = reach(replication.warm_up());
        let after = reach(replication.length);
        let seconds = |span: Span| span.ns() as f64 / 1e9;
        let time = seconds(after.at - before.at);
        let completed = (after.completed - before.completed) as f64;
        let pairs = vec![
            (completed, time),
            (seconds(after.responses - before.responses), completed),
            (seconds(after.processor - before.processor), time),
            (seconds(after.disks - before.disks) / f64::from(DISKS), time),
            ((after.area - before.area) as f64 / 1e9, time),
        ];
        let balance = Balance { in_flight: run.model.in_flight(), ..run.model.balance };
        Sample { pairs, balance }
    }
    let [processor, disk] = [PROCESSOR, DISK].map(|span| span.ns() as f64 / 1e9);
    let ways = DISKS + 1;
    let mut demands = vec![disk; ways as usize];
    demands[0] = f64::from(ways) * processor;
    let expected = mean_value_analysis(&demands, JOBS, 0.0);
    Experiment {
        name: "central-server",
        parameters: format!(
            "N={JOBS} jobs no think; CPU exp mean {processor} s; after the CPU leave with probability 1/{ways} or go to \
             one of {DISKS} disks with 1/{ways} each; disk exp mean {disk} s; a leaving job restarts at once"
        ),
        measures: vec![
            measure("job throughput", "1/s", expected.throughput),
            measure("mean job response", "s", expected.response),
            measure("CPU utilisation", "1", expected.utilisation[0]),
            measure("utilisation of each disk", "1", expected.utilisation[1]),
            measure("mean number at the CPU", "1", expected.number[0]),
        ],
        replications: 32,
        length: 20_000,
        unit: "jobs",
        warm_up: WarmUp::Cut,
        run: Box::new(run),
    }
}
