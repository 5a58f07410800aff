//! Which method costs what: a small frame for each measure, in it a bar with its interval and a dot for each run.

use super::canvas::{Area, Canvas, Dash, LABEL, Lettering, Side, drawing, stroke};
use super::scale::{Scale, Tick, from_zero};
use super::{GREY, GRID, INK, Look, WHITE_RGB, table};

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Bars<'a> {
    pub title: &'a str,
    /// Names the number of seeds and the kind of interval.
    pub subtitle: &'a str,
    pub measures: &'a [Measure],
}

/// One frame.
#[derive(Clone, Debug)]
pub struct Measure {
    pub name: String,
    /// Behind every number, as `s`.
    pub unit: String,
    pub bars: Vec<Bar>,
}

/// The mean of a measure for one method.
#[derive(Clone, Debug)]
pub struct Bar {
    pub name: String,
    pub look: Look,
    pub mean: f64,
    /// Nothing with a single run.
    pub interval: Option<(f64, f64)>,
    /// Behind the mean.
    pub n: u64,
    /// Each run that is drawn as a dot, at most all of them.
    pub runs: Vec<f64>,
    /// Above the bar, in the place of the mean and half its interval.
    pub told: Option<String>,
}

const FRAME: (f64, f64) = (348.0, 250.0);
/// More bars than these have no room in a frame that has another beside it.
const MOST_BESIDE: usize = 5;
/// Among so many dots a few may be drawn at the edge.
const MANY_DOTS: usize = 100;
/// More runs than this are a smear: every n-th is drawn.
const MOST_DOTS: usize = 200;

impl Bars<'_> {
    /// Two frames side by side where their bars have room, as many rows as are needed.
    pub fn svg(&self) -> String {
        let crowded = self.measures.iter().any(|measure| measure.bars.len() > MOST_BESIDE);
        let across = if self.measures.len() > 1 && !crowded { 2 } else { 1 };
        let down = self.measures.len().div_ceil(across).max(1);
        let size = (if across == 2 || crowded { 720 } else { 560 }, (52.0 + FRAME.1 * down as f64) as u32);
        drawing(size, &format!("{}: {}", self.title, self.subtitle), |canvas| {
            canvas.head(self.title, self.subtitle, f64::from(size.0));
            let width = if across == 2 { FRAME.0 } else { f64::from(size.0) - 24.0 };
            for (number, measure) in self.measures.iter().enumerate() {
                let left = 12.0 + width * (number % across) as f64;
                let top = 52.0 + FRAME.1 * (number / across) as f64;
                measure.paint(canvas, &Area { left, top, right: left + width, bottom: top + FRAME.1 });
            }
            if self.measures.is_empty() {
                canvas.text("no runs in this window", (f64::from(size.0) / 2.0, 160.0), LABEL.sized(12.0));
            }
        })
    }

    pub fn csv(&self) -> String {
        let rows = self.measures.iter().flat_map(|measure| {
            measure.bars.iter().map(|bar| {
                let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
                let runs: Vec<String> = bar.runs.iter().map(|run| format!("{run:.6}")).collect();
                [
                    measure.name.clone(),
                    measure.unit.clone(),
                    bar.name.clone(),
                    bar.n.to_string(),
                    number(Some(bar.mean)),
                    number(bar.interval.map(|it| it.0)),
                    number(bar.interval.map(|it| it.1)),
                    runs.join(" "),
                ]
            })
        });
        table(["measure", "unit", "name", "n", "mean", "low", "high", "runs"], rows)
    }
}

