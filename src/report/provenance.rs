//! What a result was made from and by what: the identity and input groups of a manifest, and the assumptions behind it.

use super::document::{Part, Section, Table};
use super::manifest::Manifest;
use super::text::count;
use crate::device::profiles::Profile;

/// The last section of every report. Nothing of the machine or the day is in it.
pub fn section(manifest: &Manifest, resolved: &str) -> Section {
    let commit = match manifest.git_dirty {
        Some(true) => format!("{} with changes", manifest.git_commit),
        _ => manifest.git_commit.clone(),
    };
    let mut rows: Vec<(&str, String)> = vec![
        ("command", manifest.command.clone()),
        ("scenario", manifest.scenario.clone()),
        ("run id", manifest.run_id.clone()),
        ("seed", manifest.seed.to_string()),
        ("random numbers", manifest.rng.clone()),
        ("changes with --set", if manifest.set.is_empty() { "none".into() } else { manifest.set.join(", ") }),
        ("tool", format!("{} {}", manifest.tool, manifest.tool_version)),
        ("model version", manifest.model_version.to_string()),
        ("commit", commit),
        ("SHA-256 of the scenario", manifest.scenario_sha256.clone()),
        ("SHA-256 of its resolved form", manifest.resolved_sha256.clone()),
        ("fingerprint", manifest.fingerprint.clone()),
    ];
    for input in &manifest.inputs {
        rows.push(("input", format!("{}, {} bytes, SHA-256 {}", input.name, count(input.bytes), input.sha256)));
    }
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let text = "The same scenario, seed and model version give the same bytes on every machine.";
    Section {
        id: "provenance",
        heading: "Provenance",
        parts: vec![
            Part::Text(text.into()),
            Part::Folded(Table::new("Made from what, by what", &["what", "value"], rows)),
            assumptions(resolved),
        ],
    }
}

/// The parameters of the hardware that nobody has measured or published, as far as the scenario leaves them.
fn assumptions(resolved: &str) -> Part {
    let values = values_of(resolved);
    let value = |key: &str| values.iter().find(|(name, _)| name == key).map(|(_, value)| value.trim_matches('"'));
    let name = value("profile").unwrap_or("");
    let Some(profile) = Profile::find(name) else {
        return Part::Text(
            "The scenario names no built-in profile, so nothing is known of the origin of its numbers.".into(),
        );
    };
    let assumed = profile.entries().filter(|entry| entry.origin.starts_with('A'));
    let rows: Vec<Vec<String>> = assumed
        .map(|entry| {
            let set = value(entry.key).unwrap_or(entry.value);
            vec![entry.key.to_owned(), set.to_owned(), entry.origin.to_owned(), entry.about.to_owned()]
        })
        .collect();
    let caption = format!("Assumptions: {} parameters of the profile {name} that no source gives", rows.len());
    Part::Folded(Table::new(&caption, &["parameter", "value", "origin", "meaning"], rows))
}

/// `table.key` and value of every plain line of a resolved scenario, which this program writes.
fn values_of(resolved: &str) -> Vec<(String, String)> {
    let (mut table, mut values) = (String::new(), Vec::new());
    for line in resolved.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_matches(['[', ']']).to_owned();
        } else if let Some((key, value)) = line.split_once('=') {
            let dot = if table.is_empty() { "" } else { "." };
            values.push((format!("{table}{dot}{}", key.trim()), value.trim().to_owned()));
        }
    }
    values
}
