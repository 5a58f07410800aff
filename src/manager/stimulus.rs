//! Stimuli (patent step 502): how a request for a backup reaches the manager and becomes a job, once.
//!
//! A stimulus counts as taken when its job is in the journal, or when it was rejected. One that a crash overtakes before
//! that is taken again: the manager's own by its schedule, the others because whoever asked gets no answer. Of the
//! instants of a period that pass during an outage, or while a stimulus waits, all together are taken once.
//!
//! Conditions are looked at by events: a change when a write is acknowledged, an age at the instant at which it is reached,
//! both again when a job ends. What changed is kept durable, as the change indicators in a volume's VTOC are (G).
//! A write that is acknowledged between T0 and a crash that hides T0 from the manager counts into the next period too:
//! rather a backup too early than one too late.

use super::plan::{BackupPlan, DuplicateStimulus};
use super::session::{BackupRun, Work};
use super::trigger::{Condition, Stimulant, Trigger};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox, ManagerTimerKind};
use crate::kernel::{Class, Span, Time};
use crate::vocab::{Backup, Device, HostReply, Paged, Status, Ticket, TrackNo};

/// A request for a backup on its way to becoming a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stimulus {
    /// The place of its `[[backup]]` in the scenario.
    pub plan: usize,
    /// Which of the stimuli of that entry.
    pub occurrence: u32,
    /// Who waits for an answer.
    pub asker: Option<Ticket>,
    /// How long an operator typed it.
    pub typing: Option<Span>,
}

/// What a `[[backup]]` has had of its stimuli. Durable.
#[derive(Clone, Debug, Hash)]
pub struct StimulusRecord {
    /// Stimuli that need not be taken any more.
    pub taken: u32,
    /// When the last of them was taken.
    last: Time,
    changes: Changes,
}

/// How much of a source changed since its last T0.
#[derive(Clone, Debug, Hash)]
struct Changes {
    amount: u64,
    /// The amount at which the condition is true (again).
    due_at: u64,
    tracks: Paged<bool>,
}

impl StimulusRecord {
    pub fn new(plan: &BackupPlan) -> StimulusRecord {
        let due_at = threshold(plan).unwrap_or(u64::MAX);
        let tracks = Paged::new(u64::from(plan.extents.volume()));
        StimulusRecord { taken: 0, last: Time::ZERO, changes: Changes { amount: 0, due_at, tracks } }
    }
}

/// The amount of change that a condition waits for.
fn threshold(plan: &BackupPlan) -> Option<u64> {
    match plan.stimulus.trigger {
        Trigger::When { condition: Condition::ChangedBytes(amount) | Condition::ChangedTracks(amount), .. } => {
            Some(amount)
        }
        Trigger::At(_) | Trigger::Every { .. } | Trigger::When { condition: Condition::Age(_), .. } => None,
    }
}

impl Manager {
    /// Sets the clocks of everything that is still to come; after a crash again.
    pub(super) fn set_stimuli(&mut self, out: &mut ManagerOutbox) {
        for plan in 0..self.backups.len() {
            self.await_stimulus(plan, out);
            if let Trigger::When { until, .. } = self.backups[plan].stimulus.trigger
                && until > out.now()
            {
                out.timer_at(until, Class::NewWork, self.timer(ManagerTimerKind::WatchOver, 0));
            }
        }
        for (number, plan) in self.restores.iter().enumerate() {
            if let Some(at) = plan.at.filter(|_| !self.durable.restores_started[number]) {
                let timer = self.timer(ManagerTimerKind::RestoreDue, number as u32);
                out.timer_at(at.max(out.now()), Class::NewWork, timer);
            }
        }
    }

    /// Sets the clock of the next stimulus of an entry, if the manager itself has to think of it.
    fn await_stimulus(&mut self, plan: usize, out: &mut ManagerOutbox) {
        let stimulus = self.backups[plan].stimulus;
        if !self.backups[plan].leads(plan) {
            return;
        }
        let due = match stimulus.trigger {
            Trigger::At(_) | Trigger::Every { .. } if stimulus.by == Stimulant::Internal => {
                stimulus.trigger.instant(self.durable.stimuli[plan].taken)
            }
            Trigger::When { condition: Condition::Age(_), .. } => self.age_due(plan),
            Trigger::At(_) | Trigger::Every { .. } | Trigger::When { .. } => None,
        };
        if let Some(due) = due.filter(|_| !self.volatile.clocks[plan]) {
            self.volatile.clocks[plan] = true;
            let timer = self.timer(ManagerTimerKind::Stimulus, plan as u32);
            out.timer_at(due.max(out.now()), Class::NewWork, timer);
        }
    }

    /// The clock of an entry has run out.
    pub(super) fn stimulus_due(&mut self, plan: usize, out: &mut ManagerOutbox) {
        self.volatile.clocks[plan] = false;
        match self.backups[plan].stimulus.trigger {
            Trigger::At(_) | Trigger::Every { .. } => {
                let occurrence = self.durable.stimuli[plan].taken;
                self.stimulate(Stimulus { plan, occurrence, asker: None, typing: None }, out);
            }
            Trigger::When { .. } => self.look_at_condition(plan, out),
        }
    }

