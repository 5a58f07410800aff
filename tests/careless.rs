//! Whatever a careless hand gives the program, it answers: with an error that says where and why, exit code 2, and
//! little memory. It never panics and writes nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// More than any scenario of this file may take, and far less than what it asks for (resident pages, in KiB).
const MOST_MEMORY: u64 = 200_000;
/// Address space for one call, in KiB: a wild allocation fails at once, and does not take the machine with it.
const MOST_ADDRESSES: u64 = 1_500_000;

const GOOD: &str = "\
title = \"Careless\"

[[volume]]
id = \"PROD01\"
device = \"0A00\"
cylinders = 20

[[volume]]
id = \"SPARE1\"
device = \"0A10\"
cylinders = 20

[[backup]]
at = \"30 s\"
method = \"safe-backup\"
source = \"PROD01\"
target = \"0A10\"
";

struct Place {
    folder: TempDir,
}

/// Exit code and stderr, of a call that printed nothing else and did not break down.
struct Answer {
    code: i32,
    text: String,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("the system has room for temporary files") }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> &Place {
        fs::write(self.path().join(name), contents).expect("a file can be written");
        self
    }

    /// Calls the program, with an upper limit to its memory where the system knows one.
    fn call(&self, arguments: &[&str]) -> Answer {
        let before = self.names();
        let program = assert_cmd::cargo::cargo_bin("tiersim");
        let mut command = match cfg!(target_os = "linux") {
            // The shell prints the peak of what the program had in memory behind everything else.
            true => {
                let mut shell = Command::new("sh");
                let limit = format!("ulimit -v {MOST_ADDRESSES}; \\"$@\\"; code=$?; ");
                let peak = "while read -r key value unit; do [ \\"$key\\" = VmHWM: ] && :; done < /proc/self/status; exit $code";
                shell.args(["-c", &(limit + peak), "sh"]).arg(&program);
                shell
            }
            false => Command::new(&program),
        };
        command.args(arguments).current_dir(self.path()).env_remove("RUST_BACKTRACE");
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM"] {
            command.env_remove(name);
        }
        let output: Output = command.output().expect("the program starts");
        let text = String::from_utf8(output.stderr).expect("errors are text");
        let stdout = String::from_utf8(output.stdout).expect("results are text");
        let code = output.status.code().unwrap_or_else(|| panic!("{arguments:?}: a signal ended it: {text}"));
        for word in ["panicked", "RUST_BACKTRACE", "src/", ".rs:", "internal error"] {
            assert!(!text.contains(word), "{arguments:?}: {text}");
        }
        assert_eq!(stdout, "", "{arguments:?}: an error is no result");
        assert_eq!(self.names(), before, "{arguments:?}: nothing was written");
        Answer { code, text }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("the folder can be read");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}
