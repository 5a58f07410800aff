//! Runs: one at a time, and what is to be said of the result.

pub mod explore;
pub mod faults;
pub mod judge;
pub mod matrix;
pub mod mutants;
pub mod one;
pub mod outcome;
pub mod replay;
pub mod shrink;
pub mod sweep;
pub mod trial;

pub use judge::{Judgement, Met, judge};
pub use outcome::{
    ArrayUse, CheckReport, Component, EndReason, ExposureReport, Flow, GoalReport, Overrun, Progress, RunOutcome,
    TraceReplay, Verdict, Violation, Watch,
};
pub use trial::{Happening, Trial};
