//! Who hears which message: the only place that knows the wiring.
//!
//! A message is an event at the present instant. Its content waits in a mailbox; the event carries the place.

use super::{Event, Fact, World};
use crate::controller::dasd::{DasdCommand, DasdMessage};
use crate::controller::tape::{TapeCommand, TapeReply};
use crate::fault::plan::Fault;
use crate::host::{Answer, OrderedSlip, Turn};
use crate::kernel::{Class, Fingerprint, Origin, Queue, Time};
use crate::manager::operator_step::{Performance, Task};
use crate::manager::order::{Giver, Order};
use crate::manager::{ConsoleCommand, ManagerMessage};
use crate::vocab::{Command, Device, HostReply, HostRequest, Image, Workload};
use std::hash::Hash;

/// What travels between components.
#[derive(Clone, Debug, Hash)]
pub(super) enum Message {
    ToDasd(DasdCommand),
    ToTape(TapeCommand),
    FromDasd {
        image: Image,
        message: DasdMessage,
    },
    FromTape {
        image: Image,
        reply: TapeReply,
    },
    Request {
        image: Image,
        request: HostRequest,
    },
    Reply(HostReply),
    Prompt(Prompt),
    Console {
        image: Image,
        command: ConsoleCommand,
    },
    HostUp {
        image: Image,
    },
    /// A step that waits for the operator, and what he did about it.
    Task(Task),
    Performed(Task, Performance),
    /// A command that an operator has typed.
    Order {
        image: Image,
        order: Order,
        giver: Giver,
    },
    /// Lost in a crash while it was on its way.
    Lost,
}

/// A command of the scenario that begins no job.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypedOrder {
    pub command: Command,
    pub at: Time,
    pub image: Image,
    pub order: Order,
}

/// An image asks its operator which of two devices with one ID stays online.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Prompt {
    image: Image,
    number: u64,
    /// What an informed operator would keep, and the other.
    original: Device,
    other: Device,
}

pub(super) const DASD: Origin = Origin(1);
pub(super) const TAPE: Origin = Origin(2);
/// Whoever asks for backups: the origins from here on, above those of all workloads.
pub(super) const REQUESTERS: Origin = Origin(0x8000);
/// Injections come from nobody.
pub(super) const OUTSIDE: Origin = Origin(0);

/// Images, their operators and workloads: the origins from here on.
pub(super) const MANAGERS: Origin = Origin(8);
pub(super) const OPERATORS: Origin = Origin(16);
pub(super) const WORKLOADS: Origin = Origin(32);

pub(super) fn manager_of(image: Image) -> Origin {
    Origin(MANAGERS.0 + u16::from(image.0))
}

pub(super) fn operator_of(image: Image) -> Origin {
    Origin(OPERATORS.0 + u16::from(image.0))
}

/// The origin of a workload's events.
pub(super) fn origin_of(workload: Workload) -> Origin {
    Origin(WORKLOADS.0 + workload.0)
}

