//! The verdict of a run, why it is that, and whether it is what the scenario expects.

use std::collections::BTreeSet;

use super::outcome::{CheckReport, EndReason, Overrun, RunOutcome, TraceReplay, Verdict};
use crate::fault::plan::FaultPlan;
use crate::names;
use crate::scenario::plan::{Expectation, ExpectedVerdict};
use crate::vocab::Invariant;

names! {
    pub enum ExpectationKind {
        Violates = "violates",
        Goal = "goal",
        Verdict = "verdict",
    }
}

/// One line of `[expect]`, and whether it came true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    pub kind: ExpectationKind,
    pub value: String,
    pub met: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    /// At least one sentence each.
    pub reasons: Vec<String>,
    pub expectations: Vec<Met>,
    /// Invariants that were violated although no expectation names them.
    pub unexpected: Vec<Invariant>,
    /// The run came out as its scenario says; a scenario without `[expect]` says PASS.
    pub held: bool,
}

/// Judges a run of a scenario with these `faults` (without rates) and this `[expect]`.
pub fn judge(outcome: &RunOutcome, faults: &[FaultPlan], expect: &Expectation) -> Judgement {
    let violated: Vec<&CheckReport> = outcome.checks.iter().filter(|check| check.verdict == Verdict::Fail).collect();
    let doubts = doubts(outcome, faults);
    let (verdict, reasons) = if !violated.is_empty() {
        (Verdict::Fail, violated.iter().map(|check| violation(check)).collect())
    } else if !doubts.is_empty() {
        (Verdict::Inconclusive, doubts.clone())
    } else {
        (Verdict::Pass, vec![praise(&outcome.checks)])
    };
    let named: BTreeSet<Invariant> = expect.violates.iter().copied().collect();
    let unexpected: Vec<Invariant> =
        violated.iter().map(|check| check.invariant).filter(|invariant| !named.contains(invariant)).collect();
    let expectations = expectations(outcome, verdict, expect);
    // An expected violation leaves FAIL as the verdict; what was missing beside it still counts.
    let complete = doubts.is_empty() || expect.verdict == Some(ExpectedVerdict::Inconclusive);
    let held = unexpected.is_empty() && complete && expectations.iter().all(|expectation| expectation.met);
    Judgement { verdict, reasons, expectations, unexpected, held }
}

fn violation(check: &CheckReport) -> String {
    match &check.first {
        Some(first) => format!("{} is violated: {}", check.invariant, first.detail),
        None => format!("{} is violated", check.invariant),
    }
}

fn praise(checks: &[CheckReport]) -> String {
    let held = checks.iter().filter(|check| check.verdict == Verdict::Pass).count();
    let idle: Vec<&str> =
        checks.iter().filter(|check| check.verdict != Verdict::Pass).map(|check| check.invariant.name()).collect();
    match idle[..] {
        [] => format!("all {held} invariants were put to the test and held"),
        _ => format!("{held} invariants were put to the test and held; without an occasion: {}", idle.join(", ")),
    }
}

/// Why a run without a violation may prove nothing.
fn doubts(outcome: &RunOutcome, faults: &[FaultPlan]) -> Vec<String> {
    let mut doubts = Vec::new();
    if outcome.end_reason == EndReason::Interrupted {
        doubts.push("the run was interrupted".to_owned());
    }
    if let Some(Overrun { workload, outstanding }) = outcome.overrun {
        let when = outcome.end_time;
        doubts.push(format!(
            "requests come faster than they are answered: {outstanding} of workload {workload} are outstanding at {when}"
        ));
    }
    for TraceReplay { workload, course } in outcome.replays.iter().filter(|replay| replay.course.is_overloaded()) {
        doubts.push(format!(
            "the trace of workload {workload} comes faster than it is answered: {} of {} requests were unfinished when the \
             last was issued, {} half way",
            course.backlog.last, course.counts.issued, course.backlog.half
        ));
    }
    for check in outcome.checks.iter().filter(|check| check.required && check.verdict == Verdict::Inconclusive) {
        doubts.push(match check.undecided {
            0 => format!("{} is required and was never put to the test", check.invariant),
            undecided => format!(
                "{} is required and could not be decided in {undecided} of {} cases: too many writes to one track had no answer \
                 at once",
                check.invariant, check.premise_true
            ),
        });
    }
    for goal in outcome.goals.iter().filter(|goal| goal.required && goal.hits == 0) {
        doubts.push(format!("the goal {} is required and was never reached", goal.name));
    }
    if let ([only], Some(measure)) = (faults, outcome.measured.faults.first())
        && measure.acted == 0
    {
        doubts.push(format!("the only fault, {}, found no moment to act", only.fault.kind()));
    }
    doubts
}

