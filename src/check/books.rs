//! What the checks write down of every fact before anything is judged: ledger, jobs, labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chains::Chains;
use super::jobs::{BackupCase, CopyState, Finish, Jobs, PointInTime, RestoreCase, Taken};
use super::ledger::{Contents, HostWrite, Ledger};
use super::setup::Setup;
use super::view::{EntryState, View};
use crate::controller::dasd::DasdFact;
use crate::kernel::Time;
use crate::manager::plan::BackupPlan;
use crate::manager::{Job, ManagerFact, Outcome};
use crate::vocab::{
    Backup, CheckMutant, Device, Extents, Image, LabelTrack, RelationNumber, Restore, Status, StepName, TrackNo,
    VolumeId, WriteNumber,
};

#[derive(Clone, Debug)]
pub struct Books {
    pub ledger: Ledger,
    pub jobs: Jobs,
    /// Copies of a backup's copy onto its source.
    copies_back: Vec<CopyBack>,
    chains: Chains,
    /// The label of each device as it was at the start or as it was last written on purpose.
    labels: Vec<LabelTrack>,
    /// A mutant: after a restart of the controller the ledger is what the disks hold.
    believes_disks: bool,
    /// A mutant: the image of a copy is that of the moment at which it was asked for.
    image_at_receipt: bool,
    /// The bits of a tag that comparisons with an image look at.
    compared: u64,
    /// Whether the controller answers, and how often it stopped answering.
    controller_down: bool,
    controller_losses: u32,
    /// Writes issued while the controller was down, with the outage: they cannot happen before it is over.
    to_nobody: BTreeMap<WriteNumber, u32>,
    /// Who issued the open writes that are not from the first image.
    issuers: BTreeMap<WriteNumber, Image>,
    /// Images between their crash and the end of their IPL: nobody will acknowledge their writes.
    images_down: BTreeSet<Image>,
}

/// A backup's copy that is copied back onto its source: a restore without a tape.
#[derive(Clone, Debug)]
struct CopyBack {
    relation: RelationNumber,
    /// The ID that the volume had when its copy was made.
    volume: VolumeId,
    /// What it will hold, unless nobody can say.
    contents: Option<Contents>,
    /// Every track was copied.
    whole: bool,
}

impl Books {
    pub fn new(setup: &Setup) -> Books {
        let mut ledger = Ledger::new(setup);
        setup.volumes.iter().filter(|volume| volume.empty).for_each(|volume| ledger.void(volume.id));
        Books {
            ledger,
            jobs: Jobs::default(),
            copies_back: Vec::new(),
            chains: Chains::new(&setup.chains),
            labels: setup.volumes.iter().map(|volume| LabelTrack::fresh(volume.id)).collect(),
            believes_disks: setup.has_mutant(CheckMutant::LedgerFromDisk),
            image_at_receipt: setup.has_mutant(CheckMutant::PitAtReceipt),
            compared: if setup.has_mutant(CheckMutant::TruncatedTag) { !0 << 32 } else { !0 },
            controller_down: false,
            controller_losses: 0,
            to_nobody: BTreeMap::new(),
            issuers: BTreeMap::new(),
            images_down: BTreeSet::new(),
        }
    }

    pub fn label(&self, device: Device) -> &LabelTrack {
        &self.labels[device.0 as usize]
    }

