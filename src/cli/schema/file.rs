//! The JSON Schema of a file that people write: what its reader takes, with the words of `tiersim explain`.
//!
//! A schema says which keys there are, which of them must always be given, and what one value looks like. What values mean
//! together, and what must be given beside others, is said by `tiersim check`.

use serde_json::{Map, Value, json};

use crate::device::profiles;
use crate::fault::plan::FaultKind;
use crate::scenario::campaign::keys as campaign_keys;
use crate::scenario::check::{MODELS, keys_of};
use crate::scenario::form::{self, Form};
use crate::scenario::hazards::switches::{self, Switch};
use crate::scenario::keys::{self, Key, Table};
use crate::scenario::units::Dimension;
use crate::scenario::{campaign, drive, hazards};
use crate::vocab::{EventName, Goal, StepName};

/// Draft 7: the youngest that the language servers for TOML read in full.
pub const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

const ORIGINS: &str = "Origins of numbers: A is an assumption, C a computation, G general knowledge, G? the same with low \
                       confidence; S-n and what is named otherwise are sources.";

pub fn scenario() -> Value {
    let about =
        "A scenario of tiersim: a storage system, its work and what goes wrong. Quantities are texts with a unit.";
    document(
        "a scenario of tiersim",
        about,
        &form::scenario(),
        &Words { told: told_in_scenario, table: table_of_scenario, required: REQUIRED_IN_SCENARIO },
    )
}

pub fn campaign() -> Value {
    let about = "A campaign of tiersim: one scenario, the values that are changed in it, and how often each is run.";
    document(
        "a campaign of tiersim",
        about,
        &campaign::form(),
        &Words { told: told_in_campaign, table: table_of_campaign, required: REQUIRED_IN_CAMPAIGN },
    )
}

pub fn drive() -> Value {
    let about = "A drive of tiersim. Its keys are the parameters of DiskSim 4.0 in lower case with underscores; times are \
                 milliseconds, sizes sectors.";
    document(
        "a drive of tiersim",
        about,
        &drive::form(),
        &Words { told: told_of_drive, table: |_| None, required: &[] },
    )
}

/// Keys that every table of this path must have: a test holds them against the reader.
const REQUIRED_IN_SCENARIO: &[(&str, &[&str])] = &[
    ("volume", &["id", "device"]),
    ("backup", &["method", "source"]),
    ("restore", &["volume", "to"]),
    ("command", &["at", "line"]),
    ("dataset", &["name", "volume", "extents"]),
    ("image", &["name"]),
    ("fault", &["kind"]),
];
const REQUIRED_IN_CAMPAIGN: &[(&str, &[&str])] =
    &[("", &["scenario"]), ("stop", &["measure", "relative_half_width", "at_most"])];

/// What is said of a key.
struct Told {
    about: String,
    /// What holds without the key, as a file writes it without quotes; nothing where that is no plain value.
    default: Option<&'static str>,
    origin: &'static str,
}

/// Where the words of one kind of file stand. Both take the path of a table as in `backup.when`, the first a key of it.
struct Words {
    told: fn(&str, &str) -> Told,
    table: fn(&str) -> Option<&'static str>,
    required: &'static [(&'static str, &'static [&'static str])],
}

fn document(title: &str, about: &str, form: &Form, words: &Words) -> Value {
    let Value::Object(mut schema) = value(form, "", "", words) else { unreachable!("a file is a table") };
    schema.insert("$schema".into(), DRAFT.into());
    schema.insert("title".into(), title.into());
    schema.insert("description".into(), format!("{about} {ORIGINS}").into());
    Value::Object(schema)
}

