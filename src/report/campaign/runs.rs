//! `runs.csv` and `runs.parquet`: one row for each run, sorted by point and then by replication.

use super::super::cells::{Cell, Column, Kind, csv_header, csv_line};
use super::manifest::CampaignManifest;
use crate::campaign::sweep::figures::Figures;
use crate::campaign::sweep::row::bit;
use crate::campaign::sweep::{End, Row, RowVerdict, VolumeRow};
use crate::vocab::Invariant;

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
        let violated = |invariant: &Invariant| format!("violated_{}", invariant.name().replace('-', "_"));
        columns.extend(Invariant::ALL.iter().map(|invariant| Column::new(violated(invariant), Kind::Flag)));
        columns.extend(Figures::NAMES.iter().map(|&name| number(name.to_owned())));
        for id in &self.volumes {
            columns.extend(OF_VOLUME.iter().map(|name| number(format!("{id}_{name}"))));
        }
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
        cells
    }
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
