//! Campaigns: one scenario, the values that are changed in it, and how often each combination is run.
//!
//! A *point* is one combination of levels, one from each axis; a *replication* is one seed, the same for all points. Every
//! campaign has one point more, its *canary*: a scenario that must fail. A campaign in which it passes proves nothing,
//! because then nobody knows whether its checks can fail at all (HAZARDS 13.7).

mod check;
pub mod keys;
pub mod names;
mod raw;

pub use check::{MOST_POINTS, MOST_RUNS};
pub use names::{Keep, Measure};

use std::collections::BTreeMap;

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Diagnostics, Place, SourceText};
use super::document;
use super::examples::Example;
use super::form::Form;
use super::shape::Shape;
use super::source::{Files, Source};
use super::{Loaded, Overrides, load};
use crate::kernel::Span;
use crate::vocab::Invariant;

/// The form of a campaign file.
pub fn form() -> Form {
    raw::RawCampaign::form()
}

/// The campaign that is run when none is named.
pub const DEFAULT: &str = include_str!("../../../scenarios/campaigns/four-methods.toml");
/// What it names.
const FILES: &[(&str, &[u8])] =
    &[("four-methods-base.toml", include_bytes!("../../../scenarios/campaigns/four-methods-base.toml"))];

/// What a campaign file says, with every value legal.
#[derive(Clone, Debug)]
pub struct Campaign {
    pub name: String,
    pub title: String,
    pub scenario: Named,
    /// Changes to the scenario that hold for every point, as `--set` takes them.
    pub set: Vec<String>,
    pub seed: u64,
    /// With a stopping rule, at most so many.
    pub replications: u64,
    pub axes: Vec<Axis>,
    pub compare: Option<Compare>,
    pub measures: Vec<Measure>,
    /// Of the intervals, in parts per million.
    pub level_ppm: u32,
    pub stop: Option<Stop>,
    /// Of steady-state estimates: requests that were issued before are left out. Nothing when none are wanted.
    pub warm_up: Option<Span>,
    pub keep: Keep,
    /// A run that has more is cut and counts as inconclusive.
    pub events_per_run: u64,
    pub canary: Named,
    pub canary_set: Vec<String>,
    pub allowed: Vec<Allowed>,
}

/// A scenario by the name of its file, relative to the campaign, or by that of a shipped one.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    /// Nothing when it is a default.
    pub place: Option<Place>,
}

/// Keys of the scenario that change together, and what they become.
#[derive(Clone, Debug)]
pub struct Axis {
    pub name: String,
    pub keys: Vec<String>,
    pub levels: Vec<Level>,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub struct Level {
    /// Its values without quotes, several with a comma between.
    pub label: String,
    /// One for each key, as TOML writes it.
    pub values: Vec<String>,
    pub place: Place,
}

/// Whose levels are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compare {
    pub axis: usize,
    /// The level that all others are compared with; without it every pair is compared.
    pub against: Option<usize>,
}

/// When enough replications were made: the interval of `measure` is narrow enough at every point where it is above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub measure: Measure,
    pub relative_half_width_ppm: u32,
    pub at_least: u64,
    pub at_most: u64,
}

/// What may be violated at the points that have one of these levels, or at all points.
#[derive(Clone, Debug)]
pub struct Allowed {
    pub levels: Vec<String>,
    pub violates: Vec<Invariant>,
    pub because: String,
}

/// One combination of levels with its scenario.
#[derive(Clone, Debug)]
pub struct Point {
    /// One for each axis.
    pub levels: Vec<usize>,
    /// The options `--set` that make it.
    pub set: Vec<String>,
    pub scenario: Loaded,
}

/// A campaign with every scenario of it, all valid.
#[derive(Clone, Debug)]
pub struct LoadedCampaign {
    pub campaign: Campaign,
    pub points: Vec<Point>,
    pub canary: Loaded,
    /// The file as given.
    pub text: Vec<u8>,
    /// Where the scenario, and what it names, is read from.
    pub base: Source,
}

/// What the command line changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub seed: Option<u64>,
    pub replications: Option<u64>,
    pub set: Vec<String>,
}

impl Level {
    fn new(values: Vec<String>, place: &Place) -> Level {
        let plain: Vec<&str> = values.iter().map(|value| value.trim_matches('"')).collect();
        Level { label: plain.join(", "), values, place: place.clone() }
    }
}

