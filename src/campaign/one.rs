//! TEMPORARY body of one run: a fixed small outcome, until the world is connected.

use super::outcome::{EndReason, Flow, Progress, RunOutcome, Watch};
use crate::kernel::Time;
use crate::measure::{Measures, Remainder};
use crate::scenario::Plan;

/// Runs `plan` to its end, or until a watcher stops it.
pub fn execute(plan: &Plan, watch: Watch<'_>) -> RunOutcome {
    let _ = plan;
    let now = Time::from_ns(1);
    let flow = (watch.progress)(Progress { now, events: 1, violations: 0 });
    let _ = watch.samples;
    RunOutcome {
        end_reason: if flow == Flow::Stop { EndReason::Interrupted } else { EndReason::Quiescent },
        end_time: now,
        events: 1,
        ties: 0,
        fingerprint: 1,
        checks: Vec::new(),
        goals: Vec::new(),
        measured: Measures::new(&[], &[], 0).finish(now, Remainder::default()),
        components: Vec::new(),
    }
}
