//! Whatever a careless hand gives the program, it answers: with an error that says where, why and what to do, with the
//! right exit code, in little memory. It never panics, prints no result and writes nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// Address space that a call may take, in KiB: what wants more fails at once. A healthy run takes less than a tenth.
const MOST_MEMORY_KIB: u64 = 512 * 1024;
/// Wall time after which a call counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

const GOOD: &str = r#"title = "Careless"

[[volume]]
id = "PROD01"
device = "0A00"
cylinders = 20

[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 20

[[workload]]
volume = "PROD01"
rate = "20 /s"

[[backup]]
at = "30 s"
method = "safe-backup"
source = "PROD01"
target = "0A10"
"#;

/// The scenario with one piece of its text replaced wherever it stands.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from} stands in the scenario");
    GOOD.replace(from, to)
}

/// The scenario with a trace in place of its workload.
fn traced(file: &str) -> String {
    with("rate = \"20 /s\"", &format!("kind = \"trace\"\nfile = \"{file}\"\nreplay = \"open\""))
}

/// A folder of its own with files for the program.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk { folder: tempfile::tempdir().expect("the system has room for temporary files") }
    }

    fn put(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), contents).expect("a file can be written");
    }

    /// Everything in the folder.
    fn tree(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.folder.path().to_owned()];
        while let Some(path) = open.pop() {
            for entry in fs::read_dir(&path).expect("the folder can be read") {
                let path = entry.expect("the folder can be read").path();
                found.push(path.to_string_lossy().into_owned());
                open.extend(path.is_dir().then_some(path));
            }
        }
        found.sort();
        found
    }

    /// Calls the program with a limit to its memory, where the shell knows one.
    fn program(&self, arguments: &[&str]) -> Command {
        let program = cargo_bin("tiersim");
        let mut command = if cfg!(target_os = "linux") {
            let mut shell = Command::new("sh");
            let script = format!("ulimit -v {MOST_MEMORY_KIB} && exec \"$0\" \"$@\"");
            shell.arg("-c").arg(script).arg(program);
            shell
        } else {
            Command::new(program)
        };
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).args(arguments).timeout(PATIENCE);
        command
    }

    /// Expects an error with this code and all of these words, and nothing else to have happened.
    #[track_caller]
    fn refuses(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let before = self.tree();
        let output = self.program(arguments).output().expect("the program starts");
        let text = String::from_utf8(output.stderr).expect("errors are text");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{arguments:?}: `{word}` is missing in\n{text}");
        }
        for word in ["panicked", "RUST_BACKTRACE", "unwrap", ".rs:", "defect of tiersim"] {
            assert!(!text.contains(word), "{arguments:?}: {text}");
        }
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}: an error is no result");
        assert!(text.len() < 20_000, "{arguments:?}: {} bytes of error", text.len());
        assert_eq!(self.tree(), before, "{arguments:?}: nothing was written");
    }
}

