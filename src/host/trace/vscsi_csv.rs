//! The text form of a vscsi trace: a header line, then `version,time,op,size,lbn` per request.
//!
//! `time` is in whole seconds, `op` a SCSI operation code in hexadecimal without prefix, `size` in bytes, `lbn` in 512
//! bytes (measured on the shared trace). The format has no quotes, so a line is split at its commas.

use super::fields::{Row, commas};
use super::record::{Fields, scsi_operation};
use super::reject::{Bad, RejectReason};
use super::text::{Context, Parsed};

const HEADER: &[u8] = b"version,time,op,size,lbn";
const NAMES: [&str; 5] = ["version", "time", "op", "size", "lbn"];

pub(super) fn detect(head: &[u8]) -> bool {
    super::text::starts_with_line(head, HEADER)
}

pub(super) fn parse(line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
    if line == 1 && content == HEADER {
        return Ok(Parsed::Nothing);
    }
    let row = Row::exactly(line, &NAMES, commas(content))?;
    let version = row.whole(0)?;
    if !(1..=2).contains(&version) {
        let message = format!("line {line} is of version {version}; versions 1 and 2 are known");
        return Err(Bad::new(RejectReason::Version, message));
    }
    let (seconds, code, bytes, block) = (row.whole(1)?, row.hexadecimal(2)?, row.whole(3)?, row.whole(4)?);
    let op = scsi_operation(u16::try_from(code).unwrap_or(u16::MAX));
    let at = u128::from(seconds) * 1_000_000_000;
    let device = context.devices.number(b"0")?;
    Ok(Parsed::Record(Fields { device, ..Fields::new(line, at, block, context.unit, bytes, op)? }))
}

#[cfg(test)]
mod tests {
    use super::super::{RawRecord, ReadOptions, RecordOp, Trace, TraceFormat, read_stream};
    use super::*;
    use crate::kernel::Span;
    use proptest::prelude::*;

    fn parsed(lines: &str) -> Trace {
        read_stream("test.csv", format!("version,time,op,size,lbn\n{lines}").as_bytes(), ReadOptions::default())
            .unwrap()
    }

    #[test]
    fn lines_become_requests() {
        let trace = parsed("1,5633898,2a,6656,40409911\r\n\n2,5633900,88,512,1\n1,5633900,0,0,18446744073709551615\n");
        let record = |seconds, offset, bytes, op, line| RawRecord {
            at: Span::from_secs(seconds),
            device: 0,
            offset,
            bytes,
            op,
            response: None,
            delay: None,
            line,
        };
        assert_eq!(
            trace.records,
            [record(0, 40_409_911 * 512, 6_656, RecordOp::Write, 2), record(2, 512, 512, RecordOp::Read, 4)]
        );
        assert_eq!((trace.format, trace.time_resolution), (TraceFormat::VscsiCsv, Span::from_secs(1)));
        assert_eq!(trace.rejects.kept[0].reason, RejectReason::Address);
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        let check = |line: &str, reason: RejectReason, message: &str| {
            let trace = parsed(&format!("1,1,28,512,1\n{line}\n1,1,28,512,2\n"));
            assert_eq!(trace.records.len(), 2, "{line}");
            let reject = &trace.rejects.kept[0];
            assert_eq!((reject.line, reject.reason, reject.message.as_str()), (3, reason, message));
            assert!(line.starts_with(&reject.text));
        };
        check("1,1,28,512", RejectReason::Fields, "line 3 has 4 fields instead of 5");
        check("1,1,28,512,1,", RejectReason::Fields, "line 3 has 6 fields instead of 5");
        check("7,1,28,512,1", RejectReason::Version, "line 3 is of version 7; versions 1 and 2 are known");
        let number = RejectReason::Number;
        check("1,1.5,28,512,1", number, "in line 3 `time` is `1.5`, which is no whole number in range");
        check("1,1,0x28,512,1", number, "in line 3 `op` is `0x28`, which is no hexadecimal number in range");
        check("1,1,28,+512,1", number, "in line 3 `size` is `+512`, which is no whole number in range");
        check("1,1,28,512,", number, "in line 3 `lbn` is ``, which is no whole number in range");
        check(&"1".repeat(9_000), RejectReason::LongLine, "line 3 has more than 8192 bytes");
        check(
            "1,1,28,512,18446744073709551616",
            number,
            "in line 3 `lbn` is `18446744073709551616`, which is no whole number in range",
        );
    }

    #[test]
    fn a_last_line_without_end_may_be_cut() {
        let trace = parsed("1,1,28,512,1\n1,1,28,512,42936150");
        assert_eq!((trace.records.len(), trace.rejects.kept[0].reason), (1, RejectReason::Cut));
    }

    #[test]
    fn only_the_exact_header_is_taken() {
        for head in ["version,time,op,size,lbn\n", "version,time,op,size,lbn\r\n", "version,time,op,size,lbn"] {
            assert!(detect(head.as_bytes()), "{head:?}");
        }
        for head in ["version,time,op,size,lbns\n", "version,time,op,size\n", "1,5633898,2a,512,1\n", ""] {
            assert!(!detect(head.as_bytes()), "{head:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_stream("noise", &bytes[..], ReadOptions::of(TraceFormat::VscsiCsv));
        }

        #[test]
        fn nearly_right_text_never_panics(text in "(version,time,op,size,lbn\n)?([0-9a-f,+. \r\n-]{0,40}\n){0,8}") {
            let _ = read_stream("noise", text.as_bytes(), ReadOptions::default());
        }

        /// Whole lines are accepted, rejected or empty; nothing is lost.
        #[test]
        fn every_line_is_accounted_for(lines in proptest::collection::vec("[0-9a-f,]{1,30}", 0..30)) {
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            if let Ok(trace) = read_stream("t", format!("version,time,op,size,lbn\n{text}").as_bytes(), ReadOptions::default()) {
                prop_assert_eq!(trace.records.len() as u64 + trace.rejects.total(), lines.len() as u64);
            }
        }
    }
}
