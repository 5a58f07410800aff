//! A system for tests of the checks: three volumes of eight tracks, and every state a test wants to set.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::books::Books;
use super::jobs::PointInTime;
use super::scene::Scene;
use super::setup::{CheckedVolume, Setup};
use super::tally::Moment;
use super::tape::TapeAudit;
use super::view::{
    Bindings, EntryState, InventoryEntry, JobState, Outstanding, PlaceRange, PlaceUse, Places, Relation,
    TapeAllocation, TapeRecord, View,
};
use crate::controller::dasd::{Architecture, DasdFact};
use crate::kernel::{Span, Time};
use crate::manager::plan::{BackupPlan, MethodName};
use crate::manager::{Job, ManagerFact, Outcome};
use crate::scenario::plan::Limits;
use crate::vocab::{
    Backup, Cartridge, Device, DeviceNumber, HiddenFormat, HiddenId, Image, Label, LabelTrack, RelationNumber, Restore,
    Tag, TrackNo, VolumeId, WriteNumber,
};

pub const SOURCE: Device = Device(0);
pub const TARGET: Device = Device(1);
pub const SPARE: Device = Device(2);
pub const TRACKS: u32 = 8;
pub const BACKUP: Backup = Backup(0);
pub const RELATION: RelationNumber = RelationNumber(1);

pub fn id(text: &str) -> VolumeId {
    VolumeId::parse(text).expect("the test names a valid ID")
}

/// 0A00 PROD01, 0A10 SPARE1, 0A20 SPARE2; one planned safe backup of the first onto the second.
pub fn setup() -> Setup {
    let volume = |place: u16, name: &str| CheckedVolume {
        number: DeviceNumber(0x0A00 + 0x10 * place),
        id: id(name),
        online: true,
        tracks: TRACKS,
        contents: u64::from(place),
        empty: false,
    };
    Setup {
        images: vec!["host".to_owned()],
        architecture: Architecture::HomeArea,
        volumes: vec![volume(0, "PROD01"), volume(1, "SPARE1"), volume(2, "SPARE2")],
        backups: vec![BackupPlan::plain(SOURCE, id("PROD01"), TARGET, id("SPARE1"), TRACKS)],
        restores: Vec::new(),
        allocations: Default::default(),
        chains: Vec::new(),
        limits: Limits {
            rto: Span::from_secs(3_600),
            rpo: Span::from_secs(26 * 3_600),
            orphan_grace: Span::from_secs(60),
            job_time: Span::from_secs(100),
            io_bound: Span::from_secs(600),
        },
        required: Vec::new(),
        mutant: None,
    }
}

#[derive(Clone, Debug)]
pub struct Fake {
    pub setup: Setup,
    pub books: Books,
    pub now: Time,
    pub online: Vec<Option<VolumeId>>,
    pub genned: Vec<bool>,
    pub reachable: Vec<bool>,
    pub labels: Vec<LabelTrack>,
    pub durable_labels: Vec<LabelTrack>,
    pub logical: Vec<Vec<Tag>>,
    pub durable: Vec<Vec<Tag>>,
    pub home: Vec<Vec<Tag>>,
    pub relations: Vec<Relation>,
    pub own: BTreeSet<(RelationNumber, TrackNo)>,
    pub places: Places,
    pub directory: Option<Bindings>,
    pub jobs: Vec<JobState>,
    pub inventory: Vec<InventoryEntry>,
    pub tapes: Vec<Vec<TapeRecord>>,
    pub fences: Vec<Device>,
    pub allocations: Vec<TapeAllocation>,
    pub outstanding: Outstanding,
    pub quiet: bool,
}

impl Fake {
    /// Everything as it is at the start.
    pub fn new() -> Fake {
        let setup = setup();
        let books = Books::new(&setup);
        let tags: Vec<Vec<Tag>> = setup
            .volumes
            .iter()
            .map(|volume| (0..TRACKS).map(|track| Tag::initial(volume.contents, TrackNo(track))).collect())
            .collect();
        let labels: Vec<LabelTrack> = setup.volumes.iter().map(|volume| LabelTrack::fresh(volume.id)).collect();
        let range = |place: u64| PlaceRange { first: 8 * place, count: 8 };
        let places = Places {
            total: 32,
            bound: [SOURCE, TARGET, SPARE].map(|device| (device, range(u64::from(device.0)))).to_vec(),
            free: vec![range(3)],
        };
        Fake {
            online: setup.volumes.iter().map(|volume| Some(volume.id)).collect(),
            genned: vec![true; 3],
            reachable: vec![true; 3],
            durable_labels: labels.clone(),
            labels,
            logical: tags.clone(),
            durable: tags.clone(),
            home: tags,
            places,
            directory: None,
            now: Time::ZERO,
            relations: Vec::new(),
            own: BTreeSet::new(),
            jobs: Vec::new(),
            inventory: Vec::new(),
            tapes: vec![Vec::new()],
            fences: Vec::new(),
            allocations: Vec::new(),
            outstanding: Outstanding::default(),
            quiet: false,
            books,
            setup,
        }
    }

