//! Axes: where a value stands, and which values are written beside it.

use super::canvas::{Area, Canvas, LABEL, Side, stroke};
use super::{GRID, INK};

/// A value beside an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub text: String,
}

/// From values to places along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Linear {
        low: f64,
        high: f64,
    },
    /// By powers of ten; both ends are above zero.
    Decades {
        low: f64,
        high: f64,
    },
}

impl Scale {
    /// The share of the way from the low to the high end, kept between them.
    pub fn share(&self, value: f64) -> f64 {
        let share = match *self {
            Scale::Linear { low, high } => (value - low) / (high - low),
            Scale::Decades { low, high } => {
                let from = libm::log10(low);
                (libm::log10(value.max(low)) - from) / (libm::log10(high) - from)
            }
        };
        share.clamp(0.0, 1.0)
    }

    pub fn x(&self, area: &Area, value: f64) -> f64 {
        area.left + area.width() * self.share(value)
    }

    pub fn y(&self, area: &Area, value: f64) -> f64 {
        area.bottom - area.height() * self.share(value)
    }
}

/// The powers of ten around some values above zero, at least one decade.
pub(super) fn decades(values: impl Iterator<Item = f64>) -> Scale {
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for value in values.filter(|value| *value > 0.0 && value.is_finite()) {
        least = least.min(value);
        most = most.max(value);
    }
    if most <= 0.0 {
        return Scale::Decades { low: 1.0, high: 10.0 };
    }
    // From tables, because powers differ from system to system.
    let powers = || (-12..=19).map(power_of_ten);
    let low = powers().rev().find(|power| *power <= least).unwrap_or(1e-12);
    let high = powers().find(|power| *power >= most && *power > low).unwrap_or(1e19);
    Scale::Decades { low, high }
}

fn power_of_ten(exponent: i32) -> f64 {
    let text = format!("1e{exponent}");
    text.parse().expect("a power of ten is a number")
}

/// The powers of ten of a logarithmic axis in nanoseconds, as `100 µs` or `1 ms`.
pub(super) fn times_by_decades(scale: Scale) -> Vec<Tick> {
    let Scale::Decades { low, high } = scale else { return Vec::new() };
    let mut ticks = Vec::new();
    let mut value = low;
    while value <= high * 1.001 {
        ticks.push(Tick { value, text: time_label(value) });
        value *= 10.0;
    }
    ticks
}

/// A round time, as `100 µs`.
fn time_label(ns: f64) -> String {
    let ns = ns.round() as u64;
    for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")] {
        if ns >= unit {
            return format!("{} {name}", ns / unit);
        }
    }
    format!("{ns} ns")
}

/// Steps of a time axis, in seconds.
const STEPS: [u64; 26] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    14_400,
    43_200,
    86_400,
    172_800,
    432_000,
    864_000,
    1_728_000,
    4_320_000,
    8_640_000,
    31_536_000,
    157_680_000,
    315_360_000,
];

/// The ticks of an axis of simulated time from 0 to `end` nanoseconds, and the axis' title.
pub(super) fn simulated_time(end: u64, most: usize) -> (Vec<Tick>, &'static str) {
    let seconds = end as f64 / 1e9;
    if seconds < 3.0 {
        let step = step_of(seconds.max(1e-9) * 1e3);
        let last = (seconds * 1e3 / step + 1e-9) as u64;
        let tick = |number: u64| {
            let ms = number as f64 * step;
            Tick { value: ms * 1e6, text: decimal(ms, step) }
        };
        return ((0..=last).map(tick).collect(), "simulated time (ms)");
    }
    let fits = |step: &&u64| seconds / **step as f64 <= most.max(1) as f64;
    let step = *STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1]);
    let (name, label): (_, fn(u64) -> String) = match end / 1_000_000_000 {
        0..10_800 => ("simulated time (min:s)", |at| format!("{}:{:02}", at / 60, at % 60)),
        10_800..345_600 => ("simulated time (h:min)", |at| format!("{}:{:02}", at / 3_600, at % 3_600 / 60)),
        _ => ("simulated time (days)", |at| format!("{}", at / 86_400)),
    };
    let last = end / 1_000_000_000 / step;
    ((0..=last).map(|number| Tick { value: (number * step) as f64 * 1e9, text: label(number * step) }).collect(), name)
}

/// Round values from 0 to the first step at or beyond `most`.
pub(super) fn from_zero(most: f64) -> (Scale, Vec<Tick>) {
    let end = nice_end(most);
    let step = step_of(end);
    let steps = (end / step).round() as u32;
    let tick = |number: u32| {
        let value = f64::from(number) * step;
        Tick { value, text: decimal(value, step) }
    };
    (Scale::Linear { low: 0.0, high: end }, (0..=steps).map(tick).collect())
}

