//! Every chart from small data, empty data and hostile data: a sound picture with every text inside it.

use super::*;

fn seconds(seconds: u64) -> u64 {
    seconds * 1_000_000_000
}

const HOSTILE: &str = "<script>alert(\"1\")</script> & 'quotes' ünïcode \u{1} and far more characters than have room";

/// Every chart with its name and its numbers; `count` scales how much there is of everything.
pub(super) fn charts(name: &str, count: usize) -> Vec<(&'static str, String, String)> {
    let mut charts = Vec::new();
    let step = |number: u64| Step { latency_ns: 400_000 * (number * number + 1), requests: 50 * (number + 1) };
    let lines: Vec<Line> = (0..count.min(5))
        .map(|number| {
            let steps: Vec<Step> = (0..40).map(step).collect();
            Line { name: format!("{name} {number}"), look: Look::numbered(number), requests: 2_000, steps }
        })
        .collect();
    let percentiles = Percentiles { title: name, subtitle: name, of: "requests", lines: &lines };
    charts.push(("latency-nines", percentiles.nines_svg(), percentiles.nines_csv()));
    charts.push(("latency-cdf", percentiles.cdf_svg(), percentiles.cdf_csv()));

    let marks: Vec<Mark> =
        (0..count as u64).map(|number| Mark { time_ns: seconds(90 + number * 4), text: name.to_owned() }).collect();
    let cells: Vec<Hot> = (0..(count * 20).min(250) as u64)
        .map(|number| Hot {
            from_ns: seconds(number),
            until_ns: seconds(number + 1),
            low_ns: 1_000_000 << (number % 9),
            high_ns: 1_000_000 << (number % 9 + 1),
            requests: number % 300 + 1,
        })
        .collect();
    let slots: Vec<Slot> = (0..(count * 20).min(250) as u64)
        .map(|number| Slot {
            from_ns: seconds(number),
            until_ns: seconds(number + 1),
            p50_ns: (!number.is_multiple_of(7)).then_some(2_000_000),
            p99_ns: (!number.is_multiple_of(9)).then_some(2_100_000),
        })
        .collect();
    let density =
        Density { title: name, subtitle: name, until_ns: seconds(600), cells: &cells, slots: &slots, marks: &marks };
    charts.push(("latency-over-time", density.svg(), density.csv()));

    let states = Shown::ALL.len();
    let rows: Vec<Row> = (0..count)
        .map(|number| Row {
            name: format!("{name} {number}"),
            stays: (0..6)
                .map(|part| Stay {
                    from_ns: seconds(part as u64 * 100),
                    until_ns: seconds(part as u64 * 100 + 90),
                    shown: Shown::ALL[(part + number / 20) % states],
                })
                .collect(),
        })
        .collect();
    let availability = Availability { title: name, subtitle: name, until_ns: seconds(600), rows: &rows, marks: &marks };
    charts.push(("availability", availability.svg(), availability.csv()));

    let phases: Vec<Phase> = (0..count as u64)
        .map(|number| Phase {
            name: name.to_owned(),
            from_ns: seconds(number * 7),
            until_ns: seconds(number * 7 + 5),
            cut: number % 3 == 1,
        })
        .collect();
    let phases = Phases { title: name, subtitle: name, phases: &phases, marks: &marks };
    charts.push(("phases", phases.svg(), phases.csv()));

    let ends: Vec<u64> = (1..=count as u64).map(|number| seconds(number * 10)).collect();
    let workers: Vec<Worker> = (0..count as u64)
        .map(|number| Worker {
            name: format!("{name} {number}"),
            servers: number % 3 + 1,
            busy_ns: ends.iter().map(|end| end / 100 * (number % 5)).collect(),
            waiting: ends.iter().map(|end| end / seconds(10) % 7 * number).collect(),
        })
        .collect();
    let load = Load { title: name, subtitle: name, ends_ns: &ends, workers: &workers, marks: &marks };
    charts.push(("utilisation", load.svg(), load.csv()));

    let bar = |number: usize| Bar {
        name: name.to_owned(),
        look: Look::numbered(number),
        mean: number as f64 * 3.1,
        interval: (!number.is_multiple_of(3)).then_some((number as f64 * 3.0, number as f64 * 3.2)),
        n: 30,
        runs: (0..30).map(|run| number as f64 * (2.0 + f64::from(run) * 0.07)).collect(),
        told: (number % 2 == 1).then(|| name.to_owned()),
    };
    let measure = |_| Measure { name: name.to_owned(), unit: "s".into(), bars: (0..count.min(4)).map(bar).collect() };
    let measures: Vec<Measure> = (0..count.min(5)).map(measure).collect();
    let bars = Bars { title: name, subtitle: name, measures: &measures };
    charts.push(("methods", bars.svg(), bars.csv()));

    let windows: Vec<Window> = (0..count as u64)
        .map(|number| Window {
            invariant: name.to_owned(),
            fault: name.to_owned(),
            window_ns: (number % 5) * (number % 5) * 40_000_000,
            at_most_ns: (number % 5) * (number % 5) * 40_000_000 + number % 2 * 1_000_000_000,
            opens: None,
            closes: Some(name.to_owned()),
            per_backup: number as f64 * 1e-7,
        })
        .collect();
    let windows = Windows { title: name, subtitle: name, windows: &windows };
    charts.push(("exposure", windows.svg(), windows.csv()));

    let rows: Vec<String> = (0..count).map(|number| format!("{name} {number}")).collect();
    let cells: Vec<Cell> = (0..(count * 100) as u64)
        .map(|number| Cell {
            row: number as usize % count.max(1),
            boundary: number / count.max(1) as u64 * 3,
            fate: Fate::ALL[(number / 40) as usize % 4],
        })
        .collect();
    let steps: Vec<(u64, String)> = (0..count as u64).map(|number| (number * 37, name.to_owned())).collect();
    let steps = &steps[..steps.len().min(8)];
    let map = CrashMap { title: name, subtitle: name, boundaries: 300, rows: &rows, cells: &cells, steps };
    charts.push(("crash-map", map.svg(), map.csv()));

    let wings: Vec<Wing> = (0..count)
        .map(|number| Wing {
            axis: name.to_owned(),
            low_value: name.to_owned(),
            high_value: "256 KiB".into(),
            low: 10.0 - number as f64,
            high: 10.0 + number as f64 * if number % 2 == 0 { 2.0 } else { -0.5 },
            low_interval: Some((9.0 - number as f64, 11.0 - number as f64)),
            high_interval: None,
            told: if number % 2 == 0 { String::new() } else { name.to_owned() },
        })
        .collect();
    let tornado = Tornado { title: name, subtitle: name, measure: "p99 (ms)", base: 10.0, center: name, wings: &wings };
    charts.push(("tornado", tornado.svg(), tornado.csv()));

    let counts: Vec<(String, u64)> =
        (0..count as u64).map(|number| (format!("{name} {number}"), number * number * number)).collect();
    let tally = Tally { title: name, subtitle: name, unit: "runs", counts: &counts };
    charts.push(("goals", tally.svg(), tally.csv()));
    charts
}

