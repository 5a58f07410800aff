//! A rig that plays the world: it delivers timers in order, applies outboxes and keeps what was said.

mod commands;
mod faults;
mod policies;
mod random;
mod streaming;

use std::sync::Arc;

use super::*;
use crate::device::cartridge::{Record, TapeVolser};
use crate::device::channel::ChannelParameters;
use crate::device::drive::samples::drive_3590;
use crate::device::library::LibraryParameters;
use crate::kernel::{Origin, Queue};
use crate::vocab::{Backup, Tag, TrackImage, TrackNo, VolumeId};

const DRIVE: Drive = Drive(0);
const OTHER: Drive = Drive(1);
const TAPE: vocab::Cartridge = vocab::Cartridge(0);

/// ESCON and a 3590 library of MODEL 5.1, without compression.
fn parameters(drives: u8) -> TapeParameters {
    TapeParameters {
        drives,
        drive: drive_3590(),
        library: LibraryParameters::plain(Span::from_secs(14), 1),
        channel: ChannelParameters { rate: 17_000_000, paths: 1, overhead: Span::from_us(100) },
    }
}

fn track(number: u32) -> Record {
    Record::Track { backup: Backup(0), track: TrackNo(number), image: TrackImage::data(Tag(number.into())) }
}

fn tracks(first: u32, count: u32) -> Arc<[Record]> {
    (first..first + count).map(track).collect()
}

fn seconds(span: Span) -> f64 {
    span.ns() as f64 / 1e9
}

#[track_caller]
fn check(measured: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((measured / expected - 1.0).abs() <= tolerance, "{what}: {measured} instead of {expected}");
}

#[derive(Clone, Debug)]
struct Rig {
    controller: TapeController,
    queue: Queue<TapeTimer>,
    replies: Vec<(Time, TapeReply)>,
    facts: Vec<(Time, TapeFact)>,
    issued: u32,
    steps: u64,
}

impl Rig {
    fn new(parameters: TapeParameters, cartridges: u16) -> Rig {
        let capacity = parameters.drive.capacity;
        let cartridges =
            (0..cartridges).map(|number| Cartridge::initialised(capacity, TapeVolser::numbered(number))).collect();
        Rig {
            controller: TapeController::new(parameters, cartridges),
            queue: Queue::new(),
            replies: Vec::new(),
            facts: Vec::new(),
            issued: 0,
            steps: 0,
        }
    }

    /// A rig with cartridge 0 in drive 0 at the load point.
    fn mounted(parameters: TapeParameters, cartridges: u16) -> Rig {
        let mut rig = Rig::new(parameters, cartridges);
        rig.mount(Some(DRIVE), TAPE);
        rig.run();
        assert!(matches!(rig.take_results()[..], [TapeResult::Mounted { drive: DRIVE, .. }]));
        rig
    }

    fn now(&self) -> Time {
        self.queue.now()
    }

    fn inject<R>(&mut self, act: impl FnOnce(&mut TapeController, &mut TapeOutbox) -> R) -> R {
        let mut outbox = TapeOutbox::default();
        outbox.open(self.now());
        let result = act(&mut self.controller, &mut outbox);
        let now = self.now();
        for (at, class, timer) in outbox.timers {
            self.queue.push(at, class, Origin(0), timer);
        }
        self.replies.extend(outbox.messages.into_iter().map(|reply| (now, reply)));
        self.facts.extend(outbox.facts.into_iter().map(|fact| (now, fact)));
        self.queue.reach_boundary();
        result
    }

    /// Sends a command; returns the number in its ticket.
    fn send(&mut self, command: impl FnOnce(Ticket) -> TapeCommand) -> u32 {
        let number = self.issued;
        self.issued += 1;
        let command = command(Ticket { port: 0, number, generation: 0 });
        self.inject(|controller, outbox| controller.command(command, outbox));
        number
    }

    fn mount(&mut self, drive: Option<Drive>, cartridge: vocab::Cartridge) -> u32 {
        self.send(|ticket| TapeCommand::Mount { ticket, drive, cartridge })
    }

    fn write(&mut self, drive: Drive, records: Arc<[Record]>) -> u32 {
        self.send(|ticket| TapeCommand::Write { ticket, drive, records })
    }

    fn mark(&mut self, drive: Drive, synchronise: bool) -> u32 {
        self.send(|ticket| TapeCommand::WriteMark { ticket, drive, synchronise })
    }

    fn read(&mut self, drive: Drive, count: u32) -> u32 {
        self.send(|ticket| TapeCommand::Read { ticket, drive, count })
    }

    fn locate(&mut self, drive: Drive, to: Target) -> u32 {
        self.send(|ticket| TapeCommand::Locate { ticket, drive, to })
    }

    fn unload(&mut self, drive: Drive) -> u32 {
        self.send(|ticket| TapeCommand::Unload { ticket, drive })
    }

    /// Delivers one event; false when nothing is pending.
    fn step(&mut self) -> bool {
        while let Some(delivery) = self.queue.peek() {
            if !self.controller.is_live(delivery.event) {
                self.queue.discard();
                continue;
            }
            let timer = self.queue.pop().expect("the event just seen is still there").event;
            self.inject(|controller, outbox| controller.timer(timer, outbox));
            self.steps += 1;
            return true;
        }
        false
    }

    /// Runs until nothing is pending; returns the time that took.
    fn run(&mut self) -> Span {
        let start = self.now();
        while self.step() {}
        assert!(self.controller.is_quiet() || self.controller.waiting_mounts() > 0, "nothing is stuck");
        self.now() - start
    }

    fn run_until(&mut self, reached: impl Fn(&Rig) -> bool) {
        while !reached(self) {
            assert!(self.step(), "the condition is reached before the rig falls quiet");
        }
    }

    /// Feeds `chains` to the drive, `ahead` of them at a time, and runs until the last one is in the buffer.
    fn feed(&mut self, drive: Drive, chains: impl IntoIterator<Item = Arc<[Record]>>, ahead: usize) {
        let mut chains = chains.into_iter();
        let mut done = self.replies.len();
        let mut outstanding = 0;
        loop {
            while outstanding < ahead {
                let Some(chain) = chains.next() else { break };
                self.write(drive, chain);
                outstanding += 1;
            }
            if outstanding == 0 {
                return;
            }
            assert!(self.step(), "a chain is answered");
            for (_, reply) in &self.replies[done..] {
                assert_eq!(reply.result, TapeResult::Done);
                outstanding -= 1;
            }
            done = self.replies.len();
        }
    }

    fn result(&self, number: u32) -> Option<&TapeResult> {
        let mut found = self.replies.iter().filter(|(_, reply)| reply.ticket.number == number);
        let first = found.next().map(|(_, reply)| &reply.result);
        assert!(found.next().is_none(), "a command is answered once");
        first
    }

    fn take_results(&mut self) -> Vec<TapeResult> {
        std::mem::take(&mut self.replies).into_iter().map(|(_, reply)| reply.result).collect()
    }

    fn tape(&self) -> &Cartridge {
        self.controller.cartridge(TAPE)
    }

    fn hardened_at(&self) -> Vec<Time> {
        let is_block = |fact: &TapeFact| matches!(fact, TapeFact::BlockHardened { .. });
        self.facts.iter().filter(|(_, fact)| is_block(fact)).map(|(at, _)| *at).collect()
    }

    fn count(&self, is_meant: impl Fn(&TapeFact) -> bool) -> usize {
        self.facts.iter().filter(|(_, fact)| is_meant(fact)).count()
    }
}

fn volume(text: &str) -> VolumeId {
    VolumeId::parse(text).expect("the test names a valid ID")
}
