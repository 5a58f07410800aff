//! The figures that the whole system must reproduce, each computed beside the test from the parameters alone.
//!
//! D1 and so on are the rows of the table of derived numbers in the model's description. Every test runs a scenario of its
//! own from stimulus to end and reads the figure off the facts; the figures of single devices are tested beside those.

mod support;

use support::rig::{Rig, SOURCE};
use support::{check_near, facts, plan_of, seconds};
use tiersim::campaign::{Happening, Trial};
use tiersim::check::{Checks, Looking};
use tiersim::controller::dasd::DasdFact;
use tiersim::controller::tape::{LabelKind, TapeFact};
use tiersim::kernel::{Span, Time, Usage};
use tiersim::manager::{ManagerFact, Outcome};
use tiersim::scenario::Plan;
use tiersim::vocab::{Invariant, SLOT_BYTES, TRACK_BYTES};
use tiersim::world::Fact;

/// Model, cylinders and bytes: D1 and D2.
const MODELS: [(&str, u64, u64); 6] = [
    ("3390-1", 1_113, 946_005_480),
    ("3390-2", 2_226, 1_892_010_960),
    ("3390-3", 3_339, 2_838_016_440),
    ("3390-9", 10_017, 8_514_049_320),
    ("3390-27", 32_760, 27_844_689_600),
    ("3390-54", 65_520, 55_689_379_200),
];

/// A backup of an idle volume of this size (`model = "3390-3"` or `cylinders = 20`), with other parameters changed.
fn backup(size: &str, method: &str, parameters: &str) -> Plan {
    plan_of(&backup_text(size, method, parameters))
}

fn backup_text(size: &str, method: &str, parameters: &str) -> String {
    format!(
        "[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\n{size}\n\
         [[volume]]\nid = \"SPARE1\"\ndevice = \"0A10\"\n{size}\n\
         [[backup]]\nat = \"0 s\"\nmethod = \"{method}\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n{parameters}"
    )
}

/// The instants of the facts that `wanted` picks.
fn instants(facts: &[(Time, Fact)], wanted: impl Fn(&Fact) -> bool) -> Vec<Time> {
    facts.iter().filter(|(_, fact)| wanted(fact)).map(|(time, _)| *time).collect()
}

#[track_caller]
fn instant(facts: &[(Time, Fact)], wanted: impl Fn(&Fact) -> bool) -> Time {
    let found = instants(facts, wanted);
    assert_eq!(found.len(), 1, "it happens once");
    found[0]
}

fn from_first_to_last(instants: &[Time]) -> f64 {
    seconds(*instants.last().expect("it happens") - instants[0])
}

#[test]
fn d1_and_d2_volumes_have_their_tracks_and_bytes() {
    for (model, cylinders, bytes) in MODELS {
        let plan = backup(&format!("model = \"{model}\""), "safe-backup", "");
        let tracks = u64::from(plan.dasd.volumes[0].tracks);
        assert_eq!((tracks, tracks * TRACK_BYTES), (cylinders * 15, bytes), "{model}");
        let trial = Trial::new(&plan).expect("the disks hold two of them");
        assert_eq!(u64::from(trial.run.model.dasd.tracks(tiersim::vocab::Device(0))), tracks, "{model}");
    }
}

/// The blocks of tracks of a full dump: when they were acknowledged and when they were on tape.
fn dump(size: &str, parameters: &str) -> (Vec<Time>, Vec<Time>, Vec<(Time, Fact)>) {
    let facts = facts(&backup(size, "safe-backup", parameters));
    let acknowledged =
        instants(&facts, |fact| matches!(fact, Fact::Tape(TapeFact::BlockAcknowledged { track: Some(_), .. })));
    let hardened = instants(&facts, |fact| matches!(fact, Fact::Tape(TapeFact::BlockHardened { track: Some(_), .. })));
    (acknowledged, hardened, facts)
}

#[test]
fn d3_and_d4_a_dump_streams_at_the_rate_of_the_drive() {
    for (model, bytes, rates) in
        [("3390-3", 2_838_016_440.0, &[9.0, 14.0, 17.0, 42.0][..]), ("3390-9", 8_514_049_320.0, &[14.0])]
    {
        for &rate in rates {
            // Links that are faster than the fastest drive, so that the drive is what decides.
            let fast = "rate = \"200 MB/s\"\noverhead = \"0 us\"";
            let parameters = format!(
                "[tape]\ncompression = \"1\"\nnative_rate = \"{rate} MB/s\"\nchannel_rate = \"200 MB/s\"\n[channel]\n{fast}\n"
            );
            let (_, hardened, _) = dump(&format!("model = \"{model}\""), &parameters);
            let expected = bytes / (rate * 1e6);
            check_near(&format!("{model} at {rate} MB/s"), expected, expected * 0.005, from_first_to_last(&hardened));
        }
    }
}

