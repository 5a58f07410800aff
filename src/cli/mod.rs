//! What a user types and reads: one file per subcommand.

pub mod check;
pub mod examples;
pub mod profiles;

/// Exit codes (OUTPUT 3) of the commands in this folder.
pub mod exit {
    pub const GOOD: u8 = 0;
    /// Usage, or an invalid or missing input.
    pub const INVALID: u8 = 2;
}
