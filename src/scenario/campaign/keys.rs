//! The keys of a campaign file: what each says, its values with the default first, and where a number comes from.

use super::super::keys::{Key, Table, key, table};

pub static TABLES: &[Table] = &[
    table("axis", "[[axis]]", "What is changed from point to point; points are all combinations of the axes' values."),
    table("axis.range", "range = {}", "The values of an axis as a row of whole numbers."),
    table("compare", "[compare]", "What is compared in pairs of runs; by default the first axis with several values."),
    table("stop", "[stop]", "In place of `replications`: as many as a measure needs."),
    table("steady_state", "[steady_state]", "What `steady-latency` leaves out."),
    table("canary", "[canary]", "The scenario that must fail, so that the checks are known to be able to."),
    table("allowed", "[[allowed]]", "Violations that are no finding."),
];

const TEXT: &[&str] = &["(a text)"];
const NUMBER: &[&str] = &["(a number)"];
const CHANGES: &[&str] = &["(a list of changes)"];

pub static ALL: &[Key] = &[
    key("", "title", TEXT, "", "What the campaign asks, for tables and lists."),
    key("", "name", &["(a name)"], "", "The name of the campaign and of its directory; without it that of the file."),
    key("", "scenario", &["(a scenario)"], "", "A file beside the campaign, or a shipped scenario; it must be given."),
    key("", "set", CHANGES, "", "Changes to the scenario at all points, as in [\"until=2 h\"]."),
    key("", "seed", &["1", "(a number)"], "", "The seeds of all replications are drawn from it."),
    key("", "replications", &["100", "(a number)"], "A", "How often every point is run, each time with another seed."),
    key("", "level", &["95 %", "(a share)"], "A", "The level of all intervals, from 50 % to 99.99 %."),
    key(
        "",
        "measures",
        &["(a list of measures)"],
        "",
        "What is estimated, as in [\"availability\"]; without it thirteen of them. `tiersim explain` tells of each.",
    ),
    key(
        "",
        "events_per_run",
        &["100000000", "(a number)"],
        "A",
        "A run with more events is cut and counts as inconclusive.",
    ),
    key("", "keep", &["violations", "all", "none"], "", "Of which runs the whole directory is kept."),
    key("axis", "name", &["(a name)"], "", "The name of the axis; without it the last part of its first key."),
    key("axis", "key", &["(a key)"], "", "The key that it changes, as in backup[0].method."),
    key("axis", "keys", &["(a list of keys)"], "", "In place of `key`: several that change together."),
    key(
        "axis",
        "values",
        &["(a list of values)"],
        "",
        "The values of the key; with `keys`, lists with one value for each of them.",
    ),
    key(
        "axis",
        "range",
        &["(a range)"],
        "",
        "In place of `values`, as in { from = 10, to = 30, step = 10, unit = \"/s\" }.",
    ),
    key("axis.range", "from", NUMBER, "", "The first value."),
    key("axis.range", "to", NUMBER, "", "The last value is this one, or the last step before it."),
    key("axis.range", "step", &["1", "(a number)"], "", "How far one value is from the next."),
    key("axis.range", "unit", &["(a unit)"], "", "What is written behind each number; without it they have no unit."),
    key("compare", "axis", &["(an axis)"], "", "The axis whose values are compared, by its name."),
    key(
        "compare",
        "against",
        &["(a value)"],
        "",
        "The value that all others are compared with; without it every pair.",
    ),
    key("stop", "measure", &["(a measure)"], "", "The measure that must be known well enough."),
    key(
        "stop",
        "relative_half_width",
        &["(a share)"],
        "",
        "Half the width of its interval, as a share of the estimate, that is narrow enough.",
    ),
    key(
        "stop",
        "at_least",
        &["30", "(a number)"],
        "A (STATISTICS 4)",
        "Replications before the first look; 30 or more.",
    ),
    key("stop", "at_most", NUMBER, "", "Replications at which it stops in any case."),
    key(
        "steady_state",
        "warm_up",
        &["0 s", "(a duration)"],
        "",
        "Requests that were issued before do not count for `steady-latency`.",
    ),
    key(
        "canary",
        "scenario",
        &["same-id-crash-before-offline", "(a scenario)"],
        "",
        "A file beside the campaign, or a shipped scenario, that must fail.",
    ),
    key("canary", "set", CHANGES, "", "Changes to it, as in [\"volume[0].cylinders=1\"]."),
    key(
        "allowed",
        "levels",
        &["(values of axes)"],
        "",
        "Where: at points with one of these values; without it everywhere.",
    ),
    key("allowed", "violates", &["(a list of invariants)"], "", "What may be violated there."),
    key("allowed", "because", TEXT, "", "Why that is no finding."),
];

