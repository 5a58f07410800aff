//! What may be typed: subcommands, options and their help.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::campaign::args::{CampaignCommand, CompareArgs};
use super::explore::Mtbf;
use super::global::Output;
use super::schema::Kind;
use super::trace::args::TraceCommand;
use crate::campaign::explore::{AfterFault, Points};
use crate::kernel::{Span, Time};
use crate::report::perfetto::Extent;
use crate::scenario::examples::DEFAULT;
use crate::scenario::units::Dimension;
use crate::validate::Suite;
use crate::vocab::Invariant;

/// A deterministic simulator of a hierarchical storage system: which way of making a backup loses data, confuses
/// volumes or stops work, under which fault, for how long, at what cost.
#[derive(Debug, Parser)]
#[command(name = "tiersim", disable_version_flag = true, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub output: Output,

    /// Print version, model version, commit and compiler
    #[arg(short = 'V', long)]
    pub version: bool,
}

const EXIT_CODES: &str = "\
Exit codes: 0 all checks held and every expectation was met · 1 internal or I/O error · 2 usage error or invalid \
scenario · 3 an invariant was violated that no expectation names, or a model is outside its tolerance · 4 an expectation was not met, or the run proves \
nothing · 5 the same run came out differently · 130 interrupted";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one scenario and judge it
    Run(RunArgs),
    /// Strike a scenario at every boundary between two events, and show what breaks, where and for how long
    Explore(ExploreArgs),
    /// Run a scenario or a recorded run again, to any event, and show what happened around it
    Replay(ReplayArgs),
    /// Make a failing scenario as small as it can be while the same invariant is violated
    Shrink(ShrinkArgs),
    /// Strike every method at every boundary, and show for how long which crash would break what
    Exposure(ExposureArgs),
    /// Leave out one protection at a time, and show which check notices
    Mutants(MutantsArgs),
    /// Say whether scenarios are valid, and what they are with every default filled in
    Check(CheckArgs),
    /// Write a scenario of your own, from a shipped one, with comments
    New(NewArgs),
    /// Show, list or copy the shipped scenarios
    Examples(ExamplesArgs),
    /// Show the built-in hardware, each number with its origin
    Profiles(ProfilesArgs),
    /// Say what a hazard, an invariant, a method, a fault, a switch, a step, an event, a goal, a measure or a code means
    Explain(ExplainArgs),
    /// Run scenarios under every method and architecture they answer for, and show which hazards held
    Matrix(MatrixArgs),
    /// Show what theory and measurements say beside what the models give
    Validate(ValidateArgs),
    /// Show a run, an exploration, or several runs beside each other, as one page with charts
    Report(ReportArgs),
    /// Run one scenario many times, with other values and other seeds, and say what may be claimed of the differences
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// Compare the points of one campaign, or the equal points of several, in pairs of runs with the same seeds
    Compare(CompareArgs),
    /// Import recorded traces, and say what is in them
    #[command(subcommand)]
    Trace(TraceCommand),
    /// Print the JSON Schema of a file, for editors and for programs that read results
    Schema(SchemaArgs),
    /// Print a script by which a shell completes commands and options
    Completions(CompletionsArgs),
    /// Print a page of the manual, of the program or of a command
    Man(ManArgs),
}

#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// The file that the schema is of
    pub kind: Kind,
}

#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that the script is for
    pub shell: clap_complete::Shell,
}

#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// The command, as in `campaign run`; without it the program
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Scenario files or names of shipped scenarios
    #[arg(required = true, value_name = "SCENARIO")]
    pub files: Vec<PathBuf>,

    /// Print the scenario with every default filled in and every change applied
    #[arg(long)]
    pub print_resolved: bool,

    #[command(flatten)]
    pub changes: Changes,
}

#[derive(Clone, Debug, Args)]
pub struct NewArgs {
    /// The file to write; `-` is stdout
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The shipped scenario to begin with; `tiersim examples` lists them
    #[arg(long, value_name = "EXAMPLE", default_value = DEFAULT.name)]
    pub from: String,
}

#[derive(Clone, Debug, Args)]
pub struct ExamplesArgs {
    /// The scenario to print; without a name all are listed
    pub name: Option<String>,

    /// List names and titles
    #[arg(long)]
    pub list: bool,

    /// Copy the named scenario, or all of them, into this folder
    #[arg(long, value_name = "DIR")]
    pub copy: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A name from a message, a scenario or a table; without one all names are listed
    pub name: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ProfilesArgs {
    /// The profile to print; without a name all are listed
    pub name: Option<String>,

    /// As a piece of a scenario file
    #[arg(long)]
    pub toml: bool,
}

#[derive(Clone, Debug, Args)]
pub struct MatrixArgs {
    /// Scenario files or names of shipped scenarios; without any all shipped ones
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<PathBuf>,