    /// The processor has read somebody's request for a backup.
    pub(super) fn requested(&mut self, stimulus: Stimulus, out: &mut ManagerOutbox) {
        let plan = &self.backups[stimulus.plan];
        if stimulus.typing.is_some() {
            out.report(ManagerFact::BackupTyped { plan: stimulus.plan as u16 });
        }
        // An application speaks for a volume that it has open.
        let closed = plan.stimulus.by == Stimulant::Application && self.device_of(plan.source_id).is_none();
        if closed {
            self.answer(stimulus, Status::NotOperational, out);
        } else {
            self.stimulate(stimulus, out);
        }
    }

    pub(super) fn answer(&self, stimulus: Stimulus, status: Status, out: &mut ManagerOutbox) {
        if let Some(ticket) = stimulus.asker {
            out.send(ManagerMessage::Host(HostReply { ticket, status, hit: false }));
        }
    }

    /// A stimulus becomes a job, waits, or is rejected.
    pub(super) fn stimulate(&mut self, mut stimulus: Stimulus, out: &mut ManagerOutbox) {
        let plan = self.backups[stimulus.plan];
        let members: Vec<usize> = self.members_of(stimulus.plan).collect();
        let restoring = members.iter().any(|&member| self.is_being_restored(&self.backups[member]));
        let up = matches!(self.volatile.condition, super::Condition::Up);
        if !up || restoring || self.is_swept() {
            self.volatile.overdue_backups.push_back(stimulus);
            return;
        }
        if stimulus.asker.is_none() {
            // All instants that have passed are one stimulus.
            stimulus.occurrence = stimulus.occurrence.max(plan.stimulus.trigger.due_by(out.now()).saturating_sub(1));
        }
        // A group is taken as a whole or not at all.
        if let Some(busy) =
            members.iter().map(|&member| self.backups[member].source).find(|&it| self.is_being_backed_up(it))
        {
            match plan.duplicate_stimulus {
                DuplicateStimulus::Reject => {
                    out.report(ManagerFact::StimulusRejected { plan: stimulus.plan as u16, source: busy });
                    self.stimulus_taken(stimulus, Status::Rejected, out);
                    self.start_due_restores(out);
                    return;
                }
                DuplicateStimulus::Join => {
                    out.report(ManagerFact::StimulusJoined { plan: stimulus.plan as u16, source: busy });
                    self.stimulus_taken(stimulus, Status::Good, out);
                    self.start_due_restores(out);
                    return;
                }
                // The controller refuses a second copy while the first stands.
                DuplicateStimulus::StartSecond => {}
            }
        }
        let slots: Vec<u32> = members
            .into_iter()
            .map(|member| {
                let backup = Backup(self.durable.backups);
                self.durable.backups += 1;
                self.durable.stimulus_of.push(member);
                let stimulus = Some(stimulus).filter(|stimulus| stimulus.plan == member);
                self.add_session(Work::Backup(BackupRun::new(backup, self.backups[member], stimulus)))
            })
            .collect();
        self.gather(&slots, plan.group);
        slots.into_iter().for_each(|slot| self.begin_line(slot, out));
    }

    /// Whoever asked for a backup asks again.
    pub(super) fn stimulate_again(&mut self, plan: usize, out: &mut ManagerOutbox) {
        let occurrence = self.durable.stimuli[plan].taken.saturating_sub(1);
        self.stimulate(Stimulus { plan, occurrence, asker: None, typing: None }, out);
    }

    /// The entries of the scenario that begin together, the first first.
    fn members_of(&self, leader: usize) -> impl Iterator<Item = usize> + use<> {
        let backups = std::sync::Arc::clone(&self.backups);
        (0..backups.len()).filter(move |&place| {
            place == leader || backups[place].group.is_some_and(|group| usize::from(group.leader) == leader)
        })
    }

    /// A volume that is being restored is no source and no target yet.
    fn is_being_restored(&self, plan: &BackupPlan) -> bool {
        self.volatile.sessions.values().any(|session| match &session.work {
            Work::Restore(run) => {
                run.plan.to == plan.source || run.plan.to == plan.target || run.plan.volume == plan.source_id
            }
            _ => false,
        })
    }

    /// Somebody looks for what belongs to no job: a job that begins now would be taken for none.
    fn is_swept(&self) -> bool {
        self.volatile.sessions.values().any(|session| matches!(session.work, Work::Sweep(_)))
    }

    fn is_being_backed_up(&self, source: Device) -> bool {
        self.volatile.sessions.values().any(|session| match &session.work {
            Work::Backup(run) => run.plan.source == source,
            _ => false,
        })
    }

