//! How single records become a trace: rebased to the earliest, sorted within a window, the bad ones kept aside.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::{Grouped, RawRecord, RecordOp, Trace, TraceError, TraceFile, TraceFormat};
use crate::kernel::Span;

/// Rejected records that are kept whole; all are counted.
pub const KEPT_REJECTS: usize = 1_000;
/// Bytes of a rejected record that are shown.
const SHOWN_BYTES: usize = 120;
/// How much later than its place in time a record may come in the file (VALIDATION B.3), in ns.
const WINDOW: u64 = 1_000_000_000;
/// Latest time of a record after the first, in ns: 146 years.
const LATEST: u64 = 1 << 62;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    Cut,
    Version,
    Fields,
    Number,
    LongLine,
    Address,
    Time,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RejectReason::Cut => "the file is cut in the middle of a record",
            RejectReason::Version => "the record is of another version",
            RejectReason::Fields => "the wrong number of fields",
            RejectReason::Number => "a field is not the number it should be",
            RejectReason::LongLine => "the line is too long",
            RejectReason::Address => "the end of the request is beyond 2^64 bytes",
            RejectReason::Time => "the time lies more than 146 years after the first record",
        })
    }
}

/// A record that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Line of a text file, number of the record in a binary one; from 1.
    pub line: u64,
    pub reason: RejectReason,
    /// What exactly is wrong, one sentence without a full stop.
    pub message: String,
    /// The start of the record: escaped text, or hexadecimal digits of a binary one.
    pub text: String,
}

/// All rejected records of a trace: the first [`KEPT_REJECTS`] whole, the others by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejects {
    pub kept: Vec<Reject>,
    pub by_reason: BTreeMap<RejectReason, u64>,
}

impl Rejects {
    pub fn total(&self) -> u64 {
        self.by_reason.values().sum()
    }
}

/// The fields of a record before they are checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub line: u64,
    /// Steps of the format's clock.
    pub ticks: u64,
    pub block: u64,
    pub bytes: u64,
    pub op: RecordOp,
}

pub(super) struct Collector {
    name: String,
    tick: u64,
    block_bytes: u64,
    /// Times count from one window before the first record in the file, so that none is negative.
    records: Vec<RawRecord>,
    rejects: Rejects,
    first_ticks: Option<u64>,
    /// The latest time so far and its line.
    latest: (u64, u64),
    backward_steps: u64,
    largest_backward: u64,
}

impl Collector {
    pub fn new(name: &str, format: TraceFormat) -> Collector {
        Collector {
            name: name.to_owned(),
            tick: format.time_resolution().ns(),
            block_bytes: format.block_bytes(),
            records: Vec::new(),
            rejects: Rejects::default(),
            first_ticks: None,
            latest: (0, 0),
            backward_steps: 0,
            largest_backward: 0,
        }
    }

    pub fn unreadable(&self, error: std::io::Error) -> TraceError {
        TraceError::Unreadable { name: self.name.clone(), error }
    }

    /// Takes one record in; `text` is what a reject shows.
    pub fn accept(&mut self, fields: Fields, text: impl FnOnce() -> String) -> Result<(), TraceError> {
        let Fields { line, ticks, block, bytes, .. } = fields;
        let offset = block.checked_mul(self.block_bytes).filter(|offset| offset.checked_add(bytes).is_some());
        let Some(offset) = offset else {
            let message = format!("{} B at block {} end beyond 2^64 bytes", Grouped(bytes), Grouped(block));
            self.reject(line, RejectReason::Address, message, text());
            return Ok(());
        };
        let first = self.first_ticks.unwrap_or(ticks);
        let since = i128::from(ticks) - i128::from(first);
        let at = since * i128::from(self.tick) + i128::from(WINDOW);
        if at > i128::from(LATEST) {
            let message =
                format!("its time {} lies more than 146 years after the first, {}", Grouped(ticks), Grouped(first));
            self.reject(line, RejectReason::Time, message, text());
            return Ok(());
        }
        let late_by = i128::from(self.latest.0) - at;
        if late_by > i128::from(WINDOW) {
            let late_by = Span::from_ns(u64::try_from(late_by).unwrap_or(u64::MAX));
            return Err(TraceError::OutOfOrder { name: self.name.clone(), line, later_line: self.latest.1, late_by });
        }
        // Not negative: the latest time is at least one window.
        let at = at as u64;
        self.backward_steps += u64::from(self.records.last().is_some_and(|previous| at < previous.at.ns()));
        self.largest_backward = self.largest_backward.max(self.latest.0.saturating_sub(at));
        if at >= self.latest.0 {
            self.latest = (at, line);
        }
        self.first_ticks = Some(first);
        let op = if bytes == 0 { RecordOp::Other } else { fields.op };
        self.records.push(RawRecord { at: Span::from_ns(at), device: 0, offset, bytes, op, line });
        Ok(())
    }

