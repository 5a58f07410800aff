//! Pages of campaigns that were never run: long ones, wide ones, and rows that come back as they were written.

use super::super::super::html;
use super::*;
use crate::campaign::sweep::row::{bit, goal_bit};
use crate::campaign::sweep::{End, Row, RowVerdict};
use crate::scenario::campaign::{Changes, Measure, load_campaign, shipped};
use crate::vocab::{Goal, Invariant};

/// A row as point `point` may yield it, other in every replication.
fn row(point: usize, replication: u64, points: u64) -> Row {
    let run = replication * points + point as u64;
    let mut row = super::super::part::tests::row(run);
    let spread = (run * 7_919) % 1_000;
    (row.point, row.replication, row.volumes) = (point, replication, Vec::new());
    row.end = End::Until;
    row.verdict = if spread < 80 { RowVerdict::Fail } else { RowVerdict::Pass };
    row.tested = bit(Invariant::NoLostAckedWrite) | bit(Invariant::Progress);
    row.violated = if spread < 80 { bit(Invariant::NoLostAckedWrite) } else { 0 };
    row.reached = if spread < 500 { goal_bit(Goal::CowDuringDump) } else { 0 };
    let it = &mut row.figures;
    (it.protected_online_ns, it.protected_time_ns) = (Some(3_000_000 + spread * 100), Some(3_600_000));
    (it.backups, it.backups_complete, it.backup_ns) = (Some(1), Some(1), Some(60_000_000_000 + spread * 1_000_000));
    (it.operator_ns, it.tape_ns, it.writes_held_ns) = (Some(spread * 10_000_000), Some(30_000_000_000), Some(spread));
    (it.all_p99_ns, it.events) = (Some(1_000_000 + spread * spread), Some(70_000));
    row
}

/// The built-in campaign with so many replications, and what its summary is when only the first are looked at.
fn campaign(looked_at: u64) -> (CampaignManifest, CampaignSummary) {
    let changes = Changes { replications: Some(looked_at), ..Changes::default() };
    let loaded = load_campaign(&shipped(), &changes).expect("it is valid");
    let (manifest, _) = CampaignManifest::new(&loaded).expect("it has no files of its own");
    let plans: Vec<_> = loaded.points.into_iter().map(|point| point.scenario.plan).collect();
    let all = manifest.all_points();
    let rows: Vec<Row> = (0..looked_at)
        .flat_map(|replication| (0..all as usize).map(move |point| row(point, replication, all)))
        .collect();
    let summary = CampaignSummary::new(&manifest, &plans, &rows, &[], &[]);
    (manifest, summary)
}

