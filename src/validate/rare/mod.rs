//! Events too rare for plain simulation, by each method of [`crate::statistics::rare`]: two against the exact answer of a
//! Markov chain, the third against a simulation in which the fault comes so often that it is seen.

mod rank;
mod window;

use super::{Options, Outcome, Suite};

/// The one seed of the suite, fixed before any comparison.
const SEED: u64 = 1;
/// Level of the intervals.
const LEVEL: f64 = 0.99;

pub fn run(options: &Options) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build().expect("the system gives threads");
    let mut cases: Vec<_> = rank::RANKS.iter().map(|rank| pool.install(|| rank.case())).collect();
    cases.push(pool.install(|| window::lost_writes(options.threads)));
    Outcome { suite: Suite::Rare, cases, left_out: Vec::new(), drives: Vec::new() }
}
