//! A recorded workload of a real system, replayed whole beside a backup and a restore of the volume that it uses.
//!
//! The trace is not part of the crate. It is looked for in `../shared/traces` beside the crate, or in `traces` of the folder
//! that TIERSIM_SHARED names. Where it is missing the tests say on stderr that nothing was checked.

mod support;

use std::env;
use std::io::Write;
use std::path::PathBuf;

use support::{execute, plan_of, root};
use tiersim::campaign::{EndReason, RunOutcome, Verdict, judge};
use tiersim::kernel::{Span, Time};
use tiersim::measure::Requests;
use tiersim::scenario::Plan;
use tiersim::vocab::{Invariant, StepName, TRACK_BYTES};

/// Of the recorded workload: 46,974 reads and 66,898 writes of 7,200.09 s.
const READS: u64 = 46_974;
const WRITES: u64 = 66_898;
const REQUESTS: u64 = READS + WRITES;

/// The trace with this name, if it is there. One that was named and is missing is a mistake.
fn trace(name: &str) -> Option<PathBuf> {
    let named = env::var_os("TIERSIM_SHARED").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let file = named.clone().unwrap_or_else(|| root().join("../shared")).join("traces").join(name);
    if file.is_file() {
        return Some(file.canonicalize().expect("the file is there"));
    }
    assert_eq!(named, None, "TIERSIM_SHARED has no traces/{name}");
    // Not by `eprintln!`, which nobody sees of a test that passes.
    writeln!(std::io::stderr(), "NOTHING WAS CHECKED: there is no {}", file.display()).expect("stderr takes it");
    None
}

/// A 3390-54, a second one to copy it to and a third to restore it to, with a trace on the first.
fn scenario(trace: &std::path::Path, workload: &str, jobs: &str) -> Plan {
    let volume = |id, device| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\nmodel = \"3390-54\"\n");
    plan_of(&format!(
        "{}{}{}[[workload]]\nvolume = \"PROD01\"\nkind = \"trace\"\nfile = '{}'\naddress = \"strict\"\n{workload}\n\
         [[backup]]\nat = \"60 s\"\nmethod = \"safe-backup\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n{jobs}\n",
        volume("PROD01", "0A00"),
        volume("SPARE1", "0A10"),
        volume("SPARE2", "0A20"),
        trace.display(),
    ))
}

/// Every request of the trace was issued and is accounted for.
fn check_whole(outcome: &RunOutcome) {
    let Requests { issued, completed, failed, outstanding } = outcome.measured.requests;
    assert_eq!(issued, REQUESTS);
    assert_eq!(completed + failed + outstanding, REQUESTS, "{:?}", outcome.measured.requests);
    assert!(outcome.measured.requests.add_up() && outcome.measured.blocks.add_up());
    assert_eq!((outcome.end_reason, outstanding), (EndReason::Quiescent, 0));
}

/// Every check that had to hold was put to the test and held.
fn check_passes(plan: &Plan, outcome: &RunOutcome) {
    let judgement = judge(outcome, &plan.faults, &plan.expect);
    assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.reasons);
    assert!(judgement.held);
}

/// As [`check_passes`], but one row may be open: the trace sends so many writes to one track at once that the ledger does not
/// follow all orders in which they may have happened. Fewer than one answer in a
/// hundred is undecidable then.
fn check_passes_as_far_as_it_is_decided(outcome: &RunOutcome) {
    for row in outcome.checks.iter().filter(|row| row.required) {
        assert_eq!(row.violations, 0, "{row:?}");
        match row.invariant {
            Invariant::NoLostAckedWrite => {
                assert!(row.undecided * 100 < row.premise_true && row.premise_true > 70_000, "{row:?}")
            }
            _ => assert_eq!(row.verdict, Verdict::Pass, "{row:?}"),
        }
    }
}

fn verdict(outcome: &RunOutcome, invariant: Invariant) -> Verdict {
    outcome.checks.iter().find(|check| check.invariant == invariant).expect("there are all rows").verdict
}

