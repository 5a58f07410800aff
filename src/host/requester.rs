//! Whoever asks for backups from outside the storage manager: an application, a remote computer, an operator (patent
//! paragraph 42).
//!
//! Each `[[backup]]` that the manager does not start by itself has one asker with a schedule. The asker lives outside the
//! machine and outlives it. A request is a message to the host interface, and takes the host's processor; its answer says
//! that the job is in the journal, or that it was rejected. Either ends the occurrence. Without an answer the asker asks
//! again, for all instants that have passed meanwhile at once:
//!
//! * an *application* asks by a volume that it has open, and again [`REOPEN_DELAY`] after an error or with the next start of
//!   the host;
//! * a *remote* computer is `delay` away, each way, and asks again after `timeout`, whatever the reason for the silence: the
//!   host down, or an answer still on its way. The manager cannot know a repeated request for what it is (H66);
//! * an *operator* types the command, which takes one step of work, and again when the system is back.
//!
//! Left out: the network loses no message by itself; a lost request is a host that is down.

use super::workload::REOPEN_DELAY;
use crate::kernel::{Class, Outbox, Span, Time};
use crate::manager::trigger::{Stimulant, StimulusPlan};
use crate::vocab::{HostReply, HostRequest, Status, Ticket};

pub type RequesterOutbox = Outbox<RequesterTimer, RequesterMessage, ()>;

/// What an asker wants from the rest of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequesterMessage {
    Ask(HostRequest),
    /// The operator begins to type; the number is that of the typing, over all of this asker's.
    Type {
        number: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequesterTimerKind {
    /// The instant of the next occurrence.
    Due,
    /// The command is typed, or the request has passed the network.
    Arrive,
    /// No answer has come, or the one that came was no answer.
    Again,
    /// The answer has passed the network.
    Answered,
}

/// A timer; void when another attempt has begun since, unless it stands for something that travels a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequesterTimer {
    pub kind: RequesterTimerKind,
    /// The attempt; for what travels a network the occurrence that it speaks of.
    pub number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Waits for the instant of the next occurrence.
    Idle,
    /// A request is on its way, or its answer.
    Asking,
    /// The host is down and a person or an application knows it.
    Barred,
    Done,
}

/// One asker.
#[derive(Clone, Debug)]
pub struct Requester {
    plan: StimulusPlan,
    /// The place of the `[[backup]]` in the scenario.
    entry: u16,
    port: u16,
    /// The next occurrence without an answer.
    next: u32,
    attempt: u32,
    state: State,
    host_is_up: bool,
    /// How long the last command was typed.
    typing: Option<Span>,
}

impl Requester {
    /// `port` comes back in the tickets of the answers.
    pub fn new(plan: StimulusPlan, entry: u16, port: u16) -> Requester {
        Requester { plan, entry, port, next: 0, attempt: 0, state: State::Idle, host_is_up: true, typing: None }
    }

    /// Every occurrence has its answer.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// False for a timer that something overtook.
    pub fn is_live(&self, timer: &RequesterTimer) -> bool {
        self.travels(timer.kind) || timer.number == self.attempt
    }

    /// What is in the network arrives in any case.
    fn travels(&self, kind: RequesterTimerKind) -> bool {
        self.plan.by == Stimulant::Remote && matches!(kind, RequesterTimerKind::Arrive | RequesterTimerKind::Answered)
    }

    pub fn start(&mut self, outbox: &mut RequesterOutbox) {
        self.await_next(outbox);
    }

    fn await_next(&mut self, outbox: &mut RequesterOutbox) {
        self.attempt += 1;
        match self.plan.trigger.instant(self.next) {
            Some(at) => {
                self.state = State::Idle;
                self.set(RequesterTimerKind::Due, self.attempt, at.max(outbox.now()), outbox);
            }
            None => self.state = State::Done,
        }
    }

    pub fn timer(&mut self, timer: RequesterTimer, outbox: &mut RequesterOutbox) {
        match timer.kind {
            RequesterTimerKind::Due | RequesterTimerKind::Again => self.ask(outbox),
            RequesterTimerKind::Arrive if self.travels(timer.kind) => self.send(timer.number, outbox),
            RequesterTimerKind::Arrive => self.send(self.occurrence(outbox.now()), outbox),
            RequesterTimerKind::Answered => self.settle(timer.number, outbox),
        }
    }

