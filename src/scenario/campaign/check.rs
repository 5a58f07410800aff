//! From what a campaign file says to what it means, or to everything that is wrong with it.

use super::super::catalogue::Code;
use super::super::check::list;
use super::super::diagnostic::{Diagnostic, Place, suggestion};
use super::super::shape::{Given, out_of_range};
use super::names::{Keep, Measure};
use super::raw::{Entry, RawAxis, RawCampaign, RawRange};
use super::{Allowed, Axis, Campaign, Compare, Level, Named, Stop};
use crate::kernel::Span;

/// Runs of a campaign, canary included: their rows are held in memory when they are merged, 300 bytes each (A).
pub const MOST_RUNS: u64 = 2_000_000;
/// Combinations of levels: each is a scenario of its own on disk (A).
pub const MOST_POINTS: u64 = 10_000;
/// Without a word, as many replications as give a share of one half to 10 % (A).
const REPLICATIONS: u64 = 100;
const LEVEL_PPM: u32 = 950_000;
/// Coverage of a sequential interval is known from here on (STATISTICS 4).
const LEAST_REPLICATIONS: u64 = 30;
/// What a run that never ends is cut at (A): a minute of computing.
const EVENTS_PER_RUN: u64 = 100_000_000;
/// The canary of a campaign that names none: two volumes of one ID, by the method that the invention replaces.
const CANARY: &str = "same-id-crash-before-offline";
const CANARY_SET: [&str; 3] = ["volume[0].cylinders=1", "volume[1].cylinders=1", "volume[2].cylinders=1"];
/// What is estimated when nothing is named.
const MEASURES: [Measure; 13] = [
    Measure::LostWrite,
    Measure::WrongCopy,
    Measure::Confusion,
    Measure::FalseSuccess,
    Measure::Stuck,
    Measure::BackupFailed,
    Measure::Availability,
    Measure::LatencyCost,
    Measure::WritesHeld,
    Measure::BackupWindow,
    Measure::RecoveryTime,
    Measure::OperatorTime,
    Measure::TapeTime,
];

/// The campaign; it counts only when `problems` holds no error afterwards.
pub fn check(raw: &RawCampaign, stem: &str, problems: &mut Vec<Diagnostic>) -> Option<Campaign> {
    let axes: Vec<Axis> = list(&raw.axis).iter().filter_map(|entry| axis(&entry.value, entry, problems)).collect();
    if axes.len() == list(&raw.axis).len() {
        same_names(&axes, problems);
    }
    if raw.scenario.is_none() && !problems.iter().any(|problem| problem.path == "scenario") {
        let problem = Diagnostic::error(Code::MissingKey, "a campaign needs `scenario`")
            .path("scenario")
            .help("add `scenario = \"FILE.toml\"`, relative to the campaign, or the name of a shipped scenario");
        problems.push(problem);
    }
    let compare = compare(raw, &axes, problems);
    let stop = stop(raw, problems);
    for (place, given) in list(&raw.measures).iter().enumerate() {
        if list(&raw.measures)[..place].iter().any(|earlier| earlier.value == given.value) {
            let problem = Diagnostic::error(Code::SameAxis, format!("`{}` is listed twice", given.value.name()));
            problems.push(problem.at(&given.place, "listed again").path(given.path.clone()).help("list it once"));
        }
    }
    for given in list(&raw.set).iter().filter(|set| set.value.split('=').next().is_some_and(|key| key.trim() == SEED)) {
        let problem = Diagnostic::error(Code::BadAxis, "`set` cannot change the seed of a run");
        let help = "a run has the seed of its replication: give the campaign another `seed`";
        problems.push(problem.at(&given.place, "no key of a campaign").path(given.path.clone()).help(help));
    }
    let replications = match (&raw.replications, &stop) {
        (Some(given), _) => at_least_one(given, problems),
        (None, Some(stop)) => stop.at_most,
        (None, None) => REPLICATIONS,
    };
    let level_ppm = level(raw, problems);
    let canary = raw.canary.as_ref().map(|canary| &canary.value);
    let shipped_canary = canary.is_none_or(|canary| canary.scenario.is_none());
    let canary_set: Vec<String> = texts(canary.and_then(|canary| canary.set.as_ref()));
    let events_per_run = raw.events_per_run.as_ref().map_or(EVENTS_PER_RUN, |given| at_least_one(given, problems));
    let scenario = raw.scenario.as_ref()?;
    let campaign = Campaign {
        name: name(raw, stem, problems),
        title: raw.title.as_ref().map_or_else(String::new, |title| title.value.clone()),
        scenario: Named { name: scenario.value.clone(), place: Some(scenario.place.clone()) },
        set: texts(raw.set.as_ref()),
        seed: raw.seed.as_ref().map_or(1, |seed| seed.value),
        replications,
        canary: Named {
            name: canary.and_then(|it| it.scenario.as_ref()).map_or(CANARY.to_owned(), |it| it.value.clone()),
            place: canary.and_then(|it| it.scenario.as_ref()).map(|it| it.place.clone()),
        },
        canary_set: match shipped_canary && canary_set.is_empty() {
            true => CANARY_SET.map(str::to_owned).to_vec(),
            false => canary_set,
        },
        compare,
        measures: match list(&raw.measures) {
            [] => MEASURES.to_vec(),
            named => named.iter().map(|measure| measure.value).collect(),
        },
        level_ppm,
        stop,
        warm_up: raw.steady_state.as_ref().map(|it| it.value.warm_up.as_ref().map_or(Span::ZERO, |given| given.value)),
        keep: raw.keep.as_ref().map_or(Keep::Violations, |keep| keep.value),
        events_per_run,
        allowed: allowed(raw, &axes, problems),
        axes,
    };
    campaign.bound(raw.replications.as_ref().map(|given| &given.place), problems);
    Some(campaign)
}

