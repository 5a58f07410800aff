//! A run as a trace in the trace event format, which Perfetto and other viewers read: `trace.perfetto.json`.
//!
//! It is written event by event while the run goes on, and nothing of it is kept but what is open: a request, a step, a
//! destage, a stay of a tape. Requests, destages and writes of tape blocks are told when they end, as a pair of begin and
//! end of an asynchronous span, since many of them overlap on one track; steps of jobs and stays of tapes are such pairs too.
//!
//! A flow leads from a host's write to the destage that puts its track on disk, and from a dump's read of a track to its
//! block on tape. Faults are instants over all tracks. Times are microseconds with three decimals, made of whole
//! nanoseconds.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::controller::dasd::DasdFact;
use crate::controller::tape::TapeFact;
use crate::host::WorkloadFact;
use crate::kernel::Time;
use crate::manager::{Job, ManagerFact};
use crate::vocab::{Backup, Cartridge, Device, Drive, Op, Status, StepName, TrackNo, VolumeId};
use crate::world::Fact;

/// Which part of a run is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub from: Time,
    pub until: Time,
}

impl Extent {
    pub const ALL: Extent = Extent { from: Time::ZERO, until: Time::from_ns(u64::MAX) };

    fn contains(&self, time: Time) -> bool {
        self.from <= time && time <= self.until
    }
}

/// What has a track of its own.
#[derive(Clone, Debug)]
pub struct Names {
    /// The addresses of the devices.
    pub devices: Vec<String>,
    pub images: Vec<String>,
    /// The volumes of each workload.
    pub workloads: Vec<Vec<VolumeId>>,
    pub drives: u8,
}

/// Viewers fail near this many events (Perfetto's issue 99 and others; a matter of memory).
pub const MANY: u64 = 1_000_000;

/// Groups of tracks: processes, as the format calls them.
const HOST: u32 = 1;
const MANAGER: u32 = 2;
const DASD: u32 = 3;
const TAPE: u32 = 4;

/// Writes the trace to `W`. The first error ends it and is kept for [`Perfetto::finish`].
#[derive(Debug)]
pub struct Perfetto<W> {
    sink: W,
    error: Option<io::Error>,
    extent: Extent,
    names: Names,
    written: u64,
    /// Of spans and flows.
    number: u64,
    steps: BTreeMap<(Job, StepName), Time>,
    destages: BTreeMap<(Device, TrackNo), Time>,
    /// Writes of hosts that no destage has taken yet: when, and where their flow began.
    written_tracks: BTreeMap<(Device, TrackNo), u64>,
    dumped: BTreeMap<(Backup, TrackNo), u64>,
    blocks: BTreeMap<(Drive, Option<TrackNo>), Time>,
    tapes: BTreeMap<Drive, (Cartridge, Time)>,
    requests: u64,
}

/// A span that has ended.
struct Span<'a> {
    group: u32,
    track: u64,
    kind: &'a str,
    name: String,
    from: Time,
    until: Time,
}

