//! The parameters of a mechanical disk, as a data sheet gives them, and what is wrong with impossible ones.

use super::clock::MINUTE;
use super::geometry::SECTOR_BYTES;
use super::queue::Scheduler;
use super::seek::SeekError;
use super::specification::{
    Angle, Controller, FastWrite, HeadOrder, Overheads, SeekForm, Sparing, Specification, Watermark, WatermarkOf,
    ZoneSpecification,
};
use crate::kernel::Span;

/// A disk drive. Rates are bytes per second, sectors have 512 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskParameters {
    /// Revolutions per minute.
    pub rpm: u32,
    pub cylinders: u32,
    pub heads: u32,
    /// Zones of constant track size, spread evenly over the cylinders.
    pub zones: u32,
    /// Bytes a host may address.
    pub capacity: u64,
    /// Sustained media rate of the outermost and of the innermost zone.
    pub rate_outer: u64,
    pub rate_inner: u64,
    pub seek_read: SeekParameters,
    pub seek_write: SeekParameters,
    /// Rotation lost from one track to the next in a sequential transfer.
    pub track_skew: Span,
    /// Command processing before the arm moves.
    pub overhead: Span,
}

/// The three seek times of a data sheet; the curve through them is solved at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeekParameters {
    /// To the neighbouring cylinder.
    pub track: Span,
    /// Mean over random pairs of distinct cylinders.
    pub average: Span,
    /// From the first cylinder to the last.
    pub full: Span,
}

impl DiskParameters {
    /// Checks every number that can be judged without building the disk.
    pub(super) fn check(&self) -> Result<(), DiskError> {
        let &DiskParameters { rpm, cylinders, heads, zones, rate_outer: outer, rate_inner: inner, .. } = self;
        if !(LEAST_RPM..=MOST_RPM).contains(&rpm) {
            return Err(DiskError::Rpm(rpm));
        }
        if !(LEAST_CYLINDERS..=MOST_CYLINDERS).contains(&cylinders) {
            return Err(DiskError::Cylinders(cylinders));
        }
        if !(1..=MOST_HEADS).contains(&heads) {
            return Err(DiskError::Heads(heads));
        }
        if !(1..=MOST_ZONES.min(cylinders)).contains(&zones) {
            return Err(DiskError::Zones { zones, cylinders });
        }
        if outer < inner {
            return Err(DiskError::Rates { outer, inner });
        }
        if zones == 1 && outer != inner {
            return Err(DiskError::SingleZone { outer, inner });
        }
        if self.track_skew.ns().saturating_mul(u64::from(rpm)) >= MINUTE {
            return Err(DiskError::TrackSkew(self.track_skew));
        }
        if self.overhead > LONGEST_STEP {
            return Err(DiskError::Overhead(self.overhead));
        }
        Ok(())
    }

    /// The disk in the terms of a full specification: no spares, no cache, a bus that is never slower than the media, and
    /// heads whose change the track skew covers.
    pub(super) fn specification(&self) -> Result<Specification, DiskError> {
        self.check()?;
        let mut zones = Vec::with_capacity(self.zones as usize);
        for zone in 0..self.zones {
            zones.push(self.zone(zone)?);
        }
        let overhead = [self.overhead; 2];
        let mut specification = Specification {
            surfaces: self.heads,
            cylinders: self.cylinders,
            sectors: 0,
            rpm_hundredths: u64::from(self.rpm) * 100,
            seek_read: SeekForm::DataSheet(self.seek_read),
            seek_write: Some(SeekForm::DataSheet(self.seek_write)),
            head_switch: Span::ZERO,
            write_settle: 0,
            order: HeadOrder::Ascending,
            sparing: Sparing::None,
            zones,
            controller: Controller {
                bus_read: Span::ZERO,
                bus_write: Span::ZERO,
                overheads: Overheads { read_miss: overhead, write_miss: overhead, ..Overheads::default() },
                cache: None,
                fast_write: FastWrite::Never,
                combines_writes: false,
                never_disconnects: false,
                watermark: Watermark { ppm: 0, of: WatermarkOf::Request },
                least_write_positioning: Span::ZERO,
                extra_disconnect: None,
                scheduler: Some(Scheduler::Fcfs),
            },
        };
        let sectors = specification.sectors_of_zones().expect("zones of whole cylinders hold sectors");
        let held = sectors * SECTOR_BYTES;
        // A data sheet gives rates to two digits, so the tracks that follow from them may miss its capacity a little.
        if u128::from(held) * 100 < u128::from(self.capacity) * 99 {
            return Err(DiskError::Capacity { held, capacity: self.capacity });
        }
        specification.sectors = sectors.min(self.capacity / SECTOR_BYTES);
        if specification.sectors == 0 {
            return Err(DiskError::NoSector(self.capacity));
        }
        Ok(specification)
    }

