//! Real disks, whose parameters are measurements: the mean of their measured seek curves, and the rate at which their
//! outermost zone passes under the heads. They need a folder with the files of drives.

use std::path::Path;
use std::sync::Arc;

use super::super::series::{Experiment, Measure, Replication, Run, Sample, WarmUp, measure};
use super::super::{BadData, Balance, Tolerance, files_of};
use super::formulas;
use crate::device::disk::specification::{Angle, SeekForm, Sparing, Specification};
use crate::device::disk::{DiskModel, Head};
use crate::scenario::drive::{self, Drive};
use crate::scenario::{Paint, Source};
use crate::vocab::Op;

/// The experiments with the drives of a folder, in the order of their names; a file that is no drive is an error.
///
/// # Errors
/// The folder, or a file of a drive in it, cannot be used.
pub fn experiments(folder: &Path) -> Result<Vec<Experiment>, BadData> {
    let mut experiments = Vec::new();
    for path in files_of(folder)?.into_iter().filter(|path| path.extension().is_some_and(|it| it == "toml")) {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let place = path.display().to_string();
        let drive = drive::load(&Source::Path(path)).map_err(|problems| BadData {
            place,
            problem: format!("this is no drive\n{}", problems.render(Paint::Plain).trim_end()),
        })?;
        let drive = Arc::new(drive);
        experiments.extend(seek(&name, &drive));
        experiments.extend(media_rate(&name, &drive));
    }
    Ok(experiments)
}

/// The measured time of a seek in milliseconds, straight from the form; none for forms that are solved and not measured.
fn measured(form: &SeekForm, distance: u32) -> Option<f64> {
    let d = f64::from(distance);
    match form {
        SeekForm::TwoPieces { first, divide, root, line } => Some(match first.get(distance as usize - 1) {
            Some(&ns) => ns as f64 / 1e6,
            None if d < *divide => root.0 + root.1 * libm::sqrt(d),
            None => line.0 + line.1 * d,
        }),
        SeekForm::Measured(points) => {
            let next = points.iter().position(|&(point, _)| point >= distance).unwrap_or(points.len() - 1);
            let (x, y) = points[next];
            if x == distance {
                return Some(y as f64 / 1e6);
            }
            let (before, time) = points[next.checked_sub(1)?];
            let slope = (y as f64 - time as f64) / f64::from(x - before);
            Some((time as f64 + (d - f64::from(before)) * slope) / 1e6)
        }
        SeekForm::ThreePointCurve { .. }
        | SeekForm::ThreePointLine { .. }
        | SeekForm::Constant(_)
        | SeekForm::DataSheet(_) => None,
    }
}

fn with(drive: &Arc<Drive>, run: fn(&Drive, &Replication) -> Sample) -> Run {
    let drive = Arc::clone(drive);
    Box::new(move |replication| run(&drive, replication))
}

/// Reads from cylinder to cylinder, always with the same head.
fn seek(name: &str, drive: &Arc<Drive>) -> Option<Experiment> {
    fn run(Drive { specification, model, .. }: &Drive, replication: &Replication) -> Sample {
        let mechanics = &model.mechanics;
        let mut draws = replication.stream("targets").draws(0);
        let mut cylinder = || draws.below(specification.cylinders.into()) as u32;
        let mut arm = Head::default().arm;
        arm.cylinder = cylinder();
        let somewhere = mechanics.geometry.locate(0);
        let mut milliseconds = 0.0;
        for _ in 0..replication.length {
            let mut to = somewhere;
            (to.cylinder, to.head) = (cylinder(), 0);
            let ticks = mechanics.positioning(arm, to, Op::Read);
            milliseconds += mechanics.clock.span(ticks.into()).ns() as f64 / 1e6;
            arm.cylinder = to.cylinder;
        }
        let balance = Balance { issued: replication.length, completed: replication.length, ..Balance::default() };
        Sample { pairs: vec![(milliseconds, replication.length as f64)], balance }
    }
    let Specification { cylinders, seek_read, .. } = &drive.specification;
    measured(seek_read, 1)?;
    let expected = formulas::mean_seek(*cylinders, |distance| measured(seek_read, distance).unwrap_or(0.0));
    Some(Experiment {
        name: "mean-random-seek",
        parameters: format!("{name}: {cylinders} cylinders, uniform targets, no head switch, read"),
        measures: vec![measure("mean seek time", "ms", expected)],
        replications: 32,
        length: 50_000,
        unit: "seeks",
        warm_up: WarmUp::None,
        run: with(drive, run),
    })
}

