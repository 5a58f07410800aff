//! What a backup and a restore cost under each method: hands, time and exposure, from one story told under all of them.
//!
//! The story is the shipped scenario `healthy`: once as it is, and once with a power loss as the backup ends, so that the
//! restore begins when the site is up again. Nothing else differs between the rows.

use serde::Serialize;

use super::methods;
use super::summary::Method;
use crate::campaign::matrix::{Case, Finding};
use crate::controller::dasd::Architecture;
use crate::kernel::Span;
use crate::manager::plan::MethodName;
use crate::scenario::examples::Example;
use crate::scenario::{Overrides, load};
use crate::vocab::Invariant;

/// The scenario that is told under every method.
pub const STORY: &str = "healthy";
/// What goes wrong in its second telling.
pub const FAILURE: &str = "power-loss@before:job-ended#1";

#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    pub architecture: &'static str,
    /// Nothing, or the fault as `--fault` takes it.
    pub fault: Option<&'static str>,
    pub totals: Method,
    /// How long two devices were online with one ID, and how long the next IPL would have found two.
    pub unique_online_id_ns: u64,
    pub unique_ipl_id_ns: u64,
}

/// The runs behind the table: every method on every architecture on which it can be told.
pub fn cases() -> Vec<Case> {
    let story = Example::find(STORY).expect("it is shipped");
    let mut cases = Vec::new();
    for (&method, &architecture) in
        MethodName::ALL.iter().flat_map(|method| Architecture::ALL.iter().map(move |on| (method, on)))
    {
        for fault in [None, Some(FAILURE)] {
            let set = vec![format!("backup[0].method={method}"), format!("dasd[0].architecture={architecture}")];
            let faults = fault.into_iter().map(str::to_owned).collect();
            let overrides = Overrides { set: set.clone(), faults, ..Overrides::default() };
            let Ok(loaded) = load(&story.source(), &overrides) else { continue };
            cases.push(Case {
                scenario: STORY.to_owned(),
                set,
                hazards: Vec::new(),
                method: Some(method),
                architecture,
                plan: loaded.plan,
            });
        }
    }
    cases
}

impl Cost {
    pub fn of(finding: &Finding) -> Option<Cost> {
        let measured = &finding.outcome.measured;
        let exposed = |invariant: Invariant| {
            let check = finding.outcome.checks.iter().find(|check| check.invariant == invariant);
            check.and_then(|check| check.exposure.as_ref()).map_or(Span::ZERO, |exposure| exposure.total).ns()
        };
        Some(Cost {
            architecture: finding.case.architecture.name(),
            fault: (!finding.case.plan.faults.is_empty()).then_some(FAILURE),
            totals: methods::totals(&measured.backups, &measured.restores).into_iter().next()?,
            unique_online_id_ns: exposed(Invariant::UniqueOnlineId),
            unique_ipl_id_ns: exposed(Invariant::UniqueIplId),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::matrix;
    use crate::scenario::hazards::breaks_by_design;

    /// What the matrix holds no hazard responsible for is what a run without any shows.
    #[test]
    fn a_run_in_which_nothing_goes_wrong_breaks_what_its_method_breaks_by_design() {
        let quiet = cases().into_iter().filter(|case| case.plan.faults.is_empty()).collect();
        let findings = matrix::run(quiet, 2, || ());
        assert_eq!(findings.len(), 8);
        for finding in findings {
            let method = finding.case.method.expect("the story has one backup");
            assert_eq!(finding.violated, breaks_by_design(method), "{method} on {}", finding.case.architecture);
        }
    }
}
