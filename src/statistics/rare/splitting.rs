//! Fixed-effort splitting: the way to a rare event is cut into levels, and each level gets so many trials of its own.
//!
//! The trials of a level begin where trials of the level before it arrived; the product of the shares that arrive estimates
//! the probability without bias (Garvels 2000; L'Ecuyer, Demers, Tuffin 2007, G). Trials of one macro-replication hang
//! together by their ancestors, so an interval comes from independent macro-replications alone, at least
//! [`LEAST_REPLICATIONS`] of them.
//!
//! It pays where the way has many small steps: the work is the sum of what the levels take, not the product. Where one step
//! alone has probability 1e-4, its level needs some 1e5 trials.
//!
//! A trap: copies of one state that already know their next failure are all the same trial. What is pending has to be
//! drawn anew ([`Journey::renew`]), given that it has not come yet; of exponential times that is a new exponential time.

use std::collections::BTreeSet;

use crate::kernel::{Draws, Stream};
use crate::statistics::{Estimate, Interval, Refused, mean_interval};

/// Macro-replications without which there is no interval (STATISTICS 6).
pub const LEAST_REPLICATIONS: u64 = 20;

/// A run on its way to the event; cloning it forks the future.
pub trait Journey: Clone {
    /// Goes on by one event. False when there is none, or when the event cannot come any more.
    fn advance(&mut self) -> bool;

    /// How far the run is; it begins at 0, and the event is the last level of a [`passage`].
    fn level(&self) -> usize;

    /// Draws from `child` from here on, and draws anew what is pending.
    fn renew(&mut self, child: &Child);
}

/// The random numbers of one trial.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    stream: Stream,
    number: u64,
}

/// Numbers of the stream that one purpose of one trial has to itself: half a million draws of 64 bits.
const NUMBERS_EACH: u64 = 1 << 16;
/// Purposes of one trial.
const PURPOSES: u64 = 4;
/// Trials of one level, so that no two trials of a macro-replication share a draw.
const TRIALS: u64 = 1 << 36;

impl Child {
    /// Of one trial of a level; both are numbers that no other trial with this stream has.
    pub fn new(stream: Stream, level: usize, trial: u64) -> Child {
        assert!(trial < TRIALS && level < 64, "a trial has a place in the stream");
        Child { stream, number: level as u64 * TRIALS + trial }
    }

    /// The draws of one purpose, of which there are four.
    pub fn draws(&self, purpose: u64) -> Draws {
        assert!(purpose < PURPOSES, "a trial has four purposes");
        self.stream.draws((self.number * PURPOSES + purpose) * NUMBERS_EACH)
    }
}

/// What became of the trials of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelCount {
    pub tried: u64,
    pub reached: u64,
    /// Trials of the first level from which those that arrived descend.
    pub ancestors: u64,
}

/// One macro-replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Estimates the probability of the event, without bias and without an interval.
    pub probability: f64,
    /// By level, up to the first that no trial reached.
    pub levels: Vec<LevelCount>,
    /// Events, and one for the beginning of each trial.
    pub steps: u64,
}

/// Runs one macro-replication: `efforts[k]` trials from level k to level k + 1. Its draws come from `stream`, which no
/// other macro-replication has. The memory it takes is that of the trials that arrive at one level.
pub fn passage<J: Journey>(begin: impl Fn(&Child) -> J, efforts: &[u64], stream: Stream) -> Passage {
    let mut passage = Passage { probability: 1.0, levels: Vec::with_capacity(efforts.len()), steps: 0 };
    let mut entrances: Vec<(J, u64)> = Vec::new();
    for (level, &effort) in efforts.iter().enumerate() {
        assert!(effort > 0, "a level has a trial");
        // Each entrance is used as often as any other, but for one; which ones gain is drawn.
        let first = match entrances.len() as u64 {
            0 => 0,
            count => Child::new(stream, 63, level as u64).draws(0).below(count),
        };
        let mut arrived = Vec::new();
        for trial in 0..effort {
            let child = Child::new(stream, level, trial);
            let (mut journey, ancestor) = if level == 0 {
                (begin(&child), trial)
            } else {
                let (entrance, ancestor) = &entrances[((first + trial) % entrances.len() as u64) as usize];
                let mut journey = entrance.clone();
                journey.renew(&child);
                (journey, *ancestor)
            };
            passage.steps += 1;
            while journey.level() <= level && journey.advance() {
                passage.steps += 1;
            }
            if journey.level() > level {
                arrived.push((journey, ancestor));
            }
        }
        let ancestors: BTreeSet<u64> = arrived.iter().map(|(_, ancestor)| *ancestor).collect();
        let reached = arrived.len() as u64;
        passage.levels.push(LevelCount { tried: effort, reached, ancestors: ancestors.len() as u64 });
        passage.probability *= reached as f64 / effort as f64;
        if arrived.is_empty() {
            break;
        }
        entrances = arrived;
    }
    passage
}

