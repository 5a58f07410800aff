//! What a run amounts to: PASS, FAIL or INCONCLUSIVE, and whether that is what the scenario said.

use super::exposure::Episode;
use super::goals::{Goal, Goals};
use super::tally::{Tally, Violation};
use crate::kernel::Span;
use crate::names;
use crate::scenario::plan::{Expectation, ExpectedVerdict};
use crate::vocab::Invariant;

names! {
    pub enum Verdict {
        Pass = "PASS",
        Fail = "FAIL",
        Inconclusive = "INCONCLUSIVE",
    }
}

/// One of the fifteen rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    pub invariant: Invariant,
    /// Its premise must have been true for the run to pass.
    pub required: bool,
    pub verdict: Verdict,
    pub evaluated: u64,
    pub premise_true: u64,
    pub violations: u64,
    /// Evaluations that could go either way.
    pub undecided: u64,
    pub first: Option<Violation>,
    /// For how long it was violated; `None` for an invariant that is no state.
    pub exposure: Option<ExposureReport>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureReport {
    pub total: Span,
    pub longest: Span,
    pub episodes: Vec<Episode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoalReport {
    pub goal: Goal,
    pub required: bool,
    pub hits: u64,
}

/// What else keeps a run from saying anything (HAZARDS 13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shortfall {
    /// A budget ended the run early.
    pub budget_cut: bool,
    /// The only fault of the scenario found no anchor.
    pub only_fault_missed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectReport {
    pub kind: ExpectKind,
    pub value: String,
    pub met: bool,
}

names! {
    pub enum ExpectKind {
        Violates = "violates",
        Goal = "goal",
        Verdict = "verdict",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunVerdict {
    pub verdict: Verdict,
    pub expect: Vec<ExpectReport>,
    /// Invariants that were violated though the scenario does not say so.
    pub unexpected: Vec<Invariant>,
    /// The run came out as the scenario says; without `[expect]`, it passed.
    pub held: bool,
}

impl CheckReport {
    pub fn new(invariant: Invariant, required: bool, tally: &Tally, exposure: Option<ExposureReport>) -> CheckReport {
        let verdict = match tally {
            Tally { violations: 1.., .. } => Verdict::Fail,
            Tally { premise_true: 0, .. } | Tally { undecided: 1.., .. } => Verdict::Inconclusive,
            _ => Verdict::Pass,
        };
        let Tally { evaluated, premise_true, violations, undecided, ref first } = *tally;
        let first = first.clone();
        CheckReport { invariant, required, verdict, evaluated, premise_true, violations, undecided, first, exposure }
    }
}

/// One row for every goal; `[expect] goals` names the required ones.
pub fn goal_reports(goals: &Goals, expectation: &Expectation) -> Vec<GoalReport> {
    let required = |goal: Goal| expectation.goals.iter().any(|name| name == goal.name());
    Goal::ALL.iter().map(|&goal| GoalReport { goal, required: required(goal), hits: goals.hits(goal) }).collect()
}

/// Judges a run by its rows and compares it with what the scenario expects.
pub fn judge(
    checks: &[CheckReport],
    goals: &[GoalReport],
    expectation: &Expectation,
    shortfall: Shortfall,
) -> RunVerdict {
    let failed = |invariant: Invariant| {
        checks.iter().any(|check| check.invariant == invariant && check.verdict == Verdict::Fail)
    };
    let vacuous = checks.iter().any(|check| check.required && check.verdict == Verdict::Inconclusive)
        || goals.iter().any(|goal| goal.required && goal.hits == 0)
        || shortfall.budget_cut
        || shortfall.only_fault_missed;
    let verdict = if checks.iter().any(|check| check.verdict == Verdict::Fail) {
        Verdict::Fail
    } else if vacuous {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    let unexpected: Vec<Invariant> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Fail && !expectation.violates.contains(&check.invariant))
        .map(|check| check.invariant)
        .collect();
    let mut expect: Vec<ExpectReport> = Vec::new();
    for &invariant in &expectation.violates {
        let value = invariant.to_string();
        expect.push(ExpectReport { kind: ExpectKind::Violates, value, met: failed(invariant) });
    }
    for name in &expectation.goals {
        let met = goals.iter().any(|goal| goal.goal.name() == name && goal.hits > 0);
        expect.push(ExpectReport { kind: ExpectKind::Goal, value: name.clone(), met });
    }
    if let Some(expected) = expectation.verdict {
        let met = verdict.name() == expected.name();
        expect.push(ExpectReport { kind: ExpectKind::Verdict, value: expected.to_string(), met });
    }
    // An expected violation leaves FAIL as the verdict; what was missing beside it still counts.
    let complete = !vacuous || expectation.verdict == Some(ExpectedVerdict::Inconclusive);
    let held = unexpected.is_empty() && complete && expect.iter().all(|expect| expect.met);
    RunVerdict { verdict, expect, unexpected, held }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tally::Moment;

    fn row(invariant: Invariant, required: bool, premise: bool, violated: bool) -> CheckReport {
        let mut tally = Tally::default();
        tally.evaluate(premise);
        if violated {
            tally.violate(Moment::default(), || "broken".into());
        }
        CheckReport::new(invariant, required, &tally, None)
    }

    fn judged(rows: &[CheckReport], expectation: &Expectation) -> (Verdict, bool) {
        let goals = goal_reports(&Goals::default(), expectation);
        let run = judge(rows, &goals, expectation, Shortfall::default());
        (run.verdict, run.held)
    }

    const HOLDS: fn() -> CheckReport = || row(Invariant::Progress, true, true, false);

    #[test]
    fn a_pass_needs_every_required_premise() {
        let none = Expectation::default();
        assert_eq!(judged(&[HOLDS()], &none), (Verdict::Pass, true));
        let empty = row(Invariant::BackupId, true, false, false);
        assert_eq!(judged(&[HOLDS(), empty.clone()], &none), (Verdict::Inconclusive, false));
        let optional = CheckReport { required: false, ..empty };
        assert_eq!(optional.verdict, Verdict::Inconclusive);
        assert_eq!(judged(&[HOLDS(), optional], &none), (Verdict::Pass, true));
    }

    #[test]
    fn an_expected_violation_fails_as_expected_and_must_occur() {
        let broken = row(Invariant::UniqueIplId, true, true, true);
        let expectation = Expectation { stated: true, violates: vec![Invariant::UniqueIplId], ..Default::default() };
        assert_eq!(judged(&[HOLDS(), broken.clone()], &expectation), (Verdict::Fail, true));
        assert_eq!(judged(&[HOLDS()], &expectation), (Verdict::Pass, false));
        assert_eq!(judged(&[HOLDS(), broken], &Expectation::default()), (Verdict::Fail, false));
    }

    #[test]
    fn an_unmet_goal_and_a_fault_that_found_no_anchor_are_inconclusive() {
        let expectation = Expectation { goals: vec!["cow-during-dump".into()], ..Default::default() };
        assert_eq!(judged(&[HOLDS()], &expectation), (Verdict::Inconclusive, false));
        let mut goals = Goals::default();
        goals.hit(Goal::CowDuringDump);
        let reports = goal_reports(&goals, &expectation);
        assert!(judge(&[HOLDS()], &reports, &expectation, Shortfall::default()).held);
        let missed = Shortfall { only_fault_missed: true, ..Default::default() };
        let run = judge(&[HOLDS()], &reports, &expectation, missed);
        assert_eq!((run.verdict, run.held), (Verdict::Inconclusive, false));
    }

    #[test]
    fn an_expected_verdict_is_compared() {
        let empty = row(Invariant::BackupId, true, false, false);
        let verdict = Some(ExpectedVerdict::Inconclusive);
        let expectation = Expectation { verdict, ..Default::default() };
        assert_eq!(judged(&[empty], &expectation), (Verdict::Inconclusive, true));
        assert_eq!(judged(&[HOLDS()], &expectation), (Verdict::Pass, false));
    }

    #[test]
    fn an_evaluation_that_could_go_either_way_is_inconclusive_unless_another_failed() {
        let mut tally = Tally { evaluated: 5, premise_true: 5, undecided: 1, ..Tally::default() };
        let report = |tally: &Tally| CheckReport::new(Invariant::NoLostAckedWrite, true, tally, None).verdict;
        assert_eq!(report(&tally), Verdict::Inconclusive);
        tally.violate(Moment::default(), || "lost".into());
        assert_eq!(report(&tally), Verdict::Fail);
    }
}
