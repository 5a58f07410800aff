//! `tiersim validate`: what theory and measurements say, beside what the models give.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::Exit;
use super::global::Output;
use super::progress::Counted;
use super::threads::threads;
use crate::report::validation::{Validation, render};
use crate::report::validation_files;
use crate::report::{DirectoryError, json};
use crate::validate::{self, Options, Outcome, Suite};

/// Columns where nobody says how wide the paper is: all of them are shown.
pub const PAPER: usize = 132;

/// Where the files of a comparison of disks go when nobody says.
const OWN: &str = "out/validate-disks";

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Without any, all that need no data.
    pub suites: Vec<Suite>,
    pub data: Option<PathBuf>,
    /// Where charts and numbers go.
    pub out: Option<PathBuf>,
    pub force: bool,
    pub jobs: Option<NonZeroUsize>,
    pub global: Output,
    /// Columns of the paper.
    pub width: usize,
}

/// # Errors
/// Only what writing itself meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let mut suites = request.suites.clone();
    if suites.is_empty() {
        let has_data = |suite: &Suite| request.data.as_deref().is_some_and(|folder| suite.finds_data(folder));
        suites.extend(Suite::ALL.into_iter().filter(|suite| !suite.needs_data() || has_data(suite)));
    }
    let options = Options { data: request.data.clone(), threads: threads(request.jobs) };
    if let Some(Err(error)) = request.out.as_deref().map(|path| validation_files::check(path, request.force)) {
        writeln!(errors, "error: {error}")?;
        return Ok(exit_of(&error));
    }
    let mut outcomes = Vec::new();
    for suite in suites {
        if suite.needs_data() && request.data.is_none() {
            let name = suite.name();
            writeln!(errors, "error: {name} compares with measurements: say with --data in which folder they are")?;
            return Ok(Exit::Usage);
        }
        let shown = Counted::new(&request.global, suite.name(), "replications");
        let outcome = validate::run(suite, &options, &|| shown.one_more());
        shown.finish();
        match outcome {
            Ok(outcome) => outcomes.push(outcome),
            Err(problem) => {
                writeln!(errors, "error: {problem}")?;
                return Ok(Exit::Usage);
            }
        }
    }
    match request.global.json {
        true => output.write_all(&json::document(&Validation::new(&outcomes)))?,
        false => output.write_all(render(&outcomes, request.width).as_bytes())?,
    }
    let exit = if outcomes.iter().all(Outcome::is_within) { Exit::Held } else { Exit::Violated };
    Ok(exit.and(write_files(request, &outcomes, errors)?))
}

/// Writes what does not fit into a table, where there is any or the user wants a directory.
fn write_files(request: &Request, outcomes: &[Outcome], errors: &mut dyn Write) -> io::Result<Exit> {
    let has_drives = outcomes.iter().any(|outcome| !outcome.drives.is_empty());
    let (path, force) = match &request.out {
        Some(path) => (path.as_path(), request.force),
        // Nobody else writes there, and what was changed in it stays.
        None if has_drives => (Path::new(OWN), true),
        None => return Ok(Exit::Held),
    };
    match validation_files::write(path, force, &validation_files::contents(outcomes)) {
        Ok(()) => {
            if !request.global.quiet {
                writeln!(errors, "wrote {}", path.display())?;
            }
            Ok(Exit::Held)
        }
        Err(error) => {
            writeln!(errors, "error: {error}")?;
            Ok(exit_of(&error))
        }
    }
}

fn exit_of(error: &DirectoryError) -> Exit {
    match error {
        DirectoryError::Write { .. } | DirectoryError::Diverged { .. } => Exit::Internal,
        DirectoryError::NotADirectory { .. }
        | DirectoryError::Busy { .. }
        | DirectoryError::NotEmpty { .. }
        | DirectoryError::Foreign { .. } => Exit::Usage,
    }
}
