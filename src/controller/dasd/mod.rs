//! The DASD controller of the home-area architecture.
pub mod command;
pub mod parameters;
pub use command::{DasdCommand, DasdFact, DasdReply, Identity, Payload, RelationSummary};
pub use parameters::{CopyMode, DasdParameters, LabelCommit, StripeLog, VolumeParameters};
