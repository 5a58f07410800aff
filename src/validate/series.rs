//! How figures come out of replications: independent runs with seeds of their own, and one longer series where the first
//! missed its interval closely.
//!
//! A replication yields a pair for each measure; a figure is the ratio of the sums of its pairs over all replications,
//! which is a plain mean where the second of the pair is 1. Its interval is Student's over the replications, never over
//! single results, which hang together.

use rayon::prelude::*;

use super::{Attempt, Balance, Case, Finding, Tolerance};
use crate::kernel::Stream;
use crate::kernel::rng::replication_seed;
use crate::statistics::ratio_interval;

/// The first series of every case, and the one that is run where it missed closely. Fixed before any comparison.
const SEEDS: [u64; 2] = [1, 2];
/// How much longer the runs of the second series are.
const LONGER: u64 = 10;
/// Level of the intervals.
const LEVEL: f64 = 0.99;

/// What one replication is and gives.
pub type Run = Box<dyn Fn(&Replication) -> Sample + Send + Sync>;

/// Figures of one model, and how to run it.
pub struct Experiment {
    pub name: &'static str,
    pub parameters: String,
    pub measures: Vec<Measure>,
    pub replications: u64,
    /// Of one replication, in the units of the experiment.
    pub length: u64,
    /// What a unit of length is, as `jobs`.
    pub unit: &'static str,
    pub warm_up: WarmUp,
    pub run: Run,
}

/// Whether the beginning of each run counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// The first hundredth is cut off: [`Replication::warm_up`].
    Cut,
    /// The run has no steady state to wait for.
    None,
}

/// A figure that every replication contributes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub name: &'static str,
    pub unit: &'static str,
    pub expected: f64,
    pub tolerance: Tolerance,
}

/// One run of an experiment.
#[derive(Clone, Copy, Debug)]
pub struct Replication {
    pub case: &'static str,
    pub seed: u64,
    pub length: u64,
}

impl Replication {
    /// The random numbers of one purpose of this run.
    pub fn stream(&self, purpose: &str) -> Stream {
        Stream::new(self.seed, self.case, purpose)
    }

    /// How much of the length is warm-up, where it is cut off.
    pub fn warm_up(&self) -> u64 {
        self.length / 100
    }
}

/// What one run yields: a pair for each measure, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    pub pairs: Vec<(f64, f64)>,
    pub balance: Balance,
}

/// A measure with the tolerance of all that chance has a part in.
pub fn measure(name: &'static str, unit: &'static str, expected: f64) -> Measure {
    Measure { name, unit, expected, tolerance: Tolerance::Interval(0.01) }
}

/// Runs all experiments, so many replications at a time. The result does not depend on how many.
pub fn run(experiments: &[Experiment], threads: usize, tell: &(dyn Fn() + Sync)) -> Vec<Case> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("the system gives threads");
    pool.install(|| {
        let all: Vec<usize> = (0..experiments.len()).collect();
        let mut cases: Vec<Case> = experiments.iter().map(empty).collect();
        series(experiments, &all, 0, &mut cases, tell);
        let missed: Vec<usize> = all.into_iter().filter(|&index| is_close_miss(&cases[index])).collect();
        series(experiments, &missed, 1, &mut cases, tell);
        cases
    })
}

/// The case of an experiment before anything was simulated.
pub fn empty(experiment: &Experiment) -> Case {
    let finding = |it: &Measure| Finding::new(it.name, it.unit, it.expected, it.tolerance);
    Case {
        name: experiment.name.to_owned(),
        parameters: experiment.parameters.clone(),
        findings: experiment.measures.iter().map(finding).collect(),
    }
}

fn is_close_miss(case: &Case) -> bool {
    case.findings.iter().any(|finding| finding.attempts.iter().any(|attempt| finding.deserves_another(attempt)))
}

/// Runs series `number` of the experiments with these indices and adds its attempts where they are wanted.
fn series(experiments: &[Experiment], indices: &[usize], number: usize, cases: &mut [Case], tell: &(dyn Fn() + Sync)) {
    let factor = if number == 0 { 1 } else { LONGER };
    let replication = |index: usize, replication: u64| Replication {
        case: experiments[index].name,
        seed: replication_seed(SEEDS[number], replication),
        length: experiments[index].length * factor,
    };
    let runs: Vec<(usize, Replication)> = indices
        .iter()
        .flat_map(|&index| (0..experiments[index].replications).map(move |each| (index, each)))
        .map(|(index, each)| (index, replication(index, each)))
        .collect();
    // One by one, as they differ by a factor of a thousand; in the order of the runs, whichever ends first.
    let sample = |(index, each): &(usize, Replication)| {
        let sample = (experiments[*index].run)(each);
        tell();
        sample
    };
    let samples: Vec<Sample> = runs.par_iter().with_max_len(1).map(sample).collect();
    for &index in indices {
        let of_case = runs.iter().zip(&samples).filter(|((each, _), _)| *each == index);
        let samples: Vec<&Sample> = of_case.map(|(_, sample)| sample).collect();
        let method = method(&experiments[index], factor);
        for (place, finding) in cases[index].findings.iter_mut().enumerate() {
            if number == 0 || finding.attempts.iter().any(|attempt| finding.deserves_another(attempt)) {
                finding.attempts.push(attempt(place, &samples, &method, SEEDS[number]));
            }
        }
    }
}

