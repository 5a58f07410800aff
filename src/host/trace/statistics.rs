//! What a trace asks for in total: rates, sizes, footprint, and evidence for the unit of its addresses.

use super::{RawRecord, RecordOp, Trace};
use crate::kernel::Span;

/// Bytes of the pages that a footprint counts.
pub(super) const PAGE_BYTES: u64 = 4_096;
/// Block sizes that the recorded addresses are tried with, in bytes.
pub const UNITS: [u64; 4] = [256, 512, 1_024, 4_096];

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
    /// For each of [`UNITS`]: requests that start exactly where the one before them on their device ends, if an address
    /// counts blocks of that size. Sequential runs betray the true unit.
    pub sequential: [u64; UNITS.len()],
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

    /// Bytes of all pages that are touched.
    pub fn footprint(&self) -> u64 {
        self.pages.saturating_mul(PAGE_BYTES)
    }

    /// Another unit than `used` that explains four times as many sequential requests, if there is one.
    pub fn likelier_unit(&self, used: u64) -> Option<u64> {
        let count = |unit: u64| UNITS.iter().zip(self.sequential).find(|&(&known, _)| known == unit).map(|(_, n)| n);
        let ours = count(used)?;
        UNITS.into_iter().find(|&unit| count(unit).is_some_and(|theirs| theirs >= 4 * ours.max(1)))
    }
}

fn rounded(numerator: u128, denominator: u64) -> u64 {
    let denominator = u128::from(denominator.max(1));
    u64::try_from((numerator + denominator / 2) / denominator).unwrap_or(u64::MAX)
}

impl Trace {
    pub fn statistics(&self) -> TraceStatistics {
        let requests = || self.records.iter().filter(|record| record.op != RecordOp::Other);
        let reads = requests().filter(|record| record.op == RecordOp::Read).count() as u64;
        let count = requests().count() as u64;
        let first = requests().next().map_or(Span::ZERO, |record| record.at);
        TraceStatistics {
            reads,
            writes: count - reads,
            others: self.records.len() as u64 - count,
            bytes: requests().fold(0, |sum: u64, record| sum.saturating_add(record.bytes)),
            duration: requests().next_back().map_or(Span::ZERO, |record| record.at - first),
            pages: distinct_pages(requests()),
            sequential: sequential(requests(), self.format.block_bytes()),
        }
    }
}

/// Pages touched by at least one request: the length of the union of their page ranges. Memory follows the number of
/// requests, not their length.
fn distinct_pages<'a>(requests: impl Iterator<Item = &'a RawRecord>) -> u64 {
    let mut ranges: Vec<(u32, u64, u64)> = requests
        .map(|record| {
            let last = record.offset + (record.bytes - 1);
            (record.device, record.offset / PAGE_BYTES, last / PAGE_BYTES)
        })
        .collect();
    ranges.sort_unstable();
    let mut pages = 0;
    // Device and first page that no earlier range of the device has reached.
    let mut reached = (0, 0);
    for (device, first, last) in ranges {
        let start = if reached.0 == device { first.max(reached.1) } else { first };
        if last >= start {
            pages += last - start + 1;
            reached = (device, last + 1);
        }
    }
    pages
}

fn sequential<'a>(requests: impl Iterator<Item = &'a RawRecord>, block_bytes: u64) -> [u64; UNITS.len()] {
    let mut ends: Vec<(u32, [u128; UNITS.len()])> = Vec::new();
    let mut counts = [0; UNITS.len()];
    for record in requests {
        let starts = UNITS.map(|unit| u128::from(record.offset / block_bytes) * u128::from(unit));
        let next = starts.map(|start| start + u128::from(record.bytes));
        match ends.binary_search_by_key(&record.device, |end| end.0) {
            Ok(place) => {
                for (unit, count) in counts.iter_mut().enumerate() {
                    *count += u64::from(ends[place].1[unit] == starts[unit]);
                }
                ends[place].1 = next;
            }
            Err(place) => ends.insert(place, (record.device, next)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::{Rejects, TraceFile, TraceFormat};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn trace(records: Vec<RawRecord>) -> Trace {
        Trace {
            file: TraceFile { name: "test".into(), bytes: 0, sha256: [0; 32] },
            format: TraceFormat::Vscsi,
            time_resolution: Span::from_us(1),
            records,
            rejects: Rejects::default(),
            backward_steps: 0,
            largest_backward: Span::ZERO,
        }
    }

    fn record(device: u32, offset: u64, bytes: u64) -> RawRecord {
        RawRecord { at: Span::ZERO, device, offset, bytes, op: RecordOp::Read, line: 1 }
    }

    #[test]
    fn totals_leave_others_out() {
        let mut records = vec![record(0, 0, 512), record(0, 512, 1_536), record(0, 9_999 * 512, 4_000)];
        records[1].op = RecordOp::Write;
        records[2].op = RecordOp::Other;
        let statistics = trace(records).statistics();
        let TraceStatistics { reads, writes, others, bytes, pages, sequential, .. } = statistics;
        assert_eq!((reads, writes, others, bytes, pages), (1, 1, 1, 2_048, 1));
        assert_eq!((statistics.read_ppm(), statistics.mean_bytes()), (500_000, 1_024));
        assert_eq!(sequential, [0, 1, 0, 0]);
        assert_eq!(trace(vec![]).statistics().mean_bytes(), 0);
    }

    #[test]
    fn a_wrong_unit_is_found_out() {
        let records = (0..100).map(|number| record(0, number * 2 * 512, 512)).collect();
        assert_eq!(trace(records).statistics().sequential, [99, 0, 0, 0]);
        let records = (0..100).map(|number| record(0, number * 2 * 512, 512)).collect();
        assert_eq!(trace(records).statistics().likelier_unit(512), Some(256));
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
