//! What a workload is asked to do: valid values only, shared by all forks of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::{Draws, Span};
use crate::names;
use crate::vocab::{Image, Op, TRACK_BYTES, TrackNo, VolumeId};

/// One million: shares are parts of it.
const WHOLE: u64 = 1_000_000;
/// The longest mean that a sampled interval may have, in ns (two years): a draw reaches 37 times its mean.
const LONGEST_MEAN: u64 = 1 << 56;
/// Latest instant of a replay after its start, in ns (146 years), far from the end of the clock.
const LATEST: u64 = 1 << 62;

/// One `[[workload]]` of a scenario.
#[derive(Clone, Debug)]
pub struct WorkloadPlan {
    /// The host image that it runs on.
    pub image: Image,
    /// The volumes it uses, opened by ID; a trace sees them laid end to end.
    pub volumes: Vec<WorkloadVolume>,
    pub kind: WorkloadKind,
    /// Each of its writes depends on all before it: it is issued when the one before was acknowledged.
    pub dependent: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct WorkloadVolume {
    pub id: VolumeId,
    /// Tracks of the volume, track 0 included.
    pub tracks: u32,
}

impl WorkloadVolume {
    pub fn bytes(&self) -> u64 {
        u64::from(self.tracks) * TRACK_BYTES
    }
}

#[derive(Clone, Debug)]
pub enum WorkloadKind {
    /// Poisson arrivals that wait for nobody.
    Open { mean_gap: Span, mix: RequestMix },
    /// Clients that each think, ask, and wait for the answer. The think time is exponential with mean `think`, or none
    /// at all when that is zero.
    Closed { clients: u32, think: Span, mix: RequestMix },
    /// A recorded sequence of requests.
    Trace { records: Arc<[TraceRecord]>, replay: Replay },
}

names! {
    /// Where synthetic requests go.
    pub enum Pattern {
        /// Each anywhere, by the shares of hot requests and hot tracks.
        Random = "random",
        /// One behind the other over all volumes, and again from the beginning.
        Sequential = "sequential",
    }
}

/// What synthetic requests look like. Shares are parts per million, so that no float decides.
#[derive(Clone, Copy, Debug)]
pub struct RequestMix {
    pub read_ppm: u32,
    /// Bytes of one request. Up to a track it lies within one track; a longer one starts at the beginning of a track.
    pub bytes: u32,
    pub pattern: Pattern,
    /// Of a random pattern: this share of the requests goes to the hot tracks, evenly; the others go evenly to the tracks that are not hot.
    pub hot_requests_ppm: u32,
    /// This share of the tracks is hot.
    pub hot_tracks_ppm: u32,
    /// Requests in total: only those with a number below it are issued; `None` has no bound.
    pub limit: Option<u64>,
}

impl RequestMix {
    /// Tracks that one request touches.
    pub fn tracks_per_request(&self) -> u32 {
        u64::from(self.bytes).div_ceil(TRACK_BYTES) as u32
    }

    /// Requests of a sequence that one track takes, if they are small.
    fn requests_per_track(&self) -> u64 {
        (TRACK_BYTES / u64::from(self.bytes)).max(1)
    }

    /// Whether request `number` lies within the limit.
    pub fn issues(&self, number: u64) -> bool {
        self.limit.is_none_or(|limit| number < limit)
    }

