//! Stopping a run from the keyboard: once to end it in order, twice to end it at once.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::console::ended;
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

    /// For commands that give all or nothing: SIGINT and SIGTERM end the program with its code, and with its document.
    pub fn end_at_once(json: bool) {
        let handler = move || {
            let told = "interrupted: no result was written";
            // Nobody may be left to be told.
            let _ = writeln!(io::stderr(), "{told}");
            if json {
                let _ = io::stdout().write_all(&ended(Exit::Interrupted, vec![told.to_owned()]));
            }
            std::process::exit(i32::from(Exit::Interrupted.code()));
        };
        let _ = ctrlc::set_handler(handler);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
