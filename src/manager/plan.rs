//! What the storage manager is to do and how: backups, restores, and the parameters of its host.

use super::trigger::StimulusPlan;
pub use crate::controller::dasd::Cascade;
use crate::controller::dasd::{Architecture, CopyMode, CowTiming, Fence, HiddenRule, LabelCommit, LabelResidency};
use crate::device::cartridge::TapeVolser;
use crate::kernel::{Span, Time};
use crate::names;
use crate::vocab::{Device, DeviceNumber, Extents, HiddenFormat, Mutant, VolumeId};

/// What all host images have in common, and the cartridges of the storage manager that runs on the first.
#[derive(Clone, Debug)]
pub struct HostParameters {
    /// Of the DASD controller: it decides how a copy ends.
    pub architecture: Architecture,
    /// CPU time of one I/O: path length over instruction rate.
    pub io_time: Span,
    /// Initial program load, lognormal.
    pub ipl_median: Span,
    /// Standard deviation of its logarithm, in thousandths.
    pub ipl_sigma_milli: u32,
    /// VARY ONLINE and VARY OFFLINE, uniform.
    pub vary_shortest: Span,
    pub vary_longest: Span,
    /// One durable change of journal, inventory or catalog on a host disk.
    pub record_write: Span,
    /// Changing the label of an offline volume by a utility.
    pub relabel_time: Span,
    pub duplicate_volser_policy: DuplicatePolicy,
    /// A relationship, hidden ID or tape without a live job is an orphan after this.
    pub orphan_grace: Span,
    pub orphan_sweep: OrphanSweep,
    /// How often a failed step is tried again.
    pub step_retries: u32,
    /// Tracks of one read of a dump, and how many such buffers it has.
    pub dump_read_tracks: u32,
    pub dump_buffers: u32,
    pub devices: Vec<DeviceConfiguration>,
    /// The protection that is left out.
    pub mutant: Option<Mutant>,
    /// What the directories of volumes say, from the start on and from each later instant on.
    pub allocations: Allocations,
    /// What the stickers of the cartridges say.
    pub cartridges: Vec<TapeVolser>,
    pub label_check: LabelCheck,
    pub sequence_check: SequenceCheck,
    /// The marks that close a file are acknowledged before they are on tape.
    pub buffered_marks: BufferedMarks,
}

