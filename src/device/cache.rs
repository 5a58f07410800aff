//! The controller cache: which track versions it holds, which are modified, which one goes next.
//!
//! A slot is one version of one track. Usually a track has one; while a virtual copy needs the older content of a track
//! that was modified both before and after its instant, the older modified version stays chained behind the newer one.
//! Clean slots wait to be replaced in the order of their policy (LRU, or segmented LRU, which a scan does not empty), modified ones in the order in which they were first
//! modified to be destaged. The cache is volatile: modified data is safe only because NVS holds a second copy
//! ([`Nvs`]), and the slot remembers where.
//!
//! With two clusters the cache has two halves, each with its own capacity and orders; a device's tracks lie in the half of
//! the cluster that serves it. NVS has a bank in each cluster; which bank takes a copy is its owner's business.

use crate::kernel::Time;
use crate::names;
use crate::vocab::{Device, Paged, TrackImage, TrackNo};

/// A place in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotNo(u32);

/// A place in NVS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NvsNo(u32);

/// The relationship whose T0 a version is newer than; 0 for none.
pub type Epoch = u32;

const NONE: u32 = u32::MAX;

names! {
    /// Which clean slot is replaced first.
    pub enum CachePolicy {
        /// The least recently used one.
        Lru = "lru",
        /// Segmented LRU: what was used once since it came goes before what was used again (Karedla, Love and Wherry 1994).
        Slru = "slru",
    }
}

/// How large a cache is, and what it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheParameters {
    /// Slots of one half.
    pub capacity: u32,
    pub halves: u8,
    pub policy: CachePolicy,
    /// Of a segmented cache: how many slots of a half may be protected, in parts per million.
    pub protected_ppm: u32,
}

#[derive(Clone, Debug)]
pub struct Slot {
    pub device: Device,
    pub track: TrackNo,
    pub image: TrackImage,
    pub epoch: Epoch,
    pub state: SlotState,
    /// Nobody has used it since it came.
    fresh: bool,
    /// It was used again after its first use.
    protected: bool,
    /// The older modified version of the same track.
    older: u32,
    previous: u32,
    next: u32,
}

impl Slot {
    /// Where the second copy of a modified version is.
    pub fn nvs(&self) -> Option<NvsNo> {
        match self.state {
            SlotState::Modified { nvs, .. } | SlotState::Destaging { nvs, .. } => Some(nvs),
            SlotState::Clean | SlotState::Free => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    Free,
    Clean,
    /// Modified since `since`, waiting for destage.
    Modified {
        nvs: NvsNo,
        since: Time,
    },
    /// Being destaged; `nvs` tells whether it was modified again meanwhile.
    Destaging {
        nvs: NvsNo,
        sequence: u64,
    },
}

/// An intrusive list of slots.
#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
    length: u32,
}

impl List {
    const EMPTY: List = List { head: NONE, tail: NONE, length: 0 };
}

#[derive(Clone, Debug)]
pub struct Cache {
    parameters: CacheParameters,
    slots: Vec<Slot>,
    free: Vec<u32>,
    index: Vec<Paged<u32>>,
    halves: Vec<Half>,
    /// The half of each device.
    half_of: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Half {
    clean: List,
    /// Clean slots that were used again; a cache without segments has none.
    protected: List,
    modified: List,
    used: u32,
}

impl Half {
    const EMPTY: Half = Half { clean: List::EMPTY, protected: List::EMPTY, modified: List::EMPTY, used: 0 };

    /// The clean slot that goes first.
    fn victim(&self) -> Option<SlotNo> {
        let first = if self.clean.head == NONE { self.protected.head } else { self.clean.head };
        (first != NONE).then_some(SlotNo(first))
    }
}

impl Cache {
    /// A cache for devices with these numbers of tracks, which lie in these halves.
    pub fn new(parameters: CacheParameters, tracks: &[u32], half_of: Vec<u8>) -> Cache {
        let halves = parameters.halves;
        assert!(half_of.iter().all(|&half| half < halves), "a device lies in a half of its cache");
        Cache {
            parameters,
            slots: Vec::new(),
            free: Vec::new(),
            index: tracks.iter().map(|&count| Paged::new(u64::from(count))).collect(),
            halves: vec![Half::EMPTY; usize::from(halves)],
            half_of,
        }
    }

