//! How long did it take? The CPU time of this thread, because a shared machine takes the wall clock away at any moment.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a bench measures real time")]

use std::fs;
use std::time::Instant;

/// Nanoseconds that the scheduler has given to the main thread, or, where it does not say, since the start.
pub struct Clock {
    started: Instant,
    counts_cpu: bool,
}

impl Clock {
    pub fn new() -> Clock {
        Clock { started: Instant::now(), counts_cpu: cpu_time().is_some_and(|time| time > 0) }
    }

    pub fn name(&self) -> &'static str {
        if self.counts_cpu { "CPU time of the thread (/proc/self/schedstat)" } else { "wall clock" }
    }

    pub fn now(&self) -> u64 {
        let wall = || u64::try_from(self.started.elapsed().as_nanos()).expect("a bench takes less than 584 years");
        if self.counts_cpu { cpu_time().expect("it could be read at the start") } else { wall() }
    }
}

/// The scheduler brings its account up to date when a thread gives the processor away; otherwise it may lag by a tick.
fn cpu_time() -> Option<u64> {
    std::thread::yield_now();
    fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}