    pub fn op(&self, draws: &mut Draws) -> Op {
        if draws.below(WHOLE) < u64::from(self.read_ppm) { Op::Read } else { Op::Write }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Issue at the recorded time multiplied by numerator / denominator.
    Open { scale_numerator: u64, scale_denominator: u64 },
    /// At most `depth` outstanding; the next is issued its recorded delay after one ends, whatever its recorded time.
    Closed { depth: u32 },
}

impl Replay {
    /// When a request recorded at `at` is issued, counted from the start of the replay; `None` beyond 64 bits.
    pub fn issue_time(self, at: Span) -> Option<Span> {
        match self {
            Replay::Closed { .. } => Some(Span::ZERO),
            Replay::Open { scale_numerator, scale_denominator } => {
                let scaled = u128::from(at.ns()) * u128::from(scale_numerator) / u128::from(scale_denominator);
                u64::try_from(scaled).ok().map(Span::from_ns)
            }
        }
    }
}

/// One request of a trace, or one part of it, already placed on the workload's volumes laid end to end.
///
/// A request whose bytes do not lie side by side within one volume is several records. They are transferred one after
/// the other, as an access method goes on to the next extent or volume, and complete as one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// Nanoseconds since the first record.
    pub at: Span,
    /// From the end of the request before it to its issue, as recorded; a closed replay waits that long. Zero where the
    /// trace does not tell when a request ended.
    pub delay: Span,
    /// Byte address over all volumes of the workload, tracks of 56,664 bytes.
    pub offset: u64,
    pub bytes: u64,
    pub op: Op,
    /// The next record is the next part of the same request.
    pub continues: bool,
}

/// Why a plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("a workload uses 1 to 65,535 volumes, not {0}")]
    Volumes(usize),
    #[error("volume {0} has no track")]
    EmptyVolume(VolumeId),
    #[error("the mean time between arrivals is above zero and at most two years")]
    Gap,
    #[error("the mean think time is at most two years")]
    Think,
    #[error("a closed workload has at least one client")]
    Clients,
    #[error("a share is at most 1,000,000 parts per million, not {0}")]
    Share(u32),
    #[error("a request has at least one byte")]
    NoBytes,
    #[error("a request of {bytes} bytes does not fit volume {volume}, which has {tracks} tracks of 56,664 bytes")]
    Request { bytes: u32, volume: VolumeId, tracks: u32 },
    #[error("the trace holds no request")]
    NoRecords,
    #[error("the time scale of a replay is a fraction above zero")]
    Scale,
    #[error("a closed replay keeps at least one request outstanding")]
    Depth,
    #[error("the scaled trace lasts longer than 146 years")]
    Duration,
    #[error("the records of a trace are in order of time; record {0} is not")]
    Order(usize),
    #[error("record {0} of the trace does not lie within one volume")]
    Outside(usize),
    #[error("record {0} of the trace is continued by nothing, or by a request of another time or operation")]
    Parts(usize),
}

impl WorkloadPlan {
    /// Whether it ends by itself: a trace, or a limited number of requests.
    pub fn is_finite(&self) -> bool {
        match &self.kind {
            WorkloadKind::Open { mix, .. } | WorkloadKind::Closed { mix, .. } => mix.limit.is_some(),
            WorkloadKind::Trace { .. } => true,
        }
    }

    /// Whether requests come when they come, however many are without an answer.
    pub fn is_open_loop(&self) -> bool {
        matches!(self.kind, WorkloadKind::Open { .. } | WorkloadKind::Trace { replay: Replay::Open { .. }, .. })
    }

    /// Whether every value is one that a [`super::Workload`] can work with.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.volumes.is_empty() || self.volumes.len() > usize::from(u16::MAX) {
            return Err(PlanError::Volumes(self.volumes.len()));
        }
        if let Some(volume) = self.volumes.iter().find(|volume| volume.tracks == 0) {
            return Err(PlanError::EmptyVolume(volume.id));
        }
        match &self.kind {
            WorkloadKind::Open { mean_gap, mix } => {
                if mean_gap.is_zero() || mean_gap.ns() > LONGEST_MEAN {
                    return Err(PlanError::Gap);
                }
                self.check_mix(mix)
            }
            WorkloadKind::Closed { clients, think, mix } => {
                if *clients == 0 {
                    return Err(PlanError::Clients);
                }
                if think.ns() > LONGEST_MEAN {
                    return Err(PlanError::Think);
                }
                self.check_mix(mix)
            }
            WorkloadKind::Trace { records, replay } => self.check_trace(records, *replay),
        }
    }

    fn check_mix(&self, mix: &RequestMix) -> Result<(), PlanError> {
        for share in [mix.read_ppm, mix.hot_requests_ppm, mix.hot_tracks_ppm] {
            if u64::from(share) > WHOLE {
                return Err(PlanError::Share(share));
            }
        }
        if mix.bytes == 0 {
            return Err(PlanError::NoBytes);
        }
        match self.volumes.iter().find(|volume| volume.tracks < mix.tracks_per_request()) {
            Some(volume) => Err(PlanError::Request { bytes: mix.bytes, volume: volume.id, tracks: volume.tracks }),
            None => Ok(()),
        }
    }

    fn check_trace(&self, records: &[TraceRecord], replay: Replay) -> Result<(), PlanError> {
        match replay {
            Replay::Open { scale_numerator: 0, .. } | Replay::Open { scale_denominator: 0, .. } => {
                return Err(PlanError::Scale);
            }
            Replay::Closed { depth: 0 } => return Err(PlanError::Depth),
            _ => {}
        }
        let last = records.last().ok_or(PlanError::NoRecords)?;
        if replay.issue_time(last.at).is_none_or(|at| at.ns() > LATEST) {
            return Err(PlanError::Duration);
        }
        if let Some(early) = records.windows(2).position(|pair| pair[1].at < pair[0].at) {
            return Err(PlanError::Order(early + 1));
        }
        let whole = |pair: &[TraceRecord]| !pair[0].continues || pair[0].at == pair[1].at && pair[0].op == pair[1].op;
        if let Some(torn) = records.windows(2).position(|pair| !whole(pair)) {
            return Err(PlanError::Parts(torn));
        }
        if last.continues {
            return Err(PlanError::Parts(records.len() - 1));
        }
        let ends = volume_ends(&self.volumes);
        let inside = |record: &TraceRecord| {
            (1..=u64::from(u32::MAX)).contains(&record.bytes)
                && ends
                    .get(ends.partition_point(|&end| end <= record.offset))
                    .is_some_and(|&end| record.bytes <= end - record.offset)
        };
        match records.iter().position(|record| !inside(record)) {
            Some(outside) => Err(PlanError::Outside(outside)),
            None => Ok(()),
        }
    }
}

