//! A report as a text with tables, for wherever no page can be shown. Charts are links to their files.

use super::document::{Document, Part, Table};

/// The text; `charts` is the folder of the pictures, as seen from it.
pub fn text(document: &Document, charts: &str) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n**{}**: {}\n\n",
        plain(&document.title),
        plain(&document.subtitle),
        plain(&document.verdict),
        plain(&document.answer)
    );
    for sentence in &document.sentences {
        text += &format!("{}\n\n", plain(sentence));
    }
    for section in &document.sections {
        text += &format!("## {}\n\n", section.heading);
        for part in &section.parts {
            match part {
                Part::Text(sentence) => text += &format!("{}\n\n", plain(sentence)),
                Part::Command(command) => {
                    text += &format!("```sh\n{}\n```\n\n", command.replace(char::is_control, " "))
                }
                Part::Table(table) | Part::Folded(table) => text += &table_of(table),
                Part::Figure(figure) => {
                    text += &format!("![{}]({charts}/{}.svg)\n\n", plain(&figure.title), figure.name);
                    text += &table_of(&figure.table);
                }
            }
        }
    }
    text
}

fn table_of(table: &Table) -> String {
    let mut text = format!("{}\n\n|", plain(&table.caption));
    table.columns.iter().for_each(|column| text += &format!(" {} |", plain(&column.title)));
    text += "\n|";
    table.columns.iter().for_each(|column| text += if column.number { "--:|" } else { "---|" });
    for row in &table.rows {
        text += "\n|";
        row.iter().for_each(|cell| text += &format!(" {} |", plain(cell)));
    }
    text + "\n\n"
}

/// A text in which nothing is markup.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => plain.extend(['\\', character]),
            control if control.is_control() => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::tests::document;

    #[test]
    fn a_table_keeps_its_columns_whatever_stands_in_it() {
        let text = text(&document("a | b\n<b>c</b>"), "charts");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| a")).collect();
        assert_eq!(rows[0], "| a \\| b &lt;b>c&lt;/b> | 7 |");
        assert!(text.contains("](charts/latency-nines.svg)") && text.contains("|---|--:|"));
    }
}
