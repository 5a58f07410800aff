//! Stations, streams of chance and devices against what queueing theory says exactly.
//!
//! The expected values are formulas ([`formulas`]); the simulated ones come from the kernel's queue, stations and streams,
//! and from the devices themselves where a case is about one.

mod closed;
pub mod formulas;

use super::{BadData, Options, Outcome, Suite, series};

/// # Errors
/// Files of the data folder that cannot be used.
pub fn run(options: &Options) -> Result<Outcome, BadData> {
    let experiments = vec![closed::repairman(), closed::single()];
    Ok(Outcome { suite: Suite::Queueing, cases: series::run(&experiments, options.threads), left_out: Vec::new() })
}