/// An attribute of an element.
fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let from = element.find(&format!(" {name}=\"")).map(|at| at + name.len() + 3);
    from.map_or("", |from| element[from..].split('"').next().unwrap_or(""))
}

fn number(element: &str, name: &str) -> f64 {
    attribute(element, name).parse().unwrap_or_else(|_| panic!("{name} of {element}"))
}

/// The texts that would be cut at an edge of the picture.
fn outside(svg: &str) -> Vec<String> {
    let edges: Vec<f64> = attribute(svg, "viewBox").split(' ').map(|edge| edge.parse().expect("a number")).collect();
    let mut found = Vec::new();
    for element in svg.split("<text").skip(1) {
        let element = format!("<text{}", element.split("</text>").next().unwrap_or(""));
        let content = element.split('>').nth(1).unwrap_or("").trim();
        let content = content
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&");
        let (x, y, size) = (number(&element, "x"), number(&element, "y"), number(&element, "font-size"));
        let width = content.chars().count() as f64 * size * 0.6;
        let start = match attribute(&element, "text-anchor") {
            "start" => 0.0,
            "middle" => -width / 2.0,
            _ => -width,
        };
        let (from, until) = match element.contains("rotate") {
            true => (y - width / 2.0, y + width / 2.0),
            false => (x + start, x + start + width),
        };
        let most = if element.contains("rotate") { edges[3] } else { edges[2] };
        let high = !element.contains("rotate") && (y - size / 2.0 < 0.0 || y + size / 2.0 > edges[3]);
        if from < 0.0 || until > most || high {
            found.push(content);
        }
    }
    found
}

