//! Tables for data frames: columns with a kind, and cells that CSV and Parquet write alike.

use std::fmt;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Counts, and times in nanoseconds: small enough for a signed number, so that differences do not wrap round.
    Number,
    /// A number that uses all of its 64 bits.
    Bits,
    /// 1 or 0.
    Flag,
    Text,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

impl Column {
    pub fn new(name: impl Into<String>, kind: Kind) -> Column {
        Column { name: name.into(), kind }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// There is nothing to tell.
    Nothing,
    Number(u64),
    Text(String),
}

impl Cell {
    pub fn flag(is: bool) -> Cell {
        Cell::Number(u64::from(is))
    }

    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }
}

impl From<Option<u64>> for Cell {
    fn from(value: Option<u64>) -> Cell {
        value.map_or(Cell::Nothing, Cell::Number)
    }
}

/// As a field of CSV.
impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Nothing => Ok(()),
            Cell::Number(number) => number.fmt(formatter),
            Cell::Text(text) => quoted(text).fmt(formatter),
        }
    }
}

/// The header line of a CSV file, with its end.
pub fn csv_header(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    names.join(",") + "\n"
}

/// A line of a CSV file, with its end.
pub fn csv_line(cells: &[Cell]) -> String {
    let fields: Vec<String> = cells.iter().map(Cell::to_string).collect();
    fields.join(",") + "\n"
}

/// A field of RFC 4180.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_csv_keeps_what_would_break_it_between_quotes() {
        let columns = [Column::new("a", Kind::Number), Column::new("b,c", Kind::Text), Column::new("d", Kind::Flag)];
        assert_eq!(csv_header(&columns), "a,\"b,c\",d\n");
        assert_eq!(csv_line(&[Cell::Nothing, Cell::text("say \"no\""), Cell::flag(true)]), ",\"say \"\"no\"\"\",1\n");
    }
}
