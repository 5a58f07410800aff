//! Real drives: their recorded requests replayed on the model, beside what the drives did and what DiskSim 4.0 made of
//! them.
//!
//! A folder holds for each drive `NAME.toml` with its parameters, the tables that it names, and `NAME.trace` with the
//! record. `disksim_results.csv`, where it is there, has what DiskSim reached on the same records: a drive passes with a
//! mean error at most 0.010 ms and a demerit at most 5 % beyond those. Parameters come from the files alone; nothing in
//! the code belongs to one drive.

mod reference;
mod replay;
mod score;
mod trace;

use std::fs;
use std::path::Path;

use rayon::prelude::*;

use super::{BadData, Balance, Case, Figure, Finding, Options, Outcome, Suite, Tolerance, files_of};
use crate::kernel::Span;
use crate::scenario::{Paint, Source, drive};
use crate::vocab::Op;
pub use reference::Reference;
pub use score::Sample;
pub use trace::Recorded;

/// A drive's requests with the times of the real drive and of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The name of its files.
    pub name: String,
    /// What the drive is called.
    pub title: String,
    pub requests: Vec<Recorded>,
    pub times: Vec<Span>,
    pub real: Sample,
    pub simulated: Sample,
    /// What its file says that is not modelled.
    pub aside: Vec<String>,
}

/// How well a drive is met, against what DiskSim reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Missed,
    /// Within 0.010 ms of DiskSim's mean error and within 5 % of its demerit.
    Pass,
    /// No worse than DiskSim in either.
    Strict,
    /// Strict, with half of DiskSim's demerit.
    Stretch,
}

/// Room beyond DiskSim's mean error, in ms, and factor on its demerit (VALIDATION A.2).
const ROOM: f64 = 0.010;
const FACTOR: f64 = 1.05;
/// Factor on DiskSim's demerit that is better than physically meaningful.
const STRETCH: f64 = 0.5;
/// The largest record.
const MOST_TRACE: u64 = 1 << 28;

/// # Errors
/// Files of the data folder that cannot be used.
pub fn run(options: &Options) -> Result<Outcome, BadData> {
    let folder = options.data.as_deref().unwrap_or(Path::new("."));
    let (names, mut left_out) = drives(folder)?;
    let references = reference::read(&folder.join("disksim_results.csv"))?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build().expect("the system gives threads");
    let compared: Result<Vec<Comparison>, BadData> =
        pool.install(|| names.par_iter().map(|name| compare(folder, name)).collect());
    let compared = compared?;
    let mut cases = Vec::new();
    for comparison in &compared {
        let reference = references.iter().find(|reference| reference.disk == comparison.name);
        if reference.is_none() {
            let what = "no figures of DiskSim in disksim_results.csv, so nothing is judged";
            left_out.push(format!("{}: {what}", comparison.name));
        }
        left_out.extend(comparison.aside.iter().map(|what| format!("{}: {what}", comparison.name)));
        cases.push(case(comparison, reference));
    }
    Ok(Outcome { suite: Suite::Disks, cases, left_out, drives: compared })
}

/// Whether a folder holds a drive with a record.
pub(super) fn is_in(folder: &Path) -> bool {
    drives(folder).is_ok()
}

/// Names of the drives with a record, and what was passed over.
fn drives(folder: &Path) -> Result<(Vec<String>, Vec<String>), BadData> {
    let bad = |problem: String| BadData { place: folder.display().to_string(), problem };
    let mut files = files_of(folder)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let (mut names, mut left_out) = (Vec::new(), Vec::new());
    for path in files {
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        match path.with_extension("trace").is_file() {
            true => names.push(name.to_owned()),
            false => left_out.push(format!("{name}.toml: there is no {name}.trace beside it")),
        }
    }
    if names.is_empty() {
        return Err(
            bad("no drive is here: each needs its parameters in NAME.toml and its record in NAME.trace".into()),
        );
    }
    Ok((names, left_out))
}

