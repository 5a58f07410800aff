//! Where the bottleneck is: how busy each component was over the run, and how long its line.

use super::canvas::{Area, Canvas, LABEL, Point, Side, drawing, stroke};
use super::scale::{Scale, Tick, below, simulated_time};
use super::{BLUE, GREY, GRID, INK, Mark, ORANGE, marks, table};
use crate::report::text::share;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    /// Where the parts of the run end, rising; the first begins at 0.
    pub ends_ns: &'a [u64],
    /// In any order: the busiest is drawn first.
    pub workers: &'a [Worker],
    pub marks: &'a [Mark],
}

/// A component with one or several servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    pub name: String,
    pub servers: u64,
    /// For each part of the run: server time in use, and the longest line that was seen.
    pub busy_ns: Vec<u64>,
    pub waiting: Vec<u64>,
}

impl Worker {
    fn busy(&self) -> u64 {
        self.busy_ns.iter().fold(0, |sum, busy| sum.saturating_add(*busy))
    }
}

const WIDTH: u32 = 720;
const ROW: f64 = 34.0;
/// The busiest that are drawn.
const MOST: usize = 12;

impl Load<'_> {
    pub fn svg(&self) -> String {
        let shown = self.busiest();
        let height = 92.0 + ROW * shown.len().max(1) as f64 + 56.0;
        let subtitle = match shown.len() < self.workers.len() {
            true => format!("{}; the busiest {} of {}", self.subtitle, shown.len(), self.workers.len()),
            false => self.subtitle.to_owned(),
        };
        drawing((WIDTH, height as u32), &format!("{}: {}", self.title, subtitle), |canvas| {
            canvas.head(self.title, &subtitle, f64::from(WIDTH));
            self.paint(canvas, &shown);
        })
    }

    pub fn csv(&self) -> String {
        let rows = self.workers.iter().flat_map(|worker| {
            self.ends_ns.iter().enumerate().map(|(place, end)| {
                let at = |list: &[u64]| list.get(place).copied().unwrap_or(0).to_string();
                let servers = worker.servers.to_string();
                [worker.name.clone(), servers, end.to_string(), at(&worker.busy_ns), at(&worker.waiting)]
            })
        });
        table(["component", "servers", "until_ns", "busy_ns", "waiting"], rows)
    }

    fn busiest(&self) -> Vec<&Worker> {
        let mut workers: Vec<&Worker> = self.workers.iter().collect();
        // By the share of all servers; the name decides between equals.
        let per_server = |worker: &Worker| worker.busy() / worker.servers.max(1);
        workers.sort_by(|one, other| per_server(other).cmp(&per_server(one)).then(one.name.cmp(&other.name)));
        workers.truncate(MOST);
        workers
    }

    fn paint(&self, canvas: &mut Canvas<'_>, shown: &[&Worker]) {
        let until = self.ends_ns.last().copied().unwrap_or(1).max(1);
        let across = Scale::Linear { low: 0.0, high: until as f64 };
        let bottom = 92.0 + ROW * shown.len().max(1) as f64;
        let left = Area { left: 124.0, top: 92.0, right: 378.0, bottom };
        let right = Area { left: 448.0, top: 92.0, right: 640.0, bottom };
        let (few, title) = simulated_time(until, 5);
        let heading = LABEL.of(GREY).sized(10.0);
        canvas.text("busy, 0 to 100 %", (left.middle(), 56.0), heading.bold());
        canvas.text("waiting in line, each to its own scale", (right.middle(), 56.0), heading.bold());
        self.grid(canvas, (&left, &right), (across, &few));
        for (number, worker) in shown.iter().enumerate() {
            let top = left.top + ROW * number as f64;
            let middle = top + ROW / 2.0;
            let name = LABEL.at(Side::Right);
            canvas.text(&name.fitted(&worker.name, 108.0), (left.left - 8.0, middle), name);
            let row = |area: &Area| Area { top: top + 4.0, bottom: top + ROW - 3.0, ..*area };
            let whole = |place: usize| {
                let from = place.checked_sub(1).map_or(0, |before| self.ends_ns[before]);
                self.ends_ns[place].saturating_sub(from).saturating_mul(worker.servers.max(1)).max(1) as f64
            };
            let used = |place: usize, busy: u64| busy as f64 / whole(place);
            let shares: Vec<f64> = worker.busy_ns.iter().enumerate().map(|(place, busy)| used(place, *busy)).collect();
            self.steps(canvas, &row(&left), across, &shares, BLUE);
            let longest = worker.waiting.iter().copied().max().unwrap_or(0);
            let lines: Vec<f64> = worker.waiting.iter().map(|it| *it as f64 / longest.max(1) as f64).collect();
            if longest > 0 {
                self.steps(canvas, &row(&right), across, &lines, ORANGE);
            }
            let figures = LABEL.sized(10.0).of(GREY).at(Side::Left);
            let all = until.saturating_mul(worker.servers.max(1));
            canvas.text(&share(worker.busy().min(all), all), (left.right + 6.0, middle), figures);
            canvas.text(&format!("up to {longest}"), (right.right + 6.0, middle), figures);
        }
        if shown.is_empty() {
            canvas.text("no component was watched in this window", (left.middle(), left.top + 17.0), LABEL);
        }
        for area in [&left, &right] {
            below(canvas, area, across, &few, title, false);
            // Beside so many small frames only the place of a fault is told; the texts stand in the other charts.
            let quiet = |mark: &Mark| Mark { time_ns: mark.time_ns, text: String::new() };
            let quiet: Vec<Mark> = self.marks.iter().map(quiet).collect();
            marks(canvas, area, across, &quiet);
        }
    }

    fn grid(&self, canvas: &mut Canvas<'_>, areas: (&Area, &Area), (across, ticks): (Scale, &[Tick])) {
        for area in [areas.0, areas.1] {
            for tick in ticks {
                let x = across.x(area, tick.value);
                canvas.line(&[(x, area.top), (x, area.bottom)], stroke(GRID, 1.0));
            }
            canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
        }
    }

    /// A value for each part of the run, from 0 to 1, as an area with steps.
    fn steps(
        &self,
        canvas: &mut Canvas<'_>,
        row: &Area,
        across: Scale,
        values: &[f64],
        color: plotters::style::RGBColor,
    ) {
        let mut edge: Vec<Point> = Vec::new();
        let mut from = 0;
        for (end, value) in self.ends_ns.iter().zip(values) {
            let y = row.bottom - row.height() * value.clamp(0.0, 1.0);
            edge.extend([(across.x(row, from as f64), y), (across.x(row, *end as f64), y)]);
            from = *end;
        }
        if let (Some(first), Some(last)) = (edge.first().copied(), edge.last().copied()) {
            let mut area = edge.clone();
            area.extend([(last.0, row.bottom), (first.0, row.bottom)]);
            canvas.polygon(&area, color, 0.35);
            edge.dedup();
            canvas.line(&edge, stroke(color, 1.0));
        }
        canvas.line(&[(row.left, row.bottom), (row.right, row.bottom)], stroke(GRID, 1.0));
    }
}
