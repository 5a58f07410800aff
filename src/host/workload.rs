//! A source of host requests: users who arrive, and the application that opens volumes by ID and serves them.
//!
//! *Life.* The application opens each of its volumes by ID and starts once all are open, as a job starts when all its
//! volumes are allocated; time zero of a trace is that instant. From then on users come. A request that ends with
//! [`Status::NotOperational`] closes its volume: the application opens it again by ID, at once after an IPL, otherwise
//! after [`REOPEN_DELAY`]. While a volume is closed, the arrivals of an open workload get an error at once (issued and
//! failed) and the clients of a closed workload wait.
//!
//! *Requests* are numbered and everything random about number n comes from place n of one stream, so that a fault moves
//! no later draw. In a closed workload client c of C owns the numbers c, c + C, c + 2C, ...: what a client asks for does
//! not depend on how fast the others are answered. A failed request is not repeated; its user goes on with the next.
//!
//! *What survives.* The users live outside the machine: their numbers, their waiting and the counts survive a host
//! outage (`Durable`). Open volumes and outstanding requests do not (`Volatile`).
//!
//! Left out: database logic; the place of a block within its track, because a track is the smallest unit of the model.

mod state;

use std::sync::Arc;

pub use state::{Backlog, Counts};

use super::plan::{Replay, WorkloadKind, WorkloadPlan};
use crate::kernel::{Class, Outbox, Span, Time};
use crate::vocab::{self, HostReply, HostRequest, Op, Status, Ticket, TrackNo, VolumeId, WriteNumber};
use state::{Access, Client, Durable, Fixed, Outstanding, Transfer, Volatile};

/// An application opens a volume again this long after an error (A). It must be above zero: a device may be online to
/// the host while its controller answers nobody, and opening it again at once would then go on forever at one instant.
pub const REOPEN_DELAY: Span = Span::from_secs(1);

/// With as many requests of an open workload without an answer, the system is taken to be outrun for good: the line would grow
/// until memory is full, and tell nothing of the system (A: far more than waits in any shipped scenario, and a few hundred
/// bytes each).
pub const MOST_OUTSTANDING: u64 = 100_000;

/// Bits of a write number below the number of the workload, which counts from 1 there.
pub const WRITE_NUMBER_BITS: u32 = 40;

pub type WorkloadOutbox = Outbox<WorkloadTimer, HostRequest, WorkloadFact>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimerKind {
    /// The next request of an open workload arrives.
    Arrival,
    /// A client has thought.
    Think,
    /// A volume that was lost is opened again.
    Reopen,
}

/// `slot` is a client for `Think`, a volume for `Reopen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkloadTimer {
    pub kind: TimerKind,
    pub slot: u32,
    pub generation: u32,
}

const _: () = assert!(size_of::<WorkloadTimer>() <= 12, "the timer fits the outer event");

/// What observers may learn. A volume is named by its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadFact {
    Issued {
        op: Op,
        volume: u16,
    },
    /// A request ended at the instant of the fact; `track` is its first (of the part that ended it), `bytes` were transferred, `hit` if all came from the cache. Of a
    /// request in several parts `volume` is the one that ended it.
    Done {
        op: Op,
        track: TrackNo,
        bytes: u64,
        issued_at: Time,
        volume: u16,
        hit: bool,
        status: Status,
    },
    /// The application can use the volume; it could not since `closed_at`.
    Opened {
        volume: VolumeId,
        closed_at: Time,
    },
    /// An error took the volume from the application.
    Closed {
        volume: VolumeId,
    },
}

/// One workload of a run.
#[derive(Clone, Debug)]
pub struct Workload {
    fixed: Arc<Fixed>,
    durable: Durable,
    volatile: Volatile,
}

/// A request without an answer: what it asks, or its part that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Of a later one it is larger.
    pub sent: u32,
    pub issued_at: Time,
    pub op: Op,
    /// By its place in the plan.
    pub volume: u16,
    pub track: TrackNo,
    pub bytes: u32,
}

/// How the replay of a trace went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    pub replay: Replay,
    /// Requests of the trace.
    pub recorded: u64,
    pub counts: Counts,
    pub backlog: Backlog,
}

impl Replayed {
    /// Whether requests came faster than they were answered, so that times of answers tell how long the trace is and nothing
    /// of the system: in open loop more than 1 % of the requests were unfinished when the last was issued (VALIDATION B.2),
    /// at least ten of them (A: a short trace is no backlog).
    pub fn is_overloaded(&self) -> bool {
        const FEW: u64 = 10;
        let last = self.backlog.last;
        let open = matches!(self.replay, Replay::Open { .. });
        open && last >= FEW && last * 100 > self.counts.issued
    }
}

impl Workload {
    /// `port` comes back in the tickets of the answers; `entity` names the random stream (see
    /// [`super::plan::entity_names`]). The plan has passed [`WorkloadPlan::check`].
    pub fn new(plan: WorkloadPlan, index: vocab::Workload, port: u16, run_seed: u64, entity: &str) -> Workload {
        assert_eq!(plan.check(), Ok(()), "a workload is built from a plan that was checked");
        let (durable, volatile) = (Durable::new(&plan), Volatile::new(plan.volumes.len()));
        Workload { fixed: Arc::new(Fixed::new(plan, index, port, run_seed, entity)), durable, volatile }
    }

    pub fn plan(&self) -> &WorkloadPlan {
        &self.fixed.plan
    }

    pub fn counts(&self) -> Counts {
        self.durable.counts
    }

