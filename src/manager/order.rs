//! Copy, withdraw and relabel as commands of their own, which belong to no job: typed at the console, or done by somebody
//! else at the wrong moment (H32, H34, H64).
//!
//! A command is carried out as it stands. What it does to a job in progress is that job's misfortune: the controller's rules
//! and the checks are all that stands in its way. A command that the controller refuses, or that is lost with it, changes
//! nothing and says so; one that comes while the image is down is typed again when the recovery is over.
//!
//! A copy of a backup's copy onto the backup's source is a *copy back*: it brings the volume back without a tape. Which ID the
//! volume then bears is a switch of the backup (`copy_back`, S-2): the one that the copy hides, or whatever its label says
//! (H37). It is one transaction in the controller, so that a crash leaves all of it or nothing; once it stands it belongs to no job
//! and no sweep takes it away.
//!
//! Commands that begin a job (`FLASHCOPY ... WITH SAFE BACKUP`, `DUMP`, `RESTORE`) are backups and restores of the scenario
//! that an operator asks for.

use std::sync::Arc;

use super::command::{TypedCommand, Volid};
use super::console::ConsoleCommand;
use super::manual::renamed;
use super::operator_step::MANUAL_LABEL_COMMIT;
use super::plan::{BackupPlan, CopyBack, MethodName};
use super::refusal::{CommandEnd, Refusal};
use super::session::{SessionTag, Work};
use super::{Condition, Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{
    CopyMode, CopyTerms, CowTiming, DasdCommand, Fence, HiddenRule, Identity, LabelResidency, Payload,
};
use crate::kernel::{Span, Time};
use crate::vocab::{Command, Device, Extents, Image, LabelTrack, Restore, Status, VolumeId};

/// A command with its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    Copy {
        source: Device,
        target: Device,
        volid: Volid,
        mode: CopyMode,
    },
    Withdraw {
        target: Device,
    },
    Console(ConsoleCommand),
    /// With `verify` only if the volume bears that ID now (S-43).
    Reformat {
        device: Device,
        volid: VolumeId,
        verify: Option<VolumeId>,
    },
}

/// A command of the scenario: an operator turns to it at this instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandPlan {
    pub at: Time,
    /// At whose console.
    pub image: Image,
    /// As it was typed.
    pub typed: TypedCommand,
    pub effect: CommandEffect,
}

/// What a command sets going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandEffect {
    Order(Order),
    /// A backup, by its place among the scenario's.
    Backup(u16),
    Restore(Restore),
}

/// Who gives an order, and with it what becomes of the order while the image is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Giver {
    /// An operator, who typed for so long: he types it again when the recovery is over.
    Operator { command: Command, typing: Span },
    /// A fault: something goes wrong at this very boundary, or nothing does.
    Fault,
}

impl Giver {
    /// What he gave is over.
    pub(super) fn hears(self, end: CommandEnd, out: &mut ManagerOutbox) {
        if let Giver::Operator { command, .. } = self {
            out.report(ManagerFact::CommandEnded { command, end });
        }
    }
}

/// An order in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderRun {
    order: Order,
    giver: Giver,
    /// The label that a utility is about to write.
    label: Option<LabelTrack>,
}

impl OrderRun {
    pub fn giver(&self) -> Giver {
        self.giver
    }
}

impl Order {
    /// The device that it changes.
    pub fn device(self) -> Device {
        match self {
            Order::Copy { target, .. } | Order::Withdraw { target } => target,
            Order::Console(command) => command.device(),
            Order::Reformat { device, .. } => device,
        }
    }
}

