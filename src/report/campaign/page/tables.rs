//! The tables of a campaign's page: the same figures as in its text, a row for each point.

use std::collections::BTreeMap;

use super::super::super::document::{Column, Part, Section, Table};
use super::super::super::goals::{self, Goal};
use super::super::super::run_report::sentence;
use super::super::super::text::{count, counted};
use super::super::comparison::{Difference, Family};
use super::super::differences::{LEGEND, difference_cell, full_cells, full_columns};
use super::super::paper::{PointTable, digits, trimmed, unit_of};
use super::super::summary::{CampaignSummary, PointSummary, is_share};
use super::super::text::{
    RECOVERY, RECOVERY_NOTE, VOLUMES, WHERE, cost_cell, cost_methods, find, measures, protected, recovers,
    recovery_cell, share_cell, unit_in, where_cell,
};
use super::{level, shortened, texts};
use crate::campaign::sweep::figures::invariants;
use crate::scenario::campaign::Measure;

/// So many reasons and commands are told.
const MOST_REASONS: usize = 8;

/// A table with a row for each point, its levels in front; `cell` gives the text of a point in a column.
fn by_point(
    summary: &CampaignSummary,
    caption: &str,
    columns: &[String],
    cell: impl Fn(&PointSummary, usize) -> String,
) -> Table {
    let table = PointTable::new(summary, usize::MAX);
    let first = table.axis();
    let others = || (0..summary.axes.len()).filter(|&axis| Some(axis) != first);
    let title = |title: &str, number: bool| Column { title: title.to_owned(), number };
    let mut titles = vec![title(first.map_or("point", |axis| &summary.axes[axis].name), false)];
    titles.extend(others().map(|axis| title(&summary.axes[axis].name, false)));
    titles.extend(columns.iter().map(|column| title(column, true)));
    let row = |point: &PointSummary| -> Vec<String> {
        let levels = others().map(|axis| point.levels[axis].clone());
        let cells = (0..columns.len()).map(|column| cell(point, column));
        [table.row_name(point)].into_iter().chain(levels).chain(cells).collect()
    };
    let groups = table.groups();
    let rows = groups.iter().flat_map(|(_, points)| points.iter().map(|point| row(point))).collect();
    shortened(Table { caption: caption.to_owned(), columns: titles, rows })
}

pub(super) fn verdict(summary: &CampaignSummary) -> Vec<Part> {
    let mut parts: Vec<Part> = texts(&summary.reasons[..summary.reasons.len().min(MOST_REASONS)]).collect();
    if summary.reasons.len() > MOST_REASONS {
        let more = counted((summary.reasons.len() - MOST_REASONS) as u64, "reason");
        parts.push(Part::Text(format!("{more} more in summary.json.")));
    }
    let unexpected = || summary.points.iter().flat_map(|point| point.unexpected.iter().map(move |it| (point, it)));
    if unexpected().next().is_some() {
        let row = |(point, it): (&PointSummary, &super::super::summary::Violated)| {
            let numbers = [count(it.runs), count(point.runs), count(it.replication), it.seed.to_string()];
            [point.name(), it.invariant.to_string()].into_iter().chain(numbers).collect()
        };
        let columns = ["point", "invariant", "#runs", "#of", "#first replication", "#its seed"];
        let caption = "Violations that nothing allows";
        parts.push(Part::Table(shortened(Table::new(caption, &columns, unexpected().map(row).collect()))));
        parts.push(Part::Text("One run of each, in the directory of the campaign:".into()));
        let commands: Vec<&str> = unexpected().take(MOST_REASONS).map(|(_, it)| &it.repro[..]).collect();
        parts.push(Part::Command(commands.join("\n")));
    }
    if !summary.conditions.is_empty() {
        let rows = summary.conditions.iter().map(|condition| vec![condition.clone()]).collect();
        let caption = "Under these faults alone, all at random";
        parts.push(Part::Table(shortened(Table::new(caption, &["what fails"], rows))));
    }
    parts
}