    /// How the replay of a trace went so far; `None` for a synthetic workload.
    pub fn replayed(&self) -> Option<Replayed> {
        let WorkloadKind::Trace { replay, .. } = self.fixed.plan.kind else { return None };
        let (counts, backlog) = (self.durable.counts, self.durable.backlog);
        Some(Replayed { replay, recorded: self.fixed.recorded, counts, backlog })
    }

    /// Notes how many requests were waiting when another came.
    fn note_backlog(&mut self, waiting: u64) {
        self.durable.backlog.last = waiting;
        if self.durable.counts.issued <= self.fixed.recorded / 2 {
            self.durable.backlog.half = waiting;
        }
    }

    /// Requests issued and not ended.
    pub fn outstanding(&self) -> u64 {
        self.volatile.outstanding.len()
    }

    /// When the application started, if it has.
    pub fn begun(&self) -> Option<Time> {
        self.durable.begun
    }

    /// The requests without an answer, in the order in which they, or their last parts, were sent.
    pub fn under_way(&self) -> Vec<UnderWay> {
        let entries = self.volatile.outstanding.entries.iter().flatten();
        let mut requests: Vec<UnderWay> = entries
            .map(|request| UnderWay {
                sent: request.generation,
                issued_at: request.issued_at,
                op: request.transfer.op,
                volume: request.transfer.volume,
                track: request.transfer.first,
                bytes: request.transfer.bytes,
            })
            .collect();
        requests.sort_unstable_by_key(|request| request.sent);
        requests
    }

    /// Whether requests come so much faster than they are answered that there is no point in going on.
    pub fn outruns_the_system(&self) -> bool {
        self.outstanding() >= MOST_OUTSTANDING && self.fixed.plan.is_open_loop()
    }

    /// Whether a volume, by its place in the plan, is open.
    pub fn is_open(&self, volume: usize) -> bool {
        matches!(self.volatile.volumes[volume], Access::Open { .. })
    }

    /// No further request will be issued: the trace or the limit is used up, or the workload was stopped.
    pub fn is_exhausted(&self) -> bool {
        let nobody =
            self.durable.arrival.is_none() && self.durable.clients.iter().all(|client| matches!(client, Client::Done));
        self.durable.stopped || self.durable.begun.is_some() && nobody
    }

    /// False for a timer that something overtook.
    pub fn is_live(&self, timer: &WorkloadTimer) -> bool {
        let slot = timer.slot as usize;
        match timer.kind {
            TimerKind::Arrival => {
                self.durable.arrival.is_some_and(|transfer| transfer.number as u32 == timer.generation)
            }
            TimerKind::Think => matches!(self.durable.clients[slot], Client::Thinking(transfer)
                if transfer.number as u32 == timer.generation),
            TimerKind::Reopen => self.volatile.volumes[slot] == Access::Lost { generation: timer.generation },
        }
    }

    /// The application comes up for the first time.
    pub fn start(&mut self, outbox: &mut WorkloadOutbox) {
        assert!(self.durable.begun.is_none(), "a workload starts once");
        self.durable.closed_at.fill(outbox.now());
        self.host_up(outbox);
    }

    pub fn timer(&mut self, timer: WorkloadTimer, outbox: &mut WorkloadOutbox) {
        if !self.is_live(&timer) {
            return;
        }
        match timer.kind {
            TimerKind::Arrival => {
                let transfer = self.durable.arrival.take().expect("a live arrival has its request");
                if !self.issue(transfer, None, outbox) {
                    self.refuse(transfer, outbox);
                }
                self.await_arrival(outbox);
            }
            TimerKind::Think => {
                let Client::Thinking(transfer) = self.durable.clients[timer.slot as usize] else {
                    unreachable!("a live think timer has a thinking client");
                };
                self.ask(timer.slot, transfer, outbox);
            }
            TimerKind::Reopen => self.open(timer.slot as usize, outbox),
        }
        self.assert_conservation();
    }

    /// An answer of the storage manager. One to a request of before a host outage finds nobody: that is normal.
    pub fn reply(&mut self, reply: HostReply, outbox: &mut WorkloadOutbox) {
        assert_eq!(reply.ticket.port, self.fixed.port, "an answer goes to the port that asked");
        let volumes = self.fixed.plan.volumes.len() as u32;
        match reply.ticket.number.checked_sub(volumes) {
            None => self.opened(reply, outbox),
            Some(slot) => {
                if let Some(outstanding) = self.volatile.outstanding.take(slot, reply.ticket.generation) {
                    self.transferred(outstanding, reply, outbox);
                }
            }
        }
        self.assert_conservation();
    }

    /// The host fails: outstanding requests are gone (failed, without a fact of their own) and every volume is closed.
    /// Users who waited for an answer are ready with their next request when the host is back: they thought meanwhile.
    pub fn host_down(&mut self, now: Time) {
        let lost = std::mem::replace(&mut self.volatile, Volatile::new(self.fixed.plan.volumes.len()));
        for (access, closed_at) in lost.volumes.iter().zip(&mut self.durable.closed_at) {
            if matches!(access, Access::Open { .. }) {
                *closed_at = now;
            }
        }
        for outstanding in lost.outstanding.entries.into_iter().flatten() {
            self.durable.counts.failed += 1;
            let Some(client) = outstanding.client.filter(|_| !self.durable.stopped) else { continue };
            let number = outstanding.transfer.number;
            self.durable.clients[client as usize] = match self.durable.next_of_client(&self.fixed, client, Some(number))
            {
                Some((_, transfer)) => Client::Waiting(transfer),
                None => Client::Done,
            };
        }
        self.assert_conservation();
    }

