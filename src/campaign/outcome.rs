//! What one run gives back, and how it is watched while it goes on.

pub use crate::check::{CheckReport, ExposureReport, Verdict, Violation};
use crate::controller::dasd::SpaceAccount;
use crate::host::Replayed;
use crate::kernel::{Checkpoints, Time, Usage};
use crate::measure::{Measured, Sample};
use crate::names;
use crate::world::Fact;

names! {
    pub enum EndReason {
        /// All work was done and nothing was pending any more.
        Quiescent = "quiescent",
        /// Workloads were stopped at the time of `until`, and the run drained.
        Until = "until",
        /// The work did not end within any time that could still be sensible.
        Stalled = "stalled",
        /// Requests came so much faster than they were answered that the run was given up.
        Overrun = "overrun",
        /// Somebody stopped it.
        Interrupted = "interrupted",
    }
}

/// Something that is to happen in some run, so that the checks had an occasion to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalReport {
    pub name: String,
    pub required: bool,
    pub hits: u64,
}

/// A station or device, with what it did until the end of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// As in `dasd.cpu`.
    pub name: String,
    pub servers: u32,
    pub usage: Usage,
}

/// A workload that asks faster than it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun {
    /// Its place in the scenario.
    pub workload: usize,
    pub outstanding: u64,
}

/// The space of a log-structured array, in tracks as they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayUse {
    pub capacity: u64,
    /// Bytes on disk of a track, and host bytes of a track per byte on disk, in thousandths.
    pub stored_track: u64,
    pub compression_milli: u64,
    /// Live at the end.
    pub live: u64,
    pub account: SpaceAccount,
}

/// Everything that is known after a run.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    pub end_reason: EndReason,
    /// What ended a run that was given up as overrun.
    pub overrun: Option<Overrun>,
    pub end_time: Time,
    pub events: u64,
    pub ties: u64,
    pub fingerprint: u64,
    /// Fingerprints along the way.
    pub checkpoints: Checkpoints,
    /// All invariants, in their order.
    pub checks: Vec<CheckReport>,
    pub goals: Vec<GoalReport>,
    pub measured: Measured,
    pub components: Vec<Component>,
    /// What became of the space of a log-structured array.
    pub array: Option<ArrayUse>,
    /// The workloads that replay a trace.
    pub replays: Vec<TraceReplay>,
}

/// How a workload replayed its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceReplay {
    /// Its place in the scenario.
    pub workload: usize,
    pub course: Replayed,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub now: Time,
    pub events: u64,
    pub violations: u64,
}

/// Whether a run is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Stop,
}

/// Takes what each event of a run, or a fault, lets observers know.
pub type Facts<'a> = &'a mut dyn FnMut(Time, &[Fact]);

/// Who watches a run: `progress` is told every few thousand events, `samples` of every request that ended, `facts` of
/// everything. None can change what happens; the first two can end it.
pub struct Watch<'a> {
    pub progress: &'a mut dyn FnMut(Progress) -> Flow,
    pub samples: Option<&'a mut dyn FnMut(&Sample) -> Flow>,
    pub facts: Option<Facts<'a>>,
    /// A run that has more events than these is interrupted.
    pub most_events: u64,
}

impl<'a> Watch<'a> {
    /// Looks at the progress alone.
    pub fn new(progress: &'a mut dyn FnMut(Progress) -> Flow) -> Watch<'a> {
        Watch { progress, samples: None, facts: None, most_events: u64::MAX }
    }
}
