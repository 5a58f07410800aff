//! What a validation found, as a table for a person and as one JSON document with every figure.

use serde::Serialize;

use super::text::{Align, Column, count, grid, wrap};
use crate::statistics::Interval;
use crate::validate::{self, Outcome, Tolerance, Verdict};

pub const SCHEMA: &str = "tiersim/validation/1";

#[derive(Clone, Debug, Serialize)]
pub struct Validation {
    pub schema: &'static str,
    pub model_version: u32,
    /// `within` when no figure of any suite is outside its tolerance.
    pub verdict: &'static str,
    pub suites: Vec<Suite>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Suite {
    pub suite: &'static str,
    pub verdict: &'static str,
    pub cases: Vec<Case>,
    pub left_out: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Case {
    pub case: String,
    pub parameters: String,
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub measure: String,
    pub unit: &'static str,
    /// Nothing where there is nothing to compare with.
    pub expected: Option<f64>,
    /// `exact`, `absolute`, `share`, `interval-and-share` or `none`, and how much.
    pub tolerance: &'static str,
    pub limit: Option<f64>,
    pub verdict: &'static str,
    pub attempts: Vec<Attempt>,
    pub beside: Vec<Beside>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    pub simulated: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub level: Option<f64>,
    pub verdict: &'static str,
    pub method: String,
    pub seed: Option<u64>,
    pub requests: Option<Requests>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    pub name: String,
    pub unit: &'static str,
    pub value: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Requests {
    pub issued: u64,
    pub completed: u64,
    pub failed: u64,
    pub in_flight: u64,
    pub adds_up: bool,
}

impl Validation {
    pub fn new(outcomes: &[Outcome]) -> Validation {
        Validation {
            schema: SCHEMA,
            model_version: crate::MODEL_VERSION,
            verdict: overall(outcomes.iter().all(Outcome::is_within)),
            suites: outcomes.iter().map(suite).collect(),
        }
    }
}

fn overall(is_within: bool) -> &'static str {
    verdict(if is_within { Verdict::Within } else { Verdict::Outside })
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Within => "within",
        Verdict::Outside => "outside",
        Verdict::Unjudged => "not-judged",
    }
}

fn suite(outcome: &Outcome) -> Suite {
    let case = |it: &validate::Case| Case {
        case: it.name.clone(),
        parameters: it.parameters.clone(),
        findings: it.findings.iter().map(finding).collect(),
    };
    Suite {
        suite: outcome.suite.name(),
        verdict: overall(outcome.is_within()),
        cases: outcome.cases.iter().map(case).collect(),
        left_out: outcome.left_out.clone(),
    }
}

fn finding(it: &validate::Finding) -> Finding {
    let (tolerance, limit) = match it.tolerance {
        Tolerance::Exact => ("exact", None),
        Tolerance::Absolute(limit) => ("absolute", Some(limit)),
        Tolerance::Share(share) => ("share", Some(share)),
        Tolerance::Interval(share) => ("interval-and-share", Some(share)),
        Tolerance::None => ("none", None),
    };
    let attempt = |attempt: &validate::Attempt| Attempt {
        simulated: attempt.simulated,
        low: attempt.interval.map(|interval| interval.low),
        high: attempt.interval.map(|interval| interval.high),
        level: attempt.interval.map(|interval| interval.level),
        verdict: verdict(it.verdict_of(attempt)),
        method: attempt.method.clone(),
        seed: attempt.seed,
        requests: attempt.balance.map(|balance| Requests {
            issued: balance.issued,
            completed: balance.completed,
            failed: balance.failed,
            in_flight: balance.in_flight,
            adds_up: balance.adds_up(),
        }),
    };
    let beside = it.beside.iter().map(|it| Beside { name: it.name.clone(), unit: it.unit, value: it.value });
    Finding {
        measure: it.measure.clone(),
        unit: it.unit,
        expected: it.expected,
        tolerance,
        limit,
        verdict: verdict(it.verdict()),
        attempts: it.attempts.iter().map(attempt).collect(),
        beside: beside.collect(),
    }
}

/// Beyond this the page grows no wider, whatever the terminal; below it columns are dropped.
const WIDTH: usize = 132;

/// The page for a person; `width` is that of the paper.
pub fn render(outcomes: &[Outcome], width: usize) -> String {
    let width = width.min(WIDTH);
    let mut text = String::new();
    for outcome in outcomes {
        for case in &outcome.cases {
            let title = format!("{} {}: {}", outcome.suite.name(), case.name, case.parameters);
            text += &format!("{}\n", wrap(&title, width, 2));
            text += &grid(&COLUMNS, &rows(case), width, 2);
            text += &notes(case, width);
            text.push('\n');
        }
        for left_out in &outcome.left_out {
            text += &format!("{}\n", wrap(&format!("left out: {left_out}"), width, 2));
        }
        text += &format!("{}\n\n", total(outcome));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

const fn column(title: &'static str, align: Align, rank: u8) -> Column {
    Column { title, align, rank }
}

const COLUMNS: [Column; 7] = [
    column("measure", Align::Left, 0),
    column("unit", Align::Left, 2),
    column("expected", Align::Right, 0),
    column("simulated", Align::Right, 0),
    column("interval", Align::Left, 1),
    column("allowed", Align::Left, 3),
    column("verdict", Align::Left, 0),
];

fn rows(case: &validate::Case) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for finding in &case.findings {
        for (number, attempt) in finding.attempts.iter().enumerate() {
            let measure = if number == 0 { finding.measure.clone() } else { "  once more, longer".to_owned() };
            rows.push(vec![
                measure,
                finding.unit.to_owned(),
                finding.expected.map_or("-".to_owned(), figure),
                figure(attempt.simulated),
                attempt.interval.map_or("-".to_owned(), |interval| range(&interval)),
                allowed(finding.tolerance),
                verdict(finding.verdict_of(attempt)).replace('-', " "),
            ]);
        }
    }
    rows
}

fn range(interval: &Interval) -> String {
    let level = interval.level * 100.0;
    format!("{} .. {} ({level} %)", figure(interval.low), figure(interval.high))
}

fn allowed(tolerance: Tolerance) -> String {
    let percent = |share: f64| figure(share * 100.0);
    match tolerance {
        Tolerance::Exact => "exact".to_owned(),
        Tolerance::Absolute(limit) => format!("±{}", figure(limit)),
        Tolerance::Share(share) => format!("±{} %", percent(share)),
        Tolerance::Interval(share) => format!("±{} % and interval", percent(share)),
        Tolerance::None => "-".to_owned(),
    }
}

/// Methods, seeds and balances, each told once.
fn notes(case: &validate::Case, width: usize) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut tell = |note: String| {
        if !note.is_empty() && !told.contains(&note) {
            told.push(note);
        }
    };
    for finding in &case.findings {
        for attempt in &finding.attempts {
            let seed = attempt.seed.map_or(String::new(), |seed| format!(", seed {seed}"));
            tell(format!("{}{seed}", attempt.method));
            if let Some(balance) = attempt.balance {
                let [issued, completed, failed, in_flight] =
                    [balance.issued, balance.completed, balance.failed, balance.in_flight].map(count);
                let sign = if balance.adds_up() { "=" } else { "DOES NOT EQUAL" };
                tell(format!("issued {issued} {sign} completed {completed} + failed {failed} + in flight {in_flight}"));
            }
        }
        for beside in &finding.beside {
            let value = format!("{} {}", figure(beside.value), beside.unit);
            tell(format!("{}: {}: {}", finding.measure, beside.name, value.trim_end()));
        }
    }
    told.iter().map(|note| format!("  {}\n", wrap(note, width - 2, 2).replace('\n', "\n  "))).collect()
}

fn total(outcome: &Outcome) -> String {
    let judged: Vec<Verdict> = outcome
        .cases
        .iter()
        .flat_map(|case| &case.findings)
        .map(validate::Finding::verdict)
        .filter(|&verdict| verdict != Verdict::Unjudged)
        .collect();
    let within = judged.iter().filter(|&&verdict| verdict == Verdict::Within).count();
    let cases = outcome.cases.len();
    format!("{}: {within} of {} figures of {cases} cases are within", outcome.suite.name(), judged.len())
}

/// A figure to seven significant digits, without zeros that say nothing.
fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let scientific = format!("{value:.6e}");
    let (digits, power) = scientific.split_once('e').expect("a scientific form has an exponent");
    let power: i32 = power.parse().expect("an exponent is a whole number");
    if !(-5..12).contains(&power) {
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{power}");
    }
    let decimals = usize::try_from(6 - power).unwrap_or(0);
    let plain = format!("{value:.decimals$}");
    if decimals == 0 { plain } else { plain.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Balance, Finding as Found, Suite as Which};

