//! From the file of a drive to its specification: units, defaults, and what does not go together.

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place, suggestion};
use super::super::shape::{Given, out_of_range};
use super::controller::controller;
use super::number::{Count, Number, ONE, Switch};
use super::raw::{RawDrive, RawLayout, RawMechanics, RawZone};
use crate::device::disk::specification::{Angle, HeadOrder, SeekForm, Sparing, Specification, ZoneSpecification};
use crate::kernel::Span;

/// What is found while a file is converted.
pub struct Finder<'p> {
    pub problems: &'p mut Vec<Diagnostic>,
}

impl Finder<'_> {
    /// The value, or a problem of a key that must be given in the table at `place`.
    pub fn required<'g, T>(
        &mut self,
        given: Option<&'g Given<T>>,
        (place, path): (&Place, &str),
        key: &str,
    ) -> Option<&'g Given<T>> {
        if given.is_none() {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let problem = Diagnostic::error(Code::MissingKey, format!("`{path}` is missing"));
            self.problems.push(problem.at(place, "here").path(path).help(format!("add `{key} = ...` to this table")));
        }
        given
    }

    pub fn refuse<T>(&mut self, given: &Given<T>, message: impl Into<String>, help: impl Into<String>) {
        let message = format!("`{}`: {}", given.path, message.into());
        let problem = Diagnostic::error(Code::NotYet, message).at(&given.place, "not modelled");
        self.problems.push(problem.path(given.path.clone()).help(help));
    }

    pub fn outside<T>(&mut self, given: &Given<T>, limit: &str) {
        self.problems.push(out_of_range(&given.place, &given.path, limit));
    }

    /// A time in milliseconds, 0 or more.
    pub fn span(&mut self, given: Option<&Given<Number>>) -> Span {
        let Some(given) = given else { return Span::ZERO };
        match nanoseconds(given.value) {
            ns if ns >= 0 => Span::from_ns(ns.unsigned_abs()),
            _ => {
                self.outside(given, "a time of 0 ms or more");
                Span::ZERO
            }
        }
    }

    pub fn whole(&mut self, given: &Given<Count>) -> u32 {
        u32::try_from(given.value.0).unwrap_or_else(|_| {
            self.outside(given, &format!("at most {}", u32::MAX));
            0
        })
    }
}

/// Milliseconds in whole nanoseconds, to the nearest.
pub fn nanoseconds(milliseconds: Number) -> i64 {
    let half = if milliseconds.0 < 0 { -500 } else { 500 };
    (milliseconds.0 + half) / 1_000
}

/// Whether a switch is on; off where it is not given.
pub fn is_on(given: Option<&Given<Switch>>) -> bool {
    given.is_some_and(|given| given.value.0)
}

/// Files beside the drive's, as far as they are there.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub seek: Option<Vec<(u32, u64)>>,
}

/// The specification; nothing when `problems` has an error.
pub fn specification(raw: &RawDrive, tables: &Tables, problems: &mut Vec<Diagnostic>) -> Option<Specification> {
    let before = problems.len();
    let mut finder = Finder { problems };
    let top = (&raw.place, "");
    let disk = finder.required(raw.disk.as_ref(), top, "disk");
    let mechanics = finder.required(raw.mechanics.as_ref(), top, "mechanics");
    let zones = finder.required(raw.zone.as_ref(), top, "zone");
    let disk = &disk?.value;
    let at_disk = (&disk.place, "disk");
    let surfaces = finder.required(disk.surfaces.as_ref(), at_disk, "surfaces").map(|it| finder.whole(it));
    let cylinders = finder.required(disk.cylinders.as_ref(), at_disk, "cylinders").map(|it| finder.whole(it));
    if let Some(bytes) = disk.sector_bytes.as_ref().filter(|bytes| bytes.value.0 != 512) {
        finder.refuse(bytes, "sectors have 512 bytes here", "give all numbers of sectors in units of 512 bytes");
    }
    let mechanics = &mechanics?.value;
    let seek = seek(mechanics, tables, &mut finder);
    let rpm = rpm(mechanics, &mut finder);
    let (order, sparing) = layout(raw.layout.as_ref().map(|given| &given.value), &mut finder);
    let zones: Vec<ZoneSpecification> = zones?.value.iter().filter_map(|it| zone(&it.value, &mut finder)).collect();
    let controller = controller(raw, &mut finder);
    let write_settle = mechanics.add_write_settling_delay.as_ref().map_or(0, |given| nanoseconds(given.value));
    let head_switch = finder.span(mechanics.head_switch_time.as_ref());
    let mut specification = Specification {
        surfaces: surfaces?,
        cylinders: cylinders?,
        sectors: 0,
        rpm_hundredths: rpm?,
        seek_read: seek?,
        seek_write: None,
        head_switch,
        write_settle,
        order,
        sparing,
        zones,
        controller,
    };
    specification.sectors = match &disk.blocks {
        Some(blocks) => blocks.value.0,
        None => specification.sectors_of_zones().unwrap_or(0),
    };
    (problems.len() == before).then_some(specification)
}

