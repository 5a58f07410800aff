//! Everything that is known of a drive, as its parameter file gives it; [`DiskModel`](super::DiskModel) makes tables of it.
//!
//! The terms are those of DiskSim 4.0, whose validated drives are written in them. A data sheet knows less; what it says
//! is put into the same terms by [`DiskParameters`](super::DiskParameters).

use super::queue::Scheduler;
use crate::kernel::Span;

/// A drive. Sectors have 512 bytes, cylinder 0 is the outermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Specification {
    pub surfaces: u32,
    pub cylinders: u32,
    /// Sectors a host may address; the zones may hold more.
    pub sectors: u64,
    /// Hundredths of a turn a minute.
    pub rpm_hundredths: u64,
    pub seek_read: SeekForm,
    /// Another curve for writes, where a data sheet has one.
    pub seek_write: Option<SeekForm>,
    pub head_switch: Span,
    /// Nanoseconds added to each movement before a write; may be negative.
    pub write_settle: i64,
    pub order: HeadOrder,
    pub sparing: Sparing,
    pub zones: Vec<ZoneSpecification>,
    pub controller: Controller,
}

impl Specification {
    /// Sectors that the zones hold together; nothing when a zone holds none.
    pub fn sectors_of_zones(&self) -> Option<u64> {
        self.zones.iter().try_fold(0u64, |sum, zone| sum.checked_add(zone.blocks(self)?))
    }
}

/// Neighbouring cylinders with tracks of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneSpecification {
    pub first_cylinder: u32,
    pub last_cylinder: u32,
    pub sectors_per_track: u32,
    /// Sectors at the front that carry no logical blocks.
    pub front: u64,
    /// Spare tracks or sectors, as the sparing counts them.
    pub spares: u64,
    /// Bad tracks or sectors that the numbering passes over.
    pub slips: Vec<u64>,
    /// Bad tracks or sectors and what replaces them.
    pub defects: Vec<(u64, u64)>,
    /// Where the first sector of the zone lies.
    pub offset: Angle,
    pub track_skew: Angle,
    pub cylinder_skew: Angle,
}

/// A part of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Angle {
    /// Billionths of a sector.
    Sectors(i64),
    /// The turn that takes place in a time, in nanoseconds.
    Time(u64),
}

/// In which order the tracks of a cylinder follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadOrder {
    /// Head by head in every cylinder.
    Ascending,
    /// Backwards in every second cylinder of a zone.
    AlternatingInZone,
    /// Backwards in every second cylinder of the disk.
    AlternatingOnDisk,
}

/// What room for bad places there is, and in which unit slips and defects are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sparing {
    None,
    /// Spare tracks at the end of each zone; slips and defects are tracks.
    Tracks,
    /// Spare sectors on each track.
    SectorsPerTrack,
    /// As many sectors as were slipped, at the end of each zone.
    Slipped,
    /// Spare sectors in each range of so many cylinders.
    SectorsPerRange(u32),
    /// Spare sectors at the end of each zone.
    SectorsPerZone,
}

/// How long the arm takes for a distance.
#[derive(Clone, Debug, PartialEq)]
pub enum SeekForm {
    /// Measured points of distance and nanoseconds, with straight lines between them.
    Measured(Vec<(u32, u64)>),
    /// Two pieces (Ruemmler and Wilkes 1994): below `divide` cylinders `root.0 + root.1 sqrt(d)`, from there on
    /// `line.0 + line.1 d`, in milliseconds. The first distances may be given singly, in nanoseconds.
    TwoPieces {
        first: Vec<u64>,
        divide: f64,
        root: (f64, f64),
        line: (f64, f64),
    },
    /// Through the times to the neighbour, on average and for the full stroke, in nanoseconds.
    ThreePointCurve {
        single: u64,
        average: u64,
        full: u64,
    },
    /// Two straight lines that meet at a third of the stroke.
    ThreePointLine {
        single: u64,
        average: u64,
        full: u64,
    },
    Constant(u64),
    /// The curve whose mean over random pairs of cylinders is the average of a data sheet.
    DataSheet(super::SeekParameters),
}

/// The electronics of the drive: overheads, host bus, cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    pub bus_read: Span,
    pub bus_write: Span,
    pub overheads: Overheads,
    pub cache: Option<CacheSpecification>,
    pub fast_write: FastWrite,
    /// An appending write joins one that is still being written to the media.
    pub combines_writes: bool,
    pub never_disconnects: bool,
    pub watermark: Watermark,
    /// Delay and positioning of a write take at least this long together.
    pub least_write_positioning: Span,
    pub extra_disconnect: Option<ExtraDisconnect>,
    /// The order of waiting commands; nothing where the drive has one that is not modelled, which decides nothing while
    /// one command is outstanding.
    pub scheduler: Option<Scheduler>,
}