    pub fn note_dasd(&mut self, view: &impl View, fact: DasdFact) {
        let now = view.now();
        match fact {
            DasdFact::PointInTimeSet { relation, source, target }
                if self.begin_copy_back(view, relation, source, target) => {}
            DasdFact::PointInTimeSet { relation, source, target } => {
                let mut case = self.jobs.of_pair_mut(source, target);
                // Whatever is allocated at T0 is to be in the image, whatever the program knows of it.
                if let Some(case) = &mut case
                    && let Some(allocated) = case.allocations.as_ref().and_then(|known| known.at(case.source, now))
                {
                    case.extents = allocated;
                }
                let extents = case.as_ref().map(|case| case.extents);
                let copied = case.as_ref().map(|case| case.copied);
                // From here on the target is being overwritten: what it held is given up. But nobody gave up a volume that
                // was named by mistake (H24), and what should have been saved is what was meant.
                let mistaken = case.as_ref().is_some_and(|case| case.target != target);
                let meant = case.map_or(source, |case| case.source);
                if let Some(id) = self.label(target).id().filter(|_| !mistaken) {
                    self.ledger.void_tracks(id, copied.as_ref());
                }
                let taken = self.taken(view, meant, extents);
                let asked_for = self.image_at_receipt;
                if let Some(case) = self.jobs.of_pair_mut(source, target) {
                    case.relation = Some(relation);
                    if !(asked_for && case.image.is_some()) {
                        case.take(taken);
                    }
                    case.lacks.clear();
                    case.copy = CopyState::None;
                    case.whole = false;
                    case.forget_target_writes();
                }
            }
            DasdFact::RelationshipCommitted { relation, target, .. } => {
                if let Some(CopyBack { volume, contents, .. }) = self.copy_back(relation).cloned() {
                    // From here on whoever opens the ID is to find what the copy held.
                    match contents {
                        Some(contents) => self.ledger.restart(volume, contents, now),
                        None => self.ledger.void(volume),
                    }
                }
                if let Some(case) = self.jobs.of_relation_mut(relation) {
                    case.copy = case.copy.max(CopyState::Committed);
                    if let (Some(id), Some(image)) = (case.target_id, &case.image)
                        && case.target == target
                    {
                        self.ledger.restart_tracks(id, &image.contents, &case.copied, now);
                    }
                }
            }
            DasdFact::EstablishAcknowledged { relation, .. } => {
                if let Some(case) = self.jobs.of_relation_mut(relation) {
                    case.copy = case.copy.max(CopyState::Acknowledged);
                }
            }
            DasdFact::BackgroundCopyComplete { relation, .. } => {
                if let Some(case) = self.jobs.of_relation_mut(relation) {
                    case.whole = true;
                }
                self.copies_back.iter_mut().filter(|copy| copy.relation == relation).for_each(|copy| copy.whole = true);
            }
            DasdFact::WithdrawRequested { relation, .. } => {
                if let Some(case) = self.jobs.of_relation_mut(relation) {
                    case.copy = CopyState::Released;
                }
            }
            DasdFact::RelationshipWithdrawn { relation, .. } => {
                // What the target holds now is unpredictable, unless it has every track (MODEL 3.4.4).
                let case = self.jobs.of_relation(relation).filter(|case| !case.whole);
                if let Some((id, extents)) = case.and_then(|case| Some((case.target_id?, case.copied))) {
                    self.ledger.void_tracks(id, Some(&extents));
                }
                if let Some(volume) = self.copy_back(relation).filter(|copy| !copy.whole).map(|copy| copy.volume) {
                    self.ledger.void(volume);
                }
            }
            // From here on it is nobody's image: reading it gives nothing.
            DasdFact::TargetUnbound { device } => {
                if let Some(case) = self.jobs.of_target_mut(device) {
                    case.copy = CopyState::Released;
                    if let Some(id) = case.target_id {
                        self.ledger.void(id);
                    }
                }
            }
            DasdFact::TargetDeleted { device } => {
                if let Some(id) = self.jobs.of_target(device).and_then(|case| case.target_id) {
                    self.ledger.void(id);
                }
                self.adopt_label(view, device);
            }
            DasdFact::HiddenIdWritten { device }
            | DasdFact::TargetLabelWritten { device }
            | DasdFact::HiddenIdCleared { device } => self.adopt_label(view, device),
            DasdFact::LabelWritten { device } => {
                self.adopt_label(view, device);
                self.follow_restored(device, now);
            }
            DasdFact::Down => {
                self.controller_down = true;
                self.controller_losses += 1;
                // With the controller goes what it had accepted from those that are down already.
                let down = self.images_down.clone();
                self.lose_writes_of(now, |issuer| down.contains(&issuer));
            }
            DasdFact::Up => {
                self.controller_down = false;
                if self.believes_disks {
                    self.believe_disks(view);
                }
            }
            _ => {}
        }
    }

