//! `tiersim new`: a scenario of one's own, from a shipped one, that says what to do next.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Exit;
use super::examples::files_of;
use super::global::Output;
use super::run::quoted;
use crate::scenario::diagnostic::suggestion;
use crate::scenario::examples::{ALL, Example};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where the scenario goes; `-` is stdout.
    pub file: PathBuf,
    /// The shipped scenario that it begins as.
    pub from: String,
    pub global: Output,
}

/// # Errors
/// Only what writing to the streams meets; a file that cannot be written is told.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let Some(example) = Example::find(&request.from) else {
        let known: Vec<&str> = ALL.iter().map(|example| example.name).collect();
        let help = suggestion(&request.from, &known, "examples");
        writeln!(errors, "error: `{}` is not an example\n  = help: {help}", request.from)?;
        return Ok(Exit::Usage);
    };
    if request.file == Path::new("-") {
        let text = text(example, "FILE");
        match request.global.json {
            true => writeln!(output, "{:#}", json!({ "schema": "tiersim/new/1", "files": [], "text": text }))?,
            false => output.write_all(text.as_bytes())?,
        }
        return Ok(Exit::Held);
    }
    let name = quoted(&request.file.to_string_lossy());
    let text = text(example, &name);
    let files = files(&request.file, example, &text);
    if let Some((existing, _)) = files
        .iter()
        .find(|(path, bytes)| path.symlink_metadata().is_ok() && (*path == request.file || !holds(path, bytes)))
    {
        let shown = existing.display();
        writeln!(errors, "error: `{shown}` exists\n  = help: nothing was written; name another file")?;
        return Ok(Exit::Usage);
    }
    if let Err((path, error)) = write_all(&files) {
        writeln!(errors, "error: cannot write {}: {error}", path.display())?;
        return Ok(if error.kind() == io::ErrorKind::AlreadyExists { Exit::Usage } else { Exit::Internal });
    }
    let next = format!("tiersim run {name}");
    if request.global.json {
        let paths: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
        writeln!(output, "{:#}", json!({ "schema": "tiersim/new/1", "files": paths, "next": next }))?;
    } else {
        writeln!(output, "{}", request.file.display())?;
        if !request.global.quiet {
            writeln!(errors, "next: {next}")?;
        }
    }
    Ok(Exit::Held)
}

/// The scenario behind a few lines about itself.
fn text(example: &Example, name: &str) -> String {
    format!(
        "# Made by `tiersim new` from the shipped scenario `{}`, to be changed.\n\
         #   tiersim check {name}    says whether it is valid, with all that is wrong\n\
         #   tiersim run {name}      runs it\n\
         #   tiersim explain KEY     says what a key, a method, a fault or any other name means\n\
         # An editor for TOML helps when `tiersim schema scenario > scenario.schema.json` was run beside this file\n\
         # and its first line is `#:schema ./scenario.schema.json`.\n\
         #\n{}",
        example.name, example.text
    )
}

/// The scenario, and beside it the files that it names.
fn files<'t>(file: &Path, example: &Example, text: &'t str) -> Vec<(PathBuf, &'t [u8])> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let named = files_of(example.text).map(|(name, bytes)| (folder.join(name), *bytes));
    [(file.to_owned(), text.as_bytes())].into_iter().chain(named).collect()
}

/// A file that a scenario names may be there already, as an earlier `new` wrote it.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    fs::read(path).is_ok_and(|found| found == bytes)
}

/// Nothing half written stays.
fn write_all<'f>(files: &'f [(PathBuf, &[u8])]) -> Result<(), (&'f Path, io::Error)> {
    for (path, bytes) in files.iter().filter(|(path, _)| !path.exists()) {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| (path.as_path(), error))?;
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| (path.as_path(), error))?;
        if let Err(error) = file.write_all(bytes) {
            // The disk is full: what cannot be removed either is told by the error all the same.
            let _ = fs::remove_file(path);
            return Err((path, error));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Source, load};

    fn told(file: &Path, from: &str) -> (Exit, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let request = Request { file: file.to_owned(), from: from.to_owned(), global: Output::default() };
        let exit = run(&request, &mut output, &mut errors).expect("vectors take it");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (exit, text(output), text(errors))
    }

    #[test]
    fn a_new_scenario_is_valid_and_says_what_comes_next() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for from in ["safe-backup", "trace-replay"] {
            let path = folder.path().join(format!("of my own/{from}.toml"));
            let (exit, output, errors) = told(&path, from);
            assert_eq!((exit, output.trim_end()), (Exit::Held, path.to_str().expect("a plain path")));
            assert!(errors.starts_with("next: tiersim run '"), "a blank is quoted: {errors}");
            let loaded = load(&Source::Path(path.clone()), &Overrides::default()).expect("it is valid");
            assert_eq!(loaded.plan.name, from);
            let before = fs::read(&path).expect("it is there");
            assert!(before.starts_with(b"# Made by `tiersim new`") && before.windows(9).any(|it| it == b"#:schema "));
        }
    }

    #[test]
    fn an_existing_file_stays() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("mine.toml");
        fs::write(&path, "seed = 7\n").expect("it can be written");
        let (exit, output, errors) = told(&path, "safe-backup");
        assert_eq!((exit, &output[..]), (Exit::Usage, ""));
        assert!(errors.contains("exists"), "{errors}");
        assert_eq!(fs::read(&path).expect("it is there"), b"seed = 7\n");
        assert_eq!(told(folder.path(), "safe-backup").0, Exit::Usage, "a folder is no file");
        let near = told(&folder.path().join("other.toml"), "safe-bakup").2;
        assert!(near.contains("did you mean `safe-backup`?"), "{near}");
    }

    #[test]
    fn a_second_scenario_shares_the_file_that_the_first_brought() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for name in ["one.toml", "two.toml"] {
            assert_eq!(told(&folder.path().join(name), "trace-replay").0, Exit::Held, "{name}");
        }
        assert_eq!(told(&folder.path().join("two.toml"), "trace-replay").0, Exit::Usage);
        fs::write(folder.path().join("traces/small.vscsi"), b"other").expect("it can be written");
        assert_eq!(told(&folder.path().join("three.toml"), "trace-replay").0, Exit::Usage, "the trace is another one");
        assert!(!folder.path().join("three.toml").exists(), "nothing is written then");
    }
}
