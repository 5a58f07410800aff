//! Track contents as 64-bit tags, and the copy-on-write pages that hold them.
//!
//! A tag stands for the bytes of a track: every write mixes itself in, so equal tags mean equal write histories.
//! Pages are shared between forks: a fork costs the pages touched since, not the size of the volume.

use std::sync::Arc;

use super::id::{TrackNo, WriteNumber};
use super::label::LabelTrack;
use crate::kernel::mix;

/// What a track holds. RAID parity is computed over tags, so zero is the content of an all-zero place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u64);

impl Tag {
    /// Stands for content that nobody can read any more; it travels with copies of the track until the track is written.
    pub const UNREADABLE: Tag = Tag(u64::MAX);

    /// What a track of a volume holds at the start of a run; `volume` is any number that differs between volumes.
    pub const fn initial(volume: u64, track: TrackNo) -> Tag {
        Tag(mix(mix(0x7472_6163_6b20_3020, volume), track.0 as u64))
    }

    /// The content after `write` changed its `part`-th track (from 0) of what it writes.
    #[must_use]
    pub const fn after_write(self, write: WriteNumber, part: u32) -> Tag {
        Tag(mix(mix(self.0, write.0), part as u64))
    }

    /// Half of this content over half of what was there before.
    #[must_use]
    pub const fn torn_over(self, before: Tag) -> Tag {
        Tag(mix(mix(0x746f_726e, self.0), before.0))
    }
}

/// One track as it travels: its content, and on track 0 the label record and the names that embed the volume ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrackImage {
    pub tag: Tag,
    pub label: Option<Arc<LabelTrack>>,
}

impl TrackImage {
    pub fn data(tag: Tag) -> TrackImage {
        TrackImage { tag, label: None }
    }
}

const PAGE: usize = 256;

/// A long array of small values whose untouched parts take no memory: two levels of shared pages.
///
/// The value of an untouched place is the caller's business: every access names the function that gives it, and must
/// name the same one each time.
#[derive(Clone, Debug, Hash)]
pub struct Paged<T> {
    pages: Arc<Vec<Option<Arc<[T; PAGE]>>>>,
    length: u64,
}

impl<T: Copy> Paged<T> {
    pub fn new(length: u64) -> Paged<T> {
        let pages = length.div_ceil(PAGE as u64);
        Paged { pages: Arc::new(vec![None; usize::try_from(pages).expect("an array fits the address space")]), length }
    }

    pub fn len(&self) -> u64 {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub fn get(&self, index: u64, initial: impl FnOnce(u64) -> T) -> T {
        assert!(index < self.length, "a place lies inside its array");
        match &self.pages[index as usize / PAGE] {
            Some(page) => page[index as usize % PAGE],
            None => initial(index),
        }
    }

    pub fn set(&mut self, index: u64, value: T, initial: impl Fn(u64) -> T) {
        assert!(index < self.length, "a place lies inside its array");
        let slot = &mut Arc::make_mut(&mut self.pages)[index as usize / PAGE];
        let page = slot.get_or_insert_with(|| {
            let first = index - index % PAGE as u64;
            Arc::new(std::array::from_fn(|place| initial(first + place as u64)))
        });
        Arc::make_mut(page)[index as usize % PAGE] = value;
    }

    /// The indices of the places in touched pages, ascending: all places that can differ from their initial value.
    pub fn touched(&self) -> impl Iterator<Item = u64> + '_ {
        let length = self.length;
        self.pages
            .iter()
            .enumerate()
            .filter(|(_, page)| page.is_some())
            .flat_map(|(number, _)| (number * PAGE) as u64..((number + 1) * PAGE) as u64)
            .take_while(move |&index| index < length)
    }

    /// Whether both arrays share their memory, so that no place can differ.
    pub fn is_same(&self, other: &Paged<T>) -> bool {
        Arc::ptr_eq(&self.pages, &other.pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_histories_give_equal_tags() {
        let start = Tag::initial(3, TrackNo(7));
        let [first, second] = [WriteNumber(1), WriteNumber(2)];
        assert_eq!(
            start.after_write(first, 0).after_write(second, 0),
            start.after_write(first, 0).after_write(second, 0)
        );
        assert_ne!(
            start.after_write(first, 0).after_write(second, 0),
            start.after_write(second, 0).after_write(first, 0)
        );
        assert_ne!(start.after_write(first, 0), start.after_write(first, 1));
        assert_ne!(start, Tag::initial(4, TrackNo(7)));
    }

    #[test]
    fn a_fork_shares_what_it_does_not_write() {
        let initial = |index: u64| index * 10;
        let mut original = Paged::new(1_000);
        original.set(300, 1, initial);
        let mut fork = original.clone();
        assert!(fork.is_same(&original));
        fork.set(301, 2, initial);
        assert_eq!((original.get(301, initial), fork.get(301, initial)), (3_010, 2));
        assert_eq!((fork.get(300, initial), fork.get(999, initial)), (1, 9_990));
        assert_eq!(fork.touched().count(), 256);
    }

    #[test]
    fn the_last_page_ends_with_the_array() {
        let mut array = Paged::new(260);
        array.set(259, 5, |_| 0);
        assert_eq!(array.touched().collect::<Vec<_>>(), [256, 257, 258, 259]);
    }
}