/// The limit is one, and what is refused below would run if it were right.
#[test]
fn the_scenario_itself_runs_within_the_limits() {
    let desk = Desk::new();
    desk.put("good.toml", GOOD);
    let output = desk.program(&["run", "good.toml"]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    if cfg!(target_os = "linux") {
        let limited = Command::new("sh").args(["-c", "ulimit -v 1000 && exec ls"]).output().expect("the shell starts");
        assert!(!limited.status.success(), "the shell limits the memory of what it starts");
    }
}

#[test]
fn a_mistake_in_a_scenario_is_shown_where_it_stands() {
    let desk = Desk::new();
    for (name, text, words) in [
        (
            "unknown-key.toml",
            with("rate =", "flavour = 3\nrate ="),
            &["unknown-key.toml:15:1", "unknown key `flavour`", "known keys"][..],
        ),
        ("typo.toml", with("method =", "methd ="), &["typo.toml:19:1", "did you mean `method`?"]),
        ("no-unit.toml", with("\"30 s\"", "\"30\""), &["no-unit.toml:18:7", "needs a unit", "12.5 ms"]),
        ("bare-number.toml", with("\"30 s\"", "30"), &["bare-number.toml:18:6", "needs a unit", "in quotes"]),
        ("wrong-unit.toml", with("\"30 s\"", "\"30 MB\""), &["wrong-unit.toml:18", "known units"]),
        (
            "twins.toml",
            with("0A10", "0A00"),
            &["twins.toml:10:10", "two volumes have the device 0A00", "first used here"],
        ),
        ("namesakes.toml", with("SPARE1", "PROD01"), &["namesakes.toml:9:6", "first used here"]),
        (
            "small-target.toml",
            with("device = \"0A10\"\ncylinders = 20", "device = \"0A10\"\ncylinders = 10"),
            &["small-target.toml:21:10", "smaller than its source", "150 tracks, the source has 300"],
        ),
        (
            "giant.toml",
            with("cylinders = 20", "cylinders = 1000000000000000"),
            &["giant.toml:6:13", "giant.toml:11:13", "1 to 65520 cylinders"],
        ),
        ("beyond.toml", with("cylinders = 20", "cylinders = 99999999999999999999"), &["beyond.toml:6:13"]),
        ("negative.toml", with("cylinders = 20", "cylinders = -1"), &["negative.toml:6:13"]),
        ("nothing.toml", with("cylinders = 20", "cylinders = 0"), &["nothing.toml:6:13"]),
        ("fast.toml", with("20 /s", "1000000000000 /s"), &["fast.toml:15:9"]),
        ("torn.toml", GOOD[..GOOD.len() - 3].to_owned(), &["torn.toml:21:", "not valid TOML"]),
        ("twice.toml", with("id = \"SPARE1\"", "id = \"SPARE1\"\nid = \"X\""), &["twice.toml:10:"]),
        ("letter.toml", "Dear Sir,\nplease back up my volume.\n".to_owned(), &["letter.toml:1:", "not valid TOML"]),
        ("empty.toml", String::new(), &["empty.toml", "no volume", "[[volume]]"]),
        ("stranger.toml", with("source = \"PROD01\"", "source = \"PROD99\""), &["stranger.toml:20:10", "PROD99"]),
        ("no-device.toml", with("target = \"0A10\"", "target = \"0A99\""), &["no-device.toml:21:10", "0A99"]),
        ("deep.toml", format!("title = {}", "[".repeat(100_000)), &["deep.toml:1:", "not valid TOML"]),
    ] {
        desk.put(name, text);
        desk.refuses(&["run", name], 2, words);
    }
}

#[test]
fn check_says_the_same_as_run() {
    let desk = Desk::new();
    desk.put("bad.toml", with("cylinders = 20", "cylinders = 0"));
    desk.put("good.toml", GOOD);
    let errors = |arguments: &[&str]| {
        let output = desk.program(arguments).output().expect("the program starts");
        let stdout = String::from_utf8(output.stdout).expect("results are text");
        (output.status.code(), stdout, String::from_utf8(output.stderr).expect("errors are text"))
    };
    let (code, stdout, checked) = errors(&["check", "bad.toml", "good.toml"]);
    assert_eq!(code, Some(2));
    assert!(stdout.starts_with("bad.toml: invalid\ngood.toml: valid: 2 volumes, 1 workload, 1 backup"), "{stdout}");
    assert_eq!(checked, errors(&["run", "bad.toml"]).2);
}

#[test]
fn what_is_no_scenario_file_is_said_to_be_none() {
    let desk = Desk::new();
    desk.put("binary.toml", (0..=255).collect::<Vec<u8>>().repeat(20));
    desk.put("zeros.toml", [0; 3_000]);
    desk.put("utf16.toml", [0xFF, 0xFE, b't', 0, b'=', 0]);
    desk.put("large.toml", "#".repeat(17 << 20));
    desk.put("file", "");
    fs::create_dir(desk.folder.path().join("folder.toml")).expect("a folder can be made");
    for (name, words) in [
        ("binary.toml", &["`binary.toml` cannot be read", "not UTF-8 text"][..]),
        ("zeros.toml", &["zeros.toml:1:1", "not valid TOML"]),
        ("utf16.toml", &["`utf16.toml` cannot be read", "not UTF-8 text"]),
        ("large.toml", &["`large.toml` cannot be read", "limit of 16777216 bytes"]),
        ("folder.toml", &["`folder.toml` cannot be read", "it is a directory"]),
        ("missing.toml", &["`missing.toml` cannot be read", "it does not exist", "examples --list"]),
        ("file/missing.toml", &["`file/missing.toml` cannot be read"]),
        ("", &["value is required"]),
    ] {
        desk.refuses(&["run", name], 2, words);
    }
    if cfg!(unix) {
        desk.refuses(&["run", "/dev/zero"], 2, &["`/dev/zero` cannot be read", "larger than the limit"]);
    }
}

#[test]
fn a_broken_trace_is_shown_with_the_record_that_breaks() {
    let desk = Desk::new();
    let small: &[u8] = include_bytes!("../scenarios/traces/small.vscsi");
    desk.put("cut.vscsi", &small[..1_000]);
    desk.put("tail.vscsi", &small[..small.len() - 1]);
    desk.put("empty.vscsi", "");
    desk.put("letter.vscsi", "This is a letter and not a trace, but it is long enough to hold two of its records.");
    desk.put("zeros.vscsi", [0; 3_200]);
    fs::create_dir(desk.folder.path().join("folder.vscsi")).expect("a folder can be made");
    for (name, words) in [
        ("cut.vscsi", &["the file is cut in the middle of record 32: 8 of 32 bytes"][..]),
        ("tail.vscsi", &["the file is cut in the middle of record"]),
        ("empty.vscsi", &["`empty.vscsi` is empty"]),
        ("letter.vscsi", &["no known trace", "formats that can be read"]),
        ("zeros.vscsi", &["no known trace"]),
        ("folder.vscsi", &["cannot be read", "it is a directory"]),
        ("missing.vscsi", &["cannot be read", "it does not exist"]),
    ] {
        desk.put("traced.toml", traced(name));
        let place = ["traced.toml:16:8", "file = \""];
        desk.refuses(&["run", "traced.toml"], 2, &[words, &place[..]].concat());
        let option = format!("workload[0].file={name}");
        desk.put("whole.toml", traced("other.vscsi"));
        desk.refuses(&["run", "whole.toml", "--set", &option], 2, &[words, &["--set:1:18"][..]].concat());
    }
}

#[test]
fn a_wrong_option_is_shown_in_the_option() {
    let desk = Desk::new();
    desk.put("good.toml", GOOD);
    for (option, value, words) in [
        ("--set", "nonsense", &["--set:1:1", "no `=`", "KEY=VALUE"][..]),
        ("--set", "=", &["--set:1:1", "not a key"]),
        ("--set", "", &["--set"]),
        ("--set", "volume[9].id=X", &["--set:1:1", "2 entries, numbered 0 to 1"]),
        ("--set", "volume[18446744073709551616].id=X", &["--set:1:1"]),
        ("--set", "volume[-1].id=X", &["--set:1:1"]),
        ("--set", "volume=1", &["--set:1"]),
        ("--set", "volume[0]=1", &["--set:1:1", "volume[0].KEY=VALUE"]),
        ("--set", "volume[0].modle=3390-3", &["--set:1:11", "did you mean `model`?"]),
        ("--set", "volume[1].cylinders=10", &["good.toml:21:10", "--set:1:21", "size of the target"]),
        ("--set", "volume[0].cylinders=1000000000000000", &["--set:1:21", "1 to 65520 cylinders"]),
        ("--set", "tape.scratch=1000000000", &["--set:1:14", "outside its limits"]),
        ("--set", "tape.drives=1000", &["--set:1:13", "outside its limits"]),
        ("--set", "controller.cache=999999 TB", &["--set:1:18"]),
        ("--set", "host.dump_buffers=1000000000", &["--set:1:19"]),
        ("--until", "yesterday", &["--until:1:1", "not a duration"]),
        ("--until", "90", &["--until:1", "needs a unit"]),
        ("--until", "1e300 s", &["--until:1:2", "known units"]),
        ("--until", "999999999999999999999d", &["--until:1:1", "too large"]),
        ("--until", "", &["--until"]),
        ("--fault", "explosion@5s", &["--fault:1:1", "not a kind of fault", "host-crash"]),
        ("--fault", "host-crash", &["--fault:1:1", "no `@`", "KIND@ANCHOR"]),
        ("--fault", "host-crash@", &["--fault:1:11", "KIND@ANCHOR"]),
        ("--fault", "@5s", &["--fault:1:1"]),
        ("--fault", "host-crash@yesterday", &["--fault:1:12"]),
        ("--fault", "host-crash@after:lunch#1", &["--fault:1:18", "no event or step is called `lunch`"]),
        ("--fault", "host-crash@after:dump-track-read#0", &["--fault:1:34"]),
        ("--fault", "host-crash@after:dump-track-read#99999999999999999999", &["--fault:1:34"]),
        ("--fault", "host-crash@event:-1", &["--fault:1:18"]),
        ("--fault", "source-update(track=99999999)@5s", &["--fault:1:21", "a track below 300"]),
        ("--fault", "source-update(track=@5s", &["--fault:1:14", "no closing parenthesis"]),
        ("--fault", "host-crash(colour=red)@5s", &["--fault:1:12", "colour"]),
        ("--seed", "-1", &["--seed"]),
        ("--seed", "one", &["--seed", "whole number"]),
        ("--shuffle-ties", "1.5", &["--shuffle-ties"]),
    ] {
        let argument = format!("{option}={value}");
        desk.refuses(&["run", "good.toml", &argument], 2, words);
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let desk = Desk::new();
    let text =
        with("cylinders = 20", "cylinders = 0").replace("\"30 s\"", "30").replace("safe-backup", "unsafe-backup");
    desk.put("many.toml", text);
    let words = ["many.toml:6:13", "many.toml:11:13", "many.toml:18:6", "many.toml:19:10", "4 errors"];
    desk.refuses(&["run", "many.toml"], 2, &words);
}

#[test]
fn thousands_of_mistakes_are_not_told_one_by_one() {
    let desk = Desk::new();
    let volumes =
        (0..2_000).map(|number| format!("[[volume]]\nid = \"V{number}\"\ndevice = \"{number:04X}\"\nbad = 1\n"));
    desk.put("many.toml", volumes.collect::<String>());
    desk.refuses(&["run", "many.toml"], 2, &["unknown key `bad`", "more"]);
}

#[test]
fn a_place_that_cannot_take_the_results_is_said_before_the_run() {
    let desk = Desk::new();
    desk.put("good.toml", GOOD);
    desk.put("file", "not a folder");
    fs::create_dir(desk.folder.path().join("full")).expect("a folder can be made");
    desk.put("full/thesis.txt", "years of work");
    for (out, code, words) in [
        ("full", 2, &["full is not empty", "--out", "--force"][..]),
        ("file", 2, &["file exists and is not a directory", "--out"]),
        // Not a mistake in what was typed, but a system that does not do it: an input or output error.
        ("file/below", 1, &["cannot write file/below"]),
        ("", 2, &["--out"]),
        ("-", 2, &["--json"]),
    ] {
        desk.refuses(&["run", "good.toml", "--out", out], code, words);
    }
    assert_eq!(fs::read(desk.folder.path().join("full/thesis.txt")).expect("it is there"), b"years of work");
    if cfg!(target_os = "linux") && Path::new("/proc/self").exists() {
        desk.refuses(&["run", "good.toml", "--out", "/proc/none/below"], 1, &["cannot write /proc/none/below"]);
    }
}
