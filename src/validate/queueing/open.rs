//! One station with Poisson arrivals: servers, line, room and priorities as the case wants them.

use std::hash::{Hash, Hasher};

use super::super::Balance;
use super::super::series::{Experiment, Replication, Sample, WarmUp, measure};
use super::formulas;
use crate::device::service::Service;
use crate::kernel::{Class, Draws, Fingerprint, Model, Origin, Queue, Run, Span, Station, Time};

const SECOND: Span = Span::from_secs(1);

/// What arrives, and what it finds.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Mean time between arrivals of each class; the first is served first.
    pub arrivals: [Option<Span>; 2],
    pub service: Service,
    pub servers: u32,
    /// Most that are in the system; who comes then is turned away.
    pub room: usize,
}

/// The mean time between arrivals at this rate.
fn rate(tenths_per_second: u64) -> Option<Span> {
    Some(Span::from_ns(10_000_000_000 / tenths_per_second))
}

impl Shape {
    /// One class and one server with room for all, at so many tenths of an arrival per second.
    pub fn simple(arrivals: u64, service: Service) -> Shape {
        Shape { arrivals: [rate(arrivals), None], service, servers: 1, room: usize::MAX }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    class: u8,
    arrived: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Arrival { class: u8 },
    Departure(Job),
}

/// One word per event: nobody compares the digests of these runs, and several words would cost a tenth of the whole time.
impl Hash for Event {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(match self {
            Event::Arrival { class } => u64::from(*class),
            Event::Departure(job) => job.arrived.ns(),
        });
    }
}

/// Everything that adds up over a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub balance: Balance,
    /// Jobs of each class whose service began, and how long they had waited.
    pub began: [u64; 2],
    pub waits: [Span; 2],
    /// Arrivals that did not start at once.
    pub delayed: u64,
    pub responses: Span,
    /// Service times drawn.
    pub services: Span,
    /// Jobs in the system, summed over nanoseconds.
    pub area: u64,
    pub busy: Span,
}

#[derive(Clone, Debug)]
pub struct Open {
    shape: Shape,
    gaps: [Draws; 2],
    serving: Draws,
    station: Station<Job>,
    sums: Sums,
    /// When the number in the system changed last.
    changed: Time,
    /// No more than these arrive.
    limit: u64,
    /// The response of each job in nanoseconds, when somebody wants quantiles.
    responses: Option<Vec<u64>>,
}

impl Model for Open {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, _: &mut Fingerprint) {
        let now = queue.now();
        self.sums.area += self.in_system() * (now - self.changed).ns();
        self.changed = now;
        match event {
            Event::Arrival { class } => self.arrive(Job { class, arrived: now }, queue),
            Event::Departure(job) => self.depart(job, queue),
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        match event {
            Event::Arrival { class } => Origin(u16::from(*class)),
            Event::Departure(_) => Origin(2),
        }
    }
}

impl Open {
    pub fn begin(replication: &Replication, shape: Shape) -> Run<Open> {
        let draws = |purpose| replication.stream(purpose).draws(0);
        let model = Open {
            shape,
            gaps: [draws("arrivals"), draws("arrivals of the second class")],
            serving: draws("service"),
            station: Station::new(shape.servers),
            sums: Sums::default(),
            changed: Time::ZERO,
            limit: replication.length,
            responses: None,
        };
        let mut run = Run::new(model, Queue::new());
        run.inject((), |model, queue, _| (0..2).for_each(|class| model.await_arrival(class, queue)));
        run
    }

    fn await_arrival(&mut self, class: u8, queue: &mut Queue<Event>) {
        let Some(mean) = self.shape.arrivals[usize::from(class)] else { return };
        let gap = self.gaps[usize::from(class)].exponential(mean);
        queue.push_after(gap, Class::NewWork, Origin(u16::from(class)), Event::Arrival { class });
    }

    fn arrive(&mut self, job: Job, queue: &mut Queue<Event>) {
        if self.sums.balance.issued == self.limit {
            return;
        }
        self.sums.balance.issued += 1;
        if self.in_system() as usize >= self.shape.room {
            self.sums.balance.failed += 1;
        } else {
            match self.station.arrive(job.arrived, job) {
                Some(job) => self.serve(job, queue),
                None => self.sums.delayed += 1,
            }
        }
        self.await_arrival(job.class, queue);
    }

    fn serve(&mut self, job: Job, queue: &mut Queue<Event>) {
        let class = usize::from(job.class);
        self.sums.began[class] += 1;
        self.sums.waits[class] += queue.now() - job.arrived;
        let service = self.shape.service.draw(&mut self.serving);
        self.sums.services += service;
        queue.push_after(service, Class::Completion, Origin(2), Event::Departure(job));
    }

