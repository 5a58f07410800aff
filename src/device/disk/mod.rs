//! A mechanical disk.
pub mod parameters;
pub use parameters::{DiskParameters, SeekParameters};
