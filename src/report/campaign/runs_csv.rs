//! `runs.csv`: one row for each run, sorted by point and then by replication, whole numbers alone.

use super::manifest::CampaignManifest;
use crate::campaign::sweep::figures::Figures;
use crate::campaign::sweep::{End, Row, RowVerdict, VolumeRow};
use crate::vocab::Invariant;

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
    names.extend(Invariant::ALL.iter().map(|invariant| format!("violated_{}", invariant.name().replace('-', "_"))));
    names.extend(Figures::NAMES.iter().map(|&name| name.to_owned()));
    for id in volumes {
        names.extend(OF_VOLUME.iter().map(|name| quoted(format!("{id}_{name}"))));
    }
    names
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
        let tested = row.tested & crate::campaign::sweep::row::bit(invariant) != 0;
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
