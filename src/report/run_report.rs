//! The report of one run, from the files of its directory; and of several runs beside each other.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::chart::{Bar, Bars, Line, Look, Measure, Phase, Window, Windows};
use super::course::{LATENCY, SERIES, TIMELINE, Told, Unreadable};
use super::directory::{RESOLVED, is_plain};
use super::document::{Document, Figure, Part, SCHEMA, Section, Table, Tone};
use super::draw::{self, Job, Named, danger};
use super::exposure::MTBF;
use super::goals::{self, Goal};
use super::latencies::{Histogram, together};
use super::manifest::Manifest;
use super::provenance;
use super::text::{count, counted, duration, share};
use crate::statistics::rare::window::chance;
use crate::statistics::{Moments, mean_interval};

/// The files of a run, read.
#[derive(Clone, Debug)]
pub struct RunFiles {
    pub summary: Read,
    pub told: Told,
    pub histograms: Vec<Histogram>,
    pub resolved: String,
}

/// Why no report can be made of a directory.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot read {path}: {source}")]
    Read { path: String, source: io::Error },
    #[error("{path} is no summary of this program: {reason}")]
    Summary { path: String, reason: String },
    #[error("{path} holds a campaign that is not merged; run: tiersim campaign merge {path}")]
    Unmerged { path: String },
    #[error("{directory}: {source}")]
    Course { directory: String, source: Unreadable },
}

/// What a report needs of `summary.json`; other keys may stand there.
#[derive(Clone, Debug, Deserialize)]
pub struct Read {
    pub scenario: String,
    pub title: String,
    pub run_id: String,
    pub seed: u64,
    pub verdict: String,
    pub as_expected: bool,
    pub reasons: Vec<String>,
    pub end_time_ns: u64,
    pub events: u64,
    pub fingerprint: String,
    checks: Vec<Check>,
    goals: Vec<Goal>,
    volumes: Vec<Volume>,
    backups: Vec<Backup>,
    restores: Vec<Restore>,
    faults: Vec<Fault>,
    operator: Operator,
}

#[derive(Clone, Debug, Deserialize)]
struct Check {
    invariant: String,
    required: bool,
    verdict: String,
    evaluated: u64,
    premise_true: u64,
    exposure_ns: Option<u64>,
    first_violation: Option<Violation>,
}