    /// Write the document to this file; `-` is stdout
    #[arg(short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Runs at a time, at most as many as there are processors, which is the default; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// What to validate; without any all that needs no data
    #[arg(value_name = "SUITE", value_parser = suite)]
    pub suites: Vec<Suite>,

    /// Folder of measurements to compare with
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Directory for charts, their numbers and every request; without it out/validate-disks where disks are compared
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace an earlier validation in the directory named with --out
    #[arg(long, requires = "out")]
    pub force: bool,

    /// Runs at a time, at most as many as there are processors, which is the default; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

fn suite(text: &str) -> Result<Suite, String> {
    let names = Suite::ALL.map(Suite::name).join(", ");
    Suite::ALL.into_iter().find(|suite| suite.name() == text).ok_or(format!("the suites are {names}"))
}

pub(super) fn span(text: &str) -> Result<Span, String> {
    Ok(Span::from_ns(quantity(Dimension::Duration, text)?))
}

pub(super) fn size(text: &str) -> Result<u64, String> {
    match quantity(Dimension::Size, text)? {
        0 => Err("a size is at least one byte".to_owned()),
        bytes => Ok(bytes),
    }
}

pub(super) fn quantity(dimension: Dimension, text: &str) -> Result<u64, String> {
    let wrong = |_| format!("{} is written as in `{}`", dimension.noun(), dimension.example());
    dimension.parse(text).map_err(wrong)
}

#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Scenario file, or the name of a shipped scenario; without one the shipped `safe-backup`
    pub scenario: Option<PathBuf>,

    /// Directory of the results; by default one below `out` that is named for the run
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace the run that stands in the directory of `--out`
    #[arg(long, requires = "out")]
    pub force: bool,

    /// Write one row per host request to requests.csv or requests.parquet
    #[arg(long, value_name = "FORM", default_value = "none")]
    pub samples: Samples,

    /// Write trace.perfetto.json for ui.perfetto.dev: all of the run, or a part as in `80s..100s`
    #[arg(long, value_name = "all|FROM..TO", value_parser = extent)]
    pub trace: Option<Extent>,

    /// Draw no charts and write no report
    #[arg(long)]
    pub no_report: bool,

    #[command(flatten)]
    pub changes: Changes,
}

fn extent(text: &str) -> Result<Extent, String> {
    if text == "all" {
        return Ok(Extent::ALL);
    }
    let (from, until) = text.split_once("..").ok_or("it is `all`, or two times as in `80s..100s`")?;
    let extent = Extent { from: Time::ZERO + span(from)?, until: Time::ZERO + span(until)? };
    if extent.from > extent.until { Err(format!("`{from}` lies behind `{until}`")) } else { Ok(extent) }
}

#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// Directory of a run, of an exploration or of a campaign; several runs are compared
    #[arg(required = true, value_name = "DIR")]
    pub directories: Vec<PathBuf>,

    /// One page without script, a text with tables, or a JSON document
    #[arg(long, value_name = "FORM", default_value = "html")]
    pub format: ReportForm,

    /// Write each chart into a folder `charts` beside the document: `svg` with its numbers as CSV, `png` where the program
    /// was built with that feature
    #[arg(long, value_name = "FORM,..", value_delimiter = ',')]
    pub charts: Vec<ChartForm>,

    /// Write the document to this file; `-` is stdout; without it `report.html` in the directory
    #[arg(short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    Html,
    Md,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChartForm {
    Svg,
    Png,
}

#[derive(Clone, Debug, Args)]
pub struct ExposureArgs {
    /// Write the document to this file; `-` is stdout
    #[arg(short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Forks at a time, at most as many as there are processors, which is the default; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Debug, Args)]
pub struct MutantsArgs {
    /// Mutants by name or number; without any, all
    #[arg(value_name = "MUTANT")]
    pub mutants: Vec<String>,

    /// Write the document to this file; `-` is stdout
    #[arg(short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Run every fork, also where an earlier power loss left the same
    #[arg(long)]
    pub no_reduce: bool,

    /// Forks at a time; by default as many as there are processors; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Debug, Args)]
pub struct ExploreArgs {
    /// Scenario file, or the name of a shipped scenario; without one the shipped `safe-backup`
    pub scenario: Option<PathBuf>,

    /// Faults to strike with, as `--fault` takes them without an anchor; `all` for the longer list of defaults
    #[arg(long, value_name = "KIND", value_delimiter = ';')]
    pub faults: Vec<String>,

    /// 2 strikes with crashes a second time, at every boundary of the recovery from the first
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub depth: u8,

    /// Boundaries to strike: behind every event, behind those that change something durable, or at the ends of steps
    #[arg(long, value_name = "POINTS", default_value = "event", value_parser = points)]
    pub points: Points,

    /// What workloads do after a crash: ask nothing more, or go on
    #[arg(long, value_name = "HOW", default_value = "stop", value_parser = after_fault)]
    pub workload_after_fault: AfterFault,

