//! Where a sector lies: zones, cylinders, heads and sectors.
//!
//! Sectors are numbered from the outermost cylinder inwards, within a cylinder head by head. Deliberately absent:
//! spare sectors, slipped sectors and serpentine order; a zone is the unit that would carry them.

use std::sync::Arc;

use super::divisor::Divisor;
use super::parameters::{DiskError, DiskParameters, MOST_SECTORS_PER_TRACK};
use super::rotation::TURN;

/// Bytes of a sector.
pub const SECTOR_BYTES: u64 = 512;

/// The mapping from sector numbers to places on the platters.
#[derive(Clone, Debug)]
pub struct Geometry {
    zones: Arc<[Zone]>,
    heads: Divisor,
    sectors: u64,
}

/// Neighbouring cylinders with tracks of one size.
#[derive(Clone, Debug)]
struct Zone {
    first_sector: u64,
    first_cylinder: u32,
    sectors_per_track: Divisor,
    /// Ticks of rotation per sector, in units of 2^-24, rounded up.
    sector_ticks: u64,
}

/// A place on the platters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub cylinder: u32,
    pub head: u32,
    pub sector: u32,
    pub sectors_per_track: u32,
    zone: u32,
}

/// Fraction bits of [`Zone::sector_ticks`]. A whole track of them still fits 64 bits, as [`TURN`] has 36.
const FRACTION: u32 = 24;
const _: () = assert!(TURN << FRACTION < u64::MAX / 2 && MOST_SECTORS_PER_TRACK < 1 << FRACTION);

impl Geometry {
    /// `parameters` have passed their own check.
    pub(super) fn new(parameters: &DiskParameters) -> Result<Geometry, DiskError> {
        let (cylinders, heads) = (u64::from(parameters.cylinders), u64::from(parameters.heads));
        let most_tracks = cylinders * heads;
        let mut zones = Vec::with_capacity(parameters.zones as usize);
        let mut first_sector = 0;
        for zone in 0..parameters.zones {
            let first_cylinder = first_cylinder(parameters, zone);
            let track = sectors_per_track(parameters, zone)?;
            zones.push(Zone {
                first_sector,
                first_cylinder,
                sectors_per_track: Divisor::new(track, most_tracks * track),
                sector_ticks: (TURN << FRACTION).div_ceil(track),
            });
            first_sector += u64::from(self::first_cylinder(parameters, zone + 1) - first_cylinder) * heads * track;
        }
        let held = first_sector * SECTOR_BYTES;
        // A data sheet gives rates to two digits, so the tracks that follow from them may miss its capacity a little.
        if u128::from(held) * 100 < u128::from(parameters.capacity) * 99 {
            return Err(DiskError::Capacity { held, capacity: parameters.capacity });
        }
        let sectors = first_sector.min(parameters.capacity / SECTOR_BYTES);
        if sectors == 0 {
            return Err(DiskError::NoSector(parameters.capacity));
        }
        Ok(Geometry { zones: zones.into(), heads: Divisor::new(heads, most_tracks), sectors })
    }

    /// Sectors a host may address.
    pub fn sectors(&self) -> u64 {
        self.sectors
    }

    /// The place of sector number `number`.
    pub fn locate(&self, number: u64) -> Position {
        assert!(number < self.sectors, "a sector lies on its disk");
        let zone = self.zones.partition_point(|zone| zone.first_sector <= number) - 1;
        let Zone { first_sector, first_cylinder, sectors_per_track, .. } = self.zones[zone];
        let (track, sector) = sectors_per_track.divide(number - first_sector);
        let (cylinder, head) = self.heads.divide(track);
        Position {
            cylinder: first_cylinder + cylinder as u32,
            head: head as u32,
            sector: sector as u32,
            sectors_per_track: sectors_per_track.value() as u32,
            zone: zone as u32,
        }
    }

    /// The first sector of the track after the one of `position`, which must exist.
    pub fn next_track(&self, position: Position) -> Position {
        let mut next = Position { sector: 0, ..position };
        if u64::from(position.head) + 1 < self.heads.value() {
            next.head += 1;
            return next;
        }
        (next.head, next.cylinder) = (0, position.cylinder + 1);
        if let Some(inner) = self.zones.get(position.zone as usize + 1)
            && inner.first_cylinder == next.cylinder
        {
            next.zone += 1;
            next.sectors_per_track = inner.sectors_per_track.value() as u32;
        }
        next
    }