#[test]
fn rows_come_back_as_they_were_written() {
    let (manifest, summary) = campaign(30);
    let mut rows: Vec<Row> = (0..9).flat_map(|point| (0..30).map(move |it| row(point, it, 9))).collect();
    rows[3].figures.recovery_time_ns = Some(u64::MAX);
    rows[5].reached = u64::MAX >> (64 - Goal::ALL.len());
    let text = runs::csv(&manifest, &rows);
    let mut read = Vec::new();
    runs::read(&text[..], manifest.axes.len(), summary.points.len(), |row| read.push(row)).expect("it is ours");
    assert_eq!(read, rows);
    let text = String::from_utf8(text).expect("rows are text");
    let read = |text: &str| runs::read(text.as_bytes(), 2, 8, |_| ());
    for (wrong, reason) in [
        (text.replacen("\n0,0,", "\n8,0,", 1), "there is no point 8; the campaign has 8"),
        (text.replace("violated_progress", "violated_regress"), "it has no column violated_progress"),
        (text.replacen(",until,", ",someday,", 1), "line 2: no end"),
        (text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>() + "0,1\n", "found record with"),
    ] {
        let told = read(&wrong).expect_err("it is damaged");
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn a_page_of_a_hundred_thousand_runs_is_small() {
    const REPLICATIONS: u64 = 12_500;
    let (manifest, mut summary) = campaign(30);
    summary.replications.used = REPLICATIONS;
    summary.runs = REPLICATIONS * 8;
    let mut rows = Rows::new(&summary);
    for replication in 0..REPLICATIONS {
        (0..9).for_each(|point| rows.add(&row(point, replication, 9)));
    }
    assert_eq!(rows.runs, 100_000);
    let dots = (0..8).map(|point| rows.dots(Measure::Availability, point).len()).max();
    assert_eq!(dots, Some(102), "one run in 125 is a dot, and the two that lie furthest apart");
    let files = CampaignFiles { summary, rows, slowest: None, resolved: String::new() };
    let document = files.document(&manifest);
    let page = html::page(&document);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(document.figures().all(|figure| figure.csv.len() < 500_000));
    let names: Vec<&str> = document.figures().map(|figure| &figure.name[..]).collect();
    let expected = ["losses", "losses-2", "methods", "methods-2", "latency-nines", "tornado", "tornado-loss", "goals"];
    assert_eq!(names, expected);
    assert_eq!(page, html::page(&files.document(&manifest)), "the same files give the same bytes");
}

#[test]
fn a_page_of_ten_thousand_points_is_small() {
    let (manifest, mut summary) = campaign(30);
    let levels: Vec<String> = (0..100).map(|level| format!("<level> {level}")).collect();
    summary.axes.iter_mut().for_each(|axis| axis.levels.clone_from(&levels));
    let template = summary.points[0].clone();
    let point = |number: usize| super::super::summary::PointSummary {
        number: number as u64,
        levels: vec![levels[number / 100].clone(), levels[number % 100].clone()],
        ..template.clone()
    };
    summary.points = (0..10_000).map(point).collect();
    sound(&summary).expect("all of it hangs together");
    let mut rows = Rows::new(&summary);
    (0..10_000).for_each(|point| rows.add(&row(point, 0, 10_001)));
    let files = CampaignFiles { summary, rows, slowest: None, resolved: String::new() };
    let page = html::page(&files.document(&manifest));
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    assert!(page.contains("the first 60 of 10000 rows") && !page.contains("<level>"));
}

#[test]
fn the_answer_says_who_loses_and_how_sure_that_is() {
    let (manifest, summary) = campaign(30);
    let files = CampaignFiles { rows: Rows::new(&summary), summary, slowest: None, resolved: String::new() };
    let document = files.document(&manifest);
    assert!(
        document.answer.starts_with("In 240 runs, safe-backup lost acknowledged writes in "),
        "{}",
        document.answer
    );
    assert!(document.answer.contains(") of runs; same-id-offline") && document.answer.contains("95 %"));
    assert_eq!((&document.verdict[..], document.tone), ("FAIL", Tone::Bad));
    let mut quiet = files.summary.clone();
    quiet.verdict = "PASS".into();
    let allowed = CampaignFiles { summary: quiet.clone(), ..files.clone() }.document(&manifest);
    assert_eq!((&allowed.verdict[..], allowed.tone), ("PASS, but for what is allowed", Tone::Mixed));
    for estimate in quiet.points.iter_mut().flat_map(|point| &mut point.estimates) {
        (estimate.hits, estimate.estimate, estimate.zero_failure_bound) = (Some(0), Some(0.0), Some(0.095));
    }
    let answer = answer::answer(&quiet);
    assert!(
        answer.contains(
            "direct-dump lost, confused and stopped nothing in 60 runs (at every point below 9.5 %, one-sided)"
        ),
        "{answer}"
    );
}

#[test]
fn a_summary_that_does_not_hang_together_is_refused() {
    let (_, good) = campaign(30);
    type Damage = fn(&mut CampaignSummary);
    let damages: [Damage; 6] = [
        |it| it.points.clear(),
        |it| it.level = 7.0,
        |it| it.points[3].levels[0] = "another".into(),
        |it| drop(it.points[2].invariants.pop()),
        |it| it.comparisons[1].pairs[0].second_point = 8,
        |it| drop(it.comparisons[1].pairs.pop()),
    ];
    sound(&good).expect("it was just made");
    for (number, damage) in damages.iter().enumerate() {
        let mut summary = good.clone();
        damage(&mut summary);
        assert!(sound(&summary).is_err(), "damage {number}");
    }
}

#[test]
fn a_page_with_runs_that_were_cut_answers_nothing() {
    let (_, mut summary) = campaign(30);
    assert!(answer::answer(&summary).starts_with("In 240 runs, "), "{}", answer::answer(&summary));
    summary.points[3].cut = 2;
    assert!(answer::answer(&summary).starts_with("2 of 240 runs were cut"), "{}", answer::answer(&summary));
}
