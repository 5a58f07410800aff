//! Random fault times never hit the windows that matter, so a small backup is struck at every boundary between two events:
//! by each kind of fault, in a fork that then goes on to its end. Under its default switches `safe-backup` violates
//! nothing; prior art 1 does, which shows that the checks can fail.

use std::collections::BTreeMap;

use tiersim::campaign::{Happening, Trial, Verdict};
use tiersim::check::{Checks, Seen, Setup};
use tiersim::controller::dasd::DasdFact;
use tiersim::fault::plan::{BlockChoice, Fault, NvsFate, UpdateTrack};
use tiersim::kernel::Span;
use tiersim::manager::plan::Medium;
use tiersim::scenario::{Overrides, Paint, Plan, Source, load};
use tiersim::vocab::{Drive, Image, TrackNo};
use tiersim::world::Fact;

const SCENARIO: &str = r#"
title = "A backup of two cylinders under a little load"
[[volume]]
id = "PROD01"
device = "0A00"
cylinders = 2
[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 2
[[volume]]
id = "SPARE2"
device = "0A20"
cylinders = 2
[[workload]]
volume = "PROD01"
kind = "open"
rate = "20 /s"
read = "30 %"
limit = 60
[[backup]]
at = "1 s"
method = "safe-backup"
source = "PROD01"
target = "0A10"
[[restore]]
volume = "PROD01"
to = "0A20"
"#;

/// Nothing is restored: the second image would not hear of it, and go on with the old device.
const TWO_IMAGES: &str = r#"
title = "A backup of two cylinders under a little load from two images"
[[volume]]
id = "PROD01"
device = "0A00"
cylinders = 2
[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 2
[[image]]
name = "SYSA"
[[image]]
name = "SYSB"
[[workload]]
volume = "PROD01"
image = "SYSA"
rate = "20 /s"
read = "30 %"
limit = 40
[[workload]]
volume = "PROD01"
image = "SYSB"
rate = "20 /s"
read = "30 %"
limit = 40
[[backup]]
at = "1 s"
method = "safe-backup"
source = "PROD01"
target = "0A10"
"#;

/// Two volumes that a chain of dependent writes binds together.
const GROUP: &str = r#"
title = "A consistency group of two under a chain of writes"
[[volume]]
id = "DATA01"
device = "0A00"
cylinders = 1
[[volume]]
id = "LOG001"
device = "0A01"
cylinders = 1
[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 1
[[volume]]
id = "SPARE2"
device = "0A11"
cylinders = 1
[[workload]]
volumes = ["DATA01", "LOG001"]
kind = "closed"
think = "30 ms"
dependent = true
limit = 60
[[backup]]
at = "1 s"
group = "NIGHT"
method = "safe-backup"
source = "DATA01"
target = "0A10"
[[backup]]
at = "1 s"
group = "NIGHT"
method = "safe-backup"
source = "LOG001"
target = "0A11"
"#;

/// While the dump waits for its tape the volume is brought back from the copy: what was written since T0 is given up.
const COPY_BACK: &str = r#"
title = "A copy that is copied back onto its source"
[[volume]]
id = "PROD01"
device = "0A00"
cylinders = 2
[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 2
[[backup]]
at = "1 s"
method = "safe-backup"
source = "PROD01"
target = "0A10"
mode = "copy"
[[fault]]
kind = "source-update"
device = "0A00"
track = 20
when = { at = "5 s" }
[[command]]
at = "8 s"
line = "COPY SPARE1 0A00"
[[fault]]
kind = "source-update"
device = "0A00"
track = 7
when = { at = "20 s" }
[[command]]
at = "30 min"
line = "VARY 0A00 ONLINE"
"#;

const OUTAGE: Span = Span::from_secs(60);

/// A volume for a backup on DASD.
const BACKUP_VOLUME: &str = r#"
[[volume]]
id = "SPARE3"
device = "0A30"
cylinders = 2
"#;

/// A cartridge of a megabyte holds seventeen tracks: two cylinders take two.
const SMALL_TAPES: [&str; 2] = ["tape.capacity=1 MB", "tape.compression=1"];
const ON_DASD: [&str; 2] = ["backup[0].medium=dasd", "backup[0].backup_device=0A30"];

fn plan(changes: &[&str]) -> Plan {
    let extra = if changes.contains(&ON_DASD[0]) { BACKUP_VOLUME } else { "" };
    plan_of(&format!("{SCENARIO}{extra}"), changes)
}

fn plan_of(text: &str, changes: &[&str]) -> Plan {
    let source = Source::Embedded { name: "small.toml".into(), text: text.to_owned(), files: &[] };
    let set = changes.iter().map(|&change| change.to_owned()).collect();
    match load(&source, &Overrides { set, ..Overrides::default() }) {
        Ok(loaded) => loaded.plan,
        Err(problems) => panic!("{}", problems.render(Paint::Plain)),
    }
}

fn crashes() -> Vec<Fault> {
    vec![
        Fault::PowerLoss { duration: OUTAGE },
        Fault::HostCrash { image: Image::FIRST, outage: OUTAGE },
        Fault::ControllerCrash { nvs: NvsFate::Kept, outage: OUTAGE },
    ]
}

fn other_faults(plan: &Plan) -> Vec<Fault> {
    let device = plan.backups[0].source;
    let tracks = [
        UpdateTrack::Label,
        UpdateTrack::JustDumped,
        UpdateTrack::AboutToBeDumped,
        UpdateTrack::Next,
        UpdateTrack::Last,
    ];
    let mut faults: Vec<Fault> = tracks.iter().map(|&track| Fault::SourceUpdate { device, track }).collect();
    let block = BlockChoice::Next;
    faults.push(Fault::TapeWriteError { permanent: false, block });
    faults.push(Fault::TapeWriteError { permanent: true, block });
    faults.push(Fault::TapeReadError { permanent: false, block });
    faults
}

/// What goes wrong on the tape side without taking anything for good.
fn tape_faults(_: &Plan) -> Vec<Fault> {
    let (drive, block) = (Drive(0), BlockChoice::Next);
    vec![
        Fault::TapeDriveCrash { drive, outage: Span::from_secs(30) },
        Fault::TapeDriveCrash { drive: Drive(1), outage: Span::from_secs(30) },
        Fault::TapeDriveOffline { drive, duration: Span::from_secs(30) },
        Fault::MountFailure { count: 1 },
        Fault::NoScratch { duration: OUTAGE },
        Fault::AccessorStop { duration: OUTAGE },
        Fault::EarlyEndOfVolume { at_ppm: 300_000 },
        Fault::TapeWriteError { permanent: true, block },
    ]
}

fn observe(checks: &mut Checks, trial: &Trial, happening: Happening) {
    let seen = Seen { world: &trial.run.model, now: trial.run.now(), quiet: false };
    let (steps, facts) = (trial.run.steps, trial.run.model.facts());
    match happening {
        Happening::Event => checks.observe(&seen, steps, facts),
        Happening::Fault { index, .. } if trial.faults.all()[index].fault.is_crash() => {
            checks.crashed(&seen, steps, facts)
        }
        Happening::Fault { .. } => checks.injected(&seen, steps, facts),
    }
}

/// Runs a fork to its end; a second crash follows so many events after the first, if that is wanted.
fn finish(mut trial: Trial, mut checks: Checks, fault: Fault, second: Option<(u64, Fault)>) -> Vec<String> {
    let begun = trial.run.steps;
    checks.begin_fork(&Seen { world: &trial.run.model, now: trial.run.now(), quiet: false }, begun);
    let struck = trial.inject(fault);
    observe(&mut checks, &trial, struck);
    let mut second = second;
    while let Some(happening) = trial.advance() {
        observe(&mut checks, &trial, happening);
        assert!(!trial.has_stalled(), "{fault:?} at boundary {begun}: the work never ends");
        if let Some((_, fault)) = second.take_if(|(events, _)| trial.run.steps >= begun + *events) {
            let struck = trial.inject(fault);
            observe(&mut checks, &trial, struck);
        }
    }
    let world = &trial.run.model;
    assert!(world.dasd.is_quiet() && world.tape.is_quiet(), "{fault:?} at boundary {begun}: something stays behind");
    checks.end(&Seen { world, now: trial.run.now(), quiet: true }, trial.run.steps);
    let failed = checks.report().into_iter().filter(|report| report.verdict == Verdict::Fail);
    failed
        .map(|report| {
            let first = report.first.expect("a failed check has a first violation");
            format!("{} by {}: {}", report.invariant, fault.kind(), first.detail)
        })
        .collect()
}

/// Strikes at every boundary. Violations with the boundaries at which they begin, and how many boundaries there are.
fn explore(plan: &Plan, faults: &[Fault], then_crash: bool) -> (u64, BTreeMap<String, Vec<u64>>) {
    let mut trial = Trial::new(plan).expect("the plan is a system");
    let mut checks = Checks::new(Setup::of(plan, |device| u64::from(device.0)));
    let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    loop {
        let boundary = trial.run.steps;
        for (number, &fault) in faults.iter().enumerate() {
            let crash = crashes()[(boundary as usize + number) % 3];
            let second = then_crash.then_some((20 + boundary * 7 % 250, crash));
            for violation in finish(trial.clone(), checks.clone(), fault, second) {
                found.entry(violation).or_default().push(boundary);
            }
        }
        match trial.advance() {
            Some(happening) => observe(&mut checks, &trial, happening),
            None => return (boundary + 1, found),
        }
    }
}

fn nothing_is_violated(changes: &[&str], faults: impl Fn(&Plan) -> Vec<Fault>, then_crash: bool) {
    nothing_is_violated_by(&plan(changes), faults, then_crash);
}

fn nothing_is_violated_by(plan: &Plan, faults: impl Fn(&Plan) -> Vec<Fault>, then_crash: bool) {
    // A backup on a volume has no block of a tape as a boundary.
    let least = if plan.backups[0].medium == Medium::Dasd { 500 } else { 800 };
    nothing_is_violated_in(plan, faults, then_crash, least);
}

fn nothing_is_violated_in(plan: &Plan, faults: impl Fn(&Plan) -> Vec<Fault>, then_crash: bool, least: u64) {
    let (boundaries, found) = explore(plan, &faults(plan), then_crash);
    assert!(boundaries > least, "only {boundaries} boundaries: the scenario does not do what it should");
    let shown: Vec<String> = found.iter().take(5).map(|(what, at)| format!("{what} (at {at:?})")).collect();
    assert!(found.is_empty(), "{}: {}", plan.title, shown.join("\n"));
}

#[test]
fn a_safe_backup_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&[], |_| crashes(), false);
}

/// Tracks without the label: the identity of neither volume is touched, and the other tracks keep what they hold.
#[test]
fn a_backup_of_some_tracks_survives_a_crash_at_every_boundary() {
    let tracks = ["backup[0].extents=[\"3-9\",\"20-24\"]", "restore[0].extents=[\"3-9\"]", "restore[0].to=0A00"];
    nothing_is_violated_in(&plan(&tracks), |_| crashes(), false, 500);
    let label = ["backup[0].extents=[\"0-5\"]", "restore[0].extents=[\"0-5\"]", "restore[0].to=0A00"];
    nothing_is_violated_in(&plan(&label), |_| crashes(), false, 500);
}

#[test]
fn a_frozen_group_survives_a_crash_at_every_boundary() {
    nothing_is_violated_in(&plan_of(GROUP, &[]), |_| crashes(), false, 500);
}

/// Each volume with a T0 of its own: without any fault the images do not belong together (H20).
#[test]
fn a_group_that_is_not_frozen_is_torn() {
    let changes = ["backup[0].freeze=false", "workload[0].think=1ms", "workload[0].limit=3000"];
    let plan = plan_of(GROUP, &changes);
    let mut trial = Trial::new(&plan).expect("the plan is a system");
    let mut checks = Checks::new(Setup::of(&plan, |device| u64::from(device.0)));
    while let Some(happening) = trial.advance() {
        observe(&mut checks, &trial, happening);
    }
    let failed = checks.report().into_iter().filter(|report| report.verdict == Verdict::Fail);
    let failed: Vec<String> = failed.map(|report| report.invariant.to_string()).collect();
    assert_eq!(failed, ["point-in-time-fidelity"]);
}

#[test]
fn a_safe_backup_in_copy_mode_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&["backup[0].mode=copy"], |_| crashes(), false);
}

