//! The answer of a campaign in one sentence, and what it rests on.

use super::super::super::run_report::sentence;
use super::super::super::text::{count, counted};
use super::super::estimate::Estimate;
use super::super::paper::{PointTable, digits, trimmed};
use super::super::summary::{CampaignSummary, PointSummary};
use super::super::text::find;
use super::level;
use crate::scenario::campaign::Measure;

/// Of more levels the sentence says how many there are.
const MOST_LEVELS: usize = 4;

/// What goes wrong, and how a sentence says so.
const LOSSES: [(Measure, &str); 6] = [
    (Measure::LostWrite, "lost acknowledged writes"),
    (Measure::WrongCopy, "made wrong copies"),
    (Measure::Confusion, "confused volumes"),
    (Measure::FalseSuccess, "reported false success"),
    (Measure::Stuck, "got stuck"),
    (Measure::BrokenStructure, "broke its own structures"),
];

/// Which level of the compared axis loses, confuses or stops in how many of its runs, each at its worst point.
pub(super) fn answer(summary: &CampaignSummary) -> String {
    // A run that was cut may have had its losses behind that.
    let cut: u64 = summary.points.iter().map(|point| point.cut).sum();
    if cut > 0 {
        return format!(
            "{} of {} were cut at their budget of events: what they lost, confused or stopped is not known, and nothing may be \
             claimed of the methods.",
            count(cut),
            counted(summary.runs, "run")
        );
    }
    let table = PointTable::new(summary, usize::MAX);
    let mut levels: Vec<(String, Vec<&PointSummary>)> = Vec::new();
    for point in &summary.points {
        let name = table.row_name(point);
        match levels.iter_mut().find(|(level, _)| *level == name) {
            Some((_, points)) => points.push(point),
            None => levels.push((name, vec![point])),
        }
    }
    let told = told(summary);
    if told.is_empty() {
        return sentence(summary.reasons.first().map_or("the campaign estimates no kind of loss", |reason| reason));
    }
    let mut clauses: Vec<String> =
        levels.iter().take(MOST_LEVELS).map(|(name, points)| clause(name, points, &told)).collect();
    if levels.len() > MOST_LEVELS {
        clauses.push(format!("the tables tell of {} more", count((levels.len() - MOST_LEVELS) as u64)));
    }
    let worst = if levels.iter().any(|(_, points)| points.len() > 1) { ", each where it is worst" } else { "" };
    format!("In {}, {} (intervals at {}{worst}).", counted(summary.runs, "run"), clauses.join("; "), level(summary))
}

/// The kinds of losses that the campaign estimates; where it has none of them, any violation.
fn told(summary: &CampaignSummary) -> Vec<(Measure, &'static str)> {
    let is_estimated = |measure: Measure| summary.points.iter().any(|point| find(point, measure.name()).is_some());
    let losses: Vec<_> = LOSSES.into_iter().filter(|(measure, _)| is_estimated(*measure)).collect();
    let any = [(Measure::AnyViolation, "violated an invariant")];
    if losses.is_empty() { any.into_iter().filter(|(measure, _)| is_estimated(*measure)).collect() } else { losses }
}

fn clause(name: &str, points: &[&PointSummary], told: &[(Measure, &str)]) -> String {
    let runs: u64 = points.iter().fold(0, |sum, point| sum.saturating_add(point.runs));
    let worst = |measure: Measure| -> Option<&Estimate> {
        let all = points.iter().filter_map(|point| find(point, measure.name()));
        all.max_by(|one, other| one.estimate.unwrap_or(0.0).total_cmp(&other.estimate.unwrap_or(0.0)))
    };
    let seen: Vec<String> = told
        .iter()
        .filter_map(|&(measure, verb)| {
            let it = worst(measure).filter(|it| it.hits.is_some_and(|hits| hits > 0))?;
            let percent = |value: Option<f64>| value.map_or("-".to_owned(), |value| digits(value * 100.0));
            Some(format!("{verb} in {} % ({}..{})", percent(it.estimate), percent(it.low), percent(it.high)))
        })
        .collect();
    if !seen.is_empty() {
        return format!("{name} {} of runs", listed(&seen));
    }
    // No kind of loss is likelier than the weakest of the bounds.
    let bounds = told.iter().flat_map(|(measure, _)| points.iter().filter_map(|point| find(point, measure.name())));
    let bound = bounds.filter_map(|it| it.zero_failure_bound).fold(0.0, f64::max);
    let below = if bound > 0.0 {
        format!(" (at every point below {} %, one-sided)", trimmed(bound * 100.0, 2))
    } else {
        String::new()
    };
    match told {
        [(_, verb)] => format!("{name} {verb} in none of {}{below}", counted(runs, "run")),
        _ => format!("{name} lost, confused and stopped nothing in {}{below}", counted(runs, "run")),
    }
}

fn listed(clauses: &[String]) -> String {
    match clauses {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => clauses.concat(),
    }
}

/// How sure it is.
pub(super) fn sentences(summary: &CampaignSummary) -> Vec<String> {
    let canary = &summary.canary;
    let mut sentences = vec![format!(
        "{} in {}; the canary, which must fail, failed in {} of {}{}.",
        counted(summary.runs, "run"),
        counted(summary.events, "event"),
        count(canary.failed),
        count(canary.runs),
        if canary.as_it_must { ", so the checks can fail" } else { ", so the checks prove nothing" }
    )];
    let pairs = || summary.comparisons.iter().flat_map(|family| &family.pairs);
    let tested = pairs().filter(|pair| pair.p_value.is_some() && pair.refused.is_none()).count() as u64;
    if tested > 0 {
        let claimed = pairs().filter(|pair| pair.separated).count() as u64;
        sentences.push(format!(
            "Of {} in pairs of runs that met the same chances, {} may be claimed at {} after Holm's adjustment; the others are \
             not separated, which is no proof that they are equal.",
            counted(tested, "comparison"),
            count(claimed),
            level(summary)
        ));
    }
    if let Some(note) = &summary.replications.note {
        sentences.push(sentence(&format!("stopping rule: {note}; such intervals cover a little less than they say")));
    }
    sentences
        .push("Every figure holds under the faults of the campaign alone and is no forecast for others.".to_owned());
    for version in &summary.other_versions {
        sentences.push(sentence(&format!("with rows of another version: {version}")));
    }
    sentences
}
