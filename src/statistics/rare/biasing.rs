//! Balanced failure biasing: while something is failed, the next transition is a failure half of the time, whichever failure
//! as likely as any other, and what comes of it is weighed by how unlikely it was (Goyal et al. 1992, Shahabuddin 1994, G).
//!
//! The chain is followed from cycle to cycle, a cycle running from the moment when nothing is failed until that is so again,
//! or until the end is reached. The mean time to the end is the mean length of a cycle by the probability that it reaches
//! the end. Lengths come from true cycles beside the biased ones, with the mean stay in place of a drawn one.
//!
//! Times are exponential: a [`Chain`] can say nothing else. Of other laws the biased chain would give a wrong answer with a
//! narrow interval; they need splitting.

use crate::kernel::{Draws, Stream};
use crate::statistics::{Estimate, Refused, mean_interval, ratio_interval};

/// Equal weights that those of the hits must be worth, without which there is no interval (STATISTICS 6).
pub const LEAST_EFFECTIVE: u64 = 100;
/// What one weight may be of the sum of all.
const LARGEST_SHARE: f64 = 0.1;
/// Blocks of cycles without which there is no interval.
pub const LEAST_BLOCKS: u64 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Failure,
    Repair,
}

/// A way out of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    pub kind: Kind,
    /// Per unit of time.
    pub rate: f64,
    /// The state it leads to; nothing is the end, as a loss of data.
    pub to: Option<usize>,
}

/// A chain in continuous time that begins in state 0, in which nothing is failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The ways out of each state.
    pub states: Vec<Vec<Transition>>,
}

impl Chain {
    /// The same chain as [`crate::statistics::first_passage`] takes it: rates between states, and to the end.
    pub fn rates(&self) -> (Vec<Vec<f64>>, Vec<f64>) {
        let count = self.states.len();
        let (mut rates, mut ends) = (vec![vec![0.0; count]; count], vec![0.0; count]);
        for (from, ways) in self.states.iter().enumerate() {
            for way in ways {
                match way.to {
                    Some(to) => rates[from][to] += way.rate,
                    None => ends[from] += way.rate,
                }
            }
        }
        (rates, ends)
    }

    fn total(&self, state: usize) -> f64 {
        self.states[state].iter().map(|way| way.rate).sum()
    }

    /// A way out with its true probability.
    fn true_way(&self, state: usize, draws: &mut Draws) -> &Transition {
        pick(self.states[state].iter().map(|way| (way, way.rate)), draws)
    }

    /// A way out, failures favoured, and the ratio of its true probability to the one it was drawn with.
    fn biased_way(&self, state: usize, draws: &mut Draws) -> (&Transition, f64) {
        let ways = &self.states[state];
        let failures = ways.iter().filter(|way| way.kind == Kind::Failure);
        let repairs = ways.iter().filter(|way| way.kind == Kind::Repair);
        let (count, mending) = (failures.clone().count() as f64, repairs.clone().map(|way| way.rate).sum::<f64>());
        let share = match (count > 0.0, mending > 0.0) {
            (true, true) => 0.5,
            (true, false) => 1.0,
            (false, _) => 0.0,
        };
        let (way, drawn) = match share > 0.0 && draws.chance(share) {
            true => (pick(failures.map(|way| (way, 1.0)), draws), share / count),
            false => {
                let way = pick(repairs.map(|way| (way, way.rate)), draws);
                (way, (1.0 - share) * way.rate / mending)
            }
        };
        (way, way.rate / self.total(state) / drawn)
    }
}

/// One of some ways with probability proportional to its weight. Without a choice nothing is drawn.
fn pick<'a>(ways: impl Iterator<Item = (&'a Transition, f64)> + Clone, draws: &mut Draws) -> &'a Transition {
    let sum: f64 = ways.clone().map(|(_, weight)| weight).sum();
    let mut left = if ways.clone().count() > 1 { sum * draws.unit() } else { 0.0 };
    let mut last = None;
    for (way, weight) in ways.filter(|(_, weight)| *weight > 0.0) {
        last = Some(way);
        if left <= weight {
            break;
        }
        left -= weight;
    }
    last.expect("every state has a way out")
}

