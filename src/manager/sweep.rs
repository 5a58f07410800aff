//! The sweep for orphans: relationships, hidden IDs and unfinished inventory entries that belong to no job (f8 of HAZARDS
//! 1.2, `orphan_sweep`).
//!
//! At restart it is the last part of the recovery. `periodic` looks again some time after every end of a job: between jobs
//! nothing becomes an orphan, so that this finds what a clock would find. A stimulus waits while a sweep looks.

use std::sync::Arc;

use super::catalog::{EntryState, JournalJob, JournalState};
use super::cleanup::{Action, Cleanup};
use super::plan::OrphanSweep;
use super::session::{Session, SessionTag, Work};
use super::{Condition, Manager, ManagerMessage, ManagerOutbox, ManagerTimerKind};
use crate::controller::dasd::{DasdCommand, Payload, RelationSummary};
use crate::kernel::{Class, Span};
use crate::vocab::{Backup, Device, LabelTrack, Status};

/// From the end of a job to the sweep behind it (A): half of the grace that an orphan has by default.
const SWEEP_DELAY: Span = Span::from_secs(30);

/// A sweep that looks: first at the relationships, then at one label after the other.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    relations: Vec<RelationSummary>,
    labels: Vec<Arc<LabelTrack>>,
}

impl Manager {
    /// A job has ended: what it left behind is looked for after a while.
    pub(super) fn schedule_sweep(&self, out: &mut ManagerOutbox) {
        if self.parameters.orphan_sweep == OrphanSweep::Periodic {
            out.timer_at(out.now() + SWEEP_DELAY, Class::Timer, self.timer(ManagerTimerKind::Sweep, 0));
        }
    }

    pub(super) fn sweep_due(&mut self, out: &mut ManagerOutbox) {
        let sweeping = self.volatile.sessions.values().any(|session| matches!(session.work, Work::Sweep(_)));
        // A recovery sweeps by itself.
        if sweeping || !matches!(self.volatile.condition, Condition::Up) {
            return;
        }
        let slot = self.add_session(Work::Sweep(Sweep { relations: Vec::new(), labels: Vec::new() }));
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::QueryRelations { ticket }));
    }

    pub(super) fn sweep_dasd(&mut self, slot: u32, status: Status, payload: Payload, out: &mut ManagerOutbox) {
        let Some(Session { work: Work::Sweep(sweep) }) = self.volatile.sessions.get_mut(&slot) else {
            unreachable!("the session is a sweep");
        };
        match payload {
            Payload::Relations(relations) if status == Status::Good => sweep.relations = relations.to_vec(),
            Payload::Label(label) if status == Status::Good => sweep.labels.push(label),
            // The controller goes away: its restart is followed by a recovery.
            _ => {
                self.drop_session(slot, out);
                return;
            }
        }
        let next = sweep.labels.len();
        if next < self.parameters.devices.len() {
            let ticket = self.session_ticket(slot, SessionTag::Step);
            let device = Device(next as u16);
            out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
            return;
        }
        let Sweep { relations, labels } = sweep.clone();
        let actions = self.orphans(&relations, &labels).into();
        self.volatile.sessions.insert(slot, Session { work: Work::Cleanup(Cleanup { actions, recovery: false }) });
        self.next_action(slot, out);
    }

    /// What belongs to no job: not to one in memory, and not to one that the journal names as open or held.
    pub(super) fn orphans(&self, relations: &[RelationSummary], labels: &[Arc<LabelTrack>]) -> Vec<Action> {
        let mut jobs: Vec<Backup> = Vec::new();
        for entry in self.durable.journal.iter().filter(|entry| entry.state != JournalState::Closed) {
            if let JournalJob::Backup { backup, .. } = entry.job {
                jobs.push(backup);
            }
        }
        jobs.extend(self.volatile.sessions.values().filter_map(|session| match &session.work {
            Work::Backup(run) => Some(run.backup),
            Work::Restore(_) | Work::Cleanup(_) | Work::Console(_) | Work::Order(_) | Work::Sweep(_) => None,
        }));
        let kept: Vec<Device> = jobs
            .iter()
            .filter_map(|&backup| self.plan_of(backup))
            .filter(|plan| plan.method.makes_copy())
            .map(|plan| plan.target)
            .collect();
        let mut actions = Vec::new();
        // A copy back was asked for by a person and ends by itself.
        let ownerless = |relation: &&RelationSummary| {
            !kept.contains(&relation.target) && self.copied_back(relation.source, relation.target).is_none()
        };
        for relation in relations.iter().filter(ownerless) {
            let id = self.parameters.devices[relation.target.0 as usize].id;
            actions.push(Action::end_of_copy(self.parameters.architecture, relation.target, id));
            actions.push(Action::Orphan { device: relation.target });
        }
        for (number, label) in labels.iter().enumerate() {
            let device = Device(number as u16);
            let mut label = **label;
            if let Some(record) = label.label.as_mut().filter(|record| record.has_hidden())
                && !kept.contains(&device)
            {
                record.clear_hidden();
                actions.push(Action::WriteLabel { device, label });
                actions.push(Action::Orphan { device });
            }
        }
        let unfinished = self.durable.inventory.iter().filter(|entry| entry.state == EntryState::InProgress);
        let ownerless = unfinished.map(|entry| entry.backup).filter(|backup| !jobs.contains(backup));
        actions.extend(ownerless.map(|backup| Action::Scratch { backup }));
        actions
    }
}