/// The schema of `key` of the table at `table`; of the whole file without a key.
fn value(form: &Form, table: &str, key: &str, words: &Words) -> Value {
    let path = if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
    match form {
        Form::Table(entries) => {
            let properties = entries.iter().map(|(key, form)| ((*key).to_owned(), property(form, &path, key, words)));
            let mut schema = json!({
                "type": "object",
                "additionalProperties": false,
                "properties": properties.collect::<Map<String, Value>>(),
            });
            if let Some((_, keys)) = words.required.iter().find(|(table, _)| *table == path) {
                schema["required"] = json!(keys);
            }
            schema
        }
        Form::List(of) => json!({ "type": "array", "items": value(of, table, key, words) }),
        Form::Text => match names_of(table, key) {
            Some(names) => json!({ "type": "string", "enum": names }),
            None => json!({ "type": "string" }),
        },
        Form::Whole { least, most: u64::MAX } => json!({ "type": "integer", "minimum": least }),
        Form::Whole { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Form::Decimal => json!({ "type": "number" }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::Binary => json!({ "enum": [0, 1, false, true] }),
        Form::Quantity { dimension: Dimension::Ratio, .. } => json!({
            "anyOf": [{ "type": "string", "pattern": pattern(&[]) }, { "type": "integer", "minimum": 0 }]
        }),
        Form::Quantity { dimension, .. } => json!({ "type": "string", "pattern": pattern(&dimension.unit_names()) }),
        Form::Frequency => json!({ "type": "string", "pattern": pattern(&["/s", "/min", "/h"]) }),
        Form::MeanBetween => {
            let duration = pattern(&Dimension::Duration.unit_names());
            json!({ "anyOf": [{ "type": "string", "enum": ["never"] }, { "type": "string", "pattern": duration }] })
        }
        Form::VolumeId => json!({ "type": "string", "pattern": "^[A-Z0-9$#@%]{1,6}$" }),
        Form::Device => json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{4}$" }),
        Form::Names(names) => {
            // A name that looks like a number, as a level of RAID, may be written as one.
            let numbers = names.iter().filter_map(|name| Some(json!(name.parse::<u64>().ok()?)));
            let all: Vec<Value> = names.iter().map(|name| json!(name)).chain(numbers).collect();
            json!({ "enum": all })
        }
        Form::NumberOrName(names) => json!({
            "anyOf": [{ "type": "string", "enum": names }, { "type": "integer", "minimum": 0, "maximum": u32::MAX }]
        }),
        Form::AnyValue => {
            let single = json!(["string", "integer", "number", "boolean"]);
            json!({ "anyOf": [{ "type": single }, { "type": "array", "minItems": 1, "items": { "type": single } }] })
        }
        Form::Pairs => {
            let whole = json!({ "type": "integer", "minimum": 0 });
            let pair = json!({ "type": "array", "minItems": 2, "maxItems": 2, "items": whole });
            json!({ "type": "array", "items": { "anyOf": [whole, pair] } })
        }
        Form::Hardware => unreachable!("the form of a scenario has the keys of its hardware"),
    }
}

/// A key with what is said of it.
fn property(form: &Form, table: &str, key: &str, words: &Words) -> Value {
    let Value::Object(mut schema) = value(form, table, key, words) else { unreachable!("a schema is an object") };
    let path = if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
    let inner = if let Form::List(inner) = form { inner } else { form };
    let about = match ((words.table)(&path), inner) {
        (Some(about), Form::Table(_)) => about.to_owned(),
        _ => {
            let told = (words.told)(table, key);
            if let Some(default) = told.default.and_then(|default| default_of(form, default)) {
                schema.insert("default".into(), default);
            }
            let default = told.default.map(|default| format!("Default: {default}."));
            let origin = (!told.origin.is_empty()).then(|| format!("Origin: {}.", told.origin));
            let parts = [Some(told.about), Some(looks(form)), default, origin];
            let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
            parts.join(" ")
        }
    };
    schema.insert("description".into(), about.into());
    Value::Object(schema)
}

/// A default as JSON has it.
fn default_of(form: &Form, text: &str) -> Option<Value> {
    match form {
        Form::Whole { .. } => text.parse::<u64>().ok().map(Value::from),
        Form::Flag => text.parse::<bool>().ok().map(Value::from),
        Form::Text | Form::Quantity { .. } | Form::Frequency | Form::MeanBetween | Form::Names(_) => Some(text.into()),
        _ => None,
    }
}

/// How a value is written, where that is not plain.
fn looks(form: &Form) -> String {
    match form {
        Form::Quantity { dimension, limits } => {
            let units = dimension.unit_names();
            let units = if units.is_empty() { String::new() } else { format!(" in {}", units.join(", ")) };
            let limits = limits.map_or(String::new(), |(least, most)| {
                format!(", from {} to {}", dimension.show(least), dimension.show(most))
            });
            format!("Written as \"{}\"{units}{limits}.", dimension.example())
        }
        Form::Frequency => "Written as \"120 /s\" in /s, /min, /h.".to_owned(),
        Form::MeanBetween => "Written as \"5000 h\", or \"never\".".to_owned(),
        Form::Device => "Four hexadecimal digits in quotes, as in \"0A10\".".to_owned(),
        Form::VolumeId => "One to six characters, as in \"PROD01\".".to_owned(),
        _ => String::new(),
    }
}

/// A number and one of these units, as `scenario::units` reads them.
fn pattern(units: &[&str]) -> String {
    let number = r"^\s*[0-9][0-9_]*(\.[0-9_]+)?";
    match units {
        [] => format!(r"{number}\s*$"),
        units => format!(r"{number}\s*({})\s*$", units.join("|")),
    }
}

/// Texts that must be one of a list, although the reader takes them as they are and the check looks them up.
fn names_of(table: &str, key: &str) -> Option<Vec<&'static str>> {
    match (table, key) {
        ("", "hazards") => Some(hazards::all().map(|hazard| hazard.id).collect()),
        ("", "profile") => Some(profiles::ALL.iter().map(|profile| profile.name).collect()),
        ("volume", "model") => Some(MODELS.iter().map(|(name, _)| *name).collect()),
        ("expect" | "expect.when", "goals") => Some(Goal::ALL.iter().map(|goal| goal.name()).collect()),
        ("fault", "step") => Some(StepName::ALL.iter().map(|step| step.name()).collect()),
        ("fault.when", "after" | "before") => {
            let steps = StepName::ALL.iter().map(|step| step.name());
            let mut names: Vec<&str> = EventName::ALL.iter().map(|event| event.name()).chain(steps).collect();
            names.sort_unstable();
            names.dedup();
            Some(names)
        }
        _ => None,
    }
}

fn told_in_scenario(table: &str, key: &str) -> Told {
    let path = format!("{table}.{key}");
    let entry = profiles::DEFAULT.entry(&path);
    let stands_in = |switch: &&Switch| switch.table.trim_matches(['[', ']']) == table;
    let switch = switches::ALL.iter().filter(stands_in).find(|switch| switch.key == key || switch.key == path);
    let own = keys::ALL.iter().find(|it| it.table == table && it.name == key);
    match (own, entry, switch) {
        (Some(own), ..) => told(own),
        (None, Some(entry), switch) => Told {
            about: switch.map_or_else(|| format!("{}.", sentence(entry.about)), |switch| switch.about.to_owned()),
            default: Some(entry.value),
            origin: entry.origin,
        },
        (None, None, Some(switch)) => {
            Told { about: switch.about.to_owned(), default: plain(switch.values), origin: "" }
        }
        (None, None, None) => Told { about: of_faults(key), default: None, origin: "" },
    }
}

/// What the kinds of faults that have a key say of it; kinds that say the same are told together.
fn of_faults(key: &str) -> String {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for &kind in FaultKind::ALL.iter().filter(|&&kind| keys_of(kind).contains(&key)) {
        let line = super::super::explain::fault_key(kind, key);
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, kinds)) => kinds.push(kind.name()),
            None => lines.push((line, vec![kind.name()])),
        }
    }
    let lines: Vec<String> = lines.iter().map(|(line, kinds)| format!("Of {}: {line}.", kinds.join(", "))).collect();
    lines.join(" ")
}

