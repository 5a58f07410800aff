//! Where the requests of a trace go on the volumes of a workload (MODEL 8).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::statistics::PAGE_BYTES;
use super::{Grouped, RawRecord, RecordOp, Trace};
use crate::host::plan::{TraceRecord, WorkloadVolume, volume_ends};
use crate::kernel::Span;
use crate::vocab::{Op, TRACK_BYTES};

/// Pieces that one request may fall into: a page each of a request of 4 MiB.
const MOST_PIECES: usize = 1_024;

/// How recorded byte addresses map to the volumes laid end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// As recorded; beyond the end is an error.
    Strict,
    /// Modulo the size of the volumes: distinct places may become one.
    Wrap,
    /// Pages of 4,096 bytes in the order of their first touch: the smallest volumes, neighbours not always kept.
    Compact,
}

/// A trace that fits its volumes.
#[derive(Clone, Debug)]
pub struct Placement {
    pub records: Arc<[TraceRecord]>,
    /// Requests; fewer than records if some are in several parts.
    pub requests: u64,
    /// Records that are neither reads nor writes.
    pub ignored: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    #[error("the trace holds no read and no write")]
    NoRequest,
    #[error("the trace was recorded on several devices, whose addresses overlap; only `compact` keeps them apart")]
    SeveralDevices,
    #[error("the request in record {line} ends at byte {}, beyond the {} bytes of the volumes; the trace needs {} bytes, \
        which are {} tracks", Grouped(*.end), Grouped(*.available), Grouped(*.needed), Grouped(.needed.div_ceil(TRACK_BYTES)))]
    Beyond { line: u64, end: u64, available: u64, needed: u64 },
    #[error("the request in record {line} is the first to need more pages than the {} bytes of the volumes hold; the \
        trace needs {} bytes, which are {} tracks", Grouped(*.available), Grouped(*.needed), Grouped(.needed.div_ceil(TRACK_BYTES)))]
    Pages { line: u64, available: u64, needed: u64 },
    #[error("the request in record {line} is {} bytes long, more than {} bytes", Grouped(*.bytes), Grouped(*.most))]
    Long { line: u64, bytes: u64, most: u64 },
    #[error("the pages of the request in record {line} lie in more than 1,024 pieces")]
    Scattered { line: u64 },
}

impl PlaceError {
    /// What the user can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            PlaceError::NoRequest => "choose another trace",
            PlaceError::SeveralDevices => "set `address = \"compact\"`",
            PlaceError::Beyond { .. } => {
                "give the workload larger or more volumes, or set `address = \"compact\"` (pages in order of first touch) \
                or `\"wrap\"` (modulo the size)"
            }
            PlaceError::Pages { .. } => "give the workload larger or more volumes, or set `address = \"wrap\"`",
            PlaceError::Long { .. } => "give the workload larger volumes, or remove the record if its length is wrong",
            PlaceError::Scattered { .. } => "set `address = \"strict\"` or `\"wrap\"`",
        }
    }
}

/// Maps a trace onto volumes laid end to end. A request whose bytes do not lie side by side within one volume becomes
/// several records that complete as one request.
pub fn place(trace: &Trace, volumes: &[WorkloadVolume], address: Address) -> Result<Placement, PlaceError> {
    let requests = || trace.records.iter().filter(|record| record.op != RecordOp::Other);
    let first = requests().next().ok_or(PlaceError::NoRequest)?;
    if address != Address::Compact && requests().any(|record| record.device != first.device) {
        return Err(PlaceError::SeveralDevices);
    }
    let mut mapper = Mapper::new(trace, volumes, address);
    let mut records = Vec::with_capacity(trace.records.len());
    let mut pieces = Vec::new();
    let mut count = 0;
    let mut previous = None;
    for record in requests() {
        pieces.clear();
        mapper.map(record, &mut pieces)?;
        let delay = previous.map_or(Span::ZERO, |previous| delay_between(previous, record));
        let (at, from) = (record.at - first.at, records.len());
        push_parts(record, &pieces, &mapper.ends, &mut records)?;
        records[from..].iter_mut().for_each(|part: &mut TraceRecord| (part.at, part.delay) = (at, delay));
        previous = Some(record);
        count += 1;
    }
    Ok(Placement { records: records.into(), requests: count, ignored: trace.records.len() as u64 - count })
}

