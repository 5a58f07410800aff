//! `tiersim shrink`: the smallest scenario that violates the same invariant.

use std::io::Write;

use super::args::ShrinkArgs;
use super::case::{self, Case};
use super::console::Console;
use super::document::Destination;
use super::exit::Exit;
use super::global::Output;
use super::interrupt::Interrupt;
use super::progress::Counted;
use super::threads::threads;
use crate::campaign::Flow;
use crate::campaign::shrink::{Order, ShrinkError, Shrunk, shrink};
use crate::report::json;
use crate::report::minimal::{self, Subject, Summary};

/// Makes a failing scenario small and writes it to a file or to stdout.
pub fn run(args: &ShrinkArgs, output: &Output, console: &mut Console) -> Exit {
    let case = match case::open(args.scenario.as_deref(), &args.changes, console.paint()) {
        Ok(case) => case,
        Err(rejected) => return rejected.tell(console),
    };
    let destination = match Destination::of(args.file.as_deref(), minimal::HEADING) {
        Ok(destination) => destination,
        Err(unwritable) => {
            console.error(&format!("error: {unwritable}"));
            return Exit::Usage;
        }
    };
    let shrunk = match shown(args, output, &case) {
        Ok(shrunk) => shrunk,
        Err(problem) => {
            console.error(&format!("error: {problem}"));
            return match problem {
                ShrinkError::NothingViolated | ShrinkError::NotViolated { .. } => Exit::Unmet,
                ShrinkError::Interrupted => Exit::Interrupted,
                ShrinkError::Build(_) | ShrinkError::NoTest(_) => Exit::Internal,
            };
        }
    };
    let plan = &case.loaded.plan;
    // Not the path: the file is the same wherever it was made.
    let named = plan.name.clone() + &Case::options(&args.changes);
    let summary = Summary::new(&Subject { scenario: &plan.name, seed: plan.seed, named: &named }, &shrunk);
    console.note(&summary.sentence());
    if args.violates.is_none() && !shrunk.others.is_empty() {
        let others: Vec<&str> = shrunk.others.iter().map(|invariant| invariant.name()).collect();
        console.note(&format!("also violated, and to be chosen by --violates: {}", others.join(", ")));
    }
    if shrunk.exhausted {
        console.note(&format!("the budget of {} runs is used up: more may be possible with --max-runs", args.max_runs));
    }
    let written = write(&summary, (args, output), &destination, console);
    if shrunk.interrupted { written.and(Exit::Interrupted) } else { written }
}

fn shown(args: &ShrinkArgs, output: &Output, case: &Case) -> Result<Shrunk, ShrinkError> {
    let order = Order { invariant: args.violates, budget: args.max_runs, threads: threads(args.jobs) };
    let (interrupt, progress) = (Interrupt::listen(), Counted::new(output, "shrink", "runs"));
    let shrunk = shrink(&case.loaded, &order, &|runs| {
        progress.update(runs);
        if interrupt.is_set() { Flow::Stop } else { Flow::Continue }
    });
    progress.finish();
    shrunk
}

/// With `--json` stdout has the document, and the file, if one is named, the scenario.
fn write(
    summary: &Summary,
    (args, global): (&ShrinkArgs, &Output),
    destination: &Destination,
    console: &mut Console,
) -> Exit {
    let text = summary.text.as_bytes();
    let to_file = args.file.is_some() && !matches!(destination, Destination::Stdout);
    if console.json() {
        console.result(&json::document(summary));
    }
    if to_file || !console.json() {
        return console.command(|output: &mut dyn Write, errors: &mut dyn Write| {
            destination.put(text, global.quiet, output, errors)
        });
    }
    Exit::Held
}
