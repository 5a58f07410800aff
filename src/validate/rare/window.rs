//! Windows by rates against a simulation: how many backups lose an acknowledged write when the host crashes every so often.
//!
//! The one figure comes from striking a backup at every boundary ([`crate::campaign::explore`]); the other from ordinary
//! runs, each with the first crash of an exponential clock at its own instant, judged by the same checks. They share the
//! system and the checks, and neither forks, boundaries nor arithmetic. The crash comes far too often, so that it is seen;
//! the windows do not change with that. The operator answers the prompt for two volumes of one ID wrongly in both.

use rayon::prelude::*;

use super::super::{Attempt, Case, Figure, Finding, Tolerance, grouped};
use super::{LEVEL, SEED};
use crate::campaign::explore::{AfterFault, Exploration, Points, Strike, Study, explore, windows};
use crate::campaign::{Flow, Watch, one};
use crate::fault::plan::{Anchor, Fault, FaultPlan};
use crate::kernel::{Span, Stream, Time};
use crate::scenario::examples::Example;
use crate::scenario::{Overrides, Plan, load};
use crate::statistics::clopper_pearson;
use crate::statistics::rare::window::{Exposure, odds};
use crate::vocab::{Invariant, Slip};

const STORY: &str = "explore-same-id";
const INVARIANT: Invariant = Invariant::NoLostAckedWrite;
/// Mean time between crashes: often enough to be seen, and as often as it is assumed elsewhere (MODEL 5.3, A).
const OFTEN: Span = Span::from_secs(100);
const SELDOM: Span = Span::from_secs(5_000 * 3_600);
const RUNS: u64 = 1_500;
/// How far the two may lie apart, as a share.
const LIMIT: f64 = 0.15;

pub(super) fn lost_writes(threads: usize) -> Case {
    let (plan, crash) = story();
    let study = Study {
        plan,
        strikes: vec![crash],
        depth: 1,
        points: Points::Event,
        after_fault: AfterFault::Stop,
        reduce: true,
        budget: None,
        threads,
    };
    let exploration = explore(&study, |_| {}).expect("a checked scenario is a system that can be built");
    let found = windows(&exploration).into_iter().find(|window| window.invariant == INVARIANT);
    let (window, at_most) = found.map_or((Span::ZERO, Span::ZERO), |window| (window.total, window.at_most));
    let probability = |mean_time| odds(&[Exposure { window, at_most, mean_time }]).least;
    let hits = share(&study, &exploration);
    let method = format!(
        "{} ordinary runs, each with its first crash at an exponential time of mean {} s, Clopper-Pearson; {} crashed \
         within the run",
        grouped(RUNS),
        OFTEN.ns() / 1_000_000_000,
        grouped(hits.crashed)
    );
    let measure = "backups that lose a write, window by rate";
    let mut finding = Finding::new(measure, "1", probability(OFTEN), Tolerance::Interval(LIMIT));
    finding.attempts.push(Attempt {
        simulated: hits.lost as f64 / RUNS as f64,
        interval: Some(clopper_pearson(hits.lost, RUNS, LEVEL)),
        method,
        seed: Some(SEED),
        balance: None,
    });
    finding.beside.push(Figure {
        name: "the same at a crash every 5,000 h".to_owned(),
        unit: "",
        value: probability(SELDOM),
    });
    Case {
        name: "host-crash-window".to_owned(),
        parameters: format!(
            "same-id-offline, {} boundaries struck by a host crash, window {:.3} s, wrong reply to the prompt",
            grouped(exploration.struck()),
            window.ns() as f64 / 1e9
        ),
        findings: vec![finding],
    }
}

/// The shipped scenario with volumes of one cylinder, and the crash that strikes it.
fn story() -> (Plan, Strike) {
    let source = Example::find(STORY).expect("it is shipped").source();
    let set = (0..3).map(|volume| format!("volume[{volume}].cylinders=1")).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    let plan = load(&source, &overrides).map(|loaded| loaded.plan);
    let crash = Strike::of(&source, &overrides, "host-crash");
    match (plan, crash) {
        (Ok(plan), Ok(crash)) => (plan, crash),
        _ => unreachable!("shipped scenarios load, and a test sees to it"),
    }
}

struct Hits {
    crashed: u64,
    lost: u64,
}

fn share(study: &Study, exploration: &Exploration) -> Hits {
    let over = exploration.boundaries.last().map_or(Time::ZERO, |boundary| boundary.time);
    let stream = Stream::new(SEED, "host-crash-window", "crash");
    let lost = |number: u64| {
        let at = Time::ZERO.saturating_add(stream.draws(number).exponential(OFTEN));
        // Whoever crashes later than that has done all the scenario asks.
        (at <= over).then(|| loses(&study.plan, study.strikes[0].fault, at))
    };
    let lost: Vec<Option<bool>> = (0..RUNS).into_par_iter().map(lost).collect();
    let count = |wanted: fn(&Option<bool>) -> bool| lost.iter().filter(|&it| wanted(it)).count() as u64;
    Hits { crashed: count(|it| it.is_some()), lost: count(|it| *it == Some(true)) }
}

/// Whether a run with this crash loses an acknowledged write.
fn loses(plan: &Plan, crash: Fault, at: Time) -> bool {
    let mut plan = plan.clone();
    let slip = Fault::OperatorSlip { slip: Slip::WrongReply, step: None };
    for (fault, silence) in [(crash, true), (slip, false)] {
        plan.faults.push(FaultPlan { fault, anchor: Anchor::At(at), silence });
    }
    let mut progress = |_| Flow::Continue;
    let watch = Watch::new(&mut progress);
    let outcome = one::execute(&plan, watch).expect("a checked scenario is a system that can be built");
    outcome.checks.iter().any(|check| check.invariant == INVARIANT && check.violations > 0)
}
