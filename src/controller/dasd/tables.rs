//! The controller's tables: bindings 128 and relationship table 126, and the transactions that change them.
//!
//! The tables exist twice: on the metadata store 124, and in memory. A transaction is a record in the NVS log; once it is
//! there it counts. The store follows later. After a crash the tables in memory are the store with the log applied.

use std::sync::Arc;

use super::parameters::{CopyTerms, CowTiming, Fence, LabelResidency};
use crate::device::raid::Place;
use crate::kernel::Time;
use crate::vocab::{Device, LabelTrack, Paged, RelationNumber, TrackNo};

/// One entry of the relationship table 126: a target whose tracks are found at the source until they are its own.
#[derive(Clone, Debug)]
pub struct Relation {
    pub number: RelationNumber,
    pub source: Device,
    pub target: Device,
    pub t0: Time,
    /// The source's ID was withheld from the target: the target is fenced against host writes.
    pub conditioned: bool,
    pub background: bool,
    pub terms: CopyTerms,
    pub overlay: Option<Overlay>,
    tracks: u32,
    own: Paged<bool>,
    own_count: u32,
}

impl Relation {
    pub fn new(number: RelationNumber, source: Device, target: Device, t0: Time, tracks: u32) -> Relation {
        Relation {
            number,
            source,
            target,
            t0,
            conditioned: false,
            background: false,
            terms: UNCONDITIONED,
            overlay: None,
            tracks,
            own: Paged::new(u64::from(tracks)),
            own_count: 0,
        }
    }

    pub fn tracks(&self) -> u32 {
        self.tracks
    }

    /// Whether the target has its own copy of the track, so that the source no longer serves it.
    pub fn owns(&self, track: TrackNo) -> bool {
        self.own.get(u64::from(track.0), |_| false)
    }

    pub fn set_own(&mut self, track: TrackNo) {
        if !self.owns(track) {
            self.own.set(u64::from(track.0), true, |_| false);
            self.own_count += 1;
        }
    }

    pub fn is_complete(&self) -> bool {
        self.own_count == self.tracks
    }
}

/// The label that a target shows while its copy stands, over whatever its home holds (`label_residency = "overlay"`).
#[derive(Clone, Debug)]
pub struct Overlay {
    pub shown: Arc<LabelTrack>,
    /// The label that the target had, if it was not in its home yet.
    pub kept: Option<Arc<LabelTrack>>,
}

/// The terms of a copy that nobody conditioned.
const UNCONDITIONED: CopyTerms =
    CopyTerms { cow: CowTiming::OnDestage, fence: Fence::None, residency: LabelResidency::Resident };

/// Where a volume's tracks lie. The label track keeps its place for as long as the device exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub tracks: u32,
    label: Place,
    /// The place of track 1; tracks follow each other. `None` after the target's bindings were deleted.
    data: Option<Place>,
}

/// A run of places that belong to no volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeRange {
    pub first: Place,
    pub count: u64,
}

#[derive(Clone, Debug)]
pub struct Tables {
    pub relations: Vec<Relation>,
    pub bindings: Vec<Binding>,
    pub free: Vec<FreeRange>,
    pub next_relation: u32,
    /// Devices whose hidden ID the next host write blanks.
    pub clear_on_write: Vec<Device>,
}

/// A metadata transaction.
#[derive(Clone, Debug)]
pub enum Record {
    Establish(Relation),
    Own { relation: RelationNumber, tracks: Vec<TrackNo> },
    End { relation: RelationNumber },
    Unbind { device: Device },
    Bind { device: Device },
    ClearOnWrite { device: Device, wanted: bool },
}

impl Tables {
    /// Volumes of these numbers of tracks, one behind the other from place 0 on, of `places` in all.
    pub fn new(tracks: &[u32], places: u64) -> Tables {
        let mut first = 0;
        let mut bindings = Vec::new();
        for &count in tracks {
            bindings.push(Binding { tracks: count, label: Place(first), data: Some(Place(first + 1)) });
            first += u64::from(count);
        }
        assert!(first <= places, "the volumes fit the rank");
        let free =
            if first < places { vec![FreeRange { first: Place(first), count: places - first }] } else { Vec::new() };
        Tables { relations: Vec::new(), bindings, free, next_relation: 1, clear_on_write: Vec::new() }
    }

    /// The home of a track; `None` when the volume's data tracks are unbound.
    pub fn place(&self, device: Device, track: TrackNo) -> Option<Place> {
        let binding = self.bindings[device.0 as usize];
        assert!(track.0 < binding.tracks, "a track lies on its volume");
        match track.0 {
            0 => Some(binding.label),
            number => binding.data.map(|Place(first)| Place(first + u64::from(number) - 1)),
        }
    }

