//! `tiersim exposure`: every method struck at every boundary, as one table of windows.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::Exit;
use super::document::Destination;
use super::global::Output;
use super::progress::Counted;
use super::threads::threads;
use crate::report::exposure::{self, Exposure, SCHEMA};
use crate::report::json;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where the document goes; without it, or with `-`, to stdout.
    pub file: Option<PathBuf>,
    pub jobs: Option<NonZeroUsize>,
    pub global: Output,
}

/// # Errors
/// Only what writing itself meets, to the streams or to the file.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let beginning = if request.global.json { json::beginning(SCHEMA) } else { exposure::HEADING.to_owned() };
    let destination = match Destination::of(request.file.as_deref(), &beginning) {
        Ok(destination) => destination,
        Err(unwritable) => {
            writeln!(errors, "error: {unwritable}")?;
            return Ok(Exit::Usage);
        }
    };
    let shown = Counted::of(&request.global, "exposure", "variants", exposure::VARIANTS.len() as u64);
    let rows = exposure::rows(threads(request.jobs), |done| shown.update(done));
    shown.finish();
    let document = match request.global.json {
        true => json::document(&Exposure::new(&rows)),
        false => exposure::render(&rows).into_bytes(),
    };
    destination.put(&document, request.global.quiet, output, errors)
}
