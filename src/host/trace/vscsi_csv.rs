//! The text form of a vscsi trace: a header line, then `version,time,op,size,lbn` per request.
//!
//! `time` is in whole seconds, `op` a SCSI operation code in hexadecimal without prefix, `size` in bytes, `lbn` in 512
//! bytes. The format has no quotes, so a line is split at its commas. Empty lines mean nothing. A last line without its
//! end is a cut record: its block address may have lost digits.

use std::io::{self, BufRead, BufReader, Read};

use super::TraceError;
use super::collect::{Collector, Fields, RejectReason, scsi_operation, shown_text};

const HEADER: &[u8] = b"version,time,op,size,lbn";
const NAMES: [&str; 5] = ["version", "time", "op", "size", "lbn"];
/// Bytes of a line that are kept; five numbers of 64 bits need 85.
const LONGEST_LINE: usize = 4_096;

pub(super) fn detect(head: &[u8]) -> bool {
    head.strip_prefix(HEADER)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r\n"))
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    Newline,
    /// The input ended within the line.
    Input,
    /// The line is longer than what is kept of it.
    TooLong,
}

pub(super) fn read(input: impl Read, collector: &mut Collector) -> Result<(), TraceError> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut line = Vec::with_capacity(128);
    for number in 1.. {
        let end = next_line(&mut input, &mut line).map_err(|error| collector.unreadable(error))?;
        let text = || shown_text(&line);
        match end {
            None => break,
            Some(_) if number == 1 => {}
            Some(LineEnd::Newline) => {
                let content = line.strip_suffix(b"\r").unwrap_or(&line);
                if content.is_empty() {
                    continue;
                }
                match parse(number, content) {
                    Ok(fields) => collector.accept(fields, text)?,
                    Err((reason, message)) => collector.reject(number, reason, message, text()),
                }
            }
            Some(LineEnd::Input) => {
                let message = format!("the last line, {number}, does not end with a newline: it may be cut");
                collector.reject(number, RejectReason::Cut, message, text());
            }
            Some(LineEnd::TooLong) => {
                let message = format!("line {number} has more than {LONGEST_LINE} bytes");
                collector.reject(number, RejectReason::LongLine, message, text());
            }
        }
    }
    Ok(())
}

/// Reads one line without its end into `line`, at most [`LONGEST_LINE`] bytes of it; `None` at the end of the input.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<LineEnd>> {
    line.clear();
    let mut too_long = false;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            let ended = if too_long { LineEnd::TooLong } else { LineEnd::Input };
            return Ok((!line.is_empty()).then_some(ended));
        }
        let newline = available.iter().position(|&byte| byte == b'\n');
        let part = &available[..newline.unwrap_or(available.len())];
        let room = LONGEST_LINE - line.len();
        too_long |= part.len() > room;
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(newline.is_some());
        input.consume(used);
        if newline.is_some() {
            return Ok(Some(if too_long { LineEnd::TooLong } else { LineEnd::Newline }));
        }
    }
}

fn parse(line: u64, content: &[u8]) -> Result<Fields, (RejectReason, String)> {
    let mut texts = [&content[..0]; 5];
    let mut count = 0;
    for field in content.split(|&byte| byte == b',') {
        if let Some(text) = texts.get_mut(count) {
            *text = field;
        }
        count += 1;
    }
    if count != texts.len() {
        return Err((RejectReason::Fields, format!("line {line} has {count} fields instead of 5")));
    }
    let number = |field: usize, radix: u32| {
        whole_number(texts[field], radix).ok_or_else(|| {
            let kind = if radix == 16 { "hexadecimal" } else { "whole" };
            let shown = shown_text(texts[field]);
            let message = format!("in line {line} `{}` is `{shown}`, which is no {kind} number in range", NAMES[field]);
            (RejectReason::Number, message)
        })
    };
    let version = number(0, 10)?;
    if !(1..=2).contains(&version) {
        return Err((
            RejectReason::Version,
            format!("line {line} is of version {version}; versions 1 and 2 are known"),
        ));
    }
    let (ticks, code, bytes, block) = (number(1, 10)?, number(2, 16)?, number(3, 10)?, number(4, 10)?);
    let op = scsi_operation(u16::try_from(code).unwrap_or(u16::MAX));
    Ok(Fields { line, ticks, block, bytes, op })
}

/// Digits only: no sign, no blank, nothing beyond 64 bits.
fn whole_number(text: &[u8], radix: u32) -> Option<u64> {
    let digit = |value: u64, &byte: &u8| {
        let digit = char::from(byte).to_digit(radix)?;
        value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))
    };
    (!text.is_empty()).then_some(())?;
    text.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::super::{RawRecord, RecordOp, Trace, TraceFormat, read_stream};
    use super::*;
    use crate::kernel::Span;
    use proptest::prelude::*;

    fn parsed(lines: &str) -> Trace {
        read_stream("test.csv", format!("version,time,op,size,lbn\n{lines}").as_bytes(), None).unwrap()
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
        check(&"1".repeat(5_000), RejectReason::LongLine, "line 3 has more than 4096 bytes");
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
            let mut collector = Collector::new("noise", TraceFormat::VscsiCsv);
            let _ = read(&bytes[..], &mut collector);
            let _ = read_stream("noise", &bytes[..], Some(TraceFormat::VscsiCsv));
        }

        #[test]
        fn nearly_right_text_never_panics(text in "(version,time,op,size,lbn\n)?([0-9a-f,+. \r\n-]{0,40}\n){0,8}") {
            let _ = read_stream("noise", text.as_bytes(), None);
        }

        /// Whole lines are accepted, rejected or empty; nothing is lost.
        #[test]
        fn every_line_is_accounted_for(lines in proptest::collection::vec("[0-9a-f,]{1,30}", 0..30)) {
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            if let Ok(trace) = read_stream("t", format!("version,time,op,size,lbn\n{text}").as_bytes(), None) {
                prop_assert_eq!(trace.records.len() as u64 + trace.rejects.total(), lines.len() as u64);
            }
        }

        #[test]
        fn numbers_are_read_as_written(number in any::<u64>()) {
            prop_assert_eq!(whole_number(number.to_string().as_bytes(), 10), Some(number));
            prop_assert_eq!(whole_number(format!("{number:x}").as_bytes(), 16), Some(number));
        }
    }
}
