//! Who hears which message: the only place that knows the wiring.
//!
//! A message is an event at the present instant. Its content waits in a mailbox; the event carries the place.

use super::{Event, Fact, World};
use crate::controller::dasd::{DasdCommand, DasdMessage};
use crate::controller::tape::{TapeCommand, TapeReply};
use crate::kernel::{Class, Fingerprint, Origin, Queue};
use crate::manager::ManagerMessage;
use crate::vocab::{Device, HostReply, HostRequest, Workload};
use std::hash::Hash;

/// What travels between components.
#[derive(Clone, Debug, Hash)]
pub(super) enum Message {
    ToDasd(DasdCommand),
    ToTape(TapeCommand),
    FromDasd(DasdMessage),
    FromTape(TapeReply),
    Request(HostRequest),
    Reply(HostReply),
    Prompt {
        number: u64,
        original: Device,
        other: Device,
    },
    HostUp,
    /// Lost in a crash while it was on its way.
    Lost,
}

pub(super) const DASD: Origin = Origin(1);
pub(super) const TAPE: Origin = Origin(2);
pub(super) const MANAGER: Origin = Origin(3);
pub(super) const OPERATOR: Origin = Origin(4);
/// Whoever asks for backups: the origins from here on, above those of all workloads.
pub(super) const REQUESTERS: Origin = Origin(0x8000);
/// Injections come from nobody.
pub(super) const OUTSIDE: Origin = Origin(0);

/// The origin of a workload's events.
pub(super) fn origin_of(workload: Workload) -> Origin {
    Origin(16 + workload.0)
}

/// Messages on their way, by place.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailbox {
    places: Vec<(Message, Origin)>,
    free: Vec<u32>,
}

impl Mailbox {
    fn put(&mut self, message: Message, origin: Origin) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = (message, origin);
                place
            }
            None => {
                self.places.push((message, origin));
                (self.places.len() - 1) as u32
            }
        }
    }

    pub fn take(&mut self, place: u32) -> Message {
        self.free.push(place);
        std::mem::replace(&mut self.places[place as usize].0, Message::Lost)
    }

    pub fn origin(&self, place: u32) -> Origin {
        self.places[place as usize].1
    }

    /// Loses what the host has sent and nobody has received.
    pub fn lose_from_host(&mut self) {
        for (message, _) in &mut self.places {
            if matches!(message, Message::ToDasd(_) | Message::ToTape(_) | Message::Request(_) | Message::Prompt { .. })
            {
                *message = Message::Lost;
            }
        }
    }
}

impl World {
    pub(super) fn post(
        &mut self,
        origin: Origin,
        message: Message,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        message.hash(fingerprint);
        let place = self.mail.put(message, origin);
        queue.send(origin, Event::Deliver { place });
    }

    pub(super) fn note(&mut self, fact: Fact, fingerprint: &mut Fingerprint) {
        fact.hash(fingerprint);
        self.facts.push(fact);
    }

    pub(super) fn apply_dasd(&mut self, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        for (at, class, timer) in self.dasd_out.timers.drain(..) {
            queue.push(at, class, DASD, Event::Dasd(timer));
        }
        let mut messages = std::mem::take(&mut self.dasd_out.messages);
        for message in messages.drain(..) {
            self.post(DASD, Message::FromDasd(message), queue, fingerprint);
        }
        self.dasd_out.messages = messages;
        let mut facts = std::mem::take(&mut self.dasd_out.facts);
        facts.drain(..).for_each(|fact| self.note(Fact::Dasd(fact), fingerprint));
        self.dasd_out.facts = facts;
    }

    pub(super) fn apply_tape(&mut self, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        for (at, class, timer) in self.tape_out.timers.drain(..) {
            queue.push(at, class, TAPE, Event::Tape(timer));
        }
        let mut messages = std::mem::take(&mut self.tape_out.messages);
        for message in messages.drain(..) {
            self.post(TAPE, Message::FromTape(message), queue, fingerprint);
        }
        self.tape_out.messages = messages;
        let mut facts = std::mem::take(&mut self.tape_out.facts);
        facts.drain(..).for_each(|fact| self.note(Fact::Tape(fact), fingerprint));
        self.tape_out.facts = facts;
    }

    pub(super) fn apply_manager(&mut self, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        for (at, class, timer) in self.manager_out.timers.drain(..) {
            queue.push(at, class, MANAGER, Event::Manager(timer));
        }
        let mut messages = std::mem::take(&mut self.manager_out.messages);
        for message in messages.drain(..) {
            let message = match message {
                ManagerMessage::Dasd(command) => Message::ToDasd(command),
                ManagerMessage::Tape(command) => Message::ToTape(command),
                ManagerMessage::Host(reply) if reply.ticket.port == super::INJECTOR_PORT => continue,
                ManagerMessage::Host(reply) => Message::Reply(reply),
                ManagerMessage::Prompt { number, first, second, original } => {
                    let other = if original == first { second } else { first };
                    Message::Prompt { number, original, other }
                }
                ManagerMessage::HostUp => Message::HostUp,
            };
            self.post(MANAGER, message, queue, fingerprint);
        }
        self.manager_out.messages = messages;
        let mut facts = std::mem::take(&mut self.manager_out.facts);
        facts.drain(..).for_each(|fact| self.note(Fact::Manager(fact), fingerprint));
        self.manager_out.facts = facts;
    }

    pub(super) fn apply_workload(
        &mut self,
        workload: Workload,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        let origin = origin_of(workload);
        for (at, class, timer) in self.workload_out.timers.drain(..) {
            queue.push(at, class, origin, Event::Workload { workload, timer });
        }
        let mut messages = std::mem::take(&mut self.workload_out.messages);
        for message in messages.drain(..) {
            self.post(origin, Message::Request(message), queue, fingerprint);
        }
        self.workload_out.messages = messages;
        let mut facts = std::mem::take(&mut self.workload_out.facts);
        facts.drain(..).for_each(|fact| self.note(Fact::Workload(workload, fact), fingerprint));
        self.workload_out.facts = facts;
    }

    /// The operator turns to a prompt after a while.
    pub(super) fn prompt(&mut self, number: u64, original: Device, other: Device, queue: &mut Queue<Event>) {
        let occurrence = number;
        let delay = self.operator.react(occurrence) + self.operator.perform(occurrence);
        let keep = match self.operator.answer_duplicate(occurrence) {
            crate::host::Answer::Right => original,
            crate::host::Answer::Wrong => other,
        };
        queue.push_after(delay, Class::NewWork, OPERATOR, Event::Answer { number: number as u32, keep });
    }
}
