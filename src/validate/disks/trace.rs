//! The record of a real drive: one request on a line, with the time it took and the pause after it.
//!
//! `R|W BUFACT SECTOR COUNT SERVICE_US NEXT_US`, blanks between, no heading. What the drive's cache did (`BUFACT`) is not
//! used: three of the four known records say the same on every line.

use crate::kernel::Span;
use crate::scenario::drive::Number;
use crate::validate::BadData;
use crate::vocab::Op;

/// A request of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub op: Op,
    pub first: u64,
    pub sectors: u32,
    /// How long the real drive took.
    pub service: Span,
    /// From the completion of this request to the issue of the next.
    pub pause: Span,
}

/// Reads all lines; `place` is how messages call the file.
///
/// # Errors
/// The first line that is no request, or that a drive of `sectors` sectors cannot serve.
pub fn read(text: &str, place: &str, sectors: u64) -> Result<Vec<Recorded>, BadData> {
    let mut requests = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.is_empty() {
            continue;
        }
        let bad = |problem: String| BadData { place: format!("{place}:{}", index + 1), problem };
        let request = parse(&fields).map_err(|problem| bad(format!("{problem}: `{}`", shortened(line))))?;
        if request.first.checked_add(request.sectors.into()).is_none_or(|end| end > sectors) {
            let problem = format!("the request ends beyond the {sectors} sectors of the drive: `{}`", shortened(line));
            return Err(bad(problem));
        }
        requests.push(request);
    }
    if requests.is_empty() {
        return Err(BadData { place: place.to_owned(), problem: "there is no request in it".to_owned() });
    }
    Ok(requests)
}

fn parse(fields: &[&str]) -> Result<Recorded, String> {
    let &[op, _, first, sectors, service, pause] = fields else {
        return Err(format!(
            "a request has 6 fields (R or W, buffer action, sector, count, service, pause), not {}",
            fields.len()
        ));
    };
    let op = match op {
        "R" | "r" => Op::Read,
        "W" | "w" => Op::Write,
        _ => return Err("the first field is R or W".to_owned()),
    };
    let number = |field: &str, what: &str| field.parse::<u64>().map_err(|_| format!("`{field}` is no {what}"));
    let time = |field: &str, what: &str| {
        let microseconds = Number::parse(field).filter(|number| number.0 >= 0);
        let microseconds = microseconds.ok_or_else(|| format!("`{field}` is no {what} in microseconds"))?;
        Ok::<Span, String>(Span::from_ns(((microseconds.0 + 500_000) / 1_000_000).unsigned_abs()))
    };
    let request = Recorded {
        op,
        first: number(first, "number of a sector")?,
        sectors: u32::try_from(number(sectors, "count of sectors")?)
            .map_err(|_| "so many sectors are too many".to_owned())?,
        service: time(service, "service time")?,
        pause: time(pause, "pause")?,
    };
    if request.sectors == 0 { Err("a request has at least one sector".to_owned()) } else { Ok(request) }
}

fn shortened(line: &str) -> String {
    line.trim().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_request() {
        let text = "W Hit    4583176   4    663.00000  45422.00000\r\n\nR Miss 0 2 14095.3704 1e3\n";
        let requests = read(text, "x", 5_000_000).expect("two requests");
        let (us, ns) = (Span::from_us, Span::from_ns);
        let write = Recorded { op: Op::Write, first: 4_583_176, sectors: 4, service: us(663), pause: us(45_422) };
        let read = Recorded { op: Op::Read, first: 0, sectors: 2, service: ns(14_095_370), pause: us(1_000) };
        assert_eq!(requests, [write, read]);
    }

    #[test]
    fn a_bad_line_is_told_with_its_place() {
        for (text, problem) in [
            ("", "x: there is no request in it"),
            ("\n\n", "x: there is no request in it"),
            ("R Hit 0 1 1 1\nR Hit 0 1 1\n", "x:2: a request has 6 fields"),
            ("Q Hit 0 1 1 1\n", "x:1: the first field is R or W"),
            ("R Hit -1 1 1 1\n", "x:1: `-1` is no number of a sector"),
            ("R Hit 0 0 1 1\n", "x:1: a request has at least one sector"),
            ("R Hit 0 1 nan 1\n", "x:1: `nan` is no service time"),
            ("R Hit 0 1 1 -1\n", "x:1: `-1` is no pause"),
            ("R Hit 9 2 1 1\n", "x:1: the request ends beyond the 10 sectors"),
            ("R Hit 18446744073709551615 2 1 1\n", "x:1: the request ends beyond the 10 sectors"),
        ] {
            let error = read(text, "x", 10).expect_err(text).to_string();
            assert!(error.starts_with(problem), "{text:?}: {error}");
        }
    }
}
