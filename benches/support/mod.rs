//! How the benches measure: contestants in turn, several rounds, ratios within a round, a check value beside each figure.
//!
//! Speeds of a shared machine cannot be compared between runs, and hardly between minutes. So the contestants of a group
//! run one after the other in every round, a ratio is taken within each round, and its median over the rounds is the
//! figure; the spread from the least to the greatest stands beside it.

#![allow(dead_code, reason = "each bench uses its part")]

pub mod bare;
pub mod clock;
pub mod memory;

use std::process::ExitCode;

use clock::Clock;

/// A check value may be off by this share; beyond it the bench did not measure what it says.
const CHECK_TOLERANCE: f64 = 0.03;
/// A ratio may miss its bound by this share: the noise of a shared machine, not a licence.
const ALLOWANCE: f64 = 0.20;

/// What the command line asks for.
pub struct Options {
    /// Less work and the fewest rounds, for the gate; the whole takes below a minute.
    pub quick: bool,
}

impl Options {
    /// `--bench` comes from cargo.
    pub fn from(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options { quick: false };
        for argument in arguments {
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--bench" => {}
                other => return Err(format!("unknown option `{other}`; there is `--quick`")),
            }
        }
        Ok(options)
    }

    pub fn rounds(&self) -> usize {
        if self.quick { 3 } else { 7 }
    }

    /// `full`, or a part of it when in a hurry.
    pub fn amount(&self, full: u64) -> u64 {
        if self.quick { full / 4 } else { full }
    }
}

/// What one run of a contestant did.
pub struct Done {
    pub operations: u64,
    /// What theory, or another contestant, says about it.
    pub check: f64,
}

struct Contestant<'a> {
    name: String,
    expected: f64,
    run: Box<dyn FnMut() -> Done + 'a>,
}

/// Contestants that are compared with each other.
pub struct Group<'a> {
    title: String,
    /// What is counted, as in `event`.
    unit: &'static str,
    /// The name of the check value, as in `Wq`.
    check: &'static str,
    contestants: Vec<Contestant<'a>>,
}

impl<'a> Group<'a> {
    pub fn new(title: impl Into<String>, unit: &'static str, check: &'static str) -> Group<'a> {
        Group { title: title.into(), unit, check, contestants: Vec::new() }
    }

    pub fn add(&mut self, name: impl Into<String>, expected: f64, run: impl FnMut() -> Done + 'a) {
        self.contestants.push(Contestant { name: name.into(), expected, run: Box::new(run) });
    }

    /// Lets all contestants run `rounds` times in turn, the first of them first in every other round.
    pub fn run(mut self, rounds: usize, report: &mut Report) -> Figures {
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); self.contestants.len()];
        let mut last: Vec<f64> = vec![0.0; self.contestants.len()];
        for round in 0..rounds {
            let count = self.contestants.len();
            for turn in 0..count {
                let place = if round % 2 == 0 { turn } else { count - 1 - turn };
                let before = report.clock.now();
                let done = (self.contestants[place].run)();
                let after = report.clock.now();
                times[place].push((after - before) as f64 / done.operations as f64);
                last[place] = done.check;
            }
        }
        let unit = format!("ns/{}", self.unit);
        println!("\n{}", self.title);
        println!("  {:<44} {unit:>12} {:>20} {:>22}", "", "spread", self.check);
        for ((contestant, times), &check) in self.contestants.iter().zip(&times).zip(&last) {
            let figure = Figure::of(times);
            let spread = format!("{:.1}..{:.1}", figure.least, figure.most);
            let expected = format!("{check:.6} ({:.6})", contestant.expected);
            println!("  {:<44} {:>12.1} {spread:>20} {expected:>22}", contestant.name, figure.median);
            let off = (check / contestant.expected - 1.0).abs();
            if off.is_nan() || off > CHECK_TOLERANCE {
                report.fail(format!("{}: {} is {check}, not {}", contestant.name, self.check, contestant.expected));
            }
        }
        Figures { names: self.contestants.into_iter().map(|contestant| contestant.name).collect(), times }
    }
}

/// Times per operation of a group, in ns, round by round.
pub struct Figures {
    names: Vec<String>,
    times: Vec<Vec<f64>>,
}

impl Figures {
    /// Time per operation of `name` as a multiple of that of `reference`.
    pub fn ratio(&self, name: &str, reference: &str) -> Figure {
        let ratios: Vec<f64> =
            self.times_of(name).iter().zip(self.times_of(reference)).map(|(one, other)| one / other).collect();
        Figure::of(&ratios)
    }

    /// Operations per second of `name` as a share of those of `reference`.
    pub fn share(&self, name: &str, reference: &str) -> Figure {
        self.ratio(reference, name)
    }

    pub fn median(&self, name: &str) -> f64 {
        Figure::of(self.times_of(name)).median
    }

    fn times_of(&self, name: &str) -> &[f64] {
        let place = self.names.iter().position(|candidate| candidate == name);
        &self.times[place.expect("a ratio names contestants of its group")]
    }
}

/// A figure over the rounds.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Figure {
    pub fn of(values: &[f64]) -> Figure {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Figure { median, least: sorted[0], most: sorted[sorted.len() - 1] }
    }
}

/// What a ratio is held against.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// Printed for the reader; nothing follows.
    None,
}

/// What was found, and whether it is good enough.
pub struct Report {
    clock: Clock,
    failures: Vec<String>,
}

impl Report {
    pub fn new(title: &str, options: &Options) -> Report {
        let clock = Clock::new();
        let mode = if options.quick { "quick" } else { "full" };
        println!("{title}: {mode} mode, {}, median of {} rounds", clock.name(), options.rounds());
        Report { clock, failures: Vec::new() }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Prints a ratio beside its bound.
    pub fn ratio(&mut self, what: &str, figure: Figure, bound: Bound) {
        let Figure { median, least, most } = figure;
        let (wanted, excess) = match bound {
            Bound::AtMost(bound) => (format!("at most {bound}"), median / bound - 1.0),
            Bound::AtLeast(bound) => (format!("at least {bound}"), 1.0 - median / bound),
            Bound::None => (String::new(), f64::NEG_INFINITY),
        };
        let judgement = match bound {
            Bound::None => "",
            _ if excess <= 0.0 => "met",
            _ if excess <= ALLOWANCE => "missed, within the allowance",
            _ => "MISSED",
        };
        println!("  -> {what:<52} {median:>7.3} {:>15} {wanted:<14} {judgement}", format!("{least:.3}..{most:.3}"));
        if excess > ALLOWANCE {
            self.fail(format!("{what}: {median:.3}, but {wanted} is wanted"));
        }
    }

    pub fn fail(&mut self, reason: String) {
        self.failures.push(reason);
    }

    pub fn finish(self) -> ExitCode {
        println!();
        if self.failures.is_empty() {
            println!("every check value and every bound held");
            return ExitCode::SUCCESS;
        }
        self.failures.iter().for_each(|failure| println!("FAILED  {failure}"));
        ExitCode::FAILURE
    }
}
