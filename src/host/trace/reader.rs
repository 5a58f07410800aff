//! One file as records in order of time: read as a stream, sorted within a window, the bad records told apart.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io::{BufReader, Chain, Cursor, Read};

use super::input::{Compression, Content};
use super::lines::Lines;
use super::recognise::{HEAD, Layout, recognise};
use super::record::{Devices, Fields};
use super::reject::{Reject, RejectReason, shown_text};
use super::text::{Context, TextParser};
use super::{Bound, Grouped, ReadOptions, Timing, TraceError, TraceFile, TraceFormat, hp_srt, tiersim_csv, vscsi};
use crate::kernel::Span;

/// Latest time of a record after the first, in ns: 146 years.
pub(super) const LATEST: u128 = 1 << 62;
/// Records that wait for earlier ones at a time, about 400 MB; with more the window becomes shorter.
const MOST_HELD: usize = 1 << 22;

/// What comes next in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Record(Fields),
    Rejected(Reject),
    /// Legal, and no request.
    Skipped,
    /// Where the next record begins is not known.
    Lost(String),
    End,
}

type Source<R> = BufReader<Chain<Cursor<Vec<u8>>, Content<R>>>;

enum Body<R: Read> {
    Text(Lines<Source<R>>, TextParser),
    Vscsi(Source<R>, vscsi::Version),
    HpSrt(Source<R>, hp_srt::Sectors),
}

pub(super) struct FileReader<R: Read> {
    pub name: String,
    pub format: TraceFormat,
    /// Where the records of a `tiersim-csv` came from, else the format.
    pub source: TraceFormat,
    pub unit: u64,
    pub clock: Span,
    pub timing: Timing,
    pub compression: Compression,
    body: Body<R>,
    sector_bytes: Option<u64>,
    options: ReadOptions,
    /// Records of a binary file so far.
    number: u64,
    order: Order,
    ended: bool,
    pub accepted: u64,
    pub rejected: u64,
    pub skipped: u64,
    /// Requests that lay beyond the device and were mapped into it.
    pub wrapped: u64,
    first_reject: Option<String>,
}

/// What a file gives, in order of time.
pub(super) enum Found {
    Record(Fields),
    Rejected(Reject),
}

impl<R: Read> FileReader<R> {
    pub fn new(name: &str, input: R, options: ReadOptions) -> Result<FileReader<R>, TraceError> {
        let unreadable = |error| TraceError::Unreadable { name: name.to_owned(), error };
        let mut content = Content::new(input, options.most_bytes).map_err(unreadable)?;
        let compression = content.compression;
        let mut head = Vec::new();
        content.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(unreadable)?;
        let (format, layout) = recognise(name, &head, options.format)?;
        if options.sector_bytes.is_some() && format.block_bytes() == 1 {
            return Err(TraceError::NoSectors { name: name.to_owned(), format });
        }
        let mut source = BufReader::with_capacity(1 << 16, Cursor::new(head).chain(content));
        let mut unit = options.sector_bytes.unwrap_or(format.block_bytes());
        let (mut origin, mut clock, mut timing) = (format, format.time_resolution(), format.timing());
        let body = match layout {
            Layout::Vscsi(version) => Body::Vscsi(source, version),
            Layout::HpSrt => {
                let sectors = hp_srt::header(&mut source).map_err(unreadable)?.ok_or_else(|| TraceError::Lost {
                    name: name.to_owned(),
                    message: "its header does not end with a form feed".into(),
                })?;
                unit = options.sector_bytes.or(sectors.usual()).unwrap_or(unit);
                Body::HpSrt(source, sectors)
            }
            Layout::TiersimCsv(header) => {
                (unit, origin, clock, timing) = (header.unit, header.source, header.clock, header.timing);
                Body::Text(Lines::new(source), TextParser::TiersimCsv(tiersim_csv::Names::default()))
            }
            Layout::Text(parser) => Body::Text(Lines::new(source), parser),
        };
        let window = if format.must_ascend() { Span::ZERO } else { options.window };
        Ok(FileReader {
            name: name.to_owned(),
            format,
            source: origin,
            unit,
            clock,
            timing,
            compression,
            body,
            sector_bytes: options.sector_bytes,
            options,
            number: 0,
            order: Order::new(window),
            ended: false,
            accepted: 0,
            rejected: 0,
            skipped: 0,
            wrapped: 0,
            first_reject: None,
        })
    }

