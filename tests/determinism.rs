//! A run is a function of its scenario and seed: again, elsewhere, through a fork, with faults that find nothing, with a
//! volume that nobody uses, and whichever way the checks look at it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use support::{Step, Watched, digest, events, execute, facts, faults, plan, root, scenario_files, set, shipped, stem};
use tiersim::campaign::{Happening, Trial, judge};
use tiersim::check::Looking;
use tiersim::host::WorkloadFact;
use tiersim::kernel::Time;
use tiersim::manager::ManagerFact;
use tiersim::scenario::{Overrides, Plan};
use tiersim::vocab::{Device, Invariant};
use tiersim::world::Fact;

/// Scenarios that between them run backup, crash, power loss, tape errors and restore, also with two host images.
const VARIED: [&str; 6] = [
    "safe-backup",
    "failed-source-returns",
    "host-crash-during-restore",
    "controller-crash-nvs-lost",
    "tape-write-error-permanent",
    "copy-mode",
];

#[test]
fn the_same_run_twice_in_one_process() {
    for name in VARIED {
        let plan = plan(&shipped(name), &Overrides::default());
        let (one, other) = (execute(&plan), execute(&plan));
        assert_eq!(one.fingerprint, other.fingerprint, "{name}");
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "{name}");
    }
}

/// Another seed is another run: a fingerprint that never changes proves nothing.
#[test]
fn another_seed_is_another_run() {
    let fingerprint = |seed| {
        let overrides = Overrides { seed: Some(seed), ..Overrides::default() };
        execute(&plan(&shipped("healthy"), &overrides)).fingerprint
    };
    let found: std::collections::BTreeSet<u64> = (1..=8).map(fingerprint).collect();
    assert_eq!(found.len(), 8);
}

/// Every file below `folder` with its bytes; of the manifest all but the group `environment`.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).expect("the file can be read");
            if path.ends_with("manifest.json") {
                let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).expect("a manifest is JSON");
                let environment = manifest.as_object_mut().and_then(|manifest| manifest.remove("environment"));
                assert!(environment.is_some_and(|group| group["cwd"].is_string()), "the manifest tells where it ran");
                bytes = serde_json::to_vec(&manifest).expect("it is JSON");
            }
            found.push((path.strip_prefix(folder).expect("it lies below").to_owned(), bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn two_processes_in_two_folders_write_the_same_bytes() {
    for name in ["safe-backup", "same-id-wrong-reply", "trace-replay"] {
        let run = |scenario: &Path, folder: &Path| {
            let mut command = Command::cargo_bin("tiersim").expect("the program is built");
            command.current_dir(folder).args(["run", "--samples", "csv", "--out", "result", "--quiet"]).arg(scenario);
            let output = command.output().expect("the program starts");
            assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            (output.stdout, files(&folder.join("result")))
        };
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let deep = there.path().join("a/b c");
        fs::create_dir_all(&deep).unwrap();
        // Once by an absolute path, once by a relative one to a copy with everything it names.
        let file = format!("{name}.toml");
        fs::create_dir(there.path().join("a/traces")).unwrap();
        let shipped = root().join("scenarios");
        for part in [file.as_str(), "traces/small.vscsi"] {
            fs::copy(shipped.join(part), there.path().join("a").join(part)).unwrap();
        }
        let one = run(&shipped.join(&file), here.path());
        let other = run(&Path::new("..").join(&file), &deep);
        assert!(one.1.len() >= 5, "{:?}", one.1.iter().map(|(path, _)| path).collect::<Vec<_>>());
        assert_eq!(one, other, "{name}");
        let here = here.path().to_string_lossy().into_owned();
        for (path, bytes) in &one.1 {
            assert!(!String::from_utf8_lossy(bytes).contains(&here), "{} names its folder", path.display());
        }
    }
}

/// Numbers from 0 to `most` in a fixed order: Knuth's MMIX generator, upper bits.
fn drawn(most: u64) -> impl Iterator<Item = u64> {
    let mut state: u64 = 0x5DEE_CE66_D1CE_4E5B;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % (most + 1)
    })
}

