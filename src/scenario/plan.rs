//! A scenario that was found valid: what the world is built from.

use crate::controller::dasd::DasdParameters;
use crate::controller::tape::TapeParameters;
use crate::fault::plan::{FaultPlan, FaultRate};
use crate::host::OperatorParameters;
use crate::host::WorkloadPlan;
use crate::kernel::{Span, Time};
use crate::manager::order::CommandPlan;
use crate::manager::plan::{BackupPlan, HostParameters, ImagePlan, RestorePlan};
use crate::names;
use crate::vocab::{CheckMutant, Invariant};

/// Everything a run needs, with every value legal.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    pub title: String,
    pub seed: u64,
    pub shuffle_ties: Option<u64>,
    pub dasd: DasdParameters,
    pub tape: TapeParameters,
    pub host: HostParameters,
    /// The host images; jobs run on the first.
    pub images: Vec<ImagePlan>,
    pub operator: OperatorParameters,
    pub workloads: Vec<WorkloadPlan>,
    pub backups: Vec<BackupPlan>,
    pub restores: Vec<RestorePlan>,
    /// Commands that operators type. Those that begin a job stand for backups and restores behind the scenario's own.
    pub commands: Vec<CommandPlan>,
    pub faults: Vec<FaultPlan>,
    pub rates: Vec<FaultRate>,
    pub ending: Ending,
    pub limits: Limits,
    pub expect: Expectation,
    /// What the checks do wrong.
    pub check_mutant: Option<CheckMutant>,
    /// What the cartridges hold at the start, in their order.
    pub cartridges: Vec<CartridgeState>,
}

names! {
    /// What a cartridge that the catalog takes for scratch holds at the start.
    pub enum CartridgeState {
        /// Its own volume label and nothing else.
        Scratch = "scratch",
        /// Nothing at all, as it comes from its maker.
        Blank = "blank",
        /// The label and the data of somebody else.
        Foreign = "foreign",
    }
}

/// When workloads stop issuing; the run then drains until quiet (DESIGN 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    At(Time),
    /// When all work has ended, plus this.
    AfterWork {
        tail: Span,
    },
}

impl Ending {
    /// The instant, if the scenario names one.
    pub fn at(self) -> Option<Time> {
        match self {
            Ending::At(time) => Some(time),
            Ending::AfterWork { .. } => None,
        }
    }
}

/// Bounds that checks compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From `restore-complete` to the application's open.
    pub rto: Span,
    pub rpo: Span,
    pub orphan_grace: Span,
    /// Fault-free time of the longest job, from parameter means; a job may take three times as long, plus its faults.
    pub job_time: Span,
    pub io_bound: Span,
}

/// What the scenario says will come out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// False when the scenario has no `[expect]`.
    pub stated: bool,
    pub violates: Vec<Invariant>,
    pub goals: Vec<String>,
    pub verdict: Option<ExpectedVerdict>,
    /// The invariants whose premise must have been true (HAZARDS 13.1), after `requires` and `optional`.
    pub required: Vec<Invariant>,
}

names! {
    pub enum ExpectedVerdict {
        Pass = "PASS",
        Fail = "FAIL",
        Inconclusive = "INCONCLUSIVE",
    }
}