impl Campaign {
    /// Reports what is more than the program holds.
    pub fn bound(&self, place: Option<&Place>, problems: &mut Vec<Diagnostic>) {
        let points = self.axes.iter().try_fold(1_u64, |product, axis| product.checked_mul(axis.levels.len() as u64));
        let runs = points.and_then(|points| points.checked_add(1)?.checked_mul(self.replications));
        let (what, limit) = match (points, runs) {
            (Some(..=MOST_POINTS), Some(..=MOST_RUNS)) => return,
            (Some(..=MOST_POINTS), _) => ("runs, its canary included", MOST_RUNS),
            _ => ("points", MOST_POINTS),
        };
        let problem = Diagnostic::error(Code::TooManyRuns, format!("the campaign has more than {limit} {what}"));
        let problem = match place {
            Some(place) => problem.at(place, "so many times every point"),
            None => problem,
        };
        let help = "ask for fewer replications or levels; campaigns of other seeds can be made beside it";
        problems.push(problem.path("replications").help(help));
    }
}

fn texts(given: Option<&Given<Vec<Given<String>>>>) -> Vec<String> {
    given.map_or_else(Vec::new, |list| list.value.iter().map(|text| text.value.clone()).collect())
}

fn at_least_one(given: &Given<u64>, problems: &mut Vec<Diagnostic>) -> u64 {
    if given.value == 0 {
        problems.push(out_of_range(&given.place, &given.path, "at least 1"));
    }
    given.value
}

fn name(raw: &RawCampaign, stem: &str, problems: &mut Vec<Diagnostic>) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let Some(given) = &raw.name else {
        let name: String = stem.chars().map(|c| if legal(c) { c } else { '-' }).take(100).collect();
        return if name.is_empty() || name.starts_with('.') { format!("campaign{name}") } else { name };
    };
    let fits = (1..=100).contains(&given.value.len()) && given.value.chars().all(legal);
    if !fits || given.value.starts_with('.') {
        let problem = Diagnostic::error(Code::BadName, format!("`{}` cannot name a campaign", given.value))
            .at(&given.place, "expected 1 to 100 letters, digits, `-`, `_` or `.`")
            .path("name")
            .help("the name becomes part of file names; put free text into `title`");
        problems.push(problem);
    }
    given.value.clone()
}

