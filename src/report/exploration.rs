//! The summary of an exploration: coverage, causes, windows, goals, verdict; as JSON and as rows of every fork.

use serde::{Deserialize, Serialize};

use super::goals;
use super::text::{count, counted, share};
use crate::campaign::explore::{Branch, Cause, End, Exploration, Study, Window, causes, windows};
use crate::campaign::{EndReason, Verdict};
use crate::kernel::Span;
use crate::scenario::plan::ExpectedVerdict;
use crate::statistics::rare::window::chance;
use crate::vocab::{Goal, Invariant};

pub const SCHEMA: &str = "tiersim/explore/1";

/// What is to be said of it beside its findings.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub scenario: &'a str,
    pub title: &'a str,
    pub id: &'a str,
    pub seed: u64,
    /// The scenario as a command names it.
    pub named: &'a str,
    /// Mean time between two of any one kind of fault, for the probabilities.
    pub mtbf: Span,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    pub schema: &'static str,
    pub scenario: String,
    pub title: String,
    pub exploration_id: String,
    pub model_version: u32,
    pub seed: u64,
    pub depth: u8,
    pub points: &'static str,
    pub workload_after_fault: &'static str,
    pub reduction: bool,
    pub verdict: &'static str,
    pub reasons: Vec<String>,
    pub expected: bool,
    pub boundaries: Boundaries,
    pub strikes: Vec<StrikeRow>,
    pub causes: Vec<CauseRow>,
    pub windows: Vec<WindowRow>,
    /// Violated by the run without any of these faults.
    pub without_faults: Vec<String>,
    pub goals: Vec<goals::Goal>,
    pub mtbf_ns: u64,
    pub backup_ns: Option<u64>,
    pub fingerprint: String,
    #[serde(skip)]
    pub unexpected: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Boundaries {
    pub total: u64,
    pub struck: u64,
    pub forks: u64,
    pub run: u64,
    pub same_state: u64,
    pub skipped: u64,
    pub no_effect: u64,
    /// Different states that power losses left.
    pub distinct_states: Option<u64>,
    pub events: u64,
}

