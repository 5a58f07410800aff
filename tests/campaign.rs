//! Campaigns as a user runs them: the same bytes however the work is divided, and whatever happens to it on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const BASE: &str = include_str!("small-campaign/base.toml");
const CAMPAIGN: &str = include_str!("small-campaign/two.toml");

/// A folder with the campaign in it.
fn folder() -> TempDir {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    fs::write(here.path().join("base.toml"), BASE).expect("it can be written");
    fs::write(here.path().join("two.toml"), CAMPAIGN).expect("it can be written");
    here
}

fn tiersim(here: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tiersim"));
    command.current_dir(here).args(arguments).env("COLUMNS", "100");
    command
}

fn ran(here: &Path, arguments: &[&str]) -> Output {
    tiersim(here, arguments).output().expect("it starts")
}

#[track_caller]
fn run(here: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = ran(here, arguments);
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

/// What a campaign comes to: the names and bytes of its merged files, its page and its charts.
fn result(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let charts = fs::read_dir(directory.join("charts")).expect("they were drawn");
    let charts = charts.map(|entry| format!("charts/{}", entry.expect("it is one").file_name().to_string_lossy()));
    let mut names: Vec<String> =
        ["runs.csv", "summary.json", "report.html"].map(str::to_owned).into_iter().chain(charts).collect();
    names.sort();
    let read = |name: String| (fs::read(directory.join(&name)).expect("it was merged"), name);
    names.into_iter().map(read).map(|(bytes, name)| (name, bytes)).collect()
}

fn parts(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("parts")).expect("it is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.sort();
    paths
}

/// The campaign as one process on one thread makes it.
fn reference(here: &Path) -> Vec<(String, Vec<u8>)> {
    run(here, &["campaign", "run", "two.toml", "-o", "whole", "--jobs", "1", "-q"], 0);
    result(&here.join("whole"))
}

#[test]
fn the_result_does_not_know_how_it_was_made() {
    let folder = folder();
    let here = folder.path();
    let whole = reference(here);
    run(here, &["campaign", "run", "two.toml", "-o", "two-threads", "--jobs", "2", "-q"], 0);
    assert!(result(&here.join("two-threads")) == whole, "two threads");
    for shards in [2_u64, 7] {
        let name = format!("shards-{shards}");
        run(here, &["campaign", "plan", "two.toml", "-o", &name, "-q"], 0);
        // In an order of no meaning, and the first of them twice.
        for shard in (0..shards).rev().chain([0]) {
            let jobs = (shard % 2 + 1).to_string();
            run(here, &["campaign", "run", &name, "--shard", &format!("{shard}/{shards}"), "--jobs", &jobs, "-q"], 0);
        }
        run(here, &["campaign", "merge", &name, "-q"], 0);
        assert!(result(&here.join(&name)) == whole, "{shards} shards");
    }
    let rows = fs::read_to_string(here.join("whole/runs.csv")).expect("rows are text");
    assert_eq!(rows.lines().count(), 1 + 12 * 3, "a header, two points and the canary");
    let columns: Vec<usize> = rows.lines().map(|line| line.split(',').count()).collect();
    assert!(columns.iter().all(|&number| number == columns[0]), "{columns:?}");
}

#[test]
fn a_killed_campaign_loses_the_runs_in_flight_alone() {
    let folder = folder();
    let here = folder.path();
    let whole = reference(here);
    run(here, &["campaign", "plan", "two.toml", "-o", "killed", "-q"], 0);
    let mut rows_before = 0;
    for kill in 0..3 {
        let mut child = tiersim(here, &["campaign", "run", "killed", "--jobs", "2", "--progress", "none"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // Until a few more rows stand in journals, or it has ended by itself.
        while rows_in_journals(&here.join("killed")) < rows_before + 2 + kill
            && child.try_wait().is_ok_and(|it| it.is_none())
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        let rows = rows_in_journals(&here.join("killed"));
        assert!(rows >= rows_before, "what was made is kept: {rows} after {rows_before}");
        rows_before = rows;
    }
    // A torn line, as a kill in the middle of a write leaves it, is as if its run had never been made.
    if let Some(journal) = journals(&here.join("killed")).first() {
        let bytes = fs::read(journal).expect("it is there");
        fs::write(journal, &bytes[..bytes.len() - 9]).expect("it can be written");
    }
    let (state, _) = run(here, &["campaign", "status", "killed"], 0);
    assert!(rows_before < 2 || state.contains("are saved by processes that did not end"), "{state}");
    let (_, messages) = run(here, &["campaign", "run", "killed", "--resume"], 0);
    assert!(rows_before == 0 || messages.contains("taken over"), "{messages}");
    assert!(result(&here.join("killed")) == whole);
    assert_eq!(journals(&here.join("killed")), Vec::<PathBuf>::new(), "journals go when their parts are there");
}

fn journals(directory: &Path) -> Vec<PathBuf> {
    let is_journal =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("running-"));
    parts(directory).into_iter().filter(is_journal).collect()
}

fn rows_in_journals(directory: &Path) -> usize {
    let lines = |path: PathBuf| fs::read(path).map_or(0, |bytes| bytes.iter().filter(|&&byte| byte == b'\n').count());
    journals(directory).into_iter().map(|path| lines(path).saturating_sub(1)).sum()
}

/// A part that is cut, one with a flipped byte, one of another campaign, and none at all.
#[test]
fn a_part_that_is_no_good_is_refused_by_its_name() {
    let folder = folder();
    let here = folder.path();
    for shard in ["0/3", "1/3", "2/3"] {
        if shard == "0/3" {
            run(here, &["campaign", "plan", "two.toml", "-o", "c", "-q"], 0);
        }
        run(here, &["campaign", "run", "c", "--shard", shard, "-q"], 0);
    }
    run(here, &["campaign", "run", "two.toml", "-o", "other", "--seed", "4", "-q"], 0);
    let all = parts(&here.join("c"));
    let [first, second, _] = &all[..] else { panic!("three parts: {all:?}") };
    let name = first.file_name().expect("it has one").to_string_lossy().into_owned();
    let good = fs::read(first).expect("it is there");
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let foreign = fs::read(&parts(&here.join("other"))[0]).expect("it is there");
    for (bytes, reason) in [
        (&good[..good.len() - 30], "cut off"),
        (&flipped, "checksum"),
        (&foreign, "another campaign"),
        (&b""[..], "cut off"),
    ] {
        fs::write(first, bytes).expect("it can be written");
        for command in [&["campaign", "merge", "c"][..], &["campaign", "run", "c", "--shard", "0/3"]] {
            let (_, messages) = run(here, command, 2);
            assert!(messages.contains(&name) && messages.contains(reason), "{reason}: {messages}");
        }
    }
    fs::remove_file(first).expect("it can be removed");
    let (_, messages) = run(here, &["campaign", "merge", "c"], 4);
    assert!(messages.contains("blocks 0-11 of 36 are missing"), "{messages}");
    let (missing, _) = run(here, &["campaign", "status", "c", "--missing-array", "--shards", "3"], 0);
    assert_eq!(missing, "0\n");
    run(here, &["campaign", "run", "c", "--shard", "0/3", "-q"], 0);
    assert!(fs::read(first).expect("it is there") == good, "the same part again");
    run(here, &["campaign", "merge", "c", "-q"], 0);
    let (missing, _) = run(here, &["campaign", "status", "c", "--missing-array", "--shards", "3"], 0);
    assert_eq!(missing, "\n");
    // A row that was changed, with a checksum that fits: only who makes the run again can know.
    forge(second);
    run(here, &["campaign", "merge", "c", "-q"], 0);
    let (_, messages) = run(here, &["campaign", "run", "c", "--shard", "1/3", "--verify-parts"], 5);
    assert!(messages.contains("not deterministic") && messages.contains("blocks-12-23.jsonl"), "{messages}");
    let (_, messages) = run(here, &["campaign", "merge", "c"], 5);
    assert!(messages.contains(".conflict"), "{messages}");
}

/// Changes a figure of a part's first row, and its last line so that it fits.
fn forge(part: &Path) {
    use sha2::{Digest, Sha256};
    let text = fs::read_to_string(part).expect("it is there");
    let changed = text.replacen("\"operator_ns\":0", "\"operator_ns\":7", 1);
    assert_ne!(changed, text);
    let body_end = changed.trim_end().rfind('\n').expect("it has several lines") + 1;
    let body = &changed[..body_end];
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let rows = body.lines().count() - 1;
    fs::write(part, format!("{body}{{\"rows\":{rows},\"sha256\":\"{digest}\"}}\n")).expect("it can be written");
}

#[test]
fn more_replications_keep_what_was_made() {
    let folder = folder();
    let here = folder.path();
    run(here, &["campaign", "run", "two.toml", "-o", "grown", "--repeat", "5", "-q"], 0);
    let before = parts(&here.join("grown"));
    let bytes: Vec<Vec<u8>> = before.iter().map(|path| fs::read(path).expect("it is there")).collect();
    run(here, &["campaign", "run", "grown", "--repeat", "12", "-q"], 0);
    let after: Vec<Vec<u8>> = before.iter().map(|path| fs::read(path).expect("it is there")).collect();
    assert!(after == bytes, "no part was touched");
    assert!(result(&here.join("grown")) == reference(here));
}

#[test]
fn nothing_that_stands_there_is_overwritten_unasked() {
    let folder = folder();
    let here = folder.path();
    run(here, &["campaign", "run", "two.toml", "-o", "c", "--repeat", "2", "-q"], 0);
    let (_, messages) = run(here, &["campaign", "run", "two.toml", "-o", "c", "--repeat", "2"], 2);
    assert!(messages.contains("--resume") && messages.contains("--force"), "{messages}");
    run(here, &["campaign", "run", "two.toml", "-o", "c", "--repeat", "2", "--resume", "-q"], 0);
    let (_, messages) = run(here, &["campaign", "run", "two.toml", "-o", "c", "--seed", "9"], 2);
    assert!(messages.contains("another campaign"), "{messages}");
    fs::write(here.join("c/mine.txt"), "mine").expect("it can be written");
    run(here, &["campaign", "run", "two.toml", "-o", "c", "--seed", "9", "--repeat", "2", "--force", "-q"], 0);
    assert_eq!(fs::read_to_string(here.join("c/mine.txt")).expect("it is left"), "mine");
    fs::write(here.join("c/charts/mine.svg"), "mine").expect("it can be written");
    run(here, &["campaign", "plan", "two.toml", "-o", "c", "--seed", "10", "--repeat", "2", "--force", "-q"], 0);
    assert!(!here.join("c/report.html").exists(), "the page of the old campaign went with it");
    let left: Vec<_> = fs::read_dir(here.join("c/charts")).expect("it is left").flatten().collect();
    assert!(left.len() == 1 && left[0].file_name() == "mine.svg", "{left:?}");
    fs::create_dir(here.join("thesis")).expect("it can be made");
    fs::write(here.join("thesis/chapter.txt"), "one").expect("it can be written");
    for force in [&[][..], &["--force"]] {
        let arguments = [&["campaign", "run", "two.toml", "-o", "thesis"][..], force].concat();
        let (_, messages) = run(here, &arguments, 2);
        assert!(messages.contains("holds no campaign"), "{messages}");
    }
    assert_eq!(fs::read_dir(here.join("thesis")).expect("it is there").count(), 1);
    let (_, messages) = run(here, &["campaign", "merge", "thesis"], 2);
    assert!(messages.contains("no manifest.json"), "{messages}");
}

#[test]
fn a_plan_that_was_changed_is_not_run() {
    let folder = folder();
    let here = folder.path();
    run(here, &["campaign", "plan", "two.toml", "-o", "c", "-q"], 0);
    let manifest = here.join("c/manifest.json");
    let text = fs::read_to_string(&manifest).expect("it is there");
    fs::write(&manifest, text.replace("\"seed\": 3", "\"seed\": 4")).expect("it can be written");
    let (_, messages) = run(here, &["campaign", "run", "c"], 2);
    assert!(messages.contains("was changed"), "{messages}");
    fs::write(&manifest, text).expect("it can be written");
    let scenario = here.join("c/scenarios/point-0001.toml");
    let planned = fs::read_to_string(&scenario).expect("it is there");
    fs::write(&scenario, planned + "# changed\n").expect("it can be written");
    let (_, messages) = run(here, &["campaign", "run", "c"], 2);
    assert!(messages.contains("point-0001.toml was changed"), "{messages}");
}

#[test]
fn what_nothing_allows_is_a_finding_with_its_command() {
    let folder = folder();
    let here = folder.path();
    let strict = CAMPAIGN.split("[[allowed]]").next().expect("a split has a first part");
    fs::write(here.join("strict.toml"), strict).expect("it can be written");
    let (out, _) = run(here, &["campaign", "run", "strict.toml", "-o", "c", "--repeat", "3"], 3);
    assert!(out.contains("Verdict: FAIL") && out.contains("unique-online-id is violated in 3 of 3 runs"), "{out}");
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(here.join("c/summary.json")).expect("it is there")).expect("it is JSON");
    let repro = summary["points"][1]["unexpected"][0]["repro"].as_str().expect("it has a command");
    let words: Vec<&str> = repro.split(' ').skip(1).collect();
    let (again, _) = run(&here.join("c"), &words, 3);
    assert!(again.contains("unique-online-id is violated"), "{again}");
    let kept = fs::read_dir(here.join("c/runs")).expect("they are kept").count();
    assert_eq!(kept, 3, "the whole directory of each");
    let (_, messages) = run(here, &["campaign", "run", "strict.toml", "-o", "d", "--fail-fast", "--jobs", "1"], 3);
    assert!(messages.contains("--fail-fast"), "{messages}");
    run(here, &["campaign", "status", "d"], 0);
}

#[test]
fn a_canary_that_passes_makes_the_campaign_prove_nothing() {
    let folder = folder();
    let here = folder.path();
    let alive = CAMPAIGN.replace("backup[0].method=same-id-offline", "backup[0].method=safe-backup");
    fs::write(here.join("alive.toml"), alive).expect("it can be written");
    let (out, _) = run(here, &["campaign", "run", "alive.toml", "-o", "c", "--repeat", "2"], 4);
    assert!(out.contains("Verdict: INCONCLUSIVE") && out.contains("failed in 0 of 2 runs"), "{out}");
}

#[test]
fn a_stopping_rule_makes_as_many_as_it_asks_for() {
    let folder = folder();
    let here = folder.path();
    let rule = "[stop]\nmeasure = \"availability\"\nrelative_half_width = \"60 %\"\nat_most = 60\n";
    let text = CAMPAIGN.replace("replications = 12\n", "") + rule;
    fs::write(here.join("stop.toml"), text).expect("it can be written");
    let (out, _) = run(here, &["campaign", "run", "stop.toml", "-o", "one", "--jobs", "1"], 0);
    assert!(out.contains("sequential, slight") && out.contains("reached") && !out.contains("not reached"), "{out}");
    run(here, &["campaign", "run", "stop.toml", "-o", "two", "--jobs", "2", "-q"], 0);
    assert!(result(&here.join("one")) == result(&here.join("two")));
    let (_, messages) = run(here, &["campaign", "run", "one", "--shard", "0/2"], 2);
    assert!(messages.contains("has no shards"), "{messages}");
    let (out, _) = run(here, &["campaign", "run", "stop.toml", "--dry-run"], 0);
    assert!(out.contains("stops when it knows availability to 60 %") && !out.contains("--shard"), "{out}");
    // Nobody confuses a volume by safe-backup: that point has no say, and is named.
    let never = text_with_rule("confusion");
    fs::write(here.join("never.toml"), never).expect("it can be written");
    let (out, _) = run(here, &["campaign", "run", "never.toml", "-o", "never", "-q", "--no-report"], 0);
    assert!(out.contains("no say had safe-backup (0)"), "{out}");
}

fn text_with_rule(measure: &str) -> String {
    let rule = format!("[stop]\nmeasure = \"{measure}\"\nrelative_half_width = \"60 %\"\nat_most = 30\n");
    CAMPAIGN.replace("replications = 12\n", "") + &rule
}

#[test]
fn runs_that_are_cut_claim_nothing() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("cut.toml"), format!("events_per_run = 500\n{CAMPAIGN}")).expect("it can be written");
    let (out, _) = run(here, &["campaign", "run", "cut.toml", "-o", "c", "--repeat", "4"], 4);
    assert!(out.contains("were cut because they had too many events") && out.contains("refused (0)"), "{out}");
    let summary = fs::read(here.join("c/summary.json")).expect("it was merged");
    let summary: serde_json::Value = serde_json::from_slice(&summary).expect("it is JSON");
    for point in summary["points"].as_array().expect("there are points") {
        for estimate in point["estimates"].as_array().expect("there are estimates") {
            assert!(estimate["estimate"].is_null() && estimate["high"].is_null(), "{estimate}");
        }
    }
}

