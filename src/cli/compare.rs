//! `tiersim compare`: the points of one campaign beside each other, or the equal points of several, in pairs of runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::campaign::args::CompareArgs;
use super::campaign::refused;
use super::console::Console;
use super::exit::Exit;
use crate::campaign::sweep::Row;
use crate::report::campaign::comparison::{Family, Pair, family};
use crate::report::campaign::differences;
use crate::report::campaign::directory::{CampaignDirectory, CampaignError};
use crate::report::campaign::manifest::CampaignManifest;
use crate::report::campaign::summary::{complete, pairs_of};
use crate::report::json;
use crate::scenario::campaign::Measure;

pub const SCHEMA: &str = "tiersim/comparison/1";

#[derive(Debug, serde::Serialize)]
struct Comparison {
    schema: &'static str,
    campaigns: Vec<String>,
    level: f64,
    /// What the scenarios of other campaigns have differently, at the first point that is compared.
    settings: Vec<Setting>,
    families: Vec<Family>,
}

/// A key of a scenario with its value in two campaigns, as TOML writes them; nothing where it is not there.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
struct Setting {
    campaign: String,
    key: String,
    first: Option<String>,
    second: Option<String>,
}

pub fn run(args: &CompareArgs, console: &mut Console) -> Exit {
    let opened: Result<Vec<(CampaignManifest, Vec<Row>)>, CampaignError> =
        args.directories.iter().map(|path| read(path)).collect();
    let campaigns = match opened {
        Ok(campaigns) => campaigns,
        Err(error) => return refused(&error, console),
    };
    let (first, _) = &campaigns[0];
    let level = args.confidence.unwrap_or(first.level());
    let named = first.measures.iter().filter_map(|name| Measure::parse(name)).collect();
    let measures: Vec<Measure> = if args.metric.is_empty() { named } else { args.metric.clone() };
    let (pairs, rows) = match &campaigns[..] {
        [(manifest, rows)] => (pairs_of(manifest), by_point(manifest, rows)),
        several => match across(several, &args.directories) {
            Ok(found) => found,
            Err(reason) => {
                console.error(&format!("error: {reason}"));
                return Exit::Usage;
            }
        },
    };
    if rows.iter().all(Vec::is_empty) {
        console
            .error("error: no replication has all of its runs yet; run the campaign first: tiersim campaign run DIR");
        return Exit::Unmet;
    }
    if pairs.is_empty() {
        console.error("error: the campaign has no two points to compare; give it an axis with two values");
        return Exit::Usage;
    }
    let families: Vec<Family> = measures.iter().map(|&measure| family(measure, &pairs, &rows, level)).collect();
    let names = campaigns.iter().map(|(manifest, _)| manifest.default_directory());
    let settings = settings(&campaigns, &args.directories, &pairs);
    let comparison = Comparison { schema: SCHEMA, campaigns: names.collect(), level, settings, families };
    match console.json() {
        true => console.result(&json::document(&comparison)),
        false => {
            let shown = differences::comparisons(&comparison.families, console.style().width);
            let head = format!("{} at {} %\n", comparison.campaigns.join(" and "), level * 100.0);
            let settings = told(&comparison.settings, campaigns.len());
            console.result(format!("{head}{settings}{shown}").as_bytes());
        }
    }
    Exit::Held
}

/// So many differences of the scenarios are told.
const SETTINGS: usize = 8;

fn told(settings: &[Setting], campaigns: usize) -> String {
    if campaigns < 2 {
        return String::new();
    }
    if settings.is_empty() {
        return "\nTheir scenarios are the same\n".to_owned();
    }
    let mut text = "\nTheir scenarios differ, at the first point of each\n".to_owned();
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".to_owned());
    for it in settings.iter().take(SETTINGS) {
        text += &format!("  {} in {}: {}, first {}\n", it.key, it.campaign, value(&it.second), value(&it.first));
    }
    if settings.len() > SETTINGS {
        text += &format!("  and {} more, with --json\n", settings.len() - SETTINGS);
    }
    text
}

/// What the scenarios of the first pair of each other campaign have differently. A scenario that cannot be read says
/// nothing here: whoever runs its campaign hears of it.
fn settings(campaigns: &[(CampaignManifest, Vec<Row>)], paths: &[PathBuf], pairs: &[Pair]) -> Vec<Setting> {
    let scenario = |place: usize, point: usize| {
        let entry = campaigns[place].0.points.get(point)?;
        let text = std::fs::read_to_string(paths[place].join(&entry.scenario)).ok()?;
        crate::scenario::settings(&text)
    };
    let mut found = Vec::new();
    let mut offset = campaigns[0].0.points.len();
    for (place, (other, _)) in campaigns.iter().enumerate().skip(1) {
        let own = offset..offset + other.points.len();
        offset = own.end;
        let Some(pair) = pairs.iter().find(|pair| own.contains(&pair.second.1)) else { continue };
        let both = scenario(0, pair.first.1).zip(scenario(place, pair.second.1 - own.start));
        let Some((first, second)) = both else { continue };
        let keys: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
        found.extend(keys.into_iter().filter(|&key| first.get(key) != second.get(key)).map(|key| Setting {
            campaign: paths[place].display().to_string(),
            key: key.clone(),
            first: first.get(key).cloned(),
            second: second.get(key).cloned(),
        }));
    }
    found
}

/// The rows of all complete replications.
fn read(path: &Path) -> Result<(CampaignManifest, Vec<Row>), CampaignError> {
    let directory = CampaignDirectory::open(path, true)?;
    let mut rows = directory.collect(0..directory.manifest.blocks().count())?.rows;
    let whole = complete(&directory.manifest, &rows);
    rows.retain(|row| row.replication < whole);
    Ok((directory.manifest, rows))
}

fn by_point<'r>(manifest: &CampaignManifest, rows: &'r [Row]) -> Vec<Vec<&'r Row>> {
    (0..manifest.points.len()).map(|point| rows.iter().filter(|row| row.point == point).collect()).collect()
}

type Across<'r> = (Vec<Pair>, Vec<Vec<&'r Row>>);

/// Every point of the first campaign with the points of the others that have the same levels.
fn across<'r>(campaigns: &'r [(CampaignManifest, Vec<Row>)], paths: &[PathBuf]) -> Result<Across<'r>, String> {
    let name = |place: usize| paths[place].display().to_string();
    let (first, first_rows) = &campaigns[0];
    let (mut pairs, mut rows) = (Vec::new(), by_point(first, first_rows));
    for (place, (other, other_rows)) in campaigns.iter().enumerate().skip(1) {
        if other.model_version != first.model_version {
            return Err(format!("{} is of another model version, and results of two models do not mix", name(place)));
        }
        if other.seed != first.seed {
            return Err(format!(
                "{} has the seed {} and {} the seed {}: their runs have no chance in common; plan one of them with the seed of \
                 the other",
                name(place),
                other.seed,
                name(0),
                first.seed
            ));
        }
        let offset = rows.len();
        rows.extend(by_point(other, other_rows));
        for point in 0..first.points.len() {
            let labels = first.labels(point);
            if let Some(same) = (0..other.points.len()).find(|&it| other.labels(it) == labels) {
                pairs.push(Pair {
                    within: labels.join(", "),
                    first: (name(0), point),
                    second: (name(place), offset + same),
                });
            }
        }
    }
    match pairs.is_empty() {
        true => Err("no point of the first campaign has the same values as one of another".to_owned()),
        false => Ok((pairs, rows)),
    }
}
