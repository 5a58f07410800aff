//! `tiersim run`: one scenario, judged, written down and told.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

use super::args::{Changes, RunArgs, Samples, Seed};
use super::console::Console;
use super::environment::Start;
use super::exit::Exit;
use super::global::Output;
use super::interrupt::Interrupt;
use super::prepare::{Prepared, prepare};
use super::progress::Progress;
use super::report::{into_directory, unreadable};
use crate::campaign::{EndReason, Flow, Judgement, RunOutcome, Watch, judge, one};
use crate::kernel::Time;
use crate::measure::{Phase, Sample};
#[cfg(feature = "parquet")]
use crate::report::directory::REQUESTS_PARQUET;
use crate::report::directory::{REQUESTS, Streamed, TRACE};
use crate::report::manifest::{self, Manifest};
use crate::report::perfetto::{self, Perfetto};
use crate::report::requests::RequestRows;
use crate::report::run_report::RunFiles;
use crate::report::{
    Claim, DirectoryError, Place, RunDirectory, Subject, Summary, checkpoints, course, digest, json, program, summary,
    table,
};
use crate::scenario::Plan;
use crate::scenario::plan::Ending;
use crate::vocab::DeviceNumber;
use crate::world::Fact;

/// Runs one scenario: plan, directory, run, verdict, files, text.
pub fn run(args: &RunArgs, output: &Output, console: &mut Console) -> Exit {
    let start = Start::now();
    if args.out.as_deref() == Some(Path::new("-")) {
        console.error("error: a run is a directory of files and cannot be written to `-`; use --json for its summary");
        return Exit::Usage;
    }
    if args.samples == Samples::Parquet && cfg!(not(feature = "parquet")) {
        let remedy = "build it with `--features parquet`, or ask for csv";
        console.error(&format!("error: this program was built without Parquet; {remedy}"));
        return Exit::Usage;
    }
    let args = &with_drawn_seed(args, console);
    let prepared = match prepare(args, console.paint()) {
        Ok(prepared) => prepared,
        Err(rejected) => return rejected.tell(console),
    };
    if !prepared.warnings.is_empty() {
        console.note(&prepared.warnings);
    }
    let path = place_of(args, &prepared);
    let (mut directory, streamed) = match open(args, &path, &prepared) {
        Ok(opened) => opened,
        Err(error) => return refused(&error, console),
    };
    console.detail(&format!("run {}: {}", prepared.run_id, prepared.plan.title));

    let (outcome, streams) = watch(&prepared, streamed, output);
    let events_per_second = outcome.events * 1_000 / start.elapsed_ms().max(1);
    console.detail(&format!("{} events, {events_per_second} a second", outcome.events));
    let plan = &prepared.plan;
    let judgement = judge(&outcome, &plan.faults, &plan.expect);
    let summary = summary_of(&prepared, &outcome, &judgement);
    let mut exit = exit_of(&outcome, &judgement, &summary);

    let result = Finished { args, prepared: &prepared, outcome: &outcome, summary: &summary, exit };
    let written = match outcome.end_reason {
        // Half a run must not stand under the name of the whole.
        EndReason::Interrupted => {
            streams.abandon();
            console.note("interrupted: no result was written");
            false
        }
        EndReason::Quiescent | EndReason::Until | EndReason::Stalled | EndReason::Overrun => {
            match result.write(&mut directory, streams, (console, start)) {
                Ok(outputs) => match directory.finish(&result.manifest(outputs, start)) {
                    Ok(path) => {
                        console.note(&format!("wrote {}", path.display()));
                        true
                    }
                    Err(error) => {
                        exit = exit.and(refused(&error, console));
                        false
                    }
                },
                Err(error) => {
                    exit = exit.and(refused(&error, console));
                    false
                }
            }
        }
    };
    let replay = if written { replay_of(&path) } else { as_typed(std::env::args()) };
    match console.json() {
        true => console.result(&json::document(&summary)),
        false => {
            let text = table::render(&summary, &replay, console.style());
            console.result(text.as_bytes());
        }
    }
    if !summary.adds_up() {
        console.error("error: requests or tape blocks do not add up: this is a defect of tiersim");
    }
    exit
}

