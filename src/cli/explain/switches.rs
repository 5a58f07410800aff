//! What `tiersim explain` says of a key that changes what a method is open to.

use super::page::Page;
use crate::device::profiles;
use crate::scenario::hazards::Hazard;
use crate::scenario::hazards::switches::Switch;

pub fn page(switch: &Switch) -> Page {
    let acts_on = switch.acts_on.iter().filter_map(|id| Hazard::find(id));
    let acts_on = acts_on.map(|hazard| format!("{}: {}", hazard.id, hazard.title)).collect();
    let later = if switch.is_supported() { "" } else { "This version does not read it yet." };
    let entry = profiles::ALL.iter().find_map(|profile| profile.entry(switch.key));
    Page::new(switch.key, "a switch", switch.about)
        .say("Stands in", switch.table)
        .say("Values", super::keys::values(switch.values))
        .say("Origin", entry.map_or("", |entry| entry.origin))
        .list("Hazards it acts on", acts_on)
        .say("Note", later)
}

/// A switch in one line, for the page of a hazard.
pub fn line(switch: &Switch) -> String {
    format!("{} in {}: {}", switch.key, switch.table, switch.values.join(", "))
}