pub(super) fn losses(summary: &CampaignSummary) -> Vec<Part> {
    let columns: Vec<String> = measures(summary, true).iter().map(|measure| measure.name().to_owned()).collect();
    let mut parts = Vec::new();
    if !columns.is_empty() {
        let caption = format!("How often, in % of runs, with {} Clopper-Pearson intervals", level(summary));
        let cell = |point: &PointSummary, column: usize| find(point, &columns[column]).map_or("-".into(), share_cell);
        parts.push(Part::Table(by_point(summary, &caption, &columns, cell)));
    }
    parts.extend(by_invariant(summary));
    let kinds: Vec<Vec<String>> = measures(summary, true)
        .into_iter()
        .filter_map(|measure| {
            let names: Vec<&str> = invariants(measure)?.iter().map(|invariant| invariant.name()).collect();
            Some(vec![measure.name().to_owned(), names.join(", ")])
        })
        .collect();
    if !kinds.is_empty() {
        parts.push(Part::Folded(Table::new("What counts as which loss", &["loss", "one of these is violated"], kinds)));
    }
    parts.extend(refused(summary));
    parts
}

/// Each violated invariant of each point with the interval of its share; which were never put to the test.
fn by_invariant(summary: &CampaignSummary) -> Vec<Part> {
    let Some(first) = summary.points.first() else { return Vec::new() };
    let any = |place: usize, of: fn(&super::super::summary::InvariantShare) -> u64| {
        summary.points.iter().any(|point| of(&point.invariants[place]) > 0)
    };
    let (violated, others): (Vec<usize>, Vec<usize>) =
        (0..first.invariants.len()).partition(|&place| any(place, |it| it.violated));
    let names = |places: &[usize]| {
        let names: Vec<&str> = places.iter().map(|&place| &*first.invariants[place].invariant).collect();
        names.join(", ")
    };
    let mut parts = Vec::new();
    if !violated.is_empty() {
        let columns: Vec<String> =
            violated.iter().map(|&place| first.invariants[place].invariant.to_string()).collect();
        let caption = format!(
            "By invariant: runs, and their share in % with its {} interval; [ ]: allowed there",
            level(summary)
        );
        parts.push(Part::Table(by_point(summary, &caption, &columns, |point, column| {
            let it = &point.invariants[violated[column]];
            let share = format!("({}..{})", digits(it.low * 100.0), digits(it.high * 100.0));
            match (it.violated, it.allowed) {
                (0, _) => "0".to_owned(),
                (runs, true) => format!("[{}] {share}", count(runs)),
                (runs, false) => format!("{} {share}", count(runs)),
            }
        })));
    }
    let (held, untested): (Vec<usize>, Vec<usize>) = others.into_iter().partition(|&place| any(place, |it| it.tested));
    if !held.is_empty() {
        parts.push(Part::Text(format!("Put to the test and never violated: {}.", names(&held))));
    }
    if !untested.is_empty() {
        parts.push(Part::Text(format!("Never put to the test: {}.", names(&untested))));
    }
    let inconclusive: u64 = summary.points.iter().fold(0, |sum, point| sum.saturating_add(point.inconclusive));
    if inconclusive > 0 {
        parts.push(Part::Text(format!(
            "{} of {} prove nothing, as one whose backup failed proves nothing of restores; they count as runs all the same.",
            count(inconclusive),
            counted(summary.runs, "run")
        )));
    }
    parts
}

