//! What is asked of the tape controller, what it answers, what it reports, and the timers it sets for itself.

use std::sync::Arc;

use crate::device::cartridge::{MarkPlace, Record, TapeVolser};
use crate::kernel::Outbox;
use crate::vocab::{Backup, Cartridge, Drive, Tag, Ticket, TrackNo};

pub type TapeOutbox = Outbox<TapeTimer, TapeReply, TapeFact>;

/// One channel program, or one request to the library. Commands to a drive are executed one after the other; those
/// that wait stand for the queue in front of the device, which is the host's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TapeCommand {
    /// Brings `cartridge` into `drive`, or into one that is free, and reserves the drive. Waits until that is possible.
    Mount {
        ticket: Ticket,
        drive: Option<Drive>,
        cartridge: Cartridge,
    },
    /// Writes a chain of records at the present position: data, labels or marks. `Done` when all are in the buffer.
    Write {
        ticket: Ticket,
        drive: Drive,
        records: Arc<[Record]>,
    },
    /// Writes a tape mark; with `synchronise`, `Done` means that it and everything in front is on tape.
    WriteMark {
        ticket: Ticket,
        drive: Drive,
        synchronise: bool,
    },
    /// Reads up to `count` records forward. A tape mark or the end of data ends the chain early.
    Read {
        ticket: Ticket,
        drive: Drive,
        count: u32,
    },
    Locate {
        ticket: Ticket,
        drive: Drive,
        to: Target,
    },
    Rewind {
        ticket: Ticket,
        drive: Drive,
    },
    /// Rewinds, unloads, returns the cartridge to its cell and releases the drive. Commands behind it are not executed.
    Unload {
        ticket: Ticket,
        drive: Drive,
    },
}

/// Where a locate leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// In front of that record, counted from the load point with labels and marks.
    Record(u64),
    /// In front of the first record behind as many tape marks.
    File(u32),
    EndOfData,
}

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TapeReply {
    pub ticket: Ticket,
    pub result: TapeResult,
}

/// How a command ended. Any end but [`TapeResult::is_usual`] also ends the commands that wait behind it at the same drive:
/// each is answered `NotExecuted`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TapeResult {
    Done,
    /// `volser` is what the volume label of the tape says; `None` when there is no label, or none that can be read.
    Mounted {
        drive: Drive,
        volser: Option<TapeVolser>,
    },
    /// All records asked for.
    Records(Arc<[Record]>),
    /// The chain ended early, or at a tape mark, which is then the last of these records.
    RecordsUntil {
        records: Arc<[Record]>,
        end: ReadEnd,
    },
    /// A locate led to a place that does not exist; the position is what it was.
    NoSuchPlace,
    /// A block could not be written. `lost` acknowledged records, it among them, are not on tape; the tape holds
    /// `hardened_blocks` records, labels and marks included, and writing goes on at that index.
    WriteError {
        permanent: bool,
        lost: u64,
        hardened_blocks: u64,
    },
    /// A record could not be read; those in front of it are here. The position is in front of the failed one.
    ReadError {
        permanent: bool,
        records: Arc<[Record]>,
    },
    /// The reserve for trailer labels begins: of the chain, `accepted` records are in the buffer.
    EndOfVolume {
        accepted: u32,
    },
    /// The drive was reset: `lost` acknowledged records are not on tape; `hardened_blocks` records stand in front of where
    /// the head was. The command was not executed, or not to its end. The next locate or rewind finds the tape again.
    Reset {
        lost: u64,
        hardened_blocks: u64,
    },
    /// A command in front of this one ended unusually.
    NotExecuted,
    /// There is no such drive, it is not reserved, or it has no tape at a known position.
    NotReady,
    /// The cell in which the cartridge should be is empty, or the library never had it.
    CartridgeMissing,
    /// The cartridge did not load: it goes back to its cell, and the drive is free again.
    MountFailed,
}

impl TapeCommand {
    pub fn ticket(&self) -> Ticket {
        match *self {
            TapeCommand::Mount { ticket, .. }
            | TapeCommand::Write { ticket, .. }
            | TapeCommand::WriteMark { ticket, .. }
            | TapeCommand::Read { ticket, .. }
            | TapeCommand::Locate { ticket, .. }
            | TapeCommand::Rewind { ticket, .. }
            | TapeCommand::Unload { ticket, .. } => ticket,
        }
    }
}

impl TapeResult {
    /// Whether the commands behind are executed as well.
    pub fn is_usual(&self) -> bool {
        matches!(self, TapeResult::Done | TapeResult::Mounted { .. } | TapeResult::Records(_))
    }
}

/// What ends a chain of reads before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadEnd {
    TapeMark,
    /// Nothing was ever written behind.
    EndOfData,
}

/// A label, without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelKind {
    Vol1,
    Hdr1,
    Hdr2,
    Eov1,
    Eov2,
    Eof1,
    Eof2,
}

/// What observers may learn. An `index` is the record's place on the cartridge, from 0 at the load point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TapeFact {
    /// The tape is at the load point and can be read.
    Loaded {
        drive: Drive,
        cartridge: Cartridge,
    },
    /// A mount command is complete.
    Mounted {
        drive: Drive,
        cartridge: Cartridge,
    },
    /// The tape is rewound and out of the drive's path.
    Unloaded {
        drive: Drive,
        cartridge: Cartridge,
    },
    /// The cartridge is back in its cell.
    Stored {
        drive: Drive,
        cartridge: Cartridge,
    },
    /// A block of a dump is in the buffer. `track` is `None` for the header, whose tag holds the bytes of its ID.
    BlockAcknowledged {
        drive: Drive,
        cartridge: Cartridge,
        backup: Backup,
        track: Option<TrackNo>,
        tag: Tag,
    },
    /// A block of a dump is on tape.
    BlockHardened {
        drive: Drive,
        cartridge: Cartridge,
        backup: Backup,
        track: Option<TrackNo>,
        tag: Tag,
        index: u64,
    },
    LabelHardened {
        drive: Drive,
        cartridge: Cartridge,
        label: LabelKind,
        index: u64,
    },
    /// A tape mark is in the buffer.
    MarkWritten {
        drive: Drive,
        cartridge: Cartridge,
    },
    MarkHardened {
        drive: Drive,
        cartridge: Cartridge,
        place: MarkPlace,
        index: u64,
    },
    /// An error was reported to the program.
    ErrorReported {
        drive: Drive,
        permanent: bool,
    },
    /// Acknowledged records will never be on tape.
    BlocksLost {
        drive: Drive,
        count: u64,
    },
    /// The drive stopped because the host did not keep up.
    StopStart {
        drive: Drive,
    },
}

/// What ends when a timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TapeTimerKind {
    /// One record has crossed the channel.
    Transferred,
    /// One block is on tape.
    Hardened,
    /// One record is in the buffer ahead of the host.
    ReadAhead,
    /// A backhitch is over.
    Repositioned,
    /// The drive has given up its own retries.
    Retried,
    Located,
    Rewound,
    Loaded,
    Unloaded,
    /// An accessor has moved a cartridge.
    Exchanged,
    /// No data came for a while: the drive writes what it has.
    Idled,
    /// A drive that was offline can be used again.
    Returned,
}

/// A timer of one drive. It is stale when its generation has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TapeTimer {
    pub kind: TapeTimerKind,
    /// The drive's number.
    pub slot: u32,
    pub generation: u32,
}

const _: () = assert!(size_of::<TapeTimer>() <= 12, "a timer fits into an event");
