//! A DASD controller alone: commands in, time passes, answers and facts out.

use std::sync::Arc;

use tiersim::controller::dasd::{
    CopyMode, CopyTerms, CowTiming, DasdCommand, DasdController, DasdFact, DasdMessage, DasdOutbox, DasdReply,
    DasdTimer, Fence, Identity, LabelResidency,
};
use tiersim::kernel::{Stream, Time};
use tiersim::scenario::Plan;
use tiersim::vocab::{Device, Extents, Status, Ticket, TrackNo, TrackRange, WriteNumber};

pub const SOURCE: Device = Device(0);
pub const TARGET: Device = Device(1);

pub struct Rig {
    pub controller: DasdController,
    now: Time,
    /// Timers with the order in which they were set.
    timers: Vec<(Time, u8, u64, DasdTimer)>,
    set: u64,
    out: DasdOutbox,
    commands: u32,
    pub replies: Vec<DasdReply>,
    pub facts: Vec<DasdFact>,
}

impl Rig {
    pub fn new(plan: &Plan) -> Rig {
        let phases = Stream::new(plan.seed, "rank 0", "spindle phase");
        let opportunism = Stream::new(plan.seed, "dasd", "opportunistic copy");
        Rig {
            controller: DasdController::new(Arc::new(plan.dasd.clone()), &phases, opportunism)
                .expect("the plan has a rank"),
            now: Time::ZERO,
            timers: Vec::new(),
            set: 0,
            out: DasdOutbox::default(),
            commands: 0,
            replies: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Gives a command, waits until nothing is left to do, and returns the answer.
    pub fn command(&mut self, command: impl FnOnce(Ticket) -> DasdCommand) -> DasdReply {
        let ticket = Ticket { port: 0, number: self.commands, generation: 0 };
        self.commands += 1;
        self.out.open(self.now);
        self.controller.command(command(ticket), &mut self.out);
        self.apply();
        self.settle();
        let answer = self.replies.iter().rev().find(|reply| reply.ticket == ticket);
        answer.expect("every command is answered").clone()
    }

    /// A copy of the source that is identical, ID included.
    pub fn copy(&mut self) {
        let (identity, mode) = (Identity::Copied, CopyMode::NoCopy);
        let terms = CopyTerms { cow: CowTiming::OnDestage, fence: Fence::None, residency: LabelResidency::Resident };
        let (source, target) = (SOURCE, TARGET);
        let extents = Arc::new(Extents::whole(self.controller.tracks(source)));
        let command = |ticket| DasdCommand::Establish { ticket, source, target, identity, mode, terms, extents };
        assert_eq!(self.command(command).status, Status::Good);
    }

    /// A host write to some tracks.
    pub fn write(&mut self, device: Device, first: u32, count: u32) {
        let write = WriteNumber(u64::from(self.commands));
        let range = TrackRange { device, first: TrackNo(first), count };
        let command = |ticket| DasdCommand::Write { ticket, range, bytes: 4_096, write };
        assert_eq!(self.command(command).status, Status::Good);
    }

    fn settle(&mut self) {
        while let Some(next) = (0..self.timers.len()).min_by_key(|&at| {
            let (time, class, number, _) = self.timers[at];
            (time, class, number)
        }) {
            let (time, _, _, timer) = self.timers.swap_remove(next);
            if self.controller.is_live(&timer) {
                self.now = time;
                self.out.open(time);
                self.controller.timer_due(timer, &mut self.out);
                self.apply();
            }
        }
        assert!(self.controller.is_quiet(), "nothing is left to do");
    }

    fn apply(&mut self) {
        for (time, class, timer) in self.out.timers.drain(..) {
            self.timers.push((time, class as u8, self.set, timer));
            self.set += 1;
        }
        let answers = self.out.messages.drain(..).filter_map(|message| match message {
            DasdMessage::Reply(reply) => Some(reply),
            DasdMessage::Down | DasdMessage::Up => None,
        });
        self.replies.extend(answers);
        self.facts.append(&mut self.out.facts);
    }
}
