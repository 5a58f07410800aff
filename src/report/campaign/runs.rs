//! `runs.csv` and `runs.parquet`: one row for each run, sorted by point and then by replication; and the first read again, one
//! row after the other.

use std::io;

use super::super::cells::{Cell, Column, Kind, csv_header, csv_line};
use super::manifest::CampaignManifest;
use crate::campaign::sweep::figures::Figures;
use crate::campaign::sweep::row::{bit, goal_bit};
use crate::campaign::sweep::{End, Row, RowVerdict, VolumeRow};
use crate::vocab::{Goal, Invariant};

/// What is told of each volume ID, behind its name.
const OF_VOLUME: [&str; 6] =
    ["online_ns", "offline_ns", "wrong_id_ns", "offline_controller_ns", "offline_host_ns", "longest_closed_ns"];

/// The whole of `runs.csv`. A cell is empty where a run has nothing of the kind: a check that was never put to the test, a
/// time that did not end, a volume that its point does not have.
pub fn csv(manifest: &CampaignManifest, rows: &[Row]) -> Vec<u8> {
    let table = Table::new(manifest);
    let mut text = csv_header(&table.columns());
    sorted(rows).for_each(|row| text += &csv_line(&table.cells(row)));
    text.into_bytes()
}

/// The whole of `runs.parquet`: the same columns and rows.
#[cfg(feature = "parquet")]
pub fn parquet(manifest: &CampaignManifest, rows: &[Row]) -> Vec<u8> {
    let table = Table::new(manifest);
    let mut file = super::super::columnar::ParquetRows::new(Vec::new(), "runs", table.columns());
    sorted(rows).for_each(|row| {
        file.write(table.cells(row));
    });
    let (bytes, taken) = file.finish();
    taken.expect("times of a run are far below 292 years, and memory takes everything");
    bytes
}

fn sorted(rows: &[Row]) -> impl Iterator<Item = &Row> {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.point, row.replication));
    sorted.into_iter()
}

/// Whether `runs.csv` has a column of this name for every campaign.
pub fn is_column(name: &str) -> bool {
    let of_runs = ["point", "replication", "run", "seed", "fingerprint", "verdict", "end"];
    let flags = |what, names: &[&str]| names.iter().any(|it| column_of(what, it) == name);
    let invariants: Vec<&str> = Invariant::ALL.iter().map(|it| it.name()).collect();
    let goals: Vec<&str> = Goal::ALL.iter().map(|it| it.name()).collect();
    of_runs.contains(&name)
        || Figures::NAMES.contains(&name)
        || flags("violated", &invariants)
        || flags("reached", &goals)
        || OF_VOLUME.iter().any(|it| name.ends_with(&format!("_{it}")))
}

struct Table<'a> {
    manifest: &'a CampaignManifest,
    /// The volume IDs of all points.
    volumes: Vec<&'a str>,
}

impl Table<'_> {
    fn new(manifest: &CampaignManifest) -> Table<'_> {
        let mut volumes: Vec<&str> =
            manifest.points.iter().flat_map(|point| &point.volumes).map(String::as_str).collect();
        volumes.sort_unstable();
        volumes.dedup();
        Table { manifest, volumes }
    }

    fn columns(&self) -> Vec<Column> {
        let texts = |names: &[&str]| names.iter().map(|&name| Column::new(name, Kind::Text)).collect::<Vec<_>>();
        let number = |name: String| Column::new(name, Kind::Number);
        let mut columns = texts(&["point"]);
        columns.push(number("replication".to_owned()));
        columns.extend(self.manifest.axes.iter().map(|axis| Column::new(&axis.name[..], Kind::Text)));
        columns.extend([number("run".to_owned()), Column::new("seed", Kind::Bits)]);
        columns.extend(texts(&["fingerprint", "verdict", "end"]));
        let flag = |what, name| Column::new(column_of(what, name), Kind::Flag);
        columns.extend(Invariant::ALL.iter().map(|invariant| flag("violated", invariant.name())));
        columns.extend(Figures::NAMES.iter().map(|&name| number(name.to_owned())));
        for id in &self.volumes {
            columns.extend(OF_VOLUME.iter().map(|name| number(format!("{id}_{name}"))));
        }
        columns.extend(Goal::ALL.iter().map(|goal| flag("reached", goal.name())));
        columns
    }

    fn cells(&self, row: &Row) -> Vec<Cell> {
        let manifest = self.manifest;
        let is_canary = row.point == manifest.points.len();
        let point = if is_canary { "canary".to_owned() } else { row.point.to_string() };
        let mut cells = vec![Cell::Text(point), Cell::Number(row.replication)];
        match is_canary {
            true => cells.extend(manifest.axes.iter().map(|_| Cell::Nothing)),
            false => cells.extend(manifest.labels(row.point).into_iter().map(Cell::text)),
        }
        cells.extend([Cell::Number(row.run), Cell::Number(row.seed), Cell::text(&row.fingerprint[..])]);
        cells.extend([Cell::text(verdict(row.verdict)), Cell::text(end(row.end))]);
        cells.extend(Invariant::ALL.iter().map(|&invariant| {
            let is_told = row.violates(invariant) || row.tested & bit(invariant) != 0;
            if is_told { Cell::flag(row.violates(invariant)) } else { Cell::Nothing }
        }));
        cells.extend(row.figures.values().into_iter().map(Cell::from));
        for id in &self.volumes {
            let found = row.volumes.iter().find(|volume| volume.id == *id);
            cells.extend(of_volume(found).map(Cell::from));
        }
        cells.extend(Goal::ALL.iter().map(|&goal| Cell::flag(row.reached & goal_bit(goal) != 0)));
        cells
    }
}

fn column_of(what: &str, name: &str) -> String {
    format!("{what}_{}", name.replace('-', "_"))
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
