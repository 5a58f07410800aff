//! What a result was made from and by what: the identity and input groups of a manifest, and the assumptions behind it.

use super::campaign::manifest::{AxisEntry, CampaignManifest};
use super::document::{Part, Section, Table};
use super::manifest::{Input, Manifest};
use super::text::count;
use crate::device::profiles::Profile;

/// The last section of every report. Nothing of the machine or the day is in it.
pub fn section(manifest: &Manifest, resolved: &str) -> Section {
    let mut rows: Vec<(&str, String)> = vec![
        ("command", manifest.command.clone()),
        ("scenario", manifest.scenario.clone()),
        ("run id", manifest.run_id.clone()),
        ("seed", manifest.seed.to_string()),
        ("random numbers", manifest.rng.clone()),
        ("changes with --set", if manifest.set.is_empty() { "none".into() } else { manifest.set.join(", ") }),
        ("tool", format!("{} {}", manifest.tool, manifest.tool_version)),
        ("model version", manifest.model_version.to_string()),
        ("commit", commit(&manifest.git_commit, manifest.git_dirty)),
        ("SHA-256 of the scenario", manifest.scenario_sha256.clone()),
        ("SHA-256 of its resolved form", manifest.resolved_sha256.clone()),
        ("fingerprint", manifest.fingerprint.clone()),
    ];
    rows.extend(manifest.inputs.iter().map(input));
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let text = "The same scenario, seed and model version give the same bytes on every machine.";
    made_from(text, vec![Table::new("Made from what, by what", &["what", "value"], rows)], resolved)
}

/// The last section of the report of a campaign; `resolved` is the scenario of its first point.
pub fn of_campaign(manifest: &CampaignManifest, resolved: &str) -> Section {
    let mut rows: Vec<(&str, String)> = vec![
        ("command", "campaign".to_owned()),
        ("campaign", manifest.name.clone()),
        ("campaign id", manifest.campaign_id.clone()),
        ("seed", manifest.seed.to_string()),
        ("replications", count(manifest.replications)),
        ("random numbers", manifest.rng.clone()),
        ("tool", format!("{} {}", manifest.tool, manifest.tool_version)),
        ("model version", manifest.model_version.to_string()),
        ("commit", commit(&manifest.git_commit, manifest.git_dirty)),
        ("SHA-256 of the campaign", manifest.campaign_sha256.clone()),
        (
            "SHA-256 of the first point's scenario",
            manifest.points.first().map_or("-".into(), |it| it.scenario_sha256.clone()),
        ),
        ("SHA-256 of the canary", manifest.canary.scenario_sha256.clone()),
    ];
    rows.extend(manifest.inputs.iter().map(input));
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let axis = |axis: &AxisEntry| vec![axis.name.clone(), axis.keys.join(", "), axis.levels.join(" | ")];
    let axes = manifest.axes.iter().map(axis).collect();
    let tables = vec![
        Table::new("Made from what, by what", &["what", "value"], rows),
        Table::new("Axes", &["axis", "keys of the scenario", "values"], axes).shortened("manifest.json"),
    ];
    let text = "The same campaign, seed and model version give the same rows on every machine, for any number of threads and \
                shards. The scenario of every point stands beside the results, resolved.";
    made_from(text, tables, resolved)
}

fn made_from(text: &str, tables: Vec<Table>, resolved: &str) -> Section {
    let tables = tables.into_iter().map(Part::Folded);
    let parts = [Part::Text(text.into())].into_iter().chain(tables).chain([assumptions(resolved)]).collect();
    Section { id: "provenance", heading: "Provenance", parts }
}

fn commit(commit: &str, dirty: Option<bool>) -> String {
    if dirty == Some(true) { format!("{commit} with changes") } else { commit.to_owned() }
}

fn input(input: &Input) -> (&'static str, String) {
    ("input", format!("{}, {} bytes, SHA-256 {}", input.name, count(input.bytes), input.sha256))
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
