//! How the tables and numbers of a campaign look: rows of points in groups, columns that fit the paper, as many digits as a
//! number deserves.

use super::super::text::{count, wrap};
use super::summary::{CampaignSummary, PointSummary, is_share};
use crate::scenario::campaign::Measure;

/// Tables are no wider, whatever the paper is.
pub(super) const WIDEST: usize = 160;
pub(super) const NARROWEST: usize = 60;

/// The line above a table.
pub(super) fn heading(text: &str, width: usize) -> String {
    format!("\n{}\n", wrap(text, width, 2))
}

/// A table whose rows are the points, in groups that share their levels on every axis but the compared one. Columns that
/// do not fit beside each other come below.
pub(super) struct PointTable<'a> {
    summary: &'a CampaignSummary,
    /// The axis that names the rows.
    axis: usize,
    width: usize,
}

impl<'a> PointTable<'a> {
    pub(super) fn new(summary: &'a CampaignSummary, width: usize) -> PointTable<'a> {
        let compared = summary.comparisons.first().and_then(|family| family.pairs.first());
        // The axis on which two compared points differ.
        let differ = compared.and_then(|pair| {
            let levels = |point: u64| &summary.points[point as usize].levels;
            let (first, second) = (levels(pair.first_point), levels(pair.second_point));
            first.iter().zip(second).position(|(one, other)| one != other)
        });
        PointTable { summary, axis: differ.unwrap_or(0), width }
    }

    /// The axis that names the rows, if there is one.
    pub(super) fn axis(&self) -> Option<usize> {
        (self.axis < self.summary.axes.len()).then_some(self.axis)
    }

    pub(super) fn row_name(&self, point: &PointSummary) -> String {
        point.levels.get(self.axis).cloned().unwrap_or_else(|| "all runs".to_owned())
    }

    fn group(&self, point: &PointSummary) -> String {
        let others = point.levels.iter().enumerate().filter(|(place, _)| *place != self.axis);
        others.map(|(_, level)| level.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Points by group, in the order in which groups come first.
    pub(super) fn groups(&self) -> Vec<(String, Vec<&'a PointSummary>)> {
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
    pub(super) fn render(&self, columns: &[String], cell: impl Fn(&PointSummary, usize) -> String) -> String {
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

pub(super) enum Line {
    Group(String),
    Row { name: String, cells: Vec<String> },
}

/// Rows with a name each; as many columns side by side as the width takes, the rest below.
pub(super) fn table(corner: &str, columns: &[String], lines: &[Line], width: usize) -> String {
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

pub(super) fn percent(level: f64) -> String {
    trimmed(level * 100.0, 2)
}

/// The unit in which a measure is told, and what one of it is.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) scale: f64,
}

/// The unit in which the largest of `values` reads best.
pub(super) fn unit_of(measure: Measure, values: impl Iterator<Item = f64>) -> Unit {
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

/// Three significant digits, and no more than make sense of a rounded number.
pub(super) fn digits(value: f64) -> String {
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
pub(super) fn beside(value: f64, half: f64) -> String {
    let told = digits(half);
    let decimals = match told.split_once("e-") {
        Some((_, power)) => power.parse().unwrap_or(0),
        None => told.split_once('.').map_or(0, |(_, decimals)| decimals.len()),
    };
    if half == 0.0 { digits(value) } else { format!("{value:.decimals$}") }
}

pub(super) fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", digits(value)) } else { digits(value) }
}

pub(super) fn probability(p: f64) -> String {
    if p < 0.0001 { "<0.0001".to_owned() } else { format!("{p:.4}") }
}

/// Without zeros behind the point.
pub(super) fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A rough number.
pub(super) fn thousands(number: u64) -> String {
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
