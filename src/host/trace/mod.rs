//! Recorded traces: how files of one of several formats become one list of requests in order of time.
//!
//! A reader works on a stream, never fails on a bad record (it is kept as a [`Reject`] and counted), and takes no memory
//! by a number found in the file. What is wrong with the file as a whole is a [`TraceError`]. [`TraceStream`] is the whole
//! way of the bytes: decompressed, split into records by the format's file, sorted within a window, merged with other files of
//! the same trace, and rebased to the earliest record. A scenario needs all records at once ([`read_stream`]).

mod blkparse;
mod disksim;
mod error;
mod fields;
mod fio;
mod hp_srt;
mod input;
mod lines;
mod msr;
mod place;
mod reader;
mod recognise;
mod record;
mod reject;
mod spc;
mod ssdsim;
mod statistics;
mod stream;
mod systor17;
mod text;
mod tiersim_csv;
mod vscsi;
mod vscsi_csv;

pub use error::TraceError;
pub use input::{Compression, text_of};
pub use place::{Address, PlaceError, Placement, place};
pub use record::{RawRecord, RecordOp};
pub use reject::{KEPT_REJECTS, Reject, RejectReason, Rejects};
pub use statistics::{Evidence, Tally, TraceStatistics, UNITS};
pub use stream::{Item, TraceStream};
pub use tiersim_csv::{Header, MAGIC, Writer};

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::kernel::Span;

crate::names! {
    pub enum TraceFormat {
        /// The program's own text.
        TiersimCsv = "tiersim-csv",
        DiskSimValidate = "disksim-validate",
        DiskSimAscii = "disksim-ascii",
        HpSrt = "hp-srt",
        Msr = "msr",
        Spc = "spc",
        Systor17 = "systor17",
        /// VMware vscsi records, version 1 or 2, as published by CloudPhysics; the version is seen in the file.
        Vscsi = "vscsi",
        /// The same as text with times cut to whole seconds.
        VscsiCsv = "vscsi-csv",
        SsdSim = "ssdsim",
        Blkparse = "blkparse",
        Fio2 = "fio-iolog-2",
        Fio3 = "fio-iolog-3",
    }
}

impl TraceFormat {
    /// The step of the format's clock. Requests closer together than that have lost their order in time: an open-loop
    /// replay of whole seconds would issue each second's requests in one burst. (VALIDATION B; of formats with decimals, the
    /// step of the program's own clock.)
    pub fn time_resolution(self) -> Span {
        match self {
            TraceFormat::VscsiCsv => Span::from_secs(1),
            TraceFormat::Vscsi | TraceFormat::HpSrt | TraceFormat::Fio2 | TraceFormat::Fio3 => Span::from_us(1),
            TraceFormat::Msr => Span::from_ns(100),
            TraceFormat::TiersimCsv
            | TraceFormat::DiskSimValidate
            | TraceFormat::DiskSimAscii
            | TraceFormat::Spc
            | TraceFormat::Systor17
            | TraceFormat::SsdSim
            | TraceFormat::Blkparse => Span::from_ns(1),
        }
    }

    /// Bytes that one step of the format's addresses counts, unless the header of a file tells otherwise (VALIDATION B).
    pub fn block_bytes(self) -> u64 {
        match self {
            TraceFormat::DiskSimValidate
            | TraceFormat::DiskSimAscii
            | TraceFormat::HpSrt
            | TraceFormat::Spc
            | TraceFormat::Vscsi
            | TraceFormat::VscsiCsv
            | TraceFormat::SsdSim
            | TraceFormat::Blkparse => 512,
            TraceFormat::TiersimCsv
            | TraceFormat::Msr
            | TraceFormat::Systor17
            | TraceFormat::Fio2
            | TraceFormat::Fio3 => 1,
        }
    }

