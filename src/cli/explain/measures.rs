//! What `tiersim explain` says of what a campaign measures: each estimate of its tables, and each column of `runs.csv`.

use super::page::Page;
use crate::campaign::sweep::figures::{Figures, invariants};
use crate::campaign::sweep::{Kind, kind};
use crate::scenario::campaign::Measure;
use crate::vocab::{Goal, Invariant};

/// What tables and people call some of them.
const OTHER_NAMES: [(&str, Measure); 9] = [
    ("rto", Measure::RecoveryTime),
    ("rpo", Measure::RecoveryPoint),
    ("window", Measure::BackupWindow),
    ("lost-writes", Measure::LostWrite),
    ("tape-use", Measure::TapeTime),
    ("id-in-doubt", Measure::Doubt),
    ("online-share", Measure::Availability),
    ("hands", Measure::OperatorTime),
    ("steady-state", Measure::SteadyLatency),
];

/// The estimate that is made of two measures and stands in a column of its own.
pub const TIME_TO_LOSS: &str = "time-to-data-loss";

/// A measure by its own name, or by one that is used beside it.
pub fn named(name: &str) -> Option<Measure> {
    let lower = name.to_ascii_lowercase();
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == lower).map(|(_, measure)| *measure);
    Measure::parse(&lower).or(other)
}

pub fn page(measure: Measure) -> Page {
    let found = invariants(measure).unwrap_or_default().iter().map(|invariant| invariant.name().to_owned());
    let other = OTHER_NAMES.iter().filter(|(_, it)| *it == measure).map(|(name, _)| *name).collect::<Vec<_>>();
    Page::new(measure.name(), "a measure of a campaign", about(measure))
        .say("Also called", other.join(", "))
        .say("Unit", unit(measure))
        .list("Violated in the run: one of", found.collect())
        .say("A run without a value", without(measure))
        .say("Estimated as", estimated(measure))
        .say("A difference between two points", difference(measure))
        .say("Made from the columns of runs.csv", columns(measure))
        .list("Asked for", vec![format!("measures = [\"{measure}\"]")])
}

pub fn time_to_loss_page() -> Page {
    let about = "Mean time between losses of data, if the runs of the campaign went on for ever: their mean length divided by \
                 the share of runs with a lost write or a wrong copy.";
    Page::new(TIME_TO_LOSS, "an estimate of a campaign", about)
        .say("Also called", "mttdl")
        .say("Unit", "seconds in summary.json (`time_to_data_loss`), hours in the table")
        .say(
            "Estimated as",
            "the mean length of a run by the share, with the ends of the share's Clopper-Pearson interval in its place. Without \
             any loss only `above` the lower end is told, one-sided.",
        )
        .say("Holds under", "the faults and slips of the scenario alone: with accelerated rates it compares, and forecasts nothing")
        .say("See also", "lost-write, wrong-copy")
}

/// A column of runs.csv by its name; nothing for other names.
pub fn column_page(name: &str) -> Option<Page> {
    let (column, about) = COLUMNS.iter().find(|(column, _)| *column == name)?;
    let unit = if column.ends_with("_ns") { "nanoseconds of simulated time, whole" } else { "a count" };
    let uses = Measure::ALL.iter().filter(|measure| columns(**measure).split(", ").any(|it| it == *column));
    let page = Page::new(*column, "a column of runs.csv", *about)
        .say("Unit", unit)
        .say("Measures made from it", uses.map(|measure| measure.name()).collect::<Vec<_>>().join(", "));
    Some(page.say("Empty", "where a run has nothing of the kind"))
}

/// What identifies a run, and how it ended.
const OF_RUNS: &[(&str, &str)] = &[
    ("point", "The number of its combination of levels, from 0 on, or `canary`."),
    ("replication", "The number of its seed, from 0 on: runs of one replication met the same chances."),
    ("run", "Its number in the campaign: replication by replication, point by point, the canary last."),
    ("fingerprint", "64 bits over all of its events: equal for the same run on every machine."),
    ("verdict", "PASS, FAIL or INCONCLUSIVE."),
    ("end", "Why it ended: quiescent, until, stalled, overrun, or budget for one that was cut."),
];
/// What is told of each volume ID, behind it.
const OF_VOLUMES: &[(&str, &str)] = &[
    ("_online_ns", "How long the volume of this ID was open and certainly itself."),
    ("_offline_ns", "How long it was not."),
    ("_wrong_id_ns", "How long its ID was in doubt."),
    ("_offline_controller_ns", "The part of its offline time in which its controller was down."),
    ("_offline_host_ns", "The part of its offline time in which its host was down."),
    ("_longest_closed_ns", "The longest time that an application had lost it."),
];