    pub fn next(&mut self, devices: &mut Devices) -> Result<Option<Found>, TraceError> {
        loop {
            if let Some(fields) = self.order.pop(self.ended) {
                return Ok(Some(Found::Record(fields)));
            }
            if self.ended {
                return self.check_some().map(|()| None);
            }
            match self.step(devices).map_err(|error| TraceError::Unreadable { name: self.name.clone(), error })? {
                Step::Record(fields) => {
                    if let Some(reject) = self.take(fields)? {
                        return Ok(Some(self.rejected(reject)));
                    }
                }
                Step::Rejected(reject) => return Ok(Some(self.rejected(reject))),
                Step::Skipped => self.skipped += 1,
                Step::Lost(message) => return Err(TraceError::Lost { name: self.name.clone(), message }),
                Step::End => self.ended = true,
            }
        }
    }

    fn step(&mut self, devices: &mut Devices) -> std::io::Result<Step> {
        let ReadOptions { read_code, action, .. } = self.options;
        let mut context = Context { devices, unit: self.unit, read_code, action };
        self.number += 1;
        match &mut self.body {
            Body::Text(lines, parser) => parser.step(lines, &mut context),
            Body::Vscsi(input, version) => vscsi::step(input, *version, self.number, &mut context),
            Body::HpSrt(input, sectors) => hp_srt::step(input, sectors, self.number, self.sector_bytes, &mut context),
        }
    }

    /// Puts a record where it belongs in time, or says why it is rejected.
    fn take(&mut self, fields: Fields) -> Result<Option<Reject>, TraceError> {
        let line = fields.line;
        let first = *self.order.first.get_or_insert(fields.at);
        let rejected = |reason, message| Ok(Some(Reject { file: 0, line, reason, message, text: self.shown(&fields) }));
        if fields.at > first + LATEST {
            let message = format!("record {} lies more than 146 years after the first", Grouped(line));
            return rejected(RejectReason::Time, message);
        }
        let end = fields.offset + fields.bytes;
        match self.options.bound {
            Bound::Reject(size) if end > size => {
                let message = format!("the request ends at byte {}, the device at {}", Grouped(end), Grouped(size));
                return rejected(RejectReason::Beyond, message);
            }
            Bound::Wrap(size) if end > size => {
                if fields.bytes > size {
                    let message =
                        format!("{} B are more than the device of {} B", Grouped(fields.bytes), Grouped(size));
                    return rejected(RejectReason::Beyond, message);
                }
                self.wrapped += 1;
                let offset = fields.offset % size;
                let before_end = fields.bytes.min(size - offset);
                self.push(Fields { offset, bytes: before_end, ..fields })?;
                if before_end < fields.bytes {
                    self.push(Fields { offset: 0, bytes: fields.bytes - before_end, ..fields })?;
                }
            }
            Bound::None | Bound::Reject(_) | Bound::Wrap(_) => self.push(fields)?,
        }
        Ok(None)
    }

    /// The text of a record; of one that is gone what was read in it.
    fn shown(&self, fields: &Fields) -> String {
        match &self.body {
            Body::Text(lines, _) if lines.number == fields.line || self.format == TraceFormat::TiersimCsv => {
                shown_text(lines.text())
            }
            Body::Text(..) | Body::Vscsi(..) | Body::HpSrt(..) => {
                format!("{} of {} B at byte {}, {} ns", fields.op, fields.bytes, fields.offset, fields.at)
            }
        }
    }

    fn push(&mut self, fields: Fields) -> Result<(), TraceError> {
        self.accepted += 1;
        let window = self.order.window;
        self.order.push(fields).map_err(|Late { later_line, late_by }| TraceError::OutOfOrder {
            name: self.name.clone(),
            line: fields.line,
            later_line,
            late_by,
            window,
        })
    }

    fn rejected(&mut self, reject: Reject) -> Found {
        self.rejected += 1;
        self.first_reject.get_or_insert_with(|| reject.message.clone());
        Found::Rejected(reject)
    }

    fn check_some(&self) -> Result<(), TraceError> {
        if self.accepted > 0 || self.rejected + self.skipped == 0 && self.format == TraceFormat::TiersimCsv {
            return Ok(());
        }
        Err(TraceError::NoRecord {
            name: self.name.clone(),
            format: self.format,
            rejected: self.rejected,
            skipped: self.skipped,
            first: self.first_reject.clone(),
        })
    }

    pub fn backward(&self) -> (u64, Span) {
        (self.order.backward_steps, Span::from_ns(u64::try_from(self.order.largest_backward).unwrap_or(u64::MAX)))
    }