/// The probability over independent macro-replications, in the order of their numbers, with Student's interval.
///
/// # Errors
/// Fewer than [`LEAST_REPLICATIONS`], or none that reached the event.
pub fn estimate(passages: &[Passage], level: f64) -> Result<Estimate, Refused> {
    let found = passages.len() as u64;
    if found < LEAST_REPLICATIONS {
        return Err(Refused::TooFew { found, needed: LEAST_REPLICATIONS });
    }
    let probabilities: Vec<f64> = passages.iter().map(|passage| passage.probability).collect();
    if probabilities.iter().all(|&probability| probability == 0.0) {
        return Err(Refused::Unreached);
    }
    let estimate = mean_interval(&probabilities, level)?;
    let Interval { low, high, level } = estimate.interval;
    Ok(Estimate { interval: Interval { low: low.max(0.0), high: high.min(1.0), level }, ..estimate })
}

/// What all macro-replications did at each level.
pub fn totals(passages: &[Passage]) -> Vec<LevelCount> {
    let levels = passages.iter().map(|passage| passage.levels.len()).max().unwrap_or(0);
    let sum = |level: usize, of: fn(&LevelCount) -> u64| {
        passages.iter().filter_map(|passage| passage.levels.get(level)).map(of).sum()
    };
    let total = |level| LevelCount {
        tried: sum(level, |count| count.tried),
        reached: sum(level, |count| count.reached),
        ancestors: sum(level, |count| count.ancestors),
    };
    (0..levels).map(total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk that starts at 1, goes up with probability 0.3 and down otherwise, until it reaches 0 or `reach`.
    #[derive(Clone)]
    struct Walk {
        at: usize,
        highest: usize,
        draws: Draws,
    }

    impl Walk {
        fn begin(child: &Child) -> Walk {
            Walk { at: 1, highest: 1, draws: child.draws(0) }
        }
    }

    impl Journey for Walk {
        fn advance(&mut self) -> bool {
            if self.at == 0 {
                return false;
            }
            self.at = if self.draws.chance(0.3) { self.at + 1 } else { self.at - 1 };
            self.highest = self.highest.max(self.at);
            true
        }

        fn level(&self) -> usize {
            self.highest - 1
        }

        fn renew(&mut self, child: &Child) {
            self.draws = child.draws(0);
        }
    }

    /// The gambler's ruin (Feller, G).
    fn exact(reach: i32) -> f64 {
        let odds: f64 = 0.7 / 0.3;
        (odds - 1.0) / (libm::pow(odds, f64::from(reach)) - 1.0)
    }

    fn walks(reach: usize, effort: u64, count: u64, seed: u64) -> Vec<Passage> {
        let stream = |number: u64| Stream::new(crate::kernel::rng::replication_seed(seed, number), "walk", "splitting");
        (0..count).map(|number| passage(Walk::begin, &vec![effort; reach - 1], stream(number))).collect()
    }

    /// STATISTICS 6: from 1 up to 20 before 0 has probability 5.8264e-8.
    #[test]
    fn the_published_walk_is_met_where_plain_runs_see_nothing() {
        assert!((exact(20) / 5.8264e-8 - 1.0).abs() < 1e-4, "{}", exact(20));
        let passages = walks(20, 1_000, LEAST_REPLICATIONS, 1);
        let estimate = estimate(&passages, 0.95).expect("twenty are enough");
        assert!(estimate.interval.contains(exact(20)), "{estimate:?}");
        assert!(estimate.interval.half_width() < 0.25 * exact(20), "{estimate:?}");
        // Plain walks see nothing in as many steps.
        let steps: u64 = passages.iter().map(|passage| passage.steps).sum();
        let mut walk = Walk::begin(&Child::new(Stream::new(1, "walk", "plain"), 0, 0));
        let seen = (0..steps).filter(|_| {
            let (goes_on, is_there) = (walk.advance(), walk.level() == 19);
            if !goes_on || is_there {
                (walk.at, walk.highest) = (1, 1);
            }
            is_there
        });
        assert_eq!(seen.count(), 0, "of {steps} steps");
        let last = totals(&passages)[18];
        assert!(last.tried == 20_000 && last.reached > 5_000 && last.ancestors > 40, "{last:?}");
    }

    #[test]
    fn intervals_of_95_percent_cover_the_truth_as_often_as_they_say() {
        let covers = |seed: u64| {
            let estimate = estimate(&walks(5, 30, LEAST_REPLICATIONS, 1_000 + seed), 0.95);
            estimate.is_ok_and(|estimate| estimate.interval.contains(exact(5)))
        };
        let covered = (0..200).filter(|&seed| covers(seed)).count();
        assert!((180..=198).contains(&covered), "{covered} of 200");
    }

    /// Without draws of its own each fork would do as its siblings do, and all would arrive or none.
    #[test]
    fn children_do_not_repeat_each_other() {
        let passage = &walks(4, 1_000, 1, 5)[0];
        let share = |level: usize| passage.levels[level].reached as f64 / passage.levels[level].tried as f64;
        assert!((1..3).all(|level| (0.2..0.6).contains(&share(level))), "{passage:?}");
        assert!(passage.levels[2].ancestors > 20, "{passage:?}");
    }

    #[test]
    fn what_cannot_be_claimed_is_refused() {
        let few = walks(3, 10, 19, 1);
        assert_eq!(estimate(&few, 0.95), Err(Refused::TooFew { found: 19, needed: 20 }));
        assert_eq!(estimate(&walks(30, 3, 20, 1), 0.95), Err(Refused::Unreached));
    }
}
