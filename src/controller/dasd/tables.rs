//! The controller's tables: bindings 128 and relationship table 126, and the transactions that change them.
//!
//! What the two architectures share is here: virtual copies that stand, and the question where a track lies. The answer
//! comes from the [`Map`]: homes that belong to one volume each, or the directory of a log-structured array.
//!
//! The tables exist twice: on the metadata store 124, and in memory. A transaction is a record in the NVS log; once it is
//! there it counts. The store follows later. After a crash the tables in memory are the store with the log applied.

use std::sync::Arc;

use super::directory::{Directory, Move};
use super::homes::Homes;
use super::parameters::{CopyTerms, CowTiming, Fence, LabelResidency};
use crate::device::raid::Place;
use crate::kernel::Time;
use crate::vocab::{Device, Extents, LabelTrack, Paged, RelationNumber, TrackNo};

/// A virtual copy that stands.
///
/// In the home-area architecture this is an entry of the relationship table 126: a target whose tracks are found at the
/// source until they are its own. In the log-structured architecture it is the record of a snapshot: it says that the
/// pair exists and since when. Its target has bindings of its own from the start, so nothing is looked up through the
/// record, but for tracks whose content at T0 is still modified data in NVS: that one version belongs to both volumes
/// until it is on disk and both are bound to it.
#[derive(Clone, Debug, Hash)]
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
    /// What the copy is about; the target keeps what it has of all other tracks.
    extents: Extents,
    own: Paged<bool>,
    /// What an untouched entry of `own` says.
    own_at_first: bool,
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
            extents: Extents::whole(tracks),
            own: Paged::new(u64::from(tracks)),
            own_at_first: false,
            own_count: 0,
        }
    }

    /// The record of a snapshot: the target has every track but those whose T0 content is `modified` data of the source.
    pub fn snapshot(
        number: RelationNumber,
        source: Device,
        target: Device,
        t0: Time,
        tracks: u32,
        modified: &[TrackNo],
    ) -> Relation {
        let own_count = tracks - modified.len() as u32;
        let mut relation =
            Relation { own_at_first: true, own_count, ..Relation::new(number, source, target, t0, tracks) };
        modified.iter().for_each(|track| relation.own.set(u64::from(track.0), false, |_| true));
        relation
    }

    pub fn tracks(&self) -> u32 {
        self.tracks
    }

    /// The same copy, of these tracks only.
    pub fn within(self, extents: Extents) -> Relation {
        Relation { extents, ..self }
    }

    /// Whether it is about any of `count` tracks from `first` on.
    pub fn concerns(&self, first: TrackNo, count: u32) -> bool {
        (first.0..first.0 + count).any(|track| self.extents.contains(TrackNo(track)))
    }

    /// Whether the target has its own copy of the track, so that the source does not serve it (any more).
    pub fn owns(&self, track: TrackNo) -> bool {
        !self.extents.contains(track) || self.own.get(u64::from(track.0), |_| self.own_at_first)
    }

    pub fn set_own(&mut self, track: TrackNo) {
        if !self.owns(track) {
            let at_first = self.own_at_first;
            self.own.set(u64::from(track.0), true, |_| at_first);
            self.own_count += 1;
        }
    }

    /// The tracks of the copy that are the target's own.
    pub fn owned(&self) -> Vec<TrackNo> {
        self.extents.each().filter(|&track| self.owns(track)).collect()
    }

    pub fn is_complete(&self) -> bool {
        self.own_count == self.extents.tracks()
    }
}

/// The label that a target shows while its copy stands, over whatever its home holds (`label_residency = "overlay"`).
#[derive(Clone, Debug, Hash)]
pub struct Overlay {
    pub shown: Arc<LabelTrack>,
    /// The label that the target had, if it was not in its home yet.
    pub kept: Option<Arc<LabelTrack>>,
}

/// The terms of a copy that nobody conditioned.
const UNCONDITIONED: CopyTerms =
    CopyTerms { cow: CowTiming::OnDestage, fence: Fence::None, residency: LabelResidency::Resident };

