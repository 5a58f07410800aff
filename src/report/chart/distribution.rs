//! Two cumulative distributions and the distance between them: does the model behave like the drive?

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::scale::{decimal, nice_end, step_of};
use super::{BLUE, GREY, GRID, INK, K, ORANGE, finished, shortened};

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Distributions<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    /// With its unit.
    pub axis: &'a str,
    /// At which heights the values of the curves were taken: from above 0 to 1, ascending.
    pub heights: &'a [f64],
    pub measured: Curve<'a>,
    pub simulated: Curve<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    pub name: &'a str,
    /// A value for each height, not falling.
    pub values: &'a [f64],
}

const SIZE: (u32, u32) = (640, 400);
/// Characters of a title and of a subtitle that fit beside the margins.
const TITLE: usize = 62;
const SUBTITLE: usize = 96;

impl Distributions<'_> {
    /// The chart as SVG.
    pub fn svg(&self) -> String {
        let mut drawn = String::new();
        {
            let root = SVGBackend::with_string(&mut drawn, (SIZE.0 * K, SIZE.1 * K)).into_drawing_area();
            // Drawing into a string cannot fail.
            self.draw(&root).expect("a string takes any drawing");
            root.present().expect("a string takes any drawing");
        }
        finished(&drawn, SIZE, &format!("{}: {}", self.title, self.subtitle))
    }

    /// The numbers that are drawn.
    pub fn csv(&self) -> String {
        let mut text = format!("share,{}_ms,{}_ms\n", self.measured.name, self.simulated.name);
        for ((height, measured), simulated) in self.heights.iter().zip(self.measured.values).zip(self.simulated.values)
        {
            text += &format!("{height:.4},{measured:.6},{simulated:.6}\n");
        }
        text
    }

    fn most(&self) -> f64 {
        let last = |curve: &Curve<'_>| curve.values.last().copied().unwrap_or(0.0);
        nice_end(last(&self.measured).max(last(&self.simulated)))
    }

    fn draw(&self, root: &Area<'_>) -> Drawn {
        root.fill(&WHITE)?;
        text(root, shortened(self.title, TITLE), (16, 12), 15, INK, FontStyle::Bold, HPos::Left)?;
        text(root, shortened(self.subtitle, SUBTITLE), (16, 34), 11, GREY, FontStyle::Normal, HPos::Left)?;
        let most = self.most();
        // Left, right, top and bottom of the frame.
        let frame = Frame { left: 58, right: 24, top: 60, bottom: 46, most };
        for share in 0..=5 {
            let y = frame.y(f64::from(share) / 5.0);
            line(root, &[(frame.x(0.0), y), (frame.x(most), y)], GRID, 1)?;
            let label = format!("{} %", share * 20);
            text(root, label, (to_shown(frame.x(0.0)) - 8, to_shown(y) - 6), 11, INK, FontStyle::Normal, HPos::Right)?;
        }
        let step = step_of(most);
        let steps = (most / step).round() as u32;
        for number in 0..=steps {
            let value = f64::from(number) * step;
            let x = frame.x(value);
            line(root, &[(x, frame.y(0.0)), (x, frame.y(0.0) + 4 * K as i32)], INK, 1)?;
            let label = decimal(value, step);
            text(root, label, (to_shown(x), to_shown(frame.y(0.0)) + 7), 11, INK, FontStyle::Normal, HPos::Center)?;
        }
        line(root, &[(frame.x(0.0), frame.y(0.0)), (frame.x(most), frame.y(0.0))], INK, 1)?;
        let middle = to_shown((frame.x(0.0) + frame.x(most)) / 2);
        text(root, self.axis.to_owned(), (middle, 380), 12, INK, FontStyle::Normal, HPos::Center)?;
        self.curves(root, &frame)
    }

    fn curves(&self, root: &Area<'_>, frame: &Frame) -> Drawn {
        let points = |curve: &Curve<'_>| -> Vec<(i32, i32)> {
            let start = curve.values.first().map(|&first| (frame.x(first), frame.y(0.0)));
            let rest = curve.values.iter().zip(self.heights).map(|(&value, &height)| (frame.x(value), frame.y(height)));
            let mut points: Vec<(i32, i32)> = start.into_iter().chain(rest).collect();
            points.dedup();
            points
        };
        let (measured, simulated) = (points(&self.measured), points(&self.simulated));
        if measured.is_empty() || simulated.is_empty() {
            let place = (to_shown(frame.x(frame.most / 2.0)), 200);
            return text(
                root,
                "no requests in this record".to_owned(),
                place,
                12,
                INK,
                FontStyle::Normal,
                HPos::Center,
            );
        }
        let between: Vec<(i32, i32)> = measured.iter().chain(simulated.iter().rev()).copied().collect();
        root.draw(&Polygon::new(between, ORANGE.mix(0.35)))?;
        line(root, &measured, INK, 2)?;
        line(root, &simulated, BLUE, 2)?;
        // Distributions of times leave the lower right corner empty.
        let right = to_shown(frame.x(frame.most)) - 150;
        for (row, (name, color)) in [(self.measured.name, INK), (self.simulated.name, BLUE)].into_iter().enumerate() {
            let y = 300 + row as i32 * 18;
            line(root, &[(right * K as i32, y * K as i32), ((right + 22) * K as i32, y * K as i32)], color, 2)?;
            text(root, shortened(name, 18), (right + 28, y - 6), 11, color, FontStyle::Normal, HPos::Left)?;
        }
        Ok(())
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>>;