/// A column that is no figure of its own; of a volume by any ID, as in `PROD01_online_ns`.
pub fn other_column_page(name: &str) -> Option<Page> {
    let page = |about: String| Page::new(name, "a column of runs.csv", about);
    if let Some((_, about)) = OF_RUNS.iter().find(|(column, _)| *column == name) {
        return Some(page((*about).to_owned()));
    }
    let plain = |name: &str| name.replace('_', "-");
    if let Some(invariant) = name.strip_prefix("violated_").and_then(|name| Invariant::parse(&plain(name))) {
        let about = format!(
            "1 when the run violated `{0}`, 0 when it was put to the test and held; `tiersim explain {0}`.",
            invariant.name()
        );
        return Some(page(about).say("Empty", "where it was never put to the test"));
    }
    if let Some(goal) = name.strip_prefix("reached_").and_then(|name| Goal::parse(&plain(name))) {
        return Some(page(format!("1 when `{0}` came about in the run, else 0; `tiersim explain {0}`.", goal.name())));
    }
    // The longest ending decides: `_offline_controller_ns` ends like no other.
    let (id, about) = OF_VOLUMES.iter().find_map(|(ending, about)| Some((name.strip_suffix(ending)?, about)))?;
    let is_id = (1..=6).contains(&id.len())
        && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "$#@%".contains(c));
    let unit = "nanoseconds of simulated time, whole";
    is_id
        .then(|| page(format!("Of {id}: {about}")).say("Unit", unit).say("Empty", "where the point has no such volume"))
}

pub fn columns_of_runs() -> impl Iterator<Item = &'static str> {
    Figures::NAMES.iter().copied()
}

fn about(measure: Measure) -> &'static str {
    match measure {
        Measure::AnyViolation => "At least one of the fifteen invariants was violated.",
        Measure::LostWrite => "A write that was acknowledged to its application is gone.",
        Measure::WrongCopy => {
            "A copy, a tape or a restored volume is not what its source was at the point in time: in contents, label or names."
        }
        Measure::Confusion => {
            "Volumes were confused: two with one ID at a time or at an IPL, or an ID that is not what host, label or tape say."
        }
        Measure::FalseSuccess => "Success was reported of what was none, or no usable backup was left.",
        Measure::Stuck => "Work came to a stop, something was left behind, or a restored volume could not be opened.",
        Measure::BrokenStructure => "The controller's own tables contradict each other.",
        Measure::BackupFailed => "At least one backup of the run did not end complete.",
        Measure::RestoreFailed => "At least one restore of the run did not end complete.",
        Measure::Availability => {
            "The share of the run in which the volumes that are backed up were open to applications and certainly themselves."
        }
        Measure::LatencyCost => {
            "What backups cost applications: mean latency of the requests that met one, less that of the same run's requests \
             before it."
        }
        Measure::LatencyDuring => "Mean latency of the requests that met a backup.",
        Measure::LatencyP99 => "The 99th percentile of the latency of all requests of a run.",
        Measure::SteadyLatency => {
            "Mean latency of the requests that were issued behind the warm-up of `[steady_state]`."
        }
        Measure::BackupWindow => "From the stimulus of a backup to its end: the mean of the complete backups of a run.",
        Measure::WritesHeld => "How long the application's writes stood still for backups.",
        Measure::RecoveryPoint => {
            "How old what a restore brings back is: from the point in time of its backup to the last failure before the \
             restore, else to the restore's start. The longest of the run."
        }
        Measure::RecoveryTime => {
            "How long an application is without its volume: from the last failure before a restore, else from the restore's \
             start, until an application opens the volume. The longest of the run."
        }
        Measure::Doubt => "Time in which the ID of a source was in doubt, summed over backups.",
        Measure::OperatorTime => "Working time of people: steps by hand, commands, and from prompt to answer.",
        Measure::TapeTime => {
            "Time in which backups and restores used a mounted tape, from its mount to the hardened trailer or the end of the restore."
        }
    }
}