    /// Loses what the half holds clean: modified data has its second copy, from which it will come again.
    pub fn lose_clean(&mut self, half: u8) {
        while let Some(slot) = self.halves[usize::from(half)].victim() {
            self.remove(slot);
        }
    }

    pub fn half_of(&self, device: Device) -> u8 {
        self.half_of[device.0 as usize]
    }

    /// Moves a device's modified tracks to another half, in front of what waits there; its clean ones are forgotten.
    pub fn move_device(&mut self, device: Device, half: u8) {
        let from = usize::from(self.half_of[device.0 as usize]);
        if from == usize::from(half) {
            return;
        }
        let versions = self.versions_of(device);
        for &slot in &versions {
            if self.slots[slot.0 as usize].state == SlotState::Clean {
                self.remove(slot);
            }
        }
        let waiting: Vec<u32> = self.modified(from as u8).map(|slot| slot.0).collect();
        let moving: Vec<u32> = waiting.into_iter().filter(|&slot| self.slots[slot as usize].device == device).collect();
        for &slot in &moving {
            self.unlink_modified(slot);
        }
        let held = self.versions_of(device).len() as u32;
        self.halves[from].used -= held;
        self.half_of[device.0 as usize] = half;
        self.halves[usize::from(half)].used += held;
        for &slot in moving.iter().rev() {
            link_first(&mut self.slots, &mut self.halves[usize::from(half)].modified, slot);
        }
        self.shrink(half);
    }

    /// The newest version of a track.
    pub fn newest(&self, device: Device, track: TrackNo) -> Option<SlotNo> {
        match self.index[device.0 as usize].get(u64::from(track.0), |_| NONE) {
            NONE => None,
            slot => Some(SlotNo(slot)),
        }
    }

    pub fn slot(&self, slot: SlotNo) -> &Slot {
        &self.slots[slot.0 as usize]
    }

    pub fn older(&self, slot: SlotNo) -> Option<SlotNo> {
        match self.slots[slot.0 as usize].older {
            NONE => None,
            older => Some(SlotNo(older)),
        }
    }

    /// Marks a slot as just used. The first use after it came is the one it came for.
    pub fn touch(&mut self, slot: SlotNo) {
        let clean = self.slots[slot.0 as usize].state == SlotState::Clean;
        if clean {
            self.unlink_clean(slot.0);
        }
        let used = &mut self.slots[slot.0 as usize];
        let again = !std::mem::replace(&mut used.fresh, false);
        if again && self.parameters.policy == CachePolicy::Slru {
            used.protected = true;
        }
        if clean {
            self.link_clean(slot.0);
        }
    }

    /// Keeps a track that was staged from disk, unless the cache is full of modified data.
    pub fn insert_clean(&mut self, device: Device, track: TrackNo, image: TrackImage) {
        if self.newest(device, track).is_some() {
            return;
        }
        if let Some(slot) = self.allocate(device, track, image, 0) {
            self.slots[slot as usize].state = SlotState::Clean;
            self.link_clean(slot);
            self.point(device, track, slot);
        }
    }

    /// Puts a modified version in front of the track's versions; `nvs` holds its second copy.
    pub fn insert_modified(
        &mut self,
        device: Device,
        track: TrackNo,
        image: TrackImage,
        epoch: Epoch,
        nvs: NvsNo,
        since: Time,
    ) {
        let older = self.index[device.0 as usize].get(u64::from(track.0), |_| NONE);
        let slot = self.allocate_modified(device, track, image, epoch);
        self.slots[slot as usize].older = older;
        self.slots[slot as usize].state = SlotState::Modified { nvs, since };
        self.link_modified(slot);
        self.point(device, track, slot);
    }

