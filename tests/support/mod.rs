//! What the tests of whole runs share: scenarios from files and texts, runs with their whole history.
#![allow(dead_code, reason = "every test is a program of its own and uses a part of this")]

pub mod rig;

use std::fmt::{Debug, Write};
use std::fs;
use std::path::{Path, PathBuf};

use tiersim::campaign::one;
use tiersim::campaign::{Flow, Happening, RunOutcome, Trial, Watch};
use tiersim::check::{Checks, Looking, Seen, Setup};
use tiersim::kernel::{Class, Run, Time};
use tiersim::scenario::{Loaded, Overrides, Paint, Plan, Source, load};
use tiersim::world::{Event, Fact, World};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped scenarios, sorted by name.
pub fn scenario_files() -> Vec<PathBuf> {
    let folder = root().join("scenarios");
    let entries = fs::read_dir(&folder).expect("the crate has scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// A shipped scenario by its name.
pub fn shipped(name: &str) -> Source {
    Source::Path(root().join("scenarios").join(format!("{name}.toml")))
}

pub fn stem(path: &Path) -> String {
    path.file_stem().expect("a file has a name").to_string_lossy().into_owned()
}

/// The options `--set`.
pub fn set(changes: &[&str]) -> Overrides {
    Overrides { set: changes.iter().map(|&change| change.to_owned()).collect(), ..Overrides::default() }
}

/// The options `--fault`.
pub fn faults(faults: &[&str]) -> Overrides {
    Overrides { faults: faults.iter().map(|&fault| fault.to_owned()).collect(), ..Overrides::default() }
}

#[track_caller]
pub fn loaded(source: &Source, overrides: &Overrides) -> Loaded {
    load(source, overrides).unwrap_or_else(|problems| panic!("{}", problems.render(Paint::Plain)))
}

#[track_caller]
pub fn plan(source: &Source, overrides: &Overrides) -> Plan {
    loaded(source, overrides).plan
}

/// The plan of a scenario that a test has written.
#[track_caller]
pub fn plan_of(text: &str) -> Plan {
    plan(&Source::Embedded { name: "test.toml".into(), text: text.to_owned(), files: &[] }, &Overrides::default())
}

/// Runs with all checks and measures, as the program does.
pub fn execute(plan: &Plan) -> RunOutcome {
    let mut progress = |_| Flow::Continue;
    one::execute(plan, Watch::new(&mut progress)).expect("a checked scenario can be built")
}

/// One event and what it let observers know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub time: Time,
    /// Unknown of the first event behind the end of the work: that end cancels what was about to come.
    pub event: Option<(Class, Event)>,
    pub facts: Vec<Fact>,
}

/// Delivers the next event or lets a fault act; gives back the event with what became known.
pub fn advance(trial: &mut Trial) -> Option<(Happening, Option<Step>)> {
    let (next, draining) = (trial.run.peek(), trial.is_draining());
    let happening = trial.advance()?;
    let step = (happening == Happening::Event).then(|| {
        let (time, facts) = (trial.run.now(), trial.run.model.facts().to_vec());
        let next = next.filter(|_| trial.is_draining() == draining);
        assert!(next.is_none_or(|next| next.time == time), "what was pending is what was delivered");
        Step { time, event: next.map(|next| (next.class, next.event)), facts }
    });
    Some((happening, step))
}

/// Every event of a run, and its end.
pub fn events(plan: &Plan) -> (Vec<Step>, Trial) {
    let mut trial = Trial::new(plan).expect("a checked scenario can be built");
    let mut steps = Vec::new();
    while let Some((_, step)) = advance(&mut trial) {
        steps.extend(step);
        assert!(!trial.has_stalled(), "the run goes on for ever");
    }
    (steps, trial)
}

/// The facts of a run with their instants, injections included.
pub fn facts(plan: &Plan) -> Vec<(Time, Fact)> {
    let mut all = Vec::new();
    let mut trial = Trial::new(plan).expect("a checked scenario can be built");
    trial.finish(|trial, _| all.extend(trial.run.model.facts().iter().map(|&fact| (trial.run.now(), fact))));
    all
}

/// A trial with its checks: what is cloned at a fork.
#[derive(Clone, Debug)]
pub struct Watched {
    pub trial: Trial,
    pub checks: Checks,
}

impl Watched {
    pub fn new(plan: &Plan, looking: Looking) -> Watched {
        let setup = Setup::of(plan, |device| u64::from(device.0));
        Watched {
            trial: Trial::new(plan).expect("a checked scenario can be built"),
            checks: Checks::new(setup).looking(looking),
        }
    }

    /// Goes on to the next boundary and shows it to the checks.
    pub fn advance(&mut self) -> Option<(Happening, Option<Step>)> {
        let (happening, step) = advance(&mut self.trial)?;
        let Run { model: world, steps, .. } = &self.trial.run;
        let seen = Seen { world, now: self.trial.run.now(), quiet: false };
        match happening {
            Happening::Event => self.checks.observe(&seen, *steps, world.facts()),
            Happening::Fault { index, .. } if self.trial.faults.all()[index].fault.is_crash() => {
                self.checks.crashed(&seen, *steps, world.facts())
            }
            Happening::Fault { .. } => self.checks.injected(&seen, *steps, world.facts()),
        }
        assert!(!self.trial.has_stalled(), "the run goes on for ever");
        Some((happening, step))
    }

    /// Runs to the end; every event is given to `see`.
    pub fn finish(&mut self, mut see: impl FnMut(Step)) -> Ending {
        while let Some((_, step)) = self.advance() {
            step.into_iter().for_each(&mut see);
        }
        let run = &self.trial.run;
        let seen = Seen { world: &run.model, now: run.now(), quiet: run.queue.is_empty() };
        self.checks.end(&seen, run.steps);
        Ending {
            fingerprint: run.fingerprint.value(),
            events: run.steps,
            ties: run.ties,
            time: run.now(),
            state: digest(&final_state(&run.model)),
            checks: format!("{:?}", self.checks.report()),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub fingerprint: u64,
    pub events: u64,
    pub ties: u64,
    pub time: Time,
    /// Digest of everything the system holds.
    pub state: u64,
    /// All rows, with their counts and first violations.
    pub checks: String,
}

/// All components of the system, field by field.
fn final_state(world: &World) -> impl Debug + '_ {
    (&world.dasd, &world.tape, &world.images, &world.workloads, &world.operators)
}

/// FNV-1a over the debug form: two values differ in it when any field differs.
pub fn digest(value: &impl Debug) -> u64 {
    struct Digest(u64);
    impl Write for Digest {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for byte in text.bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
            }
            Ok(())
        }
    }
    let mut digest = Digest(0xCBF2_9CE4_8422_2325);
    write!(digest, "{value:?}").expect("a digest takes everything");
    digest.0
}

/// Seconds of simulated time, for comparison with computed figures.
pub fn seconds(span: tiersim::kernel::Span) -> f64 {
    span.ns() as f64 / 1e9
}

#[track_caller]
pub fn check_near(name: &str, expected: f64, tolerance: f64, found: f64) {
    let difference = (found - expected).abs();
    assert!(difference <= tolerance, "{name}: expected {expected} +-{tolerance}, found {found}");
}
