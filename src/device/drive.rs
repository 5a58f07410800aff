//! A tape drive: load, locate, stream, stop and start, rewind, unload.

use crate::kernel::Span;

/// A drive of the 3590 class and its medium. Lengths are millimetres, rates bytes per second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveParameters {
    /// Rate on the tape, before compression.
    pub native_rate: u64,
    /// Bytes of a cartridge, before compression.
    pub capacity: u64,
    /// Host bytes per byte on tape, in thousandths: 3.0 is 3000.
    pub compression_milli: u64,
    /// Passes of the serpentine over the tape.
    pub wraps: u32,
    pub length_mm: u64,
    /// Millimetres per second while searching or rewinding.
    pub search_speed_mm: u64,
    pub locate_overhead: Span,
    /// From the insertion of a cartridge to ready at the load point.
    pub load: Span,
    pub unload: Span,
    /// Bytes of the drive buffer.
    pub buffer: u64,
    /// Time lost by one stop, reversal and start.
    pub backhitch: Span,
    /// Share of the capacity kept for trailer labels, in thousandths; the early warning stands in front of it.
    pub reserve_milli: u64,
}