fn expectations(outcome: &RunOutcome, verdict: Verdict, expect: &Expectation) -> Vec<Met> {
    let mut list = Vec::new();
    for &invariant in &expect.violates {
        let met = outcome.checks.iter().any(|it| it.invariant == invariant && it.verdict == Verdict::Fail);
        list.push(Met { kind: ExpectationKind::Violates, value: invariant.name().to_owned(), met });
    }
    for name in &expect.goals {
        let met = outcome.goals.iter().any(|goal| goal.name == *name && goal.hits > 0);
        list.push(Met { kind: ExpectationKind::Goal, value: name.clone(), met });
    }
    if let Some(wanted) = expect.verdict {
        let met = verdict == verdict_of(wanted);
        list.push(Met { kind: ExpectationKind::Verdict, value: wanted.name().to_owned(), met });
    }
    list
}

fn verdict_of(expected: ExpectedVerdict) -> Verdict {
    match expected {
        ExpectedVerdict::Pass => Verdict::Pass,
        ExpectedVerdict::Fail => Verdict::Fail,
        ExpectedVerdict::Inconclusive => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::outcome::{GoalReport, Violation};
    use crate::fault::plan::{Anchor, Fault};
    use crate::host::{Backlog, Counts, Replay, Replayed};
    use crate::kernel::{Span, Time};
    use crate::measure::{Measures, Remainder};

    /// A run in which these invariants fail, these are never tested, and all others hold.
    fn outcome(failed: &[Invariant], idle: &[Invariant], required: &[Invariant]) -> RunOutcome {
        let check = |&invariant: &Invariant| {
            let verdict = match invariant {
                _ if failed.contains(&invariant) => Verdict::Fail,
                _ if idle.contains(&invariant) => Verdict::Inconclusive,
                _ => Verdict::Pass,
            };
            let first = (verdict == Verdict::Fail).then(|| Violation {
                boundary: 5,
                time: Time::from_ns(7),
                detail: "two of one name".into(),
            });
            CheckReport {
                invariant,
                required: required.contains(&invariant),
                verdict,
                evaluated: 1,
                premise_true: u64::from(verdict != Verdict::Inconclusive),
                violations: u64::from(verdict == Verdict::Fail),
                undecided: 0,
                first,
                exposure: None,
            }
        };
        RunOutcome {
            end_reason: EndReason::Quiescent,
            overrun: None,
            end_time: Time::from_ns(100),
            events: 10,
            ties: 0,
            fingerprint: 1,
            checkpoints: Default::default(),
            checks: Invariant::ALL.iter().map(check).collect(),
            goals: vec![GoalReport { name: "cow-during-dump".into(), required: false, hits: 0 }],
            measured: Measures::new(&[], &[], 1).finish(Time::from_ns(100), Remainder::default()),
            components: Vec::new(),
            array: None,
            replays: Vec::new(),
        }
    }

    const UNIQUE: Invariant = Invariant::UniqueOnlineId;
    const COW: Invariant = Invariant::CowOrder;

    fn expecting(violates: &[Invariant], verdict: Option<ExpectedVerdict>) -> Expectation {
        Expectation { stated: true, violates: violates.to_vec(), verdict, ..Expectation::default() }
    }

    #[test]
    fn verdicts_and_what_was_expected() {
        let (pass, fail, open) = (Verdict::Pass, Verdict::Fail, Verdict::Inconclusive);
        let inconclusive = Some(ExpectedVerdict::Inconclusive);
        for (run, expect, verdict, as_expected) in [
            (outcome(&[], &[], &[]), expecting(&[], None), pass, true),
            (outcome(&[], &[COW], &[UNIQUE]), expecting(&[], None), pass, true),
            (outcome(&[], &[COW], &[COW]), expecting(&[], None), open, false),
            (outcome(&[], &[COW], &[COW]), expecting(&[], inconclusive), open, true),
            (outcome(&[UNIQUE], &[], &[]), expecting(&[], None), fail, false),
            (outcome(&[UNIQUE], &[], &[]), expecting(&[UNIQUE], None), fail, true),
            (outcome(&[UNIQUE, COW], &[], &[]), expecting(&[UNIQUE], None), fail, false),
            (outcome(&[], &[], &[]), expecting(&[UNIQUE], None), pass, false),
            (outcome(&[UNIQUE], &[COW], &[COW]), expecting(&[UNIQUE], None), fail, false),
            (outcome(&[UNIQUE], &[COW], &[COW]), expecting(&[UNIQUE], inconclusive), fail, false),
        ] {
            let judgement = judge(&run, &[], &expect);
            assert_eq!((judgement.verdict, judgement.held), (verdict, as_expected), "{judgement:?}");
            assert!(!judgement.reasons.is_empty());
        }
    }

    #[test]
    fn a_violation_that_nobody_named_is_listed() {
        let judgement = judge(&outcome(&[UNIQUE, COW], &[], &[]), &[], &expecting(&[UNIQUE], None));
        assert_eq!(judgement.unexpected, [COW]);
        assert_eq!(judgement.reasons[0], "unique-online-id is violated: two of one name");
    }

    #[test]
    fn a_run_whose_only_fault_never_acted_proves_nothing() {
        let fault = Fault::PowerLoss { duration: Span::from_secs(1) };
        let plan = FaultPlan { fault, anchor: Anchor::At(Time::ZERO), silence: false };
        let mut run = outcome(&[], &[], &[]);
        let judgement = judge(&run, &[plan], &Expectation::default());
        assert_eq!(judgement.verdict, Verdict::Inconclusive);
        assert_eq!(judgement.reasons, ["the only fault, power-loss, found no moment to act"]);
        assert_eq!(
            judge(&run, &[plan, plan], &Expectation::default()).verdict,
            Verdict::Pass,
            "it is not the only one"
        );
        run.measured.faults[0].acted = 1;
        assert_eq!(judge(&run, &[plan], &Expectation::default()).verdict, Verdict::Pass);
    }

    #[test]
    fn a_required_goal_must_be_reached() {
        let mut run = outcome(&[], &[], &[]);
        run.goals[0].required = true;
        let expect = Expectation { stated: true, goals: vec!["cow-during-dump".into()], ..Expectation::default() };
        let judgement = judge(&run, &[], &expect);
        assert_eq!((judgement.verdict, judgement.held), (Verdict::Inconclusive, false));
        run.goals[0].hits = 3;
        assert!(judge(&run, &[], &expect).held);
    }

    #[test]
    fn an_overloaded_replay_is_inconclusive() {
        let open = Replay::Open { scale_numerator: 1, scale_denominator: 1 };
        let judged = |replay: Replay, issued: u64, half: u64, last: u64| {
            let mut run = outcome(&[], &[], &[]);
            let counts = Counts { issued, completed: issued, failed: 0 };
            let course = Replayed { replay, recorded: issued, counts, backlog: Backlog { half, last } };
            run.replays.push(TraceReplay { workload: 2, course });
            judge(&run, &[], &Expectation::default())
        };
        let overloaded = judged(open, 1_000, 6, 11);
        assert_eq!(overloaded.verdict, Verdict::Inconclusive);
        assert_eq!(judged(open, 1_000, 30, 11).verdict, Verdict::Inconclusive, "a backlog that shrinks is one");
        assert!(overloaded.reasons[0].contains("workload 2") && overloaded.reasons[0].contains("11 of 1000"));
        for (replay, issued, half, last) in [
            (open, 1_000, 6, 9),
            (open, 1_100, 6, 11),
            (open, 100, 0, 9),
            (Replay::Closed { depth: 64 }, 1_000, 30, 63),
        ] {
            assert_eq!(judged(replay, issued, half, last).verdict, Verdict::Pass, "{replay:?} {issued} {half} {last}");
        }
    }

    #[test]
    fn a_run_that_was_outrun_says_by_whom() {
        let mut run = outcome(&[], &[], &[]);
        (run.end_reason, run.overrun) = (EndReason::Overrun, Some(Overrun { workload: 3, outstanding: 100_000 }));
        let judgement = judge(&run, &[], &Expectation::default());
        assert_eq!(judgement.verdict, Verdict::Inconclusive);
        let reason = "requests come faster than they are answered: 100000 of workload 3 are outstanding at 0.0000001 s";
        assert_eq!(judgement.reasons, [reason]);
    }

    #[test]
    fn an_interrupted_run_is_inconclusive() {
        let mut run = outcome(&[], &[], &[]);
        run.end_reason = EndReason::Interrupted;
        assert_eq!(judge(&run, &[], &Expectation::default()).verdict, Verdict::Inconclusive);
    }
}
