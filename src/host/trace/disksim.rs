//! The two text formats of DiskSim: what it validates disks with, and its default trace.
//!
//! Validate: `RW BUFACT LBN COUNT SERVICE_US NEXT_US` per request, between blanks. The requests were made one at a time:
//! each was issued `NEXT_US` after the one before had completed, so the recorded instants follow from the sums, but there
//! is no clock, and a replay is closed loop. `BUFACT` (what the disk's cache did) is not used. ASCII: `time devno blkno
//! bcount flags`, time in ms and ascending, `flags` hexadecimal with bit 0 for a read. Blocks are 512 bytes (source: the
//! sources of DiskSim 4.0).

use super::fields::{Row, blanks};
use super::record::{Fields, RecordOp};
use super::reject::{Bad, RejectReason};
use super::text::{Context, Parsed};
use crate::kernel::Span;

const VALIDATE: [&str; 6] = ["RW", "BUFACT", "LBN", "COUNT", "SERVICE_US", "NEXT_US"];
const BUFFER_ACTIONS: [(&str, RecordOp); 4] =
    [("Hit", RecordOp::Other), ("Miss", RecordOp::Other), ("Doub", RecordOp::Other), ("Trip", RecordOp::Other)];
const ASCII: [&str; 5] = ["time", "devno", "blkno", "bcount", "flags"];
const OPERATIONS: [(&str, RecordOp); 2] = [("R", RecordOp::Read), ("W", RecordOp::Write)];

/// When the next request of a validation trace is issued, in ns after the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock(u128);

pub(super) fn parse_validate(
    line: u64,
    content: &[u8],
    clock: &mut Clock,
    context: &mut Context<'_>,
) -> Result<Parsed, Bad> {
    let row = Row::exactly(line, &VALIDATE, blanks(content))?;
    let op = row.operation(0, &OPERATIONS, "R or W")?;
    row.operation(1, &BUFFER_ACTIONS, "Hit, Miss, Doub or Trip")?;
    let (service, next) = (row.interval(4, 3)?, row.interval(5, 3)?);
    let fields = Fields::of_blocks(line, clock.0, row.whole(2)?, row.whole(3)?, context.unit, op)?;
    clock.0 += u128::from(service) + u128::from(next);
    Ok(Parsed::Record(Fields {
        device: context.devices.number(b"0")?,
        response: Some(Span::from_ns(service)),
        delay: Some(Span::from_ns(next)),
        ..fields
    }))
}

pub(super) fn parse_ascii(line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
    let row = Row::exactly(line, &ASCII, blanks(content))?;
    let at = row.decimal(0, 6)?;
    row.whole(1)?;
    let flags = row.hexadecimal(4)?;
    if flags > u64::from(u32::MAX) {
        return Err(Bad::new(RejectReason::Number, format!("in line {line} `flags` has more than 32 bits")));
    }
    let op = if flags & 1 == 1 { RecordOp::Read } else { RecordOp::Write };
    let fields = Fields::of_blocks(line, at, row.whole(2)?, row.whole(3)?, context.unit, op)?;
    Ok(Parsed::Record(Fields { device: context.devices.number(row.texts[1])?, ..fields }))
}
