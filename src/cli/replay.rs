//! `tiersim replay`: a run once more, to any event, with the state of the system there, beside its record.

use std::fs;
use std::io::{self, BufRead, IsTerminal};

use super::args::ReplayArgs;
use super::case::{self, Case, RecordedRun};
use super::console::Console;
use super::exit::Exit;
use super::run::exit_of;
use crate::campaign::replay::{Passed, Recorded, Replay, Verified, verify};
use crate::campaign::{Flow, RunOutcome, Watch, judge, one};
use crate::report::directory::RESOLVED;
use crate::report::manifest::Output as RecordedFile;
use crate::report::replay::{PassedRow, SCHEMA, StateRow, Summary, VerifiedRow, ViolationRow, render};
use crate::report::{Subject, checkpoints, digest, json, minimal};
use crate::scenario::Plan;
use crate::vocab::{DeviceNumber, Invariant};

/// Events of a divergence that are shown at most.
const MOST_SHOWN: u64 = 100;

/// Replays a run and tells of it.
pub fn run(args: &ReplayArgs, console: &mut Console) -> Exit {
    let case = match case::open(args.scenario.as_deref(), &args.changes, console.paint()) {
        Ok(case) => case,
        Err(rejected) => return rejected.tell(console),
    };
    if args.step && console.json() {
        console.error("error: --step prints event by event and cannot give one JSON document");
        return Exit::Usage;
    }
    if args.verify && !Case::options(&args.changes).is_empty() {
        console.error("error: --verify compares with the run that is recorded; leave out what changes its scenario");
        return Exit::Usage;
    }
    let plan = &case.loaded.plan;
    let recorded = match args.verify.then(|| recorded(&case)).transpose() {
        Ok(recorded) => recorded,
        Err(problem) => {
            console.error(&format!("error: {problem}"));
            return Exit::Usage;
        }
    };
    let built = "a checked scenario is a system that can be built";
    let outcome = one::execute(plan, Watch::new(&mut |_| Flow::Continue)).expect(built);
    let verified = recorded.map(|recorded| verify(plan, &recorded).expect(built));
    if let (Some(Verified::Same { .. }), Some(run)) = (verified, &case.run)
        && let Some(name) = altered(run).next()
    {
        let path = run.path.display();
        console.error(&format!("error: the record in {path} cannot be used: {name} is not as the run wrote it"));
        return Exit::Usage;
    }
    let exit = exit(plan, &outcome, verified);
    let at = place(args, &outcome, plan, verified);
    if let Some(to) = args.to.filter(|to| *to > outcome.events) {
        console.note(&format!("the run has {} events: there is no event {to}, and this is the end", outcome.events));
    }
    let mut replay = Replay::new(plan).expect(built);
    if args.step {
        step(&mut replay, plan, at, args.around, console);
        if let Some(verified) = verified {
            console.note(&VerifiedRow::of(verified).sentence());
        }
        return exit;
    }
    let summary = summary(&mut replay, plan, &outcome, at, args.around, verified);
    match console.json() {
        true => console.result(&json::document(&summary)),
        false => console.result(render(&summary, console.style()).as_bytes()),
    }
    exit
}

/// As a run of the scenario ends; a divergence goes before that.
fn exit(plan: &Plan, outcome: &RunOutcome, verified: Option<Verified>) -> Exit {
    let judgement = judge(outcome, &plan.faults, &plan.expect);
    let devices: Vec<DeviceNumber> = plan.dasd.volumes.iter().map(|volume| volume.device).collect();
    let images: Vec<String> = plan.images.iter().map(|image| image.name.clone()).collect();
    let subject = Subject {
        scenario: &plan.name,
        title: &plan.title,
        run_id: "",
        seed: plan.seed,
        devices: &devices,
        images: &images,
        faults: &plan.faults,
        rates: &plan.rates,
    };
    let of_run = exit_of(outcome, &judgement, &crate::report::Summary::new(&subject, outcome, &judgement));
    match verified {
        Some(Verified::Diverged(_)) => of_run.and(Exit::Nondeterminism),
        Some(Verified::Same { .. }) | None => of_run,
    }
}

