//! Quantities with units, as a scenario writes them: `"12.5 ms"`, `"56664 B"`, `"14 MB/s"`, `"70 %"`.
//!
//! Digits are read into integers one by one; no float ever holds a quantity. A value that is not a whole number of the
//! base unit (nanosecond, byte, part per million) is an error, because a rounded one would not be what was written.

use std::ops::Range;

use crate::kernel::Span;

/// What kind of quantity a place wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Base unit: nanosecond.
    Duration,
    /// Base unit: byte.
    Size,
    /// Base unit: byte per second.
    Rate,
    /// Base unit: part per million.
    Share,
    /// Base unit: millimetre.
    Length,
    /// Base unit: millimetre per second.
    Speed,
    /// Thousandths of a plain decimal number.
    Ratio,
}

/// Why a text is no quantity. Spans are byte ranges inside the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    pub kind: UnitErrorKind,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitErrorKind {
    NoNumber,
    MissingUnit,
    UnknownUnit(String),
    /// The number of base units has a fraction.
    NotWhole,
    /// Beyond 64 bits of base units.
    TooLarge,
}

type Units = &'static [(&'static str, u64)];

/// The first unit listed is the one that messages show; the order otherwise is from small to large.
const DURATIONS: Units = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
const SIZES: Units = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];
const RATES: Units = &[("B/s", 1), ("kB/s", 1_000), ("MB/s", 1_000_000), ("GB/s", 1_000_000_000)];
const SHARES: Units = &[("ppm", 1), ("%", 10_000)];
const LENGTHS: Units = &[("mm", 1), ("m", 1_000)];
const SPEEDS: Units = &[("mm/s", 1), ("m/s", 1_000)];
/// Units of the gap that a frequency names.
const PERIODS: Units = &[("/s", 1_000_000_000), ("/min", 60_000_000_000), ("/h", 3_600_000_000_000)];

impl Dimension {
    fn units(self) -> Units {
        match self {
            Dimension::Duration => DURATIONS,
            Dimension::Size => SIZES,
            Dimension::Rate => RATES,
            Dimension::Share => SHARES,
            Dimension::Length => LENGTHS,
            Dimension::Speed => SPEEDS,
            Dimension::Ratio => &[],
        }
    }

    /// A text that would be right, for messages.
    pub fn example(self) -> &'static str {
        match self {
            Dimension::Duration => "12.5 ms",
            Dimension::Size => "4096 B",
            Dimension::Rate => "14 MB/s",
            Dimension::Share => "70 %",
            Dimension::Length => "320 m",
            Dimension::Speed => "5 m/s",
            Dimension::Ratio => "3.0",
        }
    }

    pub fn noun(self) -> &'static str {
        match self {
            Dimension::Duration => "a duration",
            Dimension::Size => "a size",
            Dimension::Rate => "a rate",
            Dimension::Share => "a share",
            Dimension::Length => "a length",
            Dimension::Speed => "a speed",
            Dimension::Ratio => "a number",
        }
    }

    /// The base unit in words: what a value must be a whole number of.
    pub fn base(self) -> &'static str {
        match self {
            Dimension::Duration => "nanoseconds",
            Dimension::Size => "bytes",
            Dimension::Rate => "bytes per second",
            Dimension::Share => "parts per million",
            Dimension::Length => "millimetres",
            Dimension::Speed => "millimetres per second",
            Dimension::Ratio => "thousandths",
        }
    }

    /// The units a message offers.
    pub fn unit_names(self) -> Vec<&'static str> {
        self.units().iter().map(|(name, _)| *name).collect()
    }

    /// `text` in base units, exactly.
    pub fn parse(self, text: &str) -> Result<u64, UnitError> {
        let number = Number::read(text)?;
        if self == Dimension::Ratio {
            return match number.unit {
                "" => number.times(1_000),
                unit => Err(number.at_unit(UnitErrorKind::UnknownUnit(unit.to_owned()))),
            };
        }
        let factor = number.factor(self.units())?;
        number.times(factor)
    }

    /// The normal form of `value` base units: the largest unit that needs at most three decimals.
    pub fn show(self, value: u64) -> String {
        if self == Dimension::Ratio {
            return decimal(value, 1_000);
        }
        let units = self.units();
        // Binary and decimal sizes both lie in the list; the one with the shorter text wins, so 192 MiB stays that.
        let forms = units.iter().map(|&(name, factor)| (decimal(value, factor), name));
        let short = forms.min_by_key(|(digits, name)| {
            let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            (fraction > 3, digits.len(), name.len())
        });
        let (digits, name) = short.expect("every dimension has a unit");
        format!("{digits} {name}")
    }
}

