//! Things that fail and are repaired, by crews that are stations: availability, and the time until data are lost.

use super::super::Balance;
use super::super::series::{Experiment, Replication, Sample, WarmUp, measure};
use super::formulas;
use crate::device::raid::RaidLevel;
use crate::device::service::Service;
use crate::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Station, Time};

const HOUR: Span = Span::from_secs(3_600);

fn hours(span: Span) -> f64 {
    span.ns() as f64 / HOUR.ns() as f64
}

/// Parts of one kind, and the crews that repair them.
#[derive(Clone, Copy, Debug)]
pub(in crate::validate) struct Parts {
    number: u32,
    up: Service,
    down: Service,
    crews: u32,
}

impl Parts {
    /// Up and down for exponential times with these means, in hours.
    pub(in crate::validate) fn new(number: u32, up: u64, down: u64, crews: u32) -> Parts {
        let exponential = |hours: u64| Service::Exponential { mean: HOUR * hours };
        Parts { number, up: exponential(up), down: exponential(down), crews }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Change {
    Fails,
    Repaired,
}

/// What happens to a part, unless it was drawn anew since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::validate) struct Event {
    change: Change,
    generation: u32,
}

/// Which part it is does not matter: all are alike. A balance counts failures as issued and repairs as completed.
#[derive(Clone, Debug)]
pub(in crate::validate) struct Plant {
    parts: Parts,
    failing: Draws,
    repairing: Draws,
    crews: Station<()>,
    failed: u32,
    /// Time spent with so many failed, as far as anybody asks.
    spent: [Span; 3],
    changed: Time,
    balance: Balance,
    /// What lies beyond does not happen: the run is over when nothing is pending.
    until: Time,
    /// How often what is pending was drawn anew.
    generation: u32,
}

impl Model for Plant {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        let now = queue.now();
        self.account(now);
        match event.change {
            Change::Fails => {
                self.failed += 1;
                self.balance.issued += 1;
                if self.crews.arrive(now, ()).is_some() {
                    self.repair(queue);
                }
            }
            Change::Repaired => {
                self.failed -= 1;
                self.balance.completed += 1;
                if self.crews.depart(now).is_some() {
                    self.repair(queue);
                }
                self.await_failure(queue);
            }
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        Origin(event.change as u16)
    }

    fn is_live(&self, event: &Event) -> bool {
        event.generation == self.generation
    }
}

impl Plant {
    /// With all parts up.
    fn begin(parts: Parts, failing: Draws, repairing: Draws) -> Run<Plant> {
        Plant::begin_until(parts, failing, repairing, Time::NEVER)
    }

    /// With all parts up, for a mission that ends at `until`.
    pub(in crate::validate) fn begin_until(parts: Parts, failing: Draws, repairing: Draws, until: Time) -> Run<Plant> {
        let model = Plant {
            parts,
            failing,
            repairing,
            crews: Station::new(parts.crews),
            failed: 0,
            spent: [Span::ZERO; 3],
            changed: Time::ZERO,
            balance: Balance::default(),
            until,
            generation: 0,
        };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| (0..parts.number).for_each(|_| model.await_failure(queue)));
        run
    }

    fn of(replication: &Replication, parts: Parts) -> Run<Plant> {
        let draws = |purpose| replication.stream(purpose).draws(0);
        Plant::begin(parts, draws("failures"), draws("repairs"))
    }

    fn await_failure(&mut self, queue: &mut Queue<Event>) {
        let up = self.parts.up.draw(&mut self.failing);
        self.await_change(queue, up, Class::Timer, Change::Fails);
    }

    fn repair(&mut self, queue: &mut Queue<Event>) {
        let down = self.parts.down.draw(&mut self.repairing);
        self.await_change(queue, down, Class::Completion, Change::Repaired);
    }

    fn await_change(&self, queue: &mut Queue<Event>, after: Span, class: Class, change: Change) {
        let at = queue.now().saturating_add(after);
        if at < self.until {
            queue.push(at, class, Origin(change as u16), Event { change, generation: self.generation });
        }
    }

    /// Draws anew what is pending, with other draws from here on: no time that has run so far counts, which is right for
    /// exponential times alone.
    pub(in crate::validate) fn renew(&mut self, failing: Draws, repairing: Draws, queue: &mut Queue<Event>) {
        let is_memoryless = |law: Service| matches!(law, Service::Exponential { .. });
        assert!(is_memoryless(self.parts.up) && is_memoryless(self.parts.down), "only what has no memory is renewed");
        (self.failing, self.repairing) = (failing, repairing);
        self.generation += 1;
        (self.failed..self.parts.number).for_each(|_| self.await_failure(queue));
        (0..self.failed.min(self.parts.crews)).for_each(|_| self.repair(queue));
    }

    pub(in crate::validate) fn failed(&self) -> u32 {
        self.failed
    }

    fn account(&mut self, now: Time) {
        if let Some(spent) = self.spent.get_mut(self.failed as usize) {
            *spent += now - self.changed;
        }
        self.changed = now;
    }

    fn balance(&self) -> Balance {
        Balance { in_flight: u64::from(self.failed), ..self.balance }
    }
}

