//! A campaign as a person reads it: what was run, what may be believed, and the tables that a paper would carry.

use super::super::table::Style;
use super::super::text::{count, counted, wrap};
use super::comparison::{Difference, Family};
use super::estimate::{Distribution, Estimate};
use super::summary::{CampaignSummary, PointSummary, VolumeShare, is_share};
use crate::scenario::campaign::Measure;

/// Tables are no wider, whatever the paper is.
const WIDEST: usize = 160;
const NARROWEST: usize = 72;
/// So many reasons of a verdict are told.
const REASONS: usize = 8;

/// The whole text; `again` is the command that shows it again from where the reader is.
pub fn render(summary: &CampaignSummary, again: &str, style: Style) -> String {
    let width = style.width.clamp(NARROWEST, WIDEST);
    let mut text = head(summary, width);
    text += &shares(summary, width);
    text += &by_invariant(summary, width);
    text += &costs(summary, width);
    text += &availability(summary, width);
    text += &recovery(summary, width);
    text += &differences(summary, width);
    text += &format!("\nShow it again\n  {again}\n");
    text
}

fn head(summary: &CampaignSummary, width: usize) -> String {
    let replications = &summary.replications;
    let mut text = format!("{}\n", wrap(&format!("{}: {}", summary.campaign, summary.title), width, 2));
    let line = format!(
        "campaign {}, seed {}, {} with {} each (0 to {}, {}), {}, model version {}",
        &summary.campaign_id[..8.min(summary.campaign_id.len())],
        summary.seed,
        counted(summary.points.len() as u64, "point"),
        counted(replications.used, "replication"),
        replications.used.saturating_sub(1),
        replications.rule,
        counted(summary.events, "event"),
        summary.model_version,
    );
    text += &format!("{}\n", wrap(&line, width, 2));
    if let Some(note) = &replications.note {
        text += &format!("{}\n", wrap(&format!("stopping rule: {note}"), width, 2));
    }
    for version in &summary.other_versions {
        text += &format!("{}\n", wrap(&format!("with rows of another version: {version}"), width, 2));
    }
    text += &format!("\nVerdict: {}\n", summary.verdict);
    for reason in summary.reasons.iter().take(REASONS) {
        text += &format!("  {}\n", wrap(reason, width - 2, 4));
    }
    if summary.reasons.len() > REASONS {
        text += &format!("  and {} more, in summary.json\n", summary.reasons.len() - REASONS);
    }
    if !summary.conditions.is_empty() {
        text += "\nUnder these faults alone, all at random; none of the figures is a forecast for others\n";
        for condition in &summary.conditions {
            text += &format!("  {}\n", wrap(condition, width - 2, 4));
        }
    }
    text
}

/// A table whose rows are the points, in groups that share their levels on every axis but the compared one. Columns that
/// do not fit beside each other come below.
struct PointTable<'a> {
    summary: &'a CampaignSummary,
    /// The axis that names the rows.
    axis: usize,
    width: usize,
}

