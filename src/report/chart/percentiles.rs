//! Latencies of several kinds of requests: by percentile, where each step to the right is one more nine, and as shares of
//! all requests.

use super::canvas::{Area, Canvas, Dash, LABEL, Point, Side, Stroke, drawing};
use super::scale::{Scale, Tick, below, beside, decades, times_by_decades};
use super::{GREY, Look, table};
use crate::report::text::{count, duration};

/// What both charts show.
#[derive(Clone, Debug)]
pub struct Percentiles<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    /// What a line is made of: `requests`, or `runs` of which each has a latency.
    pub of: &'a str,
    pub lines: &'a [Line],
}

/// The latencies of one kind of requests.
#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub look: Look,
    pub requests: u64,
    /// Both values rising.
    pub steps: Vec<Step>,
}

/// So many requests took at most so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub latency_ns: u64,
    pub requests: u64,
}

const SIZE: (u32, u32) = (640, 400);
/// A percentile needs this many samples beyond it.
const BEYOND: u64 = 10;

impl Line {
    /// The steps, up to the last request that enough of them lie beyond.
    fn supported(&self) -> Vec<Step> {
        let last = self.requests.saturating_sub(BEYOND);
        let (mut steps, mut before) = (Vec::new(), 0);
        for step in self.steps.iter().take_while(|_| last > 0) {
            if before < last {
                steps.push(Step { requests: step.requests.min(last), ..*step });
            }
            before = step.requests;
        }
        steps
    }

    /// The latency that a share of the requests did not exceed: `of` ten thousandths. Nothing when too few lie beyond.
    pub fn quantile(&self, of: u64) -> Option<u64> {
        let beyond = u128::from(self.requests) * u128::from(10_000 - of);
        let reached = |step: &&Step| u128::from(step.requests) * 10_000 >= u128::from(self.requests) * u128::from(of);
        (beyond >= u128::from(BEYOND) * 10_000).then(|| self.steps.iter().find(reached))?.map(|step| step.latency_ns)
    }

    fn share(&self, step: &Step) -> f64 {
        step.requests as f64 / self.requests.max(1) as f64
    }
}

impl Percentiles<'_> {
    /// Latency by percentile; a line stops where fewer than ten requests lie beyond it.
    pub fn nines_svg(&self) -> String {
        drawing(SIZE, &format!("{}: {}", self.title, self.subtitle), |canvas| {
            canvas.head(self.title, self.subtitle, f64::from(SIZE.0));
            let area = Area { left: 78.0, top: 56.0, right: 508.0, bottom: 346.0 };
            let supported =
                || self.lines.iter().flat_map(|line| line.supported().into_iter().map(move |step| (line, step)));
            let nines = |share: f64| -libm::log10(1.0 - share);
            let furthest = supported().map(|(line, step)| nines(line.share(&step))).fold(1.0, f64::max);
            let across = Scale::Linear { low: 0.0, high: furthest };
            let up = decades(supported().map(|(_, step)| step.latency_ns as f64));
            beside(canvas, &area, up, &times_by_decades(up), Some(("latency (log scale)", 16.0)));
            let names = ["p90", "p99", "p99.9", "p99.99", "p99.999", "p99.9999", "p99.99999"];
            let whole = names.iter().enumerate().map(|(place, name)| ((place + 1) as f64, *name));
            let ticks = [(0.0, "0"), (nines(0.5), "p50")].into_iter().chain(whole);
            let ticks = ticks.filter(|(value, _)| *value <= furthest + 1e-9);
            let ticks: Vec<Tick> = ticks.map(|(value, name)| Tick { value, text: name.to_owned() }).collect();
            below(
                canvas,
                &area,
                across,
                &ticks,
                &format!("percentile of {}: each step to the right is one more nine", self.of),
                true,
            );
            let mut ends = Vec::new();
            for line in self.lines {
                // A percentile is the latency of the next step: none lies between two.
                let (mut points, mut x): (Vec<Point>, f64) = (Vec::new(), area.left);
                for step in line.supported() {
                    let y = up.y(&area, step.latency_ns as f64);
                    points.push((x, y));
                    x = across.x(&area, nines(line.share(&step)));
                    points.push((x, y));
                }
                points.dedup();
                if let Some(&end) = points.last() {
                    canvas.line(&points, Stroke { color: line.look.color, width: 2.0, dash: line.look.dash });
                    ends.push((end, line));
                }
            }
            if ends.is_empty() {
                canvas.text(&format!("no {} in this window", self.of), (area.middle(), 200.0), LABEL.sized(12.0));
            }
            name_ends(canvas, &area, ends, self.of);
        })
    }

    /// The numbers of [`Percentiles::nines_svg`].
    pub fn nines_csv(&self) -> String {
        self.rows(Line::supported)
    }

    /// The share of requests that took at most so long.
    pub fn cdf_svg(&self) -> String {
        drawing(SIZE, &format!("{}: {}", self.title, self.subtitle), |canvas| {
            canvas.head(self.title, self.subtitle, f64::from(SIZE.0));
            let area = Area { left: 70.0, top: 56.0, right: 478.0, bottom: 346.0 };
            let steps = || self.lines.iter().flat_map(|line| line.steps.iter().map(move |step| (line, step)));
            let across = decades(steps().map(|(_, step)| step.latency_ns as f64));
            let up = Scale::Linear { low: 0.0, high: 1.0 };
            let shares: Vec<Tick> = (0..=5)
                .map(|fifth| Tick { value: f64::from(fifth) / 5.0, text: format!("{} %", fifth * 20) })
                .collect();
            beside(canvas, &area, up, &shares, Some((&format!("share of {}", self.of), 16.0)));
            below(canvas, &area, across, &times_by_decades(across), "latency (log scale)", true);
            if steps().next().is_none() {
                canvas.text(&format!("no {} in this window", self.of), (area.middle(), 200.0), LABEL.sized(12.0));
            }
            let mut beside_y = 68.0;
            for line in self.lines {
                // At a latency the share jumps by the requests that took just so long.
                let (mut points, mut y) = (Vec::new(), area.bottom);
                for step in &line.steps {
                    let x = across.x(&area, step.latency_ns as f64);
                    points.push((x, y));
                    y = up.y(&area, line.share(step));
                    points.push((x, y));
                }
                canvas.line(&points, Stroke { color: line.look.color, width: 2.0, dash: line.look.dash });
                let named = [(5_000, "p50"), (9_900, "p99"), (9_990, "p99.9")];
                let known: Vec<(u64, &str, u64)> = named
                    .into_iter()
                    .filter_map(|(of, name)| line.quantile(of).map(|latency| (of, name, latency)))
                    .collect();
                for &(of, _, latency) in &known {
                    canvas.dot((across.x(&area, latency as f64), up.y(&area, of as f64 / 1e4)), 3.5, line.look.color);
                }
                beside_y = margin(canvas, area.right + 12.0, beside_y, (line, self.of), &known);
            }
        })
    }

    /// The numbers of [`Percentiles::cdf_svg`].
    pub fn cdf_csv(&self) -> String {
        self.rows(|line| line.steps.clone())
    }

    fn rows(&self, steps: impl Fn(&Line) -> Vec<Step>) -> String {
        let rows = self.lines.iter().flat_map(|line| {
            steps(line).into_iter().map(|step| {
                [
                    line.name.clone(),
                    format!("{:.6}", line.share(&step)),
                    step.latency_ns.to_string(),
                    step.requests.to_string(),
                    line.requests.to_string(),
                ]
            })
        });
        let up_to = format!("{}_up_to", self.of);
        table(["line", "share", "latency_ns", &up_to, self.of], rows)
    }
}

