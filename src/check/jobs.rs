//! What observers know of backups and restores, from facts: who copies what onto what, since when, how far.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chains::{Chain, Links};
use super::ledger::Contents;
use super::tape::Reading;
use super::view::JobState;
use crate::controller::dasd::CopyMode;
use crate::kernel::Time;
use crate::manager::plan::{Allocations, BackupPlan, MethodName, Reintroduce, TargetId};
use crate::manager::{Job, Outcome};
use crate::vocab::{
    Backup, Device, Extents, HiddenContext, HiddenFormat, HiddenId, LabelTrack, RelationNumber, Restore, Tag, TrackNo,
    VolumeId, WriteNumber,
};

/// PIT(b): what the source of a backup was at T0.
#[derive(Clone, Debug)]
pub struct PointInTime {
    pub at: Time,
    pub id: VolumeId,
    pub label: LabelTrack,
    pub contents: Contents,
    /// What of it the backup is about.
    pub extents: Extents,
    /// What it has of each chain of dependent writes.
    pub links: Vec<Links>,
    /// The bits of a tag that are compared: all, but for a mutant.
    pub compared: u64,
}

impl PointInTime {
    /// Whether the track held this at T0.
    #[inline]
    pub fn held(&self, track: TrackNo, tag: Tag) -> bool {
        (self.contents.get(track).0 ^ tag.0) & self.compared == 0
    }
}

/// What a volume is at a moment that a backup is to keep.
#[derive(Clone, Debug)]
pub struct Taken {
    pub image: Option<Arc<PointInTime>>,
    pub id: Option<VolumeId>,
}

/// The life of a virtual copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyState {
    None,
    /// The relationship is durable.
    Committed,
    /// The manager was told: from here on the target must be the image.
    Acknowledged,
    /// Somebody asked for its end.
    Released,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    pub at: Time,
    pub outcome: Outcome,
    pub held: bool,
}

#[derive(Clone, Debug)]
pub struct BackupCase {
    pub backup: Backup,
    pub method: MethodName,
    pub format: HiddenFormat,
    /// The ID is on tape in the hidden place only, until a restore puts it back.
    pub at_restore: bool,
    pub mode: CopyMode,
    /// What is backed up; of a backup that follows the directory, what was allocated at T0.
    pub extents: Extents,
    /// What its copy is about: what the program found in the directory.
    pub copied: Extents,
    /// What the directory of the source says, where that decides.
    pub allocations: Option<Allocations>,
    pub source: Device,
    pub target: Device,
    /// The ID that the target bears by itself.
    pub target_id: Option<VolumeId>,
    /// The ID that it bears as a conditioned copy.
    pub shown_id: Option<VolumeId>,
    pub started: Time,
    pub relation: Option<RelationNumber>,
    pub image: Option<Arc<PointInTime>>,
    /// What the source was called at T0, whether or not anybody knows what it held.
    pub id_at_t0: Option<VolumeId>,
    /// The first write of each chain that was acknowledged and that the image does not have.
    pub lacks: Vec<(Chain, WriteNumber)>,
    /// The first member of its consistency group.
    pub group: Option<u16>,
    pub copy: CopyState,
    /// Every track was copied: the target is the image by itself.
    pub whole: bool,
    pub finish: Option<Finish>,
    /// Recovery was done without it.
    pub vanished: Option<Time>,
    /// Source and target of the copy as they were typed, where they are not those that were meant.
    pub typed: Option<(Device, Device)>,
    /// Tracks of the target that host writes reached, or may have.
    target_writes: BTreeMap<TrackNo, TargetWrites>,
}

#[derive(Clone, Debug, Default)]
struct TargetWrites {
    open: Vec<WriteNumber>,
    happened: bool,
}

#[derive(Clone, Debug)]
pub struct RestoreCase {
    pub restore: Restore,
    pub volume: VolumeId,
    pub device: Device,
    /// What is restored.
    pub extents: Extents,
    pub started: Time,
    pub backup: Option<Backup>,
    /// A later backup of the volume that was complete when this one was chosen.
    pub passed_over: Option<Backup>,
    /// The device has come to bear the ID: the ledger of the ID follows it.
    pub followed: bool,
    pub completed: Option<Time>,
    pub finish: Option<Finish>,
    pub vanished: Option<Time>,
}