/// The copy back is one transaction: a crash leaves all of it or nothing, and no recovery takes it away.
#[test]
fn a_copy_back_survives_a_crash_at_every_boundary() {
    nothing_is_violated_in(&plan_of(COPY_BACK, &[]), |_| crashes(), false, 300);
}

#[test]
fn a_copy_back_survives_a_second_crash_during_its_recovery() {
    nothing_is_violated_in(&plan_of(COPY_BACK, &[]), |_| vec![Fault::PowerLoss { duration: OUTAGE }], true, 300);
}

/// The label of the copy on the source: whoever waits for the volume does not find it (H37).
#[test]
fn a_copy_back_as_it_is_is_caught_at_every_boundary() {
    let plan = plan_of(COPY_BACK, &["backup[0].copy_back=verbatim"]);
    let (boundaries, found) = explore(&plan, &[Fault::HostCrash { image: Image::FIRST, outage: OUTAGE }], false);
    let nobody = found.iter().filter(|(what, _)| what.starts_with("accessible-after-restore"));
    let caught: usize = nobody.map(|(_, at)| at.len()).sum();
    assert!(boundaries > 300 && caught as u64 > boundaries / 2, "{caught} of {boundaries}");
}

#[test]
fn a_label_written_before_the_relationship_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&["backup[0].label_commit=before-establish"], |_| crashes(), false);
}

