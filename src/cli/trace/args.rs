//! What may be typed behind `tiersim trace`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::super::args::{size, span};
use crate::host::trace::{Action, TraceFormat};
use crate::kernel::Span;

#[derive(Clone, Debug, Subcommand)]
pub enum TraceCommand {
    /// Write recorded traces as one trace in the program's own text, which a scenario reads too
    Import(TraceImportArgs),
    /// Say what a trace asks for, in which unit its addresses count, and what is doubtful about it
    Stats(TraceStatsArgs),
}

#[derive(Clone, Debug, Args)]
pub struct TraceImportArgs {
    #[command(flatten)]
    pub input: TraceInput,

    /// The file to write, as `tiersim-csv`
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,

    /// Replace an earlier import that stands there
    #[arg(long)]
    pub force: bool,

    /// Let an open-loop replay use times that are coarser than a millisecond
    #[arg(long)]
    pub allow_coarse_time: bool,
}

#[derive(Clone, Debug, Args)]
pub struct TraceStatsArgs {
    #[command(flatten)]
    pub input: TraceInput,

    /// Replace an earlier report that stands at `--rejects`
    #[arg(long, requires = "rejects")]
    pub force: bool,
}

/// What is read, and how.
#[derive(Clone, Debug, Args)]
pub struct TraceInput {
    /// Files of one trace, merged by time; gz, zst, bz2 and xz are decompressed; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Format of the files: auto, tiersim-csv, disksim-validate, disksim-ascii, hp-srt, msr, spc, systor17, vscsi,
    /// vscsi-csv, ssdsim, blkparse, fio-iolog-2 or fio-iolog-3
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = ChosenFormat::parse)]
    pub format: ChosenFormat,

    /// Bytes of a block of the addresses, other than the format says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub sector_bytes: Option<u64>,

    /// The code of a read in an ssdsim trace: 1 as in MQSim, 0 in some copies
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u8).range(0..=1))]
    pub read_code: u8,

    /// Which events of a blkparse text are the requests: D, sent to the driver, or Q, queued
    #[arg(long, value_name = "LETTER", default_value = "D", value_parser = action)]
    pub action: Action,

    /// How much later than its place in time a record may come in its file, as in `500ms`; by default 1 s
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub window: Option<Span>,

    /// Size of every device, as in `100GiB`: a request that ends beyond it is rejected
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub device_bytes: Option<u64>,

    /// Map requests beyond the device into it, modulo its size
    #[arg(long, requires = "device_bytes")]
    pub wrap: bool,

    /// Bytes of content that a file may have when it is decompressed; by default 1 TiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_bytes: Option<u64>,

    /// Leave bad records out instead of ending with 2
    #[arg(long)]
    pub skip_bad_lines: bool,

    /// Where every rejected record goes with its number, reason and text; an import has it beside its file
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

/// A format by its name; `None` is `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChosenFormat(pub Option<TraceFormat>);

impl ChosenFormat {
    fn parse(text: &str) -> Result<ChosenFormat, String> {
        match TraceFormat::parse(text) {
            _ if text == "auto" => Ok(ChosenFormat(None)),
            Some(format) => Ok(ChosenFormat(Some(format))),
            None => {
                let known: Vec<&str> = TraceFormat::ALL.iter().map(|format| format.name()).collect();
                Err(format!("formats are auto, {}", known.join(", ")))
            }
        }
    }
}

fn action(text: &str) -> Result<Action, String> {
    Action::parse(text).ok_or_else(|| "the letter is D or Q".to_owned())
}
