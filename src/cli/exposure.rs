//! `tiersim exposure`: every method struck at every boundary, as one table of windows.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use super::Exit;
use super::matrix::write_whole;
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
    let threads = request.jobs.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let document = exposure::render(&exposure::rows(threads)).into_bytes();
    match request.file.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => {
            write_whole(path, &document)?;
            writeln!(errors, "wrote {}", path.display())?;
        }
        None => output.write_all(&document)?,
    }
    Ok(Exit::Held)
}
