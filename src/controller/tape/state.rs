//! What the tape controller holds: durable, volatile, and the accounts that observers keep.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::command::{TapeCommand, TapeResult, TapeTimerKind, Target};
use crate::device::cartridge::{Cartridge, ReadFailure, Record};
use crate::device::channel::ChannelParameters;
use crate::device::drive::{Drive, DriveParameters, DriveState, DriveUsage, Pace};
use crate::device::library::{Accessors, Cell, CellMap, LibraryParameters};
use crate::kernel::{Fingerprint, Station, Time};
use crate::vocab::{self, Ticket, TrackNo};

/// A controller, its drives and its library. All drives are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeParameters {
    pub drives: u8,
    pub drive: DriveParameters,
    pub library: LibraryParameters,
    pub channel: ChannelParameters,
}

/// What survives any loss of power.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable {
    /// Everything that is hardened, by cartridge.
    pub cartridges: Vec<Cartridge>,
    /// Where each cartridge is.
    pub map: CellMap,
}

impl Durable {
    /// Equal durable states have equal digests.
    pub fn digest(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        self.cartridges.iter().for_each(|cartridge| fingerprint.write_u64(cartridge.digest()));
        self.map.hash(&mut fingerprint);
        fingerprint.finish()
    }
}

/// What a loss of power takes away.
#[derive(Clone, Debug)]
pub(super) struct Volatile {
    pub units: Vec<Unit>,
    /// The paths of the tape channel, and the drives that wait for one.
    pub channel: Station<vocab::Drive>,
    pub accessors: Accessors,
    /// Mounts that found no drive, in the order of asking.
    pub waiting: VecDeque<MountRequest>,
}

impl Volatile {
    pub fn new(parameters: &TapeParameters) -> Volatile {
        let drive = Arc::new(parameters.drive.clone());
        Volatile {
            units: (0..parameters.drives).map(|_| Unit::new(&drive, &parameters.channel)).collect(),
            channel: Station::new(parameters.channel.paths),
            accessors: Accessors::new(&parameters.library),
            waiting: VecDeque::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct MountRequest {
    pub ticket: Ticket,
    pub drive: Option<vocab::Drive>,
    /// Where the library believes the cartridge to live.
    pub cell: Cell,
}

/// One drive as the controller sees it.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub drive: Drive,
    pub thread: Thread,
    pub activity: Activity,
    pub link: Link,
    pub link_pace: Pace,
    /// A mount gave the drive to a job.
    pub reserved: bool,
    pub active: Option<Active>,
    pub queue: VecDeque<TapeCommand>,
    /// The buffer is to be drained whatever the host does.
    pub flush: bool,
    /// A timer waits for the host to go quiet.
    pub idle_armed: bool,
    /// An error that found no command; the next one gets it.
    pub unreported: Option<TapeResult>,
    /// The record under the head could not be read.
    pub read_failure: Option<ReadFailure>,
    /// A reset drive does nothing before.
    pub down_until: Time,
    /// Mounts that failed on this drive: another one is taken first.
    pub failed_mounts: u32,
    /// Mounts that it was given to.
    pub mounts: u64,
}

impl Unit {
    pub fn new(drive: &Arc<DriveParameters>, channel: &ChannelParameters) -> Unit {
        Unit {
            drive: Drive::new(Arc::clone(drive)),
            thread: Thread::Out,
            activity: Activity::Rest,
            link: Link::Free,
            link_pace: Pace::new(channel.rate),
            reserved: false,
            active: None,
            queue: VecDeque::new(),
            flush: false,
            idle_armed: false,
            unreported: None,
            read_failure: None,
            down_until: Time::ZERO,
            failed_mounts: 0,
            mounts: 0,
        }
    }

    pub fn is_free(&self) -> bool {
        !self.reserved && self.active.is_none()
    }

    /// Whether the tape may be sent elsewhere now. A stop may be cut short and reading ahead given up; a block that is
    /// being written or retried may not.
    pub fn is_interruptible(&self) -> bool {
        matches!(self.activity, Activity::Rest | Activity::Stopping | Activity::ReadingAhead)
    }

    /// The record that the running command would move across the channel next, if it can move now.
    pub fn movable(&self) -> Option<u64> {
        match &self.active {
            Some(Active::Write { records, sent, .. }) => {
                records.get(*sent).filter(|record| self.drive.has_room_for(record)).map(Record::bytes)
            }
            Some(Active::Read { .. }) => self.drive.front().map(|(record, _)| record.bytes()),
            _ => None,
        }
    }

    pub fn state(&self, holds_cartridge: bool) -> DriveState {
        match self.activity {
            Activity::Rest if holds_cartridge && self.thread == Thread::Loaded => DriveState::Idle,
            Activity::Rest | Activity::Exchanging => DriveState::Empty,
            Activity::Loading => DriveState::Loading,
            Activity::Unloading => DriveState::Unloading,
            Activity::Hardening | Activity::ReadingAhead => DriveState::Streaming,
            Activity::Stopping | Activity::Retrying(_) | Activity::Positioning { .. } | Activity::Rewinding => {
                DriveState::Positioning
            }
        }
    }
}

/// Whether the tape in the drive can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thread {
    /// No tape, or one that needs loading: just inserted, or the position is lost.
    Out,
    Loaded,
    /// Unloaded; the cartridge waits for the accessor.
    Ejected,
}

/// What the mechanism does until its timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Rest,
    /// A backhitch: stop, run back, be ready to start.
    Stopping,
    Hardening,
    ReadingAhead,
    /// The drive tries a block again by itself, in vain.
    Retrying(Failure),
    Positioning {
        to: u64,
    },
    Rewinding,
    Loading,
    Unloading,
    /// Waits for an accessor or is being served by one.
    Exchanging,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Write { permanent: bool },
    Read(ReadFailure),
}

