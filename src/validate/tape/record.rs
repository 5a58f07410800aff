//! What a real library did, in the files that ECMWF published of theirs (RoboticTapeLibrary).
//!
//! | File, compressed or not | Content |
//! |---|---|
//! | `io_events*.csv` | `cartridge;YYYYMMDDTHHMMSS;seconds`, one read on a line, sorted; how long its drive was occupied |
//! | `sl8500*.json` | levels with their drives, `{"level": {"0": {"drives": {"D_00_01": {}}}}}` |
//! | `crtmapping.json` | the home level of a cartridge, `{"RB06/82": 2}` for `RB0682` |
//! | `driveevents.json` | `{"enable": [[time, drive]], "disable": [[time, drive]]}` |
//! | `crt_events.json` | `{"eject": [[time, cartridge]]}` |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::{BadData, files_of};
use crate::host::trace;
use crate::kernel::{Span, Time};
use crate::vocab::{Cartridge, Drive};

/// Bytes of content that a file may have.
const MOST_BYTES: u64 = 1 << 28;
/// What is numbered in two bytes and in one.
const MOST_CARTRIDGES: usize = 60_000;
const MOST_DRIVES: usize = 255;
const MOST_LEVELS: usize = 1_000;

/// A cartridge that was read, or waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Since the first read.
    pub at: Time,
    pub cartridge: Cartridge,
    /// How long its drive was busy with it.
    pub occupied: Span,
}

/// What befell the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Disabled(Drive),
    Enabled(Drive),
    Ejected(Cartridge),
}

#[derive(Clone, Debug)]
pub struct Record {
    /// The file of the reads, and its digest in hexadecimal.
    pub name: String,
    pub digest: String,
    /// By their instants.
    pub reads: Vec<Read>,
    /// Seconds from midnight to the first read.
    pub time_of_day: u64,
    pub cartridges: usize,
    pub levels: u16,
    /// Level of each cartridge's home, and of each drive: drives with one number on all levels follow each other, so that the
    /// first of them are spread over the levels.
    pub homes: Arc<[u16]>,
    pub drives: Arc<[u16]>,
    /// In the time of the reads, by their instants.
    pub troubles: Vec<(Time, Trouble)>,
    /// Lengths of all outages in the files, whenever they were.
    pub outages: Vec<Span>,
}

#[derive(Deserialize)]
struct Snapshot {
    level: BTreeMap<String, Level>,
}

#[derive(Deserialize)]
struct Level {
    #[serde(default)]
    drives: BTreeMap<String, serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct DriveEvents {
    enable: Vec<(String, String)>,
    disable: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct CartridgeEvents {
    eject: Vec<(String, String)>,
}

/// Whether a folder holds a record, or cannot be looked into.
pub fn is_in(folder: &Path) -> bool {
    files(folder).map_or(true, |files| files.iter().any(|(name, _)| name.starts_with("io_events")))
}

/// The records of a folder, by the names of their files.
///
/// # Errors
/// The folder, or one of its files, is missing or malformed.
pub fn read(folder: &Path) -> Result<Vec<Record>, BadData> {
    let files = files(folder)?;
    let of = |start: &'static str| files.iter().filter(move |(name, _)| name.starts_with(start));
    let one = |start: &'static str| {
        let problem = format!("there is no file `{start}*.json` or `{start}*.json.bz2`");
        of(start).next().ok_or_else(|| BadData { place: folder.display().to_string(), problem })
    };
    let drives = drives(&one("sl8500")?.1)?;
    let mapping: BTreeMap<String, u16> = json(&one("crtmapping")?.1)?;
    let homes = mapping.iter().map(|(name, level)| (name.replace('/', ""), *level)).collect();
    let events: DriveEvents = json(&one("driveevents")?.1)?;
    let ejects: CartridgeEvents = json(&one("crt_events")?.1)?;
    let mut records = Vec::new();
    for (name, path) in of("io_events") {
        records.push(record(name, path, &drives, &homes, (&events, &ejects))?);
    }
    if records.is_empty() {
        return Err(BadData {
            place: folder.display().to_string(),
            problem: "there is no file `io_events*.csv` with reads".to_owned(),
        });
    }
    Ok(records)
}

/// Files with their names.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, BadData> {
    let named = |path: PathBuf| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path);
    Ok(files_of(folder)?.into_iter().map(named).collect())
}

