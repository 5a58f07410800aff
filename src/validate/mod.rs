//! Whether the models can be believed: what theory and measurements say, beside what the models give.
//!
//! A suite is a list of cases; each case yields findings, a finding being one figure with its expected value and how far
//! the two may lie apart. Expected values are computed here from formulas, or read from files of measurements; the
//! simulated ones come from the kernel and the devices as every scenario uses them. Seeds and lengths of runs are fixed
//! in the source: there is no option for them, so nobody can look for a seed that pleases.

pub mod disks;
mod finding;
pub mod queueing;
pub mod rare;
mod series;
pub mod tape;

use std::fs;
use std::path::{Path, PathBuf};

pub use finding::{Attempt, Balance, Case, Figure, Finding, Tolerance, Verdict};

/// What is validated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suite {
    /// Stations, streams of chance and the mechanics of disks, against what queueing theory says exactly.
    Queueing,
    /// Losses that no plain simulation would see, by three methods, against Markov chains and each other.
    Rare,
    /// Drives, cartridges and the library.
    Tape,
    /// Disks, against records of real ones.
    Disks,
}

impl Suite {
    pub const ALL: [Suite; 4] = [Suite::Queueing, Suite::Rare, Suite::Tape, Suite::Disks];

    pub const fn name(self) -> &'static str {
        match self {
            Suite::Queueing => "queueing",
            Suite::Rare => "rare",
            Suite::Tape => "tape",
            Suite::Disks => "disks",
        }
    }

    /// Whether the folder of measurements has something for a suite that needs it.
    pub fn finds_data(self, folder: &Path) -> bool {
        !self.needs_data() || disks::is_in(folder)
    }

    /// Whether there is nothing to validate without a folder of measurements.
    pub const fn needs_data(self) -> bool {
        match self {
            Suite::Queueing | Suite::Rare | Suite::Tape => false,
            Suite::Disks => true,
        }
    }
}

/// What a suite is given.
#[derive(Clone, Debug)]
pub struct Options {
    /// A folder of measurements.
    pub data: Option<PathBuf>,
    /// Runs at a time; no figure depends on it.
    pub threads: usize,
}

/// Data that cannot be used: where, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct BadData {
    pub place: String,
    pub problem: String,
}

/// What lies in a folder, in the order of the names.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, BadData> {
    let bad =
        |error| BadData { place: folder.display().to_string(), problem: format!("the folder cannot be read: {error}") };
    let entries = fs::read_dir(folder).map_err(bad)?;
    let mut files = entries.map(|entry| Ok(entry.map_err(bad)?.path())).collect::<Result<Vec<PathBuf>, BadData>>()?;
    files.sort();
    Ok(files)
}

/// What a suite found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub suite: Suite,
    pub cases: Vec<Case>,
    /// What was left out, and what would bring it in.
    pub left_out: Vec<String>,
    /// Real drives and the model, request by request.
    pub drives: Vec<disks::Comparison>,
}

impl Outcome {
    /// Whether every figure that is judged lies within its tolerance.
    pub fn is_within(&self) -> bool {
        self.cases.iter().flat_map(|case| &case.findings).all(|finding| finding.verdict() != Verdict::Outside)
    }
}

/// Runs all cases of a suite; `tell` is called behind each replication, where a suite has such.
///
/// # Errors
/// Files of the data folder that are missing or malformed.
pub fn run(suite: Suite, options: &Options, tell: &(dyn Fn() + Sync)) -> Result<Outcome, BadData> {
    match suite {
        Suite::Queueing => queueing::run(options, tell),
        Suite::Rare => Ok(rare::run(options)),
        Suite::Tape => tape::run(options),
        Suite::Disks => disks::run(options),
    }
}

/// A count with a comma between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits are text")).collect();
    groups.join(",")
}
