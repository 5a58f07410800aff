//! The file of a drive: a TOML text with the drive's parameters, and the tables beside it.
//!
//! All that is wrong with the file and its tables comes back at once, each problem with place, reason and remedy.

mod controller;
mod convert;
mod csv;
mod number;
mod raw;

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Diagnostics, SourceText};
use super::document;
use super::form::Form;
use super::shape::{Given, Shape};
use super::source::{Files, InputFile, Source};
use crate::device::disk::{DiskError, DiskModel, Specification};
use convert::Tables;
pub use number::Number;
use raw::RawDrive;

/// The form of a drive's file.
pub fn form() -> Form {
    RawDrive::form()
}

/// The largest table beside a drive's file.
const MOST_TABLE: u64 = 16 << 20;

/// A drive that was found possible.
#[derive(Clone, Debug)]
pub struct Drive {
    pub name: String,
    pub specification: Specification,
    pub model: DiskModel,
    /// The files that decide about it.
    pub inputs: Vec<InputFile>,
    /// What the file says that the model does not do, as in `write_hit_stop_prefetch = 0 (modelled: 1)`.
    pub aside: Vec<String>,
}

/// Reads the file of a drive, with the tables that it names.
///
/// # Errors
/// All problems of the file and its tables.
pub fn load(source: &Source) -> Result<Drive, Diagnostics> {
    let mut sources = vec![SourceText { name: source.name(), text: String::new() }];
    let text =
        match source.bytes().and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".into())) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("`{}` cannot be read: {reason}", sources[0].name);
                let problem = Diagnostic::error(Code::Unreadable, message).help("give the path of the file of a drive");
                return Err(Diagnostics::new(sources, vec![problem]));
            }
        };
    sources[0].text.clone_from(&text);
    let document = match document::parse(&text, 0) {
        Ok(document) => document,
        Err(problems) => return Err(Diagnostics::new(sources, problems)),
    };
    let mut problems = Vec::new();
    let raw = RawDrive::read(&document, "", &mut problems).unwrap_or_default();
    let mut inputs = vec![InputFile::of(&source.name(), text.as_bytes())];
    let raw = with_zones(raw, source, &mut sources, &mut inputs, &mut problems);
    let tables = Tables { seek: seek_points(&raw, source, &mut sources, &mut inputs, &mut problems) };
    let specification = convert::specification(&raw, &tables, &mut problems);
    let model = specification.as_ref().and_then(|specification| match DiskModel::of(specification) {
        Ok(model) => Some(model),
        Err(error) => {
            problems.push(impossible(&error));
            None
        }
    });
    let found = Diagnostics::new(sources, problems);
    match (specification, model) {
        (Some(specification), Some(model)) if !found.has_errors() => {
            let aside = controller::aside(&raw);
            let named = raw.disk.and_then(|disk| disk.value.name);
            let name = named.map_or_else(|| source.stem(), |given| given.value);
            Ok(Drive { name, specification, model, inputs, aside })
        }
        _ => Err(found),
    }
}

fn impossible(error: &DiskError) -> Diagnostic {
    Diagnostic::error(Code::Contradiction, format!("no drive has these parameters: {error}")).help(
        "compare the file with the data sheet of the drive; cylinders count from 0, zones from 0, sizes are sectors",
    )
}

/// The points of a measured curve, where the file names a table of them.
fn seek_points(
    raw: &RawDrive,
    source: &Source,
    sources: &mut Vec<SourceText>,
    inputs: &mut Vec<InputFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<(u32, u64)>> {
    let mechanics = &raw.mechanics.as_ref()?.value;
    mechanics.seek_type.as_ref().filter(|form| form.value == "extracted")?;
    let name = mechanics.seek_curve_csv.as_ref()?;
    let number = beside(name, source, sources, inputs, problems)?;
    csv::seek_points(&sources[number].text, number, problems)
}

/// The drive with the zones of the table that it names, where it has none of its own; where it has both they must agree.
fn with_zones(
    mut raw: RawDrive,
    source: &Source,
    sources: &mut Vec<SourceText>,
    inputs: &mut Vec<InputFile>,
    problems: &mut Vec<Diagnostic>,
) -> RawDrive {
    let name = raw.layout.as_ref().and_then(|layout| layout.value.zones_csv.clone());
    let Some(name) = name else { return raw };
    // A table that repeats what the file says may be missing.
    if raw.zone.is_some() && source.read(&name.value, MOST_TABLE).is_err() {
        return raw;
    }
    let Some(number) = beside(&name, source, sources, inputs, problems) else { return raw };
    let Some(zones) = csv::zones(&sources[number].text, number, problems) else { return raw };
    match &raw.zone {
        Some(own) => csv::compare(&own.value, &zones, problems),
        None => raw.zone = Some(Given { value: zones, place: name.place.clone(), path: "zone".to_owned() }),
    }
    raw
}

/// Reads a file that the drive's file names; gives back its number among the sources.
fn beside(
    name: &Given<String>,
    source: &Source,
    sources: &mut Vec<SourceText>,
    inputs: &mut Vec<InputFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let text = source
        .read(&name.value, MOST_TABLE)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()));
    match text {
        Ok(text) => {
            inputs.push(InputFile::of(&name.value, text.as_bytes()));
            sources.push(SourceText { name: name.value.clone(), text });
            Some(sources.len() - 1)
        }
        Err(reason) => {
            let problem = Diagnostic::error(Code::Unreadable, format!("`{}` cannot be read: {reason}", name.value));
            problems.push(
                problem
                    .at(&name.place, "named here")
                    .path(name.path.clone())
                    .help("put the table beside the file of the drive, or name it relative to that file"),
            );
            None
        }
    }
}