impl<W: Write> Perfetto<W> {
    pub fn new(sink: W, extent: Extent, names: Names) -> Perfetto<W> {
        let mut it = Perfetto {
            sink,
            error: None,
            extent,
            names,
            written: 0,
            number: 0,
            steps: BTreeMap::new(),
            destages: BTreeMap::new(),
            written_tracks: BTreeMap::new(),
            dumped: BTreeMap::new(),
            blocks: BTreeMap::new(),
            tapes: BTreeMap::new(),
            requests: 0,
        };
        it.put("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
        it.name_tracks();
        it
    }

    /// What an event of the run, or a fault, let observers know.
    pub fn observe(&mut self, now: Time, facts: &[Fact]) {
        if self.error.is_some() {
            return;
        }
        for &fact in facts {
            match fact {
                Fact::Workload(workload, WorkloadFact::Done { op, track, issued_at, volume, status, .. }) => {
                    self.request(now, (workload.0, volume), (op, track, status), issued_at);
                }
                Fact::Workload(..) => {}
                Fact::Manager(_, fact) => self.manager(now, fact),
                Fact::Dasd(fact) => self.dasd(now, fact),
                Fact::Tape(fact) => self.tape(now, fact),
                Fact::Fault { fault, .. } => self.instant(now, fault.kind().name()),
            }
        }
    }

    /// Closes what is open, and the document. Gives back the sink, how many events were written and requests among them, and
    /// whether the sink took everything.
    pub fn finish(mut self, now: Time) -> (W, u64, u64, io::Result<()>) {
        for ((job, step), from) in std::mem::take(&mut self.steps) {
            self.step(now, (job, step), from);
        }
        for (drive, (cartridge, from)) in std::mem::take(&mut self.tapes) {
            self.stay(now, drive, cartridge, from);
        }
        self.put("\n]}\n");
        let flushed = self.sink.flush();
        (self.sink, self.written, self.requests, self.error.map_or(flushed, Err))
    }

    fn request(&mut self, now: Time, (workload, volume): (u16, u16), what: (Op, TrackNo, Status), issued: Time) {
        let (op, track, status) = what;
        let id = self.names.workloads.get(usize::from(workload)).and_then(|ids| ids.get(usize::from(volume)));
        let id = id.map_or(String::new(), VolumeId::to_string);
        let verb = if op == Op::Read { "read" } else { "write" };
        let failed = if status == Status::Good { "" } else { ", failed" };
        let name = format!("{verb} {id} track {}{failed}", track.0);
        let span =
            Span { group: HOST, track: u64::from(workload) + 1, kind: "request", name, from: issued, until: now };
        if self.span(&span) {
            self.requests += 1;
        }
    }

    fn manager(&mut self, now: Time, fact: ManagerFact) {
        match fact {
            ManagerFact::StepStarted { job, step } => {
                self.steps.insert((job, step), now);
            }
            ManagerFact::StepEnded { job, step } => {
                if let Some(from) = self.steps.remove(&(job, step)) {
                    self.step(now, (job, step), from);
                }
            }
            ManagerFact::JobEnded { job, .. } | ManagerFact::JobUndone { job } => self.cut(now, |of| of == job),
            ManagerFact::Down => self.cut(now, |_| true),
            ManagerFact::WriteAcknowledged { device, first, .. } if self.extent.contains(now) => {
                let flow = self.flow(now, None, (HOST, 1), "write to disk");
                self.written_tracks.insert((device, first), flow);
            }
            ManagerFact::DumpTrackRead { backup, track, .. } if self.extent.contains(now) => {
                let flow = self.flow(now, None, (MANAGER, 1), "track to tape");
                self.dumped.insert((backup, track), flow);
            }
            _ => {}
        }
    }

    fn dasd(&mut self, now: Time, fact: DasdFact) {
        match fact {
            DasdFact::DestageStarted { device, track } => {
                self.destages.insert((device, track), now);
            }
            DasdFact::DestageDone { device, track } => {
                let flow = self.written_tracks.remove(&(device, track));
                if let Some(from) = self.destages.remove(&(device, track)) {
                    let name = format!("destage track {}", track.0);
                    let span =
                        Span { group: DASD, track: u64::from(device.0) + 1, kind: "destage", name, from, until: now };
                    self.span(&span);
                }
                if let Some(flow) = flow.filter(|_| self.extent.contains(now)) {
                    self.flow(now, Some(flow), (DASD, u64::from(device.0) + 1), "write to disk");
                }
            }
            DasdFact::Down => self.destages.clear(),
            _ => {}
        }
    }

    fn tape(&mut self, now: Time, fact: TapeFact) {
        match fact {
            TapeFact::Loaded { drive, cartridge } => {
                // After a loss of power a tape is threaded anew without having been unloaded.
                if let Some((before, from)) = self.tapes.insert(drive, (cartridge, now)) {
                    self.stay(now, drive, before, from);
                }
            }
            TapeFact::Unloaded { drive, .. } => {
                if let Some((cartridge, from)) = self.tapes.remove(&drive) {
                    self.stay(now, drive, cartridge, from);
                }
            }
            TapeFact::BlockAcknowledged { drive, track, .. } => {
                self.blocks.insert((drive, track), now);
            }
            TapeFact::BlockHardened { drive, track, backup, .. } => {
                if let Some(from) = self.blocks.remove(&(drive, track)) {
                    let name = track.map_or("write header".to_owned(), |track| format!("write track {}", track.0));
                    self.span(&Span {
                        group: TAPE,
                        track: u64::from(drive.0) + 1,
                        kind: "block",
                        name,
                        from,
                        until: now,
                    });
                }
                let flow = track.and_then(|track| self.dumped.remove(&(backup, track)));
                if let Some(flow) = flow.filter(|_| self.extent.contains(now)) {
                    self.flow(now, Some(flow), (TAPE, u64::from(drive.0) + 1), "track to tape");
                }
            }
            TapeFact::BlocksLost { drive, .. } => self.blocks.retain(|(of, _), _| *of != drive),
            _ => {}
        }
    }

    fn cut(&mut self, now: Time, which: impl Fn(Job) -> bool) {
        let open: Vec<(Job, StepName)> = self.steps.keys().copied().filter(|(job, _)| which(*job)).collect();
        for key in open {
            if let Some(from) = self.steps.remove(&key) {
                self.step(now, key, from);
            }
        }
    }

    fn step(&mut self, now: Time, (job, step): (Job, StepName), from: Time) {
        let track = match job {
            Job::Backup(backup) => u64::from(backup.0) * 2 + 1,
            Job::Restore(restore) => u64::from(restore.0) * 2 + 2,
        };
        let name = format!("{} ({job})", step.name());
        self.span(&Span { group: MANAGER, track, kind: "step", name, from, until: now });
    }

    fn stay(&mut self, now: Time, drive: Drive, cartridge: Cartridge, from: Time) {
        let name = format!("tape {} loaded", cartridge.0);
        self.span(&Span { group: TAPE, track: u64::from(drive.0) + 1, kind: "tape", name, from, until: now });
    }

    /// Writes a span that touches the extent. False when it does not.
    fn span(&mut self, span: &Span<'_>) -> bool {
        if span.until < self.extent.from || span.from > self.extent.until {
            return false;
        }
        self.number += 1;
        let Span { group, track, kind, name, from, until } = span;
        let common = format!("\"cat\":\"{kind}\",\"id\":{},\"pid\":{group},\"tid\":{track}", self.number);
        self.event(&format!("{{\"ph\":\"b\",\"name\":{},{common},\"ts\":{}}}", quoted(name), micros(*from)));
        self.event(&format!("{{\"ph\":\"e\",\"name\":{},{common},\"ts\":{}}}", quoted(name), micros(*until)));
        true
    }

    /// Begins a flow, or ends one.
    fn flow(&mut self, now: Time, known: Option<u64>, (group, track): (u32, u64), name: &str) -> u64 {
        let number = known.unwrap_or(self.number + 1);
        self.number = self.number.max(number);
        let phase = if known.is_some() { "\"ph\":\"f\",\"bp\":\"e\"" } else { "\"ph\":\"s\"" };
        // A flow is bound to a slice of its track: one that has no length will do.
        let place = format!("\"pid\":{group},\"tid\":{track},\"ts\":{}", micros(now));
        self.event(&format!("{{\"ph\":\"X\",\"name\":{},\"cat\":\"flow\",\"dur\":0.000,{place}}}", quoted(name)));
        self.event(&format!("{{{phase},\"name\":{},\"cat\":\"flow\",\"id\":{number},{place}}}", quoted(name)));
        number
    }

    fn instant(&mut self, now: Time, name: &str) {
        if self.extent.contains(now) {
            let time = micros(now);
            self.event(&format!(
                "{{\"ph\":\"i\",\"s\":\"g\",\"name\":{},\"cat\":\"fault\",\"pid\":{HOST},\"tid\":0,\"ts\":{time}}}",
                quoted(name)
            ));
        }
    }

    fn name_tracks(&mut self) {
        for (group, name) in
            [(HOST, "hosts"), (MANAGER, "storage manager"), (DASD, "DASD controller"), (TAPE, "tape library")]
        {
            self.event(&format!(
                "{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{group},\"tid\":0,\"args\":{{\"name\":\"{name}\"}}}}"
            ));
        }
        let images = self.names.images.join(", ");
        let workloads = self.names.workloads.iter().enumerate().map(|(place, ids)| {
            let ids: Vec<String> = ids.iter().map(VolumeId::to_string).collect();
            (HOST, place as u64 + 1, format!("workload {} on {images}: {}", place + 1, ids.join(", ")))
        });
        let devices = self.names.devices.iter().enumerate();
        let devices = devices.map(|(place, name)| (DASD, place as u64 + 1, format!("device {name}")));
        let drives = (0..u64::from(self.names.drives)).map(|drive| (TAPE, drive + 1, format!("drive {drive}")));
        let tracks: Vec<(u32, u64, String)> = workloads.chain(devices).chain(drives).collect();
        for (group, track, name) in tracks {
            let name = quoted(&name);
            self.event(&format!(
                "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":{group},\"tid\":{track},\"args\":{{\"name\":{name}}}}}"
            ));
        }
    }

    fn event(&mut self, text: &str) {
        let separator = if self.written == 0 { "\n" } else { ",\n" };
        self.written += 1;
        self.put(separator);
        self.put(text);
    }

    fn put(&mut self, text: &str) {
        if self.error.is_none() {
            self.error = self.sink.write_all(text.as_bytes()).err();
        }
    }
}

/// Microseconds with three decimals.
fn micros(time: Time) -> String {
    format!("{}.{:03}", time.ns() / 1_000, time.ns() % 1_000)
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Workload;
    use serde_json::Value;

    fn at(ms: u64) -> Time {
        Time::from_ns(ms * 1_000_000)
    }

    fn trace(extent: Extent) -> (Value, u64, u64) {
        let id = VolumeId::parse("PROD01").expect("a legal ID");
        let names = Names {
            devices: vec!["0A00".into()],
            images: vec!["host \"A\"".into()],
            workloads: vec![vec![id]],
            drives: 1,
        };
        let mut it = Perfetto::new(Vec::new(), extent, names);
        let (device, track, backup) = (Device(0), TrackNo(7), Backup(0));
        let job = Job::Backup(backup);
        let done = |issued| {
            let (op, status) = (Op::Write, Status::Good);
            let fact = WorkloadFact::Done { op, track, bytes: 1, issued_at: at(issued), volume: 0, hit: true, status };
            Fact::Workload(Workload(0), fact)
        };
        let manager = |fact| Fact::Manager(crate::vocab::Image::FIRST, fact);
        let acknowledged = ManagerFact::WriteAcknowledged {
            device,
            first: track,
            count: 1,
            write: crate::vocab::WriteNumber(1),
            volume: id,
            target: false,
        };
        it.observe(at(10), &[manager(acknowledged), done(4)]);
        it.observe(at(20), &[Fact::Dasd(DasdFact::DestageStarted { device, track })]);
        it.observe(at(30), &[Fact::Dasd(DasdFact::DestageDone { device, track })]);
        it.observe(at(40), &[manager(ManagerFact::StepStarted { job, step: StepName::DumpTarget })]);
        it.observe(at(45), &[Fact::Tape(TapeFact::Loaded { drive: Drive(0), cartridge: Cartridge(3) })]);
        it.observe(at(50), &[manager(ManagerFact::Down)]);
        let (bytes, written, requests, taken) = it.finish(at(60));
        taken.expect("a vector takes everything");
        (serde_json::from_slice(&bytes).expect("it is JSON"), written, requests)
    }

    fn phases(trace: &Value) -> String {
        let events = trace["traceEvents"].as_array().expect("a list");
        events.iter().filter_map(|event| event["ph"].as_str()).filter(|phase| *phase != "M").collect()
    }

    #[test]
    fn spans_have_both_ends_and_flows_too() {
        let (trace, written, requests) = trace(Extent::ALL);
        assert_eq!(phases(&trace), "XsbebeXfbebe");
        let events = trace["traceEvents"].as_array().expect("a list");
        assert_eq!((events.len() as u64, requests), (written, 1));
        let request = events.iter().find(|event| event["cat"] == "request").expect("there is one");
        assert_eq!((&request["name"], &request["ts"]), (&"write PROD01 track 7".into(), &4_000.0.into()));
        let flows: Vec<&Value> =
            events.iter().filter(|it| it["ph"] == "s" || it["ph"] == "f").map(|it| &it["id"]).collect();
        assert_eq!(flows[0], flows[1]);
    }

    #[test]
    fn an_extent_leaves_the_rest_out() {
        let (trace, ..) = trace(Extent { from: at(35), until: at(48) });
        assert_eq!(phases(&trace), "bebe", "the step and the tape alone");
    }

    #[test]
    fn microseconds_are_exact() {
        assert_eq!(micros(Time::from_ns(1_234_567_891)), "1234567.891");
    }
}