fn method(experiment: &Experiment, factor: u64) -> String {
    let Experiment { replications, length, unit, warm_up, .. } = experiment;
    let length = crate::validate::grouped(length * factor);
    let cut = match warm_up {
        WarmUp::Cut => ", the first 1 % of each cut off",
        WarmUp::None => "",
    };
    match replications {
        1 => format!("one run of {length} {unit}{cut}"),
        _ => format!("{} replications of {length} {unit}{cut}, Student t", crate::validate::grouped(*replications)),
    }
}

fn attempt(place: usize, samples: &[&Sample], method: &str, seed: u64) -> Attempt {
    let pairs: Vec<(f64, f64)> = samples.iter().map(|sample| sample.pairs[place]).collect();
    let balance = samples.iter().fold(Balance::default(), |sum, sample| sum.and(sample.balance));
    // One run has a figure and no interval.
    let estimate = ratio_interval(&pairs, LEVEL);
    let simulated = estimate.map_or_else(|_| pairs[0].0 / pairs[0].1, |estimate| estimate.value);
    Attempt {
        simulated,
        interval: estimate.ok().map(|estimate| estimate.interval),
        method: method.to_owned(),
        seed: Some(seed),
        balance: Some(balance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(experiments: &[Experiment], threads: usize) -> Vec<Case> {
        super::run(experiments, threads, &|| ())
    }
    use crate::kernel::Span;
    use crate::validate::Verdict;

    /// Means of exponential draws with a true mean of 1 s; the expected value is the caller's.
    fn experiment(expected: f64) -> Experiment {
        fn run(replication: &Replication) -> Sample {
            let mut draws = replication.stream("draws").draws(0);
            let sum: u64 = (0..replication.length).map(|_| draws.exponential(Span::from_secs(1)).ns()).sum();
            let balance = Balance { issued: replication.length, completed: replication.length, ..Balance::default() };
            Sample { pairs: vec![(sum as f64 / 1e9, replication.length as f64)], balance }
        }
        Experiment {
            name: "draws",
            parameters: String::new(),
            measures: vec![measure("mean", "s", expected)],
            replications: 20,
            length: 10_000,
            unit: "draws",
            warm_up: WarmUp::None,
            run: Box::new(run),
        }
    }

    #[test]
    fn the_truth_is_within_and_a_lie_is_not() {
        let cases = run(&[experiment(1.0), experiment(1.05)], 2);
        assert_eq!([0, 1].map(|case| cases[case].findings[0].verdict()), [Verdict::Within, Verdict::Outside]);
        let attempt = &cases[0].findings[0].attempts[0];
        assert_eq!(attempt.method, "20 replications of 10,000 draws, Student t");
        assert_eq!(attempt.balance.map(|balance| balance.issued), Some(200_000));
        assert_eq!(cases[1].findings[0].attempts.len(), 1, "far off is not tried again");
    }

    #[test]
    fn a_close_miss_gets_one_longer_series_and_it_stands() {
        let first = run(&[experiment(1.0)], 1)[0].findings[0].attempts[0].clone();
        // Just outside the interval of the first series, and within 1 % of it: no truth, so the second decides.
        let beyond = first.interval.expect("twenty runs have an interval").high + 1e-6;
        assert!((first.simulated / beyond - 1.0).abs() < 0.01, "{first:?}");
        let findings = &run(&[experiment(beyond)], 1)[0].findings;
        assert_eq!((findings[0].attempts.len(), findings[0].attempts[0].clone()), (2, first));
        assert_eq!(findings[0].attempts[1].method, "20 replications of 100,000 draws, Student t");
        assert_eq!(findings[0].attempts[1].seed, Some(2));
        assert_eq!(findings[0].verdict(), Verdict::Outside);
    }

    #[test]
    fn figures_do_not_depend_on_the_number_of_threads() {
        let experiments = [experiment(1.0), experiment(1.002)];
        assert_eq!(run(&experiments, 1), run(&experiments, 3));
    }
}
