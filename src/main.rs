//! The command line program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A broken rule of our own is an internal error like any other; its message has been printed by then.
    let exit = std::panic::catch_unwind(|| tiersim::cli::main(std::env::args_os()));
    exit.unwrap_or(tiersim::cli::Exit::Internal).into()
}
