//! `tiersim campaign`: plans, runs, shards, their state, and what they come to.

pub mod args;
mod judge;
mod work;

use std::path::{Path, PathBuf};

use super::console::Console;
use super::environment::Start;
use super::exit::Exit;
use super::global::Output;
use super::prepare::Rejected;
use super::run::quoted;
use super::threads::threads;
use crate::campaign::sweep::{self, Shard, Sweep};
use crate::report::campaign::directory::{CampaignDirectory, CampaignError, Existing, ranges};
use crate::report::campaign::manifest::{CampaignManifest, PlanFile};
use crate::report::json;
use crate::report::text::{count, counted, duration};
use crate::scenario::campaign::{Changes, LoadedCampaign, load_campaign, shipped};
use crate::scenario::{Paint, Source};
use args::{CampaignChanges, CampaignCommand, CampaignMergeArgs, CampaignPlanArgs, CampaignStatusArgs};

pub fn run(command: &CampaignCommand, output: &Output, console: &mut Console) -> Exit {
    let done = match command {
        CampaignCommand::Plan(args) => plan(args, console),
        CampaignCommand::Run(args) => work::run(args, output, console),
        CampaignCommand::Status(args) => status(args, console),
        CampaignCommand::Merge(args) => merge(args, console),
    };
    done.unwrap_or_else(|stop| stop.tell(console))
}

/// Why a command ends before its end.
pub(super) enum Stop {
    Rejected(Rejected),
    Usage(String),
    /// Something could not be written.
    Internal(String),
    Directory(CampaignError),
}

impl Stop {
    fn tell(&self, console: &mut Console) -> Exit {
        match self {
            Stop::Rejected(rejected) => rejected.tell(console),
            Stop::Usage(text) => {
                console.error(&format!("error: {text}"));
                Exit::Usage
            }
            Stop::Internal(text) => {
                console.error(&format!("error: {text}"));
                Exit::Internal
            }
            Stop::Directory(error) => refused(error, console),
        }
    }
}

impl From<CampaignError> for Stop {
    fn from(error: CampaignError) -> Stop {
        Stop::Directory(error)
    }
}

/// Says so when a directory has more replications than are asked for: they stay.
fn note_more(directory: &CampaignDirectory, asked: Option<u64>, console: &Console) {
    let planned = directory.manifest.replications;
    if let Some(asked) = asked.filter(|&asked| asked < planned) {
        console.note(&format!(
            "the campaign in {} is planned with {} and keeps them; {asked} are asked for",
            directory.path().display(),
            counted(planned, "replication")
        ));
    }
}

/// Says what is wrong with a directory.
pub(super) fn refused(error: &CampaignError, console: &Console) -> Exit {
    console.error(&format!("error: {error}"));
    match error {
        CampaignError::Diverged { .. } | CampaignError::Unequal { .. } | CampaignError::Conflict { .. } => {
            Exit::Nondeterminism
        }
        CampaignError::Write { .. } | CampaignError::Read { .. } => Exit::Internal,
        _ => Exit::Usage,
    }
}

fn changes_of(changes: &CampaignChanges) -> Changes {
    Changes { seed: changes.seed, replications: changes.repeat, set: changes.set.clone() }
}

/// Reads a campaign and everything that it makes, the built-in one where none is named.
fn load(campaign: Option<&Path>, changes: &CampaignChanges, paint: Paint) -> Result<LoadedCampaign, Stop> {
    let source = campaign.map_or_else(shipped, |path| Source::Path(path.to_owned()));
    load_campaign(&source, &changes_of(changes)).map_err(|found| Stop::Rejected(Rejected::of(&found, paint)))
}

fn manifest_of(loaded: &LoadedCampaign) -> Result<(CampaignManifest, Vec<PlanFile>), Stop> {
    CampaignManifest::new(loaded).map_err(Stop::Usage)
}

fn path_of(out: Option<&PathBuf>, manifest: &CampaignManifest) -> PathBuf {
    out.cloned().unwrap_or_else(|| Path::new("out").join(manifest.default_directory()))
}