    /// The host is back: the application opens its volumes again.
    pub fn host_up(&mut self, outbox: &mut WorkloadOutbox) {
        if self.durable.stopped {
            return;
        }
        for volume in 0..self.fixed.plan.volumes.len() {
            if self.volatile.volumes[volume] == Access::Closed {
                self.open(volume, outbox);
            }
        }
    }

    /// Issues no more requests; those outstanding still end. All pending timers are dead.
    pub fn stop(&mut self) {
        self.durable.stopped = true;
        self.durable.arrival = None;
        self.durable.clients.fill(Client::Done);
        for access in &mut self.volatile.volumes {
            if matches!(access, Access::Lost { .. }) {
                *access = Access::Closed;
            }
        }
    }

    /// Issues no more requests, as when everything has been asked; the application goes on opening its volumes.
    pub fn fall_silent(&mut self) {
        self.durable.silent = true;
        self.durable.arrival = None;
        for client in &mut self.durable.clients {
            if matches!(client, Client::Thinking(_) | Client::Waiting(_)) {
                *client = Client::Done;
            }
        }
    }

    fn open(&mut self, volume: usize, outbox: &mut WorkloadOutbox) {
        let generation = self.next_generation();
        self.volatile.volumes[volume] = Access::Opening { generation };
        let ticket = Ticket { port: self.fixed.port, number: volume as u32, generation };
        outbox.send(HostRequest::Open { ticket, volume: self.fixed.plan.volumes[volume].id });
    }

    fn opened(&mut self, reply: HostReply, outbox: &mut WorkloadOutbox) {
        let (volume, generation) = (reply.ticket.number as usize, reply.ticket.generation);
        if self.volatile.volumes[volume] != (Access::Opening { generation }) {
            return;
        }
        if reply.status != Status::Good {
            self.open_later(volume, outbox);
            return;
        }
        self.volatile.volumes[volume] = Access::Open { generation };
        let closed_at = self.durable.closed_at[volume];
        outbox.report(WorkloadFact::Opened { volume: self.fixed.plan.volumes[volume].id, closed_at });
        if self.durable.stopped {
            return;
        }
        if self.durable.begun.is_some() {
            self.admit_waiting(outbox);
        } else if (0..self.volatile.volumes.len()).all(|volume| self.is_open(volume)) {
            self.begin(outbox);
        }
    }

    fn open_later(&mut self, volume: usize, outbox: &mut WorkloadOutbox) {
        if self.durable.stopped {
            self.volatile.volumes[volume] = Access::Closed;
            return;
        }
        let generation = self.next_generation();
        self.volatile.volumes[volume] = Access::Lost { generation };
        let timer = WorkloadTimer { kind: TimerKind::Reopen, slot: volume as u32, generation };
        outbox.timer_at(outbox.now() + REOPEN_DELAY, Class::Timer, timer);
    }

    /// Waiting clients ask again; those whose volume is still closed go on waiting.
    fn admit_waiting(&mut self, outbox: &mut WorkloadOutbox) {
        for client in 0..self.durable.clients.len() {
            if let Client::Waiting(transfer) = self.durable.clients[client] {
                self.ask(client as u32, transfer, outbox);
            }
        }
    }

    fn begin(&mut self, outbox: &mut WorkloadOutbox) {
        self.durable.begun = Some(outbox.now());
        self.await_arrival(outbox);
        for client in 0..self.durable.clients.len() as u32 {
            self.go_on(client, None, outbox);
        }
    }

    /// Prepares the next arrival of an open workload.
    fn await_arrival(&mut self, outbox: &mut WorkloadOutbox) {
        let Some((at, transfer)) = self.durable.next_arrival(&self.fixed, outbox.now()) else { return };
        self.durable.arrival = Some(transfer);
        let timer = WorkloadTimer { kind: TimerKind::Arrival, slot: 0, generation: transfer.number as u32 };
        outbox.timer_at(at, Class::NewWork, timer);
    }

    /// A client turns to its next request, if it has one.
    fn go_on(&mut self, client: u32, previous: Option<u64>, outbox: &mut WorkloadOutbox) {
        let Some((think, transfer)) = self.durable.next_of_client(&self.fixed, client, previous) else {
            self.durable.clients[client as usize] = Client::Done;
            return;
        };
        if think.is_zero() {
            self.ask(client, transfer, outbox);
            return;
        }
        self.durable.clients[client as usize] = Client::Thinking(transfer);
        let timer = WorkloadTimer { kind: TimerKind::Think, slot: client, generation: transfer.number as u32 };
        outbox.timer_at(outbox.now() + think, Class::NewWork, timer);
    }

    fn ask(&mut self, client: u32, transfer: Transfer, outbox: &mut WorkloadOutbox) {
        let asked = self.issue(transfer, Some(client), outbox);
        self.durable.clients[client as usize] = if asked { Client::Asking } else { Client::Waiting(transfer) };
    }

    /// Issues a request; false, and nothing happened, if its volume is closed.
    fn issue(&mut self, transfer: Transfer, client: Option<u32>, outbox: &mut WorkloadOutbox) -> bool {
        let (issued_at, generation) = (outbox.now(), 0);
        let request = Outstanding { transfer, issued_at, transferred: 0, hit: true, client, opening: 0, generation };
        let sent = self.send(request, outbox);
        if sent {
            self.durable.counts.issued += 1;
            self.note_backlog(self.outstanding() - 1);
            outbox.report(WorkloadFact::Issued { op: transfer.op, volume: transfer.volume });
        }
        sent
    }

