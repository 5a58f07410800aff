//! How fast is the full system, what does a fork of an exploration cost, and how much memory does a long run take?
//!
//! `cargo bench --bench system [-- --quick]`

mod support;

use std::hint::black_box;
use std::process::{Command, ExitCode};

use support::bare::{self, MEAN_WAIT, THROUGHPUT};
use support::{Bound, Done, Group, Options, Report, memory};
use tiersim::campaign::explore::{AfterFault, Points, Strike, Study, explore};
use tiersim::campaign::mutants::STANDING;
use tiersim::campaign::one::{execute, observe};
use tiersim::campaign::outcome::{Flow, RunOutcome, Watch};
use tiersim::campaign::trial::Trial;
use tiersim::check::{Checks, Seen, Setup};
use tiersim::fault::plan::{Anchor, FaultPlan};
use tiersim::measure::Requests;
use tiersim::scenario::examples::Example;
use tiersim::scenario::{Overrides, Paint, Plan, Source, load};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if std::env::args().nth(1).as_deref() == Some(LONG_RUN) {
        let requests = arguments.nth(1).and_then(|number| number.parse().ok());
        return long_run(requests.expect("the bench gives its child a number"));
    }
    let options = match Options::from(arguments) {
        Ok(options) => options,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    let mut report = Report::new("full system", &options);
    speed(&options, &mut report);
    exploration(&options, &mut report);
    memory(&options, &mut report);
    report.finish()
}

// ---- speed --------------------------------------------------------------------------------------------------------

/// A system under a load of so many requests, and the name of the load.
struct Load {
    name: &'static str,
    text: &'static str,
    requests: u64,
}

/// Everything lies in the cache: 16 clients without think time use 100 hot tracks.
const HITS: &str = r#"
title = "hits"

[[volume]]
id = "PROD01"
device = "0A00"

[[workload]]
volume = "PROD01"
kind = "closed"
clients = 16
think = "1 ms"
hot_requests = "100 %"
hot_tracks = "0.2 %"
"#;

/// Nearly nothing lies in the cache, which holds 1 track in 43: 32 clients use two volumes evenly.
const MISSES: &str = r#"
title = "misses"

[[volume]]
id = "PROD01"
device = "0A00"

[[volume]]
id = "PROD02"
device = "0A10"

[[workload]]
volumes = ["PROD01", "PROD02"]
kind = "closed"
clients = 32
think = "5 ms"

[controller]
cache = "128 MiB"
"#;

/// Open and closed load with hot spots on two volumes while one of them is saved to tape.
const BACKUP: &str = r#"
title = "backup under load"

[[volume]]
id = "PROD01"
device = "0A00"

[[volume]]
id = "PROD02"
device = "0A10"

[[volume]]
id = "SPARE1"
device = "0A20"

[[workload]]
volume = "PROD01"
rate = "60 /s"
hot_requests = "80 %"
hot_tracks = "10 %"

[[workload]]
volumes = ["PROD01", "PROD02"]
kind = "closed"
clients = 8
think = "120 ms"
hot_requests = "80 %"
hot_tracks = "10 %"

[[backup]]
at = "30 s"
method = "safe-backup"
source = "PROD01"
target = "0A20"

[controller]
cache = "1 GiB"
"#;

const LOADS: [Load; 3] = [
    Load { name: "hits", text: HITS, requests: 400_000 },
    Load { name: "misses", text: MISSES, requests: 200_000 },
    Load { name: "backup under load", text: BACKUP, requests: 240_000 },
];

/// Host instructions of one request over those of a second, in microseconds: what the processor spends on each (profile
/// `ess-f20-3590`: 10,000 at 150 MIPS).
const PROCESSOR_US: f64 = 10_000.0 / 150.0;

const BARE_CLOSED: &str = "closed network, bare loop";
const BARE_MM1: &str = "M/M/1, bare loop";

fn speed(options: &Options, report: &mut Report) {
    for load in &LOADS {
        compare(load, options, report);
    }
}