    /// Replaces the content of a version in place. A clean one becomes modified.
    pub fn overwrite(&mut self, slot: SlotNo, image: TrackImage, epoch: Epoch, nvs: NvsNo, since: Time) {
        if self.slots[slot.0 as usize].state == SlotState::Clean {
            self.unlink_clean(slot.0);
            self.slots[slot.0 as usize].state = SlotState::Modified { nvs, since };
            self.link_modified(slot.0);
        }
        self.slots[slot.0 as usize].image = image;
        self.slots[slot.0 as usize].epoch = epoch;
    }

    /// Takes a modified slot out of the waiting order for its destage.
    pub fn start_destage(&mut self, slot: SlotNo, sequence: u64) {
        let SlotState::Modified { nvs, .. } = self.slots[slot.0 as usize].state else {
            unreachable!("only a modified slot is destaged");
        };
        self.unlink_modified(slot.0);
        self.slots[slot.0 as usize].state = SlotState::Destaging { nvs, sequence };
    }

    /// The destage wrote an older content than the slot now has: it waits again.
    pub fn destage_again(&mut self, slot: SlotNo, now: Time) {
        let SlotState::Destaging { nvs, .. } = self.slots[slot.0 as usize].state else {
            unreachable!("only a destage in progress ends");
        };
        self.slots[slot.0 as usize].state = SlotState::Modified { nvs, since: now };
        self.link_modified(slot.0);
    }

    /// The destage is done: the newest version stays as a clean copy, an older one is forgotten.
    pub fn finish_destage(&mut self, slot: SlotNo) {
        let Slot { device, track, .. } = self.slots[slot.0 as usize];
        if self.newest(device, track) == Some(slot) {
            self.slots[slot.0 as usize].state = SlotState::Clean;
            self.slots[slot.0 as usize].epoch = 0;
            self.link_clean(slot.0);
            self.shrink(self.half_of[device.0 as usize]);
        } else {
            self.forget_behind(slot);
        }
    }

    /// Drops a version: its NVS copy is the caller's to release.
    pub fn remove(&mut self, slot: SlotNo) {
        let Slot { device, track, older, .. } = self.slots[slot.0 as usize];
        if self.newest(device, track) != Some(slot) {
            self.forget_behind(slot);
            return;
        }
        self.unlink(slot.0);
        self.release(slot.0);
        self.index[device.0 as usize].set(u64::from(track.0), older, |_| NONE);
    }

    /// Modified slots of a half in the order in which they were first modified.
    pub fn modified(&self, half: u8) -> impl Iterator<Item = SlotNo> + '_ {
        let mut next = self.halves[usize::from(half)].modified.head;
        std::iter::from_fn(move || {
            let slot = (next != NONE).then_some(SlotNo(next))?;
            next = self.slots[next as usize].next;
            Some(slot)
        })
    }

    /// Every version of every track of a device, newest first for each track.
    pub fn versions_of(&self, device: Device) -> Vec<SlotNo> {
        let index = &self.index[device.0 as usize];
        let mut versions = Vec::new();
        for track in index.touched() {
            let mut slot = index.get(track, |_| NONE);
            while slot != NONE {
                versions.push(SlotNo(slot));
                slot = self.slots[slot as usize].older;
            }
        }
        versions
    }

    fn allocate(&mut self, device: Device, track: TrackNo, image: TrackImage, epoch: Epoch) -> Option<u32> {
        let half = self.halves[usize::from(self.half_of[device.0 as usize])];
        if half.used >= self.parameters.capacity {
            self.remove(half.victim()?);
        }
        Some(self.take_place(device, track, image, epoch))
    }

    /// Modified data is never refused: NVS bounds it, and NVS is smaller than the cache in any sound configuration.
    fn allocate_modified(&mut self, device: Device, track: TrackNo, image: TrackImage, epoch: Epoch) -> u32 {
        match self.allocate(device, track, image.clone(), epoch) {
            Some(slot) => slot,
            None => self.take_place(device, track, image, epoch),
        }
    }