    /// A safe backup whose copy is acknowledged: relationship, label B, hidden A.
    pub fn with_copy() -> Fake {
        let mut fake = Fake::new();
        fake.write(90, TrackNo(5));
        let (backup, relation, source, target) = (BACKUP, RELATION, SOURCE, TARGET);
        let method = MethodName::SafeBackup;
        fake.jobs.push(JobState { job: Job::Backup(BACKUP), live: true, held: false });
        fake.note_manager(ManagerFact::StimulusAccepted { backup, plan: 0, source, target, method });
        fake.note_dasd(DasdFact::PointInTimeSet { relation, source, target });
        fake.relations.push(Relation { number: RELATION, source, target, t0: fake.now, conditioned: true });
        let mut label = Label::new(id("SPARE1"));
        let hidden = HiddenId { source: id("PROD01"), target: id("SPARE1"), t0_seconds: 0, relation };
        label.hide(hidden, HiddenFormat::Sealed);
        fake.labels[1].label = Some(label);
        fake.durable_labels[1].label = Some(label);
        fake.logical[1] = fake.logical[0].clone();
        fake.durable[1] = fake.durable[0].clone();
        fake.note_dasd(DasdFact::RelationshipCommitted { relation, source, target });
        fake.note_dasd(DasdFact::TargetLabelWritten { device: target });
        fake.note_dasd(DasdFact::EstablishAcknowledged { relation, source, target });
        fake
    }

    /// The same with its dump on cartridge 0, registered as complete.
    pub fn with_backup() -> Fake {
        let mut fake = Fake::with_copy();
        let (backup, image) = (BACKUP, fake.image());
        let tracks = (0..TRACKS).map(TrackNo).map(|track| {
            let label = (track.0 == 0).then(|| Arc::new(image.label));
            TapeRecord::Track { backup, track, tag: image.contents.get(track), label }
        });
        fake.tapes[0] = [TapeRecord::Other, TapeRecord::Header { backup, volume: id("PROD01") }]
            .into_iter()
            .chain(tracks)
            .chain([TapeRecord::EndOfFile])
            .collect();
        fake.inventory.push(InventoryEntry {
            backup,
            source_id: id("PROD01"),
            t0: image.at,
            state: EntryState::Complete,
            cartridges: vec![Cartridge(0)],
            device: None,
            scratched: false,
        });
        fake
    }

    /// The same, restored onto the spare device.
    pub fn with_restore() -> Fake {
        let mut fake = Fake::with_backup();
        let (restore, backup, device, volume) = (Restore(0), BACKUP, SPARE, id("PROD01"));
        fake.note_manager(ManagerFact::RestoreStarted { restore, volume, device });
        fake.note_manager(ManagerFact::GenerationSelected { restore, backup });
        fake.note_manager(ManagerFact::RestoreGuardPassed { restore });
        fake.logical[2] = fake.logical[1].clone();
        fake.durable[2] = fake.logical[1].clone();
        fake.labels[2] = fake.image().label;
        fake.durable_labels[2] = fake.labels[2];
        fake.note_manager(ManagerFact::RestoreComplete { restore, backup, device });
        fake
    }

    pub fn scene<R>(&mut self, look: impl FnOnce(&Scene<Fake>) -> R) -> R {
        let at = Moment { boundary: 1, time: self.now };
        look(&Scene { view: self, setup: &self.setup, books: &self.books, at })
    }

    pub fn note_dasd(&mut self, fact: DasdFact) {
        let mut books = self.books.clone();
        books.note_dasd(self, fact);
        self.books = books;
    }

    pub fn note_manager(&mut self, fact: ManagerFact) {
        let mut books = self.books.clone();
        books.note_manager(self, &self.setup, Image::FIRST, fact);
        self.books = books;
    }

    pub fn image(&self) -> Arc<PointInTime> {
        self.books.jobs.image(BACKUP).expect("T0 was set").clone()
    }

    pub fn audit(&self) -> TapeAudit {
        TapeAudit::of(self, &self.inventory[0], Some(&self.image()), &crate::vocab::Extents::whole(TRACKS))
    }

