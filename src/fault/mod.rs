//! Faults: what can go wrong and when.

pub mod plan;
