//! Faults that come again and again: by the distribution of the time between two, or as a list of outages was recorded.
//!
//! A list is a CSV file with the heading `start_s,duration_s`: seconds since the beginning of the run, in decimals of at most nine
//! digits, ascending. Each line becomes a fault of its own with that duration.

use crate::fault::plan::{Anchor, Fault, FaultPlan, Gap};
use crate::kernel::{Span, Time};

use super::super::catalogue::Code;
use super::super::diagnostic::Diagnostic;
use super::super::raw::{RawFault, RawRate};
use super::super::shape::{Given, LONGEST, out_of_range};
use super::super::source::InputFile;
use super::super::units::Dimension;
use super::Context;

/// Bytes of a list: more outages than a scenario may have fit in.
const MOST_BYTES: u64 = 1 << 20;
const HEADING: &str = "start_s,duration_s";
/// Shapes of a Weibull, in thousandths: what drives and disks were measured to have lies between 0.4 and 3 (G).
const SHAPES: std::ops::RangeInclusive<u64> = 100..=20_000;
/// The least mean time between two random faults: below it a run is all faults (A).
const LEAST_MEAN: Span = Span::from_ms(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub start: Time,
    pub duration: Span,
}

impl Context<'_> {
    pub(super) fn gap(&mut self, entry: &Given<RawRate>) -> Option<Gap> {
        let raw = &entry.value;
        if let (Some(mean), Some(scale)) = (&raw.mean, &raw.scale) {
            let problem = Diagnostic::error(Code::Exclusive, "a rate has both `mean` and `scale`")
                .at(&scale.place, "of a Weibull distribution")
                .related(&mean.place, "of an exponential distribution")
                .path(entry.path.clone())
                .help("keep `mean` alone, or `scale` with `shape`");
            self.problems.push(problem);
            return None;
        }
        let gap = match (&raw.mean, &raw.scale, &raw.shape) {
            (Some(mean), _, None) => Gap::Exponential { mean: mean.value },
            (None, Some(scale), Some(shape)) => {
                if !SHAPES.contains(&shape.value.0) {
                    self.problems.push(out_of_range(&shape.place, &shape.path, "a shape of 0.1 to 20"));
                    return None;
                }
                Gap::Weibull { scale: scale.value, shape_milli: shape.value.0 }
            }
            (Some(_), _, Some(shape)) => {
                self.refuse_keys(&[("shape", &shape.place)], &["mean"], "an exponential rate", &entry.path);
                return None;
            }
            _ => {
                let wrong = ["mean", "scale", "shape"].iter().any(|key| self.has_problem_in(&entry.path, key));
                let key = match (&raw.scale, &raw.shape) {
                    (Some(_), None) => "shape",
                    (None, Some(_)) => "scale",
                    _ => "mean",
                };
                let example = if key == "shape" { "\"0.7\"" } else { "\"5000 h\"" };
                if !wrong {
                    self.missing(key, "the rate of a fault", &entry.place, &entry.path, example);
                }
                return None;
            }
        };
        if gap.mean() < LEAST_MEAN {
            self.problems.push(out_of_range(&entry.place, &entry.path, "a mean of at least 1 ms"));
            return None;
        }
        Some(gap)
    }

    /// Reads a recorded list.
    pub(super) fn outages(&mut self, file: &Given<String>) -> Option<Vec<Outage>> {
        let bytes = match self.files.read(&file.value, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(reason) => {
                let message = format!("the list `{}` cannot be read", file.value);
                let problem = Diagnostic::error(Code::TraceUnreadable, message)
                    .at(&file.place, reason)
                    .path(file.path.clone())
                    .help("the path is relative to the scenario file");
                self.problems.push(problem);
                return None;
            }
        };
        match read(&bytes) {
            Ok(outages) => {
                self.inputs.push(InputFile::of(&file.value, &bytes));
                Some(outages)
            }
            Err((line, reason)) => {
                let message = format!("line {line} of `{}` is no outage", file.value);
                let problem = Diagnostic::error(Code::TraceMalformed, message)
                    .at(&file.place, reason)
                    .path(file.path.clone())
                    .help(format!("the first line is `{HEADING}`, each other one is like `3600.5,120`"));
                self.problems.push(problem);
                None
            }
        }
    }

    /// One fault for each outage.
    pub(super) fn recorded(
        &mut self,
        entry: &Given<RawFault>,
        fault: Fault,
        outages: &[Outage],
    ) -> Option<Vec<FaultPlan>> {
        let faults: Option<Vec<FaultPlan>> = outages
            .iter()
            .map(|outage| {
                let fault = fault.lasting(outage.duration)?;
                Some(FaultPlan { fault, anchor: Anchor::At(outage.start), silence: false })
            })
            .collect();
        if faults.is_none() {
            let kind = fault.kind();
            let problem = Diagnostic::error(Code::KeyOfOtherKind, format!("`trace` does not belong to `{kind}`"))
                .at(&entry.place, "it has no duration")
                .path(entry.path.clone())
                .help("a list of outages goes with a fault that has an `outage` or a `duration`");
            self.problems.push(problem);
        }
        faults
    }
}

