//! The nouns that every layer shares.

pub mod contents;
pub mod event;
pub mod extent;
pub mod id;
pub mod io;
pub mod label;
mod mutant;

pub use contents::{Paged, Tag, TrackImage};
pub use event::{EventName, Goal, Invariant, Slip, StepName};
pub use extent::{Extents, MOST_RUNS, TrackRun, VTOC_TRACKS};
pub use id::{
    Backup, Cartridge, Command, Device, DeviceNumber, Drive, Image, RelationNumber, Restore, TrackNo, VolumeId,
    Workload, WriteNumber,
};
pub use io::{HostReply, HostRequest, Op, SLOT_BYTES, Status, TRACK_BYTES, TRACKS_PER_CYLINDER, Ticket, TrackRange};
pub use label::{HiddenContext, HiddenFormat, HiddenId, HiddenState, Label, LabelTrack};
pub use mutant::{CheckMutant, Mutant};