fn plan(args: &CampaignPlanArgs, console: &mut Console) -> Result<Exit, Stop> {
    let loaded = load(args.campaign.as_deref(), &args.changes, console.paint())?;
    let (manifest, files) = manifest_of(&loaded)?;
    let path = path_of(args.out.as_ref(), &manifest);
    let existing = if args.force { Existing::Replace } else { Existing::GoOn };
    let directory = CampaignDirectory::plan(&path, manifest, &files, existing)?;
    note_more(&directory, args.changes.repeat, console);
    console.note(&format!("wrote {}", path.display()));
    let manifest = &directory.manifest;
    match console.json() {
        true => console.result(&json::document(manifest)),
        false => {
            let text = planned(manifest, &directory.sweep()?, args.shards, &path);
            console.result(text.as_bytes());
        }
    }
    Ok(Exit::Held)
}

/// How long one run of each point takes, made with the first seed.
fn pilot(sweep: &Sweep) -> (u64, u64) {
    /// A guess from more is no better.
    const MOST: usize = 60;
    let start = Start::now();
    let points = sweep.plans.len().min(MOST);
    (0..points as u64).for_each(|run| drop(sweep.run(run, |_| ())));
    (start.elapsed_ms() * 1_000, points as u64)
}

/// What would be run, and about how long it takes.
fn planned(manifest: &CampaignManifest, sweep: &Sweep, shards: Option<u64>, path: &Path) -> String {
    let (us, runs) = pilot(sweep);
    let all_us = us.saturating_mul(manifest.runs) / runs.max(1);
    let blocks = manifest.blocks();
    let mut text = format!(
        "{}: {}, {} and a canary, {} each: {} in {}\n",
        manifest.name,
        manifest.title,
        counted(manifest.points.len() as u64, "point"),
        counted(manifest.replications, "replication"),
        counted(manifest.runs, "run"),
        counted(blocks.count(), "block")
    );
    for axis in &manifest.axes {
        text += &format!("  {} ({}): {}\n", axis.name, axis.keys.join(", "), axis.levels.join(" | "));
    }
    let processors = threads(None) as u64;
    text += &format!(
        "about {} of computing, {} on the {} of this machine\n",
        duration(all_us.saturating_mul(1_000)),
        duration(all_us.saturating_mul(1_000) / processors),
        counted(processors, "processor")
    );
    if let Some(stop) = &manifest.stop {
        let wanted = format!("{} to {} %", stop.measure, f64::from(stop.relative_half_width_ppm) / 1e4);
        text += &format!(
            "at most that: it stops when it knows {wanted} at every point that shows any, first looked at after {}; such a \
             campaign has no shards\n",
            counted(stop.at_least, "replication")
        );
        return text;
    }
    // Half an hour each is enough work for a batch system, and little to lose (DISTRIBUTED 3.1).
    const SHARD_US: u64 = 1_800_000_000;
    let shards = shards.unwrap_or_else(|| all_us.div_ceil(SHARD_US).clamp(1, 1_000)).min(blocks.count());
    let share = blocks.runs_of(&Shard { number: 0, of: shards }.blocks(blocks.count()));
    let parts = format!("as {}: about {} each", counted(shards, "shard"), counted(share.end - share.start, "run"));
    // Shards are run from a directory that was planned.
    let shard = format!("tiersim campaign run {} --shard 0/{shards}", quoted(&path.to_string_lossy()));
    text += &if path.is_dir() {
        format!("{parts}; shard 0: {shard}\n")
    } else {
        format!("{parts}, once they are planned\n")
    };
    text
}

