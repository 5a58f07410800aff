//! How many replications count: all, or as many as a stopping rule asks for, judged in the order of their numbers alone.

use super::estimate::Estimate;
use super::manifest::CampaignManifest;
use crate::campaign::sweep::{Kind, Row, kind, value};
use crate::scenario::campaign::Measure;
use crate::statistics::{Moments, is_narrow, looks, results_for_mean, results_for_share};

/// What a stopping rule says of the first replications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// So many are enough.
    Enough(u64),
    /// Make so many, and look again.
    More(u64),
    /// The most that the rule allows were made, and the interval is not narrow enough.
    Exhausted(u64),
}

/// Looks at the first `complete` replications, of which every row of every point is there. Without a rule the planned
/// number is enough.
pub fn look(manifest: &CampaignManifest, rows: &[Row], complete: u64) -> Look {
    let Some(stop) = &manifest.stop else {
        let planned = manifest.replications;
        return if complete >= planned { Look::Enough(planned) } else { Look::More(planned) };
    };
    let measure = Measure::parse(&stop.measure).expect("a manifest of ours names measures of ours");
    let wanted = f64::from(stop.relative_half_width_ppm) / 1e6;
    let most = stop.at_most.max(manifest.replications);
    for count in looks(stop.at_least, most) {
        if count > complete {
            return Look::More(count);
        }
        if is_enough(manifest, rows, count, measure, wanted) {
            return Look::Enough(count);
        }
    }
    Look::Exhausted(most)
}

/// About how many replications the rule needs, by the first `count` of them; nothing without a rule, or while no point
/// shows anything.
pub fn needed(manifest: &CampaignManifest, rows: &[Row], count: u64) -> Option<u64> {
    let stop = manifest.stop.as_ref()?;
    let measure = Measure::parse(&stop.measure)?;
    let (wanted, level) = (f64::from(stop.relative_half_width_ppm) / 1e6, manifest.level());
    let at = |point: usize| {
        let own = rows.iter().filter(|row| row.point == point && row.replication < count);
        let values: Vec<f64> = own.filter_map(|row| value(measure, row)).collect();
        let pilot = Moments::of(&values);
        match kind(measure) {
            Kind::Happened => results_for_share(pilot.mean(), wanted, level),
            Kind::Seconds | Kind::Ratio => results_for_mean(&pilot, wanted, level),
        }
    };
    (0..manifest.points.len()).filter_map(at).max()
}

/// The points that have no say in the rule at the first `count` replications, each with the reason.
pub fn silent(manifest: &CampaignManifest, rows: &[Row], count: u64) -> Vec<(usize, &'static str)> {
    let Some(measure) = manifest.stop.as_ref().and_then(|stop| Measure::parse(&stop.measure)) else {
        return Vec::new();
    };
    let why = |point: usize| match estimate(manifest, rows, count, measure, point).estimate {
        None => Some((point, "no value")),
        Some(0.0) => Some((point, "0")),
        Some(_) => None,
    };
    (0..manifest.points.len()).filter_map(why).collect()
}

fn estimate(manifest: &CampaignManifest, rows: &[Row], count: u64, measure: Measure, point: usize) -> Estimate {
    let own: Vec<&Row> = rows.iter().filter(|row| row.point == point && row.replication < count).collect();
    Estimate::of(measure, &own, manifest.level(), true)
}

/// Whether the interval is narrow enough at every point that is not zero; points that are zero or have no value decide
/// nothing, unless all are.
fn is_enough(manifest: &CampaignManifest, rows: &[Row], count: u64, measure: Measure, wanted: f64) -> bool {
    let estimates = (0..manifest.points.len()).map(|point| {
        let found = estimate(manifest, rows, count, measure, point);
        (found.estimate.unwrap_or(0.0), found.half_width())
    });
    let above: Vec<(f64, Option<f64>)> = estimates.filter(|&(value, _)| value != 0.0).collect();
    !above.is_empty() && above.iter().all(|&(value, half)| half.is_some_and(|half| is_narrow(value, half, wanted)))
}
