//! Documents that are written from the scenarios are fresh, and every hazard is shown or has a reason why not.
//!
//! `TIERSIM_BLESS=1 cargo test --test documents` writes them anew.

mod support;

use std::fs;
use std::process::Command;

use support::root;
use tiersim::campaign::matrix::cases_of;
use tiersim::cli::matrix::tabulate;
use tiersim::report::{exposure, index, matrix_text};
use tiersim::scenario::examples;
use tiersim::scenario::hazards;
use tiersim::scenario::library::Library;

/// Compares a file with what it should be, or writes it.
fn check(path: &str, expected: &str) {
    let path = root().join(path);
    if std::env::var_os("TIERSIM_BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder can be made");
        fs::write(&path, expected).expect("the document can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    if let Some((one, other)) = found.lines().zip(expected.lines()).find(|(one, other)| one != other) {
        panic!("{} is stale (TIERSIM_BLESS=1 refreshes it):\n{one}\nshould be\n{other}", path.display());
    }
    assert_eq!(found.len(), expected.len(), "{} is stale (TIERSIM_BLESS=1 refreshes it)", path.display());
}

#[test]
fn the_table_of_methods_is_what_the_scenarios_give() {
    let cases = examples::ALL.iter().flat_map(|example| cases_of(&example.source()).expect("it is valid"));
    let (matrix, _) = tabulate(cases.collect(), 2, || ());
    check("reports/methods.md", &matrix_text::render(&matrix, true));
    assert!(matrix.unexpected.is_empty(), "{:#?}", matrix.unexpected);
    for row in matrix.groups.iter().flat_map(|group| &group.rows).filter(|row| !row.scenarios.is_empty()) {
        assert!(row.cells.iter().any(|cell| cell.runs > 0), "no scenario of {} speaks for a method", row.hazard);
    }
}

#[test]
fn the_table_of_exposures_is_what_explorations_give() {
    check("reports/exposure.md", &exposure::render(&exposure::rows(2, |_| ())));
}

#[test]
fn the_index_of_scenarios_is_what_the_files_say() {
    let path = "scenarios/README.md";
    let text = fs::read_to_string(root().join(path)).expect("the index is there");
    let (before, rest) = text.split_once(index::BEGIN).expect("the index has its first marker");
    let (_, after) = rest.split_once(index::END).expect("the index has its second marker");
    let written = index::render(&Library::read());
    check(path, &format!("{before}{}\n\n{written}\n{}{after}", index::BEGIN, index::END));
}

#[test]
fn the_readme_shows_what_the_default_run_prints() {
    const BEGIN: &str = "<!-- output of the default run -->\n```text\n";
    const END: &str = "```\n<!-- end of the output of the default run -->";
    let folder = tempfile::tempdir().expect("a folder for the run");
    let mut run = Command::new(env!("CARGO_BIN_EXE_tiersim"));
    let run = run.args(["run", "--quiet"]).current_dir(folder.path()).output().expect("it starts");
    let printed = String::from_utf8(run.stdout).expect("it is text");
    let text = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let (before, rest) = text.split_once(BEGIN).expect("the README has its first marker");
    let (_, after) = rest.split_once(END).expect("the README has its second marker");
    check("README.md", &format!("{before}{BEGIN}{printed}{END}{after}"));
    // Two of its pictures stand below.
    let out = fs::read_dir(folder.path().join("out")).expect("the run wrote a directory").next();
    let charts = out.expect("there is one").expect("it can be read").path().join("charts");
    for name in ["availability.svg", "latency-over-time.svg"] {
        let drawn = fs::read_to_string(charts.join(name)).expect("the run drew it");
        check(&format!("reports/{name}"), &drawn);
    }
}

#[test]
fn every_hazard_is_shown_or_cannot_be() {
    let library = Library::read();
    let shown = |id: &str| library.about(id).next().is_some();
    let open: Vec<&str> = hazards::all()
        .filter(|hazard| !shown(hazard.id) && hazard.inexpressible.is_empty())
        .map(|hazard| hazard.id)
        .collect();
    assert!(open.is_empty(), "neither a scenario nor a reason: {}", open.join(" "));
    let stale: Vec<&str> = hazards::all()
        .filter(|hazard| shown(hazard.id) && !hazard.inexpressible.is_empty())
        .map(|hazard| hazard.id)
        .collect();
    assert!(stale.is_empty(), "a scenario shows what the catalogue says cannot be shown: {}", stale.join(" "));
}