/// Writes the directory of a run that was made elsewhere, as one among many.
pub(super) fn keep(
    prepared: &Prepared,
    (outcome, judgement): (&RunOutcome, &Judgement),
    path: &Path,
    console: &Console,
) -> Result<PathBuf, DirectoryError> {
    let start = Start::now();
    let args = RunArgs {
        scenario: None,
        out: Some(path.to_owned()),
        force: true,
        samples: Samples::None,
        trace: None,
        no_report: false,
        changes: Changes::default(),
    };
    let (mut directory, streams) = open(&args, path, prepared)?;
    let summary = summary_of(prepared, outcome, judgement);
    let exit = exit_of(outcome, judgement, &summary);
    let result = Finished { args: &args, prepared, outcome, summary: &summary, exit };
    let outputs = result.write(&mut directory, streams, (console, start))?;
    directory.finish(&result.manifest(outputs, start))
}

pub(super) fn devices_of(plan: &Plan) -> Vec<DeviceNumber> {
    plan.dasd.volumes.iter().map(|volume| volume.device).collect()
}

fn summary_of(prepared: &Prepared, outcome: &RunOutcome, judgement: &Judgement) -> Summary {
    let plan = &prepared.plan;
    let devices = devices_of(plan);
    let images: Vec<String> = plan.images.iter().map(|image| image.name.clone()).collect();
    let subject = Subject {
        scenario: &plan.name,
        title: &plan.title,
        run_id: &prepared.run_id,
        seed: plan.seed,
        devices: &devices,
        images: &images,
        faults: &plan.faults,
        rates: &plan.rates,
    };
    Summary::new(&subject, outcome, judgement)
}

/// Everything that is to be written.
struct Finished<'a> {
    args: &'a RunArgs,
    prepared: &'a Prepared,
    outcome: &'a RunOutcome,
    summary: &'a Summary,
    exit: Exit,
}

/// What is written while the run goes on.
#[derive(Default)]
struct Streams {
    rows: Option<RequestRows<Streamed>>,
    trace: Option<Perfetto<Streamed>>,
}

impl Streams {
    fn abandon(self) {
        if let Some(rows) = self.rows {
            rows.finish().0.abandon();
        }
        if let Some(trace) = self.trace {
            trace.finish(Time::ZERO).0.abandon();
        }
    }

    /// Gives the files their names.
    fn keep(self, directory: &mut RunDirectory, end: Time, console: &Console) -> Result<(), DirectoryError> {
        if let Some(rows) = self.rows {
            let name = rows.name();
            let (streamed, taken) = rows.finish();
            kept(directory, name, streamed, taken)?;
        }
        if let Some(trace) = self.trace {
            let (streamed, written, requests, taken) = trace.finish(end);
            kept(directory, TRACE, streamed, taken)?;
            console.detail(&format!("{TRACE}: {written} events, {requests} requests"));
            if written > perfetto::MANY {
                console.note(&format!(
                    "warning: {TRACE} has {written} events, and viewers fail near a million; trace a part, as in \
                     `--trace 60s..90s`"
                ));
            }
        }
        Ok(())
    }
}

fn kept(
    directory: &mut RunDirectory,
    name: &str,
    streamed: Streamed,
    taken: std::io::Result<()>,
) -> Result<(), DirectoryError> {
    match taken {
        Ok(()) => directory.keep(streamed, None),
        Err(source) => {
            streamed.abandon();
            Err(DirectoryError::Write { path: directory.path().join(name), source })
        }
    }
}

