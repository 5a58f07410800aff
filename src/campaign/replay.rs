//! A run once more, event by event: what happened around one of them, how the system stood there, and whether the run is the
//! one that was recorded.

use super::one::observe;
use super::trial::{Happening, Trial};
use crate::check::{Checks, EntryState, Seen, Setup, View};
use crate::fault::plan::FaultKind;
use crate::kernel::{Class, Time};
use crate::scenario::Plan;
use crate::vocab::{Device, Drive, HiddenFormat, HiddenState, Image, Invariant};
use crate::world::{BuildError, Fact, Told, World};

/// A run that goes on by one boundary at a time.
#[derive(Clone, Debug)]
pub struct Replay<'p> {
    plan: &'p Plan,
    trial: Trial,
    checks: Checks,
}

/// What lay between two boundaries.
#[derive(Clone, Debug)]
pub enum Passed {
    Event(PassedEvent),
    Fault {
        /// Events before it.
        behind: u64,
        time: Time,
        kind: FaultKind,
        /// It found something to act upon.
        effect: bool,
        violated: Vec<Invariant>,
    },
}

#[derive(Clone, Debug)]
pub struct PassedEvent {
    /// Counted from 1.
    pub number: u64,
    pub time: Time,
    /// Unknown of the first event behind the end of the work: that end cancels what was about to come.
    pub told: Option<(Class, Told)>,
    pub facts: Vec<Fact>,
    /// Of the run so far.
    pub fingerprint: u64,
    /// What is violated here for the first time.
    pub violated: Vec<Invariant>,
}