fn rpm(mechanics: &RawMechanics, finder: &mut Finder) -> Option<u64> {
    if let Some(error) = mechanics.percent_error_in_rpms.as_ref().filter(|error| error.value.0 != 0) {
        finder.refuse(error, "the speed does not vary here", "set it to 0");
    }
    let at = (&mechanics.place, "mechanics");
    let rpm = finder.required(mechanics.rotation_speed_in_rpms.as_ref(), at, "rotation_speed_in_rpms")?;
    let hundredth = ONE / 100;
    if rpm.value.0 <= 0 || rpm.value.0 % hundredth != 0 {
        finder.outside(rpm, "more than 0 turns a minute, with at most two decimals");
        return None;
    }
    Some((rpm.value.0 / hundredth).unsigned_abs())
}

/// Names of the forms of a seek curve.
const SEEK_TYPES: [&str; 6] = ["extracted", "hpl", "hplplus10", "curve", "linear", "constant"];

fn seek(mechanics: &RawMechanics, tables: &Tables, finder: &mut Finder) -> Option<SeekForm> {
    let at = (&mechanics.place, "mechanics");
    let access = mechanics.access_time_type.as_ref();
    if let Some(access) = access.filter(|access| access.value != "trackSwitchPlusRotation") {
        let help = "write \"trackSwitchPlusRotation\": seek or head switch, then the wait for the sector";
        finder.refuse(access, format!("`{}` is no way of access here", access.value), help);
    }
    let form = finder.required(mechanics.seek_type.as_ref(), at, "seek_type")?;
    match form.value.as_str() {
        "extracted" => {
            finder.required(mechanics.seek_curve_csv.as_ref(), at, "seek_curve_csv")?;
            // What is wrong with the file has been told where it was read.
            Some(SeekForm::Measured(tables.seek.clone()?))
        }
        "hpl" => two_pieces(mechanics, false, finder),
        "hplplus10" => two_pieces(mechanics, true, finder),
        "curve" | "linear" => {
            let single = finder.required(mechanics.single_cylinder_seek_time.as_ref(), at, "single_cylinder_seek_time");
            let average = finder.required(mechanics.average_seek_time.as_ref(), at, "average_seek_time");
            let full = finder.required(mechanics.full_strobe_seek_time.as_ref(), at, "full_strobe_seek_time");
            let [single, average, full] = [single, average, full].map(|given| finder.span(given).ns());
            Some(match form.value.as_str() {
                "curve" => SeekForm::ThreePointCurve { single, average, full },
                _ => SeekForm::ThreePointLine { single, average, full },
            })
        }
        "constant" => {
            let time = finder.required(mechanics.constant_seek_time.as_ref(), at, "constant_seek_time")?;
            Some(SeekForm::Constant(finder.span(Some(time)).ns()))
        }
        unknown => {
            let problem = Diagnostic::error(Code::UnknownName, format!("`{}`: unknown `{unknown}`", form.path));
            let problem = problem.at(&form.place, "not a form of a seek curve").path(form.path.clone());
            finder.problems.push(problem.help(suggestion(unknown, &SEEK_TYPES, "forms")));
            None
        }
    }
}

