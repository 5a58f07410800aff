//! What the disks of a rank hold: one content tag per slot, checks and mirrors included. All of it survives every crash.
//!
//! Only slots that differ from their initial content take memory, a page at a time. Initial data is a function of the
//! volume that a place is bound to, an initial check what its row makes it: a rank starts consistent.

use std::sync::Arc;

use super::layout::{Layout, Place};
use crate::vocab::{Paged, Tag, TrackNo};

/// Consecutive places that hold the tracks of a volume, from its track 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceExtent {
    pub first: Place,
    pub count: u64,
    /// Any number that differs between volumes; the initial tags follow from it.
    pub volume: u64,
}

/// Why places cannot be bound to volumes like this. Extents are numbered from 0 in the order given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtentError {
    #[error("extent {index} is empty")]
    Empty { index: usize },
    #[error("extent {index} ends at place {end}; the rank has {places} places")]
    BeyondEnd { index: usize, end: u128, places: u64 },
    #[error("extent {index} has {count} places; a volume has at most 2^32 tracks")]
    TooLong { index: usize, count: u64 },
    #[error("extents {0} and {1} share a place")]
    Overlap(usize, usize),
}

/// The contents of all disks of a rank.
#[derive(Clone, Debug)]
pub(super) struct Platters {
    initial: Initial,
    /// Per disk, a tag for every row that an extent reaches.
    disks: Vec<Paged<Tag>>,
    bound_rows: u64,
}

/// What the slots hold at the start of a run.
#[derive(Clone, Debug)]
struct Initial {
    layout: Layout,
    /// Ascending, without overlap.
    extents: Arc<[PlaceExtent]>,
}

impl Platters {
    pub fn new(layout: Layout, extents: &[PlaceExtent]) -> Result<Platters, ExtentError> {
        let extents = in_order(extents, layout.places())?;
        let bound_places = extents.last().map_or(0, |last| last.first.0 + last.count);
        let bound_rows = bound_places.div_ceil(u64::from(layout.data_disks()));
        let disks = (0..layout.disks()).map(|_| Paged::new(bound_rows)).collect();
        Ok(Platters { initial: Initial { layout, extents }, disks, bound_rows })
    }

    pub fn layout(&self) -> &Layout {
        &self.initial.layout
    }

    pub fn tag(&self, disk: u16, row: u64) -> Tag {
        assert!(row < self.layout().rows(), "a row lies on its rank");
        if row >= self.bound_rows {
            return Tag(0);
        }
        self.disks[usize::from(disk)].get(row, |row| self.initial.tag(disk, row))
    }

    /// Writes a slot. Rows that no extent reaches take no memory: they hold zeros, and only zeros are written to them.
    pub fn write(&mut self, disk: u16, row: u64, tag: Tag) {
        self.assert_writable(row, tag);
        if row < self.bound_rows {
            let initial = &self.initial;
            self.disks[usize::from(disk)].set(row, tag, |row| initial.tag(disk, row));
        }
    }

    /// Rows that an extent reaches: all others hold zeros.
    pub fn bound_rows(&self) -> u64 {
        self.bound_rows
    }

    pub fn assert_writable(&self, row: u64, tag: Tag) {
        assert!(row < self.layout().rows(), "a row lies on its rank");
        assert!(row < self.bound_rows || tag == Tag(0), "data is written to rows that hold a volume");
    }

    /// All rows that can differ from their initial content, ascending, each once.
    pub fn touched_rows(&self) -> impl Iterator<Item = u64> + '_ {
        let mut rows: Vec<_> = self.disks.iter().map(|disk| disk.touched().peekable()).collect();
        std::iter::from_fn(move || {
            let next = rows.iter_mut().filter_map(|touched| touched.peek().copied()).min()?;
            for touched in &mut rows {
                touched.next_if_eq(&next);
            }
            Some(next)
        })
    }
}

impl Initial {
    fn tag(&self, disk: u16, row: u64) -> Tag {
        let layout = &self.layout;
        layout.check_of(layout.role(disk, row), |column| self.data(layout.place_of(row, column)))
    }

    fn data(&self, place: Place) -> Tag {
        let after = self.extents.partition_point(|extent| extent.first <= place);
        let Some(extent) = after.checked_sub(1).map(|index| self.extents[index]) else { return Tag(0) };
        let track = place.0 - extent.first.0;
        if track < extent.count { Tag::initial(extent.volume, TrackNo(track as u32)) } else { Tag(0) }
    }
}

/// The extents, sorted by their first place, once they are known to be possible.
fn in_order(extents: &[PlaceExtent], places: u64) -> Result<Arc<[PlaceExtent]>, ExtentError> {
    for (index, extent) in extents.iter().enumerate() {
        let end = u128::from(extent.first.0) + u128::from(extent.count);
        if extent.count == 0 {
            return Err(ExtentError::Empty { index });
        }
        if extent.count > 1 << 32 {
            return Err(ExtentError::TooLong { index, count: extent.count });
        }
        if end > u128::from(places) {
            return Err(ExtentError::BeyondEnd { index, end, places });
        }
    }
    let mut order: Vec<usize> = (0..extents.len()).collect();
    order.sort_by_key(|&index| extents[index].first);
    for pair in order.windows(2) {
        let (earlier, later) = (&extents[pair[0]], &extents[pair[1]]);
        if earlier.first.0 + earlier.count > later.first.0 {
            return Err(ExtentError::Overlap(pair[0].min(pair[1]), pair[0].max(pair[1])));
        }
    }
    Ok(order.into_iter().map(|index| extents[index]).collect())
}