#[test]
fn d3_with_the_links_of_the_profile() {
    let (_, hardened, _) = dump("model = \"3390-3\"", "[tape]\ncompression = \"1\"\n");
    assert_eq!(hardened.len(), 50_085);
    check_near("3390-3 at 14 MB/s", 202.7, 202.7 * 0.005, from_first_to_last(&hardened));
}

#[test]
fn d6_a_path_that_is_slower_than_the_drive_decides() {
    // 14 MB/s at 3:1 is 42 MB/s of data, through one path of 17 MB/s.
    let (acknowledged, hardened, _) = dump("model = \"3390-3\"", "[tape]\nchannel_paths = 1\n");
    check_near("through the path", 166.9, 166.9 * 0.01, from_first_to_last(&acknowledged));
    // Behind the last block the drive empties what is left of its buffer: at most 48 MB of data, 1.1 s.
    let drained = seconds(hardened[50_084] - acknowledged[50_084]);
    assert!(drained > 0.0 && drained < 1.15, "{drained}");
}

/// With 320 m in 16 passes, wound back at 5 m/s.
#[test]
fn d18_a_rewind_depends_on_where_the_dump_ended() {
    let bytes = 2_838_016_440_u64;
    for (name, capacity, expected) in [
        // Beside the tracks there are labels, marks and the header of the dump: less than 0.1 s of tape in all cases.
        ("the far end of the first pass", 16 * bytes, 64.0),
        ("the load point after two passes", 8 * bytes, 0.0),
        ("the far end of the third pass", 16 * bytes / 3, 64.0),
        ("the middle of the first pass", 32 * bytes, 32.0),
        ("the middle of the second pass, on the way back", 32 * bytes / 3, 32.0),
        // 20 GB: 2.270 passes of 1.25 GB.
        ("the cartridge of the profile", 20_000_000_000, 17.306),
    ] {
        let parameters = format!("[tape]\ncompression = \"1\"\ncapacity = \"{capacity} B\"\nwraps = 16\n");
        let (_, _, facts) = dump("model = \"3390-3\"", &parameters);
        let released = instant(&facts, |fact| matches!(fact, Fact::Manager(_, ManagerFact::InventoryUpdated { .. })));
        let unloaded = instant(&facts, |fact| matches!(fact, Fact::Tape(TapeFact::Unloaded { .. })));
        check_near(name, expected + 8.0, 0.1, seconds(unloaded - released));
    }
}

/// A dump takes as many cartridges of 20 GB as it fills. The two largest are dumped at a tenth of their size onto cartridges
/// of a tenth, which fill in the same way; for the whole size the scenario provides that many.
#[test]
fn d22_a_dump_takes_as_many_cartridges_as_it_fills() {
    let sizes = [
        ("model = \"3390-3\"", "20 GB", 1),
        ("model = \"3390-9\"", "20 GB", 1),
        ("cylinders = 3276", "2 GB", 2),
        ("cylinders = 6552", "2 GB", 3),
    ];
    for (size, capacity, cartridges) in sizes {
        let parameters = format!("[tape]\ncompression = \"1\"\ncapacity = \"{capacity}\"\n");
        let (_, _, facts) = dump(size, &parameters);
        let mounts = instants(&facts, |fact| matches!(fact, Fact::Tape(TapeFact::Mounted { .. })));
        let closed =
            instants(&facts, |fact| matches!(fact, Fact::Tape(TapeFact::LabelHardened { label: LabelKind::Eov2, .. })));
        let complete = instants(&facts, |fact| {
            matches!(fact, Fact::Manager(_, ManagerFact::JobEnded { outcome: Outcome::Complete, .. }))
        });
        let found = (complete.len(), mounts.len(), closed.len() + 1);
        assert_eq!(found, (1, cartridges, cartridges), "{size} on cartridges of {capacity}");
    }
    for (model, cartridges) in [("3390-3", 1), ("3390-9", 1), ("3390-27", 2), ("3390-54", 3)] {
        let parameters = "dump_retries = 0\n[tape]\ncompression = \"1\"\n";
        let plan = backup(&format!("model = \"{model}\""), "safe-backup", parameters);
        // Two more than all dumps use.
        assert_eq!(plan.host.cartridges.len(), cartridges + 2, "{model}");
    }
}

