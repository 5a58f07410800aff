//! One request as it was recorded, and the devices that requests name.

use std::collections::BTreeMap;

use super::Grouped;
use super::reject::{Bad, RejectReason, shown_text};
use crate::kernel::Span;

crate::names! {
    pub enum RecordOp {
        Read = "read",
        Write = "write",
        /// Neither reads nor writes, or no bytes at all: counted, ignored by a replay.
        Other = "other",
    }
}

/// One request as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Since the earliest record.
    pub at: Span,
    /// Numbered in the order in which devices are first used.
    pub device: u32,
    /// Byte address on the recorded device; `offset + bytes` fits 64 bits.
    pub offset: u64,
    pub bytes: u64,
    pub op: RecordOp,
    /// From issue to completion, as the real system did it.
    pub response: Option<Span>,
    /// From its completion to the issue of the next request, where the format tells that itself.
    pub delay: Option<Span>,
    /// Line of a text file, number of the record in a binary one; from 1.
    pub line: u64,
}

/// A record of a format, with times of the format's own origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub line: u64,
    /// Nanoseconds since whatever the format counts from.
    pub at: u128,
    /// Number that [`Devices`] gave it.
    pub device: u32,
    pub offset: u64,
    pub bytes: u64,
    pub op: RecordOp,
    pub response: Option<Span>,
    pub delay: Option<Span>,
}

impl Fields {
    /// A request of `bytes` at `block`, counted in blocks of `unit` bytes.
    pub fn new(line: u64, at: u128, block: u64, unit: u64, bytes: u64, op: RecordOp) -> Result<Fields, Bad> {
        let offset = block.checked_mul(unit).filter(|offset| offset.checked_add(bytes).is_some());
        let offset = offset.ok_or_else(|| {
            let place = if unit == 1 { "byte" } else { "block" };
            let message = format!("{} B at {place} {} end beyond 2^64 bytes", Grouped(bytes), Grouped(block));
            Bad::new(RejectReason::Address, message)
        })?;
        let op = if bytes == 0 { RecordOp::Other } else { op };
        Ok(Fields { line, at, device: 0, offset, bytes, op, response: None, delay: None })
    }

    /// As [`Fields::new`], with a length in blocks too.
    pub fn of_blocks(line: u64, at: u128, block: u64, count: u64, unit: u64, op: RecordOp) -> Result<Fields, Bad> {
        let bytes = count.checked_mul(unit).ok_or_else(|| {
            Bad::new(RejectReason::Address, format!("{} blocks of {unit} B are beyond 2^64 bytes", Grouped(count)))
        })?;
        Fields::new(line, at, block, unit, bytes, op)
    }
}

/// Devices of one trace.
const MOST_DEVICES: usize = 65_536;
/// Bytes of a device's name.
const LONGEST_NAME: usize = 255;

/// The devices that a trace names, in the order in which they are met in its files.
#[derive(Clone, Debug, Default)]
pub(super) struct Devices {
    numbers: BTreeMap<Vec<u8>, u32>,
    names: Vec<Vec<u8>>,
    /// The one asked for last: most requests go where the one before went.
    last: Option<(Vec<u8>, u32)>,
}

impl Devices {
    pub fn number(&mut self, name: &[u8]) -> Result<u32, Bad> {
        if let Some((_, number)) = self.last.as_ref().filter(|(last, _)| last == name) {
            return Ok(*number);
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None if name.len() > LONGEST_NAME => {
                let message =
                    format!("the name of the device `{}` has more than {LONGEST_NAME} bytes", shown_text(name));
                return Err(Bad::new(RejectReason::Device, message));
            }
            None if self.numbers.len() >= MOST_DEVICES => {
                let message =
                    format!("`{}` is one device more than {}", shown_text(name), Grouped(MOST_DEVICES as u64));
                return Err(Bad::new(RejectReason::Device, message));
            }
            None => {
                let number = u32::try_from(self.numbers.len()).expect("few devices fit 32 bits");
                self.numbers.insert(name.to_vec(), number);
                self.names.push(name.to_vec());
                number
            }
        };
        self.last = Some((name.to_vec(), number));
        Ok(number)
    }

    /// The name of a device, safe to print and the same when it is read again. One that had to be changed for that gets its
    /// number, so that it stays a name of its own.
    pub fn name(&self, number: u32) -> String {
        let Some(name) = self.names.get(number as usize) else { return String::new() };
        match str::from_utf8(name) {
            Ok(text) if name.iter().all(|byte| matches!(byte, b' '..=b'~')) => text.to_owned(),
            _ => format!("{}#{number}", name.escape_ascii()),
        }
    }
}

/// What a SCSI operation code does (VALIDATION B; READ and WRITE of 6, 10, 12 and 16 bytes).
pub(super) fn scsi_operation(code: u16) -> RecordOp {
    match code {
        0x08 | 0x28 | 0xa8 | 0x88 => RecordOp::Read,
        0x0a | 0x2a | 0xaa | 0x8a => RecordOp::Write,
        _ => RecordOp::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_addresses_are_rejected() {
        let reason = |block, count, unit| match Fields::of_blocks(1, 0, block, count, unit, RecordOp::Read) {
            Ok(fields) => panic!("{fields:?}"),
            Err(bad) => bad.reason,
        };
        assert_eq!(reason(u64::MAX / 512 + 1, 1, 512), RejectReason::Address);
        assert_eq!(reason(u64::MAX / 512, 2, 512), RejectReason::Address);
        assert_eq!(reason(0, u64::MAX, 512), RejectReason::Address);
        let last = Fields::new(1, 0, u64::MAX / 512, 512, 511, RecordOp::Write).expect("it ends at 2^64 - 1");
        assert_eq!(last.offset + last.bytes, u64::MAX);
        assert_eq!(Fields::new(1, 0, 9, 512, 0, RecordOp::Read).map(|fields| fields.op), Ok(RecordOp::Other));
    }

    #[test]
    fn devices_are_few_and_have_short_names() {
        let mut devices = Devices::default();
        let numbers = [&b"hm.0"[..], b"hm.1", b"hm.1", b"hm.0"].map(|name| devices.number(name));
        assert_eq!(numbers, [Ok(0), Ok(1), Ok(1), Ok(0)]);
        assert_eq!(devices.name(1), "hm.1");
        assert!(devices.number(&[b'x'; 256]).is_err());
        (2..MOST_DEVICES).for_each(|number| assert!(devices.number(number.to_string().as_bytes()).is_ok()));
        assert_eq!(devices.number(b"one more").unwrap_err().reason, RejectReason::Device);
        assert_eq!(devices.number(b"hm.1"), Ok(1));
    }
}
