//! Methods, architectures and hazards in one table: what held, what was violated, and what nobody has shown.
//!
//! A cell speaks for the scenarios that name the hazard and answer for that method on that architecture. Of what was
//! violated in them it counts what the catalogue says the hazard breaks; anything else stands beside it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::campaign::Verdict;
use crate::campaign::matrix::Finding;
use crate::controller::dasd::Architecture;
use crate::manager::plan::MethodName;
use crate::scenario::hazards::{self, Hazard};
use crate::vocab::Invariant;

pub const SCHEMA: &str = "tiersim/matrix/1";

#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    pub schema: &'static str,
    pub model_version: u32,
    pub columns: Vec<Column>,
    pub groups: Vec<Group>,
    /// One for each architecture.
    pub comparisons: Vec<Comparison>,
    pub costs: Vec<super::costs::Cost>,
    /// Runs that did not come out as their scenarios say.
    pub unexpected: Vec<Surprise>,
    /// Runs behind the cells.
    pub runs: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    pub method: &'static str,
    pub architecture: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Group {
    pub letter: char,
    pub title: &'static str,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub hazard: &'static str,
    pub title: &'static str,
    /// One for each column.
    pub cells: Vec<Cell>,
    /// That show it.
    pub scenarios: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// `held`, `violated`, `inconclusive`, or `not-applicable` when no scenario answers.
    pub state: &'static str,
    /// What the catalogue says the hazard breaks, and was violated.
    pub violated: Vec<&'static str>,
    /// What else was violated in the same runs.
    pub beside: Vec<&'static str>,
    /// Runs behind it, and those of them in which the hazard's own invariants were violated.
    pub runs: u64,
    pub failed: u64,
}

/// What the invention does to each hazard that the prior art was seen to meet, on one architecture.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    pub architecture: &'static str,
    /// A prior method was violated, and safe-backup held in every run.
    pub closes: Vec<&'static str>,
    /// A prior method was violated, and safe-backup in some of its runs: a switch decides.
    pub depends: Vec<&'static str>,
    /// Both were violated in every run.
    pub leaves: Vec<&'static str>,
    /// Safe-backup was violated in some run, and no prior method in any.
    pub adds: Vec<&'static str>,
    /// All held.
    pub held_by_all: Vec<&'static str>,
    /// Only safe-backup, or only prior methods, were tried, or a run proves nothing.
    pub not_compared: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Surprise {
    pub scenario: String,
    pub set: Vec<String>,
    pub verdict: &'static str,
    pub violated: Vec<&'static str>,
    pub reasons: Vec<String>,
}

impl Matrix {
    pub fn new(findings: &[Finding], costs: Vec<super::costs::Cost>) -> Matrix {
        let columns = MethodName::ALL.iter().flat_map(|&method| Architecture::ALL.iter().map(move |&on| (method, on)));
        let columns: Vec<(MethodName, Architecture)> = columns.collect();
        let groups = hazards::GROUPS.iter().map(|group| Group {
            letter: group.letter,
            title: group.title,
            rows: group.hazards.iter().map(|hazard| row(hazard, &columns, findings)).collect(),
        });
        let groups: Vec<Group> = groups.collect();
        let column =
            |&(method, on): &(MethodName, Architecture)| Column { method: method.name(), architecture: on.name() };
        let columns: Vec<Column> = columns.iter().map(column).collect();
        Matrix {
            schema: SCHEMA,
            model_version: crate::MODEL_VERSION,
            comparisons: Architecture::ALL.iter().map(|on| compare(on.name(), &columns, &groups)).collect(),
            columns,
            groups,
            costs,
            unexpected: findings.iter().filter(|finding| !finding.held).map(Surprise::from).collect(),
            runs: u64::try_from(findings.len()).expect("runs are few"),
        }
    }
}