/// What a block of cycles gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Block {
    pub cycles: u64,
    /// Time of as many true cycles.
    pub time: f64,
    /// Cycles that reached the end, and their weights: the sum, that of the squares, and the largest.
    pub hits: u64,
    pub weight: f64,
    pub squares: f64,
    pub largest: f64,
    /// Of the weights of all cycles.
    pub weight_of_all: f64,
    /// Transitions of the biased cycles, and of the true ones.
    pub steps: u64,
    pub true_steps: u64,
}

impl Block {
    /// So many cycles with draws from `stream`, which no other block has.
    pub fn run(chain: &Chain, cycles: u64, stream: Stream) -> Block {
        let mut block = Block { cycles, ..Block::default() };
        // Far enough apart for half the stream each.
        let [mut biased, mut plain] = [0, u64::MAX / 2].map(|place| stream.draws(place));
        for _ in 0..cycles {
            block.bias(chain, &mut biased);
            block.measure(chain, &mut plain);
        }
        block
    }

    fn bias(&mut self, chain: &Chain, draws: &mut Draws) {
        let (mut state, mut logarithm) = (0, 0.0);
        let is_hit = loop {
            let (way, ratio) = chain.biased_way(state, draws);
            logarithm += libm::log(ratio);
            self.steps += 1;
            match way.to {
                None => break true,
                Some(0) => break false,
                Some(to) => state = to,
            }
        };
        let weight = libm::exp(logarithm);
        self.weight_of_all += weight;
        if is_hit {
            self.hits += 1;
            self.weight += weight;
            self.squares += weight * weight;
            self.largest = self.largest.max(weight);
        }
    }

    fn measure(&mut self, chain: &Chain, draws: &mut Draws) {
        let mut state = 0;
        loop {
            self.time += 1.0 / chain.total(state);
            self.true_steps += 1;
            match chain.true_way(state, draws).to {
                None | Some(0) => break,
                Some(to) => state = to,
            }
        }
    }
}

/// What all blocks say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biased {
    /// Mean time to the end, in the unit of the chain.
    pub time: Estimate,
    /// Probability that a cycle reaches the end.
    pub probability: Estimate,
    /// Of all cycles; 1 when the weights are right.
    pub mean_weight: Estimate,
    pub hits: u64,
    /// The number of equal weights that would be worth as much as those of the hits.
    pub effective: f64,
    /// The largest weight of a hit, of the sum of all.
    pub largest_share: f64,
    /// Transitions of all cycles, biased and true.
    pub steps: u64,
    /// Of one true cycle, on average: what a plain simulation spends on it.
    pub steps_of_a_cycle: f64,
}

