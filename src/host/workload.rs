//! Sources of host requests: open, closed, or a recorded trace.

use std::sync::Arc;

use crate::kernel::{Span, Time};
use crate::vocab::{Op, Status, VolumeId};

/// One `[[workload]]` of a scenario.
#[derive(Clone, Debug)]
pub struct WorkloadPlan {
    /// The volumes it uses, opened by ID; a trace sees them laid end to end.
    pub volumes: Vec<WorkloadVolume>,
    pub kind: WorkloadKind,
}

#[derive(Clone, Copy, Debug)]
pub struct WorkloadVolume {
    pub id: VolumeId,
    /// Tracks of the volume, track 0 included.
    pub tracks: u32,
}

#[derive(Clone, Debug)]
pub enum WorkloadKind {
    /// Poisson arrivals that wait for nobody.
    Open {
        mean_gap: Span,
        mix: RequestMix,
    },
    /// Clients that each think, ask, and wait for the answer.
    Closed {
        clients: u32,
        think: Span,
        mix: RequestMix,
    },
    Trace {
        records: Arc<[TraceRecord]>,
        replay: Replay,
    },
}

/// What synthetic requests look like. Shares are parts per million, so that no float decides.
#[derive(Clone, Copy, Debug)]
pub struct RequestMix {
    pub read_ppm: u32,
    pub bytes: u32,
    /// This share of the requests goes to the hot tracks, evenly.
    pub hot_requests_ppm: u32,
    /// This share of the tracks is hot.
    pub hot_tracks_ppm: u32,
    /// No request is issued after this many; `None` has no bound.
    pub limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Issue at the recorded time multiplied by numerator / denominator.
    Open { scale_numerator: u64, scale_denominator: u64 },
    /// At most `depth` outstanding; the next is issued when one ends, recorded times are ignored.
    Closed { depth: u32 },
}

/// One request of a trace, already placed on the workload's volumes laid end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// Nanoseconds since the first record.
    pub at: Span,
    /// Byte address over all volumes of the workload, tracks of 56,664 bytes.
    pub offset: u64,
    pub bytes: u64,
    pub op: Op,
}

/// What observers may learn. A volume is named by its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadFact {
    Issued {
        op: Op,
        volume: u16,
    },
    /// A request ended at the instant of the fact; `bytes` were transferred, `hit` if all came from the cache.
    Done {
        op: Op,
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
