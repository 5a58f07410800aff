//! `manifest.json` of a campaign: the plan. Every later step reads it, and the scenarios beside it, and nothing else.
//!
//! The campaign id is the SHA-256 of the manifest without the number of replications and without the id itself: a campaign
//! that is given more replications stays the same campaign, and keeps every run that it has.

use serde::{Deserialize, Serialize};

use super::super::digest::sha256;
use super::super::json;
use super::super::manifest::{GENERATOR, Input, TOOL};
use super::super::program::THIS;
use crate::campaign::sweep::{Blocks, Sweep};
use crate::kernel::Span;
use crate::scenario::Plan;
use crate::scenario::Source;
use crate::scenario::campaign::{Campaign, LoadedCampaign};

pub const SCHEMA: &str = "tiersim/campaign-manifest/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CampaignManifest {
    pub schema: String,
    pub tool: String,
    pub tool_version: String,
    pub model_version: u32,
    pub git_commit: String,
    pub git_dirty: Option<bool>,
    pub target: String,
    pub campaign_id: String,
    pub name: String,
    pub title: String,
    pub seed: u64,
    pub rng: String,
    pub replications: u64,
    /// Points of the campaign and its canary, times replications.
    pub runs: u64,
    pub block_runs: u64,
    pub axes: Vec<AxisEntry>,
    pub points: Vec<PointEntry>,
    pub canary: PointEntry,
    pub compare: Option<CompareEntry>,
    pub measures: Vec<String>,
    /// Of the intervals, in parts per million.
    pub level_ppm: u32,
    pub stop: Option<StopEntry>,
    pub warm_up_ns: Option<u64>,
    pub events_per_run: u64,
    pub campaign_sha256: String,
    /// Files that the scenarios read.
    pub inputs: Vec<Input>,
    /// Whether parts of other versions or targets may be among the results.
    pub mixed_versions: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AxisEntry {
    pub name: String,
    pub keys: Vec<String>,
    pub levels: Vec<String>,
}

/// One point: its place in the list is its number in the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PointEntry {
    /// One for each axis.
    pub levels: Vec<usize>,
    pub set: Vec<String>,
    /// The resolved scenario, below the campaign's directory.
    pub scenario: String,
    pub scenario_sha256: String,
    /// Invariants that may be violated there.
    pub allowed: Vec<String>,
    /// IDs of the volumes that its runs tell of.
    pub volumes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CompareEntry {
    pub axis: usize,
    pub against: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StopEntry {
    pub measure: String,
    pub relative_half_width_ppm: u32,
    pub at_least: u64,
    pub at_most: u64,
}

/// A file of the plan: its name below the campaign's directory, and what it holds.
pub type PlanFile = (String, Vec<u8>);

/// What is wrong with a manifest that stands in a directory.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ManifestError {
    #[error("it is no manifest of a campaign ({0}); plan the campaign again into another directory")]
    NotOne(String),
    #[error("it was changed after it was written: its content has another campaign id, or other numbers, than it says")]
    Changed,
    #[error(
        "its campaign was planned by tiersim {found} and this is {own}; use that version, or say \
         --allow-mixed-versions"
    )]
    OtherVersion { found: String, own: String },
    #[error("its campaign was planned with model version {found} and this program has {own}: their results do not mix")]
    OtherModel { found: u32, own: u32 },
}

