//! The report of an exploration, from the files of its directory: what breaks where, for how long, and what was tried.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::chart::{Cell, CrashMap, Fate, Window, Windows};
use super::course::Told;
use super::directory::{FIRST, RESOLVED};
use super::document::{Document, Figure, Part, SCHEMA, Section, Table, Tone};
use super::draw::{self, Named, figure};
use super::exploration::Boundaries;
use super::goals::{self, Goal};
use super::manifest::Manifest;
use super::provenance;
use super::run_report::{ReportError, file, sentence, told_in};
use super::text::{count, counted, duration};

/// The files of an exploration, read.
#[derive(Clone, Debug)]
pub struct ExplorationFiles {
    summary: Read,
    forks: Vec<Fork>,
    /// The course of the first violation.
    first: Option<Told>,
    resolved: String,
}

/// What a report needs of `summary.json`; other keys may stand there.
#[derive(Clone, Debug, Deserialize)]
struct Read {
    scenario: String,
    title: String,
    exploration_id: String,
    seed: u64,
    depth: u8,
    verdict: String,
    reasons: Vec<String>,
    expected: bool,
    boundaries: Boundaries,
    strikes: Vec<Strike>,
    causes: Vec<Cause>,
    windows: Vec<Span>,
    without_faults: Vec<String>,
    goals: Vec<Goal>,
    mtbf_ns: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Strike {
    fault: String,
    forks: u64,
    violated: u64,
    no_effect: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Cause {
    invariant: String,
    fault: String,
    after: Option<String>,
    step: Option<String>,
    forks: u64,
    window_ns: u64,
    at_ns: u64,
    detail: String,
    replay: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Span {
    invariant: String,
    fault: String,
    window_ns: u64,
    at_most_ns: u64,
    longest_ns: u64,
    opens: Option<String>,
    closes: Option<String>,
    boundaries: u64,
    per_backup_prob: f64,
}

/// A row of `forks.csv`.
#[derive(Clone, Debug, Deserialize)]
struct Fork {
    boundary: u64,
    step: String,
    fault: String,
    end: String,
    violated: String,
    violated_anyway: String,
}

/// Causes that are shown before anybody asks for all.
const MOST_CAUSES: usize = 10;

impl ExplorationFiles {
    /// Reads what the report of an exploration is made from.
    ///
    /// # Errors
    /// A file that is missing, or that no exploration of this program wrote.
    pub fn read(directory: &Path) -> Result<ExplorationFiles, ReportError> {
        let wrong = |name: &str, reason: String| ReportError::Summary {
            path: directory.join(name).display().to_string(),
            reason,
        };
        let summary = serde_json::from_slice(&file(directory, "summary.json")?);
        let forks = file(directory, "forks.csv")?;
        let forks: Result<Vec<Fork>, csv::Error> = csv::Reader::from_reader(&forks[..]).deserialize().collect();
        Ok(ExplorationFiles {
            summary: summary.map_err(|error| wrong("summary.json", error.to_string()))?,
            forks: forks.map_err(|error| wrong("forks.csv", error.to_string()))?,
            first: told_in(&directory.join(FIRST))?,
            resolved: String::from_utf8_lossy(&file(directory, RESOLVED)?).into_owned(),
        })
    }

    pub fn document(&self, manifest: &Manifest) -> Document {
        let it = &self.summary;
        let section = |id, heading, parts| Section { id, heading, parts };
        Document {
            schema: SCHEMA,
            kind: "exploration",
            title: it.title.clone(),
            subtitle: format!(
                "scenario {}, seed {}, depth {}, exploration {}",
                it.scenario,
                it.seed,
                it.depth,
                it.exploration_id.chars().take(8).collect::<String>()
            ),
            verdict: match (&it.verdict[..], it.expected) {
                ("FAIL", true) => "FAIL, as the scenario expects".into(),
                (verdict, true) => verdict.to_owned(),
                (verdict, false) => format!("{verdict}, not as the scenario expects"),
            },
            tone: match (&it.verdict[..], it.expected) {
                ("PASS", true) => Tone::Good,
                (_, true) | ("INCONCLUSIVE", _) => Tone::Mixed,
                _ => Tone::Bad,
            },
            answer: self.answer(),
            sentences: self.sentences(),
            sections: vec![
                section("crash-map", "Where it breaks", vec![Part::Figure(self.map()), Part::Table(self.tried())]),
                section("causes", "What breaks", self.causes().into_iter().chain(self.first_violation()).collect()),
                section("exposure", "For how long it could break", vec![Part::Figure(self.windows())]),
                section("goals", "What the exploration put to the test", vec![Part::Figure(self.goals())]),
                provenance::section(manifest, &self.resolved),
            ],
        }
    }

    /// How the first example went on.
    fn first_violation(&self) -> Vec<Part> {
        let Some((cause, told)) = self.summary.causes.first().zip(self.first.as_ref()) else { return Vec::new() };
        let end_ns = told.timeline.iter().map(|row| row.until_ns).max().unwrap_or(0);
        let named = Named { run: format!("{} by {}", cause.invariant, cause.fault), end_ns };
        let about = format!(
            "The first of these examples as a whole: the fault at {}, and who had what online.",
            duration(cause.at_ns)
        );
        vec![Part::Text(about), Part::Figure(draw::availability(&named, told))]
    }

    /// How often the situations came about in which a check could have failed.
    fn goals(&self) -> Figure {
        let subtitle = "how often each came about, in all forks together";
        goals::figure(&self.summary.goals, subtitle, "times", "came about")
    }

    /// The answer in one sentence; what was skipped is never passed over.
    fn answer(&self) -> String {
        let (all, it) = (&self.summary.boundaries, &self.summary);
        let what = match it.causes.first() {
            Some(cause) => {
                let mut names: Vec<&str> = it.causes.iter().map(|cause| &cause.invariant[..]).collect();
                names.sort_unstable();
                names.dedup();
                // Of several causes together, as the chart of windows shows it.
                let longest = it.windows.iter().max_by_key(|window| window.window_ns);
                let (invariant, fault, window_ns) = longest
                    .map_or((&cause.invariant, &cause.fault, cause.window_ns), |window| {
                        (&window.invariant, &window.fault, window.window_ns)
                    });
                format!(
                    "{} can be violated; for longest, {}, {invariant} by {fault}",
                    names.join(", "),
                    duration(window_ns)
                )
            }
            None if all.skipped > 0 => {
                format!(
                    "no violation in {} of {} forks; the others were skipped",
                    count(all.forks.saturating_sub(all.skipped)),
                    count(all.forks)
                )
            }
            None => format!("no fault at any of {} boundaries violates anything", count(all.struck)),
        };
        sentence(&what)
    }

    fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![sentence(&self.summary.boundaries.coverage())];
        sentences.extend(self.summary.reasons.iter().map(|reason| sentence(reason)));
        if !self.summary.without_faults.is_empty() {
            sentences
                .push(format!(
                    "Violated without any of these faults, in every backup: {}. Only of two volumes with one ID the windows say \
                     more: for how long a crash would find them.",
                    self.summary.without_faults.join(", ")
                ));
        }
        sentences.push("The number of forks that violate something says nothing about the number of defects.".into());
        sentences
    }

    fn causes(&self) -> Vec<Part> {
        if self.summary.causes.is_empty() {
            return vec![Part::Text("Nothing.".into())];
        }
        let row = |(number, cause): (usize, &Cause)| {
            vec![
                (number + 1).to_string(),
                cause.invariant.clone(),
                cause.fault.clone(),
                cause.after.clone().unwrap_or("the start".into()),
                cause.step.clone().unwrap_or_default(),
                count(cause.forks),
                duration(cause.window_ns),
                duration(cause.at_ns),
                cause.detail.clone(),
            ]
        };
        let columns = [
            "cause",
            "invariant",
            "fault",
            "after the event",
            "in the step",
            "#forks",
            "#window",
            "#example at",
            "what was seen",
        ];
        let rows: Vec<Vec<String>> = self.summary.causes.iter().enumerate().map(row).collect();
        let first: Vec<Vec<String>> = rows.iter().take(MOST_CAUSES).cloned().collect();
        let mut parts = vec![Part::Table(Table::new("Causes, the longest window first", &columns, first))];
        if rows.len() > MOST_CAUSES {
            let all = Table::new(&format!("All {} causes", rows.len()), &columns, rows);
            parts.push(Part::Folded(all.shortened("summary.json")));
        }
        parts.push(Part::Text("The shortest example of each cause, as a run of its own:".into()));
        let replays: Vec<&str> = self.summary.causes.iter().take(MOST_CAUSES).map(|cause| &cause.replay[..]).collect();
        parts.push(Part::Command(replays.join("\n")));
        parts
    }

    /// A row for each invariant that a fault violates, and one for each fault that violates none.
    fn map(&self) -> Figure {
        let mut rows: Vec<String> = Vec::new();
        let mut of_fault: BTreeMap<&str, Vec<(String, usize)>> = BTreeMap::new();
        for strike in &self.summary.strikes {
            let of = self.forks.iter().filter(|fork| fork.fault == strike.fault);
            let mut violated: Vec<&str> = of.flat_map(|fork| fork.violated.split_whitespace()).collect();
            violated.sort_unstable();
            violated.dedup();
            let places = of_fault.entry(&strike.fault).or_default();
            for invariant in &violated {
                places.push(((*invariant).to_owned(), rows.len()));
                rows.push(format!("{invariant} / {}", strike.fault));
            }
            if violated.is_empty() {
                places.push((String::new(), rows.len()));
                rows.push(strike.fault.clone());
            }
        }
        // The row of a fault that violates nothing more is of all invariants.
        let has = |names: &str, invariant: &str| {
            names.split_whitespace().any(|name| invariant.is_empty() || name == invariant)
        };
        let mut cells: Vec<Cell> = Vec::new();
        for fork in &self.forks {
            for (invariant, row) in of_fault.get(&fork.fault[..]).into_iter().flatten() {
                let fate = match &fork.end[..] {
                    "skipped" => Fate::Skipped,
                    "no-effect" => Fate::NoEffect,
                    _ if has(&fork.violated, invariant) => Fate::Violated,
                    _ if has(&fork.violated_anyway, invariant) => Fate::Anyway,
                    _ => Fate::Held,
                };
                cells.push(Cell { row: *row, boundary: fork.boundary, fate });
            }
        }
        let mut steps: Vec<(u64, String)> = Vec::new();
        for fork in self.forks.iter().filter(|fork| !fork.step.is_empty()) {
            if steps.last().is_none_or(|last| last.1 != fork.step) {
                steps.push((fork.boundary, fork.step.clone()));
            }
        }
        let all = &self.summary.boundaries;
        let title = "Where a fault breaks what";
        let subtitle =
            format!("{} of {} boundaries struck, {}", count(all.struck), count(all.total), counted(all.forks, "fork"));
        let boundaries =
            self.forks.iter().map(|fork| fork.boundary.saturating_add(1)).max().unwrap_or(0).max(all.total);
        let chart = CrashMap { title, subtitle: &subtitle, boundaries, rows: &rows, cells: &cells, steps: &steps };
        let row = |(number, name): (usize, &String)| {
            let of = |fate| cells.iter().filter(|cell| cell.row == number && cell.fate == fate).count() as u64;
            let fates = [Fate::Violated, Fate::Anyway, Fate::Held, Fate::NoEffect, Fate::Skipped];
            let counts = fates.map(|fate| count(of(fate)));
            [name.clone()].into_iter().chain(counts).collect()
        };
        let columns = ["invariant / fault", "#violated", "#as without the fault", "#held", "#no effect", "#skipped"];
        let table = Table::new("Forks of each row", &columns, rows.iter().enumerate().map(row).collect());
        figure("crash-map", title, (chart.svg(), chart.csv()), table.shortened("forks.csv"))
    }

    fn tried(&self) -> Table {
        let row = |strike: &Strike| {
            let counts = [strike.forks, strike.violated, strike.no_effect].map(count);
            [strike.fault.clone()].into_iter().chain(counts).collect()
        };
        let columns = ["fault", "#forks", "#violate something", "#without effect"];
        Table::new("Every fault that was tried", &columns, self.summary.strikes.iter().map(row).collect())
    }

    fn windows(&self) -> Figure {
        let window = |it: &Span| Window {
            invariant: it.invariant.clone(),
            fault: it.fault.clone(),
            window_ns: it.window_ns,
            at_most_ns: it.at_most_ns,
            opens: it.opens.clone(),
            closes: it.closes.clone(),
            per_backup: it.per_backup_prob,
        };
        let windows: Vec<Window> = self.summary.windows.iter().map(window).collect();
        let title = "Windows of danger";
        let subtitle = format!(
            "when the fault would violate the invariant; chance per backup with one such fault in {}",
            duration(self.summary.mtbf_ns)
        );
        let chart = Windows { title, subtitle: &subtitle, windows: &windows };
        let row = |it: &Span| {
            vec![
                it.invariant.clone(),
                it.fault.clone(),
                duration(it.window_ns),
                duration(it.longest_ns),
                it.opens.clone().unwrap_or_default(),
                it.closes.clone().unwrap_or_default(),
                count(it.boundaries),
                format!("{:.1e}", it.per_backup_prob),
            ]
        };
        let columns =
            ["invariant", "fault", "#in all", "#longest", "opens after", "closes after", "#boundaries", "#per backup"];
        let table = Table::new("Every window", &columns, self.summary.windows.iter().map(row).collect());
        figure("exposure", title, (chart.svg(), chart.csv()), table.shortened("charts/exposure.csv"))
    }
}
