//! Jobs of two tasks before two servers with lines of their own, done with the later task: as a write to two disks is.

use std::collections::VecDeque;

use super::super::Balance;
use super::super::series::{Experiment, Replication, Sample, WarmUp, measure};
use super::formulas::fork_join_two;
use crate::device::service::Service;
use crate::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Station, Time};

const SERVICE: Service = Service::Exponential { mean: Span::from_secs(1) };

/// A job that is not done, with the tasks that are left.
#[derive(Clone, Copy, Debug)]
struct Job {
    arrived: Time,
    left: u8,
}

#[derive(Clone, Debug)]
struct Pair {
    gaps: Draws,
    serving: [Draws; 2],
    stations: [Station<u64>; 2],
    /// Jobs from the oldest that is not done on, by number.
    jobs: VecDeque<Job>,
    oldest: u64,
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    balance: Balance,
    jobs: Span,
    tasks: Span,
    tasks_done: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    Arrival,
    Done { station: u8, job: u64 },
}

impl Model for Pair {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        match event {
            Event::Arrival => self.arrive(queue),
            Event::Done { station, job } => self.done(station, job, queue),
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        match *event {
            Event::Arrival => Origin(0),
            Event::Done { station, .. } => Origin(1 + u16::from(station)),
        }
    }
}

impl Pair {
    fn await_arrival(&mut self, queue: &mut Queue<Event>) {
        // 0.6 jobs per second.
        let gap = self.gaps.exponential(Span::from_ns(10_000_000_000 / 6));
        queue.push_after(gap, Class::NewWork, Origin(0), Event::Arrival);
    }

    fn arrive(&mut self, queue: &mut Queue<Event>) {
        let job = self.oldest + self.jobs.len() as u64;
        self.sums.balance.issued += 1;
        self.jobs.push_back(Job { arrived: queue.now(), left: 2 });
        for station in 0..2 {
            if let Some(job) = self.stations[usize::from(station)].arrive(queue.now(), job) {
                self.serve(station, job, queue);
            }
        }
        self.await_arrival(queue);
    }

    fn serve(&mut self, station: u8, job: u64, queue: &mut Queue<Event>) {
        let service = SERVICE.draw(&mut self.serving[usize::from(station)]);
        queue.push_after(service, Class::Completion, Origin(1 + u16::from(station)), Event::Done { station, job });
    }

    fn done(&mut self, station: u8, number: u64, queue: &mut Queue<Event>) {
        let now = queue.now();
        let job = &mut self.jobs[(number - self.oldest) as usize];
        job.left -= 1;
        let response = now - job.arrived;
        self.sums.tasks += response;
        self.sums.tasks_done += 1;
        if job.left == 0 {
            self.sums.jobs += response;
            self.sums.balance.completed += 1;
        }
        while self.jobs.front().is_some_and(|job| job.left == 0) {
            self.jobs.pop_front();
            self.oldest += 1;
        }
        if let Some(job) = self.stations[usize::from(station)].depart(now) {
            self.serve(station, job, queue);
        }
    }
}

pub fn fork_join() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let draws = |purpose| replication.stream(purpose).draws(0);
        let model = Pair {
            gaps: draws("arrivals"),
            serving: [draws("first service"), draws("second service")],
            stations: [Station::new(1), Station::new(1)],
            jobs: VecDeque::new(),
            oldest: 0,
            sums: Sums::default(),
        };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| model.await_arrival(queue));
        let mut reach = |issued: u64| {
            while run.model.sums.balance.issued < issued {
                run.step();
            }
            let in_flight = run.model.jobs.iter().filter(|job| job.left > 0).count() as u64;
            let sums = run.model.sums;
            Sums { balance: Balance { in_flight, ..sums.balance }, ..sums }
        };
        let before = reach(replication.warm_up());
        let after = reach(replication.length);
        let per = |time: Span, count: u64| (time.ns() as f64 / 1e9, count as f64);
        let pairs = vec![
            per(after.jobs - before.jobs, after.balance.completed - before.balance.completed),
            per(after.tasks - before.tasks, after.tasks_done - before.tasks_done),
        ];
        Sample { pairs, balance: after.balance }
    }
    Experiment {
        name: "fork-join-2",
        parameters: "lambda=0.6/s two FCFS queues mu=1.0/s each, job done when both tasks are done".to_owned(),
        measures: vec![
            measure("mean job response", "s", fork_join_two(0.6, 1.0)),
            measure("mean task response", "s", 1.0 / (1.0 - 0.6)),
        ],
        replications: 32,
        length: 200_000,
        unit: "jobs",
        warm_up: WarmUp::Cut,
        run: Box::new(run),
    }
}
