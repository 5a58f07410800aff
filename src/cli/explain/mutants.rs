//! What `tiersim explain` says of a mutant: the protection that is left out, and who is to notice.

use super::page::Page;
use crate::campaign::mutants::{Broken, Specimen};

pub fn page(specimen: &Specimen) -> Page {
    let name = specimen.mutant.name();
    let fires: Vec<&str> = specimen.fires.iter().map(|invariant| invariant.name()).collect();
    let mut stage = vec![specimen.scenario.to_owned()];
    stage.extend(specimen.set.iter().map(|change| format!("--set '{change}'")));
    Page::new(name, "a mutant", what(specimen))
        .say("Number in the catalogue", specimen.number.to_string())
        .say("One of these has to notice", fires.join(", "))
        .say("Where it is tried", stage.join(" "))
        .say("What strikes at every boundary", specimen.strikes.join(", "))
        .say("What does not show it, striking once", specimen.spared_by.join(", "))
        .list("On the command line", vec![format!("tiersim mutants {name}"), by_hand(specimen, &stage.join(" "))])
}

fn what(specimen: &Specimen) -> String {
    match specimen.mutant {
        Broken::System(_) => format!("One protection is left out: {}.", specimen.about),
        Broken::Check(_) => format!("A check is broken: {}.", specimen.about),
    }
}

/// The same study without the table: a run, or an exploration where it needs a fault.
fn by_hand(specimen: &Specimen, stage: &str) -> String {
    let change = specimen.mutant.change();
    if specimen.strikes.is_empty() {
        return format!("tiersim run {stage} --set {change}");
    }
    let faults: Vec<String> = specimen.strikes.iter().map(|strike| format!(" --faults '{strike}'")).collect();
    let depth = if specimen.depth > 1 { format!(" --depth {}", specimen.depth) } else { String::new() };
    format!("tiersim explore {stage} --set {change}{}{depth}", faults.concat())
}
