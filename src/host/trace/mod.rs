//! Recorded traces: how a file of one of several formats becomes one list of requests in order of time.
//!
//! A reader works on a stream, never fails on a bad record (it is kept as a [`Reject`] and counted), and takes no memory
//! by a number found in the file. What is wrong with the file as a whole is a [`TraceError`].

mod collect;
mod error;
mod place;
mod statistics;
mod vscsi;
mod vscsi_csv;

pub use collect::{KEPT_REJECTS, Reject, RejectReason, Rejects};
pub use error::TraceError;
pub use place::{Address, PlaceError, Placement, place};
pub use statistics::{TraceStatistics, UNITS};

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::kernel::Span;
use collect::Collector;

/// Bytes by which a format is recognised: two records of the longest format.
const HEAD: u64 = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceFormat {
    /// VMware vscsi records, version 1 or 2, as published by CloudPhysics; the version is seen in the file.
    Vscsi,
    /// The same as text with times cut to whole seconds: `version,time,op,size,lbn`.
    VscsiCsv,
}

impl TraceFormat {
    pub const ALL: [TraceFormat; 2] = [TraceFormat::Vscsi, TraceFormat::VscsiCsv];

    pub fn name(self) -> &'static str {
        match self {
            TraceFormat::Vscsi => "vscsi",
            TraceFormat::VscsiCsv => "vscsi-csv",
        }
    }

    pub fn parse(name: &str) -> Option<TraceFormat> {
        TraceFormat::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The step of the format's clock. Requests closer together than that have lost their order in time: an open-loop
    /// replay of whole seconds would issue each second's requests in one burst.
    pub fn time_resolution(self) -> Span {
        match self {
            TraceFormat::Vscsi => Span::from_us(1),
            TraceFormat::VscsiCsv => Span::from_secs(1),
        }
    }

    /// Bytes that one step of the format's block address counts.
    pub fn block_bytes(self) -> u64 {
        match self {
            TraceFormat::Vscsi | TraceFormat::VscsiCsv => 512,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordOp {
    Read,
    Write,
    /// Neither reads nor writes, or no bytes at all: counted, ignored by a replay.
    Other,
}

/// One request as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Since the earliest record.
    pub at: Span,
    pub device: u32,
    /// Byte address on the recorded device; `offset + bytes` fits 64 bits.
    pub offset: u64,
    pub bytes: u64,
    pub op: RecordOp,
    /// Line of a text file, number of the record in a binary one; from 1.
    pub line: u64,
}

/// What a manifest says about a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFile {
    /// Without directories, so that equal files give equal manifests wherever they lie.
    pub name: String,
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
    /// In order of time, records of equal time in the order of the file.
    pub records: Vec<RawRecord>,
    pub rejects: Rejects,
    /// Records with an earlier time than the record before them in the file.
    pub backward_steps: u64,
    /// The longest time by which a record came after a later one.
    pub largest_backward: Span,
}

/// Reads the trace at `path`; without a `format` the file itself tells.
pub fn read(path: &Path, format: Option<TraceFormat>) -> Result<Trace, TraceError> {
    let shown = path.display().to_string();
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => TraceError::Missing { name: shown.clone() },
        _ => TraceError::Unreadable { name: shown.clone(), error },
    };
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(TraceError::Directory { name: shown });
    }
    let file = File::open(path).map_err(unreadable)?;
    let name = path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
    read_stream(&name, file, format)
}

/// Reads a trace from a stream, such as the output of a program that decompresses it.
pub fn read_stream(name: &str, input: impl Read, format: Option<TraceFormat>) -> Result<Trace, TraceError> {
    let unreadable = |error| TraceError::Unreadable { name: name.to_owned(), error };
    let mut input = Digesting { input, hash: Sha256::new(), bytes: 0 };
    let mut head = Vec::new();
    input.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    let layout = recognise(name, &head, format)?;
    let format = layout.format();
    let mut collector = Collector::new(name, format);
    let body = Cursor::new(head).chain(input.by_ref());
    match layout {
        Layout::Vscsi(version) => vscsi::read(body, version, &mut collector)?,
        Layout::VscsiCsv => vscsi_csv::read(body, &mut collector)?,
    }
    let file = TraceFile { name: name.to_owned(), bytes: input.bytes, sha256: input.hash.finalize().into() };
    Ok(collector.finish(file, format))
}

/// A format with everything that its first bytes decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Vscsi(vscsi::Version),
    VscsiCsv,
}

