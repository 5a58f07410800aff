//! Pieces of text for a person: durations, counts, wrapped sentences, aligned columns that fit a width.

/// A duration to three or four significant digits, in the units a person would choose.
pub fn duration(ns: u64) -> String {
    const UNITS: [(u64, u64, &str); 3] = [(1_000, 1, "ns"), (1_000_000, 1_000, "us"), (1_000_000_000, 1_000_000, "ms")];
    if ns == 0 {
        return "0".to_owned();
    }
    if let Some((_, unit, name)) = UNITS.iter().find(|(below, ..)| ns < *below) {
        return format!("{} {name}", three_digits(ns, *unit));
    }
    let seconds = ns / 1_000_000_000;
    match seconds {
        0..120 => format!("{} s", three_digits(ns, 1_000_000_000)),
        120..7_200 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        7_200..172_800 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// `ns / unit` cut to three significant digits, without trailing zeros behind the point.
fn three_digits(ns: u64, unit: u64) -> String {
    let whole = ns / unit;
    let decimals = match whole {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    if unit == 1 || decimals == 0 {
        return whole.to_string();
    }
    let scale = 10_u64.pow(decimals);
    let fraction = u128::from(ns % unit) * u128::from(scale) / u128::from(unit);
    let digits = format!("{fraction:0width$}", width = decimals as usize);
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") }
}

/// A count with a comma between groups of three digits.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 request`, `2 requests`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A share in percent with one decimal, never rounded up to all or down to nothing.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = u128::from(part) * 1_000 / u128::from(whole);
    match tenths {
        0 if part > 0 => "<0.1 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// A blank at which no line is broken, while lines are made.
const GLUE: &str = "\u{a0}";

/// `text` in lines of at most `width` characters; lines after the first begin with `indent` blanks. A word longer than
/// a line, as a path may be, keeps its length.
///
/// A number stays with its unit. Control characters, which a title may hold, become blanks.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut text = text.replace(char::is_control, " ");
    for unit in [" d ", " h ", " min ", " s", " ms", " us", " ns", " %"] {
        for digit in '0'..='9' {
            let glued = unit.replace(' ', GLUE);
            text = text.replace(&format!("{digit}{unit}"), &format!("{digit}{glued}"));
        }
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let line = lines.last_mut().expect("there is always a line");
        let used = line.chars().count();
        if used > indent && used + 1 + word.chars().count() > width {
            lines.push(format!("{}{word}", " ".repeat(indent)));
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n").replace(GLUE, " ")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A column; the one of highest `rank` goes first when the width does not suffice, rank 0 never.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    pub align: Align,
    pub rank: u8,
}

/// Columns with a title line, two blanks apart.
pub fn grid(columns: &[Column], rows: &[Vec<String>], width: usize, indent: usize) -> String {
    let widths: Vec<usize> = (0..columns.len())
        .map(|place| {
            let cells = rows.iter().map(|row| row[place].chars().count());
            cells.chain([columns[place].title.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    while indent + kept.iter().map(|&place| widths[place] + 2).sum::<usize>() > width + 2 {
        let Some(&dropped) = kept.iter().filter(|&&p| columns[p].rank > 0).max_by_key(|&&p| columns[p].rank) else {
            break;
        };
        kept.retain(|&place| place != dropped);
    }
    let line = |cell: &dyn Fn(usize) -> String| {
        let mut text = " ".repeat(indent);
        for &place in &kept {
            let (cell, width) = (cell(place), widths[place]);
            match columns[place].align {
                Align::Left => text += &format!("{cell:<width$}  "),
                Align::Right => text += &format!("{cell:>width$}  "),
            }
        }
        text.trim_end().to_owned() + "\n"
    };
    let title = line(&|place| columns[place].title.to_owned());
    rows.iter().fold(title, |text, row| text + &line(&|place| row[place].clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        for (ns, text) in [
            (0, "0"),
            (7, "7 ns"),
            (1_500, "1.5 us"),
            (999_999, "999 us"),
            (2_410_000, "2.41 ms"),
            (12_040_000, "12 ms"),
            (402_000_000, "402 ms"),
            (2_750_000_000, "2.75 s"),
            (119_900_000_000, "119 s"),
            (120_000_000_000, "2 min 00 s"),
            (1_893_000_000_000, "31 min 33 s"),
            (7_260_000_000_000, "2 h 01 min"),
            (604_800_000_000_000, "7 d 00 h"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1, "write"), counted(0, "write")], ["1 write", "0 writes"]);
        assert_eq!([share(1, 3), share(0, 3), share(3, 3)], ["33.3 %", "0.0 %", "100.0 %"]);
        assert_eq!([share(1, 1_000_000), share(999_999, 1_000_000), share(0, 0)], ["<0.1 %", "99.9 %", "-"]);
    }

    #[test]
    fn sentences_are_broken_between_words() {
        assert_eq!(wrap("one two three four", 9, 2), "one two\n  three\n  four");
        assert_eq!(wrap("a /very/long/path b", 8, 0), "a\n/very/long/path\nb");
        assert_eq!(wrap("took 20 min 51 s", 12, 0), "took\n20 min 51 s");
        assert_eq!(wrap("a\x1b[2Jb\nc", 80, 0), "a [2Jb c");
        assert_eq!(wrap("", 8, 2), "");
    }

    #[test]
    fn columns_give_way_by_rank() {
        let column = |title, align, rank| Column { title, align, rank };
        let columns = [
            column("name", Align::Left, 0),
            column("p50", Align::Right, 0),
            column("p90", Align::Right, 2),
            column("max", Align::Right, 1),
        ];
        let rows = vec![vec!["PROD01".into(), "2 ms".into(), "4 ms".into(), "10 ms".into()]];
        let wide = "  name     p50   p90    max\n  PROD01  2 ms  4 ms  10 ms\n";
        assert_eq!(grid(&columns, &rows, 27, 2), wide);
        assert_eq!(grid(&columns, &rows, 26, 2), "  name     p50    max\n  PROD01  2 ms  10 ms\n");
        assert_eq!(grid(&columns, &rows, 16, 2), "  name     p50\n  PROD01  2 ms\n");
        assert_eq!(grid(&columns, &rows, 3, 2), "  name     p50\n  PROD01  2 ms\n", "the rest stays");
    }
}
