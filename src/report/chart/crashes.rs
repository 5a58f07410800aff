//! At which boundaries a fault breaks what: a column for each boundary or several together, a row for each pair of
//! invariant and fault.

use std::collections::BTreeMap;

use super::canvas::{Area, Canvas, LABEL, Side, drawing, stroke};
use super::scale::{Scale, Tick, below, from_zero};
use super::{GREEN, GREY, GRID, INK, SILVER, VERMILION, WHITE_RGB, crisp, table};
use crate::report::text::count;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct CrashMap<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    /// Boundaries in all.
    pub boundaries: u64,
    /// The names of rows: a name, or an invariant and a fault with ` / ` between.
    pub rows: &'a [String],
    /// What was tried; a boundary without a cell was not struck.
    pub cells: &'a [Cell],
    /// Steps of the method, by the boundary at which they begin, rising.
    pub steps: &'a [(u64, String)],
}

/// What became of a strike at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub row: usize,
    pub boundary: u64,
    pub fate: Fate,
}

crate::names! {
    /// From the mildest to the gravest: several boundaries in one column show the gravest.
    pub enum Fate {
        NoEffect = "no-effect",
        Held = "held",
        Anyway = "as-without",
        Skipped = "skipped",
        Violated = "violated",
    }
}

const WIDTH: u32 = 720;
const ROW: f64 = 27.0;
/// Columns of one picture.
const COLUMNS: u64 = 180;
const MOST_ROWS: usize = 40;

impl CrashMap<'_> {
    pub fn svg(&self) -> String {
        let rows = &self.rows[..self.rows.len().min(MOST_ROWS)];
        let height = 56.0 + ROW * rows.len().max(1) as f64 + 116.0;
        let drawn = drawing((WIDTH, height as u32), &format!("{}: {}", self.title, self.subtitle), |canvas| {
            canvas.head(self.title, self.subtitle, f64::from(WIDTH));
            self.paint(canvas, rows);
        });
        crisp(&drawn)
    }

    /// The pieces that are drawn: boundaries of one fate, with as many to a column as the picture has.
    pub fn csv(&self) -> String {
        let (per_column, gravest) = (self.per_column(), self.gravest());
        let rows = self.rows.iter().enumerate().flat_map(|(number, name)| {
            runs(&gravest, number).into_iter().map(move |(first, last, fate)| {
                let (from, until) = (first * per_column, (last + 1).saturating_mul(per_column).min(self.boundaries));
                [name.clone(), from.to_string(), until.to_string(), fate.name().to_owned()]
            })
        });
        table(["row", "from_boundary", "until_boundary", "fate"], rows)
    }

    fn per_column(&self) -> u64 {
        self.boundaries.div_ceil(COLUMNS).max(1)
    }

    /// The gravest fate of each row and column.
    fn gravest(&self) -> BTreeMap<(usize, u64), Fate> {
        let mut gravest = BTreeMap::new();
        for cell in self.cells {
            let place = gravest.entry((cell.row, cell.boundary / self.per_column())).or_insert(cell.fate);
            if cell.fate as u8 > *place as u8 {
                *place = cell.fate;
            }
        }
        gravest
    }

    fn paint(&self, canvas: &mut Canvas<'_>, rows: &[String]) {
        let area = Area { left: 262.0, top: 56.0, right: 692.0, bottom: 56.0 + ROW * rows.len().max(1) as f64 };
        let per_column = self.per_column();
        let across = Scale::Linear { low: 0.0, high: self.boundaries.max(1) as f64 };
        let gravest = self.gravest();
        for (number, name) in rows.iter().enumerate() {
            let middle = area.top + ROW * (number as f64 + 0.5);
            // An invariant stands above the fault that violates it.
            let (upper, lower) =
                name.split_once(" / ").map_or((&name[..], None), |(upper, lower)| (upper, Some(lower)));
            let style = LABEL.sized(10.0).at(Side::Right);
            let shift = if lower.is_some() { 6.0 } else { 0.0 };
            canvas.text(&style.fitted(upper, 248.0), (area.left - 8.0, middle - shift), style);
            if let Some(lower) = lower {
                let style = style.sized(9.5).of(GREY);
                canvas.text(&style.fitted(lower, 248.0), (area.left - 8.0, middle + shift), style);
            }
            canvas.line(&[(area.left, middle + ROW / 2.0), (area.right, middle + ROW / 2.0)], stroke(GRID, 0.5));
            for part in runs(&gravest, number) {
                let (from, until) = (part.0 * per_column, (part.1 + 1).saturating_mul(per_column));
                let left = across.x(&area, from as f64);
                let right = across.x(&area, until.min(self.boundaries) as f64).max(left + 2.0);
                paint_fate(canvas, Area { left, right, top: middle - 8.0, bottom: middle + 8.0 }, part.2);
            }
        }
        if rows.is_empty() {
            canvas.text("no boundary was struck", (area.middle(), area.top + ROW / 2.0), LABEL);
        }
        canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
        let ticks: Vec<Tick> =
            from_zero(self.boundaries as f64).1.into_iter().filter(|it| it.value <= self.boundaries as f64).collect();
        let title = match per_column {
            1 => "boundary between two events".to_owned(),
            many => format!("boundary between two events, {} to a column", count(many)),
        };
        below(canvas, &area, across, &ticks, &title, false);
        self.name_steps(canvas, &area, across);
        legend(canvas, area.bottom + 100.0);
    }

    /// The steps of the method below the axis, in two lines, as far as there is room.
    fn name_steps(&self, canvas: &mut Canvas<'_>, area: &Area, across: Scale) {
        let style = LABEL.sized(9.0).of(GREY).at(Side::Left);
        let mut free = [f64::NEG_INFINITY; 3];
        for (boundary, name) in self.steps {
            let x = across.x(area, *boundary as f64);
            let width = style.width(name);
            let left = (x + 3.0).min(f64::from(WIDTH) - width - 8.0);
            if let Some(line) = free.iter().position(|free| left >= *free) {
                let y = area.bottom + 52.0 + 12.0 * line as f64;
                canvas.line(&[(x, area.top), (x, area.bottom + 4.0)], stroke(GREY, 0.5));
                canvas.text(name, (left, y), style);
                canvas.line(&[(x, area.bottom + 43.0), (x, y - 5.0)], stroke(GREY, 0.5));
                free[line] = left + width + 8.0;
            }
        }
    }
}