/// Reads and writes that were answered, of all volumes.
fn answered(outcome: &RunOutcome) -> (u64, u64) {
    let traffic = outcome.measured.volumes.iter().map(|volume| &volume.traffic);
    traffic.fold((0, 0), |(reads, writes), traffic| (reads + traffic.reads, writes + traffic.writes))
}

/// The tape's path decides how long the dump takes, whatever the applications do meanwhile.
fn check_dump_time(outcome: &RunOutcome) {
    let steps = &outcome.measured.backups[0].course.steps;
    let dump = steps.iter().find(|step| step.step == StepName::DumpWithReintroduction).expect("there was a dump");
    let took = dump.ended.expect("it ended") - dump.started;
    let mount = Span::from_secs(29);
    let least = mount + Span::of_transfer(982_800 * TRACK_BYTES, 17_000_000);
    assert!(
        took >= least && took.ns() < least.ns() + least.ns() / 20,
        "{took} for what takes {least} at the path's rate"
    );
}

#[test]
fn the_trace_replays_whole_beside_a_backup() {
    let Some(trace) = trace("cloudPhysicsIO.vscsi") else { return };
    let plan = scenario(&trace, "replay = \"open\"", "");
    let outcome = execute(&plan);
    check_whole(&outcome);
    check_passes_as_far_as_it_is_decided(&outcome);
    assert_eq!((answered(&outcome), outcome.measured.requests.failed), ((READS, WRITES), 0));
    // In open loop the requests come when they came: the last one after 7,200.09 s.
    let end = outcome.end_time;
    let last = Time::from_ns(7_200_000_000_000);
    assert!(end >= last && end < last + Span::from_secs(300), "{end}");
    check_dump_time(&outcome);
    let hits = |name| outcome.goals.iter().find(|goal| goal.name == name).expect("the goal is known").hits;
    assert!(hits("cow-during-dump") > 1_000, "the trace writes to what is being dumped");
}

#[test]
fn the_volume_under_the_trace_is_restored_as_it_was() {
    let Some(trace) = trace("cloudPhysicsIO.vscsi") else { return };
    let plan = scenario(&trace, "replay = \"open\"", "[[restore]]\nvolume = \"PROD01\"\nto = \"0A20\"\n");
    let outcome = execute(&plan);
    check_whole(&outcome);
    check_passes(&plan, &outcome);
    assert_eq!(verdict(&outcome, Invariant::RestoreFidelity), Verdict::Pass);
    assert_eq!(verdict(&outcome, Invariant::PointInTimeFidelity), Verdict::Pass);
    assert_eq!(outcome.measured.restores[0].tracks_written, 982_800);
    // The old device leaves service for the time of the restore: what comes then fails, and is counted.
    let (reads, writes) = answered(&outcome);
    assert_eq!(reads + writes + outcome.measured.requests.failed, REQUESTS);
    assert!(outcome.measured.requests.failed > 10_000);
}

/// The same requests without their instants, as fast as they are answered.
#[test]
fn the_trace_as_text_replays_whole_in_closed_loop() {
    let Some(trace) = trace("cloudPhysicsIO.csv") else { return };
    let ends = [4, 64].map(|depth| {
        let plan = scenario(&trace, &format!("replay = \"closed\"\ndepth = {depth}"), "");
        let outcome = execute(&plan);
        check_whole(&outcome);
        check_passes_as_far_as_it_is_decided(&outcome);
        if depth == 4 {
            check_passes(&plan, &outcome);
        }
        assert_eq!((answered(&outcome), outcome.measured.requests.failed), ((READS, WRITES), 0));
        check_dump_time(&outcome);
        let end = outcome.measured.backups[0].ended.expect("the backup ended");
        (outcome.fingerprint, end, outcome.end_time)
    });
    assert_ne!(ends[0].0, ends[1].0, "the depth decides about the order of everything");
}