/// Where the curves are, in the shown size; `most` is the right end of the axis.
struct Frame {
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
    most: f64,
}

impl Frame {
    fn x(&self, value: f64) -> i32 {
        let width = f64::from((SIZE.0 - self.left - self.right) * K);
        (f64::from(self.left * K) + width * value / self.most).round() as i32
    }

    fn y(&self, share: f64) -> i32 {
        let height = f64::from((SIZE.1 - self.top - self.bottom) * K);
        (f64::from(self.top * K) + height * (1.0 - share)).round() as i32
    }
}

fn to_shown(drawn: i32) -> i32 {
    drawn / K as i32
}

fn line(root: &Area<'_>, points: &[(i32, i32)], color: RGBColor, width: u32) -> Drawn {
    root.draw(&PathElement::new(points.to_vec(), color.stroke_width(width * K)))
}

/// Draws a text of `size` points at a place in the shown size: the middle or one end of its upper edge.
fn text(
    root: &Area<'_>,
    text: String,
    (x, y): (i32, i32),
    size: u32,
    color: RGBColor,
    style: FontStyle,
    side: HPos,
) -> Drawn {
    // The backend writes sizes divided by 1.24.
    let size = f64::from(size * K) * 1.24;
    let style = TextStyle::from(("sans-serif", size, style).into_font()).color(&color).pos(Pos::new(side, VPos::Top));
    root.draw(&Text::new(text, (x * K as i32, y * K as i32), style))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(title: &str, measured: &[f64], simulated: &[f64]) -> String {
        let heights: Vec<f64> = (1..=measured.len()).map(|rank| rank as f64 / measured.len() as f64).collect();
        let chart = Distributions {
            title,
            subtitle: "4 requests; demerit 0.1 ms",
            axis: "service time, ms",
            heights: &heights,
            measured: Curve { name: "measured", values: measured },
            simulated: Curve { name: "simulated", values: simulated },
        };
        assert_eq!(chart.csv().lines().count(), measured.len() + 1);
        chart.svg()
    }

    #[test]
    fn a_chart_is_a_sound_picture_whatever_it_is_called() {
        let hostile =
            "<script> & \"quotes\" 'and' ünïcode \u{1} and a title that is far too long to fit into any chart at all";
        for (measured, simulated) in [
            (vec![1.0, 2.0, 3.0, 40.0], vec![1.1, 2.0, 2.5, 41.0]),
            (vec![5.0], vec![5.0]),
            (vec![0.0, 0.0], vec![0.0, 0.0]),
            (vec![], vec![]),
            (vec![1e-6, 2e-6], vec![1e6, 2e6]),
        ] {
            let svg = chart(hostile, &measured, &simulated);
            assert!(svg.starts_with("<svg width=\"640\" height=\"400\" viewBox=\"0 0 2560 1600\""), "{svg}");
            assert!(svg.contains("role=\"img\"") && svg.contains("<title>") && svg.trim_end().ends_with("</svg>"));
            assert!(!svg.contains("NaN") && !svg.contains("inf\"") && !svg.contains("<script"), "{svg}");
            assert!(!svg.contains('\u{1}'));
            assert_eq!(svg, chart(hostile, &measured, &simulated), "the same numbers give the same bytes");
        }
    }
}
