//! The ASCII traces of the Storage Performance Council: `ASU,LBA,Size,Opcode,Timestamp` and perhaps more fields.
//!
//! An ASU (application storage unit) is a device; LBA counts its blocks of 512 bytes unless the user says otherwise, Size
//! bytes, Timestamp decimal seconds from the start. Opcode is R or W in either case. Blanks around a field mean nothing
//! (source: the published format text).

use super::fields::{Row, trimmed_commas};
use super::record::{Fields, RecordOp};
use super::reject::Bad;
use super::text::{Context, Parsed};

const NAMES: [&str; 5] = ["ASU", "LBA", "Size", "Opcode", "Timestamp"];
const OPERATIONS: [(&str, RecordOp); 2] = [("R", RecordOp::Read), ("W", RecordOp::Write)];

pub(super) fn parse(line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
    let row = Row::at_least(line, &NAMES, trimmed_commas(content))?;
    row.whole(0)?;
    let op = row.operation(3, &OPERATIONS, "R or W")?;
    let fields = Fields::new(line, row.decimal(4, 9)?, row.whole(1)?, context.unit, row.whole(2)?, op)?;
    Ok(Parsed::Record(Fields { device: context.devices.number(row.texts[0])?, ..fields }))
}
