//! The simulation kernel: time, order, chance and history. No storage word appears here.

pub mod checkpoints;
pub mod fingerprint;
pub mod outbox;
pub mod queue;
pub mod rng;
pub mod run;
pub mod station;
pub mod time;

pub use checkpoints::Checkpoints;
pub use fingerprint::{Fingerprint, StateDigest, mix};
pub use outbox::Outbox;
pub use queue::{Class, Delivery, Origin, Queue};
pub use rng::{Draws, Stream, lognormal_mean};
pub use run::{Model, Run};
pub use station::{Station, Usage};
pub use time::{Span, Time};
