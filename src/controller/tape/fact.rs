//! What observers may learn from the tape controller.

use crate::vocab::{Backup, Cartridge, Drive, Tag, TrackNo};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TapeFact {
    Loaded {
        drive: Drive,
        cartridge: Cartridge,
    },
    /// A block is in the drive's buffer; `track` is `None` for a header block.
    BlockAcknowledged {
        drive: Drive,
        cartridge: Cartridge,
        backup: Backup,
        track: Option<TrackNo>,
        tag: Tag,
    },
    /// A block is on the tape. Durable.
    BlockHardened {
        drive: Drive,
        cartridge: Cartridge,
        backup: Backup,
        track: Option<TrackNo>,
        tag: Tag,
    },
    MarkWritten {
        drive: Drive,
    },
    MarkHardened {
        drive: Drive,
    },
    ErrorReported {
        drive: Drive,
        permanent: bool,
    },
    BlocksLost {
        drive: Drive,
        count: u64,
    },
    Unloaded {
        drive: Drive,
        cartridge: Cartridge,
    },
    StopStart {
        drive: Drive,
    },
}
