//! Requests that a scenario writes down one by one: no draw decides what is asked, or when.
//!
//! They are carried out like a trace that is replayed at its times: time zero is the instant at which the application has
//! opened all volumes of the workload.

use crate::host::{Replay, TraceRecord, WorkloadKind, WorkloadVolume, volume_ends};
use crate::kernel::Span;
use crate::vocab::{Op, TRACK_BYTES, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::Diagnostic;
use super::super::raw::{RawRequest, RawWorkload};
use super::super::shape::{Given, out_of_range};
use super::super::units::Dimension;
use super::Context;
use super::workloads::{BYTES, MOST_BYTES, WorkloadNote};

/// Requests of one workload: more belong into a trace.
pub const MOST_REQUESTS: usize = 10_000;

impl Context<'_> {
    pub(super) fn literal(
        &mut self,
        entry: &Given<RawWorkload>,
        volumes: &[WorkloadVolume],
    ) -> Option<(WorkloadKind, WorkloadNote)> {
        let raw = &entry.value;
        let Some(requests) = &raw.requests else {
            if !self.has_problem_in(&entry.path, "requests") {
                let example = "[{ at = \"1 s\", op = \"write\", track = 3 }]";
                self.missing("requests", "a workload of kind \"literal\"", &entry.place, &entry.path, example);
            }
            return None;
        };
        if requests.value.is_empty() {
            let problem = Diagnostic::error(Code::NeverAsks, "a workload without requests never asks")
                .at(&requests.place, "no request is ever issued")
                .path(requests.path.clone())
                .help("write a request, as in `{ at = \"1 s\", op = \"write\", track = 3 }`, or remove the workload");
            self.problems.push(problem);
            return None;
        }
        if !self.bound(&raw.requests, MOST_REQUESTS, "requests of one workload") {
            return None;
        }
        self.in_order(&requests.value);
        let records: Vec<Option<TraceRecord>> =
            requests.value.iter().map(|request| self.literal_request(request, volumes)).collect();
        let records: Vec<TraceRecord> = records.into_iter().collect::<Option<_>>()?;
        let replay = Replay::Open { scale_numerator: 1, scale_denominator: 1 };
        Some((WorkloadKind::Trace { records: records.into(), replay }, WorkloadNote::Literal))
    }

    fn in_order(&mut self, requests: &[Given<RawRequest>]) {
        let at = |request: &Given<RawRequest>| request.value.at.as_ref().map(|at| at.value);
        for pair in requests.windows(2).filter(|pair| at(&pair[1]).is_some_and(|late| at(&pair[0]) > Some(late))) {
            let problem =
                Diagnostic::error(Code::Contradiction, "a request comes before the one written in front of it")
                    .at(&pair[1].place, "this one is earlier")
                    .related(&pair[0].place, "than this one")
                    .path(pair[1].path.clone())
                    .help("write the requests in the order of their times");
            self.problems.push(problem);
        }
    }

    fn literal_request(&mut self, entry: &Given<RawRequest>, volumes: &[WorkloadVolume]) -> Option<TraceRecord> {
        let raw = &entry.value;
        self.need(&raw.at, "at", "a request", entry, "\"1 s\"");
        self.need(&raw.op, "op", "a request", entry, "\"write\"");
        self.need(&raw.track, "track", "a request", entry, "3");
        let place = self.volume_of_request(entry, volumes)?;
        let volume = volumes[place];
        let bytes = raw.size.as_ref().map_or(BYTES, |given| given.value.0);
        let (at, op, track) = (raw.at.as_ref()?, raw.op.as_ref()?, raw.track.as_ref()?);
        if track.value >= u64::from(volume.tracks) {
            let limit = format!("0 to {}, the last track of {}", volume.tracks - 1, volume.id);
            self.problems.push(out_of_range(&track.place, &track.path, &limit));
            return None;
        }
        let room = (volume.bytes() - track.value * TRACK_BYTES).min(MOST_BYTES);
        if !(1..=room).contains(&bytes) {
            let given = raw.size.as_ref().expect("the default fits a track");
            let limit = format!("1 B to {room} B from this track on");
            self.problems.push(out_of_range(&given.place, &given.path, &limit));
            return None;
        }
        let ends = volume_ends(volumes);
        let offset = ends[place] - volume.bytes() + track.value * TRACK_BYTES;
        Some(TraceRecord { at: at.value, delay: Span::ZERO, offset, bytes, op: op.value, continues: false })
    }

    /// The place of a request's volume among those of its workload: the only one need not be named.
    fn volume_of_request(&mut self, entry: &Given<RawRequest>, volumes: &[WorkloadVolume]) -> Option<usize> {
        let Some(given) = &entry.value.volume else {
            if volumes.len() > 1 && !self.has_problem_in(&entry.path, "volume") {
                let noun = "a request of a workload with several volumes";
                self.missing("volume", noun, &entry.place, &entry.path, "\"PROD01\"");
            }
            return (volumes.len() == 1).then_some(0);
        };
        let found = volumes.iter().position(|volume| volume.id == given.value);
        if found.is_none() {
            let known: Vec<String> = volumes.iter().map(|volume| volume.id.to_string()).collect();
            let problem = Diagnostic::error(Code::UnknownVolume, format!("the workload has no volume {}", given.value))
                .at(&given.place, "not one of its volumes")
                .path(given.path.clone())
                .help(format!("its volumes are: {}", known.join(", ")));
            self.problems.push(problem);
        }
        found
    }
}

/// A request of a literal workload in the words of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiteralRequest {
    /// Since the application opened its volumes.
    pub at: Span,
    pub op: Op,
    /// Named where the workload has several.
    pub volume: Option<VolumeId>,
    pub track: u32,
    pub bytes: u64,
}

