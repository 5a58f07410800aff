//! What may be typed behind `tiersim campaign` and `tiersim compare`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::super::args::{one_of, span};
use crate::campaign::sweep::Shard;
use crate::kernel::Span;
use crate::scenario::campaign::{Keep, Measure};

#[derive(Clone, Debug, Subcommand)]
pub enum CampaignCommand {
    /// Write the plan of a campaign into a directory, for shards to be run from
    Plan(CampaignPlanArgs),
    /// Run a campaign, or a shard of one; without a file the built-in comparison of four methods on two architectures
    Run(CampaignRunArgs),
    /// Say what of a campaign was run, and what is missing
    Status(CampaignStatusArgs),
    /// Put the parts of a campaign together and judge it
    Merge(CampaignMergeArgs),
}

/// Options that change a campaign before it is planned; the file is never touched.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Changes to the campaign")]
pub struct CampaignChanges {
    /// Seed of the campaign
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Replications of every point; more than a directory has are added to it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub repeat: Option<u64>,

    /// Change one value of the scenario at all points, as in `volume[0].cylinders=20`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct CampaignPlanArgs {
    /// Campaign file; without one the built-in campaign
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: Option<PathBuf>,

    /// Directory of the campaign; by default one below `out` that is named for it
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace a campaign that stands in the directory
    #[arg(long)]
    pub force: bool,

    /// Say how many runs each of so many shards would have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub shards: Option<u64>,

    #[command(flatten)]
    pub changes: CampaignChanges,
}

#[derive(Clone, Debug, Args)]
pub struct CampaignRunArgs {
    /// Campaign file, or the directory of a planned campaign; without it the built-in campaign
    #[arg(value_name = "CAMPAIGN|DIR")]
    pub campaign: Option<PathBuf>,

    /// Directory of the campaign; by default one below `out` that is named for it
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Run the blocks of shard I of N alone, and judge nothing
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,

    /// Go on with what stands in the directory
    #[arg(long)]
    pub resume: bool,

    /// Replace a campaign that stands in the directory
    #[arg(long, conflicts_with = "resume")]
    pub force: bool,

    /// Say what would be run and about how long it takes, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Of which runs to keep the whole directory: of those with a violation that nothing allows, of all, of none
    #[arg(long, value_name = "WHICH", value_parser = keep)]
    pub keep: Option<Keep>,

    /// Stop at the first violation that nothing allows
    #[arg(long)]
    pub fail_fast: bool,

    /// Stop after so much time, as in `30min`; what was made is kept, and the exit code is 130
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub budget: Option<Span>,

    /// Run everything again that is there, and compare
    #[arg(long)]
    pub verify_parts: bool,

    /// Go on with a campaign that another version of the program planned
    #[arg(long)]
    pub allow_mixed_versions: bool,

    /// Draw no charts and write no report
    #[arg(long)]
    pub no_report: bool,

    /// Runs at a time, at most as many as there are processors, which is the default; the result is the same
    #[arg(long, value_name = "N", env = "SLURM_CPUS_PER_TASK")]
    pub jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    pub changes: CampaignChanges,
}

#[derive(Clone, Debug, Args)]
pub struct CampaignStatusArgs {
    /// Directory of the campaign
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,

    /// Print the numbers of the shards that miss something, as the arrays of batch systems are written: 3,7,40-52
    #[arg(long, requires = "shards")]
    pub missing_array: bool,

    /// Into how many shards the campaign is divided
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub shards: Option<u64>,
}

#[derive(Clone, Debug, Args)]
pub struct CampaignMergeArgs {
    /// Directory of the campaign
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,

    /// Take parts of other versions of the program too
    #[arg(long)]
    pub allow_mixed_versions: bool,

    /// Draw no charts and write no report
    #[arg(long)]
    pub no_report: bool,
}

#[derive(Clone, Debug, Args)]
pub struct CompareArgs {
    /// Directories of campaigns; of several, each is compared with the first
    #[arg(required = true, value_name = "DIR")]
    pub directories: Vec<PathBuf>,

    /// Measures to compare; without any those of the first campaign
    #[arg(long, value_name = "NAME", value_parser = measure)]
    pub metric: Vec<Measure>,

    /// Level of the intervals in percent; without it that of the first campaign
    #[arg(long, value_name = "P", value_parser = confidence)]
    pub confidence: Option<f64>,
}

fn keep(text: &str) -> Result<Keep, String> {
    Keep::parse(text).ok_or_else(|| one_of(Keep::ALL.iter().map(|keep| keep.name())))
}

fn measure(text: &str) -> Result<Measure, String> {
    Measure::parse(text).ok_or_else(|| one_of(Measure::ALL.iter().map(|measure| measure.name())))
}

fn confidence(text: &str) -> Result<f64, String> {
    let percent: Option<f64> = text.trim().trim_end_matches('%').trim_end().parse().ok();
    let level = percent.filter(|percent| (50.0..=99.99).contains(percent)).map(|percent| percent / 100.0);
    level.ok_or_else(|| "a level lies between 50 and 99.99 percent".to_owned())
}