    /// Sends the part that is due; false, and nothing happened, if its volume is closed.
    fn send(&mut self, mut request: Outstanding, outbox: &mut WorkloadOutbox) -> bool {
        let Transfer { number, first, count, bytes, volume, op, .. } = request.transfer;
        let Access::Open { generation: opening } = self.volatile.volumes[usize::from(volume)] else { return false };
        assert!(number < 1 << WRITE_NUMBER_BITS, "a workload issues fewer than 2^40 requests");
        request.opening = opening;
        request.generation = self.next_generation();
        let generation = request.generation;
        let slot = self.volatile.outstanding.insert(request);
        let ticket = Ticket { port: self.fixed.port, number: self.fixed.plan.volumes.len() as u32 + slot, generation };
        let write = WriteNumber((u64::from(self.fixed.index.0) + 1) << WRITE_NUMBER_BITS | number);
        let volume = self.fixed.volume(volume);
        outbox.send(HostRequest::Transfer { ticket, volume, op, first, count, bytes, write });
        true
    }

    /// A user gets an error at once: the volume is closed.
    fn refuse(&mut self, transfer: Transfer, outbox: &mut WorkloadOutbox) {
        let Transfer { op, volume, first: track, .. } = transfer;
        self.durable.counts.issued += 1;
        self.durable.counts.failed += 1;
        self.note_backlog(self.outstanding());
        outbox.report(WorkloadFact::Issued { op, volume });
        let (issued_at, status) = (outbox.now(), Status::NotOperational);
        outbox.report(WorkloadFact::Done { op, track, bytes: 0, issued_at, volume, hit: false, status });
    }

    fn transferred(&mut self, mut request: Outstanding, reply: HostReply, outbox: &mut WorkloadOutbox) {
        let mut status = reply.status;
        let volume = request.transfer.volume;
        let under = Access::Open { generation: request.opening };
        if status == Status::NotOperational && self.volatile.volumes[usize::from(volume)] == under {
            self.durable.closed_at[usize::from(volume)] = outbox.now();
            outbox.report(WorkloadFact::Closed { volume: self.fixed.volume(volume) });
            self.open_later(usize::from(volume), outbox);
        }
        request.hit &= reply.hit;
        if status == Status::Good {
            request.transferred += u64::from(request.transfer.bytes);
            if request.transfer.continues {
                let next = request.transfer.number + 1;
                let record = self.fixed.record(next).expect("a checked plan holds all parts of a request");
                request.transfer = self.fixed.recorded(next, record);
                if self.send(request, outbox) {
                    return;
                }
                status = Status::NotOperational;
            }
        }
        self.finish(request, status, outbox);
    }

    fn finish(&mut self, request: Outstanding, status: Status, outbox: &mut WorkloadOutbox) {
        let Outstanding { transfer, issued_at, transferred: bytes, hit, client, .. } = request;
        match status {
            Status::Good => self.durable.counts.completed += 1,
            Status::WriteInhibited | Status::MediaError | Status::Rejected | Status::NotOperational => {
                self.durable.counts.failed += 1;
            }
        }
        let hit = hit && status == Status::Good;
        let Transfer { op, volume, number, first: track, .. } = transfer;
        outbox.report(WorkloadFact::Done { op, track, bytes, issued_at, volume, hit, status });
        if let Some(client) = client.filter(|_| !self.durable.stopped) {
            self.go_on(client, Some(number), outbox);
        }
    }

    fn next_generation(&mut self) -> u32 {
        self.durable.generation = self.durable.generation.wrapping_add(1);
        self.durable.generation
    }