/// The event that is looked at: what was asked for, the divergence, the first violation that was not expected, the first of
/// all, or the end.
fn place(args: &ReplayArgs, outcome: &RunOutcome, plan: &Plan, verified: Option<Verified>) -> u64 {
    let diverged = match verified {
        Some(Verified::Diverged(divergence)) => Some(divergence.first),
        Some(Verified::Same { .. }) | None => None,
    };
    let mut violations: Vec<(bool, u64)> = outcome
        .checks
        .iter()
        .filter_map(|check| Some((plan.expect.violates.contains(&check.invariant), check.first.as_ref()?.boundary)))
        .collect();
    violations.sort_unstable();
    let violation = violations.first().map(|(_, event)| *event);
    args.to.or(diverged).or(violation).unwrap_or(outcome.events).min(outcome.events)
}

fn summary(
    replay: &mut Replay<'_>,
    plan: &Plan,
    outcome: &RunOutcome,
    at: u64,
    around: u64,
    verified: Option<Verified>,
) -> Summary {
    let mut last = at.saturating_add(around);
    if let Some(Verified::Diverged(divergence)) = verified {
        last = last.max(divergence.last.min(divergence.first.saturating_add(MOST_SHOWN)));
    }
    replay.pass_to(at.saturating_sub(around).saturating_sub(1));
    let (mut passed, mut state) = (Vec::new(), None);
    if replay.events() >= at {
        state = Some(replay.state());
    }
    while replay.events() < last {
        let Some(next) = replay.advance() else { break };
        if matches!(&next, Passed::Event(event) if event.number == at) {
            state = Some(replay.state());
        }
        passed.push(PassedRow::of(&next));
    }
    let state = state.unwrap_or_else(|| replay.state());
    let violations = outcome.checks.iter().filter_map(|check| {
        let first = check.first.as_ref()?;
        Some(ViolationRow {
            invariant: check.invariant.name().to_owned(),
            event: first.boundary,
            time_ns: first.time.ns(),
            detail: first.detail.clone(),
        })
    });
    let judgement = judge(outcome, &plan.faults, &plan.expect);
    Summary {
        schema: SCHEMA,
        model_version: crate::MODEL_VERSION,
        scenario: plan.name.clone(),
        seed: plan.seed,
        events: outcome.events,
        fingerprint: format!("{:016x}", outcome.fingerprint),
        verdict: judgement.verdict.name(),
        violations: violations.collect(),
        at,
        passed,
        state: StateRow::of(&state, plan),
        verified: verified.map(VerifiedRow::of),
    }
}

/// One boundary for each line of stdin: an empty line goes on, a number goes on to that event, `s` shows the state, `v` goes to
/// the next violation, `q` ends.
fn step(replay: &mut Replay<'_>, plan: &Plan, at: u64, around: u64, console: &mut Console) {
    let width = console.style().width;
    let stdin = io::stdin();
    if stdin.is_terminal() {
        console.note("Enter: next; a number: to that event; v: to the next violation; s: state; q: end");
    }
    replay.pass_to(at.saturating_sub(around).saturating_sub(1));
    for line in stdin.lock().lines() {
        let Ok(line) = line else { break };
        let over = match line.trim() {
            "" => !pass(replay, width, console),
            "s" => {
                console.result(StateRow::of(&replay.state(), plan).text().as_bytes());
                false
            }
            "v" => to_violation(replay, width, console),
            "q" => break,
            text => match text.parse::<u64>() {
                Ok(event) if event > replay.events() => {
                    replay.pass_to(event - 1);
                    !pass(replay, width, console)
                }
                Ok(event) => {
                    console.note(&format!("event {event} lies behind; a replay goes forward only"));
                    false
                }
                Err(_) => {
                    console.note("expected nothing, the number of an event, v, s or q");
                    false
                }
            },
        };
        if over {
            console.note("the run is over");
            break;
        }
    }
}