/// The outages, or the number of a line and what is wrong with it.
fn read(bytes: &[u8]) -> Result<Vec<Outage>, (usize, &'static str)> {
    let text = std::str::from_utf8(bytes).map_err(|_| (1, "it is not UTF-8 text"))?;
    let mut lines = (1..).zip(text.lines());
    if lines.next().is_none_or(|(_, heading)| heading.trim() != HEADING) {
        return Err((1, "the heading is missing"));
    }
    let seconds = |text: &str| {
        let ns = Dimension::Duration.parse(&format!("{} s", text.trim())).ok()?;
        (ns <= LONGEST.ns()).then_some(Span::from_ns(ns))
    };
    let mut outages: Vec<Outage> = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let (start, duration) = line.split_once(',').ok_or((number, "expected two numbers and a comma"))?;
        let (Some(start), Some(duration)) = (seconds(start), seconds(duration)) else {
            return Err((number, "expected seconds of at most 50 years, in at most nine decimals"));
        };
        let outage = Outage { start: Time::ZERO + start, duration };
        if outages.last().is_some_and(|last| last.start > outage.start) {
            return Err((number, "it begins before the one in front of it"));
        }
        // Records of outages overlap: what is out already stays out until the later end.
        match outages.last_mut() {
            Some(last) if outage.start <= last.start + last.duration => {
                last.duration = last.duration.max((outage.start + outage.duration) - last.start);
            }
            _ => outages.push(outage),
        }
    }
    match outages.is_empty() {
        true => Err((1, "no outage follows")),
        false => Ok(outages),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Loaded, Overrides, Source, load};
    use super::*;
    use crate::fault::plan::ClockName;

    const LIST: &[u8] = b"start_s,duration_s\n10,5\n3600.5,0.25\n";

    fn loaded(fault: &str) -> Result<Loaded, Vec<(&'static str, String)>> {
        let text = format!("[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ntracks = 2\n[[fault]]\n{fault}\n");
        let files: &'static [(&str, &[u8])] =
            &[("list.csv", LIST), ("torn.csv", b"start_s,duration_s\n5,1\n4,1\n"), ("none.csv", b"a,b\n")];
        let source = Source::Embedded { name: "case.toml".into(), text, files };
        let told = |found: super::super::super::Diagnostics| {
            found.list.into_iter().map(|problem| (problem.code.name(), problem.path)).collect()
        };
        load(&source, &Overrides::default()).map_err(told)
    }

    fn again(loaded: &Loaded) {
        let source = Source::Embedded { name: "case.toml".into(), text: loaded.resolved.clone(), files: &[] };
        let second = load(&source, &Overrides::default()).expect("what was resolved is valid");
        assert_eq!(second.resolved, loaded.resolved);
        assert_eq!(format!("{:?}", second.plan.faults), format!("{:?}", loaded.plan.faults));
        assert_eq!(second.plan.rates, loaded.plan.rates);
    }

    #[test]
    fn rates_are_clocks_by_name() {
        let two = "kind = \"tape-drive-offline\"\nrate = { mean = \"1 h\" }\nduration = \"3 min\"\n\
                   [[fault]]\nkind = \"tape-drive-offline\"\nrate = { scale = \"2 h\", shape = \"0.7\" }\n[rates]\n";
        let found = loaded(two).expect("it is valid");
        let entries: Vec<(Gap, ClockName)> = found.plan.rates.iter().map(|rate| (rate.gap, rate.clock)).collect();
        let hour = Span::from_secs(3_600);
        assert!(entries.contains(&(Gap::Exponential { mean: hour }, ClockName::Entry(0))), "{entries:?}");
        let weibull = Gap::Weibull { scale: hour * 2, shape_milli: 700 };
        assert!(entries.contains(&(weibull, ClockName::Entry(1))), "{entries:?}");
        assert!(entries.iter().any(|(_, clock)| *clock == ClockName::Table(0)), "the table has its own: {entries:?}");
        again(&found);
    }

    #[test]
    fn a_recorded_list_is_as_many_faults() {
        let found = loaded("kind = \"tape-drive-offline\"\ntrace = \"list.csv\"").expect("it is valid");
        let faults: Vec<(u64, Option<Span>)> = found
            .plan
            .faults
            .iter()
            .map(|plan| match (plan.anchor, plan.fault) {
                (Anchor::At(time), Fault::TapeDriveOffline { duration, .. }) => (time.ns(), Some(duration)),
                _ => (0, None),
            })
            .collect();
        let expected = [(10_000_000_000, Span::from_secs(5)), (3_600_500_000_000, Span::from_ms(250))];
        assert_eq!(faults, expected.map(|(start, duration)| (start, Some(duration))));
        assert_eq!(found.inputs.len(), 1, "the list is an input of the run");
        again(&found);
    }

    #[test]
    fn outages_that_overlap_are_one() {
        let found = read(b"start_s,duration_s\n5,30\n20,3\n35,10\n60,1\n").expect("it is a list");
        let spans: Vec<(u64, Span)> = found.iter().map(|it| (it.start.ns(), it.duration)).collect();
        assert_eq!(spans, [(5_000_000_000, Span::from_secs(40)), (60_000_000_000, Span::from_secs(1))]);
    }

    #[test]
    fn what_is_wrong_with_a_rate_or_a_list_is_told() {
        for (fault, code, path) in [
            ("kind = \"job-abend\"", "S0102", "fault[0]"),
            ("kind = \"job-abend\"\nrate = { mean = \"1 h\" }\nwhen = { at = \"1 s\" }", "S0502", "fault[0]"),
            ("kind = \"job-abend\"\nrate = { mean = \"1 h\", scale = \"1 h\" }", "S0104", "fault[0].rate"),
            ("kind = \"job-abend\"\nrate = { mean = \"1 h\", shape = \"2\" }", "S0103", "fault[0].rate.shape"),
            ("kind = \"job-abend\"\nrate = { scale = \"1 h\" }", "S0102", "fault[0].rate"),
            ("kind = \"job-abend\"\nrate = { scale = \"1 h\", shape = \"0.01\" }", "S0114", "fault[0].rate.shape"),
            ("kind = \"job-abend\"\nrate = { mean = \"0 s\" }", "S0114", "fault[0].rate"),
            ("kind = \"job-abend\"\nrate = { mean = \"1 h\" }\nsilence = true", "S0103", "fault[0].silence"),
            ("kind = \"job-abend\"\ntrace = \"list.csv\"", "S0103", "fault[0]"),
            ("kind = \"power-loss\"\ntrace = \"torn.csv\"", "T0002", "fault[0].trace"),
            ("kind = \"power-loss\"\ntrace = \"none.csv\"", "T0002", "fault[0].trace"),
            ("kind = \"power-loss\"\ntrace = \"nowhere.csv\"", "T0001", "fault[0].trace"),
        ] {
            assert_eq!(loaded(fault).expect_err(fault), [(code, path.to_owned())], "{fault}");
        }
    }
}
