//! How one value of a scenario is read: from a node of the document to a typed value, or a problem with its place.

use crate::kernel::Span;
use crate::vocab::{DeviceNumber, VolumeId};

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Place, suggestion};
use super::document::{Node, Value};
use super::form::Form;
use super::units::{Dimension, Frequency, UnitError, UnitErrorKind};

/// A value that the scenario gives, with its place and its path of keys.
#[derive(Clone, Debug)]
pub struct Given<T> {
    pub value: T,
    pub place: Place,
    pub path: String,
}

/// A type that a value of a scenario can have. A value that has not leaves its problem behind.
pub trait Shape: Sized {
    /// What such a value looks like in a file.
    fn form() -> Form;

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Self>;
}

/// Parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(pub u32);

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

/// Thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio(pub u64);

/// Mean time between faults; nothing for `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeanBetween(pub Option<Span>);

/// The longest duration a scenario may name: ten of them never leave the 584 years of simulated time.
pub const LONGEST: Span = Span::from_secs(50 * 365 * 86_400);

pub fn wrong_type(node: &Node, path: &str, wanted: &str, help: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongType, format!("`{path}`: expected {wanted}, found {}", node.value.noun()))
        .at(&node.place, format!("expected {wanted}"))
        .path(path)
        .help(help)
}

pub fn text_of(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) | Value::Bare(text) => Some(text),
        _ => None,
    }
}