    /// The file as it is stored; to be called at its end.
    pub fn file(&mut self) -> Result<TraceFile, TraceError> {
        let source = match &mut self.body {
            Body::Text(lines, _) => &mut lines.input,
            Body::Vscsi(source, _) | Body::HpSrt(source, _) => source,
        };
        let digest = source.get_mut().get_mut().1.digest();
        let (bytes, sha256) = digest.map_err(|error| TraceError::Unreadable { name: self.name.clone(), error })?;
        Ok(TraceFile { name: self.name.clone(), bytes, sha256 })
    }
}

/// Records on their way into the order of time; ties keep the order of the file.
#[derive(Debug)]
struct Order {
    window: Span,
    /// Of the first record in the file.
    first: Option<u128>,
    /// The latest time so far and its line.
    latest: (u128, u64),
    previous: u128,
    /// No earlier record can be placed any more.
    released: u128,
    held: BinaryHeap<Held>,
    sequence: u64,
    backward_steps: u64,
    largest_backward: u128,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    fields: Fields,
    sequence: u64,
}

/// A record came too late to be sorted.
#[derive(Debug)]
struct Late {
    later_line: u64,
    late_by: Span,
}

impl Order {
    fn new(window: Span) -> Order {
        Order {
            window,
            first: None,
            latest: (0, 0),
            previous: 0,
            released: 0,
            held: BinaryHeap::new(),
            sequence: 0,
            backward_steps: 0,
            largest_backward: 0,
        }
    }

    fn push(&mut self, fields: Fields) -> Result<(), Late> {
        let late_by = self.latest.0.saturating_sub(fields.at);
        if late_by > u128::from(self.window.ns()) || fields.at < self.released {
            let late_by = Span::from_ns(u64::try_from(late_by).unwrap_or(u64::MAX));
            return Err(Late { later_line: self.latest.1, late_by });
        }
        self.backward_steps += u64::from(fields.at < self.previous);
        self.largest_backward = self.largest_backward.max(late_by);
        self.previous = fields.at;
        if fields.at >= self.latest.0 {
            self.latest = (fields.at, fields.line);
        }
        self.held.push(Held { fields, sequence: self.sequence });
        self.sequence += 1;
        Ok(())
    }

    /// The next record that nothing can come before; any when the file has `ended`.
    fn pop(&mut self, ended: bool) -> Option<Fields> {
        let first = self.held.peek()?;
        let settled = first.fields.at + u128::from(self.window.ns()) < self.latest.0;
        if !settled && !ended && self.held.len() <= MOST_HELD {
            return None;
        }
        let Held { fields, .. } = self.held.pop()?;
        self.released = fields.at;
        Some(fields)
    }
}

impl Held {
    fn key(&self) -> (u128, u64) {
        (self.fields.at, self.sequence)
    }
}

impl Ord for Held {
    /// The earliest is the greatest: it leaves the heap first.
    fn cmp(&self, other: &Held) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Held) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Held {}

#[cfg(test)]
mod tests {
    use super::super::record::RecordOp;
    use super::*;

    fn fields(line: u64, at: u128) -> Fields {
        Fields::new(line, at, line, 512, 512, RecordOp::Read).expect("it fits")
    }

    #[test]
    fn records_are_sorted_within_the_window_and_ties_keep_their_order() {
        let mut order = Order::new(Span::from_secs(1));
        let mut found = Vec::new();
        for (line, at) in [(1, 5_000), (2, 5_300), (3, 5_100), (4, 5_100), (5, 4_500), (6, 5_501), (7, 9_000)] {
            assert!(order.push(fields(line, at * 1_000_000)).is_ok());
            while let Some(fields) = order.pop(false) {
                found.push(fields.line);
            }
        }
        assert_eq!(found, [5, 1, 3, 4, 2, 6]);
        assert_eq!(order.pop(false), None);
        assert_eq!(order.pop(true).map(|fields| fields.line), Some(7));
        assert_eq!((order.backward_steps, order.largest_backward), (2, 800_000_000));
    }

    #[test]
    fn a_record_beyond_the_window_tells_the_later_line() {
        for late in [0, 3_499_999_999] {
            let mut order = Order::new(Span::from_secs(1));
            for (line, at) in [(1, 4_000_000_000), (2, 4_500_000_000), (3, 4_100_000_000), (4, 3_500_000_000)] {
                assert!(order.push(fields(line, at)).is_ok());
            }
            let error = order.push(fields(5, late)).expect_err("too late");
            assert_eq!((error.later_line, error.late_by.ns()), (2, (4_500_000_000 - late) as u64));
        }
    }
}