/// The application goes on after every crash: whoever set the mark takes it away.
#[test]
fn a_dump_of_the_source_itself_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&["backup[0].method=direct-dump"], |_| crashes(), false);
}

#[test]
fn a_dump_of_the_source_itself_survives_a_second_crash_during_its_recovery() {
    nothing_is_violated(
        &["backup[0].method=direct-dump"],
        |_| vec![Fault::HostCrash { image: Image(0), outage: OUTAGE }],
        true,
    );
}

#[test]
fn a_restore_onto_the_original_device_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&["restore[0].to=0A00"], |_| crashes(), false);
}

#[test]
fn a_safe_backup_survives_a_second_crash_during_its_recovery() {
    nothing_is_violated(&[], |_| vec![Fault::PowerLoss { duration: OUTAGE }], true);
    nothing_is_violated(
        &["backup[0].mode=copy"],
        |_| vec![Fault::HostCrash { image: Image::FIRST, outage: OUTAGE }],
        true,
    );
}

/// The volumes lie in one cluster; or the target, or the device that is restored, in the other one.
#[test]
fn a_safe_backup_survives_the_crash_of_a_cluster_at_every_boundary() {
    let clusters = |_: &Plan| [0, 1].map(|cluster| Fault::ClusterCrash { cluster, outage: OUTAGE }).to_vec();
    nothing_is_violated(&[], clusters, false);
    let apart = ["volume[1].device=0B10", "backup[0].target=0B10", "backup[0].mode=copy"];
    nothing_is_violated(&apart, clusters, false);
    nothing_is_violated(&["volume[2].device=0B20", "restore[0].to=0B20"], clusters, false);
}