fn compare(load: &Load, options: &Options, report: &mut Report) {
    let plan = plan(load.text, options.amount(load.requests));
    let checked = checked_run(&plan);
    let requests = checked.measured.requests;
    let mut group = Group::new(format!("{}: {} requests", load.name, requests.issued), "event", "us/request or X, Wq");
    let events = options.amount(4_000_000);
    group.add(BARE_CLOSED, THROUGHPUT, || bare::closed(events));
    group.add(BARE_MM1, MEAN_WAIT, || bare::mm1(options.amount(4_000_000)));
    group.add("the system alone", PROCESSOR_US, || alone(&plan, &checked));
    group.add("with checks and measures", PROCESSOR_US, || watched(&plan, &checked));
    let figures = group.run(options.rounds(), report);
    let per_request = checked.events as f64 / requests.issued as f64;
    println!(
        "  {} events, {per_request:.2} per host request; {:.2} million events/s alone, {:.2} checked and measured",
        checked.events,
        1e3 / figures.median("the system alone"),
        1e3 / figures.median("with checks and measures")
    );
    if !requests.add_up() || requests.outstanding > 0 {
        report.fail(format!("{}: requests do not add up: {requests:?}", load.name));
    }
    for (name, bound) in [("the system alone", Bound::AtLeast(0.25)), ("with checks and measures", Bound::None)] {
        report.ratio(&format!("{name}, share of the bare closed network"), figures.share(name, BARE_CLOSED), bound);
        report.ratio(&format!("{name}, share of the bare M/M/1"), figures.share(name, BARE_MM1), Bound::None);
    }
    let watching = figures.ratio("with checks and measures", "the system alone");
    report.ratio("with checks and measures / alone", watching, Bound::AtMost(1.15));
}

/// The plan of a text whose first workload, and every other, issues its part of the requests.
fn plan(text: &str, requests: u64) -> Plan {
    let workloads = text.matches("[[workload]]").count();
    let set = (0..workloads).map(|number| format!("workload[{number}].limit={}", requests / workloads as u64));
    let overrides = Overrides { set: set.collect(), ..Overrides::default() };
    let source = Source::Embedded { name: "bench.toml".into(), text: text.into(), files: &[] };
    load(&source, &overrides)
        .unwrap_or_else(|problems| panic!("the scenario of a bench is valid:\n{}", problems.render(Paint::Plain)))
        .plan
}

fn checked_run(plan: &Plan) -> RunOutcome {
    let mut progress = |_| Flow::Continue;
    execute(plan, Watch::new(&mut progress)).expect("a checked plan can be built")
}

/// The run without observers: the events of the system and nothing else.
fn alone(plan: &Plan, reference: &RunOutcome) -> Done {
    let mut trial = Trial::new(plan).expect("a checked plan can be built");
    black_box(trial.finish(|_, _| {}));
    assert_eq!(trial.run.fingerprint.value(), reference.fingerprint, "observers change nothing");
    let processor = trial.run.model.manager().cpu_usage(trial.run.now());
    let requests = reference.measured.requests.issued;
    Done { operations: trial.run.steps, check: processor.busy.ns() as f64 / 1e3 / requests as f64 }
}

/// The run as the command line makes it.
fn watched(plan: &Plan, reference: &RunOutcome) -> Done {
    let outcome = black_box(checked_run(plan));
    assert_eq!(outcome.fingerprint, reference.fingerprint, "the same plan gives the same run");
    let processor = outcome.components.iter().find(|component| component.name == "host.cpu");
    let busy = processor.expect("a host has a processor").usage.busy;
    Done { operations: outcome.events, check: busy.ns() as f64 / 1e3 / outcome.measured.requests.issued as f64 }
}

// ---- exploration --------------------------------------------------------------------------------------------------

/// The forks of an exploration beside runs of their own with the same crashes at the same boundaries.
fn exploration(options: &Options, report: &mut Report) {
    let source = Example::find(STANDING).expect("it is shipped").source();
    let overrides = Overrides::default();
    let plan = load(&source, &overrides).expect("a shipped scenario is valid").plan;
    let strike = |name: &&str| Strike::of(&source, &overrides, name).expect("the scenario has a place for it");
    let strikes: Vec<Strike> = ["power-loss", "host-crash"].iter().map(strike).collect();
    let study = Study {
        plan: plan.clone(),
        strikes: strikes.clone(),
        depth: 1,
        points: Points::Event,
        after_fault: AfterFault::Stop,
        reduce: false,
        budget: None,
        threads: 1,
    };
    let mut group = Group::new("exploration without reduction, one thread", "event", "violations");
    let every = if options.quick { 8 } else { 2 };
    let boundaries = explore(&study, |_| ()).expect("a checked plan can be built").boundaries.len() as u64;
    group.add("crashes in runs of their own", 1.0, || {
        let crashes = (0..boundaries).step_by(every).flat_map(|at| strikes.iter().map(move |strike| (at, strike)));
        let events = crashes.map(|(at, strike)| crashed(&plan, at, strike)).sum();
        Done { operations: events, check: 1.0 }
    });
    group.add("crashes in forks", 1.0, || {
        let found = explore(&study, |_| ()).expect("a checked plan can be built");
        let violated = found.branches.iter().filter(|branch| !branch.findings.is_empty()).count();
        Done { operations: found.events + found.boundaries.len() as u64, check: 1.0 + violated as f64 }
    });
    let figures = group.run(options.rounds(), report);
    let cost = figures.ratio("crashes in forks", "crashes in runs of their own");
    report.ratio("an event of a fork / of a run", cost, Bound::AtMost(1.25));
}

