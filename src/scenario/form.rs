//! What the value of a key may look like in a file: told by the types that read it, so that an editor can be told the same.
//!
//! A form says what a single value may be. What values mean together is the business of `check`.

use super::hardware;
use super::raw::RawScenario;
use super::shape::Shape;
use super::units::Dimension;

/// The form of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    /// A whole number between these, both included.
    Whole {
        least: u64,
        most: u64,
    },
    /// A decimal number without quotes.
    Decimal,
    Flag,
    /// 0 or 1, or false or true.
    Binary,
    /// A text of number and unit; with limits in base units, both included.
    Quantity {
        dimension: Dimension,
        limits: Option<(u64, u64)>,
    },
    /// As in `"120 /s"`.
    Frequency,
    /// A duration, or `"never"`.
    MeanBetween,
    VolumeId,
    Device,
    /// One of these names.
    Names(Vec<&'static str>),
    /// A whole number, or one of these names.
    NumberOrName(Vec<&'static str>),
    /// A single value of any key, or a list with one for each of several keys.
    AnyValue,
    List(Box<Form>),
    /// Pairs of whole numbers, each in brackets of its own or all in one row.
    Pairs,
    /// Keys with their forms, in the order of the reader.
    Table(Vec<(&'static str, Form)>),
    /// A table of hardware, whose keys are those of the profiles.
    Hardware,
}

impl Form {
    /// Any whole number that a file can hold.
    pub const WHOLE: Form = Form::Whole { least: 0, most: u64::MAX };

    pub const fn quantity(dimension: Dimension) -> Form {
        Form::Quantity { dimension, limits: None }
    }

    pub fn list(of: Form) -> Form {
        Form::List(Box::new(of))
    }
}

/// The form of a scenario file, with the keys of all hardware.
pub fn scenario() -> Form {
    let Form::Table(keys) = RawScenario::form() else { unreachable!("a scenario is a table") };
    let keys = keys.into_iter().map(|(key, form)| match form {
        Form::Hardware => (key, Form::Table(hardware::forms(key))),
        other => (key, other),
    });
    Form::Table(keys.collect())
}
