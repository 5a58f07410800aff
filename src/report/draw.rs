//! From the files of a run to its charts, each with the table of its numbers.

use super::chart::{
    Availability, Density, Hot, Line, Load, Look, Mark, Percentiles, Phase, Phases, Row, Shown, Slot, Stay, Worker,
};
use super::course::{TimelineRow, Told};
use super::document::{Figure, Table};
use super::latencies::{Histogram, together};
use super::text::{count, duration, share};

/// What is said below every title.
#[derive(Clone, Debug)]
pub struct Named {
    /// As in `safe-backup, seed 1`.
    pub run: String,
    pub end_ns: u64,
}

/// A job with its steps.
#[derive(Clone, Debug)]
pub struct Job {
    /// As in `Backup 1: safe-backup of PROD01`.
    pub title: String,
    /// Of its files, as `backup-1`.
    pub name: String,
    pub phases: Vec<Phase>,
}

/// The moments at which faults acted.
pub fn marks(told: &Told) -> Vec<Mark> {
    let faults = told.timeline.iter().filter(|row| row.kind == "fault");
    faults.map(|row| Mark { time_ns: row.from_ns, text: row.name.clone() }).collect()
}

/// Latency by percentile and as shares, a line for each phase of the run.
pub fn latencies(named: &Named, histograms: &[Histogram]) -> [Figure; 2] {
    let mut lines = Vec::new();
    for (number, phase) in ["before", "during", "after"].into_iter().enumerate() {
        let (requests, steps) = together(histograms.iter().filter(|histogram| histogram.phase == phase));
        if requests > 0 {
            lines.push(Line { name: format!("{phase} backups"), look: Look::numbered(number), requests, steps });
        }
    }
    percentiles(&named.run, "Latency of host requests", &lines)
}

/// The two charts of some lines and their table.
pub fn percentiles(run: &str, title: &str, lines: &[Line]) -> [Figure; 2] {
    let n = lines.iter().fold(0_u64, |sum, line| sum.saturating_add(line.requests));
    let quantile = |line: &Line, of: u64| line.quantile(of).map_or("-".to_owned(), duration);
    let row = |line: &Line| {
        let mut row = vec![line.name.clone(), count(line.requests)];
        row.extend([5_000, 9_000, 9_900, 9_990, 9_999].map(|of| quantile(line, of)));
        row
    };
    let caption = "Latency by percentile; - : fewer than ten requests beyond it";
    let columns = ["requests", "#number", "#p50", "#p90", "#p99", "#p99.9", "#p99.99"];
    let table = Table::new(caption, &columns, lines.iter().map(row).collect());
    let subtitle = format!("{run}; n = {}; lines end at ten requests beyond", count(n));
    let nines = Percentiles { title: &format!("{title} by percentile"), subtitle: &subtitle, of: "requests", lines };
    let cdf_subtitle = format!("{run}; n = {}; dots: p50, p99, p99.9", count(n));
    let cdf = Percentiles { title: &format!("{title} as shares"), subtitle: &cdf_subtitle, of: "requests", lines };
    let figure = |name: &str, title: &str, svg, csv| Figure {
        name: name.to_owned(),
        title: title.to_owned(),
        svg,
        csv,
        table: table.clone(),
    };
    [
        figure("latency-nines", nines.title, nines.nines_svg(), nines.nines_csv()),
        figure("latency-cdf", cdf.title, cdf.cdf_svg(), cdf.cdf_csv()),
    ]
}

/// When requests were slow.
pub fn density(named: &Named, told: &Told, title: &str) -> Figure {
    let cells: Vec<Hot> = told
        .cells
        .iter()
        .map(|cell| Hot {
            from_ns: cell.from_ns,
            until_ns: cell.until_ns,
            low_ns: cell.low_ns,
            high_ns: cell.high_ns,
            requests: cell.requests,
        })
        .collect();
    let slots: Vec<Slot> = told
        .slices
        .iter()
        .map(|it| Slot { from_ns: it.from_ns, until_ns: it.until_ns, p50_ns: it.p50_ns, p99_ns: it.p99_ns })
        .collect();
    let width = told.slices.first().map_or(0, |slice| slice.until_ns - slice.from_ns);
    let completed = told.slices.iter().fold(0_u64, |sum, slice| sum.saturating_add(slice.completed));
    let failed = told.slices.iter().fold(0_u64, |sum, slice| sum.saturating_add(slice.failed));
    // A percentile that no part of the run supports is no line.
    let lines = match told.slices.iter().any(|slice| slice.p99_ns.is_some()) {
        true => "lines: p50, p99",
        false => "line: p50",
    };
    let subtitle = format!(
        "{}; {} completed, {} failed; {} per {}",
        named.run,
        count(completed),
        count(failed),
        lines,
        duration(width)
    );
    let marks = marks(told);
    let chart =
        Density { title, subtitle: &subtitle, until_ns: named.end_ns, cells: &cells, slots: &slots, marks: &marks };
    let percentile = |ns: Option<u64>| ns.map_or("-".to_owned(), duration);
    let busy = told.slices.iter().filter(|slice| slice.completed > 0 || slice.failed > 0);
    let row = |slice: &super::course::Slice| {
        let figures = [count(slice.completed), count(slice.failed), percentile(slice.p50_ns), percentile(slice.p99_ns)];
        [duration(slice.from_ns), duration(slice.until_ns)].into_iter().chain(figures).collect()
    };
    let columns = ["#from", "#until", "#completed", "#failed", "#p50", "#p99"];
    let table = Table::new("Requests that ended in each part of the run", &columns, busy.map(row).collect());
    figure("latency-over-time", title, (chart.svg(), chart.csv()), table.shortened("series.csv"))
}