/// Typed commands are numbered apart from an operator's other steps.
const ORDERS: u64 = 1 << 62;

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

    /// What waits at a place.
    pub fn message(&self, place: u32) -> &Message {
        &self.places[place as usize].0
    }

    pub fn origin(&self, place: u32) -> Origin {
        self.places[place as usize].1
    }

    /// Loses what an image, or an application or operator on it, has sent and nobody has received.
    pub fn lose_from(&mut self, image: Image) {
        for (message, origin) in &mut self.places {
            let lost = match message {
                Message::ToDasd(_) | Message::ToTape(_) | Message::Prompt(_) | Message::Task(_) => {
                    *origin == manager_of(image)
                }
                // What is typed into a dead console.
                Message::Performed(..) => image == Image::FIRST,
                Message::Request { image: on, .. } | Message::Console { image: on, .. } => *on == image,
                _ => false,
            };
            if lost {
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
            match message {
                DasdMessage::Reply(ref reply) if reply.ticket.port == super::INJECTOR_PORT => {}
                DasdMessage::Reply(ref reply) => {
                    let image = image_at(reply.ticket.port);
                    self.post(DASD, Message::FromDasd { image, message }, queue, fingerprint);
                }
                DasdMessage::Down | DasdMessage::Up => {
                    for image in (0..self.images.len() as u8).map(Image) {
                        let message = message.clone();
                        self.post(DASD, Message::FromDasd { image, message }, queue, fingerprint);
                    }
                }
            }
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
        for reply in messages.drain(..) {
            let image = image_at(reply.ticket.port);
            self.post(TAPE, Message::FromTape { image, reply }, queue, fingerprint);
        }
        self.tape_out.messages = messages;
        let mut facts = std::mem::take(&mut self.tape_out.facts);
        facts.drain(..).for_each(|fact| self.note(Fact::Tape(fact), fingerprint));
        self.tape_out.facts = facts;
    }

    pub(super) fn apply_manager(&mut self, image: Image, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        let origin = manager_of(image);
        for (at, class, timer) in self.manager_out.timers.drain(..) {
            queue.push(at, class, origin, Event::Manager { image, timer });
        }
        let mut messages = std::mem::take(&mut self.manager_out.messages);
        for message in messages.drain(..) {
            let message = match message {
                ManagerMessage::Dasd(command) => Message::ToDasd(command),
                ManagerMessage::Tape(command) => Message::ToTape(command),
                ManagerMessage::Host(reply) if reply.ticket.port == super::INJECTOR_PORT => continue,
                ManagerMessage::Host(reply) => Message::Reply(reply),
                ManagerMessage::Prompt { number, first, second } => {
                    // Which jobs are open is known at the site, whichever image asks.
                    let original = self.manager().original_of(first, second);
                    let other = if original == first { second } else { first };
                    Message::Prompt(Prompt { image, number, original, other })
                }
                ManagerMessage::Task(task) => Message::Task(task),
                ManagerMessage::HostUp => Message::HostUp { image },
            };
            self.post(origin, message, queue, fingerprint);
        }
        self.manager_out.messages = messages;
        let mut facts = std::mem::take(&mut self.manager_out.facts);
        facts.drain(..).for_each(|fact| self.note(Fact::Manager(image, fact), fingerprint));
        self.manager_out.facts = facts;
    }

    pub(super) fn apply_workload(
        &mut self,
        workload: Workload,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        let (origin, image) = (origin_of(workload), self.image_of(workload));
        for (at, class, timer) in self.workload_out.timers.drain(..) {
            queue.push(at, class, origin, Event::Workload { workload, timer });
        }
        let mut messages = std::mem::take(&mut self.workload_out.messages);
        for request in messages.drain(..) {
            self.post(origin, Message::Request { image, request }, queue, fingerprint);
        }
        self.workload_out.messages = messages;
        let mut facts = std::mem::take(&mut self.workload_out.facts);
        facts.drain(..).for_each(|fact| self.note(Fact::Workload(workload, fact), fingerprint));
        self.workload_out.facts = facts;
    }

    /// The operator turns to a step of a job after a while. What he types is lost if the image of the jobs goes down meanwhile.
    pub(super) fn perform(&mut self, task: Task, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        let Turn { delay, performance, ordered } = self.operators[usize::from(Image::FIRST.0)].take(&task);
        self.slipped(ordered, fingerprint);
        let message = Message::Performed(task, performance);
        message.hash(fingerprint);
        let place = self.mail.put(message, operator_of(Image::FIRST));
        queue.push_after(delay, Class::NewWork, operator_of(Image::FIRST), Event::Deliver { place });
    }

    /// The slip of a fault happens; whoever else was to make it does not.
    fn slipped(&mut self, ordered: Option<OrderedSlip>, fingerprint: &mut Fingerprint) {
        let Some(OrderedSlip { fault, slip, step }) = ordered else { return };
        self.operators.iter_mut().for_each(|operator| operator.forget_slip(fault));
        self.note(Fact::Fault { index: fault, fault: Fault::OperatorSlip { slip, step } }, fingerprint);
    }

    /// The operator of an image turns to a command of the scenario at its instant, and types it; `number` counts those that begin no job.
    pub(super) fn type_order(
        &mut self,
        number: u64,
        typed: TypedOrder,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        let TypedOrder { command, at, image, order } = typed;
        let typing = self.operators[usize::from(image.0)].perform(ORDERS | number);
        let message = Message::Order { image, order, giver: Giver::Operator { command, typing } };
        message.hash(fingerprint);
        let place = self.mail.put(message, operator_of(image));
        queue.push(at + typing, Class::NewWork, operator_of(image), Event::Deliver { place });
    }

    /// The operator of the image turns to a prompt after a while.
    pub(super) fn prompt(&mut self, prompt: Prompt, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        let Prompt { image, number, original, other } = prompt;
        let (operator, occurrence) = (&mut self.operators[usize::from(image.0)], number);
        let delay = operator.react(occurrence) + operator.perform(occurrence);
        let (answer, ordered) = operator.answer_duplicate(occurrence);
        self.slipped(ordered, fingerprint);
        let keep = match answer {
            Answer::Right => original,
            Answer::Wrong => other,
        };
        let answer = Event::Answer { image, number: number as u32, keep };
        queue.push_after(delay, Class::NewWork, operator_of(image), answer);
    }
}

/// The image that a command with this port came from.
fn image_at(port: u16) -> Image {
    Image(u8::try_from(port).expect("the ports of images are small"))
}