/// Division point, then constant and factor of the root, then of the line; last the time of a single cylinder, or -1.
fn two_pieces(mechanics: &RawMechanics, with_first_ten: bool, finder: &mut Finder) -> Option<SeekForm> {
    let at = (&mechanics.place, "mechanics");
    let values = finder.required(mechanics.hpl_seek_equation_values.as_ref(), at, "hpl_seek_equation_values")?;
    let numbers: Vec<f64> = values.value.iter().map(|given| given.value.to_float()).collect();
    let (&[divide, root, root_factor, line, line_factor, single]
    | &[divide, root, root_factor, line, line_factor, single, ..]) = numbers.as_slice()
    else {
        finder.outside(values, "six numbers: where to divide, two of the root, two of the line, one cylinder or -1");
        return None;
    };
    let first = if with_first_ten {
        let times = finder.required(mechanics.first_ten_seek_times.as_ref(), at, "first_ten_seek_times")?;
        times.value.iter().map(|given| finder.span(Some(given)).ns()).collect()
    } else if single >= 0.0 {
        vec![nanoseconds(values.value[5].value).unsigned_abs()]
    } else {
        Vec::new()
    };
    Some(SeekForm::TwoPieces { first, divide, root: (root, root_factor), line: (line, line_factor) })
}

fn layout(raw: Option<&RawLayout>, finder: &mut Finder) -> (HeadOrder, Sparing) {
    let Some(raw) = raw else { return (HeadOrder::Ascending, Sparing::None) };
    let order = match raw.lbn_to_pbn_mapping_scheme.as_ref() {
        None => HeadOrder::Ascending,
        Some(given) => match given.value.0 {
            0 => HeadOrder::Ascending,
            1 => HeadOrder::AlternatingInZone,
            2 => HeadOrder::AlternatingOnDisk,
            _ => {
                finder.refuse(given, "no such order of the heads", "schemes 0, 1 and 2 are modelled");
                HeadOrder::Ascending
            }
        },
    };
    let range = raw.rangesize_for_sparing.as_ref().map_or(1, |given| finder.whole(given));
    let sparing = match raw.sparing_scheme_used.as_ref() {
        None => Sparing::None,
        Some(given) => match given.value.0 {
            0 => Sparing::None,
            1 => Sparing::Tracks,
            3 => Sparing::SectorsPerTrack,
            7 => Sparing::Slipped,
            8 => Sparing::SectorsPerRange(range),
            9 => Sparing::SectorsPerZone,
            _ => {
                let help =
                    "schemes 0, 1, 3, 7, 8 and 9 are modelled; scheme 9 spares the same sectors at the ends of zones";
                finder.refuse(given, "this way of sparing is not modelled", help);
                Sparing::None
            }
        },
    };
    (order, sparing)
}

fn zone(raw: &RawZone, finder: &mut Finder) -> Option<ZoneSpecification> {
    let at = (&raw.place, raw.path.as_str());
    let first = finder.required(raw.first_cylinder_number.as_ref(), at, "first_cylinder_number");
    let last = finder.required(raw.last_cylinder_number.as_ref(), at, "last_cylinder_number");
    let size = finder.required(raw.blocks_per_track.as_ref(), at, "blocks_per_track");
    let count = |given: Option<&Given<Count>>| given.map_or(0, |given| given.value.0);
    let angle = |given: Option<&Given<Number>>| Angle::Sectors(given.map_or(0, |given| given.value.0));
    Some(ZoneSpecification {
        first_cylinder: finder.whole(first?),
        last_cylinder: finder.whole(last?),
        sectors_per_track: finder.whole(size?),
        front: count(raw.empty_space_at_zone_front.as_ref()),
        spares: count(raw.number_of_spares.as_ref()),
        slips: raw.slips.as_ref().map_or(Vec::new(), |given| given.value.iter().map(|slip| slip.value.0).collect()),
        defects: raw.defects.as_ref().map_or(Vec::new(), |given| given.value.0.clone()),
        offset: angle(raw.offset_of_first_block.as_ref()),
        track_skew: angle(raw.skew_for_track_switch.as_ref()),
        cylinder_skew: angle(raw.skew_for_cylinder_switch.as_ref()),
    })
}