/// Who could use what, and when.
pub fn availability(named: &Named, told: &Told) -> Figure {
    let mut rows: Vec<Row> = Vec::new();
    let stays = |row: &&TimelineRow| row.kind != "fault";
    for row in told.timeline.iter().filter(stays) {
        let Some(shown) = Shown::parse(&row.state) else { continue };
        let name = match &row.kind[..] {
            "volume" => row.name.clone(),
            "device" => format!("device {}", row.name),
            _ => row.name.clone(),
        };
        let stay = Stay { from_ns: row.from_ns, until_ns: row.until_ns, shown };
        match rows.iter_mut().find(|known| known.name == name) {
            Some(known) => known.stays.push(stay),
            None => rows.push(Row { name, stays: vec![stay] }),
        }
    }
    let title = "Availability of volume IDs, devices, drives and tapes";
    let subtitle = format!("{}; hatched: two claim one ID, or a label says another", named.run);
    let marks = marks(told);
    let chart = Availability { title, subtitle: &subtitle, until_ns: named.end_ns, rows: &rows, marks: &marks };
    let row = |row: &TimelineRow| {
        let took = duration(row.until_ns - row.from_ns);
        vec![
            format!("{} {}", row.kind, row.name),
            row.state.clone(),
            duration(row.from_ns),
            duration(row.until_ns),
            took,
        ]
    };
    let columns = ["what", "state", "#from", "#until", "#took"];
    let table = Table::new("Every state and every fault", &columns, told.timeline.iter().map(row).collect());
    figure("availability", title, (chart.svg(), chart.csv()), table.shortened("timeline.csv"))
}

/// What the time of a job went into.
pub fn phases(named: &Named, told: &Told, job: &Job) -> Figure {
    let cut = job.phases.iter().any(|phase| phase.cut);
    let subtitle =
        if cut { format!("{}; grey with a cross: cut before its end", named.run) } else { named.run.clone() };
    let marks = marks(told);
    let chart = Phases { title: &job.title, subtitle: &subtitle, phases: &job.phases, marks: &marks };
    let row = |phase: &Phase| {
        let end = if phase.cut { "cut" } else { "done" };
        vec![
            phase.name.clone(),
            duration(phase.from_ns),
            duration(phase.until_ns),
            duration(phase.until_ns - phase.from_ns),
            end.to_owned(),
        ]
    };
    let columns = ["step", "#began at", "#ended at", "#took", "end"];
    let table = Table::new("Every execution of a step", &columns, job.phases.iter().map(row).collect());
    let name = format!("phases-{}", job.name);
    let file = format!("charts/{name}.csv");
    figure(&name, &job.title, (chart.svg(), chart.csv()), table.shortened(&file))
}

/// What a window of this name means.
pub fn danger(name: &str) -> &str {
    match name {
        "unique-online-id" => "two online volumes bear one ID",
        "unique-ipl-id" => "an IPL would find one ID twice",
        "doubt" => "the ID of the source is in doubt",
        other => other,
    }
}

/// Where the bottleneck is.
pub fn load(named: &Named, told: &Told) -> Figure {
    let ends: Vec<u64> = told.slices.iter().map(|slice| slice.until_ns).collect();
    let of = |place: usize, list: &dyn Fn(&super::course::Slice) -> &Vec<u64>| -> Vec<u64> {
        told.slices.iter().map(|slice| list(slice).get(place).copied().unwrap_or(0)).collect()
    };
    let workers: Vec<Worker> = told
        .components
        .iter()
        .enumerate()
        .map(|(place, (name, servers))| Worker {
            name: name.clone(),
            servers: *servers,
            busy_ns: of(place, &|slice| &slice.busy_ns),
            waiting: of(place, &|slice| &slice.waiting),
        })
        .collect();
    let title = "Use of components and length of their lines";
    let subtitle = format!("{}; share of server time; longest line of each part", named.run);
    let marks = marks(told);
    let chart = Load { title, subtitle: &subtitle, ends_ns: &ends, workers: &workers, marks: &marks };
    let row = |worker: &Worker| {
        let busy: u64 = worker.busy_ns.iter().fold(0, |sum, busy| sum.saturating_add(*busy));
        let whole = named.end_ns.saturating_mul(worker.servers);
        let longest = worker.waiting.iter().copied().max().unwrap_or(0);
        vec![worker.name.clone(), worker.servers.to_string(), duration(busy), share(busy, whole), count(longest)]
    };
    let columns = ["component", "#servers", "#busy", "#share of server time", "#longest line"];
    let table = Table::new("Use of each component over the run", &columns, workers.iter().map(row).collect());
    figure("utilisation", title, (chart.svg(), chart.csv()), table.shortened("series.csv"))
}

pub fn figure(name: &str, title: &str, (svg, csv): (String, String), table: Table) -> Figure {
    Figure { name: name.to_owned(), title: title.to_owned(), svg, csv, table }
}
