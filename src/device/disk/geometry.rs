//! Where a sector lies: zones, spare sectors and tracks, slips, replacements, cylinders, heads, and the angle.
//!
//! Within a zone logical blocks are numbered over its physical sectors in the order of the tracks, leaving out an empty
//! front, spare room and slipped places; a bad place may be replaced by a spare one elsewhere (VALIDATION A.4, after
//! DiskSim 4.0). Deliberately absent: sparing at the ends of cylinders, where slips also shift the angle.

use std::sync::Arc;

use super::clock::Clock;
use super::divisor::Divisor;
use super::specification::{Angle, HeadOrder, Sparing, Specification, ZoneSpecification};

/// Bytes of a sector.
pub const SECTOR_BYTES: u64 = 512;

/// The mapping from logical sectors to places on the platters.
#[derive(Clone, Debug)]
pub struct Geometry {
    zones: Arc<[Zone]>,
    surfaces: u32,
    order: HeadOrder,
    sectors: u64,
    turn: u64,
}

/// Neighbouring cylinders with tracks of one size.
#[derive(Clone, Debug)]
struct Zone {
    first_sector: u64,
    blocks: u64,
    first_cylinder: u32,
    per_track: Divisor,
    surfaces: Divisor,
    front: u64,
    spares: Spares,
    /// Slipped places, each less the number of slips before it: a place is moved by all that do not lie beyond it.
    slips: Box<[u64]>,
    defects: Box<[(u64, u64)]>,
    /// Parts of a turn, in units of 2^-64: sums wrap as angles do.
    offset: u64,
    track_skew: u64,
    cylinder_skew: u64,
    /// Ticks of rotation per sector, in units of 2^-24, rounded up.
    sector_ticks: u128,
}

/// The sparing of a zone, with its numbers.
#[derive(Clone, Copy, Debug)]
enum Spares {
    None,
    Tracks,
    /// Slips count over the zone.
    Zone,
    /// Slips count within groups of `size` sectors, of which `kept` carry blocks.
    Groups {
        size: u64,
        kept: Divisor,
    },
}

/// A place on the platters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub cylinder: u32,
    pub head: u32,
    pub sector: u32,
    pub sectors_per_track: u32,
    /// Number of the track in its zone.
    track: u64,
    zone: u32,
}

/// A physical sector of a zone, and how many blocks from it on lie side by side if the track does not end before.
#[derive(Clone, Copy, Debug)]
struct Physical {
    sector: u64,
    contiguous: u64,
}

/// Fraction bits of [`Zone::sector_ticks`].
const FRACTION: u32 = 24;

impl Geometry {
    /// `specification` has passed its check.
    pub(super) fn new(specification: &Specification, clock: &Clock) -> Geometry {
        let mut zones = Vec::with_capacity(specification.zones.len());
        let mut first_sector = 0;
        for zone in &specification.zones {
            let zone = Zone::new(zone, specification, first_sector, clock);
            first_sector += zone.blocks;
            zones.push(zone);
        }
        Geometry {
            zones: zones.into(),
            surfaces: specification.surfaces,
            order: specification.order,
            sectors: first_sector.min(specification.sectors),
            turn: clock.turn(),
        }
    }

    /// Sectors a host may address.
    pub fn sectors(&self) -> u64 {
        self.sectors
    }

    /// The place of sector `number`.
    pub fn locate(&self, number: u64) -> Position {
        self.run(number, 1).0
    }

    /// The place of sector `number`, and how many of the `most` sectors from it on follow it without a gap.
    pub fn run(&self, number: u64, most: u64) -> (Position, u64) {
        assert!(number < self.sectors, "a sector lies on its disk");
        let index = self.zones.partition_point(|zone| zone.first_sector <= number) - 1;
        let zone = &self.zones[index];
        let block = number - zone.first_sector;
        let physical = zone.physical(block);
        let (track, sector) = zone.per_track.divide(physical.sector);
        let (cylinder, place) = zone.surfaces.divide(track);
        let cylinder = zone.first_cylinder + cylinder as u32;
        let position = Position {
            cylinder,
            head: self.head(place as u32, cylinder, zone),
            sector: sector as u32,
            sectors_per_track: zone.per_track.value() as u32,
            track,
            zone: index as u32,
        };
        let to_track_end = zone.per_track.value() - sector;
        (position, most.min(physical.contiguous).min(to_track_end).min(zone.blocks - block))
    }