/// Forks at `count` random boundaries; each fork runs to its end before the run itself goes on.
fn check_forks(name: &str, plan: &Plan, count: usize) {
    let mut straight = Watched::new(plan, Looking::OnChange);
    let mut history: Vec<Step> = Vec::new();
    let expected = straight.finish(|step| history.push(step));
    let mut boundaries: Vec<u64> = drawn(expected.events).take(count).collect();
    // The first boundary, the last, and one at every injection: there a fork is easiest to get wrong.
    let struck = straight.trial.faults.all().iter().filter_map(|fault| match fault.state {
        tiersim::campaign::faults::FaultState::Acted { boundary, .. } => Some(boundary),
        _ => None,
    });
    boundaries.extend(struck.chain([0, expected.events]));
    boundaries.sort_unstable();
    boundaries.dedup();
    let mut run = Watched::new(plan, Looking::OnChange);
    for boundary in boundaries {
        while run.trial.run.steps < boundary {
            run.advance().expect("the run is as long as before");
        }
        let mut fork = run.clone();
        let mut next = boundary as usize;
        let found = fork.finish(|step| {
            assert_eq!(step, history[next], "{name}: fork at {boundary}, event {}", next + 1);
            next += 1;
        });
        assert_eq!(next, history.len(), "{name}: fork at {boundary}");
        assert_eq!(found, expected, "{name}: fork at {boundary}");
    }
    // All those forks have left no trace in the run they came from.
    assert_eq!(run.finish(|_| ()), expected, "{name}");
}

#[test]
fn a_fork_goes_on_as_the_run_does() {
    check_forks("healthy", &plan(&shipped("healthy"), &Overrides::default()), 100);
    check_forks("safe-backup", &plan(&shipped("safe-backup"), &Overrides::default()), 100);
    check_forks("host-crash-during-restore", &plan(&shipped("host-crash-during-restore"), &Overrides::default()), 100);
}

/// An anchor in front of an event, and rates, keep more state than one behind it.
#[test]
fn a_fork_takes_its_faults_along() {
    let armed =
        faults(&["controller-crash@before:tape-eof-hardened#1", "source-update(track=7)@after:dump-track-read#40"]);
    check_forks("healthy with faults", &plan(&shipped("healthy"), &armed), 40);
    let rates = set(&["rates.host_outage=1 min", "until=1 h"]);
    check_forks("source-update-label with rates", &plan(&shipped("source-update-label"), &rates), 40);
}

/// The events of a run up to the first difference to another, or all of them.
fn same_events(name: &str, one: &[Step], other: &[Step]) {
    for (number, (step, other)) in one.iter().zip(other).enumerate() {
        assert_eq!(step, other, "{name}: event {}", number + 1);
    }
}

#[test]
fn a_fault_that_finds_nothing_changes_nothing() {
    for name in ["healthy", "safe-backup", "source-update-label"] {
        let (without, trial) = events(&plan(&shipped(name), &Overrides::default()));
        for anchor in ["1 s", "event:0", "event:17", "before:stimulus-accepted#1", "after:hidden-id-read#1"] {
            // No dump has been written yet: there is no tape that could be spoiled.
            let option = format!("tape-read-error(block=first)@{anchor}");
            let (with, struck) = events(&plan(&shipped(name), &faults(&[&option])));
            let acted = struck.faults.all().iter().filter(|fault| {
                matches!(fault.state, tiersim::campaign::faults::FaultState::Acted { effect: false, .. })
            });
            assert_eq!(acted.count(), 1, "{name}, {option}: it acted and had no effect");
            assert_eq!(with.len(), without.len(), "{name}, {option}");
            same_events(&format!("{name}, {option}"), &without, &with);
            assert_eq!((trial.run.now(), trial.run.ties), (struck.run.now(), struck.run.ties), "{name}, {option}");
            assert_ne!(trial.run.fingerprint.value(), struck.run.fingerprint.value(), "but it is part of the history");
        }
    }
}

