//! Ranks of disks that lose their data once more have failed than they survive: by splitting a simulation of the parts
//! and their crews, by biasing a chain, and by plain simulation, which sees nothing.
//!
//! Splitting forks the plant of the suite `queueing`, in which each disk has a clock of its own and repairs are services of
//! a station; biasing follows the number of failed disks alone. Both are compared with the chain solved exactly.

use rayon::prelude::*;

use super::super::queueing::repair::{Parts, Plant};
use super::super::{Attempt, Case, Figure, Finding, Tolerance, grouped};
use super::{LEVEL, SEED};
use crate::kernel::rng::replication_seed;
use crate::kernel::{Run, Span, Stream, Time};
use crate::statistics::rare::biasing::{self, Biased, Block, Chain, Kind, Transition};
use crate::statistics::rare::splitting::{self, Child, Journey, LevelCount, Passage};
use crate::statistics::{Estimate, Refused, ends_within, first_passage, student_quantile};

/// Disks with exponential times, and how much is simulated of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rank {
    name: &'static str,
    disks: u32,
    /// Failed disks with which data are still there.
    survives: u32,
    /// Mean time to the failure of one disk, and of one repair, in hours.
    fails_after: u64,
    repaired_after: u64,
    crews: u32,
    /// Hours for which the disks are watched, from all up.
    mission: u64,
    /// Trials of each level in one macro-replication.
    efforts: &'static [u64],
}

/// Independent macro-replications, and blocks of cycles.
const REPLICATIONS: u64 = 32;
/// Biased cycles of one block, and as many true ones.
const CYCLES: u64 = 20_000;
/// How far from the exact answer an estimate may lie, as a share of it; no interval may be wider to either side.
const SPLITTING_LIMIT: f64 = 0.25;
const BIASING_LIMIT: f64 = 0.02;

pub(super) const RANKS: [Rank; 3] = [
    Rank {
        name: "mirror",
        disks: 2,
        survives: 1,
        fails_after: 100_000,
        repaired_after: 24,
        crews: 1,
        mission: 24,
        efforts: &[40_000, 100_000],
    },
    Rank {
        name: "raid-5",
        disks: 8,
        survives: 1,
        fails_after: 1_000_000,
        repaired_after: 24,
        crews: 1,
        mission: 24,
        efforts: &[100_000, 150_000],
    },
    Rank {
        name: "raid-6",
        disks: 8,
        survives: 2,
        fails_after: 100_000,
        repaired_after: 24,
        crews: 1,
        mission: 48,
        efforts: &[10_000, 40_000, 40_000],
    },
];

impl Journey for Run<Plant> {
    fn advance(&mut self) -> bool {
        self.step().is_some()
    }

    fn level(&self) -> usize {
        self.model.failed() as usize
    }

    fn renew(&mut self, child: &Child) {
        let [failing, repairing] = [0, 1].map(|purpose| child.draws(purpose));
        self.inject("renewed", |plant, queue, _| plant.renew(failing, repairing, queue));
    }
}

impl Rank {
    /// By the number of failed disks.
    fn chain(&self) -> Chain {
        let state = |failed: u32| {
            let rate = f64::from(self.disks - failed) / self.fails_after as f64;
            let to = (failed < self.survives).then_some(failed as usize + 1);
            let mut ways = vec![Transition { kind: Kind::Failure, rate, to }];
            if failed > 0 {
                let rate = f64::from(failed.min(self.crews)) / self.repaired_after as f64;
                ways.push(Transition { kind: Kind::Repair, rate, to: Some(failed as usize - 1) });
            }
            ways
        };
        Chain { states: (0..=self.survives).map(state).collect() }
    }

    fn begin(&self, child: &Child) -> Run<Plant> {
        let parts = Parts::new(self.disks, self.fails_after, self.repaired_after, self.crews);
        let until = Time::ZERO + Span::from_secs(self.mission * 3_600);
        Plant::begin_until(parts, child.draws(0), child.draws(1), until)
    }

    fn stream(&self, number: u64, purpose: &str) -> Stream {
        Stream::new(replication_seed(SEED, number), self.name, purpose)
    }

    fn passages(&self) -> Vec<Passage> {
        let passage =
            |number| splitting::passage(|child| self.begin(child), self.efforts, self.stream(number, "splitting"));
        (0..REPLICATIONS).into_par_iter().map(passage).collect()
    }