/// Names in the right margin at the heights of the ends of lines, pushed apart, with a thin line between.
fn name_ends(canvas: &mut Canvas<'_>, area: &Area, mut ends: Vec<(Point, &Line)>, of: &str) {
    const APART: f64 = 28.0;
    ends.sort_by(|one, other| one.0.1.total_cmp(&other.0.1));
    let mut heights: Vec<f64> = Vec::new();
    for (end, _) in &ends {
        let least = heights.last().map_or(area.top, |before| before + APART);
        heights.push(end.1.max(least));
    }
    // What was pushed out at the bottom is pushed up again.
    let mut most = area.bottom - 6.0;
    for height in heights.iter_mut().rev() {
        *height = height.min(most);
        most = *height - APART;
    }
    for ((end, line), y) in ends.into_iter().zip(heights) {
        let left = area.right + 12.0;
        let leader = Stroke { color: line.look.color, width: 0.75, dash: Dash::Dotted };
        canvas.line(&[end, (area.right, end.1), (left - 2.0, y)], leader);
        let name = LABEL.of(line.look.color).bold().at(Side::Left);
        canvas.text(&name.fitted(&line.name, 112.0), (left, y), name);
        let n = LABEL.of(GREY).sized(10.0).at(Side::Left);
        canvas.text(&n.fitted(&format!("{} {of}", count(line.requests)), 112.0), (left, y + 13.0), n);
    }
}

/// The name and figures of a line beside the frame; gives back where the next one stands.
fn margin(canvas: &mut Canvas<'_>, x: f64, y: f64, (line, of): (&Line, &str), known: &[(u64, &str, u64)]) -> f64 {
    canvas.line(&[(x, y), (x + 18.0, y)], Stroke { color: line.look.color, width: 3.0, dash: line.look.dash });
    let name = LABEL.bold().at(Side::Left);
    canvas.text(&name.fitted(&line.name, 116.0), (x + 24.0, y), name);
    let figures = LABEL.of(GREY).sized(10.0).at(Side::Left);
    let mut y = y + 16.0;
    let requests = format!("{} {of}", count(line.requests));
    let figure = |(_, name, latency): &(u64, &str, u64)| format!("{name} {}", duration(*latency));
    for text in [requests].into_iter().chain(known.iter().map(figure)) {
        canvas.text(&figures.fitted(&text, 140.0), (x, y), figures);
        y += 13.0;
    }
    y + 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_needs_ten_requests_beyond_it() {
        let steps = vec![Step { latency_ns: 5, requests: 50 }, Step { latency_ns: 9, requests: 99 }];
        let line = Line { name: "all".into(), look: Look::numbered(0), requests: 100, steps };
        assert_eq!((line.quantile(5_000), line.quantile(9_000), line.quantile(9_900)), (Some(5), Some(9), None));
        let drawn = [Step { latency_ns: 5, requests: 50 }, Step { latency_ns: 9, requests: 90 }];
        assert_eq!(line.supported(), drawn, "the second as far as ten requests lie beyond");
        let all_equal = Line { steps: vec![Step { latency_ns: 7, requests: 100 }], ..line.clone() };
        assert_eq!(all_equal.supported(), [Step { latency_ns: 7, requests: 90 }]);
        let few = Line { requests: 10, steps: vec![Step { latency_ns: 7, requests: 10 }], ..line.clone() };
        assert_eq!(few.supported(), []);
        let chart = Percentiles { title: "t", subtitle: "s", of: "requests", lines: &[line] };
        assert_eq!(
            chart.nines_csv(),
            "line,share,latency_ns,requests_up_to,requests\nall,0.500000,5,50,100\nall,0.900000,9,90,100\n"
        );
        assert_eq!(chart.cdf_csv().lines().count(), 3);
    }
}
