//! `tiersim validate` as a user and a script see it.

use std::path::PathBuf;

use assert_cmd::Command;
use tiersim::validate::{self, Finding, Options, Suite, Verdict, queueing};

fn call(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("tiersim").expect("the program is built");
    let output = command.env_remove("COLUMNS").arg("validate").args(arguments).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

#[test]
fn a_suite_that_is_within_ends_with_0_and_its_table() {
    let (code, stdout, stderr) = call(&["tape"]);
    assert_eq!((code, &stderr[..]), (0, ""));
    assert!(stdout.contains("tape tape-dump: 2838016440 B") && stdout.contains("202.7155"), "{stdout}");
}

#[test]
fn the_machine_form_is_one_document() {
    let (code, stdout, _) = call(&["tape", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("it is one JSON document");
    assert_eq!((code, &json["schema"]), (0, &"tiersim/validation/1".into()));
    assert_eq!((&json["verdict"], &json["suites"][0]["suite"]), (&"within".into(), &"tape".into()));
}

#[test]
fn an_unknown_suite_is_a_usage_error() {
    let (code, stdout, stderr) = call(&["tapes"]);
    assert_eq!((code, &stdout[..]), (2, ""));
    assert!(stderr.contains("the suites are queueing, rare, tape"), "{stderr}");
}

/// A row of the published table of exact values.
struct Row {
    case: String,
    parameters: String,
    quantity: String,
    unit: String,
    expected: f64,
}

/// Where the table lies that a checkout may have beside it.
fn table() -> Option<Vec<Row>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/validation/queueing/expected.csv");
    if !path.exists() {
        eprintln!("!! SKIPPED: {} is not there, so no formula was compared with it !!", path.display());
        return None;
    }
    let mut reader = csv::Reader::from_path(path).expect("the table can be read");
    let rows = reader.records().map(|record| {
        let record = record.expect("a row of the table");
        let text = |place: usize| record[place].to_owned();
        let expected = record[4].parse().expect("an expected value is a number");
        Row { case: text(0), parameters: text(1), quantity: text(2), unit: text(3), expected }
    });
    Some(rows.collect())
}

/// The drives beside the table.
fn options() -> Options {
    let disks = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/validation/disks");
    if !disks.exists() {
        eprintln!("!! SKIPPED: {} is not there, so no seek curve of a real drive was looked at !!", disks.display());
    }
    Options { data: disks.exists().then_some(disks), threads: 2 }
}

#[test]
fn every_formula_gives_the_published_value() {
    let Some(rows) = table() else { return };
    let cases = queueing::expected(&options()).expect("the drives can be read");
    let find = |row: &Row| -> Option<&Finding> {
        let of_case = |case: &&validate::Case| case.name == row.case && case.parameters == row.parameters;
        let findings = cases.iter().filter(of_case).flat_map(|case| &case.findings);
        findings.into_iter().find(|finding| finding.measure == row.quantity)
    };
    for row in &rows {
        let found =
            find(row).unwrap_or_else(|| panic!("{} ({}): {} is missing", row.case, row.parameters, row.quantity));
        assert_eq!(found.unit, row.unit, "{}: {}", row.case, row.quantity);
        // The table is printed to thirteen digits.
        let expected = found.expected.expect("theory has a value");
        let error = (expected - row.expected).abs();
        assert!(error <= 1e-12 * row.expected.abs(), "{}: {expected} is not {}", row.quantity, row.expected);
    }
    assert_eq!(rows.len(), 66);
}

#[test]
fn every_queue_behaves_as_theory_says() {
    let options = options();
    let outcome = validate::run(Suite::Queueing, &options, &|| ()).expect("the drives can be read");
    for case in &outcome.cases {
        for finding in &case.findings {
            assert_eq!(finding.verdict(), Verdict::Within, "{}: {finding:#?}", case.name);
        }
    }
    let figures = if options.data.is_some() { 70 } else { 62 };
    assert_eq!(outcome.cases.iter().map(|case| case.findings.len()).sum::<usize>(), figures);
}

/// Splitting and biasing have the exact losses of a mirrored pair, RAID-5 and RAID-6 in their intervals, of which plain
/// simulation of the same effort sees one by luck or none, and the window of a crash agrees with what runs with that crash show.
#[test]
fn rare_losses_are_what_exact_answers_and_plain_runs_say() {
    let outcome = validate::run(Suite::Rare, &Options { data: None, threads: 2 }, &|| ()).expect("it needs no data");
    let names: Vec<&str> = outcome.cases.iter().map(|case| &case.name[..]).collect();
    assert_eq!(names, ["mirror", "raid-5", "raid-6", "host-crash-window"]);
    for case in &outcome.cases {
        for finding in &case.findings {
            let attempt = &finding.attempts[0];
            if finding.measure == "losses seen by plain simulation" {
                // A quarter of a loss is expected at most: nothing can be said of how likely one is.
                let most = if case.name == "raid-6" { 0.0 } else { 1.0 };
                assert!(attempt.simulated <= most, "{}: {attempt:?}", case.name);
                continue;
            }
            assert_eq!(finding.verdict(), Verdict::Within, "{}: {finding:#?}", case.name);
            let speed_up = finding.beside.iter().find(|it| it.unit == "times");
            assert!(speed_up.is_none_or(|it| it.value > 100.0), "{}: {speed_up:?}", case.name);
        }
    }
    let judged = outcome.cases.iter().flat_map(|case| &case.findings);
    assert_eq!(judged.filter(|finding| finding.verdict() == Verdict::Within).count(), 10);
}

#[test]
fn a_real_library_is_replayed_as_it_was() {
    let library = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/traces/ecmwf-tape");
    if !library.exists() {
        eprintln!("!! SKIPPED: {} is not there, so no real library was looked at !!", library.display());
        return;
    }
    let outcome =
        validate::run(Suite::Tape, &Options { data: Some(library), threads: 2 }, &|| ()).expect("it can be read");
    for case in &outcome.cases {
        for finding in &case.findings {
            assert_ne!(finding.verdict(), Verdict::Outside, "{}: {finding:#?}", case.name);
        }
    }
    let judged = outcome.cases.iter().flat_map(|case| &case.findings);
    assert_eq!(judged.filter(|finding| finding.verdict() == Verdict::Within).count(), 46);
}