    pub fn note_manager(&mut self, view: &impl View, setup: &Setup, image: Image, fact: ManagerFact) {
        let now = view.now();
        match fact {
            ManagerFact::WriteIssued { device, first, count, write, volume } => {
                self.ledger.issue(HostWrite { volume, first, count, write });
                self.chains.issued(HostWrite { volume, first, count, write });
                if self.controller_down {
                    self.to_nobody.insert(write, self.controller_losses);
                }
                if image != Image::FIRST {
                    self.issuers.insert(write, image);
                }
                self.each_target_track(device, first, count, |case, track| case.target_write_issued(track, write));
            }
            ManagerFact::WriteAcknowledged { device, first, count, write, volume, .. } => {
                self.issuers.remove(&write);
                let seen = |track| view.logical_tag(device, track);
                self.ledger.acknowledge(HostWrite { volume, first, count, write }, now, seen);
                if let Some(chain) = self.chains.acknowledged(HostWrite { volume, first, count, write }) {
                    self.jobs.backups.iter_mut().for_each(|case| case.note_link(chain, volume, write));
                }
                self.each_target_track(device, first, count, |case, track| {
                    case.target_write_ended(track, write, false);
                });
            }
            ManagerFact::WriteFailed { device, first, count, write, volume, status } => {
                self.issuers.remove(&write);
                let write = HostWrite { volume, first, count, write };
                self.chains.failed(write);
                let refused =
                    matches!(status, Status::WriteInhibited | Status::Rejected) || self.met_nobody(write.write);
                if refused {
                    self.ledger.refuse(write)
                } else {
                    self.ledger.lose(write, now)
                }
                self.each_target_track(device, first, count, |case, track| {
                    case.target_write_ended(track, write.write, refused);
                });
            }
            ManagerFact::StimulusAccepted { backup, plan, source, target, method } => {
                let target_id = self.label(target).id();
                let plan = setup.plan(plan);
                let mut case = BackupCase::new(backup, plan, method, source, target, target_id, now);
                if plan.is_some_and(BackupPlan::follows_directory) {
                    case.allocations = Some(setup.allocations.clone());
                }
                self.jobs.backups.push(case);
            }
            ManagerFact::VtocRead { backup, .. } => {
                if let Some(case) = self.jobs.backup_mut(backup)
                    && let Some(found) = case.allocations.as_ref().and_then(|known| known.at(case.source, now))
                {
                    case.copied = found;
                }
            }
            ManagerFact::ApplicationQuiesced { backup, source } => {
                let extents = self.jobs.backup(backup).map(|case| case.extents);
                let taken = self.taken(view, source, extents);
                if let Some(case) = self.jobs.backup_mut(backup) {
                    case.take(taken);
                }
            }
            ManagerFact::CopyMistyped { backup, source, target } => {
                if let Some(case) = self.jobs.backup_mut(backup) {
                    case.typed = Some((source, target));
                }
            }
            ManagerFact::StepStarted { job: Job::Backup(backup), step: StepName::EstablishWithheld }
                if self.image_at_receipt =>
            {
                let source = self.jobs.backup(backup).map(|case| (case.source, case.extents));
                let taken = source.map(|(source, extents)| self.taken(view, source, Some(extents)));
                if let (Some(case), Some(taken)) = (self.jobs.backup_mut(backup), taken) {
                    case.take(taken);
                }
            }
            ManagerFact::JobEnded { job, outcome, held } => self.jobs.end(job, Finish { at: now, outcome, held }),
            ManagerFact::JobUndone { job } => {
                self.jobs.end(job, Finish { at: now, outcome: Outcome::FailedClean, held: false });
            }
            ManagerFact::JobResumed { job, .. } => self.jobs.resume(job),
            ManagerFact::RecoveryDone => self.jobs.reconcile(&view.jobs(), now),
            // What the controller has accepted it still does: the write may yet happen, also after one of another image.
            ManagerFact::Down => {
                self.images_down.insert(image);
            }
            // By now the controller has long done what it had accepted.
            ManagerFact::IplDone => {
                self.images_down.remove(&image);
                self.lose_writes_of(now, |issuer| issuer == image);
            }
            ManagerFact::RestoreStarted { restore, volume, device } => {
                let plan = setup.restores.get(usize::from(restore.0));
                let extents = plan.map_or(Extents::whole(u32::MAX), |plan| plan.extents);
                self.jobs.restores.push(RestoreCase::new(restore, volume, device, extents, now));
            }
            ManagerFact::CopyBegun { backup, source, target } => {
                if let Some(id) = self.label(target).id() {
                    self.ledger.void(id);
                }
                let extents = self.jobs.backup(backup).map(|case| case.extents);
                let taken = self.taken(view, source, extents);
                if let Some(case) = self.jobs.backup_mut(backup) {
                    case.take(taken);
                    case.forget_target_writes();
                }
            }
            ManagerFact::GenerationSelected { restore, backup } => {
                let passed_over = self.later_backup(view, backup);
                if let Some(case) = self.jobs.restore_mut(restore) {
                    case.backup = Some(backup);
                    case.passed_over = passed_over;
                }
            }
            ManagerFact::BackupVolumeTaken { device, .. } => self.give_up(device),
            ManagerFact::RestoreGuardPassed { restore } => self.overwrite_restored(restore),
            ManagerFact::RestoreComplete { restore, backup, device } => {
                if let Some(case) = self.jobs.restore_mut(restore) {
                    case.completed = Some(now);
                    case.backup = Some(backup);
                    let extents = case.extents;
                    self.follow_restored(device, now);
                    if let Some(image) = self.jobs.image(backup).filter(|_| extents.holds_label()) {
                        self.labels[device.0 as usize] = image.label;
                    }
                    self.follow_restored_tracks(device, backup, &extents, now);
                }
            }
            _ => {}
        }
    }