    fn head(&self, place: u32, cylinder: u32, zone: &Zone) -> u32 {
        let backwards = match self.order {
            HeadOrder::Ascending => false,
            HeadOrder::AlternatingInZone => (cylinder - zone.first_cylinder) % 2 == 1,
            HeadOrder::AlternatingOnDisk => cylinder % 2 == 1,
        };
        if backwards { self.surfaces - 1 - place } else { place }
    }

    /// The angle at which the sector of `position` begins, in ticks.
    pub fn angle(&self, position: Position) -> u64 {
        let zone = &self.zones[position.zone as usize];
        let cylinder = u64::from(position.cylinder - zone.first_cylinder);
        // Within a cylinder the tracks follow each other by the track skew, in whichever order the heads come.
        let track_skews = position.track - cylinder;
        let start = zone
            .offset
            .wrapping_add(track_skews.wrapping_mul(zone.track_skew))
            .wrapping_add(cylinder.wrapping_mul(zone.cylinder_skew));
        let angle = part(start, self.turn) + self.ticks_to(position, position.sector);
        if angle >= self.turn { angle - self.turn } else { angle }
    }

    /// Ticks of rotation from the start of the track of `position` to the start of its `sector`-th sector; the number
    /// of sectors per track gives a whole turn.
    pub fn ticks_to(&self, position: Position, sector: u32) -> u64 {
        ((u128::from(sector) * self.zones[position.zone as usize].sector_ticks) >> FRACTION) as u64
    }

    /// The first sector on the track of sector `number`, and the first beyond it.
    pub fn track_of(&self, number: u64) -> (u64, u64) {
        let position = self.locate(number);
        let zone = &self.zones[position.zone as usize];
        self.between(zone, position.track, position.track + 1, number)
    }

    /// The first sector of the cylinder of sector `number`, and the first beyond it.
    pub fn cylinder_of(&self, number: u64) -> (u64, u64) {
        let position = self.locate(number);
        let zone = &self.zones[position.zone as usize];
        let track = u64::from(position.cylinder - zone.first_cylinder) * u64::from(self.surfaces);
        self.between(zone, track, track + u64::from(self.surfaces), number)
    }

    /// The sectors on the tracks `from..to` of a zone; only `number` itself where it was moved there as a replacement.
    fn between(&self, zone: &Zone, from: u64, to: u64, number: u64) -> (u64, u64) {
        let sector = |track: u64| {
            let before = zone.blocks_before(track * zone.per_track.value()).max(zone.front) - zone.front;
            (zone.first_sector + before.min(zone.blocks)).min(self.sectors)
        };
        let (first, end) = (sector(from), sector(to));
        if (first..end).contains(&number) { (first, end) } else { (number, number + 1) }
    }
}

