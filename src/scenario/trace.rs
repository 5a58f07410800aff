//! The one place where the scenario layer reads a trace.

use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::names::{AddressRule, TraceFormat};
use crate::host::trace::{self, Action, Address, PlaceError, ReadOptions, Timing, Trace};
use crate::host::{TraceRecord, WorkloadVolume};
use crate::kernel::Span;

/// What a scenario says about a trace.
#[derive(Clone, Copy, Debug)]
pub struct TraceRequest<'a> {
    pub name: &'a str,
    pub format: TraceFormat,
    /// What the format says unless it is given.
    pub sector_bytes: Option<u64>,
    pub read_code: Option<u64>,
    pub action: Option<Action>,
    pub address: AddressRule,
    /// Recorded times decide when requests are issued.
    pub open_loop: bool,
    pub allow_coarse_time: bool,
    pub skip_bad_lines: bool,
}

/// A clock coarser than this tells nothing about how requests follow each other.
const COARSE: Span = Span::from_ms(1);

/// Bytes of a trace after decompression: as many as a trace file may have.
const MOST_CONTENT: u64 = 1 << 30;

/// What of a trace is replayed.
#[derive(Debug)]
pub struct Loaded {
    pub records: Vec<TraceRecord>,
    /// A warning about bad records.
    pub left_out: Option<Diagnostic>,
}

/// Reads a trace and places its requests on `volumes`, laid end to end. The caller adds the place to a diagnostic.
pub fn load_trace(
    request: &TraceRequest<'_>,
    bytes: &[u8],
    volumes: &[WorkloadVolume],
) -> Result<Loaded, Box<Diagnostic>> {
    let usual = ReadOptions::default();
    let options = ReadOptions {
        // `auto` is no format of a file.
        format: trace::TraceFormat::parse(request.format.name()),
        sector_bytes: request.sector_bytes,
        read_code: request.read_code.and_then(|code| u8::try_from(code).ok()).unwrap_or(usual.read_code),
        action: request.action.unwrap_or(usual.action),
        most_bytes: MOST_CONTENT,
        ..usual
    };
    let malformed =
        |message: String, help: String| Box::new(Diagnostic::error(Code::TraceMalformed, message).help(help));
    let trace = trace::read_stream(request.name, bytes, options)
        .map_err(|problem| malformed(problem.to_string(), problem.remedy()))?;
    if let Some(first) = trace.rejects.kept.first().filter(|_| !request.skip_bad_lines) {
        let total = trace.rejects.total();
        let message = format!("`{}` has {total} bad record(s); the first is number {}", request.name, first.line);
        let help = "repair the trace, or set `skip_bad_lines = true` to replay the rest";
        let mut problem = malformed(message, help.into());
        problem.label = first.message.clone();
        return Err(problem);
    }
    if request.open_loop && trace.timing == Timing::None {
        let message = format!("the trace `{}` tells no times: its format is {}", request.name, trace.format);
        return Err(malformed(message, "replay it with `replay = \"closed\"`".into()));
    }
    let coarse = trace.timing != Timing::CoarseAllowed && trace.time_resolution > COARSE;
    if request.open_loop && coarse && !request.allow_coarse_time {
        let message = format!("the times of `{}` are whole steps of {}", request.name, trace.time_resolution);
        let help = "replay it with `replay = \"closed\"`, or set `allow_coarse_time = true` to issue each step's requests \
            in one burst";
        return Err(malformed(message, help.into()));
    }
    let address = match request.address {
        AddressRule::Strict => Address::Strict,
        AddressRule::Wrap => Address::Wrap,
        AddressRule::Compact => Address::Compact,
    };
    let placement = trace::place(&trace, volumes, address).map_err(|problem| {
        let code = match problem {
            PlaceError::Beyond { .. } | PlaceError::Pages { .. } => Code::TraceBeyondVolumes,
            _ => Code::TraceMalformed,
        };
        Box::new(Diagnostic::error(code, problem.to_string()).help(problem.remedy()))
    })?;
    let left_out = (trace.rejects.total() > 0).then(|| left_out(request.name, &trace));
    Ok(Loaded { records: placement.records.to_vec(), left_out })
}

/// What of the trace is not replayed although it should be.
fn left_out(name: &str, trace: &Trace) -> Diagnostic {
    let (bad, good) = (trace.rejects.total(), trace.records.len());
    let message = format!("{bad} bad record(s) of `{name}` are left out; {good} are replayed");
    let mut problem = Diagnostic::warning(Code::TraceLeftOut, message)
        .help("`tiersim trace stats` shows the bad records; without `skip_bad_lines` the scenario is refused");
    if let Some(first) = trace.rejects.kept.first() {
        problem.label = format!("the first is number {}: {}", first.line, first.message);
    }
    problem
}