fn content(path: &Path) -> Result<(String, String), BadData> {
    trace::text_of(path, MOST_BYTES)
        .map_err(|error| BadData { place: path.display().to_string(), problem: error.to_string() })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, BadData> {
    let (text, _) = content(path)?;
    serde_json::from_str(&text)
        .map_err(|error| BadData { place: path.display().to_string(), problem: error.to_string() })
}

/// Names and levels of the drives.
fn drives(path: &Path) -> Result<Vec<(String, u16)>, BadData> {
    let snapshot: Snapshot = json(path)?;
    let bad = |problem: String| BadData { place: path.display().to_string(), problem };
    let mut found = Vec::new();
    for (number, level) in &snapshot.level {
        let level_number = number.parse::<u16>().ok().filter(|&number| usize::from(number) < MOST_LEVELS);
        let number = level_number.ok_or_else(|| bad(format!("a level is called `{number}`")))?;
        // Names are unique over all levels; their place on the level comes first.
        found.extend(level.drives.keys().enumerate().map(|(place, name)| (place, number, name.clone())));
    }
    found.sort();
    if found.is_empty() || found.len() > MOST_DRIVES {
        return Err(bad(format!("there are {} drives; 1 to {MOST_DRIVES} are possible", found.len())));
    }
    Ok(found.into_iter().map(|(_, level, name)| (name, level)).collect())
}

fn record(
    name: &str,
    path: &Path,
    drives: &[(String, u16)],
    homes: &BTreeMap<String, u16>,
    (events, ejects): (&DriveEvents, &CartridgeEvents),
) -> Result<Record, BadData> {
    let (text, digest) = content(path)?;
    let bad = |line: usize, problem: String| BadData { place: format!("{}:{line}", path.display()), problem };
    let mut numbers: BTreeMap<&str, u16> = BTreeMap::new();
    let mut levels = Vec::new();
    let mut reads: Vec<Read> = Vec::new();
    let mut first = None;
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split(';').collect();
        let parsed = match fields[..] {
            [cartridge, at, seconds] => instant(at).zip(seconds.parse::<u32>().ok()).map(|it| (cartridge, it)),
            _ => None,
        };
        let Some((cartridge, (at, seconds))) = parsed else {
            return Err(bad(index + 1, "a read is `cartridge;YYYYMMDDTHHMMSS;seconds`".to_owned()));
        };
        let since = at.checked_sub(*first.get_or_insert(at)).map(|since| Time::ZERO + Span::from_secs(since));
        let Some(at) = since.filter(|&at| reads.last().is_none_or(|last| last.at <= at)) else {
            return Err(bad(index + 1, "this read is older than the one before it".to_owned()));
        };
        let next = numbers.len();
        let number = *numbers.entry(cartridge).or_insert_with(|| {
            levels.push(homes.get(cartridge).copied().unwrap_or(0));
            next as u16
        });
        if numbers.len() > MOST_CARTRIDGES {
            return Err(bad(index + 1, format!("there are more than {MOST_CARTRIDGES} cartridges")));
        }
        reads.push(Read { at, cartridge: Cartridge(number), occupied: Span::from_secs(seconds.into()) });
    }
    let (Some(first), Some(last)) = (first, reads.last()) else {
        return Err(bad(1, "there is no read in it".to_owned()));
    };
    let end = last.at;
    let mut troubles = Vec::new();
    let relative = |text: &str| instant(text)?.checked_sub(first).map(|since| Time::ZERO + Span::from_secs(since));
    let mut note = |text: &str, trouble: Option<Trouble>| {
        troubles.extend(relative(text).filter(|&at| at <= end).zip(trouble));
    };
    let drive = |name: &str| {
        let place = drives.iter().position(|(known, _)| known == name);
        place.map(|place| Drive(u8::try_from(place).expect("there are few")))
    };
    events.disable.iter().for_each(|(at, name)| note(at, drive(name).map(Trouble::Disabled)));
    events.enable.iter().for_each(|(at, name)| note(at, drive(name).map(Trouble::Enabled)));
    let ejected = |name: &str| numbers.get(name).map(|&number| Trouble::Ejected(Cartridge(number)));
    ejects.eject.iter().for_each(|(at, name)| note(at, ejected(name)));
    troubles.sort_by_key(|(at, _)| *at);
    let deepest = levels.iter().chain(drives.iter().map(|(_, level)| level)).max().expect("there are drives");
    Ok(Record {
        name: name.to_owned(),
        digest,
        cartridges: numbers.len(),
        reads,
        time_of_day: first % 86_400,
        levels: deepest + 1,
        homes: levels.into(),
        drives: drives.iter().map(|(_, level)| *level).collect(),
        troubles,
        outages: outages(events),
    })
}