    pub fn timing(self) -> Timing {
        match self {
            TraceFormat::DiskSimValidate | TraceFormat::Fio2 => Timing::None,
            TraceFormat::TiersimCsv
            | TraceFormat::DiskSimAscii
            | TraceFormat::HpSrt
            | TraceFormat::Msr
            | TraceFormat::Spc
            | TraceFormat::Systor17
            | TraceFormat::Vscsi
            | TraceFormat::VscsiCsv
            | TraceFormat::SsdSim
            | TraceFormat::Blkparse
            | TraceFormat::Fio3 => Timing::Recorded,
        }
    }

    /// Whether the format itself demands ascending times (DiskSim stops at a step back).
    fn must_ascend(self) -> bool {
        matches!(self, TraceFormat::DiskSimAscii)
    }
}

crate::names! {
    /// What the times of a trace are good for.
    pub enum Timing {
        Recorded = "recorded",
        /// Coarse, and to be used for a replay all the same.
        CoarseAllowed = "coarse-allowed",
        /// The format has no clock: a replay is closed loop.
        None = "none",
    }
}

crate::names! {
    /// Which events of a blkparse text are the requests.
    pub enum Action {
        /// Sent to the driver.
        Issued = "D",
        Queued = "Q",
    }
}

/// What becomes of a request that ends beyond its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The size of the device is not known.
    None,
    /// It is rejected; bytes of every device.
    Reject(u64),
    /// Its address is taken modulo the bytes of the device; what crosses the end becomes two requests.
    Wrap(u64),
}

/// What the user says about a trace beside its files.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Without it the file itself tells.
    pub format: Option<TraceFormat>,
    /// Bytes of a block of the addresses, other than the format says.
    pub sector_bytes: Option<u64>,
    /// The code of a read in an ssdsim trace.
    pub read_code: u8,
    pub action: Action,
    /// How much later than its place in time a record may come in its file.
    pub window: Span,
    pub bound: Bound,
    /// Bytes of content that a file may have when it is decompressed.
    pub most_bytes: u64,
    /// Records that a trace may have when all of it is kept in memory.
    pub most_records: u64,
}

impl ReadOptions {
    pub fn of(format: TraceFormat) -> ReadOptions {
        ReadOptions { format: Some(format), ..ReadOptions::default() }
    }
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions {
            format: None,
            sector_bytes: None,
            read_code: 1,
            action: Action::Issued,
            // VALIDATION B.3; the SYSTOR sample needs 0.0970 s.
            window: Span::from_secs(1),
            bound: Bound::None,
            // A: ten times the largest trace of the usual collections.
            most_bytes: 1 << 40,
            // At about 130 bytes each they need some 4 GB.
            most_records: 1 << 25,
        }
    }
}

/// What a manifest says about a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFile {
    /// Without directories, so that equal files give equal manifests wherever they lie.
    pub name: String,
    /// As stored, before a decompression.
    pub bytes: u64,
    pub sha256: [u8; 32],
}

impl TraceFile {
    pub fn sha256_hex(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A trace as it was read.
#[derive(Clone, Debug)]
pub struct Trace {
    pub file: TraceFile,
    pub format: TraceFormat,
    /// The step of its clock: coarse times are refused by an open-loop replay unless the scenario allows them.
    pub time_resolution: Span,
    pub timing: Timing,
    /// Bytes that a step of its addresses counts.
    pub unit: u64,
    /// In order of time, records of equal time in the order of the file.
    pub records: Vec<RawRecord>,
    /// Names of the devices, in the order in which they are first used.
    pub devices: Vec<String>,
    pub rejects: Rejects,
    /// Legal lines and records that are no requests.
    pub skipped: u64,
    /// Records with an earlier time than the record before them in the file.
    pub backward_steps: u64,
    /// The longest time by which a record came after a later one.
    pub largest_backward: Span,
}

/// Opens the trace at `path`, without reading it; gives its name without directories.
pub fn open(path: &Path) -> Result<(String, File), TraceError> {
    let shown = path.display().to_string();
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => TraceError::Missing { name: shown.clone() },
        _ => TraceError::Unreadable { name: shown.clone(), error },
    };
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(TraceError::Directory { name: shown });
    }
    let file = File::open(path).map_err(unreadable)?;
    Ok((path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned()), file))
}

