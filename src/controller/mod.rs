//! Controllers: they know the rules of their devices.

pub mod dasd;
pub mod tape;