/// What a person may type or name that cannot be meant: each is told with what to do.
#[test]
fn what_cannot_be_meant_is_told() {
    let folder = folder();
    let here = folder.path();
    let (_, messages) = run(here, &["campaign", "run", "two.toml", "--set", "volume[9].cylinders=4", "--dry-run"], 2);
    assert!(messages.contains("--set volume[9].cylinders=4") && !messages.contains("two.toml:"), "{messages}");
    let points = "\n[[axis]]\nname = \"point\"\nkey = \"workload[0].rate\"\nvalues = [\"2 /s\", \"3 /s\"]\n";
    fs::write(here.join("column.toml"), CAMPAIGN.to_owned() + points).expect("it can be written");
    let (_, messages) = run(here, &["campaign", "run", "column.toml", "--dry-run"], 2);
    assert!(messages.contains("second column `point` of runs.csv"), "{messages}");
    let twice = "\n[[axis]]\nkey = \"workload[0].rate\"\nvalues = [\"2 /s\", \"2/s\"]\n";
    fs::write(here.join("twice.toml"), CAMPAIGN.to_owned() + twice).expect("it can be written");
    let (_, messages) = run(here, &["campaign", "run", "twice.toml", "--dry-run"], 2);
    assert!(messages.contains("`2 /s` and `2/s` of the axis `rate` make one scenario"), "{messages}");
    for (out, why) in [("base.toml", "base.toml is no directory"), ("base.toml/x", "is no directory")] {
        let (_, messages) = run(here, &["campaign", "run", "two.toml", "-o", out], 2);
        assert!(messages.contains(why) && messages.contains("-o"), "{messages}");
    }
    run(here, &["campaign", "run", "two.toml", "-o", "c", "-q", "--no-report"], 0);
    let (_, messages) = run(here, &["campaign", "run", "c", "--repeat", "3", "--no-report"], 0);
    assert!(messages.contains("planned with 12 replications and keeps them"), "{messages}");
    // The number of replications is no part of the campaign's id; rows that it leaves out are not dropped unseen.
    let manifest = here.join("c/manifest.json");
    let text = fs::read_to_string(&manifest).expect("it is there");
    let fewer = text.replace("\"replications\": 12", "\"replications\": 5").replace("\"runs\": 36", "\"runs\": 15");
    assert_ne!(fewer, text);
    fs::write(&manifest, fewer).expect("it can be written");
    let (_, messages) = run(here, &["campaign", "merge", "c"], 2);
    assert!(messages.contains("the manifest speaks of 15") && messages.contains("--repeat 12"), "{messages}");
    run(here, &["campaign", "run", "c", "--repeat", "12", "-q", "--no-report"], 0);
    let seeded = CAMPAIGN.replace("seed = 3\n", "seed = 3\nset = [\"seed=4\"]\n");
    fs::write(here.join("seeded.toml"), seeded).expect("it can be written");
    let (_, messages) = run(here, &["campaign", "run", "seeded.toml", "--dry-run"], 2);
    assert!(messages.contains("`set` cannot change the seed of a run"), "{messages}");
}

