//! Files of one trace as one stream of records in order of time, counted from the earliest.

use std::io::Read;

use super::reader::{FileReader, Found, LATEST};
use super::record::{Devices, Fields, RawRecord};
use super::reject::{Reject, RejectReason};
use super::tiersim_csv::Header;
use super::{Grouped, ReadOptions, Timing, TraceError, TraceFile, TraceFormat};
use crate::kernel::Span;

/// What comes next in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Record(RawRecord),
    Rejected(Reject),
}

/// The whole way from bytes to records. Files with a clock are merged by it; those without follow each other.
pub struct TraceStream<R: Read> {
    files: Vec<FileReader<R>>,
    /// The next record of each file.
    heads: Vec<Head>,
    devices: Devices,
    /// Number of a device in the order of first use, by its number in `devices`.
    ranks: Vec<Option<u32>>,
    names: Vec<String>,
    /// Time of the first record, which becomes zero.
    earliest: Option<u128>,
    /// What is added to the times of files without a clock.
    shift: u128,
    last: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Unknown,
    Record(Fields),
    Ended,
}

impl<R: Read> TraceStream<R> {
    /// The files, each with its name in messages; all have one format.
    pub fn new(files: Vec<(String, R)>, options: ReadOptions) -> Result<TraceStream<R>, TraceError> {
        assert!(!files.is_empty(), "a trace has a file");
        let mut readers: Vec<FileReader<R>> = Vec::with_capacity(files.len());
        for (name, input) in files {
            let reader = FileReader::new(&name, input, options)?;
            if let Some(first) = readers.first().filter(|first| first.format != reader.format) {
                let (other_name, other) = (reader.name, reader.format);
                return Err(TraceError::Mixed { name: first.name.clone(), format: first.format, other_name, other });
            }
            readers.push(reader);
        }
        Ok(TraceStream {
            heads: vec![Head::Unknown; readers.len()],
            files: readers,
            devices: Devices::default(),
            ranks: Vec::new(),
            names: Vec::new(),
            earliest: None,
            shift: 0,
            last: 0,
        })
    }

    /// The next record or reject; `None` at the end of all files.
    #[expect(clippy::should_implement_trait, reason = "a stream that can fail stops at its first error")]
    pub fn next(&mut self) -> Result<Option<Item>, TraceError> {
        if let Some(reject) = self.look_ahead()? {
            return Ok(Some(Item::Rejected(reject)));
        }
        let records = self.heads.iter().enumerate().filter_map(|(file, head)| match head {
            Head::Record(fields) => Some((file, *fields)),
            Head::Unknown | Head::Ended => None,
        });
        let next = match self.files[0].timing {
            Timing::None => records.take(1).next(),
            Timing::Recorded | Timing::CoarseAllowed => records.min_by_key(|(file, fields)| (fields.at, *file)),
        };
        let Some((file, fields)) = next else { return Ok(None) };
        self.heads[file] = Head::Unknown;
        Ok(Some(self.emit(file, fields)))
    }

    /// Makes the next record of every file known, unless a reject comes first.
    fn look_ahead(&mut self) -> Result<Option<Reject>, TraceError> {
        for (file, head) in self.heads.iter_mut().enumerate() {
            if *head != Head::Unknown {
                continue;
            }
            *head = match self.files[file].next(&mut self.devices)? {
                Some(Found::Rejected(reject)) => return Ok(Some(Reject { file, ..reject })),
                Some(Found::Record(fields)) => Head::Record(fields),
                None => {
                    self.shift = self.last;
                    Head::Ended
                }
            };
        }
        Ok(None)
    }

    fn emit(&mut self, file: usize, fields: Fields) -> Item {
        let time = match self.files[file].timing {
            Timing::None if file > 0 => fields.at + self.shift,
            Timing::None | Timing::Recorded | Timing::CoarseAllowed => fields.at,
        };
        let earliest = *self.earliest.get_or_insert(time);
        let since = time - earliest;
        if since > LATEST {
            let message = format!("record {} lies more than 146 years after the first", Grouped(fields.line));
            return Item::Rejected(Reject {
                file,
                line: fields.line,
                reason: RejectReason::Time,
                message,
                text: String::new(),
            });
        }
        self.last = time;
        let Fields { line, offset, bytes, op, response, delay, .. } = fields;
        let at = Span::from_ns(u64::try_from(since).expect("146 years fit 64 bits"));
        Item::Record(RawRecord { at, device: self.rank(fields.device), offset, bytes, op, response, delay, line })
    }

    /// The number of a device in the order of first use.
    fn rank(&mut self, device: u32) -> u32 {
        let place = device as usize;
        if self.ranks.len() <= place {
            self.ranks.resize(place + 1, None);
        }
        if let Some(rank) = self.ranks[place] {
            return rank;
        }
        let rank = u32::try_from(self.names.len()).expect("few devices fit 32 bits");
        self.names.push(self.devices.name(device));
        self.ranks[place] = Some(rank);
        rank
    }

    pub fn format(&self) -> TraceFormat {
        self.files[0].format
    }

    /// What the trace is, as its own text tells it.
    pub fn header(&self) -> Header {
        let first = &self.files[0];
        let clock = self.files.iter().map(|file| file.clock).max().unwrap_or(first.clock);
        Header { source: first.source, clock, unit: first.unit, timing: first.timing }
    }

    /// Names of the devices met so far, by their number.
    pub fn devices(&self) -> &[String] {
        &self.names
    }

    /// Legal lines and records that are no requests.
    pub fn skipped(&self) -> u64 {
        self.files.iter().map(|file| file.skipped).sum()
    }

    /// Requests that were mapped into the device.
    pub fn wrapped(&self) -> u64 {
        self.files.iter().map(|file| file.wrapped).sum()
    }

    /// Steps back in time within a file, and the longest time by which a record came too late.
    pub fn backward(&self) -> (u64, Span) {
        let each = self.files.iter().map(FileReader::backward);
        each.fold((0, Span::ZERO), |(steps, largest), (more, longer)| (steps + more, largest.max(longer)))
    }

    pub fn compressions(&self) -> impl Iterator<Item = super::Compression> {
        self.files.iter().map(|file| file.compression)
    }

    /// The files as they are stored; to be called at the end.
    pub fn files(&mut self) -> Result<Vec<TraceFile>, TraceError> {
        self.files.iter_mut().map(FileReader::file).collect()
    }
}
