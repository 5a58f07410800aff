//! The course of a run as three files, and back: `series.csv`, `latency.csv` and `timeline.csv`.
//!
//! They are what the charts of a run are drawn from, so that `tiersim report` needs nothing but the directory. Numbers are
//! whole: nanoseconds and counts.

use crate::measure::{Course, Part, Thing};
use crate::vocab::DeviceNumber;

pub const SERIES: &str = "series.csv";
pub const LATENCY: &str = "latency.csv";
pub const TIMELINE: &str = "timeline.csv";

/// A part of the run, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    pub from_ns: u64,
    pub until_ns: u64,
    pub completed: u64,
    pub failed: u64,
    pub p50_ns: Option<u64>,
    pub p99_ns: Option<u64>,
    /// For each component: server time in use, and the longest line seen.
    pub busy_ns: Vec<u64>,
    pub waiting: Vec<u64>,
}

/// Requests of a part of the run whose latencies lie between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyCell {
    pub from_ns: u64,
    pub until_ns: u64,
    pub low_ns: u64,
    pub high_ns: u64,
    pub requests: u64,
}

/// A stay of something in a state, or a fault at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// `volume`, `device`, `drive`, `tape` or `fault`.
    pub kind: String,
    pub name: String,
    pub from_ns: u64,
    pub until_ns: u64,
    pub state: String,
}

/// What the files hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Names and servers.
    pub components: Vec<(String, u64)>,
    pub slices: Vec<Slice>,
    pub cells: Vec<LatencyCell>,
    pub timeline: Vec<TimelineRow>,
}

const FIXED: [&str; 6] = ["from_ns", "until_ns", "completed", "failed", "p50_ns", "p99_ns"];

/// The three files of a course, by their names.
pub fn files(course: &Course, devices: &[DeviceNumber]) -> Vec<(&'static str, Vec<u8>)> {
    vec![(SERIES, series(course)), (LATENCY, latency(course)), (TIMELINE, timeline(course, devices))]
}

/// `series.csv`: a row for each part of the run; for each component, with its servers, busy time and longest line.
pub fn series(course: &Course) -> Vec<u8> {
    let names = course.components.iter();
    let names =
        names.flat_map(|(name, servers)| [format!("{name}*{servers}.busy_ns"), format!("{name}*{servers}.waiting")]);
    let header: Vec<String> = FIXED.iter().map(|name| (*name).to_owned()).chain(names).collect();
    let row = |part: &Part| {
        let percentile = |span: Option<crate::kernel::Span>| span.map_or(String::new(), |span| span.ns().to_string());
        let fixed = [part.from.ns(), part.until.ns(), part.completed, part.failed].map(|it| it.to_string());
        let loads = part.busy.iter().zip(&part.waiting);
        let loads = loads.flat_map(|(busy, waiting)| [busy.ns().to_string(), waiting.to_string()]);
        fixed.into_iter().chain([percentile(part.p50), percentile(part.p99)]).chain(loads).collect()
    };
    rows(header, course.parts.iter().map(row))
}

/// `latency.csv`: how many requests that ended in a part of the run took between two times.
pub fn latency(course: &Course) -> Vec<u8> {
    let header = ["from_ns", "until_ns", "low_ns", "high_ns", "requests"].map(str::to_owned);
    let cells = course.parts.iter().flat_map(|part| {
        part.latencies.iter().map(|&(low, high, requests)| {
            [part.from.ns(), part.until.ns(), low.ns(), high.ns(), requests].map(|it| it.to_string()).to_vec()
        })
    });
    rows(header.to_vec(), cells)
}

/// `timeline.csv`: every stay of a volume ID, a device, a drive and a tape in a state, and every fault that acted.
pub fn timeline(course: &Course, devices: &[DeviceNumber]) -> Vec<u8> {
    let header = ["kind", "name", "from_ns", "until_ns", "state"].map(str::to_owned);
    let stays = course.rows.iter().flat_map(|(thing, stays)| {
        let (kind, name) = match thing {
            Thing::Volume(id) => ("volume", id.to_string()),
            Thing::Device(device) => ("device", devices[usize::from(device.0)].to_string()),
            Thing::Drive(drive) => ("drive", format!("drive {}", drive.0)),
            Thing::Cartridge(cartridge) => ("tape", format!("tape {}", cartridge.0)),
        };
        stays.iter().map(move |stay| {
            let (from, until) = (stay.from.ns().to_string(), stay.until.ns().to_string());
            vec![kind.to_owned(), name.clone(), from, until, stay.state.name().to_owned()]
        })
    });
    let faults = course.strikes.iter().map(|strike| {
        let time = strike.time.ns().to_string();
        vec!["fault".to_owned(), strike.kind.name().to_owned(), time.clone(), time, "acted".to_owned()]
    });
    rows(header.to_vec(), stays.chain(faults))
}

