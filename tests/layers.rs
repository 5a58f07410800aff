//! The layers of the crate, and the few crates that may be named in one place only.

use std::fs;
use std::path::{Path, PathBuf};

/// Bottom first: a module names only modules to its left, and itself.
const LAYERS: [&str; 16] = [
    "kernel",
    // Pure functions over numbers, for whoever claims something from runs.
    "statistics",
    "vocab",
    "device",
    "controller",
    "manager",
    "host",
    "fault",
    "scenario",
    "world",
    "check",
    "measure",
    "campaign",
    // Compares figures of the models and of whole runs with theory and measurements.
    "validate",
    "report",
    "cli",
];

/// What may be named only in files whose path begins with one of these.
const PLACES: [(&str, &[&str]); 25] = [
    ("serde::", &["scenario/", "campaign/", "validate/", "report/", "cli/compare.rs", "cli/console.rs"]),
    ("serde_json::", &["scenario/", "campaign/", "validate/", "report/", "cli/"]),
    // Derives schemas of results, for tests alone.
    ("schemars::", &["campaign/sweep/", "report/", "cli/schema/"]),
    ("toml::", &["scenario/"]),
    // Digests of files and runs; the generator's streams are keyed by one too.
    ("sha2::", &["kernel/rng.rs", "host/trace/", "scenario/", "campaign/", "report/"]),
    // Decoders of compressed traces.
    ("flate2::", &["host/trace/input.rs"]),
    ("ruzstd::", &["host/trace/input.rs"]),
    ("bzip2::", &["host/trace/input.rs"]),
    ("lzma_rust2::", &["host/trace/input.rs"]),
    ("rand::", &["kernel/rng.rs"]),
    ("rand_chacha::", &["kernel/rng.rs"]),
    ("hdrhistogram::", &["measure/"]),
    ("annotate_snippets::", &["scenario/diagnostic.rs", "cli/"]),
    ("clap::", &["cli/"]),
    ("clap_complete::", &["cli/args.rs", "cli/manual.rs"]),
    ("clap_mangen::", &["cli/manual.rs"]),
    ("rayon::", &["campaign/", "validate/"]),
    ("ctrlc::", &["cli/"]),
    ("indicatif::", &["cli/progress.rs"]),
    ("plotters::", &["report/chart/"]),
    // Tables for data frames, with the feature of that name.
    ("parquet::", &["report/columnar.rs"]),
    // Draws charts as PNG, with the feature of that name.
    ("resvg::", &["report/chart/png.rs"]),
    ("terminal_size::", &["cli/"]),
    ("println!", &["cli/"]),
    ("print!", &["cli/"]),
];

/// The text without comments. (No source of ours has `//` in a string that also names a module.)
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or(line).to_owned() + "\n").collect()
}

/// Every first name behind `crate::`, also inside `crate::{...}`.
fn named(code: &str) -> Vec<&str> {
    let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let mut names = Vec::new();
    for (place, _) in code.match_indices("crate::") {
        let rest = &code[place + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.push(&rest[..word(rest)]);
            continue;
        };
        let (mut depth, mut start) = (0, true);
        for (at, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && !c.is_whitespace() => {
                    names.push(&list[at..at + word(&list[at..])]);
                    start = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// Whether `code` names `what` as a word of its own, and not as the end of another (`eprintln!`, `crate::toml::`).
fn mentions(code: &str, what: &str) -> bool {
    code.match_indices(what).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c)))
}

/// What a file of a layer names that it must not; `file` is relative to `src`.
fn offences(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let module = file.split(['/', '.']).next().unwrap_or(file);
    let Some(own) = LAYERS.iter().position(|layer| *layer == module) else { return Vec::new() };
    let above = |name: &&&str| LAYERS.iter().position(|layer| layer == *name).is_some_and(|place| place > own);
    let mut offences: Vec<String> = named(&code)
        .iter()
        .filter(above)
        .map(|name| format!("{file}: {module} names {name}, a layer above it"))
        .collect();
    // Tests may say why they had nothing to check.
    let code = code.split("#[cfg(test)]").next().unwrap_or(&code);
    for (what, places) in PLACES {
        let alone = mentions(code, what) || (what.ends_with('!') && mentions(code, &format!("e{what}")));
        if alone && !places.iter().any(|place| file.starts_with(place)) {
            offences.push(format!("{file}: {what} may only be named in {}", places.join(", ")));
        }
    }
    offences
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(directory).expect("the sources are there").map(|entry| entry.expect("one is there").path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}

#[test]
fn every_module_names_only_what_lies_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 30, "only {} files were found", files.len());
    let mut found = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).expect("a source lies in src").to_string_lossy().replace('\\', "/");
        found.extend(offences(&file, &fs::read_to_string(&path).expect("a source is text")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_rules_can_be_broken() {
    for (file, text, broken) in [
        ("kernel/time.rs", "use crate::vocab::Device;", 1),
        ("vocab/id.rs", "use crate::kernel::Time;", 0),
        ("device/disk/mod.rs", "use crate::{\n    kernel::{Span, Time},\n    manager::Job,\n    names,\n};", 1),
        ("device/raid.rs", "fn f() -> crate::cli::Exit { todo!() }", 1),
        ("device/raid.rs", "/// As [`crate::cli::Exit`] tells.", 0),
        ("report/json.rs", "use serde::Serialize;\nfn f() { println!(\"x\") }", 1),
        ("report/json.rs", "fn f() { eprintln!(\"x\") }", 1),
        ("manager/mod.rs", "use serde::Serialize;", 1),
        ("manager/mod.rs", "use serde_json::Value;", 1),
        ("cli/run.rs", "use indicatif::ProgressBar;", 1),
        ("cli/progress.rs", "use indicatif::ProgressBar;", 0),
        ("kernel/queue.rs", "use rand::Rng;", 1),
        ("kernel/rng.rs", "use rand::Rng;", 0),
        ("scenario/document.rs", "use toml::Spanned; use sha2::Digest;", 0),
        ("measure/mod.rs", "use crate::measure::latency::Latency;", 0),
        ("main.rs", "use tiersim::cli;", 0),
    ] {
        assert_eq!(offences(file, text).len(), broken, "{file}: {text}: {:?}", offences(file, text));
    }
}