/// What the channel does for the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Free,
    /// In line for a path. A command that fails leaves its place in line to the next one.
    Waiting,
    Transferring,
}

/// The command that a drive executes, with what is pending of it.
#[derive(Clone, Debug)]
pub(super) enum Active {
    /// `begun`: the channel overhead of the chain is paid.
    Write {
        ticket: Ticket,
        records: Arc<[Record]>,
        sent: usize,
        begun: bool,
        synchronise: bool,
    },
    Read {
        ticket: Ticket,
        count: u32,
        got: Vec<Record>,
        begun: bool,
    },
    Locate {
        ticket: Ticket,
        to: Target,
    },
    Rewind {
        ticket: Ticket,
    },
    /// Without a ticket the library clears the drive for another mount.
    Unload {
        ticket: Option<Ticket>,
    },
    Mount {
        ticket: Ticket,
        cell: Cell,
    },
}

impl Active {
    pub fn ticket(&self) -> Option<Ticket> {
        match *self {
            Active::Write { ticket, .. }
            | Active::Read { ticket, .. }
            | Active::Locate { ticket, .. }
            | Active::Rewind { ticket }
            | Active::Mount { ticket, .. } => Some(ticket),
            Active::Unload { ticket } => ticket,
        }
    }
}

/// What belongs to a drive but is no state of it: the validity of its timers, the accounts, and what chance has in store.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixture {
    pub generations: [u32; LANES],
    pub usage: DriveUsage,
    pub write_faults: Vec<WriteFault>,
}

/// What chance has in store for the library and all drives together.
#[derive(Clone, Debug, Default)]
pub(super) struct Mishaps {
    /// So many of the next mounts fail.
    pub mounts: u32,
    /// No accessor begins an exchange before.
    pub accessors_stopped_until: Time,
    /// The next attempt to write the block of such a track fails; `true` when that stays so.
    pub blocks: Vec<(TrackNo, bool)>,
}

/// A write that will fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriteFault {
    /// Records that are hardened before.
    pub after: u64,
    pub permanent: bool,
}

/// Timers that exclude one another share a lane and its generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Lane {
    Mechanism,
    Channel,
    Accessor,
    Idle,
    Service,
}

pub(super) const LANES: usize = 5;

impl Lane {
    pub const ALL: [Lane; LANES] = [Lane::Mechanism, Lane::Channel, Lane::Accessor, Lane::Idle, Lane::Service];

    pub fn of(kind: TapeTimerKind) -> Lane {
        match kind {
            TapeTimerKind::Transferred => Lane::Channel,
            TapeTimerKind::Exchanged => Lane::Accessor,
            TapeTimerKind::Idled => Lane::Idle,
            TapeTimerKind::Returned => Lane::Service,
            TapeTimerKind::Hardened
            | TapeTimerKind::ReadAhead
            | TapeTimerKind::Repositioned
            | TapeTimerKind::Retried
            | TapeTimerKind::Located
            | TapeTimerKind::Rewound
            | TapeTimerKind::Loaded
            | TapeTimerKind::Unloaded => Lane::Mechanism,
        }
    }
}
