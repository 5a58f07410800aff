//! Every trace format: what its records become, how a file that is not whole is told, and that nothing makes a reader panic.
//!
//! The samples are written by hand after the descriptions of the formats. Recorded traces are not part of the crate: they
//! are looked for in `../shared` beside the crate, or in the folder that TIERSIM_SHARED names; where they are missing the
//! tests say on stderr that nothing was checked.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use proptest::prelude::*;
use tempfile::TempDir;
use tiersim::host::trace::{
    Action, Bound, Compression, Item, RawRecord, ReadOptions, RecordOp, RejectReason, Trace, TraceError, TraceFormat,
    TraceStream, Writer, read, read_stream,
};
use tiersim::kernel::Span;

use RecordOp::{Other, Read, Write as Store};

/// ns after the first record, device, offset, bytes, operation, response and delay in ns, line.
type Row = (u64, &'static str, u64, u64, RecordOp, Option<u64>, Option<u64>, u64);

struct Sample {
    format: TraceFormat,
    content: Vec<u8>,
    rows: Vec<Row>,
    skipped: u64,
}

const MSR: &str = include_str!("traces/msr.csv");

fn text(format: TraceFormat, content: &str, skipped: u64, rows: &[Row]) -> Sample {
    Sample { format, content: content.as_bytes().to_vec(), rows: rows.to_vec(), skipped }
}

fn vscsi(version: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (serial, (command, length, block, time)) in
        [(0x28_u16, 4_096_u32, 9_u64, 1_000_000_u64), (0x8a, 512, 5_000_000_000, 1_000_250), (0x35, 0, 0, 1_000_300)]
            .into_iter()
            .enumerate()
    {
        let version_word = (u16::from(version) << 8).to_le_bytes();
        let numbers = [serial as u32, length, 1].map(u32::to_le_bytes).concat();
        let (command, block, time) = (command.to_le_bytes(), block.to_le_bytes(), time.to_le_bytes());
        match version {
            1 => bytes.extend([&numbers[..], &command, &version_word, &block, &time].concat()),
            _ => bytes.extend([&command[..], &version_word, &numbers, &block, &time, &99_u64.to_le_bytes()].concat()),
        }
    }
    bytes
}

/// A header with two disks of different sectors, then a read, a write and a record that the recorder suspects.
fn hp_srt() -> Vec<u8> {
    let mut bytes = b"$$TR_IOREC-1.3 (sample)\0\ndisks = {\n 0 -> { ncyl = 9, sectorsize = 256, sections = { 8 -> { \"/\" } } },\n \
        1 -> { sectorsize = 512 }\n};\n\x0c"
        .to_vec();
    for (kind, microseconds, stop, length, sector, disk, flags) in
        [(1, 500, 20_000, 8_192, 1_000, 0, 1), (4, 600, 1, 1, 1, 1, 1), (1, 900, 30_000, 1_024, 77, 1, 0)]
    {
        let words =
            [56, 0x0004_0000 + kind, 3, microseconds, 100, stop, length, sector, disk << 8 | 8, 9, 1, flags, 0, 2_u32];
        bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    }
    bytes
}

fn samples() -> Vec<Sample> {
    let vscsi_rows: &[Row] = &[
        (0, "0", 4_608, 4_096, Read, None, None, 1),
        (250_000, "0", 2_560_000_000_000, 512, Store, None, None, 2),
        (300_000, "0", 0, 0, Other, None, None, 3),
    ];
    vec![
        text(
            TraceFormat::DiskSimValidate,
            "R Hit  100   8   5000.5  1000.25\nW Miss 18446744073709551 2 700.00000 0.0\nR Trip 4 1 3 9\n",
            0,
            &[
                (0, "0", 51_200, 4_096, Read, Some(5_000_500), Some(1_000_250), 1),
                (6_000_750, "0", 9_444_732_965_739_290_112, 1_024, Store, Some(700_000), Some(0), 2),
                (6_700_750, "0", 2_048, 512, Read, Some(3_000), Some(9_000), 3),
            ],
        ),
        text(
            TraceFormat::DiskSimAscii,
            "0.500000 0 10 8 1\n  0.500001 3 0 1 0\n17.25 0 18 8 81\n",
            0,
            &[
                (0, "0", 5_120, 4_096, Read, None, None, 1),
                (1, "3", 0, 512, Store, None, None, 2),
                (16_750_000, "0", 9_216, 4_096, Read, None, None, 3),
            ],
        ),
        Sample {
            format: TraceFormat::HpSrt,
            content: hp_srt(),
            rows: vec![
                (0, "0", 256_000, 8_192, Read, Some(20_000_000), None, 1),
                (400_000, "1", 39_424, 1_024, Store, Some(30_000_000), None, 3),
            ],
            skipped: 1,
        },
        text(
            TraceFormat::Msr,
            MSR,
            0,
            &[
                (0, "web.0", 1_048_576, 4_096, Read, Some(2_000_000), None, 1),
                (10_000, "web.1", 512, 1_024, Store, Some(50_000), None, 2),
                (1_000_000, "web.0", 1_052_672, 8_192, Read, Some(1_234_500), None, 3),
                (1_000_000_000, "db.0", 18_446_744_073_709_550_592, 1_023, Store, Some(700), None, 4),
            ],
        ),
        text(
            TraceFormat::Spc,
            "0,20,8192,w,0.000000\n1, 7 ,512,R, 0.026214,extra,fields\n0,36,0,W,1.5\n",
            0,
            &[
                (0, "0", 10_240, 8_192, Store, None, None, 1),
                (26_214_000, "1", 3_584, 512, Read, None, None, 2),
                (1_500_000_000, "0", 18_432, 0, Other, None, None, 3),
            ],
        ),
        // Records in the order of completion, and one without a response.
        text(
            TraceFormat::Systor17,
            "Timestamp,Response,IOType,LUN,Offset,Size\n1455591804.310701000,0.006475000,R,0,4096,512\n\
             1455591804.310700999,0.007,W,4,1024,2048\n1455591804.9,,R,0,8192,4096\n",
            0,
            &[
                (0, "4", 1_024, 2_048, Store, Some(7_000_000), None, 3),
                (1, "0", 4_096, 512, Read, Some(6_475_000), None, 2),
                (589_299_001, "0", 8_192, 4_096, Read, None, None, 4),
            ],
        ),
        Sample { format: TraceFormat::Vscsi, content: vscsi(1), rows: vscsi_rows.to_vec(), skipped: 0 },
        Sample { format: TraceFormat::Vscsi, content: vscsi(2), rows: vscsi_rows.to_vec(), skipped: 0 },
        text(
            TraceFormat::VscsiCsv,
            "version,time,op,size,lbn\n1,5,28,4096,9\n1,5,8a,512,5000000000\n1,7,35,0,0\n",
            0,
            &[
                (0, "0", 4_608, 4_096, Read, None, None, 2),
                (0, "0", 2_560_000_000_000, 512, Store, None, None, 3),
                (2_000_000_000, "0", 0, 0, Other, None, None, 4),
            ],
        ),
        text(
            TraceFormat::SsdSim,
            "11413000 0 657728 16 1\n11565000 5 8 64 0\n11565000 0 657744 16 1",
            0,
            &[
                (0, "0", 336_756_736, 8_192, Read, None, None, 1),
                (152_000, "5", 4_096, 32_768, Store, None, None, 2),
                (152_000, "0", 336_764_928, 8_192, Read, None, None, 3),
            ],
        ),
        // A read that is completed, a write of the same place after it, a discard, a flush without a place, and the end.
        text(
            TraceFormat::Blkparse,
            "  8,0    3        1     0.000000000   697  Q   R 223490 + 8 [kjournald]\n\
             \x20 8,0    3        2     0.000100000   697  D   R 223490 + 8 [kjournald]\n\
             \x20 8,0    3        3     0.000300000     0  C   R 223490 + 8 [0]\n\
             \x20 8,0    3        4     0.000400000   697  D  WS 223490 + 8 [sync]\n\
             \x20 8,16   1        5     0.000500000   697  D   D 64 + 128 [fstrim]\n\
             \x20 8,16   1        6     0.000600000   697  D  FN [fsync]\n\
             CPU0 (8,0):\n Reads Queued:           1,        4KiB\n",
            3,
            &[
                (0, "8,0", 114_426_880, 4_096, Read, Some(200_000), None, 2),
                (300_000, "8,0", 114_426_880, 4_096, Store, None, None, 4),
                (400_000, "8,16", 32_768, 65_536, Other, None, None, 5),
                (500_000, "8,16", 0, 0, Other, None, None, 6),
            ],
        ),
        text(
            TraceFormat::Fio2,
            "fio version 2 iolog\n/dev/sda add\n/dev/sda open\n/dev/sda read 0 4096\n/dev/sda wait 1500 0\n\
             /dev/sda write 8192 512\n/dev/sda datasync\n/dev/sda trim 0 65536\n/dev/sda close\n",
            0,
            &[
                (0, "/dev/sda", 0, 4_096, Read, None, Some(1_500_000), 4),
                (1_500_000, "/dev/sda", 8_192, 512, Store, None, Some(0), 6),
                (1_500_000, "/dev/sda", 0, 0, Other, None, Some(0), 7),
                (1_500_000, "/dev/sda", 0, 65_536, Other, None, Some(0), 8),
            ],
        ),
        text(
            TraceFormat::Fio3,
            "fio version 3 iolog\n0 /tmp/f add\n1 /tmp/f open\n100 /tmp/f write 0 4096\n250 /tmp/f read 4096 8192\n\
             300 /tmp/f sync 0 0\n301 /tmp/f close\n",
            0,
            &[
                (0, "/tmp/f", 0, 4_096, Store, None, None, 4),
                (150_000, "/tmp/f", 4_096, 8_192, Read, None, None, 5),
                (200_000, "/tmp/f", 0, 0, Other, None, None, 6),
            ],
        ),
        text(
            TraceFormat::TiersimCsv,
            "#tiersim-csv,1,source=msr,clock_ns=100,unit=1,timing=recorded\n\
             time_ns,device,offset_bytes,bytes,op,response_ns,delay_ns,line\n#device,0,web.0\n0,0,512,4096,read,700,,3\n\
             #device,1,a,b\n100,1,0,9,write,,5,1\n",
            0,
            &[(0, "web.0", 512, 4_096, Read, Some(700), None, 3), (100, "a,b", 0, 9, Store, None, Some(5), 1)],
        ),
    ]
}

fn of(format: TraceFormat) -> ReadOptions {
    ReadOptions::of(format)
}

/// As [`Row`], of a trace that was read.
type Found = (u64, String, u64, u64, RecordOp, Option<u64>, Option<u64>, u64);

fn rows(trace: &Trace) -> Vec<Found> {
    let row = |record: &RawRecord| {
        let RawRecord { at, device, offset, bytes, op, response, delay, line } = *record;
        let name = trace.devices[device as usize].clone();
        (at.ns(), name, offset, bytes, op, response.map(Span::ns), delay.map(Span::ns), line)
    };
    trace.records.iter().map(row).collect()
}

fn owned(rows: &[Row]) -> Vec<Found> {
    rows.iter().map(|&(a, b, c, d, e, f, g, h)| (a, b.to_owned(), c, d, e, f, g, h)).collect()
}

/// The trace as `tiersim-csv`.
fn written(content: &[u8], options: ReadOptions) -> Result<Vec<u8>, TraceError> {
    let mut stream = TraceStream::new(vec![("sample".to_owned(), content)], options)?;
    let mut writer = Writer::new(Vec::new(), stream.header()).expect("memory takes it");
    while let Some(item) = stream.next()? {
        if let Item::Record(record) = item {
            writer.write(&record, stream.devices()).expect("memory takes it");
        }
    }
    Ok(writer.into_inner())
}

/// Writing and reading again changes no record, no name and no property.
fn check_round_trip(content: &[u8], options: ReadOptions) {
    let Ok(original) = read_stream("sample", content, options) else { return };
    let text = written(content, options).expect("it was read before");
    let again = read_stream("again", &text[..], ReadOptions::default()).expect("our own text can be read");
    assert_eq!(again.records, original.records);
    assert_eq!((again.format, again.rejects.total(), again.skipped), (TraceFormat::TiersimCsv, 0, 0));
    assert_eq!(again.devices.len(), original.devices.len());
    let properties = |trace: &Trace| (trace.time_resolution, trace.timing, trace.unit);
    assert_eq!(properties(&again), properties(&original));
    assert_eq!(written(&text, ReadOptions::default()).expect("it is ours"), text, "the text is its own normal form");
}

#[test]
fn every_format_has_a_sample_with_its_records() {
    for sample in samples() {
        let trace = read_stream("sample", &sample.content[..], of(sample.format)).expect("the sample is whole");
        assert_eq!(rows(&trace), owned(&sample.rows), "{}", sample.format);
        assert_eq!((trace.rejects.total(), trace.skipped), (0, sample.skipped), "{}", sample.format);
        check_round_trip(&sample.content, of(sample.format));
    }
    for &format in TraceFormat::ALL {
        assert!(samples().iter().any(|sample| sample.format == format), "{format} has no sample");
    }
}

#[test]
fn a_format_is_recognised_where_the_first_bytes_leave_no_doubt() {
    for sample in samples() {
        match read_stream("sample", &sample.content[..], ReadOptions::default()) {
            Ok(trace) => assert_eq!((trace.format, rows(&trace)), (sample.format, owned(&sample.rows))),
            Err(error) => {
                assert_eq!(sample.format, TraceFormat::SsdSim, "{error}");
                assert!(error.to_string().contains("may be disksim-ascii or ssdsim"), "{error}");
            }
        }
    }
}

#[test]
fn an_empty_a_foreign_and_a_cut_file_are_told() {
    let noise: Vec<u8> = (0..3_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let letter = b"Dear reader,\nthis is a letter and no trace at all.\nIt has several lines of several words each.\n";
    for Sample { format, content, rows, .. } in samples() {
        let error = read_stream("sample", &b""[..], of(format)).expect_err("nothing is there");
        assert_eq!(error.to_string(), "`sample` is empty", "{format}");
        for foreign in [&noise[..], letter] {
            let error = read_stream("sample", foreign, of(format)).expect_err("it is no trace");
            let text = error.to_string();
            assert!(text.contains(format.name()) && !error.remedy().is_empty(), "{format}: {text}");
        }
        // Cut within its last record: what is left of that is rejected by name and number, and nothing is invented.
        let last = content.trim_ascii_end().len() - 3;
        let cut =
            read_stream("sample", &content[..last], of(format)).unwrap_or_else(|error| panic!("{format}: {error}"));
        let known = owned(&rows);
        // The last line of three samples is no request.
        let left = cut.records.len();
        let tail = matches!(format, TraceFormat::Blkparse | TraceFormat::Fio2 | TraceFormat::Fio3);
        assert_eq!(left, if tail { rows.len() } else { rows.len() - 1 }, "{format}");
        assert!(self::rows(&cut).iter().all(|row| known.contains(row) || format == TraceFormat::Systor17), "{format}");
        assert_eq!(cut.rejects.total(), 1, "{format}");
        let reject = &cut.rejects.kept[0];
        assert!(matches!(reject.reason, RejectReason::Cut | RejectReason::Fields), "{format}: {reject:?}");
        assert!(!reject.text.is_empty() && reject.text.len() <= 480, "{format}: {reject:?}");
    }
}

#[test]
fn compressed_traces_are_read_as_they_are() {
    let plain = read_stream("msr.csv", MSR.as_bytes(), ReadOptions::default()).expect("it is whole");
    let check = |compression: Compression, packed: &[u8]| {
        let mut stream = TraceStream::new(vec![("packed".to_owned(), packed)], ReadOptions::default()).expect("known");
        let mut records = Vec::new();
        while let Some(item) = stream.next().expect("it is whole") {
            records.extend(match item {
                Item::Record(record) => Some(record),
                Item::Rejected(reject) => panic!("{reject:?}"),
            });
        }
        assert_eq!((records, stream.compressions().next()), (plain.records.clone(), Some(compression)));
        assert_eq!(stream.files().expect("it was read")[0].bytes, packed.len() as u64);
        // Two members behind each other are one content.
        let twice = [packed, packed].concat();
        let options = ReadOptions { window: Span::from_secs(10), ..of(TraceFormat::Msr) };
        let twice = read_stream("twice", &twice[..], options).expect("both are whole");
        assert_eq!(twice.records.len(), 2 * plain.records.len(), "{compression}");
        for cut in [packed.len() / 2, packed.len() - 1] {
            let error = read_stream("cut", &packed[..cut], of(TraceFormat::Msr)).expect_err("it is cut");
            assert!(error.to_string().starts_with("`cut` cannot be read: "), "{compression}: {error}");
        }
        let small = ReadOptions { most_bytes: MSR.len() as u64 - 1, ..ReadOptions::default() };
        let error = read_stream("bomb", packed, small).expect_err("the limit holds");
        assert!(error.to_string().contains("longer than the limit"), "{compression}: {error}");
        let enough = ReadOptions { most_bytes: MSR.len() as u64, ..ReadOptions::default() };
        assert!(read_stream("fits", packed, enough).is_ok());
    };
    check(Compression::Gzip, include_bytes!("traces/msr.csv.gz"));
    check(Compression::Zstd, include_bytes!("traces/msr.csv.zst"));
    check(Compression::Bzip2, include_bytes!("traces/msr.csv.bz2"));
    check(Compression::Xz, include_bytes!("traces/msr.csv.xz"));
}

#[test]
fn the_options_of_the_formats_are_heard() {
    let sample =
        |format: TraceFormat| samples().into_iter().find(|sample| sample.format == format).expect("it has one");
    let operations = |content: &[u8], options| -> Vec<RecordOp> {
        let trace = read_stream("sample", content, options).expect("it is whole");
        trace.records.iter().map(|record| record.op).collect()
    };
    let ssdsim = sample(TraceFormat::SsdSim).content;
    let options = ReadOptions { read_code: 0, ..of(TraceFormat::SsdSim) };
    assert_eq!(operations(&ssdsim, options), [Store, Read, Store]);
    let queued = ReadOptions { action: Action::Queued, ..of(TraceFormat::Blkparse) };
    let trace = read_stream("sample", &sample(TraceFormat::Blkparse).content[..], queued).expect("it is whole");
    assert_eq!((trace.records.len(), trace.records[0].response), (1, Some(Span::from_us(300))));
    let spc = ReadOptions { sector_bytes: Some(4_096), ..of(TraceFormat::Spc) };
    let trace = read_stream("sample", &sample(TraceFormat::Spc).content[..], spc).expect("it is whole");
    assert_eq!((trace.records[0].offset, trace.records[0].bytes, trace.unit), (81_920, 8_192, 4_096));
    let ssd = ReadOptions { sector_bytes: Some(256), ..of(TraceFormat::SsdSim) };
    assert_eq!(read_stream("sample", &ssdsim[..], ssd).expect("it is whole").records[0].bytes, 4_096);
    let bytes = ReadOptions { sector_bytes: Some(512), ..of(TraceFormat::Msr) };
    let error = read_stream("sample", MSR.as_bytes(), bytes).expect_err("bytes are bytes");
    assert!(error.to_string().contains("count bytes"), "{error}");
}

#[test]
fn requests_beyond_the_device_are_rejected_or_mapped() {
    let content = "0,8,4096,R,0.0\n0,15,1024,W,1.0\n0,16,512,R,2.0\n0,0,9000,R,3.0\n";
    let offsets = |bound| {
        let trace =
            read_stream("spc", content.as_bytes(), ReadOptions { bound, ..of(TraceFormat::Spc) }).expect("some fit");
        let places: Vec<(u64, u64)> = trace.records.iter().map(|record| (record.offset, record.bytes)).collect();
        (places, trace.rejects.by_reason.get(&RejectReason::Beyond).copied().unwrap_or(0))
    };
    assert_eq!(offsets(Bound::Reject(8_192)), (vec![(4_096, 4_096)], 3));
    assert_eq!(offsets(Bound::Wrap(8_192)), (vec![(4_096, 4_096), (7_680, 512), (0, 512), (0, 512)], 1));
}

#[test]
fn a_record_beyond_the_window_is_an_error_that_names_both_lines() {
    let late = "0,0,512,R,5.0\n0,8,512,R,6.0\n0,16,512,R,4.9\n";
    let error = read_stream("spc", late.as_bytes(), of(TraceFormat::Spc)).expect_err("1.1 s are too much");
    assert!(error.to_string().contains("record 3 comes 1.1 s after record 2"), "{error}");
    let wider = ReadOptions { window: Span::from_secs(2), ..of(TraceFormat::Spc) };
    let trace = read_stream("spc", late.as_bytes(), wider).expect("2 s are enough");
    assert_eq!(trace.records.iter().map(|record| record.line).collect::<Vec<_>>(), [3, 1, 2]);
    // DiskSim itself stops at a step back.
    let back = "1.0 0 0 8 1\n0.999999 0 0 8 1\n";
    let error = read_stream("ascii", back.as_bytes(), of(TraceFormat::DiskSimAscii)).expect_err("it must ascend");
    assert!(error.to_string().contains("record 2 comes 1 ns after record 1"), "{error}");
}

#[test]
fn files_of_one_trace_are_merged_by_time_or_follow_each_other() {
    let merged = |parts: [&str; 2], format| {
        let parts = parts.iter().enumerate().map(|(number, part)| (number.to_string(), part.as_bytes())).collect();
        let mut stream = TraceStream::new(parts, of(format))?;
        let mut found = Vec::new();
        while let Some(item) = stream.next()? {
            let Item::Record(record) = item else { panic!("{item:?}") };
            found.push((record.at.ns(), stream.devices()[record.device as usize].clone()));
        }
        Ok::<_, TraceError>(found)
    };
    let one = "128166372000000010,a,0,Read,0,512,1\n128166372000000030,a,0,Read,0,512,1\n";
    let other = "128166372000000000,b,0,Read,0,512,1\n128166372000000020,b,0,Read,0,512,1\n";
    let found = merged([one, other], TraceFormat::Msr).expect("both are whole");
    let expected = [(0, "b.0"), (1_000, "a.0"), (2_000, "b.0"), (3_000, "a.0")];
    assert_eq!(found, expected.map(|(at, name)| (at, name.to_owned())));
    let part = "R Hit 0 1 10 20\nR Hit 1 1 10 20\n";
    let found = merged([part, part], TraceFormat::DiskSimValidate).expect("both are whole");
    assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 30_000, 30_000, 60_000]);
    let mixed = vec![("a".to_owned(), &b"fio version 2 iolog\n"[..]), ("b".to_owned(), MSR.as_bytes())];
    assert!(matches!(TraceStream::new(mixed, ReadOptions::default()), Err(TraceError::Mixed { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever the bytes are, and whatever they are said to be, a reader ends with a trace or an error.
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for &format in TraceFormat::ALL {
            check_round_trip(&bytes, of(format));
        }
        check_round_trip(&bytes, ReadOptions::default());
    }

    /// Bytes behind the mark of a compression reach the decoders.
    #[test]
    fn no_packed_bytes_make_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..400usize) {
        let limited = ReadOptions { most_bytes: 1 << 20, ..of(TraceFormat::Msr) };
        for packed in [
            &include_bytes!("traces/msr.csv.gz")[..],
            include_bytes!("traces/msr.csv.zst"),
            include_bytes!("traces/msr.csv.bz2"),
            include_bytes!("traces/msr.csv.xz"),
        ] {
            let mixed = [&packed[..cut.min(packed.len())], &bytes].concat();
            let _ = read_stream("packed", &mixed[..], limited);
        }
    }

    /// Samples with a few bytes changed, put in or taken out come deeper than noise does.
    #[test]
    fn no_damaged_sample_makes_a_reader_panic(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..3u8), 1..6),
        digits in any::<bool>(),
    ) {
        for Sample { format, mut content, .. } in samples() {
            for &(place, byte, change) in &changes {
                let place = place % content.len().max(1);
                let byte = if digits { b"0123456789,. \n-"[usize::from(byte) % 15] } else { byte };
                match change {
                    0 if place < content.len() => content[place] = byte,
                    1 if place < content.len() => drop(content.remove(place)),
                    _ => content.insert(place, byte),
                }
            }
            check_round_trip(&content, of(format));
            check_round_trip(&content, ReadOptions::default());
        }
    }

    /// Each whole line of a format with one request per line is accepted or rejected; nothing is lost.
    #[test]
    fn every_line_is_accounted_for(lines in proptest::collection::vec("[0-9RW]{1,5}([, ][0-9a-fRW.]{1,6}){3,6}", 1..20)) {
        let content = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        for format in [TraceFormat::DiskSimValidate, TraceFormat::Msr, TraceFormat::Spc, TraceFormat::SsdSim] {
            let options = ReadOptions { window: Span::from_secs(1 << 32), ..of(format) };
            match read_stream("lines", content.as_bytes(), options) {
                Ok(trace) => {
                    prop_assert_eq!(trace.records.len() as u64 + trace.rejects.total(), lines.len() as u64);
                    prop_assert!(trace.records.is_sorted_by_key(|record| record.at));
                }
                Err(TraceError::NoRecord { rejected, .. }) => prop_assert_eq!(rejected, lines.len() as u64),
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}

// --- The command

fn call(directory: &Path, arguments: &[&str], stdin: &[u8]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("tiersim").expect("the program is built");
    let output =
        command.current_dir(directory).args(arguments).write_stdin(stdin).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("the system has room for temporary files")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("one is there").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn an_import_is_whole_or_not_there() {
    let here = folder();
    let good = b"0,8,4096,R,0.0\n0,16,512,W,1.0\n";
    fs::write(here.path().join("bad.spc"), b"0,8,4096,R,0.0\n0,16,512,X,1.0\n0,nine,1,R,2\n").expect("written");
    // Rejected records end with 2; what they are stands in a report.
    let import = ["trace", "import", "--format", "spc", "bad.spc", "--out", "t.csv"];
    let (code, _, stderr) = call(here.path(), &import, b"");
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("rejected 1: number: ") && stderr.contains("rejected 1: operation: "), "{stderr}");
    assert_eq!(names(here.path()), ["bad.spc", "t.csv.rejects.csv"]);
    let report = fs::read_to_string(here.path().join("t.csv.rejects.csv")).expect("it was written");
    let operation = "\"bad.spc\",2,operation,\"in line 2 `Opcode` is `X`, not R or W\",\"0,16,512,X,1.0\"";
    assert_eq!(report.lines().nth(2), Some(operation));
    assert_eq!(report.lines().count(), 4);
    // An existing report is ours, and still not replaced unasked.
    let (code, _, stderr) = call(here.path(), &import, b"");
    assert!(code == 2 && stderr.contains("--force"), "{stderr}");
    // Allowed, they are left out.
    let (code, stdout, stderr) = call(here.path(), &[&import[..], &["--skip-bad-lines", "--force"]].concat(), b"");
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("requests            1\n") && stdout.contains("rejected            2\n"), "{stdout}");
    // From stdin, and over the import before it; the report of that goes away.
    let from_stdin = ["trace", "import", "--format", "spc", "-", "-o", "t.csv"];
    assert_eq!(call(here.path(), &from_stdin, good).0, 2, "it exists");
    let (code, stdout, stderr) = call(here.path(), &[&from_stdin[..], &["--force", "--json"]].concat(), good);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let document: serde_json::Value = serde_json::from_str(&stdout).expect("one document");
    assert_eq!((document["requests"].as_u64(), document["written"].as_str()), (Some(2), Some("t.csv")));
    assert_eq!(names(here.path()), ["bad.spc", "t.csv"]);
    let trace = read(&here.path().join("t.csv"), ReadOptions::default()).expect("it is ours");
    assert_eq!(trace.records, read_stream("spc", &good[..], of(TraceFormat::Spc)).expect("it is whole").records);
    // A file of somebody else is never replaced.
    let (code, _, stderr) = call(here.path(), &["trace", "import", "t.csv", "-o", "bad.spc", "--force"], b"");
    assert!(code == 2 && stderr.contains("was not written by this command"), "{stderr}");
    // What breaks in the middle leaves nothing behind.
    let late = b"0,0,512,R,9.0\n0,0,512,R,1.0\n";
    let (code, _, stderr) = call(here.path(), &["trace", "import", "--format", "spc", "-", "-o", "late.csv"], late);
    assert!(code == 2 && stderr.contains("record 2 comes 8 s after record 1"), "{stderr}");
    assert_eq!(names(here.path()), ["bad.spc", "t.csv"]);
}

#[test]
fn statistics_tell_what_is_doubtful() {
    let here = folder();
    let stats = |arguments: &[&str], content: &[u8]| {
        let (code, stdout, stderr) = call(here.path(), &[&["trace", "stats", "-"], arguments].concat(), content);
        assert_eq!(code, 0, "{stderr}");
        (stdout, stderr)
    };
    // Sequential only if an address counts 256 bytes.
    let runs: String = (0..50).map(|number| format!("{number}.0 0 {} 1 1\n", 2 * number)).collect();
    let (stdout, stderr) = stats(&[], runs.as_bytes());
    assert!(stdout.contains("  if 256 B          49 sequential"), "{stdout}");
    assert!(stderr.contains("--sector-bytes 256"), "{stderr}");
    assert!(
        !stats(&["--sector-bytes", "256"], runs.replace(" 1 1\n", " 2 1\n").as_bytes()).1.contains("--sector-bytes")
    );
    // Sectors that nearly fill 32 bits.
    let (_, stderr) = stats(&[], b"0.0 0 4294967288 8 1\n");
    assert!(stderr.contains("32 bits"), "{stderr}");
    assert!(!stats(&[], b"0.0 0 4294967297 8 1\n").1.contains("32 bits"));
    let (_, stderr) = stats(&[], b"version,time,op,size,lbn\n1,1,28,512,1\n");
    assert!(stderr.contains("whole steps of 1 s"), "{stderr}");
    let (_, stderr) = stats(&[], b"R Hit 0 1 10 20\n");
    assert!(stderr.contains("closed loop"), "{stderr}");
    for (arguments, told) in [
        (&["trace", "stats", "none.csv"][..], "there is no file `none.csv`"),
        (&["trace", "stats", "-", "-"], "there is only one"),
        (&["trace", "stats", "-", "--format", "srt"], "formats are auto, tiersim-csv, "),
        (&["trace", "stats", "-", "--wrap"], "--device-bytes"),
    ] {
        let (code, _, stderr) = call(here.path(), arguments, b"");
        assert!(code == 2 && stderr.contains(told), "{arguments:?}: {stderr}");
    }
}

/// A scenario replays what a trace workload names, in each format and each way that the format allows.
#[test]
fn a_scenario_uses_each_format_as_it_is() {
    let here = folder();
    for (number, Sample { format, content, .. }) in samples().into_iter().enumerate() {
        let file = format!("trace{number}");
        fs::write(here.path().join(&file), &content).expect("written");
        let scenario = |replay: &str| {
            let text = format!(
                "[[volume]]\nid = \"A\"\ndevice = \"0A00\"\nmodel = \"3390-3\"\n[[workload]]\nvolume = \"A\"\n\
                 kind = \"trace\"\nfile = \"{file}\"\nformat = \"{format}\"\naddress = \"compact\"\nreplay = \"{replay}\"\n"
            );
            fs::write(here.path().join("case.toml"), text).expect("written");
            call(here.path(), &["check", "case.toml"], b"")
        };
        let (code, _, stderr) = scenario("closed");
        assert_eq!(code, 0, "{format}: {stderr}");
        let (code, _, stderr) = scenario("open");
        match format {
            TraceFormat::DiskSimValidate | TraceFormat::Fio2 => assert!(stderr.contains("tells no times"), "{stderr}"),
            TraceFormat::VscsiCsv => assert!(stderr.contains("allow_coarse_time"), "{stderr}"),
            _ => assert_eq!(code, 0, "{format}: {stderr}"),
        }
    }
    // The permission that an import was given goes with its file.
    let content = b"version,time,op,size,lbn\n1,1,28,512,1\n";
    let import = ["trace", "import", "-", "-o", "coarse.csv", "--allow-coarse-time"];
    assert_eq!(call(here.path(), &import, content).0, 0);
    let text = "[[volume]]\nid = \"A\"\ndevice = \"0A00\"\nmodel = \"3390-3\"\n[[workload]]\nvolume = \"A\"\n\
        kind = \"trace\"\nfile = \"coarse.csv\"\n";
    fs::write(here.path().join("case.toml"), text).expect("written");
    let (code, _, stderr) = call(here.path(), &["check", "case.toml"], b"");
    assert_eq!(code, 0, "{stderr}");
}

// --- Recorded traces

fn shared(name: &str) -> Option<PathBuf> {
    let named = env::var_os("TIERSIM_SHARED").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let file = named.clone().unwrap_or(beside).join(name);
    if file.is_file() {
        return Some(file);
    }
    assert_eq!(named, None, "TIERSIM_SHARED has no {name}");
    // Not by `eprintln!`, which nobody sees of a test that passes.
    writeln!(std::io::stderr(), "NOTHING WAS CHECKED: there is no {}", file.display()).expect("stderr takes it");
    None
}

/// Requests, reads, milliseconds, mean bytes and tenths of a mebibyte touched: the table beside the traces.
fn figures(trace: &Trace) -> (u64, u64, u64, u64, u64) {
    let statistics = trace.statistics();
    let milliseconds = (statistics.duration.ns() + 500_000) / 1_000_000;
    let tenths = (statistics.footprint() * 10 + (1 << 19)) >> 20;
    (statistics.requests(), statistics.reads, milliseconds, statistics.mean_bytes(), tenths)
}

#[test]
fn recorded_traces_have_the_figures_of_their_table() {
    for (name, format, expected) in [
        ("cloudPhysicsIO.vscsi", TraceFormat::Vscsi, (113_872, 46_974, 7_200_090, 36_936, 10_516)),
        ("cloudPhysicsIO.csv", TraceFormat::VscsiCsv, (113_872, 46_974, 7_200_000, 36_936, 10_516)),
        ("msr-cambridge1-sample.csv", TraceFormat::Msr, (1_000, 508, 127_233, 9_690, 75)),
        ("systor17-additional-sample.csv.gz", TraceFormat::Systor17, (999, 700, 1_331, 20_713, 213)),
        ("hplajw-1992.1week.srt", TraceFormat::HpSrt, (44_519, 13_040, 603_064_589, 5_914, 287)),
        ("wsrch-small.trace", TraceFormat::SsdSim, (24_783, 24_779, 60_055, 15_419, 3_634)),
    ] {
        let Some(path) = shared(&format!("traces/{name}")) else { continue };
        let trace = read(&path, of(format)).expect("it is whole");
        assert_eq!((figures(&trace), trace.rejects.total()), (expected, 0), "{name}");
        if format != TraceFormat::SsdSim {
            assert_eq!(read(&path, ReadOptions::default()).expect("it is known").format, format);
        }
        check_round_trip(&fs::read(&path).expect("it is there"), of(format));
    }
}

#[test]
fn the_traces_of_the_validated_disks_have_their_figures() {
    for (name, requests, reads, seconds_tenths) in [
        ("hp_c2247a", 9_999, 5_115, 2_949),
        ("hp_c3323a", 9_074, 6_113, 2_692),
        ("cheetah9LP", 10_000, 6_594, 4_976),
        ("atlas10k", 10_000, 6_569, 5_008),
    ] {
        let Some(path) = shared(&format!("validation/disks/{name}.trace")) else { continue };
        let trace = read(&path, ReadOptions::default()).expect("it is whole");
        let statistics = trace.statistics();
        assert_eq!(
            (trace.format, statistics.requests(), statistics.reads),
            (TraceFormat::DiskSimValidate, requests, reads)
        );
        let sum = |record: &RawRecord| record.response.into_iter().chain(record.delay).map(Span::ns).sum::<u64>();
        let total: u64 = trace.records.iter().map(sum).sum();
        assert_eq!((total + 50_000_000) / 100_000_000, seconds_tenths, "{name}");
    }
}

#[test]
fn recorded_traces_tell_their_unit_and_their_order() {
    if let Some(path) = shared("traces/hplajw-1992.1week.srt") {
        let mut trace = read(&path, ReadOptions::default()).expect("it is whole");
        let response = trace.statistics().mean_response().expect("recorded");
        assert_eq!(response.ns() / 10_000, 11_669, "116.69 ms");
        assert_eq!(trace.unit, 256);
        let first = trace.devices.iter().position(|name| name == "0").expect("there is a disk 0") as u32;
        trace.records.retain(|record| record.device == first);
        assert_eq!(trace.records.len(), 42_252);
        assert_eq!(trace.statistics().evidence.exact[..2], [561, 24]);
        let wrong = ReadOptions { sector_bytes: Some(512), ..ReadOptions::default() };
        assert_eq!(read(&path, wrong).expect("it is whole").statistics().likelier_unit(), Some(256));
    }
    if let Some(path) = shared("traces/systor17-additional-sample.csv.gz") {
        let trace = read(&path, ReadOptions::default()).expect("it is whole");
        assert_eq!(trace.backward_steps, 299);
        assert_eq!(trace.largest_backward, Span::from_us(96_933));
        assert!(trace.records.is_sorted_by_key(|record| record.at));
    }
}

#[test]
fn a_mark_of_byte_order_is_no_part_of_a_text() {
    let text = b"0,8,4096,R,0.1\n0,16,4096,W,0.2\n".to_vec();
    let marked = [&[0xef, 0xbb, 0xbf][..], &text].concat();
    let records = |bytes: &[u8]| read_stream("it", bytes, of(TraceFormat::Spc)).expect("it is a trace").records;
    assert_eq!(records(&marked), records(&text));
    assert_eq!(records(&text).len(), 2);
}