#[test]
fn a_run_with_a_fault_is_the_run_without_it_up_to_the_fault() {
    let (without, _) = events(&plan(&shipped("healthy"), &Overrides::default()));
    let kinds = [
        "host-crash",
        "controller-crash(nvs=lost)",
        "power-loss(duration=60s)",
        "source-update(track=7)",
        "tape-write-error(block=next)",
    ];
    // Behind its work a run ends; one that waits for a fault goes on.
    let work = without.iter().position(|step| step.event.is_none()).expect("the end of the work cancels an arrival");
    for boundary in drawn(work as u64).take(40) {
        for kind in kinds {
            let option = format!("{kind}@event:{boundary}");
            let mut trial = Trial::new(&plan(&shipped("healthy"), &faults(&[&option]))).unwrap();
            let mut number = 0;
            loop {
                match support::advance(&mut trial).expect("the fault acts before the end") {
                    (Happening::Fault { .. }, _) => break,
                    (Happening::Event, step) => {
                        assert_eq!(step.as_ref(), without.get(number), "{option}: event {number}")
                    }
                }
                number += 1;
            }
            assert_eq!((number as u64, trial.run.steps), (boundary, boundary), "{option}");
        }
    }
}

fn text_of(name: &str) -> String {
    fs::read_to_string(root().join(format!("scenarios/{name}.toml"))).expect("a scenario is text")
}

const IDLE: &str = "\n[[volume]]\nid = \"IDLE01\"\ndevice = \"0F00\"\ncylinders = 20\n";

/// The facts of a scenario with one volume more, but those about that volume.
fn facts_beside(text: &str, idle: &str) -> Vec<(Time, Fact)> {
    let plan = support::plan_of(&format!("{text}{idle}"));
    let last = Device(plan.dasd.volumes.len() as u16 - 1);
    assert_eq!(plan.dasd.volumes[usize::from(last.0)].id.to_string(), "IDLE01");
    let facts = facts(&plan).into_iter();
    facts.filter(|(_, fact)| fact.place().0 != Some(last)).collect()
}

#[test]
fn a_volume_that_nobody_uses_changes_nothing() {
    for name in
        ["healthy", "closed-loop", "source-update-label", "tape-write-error-permanent", "copy-mode", "many-volumes"]
    {
        let (mut expected, mut others) = (facts(&support::plan_of(&text_of(name))), facts_beside(&text_of(name), IDLE));
        // The guard of a restore reads the label of every device, one after the other, and that takes its time.
        let restore =
            |(_, fact): &(Time, Fact)| matches!(fact, Fact::Manager(_, ManagerFact::GenerationSelected { .. }));
        for facts in [&mut expected, &mut others] {
            let ends = facts.iter().position(restore).map_or(facts.len(), |at| at + 1);
            facts.truncate(ends);
        }
        assert!(expected.len() > 400, "{name}");
        let differs = expected.iter().zip(&others).position(|(one, other)| one != other);
        assert_eq!(differs.map(|at| (at, expected[at], others[at])), None, "{name}");
        assert_eq!(others.len(), expected.len(), "{name}");
    }
}

/// A volume in front of the others moves them to other device numbers and other cylinders of the disks, so answers take
/// another time. What is drawn does not: when requests arrive, what they are, how long a vary takes.
#[test]
fn a_volume_in_front_of_the_others_moves_no_draw() {
    for name in ["healthy", "many-volumes", "same-id-crash-before-offline"] {
        let drawn = |text: &str| {
            let mut requested = Time::ZERO;
            let facts = facts(&support::plan_of(text)).into_iter();
            let drawn = facts.filter_map(|(time, fact)| match fact {
                Fact::Workload(workload, fact @ WorkloadFact::Issued { .. }) => {
                    Some(format!("{time:?} {workload:?} {fact:?}"))
                }
                Fact::Manager(
                    _,
                    ManagerFact::VaryOfflineRequested { .. } | ManagerFact::VaryOnlineRequested { .. },
                ) => {
                    requested = time;
                    None
                }
                Fact::Manager(_, ManagerFact::VaryOfflineDone { .. } | ManagerFact::VaryOnlineDone { .. }) => {
                    Some(format!("vary {:?}", time - requested))
                }
                _ => None,
            });
            drawn.collect::<Vec<String>>()
        };
        let text = text_of(name);
        let (head, tail) = text.split_at(text.find("[[volume]]").expect("there are volumes"));
        let (expected, found) = (drawn(&text), drawn(&format!("{head}{}{tail}", IDLE.replace("0F00", "0001"))));
        let common = expected.len().min(found.len());
        assert!(common > 400 && expected.len() - common < 200, "{name}: {} {}", expected.len(), found.len());
        assert_eq!(expected[..common], found[..common], "{name}");
    }
}

