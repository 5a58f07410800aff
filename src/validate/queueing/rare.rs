//! Losses too rare to wait for: the realistic ranks, by a linear solver and by importance sampling.
//!
//! Cycles of the chain of failed disks are drawn with balanced failure biasing ([`crate::statistics::rare::biasing`]).

use super::super::series::{Experiment, Measure, Replication, Sample, WarmUp, measure};
use super::super::{Balance, Tolerance};
use super::formulas;
use crate::statistics::first_passage;
use crate::statistics::rare::biasing::{Block, Chain, Kind, Transition};

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
    /// By the number of failed disks.
    fn chain(&self) -> Chain {
        let state = |failed: u32| {
            let to = (failed < self.survives).then_some(failed as usize + 1);
            let rate = f64::from(self.disks - failed) * self.failure;
            let mut ways = vec![Transition { kind: Kind::Failure, rate, to }];
            if failed > 0 {
                ways.push(Transition { kind: Kind::Repair, rate: self.repair, to: Some(failed as usize - 1) });
            }
            ways
        };
        Chain { states: (0..=self.survives).map(state).collect() }
    }

    fn cycles(&self, replication: &Replication) -> Sample {
        let chain = self.chain();
        let (rates, ends) = chain.rates();
        let solved = first_passage(&rates, &ends).expect("disks fail in the end");
        let block = Block::run(&chain, replication.length, replication.stream("cycles"));
        let balance = Balance { issued: replication.length, completed: replication.length, ..Balance::default() };
        let pairs = vec![(block.time, block.weight), (solved, 1.0), (block.weight_of_all, block.cycles as f64)];
        Sample { pairs, balance }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Verdict, series};

    #[test]
    fn biased_cycles_have_the_times_of_the_formulas() {
        for case in series::run(&[raid5(), raid6()], 2, &|| ()) {
            for finding in &case.findings {
                assert_eq!(finding.verdict(), Verdict::Within, "{}: {finding:#?}", case.name);
            }
        }
    }
}
