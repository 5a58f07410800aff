//! tiersim: a deterministic simulator of a hierarchical storage system.
#![forbid(unsafe_code)]

pub mod controller;
pub mod device;
pub mod host;
pub mod kernel;
pub mod vocab;