fn level(raw: &RawCampaign, problems: &mut Vec<Diagnostic>) -> u32 {
    let Some(given) = &raw.level else { return LEVEL_PPM };
    let ppm = given.value.0;
    if !(500_000..=999_900).contains(&ppm) {
        problems.push(out_of_range(&given.place, &given.path, "between 50 % and 99.99 %"));
    }
    ppm
}

fn axis<T>(raw: &RawAxis, entry: &Given<T>, problems: &mut Vec<Diagnostic>) -> Option<Axis> {
    let refuse = |problems: &mut Vec<Diagnostic>, place: &Place, label: &str, help: &str| {
        let problem = Diagnostic::error(Code::BadAxis, format!("`{}` is no axis", entry.path)).at(place, label);
        problems.push(problem.path(entry.path.clone()).help(help.to_owned()));
    };
    let keys = match (&raw.key, &raw.keys) {
        (Some(key), None) => vec![key.value.clone()],
        (None, Some(keys)) if !keys.value.is_empty() => keys.value.iter().map(|key| key.value.clone()).collect(),
        (Some(_), Some(keys)) => {
            refuse(problems, &keys.place, "and several keys here", "keep one of `key` and `keys`");
            return None;
        }
        _ => {
            let help = "name the key that it changes, as in `key = \"backup[0].method\"`, or several with `keys`";
            refuse(problems, &entry.place, "no key", help);
            return None;
        }
    };
    let levels = match (&raw.values, &raw.range) {
        (Some(values), None) if !values.value.is_empty() => {
            let wrong = values.value.iter().find(|it| it.value.0.len() != keys.len());
            if let Some(wrong) = wrong {
                let (values, keys) = (wrong.value.0.len(), keys.len());
                let of =
                    |number: usize, noun| if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") };
                let label = format!("{} for {}", of(values, "value"), of(keys, "key"));
                refuse(problems, &wrong.place, &label, "give every entry one value for each key");
                return None;
            }
            values.value.iter().map(level_of).collect()
        }
        (None, Some(range)) if keys.len() == 1 => match range_of(&range.value) {
            Some(values) => values.into_iter().map(|value| Level::new(vec![value], &range.place)).collect(),
            None => {
                let help = "as in `range = { from = 2, to = 10, step = 2, unit = \"/s\" }`: whole numbers with `step` 1 or \
                            more, `from` no more than `to`, and at most 1000 values; list others as `values`";
                let label = if is_long(&range.value) { "more than 1000 values" } else { "no values" };
                refuse(problems, &range.place, label, help);
                return None;
            }
        },
        (_, Some(range)) => {
            refuse(
                problems,
                &range.place,
                "a range here",
                "a range is for one key and stands in the place of `values`",
            );
            return None;
        }
        (values, None) => {
            let place = values.as_ref().map_or(&entry.place, |values| &values.place);
            refuse(problems, place, "no values", "list them, as in `values = [4, 8]`");
            return None;
        }
    };
    if keys.iter().any(|key| key == SEED) {
        let place = raw.key.as_ref().map_or(&entry.place, |key| &key.place);
        let help = "a run has the seed of its replication, whatever its scenario says: ask for more `replications`, or \
                    plan a campaign with another `seed`";
        refuse(problems, place, "the seed is no axis", help);
        return None;
    }
    let last = keys[0].rsplit('.').next().unwrap_or_default();
    let name = raw.name.as_ref().map_or_else(|| last.to_owned(), |name| name.value.clone());
    if !is_printable(&name) {
        let place = raw.name.as_ref().map_or(&entry.place, |name| &name.place);
        let problem = Diagnostic::error(Code::AxisName, format!("`{}` cannot name an axis", name.escape_debug()));
        let help = "the name heads tables and a column of `runs.csv`; take a short word, as in `name = \"load\"`";
        problems.push(problem.at(place, NAMES).path(format!("{}.name", entry.path)).help(help));
    }
    Some(Axis { name, keys, levels, place: entry.place.clone() })
}

