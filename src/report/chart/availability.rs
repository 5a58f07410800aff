//! Who could use what, and when: a row for each volume ID, device, drive and tape, with faults through all of them.

use super::canvas::{Area, Canvas, LABEL, Side, drawing, stroke};
use super::scale::{Scale, below, simulated_time};
use super::{BLUE, GREEN, GRID, INK, Mark, ORANGE, SILVER, SKY, VERMILION, marks, table};

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Availability<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub until_ns: u64,
    pub rows: &'a [Row],
    pub marks: &'a [Mark],
}

/// One thing and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    /// One behind the other; a gap is drawn as nothing.
    pub stays: Vec<Stay>,
}

/// A stay in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    pub from_ns: u64,
    pub until_ns: u64,
    pub shown: Shown,
}

crate::names! {
    /// The states that are told apart.
    pub enum Shown {
        Online = "online",
        Offline = "offline",
        /// Two devices claim one ID, or a label says another.
        Duplicate = "duplicate-id",
        /// A copy whose ID is withheld.
        Withheld = "id-withheld",
        Dumping = "dumping",
        Restoring = "restoring",
        /// A tape in a drive.
        Loaded = "loaded",
    }
}

const WIDTH: u32 = 720;
const ROW: f64 = 26.0;
/// More rows than this do not fit on a page.
const MOST_ROWS: usize = 40;

impl Availability<'_> {
    pub fn svg(&self) -> String {
        let rows = self.grouped();
        let height = 76.0 + ROW * rows.len().max(1) as f64 + 76.0;
        let subtitle = match rows.len() < self.rows.len() {
            true => {
                format!("{}; {} rows for {} things, alike ones together", self.subtitle, rows.len(), self.rows.len())
            }
            false => self.subtitle.to_owned(),
        };
        drawing((WIDTH, height as u32), &format!("{}: {}", self.title, subtitle), |canvas| {
            canvas.head(self.title, &subtitle, f64::from(WIDTH));
            self.paint(canvas, &rows);
        })
    }

    /// The stays that are drawn, rows that are alike each for itself.
    pub fn csv(&self) -> String {
        let rows = self.rows.iter().flat_map(|row| {
            let stay = |stay: &Stay| {
                [row.name.clone(), stay.from_ns.to_string(), stay.until_ns.to_string(), stay.shown.name().to_owned()]
            };
            row.stays.iter().map(stay)
        });
        table(["row", "from_ns", "until_ns", "state"], rows)
    }

    /// Rows with the same course under one name, when there are too many; those with a duplicate ID first, and only as
    /// many as fit.
    fn grouped(&self) -> Vec<(String, &[Stay])> {
        let mut rows: Vec<(String, &[Stay])> = self.rows.iter().map(|row| (row.name.clone(), &row.stays[..])).collect();
        if rows.len() <= MOST_ROWS {
            return rows;
        }
        let mut groups: Vec<(&str, usize, &[Stay])> = Vec::new();
        for row in self.rows {
            match groups.iter_mut().find(|group| group.2 == &row.stays[..]) {
                Some(group) => group.1 += 1,
                None => groups.push((&row.name, 1, &row.stays)),
            }
        }
        groups.sort_by_key(|group| !group.2.iter().any(|stay| stay.shown == Shown::Duplicate));
        let name = |(name, others, stays): (&str, usize, _)| match others {
            1 => (name.to_owned(), stays),
            _ => (format!("{name} + {}", others - 1), stays),
        };
        rows.clear();
        rows.extend(groups.into_iter().map(name).take(MOST_ROWS));
        rows
    }

    fn paint(&self, canvas: &mut Canvas<'_>, rows: &[(String, &[Stay])]) {
        let top = 76.0;
        let area = Area { left: 124.0, top, right: 692.0, bottom: top + ROW * rows.len().max(1) as f64 };
        let across = Scale::Linear { low: 0.0, high: self.until_ns.max(1) as f64 };
        let (ticks, title) = simulated_time(self.until_ns, 11);
        for tick in &ticks {
            let x = across.x(&area, tick.value);
            canvas.line(&[(x, area.top), (x, area.bottom)], stroke(GRID, 1.0));
        }
        for (number, (name, stays)) in rows.iter().enumerate() {
            let middle = area.top + ROW * (number as f64 + 0.5);
            let style = LABEL.at(Side::Right);
            canvas.text(&style.fitted(name, 106.0), (area.left - 8.0, middle), style);
            for stay in *stays {
                let place = Area {
                    left: across.x(&area, stay.from_ns as f64),
                    right: across.x(&area, stay.until_ns as f64),
                    top: middle - 8.0,
                    bottom: middle + 8.0,
                };
                paint_state(canvas, visible(place, stay.shown, &area), stay.shown);
            }
        }
        if rows.is_empty() {
            canvas.text("nothing was watched in this window", (area.middle(), area.top + ROW / 2.0), LABEL);
        }
        canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
        below(canvas, &area, across, &ticks, title, false);
        marks(canvas, &area, across, self.marks);
        legend(canvas, rows, area.bottom + 58.0);
    }
}

/// A doubt is seen however short it was.
fn visible(place: Area, shown: Shown, frame: &Area) -> Area {
    if shown == Shown::Duplicate && place.width() < 4.0 {
        let left = place.left.min(frame.right - 4.0);
        return Area { left, right: left + 4.0, ..place };
    }
    place
}

fn paint_state(canvas: &mut Canvas<'_>, place: Area, shown: Shown) {
    match shown {
        Shown::Online => canvas.fill(place, GREEN, 1.0),
        Shown::Offline => canvas.fill(place, SILVER, 1.0),
        Shown::Duplicate => canvas.hatched(place, VERMILION),
        Shown::Withheld => canvas.fill(place, SKY, 1.0),
        // Lower than a state: in grey it looks like online.
        Shown::Dumping => canvas.fill(Area { top: place.top + 3.0, bottom: place.bottom - 3.0, ..place }, BLUE, 1.0),
        Shown::Restoring => canvas.striped(place, ORANGE),
        Shown::Loaded => {
            canvas.fill(place, SILVER, 0.4);
            canvas.frame(place, stroke(INK, 0.5));
        }
    }
}

/// A strip with the states that occur.
fn legend(canvas: &mut Canvas<'_>, rows: &[(String, &[Stay])], y: f64) {
    let mut x = 12.0;
    for &shown in Shown::ALL {
        if !rows.iter().any(|row| row.1.iter().any(|stay| stay.shown == shown)) {
            continue;
        }
        paint_state(canvas, Area { left: x, top: y - 5.0, right: x + 14.0, bottom: y + 5.0 }, shown);
        let text = match shown {
            Shown::Duplicate => "online, ID in doubt",
            Shown::Withheld => "ID withheld",
            other => other.name(),
        };
        let style = LABEL.sized(10.0).at(Side::Left);
        canvas.text(text, (x + 18.0, y), style);
        x += 18.0 + style.width(text) + 16.0;
    }
}