impl Measure {
    /// Where the frame ends: at the largest number that is drawn, but where many dots lie low and a few beyond the double of
    /// them, these few are drawn at the edge.
    fn most(&self) -> f64 {
        let of_bar = |bar: &Bar| bar.interval.map_or(bar.mean, |it| it.1.max(bar.mean));
        let bars = self.bars.iter().map(of_bar).fold(0.0, f64::max);
        let mut dots: Vec<f64> = self.bars.iter().flat_map(|bar| &bar.runs).copied().collect();
        dots.sort_by(f64::total_cmp);
        let whole = bars.max(dots.last().copied().unwrap_or(0.0));
        if dots.len() < MANY_DOTS {
            return whole;
        }
        let usual = bars.max(dots[dots.len() - 1 - dots.len() / 50]) * 1.2;
        if whole > usual * 2.0 { usual } else { whole }
    }

    fn paint(&self, canvas: &mut Canvas<'_>, frame: &Area) {
        let title = LABEL.bold().at(Side::Left);
        let name = if self.unit.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, self.unit) };
        canvas.text(&title.fitted(&name, frame.width() - 8.0), (frame.left, frame.top + 10.0), title);
        let area = Area {
            left: frame.left + 46.0,
            top: frame.top + 40.0,
            right: frame.right - 12.0,
            bottom: frame.bottom - 30.0,
        };
        let (up, ticks) = from_zero(self.most());
        for Tick { value, text } in &ticks {
            let y = up.y(&area, *value);
            canvas.line(&[(area.left, y), (area.right, y)], stroke(GRID, 1.0));
            canvas.text(text, (area.left - 6.0, y), LABEL.sized(10.0).at(Side::Right));
        }
        let room = area.width() / self.bars.len().max(1) as f64;
        for (number, bar) in self.bars.iter().enumerate() {
            let middle = area.left + room * (number as f64 + 0.5);
            bar.paint(canvas, &area, up, (middle, room));
            let style = LABEL.sized(10.0);
            let twice = number % 2 == 1 && room < 80.0;
            let y = area.bottom + if twice { 22.0 } else { 11.0 };
            // Two lines of names have twice the room, but not beyond the frame.
            let half = if room < 80.0 { room - 3.0 } else { room / 2.0 - 1.0 };
            let half = half.min(middle - frame.left).min(frame.right - middle);
            canvas.text(&style.fitted(&bar.name, half * 2.0), (middle, y), style);
        }
        canvas.line(&[(area.left, area.bottom), (area.right, area.bottom)], stroke(INK, 1.0));
        canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
    }
}

impl Bar {
    fn paint(&self, canvas: &mut Canvas<'_>, area: &Area, up: Scale, (middle, room): (f64, f64)) {
        let half = (room * 0.3).min(46.0);
        let body = Area { left: middle - half, right: middle + half, top: up.y(area, self.mean), bottom: area.bottom };
        canvas.fill(body, self.look.color, 0.35);
        let outline = canvas_stroke(self.look);
        canvas.line(
            &[(body.left, body.bottom), (body.left, body.top), (body.right, body.top), (body.right, body.bottom)],
            outline,
        );
        let every = self.runs.len().div_ceil(MOST_DOTS).max(1);
        let mut beyond = 0;
        for (number, run) in self.runs.iter().enumerate().step_by(every) {
            // The golden ratio spreads them without chance, in the left half.
            let spread = (number as f64 * 0.618_033_988_749_895).fract();
            let x = body.left + 3.0 + (half - 8.0).max(1.0) * spread;
            match up {
                Scale::Linear { high, .. } if *run > high => {
                    let y = area.top;
                    canvas.polygon(&[(x - 3.5, y + 2.0), (x + 3.5, y + 2.0), (x, y - 4.0)], self.look.color, 1.0);
                    beyond += 1;
                }
                _ => canvas.dot((x, up.y(area, *run)), 1.8, self.look.color),
            }
        }
        let mut top = self.runs.iter().map(|run| up.y(area, *run)).fold(body.top, f64::min);
        if let Some((low, high)) = self.interval {
            let x = middle + half / 2.0;
            // An end below the frame has no cap: the interval goes on.
            let is_whole = low >= 0.0;
            let (low, high) = (up.y(area, low.max(0.0)), up.y(area, high));
            top = top.min(high);
            for (color, width) in [(WHITE_RGB, 4.0), (INK, 1.5)] {
                canvas.line(&[(x, low), (x, high)], stroke(color, width));
                if is_whole {
                    canvas.line(&[(x - 5.0, low), (x + 5.0, low)], stroke(color, width));
                }
                canvas.line(&[(x - 5.0, high), (x + 5.0, high)], stroke(color, width));
            }
        }
        let mut style: Lettering = LABEL.sized(10.0).bold();
        let (told, room) = (self.told(), room.max(60.0));
        if style.width(&told) > room {
            style = style.sized(9.0);
        }
        canvas.text(&style.fitted(&told, room), (middle, top - 9.0), style);
        if beyond > 0 {
            // Right of the triangles, where no dot is.
            let style = LABEL.sized(9.0).of(GREY).at(Side::Left);
            canvas.text(&format!("{beyond} beyond"), (middle, area.top + 4.0), style);
        }
    }

