//! The ASCII traces of SSDSim and MQSim: `time device sector count type` between blanks.
//!
//! Time in whole ns, addresses and lengths in sectors of 512 bytes. In MQSim type 1 is a read and 0 a write; copies for
//! SSDSim with the opposite meaning exist, so the code of a read is an option.

use super::fields::{Row, blanks};
use super::record::{Fields, RecordOp};
use super::reject::{Bad, RejectReason};
use super::text::{Context, Parsed};

const NAMES: [&str; 5] = ["time", "device", "sector", "count", "type"];

pub(super) fn parse(line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
    let row = Row::exactly(line, &NAMES, blanks(content))?;
    let at = u128::from(row.whole(0)?);
    row.whole(1)?;
    let op = match row.whole(4)? {
        code if code == u64::from(context.read_code) => RecordOp::Read,
        0 | 1 => RecordOp::Write,
        code => {
            let message = format!("in line {line} `type` is {code}, not 0 or 1");
            return Err(Bad::new(RejectReason::Operation, message));
        }
    };
    let fields = Fields::of_blocks(line, at, row.whole(2)?, row.whole(3)?, context.unit, op)?;
    Ok(Parsed::Record(Fields { device: context.devices.number(row.texts[1])?, ..fields }))
}