    pub fn is_bound(&self, device: Device) -> bool {
        self.bindings[device.0 as usize].data.is_some()
    }

    pub fn relation(&self, number: RelationNumber) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.number == number)
    }

    pub fn relation_of_source(&self, device: Device) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.source == device)
    }

    pub fn relation_of_target(&self, device: Device) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.target == device)
    }

    /// Whether the device takes part in a relationship; version 1 of the function allows one per volume (S-25, S-4).
    pub fn is_related(&self, device: Device) -> bool {
        self.relations.iter().any(|relation| relation.source == device || relation.target == device)
    }

    /// Applies a transaction. One that speaks of a relationship that has ended meanwhile changes nothing.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Establish(relation) => {
                // A new copy brings a label of its own.
                self.clear_on_write.retain(|&device| device != relation.target);
                self.next_relation = self.next_relation.max(relation.number.0 + 1);
                self.relations.push(relation.clone());
            }
            Record::Own { relation, tracks } => {
                if let Some(relation) = self.relations.iter_mut().find(|candidate| candidate.number == *relation) {
                    tracks.iter().for_each(|&track| relation.set_own(track));
                }
            }
            Record::End { relation } => self.relations.retain(|candidate| candidate.number != *relation),
            Record::Unbind { device } => self.unbind(*device),
            Record::Bind { device } => self.bind(*device),
            Record::ClearOnWrite { device, wanted } => {
                self.clear_on_write.retain(|other| other != device);
                if *wanted {
                    self.clear_on_write.push(*device);
                }
            }
        }
    }

    /// The ranges of places that volumes hold, for audits: (device, first place, count).
    pub fn bound_ranges(&self) -> impl Iterator<Item = (Device, Place, u64)> + '_ {
        self.bindings.iter().enumerate().flat_map(|(number, binding)| {
            let device = Device(number as u16);
            let data = binding.data.map(|first| (device, first, u64::from(binding.tracks) - 1));
            [Some((device, binding.label, 1)), data].into_iter().flatten().filter(|&(_, _, count)| count > 0)
        })
    }

    fn unbind(&mut self, device: Device) {
        let binding = &mut self.bindings[device.0 as usize];
        if let Some(first) = binding.data.take() {
            self.free.push(FreeRange { first, count: u64::from(binding.tracks) - 1 });
        }
    }

    /// First fit. A volume is only ever bound again after it was unbound, so there is room.
    fn bind(&mut self, device: Device) {
        let binding = &mut self.bindings[device.0 as usize];
        let needed = u64::from(binding.tracks) - 1;
        if binding.data.is_some() {
            return;
        }
        let chosen = self
            .free
            .iter()
            .position(|range| range.count == needed)
            .or_else(|| self.free.iter().position(|range| range.count > needed))
            .expect("what a volume gave back is free");
        let range = &mut self.free[chosen];
        binding.data = Some(range.first);
        range.first = Place(range.first.0 + needed);
        range.count -= needed;
        self.free.retain(|range| range.count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_never_overlap_and_come_back() {
        let mut tables = Tables::new(&[10, 5], 20);
        assert_eq!(tables.place(Device(1), TrackNo(0)), Some(Place(10)));
        assert_eq!(tables.place(Device(1), TrackNo(4)), Some(Place(14)));
        tables.apply(&Record::Unbind { device: Device(1) });
        assert_eq!(tables.place(Device(1), TrackNo(4)), None);
        assert_eq!(tables.place(Device(1), TrackNo(0)), Some(Place(10)), "the label track keeps its place");
        tables.apply(&Record::Bind { device: Device(1) });
        assert_eq!(tables.place(Device(1), TrackNo(4)), Some(Place(14)));
        assert_eq!(tables.free, [FreeRange { first: Place(15), count: 5 }]);
    }

    /// Tables 1 and 2 of the patent (paragraphs 22 to 24): which target track is found where.
    #[test]
    fn the_relationship_table_of_the_patent() {
        let mut tables = Tables::new(&[4, 4], 8);
        let relation = Relation::new(RelationNumber(1), Device(0), Device(1), Time::ZERO, 4);
        tables.apply(&Record::Establish(relation));
        let own =
            |tables: &Tables| -> Vec<bool> { (1..4).map(|track| tables.relations[0].owns(TrackNo(track))).collect() };
        assert_eq!(own(&tables), [false, false, false]);
        tables.apply(&Record::Own { relation: RelationNumber(1), tracks: vec![TrackNo(2), TrackNo(3)] });
        assert_eq!(own(&tables), [false, true, true]);
        tables.apply(&Record::End { relation: RelationNumber(1) });
        tables.apply(&Record::Own { relation: RelationNumber(1), tracks: vec![TrackNo(1)] });
        assert!(!tables.is_related(Device(1)));
    }
}
