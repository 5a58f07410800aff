//! Freeze and thaw of several sources: the long busy of a consistency group (MODEL 3.4.6).
//!
//! A freeze holds new writes to all its sources, waits until the accepted ones have ended, and answers. Whatever T0 is set
//! before the thaw belongs to one cut through all of them: a write that depends on another is issued only when that one
//! was acknowledged, and none is acknowledged meanwhile. A host that dies in between thaws nothing; the controller then ends
//! the long busy by itself after `long_busy_timeout`. A crash of the controller ends it at once.

use std::collections::VecDeque;
use std::sync::Arc;

use super::command::{DasdFact, Payload};
use super::microcode::Work;
use super::{DasdController, DasdOutbox, DasdTimerKind};
use crate::kernel::Span;
use crate::vocab::{Device, Status, Ticket};

/// A freeze that waits for the accepted writes to end.
#[derive(Clone, Debug)]
pub struct Freeze {
    pub ticket: Ticket,
    pub sources: Arc<[Device]>,
}

impl DasdController {
    pub(super) fn accept_freeze(&mut self, ticket: Ticket, sources: Arc<[Device]>, out: &mut DasdOutbox) {
        let busy = |device: &Device| self.volatile.devices[device.0 as usize].held.is_some();
        if sources.iter().any(busy) {
            self.reply(ticket, Status::Rejected, Payload::Nothing, out);
            return;
        }
        let number = self.volatile.freezes;
        self.volatile.freezes += 1;
        for &source in sources.iter() {
            let state = &mut self.volatile.devices[source.0 as usize];
            state.held = Some(VecDeque::new());
            state.frozen = Some(number);
            out.report(DasdFact::LongBusyStarted { source });
        }
        out.complete_after(self.parameters.long_busy_timeout, self.timer(DasdTimerKind::LongBusy, number));
        let slot = self.start(Work::Freeze(Freeze { ticket, sources }));
        self.wait(slot, Span::ZERO, out);
    }

    pub(super) fn proceed_freeze(&mut self, slot: u32, freeze: Freeze, out: &mut DasdOutbox) -> Option<Freeze> {
        let open: Vec<Device> = freeze.sources.iter().copied().filter(|&source| self.has_writes(source)).collect();
        for source in &open {
            self.volatile.devices[source.0 as usize].drainer = Some(slot);
        }
        if open.is_empty() {
            self.reply(freeze.ticket, Status::Good, Payload::Nothing, out);
            return None;
        }
        Some(freeze)
    }

    fn has_writes(&self, device: Device) -> bool {
        self.volatile.devices[device.0 as usize].writes > 0
    }

    /// Whether the writes that a freeze waits for have ended.
    pub(super) fn is_quiet_for_freeze(&self, freeze: &Freeze) -> bool {
        !freeze.sources.iter().any(|&source| self.has_writes(source))
    }

    pub(super) fn thaw(&mut self, ticket: Ticket, sources: &[Device], out: &mut DasdOutbox) {
        for &source in sources {
            if self.volatile.devices[source.0 as usize].frozen.take().is_some() {
                self.end_long_busy(source, out);
            }
        }
        self.reply(ticket, Status::Good, Payload::Nothing, out);
    }

    /// Nobody came back to thaw.
    pub(super) fn long_busy_expired(&mut self, number: u32, out: &mut DasdOutbox) {
        for place in 0..self.volatile.devices.len() {
            if self.volatile.devices[place].frozen == Some(number) {
                self.volatile.devices[place].frozen = None;
                self.end_long_busy(Device(place as u16), out);
            }
        }
    }
}