    fn assert_conservation(&self) {
        let Counts { issued, completed, failed } = self.durable.counts;
        assert_eq!(
            issued,
            completed + failed + self.outstanding(),
            "a request issued is completed, failed or under way"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plan::{Replay, RequestMix, TraceRecord, WorkloadKind, WorkloadVolume};
    use crate::kernel::{Fingerprint, Model, Origin, Queue, Run};
    use crate::vocab::{TRACK_BYTES, TrackNo};
    use std::hash::Hash;

    const MIX: RequestMix = RequestMix {
        read_ppm: 700_000,
        bytes: 4_096,
        pattern: crate::host::Pattern::Random,
        hot_requests_ppm: 800_000,
        hot_tracks_ppm: 200_000,
        limit: Some(2_000),
    };
    const MS: Span = Span::from_ms(1);

    #[derive(Clone, Copy, Debug, Hash)]
    enum Event {
        Timer(WorkloadTimer),
        Answer(HostReply),
    }

    /// A storage manager that answers every transfer after `service`, and opens while `online`.
    #[derive(Clone, Debug)]
    struct Bench {
        workload: Workload,
        outbox: WorkloadOutbox,
        service: Span,
        status: Status,
        online: bool,
        unopened: Vec<Ticket>,
        sent: Vec<(Time, HostRequest)>,
        facts: Vec<(Time, WorkloadFact)>,
        peak: u64,
    }

    impl Bench {
        fn act(&mut self, queue: &mut Queue<Event>, act: impl FnOnce(&mut Workload, &mut WorkloadOutbox)) {
            self.outbox.open(queue.now());
            act(&mut self.workload, &mut self.outbox);
            for (at, class, timer) in self.outbox.timers.drain(..) {
                queue.push(at, class, Origin(0), Event::Timer(timer));
            }
            for request in self.outbox.messages.drain(..) {
                self.sent.push((queue.now(), request));
                match request {
                    HostRequest::Open { ticket, .. } => self.unopened.push(ticket),
                    HostRequest::Backup { .. } => unreachable!("a workload asks for no backup"),
                    HostRequest::Transfer { ticket, .. } => {
                        let answer = Event::Answer(HostReply { ticket, status: self.status, hit: true });
                        queue.push_after(self.service, Class::Completion, Origin(1), answer);
                    }
                }
            }
            self.facts.extend(self.outbox.facts.drain(..).map(|fact| (queue.now(), fact)));
            self.peak = self.peak.max(self.workload.outstanding());
            if self.online {
                for ticket in self.unopened.drain(..) {
                    queue.send(Origin(1), Event::Answer(HostReply { ticket, status: Status::Good, hit: false }));
                }
            }
        }
    }

    impl Model for Bench {
        type Event = Event;

        fn handle(&mut self, event: Event, queue: &mut Queue<Event>, fingerprint: &mut Fingerprint) {
            let before = self.facts.len();
            self.act(queue, |workload, outbox| match event {
                Event::Timer(timer) => workload.timer(timer, outbox),
                Event::Answer(reply) => workload.reply(reply, outbox),
            });
            self.facts[before..].iter().for_each(|(_, fact)| fact.hash(fingerprint));
        }

        fn origin(&self, event: &Event) -> Origin {
            Origin(u16::from(matches!(event, Event::Answer(_))))
        }

        fn is_live(&self, event: &Event) -> bool {
            match event {
                Event::Timer(timer) => self.workload.is_live(timer),
                Event::Answer(_) => true,
            }
        }
    }

    fn volume(name: &str, tracks: u32) -> WorkloadVolume {
        WorkloadVolume { id: VolumeId::parse(name).unwrap(), tracks }
    }

    fn started(kind: WorkloadKind, service: Span) -> Run<Bench> {
        started_on(vec![volume("A", 300), volume("B", 150)], kind, service)
    }

    fn started_on(volumes: Vec<WorkloadVolume>, kind: WorkloadKind, service: Span) -> Run<Bench> {
        let plan = WorkloadPlan { image: vocab::Image::FIRST, volumes, kind, dependent: false };
        let bench = Bench {
            workload: Workload::new(plan, vocab::Workload(2), 7, 1, "workload A B"),
            outbox: Outbox::default(),
            service,
            status: Status::Good,
            online: true,
            unopened: Vec::new(),
            sent: Vec::new(),
            facts: Vec::new(),
            peak: 0,
        };
        let mut run = Run::new(bench, Queue::new());
        run.inject("start", |bench, queue, _| bench.act(queue, |workload, outbox| workload.start(outbox)));
        run
    }

    fn open(limit: Option<u64>) -> WorkloadKind {
        WorkloadKind::Open { mean_gap: MS, mix: RequestMix { limit, ..MIX } }
    }

    fn closed(clients: u32, think: Span) -> WorkloadKind {
        WorkloadKind::Closed { clients, think, mix: MIX }
    }

    fn trace(replay: Replay, records: &[(u64, u64, u64, bool)]) -> WorkloadKind {
        let record = |&(us, offset, bytes, continues): &(u64, u64, u64, bool)| TraceRecord {
            at: Span::from_us(us),
            delay: Span::ZERO,
            offset,
            bytes,
            op: Op::Write,
            continues,
        };
        WorkloadKind::Trace { records: records.iter().map(record).collect(), replay }
    }

    fn finished(mut run: Run<Bench>) -> Bench {
        while run.step().is_some() {}
        run.model
    }

    /// Number, operation, volume and first track of a transfer.
    type Sent = (u64, Op, VolumeId, TrackNo);

    /// The transfers sent, by number.
    fn transfers(bench: &Bench) -> Vec<Sent> {
        let mut transfers: Vec<_> = bench
            .sent
            .iter()
            .filter_map(|(_, request)| match *request {
                HostRequest::Open { .. } => None,
                HostRequest::Backup { .. } => unreachable!("a workload asks for no backup"),
                HostRequest::Transfer { volume, op, first, write, .. } => {
                    assert_eq!(write.0 >> 40, 3, "workload 2 marks its writes with 3");
                    Some((write.0 & 0xFF_FFFF_FFFF, op, volume, first))
                }
            })
            .collect();
        transfers.sort_unstable_by_key(|transfer| transfer.0);
        transfers
    }

    fn counts(issued: u64, completed: u64, failed: u64) -> Counts {
        Counts { issued, completed, failed }
    }

    #[test]
    fn open_arrivals_have_the_stated_rate_mix_and_no_memory_of_the_past() {
        let bench = finished(started(open(Some(200_000)), Span::from_us(3_500)));
        assert_eq!(bench.workload.counts(), counts(200_000, 200_000, 0));
        assert!(bench.workload.is_exhausted());
        let mean_gap = bench.sent.last().unwrap().0.ns() as f64 / 200_000.0;
        assert!((mean_gap / 1e6 - 1.0).abs() < 0.01, "a mean gap of {mean_gap} ns");
        let transfers = transfers(&bench);
        assert!(transfers.iter().map(|transfer| transfer.0).eq(0..200_000));
        let share =
            |is: &dyn Fn(&Sent) -> bool| transfers.iter().filter(|transfer| is(transfer)).count() as f64 / 200_000.0;
        assert!((share(&|transfer| transfer.1 == Op::Read) - 0.7).abs() < 0.005);
        assert!((share(&|transfer| transfer.2 == VolumeId::parse("A").unwrap()) - 0.5).abs() < 0.005);
        assert!(share(&|transfer| transfer.3 == TrackNo(0)) > 0.0, "track 0 takes host writes too");
        let slots = bench.workload.volatile.outstanding.entries.len() as u64;
        assert_eq!(slots, bench.peak, "memory follows the largest number outstanding");
        assert!(bench.peak < 30, "{} requests at once at 3.5 Erlang", bench.peak);
    }

    /// Without a queue each client asks once per service and think time.
    #[test]
    fn clients_wait_for_their_answers() {
        let mut run = started(closed(5, Span::ZERO), MS);
        run.run_until(Time::from_ns(100 * MS.ns()));
        assert_eq!(run.model.workload.counts(), counts(505, 500, 0));
        assert_eq!(run.model.peak, 5);
        let bench = finished(run);
        assert_eq!(bench.workload.counts(), counts(2_000, 2_000, 0));
        assert!(bench.workload.is_exhausted());

        let bench = finished(started(closed(5, MS * 3), MS));
        let seconds = bench.facts.last().unwrap().0.ns() as f64 / 1e9;
        assert!((seconds / (2_000.0 / 5.0 * 4e-3) - 1.0).abs() < 0.1, "five clients need {seconds} s");
    }

    #[test]
    fn what_is_asked_does_not_depend_on_how_fast_it_is_answered() {
        let fast = finished(started(closed(7, MS), MS));
        let slow = finished(started(closed(7, MS), MS * 9));
        assert_eq!(transfers(&fast), transfers(&slow));
        assert_eq!(transfers(&fast).len(), 2_000);
    }

    #[test]
    fn a_trace_is_issued_at_its_scaled_times() {
        let double = Replay::Open { scale_numerator: 2, scale_denominator: 1 };
        let end = 300 * TRACK_BYTES;
        let records =
            [(0, 0, 512, false), (10, 56_000, 1_000, false), (10, end - 1, 1, false), (25, end, 60_000, false)];
        let bench = finished(started(trace(double, &records), MS));
        let issued: Vec<(u64, VolumeId, u32, u32, u32)> = bench
            .sent
            .iter()
            .filter_map(|&(at, request)| match request {
                HostRequest::Open { .. } => None,
                HostRequest::Backup { .. } => unreachable!("a workload asks for no backup"),
                HostRequest::Transfer { volume, first, count, bytes, .. } => {
                    Some((at.ns() / 1_000, volume, first.0, count, bytes))
                }
            })
            .collect();
        let [a, b] = ["A", "B"].map(|name| VolumeId::parse(name).unwrap());
        assert_eq!(issued, [(0, a, 0, 1, 512), (20, a, 0, 2, 1_000), (20, a, 299, 1, 1), (50, b, 0, 2, 60_000)]);
        assert_eq!(bench.workload.counts(), counts(4, 4, 0));
        assert!(bench.workload.is_exhausted());
    }

    #[test]
    fn a_closed_replay_keeps_its_depth() {
        let records: Vec<_> = (0..100).map(|number| (number, number * 4_096, 4_096, false)).collect();
        let bench = finished(started(trace(Replay::Closed { depth: 4 }, &records), MS));
        assert_eq!((bench.peak, bench.facts.last().unwrap().0), (4, Time::from_ns(25 * MS.ns())));
        assert_eq!(bench.workload.counts(), counts(100, 100, 0));
        assert!(bench.workload.is_exhausted());
    }

    #[test]
    fn a_closed_replay_waits_its_recorded_delays() {
        let kind = trace(Replay::Closed { depth: 1 }, &[(0, 0, 512, false), (0, 512, 512, false), (0, 0, 512, false)]);
        let WorkloadKind::Trace { records, replay } = kind else { unreachable!("it is a trace") };
        let delays = [0, 2, 5].into_iter().map(Span::from_ms);
        let records = records.iter().zip(delays).map(|(record, delay)| TraceRecord { delay, ..*record }).collect();
        let bench = finished(started(WorkloadKind::Trace { records, replay }, MS));
        // Each takes a millisecond: the second comes at 3 ms, the third at 9 ms.
        assert_eq!(bench.facts.last().unwrap().0, Time::from_ns(10 * MS.ns()));
        let replayed = bench.workload.replayed().unwrap();
        assert_eq!((replayed.recorded, replayed.counts), (3, counts(3, 3, 0)));
        assert!(!replayed.is_overloaded());
    }

    #[test]
    fn requests_that_pile_up_are_noticed() {
        let records: Vec<_> = (0..100).map(|number| (number * 10, number * 4_096, 4_096, false)).collect();
        let replayed = |kind| finished(started(kind, MS)).workload.replayed().unwrap();
        let open = Replay::Open { scale_numerator: 1, scale_denominator: 1 };
        // One every 10 us, and each takes a millisecond.
        let fast = replayed(trace(open, &records));
        assert_eq!(fast.backlog, Backlog { half: 49, last: 99 });
        assert!(fast.is_overloaded());
        let slow = replayed(trace(Replay::Open { scale_numerator: 200, scale_denominator: 1 }, &records));
        assert_eq!((slow.backlog, slow.is_overloaded()), (Backlog { half: 0, last: 0 }, false));
        assert!(!replayed(trace(Replay::Closed { depth: 64 }, &records)).is_overloaded());
    }

    /// The real trace, if this machine has it: placed on 3390-3 volumes (50,085 tracks) in each way, every request is
    /// issued at its recorded time and completes once, however many parts it has.
    #[test]
    fn a_recorded_trace_is_replayed_whole() {
        use crate::host::trace::{Address, ReadOptions, place, read};
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces/cloudPhysicsIO.vscsi");
        if !path.exists() {
            eprintln!("nothing to check: there is no {}", path.display());
            return;
        }
        let recorded = read(&path, ReadOptions::default()).unwrap();
        for (address, count) in [(Address::Strict, 12), (Address::Wrap, 2), (Address::Compact, 1)] {
            let volumes: Vec<_> = (0..count).map(|number| volume(&format!("V{number}"), 50_085)).collect();
            let records = place(&recorded, &volumes, address).unwrap().records;
            let replay = Replay::Open { scale_numerator: 1, scale_denominator: 1 };
            let bench = finished(started_on(volumes, WorkloadKind::Trace { records, replay }, MS));
            assert_eq!(bench.workload.counts(), counts(113_872, 113_872, 0));
            let issued = bench.facts.iter().filter(|(_, fact)| matches!(fact, WorkloadFact::Issued { .. }));
            let at = |record: &crate::host::trace::RawRecord| record.at.ns();
            assert!(issued.map(|(time, _)| time.ns()).eq(recorded.records.iter().map(at)), "{address:?}");
            let bytes: u64 = bench
                .facts
                .iter()
                .map(|(_, fact)| match fact {
                    WorkloadFact::Done { bytes, .. } => *bytes,
                    _ => 0,
                })
                .sum();
            assert_eq!(bytes, recorded.statistics().bytes);
        }
    }

    /// The parts of a request run one after the other, each with a write number of its own, and complete as one.
    #[test]
    fn a_request_over_two_volumes_completes_once() {
        let end = 300 * TRACK_BYTES;
        let records = [(0, end - 100, 100, true), (0, end, 412, false), (5_000, 0, 512, false)];
        for replay in [Replay::Open { scale_numerator: 1, scale_denominator: 1 }, Replay::Closed { depth: 1 }] {
            let bench = finished(started(trace(replay, &records), MS));
            assert_eq!(bench.workload.counts(), counts(2, 2, 0));
            let done: Vec<(u64, u64)> = bench
                .facts
                .iter()
                .filter_map(|&(at, fact)| match fact {
                    WorkloadFact::Done { bytes, issued_at, hit: true, .. } => Some((bytes, (at - issued_at).ns())),
                    _ => None,
                })
                .collect();
            assert_eq!(done, [(512, 2 * MS.ns()), (512, MS.ns())]);
            let numbers: Vec<u64> = transfers(&bench).iter().map(|transfer| transfer.0).collect();
            assert_eq!(numbers, [0, 1, 2]);
        }
    }

    /// The host is down from 0.5 s to 1 s: users of an open workload get errors, later requests are as without it.
    #[test]
    fn an_outage_costs_the_requests_within_it_and_changes_no_other() {
        let whole = finished(started(open(Some(2_000)), MS * 2));
        let mut run = started(open(Some(2_000)), MS * 2);
        run.run_until(Time::from_ns(500 * MS.ns()));
        let (sent_before, outstanding) = (transfers(&run.model).len(), run.model.workload.outstanding());
        assert!(outstanding > 0, "the outage takes something");
        run.inject("down", |bench, queue, _| {
            bench.workload.host_down(queue.now());
            bench.online = false;
        });
        assert_eq!(run.model.workload.outstanding(), 0);
        run.run_until(Time::from_ns(1_000 * MS.ns()));
        assert_eq!(transfers(&run.model).len(), sent_before);
        run.inject("up", |bench, queue, _| {
            bench.online = true;
            bench.act(queue, |workload, outbox| workload.host_up(outbox));
        });
        let bench = finished(run);
        let [before, after] = [transfers(&whole), transfers(&bench)];
        let refused = 2_000 - after.len() as u64;
        assert!((400..600).contains(&refused), "{refused} refused in half a second at 1,000 a second");
        assert!(after.iter().all(|transfer| before.contains(transfer)));
        assert_eq!(bench.workload.counts(), counts(2_000, 2_000 - refused - outstanding, refused + outstanding));
        let reopened: Vec<Time> = bench
            .facts
            .iter()
            .filter_map(|&(at, fact)| match fact {
                WorkloadFact::Opened { closed_at, .. } if at > Time::ZERO => Some(closed_at),
                _ => None,
            })
            .collect();
        let last_event = whole.sent.iter().map(|sent| sent.0).filter(|at| at.ns() <= 500 * MS.ns()).max().unwrap();
        assert_eq!(reopened.len(), 2);
        assert!(reopened.iter().all(|at| *at >= last_event && at.ns() <= 500 * MS.ns()));
    }

    #[test]
    fn clients_wait_through_an_outage_and_ask_everything() {
        for think in [Span::ZERO, MS] {
            let mut run = started(closed(6, think), MS * 2);
            run.run_until(Time::from_ns(100 * MS.ns()));
            let lost = run.model.workload.outstanding();
            run.inject("down", |bench, queue, _| bench.workload.host_down(queue.now()));
            let issued = run.model.workload.counts().issued;
            run.run_until(Time::from_ns(900 * MS.ns()));
            assert_eq!(run.model.workload.counts().issued, issued);
            run.inject("up", |bench, queue, _| bench.act(queue, |workload, outbox| workload.host_up(outbox)));
            let bench = finished(run);
            assert_eq!(bench.workload.counts(), counts(2_000, 2_000 - lost, lost));
            assert!(lost > 0);
            assert_eq!(transfers(&bench), transfers(&finished(started(closed(6, think), MS))));
        }
    }

    /// The host fails and is back at once: answers to requests of before meet reused slots and end nothing.
    #[test]
    fn an_answer_of_before_an_outage_ends_no_request_of_after() {
        let mut run = started(closed(6, Span::ZERO), MS * 2);
        run.run_until(Time::from_ns(101 * MS.ns()));
        run.inject("down and up", |bench, queue, _| {
            bench.workload.host_down(queue.now());
            bench.act(queue, |workload, outbox| workload.host_up(outbox));
        });
        let bench = finished(run);
        assert_eq!(bench.workload.counts(), counts(2_000, 1_994, 6));
        for (at, fact) in bench.facts {
            if let WorkloadFact::Done { issued_at, .. } = fact {
                assert_eq!(at - issued_at, MS * 2, "every request is ended by its own answer");
            }
        }
    }

    /// Two parts, of which the first, the second or both come from the cache, and of which either may fail.
    #[test]
    fn a_request_in_parts_ends_as_its_parts_do() {
        use Status::{Good, MediaError};
        let end = 300 * TRACK_BYTES;
        let records = [(0, end - 100, 100, true), (0, end, 412, false)];
        let check = |answers: &[(Status, bool)], expected: (u64, u16, bool, Status)| {
            let plan = WorkloadPlan {
                image: vocab::Image::FIRST,
                dependent: false,
                volumes: vec![volume("A", 300), volume("B", 150)],
                kind: trace(Replay::Closed { depth: 1 }, &records),
            };
            let mut workload = Workload::new(plan, vocab::Workload(0), 7, 1, "workload A B");
            let mut outbox = WorkloadOutbox::default();
            workload.start(&mut outbox);
            let mut answers = answers.iter();
            while !outbox.messages.is_empty() {
                let (status, hit, ticket) = match outbox.messages.remove(0) {
                    HostRequest::Open { ticket, .. } => (Good, false, ticket),
                    HostRequest::Backup { .. } => unreachable!("a workload asks for no backup"),
                    HostRequest::Transfer { ticket, .. } => {
                        let &(status, hit) = answers.next().unwrap();
                        (status, hit, ticket)
                    }
                };
                workload.reply(HostReply { ticket, status, hit }, &mut outbox);
            }
            assert!(answers.next().is_none(), "every part that is due is sent");
            match outbox.facts.last() {
                Some(&WorkloadFact::Done { bytes, volume, hit, status, .. }) => {
                    assert_eq!((bytes, volume, hit, status), expected);
                }
                other => panic!("the request ended, not {other:?}"),
            }
        };
        check(&[(Good, true), (Good, true)], (512, 1, true, Good));
        check(&[(Good, false), (Good, true)], (512, 1, false, Good));
        check(&[(Good, true), (Good, false)], (512, 1, false, Good));
        check(&[(MediaError, true)], (0, 0, false, MediaError));
        check(&[(Good, true), (MediaError, true)], (100, 1, false, MediaError));
    }

    /// The controller is away for ten seconds while the device stays online to the host: the application is told that
    /// the volume is open, fails, and tries again once a second instead of forever at one instant.
    #[test]
    fn an_unreachable_controller_is_tried_once_a_second() {
        let mut run = started(closed(3, Span::ZERO), MS);
        run.run_until(Time::from_ns(100 * MS.ns()));
        run.model.status = Status::NotOperational;
        run.model.service = Span::ZERO;
        run.run_until(Time::from_ns(10_100 * MS.ns()));
        let failed = run.model.workload.counts().failed;
        assert!((10..=60).contains(&failed), "{failed} failures in ten seconds");
        run.model.status = Status::Good;
        let bench = finished(run);
        assert_eq!(bench.workload.counts(), counts(2_000, 2_000 - failed, failed));
        let closed = bench.facts.iter().filter(|(_, fact)| matches!(fact, WorkloadFact::Closed { .. })).count();
        let opened = bench.facts.iter().filter(|(_, fact)| matches!(fact, WorkloadFact::Opened { .. })).count();
        assert_eq!(opened, closed + 2);
    }

    #[test]
    fn a_failed_transfer_that_is_no_outage_leaves_the_volume_open() {
        let mut run = started(open(Some(100)), MS);
        run.model.status = Status::MediaError;
        let bench = finished(run);
        assert_eq!(bench.workload.counts(), counts(100, 0, 100));
        assert!(bench.workload.is_open(0) && bench.workload.is_open(1));
    }

    #[test]
    fn nothing_is_issued_before_all_volumes_are_open() {
        let mut run = started(open(Some(10)), MS);
        run.model.online = false;
        let tickets: Vec<Ticket> = run
            .model
            .sent
            .iter()
            .filter_map(|(_, request)| match *request {
                HostRequest::Open { ticket, .. } => Some(ticket),
                HostRequest::Transfer { .. } | HostRequest::Backup { .. } => None,
            })
            .collect();
        assert_eq!(tickets.len(), 2);
        run.step();
        assert!(!run.model.workload.is_exhausted());
        assert_eq!((run.queue.len(), run.model.workload.counts().issued), (1, 0), "one answer is still to come");
        assert_eq!(finished(run).workload.counts(), counts(10, 10, 0));
    }

    #[test]
    fn a_stopped_workload_drains_and_is_quiet() {
        for kind in [open(None), closed(4, MS), trace(Replay::Closed { depth: 3 }, &[(0, 0, 1, false); 500])] {
            let mut run = started(kind, MS * 5);
            run.run_until(Time::from_ns(52 * MS.ns()));
            assert!(run.model.workload.outstanding() > 0);
            run.model.workload.stop();
            let issued = run.model.workload.counts().issued;
            let bench = finished(run);
            assert_eq!(bench.workload.counts(), counts(issued, issued, 0));
            assert!(bench.workload.is_exhausted());
        }
    }

    #[test]
    fn a_fork_goes_the_way_of_the_original() {
        for kind in [open(Some(500)), closed(4, MS)] {
            let mut straight = started(kind, MS * 2);
            (0..300).for_each(|_| {
                straight.step();
            });
            let mut fork = straight.clone();
            while straight.step().is_some() {}
            while fork.step().is_some() {}
            assert_eq!(straight.fingerprint, fork.fingerprint);
            assert_eq!(straight.steps, fork.steps);
        }
    }

    #[test]
    #[should_panic(expected = "a plan that was checked")]
    fn a_plan_nobody_checked_is_refused() {
        started(closed(0, MS), MS);
    }
}
