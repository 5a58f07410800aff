//! The tape controller and its drives.
pub mod fact;
pub use fact::TapeFact;
