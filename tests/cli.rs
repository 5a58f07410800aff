//! The program as a user and a script see it: streams, exit codes, and what happens to files.

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use program::{directory, tiersim};
use tempfile::TempDir;

/// Exit code, stdout and stderr of one call.
fn call(directory: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let output = tiersim(directory).args(arguments).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

/// Every file below `root`, with its bytes, but for the environment in the manifest.
fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).expect("the directory is there") {
            let path = entry.expect("the entry is there").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).expect("the file is there");
            if path.ends_with("manifest.json") {
                let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
                assert!(manifest["environment"]["elapsed_ms"].is_u64());
                manifest["environment"] = serde_json::Value::Null;
                bytes = serde_json::to_vec(&manifest).expect("it is JSON");
            }
            found.push((path.strip_prefix(root).expect("it lies below").to_owned(), bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn help_and_version_go_to_stdout() {
    let here = directory();
    for (arguments, expected) in [
        (&["--help"][..], "Usage: tiersim"),
        (&["run", "--help"], "--samples"),
        (&["--version"], concat!("tiersim ", env!("CARGO_PKG_VERSION"))),
    ] {
        let (code, stdout, stderr) = call(&here, arguments);
        assert_eq!((code, &stderr[..]), (0, ""), "{arguments:?}");
        assert!(stdout.contains(expected), "{arguments:?}: {stdout}");
    }
    let (code, stdout, _) = call(&here, &["--version", "--json"]);
    let version: serde_json::Value = serde_json::from_str(&stdout).expect("it is one JSON document");
    assert_eq!((code, &version["schema"]), (0, &"tiersim/version/1".into()));
}

#[test]
fn usage_errors_go_to_stderr_with_code_2() {
    let here = directory();
    for arguments in [
        &[][..],
        &["walk"],
        &["run", "--sead", "1"],
        &["run", "--seed", "-1"],
        &["run", "--seed", "18446744073709551616"],
        &["run", "--samples", "xml"],
        &["run", "--force"],
        &["run", "--quiet", "--verbose"],
        &["run", "--out", "-"],
        &["run", "no-such-file.toml"],
    ] {
        let (code, stdout, stderr) = call(&here, arguments);
        assert_eq!((code, &stdout[..]), (2, ""), "{arguments:?}: {stderr}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(files(here.path()), [], "nothing was written");
}

#[test]
fn a_run_prints_its_verdict_and_writes_its_directory() {
    let here = directory();
    let (code, stdout, stderr) = call(&here, &["run", "--samples", "csv"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("\nVerdict: "), "{stdout}");
    assert!(!stdout.contains('\x1b'), "no colour where there is no terminal");
    let replay = stdout.lines().last().expect("there are lines").trim().to_owned();
    assert!(replay.starts_with("tiersim run out/safe-backup-"), "{replay}");
    assert!(stderr.contains("wrote out"), "{stderr}");
    let names: Vec<String> =
        files(&here.path().join("out")).iter().map(|(path, _)| path.display().to_string()).collect();
    for name in ["manifest.json", "scenario.toml", "scenario.resolved.toml", "summary.json", "requests.csv"] {
        assert!(names.iter().any(|path| path.ends_with(name)), "{name} is missing in {names:?}");
    }
    assert!(names.iter().any(|path| path.ends_with(".hgrm")), "{names:?}");
    assert!(!names.iter().any(|path| path.ends_with(".tmp")), "{names:?}");
}

#[test]
fn the_same_run_gives_the_same_bytes_in_another_directory() {
    let (here, there) = (directory(), directory());
    for place in [&here, &there] {
        assert_eq!(call(place, &["run", "--seed", "7", "--samples", "csv"]).0, 0);
    }
    let (one, other) = (files(here.path()), files(there.path()));
    assert!(one.len() >= 6, "{}", one.len());
    assert_eq!(one, other);
}

#[test]
fn a_second_run_replaces_the_first_and_says_so() {
    let here = directory();
    assert_eq!(call(&here, &["run"]).0, 0);
    let before = files(here.path());
    let (code, _, stderr) = call(&here, &["run"]);
    assert_eq!(code, 0);
    assert!(stderr.contains("replaced the earlier run"), "{stderr}");
    assert_eq!(files(here.path()), before);
    assert_eq!(call(&here, &["run", "--quiet"]).2, "", "quiet means quiet");
}

#[test]
fn a_run_that_comes_out_differently_is_code_5() {
    let here = directory();
    assert_eq!(call(&here, &["run", "--out", "a"]).0, 0);
    let path = here.path().join("a/manifest.json");
    let text = fs::read_to_string(&path).expect("it was written");
    let mut manifest: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    manifest["fingerprint"] = "0123456789abcdef".into();
    fs::write(&path, manifest.to_string()).expect("it can be changed");
    let before = files(here.path());
    let (code, _, stderr) = call(&here, &["run", "--out", "a", "--force"]);
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.contains("not deterministic"), "{stderr}");
    assert_eq!(files(here.path()), before, "nothing was replaced");
}

#[test]
fn json_is_one_document_and_the_same_as_the_file() {
    let here = directory();
    let (code, stdout, _) = call(&here, &["run", "--json", "--out", "a"]);
    assert_eq!(code, 0);
    let summary: serde_json::Value = serde_json::from_str(&stdout).expect("it is one JSON document");
    assert_eq!(summary["schema"], "tiersim/summary/1");
    assert_eq!(stdout, fs::read_to_string(here.path().join("a/summary.json")).expect("it was written"));
}

#[test]
fn what_stands_in_a_directory_is_safe() {
    let here = directory();
    let thesis = here.path().join("a/thesis.txt");
    fs::create_dir(here.path().join("a")).expect("a directory can be made");
    fs::write(&thesis, "years of work").expect("a file can be written");
    for arguments in [&["run", "--out", "a"][..], &["run", "--out", "a", "--force"]] {
        let (code, stdout, stderr) = call(&here, arguments);
        assert_eq!((code, &stdout[..]), (2, ""), "{arguments:?}");
        assert!(stderr.contains("--out"), "the remedy is named: {stderr}");
    }
    assert_eq!(call(&here, &["run", "--out", "b"]).0, 0);
    fs::copy(&thesis, here.path().join("b/thesis.txt")).expect("a file can be copied");
    assert_eq!(call(&here, &["run", "--out", "b"]).0, 2, "it is not empty");
    let (code, _, stderr) = call(&here, &["run", "--out", "b", "--force"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("left in b: thesis.txt"), "{stderr}");
    assert!(here.path().join("b/thesis.txt").exists());
}

#[test]
fn a_drawn_seed_is_told_and_can_be_given_again() {
    let here = directory();
    let (_, stdout, stderr) = call(&here, &["run", "--seed", "random", "--json", "--out", "a"]);
    let summary: serde_json::Value = serde_json::from_str(&stdout).expect("it is one JSON document");
    let seed = summary["seed"].as_u64().expect("a seed is a number");
    assert!(stderr.contains(&format!("seed {seed}")), "{stderr}");
    let again = call(&here, &["run", "--seed", &seed.to_string(), "--json", "--out", "b"]).1;
    assert_eq!(again, stdout);
}

#[test]
fn progress_stays_on_stderr() {
    let here = directory();
    for form in ["auto", "bar", "plain", "json", "none"] {
        let (code, stdout, _) = call(&here, &["run", "--json", "--progress", form]);
        assert_eq!(code, 0, "{form}");
        serde_json::from_str::<serde_json::Value>(&stdout).expect("stdout holds the document and nothing else");
    }
}

#[test]
fn a_shipped_scenario_is_run_by_its_name() {
    let here = directory();
    let (code, stdout, stderr) = call(&here, &["run", "same-id-crash-before-offline"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("Verdict: FAIL (as expected)"), "{stdout}");
    // A file of that name goes first.
    fs::write(here.path().join("healthy"), "seed = ").expect("it can be written");
    assert_eq!(call(&here, &["run", "healthy"]).0, 2);
}

/// The summary of a run of `scenario`, and its text.
fn told(here: &TempDir, scenario: &str) -> (serde_json::Value, String) {
    let (_, text, _) = call(here, &["run", scenario, "--out", "a", "--force"]);
    let summary = fs::read_to_string(here.path().join("a/summary.json")).expect("it was written");
    (serde_json::from_str(&summary).expect("it is JSON"), text)
}

#[test]
fn every_command_is_told_and_counted() {
    let here = directory();
    let (summary, text) = told(&here, "operator-commands");
    let commands = summary["commands"].as_array().expect("there is a list");
    assert_eq!(commands.len(), 8);
    for command in commands {
        assert_eq!((&command["result"], &command["reason"]), (&"done".into(), &serde_json::Value::Null), "{command}");
        assert!(command["typed_ns"].as_u64() > command["at_ns"].as_u64(), "typing takes time: {command}");
    }
    let operator = &summary["operator"];
    assert_eq!([&operator["actions"], &operator["steps"], &operator["commands"]], [9, 4, 5]);
    assert!(text.contains("  4 steps by hand, 5 commands and 0 answers in"), "{text}");
    // What the resolved form tells is the same.
    let (again, _) = told(&here, "a/scenario.resolved.toml");
    assert_eq!(again["commands"], summary["commands"]);
}

#[test]
fn a_command_that_is_refused_says_why() {
    let here = directory();
    let volume = |id: &str, device: &str| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ncylinders = 2\n");
    let command = |at: &str, line: &str| format!("[[command]]\nat = \"{at}\"\nline = \"{line}\"\n");
    let lines = [
        ("WITHDRAW 0A10", "no copy has the device as its target"),
        ("REFORMAT 0A10 VOLID(OTHER1) VERIFY(OTHER2)", "the device bears the ID SPARE1"),
        ("VARY 0A20 ONLINE", "0A00 is online as PROD01"),
        ("MOUNT 0A20", "the device is not online"),
        ("RESTORE PROD01 TO 0A10", "no complete backup of the volume is known"),
    ];
    let mut scenario = volume("PROD01", "0A00") + &volume("SPARE1", "0A10") + &volume("PROD01", "0A20");
    scenario += "online = false\nonline_at_ipl = false\n";
    scenario.extend(lines.iter().zip(1..).map(|((line, _), minute)| command(&format!("{minute} min"), line)));
    fs::write(here.path().join("refused.toml"), scenario).expect("it can be written");
    let (summary, text) = told(&here, "refused.toml");
    for (place, (line, reason)) in lines.into_iter().enumerate() {
        let told = &summary["commands"][place];
        assert_eq!([&told["line"], &told["result"], &told["reason"]], [line, "refused", reason]);
        assert!(text.replace("\n  ", " ").contains(&format!("{line} was refused: {reason}")), "{text}");
    }
    assert_eq!(summary["restores"][0]["refusal"], "no complete backup of the volume is known");
}

#[test]
fn a_full_array_is_told_with_what_it_cost() {
    let here = directory();
    let (blocks, text) = told(&here, "lsa-full-blocks");
    let array = &blocks["array"];
    let number = |value: &serde_json::Value| value.as_u64().expect("it is a whole number");
    assert!(
        number(&array["full_since_ns"]) > 0 && text.contains("  array full since 7.51 s (first at 2.17 s"),
        "{text}"
    );
    assert_eq!((&array["peak_load_ratio"], number(&array["writes_refused"])), (&1.0.into(), 0));
    // Who has no answer at the end waits for space; others waited and were served.
    let outstanding = number(&blocks["conservation"]["requests"]["outstanding"]);
    let answered = number(&blocks["volumes"][0]["writes"]);
    assert!((outstanding..=outstanding + answered).contains(&number(&array["writes_waited"])), "{array}");

    let (rejects, text) = told(&here, "lsa-full-rejects");
    let array = &rejects["array"];
    assert_eq!(array["writes_refused"], rejects["volumes"][0]["failed"], "nothing else fails");
    assert_eq!((&array["full_since_ns"], number(&array["writes_waited"])), (&serde_json::Value::Null, 0));
    assert!(number(&array["full_ns"]) > 0 && text.contains("  array full no more"), "{text}");
    assert!(number(&array["segments_collected"]) > 0 && number(&array["bytes_moved"]) > 0, "{array}");

    let (healthy, text) = told(&here, "lsa-healthy");
    assert!(healthy["array"]["peak_load_ratio"].as_f64() > Some(0.5) && !text.contains("array full"), "{text}");
    assert_eq!(told(&here, "healthy").0["array"], serde_json::Value::Null, "it has no directory");
}

/// It ran until memory was full.
#[test]
fn requests_that_outrun_the_system_end_the_run() {
    let here = directory();
    let (code, text, stderr) = call(&here, &["run", "healthy", "--set", "workload[0].rate=200000 /s", "--out", "a"]);
    assert_eq!(code, 4, "{stderr}");
    let told = "requests come faster than they are answered: 100000 of workload 0 are outstanding at 0.511301696 s";
    assert!(text.contains("Verdict: INCONCLUSIVE") && text.contains(told), "{text}");
    let summary = fs::read_to_string(here.path().join("a/summary.json")).expect("it was written");
    assert!(summary.contains("\"end_reason\": \"overrun\""), "{summary}");
}

#[test]
fn a_shipped_scenario_is_checked_by_its_name() {
    let here = directory();
    let (code, stdout, stderr) = call(&here, &["check", "safe-backup", "operator-commands"]);
    assert_eq!((code, &stderr[..]), (0, ""));
    assert!(
        stdout.starts_with("safe-backup: valid: 3 volumes, 1 workload, 1 backup, 1 restore, 1 fault; run id "),
        "{stdout}"
    );
    assert!(
        stdout.contains("operator-commands: valid: 4 volumes, 1 workload, 2 backups, 1 restore, 8 commands; "),
        "{stdout}"
    );
    // A file of that name goes first.
    fs::write(here.path().join("healthy"), "seed = ").expect("it can be written");
    assert_eq!(call(&here, &["check", "healthy"]).0, 2);
    assert_eq!(call(&here, &["check", "no-such-scenario"]).0, 2);
}

#[test]
fn explain_helps_with_and_without_a_name() {
    let here = directory();
    let (code, all, _) = call(&here, &["explain"]);
    assert!(code == 0 && all.contains("H26d") && all.contains("torn-write"), "{all}");
    let (code, one, _) = call(&here, &["explain", "H6"]);
    assert!(code == 0 && one.contains("tiersim run same-id-crash-before-offline"), "{one}");
    let (code, stdout, stderr) = call(&here, &["explain", "H66x"]);
    assert_eq!((code, &stdout[..]), (2, ""));
    assert!(stderr.contains("nothing is known of `H66x`"), "{stderr}");
}

#[test]
fn the_matrix_is_the_same_on_any_number_of_threads_and_in_a_file() {
    let here = directory();
    let (code, one, stderr) = call(&here, &["matrix", "--jobs", "1", "same-id-crash-before-offline"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(one.starts_with("# Methods, architectures and hazards"), "{one}");
    let (code, stdout, _) = call(&here, &["matrix", "--jobs", "3", "same-id-crash-before-offline", "-o", "m.md"]);
    assert_eq!((code, &stdout[..]), (0, ""));
    assert_eq!(fs::read_to_string(here.path().join("m.md")).expect("it was written"), one);
    assert_eq!(call(&here, &["matrix", "--jobs", "0"]).0, 2);
}

/// It began as many threads as it was told to, and wrote only when all runs were done.
#[test]
fn the_matrix_takes_what_it_gets_and_says_at_once_what_it_cannot_write() {
    let here = directory();
    let arguments = ["matrix", "source-update-label", "--progress", "none", "--jobs"];
    let (code, one, stderr) = call(&here, &[&arguments[..], &["999999"]].concat());
    assert_eq!((code, &stderr[..]), (0, ""));
    assert_eq!(call(&here, &[&arguments[..], &["1"]].concat()).1, one);
    for command in [&["matrix"][..], &["exposure"]] {
        let (code, stdout, stderr) = call(&here, &[command, &["-o", "nowhere/x.md"]].concat());
        assert_eq!((code, &stdout[..]), (2, ""));
        assert!(stderr.starts_with("error: cannot write nowhere/x.md: "), "{stderr}");
    }
}

/// They wrote over each other's halves, and some ended with an error of the file system.
#[cfg(unix)]
#[test]
fn of_several_runs_into_one_directory_each_succeeds_or_says_that_another_writes() {
    let here = directory();
    let begin = || {
        let mut process = Process::new(tiersim(&here).get_program());
        process.args(["run", "healthy", "--samples", "csv"]).current_dir(here.path());
        process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    };
    let processes: Vec<_> = (0..6).map(|_| begin()).collect();
    let ended: Vec<_> = processes.into_iter().map(|it| it.wait_with_output().expect("it ends")).collect();
    for output in &ended {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let busy = output.status.code() == Some(2) && stderr.contains("another run is writing into out/healthy-");
        assert!(output.status.success() || busy, "{:?}: {stderr}", output.status);
    }
    assert!(ended.iter().any(|output| output.status.success()));
    let names: Vec<String> = files(here.path()).into_iter().map(|(path, _)| path.display().to_string()).collect();
    assert!(names.iter().any(|name| name.ends_with("/manifest.json")), "{names:?}");
    assert!(!names.iter().any(|name| name.ends_with(".tmp")), "{names:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let here = directory();
    for arguments in [&["run", "--json"][..], &["run"], &["run", "--help"], &["--version"]] {
        let program = tiersim(&here).get_program().to_owned();
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let mut process = Process::new(program);
        process.args(arguments).current_dir(here.path()).stdout(writer).stderr(Stdio::piped());
        let output = process.output().expect("the program starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_code_1() {
    let here = directory();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let program = tiersim(&here).get_program().to_owned();
    let output = Process::new(program)
        .arg("run")
        .current_dir(here.path())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}
