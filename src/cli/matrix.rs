//! `tiersim matrix`: methods, architectures and hazards in one table, from the scenarios that answer for them.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::Exit;
use super::document::Destination;
use super::global::Output;
use super::prepare::source_of;
use super::progress::Counted;
use super::threads::threads;
use crate::campaign::matrix::{Case, Finding, cases_of, run as run_all};
use crate::report::costs::{self, Cost};
use crate::report::matrix::{Matrix, SCHEMA};
use crate::report::{json, matrix_text};
use crate::scenario::{Paint, Source, examples};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files or names; without any all shipped scenarios.
    pub scenarios: Vec<PathBuf>,
    /// Where the document goes; without it, or with `-`, to stdout.
    pub file: Option<PathBuf>,
    pub jobs: Option<NonZeroUsize>,
    pub global: Output,
}

/// # Errors
/// Only what writing itself meets, to the streams or to the file.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let beginning = if request.global.json { json::beginning(SCHEMA) } else { matrix_text::HEADING.to_owned() };
    let destination = match Destination::of(request.file.as_deref(), &beginning) {
        Ok(destination) => destination,
        Err(unwritable) => {
            writeln!(errors, "error: {unwritable}")?;
            return Ok(Exit::Usage);
        }
    };
    let cases = match cases(request) {
        Ok(cases) => cases,
        Err(problems) => {
            write!(errors, "{problems}")?;
            return Ok(Exit::Usage);
        }
    };
    let total = (cases.len() + costs::cases().len()) as u64;
    let shown = Counted::of(&request.global, "matrix", "runs", total);
    let (matrix, findings) = tabulate(cases, threads(request.jobs), || shown.one_more());
    shown.finish();
    let document = if request.global.json {
        json::document(&matrix)
    } else {
        matrix_text::render(&matrix, request.scenarios.is_empty()).into_bytes()
    };
    let written = destination.put(&document, request.global.quiet, output, errors)?;
    Ok(tell(&findings, errors)?.and(written))
}

/// Makes the runs, those of the costs behind them, and puts what they found into the table.
pub fn tabulate(mut cases: Vec<Case>, threads: usize, done: impl Fn() + Sync) -> (Matrix, Vec<Finding>) {
    let answers = cases.len();
    cases.extend(costs::cases());
    let mut findings = run_all(cases, threads, done);
    let costs = findings.split_off(answers);
    (Matrix::new(&findings, costs.iter().filter_map(Cost::of).collect()), findings)
}

/// The answers of all scenarios, or everything that is wrong with them. A scenario that is named twice counts once.
fn cases(request: &Request) -> Result<Vec<Case>, String> {
    let sources: Vec<Source> = match &request.scenarios[..] {
        [] => examples::ALL.iter().map(|example| example.source()).collect(),
        named => named.iter().map(|path| source_of(path)).collect(),
    };
    let (mut cases, mut problems, mut seen) = (Vec::new(), String::new(), Vec::new());
    for source in sources {
        let this = (source.stem(), source.bytes());
        if seen.contains(&this) {
            continue;
        }
        seen.push(this);
        match cases_of(&source) {
            Ok(found) => cases.extend(found),
            Err(found) => problems += &found.render(Paint::Plain),
        }
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

/// Says what did not come out as expected, and ends accordingly.
fn tell(findings: &[Finding], errors: &mut dyn Write) -> io::Result<Exit> {
    let mut exit = Exit::Held;
    for finding in findings {
        let Finding { case, held, unexpected, reasons, outcome, .. } = finding;
        let sums = outcome.measured.requests.add_up() && outcome.measured.blocks.add_up();
        exit = exit.and(match () {
            () if !sums => Exit::Internal,
            () if !unexpected.is_empty() => Exit::Violated,
            () if !held => Exit::Unmet,
            () => Exit::Held,
        });
        if !held || !sums {
            let set: Vec<String> = case.set.iter().map(|change| format!(" --set {change}")).collect();
            let name = &case.scenario;
            writeln!(errors, "not as expected: {name}{}: {}", set.concat(), reasons.join("; "))?;
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn told(scenarios: &[&str], json: bool, jobs: usize) -> (Exit, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let scenarios = scenarios.iter().map(PathBuf::from).collect();
        let request = Request {
            scenarios,
            file: None,
            jobs: NonZeroUsize::new(jobs),
            global: Output { json, quiet: true, ..Output::default() },
        };
        let exit = run(&request, &mut output, &mut errors).expect("a vector takes it");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (exit, text(output), text(errors))
    }

    #[test]
    fn the_table_shows_what_the_invention_closes() {
        let (exit, text, errors) = told(&["same-id-crash-before-offline", "source-update-label"], false, 2);
        assert_eq!((exit, &errors[..]), (Exit::Held, ""));
        let row = text.lines().find(|line| line.starts_with("| H1 |")).expect("a row for each hazard");
        assert!(row.contains("X **UOI UII** |") && row.contains("– held |"), "{row}");
        assert!(
            row.ends_with("[same-id-crash-before-offline](../scenarios/same-id-crash-before-offline.toml) |"),
            "{row}"
        );
        assert!(text.contains("| closes: held now wherever violated before | 2: H1 H6 |"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("| safe-backup | home-area | power-loss@")), "{text}");
        assert_eq!(told(&["same-id-crash-before-offline", "source-update-label"], false, 1).1, text, "on one thread");
    }

    #[test]
    fn a_scenario_that_is_named_twice_counts_once() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("source-update-label.toml");
        let shipped = examples::Example::find("source-update-label").expect("it is shipped").text;
        fs::write(&path, shipped).expect("it can be written");
        let file = path.to_str().expect("a plain path");
        let once = told(&["source-update-label"], false, 1).1;
        assert_eq!(told(&["source-update-label", "source-update-label", file], false, 1).1, once);
    }

    #[test]
    fn the_machine_form_has_the_same_cells() {
        let (_, text, _) = told(&["same-id-crash-before-offline"], true, 1);
        let json: serde_json::Value = serde_json::from_str(&text).expect("one document");
        assert_eq!(json["schema"], "tiersim/matrix/1");
        let columns = json["columns"].as_array().expect("columns").clone();
        let place =
            columns.iter().position(|it| it["method"] == "same-id-offline" && it["architecture"] == "home-area");
        let cell = &json["groups"][0]["rows"][0]["cells"][place.expect("the column is there")];
        assert_eq!((&cell["state"], &cell["beside"][0]), (&"violated".into(), &"cached-id-coherent".into()));
    }

    #[test]
    fn a_wrong_expectation_ends_with_three_and_a_wrong_name_with_two() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("wrong.toml");
        let shipped = examples::Example::find("same-id-crash-before-offline").expect("it is shipped").text;
        fs::write(&path, shipped.split("[expect]").next().expect("a split has a first part"))
            .expect("it can be written");
        let (exit, _, errors) = told(&[path.to_str().expect("a plain path")], false, 1);
        assert_eq!(exit, Exit::Violated);
        assert!(errors.starts_with("not as expected: wrong: unique-online-id is violated"), "{errors}");
        let (exit, output, errors) = told(&["no-such-scenario"], false, 1);
        assert_eq!((exit, &output[..], errors.contains("S0001")), (Exit::Usage, "", true));
    }
}
