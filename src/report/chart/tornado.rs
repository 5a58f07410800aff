//! Which parameter decides the answer: how a measure changes when one axis goes from its low to its high value.

use super::canvas::{Area, Canvas, LABEL, Side, drawing, stroke};
use super::scale::{Scale, Tick, below, decimal, step_of};
use super::{BLUE, GREY, INK, ORANGE, WHITE_RGB, table};

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Tornado<'a> {
    pub title: &'a str,
    /// Names n, the seeds and the kind of interval.
    pub subtitle: &'a str,
    /// The measure with its unit.
    pub measure: &'a str,
    /// The measure where every axis has its base value.
    pub base: f64,
    /// What that is, as `base case`.
    pub center: &'a str,
    /// In any order: the widest is drawn first.
    pub wings: &'a [Wing],
}

/// One axis.
#[derive(Clone, Debug)]
pub struct Wing {
    pub axis: String,
    /// The ends as the user wrote them.
    pub low_value: String,
    pub high_value: String,
    /// The measure there, and its interval.
    pub low: f64,
    pub high: f64,
    pub low_interval: Option<(f64, f64)>,
    pub high_interval: Option<(f64, f64)>,
    /// Below the name of the axis: the difference and how sure it is.
    pub told: String,
}

impl Wing {
    fn span(&self) -> f64 {
        (self.high - self.low).abs()
    }

    fn all(&self) -> impl Iterator<Item = f64> {
        let intervals = [self.low_interval, self.high_interval].into_iter().flatten();
        intervals.flat_map(|(low, high)| [low, high]).chain([self.low, self.high])
    }
}

const WIDTH: u32 = 720;
const ROW: f64 = 40.0;
const MOST: usize = 20;

impl Tornado<'_> {
    pub fn svg(&self) -> String {
        let mut wings: Vec<&Wing> = self.wings.iter().collect();
        wings.sort_by(|one, other| other.span().total_cmp(&one.span()).then(one.axis.cmp(&other.axis)));
        wings.truncate(MOST);
        let height = 64.0 + ROW * wings.len().max(1) as f64 + 50.0;
        drawing((WIDTH, height as u32), &format!("{}: {}", self.title, self.subtitle), |canvas| {
            canvas.head(self.title, self.subtitle, f64::from(WIDTH));
            self.paint(canvas, &wings);
        })
    }

    pub fn csv(&self) -> String {
        let row = |wing: &Wing| {
            let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
            [
                wing.axis.clone(),
                wing.low_value.clone(),
                wing.high_value.clone(),
                number(Some(wing.low)),
                number(wing.low_interval.map(|it| it.0)),
                number(wing.low_interval.map(|it| it.1)),
                number(Some(wing.high)),
                number(wing.high_interval.map(|it| it.0)),
                number(wing.high_interval.map(|it| it.1)),
                number(Some(self.base)),
            ]
        };
        let header =
            ["axis", "low_value", "high_value", "low", "low_from", "low_to", "high", "high_from", "high_to", "base"];
        table(header, self.wings.iter().map(row))
    }

    fn paint(&self, canvas: &mut Canvas<'_>, wings: &[&Wing]) {
        let area = Area { left: 186.0, top: 64.0, right: 640.0, bottom: 64.0 + ROW * wings.len().max(1) as f64 };
        let (across, ticks) = around(wings.iter().flat_map(|wing| wing.all()).chain([self.base]));
        below(canvas, &area, across, &ticks, self.measure, true);
        let base = across.x(&area, self.base);
        for (number, wing) in wings.iter().enumerate() {
            let middle = area.top + ROW * (number as f64 + 0.5);
            let name = LABEL.at(Side::Right);
            let told = name.sized(10.0).of(GREY);
            let y = if wing.told.is_empty() { middle } else { middle - 7.0 };
            canvas.text(&name.fitted(&wing.axis, 168.0), (area.left - 10.0, y), name);
            canvas.text(&told.fitted(&wing.told, 172.0), (area.left - 10.0, middle + 7.0), told);
            let ends = [
                (wing.low, wing.low_interval, &wing.low_value, BLUE),
                (wing.high, wing.high_interval, &wing.high_value, ORANGE),
            ];
            // Both on one side of the base would cover each other: each has its own half of the height.
            for (half, (value, interval, text, color)) in ends.into_iter().enumerate() {
                let top = middle - 13.0 + 13.0 * half as f64;
                let y = top + 6.5;
                let x = across.x(&area, value);
                canvas.fill(Area { left: base, top, right: x, bottom: top + 12.0 }, color, 0.6);
                let mut reach = (x.min(base), x.max(base));
                if let Some((low, high)) = interval {
                    let (low, high) = (across.x(&area, low), across.x(&area, high));
                    reach = (reach.0.min(low), reach.1.max(high));
                    for (color, width) in [(WHITE_RGB, 3.0), (INK, 1.0)] {
                        canvas.line(&[(low, y), (high, y)], stroke(color, width));
                        canvas.line(&[(low, y - 3.0), (low, y + 3.0)], stroke(color, width));
                        canvas.line(&[(high, y - 3.0), (high, y + 3.0)], stroke(color, width));
                    }
                }
                let style = LABEL.sized(10.0);
                let (at, side) = if x >= base { (reach.1 + 5.0, Side::Left) } else { (reach.0 - 5.0, Side::Right) };
                let room = if side == Side::Left { f64::from(WIDTH) - at - 6.0 } else { at - area.left.min(at - 40.0) };
                canvas.text(&style.fitted(text, room), (at, y), style.at(side));
            }
        }
        if wings.is_empty() {
            canvas.text("no axis has two values", (area.middle(), area.top + ROW / 2.0), LABEL);
        }
        canvas.line(&[(base, area.top - 4.0), (base, area.bottom)], stroke(INK, 1.5));
        let style = LABEL.sized(10.0).of(GREY);
        canvas.text(&style.fitted(self.center, 150.0), (base, area.top - 11.0), style);
    }
}

/// Round ends around values, with a quarter of their range on each side for the texts. No tick lies below zero where no
/// value does.
fn around(values: impl Iterator<Item = f64>) -> (Scale, Vec<Tick>) {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|value| value.is_finite()) {
        (least, most) = (least.min(value), most.max(value));
    }
    if least > most {
        (least, most) = (0.0, 1.0);
    }
    let range = if most > least { most - least } else { most.abs().max(1.0) };
    let step = step_of(range * 1.5);
    let (first, last) = (((least - range * 0.25) / step).floor(), ((most + range * 0.25) / step).ceil());
    let tick = |number: i64| {
        let value = number as f64 * step;
        Tick { value, text: decimal(value, step) }
    };
    let scale = Scale::Linear { low: first * step, high: last * step };
    let ticks = (first as i64..=last as i64).filter(|&number| number >= 0 || least < 0.0).map(tick);
    (scale, ticks.collect())
}