/// The lower edge of a frame, with ticks below it and its title; `grid` draws lines through the frame.
pub(super) fn below(canvas: &mut Canvas<'_>, area: &Area, scale: Scale, ticks: &[Tick], title: &str, grid: bool) {
    canvas.line(&[(area.left, area.bottom), (area.right, area.bottom)], stroke(INK, 1.0));
    // A label that would touch the one before it is left out; its tick stays.
    let mut free_from = f64::NEG_INFINITY;
    for tick in ticks {
        let x = scale.x(area, tick.value);
        if grid {
            canvas.line(&[(x, area.top), (x, area.bottom)], stroke(GRID, 1.0));
        }
        canvas.line(&[(x, area.bottom), (x, area.bottom + 4.0)], stroke(INK, 1.0));
        let half = LABEL.width(&tick.text) / 2.0;
        if x - half >= free_from {
            canvas.text(&tick.text, (x, area.bottom + 13.0), LABEL);
            free_from = x + half + 4.0;
        }
    }
    canvas.text(title, (area.middle(), area.bottom + 34.0), LABEL.sized(12.0));
}

/// The left edge of a frame, with ticks left of it and lines through it; its title stands upright at `x` if there is one.
pub(super) fn beside(canvas: &mut Canvas<'_>, area: &Area, scale: Scale, ticks: &[Tick], title: Option<(&str, f64)>) {
    for tick in ticks {
        let y = scale.y(area, tick.value);
        canvas.line(&[(area.left, y), (area.right, y)], stroke(GRID, 1.0));
        canvas.line(&[(area.left - 4.0, y), (area.left, y)], stroke(INK, 1.0));
        canvas.text(&tick.text, (area.left - 8.0, y), LABEL.at(Side::Right));
    }
    canvas.line(&[(area.left, area.top), (area.left, area.bottom)], stroke(INK, 1.0));
    if let Some((title, x)) = title {
        canvas.upright(title, (x, (area.top + area.bottom) / 2.0), LABEL.sized(12.0));
    }
}

/// The step of an axis up to `most`: 1, 2 or 5 times a power of ten, and four to ten of them.
pub(super) fn step_of(most: f64) -> f64 {
    // By steps, because logarithms differ from system to system.
    let mut power = 1.0;
    while most / 4.0 >= power * 10.0 {
        power *= 10.0;
    }
    while most / 4.0 < power {
        power /= 10.0;
    }
    [5.0, 2.0, 1.0].into_iter().map(|factor| factor * power).find(|step| most / step >= 3.999).unwrap_or(power)
}

/// The first step at or beyond a value.
pub(super) fn nice_end(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let step = step_of(value);
    (value / step).ceil() * step
}

pub(super) fn decimal(value: f64, step: f64) -> String {
    let (mut decimals, mut scaled) = (0, step);
    while scaled < 0.999 {
        scaled *= 10.0;
        decimals += 1;
    }
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &[Tick]) -> String {
        ticks.iter().map(|tick| &tick.text[..]).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, end, step) in
            [(56.75, 60.0, 10.0), (19.1, 20.0, 5.0), (4.0, 4.0, 1.0), (0.07, 0.08, 0.02), (0.0, 1.0, 0.2)]
        {
            let most = nice_end(value);
            assert!((most - end).abs() < 1e-9 * end, "{value}: {most}");
            assert!((step_of(most) - step).abs() < 1e-9 * step, "{value}: {}", step_of(most));
        }
        assert_eq!((decimal(0.06, 0.02), decimal(15.0, 5.0)), ("0.06".to_owned(), "15".to_owned()));
        assert_eq!(texts(&from_zero(56.75).1), "0 10 20 30 40 50 60");
    }

    #[test]
    fn times_are_written_as_people_say_them() {
        assert_eq!(
            texts(&simulated_time(600_000_000_000, 10).0),
            "0:00 1:00 2:00 3:00 4:00 5:00 6:00 7:00 8:00 9:00 10:00"
        );
        assert_eq!(texts(&simulated_time(36_000_000_000_000, 6).0), "0:00 2:00 4:00 6:00 8:00 10:00");
        assert_eq!(texts(&simulated_time(2_000_000, 6).0), "0.0 0.5 1.0 1.5 2.0");
        assert_eq!(simulated_time(864_000_000_000_000, 6).1, "simulated time (days)");
        assert!(simulated_time(u64::MAX, 6).0.len() <= 60);
        let ticks = times_by_decades(decades([250e3, 12e9].into_iter()));
        assert_eq!(texts(&ticks), "100 µs 1 ms 10 ms 100 ms 1 s 10 s 100 s");
    }

    #[test]
    fn a_decade_holds_equal_values_and_none() {
        assert_eq!(decades([1e6, 1e6].into_iter()), Scale::Decades { low: 1e6, high: 1e7 });
        assert_eq!(decades([].into_iter()), Scale::Decades { low: 1.0, high: 10.0 });
        let area = Area { left: 0.0, top: 0.0, right: 100.0, bottom: 100.0 };
        let scale = decades([1e6, 9e7].into_iter());
        assert_eq!((scale.x(&area, 1e7).round(), scale.y(&area, 0.0)), (50.0, 100.0));
    }
}