    /// Begins an attempt.
    fn ask(&mut self, outbox: &mut RequesterOutbox) {
        self.attempt += 1;
        if !self.host_is_up && self.plan.by != Stimulant::Remote {
            self.state = State::Barred;
            return;
        }
        self.state = State::Asking;
        let (now, occurrence) = (outbox.now(), self.occurrence(outbox.now()));
        match self.plan.by {
            Stimulant::Application => self.send(occurrence, outbox),
            Stimulant::Remote => {
                self.set(RequesterTimerKind::Arrive, occurrence, now + self.plan.delay, outbox);
                self.set(RequesterTimerKind::Again, self.attempt, now + self.plan.timeout, outbox);
            }
            Stimulant::Operator => outbox.send(RequesterMessage::Type { number: self.attempt }),
            Stimulant::Internal => unreachable!("the manager's own schedule needs no asker"),
        }
    }

    /// The operator will have typed the command after `duration`.
    pub fn typed_after(&mut self, duration: Span, outbox: &mut RequesterOutbox) {
        self.typing = Some(duration);
        self.set(RequesterTimerKind::Arrive, self.attempt, outbox.now() + duration, outbox);
    }

    /// All instants that have passed are one occurrence.
    fn occurrence(&self, now: Time) -> u32 {
        self.next.max(self.plan.trigger.due_by(now).saturating_sub(1))
    }

    /// The ticket carries the attempt, so that an answer to an older one is known as such.
    fn send(&self, occurrence: u32, outbox: &mut RequesterOutbox) {
        let ticket = Ticket { port: self.port, number: occurrence, generation: self.attempt };
        let (plan, typing) = (self.entry, self.typing);
        outbox.send(RequesterMessage::Ask(HostRequest::Backup { ticket, plan, occurrence, typing }));
    }

    /// An answer of the storage manager.
    pub fn reply(&mut self, reply: HostReply, outbox: &mut RequesterOutbox) {
        let Ticket { number: occurrence, generation: attempt, .. } = reply.ticket;
        // The occurrence was settled by the answer to another attempt.
        if occurrence < self.next {
            return;
        }
        match (self.plan.by, reply.status) {
            // Nobody at home: the remote computer hears nothing.
            (Stimulant::Remote, Status::NotOperational) => {}
            (Stimulant::Remote, _) => {
                self.set(RequesterTimerKind::Answered, occurrence, outbox.now() + self.plan.delay, outbox);
            }
            (_, Status::NotOperational) if attempt == self.attempt && self.state == State::Asking => {
                self.set(RequesterTimerKind::Again, attempt, outbox.now() + REOPEN_DELAY, outbox);
            }
            (_, Status::NotOperational) => {}
            (..) => self.settle(occurrence, outbox),
        }
    }

    fn settle(&mut self, occurrence: u32, outbox: &mut RequesterOutbox) {
        if occurrence >= self.next {
            self.next = occurrence + 1;
            self.await_next(outbox);
        }
    }

    /// The host is gone, and with it what was asked of it.
    pub fn host_down(&mut self) {
        self.host_is_up = false;
        if self.state == State::Asking && self.plan.by != Stimulant::Remote {
            self.attempt += 1;
            self.state = State::Barred;
        }
    }

    pub fn host_up(&mut self, outbox: &mut RequesterOutbox) {
        self.host_is_up = true;
        if self.state == State::Barred {
            self.ask(outbox);
        }
    }

