//! The summary of a run: the one struct that both `summary.json` and the text on stdout are made from.
//!
//! Keys stand in the order of the fields and are never left out; a value that does not exist is `null`. Times are whole
//! nanoseconds since the start of the run, intervals whole nanoseconds. Nothing here depends on the machine.

use serde::Serialize;

pub use super::goals::Goal;

pub const SCHEMA: &str = "tiersim/summary/1";
/// The command that repeats a run, from inside its directory.
pub const REPLAY: &str = "tiersim run scenario.resolved.toml";

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    pub schema: &'static str,
    pub tool_version: &'static str,
    pub model_version: u32,
    pub scenario: String,
    pub title: String,
    pub run_id: String,
    pub seed: u64,
    pub verdict: &'static str,
    /// Whether the verdict and its violations are those the scenario's `[expect]` names.
    pub as_expected: bool,
    /// Why the verdict is what it is: one sentence each.
    pub reasons: Vec<String>,
    pub end_reason: &'static str,
    pub end_time_ns: u64,
    pub events: u64,
    pub ties: u64,
    pub fingerprint: String,
    pub checks: Vec<Check>,
    pub goals: Vec<Goal>,
    pub expect: Vec<Expected>,
    pub volumes: Vec<Volume>,
    pub backups: Vec<Backup>,
    pub components: Vec<ComponentUse>,
    /// The space of a log-structured array; `null` on another architecture.
    pub array: Option<Array>,
    pub restores: Vec<Restore>,
    pub faults: Vec<Fault>,
    pub operator: Operator,
    /// As in the scenario.
    pub commands: Vec<Command>,
    pub methods: Vec<Method>,
    /// One for each workload that replays a trace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<ReplayOfTrace>,
    pub conservation: Conservation,
}

