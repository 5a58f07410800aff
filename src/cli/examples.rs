//! `tiersim examples`: the shipped scenarios, to read, to list, or to copy into a folder.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Exit;
use crate::scenario::diagnostic::suggestion;
use crate::scenario::examples::{ALL, Example, FILES};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Without a name all scenarios are meant, and listed unless they are copied.
    pub name: Option<String>,
    pub list: bool,
    /// The folder into which the named scenario, or all of them, are copied with the files they need.
    pub copy: Option<PathBuf>,
    pub json: bool,
}

/// # Errors
/// What writing meets, to the streams or to the folder; an existing file is not an error but ends with 2.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let chosen: Vec<&Example> = match &request.name {
        None => ALL.iter().collect(),
        Some(name) => match Example::find(name) {
            Some(example) => vec![example],
            None => {
                let known: Vec<&str> = ALL.iter().map(|example| example.name).collect();
                let help = suggestion(name, &known, "examples");
                writeln!(errors, "error: `{name}` is not an example\n  = help: {help}")?;
                return Ok(Exit::Usage);
            }
        },
    };
    if let Some(folder) = &request.copy {
        return copy(&chosen, folder, request.json, output, errors);
    }
    let listed = request.list || request.name.is_none();
    if request.json {
        let one = |example: &&Example| json!({ "name": example.name, "question": example.question(), "text": (!listed).then_some(example.text) });
        let examples: Vec<Value> = chosen.iter().map(one).collect();
        writeln!(output, "{:#}", json!({ "schema": "tiersim/examples/1", "examples": examples }))?;
    } else if listed {
        let width = chosen.iter().map(|example| example.name.len()).max().unwrap_or(0);
        for example in chosen {
            writeln!(output, "{:<width$}  {}", example.name, example.question())?;
        }
    } else {
        write!(output, "{}", chosen[0].text)?;
    }
    Ok(Exit::Held)
}

/// The files that a scenario names, by the path it names them with.
pub fn files_of(text: &str) -> impl Iterator<Item = &'static (&'static str, &'static [u8])> {
    FILES.iter().filter(move |(name, _)| text.contains(&format!("\"{name}\"")))
}

/// Writes the scenarios and the files they name. Nothing is overwritten: with one existing file none is written.
fn copy(
    chosen: &[&Example],
    folder: &Path,
    json: bool,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<Exit> {
    let scenarios = chosen.iter().map(|example| (format!("{}.toml", example.name), example.text.as_bytes()));
    let others = chosen.iter().flat_map(|example| files_of(example.text));
    let others = others.map(|(name, bytes)| ((*name).to_owned(), *bytes));
    if folder.exists() && !folder.is_dir() {
        writeln!(
            errors,
            "error: `{}` is no directory\n  = help: nothing was written; name a folder",
            folder.display()
        )?;
        return Ok(Exit::Usage);
    }
    let mut files: Vec<(PathBuf, &[u8])> =
        scenarios.chain(others).map(|(name, bytes)| (folder.join(name), bytes)).collect();
    // Two scenarios may name one file.
    let mut seen = BTreeSet::new();
    files.retain(|(path, _)| seen.insert(path.clone()));
    if let Some((existing, _)) = files.iter().find(|(path, _)| path.exists()) {
        let shown = existing.display();
        writeln!(errors, "error: `{shown}` exists\n  = help: nothing was written; name another folder")?;
        return Ok(Exit::Usage);
    }
    for (path, bytes) in &files {
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)?;
    }
    let paths: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    if json {
        writeln!(output, "{:#}", json!({ "schema": "tiersim/examples-copied/1", "files": paths }))?;
    } else {
        for path in paths {
            writeln!(output, "{path}")?;
        }
    }
    Ok(Exit::Held)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(request: &Request) -> (u8, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let code = run(request, &mut output, &mut errors).expect("a folder of the test takes it");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (code.code(), text(output), text(errors))
    }

    #[test]
    fn the_list_shows_each_with_its_question() {
        let (code, output, _) = told(&Request::default());
        assert_eq!((code, output.lines().count()), (0, ALL.len()));
        assert!(output.starts_with("safe-backup"));
        let (_, text, _) = told(&Request { name: Some("safe-backup".into()), ..Request::default() });
        assert_eq!(text, ALL[0].text);
    }

    #[test]
    fn copies_come_with_their_traces_and_overwrite_nothing() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let request =
            Request { name: Some("trace-replay".into()), copy: Some(folder.path().join("new")), ..Request::default() };
        let (code, output, _) = told(&request);
        assert_eq!((code, output.lines().count()), (0, 2));
        assert!(folder.path().join("new/traces/small.vscsi").exists());
        let (code, output, errors) = told(&request);
        assert_eq!((code, output.as_str(), errors.contains("exists")), (2, "", true));
    }

    #[test]
    fn an_unknown_example_is_told_with_the_nearest() {
        let (code, _, errors) = told(&Request { name: Some("save-backup".into()), ..Request::default() });
        assert_eq!((code, errors.contains("did you mean `safe-backup`?")), (2, true));
    }
}
