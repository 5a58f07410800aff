//! The program's own text of a trace: what `tiersim trace import` writes, and reads again to the same records.
//!
//! The first line tells what the trace was: `#tiersim-csv,1,source=NAME,clock_ns=N,unit=N,timing=WORD` (the source's format,
//! the step of its clock, the bytes that its addresses counted, and `recorded`, `coarse-allowed` or `none` for times that
//! decide about a replay, that do so although they are coarse, or that do not). The second line names the columns. A line
//! `#device,NUMBER,NAME` stands before the first record of each device. `response_ns` and `delay_ns` are empty where the
//! source did not tell them; `line` is the line or record of the source. Records are in order of time, from 0.

use std::io::{self, Write};

use super::fields::{Row, commas, whole_number};
use super::record::{Fields, RecordOp};
use super::reject::{Bad, RejectReason, shown_text};
use super::text::{Context, Parsed};
use super::{RawRecord, Timing, TraceFormat};
use crate::kernel::Span;

/// How every such file begins.
pub const MAGIC: &str = "#tiersim-csv,1,";
const COLUMNS: &str = "time_ns,device,offset_bytes,bytes,op,response_ns,delay_ns,line";
const NAMES: [&str; 8] = ["time_ns", "device", "offset_bytes", "bytes", "op", "response_ns", "delay_ns", "line"];
const OPERATIONS: [(&str, RecordOp); 3] =
    [("read", RecordOp::Read), ("write", RecordOp::Write), ("other", RecordOp::Other)];

/// Devices that a file may name: as many as a trace may have.
const MOST_NAMES: usize = 65_536;

/// What the first line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format that the records came from.
    pub source: TraceFormat,
    pub clock: Span,
    pub unit: u64,
    pub timing: Timing,
}

/// The header at the start of `head`.
pub(super) fn detect(head: &[u8]) -> Option<Header> {
    let line = head.split(|&byte| byte == b'\n').next()?;
    let text = std::str::from_utf8(line).ok()?.trim_end_matches('\r').strip_prefix(MAGIC)?;
    let mut parts = text.split(',');
    let mut value = |key: &str| parts.next()?.strip_prefix(key)?.strip_prefix('=');
    let (source, clock, unit, timing) = (value("source")?, value("clock_ns")?, value("unit")?, value("timing")?);
    Some(Header {
        source: TraceFormat::parse(source)?,
        clock: Span::from_ns(whole_number(clock.as_bytes(), 10)?),
        unit: whole_number(unit.as_bytes(), 10).filter(|unit| *unit > 0)?,
        timing: Timing::parse(timing)?,
    })
}

/// Names of devices by the numbers of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<(u64, Vec<u8>)>);

impl Names {
    pub fn parse(&mut self, line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
        if line == 1 || line == 2 && content == COLUMNS.as_bytes() {
            return Ok(Parsed::Nothing);
        }
        if let Some(device) = content.strip_prefix(b"#device,") {
            return self.device(line, device, context);
        }
        let row = Row::exactly(line, &NAMES, commas(content))?;
        let interval = |field: usize| match row.texts[field] {
            b"" => Ok(None),
            _ => row.whole(field).map(|ns| Some(Span::from_ns(ns))),
        };
        let op = row.operation(4, &OPERATIONS, "read, write or other")?;
        let fields = Fields::new(row.whole(7)?, u128::from(row.whole(0)?), row.whole(2)?, 1, row.whole(3)?, op)?;
        let device = match self.0.binary_search_by_key(&row.whole(1)?, |(number, _)| *number) {
            Ok(place) => context.devices.number(&self.0[place].1)?,
            Err(_) => context.devices.number(row.texts[1])?,
        };
        Ok(Parsed::Record(Fields { device, response: interval(5)?, delay: interval(6)?, ..fields }))
    }

    fn device(&mut self, line: u64, text: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
        let comma = text.iter().position(|&byte| byte == b',');
        let number = comma.and_then(|comma| whole_number(&text[..comma], 10));
        let Some((comma, number)) = comma.zip(number) else {
            let message = format!("line {line} is `#device,{}`, not `#device,NUMBER,NAME`", shown_text(text));
            return Err(Bad::new(RejectReason::Fields, message));
        };
        let name = &text[comma + 1..];
        context.devices.number(name)?;
        if self.0.len() >= MOST_NAMES {
            return Err(Bad::new(RejectReason::Device, format!("line {line} names one device more than {MOST_NAMES}")));
        }
        if let Err(place) = self.0.binary_search_by_key(&number, |(known, _)| *known) {
            self.0.insert(place, (number, name.to_vec()));
        }
        Ok(Parsed::Nothing)
    }
}

/// Writes a trace; devices are named when they are first met.
#[derive(Debug)]
pub struct Writer<W> {
    target: W,
    named: u32,
}

impl<W: Write> Writer<W> {
    pub fn new(mut target: W, header: Header) -> io::Result<Writer<W>> {
        let Header { source, clock, unit, timing } = header;
        writeln!(target, "{MAGIC}source={source},clock_ns={},unit={unit},timing={timing}", clock.ns())?;
        writeln!(target, "{COLUMNS}")?;
        Ok(Writer { target, named: 0 })
    }

    /// `devices` names the device of the record.
    pub fn write(&mut self, record: &RawRecord, devices: &[String]) -> io::Result<()> {
        let RawRecord { at, device, offset, bytes, op, response, delay, line } = *record;
        if device >= self.named {
            let name = devices.get(device as usize).map_or("", String::as_str);
            writeln!(self.target, "#device,{device},{name}")?;
            self.named = device + 1;
        }
        write!(self.target, "{},{device},{offset},{bytes},{op},", at.ns())?;
        for interval in [response, delay] {
            match interval {
                Some(interval) => write!(self.target, "{},", interval.ns())?,
                None => write!(self.target, ",")?,
            }
        }
        writeln!(self.target, "{line}")
    }

    pub fn into_inner(self) -> W {
        self.target
    }
}
