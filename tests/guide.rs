//! The guide: every example in `docs/` works, what it shows is what comes out, and links lead somewhere.
//!
//! A fence `toml NAME.toml` is a file; each line of a fence `sh` that begins with `tiersim` is run where the files of its chapter
//! are, and ends with 0 unless it says `# exit N`; each line of a fence `text` stands in what the fence `sh` in front of it
//! printed, in the same order, `...` for anything. Fences `python` and `sql` are run where there is a Python that has what
//! they import. A fence `console` is for what a test cannot run.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::root;

/// A piece of a chapter between two fences.
struct Fence {
    language: String,
    name: Option<String>,
    text: String,
    line: usize,
}

fn fences(text: &str) -> Vec<Fence> {
    let (mut found, mut open): (Vec<Fence>, bool) = (Vec::new(), false);
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                let (language, name) = (words.next().unwrap_or_default(), words.next());
                found.push(Fence { language, name, text: String::new(), line: number + 1 });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => found.last_mut().expect("a fence is open").text += &format!("{line}\n"),
            (None, false) => {}
        }
    }
    assert!(!open, "a fence is not closed");
    found
}

fn in_shell(line: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_tiersim")).parent().expect("the program lies in a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("there is a PATH"));
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(line).current_dir(folder).env("PATH", path).env("NO_COLOR", "1").env("COLUMNS", "100");
    shell.output().expect("there is a shell")
}

/// Whether a line of the guide stands in a line that was printed.
fn is_in(shown: &str, printed: &str) -> bool {
    let mut rest = printed;
    shown.trim().split("...").all(|part| match rest.find(part.trim()) {
        Some(place) => {
            rest = &rest[place + part.trim().len()..];
            true
        }
        None => false,
    })
}

/// The first line that is shown and was not printed behind those above it.
fn first_invented<'t>(shown: &'t str, printed: &str) -> Option<&'t str> {
    let mut rest = printed.lines();
    let lines = shown.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "...");
    lines.into_iter().find(|line| !rest.any(|candidate| is_in(line, candidate)))
}

#[test]
fn what_was_not_printed_is_noticed() {
    let printed = "Verdict: PASS\n  all 15 held\ntook 3 s\n";
    for shown in ["Verdict: PASS\n...\ntook 3 s\n", "\nall ... held\n", "Verdict: ...\n  took ... s\n"] {
        assert_eq!(first_invented(shown, printed), None, "{shown}");
    }
    for (shown, invented) in [
        ("Verdict: FAIL\n", "Verdict: FAIL"),
        ("took 3 s\nVerdict: PASS\n", "Verdict: PASS"),
        ("Verdict: PASS\nVerdict: PASS\n", "Verdict: PASS"),
        ("all ... broke\n", "all ... broke"),
    ] {
        assert_eq!(first_invented(shown, printed), Some(invented), "{shown}");
    }
}