    fn depart(&mut self, job: Job, queue: &mut Queue<Event>) {
        let now = queue.now();
        let response = now - job.arrived;
        self.sums.balance.completed += 1;
        self.sums.responses += response;
        if let Some(responses) = &mut self.responses {
            responses.push(response.ns());
        }
        let next = if self.shape.arrivals[1].is_some() {
            // The first of the first class, else the first of all.
            self.station.depart_choosing(now, |line| line.iter().position(|job| job.class == 0).unwrap_or(0))
        } else {
            self.station.depart(now)
        };
        if let Some(next) = next {
            self.serve(next, queue);
        }
    }

    fn in_system(&self) -> u64 {
        u64::from(self.station.in_service()) + self.station.waiting() as u64
    }

    /// The sums until now.
    pub fn sums(run: &Run<Open>) -> Sums {
        let Open { sums, station, changed, .. } = &run.model;
        let in_flight = run.model.in_system();
        Sums {
            balance: Balance { in_flight, ..sums.balance },
            area: sums.area + in_flight * (run.now() - *changed).ns(),
            busy: station.usage(run.now()).busy,
            ..*sums
        }
    }
}

/// What a run gave between the end of its warm-up and its last arrival.
struct Window {
    before: Sums,
    after: Sums,
    seconds: f64,
    /// Responses in it, if they were wanted.
    responses: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantiles {
    Wanted,
    Unwanted,
}

impl Window {
    fn of(replication: &Replication, shape: Shape, quantiles: Quantiles) -> Window {
        let mut run = Open::begin(replication, shape);
        let reach = |issued: u64, run: &mut Run<Open>| {
            while run.model.sums.balance.issued < issued {
                run.step();
            }
            (run.now(), Open::sums(run))
        };
        let (start, before) = reach(replication.warm_up(), &mut run);
        if quantiles == Quantiles::Wanted {
            run.model.responses = Some(Vec::with_capacity((replication.length - replication.warm_up()) as usize));
        }
        let (end, after) = reach(replication.length, &mut run);
        let seconds = (end - start).ns() as f64 / 1e9;
        Window { before, after, seconds, responses: run.model.responses.take().unwrap_or_default() }
    }

    fn count(&self, of: impl Fn(&Sums) -> u64) -> f64 {
        (of(&self.after) - of(&self.before)) as f64
    }

    fn time(&self, of: impl Fn(&Sums) -> Span) -> f64 {
        (of(&self.after) - of(&self.before)).ns() as f64 / 1e9
    }

    fn utilisation(&self) -> (f64, f64) {
        (self.time(|sums| sums.busy), self.seconds)
    }

    fn number(&self) -> (f64, f64) {
        (self.count(|sums| sums.area) / 1e9, self.seconds)
    }

    fn response(&self) -> (f64, f64) {
        (self.time(|sums| sums.responses), self.count(|sums| sums.balance.completed))
    }

    fn wait(&self, class: usize) -> (f64, f64) {
        (self.time(|sums| sums.waits[class]), self.count(|sums| sums.began[class]))
    }

    fn lost(&self) -> (f64, f64) {
        (self.count(|sums| sums.balance.failed), self.count(|sums| sums.balance.issued))
    }

    fn delayed(&self) -> (f64, f64) {
        (self.count(|sums| sums.delayed), self.count(|sums| sums.balance.issued))
    }

    /// The least response that so many hundredths of all do not exceed.
    fn quantile(&mut self, hundredths: usize) -> (f64, f64) {
        let place = (self.responses.len() * hundredths).div_ceil(100) - 1;
        let (_, response, _) = self.responses.select_nth_unstable(place);
        (*response as f64 / 1e9, 1.0)
    }

    fn sample(&self, pairs: Vec<(f64, f64)>) -> Sample {
        Sample { pairs, balance: self.after.balance }
    }
}

/// An experiment with 32 replications of a case with jobs.
fn experiment(name: &'static str, parameters: String, jobs: u64, run: fn(&Replication) -> Sample) -> Experiment {
    const REPLICATIONS: u64 = 32;
    Experiment {
        name,
        parameters,
        measures: Vec::new(),
        replications: REPLICATIONS,
        length: jobs.div_ceil(REPLICATIONS),
        unit: "jobs",
        warm_up: WarmUp::Cut,
        run: Box::new(run),
    }
}

const EXPONENTIAL: Service = Service::Exponential { mean: SECOND };

pub fn mm1() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let mut window = Window::of(replication, Shape::simple(8, EXPONENTIAL), Quantiles::Wanted);
        let quantiles = [95, 99].map(|hundredths| window.quantile(hundredths));
        let mut pairs = vec![window.utilisation(), window.number(), window.response(), window.wait(0)];
        pairs.extend(quantiles);
        window.sample(pairs)
    }
    let load = 0.8;
    let wait = formulas::wait_mg1(load, 1.0, 2.0);
    let response = wait + 1.0;
    let quantile = |share: f64| -libm::log(1.0 - share) * response;
    Experiment {
        measures: vec![
            measure("utilisation", "1", load),
            measure("mean number in system", "1", load / (1.0 - load)),
            measure("mean response", "s", response),
            measure("mean wait", "s", wait),
            measure("95th percentile of response", "s", quantile(0.95)),
            measure("99th percentile of response", "s", quantile(0.99)),
        ],
        ..experiment("mm1", "lambda=0.8/s mu=1.0/s FCFS".to_owned(), 72_000_000, run)
    }
}