impl Axis {
    fn set(&self, level: usize) -> impl Iterator<Item = String> + '_ {
        self.keys.iter().zip(&self.levels[level].values).map(|(key, value)| format!("{key}={value}"))
    }
}

impl Campaign {
    /// The levels of every point; the last axis changes fastest.
    pub fn combinations(&self) -> Vec<Vec<usize>> {
        self.axes.iter().fold(vec![Vec::new()], |points, axis| {
            let with = |point: &Vec<usize>, level: usize| point.iter().copied().chain([level]).collect();
            points.iter().flat_map(|point| (0..axis.levels.len()).map(move |level| with(point, level))).collect()
        })
    }

    fn set_of(&self, levels: &[usize]) -> Vec<String> {
        let of_axes = self.axes.iter().zip(levels).flat_map(|(axis, &level)| axis.set(level));
        self.set.iter().cloned().chain(of_axes).collect()
    }
}

/// The shipped campaign.
pub fn shipped() -> Source {
    Source::Embedded { name: "four-methods.toml".into(), text: DEFAULT.into(), files: FILES }
}

/// Reads and checks a campaign and every scenario that it makes.
///
/// # Errors
/// Everything that is wrong with the file; or, where nothing is, with the scenarios.
pub fn load_campaign(source: &Source, changes: &Changes) -> Result<LoadedCampaign, Diagnostics> {
    let mut sources = vec![SourceText { name: source.name(), text: String::new() }];
    let text = source.bytes().and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()));
    let text = match text {
        Ok(text) => text,
        Err(reason) => {
            let message = format!("`{}` cannot be read: {reason}", sources[0].name);
            let help = "give the path of a campaign file; without one the built-in campaign is run";
            let problem = Diagnostic::error(Code::CampaignUnreadable, message).help(help);
            return Err(Diagnostics::new(sources, vec![problem]));
        }
    };
    sources[0].text.clone_from(&text);
    let document = match document::parse(&text, 0) {
        Ok(document) => document,
        Err(problems) => return Err(Diagnostics::new(sources, problems)),
    };
    let mut problems = Vec::new();
    let raw = raw::RawCampaign::read(&document, "", &mut problems).unwrap_or_default();
    let campaign = check::check(&raw, &source.stem(), &mut problems).map(|campaign| changed(campaign, changes));
    if changes.replications.is_some() {
        campaign.iter().for_each(|campaign| campaign.bound(None, &mut problems));
    }
    let Some(campaign) = campaign.filter(|_| problems.is_empty()) else {
        return Err(Diagnostics::new(sources, problems));
    };
    if let Some(found) = bad_changes(&campaign, changes, source) {
        return Err(found);
    }
    match scenarios(&campaign, source) {
        Ok((base, points, canary)) => Ok(LoadedCampaign { campaign, points, canary, text: text.into_bytes(), base }),
        Err(problems) => Err(Diagnostics::new(sources, problems)),
    }
}

fn changed(mut campaign: Campaign, changes: &Changes) -> Campaign {
    campaign.seed = changes.seed.unwrap_or(campaign.seed);
    campaign.replications = changes.replications.unwrap_or(campaign.replications);
    campaign.set.extend(changes.set.iter().cloned());
    campaign
}

/// What is wrong with the changes of the command line, where the scenario is valid without them: then the campaign is not
/// to blame.
fn bad_changes(campaign: &Campaign, changes: &Changes, source: &Source) -> Option<Diagnostics> {
    let base = sibling(source, &campaign.scenario.name);
    let with = |set: &[String]| load(&base, &Overrides { set: set.to_vec(), ..Overrides::default() });
    let own = campaign.set.len() - changes.set.len();
    if changes.set.is_empty() || with(&campaign.set[..own]).is_err() {
        return None;
    }
    with(&campaign.set).err()
}

type Scenarios = (Source, Vec<Point>, Loaded);

