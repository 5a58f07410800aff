//! The charts of a campaign's page, each with the table of its numbers.

use super::super::super::chart::{self, Bar, Bars, Line, Look, Percentiles, Step, Tornado, Window, Windows, Wing};
use super::super::super::document::{Figure, Table};
use super::super::super::draw::{danger, figure};
use super::super::super::text::{count, counted, duration};
use super::super::estimate::Estimate;
use super::super::paper::{PointTable, Unit, digits, signed, trimmed, unit_of};
use super::super::summary::{CampaignSummary, PointExposure, PointSummary};
use super::super::text::{find, measures, share_cell};
use super::level;
use super::rows::{MOST_LINES, Rows};
use super::sensitivity::{Effect, Effects, End};
use crate::scenario::campaign::Measure;

/// Groups of points with charts of their own: the tables have the others.
const MOST_GROUPS: usize = 4;
/// Bars of a frame.
const MOST_BARS: usize = 11;
/// Frames of the chart of losses.
const MOST_LOSSES: usize = 8;

/// The names of all charts of a campaign; one of several groups has a number behind it.
pub const NAMES: [&str; 8] =
    ["losses", "methods", "latency-nines", "latency-over-time", "exposure", "tornado", "tornado-loss", "goals"];

/// A group of points that differ on one axis alone, with what its charts are called.
struct Group<'a> {
    points: Vec<&'a PointSummary>,
    /// Of its files.
    name: String,
    title: String,
    /// What it leaves out.
    note: String,
}

impl Group<'_> {
    /// Its chart of bars; `about` says what stands in it.
    fn bars(&self, about: &str, frames: &[chart::Measure], numbers: Table) -> Figure {
        let runs = self.points.first().map_or(0, |point| point.runs);
        let fewer = frames.iter().flat_map(|frame| &frame.bars).any(|bar| bar.n < runs);
        let most = if fewer { "at most " } else { "" };
        let subtitle = format!("{most}{} each; {about}{}", counted(runs, "run"), self.note);
        let chart = Bars { title: &self.title, subtitle: &subtitle, measures: frames };
        let file = format!("charts/{}.csv", self.name);
        figure(&self.name, &self.title, (chart.svg(), chart.csv()), numbers.shortened(&file))
    }
}

/// An interval as a cell of a table.
fn between(interval: Option<(f64, f64)>, told: fn(f64) -> String) -> String {
    interval.map_or("-".into(), |(low, high)| format!("{} to {}", told(low), told(high)))
}

fn groups<'a>(summary: &'a CampaignSummary, name: &str, title: &str) -> Vec<Group<'a>> {
    let all = PointTable::new(summary, usize::MAX).groups();
    let many = all.len();
    let group = |(place, (group, points)): (usize, (String, Vec<&'a PointSummary>))| {
        let mut note = String::new();
        if points.len() > MOST_BARS {
            note += &format!("; the first {MOST_BARS} of {}", counted(points.len() as u64, "point"));
        }
        if many > MOST_GROUPS {
            note += &format!("; group {} of {many}", place + 1);
        }
        Group {
            points: points.into_iter().take(MOST_BARS).collect(),
            name: if place == 0 { name.to_owned() } else { format!("{name}-{}", place + 1) },
            title: if group.is_empty() { title.to_owned() } else { format!("{title}: {group}") },
            note,
        }
    };
    all.into_iter().take(MOST_GROUPS).enumerate().map(group).collect()
}

/// The look of each level of the axis that names bars and lines: methods keep theirs.
fn look(levels: &[String], level: &str) -> Look {
    let unknown = Look::of_method("");
    if levels.iter().all(|level| Look::of_method(level) != unknown) {
        return Look::of_method(level);
    }
    Look::numbered(levels.iter().position(|it| it == level).unwrap_or(0))
}

fn levels_of_rows(summary: &CampaignSummary) -> Vec<String> {
    let axis = PointTable::new(summary, usize::MAX).axis();
    axis.map_or(Vec::new(), |axis| summary.axes[axis].levels.clone())
}