    fn blocks(&self) -> Vec<Block> {
        let chain = self.chain();
        let block = |number| Block::run(&chain, CYCLES, self.stream(number, "biasing"));
        (0..REPLICATIONS).into_par_iter().map(block).collect()
    }

    /// Whole missions, until so many steps are done in each replication.
    fn plain(&self, steps: u64) -> Plain {
        let loss = self.survives as usize + 1;
        let some = |number| {
            let stream = self.stream(number, "plain");
            let mut plain = Plain::default();
            while plain.steps < steps {
                let mut run = self.begin(&Child::new(stream, 0, plain.missions));
                plain.missions += 1;
                plain.steps += 1;
                while run.level() < loss && run.advance() {
                    plain.steps += 1;
                }
                plain.losses += u64::from(run.level() >= loss);
            }
            plain
        };
        let all: Vec<Plain> = (0..REPLICATIONS).into_par_iter().map(some).collect();
        all.into_iter().fold(Plain::default(), |sum, it| Plain {
            missions: sum.missions + it.missions,
            steps: sum.steps + it.steps,
            losses: sum.losses + it.losses,
        })
    }

    pub(super) fn case(&self) -> Case {
        let (rates, ends) = self.chain().rates();
        let loss = ends_within(&rates, &ends, self.mission as f64);
        let time = first_passage(&rates, &ends).expect("disks fail in the end");
        let passages = self.passages();
        let steps: u64 = passages.iter().map(|passage| passage.steps).sum();
        let plain = self.plain(steps / REPLICATIONS);
        let mut findings = vec![self.split(loss, &passages, &plain), self.seen(loss, &plain)];
        findings.extend(biased(time, &biasing::estimate(&self.blocks(), LEVEL)));
        let Rank { disks, survives, fails_after, repaired_after, crews, .. } = self;
        Case {
            name: self.name.to_owned(),
            parameters: format!(
                "{disks} disks, data lost with {} failed, exp MTTF {fails_after} h, exp repair mean {repaired_after} h, \
                 {crews} repair at a time",
                survives + 1
            ),
            findings,
        }
    }

    fn split(&self, exact: f64, passages: &[Passage], plain: &Plain) -> Finding {
        let measure = format!("loss within {} h, splitting", self.mission);
        let finding = Finding::new(measure, "1", exact, Tolerance::Interval(SPLITTING_LIMIT));
        let steps: u64 = passages.iter().map(|passage| passage.steps).sum();
        let levels: Vec<String> = splitting::totals(passages).iter().map(told).collect();
        let method = format!(
            "splitting: {REPLICATIONS} macro-replications, Student t, {} steps; {}",
            grouped(steps),
            levels.join(", then ")
        );
        let estimate = splitting::estimate(passages, LEVEL);
        let mut finding = finding.estimated(&estimate, SPLITTING_LIMIT, method);
        if let Ok(estimate) = estimate {
            let missions = plain_trials(exact, &estimate);
            let steps_of_one = plain.steps as f64 / plain.missions as f64;
            finding.beside.push(speed_up(missions * steps_of_one / steps as f64));
        }
        finding
    }

    fn seen(&self, exact: f64, plain: &Plain) -> Finding {
        let method = format!(
            "plain simulation: {} missions in as many steps as splitting took, {:.2} losses to be expected",
            grouped(plain.missions),
            exact * plain.missions as f64
        );
        Finding::shown("losses seen by plain simulation", "").found(plain.losses as f64, method)
    }
}

/// What became of a level.
fn told(count: &LevelCount) -> String {
    let [tried, reached, ancestors] = [count.tried, count.reached, count.ancestors].map(grouped);
    format!("{reached} of {tried} trials arrived (of {ancestors} ancestors)")
}