/// From the end of one request to the issue of the next, as it was recorded (VALIDATION B.2): told by the format, or the gap
/// less the response. Zero where requests overlapped, and where no response was recorded.
fn delay_between(request: &RawRecord, next: &RawRecord) -> Span {
    match (request.delay, request.response) {
        (Some(delay), _) => delay,
        (None, Some(response)) => Span::from_ns((next.at - request.at).ns().saturating_sub(response.ns())),
        (None, None) => Span::ZERO,
    }
}

/// Cuts the pieces of a request at the ends of volumes. The caller adds the times.
fn push_parts(
    record: &RawRecord,
    pieces: &[(u64, u64)],
    ends: &[u64],
    records: &mut Vec<TraceRecord>,
) -> Result<(), PlaceError> {
    let op = if record.op == RecordOp::Read { Op::Read } else { Op::Write };
    for &(mut offset, mut left) in pieces {
        while left > 0 {
            let end = ends[ends.partition_point(|&end| end <= offset)];
            let bytes = left.min(end - offset);
            if bytes > u64::from(u32::MAX) {
                return Err(PlaceError::Long { line: record.line, bytes: record.bytes, most: u64::from(u32::MAX) });
            }
            records.push(TraceRecord { at: Span::ZERO, delay: Span::ZERO, offset, bytes, op, continues: true });
            offset += bytes;
            left -= bytes;
        }
    }
    records.last_mut().expect("a request has a byte, so it has a part").continues = false;
    Ok(())
}

struct Mapper<'a> {
    trace: &'a Trace,
    address: Address,
    ends: Vec<u64>,
    /// Bytes of all volumes.
    available: u64,
    /// Where each touched page went.
    pages: BTreeMap<(u32, u64), u64>,
}