/// Texts of which one covers another.
fn overlaps(svg: &str) -> Vec<String> {
    let mut boxes: Vec<(f64, f64, f64, f64, String)> = Vec::new();
    for element in svg.split("<text").skip(1).filter(|element| !element.contains("rotate(")) {
        let element = format!("<text{}", element.split("</text>").next().unwrap_or(""));
        let content = element.split('>').nth(1).unwrap_or("").trim().to_owned();
        let (x, y, size) = (number(&element, "x"), number(&element, "y"), number(&element, "font-size"));
        let width = content.chars().count() as f64 * size * 0.52;
        let start = match attribute(&element, "text-anchor") {
            "start" => 0.0,
            "middle" => -width / 2.0,
            _ => -width,
        };
        boxes.push((x + start, y - size * 0.4, x + start + width, y + size * 0.4, content));
    }
    let mut found = Vec::new();
    for (place, one) in boxes.iter().enumerate() {
        for other in &boxes[place + 1..] {
            if one.0 < other.2 && other.0 < one.2 && one.1 < other.3 && other.1 < one.3 && !one.4.is_empty() {
                found.push(format!("{} / {}", one.4, other.4));
            }
        }
    }
    found
}

#[test]
fn every_chart_is_a_sound_picture_of_any_data() {
    for (name, count) in [("Latency", 3), ("Latency", 1), ("Latency", 0), (HOSTILE, 4), ("Volumes", 200)] {
        let drawn = charts(name, count);
        for (chart, svg, csv) in &drawn {
            let what = format!("{chart} of {count}");
            assert!(svg.starts_with("<svg width=\"") && svg.trim_end().ends_with("</svg>"), "{what}");
            assert!(svg.contains("role=\"img\"") && svg.contains("<title>") && svg.contains("aria-label=\""), "{what}");
            assert!(!svg.contains("NaN") && !svg.contains("inf\"") && !svg.contains("<script"), "{what}");
            assert!(!svg.contains("width=\"-") && !svg.contains("height=\"-") && !svg.contains('\u{1}'), "{what}");
            assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count(), "{what}");
            assert_eq!(outside(svg), [""; 0], "{what}");
            assert!(svg.len() < 800_000, "{what}: {} bytes", svg.len());
            assert!(csv.lines().count() > usize::from(count > 0), "{what}: {csv}");
        }
        let again = charts(name, count);
        assert_eq!(drawn, again, "the same numbers give the same bytes");
    }
}

#[test]
fn no_text_covers_another() {
    for (chart, svg, _) in charts("Latency", 3) {
        assert_eq!(overlaps(&svg), [""; 0], "{chart}");
    }
}

#[test]
fn empty_data_has_a_sentence() {
    for (chart, svg, csv) in charts("Nothing", 0) {
        assert!(svg.matches("<text").count() >= 3, "{chart} says nothing: {svg}");
        assert_eq!(csv.lines().count(), 1, "{chart}");
    }
}

#[test]
fn every_series_is_there() {
    let drawn = charts("Series", 3);
    let text = |svg: &str, what: &str| svg.contains(what);
    for (chart, svg, _) in &drawn {
        match *chart {
            "latency-nines" | "latency-cdf" | "availability" | "utilisation" | "crash-map" | "goals" => {
                assert!((0..3).all(|number| text(svg, &format!("Series {number}"))), "{chart}");
            }
            "methods" => assert!(svg.matches("<circle").count() == 3 * 3 * 30, "{chart}: a dot for each run"),
            "latency-over-time" => {
                assert!(text(svg, "p50") && text(svg, "p99"), "{chart}");
                assert!(svg.matches("<rect").count() >= 60 + 64, "{chart}: a cell for each number");
            }
            _ => {}
        }
    }
}

#[test]
fn looks_are_told_apart_without_colours() {
    let luminance = |look: &Look| {
        let part = |value: u8| {
            let share = f64::from(value) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
        };
        0.2126 * part(look.color.0) + 0.7152 * part(look.color.1) + 0.0722 * part(look.color.2)
    };
    let methods = ["safe-backup", "same-id-offline", "no-volid-manual", "direct-dump"].map(Look::of_method);
    for looks in [&methods[..], &Look::ALL] {
        for (place, one) in looks.iter().enumerate() {
            for other in &looks[place + 1..] {
                let apart = (luminance(one) - luminance(other)).abs() >= 0.08 || one.dash != other.dash;
                assert!(apart, "{one:?} {other:?}");
            }
        }
    }
}

/// Writes every chart to a folder for somebody who wants to look at them.
#[test]
#[ignore = "makes pictures to look at: CHARTS_TO=folder cargo test --lib pictures_to_look_at -- --ignored"]
fn pictures_to_look_at() {
    let folder = std::env::var("CHARTS_TO").expect("CHARTS_TO names a folder");
    for (chart, svg, _) in charts("Latency of requests", 3) {
        std::fs::write(format!("{folder}/{chart}.svg"), svg).expect("the folder takes files");
    }
}
