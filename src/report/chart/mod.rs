//! Charts: plain numbers in, an SVG text out. The only place that names the drawing library.
//!
//! Coordinates of its SVG backend are whole numbers, so everything is drawn `K` times as large and shown at its own
//! size. The library estimates no widths of text: margins are ours.

mod distribution;

pub use distribution::{Curve, Distributions};

use plotters::style::RGBColor;

/// How much larger a chart is drawn than it is shown.
const K: u32 = 4;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GREY: RGBColor = RGBColor(0x6E, 0x6E, 0x6E);
const GRID: RGBColor = RGBColor(0xE2, 0xE2, 0xE2);
const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);

/// Gives a drawing its own size, fonts, a title for those who do not see it, and nothing else.
fn finished(drawn: &str, (width, height): (u32, u32), title: &str) -> String {
    let drawn = drawn.replace("font-family=\"sans-serif\"", "font-family=\"DejaVu Sans, Arial, sans-serif\"");
    let body = drawn.find('>').map_or("", |end| &drawn[end + 1..]);
    let (wide, high) = (width * K, height * K);
    let title = escaped(title);
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {wide} {high}\" xmlns=\"http://www.w3.org/2000/svg\" \
         role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>{body}"
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
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