/// The second crash often falls into the failover, or into the load of the first cluster.
#[test]
fn a_safe_backup_survives_a_second_crash_during_a_failover() {
    let first = |_: &Plan| vec![Fault::ClusterCrash { cluster: 0, outage: OUTAGE }];
    nothing_is_violated(&["volume[1].device=0B10", "backup[0].target=0B10"], first, true);
}

/// Reads are computed from the rest of the row, also for the copies on write; only one path is lost, or the only one.
#[test]
fn one_broken_part_at_every_boundary_harms_nothing() {
    let parts = |plan: &Plan| {
        let device = plan.backups[0].source;
        vec![
            Fault::DiskFailure { disk: 1, rebuild: false },
            Fault::DiskReadError { device, track: TrackNo(8), latent: true },
            Fault::DiskReadError { device, track: TrackNo(9), latent: false },
            Fault::PathLoss { duration: OUTAGE },
        ]
    };
    nothing_is_violated(&["backup[0].mode=copy"], parts, false);
    nothing_is_violated(&["channel.paths=1"], |_| vec![Fault::PathLoss { duration: OUTAGE }], false);
}

/// What NVS held is in the cache alone until it is destaged: durable state lacks it at that boundary, and only there.
#[test]
fn a_lost_nvs_loses_nothing_while_its_cluster_goes_on() {
    let plan = plan(&[]);
    let (_, found) = explore(&plan, &[Fault::NvsLoss { cluster: 1 }], false);
    let durable = [
        "no-lost-acked-write by nvs-loss: after the crash",
        "point-in-time-fidelity by nvs-loss: device 0A10 is the copy of backup 1 but",
        "hidden-id-sound by nvs-loss: device 0A10",
    ];
    let known = |what: &&String| durable.iter().any(|start| what.starts_with(start));
    let unknown: Vec<&String> = found.keys().filter(|what| !known(what)).collect();
    assert!(!found.is_empty() && unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_safe_backup_survives_a_crash_of_either_image_and_of_both_at_every_boundary() {
    let faults = |_: &Plan| {
        let crash = |image| Fault::HostCrash { image, outage: OUTAGE };
        vec![crash(Image(1)), crash(Image::FIRST), Fault::PowerLoss { duration: OUTAGE }]
    };
    nothing_is_violated_by(&plan_of(TWO_IMAGES, &[]), faults, false);
}

#[test]
fn commands_at_the_console_of_a_second_image_at_every_boundary_change_nothing() {
    let faults = |plan: &Plan| {
        let (device, image) = (plan.backups[0].target, Image(1));
        vec![Fault::VaryOffline { device, image }, Fault::VaryOnline { device, image }]
    };
    nothing_is_violated_by(&plan_of(TWO_IMAGES, &[]), faults, true);
}

#[test]
fn updates_and_tape_errors_at_every_boundary_change_nothing() {
    nothing_is_violated(&[], other_faults, false);
    nothing_is_violated(&["backup[0].mode=copy"], other_faults, false);
}

#[test]
fn a_backup_on_two_cartridges_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&SMALL_TAPES, |_| crashes(), false);
    let [capacity, compression] = SMALL_TAPES;
    nothing_is_violated(&[capacity, compression, "backup[0].restart=from-last-eov"], |_| crashes(), false);
}