/// B = 16 MB, R = 14 MB/s, 1.5 s for a stop: a slower host is served at its own rate up to B / 1.5 s, with a stop for each
/// buffer, and loses time above.
#[test]
fn d23_and_d24_a_slow_host_makes_the_drive_stop_and_start() {
    for (rate, effective) in [(10.0, 10.0), (12.0, 11.79), (13.0, 12.80)] {
        let parameters = format!(
            "[tape]\ncompression = \"1\"\nchannel_rate = \"{rate} MB/s\"\nchannel_overhead = \"0 us\"\nchannel_paths = 1\n"
        );
        let (acknowledged, _, facts) = dump("model = \"3390-9\"", &parameters);
        let time = from_first_to_last(&acknowledged);
        check_near(&format!("MB/s at {rate}"), effective, effective * 0.01, 8_514.05 / time);
        if rate == 10.0 {
            let stops = instants(&facts, |fact| matches!(fact, Fact::Tape(TapeFact::StopStart { .. })));
            check_near("stops per hour", 643.0, 643.0 * 0.01, stops.len() as f64 * 3_600.0 / time);
        }
    }
}

/// The dump reads a saved track from the target's home and its neighbours from the source's, far away on the same disks. That
/// costs some arm movement for each of them, and not the time to read all that lies between.
#[test]
fn saved_tracks_among_shared_ones_hardly_slow_a_dump() {
    let updates = |count: u32| -> String {
        let fault = |number: u32| {
            format!("[[fault]]\nkind = \"source-update\"\ntrack = {}\nwhen = {{ at = \"10 s\" }}\n", 100 + 150 * number)
        };
        (0..count).map(fault).collect::<String>() + "[controller]\ndestage_age = \"1 s\"\n"
    };
    let time = |count: u32| {
        let (acknowledged, _, facts) = dump("model = \"3390-9\"", &updates(count));
        let saved = instants(&facts, |fact| matches!(fact, Fact::Dasd(DasdFact::CowBitSet { .. })));
        assert_eq!(saved.len() as u32, count);
        assert!(saved.iter().all(|&saved| saved < acknowledged[0]), "they are saved before the dump reads them");
        from_first_to_last(&acknowledged)
    };
    let undisturbed = time(0);
    check_near("a dump at the rate of the path", 500.8, 500.8 * 0.01, undisturbed);
    check_near("the same with 20 saved tracks", undisturbed, 20.0 * 0.1, time(20));
}

#[test]
fn d12_an_establish_takes_its_base_and_its_tracks() {
    for (model, expected) in [("3390-3", 1.5017), ("3390-9", 3.5051), ("3390-27", 10.3280), ("3390-54", 20.1560)] {
        // The dump of the large ones would take a while and tell nothing: the run ends at the establish.
        let mut trial =
            Trial::new(&backup(&format!("model = \"{model}\""), "safe-backup", "")).expect("it can be built");
        let (mut began, mut ended) = (None, None);
        while ended.is_none() {
            trial.advance().expect("the establish ends");
            for fact in trial.run.model.facts() {
                match fact {
                    Fact::Dasd(DasdFact::PointInTimeSet { .. }) => began = Some(trial.run.now()),
                    Fact::Dasd(DasdFact::EstablishAcknowledged { .. }) => ended = Some(trial.run.now()),
                    _ => {}
                }
            }
        }
        let took = ended.expect("it ended") - began.expect("it began");
        check_near(model, expected, 0.001, seconds(took));
    }
}

#[test]
fn a_withdraw_takes_its_second() {
    let (_, _, facts) = dump("cylinders = 20", "");
    let requested = instant(&facts, |fact| matches!(fact, Fact::Dasd(DasdFact::WithdrawRequested { .. })));
    let withdrawn = instant(&facts, |fact| matches!(fact, Fact::Dasd(DasdFact::RelationshipWithdrawn { .. })));
    check_near("withdraw", 1.0, 0.001, seconds(withdrawn - requested));
}