/// How tracks of volumes lead to places on disk.
#[derive(Clone, Debug)]
pub enum Map {
    HomeArea(Homes),
    LogStructured(Directory),
}

#[derive(Clone, Debug)]
pub struct Tables {
    pub relations: Vec<Relation>,
    pub map: Map,
    pub next_relation: u32,
    /// Devices whose hidden ID the next host write blanks.
    pub clear_on_write: Vec<Device>,
    /// Tracks of each volume.
    tracks: Vec<u32>,
}

/// A metadata transaction.
#[derive(Clone, Debug)]
pub enum Record {
    Establish(Relation),
    Own {
        relation: RelationNumber,
        tracks: Vec<TrackNo>,
    },
    End {
        relation: RelationNumber,
    },
    /// The volume's data tracks lie nowhere any more; a snapshot onto it is over.
    Unbind {
        device: Device,
    },
    Bind {
        device: Device,
    },
    ClearOnWrite {
        device: Device,
        wanted: bool,
    },
    /// First transaction of a snapshot: every place that the source is bound to, but for tracks in `except`, counts one
    /// binding more.
    RaiseCounts {
        relation: RelationNumber,
        source: Device,
        except: Vec<TrackNo>,
    },
    /// Second transaction of a snapshot: the target's pointers are those of the source, but for tracks in `except`.
    Snapshot {
        relation: Relation,
        except: Vec<TrackNo>,
    },
    /// A snapshot between its two transactions is given up.
    AbandonSnapshot {
        relation: RelationNumber,
    },
    /// Modified tracks lie at new places.
    Redirect {
        moves: Vec<Redirection>,
    },
    /// Live tracks of a segment lie elsewhere: all bindings of each at once.
    Relocate {
        moves: Vec<Move>,
    },
    /// The deleted volume's tracks stay where they are until their space is asked for.
    Hide {
        device: Device,
    },
}

/// A modified track of a log-structured array that was written to a new place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirection {
    pub device: Device,
    pub track: TrackNo,
    pub to: Place,
    /// It was written after the T0 of the snapshot whose source the device is.
    pub newer: bool,
}

impl Tables {
    /// `tracks` are those of each volume.
    pub fn new(tracks: &[u32], map: Map) -> Tables {
        Tables { relations: Vec::new(), map, next_relation: 1, clear_on_write: Vec::new(), tracks: tracks.to_vec() }
    }

    /// Where a track lies on disk; `None` when it is bound to no place.
    pub fn place(&self, device: Device, track: TrackNo) -> Option<Place> {
        match &self.map {
            Map::HomeArea(homes) => homes.place(device, track),
            Map::LogStructured(directory) => directory.place(device, track),
        }
    }

    pub fn tracks(&self, device: Device) -> u32 {
        self.tracks[device.0 as usize]
    }

    /// Whether the volume's tracks can be written.
    pub fn is_bound(&self, device: Device) -> bool {
        match &self.map {
            Map::HomeArea(homes) => homes.is_bound(device),
            Map::LogStructured(directory) => !directory.is_hidden(device),
        }
    }