impl CampaignManifest {
    /// The manifest of a loaded campaign, with the files that it speaks of.
    ///
    /// # Errors
    /// In words, when a file that a scenario reads cannot be carried along.
    pub fn new(loaded: &LoadedCampaign) -> Result<(CampaignManifest, Vec<PlanFile>), String> {
        let campaign = &loaded.campaign;
        let taken = campaign.axes.iter().find(|axis| super::runs::is_column(&axis.name));
        if let Some(axis) = taken {
            return Err(format!(
                "the axis `{0}` would be a second column `{0}` of runs.csv; give it another `name`",
                axis.name
            ));
        }
        let (mut files, mut inputs) = (vec![("campaign.toml".to_owned(), loaded.text.clone())], Vec::new());
        let mut entry = |name: String, levels: Vec<usize>, set: &[String], scenario: &crate::scenario::Loaded| {
            let text = scenario.resolved.clone().into_bytes();
            let entry = PointEntry {
                allowed: allowed(campaign, &levels, scenario),
                levels,
                set: set.to_vec(),
                scenario: format!("scenarios/{name}.toml"),
                scenario_sha256: sha256(&text),
                volumes: volumes_of(scenario),
            };
            files.push((entry.scenario.clone(), text));
            entry
        };
        let points: Vec<PointEntry> = (0..)
            .zip(&loaded.points)
            .map(|(number, it): (usize, _)| {
                entry(format!("point-{number:04}"), it.levels.clone(), &it.set, &it.scenario)
            })
            .collect();
        let canary = entry("canary".to_owned(), Vec::new(), &campaign.canary_set, &loaded.canary);
        for input in loaded.points.iter().flat_map(|point| &point.scenario.inputs) {
            if inputs.iter().all(|known: &Input| known.name != input.name) {
                files.push((format!("scenarios/{}", input.name), carried(&loaded.base, &input.name)?));
                inputs.push(Input { name: input.name.clone(), bytes: input.bytes, sha256: input.sha256.clone() });
            }
        }
        let runs = campaign.replications * (points.len() as u64 + 1);
        let mut manifest = CampaignManifest {
            schema: SCHEMA.to_owned(),
            tool: TOOL.to_owned(),
            tool_version: THIS.version.to_owned(),
            model_version: THIS.model_version,
            git_commit: THIS.git_commit.to_owned(),
            git_dirty: THIS.git_dirty,
            target: THIS.target.to_owned(),
            campaign_id: String::new(),
            name: campaign.name.clone(),
            title: campaign.title.clone(),
            seed: campaign.seed,
            rng: GENERATOR.to_owned(),
            replications: campaign.replications,
            runs,
            block_runs: Blocks::of(runs).block_runs,
            axes: campaign.axes.iter().map(AxisEntry::from).collect(),
            points,
            canary,
            compare: campaign.compare.map(|it| CompareEntry { axis: it.axis, against: it.against }),
            measures: campaign.measures.iter().map(|measure| measure.name().to_owned()).collect(),
            level_ppm: campaign.level_ppm,
            stop: campaign.stop.map(|it| StopEntry {
                measure: it.measure.name().to_owned(),
                relative_half_width_ppm: it.relative_half_width_ppm,
                at_least: it.at_least,
                at_most: it.at_most,
            }),
            warm_up_ns: campaign.warm_up.map(Span::ns),
            events_per_run: campaign.events_per_run,
            campaign_sha256: sha256(&loaded.text),
            inputs,
            mixed_versions: false,
        };
        manifest.campaign_id = manifest.own_id();
        Ok((manifest, files))
    }

    /// Reads a manifest and makes sure that it is whole and of this program.
    pub fn read(bytes: &[u8], mixed: bool) -> Result<CampaignManifest, ManifestError> {
        let mut manifest: CampaignManifest =
            serde_json::from_slice(bytes).map_err(|error| ManifestError::NotOne(error.to_string()))?;
        if manifest.tool != TOOL || manifest.schema != SCHEMA {
            return Err(ManifestError::NotOne(format!("its schema is {}", manifest.schema)));
        }
        let runs = manifest.replications.checked_mul(manifest.all_points());
        if manifest.own_id() != manifest.campaign_id || runs != Some(manifest.runs) {
            return Err(ManifestError::Changed);
        }
        let (found, own) = (manifest.model_version, THIS.model_version);
        if found != own {
            return Err(ManifestError::OtherModel { found, own });
        }
        manifest.mixed_versions |= mixed;
        if !manifest.mixed_versions && manifest.version() != own_version() {
            return Err(ManifestError::OtherVersion { found: manifest.version(), own: own_version() });
        }
        Ok(manifest)
    }

