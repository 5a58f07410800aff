//! The parameters of a mechanical disk, as a data sheet gives them.

use crate::kernel::Span;

/// A disk drive. Rates are bytes per second, sectors have 512 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskParameters {
    /// Revolutions per minute.
    pub rpm: u32,
    pub cylinders: u32,
    pub heads: u32,
    /// Zones of constant track size, spread evenly over the cylinders.
    pub zones: u32,
    /// Bytes a host may address.
    pub capacity: u64,
    /// Sustained media rate of the outermost and of the innermost zone.
    pub rate_outer: u64,
    pub rate_inner: u64,
    pub seek_read: SeekParameters,
    pub seek_write: SeekParameters,
    /// Rotation lost from one track to the next in a sequential transfer.
    pub track_skew: Span,
    /// Command processing before the arm moves.
    pub overhead: Span,
}

/// The three seek times of a data sheet; the curve through them is solved at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeekParameters {
    /// To the neighbouring cylinder.
    pub track: Span,
    /// Mean over random pairs of distinct cylinders.
    pub average: Span,
    /// From the first cylinder to the last.
    pub full: Span,
}
