//! TEMPORARY body of one run: a fixed small outcome, until the world is connected.

use super::outcome::{CheckReport, EndReason, Flow, Progress, RunOutcome, Verdict, Watch};
use crate::kernel::{Span, Time};
use crate::measure::{Measures, OnlineDevice, Remainder, Request};
use crate::scenario::Plan;
use crate::vocab::{Device, Invariant, Op, Status, TrackNo, VolumeId, Workload};

/// Runs `plan` to its end, or until a watcher stops it.
pub fn execute(plan: &Plan, watch: Watch<'_>) -> RunOutcome {
    let devices: Vec<VolumeId> = plan.dasd.volumes.iter().map(|volume| volume.id).collect();
    let workloads: Vec<Vec<VolumeId>> =
        plan.workloads.iter().map(|workload| workload.volumes.iter().map(|volume| volume.id).collect()).collect();
    let mut measures = Measures::new(&devices, &workloads, plan.faults.len() + plan.rates.len());
    let online = OnlineDevice { device: Device(0), cached: devices[0], label: Some(devices[0]) };
    measures.online(Time::ZERO, [online]);
    let mut samples = watch.samples;
    let mut stopped = false;
    for number in 0..30 {
        measures.request_issued();
        let request = Request {
            workload: Workload(0),
            volume: 0,
            op: Op::Read,
            track: TrackNo(number),
            bytes: 4_096,
            issued_at: Time::ZERO + Span::from_ms(u64::from(number)),
            hit: true,
            status: Status::Good,
        };
        let now = request.issued_at + Span::from_us(900);
        let sample = measures.request_ended(now, &request);
        stopped |= samples.as_mut().is_some_and(|take| take(&sample) == Flow::Stop);
        stopped |= (watch.progress)(Progress { now, events: u64::from(number), violations: 0 }) == Flow::Stop;
    }
    let end_time = Time::ZERO + Span::from_secs(1);
    let check = |&invariant: &Invariant| CheckReport {
        invariant,
        required: false,
        verdict: Verdict::Pass,
        evaluated: 1,
        premise_true: 1,
        violations: 0,
        undecided: 0,
        first: None,
        exposure: None,
    };
    RunOutcome {
        end_reason: if stopped { EndReason::Interrupted } else { EndReason::Quiescent },
        end_time,
        events: 60,
        ties: 0,
        fingerprint: plan.seed,
        checks: Invariant::ALL.iter().map(check).collect(),
        goals: Vec::new(),
        measured: measures.finish(end_time, Remainder::default()),
        components: Vec::new(),
    }
}
