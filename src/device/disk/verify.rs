//! What is wrong with an impossible specification, in words that name the part at fault.

use super::DiskError;
use super::parameters::{
    LEAST_RPM, LONGEST_STEP, MOST_CYLINDERS, MOST_HEADS, MOST_RPM, MOST_SECTORS_PER_TRACK, MOST_ZONES,
};
use super::specification::{
    Angle, CacheSpecification, Controller, SeekForm, Sparing, Specification, ZoneSpecification,
};
use crate::kernel::Span;

/// Slips and defects of one zone that a file may list; the largest list of the disks known has 700 (M).
const MOST_LISTED: usize = 1 << 20;
/// Segments of a cache; the largest on the market have some hundreds (G).
const MOST_SEGMENTS: usize = 4_096;
/// A bus of 51 kB/s is slower than any (G).
const LONGEST_SECTOR: Span = Span::from_ms(10);
/// A terabyte: more than any cache, and its sectors can be added to any address.
const MOST_SEGMENT_SECTORS: u64 = 1 << 31;

impl Specification {
    /// Checks every number that can be judged without building the tables.
    pub(super) fn check(&self) -> Result<(), DiskError> {
        if !(u64::from(LEAST_RPM) * 100..=u64::from(MOST_RPM) * 100).contains(&self.rpm_hundredths) {
            return Err(DiskError::Rpm((self.rpm_hundredths / 100).try_into().unwrap_or(u32::MAX)));
        }
        if !(1..=MOST_CYLINDERS).contains(&self.cylinders) {
            return Err(DiskError::Cylinders(self.cylinders));
        }
        if !(1..=MOST_HEADS).contains(&self.surfaces) {
            return Err(DiskError::Heads(self.surfaces));
        }
        if !(1..=MOST_ZONES as usize).contains(&self.zones.len()) {
            return Err(DiskError::ZoneCount(self.zones.len()));
        }
        if self.head_switch > LONGEST_STEP || self.write_settle.unsigned_abs() > LONGEST_STEP.ns() {
            return Err(DiskError::Step("head switch or write settle"));
        }
        if let Sparing::SectorsPerRange(0) = self.sparing {
            return Err(DiskError::Range);
        }
        let mut free = 0;
        let mut held = 0;
        for (number, zone) in self.zones.iter().enumerate() {
            if zone.first_cylinder < free || zone.last_cylinder < zone.first_cylinder {
                return Err(DiskError::ZoneOrder { zone: number });
            }
            if zone.last_cylinder >= self.cylinders {
                return Err(DiskError::ZoneBeyond { zone: number, cylinders: self.cylinders });
            }
            free = zone.last_cylinder + 1;
            held += zone.check(number, self)?;
        }
        if self.sectors == 0 || self.sectors > held {
            return Err(DiskError::Sectors { held, sectors: self.sectors });
        }
        for form in [Some(&self.seek_read), self.seek_write.as_ref()].into_iter().flatten() {
            check_points(form)?;
        }
        self.controller.check()
    }
}

