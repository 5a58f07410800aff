//! `tiersim campaign run`: the missing runs of a campaign or a shard, on all cores, so that nothing that has ended is lost.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::console::Console;
use super::super::environment::Start;
use super::super::exit::Exit;
use super::super::global::Output;
use super::super::interrupt::Interrupt;
use super::super::prepare::prepared;
use super::super::progress::Counted;
use super::super::run::keep;
use super::super::threads::threads;
use super::args::CampaignRunArgs;
use super::judge::Page;
use super::{Stop, is_unexpected, judge, load, manifest_of, note_more, path_of, planned};
use crate::campaign::sweep::{Made, Row, Shard, Sweep, pool};
use crate::report::campaign::directory::{CampaignDirectory, CampaignError, Existing};
use crate::report::campaign::journal::Journal;
use crate::report::campaign::manifest::CampaignManifest;
use crate::report::campaign::stopping::{Look, look, needed};
use crate::report::campaign::summary::complete;
use crate::report::json;
use crate::report::text::counted;
use crate::scenario::campaign::Keep;
use crate::scenario::{Overrides, Paint, Source};

pub fn run(args: &CampaignRunArgs, output: &Output, console: &mut Console) -> Result<Exit, Stop> {
    let start = Start::now();
    let mut kept = args.keep.unwrap_or(Keep::Violations);
    let planned_directory = args.campaign.as_deref().filter(|path| path.is_dir());
    let directory = match planned_directory {
        Some(path) => {
            refuse_changes(args)?;
            let directory = CampaignDirectory::open(path, args.allow_mixed_versions)?;
            match args.changes.repeat {
                Some(replications) => directory.raised(replications)?,
                None => directory,
            }
        }
        None => {
            let loaded = load(args.campaign.as_deref(), &args.changes, console.paint())?;
            let (manifest, files) = manifest_of(&loaded)?;
            let path = path_of(args.out.as_ref(), &manifest);
            if args.dry_run {
                let plans = loaded.points.iter().map(|point| &point.scenario).chain([&loaded.canary]);
                let sweep = manifest.sweep(plans.map(|scenario| scenario.plan.clone()).collect());
                return Ok(show_plan(&manifest, &sweep, &path, console));
            }
            kept = args.keep.unwrap_or(loaded.campaign.keep);
            // The default directory belongs to this campaign alone: what is in there is part of it.
            let existing = match (args.force, args.resume || args.out.is_none()) {
                (true, _) => Existing::Replace,
                (false, true) => Existing::GoOn,
                (false, false) => Existing::Refuse,
            };
            CampaignDirectory::plan(&path, manifest, &files, existing)?
        }
    };
    note_more(&directory, args.changes.repeat, console);
    let sweep = directory.sweep()?;
    if args.dry_run {
        return Ok(show_plan(&directory.manifest, &sweep, directory.path(), console));
    }
    if directory.manifest.stop.is_some() && args.shard.is_some_and(|shard| shard.of > 1) {
        return Err(Stop::Usage(
            "a stopping rule looks at all rows in their order, so such a campaign has no shards; run it as a whole, or give it a \
             number of replications in the place of the rule"
                .to_owned(),
        ));
    }
    let work = Work { args, directory: &directory, sweep: &sweep, kept, start };
    let ended = work.all(output, console)?;
    console.detail(&format!("{} ms", start.elapsed_ms()));
    match ended {
        Ended::Done if args.shard.is_none_or(|shard| shard.of == 1) => {
            judge::merged(&directory, &sweep, Page::unless(args.no_report), console)
        }
        Ended::Done if console.json() => {
            let shard = args.shard.unwrap_or(Shard::WHOLE);
            let document = serde_json::json!({
                "schema": "tiersim/campaign-shard/1", "campaign_id": directory.manifest.campaign_id,
                "shard": shard.number, "of": shard.of, "done": true,
            });
            console.result(&json::document(&document));
            Ok(Exit::Held)
        }
        Ended::Done => {
            let done =
                format!("shard {} is done", args.shard.map_or(String::new(), |it| format!("{}/{}", it.number, it.of)));
            console.note(&done);
            Ok(Exit::Held)
        }
        Ended::Stopped => {
            console.note(&format!(
                "interrupted: what was made is kept; go on with: tiersim campaign run {}",
                super::quoted(&directory.path().to_string_lossy())
            ));
            Ok(Exit::Interrupted)
        }
        Ended::Failed => {
            console.error("error: a run has a violation that nothing allows, and --fail-fast stops at the first");
            Ok(Exit::Violated)
        }
    }
}

/// What would be run.
fn show_plan(manifest: &CampaignManifest, sweep: &Sweep, path: &Path, console: &mut Console) -> Exit {
    match console.json() {
        true => console.result(&json::document(manifest)),
        false => console.result(planned(manifest, sweep, None, path).as_bytes()),
    }
    Exit::Held
}

