//! Replays as people ask for them: any event with the state of the system there, step by step through a pipe, beside a record
//! that is sound, altered or of another seed; and what an exploration prints, carried out.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const STORY: &str = "[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\ntracks = 8\n\
    [[volume]]\nid = \"SPARE1\"\ndevice = \"0A10\"\ntracks = 8\n\
    [[workload]]\nvolume = \"PROD01\"\nrate = \"10 /s\"\nread = \"30 %\"\nlimit = 20\n\
    [[backup]]\nat = \"1 s\"\nmethod = \"same-id-offline\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n";

/// A folder with the story, and a run of it in `run`.
fn recorded() -> TempDir {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    fs::write(here.path().join("story.toml"), STORY).expect("it can be written");
    let (code, _, errors) = call(here.path(), &["run", "story.toml", "--out", "run"], "");
    assert_eq!(code, 3, "{errors}");
    here
}

fn call(here: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("tiersim").expect("the program is built");
    let output = command.current_dir(here).args(arguments).write_stdin(input).output().expect("it can be started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("no signal ends it"), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn json(here: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, output, errors) = call(here, &[arguments, &["--json"]].concat(), "");
    (code, serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output}{errors}")))
}

/// Copies the run to `to` and changes one of its files.
fn altered(here: &Path, to: &str, file: &str, change: impl Fn(&str) -> String) {
    copied(&here.join("run"), &here.join(to));
    let path = here.join(to).join(file);
    let text = fs::read_to_string(&path).expect("a run has it");
    fs::write(path, change(&text)).expect("it can be written");
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copied(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("it can be copied")),
        }
    }
}

#[test]
fn the_recorded_run_is_found_again() {
    let here = recorded();
    let (code, replay) = json(here.path(), &["replay", "run", "--verify"]);
    assert_eq!((code, &replay["schema"]), (3, &"tiersim/replay/1".into()), "it ends as its run did");
    assert_eq!(replay["verified"]["same"], true);
    assert_eq!(replay["verified"]["checkpoints"], replay["events"], "a short run is recorded event by event");
    let manifest = fs::read_to_string(here.path().join("run/manifest.json")).expect("it is there");
    let manifest: Value = serde_json::from_str(&manifest).expect("it is JSON");
    assert_eq!(replay["fingerprint"], manifest["fingerprint"]);
}

#[test]
fn the_first_event_that_differs_is_named() {
    let here = recorded();
    let alter = |text: &str| {
        let line = |(number, line): (usize, &str)| match number {
            40 => "40,00000000deadbeef\n".to_owned(),
            _ => format!("{line}\n"),
        };
        text.lines().enumerate().map(line).collect()
    };
    altered(here.path(), "spoiled", "checkpoints.csv", alter);
    let (code, replay) = json(here.path(), &["replay", "spoiled", "--verify"]);
    assert_eq!((code, &replay["verified"]["first"], &replay["verified"]["last"]), (5, &40.into(), &40.into()));
    assert_eq!((&replay["verified"]["recorded"], &replay["at"]), (&"00000000deadbeef".into(), &40.into()));
    let (_, text, _) = call(here.path(), &["replay", "spoiled", "--verify"], "");
    assert!(text.contains("event 40 is the first that differs"), "{text}");

    // Where only some events are recorded, an interval is all that is known.
    let thin = |text: &str| {
        let line = |(number, line): (usize, &str)| match number {
            0 => Some(format!("{line}\n")),
            40 => Some("40,00000000deadbeef\n".to_owned()),
            _ if number.is_multiple_of(10) => Some(format!("{line}\n")),
            _ => None,
        };
        text.lines().enumerate().filter_map(line).collect()
    };
    altered(here.path(), "thin", "checkpoints.csv", thin);
    let (code, replay) = json(here.path(), &["replay", "thin", "--verify"]);
    assert_eq!((code, &replay["verified"]["first"], &replay["verified"]["last"]), (5, &31.into(), &40.into()));
    let numbers: Vec<u64> =
        replay["passed"].as_array().expect("a list").iter().filter_map(|it| it["event"].as_u64()).collect();
    assert!((31..=40).all(|number| numbers.contains(&number)), "all of them are shown: {numbers:?}");
}