    fn zone(&self, zone: u32) -> Result<ZoneSpecification, DiskError> {
        // A format leaves room for the move to the next cylinder, or each such crossing would cost a whole turn (A).
        let crossing = self.track_skew.max(self.seek_read.track).max(self.seek_write.track);
        let first_cylinder = first_cylinder(self, zone);
        let cylinder_shift = u128::from(self.heads - 1) * u128::from(self.track_skew.ns()) + u128::from(crossing.ns());
        // A minute is a whole number of turns.
        let offset = u128::from(first_cylinder) * cylinder_shift % u128::from(MINUTE);
        Ok(ZoneSpecification {
            first_cylinder,
            last_cylinder: self::first_cylinder(self, zone + 1) - 1,
            sectors_per_track: sectors_per_track(self, zone)? as u32,
            front: 0,
            spares: 0,
            slips: Vec::new(),
            defects: Vec::new(),
            offset: Angle::Time(offset as u64),
            track_skew: Angle::Time(self.track_skew.ns()),
            cylinder_skew: Angle::Time(crossing.ns()),
        })
    }
}

fn first_cylinder(parameters: &DiskParameters, zone: u32) -> u32 {
    (u64::from(zone) * u64::from(parameters.cylinders) / u64::from(parameters.zones)) as u32
}

/// Sectors on a track of `zone`, to the nearest: what passes in a turn and a skew at the zone's sustained rate, which
/// falls linearly from zone to zone.
fn sectors_per_track(parameters: &DiskParameters, zone: u32) -> Result<u64, DiskError> {
    let steps = u128::from(parameters.zones - 1).max(1);
    let (outer, inner) = (u128::from(parameters.rate_outer), u128::from(parameters.rate_inner));
    let rate_by_steps = outer * steps - (outer - inner) * u128::from(zone);
    let rpm = u128::from(parameters.rpm);
    let ticks = u128::from(MINUTE) + u128::from(parameters.track_skew.ns()) * rpm;
    let ticks_per_sector_second = rpm * 1_000_000_000 * u128::from(SECTOR_BYTES) * steps;
    let sectors = (rate_by_steps * ticks + ticks_per_sector_second / 2) / ticks_per_sector_second;
    if sectors == 0 || sectors > u128::from(MOST_SECTORS_PER_TRACK) {
        return Err(DiskError::TrackSize { zone, sectors });
    }
    Ok(sectors as u64)
}

/// Two cylinders fewer leave one seek distance besides the neighbour's: no curve is determined by its mean.
pub const LEAST_CYLINDERS: u32 = 4;
/// Both seek tables together then take 64 MB.
pub const MOST_CYLINDERS: u32 = 4_000_000;
pub const MOST_HEADS: u32 = 256;
pub const MOST_ZONES: u32 = 1_024;
/// 32 MiB per track, ten times the largest on the market (G).
pub const MOST_SECTORS_PER_TRACK: u64 = 65_535;
pub const LEAST_RPM: u32 = 100;
pub const MOST_RPM: u32 = 100_000;
/// No single movement or command of a disk takes longer.
pub const LONGEST_STEP: Span = Span::from_secs(60);

