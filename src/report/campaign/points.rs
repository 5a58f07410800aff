//! What the rows of one point come to, and under which conditions.

use super::estimate::{Distribution, Estimate, cut};
use super::manifest::CampaignManifest;
use super::summary::{
    DangerWindow, GoalRuns, InvariantShare, PointExposure, PointSummary, TimeToLoss, Totals, Violated, VolumeShare,
};
use crate::campaign::sweep::figures::Figures;
use crate::campaign::sweep::row::goal_bit;
use crate::campaign::sweep::{End, Row, RowVerdict, Undisturbed, value};
use crate::scenario::Plan;
use crate::scenario::campaign::Measure;
use crate::statistics::rare::window::chance;
use crate::statistics::{Interval, clopper_pearson, ratio_interval, zero_failure_bound};
use crate::vocab::{Goal, Invariant};

/// What all points have in common, or what the first has and that others differ.
pub(super) fn conditions_of(plans: &[Plan]) -> Vec<String> {
    let Some(first) = plans.first() else { return Vec::new() };
    let mut all = conditions(first);
    if plans.iter().any(|plan| conditions(plan) != all) {
        all.push("as the first point has them; others have other rates".to_owned());
    }
    all
}

/// The faults at random and the slips, as sentences.
fn conditions(plan: &Plan) -> Vec<String> {
    let mut conditions: Vec<String> = plan
        .rates
        .iter()
        .map(|rate| {
            let permanent = match rate.fault {
                crate::fault::plan::Fault::TapeWriteError { permanent, .. }
                | crate::fault::plan::Fault::TapeReadError { permanent, .. } => permanent,
                _ => false,
            };
            let kind =
                if permanent { format!("{} (permanent)", rate.fault.kind()) } else { rate.fault.kind().to_string() };
            format!("{kind} every {}", super::super::text::duration(rate.gap.mean().ns()))
        })
        .collect();
    let slips = &plan.operator.slips;
    let named = [
        ("a step is left out", slips.omit_step),
        ("done to another device", slips.wrong_item),
        ("an ID is mistyped", slips.volser_typo),
        ("a failure is not noticed", slips.miss_status),
        ("the run book is wrong", slips.mapping_loss),
        ("an IPL prompt is answered wrong", plan.operator.duplicate_answer.wrong_ppm()),
    ];
    let slips: Vec<String> = named
        .iter()
        .filter(|(_, ppm)| *ppm > 0)
        .map(|(what, ppm)| format!("{what} {} %", f64::from(*ppm) / 1e4))
        .collect();
    if !slips.is_empty() {
        conditions.push(format!("people, per occasion: {}", slips.join(", ")));
    }
    conditions
}

impl PointSummary {
    pub(super) fn new(
        manifest: &CampaignManifest,
        number: usize,
        rows: &[&Row],
        measures: &[Measure],
        sequential: bool,
        (plan, undisturbed): (&Plan, Option<Undisturbed>),
    ) -> PointSummary {
        let count = |verdict: RowVerdict| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
        let level = manifest.level();
        let allowed = &manifest.points[number].allowed;
        let invariants = invariants(rows, allowed, level);
        let unexpected = invariants.iter().filter(|it| it.violated > 0 && !it.allowed).filter_map(|it| {
            let invariant = Invariant::parse(&it.invariant)?;
            let first = rows.iter().find(|row| row.violates(invariant))?;
            Some(Violated {
                invariant: it.invariant.clone(),
                runs: it.violated,
                replication: first.replication,
                seed: first.seed,
                repro: format!("tiersim run {} --seed {}", manifest.points[number].scenario, first.seed),
            })
        });
        let distributed = [Measure::BackupWindow, Measure::RecoveryPoint, Measure::RecoveryTime];
        PointSummary {
            number: number as u64,
            levels: manifest.labels(number).into_iter().map(str::to_owned).collect(),
            runs: rows.len() as u64,
            pass: count(RowVerdict::Pass),
            fail: count(RowVerdict::Fail),
            inconclusive: count(RowVerdict::Inconclusive),
            cut: rows.iter().filter(|row| row.end == End::Budget).count() as u64,
            unexpected: unexpected.collect(),
            estimates: measures.iter().map(|&it| Estimate::of(it, rows, level, sequential)).collect(),
            volumes: manifest.points[number].volumes.iter().map(|id| volume(id, rows, level, plan)).collect(),
            distributions: distributed.iter().map(|&it| Distribution::of(it, rows, level)).collect(),
            totals: totals(rows),
            time_to_data_loss: time_to_loss(rows, level),
            exposure: undisturbed.map(|it| exposure(it, plan)),
            goals: goals(rows, plan),
            invariants,
        }
    }
}

