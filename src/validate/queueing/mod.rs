//! Stations, streams of chance and devices against what queueing theory says exactly.
//!
//! The expected values are formulas ([`formulas`]); the simulated ones come from the kernel's queue, stations and streams,
//! and from the devices themselves where a case is about one.

mod central_server;
mod channel;
mod closed;
mod disk;
mod fork_join;
pub mod formulas;
mod laws;
mod open;
mod raid;
mod rare;
mod real_disks;
pub(super) mod repair;

use super::series::{self, Experiment};
use super::{BadData, Case, Options, Outcome, Suite, tape};

/// # Errors
/// Files of the data folder that cannot be used.
pub fn run(options: &Options, tell: &(dyn Fn() + Sync)) -> Result<Outcome, BadData> {
    let (mut experiments, mut left_out) = (experiments(), Vec::new());
    let real = match &options.data {
        Some(folder) => real_disks::experiments(folder)?,
        None => Vec::new(),
    };
    if real.is_empty() {
        left_out.push("mean-random-seek and sequential-media-rate: give files of drives with --data".to_owned());
    }
    experiments.extend(real);
    let mut cases = series::run(&experiments, options.threads, tell);
    cases.push(tape::dump::added_up());
    Ok(Outcome { suite: Suite::Queueing, cases, left_out, drives: Vec::new() })
}

/// Every figure with its expected value, and nothing simulated.
///
/// # Errors
/// As [`run`].
pub fn expected(options: &Options) -> Result<Vec<Case>, BadData> {
    let mut all = experiments();
    if let Some(folder) = &options.data {
        all.extend(real_disks::experiments(folder)?);
    }
    let mut cases: Vec<Case> = all.iter().map(series::empty).collect();
    cases.push(tape::dump::added_up());
    Ok(cases)
}

fn experiments() -> Vec<Experiment> {
    vec![
        open::mm1(),
        channel::md1(),
        open::mg1(),
        open::mmc(),
        open::mmcc(),
        open::mm1k(),
        open::priority(),
        fork_join::fork_join(),
        closed::repairman(),
        central_server::central_server(),
        closed::single(),
        laws::little(),
        laws::utilisation(),
        laws::conservation(),
        raid::small_writes(),
        disk::seeks(),
        disk::rotation(),
        repair::one(),
        repair::parallel(),
        repair::first_outage(),
        repair::one_repairer(),
        repair::series(),
        repair::raid5(),
        repair::raid6(),
        rare::raid5(),
        rare::raid6(),
    ]
}