fn level_of(entry: &Given<Entry>) -> Level {
    Level::new(entry.value.0.clone(), &entry.place)
}

/// The values of a range as TOML writes them; nothing when there are none, or too many.
fn range_of(raw: &RawRange) -> Option<Vec<String>> {
    let (from, to) = (raw.from.as_ref()?.value, raw.to.as_ref()?.value);
    let step = raw.step.as_ref().map_or(1, |step| step.value);
    if step == 0 || from > to || (to - from) / step >= 1_000 {
        return None;
    }
    let unit = raw.unit.as_ref().map(|unit| unit.value.trim());
    let value = |number: u64| match unit {
        Some(unit) => format!("\"{number} {unit}\""),
        None => number.to_string(),
    };
    Some((0..=(to - from) / step).map(|place| value(from + place * step)).collect())
}

/// The key that no axis may change.
const SEED: &str = "seed";
const NAMES: &str = "expected 1 to 60 letters, digits, spaces or `_-.:/()[]%`";

/// Whether a name can stand in tables and files as it is.
fn is_printable(name: &str) -> bool {
    let legal = |c: char| c.is_alphanumeric() || " _-.:/()[]%".contains(c);
    (1..=60).contains(&name.chars().count()) && name.chars().all(legal) && name.trim() == name
}

/// Whether a range has values, and too many.
fn is_long(raw: &RawRange) -> bool {
    let step = raw.step.as_ref().map_or(1, |step| step.value);
    raw.from.as_ref().zip(raw.to.as_ref()).is_some_and(|(from, to)| step > 0 && from.value <= to.value)
}

fn same_names(axes: &[Axis], problems: &mut Vec<Diagnostic>) {
    let mut same = |place: &Place, what: String, other: &Place| {
        let problem = Diagnostic::error(Code::SameAxis, what).at(place, "used again").related(other, "first used here");
        let help = "give every axis a `name` and keys of its own, and list every value once";
        problems.push(problem.help(help));
    };
    for (number, axis) in axes.iter().enumerate() {
        if let Some(first) = axes[..number].iter().find(|earlier| earlier.name == axis.name) {
            same(&axis.place, format!("two axes are called `{}`", axis.name), &first.place);
        }
        for (place, key) in axis.keys.iter().enumerate() {
            let earlier = || axes[..number].iter().find(|earlier| earlier.keys.contains(key));
            if axis.keys[..place].contains(key) {
                same(&axis.place, format!("axis `{}` changes `{key}` twice", axis.name), &axis.place);
            } else if let Some(first) = earlier() {
                same(&axis.place, format!("two axes change `{key}`"), &first.place);
            }
        }
        for (place, level) in axis.levels.iter().enumerate() {
            if let Some(first) = axis.levels[..place].iter().find(|earlier| earlier.label == level.label) {
                same(&level.place, format!("axis `{}` has `{}` twice", axis.name, level.label), &first.place);
            }
        }
    }
}

/// `nouns` is what is looked for, one and several of it.
fn unknown(given: &Given<String>, known: &[&str], (noun, nouns): (&str, &str), problems: &mut Vec<Diagnostic>) {
    let problem = Diagnostic::error(Code::UnknownAxis, format!("no {noun} is called `{}`", given.value))
        .at(&given.place, format!("unknown {noun}"))
        .path(given.path.clone());
    problems.push(problem.help(suggestion(&given.value, known, nouns)));
}

/// The axis whose levels are compared: the one that is named, else the first with several levels.
fn compare(raw: &RawCampaign, axes: &[Axis], problems: &mut Vec<Diagnostic>) -> Option<Compare> {
    let several = axes.iter().position(|axis| axis.levels.len() > 1);
    let Some(raw) = raw.compare.as_ref().map(|given| &given.value) else {
        return several.map(|axis| Compare { axis, against: None });
    };
    let axis = match &raw.axis {
        None => several?,
        Some(given) => match axes.iter().position(|axis| axis.name == given.value) {
            Some(axis) => axis,
            None => {
                let known: Vec<&str> = axes.iter().map(|axis| &axis.name[..]).collect();
                unknown(given, &known, ("axis", "axes"), problems);
                return None;
            }
        },
    };
    let levels: Vec<&str> = axes[axis].levels.iter().map(|level| &level.label[..]).collect();
    let against = raw.against.as_ref().and_then(|given| {
        let found = levels.iter().position(|level| *level == given.value);
        if found.is_none() {
            unknown(given, &levels, ("value of the axis", "values"), problems);
        }
        found
    });
    Some(Compare { axis, against })
}