/// Every time a drive was out of use: from a disable to the next enable of the same drive, however often it was disabled.
fn outages(events: &DriveEvents) -> Vec<Span> {
    let mut by_drive: BTreeMap<&str, Vec<(u64, bool)>> = BTreeMap::new();
    for (list, enabled) in [(&events.disable, false), (&events.enable, true)] {
        for (at, drive) in list {
            by_drive.entry(drive).or_default().extend(instant(at).map(|at| (at, enabled)));
        }
    }
    let mut lengths = Vec::new();
    for events in by_drive.values_mut() {
        events.sort_unstable();
        let mut since = None;
        for &mut (at, enabled) in events {
            if enabled {
                lengths.extend(since.take().map(|since| Span::from_secs(at - since)));
            } else {
                since.get_or_insert(at);
            }
        }
    }
    lengths.sort_unstable();
    lengths
}

/// Seconds since the beginning of the year 0; whatever stands between the digits does not count.
fn instant(text: &str) -> Option<u64> {
    let digits: Vec<u64> = text.chars().filter_map(|character| character.to_digit(10)).map(u64::from).collect();
    let number = |from: usize, count: usize| digits[from..from + count].iter().fold(0, |sum, digit| sum * 10 + digit);
    if digits.len() != 14 {
        return None;
    }
    let (year, month, day) = (number(0, 4), number(4, 2), number(6, 2));
    let (hour, minute, second) = (number(8, 2), number(10, 2), number(12, 2));
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let months = [31, 28 + u64::from(is_leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *months.get((month as usize).checked_sub(1)?)?;
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let before = year.saturating_sub(1);
    let leap_years = before / 4 - before / 100 + before / 400;
    let days = year * 365 + leap_years + months[..month as usize - 1].iter().sum::<u64>() + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
pub mod examples {
    use std::fs;

    use super::*;

    /// Writes a small library into a folder: two levels with a drive each, and these reads.
    pub fn write(folder: &Path, reads: &str) {
        let files = [
            ("io_events.csv", reads),
            ("sl8500.json", r#"{"level": {"0": {"drives": {"D_00_01": {}}}, "1": {"drives": {"D_01_01": {}}}}}"#),
            ("crtmapping.json", r#"{"AA00/01": 0, "AA00/02": 1}"#),
            (
                "driveevents.json",
                r#"{"disable": [["2011-08-19 00:01:00", "D_01_01"]], "enable": [["2011-08-19 00:02:40", "D_01_01"]]}"#,
            ),
            ("crt_events.json", r#"{"eject": [["20110819:000200", "AA0001"]]}"#),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("it can be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_day_has_its_seconds_and_a_leap_year_its_day() {
        let between = |one: &str, other: &str| instant(other).unwrap() - instant(one).unwrap();
        assert_eq!(between("20110819T001558", "2011-08-19 00:17:37"), 99);
        assert_eq!(between("20120228:000000", "20120301:000000"), 2 * 86_400);
        assert_eq!(between("20110228:000000", "20110301:000000"), 86_400);
        assert_eq!(between("20111231T235959", "20120101T000000"), 1);
        assert_eq!(between("19000228T000000", "19000301T000000"), 86_400);
        assert_eq!(between("20001231T000000", "20010101T000000"), 86_400);
        for bad in ["", "20110819", "20111301T000000", "20110230T000000", "20110819T240000", "201108190000001"] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_folder_is_read_and_what_is_wrong_in_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        examples::write(
            folder.path(),
            "AA0001;20110819T000000;30\nAA0002;20110819T000010;40\nAA0001;20110819T000500;1\n",
        );
        let record = read(folder.path()).unwrap().remove(0);
        assert_eq!((record.reads.len(), record.cartridges, record.levels), (3, 2, 2));
        assert_eq!(record.reads[1].occupied, Span::from_secs(40));
        assert_eq!((&record.homes[..], &record.drives[..]), (&[0, 1][..], &[0, 1][..]));
        let seconds: Vec<u64> = record.troubles.iter().map(|(at, _)| at.ns() / 1_000_000_000).collect();
        assert_eq!(seconds, [60, 120, 160]);
        assert_eq!(record.outages, [Span::from_secs(100)]);
        for (reads, problem) in [
            ("", "no read"),
            ("AA0001;20110819T000000\n", "io_events.csv:1"),
            ("AA0001;20110819T000000;-4\n", "a read is"),
            ("AA0001;20110819T000010;4\nAA0001;20110819T000000;4\n", "older than the one before"),
        ] {
            examples::write(folder.path(), reads);
            let message = read(folder.path()).unwrap_err().to_string();
            assert!(message.contains(problem), "{message}");
        }
        examples::write(folder.path(), "AA0001;20110819T000000;30\n");
        fs::write(folder.path().join("sl8500.json"), "{\"level\": {}}").unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("0 drives"));
        fs::remove_file(folder.path().join("sl8500.json")).unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("no file `sl8500"));
    }
}
