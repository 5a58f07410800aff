//! Requests and answers between components: who asks, what for, with what result.

use super::id::{Device, TrackNo, VolumeId, WriteNumber};
use crate::kernel::Span;
use crate::names;

/// Whom an answer goes to: a port and a number of the asker's own. Servers echo it and never read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket {
    pub port: u16,
    pub number: u32,
    pub generation: u32,
}

names! {
    pub enum Op {
        Read = "read",
        Write = "write",
    }
}

/// A range of tracks of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrackRange {
    pub device: Device,
    pub first: TrackNo,
    pub count: u32,
}

impl TrackRange {
    pub fn tracks(self) -> impl Iterator<Item = TrackNo> {
        (self.first.0..self.first.0 + self.count).map(TrackNo)
    }
}

/// How a command ended. A simulated failure is a value that flows through the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Good,
    /// The device is fenced against this write.
    WriteInhibited,
    /// The medium could not be read.
    MediaError,
    /// The command contradicts the state of the controller: a second relationship, no relationship, a busy target.
    Rejected,
    /// Nobody answers at that address any more: the server crashed or has no path.
    NotOperational,
}

/// Bytes a host can store on one 3390 track (MODEL 2.1; source S-45).
pub const TRACK_BYTES: u64 = 56_664;
/// Bytes of the place of one track on fixed-block disks: 112 sectors of 512 bytes (MODEL 2.1, an assumption).
pub const SLOT_BYTES: u64 = 57_344;
pub const TRACKS_PER_CYLINDER: u32 = 15;

/// What an application asks of the storage manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostRequest {
    /// Open a volume by ID; answered when a device with that ID is online.
    Open { ticket: Ticket, volume: VolumeId },
    /// Read or write `bytes` within `count` tracks from `first` on. `write` names a write and is unique in the run.
    Transfer { ticket: Ticket, volume: VolumeId, op: Op, first: TrackNo, count: u32, bytes: u32, write: WriteNumber },
    /// Make the backup of the scenario's `[[backup]]` entry `plan`: its `occurrence`-th stimulus. Answered when the job is in
    /// the journal, or rejected.
    /// An operator has typed for `typing`.
    Backup { ticket: Ticket, plan: u16, occurrence: u32, typing: Option<Span> },
}

/// What the storage manager answers an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostReply {
    pub ticket: Ticket,
    pub status: Status,
    /// A read was served from the controller's cache.
    pub hit: bool,
}
