//! An exploration as a person reads it: coverage, the map of crash points, causes with the command that shows each, windows.

use super::exploration::Summary;
use super::goals;
use super::table::Style;
use super::text::{Align, Column, count, counted, duration, grid, wrap};
use crate::campaign::explore::Exploration;

const LEFT: Align = Align::Left;
const RIGHT: Align = Align::Right;

const fn column(title: &'static str, align: Align, rank: u8) -> Column {
    Column { title, align, rank }
}

pub fn render(summary: &Summary, exploration: &Exploration, style: Style) -> String {
    let width = style.width;
    let mut text = format!("{}: {}\n", summary.scenario, summary.title);
    let head = format!(
        "seed {}, exploration {}, fingerprint {}",
        summary.seed,
        &summary.exploration_id[..8.min(summary.exploration_id.len())],
        summary.fingerprint
    );
    text += &format!("{head}\n\n");
    let expected = if summary.expected { "" } else { " (not what the scenario expects)" };
    let as_expected = if summary.expected && summary.verdict == "FAIL" { " (as expected)" } else { expected };
    text += &format!("Verdict: {}{as_expected}\n", summary.verdict);
    for reason in &summary.reasons {
        text += &format!("  {}\n", wrap(reason, width - 2, 2));
    }
    text += &format!("\n{}", coverage(summary, width));
    text += &format!("\n{}", strikes(summary, width));
    text += &format!("\nCrash points, from the first event to the last\n{}", map(exploration, width));
    if !summary.without_faults.is_empty() {
        let line = format!(
            "Violated without any of these faults, in every backup: {}. Only of two volumes with one ID the windows say more: \
             for how long a crash would find them.",
            summary.without_faults.join(", ")
        );
        text += &format!("\n{}\n", wrap(&line, width, 2));
    }
    if !summary.causes.is_empty() {
        text += &windows(summary, width);
        text += &examples(summary, width);
    }
    text += &situations(summary, width);
    text
}

fn coverage(summary: &Summary, width: usize) -> String {
    let line = format!("crash points: {}", summary.boundaries.coverage());
    format!("{}\n", wrap(&line, width, 2))
}

fn strikes(summary: &Summary, width: usize) -> String {
    let columns = [
        column("fault", LEFT, 0),
        column("forks", RIGHT, 0),
        column("violate something", RIGHT, 0),
        column("only as without it", RIGHT, 2),
        column("without effect", RIGHT, 1),
    ];
    let row = |row: &super::exploration::StrikeRow| {
        vec![row.fault.clone(), count(row.forks), count(row.violated), count(row.violated_anyway), count(row.no_effect)]
    };
    let rows: Vec<Vec<String>> = summary.strikes.iter().map(row).collect();
    grid(&columns, &rows, width, 2)
}

/// A line for each fault: the boundaries from left to right, several to a character where there are many.
///
/// `.` held, `#` violated, `~` violated as without the fault, `-` without effect, `?` skipped, blank not struck; of several
/// the gravest.
pub fn map(exploration: &Exploration, width: usize) -> String {
    let longest = exploration.strikes.iter().map(|strike| strike.name.chars().count()).max().unwrap_or(0);
    let cells = width.saturating_sub(longest + 5).clamp(10, 200).min(exploration.boundaries.len().max(1));
    let mut lines = vec![vec![' '; cells]; exploration.strikes.len()];
    let cell_of = |boundary: usize| boundary * cells / exploration.boundaries.len().max(1);
    let grave = |mark: char| " -.~?#".find(mark);
    for branch in &exploration.branches {
        use crate::campaign::explore::End;
        let mark = match branch.end {
            End::Held => '.',
            End::Violated if exploration.is_bad(branch) => '#',
            End::Violated => '~',
            End::NoEffect => '-',
            End::Skipped => '?',
        };
        let cell = &mut lines[branch.strike][cell_of(branch.boundary)];
        if grave(mark) > grave(*cell) {
            *cell = mark;
        }
    }
    let mut text = String::new();
    for (strike, line) in exploration.strikes.iter().zip(lines) {
        text += &format!("  {:<longest$} {}\n", strike.name, line.into_iter().collect::<String>());
    }
    text + "  . held   # violated   ~ violated as without the fault   - without effect   ? skipped\n"
}

/// For each invariant its shortest example; the causes themselves are too many for a page and stand in the summary.
fn examples(summary: &Summary, width: usize) -> String {
    let mut text = String::from("\nExamples, one for each invariant\n");
    let mut told: Vec<&str> = Vec::new();
    for cause in &summary.causes {
        if told.contains(&cause.invariant.as_str()) {
            continue;
        }
        told.push(&cause.invariant);
        let after = cause.after.as_deref().unwrap_or("the beginning");
        let step = cause.step.as_deref().map_or(String::new(), |step| format!(", step {step}"));
        let head = format!("{} by {} after {after}{step}", cause.invariant, cause.fault);
        text += &format!("  {}\n", wrap(&head, width - 2, 4));
        text += &format!("    {}\n", wrap(&cause.detail, width - 4, 4));
        text += &format!("    {}\n    {}\n", cause.replay, cause.shrink);
    }
    let line = format!(
        "{} (invariant, fault, event before it), each with an example, in summary.json; every fork in forks.csv. The \
         number of forks is not a number of defects.",
        counted(summary.causes.len() as u64, "cause")
    );
    text + &format!("  {}\n", wrap(&line, width - 2, 2))
}

fn windows(summary: &Summary, width: usize) -> String {
    let columns = [
        column("invariant", LEFT, 0),
        column("fault", LEFT, 0),
        column("open for", RIGHT, 0),
        column("boundaries", RIGHT, 4),
        column("longest", RIGHT, 3),
        column("from", LEFT, 2),
        column("to", LEFT, 2),
        column("per backup", RIGHT, 0),
    ];
    let row = |row: &super::exploration::WindowRow| {
        vec![
            row.invariant.clone(),
            row.fault.clone(),
            between(row.window_ns, row.at_most_ns, duration),
            count(row.boundaries),
            duration(row.longest_ns),
            row.opens.clone().unwrap_or_default(),
            row.closes.clone().unwrap_or_else(|| "the end".to_owned()),
            between(row.per_backup_prob, row.per_backup_prob_at_most, |odds| format!("{odds:.1e}")),
        ]
    };
    let rows: Vec<Vec<String>> = summary.windows.iter().map(row).collect();
    let head = format!(
        "Windows: for how long a fault would break what, and how likely per backup when one comes every {} on average",
        duration(summary.mtbf_ns)
    );
    format!("\n{}\n{}", wrap(&head, width, 0), grid(&columns, &rows, width, 2))
}

/// One figure, or a range where something was not struck.
fn between<T: PartialEq>(least: T, most: T, told: impl Fn(T) -> String) -> String {
    if least == most { told(least) } else { format!("{} to {}", told(least), told(most)) }
}

fn situations(summary: &Summary, width: usize) -> String {
    let reached = goals::reached(&summary.goals).count();
    let missed: Vec<&str> = goals::missed(&summary.goals).map(|goal| &goal.name[..]).collect();
    let missed = if missed.is_empty() { String::new() } else { format!("; never: {}", missed.join(", ")) };
    let line = format!("goals: {reached} of {} reached{missed}", summary.goals.len());
    format!("\n{}\n", wrap(&line, width, 2))
}