#[test]
fn a_mount_takes_an_exchange_and_a_load() {
    for (parameters, expected) in [("", 29.0), ("[library]\nexchange = \"2 s\"\n[tape]\nload = \"5 s\"\n", 7.0)] {
        let (_, _, facts) = dump("cylinders = 20", parameters);
        // The mount is asked for when the hidden ID is known.
        let asked = instant(&facts, |fact| matches!(fact, Fact::Manager(_, ManagerFact::HiddenIdRead { .. })));
        let mounted = instant(&facts, |fact| matches!(fact, Fact::Tape(TapeFact::Mounted { .. })));
        check_near("mount", expected, 0.02, seconds(mounted - asked));
    }
}

/// One volume, these tracks updated by a host at one instant, and nothing else in the whole run.
fn after_updates(tracks: &[u32], data_disks: u32) -> (Vec<u64>, Vec<(Time, Fact)>, Trial) {
    after_updates_of("5", tracks, data_disks)
}

fn after_updates_of(level: &str, tracks: &[u32], data_disks: u32) -> (Vec<u64>, Vec<(Time, Fact)>, Trial) {
    let fault = |track: &u32| {
        format!("[[fault]]\nkind = \"source-update\"\ndevice = \"0A00\"\ntrack = {track}\nwhen = {{ at = \"10 s\" }}\n")
    };
    let plan = plan_of(&format!(
        "until = \"2 min\"\n[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\ncylinders = 20\n\
         [raid]\nlevel = {level}\ndata_disks = {data_disks}\n{}",
        tracks.iter().map(fault).collect::<String>()
    ));
    let mut trial = Trial::new(&plan).expect("it can be built");
    let mut facts = Vec::new();
    trial.finish(|trial, happening| {
        if happening == Happening::Event {
            facts.extend(trial.run.model.facts().iter().map(|&fact| (trial.run.now(), fact)));
        }
    });
    (disks(&trial).iter().map(|usage| usage.served).collect(), facts, trial)
}

/// What the disks have done, in their order.
fn disks(trial: &Trial) -> Vec<Usage> {
    let dasd = &trial.run.model.dasd;
    let both = dasd.servers().zip(dasd.usage(trial.run.now()));
    both.filter(|((name, _), _)| name.starts_with("dasd.disk")).map(|(_, usage)| usage).collect()
}

#[test]
fn d13_a_small_write_costs_two_reads_and_two_writes() {
    for data_disks in [3, 6, 7] {
        for track in [7, 40, 299] {
            let (served, facts, _) = after_updates(&[track], data_disks);
            let name = format!("track {track} on {data_disks}+P");
            assert_eq!(served.len() as u32, data_disks + 1, "{name}");
            let busy: Vec<u64> = served.into_iter().filter(|&served| served > 0).collect();
            assert_eq!(busy, [2, 2], "{name}: data and parity are each read and written once");
            instant(&facts, |fact| matches!(fact, Fact::Dasd(DasdFact::StripeDataWritten { .. })));
            instant(&facts, |fact| matches!(fact, Fact::Dasd(DasdFact::StripeParityWritten { .. })));
        }
    }
}

#[test]
fn d13_a_full_row_costs_one_write_for_every_disk_and_no_read() {
    // Tracks 12 to 17 fill one row of 6+P.
    let (served, facts, trial) = after_updates(&[12, 13, 14, 15, 16, 17], 6);
    assert_eq!(served, [1; 7]);
    let destaged = instants(&facts, |fact| matches!(fact, Fact::Dasd(DasdFact::DestageDone { .. })));
    assert_eq!(destaged.len(), 6);
    assert!(trial.run.model.dasd.is_quiet());
}

#[test]
fn d13_every_level_pays_for_a_small_write_and_for_a_full_row_what_the_textbook_says() {
    // Disk operations of a small write, and of a row of six.
    for (level, small, row) in [("0", 1, 6), ("10", 2, 12), ("5", 4, 7), ("6", 6, 8)] {
        let total = |tracks: &[u32]| after_updates_of(level, tracks, 6).0.iter().sum::<u64>();
        assert_eq!((total(&[7]), total(&[12, 13, 14, 15, 16, 17])), (small, row), "RAID-{level}");
    }
}

