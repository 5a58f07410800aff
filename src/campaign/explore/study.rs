//! What an exploration is asked to do.

use super::branch::Branch;
use crate::fault::plan::Fault;
use crate::names;
use crate::scenario::{Diagnostics, Overrides, Plan, Source, load};

/// A fault that strikes at every boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// As `--fault` takes it, without an anchor: `power-loss`, `source-update(track=label)`.
    pub name: String,
    pub fault: Fault,
}

impl Strike {
    /// The fault that `--fault NAME@0s` adds to a scenario.
    ///
    /// # Errors
    /// What is wrong with the name, or with the scenario.
    pub fn of(source: &Source, overrides: &Overrides, name: &str) -> Result<Strike, Diagnostics> {
        let mut overrides = overrides.clone();
        overrides.faults.push(format!("{name}@0 s"));
        let fault = load(source, &overrides)?.plan.faults.last().expect("the fault was added").fault;
        Ok(Strike { name: name.to_owned(), fault })
    }
}

names! {
    /// Which boundaries are struck.
    pub enum Points {
        Event = "event",
        /// Those behind which something durable is different.
        Persist = "persist",
        /// Those at which a step of a job has ended.
        Step = "step",
    }
}

names! {
    /// What workloads do once a crash was injected.
    pub enum AfterFault {
        /// They ask nothing more, so that the future depends on the state alone.
        Stop = "stop",
        GoOn = "go-on",
    }
}

/// A scenario, and what is to be tried on it.
#[derive(Clone, Debug)]
pub struct Study {
    pub plan: Plan,
    pub strikes: Vec<Strike>,
    /// 1, or 2: crashes strike again at every boundary of the recovery from the first.
    pub depth: u8,
    pub points: Points,
    pub after_fault: AfterFault,
    /// Equal states are run once.
    pub reduce: bool,
    /// Forks at most; the rest is counted as skipped.
    pub budget: Option<u64>,
    pub threads: usize,
}

impl Study {
    /// The faults of a fork as `--fault` takes them, for a run of its own; `boundary` is where it left the trunk.
    pub fn faults_of(&self, branch: &Branch, boundary: u64) -> Vec<String> {
        let strike = &self.strikes[branch.strike];
        let silent = strike.fault.is_crash() && self.after_fault == AfterFault::Stop;
        let mut faults = vec![match (silent, strike.name.split_once('(')) {
            (false, _) => format!("{}@event:{boundary}", strike.name),
            (true, None) => format!("{}(silence=true)@event:{boundary}", strike.name),
            (true, Some((kind, rest))) => format!("{kind}(silence=true,{rest}@event:{boundary}"),
        }];
        if branch.wrong_reply {
            faults.push(format!("operator-slip(slip=wrong-reply)@event:{boundary}"));
        }
        if let Some((events, second)) = branch.second {
            faults.push(format!("{}@event:{}", self.strikes[second].name, boundary + events));
        }
        faults
    }

    /// Whether a strike's future depends on the durable state and the books alone.
    pub(super) fn is_reducible(&self, strike: &Strike) -> bool {
        self.reduce && self.after_fault == AfterFault::Stop && matches!(strike.fault, Fault::PowerLoss { .. })
    }
}
