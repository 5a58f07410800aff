//! When requests were slow: how many took how long in each part of a run, with median and 99th percentile over it.

use plotters::style::RGBColor;

use super::canvas::{Area, Canvas, Dash, LABEL, Point, Side, Stroke, drawing, stroke};
use super::scale::{Scale, below, beside, decades, simulated_time, times_by_decades};
use super::{INK, Mark, crisp, marks, table};

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Density<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub until_ns: u64,
    /// Each pair of a time and a latency once.
    pub cells: &'a [Hot],
    /// In their order.
    pub slots: &'a [Slot],
    pub marks: &'a [Mark],
}

/// Requests that ended in a part of the run and took a time between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hot {
    pub from_ns: u64,
    pub until_ns: u64,
    pub low_ns: u64,
    pub high_ns: u64,
    pub requests: u64,
}

/// Percentiles of the requests that ended in a part of the run, as far as there are enough of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub from_ns: u64,
    pub until_ns: u64,
    pub p50_ns: Option<u64>,
    pub p99_ns: Option<u64>,
}

const SIZE: (u32, u32) = (720, 400);

impl Density<'_> {
    pub fn svg(&self) -> String {
        let drawn = drawing(SIZE, &format!("{}: {}", self.title, self.subtitle), |canvas| self.paint(canvas));
        crisp(&drawn)
    }

    /// The cells that are drawn.
    pub fn csv(&self) -> String {
        let cell = |cell: &Hot| {
            let numbers = [cell.from_ns, cell.until_ns, cell.low_ns, cell.high_ns, cell.requests];
            let [from, until, low, high, requests] = numbers.map(|it| it.to_string());
            ["cell".to_owned(), from, until, low, high, requests]
        };
        let line = |name: &'static str, of: fn(&Slot) -> Option<u64>| {
            self.slots.iter().filter_map(move |slot| {
                let at = of(slot)?.to_string();
                Some([
                    name.to_owned(),
                    slot.from_ns.to_string(),
                    slot.until_ns.to_string(),
                    at.clone(),
                    at,
                    String::new(),
                ])
            })
        };
        let lines = line("p50", |slot| slot.p50_ns).chain(line("p99", |slot| slot.p99_ns));
        let header = ["what", "from_ns", "until_ns", "low_ns", "high_ns", "requests"];
        table(header, self.cells.iter().map(cell).chain(lines))
    }

    fn paint(&self, canvas: &mut Canvas<'_>) {
        canvas.head(self.title, self.subtitle, f64::from(SIZE.0));
        let area = Area { left: 78.0, top: 76.0, right: 606.0, bottom: 346.0 };
        let across = Scale::Linear { low: 0.0, high: self.until_ns.max(1) as f64 };
        let up = decades(self.cells.iter().flat_map(|cell| [cell.low_ns.max(1) as f64, cell.high_ns as f64]));
        let most = self.cells.iter().map(|cell| cell.requests).max().unwrap_or(0);
        beside(canvas, &area, up, &times_by_decades(up), Some(("latency (log scale)", 16.0)));
        for cell in self.cells {
            let place = Area {
                left: across.x(&area, cell.from_ns as f64),
                right: across.x(&area, cell.until_ns as f64),
                top: up.y(&area, cell.high_ns as f64),
                bottom: up.y(&area, cell.low_ns.max(1) as f64),
            };
            canvas.fill(place, viridis(heat(cell.requests, most)), 1.0);
        }
        let (ticks, title) = simulated_time(self.until_ns, 10);
        below(canvas, &area, across, &ticks, title, false);
        if self.cells.is_empty() {
            canvas.text("no requests in this window", (area.middle(), 200.0), LABEL.sized(12.0));
            marks(canvas, &area, across, self.marks);
            return;
        }
        let p99 = self.line(canvas, &area, (across, up), |slot| slot.p99_ns, Dash::Long);
        let p50 = self.line(canvas, &area, (across, up), |slot| slot.p50_ns, Dash::Solid);
        marks(canvas, &area, across, self.marks);
        name_lines(canvas, &area, p50, p99);
        color_bar(canvas, most);
    }

    /// Draws a percentile wherever it is known; gives back the height at which it ends.
    fn line(
        &self,
        canvas: &mut Canvas<'_>,
        area: &Area,
        (across, up): (Scale, Scale),
        value: impl Fn(&Slot) -> Option<u64>,
        dash: Dash,
    ) -> Option<f64> {
        let mut parts: Vec<Vec<Point>> = vec![Vec::new()];
        let mut last = None;
        for slot in self.slots {
            let Some(value) = value(slot) else {
                parts.push(Vec::new());
                continue;
            };
            let y = up.y(area, value as f64);
            let (from, until) = (across.x(area, slot.from_ns as f64), across.x(area, slot.until_ns as f64));
            let part = parts.last_mut().expect("there is always a part");
            // A part of one slot is as long as the slot.
            match part.is_empty() {
                true => part.extend([(from, y), ((from + until) / 2.0, y)]),
                false => part.push(((from + until) / 2.0, y)),
            }
            last = Some(y);
        }
        for part in parts.iter().filter(|part| part.len() > 1) {
            canvas.haloed(part, Stroke { color: INK, width: 2.0, dash });
        }
        last
    }
}