impl Zone {
    fn new(zone: &ZoneSpecification, disk: &Specification, first_sector: u64, clock: &Clock) -> Zone {
        let surfaces = u64::from(disk.surfaces);
        let per_track = u64::from(zone.sectors_per_track);
        let tracks = u64::from(zone.last_cylinder - zone.first_cylinder + 1) * surfaces;
        let places = tracks * per_track;
        let group = |size: u64| Spares::Groups { size, kept: Divisor::new(size - zone.spares, places) };
        let spares = match disk.sparing {
            Sparing::None => Spares::None,
            Sparing::Tracks => Spares::Tracks,
            Sparing::Slipped | Sparing::SectorsPerZone => Spares::Zone,
            Sparing::SectorsPerTrack => group(per_track),
            Sparing::SectorsPerRange(cylinders) => group(per_track * surfaces * u64::from(cylinders)),
        };
        let mut slips = zone.slips.clone();
        slips.sort_unstable();
        for (before, slip) in slips.iter_mut().enumerate() {
            *slip -= before as u64;
        }
        let mut defects = zone.defects.clone();
        defects.sort_unstable();
        let fraction = |angle| fraction_of_turn(angle, zone.sectors_per_track, clock);
        Zone {
            first_sector,
            blocks: zone.blocks(disk).expect("a zone that passed its check holds blocks"),
            first_cylinder: zone.first_cylinder,
            per_track: Divisor::new(per_track, places),
            surfaces: Divisor::new(surfaces, tracks),
            front: zone.front,
            spares,
            slips: slips.into(),
            defects: defects.into(),
            offset: fraction(zone.offset),
            track_skew: fraction(zone.track_skew),
            cylinder_skew: fraction(zone.cylinder_skew),
            sector_ticks: (u128::from(clock.turn()) << FRACTION).div_ceil(u128::from(per_track)),
        }
    }

    /// Where block `block` of the zone lies.
    fn physical(&self, block: u64) -> Physical {
        let place = block + self.front;
        match self.spares {
            Spares::None => Physical { sector: place, contiguous: u64::MAX },
            Spares::Tracks => {
                let (track, sector) = self.per_track.divide(place);
                let moved = track + self.slips.partition_point(|&slip| slip <= track) as u64;
                let track = self.replacement(moved).unwrap_or(moved);
                Physical { sector: track * self.per_track.value() + sector, contiguous: u64::MAX }
            }
            Spares::Zone => {
                let before = self.slips.partition_point(|&slip| slip <= place);
                self.moved(place + before as u64, before, u64::MAX)
            }
            Spares::Groups { size, kept } => {
                let (group, within) = kept.divide(place);
                let base = group * size;
                // The slips of earlier groups do not count here.
                let earlier = self.slips_before(base);
                let slipped = self.slips[earlier..].partition_point(|&slip| slip + earlier as u64 <= base + within);
                let sector = base + within + slipped as u64;
                self.moved(sector, earlier + slipped, kept.value() - within)
            }
        }
    }

    /// The sector itself or its replacement; `before` slips lie before it.
    fn moved(&self, sector: u64, before: usize, contiguous: u64) -> Physical {
        if let Some(sector) = self.replacement(sector) {
            return Physical { sector, contiguous: 1 };
        }
        let to_slip = self.slips.get(before).map_or(u64::MAX, |slip| slip + before as u64 - sector);
        let defect = self.defects.partition_point(|&(bad, _)| bad <= sector);
        let to_defect = self.defects.get(defect).map_or(u64::MAX, |&(bad, _)| bad - sector);
        Physical { sector, contiguous: contiguous.min(to_slip).min(to_defect) }
    }

    fn replacement(&self, place: u64) -> Option<u64> {
        if self.defects.is_empty() {
            return None;
        }
        let found = self.defects.binary_search_by_key(&place, |&(bad, _)| bad).ok()?;
        Some(self.defects[found].1)
    }