impl Mapper<'_> {
    fn new<'a>(trace: &'a Trace, volumes: &[WorkloadVolume], address: Address) -> Mapper<'a> {
        let ends = volume_ends(volumes);
        let available = ends.last().copied().unwrap_or(0);
        Mapper { trace, address, ends, available, pages: BTreeMap::new() }
    }

    /// The pieces of a request on the volumes laid end to end, as (offset, bytes).
    fn map(&mut self, record: &RawRecord, pieces: &mut Vec<(u64, u64)>) -> Result<(), PlaceError> {
        let &RawRecord { offset, bytes, line, .. } = record;
        let available = self.available;
        match self.address {
            Address::Strict => {
                let end = offset + bytes;
                if end > available {
                    let requests = self.trace.records.iter().filter(|record| record.op != RecordOp::Other);
                    let needed = requests.map(|record| record.offset + record.bytes).max().unwrap_or(end);
                    return Err(PlaceError::Beyond { line, end, available, needed });
                }
                pieces.push((offset, bytes));
            }
            Address::Wrap => {
                if bytes > available {
                    return Err(PlaceError::Long { line, bytes, most: available });
                }
                let start = offset % available;
                let before_end = bytes.min(available - start);
                pieces.push((start, before_end));
                if bytes > before_end {
                    pieces.push((0, bytes - before_end));
                }
            }
            Address::Compact => return self.map_pages(record, pieces),
        }
        Ok(())
    }

    fn map_pages(&mut self, record: &RawRecord, pieces: &mut Vec<(u64, u64)>) -> Result<(), PlaceError> {
        let line = record.line;
        let room = self.available / PAGE_BYTES;
        let end = record.offset + record.bytes;
        let mut offset = record.offset;
        while offset < end {
            let page = offset / PAGE_BYTES;
            let next = self.pages.len() as u64;
            let place = *self.pages.entry((record.device, page)).or_insert(next);
            if place >= room {
                let needed = self.trace.statistics().footprint();
                return Err(PlaceError::Pages { line, available: self.available, needed });
            }
            let within = offset % PAGE_BYTES;
            let bytes = (end - offset).min(PAGE_BYTES - within);
            let start = place * PAGE_BYTES + within;
            match pieces.last_mut() {
                Some((last, length)) if *last + *length == start => *length += bytes,
                _ => pieces.push((start, bytes)),
            }
            if pieces.len() > MOST_PIECES {
                return Err(PlaceError::Scattered { line });
            }
            offset += bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Rejects, Timing, TraceFile, TraceFormat};
    use super::*;
    use crate::host::plan::{Replay, WorkloadKind, WorkloadPlan};
    use crate::kernel::Span;
    use crate::vocab::VolumeId;
    use proptest::prelude::*;

    fn volumes(tracks: &[u32]) -> Vec<WorkloadVolume> {
        let volume = |(number, &tracks): (usize, &u32)| WorkloadVolume {
            id: VolumeId::parse(&format!("V{number}")).unwrap(),
            tracks,
        };
        tracks.iter().enumerate().map(volume).collect()
    }

    fn trace(requests: &[(u32, u64, u64)]) -> Trace {
        let record = |(number, &(device, offset, bytes)): (usize, &(u32, u64, u64))| RawRecord {
            at: Span::from_us(number as u64 + 5),
            device,
            offset,
            bytes,
            op: if bytes == 0 { RecordOp::Other } else { RecordOp::Write },
            response: None,
            delay: None,
            line: number as u64 + 1,
        };
        Trace {
            file: TraceFile { name: "test".into(), bytes: 0, sha256: [0; 32] },
            format: TraceFormat::Vscsi,
            time_resolution: Span::from_us(1),
            records: requests.iter().enumerate().map(record).collect(),
            timing: Timing::Recorded,
            unit: 512,
            devices: Vec::new(),
            skipped: 0,
            rejects: Rejects::default(),
            backward_steps: 0,
            largest_backward: Span::ZERO,
        }
    }

    /// (offset, bytes, continues) of each record.
    fn placed(
        requests: &[(u32, u64, u64)],
        tracks: &[u32],
        address: Address,
    ) -> Result<Vec<(u64, u64, bool)>, PlaceError> {
        let placement = place(&trace(requests), &volumes(tracks), address)?;
        let kind = WorkloadKind::Trace { records: placement.records.clone(), replay: Replay::Closed { depth: 1 } };
        let plan = WorkloadPlan { image: crate::vocab::Image::FIRST, volumes: volumes(tracks), kind, dependent: false };
        assert_eq!(plan.check(), Ok(()), "a placed trace is a valid plan");
        Ok(placement.records.iter().map(|record| (record.offset, record.bytes, record.continues)).collect())
    }

    const T: u64 = TRACK_BYTES;

    #[test]
    fn strict_addresses_stay_and_split_at_volumes() {
        assert_eq!(
            placed(&[(0, 0, 512), (0, T - 1, 2), (0, 3 * T - 1, 1)], &[1, 2], Address::Strict),
            Ok(vec![(0, 512, false), (T - 1, 1, true), (T, 1, false), (3 * T - 1, 1, false)])
        );
        let error = placed(&[(0, 0, 512), (0, 3 * T - 1, 2), (0, 9 * T, 1)], &[1, 2], Address::Strict).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the request in record 2 ends at byte 169,993, beyond the 169,992 bytes of the volumes; \
            the trace needs 509,977 bytes, which are 10 tracks"
        );
    }

    #[test]
    fn wrapped_addresses_are_taken_modulo_the_size() {
        assert_eq!(
            placed(&[(0, 3 * T + 7, 10), (0, 6 * T - 4, 10)], &[1, 2], Address::Wrap),
            Ok(vec![(7, 10, false), (3 * T - 4, 4, true), (0, 6, false)])
        );
        let long = placed(&[(0, 0, 3 * T + 1)], &[1, 2], Address::Wrap);
        assert_eq!(long, Err(PlaceError::Long { line: 1, bytes: 3 * T + 1, most: 3 * T }));
    }

    #[test]
    fn compact_pages_follow_each_other_in_order_of_first_touch() {
        let requests = [(0, 900 * 4_096 + 512, 512), (1, 900 * 4_096, 4_096), (0, 899 * 4_096, 3 * 4_096)];
        assert_eq!(
            placed(&requests, &[1], Address::Compact),
            Ok(vec![
                (512, 512, false),
                (4_096, 4_096, false),
                (2 * 4_096, 4_096, true),
                (0, 4_096, true),
                (3 * 4_096, 4_096, false)
            ])
        );
        let full = placed(&[(0, 0, 13 * 4_096), (0, 99 * 4_096, 1)], &[1], Address::Compact).unwrap_err();
        assert_eq!(full, PlaceError::Pages { line: 2, available: T, needed: 14 * 4_096 });
    }

    #[test]
    fn several_devices_need_compact() {
        let requests = [(0, 0, 512), (1, 0, 512)];
        assert_eq!(placed(&requests, &[1], Address::Strict), Err(PlaceError::SeveralDevices));
        assert_eq!(placed(&requests, &[1], Address::Compact), Ok(vec![(0, 512, false), (4_096, 512, false)]));
    }

    #[test]
    fn others_are_left_out_and_time_starts_with_the_first_request() {
        let trace = trace(&[(0, 0, 0), (0, 0, 512), (0, 0, 0), (0, 512, 512)]);
        let placement = place(&trace, &volumes(&[1]), Address::Strict).unwrap();
        assert_eq!((placement.requests, placement.ignored), (2, 2));
        let times: Vec<u64> = placement.records.iter().map(|record| record.at.ns()).collect();
        assert_eq!(times, [0, 2_000]);
        assert_eq!(placed(&[(0, 0, 0)], &[1], Address::Strict), Err(PlaceError::NoRequest));
    }

    #[test]
    fn a_closed_replay_waits_as_long_as_was_recorded() {
        let us = |us: u64| Some(Span::from_us(us));
        let mut trace = trace(&[(0, 0, 512), (0, 0, 512), (0, 0, 0), (0, 0, 512), (0, 0, T + 1), (0, 0, 512)]);
        for (place, (at, response, delay)) in [
            (5, us(7), us(40)),
            (20, us(3), None),
            (25, None, None),
            (30, us(60), None),
            (70, None, None),
            (99, None, None),
        ]
        .into_iter()
        .enumerate()
        {
            let record = &mut trace.records[place];
            (record.at, record.response, record.delay) = (Span::from_us(at), response, delay);
        }
        let placement = place(&trace, &volumes(&[1, 1]), Address::Strict).unwrap();
        let delays: Vec<u64> = placement.records.iter().map(|record| record.delay.ns() / 1_000).collect();
        // What the format tells; the gap over what is no request less the response; nothing where requests overlapped, in
        // both parts of one request; nothing where the response is not known.
        assert_eq!(delays, [0, 40, 7, 0, 0, 0]);
    }

    #[test]
    fn a_request_in_too_many_pieces_is_refused() {
        let mut requests: Vec<_> = (0..1_100).rev().map(|page| (0, page * 4_096, 4_096)).collect();
        requests.push((0, 0, 1_024 * 4_096));
        assert!(placed(&requests, &[100], Address::Compact).is_ok());
        requests.push((0, 0, 1_025 * 4_096));
        assert_eq!(placed(&requests, &[100], Address::Compact), Err(PlaceError::Scattered { line: 1_102 }));
    }

    #[test]
    fn a_huge_length_is_refused_at_once() {
        let huge = [(0, 0, u64::MAX)];
        for address in [Address::Strict, Address::Wrap, Address::Compact] {
            assert!(placed(&huge, &[1_000], address).is_err());
        }
        let long = placed(&[(0, 0, 5 << 30)], &[100_000], Address::Strict);
        assert_eq!(long, Err(PlaceError::Long { line: 1, bytes: 5 << 30, most: u64::from(u32::MAX) }));
    }

    proptest! {
        /// Every byte keeps its neighbours within its page, and no two pages share a place.
        #[test]
        fn compact_is_one_to_one(requests in proptest::collection::vec((0..2u32, 0..300_000u64, 1..30_000u64), 1..30)) {
            let trace = trace(&requests);
            let placement = place(&trace, &volumes(&[7, 13]), Address::Compact).unwrap();
            let mut places = BTreeMap::new();
            let mut parts = placement.records.iter();
            for &(device, offset, bytes) in &requests {
                let mut from = offset;
                loop {
                    let part = parts.next().unwrap();
                    for step in (0..part.bytes).step_by(256).chain([part.bytes - 1]) {
                        let known = *places.entry(part.offset + step).or_insert((device, from + step));
                        prop_assert_eq!(known, (device, from + step));
                    }
                    from += part.bytes;
                    if !part.continues {
                        break;
                    }
                }
                prop_assert_eq!(from, offset + bytes);
            }
            prop_assert!(parts.next().is_none());
        }
    }
}