#[cfg(test)]
mod tests {
    use super::super::RaidLevel;
    use super::*;

    fn extent(first: u64, count: u64, volume: u64) -> PlaceExtent {
        PlaceExtent { first: Place(first), count, volume }
    }

    fn data(platters: &Platters, place: u64) -> Tag {
        let location = platters.layout().locate(Place(place));
        platters.tag(location.disk, location.row)
    }

    #[test]
    fn places_start_with_the_tracks_of_their_volumes() {
        let platters =
            Platters::new(Layout::new(RaidLevel::Five, 6, 1_000), &[extent(100, 50, 2), extent(10, 30, 1)]).unwrap();
        let expected = [
            (0, Tag(0)),
            (9, Tag(0)),
            (10, Tag::initial(1, TrackNo(0))),
            (39, Tag::initial(1, TrackNo(29))),
            (40, Tag(0)),
            (100, Tag::initial(2, TrackNo(0))),
            (149, Tag::initial(2, TrackNo(49))),
            (150, Tag(0)),
            (5_999, Tag(0)),
        ];
        for (place, tag) in expected {
            assert_eq!(data(&platters, place), tag, "place {place}");
        }
        let xor = |row| (0..7).fold(0, |sum, disk| sum ^ platters.tag(disk, row).0);
        assert!((0..1_000).all(|row| xor(row) == 0), "every row starts consistent");
        assert_eq!(platters.touched_rows().count(), 0, "reading touches nothing");
    }

    #[test]
    fn memory_follows_the_volumes_and_not_the_disks() {
        // A 20 TB disk has 348 million rows: without the bound, 11 MB of pointers per disk.
        let mut platters =
            Platters::new(Layout::new(RaidLevel::Five, 6, 348_000_000), &[extent(0, 50_085, 1)]).unwrap();
        assert!(platters.disks.iter().all(|disk| disk.len() == 8_348), "50,085 tracks over 6 disks");
        platters.write(3, 347_999_999, Tag(0));
        assert_eq!(platters.tag(3, 347_999_999), Tag(0));
        assert_eq!(platters.touched_rows().count(), 0);
    }

    #[test]
    #[should_panic(expected = "rows that hold a volume")]
    fn data_is_never_written_where_it_would_be_forgotten() {
        Platters::new(Layout::new(RaidLevel::Five, 6, 1_000), &[extent(0, 60, 1)]).unwrap().write(0, 10, Tag(7));
    }

    #[test]
    fn touched_rows_are_named_once_and_in_order() {
        let mut platters = Platters::new(Layout::new(RaidLevel::Five, 2, 1_000), &[extent(0, 2_000, 1)]).unwrap();
        for (disk, row) in [(2, 999), (0, 300), (1, 301), (1, 999)] {
            platters.write(disk, row, Tag(5));
        }
        let rows: Vec<u64> = platters.touched_rows().collect();
        assert_eq!(rows, (256..512).chain(768..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_write_changes_its_slot_alone() {
        let mut platters = Platters::new(Layout::new(RaidLevel::Five, 3, 600), &[extent(0, 1_800, 9)]).unwrap();
        let before = platters.clone();
        platters.write(1, 300, Tag(42));
        for disk in 0..4 {
            for row in 0..600 {
                let expected = if (disk, row) == (1, 300) { Tag(42) } else { before.tag(disk, row) };
                assert_eq!(platters.tag(disk, row), expected, "disk {disk}, row {row}");
            }
        }
    }

    #[test]
    fn impossible_extents_are_refused() {
        let refused =
            |extents: &[PlaceExtent]| Platters::new(Layout::new(RaidLevel::Five, 6, 10), extents).unwrap_err();
        assert_eq!(refused(&[extent(0, 5, 1), extent(7, 0, 2)]), ExtentError::Empty { index: 1 });
        assert_eq!(refused(&[extent(59, 2, 1)]), ExtentError::BeyondEnd { index: 0, end: 61, places: 60 });
        assert!(matches!(refused(&[extent(u64::MAX, 1 << 32, 1)]), ExtentError::BeyondEnd { index: 0, .. }));
        assert!(matches!(refused(&[extent(0, (1 << 32) + 1, 1)]), ExtentError::TooLong { index: 0, .. }));
        assert_eq!(refused(&[extent(20, 5, 1), extent(0, 10, 2), extent(9, 3, 3)]), ExtentError::Overlap(1, 2));
        assert!(Platters::new(Layout::new(RaidLevel::Five, 6, 10), &[extent(30, 30, 1), extent(0, 30, 2)]).is_ok());
    }
}
