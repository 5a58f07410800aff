//! tiersim: a deterministic simulator of a hierarchical storage system.
#![forbid(unsafe_code)]

pub mod campaign;
pub mod cli;
pub mod controller;
pub mod device;
pub mod fault;
pub mod host;
pub mod kernel;
pub mod manager;
pub mod scenario;
pub mod vocab;
pub mod world;
