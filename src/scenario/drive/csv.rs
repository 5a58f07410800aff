//! The tables beside the file of a drive: measured seek times, and zones.

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::shape::Given;
use super::convert::nanoseconds;
use super::number::{Count, Number, ONE};
use super::raw::RawZone;

/// One line of a table, with its place.
struct Row<'t> {
    fields: Vec<&'t str>,
    place: Place,
}

/// The lines below the heading, without empty ones.
fn rows(text: &str, source: usize) -> Vec<Row<'_>> {
    let mut at = 0;
    let mut rows = Vec::new();
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if !content.is_empty() && !content.starts_with('#') {
            let fields = content.split(',').map(str::trim).collect();
            rows.push(Row { fields, place: Place::new(source, at..at + content.len()) });
        }
        at += line.len();
    }
    // A heading has no numbers.
    if rows.first().is_some_and(|row| row.fields.iter().all(|field| Number::parse(field).is_none())) {
        rows.remove(0);
    }
    rows
}

fn malformed(row: &Row<'_>, wanted: &str) -> Diagnostic {
    Diagnostic::error(Code::Malformed, "a line of the table cannot be read")
        .at(&row.place, format!("expected {wanted}"))
        .help("a table has one heading line and numbers with commas between them")
}

/// Distances in cylinders with their times in nanoseconds.
pub fn seek_points(text: &str, source: usize, problems: &mut Vec<Diagnostic>) -> Option<Vec<(u32, u64)>> {
    let before = problems.len();
    let mut points: Vec<(u32, u64)> = Vec::new();
    for row in rows(text, source) {
        let point = match row.fields.as_slice() {
            [distance, time] => distance.parse::<u32>().ok().zip(Number::parse(time).filter(|time| time.0 >= 0)),
            _ => None,
        };
        let Some((distance, time)) = point else {
            problems.push(malformed(&row, "a distance in cylinders and a time in milliseconds"));
            continue;
        };
        if distance <= points.last().map_or(0, |&(before, _)| before) {
            let problem = Diagnostic::error(Code::OutOfRange, "the distances of a seek curve do not ascend");
            problems.push(
                problem
                    .at(&row.place, "not farther than the line before")
                    .help("sort the lines by distance, which is 1 cylinder or more, and keep one for each"),
            );
        }
        points.push((distance, nanoseconds(time).unsigned_abs()));
    }
    if points.is_empty() && problems.len() == before {
        let problem = Diagnostic::error(Code::Malformed, "the table of a seek curve has no line with numbers");
        problems
            .push(problem.at(&Place::new(source, 0..0), "here").help("give distances and times, one pair on a line"));
    }
    (problems.len() == before).then_some(points)
}

/// Zones without their slips and defects, of which the table has only the numbers.
pub fn zones(text: &str, source: usize, problems: &mut Vec<Diagnostic>) -> Option<Vec<Given<RawZone>>> {
    let before = problems.len();
    let mut zones = Vec::new();
    for row in rows(text, source) {
        match zone(&row) {
            Some(zone) => {
                let path = format!("zone[{}]", zones.len());
                zones.push(Given { value: RawZone { path: path.clone(), ..zone }, place: row.place, path });
            }
            None => problems.push(malformed(
                &row,
                "zone, first and last cylinder, sectors per track, offset, empty front, track and cylinder skew, spares",
            )),
        }
    }
    (problems.len() == before).then_some(zones)
}

fn zone(row: &Row<'_>) -> Option<RawZone> {
    let [_, first, last, size, offset, front, track, cylinder, spares, ..] = row.fields.as_slice() else {
        return None;
    };
    let count = |field: &str| {
        let number = Number::parse(field).filter(|it| it.0 >= 0 && it.0 % ONE == 0)?;
        Some(Count((number.0 / ONE).unsigned_abs()))
    };
    let place = &row.place;
    fn given<T>(value: Option<T>, place: &Place) -> Option<Option<Given<T>>> {
        Some(Some(Given { value: value?, place: place.clone(), path: String::new() }))
    }
    Some(RawZone {
        place: place.clone(),
        path: String::new(),
        first_cylinder_number: given(count(first), place)?,
        last_cylinder_number: given(count(last), place)?,
        blocks_per_track: given(count(size), place)?,
        offset_of_first_block: given(Number::parse(offset), place)?,
        empty_space_at_zone_front: given(count(front), place)?,
        skew_for_track_switch: given(Number::parse(track), place)?,
        skew_for_cylinder_switch: given(Number::parse(cylinder), place)?,
        number_of_spares: given(count(spares), place)?,
        slips: None,
        defects: None,
    })
}

/// Whether the zones of the file are those of the table.
pub fn compare(own: &[Given<RawZone>], table: &[Given<RawZone>], problems: &mut Vec<Diagnostic>) {
    if own.len() != table.len() {
        let message = format!("the file has {} zones and its table has {}", own.len(), table.len());
        let mut problem = Diagnostic::error(Code::Contradiction, message).help("correct one, or leave out `zones_csv`");
        if let Some(last) = table.last() {
            problem = problem.at(&last.place, "the last of the table");
        }
        problems.push(problem);
        return;
    }
    fn value<T: Copy + Default>(given: &Option<Given<T>>) -> T {
        given.as_ref().map_or_else(T::default, |given| given.value)
    }
    for (own, table) in own.iter().zip(table) {
        let numbers = |zone: &RawZone| {
            (
                [
                    &zone.first_cylinder_number,
                    &zone.last_cylinder_number,
                    &zone.blocks_per_track,
                    &zone.empty_space_at_zone_front,
                    &zone.number_of_spares,
                ]
                .map(value),
                [&zone.offset_of_first_block, &zone.skew_for_track_switch, &zone.skew_for_cylinder_switch].map(value),
            )
        };
        if numbers(&own.value) != numbers(&table.value) {
            let message = format!("`{}` differs from the table of zones", own.path);
            let problem = Diagnostic::error(Code::Contradiction, message).at(&table.place, "the table");
            problems.push(problem.related(&own.value.place, "the file").help("correct one, or leave out `zones_csv`"));
        }
    }
}
