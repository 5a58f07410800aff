//! The workloads of a scenario, and the traces that they replay.

use crate::host::trace::Action;
use crate::host::{Pattern, Replay, RequestMix, TraceRecord, WorkloadKind, WorkloadPlan, WorkloadVolume};
use crate::kernel::Span;
use crate::vocab::{TRACK_BYTES, TRACKS_PER_CYLINDER, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::Diagnostic;
use super::super::names::{AddressRule, LoadName, ReplayName, TraceFormat};
use super::super::raw::RawWorkload;
use super::super::shape::{Given, Share, out_of_range};
use super::super::source::InputFile;
use super::super::trace::{TraceRequest, load_trace};
use super::{Context, list, or};

/// What the resolved text says of a workload beside its plan.
#[derive(Clone, Debug)]
pub enum WorkloadNote {
    /// The frequency in normal form.
    Open {
        rate: String,
    },
    Closed,
    Trace(TraceNote),
    Literal,
}

#[derive(Clone, Debug)]
pub struct TraceNote {
    pub file: String,
    pub sha256: String,
    pub format: TraceFormat,
    pub sector_bytes: Option<u64>,
    pub read_code: Option<u64>,
    pub action: Option<Action>,
    pub address: AddressRule,
    pub allow_coarse_time: bool,
    pub skip_bad_lines: bool,
}

const MOST_WORKLOADS: usize = 1_000;
const MOST_CLIENTS: u64 = 10_000;
const MOST_DEPTH: u64 = 10_000;
/// Bytes of a synthetic request: a cylinder.
pub(super) const MOST_BYTES: u64 = TRACKS_PER_CYLINDER as u64 * TRACK_BYTES;
/// Mean gaps and think times: draws of many times the mean still lie within simulated time.
const LONGEST_MEAN: Span = Span::from_secs(365 * 86_400);
/// Bytes of a trace file: its records then stay below a few gigabytes.
const MOST_TRACE: u64 = 1 << 30;
/// Bytes of a sector of a recorded device: a mebibyte.
const MOST_SECTOR: u64 = 1 << 20;
/// A trace may be stretched or pressed by this in each direction.
const MOST_SCALE_MILLI: u64 = 1_000_000;

// Defaults of MODEL 8 (A): 70 % reads of 4,096 bytes, 120 requests per second, 80 % of them to 20 % of the tracks.
const READ_PPM: u32 = 700_000;
pub(super) const BYTES: u64 = 4_096;
const GAP: (Span, &str) = (Span::from_ns(8_333_333), "120 /s");
const HOT_REQUESTS_PPM: u32 = 800_000;
const HOT_TRACKS_PPM: u32 = 200_000;
/// A closed workload: eight clients that think 50 ms (A), which asks about as often as the open default.
const CLIENTS: u64 = 8;
const THINK: Span = Span::from_ms(50);

const MIX_KEYS: [&str; 6] = ["read", "size", "pattern", "hot_requests", "hot_tracks", "limit"];

impl Context<'_> {
    pub(super) fn workloads(&mut self) -> (Vec<WorkloadPlan>, Vec<WorkloadNote>) {
        if !self.bound(&self.raw.workload, MOST_WORKLOADS, "workloads") {
            return Default::default();
        }
        list(&self.raw.workload).iter().filter_map(|entry| self.workload(entry)).unzip()
    }

    fn workload(&mut self, entry: &Given<RawWorkload>) -> Option<(WorkloadPlan, WorkloadNote)> {
        let raw = &entry.value;
        let volumes = self.workload_volumes(entry);
        let image = self.image_named(&raw.image);
        if raw.kind.is_none() && self.has_problem_at(&format!("{}.kind", entry.path)) {
            return None;
        }
        let name = or(&raw.kind, LoadName::Open);
        let mut keys = vec!["volume", "volumes", "image", "kind"];
        match name {
            LoadName::Open => keys.push("rate"),
            LoadName::Closed => keys.extend(["clients", "think", "dependent"]),
            LoadName::Trace => keys.extend([
                "file",
                "sha256",
                "format",
                "sector_bytes",
                "read_code",
                "action",
                "replay",
                "time_scale",
                "depth",
                "address",
                "allow_coarse_time",
                "skip_bad_lines",
            ]),
            LoadName::Literal => keys.push("requests"),
        }
        if matches!(name, LoadName::Open | LoadName::Closed) {
            keys.extend(MIX_KEYS);
        }
        self.refuse_keys(&raw.given(), &keys, &format!("a workload of kind \"{name}\""), &entry.path);
        self.requests_fit(raw, volumes.as_deref().unwrap_or_default());
        let (kind, note) = match name {
            LoadName::Open => self.open(raw),
            LoadName::Closed => self.closed(raw),
            LoadName::Trace => self.trace(entry, volumes.as_deref().unwrap_or_default()),
            LoadName::Literal => self.literal(entry, volumes.as_deref()?),
        }?;
        let dependent = self.dependent(raw, &kind)?;
        Some((WorkloadPlan { image: image?, volumes: volumes?, kind, dependent }, note))
    }

    fn workload_volumes(&mut self, entry: &Given<RawWorkload>) -> Option<Vec<WorkloadVolume>> {
        let raw = &entry.value;
        let named: Vec<Given<VolumeId>> = match (&raw.volume, &raw.volumes) {
            (Some(one), Some(several)) => {
                let problem = Diagnostic::error(Code::Exclusive, "a workload has both `volume` and `volumes`")
                    .at(&several.place, "and more volumes here")
                    .related(&one.place, "one volume is given here")
                    .path(several.path.clone())
                    .help("put all of them into `volumes`");
                self.problems.push(problem);
                return None;
            }
            (Some(one), None) => vec![one.clone()],
            (None, Some(several)) if !several.value.is_empty() => several.value.clone(),
            (None, _) => {
                let wrong = ["volume", "volumes"].iter().any(|key| self.has_problem_in(&entry.path, key));
                if !wrong {
                    self.missing("volume", "a workload", &entry.place, &entry.path, "\"PROD01\"");
                }
                return None;
            }
        };
        let mut volumes = Vec::new();
        for given in &named {
            let (_, volume) = self.volume_named(given)?;
            volumes.push(WorkloadVolume { id: volume.id, tracks: volume.tracks });
        }
        Some(volumes)
    }

    /// A synthetic request begins at a track and lies within one volume.
    fn requests_fit(&mut self, raw: &RawWorkload, volumes: &[WorkloadVolume]) {
        let Some(size) = &raw.size else { return };
        let smallest = volumes.iter().min_by_key(|volume| volume.tracks);
        let Some(volume) = smallest.filter(|volume| size.value.0 > u64::from(volume.tracks) * TRACK_BYTES) else {
            return;
        };
        let problem = Diagnostic::error(Code::Contradiction, "a request is larger than a volume of its workload")
            .at(&size.place, format!("{} has {} tracks of {TRACK_BYTES} bytes", volume.id, volume.tracks))
            .path(size.path.clone())
            .help("give a smaller `size`, or a larger volume");
        self.problems.push(problem);
    }

    pub(super) fn has_problem_in(&self, path: &str, key: &str) -> bool {
        let prefix = format!("{path}.{key}");
        self.problems.iter().any(|problem| {
            let rest = problem.path.strip_prefix(&prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        })
    }

    fn open(&mut self, raw: &RawWorkload) -> Option<(WorkloadKind, WorkloadNote)> {
        let mix = self.mix(raw);
        let (mean_gap, rate) = match &raw.rate {
            None => (GAP.0, GAP.1.to_owned()),
            Some(given) => {
                let Some(gap) = given.value.gap else {
                    let problem = Diagnostic::error(Code::NeverAsks, "a workload with the rate 0 never asks")
                        .at(&given.place, "no request is ever issued")
                        .path(given.path.clone())
                        .help("give a rate above 0, as in \"120 /s\", or remove the workload");
                    self.problems.push(problem);
                    return None;
                };
                if gap > LONGEST_MEAN {
                    self.problems.push(out_of_range(&given.place, &given.path, "at least one request in a year"));
                    return None;
                }
                (gap, given.value.text.clone())
            }
        };
        Some((WorkloadKind::Open { mean_gap, mix: mix? }, WorkloadNote::Open { rate }))
    }

    fn closed(&mut self, raw: &RawWorkload) -> Option<(WorkloadKind, WorkloadNote)> {
        let mix = self.mix(raw);
        let clients = if or(&raw.dependent, false) { 1 } else { CLIENTS };
        let clients = self.within(&raw.clients, clients, 1, MOST_CLIENTS)?;
        let clients = u32::try_from(clients).expect("within the limit");
        if let Some(given) = raw.think.as_ref().filter(|given| given.value > LONGEST_MEAN) {
            self.problems.push(out_of_range(&given.place, &given.path, "at most one year"));
            return None;
        }
        let kind = WorkloadKind::Closed { clients, think: or(&raw.think, THINK), mix: mix? };
        Some((kind, WorkloadNote::Closed))
    }

    /// A chain of dependent writes has one writer, who writes only, one track at a time.
    fn dependent(&mut self, raw: &RawWorkload, kind: &WorkloadKind) -> Option<bool> {
        let Some(given) = raw.dependent.as_ref().filter(|given| given.value) else { return Some(false) };
        let reason = match kind {
            WorkloadKind::Closed { clients, .. } if *clients > 1 => {
                "several clients wait for nobody's write but their own"
            }
            WorkloadKind::Closed { mix, .. } if mix.read_ppm > 0 => "nothing depends on a read",
            WorkloadKind::Closed { mix, .. } if mix.tracks_per_request() > 1 => "a write of several tracks is no link",
            WorkloadKind::Closed { .. } => return Some(true),
            WorkloadKind::Open { .. } | WorkloadKind::Trace { .. } => return None,
        };
        let problem = Diagnostic::error(Code::Contradiction, "the writes of this workload cannot depend on each other")
            .at(&given.place, reason)
            .path(given.path.clone())
            .help("a chain needs `clients = 1`, `read = \"0 %\"` and requests within a track");
        self.problems.push(problem);
        None
    }

    fn mix(&mut self, raw: &RawWorkload) -> Option<RequestMix> {
        let bytes = raw.size.as_ref().map_or(BYTES, |given| given.value.0);
        if !(1..=MOST_BYTES).contains(&bytes) {
            let given = raw.size.as_ref().expect("the default lies within the limits");
            self.problems.push(out_of_range(&given.place, &given.path, &format!("1 B to {MOST_BYTES} B, a cylinder")));
            return None;
        }
        if let Some(given) = raw.limit.as_ref().filter(|given| given.value == 0) {
            let problem = Diagnostic::error(Code::NeverAsks, "a workload with the limit 0 never asks")
                .at(&given.place, "no request is ever issued")
                .path(given.path.clone())
                .help("give a limit of 1 or more, or remove the workload");
            self.problems.push(problem);
            return None;
        }
        let share = |given: &Option<Given<Share>>, default: u32| given.as_ref().map_or(default, |given| given.value.0);
        let mix = RequestMix {
            read_ppm: share(&raw.read, if or(&raw.dependent, false) { 0 } else { READ_PPM }),
            bytes: u32::try_from(bytes).expect("within the limit"),
            pattern: or(&raw.pattern, Pattern::Random),
            hot_requests_ppm: share(&raw.hot_requests, HOT_REQUESTS_PPM),
            hot_tracks_ppm: share(&raw.hot_tracks, HOT_TRACKS_PPM),
            limit: raw.limit.as_ref().map(|given| given.value),
        };
        if mix.hot_requests_ppm > 0 && mix.hot_tracks_ppm == 0 {
            let (place, path) = match (&raw.hot_tracks, &raw.hot_requests) {
                (Some(given), _) | (None, Some(given)) => (given.place.clone(), given.path.clone()),
                (None, None) => unreachable!("the defaults have hot tracks"),
            };
            let problem = Diagnostic::error(Code::Contradiction, "hot requests need hot tracks")
                .at(&place, "no track is hot")
                .path(path)
                .help("give `hot_tracks` above 0 %, or set `hot_requests = \"0 %\"`");
            self.problems.push(problem);
            return None;
        }
        Some(mix)
    }

    /// A number between two limits, or a problem.
    pub(super) fn within(&mut self, given: &Option<Given<u64>>, default: u64, least: u64, most: u64) -> Option<u64> {
        let Some(given) = given else { return Some(default) };
        if (least..=most).contains(&given.value) {
            return Some(given.value);
        }
        self.problems.push(out_of_range(&given.place, &given.path, &format!("{least} to {most}")));
        None
    }

    fn trace(
        &mut self,
        entry: &Given<RawWorkload>,
        volumes: &[WorkloadVolume],
    ) -> Option<(WorkloadKind, WorkloadNote)> {
        let raw = &entry.value;
        let replay = self.replay(raw, &entry.path);
        let Some(file) = &raw.file else {
            self.missing("file", "a workload of kind \"trace\"", &entry.place, &entry.path, "\"traces/small.vscsi\"");
            return None;
        };
        let bytes = match self.files.read(&file.value, MOST_TRACE) {
            Ok(bytes) => bytes,
            Err(reason) => {
                let problem = Diagnostic::error(
                    Code::TraceUnreadable,
                    format!("the trace `{}` cannot be read", file.value),
                )
                .at(&file.place, reason)
                .path(file.path.clone())
                .help("the path is relative to the scenario file; `--set workload[0].file=PATH` changes it for a run");
                self.problems.push(problem);
                return None;
            }
        };
        let input = InputFile::of(&file.value, &bytes);
        self.same_trace(raw, file, &input)?;
        let note = TraceNote {
            file: file.value.clone(),
            sha256: input.sha256.clone(),
            format: or(&raw.format, TraceFormat::Auto),
            sector_bytes: self.optional_within(&raw.sector_bytes, 1, MOST_SECTOR)?,
            read_code: self.optional_within(&raw.read_code, 0, 1)?,
            action: raw.action.as_ref().map(|given| given.value),
            address: or(&raw.address, AddressRule::Strict),
            allow_coarse_time: or(&raw.allow_coarse_time, false),
            skip_bad_lines: or(&raw.skip_bad_lines, false),
        };
        let open_loop = !matches!(replay, Some(Replay::Closed { .. }));
        let records = self.records(file, &note, open_loop, &bytes, volumes)?;
        self.inputs.push(input);
        Some((WorkloadKind::Trace { records: records.into(), replay: replay? }, WorkloadNote::Trace(note)))
    }

    /// As [`Context::within`], of a value that need not be given.
    fn optional_within(&mut self, given: &Option<Given<u64>>, least: u64, most: u64) -> Option<Option<u64>> {
        match given {
            None => Some(None),
            Some(_) => self.within(given, least, least, most).map(Some),
        }
    }

    fn same_trace(&mut self, raw: &RawWorkload, file: &Given<String>, input: &InputFile) -> Option<()> {
        let Some(wanted) = &raw.sha256 else { return Some(()) };
        if wanted.value.eq_ignore_ascii_case(&input.sha256) {
            return Some(());
        }
        let problem = Diagnostic::error(Code::TraceChanged, format!("`{}` is not the trace that is meant", file.value))
            .at(&wanted.place, "another digest")
            .related(&file.place, "the file here")
            .path(wanted.path.clone())
            .help(format!("its SHA-256 is {}; take the right file, or remove `sha256`", input.sha256));
        self.problems.push(problem);
        None
    }

    fn records(
        &mut self,
        file: &Given<String>,
        note: &TraceNote,
        open_loop: bool,
        bytes: &[u8],
        volumes: &[WorkloadVolume],
    ) -> Option<Vec<TraceRecord>> {
        if volumes.is_empty() {
            // Which volumes was the problem, and it is reported.
            return None;
        }
        let request = TraceRequest {
            name: &note.file,
            format: note.format,
            sector_bytes: note.sector_bytes,
            read_code: note.read_code,
            action: note.action,
            address: note.address,
            open_loop,
            allow_coarse_time: note.allow_coarse_time,
            skip_bad_lines: note.skip_bad_lines,
        };
        match load_trace(&request, bytes, volumes) {
            Ok(loaded) if loaded.records.is_empty() => {
                let problem = Diagnostic::error(Code::NeverAsks, format!("the trace `{}` has no request", note.file))
                    .at(&file.place, "no request is ever issued")
                    .path(file.path.clone());
                self.problems.push(problem);
                None
            }
            Ok(loaded) => {
                self.problems.extend(loaded.left_out.map(|problem| {
                    let label = problem.label.clone();
                    problem.at(&file.place, label).path(file.path.clone())
                }));
                Some(loaded.records)
            }
            Err(problem) => {
                let label = if problem.label.is_empty() { "this trace".to_owned() } else { problem.label.clone() };
                self.problems.push(problem.at(&file.place, label).path(file.path.clone()));
                None
            }
        }
    }

    fn replay(&mut self, raw: &RawWorkload, path: &str) -> Option<Replay> {
        let replay = or(&raw.replay, ReplayName::Open);
        let other = match replay {
            ReplayName::Open => "depth",
            ReplayName::Closed => "time_scale",
        };
        let legal: Vec<&str> = RawWorkload::KEYS.iter().copied().filter(|key| *key != other).collect();
        let foreign: Vec<_> = raw.given().into_iter().filter(|(key, _)| *key == other).collect();
        self.refuse_keys(&foreign, &legal, &format!("the {replay} replay of a trace"), path);
        match replay {
            ReplayName::Open => {
                let milli = raw.time_scale.as_ref().map_or(1_000, |given| given.value.0);
                if !(1..=MOST_SCALE_MILLI).contains(&milli) {
                    let given = raw.time_scale.as_ref().expect("the default lies within the limits");
                    self.problems.push(out_of_range(&given.place, &given.path, "0.001 to 1000"));
                    return None;
                }
                Some(Replay::Open { scale_numerator: milli, scale_denominator: 1_000 })
            }
            ReplayName::Closed => {
                let depth = self.within(&raw.depth, 1, 1, MOST_DEPTH)?;
                Some(Replay::Closed { depth: u32::try_from(depth).expect("within the limit") })
            }
        }
    }
}