fn rows(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("a vector takes it");
    rows.for_each(|row| writer.write_record(row).expect("a vector takes it"));
    writer.into_inner().expect("a vector takes it")
}

/// A line of a file that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {what}")]
pub struct Unreadable {
    pub file: &'static str,
    pub line: u64,
    pub what: String,
}

impl Told {
    /// Reads the three files back.
    ///
    /// # Errors
    /// The first line that is not what it should be; the files may have been written by anybody.
    pub fn read(series: &[u8], latency: &[u8], timeline: &[u8]) -> Result<Told, Unreadable> {
        let mut told = Told::default();
        each(SERIES, series, |header, fields| {
            if told.components.is_empty() {
                told.components = components_of(header)?;
            }
            let loads = fields.get(FIXED.len()..).unwrap_or(&[]);
            let (mut busy_ns, mut waiting) = (Vec::new(), Vec::new());
            for pair in loads.chunks(2) {
                busy_ns.push(number(pair.first())?);
                waiting.push(number(pair.get(1))?);
            }
            let (from_ns, until_ns) = between(fields.first(), fields.get(1))?;
            told.slices.push(Slice {
                from_ns,
                until_ns,
                completed: number(fields.get(2))?,
                failed: number(fields.get(3))?,
                p50_ns: perhaps(fields.get(4))?,
                p99_ns: perhaps(fields.get(5))?,
                busy_ns,
                waiting,
            });
            Ok(())
        })?;
        each(LATENCY, latency, |_, fields| {
            let (from_ns, until_ns) = between(fields.first(), fields.get(1))?;
            let (low_ns, high_ns) = between(fields.get(2), fields.get(3))?;
            told.cells.push(LatencyCell { from_ns, until_ns, low_ns, high_ns, requests: number(fields.get(4))? });
            Ok(())
        })?;
        each(TIMELINE, timeline, |_, fields| {
            let text = |place: usize| fields.get(place).map_or(String::new(), |field| (*field).to_owned());
            let (from_ns, until_ns) = between(fields.get(2), fields.get(3))?;
            told.timeline.push(TimelineRow { kind: text(0), name: text(1), from_ns, until_ns, state: text(4) });
            Ok(())
        })?;
        Ok(told)
    }
}

/// From `dasd.cpu0*2.busy_ns` and its neighbour to a name and a number of servers.
fn components_of(header: &[&str]) -> Result<Vec<(String, u64)>, String> {
    let columns = header.get(FIXED.len()..).unwrap_or(&[]);
    let component = |pair: &[&str]| {
        let (name, servers) = pair[0].strip_suffix(".busy_ns")?.rsplit_once('*')?;
        Some((name.to_owned(), servers.parse().ok()?))
    };
    let wrong =
        |pair: &[&str]| format!("`{}` is not a component with its servers, as in `dasd.cpu0*2.busy_ns`", pair[0]);
    columns.chunks(2).map(|pair| component(pair).ok_or_else(|| wrong(pair))).collect()
}

fn each(
    file: &'static str,
    bytes: &[u8],
    mut take: impl FnMut(&[&str], &[&str]) -> Result<(), String>,
) -> Result<(), Unreadable> {
    let mut reader = csv::Reader::from_reader(bytes);
    let unreadable = |line: u64, what: String| Unreadable { file, line, what };
    let header = reader.headers().map_err(|error| unreadable(1, error.to_string()))?.clone();
    let header: Vec<&str> = header.iter().collect();
    for (number, record) in reader.into_records().enumerate() {
        let line = number as u64 + 2;
        let record = record.map_err(|error| unreadable(line, error.to_string()))?;
        let fields: Vec<&str> = record.iter().collect();
        take(&header, &fields).map_err(|what| unreadable(line, what))?;
    }
    Ok(())
}