/// Goes on by one boundary and shows it; false at the end.
fn pass(replay: &mut Replay<'_>, width: usize, console: &mut Console) -> bool {
    let Some(passed) = replay.advance() else { return false };
    console.result(PassedRow::of(&passed).text(false, width).as_bytes());
    true
}

/// Goes on to where something is violated for the first time, and shows it. True when there is no such place.
fn to_violation(replay: &mut Replay<'_>, width: usize, console: &mut Console) -> bool {
    while let Some(passed) = replay.advance() {
        let violated: &[Invariant] = match &passed {
            Passed::Event(event) => &event.violated,
            Passed::Fault { violated, .. } => violated,
        };
        if !violated.is_empty() {
            console.result(PassedRow::of(&passed).text(false, width).as_bytes());
            return false;
        }
    }
    true
}

/// The files that a replay is compared with and that are not those of the manifest any more. A report may be made again.
fn altered(run: &RecordedRun) -> impl Iterator<Item = &str> {
    let is_compared = |output: &&RecordedFile| !output.name.starts_with("charts/") && !output.name.ends_with(".html");
    let is_as_written =
        |name: &str, sha256: &str| fs::read(run.path.join(name)).is_ok_and(|bytes| digest::sha256(&bytes) == sha256);
    let outputs = run.manifest.outputs.iter().filter(is_compared);
    let outputs = outputs.filter(move |output| !is_as_written(&output.name, &output.sha256));
    let resolved = (!is_as_written(RESOLVED, &run.manifest.resolved_sha256)).then_some(RESOLVED);
    resolved.into_iter().chain(outputs.map(|output| &output.name[..]))
}

/// The record of a run directory or of a small scenario.
fn recorded(case: &Case) -> Result<Recorded, String> {
    let Some(run) = &case.run else {
        let text = String::from_utf8_lossy(&case.loaded.text);
        let (fingerprint, model_version) = minimal::recorded(&text)
            .ok_or("nothing is recorded: --verify needs the directory of a run, or a file that `shrink` made")?;
        of_this_version(model_version)?;
        return Ok(Recorded { checkpoints: Vec::new(), fingerprint });
    };
    if run.manifest.command != "run" {
        return Err(format!("{} holds no run: there is nothing to verify", run.path.display()));
    }
    of_this_version(run.manifest.model_version)?;
    let wrong = |reason: String| format!("the record in {} cannot be used: {reason}", run.path.display());
    let mut altered: Vec<&str> = altered(run).collect();
    // Checkpoints that say something else are a divergence, and shown as such.
    altered.retain(|&name| name != checkpoints::NAME || !run.path.join(name).exists());
    if !altered.is_empty() {
        return Err(wrong(format!("missing, or not as the run wrote it: {}", altered.join(", "))));
    }
    let fingerprint = u64::from_str_radix(&run.manifest.fingerprint, 16);
    let fingerprint = fingerprint.map_err(|_| wrong("its fingerprint is no number".to_owned()))?;
    let text = fs::read_to_string(run.path.join(checkpoints::NAME));
    let text = text.map_err(|error| wrong(format!("{}: {error}", checkpoints::NAME)))?;
    let checkpoints = checkpoints::read(&text).map_err(|error| wrong(format!("{}, {error}", checkpoints::NAME)))?;
    Ok(Recorded { checkpoints, fingerprint })
}

fn of_this_version(recorded: u32) -> Result<(), String> {
    match recorded == crate::MODEL_VERSION {
        true => Ok(()),
        false => Err(format!(
            "it was recorded with version {recorded} of the model, and this program has {}: their numbers differ",
            crate::MODEL_VERSION
        )),
    }
}
