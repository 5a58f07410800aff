//! Stopping a run from the keyboard: once to end it in order, twice to end it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;

/// Set when somebody wants the run to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to SIGINT and SIGTERM. Where that is impossible they end the program as they always do.
    pub fn listen() -> Interrupt {
        let interrupt = Interrupt::default();
        let flag = interrupt.clone();
        let handler = move || {
            if flag.0.swap(true, Ordering::Relaxed) {
                // Files get their names only when they are whole, so leaving now leaves nothing half written.
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
        };
        // A second listener in one process, as in tests, is refused; the first one goes on listening.
        let _ = ctrlc::set_handler(handler);
        interrupt
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
