//! What `tiersim explain` says of a key of a scenario, of a parameter of the hardware, and of a table that holds them.

use super::page::Page;
use crate::device::profiles::Entry;
use crate::fault::plan::FaultKind;
use crate::scenario::campaign::keys as campaign_keys;
use crate::scenario::check::keys_of;
use crate::scenario::hazards::switches::{self, Switch};
use crate::scenario::keys::{Key, Table};

pub fn page(key: &Key) -> Page {
    let header = Table::find(key.table).map_or("", |table| table.header);
    let table = match key.table {
        "" => "the top of the file",
        "backup.when" => "`when` of [[backup]]",
        "fault.when" => "`when` of [[fault]]",
        "fault.rate" => "`rate` of [[fault]]",
        "workload.requests" => "`requests` of [[workload]]",
        _ => header,
    };
    let path = if key.table.is_empty() { key.name.to_owned() } else { format!("{}.{}", key.table, key.name) };
    Page::new(path, "a key", key.about)
        .say("Stands in", table)
        .say("Values", values(key.values))
        .say("Origin", key.origin)
}

/// A key of a campaign file.
pub fn campaign_page(key: &Key) -> Page {
    let header = campaign_keys::TABLES.iter().find(|table| table.name == key.table).map(|table| table.header);
    let path = if key.table.is_empty() { key.name.to_owned() } else { format!("{}.{}", key.table, key.name) };
    Page::new(path, "a key of a campaign", key.about)
        .say("Stands in", header.unwrap_or("the top of the file"))
        .say("Values", values(key.values))
        .say("Origin", key.origin)
}

pub fn campaign_table_page(table: &Table) -> Page {
    let keys = campaign_keys::ALL.iter().filter(|key| key.table == table.name);
    Page::new(table.name, "a table of a campaign", table.about)
        .say("Written as", table.header)
        .list("Keys", keys.map(|key| format!("{}: {}", key.name, key.about)).collect())
}

pub fn parameter_page(entry: &Entry) -> Page {
    Page::new(entry.key, "a parameter of the hardware", format!("{}.", entry.about))
        .say("Default", entry.value)
        .say("Origin", entry.origin)
}

/// A key of some kinds of faults; nothing when no kind has it.
pub fn fault_page(name: &str) -> Option<Page> {
    let kinds = FaultKind::ALL.iter().filter(|&&kind| keys_of(kind).contains(&name));
    let lines: Vec<String> = kinds.map(|&kind| format!("{kind}: {}", super::faults::key_line(kind, name))).collect();
    (!lines.is_empty()).then(|| {
        Page::new(name, "a key of faults", "It belongs to some kinds of faults.").list("Kinds that have it", lines)
    })
}

pub fn table_page(table: &Table) -> Page {
    let switches = switches::ALL.iter().filter(|switch| switch.table == table.header && !switch.key.contains('.'));
    let switches = switches.map(|switch: &Switch| format!("{}: {}", switch.key, switch.about));
    let keys = table.keys().map(|key| format!("{}: {}", key.name, key.about));
    let parameters = table.parameters().map(|entry| format!("{} ({}): {}.", entry.key, entry.value, entry.about));
    Page::new(table.name, "a table", table.about)
        .say("Written as", table.header)
        .list("Keys", keys.chain(switches).chain(parameters).collect())
}

/// The default first.
pub fn values(values: &[&str]) -> String {
    match values {
        [only] => (*only).to_owned(),
        [first, rest @ ..] if first.starts_with('(') => format!("{first}, {}", rest.join(", ")),
        [first, rest @ ..] => format!("{first} (default), {}", rest.join(", ")),
        [] => String::new(),
    }
}