    /// Run forks of equal state too
    #[arg(long)]
    pub no_reduce: bool,

    /// Forks at most; the others are counted as skipped
    #[arg(long, value_name = "N")]
    pub max_runs: Option<u64>,

    /// Mean time between two faults of one kind, for the probability of each window
    #[arg(long, value_name = "TIME", default_value = "5000h", value_parser = Mtbf::parse)]
    pub mtbf: Mtbf,

    /// Forks at a time, at most as many as there are processors, which is the default; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Directory of the results; by default one below `out` that is named for the exploration
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace what stands in the directory of `--out`
    #[arg(long, requires = "out")]
    pub force: bool,

    /// Draw no charts and write no report
    #[arg(long)]
    pub no_report: bool,

    #[command(flatten)]
    pub changes: Changes,
}

#[derive(Clone, Debug, Args)]
pub struct ShrinkArgs {
    /// Scenario file, name of a shipped scenario, or directory of a run; without one the shipped `safe-backup`
    #[arg(value_name = "SCENARIO|DIR")]
    pub scenario: Option<PathBuf>,

    /// The invariant that stays violated; by default the first that the scenario does not expect to be violated, else the first
    #[arg(long, value_name = "INVARIANT", value_parser = invariant)]
    pub violates: Option<Invariant>,

    /// Drafts to run at most
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    pub max_runs: u64,

    /// Write the scenario to this file; `-` is stdout
    #[arg(short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Runs at a time, at most as many as there are processors, which is the default; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    pub changes: Changes,
}

#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Scenario file, name of a shipped scenario, or directory of a run; without one the shipped `safe-backup`
    #[arg(value_name = "SCENARIO|DIR")]
    pub scenario: Option<PathBuf>,

    /// The event to look at; by default where a record differs, the first violation, or the end
    #[arg(long, value_name = "EVENT")]
    pub to: Option<u64>,

    /// Events to show before it and behind it
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=10_000))]
    pub around: u64,

    /// Go on by one event for each line of stdin: nothing for the next, a number, v, s or q
    #[arg(long)]
    pub step: bool,

    /// Compare with the fingerprints in the run directory, or with that of a file that `shrink` made
    #[arg(long)]
    pub verify: bool,

    #[command(flatten)]
    pub changes: Changes,
}

fn invariant(text: &str) -> Result<Invariant, String> {
    Invariant::parse(text).ok_or_else(|| one_of(Invariant::ALL.iter().map(|invariant| invariant.name())))
}

fn points(text: &str) -> Result<Points, String> {
    Points::parse(text).ok_or_else(|| one_of(Points::ALL.iter().map(|points| points.name())))
}

fn after_fault(text: &str) -> Result<AfterFault, String> {
    AfterFault::parse(text).ok_or_else(|| one_of(AfterFault::ALL.iter().map(|after| after.name())))
}

pub(super) fn one_of(names: impl Iterator<Item = &'static str>) -> String {
    format!("one of: {}", names.collect::<Vec<_>>().join(", "))
}

/// Options that change a scenario before it is checked; the file is never touched.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Changes to the scenario")]
pub struct Changes {
    /// Seed of all random draws; `random` draws one, prints it and records it
    #[arg(long, value_name = "N|random", value_parser = Seed::parse)]
    pub seed: Option<Seed>,

    /// Change one value, as in `volume[0].model=3390-9`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// When workloads stop, as in `90s`; the run then goes on until all is quiet
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// Add a fault; the anchor is `after:EVENT#n`, `before:EVENT#n`, a time, or `event:k`; may be repeated
    #[arg(long, value_name = "KIND@ANCHOR")]
    pub fault: Vec<String>,

    /// Deliver simultaneous events in an order drawn from this seed
    #[arg(long, value_name = "SEED")]
    pub shuffle_ties: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Samples {
    None,
    Csv,
    /// Where the program was built with that feature.
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    Number(u64),
    Random,
}

impl Seed {
    fn parse(text: &str) -> Result<Seed, String> {
        match text {
            "random" => Ok(Seed::Random),
            number => number
                .parse()
                .map(Seed::Number)
                .map_err(|_| format!("a seed is `random` or a whole number from 0 to {}", u64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_trace_takes_all_or_a_part() {
        let at = |seconds| Time::ZERO + Span::from_secs(seconds);
        assert_eq!(extent("all"), Ok(Extent::ALL));
        assert_eq!(extent("80s..100 s"), Ok(Extent { from: at(80), until: at(100) }));
        for wrong in ["", "some", "80s", "100s..80s", "a..b"] {
            assert!(extent(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn seeds_are_numbers_or_random() {
        assert_eq!(Seed::parse("random"), Ok(Seed::Random));
        assert_eq!(Seed::parse("18446744073709551615"), Ok(Seed::Number(u64::MAX)));
        assert!(Seed::parse("18446744073709551616").is_err());
        assert!(Seed::parse("-1").is_err());
    }
}
