//! A drawing surface in the size in which a chart is shown: lines, areas, texts. Charts name no drawing library.
//!
//! The text of a chart is never measured, because no font is at hand: a character counts as 0.6 of the font's size (0.66
//! when bold), which is a little more than DejaVu Sans and Arial need on average.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{INK, K, WHITE_RGB, finished, shortened};

/// A place in the shown size, from the upper left corner.
pub(super) type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Normal,
    Bold,
}

/// How a text looks; `side` says which part of it stands at its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lettering {
    pub size: f64,
    pub weight: Weight,
    pub color: RGBColor,
    pub side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dash {
    Solid,
    /// 7 on, 4 off.
    Long,
    /// 2 on, 3 off.
    Dotted,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub color: RGBColor,
    pub width: f64,
    pub dash: Dash,
}

/// A rectangle by its corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn middle(&self) -> f64 {
        (self.left + self.right) / 2.0
    }
}

pub(super) const LABEL: Lettering = Lettering { size: 11.0, weight: Weight::Normal, color: INK, side: Side::Middle };

impl Lettering {
    pub const fn at(self, side: Side) -> Lettering {
        Lettering { side, ..self }
    }

    pub const fn of(self, color: RGBColor) -> Lettering {
        Lettering { color, ..self }
    }

    pub const fn sized(self, size: f64) -> Lettering {
        Lettering { size, ..self }
    }

    pub const fn bold(self) -> Lettering {
        Lettering { weight: Weight::Bold, ..self }
    }

    /// An estimate of the width of a text.
    pub fn width(&self, text: &str) -> f64 {
        text.chars().count() as f64 * self.character()
    }

    /// `text`, cut to fit into a width.
    pub fn fitted(&self, text: &str, width: f64) -> String {
        shortened(text, (width / self.character()).max(1.0) as usize)
    }

    fn character(&self) -> f64 {
        self.size * if self.weight == Weight::Bold { 0.66 } else { 0.6 }
    }
}

pub(super) const fn stroke(color: RGBColor, width: f64) -> Stroke {
    Stroke { color, width, dash: Dash::Solid }
}

/// What a chart draws on.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// Draws a chart of this shown size on white; `told` is for those who do not see it.
pub(super) fn drawing((width, height): (u32, u32), told: &str, paint: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut drawn = String::new();
    let mut canvas = Canvas { backend: SVGBackend::with_string(&mut drawn, (width * K, height * K)) };
    let page = Area { left: 0.0, top: 0.0, right: f64::from(width), bottom: f64::from(height) };
    canvas.fill(page, WHITE_RGB, 1.0);
    paint(&mut canvas);
    canvas.backend.present().expect(NEVER_FAILS);
    drop(canvas);
    finished(&drawn, (width, height), told)
}

const NEVER_FAILS: &str = "a string takes any drawing";