    fn take_place(&mut self, device: Device, track: TrackNo, image: TrackImage, epoch: Epoch) -> u32 {
        let slot = Slot {
            device,
            track,
            image,
            epoch,
            state: SlotState::Free,
            fresh: true,
            protected: false,
            older: NONE,
            previous: NONE,
            next: NONE,
        };
        self.half(device).used += 1;
        match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = slot;
                place
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        }
    }

    fn half(&mut self, device: Device) -> &mut Half {
        &mut self.halves[usize::from(self.half_of[device.0 as usize])]
    }

    fn release(&mut self, slot: u32) {
        self.half(self.slots[slot as usize].device).used -= 1;
        self.slots[slot as usize].state = SlotState::Free;
        self.slots[slot as usize].image.label = None;
        self.free.push(slot);
    }

    /// Gives back clean slots while modified data holds more than the capacity.
    fn shrink(&mut self, half: u8) {
        loop {
            let half = &self.halves[usize::from(half)];
            let Some(victim) = half.victim().filter(|_| half.used > self.parameters.capacity) else { return };
            self.remove(victim);
        }
    }

    fn forget_behind(&mut self, slot: SlotNo) {
        let Slot { device, track, older, .. } = self.slots[slot.0 as usize];
        let mut newer = self.newest(device, track).expect("an older version has a newer one").0;
        while self.slots[newer as usize].older != slot.0 {
            newer = self.slots[newer as usize].older;
        }
        self.slots[newer as usize].older = older;
        self.unlink(slot.0);
        self.release(slot.0);
    }

    fn point(&mut self, device: Device, track: TrackNo, slot: u32) {
        self.index[device.0 as usize].set(u64::from(track.0), slot, |_| NONE);
    }

    fn unlink(&mut self, slot: u32) {
        match self.slots[slot as usize].state {
            SlotState::Clean => self.unlink_clean(slot),
            SlotState::Modified { .. } => self.unlink_modified(slot),
            SlotState::Destaging { .. } | SlotState::Free => {}
        }
    }

    fn link_clean(&mut self, slot: u32) {
        let half = usize::from(self.half_of[self.slots[slot as usize].device.0 as usize]);
        let Half { clean, protected, .. } = &mut self.halves[half];
        if !self.slots[slot as usize].protected {
            return link(&mut self.slots, clean, slot);
        }
        link(&mut self.slots, protected, slot);
        // The least recently used of too many goes back to where its next use counts anew.
        let most = u64::from(self.parameters.capacity) * u64::from(self.parameters.protected_ppm) / 1_000_000;
        if u64::from(protected.length) > most {
            let demoted = protected.head;
            unlink(&mut self.slots, protected, demoted);
            self.slots[demoted as usize].protected = false;
            link(&mut self.slots, clean, demoted);
        }
    }

    fn unlink_clean(&mut self, slot: u32) {
        let half = usize::from(self.half_of[self.slots[slot as usize].device.0 as usize]);
        let Half { clean, protected, .. } = &mut self.halves[half];
        let list = if self.slots[slot as usize].protected { protected } else { clean };
        unlink(&mut self.slots, list, slot);
    }

    fn link_modified(&mut self, slot: u32) {
        let half = usize::from(self.half_of[self.slots[slot as usize].device.0 as usize]);
        link(&mut self.slots, &mut self.halves[half].modified, slot);
    }

    fn unlink_modified(&mut self, slot: u32) {
        let half = usize::from(self.half_of[self.slots[slot as usize].device.0 as usize]);
        unlink(&mut self.slots, &mut self.halves[half].modified, slot);
    }
}

fn link(slots: &mut [Slot], list: &mut List, slot: u32) {
    slots[slot as usize].previous = list.tail;
    slots[slot as usize].next = NONE;
    match list.tail {
        NONE => list.head = slot,
        tail => slots[tail as usize].next = slot,
    }
    list.tail = slot;
    list.length += 1;
}