/// Reads the trace at `path` whole.
pub fn read(path: &Path, options: ReadOptions) -> Result<Trace, TraceError> {
    let (name, file) = open(path)?;
    read_stream(&name, file, options)
}

/// Reads a trace whole from a stream, such as the output of another program.
pub fn read_stream(name: &str, input: impl Read, options: ReadOptions) -> Result<Trace, TraceError> {
    let mut stream = TraceStream::new(vec![(name.to_owned(), input)], options)?;
    let (mut records, mut rejects) = (Vec::new(), Rejects::default());
    while let Some(item) = stream.next()? {
        match item {
            Item::Record(_) if records.len() as u64 >= options.most_records => {
                return Err(TraceError::TooLong { name: name.to_owned(), most: options.most_records });
            }
            Item::Record(record) => records.push(record),
            Item::Rejected(reject) => rejects.add(reject),
        }
    }
    let (backward_steps, largest_backward) = stream.backward();
    let Header { clock, unit, timing, .. } = stream.header();
    Ok(Trace {
        file: stream.files()?.remove(0),
        format: stream.format(),
        time_resolution: clock,
        timing,
        unit,
        records,
        devices: stream.devices().to_vec(),
        rejects,
        skipped: stream.skipped(),
        backward_steps,
        largest_backward,
    })
}

