//! From the outcome of a run to its summary: names instead of numbers, nanoseconds instead of times.

use super::summary::{
    Array, Backup, BlockSum, Check, Command, ComponentUse, Conservation, Expected, Fault, FirstViolation, Goal,
    Latency, Operator, PhaseLatency, REPLAY, Reached, ReplayOfTrace, RequestSum, Restore, SCHEMA, Step, Summary,
    Volume,
};
use crate::campaign::{ArrayUse, CheckReport, Component, Judgement, Met, RunOutcome, TraceReplay};
use crate::fault::plan::{Anchor, FaultPlan, FaultRate, Gap, Occurrence, Side};
use crate::host::Replay;
use crate::kernel::Time;
use crate::manager::CommandEnd;
use crate::measure::{
    BackupMeasure, Blocks, CommandMeasure, Measured, Milestone, Percentiles, Phase, Requests, RestoreMeasure,
    StepMeasure, VolumeMeasure,
};
use crate::scenario::units::Dimension;
use crate::vocab::{Device, DeviceNumber};

/// What was run.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub scenario: &'a str,
    pub title: &'a str,
    pub run_id: &'a str,
    pub seed: u64,
    /// Addresses, in the order of the scenario's volumes.
    pub devices: &'a [DeviceNumber],
    /// The host images by name.
    pub images: &'a [String],
    pub faults: &'a [FaultPlan],
    pub rates: &'a [FaultRate],
}

impl From<&TraceReplay> for ReplayOfTrace {
    fn from(replay: &TraceReplay) -> ReplayOfTrace {
        let TraceReplay { workload, course } = *replay;
        let (mode, time_scale_ratio, depth) = match course.replay {
            Replay::Open { scale_numerator, scale_denominator } => {
                ("open", Some(scale_numerator as f64 / scale_denominator as f64), None)
            }
            Replay::Closed { depth } => ("closed", None, Some(depth)),
        };
        ReplayOfTrace {
            workload,
            mode,
            time_scale_ratio,
            depth,
            recorded: course.recorded,
            issued: course.counts.issued,
            unfinished_half_way: course.backlog.half,
            unfinished_at_last: course.backlog.last,
            overloaded: course.is_overloaded(),
        }
    }
}

impl Summary {
    pub fn new(subject: &Subject, outcome: &RunOutcome, judgement: &Judgement) -> Summary {
        let Measured { volumes, backups, restores, operator, commands, requests, blocks, .. } = &outcome.measured;
        let device = |device: Device| subject.devices[usize::from(device.0)].to_string();
        Summary {
            schema: SCHEMA,
            tool_version: env!("CARGO_PKG_VERSION"),
            model_version: crate::MODEL_VERSION,
            scenario: subject.scenario.to_owned(),
            title: subject.title.to_owned(),
            run_id: subject.run_id.to_owned(),
            seed: subject.seed,
            verdict: judgement.verdict.name(),
            as_expected: judgement.held,
            reasons: judgement.reasons.clone(),
            end_reason: outcome.end_reason.name(),
            end_time_ns: outcome.end_time.ns(),
            events: outcome.events,
            ties: outcome.ties,
            fingerprint: format!("{:016x}", outcome.fingerprint),
            checks: outcome.checks.iter().map(Check::from).collect(),
            goals: outcome
                .goals
                .iter()
                .map(|goal| Goal { name: goal.name.clone(), required: goal.required, hits: goal.hits })
                .collect(),
            expect: judgement.expectations.iter().map(Expected::from).collect(),
            volumes: volumes.iter().map(Volume::from).collect(),
            backups: backups.iter().map(|backup| Backup::new(backup, device)).collect(),
            components: outcome.components.iter().map(|it| ComponentUse::new(it, outcome.end_time)).collect(),
            array: outcome.array.as_ref().map(|array| Array::new(array, outcome.end_time)),
            restores: restores.iter().map(|restore| Restore::new(restore, device)).collect(),
            faults: faults(subject, &outcome.measured),
            operator: Operator {
                actions: operator.answers.actions + operator.steps.actions + operator.commands.actions,
                time_ns: (operator.answers.time + operator.steps.time + operator.commands.time).ns(),
                unanswered: operator.unanswered,
                steps: operator.steps.actions,
                commands: operator.commands.actions,
            },
            commands: commands.iter().map(|command| Command::new(command, subject.images, device)).collect(),
            methods: super::methods::totals(backups, restores),
            replays: outcome.replays.iter().map(ReplayOfTrace::from).collect(),
            conservation: Conservation { requests: (*requests).into(), blocks: (*blocks).into() },
        }
    }
}