/// How often something went wrong: a frame for each kind of loss.
pub(super) fn losses(summary: &CampaignSummary) -> Vec<Figure> {
    let kinds: Vec<Measure> = measures(summary, true).into_iter().take(MOST_LOSSES).collect();
    if kinds.is_empty() {
        return Vec::new();
    }
    let (table, levels) = (PointTable::new(summary, usize::MAX), levels_of_rows(summary));
    let draw = |group: Group<'_>| {
        let bar = |kind: Measure, point: &PointSummary| -> Option<Bar> {
            let it = find(point, kind.name())?;
            let percent = |share: f64| share * 100.0;
            let name = table.row_name(point);
            Some(Bar {
                look: look(&levels, &name),
                name,
                mean: percent(it.estimate?),
                interval: it
                    .low
                    .zip(it.high)
                    .map(|(low, high)| (percent(low), percent(it.zero_failure_bound.unwrap_or(high)))),
                n: it.n,
                runs: Vec::new(),
                told: Some(match it.zero_failure_bound {
                    Some(bound) => format!("0 (<{})", trimmed(percent(bound), 2)),
                    None => digits(percent(it.estimate?)),
                }),
            })
        };
        let frame = |&kind: &Measure| chart::Measure {
            name: kind.name().to_owned(),
            unit: "% of runs".to_owned(),
            bars: group.points.iter().filter_map(|point| bar(kind, point)).collect(),
        };
        let frames: Vec<chart::Measure> = kinds.iter().map(frame).collect();
        let row = |kind: &Measure, point: &PointSummary| {
            let it = find(point, kind.name())?;
            Some(vec![
                kind.name().to_owned(),
                table.row_name(point),
                count(it.n),
                count(it.hits.unwrap_or(0)),
                share_cell(it),
            ])
        };
        let rows = kinds.iter().flat_map(|kind| group.points.iter().filter_map(move |point| row(kind, point)));
        let columns = ["loss", "at", "#runs", "#with it", "#% of runs"];
        let numbers = Table::new(&format!("Shares with {} intervals", level(summary)), &columns, rows.collect());
        group.bars(
            &format!("whisker: {} interval (Clopper-Pearson); (<): never, and below, one-sided", level(summary)),
            &frames,
            numbers,
        )
    };
    groups(summary, "losses", "How often what goes wrong").into_iter().map(draw).collect()
}

/// How bars of a measure are told: availability as what is missing of it, so that its bars begin at nothing.
struct Told {
    name: String,
    unit: Unit,
    flip: bool,
}

impl Told {
    fn new(summary: &CampaignSummary, measure: Measure) -> Told {
        let flip = measure == Measure::Availability;
        let all = summary.points.iter().filter_map(|point| find(point, measure.name())?.estimate);
        Told {
            name: if flip { "unavailable".to_owned() } else { measure.name().to_owned() },
            unit: unit_of(measure, all),
            flip,
        }
    }

    fn value(&self, value: f64) -> f64 {
        if self.flip { (1.0 - value) / self.unit.scale } else { value / self.unit.scale }
    }

    fn interval(&self, it: &Estimate) -> Option<(f64, f64)> {
        let (low, high) = (self.value(it.low?), self.value(it.high?));
        Some((low.min(high), low.max(high)))
    }
}

/// Which method costs what: a frame for each measure, a dot for some of its runs.
pub(super) fn methods(summary: &CampaignSummary, rows: &Rows) -> Vec<Figure> {
    if rows.bars.is_empty() {
        return Vec::new();
    }
    let (table, levels) = (PointTable::new(summary, usize::MAX), levels_of_rows(summary));
    let told: Vec<(Measure, Told)> = rows.bars.iter().map(|&measure| (measure, Told::new(summary, measure))).collect();
    let draw = |group: Group<'_>| {
        let bar = |measure: Measure, told: &Told, point: &PointSummary| -> Option<Bar> {
            let it = find(point, measure.name())?;
            let name = table.row_name(point);
            Some(Bar {
                look: look(&levels, &name),
                name,
                mean: told.value(it.estimate?),
                interval: told.interval(it),
                n: it.n,
                runs: rows.dots(measure, point.number).into_iter().map(|dot| told.value(dot)).collect(),
                told: None,
            })
        };
        let frame = |(measure, told): &(Measure, Told)| chart::Measure {
            name: told.name.clone(),
            unit: told.unit.name.to_owned(),
            bars: group.points.iter().filter_map(|point| bar(*measure, told, point)).collect(),
        };
        let frames: Vec<chart::Measure> = told.iter().map(frame).collect();
        let rows_of = frames.iter().flat_map(|frame| {
            frame.bars.iter().map(|bar| {
                vec![
                    format!("{} ({})", frame.name, frame.unit),
                    bar.name.clone(),
                    count(bar.n),
                    digits(bar.mean),
                    between(bar.interval, digits),
                ]
            })
        });
        let columns = ["measure", "at", "#runs", "#mean", "#interval"];
        let numbers = Table::new(&format!("Means with {} intervals", level(summary)), &columns, rows_of.collect());
        let dots = match rows.every {
            1 => "dot: each run".to_owned(),
            every => format!("dots: 1 in {every} and the extremes"),
        };
        let about = format!("bar: mean; whisker: {} interval (Student t); {dots}", level(summary));
        group.bars(&about, &frames, numbers)
    };
    groups(summary, "methods", "What each costs").into_iter().map(draw).collect()
}

