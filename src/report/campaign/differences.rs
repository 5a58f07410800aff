//! Comparisons as a person reads them: which differences may be claimed, and every one in full.

use super::super::text::{count, counted, wrap};
use super::comparison::{Difference, Family};
use super::paper::{
    Line, NARROWEST, Unit, WIDEST, digits, heading, percent, probability, signed, table, thousands, trimmed, unit_of,
};
use super::summary::{CampaignSummary, is_share};
use crate::scenario::campaign::Measure;

/// Which differences may be claimed: one row for each pair, one column for each measure.
pub(super) fn differences(summary: &CampaignSummary, width: usize) -> String {
    let Some(first) = summary.comparisons.first() else { return String::new() };
    let families: Vec<(&Family, Unit)> = summary
        .comparisons
        .iter()
        .filter_map(|family| {
            let measure = Measure::parse(&family.measure)?;
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
        let cells = families
            .iter()
            .map(|(family, unit)| difference_cell(&family.pairs[place], *unit, summary.replications.used));
        lines.push(Line::Row { name: format!("{} - {}", pair.second, pair.first), cells: cells.collect() });
    }
    let level = percent(summary.level);
    let title =
        format!("What differs, in pairs of runs that met the same chances, at {level} % for each measure as a whole");
    let mut text = heading(&title, width);
    text += &table("", &columns, &lines, width);
    let most = families.iter().map(|(family, _)| family.comparisons).max().unwrap_or(0);
    let note = format!(
        "Claimed: the {level} % interval of the paired difference leaves zero out, and its p-value, Holm-adjusted over the \
         {} of its measure, is below {}. {LEGEND} Intervals, p-values, correlations and cells: `tiersim compare`.",
        counted(most, "comparison"),
        trimmed(1.0 - summary.level, 4)
    );
    text += &format!("  {}\n", wrap(&note, width - 2, 4));
    text += &gain(&families, width);
    text
}

/// What the cells of [`difference_cell`] mean.
pub(super) const LEGEND: &str = "ns: not separated; behind it about how many pairs would separate the two in four \
                                 campaigns of five, if they differ by what was seen. =: no pair differs. refused: \
                                 runs were cut, or many replications have a value on one side alone, so that the \
                                 pairs, whose number stands behind it, are a selection. ( ): from so many pairs.";

pub(super) fn difference_cell(pair: &Difference, unit: Unit, replications: u64) -> String {
    if pair.refused.is_some() {
        return format!("refused ({})", count(pair.n));
    }
    let Some(difference) = pair.difference else { return "-".to_owned() };
    let equal = pair.cells.is_some_and(|[_, one, other, _]| one + other == 0);
    match (pair.separated, pair.pairs_needed) {
        (true, _) if pair.n < replications => format!("{} ({})", signed(difference / unit.scale), count(pair.n)),
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
        Some(format!("{} {}", family.measure, worth(median)))
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

/// So many independent pairs are nothing that a person tells apart: the two hardly vary against each other.
fn worth(factor: f64) -> String {
    if factor > 1_000.0 { ">1000".to_owned() } else { digits(factor) }
}

/// Every comparison in full.
pub fn comparisons(families: &[Family], width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
    let mut text = String::new();
    for family in families {
        let Some(measure) = Measure::parse(&family.measure) else { continue };
        let unit = unit_of(measure, family.pairs.iter().filter_map(|pair| pair.difference));
        let name = if unit.name == "%" { "percentage points" } else { unit.name };
        let comparisons = counted(family.comparisons, "comparison");
        text += &heading(&format!("{} in {name}: {}, Holm over {comparisons}", family.measure, family.method), width);
        let of_events = is_share(measure);
        let columns = full_columns(of_events);
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
        for pair in &family.pairs {
            for doubt in [&pair.refused, &pair.warning].into_iter().flatten() {
                text += &format!("  {}\n", wrap(&format!("{} - {}: {doubt}", pair.second, pair.first), width - 2, 4));
            }
        }
    }
    text
}

/// The titles of [`full_cells`].
pub(super) fn full_columns(of_events: bool) -> Vec<String> {
    let always = ["difference", "interval", "p", "adjusted", "pairs", "correlation", "worth"];
    let of_events: &[&str] = if of_events { &["both/1st/2nd/none"] } else { &[] };
    always.iter().chain(of_events).chain(&["claim"]).map(|&title| title.to_owned()).collect()
}

pub(super) fn full_cells(pair: &Difference, unit: Unit, of_events: bool) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), digits);
    let p = |value: Option<f64>| value.map_or("-".to_owned(), probability);
    let interval = match pair.low.zip(pair.high) {
        Some((low, high)) => format!("{}..{}", signed(low / unit.scale), signed(high / unit.scale)),
        None => "-".to_owned(),
    };
    let claim = match (pair.separated, pair.difference, pair.pairs_needed) {
        _ if pair.refused.is_some() => "refused".to_owned(),
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
        pair.variance_reduction.map_or("-".to_owned(), worth),
    ];
    if of_events {
        cells.push(pair.cells.map_or("-".to_owned(), |it| it.map(|cell| cell.to_string()).join("/")));
    }
    cells.push(claim);
    cells
}