impl From<&CheckReport> for Check {
    fn from(check: &CheckReport) -> Check {
        Check {
            invariant: check.invariant.name(),
            required: check.required,
            verdict: check.verdict.name(),
            evaluated: check.evaluated,
            premise_true: check.premise_true,
            violations: check.violations,
            undecided: check.undecided,
            exposure_ns: check.exposure.as_ref().map(|exposure| exposure.total.ns()),
            longest_exposure_ns: check.exposure.as_ref().map(|exposure| exposure.longest.ns()),
            first_violation: check.first.as_ref().map(|first| FirstViolation {
                event: first.boundary,
                time_ns: first.time.ns(),
                detail: first.detail.clone(),
                repro: REPLAY,
            }),
        }
    }
}

impl From<&Met> for Expected {
    fn from(met: &Met) -> Expected {
        Expected { kind: met.kind.name(), value: met.value.clone(), met: met.met }
    }
}

impl From<&VolumeMeasure> for Volume {
    fn from(volume: &VolumeMeasure) -> Volume {
        let VolumeMeasure { id, times, traffic } = volume;
        let phase = |&phase: &Phase| PhaseLatency {
            phase: phase.name(),
            latency_ns: traffic.latency(phase).percentiles().into(),
        };
        Volume {
            id: id.to_string(),
            online_ns: times.online.ns(),
            offline_ns: times.offline.ns(),
            wrong_id_ns: times.wrong.ns(),
            latency_ns: traffic.all().percentiles().into(),
            phases: Phase::ALL.iter().map(phase).collect(),
            reads: traffic.reads,
            writes: traffic.writes,
            read_hits: traffic.read_hits,
            failed: traffic.failed,
            bytes_read: traffic.bytes_read,
            bytes_written: traffic.bytes_written,
            longest_closed_ns: traffic.longest_closed.ns(),
        }
    }
}

impl From<Percentiles> for Latency {
    fn from(percentiles: Percentiles) -> Latency {
        let Percentiles { n, min, mean, p50, p90, p99, p999, p9999, max } = percentiles;
        Latency { n, min, mean, p50, p90, p99, p999, p9999, max }
    }
}

impl Backup {
    fn new(backup: &BackupMeasure, device: impl Fn(Device) -> String) -> Backup {
        Backup {
            method: backup.method.name(),
            outcome: backup.outcome.map_or("running", |outcome| outcome.name()),
            exposure_ns: backup.exposure.ns(),
            operator_actions: backup.by_hand.actions,
            tape_ns: backup.course.tape.ns(),
            number: backup.backup.0,
            source_id: backup.source_id.to_string(),
            source: device(backup.source),
            target: device(backup.target),
            started_ns: backup.started.ns(),
            ended_ns: backup.ended.map(Time::ns),
            held: backup.held,
            undone: backup.undone,
            retries: backup.course.retries,
            resumes: backup.course.resumes,
            phases: backup.course.steps.iter().map(Step::from).collect(),
            operator_time_ns: backup.by_hand.time.ns(),
        }
    }
}

impl From<&StepMeasure> for Step {
    fn from(step: &StepMeasure) -> Step {
        Step {
            step: step.step.name(),
            started_ns: step.started.ns(),
            ended_ns: step.ended.map(Time::ns),
            duration_ns: step.ended.map(|ended| (ended - step.started).ns()),
            end: step.end.name(),
        }
    }
}

impl ComponentUse {
    fn new(component: &Component, end: Time) -> ComponentUse {
        let available = u128::from(end.ns()) * u128::from(component.servers);
        let busy_ns = component.usage.busy.ns();
        ComponentUse {
            name: component.name.clone(),
            busy_ns,
            utilisation_ratio: (available > 0).then(|| busy_ns as f64 / available as f64),
            max_queue: component.usage.longest_line,
        }
    }
}

impl Array {
    fn new(array: &ArrayUse, end: Time) -> Array {
        let ArrayUse { capacity, stored_track, compression_milli, live, account } = *array;
        let load = |tracks: u64| tracks as f64 / capacity as f64;
        Array {
            capacity_bytes: capacity * stored_track,
            compression_ratio: compression_milli as f64 / 1_000.0,
            peak_load_ratio: load(account.peak),
            final_load_ratio: load(live),
            collections: account.collections,
            segments_collected: account.segments_collected,
            bytes_moved: account.tracks_moved * stored_track,
            writes_waited: account.writes_waited,
            writes_refused: account.writes_refused,
            first_full_ns: account.first_full.map(Time::ns),
            full_ns: account.full_for(end).ns(),
            full_since_ns: account.full_since.map(Time::ns),
        }
    }
}

