//! What may be typed: subcommands, options and their help.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::explore::Mtbf;
use crate::campaign::explore::{AfterFault, Points};
use crate::validate::Suite;

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
    /// Strike every method at every boundary, and show for how long which crash would break what
    Exposure(ExposureArgs),
    /// Say whether scenarios are valid, and what they are with every default filled in
    Check(CheckArgs),
    /// Show, list or copy the shipped scenarios
    Examples(ExamplesArgs),
    /// Show the built-in hardware, each number with its origin
    Profiles(ProfilesArgs),
    /// Say what a hazard, an invariant, a method, a fault, a switch, a step, an event, a goal or a code means
    Explain(ExplainArgs),
    /// Run scenarios under every method and architecture they answer for, and show which hazards held
    Matrix(MatrixArgs),
    /// Show what theory and measurements say beside what the models give
    Validate(ValidateArgs),
}

#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Print the scenario with every default filled in and every change applied
    #[arg(long)]
    pub print_resolved: bool,

    #[command(flatten)]
    pub changes: Changes,
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

    /// Runs at a time; by default as many as there are processors; the result is the same
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

    /// Runs at a time; by default as many as there are processors; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

fn suite(text: &str) -> Result<Suite, String> {
    let names = Suite::ALL.map(Suite::name).join(", ");
    Suite::ALL.into_iter().find(|suite| suite.name() == text).ok_or(format!("the suites are {names}"))
}

/// Options of every subcommand.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Print exactly one JSON document on stdout
    #[arg(long, global = true)]
    pub json: bool,

    /// Colour and bold text; `auto` asks the terminal, NO_COLOR, CLICOLOR_FORCE and TERM
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,

    /// How progress is shown on stderr; `auto` is a bar on a terminal and plain lines elsewhere
    #[arg(long, global = true, value_name = "FORM", default_value = "auto")]
    pub progress: ProgressForm,

    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    Auto,
    Bar,
    Plain,
    Json,
    None,
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

    /// Write one row per host request to requests.csv
    #[arg(long, value_name = "FORM", default_value = "none")]
    pub samples: Samples,

    #[command(flatten)]
    pub changes: Changes,
}

#[derive(Clone, Debug, Args)]
pub struct ExposureArgs {
    /// Write the document to this file; `-` is stdout
    #[arg(short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,

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

    /// Forks at a time; by default as many as there are processors; the result is the same
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Directory of the results; by default one below `out` that is named for the exploration
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace what stands in the directory of `--out`
    #[arg(long, requires = "out")]
    pub force: bool,

    #[command(flatten)]
    pub changes: Changes,
}

fn points(text: &str) -> Result<Points, String> {
    Points::parse(text).ok_or_else(|| one_of(Points::ALL.iter().map(|points| points.name())))
}

fn after_fault(text: &str) -> Result<AfterFault, String> {
    AfterFault::parse(text).ok_or_else(|| one_of(AfterFault::ALL.iter().map(|after| after.name())))
}

fn one_of(names: impl Iterator<Item = &'static str>) -> String {
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

    /// Stop at this simulated time, as in `90s`
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
    fn seeds_are_numbers_or_random() {
        assert_eq!(Seed::parse("random"), Ok(Seed::Random));
        assert_eq!(Seed::parse("18446744073709551615"), Ok(Seed::Number(u64::MAX)));
        assert!(Seed::parse("18446744073709551616").is_err());
        assert!(Seed::parse("-1").is_err());
    }
}
