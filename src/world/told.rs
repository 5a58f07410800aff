//! An event in words, before it is delivered: who sends what to whom.

use super::requests::REQUESTER_PORTS;
use super::route::{DASD, MANAGERS, Message, OPERATORS, REQUESTERS, TAPE, WORKLOADS};
use super::{Event, WORKLOAD_PORTS, World};
use crate::kernel::{Model, Origin};
use crate::scenario::Plan;
use crate::vocab::Image;

/// What is about to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub from: String,
    pub to: String,
    /// The message or the timer, as the program calls it.
    pub what: String,
}

impl World {
    /// Tells of a pending event; `plan` has the names.
    pub fn tell(&self, event: &Event, plan: &Plan) -> Told {
        let image = |image: Image| plan.images[usize::from(image.0)].name.clone();
        let from = self.name_of(self.origin(event), plan);
        let (to, what) = match event {
            Event::Deliver { place } => match self.mail.message(*place) {
                Message::ToDasd(command) => ("dasd".to_owned(), format!("{command:?}")),
                Message::ToTape(command) => ("tape".to_owned(), format!("{command:?}")),
                Message::FromDasd { image: on, message } => (image(*on), format!("{message:?}")),
                Message::FromTape { image: on, reply } => (image(*on), format!("{reply:?}")),
                Message::Request { image: on, request } => (image(*on), format!("{request:?}")),
                Message::Reply(reply) => {
                    let asker = reply.ticket.port.checked_sub(REQUESTER_PORTS).map(|number| format!("asker {number}"));
                    let workload =
                        || reply.ticket.port.checked_sub(WORKLOAD_PORTS).map(|number| format!("workload {number}"));
                    (asker.or_else(workload).unwrap_or_else(|| "nobody".to_owned()), format!("{reply:?}"))
                }
                Message::Prompt(prompt) => ("operator".to_owned(), format!("{prompt:?}")),
                Message::Console { image: on, command } => (image(*on), format!("{command:?}")),
                Message::HostUp { image: on } => {
                    (format!("applications on {}", image(*on)), "the host is up".to_owned())
                }
                Message::Task(task) => ("operator".to_owned(), format!("{task:?}")),
                Message::Performed(task, performance) => (image(Image::FIRST), format!("{task:?} {performance:?}")),
                Message::Order { image: on, order, .. } => (image(*on), format!("{order:?}")),
                Message::Lost => ("nobody".to_owned(), "lost on its way".to_owned()),
            },
            Event::Dasd(timer) => ("dasd".to_owned(), format!("{timer:?}")),
            Event::Tape(timer) => ("tape".to_owned(), format!("{timer:?}")),
            Event::Manager { image: on, timer } => (image(*on), format!("{timer:?}")),
            Event::Workload { workload, timer } => (format!("workload {}", workload.0), format!("{timer:?}")),
            Event::Requester { requester, timer } => (format!("asker {requester}"), format!("{timer:?}")),
            Event::Answer { image: on, keep, .. } => {
                let device = plan.dasd.volumes[usize::from(keep.0)].device;
                (image(*on), format!("the operator keeps device {device} online"))
            }
        };
        Told { from, to, what }
    }

    /// The component with this number among the origins of events.
    fn name_of(&self, origin: Origin, plan: &Plan) -> String {
        // The groups of origins from above: the number within the group is what is left.
        let number = |first: Origin| origin.0.checked_sub(first.0);
        if let Some(asker) = number(REQUESTERS) {
            return format!("asker {asker}");
        }
        if let Some(workload) = number(WORKLOADS) {
            return format!("workload {workload}");
        }
        if number(OPERATORS).is_some() {
            return "operator".to_owned();
        }
        match number(MANAGERS) {
            Some(image) => plan.images[usize::from(image)].name.clone(),
            None if origin == DASD => "dasd".to_owned(),
            None if origin == TAPE => "tape".to_owned(),
            None => "outside".to_owned(),
        }
    }
}
