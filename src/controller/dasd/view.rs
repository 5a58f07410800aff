//! What the controller's state means: the content and label of every volume, as a host would see them now, and as they
//! would be found after a crash.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::DasdController;
use super::tables::Tables;
use crate::device::cache::NvsEntry;
use crate::device::raid::Place;
use crate::kernel::{Time, Usage};
use crate::vocab::{Device, LabelTrack, Tag, TrackImage, TrackNo};

impl DasdController {
    /// The tables in memory.
    pub fn tables(&self) -> &Tables {
        &self.volatile.tables
    }

    pub fn tracks(&self, device: Device) -> u32 {
        self.parameters.volumes[device.0 as usize].tracks
    }

    /// All places of the rank that volumes can be bound to.
    pub fn places(&self) -> u64 {
        self.rank.places()
    }

    /// The logical label: what reading track 0 returns now.
    pub fn logical_label(&self, device: Device) -> Arc<LabelTrack> {
        self.logical_image(device, TrackNo(0)).label.expect("track 0 carries a label record")
    }

    pub fn logical_image(&self, device: Device, track: TrackNo) -> TrackImage {
        let image = match self.volatile.cache.newest(device, track) {
            Some(slot) => self.volatile.cache.slot(slot).image.clone(),
            None => match self.volatile.tables.relation_of_target(device).filter(|relation| !relation.owns(track)) {
                Some(relation) => self.t0_image(relation.number.0, relation.source, track),
                None => self.home_image(device, track),
            },
        };
        overlaid(&self.volatile.tables, device, track, image)
    }

    /// What a device holds of a track by itself, whatever a relationship says: its modified data over its home.
    pub fn own_tag(&self, device: Device, track: TrackNo) -> Tag {
        if !self.is_up() {
            return self.durable_volumes().own_image(device, track).tag;
        }
        match self.volatile.cache.newest(device, track) {
            Some(slot) => self.volatile.cache.slot(slot).image.tag,
            None => self.home_image(device, track).tag,
        }
    }

    /// The content of a track's own home on disk.
    pub fn home_image(&self, device: Device, track: TrackNo) -> TrackImage {
        self.home_image_by(&self.volatile.tables, device, track)
    }

    fn home_image_by(&self, tables: &Tables, device: Device, track: TrackNo) -> TrackImage {
        let place = tables.place(device, track);
        let tag = place.map_or(Tag(0), |place: Place| self.rank.tag(place));
        // A label that cannot be read is as none.
        let label = (track.0 == 0).then(|| {
            let stored = place.filter(|_| tag != Tag::UNREADABLE).and_then(|place| self.durable.labels.get(&place));
            stored.map_or_else(|| Arc::new(LabelTrack::BLANK), Arc::clone)
        });
        TrackImage { tag, label }
    }

    /// The label that a crash at this moment would leave (NVS kept).
    pub fn durable_label(&self, device: Device) -> Arc<LabelTrack> {
        let tables = self.durable_tables();
        let newest = |device: Device, wanted: &dyn Fn(&NvsEntry) -> bool| {
            self.battery
                .modified
                .versions(device, TrackNo(0))
                .filter(|entry| wanted(entry))
                .max_by_key(|entry| entry.sequence)
                .map(|entry| entry.image.clone())
        };
        let image = newest(device, &|_| true).unwrap_or_else(|| {
            match tables.relation_of_target(device).filter(|relation| !relation.owns(TrackNo(0))) {
                Some(relation) => newest(relation.source, &|entry| entry.epoch != relation.number.0)
                    .unwrap_or_else(|| self.home_image_by(&tables, relation.source, TrackNo(0))),
                None => self.home_image_by(&tables, device, TrackNo(0)),
            }
        });
        overlaid(&tables, device, TrackNo(0), image).label.expect("track 0 carries a label record")
    }

