//! Copy, withdraw and relabel as commands of their own, which belong to no job: typed at the console, or done by somebody
//! else at the wrong moment (H32, H34, H64).
//!
//! A command is carried out as it stands. What it does to a job in progress is that job's misfortune: the controller's rules
//! and the checks are all that stands in its way. A command that the controller refuses, or that is lost with it, changes
//! nothing and says so; one that comes while the image is down is typed again when the recovery is over.
//!
//! Commands that begin a job (`FLASHCOPY ... WITH SAFE BACKUP`, `DUMP`, `RESTORE`) are backups and restores of the scenario
//! that an operator asks for.

use std::sync::Arc;

use super::command::{TypedCommand, Volid};
use super::console::ConsoleCommand;
use super::manual::renamed;
use super::operator_step::MANUAL_LABEL_COMMIT;
use super::session::{SessionTag, Work};
use super::{Condition, Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{
    CopyMode, CopyTerms, CowTiming, DasdCommand, Fence, HiddenRule, Identity, LabelResidency, Payload,
};
use crate::kernel::Time;
use crate::vocab::{Device, Extents, LabelTrack, Status, VolumeId};

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
pub struct OrderPlan {
    pub at: Time,
    pub order: Order,
    /// As it was typed.
    pub typed: TypedCommand,
}

/// What becomes of an order while the image is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Haste {
    /// It is typed again when the recovery is over.
    InTime,
    /// Something is to go wrong at this very boundary, or nothing is.
    NowOrNever,
}

/// An order in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderRun {
    order: Order,
    /// The label that a utility is about to write.
    label: Option<LabelTrack>,
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
    pub fn order(&mut self, order: Order, haste: Haste, out: &mut ManagerOutbox) -> bool {
        if !matches!(self.volatile.condition, Condition::Up) {
            if haste == Haste::InTime {
                self.waiting_orders.push(order);
            }
            return false;
        }
        if let Order::Console(command) = order {
            return self.console(command, out);
        }
        let slot = self.add_session(Work::Order(OrderRun { order, label: None }));
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(match order {
            Order::Copy { source, target, volid, mode } => {
                let own = self.parameters.devices[usize::from(target.0)].id;
                let identity = match volid {
                    Volid::Copied => Identity::Copied,
                    Volid::Withheld => Identity::Kept { target: own, commit: MANUAL_LABEL_COMMIT },
                };
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
        for order in std::mem::take(&mut self.waiting_orders) {
            self.order(order, Haste::InTime, out);
        }
    }

    pub(super) fn order_dasd(&mut self, slot: u32, status: Status, payload: &Payload, out: &mut ManagerOutbox) {
        let run = *self.order_run(slot);
        match (run.order, payload) {
            (Order::Reformat { volid, verify, .. }, Payload::Label(label)) if status == Status::Good => {
                if verify.is_some_and(|verify| label.id() != Some(verify)) {
                    self.refuse_order(slot, out);
                    return;
                }
                self.order_run(slot).label = Some(renamed(label, volid));
                self.session_after(slot, self.parameters.relabel_time, out);
            }
            _ if status == Status::Good => self.drop_session(slot, out),
            _ => self.refuse_order(slot, out),
        }
    }

    /// The utility has done its work but for the write.
    pub(super) fn order_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.order_run(slot);
        let (device, label) = (run.order.device(), run.label.expect("only a relabel takes time"));
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
    }

    fn refuse_order(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let device = self.order_run(slot).order.device();
        out.report(ManagerFact::CommandRefused { device });
        self.drop_session(slot, out);
    }

    fn order_run(&mut self, slot: u32) -> &mut OrderRun {
        match self.volatile.sessions.get_mut(&slot).map(|session| &mut session.work) {
            Some(Work::Order(run)) => run,
            _ => unreachable!("the session is an order"),
        }
    }
}
