//! VMware vscsi records as published by CloudPhysics: fixed-size little-endian, no header.
//!
//! Version 1, 32 bytes: `sn u32, len u32, nSG u32, cmd u16, ver u16, lbn u64, ts u64`. Version 2, 40 bytes: `cmd u16,
//! ver u16, sn u32, len u32, nSG u32, lbn u64, ts u64, rt u64`. The version is the high byte of `ver`; `lbn` counts 512
//! bytes, `len` bytes, `ts` microseconds (source: libCacheSim; confirmed on the shared trace). `sn`, `nSG` and `rt` are
//! not used.

use std::io::{self, Read};

use super::Grouped;
use super::reader::Step;
use super::record::{Fields, scsi_operation};
use super::reject::{Bad, Reject, RejectReason, shown_bytes};
use super::text::Context;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

impl Version {
    const fn record_bytes(self) -> usize {
        match self {
            Version::One => 32,
            Version::Two => 40,
        }
    }

    const fn number(self) -> u16 {
        match self {
            Version::One => 1,
            Version::Two => 2,
        }
    }

    fn decode(self, record: &[u8; LONGEST]) -> Record {
        let (command, version, length, block, time) = match self {
            Version::One => (12, 14, 4, 16, 24),
            Version::Two => (0, 2, 8, 16, 24),
        };
        Record {
            command: u16::from_le_bytes(bytes_at(record, command)),
            version: u16::from_le_bytes(bytes_at(record, version)) >> 8,
            length: u32::from_le_bytes(bytes_at(record, length)),
            block: u64::from_le_bytes(bytes_at(record, block)),
            time: u64::from_le_bytes(bytes_at(record, time)),
        }
    }

    /// Whether `head` holds `count` records and all are of this version.
    fn fits(self, head: &[u8], count: usize) -> bool {
        let size = self.record_bytes();
        head.len() >= count * size
            && head.chunks_exact(size).take(count).all(|chunk| {
                let mut record = [0; LONGEST];
                record[..size].copy_from_slice(chunk);
                self.decode(&record).version == self.number()
            })
    }
}

const LONGEST: usize = Version::Two.record_bytes();

struct Record {
    command: u16,
    version: u16,
    length: u32,
    block: u64,
    time: u64,
}

fn bytes_at<const N: usize>(record: &[u8; LONGEST], place: usize) -> [u8; N] {
    record[place..place + N].try_into().expect("a slice of N bytes is an array of N bytes")
}

/// The version of a file that starts with `head`, from its first two records (from one if it holds only one).
pub(super) fn detect(head: &[u8]) -> Option<Version> {
    let pair = [Version::Two, Version::One].into_iter().find(|version| version.fits(head, 2));
    let alone = |version: &Version| head.len() < 2 * version.record_bytes();
    pair.or_else(|| of_one_record(head).filter(alone))
}

/// The version of a file that is said to be vscsi: the second record may be damaged.
pub(super) fn version(head: &[u8]) -> Option<Version> {
    detect(head).or_else(|| of_one_record(head))
}

/// One record is weak evidence for version 2, whose version lies where version 1 has a serial number; strong evidence
/// for version 1, whose version lies where version 2 counts scatter-gather elements by the million.
fn of_one_record(head: &[u8]) -> Option<Version> {
    [Version::One, Version::Two].into_iter().find(|version| version.fits(head, 1))
}

/// The next record of a file of this version; `line` is its number.
pub(super) fn step(input: &mut impl Read, version: Version, line: u64, context: &mut Context<'_>) -> io::Result<Step> {
    let size = version.record_bytes();
    let mut bytes = [0; LONGEST];
    let found = fill(input, &mut bytes[..size])?;
    if found == 0 {
        return Ok(Step::End);
    }
    let parsed = if found < size {
        let message = format!("the file is cut in the middle of record {}: {found} of {size} bytes", Grouped(line));
        Err(Bad::new(RejectReason::Cut, message))
    } else {
        parse(&bytes, version, line, context)
    };
    Ok(match parsed {
        Ok(fields) => Step::Record(fields),
        Err(Bad { reason, message }) => {
            Step::Rejected(Reject { file: 0, line, reason, message, text: shown_bytes(&bytes[..found]) })
        }
    })
}

