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
        .list(
            "On the command line",
            vec![
                format!("tiersim mutants {name}"),
                format!("tiersim run {} --set {}", stage.join(" "), specimen.mutant.change()),
            ],
        )
}

fn what(specimen: &Specimen) -> String {
    match specimen.mutant {
        Broken::System(_) => format!("One protection is left out: {}.", specimen.about),
        Broken::Check(_) => format!("A check is broken: {}.", specimen.about),
    }
}