    pub fn reject(&mut self, line: u64, reason: RejectReason, message: String, text: String) {
        *self.rejects.by_reason.entry(reason).or_insert(0) += 1;
        if self.rejects.kept.len() < KEPT_REJECTS {
            self.rejects.kept.push(Reject { line, reason, message, text });
        }
    }

    pub fn finish(self, file: TraceFile, format: TraceFormat) -> Trace {
        let Collector { mut records, rejects, backward_steps, largest_backward, .. } = self;
        records.sort_by_key(|record| record.at);
        let earliest = records.first().map_or(Span::ZERO, |record| record.at);
        for record in &mut records {
            record.at -= earliest;
        }
        Trace {
            file,
            format,
            time_resolution: format.time_resolution(),
            records,
            rejects,
            backward_steps,
            largest_backward: Span::from_ns(largest_backward),
        }
    }
}

/// The start of a text record, safe to print.
pub(super) fn shown_text(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii().to_string()
}

/// The start of a binary record in hexadecimal, in groups of four bytes.
pub(super) fn shown_bytes(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for (place, byte) in bytes.iter().take(SHOWN_BYTES).enumerate() {
        let gap = if place > 0 && place % 4 == 0 { " " } else { "" };
        write!(shown, "{gap}{byte:02x}").expect("a string takes all that is written");
    }
    shown
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

    fn collector() -> Collector {
        Collector::new("test", TraceFormat::Vscsi)
    }

    fn fields(line: u64, ticks: u64) -> Fields {
        Fields { line, ticks, block: line, bytes: 512, op: RecordOp::Read }
    }

    fn finish(collector: Collector) -> Trace {
        collector.finish(TraceFile { name: "test".into(), bytes: 0, sha256: [0; 32] }, TraceFormat::Vscsi)
    }

    #[test]
    fn records_are_sorted_within_the_window_and_ties_keep_their_order() {
        let mut collector = collector();
        for (line, ticks) in [(1, 5_000_000), (2, 5_000_300), (3, 5_000_100), (4, 5_000_100), (5, 4_500_000)] {
            collector.accept(fields(line, ticks), String::new).unwrap();
        }
        let trace = finish(collector);
        let times: Vec<(u64, u64)> = trace.records.iter().map(|record| (record.line, record.at.ns() / 1_000)).collect();
        assert_eq!(times, [(5, 0), (1, 500_000), (3, 500_100), (4, 500_100), (2, 500_300)]);
        assert_eq!((trace.backward_steps, trace.largest_backward), (2, Span::from_us(500_300)));
    }

    #[test]
    fn a_record_beyond_the_window_names_both_lines() {
        for late in [0, 3_000_000] {
            let mut collector = collector();
            collector.accept(fields(1, 4_000_000), String::new).unwrap();
            collector.accept(fields(2, 4_500_000), String::new).unwrap();
            collector.accept(fields(3, 4_100_000), String::new).unwrap();
            let error = collector.accept(fields(4, late), String::new).unwrap_err().to_string();
            assert!(error.contains("record 4 comes") && error.contains("after record 2"), "{error}");
        }
    }

    #[test]
    fn impossible_times_and_addresses_are_rejected() {
        let mut collector = collector();
        collector.accept(fields(1, 7), String::new).unwrap();
        collector.accept(fields(2, u64::MAX), String::new).unwrap();
        collector.accept(Fields { block: u64::MAX / 512 + 1, ..fields(3, 7) }, String::new).unwrap();
        collector.accept(Fields { block: u64::MAX / 512, bytes: 1_000, ..fields(4, 7) }, String::new).unwrap();
        collector.accept(Fields { bytes: 0, ..fields(5, 9) }, String::new).unwrap();
        let trace = finish(collector);
        assert_eq!(trace.records.iter().map(|record| record.op).collect::<Vec<_>>(), [RecordOp::Read, RecordOp::Other]);
        assert_eq!(trace.rejects.by_reason, [(RejectReason::Time, 1), (RejectReason::Address, 2)].into());
        assert_eq!(trace.rejects.kept[0].line, 2);
    }

    #[test]
    fn only_the_first_rejects_are_kept_whole() {
        let mut collector = collector();
        (0..5_000).for_each(|line| collector.reject(line, RejectReason::Fields, String::new(), String::new()));
        let rejects = finish(collector).rejects;
        assert_eq!((rejects.kept.len(), rejects.total()), (KEPT_REJECTS, 5_000));
    }

    #[test]
    fn what_is_shown_is_short_and_printable() {
        assert_eq!(shown_text(b"a\x1b[31m\xff"), "a\\x1b[31m\\xff");
        assert_eq!(shown_text(&[b'x'; 500]).len(), 120);
        assert_eq!(shown_bytes(&[0, 1, 2, 3, 0xAB]), "00010203 ab");
        assert_eq!(
            Grouped(113_872).to_string() + &Grouped(0).to_string() + &Grouped(1_000).to_string(),
            "113,87201,000"
        );
    }
}
