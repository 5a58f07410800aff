//! The backups and restores of a scenario, and the cartridges that they need.

use crate::controller::dasd::{Architecture, CopyMode};
use crate::device::cartridge::TapeVolser;
use crate::kernel::Time;
use crate::manager::operator_step::MANUAL_LABEL_COMMIT;
use crate::manager::plan::{
    BackupPlan, DUMP_RETRIES, DeleteTarget, ExtentScope, Medium, MethodName, OldDevice, Readback, Relabel,
    RestoreIfOnline, RestoreLabel, RestorePlan, TargetId, WithdrawAfter,
};
use crate::vocab::{Device, DeviceNumber, TRACK_BYTES, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::hardware::MOST_CARTRIDGES;
use super::super::names::Asker;
use super::super::plan::CartridgeState;
use super::super::raw::{RawBackup, RawRestore};
use super::super::shape::Given;
use super::extents::Selection;
use super::{Context, Volume, list, or};

const MOST_BACKUPS: usize = 1_000;
const MOST_RESTORES: usize = 1_000;
const MOST_RETRIES: u64 = 100;
const MOST_GENERATIONS: u64 = 10_000;

impl Context<'_> {
    pub(super) fn backups(&mut self) -> Vec<BackupPlan> {
        if !self.bound(&self.raw.backup, MOST_BACKUPS, "backups") {
            return Vec::new();
        }
        let raw = self.raw;
        let read = |entry| Some((entry, self.backup(entry)?));
        let read: Vec<_> = list(&raw.backup).iter().filter_map(read).collect();
        self.groups(read)
    }

    /// A snapshot copies nothing by itself, whatever the mode: it has all its bindings at once.
    fn copy_mode(&self, given: &Option<Given<CopyMode>>) -> CopyMode {
        match self.architecture {
            Architecture::HomeArea => or(given, self.hardware.copy_mode()),
            Architecture::LogStructured => CopyMode::NoCopy,
        }
    }

    /// Where there is no withdraw, deleting the target is what ends a copy (MODEL 3.6).
    fn usual_deletion(&self) -> DeleteTarget {
        match self.architecture {
            Architecture::HomeArea => DeleteTarget::Manual,
            Architecture::LogStructured => DeleteTarget::AfterBackup,
        }
    }

    fn backup(&mut self, entry: &Given<RawBackup>) -> Option<BackupPlan> {
        let raw = &entry.value;
        self.need(&raw.method, "method", "a backup", entry, "\"safe-backup\"");
        self.need(&raw.source, "source", "a backup", entry, "\"PROD01\"");
        let method = raw.method.as_ref().map(|given| given.value);
        let makes_copy = method.is_none_or(MethodName::makes_copy);
        if makes_copy {
            self.need(&raw.target, "target", "a backup", entry, "\"0A10\"");
        }
        let source = raw.source.as_ref().and_then(|given| self.volume_named(given));
        let target = raw.target.as_ref().and_then(|given| self.volume_on(given));
        let retries = self.within(&raw.dump_retries, u64::from(DUMP_RETRIES), 0, MOST_RETRIES)?;
        let stimulus = self.stimulus(entry);
        let generations = self.within(&raw.generations, 0, 0, MOST_GENERATIONS)?;
        let (source, from) = source?;
        let source_given = raw.source.as_ref()?;
        let (target, to) = if makes_copy {
            let (target, to) = target?;
            self.fit_for_a_copy(source_given, (source, &from), raw.target.as_ref()?, (target, &to))?;
            (target, to)
        } else {
            (source, from.clone())
        };
        let selection = Selection { granularity: &raw.granularity, extents: &raw.extents, datasets: &raw.datasets };
        let scoped = makes_copy && or(&raw.extent_scope, ExtentScope::FullVolume) == ExtentScope::Allocated;
        let extents = if scoped {
            self.allocated(entry, (source, &from))?
        } else {
            self.extents_of(&selection, &from, &entry.path)?
        };
        let plain = BackupPlan::plain(source, from.id, target, to.id, from.tracks);
        let by_hand = method == Some(MethodName::NoVolidManual);
        let label_commit = if by_hand { MANUAL_LABEL_COMMIT } else { plain.label_commit };
        let plan = BackupPlan {
            stimulus: stimulus?,
            group: None,
            method: raw.method.as_ref()?.value,
            source,
            source_id: from.id,
            target,
            target_id: to.id,
            shown_id: self.shown_id(raw, to.id, to.device),
            extents,
            tracks: extents.tracks(),
            architecture: self.architecture,
            mode: self.copy_mode(&raw.mode),
            label_commit: or(&raw.label_commit, label_commit),
            hidden_format: or(&raw.hidden_format, plain.hidden_format),
            on_dump_failure: or(&raw.on_dump_failure, plain.on_dump_failure),
            dump_retries: u32::try_from(retries).expect("within the limit"),
            delete_target: or(&raw.delete_target, self.usual_deletion()),
            reintroduce: or(&raw.reintroduce, plain.reintroduce),
            reintroduce_scope: or(&raw.reintroduce_scope, plain.reintroduce_scope),
            target_id_rule: or(&raw.target_id, plain.target_id_rule),
            label_residency: or(&raw.label_residency, plain.label_residency),
            clear_hidden_on: or(&raw.clear_hidden_on, plain.clear_hidden_on),
            hidden_missing: or(&raw.hidden_missing, plain.hidden_missing),
            fence_target: or(&raw.fence_target, plain.fence_target),
            cow: or(&raw.cow, plain.cow),
            withdraw_after: or(&raw.withdraw_after, plain.withdraw_after),
            drain_before_withdraw: or(&raw.drain_before_withdraw, plain.drain_before_withdraw),
            relabel_after_withdraw: or(&raw.relabel_after_withdraw, plain.relabel_after_withdraw),
            auto_vary: or(&raw.auto_vary, plain.auto_vary),
            job_journal: or(&raw.job_journal, plain.job_journal),
            duplicate_stimulus: or(&raw.duplicate_stimulus, plain.duplicate_stimulus),
            cascade: or(&raw.cascade, plain.cascade),
            copy_back: or(&raw.copy_back, plain.copy_back),
            fast_replication: or(&raw.fast_replication, plain.fast_replication),
            extent_scope: or(&raw.extent_scope, plain.extent_scope),
            medium: or(&raw.medium, plain.medium),
            dasd_backup_online: or(&raw.dasd_backup_online, plain.dasd_backup_online),
            readback: match or(&raw.withdraw_after, plain.withdraw_after) {
                // What has to be verified is read back.
                WithdrawAfter::ReadbackVerified => Readback::AfterDump,
                WithdrawAfter::InventoryUpdated | WithdrawAfter::EofHardened => or(&raw.readback, plain.readback),
            },
            scratch_policy: or(&raw.scratch_policy, plain.scratch_policy),
            generations: u32::try_from(generations).expect("within the limit"),
            retention: or(&raw.retention, plain.retention),
            restart: or(&raw.restart, plain.restart),
            on_write_error: or(&raw.on_write_error, plain.on_write_error),
            mutant: None,
            backup_device: raw.backup_device.as_ref().and_then(|given| self.volume_on(given)).map(|(device, _)| device),
        };
        self.extents_are_possible(entry, &plan)?;
        self.condition_can_be_met(entry, plan.stimulus.trigger, plan.tracks);
        self.backup_volume_fits(entry, &plan).then_some(plan)
    }

    /// A backup on DASD names a third volume of the same size.
    fn backup_volume_fits(&mut self, entry: &Given<RawBackup>, plan: &BackupPlan) -> bool {
        if plan.medium == Medium::Tape {
            return true;
        }
        let raw = &entry.value;
        self.need(&raw.backup_device, "backup_device", "a backup with `medium = \"dasd\"`", entry, "\"0A30\"");
        let (Some(given), Some(device)) = (&raw.backup_device, plan.backup_device) else { return false };
        let onto = self.volumes[usize::from(device.0)].clone();
        if device == plan.source || device == plan.target {
            let problem = Diagnostic::error(Code::SourceIsTarget, "a backup lies on the volume that it is made from")
                .at(&given.place, format!("{} is the source or the target of this backup", onto.device))
                .path(given.path.clone())
                .help("name a third volume of the same size");
            self.problems.push(problem);
            return false;
        }
        let from = self.volumes[usize::from(plan.source.0)].clone();
        if from.tracks != onto.tracks {
            let sizes = [(from.tracks, &from.size_place), (onto.tracks, &onto.size_place)];
            self.sizes_differ("a backup", &given.place, &given.path, sizes);
        }
        from.tracks == onto.tracks
    }

    /// The ID that a conditioned copy bears (MODEL 1.5, question 5): its device's own, one made from the device number, or
    /// what an operator says.
    fn shown_id(&self, raw: &RawBackup, own: VolumeId, device: DeviceNumber) -> VolumeId {
        match or(&raw.target_id, TargetId::Keep) {
            TargetId::Keep => own,
            TargetId::Generated => VolumeId::parse(&format!("CP{device}")).expect("six letters and digits"),
            TargetId::Operator => or(&raw.target_volser, own),
        }
    }

    /// Source and target of an instant copy are two volumes of one size.
    pub(super) fn fit_for_a_copy(
        &mut self,
        source_given: &Given<VolumeId>,
        (source, from): (Device, &Volume),
        target_given: &Given<DeviceNumber>,
        (target, to): (Device, &Volume),
    ) -> Option<()> {
        if source == target {
            let problem = Diagnostic::error(Code::SourceIsTarget, "a backup copies a volume onto itself")
                .at(&target_given.place, format!("{} is the device of {}", to.device, from.id))
                .related(&source_given.place, "the source")
                .path(target_given.path.clone())
                .help("name the device of another volume of the same size");
            self.problems.push(problem);
            return None;
        }
        if from.tracks != to.tracks {
            let sizes = [(from.tracks, &from.size_place), (to.tracks, &to.size_place)];
            self.sizes_differ("a backup", &target_given.place, &target_given.path, sizes);
            return None;
        }
        Some(())
    }

    /// A key that must be there; one that is there and wrong has its own message.
    pub(super) fn need<T, R>(
        &mut self,
        value: &Option<Given<T>>,
        key: &str,
        noun: &str,
        entry: &Given<R>,
        example: &str,
    ) {
        if value.is_none() && !self.has_problem_at(&format!("{}.{key}", entry.path)) {
            self.missing(key, noun, &entry.place, &entry.path, example);
        }
    }

    pub(super) fn sizes_differ(&mut self, noun: &str, place: &Place, path: &str, sizes: [(u32, &Place); 2]) {
        let [(from, from_place), (to, to_place)] = sizes;
        let than = if to < from { "smaller" } else { "larger" };
        let problem = Diagnostic::error(Code::SizesDiffer, format!("the target of {noun} is {than} than its source"))
            .at(place, format!("{to} tracks, the source has {from}"))
            .related(from_place, "size of the source")
            .related(to_place, "size of the target")
            .path(path)
            .help("an instant copy and a full restore need two volumes of the same size");
        self.problems.push(problem);
    }

    pub(super) fn restores(&mut self, backups: &[BackupPlan]) -> Vec<RestorePlan> {
        if !self.bound(&self.raw.restore, MOST_RESTORES, "restores") {
            return Vec::new();
        }
        list(&self.raw.restore).iter().filter_map(|entry| self.restore(entry, backups)).collect()
    }

    fn restore(&mut self, entry: &Given<RawRestore>, backups: &[BackupPlan]) -> Option<RestorePlan> {
        let raw = &entry.value;
        self.need(&raw.volume, "volume", "a restore", entry, "\"PROD01\"");
        self.need(&raw.to, "to", "a restore", entry, "\"0A20\"");
        let volume = raw.volume.as_ref().and_then(|given| self.volume_named(given));
        let to = raw.to.as_ref().and_then(|given| self.volume_on(given));
        let ((_, volume), (to, device)) = (volume?, to?);
        let (volume_given, to_given) = (raw.volume.as_ref()?, raw.to.as_ref()?);
        if volume.tracks != device.tracks {
            let sizes = [(volume.tracks, &volume.size_place), (device.tracks, &device.size_place)];
            self.sizes_differ("a restore", &to_given.place, &to_given.path, sizes);
        }
        let selection = Selection { granularity: &raw.granularity, extents: &raw.extents, datasets: &raw.datasets };
        let extents = self.extents_of(&selection, &volume, &entry.path)?;
        self.restores_what_was_saved((&volume_given.place, &volume_given.path), volume.id, &extents, backups)?;
        let all_backups_read = backups.len() == list(&self.raw.backup).len();
        if all_backups_read
            && !backups.iter().any(|backup| backup.source_id == volume.id && backup.extents.cover(&extents))
        {
            let message = format!("no backup of {} is planned, so there is nothing to restore", volume.id);
            let problem = Diagnostic::warning(Code::NothingToRestore, message)
                .at(&volume_given.place, "no `[[backup]]` has this source")
                .path(volume_given.path.clone())
                .help("add a `[[backup]]` of this volume; without one the restore ends at once and reports it");
            self.problems.push(problem);
        }
        Some(RestorePlan {
            at: raw.at.as_ref().map(|at| Time::ZERO + at.value),
            volume: volume.id,
            to,
            extents,
            restore_label: or(&raw.restore_label, RestoreLabel::Last),
            restore_if_online: or(&raw.restore_if_online, RestoreIfOnline::Refuse),
            old_device: or(&raw.old_device, OldDevice::Retire),
            verify_volser: or(&raw.verify_volser, true),
            verify: raw.verify.as_ref().map(|given| given.value),
            by_operator: or(&raw.by, Asker::Internal) == Asker::Operator,
            relabel: or(&raw.relabel, Relabel::Restored),
        })
    }

    /// The cartridges by name, or as many scratch ones as all dumps with all their retries can use.
    pub(super) fn cartridges(&mut self, backups: &[BackupPlan]) -> Vec<TapeVolser> {
        let most = usize::try_from(MOST_CARTRIDGES).expect("a small limit");
        let named = list(&self.raw.cartridge);
        if let (Some(given), Some(_)) = (&self.raw.cartridge, self.hardware.scratch) {
            let place = named.first().map_or(&given.place, |first| &first.place).clone();
            let problem = Diagnostic::error(Code::Exclusive, "cartridges are both counted and listed")
                .at(&self.hardware.scratch_place, "counted here")
                .related(&place, "listed here")
                .path("tape.scratch")
                .help("keep `[tape] scratch` or the `[[cartridge]]` list");
            self.problems.push(problem);
        }
        if self.raw.cartridge.is_some() {
            if self.bound(&self.raw.cartridge, most, "cartridges") {
                return self.named_cartridges();
            }
            return Vec::new();
        }
        let needed = |backup: &BackupPlan| {
            let backups = u64::from(backup.stimulus.trigger.occurrences());
            self.cartridges_of(backup) * u64::from(1 + backup.dump_retries) * backups
        };
        // Two more than all dumps use (A), so that the robot never waits for a scratch cartridge unless it is meant to.
        let enough = backups.iter().map(needed).sum::<u64>().saturating_add(2).min(MOST_CARTRIDGES);
        let count = self.hardware.scratch.unwrap_or(enough);
        (1..=count).map(generated_name).collect()
    }

    fn cartridges_of(&self, backup: &BackupPlan) -> u64 {
        let tracks = backup.tracks;
        let tape = self.hardware.tape().drive;
        let held = tape.capacity * (1_000 - tape.reserve_milli) / 1_000 * tape.compression_milli / 1_000;
        // Whole blocks: on a small cartridge the rest of the last one counts.
        u64::from(tracks).div_ceil((held / TRACK_BYTES).max(1))
    }

    /// What the cartridges hold at the start; those without a name are scratch.
    pub(super) fn cartridge_states(&self, count: usize) -> Vec<CartridgeState> {
        let named = list(&self.raw.cartridge).iter().map(|entry| or(&entry.value.state, CartridgeState::Scratch));
        let mut states: Vec<CartridgeState> = named.collect();
        states.resize(count, CartridgeState::Scratch);
        states
    }

    fn named_cartridges(&mut self) -> Vec<TapeVolser> {
        let mut names: Vec<(VolumeId, &Place)> = Vec::new();
        for entry in list(&self.raw.cartridge) {
            self.need(&entry.value.id, "id", "a cartridge", entry, "\"T00001\"");
            let Some(id) = &entry.value.id else { continue };
            if let Some((_, first)) = names.iter().find(|(name, _)| *name == id.value) {
                let problem =
                    Diagnostic::error(Code::SameCartridge, format!("two cartridges have the name {}", id.value))
                        .at(&id.place, "used again")
                        .related(first, "first used here")
                        .path(id.path.clone())
                        .help("give each cartridge a name of its own");
                self.problems.push(problem);
            }
            names.push((id.value, &id.place));
        }
        names.into_iter().map(|(name, _)| TapeVolser::of(name)).collect()
    }
}

/// T00001, T00002, ...
fn generated_name(number: u64) -> TapeVolser {
    TapeVolser::numbered(u16::try_from(number).expect("cartridges are numbered in two bytes"))
}
