//! Drives, cartridges and the library, against what their parameters add up to and what a real library did.

pub(super) mod dump;
mod library;
mod record;

use std::sync::Arc;

use rayon::prelude::*;

use super::{BadData, Case, Finding, Options, Outcome, Suite, Tolerance, grouped};
use library::{Course, Occupancy, Setting, replay};
use record::Record;

/// # Errors
/// Files of the data folder that cannot be used.
pub fn run(options: &Options) -> Result<Outcome, BadData> {
    let mut left_out = Vec::new();
    let folder = options.data.as_deref().filter(|folder| record::is_in(folder));
    let records = folder.map_or(Ok(Vec::new()), record::read)?;
    if records.is_empty() {
        left_out.push("a real library: give the folder of its record with --data".to_owned());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build().expect("the system gives threads");
    let mut cases = vec![dump::added_up()];
    cases.push(pool.install(dump::of_the_system));
    for record in records {
        match record.digest == PUBLISHED_OF {
            true => cases.push(published(&record)),
            false => left_out.push(format!("the published figures of a record: {} is another one", record.name)),
        }
        cases.extend(pool.install(|| replays(&Arc::new(record))));
    }
    Ok(Outcome { suite: Suite::Tape, cases, left_out, drives: Vec::new() })
}

/// `io_events_sample_250k.csv.bz2` of maesker/RoboticTapeLibrary, to which the figures below belong.
const PUBLISHED_OF: &str = "91ddee1ee1969c956640792af0c688ce5fbd71f169bd08e4b61554790f675500";

/// Input check: the figures of the record as others counted them (VALIDATION D.3), each to its last digit.
fn published(record: &Record) -> Case {
    let seconds = |ns: u64| ns as f64 / 1e9;
    let reads = record.reads.len();
    let mut lengths: Vec<f64> = record.reads.iter().map(|read| seconds(read.occupied.ns())).collect();
    lengths.sort_by(f64::total_cmp);
    let quantile = |percent: usize| lengths[reads * percent / 100];
    let total: f64 = lengths.iter().sum();
    let gaps: Vec<f64> = record.reads.windows(2).map(|pair| seconds((pair[1].at - pair[0].at).ns())).collect();
    let gap = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let squares = gaps.iter().map(|it| (it - gap) * (it - gap)).sum::<f64>();
    let mut of_cartridge = vec![0_usize; record.cartridges];
    let mut of_hour = [0_u64; 24];
    for read in &record.reads {
        of_cartridge[usize::from(read.cartridge.0)] += 1;
        of_hour[((record.time_of_day + read.at.ns() / 1_000_000_000) / 3_600 % 24) as usize] += 1;
    }
    of_cartridge.sort_unstable();
    let busiest: usize = of_cartridge.iter().rev().take(record.cartridges / 10).sum();
    let outages = &record.outages;
    let short = outages.iter().filter(|outage| seconds(outage.ns()) < 60.0).count();
    let outage = seconds(outages.iter().map(|outage| outage.ns()).sum()) / outages.len() as f64;
    let median = seconds(outages[outages.len() / 2].ns());
    let finding = |measure: &str, unit: &'static str, expected: f64, digit: f64, found: f64| {
        let tolerance = if digit == 0.0 { Tolerance::Exact } else { Tolerance::Absolute(digit / 2.0) };
        Finding::new(measure, unit, expected, tolerance).found(found, "counted in the record")
    };
    let mut findings = vec![
        finding("reads", "", 250_000.0, 0.0, reads as f64),
        finding("cartridges", "", 7_022.0, 0.0, record.cartridges as f64),
        finding("mean gap between reads", "s", 6.073, 1e-3, gap),
        finding("its squared coefficient of variation", "", 4.08, 1e-2, squares / gaps.len() as f64 / (gap * gap)),
        finding("longest gap", "s", 5_036.0, 0.0, gaps.iter().copied().fold(0.0, f64::max)),
        finding("mean occupancy", "s", 405.8, 0.1, total / reads as f64),
    ];
    for (percent, expected) in
        [(5, 80.0), (25, 141.0), (50, 182.0), (75, 277.0), (90, 560.0), (95, 1_035.0), (99, 4_339.0)]
    {
        findings.push(finding(&format!("p{percent} of the occupancy"), "s", expected, 0.0, quantile(percent)));
    }
    let longest: f64 = lengths[reads - reads / 100..].iter().sum();
    findings.extend([
        finding("share of the longest 1 % of the reads", "%", 28.4, 0.1, longest / total * 100.0),
        finding("median reads of a cartridge", "", 9.0, 0.0, of_cartridge[record.cartridges / 2] as f64),
        finding("most reads of a cartridge", "", 2_550.0, 0.0, of_cartridge[record.cartridges - 1] as f64),
        finding("share of the busiest 10 % of the cartridges", "%", 59.7, 0.1, busiest as f64 / reads as f64 * 100.0),
        finding(
            "reads in the busiest hour of the day",
            "",
            12_925.0,
            0.0,
            of_hour.iter().copied().max().unwrap_or(0) as f64,
        ),
        finding("reads in the quietest", "", 8_309.0, 0.0, of_hour.iter().copied().min().unwrap_or(0) as f64),
        finding("median outage of a drive", "s", 3_784.0, 1.0, median),
        finding("mean outage", "s", 37_782.0, 1.0, outage),
        finding("outages shorter than 60 s", "%", 7.8, 0.1, short as f64 / outages.len() as f64 * 100.0),
    ]);
    Case {
        name: "library-record".to_owned(),
        parameters: format!(
            "{}: {} reads, as they were published and as they are read here",
            record.name,
            grouped(reads as u64)
        ),
        findings,
    }
}

