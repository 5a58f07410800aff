//! Losses too rare to wait for: the realistic ranks, by a linear solver and by importance sampling.
//!
//! The chain of failed disks is sampled from cycle to cycle, a cycle running from the first failure until all are
//! repaired or data are lost. While something is failed, the next transition is a failure with probability one half, and
//! the run carries the ratio of true to biased probabilities as its weight (balanced failure biasing, STATISTICS 6). The
//! mean time to loss is the mean length of a cycle and the wait before it, divided by the probability of a loss in it.

use super::super::series::{Experiment, Measure, Replication, Sample, WarmUp, measure};
use super::super::{Balance, Tolerance};
use super::formulas;
use crate::kernel::Draws;
use crate::statistics::first_passage;

/// Disks of one rank.
#[derive(Clone, Copy, Debug)]
struct Rank {
    disks: u32,
    /// Failures of one disk per hour.
    failure: f64,
    /// Rebuilds per hour; one at a time.
    repair: f64,
    /// Failed disks with which data are still there.
    survives: u32,
}

const RAID5: Rank = Rank { disks: 8, failure: 1e-5, repair: 1.0 / 24.0, survives: 1 };
const RAID6: Rank = Rank { survives: 2, ..RAID5 };

impl Rank {
    fn next_failure(&self, failed: u32) -> f64 {
        f64::from(self.disks - failed) * self.failure
    }

    /// The mean time to loss by solving the chain.
    fn solved(&self) -> f64 {
        let states = self.survives as usize + 1;
        let mut rates = vec![vec![0.0; states]; states];
        let mut ends = vec![0.0; states];
        for failed in 0..states {
            let next = self.next_failure(failed as u32);
            match failed + 1 < states {
                true => rates[failed][failed + 1] = next,
                false => ends[failed] = next,
            }
            if failed > 0 {
                rates[failed][failed - 1] = self.repair;
            }
        }
        first_passage(&rates, &ends).expect("disks fail in the end")
    }

    /// One biased cycle: its weight, and whether it ended in a loss.
    fn biased(&self, draws: &mut Draws) -> (f64, bool) {
        let mut ln_weight = 0.0;
        let mut failed = 1;
        loop {
            let (failure, repair) = (self.next_failure(failed), self.repair);
            let truth = failure / (failure + repair);
            let fails = draws.chance(0.5);
            ln_weight += libm::log(2.0 * if fails { truth } else { 1.0 - truth });
            failed = if fails { failed + 1 } else { failed - 1 };
            if failed == 0 || failed > self.survives {
                return (libm::exp(ln_weight), failed > 0);
            }
        }
    }

    /// The length of one true cycle in hours, the wait before it included. The mean stay in each state stands in place of
    /// a drawn one: the same mean with less noise.
    fn length(&self, draws: &mut Draws) -> f64 {
        let mut length = 1.0 / self.next_failure(0);
        let mut failed = 1;
        while failed > 0 && failed <= self.survives {
            let (failure, repair) = (self.next_failure(failed), self.repair);
            length += 1.0 / (failure + repair);
            failed = if draws.chance(failure / (failure + repair)) { failed + 1 } else { failed - 1 };
        }
        length
    }

    fn cycles(&self, replication: &Replication) -> Sample {
        let [mut biased, mut true_ones] =
            ["biased cycles", "true cycles"].map(|purpose| replication.stream(purpose).draws(0));
        let (mut losses, mut weights, mut hours) = (0.0, 0.0, 0.0);
        for _ in 0..replication.length {
            let (weight, is_lost) = self.biased(&mut biased);
            losses += if is_lost { weight } else { 0.0 };
            weights += weight;
            hours += self.length(&mut true_ones);
        }
        let count = replication.length as f64;
        let balance = Balance { issued: replication.length, completed: replication.length, ..Balance::default() };
        Sample { pairs: vec![(hours, losses), (self.solved(), 1.0), (weights, count)], balance }
    }
}

fn experiment(name: &'static str, expected: f64, run: fn(&Replication) -> Sample) -> Experiment {
    Experiment {
        name,
        parameters: format!(
            "realistic: {} disks, exp MTTF 100000.0 h, exp rebuild mean 24.0 h, one rebuild at a time, no latent errors",
            RAID5.disks
        ),
        measures: vec![
            measure("mean time to data loss", "h", expected),
            Measure { name: "the same by solving the chain", unit: "h", expected, tolerance: Tolerance::Share(1e-9) },
            measure("mean weight of a cycle", "1", 1.0),
        ],
        replications: 32,
        length: 50_000,
        unit: "cycles with balanced failure biasing",
        warm_up: WarmUp::None,
        run: Box::new(run),
    }
}

pub fn raid5() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        RAID5.cycles(replication)
    }
    experiment("mttdl-raid5", formulas::loss_of_raid5(RAID5.disks.into(), 100_000.0, 24.0), run)
}

pub fn raid6() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        RAID6.cycles(replication)
    }
    experiment("mttdl-raid6", formulas::loss_of_raid6(RAID6.disks.into(), 100_000.0, 24.0), run)
}
