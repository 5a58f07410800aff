//! What `tiersim explain` says of a hazard.

use super::page::Page;
use crate::scenario::hazards::switches::Switch;
use crate::scenario::hazards::{Hazard, METHODS};
use crate::scenario::library::Library;

pub fn page(hazard: &Hazard, library: &Library) -> Page {
    let group = hazard.group();
    let exposure = METHODS.iter().zip(hazard.exposure);
    let width = METHODS.iter().map(|name| name.len()).max().unwrap_or(0);
    let exposure = exposure.map(|(method, how)| format!("{method:<width$}  {} {how}", how.symbol()));
    let violates = hazard.violates.iter().map(|invariant| format!("{invariant}: {}", invariant.statement()));
    let title = hazard
        .title
        .chars()
        .next()
        .map_or(String::new(), |first| first.to_uppercase().to_string() + &hazard.title[first.len_utf8()..]);
    let source = match hazard.source {
        "" => "analysis of the patent's text".to_owned(),
        source if source.starts_with('¶') => format!("patent, {source}"),
        source => source.to_owned(),
    };
    let scenarios = library.about(hazard.id).flat_map(|scenario| scenario.lines());
    Page::new(hazard.id, "a hazard", format!("{title}."))
        .say("Kind", format!("{}: {}", group.letter, group.title))
        .say("When", hazard.window)
        .say("How", hazard.mechanism)
        .list("Breaks", violates.collect())
        .list("Methods", exposure.collect())
        .say("Condition", hazard.condition)
        .list("Switches that act on it", Switch::acting_on(hazard.id).map(super::switches::line).collect())
        .say("Source", source)
        .list("Shipped scenarios that show it", scenarios.collect())
        .say("No scenario shows it", hazard.inexpressible)
}