impl<'a> PointTable<'a> {
    fn new(summary: &'a CampaignSummary, width: usize) -> PointTable<'a> {
        let compared = summary.comparisons.first().and_then(|family| family.pairs.first());
        // The axis on which two compared points differ.
        let differ = compared.and_then(|pair| {
            let levels = |point: u64| &summary.points[point as usize].levels;
            let (first, second) = (levels(pair.first_point), levels(pair.second_point));
            first.iter().zip(second).position(|(one, other)| one != other)
        });
        PointTable { summary, axis: differ.unwrap_or(0), width }
    }

    fn row_name(&self, point: &PointSummary) -> String {
        point.levels.get(self.axis).cloned().unwrap_or_else(|| "all runs".to_owned())
    }

    fn group(&self, point: &PointSummary) -> String {
        let others = point.levels.iter().enumerate().filter(|(place, _)| *place != self.axis);
        others.map(|(_, level)| level.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Points by group, in the order in which groups come first.
    fn groups(&self) -> Vec<(String, Vec<&'a PointSummary>)> {
        let mut groups: Vec<(String, Vec<&PointSummary>)> = Vec::new();
        for point in &self.summary.points {
            let name = self.group(point);
            match groups.iter_mut().find(|(group, _)| *group == name) {
                Some((_, points)) => points.push(point),
                None => groups.push((name, vec![point])),
            }
        }
        groups
    }

    /// `cell` gives the text of a point in a column.
    fn render(&self, columns: &[String], cell: impl Fn(&PointSummary, usize) -> String) -> String {
        let groups = self.groups();
        let axis = self.summary.axes.get(self.axis).map_or("", |axis| &axis.name);
        let lines: Vec<Line> = groups
            .iter()
            .flat_map(|(group, points)| {
                let heading = (!group.is_empty()).then(|| Line::Group(group.clone()));
                let row = |point: &&PointSummary| Line::Row {
                    name: self.row_name(point),
                    cells: (0..columns.len()).map(|column| cell(point, column)).collect(),
                };
                heading.into_iter().chain(points.iter().map(row)).collect::<Vec<_>>()
            })
            .collect();
        table(axis, columns, &lines, self.width)
    }
}

enum Line {
    Group(String),
    Row { name: String, cells: Vec<String> },
}

/// Rows with a name each; as many columns side by side as the width takes, the rest below.
fn table(corner: &str, columns: &[String], lines: &[Line], width: usize) -> String {
    let length = |text: &str| text.chars().count();
    let names = lines.iter().map(|line| match line {
        Line::Group(group) => length(group),
        Line::Row { name, .. } => length(name) + 2,
    });
    let first = names.chain([length(corner)]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len())
        .map(|place| {
            let cells = lines.iter().filter_map(|line| match line {
                Line::Row { cells, .. } => Some(length(&cells[place])),
                Line::Group(_) => None,
            });
            cells.chain([length(&columns[place])]).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    let mut start = 0;
    while start < columns.len() {
        let mut end = start + 1;
        let mut used = 2 + first + 2 + widths[start];
        while end < columns.len() && used + 2 + widths[end] <= width {
            used += 2 + widths[end];
            end += 1;
        }
        let shown = |name: &str, cells: &[String]| {
            let cells = (start..end).map(|place| format!("  {:>1$}", cells[place], widths[place]));
            format!("  {name:<first$}{}", cells.collect::<String>()).trim_end().to_owned() + "\n"
        };
        text += &shown(corner, columns);
        for line in lines {
            text += &match line {
                Line::Group(group) => format!("  {group}\n"),
                Line::Row { name, cells } => shown(&format!("  {name}"), cells),
            };
        }
        start = end;
        if start < columns.len() {
            text.push('\n');
        }
    }
    text
}

fn percent(level: f64) -> String {
    trimmed(level * 100.0, 2)
}

fn find<'p>(point: &'p PointSummary, measure: &str) -> Option<&'p Estimate> {
    point.estimates.iter().find(|estimate| estimate.measure == measure)
}

fn shares(summary: &CampaignSummary, width: usize) -> String {
    let columns: Vec<String> = measures(summary, true).iter().map(|measure| measure.name().to_owned()).collect();
    if columns.is_empty() {
        return String::new();
    }
    let level = percent(summary.level);
    let mut text = format!("\nHow often, in % of runs, with {level} % Clopper-Pearson intervals\n");
    let table = PointTable::new(summary, width);
    text += &table.render(&columns, |point, column| find(point, &columns[column]).map_or("-".into(), share_cell));
    let what = measures(summary, true).into_iter().filter_map(|measure| {
        let invariants = crate::campaign::sweep::figures::invariants(measure)?;
        let names: Vec<&str> = invariants.iter().map(|invariant| invariant.name()).collect();
        Some(format!("{measure}: {}", names.join(", ")))
    });
    for line in what {
        text += &format!("  {}\n", wrap(&line, width - 2, 4));
    }
    text
}

fn share_cell(estimate: &Estimate) -> String {
    let (Some(value), Some(low), Some(high)) = (estimate.estimate, estimate.low, estimate.high) else {
        return "-".to_owned();
    };
    match estimate.zero_failure_bound {
        Some(bound) => format!("0 (below {})", trimmed(bound * 100.0, 2)),
        None => format!("{} ({}..{})", digits(value * 100.0), digits(low * 100.0), digits(high * 100.0)),
    }
}

/// Violated invariants of each point, as numbers of runs.
fn by_invariant(summary: &CampaignSummary, width: usize) -> String {
    let violated = |place: usize| summary.points.iter().any(|point| point.invariants[place].violated > 0);
    let Some(first) = summary.points.first() else { return String::new() };
    let places: Vec<usize> = (0..first.invariants.len()).filter(|&place| violated(place)).collect();
    if places.is_empty() {
        return String::new();
    }
    let runs = summary.replications.used;
    let mut text = format!("\nWhat was violated, in runs of {}; [ ]: allowed there\n", count(runs));
    let columns: Vec<String> = places.iter().map(|&place| first.invariants[place].invariant.to_owned()).collect();
    text += &PointTable::new(summary, width).render(&columns, |point, column| {
        let it = &point.invariants[places[column]];
        match (it.violated, it.allowed) {
            (0, _) => "0".to_owned(),
            (violated, true) => format!("[{}]", count(violated)),
            (violated, false) => count(violated),
        }
    });
    let inconclusive: u64 = summary.points.iter().map(|point| point.inconclusive).sum();
    if inconclusive > 0 {
        let line = format!(
            "{} of {} runs prove nothing, as one whose backup failed proves nothing of restores; they count as runs all the \
             same",
            count(inconclusive),
            count(summary.runs)
        );
        text += &format!("  {}\n", wrap(&line, width - 2, 4));
    }
    text
}

fn measures(summary: &CampaignSummary, shares: bool) -> Vec<Measure> {
    let Some(point) = summary.points.first() else { return Vec::new() };
    let all = point.estimates.iter().filter_map(|estimate| Measure::parse(estimate.measure));
    all.filter(|&measure| is_share(measure) == shares).collect()
}

/// The unit in which a measure is told, and what one of it is.
#[derive(Clone, Copy)]
struct Unit {
    name: &'static str,
    scale: f64,
}

/// The unit in which the largest of `values` reads best.
fn unit_of(measure: Measure, values: impl Iterator<Item = f64>) -> Unit {
    if is_share(measure) || measure == Measure::Availability {
        return Unit { name: "%", scale: 0.01 };
    }
    let latencies = [Measure::LatencyCost, Measure::LatencyDuring, Measure::LatencyP99, Measure::SteadyLatency];
    if latencies.contains(&measure) {
        return Unit { name: "ms", scale: 1e-3 };
    }
    let largest = values.fold(0.0_f64, |largest, value| largest.max(value.abs()));
    match largest {
        _ if largest >= 600.0 => Unit { name: "min", scale: 60.0 },
        _ if largest >= 1.0 || largest == 0.0 => Unit { name: "s", scale: 1.0 },
        _ => Unit { name: "ms", scale: 1e-3 },
    }
}

fn unit_in(summary: &CampaignSummary, measure: Measure) -> Unit {
    unit_of(measure, summary.points.iter().filter_map(|point| find(point, measure.name())?.estimate))
}

fn costs(summary: &CampaignSummary, width: usize) -> String {
    let measures = measures(summary, false);
    if measures.is_empty() {
        return String::new();
    }
    let units: Vec<Unit> = measures.iter().map(|&measure| unit_in(summary, measure)).collect();
    let titles = measures.iter().zip(&units).map(|(measure, unit)| format!("{measure} [{}]", unit.name));
    let columns: Vec<String> = titles.collect();
    let level = percent(summary.level);
    let mut text =
        format!("\nAt what cost, mean over runs with its {level} % half-width (Student t over replications)\n");
    text += &PointTable::new(summary, width).render(&columns, |point, column| {
        let (measure, unit) = (measures[column], units[column]);
        let Some(found) = find(point, measure.name()) else { return "-".to_owned() };
        match (found.estimate, found.half_width()) {
            (Some(value), Some(half)) => {
                let fewer = if found.n < point.runs { format!(" ({})", count(found.n)) } else { String::new() };
                format!("{} ±{}{fewer}", beside(value / unit.scale, half / unit.scale), digits(half / unit.scale))
            }
            _ => "-".to_owned(),
        }
    });
    let fewer = summary.points.iter().any(|point| {
        measures.iter().any(|measure| find(point, measure.name()).is_some_and(|it| it.n > 0 && it.n < point.runs))
    });
    if fewer {
        text += "  ( ): from so many runs, the others have no such value\n";
    }
    text
}

fn availability(summary: &CampaignSummary, width: usize) -> String {
    let protected = |point: &PointSummary| -> Vec<VolumeShare> {
        point.volumes.iter().filter(|volume| volume.protected).cloned().collect()
    };
    let mut ids: Vec<String> = summary.points.iter().flat_map(protected).map(|volume| volume.id).collect();
    ids.sort();
    ids.dedup();
    let columns = ["online", "controller down", "host down", "device offline", "ID in doubt"].map(str::to_owned);
    let mut text = String::new();
    // A campaign over many volumes has the rest in its summary.
    for id in ids.iter().take(4) {
        let level = percent(summary.level);
        text += &format!("\nWhere {id} was, in % of the time; ± is the {level} % half-width\n");
        text += &PointTable::new(summary, width).render(&columns, |point, column| {
            let Some(it) = point.volumes.iter().find(|volume| volume.id == *id) else { return "-".to_owned() };
            let parts = [
                it.availability_ratio,
                it.offline_controller_ratio,
                it.offline_host_ratio,
                it.offline_device_ratio,
                it.wrong_id_ratio,
            ];
            let half = it.low.zip(it.high).map(|(low, high)| (high - low) / 2.0).filter(|_| column == 0);
            match half {
                Some(half) => format!("{} ±{}", beside(parts[0] * 100.0, half * 100.0), digits(half * 100.0)),
                None => digits(parts[column] * 100.0),
            }
        });
    }
    text
}

fn recovery(summary: &CampaignSummary, width: usize) -> String {
    let of = |point: &PointSummary, measure: Measure| -> Option<Distribution> {
        point.distributions.iter().find(|it| it.measure == measure.name()).cloned()
    };
    if summary.points.iter().all(|point| of(point, Measure::RecoveryTime).is_none_or(|it| it.n == 0)) {
        return String::new();
    }
    let columns = [
        "RTO median",
        "RTO 90 %",
        "RTO worst",
        "RPO median",
        "RPO 90 %",
        "RPO worst",
        "window median",
        "window 90 %",
        "time to data loss [h]",
    ]
    .map(str::to_owned);
    let measures = [Measure::RecoveryTime, Measure::RecoveryPoint, Measure::BackupWindow];
    let mut text = "\nRecovery and backup window, over runs, in minutes\n".to_owned();
    text += &PointTable::new(summary, width).render(&columns, |point, column| {
        let minutes = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |seconds| digits(seconds / 60.0));
        if column == 8 {
            let it = &point.time_to_data_loss;
            let hours = |seconds: f64| digits(seconds / 3_600.0);
            return match (it.estimate_s, it.low_s, it.high_s) {
                (Some(value), Some(low), Some(high)) => format!("{} ({}..{})", hours(value), hours(low), hours(high)),
                (None, Some(low), _) => format!("above {}", hours(low)),
                _ => "-".to_owned(),
            };
        }
        let place = if column < 3 { 0 } else { 1 + (column - 3) / 3 };
        let Some(found) = of(point, measures[place]) else { return "-".to_owned() };
        match if column < 3 { column } else { (column - 3) % 3 } {
            0 => minutes(found.quantiles[0].value),
            1 => minutes(found.quantiles[1].value),
            _ => minutes(found.max),
        }
    });
    let note = "RTO: from the last failure behind the backup, else the start of the restore, to the application's open. RPO: from \
                the backup's point in time to that moment. Time to data loss: mean length of a run by the share of runs with a \
                lost write or a wrong copy.";
    text += &format!("  {}\n", wrap(note, width - 2, 4));
    text
}

/// Which differences may be claimed: one row for each pair, one column for each measure.
fn differences(summary: &CampaignSummary, width: usize) -> String {
    let Some(first) = summary.comparisons.first() else { return String::new() };
    let families: Vec<(&Family, Unit)> = summary
        .comparisons
        .iter()
        .filter_map(|family| {
            let measure = Measure::parse(family.measure)?;
            Some((family, unit_of(measure, family.pairs.iter().filter_map(|pair| pair.difference))))
        })
        .collect();
    let percent_points = |unit: &Unit| if unit.name == "%" { "pp" } else { unit.name };
    let columns: Vec<String> =
        families.iter().map(|(family, unit)| format!("{} [{}]", family.measure, percent_points(unit))).collect();
    let mut lines = Vec::new();
    let mut group = String::new();
    for (place, pair) in first.pairs.iter().enumerate() {
        if pair.within != group {
            group.clone_from(&pair.within);
            lines.push(Line::Group(group.clone()));
        }
        let cells = families.iter().map(|(family, unit)| difference_cell(&family.pairs[place], *unit));
        lines.push(Line::Row { name: format!("{} - {}", pair.second, pair.first), cells: cells.collect() });
    }
    let level = percent(summary.level);
    let mut text = format!(
        "\nWhat differs, in pairs of runs that met the same chances, at {level} % for each measure as a whole\n"
    );
    text += &table("", &columns, &lines, width);
    let most = families.iter().map(|(family, _)| family.comparisons).max().unwrap_or(0);
    let note = format!(
        "Claimed: the {level} % interval of the paired difference leaves zero out, and its p-value, Holm-adjusted over the \
         {} of its measure, is below {}. ns: not separated; behind it about how many pairs would separate the two, if they \
         differ by what was seen. =: no pair differs. Intervals, p-values, correlations and cells: `tiersim compare`.",
        counted(most, "comparison"),
        trimmed(1.0 - summary.level, 4)
    );
    text += &format!("  {}\n", wrap(&note, width - 2, 4));
    text += &gain(&families, width);
    text
}

fn difference_cell(pair: &Difference, unit: Unit) -> String {
    let Some(difference) = pair.difference else { return "-".to_owned() };
    let equal = pair.cells.is_some_and(|[_, one, other, _]| one + other == 0);
    match (pair.separated, pair.pairs_needed) {
        (true, _) => signed(difference / unit.scale),
        (false, _) if equal || (difference == 0.0 && pair.low == pair.high) => "=".to_owned(),
        (false, Some(needed)) => format!("ns {}", thousands(needed)),
        (false, None) => "ns".to_owned(),
    }
}

/// What common random numbers were worth.
fn gain(families: &[(&Family, Unit)], width: usize) -> String {
    let told = families.iter().filter_map(|(family, _)| {
        // Where one of two never varies there is nothing to share.
        let varied = family.pairs.iter().filter(|pair| pair.correlation.is_some());
        let mut factors: Vec<f64> = varied.filter_map(|pair| pair.variance_reduction).collect();
        factors.sort_by(f64::total_cmp);
        let median = *factors.get(factors.len() / 2)?;
        Some(format!("{} {}", family.measure, digits(median)))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return String::new();
    }
    let line = format!(
        "One pair of runs is worth so many pairs with seeds of their own (median of the pairs): {}",
        told.join(", ")
    );
    format!("  {}\n", wrap(&line, width - 2, 4))
}

/// Every comparison in full.
pub fn comparisons(families: &[Family], width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
    let mut text = String::new();
    for family in families {
        let Some(measure) = Measure::parse(family.measure) else { continue };
        let unit = unit_of(measure, family.pairs.iter().filter_map(|pair| pair.difference));
        let name = if unit.name == "%" { "percentage points" } else { unit.name };
        text += &format!(
            "\n{} in {name}: {}, Holm over {}\n",
            family.measure,
            family.method,
            counted(family.comparisons, "comparison")
        );
        let of_events = is_share(measure);
        let mut columns =
            ["difference", "interval", "p", "adjusted", "pairs", "correlation", "worth"].map(str::to_owned).to_vec();
        if of_events {
            columns.push("both/1st/2nd/none".to_owned());
        }
        columns.push("claim".to_owned());
        let mut lines = Vec::new();
        let mut group = String::new();
        for pair in &family.pairs {
            if pair.within != group {
                group.clone_from(&pair.within);
                lines.push(Line::Group(group.clone()));
            }
            let name = format!("{} - {}", pair.second, pair.first);
            lines.push(Line::Row { name, cells: full_cells(pair, unit, of_events) });
        }
        text += &table("", &columns, &lines, width);
        for pair in family.pairs.iter().filter(|pair| pair.warning.is_some()) {
            let warning = pair.warning.as_deref().unwrap_or_default();
            text += &format!("  {}\n", wrap(&format!("{} - {}: {warning}", pair.second, pair.first), width - 2, 4));
        }
    }
    text
}

fn full_cells(pair: &Difference, unit: Unit, of_events: bool) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), digits);
    let p = |value: Option<f64>| value.map_or("-".to_owned(), probability);
    let interval = match pair.low.zip(pair.high) {
        Some((low, high)) => format!("{}..{}", signed(low / unit.scale), signed(high / unit.scale)),
        None => "-".to_owned(),
    };
    let claim = match (pair.separated, pair.difference, pair.pairs_needed) {
        (true, Some(difference), _) => if difference > 0.0 { "more" } else { "less" }.to_owned(),
        (_, _, Some(needed)) => format!("not separated, needs about {} pairs", thousands(needed)),
        _ => "not separated".to_owned(),
    };
    let mut cells = vec![
        pair.difference.map_or("-".to_owned(), |it| signed(it / unit.scale)),
        interval,
        p(pair.p_value),
        p(pair.p_adjusted),
        count(pair.n),
        number(pair.correlation),
        number(pair.variance_reduction),
    ];
    if of_events {
        cells.push(pair.cells.map_or("-".to_owned(), |it| it.map(|cell| cell.to_string()).join("/")));
    }
    cells.push(claim);
    cells
}