/// Every backup and restore of the run so far, in the order of their starts.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    pub backups: Vec<BackupCase>,
    pub restores: Vec<RestoreCase>,
}

impl BackupCase {
    /// From here on the image is what the copy, its dump and its backup must be.
    pub fn take(&mut self, taken: Taken) {
        self.image = taken.image;
        self.id_at_t0 = taken.id;
    }

    pub fn new(
        backup: Backup,
        plan: Option<&BackupPlan>,
        method: MethodName,
        source: Device,
        target: Device,
        target_id: Option<VolumeId>,
        started: Time,
    ) -> BackupCase {
        BackupCase {
            backup,
            method,
            format: plan.map_or(HiddenFormat::Sealed, |plan| plan.hidden_format),
            at_restore: plan.is_some_and(|plan| plan.reintroduce == Reintroduce::AtRestore),
            mode: plan.map_or(CopyMode::NoCopy, |plan| plan.mode),
            extents: plan.map_or(Extents::whole(u32::MAX), |plan| plan.extents),
            copied: plan.map_or(Extents::whole(u32::MAX), |plan| plan.extents),
            allocations: None,
            source,
            target,
            target_id,
            shown_id: plan.filter(|plan| plan.target_id_rule != TargetId::Keep).map(|plan| plan.shown_id).or(target_id),
            started,
            relation: None,
            image: None,
            id_at_t0: None,
            lacks: Vec::new(),
            group: plan.and_then(|plan| plan.group).map(|group| group.leader),
            copy: CopyState::None,
            whole: false,
            finish: None,
            vanished: None,
            typed: None,
            target_writes: BTreeMap::new(),
        }
    }

    /// A link of a chain to its source was acknowledged after T0.
    pub fn note_link(&mut self, chain: Chain, volume: VolumeId, write: WriteNumber) {
        let Some(image) = self.image.as_ref().filter(|image| image.id == volume) else { return };
        let last = image.links.iter().find(|links| links.chain == chain).and_then(|links| links.last);
        if last.is_none_or(|last| write > last) && self.lacks.iter().all(|(known, _)| *known != chain) {
            self.lacks.push((chain, write));
        }
    }

    /// It goes on, or is held.
    pub fn is_live(&self) -> bool {
        self.vanished.is_none() && self.finish.is_none_or(|finish| finish.held)
    }

    pub fn ended_at(&self) -> Option<Time> {
        self.finish.filter(|finish| !finish.held).map(|finish| finish.at).or(self.vanished)
    }

    pub fn is_conditioned(&self) -> bool {
        self.method == MethodName::SafeBackup && self.extents.holds_label()
    }

    /// How the image of track 0 on its tape tells the ID.
    pub fn reading(&self) -> Reading {
        if !(self.at_restore && self.is_conditioned()) {
            return Reading::VolumeId;
        }
        let at = self.image.as_ref().map(|image| image.at);
        let context = at
            .zip(self.relation)
            .map(|(at, relation)| HiddenContext { t0_seconds: HiddenId::seconds_of(at), relation });
        Reading::Hidden { format: self.format, context }
    }

    /// Whether a host wrote the target's track, or may have.
    pub fn target_written(&self, track: TrackNo) -> bool {
        self.target_writes.get(&track).is_some_and(|writes| writes.happened || !writes.open.is_empty())
    }

    pub fn target_write_issued(&mut self, track: TrackNo, write: WriteNumber) {
        self.target_writes.entry(track).or_default().open.push(write);
    }

    pub fn target_write_ended(&mut self, track: TrackNo, write: WriteNumber, refused: bool) {
        if let Some(writes) = self.target_writes.get_mut(&track) {
            writes.open.retain(|open| *open != write);
            writes.happened |= !refused;
        }
    }

