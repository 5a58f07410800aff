//! How the fields of a text record become numbers: exactly, never through a float.

use super::record::RecordOp;
use super::reject::{Bad, RejectReason, shown_text};

/// The fields of one line, each with the name that a message gives it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a, const N: usize> {
    pub line: u64,
    pub names: &'static [&'static str; N],
    pub texts: [&'a [u8]; N],
}

impl<'a, const N: usize> Row<'a, N> {
    /// A line of exactly the named fields.
    pub fn exactly(
        line: u64,
        names: &'static [&'static str; N],
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Row<'a, N>, Bad> {
        match Row::split(line, names, fields) {
            (row, count) if count == N => Ok(row),
            (_, count) => Err(count_of(line, count, &N.to_string())),
        }
    }

    /// A line of the named fields and perhaps more, which mean nothing.
    pub fn at_least(
        line: u64,
        names: &'static [&'static str; N],
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Row<'a, N>, Bad> {
        match Row::split(line, names, fields) {
            (row, count) if count >= N => Ok(row),
            (_, count) => Err(count_of(line, count, &format!("at least {N}"))),
        }
    }

    fn split(
        line: u64,
        names: &'static [&'static str; N],
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> (Row<'a, N>, usize) {
        let mut texts: [&[u8]; N] = [&[]; N];
        let mut count = 0;
        for field in fields {
            if let Some(text) = texts.get_mut(count) {
                *text = field;
            }
            count += 1;
        }
        (Row { line, names, texts }, count)
    }

    pub fn whole(&self, field: usize) -> Result<u64, Bad> {
        whole_number(self.texts[field], 10).ok_or_else(|| self.no_number(field, "whole number"))
    }

    pub fn hexadecimal(&self, field: usize) -> Result<u64, Bad> {
        whole_number(self.texts[field], 16).ok_or_else(|| self.no_number(field, "hexadecimal number"))
    }

    /// A decimal number of units of `10^digits` nanoseconds, in nanoseconds.
    pub fn decimal(&self, field: usize, digits: u32) -> Result<u128, Bad> {
        decimal_ns(self.texts[field], digits).ok_or_else(|| self.no_number(field, "decimal number"))
    }

    /// As [`Row::decimal`], for an interval.
    pub fn interval(&self, field: usize, digits: u32) -> Result<u64, Bad> {
        u64::try_from(self.decimal(field, digits)?).map_err(|_| self.no_number(field, "interval"))
    }

    pub fn operation(&self, field: usize, known: &[(&str, RecordOp)], expected: &str) -> Result<RecordOp, Bad> {
        let text = self.texts[field];
        let found = known.iter().find(|(name, _)| text.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, op)| *op).ok_or_else(|| {
            let (line, name, shown) = (self.line, self.names[field], shown_text(text));
            Bad::new(RejectReason::Operation, format!("in line {line} `{name}` is `{shown}`, not {expected}"))
        })
    }

    fn no_number(&self, field: usize, kind: &str) -> Bad {
        let (line, name, shown) = (self.line, self.names[field], shown_text(self.texts[field]));
        let message = format!("in line {line} `{name}` is `{shown}`, which is no {kind} in range");
        Bad::new(RejectReason::Number, message)
    }
}

fn count_of(line: u64, count: usize, expected: &str) -> Bad {
    Bad::new(RejectReason::Fields, format!("line {line} has {count} fields instead of {expected}"))
}

pub(super) fn commas(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|&byte| byte == b',')
}

/// Fields between commas, without the blanks around them.
pub(super) fn trimmed_commas(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    commas(content).map(<[u8]>::trim_ascii)
}

/// Fields between runs of blanks.
pub(super) fn blanks(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|byte| byte.is_ascii_whitespace()).filter(|field| !field.is_empty())
}

/// Digits only: no sign, no blank, nothing beyond 64 bits.
pub(super) fn whole_number(text: &[u8], radix: u32) -> Option<u64> {
    let digit = |value: u64, &byte: &u8| {
        let digit = char::from(byte).to_digit(radix)?;
        value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))
    };
    (!text.is_empty()).then_some(())?;
    text.iter().try_fold(0, digit)
}

/// A decimal number of units of `10^digits` ns, in ns. The whole part fits 64 bits. Digits below a nanosecond are cut off,
/// as the clock of a run knows none.
pub(super) fn decimal_ns(text: &[u8], digits: u32) -> Option<u128> {
    let (whole, fraction) = match text.iter().position(|&byte| byte == b'.') {
        None => (text, &text[..0]),
        Some(point) => (&text[..point], &text[point + 1..]),
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut ns = u128::from(whole_number(whole, 10)?) * 10u128.pow(digits);
    let mut weight = 10u128.pow(digits);
    for digit in fraction {
        weight /= 10;
        ns += u128::from(digit - b'0') * weight;
    }
    Some(ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_read_exactly() {
        let seconds = |text: &str| decimal_ns(text.as_bytes(), 9);
        assert_eq!(seconds("1455591804.310701000"), Some(1_455_591_804_310_701_000));
        assert_eq!(seconds("0.1"), Some(100_000_000));
        assert_eq!(seconds("7"), Some(7_000_000_000));
        assert_eq!(seconds("7."), Some(7_000_000_000));
        assert_eq!(seconds("0.0000000019"), Some(1), "below a nanosecond it is cut off");
        assert_eq!(decimal_ns(b"4757.708232", 3), Some(4_757_708));
        for wrong in ["", ".5", "1e3", "-1", "+1", "1.2.3", "1,5", " 1", "18446744073709551616"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_written(number in any::<u64>(), fraction in 0..1_000_000_000u64) {
            prop_assert_eq!(whole_number(number.to_string().as_bytes(), 10), Some(number));
            prop_assert_eq!(whole_number(format!("{number:x}").as_bytes(), 16), Some(number));
            let expected = u128::from(number) * 1_000_000_000 + u128::from(fraction);
            prop_assert_eq!(decimal_ns(format!("{number}.{fraction:09}").as_bytes(), 9), Some(expected));
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..60), digits in 0..10u32) {
            let _ = decimal_ns(&text, digits);
            let _ = (whole_number(&text, 10), whole_number(&text, 16));
        }
    }
}