fn row(hazard: &'static Hazard, columns: &[(MethodName, Architecture)], findings: &[Finding]) -> Row {
    let about: Vec<&Finding> =
        findings.iter().filter(|finding| finding.case.hazards.iter().any(|id| id == hazard.id)).collect();
    let cells = columns.iter().map(|&(method, on)| {
        let own = about.iter().filter(|it| it.case.method == Some(method) && it.case.architecture == on);
        cell(hazard, &own.copied().collect::<Vec<_>>())
    });
    let scenarios: BTreeSet<&String> = about.iter().map(|finding| &finding.case.scenario).collect();
    Row {
        hazard: hazard.id,
        title: hazard.title,
        cells: cells.collect(),
        scenarios: scenarios.into_iter().cloned().collect(),
    }
}

/// What one run says of one hazard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Held,
    Violated,
    Nothing,
}

fn said(hazard: &Hazard, finding: &Finding) -> Said {
    let checks = finding.outcome.checks.iter().filter(|check| hazard.violates.contains(&check.invariant));
    let verdicts: Vec<Verdict> = checks.map(|check| check.verdict).collect();
    match finding.verdict {
        _ if verdicts.contains(&Verdict::Fail) => Said::Violated,
        Verdict::Inconclusive => Said::Nothing,
        // What it breaks was never put to the test.
        Verdict::Pass | Verdict::Fail if !verdicts.contains(&Verdict::Pass) => Said::Nothing,
        Verdict::Pass | Verdict::Fail => Said::Held,
    }
}

fn cell(hazard: &Hazard, findings: &[&Finding]) -> Cell {
    let all: BTreeSet<Invariant> = findings.iter().flat_map(|finding| finding.violated.iter().copied()).collect();
    let (own, beside): (Vec<Invariant>, Vec<Invariant>) = all.iter().partition(|it| hazard.violates.contains(it));
    let count = |wanted: Said| {
        let found = findings.iter().filter(|finding| said(hazard, finding) == wanted).count();
        u64::try_from(found).expect("runs are few")
    };
    let state = match () {
        () if findings.is_empty() => "not-applicable",
        () if count(Said::Violated) > 0 => "violated",
        () if count(Said::Held) == 0 => "inconclusive",
        () => "held",
    };
    let names = |invariants: &[Invariant]| invariants.iter().map(|invariant| invariant.name()).collect();
    Cell {
        state,
        violated: names(&own),
        beside: names(&beside),
        runs: u64::try_from(findings.len()).expect("runs are few"),
        failed: count(Said::Violated),
    }
}

fn compare(architecture: &'static str, columns: &[Column], groups: &[Group]) -> Comparison {
    let mut comparison = Comparison { architecture, ..Comparison::default() };
    for row in groups.iter().flat_map(|group| &group.rows) {
        let here = |new: bool| {
            let cells = columns.iter().zip(&row.cells).filter(move |(column, cell)| {
                let own = (column.method == MethodName::SafeBackup.name()) == new;
                own && column.architecture == architecture && cell.state != "not-applicable"
            });
            cells.map(|(_, cell)| cell).collect::<Vec<&Cell>>()
        };
        let (prior, new) = (here(false), here(true));
        let list = match (&prior[..], new.first()) {
            ([], None) => continue,
            ([], Some(_)) | (_, None) => &mut comparison.not_compared,
            (prior, Some(new)) => {
                let broken = prior.iter().any(|cell| cell.state == "violated");
                let doubtful = prior.iter().chain([new]).any(|cell| cell.state == "inconclusive");
                match (broken, new.state == "violated") {
                    _ if doubtful => &mut comparison.not_compared,
                    (true, false) => &mut comparison.closes,
                    (true, true) if new.failed < new.runs => &mut comparison.depends,
                    (true, true) => &mut comparison.leaves,
                    (false, true) => &mut comparison.adds,
                    (false, false) => &mut comparison.held_by_all,
                }
            }
        };
        list.push(row.hazard);
    }
    comparison
}

impl From<&Finding> for Surprise {
    fn from(finding: &Finding) -> Surprise {
        Surprise {
            scenario: finding.case.scenario.clone(),
            set: finding.case.set.clone(),
            verdict: finding.verdict.name(),
            violated: finding.violated.iter().map(|it| it.name()).collect(),
            reasons: finding.reasons.clone(),
        }
    }
}
