//! `tiersim explore`: a scenario struck at every boundary, judged, written down and told.

use std::path::{Path, PathBuf};

use super::args::{ExploreArgs, RunArgs, Samples};
use super::console::Console;
use super::environment::Start;
use super::exit::Exit;
use super::global::Output;
use super::prepare::{Prepared, Rejected, overrides_of, prepare, source_of};
use super::progress::Counted;
use super::report::{into_directory, unreadable};
use super::run::{devices_of, quoted, refused, safe_name};
use super::threads::threads;
use crate::campaign::explore::{Exploration, Strike, Study, causes, explore};
use crate::campaign::{Flow, Watch, one};
use crate::kernel::Span;
use crate::report::course;
use crate::report::directory::FIRST;
use crate::report::exploration::{self, Subject, Summary};
use crate::report::exploration_report::ExplorationFiles;
use crate::report::manifest::{self, Manifest};
use crate::report::{Claim, DirectoryError, Place, RunDirectory, digest, exploration_text, json, program};
use crate::scenario::examples::DEFAULT;
use crate::scenario::{Paint, load};

/// What strikes when nothing is named (HAZARDS 10.3).
const DEFAULT_FAULTS: [&str; 9] = [
    "power-loss",
    "host-crash",
    "controller-crash",
    "tape-write-error",
    "source-update(track=label)",
    "source-update(track=just-dumped)",
    "source-update(track=about-to-be-dumped)",
    "source-update(track=next)",
    "source-update(track=last)",
];
/// What `all` adds to them.
const MORE_FAULTS: [&str; 6] =
    ["tape-drive-offline", "disk-read-error", "path-loss", "target-update", "duplicate-stimulus", "vary-online"];

/// Explores one scenario: study, forks, verdict, files, text.
pub fn run(args: &ExploreArgs, output: &Output, console: &mut Console) -> Exit {
    let start = Start::now();
    let run = RunArgs {
        scenario: args.scenario.clone(),
        out: args.out.clone(),
        force: args.force,
        samples: Samples::None,
        trace: None,
        no_report: args.no_report,
        changes: args.changes.clone(),
    };
    let prepared = match prepare(&run, console.paint()) {
        Ok(prepared) => prepared,
        Err(rejected) => return rejected.tell(console),
    };
    if !prepared.warnings.is_empty() {
        console.note(&prepared.warnings);
    }
    let study = match study_of(args, &prepared, console.paint()) {
        Ok(study) => study,
        Err(rejected) => return rejected.tell(console),
    };
    let id = id_of(&prepared, &study);
    let path = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("out").join(format!("{}-explore-{}", safe_name(&prepared.plan.name), &id[..8])));
    let place = match args.out {
        Some(_) => Place::Named { path: &path, force: args.force },
        None => Place::Default { path: &path },
    };
    let claim = Claim { run_id: &id, model_version: program::THIS.model_version, resolved: &prepared.resolved };
    let directory = match RunDirectory::claim(place, claim) {
        Ok(directory) => directory,
        Err(error) => return refused(&error, console),
    };
    console.detail(&format!("exploration {id}: {}", prepared.plan.title));
    let shown = Counted::new(output, "explore", "boundaries");
    let exploration =
        explore(&study, |done| shown.update(done)).expect("a checked scenario is a system that can be built");
    shown.finish();

    let named = named(args, &prepared, &path);
    let subject = Subject {
        scenario: &prepared.plan.name,
        title: &prepared.plan.title,
        id: &id,
        seed: prepared.plan.seed,
        named: &named,
        mtbf: args.mtbf.0,
    };
    let summary = Summary::new(&subject, &study, &exploration);
    let mut exit = match () {
        () if summary.unexpected => Exit::Violated,
        () if !summary.expected => Exit::Unmet,
        () => Exit::Held,
    };
    let first = first_violation(args, &study, &exploration);
    let finished =
        Finished { args, prepared: &prepared, summary: &summary, exploration: &exploration, first, id: &id, exit };
    match finished.write(directory, start, console) {
        Ok(path) => console.note(&format!("wrote {}", path.display())),
        Err(error) => exit = exit.and(refused(&error, console)),
    }
    match console.json() {
        true => console.result(&json::document(&summary)),
        false => {
            let text = exploration_text::render(&summary, &exploration, console.style());
            console.result(text.as_bytes());
        }
    }
    exit
}

/// The course of the example of the first cause, as a run of its own: forks keep none.
fn first_violation(args: &ExploreArgs, study: &Study, exploration: &Exploration) -> Vec<(&'static str, Vec<u8>)> {
    let Some(cause) = causes(exploration).into_iter().next() else { return Vec::new() };
    let branch = &exploration.branches[cause.example];
    let source = args.scenario.as_deref().map_or_else(|| DEFAULT.source(), source_of);
    let mut overrides = overrides_of(&args.changes);
    overrides.faults.extend(study.faults_of(branch, exploration.boundaries[branch.boundary].number));
    let Ok(loaded) = load(&source, &overrides) else { return Vec::new() };
    let mut progress = |_| Flow::Continue;
    let Ok(outcome) = one::execute(&loaded.plan, Watch::new(&mut progress)) else { return Vec::new() };
    course::files(&outcome.measured.course, &devices_of(&loaded.plan))
}