    /// `mean ± h`, each to as many places as are of use.
    fn told(&self) -> String {
        if let Some(told) = &self.told {
            return told.clone();
        }
        let half = self.interval.map(|(low, high)| (high - low) / 2.0);
        match half {
            Some(half) => format!("{} ± {}", rounded(self.mean, half), rounded(half, half)),
            None => rounded(self.mean, 0.0),
        }
    }
}

/// A number to two digits of its uncertainty, but to no more than four digits of its own where that has any.
fn rounded(value: f64, uncertainty: f64) -> String {
    let places = |grain: f64| match grain {
        grain if grain >= 10.0 || grain <= 0.0 => 0,
        grain if grain >= 0.5 => 1,
        grain if grain >= 0.05 => 2,
        _ => 3,
    };
    let own = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let places = if uncertainty > 0.0 { places(uncertainty).min(own) } else { own };
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn canvas_stroke(look: Look) -> super::canvas::Stroke {
    let dash = if look.dash == Dash::Dotted { Dash::Long } else { look.dash };
    super::canvas::Stroke { color: look.color, width: 1.25, dash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_told_as_far_as_it_is_known() {
        let bar = |mean, interval| Bar {
            name: String::new(),
            look: Look::numbered(0),
            mean,
            interval,
            n: 1,
            runs: vec![],
            told: None,
        };
        assert_eq!(bar(1.8123, Some((1.7, 1.92))).told(), "1.81 ± 0.11");
        assert_eq!(bar(1_312.4, Some((1_290.0, 1_334.8))).told(), "1312 ± 22");
        assert_eq!((bar(3.0, None).told(), bar(0.0, None).told()), ("3".to_owned(), "0".to_owned()));
        assert_eq!(bar(1_313.221, Some((1_313.211, 1_313.231))).told(), "1313 ± 0.01");
        assert_eq!(bar(1.0, Some((1.0, 1.0))).told(), "1 ± 0");
    }

    #[test]
    fn a_few_far_dots_do_not_flatten_the_many() {
        let bar = |runs: Vec<f64>| {
            let look = Look::numbered(0);
            Bar { name: "a".into(), look, mean: 5.0, interval: Some((4.0, 6.0)), n: 200, runs, told: None }
        };
        let measure = |bar| Measure { name: "m".into(), unit: "s".into(), bars: vec![bar] };
        let many = |count: usize| (0..count).map(|run| if run == 7 { 900.0 } else { (run % 10) as f64 });
        assert_eq!(measure(bar(many(60).collect())).most(), 900.0, "few dots hide none");
        let cut = measure(bar(many(120).collect()));
        assert!(cut.most() < 20.0);
        let svg = Bars { title: "t", subtitle: "s", measures: &[cut] }.svg();
        assert!(svg.contains("1 beyond") && svg.matches("<circle").count() == 119);
        assert_eq!(measure(bar((0..200).map(f64::from).collect())).most(), 199.0, "what is spread is not cut");
    }
}