/// How often something happens: the mean gap, and the text in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frequency {
    /// Rounded down to whole nanoseconds; zero when the frequency is.
    pub gap: Option<Span>,
    pub text: String,
}

impl Frequency {
    /// `"120 /s"`, `"7.5 /min"`. The gap need not be a whole number of nanoseconds: it is the mean of a random one.
    pub fn parse(text: &str) -> Result<Frequency, UnitError> {
        let number = Number::read(text)?;
        let period = number.factor(PERIODS)?;
        let normal = format!("{} {}", number.shown(), number.unit);
        if number.digits == 0 {
            return Ok(Frequency { gap: None, text: normal });
        }
        let gap = number.scale.checked_mul(u128::from(period)).map(|scaled| scaled / number.digits);
        let gap = gap.and_then(|ns| u64::try_from(ns).ok()).ok_or_else(|| number.at_digits(UnitErrorKind::TooLarge))?;
        if gap == 0 {
            return Err(number.at_digits(UnitErrorKind::TooLarge));
        }
        Ok(Frequency { gap: Some(Span::from_ns(gap)), text: normal })
    }
}

/// `digits / scale` in front of a unit.
struct Number<'t> {
    digits: u128,
    scale: u128,
    unit: &'t str,
    digits_span: Range<usize>,
    unit_span: Range<usize>,
}