/// The faults that were named, each as the scenario check understands it, and the rest of the study.
fn study_of(args: &ExploreArgs, prepared: &Prepared, paint: Paint) -> Result<Study, Rejected> {
    let source = args.scenario.as_deref().map_or_else(|| DEFAULT.source(), source_of);
    let overrides = overrides_of(&args.changes);
    let mut strikes: Vec<Strike> = Vec::new();
    let wanted: Vec<(&str, bool)> = match &args.faults[..] {
        [] => DEFAULT_FAULTS.iter().map(|&name| (name, false)).collect(),
        [all] if all == "all" => DEFAULT_FAULTS.iter().chain(&MORE_FAULTS).map(|&name| (name, false)).collect(),
        named => named.iter().map(|name| (name.as_str(), true)).collect(),
    };
    for (name, asked) in wanted {
        match Strike::of(&source, &overrides, name) {
            Ok(strike) if strikes.iter().any(|known| known.name == strike.name) => {}
            Ok(strike) => strikes.push(strike),
            // A default that the scenario has no place for (an update without a backup) is left out.
            Err(_) if !asked => {}
            Err(problems) => {
                return Err(Rejected::of(&problems, paint));
            }
        }
    }
    Ok(Study {
        plan: prepared.plan.clone(),
        strikes,
        depth: args.depth,
        points: args.points,
        after_fault: args.workload_after_fault,
        reduce: !args.no_reduce,
        budget: args.max_runs,
        threads: threads(args.jobs),
    })
}

/// The identity of an exploration: that of the run that is its trunk, and what is tried on it.
fn id_of(prepared: &Prepared, study: &Study) -> String {
    let mut digest = digest::Running::default();
    digest.update(b"tiersim/exploration-id/1");
    digest.update(prepared.run_id.as_bytes());
    for strike in &study.strikes {
        digest.update(strike.name.as_bytes());
        digest.update(&[0]);
    }
    let options = format!("{} {} {} {} {:?}", study.depth, study.points, study.after_fault, study.reduce, study.budget);
    digest.update(options.as_bytes());
    digest.finish()
}

/// The trunk as a command names it: the resolved scenario in the directory of the results has every change applied.
fn named(args: &ExploreArgs, prepared: &Prepared, path: &Path) -> String {
    let changed = args.changes.clone();
    let plain = changed.set.is_empty() && changed.fault.is_empty() && changed.seed.is_none() && changed.until.is_none();
    let file: PathBuf = match (&args.scenario, plain && changed.shuffle_ties.is_none()) {
        (Some(scenario), true) => scenario.clone(),
        (None, true) => PathBuf::from(&prepared.plan.name),
        (_, false) => path.join("scenario.resolved.toml"),
    };
    quoted(&file.to_string_lossy())
}

/// Everything that is to be written.
struct Finished<'a> {
    args: &'a ExploreArgs,
    prepared: &'a Prepared,
    summary: &'a Summary,
    exploration: &'a Exploration,
    /// The files of its course.
    first: Vec<(&'static str, Vec<u8>)>,
    id: &'a str,
    exit: Exit,
}

impl Finished<'_> {
    fn write(&self, mut directory: RunDirectory, start: Start, console: &Console) -> Result<PathBuf, DirectoryError> {
        let left = directory.settle(&self.summary.fingerprint)?;
        if !left.is_empty() {
            console.note(&format!("left in {}: {}", directory.path().display(), left.join(", ")));
        }
        directory.write("scenario.toml", None, &self.prepared.text)?;
        directory.write("forks.csv", None, &exploration::rows(self.exploration))?;
        directory.write("map.txt", None, exploration_text::map(self.exploration, 200).as_bytes())?;
        directory.write("summary.json", Some(exploration::SCHEMA), &json::document(self.summary))?;
        for (name, bytes) in &self.first {
            directory.write(&format!("{FIRST}/{name}"), None, bytes)?;
        }
        if !self.args.no_report {
            let manifest = self.manifest(directory.outputs(), start);
            let files = ExplorationFiles::read(directory.path());
            let files = files.map_err(|error| unreadable(directory.path(), &error))?;
            into_directory(&mut directory, &files.document(&manifest))?;
        }
        let outputs = directory.outputs();
        directory.finish(&self.manifest(outputs, start))
    }

    fn manifest(&self, outputs: Vec<manifest::Output>, start: Start) -> Manifest {
        let Prepared { plan, text, resolved, inputs, .. } = self.prepared;
        Manifest {
            schema: manifest::SCHEMA.to_owned(),
            tool: manifest::TOOL.to_owned(),
            tool_version: program::THIS.version.to_owned(),
            model_version: program::THIS.model_version,
            git_commit: program::THIS.git_commit.to_owned(),
            git_dirty: program::THIS.git_dirty,
            command: "explore".to_owned(),
            scenario: plan.name.clone(),
            run_id: self.id.to_owned(),
            scenario_sha256: digest::sha256(text),
            resolved_sha256: digest::sha256(resolved.as_bytes()),
            seed: plan.seed,
            rng: manifest::GENERATOR.to_owned(),
            set: self.args.changes.set.clone(),
            inputs: inputs.clone(),
            exit_code: self.exit.code(),
            verdict: self.summary.verdict.to_owned(),
            fingerprint: self.summary.fingerprint.clone(),
            result_digest: manifest::digest_of(&outputs),
            outputs,
            environment: start.environment(),
        }
    }
}

/// A duration on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mtbf(pub Span);

impl Mtbf {
    pub fn parse(text: &str) -> Result<Mtbf, String> {
        let ns = crate::scenario::units::Dimension::Duration.parse(text).ok().filter(|&ns| ns > 0);
        ns.map(|ns| Mtbf(Span::from_ns(ns))).ok_or("a duration above zero, as in `5000h`".to_owned())
    }
}