pub fn mg1() -> Experiment {
    fn law() -> Service {
        Service::hyperexponential(SECOND, 4.0)
    }
    fn run(replication: &Replication) -> Sample {
        let window = Window::of(replication, Shape::simple(7, law()), Quantiles::Unwanted);
        window.sample(vec![window.wait(0), window.response(), window.number()])
    }
    let load = 0.7;
    // Mean 1 and squared coefficient of variation 4: the second moment is 5.
    let wait = formulas::wait_mg1(load, 1.0, 5.0);
    let Service::Hyperexponential { first, .. } = law() else { unreachable!("the law is what it was made as") };
    let [one, other] = [first, 1.0 - first];
    Experiment {
        measures: vec![
            measure("mean wait", "s", wait),
            measure("mean response", "s", wait + 1.0),
            measure("mean number in system", "1", load * (wait + 1.0)),
        ],
        ..experiment(
            "mg1-h2",
            format!(
                "lambda={load}/s H2 p1={one:.9} rate1={:.9}/s p2={other:.9} rate2={:.9}/s (mean 1.0 s, SCV 4.0) FCFS",
                2.0 * one,
                2.0 * other
            ),
            44_000_000,
            run,
        )
    }
}

pub fn three_servers() -> Shape {
    Shape { servers: 3, ..Shape::simple(24, EXPONENTIAL) }
}

pub fn mmc() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let window = Window::of(replication, three_servers(), Quantiles::Unwanted);
        window.sample(vec![window.delayed(), window.wait(0), window.response()])
    }
    let waits = formulas::erlang_c(3, 2.4);
    let wait = waits / (3.0 - 2.4);
    Experiment {
        measures: vec![
            measure("probability of waiting (Erlang C)", "1", waits),
            measure("mean wait", "s", wait),
            measure("mean response", "s", wait + 1.0),
        ],
        ..experiment("mmc", "lambda=2.4/s mu=1.0/s c=3 FCFS".to_owned(), 30_000_000, run)
    }
}

pub fn mmcc() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let shape = Shape { servers: 4, room: 4, ..Shape::simple(30, EXPONENTIAL) };
        let window = Window::of(replication, shape, Quantiles::Unwanted);
        window.sample(vec![window.lost(), window.utilisation()])
    }
    let lost = formulas::erlang_b(4, 3.0);
    Experiment {
        measures: vec![
            measure("loss probability (Erlang B)", "1", lost),
            measure("mean busy servers", "1", 3.0 * (1.0 - lost)),
        ],
        ..experiment("mmcc-loss", "lambda=3.0/s mu=1.0/s c=4 no queue".to_owned(), 4_000_000, run)
    }
}

/// Room for five.
pub fn bounded() -> Shape {
    Shape { room: 5, ..Shape::simple(9, EXPONENTIAL) }
}

pub fn mm1k() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let window = Window::of(replication, bounded(), Quantiles::Unwanted);
        window.sample(vec![window.lost(), window.number(), window.response()])
    }
    let (lost, number) = formulas::bounded(0.9, 5);
    Experiment {
        measures: vec![
            measure("loss probability", "1", lost),
            measure("mean number in system", "1", number),
            measure("mean response of accepted", "s", number / (0.9 * (1.0 - lost))),
        ],
        ..experiment("mm1k", "lambda=0.9/s mu=1.0/s capacity K=5 in system".to_owned(), 8_000_000, run)
    }
}

/// Two classes before one server.
pub fn two_classes() -> Shape {
    Shape { arrivals: [rate(3), rate(5)], ..Shape::simple(3, EXPONENTIAL) }
}

pub fn priority() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let window = Window::of(replication, two_classes(), Quantiles::Unwanted);
        window.sample(vec![window.wait(0), window.wait(1)])
    }
    let [high, low] = formulas::wait_priority([0.3, 0.5], 1.0);
    Experiment {
        measures: vec![measure("mean wait high", "s", high), measure("mean wait low", "s", low)],
        ..experiment(
            "mm1-priority",
            "lambda1=0.3/s (high) lambda2=0.5/s (low) mu=1.0/s non-preemptive".to_owned(),
            48_000_000,
            run,
        )
    }
}
