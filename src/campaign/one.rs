//! One run of one plan, watched: checks and measures beside the events, and what they found.

use super::outcome::{ArrayUse, Component, EndReason, Flow, GoalReport, Progress, RunOutcome, TraceReplay, Watch};
use super::trial::{Happening, Step, Trial};
use crate::check::{Checks, Seen, Setup};
use crate::host::{WorkloadFact, WorkloadPlan};
use crate::kernel::{Checkpoints, Time, Usage};
use crate::measure::{Blocks, Measures, OnlineDevice, Remainder, Request, Sample};
use crate::scenario::Plan;
use crate::vocab::{Device, Drive, Goal, Image, Invariant, VolumeId};
use crate::world::{BuildError, Fact, World};

/// Events between two reports of progress.
const PROGRESS_EVERY: u64 = 4_096;
/// Events between two looks at the lines of the components.
const LOOK_EVERY: u64 = 1_024;

/// Runs `plan` to its end, or until a watcher stops it.
pub fn execute(plan: &Plan, mut watch: Watch<'_>) -> Result<RunOutcome, BuildError> {
    let mut trial = Trial::new(plan)?;
    let mut checks = Checks::new(Setup::of(plan, |device| u64::from(device.0)));
    let mut measures = measures_of(plan, &trial.run.model);
    see_online(&mut measures, &trial);
    let mut checkpoints = Checkpoints::default();
    let mut end_reason = trial.end_reason();
    loop {
        let part_ends = measures.next_look();
        let happening = match trial.advance_before(Some(part_ends)) {
            Step::Reached(happening) => happening,
            Step::Mark => {
                // Between two events nothing changes but busy time.
                measures.end_part(part_ends, &usage_of(&trial.run.model, part_ends));
                continue;
            }
            Step::Over => break,
        };
        let now = trial.run.now();
        if happening == Happening::Event {
            checkpoints.note(trial.run.steps, trial.run.fingerprint.value());
        }
        let flow = measure(&mut measures, &trial, &mut watch);
        if trial.run.steps.is_multiple_of(LOOK_EVERY) {
            measures.look(now, &usage_of(&trial.run.model, now));
        }
        observe(&mut checks, &trial, happening);
        if flow == Flow::Stop || trial.run.steps > watch.most_events {
            end_reason = EndReason::Interrupted;
            break;
        }
        if trial.run.steps.is_multiple_of(PROGRESS_EVERY) && happening == Happening::Event {
            let violations = Invariant::ALL.iter().map(|&invariant| checks.violations(invariant)).sum();
            if (watch.progress)(Progress { now, events: trial.run.steps, violations }) == Flow::Stop {
                end_reason = EndReason::Interrupted;
                break;
            }
        }
        if let Some(reason) = trial.given_up() {
            end_reason = reason;
            break;
        }
    }
    let (now, steps) = (trial.run.now(), trial.run.steps);
    measures.end_part(now, &usage_of(&trial.run.model, now));
    let quiet = trial.run.queue.is_empty();
    checks.end(&Seen { world: &trial.run.model, now, quiet }, steps);
    let required = |goal: Goal| plan.expect.goals.iter().any(|name| name == goal.name());
    let goals = Goal::ALL.iter().map(|&goal| GoalReport {
        name: goal.name().to_owned(),
        required: required(goal),
        hits: checks.goals().hits(goal),
    });
    let world = &trial.run.model;
    Ok(RunOutcome {
        end_reason,
        overrun: trial.overrun(),
        end_time: now,
        events: steps,
        ties: trial.run.ties,
        fingerprint: trial.run.fingerprint.value(),
        checkpoints,
        checks: checks.report(),
        goals: goals.collect(),
        measured: measures.finish(now, Remainder { requests: outstanding_in(world), blocks: blocks_of(world) }),
        components: components_of(plan, world, now),
        array: array_of(plan, world),
        replays: replays_of(world),
    })
}

/// Shows a boundary to the checks.
pub fn observe(checks: &mut Checks, trial: &Trial, happening: Happening) {
    let world = &trial.run.model;
    // Whether nothing is pending matters at the end alone.
    let seen = Seen { world, now: trial.run.now(), quiet: false };
    let (steps, facts) = (trial.run.steps, world.facts());
    match happening {
        Happening::Event => checks.observe(&seen, steps, facts),
        Happening::Fault { index, .. } if trial.faults.all()[index].fault.is_crash() => {
            checks.crashed(&seen, steps, facts)
        }
        Happening::Fault { .. } => checks.injected(&seen, steps, facts),
    }
}

