//! The directory of a campaign: its plan, the parts that were made, and what they come to.
//!
//! A file appears under its name when it is whole. Parts are never changed: one that is there already is compared with what
//! would have been written. So several processes may work on one directory, whether they know of each other or not, and any
//! of them may die at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::course::{LATENCY, SERIES, TIMELINE};
use super::super::digest::sha256;
use super::super::directory::REPORT;
use super::super::json;
use super::journal;
use super::manifest::{CampaignManifest, ManifestError, PlanFile, own_version};
use super::part::{self, Part, PartError};
use crate::campaign::sweep::{Row, Sweep};
use crate::scenario::{Overrides, Paint, Source, load};

pub const MANIFEST: &str = "manifest.json";
const PARTS: &str = "parts";
const CHARTS: &str = "charts";
/// The course of the slowest run.
pub const SLOWEST: &str = "slowest";
const CONFLICT: &str = ".conflict";

#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    #[error("{path} holds no campaign: {reason}")]
    NoCampaign { path: PathBuf, reason: String },
    #[error("{path}: {source}")]
    Manifest { path: PathBuf, source: ManifestError },
    #[error("{path} was changed after the campaign was planned; plan it again into another directory")]
    ChangedScenario { path: PathBuf },
    #[error("{path} cannot be run: {problems}")]
    BadScenario { path: PathBuf, problems: String },
    #[error(
        "{path} is not empty and holds no campaign, so nothing in it may be replaced; name another directory with -o"
    )]
    Foreign { path: PathBuf },
    #[error(
        "{path} holds this campaign already; go on with it with --resume, replace it with --force, or name another \
         directory with -o"
    )]
    Present { path: PathBuf },
    #[error("{path} holds another campaign, {found}; name another directory with -o, or replace it with --force")]
    Other { path: PathBuf, found: String },
    #[error("{path} is no part of this campaign: {source}; remove the file and run its blocks again")]
    Part { path: PathBuf, source: PartError },
    #[error(
        "the blocks of {path} came out differently this time: the simulator is not deterministic, or the file was \
         changed; what was made now is kept as {conflict}"
    )]
    Diverged { path: PathBuf, conflict: PathBuf },
    #[error(
        "{path} and {other} hold different rows of run {run}: the simulator is not deterministic, or one was changed"
    )]
    Unequal { path: PathBuf, other: PathBuf, run: u64 },
    #[error("{path} tells of an earlier part that came out differently: the simulator is not deterministic")]
    Conflict { path: PathBuf },
    #[error("{path} is no directory; name another one with -o")]
    NoDirectory { path: PathBuf },
    #[error(
        "{path} holds run {run} and the manifest speaks of {runs}: the manifest was changed, or another process gave the \
         campaign more replications; put the right number back with: tiersim campaign run DIR --repeat {replications}"
    )]
    Beyond { path: PathBuf, run: u64, runs: u64, replications: u64 },
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
}

#[derive(Debug)]
pub struct CampaignDirectory {
    path: PathBuf,
    pub manifest: CampaignManifest,
}

/// What to do with a directory that holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It may hold this campaign, which is gone on with.
    GoOn,
    /// It must not.
    Refuse,
    /// A campaign in it is removed.
    Replace,
}

/// Everything that the parts of a directory hold.
#[derive(Debug)]
pub struct Collected {
    /// In the order of their runs, each once.
    pub rows: Vec<Row>,
    /// Blocks without all of their rows.
    pub missing: Vec<Range<u64>>,
    /// Versions other than that of the plan, of which parts are there.
    pub versions: Vec<String>,
}