impl HostParameters {
    pub fn lacks(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

/// Which tracks of a volume are in use: label, directory and data sets (MODEL 2.1), from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub device: Device,
    pub from: Time,
    pub extents: Extents,
}

/// The allocations of volumes with a backup that asks for them, those of one volume in the order of their instants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocations(pub Vec<Allocation>);

impl Allocations {
    /// What the directory of a volume says at an instant.
    pub fn at(&self, device: Device, time: Time) -> Option<Extents> {
        let known = self.0.iter().rev().find(|known| known.device == device && known.from <= time);
        known.map(|known| known.extents)
    }
}

/// One host image: its name, and how its I/O configuration describes each device, in the order of [`Device`].
#[derive(Clone, Debug)]
pub struct ImagePlan {
    pub name: String,
    /// Whether the image has the device online at the start.
    pub online: Vec<bool>,
    /// Whether an IPL of the image brings it online (S-53).
    pub online_at_ipl: Vec<bool>,
}

/// A device as the host knows it at the start of a run.
#[derive(Clone, Copy, Debug)]
pub struct DeviceConfiguration {
    pub device: DeviceNumber,
    /// The ID the volume bears at the start.
    pub id: VolumeId,
    pub tracks: u32,
}

names! {
    /// Who stays online when an IPL finds two devices with one ID (MODEL 3.1).
    pub enum DuplicatePolicy {
        AskOperator = "ask-operator",
        LowestAddressWins = "lowest-address-wins",
        HighestAddressWins = "highest-address-wins",
        BothOffline = "both-offline",
        AdmitBoth = "admit-both",
    }
}

names! {
    /// When the manager looks for what belongs to no job.
    pub enum OrphanSweep {
        AtRestart = "at-restart",
        /// Also some time after every end of a job.
        Periodic = "periodic",
        Off = "off",
    }
}

names! {
    /// A way of making a backup: a table of steps.
    pub enum MethodName {
        SafeBackup = "safe-backup",
        SameIdOffline = "same-id-offline",
        DirectDump = "direct-dump",
        NoVolidManual = "no-volid-manual",
    }
}

names! {
    /// A program that may be too old to know of the hidden field.
    pub enum Program {
        Dump = "dump",
        Restore = "restore",
    }
}

names! {
    /// What happens to the virtual copy when its dump fails for good.
    pub enum OnDumpFailure {
        Keep = "keep",
        Withdraw = "withdraw",
    }
}

names! {
    /// When the target's bindings are deleted (MODEL 3.4.5).
    pub enum DeleteTarget {
        Manual = "manual",
        AfterBackup = "after-backup",
    }
}

names! {
    /// Order of label and data in a restore.
    pub enum RestoreLabel {
        Last = "last",
        First = "first",
    }
}

names! {
    /// What a restore does when the ID it brings back is online.
    pub enum RestoreIfOnline {
        Refuse = "refuse",
        Force = "force",
    }
}

names! {
    /// What becomes of the device that bore the ID when the volume is restored onto another.
    pub enum OldDevice {
        Retire = "retire",
        Keep = "keep",
    }
}

names! {
    /// When the hidden ID becomes the backup's ID (claim 1: read from the virtual copy and/or from the backup).
    pub enum Reintroduce {
        AtDump = "at-dump",
        AtRestore = "at-restore",
    }
}

names! {
    /// Where the hidden ID is put back: header, label record and embedded names, or less (MODEL 1.5, question 7).
    pub enum ReintroduceScope {
        All = "all",
        HeaderAndLabel = "header-and-label",
        Label = "label",
    }
}

names! {
    /// Who chooses the ID of the target (MODEL 1.5, question 5).
    pub enum TargetId {
        Keep = "keep",
        Generated = "generated",
        Operator = "operator",
    }
}

names! {
    /// When the hidden ID is blanked (MODEL 1.5, question 6).
    pub enum ClearHidden {
        Withdraw = "withdraw",
        Restore = "restore",
        FirstTargetWrite = "first-target-write",
        Never = "never",
    }
}

names! {
    /// What a dump does when the hidden ID is not valid.
    pub enum HiddenMissing {
        FailDump = "fail-dump",
        DumpAsTarget = "dump-as-target",
    }
}

names! {
    /// What must be true before the copy is withdrawn (MODEL 1.5, question 10).
    pub enum WithdrawAfter {
        InventoryUpdated = "inventory-updated",
        EofHardened = "eof-hardened",
        ReadbackVerified = "readback-verified",
    }
}

names! {
    /// Whether a job writes down how far it has come (MODEL 1.5, question 12).
    pub enum JobJournal {
        On = "on",
        Off = "off",
    }
}

names! {
    /// What becomes of a stimulus for a source that is being backed up (MODEL 1.5, question 13).
    pub enum DuplicateStimulus {
        Reject = "reject",
        Join = "join",
        StartSecond = "start-second",
    }
}

names! {
    /// Which ID a volume gets when a conditioned copy is copied back onto its source (MODEL 1.5, question 19).
    pub enum CopyBack {
        RecoverSourceId = "recover-source-id",
        Verbatim = "verbatim",
    }
}

names! {
    /// What a backup is written to (patent paragraph 44).
    pub enum Medium {
        Tape = "tape",
        Dasd = "dasd",
    }
}

names! {
    /// Whether a backup on DASD may come online at the next IPL (MODEL 1.5, question 15).
    pub enum DasdBackupOnline {
        Never = "never",
        AsGenned = "as-genned",
    }
}

names! {
    /// Which tracks join the relationship (MODEL 2.1; source S-9).
    pub enum ExtentScope {
        FullVolume = "full-volume",
        Allocated = "allocated",
    }
}

names! {
    /// Whether a backup insists on the instant copy (MODEL 3.4.7; source S-10).
    pub enum FastReplication {
        Required = "required",
        Preferred = "preferred",
        None = "none",
    }
}

names! {
    /// Whether the tape is read once more before the backup counts.
    pub enum Readback {
        None = "none",
        AfterDump = "after-dump",
    }
}

names! {
    /// When the tape of the generation before goes back to scratch (MODEL 3.9).
    pub enum ScratchPolicy {
        AfterNewVerified = "after-new-verified",
        AfterNewWritten = "after-new-written",
        ByAge = "by-age",
    }
}

names! {
    /// Where a dump that was cut begins again (MODEL 3.8; sources S-50, S-51).
    pub enum DumpRestart {
        FromBeginning = "from-beginning",
        FromLastEov = "from-last-eov",
    }
}

names! {
    /// Whether the name on a cartridge is looked at when it is mounted; bypass lets a wrong one be overwritten (H51).
    pub enum LabelCheck {
        Verify = "verify",
        Bypass = "bypass",
    }
}

names! {
    /// Whether a restore insists on the order of sections and on block counts (MODEL 3.8; source S-52).
    pub enum SequenceCheck {
        Verify = "verify",
        Trust = "trust",
    }
}

names! {
    /// Whether a tape mark that closes a file is acknowledged when it is in the drive's buffer (MODEL 3.8).
    pub enum BufferedMarks {
        Off = "off",
        On = "on",
    }
}

names! {
    /// What a dump does about a block that can never be written (MODEL 3.8).
    pub enum OnWriteError {
        NewVolume = "new-volume",
        Abort = "abort",
        RetrySame = "retry-same",
    }
}

names! {
    /// What gets the volume's own ID back after a backup that bears the copy's: the restored volume, or the image on tape before
    /// it (patent paragraph 8).
    pub enum Relabel {
        Restored = "restored",
        Image = "image",
    }
}

/// A consistency group: backups of several volumes that begin together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its first member in the scenario: its stimulus is the group's.
    pub leader: u16,
    /// All copies are of one instant; otherwise they are made one after the other (H20).
    pub freeze: bool,
}