#[test]
fn a_backup_on_two_cartridges_survives_what_goes_wrong_with_tapes_at_every_boundary() {
    nothing_is_violated(&SMALL_TAPES, tape_faults, false);
    nothing_is_violated(&SMALL_TAPES, other_faults, false);
}

#[test]
fn a_backup_that_is_read_back_survives_a_crash_and_tape_faults_at_every_boundary() {
    let [capacity, compression] = SMALL_TAPES;
    let changes = [capacity, compression, "backup[0].readback=after-dump", "backup[0].restart=from-last-eov"];
    nothing_is_violated(&changes, |_| vec![Fault::PowerLoss { duration: OUTAGE }], false);
    nothing_is_violated(&changes, tape_faults, false);
}

#[test]
fn a_backup_on_another_volume_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&ON_DASD, |_| crashes(), false);
}

/// The volume that bears the ID beside the live one is found by the next IPL (H10).
#[test]
fn a_backup_volume_that_stays_on_the_list_is_caught() {
    let [medium, device] = ON_DASD;
    let plan = plan(&[medium, device, "backup[0].dasd_backup_online=as-genned"]);
    let (_, found) =
        explore(&plan, &[Fault::SourceUpdate { device: plan.backups[0].source, track: UpdateTrack::Last }], false);
    assert!(!found.is_empty() && found.keys().all(|what| what.starts_with("unique-ipl-id")), "{found:?}");
}