impl CampaignDirectory {
    /// Makes sure that `path` holds the plan of this campaign. One that is there already gets its replications raised.
    pub fn plan(
        path: &Path,
        manifest: CampaignManifest,
        files: &[PlanFile],
        existing: Existing,
    ) -> Result<CampaignDirectory, CampaignError> {
        let failed = |source| CampaignError::Write { path: path.to_owned(), source };
        if path.exists() && !path.is_dir() {
            return Err(CampaignError::NoDirectory { path: path.to_owned() });
        }
        fs::create_dir_all(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotADirectory => CampaignError::NoDirectory { path: path.to_owned() },
            _ => failed(source),
        })?;
        let is_empty = fs::read_dir(path).map_err(failed)?.next().is_none();
        match fs::read(path.join(MANIFEST)) {
            Ok(bytes) => {
                let found: Option<CampaignManifest> = serde_json::from_slice(&bytes).ok();
                let found = found.ok_or_else(|| CampaignError::Foreign { path: path.to_owned() })?;
                let same = found.campaign_id == manifest.campaign_id;
                match (same, existing) {
                    (true, Existing::GoOn) => {
                        return CampaignDirectory::open(path, false)?.raised(manifest.replications);
                    }
                    (true, Existing::Refuse) => return Err(CampaignError::Present { path: path.to_owned() }),
                    (false, Existing::GoOn | Existing::Refuse) => {
                        let found = found.name + " " + &found.campaign_id[..8.min(found.campaign_id.len())];
                        return Err(CampaignError::Other { path: path.to_owned(), found });
                    }
                    (_, Existing::Replace) => remove(path, &found)?,
                }
            }
            Err(_) if is_empty || is_half_planned(path, files) => {}
            Err(_) => return Err(CampaignError::Foreign { path: path.to_owned() }),
        }
        let directory = CampaignDirectory { path: path.to_owned(), manifest };
        for (name, bytes) in files {
            directory.write(name, bytes)?;
        }
        fs::create_dir_all(directory.parts_folder()).map_err(failed)?;
        directory.write_manifest()?;
        Ok(directory)
    }

    /// Opens a directory that holds a plan.
    pub fn open(path: &Path, mixed: bool) -> Result<CampaignDirectory, CampaignError> {
        let file = path.join(MANIFEST);
        let bytes = read_file(&file).map_err(|error| CampaignError::NoCampaign {
            path: path.to_owned(),
            reason: match error.kind() {
                io::ErrorKind::NotFound => format!("it has no {MANIFEST}"),
                _ => error.to_string(),
            },
        })?;
        let manifest = CampaignManifest::read(&bytes, mixed);
        let manifest = manifest.map_err(|source| CampaignError::Manifest { path: file, source })?;
        Ok(CampaignDirectory { path: path.to_owned(), manifest })
    }

    /// The same campaign with at least so many replications; what was made stays.
    pub fn raised(mut self, replications: u64) -> Result<CampaignDirectory, CampaignError> {
        if replications > self.manifest.replications {
            self.manifest = self.manifest.repeated(replications);
            self.write_manifest()?;
        }
        Ok(self)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn parts_folder(&self) -> PathBuf {
        self.path.join(PARTS)
    }

    /// What can be run, from the scenarios of the plan.
    pub fn sweep(&self) -> Result<Sweep, CampaignError> {
        // The file as given decides nothing any more, but it must not say something else than was run.
        let given = self.path.join("campaign.toml");
        if read_file(&given).is_ok_and(|bytes| sha256(&bytes) != self.manifest.campaign_sha256) {
            return Err(CampaignError::ChangedScenario { path: given });
        }
        let entries = self.manifest.points.iter().chain([&self.manifest.canary]);
        let plans = entries.map(|entry| {
            let path = self.path.join(&entry.scenario);
            let bytes = read_file(&path).map_err(|source| CampaignError::Read { path: path.clone(), source })?;
            if sha256(&bytes) != entry.scenario_sha256 {
                return Err(CampaignError::ChangedScenario { path });
            }
            let loaded = load(&Source::Path(path.clone()), &Overrides::default());
            let bad = |problems: crate::scenario::Diagnostics| problems.render(Paint::Plain);
            loaded.map(|it| it.plan).map_err(|it| CampaignError::BadScenario { path, problems: bad(it) })
        });
        Ok(self.manifest.sweep(plans.collect::<Result<_, _>>()?))
    }

    /// The names of the parts that touch these blocks, and of files that tell of a conflict.
    fn part_names(&self, blocks: &Range<u64>) -> Result<Vec<String>, CampaignError> {
        let folder = self.parts_folder();
        let failed = |source| CampaignError::Read { path: folder.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            let is_ours = part::blocks_of(&name).is_some_and(|it| it.start < blocks.end && blocks.start < it.end);
            if is_ours || name.ends_with(CONFLICT) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Everything that the parts hold of these blocks. Each is verified, and what stands in several must be equal.
    pub fn collect(&self, blocks: Range<u64>) -> Result<Collected, CampaignError> {
        let mut found: BTreeMap<u64, (Row, String)> = BTreeMap::new();
        let mut versions = BTreeSet::new();
        let wanted = self.manifest.blocks().runs_of(&blocks);
        for name in self.part_names(&blocks)? {
            let path = self.parts_folder().join(&name);
            if name.ends_with(CONFLICT) {
                return Err(CampaignError::Conflict { path });
            }
            let part = self.read_part(&name)?;
            versions.extend(part.other_version);
            if let Some(row) = part.rows.iter().find(|row| row.run >= self.manifest.runs) {
                let (run, runs) = (row.run, self.manifest.runs);
                let replications = part.rows.iter().map(|row| row.replication).max().unwrap_or(0) + 1;
                return Err(CampaignError::Beyond { path, run, runs, replications });
            }
            for row in part.rows.into_iter().filter(|row| wanted.contains(&row.run)) {
                let run = row.run;
                match found.get(&run) {
                    Some((known, other)) if *known != row => {
                        return Err(CampaignError::Unequal { path, other: self.parts_folder().join(other), run });
                    }
                    Some(_) => {}
                    None => drop(found.insert(run, (row, name.clone()))),
                }
            }
        }
        let is_missing = |block: &u64| {
            let runs = self.manifest.blocks().runs_of(&(*block..block + 1));
            found.range(runs.clone()).count() as u64 != runs.end - runs.start
        };
        let missing = ranges(blocks.filter(is_missing));
        let rows = found.into_values().map(|(row, _)| row).collect();
        Ok(Collected { rows, missing, versions: versions.into_iter().collect() })
    }

    fn read_part(&self, name: &str) -> Result<Part, CampaignError> {
        let path = self.parts_folder().join(name);
        let bytes = read_file(&path).map_err(|source| match source.kind() {
            io::ErrorKind::InvalidInput => {
                let source = PartError::NotOne(source.to_string());
                CampaignError::Part { path: path.clone(), source }
            }
            _ => CampaignError::Read { path: path.clone(), source },
        })?;
        let part = part::read(&self.manifest.campaign_id, name, &bytes);
        part.map_err(|source| CampaignError::Part { path, source })
    }

    /// Writes the rows of these blocks. A part of that name that is there must be equal.
    pub fn write_part(&self, blocks: &Range<u64>, rows: &[Row]) -> Result<PathBuf, CampaignError> {
        let own = own_version();
        let other_version = (self.manifest.version() != own).then_some(own);
        let bytes = part::write(&self.manifest.campaign_id, blocks, rows, other_version);
        let name = part::name(blocks);
        let path = self.parts_folder().join(&name);
        if let Ok(found) = fs::read(&path) {
            // A part of another version differs in its first line; rows are what must be equal.
            let same = part::read(&self.manifest.campaign_id, &name, &found).is_ok_and(|part| part.rows == rows);
            if same {
                return Ok(path);
            }
            let conflict = path.with_file_name(format!("{name}{CONFLICT}"));
            self.write(&format!("{PARTS}/{name}{CONFLICT}"), &bytes)?;
            return Err(CampaignError::Diverged { path, conflict });
        }
        let written = self.write(&format!("{PARTS}/{name}"), &bytes);
        // Another process that wrote the same part may have swept away what this one had not yet renamed.
        if written.is_err() && !fs::read(&path).is_ok_and(|found| found == bytes) {
            written?;
        }
        self.sweep_aside(&name);
        Ok(path)
    }

    /// Keeps rows that came out differently than those of a part, and says so.
    pub fn diverged(&self, blocks: &Range<u64>, rows: &[Row]) -> Result<CampaignError, CampaignError> {
        let name = part::name(blocks);
        let bytes = part::write(&self.manifest.campaign_id, blocks, rows, None);
        let holds = |it: &String| part::blocks_of(it).is_some_and(|it| it.contains(&blocks.start));
        let path = self.part_names(blocks)?.into_iter().find(holds).unwrap_or_else(|| name.clone());
        self.write(&format!("{PARTS}/{name}{CONFLICT}"), &bytes)?;
        let folder = self.parts_folder();
        Ok(CampaignError::Diverged { path: folder.join(path), conflict: folder.join(format!("{name}{CONFLICT}")) })
    }

    /// Removes what unfinished writes of a part have left that is now whole.
    fn sweep_aside(&self, name: &str) {
        let aside = format!(".{name}.");
        let entries = fs::read_dir(self.parts_folder()).into_iter().flatten().flatten();
        let stale = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&aside));
        // What cannot be removed is ignored by everybody.
        stale.for_each(|entry| drop(fs::remove_file(entry.path())));
    }

    /// Rows that processes which are gone have left behind, by run, with the journals that hold them.
    pub fn left_behind(&self) -> Result<(BTreeMap<u64, Row>, Vec<PathBuf>), CampaignError> {
        let folder = self.parts_folder();
        let failed = |source| CampaignError::Read { path: folder.clone(), source };
        let journals = journal::left(&folder).map_err(failed)?;
        let mut rows = BTreeMap::new();
        for path in &journals {
            let found = journal::rows(path, &self.manifest.campaign_id).map_err(failed)?;
            rows.extend(found.into_iter().map(|row| (row.run, row)));
        }
        Ok((rows, journals))
    }

    /// Removes what processes that are gone have left behind, when every row of the campaign stands in parts.
    pub fn tidy_up(&self) -> Result<(), CampaignError> {
        let folder = self.parts_folder();
        let left = journal::left(&folder).map_err(|source| CampaignError::Read { path: folder, source })?;
        self.tidy(&left)
    }

    /// Removes journals whose rows all stand in parts.
    pub fn tidy(&self, journals: &[PathBuf]) -> Result<(), CampaignError> {
        let folder = self.parts_folder();
        let failed = |source| CampaignError::Write { path: folder.clone(), source };
        for path in journals {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes a file of the directory: aside, flushed, and then under its name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), CampaignError> {
        let path = self.path.join(name);
        let written = || -> io::Result<()> {
            let folder = path.parent().expect("a file of ours lies in a directory");
            fs::create_dir_all(folder)?;
            let file_name = path.file_name().expect("a file of ours has a name").to_string_lossy();
            let aside = folder.join(format!(".{file_name}.{}.tmp", std::process::id()));
            let mut file = File::create(&aside)?;
            let filled = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&aside, &path));
            if filled.is_err() {
                // The first error is the one to tell.
                let _ = fs::remove_file(&aside);
            }
            filled?;
            if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
        };
        written().map_err(|source| CampaignError::Write { path: path.clone(), source })
    }

    fn write_manifest(&self) -> Result<(), CampaignError> {
        self.write(MANIFEST, &json::document(&self.manifest))
    }
}