    /// Everything that a crash at this moment would leave (NVS kept), for a sweep over whole volumes.
    pub fn durable_volumes(&self) -> DurableVolumes<'_> {
        let mut modified: BTreeMap<(Device, TrackNo), Vec<&NvsEntry>> = BTreeMap::new();
        for (_, entry) in self.battery.modified.in_order() {
            modified.entry((entry.device, entry.track)).or_default().push(entry);
        }
        DurableVolumes { controller: self, tables: self.durable_tables(), modified }
    }

    /// Feeds everything that a power loss would leave, and no time or order of it.
    pub fn hash_durable(&self, hasher: &mut impl Hasher) {
        let volumes = self.durable_volumes();
        for device in (0..self.parameters.volumes.len() as u16).map(Device) {
            for track in (0..volumes.tables.tracks(device)).map(TrackNo) {
                volumes.image(device, track).hash(hasher);
                volumes.own_image(device, track).hash(hasher);
                self.home_image_by(&volumes.tables, device, track).hash(hasher);
            }
        }
        volumes.tables.relations.hash(hasher);
        volumes.tables.clear_on_write.hash(hasher);
        self.rank.hash_damage(hasher);
        (self.battery.stripes.len(), &self.torn, self.copies_refused, self.paths_lost).hash(hasher);
    }

    /// Modified tracks in the NVS of a cluster, and what fits.
    pub fn nvs_use(&self, cluster: u8) -> (u32, u32) {
        (self.battery.modified.used(cluster), self.battery.modified.capacity(cluster))
    }

    /// Names of its components, and the servers of each.
    pub fn servers(&self) -> impl Iterator<Item = (String, u32)> {
        let processors = self.parameters.processors;
        let clusters = (0..self.volatile.cpus.len()).map(move |cluster| (format!("dasd.cpu{cluster}"), processors));
        let channel = ("dasd.channel".to_owned(), self.parameters.channel.paths);
        let disks = (0..self.rank.spindles()).map(|disk| (format!("dasd.disk{disk}"), 1));
        clusters.chain([channel]).chain(disks)
    }

    /// What they have done so far, in the order of [`DasdController::servers`].
    pub fn usage(&self, now: Time) -> impl Iterator<Item = Usage> {
        let clusters = self.volatile.cpus.iter().map(move |cpu| cpu.usage(now));
        clusters.chain([self.volatile.channel.usage(now)]).chain(self.rank.usage(now))
    }

    /// Rows of a disk that hold what they should: all, or those that a spare has by now.
    pub fn rebuilt_rows(&self, disk: u16) -> u64 {
        let rebuilding = self.rank.rebuilding();
        let missing = rebuilding.iter().find(|(of, _)| *of == disk).map(|&(_, row)| row);
        missing.unwrap_or(if self.rank.has_failed(disk, 0) { 0 } else { self.rank.rows() })
    }

    /// Whether nothing is in progress: no operation, no modified data, no unwritten metadata.
    pub fn is_quiet(&self) -> bool {
        self.is_up()
            && self.volatile.ops.len() == self.volatile.free_ops.len()
            && self.volatile.suspended.is_empty()
            && self.battery.modified.is_empty()
            && self.battery.log.is_empty()
    }
}

/// The image with the label that a standing copy shows in its place.
fn overlaid(tables: &Tables, device: Device, track: TrackNo, image: TrackImage) -> TrackImage {
    let shown = (track.0 == 0).then(|| tables.relation_of_target(device)?.overlay.as_ref()).flatten();
    match shown {
        Some(overlay) => TrackImage { label: Some(Arc::clone(&overlay.shown)), ..image },
        None => image,
    }
}

/// The durable content of all volumes: NVS over relationship over homes.
pub struct DurableVolumes<'a> {
    controller: &'a DasdController,
    tables: Tables,
    /// Modified versions, oldest first.
    modified: BTreeMap<(Device, TrackNo), Vec<&'a NvsEntry>>,
}

impl DurableVolumes<'_> {
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    pub fn image(&self, device: Device, track: TrackNo) -> TrackImage {
        let image = match self.modified.get(&(device, track)).and_then(|versions| versions.last()) {
            Some(entry) => entry.image.clone(),
            None => match self.tables.relation_of_target(device).filter(|relation| !relation.owns(track)) {
                Some(relation) => self.t0(relation.number.0, relation.source, track),
                None => self.controller.home_image_by(&self.tables, device, track),
            },
        };
        overlaid(&self.tables, device, track, image)
    }

    /// The content of the device's own home: its modified data in NVS over its place on disk, whatever a relationship
    /// says.
    pub fn own_image(&self, device: Device, track: TrackNo) -> TrackImage {
        match self.modified.get(&(device, track)).and_then(|versions| versions.last()) {
            Some(entry) => entry.image.clone(),
            None => self.controller.home_image_by(&self.tables, device, track),
        }
    }

    fn t0(&self, epoch: u32, source: Device, track: TrackNo) -> TrackImage {
        let versions = self.modified.get(&(source, track));
        match versions.and_then(|versions| versions.iter().rev().find(|entry| entry.epoch != epoch)) {
            Some(entry) => entry.image.clone(),
            None => self.controller.home_image_by(&self.tables, source, track),
        }
    }
}
