//! Every shipped scenario asks a question, is judged as it expects, and comes out as it always did.
//!
//! `golden/scenarios.txt` holds the outcome of each, with its fingerprint: a change of any number in any result, and any
//! difference between platforms or build profiles, shows here. `UPDATE_GOLDEN=1 cargo test --test scenarios` refreshes
//! it. Lines that stand may change together with `MODEL_VERSION` alone; `UPDATE_GOLDEN=unreleased` changes them all the
//! same, for a model version that nobody has seen yet.

mod support;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;

use support::{execute, loaded, root, scenario_files, set, shipped, stem};
use tiersim::campaign::{Verdict, judge};
use tiersim::check::CheckReport;
use tiersim::scenario::{MODEL_VERSION, Overrides, examples};

/// All runs that are pinned: each file as it is, and under every method and architecture that its `[[expect.when]]`
/// entries answer for, with the options `--set` that make it so.
fn cases() -> Vec<(String, Vec<String>)> {
    let mut cases = Vec::new();
    for path in scenario_files() {
        let name = stem(&path);
        let answers = loaded(&shipped(&name), &Overrides::default()).answers;
        cases.extend(answers.into_iter().map(|answer| (name.clone(), answer.set)));
    }
    cases
}

fn golden_path() -> PathBuf {
    root().join("tests/golden/scenarios.txt")
}

/// What is pinned of a run. Violated invariants appear as `name*violations@first boundary`.
fn line(name: &str, changes: &[String]) -> (String, String) {
    let overrides = Overrides { set: changes.to_vec(), ..Overrides::default() };
    let plan = loaded(&shipped(name), &overrides).plan;
    let outcome = execute(&plan);
    let judgement = judge(&outcome, &plan.faults, &plan.expect);
    let key = [name].into_iter().chain(changes.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    assert!(judgement.held, "{key}: {:?}, {:?}", judgement.reasons, judgement.expectations);
    assert!(outcome.measured.requests.add_up() && outcome.measured.blocks.add_up(), "{key}: {:?}", outcome.measured);
    let violated = outcome.checks.iter().filter(|check| check.verdict == Verdict::Fail).map(|check: &CheckReport| {
        let first = check.first.as_ref().expect("a violated invariant has a first violation");
        format!("{}*{}@{}", check.invariant, check.violations, first.boundary)
    });
    let violated: Vec<String> = violated.collect();
    let violated = if violated.is_empty() { "-".to_owned() } else { violated.join(",") };
    let (verdict, end) = (judgement.verdict, outcome.end_reason);
    let (events, ties, time) = (outcome.events, outcome.ties, outcome.end_time.ns());
    (key, format!("{verdict} {violated} {end} events={events} ties={ties} ns={time} {:016x}", outcome.fingerprint))
}

/// The pinned lines by their case, and the model version they belong to.
fn golden(text: &str) -> (Option<u32>, BTreeMap<String, String>) {
    let mut version = None;
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        match (line.strip_prefix("model_version "), line.split_once(": ")) {
            (Some(number), _) => version = number.parse().ok(),
            (None, Some((key, outcome))) => {
                assert_eq!(lines.insert(key.to_owned(), outcome.to_owned()), None, "{key} stands twice");
            }
            (None, None) => panic!("no line of the golden file: {line}"),
        }
    }
    (version, lines)
}

#[test]
fn every_scenario_holds_and_comes_out_as_it_did() {
    let found: BTreeMap<String, String> = cases().iter().map(|(name, changes)| line(name, changes)).collect();
    let (version, pinned) = golden(&fs::read_to_string(golden_path()).unwrap_or_default());
    let changed: Vec<&String> = pinned
        .iter()
        .filter(|&(key, outcome)| found.get(key).is_some_and(|now| now != outcome))
        .map(|(key, _)| key)
        .collect();
    let mode = env::var("UPDATE_GOLDEN").unwrap_or_default();
    if mode.is_empty() {
        assert_eq!(version, Some(MODEL_VERSION), "the golden file belongs to another model version");
        for (key, outcome) in &found {
            assert_eq!(
                pinned.get(key),
                Some(outcome),
                "{key} comes out differently; a change of results needs a new MODEL_VERSION and a line in CHANGELOG.md"
            );
        }
        let gone: Vec<&String> = pinned.keys().filter(|key| !found.contains_key(*key)).collect();
        assert!(gone.is_empty(), "pinned, but no scenario any more: {gone:?}");
        return;
    }
    let may_change = mode == "unreleased" || version != Some(MODEL_VERSION);
    assert!(may_change || changed.is_empty(), "{changed:?} come out differently under model version {MODEL_VERSION}");
    let lines = found.iter().map(|(key, outcome)| format!("{key}: {outcome}\n"));
    fs::write(golden_path(), format!("model_version {MODEL_VERSION}\n{}", lines.collect::<String>()))
        .expect("the golden file can be written");
}

#[test]
fn every_scenario_opens_with_a_question_and_says_what_comes_out() {
    for path in scenario_files() {
        let text = fs::read_to_string(&path).expect("a scenario is text");
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("# ") && first.ends_with('?'), "{}: {first:?} is no question", path.display());
        let found = loaded(&shipped(&stem(&path)), &Overrides::default());
        assert!(found.plan.expect.stated, "{} has no [expect]", path.display());
        assert!(found.plan.title.len() > 10, "{} has no title", path.display());
        assert!(found.warnings.list.is_empty(), "{}: {:?}", path.display(), found.warnings.list);
    }
}

#[test]
fn the_program_carries_every_scenario() {
    let mut files: Vec<String> = scenario_files().iter().map(|path| stem(path)).collect();
    let mut carried: Vec<String> = examples::ALL.iter().map(|example| example.name.to_owned()).collect();
    files.sort();
    carried.sort();
    assert_eq!(files, carried);
    for example in examples::ALL {
        let file = fs::read_to_string(root().join("scenarios").join(format!("{}.toml", example.name)));
        assert_eq!(file.expect("a scenario is text"), example.text, "{}", example.name);
    }
}

/// A scenario that is judged by the wrong expectation must not hold: else the golden test above could not fail.
#[test]
fn a_wrong_expectation_is_noticed() {
    for (name, expected) in [("healthy", "[\"unique-online-id\"]"), ("same-id-crash-before-offline", "[]")] {
        let plan = loaded(&shipped(name), &set(&[&format!("expect.violates={expected}")])).plan;
        let judgement = judge(&execute(&plan), &plan.faults, &plan.expect);
        assert!(!judgement.held, "{name} expects {expected}: {judgement:?}");
    }
}

/// The resolved form of a scenario is the same scenario: the digest of its run says so.
#[test]
fn the_resolved_scenario_runs_to_the_same_end() {
    let all = cases();
    // Of each scenario as it is, and under the last of its answers: what lies between resolves no differently.
    let next = all.iter().skip(1).map(|(name, _)| Some(name)).chain([None]);
    let ends = all.iter().zip(next).filter(|((name, set), next)| set.is_empty() || Some(name) != *next);
    for (name, changes) in ends.map(|(case, _)| case.clone()) {
        // A scenario that names other files finds them beside itself only.
        if name == "trace-replay" {
            continue;
        }
        let overrides = Overrides { set: changes, ..Overrides::default() };
        let first = loaded(&shipped(&name), &overrides);
        let again = support::plan_of(&first.resolved);
        assert_eq!(execute(&again).fingerprint, execute(&first.plan).fingerprint, "{name}");
    }
}