    /// The same campaign with so many replications.
    #[must_use]
    pub fn repeated(&self, replications: u64) -> CampaignManifest {
        CampaignManifest { replications, runs: replications * self.all_points(), ..self.clone() }
    }

    /// Points and the canary.
    pub fn all_points(&self) -> u64 {
        self.points.len() as u64 + 1
    }

    /// The runs of these plans: the points, and behind them the canary.
    pub fn sweep(&self, plans: Vec<Plan>) -> Sweep {
        Sweep {
            events_per_run: self.events_per_run,
            warm_up: self.warm_up_ns.map(Span::from_ns),
            ..Sweep::new(plans, self.seed, self.replications)
        }
    }

    pub fn blocks(&self) -> Blocks {
        Blocks { runs: self.runs, block_runs: self.block_runs }
    }

    /// The names of a point's levels, one for each axis.
    pub fn labels(&self, point: usize) -> Vec<&str> {
        self.axes.iter().zip(&self.points[point].levels).map(|(axis, &level)| &axis.levels[level][..]).collect()
    }

    pub fn level(&self) -> f64 {
        f64::from(self.level_ppm) / 1e6
    }

    /// The directory of this campaign where none is named.
    pub fn default_directory(&self) -> String {
        format!("{}-{}", self.name, &self.campaign_id[..8])
    }

    /// Version, commit and target: what must be the same for rows to be pooled.
    pub fn version(&self) -> String {
        version(&self.tool_version, &self.git_commit, self.git_dirty, &self.target)
    }

    fn own_id(&self) -> String {
        let stripped = CampaignManifest {
            campaign_id: String::new(),
            replications: 0,
            runs: 0,
            mixed_versions: false,
            ..self.clone()
        };
        sha256(&json::document(&stripped))
    }
}

pub fn own_version() -> String {
    version(THIS.version, THIS.git_commit, THIS.git_dirty, THIS.target)
}

fn version(version: &str, commit: &str, dirty: Option<bool>, target: &str) -> String {
    let changed = if dirty == Some(true) { " (changed)" } else { "" };
    format!("{version}, commit {}{changed}, {target}", commit.get(..12).unwrap_or(commit))
}

/// What may be violated at a point: by the campaign, and by what its scenario expects.
fn allowed(campaign: &Campaign, levels: &[usize], scenario: &crate::scenario::Loaded) -> Vec<String> {
    let labels: Vec<&String> =
        campaign.axes.iter().zip(levels).map(|(axis, &level)| &axis.levels[level].label).collect();
    let of_campaign = campaign
        .allowed
        .iter()
        .filter(|entry| entry.levels.is_empty() || entry.levels.iter().any(|level| labels.contains(&level)))
        .flat_map(|entry| &entry.violates);
    let mut names: Vec<String> =
        of_campaign.chain(&scenario.plan.expect.violates).map(|invariant| invariant.name().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

fn volumes_of(scenario: &crate::scenario::Loaded) -> Vec<String> {
    let mut ids: Vec<String> =
        scenario.plan.dasd.volumes.iter().map(|it| it.id.to_string().trim_end().to_owned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The bytes of a file that a scenario names.
fn carried(base: &Source, name: &str) -> Result<Vec<u8>, String> {
    use crate::scenario::source::Files;
    const MOST: u64 = 1 << 32;
    if !super::super::directory::is_plain(std::path::Path::new(name)) {
        return Err(format!(
            "the scenario reads `{name}`, which does not lie below its own folder: a campaign carries its inputs along, so \
             put the file beside the scenario"
        ));
    }
    base.read(name, MOST).map_err(|reason| format!("`{name}` cannot be read: {reason}"))
}

impl From<&crate::scenario::campaign::Axis> for AxisEntry {
    fn from(axis: &crate::scenario::campaign::Axis) -> AxisEntry {
        AxisEntry {
            name: axis.name.clone(),
            keys: axis.keys.clone(),
            levels: axis.levels.iter().map(|level| level.label.clone()).collect(),
        }
    }
}
