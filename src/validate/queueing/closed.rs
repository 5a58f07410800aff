//! Closed networks: a fixed number of clients that think and ask, over and over.

use super::super::series::{Experiment, Measure, Replication, Sample, WarmUp, measure};
use super::super::{Balance, Tolerance};
use super::formulas::mean_value_analysis;
use crate::device::service::Service;
use crate::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Station, Time};

/// Clients that think, then ask one server.
#[derive(Clone, Debug)]
struct Repairman {
    think: Service,
    service: Service,
    thinking: Draws,
    serving: Draws,
    /// When each client that is not thinking asked.
    server: Station<Time>,
    balance: Balance,
    responses: Span,
    /// When the last request was issued, and the longest and shortest time between two.
    last_issue: Option<Time>,
    cycles: [Span; 2],
    /// Who is in service asked at.
    in_service: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    Thought,
    Served,
}

impl Model for Repairman {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        let now = queue.now();
        match event {
            Event::Thought => self.ask(now, queue),
            Event::Served => {
                self.balance.completed += 1;
                self.responses += now - self.in_service;
                if let Some(asked) = self.server.depart(now) {
                    self.serve(asked, queue);
                }
                self.begin_thinking(queue);
            }
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        Origin(*event as u16)
    }
}

impl Repairman {
    fn new(replication: &Replication, think: Service, service: Service) -> Repairman {
        Repairman {
            think,
            service,
            thinking: replication.stream("think").draws(0),
            serving: replication.stream("service").draws(0),
            server: Station::new(1),
            balance: Balance::default(),
            responses: Span::ZERO,
            last_issue: None,
            cycles: [Span::from_ns(u64::MAX), Span::ZERO],
            in_service: Time::ZERO,
        }
    }

    fn ask(&mut self, now: Time, queue: &mut Queue<Event>) {
        if let Some(last) = self.last_issue.replace(now) {
            let cycle = now - last;
            self.cycles = [self.cycles[0].min(cycle), self.cycles[1].max(cycle)];
        }
        self.balance.issued += 1;
        if let Some(asked) = self.server.arrive(now, now) {
            self.serve(asked, queue);
        }
    }

    fn serve(&mut self, asked: Time, queue: &mut Queue<Event>) {
        self.in_service = asked;
        queue.push_after(self.service.draw(&mut self.serving), Class::Completion, Origin(1), Event::Served);
    }

    fn begin_thinking(&mut self, queue: &mut Queue<Event>) {
        queue.push_after(self.think.draw(&mut self.thinking), Class::NewWork, Origin(0), Event::Thought);
    }

    fn balance(&self) -> Balance {
        let in_flight = u64::from(self.server.in_service()) + self.server.waiting() as u64;
        Balance { in_flight, ..self.balance }
    }
}

/// What a run had done when its warm-up ended: figures count from there.
#[derive(Clone, Copy, Debug, Default)]
struct Baseline {
    at: Time,
    completed: u64,
    responses: Span,
    busy: Span,
}

impl Baseline {
    fn of(run: &Run<Repairman>) -> Baseline {
        let Repairman { balance, responses, server, .. } = &run.model;
        Baseline {
            at: run.now(),
            completed: balance.completed,
            responses: *responses,
            busy: server.usage(run.now()).busy,
        }
    }
}

/// Ten clients with exponential times, and one server.
pub fn repairman() -> Experiment {
    const CLIENTS: u32 = 10;
    const THINK: Span = Span::from_ms(100);
    const SERVICE: Span = Span::from_ms(20);
    fn run(replication: &Replication) -> Sample {
        let [think, service] = [THINK, SERVICE].map(|mean| Service::Exponential { mean });
        let mut run = Run::new(Repairman::new(replication, think, service), Queue::new());
        run.inject((), |model, queue, _| (0..CLIENTS).for_each(|_| model.begin_thinking(queue)));
        let mut reach = |completed: u64| {
            while run.model.balance.completed < completed {
                run.step();
            }
            Baseline::of(&run)
        };
        let start = reach(replication.warm_up());
        let end = reach(replication.length);
        let completed = (end.completed - start.completed) as f64;
        let seconds = (end.at - start.at).ns() as f64 / 1e9;
        let pairs = vec![
            (completed, seconds),
            ((end.responses - start.responses).ns() as f64 / 1e9, completed),
            ((end.busy - start.busy).ns() as f64 / 1e9, seconds),
        ];
        Sample { pairs, balance: run.model.balance() }
    }
    let [think, service] = [THINK, SERVICE].map(|span| span.ns() as f64 / 1e9);
    let expected = mean_value_analysis(&[service], CLIENTS, think);
    Experiment {
        name: "repairman",
        parameters: format!("N={CLIENTS} clients think exp mean {think} s one exp server mean {service} s FCFS"),
        measures: vec![
            measure("throughput", "1/s", expected.throughput),
            measure("mean response", "s", expected.response),
            measure("utilisation", "1", expected.utilisation[0]),
        ],
        replications: 32,
        length: 100_000,
        unit: "requests",
        warm_up: WarmUp::Cut,
        run: Box::new(run),
    }
}

/// One client with constant times: nothing is left to chance.
pub fn single() -> Experiment {
    const THINK: Span = Span::from_ms(45);
    const SERVICE: Span = Span::from_ms(6);
    fn run(replication: &Replication) -> Sample {
        let model = Repairman::new(replication, Service::Constant(THINK), Service::Constant(SERVICE));
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| model.ask(Time::ZERO, queue));
        // To the issue that ends the last whole cycle.
        while run.model.balance.issued <= replication.length {
            run.step();
        }
        let [shortest, longest] = run.model.cycles;
        // Were cycles of different length, their difference would show in the figure.
        let cycle = longest + (longest - shortest);
        let busy = run.model.server.usage(run.now()).busy;
        let pairs = vec![(cycle.ns() as f64, 1e9), (busy.ns() as f64, run.now().ns() as f64)];
        Sample { pairs, balance: run.model.balance() }
    }
    let [think, service] = [THINK, SERVICE].map(|span| span.ns() as f64 / 1e9);
    let whole = mean_value_analysis(&[service], 1, think);
    let exactly = |name, unit, expected, tolerance| Measure { name, unit, expected, tolerance };
    Experiment {
        name: "closed-single",
        parameters: format!("1 client constant think {think} s constant service {service} s, first issue at t = 0"),
        measures: vec![
            exactly("time from one issue to the next", "s", think + service, Tolerance::Exact),
            exactly("utilisation over whole cycles", "1", whole.utilisation[0], Tolerance::Absolute(1e-9)),
        ],
        replications: 1,
        length: 100_000,
        unit: "requests",
        warm_up: WarmUp::None,
        run: Box::new(run),
    }
}