/// Shows a boundary to the measures, and the requests that ended to whoever takes samples.
fn measure(measures: &mut Measures, trial: &Trial, watch: &mut Watch<'_>) -> Flow {
    let now = trial.run.now();
    if let Some(take) = &mut watch.facts {
        take(now, trial.run.model.facts());
    }
    let mut flow = Flow::Continue;
    let mut identity = false;
    for &fact in trial.run.model.facts() {
        identity |= fact.touches_identity();
        match fact {
            Fact::Manager(image, fact) => measures.manager(now, image, fact),
            Fact::Dasd(fact) => measures.dasd(now, fact),
            Fact::Fault { index, fault } => measures.fault(now, trial.faults.origin(index), fault),
            Fact::Tape(fact) => measures.tape(now, fact),
            Fact::Workload(workload, fact) => match fact {
                WorkloadFact::Issued { .. } => measures.request_issued(workload),
                WorkloadFact::Done { op, track, bytes, issued_at, volume, hit, status } => {
                    let request = Request { workload, volume, op, track, bytes, issued_at, hit, status };
                    let sample: Sample = measures.request_ended(now, &request);
                    if let Some(take) = &mut watch.samples
                        && take(&sample) == Flow::Stop
                    {
                        flow = Flow::Stop;
                    }
                }
                WorkloadFact::Opened { volume, closed_at } => measures.opened(now, workload, volume, closed_at),
                WorkloadFact::Closed { volume } => measures.closed(now, workload, volume),
            },
        }
    }
    if identity {
        see_online(measures, trial);
    }
    flow
}

fn measures_of(plan: &Plan, world: &World) -> Measures {
    let devices: Vec<VolumeId> = plan.dasd.volumes.iter().map(|volume| volume.id).collect();
    let volumes = |workload: &WorkloadPlan| workload.volumes.iter().map(|volume| volume.id).collect();
    let workloads: Vec<(Image, Vec<VolumeId>)> =
        plan.workloads.iter().map(|workload| (workload.image, volumes(workload))).collect();
    Measures::new(&devices, &workloads, plan.faults.len() + plan.rates.len())
        .with_commands(&plan.commands)
        .with_components(servers_of(plan, world))
}

fn see_online(measures: &mut Measures, trial: &Trial) {
    let world = &trial.run.model;
    let ucbs = world.images.iter().flat_map(|image| image.ucbs().iter().enumerate());
    let online = ucbs.filter_map(|(place, ucb)| {
        let device = Device(place as u16);
        let cached = ucb.online?;
        Some(OnlineDevice { device, cached, label: world.dasd.is_up().then(|| world.dasd.logical_label(device).id())? })
    });
    measures.online(trial.run.now(), online);
}

fn array_of(plan: &Plan, world: &World) -> Option<ArrayUse> {
    let (live, capacity) = world.dasd.net_capacity_load()?;
    let lsa = &plan.dasd.lsa;
    let (stored_track, compression_milli) = (lsa.stored_track(), lsa.compression_milli);
    Some(ArrayUse { capacity, stored_track, compression_milli, live, account: world.dasd.space_account()? })
}

fn replays_of(world: &World) -> Vec<TraceReplay> {
    let workloads = world.workloads.iter().enumerate();
    workloads.filter_map(|(workload, it)| it.replayed().map(|course| TraceReplay { workload, course })).collect()
}

fn outstanding_in(world: &World) -> u64 {
    world.workloads.iter().map(|workload| workload.outstanding()).sum()
}

fn drives(world: &World) -> impl Iterator<Item = Drive> + '_ {
    (0..world.tape.drives()).map(Drive)
}

fn blocks_of(world: &World) -> Blocks {
    drives(world).fold(Blocks::default(), |sum, drive| {
        let usage = world.tape.drive_usage(drive);
        Blocks {
            acknowledged: sum.acknowledged + usage.acknowledged,
            hardened: sum.hardened + usage.hardened,
            lost: sum.lost + usage.lost,
            buffered: sum.buffered + world.tape.unhardened(drive),
        }
    })
}

/// Names and servers of the components.
fn servers_of(plan: &Plan, world: &World) -> Vec<(String, u32)> {
    let images = plan.images.iter().map(|image| (format!("{}.cpu", image.name), 1));
    world.dasd.servers().chain(images).chain(world.tape.servers()).collect()
}

/// What they have done so far, in the same order.
fn usage_of(world: &World, now: Time) -> Vec<Usage> {
    let images = world.images.iter().map(|image| image.cpu_usage(now));
    world.dasd.usage(now).chain(images).chain(world.tape.usage(now)).collect()
}

/// Sorted by name.
fn components_of(plan: &Plan, world: &World, now: Time) -> Vec<Component> {
    let both = servers_of(plan, world).into_iter().zip(usage_of(world, now));
    let mut components: Vec<Component> =
        both.map(|((name, servers), usage)| Component { name, servers, usage }).collect();
    components.sort_by(|one, other| one.name.cmp(&other.name));
    components
}