/// Where each volume ends when all are laid end to end, in bytes.
pub fn volume_ends(volumes: &[WorkloadVolume]) -> Vec<u64> {
    let mut end = 0;
    volumes
        .iter()
        .map(|volume| {
            end += volume.bytes();
            end
        })
        .collect()
}

/// The names of the workloads' random streams: the volumes they use, so that a further workload moves no draw of
/// another. A second workload of the same volumes is told apart by its number among them.
pub fn entity_names(plans: &[WorkloadPlan]) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let name = |plan: &WorkloadPlan| {
        let name = plan.volumes.iter().fold(String::from("workload"), |name, volume| format!("{name} {}", volume.id));
        let number = seen.entry(name.clone()).and_modify(|number| *number += 1).or_insert(1);
        if *number == 1 { name } else { format!("{name} ({number})") }
    };
    plans.iter().map(name).collect()
}

/// Where on a volume synthetic requests may start, and which of these places are hot.
///
/// The hot tracks are scattered by a walk in steps near the golden ratio of the volume's length. The first tracks of the
/// volume would keep the disk arms on a short stroke and crowd around the label; equal steps would fall on the same disk of a
/// rank whenever the step and the number of disks have a common factor. The walk visits each track once, covers the
/// volume evenly at any share, has no period, and needs neither a table nor a draw.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// Tracks at which a request may start, from 0.
    starts: u32,
    /// The first steps of the walk that are hot.
    hot: u32,
    step: u32,
}

impl Spread {
    pub fn new(tracks: u32, mix: &RequestMix) -> Spread {
        let starts = tracks - mix.tracks_per_request() + 1;
        let hot = (u64::from(starts) * u64::from(mix.hot_tracks_ppm)).div_ceil(WHOLE) as u32;
        let hot = if mix.hot_requests_ppm > 0 { hot.max(1) } else { hot };
        let golden = (u64::from(starts) * 618_034 / WHOLE) as u32;
        let near = golden.saturating_sub(32).max(1)..=golden.saturating_add(32).min(starts);
        let step = near.filter_map(|step| unevenness(starts, step).map(|quotient| (quotient, step))).min();
        let step = step.map_or(1, |(_, step)| step);
        Spread { starts, hot, step }
    }

    /// Draws the first track of a request; takes two words whatever the outcome.
    pub fn start(&self, mix: &RequestMix, draws: &mut Draws) -> TrackNo {
        let hot = draws.below(WHOLE) < u64::from(mix.hot_requests_ppm);
        let place = if hot || self.hot == self.starts {
            draws.below(u64::from(self.hot))
        } else {
            u64::from(self.hot) + draws.below(u64::from(self.starts - self.hot))
        };
        self.track(place)
    }

    /// Whole requests, or shares of one track, that fit the volume one behind the other.
    pub fn in_sequence(&self, mix: &RequestMix) -> u64 {
        let places = u64::from(self.starts - 1) / u64::from(mix.tracks_per_request()) + 1;
        places * mix.requests_per_track()
    }

