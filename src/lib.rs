//! tiersim: a deterministic simulator of a hierarchical storage system.
#![forbid(unsafe_code)]

pub mod kernel;
pub mod statistics;
pub mod vocab;

pub mod device;

pub mod controller;

pub mod manager;

pub mod host;

pub mod fault;

pub mod scenario;

pub mod world;

pub mod check;

pub mod measure;

pub mod campaign;

pub mod validate;

pub mod report;

pub mod cli;

/// Rises with any change of a number in any result (see CHANGELOG.md).
pub const MODEL_VERSION: u32 = 3;