    fn outcome() -> Outcome {
        let balance = Balance { issued: 1_234, completed: 1_200, failed: 30, in_flight: 4 };
        let mut wait = Found::new("mean wait", "s", 4.0, Tolerance::Interval(0.01));
        for (seed, simulated) in [(1, 4.03), (2, 4.001)] {
            wait.attempts.push(validate::Attempt {
                simulated,
                interval: Some(Interval::around(simulated, 0.02, 0.99)),
                method: format!("{} jobs", if seed == 1 { 10 } else { 100 }),
                seed: Some(seed),
                balance: Some(balance),
            });
        }
        let exact = Found::new("cycle", "s", 0.051, Tolerance::Exact).found(0.052, "an event loop");
        let findings = vec![wait, exact];
        let case = validate::Case { name: "mm1".into(), parameters: "a load of 0.8".into(), findings };
        Outcome { suite: Which::Queueing, cases: vec![case], left_out: vec!["disks".into()], drives: Vec::new() }
    }

    #[test]
    fn the_page_shows_both_series_and_what_is_outside() {
        let text = render(&[outcome()], 100);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = text.lines().map(words).collect();
        for line in [
            "queueing mm1: a load of 0.8",
            "mean wait s 4 4.03 4.01 .. 4.05 (99 %) ±1 % and interval outside",
            "once more, longer s 4 4.001 3.981 .. 4.021 (99 %) ±1 % and interval within",
            "cycle s 0.051 0.052 - exact outside",
            "10 jobs, seed 1",
            "issued 1,234 = completed 1,200 + failed 30 + in flight 4",
            "left out: disks",
            "queueing: 1 of 2 figures of 1 cases are within",
        ] {
            assert!(lines.iter().any(|found| found == line), "{line}\n{text}");
        }
        assert_eq!(text.matches("issued").count(), 1, "a balance is told once");
        assert!(render(&[outcome()], 60).lines().all(|line| line.chars().count() <= 66), "columns give way");
    }

    #[test]
    fn the_machine_form_has_every_figure() {
        let json = serde_json::to_value(Validation::new(&[outcome()])).expect("a document");
        assert_eq!((&json["schema"], &json["verdict"]), (&SCHEMA.into(), &"outside".into()));
        let finding = &json["suites"][0]["cases"][0]["findings"][0];
        assert_eq!((&finding["limit"], &finding["verdict"]), (&0.01.into(), &"within".into()));
        let attempt = &finding["attempts"][0];
        assert_eq!((&attempt["simulated"], &attempt["verdict"]), (&4.03.into(), &"outside".into()));
        assert_eq!(attempt["requests"]["in_flight"], 4);
    }

    #[test]
    fn figures_have_seven_digits_and_no_idle_zeros() {
        let cases = [
            (0.0, "0"),
            (4.0, "4"),
            (14.978_661_367_77, "14.97866"),
            (9.802_960_494e-5, "0.0000980296"),
            (1.5e-7, "1.5e-7"),
            (7_467_261.904_762, "7467262"),
            (5_184_401_917.989, "5184401918"),
            (2.5e13, "2.5e13"),
            (-0.25, "-0.25"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }
}