/// The share of the way through the colours: by the logarithm of a count.
fn heat(requests: u64, most: u64) -> f64 {
    libm::log1p(requests as f64) / libm::log1p(most.max(1) as f64)
}

/// Names behind the ends of the lines, apart from each other.
fn name_lines(canvas: &mut Canvas<'_>, area: &Area, p50: Option<f64>, p99: Option<f64>) {
    let style = LABEL.bold().at(Side::Left);
    let x = area.right + 5.0;
    let mut upper = p99;
    if let (Some(low), Some(high)) = (p50, p99) {
        upper = Some(high.min(low - 14.0));
    }
    if let Some(y) = p50 {
        canvas.text("p50", (x, y), style);
    }
    if let Some(y) = upper {
        canvas.text("p99", (x, y), style);
    }
}

fn color_bar(canvas: &mut Canvas<'_>, most: u64) {
    let bar = Area { left: 652.0, top: 88.0, right: 664.0, bottom: 346.0 };
    canvas.text("requests", ((bar.left + bar.right) / 2.0 + 6.0, bar.top - 12.0), LABEL.sized(10.0));
    const STEPS: u32 = 64;
    for step in 0..STEPS {
        let at = |step: u32| bar.bottom - bar.height() * f64::from(step) / f64::from(STEPS);
        let part = Area { top: at(step + 1), bottom: at(step), ..bar };
        canvas.fill(part, viridis((f64::from(step) + 0.5) / f64::from(STEPS)), 1.0);
    }
    let powers = std::iter::successors(Some(1_u64), |value| value.checked_mul(10));
    for value in powers.take_while(|value| *value <= most) {
        let y = bar.bottom - bar.height() * heat(value, most);
        canvas.line(&[(bar.right, y), (bar.right + 3.0, y)], stroke(INK, 1.0));
        canvas.text(&short_count(value), (bar.right + 6.0, y), LABEL.sized(10.0).at(Side::Left));
    }
}

/// A power of ten in at most four characters.
fn short_count(value: u64) -> String {
    match value {
        0..1_000 => value.to_string(),
        1_000..1_000_000 => format!("{}k", value / 1_000),
        1_000_000..1_000_000_000 => format!("{}M", value / 1_000_000),
        _ => format!("{}G", value / 1_000_000_000),
    }
}

/// Nine colours of viridis (matplotlib, in the public domain), and what lies between them.
fn viridis(share: f64) -> RGBColor {
    const COLORS: [(u8, u8, u8); 9] = [
        (0x44, 0x01, 0x54),
        (0x47, 0x2D, 0x7B),
        (0x3B, 0x52, 0x8B),
        (0x2C, 0x72, 0x8E),
        (0x21, 0x91, 0x8C),
        (0x28, 0xAE, 0x80),
        (0x5E, 0xC9, 0x62),
        (0xAD, 0xDC, 0x30),
        (0xFD, 0xE7, 0x25),
    ];
    let place = share.clamp(0.0, 1.0) * 8.0;
    let below = (place as usize).min(7);
    let rest = place - below as f64;
    let between = |low: u8, high: u8| (f64::from(low) + (f64::from(high) - f64::from(low)) * rest).round() as u8;
    let (low, high) = (COLORS[below], COLORS[below + 1]);
    RGBColor(between(low.0, high.0), between(low.1, high.1), between(low.2, high.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_requests_are_brighter() {
        let brightness = |color: RGBColor| u32::from(color.0) + u32::from(color.1) + u32::from(color.2);
        let steps: Vec<u32> = (0..=20).map(|step| brightness(viridis(f64::from(step) / 20.0))).collect();
        assert!(steps[0] < steps[10] && steps[10] < steps[20], "{steps:?}");
        assert!((heat(100, 100) - 1.0).abs() < 1e-12 && heat(1, 100) < heat(2, 100));
        assert_eq!([1, 999, 10_000, 3_000_000].map(short_count), ["1", "999", "10k", "3M"]);
    }
}