/// Events of a run that is struck at a boundary, with the checks beside it.
fn crashed(plan: &Plan, at: u64, strike: &Strike) -> u64 {
    let mut plan = plan.clone();
    plan.faults.push(FaultPlan { fault: strike.fault, anchor: Anchor::Boundary(at), silence: true });
    let mut trial = Trial::new(&plan).expect("a checked plan can be built");
    let mut checks = Checks::new(Setup::of(&plan, |device| u64::from(device.0)));
    trial.finish(|trial, happening| observe(&mut checks, trial, happening));
    checks.end(&Seen { world: &trial.run.model, now: trial.run.now(), quiet: true }, trial.run.steps);
    black_box(checks.report());
    trial.run.steps
}

// ---- memory -------------------------------------------------------------------------------------------------------

/// The bench runs itself with this option, so that the memory of the other benches does not count.
const LONG_RUN: &str = "--long-run";
/// The bound on a run of [`LONG`] requests, in MiB.
const MOST_MIB: f64 = 256.0;
const LONG: u64 = 10_000_000;

/// Hits, misses and destages on two volumes, by 64 clients.
const LONG_LOAD: &str = r#"
title = "a long run"

[[volume]]
id = "PROD01"
device = "0A00"

[[volume]]
id = "PROD02"
device = "0A10"

[[workload]]
volumes = ["PROD01", "PROD02"]
kind = "closed"
clients = 64
think = "20 ms"
hot_requests = "80 %"
hot_tracks = "5 %"

[controller]
cache = "1 GiB"
"#;

fn memory(options: &Options, report: &mut Report) {
    let long = if options.quick { LONG / 10 } else { LONG };
    println!("\nmemory, each run in a process of its own, checks and measures included");
    let peaks: Vec<f64> = [long / 10, long].into_iter().filter_map(|requests| peak_of(requests, report)).collect();
    if let [short, long] = peaks[..] {
        let at_most = |bound| if cfg!(target_os = "linux") { Bound::AtMost(bound) } else { Bound::None };
        let exact = |value| support::Figure { median: value, least: value, most: value };
        report.ratio("peak / 256 MiB", exact(long / MOST_MIB), at_most(1.0));
        report.ratio("peak after ten times the requests / before", exact(long / short), at_most(1.05));
    }
}

/// Peak resident memory in MiB of a run of `requests`.
fn peak_of(requests: u64, report: &mut Report) -> Option<f64> {
    let program = std::env::current_exe().expect("a running program has a path");
    let started = report.clock().now();
    let output = Command::new(program).args([LONG_RUN, &requests.to_string()]).output().expect("a program runs itself");
    let _ = started;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    if !output.status.success() {
        report.fail(format!("the run of {requests} requests ended with {}: {}", output.status, text.trim()));
        return None;
    }
    let peak = text.split_whitespace().skip_while(|&word| word != "peak").nth(1)?;
    peak.parse().ok()
}

/// In the child: one run, its conservation and its peak.
fn long_run(requests: u64) -> ExitCode {
    let outcome = checked_run(&plan(LONG_LOAD, requests));
    let Requests { issued, completed, failed, outstanding } = outcome.measured.requests;
    let hits: u64 = outcome.measured.volumes.iter().map(|volume| volume.traffic.read_hits).sum();
    let reads: u64 = outcome.measured.volumes.iter().map(|volume| volume.traffic.reads).sum();
    let peak = memory::peak_kib().map_or(f64::NAN, |kib| kib as f64 / 1024.0);
    println!(
        "  {issued} issued = {completed} completed + {failed} failed + {outstanding} outstanding; {} events; \
         {:.0} % of the reads hit; peak {peak:.1} MiB",
        outcome.events,
        hits as f64 / reads as f64 * 100.0
    );
    let whole = outcome.measured.requests.add_up() && issued == requests && completed == requests;
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