fn unit(measure: Measure) -> &'static str {
    match kind(measure) {
        Kind::Happened => "share of runs, 0 to 1",
        Kind::Ratio => "share of time, 0 to 1; tables show percent",
        Kind::Seconds => "seconds in summary.json; tables choose ms, s or min and name it",
    }
}

fn without(measure: Measure) -> &'static str {
    match measure {
        Measure::BackupFailed | Measure::RestoreFailed => {
            "one that has none of them counts as one in which none failed"
        }
        _ if kind(measure) == Kind::Happened => "counts as one in which it did not happen: every run is a trial",
        Measure::Availability => "one of which no volume is backed up",
        Measure::LatencyCost => "one without requests before a backup or without any that met one",
        Measure::LatencyDuring => "one in which no request met a backup",
        Measure::LatencyP99 => "one with less than ten requests beyond it",
        Measure::SteadyLatency => "one without requests behind the warm-up",
        Measure::BackupWindow => "one without a complete backup",
        Measure::RecoveryPoint => "one without a complete restore",
        Measure::RecoveryTime => "one in which no application opened a restored volume",
        _ => "there is none",
    }
}

fn estimated(measure: Measure) -> &'static str {
    match kind(measure) {
        Kind::Happened => {
            "the share of runs, with the exact interval of Clopper and Pearson (Wilson's beside it in the JSON). What was \
             never seen is told as `0 (below x)` with the one-sided bound 1 - (1 - level)^(1/n)."
        }
        Kind::Ratio => {
            "the sum of the times by the sum of the lengths of all runs, with an interval by Student's t over replications"
        }
        Kind::Seconds if measure == Measure::SteadyLatency => {
            "the mean over runs with an interval by Student's t over replications, two runs at least; with one replication, \
             by the batch means of that run"
        }
        Kind::Seconds if is_distributed(measure) => {
            "the mean over the runs that have a value, with an interval by Student's t over replications: two runs at least. \
             Median and 90th percentile of the runs stand beside it, where ten runs lie beyond them, and the worst."
        }
        Kind::Seconds => {
            "the mean over the runs that have a value, with an interval by Student's t over replications: two runs at least"
        }
    }
}

/// Whether a table of recovery and windows shows how its values lie (`report::campaign::points`).
fn is_distributed(measure: Measure) -> bool {
    matches!(measure, Measure::BackupWindow | Measure::RecoveryPoint | Measure::RecoveryTime)
}

fn difference(measure: Measure) -> &'static str {
    match kind(measure) {
        Kind::Happened => {
            "between pairs of runs with one seed: McNemar's exact test on the pairs that differ, Bonett and Price's interval, \
             p-values adjusted by Holm over all comparisons of the measure; anything else is `ns`"
        }
        Kind::Ratio | Kind::Seconds => {
            "between pairs of runs with one seed: Student's t of the differences, p-values adjusted by Holm over all \
             comparisons of the measure; anything else is `ns`"
        }
    }
}

/// The columns that a measure is made from.
fn columns(measure: Measure) -> &'static str {
    match measure {
        Measure::BackupFailed => "backups, backups_complete",
        Measure::RestoreFailed => "restores, restores_complete",
        Measure::Availability => "protected_online_ns, protected_time_ns",
        Measure::LatencyCost => "before_mean_ns, during_mean_ns",
        Measure::LatencyDuring => "during_mean_ns",
        Measure::LatencyP99 => "all_p99_ns",
        Measure::SteadyLatency => "steady_mean_ns, steady_low_ns, steady_high_ns",
        Measure::BackupWindow => "backup_ns, backups_complete",
        Measure::WritesHeld => "writes_held_ns",
        Measure::RecoveryPoint => "recovery_point_ns",
        Measure::RecoveryTime => "recovery_time_ns",
        Measure::Doubt => "doubt_ns",
        Measure::OperatorTime => "operator_ns",
        Measure::TapeTime => "tape_ns",
        _ => "violated_<invariant>",
    }
}