impl Shape for String {
    fn form() -> Form {
        Form::Text
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<String> {
        let text = text_of(node);
        if text.is_none() {
            problems.push(wrong_type(node, path, "text", "put it in quotes"));
        }
        text.map(str::to_owned)
    }
}

impl Shape for u64 {
    fn form() -> Form {
        Form::WHOLE
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<u64> {
        let wanted = "a whole number, 0 or more";
        match &node.value {
            Value::Whole(value) if u64::try_from(*value).is_ok() => u64::try_from(*value).ok(),
            Value::Whole(value) if *value > 0 => {
                problems.push(out_of_range(&node.place, path, &format!("at most {}", u64::MAX)));
                None
            }
            Value::Bare(text) if text.parse::<u64>().is_ok() => text.parse().ok(),
            Value::Whole(_) => {
                problems.push(out_of_range(&node.place, path, wanted));
                None
            }
            Value::Bare(text) if text.parse::<i64>().is_ok() => {
                problems.push(out_of_range(&node.place, path, wanted));
                None
            }
            _ => {
                problems.push(wrong_type(node, path, wanted, "write it without quotes, sign or decimal point"));
                None
            }
        }
    }
}

impl Shape for bool {
    fn form() -> Form {
        Form::Flag
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<bool> {
        match &node.value {
            Value::Flag(flag) => Some(*flag),
            Value::Bare(text) if text == "true" || text == "false" => Some(text == "true"),
            _ => {
                problems.push(wrong_type(node, path, "true or false", "write `true` or `false` without quotes"));
                None
            }
        }
    }
}

impl<T: Shape> Shape for Vec<Given<T>> {
    fn form() -> Form {
        Form::list(T::form())
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Vec<Given<T>>> {
        let Value::List(items) = &node.value else {
            problems.push(wrong_type(node, path, "a list", "write a list as `[\"first\", \"second\"]`"));
            return None;
        };
        let mut list = Vec::with_capacity(items.len());
        // An entry that is no good leaves its problem; the others are read all the same, for theirs.
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let value = T::read(item, &path, problems);
            list.extend(value.map(|value| Given { value, place: item.place.clone(), path }));
        }
        Some(list)
    }
}

/// Reads the text of a quantity; a number without quotes has no unit.
fn quantity<T>(
    node: &Node,
    path: &str,
    noun: &str,
    example: &str,
    problems: &mut Vec<Diagnostic>,
    parse: impl FnOnce(&str) -> Result<T, (UnitError, &'static str, Vec<&'static str>)>,
) -> Option<T> {
    let text = match &node.value {
        Value::Text(text) | Value::Bare(text) => text,
        Value::Whole(_) | Value::Decimal(_) => {
            let problem = Diagnostic::error(Code::MissingUnit, format!("`{path}` is {noun} and needs a unit"))
                .at(&node.place, "no unit")
                .path(path)
                .help(format!("write number and unit in quotes, as in \"{example}\""));
            problems.push(problem);
            return None;
        }
        _ => {
            problems.push(wrong_type(node, path, noun, &format!("write it in quotes, as in \"{example}\"")));
            return None;
        }
    };
    match parse(text) {
        Ok(value) => Some(value),
        Err((error, base, units)) => {
            problems.push(describe_unit_error(&error, node, text, path, (noun, example, base), &units));
            None
        }
    }
}

fn describe_unit_error(
    error: &UnitError,
    node: &Node,
    text: &str,
    path: &str,
    (noun, example, base): (&str, &str, &str),
    units: &[&str],
) -> Diagnostic {
    let place = inside(node, text, error);
    let form = format!("write it as in \"{example}\"");
    let (code, message, label, help) = match &error.kind {
        UnitErrorKind::MissingUnit => {
            (Code::MissingUnit, format!("`{path}` is {noun} and needs a unit"), "no unit".to_owned(), form)
        }
        UnitErrorKind::UnknownUnit(unit) => {
            let help = match units {
                [] => format!("it has no unit: {form}"),
                _ => suggestion(unit, units, "units"),
            };
            (Code::UnknownUnit, format!("`{path}`: `{unit}` is not a unit of {noun}"), "unknown unit".to_owned(), help)
        }
        UnitErrorKind::NotWhole => (
            Code::NotWhole,
            format!("`{path}` is not a whole number of {base}"),
            format!("more digits than {base} can hold"),
            "nothing is rounded: give a value that comes out even".to_owned(),
        ),
        UnitErrorKind::NoNumber => {
            (Code::Malformed, format!("`{path}`: `{text}` is not {noun}"), format!("expected {noun}"), form)
        }
        UnitErrorKind::TooLarge => (
            Code::OutOfRange,
            format!("`{path}` is too large"),
            "too large".to_owned(),
            format!("at most {} {base}", u64::MAX),
        ),
    };
    Diagnostic::error(code, message).at(&place, label).path(path).help(help)
}

/// The place of the error inside the quotes, when the text has no escapes that shift it.
fn inside(node: &Node, text: &str, error: &UnitError) -> Place {
    let quotes = match (&node.value, node.place.to - node.place.from) {
        (Value::Bare(_), length) if length == text.len() => 0,
        (Value::Text(_), length) if length == text.len() + 2 => 1,
        _ => return node.place.clone(),
    };
    let from = node.place.from + quotes;
    Place { source: node.place.source, from: from + error.span.start, to: from + error.span.end }
}

/// Reads a quantity of `dimension` in base units.
pub fn read_dimension(dimension: Dimension, node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<u64> {
    if let (Dimension::Ratio, Value::Whole(whole)) = (dimension, &node.value) {
        let milli = u64::try_from(*whole).ok().and_then(|whole| whole.checked_mul(1_000));
        if milli.is_none() {
            problems.push(out_of_range(&node.place, path, "0 or more, and not that large"));
        }
        return milli;
    }
    let parse = |text: &str| dimension.parse(text).map_err(|error| (error, dimension.base(), dimension.unit_names()));
    let value = quantity(node, path, dimension.noun(), dimension.example(), problems, parse)?;
    if dimension == Dimension::Duration && value > LONGEST.ns() {
        problems.push(out_of_range(&node.place, path, "at most 50 years (18250 d)"));
        return None;
    }
    Some(value)
}

pub fn out_of_range(place: &Place, path: &str, limit: &str) -> Diagnostic {
    Diagnostic::error(Code::OutOfRange, format!("`{path}` is outside its limits"))
        .at(place, "outside the limits")
        .path(path)
        .help(format!("expected {limit}"))
}

impl Shape for Span {
    fn form() -> Form {
        Form::quantity(Dimension::Duration)
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Span> {
        read_dimension(Dimension::Duration, node, path, problems).map(Span::from_ns)
    }
}

impl Shape for Bytes {
    fn form() -> Form {
        Form::quantity(Dimension::Size)
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Bytes> {
        read_dimension(Dimension::Size, node, path, problems).map(Bytes)
    }
}

impl Shape for Ratio {
    fn form() -> Form {
        Form::quantity(Dimension::Ratio)
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Ratio> {
        read_dimension(Dimension::Ratio, node, path, problems).map(Ratio)
    }
}

impl Shape for Share {
    fn form() -> Form {
        Form::Quantity { dimension: Dimension::Share, limits: Some((0, 1_000_000)) }
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Share> {
        let ppm = read_dimension(Dimension::Share, node, path, problems)?;
        if ppm > 1_000_000 {
            problems.push(out_of_range(&node.place, path, "0 % to 100 %"));
            return None;
        }
        u32::try_from(ppm).ok().map(Share)
    }
}

impl Shape for Frequency {
    fn form() -> Form {
        Form::Frequency
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Frequency> {
        let parse = |text: &str| {
            Frequency::parse(text).map_err(|error| (error, "nanoseconds between two", vec!["/s", "/min", "/h"]))
        };
        let frequency = quantity(node, path, "a frequency", "120 /s", problems, parse)?;
        if frequency.gap.is_some_and(|gap| gap > LONGEST) {
            problems.push(out_of_range(&node.place, path, "at least one in 50 years"));
            return None;
        }
        Some(frequency)
    }
}

impl Shape for MeanBetween {
    fn form() -> Form {
        Form::MeanBetween
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<MeanBetween> {
        if text_of(node) == Some("never") {
            return Some(MeanBetween(None));
        }
        let mean = Span::read(node, path, problems)?;
        if mean.is_zero() {
            problems.push(out_of_range(&node.place, path, "more than 0 s, or \"never\""));
            return None;
        }
        Some(MeanBetween(Some(mean)))
    }
}

impl Shape for VolumeId {
    fn form() -> Form {
        Form::VolumeId
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<VolumeId> {
        let help = "1 to 6 characters of A-Z, 0-9, $, #, @ and %, in quotes, as in \"PROD01\"";
        let Some(text) = text_of(node) else {
            problems.push(wrong_type(node, path, "a volume ID", help));
            return None;
        };
        VolumeId::parse(text)
            .map_err(|reason| {
                let problem = Diagnostic::error(Code::BadVolumeId, format!("`{text}` is not a volume ID"));
                problems.push(problem.at(&node.place, reason.to_string()).path(path).help(help));
            })
            .ok()
    }
}

impl Shape for DeviceNumber {
    fn form() -> Form {
        Form::Device
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<DeviceNumber> {
        let help = "four hexadecimal digits in quotes, as in \"0A10\"";
        let Some(text) = text_of(node) else {
            problems.push(wrong_type(node, path, "a device number", help));
            return None;
        };
        let device = DeviceNumber::parse(text);
        if device.is_none() {
            let problem = Diagnostic::error(Code::BadDevice, format!("`{text}` is not a device number"));
            problems.push(problem.at(&node.place, "expected four hexadecimal digits").path(path).help(help));
        }
        device
    }
}