    /// Ticks of rotation from the start of the track of `position` to the start of its `sector`-th sector; the number
    /// of sectors per track gives a whole turn.
    pub fn ticks_to(&self, position: Position, sector: u32) -> u64 {
        (u64::from(sector) * self.zones[position.zone as usize].sector_ticks) >> FRACTION
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
    let ticks = u128::from(TURN) + u128::from(parameters.track_skew.ns()) * rpm;
    let ticks_per_sector_second = rpm * 1_000_000_000 * u128::from(SECTOR_BYTES) * steps;
    let sectors = (rate_by_steps * ticks + ticks_per_sector_second / 2) / ticks_per_sector_second;
    if sectors == 0 || sectors > u128::from(MOST_SECTORS_PER_TRACK) {
        return Err(DiskError::TrackSize { zone, sectors });
    }
    Ok(sectors as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::disk::parameters::examples::{disk_20_tb, disk_36_gb};
    use crate::kernel::Span;

    /// Walks the disk track by track and compares every track's ends with what the mapping says.
    fn check_tracks(parameters: &DiskParameters) -> Vec<u32> {
        let geometry = Geometry::new(parameters).unwrap();
        let mut expected = geometry.locate(0);
        let mut number = 0;
        let mut sizes = vec![expected.sectors_per_track];
        loop {
            assert_eq!(geometry.locate(number), expected);
            let last = number + u64::from(expected.sectors_per_track) - 1;
            if last >= geometry.sectors() {
                return sizes;
            }
            assert_eq!(geometry.locate(last), Position { sector: expected.sectors_per_track - 1, ..expected });
            assert_eq!(geometry.ticks_to(expected, 0), 0);
            assert_eq!(geometry.ticks_to(expected, expected.sectors_per_track), TURN);
            number = last + 1;
            if number == geometry.sectors() {
                return sizes;
            }
            expected = geometry.next_track(expected);
            if expected.sectors_per_track != *sizes.last().unwrap() {
                sizes.push(expected.sectors_per_track);
            }
        }
    }

    #[test]
    fn every_track_follows_the_one_before_it() {
        let sizes = check_tracks(&disk_36_gb());
        assert_eq!(sizes, [495, 474, 454, 433, 413, 392, 371, 351, 330, 309, 289]);
        let odd = DiskParameters { cylinders: 7, heads: 1, zones: 3, capacity: 1_352_192, ..disk_36_gb() };
        assert_eq!(check_tracks(&odd), [495, 392, 289]);
    }

    #[test]
    fn the_capacity_limits_the_addresses() {
        let disk = disk_36_gb();
        let geometry = Geometry::new(&disk).unwrap();
        assert!(geometry.sectors() * SECTOR_BYTES <= disk.capacity);
        assert!(geometry.sectors() * SECTOR_BYTES >= disk.capacity / 1_000 * 999, "the rates imply the capacity");
        let half = Geometry::new(&DiskParameters { capacity: 18_200_000_000, ..disk }).unwrap();
        assert_eq!(half.sectors(), 18_200_000_000 / 512);
        let large = Geometry::new(&disk_20_tb()).unwrap();
        assert_eq!(large.locate(0).sectors_per_track, 4_789);
        let last = large.locate(large.sectors() - 1);
        assert_eq!((last.cylinder, last.sectors_per_track), (559_999, 2_184));
    }

    #[test]
    fn a_single_zone_is_a_disk_of_one_rate() {
        let disk = DiskParameters { zones: 1, rate_inner: 36_000_000, capacity: 1 << 30, ..disk_36_gb() };
        assert_eq!(Geometry::new(&disk).unwrap().locate(9).sectors_per_track, 495);
        let no_skew = DiskParameters { track_skew: Span::ZERO, ..disk };
        assert_eq!(Geometry::new(&no_skew).unwrap().locate(9).sectors_per_track, 422, "36 MB/s x 6 ms / 512");
    }
}
