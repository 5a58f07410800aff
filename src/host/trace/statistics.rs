//! What a trace asks for in total: rates, sizes, footprint, and evidence for the unit of its addresses.

use std::collections::BTreeMap;

use super::{RawRecord, RecordOp, Trace};
use crate::kernel::Span;

/// Bytes of the pages that a footprint counts.
pub(super) const PAGE_BYTES: u64 = 4_096;
/// Block sizes that the recorded addresses are tried with, in bytes.
pub const UNITS: [u64; 4] = [256, 512, 1_024, 4_096];
/// Ranges of pages that are kept apart to count distinct ones, about 400 MB; with more the count is a lower bound.
const MOST_RANGES: usize = 1 << 23;
/// Sectors that an address of 32 bits can name; with 512 bytes each they are 2 TiB.
const SECTORS_OF_32_BITS: u64 = 1 << 32;

/// How often requests start where the one before them on their device ends, if an address counts blocks of each of
/// [`UNITS`]. Sequential runs betray the true unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// A length that is no whole number of units ends nowhere that a request could start.
    pub exact: [u64; UNITS.len()],
    /// With lengths cut to whole units: repeated short requests at one place count as sequential.
    pub cut: [u64; UNITS.len()],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStatistics {
    pub reads: u64,
    pub writes: u64,
    /// Records that are neither; not in the other figures.
    pub others: u64,
    pub bytes: u64,
    /// From the first request to the last.
    pub duration: Span,
    /// Distinct pages of 4,096 bytes that are touched.
    pub pages: u64,
    /// There were too many ranges of pages to count all.
    pub pages_at_least: bool,
    /// Requests of each device.
    pub devices: BTreeMap<u32, u64>,
    /// Requests with a recorded response, and the sum of these in ns.
    pub responses: (u64, u128),
    pub evidence: Evidence,
    /// The first address that no request reaches, on any device.
    pub end: u64,
    /// Bytes that a step of the recorded addresses counts.
    pub unit: u64,
}

impl TraceStatistics {
    pub fn requests(&self) -> u64 {
        self.reads + self.writes
    }

    /// Share of reads among requests, in parts per million, rounded.
    pub fn read_ppm(&self) -> u64 {
        rounded(u128::from(self.reads) * 1_000_000, self.requests())
    }

    /// Mean bytes of a request, rounded.
    pub fn mean_bytes(&self) -> u64 {
        rounded(u128::from(self.bytes), self.requests())
    }

    /// Mean of the recorded responses, rounded.
    pub fn mean_response(&self) -> Option<Span> {
        let (count, sum) = self.responses;
        (count > 0).then(|| Span::from_ns(rounded(sum, count)))
    }

    /// Bytes of all pages that are touched.
    pub fn footprint(&self) -> u64 {
        self.pages.saturating_mul(PAGE_BYTES)
    }

    /// Another unit that explains four times as many sequential requests as the one used, if there is one.
    pub fn likelier_unit(&self) -> Option<u64> {
        let exact = self.evidence.exact;
        let count = |unit: u64| UNITS.iter().zip(exact).find(|&(&known, _)| known == unit).map(|(_, count)| count);
        let ours = count(self.unit)?;
        let best = UNITS.into_iter().max_by_key(|&unit| (count(unit), unit == self.unit))?;
        count(best).filter(|theirs| *theirs >= 4 * ours.max(1)).map(|_| best)
    }

    /// Whether addresses come so near to the end of 32 bits that higher ones may have been wrapped.
    pub fn may_be_wrapped(&self) -> bool {
        let sectors = self.end / if self.unit == 1 { 512 } else { self.unit };
        (SECTORS_OF_32_BITS - SECTORS_OF_32_BITS / 100..=SECTORS_OF_32_BITS).contains(&sectors)
    }
}

fn rounded(numerator: u128, denominator: u64) -> u64 {
    let denominator = u128::from(denominator.max(1));
    u64::try_from((numerator + denominator / 2) / denominator).unwrap_or(u64::MAX)
}

impl Trace {
    pub fn statistics(&self) -> TraceStatistics {
        let mut tally = Tally::new(self.unit);
        self.records.iter().for_each(|record| tally.add(record));
        tally.finish()
    }
}

/// Statistics that grow with each record. Memory follows the number of separate ranges touched and of devices.
#[derive(Clone, Debug)]
pub struct Tally {
    so_far: TraceStatistics,
    first: Option<Span>,
    pages: Pages,
    /// Where the last request of each device ends, in each unit: exactly, and with the length cut.
    ends: BTreeMap<u32, [(Option<u64>, u64); UNITS.len()]>,
}