impl ZoneSpecification {
    /// How many blocks the zone holds.
    fn check(&self, number: usize, disk: &Specification) -> Result<u64, DiskError> {
        let per_track = u64::from(self.sectors_per_track);
        if !(1..=MOST_SECTORS_PER_TRACK).contains(&per_track) {
            return Err(DiskError::TrackSize { zone: number as u32, sectors: per_track.into() });
        }
        let group = match disk.sparing {
            Sparing::SectorsPerTrack => per_track,
            Sparing::SectorsPerRange(range) => per_track * u64::from(disk.surfaces) * u64::from(range),
            Sparing::None | Sparing::Tracks | Sparing::Slipped | Sparing::SectorsPerZone => u64::MAX,
        };
        let blocks = self.blocks(disk).filter(|_| self.spares < group);
        let blocks = blocks.ok_or(DiskError::ZoneRoom { zone: number })?;
        if self.slips.len() > MOST_LISTED || self.defects.len() > MOST_LISTED {
            return Err(DiskError::Listed { zone: number });
        }
        let tracks = u64::from(self.last_cylinder - self.first_cylinder + 1) * u64::from(disk.surfaces);
        let places = if disk.sparing == Sparing::Tracks { tracks } else { tracks * per_track };
        let named = self.slips.iter().chain(self.defects.iter().flat_map(|(bad, good)| [bad, good]));
        if let Some(&place) = named.clone().find(|&&place| place >= places) {
            return Err(DiskError::PlaceBeyond { zone: number, place, places });
        }
        let mut bad: Vec<u64> = self.slips.iter().copied().chain(self.defects.iter().map(|&(bad, _)| bad)).collect();
        bad.sort_unstable();
        if let Some(pair) = bad.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(DiskError::PlaceTwice { zone: number, place: pair[0] });
        }
        // What is slipped takes the room of spares: with more slips than spares the last blocks would lie beyond the zone.
        self.check_slips(number, disk)?;
        for angle in [self.offset, self.track_skew, self.cylinder_skew] {
            if let Angle::Sectors(billionths) = angle
                && billionths.unsigned_abs() > MOST_SECTORS_PER_TRACK * 1_000_000_000
            {
                return Err(DiskError::Skew { zone: number });
            }
        }
        Ok(blocks)
    }

    fn check_slips(&self, number: usize, disk: &Specification) -> Result<(), DiskError> {
        let too_many = |group: u64| {
            let mut slips = self.slips.clone();
            slips.sort_unstable();
            slips.chunk_by(|one, other| one / group == other / group).any(|chunk| chunk.len() as u64 > self.spares)
        };
        let per_track = u64::from(self.sectors_per_track);
        let is_broken = match disk.sparing {
            Sparing::None => !self.slips.is_empty() || !self.defects.is_empty(),
            Sparing::Slipped => false,
            Sparing::Tracks | Sparing::SectorsPerZone => self.slips.len() as u64 > self.spares,
            Sparing::SectorsPerTrack => too_many(per_track),
            Sparing::SectorsPerRange(range) => too_many(per_track * u64::from(disk.surfaces) * u64::from(range)),
        };
        if is_broken { Err(DiskError::MoreSlips { zone: number }) } else { Ok(()) }
    }
}

fn check_points(form: &SeekForm) -> Result<(), DiskError> {
    let SeekForm::Measured(points) = form else { return Ok(()) };
    let ascending = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if points.is_empty() || points[0].0 == 0 || !ascending {
        return Err(DiskError::SeekPoints);
    }
    Ok(())
}

impl Controller {
    fn check(&self) -> Result<(), DiskError> {
        let overheads = &self.overheads;
        let pairs = [overheads.read_hit, overheads.read_miss, overheads.write_hit, overheads.write_miss];
        let single = [
            overheads.request,
            overheads.read_completion,
            overheads.write_completion,
            overheads.data_preparation,
            overheads.first_reselect,
            overheads.other_reselect,
            self.least_write_positioning,
        ];
        let extra = self.extra_disconnect.map(|it| [it.command, it.disconnect, it.between, it.seek_delta]);
        let all = pairs.into_iter().flatten().chain(single).chain(extra.into_iter().flatten());
        if all.into_iter().any(|span: Span| span > LONGEST_STEP) {
            return Err(DiskError::Step("overhead"));
        }
        if self.bus_read.max(self.bus_write) > LONGEST_SECTOR {
            return Err(DiskError::SlowBus);
        }
        self.cache.as_ref().map_or(Ok(()), CacheSpecification::check)
    }
}

impl CacheSpecification {
    fn check(&self) -> Result<(), DiskError> {
        if !(1..=MOST_SEGMENTS).contains(&self.segments) {
            return Err(DiskError::Segments(self.segments));
        }
        if !(1..=MOST_SEGMENT_SECTORS).contains(&self.segment_sectors) {
            return Err(DiskError::SegmentSize(self.segment_sectors));
        }
        Ok(())
    }
}
