//! Drives, cartridges and the library, against what their parameters add up to.

pub(super) mod dump;

use super::{BadData, Options, Outcome, Suite};

/// # Errors
/// Files of the data folder that cannot be used.
pub fn run(_options: &Options) -> Result<Outcome, BadData> {
    Ok(Outcome { suite: Suite::Tape, cases: vec![dump::added_up()], left_out: Vec::new(), drives: Vec::new() })
}