impl Tally {
    /// `unit`: bytes that a step of the recorded addresses counts.
    pub fn new(unit: u64) -> Tally {
        Tally {
            so_far: TraceStatistics {
                reads: 0,
                writes: 0,
                others: 0,
                bytes: 0,
                duration: Span::ZERO,
                pages: 0,
                pages_at_least: false,
                devices: BTreeMap::new(),
                responses: (0, 0),
                evidence: Evidence::default(),
                end: 0,
                unit,
            },
            first: None,
            pages: Pages::default(),
            ends: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, record: &RawRecord) {
        let so_far = &mut self.so_far;
        match record.op {
            RecordOp::Read => so_far.reads += 1,
            RecordOp::Write => so_far.writes += 1,
            RecordOp::Other => {
                so_far.others += 1;
                return;
            }
        }
        so_far.bytes = so_far.bytes.saturating_add(record.bytes);
        so_far.duration = record.at - *self.first.get_or_insert(record.at);
        so_far.end = so_far.end.max(record.offset + record.bytes);
        *so_far.devices.entry(record.device).or_insert(0) += 1;
        if let Some(response) = record.response {
            so_far.responses.0 += 1;
            so_far.responses.1 += u128::from(response.ns());
        }
        self.add_evidence(record);
        let last = record.offset + (record.bytes - 1);
        self.pages.add(record.device, record.offset / PAGE_BYTES, last / PAGE_BYTES + 1);
    }

    fn add_evidence(&mut self, record: &RawRecord) {
        let start = record.offset / self.so_far.unit;
        let next = UNITS.map(|unit| {
            let cut = start.saturating_add(record.bytes / unit);
            (record.bytes.is_multiple_of(unit).then_some(cut), cut)
        });
        if let Some(ends) = self.ends.insert(record.device, next) {
            for (unit, (exact, cut)) in ends.into_iter().enumerate() {
                self.so_far.evidence.exact[unit] += u64::from(exact == Some(start));
                self.so_far.evidence.cut[unit] += u64::from(cut == start);
            }
        }
    }

    pub fn finish(self) -> TraceStatistics {
        TraceStatistics { pages: self.pages.count, pages_at_least: self.pages.full, ..self.so_far }
    }
}

/// The union of ranges of pages, kept as ranges that do not touch.
#[derive(Clone, Debug, Default)]
struct Pages {
    /// Device and first page to the page after the last.
    ranges: BTreeMap<(u32, u64), u64>,
    count: u64,
    full: bool,
}

impl Pages {
    fn add(&mut self, device: u32, first: u64, end: u64) {
        let (mut first, mut end) = (first, end);
        // From the last to the first, every range that touches the new one becomes a part of it.
        while let Some((&(_, start), &stop)) =
            self.ranges.range((device, 0)..=(device, end)).next_back().filter(|&(_, &stop)| stop >= first)
        {
            if start <= first && stop >= end {
                return;
            }
            self.ranges.remove(&(device, start));
            self.count -= stop - start;
            (first, end) = (first.min(start), end.max(stop));
        }
        if self.ranges.len() >= MOST_RANGES {
            self.full = true;
            return;
        }
        self.ranges.insert((device, first), end);
        self.count += end - first;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Rejects, Timing, TraceFile, TraceFormat};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn trace(records: Vec<RawRecord>) -> Trace {
        Trace {
            file: TraceFile { name: "test".into(), bytes: 0, sha256: [0; 32] },
            format: TraceFormat::Vscsi,
            time_resolution: Span::from_us(1),
            records,
            timing: Timing::Recorded,
            unit: 512,
            devices: Vec::new(),
            skipped: 0,
            rejects: Rejects::default(),
            backward_steps: 0,
            largest_backward: Span::ZERO,
        }
    }

    fn record(device: u32, offset: u64, bytes: u64) -> RawRecord {
        RawRecord { at: Span::ZERO, device, offset, bytes, op: RecordOp::Read, response: None, delay: None, line: 1 }
    }

    #[test]
    fn totals_leave_others_out() {
        let mut records = vec![record(0, 0, 512), record(0, 512, 1_536), record(0, 9_999 * 512, 4_000)];
        records[1].op = RecordOp::Write;
        records[2].op = RecordOp::Other;
        let statistics = trace(records).statistics();
        let TraceStatistics { reads, writes, others, bytes, pages, evidence, .. } = statistics;
        assert_eq!((reads, writes, others, bytes, pages), (1, 1, 1, 2_048, 1));
        assert_eq!((statistics.read_ppm(), statistics.mean_bytes()), (500_000, 1_024));
        assert_eq!(evidence.exact, [0, 1, 0, 0]);
        assert_eq!(trace(vec![]).statistics().mean_bytes(), 0);
    }

    #[test]
    fn a_wrong_unit_is_found_out() {
        let records = (0..100).map(|number| record(0, number * 2 * 512, 512)).collect();
        assert_eq!(trace(records).statistics().evidence.exact, [99, 0, 0, 0]);
        let records = (0..100).map(|number| record(0, number * 2 * 512, 512)).collect();
        assert_eq!(trace(records).statistics().likelier_unit(), Some(256));
    }

    proptest! {
        #[test]
        fn the_footprint_is_the_number_of_distinct_pages(
            requests in proptest::collection::vec((0..3u32, 0..200_000u64, 1..60_000u64), 0..40),
        ) {
            let pages: BTreeSet<(u32, u64)> = requests
                .iter()
                .flat_map(|&(device, offset, bytes)| {
                    (offset / 4_096..=(offset + bytes - 1) / 4_096).map(move |page| (device, page))
                })
                .collect();
            let records = requests.iter().map(|&(device, offset, bytes)| record(device, offset, bytes)).collect();
            prop_assert_eq!(trace(records).statistics().pages, pages.len() as u64);
        }
    }
}