    /// The device's label changes, logical and durable, without a word to the host.
    pub fn relabel(&mut self, device: Device, name: &str) {
        self.labels[device.0 as usize] = LabelTrack::fresh(id(name));
        self.durable_labels[device.0 as usize] = LabelTrack::fresh(id(name));
    }

    pub fn clear_hidden(&mut self) {
        self.relabel(TARGET, "SPARE1");
    }

    /// The job ended, and is held.
    pub fn hold(&mut self) {
        let job = Job::Backup(BACKUP);
        self.jobs = vec![JobState { job, live: false, held: true }];
        self.note_manager(ManagerFact::JobEnded { job, outcome: Outcome::FailedClean, held: true });
    }

    /// A host write to PROD01 that reaches its device and is acknowledged.
    pub fn write(&mut self, number: u64, track: TrackNo) {
        let place = track.0 as usize;
        let tag = self.logical[0][place].after_write(WriteNumber(number), 0);
        self.host_write(SOURCE, id("PROD01"), number, track);
        self.logical[0][place] = tag;
        self.durable[0][place] = tag;
    }

    /// A host write to the target that is acknowledged.
    pub fn write_target(&mut self, track: TrackNo) {
        self.host_write(TARGET, id("SPARE1"), 77, track);
    }

    fn host_write(&mut self, device: Device, volume: VolumeId, number: u64, first: TrackNo) {
        let (write, count, target) = (WriteNumber(number), 1, device == TARGET);
        self.note_manager(ManagerFact::WriteIssued { device, first, count, write, volume });
        self.note_manager(ManagerFact::WriteAcknowledged { device, first, count, write, volume, target });
    }
}

impl View for Fake {
    fn now(&self) -> Time {
        self.now
    }

    fn images(&self) -> u8 {
        1
    }

    fn online(&self, _: Image, device: Device) -> Option<VolumeId> {
        self.online[device.0 as usize]
    }

    fn genned(&self, _: Image, device: Device) -> bool {
        self.genned[device.0 as usize]
    }

    fn reachable(&self, device: Device) -> bool {
        self.reachable[device.0 as usize]
    }

    fn logical_label(&self, device: Device) -> Arc<LabelTrack> {
        Arc::new(self.labels[device.0 as usize])
    }

    fn durable_label(&self, device: Device) -> Arc<LabelTrack> {
        Arc::new(self.durable_labels[device.0 as usize])
    }

    fn logical_tag(&self, device: Device, track: TrackNo) -> Tag {
        self.logical[device.0 as usize][track.0 as usize]
    }

    fn logical_tags(&self, device: Device) -> impl Fn(TrackNo) -> Tag + '_ {
        move |track| self.logical_tag(device, track)
    }

    fn durable_tags(&self, device: Device) -> impl Fn(TrackNo) -> Tag + '_ {
        move |track| self.durable[device.0 as usize][track.0 as usize]
    }

    fn home_tag(&self, device: Device, track: TrackNo) -> Tag {
        self.home[device.0 as usize][track.0 as usize]
    }

    fn relations(&self) -> Vec<Relation> {
        self.relations.clone()
    }

    fn own(&self, relation: RelationNumber, track: TrackNo) -> bool {
        self.own.contains(&(relation, track))
    }

    fn places(&self) -> Places {
        self.places.clone()
    }

    fn directory(&self) -> Option<Bindings> {
        self.directory.clone()
    }

    fn place(&self, place: u64) -> Option<PlaceUse> {
        Some(self.directory.as_ref()?.places[place as usize])
    }

    fn bound_place(&self, _: Device, track: TrackNo) -> Option<u64> {
        self.directory.as_ref().map(|_| u64::from(track.0))
    }

    fn segment(&self, segment: u32) -> std::ops::Range<u64> {
        u64::from(segment) * 4..u64::from(segment) * 4 + 4
    }

    fn jobs(&self) -> Vec<JobState> {
        self.jobs.clone()
    }

    fn inventory(&self) -> Vec<InventoryEntry> {
        self.inventory.clone()
    }

    fn tape_records(&self, cartridge: Cartridge) -> Vec<TapeRecord> {
        self.tapes[cartridge.0 as usize].clone()
    }

    fn fences(&self) -> Vec<Device> {
        self.fences.clone()
    }

    fn tape_allocations(&self) -> Vec<TapeAllocation> {
        self.allocations.clone()
    }

    fn outstanding(&self) -> Outstanding {
        self.outstanding
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }
}