    /// The first track of request `number` of a sequence.
    pub fn nth(&self, mix: &RequestMix, number: u64) -> TrackNo {
        TrackNo((number / mix.requests_per_track() * u64::from(mix.tracks_per_request())) as u32)
    }

    /// The track after `place` steps of the walk.
    fn track(&self, place: u64) -> TrackNo {
        TrackNo((place * u64::from(self.step) % u64::from(self.starts)) as u32)
    }
}

/// How uneven the walk through `places` places is: the largest quotient of Euclid's algorithm (the partial quotients of
/// the continued fraction bound the gaps between the places visited so far). `None` if it misses places.
fn unevenness(places: u32, step: u32) -> Option<u32> {
    let (mut a, mut b, mut largest) = (places, step, 0);
    while b != 0 {
        largest = largest.max(a / b);
        (a, b) = (b, a % b);
    }
    (a == 1).then_some(largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    const MIX: RequestMix = RequestMix {
        read_ppm: 700_000,
        bytes: 4_096,
        pattern: Pattern::Random,
        hot_requests_ppm: 800_000,
        hot_tracks_ppm: 200_000,
        limit: None,
    };

    /// The tracks at which hot requests start.
    fn hot_starts(spread: &Spread) -> impl Iterator<Item = u32> + '_ {
        (0..spread.hot).map(|place| spread.track(u64::from(place)).0)
    }

    fn volume(name: &str, tracks: u32) -> WorkloadVolume {
        WorkloadVolume { id: VolumeId::parse(name).unwrap(), tracks }
    }

    fn synthetic(mix: RequestMix) -> WorkloadPlan {
        WorkloadPlan {
            image: Image::FIRST,
            dependent: false,
            volumes: vec![volume("A", 300), volume("B", 30)],
            kind: WorkloadKind::Closed { clients: 1, think: Span::ZERO, mix },
        }
    }

    fn replay(records: &[TraceRecord], replay: Replay) -> WorkloadPlan {
        WorkloadPlan {
            image: Image::FIRST,
            dependent: false,
            volumes: vec![volume("A", 10), volume("B", 1)],
            kind: WorkloadKind::Trace { records: records.into(), replay },
        }
    }

    fn record(at: u64, offset: u64, bytes: u64) -> TraceRecord {
        TraceRecord { at: Span::from_ns(at), delay: Span::ZERO, offset, bytes, op: Op::Read, continues: false }
    }

    #[test]
    fn a_plan_that_cannot_be_carried_out_says_why() {
        assert_eq!(synthetic(MIX).check(), Ok(()));
        assert_eq!(synthetic(RequestMix { read_ppm: 1_000_001, ..MIX }).check(), Err(PlanError::Share(1_000_001)));
        assert_eq!(synthetic(RequestMix { bytes: 0, ..MIX }).check(), Err(PlanError::NoBytes));
        assert_eq!(synthetic(RequestMix { bytes: 30 * 56_664, ..MIX }).check(), Ok(()));
        assert_eq!(
            synthetic(RequestMix { bytes: 30 * 56_664 + 1, ..MIX }).check().unwrap_err().to_string(),
            "a request of 1699921 bytes does not fit volume B, which has 30 tracks of 56,664 bytes"
        );
        let empty = WorkloadPlan { volumes: vec![], ..synthetic(MIX) };
        assert_eq!(empty.check(), Err(PlanError::Volumes(0)));
        let still = WorkloadPlan { kind: WorkloadKind::Open { mean_gap: Span::ZERO, mix: MIX }, ..synthetic(MIX) };
        assert_eq!(still.check(), Err(PlanError::Gap));
    }

    #[test]
    fn a_trace_record_lies_within_one_volume() {
        let end = 10 * TRACK_BYTES;
        let one = Replay::Open { scale_numerator: 1, scale_denominator: 1 };
        assert_eq!(replay(&[record(0, end - 1, 1), record(0, end, TRACK_BYTES)], one).check(), Ok(()));
        assert_eq!(replay(&[record(0, 0, 1), record(0, end - 1, 2)], one).check(), Err(PlanError::Outside(1)));
        assert_eq!(replay(&[record(0, end + TRACK_BYTES, 1)], one).check(), Err(PlanError::Outside(0)));
        assert_eq!(replay(&[record(0, u64::MAX, u64::MAX)], one).check(), Err(PlanError::Outside(0)));
        assert_eq!(replay(&[record(1, 0, 1), record(0, 0, 1)], one).check(), Err(PlanError::Order(1)));
        assert_eq!(replay(&[], one).check(), Err(PlanError::NoRecords));
        let torn = TraceRecord { continues: true, ..record(0, 0, 1) };
        assert_eq!(replay(&[torn], one).check(), Err(PlanError::Parts(0)));
        assert_eq!(replay(&[torn, record(1, 0, 1)], one).check(), Err(PlanError::Parts(0)));
        let slow = Replay::Open { scale_numerator: u64::MAX, scale_denominator: 1 };
        assert_eq!(replay(&[record(2, 0, 1)], slow).check(), Err(PlanError::Duration));
        let never = Replay::Open { scale_numerator: 1, scale_denominator: 0 };
        assert_eq!(replay(&[record(0, 0, 1)], never).check(), Err(PlanError::Scale));
    }

    #[test]
    fn every_track_is_visited_once_whatever_the_size() {
        for tracks in (1..200).chain([50_085, 49_999, 65_536]) {
            let all = RequestMix { hot_tracks_ppm: 1_000_000, ..MIX };
            let mut starts: Vec<u32> = hot_starts(&Spread::new(tracks, &all)).collect();
            starts.sort_unstable();
            assert!(starts.iter().copied().eq(0..tracks), "{tracks} tracks");
        }
    }

    /// The largest gap between neighbouring hot tracks stays near the mean gap, and no remainder modulo a small number
    /// of disks is preferred.
    #[test]
    fn hot_tracks_cover_the_volume_without_a_period() {
        for share in [50_000, 142_857, 200_000, 500_000] {
            let spread = Spread::new(50_085, &RequestMix { hot_tracks_ppm: share, ..MIX });
            let mut hot: Vec<u32> = hot_starts(&spread).collect();
            hot.sort_unstable();
            assert_eq!(hot.len() as u64, (50_085 * u64::from(share)).div_ceil(WHOLE));
            let widest = hot.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
            assert!(f64::from(widest) < 3.0 * 1e6 / f64::from(share), "a gap of {widest} at {share}");
            for disks in 2..9 {
                let most = (0..disks).map(|disk| hot.iter().filter(|&&track| track % disks == disk).count()).max();
                let fair = hot.len() as f64 / f64::from(disks);
                assert!((most.unwrap() as f64) < 1.1 * fair, "{disks} disks at {share}");
            }
        }
    }

    #[test]
    fn eighty_percent_of_requests_meet_the_hot_fifth() {
        let spread = Spread::new(1_000, &MIX);
        let hot: Vec<u32> = hot_starts(&spread).collect();
        assert_eq!(hot.len(), 200);
        let stream = Stream::new(1, "workload A", "requests");
        let hits = (0..20_000).filter(|&number| hot.contains(&spread.start(&MIX, &mut stream.draws(number)).0)).count();
        assert!((15_800..16_200).contains(&hits), "{hits} of 20,000");
    }

    #[test]
    fn long_requests_start_where_they_fit() {
        let long = RequestMix { bytes: 3 * 56_664, hot_tracks_ppm: 0, ..MIX };
        let spread = Spread::new(10, &long);
        let stream = Stream::new(1, "workload A", "requests");
        let mut starts: Vec<u32> = (0..500).map(|number| spread.start(&long, &mut stream.draws(number)).0).collect();
        starts.sort_unstable();
        starts.dedup();
        assert_eq!(starts, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn workloads_are_named_after_their_volumes() {
        let plan = |names: &[&str]| WorkloadPlan {
            dependent: false,
            volumes: names.iter().map(|name| volume(name, 1)).collect(),
            ..synthetic(MIX)
        };
        let names = entity_names(&[plan(&["A"]), plan(&["A", "B"]), plan(&["A"])]);
        assert_eq!(names, ["workload A", "workload A B", "workload A (2)"]);
    }

    #[test]
    fn time_is_scaled_by_a_fraction() {
        let half = Replay::Open { scale_numerator: 1, scale_denominator: 2 };
        assert_eq!(half.issue_time(Span::from_ns(7)), Some(Span::from_ns(3)));
        assert_eq!(half.issue_time(Span::from_ns(u64::MAX)), Some(Span::from_ns(u64::MAX / 2)));
    }
}
