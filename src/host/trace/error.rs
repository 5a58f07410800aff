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
    #[error("`{name}` is compressed")]
    Compressed { name: String, command: &'static str },
    #[error("`{name}` is no {} trace; it starts with {head}", .format.map_or("known", TraceFormat::name))]
    NotRecognised { name: String, format: Option<TraceFormat>, head: String },
    #[error("in `{name}` record {} comes {late_by} after record {} of a later time; up to one second is sorted",
        Grouped(*line), Grouped(*later_line))]
    OutOfOrder { name: String, line: u64, later_line: u64, late_by: Span },
}

impl TraceError {
    /// What the user can do.
    pub fn remedy(&self) -> String {
        match self {
            TraceError::Missing { .. } => "give the path of an existing file; a relative path starts at the directory \
                of the scenario"
                .into(),
            TraceError::Directory { .. } => "name one file in it".into(),
            TraceError::Unreadable { .. } => "check that the file may be read and that its disk is in order".into(),
            TraceError::Empty { .. } => "the copy or download of the file may have failed: repeat it".into(),
            TraceError::Compressed { name, command } => {
                format!("decompress it first: {command} '{name}' > trace, and name the result")
            }
            TraceError::NotRecognised { .. } => {
                let known: Vec<&str> = TraceFormat::ALL.iter().map(|format| format.name()).collect();
                format!("formats that can be read: {}", known.join(", "))
            }
            TraceError::OutOfOrder { .. } => "sort the file by time; if one record has a wrong time, remove it".into(),
        }
    }
}