#[test]
fn another_seed_is_another_run_from_its_first_draw_on() {
    let here = recorded();
    altered(here.path(), "reseeded", "manifest.json", |text| text.replace("\"seed\": 1,", "\"seed\": 2,"));
    let (code, replay) = json(here.path(), &["replay", "reseeded", "--verify"]);
    assert_eq!((code, &replay["seed"]), (5, &2.into()));
    let first = replay["verified"]["first"].as_u64().expect("it diverged");
    let shown =
        replay["passed"].as_array().expect("a list").iter().find(|it| it["event"] == first).expect("it is shown");
    assert_eq!(shown["to"], "workload 0", "the first arrival: {shown}");

    altered(here.path(), "ended", "manifest.json", |text| {
        let manifest: Value = serde_json::from_str(text).expect("it is JSON");
        text.replace(manifest["fingerprint"].as_str().expect("a text"), "0000000000000001")
    });
    let (code, replay) = json(here.path(), &["replay", "ended", "--verify"]);
    assert_eq!((code, &replay["verified"]["last"]), (5, &replay["events"]), "the end is compared too");
}

#[test]
fn what_cannot_be_verified_is_told() {
    let here = recorded();
    altered(here.path(), "older", "manifest.json", |text| {
        text.replace(&format!("\"model_version\": {}", tiersim::MODEL_VERSION), "\"model_version\": 1")
    });
    altered(here.path(), "torn", "checkpoints.csv", |text| text.replacen(",", ";", 3));
    altered(here.path(), "renamed", "scenario.resolved.toml", |text| text.replacen("title = ", "title = \"x\" #", 1));
    altered(here.path(), "cut", "checkpoints.csv", |text| {
        text.lines().take(30).map(|line| format!("{line}\n")).collect()
    });
    altered(here.path(), "bare", "checkpoints.csv", |text| text.to_owned());
    fs::remove_file(here.path().join("bare/checkpoints.csv")).expect("it is there");
    altered(here.path(), "unsummed", "summary.json", |text| text.to_owned());
    fs::remove_file(here.path().join("unsummed/summary.json")).expect("it is there");
    fs::create_dir(here.path().join("empty")).expect("it can be made");
    for (arguments, told) in [
        (&["replay", "older", "--verify"][..], "version 1 of the model"),
        (&["replay", "torn", "--verify"], "checkpoints.csv, line 1"),
        (&["replay", "renamed", "--verify"], "scenario.resolved.toml"),
        (&["replay", "cut", "--verify"], "checkpoints.csv is not as the run wrote it"),
        (&["replay", "bare", "--verify"], "missing, or not as the run wrote it: checkpoints.csv"),
        (&["replay", "unsummed", "--verify"], "summary.json"),
        (&["replay", "story.toml", "--verify"], "nothing is recorded"),
        (&["replay", "empty"], "S0001"),
        (&["replay", "nowhere.toml"], "S0001"),
        (&["replay", "story.toml", "--seed", "random"], "S0601"),
        (&["replay", "story.toml", "--around", "10001"], "10000"),
        (&["shrink", "story.toml", "--violates", "luck"], "unique-ipl-id"),
        (&["shrink", "story.toml", "-o", "run/manifest.json"], "it holds something else"),
    ] {
        let (code, output, errors) = call(here.path(), arguments, "");
        assert_eq!((code, &output[..]), (2, ""), "{arguments:?}: {errors}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
    }
    // With --json the refusal is the document.
    let (code, output, errors) = call(here.path(), &["replay", "story.toml", "--step", "--json"], "");
    assert!(code == 2 && output.contains("\"exit_code\": 2") && errors.contains("--step"), "{output} {errors}");
}

#[test]
fn the_state_is_that_behind_the_event() {
    let here = recorded();
    let (_, replay) = json(here.path(), &["replay", "story.toml"]);
    let violated = replay["violations"][0]["event"].as_u64().expect("it is violated");
    assert_eq!(replay["at"], violated, "the first violation is what is looked at");
    let labels = |replay: &Value| {
        let volumes = replay["state"]["volumes"].as_array().expect("a list");
        volumes.iter().map(|volume| volume["label"].as_str().expect("it has one").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(labels(&replay), ["PROD01", "PROD01"]);
    assert_eq!(replay["state"]["relations"][0]["withheld"], false);
    let before = (violated - 1).to_string();
    let (_, earlier) = json(here.path(), &["replay", "story.toml", "--to", &before, "--around", "0"]);
    assert_eq!(
        (labels(&earlier), earlier["passed"].as_array().map(Vec::len)),
        (vec!["PROD01".into(), "SPARE1".into()], Some(1))
    );
    let (_, end) = json(here.path(), &["replay", "story.toml", "--to", "18446744073709551615"]);
    assert_eq!((&end["at"], &end["state"]["outstanding"]), (&end["events"], &0.into()));
    let (_, start) = json(here.path(), &["replay", "story.toml", "--to", "0", "--around", "0"]);
    assert_eq!(
        (&start["at"], &start["state"]["event"], start["passed"].as_array().map(Vec::len)),
        (&0.into(), &0.into(), Some(0))
    );
}

#[test]
fn a_pipe_steps_line_by_line() {
    let here = recorded();
    let (code, output, errors) = call(
        here.path(),
        &["replay", "story.toml", "--step", "--to", "3", "--around", "0"],
        "\n\ns\n10\n4\nwhat\nv\nq\n\n",
    );
    assert_eq!(code, 3, "{errors}");
    let shown: Vec<&str> =
        output.lines().filter(|line| line.starts_with("    ") && line.as_bytes()[9].is_ascii_digit()).collect();
    let numbers: Vec<&str> = shown.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(&numbers[..3], ["3", "4", "10"], "{output}");
    assert!(output.contains("State behind event 4") && output.contains("VIOLATED unique-online-id"), "{output}");
    assert!(errors.contains("lies behind") && errors.contains("expected nothing, the number"), "{errors}");
    let (_, output, errors) =
        call(here.path(), &["replay", "story.toml", "--step", "--to", "99999999"], "\n\n\n\n\n\n\n\n\n\n\n\n");
    assert!(errors.contains("the run is over"), "{output}{errors}");
}

/// What an exploration prints is carried out: replay and shrink show the same invariant, and the small scenario is replayed.
#[test]
fn the_commands_of_an_exploration_reproduce_its_findings() {
    let here = recorded();
    let faults = "power-loss;source-update(track=next)";
    let (_, found) = json(here.path(), &["explore", "story.toml", "--faults", faults, "--points", "step"]);
    let causes = found["causes"].as_array().expect("a list");
    let mut seen: Vec<&str> = Vec::new();
    for cause in causes {
        let invariant = cause["invariant"].as_str().expect("a name");
        if seen.contains(&invariant) {
            continue;
        }
        seen.push(invariant);
        let words = |key: &str| -> Vec<String> {
            let line = cause[key].as_str().expect("a command").strip_prefix("tiersim ").expect("of this program");
            line.split(' ').map(|word| word.trim_matches('\'').to_owned()).collect()
        };
        let replay = words("replay");
        let (_, replayed) = json(here.path(), &replay.iter().map(String::as_str).collect::<Vec<_>>());
        let violated = replayed["violations"].as_array().expect("a list");
        assert!(violated.iter().any(|row| row["invariant"] == invariant), "{replay:?}: {violated:?}");
        let mut shrink = words("shrink");
        let file = format!("{invariant}.toml");
        shrink.extend(["-o".to_owned(), file.clone()]);
        let (code, small) = json(here.path(), &shrink.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((code, &small["invariant"]), (0, &invariant.into()), "{shrink:?}");
        let (code, again) = json(here.path(), &["replay", &file, "--verify"]);
        assert_eq!((code, &again["verified"]["same"]), (0, &true.into()), "{file}");
        assert_eq!(call(here.path(), &["run", &file, "--out", invariant], "").0, 0, "the file is a test of itself");
    }
    assert!(seen.len() >= 2, "{seen:?}");
}