fn link_first(slots: &mut [Slot], list: &mut List, slot: u32) {
    slots[slot as usize].previous = NONE;
    slots[slot as usize].next = list.head;
    match list.head {
        NONE => list.tail = slot,
        head => slots[head as usize].previous = slot,
    }
    list.head = slot;
    list.length += 1;
}

fn unlink(slots: &mut [Slot], list: &mut List, slot: u32) {
    let Slot { previous, next, .. } = slots[slot as usize];
    match previous {
        NONE => list.head = next,
        previous => slots[previous as usize].next = next,
    }
    match next {
        NONE => list.tail = previous,
        next => slots[next as usize].previous = previous,
    }
    list.length -= 1;
}

/// The second copy of one modified track version.
#[derive(Clone, Debug)]
pub struct NvsEntry {
    pub device: Device,
    pub track: TrackNo,
    pub image: TrackImage,
    pub epoch: Epoch,
    /// Rises with every write into NVS: of two versions of a track the later one has the higher number.
    pub sequence: u64,
    bank: u8,
    /// The copy is there. False after a loss of its bank: the cache alone knows the version then.
    safe: bool,
}

/// Battery-backed memory: the modified data of the cache. Durable while the battery lasts.
#[derive(Clone, Debug)]
pub struct Nvs {
    entries: Vec<Option<NvsEntry>>,
    free: Vec<u32>,
    sequence: u64,
    banks: Vec<Bank>,
}

#[derive(Clone, Copy, Debug)]
struct Bank {
    capacity: u32,
    used: u32,
    /// It can take copies.
    works: bool,
}

impl Nvs {
    /// Banks of `capacity` places each.
    pub fn new(capacity: u32, banks: u8) -> Nvs {
        let bank = Bank { capacity, used: 0, works: true };
        Nvs { entries: Vec::new(), free: Vec::new(), sequence: 0, banks: vec![bank; usize::from(banks)] }
    }

    pub fn capacity(&self, bank: u8) -> u32 {
        self.banks[usize::from(bank)].capacity
    }

    /// Places taken, also by versions whose copy was lost.
    pub fn used(&self, bank: u8) -> u32 {
        self.banks[usize::from(bank)].used
    }

    pub fn is_empty(&self) -> bool {
        self.banks.iter().all(|bank| bank.used == 0)
    }

    pub fn is_full(&self, bank: u8) -> bool {
        self.used(bank) >= self.capacity(bank)
    }

    pub fn works(&self, bank: u8) -> bool {
        self.banks[usize::from(bank)].works
    }

    /// The content of a bank is gone, and it takes no more.
    pub fn fail(&mut self, bank: u8) {
        self.banks[usize::from(bank)].works = false;
        self.entries.iter_mut().flatten().filter(|entry| entry.bank == bank).for_each(|entry| entry.safe = false);
    }

    /// A bank takes copies again; what it lost stays lost.
    pub fn mend(&mut self, bank: u8) {
        self.banks[usize::from(bank)].works = true;
    }

    pub fn is_safe(&self, place: NvsNo) -> bool {
        self.get(place).safe
    }

