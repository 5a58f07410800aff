//! `runs.csv`: one row for each run, sorted by point and then by replication, whole numbers alone; and read again, one row
//! after the other.

use std::io;

use super::manifest::CampaignManifest;
use crate::campaign::sweep::figures::Figures;
use crate::campaign::sweep::row::{bit, goal_bit};
use crate::campaign::sweep::{End, Row, RowVerdict, VolumeRow};
use crate::vocab::{Goal, Invariant};

/// What is told of each volume ID, behind its name.
const OF_VOLUME: [&str; 6] =
    ["online_ns", "offline_ns", "wrong_id_ns", "offline_controller_ns", "offline_host_ns", "longest_closed_ns"];

/// The whole file. A cell is empty where a run has nothing of the kind: a check that was never put to the test, a time
/// that did not end, a volume that its point does not have.
pub fn render(manifest: &CampaignManifest, rows: &[Row]) -> Vec<u8> {
    let volumes = volumes_of(manifest);
    let mut text = header(manifest, &volumes).join(",") + "\n";
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.point, row.replication));
    for row in sorted {
        text += &(cells(manifest, &volumes, row).join(",") + "\n");
    }
    text.into_bytes()
}

fn volumes_of(manifest: &CampaignManifest) -> Vec<&str> {
    let mut ids: Vec<&str> = manifest.points.iter().flat_map(|point| &point.volumes).map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The names of the columns.
fn header(manifest: &CampaignManifest, volumes: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = ["point", "replication"].map(str::to_owned).to_vec();
    names.extend(manifest.axes.iter().map(|axis| quoted(&axis.name)));
    names.extend(["run", "seed", "fingerprint", "verdict", "end"].map(str::to_owned));
    names.extend(Invariant::ALL.iter().map(|invariant| column_of("violated", invariant.name())));
    names.extend(Figures::NAMES.iter().map(|&name| name.to_owned()));
    for id in volumes {
        names.extend(OF_VOLUME.iter().map(|name| quoted(format!("{id}_{name}"))));
    }
    names.extend(Goal::ALL.iter().map(|goal| column_of("reached", goal.name())));
    names
}

fn column_of(what: &str, name: &str) -> String {
    format!("{what}_{}", name.replace('-', "_"))
}

fn cells(manifest: &CampaignManifest, volumes: &[&str], row: &Row) -> Vec<String> {
    let is_canary = row.point == manifest.points.len();
    let mut cells =
        vec![if is_canary { "canary".to_owned() } else { row.point.to_string() }, row.replication.to_string()];
    match is_canary {
        true => cells.extend(manifest.axes.iter().map(|_| String::new())),
        false => cells.extend(manifest.labels(row.point).into_iter().map(quoted)),
    }
    cells.extend([row.run.to_string(), row.seed.to_string(), row.fingerprint.clone()]);
    cells.extend([verdict(row.verdict).to_owned(), end(row.end).to_owned()]);
    cells.extend(Invariant::ALL.iter().map(|&invariant| {
        let tested = row.tested & bit(invariant) != 0;
        match (row.violates(invariant), tested) {
            (true, _) => "1".to_owned(),
            (false, true) => "0".to_owned(),
            (false, false) => String::new(),
        }
    }));
    let number = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    cells.extend(row.figures.values().into_iter().map(number));
    for id in volumes {
        let found = row.volumes.iter().find(|volume| volume.id == *id);
        cells.extend(of_volume(found).map(number));
    }
    cells.extend(Goal::ALL.iter().map(|&goal| u64::from(row.reached & goal_bit(goal) != 0).to_string()));
    cells
}

fn of_volume(volume: Option<&VolumeRow>) -> [Option<u64>; 6] {
    let of = |get: fn(&VolumeRow) -> u64| volume.map(get);
    [
        of(|it| it.online_ns),
        of(|it| it.offline_ns),
        of(|it| it.wrong_id_ns),
        of(|it| it.offline_controller_ns),
        of(|it| it.offline_host_ns),
        of(|it| it.longest_closed_ns),
    ]
}

/// Reads the rows of a file of `axes` axes and `points` points, one after the other, in the order in which they stand; of the
/// volumes nothing is read.
///
/// # Errors
/// In words with its line, when the file is none of ours.
pub fn read(file: impl io::Read, axes: usize, points: usize, mut row: impl FnMut(Row)) -> Result<(), String> {
    let mut reader = csv::Reader::from_reader(file);
    let told = |error: csv::Error| error.to_string();
    let columns = Columns::new(reader.headers().map_err(told)?, axes)?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(told)? {
        let line = record.position().map_or(0, csv::Position::line);
        row(columns.row(&record, points).map_err(|reason| format!("line {line}: {reason}"))?);
    }
    Ok(())
}

/// Where in a record everything stands.
struct Columns {
    /// The column behind those of the axes.
    run: usize,
    violated: Vec<usize>,
    figures: Vec<usize>,
    /// Nothing for situations that the version which wrote the file did not know.
    reached: Vec<Option<usize>>,
}

impl Columns {
    fn new(header: &csv::StringRecord, axes: usize) -> Result<Columns, String> {
        let run = 2 + axes;
        // An axis or a volume may be named like a column of ours: those of axes come before, those of volumes behind.
        let find = |name: &str| (run..header.len()).find(|&place| &header[place] == name);
        let must = |name: &str| find(name).ok_or_else(|| format!("it has no column {name}"));
        if must("run")? != run {
            return Err(format!("its column {} is not `run`", run + 1));
        }
        let violated = Invariant::ALL.iter().map(|invariant| must(&column_of("violated", invariant.name())));
        Ok(Columns {
            run,
            violated: violated.collect::<Result<_, _>>()?,
            figures: Figures::NAMES.iter().map(|name| must(name)).collect::<Result<_, _>>()?,
            reached: Goal::ALL.iter().map(|goal| find(&column_of("reached", goal.name()))).collect(),
        })
    }

    fn row(&self, record: &csv::StringRecord, points: usize) -> Result<Row, String> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no whole number"));
        let optional = |text: &str| if text.is_empty() { Ok(None) } else { number(text).map(Some) };
        let point = match &record[0] {
            "canary" => points,
            text => usize::try_from(number(text)?)
                .ok()
                .filter(|&point| point < points)
                .ok_or_else(|| format!("there is no point {text}; the campaign has {points}"))?,
        };
        let (mut violated, mut tested) = (0, 0);
        for (&invariant, &place) in Invariant::ALL.iter().zip(&self.violated) {
            match &record[place] {
                "1" => (violated, tested) = (violated | bit(invariant), tested | bit(invariant)),
                "0" => tested |= bit(invariant),
                _ => {}
            }
        }
        let is_reached = |place: &Option<usize>| place.is_some_and(|place| &record[place] == "1");
        let reached = Goal::ALL.iter().zip(&self.reached).filter(|(_, place)| is_reached(place));
        let figures = self.figures.iter().map(|&place| optional(&record[place])).collect::<Result<Vec<_>, _>>()?;
        let mut figures = figures.into_iter();
        Ok(Row {
            run: number(&record[self.run])?,
            point,
            replication: number(&record[1])?,
            seed: number(&record[self.run + 1])?,
            fingerprint: record[self.run + 2].to_owned(),
            verdict: RowVerdict::ALL
                .into_iter()
                .find(|&it| verdict(it) == &record[self.run + 3])
                .ok_or("no verdict")?,
            end: End::ALL.into_iter().find(|&it| end(it) == &record[self.run + 4]).ok_or("no end")?,
            violated,
            tested,
            reached: reached.fold(0, |bits, (&goal, _)| bits | goal_bit(goal)),
            figures: Figures::from_values(|_| figures.next().flatten()),
            volumes: Vec::new(),
        })
    }
}

pub fn verdict(verdict: RowVerdict) -> &'static str {
    match verdict {
        RowVerdict::Pass => "PASS",
        RowVerdict::Fail => "FAIL",
        RowVerdict::Inconclusive => "INCONCLUSIVE",
    }
}

fn end(end: End) -> &'static str {
    match end {
        End::Quiescent => "quiescent",
        End::Until => "until",
        End::Stalled => "stalled",
        End::Overrun => "overrun",
        End::Budget => "budget",
    }
}

/// A field of RFC 4180.
fn quoted(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
