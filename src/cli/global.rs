//! The options of every subcommand: what stdout and stderr look like.

use clap::{Args, ValueEnum};

/// Options of every subcommand.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Print exactly one JSON document on stdout
    #[arg(long, global = true)]
    pub json: bool,

    /// Colour and bold text; `auto` asks the terminal, NO_COLOR, CLICOLOR_FORCE and TERM
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,

    /// How progress is shown on stderr; `auto` and `bar` are a bar on a terminal and lines elsewhere
    #[arg(long, global = true, value_name = "FORM", default_value = "auto")]
    pub progress: ProgressForm,

    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    #[default]
    Auto,
    Bar,
    Plain,
    Json,
    None,
}