    pub fn insert(&mut self, bank: u8, device: Device, track: TrackNo, image: TrackImage, epoch: Epoch) -> NvsNo {
        self.sequence += 1;
        self.banks[usize::from(bank)].used += 1;
        let safe = self.works(bank);
        let entry = Some(NvsEntry { device, track, image, epoch, sequence: self.sequence, bank, safe });
        match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                NvsNo(place)
            }
            None => {
                self.entries.push(entry);
                NvsNo((self.entries.len() - 1) as u32)
            }
        }
    }

    pub fn overwrite(&mut self, place: NvsNo, image: TrackImage, epoch: Epoch) {
        self.sequence += 1;
        let sequence = self.sequence;
        let entry = self.entries[place.0 as usize].as_mut().expect("a modified slot has its copy in NVS");
        let safe = self.banks[usize::from(entry.bank)].works;
        *entry = NvsEntry { image, epoch, sequence, safe, ..*entry };
    }

    pub fn get(&self, place: NvsNo) -> &NvsEntry {
        self.entries[place.0 as usize].as_ref().expect("a modified slot has its copy in NVS")
    }

    pub fn release(&mut self, place: NvsNo) {
        let entry = self.entries[place.0 as usize].take().expect("an NVS place is released once");
        self.banks[usize::from(entry.bank)].used -= 1;
        self.free.push(place.0);
    }

    /// What a crash would find: all copies, oldest write first.
    pub fn in_order(&self) -> Vec<(NvsNo, &NvsEntry)> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(place, entry)| entry.as_ref().map(|entry| (NvsNo(place as u32), entry)))
            .filter(|(_, entry)| entry.safe)
            .collect();
        entries.sort_by_key(|(_, entry)| entry.sequence);
        entries
    }

    /// All copies of a track: more than one while an older version waits behind a newer one.
    pub fn versions(&self, device: Device, track: TrackNo) -> impl Iterator<Item = &NvsEntry> {
        let entries = self.entries.iter().flatten();
        entries.filter(move |entry| entry.device == device && entry.track == track && entry.safe)
    }

    /// The cache is gone, and with it every version that had no copy. Banks work again after the load that follows.
    pub fn keep_copies(&mut self) {
        for place in 0..self.entries.len() as u32 {
            if self.entries[place as usize].as_ref().is_some_and(|entry| !entry.safe) {
                self.release(NvsNo(place));
            }
        }
        self.banks.iter_mut().for_each(|bank| bank.works = true);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.free.clear();
        self.banks.iter_mut().for_each(|bank| (bank.used, bank.works) = (0, true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Tag;

    const DEVICE: Device = Device(0);

    fn image(tag: u64) -> TrackImage {
        TrackImage::data(Tag(tag))
    }

    fn lru(capacity: u32, halves: u8) -> CacheParameters {
        CacheParameters { capacity, halves, policy: CachePolicy::Lru, protected_ppm: 800_000 }
    }

    #[test]
    fn a_scan_empties_a_cache_without_segments_and_spares_what_was_used_again_in_one_with_them() {
        let kept = |policy| {
            let mut cache = Cache::new(CacheParameters { policy, ..lru(10, 1) }, &[1_000], vec![0]);
            let use_track = |cache: &mut Cache, track| {
                cache.insert_clean(DEVICE, TrackNo(track), image(u64::from(track)));
                cache.touch(cache.newest(DEVICE, TrackNo(track)).unwrap());
            };
            // Ten tracks used twice: eight of them may be protected.
            for track in (0..10).chain(0..10) {
                use_track(&mut cache, track);
            }
            (100..200).for_each(|track| use_track(&mut cache, track));
            (0..10).filter(|&track| cache.newest(DEVICE, TrackNo(track)).is_some()).collect::<Vec<u32>>()
        };
        assert!(kept(CachePolicy::Lru).is_empty());
        assert_eq!(kept(CachePolicy::Slru), [2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn the_least_recently_used_clean_track_goes_first() {
        let mut cache = Cache::new(lru(2, 1), &[10], vec![0]);
        cache.insert_clean(DEVICE, TrackNo(1), image(1));
        cache.insert_clean(DEVICE, TrackNo(2), image(2));
        cache.touch(cache.newest(DEVICE, TrackNo(1)).unwrap());
        cache.insert_clean(DEVICE, TrackNo(3), image(3));
        let held: Vec<u32> = (0..10).filter(|&track| cache.newest(DEVICE, TrackNo(track)).is_some()).collect();
        assert_eq!(held, [1, 3]);
    }

    #[test]
    fn modified_tracks_are_never_replaced_and_wait_in_order() {
        let mut cache = Cache::new(lru(2, 1), &[10], vec![0]);
        let mut nvs = Nvs::new(8, 1);
        for track in [4, 2, 7] {
            let place = nvs.insert(0, DEVICE, TrackNo(track), image(1), 0);
            cache.insert_modified(DEVICE, TrackNo(track), image(1), 0, place, Time::ZERO);
        }
        cache.insert_clean(DEVICE, TrackNo(9), image(9));
        let waiting: Vec<u32> = cache.modified(0).map(|slot| cache.slot(slot).track.0).collect();
        assert_eq!(waiting, [4, 2, 7]);
        assert_eq!(cache.newest(DEVICE, TrackNo(9)), None, "a full cache keeps no clean track");
    }

    #[test]
    fn an_older_version_stays_behind_the_newer_one_until_it_is_destaged() {
        let mut cache = Cache::new(lru(4, 1), &[10], vec![0]);
        let mut nvs = Nvs::new(8, 1);
        let track = TrackNo(5);
        let first = nvs.insert(0, DEVICE, track, image(1), 0);
        cache.insert_modified(DEVICE, track, image(1), 0, first, Time::ZERO);
        let second = nvs.insert(0, DEVICE, track, image(2), 9);
        cache.insert_modified(DEVICE, track, image(2), 9, second, Time::ZERO);
        let newest = cache.newest(DEVICE, track).unwrap();
        let older = cache.older(newest).unwrap();
        assert_eq!((cache.slot(newest).image.tag, cache.slot(older).image.tag), (Tag(2), Tag(1)));
        cache.start_destage(older, 1);
        cache.finish_destage(older);
        assert_eq!((cache.newest(DEVICE, track), cache.older(newest)), (Some(newest), None));
        assert_eq!(cache.modified(0).collect::<Vec<_>>(), [newest]);
    }

    #[test]
    fn nvs_orders_its_entries_by_their_last_write() {
        let mut nvs = Nvs::new(2, 1);
        let first = nvs.insert(0, DEVICE, TrackNo(1), image(1), 0);
        nvs.insert(0, DEVICE, TrackNo(2), image(2), 0);
        assert!(nvs.is_full(0));
        nvs.overwrite(first, image(3), 0);
        let order: Vec<u32> = nvs.in_order().iter().map(|(_, entry)| entry.track.0).collect();
        assert_eq!(order, [2, 1]);
        nvs.release(first);
        assert_eq!(nvs.used(0), 1);
    }

    #[test]
    fn each_half_has_its_own_room_and_a_device_can_move() {
        let mut cache = Cache::new(lru(2, 2), &[10, 10], vec![0, 1]);
        let mut nvs = Nvs::new(8, 2);
        let other = Device(1);
        for track in 0..4 {
            cache.insert_clean(DEVICE, TrackNo(track), image(1));
        }
        let place = nvs.insert(0, other, TrackNo(7), image(2), 0);
        cache.insert_modified(other, TrackNo(7), image(2), 0, place, Time::ZERO);
        cache.insert_clean(other, TrackNo(8), image(3));
        let held = |cache: &Cache, device| cache.versions_of(device).len();
        assert_eq!((held(&cache, DEVICE), held(&cache, other)), (2, 2), "one half does not push the other out");
        cache.move_device(other, 0);
        assert_eq!((held(&cache, DEVICE), held(&cache, other)), (1, 1), "modified data takes the place of clean data");
        assert_eq!((cache.modified(0).count(), cache.modified(1).count()), (1, 0));
    }

    #[test]
    fn a_lost_bank_leaves_versions_without_a_copy() {
        let mut nvs = Nvs::new(8, 2);
        let kept = nvs.insert(0, DEVICE, TrackNo(1), image(1), 0);
        let lost = nvs.insert(1, DEVICE, TrackNo(2), image(2), 0);
        nvs.fail(1);
        let later = nvs.insert(1, DEVICE, TrackNo(3), image(3), 0);
        assert_eq!([kept, lost, later].map(|place| nvs.is_safe(place)), [true, false, false]);
        assert_eq!(nvs.in_order().len(), 1);
        nvs.keep_copies();
        assert_eq!((nvs.used(0), nvs.used(1), nvs.works(1)), (1, 0, true));
    }
}
