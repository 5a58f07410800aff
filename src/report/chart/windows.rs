//! How long each window of danger is: the time in which a fault would violate an invariant.

use super::canvas::{Area, Canvas, LABEL, Side, drawing, stroke};
use super::scale::{Scale, below, decades, from_zero, times_by_decades};
use super::{GREY, INK, VERMILION, table};
use crate::report::text::duration;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Windows<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    /// In any order: the longest is drawn first.
    pub windows: &'a [Window],
}

#[derive(Clone, Debug)]
pub struct Window {
    /// What would be violated.
    pub invariant: String,
    /// By what.
    pub fault: String,
    pub window_ns: u64,
    /// What it would be if every fork that was skipped were bad.
    pub at_most_ns: u64,
    pub opens: Option<String>,
    pub closes: Option<String>,
    /// That a fault falls into it, per backup.
    pub per_backup: f64,
}

const WIDTH: u32 = 720;
const ROW: f64 = 36.0;
const MOST: usize = 24;

impl Windows<'_> {
    pub fn svg(&self) -> String {
        let mut windows: Vec<&Window> = self.windows.iter().collect();
        windows.sort_by(|one, other| {
            let names = (&one.invariant, &one.fault).cmp(&(&other.invariant, &other.fault));
            other.window_ns.cmp(&one.window_ns).then(names)
        });
        windows.truncate(MOST);
        let subtitle = match windows.len() < self.windows.len() {
            true => format!("{}; the longest {} of {}", self.subtitle, windows.len(), self.windows.len()),
            false => self.subtitle.to_owned(),
        };
        let height = 56.0 + ROW * windows.len().max(1) as f64 + 50.0;
        drawing((WIDTH, height as u32), &format!("{}: {}", self.title, subtitle), |canvas| {
            canvas.head(self.title, &subtitle, f64::from(WIDTH));
            paint(canvas, &windows);
        })
    }

    pub fn csv(&self) -> String {
        let row = |window: &Window| {
            [
                window.invariant.clone(),
                window.fault.clone(),
                window.window_ns.to_string(),
                window.at_most_ns.to_string(),
                window.opens.clone().unwrap_or_default(),
                window.closes.clone().unwrap_or_default(),
                format!("{:e}", window.per_backup),
            ]
        };
        let header = ["invariant", "fault", "window_ns", "at_most_ns", "opens", "closes", "per_backup_prob"];
        table(header, self.windows.iter().map(row))
    }
}

fn paint(canvas: &mut Canvas<'_>, windows: &[&Window]) {
    let area = Area { left: 236.0, top: 56.0, right: 560.0, bottom: 56.0 + ROW * windows.len().max(1) as f64 };
    let ends = || windows.iter().flat_map(|window| [window.window_ns, window.at_most_ns]).filter(|ns| *ns > 0);
    let (least, most) = (ends().min().unwrap_or(1), ends().max().unwrap_or(1));
    // Over more than two decades a linear axis shows the longest alone.
    let logarithmic = most / least.max(1) > 100;
    let (across, ticks, title) = match logarithmic {
        true => {
            let scale = decades(ends().map(|ns| ns as f64));
            (scale, times_by_decades(scale), "length of the window (log scale)")
        }
        false => {
            let unit = [
                (1e9, "length of the window (s)"),
                (1e6, "length of the window (ms)"),
                (1e3, "length of the window (µs)"),
            ];
            let (unit, title) =
                unit.into_iter().find(|(unit, _)| most as f64 >= *unit).unwrap_or((1.0, "length of the window (ns)"));
            let (scale, mut ticks) = from_zero(most as f64 / unit);
            let Scale::Linear { high, .. } = scale else { return };
            ticks.iter_mut().for_each(|tick| tick.value *= unit);
            (Scale::Linear { low: 0.0, high: high * unit }, ticks, title)
        }
    };
    below(canvas, &area, across, &ticks, title, true);
    for (number, window) in windows.iter().enumerate() {
        let middle = area.top + ROW * (number as f64 + 0.5);
        let (name, fault) = (LABEL.at(Side::Right), LABEL.sized(10.0).of(GREY).at(Side::Right));
        canvas.text(&name.fitted(&window.invariant, 220.0), (area.left - 8.0, middle - 6.0), name);
        canvas.text(&fault.fitted(&window.fault, 220.0), (area.left - 8.0, middle + 7.0), fault);
        let right = if window.window_ns == 0 {
            area.left + 2.0
        } else {
            across.x(&area, window.window_ns as f64).max(area.left + 2.0)
        };
        canvas.hatched(Area { left: area.left, top: middle - 8.0, right, bottom: middle + 8.0 }, VERMILION);
        let mut end = right;
        if window.at_most_ns > window.window_ns {
            end = across.x(&area, window.at_most_ns as f64);
            canvas.line(&[(right, middle), (end, middle)], stroke(INK, 1.0));
            canvas.line(&[(end, middle - 4.0), (end, middle + 4.0)], stroke(INK, 1.0));
        }
        let figures = LABEL.sized(10.0).at(Side::Left);
        let text = match window.window_ns {
            0 => "at one instant".to_owned(),
            ns => duration(ns).replace(" us", " µs"),
        };
        canvas.text(&figures.fitted(&text, 140.0), (end + 8.0, middle - 6.0), figures);
        let chance = format!("{:.1e} per backup", window.per_backup);
        canvas.text(&figures.fitted(&chance, 140.0), (end + 8.0, middle + 7.0), figures.of(GREY));
    }
    if windows.is_empty() {
        canvas.text("no fault violated anything at any boundary", (area.middle(), area.top + ROW / 2.0), LABEL);
    }
    canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
}