/// Whoever changes a file of a merged campaign is not believed.
#[test]
fn a_result_that_was_changed_is_not_shown() {
    let folder = folder();
    let here = folder.path();
    run(here, &["campaign", "run", "two.toml", "-o", "c", "-q"], 0);
    let changed = |name: &str, from: &str, to: &str| {
        let path = here.join("c").join(name);
        let text = fs::read_to_string(&path).expect("it is there");
        assert!(text.contains(from), "{name} holds {from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("it can be written");
        move || fs::write(&path, &text).expect("it can be written")
    };
    let back = changed("runs.csv", ",PASS,", ",FAIL,");
    let (_, messages) = run(here, &["report", "c", "-o", "page.html"], 2);
    assert!(messages.contains("runs.csv") && messages.contains("merge the campaign again"), "{messages}");
    back();
    run(here, &["report", "c", "-o", "page.html", "-q"], 0);
    let (out, _) = run(here, &["report", "c", "-o", "-", "--json"], 0);
    let document: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!(document["kind"], "campaign");
    let back = changed("campaign.toml", "replications = 12", "replications = 99");
    let (_, messages) = run(here, &["campaign", "merge", "c"], 2);
    assert!(messages.contains("campaign.toml was changed"), "{messages}");
    back();
    let back = changed("manifest.json", "\"replications\": 12", "\"replications\": 6");
    let (_, messages) = run(here, &["campaign", "merge", "c"], 2);
    assert!(messages.contains("it was changed after it was written"), "{messages}");
    back();
    for part in parts(&here.join("c")) {
        fs::remove_file(part).expect("it is there");
    }
    let (_, messages) = run(here, &["compare", "c"], 4);
    assert!(messages.contains("no replication has all of its runs"), "{messages}");
}

#[cfg(unix)]
#[test]
fn a_part_that_is_no_file_is_refused() {
    let folder = folder();
    let here = folder.path();
    run(here, &["campaign", "run", "two.toml", "-o", "c", "-q", "--no-report"], 0);
    let part = parts(&here.join("c")).swap_remove(0);
    let whole = fs::read(&part).expect("it is there");
    let refused = || {
        let (_, messages) = run(here, &["campaign", "merge", "c"], 2);
        assert!(messages.contains("it is no regular file") && messages.contains("blocks-"), "{messages}");
        let (_, messages) = run(here, &["campaign", "status", "c"], 2);
        assert!(messages.contains("it is no regular file"), "{messages}");
    };
    fs::remove_file(&part).expect("it is there");
    std::os::unix::fs::symlink("/dev/zero", &part).expect("links can be made");
    refused();
    fs::remove_file(&part).expect("it is there");
    assert!(Command::new("mkfifo").arg(&part).status().expect("it is there").success());
    refused();
    fs::remove_file(&part).expect("it is there");
    fs::create_dir(&part).expect("it can be made");
    refused();
    fs::remove_dir(&part).expect("it is there");
    fs::write(&part, whole).expect("it can be written");
    run(here, &["campaign", "merge", "c", "-q", "--no-report"], 0);
}

#[test]
fn points_and_campaigns_are_compared_in_pairs() {
    let folder = folder();
    let here = folder.path();
    reference(here);
    let (out, _) = run(here, &["compare", "whole", "--metric", "confusion"], 0);
    assert!(out.contains("same-id-offline - safe-backup") && out.contains("0/0/12/0"), "{out}");
    run(here, &["campaign", "run", "two.toml", "-o", "slow", "--set", "workload[0].rate=1 /s", "-q"], 0);
    let (out, _) = run(here, &["compare", "whole", "slow", "--metric", "availability", "--json"], 0);
    let found: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!(found["families"][0]["pairs"].as_array().map(Vec::len), Some(2), "equal points of both: {out}");
    let settings = found["settings"].as_array().expect("they differ");
    assert!(settings.iter().any(|it| it["key"] == "workload[0].rate"), "{settings:?}");
    let (out, _) = run(here, &["compare", "whole", "slow", "--metric", "availability"], 0);
    assert!(out.contains("workload[0].rate in slow: "), "{out}");
    let (out, _) = run(here, &["compare", "whole", "whole", "--metric", "availability"], 0);
    assert!(out.contains("Their scenarios are the same"), "{out}");
    run(here, &["campaign", "run", "two.toml", "-o", "other", "--seed", "4", "-q"], 0);
    let (_, messages) = run(here, &["compare", "whole", "other"], 2);
    assert!(messages.contains("no chance in common"), "{messages}");
    let (_, messages) = run(here, &["compare", "whole", "nowhere"], 2);
    assert!(messages.contains("nowhere"), "{messages}");
}

#[test]
fn the_documented_campaign_is_one() {
    use tiersim::scenario::campaign::{Changes, load_campaign, shipped};
    use tiersim::scenario::{Paint, Source};
    let guide = include_str!("../docs/campaigns.md");
    let fence = |info: &str| guide.split(info).nth(1).and_then(|rest| rest.split("```").next()).expect("it is shown");
    // The further tables stand in the place of the number of replications.
    let file = fence("```toml nightly.toml\n").lines().filter(|line| !line.starts_with("replications"));
    let text = file.collect::<Vec<_>>().join("\n") + "\n" + fence("```toml\n");
    let source = Source::Embedded { name: "guide.toml".into(), text, files: &[] };
    let loaded = load_campaign(&source, &Changes::default());
    let loaded = loaded.unwrap_or_else(|found| panic!("{}", found.render(Paint::Plain)));
    assert_eq!(loaded.points.len(), 12);
    let built_in = load_campaign(&shipped(), &Changes::default()).expect("the built-in campaign is valid");
    assert_eq!(built_in.points.len(), 8);
    for (point, loaded) in built_in.points.iter().zip(&built_in.points[1..]) {
        assert_ne!(point.scenario.resolved, loaded.scenario.resolved);
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = folder();
    let here = folder.path();
    let (out, _) = run(here, &["campaign", "run", "two.toml", "--dry-run"], 0);
    assert!(
        out.contains("36 runs") && out.contains("method (backup[0].method): safe-backup | same-id-offline"),
        "{out}"
    );
    assert_eq!(fs::read_dir(here).expect("it is there").count(), 2);
}

#[cfg(unix)]
#[test]
fn an_interrupted_campaign_can_be_gone_on_with() {
    let folder = folder();
    let here = folder.path();
    run(here, &["campaign", "plan", "two.toml", "-o", "c", "-q"], 0);
    let (_, messages) = run(here, &["campaign", "run", "c", "--budget", "1ms"], 130);
    assert!(messages.contains("go on with: tiersim campaign run c"), "{messages}");
    let child = tiersim(here, &["campaign", "run", "c", "--jobs", "1", "--progress", "none"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while rows_in_journals(&here.join("c")) < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("it is there");
    let ended = child.wait_with_output().expect("it has ended");
    assert_eq!(ended.status.code(), Some(130));
    run(here, &["campaign", "run", "c", "-q"], 0);
    assert!(result(&here.join("c")) == reference(here));
}