impl Canvas<'_> {
    pub fn line(&mut self, points: &[Point], stroke: Stroke) {
        match stroke.dash {
            Dash::Solid => self.path(points, stroke),
            Dash::Long => dashes(points, &[7.0, 4.0]).iter().for_each(|dash| self.path(dash, stroke)),
            Dash::Dotted => dashes(points, &[2.0, 3.0]).iter().for_each(|dash| self.path(dash, stroke)),
        }
    }

    /// A line with a seam of white, to be seen over other colours.
    pub fn haloed(&mut self, points: &[Point], stroke: Stroke) {
        self.line(points, Stroke { color: WHITE_RGB, width: stroke.width + 2.0, dash: Dash::Solid });
        self.line(points, stroke);
    }

    pub fn fill(&mut self, area: Area, color: RGBColor, opacity: f64) {
        let Area { left, top, right, bottom } = area;
        let corners = (pixel((left.min(right), top.min(bottom))), pixel((left.max(right), top.max(bottom))));
        self.backend.draw_rect(corners.0, corners.1, &color.mix(opacity), true).expect(NEVER_FAILS);
    }

    pub fn frame(&mut self, area: Area, stroke: Stroke) {
        let Area { left, top, right, bottom } = area;
        self.line(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], stroke);
    }

    pub fn polygon(&mut self, points: &[Point], color: RGBColor, opacity: f64) {
        self.backend.fill_polygon(points.iter().copied().map(pixel), &color.mix(opacity)).expect(NEVER_FAILS);
    }

    pub fn dot(&mut self, at: Point, radius: f64, color: RGBColor) {
        let radius = (radius * f64::from(K)).round() as u32;
        self.backend.draw_circle(pixel(at), radius, &color, true).expect(NEVER_FAILS);
    }

    pub fn cross(&mut self, (x, y): Point, arm: f64, stroke: Stroke) {
        self.line(&[(x - arm, y - arm), (x + arm, y + arm)], stroke);
        self.line(&[(x - arm, y + arm), (x + arm, y - arm)], stroke);
    }

    /// An area in a colour with stripes of white: what must be seen without colours too.
    pub fn hatched(&mut self, area: Area, color: RGBColor) {
        self.fill(area, color, 1.0);
        let (step, height) = (5.0, area.height());
        let mut start = area.left - height;
        while start < area.right {
            // From the lower to the upper edge, at 45 degrees, cut at the sides.
            let (from, to) = (start.max(area.left), (start + height).min(area.right));
            if to - from > 0.5 {
                let y = |x: f64| area.bottom - (x - start);
                self.line(&[(from, y(from)), (to, y(to))], stroke(WHITE_RGB, 1.25));
            }
            start += step;
        }
    }

    /// An area in a colour with upright stripes of white.
    pub fn striped(&mut self, area: Area, color: RGBColor) {
        self.fill(area, color, 1.0);
        let mut x = area.left + 3.0;
        while x < area.right - 1.0 {
            self.line(&[(x, area.top), (x, area.bottom)], stroke(WHITE_RGB, 0.75));
            x += 4.0;
        }
    }

    /// A text whose middle line is at the height of `at`.
    pub fn text(&mut self, text: &str, at: Point, lettering: Lettering) {
        self.write(text, at, lettering, FontTransform::None);
    }

    /// A text that is read from below, as beside an upright axis; `at` is its middle.
    pub fn upright(&mut self, text: &str, at: Point, lettering: Lettering) {
        self.write(text, at, lettering, FontTransform::Rotate270);
    }

    /// The title and the line below it.
    pub fn head(&mut self, title: &str, subtitle: &str, width: f64) {
        let (title_style, line) = (LABEL.sized(15.0).bold().at(Side::Left), LABEL.of(super::GREY).at(Side::Left));
        self.text(&title_style.fitted(title, width - 24.0), (12.0, 16.0), title_style);
        self.text(&line.fitted(subtitle, width - 24.0), (12.0, 36.0), line);
    }

    fn path(&mut self, points: &[Point], stroke: Stroke) {
        let style = stroke.color.stroke_width((stroke.width * f64::from(K)).round().max(1.0) as u32);
        self.backend.draw_path(points.iter().copied().map(pixel), &style).expect(NEVER_FAILS);
    }

    fn write(&mut self, text: &str, at: Point, lettering: Lettering, turn: FontTransform) {
        let side = match lettering.side {
            Side::Left => HPos::Left,
            Side::Middle => HPos::Center,
            Side::Right => HPos::Right,
        };
        let weight = match lettering.weight {
            Weight::Normal => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        // The backend writes sizes divided by 1.24.
        let font = ("sans-serif", lettering.size * f64::from(K) * 1.24, weight).into_font().transform(turn);
        let style = TextStyle::from(font).color(&lettering.color).pos(Pos::new(side, VPos::Center));
        let text: String = text.chars().map(|it| if it.is_control() { '?' } else { it }).collect();
        self.backend.draw_text(&text, &style, pixel(at)).expect(NEVER_FAILS);
    }
}

fn pixel((x, y): Point) -> (i32, i32) {
    ((x * f64::from(K)).round() as i32, (y * f64::from(K)).round() as i32)
}

/// A line cut into dashes; `pattern` is the length of a dash and of the gap behind it.
fn dashes(points: &[Point], pattern: &[f64; 2]) -> Vec<Vec<Point>> {
    let (mut parts, mut part): (Vec<Vec<Point>>, Vec<Point>) = (Vec::new(), Vec::new());
    let (mut drawing, mut left) = (true, pattern[0]);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        // A square root is exact everywhere, unlike a hypotenuse.
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let length = (width * width + height * height).sqrt();
        let mut done = 0.0;
        if drawing && part.last() != Some(&from) {
            part.push(from);
        }
        while length - done > left {
            done += left;
            let share = done / length;
            let at = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if drawing {
                part.push(at);
                parts.push(std::mem::take(&mut part));
            }
            drawing = !drawing;
            part.clear();
            if drawing {
                part.push(at);
            }
            left = pattern[usize::from(!drawing)];
        }
        left -= length - done;
        if drawing {
            part.push(to);
        }
    }
    if drawing && part.len() > 1 {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_leave_gaps_and_turn_corners() {
        let parts = dashes(&[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)], &[4.0, 2.0]);
        let expected =
            [vec![(0.0, 0.0), (4.0, 0.0)], vec![(6.0, 0.0), (9.0, 0.0), (9.0, 1.0)], vec![(9.0, 3.0), (9.0, 7.0)]];
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_text_is_cut_to_its_room() {
        assert_eq!(LABEL.fitted("PROD01", 200.0), "PROD01");
        assert_eq!(LABEL.fitted("a name that is too long", 66.0), "a name th…");
    }
}
