//! What came about how often, and what never: counts as lines on a scale of decades, zero as a cross with a word.

use super::canvas::{Area, Canvas, LABEL, Side, drawing, stroke};
use super::scale::{Scale, Tick, below, decades};
use super::{BLUE, GREY, GRID, INK, table};
use crate::report::text::count;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Tally<'a> {
    pub title: &'a str,
    /// Names the number of runs.
    pub subtitle: &'a str,
    /// What is counted, as `runs`.
    pub unit: &'a str,
    /// In any order: the largest is drawn first.
    pub counts: &'a [(String, u64)],
}

const WIDTH: u32 = 720;
const ROW: f64 = 17.0;
/// More rows than this are not drawn; the table has them.
const MOST: usize = 80;

impl Tally<'_> {
    pub fn svg(&self) -> String {
        let mut counts: Vec<&(String, u64)> = self.counts.iter().collect();
        counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
        // What never came about is what the chart is for: it is never cut away.
        if counts.len() > MOST {
            counts.drain(..counts.len() - MOST);
        }
        let height = 60.0 + ROW * counts.len().max(1) as f64 + 50.0;
        drawing((WIDTH, height as u32), &format!("{}: {}", self.title, self.subtitle), |canvas| {
            canvas.head(self.title, self.subtitle, f64::from(WIDTH));
            self.paint(canvas, &counts);
        })
    }

    pub fn csv(&self) -> String {
        table(["name", self.unit], self.counts.iter().map(|(name, count)| [name.clone(), count.to_string()]))
    }

    fn paint(&self, canvas: &mut Canvas<'_>, counts: &[&(String, u64)]) {
        let area = Area { left: 290.0, top: 60.0, right: 640.0, bottom: 60.0 + ROW * counts.len().max(1) as f64 };
        // One stands a little beside the edge, so that its dot is not taken for nothing.
        let across = match decades(counts.iter().map(|(_, count)| *count as f64)) {
            Scale::Decades { high, .. } => Scale::Decades { low: 0.7, high },
            other => other,
        };
        below(canvas, &area, across, &powers(across), &format!("{} (log scale)", self.unit), true);
        for (number, (name, value)) in counts.iter().enumerate() {
            let y = area.top + ROW * (number as f64 + 0.5);
            let style = LABEL.at(Side::Right);
            canvas.text(&style.fitted(name, 268.0), (area.left - 10.0, y), style);
            let style = LABEL.sized(10.0).of(GREY).at(Side::Left);
            if *value == 0 {
                canvas.line(&[(area.left + 12.0, y), (area.right, y)], stroke(GRID, 1.0));
                canvas.cross((area.left + 6.0, y), 4.0, stroke(INK, 2.0));
                canvas.text("never", (area.left + 16.0, y), style.of(INK).bold());
                continue;
            }
            let x = across.x(&area, *value as f64);
            canvas.line(&[(area.left, y), (x, y)], stroke(BLUE, 2.0));
            canvas.dot((x, y), 3.5, BLUE);
            canvas.text(&count(*value), (x + 8.0, y), style);
        }
        if counts.is_empty() {
            canvas.text("nothing was counted", (area.middle(), area.top + ROW / 2.0), LABEL);
        }
        canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
    }
}

/// 1, 10, 100 and so on.
fn powers(scale: Scale) -> Vec<Tick> {
    let Scale::Decades { high, .. } = scale else { return Vec::new() };
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let ticks = powers.take_while(|&power| power as f64 <= high * 1.001);
    ticks.map(|power| Tick { value: power as f64, text: count(power) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_came_about_is_drawn_whatever_else_there_is() {
        let counts: Vec<(String, u64)> = (0..200).map(|number| (format!("goal {number}"), number)).collect();
        let chart = Tally { title: "t", subtitle: "s", unit: "runs", counts: &counts };
        let svg = chart.svg();
        assert!(svg.contains("never") && svg.contains("goal 0") && !svg.contains("goal 199"));
        assert_eq!(chart.csv().lines().count(), 201);
    }
}
