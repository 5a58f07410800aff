//! What `tiersim explain` says of a method and of its steps: who acts, what happens, what a failure leads to.

use super::page::Page;
use crate::manager::method::{self, Line, OnFailure};
use crate::manager::plan::MethodName;
use crate::scenario::hazards::stories::{self, Story};
use crate::scenario::hazards::{self, Exposure};
use crate::scenario::library::Library;
use crate::vocab::{EventName, StepName};

pub fn page(found: MethodName, library: &Library) -> Page {
    let Story { about, actions } = stories::of(found.name());
    let steps = method::table(found).iter().map(|line: &Line| {
        let Step { actor, about, events } = step(line.step);
        let events: Vec<&str> = events.iter().map(|event| event.name()).collect();
        let events = if events.is_empty() { String::new() } else { format!(" Events: {}.", events.join(", ")) };
        format!("{} ({actor}): {about}{events} A failure: {}.", line.step, failure(line.on_failure))
    });
    let count = |wanted: Exposure| {
        let found = hazards::all().filter(|hazard| hazard.exposure_of(found) == wanted).map(|hazard| hazard.id);
        let ids: Vec<&str> = found.collect();
        format!("{} {}: {}", wanted.symbol(), wanted, if ids.is_empty() { "none".to_owned() } else { ids.join(", ") })
    };
    let answers = library.scenarios.iter().flat_map(|scenario| {
        let own = scenario.runs.iter().filter(|run| run.method == Some(found));
        own.map(|run| run.command(scenario.example.name))
    });
    Page::new(found.name(), "a method", about)
        .list("Steps", steps.collect())
        .say("Operator actions (assumed)", actions)
        .list("Hazards", Exposure::ALL.iter().map(|&exposure| count(exposure)).collect())
        .list("Shipped scenarios that answer for it", answers.collect())
}

pub fn step_page(found: StepName) -> Page {
    let of = |method: &&MethodName| method::table(**method).iter().any(|line| line.step == found);
    let methods: Vec<&str> = MethodName::ALL.iter().filter(of).map(|method| method.name()).collect();
    let restores = method::RESTORE.iter().any(|line| line.step == found);
    let whose = match found {
        StepName::DeleteTarget => "every backup that deletes its target".to_owned(),
        _ if restores => "every restore".to_owned(),
        _ if methods.is_empty() => "no method that this version runs".to_owned(),
        _ => methods.join(", "),
    };
    let Step { actor, about, events } = step(found);
    let rules = MethodName::ALL.iter().flat_map(|&it| method::table(it)).chain(method::RESTORE);
    let rule = rules.chain([&method::DELETION]).find(|line| line.step == found);
    Page::new(found.name(), "a step", about)
        .say("Who acts", actor)
        .say("Part of", whose)
        .list("Events, in order", events.iter().map(|event| event.name().to_owned()).collect())
        .say("A failure", rule.map_or(String::new(), |line| failure(line.on_failure).to_owned()))
        .say("As an anchor of a fault", format!("when = {{ before = \"{found}\" }}"))
}

fn failure(rule: OnFailure) -> &'static str {
    match rule {
        OnFailure::Retry => "is tried again `host.step_retries` times, then the job stops",
        OnFailure::Undo => "undoes what earlier steps did, and the job ends",
        OnFailure::Stop => "ends the job; what earlier steps did stands and is held",
        OnFailure::DumpRule => "is tried again `dump_retries` times, then `on_dump_failure` decides",
    }
}

/// What a step is.
struct Step {
    actor: &'static str,
    about: &'static str,
    events: &'static [EventName],
}

const MANAGER: &str = "storage manager";
const OPERATOR: &str = "operator";
const CONTROLLER: &str = "storage manager and DASD controller";