impl Layout {
    fn format(self) -> TraceFormat {
        match self {
            Layout::Vscsi(_) => TraceFormat::Vscsi,
            Layout::VscsiCsv => TraceFormat::VscsiCsv,
        }
    }
}

fn recognise(name: &str, head: &[u8], format: Option<TraceFormat>) -> Result<Layout, TraceError> {
    const COMPRESSED: [(&[u8], &str); 4] = [
        (&[0x1f, 0x8b], "gzip -dc"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd -dc"),
        (&[0x42, 0x5a, 0x68], "bzip2 -dc"),
        (&[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "xz -dc"),
    ];
    let name = || name.to_owned();
    if head.is_empty() {
        return Err(TraceError::Empty { name: name() });
    }
    let found = match format {
        None => vscsi::detect(head).map(Layout::Vscsi).or(vscsi_csv::detect(head).then_some(Layout::VscsiCsv)),
        Some(TraceFormat::Vscsi) => vscsi::version(head).map(Layout::Vscsi),
        Some(TraceFormat::VscsiCsv) => vscsi_csv::detect(head).then_some(Layout::VscsiCsv),
    };
    found.ok_or_else(|| match COMPRESSED.iter().find(|(magic, _)| head.starts_with(magic)) {
        Some((_, command)) => TraceError::Compressed { name: name(), command },
        None => TraceError::NotRecognised { name: name(), format, head: collect::shown_bytes(head) },
    })
}

/// Counts and digests everything that is read through it.
struct Digesting<R> {
    input: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.input.read(target) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.hash.update(&target[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

/// A number with a comma every three digits, as in `113,872`.
struct Grouped(u64);

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
        let trace = read(&path, None).unwrap();
        assert_eq!((trace.format, trace.rejects.total(), trace.backward_steps), (TraceFormat::Vscsi, 0, 0));
        let statistics = trace.statistics();
        assert_eq!((statistics.reads, statistics.writes, statistics.others), (46_974, 66_898, 0));
        assert_eq!(statistics.requests(), 113_872);
        assert_eq!(statistics.read_ppm() / 100, 4_125, "41.3 %");
        assert_eq!(statistics.duration, Span::from_us(5_641_098_458_687 - 5_633_898_368_802));
        assert_eq!(statistics.mean_bytes(), 36_936);
        let tenths_of_mebibytes = (statistics.footprint() * 10 + (1 << 19)) >> 20;
        assert_eq!(tenths_of_mebibytes, 10_516);
        // Lengths that are no whole number of units end nowhere a request could start. (Cut to whole units, 1,024 gives
        // 49 and 4,096 gives 1,275: repeated writes of one block would pass for sequential ones.)
        assert_eq!(statistics.sequential, [772, 29_558, 4, 3]);
        assert_eq!(statistics.likelier_unit(512), None);
        assert_eq!((trace.file.name.as_str(), trace.file.bytes), ("cloudPhysicsIO.vscsi", 3_643_904));
        assert!(trace.records.windows(2).all(|pair| pair[0].at < pair[1].at));
    }

    #[test]
    fn the_binary_and_the_text_of_a_trace_agree_record_by_record() {
        let (Some(binary), Some(text)) = (shared("cloudPhysicsIO.vscsi"), shared("cloudPhysicsIO.csv")) else { return };
        let (binary, text) = (read(&binary, None).unwrap(), read(&text, None).unwrap());
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
        let trace = read(&path, None).unwrap();
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
            let error = read(&path, None).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.remedy().contains(remedy), "{}", error.remedy());
        };
        check("missing", None, "there is no file", "existing file");
        check("", None, "is a directory", "name one file");
        check("empty", Some(b""), "`empty` is empty", "repeat");
        check("a.gz", Some(&[0x1f, 0x8b, 8, 0]), "compressed", "gzip -dc 'a.gz'");
        check("a.zst", Some(&[0x28, 0xb5, 0x2f, 0xfd, 0]), "compressed", "zstd -dc");
        check("a.bz2", Some(b"BZh91AY"), "compressed", "bzip2 -dc");
        check("a.xz", Some(b"\xfd7zXZ\0abc"), "compressed", "xz -dc");
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
        for error in [read_stream("pipe", Broken, None), read_stream("pipe", header.chain(Broken), None)] {
            assert_eq!(error.unwrap_err().to_string(), "`pipe` cannot be read: the tape tore");
        }
    }

    #[test]
    fn formats_have_one_name() {
        assert!(TraceFormat::ALL.iter().all(|&format| TraceFormat::parse(format.name()) == Some(format)));
        assert_eq!(TraceFormat::parse("VSCSI"), None);
    }
}
