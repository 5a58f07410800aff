//! What can be wrong with a trace file as a whole, and what to do about it.

use std::io;

use super::{Grouped, TraceFormat};
use crate::kernel::Span;

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("there is no file `{name}`")]
    Missing { name: String },
    #[error("`{name}` is a directory, not a trace")]
    Directory { name: String },
    #[error("`{name}` cannot be read: {error}")]
    Unreadable { name: String, error: io::Error },
    #[error("`{name}` is empty")]
    Empty { name: String },
    #[error("`{name}` is no {} trace; it starts with {head}", .format.map_or("known", TraceFormat::name))]
    NotRecognised { name: String, format: Option<TraceFormat>, head: String },
    #[error("`{name}` may be {one} or {other}: both write five numbers per line")]
    Ambiguous { name: String, one: TraceFormat, other: TraceFormat },
    #[error("`{name}` holds no {format} record: {} rejected, {} skipped{}", Grouped(*rejected), Grouped(*skipped),
        .first.as_ref().map_or_else(String::new, |first| format!("; the first: {first}")))]
    NoRecord { name: String, format: TraceFormat, rejected: u64, skipped: u64, first: Option<String> },
    #[error("`{name}` is damaged: {message}")]
    Lost { name: String, message: String },
    #[error("in `{name}` record {} comes {late_by} after record {} of a later time; up to {window} is sorted",
        Grouped(*line), Grouped(*later_line))]
    OutOfOrder { name: String, line: u64, later_line: u64, late_by: Span, window: Span },
    #[error("`{name}` is a {format} trace, `{other_name}` a {other} trace: they have no common clock")]
    Mixed { name: String, format: TraceFormat, other_name: String, other: TraceFormat },
    #[error("the addresses of `{name}` count bytes: {format} traces have no sector size to change")]
    NoSectors { name: String, format: TraceFormat },
    #[error("`{name}` has more than {} records", Grouped(*most))]
    TooLong { name: String, most: u64 },
}

impl TraceError {
    /// What the user can do.
    pub fn remedy(&self) -> String {
        let text = match self {
            TraceError::Missing { .. } => {
                "give the path of an existing file; a path in a scenario is relative to the scenario"
            }
            TraceError::Directory { .. } => "name one file in it",
            TraceError::Unreadable { .. } => "check that the file may be read and that it is whole",
            TraceError::Empty { .. } => "the copy or download of the file may have failed: repeat it",
            TraceError::NotRecognised { .. } => {
                let known: Vec<&str> = TraceFormat::ALL.iter().map(|format| format.name()).collect();
                return format!("formats that can be read: {}", known.join(", "));
            }
            TraceError::Ambiguous { .. } => "say which one it is, with `--format`, or with `format` in a scenario",
            TraceError::NoRecord { .. } => "say which format it is, or repeat the copy or download of the file",
            TraceError::Lost { .. } => "repeat the copy or download of the file",
            TraceError::OutOfOrder { .. } => {
                "sort the file by time, or import it with a longer `--window`; if one record has a wrong time, remove it"
            }
            TraceError::Mixed { .. } => "import them one by one",
            TraceError::NoSectors { .. } => "leave the sector size out",
            TraceError::TooLong { .. } => "cut the trace into shorter ones",
        };
        text.to_owned()
    }
}