/// Figures of biasing, or why there are none.
fn biased(exact: f64, found: &Result<Biased, Refused>) -> Vec<Finding> {
    let cycles = grouped(REPLICATIONS * CYCLES);
    let effort = match found {
        Ok(it) => format!(", {} steps, {} losses", grouped(it.steps), grouped(it.hits)),
        Err(_) => String::new(),
    };
    let method = format!("balanced failure biasing: {REPLICATIONS} blocks, Student t, {cycles} cycles{effort}");
    let time = Finding::new("mean time to loss, biasing", "h", exact, Tolerance::Interval(BIASING_LIMIT));
    let weight = Finding::new("mean weight of a cycle", "1", 1.0, Tolerance::Interval(BIASING_LIMIT));
    let mut time = time.estimated(&found.map(|it| it.time), BIASING_LIMIT, method.clone());
    if let Ok(it) = found {
        let cycles = plain_trials(it.probability.value, &it.time);
        time.beside.push(speed_up(cycles * it.steps_of_a_cycle / it.steps as f64));
        let figure = |name: &str, value| Figure { name: name.to_owned(), unit: "", value };
        time.beside.push(figure("effective sample size", it.effective));
        time.beside.push(figure("largest weight, of all", it.largest_share));
    }
    vec![time, weight.estimated(&found.map(|it| it.mean_weight), BIASING_LIMIT, method)]
}

/// Plain trials that would give an estimate of a probability with the same relative error.
fn plain_trials(probability: f64, estimate: &Estimate) -> f64 {
    let t = student_quantile((estimate.results - 1) as f64, 0.5 + LEVEL / 2.0);
    let error = estimate.interval.half_width() / t / estimate.value;
    (1.0 - probability) / (probability * error * error)
}

fn speed_up(times: f64) -> Figure {
    Figure { name: "steps of plain simulation for the same error".to_owned(), unit: "times as many", value: times }
}

/// What plain simulation did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Plain {
    missions: u64,
    steps: u64,
    losses: u64,
}

impl Finding {
    /// With an estimate, whose interval counts when it is no wider than `limit` of it to either side: a wide one proves
    /// nothing.
    fn estimated(mut self, estimate: &Result<Estimate, Refused>, limit: f64, method: String) -> Finding {
        let attempt = match estimate {
            Ok(it) => {
                let is_narrow = it.interval.half_width() <= limit * it.value;
                let method = if is_narrow { method } else { format!("{method}; the interval is too wide to judge by") };
                let interval = is_narrow.then_some(it.interval);
                Attempt { simulated: it.value, interval, method, seed: Some(SEED), balance: None }
            }
            Err(refused) => {
                let method = format!("{method}; no estimate: {refused}");
                Attempt { simulated: f64::NAN, interval: None, method, seed: Some(SEED), balance: None }
            }
        };
        self.attempts.push(attempt);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::Verdict;

    /// A rank that loses data soon enough for all methods.
    const SMALL: Rank = Rank {
        name: "small",
        disks: 8,
        survives: 2,
        fails_after: 2_000,
        repaired_after: 24,
        crews: 2,
        mission: 100,
        efforts: &[300, 1_000, 1_000],
    };

    #[test]
    fn the_plant_that_is_forked_and_drawn_anew_loses_data_as_the_chain_does() {
        let (rates, ends) = SMALL.chain().rates();
        let exact = ends_within(&rates, &ends, SMALL.mission as f64);
        let passages = SMALL.passages();
        let estimate = splitting::estimate(&passages, LEVEL).expect("it was reached");
        assert!(estimate.interval.contains(exact), "{estimate:?} {exact}");
        let plain = SMALL.plain(2_000);
        let seen = plain.losses as f64 / plain.missions as f64;
        let deviation = (exact / plain.missions as f64).sqrt();
        assert!((seen - exact).abs() < 4.0 * deviation, "{plain:?} {exact}");
    }

    #[test]
    fn figures_do_not_depend_on_the_number_of_threads() {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| (SMALL.passages(), SMALL.plain(100)))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn a_refused_or_wide_estimate_is_outside() {
        let finding = || Finding::new("loss", "1", 1.0, Tolerance::Interval(0.1));
        let estimate =
            |half| Estimate { value: 1.0, interval: crate::statistics::Interval::around(1.0, half, 0.99), results: 32 };
        for (estimate, verdict, told) in [
            (Ok(estimate(0.05)), Verdict::Within, "method"),
            (Ok(estimate(0.5)), Verdict::Outside, "method; the interval is too wide to judge by"),
            (
                Err(Refused::Unreached),
                Verdict::Outside,
                "method; no estimate: no trial reached the event: give the levels more effort, or more levels",
            ),
        ] {
            let found = finding().estimated(&estimate, 0.1, "method".to_owned());
            assert_eq!((found.verdict(), &found.attempts[0].method[..]), (verdict, told));
        }
    }
}
