//! The traces of SYSTOR '17 (Fujitsu VDI): a header line, then `Timestamp,Response,IOType,LUN,Offset,Size`.
//!
//! Times are decimal seconds, the stamp since 1970; it is the issue, while the records lie in the order of completion, so
//! that the file is not sorted (measured on the sample: up to 0.0970 s). Offset and size are bytes; the response may be
//! missing.

use super::fields::{Row, commas};
use super::record::{Fields, RecordOp};
use super::reject::Bad;
use super::text::{Context, Parsed, starts_with_line};
use crate::kernel::Span;

const HEADER: &[u8] = b"Timestamp,Response,IOType,LUN,Offset,Size";
const NAMES: [&str; 6] = ["Timestamp", "Response", "IOType", "LUN", "Offset", "Size"];
const OPERATIONS: [(&str, RecordOp); 2] = [("R", RecordOp::Read), ("W", RecordOp::Write)];

pub(super) fn detect(head: &[u8]) -> bool {
    starts_with_line(head, HEADER)
}

pub(super) fn parse(line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
    if line == 1 && content == HEADER {
        return Ok(Parsed::Nothing);
    }
    let row = Row::exactly(line, &NAMES, commas(content))?;
    let at = row.decimal(0, 9)?;
    let response = if row.texts[1].is_empty() { None } else { Some(Span::from_ns(row.interval(1, 9)?)) };
    let op = row.operation(2, &OPERATIONS, "R or W")?;
    row.whole(3)?;
    let fields = Fields::new(line, at, row.whole(4)?, context.unit, row.whole(5)?, op)?;
    Ok(Parsed::Record(Fields { device: context.devices.number(row.texts[3])?, response, ..fields }))
}