/// All keys that `path` may mean: the name alone, or with its table in front.
pub fn named(path: &str) -> impl Iterator<Item = &'static Key> {
    ALL.iter().filter(move |key| {
        let table = path.strip_suffix(key.name).and_then(|rest| rest.strip_suffix('.'));
        path == key.name || !key.table.is_empty() && table == Some(key.table)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::form::Form;
    use super::super::{check, form, raw};
    use super::*;

    fn keys_of(form: &Form, table: &str) -> Vec<(String, String)> {
        let Form::Table(keys) = form else { return Vec::new() };
        let below = |key: &str| if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
        let mut all = Vec::new();
        for (key, form) in keys {
            let inner = if let Form::List(inner) = form { inner } else { form };
            match inner {
                Form::Table(_) if table.is_empty() => {}
                _ => all.push((table.to_owned(), (*key).to_owned())),
            }
            all.extend(keys_of(inner, &below(key)));
        }
        all
    }

    #[test]
    fn every_key_of_a_campaign_is_told_once() {
        let read = keys_of(&form(), "");
        assert!(read.len() > 25, "{read:?}");
        for (table, name) in &read {
            let told = ALL.iter().filter(|key| key.table == table && key.name == name).count();
            assert_eq!(told, 1, "`{name}` of `{table}` needs an entry in src/scenario/campaign/keys.rs");
        }
        assert_eq!(read.len(), ALL.len(), "no key is told of that is not read");
        for table in TABLES {
            assert!(ALL.iter().any(|key| key.table == table.name), "{}", table.name);
        }
    }

    /// The first value is what a campaign gets that says nothing.
    #[test]
    fn defaults_are_those_of_a_campaign_that_says_nothing() {
        let campaign = |text: &str| {
            let mut problems = Vec::new();
            let node = super::super::document::parse(text, 0).expect("valid TOML");
            let raw = <raw::RawCampaign as super::super::Shape>::read(&node, "", &mut problems).expect("a table");
            check::check(&raw, "plain", &mut problems).expect("it has what it needs")
        };
        let plain = campaign("scenario = \"safe-backup\"\n");
        let default = |table: &str, name: &str| {
            ALL.iter().find(|key| key.table == table && key.name == name).expect("a key").values[0]
        };
        assert_eq!(plain.seed.to_string(), default("", "seed"));
        assert_eq!(plain.replications.to_string(), default("", "replications"));
        assert_eq!(format!("{} %", plain.level_ppm / 10_000), default("", "level"));
        assert_eq!(plain.events_per_run.to_string(), default("", "events_per_run"));
        assert_eq!(plain.keep.name(), default("", "keep"));
        assert_eq!(plain.canary.name, default("canary", "scenario"));
        assert_eq!(plain.measures.len(), 13, "as `measures` says");
        let stops = "[stop]\nmeasure = \"availability\"\nrelative_half_width = \"5 %\"\nat_most = 90\n[steady_state]\n";
        let stopping = campaign(&format!("scenario = \"safe-backup\"\n{stops}"));
        assert_eq!(stopping.stop.expect("a rule").at_least.to_string(), default("stop", "at_least"));
        assert_eq!(stopping.warm_up, Some(crate::kernel::Span::ZERO));
    }
}
