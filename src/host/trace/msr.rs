//! The block traces of MSR Cambridge: `Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime` without a header.
//!
//! Times count 100 ns, the stamp from the year 1601; it is the issue (measured: the sample is sorted by it, not by its sum
//! with the response). Offset and size are bytes. A device is a disk of a host.

use super::fields::{Row, commas};
use super::record::{Fields, RecordOp};
use super::reject::Bad;
use super::text::{Context, Parsed};
use crate::kernel::Span;

const NAMES: [&str; 7] = ["Timestamp", "Hostname", "DiskNumber", "Type", "Offset", "Size", "ResponseTime"];
const OPERATIONS: [(&str, RecordOp); 2] = [("Read", RecordOp::Read), ("Write", RecordOp::Write)];
/// Nanoseconds of a tick of the clock (Windows FILETIME).
const TICK: u64 = 100;

pub(super) fn parse(line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
    let row = Row::exactly(line, &NAMES, commas(content))?;
    let at = u128::from(row.whole(0)?) * u128::from(TICK);
    row.whole(2)?;
    let op = row.operation(3, &OPERATIONS, "Read or Write")?;
    let response = Span::from_ns(row.whole(6)?.saturating_mul(TICK));
    let name = [row.texts[1], b".", row.texts[2]].concat();
    let fields = Fields::new(line, at, row.whole(4)?, context.unit, row.whole(5)?, op)?;
    Ok(Parsed::Record(Fields { device: context.devices.number(&name)?, response: Some(response), ..fields }))
}