/// The 99th percentiles of the runs, a line for each level of the axis that names them.
pub(super) fn latency(summary: &CampaignSummary, rows: &Rows) -> Option<Figure> {
    let levels = levels_of_rows(summary);
    let line = |(name, slow): (&String, &Vec<u64>)| {
        let mut sorted = slow.clone();
        sorted.sort_unstable();
        let mut steps: Vec<Step> = Vec::new();
        for (latency_ns, runs) in sorted.into_iter().zip(1..) {
            match steps.last_mut() {
                Some(last) if last.latency_ns == latency_ns => last.requests = runs,
                _ => steps.push(Step { latency_ns, requests: runs }),
            }
        }
        Line { name: name.clone(), look: look(&levels, name), requests: slow.len() as u64, steps: thinned(steps) }
    };
    let lines: Vec<Line> = rows.lines.iter().zip(&rows.slow).map(line).filter(|line| line.requests > 0).collect();
    if lines.is_empty() {
        return None;
    }
    let title = "99th percentile of a run's latencies, over runs";
    let left_out = match levels.len() {
        0..=MOST_LINES => String::new(),
        all => format!("; the first {MOST_LINES} of {all}"),
    };
    let subtitle = format!("runs of all points with that value; lines end at ten runs beyond{left_out}");
    let chart = Percentiles { title, subtitle: &subtitle, of: "runs", lines: &lines };
    let quantile = |line: &Line, of: u64| line.quantile(of).map_or("-".to_owned(), duration);
    let row = |line: &Line| {
        let mut row = vec![line.name.clone(), count(line.requests)];
        row.extend([5_000, 9_000, 9_900, 9_990].map(|of| quantile(line, of)));
        row
    };
    let caption = "99th percentile of a run, over runs; - : fewer than ten runs beyond it";
    let columns = ["runs", "#number", "#p50", "#p90", "#p99", "#p99.9"];
    let table = Table::new(caption, &columns, lines.iter().map(row).collect());
    Some(figure("latency-nines", title, (chart.nines_svg(), chart.nines_csv()), table))
}

/// More steps than these are not seen in a line.
const MOST_STEPS: usize = 600;

/// Every n-th step, but all of the last ones, where a line tells of the slowest.
fn thinned(steps: Vec<Step>) -> Vec<Step> {
    let (many, every) = (steps.len(), steps.len().div_ceil(MOST_STEPS).max(1));
    let kept = |(place, _): &(usize, Step)| place % every == 0 || place + MOST_STEPS / 2 >= many;
    steps.into_iter().enumerate().filter(kept).map(|(_, step)| step).collect()
}