/// What a library must show that has the reads of a record, with more and with fewer drives than they need.
fn replays(record: &Arc<Record>) -> Vec<Case> {
    let all = record.drives.len();
    let reads = &record.reads;
    let duration = (reads[reads.len() - 1].at - reads[0].at).ns() as f64;
    let occupied: f64 = reads.iter().map(|read| read.occupied.ns() as f64).sum();
    let (load, peak) = (occupied / duration, most_at_once(record));
    // From all down to as many as the load would keep busy: fewer drives than reads at once, and no way to catch up.
    let least = (load.floor() as usize).clamp(1, all);
    let between = |share: usize| least + (all - least) * share / 8;
    let mut counts: Vec<usize> = (0..=8).rev().map(between).collect();
    counts.dedup();
    let gross = |drives| Setting { drives, occupancy: Occupancy::Gross, troubles: false };
    let mut settings: Vec<Setting> = counts.iter().copied().map(gross).collect();
    let net = Setting { occupancy: Occupancy::Net, ..gross(all) };
    settings.extend([Setting { troubles: true, ..gross(all) }, net, Setting { troubles: true, ..net }]);
    let courses: Vec<Course> = settings.par_iter().map(|setting| replay(record, *setting)).collect();
    let mean_wait = |course: &Course| {
        let served = course.balance.completed.max(1);
        course.waited.ns() as f64 / 1e9 / served as f64
    };
    let (plain, few) = (&courses[0], &courses[counts.len() - 1]);
    let fewer = &courses[..counts.len()];
    let fell = fewer.windows(2).filter(|pair| mean_wait(&pair[1]) < mean_wait(&pair[0])).count();
    let method = "gross occupancy, no outages, arrival order, the nearest drive";
    let judged = |measure: String, unit, expected: f64, course: &Course, found: f64| {
        Finding::new(measure, unit, expected, Tolerance::Exact).found(found, method).balanced(course.balance)
    };
    let mut findings = vec![
        judged("reads served".into(), "", reads.len() as f64, plain, plain.balance.completed as f64),
        judged("drives occupied, mean".into(), "", load, plain, plain.occupied.ns() as f64 / duration),
    ];
    if peak <= all as u64 {
        findings.push(judged("drives occupied, peak".into(), "", peak as f64, plain, plain.peak as f64));
        let waited = plain.waited.ns() as f64 / 1e9;
        findings.push(judged(format!("waiting for one of {all} drives, all reads"), "s", 0.0, plain, waited));
    }
    let counted: Vec<String> = counts.iter().map(usize::to_string).collect();
    findings.push(judged(
        format!("times that the mean wait fell with fewer of {} drives", counted.join(", ")),
        "",
        0.0,
        few,
        fell as f64,
    ));
    if load > least as f64 {
        // The drives cannot have done more than all the time of the record: what is left over is at least the rest.
        let rest = (load - least as f64) * duration / 1e9;
        let missing = (rest - few.left.ns() as f64 / 1e9).max(0.0);
        let measure = format!("work that {least} drives cannot do by the last read and that is not left over then");
        findings.push(judged(measure, "drive s", 0.0, few, missing));
    }
    let shown = |measure: String, unit, course: &Course, found: f64, method: &str| {
        Finding::shown(measure, unit).found(found, method).balanced(course.balance)
    };
    for (drives, course) in counts.iter().zip(fewer) {
        findings.push(shown(format!("mean wait with {drives} drives"), "s", course, mean_wait(course), method));
        if course.last > 0 {
            let waiting = |when: &str| format!("reads that wait for {drives} drives {when}");
            findings.push(shown(waiting("half way"), "", course, course.half as f64, method));
            findings.push(shown(waiting("when the last comes"), "", course, course.last as f64, method));
        }
    }
    let mut more = Vec::new();
    for (name, course) in
        ["gross, outages and ejects", "net", "net, outages and ejects"].iter().zip(&courses[counts.len()..])
    {
        let absent = course.balance.failed as f64;
        more.push(shown(format!("{name}: mean wait"), "s", course, mean_wait(course), name));
        more.push(shown(format!("{name}: longest wait"), "s", course, course.longest_wait.ns() as f64 / 1e9, name));
        more.push(shown(
            format!("{name}: drives occupied, mean"),
            "",
            course,
            course.occupied.ns() as f64 / duration,
            name,
        ));
        more.push(shown(
            format!("{name}: accessors busy, of all their time"),
            "%",
            course,
            course.exchanges.ns() as f64 / duration / f64::from(record.levels) * 100.0,
            name,
        ));
        more.push(shown(format!("{name}: reads of a cartridge that is absent"), "", course, absent, name));
    }
    let what = |more: &str| {
        format!(
            "{}: {} reads, {} cartridges, {all} drives{more}",
            record.name,
            grouped(reads.len() as u64),
            grouped(record.cartridges as u64)
        )
    };
    vec![
        Case { name: "library-replay".to_owned(), parameters: what(""), findings },
        Case {
            name: "library-what-if".to_owned(),
            parameters: what(
                ", exchanges of 14 s and 9 s for each level where they are added (assumption); no real figure to compare with",
            ),
            findings: more,
        },
    ]
}

/// Reads that occupied a drive at the same time, those that end in a second being out of the way of those that begin in it.
fn most_at_once(record: &Record) -> u64 {
    let mut changes: Vec<(u64, i64)> = Vec::with_capacity(2 * record.reads.len());
    for read in &record.reads {
        changes.extend([(read.at.ns(), 1), ((read.at + read.occupied).ns(), -1)]);
    }
    changes.sort_unstable();
    let (mut now, mut most) = (0, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    most.unsigned_abs()
}