/// Which figures have no interval, and why.
fn refused(summary: &CampaignSummary) -> Option<Part> {
    let mut reasons: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for point in &summary.points {
        for it in &point.estimates {
            if let Some(why) = &it.refused {
                reasons.entry((it.measure.to_string(), why.clone())).or_default().push(point.name());
            }
        }
    }
    let row = |((measure, why), points): ((String, String), Vec<String>)| {
        let whole = points.len() == summary.points.len();
        vec![measure, if whole { "all points".to_owned() } else { points.join("; ") }, why]
    };
    let rows: Vec<Vec<String>> = reasons.into_iter().map(row).collect();
    let columns = ["measure", "at", "why there is no interval"];
    (!rows.is_empty()).then(|| Part::Table(shortened(Table::new("Refused", &columns, rows))))
}

pub(super) fn costs(summary: &CampaignSummary) -> Vec<Part> {
    let measures = measures(summary, false);
    if measures.is_empty() {
        return vec![Part::Text("The campaign estimates no cost.".into())];
    }
    let units: Vec<_> = measures.iter().map(|&measure| unit_in(summary, measure)).collect();
    let titles = measures.iter().zip(&units).map(|(measure, unit)| format!("{measure} [{}]", unit.name));
    let columns: Vec<String> = titles.collect();
    let caption = format!(
        "Mean over runs with its {} half-width ({}); ( ): from so many runs, the others have no such value",
        level(summary),
        cost_methods(summary)
    );
    let table = by_point(summary, &caption, &columns, |point, column| {
        let found = find(point, measures[column].name());
        found.map_or("-".into(), |found| cost_cell(found, point.runs, units[column]))
    });
    let note = "Availability is the share of the time of all runs together: one long run can move it away from where most runs, \
                the dots of a chart, lie. A volume whose writes wait for a backup counts as available; for how long they waited \
                is `writes-held`.";
    let is_told = measures.contains(&Measure::Availability);
    [Part::Table(table)].into_iter().chain(is_told.then(|| Part::Text(note.into()))).collect()
}

pub(super) fn differences(summary: &CampaignSummary) -> Vec<Part> {
    let families: Vec<_> = summary
        .comparisons
        .iter()
        .filter_map(|family| {
            let measure = Measure::parse(&family.measure)?;
            let unit = unit_of(measure, family.pairs.iter().filter_map(|pair| pair.difference));
            Some((family, measure, unit))
        })
        .collect();
    let Some((first, ..)) = families.first() else { return Vec::new() };
    let mut columns = vec![column("difference"), column("within")];
    columns.extend(families.iter().map(|(family, _, unit)| Column {
        title: format!("{} [{}]", family.measure, if unit.name == "%" { "pp" } else { unit.name }),
        number: true,
    }));
    let row = |(place, pair): (usize, &Difference)| -> Vec<String> {
        let cells = families
            .iter()
            .map(|(family, _, unit)| difference_cell(&family.pairs[place], *unit, summary.replications.used));
        [pair_name(pair), pair.within.clone()].into_iter().chain(cells).collect()
    };
    let rows = first.pairs.iter().enumerate().map(row).collect();
    let caption = format!("What differs in pairs of runs, at {} for each measure as a whole", level(summary));
    let most = families.iter().map(|(family, ..)| family.comparisons).max().unwrap_or(0);
    let mut parts = vec![
        Part::Table(shortened(Table { caption, columns, rows })),
        Part::Text(format!(
            "A figure is a difference that may be claimed: its {} interval leaves zero out, and its p-value, Holm-adjusted over \
             the {} of its measure, is below {}. {LEGEND}",
            level(summary),
            counted(most, "comparison"),
            trimmed(1.0 - summary.level, 4)
        )),
    ];
    for (family, measure, unit) in &families {
        let percent = if unit.name == "%" { "percentage points" } else { unit.name };
        let of_events = is_share(*measure);
        let mut columns = vec![column("difference of"), column("within")];
        columns.extend(full_columns(of_events).into_iter().map(|title| Column { title, number: true }));
        let row = |pair: &Difference| -> Vec<String> {
            let cells = full_cells(pair, *unit, of_events);
            [pair_name(pair), pair.within.clone()].into_iter().chain(cells).collect()
        };
        let rows = family.pairs.iter().map(row).collect();
        let comparisons = counted(family.comparisons, "comparison");
        let caption = format!("{} in {percent}: {}, Holm over {comparisons}", family.measure, family.method);
        parts.push(Part::Folded(shortened(Table { caption, columns, rows })));
    }
    parts.extend(doubtful(families.iter().map(|(family, ..)| *family)));
    parts
}