impl LiteralRequest {
    /// What a record of a literal workload says.
    pub fn of(record: &TraceRecord, volumes: &[WorkloadVolume]) -> LiteralRequest {
        let ends = volume_ends(volumes);
        let place = ends.partition_point(|&end| end <= record.offset);
        let within = record.offset + volumes[place].bytes() - ends[place];
        LiteralRequest {
            at: record.at,
            op: record.op,
            volume: (volumes.len() > 1).then_some(volumes[place].id),
            track: (within / TRACK_BYTES) as u32,
            bytes: record.bytes,
        }
    }

    /// As an entry of `requests`.
    pub fn written(&self) -> String {
        let at = Dimension::Duration.show(self.at.ns());
        let volume = self.volume.map_or(String::new(), |volume| format!("volume = \"{volume}\", "));
        let size = match self.bytes {
            BYTES => String::new(),
            bytes => format!(", size = \"{}\"", Dimension::Size.show(bytes)),
        };
        format!("{{ at = \"{at}\", op = \"{}\", {volume}track = {}{size} }}", self.op, self.track)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Loaded, Overrides, Source, load};
    use super::*;

    /// A scenario with two volumes of two cylinders and one literal workload on `volumes`.
    fn loaded(volumes: &str, requests: &str) -> Result<Loaded, Vec<(&'static str, String)>> {
        let volume = |(id, device)| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ncylinders = 2\n");
        let text = format!(
            "{}[[workload]]\nvolumes = {volumes}\nkind = \"literal\"\n{requests}\n",
            [("A", "0A00"), ("B", "0A01")].map(volume).concat()
        );
        let source = Source::Embedded { name: "case.toml".into(), text, files: &[] };
        let told = |found: super::super::super::Diagnostics| {
            found.list.into_iter().map(|problem| (problem.code.name(), problem.path)).collect()
        };
        load(&source, &Overrides::default()).map_err(told)
    }

    #[test]
    fn requests_are_carried_out_as_written() {
        let requests = "requests = [{ at = \"0 s\", op = \"read\", volume = \"B\", track = 0 },\n\
                        { at = \"1.5 s\", op = \"write\", volume = \"A\", track = 29, size = \"56664 B\" }]";
        let first = loaded("[\"A\", \"B\"]", requests).expect("it is valid");
        let WorkloadKind::Trace { records, .. } = &first.plan.workloads[0].kind else { panic!("a recorded sequence") };
        let found: Vec<(u64, u64, u64, Op)> = records.iter().map(|r| (r.at.ns(), r.offset, r.bytes, r.op)).collect();
        let second = (1_500_000_000, 29 * TRACK_BYTES, TRACK_BYTES, Op::Write);
        assert_eq!(found, [(0, 30 * TRACK_BYTES, 4_096, Op::Read), second]);
        let source = Source::Embedded { name: "case.toml".into(), text: first.resolved.clone(), files: &[] };
        let again = load(&source, &Overrides::default()).expect("what was resolved is valid");
        assert_eq!(again.resolved, first.resolved);
    }

    #[test]
    fn what_is_wrong_with_a_request_is_told_at_the_request() {
        let request = |at: &str, rest: &str| format!("{{ at = \"{at}\", op = \"write\", {rest} }}");
        let alone = |rest: &str| format!("requests = [{}]", request("1 s", rest));
        for (volumes, requests, code, path) in [
            ("[\"A\"]", String::new(), "S0102", "workload[0]"),
            ("[\"A\"]", "requests = []".to_owned(), "S0401", "workload[0].requests"),
            (
                "[\"A\"]",
                "rate = \"1 /s\"\nrequests = [{ at = \"0 s\", op = \"read\", track = 1 }]".to_owned(),
                "S0103",
                "workload[0].rate",
            ),
            ("[\"A\"]", alone("track = 30"), "S0114", "workload[0].requests[0].track"),
            ("[\"A\"]", alone("track = 29, size = \"56665 B\""), "S0114", "workload[0].requests[0].size"),
            ("[\"A\"]", alone("track = 1, size = \"0 B\""), "S0114", "workload[0].requests[0].size"),
            ("[\"A\"]", alone("trak = 1, track = 1"), "S0107", "workload[0].requests[0].trak"),
            ("[\"A\"]", alone("volume = \"B\", track = 1"), "S0206", "workload[0].requests[0].volume"),
            ("[\"A\", \"B\"]", alone("track = 1"), "S0102", "workload[0].requests[0]"),
            (
                "[\"A\"]",
                "requests = [{ op = \"erase\", at = \"1 s\", track = 1 }]".to_owned(),
                "S0108",
                "workload[0].requests[0].op",
            ),
            (
                "[\"A\"]",
                format!("requests = [{}, {}]", request("2 s", "track = 1"), request("1 s", "track = 1")),
                "S0301",
                "workload[0].requests[1]",
            ),
        ] {
            let found = loaded(volumes, &requests).expect_err(&requests);
            assert_eq!(found, [(code, path.to_owned())], "{requests}");
        }
    }

    #[test]
    fn a_scenario_holds_a_limited_number_of_them() {
        let request = "{ at = \"0 s\", op = \"read\", track = 1 },";
        let found = loaded("[\"A\"]", &format!("requests = [{}]", request.repeat(MOST_REQUESTS + 1)));
        assert_eq!(found.expect_err("too many"), [("S0205", "workload[0].requests[10000]".to_owned())]);
        assert!(loaded("[\"A\"]", &format!("requests = [{}]", request.repeat(MOST_REQUESTS))).is_ok());
    }
}
