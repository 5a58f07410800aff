//! Charts: plain numbers in, an SVG text out. The only place that names the drawing library.
//!
//! Coordinates of its SVG backend are whole numbers, so everything is drawn `K` times as large and shown at its own
//! size. The library estimates no widths of text: margins are ours.

mod availability;
mod bars;
mod canvas;
mod crashes;
mod density;
mod distribution;
mod load;
mod percentiles;
mod phases;
#[cfg(feature = "png")]
mod png;
mod scale;
#[cfg(test)]
mod soundness;
mod tally;
mod tornado;
mod windows;

pub use availability::{Availability, Row, Shown, Stay};
pub use bars::{Bar, Bars, Measure};
pub use canvas::Dash;
pub use crashes::{Cell, CrashMap, Fate};
pub use density::{Density, Hot, Slot};
pub use distribution::{Curve, Distributions};
pub use load::{Load, Worker};
pub use percentiles::{Line, Percentiles, Step};
pub use phases::{Phase, Phases};
#[cfg(feature = "png")]
pub use png::png;
pub use tally::Tally;
pub use tornado::{Tornado, Wing};
pub use windows::{Window, Windows};

use plotters::style::RGBColor;

/// How much larger a chart is drawn than it is shown.
const K: u32 = 4;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GREY: RGBColor = RGBColor(0x6E, 0x6E, 0x6E);
const GRID: RGBColor = RGBColor(0xE2, 0xE2, 0xE2);
const WHITE_RGB: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

// The colours of Okabe and Ito, which people see apart who see fewer colours than others.
const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
const PURPLE: RGBColor = RGBColor(0xCC, 0x79, 0xA7);
const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
const SILVER: RGBColor = RGBColor(0xC8, 0xC8, 0xC8);
/// Of faults and violations alone, never without a shape or stripes.
const VERMILION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);

/// How a line or a bar of its own is drawn: five of them are told apart without colours too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    color: RGBColor,
    dash: Dash,
}

impl Look {
    const ALL: [Look; 5] = [
        Look { color: BLUE, dash: Dash::Solid },
        Look { color: ORANGE, dash: Dash::Solid },
        Look { color: PURPLE, dash: Dash::Long },
        Look { color: GREEN, dash: Dash::Dotted },
        Look { color: GREY, dash: Dash::Long },
    ];

    /// That of the first, second, ... of several; they come again after five.
    pub fn numbered(number: usize) -> Look {
        Look::ALL[number % Look::ALL.len()]
    }

    /// That of a method of backup, in every chart.
    pub fn of_method(name: &str) -> Look {
        match name {
            "safe-backup" => Look { color: BLUE, dash: Dash::Solid },
            "same-id-offline" => Look { color: ORANGE, dash: Dash::Solid },
            "no-volid-manual" => Look { color: GREEN, dash: Dash::Solid },
            "direct-dump" => Look { color: PURPLE, dash: Dash::Long },
            _ => Look { color: GREY, dash: Dash::Dotted },
        }
    }
}

/// A moment at which something went wrong, drawn above the frame and through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub time_ns: u64,
    pub text: String,
}

/// Fault marks: a triangle above the frame, a line through it, a text where there is room for one.
fn marks(canvas: &mut canvas::Canvas<'_>, area: &canvas::Area, scale: scale::Scale, marks: &[Mark]) {
    use canvas::{LABEL, Side, stroke};
    let mut free_from = [f64::NEG_INFINITY; 2];
    for mark in marks {
        let x = scale.x(area, mark.time_ns as f64);
        canvas.line(&[(x, area.top - 4.0), (x, area.bottom)], stroke(INK, 1.0));
        let top = area.top - 9.0;
        canvas.polygon(&[(x - 4.0, top), (x + 4.0, top), (x, area.top - 2.0)], VERMILION, 1.0);
        let style = LABEL.sized(10.0);
        let text = style.fitted(&mark.text, 150.0);
        let width = style.width(&text);
        // Right of its line, or left of it near the edge.
        let (place, side, from) = match x + 7.0 + width <= area.right + 24.0 {
            true => (x + 7.0, Side::Left, x),
            false => (x - 7.0, Side::Right, x - 7.0 - width),
        };
        // Beside its triangle where no other one stands, or above the triangles.
        let meets = |other: &&Mark| {
            let at = scale.x(area, other.time_ns as f64);
            at != x && at > from - 5.0 && at < from + width + 12.0
        };
        let first = usize::from(marks.iter().any(|other| meets(&other)));
        if let Some(row) = (first..2).find(|row| from >= free_from[*row]) {
            canvas.text(&text, (place, area.top - 7.0 - 13.0 * row as f64), style.at(side));
            free_from[row] = from + width + 16.0;
        }
    }
}

/// Columns and rows as the text beside a chart: the numbers that are drawn.
fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("a vector takes it");
    rows.for_each(|row| writer.write_record(row).expect("a vector takes it"));
    let bytes = writer.into_inner().expect("a vector takes it");
    String::from_utf8(bytes).expect("texts make a text")
}

/// Gives a drawing its own size, fonts, a title for those who do not see it, and nothing else.
fn finished(drawn: &str, (width, height): (u32, u32), title: &str) -> String {
    let drawn = drawn.replace("font-family=\"sans-serif\"", "font-family=\"DejaVu Sans, Arial, sans-serif\"");
    // What is the default need not be said a thousand times.
    let drawn = drawn.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "");
    let body = drawn.find('>').map_or("", |end| &drawn[end + 1..]);
    let (wide, high) = (width * K, height * K);
    let title = escaped(title);
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {wide} {high}\" xmlns=\"http://www.w3.org/2000/svg\" \
         role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>{body}"
    )
}

/// Areas that touch each other show no seams: groups of rectangles keep to whole pixels.
fn crisp(svg: &str) -> String {
    let mut crisp = String::with_capacity(svg.len());
    let mut inside = false;
    for line in svg.lines() {
        if line.starts_with("<rect ") != inside {
            inside = !inside;
            crisp.push_str(if inside { "<g shape-rendering=\"crispEdges\">\n" } else { "</g>\n" });
        }
        crisp.push_str(line);
        crisp.push('\n');
    }
    crisp
}

pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Characters that no XML text may hold.
            control if control.is_control() && control != '\n' && control != '\t' => escaped.push('?'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text cut to so many characters, of which each may stand in XML.
fn shortened(text: &str, most: usize) -> String {
    let text: String = text.chars().map(|character| if character.is_control() { '?' } else { character }).collect();
    if text.chars().count() <= most {
        return text;
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
