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
mod repair;

use super::series::{self, Experiment};
use super::{BadData, Case, Options, Outcome, Suite, tape};

/// # Errors
/// Files of the data folder that cannot be used.
pub fn run(options: &Options) -> Result<Outcome, BadData> {
    let mut cases = series::run(&experiments(), options.threads);
    cases.push(tape::dump::added_up());
    let left_out = vec![
        "mean-random-seek and sequential-media-rate: they are about real disks, whose parameters are measurements"
            .to_owned(),
    ];
    Ok(Outcome { suite: Suite::Queueing, cases, left_out, drives: Vec::new() })
}

/// Every figure with its expected value, and nothing simulated.
pub fn expected() -> Vec<Case> {
    let mut cases: Vec<Case> = experiments().iter().map(series::empty).collect();
    cases.push(tape::dump::added_up());
    cases
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