/// A planned campaign cannot be changed, only lengthened.
fn refuse_changes(args: &CampaignRunArgs) -> Result<(), Stop> {
    let wrong = [
        (args.changes.seed.is_some(), "--seed"),
        (!args.changes.set.is_empty(), "--set"),
        (args.out.is_some(), "-o"),
        (args.force, "--force"),
    ];
    match wrong.into_iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(Stop::Usage(format!(
            "{option} cannot change a campaign that is planned already; give it with the campaign's file"
        ))),
        None => Ok(()),
    }
}

enum Ended {
    Done,
    Stopped,
    Failed,
}

struct Work<'a> {
    args: &'a CampaignRunArgs,
    directory: &'a CampaignDirectory,
    sweep: &'a Sweep,
    kept: Keep,
    start: Start,
}

/// More run directories than these are not kept by one process: they are for looking at (A).
const MOST_KEPT: u64 = 1_000;

impl Work<'_> {
    /// Makes every missing run of the shard; with a stopping rule as many as it asks for.
    fn all(&self, output: &Output, console: &Console) -> Result<Ended, Stop> {
        let manifest = &self.directory.manifest;
        let (blocks, points) = (manifest.blocks(), manifest.all_points());
        let shard = self.args.shard.unwrap_or(Shard::WHOLE);
        let own = shard.blocks(blocks.count());
        if self.args.verify_parts && !self.verify(&own, console)? {
            return Ok(Ended::Stopped);
        }
        let interrupt = Interrupt::listen();
        let mut warned = false;
        loop {
            let collected = self.directory.collect(own.clone())?;
            let mut missing = collected.missing;
            if manifest.stop.is_some() {
                let Look::More(wanted) = look(manifest, &collected.rows, complete(manifest, &collected.rows)) else {
                    return Ok(Ended::Done);
                };
                let made = complete(manifest, &collected.rows);
                if made > 0 && !std::mem::replace(&mut warned, true) {
                    self.warn(needed(manifest, &collected.rows, made), console);
                }
                let end = (wanted * points).div_ceil(blocks.block_runs);
                missing.iter_mut().for_each(|range| range.end = range.end.min(end));
                missing.retain(|range| range.start < range.end);
            }
            if missing.is_empty() {
                return Ok(Ended::Done);
            }
            match self.make(&missing, &interrupt, output, console)? {
                Ended::Done if manifest.stop.is_some() => {}
                ended => return Ok(ended),
            }
        }
    }

    /// Says after the first look when the rule cannot be kept with the replications that it allows.
    fn warn(&self, needed: Option<u64>, console: &Console) {
        let most = self.directory.manifest.stop.as_ref().map_or(0, |stop| stop.at_most);
        if let Some(needed) = needed.filter(|&needed| needed > most) {
            console.note(&format!(
                "the stopping rule needs about {}, and {most} are allowed: ask for less, allow more, or take a method for rare \
                 events (splitting, failure biasing, or the windows of `tiersim exposure`)",
                counted(needed, "replication")
            ));
        }
    }

    /// Makes the runs of these blocks and writes their parts.
    fn make(
        &self,
        missing: &[std::ops::Range<u64>],
        interrupt: &Interrupt,
        output: &Output,
        console: &Console,
    ) -> Result<Ended, Stop> {
        let blocks = self.directory.manifest.blocks();
        let (mut left, journals) = self.directory.left_behind()?;
        let total: u64 = missing.iter().map(|range| blocks.runs_of(range)).map(|runs| runs.end - runs.start).sum();
        let taken = missing.iter().map(|range| left.range(blocks.runs_of(range)).count() as u64).sum::<u64>();
        if taken > 0 {
            console.note(&format!("{} taken over from a process that did not end", counted(taken, "run")));
        }
        let journal = self.journal()?;
        let shown = Counted::of(output, "campaign", "runs", total).from(taken).with_violations();
        let (failed, kept) = (AtomicBool::new(false), Kept::new(self, console));
        let budget_ms = self.args.budget.map(|budget| budget.ns() / 1_000_000);
        let stop = || {
            interrupt.is_set()
                || failed.load(Ordering::Relaxed)
                || budget_ms.is_some_and(|most| self.start.elapsed_ms() >= most)
        };
        let made = |made: &Made| {
            journal.add(made.row);
            kept.look_at(made);
            if is_unexpected(&self.directory.manifest, made.row) {
                shown.violated();
                if self.args.fail_fast {
                    failed.store(true, Ordering::Relaxed);
                }
            }
            shown.one_more();
        };
        let pool = pool(threads(self.args.jobs));
        let mut ended = Ended::Done;
        for part in missing.iter().flat_map(|range| blocks.parts(range.clone())) {
            let runs = blocks.runs_of(&part);
            let mut rows: Vec<Row> = runs.clone().filter_map(|run| left.remove(&run)).collect();
            let todo: Vec<u64> = runs.clone().filter(|run| rows.iter().all(|row| row.run != *run)).collect();
            rows.extend(self.sweep.run_all(&todo, &pool, &stop, &made));
            rows.sort_by_key(|row| row.run);
            if rows.len() as u64 == runs.end - runs.start {
                self.directory.write_part(&part, &rows)?;
                continue;
            }
            // Whole blocks become a part, the rest stays in the journal.
            let first_missing = (runs.start..).zip(&rows).find(|(run, row)| row.run != *run).map(|(run, _)| run);
            let end = first_missing.unwrap_or(runs.start + rows.len() as u64) / blocks.block_runs;
            if end > part.start {
                let whole = part.start..end;
                rows.retain(|row| blocks.runs_of(&whole).contains(&row.run));
                self.directory.write_part(&whole, &rows)?;
            }
            ended = if failed.load(Ordering::Relaxed) { Ended::Failed } else { Ended::Stopped };
            break;
        }
        shown.finish();
        if let Some(source) = journal.failure() {
            return Err(CampaignError::Write { path: journal.path().to_owned(), source }.into());
        }
        kept.failure()?;
        if matches!(ended, Ended::Done) && left.is_empty() {
            self.directory.tidy(&journals)?;
        }
        if matches!(ended, Ended::Done) {
            self.directory.tidy(&[journal.path().to_owned()])?;
        }
        Ok(ended)
    }

    fn journal(&self) -> Result<Journal, Stop> {
        let folder = self.directory.parts_folder();
        let host = self.start.environment().host.unwrap_or_default();
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let writer = format!("{}-{}", host.chars().map(safe).take(60).collect::<String>(), std::process::id());
        let begun = Journal::begin(&folder, &self.directory.manifest.campaign_id, &writer);
        begun.map_err(|source| CampaignError::Write { path: folder, source }.into())
    }

    /// Makes every run again that is there; false when it was interrupted.
    fn verify(&self, own: &std::ops::Range<u64>, console: &Console) -> Result<bool, Stop> {
        let interrupt = Interrupt::listen();
        let found = self.directory.collect(own.clone())?.rows;
        let runs: Vec<u64> = found.iter().map(|row| row.run).collect();
        let again = self.sweep.run_all(&runs, &pool(threads(self.args.jobs)), &|| interrupt.is_set(), &|_| ());
        if again.len() < found.len() {
            return Ok(false);
        }
        let blocks = self.directory.manifest.blocks();
        if let Some((_, made)) = found.iter().zip(&again).find(|(found, made)| found != made) {
            let block = made.run / blocks.block_runs;
            let range = block..block + 1;
            let rows: Vec<Row> =
                again.iter().filter(|row| blocks.runs_of(&range).contains(&row.run)).cloned().collect();
            return Err(self.directory.diverged(&range, &rows)?.into());
        }
        console.note(&format!("{} made again, all the same", counted(found.len() as u64, "run")));
        Ok(true)
    }
}