fn stop(raw: &RawCampaign, problems: &mut Vec<Diagnostic>) -> Option<Stop> {
    let entry = raw.stop.as_ref()?;
    let it = &entry.value;
    for (missing, key, example) in [
        (it.measure.is_none(), "measure", "\"availability\""),
        (it.relative_half_width.is_none(), "relative_half_width", "\"10 %\""),
        (it.at_most.is_none(), "at_most", "1000"),
    ] {
        let path = format!("stop.{key}");
        if missing && !problems.iter().any(|problem| problem.path == path) {
            let problem = Diagnostic::error(Code::MissingKey, format!("a stopping rule needs `{key}`"));
            problems.push(problem.at(&entry.place, "not given").path(path).help(format!("add `{key} = {example}`")));
        }
    }
    let at_least = it.at_least.as_ref().map_or(LEAST_REPLICATIONS, |given| given.value);
    let stop = Stop {
        measure: it.measure.as_ref()?.value,
        relative_half_width_ppm: it.relative_half_width.as_ref()?.value.0,
        at_least,
        at_most: it.at_most.as_ref()?.value,
    };
    let wrong = match stop {
        _ if raw.replications.is_some() => Some((
            "`replications` is given too",
            "the rule makes as many as it needs, at most `at_most`: leave `replications` out",
        )),
        Stop { relative_half_width_ppm: 0, .. } => Some((
            "`relative_half_width` is nothing",
            "no interval is that narrow: ask for a share of the value, as in `relative_half_width = \"10 %\"`",
        )),
        Stop { at_least, .. } if at_least < LEAST_REPLICATIONS => Some((
            "`at_least` is less than 30",
            "an interval that decides when to stop needs at least 30 replications before its first look",
        )),
        Stop { at_least, at_most, .. } if at_least > at_most => Some((
            "`at_least` is more than `at_most`",
            "the rule first looks after `at_least` replications (30 where it is not given) and gives up after `at_most`: \
             raise the one or lower the other",
        )),
        _ => None,
    };
    if let Some((wrong, help)) = wrong {
        let problem = Diagnostic::error(Code::BadStop, format!("the stopping rule cannot be kept: {wrong}"));
        problems.push(problem.at(&entry.place, "this rule").path("stop").help(help));
    }
    Some(stop)
}

fn allowed(raw: &RawCampaign, axes: &[Axis], problems: &mut Vec<Diagnostic>) -> Vec<Allowed> {
    let labels: Vec<&str> = axes.iter().flat_map(|axis| &axis.levels).map(|level| &level.label[..]).collect();
    let mut allowed = Vec::new();
    for entry in list(&raw.allowed).iter().map(|entry| &entry.value) {
        if let Some(levels) = entry.levels.as_ref().filter(|levels| levels.value.is_empty()) {
            let problem = Diagnostic::error(Code::UnknownAxis, "`levels` names no value of an axis");
            let help = "list the values at whose points it is allowed; without `levels` it is allowed at all points";
            problems.push(problem.at(&levels.place, "empty").path(levels.path.clone()).help(help));
        }
        for level in list(&entry.levels).iter().filter(|level| !labels.contains(&&level.value[..])) {
            unknown(level, &labels, ("value of an axis", "values"), problems);
        }
        allowed.push(Allowed {
            levels: texts(entry.levels.as_ref()),
            violates: list(&entry.violates).iter().map(|invariant| invariant.value).collect(),
            because: entry.because.as_ref().map_or_else(String::new, |text| text.value.clone()),
        });
    }
    allowed
}
