//! The simulated system: one value that owns every component and knows the wiring.

pub mod fact;

pub use fact::Fact;