/// Why no disk has these parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    #[error("a disk turns {LEAST_RPM} to {MOST_RPM} times a minute, not {0} times")]
    Rpm(u32),
    #[error("a disk has {LEAST_CYLINDERS} to {MOST_CYLINDERS} cylinders, not {0}")]
    Cylinders(u32),
    #[error("a disk has 1 to {MOST_HEADS} heads, not {0}")]
    Heads(u32),
    #[error("a disk has 1 to {MOST_ZONES} zones of at least one cylinder each, not {zones} on {cylinders} cylinders")]
    Zones { zones: u32, cylinders: u32 },
    #[error("the outer zone is at least as fast as the inner one: {outer} and {inner} bytes per second")]
    Rates { outer: u64, inner: u64 },
    #[error("a single zone has a single rate, not {outer} and {inner} bytes per second")]
    SingleZone { outer: u64, inner: u64 },
    #[error("a track holds 1 to {MOST_SECTORS_PER_TRACK} sectors; rate and speed of zone {zone} give it {sectors}")]
    TrackSize { zone: u32, sectors: u128 },
    #[error("the tracks hold {held} bytes, more than 1 % less than the capacity of {capacity}")]
    Capacity { held: u64, capacity: u64 },
    #[error("a capacity of {0} bytes is less than one sector")]
    NoSector(u64),
    #[error("the track skew of {0} is not shorter than a turn")]
    TrackSkew(Span),
    #[error("the overhead of {0} is longer than {LONGEST_STEP}")]
    Overhead(Span),
    #[error("a disk has 1 to {MOST_ZONES} zones, not {0}")]
    ZoneCount(usize),
    #[error("zone {zone} does not follow the one before it, or ends before it begins")]
    ZoneOrder { zone: usize },
    #[error("zone {zone} ends beyond the {cylinders} cylinders of the disk")]
    ZoneBeyond { zone: usize, cylinders: u32 },
    #[error("spare room and the empty front leave no sector of zone {zone}")]
    ZoneRoom { zone: usize },
    #[error("zone {zone} lists more than a million slips or defects")]
    Listed { zone: usize },
    #[error("a slip or defect of zone {zone} names place {place}, and the zone has {places}")]
    PlaceBeyond { zone: usize, place: u64, places: u64 },
    #[error("place {place} of zone {zone} is slipped or replaced twice")]
    PlaceTwice { zone: usize, place: u64 },
    #[error("zone {zone} has more slips than spares for them")]
    MoreSlips { zone: usize },
    #[error("a skew or offset of zone {zone} is longer than any track")]
    Skew { zone: usize },
    #[error("the zones hold {held} sectors, and the disk declares {sectors}")]
    Sectors { held: u64, sectors: u64 },
    #[error("a range for sparing has at least one cylinder")]
    Range,
    #[error("a measured seek curve has ascending distances from 1 cylinder on")]
    SeekPoints,
    #[error("a {0} is longer than {LONGEST_STEP}")]
    Step(&'static str),
    #[error("the bus takes longer than 10 ms for a sector")]
    SlowBus,
    #[error("a cache has 1 to 4096 segments, not {0}")]
    Segments(usize),
    #[error("a segment has 1 to 2147483648 sectors, not {0}")]
    SegmentSize(u64),
    #[error("seek for reads: {0}")]
    SeekRead(#[source] SeekError),
    #[error("seek for writes: {0}")]
    SeekWrite(#[source] SeekError),
}

#[cfg(test)]
pub(crate) mod examples {
    //! The two disks of MODEL 5.1.

    use super::*;

    const fn seek(track: u64, average: u64, full: u64) -> SeekParameters {
        SeekParameters { track: Span::from_us(track), average: Span::from_us(average), full: Span::from_us(full) }
    }

    /// The 36 GB disk of profile `ess-f20-3590`.
    pub fn disk_36_gb() -> DiskParameters {
        DiskParameters {
            rpm: 10_000,
            cylinders: 15_110,
            heads: 12,
            zones: 11,
            capacity: 36_400_000_000,
            rate_outer: 36_000_000,
            rate_inner: 21_000_000,
            seek_read: seek(500, 4_900, 10_500),
            seek_write: seek(600, 5_400, 11_500),
            track_skew: Span::from_us(1_040),
            overhead: Span::from_us(300),
        }
    }

    /// The 20 TB disk of profile `modern-nearline-lto9`.
    pub fn disk_20_tb() -> DiskParameters {
        DiskParameters {
            rpm: 7_200,
            cylinders: 560_000,
            heads: 20,
            zones: 20,
            capacity: 20_000_000_000_000,
            rate_outer: 285_000_000,
            rate_inner: 130_000_000,
            seek_read: seek(230, 7_400, 16_000),
            seek_write: seek(320, 8_200, 17_000),
            track_skew: Span::from_us(270),
            overhead: Span::from_us(200),
        }
    }
}
