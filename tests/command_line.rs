//! Every command in a pipe, with `--json`, on narrow paper and without a terminal: stdout has the result and nothing else.

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use program::{directory, tiersim};
use tempfile::TempDir;

/// Exit code, stdout and stderr of a call, as it is typed.
fn call(directory: &TempDir, typed: &str) -> (i32, String, String) {
    let output = tiersim(directory).args(typed.split(' ')).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

/// Whatever becomes of a command, a script that asked for JSON can read what.
#[test]
fn every_command_answers_with_exactly_one_document() {
    let here = directory();
    for (typed, code, schema) in [
        ("run source-update-label --no-report --out run", 0, "tiersim/summary/1"),
        ("run nosuch", 2, "tiersim/diagnostics/1"),
        ("run --out -", 2, "tiersim/ended/1"),
        ("run safe-backup --out run", 2, "tiersim/ended/1"),
        ("explore extent-backup --points step --no-report", 0, "tiersim/explore/1"),
        ("explore nosuch", 2, "tiersim/diagnostics/1"),
        ("replay run", 0, "tiersim/replay/1"),
        ("replay safe-backup --step", 2, "tiersim/ended/1"),
        ("replay source-update-label --verify", 2, "tiersim/ended/1"),
        ("shrink source-update-label", 4, "tiersim/ended/1"),
        ("shrink same-id-crash-before-offline --max-runs 3", 0, "tiersim/shrink/1"),
        ("check safe-backup", 0, "tiersim/diagnostics/1"),
        ("check nosuch", 2, "tiersim/diagnostics/1"),
        ("examples", 0, "tiersim/examples/1"),
        ("examples nosuch", 2, "tiersim/ended/1"),
        ("new mine.toml", 0, "tiersim/new/1"),
        ("new mine.toml", 2, "tiersim/ended/1"),
        ("profiles", 0, "tiersim/profiles/1"),
        ("explain H1", 0, "tiersim/explain/1"),
        ("explain nosuch", 2, "tiersim/ended/1"),
        ("matrix source-update-label", 0, "tiersim/matrix/1"),
        ("matrix source-update-label -o matrix.json", 0, "tiersim/ended/1"),
        ("mutants 1", 0, "tiersim/mutants/1"),
        ("mutants nosuch", 2, "tiersim/ended/1"),
        ("validate nosuch", 2, "tiersim/ended/1"),
        ("report nosuch", 2, "tiersim/ended/1"),
        ("campaign plan nosuch", 2, "tiersim/diagnostics/1"),
        ("campaign status nosuch", 2, "tiersim/ended/1"),
        ("compare nosuch", 2, "tiersim/ended/1"),
        ("trace stats nosuch", 2, "tiersim/ended/1"),
        ("completions bash", 0, "tiersim/completions/1"),
        ("man campaign run", 0, "tiersim/man/1"),
        ("man nosuch", 2, "tiersim/ended/1"),
        ("nosuch", 2, "tiersim/ended/1"),
        ("run --jbs 3", 2, "tiersim/ended/1"),
        ("--version", 0, "tiersim/version/1"),
        ("--quiet", 2, "tiersim/ended/1"),
    ] {
        let (exit, stdout, stderr) = call(&here, &format!("{typed} --json"));
        let document: Result<serde_json::Value, _> = serde_json::from_str(&stdout);
        let document = document.unwrap_or_else(|error| panic!("{typed}: {error}: {stdout:?}"));
        assert_eq!((exit, document["schema"].as_str()), (code, Some(schema)), "{typed}: {stderr}");
        if schema == "tiersim/ended/1" {
            let told = document["messages"][0].as_str().unwrap_or_default();
            assert!(document["exit_code"] == code && !told.is_empty(), "{typed}: {document}");
            assert!(stderr.contains(told.lines().next().unwrap_or_default()), "{typed}: {stderr}");
        }
    }
}

/// As `| head -1` does.
#[test]
fn a_reader_that_has_seen_enough_is_no_error_of_any_command() {
    let here = directory();
    let program = Command::cargo_bin("tiersim").expect("the program is built").get_program().to_owned();
    for typed in [
        "run source-update-label --no-report",
        "examples",
        "explain",
        "profiles",
        "schema scenario",
        "man",
        "replay source-update-label",
        "check --print-resolved safe-backup",
        "new -",
    ] {
        let mut process = Process::new(&program);
        process.args(typed.split(' ')).current_dir(here.path());
        let mut process = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::with_capacity(16, process.stdout.take().expect("it is a pipe"))
            .read_line(&mut line)
            .expect("a line");
        let output = process.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{typed}: {stderr}");
        assert!(!line.is_empty() && !stderr.contains("panic") && !stderr.contains("error"), "{typed}: {stderr}");
    }
}

#[test]
fn narrow_paper_gets_narrow_lines() {
    let here = directory();
    for (name, text) in
        [("base.toml", include_str!("small-campaign/base.toml")), ("two.toml", include_str!("small-campaign/two.toml"))]
    {
        std::fs::write(here.path().join(name), text).expect("the directory takes files");
    }
    for typed in [
        "run safe-backup --no-report",
        "explain H1",
        "explain recovery-time",
        "campaign run two.toml --repeat 2 --no-report",
    ] {
        let output = tiersim(&here).args(typed.split(' ')).env("COLUMNS", "60").output().expect("the program starts");
        let text = String::from_utf8(output.stdout).expect("text");
        // A command is there to be copied, an example to be pasted.
        let prose = |line: &&str| !line.trim_start().starts_with("tiersim ") && !line.contains(" = ");
        let long: Vec<&str> = text.lines().filter(prose).filter(|line| line.chars().count() > 60).collect();
        assert!(text.lines().count() > 10 && long.is_empty(), "{typed}: {long:#?}");
    }
}

#[test]
fn progress_has_the_form_that_was_asked_for_and_stays_off_stdout() {
    let here = directory();
    let plain = call(&here, "mutants 1 2 --progress none");
    assert_eq!(plain.2, "", "nothing is told where nothing was asked");
    for (options, form) in [("--progress json", "json"), ("--progress bar", "lines"), ("--progress json -q", "nothing")]
    {
        let (exit, stdout, stderr) = call(&here, &format!("mutants 1 2 {options}"));
        assert_eq!((exit, &stdout), (plain.0, &plain.1), "{options}");
        match form {
            "json" => {
                for line in stderr.lines() {
                    let told: serde_json::Value = serde_json::from_str(line).expect("one object on each line");
                    let keys: Vec<&String> = told.as_object().expect("an object").keys().collect();
                    assert_eq!(keys, ["done", "phase", "t_ms", "total", "violations"], "{line}");
                    assert_eq!((&told["phase"], &told["total"]), (&"mutants".into(), &2.into()));
                }
            }
            // A pipe has no cursor to move.
            "lines" => assert!(!stderr.contains(['\r', '\u{1b}']), "{stderr:?}"),
            _ => assert_eq!(stderr, ""),
        }
    }
}

#[test]
fn quiet_says_nothing_of_what_went_well_and_verbose_says_more() {
    let here = directory();
    let of = |options: &str| call(&here, &format!("run source-update-label --no-report --progress none {options}")).2;
    let (usual, quiet, verbose) = (of("--out usual"), of("-q --out quiet"), of("-v --out verbose"));
    assert_eq!((quiet.as_str(), usual.lines().count()), ("", 1), "{usual}");
    assert!(verbose.lines().count() > 1, "{verbose}");
    assert_eq!(call(&here, "matrix source-update-label -q -o matrix.md").2, "");
    assert!(fs::read_to_string(here.path().join("matrix.md")).is_ok_and(|text| text.contains("H6")));
}

/// The streams are judged by themselves, and an option goes before the customs of the environment.
#[test]
fn colours_are_for_terminals_or_for_who_asks() {
    let here = directory();
    fs::write(here.path().join("wrong.toml"), "sed = 1\n").expect("it can be written");
    let coloured = |typed: &str, environment: &[(&str, &str)]| {
        let mut command = tiersim(&here);
        let output = command.args(typed.split(' ')).envs(environment.iter().copied()).output().expect("it starts");
        [output.stdout, output.stderr].map(|bytes| bytes.contains(&0x1b))
    };
    assert_eq!(coloured("check wrong.toml", &[]), [false, false], "neither is a terminal");
    assert_eq!(coloured("check wrong.toml --color always", &[("NO_COLOR", "1")]), [false, true]);
    assert_eq!(coloured("check wrong.toml", &[("CLICOLOR_FORCE", "1")]), [false, true]);
    assert_eq!(coloured("check wrong.toml", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), [false, false]);
    let run = "run source-update-label --no-report -q --out";
    assert_eq!(coloured(&format!("{run} a --color always"), &[]), [true, false], "the verdict is bold");
    assert_eq!(coloured(&format!("{run} b --color never"), &[("CLICOLOR_FORCE", "1")]), [false, false]);
    assert_eq!(coloured(&format!("{run} c --color always --json"), &[]), [false, false], "JSON has no colour");
}

/// A command that gives all or nothing says that it was interrupted, by its code and with `--json` by its document.
#[cfg(unix)]
#[test]
fn an_interrupted_exploration_says_so() {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_tiersim"))
        .current_dir(here.path())
        .args(["explore", "safe-backup", "--json", "--progress", "none"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    // Once its directory stands, it listens.
    while !here.path().join("out").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("it is there");
    let ended = child.wait_with_output().expect("it has ended");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{errors}");
    assert!(errors.contains("interrupted"), "{errors}");
    let document: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("it is one document");
    assert_eq!(document["exit_code"], 130);
}