impl Restore {
    fn new(restore: &RestoreMeasure, device: impl Fn(Device) -> String + Copy) -> Restore {
        let opened = restore.reached(Milestone::Opened);
        let until_open = |from: Option<Time>| Some((opened? - from?).ns());
        Restore {
            number: restore.restore.0,
            volume: restore.volume.to_string(),
            device: device(restore.device),
            refusal: restore.refusal.map(|refusal| refusal.sentence(device)),
            backup: restore.from.map(|backup| backup.0),
            outcome: match restore.outcome {
                _ if restore.refusal.is_some() => "refused",
                Some(outcome) => outcome.name(),
                None => "running",
            },
            started_ns: restore.started.ns(),
            ended_ns: restore.ended.map(Time::ns),
            tape_ns: restore.course.tape.ns(),
            tracks_written: restore.tracks_written,
            phases: restore.course.steps.iter().map(Step::from).collect(),
            milestones: restore
                .milestones
                .iter()
                .map(|(name, at)| Reached { name: name.name(), time_ns: at.ns() })
                .collect(),
            open_after_start_ns: until_open(Some(restore.started)),
            open_after_complete_ns: until_open(restore.reached(Milestone::Complete)),
            open_after_failure_ns: until_open(restore.failure),
            operator_actions: restore.by_hand.actions,
            operator_time_ns: restore.by_hand.time.ns(),
        }
    }
}

impl Command {
    fn new(command: &CommandMeasure, images: &[String], device: impl Fn(Device) -> String) -> Command {
        let CommandMeasure { plan, typed, ended, end, .. } = command;
        let (result, reason) = match end {
            Some(CommandEnd::Done) => ("done", None),
            Some(CommandEnd::Refused(refusal)) => ("refused", Some(refusal.sentence(device))),
            Some(CommandEnd::Failed) => ("failed", None),
            Some(CommandEnd::Lost(loss)) => ("lost", Some(loss.sentence().to_owned())),
            None if typed.is_some() => ("running", None),
            None => ("not-typed", None),
        };
        Command {
            image: images[usize::from(plan.image.0)].clone(),
            line: plan.typed.to_string(),
            at_ns: plan.at.ns(),
            typed_ns: typed.map(Time::ns),
            ended_ns: ended.map(Time::ns),
            duration_ns: (*typed).zip(*ended).map(|(typed, ended)| (ended - typed).ns()),
            result,
            reason,
        }
    }
}

impl From<Requests> for RequestSum {
    fn from(sum: Requests) -> RequestSum {
        let Requests { issued, completed, failed, outstanding } = sum;
        RequestSum { issued, completed, failed, outstanding, adds_up: sum.add_up() }
    }
}

impl From<Blocks> for BlockSum {
    fn from(sum: Blocks) -> BlockSum {
        let Blocks { acknowledged, hardened, lost, buffered } = sum;
        BlockSum { acknowledged, hardened, lost, buffered, adds_up: sum.add_up() }
    }
}

fn faults(subject: &Subject, measured: &Measured) -> Vec<Fault> {
    let planned = subject.faults.iter().map(|plan| (plan.fault.kind(), anchor(plan.anchor, subject.devices)));
    let random = subject.rates.iter().map(|rate| (rate.fault.kind(), chance(rate.gap)));
    let acted = |index: usize| measured.faults.get(index).copied().unwrap_or_default();
    let all = planned.chain(random).enumerate();
    all.map(|(index, (kind, anchor))| Fault {
        kind: kind.name(),
        anchor,
        acted: acted(index).acted,
        first_ns: acted(index).first.map(Time::ns),
    })
    .collect()
}

fn chance(gap: Gap) -> String {
    let mean = gap.mean();
    match gap {
        Gap::Exponential { mean } => format!("at random, every {mean} on average"),
        Gap::Weibull { shape_milli, .. } => {
            let shape = Dimension::Ratio.show(shape_milli);
            format!("at random, every {mean} on average, Weibull of shape {shape}")
        }
    }
}

