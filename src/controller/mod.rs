//! Controllers: components with events, between the manager and the devices. They know the rules.

pub mod dasd;
pub mod tape;
