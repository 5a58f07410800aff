//! Controllers: components with events, between the manager and the devices.

pub mod tape;
