//! Askers in the world: their messages to the host interface, the operator's typing, the answers on their way back. They
//! speak to the first image, where the storage manager runs.

use super::route::{Message, REQUESTERS};
use super::{Event, World};
use crate::host::{RequesterMessage, RequesterTimer};
use crate::kernel::{Fingerprint, Origin, Queue};
use crate::vocab::{HostReply, Image};

/// Askers have the ports from here on, above those of all workloads.
pub(super) const REQUESTER_PORTS: u16 = 0x8000;

/// Typings of askers are numbered apart from prompts, and each entry's apart from those of the others.
const TYPINGS: u64 = 1 << 48;

impl World {
    pub(super) fn requester_timer(
        &mut self,
        requester: u16,
        timer: RequesterTimer,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        self.requester_out.open(queue.now());
        self.requesters[usize::from(requester)].timer(timer, &mut self.requester_out);
        self.apply_requester(requester, queue, fingerprint);
    }

    pub(super) fn requester_reply(
        &mut self,
        reply: HostReply,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        let requester = reply.ticket.port - REQUESTER_PORTS;
        self.requester_out.open(queue.now());
        self.requesters[usize::from(requester)].reply(reply, &mut self.requester_out);
        self.apply_requester(requester, queue, fingerprint);
    }

    /// The host is back: whoever waited for it asks again.
    pub(super) fn requesters_up(&mut self, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        for requester in 0..self.requesters.len() as u16 {
            self.requester_out.open(queue.now());
            self.requesters[usize::from(requester)].host_up(&mut self.requester_out);
            self.apply_requester(requester, queue, fingerprint);
        }
    }

    pub(super) fn start_requesters(&mut self, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        for requester in 0..self.requesters.len() as u16 {
            self.requester_out.open(queue.now());
            self.requesters[usize::from(requester)].start(&mut self.requester_out);
            self.apply_requester(requester, queue, fingerprint);
        }
    }

    fn apply_requester(&mut self, requester: u16, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        let origin = Origin(REQUESTERS.0 + requester);
        loop {
            for message in std::mem::take(&mut self.requester_out.messages) {
                match message {
                    RequesterMessage::Ask(request) => {
                        self.post(origin, Message::Request { image: Image::FIRST, request }, queue, fingerprint);
                    }
                    RequesterMessage::Type { number } => {
                        let occurrence = TYPINGS | u64::from(requester) << 32 | u64::from(number);
                        let duration = self.operators[usize::from(Image::FIRST.0)].perform(occurrence);
                        self.requesters[usize::from(requester)].typed_after(duration, &mut self.requester_out);
                    }
                }
            }
            if self.requester_out.messages.is_empty() {
                break;
            }
        }
        for (at, class, timer) in self.requester_out.timers.drain(..) {
            queue.push(at, class, origin, Event::Requester { requester, timer });
        }
    }
}
