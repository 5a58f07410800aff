//! Scenarios: from text to a plan.
pub mod plan;
pub use plan::Plan;
