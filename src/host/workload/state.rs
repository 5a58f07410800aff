//! What a workload holds: what never changes, what outlives the host, and what a host outage takes.

use crate::host::plan::{Pattern, Replay, RequestMix, Spread, TraceRecord, WorkloadKind, WorkloadPlan, volume_ends};
use crate::kernel::{Span, Stream, Time};
use crate::vocab::{self, Op, TRACK_BYTES, TrackNo, VolumeId};

/// Requests so far. Issued = completed + failed + outstanding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub issued: u64,
    pub completed: u64,
    /// Ended with another status than Good, met a closed volume, or lost in a host outage.
    pub failed: u64,
}

/// Requests without an answer when another was issued: in the first half of a trace, and of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// At the last request of the first half.
    pub half: u64,
    /// At the last request so far.
    pub last: u64,
}

/// One transfer to one volume: a request, or one of its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    pub(super) number: u64,
    pub(super) first: TrackNo,
    pub(super) count: u32,
    pub(super) bytes: u32,
    pub(super) volume: u16,
    pub(super) op: Op,
    pub(super) continues: bool,
}

/// A request between its issue and its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outstanding {
    /// The part under way.
    pub(super) transfer: Transfer,
    pub(super) issued_at: Time,
    /// Bytes of the parts that are done.
    pub(super) transferred: u64,
    /// All parts so far were hits.
    pub(super) hit: bool,
    pub(super) client: Option<u32>,
    /// The opening under which the part was sent: an error of an older one closes nothing.
    pub(super) opening: u32,
    pub(super) generation: u32,
}

/// Requests under way, in reused slots: memory follows the largest number at one time, not the length of the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    pub(super) entries: Vec<Option<Outstanding>>,
    pub(super) free: Vec<u32>,
}

