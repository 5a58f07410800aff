//! What is said of one name: the same parts as text and as JSON.

use serde_json::{Value, json};

use crate::report::text::wrap;

/// Columns of a page where nobody says how wide the paper is, and the most of any.
pub const WIDTH: usize = 100;
/// The least: narrower paper breaks the lines of a page by itself.
const LEAST: usize = 40;

/// One meaning of a name.
#[derive(Clone, Debug)]
pub struct Page {
    pub name: String,
    /// As in "a hazard".
    pub kind: &'static str,
    pub summary: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub title: &'static str,
    pub lines: Vec<String>,
}

impl Page {
    pub fn new(name: impl Into<String>, kind: &'static str, summary: impl Into<String>) -> Page {
        Page { name: name.into(), kind, summary: summary.into(), parts: Vec::new() }
    }

    /// A part of one line; left out when there is nothing to say.
    #[must_use]
    pub fn say(self, title: &'static str, line: impl Into<String>) -> Page {
        let line = line.into();
        let lines = if line.is_empty() { Vec::new() } else { vec![line] };
        self.list(title, lines)
    }

    /// A part of several lines; left out without any.
    #[must_use]
    pub fn list(mut self, title: &'static str, lines: Vec<String>) -> Page {
        if !lines.is_empty() {
            self.parts.push(Part { title, lines });
        }
        self
    }

    /// The page on paper of so many columns.
    pub fn text(&self, columns: usize) -> String {
        let width = columns.clamp(LEAST, WIDTH);
        let mut text = format!("{} ({})\n\n{}\n", self.name, self.kind, wrap(&self.summary, width, 0));
        for part in &self.parts {
            text += &format!("\n{}\n", part.title);
            for line in &part.lines {
                // A command is there to be copied, an example to be pasted: neither is broken. What fits stays as it is.
                let fits = line.chars().count() <= width - 2;
                let whole = fits || line.starts_with("tiersim ") || line.contains(" = ");
                let line = if whole { line.clone() } else { wrap(line, width - 2, 2) };
                for line in line.lines() {
                    text += &format!("  {line}\n");
                }
            }
        }
        text
    }

    pub fn json(&self) -> Value {
        let parts: Vec<Value> =
            self.parts.iter().map(|part| json!({ "title": part.title, "lines": part.lines })).collect();
        json!({ "name": self.name, "kind": self.kind, "summary": self.summary, "parts": parts })
    }
}