    /// The directory of a log-structured array.
    pub fn directory(&self) -> Option<&Directory> {
        match &self.map {
            Map::HomeArea(_) => None,
            Map::LogStructured(directory) => Some(directory),
        }
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

    /// Applies a transaction and returns the places that it left without a binding. One that speaks of a relationship
    /// that has ended meanwhile changes nothing.
    pub fn apply(&mut self, record: &Record) -> Vec<Place> {
        let mut freed = Vec::new();
        match record {
            Record::Establish(relation) => self.add(relation),
            Record::Own { relation, tracks } => {
                if let Some(relation) = self.relations.iter_mut().find(|candidate| candidate.number == *relation) {
                    tracks.iter().for_each(|&track| relation.set_own(track));
                }
            }
            Record::End { relation } => self.relations.retain(|candidate| candidate.number != *relation),
            Record::Unbind { device } => match &mut self.map {
                Map::HomeArea(homes) => homes.unbind(*device),
                Map::LogStructured(directory) => {
                    directory.unbind(*device, &mut freed);
                    self.relations.retain(|candidate| candidate.target != *device);
                }
            },
            Record::Bind { device } => {
                if let Map::HomeArea(homes) = &mut self.map {
                    homes.bind(*device);
                }
            }
            Record::ClearOnWrite { device, wanted } => {
                self.clear_on_write.retain(|other| other != device);
                if *wanted {
                    self.clear_on_write.push(*device);
                }
            }
            Record::RaiseCounts { relation, source, except } => {
                self.directory_mut().raise_counts(*relation, *source, except);
            }
            Record::Snapshot { relation, except } => {
                let Relation { number, source, target, .. } = *relation;
                self.directory_mut().copy_pointers(number, source, target, except, &mut freed);
                self.add(relation);
            }
            Record::AbandonSnapshot { relation } => self.directory_mut().abandon(*relation, &mut freed),
            Record::Redirect { moves } => moves.iter().for_each(|redirection| self.redirect(*redirection, &mut freed)),
            Record::Relocate { moves } => self.directory_mut().relocate(moves, &mut freed),
            Record::Hide { device } => {
                self.directory_mut().hide(*device);
                self.relations.retain(|candidate| candidate.target != *device);
            }
        }
        freed
    }

    /// Believes other tables about which places of home areas are free.
    pub fn take_free_places_from(&mut self, other: &Tables) {
        if let (Map::HomeArea(homes), Map::HomeArea(others)) = (&mut self.map, &other.map) {
            homes.free.clone_from(&others.free);
        }
    }

    fn add(&mut self, relation: &Relation) {
        // A new copy brings a label of its own.
        self.clear_on_write.retain(|&device| device != relation.target);
        self.next_relation = self.next_relation.max(relation.number.0 + 1);
        self.relations.push(relation.clone());
    }

    fn directory_mut(&mut self) -> &mut Directory {
        match &mut self.map {
            Map::HomeArea(_) => unreachable!("only a log-structured array has such transactions"),
            Map::LogStructured(directory) => directory,
        }
    }

    /// Binds the track to its new place. While its content at T0 was one version for source and target, the target is
    /// bound with it: to the same place, or, when that version is gone, to the place that the source leaves.
    fn redirect(&mut self, Redirection { device, track, to, newer }: Redirection, freed: &mut Vec<Place>) {
        let Tables { relations, map: Map::LogStructured(directory), .. } = self else {
            unreachable!("only a log-structured array has such transactions");
        };
        let concerned = relations.iter_mut().filter(|relation| relation.source == device || relation.target == device);
        for relation in concerned.filter(|relation| !relation.owns(track)) {
            relation.set_own(track);
            if relation.source == device {
                let shared = if newer { directory.place(device, track) } else { Some(to) };
                directory.point(relation.target, track, shared, freed);
            }
        }
        directory.point(device, track, Some(to), freed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::TrackRun;

    #[test]
    fn a_copy_of_an_extent_leaves_the_other_tracks_alone() {
        let extents = Extents::of(&[TrackRun { first: 2, count: 2 }], 6).expect("one run");
        let mut relation = Relation::new(RelationNumber(1), Device(0), Device(1), Time::ZERO, 6).within(extents);
        let own: Vec<bool> = (0..6).map(|track| relation.owns(TrackNo(track))).collect();
        assert_eq!(own, [true, true, false, false, true, true]);
        assert!(relation.concerns(TrackNo(0), 3) && !relation.concerns(TrackNo(4), 2));
        [0, 2, 3].iter().for_each(|&track| relation.set_own(TrackNo(track)));
        assert!(relation.is_complete());
    }

    /// Tables 1 and 2 of the patent (paragraphs 22 to 24): which target track is found where.
    #[test]
    fn the_relationship_table_of_the_patent() {
        let tracks = [4, 4];
        let mut tables = Tables::new(&tracks, Map::HomeArea(Homes::new(&tracks, 8)));
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
