//! The index of the shipped scenarios: what each asks and is about, what comes out, and which hazards nobody shows.

use crate::scenario::hazards;
use crate::scenario::library::{Library, Run};

/// What stands in `scenarios/README.md` between these is written from the files.
pub const BEGIN: &str = "<!-- written from the scenarios: begin -->";
pub const END: &str = "<!-- written from the scenarios: end -->";

/// The text between the markers.
pub fn render(library: &Library) -> String {
    let mut scenarios: Vec<_> = library.scenarios.iter().collect();
    scenarios.sort_by_key(|scenario| scenario.example.name);
    let mut text = String::from("| Scenario | Question | Hazards | Violates, as expected |\n|---|---|---|---|\n");
    for scenario in scenarios {
        let name = scenario.example.name;
        let runs: Vec<String> = scenario.runs.iter().map(|run| violated(run, scenario.runs.len())).collect();
        text += &format!(
            "| [`{name}`]({name}.toml) | {} | {} | {} |\n",
            scenario.example.question(),
            scenario.hazards.join(", "),
            runs.join("<br>")
        );
    }
    text + &unshown(library)
}

/// "safe-backup: nothing"; the method is left out where there is only one answer.
fn violated(run: &Run, runs: usize) -> String {
    let names: Vec<&str> = run.violates.iter().map(|invariant| invariant.name()).collect();
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let method = run.method.map_or("no backup", |method| method.name());
    if runs == 1 { names } else { format!("{method}, {}: {names}", run.architecture) }
}

fn unshown(library: &Library) -> String {
    let missing: Vec<_> = hazards::all().filter(|hazard| library.about(hazard.id).next().is_none()).collect();
    if missing.is_empty() {
        return "\nEvery hazard of the catalogue has a scenario.\n".to_owned();
    }
    let mut text = "\nHazards that no scenario shows:\n\n| | Hazard | Why |\n|---|---|---|\n".to_owned();
    for hazard in missing {
        let why = if hazard.inexpressible.is_empty() { "no scenario yet" } else { hazard.inexpressible };
        text += &format!("| {} | {} | {why} |\n", hazard.id, hazard.title);
    }
    text
}
