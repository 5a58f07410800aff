//! Many runs at once: every scenario under every method and architecture that it answers for.
//!
//! Runs know nothing of each other, and results stand in the order of the cases: they are the same on any number of
//! threads.

use rayon::prelude::*;

use super::judge::judge;
use super::one;
use super::outcome::{Flow, RunOutcome, Verdict, Watch};
use crate::controller::dasd::Architecture;
use crate::manager::plan::MethodName;
use crate::scenario::{Diagnostics, Loaded, Overrides, Plan, Source, load};
use crate::vocab::Invariant;

/// One run that is to be made.
#[derive(Clone, Debug)]
pub struct Case {
    pub scenario: String,
    /// The options `--set` that make it out of the scenario.
    pub set: Vec<String>,
    pub hazards: Vec<String>,
    /// Nothing when the scenario has no backup: then it answers for none.
    pub method: Option<MethodName>,
    pub architecture: Architecture,
    pub plan: Plan,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Finding {
    pub case: Case,
    pub verdict: Verdict,
    /// As the scenario says.
    pub held: bool,
    pub violated: Vec<Invariant>,
    pub unexpected: Vec<Invariant>,
    /// Why the verdict is what it is.
    pub reasons: Vec<String>,
    pub outcome: RunOutcome,
}

/// All answers of one scenario.
///
/// # Errors
/// What is wrong with it, as it stands or under one of its answers.
pub fn cases_of(source: &Source) -> Result<Vec<Case>, Diagnostics> {
    let own = load(source, &Overrides::default())?;
    let answers = own.answers.clone();
    let mut own = Some(own);
    let mut cases = Vec::new();
    for answer in answers {
        let overrides = Overrides { set: answer.set.clone(), ..Overrides::default() };
        // The first answer is the scenario as it is.
        let Loaded { plan, hazards, .. } = match own.take() {
            Some(own) => own,
            None => load(source, &overrides)?,
        };
        let (method, architecture) = (answer.method, answer.architecture);
        cases.push(Case { scenario: plan.name.clone(), set: answer.set, hazards, method, architecture, plan });
    }
    Ok(cases)
}

/// Makes all runs, on so many threads at a time; `done` is told of each that has ended, from any of them.
pub fn run(cases: Vec<Case>, threads: usize, done: impl Fn() + Sync) -> Vec<Finding> {
    let threads = threads.min(cases.len()).max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("the system gives threads");
    let one = |case: Case| {
        let finding = finding(case);
        done();
        finding
    };
    // The order of the cases is kept, whoever is first.
    pool.install(|| cases.into_par_iter().map(one).collect())
}

fn finding(case: Case) -> Finding {
    let mut progress = |_| Flow::Continue;
    let outcome =
        one::execute(&case.plan, Watch::new(&mut progress)).expect("a checked scenario is a system that can be built");
    let judgement = judge(&outcome, &case.plan.faults, &case.plan.expect);
    let failed = outcome.checks.iter().filter(|check| check.verdict == Verdict::Fail);
    Finding {
        verdict: judgement.verdict,
        held: judgement.held,
        violated: failed.map(|check| check.invariant).collect(),
        unexpected: judgement.unexpected,
        reasons: judgement.reasons,
        case,
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::examples::Example;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_are_the_same_on_any_number_of_threads() {
        let names = ["same-id-crash-before-offline", "source-update-label"];
        let cases = || -> Vec<Case> {
            let sources = names.map(|name| Example::find(name).expect("it is shipped").source());
            sources.iter().flat_map(|source| cases_of(source).expect("it is valid")).collect()
        };
        let seen = |threads| {
            let count = AtomicUsize::new(0);
            let found = run(cases(), threads, || {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.load(Ordering::Relaxed), found.len());
            let told =
                found.iter().map(|it| (it.case.scenario.clone(), it.case.method, it.outcome.fingerprint, it.held));
            told.collect::<Vec<_>>()
        };
        let alone = seen(1);
        assert_eq!(seen(3), alone);
        assert!(alone.len() >= 3 && alone.iter().all(|(.., held)| *held), "{alone:?}");
        assert_eq!(alone[0].1, Some(MethodName::SameIdOffline));
        assert_eq!(alone[1].1, Some(MethodName::SafeBackup), "the entry of the other method follows");
    }
}
