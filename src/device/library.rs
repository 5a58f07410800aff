//! The tape library: cells, one accessor, drives.

use crate::kernel::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryParameters {
    /// Accessor time of one exchange between a cell and a drive.
    pub exchange: Span,
    pub accessors: u32,
}
