//! tiersim: a deterministic simulator of a hierarchical storage system.
#![forbid(unsafe_code)]

pub mod kernel;
pub mod vocab;
