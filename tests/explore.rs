//! Explorations: the whole of a small backup, its twin that must fail, the same result on any number of threads and with
//! reduction off, and commands that show again what was found.

mod support;

use std::collections::BTreeSet;

use support::plan_of;
use tiersim::campaign::explore::{AfterFault, Branch, Exploration, Points, Strike, Study, causes, explore, windows};
use tiersim::campaign::{Flow, Verdict, Watch, one};
use tiersim::fault::plan::{BlockChoice, Fault, NvsFate, UpdateTrack};
use tiersim::kernel::Span;
use tiersim::scenario::{Overrides, Source, load};
use tiersim::vocab::{Device, Image, Invariant};

fn text(method: &str) -> String {
    let volume = |id: &str, device: &str| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ncylinders = 1\n");
    format!(
        "{}{}{}[[workload]]\nvolume = \"PROD01\"\nrate = \"20 /s\"\nread = \"30 %\"\nlimit = 20\n\
         [[backup]]\nat = \"1 s\"\nmethod = \"{method}\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n\
         [[restore]]\nvolume = \"PROD01\"\nto = \"0A20\"\n",
        volume("PROD01", "0A00"),
        volume("SPARE1", "0A10"),
        volume("SPARE2", "0A20")
    )
}

fn strikes() -> Vec<Strike> {
    let outage = Span::from_secs(60);
    let strike = |name: &str, fault| Strike { name: name.to_owned(), fault };
    let update = |track| Fault::SourceUpdate { device: Device(0), track };
    vec![
        strike("power-loss", Fault::PowerLoss { duration: outage }),
        strike("host-crash", Fault::HostCrash { image: Image::FIRST, outage }),
        strike("controller-crash", Fault::ControllerCrash { nvs: NvsFate::Kept, outage }),
        strike("tape-write-error", Fault::TapeWriteError { permanent: false, block: BlockChoice::Next }),
        strike("source-update(track=next)", update(UpdateTrack::Next)),
    ]
}

fn study(method: &str) -> Study {
    Study {
        plan: plan_of(&text(method)),
        strikes: strikes(),
        depth: 1,
        points: Points::Event,
        after_fault: AfterFault::Stop,
        reduce: true,
        budget: None,
        threads: 2,
    }
}

fn explored(study: &Study) -> Exploration {
    explore(study, |_| {}).expect("it can be built")
}

fn violated(exploration: &Exploration) -> BTreeSet<Invariant> {
    causes(exploration).into_iter().map(|cause| cause.invariant).collect()
}

#[test]
fn a_safe_backup_survives_at_every_boundary_and_prior_art_does_not() {
    let safe = explored(&study("safe-backup"));
    assert_eq!(violated(&safe), BTreeSet::new());
    assert_eq!(safe.struck(), safe.boundaries.len() as u64, "every boundary is struck");
    assert!(safe.boundaries.len() > 300, "{}", safe.boundaries.len());
    let same = explored(&study("same-id-offline"));
    let found = violated(&same);
    assert!(found.contains(&Invariant::UniqueOnlineId) && found.contains(&Invariant::UniqueIplId), "{found:?}");
    assert!(found.contains(&Invariant::NoLostAckedWrite), "a wrong reply loses writes: {found:?}");
    // Two volumes with one ID from the commit of the copy to its new label: all of the dump and more.
    let window =
        windows(&same).into_iter().find(|window| (window.invariant, window.strike) == (Invariant::UniqueIplId, 0));
    let window = window.expect("the window is open").total;
    assert!(window > Span::from_secs(30) && window < Span::from_secs(120), "{window}");
}

#[test]
fn threads_and_reduction_change_nothing_that_was_found() {
    let base = study("same-id-offline");
    let reference = explored(&base);
    let same = |branch: &Branch| Branch { same: false, events: 0, ..branch.clone() };
    let found = |exploration: &Exploration| exploration.branches.iter().map(same).collect::<Vec<_>>();
    let alone = explored(&Study { threads: 1, ..base.clone() });
    assert_eq!(alone.fingerprint(), reference.fingerprint());
    let whole = explored(&Study { reduce: false, ..base.clone() });
    let (run, merged) = reference.run_and_same();
    assert!(merged > 50, "equal states are met: {merged} of {run}");
    assert_eq!(whole.run_and_same().1, 0);
    // The instants of what is found differ with the instant of the loss; invariants and ends do not.
    let ends = |exploration: &Exploration| {
        let invariants = |branch: &Branch| branch.findings.iter().map(|finding| finding.invariant).collect::<Vec<_>>();
        found(exploration)
            .iter()
            .map(|it| (it.boundary, it.strike, it.wrong_reply, it.end, invariants(it)))
            .collect::<Vec<_>>()
    };
    let (one, other) = (ends(&whole), ends(&reference));
    let first = one.iter().zip(&other).find(|(one, other)| one != other);
    assert!(one.len() == other.len() && first.is_none(), "{first:?}");
    let groups = |exploration: &Exploration| {
        causes(exploration).into_iter().map(|it| (it.invariant, it.strike, it.event)).collect::<BTreeSet<_>>()
    };
    assert_eq!(groups(&whole), groups(&reference));
}

#[test]
fn every_example_is_seen_again_by_its_command() {
    let study = study("same-id-offline");
    let exploration = explored(&study);
    let mut checked = 0;
    for cause in causes(&exploration) {
        let branch = &exploration.branches[cause.example];
        let faults = study.faults_of(branch, exploration.boundaries[branch.boundary].number);
        let source = Source::Embedded { name: "small.toml".into(), text: text("same-id-offline"), files: &[] };
        let loaded = load(&source, &Overrides { faults: faults.clone(), ..Overrides::default() });
        let plan =
            loaded.unwrap_or_else(|problems| panic!("{}", problems.render(tiersim::scenario::Paint::Plain))).plan;
        let mut progress = |_| Flow::Continue;
        let outcome = one::execute(&plan, Watch::new(&mut progress)).expect("it can be built");
        let failed = |invariant| {
            outcome.checks.iter().any(|check| check.invariant == invariant && check.verdict == Verdict::Fail)
        };
        assert!(failed(cause.invariant), "{} by {faults:?}", cause.invariant);
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn a_budget_is_told_and_points_can_be_fewer() {
    let base = study("safe-backup");
    let cut = explored(&Study { budget: Some(100), reduce: false, ..base.clone() });
    let skipped = cut.count(tiersim::campaign::explore::End::Skipped);
    assert_eq!(skipped, cut.branches.len() as u64 - 100);
    let all = explored(&base).struck();
    let [persist, step] =
        [Points::Persist, Points::Step].map(|points| explored(&Study { points, ..base.clone() }).struck());
    assert!(step > 3 && step < persist && persist < all, "{step}, {persist}, {all}");
}

#[test]
fn a_second_crash_falls_into_the_recovery_from_the_first() {
    let mut two = study("safe-backup");
    two.strikes.truncate(2);
    two.depth = 2;
    two.points = Points::Step;
    let exploration = explored(&two);
    let twice = exploration.branches.iter().filter(|branch| branch.second.is_some()).count();
    assert!(twice > 50, "{twice}");
    assert_eq!(violated(&exploration), BTreeSet::new());
}