fn python() -> String {
    std::env::var("TIERSIM_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Runs a snippet, or says that nothing here can.
fn in_python(code: &str, imports: &[&str], place: &str, folder: &Path) {
    let has = |module: &&str| {
        let asked = Command::new(python()).args(["-c", &format!("import {module}")]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    if let Some(missing) = imports.iter().find(|module| !has(module)) {
        println!("{place}: SKIPPED, {} has no {missing}", python());
        return;
    }
    let output = Command::new(python()).args(["-c", code]).current_dir(folder).output().expect("it was there");
    assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.is_empty(), "{place} shows nothing");
}

fn run(chapter: &str) {
    let path = root().join("docs").join(chapter);
    let text = fs::read_to_string(&path).expect("the chapter is there");
    let folder = tempfile::tempdir().expect("a folder for the chapter");
    let (mut printed, mut commands) = (String::new(), 0);
    for fence in fences(&text) {
        let place = format!("docs/{chapter}, line {}", fence.line);
        if fence.language != "text" {
            printed.clear();
        }
        match (&fence.language[..], &fence.name) {
            ("toml", Some(name)) => fs::write(folder.path().join(name), &fence.text).expect("it can be written"),
            ("sh", _) => {
                for line in fence.text.lines().filter(|line| line.starts_with("tiersim ")) {
                    let code = line.split_once("# exit ").map_or(0, |(_, code)| code.trim().parse().expect("a code"));
                    let output = in_shell(line, folder.path());
                    let [out, err] =
                        [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it).into_owned());
                    assert_eq!(output.status.code(), Some(code), "{place}: {line}\n{err}");
                    printed += &(out + &err);
                    commands += 1;
                }
            }
            ("text", _) => {
                assert!(!printed.is_empty(), "{place}: no command stands in front of this output");
                let invented = first_invented(&fence.text, &printed);
                assert!(invented.is_none(), "{place}: not printed: `{}`\n{printed}", invented.unwrap_or_default());
            }
            ("python", _) => {
                let imported = fence.text.lines().filter_map(|line| line.strip_prefix("import "));
                let modules: Vec<&str> = imported.filter_map(|rest| rest.split_whitespace().next()).collect();
                in_python(&fence.text, &modules, &place, folder.path());
            }
            ("sql", _) => {
                let code =
                    format!("import duckdb\nprint(duckdb.sql('''{}'''))", fence.text.trim_end().trim_end_matches(';'));
                in_python(&code, &["duckdb"], &place, folder.path());
            }
            ("console" | "toml" | "csv", _) => {}
            (other, _) => panic!("{place}: nobody knows what to do with `{other}`"),
        }
    }
    assert!(commands > 0, "docs/{chapter} shows no command");
}

#[test]
fn first_run() {
    run("first-run.md");
}

#[test]
fn scenarios() {
    run("scenarios.md");
}

#[test]
fn reports() {
    run("reports.md");
}

#[test]
fn exploring() {
    run("exploring.md");
}

#[test]
fn campaigns() {
    run("campaigns.md");
}

#[test]
fn data() {
    run("data.md");
}

#[test]
fn traces() {
    run("traces.md");
}

#[test]
fn validation() {
    run("validation.md");
}

#[test]
fn extending() {
    run("extending.md");
}

#[test]
fn every_chapter_is_run_and_listed() {
    let code = fs::read_to_string(root().join("tests/guide.rs")).expect("it is this file");
    let index = fs::read_to_string(root().join("docs/README.md")).expect("the guide has an index");
    for entry in fs::read_dir(root().join("docs")).expect("the guide is there") {
        let name = entry.expect("it can be read").file_name().into_string().expect("names are text");
        if name.ends_with(".md") && name != "README.md" {
            assert!(code.contains(&format!("run(\"{name}\")")), "no test runs docs/{name}");
            assert!(index.contains(&format!("({name})")), "docs/README.md does not list {name}");
        }
    }
}

/// The anchors of a document, as they are made from its headings.
fn anchors(text: &str) -> Vec<String> {
    let mut is_code = false;
    let prose = text.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code
    });
    let headings = prose.filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept =
            heading.to_lowercase().chars().filter(|&c| c.is_alphanumeric() || c == ' ' || c == '-').collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// The documents that were written by hand, and the chapters of the guide.
fn documents() -> Vec<PathBuf> {
    let mut documents: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"]
        .into_iter()
        .chain(["scenarios/README.md", "reports/README.md"])
        .map(|name| root().join(name))
        .collect();
    let chapters = fs::read_dir(root().join("docs"))
        .expect("the guide is there")
        .map(|entry| entry.expect("it can be read").path());
    documents.extend(chapters.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    documents
}

/// What a document calls by `](` and by `src="`, up to the character behind it.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let behind = move |(opening, closing): (&'static str, char)| {
        text.match_indices(opening).filter_map(move |(place, _)| text[place + opening.len()..].split(closing).next())
    };
    [("](", ')'), ("src=\"", '"')].into_iter().flat_map(behind)
}

/// A reader who is sent to a source file finds it.
#[test]
fn sources_that_are_named_are_there() {
    for document in documents().iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        let text = fs::read_to_string(document).expect("the document is there");
        let named = text.split('`').filter(|word| ["src/", "tests/", "fuzz/"].iter().any(|it| word.starts_with(it)));
        for path in named.filter(|word| !word.contains([' ', '*', '\n'])) {
            // Corpora and what is named in capitals are the reader's to fill.
            let is_there = root().join(path).exists() || path.starts_with("fuzz/corpus") || path.contains("CODE");
            assert!(is_there, "{} names {path}, which is not there", document.display());
        }
    }
}

#[test]
fn links_lead_to_files_and_headings() {
    let documents = documents();
    let mut known: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for document in &documents {
        let text = fs::read_to_string(document).expect("the document is there");
        let folder = document.parent().expect("it lies in a folder");
        for link in links(&text) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.clone() } else { folder.join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", document.display());
            if !anchor.is_empty() {
                let headings = known.entry(target.clone()).or_insert_with(|| {
                    anchors(&fs::read_to_string(&target).expect("a document with headings can be read"))
                });
                assert!(headings.iter().any(|it| it == anchor), "{}: {link} has no heading", document.display());
            }
        }
    }
}