/// Replays the record of one drive.
fn compare(folder: &Path, name: &str) -> Result<Comparison, BadData> {
    let path = folder.join(format!("{name}.toml"));
    let drive = drive::load(&Source::Path(path.clone())).map_err(|problems| BadData {
        place: path.display().to_string(),
        problem: format!("this is no drive\n{}", problems.render(Paint::Plain).trim_end()),
    })?;
    let path = folder.join(format!("{name}.trace"));
    let place = path.display().to_string();
    let text = read_text(&path)?;
    let requests = trace::read(&text, &place, drive.model.sectors())?;
    let times = replay::replay(&drive.model, &requests).ok_or_else(|| BadData {
        place,
        problem: "with its pauses the record lasts longer than 584 years".to_owned(),
    })?;
    let real = Sample::new(requests.iter().map(|request| request.service.ns())).expect("a record has requests");
    let simulated = Sample::new(times.iter().map(|time| time.ns())).expect("each request took some time");
    Ok(Comparison { name: name.to_owned(), title: drive.name, requests, times, real, simulated, aside: drive.aside })
}

fn read_text(path: &Path) -> Result<String, BadData> {
    let bad = |problem: String| BadData { place: path.display().to_string(), problem };
    let size = fs::metadata(path).map_err(|error| bad(format!("it cannot be read: {error}")))?.len();
    if size > MOST_TRACE {
        return Err(bad(format!("it has {size} bytes; records have at most {MOST_TRACE}")));
    }
    let bytes = fs::read(path).map_err(|error| bad(format!("it cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|_| bad("it is not UTF-8 text".to_owned()))
}

impl Comparison {
    /// Mean of the model less mean of the drive, in milliseconds.
    pub fn mean_error(&self) -> f64 {
        self.simulated.mean() - self.real.mean()
    }

    pub fn demerit(&self) -> f64 {
        self.real.demerit(&self.simulated)
    }

    pub fn grade(&self, reference: &Reference) -> Grade {
        let (error, demerit) = (self.mean_error().abs(), self.demerit());
        let (their_error, their_demerit) = (reference.mean_error().abs(), reference.demerit);
        if error > their_error + ROOM || demerit > their_demerit * FACTOR {
            Grade::Missed
        } else if error > their_error || demerit > their_demerit {
            Grade::Pass
        } else if demerit > their_demerit * STRETCH {
            Grade::Strict
        } else {
            Grade::Stretch
        }
    }

    /// The samples of reads or of writes alone; nothing when there are none.
    fn of(&self, op: Op) -> Option<(Sample, Sample)> {
        let chosen = || self.requests.iter().zip(&self.times).filter(|(request, _)| request.op == op);
        let real = Sample::new(chosen().map(|(request, _)| request.service.ns()))?;
        let simulated = Sample::new(chosen().map(|(_, time)| time.ns()))?;
        Some((real, simulated))
    }
}

impl Grade {
    fn words(self) -> &'static str {
        match self {
            Grade::Missed => "missed: beyond 0.010 ms of DiskSim's mean error, or 5 % beyond its demerit",
            Grade::Pass => "pass: within 0.010 ms of DiskSim's mean error and 5 % of its demerit, but not strict",
            Grade::Strict => "strict: neither mean error nor demerit is larger than DiskSim's",
            Grade::Stretch => "stretch: strict, with at most half of DiskSim's demerit",
        }
    }
}

fn case(comparison: &Comparison, reference: Option<&Reference>) -> Case {
    let issued = comparison.requests.len() as u64;
    let completed = comparison.times.len() as u64;
    let balance = Balance { issued, completed, failed: 0, in_flight: 0 };
    let method = match reference {
        Some(reference) => format!("grade: {}", comparison.grade(reference).words()),
        None => String::new(),
    };
    let tolerance = |limit: Option<f64>| limit.map_or(Tolerance::None, Tolerance::Absolute);
    let mean_limit = tolerance(reference.map(|it| it.mean_error().abs() + ROOM));
    let demerit_limit = tolerance(reference.map(|it| it.demerit * FACTOR));
    let mut findings = vec![
        finding("mean", comparison.real.mean(), mean_limit, comparison.simulated.mean(), &method).balanced(balance),
        finding("error of the mean", 0.0, Tolerance::None, comparison.mean_error(), ""),
        finding("demerit", 0.0, demerit_limit, comparison.demerit(), ""),
    ];
    if let Some(reference) = reference {
        let figure = |name: &str, value: f64| Figure { name: name.to_owned(), unit: "ms", value };
        findings[0].beside = vec![figure("DiskSim", reference.mean)];
        findings[1].beside = vec![figure("DiskSim", reference.mean_error())];
        findings[2].beside =
            vec![figure("DiskSim", reference.demerit), figure("half of DiskSim", reference.demerit * STRETCH)];
    }
    for (op, mean, error, demerit) in [
        (Op::Read, "mean of reads", "error of the mean of reads", "demerit of reads"),
        (Op::Write, "mean of writes", "error of the mean of writes", "demerit of writes"),
    ] {
        if let Some((real, simulated)) = comparison.of(op) {
            findings.push(finding(mean, real.mean(), Tolerance::None, simulated.mean(), ""));
            findings.push(finding(error, 0.0, Tolerance::None, simulated.mean() - real.mean(), ""));
            findings.push(finding(demerit, 0.0, Tolerance::None, real.demerit(&simulated), ""));
        }
    }
    let parameters = format!("{}, {issued} requests in closed loop, one outstanding", comparison.title);
    Case { name: comparison.name.clone(), parameters, findings }
}

fn finding(measure: &str, expected: f64, tolerance: Tolerance, simulated: f64, method: &str) -> Finding {
    Finding::new(measure, "ms", expected, tolerance).found(simulated, method)
}

#[cfg(test)]
mod tests {
    //! The four real drives, where their records are at hand; and what a folder may lack.

    use std::path::{Path, PathBuf};

    use super::*;
    use crate::validate::Verdict;

    /// The folder of the records, which is no part of this repository.
    fn records() -> Option<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/validation/disks");
        if folder.is_dir() {
            return Some(folder);
        }
        eprintln!("SKIPPED: no records of real drives in {}; nothing was compared", folder.display());
        None
    }

    fn options(data: &Path) -> Options {
        Options { data: Some(data.to_owned()), threads: 2 }
    }

    #[test]
    fn all_real_drives_pass() {
        let Some(folder) = records() else { return };
        let outcome = run(&options(&folder)).expect("the records are sound");
        let references = reference::read(&folder.join("disksim_results.csv")).expect("the figures are sound");
        let names: Vec<&str> = outcome.drives.iter().map(|drive| drive.name.as_str()).collect();
        assert_eq!(names, ["atlas10k", "cheetah9LP", "hp_c2247a", "hp_c3323a"]);
        for comparison in &outcome.drives {
            let reference = references.iter().find(|it| it.disk == comparison.name).expect("DiskSim ran them all");
            let grade = comparison.grade(reference);
            let (error, demerit) = (comparison.mean_error(), comparison.demerit());
            assert!(grade >= Grade::Pass, "{}: mean error {error:+.4} ms, demerit {demerit:.4} ms", comparison.name);
            assert_eq!(comparison.times.len(), comparison.requests.len());
        }
        assert!(outcome.is_within());
        let balances = outcome.cases.iter().filter_map(|case| case.findings[0].attempts[0].balance);
        assert_eq!(balances.map(|balance| balance.completed).sum::<u64>(), 9_999 + 9_074 + 10_000 + 10_000);
    }

    /// A drive with two tracks of ten sectors that turns ten times a second, a sector every 10 ms, and no overheads.
    const SMALL: &str = "[disk]\nsurfaces = 1\ncylinders = 2\n[mechanics]\nseek_type = \"constant\"\nconstant_seek_time = 1.0\n\
        rotation_speed_in_rpms = 600\n[[zone]]\nfirst_cylinder_number = 0\nlast_cylinder_number = 1\nblocks_per_track = 10\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("the system has room for temporary files");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file can be written");
        }
        folder
    }

    #[test]
    fn a_drive_without_reference_is_shown_and_not_judged() {
        let trace = "R Hit 0 1 11000.0 0\nR Hit 1 1 10000.0 0\n";
        let folder = folder(&[("small.toml", SMALL), ("small.trace", trace), ("other.toml", SMALL)]);
        let outcome = run(&options(folder.path())).expect("the drive is sound");
        assert_eq!(outcome.drives[0].times, [Span::from_ms(10), Span::from_ms(10)]);
        assert!((outcome.drives[0].mean_error() + 0.5).abs() < 1e-9);
        assert!(outcome.cases[0].findings.iter().all(|finding| finding.verdict() == Verdict::Unjudged));
        let [other, small] = outcome.left_out.as_slice() else { panic!("two things are left out") };
        assert!(other.starts_with("other.toml: there is no other.trace"), "{other}");
        assert!(small.starts_with("small: no figures of DiskSim"), "{small}");
    }

    #[test]
    fn figures_of_disksim_decide() {
        let heading = "disk,real_mean_ms,disksim_mean_ms,disksim_demerit_ms_64bit\n";
        for (figures, grade, within) in [
            ("small,10,10.488,0.6\n", Grade::Missed, false),
            ("small,10,10.495,0.6\n", Grade::Pass, true),
            ("small,10,9.4,0.39\n", Grade::Pass, true),
            ("small,10,9.4,0.8\n", Grade::Strict, true),
            ("small,10,9.4,1.5\n", Grade::Stretch, true),
        ] {
            let results = format!("{heading}{figures}");
            // Half a millisecond too fast on average. The curves part at half their height and end a millisecond apart, so
            // that the demerit is the root of a sixth: 0.408.
            let trace = "R Hit 0 1 11000 0\nR Hit 1 1 10000 0\n";
            let folder = folder(&[("small.toml", SMALL), ("small.trace", trace), ("disksim_results.csv", &results)]);
            let outcome = run(&options(folder.path())).expect("the drive is sound");
            let reference = &reference::read(&folder.path().join("disksim_results.csv")).expect("sound")[0];
            let drive = &outcome.drives[0];
            assert_eq!(drive.grade(reference), grade, "{figures} {} {}", drive.mean_error(), drive.demerit());
            assert_eq!(outcome.is_within(), within, "{figures}");
        }
    }

    #[test]
    fn bad_data_is_told_with_its_place() {
        let trace = "R Hit 0 1 1 1\n";
        for (files, words) in [
            (vec![], vec!["no drive is here"]),
            (vec![("a.toml", SMALL)], vec!["no drive is here"]),
            (vec![("a.toml", SMALL), ("a.trace", "garbage\n")], vec!["a.trace:1", "6 fields"]),
            (vec![("a.toml", SMALL), ("a.trace", "R Hit 20 1 1 1\n")], vec!["a.trace:1", "beyond the 20 sectors"]),
            (
                vec![("a.toml", "[disk]\nsurface = 1\n[mechanic]\n"), ("a.trace", trace)],
                vec!["`surface`", "`mechanic`", "`mechanics` is missing"],
            ),
            (vec![("a.toml", "[disk"), ("a.trace", trace)], vec!["a.toml", "S0002"]),
        ] {
            let folder = folder(&files);
            let error = run(&options(folder.path())).expect_err("the data is bad").to_string();
            for word in words {
                assert!(error.contains(word), "{word} is not in\n{error}");
            }
        }
    }
}
