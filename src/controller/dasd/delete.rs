//! Deleting a target: its data tracks are bound to nothing any more, the device stays (patent paragraph 38; MODEL 3.4.5).
//!
//! In a log-structured array this is how a virtual copy ends: reads that are in progress are drained, the bindings go and
//! with them the record of the snapshot. With `release_space = "on-command"` the bindings are only hidden: the space
//! counts as used until it is asked for, or until the next snapshot onto the device takes its place.

use super::command::{DasdFact, Payload};
use super::microcode::Work;
use super::parameters::{Architecture, ReleaseSpace};
use super::tables::Record;
use super::{DasdController, DasdOutbox};
use crate::kernel::Span;
use crate::vocab::{Device, LabelTrack, Status, Ticket};

#[derive(Clone, Debug)]
pub struct Delete {
    pub ticket: Ticket,
    pub device: Device,
    /// What the device bears afterwards; without one it keeps the label it has.
    pub label: Option<LabelTrack>,
    pub phase: DeletePhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletePhase {
    Drain,
    Unbind,
    Label,
}

impl DasdController {
    pub(super) fn accept_delete(
        &mut self,
        ticket: Ticket,
        device: Device,
        label: Option<LabelTrack>,
        out: &mut DasdOutbox,
    ) {
        let tables = &self.volatile.tables;
        // A home belongs to no copy any more; what a log-structured array deletes is the target of a snapshot.
        let refused = match self.parameters.architecture {
            Architecture::HomeArea => tables.is_related(device),
            Architecture::LogStructured => tables.relation_of_target(device).is_none(),
        };
        if refused || self.volatile.devices[device.0 as usize].establishing {
            self.reply(ticket, Status::Rejected, Payload::Nothing, out);
            return;
        }
        let slot = self.start(Work::Delete(Delete { ticket, device, label, phase: DeletePhase::Drain }));
        let state = &mut self.volatile.devices[device.0 as usize];
        state.no_destage = true;
        state.drainer = Some(slot);
        self.drained(device, out);
    }

    pub(super) fn is_quiet_for_delete(&self, device: Device) -> bool {
        let state = &self.volatile.devices[device.0 as usize];
        state.reads == 0 && state.writes == 0 && state.destages == 0
    }

    pub(super) fn proceed_delete(&mut self, slot: u32, mut delete: Delete, out: &mut DasdOutbox) -> Option<Delete> {
        let device = delete.device;
        delete.phase = match delete.phase {
            DeletePhase::Drain if !self.is_quiet_for_delete(device) => {
                self.volatile.devices[device.0 as usize].drainer = Some(slot);
                DeletePhase::Drain
            }
            DeletePhase::Drain => {
                self.wait(slot, self.log_time(), out);
                DeletePhase::Unbind
            }
            DeletePhase::Unbind => {
                self.unbind(device, out);
                let delay = if delete.label.is_some() { self.log_time() } else { Span::ZERO };
                self.wait(slot, delay, out);
                DeletePhase::Label
            }
            DeletePhase::Label => {
                if let Some(label) = delete.label {
                    self.commit_label(device, label, out);
                }
                out.report(DasdFact::TargetDeleted { device });
                self.reply(delete.ticket, Status::Good, Payload::Nothing, out);
                return None;
            }
        };
        Some(delete)
    }

    fn unbind(&mut self, device: Device, out: &mut DasdOutbox) {
        let source = self.volatile.tables.relation_of_target(device).map(|relation| relation.source);
        let hide = self.is_log_structured() && self.parameters.lsa.release_space == ReleaseSpace::OnCommand;
        self.log(if hide { Record::Hide { device } } else { Record::Unbind { device } }, out);
        out.report(DasdFact::TargetUnbound { device });
        self.discard_data_versions(device);
        self.volatile.devices[device.0 as usize].no_destage = false;
        if let Some(source) = source {
            self.forget_older_versions(source);
        }
        if self.is_log_structured() {
            self.space_gained(out);
        }
    }

    /// The space of a deleted volume is wanted back.
    pub(super) fn release_space(&mut self, ticket: Ticket, device: Device, out: &mut DasdOutbox) {
        let hidden = self.volatile.tables.directory().is_some_and(|directory| directory.is_hidden(device));
        if hidden {
            self.log(Record::Unbind { device }, out);
            self.space_gained(out);
        }
        self.reply(ticket, if hidden { Status::Good } else { Status::Rejected }, Payload::Nothing, out);
    }
}
