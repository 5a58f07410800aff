//! The command line: one file per subcommand, and what they share.

pub mod args;
pub mod campaign;
pub mod case;
pub mod check;
pub mod compare;
pub mod console;
pub mod document;
pub mod environment;
pub mod examples;
pub mod exit;
pub mod explain;
pub mod explore;
pub mod exposure;
pub mod global;
pub mod interrupt;
mod manual;
pub mod matrix;
pub mod mutants;
pub mod new;
pub mod prepare;
pub mod profiles;
pub mod progress;
pub mod replay;
pub mod report;
pub mod run;
pub mod schema;
pub mod shrink;
pub mod threads;
pub mod trace;
pub mod validate;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{CommandFactory, Parser};

use args::{Arguments, Command};
use console::Console;
pub use exit::Exit;
use interrupt::Interrupt;

use crate::report::{json, program};

/// Runs the program with these arguments, the first of which is its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) => return misunderstood(&error, &typed),
    };
    let mut console = Console::new(&arguments.output);
    let is_long = matches!(
        arguments.command,
        Some(
            Command::Explore(_)
                | Command::Matrix(_)
                | Command::Mutants(_)
                | Command::Exposure(_)
                | Command::Validate(_)
        )
    );
    if is_long {
        Interrupt::end_at_once(arguments.output.json);
    }
    let exit = match &arguments.command {
        _ if arguments.version => version(&mut console),
        Some(Command::Run(run)) => run::run(run, &arguments.output, &mut console),
        Some(Command::Check(check)) => {
            let request = check::Request {
                files: check.files.clone(),
                print_resolved: check.print_resolved,
                overrides: prepare::overrides_of(&check.changes),
                json: console.json(),
                paint: console.paint(),
            };
            console.command(|output, errors| check::run(&request, output, errors))
        }
        Some(Command::Examples(examples)) => {
            let json = console.json();
            let (name, copy) = (examples.name.clone(), examples.copy.clone());
            let request = examples::Request { name, list: examples.list, copy, json };
            console.command(|output, errors| examples::run(&request, output, errors))
        }
        Some(Command::New(new)) => {
            let request =
                new::Request { file: new.file.clone(), from: new.from.clone(), global: arguments.output.clone() };
            console.command(|output, errors| new::run(&request, output, errors))
        }
        Some(Command::Explore(explore)) => explore::run(explore, &arguments.output, &mut console),
        Some(Command::Replay(replay)) => replay::run(replay, &mut console),
        Some(Command::Shrink(shrink)) => shrink::run(shrink, &arguments.output, &mut console),
        Some(Command::Exposure(exposure)) => {
            let request = exposure::Request {
                file: exposure.file.clone(),
                jobs: exposure.jobs,
                global: arguments.output.clone(),
            };
            console.command(|output, errors| exposure::run(&request, output, errors))
        }
        Some(Command::Mutants(mutants)) => {
            let request = mutants::Request {
                mutants: mutants.mutants.clone(),
                file: mutants.file.clone(),
                no_reduce: mutants.no_reduce,
                jobs: mutants.jobs,
                global: arguments.output.clone(),
            };
            console.command(|output, errors| mutants::run(&request, output, errors))
        }
        Some(Command::Explain(explain)) => {
            let request = explain::Request {
                name: explain.name.clone(),
                json: console.json(),
                width: console.width().unwrap_or(explain::PAPER),
            };
            console.command(|output, errors| explain::run(&request, output, errors))
        }
        Some(Command::Matrix(matrix)) => {
            let request = matrix::Request {
                scenarios: matrix.scenarios.clone(),
                file: matrix.file.clone(),
                jobs: matrix.jobs,
                global: arguments.output.clone(),
            };
            console.command(|output, errors| matrix::run(&request, output, errors))
        }
        Some(Command::Profiles(profiles)) => {
            let json = console.json();
            let request = profiles::Request { name: profiles.name.clone(), toml: profiles.toml, json };
            console.command(|output, errors| profiles::run(&request, output, errors))
        }
        Some(Command::Report(report)) => {
            let request = report::Request {
                directories: report.directories.clone(),
                // On stdout `--json` asks for nothing else.
                form: match report.file.as_deref() {
                    Some(file) if file == std::path::Path::new("-") && console.json() => args::ReportForm::Json,
                    _ => report.format,
                },
                charts: report.charts.clone(),
                file: report.file.clone(),
                quiet: arguments.output.quiet,
            };
            console.command(|output, errors| report::run(&request, output, errors))
        }
        Some(Command::Schema(of)) => schema::run(of.kind, &mut console),
        Some(Command::Campaign(command)) => campaign::run(command, &arguments.output, &mut console),
        Some(Command::Compare(compare)) => compare::run(compare, &mut console),
        Some(Command::Completions(of)) => {
            let json = console.json();
            console.command(|output, _| manual::completions(of.shell, json, output))
        }
        Some(Command::Man(of)) => {
            let json = console.json();
            console.command(|output, errors| manual::page(&of.command, json, output, errors))
        }
        Some(Command::Trace(command)) => {
            let request = trace::Request { command: command.clone(), json: console.json() };
            console.command(|output, errors| trace::run(&request, output, errors))
        }
        Some(Command::Validate(validate)) => {
            let request = validate::Request {
                suites: validate.suites.clone(),
                data: validate.data.clone(),
                out: validate.out.clone(),
                force: validate.force,
                jobs: validate.jobs,
                global: arguments.output.clone(),
                width: console.width().unwrap_or(validate::PAPER),
            };
            console.command(|output, errors| validate::run(&request, output, errors))
        }
        None => {
            console.error(&Arguments::command().render_help().to_string());
            Exit::Usage
        }
    };
    console.close(exit)
}

/// Says what is wrong with what was typed, or prints the help that was asked for.
fn misunderstood(error: &clap::Error, typed: &[OsString]) -> Exit {
    let printed = error.print();
    if !error.use_stderr() {
        // A reader that went away has seen enough.
        let is_lost = printed.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe);
        return if is_lost { Exit::Internal } else { Exit::Held };
    }
    if typed.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let _ = io::stdout().write_all(&console::ended(Exit::Usage, vec![text.trim_end().to_owned()]));
    }
    Exit::Usage
}

fn version(console: &mut Console) -> Exit {
    match console.json() {
        true => console.result(&json::document(&program::THIS)),
        false => console.result(format!("{}\n", program::THIS.line()).as_bytes()),
    }
    Exit::Held
}