impl Finished<'_> {
    /// Writes every file but the manifest; gives back what was written.
    fn write(
        &self,
        directory: &mut RunDirectory,
        streams: Streams,
        (console, start): (&Console, Start),
    ) -> Result<Vec<manifest::Output>, DirectoryError> {
        let replaces = directory.replaces();
        let left = match directory.settle(&self.summary.fingerprint) {
            Ok(left) => left,
            Err(error) => {
                streams.abandon();
                return Err(error);
            }
        };
        if replaces {
            console.note(&format!("replaced the earlier run in {}", directory.path().display()));
        }
        if !left.is_empty() {
            console.note(&format!("left in {}: {}", directory.path().display(), left.join(", ")));
        }
        directory.write("scenario.toml", None, &self.prepared.text)?;
        streams.keep(directory, self.outcome.end_time, console)?;
        for volume in &self.outcome.measured.volumes {
            for &phase in Phase::ALL {
                let latency = volume.traffic.latency(phase);
                if latency.count() > 0 {
                    let name = format!("hist/latency-{}-{phase}.hgrm", volume.id);
                    directory.write(&name, None, latency.distribution().as_bytes())?;
                }
            }
        }
        directory.write(checkpoints::NAME, None, &checkpoints::write(&self.outcome.checkpoints))?;
        let course = &self.outcome.measured.course;
        for (name, bytes) in course::files(course, &devices_of(&self.prepared.plan)) {
            directory.write(name, None, &bytes)?;
        }
        directory.write("summary.json", Some(summary::SCHEMA), &json::document(self.summary))?;
        if !self.args.no_report {
            let manifest = self.manifest(directory.outputs(), start);
            let files = RunFiles::read(directory.path()).map_err(|error| unreadable(directory.path(), &error))?;
            into_directory(directory, &files.document(&manifest, summary::REPLAY))?;
        }
        Ok(directory.outputs())
    }

    fn manifest(&self, outputs: Vec<manifest::Output>, start: Start) -> Manifest {
        let Prepared { plan, text, resolved, inputs, run_id, .. } = self.prepared;
        Manifest {
            schema: manifest::SCHEMA.to_owned(),
            tool: manifest::TOOL.to_owned(),
            tool_version: program::THIS.version.to_owned(),
            model_version: program::THIS.model_version,
            git_commit: program::THIS.git_commit.to_owned(),
            git_dirty: program::THIS.git_dirty,
            command: "run".to_owned(),
            scenario: plan.name.clone(),
            run_id: run_id.clone(),
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

/// A drawn seed takes the place of the word `random`, and is told.
fn with_drawn_seed(args: &RunArgs, console: &Console) -> RunArgs {
    let mut args = args.clone();
    if args.changes.seed == Some(Seed::Random) {
        // The standard library keys its hash states from the system's generator.
        let drawn = RandomState::new().build_hasher().finish();
        console.note(&format!("seed {drawn}"));
        args.changes.seed = Some(Seed::Number(drawn));
    }
    args
}

fn place_of(args: &RunArgs, prepared: &Prepared) -> PathBuf {
    args.out.clone().unwrap_or_else(|| {
        Path::new("out").join(format!("{}-{}", safe_name(&prepared.plan.name), &prepared.run_id[..8]))
    })
}

/// A name that is one on every file system.
pub(super) fn safe_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(safe).collect();
    name.trim_start_matches('.').to_owned()
}

fn open(args: &RunArgs, path: &Path, prepared: &Prepared) -> Result<(RunDirectory, Streams), DirectoryError> {
    let place = match args.out {
        Some(_) => Place::Named { path, force: args.force },
        None => Place::Default { path },
    };
    let claim =
        Claim { run_id: &prepared.run_id, model_version: program::THIS.model_version, resolved: &prepared.resolved };
    let mut directory = RunDirectory::claim(place, claim)?;
    let rows = match args.samples {
        Samples::None => None,
        Samples::Csv => Some(RequestRows::csv(directory.stream(REQUESTS)?)),
        #[cfg(feature = "parquet")]
        Samples::Parquet => Some(RequestRows::parquet(directory.stream(REQUESTS_PARQUET)?)),
        #[cfg(not(feature = "parquet"))]
        Samples::Parquet => unreachable!("it was refused"),
    };
    let trace = match args.trace {
        None => None,
        Some(extent) => Some(Perfetto::new(directory.stream(TRACE)?, extent, tracks_of(&prepared.plan))),
    };
    Ok((directory, Streams { rows, trace }))
}

/// The names of the tracks of a trace.
fn tracks_of(plan: &Plan) -> perfetto::Names {
    perfetto::Names {
        devices: plan.dasd.volumes.iter().map(|volume| volume.device.to_string()).collect(),
        images: plan.images.iter().map(|image| image.name.clone()).collect(),
        workloads: plan.workloads.iter().map(|it| it.volumes.iter().map(|volume| volume.id).collect()).collect(),
        drives: plan.tape.drives,
    }
}

/// Runs the plan under the eyes of the person and of the sample file.
fn watch(prepared: &Prepared, mut streams: Streams, output: &Output) -> (RunOutcome, Streams) {
    let until: Option<Time> = match prepared.plan.ending {
        Ending::At(time) => Some(time),
        Ending::AfterWork { .. } => None,
    };
    let interrupt = Interrupt::listen();
    let mut shown = Progress::new(output, until);
    let mut progress = |progress| {
        shown.update(progress);
        if interrupt.is_set() { Flow::Stop } else { Flow::Continue }
    };
    // A sample file that cannot be written does not end the run: its summary is still worth having.
    let mut write = streams.rows.as_mut().map(|rows| {
        move |sample: &Sample| {
            rows.write(sample);
            Flow::Continue
        }
    });
    let samples = write.as_mut().map(|write| write as &mut dyn FnMut(&Sample) -> Flow);
    let mut observe = streams.trace.as_mut().map(|trace| move |now: Time, facts: &[Fact]| trace.observe(now, facts));
    let facts = observe.as_mut().map(|observe| observe as &mut dyn FnMut(Time, &[Fact]));
    let outcome = one::execute(&prepared.plan, Watch { samples, facts, ..Watch::new(&mut progress) })
        .expect("a checked scenario is a system that can be built");
    shown.finish();
    (outcome, streams)
}

pub(super) fn exit_of(outcome: &RunOutcome, judgement: &Judgement, summary: &Summary) -> Exit {
    let exits = [
        (!summary.adds_up(), Exit::Internal),
        (outcome.end_reason == EndReason::Interrupted, Exit::Interrupted),
        (!judgement.unexpected.is_empty(), Exit::Violated),
        (!judgement.held, Exit::Unmet),
    ];
    let applying = exits.into_iter().filter(|(applies, _)| *applies);
    applying.fold(Exit::Held, |exit, (_, other)| exit.and(other))
}

/// Says why a directory cannot be used.
pub(super) fn refused(error: &DirectoryError, console: &Console) -> Exit {
    console.error(&format!("error: {error}"));
    match error {
        DirectoryError::NotADirectory { .. }
        | DirectoryError::Busy { .. }
        | DirectoryError::NotEmpty { .. }
        | DirectoryError::Foreign { .. } => Exit::Usage,
        DirectoryError::Diverged { .. } => Exit::Nondeterminism,
        DirectoryError::Write { .. } => Exit::Internal,
    }
}

/// The command that repeats a run from its directory.
fn replay_of(path: &Path) -> String {
    format!("tiersim run {}", quoted(&path.join("scenario.resolved.toml").to_string_lossy()))
}

/// The command as it was typed, for a run that left no directory.
fn as_typed(arguments: impl Iterator<Item = String>) -> String {
    let words = arguments.skip(1).map(|word| quoted(&word));
    ["tiersim".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_copied_into_a_shell() {
        let words = ["/usr/bin/tiersim", "run", "my file.toml", "--fault", "power-loss@after:x#1", "it's"];
        let typed = as_typed(words.iter().map(|word| (*word).to_owned()));
        assert_eq!(typed, r"tiersim run 'my file.toml' --fault 'power-loss@after:x#1' 'it'\''s'");
        assert_eq!(replay_of(Path::new("out/a-1")), "tiersim run out/a-1/scenario.resolved.toml");
    }
}