/// How long a backup of each point is in danger where nothing fails, and what the chart cannot say.
pub(super) fn exposure(summary: &CampaignSummary) -> Option<(Figure, String)> {
    let known: Vec<(&PointSummary, &PointExposure)> =
        summary.points.iter().filter_map(|point| Some((point, point.exposure.as_ref()?))).collect();
    let window = |(point, it): &(&PointSummary, &PointExposure)| -> Vec<Window> {
        let seen = it.windows.iter().filter(|window| window.window_ns > 0);
        let told = seen.map(|window| Window {
            invariant: point.name(),
            fault: danger(&window.danger).to_owned(),
            window_ns: window.window_ns,
            at_most_ns: window.window_ns,
            opens: None,
            closes: None,
            per_backup: window.per_backup_prob,
        });
        told.collect()
    };
    let windows: Vec<Window> = known.iter().flat_map(window).collect();
    if known.is_empty() || windows.is_empty() {
        return None;
    }
    let title = "Windows of danger where nothing fails";
    let subtitle = "per backup, one run of each point without faults and slips; chance that a crash falls into it";
    let chart = Windows { title, subtitle, windows: &windows };
    let row = |(point, it): &(&PointSummary, &PointExposure)| -> Vec<Vec<String>> {
        let crash = it.crash_every_ns.map_or("-".to_owned(), duration);
        let rows = it.windows.iter().map(|window| {
            let chance =
                if it.crash_every_ns.is_some() { format!("{:.1e}", window.per_backup_prob) } else { "-".into() };
            vec![point.name(), danger(&window.danger).to_owned(), duration(window.window_ns), crash.clone(), chance]
        });
        rows.collect()
    };
    let columns = ["point", "danger", "#window", "#a crash every", "#per backup"];
    let rows = known.iter().flat_map(row).collect();
    let table = Table::new("Windows of one backup", &columns, rows).shortened("summary.json");
    let figure = figure("exposure", title, (chart.svg(), chart.csv()), table);
    let without: Vec<String> = known.iter().filter(|it| window(it).is_empty()).map(|(point, _)| point.name()).collect();
    let mut note = "What a method opens by itself, from one run. With faults a duplicate lasts until somebody has cleared it \
                    up; how often that came about stands in the tables above. `tiersim explore` strikes every boundary and \
                    says which crash would break what."
        .to_owned();
    if !without.is_empty() {
        note += &format!(" No window at: {}.", without.join("; "));
    }
    Some((figure, note))
}

/// What each axis does to a cost, and to a loss.
pub(super) fn tornados(summary: &CampaignSummary, effects: &[Effects]) -> Vec<Figure> {
    let names = ["tornado", "tornado-loss"];
    effects.iter().zip(names).map(|(effects, name)| tornado(summary, effects, name)).collect()
}

fn tornado(summary: &CampaignSummary, effects: &Effects, name: &str) -> Figure {
    let ends = |effect: &Effect| [effect.low.mean, effect.high.mean];
    let unit = unit_of(effects.measure, effects.axes.iter().flat_map(ends));
    let scaled = |value: f64| value / unit.scale;
    let both = |interval: Option<(f64, f64)>| interval.map(|(low, high)| (scaled(low), scaled(high)));
    let wing = |effect: &Effect| Wing {
        axis: effect.axis.clone(),
        low_value: effect.low.level.clone(),
        high_value: effect.high.level.clone(),
        low: scaled(effect.low.mean),
        high: scaled(effect.high.mean),
        low_interval: both(effect.low.interval),
        high_interval: both(effect.high.interval),
        told: match both(effect.interval) {
            Some((low, high)) => format!("{} ({}..{})", signed(scaled(effect.difference)), signed(low), signed(high)),
            None => signed(scaled(effect.difference)),
        },
    };
    let wings: Vec<Wing> = effects.axes.iter().map(wing).collect();
    let title = format!("What each axis does to {}", effects.measure);
    let subtitle = format!(
        "means over all other axes, {}; grey: paired difference; intervals at {} (Student t)",
        counted(effects.replications, "replication"),
        level(summary)
    );
    let measure = format!("{} ({})", effects.measure, unit.name);
    let base = scaled(effects.mean);
    let chart =
        Tornado { title: &title, subtitle: &subtitle, measure: &measure, base, center: "mean of all", wings: &wings };
    let end = |end: &End| [end.level.clone(), digits(scaled(end.mean)), between(both(end.interval), digits)];
    let row = |effect: &Effect| -> Vec<String> {
        let interval = between(both(effect.interval), signed);
        let difference = [signed(scaled(effect.difference)), interval, count(effect.n)];
        [effect.axis.clone()].into_iter().chain(end(&effect.low)).chain(end(&effect.high)).chain(difference).collect()
    };
    let columns = [
        "axis",
        "from",
        "#mean there",
        "#interval",
        "to",
        "#mean there",
        "#interval",
        "#difference",
        "#interval",
        "#pairs",
    ];
    let points = if unit.name == "%" { "percentage points" } else { unit.name };
    let caption = format!("Effects on {} in {}, differences in {points}", effects.measure, unit.name);
    let table = Table::new(&caption, &columns, effects.axes.iter().map(row).collect());
    figure(name, &title, (chart.svg(), chart.csv()), table)
}