impl Slots {
    pub(super) fn insert(&mut self, outstanding: Outstanding) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.entries[slot as usize] = Some(outstanding);
            return slot;
        }
        self.entries.push(Some(outstanding));
        u32::try_from(self.entries.len() - 1).expect("fewer than 2^32 requests are outstanding")
    }

    /// Takes the request out; `None` when its generation is gone.
    pub(super) fn take(&mut self, slot: u32, generation: u32) -> Option<Outstanding> {
        let entry = self.entries.get_mut(slot as usize)?;
        let taken = entry.take_if(|outstanding| outstanding.generation == generation)?;
        self.free.push(slot);
        Some(taken)
    }

    pub(super) fn len(&self) -> u64 {
        (self.entries.len() - self.free.len()) as u64
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Nobody tries to open it: the host is down.
    Closed,
    /// The storage manager was asked.
    Opening {
        generation: u32,
    },
    /// It will be asked again.
    Lost {
        generation: u32,
    },
    Open {
        generation: u32,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Client {
    /// The application has not started yet.
    Absent,
    Thinking(Transfer),
    /// Ready to ask while the volume is closed.
    Waiting(Transfer),
    /// Waits for an answer.
    Asking,
    /// Has asked everything.
    Done,
}

/// The users' side, which outlives the host.
#[derive(Clone, Debug)]
pub(super) struct Durable {
    pub(super) counts: Counts,
    pub(super) backlog: Backlog,
    /// When the application started.
    pub(super) begun: Option<Time>,
    pub(super) stopped: bool,
    /// It issues nothing more, but goes on opening its volumes.
    pub(super) silent: bool,
    /// Number of the next request of an open workload; place of the next record of a trace.
    pub(super) next: u64,
    /// The request that arrives next.
    pub(super) arrival: Option<Transfer>,
    pub(super) clients: Vec<Client>,
    /// The last generation given out; unique within the workload, so that nothing old is mistaken for something new.
    pub(super) generation: u32,
    /// Since when each volume has been closed, unless it is open.
    pub(super) closed_at: Vec<Time>,
}

impl Durable {
    pub(super) fn new(plan: &WorkloadPlan) -> Durable {
        let clients = match &plan.kind {
            WorkloadKind::Open { .. } | WorkloadKind::Trace { replay: Replay::Open { .. }, .. } => 0,
            WorkloadKind::Closed { clients, .. } => *clients as usize,
            WorkloadKind::Trace { replay: Replay::Closed { depth }, records } => records.len().min(*depth as usize),
        };
        Durable {
            counts: Counts::default(),
            backlog: Backlog::default(),
            begun: None,
            stopped: false,
            silent: false,
            next: 0,
            arrival: None,
            clients: vec![Client::Absent; clients],
            generation: 0,
            closed_at: vec![Time::ZERO; plan.volumes.len()],
        }
    }

    /// When the next request of an open workload arrives, and what it asks.
    pub(super) fn next_arrival(&mut self, fixed: &Fixed, now: Time) -> Option<(Time, Transfer)> {
        if self.silent {
            return None;
        }
        let begun = self.begun.expect("requests arrive at an application that has started");
        match &fixed.plan.kind {
            WorkloadKind::Open { mean_gap, mix } => {
                let number = self.next;
                self.next += 1;
                let (gap, transfer) = mix.issues(number).then(|| fixed.drawn(number, *mean_gap, mix))?;
                Some((now + gap, transfer))
            }
            WorkloadKind::Trace { replay: Replay::Closed { .. }, .. } | WorkloadKind::Closed { .. } => None,
            WorkloadKind::Trace { replay: replay @ Replay::Open { .. }, .. } => {
                let (record, transfer) = self.next_record(fixed)?;
                let since = replay.issue_time(record.at).expect("a checked plan ends within 64 bits");
                Some((begun + since, transfer))
            }
        }
    }

    /// How long a client thinks after request `previous`, and what it asks then. `None`: it has asked everything.
    pub(super) fn next_of_client(
        &mut self,
        fixed: &Fixed,
        client: u32,
        previous: Option<u64>,
    ) -> Option<(Span, Transfer)> {
        if self.silent {
            return None;
        }
        match &fixed.plan.kind {
            WorkloadKind::Closed { clients, think, mix } => {
                let number = previous.map_or(u64::from(client), |number| number + u64::from(*clients));
                mix.issues(number).then(|| fixed.drawn(number, *think, mix))
            }
            WorkloadKind::Trace { .. } => self.next_record(fixed).map(|(record, transfer)| (record.delay, transfer)),
            WorkloadKind::Open { .. } => unreachable!("an open workload has no clients"),
        }
    }

    /// The next request of a trace with its record; its later parts are passed over.
    fn next_record(&mut self, fixed: &Fixed) -> Option<(TraceRecord, Transfer)> {
        let number = self.next;
        let record = *fixed.record(number)?;
        while fixed.record(self.next).is_some_and(|record| record.continues) {
            self.next += 1;
        }
        self.next += 1;
        Some((record, fixed.recorded(number, &record)))
    }
}

/// What a host outage takes.
#[derive(Clone, Debug)]
pub(super) struct Volatile {
    pub(super) volumes: Vec<Access>,
    pub(super) outstanding: Slots,
}

impl Volatile {
    pub(super) fn new(volumes: usize) -> Volatile {
        Volatile { volumes: vec![Access::Closed; volumes], outstanding: Slots::default() }
    }
}

/// What never changes; forks share it.
#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) plan: WorkloadPlan,
    pub(super) index: vocab::Workload,
    pub(super) port: u16,
    pub(super) requests: Stream,
    /// Per volume, for synthetic requests.
    pub(super) spreads: Vec<Spread>,
    /// End of each volume laid end to end, in bytes.
    pub(super) ends: Vec<u64>,
    /// Requests of a trace.
    pub(super) recorded: u64,
}

impl Fixed {
    pub(super) fn new(plan: WorkloadPlan, index: vocab::Workload, port: u16, run_seed: u64, entity: &str) -> Fixed {
        let mix = match &plan.kind {
            WorkloadKind::Open { mix, .. } | WorkloadKind::Closed { mix, .. } => Some(mix),
            WorkloadKind::Trace { .. } => None,
        };
        let spread = |mix| plan.volumes.iter().map(|volume| Spread::new(volume.tracks, mix)).collect();
        let spreads = mix.map_or(Vec::new(), spread);
        let ends = volume_ends(&plan.volumes);
        let recorded = match &plan.kind {
            WorkloadKind::Trace { records, .. } => records.iter().filter(|record| !record.continues).count() as u64,
            WorkloadKind::Open { .. } | WorkloadKind::Closed { .. } => 0,
        };
        Fixed { index, port, requests: Stream::new(run_seed, entity, "requests"), spreads, ends, recorded, plan }
    }

    pub(super) fn volume(&self, volume: u16) -> VolumeId {
        self.plan.volumes[usize::from(volume)].id
    }

    /// Everything drawn about synthetic request `number`: the interval before it (mean `before`) and the request. Takes
    /// five words.
    pub(super) fn drawn(&self, number: u64, before: Span, mix: &RequestMix) -> (Span, Transfer) {
        let mut draws = self.requests.draws(number);
        let interval = draws.exponential(before);
        let volume = draws.below(self.plan.volumes.len() as u64) as u16;
        let op = mix.op(&mut draws);
        let drawn = self.spreads[usize::from(volume)].start(mix, &mut draws);
        let (volume, first) = match mix.pattern {
            Pattern::Random => (volume, drawn),
            Pattern::Sequential => self.in_sequence(number, mix),
        };
        let count = mix.tracks_per_request();
        (interval, Transfer { number, first, count, bytes: mix.bytes, volume, op, continues: false })
    }

    /// Volume and first track of request `number` of a sequence over all volumes.
    fn in_sequence(&self, number: u64, mix: &RequestMix) -> (u16, TrackNo) {
        let lengths = self.spreads.iter().map(|spread| spread.in_sequence(mix));
        let mut left = number % lengths.clone().sum::<u64>();
        for ((volume, spread), length) in (0..).zip(&self.spreads).zip(lengths) {
            if left < length {
                return (volume, spread.nth(mix, left));
            }
            left -= length;
        }
        unreachable!("the remainder lies within the sum")
    }

    /// The transfer of record `number` of a trace.
    pub(super) fn recorded(&self, number: u64, record: &TraceRecord) -> Transfer {
        let volume = self.ends.partition_point(|&end| end <= record.offset);
        let start = if volume == 0 { 0 } else { self.ends[volume - 1] };
        let within = record.offset - start;
        let first = within / TRACK_BYTES;
        let last = (within + record.bytes - 1) / TRACK_BYTES;
        Transfer {
            number,
            first: TrackNo(first as u32),
            count: (last - first + 1) as u32,
            bytes: record.bytes as u32,
            volume: volume as u16,
            op: record.op,
            continues: record.continues,
        }
    }

    pub(super) fn record(&self, number: u64) -> Option<&TraceRecord> {
        match &self.plan.kind {
            WorkloadKind::Trace { records, .. } => records.get(usize::try_from(number).ok()?),
            WorkloadKind::Open { .. } | WorkloadKind::Closed { .. } => None,
        }
    }
}