/// A part of a turn in sectors, where it is given in sectors.
fn sectors(angle: Angle) -> Option<f64> {
    match angle {
        Angle::Sectors(billionths) => Some(billionths as f64 / 1e9),
        Angle::Time(_) => None,
    }
}

/// Cylinders of the outermost zone, one after the other, as if no place were bad.
fn media_rate(name: &str, drive: &Arc<Drive>) -> Option<Experiment> {
    fn run(drive: &Drive, replication: &Replication) -> Sample {
        let mut specification = drive.specification.clone();
        specification.sparing = Sparing::None;
        for zone in &mut specification.zones {
            (zone.front, zone.spares) = (0, 0);
            zone.slips.clear();
            zone.defects.clear();
        }
        let model = DiskModel::of(&specification).expect("without bad places a drive only becomes simpler");
        let zone = &specification.zones[0];
        let per_cylinder = u64::from(zone.sectors_per_track) * u64::from(specification.surfaces);
        let cylinders = replication.length.min(u64::from(zone.last_cylinder - zone.first_cylinder));
        let (mechanics, mut head) = (&model.mechanics, Head::default());
        let mut next = 0;
        let mut began = None;
        // To the start of the cylinder behind the last.
        let ended = loop {
            let stretch = mechanics.approach(&mut head, next, u64::from(zone.sectors_per_track), Op::Read);
            began.get_or_insert(stretch.start);
            if next >= cylinders * per_cylinder {
                break stretch.start;
            }
            head.free = mechanics.passed(&stretch, stretch.count);
            next += stretch.count;
        };
        let ticks = mechanics.clock.between(began.expect("a cylinder was read"), ended);
        let microseconds = mechanics.clock.span(ticks).ns() as f64 / 1e3;
        let balance = Balance { issued: cylinders, completed: cylinders, ..Balance::default() };
        Sample { pairs: vec![((next * 512) as f64, microseconds)], balance }
    }
    let Specification { surfaces, zones, rpm_hundredths, .. } = &drive.specification;
    let zone = zones.first()?;
    let [track, cylinder] = [sectors(zone.track_skew)?, sectors(zone.cylinder_skew)?];
    let per_track = zone.sectors_per_track;
    let turn = 6_000.0 / *rpm_hundredths as f64;
    let rate = formulas::media_rate(f64::from(*surfaces), f64::from(per_track), [track, cylinder], turn);
    Some(Experiment {
        name: "sequential-media-rate",
        parameters: format!(
            "{name}: zone 0, {surfaces} surfaces x {per_track} sectors, skews {track}/{cylinder} sectors, no slips"
        ),
        measures: vec![Measure {
            name: "media rate",
            unit: "MB/s (10^6 B)",
            expected: rate / 1e6,
            tolerance: Tolerance::Share(1e-4),
        }],
        replications: 1,
        length: 100,
        unit: "cylinders",
        warm_up: WarmUp::None,
        run: with(drive, run),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::super::{Verdict, series};
    use super::*;

    #[test]
    fn the_drives_beside_the_crate_seek_and_stream_as_measured() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/validation/disks");
        if !folder.exists() {
            eprintln!("!! SKIPPED: {} is not there, so no real drive was looked at !!", folder.display());
            return;
        }
        let experiments = experiments(&folder).expect("they are drives");
        assert_eq!(experiments.len(), 8);
        for case in series::run(&experiments, 2, &|| ()) {
            for finding in &case.findings {
                assert_eq!(finding.verdict(), Verdict::Within, "{}: {finding:#?}", case.parameters);
            }
        }
    }

    #[test]
    fn a_folder_that_is_not_there_and_a_file_that_is_no_drive_are_told() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        assert!(experiments(&folder.path().join("none")).is_err_and(|bad| bad.problem.contains("cannot be read")));
        assert!(experiments(folder.path()).is_ok_and(|none| none.is_empty()));
        fs::write(folder.path().join("tape.toml"), "speed = 3").expect("it can be written");
        assert!(experiments(folder.path()).is_err_and(|bad| bad.problem.starts_with("this is no drive")));
    }
}