fn number(field: Option<&&str>) -> Result<u64, String> {
    let field = field.copied().unwrap_or("");
    field.parse().map_err(|_| format!("`{field}` is not a whole number, 0 or more"))
}

/// Two times in their order.
fn between(from: Option<&&str>, until: Option<&&str>) -> Result<(u64, u64), String> {
    let (from, until) = (number(from)?, number(until)?);
    if until < from { Err(format!("it ends at {until}, before it begins at {from}")) } else { Ok((from, until)) }
}

fn perhaps(field: Option<&&str>) -> Result<Option<u64>, String> {
    if field.is_none_or(|field| field.is_empty()) { Ok(None) } else { number(field).map(Some) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::fault::plan::FaultKind;
    use crate::kernel::{Span, Time};
    use crate::measure::track::State;
    use crate::measure::{Stay, Strike};
    use crate::vocab::{Cartridge, Device, Drive, VolumeId};

    pub fn course() -> Course {
        let at = |seconds: u64| Time::ZERO + Span::from_secs(seconds);
        let part = |number: u64| Part {
            from: at(number * 10),
            until: at(number * 10 + 10),
            completed: 500 + number,
            failed: number,
            p50: Some(Span::from_us(900)),
            p99: (number != 1).then_some(Span::from_ms(9)),
            busy: vec![Span::from_secs(number), Span::from_ms(20)],
            waiting: vec![number, 0],
            latencies: vec![(Span::from_us(512), Span::from_us(640), 400), (Span::from_ms(8), Span::from_ms(10), 100)],
        };
        let stay = |from, until, state| Stay { from: at(from), until: at(until), state };
        Course {
            components: vec![("dasd.cpu0".into(), 2), ("host.cpu".into(), 1)],
            parts: (0..4).map(part).collect(),
            rows: vec![
                (
                    Thing::Volume(VolumeId::parse("PROD01").expect("a legal ID")),
                    vec![stay(0, 20, State::Online), stay(20, 22, State::Duplicate), stay(22, 40, State::Online)],
                ),
                (Thing::Device(Device(0)), vec![stay(0, 40, State::Online)]),
                (Thing::Drive(Drive(0)), vec![stay(12, 30, State::Dumping)]),
                (Thing::Cartridge(Cartridge(0)), vec![stay(12, 30, State::Dumping)]),
            ],
            strikes: vec![Strike { time: at(20), kind: FaultKind::PowerLoss }],
        }
    }

    pub fn told() -> Told {
        let devices = [DeviceNumber(0x0A00)];
        let course = course();
        Told::read(&series(&course), &latency(&course), &timeline(&course, &devices)).expect("they are ours")
    }

    #[test]
    fn what_was_written_is_read() {
        let told = told();
        assert_eq!(told.components, [("dasd.cpu0".to_owned(), 2), ("host.cpu".to_owned(), 1)]);
        assert_eq!((told.slices.len(), told.cells.len(), told.timeline.len()), (4, 8, 7));
        let slice = &told.slices[1];
        assert_eq!((slice.completed, slice.failed, slice.p50_ns, slice.p99_ns), (501, 1, Some(900_000), None));
        assert_eq!((&slice.busy_ns[..], &slice.waiting[..]), (&[1_000_000_000, 20_000_000][..], &[1, 0][..]));
        assert_eq!(told.cells[1].requests, 100);
        let names: Vec<String> = told.timeline.iter().map(|row| format!("{} {}", row.name, row.state)).collect();
        assert_eq!(names[1], "PROD01 duplicate-id");
        assert_eq!(names[6], "power-loss acted");
    }

    #[test]
    fn a_wrong_line_is_named() {
        let course = course();
        let (series, latency) = (series(&course), latency(&course));
        let wrong = b"kind,name,from_ns,until_ns,state\nfault,x,9,9,acted\nfault,x,9,8,acted\n";
        let error = Told::read(&series, &latency, wrong).expect_err("it ends too early").to_string();
        assert_eq!(error, "timeline.csv, line 3: it ends at 8, before it begins at 9");
        let error = Told::read(b"from_ns,a\n-1,2\n", &latency, b"kind\n").expect_err("it is no number").to_string();
        assert_eq!(error, "series.csv, line 2: `-1` is not a whole number, 0 or more");
    }
}