fn step(step: StepName) -> Step {
    use EventName::*;
    let (actor, about, events): (_, _, &[EventName]) = match step {
        StepName::AcceptStimulus => {
            (MANAGER, "A request for a backup gets a number and an entry in the journal (502).", &[StimulusAccepted])
        }
        StepName::QuiesceApplication => (
            "storage manager and application",
            "New writes are held and the rest ends: this is T0.",
            &[ApplicationQuiesced],
        ),
        StepName::DumpSource => {
            (MANAGER, "The source itself is dumped.", &[DumpHeaderSent, DumpTrackRead, TapeMarkWritten])
        }
        StepName::ResumeApplication => (MANAGER, "The application may write again.", &[ApplicationResumed]),
        StepName::OperatorEstablish => (
            OPERATOR,
            "The instant copy is typed, with the option that withholds the ID.",
            &[
                OperatorStep,
                SourceLongBusyStarted,
                PointInTimeSet,
                RelationshipCommitted,
                TargetLabelWritten,
                EstablishAcknowledged,
            ],
        ),
        StepName::OperatorDump => (
            OPERATOR,
            "The dump of the copy is typed; its tape bears the copy's ID.",
            &[OperatorStep, DumpHeaderSent, TapeMarkWritten],
        ),
        StepName::OperatorWithdraw => {
            (OPERATOR, "The end of the copy is typed.", &[WithdrawRequested, RelationshipWithdrawn])
        }
        StepName::EstablishWithVolid => (
            CONTROLLER,
            "The source is busy for a moment, what was accepted drains, T0 is set; the copy has the source's label.",
            &[SourceLongBusyStarted, PointInTimeSet, RelationshipCommitted, EstablishAcknowledged],
        ),
        StepName::VaryTargetOffline => {
            ("storage manager or operator", "The copy is varied offline.", &[VaryOfflineRequested, VaryOfflineDone])
        }
        StepName::DumpTarget => (MANAGER, "The copy is dumped.", &[DumpHeaderSent, DumpTrackRead, TapeMarkWritten]),
        StepName::EstablishWithheld => (
            CONTROLLER,
            "The source is busy for a moment, what was accepted drains, T0 is set; the copy gets its own label and hides \
             the source's ID (504).",
            &[
                SourceLongBusyStarted,
                PointInTimeSet,
                RelationshipCommitted,
                HiddenIdWritten,
                TargetLabelWritten,
                EstablishAcknowledged,
            ],
        ),
        StepName::DumpWithReintroduction => (
            MANAGER,
            "The copy is dumped; on the way to the tape the hidden ID takes its place again (506).",
            &[HiddenIdRead, DumpHeaderSent, DumpTrackRead, TapeMarkWritten],
        ),
        StepName::HardenTrailer => ("tape", "Trailer and marks are on the tape itself.", &[TapeEofHardened]),
        StepName::UpdateInventory => (MANAGER, "The inventory says that the backup is complete.", &[InventoryUpdated]),
        StepName::Withdraw => (
            CONTROLLER,
            "Reads of the copy end, the relationship ends, a hidden ID is blanked (508).",
            &[WithdrawRequested, RelationshipWithdrawn, HiddenIdCleared],
        ),
        StepName::RelabelTarget => {
            ("operator or storage manager", "The target gets its own label again.", &[TargetLabelWritten])
        }
        StepName::End => (MANAGER, "The journal is closed (510).", &[JobEnded]),
        StepName::DeleteTarget => (CONTROLLER, "The bindings of the copy are removed.", &[TargetDeleted]),
        StepName::RelabelBackupImage => (OPERATOR, "The ID in the backup itself is changed.", &[BackupImageRelabelled]),
        StepName::MountAndRestore => (
            MANAGER,
            "Generation, guards, mount, tracks, label.",
            &[
                GenerationSelected,
                RestoreGuardPassed,
                TapeMounted,
                RestoreTrackWritten,
                RestoreLabelWritten,
                RestoreComplete,
            ],
        ),
        StepName::RelabelRestored => {
            (OPERATOR, "The restored volume gets the source's ID.", &[OperatorStep, RestoredLabelWritten])
        }
        StepName::VaryRestoredOnline => {
            ("storage manager or operator", "The restored volume comes online.", &[VaryOnlineRequested, VaryOnlineDone])
        }
        StepName::ReadVtoc => (
            MANAGER,
            "Under `extent_scope = \"allocated\"`: the directory of the volume says which tracks are in use; those are copied.",
            &[VtocRead],
        ),
    };
    Step { actor, about, events }
}
