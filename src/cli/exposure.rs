//! `tiersim exposure`: every method struck at every boundary, as one table of windows.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::Exit;
use super::document::Destination;
use super::threads::threads;
use crate::report::exposure;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where the document goes; without it, or with `-`, to stdout.
    pub file: Option<PathBuf>,
    pub jobs: Option<NonZeroUsize>,
}

/// # Errors
/// Only what writing itself meets, to the streams or to the file.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let destination = match Destination::of(request.file.as_deref(), exposure::HEADING) {
        Ok(destination) => destination,
        Err(unwritable) => {
            writeln!(errors, "error: {unwritable}")?;
            return Ok(Exit::Usage);
        }
    };
    let document = exposure::render(&exposure::rows(threads(request.jobs))).into_bytes();
    destination.write(&document, output, errors)
}
