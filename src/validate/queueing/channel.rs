//! The channel of the hosts as a queue: requests of one length at random, over one path (M/D/1).

use std::collections::VecDeque;

use super::super::Balance;
use super::super::series::{Experiment, Replication, Sample, WarmUp, measure};
use super::formulas::wait_mg1;
use crate::device::channel::{Channel, ChannelParameters};
use crate::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Time};

/// One request holds the path for one second: half of it overhead, half of it bytes.
const PARAMETERS: ChannelParameters = ChannelParameters { rate: 20_000, paths: 1, overhead: Span::from_ms(500) };
const BYTES: u64 = 10_000;

#[derive(Clone, Debug)]
struct Path {
    gaps: Draws,
    channel: Channel,
    /// When the requests that have not ended arrived, the oldest first.
    arrivals: VecDeque<Time>,
    balance: Balance,
    began: u64,
    waits: Span,
    responses: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    Arrival,
    Transferred,
}

impl Model for Path {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        let now = queue.now();
        match event {
            Event::Arrival => {
                self.balance.issued += 1;
                self.arrivals.push_back(now);
                if let Some(held) = self.channel.submit(now, BYTES, 0) {
                    self.transfer(now, held, queue);
                }
                self.await_arrival(queue);
            }
            Event::Transferred => {
                let arrived = self.arrivals.pop_front().expect("a request that ends has arrived");
                self.responses += now - arrived;
                self.balance.completed += 1;
                if let Some((_, held)) = self.channel.complete(now) {
                    let arrived = *self.arrivals.front().expect("a request that starts has arrived");
                    self.transfer(arrived, held, queue);
                }
            }
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        Origin(*event as u16)
    }
}

impl Path {
    fn await_arrival(&mut self, queue: &mut Queue<Event>) {
        let gap = self.gaps.exponential(Span::from_ms(1_250));
        queue.push_after(gap, Class::NewWork, Origin(0), Event::Arrival);
    }

    fn transfer(&mut self, arrived: Time, held: Span, queue: &mut Queue<Event>) {
        self.began += 1;
        self.waits += queue.now() - arrived;
        queue.push_after(held, Class::Completion, Origin(1), Event::Transferred);
    }
}

pub fn md1() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let model = Path {
            gaps: replication.stream("arrivals").draws(0),
            channel: Channel::new(&PARAMETERS).expect("the path has a rate"),
            arrivals: VecDeque::new(),
            balance: Balance::default(),
            began: 0,
            waits: Span::ZERO,
            responses: Span::ZERO,
        };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| model.await_arrival(queue));
        let mut reach = |issued: u64| {
            while run.model.balance.issued < issued {
                run.step();
            }
            let Path { began, waits, responses, balance, .. } = run.model;
            (began, waits, balance, responses, run.model.arrivals.len())
        };
        let before = reach(replication.warm_up());
        let after = reach(replication.length);
        let per = |time: Span, count: u64| (time.ns() as f64 / 1e9, count as f64);
        let pairs = vec![
            per(after.1 - before.1, after.0 - before.0),
            per(after.3 - before.3, after.2.completed - before.2.completed),
        ];
        Sample { pairs, balance: Balance { in_flight: after.4 as u64, ..after.2 } }
    }
    const REPLICATIONS: u64 = 32;
    let wait = wait_mg1(0.8, 1.0, 1.0);
    Experiment {
        name: "md1",
        parameters: "lambda=0.8/s service=1.0 s constant FCFS".to_owned(),
        measures: vec![measure("mean wait", "s", wait), measure("mean response", "s", wait + 1.0)],
        replications: REPLICATIONS,
        length: 18_000_000_u64.div_ceil(REPLICATIONS),
        unit: "requests",
        warm_up: WarmUp::Cut,
        run: Box::new(run),
    }
}