/// One `[[backup]]`. A switch that its method has no use for changes nothing, so that one scenario serves all methods.
#[derive(Clone, Copy, Debug)]
pub struct BackupPlan {
    pub stimulus: StimulusPlan,
    pub method: MethodName,
    /// The consistency group that it belongs to.
    pub group: Option<Group>,
    pub source: Device,
    pub source_id: VolumeId,
    /// Where the virtual copy is made; the source itself for a method that makes none.
    pub target: Device,
    /// The ID that the target device bears by itself: B.
    pub target_id: VolumeId,
    /// The ID that the target bears while it is a conditioned copy, and from then on.
    pub shown_id: VolumeId,
    /// What is backed up of the source: all of it, or some tracks.
    pub extents: Extents,
    /// Tracks that are backed up, and the architecture of their controller.
    pub tracks: u32,
    pub architecture: Architecture,
    pub mode: CopyMode,
    pub label_commit: LabelCommit,
    pub hidden_format: HiddenFormat,
    pub on_dump_failure: OnDumpFailure,
    pub dump_retries: u32,
    pub delete_target: DeleteTarget,
    pub reintroduce: Reintroduce,
    pub reintroduce_scope: ReintroduceScope,
    pub target_id_rule: TargetId,
    pub label_residency: LabelResidency,
    pub clear_hidden_on: ClearHidden,
    pub hidden_missing: HiddenMissing,
    pub fence_target: Fence,
    pub cow: CowTiming,
    pub withdraw_after: WithdrawAfter,
    /// Reads of the copy end before it is withdrawn.
    pub drain_before_withdraw: bool,
    pub relabel_after_withdraw: bool,
    /// The target of `same-id-offline` is varied offline by the manager, not by an operator.
    pub auto_vary: bool,
    pub job_journal: JobJournal,
    pub duplicate_stimulus: DuplicateStimulus,
    pub cascade: Cascade,
    pub copy_back: CopyBack,
    pub fast_replication: FastReplication,
    pub extent_scope: ExtentScope,
    pub medium: Medium,
    /// The volume that a backup on DASD is written to.
    pub backup_device: Option<Device>,
    /// The protection that is left out.
    pub mutant: Option<Mutant>,
    pub dasd_backup_online: DasdBackupOnline,
    pub readback: Readback,
    pub scratch_policy: ScratchPolicy,
    /// Backups of the source that are kept, this one included; 0 keeps all.
    pub generations: u32,
    /// The age at which a generation is given up under `by-age`.
    pub retention: Span,
    pub restart: DumpRestart,
    pub on_write_error: OnWriteError,
}

impl MethodName {
    /// Whether it dumps a virtual copy, and not the source itself.
    pub fn makes_copy(self) -> bool {
        match self {
            MethodName::SafeBackup | MethodName::SameIdOffline | MethodName::NoVolidManual => true,
            MethodName::DirectDump => false,
        }
    }
}

/// How often a dump is tried again (MODEL 1.5, question 11: an assumption).
pub const DUMP_RETRIES: u32 = 2;

/// As long as `rpo` lets the latest backup be (HAZARDS 3, an assumption).
pub const RETENTION: Span = Span::from_secs(26 * 3_600);