/// The rebuild of one disk of an otherwise idle rank, up to an instant: how far it is, and when it was done.
fn rebuild(until: &str, parameters: &str) -> (Option<f64>, u64, Trial) {
    let plan = plan_of(&format!(
        "until = \"{until}\"\n[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\ncylinders = 20\n{parameters}\
         [[fault]]\nkind = \"disk-failure\"\ndisk = 3\nwhen = {{ at = \"0 s\" }}\n"
    ));
    let mut trial = Trial::new(&plan).expect("it can be built");
    let mut done = None;
    trial.finish(|trial, _| {
        if trial.run.model.facts().iter().any(|fact| matches!(fact, Fact::Dasd(DasdFact::RebuildDone { disk: 3 }))) {
            done = Some(seconds(trial.run.now() - Time::ZERO));
        }
    });
    let rows = trial.run.model.dasd.rebuilt_rows(3);
    (done, rows, trial)
}

#[test]
fn d15_a_spare_is_filled_at_its_rate() {
    let (done, _, _) = rebuild("2 h", "");
    check_near("rebuild of 36.4 GB at 10 MB/s", 1.011 * 3_600.0, 36.4, done.expect("it is done within two hours"));
    // 20 TB at 100 MB/s take 55.6 h: the first 200 s are enough to see the rate.
    let large = "[disk]\ncapacity = \"20 TB\"\nrpm = 7200\ncylinders = 560000\nheads = 20\nzones = 20\n\
                 rate_outer = \"285 MB/s\"\nrate_inner = \"130 MB/s\"\ntrack_skew = \"270 us\"\noverhead = \"200 us\"\n\
                 seek_track_read = \"0.23 ms\"\nseek_average_read = \"7.4 ms\"\nseek_full_read = \"16 ms\"\n\
                 seek_track_write = \"0.32 ms\"\nseek_average_write = \"8.2 ms\"\nseek_full_write = \"17 ms\"\n\
                 [raid]\nrebuild_rate = \"100 MB/s\"\n";
    let (done, rows, _) = rebuild("200 s", large);
    assert!(done.is_none());
    let hours = 20e12 / (rows as f64 * SLOT_BYTES as f64 / 200.0) / 3_600.0;
    check_near("rebuild of 20 TB at 100 MB/s, by its first 200 s", 55.6, 0.556, hours);
}

#[test]
fn a_rebuild_competes_with_hosts_and_goes_on_behind_a_crash() {
    let load = "[[workload]]\nvolume = \"PROD01\"\nrate = \"60 /s\"\nread = \"100 %\"\n\
                [controller]\ncache = \"1 MiB\"\n";
    let crash = "[[fault]]\nkind = \"controller-crash\"\nwhen = { at = \"1000 s\" }\n";
    let busy = |parameters: &str| {
        let (done, rows, trial) = rebuild("2500 s", parameters);
        assert!(done.is_none());
        (rows, seconds(disks(&trial)[0].busy))
    };
    let ((idle_rows, idle_busy), (rows, loaded_busy)) = (busy(""), busy(load));
    assert!(loaded_busy > idle_busy + 20.0, "{loaded_busy} s and {idle_busy} s");
    assert!(rows <= idle_rows && rows * 10 > idle_rows * 9, "{rows} and {idle_rows} rows");
    // The crash costs the outage and the load of the controller, 21 min, and what has been rebuilt stays.
    let (crashed_rows, _) = busy(crash);
    let share = crashed_rows as f64 / idle_rows as f64;
    check_near("share of rows behind a crash", (2_500.0 - 1_260.0) / 2_500.0, 0.01, share);
}

#[test]
fn d14_nvs_holds_its_slots_and_fills_at_the_rate_of_the_path() {
    // Full-track writes at random places of the largest volume, by four clients that never wait, over one path; nothing is
    // destaged. Six of them or so hit a track that was written before.
    let plan = plan_of(&format!(
        "until = \"15 s\"\n[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\nmodel = \"3390-54\"\n\
         [[workload]]\nvolume = \"PROD01\"\nkind = \"closed\"\nclients = 4\nthink = \"0 s\"\nread = \"0 %\"\n\
         size = \"{TRACK_BYTES} B\"\nhot_requests = \"0 %\"\nhot_tracks = \"0 %\"\n\
         [channel]\npaths = 1\noverhead = \"0 us\"\n\
         [controller]\nnvs_high = \"100 %\"\ndestage_age = \"1 h\"\n"
    ));
    let mut trial = Trial::new(&plan).expect("it can be built");
    // Device 0A00 belongs to cluster 0: its modified data is in the NVS of cluster 1.
    let held = |trial: &Trial| [0, 1].map(|cluster| trial.run.model.dasd.nvs_use(cluster));
    assert_eq!(held(&trial), [(0, 3_510), (0, 3_510)]);
    assert_eq!(u64::from(held(&trial)[1].1), 192 * 1_024 * 1_024 / SLOT_BYTES);
    while held(&trial)[1].0 < 3_510 {
        trial.advance().expect("NVS fills");
    }
    assert_eq!(held(&trial)[0].0, 0);
    check_near("NVS full", 11.70, 0.117, seconds(trial.run.now() - Time::ZERO));
}