fn goals(rows: &[&Row], plan: &Plan) -> Vec<GoalRuns> {
    let of = |&goal: &Goal| GoalRuns {
        name: goal.name().into(),
        required: plan.expect.goals.iter().any(|name| name == goal.name()),
        runs: rows.iter().filter(|row| row.reached & goal_bit(goal) != 0).count() as u64,
    };
    Goal::ALL.iter().map(of).collect()
}

fn invariants(rows: &[&Row], allowed: &[String], level: f64) -> Vec<InvariantShare> {
    let share = |&invariant: &Invariant| {
        let bit = crate::campaign::sweep::row::bit(invariant);
        let count = |bits: fn(&Row) -> u32| rows.iter().filter(|row| bits(row) & bit != 0).count() as u64;
        let (tested, violated) = (count(|row| row.tested), count(|row| row.violated));
        let runs = rows.len() as u64;
        // A run that was cut may yet have violated it.
        let open = rows.iter().filter(|row| row.end == End::Budget && row.violated & bit == 0).count() as u64;
        let all = Interval { low: 0.0, high: 1.0, level };
        let interval = match (runs, open) {
            (0, _) => all,
            (_, 0) => clopper_pearson(violated, runs, level),
            _ => Interval {
                high: clopper_pearson(violated + open, runs, level).high,
                ..clopper_pearson(violated, runs, level)
            },
        };
        let name = invariant.name();
        let allowed = allowed.iter().any(|it| it == name);
        InvariantShare { invariant: name.into(), tested, violated, allowed, low: interval.low, high: interval.high }
    };
    Invariant::ALL.iter().map(share).collect()
}

fn volume(id: &str, rows: &[&Row], level: f64, plan: &Plan) -> VolumeShare {
    let own: Vec<_> = rows.iter().filter_map(|row| row.volumes.iter().find(|volume| volume.id == id)).collect();
    let time = |it: &crate::campaign::sweep::VolumeRow| it.online_ns + it.offline_ns + it.wrong_id_ns;
    let pairs: Vec<(f64, f64)> = own.iter().map(|it| (it.online_ns as f64, time(it) as f64)).collect();
    let all: u128 = own.iter().map(|it| u128::from(time(it))).sum();
    let ratio = |part: fn(&crate::campaign::sweep::VolumeRow) -> u64| {
        let sum: u128 = own.iter().map(|it| u128::from(part(it))).sum();
        if all == 0 { 0.0 } else { sum as f64 / all as f64 }
    };
    let whole = cut(rows).is_none();
    let interval = ratio_interval(&pairs, level).ok().filter(|_| whole).map(|found| found.interval);
    VolumeShare {
        id: id.to_owned(),
        protected: plan.backups.iter().any(|backup| backup.source_id.to_string().trim_end() == id),
        availability_ratio: ratio(|it| it.online_ns),
        low: interval.map(|it| it.low),
        high: interval.map(|it| it.high),
        offline_controller_ratio: ratio(|it| it.offline_controller_ns),
        offline_host_ratio: ratio(|it| it.offline_host_ns),
        offline_device_ratio: ratio(|it| it.offline_ns - it.offline_controller_ns - it.offline_host_ns),
        wrong_id_ratio: ratio(|it| it.wrong_id_ns),
        longest_closed_ns: own.iter().map(|it| it.longest_closed_ns).max().unwrap_or(0),
    }
}

