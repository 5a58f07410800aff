//! The channels between a host and a controller: parallel half-duplex paths with a rate and an overhead per request.

use crate::kernel::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelParameters {
    /// Bytes per second of one path.
    pub rate: u64,
    pub paths: u32,
    /// Per request, before the first byte.
    pub overhead: Span,
}