/// Columns of a row with one fate, one behind the other: the first, the last, and the fate.
fn runs(gravest: &BTreeMap<(usize, u64), Fate>, row: usize) -> Vec<(u64, u64, Fate)> {
    let mut runs: Vec<(u64, u64, Fate)> = Vec::new();
    for (&(_, column), &fate) in gravest.range((row, 0)..=(row, u64::MAX)) {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == column && run.2 == fate => run.1 = column,
            _ => runs.push((column, column, fate)),
        }
    }
    runs
}

fn paint_fate(canvas: &mut Canvas<'_>, place: Area, fate: Fate) {
    match fate {
        Fate::NoEffect => canvas.fill(place, SILVER, 0.35),
        Fate::Held => canvas.fill(Area { top: place.top + 5.0, bottom: place.bottom - 5.0, ..place }, GREEN, 0.55),
        Fate::Anyway => canvas.hatched(place, GREY),
        Fate::Skipped => {
            canvas.fill(place, WHITE_RGB, 1.0);
            let middle = (place.top + place.bottom) / 2.0;
            canvas.line(&[(place.left, middle), (place.right, middle)], stroke(GREY, 1.0));
        }
        Fate::Violated => canvas.hatched(place, VERMILION),
    }
}

fn legend(canvas: &mut Canvas<'_>, y: f64) {
    let mut x = 12.0;
    let texts = [
        (Fate::Violated, "violated"),
        (Fate::Anyway, "violated as without the fault"),
        (Fate::Held, "held"),
        (Fate::NoEffect, "nothing to act upon"),
        (Fate::Skipped, "skipped by the budget"),
    ];
    for (fate, text) in texts {
        paint_fate(canvas, Area { left: x, top: y - 8.0, right: x + 16.0, bottom: y + 8.0 }, fate);
        let style = LABEL.sized(10.0).at(Side::Left);
        canvas.text(text, (x + 21.0, y), style);
        x += 21.0 + style.width(text) + 16.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_fate_are_one_piece() {
        let cells = [(0, Fate::Held), (1, Fate::Held), (2, Fate::Violated), (5, Fate::Held)];
        let map = cells.into_iter().map(|(column, fate)| ((3, column), fate)).collect();
        assert_eq!(runs(&map, 3), [(0, 1, Fate::Held), (2, 2, Fate::Violated), (5, 5, Fate::Held)]);
        assert_eq!(runs(&map, 2), []);
    }
}