    /// The volume that a relationship copies back.
    pub fn copied_back(&self, relation: RelationNumber) -> Option<VolumeId> {
        self.copy_back(relation).map(|copy| copy.volume)
    }

    fn copy_back(&self, relation: RelationNumber) -> Option<&CopyBack> {
        self.copies_back.iter().find(|copy| copy.relation == relation)
    }

    /// T0 of a copy; true when it brings a backup's copy back onto its source. Until it is committed the source holds what
    /// it held.
    fn begin_copy_back(&mut self, view: &impl View, relation: RelationNumber, source: Device, target: Device) -> bool {
        let is_back = |case: &&BackupCase| {
            case.method.makes_copy() && (case.target, case.source) == (source, target) && case.image.is_some()
        };
        let Some(image) = self.jobs.backups.iter().rev().find(is_back).and_then(|case| case.image.as_ref()) else {
            return false;
        };
        let volume = image.id;
        let held =
            self.label(source).id().and_then(|id| self.ledger.image(id, |track| view.logical_tag(source, track)));
        self.copies_back.push(CopyBack { relation, volume, contents: held, whole: false });
        true
    }

    fn lose_writes_of(&mut self, now: Time, lost: impl Fn(Image) -> bool) {
        let issuers = std::mem::take(&mut self.issuers);
        let issued = |write: WriteNumber| lost(issuers.get(&write).copied().unwrap_or(Image::FIRST));
        self.ledger.lose_those(now, issued);
        self.chains.lose_those(issued);
        self.to_nobody.retain(|&write, _| !issued(write));
        self.issuers = issuers.into_iter().filter(|&(_, issuer)| !lost(issuer)).collect();
    }

    /// After all facts of an event: drops what no read can need.
    pub fn tidy(&mut self, view: &impl View) {
        if self.ledger.is_crowded() {
            self.ledger.forget_before(view.outstanding().oldest.unwrap_or(view.now()));
        }
    }

    /// A complete backup of the same volume as of a later instant, whatever the clocks said.
    fn later_backup(&self, view: &impl View, backup: Backup) -> Option<Backup> {
        let chosen = self.jobs.image(backup)?;
        let inventory = view.inventory();
        let complete = inventory.iter().filter(|entry| entry.state == EntryState::Complete && !entry.scratched);
        let later = complete.filter(|entry| {
            let image = self.jobs.image(entry.backup);
            image.is_some_and(|image| {
                image.id == chosen.id && image.at > chosen.at && image.extents.cover(&chosen.extents)
            })
        });
        later.map(|entry| entry.backup).max()
    }

