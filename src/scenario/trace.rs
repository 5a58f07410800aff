//! The one place where the scenario layer reads a trace.

use crate::host::workload::{TraceRecord, WorkloadVolume};

use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::names::{AddressRule, TraceFormat};

/// What a scenario says about a trace.
#[derive(Clone, Copy, Debug)]
pub struct TraceRequest<'a> {
    pub name: &'a str,
    pub format: TraceFormat,
    pub address: AddressRule,
    pub allow_coarse_time: bool,
    pub skip_bad_lines: bool,
}

/// Reads a trace and places its requests on `volumes`, laid end to end. The caller adds the place to a diagnostic.
// TEMPORARY BODY, to be wired to `crate::host::trace`: parse `bytes` in the format, then place the records.
pub fn load_trace(
    request: &TraceRequest<'_>,
    _bytes: &[u8],
    _volumes: &[WorkloadVolume],
) -> Result<Vec<TraceRecord>, Box<Diagnostic>> {
    Err(Box::new(Diagnostic::error(Code::TraceMalformed, format!("the trace `{}` cannot be read yet", request.name))))
}
