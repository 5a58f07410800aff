//! One run, and loops around it.

pub mod faults;
pub mod trial;