    /// How many slipped places lie before a physical place.
    fn slips_before(&self, place: u64) -> usize {
        let (mut low, mut high) = (0, self.slips.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.slips[middle] + (middle as u64) < place { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// How many blocks, the front counted with them, lie before a physical sector at the start of a track.
    fn blocks_before(&self, sector: u64) -> u64 {
        match self.spares {
            Spares::None => sector,
            Spares::Tracks => {
                let track = self.per_track.divide(sector).0;
                (track - self.slips_before(track) as u64) * self.per_track.value()
            }
            Spares::Zone => sector - self.slips_before(sector) as u64,
            Spares::Groups { size, kept } => {
                let (group, within) = (sector / size, sector % size);
                let slipped = self.slips_before(sector) - self.slips_before(group * size);
                group * kept.value() + (within - slipped as u64).min(kept.value())
            }
        }
    }
}

impl ZoneSpecification {
    /// Logical blocks of the zone; nothing when spares and the empty front leave no room.
    pub(super) fn blocks(&self, disk: &Specification) -> Option<u64> {
        let cylinders = u64::from(self.last_cylinder.checked_sub(self.first_cylinder)?) + 1;
        let per_track = u64::from(self.sectors_per_track);
        let tracks = cylinders.checked_mul(u64::from(disk.surfaces))?;
        let spares = match disk.sparing {
            Sparing::None => 0,
            Sparing::Tracks => self.spares.checked_mul(per_track)?,
            Sparing::SectorsPerTrack => self.spares.checked_mul(tracks)?,
            Sparing::Slipped => self.slips.len() as u64,
            Sparing::SectorsPerRange(range) => self.spares.checked_mul(cylinders.checked_div(u64::from(range))?)?,
            Sparing::SectorsPerZone => self.spares,
        };
        let places = tracks.checked_mul(per_track)?;
        places.checked_sub(self.front)?.checked_sub(spares).filter(|&blocks| blocks > 0)
    }
}

/// `angle` as a part of a turn in units of 2^-64, to the nearest; whole turns fall away.
fn fraction_of_turn(angle: Angle, sectors_per_track: u32, clock: &Clock) -> u64 {
    let (part, whole) = match angle {
        Angle::Sectors(billionths) => {
            let whole = i128::from(sectors_per_track) * 1_000_000_000;
            (i128::from(billionths).rem_euclid(whole), whole)
        }
        Angle::Time(ns) => {
            let whole = i128::from(clock.turn());
            (i128::from(clock.ticks(ns)).rem_euclid(whole), whole)
        }
    };
    // In two steps of 32 bits, as the part has up to 46 bits of its own.
    let (part, whole) = (part.unsigned_abs(), whole.unsigned_abs());
    let high = (part << 32) / whole;
    let low = (((part << 32) % whole) << 32).wrapping_add(whole / 2) / whole;
    ((high << 32) + low) as u64
}

/// A part of a turn in ticks, to the nearest.
fn part(fraction: u64, turn: u64) -> u64 {
    let ticks = ((u128::from(fraction) * u128::from(turn) + (1 << 63)) >> 64) as u64;
    if ticks == turn { 0 } else { ticks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::disk::parameters::examples::{disk_20_tb, disk_36_gb};
    use crate::device::disk::specification::examples::small;
    use crate::device::disk::{DiskModel, DiskParameters};
    use crate::kernel::Span;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn geometry(specification: &Specification) -> Geometry {
        DiskModel::of(specification).expect("the disk is possible").geometry().clone()
    }

    const SPARINGS: [Sparing; 6] = [
        Sparing::None,
        Sparing::Tracks,
        Sparing::SectorsPerTrack,
        Sparing::Slipped,
        Sparing::SectorsPerRange(2),
        Sparing::SectorsPerZone,
    ];

    /// Two zones on 3 surfaces with a gap between them; as many slips and defects as the sparing has room for.
    fn disk() -> impl Strategy<Value = Specification> {
        let orders = prop_oneof![
            Just(HeadOrder::Ascending),
            Just(HeadOrder::AlternatingInZone),
            Just(HeadOrder::AlternatingOnDisk)
        ];
        let places = proptest::collection::btree_set(0..90u64, 0..8);
        (0..SPARINGS.len(), orders, places, 0..15u64, proptest::bool::ANY).prop_map(
            |(sparing, order, bad, front, replaces)| {
                let sparing = SPARINGS[sparing];
                let mut disk = Specification { sparing, order, ..small() };
                disk.zones[0].front = front;
                let places = if sparing == Sparing::Tracks { 12 } else { 120 };
                let mut bad: Vec<u64> = bad.into_iter().filter(|place| place + 1 < places * 3 / 4).collect();
                // The last places are spare whatever the sparing, so they may replace one.
                let replaced = if replaces && sparing == Sparing::SectorsPerZone { bad.pop() } else { None };
                disk.zones[0].defects = replaced.map(|bad| (bad, places - 1)).into_iter().collect();
                disk.zones[0].spares = bad.len() as u64 + 1;
                disk.zones[0].slips = bad;
                match sparing {
                    Sparing::None => (disk.zones[0].slips, disk.zones[0].defects) = (Vec::new(), Vec::new()),
                    Sparing::SectorsPerTrack => {
                        disk.zones[0].slips.retain(|slip| slip % 10 < 2);
                        disk.zones[0].spares = 2;
                    }
                    Sparing::Tracks => disk.zones[0].spares = disk.zones[0].slips.len() as u64,
                    Sparing::Slipped | Sparing::SectorsPerRange(_) | Sparing::SectorsPerZone => {}
                }
                disk.sectors = disk.sectors_of_zones().unwrap_or(0);
                disk
            },
        )
    }

    proptest! {
        #[test]
        fn each_sector_has_a_place_of_its_own_and_runs_follow_each_other(disk in disk()) {
            prop_assume!(disk.sectors > 0);
            let geometry = geometry(&disk);
            let mut places = BTreeMap::new();
            let mut number = 0;
            while number < geometry.sectors() {
                let (position, count) = geometry.run(number, u64::MAX);
                prop_assert!(count > 0);
                for next in 0..count {
                    let place = geometry.locate(number + next);
                    prop_assert_eq!((place.cylinder, place.head), (position.cylinder, position.head));
                    prop_assert_eq!(u64::from(place.sector), u64::from(position.sector) + next);
                    prop_assert!(place.sector < place.sectors_per_track && place.head < 3);
                    let twice = places.insert((place.cylinder, place.head, place.sector), number + next);
                    prop_assert_eq!(twice, None, "two sectors in one place");
                }
                number += count;
            }
        }

        #[test]
        fn no_sector_lies_on_a_slipped_or_replaced_place(disk in disk()) {
            prop_assume!(disk.sectors > 0);
            let geometry = geometry(&disk);
            let zone = &disk.zones[0];
            for number in 0..zone.blocks(&disk).expect("it has blocks") {
                let position = geometry.locate(number);
                let place = match disk.sparing {
                    Sparing::Tracks => position.track,
                    _ => position.track * 10 + u64::from(position.sector),
                };
                prop_assert!(!zone.slips.contains(&place), "{} is slipped", place);
                prop_assert!(zone.defects.iter().all(|&(bad, _)| bad != place), "{} is replaced", place);
            }
        }

        #[test]
        fn a_track_holds_the_sectors_that_lie_on_it(disk in disk()) {
            prop_assume!(disk.sectors > 0);
            let geometry = geometry(&disk);
            let track = |number| { let it = geometry.locate(number); (it.cylinder, it.head) };
            for number in 0..geometry.sectors() {
                let (first, end) = geometry.track_of(number);
                prop_assert!((first..end).contains(&number));
                if end - first == 1 { continue; }
                let moved = |number: u64| disk.zones[0].defects.iter().any(|_| geometry.run(number, 2).1 == 1);
                for edge in [first, end - 1] {
                    prop_assert!(track(edge) == track(number) || moved(edge), "{} and {}", edge, number);
                }
                if end < geometry.sectors() {
                    prop_assert!(track(end) != track(number), "{} begins the next track", end);
                }
                let (first_of_cylinder, end_of_cylinder) = geometry.cylinder_of(number);
                prop_assert!(first_of_cylinder <= first && end <= end_of_cylinder);
            }
        }
    }

    #[test]
    fn skews_accumulate_by_track_and_by_cylinder() {
        let mut disk = small();
        disk.zones[0].offset = Angle::Sectors(1_500_000_000);
        let geometry = geometry(&disk);
        let turn = geometry.turn;
        // Ten sectors a track, three tracks a cylinder; skews of 2 and of 3 sectors, an offset of one and a half.
        for (number, tenths_of_sectors) in
            [(0, 15), (1, 25), (10, 35), (20, 55), (30, 85), (39, 175 - 100), (40, 105 - 100)]
        {
            let angle = geometry.angle(geometry.locate(number));
            assert_eq!(angle, turn / 100 * tenths_of_sectors % turn, "sector {number}");
        }
    }

    #[test]
    fn heads_run_backwards_in_every_second_cylinder() {
        for (order, heads) in [
            (HeadOrder::Ascending, [0, 1, 2, 0, 1, 2]),
            (HeadOrder::AlternatingInZone, [0, 1, 2, 2, 1, 0]),
            (HeadOrder::AlternatingOnDisk, [0, 1, 2, 2, 1, 0]),
        ] {
            let geometry = geometry(&Specification { order, ..small() });
            let found: Vec<u32> = (0..6).map(|track| geometry.locate(track * 10).head).collect();
            assert_eq!(found, heads, "{order:?}");
            // The second zone begins in cylinder 5.
            let first_of_second = geometry.locate(120).head;
            assert_eq!(first_of_second, if order == HeadOrder::AlternatingOnDisk { 2 } else { 0 }, "{order:?}");
        }
    }

    /// Walks the disk track by track and compares every track's ends with what the mapping says.
    fn track_sizes(parameters: &DiskParameters) -> Vec<u32> {
        let model = DiskModel::new(parameters).unwrap();
        let geometry = model.geometry();
        let (mut number, mut track, mut sizes) = (0, 0, Vec::new());
        while number < geometry.sectors() {
            let position = geometry.locate(number);
            let size = position.sectors_per_track;
            let expected = (track / parameters.heads, track % parameters.heads, 0);
            assert_eq!((position.cylinder, position.head, position.sector), expected);
            assert_eq!((geometry.ticks_to(position, 0), geometry.ticks_to(position, size)), (0, geometry.turn));
            let end = (number + u64::from(size)).min(geometry.sectors());
            assert_eq!(geometry.track_of(number), (number, end));
            if sizes.last() != Some(&size) {
                sizes.push(size);
            }
            (number, track) = (end, track + 1);
        }
        sizes
    }

    #[test]
    fn every_track_follows_the_one_before_it() {
        assert_eq!(track_sizes(&disk_36_gb()), [495, 474, 454, 433, 413, 392, 371, 351, 330, 309, 289]);
        let odd = DiskParameters { cylinders: 7, heads: 1, zones: 3, capacity: 1_352_192, ..disk_36_gb() };
        assert_eq!(track_sizes(&odd), [495, 392, 289]);
    }

    #[test]
    fn the_capacity_limits_the_addresses() {
        let disk = disk_36_gb();
        let whole = DiskModel::new(&disk).unwrap();
        assert!(whole.sectors() * SECTOR_BYTES <= disk.capacity);
        assert!(whole.sectors() * SECTOR_BYTES >= disk.capacity / 1_000 * 999, "the rates imply the capacity");
        let half = DiskModel::new(&DiskParameters { capacity: 18_200_000_000, ..disk }).unwrap();
        assert_eq!(half.sectors(), 18_200_000_000 / 512);
        let large = DiskModel::new(&disk_20_tb()).unwrap();
        assert_eq!(large.geometry().locate(0).sectors_per_track, 4_789);
        let last = large.geometry().locate(large.sectors() - 1);
        assert_eq!((last.cylinder, last.sectors_per_track), (559_999, 2_184));
    }

    #[test]
    fn a_single_zone_is_a_disk_of_one_rate() {
        let disk = DiskParameters { zones: 1, rate_inner: 36_000_000, capacity: 1 << 30, ..disk_36_gb() };
        assert_eq!(DiskModel::new(&disk).unwrap().geometry().locate(9).sectors_per_track, 495);
        let no_skew = DiskParameters { track_skew: Span::ZERO, ..disk };
        assert_eq!(
            DiskModel::new(&no_skew).unwrap().geometry().locate(9).sectors_per_track,
            422,
            "36 MB/s x 6 ms / 512"
        );
    }
}
