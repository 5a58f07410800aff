//! The system as the checks see it.

use std::sync::Arc;

use super::view::{
    Bindings, EntryState, InventoryEntry, JobState, Outstanding, PlaceRange, PlaceUse, Places, Relation,
    TapeAllocation, TapeRecord, View,
};
use crate::controller::dasd::Fence;
use crate::controller::dasd::directory::Raised;
use crate::controller::dasd::tables::Map;
use crate::device::cartridge::Record;
use crate::device::raid::Place;
use crate::kernel::Time;
use crate::manager::Manager;
use crate::manager::catalog::{self, CartridgeUse, Section};
use crate::vocab::{Cartridge, Device, Image, LabelTrack, RelationNumber, Tag, TrackNo, VolumeId};
use crate::world::World;

/// A world at a boundary.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub world: &'a World,
    pub now: Time,
    /// Nothing is pending.
    pub quiet: bool,
}

impl View for Seen<'_> {
    fn now(&self) -> Time {
        self.now
    }

    fn images(&self) -> u8 {
        self.world.images.len() as u8
    }

    fn online(&self, image: Image, device: Device) -> Option<VolumeId> {
        self.world.image(image).ucbs()[device.0 as usize].online
    }

    fn genned(&self, image: Image, device: Device) -> bool {
        self.world.image(image).catalog().online_at_ipl[device.0 as usize]
    }

    fn reachable(&self, _: Device) -> bool {
        self.world.dasd.has_path()
    }

    fn logical_label(&self, device: Device) -> Arc<LabelTrack> {
        let dasd = &self.world.dasd;
        if dasd.is_up() { dasd.logical_label(device) } else { dasd.durable_label(device) }
    }

    fn durable_label(&self, device: Device) -> Arc<LabelTrack> {
        self.world.dasd.durable_label(device)
    }

    fn logical_tag(&self, device: Device, track: TrackNo) -> Tag {
        let dasd = &self.world.dasd;
        if dasd.is_up() {
            dasd.logical_image(device, track).tag
        } else {
            dasd.durable_volumes().image(device, track).tag
        }
    }

    fn logical_tags(&self, device: Device) -> impl Fn(TrackNo) -> Tag + '_ {
        let dasd = &self.world.dasd;
        let durable = (!dasd.is_up()).then(|| dasd.durable_volumes());
        move |track| match &durable {
            Some(durable) => durable.image(device, track).tag,
            None => dasd.logical_image(device, track).tag,
        }
    }

    fn durable_tags(&self, device: Device) -> impl Fn(TrackNo) -> Tag + '_ {
        let durable = self.world.dasd.durable_volumes();
        move |track| durable.image(device, track).tag
    }

    fn home_tag(&self, device: Device, track: TrackNo) -> Tag {
        self.world.dasd.own_tag(device, track)
    }

    fn relations(&self) -> Vec<Relation> {
        let relations = self.world.dasd.tables().relations.iter();
        relations
            .map(|relation| Relation {
                number: relation.number,
                source: relation.source,
                target: relation.target,
                t0: relation.t0,
                conditioned: relation.conditioned,
            })
            .collect()
    }

    fn own(&self, relation: RelationNumber, track: TrackNo) -> bool {
        self.world.dasd.tables().relation(relation).is_some_and(|relation| relation.owns(track))
    }

    fn places(&self) -> Places {
        let Map::HomeArea(homes) = &self.world.dasd.tables().map else { return Places::default() };
        let range = |Place(first): Place, count| PlaceRange { first, count };
        Places {
            total: self.world.dasd.places(),
            bound: homes.bound_ranges().map(|(device, first, count)| (device, range(first, count))).collect(),
            free: homes.free.iter().map(|free| range(free.first, free.count)).collect(),
        }
    }

    fn directory(&self) -> Option<Bindings> {
        let directory = self.world.dasd.tables().directory()?;
        let count = |place| PlaceUse { count: directory.count(Place(place)), ..PlaceUse::default() };
        let mut places: Vec<PlaceUse> = (0..directory.places()).map(count).collect();
        for device in directory.devices() {
            let promising: Vec<&Raised> = directory.raised().iter().filter(|raised| raised.source == device).collect();
            for track in (0..directory.tracks(device)).map(TrackNo) {
                if let Some(Place(place)) = directory.binding(device, track) {
                    let place = &mut places[place as usize];
                    place.bound += 1;
                    place.promised += promising.iter().filter(|raised| !raised.except.contains(&track)).count() as u32;
                }
            }
        }
        Some(Bindings { places, live: directory.live() })
    }

    fn place(&self, place: u64) -> Option<PlaceUse> {
        let directory = self.world.dasd.tables().directory()?;
        let (place, track) = (Place(place), directory.number(Place(place)));
        let bound = directory.bound_to(place);
        let promises = |raised: &&Raised| bound.contains(&raised.source) && !raised.except.contains(&track);
        let promised = directory.raised().iter().filter(promises).count() as u32;
        Some(PlaceUse { count: directory.count(place), bound: bound.len() as u32, promised })
    }

    fn bound_place(&self, device: Device, track: TrackNo) -> Option<u64> {
        self.world.dasd.tables().directory()?.binding(device, track).map(|place| place.0)
    }

    fn segment(&self, segment: u32) -> std::ops::Range<u64> {
        let directory = self.world.dasd.tables().directory();
        directory.map_or(0..0, |directory| directory.range_of(segment))
    }

    fn jobs(&self) -> Vec<JobState> {
        let jobs = self.world.manager().jobs();
        jobs.into_iter().map(|(job, held)| JobState { job, live: !held, held }).collect()
    }

    fn inventory(&self) -> Vec<InventoryEntry> {
        let catalog = self.world.manager().catalog();
        let scratched = |entry: &catalog::InventoryEntry| {
            let used = |section: &Section| catalog.cartridges[section.cartridge.0 as usize];
            entry.sections().iter().any(|section| used(section) != CartridgeUse::Allocated(entry.backup))
        };
        let entries = catalog.inventory.iter();
        entries
            .map(|entry| InventoryEntry {
                backup: entry.backup,
                source_id: entry.source,
                t0: entry.t0,
                state: match entry.state {
                    catalog::EntryState::InProgress => EntryState::InProgress,
                    catalog::EntryState::Complete => EntryState::Complete,
                    catalog::EntryState::Invalid | catalog::EntryState::Expired => EntryState::Invalid,
                },
                cartridges: entry.sections().iter().map(|section| section.cartridge).collect(),
                device: entry.device(),
                scratched: scratched(entry),
            })
            .collect()
    }

    fn tape_records(&self, cartridge: Cartridge) -> Vec<TapeRecord> {
        let name = self.world.manager().parameters().cartridges[cartridge.0 as usize];
        let Some(cartridge) = self.world.tape.cartridge_named(cartridge, name) else { return Vec::new() };
        let readable =
            |(index, record)| if cartridge.is_readable(index) { seen_record(record) } else { TapeRecord::Other };
        (0..).zip(cartridge.records()).map(readable).collect()
    }

    fn fences(&self) -> Vec<Device> {
        let relations = self.world.dasd.tables().relations.iter();
        relations.filter(|relation| relation.terms.fence != Fence::None).map(|relation| relation.target).collect()
    }

    fn tape_allocations(&self) -> Vec<TapeAllocation> {
        let tapes = self.world.manager().tapes_in_use();
        tapes.into_iter().map(|(job, drive)| TapeAllocation { drive, job }).collect()
    }

    fn outstanding(&self) -> Outstanding {
        let images = self.world.images.iter().map(Manager::transfers);
        images.fold(Outstanding::default(), |sum, (count, oldest)| Outstanding {
            count: sum.count + count,
            oldest: sum.oldest.into_iter().chain(oldest).min(),
        })
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }
}

fn seen_record(record: &Record) -> TapeRecord {
    match record {
        &Record::Header { backup, volume } => TapeRecord::Header { backup, volume },
        Record::Track { backup, track, image } => {
            TapeRecord::Track { backup: *backup, track: *track, tag: image.tag, label: image.label.clone() }
        }
        Record::Eov1 { .. } => TapeRecord::EndOfVolume,
        Record::Eof1 { .. } => TapeRecord::EndOfFile,
        Record::Vol1 { .. } | Record::Hdr1 { .. } | Record::Hdr2 | Record::TapeMark | Record::Eov2 | Record::Eof2 => {
            TapeRecord::Other
        }
    }
}