fn parse(bytes: &[u8; LONGEST], version: Version, line: u64, context: &mut Context<'_>) -> Result<Fields, Bad> {
    let record = version.decode(bytes);
    if record.version != version.number() {
        let message = format!("the record is of version {}, the file of version {}", record.version, version.number());
        return Err(Bad::new(RejectReason::Version, message));
    }
    let (at, bytes) = (u128::from(record.time) * 1_000, u64::from(record.length));
    let fields = Fields::new(line, at, record.block, context.unit, bytes, scsi_operation(record.command))?;
    Ok(Fields { device: context.devices.number(b"0")?, ..fields })
}

/// Fills `target` from `input`; fewer bytes only at the end of the input.
pub(super) fn fill(input: &mut impl Read, target: &mut [u8]) -> io::Result<usize> {
    let mut found = 0;
    while found < target.len() {
        match input.read(&mut target[found..])? {
            0 => break,
            count => found += count,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::{RawRecord, ReadOptions, RecordOp, Trace, TraceFormat, read_stream};
    use super::*;
    use crate::kernel::Span;
    use proptest::prelude::*;

    fn one(command: u16, length: u32, block: u64, time: u64) -> Vec<u8> {
        let mut record = Vec::new();
        for word in [0x0200_0061, length, 1] {
            record.extend_from_slice(&u32::to_le_bytes(word));
        }
        record.extend_from_slice(&command.to_le_bytes());
        record.extend_from_slice(&0x0100u16.to_le_bytes());
        record.extend_from_slice(&block.to_le_bytes());
        record.extend_from_slice(&time.to_le_bytes());
        record
    }

    fn two(command: u16, length: u32, block: u64, time: u64) -> Vec<u8> {
        let mut record = command.to_le_bytes().to_vec();
        record.extend_from_slice(&0x0200u16.to_le_bytes());
        for word in [0x61, length, 1] {
            record.extend_from_slice(&u32::to_le_bytes(word));
        }
        for word in [block, time, 77] {
            record.extend_from_slice(&u64::to_le_bytes(word));
        }
        record
    }

    fn parsed(bytes: &[u8]) -> Trace {
        read_stream("test.vscsi", bytes, ReadOptions::default()).unwrap()
    }

    #[test]
    fn both_versions_give_the_same_requests() {
        let requests = [(0x28, 4_096, 15_943, 5_633_898_368_802), (0x2a, 512, 42_932_745, 5_633_898_368_900)];
        let expected = [
            RawRecord {
                at: Span::ZERO,
                device: 0,
                offset: 8_162_816,
                bytes: 4_096,
                op: RecordOp::Read,
                response: None,
                delay: None,
                line: 1,
            },
            RawRecord {
                at: Span::from_us(98),
                device: 0,
                offset: 21_981_565_440,
                bytes: 512,
                op: RecordOp::Write,
                response: None,
                delay: None,
                line: 2,
            },
        ];
        for encode in [one, two] {
            let bytes: Vec<u8> = requests.iter().flat_map(|&(c, l, b, t)| encode(c, l, b, t)).collect();
            let trace = parsed(&bytes);
            assert_eq!(trace.records, expected);
            assert_eq!((trace.format, trace.rejects.total()), (TraceFormat::Vscsi, 0));
            assert_eq!(trace.time_resolution, Span::from_us(1));
            assert_eq!(trace.file.bytes, bytes.len() as u64);
            let single = parsed(&encode(0x28, 4_096, 15_943, 5));
            assert_eq!(single.records.len(), 1);
        }
    }

    /// The digest was taken with `sha256sum` of the same bytes.
    #[test]
    fn the_whole_file_is_digested() {
        let bytes: Vec<u8> = (0..10_000).flat_map(|number| one(0x28, 512, number, number)).collect();
        let digest = "0dc6e624b3504a60466a4d28a9616da6604b72e00217b0dfa73b9bbde8cfbbab";
        assert_eq!(parsed(&bytes).file.sha256_hex(), digest);
    }

    #[test]
    fn operation_codes_are_reads_writes_or_others() {
        let codes = [0x08, 0x28, 0xa8, 0x88, 0x0a, 0x2a, 0xaa, 0x8a, 0x00, 0x35, 0x128];
        let bytes: Vec<u8> = codes.iter().flat_map(|&code| one(code, 512, 0, 0)).collect();
        let ops: Vec<RecordOp> = parsed(&bytes).records.iter().map(|record| record.op).collect();
        assert!(ops[..4].iter().all(|&op| op == RecordOp::Read));
        assert!(ops[4..8].iter().all(|&op| op == RecordOp::Write));
        assert!(ops[8..].iter().all(|&op| op == RecordOp::Other));
    }

    #[test]
    fn a_cut_file_loses_its_last_record_and_says_so() {
        let mut bytes: Vec<u8> = (0..3).flat_map(|number| one(0x28, 512, number, number)).collect();
        bytes.truncate(32 + 32 + 17);
        let trace = parsed(&bytes);
        assert_eq!(trace.records.len(), 2);
        let reject = &trace.rejects.kept[0];
        assert_eq!(reject.message, "the file is cut in the middle of record 3: 17 of 32 bytes");
        assert_eq!((reject.line, reject.reason), (3, RejectReason::Cut));
        assert!(reject.text.starts_with("61000002 00020000 01000000 28000001"), "{}", reject.text);
    }

    #[test]
    fn a_damaged_record_is_put_aside() {
        let mut bytes: Vec<u8> = (0..4).flat_map(|number| two(0x28, 512, number, number)).collect();
        bytes[2 * 40 + 3] = 9;
        let trace = parsed(&bytes);
        assert_eq!(trace.records.iter().map(|record| record.line).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(trace.rejects.kept[0].message, "the record is of version 9, the file of version 2");
    }

    /// A damaged second record hides the format, unless the user names it.
    #[test]
    fn a_named_format_needs_only_its_first_record() {
        let mut bytes: Vec<u8> = (0..3).flat_map(|number| one(0x28, 512, number, number)).collect();
        bytes[32 + 15] = 7;
        assert!(read_stream("test", &bytes[..], ReadOptions::default()).is_err());
        let trace = read_stream("test", &bytes[..], ReadOptions::of(TraceFormat::Vscsi)).unwrap();
        assert_eq!((trace.records.len(), trace.rejects.total()), (2, 1));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let _ = read_stream("noise", &bytes[..], ReadOptions::default());
            let _ = read_stream("noise", &bytes[..], ReadOptions::of(TraceFormat::Vscsi));
        }

        /// Whatever the fields hold, each whole record is accepted or rejected, or the file is refused for its order.
        #[test]
        fn every_record_is_accounted_for(
            fields in proptest::collection::vec((any::<u16>(), any::<u32>(), any::<u64>(), 0..2_000_000u64), 1..40),
            cut in 0..32usize,
        ) {
            let mut bytes: Vec<u8> = fields.iter().flat_map(|&(c, l, b, t)| one(c, l, b, t)).collect();
            bytes.extend_from_slice(&one(0x28, 1, 2, 3)[..cut]);
            if let Ok(trace) = read_stream("test", &bytes[..], ReadOptions::of(TraceFormat::Vscsi)) {
                let records = fields.len() as u64 + u64::from(cut > 0);
                prop_assert_eq!(trace.records.len() as u64 + trace.rejects.total(), records);
                prop_assert!(trace.records.iter().all(|record| record.offset.checked_add(record.bytes).is_some()));
                prop_assert!(trace.records.is_sorted_by_key(|record| record.at));
            }
        }
    }
}