    pub fn forget_target_writes(&mut self) {
        self.target_writes.clear();
    }
}

impl RestoreCase {
    pub fn new(restore: Restore, volume: VolumeId, device: Device, extents: Extents, started: Time) -> RestoreCase {
        RestoreCase {
            restore,
            volume,
            device,
            extents,
            started,
            backup: None,
            passed_over: None,
            followed: false,
            completed: None,
            finish: None,
            vanished: None,
        }
    }

    pub fn is_live(&self) -> bool {
        self.vanished.is_none() && self.finish.is_none_or(|finish| finish.held)
    }
}

impl Jobs {
    pub fn backup(&self, backup: Backup) -> Option<&BackupCase> {
        self.backups.iter().rev().find(|case| case.backup == backup)
    }

    pub fn backup_mut(&mut self, backup: Backup) -> Option<&mut BackupCase> {
        self.backups.iter_mut().rev().find(|case| case.backup == backup)
    }

    pub fn image(&self, backup: Backup) -> Option<&Arc<PointInTime>> {
        self.backup(backup)?.image.as_ref()
    }

    pub fn restore(&self, restore: Restore) -> Option<&RestoreCase> {
        self.restores.iter().rev().find(|case| case.restore == restore)
    }

    pub fn restore_mut(&mut self, restore: Restore) -> Option<&mut RestoreCase> {
        self.restores.iter_mut().rev().find(|case| case.restore == restore)
    }

    /// The backup that a relationship number belongs to.
    pub fn of_relation(&self, relation: RelationNumber) -> Option<&BackupCase> {
        self.backups.iter().rev().find(|case| case.relation == Some(relation))
    }

    pub fn of_relation_mut(&mut self, relation: RelationNumber) -> Option<&mut BackupCase> {
        self.backups.iter_mut().rev().find(|case| case.relation == Some(relation))
    }

    /// The last live backup that copies `source` onto `target`.
    pub fn of_pair_mut(&mut self, source: Device, target: Device) -> Option<&mut BackupCase> {
        let pair = (source, target);
        let fits =
            |case: &&mut BackupCase| ((case.source, case.target) == pair || case.typed == Some(pair)) && case.is_live();
        self.backups.iter_mut().rev().find(fits)
    }

    /// The last backup that names `device` as its target.
    pub fn of_target(&self, device: Device) -> Option<&BackupCase> {
        self.backups.iter().rev().find(|case| case.target == device)
    }

    pub fn of_target_mut(&mut self, device: Device) -> Option<&mut BackupCase> {
        self.backups.iter_mut().rev().find(|case| case.target == device)
    }

    pub fn end(&mut self, job: Job, finish: Finish) {
        match job {
            Job::Backup(backup) => {
                if let Some(case) = self.backup_mut(backup) {
                    case.finish = Some(finish);
                }
            }
            Job::Restore(restore) => {
                if let Some(case) = self.restore_mut(restore) {
                    case.finish = Some(finish);
                }
            }
        }
    }

    /// The job goes on, whatever was thought of it.
    pub fn resume(&mut self, job: Job) {
        match job {
            Job::Backup(backup) => {
                if let Some(case) = self.backup_mut(backup) {
                    (case.finish, case.vanished) = (None, None);
                }
            }
            Job::Restore(restore) => {
                if let Some(case) = self.restore_mut(restore) {
                    (case.finish, case.vanished) = (None, None);
                }
            }
        }
    }

    /// Recovery is done: what the manager no longer knows of is gone.
    pub fn reconcile(&mut self, known: &[JobState], now: Time) {
        let is_known = |job| known.iter().any(|state| state.job == job && (state.live || state.held));
        for case in &mut self.backups {
            if case.finish.is_none() && !is_known(Job::Backup(case.backup)) {
                case.vanished.get_or_insert(now);
            }
        }
        for case in &mut self.restores {
            if case.finish.is_none() && !is_known(Job::Restore(case.restore)) {
                case.vanished.get_or_insert(now);
            }
        }
    }
}