/// A number with a comma every three digits, as in `113,872`.
#[derive(Clone, Copy, Debug)]
pub struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plan::WorkloadVolume;
    use crate::vocab::VolumeId;
    use std::path::PathBuf;

    /// A trace beside the sources, if this machine has it: they are not part of the crate.
    fn shared(name: &str) -> Option<PathBuf> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces").join(name);
        if !path.exists() {
            eprintln!("nothing to check: there is no {}", path.display());
            return None;
        }
        Some(path)
    }

    /// The figures of the table beside the traces.
    #[test]
    fn the_cloudphysics_trace_has_its_published_figures() {
        let Some(path) = shared("cloudPhysicsIO.vscsi") else { return };
        let trace = read(&path, ReadOptions::default()).unwrap();
        assert_eq!((trace.format, trace.rejects.total(), trace.backward_steps), (TraceFormat::Vscsi, 0, 0));
        let statistics = trace.statistics();
        assert_eq!((statistics.reads, statistics.writes, statistics.others), (46_974, 66_898, 0));
        assert_eq!(statistics.requests(), 113_872);
        assert_eq!(statistics.read_ppm() / 100, 4_125, "41.3 %");
        assert_eq!(statistics.duration, Span::from_us(5_641_098_458_687 - 5_633_898_368_802));
        assert_eq!(statistics.mean_bytes(), 36_936);
        let tenths_of_mebibytes = (statistics.footprint() * 10 + (1 << 19)) >> 20;
        assert_eq!(tenths_of_mebibytes, 10_516);
        assert_eq!(statistics.evidence.exact, [772, 29_558, 4, 3]);
        assert_eq!(statistics.evidence.cut, [772, 29_558, 49, 1_275]);
        assert_eq!(statistics.likelier_unit(), None);
        assert_eq!((trace.file.name.as_str(), trace.file.bytes), ("cloudPhysicsIO.vscsi", 3_643_904));
        assert!(trace.records.windows(2).all(|pair| pair[0].at < pair[1].at));
    }

    #[test]
    fn the_binary_and_the_text_of_a_trace_agree_record_by_record() {
        let (Some(binary), Some(text)) = (shared("cloudPhysicsIO.vscsi"), shared("cloudPhysicsIO.csv")) else { return };
        let (binary, text) =
            (read(&binary, ReadOptions::default()).unwrap(), read(&text, ReadOptions::default()).unwrap());
        assert_eq!((text.format, text.rejects.total()), (TraceFormat::VscsiCsv, 0));
        assert_eq!((binary.records.len(), text.records.len()), (113_872, 113_872));
        // The first record is at 5,633,898.368802 s: the text counts from the start of that second.
        let into_first_second = Span::from_us(368_802);
        for (exact, coarse) in binary.records.iter().zip(&text.records) {
            let second = Span::from_secs((exact.at + into_first_second).ns() / 1_000_000_000);
            let expected = RawRecord { at: second, line: exact.line + 1, ..*exact };
            assert_eq!(*coarse, expected, "record {}", exact.line);
        }
    }

    #[test]
    fn the_cloudphysics_trace_is_placed_in_each_way() {
        let Some(path) = shared("cloudPhysicsIO.vscsi") else { return };
        let trace = read(&path, ReadOptions::default()).unwrap();
        // 3390-3 volumes have 50,085 tracks.
        let volumes = |count: usize| vec![WorkloadVolume { id: VolumeId::BLANK, tracks: 50_085 }; count];
        let strict = place(&trace, &volumes(12), Address::Strict).unwrap();
        assert_eq!(strict.requests, 113_872);
        let wrapped = place(&trace, &volumes(1), Address::Wrap).unwrap();
        assert!(wrapped.records.len() - 113_872 < 10);
        let compact = place(&trace, &volumes(1), Address::Compact).unwrap();
        assert_eq!(compact.requests, 113_872);
        let end = compact.records.iter().map(|record| record.offset + record.bytes).max().unwrap();
        assert_eq!(end.div_ceil(4_096) * 4_096, trace.statistics().footprint());
        assert!(compact.records.len() < 113_872 * 5 / 4, "few requests touch pages that were first touched apart");
        let error = place(&trace, &volumes(1), Address::Strict).unwrap_err().to_string();
        assert!(error.contains("the trace needs 33,584,938,496 bytes, which are 592,704 tracks"), "{error}");
    }

    #[test]
    fn files_that_are_no_traces_say_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let check = |name: &str, contents: Option<&[u8]>, message: &str, remedy: &str| {
            let path = directory.path().join(name);
            if let Some(contents) = contents {
                std::fs::write(&path, contents).unwrap();
            }
            let error = read(&path, ReadOptions::default()).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.remedy().contains(remedy), "{}", error.remedy());
        };
        check("missing", None, "there is no file", "existing file");
        check("", None, "is a directory", "name one file");
        check("empty", Some(b""), "`empty` is empty", "repeat");
        check("a.gz", Some(&[0x1f, 0x8b, 8, 0]), "`a.gz` cannot be read", "whole");
        check("a.zst", Some(&[0x28, 0xb5, 0x2f, 0xfd, 0]), "`a.zst` cannot be read", "whole");
        check("a.bz2", Some(b"BZh91AY"), "`a.bz2` cannot be read", "whole");
        check("a.xz", Some(b"\xfd7zXZ\0abc"), "`a.xz` cannot be read", "whole");
        check("prose", Some(b"Once upon a time"), "no known trace; it starts with 4f6e6365", "vscsi, vscsi-csv");
    }

    #[test]
    fn a_stream_that_breaks_is_reported() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the tape tore"))
            }
        }
        let header = &b"version,time,op,size,lbn\n1,1,28,512,1\n"[..];
        for error in [
            read_stream("pipe", Broken, ReadOptions::default()),
            read_stream("pipe", header.chain(Broken), ReadOptions::default()),
        ] {
            assert_eq!(error.unwrap_err().to_string(), "`pipe` cannot be read: the tape tore");
        }
    }

    #[test]
    fn formats_have_one_name() {
        assert!(TraceFormat::ALL.iter().all(|&format| TraceFormat::parse(format.name()) == Some(format)));
        assert_eq!(TraceFormat::parse("VSCSI"), None);
    }
}
