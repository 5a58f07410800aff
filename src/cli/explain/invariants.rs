//! What `tiersim explain` says of an invariant beside its statement: when it is looked at, and what is read for it.

use super::page::Page;
use crate::scenario::hazards;
use crate::scenario::library::Library;
use crate::vocab::Invariant;

pub fn page(invariant: Invariant, library: &Library) -> Page {
    let (when, reads) = evaluated(invariant);
    let violating = hazards::all().filter(|hazard| hazard.violates.contains(&invariant));
    let violating = violating.map(|hazard| format!("{}: {}", hazard.id, hazard.title)).collect();
    let answers = library.scenarios.iter().flat_map(|scenario| {
        let failing = scenario.runs.iter().filter(|run| run.violates.contains(&invariant));
        failing.map(|run| run.command(scenario.example.name))
    });
    Page::new(invariant.name(), "an invariant", invariant.statement())
        .say("When it is looked at", when)
        .say("What is read for it", reads)
        .list("Hazards that break it", violating)
        .list(
            "To see where a run violates it, and to make the scenario small",
            vec!["tiersim replay FILE".to_owned(), format!("tiersim shrink FILE --violates {invariant}")],
        )
        .list("Shipped scenarios in which it is violated, as expected", answers.collect())
}

/// When, and on what.
fn evaluated(invariant: Invariant) -> (&'static str, &'static str) {
    match invariant {
        Invariant::UniqueOnlineId => {
            ("after every event; when a recovery is done", "online states, labels, relationships, bindings")
        }
        Invariant::UniqueIplId => ("after every event", "what is durable, and the online-at-IPL lists"),
        Invariant::CachedIdCoherent => ("after every event", "what hosts believe of their devices, and the labels"),
        Invariant::PointInTimeFidelity => (
            "with every track and block of a dump, when a job ends, right after a crash, when a recovery is done",
            "the dump, the cartridges, the copy as durable state resolves it, the ledger",
        ),
        Invariant::RestoreFidelity => {
            ("when a restore is complete; at the end of the run", "the restored device, the ledger")
        }
        Invariant::BackupId => {
            ("when a job ends; right after a crash; at the end of the run", "the cartridges, the inventory, the ledger")
        }
        Invariant::NoLostAckedWrite => (
            "with every host read; right after a crash; over all tracks at the end of the run",
            "every device of that name, the ledger",
        ),
        Invariant::AccessibleAfterRestore => {
            ("when a restore ends; at the end of the run", "opens by applications, the clock")
        }
        Invariant::NoOrphan => (
            "when a recovery is done; when a job ends; at the end of the run",
            "relationships, labels, fences, inventory, tapes, jobs",
        ),
        Invariant::HiddenIdSound => {
            ("with every write of a label; right after a crash; at the end of the run", "labels, jobs, the ledger")
        }
        Invariant::BindingExclusive => ("after every event; right after a crash", "bindings and the free places"),
        Invariant::RefcountExact => {
            ("after every event; right after a crash", "bindings, their counts and the free places of an array")
        }
        Invariant::CowOrder => ("after every event; right after a crash", "homes of source and copy, own bits"),
        Invariant::BackupExists => ("after every event; at the end of the run", "the inventory, the cartridges"),
        Invariant::SuccessMeansSuccess => ("when a job ends", "what all the others read"),
        Invariant::Progress => ("when a job ends; at the end of the run", "jobs and requests, the clock"),
    }
}
