//! A scenario as a tree of keys and values, each with the place where it was written.
//!
//! A tree of our own, because values come from several texts: the file and the options that change it. A message about
//! a changed value then points into the option.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Place};

#[derive(Clone, Debug)]
pub struct Node {
    pub value: Value,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    /// The value of `--set KEY=VALUE` without quotes: text, number or flag, as its key wants it.
    Bare(String),
    Whole(i128),
    Flag(bool),
    /// A decimal number as it is written, without underscores: only files of drives have them.
    Decimal(String),
    List(Vec<Node>),
    Table(Table),
    /// A date: no key wants one. The article and noun for messages.
    Other(&'static str),
}

#[derive(Clone, Debug, Default)]
pub struct Table {
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
}

impl Table {
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Gives `key` a new value; an old one of that name goes.
    pub fn put(&mut self, key: &str, node: Node) {
        self.entries.retain(|entry| entry.key != key);
        self.entries.push(Entry { key: key.to_owned(), key_place: node.place.clone(), node });
    }
}

impl Value {
    pub fn noun(&self) -> &'static str {
        match self {
            Value::Text(_) | Value::Bare(_) => "text",
            Value::Whole(_) => "a whole number",
            Value::Flag(_) => "true or false",
            Value::Decimal(_) => "a decimal number",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(noun) => noun,
        }
    }
}

/// Reads `text`, which is source number `source`. Syntax errors come all at once, but nothing else is found then.
pub fn parse(text: &str, source: usize) -> Result<Node, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let place = Place::new(source, 0..0);
        return Ok(Node { value: Value::Table(convert_table(table.into_inner(), source)), place });
    }
    let describe = |error: &toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        let from = floor_to_character(text, span.start);
        let place = Place::new(source, from..floor_to_character(text, span.end).max(from));
        Diagnostic::error(Code::Syntax, format!("not valid TOML: {}", error.message()))
            .at(&place, "here")
            .help("a scenario is TOML 1.0: `key = value` lines under `[table]` and `[[list]]` headings")
    };
    Err(errors.iter().map(describe).collect())
}

/// One value as TOML writes it, as in `--set KEY=VALUE`; nothing when it is no TOML value.
pub fn parse_value(text: &str, source: usize, offset: usize) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let mut node = convert(value, source);
    shift(&mut node, offset);
    Some(node)
}

fn floor_to_character(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn convert(value: Spanned<DeValue<'_>>, source: usize) -> Node {
    let place = Place::new(source, value.span());
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i128::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
            Ok(whole) => Value::Whole(whole),
            // Longer than any limit of a key: the key's own message names that limit.
            Err(_) => Value::Whole(i128::MAX),
        },
        DeValue::Float(number) => Value::Decimal(number.as_str().replace('_', "")),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(array) => Value::List(array.into_iter().map(|item| convert(item, source)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table, source)),
    };
    Node { value, place }
}

fn convert_table(table: DeTable<'_>, source: usize) -> Table {
    let convert_entry = |(key, value): (Spanned<toml::de::DeString<'_>>, _)| Entry {
        key_place: Place::new(source, key.span()),
        key: key.into_inner().into_owned(),
        node: convert(value, source),
    };
    let mut entries: Vec<Entry> = table.into_iter().map(convert_entry).collect();
    entries.sort_by_key(|entry| entry.key_place.clone());
    Table { entries }
}

fn shift(node: &mut Node, offset: usize) {
    node.place.from += offset;
    node.place.to += offset;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, offset)),
        Value::Table(table) => {
            for entry in &mut table.entries {
                entry.key_place.from += offset;
                entry.key_place.to += offset;
                shift(&mut entry.node, offset);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_text() {
        let text = "seed = 7\n[[volume]]\nid = \"PROD01\"\n";
        let node = parse(text, 3).expect("valid TOML");
        let Value::Table(table) = node.value else { panic!("a document is a table") };
        let volumes = &table.get("volume").expect("there").node;
        let Value::List(volumes) = &volumes.value else { panic!("a list") };
        let Value::Table(volume) = &volumes[0].value else { panic!("a table") };
        let id = volume.get("id").expect("there");
        assert_eq!((&text[id.key_place.from..id.key_place.to], id.node.place.source), ("id", 3));
        assert_eq!(&text[id.node.place.from..id.node.place.to], "\"PROD01\"");
    }

    #[test]
    fn a_seed_of_64_bits_fits() {
        let node = parse("seed = 18446744073709551615", 0).expect("valid");
        let Value::Table(table) = node.value else { panic!("a table") };
        assert!(matches!(table.entries[0].node.value, Value::Whole(value) if value == i128::from(u64::MAX)));
    }

    #[test]
    fn a_cut_file_is_a_syntax_error_with_a_place() {
        let problems = parse("title = \"cut", 0).expect_err("cut");
        assert_eq!(problems[0].code, Code::Syntax);
        assert!(problems[0].place.is_some());
    }
}
