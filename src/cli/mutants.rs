//! `tiersim mutants`: the system with one protection left out, again and again, and what noticed.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::Exit;
use super::document::Destination;
use super::global::Output;
use super::progress::Counted;
use super::threads::threads;
use crate::campaign::mutants::{SPECIMENS, Specimen, run as try_all};
use crate::report::json;
use crate::report::mutants::{HEADING, Mutants, SCHEMA, render};
use crate::scenario::diagnostic::suggestion;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// By name or number; without any, all.
    pub mutants: Vec<String>,
    /// Where the document goes; without it, or with `-`, to stdout.
    pub file: Option<PathBuf>,
    /// Equal states are run again.
    pub no_reduce: bool,
    pub jobs: Option<NonZeroUsize>,
    pub global: Output,
}

/// # Errors
/// Only what writing itself meets, to the streams or to the file.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let mut chosen: Vec<&'static Specimen> = Vec::new();
    let mut unknown = 0;
    for wanted in &request.mutants {
        match SPECIMENS.iter().find(|it| it.mutant.name() == wanted || it.number.to_string() == *wanted) {
            Some(specimen) => chosen.push(specimen),
            None => {
                let names: Vec<&str> = SPECIMENS.iter().map(|specimen| specimen.mutant.name()).collect();
                writeln!(errors, "error: there is no mutant `{wanted}`: {}", suggestion(wanted, &names, "mutants"))?;
                unknown += 1;
            }
        }
    }
    if unknown > 0 {
        return Ok(Exit::Usage);
    }
    if request.mutants.is_empty() {
        chosen.extend(SPECIMENS);
    }
    let beginning = if request.global.json { json::beginning(SCHEMA) } else { HEADING.to_owned() };
    let destination = match Destination::of(request.file.as_deref(), &beginning) {
        Ok(destination) => destination,
        Err(unwritable) => {
            writeln!(errors, "error: {unwritable}")?;
            return Ok(Exit::Usage);
        }
    };
    let shown = Counted::of(&request.global, "mutants", "mutants", chosen.len() as u64);
    let trials = try_all(&chosen, threads(request.jobs), !request.no_reduce, |done| shown.update(done));
    shown.finish();
    let mutants = Mutants::new(&trials);
    let document = match request.global.json {
        true => json::document(&mutants),
        false => render(&mutants).into_bytes(),
    };
    let written = destination.put(&document, request.global.quiet, output, errors)?;
    for row in mutants.mutants.iter().filter(|row| !row.killed) {
        writeln!(errors, "survived: {} ({}), unnoticed by {}", row.mutant, row.about, row.fires.join(" and "))?;
    }
    Ok(if mutants.survived == 0 { written } else { Exit::Violated })
}