/// The time spent with no, one and two parts failed between warm-up and end, in hours, and what was repaired.
fn spent(replication: &Replication, parts: Parts) -> ([f64; 3], Balance) {
    let mut run = Plant::of(replication, parts);
    let mut reach = |hours: u64| {
        let at = Time::ZERO + HOUR * hours;
        run.run_until(at);
        run.model.account(at);
        run.model.spent
    };
    let before = reach(replication.warm_up());
    let after = reach(replication.length);
    let mut whole = [0.0; 3];
    for (whole, (before, after)) in whole.iter_mut().zip(before.into_iter().zip(after)) {
        *whole = hours(after - before);
    }
    (whole, run.model.balance())
}

/// Hours of a run: what fits into the clock is 5.1 million.
const HOURS: u64 = 4_000_000;

fn experiment(name: &'static str, more: &str, replications: u64, run: fn(&Replication) -> Sample) -> Experiment {
    Experiment {
        name,
        parameters: format!("exp up mean 1000.0 h, exp down mean 10.0 h{more}"),
        measures: Vec::new(),
        replications,
        length: HOURS,
        unit: "hours",
        warm_up: WarmUp::Cut,
        run: Box::new(run),
    }
}

pub fn one() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let ([up, down, _], balance) = spent(replication, Parts::new(1, 1_000, 10, 1));
        Sample { pairs: vec![(up, up + down), (down, up + down)], balance }
    }
    let up = formulas::availability(1_000.0, 10.0);
    Experiment {
        measures: vec![measure("availability", "1", up), measure("unavailability", "1", 1.0 - up)],
        ..experiment("availability-1", "", 128, run)
    }
}

/// The time with so many failed, of all.
fn share(of: [f64; 3], failed: usize) -> (f64, f64) {
    (of[failed], of.iter().sum())
}

pub fn parallel() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let (of, balance) = spent(replication, Parts::new(2, 1_000, 10, 2));
        Sample { pairs: vec![share(of, 2)], balance }
    }
    let down = 1.0 - formulas::availability(1_000.0, 10.0);
    Experiment {
        measures: vec![measure("unavailability", "1", down * down)],
        ..experiment("availability-2-parallel", ", 2 in parallel, independent repair", 3_200, run)
    }
}

pub fn one_repairer() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let (of, balance) = spent(replication, Parts::new(2, 1_000, 10, 1));
        Sample { pairs: vec![share(of, 2)], balance }
    }
    Experiment {
        measures: vec![measure("unavailability", "1", formulas::unavailability_one_crew(1_000.0, 10.0))],
        ..experiment("availability-2-one-repairer", ", 2 in parallel, one repairer", 3_200, run)
    }
}

pub fn series() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let (of, balance) = spent(replication, Parts::new(2, 1_000, 10, 2));
        Sample { pairs: vec![share(of, 0)], balance }
    }
    let up = formulas::availability(1_000.0, 10.0);
    Experiment {
        measures: vec![measure("availability", "1", up * up)],
        ..experiment("availability-2-series", ", 2 in series (both needed), independent repair", 64, run)
    }
}

/// The mean of so many lives, each from all parts up until so many have failed at a time.
fn lives(replication: &Replication, parts: Parts, fatal: u32) -> Sample {
    let mut total = 0.0;
    let mut balance = Balance::default();
    let streams = ["failures", "repairs"].map(|purpose| replication.stream(purpose));
    let mut draws = streams.map(|stream| stream.draws(0));
    for _ in 0..replication.length {
        let [failing, repairing] = draws;
        let mut run = Plant::begin(parts, failing, repairing);
        while run.model.failed < fatal {
            run.step();
        }
        total += hours(run.now() - Time::ZERO);
        balance = balance.and(run.model.balance());
        draws = [run.model.failing, run.model.repairing];
    }
    Sample { pairs: vec![(total, replication.length as f64)], balance }
}

/// A life that ends at the first total outage.
pub fn first_outage() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        lives(replication, Parts::new(2, 1_000, 10, 2), 2)
    }
    let expected = formulas::first_outage_of_two(1_000.0, 10.0);
    Experiment {
        measures: vec![measure("mean time to first total outage", "h", expected)],
        length: 5_000,
        unit: "lives",
        warm_up: WarmUp::None,
        ..experiment("availability-2-parallel", ", 2 in parallel, independent repair", 32, run)
    }
}

const DISKS: u32 = 8;

/// Failed disks with which data are gone.
fn fatal(level: RaidLevel) -> u32 {
    u32::from(level.survives()) + 1
}

fn loss(name: &'static str, expected: f64, run: fn(&Replication) -> Sample) -> Experiment {
    Experiment {
        name,
        parameters: format!(
            "accelerated: {DISKS} disks, exp MTTF 1000.0 h, exp rebuild mean 50.0 h, one rebuild at a time, no latent errors"
        ),
        measures: vec![measure("mean time to data loss", "h", expected)],
        replications: 32,
        length: 7_500,
        unit: "lives",
        warm_up: WarmUp::None,
        run: Box::new(run),
    }
}

pub fn raid5() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        lives(replication, Parts::new(DISKS, 1_000, 50, 1), fatal(RaidLevel::Five))
    }
    loss("mttdl-raid5", formulas::loss_of_raid5(DISKS.into(), 1_000.0, 50.0), run)
}

pub fn raid6() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        lives(replication, Parts::new(DISKS, 1_000, 50, 1), fatal(RaidLevel::Six))
    }
    loss("mttdl-raid6", formulas::loss_of_raid6(DISKS.into(), 1_000.0, 50.0), run)
}