/// The windows of one backup, and the chance that one of the crashes at random falls into each.
fn exposure(it: Undisturbed, plan: &Plan) -> PointExposure {
    let crashes = plan.rates.iter().filter(|rate| rate.fault.is_crash());
    let per_ns: f64 = crashes.map(|rate| 1.0 / rate.gap.mean().ns().max(1) as f64).sum();
    let window = |(danger, all): (&'static str, crate::kernel::Span)| {
        let window_ns = all.ns() / it.backups.max(1);
        let per_backup_prob = chance(window_ns as f64 * per_ns);
        DangerWindow { danger: danger.into(), window_ns, per_backup_prob }
    };
    let windows = [
        (Invariant::UniqueOnlineId.name(), it.duplicate),
        (Invariant::UniqueIplId.name(), it.ipl_duplicate),
        ("doubt", it.doubt),
    ];
    PointExposure {
        backups: it.backups,
        crash_every_ns: (per_ns > 0.0).then(|| libm::round(1.0 / per_ns) as u64),
        windows: windows.map(window).to_vec(),
    }
}

fn totals(rows: &[&Row]) -> Totals {
    let sum = |get: fn(&Figures) -> Option<u64>| rows.iter().filter_map(|row| get(&row.figures)).sum();
    Totals {
        faults_acted: sum(|it| it.faults_acted),
        backups: sum(|it| it.backups),
        backups_complete: sum(|it| it.backups_complete),
        restores: sum(|it| it.restores),
        restores_complete: sum(|it| it.restores_complete),
        retries: sum(|it| it.retries),
        resumes: sum(|it| it.resumes),
        operator_actions: sum(|it| it.operator_actions),
        lost_writes: sum(|it| it.lost_writes),
        duplicate_episodes: sum(|it| it.duplicate_episodes),
    }
}

fn time_to_loss(rows: &[&Row], level: f64) -> TimeToLoss {
    let lost = |row: &&&Row| {
        [Measure::LostWrite, Measure::WrongCopy].iter().any(|&it| value(it, row).is_some_and(|value| value != 0.0))
    };
    let (runs, losses) = (rows.len() as u64, rows.iter().filter(lost).count() as u64);
    let time: u128 = rows.iter().filter_map(|row| row.figures.end_time_ns).map(u128::from).sum();
    let method = "-mean length of a run / ln(1 - Clopper-Pearson share of runs with a loss)";
    if runs == 0 || cut(rows).is_some() {
        return TimeToLoss { losses, estimate_s: None, low_s: None, high_s: None, method: method.into() };
    }
    let mean = time as f64 / runs as f64 / 1e9;
    // A run may hold several losses and is counted once: at a steady rate it has none with the chance exp(-length / mean).
    let between = |share: f64| (share > 0.0 && share < 1.0).then(|| -mean / libm::log1p(-share));
    let share = clopper_pearson(losses, runs, level);
    let bound = if losses == 0 { zero_failure_bound(runs, level) } else { share.high };
    TimeToLoss {
        losses,
        estimate_s: between(losses as f64 / runs as f64),
        low_s: between(bound),
        high_s: between(share.low),
        method: method.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::part::tests::row;
    use super::*;
    use crate::campaign::sweep::row::bit;

    /// At one loss in two hours, runs of an hour have none in exp(-1/2) of all: the share of those with a loss is 0.39, and
    /// dividing by it would say 2.5 hours.
    #[test]
    fn time_to_data_loss_is_not_fooled_by_runs_with_several_losses() {
        let hour = 3_600_000_000_000;
        let with = |lost: u64| -> Vec<Row> {
            let make = |run: u64| {
                let mut row = row(run);
                row.figures.end_time_ns = Some(hour);
                row.violated = if run < lost { bit(Invariant::NoLostAckedWrite) } else { 0 };
                row
            };
            (0..10_000).map(make).collect()
        };
        let of = |rows: &[Row]| time_to_loss(&rows.iter().collect::<Vec<_>>(), 0.95);
        let found = of(&with(3_935));
        let hours = |seconds: Option<f64>| seconds.expect("it has one") / 3_600.0;
        assert!((hours(found.estimate_s) - 2.0).abs() < 0.001, "{found:?}");
        assert!(hours(found.low_s) < 2.0 && hours(found.high_s) > 2.0);
        let none = of(&with(0));
        assert!(none.estimate_s.is_none() && hours(none.low_s) > 3_000.0 && none.high_s.is_none(), "{none:?}");
        let all = of(&with(10_000));
        assert!(all.estimate_s.is_none() && all.low_s.is_none() && hours(all.high_s) < 1.0, "{all:?}");
        let mut cut = with(10);
        cut[99].end = End::Budget;
        assert_eq!(of(&cut).low_s, None);
    }
}