impl Manager {
    /// Carries an order out, or keeps it until the recovery is over. False when it was lost.
    pub fn order(&mut self, order: Order, giver: Giver, out: &mut ManagerOutbox) -> bool {
        if !matches!(self.volatile.condition, Condition::Up) {
            if matches!(giver, Giver::Operator { .. }) {
                self.waiting_orders.push((order, giver));
            }
            return false;
        }
        if let Giver::Operator { command, typing: working } = giver {
            out.report(ManagerFact::CommandTyped { command, working });
        }
        if let Order::Console(command) = order {
            return self.console(command, giver, out);
        }
        let slot = self.add_session(Work::Order(OrderRun { order, giver, label: None }));
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(match order {
            Order::Copy { source, target, volid, mode } => {
                let own = self.parameters.devices[usize::from(target.0)].id;
                let identity = match volid {
                    Volid::Copied => self.identity_of_copy(source, target),
                    Volid::Withheld => Identity::Kept { target: own, commit: MANUAL_LABEL_COMMIT },
                };
                self.await_copied_back(source, target);
                let terms =
                    CopyTerms { cow: CowTiming::OnDestage, fence: Fence::None, residency: LabelResidency::Resident };
                let extents = Arc::new(Extents::whole(self.parameters.devices[usize::from(source.0)].tracks));
                DasdCommand::Establish { ticket, source, target, identity, mode, terms, extents }
            }
            // Whoever ends a copy by hand waits for nobody who reads it.
            Order::Withdraw { target } => {
                DasdCommand::Withdraw { ticket, target, hidden: HiddenRule::Keep, drain: false }
            }
            Order::Reformat { device, .. } => DasdCommand::ReadLabel { ticket, device },
            Order::Console(_) => unreachable!("the console has it"),
        }));
        true
    }

    /// What could not be typed while the image was down.
    pub(super) fn take_waiting_orders(&mut self, out: &mut ManagerOutbox) {
        for (order, giver) in std::mem::take(&mut self.waiting_orders) {
            self.order(order, giver, out);
        }
    }

    pub(super) fn order_dasd(&mut self, slot: u32, status: Status, payload: &Payload, out: &mut ManagerOutbox) {
        let run = *self.order_run(slot);
        match (run.order, payload) {
            (Order::Reformat { volid, verify, .. }, Payload::Label(label)) if status == Status::Good => {
                if verify.is_some_and(|verify| label.id() != Some(verify)) {
                    self.refuse_order(slot, Refusal::OtherId { found: label.id() }, out);
                    return;
                }
                self.order_run(slot).label = Some(renamed(label, volid));
                self.session_after(slot, self.parameters.relabel_time, out);
            }
            _ if status == Status::Good => {
                run.giver.hears(CommandEnd::Done, out);
                self.drop_session(slot, out);
            }
            _ => self.refuse_order(slot, Refusal::of(status, payload), out),
        }
    }

    /// The backup whose copy `source` is and whose source `target` is: a copy between them in this direction is one back.
    pub(super) fn copied_back(&self, source: Device, target: Device) -> Option<&BackupPlan> {
        self.backups.iter().rev().find(|plan| copies_back(plan, source, target))
    }

    /// The ID that a copy takes along: the source's, or the one that it hides when it is copied back (`copy_back`).
    fn identity_of_copy(&self, source: Device, target: Device) -> Identity {
        match self.copied_back(source, target) {
            Some(plan) if plan.method == MethodName::SafeBackup && plan.copy_back == CopyBack::RecoverSourceId => {
                Identity::Recovered { format: plan.hidden_format }
            }
            _ => Identity::Copied,
        }
    }

    /// Somebody waits for a volume that is copied back, and it is on paper that he does.
    fn await_copied_back(&mut self, source: Device, target: Device) {
        if let Some(volume) = self.copied_back(source, target).map(|plan| plan.source_id) {
            self.durable.awaited.retain(|(device, _)| *device != target);
            self.durable.awaited.push((target, volume));
        }
    }

    /// A device came online by a command. Who waits for the volume that was copied back onto it opens it, if an application
    /// has not done so.
    pub(super) fn open_awaited(&mut self, device: Device, volume: VolumeId, out: &mut ManagerOutbox) {
        let before = self.durable.awaited.len();
        self.durable.awaited.retain(|awaited| *awaited != (device, volume));
        let is_open = self.has_open(volume);
        if self.durable.awaited.len() < before && !is_open {
            out.report(ManagerFact::ApplicationOpened { volume, device });
        }
    }

    /// The utility has done its work but for the write.
    pub(super) fn order_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.order_run(slot);
        let (device, label) = (run.order.device(), run.label.expect("only a relabel takes time"));
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
    }

    /// A recovery is over: a volume that somebody waits for may be online by it.
    pub(super) fn open_all_awaited(&mut self, out: &mut ManagerOutbox) {
        for (device, volume) in self.durable.awaited.clone() {
            if self.volatile.ucbs[usize::from(device.0)].online == Some(volume) {
                self.open_awaited(device, volume, out);
            }
        }
    }

    fn refuse_order(&mut self, slot: u32, refusal: Refusal, out: &mut ManagerOutbox) {
        let OrderRun { order, giver, .. } = *self.order_run(slot);
        if let Order::Copy { target, .. } = order {
            self.durable.awaited.retain(|(device, _)| *device != target);
        }
        match giver {
            Giver::Operator { .. } => giver.hears(CommandEnd::Refused(refusal), out),
            Giver::Fault => out.report(ManagerFact::CommandRefused { device: order.device() }),
        }
        self.drop_session(slot, out);
    }

    fn order_run(&mut self, slot: u32) -> &mut OrderRun {
        match self.volatile.sessions.get_mut(&slot).map(|session| &mut session.work) {
            Some(Work::Order(run)) => run,
            _ => unreachable!("the session is an order"),
        }
    }
}

/// Whether a copy of `source` onto `target` is the copy of `plan`, back.
pub fn copies_back(plan: &BackupPlan, source: Device, target: Device) -> bool {
    plan.method.makes_copy() && (plan.target, plan.source) == (source, target)
}
