//! `tiersim report` from directories that are ours, somebody else's, and damaged: a page, or an error with a remedy.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// Exit code, stdout and stderr of one call in a directory.
fn call(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("tiersim").expect("the program was built");
    let output = command.current_dir(directory).args(arguments).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every number of a text is this one instead.
fn with_numbers(text: &str, number: &str) -> String {
    let mut changed = String::new();
    let mut inside = false;
    for character in text.chars() {
        if character.is_ascii_digit() {
            if !inside {
                changed.push_str(number);
            }
            inside = true;
        } else {
            inside = false;
            changed.push(character);
        }
    }
    changed
}

#[test]
fn a_report_is_made_again_from_its_directory() {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    let at = here.path();
    assert_eq!(call(at, &["run", "--quiet", "--out", "run"]).0, 0);
    let page = read(&at.join("run/report.html"));
    let (code, printed, told) = call(at, &["report", "run", "-o", "-"]);
    assert!(code == 0 && printed == page, "{told}");
    // The same from elsewhere, by another way.
    fs::create_dir(at.join("deep")).expect("there is room");
    assert_eq!(call(&at.join("deep"), &["report", "../run", "-o", "-"]).1, page);
    let (code, text, _) = call(at, &["report", "run", "--format", "md", "-o", "-"]);
    assert!(code == 0 && text.starts_with("# Power loss") && text.contains("charts/latency-nines.svg"), "{text}");
    let (code, json, _) = call(at, &["report", "run", "--format", "json", "-o", "-"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((code, json["schema"].as_str()), (0, Some("tiersim/report/1")));
    assert_eq!(call(at, &["report", "run", "-o", "pictures/a.html"]).0, 2, "there is no such folder");
    fs::create_dir(at.join("pictures")).expect("there is room");
    assert_eq!(call(at, &["report", "run", "--charts", "svg", "-o", "pictures/a.html"]).0, 0);
    for name in ["availability", "latency-nines", "latency-cdf", "latency-over-time", "phases-backup-1", "utilisation"]
    {
        let (one, other) = (at.join("pictures/charts").join(name), at.join("run/charts").join(name));
        for ending in ["svg", "csv"] {
            assert_eq!(read(&one.with_extension(ending)), read(&other.with_extension(ending)));
        }
    }
}

/// A campaign of two methods, and where it was run.
fn campaign(more: &[&str]) -> tempfile::TempDir {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    let files = [
        ("base.toml", include_str!("small-campaign/base.toml")),
        ("two.toml", include_str!("small-campaign/two.toml")),
    ];
    files.iter().for_each(|(name, text)| fs::write(here.path().join(name), text).expect("there is room"));
    let arguments = [&["campaign", "run", "two.toml", "-q", "-o", "two"][..], more].concat();
    assert_eq!(call(here.path(), &arguments).0, 0);
    here
}

#[test]
fn the_report_of_a_campaign_is_made_again_from_its_directory() {
    let here = campaign(&[]);
    let at = here.path();
    let page = read(&at.join("two/report.html"));
    assert_eq!(call(at, &["report", "two", "-o", "-"]).1, page);
    assert!(page.contains("In 24 runs, safe-backup") && page.contains("12 of 12, so the checks can fail"), "{page}");
    for section in ["verdict", "losses", "costs", "differences", "sensitivity", "goals", "provenance"] {
        assert!(page.contains(&format!("href=\"#{section}\"")), "{section}");
    }
    // Nothing of the parts is needed, and nothing of where it was made.
    fs::remove_dir_all(at.join("two/parts")).expect("it is there");
    fs::rename(at.join("two"), at.join("moved")).expect("it can be moved");
    assert_eq!(call(at, &["report", "moved", "-o", "-"]).1, page);
    let (code, text, _) = call(at, &["report", "moved", "--format", "md", "-o", "-"]);
    assert!(code == 0 && text.starts_with("# Two methods") && text.contains("charts/losses.svg"), "{text}");
    assert!(text.contains("same-id-offline - safe-backup"), "{text}");
    let (code, json, _) = call(at, &["report", "moved", "--format", "json", "-o", "-"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((code, &json["kind"]), (0, &"campaign".into()));
    fs::create_dir(at.join("again")).expect("there is room");
    assert_eq!(call(at, &["report", "moved", "--charts", "svg", "-o", "again/a.html"]).0, 0);
    for chart in fs::read_dir(at.join("moved/charts")).expect("they were drawn").flatten() {
        assert_eq!(read(&chart.path()), read(&at.join("again/charts").join(chart.file_name())));
    }
    let (code, _, told) = call(at, &["report", "moved", "moved", "-o", "x.html"]);
    assert!(code == 2 && told.contains("tiersim compare"), "{told}");
}

#[test]
fn a_campaign_without_a_report_gets_one_when_it_is_asked_for() {
    let here = campaign(&["--no-report"]);
    let at = here.path();
    assert!(!at.join("two/report.html").exists() && !at.join("two/charts").exists());
    assert_eq!(call(at, &["campaign", "merge", "two", "--no-report", "-q"]).0, 0);
    assert!(!at.join("two/report.html").exists());
    assert_eq!(call(at, &["report", "two"]).0, 0);
    let page = read(&at.join("two/report.html"));
    assert_eq!(call(at, &["campaign", "merge", "two", "-q"]).0, 0);
    assert_eq!(read(&at.join("two/report.html")), page);
    assert_eq!(call(at, &["campaign", "plan", "two.toml", "-q", "-o", "planned"]).0, 0);
    let (code, _, told) = call(at, &["report", "planned"]);
    assert!(code == 2 && told.contains("tiersim campaign merge planned"), "{told}");
    // Rows of which the summary does not tell.
    let rows = read(&at.join("two/runs.csv"));
    let fewer: String = rows.lines().take(9).map(|line| format!("{line}\n")).collect();
    fs::write(at.join("two/runs.csv"), fewer).expect("there is room");
    let (code, _, told) = call(at, &["report", "two"]);
    assert!(code == 2 && told.contains("it is not as it was written beside summary.json"), "{told}");
}

#[test]
fn what_is_no_result_is_told() {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    let at = here.path();
    let (code, _, told) = call(at, &["report", "nowhere"]);
    assert!(code == 2 && told.contains("nowhere") && told.contains("name a directory"), "{told}");
    assert_eq!(call(at, &["run", "--quiet", "--no-report", "--out", "run"]).0, 0);
    assert!(!at.join("run/report.html").exists() && !at.join("run/charts").exists());
    fs::write(at.join("thesis.html"), "<p>mine").expect("there is room");
    let (code, _, told) = call(at, &["report", "run", "-o", "thesis.html"]);
    assert!(code == 2 && told.contains("something else"), "{told}");
    assert_eq!(read(&at.join("thesis.html")), "<p>mine");
    let (code, _, told) = call(at, &["report", "run", "run"]);
    assert!(code == 2 && told.contains("-o"), "{told}");
}

#[test]
fn a_damaged_directory_is_an_error_and_never_a_panic() {
    let here = campaign(&["--no-report"]);
    let at = here.path();
    assert_eq!(call(at, &["run", "--quiet", "--no-report", "--out", "run"]).0, 0);
    assert!(matches!(
        call(at, &["explore", "--quiet", "explore-same-id", "--points", "step", "--no-report", "--out", "explored"]).0,
        0 | 3 | 4
    ));
    let files = [
        ("run", "summary.json"),
        ("run", "series.csv"),
        ("run", "latency.csv"),
        ("run", "timeline.csv"),
        ("run", "hist/latency-PROD01-during.hgrm"),
        ("explored", "summary.json"),
        ("explored", "forks.csv"),
        ("two", "manifest.json"),
        ("two", "summary.json"),
        ("two", "runs.csv"),
        ("two", "scenarios/point-0000.toml"),
    ];
    for (directory, name) in files {
        let path = at.join(directory).join(name);
        let whole = read(&path);
        let half = whole[..whole.len() / 2].to_owned();
        let changes = [
            String::new(),
            half,
            with_numbers(&whole, "0"),
            with_numbers(&whole, "18446744073709551615"),
            with_numbers(&whole, "7"),
            whole.replace(',', "\u{fffd}"),
        ];
        for (number, change) in changes.iter().enumerate() {
            fs::write(&path, change).expect("there is room");
            let (code, _, told) = call(at, &["report", directory, "-o", "-"]);
            assert!(code == 0 || code == 2, "{directory}/{name}, change {number}: {code}: {told}");
            assert!(code == 0 || told.starts_with("error: "), "{told}");
        }
        fs::write(&path, whole).expect("there is room");
        assert_eq!(call(at, &["report", directory, "-o", "-"]).0, 0, "{directory}/{name} is whole again");
    }
}
