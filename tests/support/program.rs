//! The program as people call it, for the tests of its command line.

use assert_cmd::Command;
use tempfile::TempDir;

/// The program in a directory of its own, untouched by the environment of whoever runs the tests.
pub fn tiersim(directory: &TempDir) -> Command {
    let mut command = Command::cargo_bin("tiersim").expect("the program is built");
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM"] {
        command.env_remove(name);
    }
    command.current_dir(directory.path());
    command
}

pub fn directory() -> TempDir {
    tempfile::tempdir().expect("the system has room for temporary files")
}
