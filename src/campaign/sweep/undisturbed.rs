//! How long a backup stands in danger where nothing fails: one run of a point without its faults and slips.
//!
//! What runs with faults meet of two volumes with one ID lasts until somebody has cleared it up, which may be hours. The
//! window of a method is what it opens by itself; times the rate of crashes it is the chance that one falls into it.

use rayon::prelude::*;

use super::super::one;
use super::super::outcome::{EndReason, Flow, Watch};
use super::Sweep;
use super::figures::Figures;
use crate::host::SlipRates;
use crate::kernel::Span;

/// A longer run is not made for this (A): a second of computing.
const MOST_EVENTS: u64 = 1_000_000;

/// What a backup of one point is exposed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undisturbed {
    pub backups: u64,
    /// Two online volumes bear one ID.
    pub duplicate: Span,
    /// An IPL would find two volumes of one ID.
    pub ipl_duplicate: Span,
    /// The ID of a source is in doubt.
    pub doubt: Span,
}

impl Sweep {
    /// The first replication of these points without faults and slips; nothing for one without a backup, or that takes long.
    pub fn undisturbed(&self, points: usize, pool: &rayon::ThreadPool) -> Vec<Option<Undisturbed>> {
        pool.install(|| (0..points).into_par_iter().map(|point| self.undisturbed_one(point)).collect())
    }

    fn undisturbed_one(&self, point: usize) -> Option<Undisturbed> {
        let mut plan = self.plan(point as u64);
        plan.faults.clear();
        plan.rates.clear();
        plan.operator.slips = SlipRates::NONE;
        let mut progress = |_| Flow::Continue;
        let most_events = self.events_per_run.min(MOST_EVENTS);
        let outcome = one::execute(&plan, Watch { most_events, ..Watch::new(&mut progress) }).ok()?;
        let figures = Figures::new(&plan, &outcome);
        let backups = figures.backups.filter(|&backups| backups > 0 && outcome.end_reason != EndReason::Interrupted)?;
        let time = |ns: Option<u64>| Span::from_ns(ns.unwrap_or(0));
        Some(Undisturbed {
            backups,
            duplicate: time(figures.duplicate_ns),
            ipl_duplicate: time(figures.ipl_duplicate_ns),
            doubt: time(figures.doubt_ns),
        })
    }
}
