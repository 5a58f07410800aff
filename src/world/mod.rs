//! The whole simulated system as one value: fields and wiring, no verbs of the domain.
//!
//! Down by call, sideways and up by message, to oneself by timer. Each message is an event of its own, so each hop is a
//! crash point.

mod build;
mod crash;
mod digest;
mod fact;
mod requests;
mod route;
mod tape_fault;
mod told;

pub use build::BuildError;
pub use fact::Fact;
pub use told::Told;

use self::route::{Mailbox, Message};
use crate::controller::dasd::{DasdController, DasdMessage, DasdOutbox, DasdTimer};
use crate::controller::tape::{TapeController, TapeOutbox, TapeTimer};
use crate::host::{Operator, Requester, RequesterOutbox, RequesterTimer, Workload, WorkloadOutbox, WorkloadTimer};
use crate::kernel::{Fingerprint, Model, Origin, Queue, Span};
use crate::manager::order::Giver;
use crate::manager::{ConsoleCommand, Manager, ManagerOutbox, ManagerTimer};
use crate::vocab::{self, Device, Image};

/// Everything that can happen, addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Dasd(DasdTimer),
    Tape(TapeTimer),
    Manager {
        image: Image,
        timer: ManagerTimer,
    },
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
    /// The operator of an image answers a prompt.
    Answer {
        image: Image,
        keep: Device,
        number: u32,
    },
}

const _: () = assert!(size_of::<Event>() <= 16, "an event and its key fill half a cache line");

/// Answers to injected requests go nowhere.
const INJECTOR_PORT: u16 = u16::MAX;
/// Workloads have the ports from here on, below them the images.
const WORKLOAD_PORTS: u16 = 16;

const _: () = assert!(Image::MOST <= WORKLOAD_PORTS as usize, "an image and a workload have different ports");

/// The system. Cloning it, with its queue, forks the future.
#[derive(Clone, Debug)]
pub struct World {
    pub dasd: DasdController,
    pub tape: TapeController,
    /// The host images; the first runs the storage manager.
    pub images: Vec<Manager>,
    pub workloads: Vec<Workload>,
    /// One for each image.
    pub operators: Vec<Operator>,
    /// Who asks for backups from outside the manager, in the order of the scenario.
    pub requesters: Vec<Requester>,
    /// Commands of the scenario that nobody has typed yet.
    pub orders_left: usize,
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

    /// The image that runs the storage manager.
    pub fn manager(&self) -> &Manager {
        &self.images[usize::from(Image::FIRST.0)]
    }

    pub fn image(&self, image: Image) -> &Manager {
        &self.images[usize::from(image.0)]
    }

    fn image_mut(&mut self, image: Image) -> (&mut Manager, &mut ManagerOutbox) {
        (&mut self.images[usize::from(image.0)], &mut self.manager_out)
    }

    /// Types a command at the console of an image. False when the image is down: then nobody reads it.
    pub fn type_command(
        &mut self,
        image: Image,
        command: ConsoleCommand,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) -> bool {
        if self.image(image).is_up() {
            self.post(route::operator_of(image), Message::Console { image, command }, queue, fingerprint);
        }
        self.image(image).is_up()
    }

    /// The image that a workload runs on.
    fn image_of(&self, workload: vocab::Workload) -> Image {
        self.workloads[usize::from(workload.0)].plan().image
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
            Message::FromDasd { image, message } => {
                let (manager, out) = self.image_mut(image);
                match message {
                    DasdMessage::Reply(reply) => manager.dasd_reply(reply, out),
                    DasdMessage::Down => manager.dasd_down(out),
                    DasdMessage::Up => manager.dasd_up(out),
                }
                self.apply_manager(image, queue, fingerprint);
            }
            Message::FromTape { image, reply } => {
                let (manager, out) = self.image_mut(image);
                manager.tape_reply(reply, out);
                self.apply_manager(image, queue, fingerprint);
            }
            Message::Request { image, request } => {
                let (manager, out) = self.image_mut(image);
                manager.request(request, out);
                self.apply_manager(image, queue, fingerprint);
            }
            Message::Reply(reply) if reply.ticket.port >= requests::REQUESTER_PORTS => {
                self.requester_reply(reply, queue, fingerprint);
            }
            Message::Reply(reply) => {
                let workload = vocab::Workload(reply.ticket.port - WORKLOAD_PORTS);
                self.workloads[workload.0 as usize].reply(reply, &mut self.workload_out);
                self.apply_workload(workload, queue, fingerprint);
            }
            Message::Console { image, command } => {
                let (manager, out) = self.image_mut(image);
                manager.console(command, Giver::Fault, out);
                self.apply_manager(image, queue, fingerprint);
            }
            Message::HostUp { image } => {
                for number in (0..self.workloads.len() as u16).map(vocab::Workload) {
                    if self.image_of(number) == image {
                        self.workloads[usize::from(number.0)].host_up(&mut self.workload_out);
                        self.apply_workload(number, queue, fingerprint);
                    }
                }
                if image == Image::FIRST {
                    self.requesters_up(queue, fingerprint);
                }
            }
            Message::Prompt(prompt) => self.prompt(prompt, queue, fingerprint),
            Message::Task(task) => self.perform(task, queue, fingerprint),
            Message::Order { image, order, giver } => {
                self.orders_left -= 1;
                let (manager, out) = self.image_mut(image);
                manager.order(order, giver, out);
                self.apply_manager(image, queue, fingerprint);
            }
            Message::Performed(task, performance) => {
                self.images[usize::from(Image::FIRST.0)].performed(task, performance, &mut self.manager_out);
                self.apply_manager(Image::FIRST, queue, fingerprint);
            }
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
            Event::Manager { image, timer } => {
                self.manager_out.open(now);
                let (manager, out) = self.image_mut(image);
                manager.timer_due(timer, out);
                self.apply_manager(image, queue, fingerprint);
            }
            Event::Workload { workload, timer } => {
                self.workload_out.open(now);
                self.workloads[workload.0 as usize].timer(timer, &mut self.workload_out);
                self.apply_workload(workload, queue, fingerprint);
            }
            Event::Requester { requester, timer } => self.requester_timer(requester, timer, queue, fingerprint),
            Event::Answer { image, number, keep } => {
                self.manager_out.open(now);
                let (manager, out) = self.image_mut(image);
                manager.prompt_answered(u64::from(number), keep, out);
                self.apply_manager(image, queue, fingerprint);
            }
        }
    }

    fn origin(&self, event: &Event) -> Origin {
        match *event {
            Event::Deliver { place } => self.mail.origin(place),
            Event::Dasd(_) => route::DASD,
            Event::Tape(_) => route::TAPE,
            Event::Manager { image, .. } => route::manager_of(image),
            Event::Workload { workload, .. } => route::origin_of(workload),
            Event::Requester { requester, .. } => Origin(route::REQUESTERS.0 + requester),
            Event::Answer { image, .. } => route::operator_of(image),
        }
    }

    fn is_live(&self, event: &Event) -> bool {
        match event {
            Event::Dasd(timer) => self.dasd.is_live(timer),
            Event::Tape(timer) => self.tape.is_live(*timer),
            Event::Manager { image, timer } => self.image(*image).is_live(timer),
            Event::Workload { workload, timer } => self.workloads[workload.0 as usize].is_live(timer),
            Event::Requester { requester, timer } => self.requesters[usize::from(*requester)].is_live(timer),
            Event::Deliver { .. } | Event::Answer { .. } => true,
        }
    }
}