/// The anchor as `--fault` takes it, with the conditions that only a scenario file can state behind it.
fn anchor(anchor: Anchor, devices: &[DeviceNumber]) -> String {
    let (side, occurrence, nth, delay) = match anchor {
        Anchor::At(time) => return time.to_string(),
        Anchor::Boundary(events) => return format!("event:{events}"),
        Anchor::Around { side, occurrence, nth, delay } => (side, occurrence, nth, delay),
    };
    let side = match side {
        Side::Before => "before",
        Side::After => "after",
    };
    let mut text = match occurrence {
        Occurrence::Step(step) => format!("{side}:{step}#{nth}"),
        Occurrence::Event { name, .. } => format!("{side}:{name}#{nth}"),
    };
    if let Occurrence::Event { device, track, .. } = occurrence {
        if let Some(device) = device {
            text += &format!(" on {}", devices[usize::from(device.0)]);
        }
        if let Some(track) = track {
            text += &format!(" track {}", track.0);
        }
    }
    if !delay.is_zero() {
        text += &format!(" + {delay}");
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::campaign::{EndReason, ExposureReport, GoalReport, Verdict, Violation, judge};
    use crate::fault::plan::Fault as PlannedFault;
    use crate::kernel::Span;
    use crate::kernel::Usage;
    use crate::manager::plan::MethodName;
    use crate::manager::{Job, ManagerFact, Outcome};
    use crate::measure::{Blocks, Measures, OnlineDevice, Remainder, Request};
    use crate::scenario::plan::Expectation;
    use crate::vocab::{
        Backup, Cartridge, EventName, Image, Invariant, Op, Restore, Status, StepName, TrackNo, VolumeId, Workload,
    };

    fn id(text: &str) -> VolumeId {
        VolumeId::parse(text).expect("a test names legal IDs")
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    /// A safe backup that a power loss cuts in the dump, and a restore of it onto a third device.
    fn measured() -> Measured {
        let (prod, spare, empty) = (id("PROD01"), id("SPARE1"), id("SPARE2"));
        let mut measures = Measures::new(&[prod, spare, empty], &[(Image::FIRST, vec![prod])], 2);
        let online = |device, volume| OnlineDevice { device: Device(device), cached: volume, label: Some(volume) };
        measures.online(at(0), [online(0, prod), online(1, spare)]);
        let mut clock = Time::ZERO;
        let mut load = |measures: &mut Measures, until: Time, count: u64, latency: Span| {
            let gap = until.saturating_since(clock) / count;
            for number in 0..count {
                let issued_at = clock + gap * number;
                measures.request_issued(Workload(0));
                let op = if number % 10 < 7 { Op::Read } else { Op::Write };
                let status = if number == 17 { Status::NotOperational } else { Status::Good };
                let latency = latency + Span::from_us(number);
                let request = Request {
                    workload: Workload(0),
                    volume: 0,
                    op,
                    track: TrackNo(5),
                    bytes: 4_096,
                    issued_at,
                    hit: number % 2 == 0,
                    status,
                };
                measures.request_ended(issued_at + latency, &request);
            }
            clock = until;
        };
        load(&mut measures, at(60), 1_200, Span::from_us(1_000));
        let job = Job::Backup(Backup(0));
        let facts = |measures: &mut Measures, facts: &[(u64, ManagerFact)]| {
            facts.iter().for_each(|&(seconds, fact)| measures.manager(at(seconds), Image::FIRST, fact));
        };
        let start = |step| ManagerFact::StepStarted { job, step };
        let end = |step| ManagerFact::StepEnded { job, step };
        let (establish, dump) = (StepName::EstablishWithheld, StepName::DumpWithReintroduction);
        let (method, source, target) = (MethodName::SafeBackup, Device(0), Device(1));
        facts(
            &mut measures,
            &[
                (60, ManagerFact::StimulusAccepted { backup: Backup(0), plan: 0, source, target, method }),
                (60, start(establish)),
                (62, end(establish)),
                (62, start(dump)),
                (80, ManagerFact::TapeMounted { job, cartridge: Cartridge(0) }),
            ],
        );
        load(&mut measures, at(150), 1_800, Span::from_us(2_000));
        measures.fault(at(150), Some(0), PlannedFault::PowerLoss { duration: Span::from_secs(60) });
        measures.closed(at(150), Workload(0), prod);
        facts(&mut measures, &[(150, ManagerFact::Down)]);
        measures.online(at(150), []);
        measures.online(at(1_400), [online(0, prod), online(1, spare)]);
        measures.opened(at(1_401), Workload(0), prod, at(150));
        facts(
            &mut measures,
            &[
                (1_410, ManagerFact::JobResumed { job, step: dump }),
                (1_410, start(dump)),
                (1_440, ManagerFact::TapeMounted { job, cartridge: Cartridge(1) }),
                (1_700, ManagerFact::TapeEofHardened { backup: Backup(0) }),
                (1_700, end(dump)),
                (1_702, ManagerFact::JobEnded { job, outcome: Outcome::Complete, held: false }),
            ],
        );
        clock_to(&mut measures, at(1_710), 12);
        let (job, restore, device) = (Job::Restore(Restore(0)), Restore(0), Device(2));
        let step = StepName::MountAndRestore;
        facts(
            &mut measures,
            &[
                (1_710, ManagerFact::RestoreStarted { restore, volume: prod, device }),
                (1_710, ManagerFact::StepStarted { job, step }),
                (1_712, ManagerFact::RestoreGuardPassed { restore }),
                (1_745, ManagerFact::TapeMounted { job, cartridge: Cartridge(1) }),
                (1_750, ManagerFact::RestoreTrackWritten { restore, device, track: TrackNo(0) }),
                (1_950, ManagerFact::RestoreTrackWritten { restore, device, track: TrackNo(1) }),
                (1_951, ManagerFact::RestoreLabelWritten { restore, device }),
                (1_952, ManagerFact::RestoreComplete { restore, backup: Backup(0), device }),
                (1_952, ManagerFact::StepEnded { job, step }),
            ],
        );
        measures.online(at(1_955), [online(1, spare), online(2, prod)]);
        facts(
            &mut measures,
            &[
                (1_956, ManagerFact::ApplicationOpened { volume: prod, device }),
                (1_957, ManagerFact::JobEnded { job, outcome: Outcome::Complete, held: false }),
            ],
        );
        let blocks = Blocks { acknowledged: 100, hardened: 100, ..Blocks::default() };
        measures.finish(at(2_000), Remainder { requests: 0, blocks })
    }

    /// A few requests after the backup.
    fn clock_to(measures: &mut Measures, from: Time, count: u64) {
        for number in 0..count {
            measures.request_issued(Workload(0));
            let request = Request {
                workload: Workload(0),
                volume: 0,
                op: Op::Read,
                track: TrackNo(5),
                bytes: 4_096,
                issued_at: from + Span::from_ms(number),
                hit: true,
                status: Status::Good,
            };
            measures.request_ended(from + Span::from_ms(number) + Span::from_us(1_100), &request);
        }
    }

    /// The summary of that run; with `failing`, that invariant is violated and nobody expected it.
    pub fn summary(failing: Option<Invariant>) -> Summary {
        let check = |&invariant: &Invariant| {
            let verdict = match invariant {
                _ if failing == Some(invariant) => Verdict::Fail,
                Invariant::CowOrder => Verdict::Inconclusive,
                _ => Verdict::Pass,
            };
            let detail = "devices 0A00 and 0A10 are both online as PROD01".to_owned();
            CheckReport {
                invariant,
                required: invariant != Invariant::CowOrder,
                verdict,
                evaluated: 3_000,
                premise_true: if verdict == Verdict::Inconclusive { 0 } else { 2_500 },
                violations: u64::from(verdict == Verdict::Fail),
                undecided: 0,
                first: (verdict == Verdict::Fail).then(|| Violation { boundary: 904, time: at(90), detail }),
                exposure: (verdict == Verdict::Fail).then(|| ExposureReport {
                    total: Span::from_secs(40),
                    longest: Span::from_secs(38),
                    episodes: Vec::new(),
                }),
            }
        };
        let usage = Usage { busy: Span::from_secs(500), served: 9, longest_line: 7, waiting: 0 };
        let outcome = RunOutcome {
            end_reason: EndReason::Quiescent,
            overrun: None,
            end_time: at(2_000),
            events: 48_122,
            ties: 120,
            fingerprint: 0x6b1d_0a44_c0e1_f27a,
            checkpoints: Default::default(),
            checks: Invariant::ALL.iter().filter(|row| **row != Invariant::RefcountExact).map(check).collect(),
            goals: vec![GoalReport { name: "cow-during-dump".into(), required: true, hits: 17 }],
            measured: measured(),
            components: vec![Component { name: "dasd.cpu".into(), servers: 2, usage }],
            array: None,
            replays: Vec::new(),
        };
        let occurrence =
            Occurrence::Event { name: EventName::DumpTrackRead, device: Some(Device(1)), track: Some(TrackNo(900)) };
        let planned = FaultPlan {
            fault: PlannedFault::PowerLoss { duration: Span::from_secs(60) },
            anchor: Anchor::Around { side: Side::After, occurrence, nth: 1, delay: Span::from_ms(5) },
            silence: false,
        };
        let rate = FaultRate {
            fault: PlannedFault::HostCrash { image: Image::FIRST, outage: Span::from_secs(1) },
            gap: Gap::Exponential { mean: Span::from_secs(3_600) },
            clock: crate::fault::plan::ClockName::Table(0),
        };
        let expect = Expectation { stated: true, ..Expectation::default() };
        let subject = Subject {
            scenario: "safe-backup",
            title: "The power fails in the middle of a dump",
            run_id: "9f2c41d0aa",
            seed: 1,
            devices: &[DeviceNumber(0x0A00), DeviceNumber(0x0A10), DeviceNumber(0x0A20)],
            images: &["host".to_owned()],
            faults: &[planned],
            rates: &[rate],
        };
        Summary::new(&subject, &outcome, &judge(&outcome, subject.faults, &expect))
    }

    #[test]
    fn keys_stand_in_the_documented_order() {
        let bytes = super::super::json::document(&summary(None));
        let text = String::from_utf8(bytes).expect("JSON is text");
        let keys: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("  \""))
            .filter_map(|line| line.trim_start_matches("  \"").split('"').next())
            .collect();
        assert_eq!(
            keys.join(" "),
            "schema tool_version model_version scenario title run_id seed verdict as_expected reasons end_reason \
             end_time_ns events ties fingerprint checks goals expect volumes backups components array restores faults \
             operator commands methods conservation"
        );
        assert!(text.contains("\"fingerprint\": \"6b1d0a44c0e1f27a\""));
        assert!(text.contains("\"utilisation_ratio\": 0.125"));
        assert!(text.contains("\"anchor\": \"after:dump-track-read#1 on 0A10 track 900 + 5 ms\""));
        assert!(text.contains("\"anchor\": \"at random, every 3600 s on average\""));
    }

    #[test]
    fn the_story_of_the_run_is_in_the_numbers() {
        let summary = summary(None);
        assert!(summary.adds_up() && summary.as_expected);
        let prod = &summary.volumes[0];
        assert_eq!(prod.id, "PROD01");
        assert_eq!(prod.online_ns + prod.offline_ns + prod.wrong_id_ns, summary.end_time_ns);
        assert_eq!(prod.offline_ns, 1_250_000_000_000, "from the power loss to the end of the IPL");
        assert_eq!(prod.longest_closed_ns, 1_251_000_000_000);
        assert_eq!(prod.failed, 2);
        let counts: Vec<u64> = prod.phases.iter().map(|phase| phase.latency_ns.n).collect();
        assert_eq!(counts, [1_199, 1_799, 12]);
        assert_eq!(prod.phases[2].latency_ns.p50, None, "twelve samples support no median");
        let backup = &summary.backups[0];
        assert_eq!((backup.outcome, backup.resumes, backup.retries), ("complete", 1, 1));
        assert_eq!(backup.tape_ns, (70 + 260) * 1_000_000_000);
        let restore = &summary.restores[0];
        assert_eq!((restore.outcome, restore.tracks_written), ("complete", 2));
        assert_eq!(restore.open_after_complete_ns, Some(4_000_000_000));
        assert_eq!(restore.open_after_failure_ns, Some(1_806_000_000_000));
        assert_eq!((summary.faults[0].acted, summary.faults[1].acted), (1, 0));
        let method = &summary.methods[0];
        assert_eq!((summary.methods.len(), method.method, method.backups, method.restores), (1, "safe-backup", 1, 1));
        assert_eq!((method.mean_backup_ns, method.mean_tape_ns), (Some(1_642_000_000_000), Some(backup.tape_ns)));
        assert_eq!(method.open_after_failure_ns, restore.open_after_failure_ns);
    }

    #[test]
    fn a_violation_names_its_replay() {
        let summary = summary(Some(Invariant::UniqueOnlineId));
        assert_eq!((summary.verdict, summary.as_expected), ("FAIL", false));
        let first = summary.checks[0].first_violation.as_ref().expect("it is violated");
        assert_eq!((first.event, first.time_ns, first.repro), (904, 90_000_000_000, REPLAY));
    }
}
