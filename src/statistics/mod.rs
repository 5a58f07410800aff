//! What may be claimed from numbers that were drawn: means, quantiles, proportions, each with its interval.
//!
//! Pure functions over floats, on `libm` alone, so that every platform prints the same digits. Sums are taken in the
//! order given; who computes in parallel joins the parts in the order of their numbers first. Nothing here is part of a
//! simulated system: no result of a run depends on this module.
//!
//! What cannot be claimed is an error that says why, never a wide guess: an interval from one run, from a long run whose
//! batches hang together, or a quantile with too little beyond it.

mod batch;
mod beta;
mod holm;
mod interval;
mod markov;
mod mean;
mod normal;
mod paired;
mod proportion;
mod quantile;
pub mod rare;
mod sequential;
mod student;

pub use batch::{BatchMeans, batch_means, mser5};
pub use beta::{beta_quantile, incomplete_beta};
pub use holm::holm;
pub use interval::Interval;
pub use markov::{ends_within, first_passage};
pub use mean::{Estimate, Moments, mean_interval, ratio_interval};
pub use normal::{normal_distribution, normal_quantile};
pub use paired::{
    Cells, POWER, Paired, PairedShares, paired, paired_ratios, paired_shares, pairs_for_mean, pairs_for_shares,
};
pub use proportion::{clopper_pearson, wilson, zero_failure_bound};
pub use quantile::{quantile, quantile_interval};
pub use sequential::{is_narrow, looks, results_for_mean, results_for_share};
pub use student::{student_distribution, student_quantile};

/// Why no interval is given.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("an interval needs at least {needed} independent results, and there are {found}")]
    TooFew { found: u64, needed: u64 },
    #[error("neighbouring batches hang together (lag-1 correlation {correlation:.2}) until only {batches} are left")]
    Correlated { correlation: f64, batches: u64 },
    #[error("{beyond} of {samples} results lie beyond the quantile, and {needed} are needed")]
    Tail { samples: u64, beyond: u64, needed: u64 },
    #[error("no trial reached the event: give the levels more effort, or more levels")]
    Unreached,
    #[error(
        "the weights that hit are worth {effective:.0} equal ones, and {needed} are needed: run more cycles, or bias less"
    )]
    FewEffective { effective: f64, needed: u64 },
    #[error("one weight is {share:.2} of the sum of all, and at most {most} is allowed: run more cycles, or bias less")]
    OneWeight { share: f64, most: f64 },
    #[error("a ratio needs a denominator that is not zero")]
    NoDenominator,
}
