//! Every protection that is left out is noticed by a check, and the table of mutants is fresh.

mod support;

use std::fs;
use std::sync::OnceLock;

use support::root;
use tiersim::campaign::mutants::{SPECIMENS, Specimen, Trial, run};
use tiersim::report::mutants::{Mutants, render};

fn killers(trials: &[Trial]) -> Vec<(&'static str, Vec<&'static str>)> {
    let told = |trial: &Trial| trial.killers().into_iter().map(|it| it.name()).collect();
    trials.iter().map(|trial| (trial.specimen.mutant.name(), told(trial))).collect()
}

/// Every mutant as the program tries it: on two threads, reduced. Made once, as it takes a minute.
fn reduced() -> &'static [Trial] {
    static TRIALS: OnceLock<Vec<Trial>> = OnceLock::new();
    TRIALS.get_or_init(|| run(&all(), 2, true, |_| ()))
}

fn all() -> Vec<&'static Specimen> {
    SPECIMENS.iter().collect()
}

#[test]
fn all_mutants_are_killed_as_the_table_says() {
    let trials = reduced();
    let survivors: Vec<&str> =
        trials.iter().filter(|trial| !trial.is_killed()).map(|trial| trial.specimen.mutant.name()).collect();
    assert!(survivors.is_empty(), "unnoticed: {survivors:?}");
    let early: Vec<&str> =
        trials.iter().filter(|trial| trial.is_shown_early()).map(|trial| trial.specimen.mutant.name()).collect();
    assert!(early.is_empty(), "shown by faults that must not show it: {early:?}");
    let written = render(&Mutants::new(trials));
    let path = root().join("reports/mutants.md");
    if std::env::var_os("TIERSIM_BLESS").is_some() {
        fs::write(&path, &written).expect("the document can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(written.lines()).find(|(one, other)| one != other);
    assert!(found == written, "{} is stale (TIERSIM_BLESS=1 refreshes it): {line:?}", path.display());
}

/// Neither the reduction nor the number of threads decides who notices.
#[test]
fn reduction_and_threads_change_no_killer() {
    let all = all();
    assert_eq!(killers(reduced()), killers(&run(&all, 2, false, |_| ())));
    let few = |it: &&'static Specimen| [7, 39].contains(&it.number);
    let few: Vec<&'static Specimen> = all.into_iter().filter(few).collect();
    assert_eq!(killers(&run(&few, 2, true, |_| ())), killers(&run(&few, 1, false, |_| ())));
}