    fn set(&self, kind: RequesterTimerKind, number: u32, at: Time, outbox: &mut RequesterOutbox) {
        outbox.timer_at(at, Class::NewWork, RequesterTimer { kind, number });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::trigger::Trigger;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    /// An asker, what it sends, and a clock that runs its timers.
    struct Rig {
        asker: Requester,
        timers: Vec<(Time, RequesterTimer)>,
        sent: Vec<(u64, RequesterMessage)>,
        now: Time,
    }

    impl Rig {
        fn new(by: Stimulant, trigger: Trigger) -> Rig {
            let (delay, timeout) = (Span::from_secs(2), Span::from_secs(10));
            let plan = StimulusPlan { trigger, by, delay, timeout };
            let mut rig =
                Rig { asker: Requester::new(plan, 3, 700), timers: Vec::new(), sent: Vec::new(), now: Time::ZERO };
            rig.act(|asker, outbox| asker.start(outbox));
            rig
        }

        fn act(&mut self, act: impl FnOnce(&mut Requester, &mut RequesterOutbox)) {
            let mut outbox = RequesterOutbox::default();
            outbox.open(self.now);
            act(&mut self.asker, &mut outbox);
            self.timers.extend(outbox.timers.drain(..).map(|(due, _, timer)| (due, timer)));
            let seconds = self.now.ns() / 1_000_000_000;
            self.sent.extend(outbox.messages.drain(..).map(|message| (seconds, message)));
        }

        fn run_until(&mut self, end: Time) {
            loop {
                self.timers.sort_by_key(|(due, _)| *due);
                if self.timers.first().is_none_or(|(due, _)| *due > end) {
                    break;
                }
                let (due, timer) = self.timers.remove(0);
                if self.asker.is_live(&timer) {
                    self.now = due;
                    self.act(|asker, outbox| asker.timer(timer, outbox));
                }
            }
            self.now = end;
        }

        fn answer(&mut self, status: Status) {
            let Some((_, RequesterMessage::Ask(HostRequest::Backup { ticket, .. }))) = self.sent.last().copied() else {
                panic!("something was asked");
            };
            self.act(|asker, outbox| asker.reply(HostReply { ticket, status, hit: false }, outbox));
        }

        /// When which occurrence was asked for.
        fn asked(&self) -> Vec<(u64, u32)> {
            let asked = self.sent.iter().filter_map(|(seconds, message)| match message {
                RequesterMessage::Ask(HostRequest::Backup { occurrence, plan: 3, .. }) => Some((*seconds, *occurrence)),
                _ => None,
            });
            asked.collect()
        }
    }

    #[test]
    fn a_remote_computer_repeats_until_the_answer_is_there() {
        let mut rig = Rig::new(Stimulant::Remote, Trigger::At(at(5)));
        rig.run_until(at(18));
        assert_eq!(rig.asked(), [(7, 0), (17, 0)]);
        rig.answer(Status::Good);
        rig.run_until(at(19));
        assert!(!rig.asker.is_done(), "the answer is on its way");
        rig.run_until(at(60));
        assert!(rig.asker.is_done());
        assert_eq!(rig.asked().len(), 2);
    }

    #[test]
    fn a_repeated_request_in_the_network_arrives_although_the_first_was_answered() {
        let mut rig = Rig::new(Stimulant::Remote, Trigger::At(at(5)));
        rig.run_until(at(14));
        rig.answer(Status::Good);
        rig.run_until(at(60));
        assert_eq!(rig.asked(), [(7, 0), (17, 0)]);
        assert!(rig.asker.is_done());
    }

    #[test]
    fn an_application_waits_for_its_host_and_asks_once_for_all_that_passed() {
        let mut rig =
            Rig::new(Stimulant::Application, Trigger::Every { first: at(5), period: Span::from_secs(10), count: 4 });
        rig.run_until(at(5));
        rig.asker.host_down();
        rig.run_until(at(28));
        rig.act(|asker, outbox| asker.host_up(outbox));
        assert_eq!(rig.asked(), [(5, 0), (28, 2)]);
        rig.answer(Status::NotOperational);
        rig.run_until(at(29));
        rig.answer(Status::Rejected);
        rig.run_until(at(90));
        assert_eq!(rig.asked(), [(5, 0), (28, 2), (29, 2), (35, 3)]);
    }

    #[test]
    fn an_operator_types_before_anything_is_asked() {
        let mut rig = Rig::new(Stimulant::Operator, Trigger::At(at(5)));
        rig.run_until(at(6));
        assert!(matches!(rig.sent[..], [(5, RequesterMessage::Type { .. })]));
        rig.act(|asker, outbox| asker.typed_after(Span::from_secs(30), outbox));
        rig.run_until(at(40));
        assert_eq!(rig.asked(), [(36, 0)]);
    }
}