/// Three significant digits, and no more than make sense of a rounded number.
fn digits(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size == 0.0 => "0".to_owned(),
        _ if !size.is_finite() => "-".to_owned(),
        _ if size >= 99.95 => format!("{value:.0}"),
        _ if size >= 9.995 => format!("{value:.1}"),
        _ if size >= 0.01 => format!("{value:.2}"),
        _ if size >= 0.001 => format!("{value:.3}"),
        _ => format!("{value:.0e}"),
    }
}

/// `value` with as many decimals as its half-width has.
fn beside(value: f64, half: f64) -> String {
    let decimals = digits(half).split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if half == 0.0 || digits(half).contains('e') { digits(value) } else { format!("{value:.decimals$}") }
}

fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", digits(value)) } else { digits(value) }
}

fn probability(p: f64) -> String {
    if p < 0.0001 { "<0.0001".to_owned() } else { format!("{p:.4}") }
}

/// Without zeros behind the point.
fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A rough number.
fn thousands(number: u64) -> String {
    match number {
        0..10_000 => count(number),
        10_000..10_000_000 => format!("{}k", count(number / 1_000)),
        _ => format!("{}M", count(number / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_they_deserve() {
        let all = [0.0, 0.0004, 0.004, 0.0523, 1.234, 12.34, 123.4, 99.96].map(digits);
        assert_eq!(all, ["0", "4e-4", "0.004", "0.05", "1.23", "12.3", "123", "100"]);
        assert_eq!([beside(93.2184, 0.543), beside(93.2184, 0.0), beside(5.0, 12.3)], ["93.22", "93.2", "5.0"]);
        assert_eq!([signed(1.5), signed(-1.5), trimmed(95.0, 2), trimmed(99.5, 2)], ["+1.50", "-1.50", "95", "99.5"]);
        assert_eq!([thousands(999), thousands(12_345), thousands(12_345_678)], ["999", "12k", "12M"]);
        assert_eq!([probability(0.00004), probability(0.05)], ["<0.0001", "0.0500"]);
    }

    #[test]
    fn columns_that_do_not_fit_come_below() {
        let row =
            |name: &str, cells: [&str; 3]| Line::Row { name: name.into(), cells: cells.map(str::to_owned).to_vec() };
        let lines = [Line::Group("home".into()), row("a", ["1", "2", "3"]), row("bb", ["10", "20", "30"])];
        let columns = ["one", "two", "three"].map(str::to_owned);
        let wide = "  x     one  two  three\n  home\n    a     1    2      3\n    bb   10   20     30\n";
        assert_eq!(table("x", &columns, &lines, 80), wide);
        let narrow = table("x", &columns, &lines, 18);
        assert!(narrow.lines().all(|line| line.chars().count() <= 18), "{narrow}");
        assert_eq!(narrow.matches("three").count(), 1);
    }
}
