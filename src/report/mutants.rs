//! Which mutant was noticed by which check, as one table.

use serde::Serialize;

use super::text::counted;
use crate::campaign::mutants::{SPECIMENS, Trial};
use crate::vocab::Invariant;

pub const SCHEMA: &str = "tiersim/mutants/1";

#[derive(Clone, Debug, Serialize)]
pub struct Mutants {
    pub schema: &'static str,
    pub model_version: u32,
    pub killed: u64,
    pub survived: u64,
    pub mutants: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub number: u8,
    pub mutant: &'static str,
    pub about: &'static str,
    /// The run that shows it: a shipped scenario, changes, and what strikes at every boundary.
    pub scenario: &'static str,
    pub set: &'static [&'static str],
    pub strikes: &'static [&'static str],
    pub branches: u64,
    /// 2 where a crash strikes again within the recovery from the first.
    pub depth: u8,
    /// What does not show it, striking once.
    pub spared_by: &'static [&'static str],
    /// It is noticed, and not by what must not show it.
    pub killed: bool,
    pub by: Vec<Notice>,
    /// Other invariants that only the mutant violates.
    pub beside: Vec<&'static str>,
    /// Those that should have noticed it.
    pub fires: Vec<&'static str>,
}

/// One invariant that noticed; of a mutant of a check, one whose verdict it changed.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    pub invariant: &'static str,
    /// Whether the run shows it that nothing strikes.
    pub alone: bool,
    pub forks: u64,
    /// The same without the mutant, where that is not nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<(bool, u64)>,
}

impl Mutants {
    pub fn new(trials: &[Trial]) -> Mutants {
        let killed = trials.iter().filter(|trial| trial.is_killed() && !trial.is_shown_early()).count() as u64;
        Mutants {
            schema: SCHEMA,
            model_version: crate::MODEL_VERSION,
            killed,
            survived: trials.len() as u64 - killed,
            mutants: trials.iter().map(row).collect(),
        }
    }
}

fn row(trial: &Trial) -> Row {
    let specimen = trial.specimen;
    let name = |invariants: Vec<Invariant>| invariants.into_iter().map(Invariant::name).collect();
    let notice = |invariant: Invariant| {
        let (alone, forks) = trial.mutated.of(invariant);
        let without = Some(trial.healthy.of(invariant)).filter(|&shown| shown != (false, 0));
        Notice { invariant: invariant.name(), alone, forks, without }
    };
    Row {
        number: specimen.number,
        mutant: specimen.mutant.name(),
        about: specimen.about,
        scenario: specimen.scenario,
        set: specimen.set,
        strikes: specimen.strikes,
        branches: trial.mutated.branches,
        depth: specimen.depth,
        spared_by: specimen.spared_by,
        killed: trial.is_killed() && !trial.is_shown_early(),
        by: trial.killers().into_iter().map(notice).collect(),
        beside: name(trial.beside()),
        fires: name(specimen.fires.to_vec()),
    }
}

/// What the document begins with.
pub const HEADING: &str = "# Mutants: do the checks notice when a protection is missing?";

/// The document, as Markdown.
pub fn render(mutants: &Mutants) -> String {
    let whole = mutants.mutants.len() == SPECIMENS.len();
    let mut text = format!(
        "{HEADING}\n\n\
         Written by `tiersim mutants -o {}` with model version {}{}.\n\n\
         Each row is the system with one protection left out, in one place. It is killed by a violation of an invariant that it \
         must break and that the same study without it does not show: in the run alone, or in forks in which a fault strikes at \
         a boundary between two events. The last rows break a check instead: a defect on the stage goes unseen, or a run in \
         which all is well is accused. {} of {} are killed.\n\n\
         Number 31 of the catalogue, a withdraw that goes by the source instead of the pair, is missing: it shows where a source \
         has two copies at once, and here a volume takes part in one relationship, as in version 1 of the function.\n\n\
         | # | Mutant | What is broken | Where it is tried | Killed by | Violated beside |\n|---|---|---|---|---|---|\n",
        if whole { "reports/mutants.md" } else { "FILE MUTANT..." },
        mutants.model_version,
        if whole { "; a test regenerates it and compares" } else { ", of some of the mutants" },
        mutants.killed,
        mutants.killed + mutants.survived
    );
    for row in &mutants.mutants {
        let by: Vec<String> = row.by.iter().map(|notice| told(notice, row.branches)).collect();
        let by = match row.killed {
            true => by.join(", "),
            false => format!("**nothing**: {} should have noticed", row.fires.join(" or ")),
        };
        text += &format!(
            "| {} | `{}` | {} | {} | {by} | {} |\n",
            row.number,
            row.mutant,
            row.about,
            stage(row),
            row.beside.join(", ")
        );
    }
    text
}

fn told(notice: &Notice, branches: u64) -> String {
    let forks = |forks| counted(forks, "fork");
    match ((notice.alone, notice.forks), notice.without) {
        ((false, 0), Some((true, 0))) => return format!("**{}** goes unseen", notice.invariant),
        ((_, few), Some((_, many))) => {
            return format!("**{}**, seen in {} instead of {}", notice.invariant, few, forks(many));
        }
        (_, None) => {}
    }
    match (notice.alone, notice.forks) {
        (true, 0) => format!("**{}**, alone", notice.invariant),
        (true, forks) => format!("**{}**, alone and in {forks} of {}", notice.invariant, counted(branches, "fork")),
        (false, forks) => format!("**{}**, in {forks} of {}", notice.invariant, counted(branches, "fork")),
    }
}

fn stage(row: &Row) -> String {
    let mut stage = format!("[{0}](../scenarios/{0}.toml)", row.scenario);
    row.set.iter().for_each(|change| stage += &format!(", `{change}`"));
    if !row.strikes.is_empty() {
        let twice = if row.depth == 2 { ", and again within the recovery" } else { "" };
        stage += &format!("; struck by {}{twice}", row.strikes.join(", "));
    }
    if !row.spared_by.is_empty() {
        stage += &format!("; once struck by {} it shows nothing", row.spared_by.join(", "));
    }
    stage
}