impl BackupPlan {
    /// Whether it copies what the volume's directory says is in use, and not what the plan says.
    pub fn follows_directory(&self) -> bool {
        self.extent_scope == ExtentScope::Allocated && self.method.makes_copy()
    }

    pub fn lacks(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The same backup of other tracks.
    pub fn of_tracks(self, extents: Extents) -> BackupPlan {
        BackupPlan { extents, tracks: extents.tracks(), ..self }
    }

    /// Whether the entry at `place` has a stimulus of its own: it belongs to no group, or is its first member.
    pub fn leads(&self, place: usize) -> bool {
        self.group.is_none_or(|group| usize::from(group.leader) == place)
    }

    /// A safe backup at the start of the run, with every switch at its default.
    pub fn plain(source: Device, source_id: VolumeId, target: Device, target_id: VolumeId, tracks: u32) -> BackupPlan {
        BackupPlan {
            stimulus: StimulusPlan::at(Time::ZERO),
            method: MethodName::SafeBackup,
            group: None,
            source,
            source_id,
            target,
            target_id,
            shown_id: target_id,
            extents: Extents::whole(tracks),
            tracks,
            architecture: Architecture::HomeArea,
            mode: CopyMode::NoCopy,
            label_commit: LabelCommit::Atomic,
            hidden_format: HiddenFormat::Sealed,
            on_dump_failure: OnDumpFailure::Keep,
            dump_retries: DUMP_RETRIES,
            delete_target: DeleteTarget::Manual,
            reintroduce: Reintroduce::AtDump,
            reintroduce_scope: ReintroduceScope::All,
            target_id_rule: TargetId::Keep,
            label_residency: LabelResidency::Resident,
            clear_hidden_on: ClearHidden::Withdraw,
            hidden_missing: HiddenMissing::FailDump,
            fence_target: Fence::ReadOnly,
            cow: CowTiming::OnDestage,
            withdraw_after: WithdrawAfter::InventoryUpdated,
            drain_before_withdraw: true,
            relabel_after_withdraw: false,
            auto_vary: true,
            job_journal: JobJournal::On,
            duplicate_stimulus: DuplicateStimulus::Reject,
            cascade: Cascade::Refuse,
            copy_back: CopyBack::RecoverSourceId,
            fast_replication: FastReplication::Required,
            extent_scope: ExtentScope::FullVolume,
            medium: Medium::Tape,
            dasd_backup_online: DasdBackupOnline::Never,
            readback: Readback::None,
            scratch_policy: ScratchPolicy::AfterNewVerified,
            generations: 0,
            retention: RETENTION,
            restart: DumpRestart::FromBeginning,
            on_write_error: OnWriteError::NewVolume,
            backup_device: None,
            mutant: None,
        }
    }
}

impl BackupPlan {
    /// What its withdraw does about the hidden ID.
    pub fn hidden_rule(&self) -> HiddenRule {
        match (self.method, self.clear_hidden_on) {
            _ if self.lacks(Mutant::HiddenIdKept) => HiddenRule::Keep,
            // Where the label track is no part of the copy nothing is hidden.
            _ if !self.extents.holds_label() => HiddenRule::Keep,
            (MethodName::SafeBackup, ClearHidden::Withdraw) => HiddenRule::Clear,
            (MethodName::SafeBackup, ClearHidden::FirstTargetWrite) => HiddenRule::ClearOnWrite,
            (MethodName::SafeBackup, ClearHidden::Restore | ClearHidden::Never) => HiddenRule::Keep,
            (MethodName::SameIdOffline | MethodName::NoVolidManual | MethodName::DirectDump, _) => HiddenRule::Keep,
        }
    }
}

/// One `[[restore]]`.
#[derive(Clone, Copy, Debug)]
pub struct RestorePlan {
    /// Without an instant it starts when every job has ended and recovery is done.
    pub at: Option<Time>,
    pub volume: VolumeId,
    pub to: Device,
    /// What is restored: all of the volume, or some tracks.
    pub extents: Extents,
    pub restore_label: RestoreLabel,
    pub restore_if_online: RestoreIfOnline,
    pub old_device: OldDevice,
    /// The device named must bear the ID that the operator says it bears, or the ID that is restored.
    pub verify_volser: bool,
    /// The ID that the device is to bear; without it the one that it had at the start.
    pub verify: Option<VolumeId>,
    /// An operator types it.
    pub by_operator: bool,
    pub relabel: Relabel,
}