/// An IPL and a restore read the label of the idle volume, which takes its time: instants may differ behind them, what comes
/// out may not.
#[test]
fn a_volume_that_nobody_uses_survives_a_crash_unnoticed() {
    for name in ["healthy", "safe-backup", "host-crash-during-dump", "controller-crash-nvs-lost"] {
        let outcome = |text: &str| {
            let plan = support::plan_of(text);
            let outcome = execute(&plan);
            let violated: Vec<_> =
                outcome.checks.iter().map(|check| (check.invariant, check.verdict, check.required)).collect();
            let ends: Vec<_> =
                outcome.measured.backups.iter().map(|backup| (backup.outcome, backup.course.steps.len())).collect();
            (judge(&outcome, &plan.faults, &plan.expect).held, violated, ends)
        };
        assert_eq!(outcome(&text_of(name)), outcome(&format!("{}{IDLE}", text_of(name))), "{name}");
    }
}

/// The real system promises no order between components at one instant, so no verdict may hang on it.
#[test]
fn no_verdict_depends_on_the_order_of_simultaneous_events() {
    let mut orders = Vec::new();
    for path in scenario_files() {
        let name = stem(&path);
        let mut fingerprints = std::collections::BTreeSet::new();
        for seed in 1..=6 {
            let overrides = Overrides { shuffle_ties: Some(seed), ..Overrides::default() };
            let plan = plan(&shipped(&name), &overrides);
            let outcome = execute(&plan);
            let judgement = judge(&outcome, &plan.faults, &plan.expect);
            assert!(judgement.held, "{name} --shuffle-ties {seed}: {:?}", judgement.reasons);
            fingerprints.insert(outcome.fingerprint);
        }
        orders.push(fingerprints.len());
    }
    let shuffled = orders.iter().filter(|&&orders| orders > 1).count();
    assert!(shuffled * 2 > orders.len(), "most scenarios have events whose order the option changes: {orders:?}");
}

/// Predicates that are looked at only when a fact says so give the answers of those looked at after every event.
#[test]
fn looking_on_change_misses_nothing() {
    for (name, changes) in [
        ("healthy", &[][..]),
        ("same-id-crash-before-offline", &[]),
        ("same-id-wrong-reply", &[]),
        ("label-commit-after-establish", &[]),
        ("controller-crash-nvs-lost", &[]),
        ("copy-mode", &[]),
        ("host-crash-during-restore", &[]),
        ("restore-original-device", &[]),
    ] {
        let plan = plan(&shipped(name), &set(changes));
        let report = |looking| {
            let mut run = Watched::new(&plan, looking);
            run.finish(|_| ());
            run.checks.report()
        };
        let (incremental, mut thorough) = (report(Looking::OnChange), report(Looking::Always));
        for (one, other) in incremental.iter().zip(&mut thorough) {
            // This row counts the times that it was looked at.
            if one.invariant == Invariant::HiddenIdSound {
                (other.evaluated, other.premise_true) = (one.evaluated, one.premise_true);
            }
            assert_eq!(one, other, "{name}");
        }
    }
}

/// The digest that the forks are compared by sees a single changed field.
#[test]
fn the_digest_of_a_state_sees_every_field() {
    let plan = plan(&shipped("source-update-label"), &Overrides::default());
    let trial = Trial::new(&plan).unwrap();
    let before = digest(&trial.run.model);
    assert_eq!(before, digest(&trial.run.model.clone()));
    let mut other = trial;
    other.run.step().expect("something is pending");
    assert_ne!(before, digest(&other.run.model));
}
