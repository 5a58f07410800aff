//! Methods, architectures and hazards in one table: what held, what was violated, and what nobody has shown.
//!
//! A cell speaks for the scenarios that name the hazard and answer for that method on that architecture. Of what was
//! violated in them it counts what the catalogue says the hazard breaks; anything else stands beside it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::campaign::Verdict;
use crate::campaign::matrix::Finding;
use crate::controller::dasd::Architecture;
use crate::fault::plan::{Fault, FaultPlan};
use crate::manager::method::is_by_hand;
use crate::manager::plan::MethodName;
use crate::scenario::hazards::{self, Exposure, Hazard};
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
    /// `held`, `violated`, `inconclusive`, `no-step` where the slips of all scenarios are in steps that the method does not
    /// have, or `not-applicable` when no scenario answers.
    pub state: &'static str,
    /// What the catalogue says the hazard breaks, and was violated.
    pub violated: Vec<&'static str>,
    /// What else was violated in the same runs.
    pub beside: Vec<&'static str>,
    /// Runs behind it, and those of them in which the hazard's own invariants were violated.
    pub runs: u64,
    pub failed: u64,
}

/// What the invention does to each hazard, on one architecture, by the scenarios that answer for both sides.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    pub architecture: &'static str,
    /// Wherever a prior method was violated, safe-backup held.
    pub closes: Vec<&'static str>,
    /// Of the scenarios in which a prior method was violated, safe-backup was violated in some.
    pub depends: Vec<&'static str>,
    /// Wherever a prior method was violated, so was safe-backup.
    pub leaves: Vec<&'static str>,
    /// In some scenario safe-backup was violated and no prior method; or the hazard exists under safe-backup alone and was
    /// violated in some run.
    pub adds: Vec<&'static str>,
    /// The hazard exists under safe-backup alone, and held in every run that says something.
    pub new_and_held: Vec<&'static str>,
    /// Both held.
    pub held_by_all: Vec<&'static str>,
    /// No scenario answers for both sides, or a run proves nothing.
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
            comparisons: Architecture::ALL.iter().map(|&on| compare(on, findings)).collect(),
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
        let own: Vec<&Finding> = own.copied().collect();
        let mut cell = cell(hazard, &own);
        if own.is_empty() && about.iter().any(|it| it.case.architecture == on && lacks_step(method, it)) {
            cell.state = "no-step";
        }
        cell
    });
    let scenarios: BTreeSet<&String> = about.iter().map(|finding| &finding.case.scenario).collect();
    Row {
        hazard: hazard.id,
        title: hazard.title,
        cells: cells.collect(),
        scenarios: scenarios.into_iter().cloned().collect(),
    }
}

/// Whether all that goes wrong in a run are slips in steps that the method does not have, or does not leave to a person.
fn lacks_step(method: MethodName, finding: &Finding) -> bool {
    let faults = &finding.case.plan.faults;
    let by_hand = |fault: &FaultPlan| match fault.fault {
        Fault::OperatorSlip { step: Some(step), .. } => is_by_hand(method, step),
        _ => true,
    };
    !faults.is_empty() && !faults.iter().any(by_hand)
}

/// What one run says of one hazard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Held,
    Violated,
    Nothing,
}

fn said(hazard: &Hazard, finding: &Finding) -> Said {
    let Some(backup) = finding.case.plan.backups.first() else { return Said::Nothing };
    let checks = finding.outcome.checks.iter().filter(|check| hazard.is_shown_by(check.invariant, backup));
    let verdicts: Vec<Verdict> = checks.map(|check| check.verdict).collect();
    match finding.verdict {
        _ if verdicts.contains(&Verdict::Fail) => Said::Violated,
        Verdict::Inconclusive => Said::Nothing,
        // What it breaks was never put to the test, or the method breaks it anyway.
        Verdict::Pass | Verdict::Fail if !verdicts.contains(&Verdict::Pass) => Said::Nothing,
        Verdict::Pass | Verdict::Fail => Said::Held,
    }
}