/// The estimates over independent blocks, in the order of their numbers.
///
/// # Errors
/// Fewer than [`LEAST_BLOCKS`], no cycle that reached the end, hits that are worth fewer than [`LEAST_EFFECTIVE`] equal
/// ones, or one of them more than a tenth of all.
pub fn estimate(blocks: &[Block], level: f64) -> Result<Biased, Refused> {
    let found = blocks.len() as u64;
    if found < LEAST_BLOCKS {
        return Err(Refused::TooFew { found, needed: LEAST_BLOCKS });
    }
    let sum = |of: fn(&Block) -> f64| blocks.iter().map(of).sum::<f64>();
    let weight = sum(|block| block.weight);
    if weight == 0.0 {
        return Err(Refused::Unreached);
    }
    let effective = weight * weight / sum(|block| block.squares);
    if effective < LEAST_EFFECTIVE as f64 {
        return Err(Refused::FewEffective { effective, needed: LEAST_EFFECTIVE });
    }
    let largest_share = blocks.iter().map(|block| block.largest).fold(0.0, f64::max) / weight;
    if largest_share > LARGEST_SHARE {
        return Err(Refused::OneWeight { share: largest_share, most: LARGEST_SHARE });
    }
    let times: Vec<(f64, f64)> = blocks.iter().map(|block| (block.time, block.weight)).collect();
    let mean = |of: fn(&Block) -> f64| {
        let means: Vec<f64> = blocks.iter().map(|block| of(block) / block.cycles as f64).collect();
        mean_interval(&means, level)
    };
    Ok(Biased {
        time: ratio_interval(&times, level)?,
        probability: mean(|block| block.weight)?,
        mean_weight: mean(|block| block.weight_of_all)?,
        hits: blocks.iter().map(|block| block.hits).sum(),
        effective,
        largest_share,
        steps: blocks.iter().map(|block| block.steps + block.true_steps).sum(),
        steps_of_a_cycle: sum(|block| block.true_steps as f64) / sum(|block| block.cycles as f64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::replication_seed;
    use crate::statistics::first_passage;

    /// Disks of two kinds with one repair at a time, data lost when three are failed: two failures to choose from.
    fn two_kinds(failure: f64) -> Chain {
        let way = |kind, rate, to| Transition { kind, rate, to };
        let fails = |rate: f64, to| way(Kind::Failure, rate * failure, to);
        Chain {
            states: vec![
                vec![fails(4.0, Some(1)), fails(0.5, Some(2))],
                vec![fails(7.0, Some(3)), way(Kind::Repair, 0.05, Some(0))],
                vec![fails(9.0, Some(3)), way(Kind::Repair, 0.01, Some(0))],
                vec![
                    fails(2.0, None),
                    fails(4.0, None),
                    way(Kind::Repair, 0.03, Some(1)),
                    way(Kind::Repair, 0.02, Some(2)),
                ],
            ],
        }
    }

    fn blocks(chain: &Chain, count: u64, cycles: u64, seed: u64) -> Vec<Block> {
        let stream = |number| Stream::new(replication_seed(seed, number), "chain", "biasing");
        (0..count).map(|number| Block::run(chain, cycles, stream(number))).collect()
    }

    fn exact(chain: &Chain) -> f64 {
        let (rates, ends) = chain.rates();
        first_passage(&rates, &ends).expect("it ends")
    }

    #[test]
    fn a_chain_with_several_failures_has_its_exact_time() {
        let chain = two_kinds(1e-7);
        let biased = estimate(&blocks(&chain, 20, 5_000, 1), 0.99).expect("enough hits");
        assert!(biased.time.interval.contains(exact(&chain)), "{biased:?} {}", exact(&chain));
        assert!(biased.time.interval.half_width() < 0.05 * biased.time.value, "{biased:?}");
        assert!(biased.mean_weight.interval.contains(1.0), "{biased:?}");
        assert!(biased.probability.value < 1e-9 && biased.hits > 1_000, "{biased:?}");
        assert!(biased.effective <= biased.hits as f64, "{biased:?}");
    }

    #[test]
    fn intervals_of_95_percent_cover_the_truth_as_often_as_they_say() {
        let chain = two_kinds(1e-5);
        let truth = exact(&chain);
        let covers = |seed: u64| {
            let biased = estimate(&blocks(&chain, LEAST_BLOCKS, 100, 500 + seed), 0.95);
            biased.is_ok_and(|biased| biased.time.interval.contains(truth))
        };
        let covered = (0..200).filter(|&seed| covers(seed)).count();
        assert!((180..=198).contains(&covered), "{covered} of 200");
    }

    #[test]
    fn what_cannot_be_claimed_is_refused() {
        let chain = two_kinds(1e-6);
        assert_eq!(estimate(&blocks(&chain, 19, 10, 1), 0.95), Err(Refused::TooFew { found: 19, needed: 20 }));
        let few = estimate(&blocks(&chain, 20, 5, 1), 0.95);
        assert!(matches!(few, Err(Refused::FewEffective { .. })), "{few:?}");
        let one = Block { cycles: 100, hits: 1_000, weight: 10.0, squares: 0.1, largest: 2.0, ..Block::default() };
        let heavy = estimate(&[one; 20], 0.95);
        assert!(heavy.is_ok(), "2 of 200 is little: {heavy:?}");
        let heavy = estimate(&[Block { largest: 30.0, ..one }; 20], 0.95);
        assert_eq!(heavy, Err(Refused::OneWeight { share: 0.15, most: 0.1 }));
        assert_eq!(estimate(&[Block { cycles: 1, ..Block::default() }; 20], 0.95), Err(Refused::Unreached));
    }
}