impl<'t> Number<'t> {
    fn read(text: &'t str) -> Result<Number<'t>, UnitError> {
        let start = text.len() - text.trim_start().len();
        let length = text[start..].find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'));
        let end = length.map_or(text.len(), |length| start + length);
        let unit = text[end..].trim();
        let unit_start = if unit.is_empty() { end } else { text.len() - text[end..].trim_start().len() };
        let mut number = Number {
            digits: 0,
            scale: 1,
            unit,
            digits_span: start..end,
            unit_span: unit_start..unit_start + unit.len(),
        };
        let digits = &text[start..end];
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
        let complete = !whole.is_empty() && (!digits.contains('.') || !fraction.is_empty());
        if !complete || !plain(fraction) || !whole.starts_with(|c: char| c.is_ascii_digit()) {
            let span = if digits.is_empty() { 0..text.len() } else { start..end };
            return Err(UnitError { kind: UnitErrorKind::NoNumber, span });
        }
        let significant = fraction.trim_end_matches('0');
        for digit in whole.bytes().chain(significant.bytes()).filter(u8::is_ascii_digit) {
            let next = number.digits.checked_mul(10).and_then(|value| value.checked_add(u128::from(digit - b'0')));
            number.digits = next.ok_or_else(|| number.at_digits(UnitErrorKind::TooLarge))?;
        }
        let decimals = significant.bytes().filter(u8::is_ascii_digit).count();
        let scale = u32::try_from(decimals).ok().and_then(|decimals| 10_u128.checked_pow(decimals));
        number.scale = scale.ok_or_else(|| number.at_digits(UnitErrorKind::NotWhole))?;
        Ok(number)
    }

    fn factor(&self, units: Units) -> Result<u64, UnitError> {
        if self.unit.is_empty() {
            return Err(UnitError { kind: UnitErrorKind::MissingUnit, span: self.digits_span.clone() });
        }
        let found = units.iter().find(|(name, _)| *name == self.unit);
        found.map(|&(_, factor)| factor).ok_or_else(|| self.at_unit(UnitErrorKind::UnknownUnit(self.unit.to_owned())))
    }

    fn times(&self, factor: u64) -> Result<u64, UnitError> {
        let product = self.digits.checked_mul(u128::from(factor));
        let product = product.ok_or_else(|| self.at_digits(UnitErrorKind::TooLarge))?;
        if !product.is_multiple_of(self.scale) {
            return Err(self.at_digits(UnitErrorKind::NotWhole));
        }
        u64::try_from(product / self.scale).map_err(|_| self.at_digits(UnitErrorKind::TooLarge))
    }

    fn shown(&self) -> String {
        if self.scale == 1 {
            return self.digits.to_string();
        }
        let width = self.scale.ilog10() as usize;
        format!("{}.{:0width$}", self.digits / self.scale, self.digits % self.scale)
    }

    fn at_digits(&self, kind: UnitErrorKind) -> UnitError {
        UnitError { kind, span: self.digits_span.clone() }
    }

    fn at_unit(&self, kind: UnitErrorKind) -> UnitError {
        UnitError { kind, span: self.unit_span.clone() }
    }
}

/// `value / unit` as an exact decimal number, or with all its digits when it has no short one.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, mut rest) = (value / unit, value % unit);
    let mut text = whole.to_string();
    if rest == 0 {
        return text;
    }
    text.push('.');
    // A binary unit never needs more than 30 decimals, a decimal one never more than its zeros.
    while rest > 0 {
        let tenfold = u128::from(rest) * 10;
        text.push(char::from(b'0' + (tenfold / u128::from(unit)) as u8));
        let remainder = tenfold % u128::from(unit);
        rest = u64::try_from(remainder).expect("a remainder is smaller than the unit");
        if text.len() > 40 {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dimension: Dimension, text: &str, value: u64, normal: &str) {
        assert_eq!(dimension.parse(text), Ok(value), "{text}");
        assert_eq!(dimension.show(value), normal);
        assert_eq!(dimension.parse(normal), Ok(value), "the normal form {normal} means the same");
    }

    #[track_caller]
    fn refused(dimension: Dimension, text: &str, kind: UnitErrorKind, place: &str) {
        let error = dimension.parse(text).expect_err(text);
        assert_eq!((error.kind, &text[error.span]), (kind, place));
    }

    #[test]
    fn quantities_become_whole_base_units() {
        check(Dimension::Duration, "12.5 ms", 12_500_000, "12.5 ms");
        check(Dimension::Duration, "60 s", 60_000_000_000, "1 min");
        check(Dimension::Duration, "90 s", 90_000_000_000, "90 s");
        check(Dimension::Duration, "1.25h", 4_500_000_000_000, "75 min");
        check(Dimension::Duration, "0 s", 0, "0 s");
        check(Dimension::Duration, "0.3 ms", 300_000, "300 us");
        check(Dimension::Size, "56664 B", 56_664, "56664 B");
        check(Dimension::Size, "8192 MiB", 8 << 30, "8 GiB");
        check(Dimension::Size, "36.4 GB", 36_400_000_000, "36.4 GB");
        check(Dimension::Rate, "14 MB/s", 14_000_000, "14 MB/s");
        check(Dimension::Share, "0.3 %", 3_000, "0.3 %");
        check(Dimension::Share, "70%", 700_000, "70 %");
        check(Dimension::Length, "320 m", 320_000, "320 m");
        check(Dimension::Ratio, "3", 3_000, "3");
        check(Dimension::Ratio, "0.3", 300, "0.3");
    }

    #[test]
    fn every_value_survives_its_normal_form() {
        let values = [0, 1, 7, 999, 1_000, 1_001, 57_344, 1 << 20, (1 << 30) + 1, 123_456_789_012, u64::MAX];
        for dimension in [Dimension::Duration, Dimension::Size, Dimension::Rate, Dimension::Share, Dimension::Ratio] {
            for value in values {
                assert_eq!(dimension.parse(&dimension.show(value)), Ok(value), "{}", dimension.show(value));
            }
        }
    }

    #[test]
    fn what_is_not_exact_is_refused_with_its_place() {
        refused(Dimension::Duration, "1.5 ns", UnitErrorKind::NotWhole, "1.5");
        refused(Dimension::Duration, "0.0000000001 s", UnitErrorKind::NotWhole, "0.0000000001");
        refused(Dimension::Size, "0.3 B", UnitErrorKind::NotWhole, "0.3");
        refused(Dimension::Duration, "12.5", UnitErrorKind::MissingUnit, "12.5");
        refused(Dimension::Duration, "12.5 MB", UnitErrorKind::UnknownUnit("MB".into()), "MB");
        refused(Dimension::Duration, "99999999999 d", UnitErrorKind::TooLarge, "99999999999");
        refused(Dimension::Duration, "ms", UnitErrorKind::NoNumber, "ms");
        refused(Dimension::Duration, "1.2.3 s", UnitErrorKind::NoNumber, "1.2.3");
        refused(Dimension::Duration, "-1 s", UnitErrorKind::NoNumber, "-1 s");
        refused(Dimension::Duration, "", UnitErrorKind::NoNumber, "");
        refused(Dimension::Ratio, "3 x", UnitErrorKind::UnknownUnit("x".into()), "x");
    }

    #[test]
    fn a_frequency_is_a_mean_gap() {
        let gap = |text: &str| Frequency::parse(text).map(|frequency| (frequency.gap.map(Span::ns), frequency.text));
        assert_eq!(gap("120 /s"), Ok((Some(8_333_333), "120 /s".into())));
        assert_eq!(gap("7.50/min"), Ok((Some(8_000_000_000), "7.5 /min".into())));
        assert_eq!(gap("0 /s"), Ok((None, "0 /s".into())));
        assert_eq!(gap("120").map_err(|error| error.kind), Err(UnitErrorKind::MissingUnit));
        assert_eq!(gap("2000000000 /s").map_err(|error| error.kind), Err(UnitErrorKind::TooLarge));
    }
}