const COLUMNS: &[(&str, &str)] = &[
    ("end_time_ns", "The length of the run."),
    ("events", "Events of the run."),
    ("faults_acted", "How often faults acted, planned ones and those at random."),
    ("requests_issued", "Requests of hosts that were issued."),
    ("requests_completed", "Requests of hosts that ended well."),
    ("requests_failed", "Requests of hosts that ended with an error."),
    ("before_requests", "Requests that ended well before the first backup began, over all volumes."),
    ("before_mean_ns", "Their mean latency."),
    ("during_requests", "Requests that ended well while a backup ran, over all volumes."),
    ("during_mean_ns", "Their mean latency."),
    ("during_p99_ns", "The 99th percentile of their latency."),
    ("all_mean_ns", "Mean latency of all requests that ended well."),
    ("all_p50_ns", "Median latency of all requests that ended well."),
    ("all_p99_ns", "The 99th percentile of the latency of all requests that ended well."),
    ("steady_requests", "Requests that were issued behind the warm-up of `[steady_state]`."),
    ("steady_mean_ns", "Their mean latency."),
    ("steady_low_ns", "The lower end of its 95 % interval by batch means, where the batches do not hang together."),
    ("steady_high_ns", "The upper end of that interval."),
    ("steady_batch", "Results in a batch."),
    (
        "protected_online_ns",
        "How long volumes that are backed up were open and certainly themselves, summed over them.",
    ),
    ("protected_time_ns", "Length of the run times the number of volumes that are backed up."),
    ("backups", "Backups that were asked for."),
    ("backups_complete", "Backups that ended complete."),
    ("backup_ns", "From stimulus to end, summed over complete backups."),
    ("doubt_ns", "Time in which the ID of a source was in doubt, summed over backups."),
    ("writes_held_ns", "How long writes waited for backups."),
    ("tape_ns", "Time in which backups and restores used a mounted tape."),
    ("retries", "Steps of backups and restores that were begun again."),
    ("resumes", "Restarts that took a backup or a restore up again."),
    ("restores", "Restores that were asked for."),
    ("restores_complete", "Restores that ended complete."),
    ("recovery_point_ns", "Age of what the restore brought back; the longest of the run."),
    (
        "recovery_time_ns",
        "From the failure, or the restore's start, to the application's open; the longest of the run.",
    ),
    ("operator_actions", "Steps, commands and answers of operators."),
    ("operator_ns", "Their working time."),
    ("lost_writes", "Acknowledged writes that were found lost."),
    ("duplicate_episodes", "Times that two online devices bore one ID."),
    ("duplicate_ns", "For how long they did, in all."),
    ("ipl_duplicate_ns", "For how long an IPL would have met two devices of one ID."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_told_and_every_measure_is_made_from_columns_that_are_there() {
        let told: Vec<&str> = COLUMNS.iter().map(|(column, _)| *column).collect();
        assert_eq!(told, Figures::NAMES);
        for &measure in Measure::ALL {
            for column in columns(measure).split(", ") {
                assert!(told.contains(&column) || column == "violated_<invariant>", "{measure}: {column}");
            }
        }
    }

    #[test]
    fn every_other_column_is_told_too() {
        for (name, part) in [
            ("point", "`canary`"),
            ("violated_unique_online_id", "`unique-online-id`"),
            ("PROD01_offline_controller_ns", "controller was down"),
            ("X_online_ns", "Of X"),
        ] {
            let text = other_column_page(name).map(|page| page.text(100));
            assert!(text.as_ref().is_some_and(|text| text.contains(part)), "{name}: {text:?}");
        }
        let goal = Goal::ALL[0].name();
        let text = other_column_page(&format!("reached_{}", goal.replace('-', "_"))).map(|page| page.text(100));
        assert!(text.is_some_and(|text| text.contains(goal)));
        for name in ["violated_everything", "TOOLONGID_online_ns", "prod01_online_ns", "points"] {
            assert!(other_column_page(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_measure_says_its_unit_how_it_is_estimated_and_what_it_is_made_from() {
        let text = page(Measure::Confusion).text(100);
        for part in ["share of runs", "Clopper and Pearson", "unique-ipl-id", "McNemar"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let recovery = Some(Measure::RecoveryTime);
        assert_eq!([named("RTO"), named("recovery-time"), named("mttr")], [recovery, recovery, None]);
    }
}
