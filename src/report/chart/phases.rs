//! What the time of a job went into: its steps one below the other, each where it lay.

use super::canvas::{Area, Canvas, LABEL, Side, drawing, stroke};
use super::scale::{Scale, below, simulated_time};
use super::{BLUE, GREY, GRID, INK, Mark, SILVER, VERMILION, marks, table};
use crate::report::text::duration;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Phases<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    /// Steps in the order in which they began.
    pub phases: &'a [Phase],
    pub marks: &'a [Mark],
}

/// One execution of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    pub name: String,
    pub from_ns: u64,
    pub until_ns: u64,
    /// It was ended by a crash or by the end of its job.
    pub cut: bool,
}

const WIDTH: u32 = 720;
const ROW: f64 = 22.0;
/// More steps than this are not drawn; the table has them.
const MOST: usize = 40;

impl Phases<'_> {
    pub fn svg(&self) -> String {
        let shown = &self.phases[..self.phases.len().min(MOST)];
        let height = 76.0 + ROW * shown.len().max(1) as f64 + 56.0;
        drawing((WIDTH, height as u32), &format!("{}: {}", self.title, self.subtitle), |canvas| {
            canvas.head(self.title, self.subtitle, f64::from(WIDTH));
            self.paint(canvas, shown);
        })
    }

    pub fn csv(&self) -> String {
        let row = |phase: &Phase| {
            let end = if phase.cut { "cut" } else { "done" };
            [phase.name.clone(), phase.from_ns.to_string(), phase.until_ns.to_string(), end.to_owned()]
        };
        table(["step", "from_ns", "until_ns", "end"], self.phases.iter().map(row))
    }

    fn paint(&self, canvas: &mut Canvas<'_>, shown: &[Phase]) {
        let area = Area { left: 196.0, top: 76.0, right: 620.0, bottom: 76.0 + ROW * shown.len().max(1) as f64 };
        // A job has a time of its own: it may begin late in a long run.
        let from = shown.iter().map(|phase| phase.from_ns).min().unwrap_or(0);
        let until = shown.iter().map(|phase| phase.until_ns).max().unwrap_or(from).max(from + 1) - from;
        let across = Scale::Linear { low: 0.0, high: until as f64 };
        let (ticks, title) = simulated_time(until, 8);
        let title = title.replace("simulated time", "time since the start of the job");
        for tick in &ticks {
            let x = across.x(&area, tick.value);
            canvas.line(&[(x, area.top), (x, area.bottom)], stroke(GRID, 1.0));
        }
        for (number, phase) in shown.iter().enumerate() {
            let middle = area.top + ROW * (number as f64 + 0.5);
            let name = LABEL.at(Side::Right);
            canvas.text(&name.fitted(&phase.name, 180.0), (area.left - 8.0, middle), name);
            let left = across.x(&area, (phase.from_ns - from) as f64);
            let right = across.x(&area, (phase.until_ns - from) as f64).max(left + 1.5);
            let bar = Area { left, right, top: middle - 7.0, bottom: middle + 7.0 };
            match phase.cut {
                true => canvas.fill(bar, SILVER, 1.0),
                false => canvas.fill(bar, BLUE, 1.0),
            }
            if phase.cut {
                let at = (right, middle);
                canvas.cross(at, 4.0, stroke(VERMILION, 2.0));
            }
            let text = format!("{}{}", duration(phase.until_ns - phase.from_ns), if phase.cut { ", cut" } else { "" });
            let style = LABEL.sized(10.0).of(GREY);
            canvas.text(&style.fitted(&text, 84.0), (area.right + 10.0, middle), style.at(Side::Left));
        }
        if shown.is_empty() {
            canvas.text("no step was begun in this window", (area.middle(), area.top + ROW / 2.0), LABEL);
        }
        canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
        below(canvas, &area, across, &ticks, &title, false);
        let of_job = self.marks.iter().filter(|mark| mark.time_ns >= from && mark.time_ns - from <= until);
        let shift = |mark: &Mark| Mark { time_ns: mark.time_ns - from, text: mark.text.clone() };
        let within: Vec<Mark> = of_job.map(shift).collect();
        marks(canvas, &area, across, &within);
    }
}
