//! `tiersim check`: whether scenarios are valid, and what they are with every default filled in.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Exit;
use super::prepare::source_of;
use crate::scenario::source::hex;
use crate::scenario::{Diagnostics, Loaded, Overrides, Paint, load, run_id};

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Files, or names of shipped scenarios.
    pub files: Vec<PathBuf>,
    pub print_resolved: bool,
    pub overrides: Overrides,
    pub json: bool,
    /// Colour of what goes to `errors`.
    pub paint: Paint,
}

/// One line per file on `output`, problems on `errors`; with `json` one document on `output` and nothing else.
///
/// # Errors
/// Only what writing itself meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let results: Vec<(String, Result<Loaded, Diagnostics>)> = request
        .files
        .iter()
        .map(|file| (file.display().to_string(), load(&source_of(file), &request.overrides)))
        .collect();
    if request.json {
        let document = to_json(&results, request.print_resolved);
        writeln!(output, "{document:#}")?;
    } else {
        for (name, result) in &results {
            tell(name, result, request, output, errors)?;
        }
    }
    let good = results.iter().all(|(_, result)| result.is_ok());
    Ok(if good { Exit::Held } else { Exit::Usage })
}

fn tell(
    name: &str,
    result: &Result<Loaded, Diagnostics>,
    request: &Request,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<()> {
    let problems = match result {
        Ok(loaded) => &loaded.warnings,
        Err(problems) => problems,
    };
    if !problems.is_empty() {
        write!(errors, "{}", problems.render(request.paint))?;
    }
    match result {
        Ok(loaded) if request.print_resolved => write!(output, "{}", loaded.resolved),
        Ok(loaded) => writeln!(output, "{name}: valid: {}; run id {}", contents(loaded), &hex(&run_id(loaded))[..8]),
        Err(_) if request.print_resolved => Ok(()),
        Err(_) => writeln!(output, "{name}: invalid"),
    }
}

/// "3 volumes, 1 workload, 1 backup".
fn contents(loaded: &Loaded) -> String {
    let plan = &loaded.plan;
    let parts = [
        (plan.dasd.volumes.len(), "volume"),
        (plan.workloads.len(), "workload"),
        (plan.backups.len(), "backup"),
        (plan.restores.len(), "restore"),
        (plan.commands.len(), "command"),
        (plan.faults.len(), "fault"),
    ];
    let part = |(number, noun): (usize, &str)| match number {
        0 => None,
        1 => Some(format!("1 {noun}")),
        _ => Some(format!("{number} {noun}s")),
    };
    parts.into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

fn to_json(results: &[(String, Result<Loaded, Diagnostics>)], with_resolved: bool) -> Value {
    let mut files = Vec::new();
    let mut diagnostics = Vec::new();
    for (name, result) in results {
        let (problems, loaded) = match result {
            Ok(loaded) => (&loaded.warnings, Some(loaded)),
            Err(problems) => (problems, None),
        };
        if let Value::Array(list) = &mut problems.to_json()["diagnostics"] {
            diagnostics.append(list);
        }
        files.push(json!({
            "file": name,
            "valid": loaded.is_some(),
            "run_id": loaded.map(|loaded| hex(&run_id(loaded))),
            "resolved": loaded.filter(|_| with_resolved).map(|loaded| &loaded.resolved),
        }));
    }
    json!({ "schema": "tiersim/diagnostics/1", "files": files, "diagnostics": diagnostics })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const GOOD: &str = "[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ncylinders = 1\n";

    /// Exit code, output and errors of a check of one file with `text`.
    fn check(text: &str, print_resolved: bool, json: bool) -> (u8, String, String) {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join("case.toml");
        fs::write(&file, text).expect("written");
        let request =
            Request { files: vec![file], print_resolved, overrides: Overrides::default(), json, paint: Paint::Plain };
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let code = run(&request, &mut output, &mut errors).expect("memory takes it");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (code.code(), text(output), text(errors))
    }

    #[test]
    fn a_valid_file_is_one_line_and_its_resolved_form_is_a_scenario() {
        let (code, output, errors) = check(GOOD, false, false);
        assert!(output.contains("case.toml: valid: 1 volume; run id "), "{output}");
        assert_eq!((code, output.lines().count(), errors.as_str()), (0, 1, ""));
        let (code, resolved, _) = check(GOOD, true, false);
        assert_eq!((code, check(&resolved, true, false).1), (0, resolved));
    }

    #[test]
    fn an_invalid_file_ends_with_2_and_says_why_on_the_other_stream() {
        let (code, output, errors) = check("[[volume]]\nid = \"a\"\n", false, false);
        assert_eq!((code, output.ends_with("case.toml: invalid\n")), (2, true));
        assert!(errors.contains("error[S0115]") && errors.contains("error[S0102]"), "{errors}");
    }

    #[test]
    fn the_machine_form_is_one_document_in_both_cases() {
        for (text, code) in [(GOOD, 0), ("volume = 1\n", 2)] {
            let (found, output, errors) = check(text, true, true);
            let document: Value = serde_json::from_str(&output).expect("one document");
            assert_eq!((found, errors.as_str(), document["files"][0]["valid"] == json!(code == 0)), (code, "", true));
            assert_eq!(document["files"][0]["resolved"].is_string(), code == 0);
        }
    }
}