fn status(args: &CampaignStatusArgs, console: &mut Console) -> Result<Exit, Stop> {
    let directory = CampaignDirectory::open(&args.directory, true)?;
    let manifest = &directory.manifest;
    let blocks = manifest.blocks();
    let collected = directory.collect(0..blocks.count())?;
    let shards = args.shards.unwrap_or(1);
    let lacks = |&number: &u64| {
        let own = Shard { number, of: shards }.blocks(blocks.count());
        collected.missing.iter().any(|missing| missing.start < own.end && own.start < missing.end)
    };
    let lacking: Vec<u64> = (0..shards).filter(lacks).collect();
    if args.missing_array && !console.json() {
        let text = array(&lacking);
        console.result(format!("{text}\n").as_bytes());
        return Ok(Exit::Held);
    }
    let (left, _) = directory.left_behind()?;
    let saved =
        left.keys().filter(|run| collected.rows.binary_search_by_key(run, |row| &row.run).is_err()).count() as u64;
    let missing_blocks: u64 = collected.missing.iter().map(|range| range.end - range.start).sum();
    let violated = collected.rows.iter().filter(|row| is_unexpected(manifest, row)).count() as u64;
    if console.json() {
        let document = serde_json::json!({
            "schema": "tiersim/campaign-status/1", "campaign_id": manifest.campaign_id, "runs": manifest.runs,
            "done": collected.rows.len(), "saved": saved, "blocks": blocks.count(), "missing_blocks": missing_blocks,
            "missing": collected.missing.iter().map(|range| [range.start, range.end - 1]).collect::<Vec<_>>(),
            "shards": shards, "missing_shards": lacking, "unexpected": violated,
        });
        console.result(&json::document(&document));
        return Ok(Exit::Held);
    }
    let mut text = format!(
        "{} of {} done, {} of {} missing\n",
        count(collected.rows.len() as u64),
        counted(manifest.runs, "run"),
        count(missing_blocks),
        counted(blocks.count(), "block")
    );
    if saved > 0 {
        text += &format!(
            "{} more are saved by processes that did not end, and are taken over when it is gone on with\n",
            counted(saved, "run")
        );
    }
    if missing_blocks > 0 {
        text += &format!("missing blocks: {}\n", told(&collected.missing));
    }
    if args.shards.is_some() && !lacking.is_empty() {
        text += &format!("missing shards of {shards}: {}\n", array(&lacking));
    }
    if violated > 0 {
        text += &format!("{} with a violation that nothing allows\n", counted(violated, "run"));
    }
    console.result(text.as_bytes());
    Ok(Exit::Held)
}

fn merge(args: &CampaignMergeArgs, console: &mut Console) -> Result<Exit, Stop> {
    let directory = CampaignDirectory::open(&args.directory, args.allow_mixed_versions)?;
    let sweep = directory.sweep()?;
    judge::merged(&directory, &sweep, judge::Page::unless(args.no_report), console)
}

/// Whether a row has a violation that nothing allows at its point. The canary is to fail.
fn is_unexpected(manifest: &CampaignManifest, row: &sweep::Row) -> bool {
    let Some(point) = manifest.points.get(row.point) else { return false };
    row.violations().any(|invariant| point.allowed.iter().all(|allowed| allowed != invariant.name()))
}

/// Numbers as the arrays of batch systems are written.
fn array(numbers: &[u64]) -> String {
    told(&ranges(numbers.iter().copied())).replace(", ", ",")
}

/// At most so many ranges are told.
const TOLD: usize = 50;

fn told(ranges: &[std::ops::Range<u64>]) -> String {
    let one = |range: &std::ops::Range<u64>| match range.end - range.start {
        1 => range.start.to_string(),
        _ => format!("{}-{}", range.start, range.end - 1),
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The first ranges, and how many more there are.
fn told_shortly(ranges: &[std::ops::Range<u64>]) -> String {
    match ranges.len() {
        0..=TOLD => told(ranges),
        all => format!("{} and {} more", told(&ranges[..TOLD]), all - TOLD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_shards_are_written_as_batch_systems_take_them() {
        assert_eq!(array(&[3, 7, 40, 41, 42, 52]), "3,7,40-42,52");
        assert_eq!(array(&[]), "");
        let many: Vec<std::ops::Range<u64>> = (0..60).map(|number| number * 2..number * 2 + 1).collect();
        assert!(told_shortly(&many).ends_with("98 and 10 more"));
    }
}
