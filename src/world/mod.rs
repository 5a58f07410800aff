//! The whole simulated system as one value: fields and wiring, no verbs of the domain.
//!
//! Down by call, sideways and up by message, to oneself by timer. Each message is an event of its own, so each hop is a
//! crash point.

mod build;
mod crash;
mod fact;
mod requests;
mod route;

pub use build::BuildError;
pub use fact::Fact;

use self::route::{Mailbox, Message};
use crate::controller::dasd::{DasdController, DasdMessage, DasdOutbox, DasdTimer};
use crate::controller::tape::{TapeController, TapeOutbox, TapeTimer};
use crate::host::{Operator, Requester, RequesterOutbox, RequesterTimer, Workload, WorkloadOutbox, WorkloadTimer};
use crate::kernel::{Fingerprint, Model, Origin, Queue, Span};
use crate::manager::{Manager, ManagerOutbox, ManagerTimer};
use crate::vocab::{self, Device};

/// Everything that can happen, addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Dasd(DasdTimer),
    Tape(TapeTimer),
    Manager(ManagerTimer),
    Workload {
        workload: vocab::Workload,
        timer: WorkloadTimer,
    },
    /// Something happens to whoever asks for a backup.
    Requester {
        requester: u16,
        timer: RequesterTimer,
    },
    /// A message arrives; its content waits at this place.
    Deliver {
        place: u32,
    },
    /// The operator answers a prompt.
    Answer {
        number: u32,
        keep: Device,
    },
}

const _: () = assert!(size_of::<Event>() <= 16, "an event and its key fill half a cache line");

/// Answers to injected requests go nowhere.
const INJECTOR_PORT: u16 = u16::MAX;
/// Workloads have the ports from here on.
const WORKLOAD_PORTS: u16 = 16;

/// The system. Cloning it, with its queue, forks the future.
#[derive(Clone, Debug)]
pub struct World {
    pub dasd: DasdController,
    pub tape: TapeController,
    pub manager: Manager,
    pub workloads: Vec<Workload>,
    pub operator: Operator,
    /// Who asks for backups from outside the manager, in the order of the scenario.
    pub requesters: Vec<Requester>,
    nvs_battery: Span,
    mail: Mailbox,
    injected: u64,
    facts: Vec<Fact>,
    dasd_out: DasdOutbox,
    tape_out: TapeOutbox,
    manager_out: ManagerOutbox,
    workload_out: WorkloadOutbox,
    requester_out: RequesterOutbox,
}

impl World {
    /// What the last event, or the last injection, let observers know.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Hands a message to the component that it is for.
    fn deliver(&mut self, place: u32, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        match self.mail.take(place) {
            Message::ToDasd(command) => {
                self.dasd.command(command, &mut self.dasd_out);
                self.apply_dasd(queue, fingerprint);
            }
            Message::ToTape(command) => {
                self.tape.command(command, &mut self.tape_out);
                self.apply_tape(queue, fingerprint);
            }
            Message::FromDasd(message) => {
                match message {
                    DasdMessage::Reply(reply) => self.manager.dasd_reply(reply, &mut self.manager_out),
                    DasdMessage::Down => self.manager.dasd_down(&mut self.manager_out),
                    DasdMessage::Up => self.manager.dasd_up(&mut self.manager_out),
                }
                self.apply_manager(queue, fingerprint);
            }
            Message::FromTape(reply) => {
                self.manager.tape_reply(reply, &mut self.manager_out);
                self.apply_manager(queue, fingerprint);
            }
            Message::Request(request) => {
                self.manager.request(request, &mut self.manager_out);
                self.apply_manager(queue, fingerprint);
            }
            Message::Reply(reply) if reply.ticket.port >= requests::REQUESTER_PORTS => {
                self.requester_reply(reply, queue, fingerprint);
            }
            Message::Reply(reply) => {
                let workload = vocab::Workload(reply.ticket.port - WORKLOAD_PORTS);
                self.workloads[workload.0 as usize].reply(reply, &mut self.workload_out);
                self.apply_workload(workload, queue, fingerprint);
            }
            Message::HostUp => {
                for number in 0..self.workloads.len() {
                    self.workloads[number].host_up(&mut self.workload_out);
                    self.apply_workload(vocab::Workload(number as u16), queue, fingerprint);
                }
                self.requesters_up(queue, fingerprint);
            }
            Message::Prompt { number, original, other } => self.prompt(number, original, other, queue),
            Message::Lost => {}
        }
    }
}

impl Model for World {
    type Event = Event;

    fn handle(&mut self, event: Event, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
        self.facts.clear();
        let now = queue.now();
        match event {
            Event::Deliver { place } => {
                self.dasd_out.open(now);
                self.tape_out.open(now);
                self.manager_out.open(now);
                self.workload_out.open(now);
                self.deliver(place, queue, fingerprint);
            }
            Event::Dasd(timer) => {
                self.dasd_out.open(now);
                self.dasd.timer_due(timer, &mut self.dasd_out);
                self.apply_dasd(queue, fingerprint);
            }
            Event::Tape(timer) => {
                self.tape_out.open(now);
                self.tape.timer(timer, &mut self.tape_out);
                self.apply_tape(queue, fingerprint);
            }
            Event::Manager(timer) => {
                self.manager_out.open(now);
                self.manager.timer_due(timer, &mut self.manager_out);
                self.apply_manager(queue, fingerprint);
            }
            Event::Workload { workload, timer } => {
                self.workload_out.open(now);
                self.workloads[workload.0 as usize].timer(timer, &mut self.workload_out);
                self.apply_workload(workload, queue, fingerprint);
            }
            Event::Requester { requester, timer } => self.requester_timer(requester, timer, queue, fingerprint),
            Event::Answer { number, keep } => {
                self.manager_out.open(now);
                self.manager.prompt_answered(u64::from(number), keep, &mut self.manager_out);
                self.apply_manager(queue, fingerprint);
            }
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        match *event {
            Event::Deliver { place } => self.mail.origin(place),
            Event::Dasd(_) => route::DASD,
            Event::Tape(_) => route::TAPE,
            Event::Manager(_) => route::MANAGER,
            Event::Workload { workload, .. } => route::origin_of(workload),
            Event::Requester { requester, .. } => Origin(route::REQUESTERS.0 + requester),
            Event::Answer { .. } => route::OPERATOR,
        }
    }

    fn is_live(&self, event: &Event) -> bool {
        match event {
            Event::Dasd(timer) => self.dasd.is_live(timer),
            Event::Tape(timer) => self.tape.is_live(*timer),
            Event::Manager(timer) => self.manager.is_live(timer),
            Event::Workload { workload, timer } => self.workloads[workload.0 as usize].is_live(timer),
            Event::Requester { requester, timer } => self.requesters[usize::from(*requester)].is_live(timer),
            Event::Deliver { .. } | Event::Answer { .. } => true,
        }
    }
}