/// Overheads of a command by what went before it: after a read, after a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overheads {
    pub request: Span,
    pub read_hit: [Span; 2],
    pub read_miss: [Span; 2],
    pub write_hit: [Span; 2],
    pub write_miss: [Span; 2],
    pub read_completion: Span,
    pub write_completion: Span,
    pub data_preparation: Span,
    pub first_reselect: Span,
    pub other_reselect: Span,
}

/// When a write is complete for its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastWrite {
    /// Level 0: when it is on the media.
    Never,
    /// Level 1: when it is in the buffer, for streams of appending writes; each write is one while no other is
    /// outstanding.
    Streams,
    /// Level 2: when it is in the buffer.
    Always,
}

/// How much must have been read before the drive asks for the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// Millionths of the request or of the segment.
    pub ppm: u64,
    pub of: WatermarkOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatermarkOf {
    Request,
    Segment,
}

/// The cache in the drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSpecification {
    pub segments: usize,
    pub segment_sectors: u64,
    /// One segment serves all writes and no reads.
    pub separate_write_segment: bool,
    pub hits_on_written: bool,
    /// Without it the segments only match the speeds of bus and media.
    pub enabled: bool,
    pub read_ahead: ReadAhead,
    /// Sectors of read-ahead that a later request cannot cut off.
    pub least_read_ahead: u64,
    pub read_ahead_after_hit: bool,
    /// Whole sectors of the track that pass before the request enter the segment too.
    pub free_blocks: bool,
    /// The sector that is just being read ahead counts as a hit.
    pub almost_hits: bool,
    pub stops: Stop,
}

/// How far a drive reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAhead {
    None,
    ToTrackEnd(ReadAheadLimit),
    ToCylinderEnd(ReadAheadLimit),
    Sectors(ReadAheadLimit),
    /// To the end of the next sector's track, and one track further when the segment began before it.
    Tracks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAheadLimit {
    /// So many sectors beyond the request.
    Beyond(u64),
    /// A segment from the first sector of the request on.
    SegmentWithRequest,
}

/// When a read-ahead gives up the arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    AtOnce,
    AfterSector,
}

/// A drive that disconnects once more in a write that does not continue the write before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtraDisconnect {
    pub command: Span,
    pub disconnect: Span,
    pub between: Span,
    /// How much later the arm starts.
    pub seek_delta: Span,
}

#[cfg(test)]
pub(crate) mod examples {
    //! A disk on which everything can be counted.

    use super::*;

    /// Three surfaces; zones of 4 and of 3 cylinders with 10 and 8 sectors a track and a cylinder without sectors between
    /// them. A turn takes 100 ms, a movement 1 ms, a change of heads nothing; commands cost nothing and there is no cache.
    pub fn small() -> Specification {
        let zone = |first_cylinder, last_cylinder, sectors_per_track| ZoneSpecification {
            first_cylinder,
            last_cylinder,
            sectors_per_track,
            front: 0,
            spares: 0,
            slips: Vec::new(),
            defects: Vec::new(),
            offset: Angle::Sectors(0),
            track_skew: Angle::Sectors(2_000_000_000),
            cylinder_skew: Angle::Sectors(3_000_000_000),
        };
        Specification {
            surfaces: 3,
            cylinders: 8,
            sectors: 12 * 10 + 9 * 8,
            rpm_hundredths: 60_000,
            seek_read: SeekForm::Constant(1_000_000),
            seek_write: None,
            head_switch: Span::ZERO,
            write_settle: 0,
            order: HeadOrder::Ascending,
            sparing: Sparing::None,
            zones: vec![zone(0, 3, 10), zone(5, 7, 8)],
            controller: Controller {
                bus_read: Span::ZERO,
                bus_write: Span::ZERO,
                overheads: Overheads::default(),
                cache: None,
                fast_write: FastWrite::Never,
                combines_writes: false,
                never_disconnects: false,
                watermark: Watermark { ppm: 0, of: WatermarkOf::Request },
                least_write_positioning: Span::ZERO,
                extra_disconnect: None,
                scheduler: Some(Scheduler::Fcfs),
            },
        }
    }
}