#[derive(Clone, Debug, Deserialize)]
struct Violation {
    event: u64,
    time_ns: u64,
    detail: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Volume {
    id: String,
    online_ns: u64,
    offline_ns: u64,
    wrong_id_ns: u64,
    latency_ns: Latency,
    reads: u64,
    writes: u64,
    failed: u64,
    longest_closed_ns: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Latency {
    n: u64,
    p50: Option<u64>,
    p99: Option<u64>,
    max: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Backup {
    method: String,
    outcome: String,
    exposure_ns: u64,
    operator_actions: u32,
    tape_ns: u64,
    number: u16,
    source_id: String,
    started_ns: u64,
    ended_ns: Option<u64>,
    phases: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
struct Restore {
    number: u16,
    volume: String,
    device: String,
    outcome: String,
    started_ns: u64,
    ended_ns: Option<u64>,
    milestones: Vec<Milestone>,
    /// Steps behind the copy, as people or the manager made them.
    #[serde(default)]
    phases: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
struct Milestone {
    name: String,
    time_ns: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Step {
    step: String,
    started_ns: u64,
    ended_ns: Option<u64>,
    end: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Fault {
    kind: String,
    anchor: String,
    acted: u64,
    first_ns: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Operator {
    actions: u64,
}

/// More jobs than this have no chart of their own.
const MOST_JOBS: usize = 6;

impl Restore {
    /// From one milestone to the next, each under the name of the one at its end.
    fn phases(&self) -> Vec<Phase> {
        let starts = [self.started_ns].into_iter().chain(self.milestones.iter().map(|it| it.time_ns));
        let parts = self.milestones.iter().zip(starts);
        let phase = |(it, from_ns): (&Milestone, u64)| {
            let (from_ns, until_ns) = (from_ns.min(it.time_ns), it.time_ns);
            Phase { name: format!("to {}", it.name), from_ns, until_ns, cut: false }
        };
        parts.map(phase).collect()
    }
}

impl RunFiles {
    /// Reads what the report of a run is made from.
    ///
    /// # Errors
    /// A file that is missing, or that no run of this program wrote.
    pub fn read(directory: &Path) -> Result<RunFiles, ReportError> {
        let summary = file(directory, "summary.json")?;
        let summary: Read = serde_json::from_slice(&summary).map_err(|error| ReportError::Summary {
            path: directory.join("summary.json").display().to_string(),
            reason: error.to_string(),
        })?;
        let told = Told::read(&file(directory, SERIES)?, &file(directory, LATENCY)?, &file(directory, TIMELINE)?);
        let told = told.map_err(|source| ReportError::Course { directory: directory.display().to_string(), source })?;
        let resolved = String::from_utf8_lossy(&file(directory, RESOLVED)?).into_owned();
        Ok(RunFiles { summary, told, histograms: histograms(directory)?, resolved })
    }

    /// The report; `repeat` is the command that gives the run again.
    pub fn document(&self, manifest: &Manifest, repeat: &str) -> Document {
        let it = &self.summary;
        let mut sections = vec![self.verdict(repeat), self.availability(), self.latency()];
        sections.extend(self.jobs());
        sections.extend(self.exposure());
        sections.push(self.components());
        sections.push(self.goals());
        sections.push(provenance::section(manifest, &self.resolved));
        Document {
            schema: SCHEMA,
            kind: "run",
            title: it.title.clone(),
            subtitle: format!("{}, run {}", self.named(), it.run_id.chars().take(8).collect::<String>()),
            verdict: self.word(),
            tone: self.tone(),
            answer: self.answer(),
            sentences: self.sentences(),
            sections,
        }
    }

    fn named(&self) -> String {
        format!("scenario {}, seed {}", self.summary.scenario, self.summary.seed)
    }

    fn word(&self) -> String {
        match (&self.summary.verdict[..], self.summary.as_expected) {
            ("FAIL", true) => "FAIL, as the scenario expects".to_owned(),
            (verdict, true) => verdict.to_owned(),
            (verdict, false) => format!("{verdict}, not as the scenario expects"),
        }
    }

    fn tone(&self) -> Tone {
        match (&self.summary.verdict[..], self.summary.as_expected) {
            ("PASS", true) => Tone::Good,
            (_, true) | ("INCONCLUSIVE", _) => Tone::Mixed,
            _ => Tone::Bad,
        }
    }

    /// The answer in one sentence.
    fn answer(&self) -> String {
        let violated: Vec<&Check> = self.summary.checks.iter().filter(|check| check.verdict == "FAIL").collect();
        let first = violated.iter().filter_map(|check| check.first_violation.as_ref()).min_by_key(|it| it.time_ns);
        match (first, &violated[..]) {
            (Some(first), [one]) => {
                format!("{} was violated, first at {}: {}.", one.invariant, duration(first.time_ns), first.detail)
            }
            (Some(first), _) => {
                let names: Vec<&str> = violated.iter().map(|check| &check.invariant[..]).collect();
                let at = duration(first.time_ns);
                format!("{} were violated, first at {at}: {}.", names.join(", "), first.detail)
            }
            (None, _) => sentence(self.summary.reasons.first().map_or("the run gave no reason", |reason| reason)),
        }
    }

    fn sentences(&self) -> Vec<String> {
        let it = &self.summary;
        let complete = |outcome: &str| outcome == "complete";
        let backups = it.backups.iter().filter(|backup| complete(&backup.outcome)).count();
        let restores = it.restores.iter().filter(|restore| complete(&restore.outcome)).count();
        let acted = it.faults.iter().fold(0_u64, |sum, fault| sum.saturating_add(fault.acted));
        let closed = it.volumes.iter().max_by_key(|volume| volume.longest_closed_ns);
        let mut found = format!(
            "{} of {} and {} of {} were completed while {} acted",
            backups,
            counted(it.backups.len() as u64, "backup"),
            restores,
            counted(it.restores.len() as u64, "restore"),
            counted(acted, "fault")
        );
        if let Some(volume) = closed.filter(|volume| volume.longest_closed_ns > 0) {
            found +=
                &format!("; an application was without {} for up to {}", volume.id, duration(volume.longest_closed_ns));
        }
        let tested = it.checks.iter().filter(|check| check.premise_true > 0).count();
        vec![
            format!("{found}."),
            format!(
                "{tested} of {} invariants were put to the test, each whenever something changed that it speaks of, over {} events \
                 in {} of simulated time; it is one run with one seed, so it shows what can happen and not how often.",
                it.checks.len(),
                count(it.events),
                duration(it.end_time_ns)
            ),
        ]
    }

    fn verdict(&self, repeat: &str) -> Section {
        let row = |check: &Check| {
            let first = check.first_violation.as_ref();
            vec![
                check.invariant.clone(),
                format!("{}{}", check.verdict, if check.required { "" } else { " (not required)" }),
                count(check.evaluated),
                first.map_or("-".into(), |it| duration(it.time_ns)),
                first.map_or("-".into(), |it| count(it.event)),
                check.exposure_ns.map_or("-".into(), duration),
                first.map_or(String::new(), |it| it.detail.clone()),
            ]
        };
        let (failed, held): (Vec<&Check>, Vec<&Check>) =
            self.summary.checks.iter().partition(|check| check.verdict != "PASS");
        let columns = ["invariant", "verdict", "#looked at", "#first at", "#event", "#violated for", "what was seen"];
        let mut parts = Vec::new();
        let reasons = self.summary.reasons.iter().skip(usize::from(failed.is_empty()));
        parts.extend(reasons.map(|reason| Part::Text(sentence(reason))));
        if !failed.is_empty() {
            let rows = failed.iter().map(|check| row(check)).collect();
            parts.push(Part::Table(Table::new("Invariants that did not hold or were not tested", &columns, rows)));
        }
        let rows = held.iter().map(|check| row(check)).collect();
        parts.push(Part::Folded(Table::new(&format!("{} invariants that held", held.len()), &columns, rows)));
        let fault = |fault: &Fault| {
            let first = fault.first_ns.map_or("-".into(), duration);
            vec![fault.kind.clone(), fault.anchor.clone(), count(fault.acted), first]
        };
        let faults: Vec<Vec<String>> = self.summary.faults.iter().map(fault).collect();
        parts.push(match faults.is_empty() {
            true => Part::Text("No fault was planned.".into()),
            false => Part::Table(Table::new("Faults", &["fault", "where", "#acted", "#first at"], faults)),
        });
        parts.push(Part::Text("The same run, to the last event:".into()));
        parts.push(Part::Command(repeat.to_owned()));
        Section { id: "verdict", heading: "Verdict", parts }
    }

    fn availability(&self) -> Section {
        let end = self.summary.end_time_ns;
        let row = |volume: &Volume| {
            vec![
                volume.id.clone(),
                duration(volume.online_ns),
                share(volume.online_ns, end),
                duration(volume.offline_ns),
                duration(volume.wrong_id_ns),
                duration(volume.longest_closed_ns),
            ]
        };
        let columns = ["volume", "#online", "#share", "#offline", "#ID in doubt", "#longest without it"];
        let table =
            Table::new("Availability of each volume ID", &columns, self.summary.volumes.iter().map(row).collect());
        let figure = draw::availability(&self.under(), &self.told);
        Section { id: "availability", heading: "Availability", parts: vec![Part::Figure(figure), Part::Table(table)] }
    }

    fn latency(&self) -> Section {
        let time = |ns: Option<u64>| ns.map_or("-".into(), duration);
        let row = |volume: &Volume| {
            let latency = &volume.latency_ns;
            let counts = [volume.reads, volume.writes, latency.n, volume.failed].map(count);
            let times = [latency.p50, latency.p99, latency.max].map(time);
            [volume.id.clone()].into_iter().chain(counts).chain(times).collect()
        };
        let asked = self.summary.volumes.iter().filter(|volume| volume.latency_ns.n > 0 || volume.failed > 0);
        let columns = ["volume", "#reads", "#writes", "#ended well", "#failed", "#p50", "#p99", "#longest"];
        let table = Table::new("Requests of the hosts to each volume", &columns, asked.map(row).collect());
        let [nines, cdf] = draw::latencies(&self.under(), &self.histograms);
        let figures = [draw::density(&self.under(), &self.told, "Latency of host requests over time"), nines, cdf];
        let failed = self.told.slices.iter().fold(0_u64, |sum, slice| sum.saturating_add(slice.failed));
        let told = self.summary.volumes.iter().fold(0_u64, |sum, volume| sum.saturating_add(volume.failed));
        let lost = failed.saturating_sub(told);
        let note = (lost > 0).then(|| {
            let they = if lost == 1 { "is" } else { "are" };
            Part::Text(format!(
                "{} under way when a host went down {they} counted as failed over time and with no volume.",
                counted(lost, "request")
            ))
        });
        let parts = figures.into_iter().map(Part::Figure).chain([Part::Table(table)]).chain(note);
        Section { id: "latency", heading: "Latency", parts: parts.collect() }
    }

    fn jobs(&self) -> Option<Section> {
        let it = &self.summary;
        let steps = |steps: &[Step]| -> Vec<Phase> {
            let phase = |step: &Step| Phase {
                name: step.step.clone(),
                from_ns: step.started_ns,
                until_ns: step.ended_ns.unwrap_or(it.end_time_ns).max(step.started_ns),
                cut: step.end != "done",
            };
            steps.iter().map(phase).collect()
        };
        let backups = it.backups.iter().map(|backup| Job {
            title: format!(
                "Backup {}: {} of {}, {}",
                u32::from(backup.number) + 1,
                backup.method,
                backup.source_id,
                backup.outcome
            ),
            name: format!("backup-{}", u32::from(backup.number) + 1),
            phases: steps(&backup.phases),
        });
        let restores = it.restores.iter().map(|restore| Job {
            title: format!(
                "Restore {}: {} onto {}, {}",
                u32::from(restore.number) + 1,
                restore.volume,
                restore.device,
                restore.outcome
            ),
            name: format!("restore-{}", u32::from(restore.number) + 1),
            phases: restore.phases().into_iter().chain(steps(&restore.phases)).collect(),
        });
        let jobs: Vec<Job> = backups.chain(restores).collect();
        let figures = jobs.iter().take(MOST_JOBS).map(|job| Part::Figure(draw::phases(&self.under(), &self.told, job)));
        let mut parts: Vec<Part> = figures.collect();
        let took = |started: u64, ended: Option<u64>| {
            ended.map_or("still running".into(), |at| duration(at - started.min(at)))
        };
        let row = |backup: &Backup| {
            vec![
                format!("backup {}", u32::from(backup.number) + 1),
                backup.method.clone(),
                backup.source_id.clone(),
                backup.outcome.clone(),
                took(backup.started_ns, backup.ended_ns),
                duration(backup.tape_ns),
                duration(backup.exposure_ns),
                count(u64::from(backup.operator_actions)),
            ]
        };
        let columns = ["job", "method", "volume", "outcome", "#took", "#tape in use", "#ID in doubt", "#by hand"];
        let mut rows: Vec<Vec<String>> = it.backups.iter().map(row).collect();
        rows.extend(it.restores.iter().map(|restore| {
            let texts = [format!("restore {}", u32::from(restore.number) + 1), "-".into(), restore.volume.clone()];
            let rest = [
                restore.outcome.clone(),
                took(restore.started_ns, restore.ended_ns),
                "-".into(),
                "-".into(),
                "-".into(),
            ];
            texts.into_iter().chain(rest).collect()
        }));
        parts.push(Part::Table(Table::new("Every backup and restore", &columns, rows).shortened("summary.json")));
        (!jobs.is_empty()).then_some(Section { id: "jobs", heading: "Backups and restores", parts })
    }

    /// For how long a crash would have found two volumes of one ID, or a source whose ID was in doubt.
    fn exposure(&self) -> Option<Section> {
        let backups = self.summary.backups.len() as u64;
        let exposed = |name: &str| self.summary.checks.iter().find(|check| check.invariant == name)?.exposure_ns;
        let doubt = self.summary.backups.iter().map(|backup| backup.exposure_ns).fold(0, u64::saturating_add);
        let all = ["unique-online-id", "unique-ipl-id"].map(|name| (name, exposed(name).unwrap_or(0)));
        let window = |(name, ns): (&str, u64)| {
            let window_ns = ns / backups;
            Window {
                invariant: danger(name).to_owned(),
                fault: String::new(),
                window_ns,
                at_most_ns: window_ns,
                opens: None,
                closes: None,
                per_backup: chance(window_ns as f64 / MTBF.ns() as f64),
            }
        };
        let open = all.into_iter().chain([("doubt", doubt)]).filter(|&(_, ns)| backups > 0 && ns >= backups);
        let windows: Vec<Window> = open.map(window).collect();
        if windows.is_empty() {
            return None;
        }
        let title = "Windows of danger as this run met them";
        let subtitle = format!("per backup; chance that a crash falls into it, one every {}", duration(MTBF.ns()));
        let chart = Windows { title, subtitle: &subtitle, windows: &windows };
        let row = |it: &Window| vec![it.invariant.clone(), duration(it.window_ns), format!("{:.1e}", it.per_backup)];
        let table = Table::new(title, &["danger", "#per backup", "#chance"], windows.iter().map(row).collect());
        let figure = draw::figure("exposure", title, (chart.svg(), chart.csv()), table);
        let note = "After a fault such a time lasts until somebody has cleared it up. `tiersim explore` strikes every boundary \
                    of a run and says what each crash would break.";
        let parts = vec![Part::Figure(figure), Part::Text(note.into())];
        Some(Section { id: "exposure", heading: "For how long it was in danger", parts })
    }

    fn components(&self) -> Section {
        let figure = Part::Figure(draw::load(&self.under(), &self.told));
        Section { id: "components", heading: "Use of components", parts: vec![figure] }
    }

    fn goals(&self) -> Section {
        let table = goals::table(&self.summary.goals, "came about");
        Section { id: "goals", heading: "What the run put to the test", parts: vec![Part::Folded(table)] }
    }

    fn under(&self) -> Named {
        Named {
            run: format!("{}, seed {}", self.summary.scenario, self.summary.seed),
            end_ns: self.summary.end_time_ns,
        }
    }

    fn methods(&self) -> String {
        let mut methods: Vec<&str> = self.summary.backups.iter().map(|backup| &backup.method[..]).collect();
        methods.dedup();
        if methods.is_empty() { "no backup".to_owned() } else { methods.join(" + ") }
    }
}

/// The report of several runs: a bar for each method, a dot for each run.
pub fn comparison(runs: &[RunFiles], first: &Manifest) -> Document {
    let mut methods: Vec<String> = runs.iter().map(RunFiles::methods).collect();
    methods.sort_unstable();
    methods.dedup();
    let of = |method: &str| runs.iter().filter(|run| run.methods() == method).collect::<Vec<&RunFiles>>();
    let failed = runs.iter().filter(|run| run.summary.verdict == "FAIL").count();
    let [nines, cdf] = compared_latency(&methods, of);
    let bars = compared_costs(&methods, of, runs.len());
    let row = |run: &RunFiles| {
        let it = &run.summary;
        let sum = |part: &dyn Fn(&Backup) -> u64| -> u64 { it.backups.iter().map(part).fold(0, u64::saturating_add) };
        vec![
            it.scenario.clone(),
            it.seed.to_string(),
            run.methods(),
            run.word(),
            duration(sum(&|backup| backup.exposure_ns)),
            duration(it.volumes.iter().map(|volume| volume.longest_closed_ns).max().unwrap_or(0)),
            duration(it.end_time_ns),
            it.fingerprint.clone(),
        ]
    };
    let columns = [
        "scenario",
        "#seed",
        "method",
        "verdict",
        "#ID in doubt",
        "#longest without a volume",
        "#length",
        "fingerprint",
    ];
    let table = Table::new("Every run", &columns, runs.iter().map(row).collect());
    let section = |id, heading, parts| Section { id, heading, parts };
    Document {
        schema: SCHEMA,
        kind: "comparison",
        title: format!("{} under {}", counted(runs.len() as u64, "run"), counted(methods.len() as u64, "method")),
        subtitle: methods.join(", "),
        verdict: if failed == 0 { "All held".into() } else { format!("{failed} of {} failed", runs.len()) },
        tone: if failed == 0 { Tone::Good } else { Tone::Mixed },
        answer: compared_answer(&methods, of),
        sentences: compared_sentences(runs),
        sections: vec![
            section("runs", "Runs", vec![Part::Table(table)]),
            section("methods", "Methods compared", vec![Part::Figure(bars)]),
            section("latency", "Latency", vec![Part::Figure(nines), Part::Figure(cdf)]),
            provenance::section(first, &runs.first().map_or(String::new(), |run| run.resolved.clone())),
        ],
    }
}

/// What bars are, and what makes runs differ beside their methods.
fn compared_sentences(runs: &[RunFiles]) -> Vec<String> {
    let mut sentences = vec![
        "Bars are means over the runs of a method, dots are runs, whiskers 95 % intervals (Student t).".to_owned(),
    ];
    let mut scenarios: Vec<&str> = runs.iter().map(|run| &run.summary.scenario[..]).collect();
    scenarios.sort_unstable();
    scenarios.dedup();
    if scenarios.len() > 1 {
        sentences.push(format!(
            "These are runs of {}: {}. What differs between two runs may come from their scenarios and not from a method.",
            counted(scenarios.len() as u64, "scenario"),
            scenarios.join(", ")
        ));
    }
    let lengths = runs.iter().map(|run| run.summary.end_time_ns);
    if let Some((least, most)) = lengths.clone().min().zip(lengths.max()).filter(|(least, most)| most / 2 > *least) {
        sentences.push(format!(
            "The runs are of unequal length, {} to {}: requests long after a backup make percentiles of a longer one better.",
            duration(least),
            duration(most)
        ));
    }
    sentences
}

fn compared_answer<'a>(methods: &[String], of: impl Fn(&str) -> Vec<&'a RunFiles>) -> String {
    let told = methods.iter().map(|method| {
        let runs = of(method);
        let held = runs.iter().filter(|run| run.summary.verdict == "PASS").count();
        format!("{method} held in {held} of {}", counted(runs.len() as u64, "run"))
    });
    format!("{}.", told.collect::<Vec<_>>().join(", "))
}

fn compared_latency<'a>(methods: &[String], of: impl Fn(&str) -> Vec<&'a RunFiles>) -> [Figure; 2] {
    let line = |method: &String| {
        let runs = of(method);
        let (requests, steps) = together(runs.iter().flat_map(|run| &run.histograms));
        Line { name: method.clone(), look: Look::of_method(method), requests, steps }
    };
    let lines: Vec<Line> = methods.iter().map(line).filter(|line| line.requests > 0).collect();
    draw::percentiles("all runs of each method", "Latency of host requests", &lines)
}

fn compared_costs<'a>(methods: &[String], of: impl Fn(&str) -> Vec<&'a RunFiles>, runs: usize) -> Figure {
    type Value = fn(&RunFiles) -> f64;
    let measures: [(&str, &str, Value); 4] = [
        ("longest time without a volume", "s", |run| {
            run.summary.volumes.iter().map(|volume| volume.longest_closed_ns).max().unwrap_or(0) as f64 / 1e9
        }),
        ("ID in doubt", "s", |run| {
            run.summary.backups.iter().map(|backup| backup.exposure_ns).fold(0, u64::saturating_add) as f64 / 1e9
        }),
        ("backups took", "s", |run| {
            let took = run.summary.backups.iter().filter_map(|it| Some(it.ended_ns?.saturating_sub(it.started_ns)));
            took.fold(0, u64::saturating_add) as f64 / 1e9
        }),
        ("actions of operators", "", |run| run.summary.operator.actions as f64),
    ];
    let bar = |method: &String, value: Value| {
        let values: Vec<f64> = of(method).into_iter().map(value).collect();
        let interval = mean_interval(&values, 0.95).ok().map(|it| (it.interval.low, it.interval.high));
        let mean = Moments::of(&values).mean();
        Bar {
            name: method.clone(),
            look: Look::of_method(method),
            mean,
            interval,
            n: values.len() as u64,
            runs: values,
            told: None,
        }
    };
    let measure = |(name, unit, value): (&str, &str, Value)| Measure {
        name: name.to_owned(),
        unit: unit.to_owned(),
        bars: methods.iter().map(|method| bar(method, value)).collect(),
    };
    let measures: Vec<Measure> = measures.into_iter().map(measure).collect();
    let rows = measures.iter().flat_map(|measure| {
        measure.bars.iter().map(|bar| {
            let interval = bar.interval.map_or("-".into(), |(low, high)| format!("{low:.3} to {high:.3}"));
            let unit = if measure.unit.is_empty() { String::new() } else { format!(" ({})", measure.unit) };
            vec![
                format!("{}{unit}", measure.name),
                bar.name.clone(),
                bar.runs.len().to_string(),
                format!("{:.3}", bar.mean),
                interval,
            ]
        })
    });
    let table =
        Table::new("Means with 95 % intervals", &["measure", "method", "#runs", "#mean", "#interval"], rows.collect());
    let title = "What each method costs";
    let subtitle = format!("{} runs; bar: mean; whisker: 95 % interval (Student t); dot: each run", runs);
    let chart = Bars { title, subtitle: &subtitle, measures: &measures };
    draw::figure("methods", title, (chart.svg(), chart.csv()), table)
}

fn histograms(directory: &Path) -> Result<Vec<Histogram>, ReportError> {
    let folder = directory.join("hist");
    let failed = |source| ReportError::Read { path: folder.display().to_string(), source };
    let entries = match fs::read_dir(&folder) {
        // A run without a request has none.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<String>>>().map_err(failed)?;
    names.sort_unstable();
    let mut histograms = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".hgrm") && is_plain(Path::new(name))) {
        let text = file(&folder, name)?;
        histograms.extend(Histogram::read(name, &String::from_utf8_lossy(&text)));
    }
    Ok(histograms)
}

/// The course of a run, where it was written into `directory`.
pub fn told_in(directory: &Path) -> Result<Option<Told>, ReportError> {
    if !directory.join(SERIES).exists() {
        return Ok(None);
    }
    let told = Told::read(&file(directory, SERIES)?, &file(directory, LATENCY)?, &file(directory, TIMELINE)?);
    told.map(Some).map_err(|source| ReportError::Course { directory: directory.display().to_string(), source })
}

/// A file of a directory.
pub fn file(directory: &Path, name: &str) -> Result<Vec<u8>, ReportError> {
    let path = directory.join(name);
    fs::read(&path).map_err(|source| ReportError::Read { path: path.display().to_string(), source })
}

/// With a capital and a full stop.
pub fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let text = format!("{first}{}", rest.as_str());
    if text.ends_with('.') { text } else { format!("{text}.") }
}