/// The whole of a regular file: of a pipe or a device nobody knows where it ends.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    match fs::metadata(path)?.is_file() {
        true => fs::read(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
    }
}

/// A plan that was interrupted: nothing but files of this plan, whole or aside.
fn is_half_planned(path: &Path, files: &[PlanFile]) -> bool {
    let is_ours = |entry: io::Result<fs::DirEntry>| {
        let name = entry.map(|entry| entry.file_name().to_string_lossy().into_owned()).unwrap_or_default();
        name == "scenarios"
            || name == PARTS
            || name.starts_with(".campaign.toml.")
            || name.starts_with(".manifest.json.")
            || files
                .iter()
                .any(|(file, bytes)| *file == name && fs::read(path.join(&name)).is_ok_and(|it| it == *bytes))
    };
    path.join("campaign.toml").exists() && fs::read_dir(path).is_ok_and(|mut entries| entries.all(is_ours))
}

/// Removes the files of a campaign, and nothing that it did not write.
fn remove(path: &Path, manifest: &CampaignManifest) -> Result<(), CampaignError> {
    let mut files: Vec<PathBuf> = ["manifest.json", "campaign.toml", "runs.csv", "runs.parquet", "summary.json"]
        .iter()
        .map(|name| path.join(name))
        .collect();
    let plain = |name: &str| super::super::directory::is_plain(Path::new(name));
    let scenarios = manifest.points.iter().chain([&manifest.canary]).map(|entry| entry.scenario.clone());
    let inputs = manifest.inputs.iter().map(|input| format!("scenarios/{}", input.name));
    files.extend(scenarios.chain(inputs).filter(|name| plain(name)).map(|name| path.join(name)));
    for entry in fs::read_dir(path.join(PARTS)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let bare = name.trim_end_matches(CONFLICT);
        let journal = name.starts_with("running-") && name.ends_with(".jsonl");
        if part::blocks_of(bare).is_some() || journal || name.starts_with(".blocks-") {
            files.push(entry.path());
        }
    }
    files.push(path.join(REPORT));
    files.extend([SERIES, LATENCY, TIMELINE].map(|name| path.join(SLOWEST).join(name)));
    for entry in fs::read_dir(path.join(CHARTS)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_chart(&name) {
            files.push(entry.path());
        }
    }
    for file in &files {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(CampaignError::Write { path: file.clone(), source: error });
            }
            _ => {}
        }
    }
    for folder in [PARTS, CHARTS, SLOWEST, "scenarios"] {
        // It goes when it is empty, and stays when somebody put something there.
        let _ = fs::remove_dir(path.join(folder));
    }
    Ok(())
}

/// Whether a name is that of a chart of a campaign, or of its numbers.
fn is_chart(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let numbered = stem.rsplit_once('-').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    let bare = numbered.map_or(stem, |(bare, _)| bare);
    ["svg", "csv", "png"].contains(&ending) && super::page::figures::NAMES.contains(&bare)
}

/// Ascending numbers as ranges.
pub fn ranges(numbers: impl Iterator<Item = u64>) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => ranges.push(number..number + 1),
        }
    }
    ranges
}