fn table_of_scenario(path: &str) -> Option<&'static str> {
    Table::find(path).map(|table| table.about)
}

fn told_in_campaign(table: &str, key: &str) -> Told {
    let own = campaign_keys::ALL.iter().find(|it| it.table == table && it.name == key);
    own.map_or(Told { about: String::new(), default: None, origin: "" }, told)
}

fn table_of_campaign(path: &str) -> Option<&'static str> {
    campaign_keys::TABLES.iter().find(|table| table.name == path).map(|table| table.about)
}

fn told_of_drive(table: &str, key: &str) -> Told {
    let about = match table {
        "" => format!("The table `{key}` of a drive."),
        table => format!("`{key}` of `{table}`, as DiskSim 4.0 has it."),
    };
    Told { about, default: None, origin: "" }
}

fn told(key: &Key) -> Told {
    Told { about: key.about.to_owned(), default: plain(key.values), origin: key.origin }
}

/// The first of several values is the default, unless its brackets say that it stands for something else.
fn plain(values: &'static [&'static str]) -> Option<&'static str> {
    values.first().copied().filter(|first| !first.starts_with('(') && values.len() > 1)
}

/// With a capital in front.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            if property["description"].as_str().is_none_or(|text| text.len() < 8 || !text.ends_with('.')) {
                found.push(format!("{path}: {}", property["description"]));
            }
            undescribed(property, &path, found);
            undescribed(&property["items"], &path, found);
        }
    }

    #[test]
    fn every_key_is_described() {
        for schema in [scenario(), campaign(), drive()] {
            let mut found = Vec::new();
            undescribed(&schema, "", &mut found);
            assert!(found.is_empty(), "{found:#?}");
        }
    }

    #[test]
    fn a_key_has_its_words_its_unit_its_default_and_its_origin() {
        let schema = scenario();
        let seek = &schema["properties"]["disk"]["properties"]["seek_average_read"];
        let text = seek["description"].as_str().expect("a text");
        for part in
            ["Mean seek over random pairs", "\"12.5 ms\"", "from 0 s to 10 s", "Default: 4.9 ms.", "Origin: S-69."]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(seek["default"], "4.9 ms");
        let levels = &schema["properties"]["raid"]["properties"]["level"]["enum"];
        assert!(levels.as_array().is_some_and(|all| all.contains(&json!("5")) && all.contains(&json!(5))), "{levels}");
        let track = &schema["properties"]["fault"]["items"]["properties"]["track"]["description"];
        assert!(track.as_str().is_some_and(|text| text.contains("Of source-update, target-update:")), "{track}");
    }
}
