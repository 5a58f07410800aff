//! A campaign as a person reads it: what was run, what may be believed, and the tables that a paper would carry.

use super::super::table::Style;
use super::super::text::{count, counted, wrap};
use super::differences::differences;
use std::collections::BTreeSet;

use super::estimate::{BATCH_MEANS, Distribution, Estimate};
use super::paper::{NARROWEST, PointTable, Unit, WIDEST, beside, digits, heading, percent, trimmed, unit_of};
use super::summary::{CampaignSummary, PointSummary, VolumeShare, is_share};
use crate::scenario::campaign::Measure;

/// So many reasons of a verdict are told.
const REASONS: usize = 8;

/// The whole text; `again` is the command that shows it again, and `place` the directory, from where the reader is.
pub fn render(summary: &CampaignSummary, again: &str, place: &str, style: Style) -> String {
    let width = style.width.clamp(NARROWEST, WIDEST);
    let mut text = head(summary, place, width);
    text += &shares(summary, width);
    text += &by_invariant(summary, width);
    text += &costs(summary, width);
    text += &availability(summary, width);
    text += &recovery(summary, width);
    text += &differences(summary, width);
    text += &format!("\nShow it again\n  {again}\n");
    text
}

fn head(summary: &CampaignSummary, place: &str, width: usize) -> String {
    let replications = &summary.replications;
    let mut text = format!("{}\n", wrap(&format!("{}: {}", summary.campaign, summary.title), width, 2));
    let line = format!(
        "campaign {}, seed {}, {} with {} each (0 to {}, {}), {}, model version {}",
        &summary.campaign_id[..8.min(summary.campaign_id.len())],
        summary.seed,
        counted(summary.points.len() as u64, "point"),
        counted(replications.used, "replication"),
        replications.used.saturating_sub(1),
        replications.rule,
        counted(summary.events, "event"),
        summary.model_version,
    );
    text += &format!("{}\n", wrap(&line, width, 2));
    if let Some(note) = &replications.note {
        text += &format!("{}\n", wrap(&format!("stopping rule: {note}"), width, 2));
    }
    for version in &summary.other_versions {
        text += &format!("{}\n", wrap(&format!("with rows of another version: {version}"), width, 2));
    }
    text += &format!("\nVerdict: {}\n", summary.verdict);
    for reason in summary.reasons.iter().take(REASONS) {
        // In the file a command is for the directory itself.
        let reason = reason.replace("tiersim run scenarios/", &format!("tiersim run {place}/scenarios/"));
        text += &format!("  {}\n", wrap(&reason, width - 2, 4));
    }
    if summary.reasons.len() > REASONS {
        text += &format!("  and {} more, in summary.json\n", summary.reasons.len() - REASONS);
    }
    if !summary.conditions.is_empty() {
        text +=
            &heading("Under these faults alone, all at random; none of the figures is a forecast for others", width);
        for condition in &summary.conditions {
            text += &format!("  {}\n", wrap(condition, width - 2, 4));
        }
    }
    text
}

pub(super) fn find<'p>(point: &'p PointSummary, measure: &str) -> Option<&'p Estimate> {
    point.estimates.iter().find(|estimate| estimate.measure == measure)
}

fn shares(summary: &CampaignSummary, width: usize) -> String {
    let columns: Vec<String> = measures(summary, true).iter().map(|measure| measure.name().to_owned()).collect();
    if columns.is_empty() {
        return String::new();
    }
    let level = percent(summary.level);
    let mut text = heading(&format!("How often, in % of runs, with {level} % Clopper-Pearson intervals"), width);
    let table = PointTable::new(summary, width);
    text += &table.render(&columns, |point, column| find(point, &columns[column]).map_or("-".into(), share_cell));
    let what = measures(summary, true).into_iter().filter_map(|measure| {
        let invariants = crate::campaign::sweep::figures::invariants(measure)?;
        let names: Vec<&str> = invariants.iter().map(|invariant| invariant.name()).collect();
        Some(format!("{measure}: {}", names.join(", ")))
    });
    for line in what {
        text += &format!("  {}\n", wrap(&line, width - 2, 4));
    }
    text
}

pub(super) fn share_cell(estimate: &Estimate) -> String {
    let (Some(value), Some(low), Some(high)) = (estimate.estimate, estimate.low, estimate.high) else {
        return "-".to_owned();
    };
    match estimate.zero_failure_bound {
        Some(bound) => format!("0 (below {})", trimmed(bound * 100.0, 2)),
        None => format!("{} ({}..{})", digits(value * 100.0), digits(low * 100.0), digits(high * 100.0)),
    }
}