fn cell(hazard: &Hazard, findings: &[&Finding]) -> Cell {
    let mut own = BTreeSet::new();
    let mut beside = BTreeSet::new();
    for finding in findings {
        let backup = finding.case.plan.backups.first();
        let shown = |it: Invariant| backup.is_some_and(|backup| hazard.is_shown_by(it, backup));
        let (shown, other): (Vec<Invariant>, Vec<Invariant>) = finding.violated.iter().partition(|it| shown(**it));
        own.extend(shown);
        beside.extend(other);
    }
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
    let names = |invariants: &BTreeSet<Invariant>| invariants.iter().map(|invariant| invariant.name()).collect();
    Cell {
        state,
        violated: names(&own),
        beside: names(&beside),
        runs: u64::try_from(findings.len()).expect("runs are few"),
        failed: count(Said::Violated),
    }
}

/// Compares on the scenarios that answer for safe-backup and for a prior method: a switch that one of them was never
/// tried with says nothing about the two.
fn compare(on: Architecture, findings: &[Finding]) -> Comparison {
    let mut comparison = Comparison { architecture: on.name(), ..Comparison::default() };
    let here: Vec<&Finding> =
        findings.iter().filter(|it| it.case.architecture == on && it.case.method.is_some()).collect();
    for hazard in hazards::all() {
        let about = here.iter().filter(|finding| finding.case.hazards.iter().any(|id| id == hazard.id));
        let (new, prior): (Vec<&Finding>, Vec<&Finding>) =
            about.copied().partition(|finding| finding.case.method == Some(MethodName::SafeBackup));
        if !new.is_empty() || !prior.is_empty() {
            list_for(&mut comparison, hazard, &new, &prior).push(hazard.id);
        }
    }
    comparison
}

/// How many scenarios were violated before and now, before alone, now alone.
#[derive(Default)]
struct Pairs {
    compared: usize,
    both: usize,
    before: usize,
    now: usize,
}

/// Scenario by scenario, of those that say something for both sides. A prior method that broke it is enough for "before",
/// and so is one that breaks by design what is broken now. Where nobody can make the slip of a scenario any more, it holds.
fn pairs(hazard: &Hazard, new: &[&Finding], prior: &[&Finding]) -> Pairs {
    let mut pairs = Pairs::default();
    for finding in new {
        let of_same = |other: &&&Finding| other.case.scenario == finding.case.scenario;
        let beside: Vec<&Finding> =
            prior.iter().filter(of_same).filter(|it| said(hazard, it) != Said::Nothing).copied().collect();
        let now = said(hazard, finding);
        if beside.is_empty() || now == Said::Nothing {
            continue;
        }
        let broken: Vec<Invariant> =
            finding.violated.iter().filter(|it| hazard.violates.contains(it)).copied().collect();
        let before = beside
            .iter()
            .any(|other| said(hazard, other) == Said::Violated || broken.iter().any(|it| other.violated.contains(it)));
        pairs.compared += 1;
        match (before, now == Said::Violated) {
            (true, true) => pairs.both += 1,
            (true, false) => pairs.before += 1,
            (false, true) => pairs.now += 1,
            (false, false) => {}
        }
    }
    let slips = prior.iter().filter(|it| lacks_step(MethodName::SafeBackup, it) && said(hazard, it) == Said::Violated);
    let slips: BTreeSet<&String> = slips.map(|finding| &finding.case.scenario).collect();
    pairs.compared += slips.len();
    pairs.before += slips.len();
    pairs
}

fn list_for<'c>(
    comparison: &'c mut Comparison,
    hazard: &Hazard,
    new: &[&Finding],
    prior: &[&Finding],
) -> &'c mut Vec<&'static str> {
    let alone: Vec<Said> = new.iter().map(|finding| said(hazard, finding)).collect();
    let brought = hazard.exposure_of(MethodName::SafeBackup) == Exposure::New;
    match pairs(hazard, new, prior) {
        Pairs { compared: 0, .. } if brought && alone.contains(&Said::Violated) => &mut comparison.adds,
        Pairs { compared: 0, .. } if brought && alone.contains(&Said::Held) => &mut comparison.new_and_held,
        Pairs { compared: 0, .. } => &mut comparison.not_compared,
        Pairs { now, .. } if now > 0 => &mut comparison.adds,
        Pairs { both: 0, before: 0, .. } => &mut comparison.held_by_all,
        Pairs { both: 0, .. } => &mut comparison.closes,
        Pairs { before: 0, .. } => &mut comparison.leaves,
        Pairs { .. } => &mut comparison.depends,
    }
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
