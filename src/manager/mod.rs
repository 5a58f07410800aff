//! The storage manager.
pub mod fact;
pub mod plan;
pub use fact::{Job, ManagerFact, Outcome};