/// The only backup of the volume cannot be read any more (H50).
#[test]
fn a_block_that_can_never_be_read_leaves_no_backup() {
    let plan = plan(&[]);
    let fault = Fault::TapeReadError { permanent: true, block: BlockChoice::Middle };
    let (_, found) = explore(&plan, &[fault], false);
    // A job that ends behind the error reports success: nothing reads a tape back before it is needed.
    let known = ["backup-exists", "success-means-success", "point-in-time-fidelity"];
    assert!(found.keys().any(|what| what.starts_with("backup-exists")));
    let unknown: Vec<&String> = found.keys().filter(|what| !known.iter().any(|name| what.starts_with(name))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_prior_art_shows_its_window_at_the_boundaries_of_its_window() {
    let plan = plan(&["backup[0].method=same-id-offline"]);
    let (_, found) = explore(&plan, &[Fault::PowerLoss { duration: OUTAGE }], false);
    let window = |name: &str| -> Vec<u64> {
        found.iter().filter(|(what, _)| what.starts_with(name)).flat_map(|(_, at)| at).copied().collect()
    };
    let (online, ipl) = (window("unique-online-id"), window("unique-ipl-id"));
    assert!(!online.is_empty() && online.len() < ipl.len(), "offline ends one window, the relabel the other");
    assert!(window("point-in-time-fidelity").is_empty() && window("no-lost-acked-write").is_empty());
}

#[test]
fn an_id_that_only_the_restore_brings_out_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&["backup[0].reintroduce=at-restore"], |_| crashes(), false);
}

#[test]
fn a_copy_that_goes_before_the_inventory_is_updated_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&["backup[0].withdraw_after=eof-hardened"], |_| crashes(), false);
}

#[test]
fn writes_that_wait_for_their_copy_survive_a_crash_at_every_boundary() {
    nothing_is_violated(&["backup[0].cow=before-commit"], |_| crashes(), false);
}

#[test]
fn jobs_that_are_lost_at_every_boundary_come_to_their_end() {
    nothing_is_violated(&[], |_| vec![Fault::JobAbend], false);
    nothing_is_violated(&["backup[0].withdraw_after=eof-hardened"], |_| vec![Fault::JobAbend], true);
}

/// The label of the source shows when an overlaid one goes with its copy (H27). In one moment that is the only volume of that
/// ID that a start would bring up, with tracks of long ago: the restore has retired the source and not yet the copy.
#[test]
fn an_overlaid_label_leaves_the_id_of_the_source() {
    let plan = plan(&["backup[0].label_residency=overlay"]);
    let (_, found) = explore(&plan, &[Fault::PowerLoss { duration: OUTAGE }], false);
    let known = ["unique-online-id", "unique-ipl-id", "cached-id-coherent"];
    let unknown: Vec<&String> = found.keys().filter(|what| !known.iter().any(|name| what.starts_with(name))).collect();
    let (lost, unknown): (Vec<&String>, Vec<&String>) =
        unknown.into_iter().partition(|what| what.starts_with("no-lost-acked-write"));
    assert!(found.len() > lost.len() && unknown.is_empty(), "{unknown:?}");
    assert_eq!(lost.iter().map(|what| found[*what].len()).sum::<usize>(), 1, "{lost:?}");
}

/// What the tape of prior art 2 says, and what its operator does after a crash: violated is what is violated by design, and
/// nothing else.
#[test]
fn a_backup_by_hand_survives_a_crash_at_every_boundary_as_far_as_it_can() {
    survives_as_far_as_it_can(&["backup[0].method=no-volid-manual"]);
}