/// Comparisons with a warning, and those that were refused.
fn doubtful<'a>(families: impl Iterator<Item = &'a Family>) -> Option<Part> {
    let of = |family: &'a Family| {
        family.pairs.iter().filter_map(move |pair| {
            let none = pair.difference.is_none().then_some("refused: fewer than two replications have a value at both");
            let why = pair.refused.as_deref().or(none).or(pair.warning.as_deref())?;
            Some(vec![family.measure.to_string(), pair_name(pair), pair.within.clone(), sentence(why)])
        })
    };
    let rows: Vec<Vec<String>> = families.flat_map(of).collect();
    let columns = ["measure", "difference of", "within", "what is doubtful"];
    let caption = format!("{} with a doubt", counted(rows.len() as u64, "comparison"));
    (!rows.is_empty()).then(|| Part::Folded(shortened(Table::new(&caption, &columns, rows))))
}

fn column(title: &str) -> Column {
    Column { title: title.to_owned(), number: false }
}

fn pair_name(pair: &Difference) -> String {
    format!("{} - {}", pair.second, pair.first)
}

pub(super) fn availability(summary: &CampaignSummary) -> Option<Section> {
    let columns = WHERE.map(str::to_owned);
    let table = |id: &&str| {
        let caption = format!("Where {id} was, in % of the time; ± is the {} half-width", level(summary));
        Part::Table(by_point(summary, &caption, &columns, |point, column| {
            point.volumes.iter().find(|volume| volume.id == *id).map_or("-".into(), |it| where_cell(it, column))
        }))
    };
    let parts: Vec<Part> = protected(summary).iter().take(VOLUMES).map(table).collect();
    (!parts.is_empty()).then_some(Section { id: "availability", heading: "Availability", parts })
}

pub(super) fn recovery(summary: &CampaignSummary) -> Option<Section> {
    if !recovers(summary) {
        return None;
    }
    let columns = RECOVERY.map(str::to_owned);
    let table = by_point(summary, "Recovery and backup window over runs, in minutes", &columns, recovery_cell);
    let parts = vec![Part::Table(table), Part::Text(RECOVERY_NOTE.into())];
    Some(Section { id: "recovery", heading: "Recovery", parts })
}

/// In how many runs each situation came about, and which never did.
pub(super) fn goals(summary: &CampaignSummary) -> Vec<Part> {
    let Some(first) = summary.points.first().filter(|point| !point.goals.is_empty()) else {
        return vec![Part::Text("The campaign was merged by a version that did not count this.".into())];
    };
    let at = |place: usize| summary.points.iter().map(move |point| &point.goals[place]);
    let goal = |(place, goal): (usize, &super::super::summary::GoalRuns)| Goal {
        name: goal.name.to_string(),
        required: at(place).any(|it| it.required),
        hits: at(place).fold(0, |sum, it| sum.saturating_add(it.runs)),
    };
    let all: Vec<Goal> = first.goals.iter().enumerate().map(goal).collect();
    let subtitle = format!("runs in which each came about, of {}", count(summary.runs));
    let mut parts = vec![Part::Figure(goals::figure(&all, &subtitle, "runs", "runs in which it came about"))];
    let missed: Vec<&str> = goals::missed(&all).map(|goal| &goal.name[..]).collect();
    if !missed.is_empty() {
        parts.push(Part::Text(format!(
            "Of what never came about the campaign says nothing: {}. `tiersim explore` strikes every boundary of a run.",
            missed.join(", ")
        )));
    }
    parts
}