    /// The ledger is what the disks hold, whatever was acknowledged.
    fn believe_disks(&mut self, view: &impl View) {
        for device in (0..self.labels.len() as u16).map(Device) {
            let known = view.logical_label(device).id().and_then(|id| Some((id, self.ledger.contents(id)?)));
            let Some((id, contents)) = known else { continue };
            let (mut contents, held) = (contents.clone(), view.logical_tags(device));
            (0..contents.tracks()).map(TrackNo).for_each(|track| contents.set(track, held(track)));
            self.ledger.restart(id, contents, view.now());
        }
    }

    /// The image of a volume at this moment, and its ID.
    fn taken(&self, view: &impl View, source: Device, extents: Option<Extents>) -> Taken {
        Taken { image: self.image_of(view, source, extents), id: self.label(source).id() }
    }

    fn image_of(&self, view: &impl View, source: Device, extents: Option<Extents>) -> Option<Arc<PointInTime>> {
        let label = *self.label(source);
        let id = label.id()?;
        let contents = self.ledger.image(id, |track| view.logical_tag(source, track))?;
        let has = |open: HostWrite| Some(contents.get(open.first)) != self.ledger.settled(id, open.first);
        let links = self.chains.links(id, has);
        let extents = extents.unwrap_or_else(|| Extents::whole(contents.tracks()));
        Some(Arc::new(PointInTime { at: view.now(), id, label, contents, extents, links, compared: self.compared }))
    }

    fn adopt_label(&mut self, view: &impl View, device: Device) {
        self.labels[device.0 as usize] = *view.logical_label(device);
    }

    /// From the moment at which a device being restored bears the ID, whoever opens the ID is to find the image at T0.
    fn follow_restored(&mut self, device: Device, now: Time) {
        let id = self.label(device).id();
        let due = |case: &&mut RestoreCase| case.device == device && Some(case.volume) == id && !case.followed;
        // An operator may give the volume its ID when he has long said that he is done.
        let stands = |case: &&mut RestoreCase| case.is_live() || case.completed.is_some();
        let Some(case) = self.jobs.restores.iter_mut().filter(stands).find(due) else { return };
        let Some(backup) = case.backup else { return };
        case.followed = true;
        let extents = case.extents;
        if let Some(image) = self.jobs.image(backup) {
            self.ledger.restart_tracks(image.id, &image.contents, &extents, now);
        }
    }

    /// Tracks without a label came back: they are the image at T0 under whatever ID the device bears.
    fn follow_restored_tracks(&mut self, device: Device, backup: Backup, extents: &Extents, now: crate::kernel::Time) {
        if extents.holds_label() {
            return;
        }
        if let (Some(image), Some(id)) = (self.jobs.image(backup), self.label(device).id()) {
            self.ledger.restart_tracks(id, &image.contents, extents, now);
        }
    }

    /// The device named in a restore will not hold what it held; its own ID, if it bears another, is given up.
    fn overwrite_restored(&mut self, restore: Restore) {
        let Some(case) = self.jobs.restore(restore) else { return };
        let (device, volume, extents) = (case.device, case.volume, case.extents);
        if let Some(id) = self.label(device).id().filter(|id| *id != volume || !extents.is_whole()) {
            self.ledger.void_tracks(id, Some(&extents));
        }
    }

    /// What a volume held is given up on purpose: a backup takes its place.
    fn give_up(&mut self, device: Device) {
        let backed_up = self.jobs.backups.iter().filter_map(|case| case.image.as_ref()).map(|image| image.id);
        let backed_up: Vec<_> = backed_up.collect();
        if let Some(id) = self.label(device).id().filter(|id| !backed_up.contains(id)) {
            self.ledger.void(id);
        }
    }

    fn met_nobody(&mut self, write: WriteNumber) -> bool {
        let outage = self.to_nobody.remove(&write);
        self.controller_down && outage == Some(self.controller_losses)
    }

    fn each_target_track(
        &mut self,
        device: Device,
        first: TrackNo,
        count: u32,
        mut change: impl FnMut(&mut BackupCase, TrackNo),
    ) {
        let stands = |case: &&mut BackupCase| case.target == device && case.image.is_some() && case.method.makes_copy();
        if let Some(case) = self.jobs.backups.iter_mut().rev().find(stands) {
            (first.0..first.0 + count).for_each(|track| change(case, TrackNo(track)));
        }
    }
}