/// Whole directories of some runs.
struct Kept<'a> {
    work: &'a Work<'a>,
    console: &'a Console,
    written: AtomicU64,
    failure: Mutex<Option<Stop>>,
}

impl<'a> Kept<'a> {
    fn new(work: &'a Work<'a>, console: &'a Console) -> Kept<'a> {
        Kept { work, console, written: AtomicU64::new(0), failure: Mutex::new(None) }
    }

    fn look_at(&self, made: &Made) {
        let manifest = &self.work.directory.manifest;
        let wanted = match self.work.kept {
            Keep::All => made.row.point < manifest.points.len(),
            Keep::Violations => is_unexpected(manifest, made.row),
            Keep::None => false,
        };
        if !wanted || self.written.fetch_add(1, Ordering::Relaxed) >= MOST_KEPT {
            return;
        }
        if let Err(stop) = self.write(made) {
            let mut failure = self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            failure.get_or_insert(stop);
        }
    }

    /// The same directory as `tiersim run` makes of the point's scenario with this seed.
    fn write(&self, made: &Made) -> Result<PathBuf, Stop> {
        let directory = self.work.directory;
        let entry = &directory.manifest.points[made.row.point];
        let source = Source::Path(directory.path().join(&entry.scenario));
        let overrides = Overrides { seed: Some(made.row.seed), ..Overrides::default() };
        let loaded =
            crate::scenario::load(&source, &overrides).map_err(|found| Stop::Usage(found.render(Paint::Plain)))?;
        let prepared = prepared(loaded, Paint::Plain);
        let path = directory.path().join("runs").join(&prepared.run_id[..16]);
        keep(&prepared, (made.outcome, made.judgement), &path, self.console)
            .map_err(|error| Stop::Internal(error.to_string()))
    }

    fn failure(&self) -> Result<(), Stop> {
        let mut failure = self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let written = self.written.load(Ordering::Relaxed);
        if written > MOST_KEPT {
            self.console.note(&format!("of {} the first {MOST_KEPT} are kept whole", counted(written, "run")));
        }
        failure.take().map_or(Ok(()), Err)
    }
}