impl<'p> Replay<'p> {
    /// # Errors
    /// When no system can be built from the plan.
    pub fn new(plan: &'p Plan) -> Result<Replay<'p>, BuildError> {
        let checks = Checks::new(Setup::of(plan, |device| u64::from(device.0)));
        Ok(Replay { plan, trial: Trial::new(plan)?, checks })
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.trial.run.steps
    }

    pub fn fingerprint(&self) -> u64 {
        self.trial.run.fingerprint.value()
    }

    /// Goes on to the next boundary and tells of it; nothing when the run is over.
    pub fn advance(&mut self) -> Option<Passed> {
        let (next, draining) = (self.trial.run.peek(), self.trial.is_draining());
        let told = next.map(|next| (next.class, self.trial.run.model.tell(&next.event, self.plan)));
        let happening = self.go_on()?;
        let violated = self.violated_first();
        let run = &self.trial.run;
        Some(match happening {
            Happening::Event => Passed::Event(PassedEvent {
                number: run.steps,
                time: run.now(),
                told: told.filter(|_| self.trial.is_draining() == draining),
                facts: run.model.facts().to_vec(),
                fingerprint: run.fingerprint.value(),
                violated,
            }),
            Happening::Fault { index, effect } => {
                let kind = self.trial.faults.all()[index].fault.kind();
                Passed::Fault { behind: run.steps, time: run.now(), kind, effect, violated }
            }
        })
    }

    /// Goes on until the next boundary is that behind event number `event`, or the run is over.
    pub fn pass_to(&mut self, event: u64) {
        while self.events() < event && self.go_on().is_some() {}
    }

    fn go_on(&mut self) -> Option<Happening> {
        if self.trial.given_up().is_some() {
            return None;
        }
        let happening = self.trial.advance()?;
        observe(&mut self.checks, &self.trial, happening);
        Some(happening)
    }

    /// The invariants whose first violation is at the present boundary.
    fn violated_first(&self) -> Vec<Invariant> {
        let here = self.events();
        let first = |invariant: &&Invariant| self.checks.violations(**invariant) > 0;
        if !Invariant::ALL.iter().any(|invariant| first(&invariant)) {
            return Vec::new();
        }
        let reports = self.checks.report().into_iter();
        let at_here = reports.filter(|check| check.first.as_ref().is_some_and(|first| first.boundary == here));
        at_here.map(|check| check.invariant).collect()
    }

    /// How the system stands at the present boundary.
    pub fn state(&self) -> State {
        let seen = Seen { world: &self.trial.run.model, now: self.trial.run.now(), quiet: false };
        State::of(&seen, self.plan, &self.checks, self.events())
    }
}

/// The system at a boundary, as an observer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub events: u64,
    pub time: Time,
    pub volumes: Vec<VolumeState>,
    pub relations: Vec<RelationState>,
    pub jobs: Vec<String>,
    pub inventory: Vec<EntryOfInventory>,
    pub drives: Vec<DriveUse>,
    pub operators: Vec<OperatorState>,
    /// Host requests without an answer.
    pub outstanding: u64,
    /// Violated up to here.
    pub violated: Vec<Invariant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeState {
    pub device: String,
    /// The ID in the label as a host would read it now, and as it would be after a power loss.
    pub label: Option<String>,
    pub durable_label: Option<String>,
    /// What the hidden place of the label holds.
    pub hidden: Option<String>,
    /// By image: the ID under which it has the device online.
    pub online: Vec<Option<String>>,
    /// Tracks that do not hold what whoever opens the ID must find, by the books of what hosts were told; nothing when the books
    /// do not know the ID.
    pub lost_tracks: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationState {
    pub source: String,
    pub target: String,
    pub t0: Time,
    /// The ID of the source was withheld.
    pub withheld: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryOfInventory {
    pub backup: u16,
    pub id: String,
    pub state: &'static str,
    pub cartridges: Vec<u16>,
    pub scratched: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveUse {
    pub drive: u8,
    pub cartridge: Option<u16>,
    /// Records in its buffer that are not on tape yet.
    pub buffered: u64,
    pub hardened: u64,
    pub lost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorState {
    pub steps: u64,
    pub reactions: u64,
    pub wrong_answers: u64,
}

impl State {
    fn of(seen: &Seen<'_>, plan: &Plan, checks: &Checks, events: u64) -> State {
        let name = |device: Device| plan.dasd.volumes[usize::from(device.0)].device.to_string();
        let devices = (0..plan.dasd.volumes.len() as u16).map(Device);
        let relations = seen.relations().into_iter().map(|relation| RelationState {
            source: name(relation.source),
            target: name(relation.target),
            t0: relation.t0,
            withheld: relation.conditioned,
        });
        let inventory = seen.inventory().into_iter().map(|entry| EntryOfInventory {
            backup: entry.backup.0,
            id: entry.source_id.to_string(),
            state: match entry.state {
                EntryState::InProgress => "in-progress",
                EntryState::Complete => "complete",
                EntryState::Partial => "partial",
                EntryState::Invalid => "invalid",
            },
            cartridges: entry.cartridges.iter().map(|cartridge| cartridge.0).collect(),
            scratched: entry.scratched,
        });
        let jobs = seen.jobs().into_iter().map(|job| match job.held {
            true => format!("{}, held", job.job),
            false => job.job.to_string(),
        });
        State {
            events,
            time: seen.now,
            volumes: devices.map(|device| volume(seen, plan, checks, device)).collect(),
            relations: relations.collect(),
            jobs: jobs.collect(),
            inventory: inventory.collect(),
            drives: (0..seen.world.tape.drives()).map(|drive| drive_of(seen.world, Drive(drive))).collect(),
            operators: seen.world.operators.iter().map(|operator| operator.usage()).map(operator_of).collect(),
            outstanding: seen.outstanding().count,
            violated: Invariant::ALL.iter().copied().filter(|&invariant| checks.violations(invariant) > 0).collect(),
        }
    }
}

fn volume(seen: &Seen<'_>, plan: &Plan, checks: &Checks, device: Device) -> VolumeState {
    let label = seen.logical_label(device);
    let hidden = label.label.map(|label| match label.hidden(HiddenFormat::Sealed, None) {
        HiddenState::Blank => None,
        // Without a seal the bytes are an ID or nothing that can be read.
        HiddenState::Torn => match label.hidden(HiddenFormat::Bare, None) {
            HiddenState::Valid { source } => Some(format!("{source} (bare)")),
            _ => Some("torn".to_owned()),
        },
        HiddenState::Valid { source } => Some(source.to_string()),
        HiddenState::Stale { source } => Some(format!("{source} (stale)")),
        HiddenState::Foreign { source } => Some(format!("{source} (foreign)")),
    });
    let tags = seen.logical_tags(device);
    let loss = label.id().and_then(|id| checks.ledger().compare(id, tags));
    VolumeState {
        device: plan.dasd.volumes[usize::from(device.0)].device.to_string(),
        label: label.id().map(|id| id.to_string()),
        durable_label: seen.durable_label(device).id().map(|id| id.to_string()),
        hidden: hidden.flatten(),
        online: (0..seen.images()).map(|image| Some(seen.online(Image(image), device)?.to_string())).collect(),
        lost_tracks: loss.map(|loss| loss.tracks),
    }
}

fn drive_of(world: &World, drive: Drive) -> DriveUse {
    let usage = world.tape.drive_usage(drive);
    DriveUse {
        drive: drive.0,
        cartridge: world.tape.cartridge_in(drive).map(|cartridge| cartridge.0),
        buffered: world.tape.unhardened(drive),
        hardened: usage.hardened,
        lost: usage.lost,
    }
}

fn operator_of(usage: crate::host::OperatorUsage) -> OperatorState {
    OperatorState { steps: usage.steps, reactions: usage.reactions, wrong_answers: usage.wrong_answers }
}

/// What is known of an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Numbers of events and the fingerprints behind them, ascending; may be empty.
    pub checkpoints: Vec<(u64, u64)>,
    /// At the end.
    pub fingerprint: u64,
}

/// Whether the run is the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is, at so many checkpoints and at the end.
    Same {
        checkpoints: u64,
    },
    Diverged(Divergence),
}

/// Where a run left the recorded one: in the events `first` to `last`, which are one where every event was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    pub first: u64,
    pub last: u64,
    pub recorded: u64,
    /// Nothing when the run ended before `last`.
    pub made: Option<u64>,
}

/// Runs the plan beside the record, to the first checkpoint that differs.
///
/// # Errors
/// When no system can be built from the plan.
pub fn verify(plan: &Plan, recorded: &Recorded) -> Result<Verified, BuildError> {
    let mut replay = Replay::new(plan)?;
    let mut equal = 0;
    for &(event, fingerprint) in &recorded.checkpoints {
        replay.pass_to(event);
        let made = (replay.events() == event).then(|| replay.fingerprint());
        if made != Some(fingerprint) {
            let divergence = Divergence { first: equal + 1, last: event, recorded: fingerprint, made };
            return Ok(Verified::Diverged(divergence));
        }
        equal = event;
    }
    replay.pass_to(u64::MAX);
    let made = replay.fingerprint();
    if made == recorded.fingerprint {
        return Ok(Verified::Same { checkpoints: recorded.checkpoints.len() as u64 });
    }
    // Behind the last event a fault may have acted that makes none: the last event is then the place.
    let last = replay.events();
    let first = last.min(equal + 1);
    Ok(Verified::Diverged(Divergence { first, last, recorded: recorded.fingerprint, made: Some(made) }))
}