impl Boundaries {
    /// How much of everything that could be struck was struck, as one clause without its full stop.
    pub fn coverage(&self) -> String {
        let states = self.distinct_states.map_or(String::new(), |it| format!(", {} distinct states", count(it)));
        format!(
            "{} of {} boundaries between two events struck ({}), {}: {} run, {} of a state seen before{states}, {} without \
             effect, {} skipped by budget; {} in forks",
            count(self.struck),
            count(self.total),
            share(self.struck, self.total),
            counted(self.forks, "fork"),
            count(self.run),
            count(self.same_state),
            count(self.no_effect),
            count(self.skipped),
            counted(self.events, "event")
        )
    }
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StrikeRow {
    pub fault: String,
    pub forks: u64,
    /// Forks that violate something by the fault's doing.
    pub violated: u64,
    /// Forks that violate nothing but what the run violates anyway.
    pub violated_anyway: u64,
    pub no_effect: u64,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CauseRow {
    pub invariant: String,
    pub fault: String,
    pub after: Option<String>,
    pub step: Option<String>,
    pub forks: u64,
    pub window_ns: u64,
    pub boundary: u64,
    pub at_ns: u64,
    pub detail: String,
    /// Runs the shortest example again.
    pub replay: String,
    /// Makes a small scenario of it.
    pub shrink: String,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WindowRow {
    pub invariant: String,
    pub fault: String,
    pub window_ns: u64,
    pub at_most_ns: u64,
    pub longest_ns: u64,
    pub opens: Option<String>,
    pub closes: Option<String>,
    pub boundaries: u64,
    /// That a fault of this kind falls into it, per backup.
    pub per_backup_prob: f64,
    /// The same if everything that was not struck were bad.
    pub per_backup_prob_at_most: f64,
}

impl Summary {
    pub fn new(subject: &Subject, study: &Study, exploration: &Exploration) -> Summary {
        let expect = &study.plan.expect;
        let causes = causes(exploration);
        let skipped = exploration.count(End::Skipped);
        let found = exploration.branches.iter().flat_map(|branch| &branch.findings);
        let anyway = exploration.trunk.iter().filter(|check| check.verdict == crate::check::Verdict::Fail);
        let mut violated: Vec<Invariant> =
            found.map(|finding| finding.invariant).chain(anyway.map(|check| check.invariant)).collect();
        violated.sort_unstable();
        violated.dedup();
        let (run, same) = exploration.run_and_same();
        let required = |goal: Goal| expect.goals.iter().any(|name| name == goal.name());
        let goals: Vec<goals::Goal> = exploration
            .goals
            .iter()
            .map(|(&goal, &hits)| goals::Goal { name: goal.name().to_owned(), required: required(goal), hits })
            .collect();
        let mut doubts = Vec::new();
        if exploration.trunk_end == EndReason::Overrun {
            doubts.push("requests come faster than they are answered: the run was given up".to_owned());
        }
        if skipped > 0 {
            doubts.push(format!("{skipped} forks were skipped by the budget"));
        }
        doubts.extend(
            goals
                .iter()
                .filter(|goal| goal.required && goal.hits == 0)
                .map(|goal| format!("the goal {} is required and was never reached", goal.name)),
        );
        let verdict = match (violated.is_empty(), doubts.is_empty()) {
            (false, _) => Verdict::Fail,
            (true, false) => Verdict::Inconclusive,
            (true, true) => Verdict::Pass,
        };
        let unexpected: Vec<Invariant> =
            violated.iter().copied().filter(|invariant| !expect.violates.contains(invariant)).collect();
        let missing: Vec<Invariant> =
            expect.violates.iter().copied().filter(|invariant| !violated.contains(invariant)).collect();
        let wanted = match expect.verdict {
            None => doubts.is_empty(),
            Some(ExpectedVerdict::Pass) => verdict == Verdict::Pass,
            Some(ExpectedVerdict::Fail) => verdict == Verdict::Fail,
            Some(ExpectedVerdict::Inconclusive) => verdict == Verdict::Inconclusive,
        };
        let mut reasons: Vec<String> = match verdict {
            Verdict::Pass => vec![format!("no violation in {} forks", exploration.branches.len())],
            Verdict::Fail if causes.is_empty() => vec!["no fault is needed for what is violated".to_owned()],
            Verdict::Fail => vec![super::text::counted(causes.len() as u64, "cause")],
            Verdict::Inconclusive => Vec::new(),
        };
        reasons.extend(doubts);
        reasons.extend(missing.iter().map(|invariant| format!("expected and not found: {invariant}")));
        let rows = Rows { subject, study, exploration };
        Summary {
            schema: SCHEMA,
            scenario: subject.scenario.to_owned(),
            title: subject.title.to_owned(),
            exploration_id: subject.id.to_owned(),
            model_version: crate::MODEL_VERSION,
            seed: subject.seed,
            depth: study.depth,
            points: study.points.name(),
            workload_after_fault: study.after_fault.name(),
            reduction: study.reduce,
            verdict: verdict.name(),
            reasons,
            expected: unexpected.is_empty() && missing.is_empty() && wanted,
            boundaries: Boundaries {
                total: exploration.boundaries.len() as u64,
                struck: exploration.struck(),
                forks: exploration.branches.len() as u64,
                run,
                same_state: same,
                skipped,
                no_effect: exploration.count(End::NoEffect),
                distinct_states: exploration.distinct,
                events: exploration.events,
            },
            strikes: rows.strikes(),
            causes: causes.iter().map(|cause| rows.cause(cause)).collect(),
            windows: windows(exploration).iter().map(|window| rows.window(window)).collect(),
            without_faults: exploration
                .trunk
                .iter()
                .filter(|check| check.verdict == Verdict::Fail)
                .map(|check| check.invariant.name().to_owned())
                .collect(),
            goals,
            mtbf_ns: subject.mtbf.ns(),
            backup_ns: exploration.backup_time().map(Span::ns),
            fingerprint: format!("{:016x}", exploration.fingerprint()),
            unexpected: !unexpected.is_empty(),
        }
    }
}

struct Rows<'a> {
    subject: &'a Subject<'a>,
    study: &'a Study,
    exploration: &'a Exploration,
}

impl Rows<'_> {
    fn strikes(&self) -> Vec<StrikeRow> {
        let row = |(number, strike): (usize, &crate::campaign::explore::Strike)| {
            let of = || self.exploration.branches.iter().filter(move |branch| branch.strike == number);
            StrikeRow {
                fault: strike.name.clone(),
                forks: of().count() as u64,
                violated: of().filter(|branch| self.exploration.is_bad(branch)).count() as u64,
                violated_anyway: of()
                    .filter(|branch| !branch.findings.is_empty() && !self.exploration.is_bad(branch))
                    .count() as u64,
                no_effect: of().filter(|branch| branch.end == End::NoEffect).count() as u64,
            }
        };
        self.study.strikes.iter().enumerate().map(row).collect()
    }

    fn cause(&self, cause: &Cause) -> CauseRow {
        let branch = &self.exploration.branches[cause.example];
        let boundary = &self.exploration.boundaries[branch.boundary];
        let finding = branch.findings.iter().find(|finding| finding.invariant == cause.invariant);
        CauseRow {
            invariant: cause.invariant.name().to_owned(),
            fault: self.study.strikes[cause.strike].name.clone(),
            after: cause.event.map(|event| event.name().to_owned()),
            step: cause.step.map(|step| step.name().to_owned()),
            forks: cause.forks,
            window_ns: cause.window.ns(),
            boundary: boundary.number,
            at_ns: boundary.time.ns(),
            detail: finding.map_or(String::new(), |finding| finding.detail.clone()),
            replay: format!("tiersim replay {}", self.struck(branch)),
            shrink: format!("tiersim shrink {} --violates {}", self.struck(branch), cause.invariant),
        }
    }

    /// A fork as a run of its own: the scenario with the faults that were injected.
    fn struck(&self, branch: &Branch) -> String {
        let boundary = &self.exploration.boundaries[branch.boundary];
        let options = self.study.faults_of(branch, boundary.number);
        let options: Vec<String> = options.iter().map(|fault| format!(" --fault '{fault}'")).collect();
        format!("{}{}", self.subject.named, options.concat())
    }

    fn window(&self, window: &Window) -> WindowRow {
        let name = |event: crate::vocab::EventName| event.name().to_owned();
        // A fault with this mean time between two falls into a window of this length.
        let chance = |open: Span| chance(open.ns() as f64 / self.subject.mtbf.ns().max(1) as f64);
        WindowRow {
            invariant: window.invariant.name().to_owned(),
            fault: self.study.strikes[window.strike].name.clone(),
            window_ns: window.total.ns(),
            at_most_ns: window.at_most.ns(),
            longest_ns: window.longest.ns(),
            opens: window.opens.map(name),
            closes: window.closes.map(name),
            boundaries: window.boundaries,
            per_backup_prob: chance(window.total),
            per_backup_prob_at_most: chance(window.at_most),
        }
    }
}

/// One row for every fork.
pub fn rows(exploration: &Exploration) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "boundary",
        "time_ns",
        "until_ns",
        "after_event",
        "step",
        "fault",
        "second_after_events",
        "second_fault",
        "wrong_reply",
        "end",
        "same_state",
        "violated",
        "violated_anyway",
        "first_boundary",
        "detail",
    ];
    writer.write_record(header).expect("a vector takes it");
    for branch in &exploration.branches {
        let boundary = &exploration.boundaries[branch.boundary];
        let first = branch.findings.first();
        let named = |of_the_fault: bool| {
            let of =
                branch.findings.iter().filter(|finding| exploration.is_of_the_fault(branch, finding) == of_the_fault);
            of.map(|finding| finding.invariant.name()).collect::<Vec<&str>>().join(" ")
        };
        let record = [
            boundary.number.to_string(),
            boundary.time.ns().to_string(),
            boundary.until.ns().to_string(),
            boundary.event.map_or(String::new(), |event| event.name().to_owned()),
            boundary.step.map_or(String::new(), |step| step.name().to_owned()),
            exploration.strikes[branch.strike].name.clone(),
            branch.second.map_or(String::new(), |(events, _)| events.to_string()),
            branch.second.map_or(String::new(), |(_, strike)| exploration.strikes[strike].name.clone()),
            branch.wrong_reply.to_string(),
            branch.end.name().to_owned(),
            branch.same.to_string(),
            named(true),
            named(false),
            first.map_or(String::new(), |finding| finding.boundary.to_string()),
            first.map_or(String::new(), |finding| finding.detail.clone()),
        ];
        writer.write_record(record).expect("a vector takes it");
    }
    writer.into_inner().expect("a vector takes it")
}