/// Violated invariants of each point, as numbers of runs.
fn by_invariant(summary: &CampaignSummary, width: usize) -> String {
    let violated = |place: usize| summary.points.iter().any(|point| point.invariants[place].violated > 0);
    let Some(first) = summary.points.first() else { return String::new() };
    let places: Vec<usize> = (0..first.invariants.len()).filter(|&place| violated(place)).collect();
    if places.is_empty() {
        return String::new();
    }
    let runs = summary.replications.used;
    let mut text = heading(&format!("What was violated, in runs of {}; [ ]: allowed there", count(runs)), width);
    let columns: Vec<String> = places.iter().map(|&place| first.invariants[place].invariant.to_string()).collect();
    text += &PointTable::new(summary, width).render(&columns, |point, column| {
        let it = &point.invariants[places[column]];
        match (it.violated, it.allowed) {
            (0, _) => "0".to_owned(),
            (violated, true) => format!("[{}]", count(violated)),
            (violated, false) => count(violated),
        }
    });
    let inconclusive: u64 = summary.points.iter().map(|point| point.inconclusive).sum();
    if inconclusive > 0 {
        let line = format!(
            "{} of {} runs prove nothing, as one whose backup failed proves nothing of restores; they count as runs all the \
             same",
            count(inconclusive),
            count(summary.runs)
        );
        text += &format!("  {}\n", wrap(&line, width - 2, 4));
    }
    text
}

pub(super) fn measures(summary: &CampaignSummary, shares: bool) -> Vec<Measure> {
    let Some(point) = summary.points.first() else { return Vec::new() };
    let all = point.estimates.iter().filter_map(|estimate| Measure::parse(&estimate.measure));
    all.filter(|&measure| is_share(measure) == shares).collect()
}

pub(super) fn unit_in(summary: &CampaignSummary, measure: Measure) -> Unit {
    unit_of(measure, summary.points.iter().filter_map(|point| find(point, measure.name())?.estimate))
}

fn costs(summary: &CampaignSummary, width: usize) -> String {
    let measures = measures(summary, false);
    if measures.is_empty() {
        return String::new();
    }
    let units: Vec<Unit> = measures.iter().map(|&measure| unit_in(summary, measure)).collect();
    let titles = measures.iter().zip(&units).map(|(measure, unit)| format!("{measure} [{}]", unit.name));
    let columns: Vec<String> = titles.collect();
    let level = percent(summary.level);
    let methods = cost_methods(summary);
    let mut text = heading(&format!("At what cost, mean over runs with its {level} % half-width ({methods})"), width);
    text += &PointTable::new(summary, width).render(&columns, |point, column| {
        let (measure, unit) = (measures[column], units[column]);
        find(point, measure.name()).map_or("-".to_owned(), |found| cost_cell(found, point.runs, unit))
    });
    let fewer = summary.points.iter().any(|point| {
        measures.iter().any(|measure| find(point, measure.name()).is_some_and(|it| it.n > 0 && it.n < point.runs))
    });
    if fewer {
        text += "  ( ): from so many runs, the others have no such value\n";
    }
    text
}

/// How the half-widths of all costs were found.
pub(super) fn cost_methods(summary: &CampaignSummary) -> String {
    let all = summary.points.iter().flat_map(|point| &point.estimates).filter(|it| it.low.is_some());
    let single: Vec<&str> =
        all.filter(|it| it.method == BATCH_MEANS).map(|it| &*it.measure).collect::<BTreeSet<_>>().into_iter().collect();
    match single.is_empty() {
        true => "Student t over replications".to_owned(),
        false => format!("Student t over replications; {}: {BATCH_MEANS}", single.join(", ")),
    }
}

pub(super) fn cost_cell(found: &Estimate, runs: u64, unit: Unit) -> String {
    match (found.estimate, found.half_width()) {
        (Some(value), Some(half)) => {
            let fewer = if found.n < runs { format!(" ({})", count(found.n)) } else { String::new() };
            format!("{} ±{}{fewer}", beside(value / unit.scale, half / unit.scale), digits(half / unit.scale))
        }
        _ => "-".to_owned(),
    }
}

