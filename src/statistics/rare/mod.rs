//! How likely something is that no simulation of bearable length would ever show.
//!
//! Three ways that share nothing but the question. [`splitting`] forks a run on its way to the event and needs no more than
//! a function that says how far the way was gone. [`biasing`] makes failures frequent and weighs what comes of it; it needs
//! a chain with exponential times. [`window`] multiplies how long a system is open to a fault by how often the fault comes.
//! Nothing here starts threads: what is to run in parallel is a function of its own number, and the parts are joined in
//! the order of their numbers.

pub mod biasing;
pub mod splitting;
pub mod window;