fn survives_as_far_as_it_can(changes: &[&str]) {
    let plan = plan(changes);
    let (boundaries, found) = explore(&plan, &crashes(), false);
    assert!(boundaries > 800, "only {boundaries} boundaries: the scenario does not do what it should");
    let by_design = [
        // The tape and the restored volume say B until somebody relabels.
        "backup-id",
        "restore-fidelity",
        "success-means-success",
        // Between the two transactions of its establish the target bears A.
        "unique-online-id",
        "unique-ipl-id",
        "cached-id-coherent",
    ];
    for name in by_design {
        assert!(found.keys().any(|what| what.starts_with(name)), "{name} is violated by design");
    }
    let unknown: Vec<_> =
        found.iter().filter(|(what, _)| !by_design.iter().any(|name| what.starts_with(name))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Restoring the label first leaves a window in which half a volume bears the ID (H67).
#[test]
fn a_label_restored_first_is_caught() {
    let plan = plan(&["restore[0].restore_label=first"]);
    let (_, found) = explore(&plan, &[Fault::PowerLoss { duration: OUTAGE }], false);
    assert!(!found.is_empty() && found.keys().all(|what| what.starts_with("no-lost-acked-write")), "{found:?}");
}

const LOG_STRUCTURED: &str = "dasd[0].architecture=log-structured";

/// An array in which collection has something to do: small segments, little space.
fn tight_array() -> Vec<&'static str> {
    vec![LOG_STRUCTURED, "lsa.segment=2", "lsa.physical_capacity=0.75", "controller.destage_age=1 s"]
}

/// The same, with one change more.
fn tight_array_with(change: &'static str) -> Vec<&'static str> {
    [tight_array(), vec![change]].concat()
}

#[test]
fn a_safe_backup_by_snapshot_survives_a_crash_at_every_boundary() {
    nothing_is_violated(&[LOG_STRUCTURED], |_| crashes(), false);
}

#[test]
fn a_tight_array_survives_a_crash_at_every_boundary() {
    let small = plan(&tight_array());
    let mut trial = Trial::new(&small).expect("the plan is a system");
    let mut collected = 0;
    while trial.advance().is_some() {
        let facts = trial.run.model.facts().iter();
        collected += facts.filter(|fact| matches!(fact, Fact::Dasd(DasdFact::SegmentCollected { .. }))).count();
    }
    assert!(collected > 2, "only {collected} segments were collected");
    nothing_is_violated(&tight_array_with("backup[0].label_commit=before-establish"), |_| crashes(), false);
}

#[test]
fn a_tight_array_survives_a_second_crash_during_its_recovery() {
    nothing_is_violated(&tight_array(), |_| vec![Fault::PowerLoss { duration: OUTAGE }], true);
}

/// Source and target in two clusters: appends and collections of one are cut, counts and pointers go on behind the other.
#[test]
fn a_tight_array_survives_the_crash_of_a_cluster_at_every_boundary() {
    let clusters = |_: &Plan| [0, 1].map(|cluster| Fault::ClusterCrash { cluster, outage: OUTAGE }).to_vec();
    let apart = [tight_array(), vec!["volume[1].device=0B10", "backup[0].target=0B10"]].concat();
    nothing_is_violated(&apart, clusters, false);
}

#[test]
fn one_broken_part_at_every_boundary_harms_no_array() {
    let parts = |plan: &Plan| {
        let device = plan.backups[0].source;
        vec![
            Fault::DiskFailure { disk: 1, rebuild: false },
            Fault::DiskReadError { device, track: TrackNo(8), latent: true },
        ]
    };
    nothing_is_violated(&tight_array(), parts, false);
}

#[test]
fn updates_and_tape_errors_at_every_boundary_change_nothing_in_an_array() {
    nothing_is_violated(&tight_array(), other_faults, false);
}

#[test]
fn the_prior_art_by_snapshot_shows_its_window_at_the_boundaries_of_its_window() {
    let plan = plan(&[LOG_STRUCTURED, "backup[0].method=same-id-offline"]);
    let (_, found) = explore(&plan, &[Fault::PowerLoss { duration: OUTAGE }], false);
    let window = |name: &str| -> Vec<u64> {
        found.iter().filter(|(what, _)| what.starts_with(name)).flat_map(|(_, at)| at).copied().collect()
    };
    let (online, ipl) = (window("unique-online-id"), window("unique-ipl-id"));
    assert!(!online.is_empty() && online.len() < ipl.len(), "offline ends one window, the relabel the other");
    let known = ["unique-online-id", "unique-ipl-id", "cached-id-coherent"];
    let unknown: Vec<&String> = found.keys().filter(|what| !known.iter().any(|name| what.starts_with(name))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_backup_by_hand_and_snapshot_survives_a_crash_at_every_boundary_as_far_as_it_can() {
    survives_as_far_as_it_can(&[LOG_STRUCTURED, "backup[0].method=no-volid-manual"]);
}