/// For how long two devices were online with one ID, until the vary that ends it.
fn exposure(method: &str, seed: u64) -> Span {
    let mut plan = backup("cylinders = 1", method, "");
    plan.seed = seed;
    let mut run = support::Watched::new(&plan, Looking::OnChange);
    let ended = |fact: &Fact| {
        matches!(fact, Fact::Manager(_, ManagerFact::VaryOfflineDone { .. } | ManagerFact::JobEnded { .. }))
    };
    while run.advance().is_some() {
        if run.trial.run.model.facts().iter().any(ended) {
            break;
        }
    }
    total_exposure(&run.checks)
}

fn total_exposure(checks: &Checks) -> Span {
    let report = checks.report();
    let row = report.iter().find(|row| row.invariant == Invariant::UniqueOnlineId).expect("there are all rows");
    row.exposure.as_ref().expect("it is a state").total
}

#[test]
fn d29_a_copy_with_the_same_id_is_online_for_the_time_of_a_vary() {
    const SEEDS: u64 = 4_000;
    let found: Vec<f64> = (0..SEEDS).map(|seed| seconds(exposure("same-id-offline", seed))).collect();
    let mean = found.iter().sum::<f64>() / SEEDS as f64;
    // The mean of a uniform 0.5 to 5 s; its standard error at 4,000 draws is 1.299 s / 63.2 = 0.75 %, so 2 % are 2.7 of it.
    check_near("mean exposure", 2.75, 2.75 * 0.02, mean);
    let variance = found.iter().map(|exposure| (exposure - mean) * (exposure - mean)).sum::<f64>() / (SEEDS - 1) as f64;
    check_near("standard deviation", 4.5 / 12_f64.sqrt(), 0.03, variance.sqrt());
    // Beside the vary the exposure holds the steps around it: a few records of the journal.
    let (least, most) = (found.iter().copied().fold(f64::MAX, f64::min), found.iter().copied().fold(0.0, f64::max));
    assert!(least >= 0.5 && most <= 5.1, "{least} to {most}");
}

#[test]
fn d30_a_safe_backup_has_no_exposure_at_all() {
    for seed in 0..50 {
        assert_eq!(exposure("safe-backup", seed), Span::ZERO, "seed {seed}");
    }
    let outcome = support::execute(&backup("cylinders = 20", "safe-backup", "label_commit = \"atomic\"\n"));
    for row in &outcome.checks {
        let exposed = row.exposure.as_ref().map_or(Span::ZERO, |exposure| exposure.total);
        assert_eq!((exposed, row.violations), (Span::ZERO, 0), "{}", row.invariant);
        let is_id = matches!(row.invariant, Invariant::UniqueOnlineId | Invariant::UniqueIplId);
        assert!(!is_id || row.exposure.is_some() && row.premise_true > 300, "{} was looked at", row.invariant);
    }
}

/// D25: a 3390-3 stored at 3.6 : 1 takes 788.3 MB; 10,000 of its tracks updated under a snapshot take 157.4 MB more.
#[test]
fn a_snapshot_takes_the_space_of_what_is_updated_under_it() {
    let text = "[[dasd]]\narchitecture = \"log-structured\"\n\
                [[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\nmodel = \"3390-3\"\n\
                [[volume]]\nid = \"SPARE1\"\ndevice = \"0A10\"\nmodel = \"3390-3\"\n\
                [[backup]]\nat = \"0 s\"\nmethod = \"safe-backup\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n";
    let mut rig = Rig::new(&plan_of(text));
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    check_near("megabytes of the volume", 788.3, 0.788, megabytes(rig.controller.live_bytes()));
    rig.copy();
    let before = rig.controller.live_bytes();
    for first in (1..=10_000).step_by(100) {
        rig.write(SOURCE, first, 100);
    }
    let extra = rig.controller.live_bytes() - before;
    check_near("megabytes of the updates", 157.4, 0.157, megabytes(extra));
}
