//! The trace of the default run as a viewer reads it: every event whole, spans closed and nested, counts those of the summary.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

fn traced(directory: &Path, extent: &str) -> (Vec<Value>, Value) {
    let mut command = Command::cargo_bin("tiersim").expect("the program was built");
    command.args(["run", "--quiet", "--no-report", "--trace", extent, "--out"]).arg(directory).assert().success();
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(directory.join(name)).expect("it was written")).expect("it is JSON")
    };
    let trace = read("trace.perfetto.json");
    (trace["traceEvents"].as_array().expect("a list of events").clone(), read("summary.json"))
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or("")
}

/// Nanoseconds of an event: the text has exactly three decimals, and a float holds them for a run of hours.
fn time(event: &Value) -> u64 {
    (event["ts"].as_f64().expect("a time") * 1_000.0).round() as u64
}

/// Begin and end of every span, by its number.
fn spans(events: &[Value]) -> Vec<(&Value, u64, u64)> {
    let mut open: BTreeMap<u64, &Value> = BTreeMap::new();
    let mut spans = Vec::new();
    for event in events {
        match text(event, "ph") {
            "b" => {
                let number = event["id"].as_u64().expect("a span has a number");
                assert!(open.insert(number, event).is_none(), "span {number} begins twice");
            }
            "e" => {
                let number = event["id"].as_u64().expect("a span has a number");
                let begin = open.remove(&number).expect("what ends has begun");
                assert_eq!(
                    (&begin["name"], &begin["cat"], &begin["tid"]),
                    (&event["name"], &event["cat"], &event["tid"])
                );
                assert!(time(begin) <= time(event), "{begin}");
                spans.push((begin, time(begin), time(event)));
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "{} spans have no end", open.len());
    spans
}

#[test]
fn the_trace_of_the_default_run_tells_what_its_summary_tells() {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    let (events, summary) = traced(&here.path().join("run"), "all");
    let spans = spans(&events);
    let of = |kind: &str| spans.iter().filter(|span| text(span.0, "cat") == kind).collect::<Vec<_>>();
    let requests = of("request");
    let failed = requests.iter().filter(|span| text(span.0, "name").ends_with(", failed")).count();
    let sum = &summary["conservation"]["requests"];
    assert_eq!((requests.len() - failed) as u64, sum["completed"].as_u64().expect("a count"));
    assert!(failed as u64 <= sum["failed"].as_u64().expect("a count"));
    let phases = summary["backups"][0]["phases"].as_array().expect("a list").len();
    // The summary knows a job from the step on that takes its stimulus.
    let of_backup =
        of("step").into_iter().filter(|it| it.0["tid"] == 1 && !text(it.0, "name").starts_with("accept-stimulus"));
    let mut steps: Vec<(u64, u64)> = of_backup.map(|it| (it.1, it.2)).collect();
    assert_eq!(steps.len(), phases, "a span for each step of the backup");
    steps.sort_unstable();
    assert!(steps.windows(2).all(|pair| pair[0].1 <= pair[1].0), "steps of one job lie one behind the other");
    let mut stays: Vec<(u64, u64)> = of("tape").into_iter().map(|it| (it.1, it.2)).collect();
    stays.sort_unstable();
    assert!(!stays.is_empty());
    // A block is written while its tape is in the drive.
    for block in of("block") {
        assert!(stays.iter().any(|stay| stay.0 <= block.1 && block.2 <= stay.1), "{}", block.0);
    }
    let faults = events.iter().filter(|event| text(event, "ph") == "i").count() as u64;
    let acted: u64 = summary["faults"].as_array().expect("a list").iter().filter_map(|it| it["acted"].as_u64()).sum();
    assert_eq!(faults, acted);
    // Every flow that ends has begun, and not later.
    let begun: BTreeMap<u64, u64> = events
        .iter()
        .filter(|event| text(event, "ph") == "s")
        .map(|it| (it["id"].as_u64().unwrap_or(0), time(it)))
        .collect();
    let ended: Vec<&Value> = events.iter().filter(|event| text(event, "ph") == "f").collect();
    for name in ["write to disk", "track to tape"] {
        assert!(ended.iter().any(|event| text(event, "name") == name), "{name}");
    }
    assert!(ended.iter().all(|event| begun[&event["id"].as_u64().unwrap_or(0)] <= time(event)));
}

#[test]
fn a_part_of_a_run_is_a_small_trace() {
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    let (events, _) = traced(&here.path().join("run"), "60s..65s");
    let spans = spans(&events);
    let (from, until) = (60_000_000_000, 65_000_000_000);
    assert!(spans.len() > 10 && spans.iter().all(|span| span.2 >= from && span.1 <= until), "{}", spans.len());
}