/// How a trace was replayed: its mode, and whether requests piled up.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReplayOfTrace {
    pub workload: usize,
    /// `open` or `closed`.
    pub mode: &'static str,
    /// In open loop, what recorded times are multiplied by.
    pub time_scale_ratio: Option<f64>,
    /// In closed loop, the most requests outstanding.
    pub depth: Option<u32>,
    pub recorded: u64,
    pub issued: u64,
    /// Unfinished requests when the last one of the first half, and of all, was issued.
    pub unfinished_half_way: u64,
    pub unfinished_at_last: u64,
    pub overloaded: bool,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    pub invariant: &'static str,
    pub required: bool,
    pub verdict: &'static str,
    pub evaluated: u64,
    pub premise_true: u64,
    pub violations: u64,
    /// Evaluations that could go either way.
    pub undecided: u64,
    /// How long it was violated, in all and at most at a time; `null` for an invariant that is no state.
    pub exposure_ns: Option<u64>,
    pub longest_exposure_ns: Option<u64>,
    pub first_violation: Option<FirstViolation>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FirstViolation {
    /// The boundary: number of the event after which it showed.
    pub event: u64,
    pub time_ns: u64,
    pub detail: String,
    /// To be run in the run directory.
    pub repro: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Expected {
    pub kind: &'static str,
    pub value: String,
    pub met: bool,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Volume {
    pub id: String,
    /// Open to applications, and certainly the volume of that name.
    pub online_ns: u64,
    pub offline_ns: u64,
    /// Open to applications, but another device claims the ID, or the label says another.
    pub wrong_id_ns: u64,
    /// Requests that ended well.
    pub latency_ns: Latency,
    /// The same by phase: before, during and after the backups of the run.
    pub phases: Vec<PhaseLatency>,
    pub reads: u64,
    pub writes: u64,
    /// Reads that needed no disk.
    pub read_hits: u64,
    pub failed: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// Longest time that an application had lost the volume.
    pub longest_closed_ns: u64,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PhaseLatency {
    pub phase: &'static str,
    pub latency_ns: Latency,
}

/// A percentile is `null` unless at least ten samples lie beyond it.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Latency {
    pub n: u64,
    pub min: Option<u64>,
    pub mean: Option<u64>,
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p99: Option<u64>,
    pub p999: Option<u64>,
    pub p9999: Option<u64>,
    pub max: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Backup {
    pub method: &'static str,
    /// `complete`, `failed-clean`, or `running` at the end of the run.
    pub outcome: &'static str,
    /// Time of its life in which the ID of its source was in doubt.
    pub exposure_ns: u64,
    pub operator_actions: u32,
    /// Time that a tape was mounted for it.
    pub tape_ns: u64,
    /// From 0, in the order of the stimuli.
    pub number: u16,
    pub source_id: String,
    pub source: String,
    pub target: String,
    pub started_ns: u64,
    pub ended_ns: Option<u64>,
    /// It left something behind that waits for a release.
    pub held: bool,
    /// A restart rolled it back.
    pub undone: bool,
    /// Steps that were started again, and restarts that took it up.
    pub retries: u32,
    pub resumes: u32,
    pub phases: Vec<Step>,
    /// Working time of the steps by hand, and from prompt to answer.
    pub operator_time_ns: u64,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Step {
    pub step: &'static str,
    pub started_ns: u64,
    pub ended_ns: Option<u64>,
    pub duration_ns: Option<u64>,
    /// `done`, `cut` by a crash or the end of the job, or `running` at the end of the run.
    pub end: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ComponentUse {
    pub name: String,
    /// Summed over its servers.
    pub busy_ns: u64,
    /// Share of the servers' time in the run.
    pub utilisation_ratio: Option<f64>,
    pub max_queue: u64,
}

/// What became of the space of a log-structured array. A load is the share of its physical capacity that is live.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Array {
    pub capacity_bytes: u64,
    /// Host bytes per byte on disk.
    pub compression_ratio: f64,
    pub peak_load_ratio: f64,
    pub final_load_ratio: f64,
    /// Collections that began, segments that they freed, bytes on disk that they moved.
    pub collections: u64,
    pub segments_collected: u64,
    pub bytes_moved: u64,
    /// Writes of hosts and restores that waited until there was space, and those that were refused.
    pub writes_waited: u64,
    pub writes_refused: u64,
    /// When a write first found the array full, how long it was full in all, and since when at the end of the run.
    pub first_full_ns: Option<u64>,
    pub full_ns: u64,
    pub full_since_ns: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Restore {
    pub number: u16,
    pub volume: String,
    pub device: String,
    /// Number of the backup it came from.
    pub backup: Option<u16>,
    /// `complete`, `failed-clean`, `refused`, or `running` at the end of the run.
    pub outcome: &'static str,
    /// Why it was refused.
    pub refusal: Option<String>,
    pub started_ns: u64,
    pub ended_ns: Option<u64>,
    pub tape_ns: u64,
    pub tracks_written: u64,
    pub phases: Vec<Step>,
    pub milestones: Vec<Reached>,
    /// Until an application opened the volume: from the start of the restore, from its completion, and from the last
    /// crash or power loss before it.
    pub open_after_start_ns: Option<u64>,
    pub open_after_complete_ns: Option<u64>,
    pub open_after_failure_ns: Option<u64>,
    pub operator_actions: u32,
    pub operator_time_ns: u64,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reached {
    pub name: &'static str,
    pub time_ns: u64,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fault {
    pub kind: &'static str,
    pub anchor: String,
    /// How often it acted; 0 when it found no moment.
    pub acted: u64,
    pub first_ns: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Operator {
    /// Steps by hand, commands, and prompts answered.
    pub actions: u32,
    /// Working time of the steps and commands, and from prompt to answer.
    pub time_ns: u64,
    pub unanswered: u32,
    /// How many of the actions were steps of jobs; a command that begins a job is one of them.
    pub steps: u32,
    /// How many were commands that belong to no job.
    pub commands: u32,
}

/// A command that an operator typed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Command {
    pub image: String,
    pub line: String,
    /// When the operator turned to it.
    pub at_ns: u64,
    /// When the image took it.
    pub typed_ns: Option<u64>,
    pub ended_ns: Option<u64>,
    pub duration_ns: Option<u64>,
    /// `done`, `refused`, `failed` with its job, `lost`, `running` at the end of the run, or `not-typed`.
    pub result: &'static str,
    /// Why it was refused or lost.
    pub reason: Option<String>,
}

/// What a method took, over all its jobs in the run; a mean is `null` without one.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Method {
    pub method: &'static str,
    pub backups: u64,
    /// Of those, the ones that ended well.
    pub complete: u64,
    pub operator_actions_per_backup_ratio: Option<f64>,
    pub operator_time_per_backup_ns: Option<u64>,
    /// From stimulus to end, of complete backups.
    pub mean_backup_ns: Option<u64>,
    pub mean_tape_ns: Option<u64>,
    pub exposure_ns: u64,
    /// Restores from its backups.
    pub restores: u64,
    pub restored: u64,
    pub operator_actions_per_restore_ratio: Option<f64>,
    pub operator_time_per_restore_ns: Option<u64>,
    /// Longest time until an application opened a restored volume: from the start of the restore, and from the last
    /// crash or power loss before it.
    pub open_after_start_ns: Option<u64>,
    pub open_after_failure_ns: Option<u64>,
}

/// What must add up; `false` shows a defect of the simulator.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Conservation {
    pub requests: RequestSum,
    pub blocks: BlockSum,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RequestSum {
    pub issued: u64,
    pub completed: u64,
    pub failed: u64,
    pub outstanding: u64,
    pub adds_up: bool,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BlockSum {
    pub acknowledged: u64,
    pub hardened: u64,
    pub lost: u64,
    pub buffered: u64,
    pub adds_up: bool,
}

impl Summary {
    /// Requests and blocks that went in came out.
    pub fn adds_up(&self) -> bool {
        self.conservation.requests.adds_up && self.conservation.blocks.adds_up
    }
}