    /// The stimulus is in the journal, or was rejected: it does not come again, and whoever asked hears of it.
    pub(super) fn stimulus_taken(&mut self, stimulus: Stimulus, status: Status, out: &mut ManagerOutbox) {
        let Stimulus { plan, occurrence, .. } = stimulus;
        let threshold = threshold(&self.backups[plan]);
        let record = &mut self.durable.stimuli[plan];
        record.taken = record.taken.max(occurrence + 1);
        record.last = out.now();
        // A job that fails before its T0 must not be asked for again at once.
        record.changes.due_at = record.changes.amount.saturating_add(threshold.unwrap_or(u64::MAX));
        self.answer(stimulus, status, out);
        if matches!(self.backups[plan].stimulus.trigger, Trigger::Every { .. }) {
            self.await_stimulus(plan, out);
        }
    }

    /// Whether no stimulus is still to come.
    pub(super) fn all_are_stimulated(&self, now: Time) -> bool {
        self.backups.iter().zip(&self.durable.stimuli).enumerate().all(|(place, (plan, record))| {
            if !plan.leads(place) {
                return true;
            }
            let over = matches!(plan.stimulus.trigger, Trigger::When { until, .. } if until <= now);
            over || record.taken >= plan.stimulus.trigger.occurrences()
        })
    }

    // ---- conditions ------------------------------------------------------------------------------------------------

    /// A write was acknowledged: sources that somebody watches have changed.
    pub(super) fn note_change(
        &mut self,
        device: Device,
        first: TrackNo,
        count: u32,
        bytes: u32,
        out: &mut ManagerOutbox,
    ) {
        if !self.watched.get(device.0 as usize).is_some_and(|watched| *watched) {
            return;
        }
        for place in 0..self.backups.len() {
            let plan = self.backups[place];
            let Trigger::When { condition, .. } = plan.stimulus.trigger else { continue };
            if plan.source != device {
                continue;
            }
            let touched = (first.0..first.0 + count).map(TrackNo).filter(|&track| plan.extents.contains(track));
            let changes = &mut self.durable.stimuli[place].changes;
            match condition {
                Condition::ChangedBytes(_) if touched.clone().next().is_none() => {}
                Condition::ChangedBytes(_) => changes.amount += u64::from(bytes),
                Condition::ChangedTracks(_) => {
                    for track in touched {
                        if !changes.tracks.get(u64::from(track.0), |_| false) {
                            changes.tracks.set(u64::from(track.0), true, |_| false);
                            changes.amount += 1;
                        }
                    }
                }
                Condition::Age(_) => continue,
            }
            if changes.amount >= changes.due_at {
                self.look_at_condition(place, out);
            }
        }
    }

    /// T0 of a source is known: what changed before it is in the copy.
    pub(super) fn forget_changes(&mut self, source: Device) {
        for (plan, record) in self.backups.iter().zip(&mut self.durable.stimuli) {
            if let Some(threshold) = threshold(plan).filter(|_| plan.source == source) {
                record.changes =
                    Changes { amount: 0, due_at: threshold, tracks: Paged::new(u64::from(plan.extents.volume())) };
            }
        }
    }

    /// Looks at every condition: a job has ended, or a recovery is done.
    pub(super) fn look_at_conditions(&mut self, out: &mut ManagerOutbox) {
        for plan in 0..self.backups.len() {
            if matches!(self.backups[plan].stimulus.trigger, Trigger::When { .. }) {
                self.look_at_condition(plan, out);
            }
        }
    }

    fn look_at_condition(&mut self, place: usize, out: &mut ManagerOutbox) {
        let plan = self.backups[place];
        let Trigger::When { condition, times, until } = plan.stimulus.trigger else {
            unreachable!("only a condition is looked at");
        };
        let record = &self.durable.stimuli[place];
        let occurrence = record.taken;
        // While the source is being backed up the condition waits: the end of the job looks again.
        let waits = self.is_being_backed_up(plan.source)
            || self.volatile.overdue_backups.iter().any(|stimulus| stimulus.plan == place)
            || !matches!(self.volatile.condition, super::Condition::Up);
        if occurrence >= times || out.now() >= until || waits {
            return;
        }
        let holds = match condition {
            Condition::ChangedBytes(_) | Condition::ChangedTracks(_) => record.changes.amount >= record.changes.due_at,
            Condition::Age(_) => self.age_due(place).is_some_and(|due| due <= out.now()),
        };
        if holds {
            self.stimulate(Stimulus { plan: place, occurrence, asker: None, typing: None }, out);
        } else {
            self.await_stimulus(place, out);
        }
    }

    /// When the last complete backup reaches the age that an entry waits for. After an attempt that failed, the age is
    /// waited for again.
    fn age_due(&self, place: usize) -> Option<Time> {
        let plan = &self.backups[place];
        let Trigger::When { condition: Condition::Age(age), times, until } = plan.stimulus.trigger else { return None };
        let record = &self.durable.stimuli[place];
        let complete = self.durable.latest(plan.source_id, &plan.extents).map_or(Time::ZERO, |entry| entry.t0);
        let due = complete.max(record.last).saturating_add(age);
        (record.taken < times && due < until).then_some(due)
    }
}