fn scenarios(campaign: &Campaign, source: &Source) -> Result<Scenarios, Vec<Diagnostic>> {
    let overrides = |set: Vec<String>| Overrides { set, ..Overrides::default() };
    let of = |named: &Named, set: &[String]| -> Result<(Source, Loaded), Vec<Diagnostic>> {
        let source = sibling(source, &named.name);
        match load(&source, &overrides(set.to_vec())) {
            Ok(loaded) => Ok((source, loaded)),
            Err(found) => Err(vec![invalid(named, &found)]),
        }
    };
    let base = of(&campaign.scenario, &campaign.set);
    let canary = of(&campaign.canary, &campaign.canary_set);
    let (base, (_, canary)) = match (base, canary) {
        (Ok((base, _)), Ok(canary)) => (base, canary),
        (base, canary) => return Err(base.err().into_iter().chain(canary.err()).flatten().collect()),
    };
    let mut points = Vec::new();
    for levels in campaign.combinations() {
        let set = campaign.set_of(&levels);
        match load(&base, &overrides(set.clone())) {
            Ok(scenario) => points.push(Point { levels, set, scenario }),
            Err(found) => {
                // The fault may be that of one value alone; then every such value is told.
                let single = single_levels(campaign, &base);
                if !single.is_empty() {
                    return Err(single);
                }
                let last = campaign.axes.last().expect("a campaign without axes has its base alone");
                let place = &last.levels[*levels.last().expect("one for each axis")].place;
                return Err(vec![bad_level(&set.join(" and "), place, &found)]);
            }
        }
    }
    let same = same_points(campaign, &points);
    if same.is_empty() { Ok((base, points, canary)) } else { Err(same) }
}

/// Values that make the same scenario as an earlier one of their axis, in whatever words.
fn same_points(campaign: &Campaign, points: &[Point]) -> Vec<Diagnostic> {
    let mut known: BTreeMap<&str, &Point> = BTreeMap::new();
    let mut told = Vec::new();
    let mut problems = Vec::new();
    for point in points {
        let first = *known.entry(&point.scenario.resolved).or_insert(point);
        let differ = |place: &usize| first.levels[*place] != point.levels[*place];
        let Some(axis) = (0..campaign.axes.len()).find(differ) else { continue };
        let [one, other] = [first, point].map(|point| &campaign.axes[axis].levels[point.levels[axis]]);
        if told.contains(&(axis, point.levels[axis])) {
            continue;
        }
        told.push((axis, point.levels[axis]));
        let what = format!(
            "`{}` and `{}` of the axis `{}` make one scenario",
            one.label, other.label, campaign.axes[axis].name
        );
        let problem = Diagnostic::error(Code::SameAxis, what).at(&other.place, "the same again");
        problems.push(
            problem.related(&one.place, "first used here").help("list every value once, in one way of writing it"),
        );
    }
    problems
}

/// What is wrong with single levels, each tried in the scenario as it is.
fn single_levels(campaign: &Campaign, base: &Source) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for axis in &campaign.axes {
        for (number, level) in axis.levels.iter().enumerate() {
            let own: Vec<String> = axis.set(number).collect();
            let set = campaign.set.iter().chain(&own).cloned().collect();
            if let Err(found) = load(base, &Overrides { set, ..Overrides::default() }) {
                problems.push(bad_level(&own.join(" and "), &level.place, &found));
            }
        }
    }
    problems
}

fn bad_level(set: &str, place: &Place, found: &Diagnostics) -> Diagnostic {
    let first = &found.list[0];
    let problem = Diagnostic::error(Code::BadLevel, format!("the scenario is not valid with {set}: {}", first.message));
    let problem = problem.at(place, if first.label.is_empty() { "this value" } else { &first.label });
    match &first.help {
        Some(help) => problem.help(help.clone()),
        None => problem,
    }
}

fn invalid(named: &Named, found: &Diagnostics) -> Diagnostic {
    let first = &found.list[0];
    let problem = Diagnostic::error(Code::BaseInvalid, format!("`{}` cannot be used: {}", named.name, first.message));
    let problem = match &named.place {
        Some(place) => problem.at(place, "this scenario"),
        None => problem,
    };
    let check = format!("`tiersim check {}` tells all that is wrong with it", named.name);
    problem.help(first.help.clone().unwrap_or(check))
}

/// A file beside the campaign, or where there is none the shipped scenario of that name.
fn sibling(campaign: &Source, name: &str) -> Source {
    match campaign {
        Source::Path(path) => {
            let beside = path.parent().unwrap_or(std::path::Path::new("")).join(name);
            let shipped = Example::find(name).filter(|_| !beside.exists());
            shipped.map_or(Source::Path(beside), Example::source)
        }
        Source::Embedded { files, .. } => match (campaign.read(name, 1 << 20).ok(), Example::find(name)) {
            (Some(bytes), _) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Source::Embedded { name: name.to_owned(), text, files }
            }
            (None, Some(example)) => example.source(),
            (None, None) => Source::Path(name.into()),
        },
    }
}