/// Where a volume can have been.
pub(super) const WHERE: [&str; 5] = ["online", "controller down", "host down", "device offline", "ID in doubt"];
/// A campaign over many volumes has the others in its summary.
pub(super) const VOLUMES: usize = 4;

fn availability(summary: &CampaignSummary, width: usize) -> String {
    let columns = WHERE.map(str::to_owned);
    let mut text = String::new();
    for id in protected(summary).iter().take(VOLUMES) {
        let level = percent(summary.level);
        text += &heading(&format!("Where {id} was, in % of the time; ± is the {level} % half-width"), width);
        text += &PointTable::new(summary, width).render(&columns, |point, column| {
            let Some(it) = point.volumes.iter().find(|volume| volume.id == *id) else { return "-".to_owned() };
            where_cell(it, column)
        });
    }
    text
}

/// Of a volume, by column of [`WHERE`].
pub(super) fn where_cell(it: &VolumeShare, column: usize) -> String {
    let parts = [
        it.availability_ratio,
        it.offline_controller_ratio,
        it.offline_host_ratio,
        it.offline_device_ratio,
        it.wrong_id_ratio,
    ];
    let half = it.low.zip(it.high).map(|(low, high)| (high - low) / 2.0).filter(|_| column == 0);
    match half {
        Some(half) => format!("{} ±{}", beside(parts[0] * 100.0, half * 100.0), digits(half * 100.0)),
        None => digits(parts[column] * 100.0),
    }
}

/// IDs of the volumes that are backed up.
pub(super) fn protected(summary: &CampaignSummary) -> Vec<&str> {
    let all = summary.points.iter().flat_map(|point| &point.volumes).filter(|volume| volume.protected);
    let mut ids: Vec<&str> = all.map(|volume| &volume.id[..]).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn recovery(summary: &CampaignSummary, width: usize) -> String {
    if !recovers(summary) {
        return String::new();
    }
    let columns = RECOVERY.map(str::to_owned);
    let mut text = "\nRecovery and backup window, over runs, in minutes\n".to_owned();
    text += &PointTable::new(summary, width).render(&columns, recovery_cell);
    text += &format!("  {}\n", wrap(RECOVERY_NOTE, width - 2, 4));
    text
}

/// What is told of recovery.
pub(super) const RECOVERY: [&str; 9] = [
    "RTO median",
    "RTO 90 %",
    "RTO worst",
    "RPO median",
    "RPO 90 %",
    "RPO worst",
    "window median",
    "window 90 %",
    "time to data loss [h]",
];
pub(super) const RECOVERY_NOTE: &str = "RTO: from the last failure behind the backup, else the start of the restore, to the application's open. RPO: from the \
     backup's point in time to that moment. Both are of runs whose restore got that far; a run that never recovered is in \
     none of them, not even in the worst. Time to data loss: at a steady rate, from the mean length of a run and the share \
     of runs without a lost write or a wrong copy.";

/// Whether any run restored anything.
pub(super) fn recovers(summary: &CampaignSummary) -> bool {
    summary.points.iter().any(|point| distribution(point, Measure::RecoveryTime).is_some_and(|it| it.n > 0))
}

fn distribution(point: &PointSummary, measure: Measure) -> Option<&Distribution> {
    point.distributions.iter().find(|it| it.measure == measure.name())
}

/// Of a point, by column of [`RECOVERY`].
pub(super) fn recovery_cell(point: &PointSummary, column: usize) -> String {
    let minutes = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |seconds| digits(seconds / 60.0));
    if column == 8 {
        let it = &point.time_to_data_loss;
        let hours = |seconds: f64| digits(seconds / 3_600.0);
        return match (it.estimate_s, it.low_s, it.high_s) {
            (Some(value), None, Some(high)) => format!("{} (below {})", hours(value), hours(high)),
            (Some(value), Some(low), Some(high)) => format!("{} ({}..{})", hours(value), hours(low), hours(high)),
            (None, Some(low), None) => format!("above {}", hours(low)),
            (None, None, Some(high)) => format!("below {}", hours(high)),
            _ => "-".to_owned(),
        };
    }
    let measures = [Measure::RecoveryTime, Measure::RecoveryPoint, Measure::BackupWindow];
    let Some(found) = distribution(point, measures[column / 3]) else { return "-".to_owned() };
    let quantile = |place: usize| found.quantiles.get(place).and_then(|quantile| quantile.value);
    match column % 3 {
        0 => minutes(quantile(0)),
        1 => minutes(quantile(1)),
        _ => minutes(found.max),
    }
}
