//! A report as a value: an answer, then sections with sentences, charts and tables. Pages and texts are renderings of it.

use serde::Serialize;

pub const SCHEMA: &str = "tiersim/report/1";

/// How an answer sounds, for its shape beside the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    Good,
    /// It failed as the scenario expects, or nothing is proved.
    Mixed,
    Bad,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Document {
    pub schema: &'static str,
    /// `run`, `exploration` or `comparison`.
    pub kind: &'static str,
    pub title: String,
    pub subtitle: String,
    /// A word, as `PASS`.
    pub verdict: String,
    pub tone: Tone,
    /// The answer in one sentence.
    pub answer: String,
    /// What it rests on.
    pub sentences: Vec<String>,
    pub sections: Vec<Section>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Of links within the document.
    pub id: &'static str,
    pub heading: &'static str,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Text(String),
    /// Something to type.
    Command(String),
    Table(Table),
    Figure(Figure),
    /// A table that is looked at by few.
    Folded(Table),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    pub title: String,
    /// Numbers stand at the right.
    pub number: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Of its files, as `latency-nines`.
    pub name: String,
    pub title: String,
    #[serde(skip)]
    pub svg: String,
    /// The numbers that are drawn.
    #[serde(skip)]
    pub csv: String,
    /// What a reader who cannot see it needs.
    pub table: Table,
}

/// Rows of a table beside a chart; the file has them all.
pub const MOST_ROWS: usize = 60;

impl Document {
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|section| &section.parts).filter_map(|part| match part {
            Part::Figure(figure) => Some(figure),
            _ => None,
        })
    }
}

impl Table {
    /// Titles that begin with `#` are those of numbers.
    pub fn new(caption: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Table {
        let column =
            |title: &&str| Column { title: title.trim_start_matches('#').to_owned(), number: title.starts_with('#') };
        Table { caption: caption.to_owned(), columns: columns.iter().map(column).collect(), rows }
    }

    /// With rows beyond [`MOST_ROWS`] left out and said so; `file` has them.
    pub fn shortened(mut self, file: &str) -> Table {
        if self.rows.len() > MOST_ROWS {
            self.caption += &format!(" (the first {MOST_ROWS} of {} rows; all are in {file})", self.rows.len());
            self.rows.truncate(MOST_ROWS);
        }
        self
    }
}
