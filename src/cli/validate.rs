//! `tiersim validate`: what theory and measurements say, beside what the models give.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use super::Exit;
use crate::report::json;
use crate::report::validation::{Validation, render};
use crate::validate::{self, Options, Outcome, Suite};

/// Columns where nobody says how wide the paper is: all of them are shown.
pub const PAPER: usize = 132;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Without any, all that need no data.
    pub suites: Vec<Suite>,
    pub data: Option<PathBuf>,
    pub jobs: Option<NonZeroUsize>,
    pub json: bool,
    /// Columns of the paper.
    pub width: usize,
}

/// # Errors
/// Only what writing itself meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let mut suites = request.suites.clone();
    if suites.is_empty() {
        suites.extend(Suite::ALL.into_iter().filter(|suite| !suite.needs_data()));
    }
    let threads = request.jobs.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let options = Options { data: request.data.clone(), threads };
    let mut outcomes = Vec::new();
    for suite in suites {
        if suite.needs_data() && request.data.is_none() {
            let name = suite.name();
            writeln!(errors, "error: {name} compares with measurements: say with --data in which folder they are")?;
            return Ok(Exit::Usage);
        }
        match validate::run(suite, &options) {
            Ok(outcome) => outcomes.push(outcome),
            Err(problem) => {
                writeln!(errors, "error: {problem}")?;
                return Ok(Exit::Usage);
            }
        }
    }
    match request.json {
        true => output.write_all(&json::document(&Validation::new(&outcomes)))?,
        false => output.write_all(render(&outcomes, request.width).as_bytes())?,
    }
    Ok(if outcomes.iter().all(Outcome::is_within) { Exit::Held } else { Exit::Violated })
}
