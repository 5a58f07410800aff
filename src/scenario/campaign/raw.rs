//! The campaign file as it is written: one struct per table, every key optional, every value with its place.

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::document::{Node, Value};
use super::super::form::Form;
use super::super::raw::{join, table_of, tables, unknown_key};
use super::super::shape::{Given, Shape, Share};
use super::names::{Keep, Measure};
use crate::kernel::Span;
use crate::vocab::Invariant;

tables! {
    /// The whole file.
    RawCampaign, "a campaign" {
        title: String,
        name: String,
        scenario: String,
        set: Vec<Given<String>>,
        seed: u64,
        replications: u64,
        level: Share,
        measures: Vec<Given<Measure>>,
        events_per_run: u64,
        keep: Keep,
        axis: Vec<Given<RawAxis>>,
        compare: RawCompare,
        stop: RawStop,
        steady_state: RawSteadyState,
        canary: RawCanary,
        allowed: Vec<Given<RawAllowed>>,
    } later &[];

    RawAxis, "an axis" {
        name: String,
        key: String,
        keys: Vec<Given<String>>,
        values: Vec<Given<Entry>>,
        range: RawRange,
    } later &[];

    RawRange, "a range" {
        from: u64,
        to: u64,
        step: u64,
        unit: String,
    } later &[];

    RawCompare, "the comparison" {
        axis: String,
        against: String,
    } later &[];

    RawStop, "the stopping rule" {
        measure: Measure,
        relative_half_width: Share,
        at_least: u64,
        at_most: u64,
    } later &[];

    RawSteadyState, "the steady state" {
        warm_up: Span,
    } later &[];

    RawCanary, "the canary" {
        scenario: String,
        set: Vec<Given<String>>,
    } later &[];

    RawAllowed, "what may be violated" {
        levels: Vec<Given<String>>,
        violates: Vec<Given<Invariant>>,
        because: String,
    } later &[];
}

/// One value of an axis: for its one key, or a list with one value for each of its keys. As TOML writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry(pub Vec<String>);

impl Shape for Entry {
    fn form() -> Form {
        Form::AnyValue
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Entry> {
        let values: Option<Vec<String>> = match &node.value {
            Value::List(items) => items.iter().map(written).collect(),
            _ => written(node).map(|value| vec![value]),
        };
        if values.is_none() {
            let problem = Diagnostic::error(Code::WrongType, format!("`{path}` is no value of a scenario"))
                .at(&node.place, "expected text, a whole number, or true or false");
            problems.push(
                problem.path(path).help("name the single keys with `keys`, and give a list with a value for each"),
            );
        }
        values.map(Entry)
    }
}

/// A single value as TOML writes it; nothing for a table or a list.
fn written(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Bare(text) => Some(quoted(text)),
        Value::Whole(number) => Some(number.to_string()),
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Decimal(digits) => Some(digits.clone()),
        Value::List(_) | Value::Table(_) | Value::Other(_) => None,
    }
}

/// `text` as a TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted += &format!("\\u{:04X}", u32::from(control)),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}
