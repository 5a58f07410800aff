//! The numbers of a drive's file: decimals, counts and switches, read exactly.

use super::super::catalogue::Code;
use super::super::diagnostic::Diagnostic;
use super::super::document::{Node, Value};
use super::super::form::Form;
use super::super::shape::{Given, Shape, out_of_range, wrong_type};

/// A number in billionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub i64);

/// A whole number, 0 or more, which may be written as `63.0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count(pub u64);

/// 0 or 1, or false or true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch(pub bool);

/// Pairs of a bad place and the one that replaces it: `[[3, 9], [4, 10]]`, or the same without the inner brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(pub Vec<(u64, u64)>);

pub const ONE: i64 = 1_000_000_000;

impl Number {
    /// A decimal number; digits beyond the ninth are rounded to the nearest. Nothing when it is none, or too large.
    pub fn parse(text: &str) -> Option<Number> {
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok().filter(|power| power.abs() <= 60)?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let fraction = &fraction[..fraction.len().min(25)];
        let all: i128 = format!("0{whole}{fraction}")
            .trim_start_matches('0')
            .parse()
            .or_else(|error| {
                // Nothing is left of a zero.
                if whole.bytes().chain(fraction.bytes()).all(|digit| digit == b'0') { Ok(0) } else { Err(error) }
            })
            .ok()?;
        let shift = 9 + power - i32::try_from(fraction.len()).ok()?;
        let billionths = if shift >= 0 {
            all.checked_mul(10i128.checked_pow(shift.unsigned_abs())?)?
        } else {
            let divisor = 10i128.checked_pow(shift.unsigned_abs()).unwrap_or(i128::MAX);
            (all + divisor / 2) / divisor
        };
        i64::try_from(if negative { -billionths } else { billionths }).ok().map(Number)
    }

    pub fn to_float(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

impl Shape for Number {
    fn form() -> Form {
        Form::Decimal
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Number> {
        let text = match &node.value {
            Value::Whole(whole) => whole.to_string(),
            Value::Decimal(text) | Value::Bare(text) => text.clone(),
            _ => {
                problems.push(wrong_type(node, path, "a number", "write it without quotes, as in `4.9`"));
                return None;
            }
        };
        let number = Number::parse(&text);
        if number.is_none() {
            problems.push(out_of_range(&node.place, path, "a number between -9 and 9 billion"));
        }
        number
    }
}

impl Shape for Count {
    fn form() -> Form {
        Form::WHOLE
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Count> {
        let count = match &node.value {
            Value::Whole(whole) => u64::try_from(*whole).ok(),
            Value::Decimal(text) => {
                Number::parse(text).filter(|it| it.0 >= 0 && it.0 % ONE == 0).map(|it| (it.0 / ONE).unsigned_abs())
            }
            Value::Bare(text) => text.parse().ok(),
            _ => None,
        };
        if count.is_none() {
            problems.push(wrong_type(node, path, "a whole number, 0 or more", "write it without quotes and sign"));
        }
        count.map(Count)
    }
}

impl Shape for Switch {
    fn form() -> Form {
        Form::Binary
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Switch> {
        match &node.value {
            Value::Whole(0) | Value::Flag(false) => Some(Switch(false)),
            Value::Whole(1) | Value::Flag(true) => Some(Switch(true)),
            _ => {
                problems.push(wrong_type(node, path, "0 or 1", "write `0` for no and `1` for yes"));
                None
            }
        }
    }
}

impl Shape for Pairs {
    fn form() -> Form {
        Form::Pairs
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Pairs> {
        let Value::List(items) = &node.value else {
            problems.push(wrong_type(node, path, "a list of pairs", "write pairs as `[[3, 9], [4, 10]]`"));
            return None;
        };
        let mut flat = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match &item.value {
                Value::List(pair) if pair.len() == 2 => {
                    let pair: Vec<Given<Count>> = Shape::read(item, &path, problems)?;
                    flat.extend(pair.into_iter().map(|given| given.value.0));
                }
                _ => flat.push(Count::read(item, &path, problems)?.0),
            }
        }
        if flat.len() % 2 == 1 {
            let problem = Diagnostic::error(Code::WrongType, format!("`{path}`: a place has no replacement"));
            problems.push(
                problem
                    .at(&node.place, "an odd number of places")
                    .path(path)
                    .help("give each bad place with the one that replaces it, as `[[3, 9], [4, 10]]`"),
            );
            return None;
        }
        Some(Pairs(flat.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, billionths) in [
            ("0.18686", Some(186_860_000)),
            ("-1.0", Some(-1_000_000_000)),
            ("+.5", Some(500_000_000)),
            ("5.", Some(5_000_000_000)),
            ("0", Some(0)),
            ("0.000", Some(0)),
            ("00.10", Some(100_000_000)),
            ("1e-3", Some(1_000_000)),
            ("1.5E2", Some(150_000_000_000)),
            ("0.0000000005", Some(1)),
            ("0.00000000049999999999999999999999999", Some(0)),
            ("10000000000", None),
            ("1e60", None),
            ("nan", None),
            ("inf", None),
            ("", None),
            (".", None),
            ("1.2.3", None),
        ] {
            assert_eq!(Number::parse(text).map(|number| number.0), billionths, "{text}");
        }
    }
}
