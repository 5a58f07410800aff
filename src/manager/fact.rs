//! What observers may learn from a host image and its storage manager.

use std::fmt;

use super::plan::MethodName;
use super::refusal::{CommandEnd, Refusal};
use crate::kernel::{Span, Time};
use crate::names;
use crate::vocab::{
    Backup, Cartridge, Command, Device, EventName, HiddenState, Op, Restore, Slip, Status, StepName, Tag, TrackNo,
    VolumeId, WriteNumber,
};

/// A job of the storage manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    Backup(Backup),
    Restore(Restore),
}

/// As people count: `backup 1` is the first.
impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Job::Backup(backup) => write!(f, "backup {}", backup.0 + 1),
            Job::Restore(restore) => write!(f, "restore {}", restore.0 + 1),
        }
    }
}

names! {
    /// How a job ended.
    pub enum Outcome {
        Complete = "complete",
        /// The job failed and said so; what it left behind is undone, or held and reported.
        FailedClean = "failed-clean",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManagerFact {
    /// A host write left for the device: until it is acknowledged the tracks may have either value.
    WriteIssued {
        device: Device,
        first: TrackNo,
        count: u32,
        write: WriteNumber,
        volume: VolumeId,
    },
    WriteAcknowledged {
        device: Device,
        first: TrackNo,
        count: u32,
        write: WriteNumber,
        volume: VolumeId,
        target: bool,
    },
    /// The write will never be acknowledged: it ended in error. It may have happened all the same.
    WriteFailed {
        device: Device,
        first: TrackNo,
        count: u32,
        write: WriteNumber,
        volume: VolumeId,
        status: Status,
    },
    /// One track of a host read: what an application that opened `volume` saw.
    ReadDone {
        device: Device,
        track: TrackNo,
        tag: Tag,
        issued: Time,
        volume: VolumeId,
    },
    ReadFailed {
        device: Device,
        first: TrackNo,
        op: Op,
        status: Status,
    },
    ApplicationOpened {
        volume: VolumeId,
        device: Device,
    },

    StimulusAccepted {
        backup: Backup,
        /// The place of its `[[backup]]` in the scenario.
        plan: u16,
        source: Device,
        target: Device,
        method: MethodName,
    },
    /// Another backup of the source was running.
    StimulusRejected {
        plan: u16,
        source: Device,
    },
    /// The manager copies the source track by track: what it holds now is what the copy is to hold.
    CopyBegun {
        backup: Backup,
        source: Device,
        target: Device,
    },
    /// Another backup of the source was running: the stimulus is answered with its job.
    StimulusJoined {
        plan: u16,
        source: Device,
    },
    StepStarted {
        job: Job,
        step: StepName,
    },
    StepEnded {
        job: Job,
        step: StepName,
    },
    /// A person has done a step of a job by hand, right or wrong, and worked on it for so long.
    OperatorStep {
        job: Job,
        step: StepName,
        slip: Option<Slip>,
        working: Span,
    },
    /// An order that no operator typed was refused.
    CommandRefused {
        device: Device,
    },
    /// The copy of a backup was asked for with another source or target than was meant.
    CopyMistyped {
        backup: Backup,
        source: Device,
        target: Device,
    },
    /// The run book says which volume the tape of the backup holds.
    RunBookNoted {
        backup: Backup,
    },
    /// The label in the backup's image was edited, or spoiled.
    BackupImageRelabelled {
        backup: Backup,
    },
    /// A utility gave a restored volume another ID; `device` is what its operator typed.
    RestoredLabelWritten {
        restore: Restore,
        device: Device,
    },
    /// T0 of a dump of the source itself: nothing is written to it any more.
    ApplicationQuiesced {
        backup: Backup,
        source: Device,
    },
    ApplicationResumed {
        backup: Backup,
    },
    VaryOfflineRequested {
        device: Device,
    },
    VaryOfflineDone {
        device: Device,
    },
    VaryOnlineRequested {
        device: Device,
    },
    VaryOnlineDone {
        device: Device,
        volume: VolumeId,
    },
    /// Another device is online with the ID, or there is no label.
    VaryOnlineRefused {
        device: Device,
        volume: Option<VolumeId>,
    },
    /// The label was read into the UCB of an online device again.
    MountCommandDone {
        device: Device,
        volume: VolumeId,
    },
    HiddenIdRead {
        backup: Backup,
        id: VolumeId,
    },
    /// The hidden place of the label in front of a dump holds nothing that may be used.
    HiddenIdUnfit {
        backup: Backup,
        state: HiddenState,
    },
    TapeMounted {
        job: Job,
        cartridge: Cartridge,
    },
    /// `section` counts the cartridges of a dump from 0.
    TapeLabelsWritten {
        backup: Backup,
        cartridge: Cartridge,
        section: u16,
    },
    /// A volume will hold a backup; whatever it held is given up.
    BackupVolumeTaken {
        backup: Backup,
        device: Device,
    },
    DumpHeaderSent {
        backup: Backup,
        id: VolumeId,
    },
    DumpTrack0Sent {
        backup: Backup,
    },
    /// A dump got this content for the track.
    DumpTrackRead {
        backup: Backup,
        device: Device,
        track: TrackNo,
        tag: Tag,
    },
    TapeMarkWritten {
        backup: Backup,
    },
    TapeEofHardened {
        backup: Backup,
    },
    TapeErrorSeen {
        backup: Backup,
        permanent: bool,
    },
    InventoryUpdated {
        backup: Backup,
    },
    TapeScratched {
        cartridge: Cartridge,
    },
    /// The job is over. A held job keeps what it left until somebody releases it.
    JobEnded {
        job: Job,
        outcome: Outcome,
        held: bool,
    },
    JobResumed {
        job: Job,
        step: StepName,
    },
    JobUndone {
        job: Job,
    },
    OrphanRemoved {
        device: Device,
    },

    RestoreStarted {
        restore: Restore,
        volume: VolumeId,
        device: Device,
    },
    GenerationSelected {
        restore: Restore,
        backup: Backup,
    },
    RestoreGuardPassed {
        restore: Restore,
    },
    /// The device was taken off the online-at-IPL list.
    DeviceRetired {
        device: Device,
    },
    RestoreRefused {
        restore: Restore,
        refusal: Refusal,
    },
    RestoreTrackWritten {
        restore: Restore,
        device: Device,
        track: TrackNo,
    },
    RestoreLabelWritten {
        restore: Restore,
        device: Device,
    },
    RestoreComplete {
        restore: Restore,
        backup: Backup,
        device: Device,
    },

    IplStarted,
    LabelRead {
        device: Device,
    },
    DuplicatePrompt {
        first: Device,
        second: Device,
    },
    PromptAnswered {
        keep: Device,
    },
    IplDone,
    RecoveryDone,
    /// The image is gone, with all that it held in memory.
    Down,
    /// The program knows which tracks of the source are in use.
    VtocRead {
        backup: Backup,
        source: Device,
    },
    /// The image takes a command that belongs to no job; its operator worked on it for so long.
    CommandTyped {
        command: Command,
        working: Span,
    },
    /// It is over. One that went down with the image says nothing.
    CommandEnded {
        command: Command,
        end: CommandEnd,
    },
    /// An operator's request for a backup, with its place in the scenario, reached the image.
    BackupTyped {
        plan: u16,
    },
    /// An operator leaves a restored volume that he cannot bring online.
    RestoreGivenUp {
        restore: Restore,
    },
}

impl ManagerFact {
    pub fn name(self) -> Option<EventName> {
        Some(match self {
            ManagerFact::WriteAcknowledged { target: false, .. } => EventName::SourceWriteAcknowledged,
            ManagerFact::WriteAcknowledged { target: true, .. } => EventName::TargetWriteAcknowledged,
            ManagerFact::ReadDone { .. } => EventName::HostReadDone,
            ManagerFact::ApplicationOpened { .. } => EventName::ApplicationOpened,
            ManagerFact::StimulusAccepted { .. } => EventName::StimulusAccepted,
            ManagerFact::RunBookNoted { .. } => EventName::RunBookNoted,
            ManagerFact::BackupImageRelabelled { .. } => EventName::BackupImageRelabelled,
            ManagerFact::RestoredLabelWritten { .. } => EventName::RestoredLabelWritten,
            ManagerFact::ApplicationQuiesced { .. } => EventName::ApplicationQuiesced,
            ManagerFact::ApplicationResumed { .. } => EventName::ApplicationResumed,
            ManagerFact::OperatorStep { .. } => EventName::OperatorStep,
            ManagerFact::VaryOfflineRequested { .. } => EventName::VaryOfflineRequested,
            ManagerFact::VaryOfflineDone { .. } => EventName::VaryOfflineDone,
            ManagerFact::VaryOnlineRequested { .. } => EventName::VaryOnlineRequested,
            ManagerFact::VaryOnlineDone { .. } => EventName::VaryOnlineDone,
            ManagerFact::MountCommandDone { .. } => EventName::MountCommandDone,
            ManagerFact::HiddenIdRead { .. } => EventName::HiddenIdRead,
            ManagerFact::TapeMounted { .. } => EventName::TapeMounted,
            ManagerFact::TapeLabelsWritten { .. } => EventName::TapeLabelsWritten,
            ManagerFact::DumpHeaderSent { .. } => EventName::DumpHeaderSent,
            ManagerFact::DumpTrack0Sent { .. } => EventName::DumpTrack0Sent,
            ManagerFact::DumpTrackRead { .. } => EventName::DumpTrackRead,
            ManagerFact::TapeMarkWritten { .. } => EventName::TapeMarkWritten,
            ManagerFact::TapeEofHardened { .. } => EventName::TapeEofHardened,
            ManagerFact::InventoryUpdated { .. } => EventName::InventoryUpdated,
            ManagerFact::TapeScratched { .. } => EventName::TapeScratched,
            ManagerFact::JobEnded { .. } => EventName::JobEnded,
            ManagerFact::JobResumed { .. } => EventName::JobResumed,
            ManagerFact::JobUndone { .. } => EventName::JobUndone,
            ManagerFact::OrphanRemoved { .. } => EventName::OrphanRemoved,
            ManagerFact::GenerationSelected { .. } => EventName::GenerationSelected,
            ManagerFact::RestoreGuardPassed { .. } => EventName::RestoreGuardPassed,
            ManagerFact::RestoreTrackWritten { .. } => EventName::RestoreTrackWritten,
            ManagerFact::RestoreLabelWritten { .. } => EventName::RestoreLabelWritten,
            ManagerFact::RestoreComplete { .. } => EventName::RestoreComplete,
            ManagerFact::LabelRead { .. } => EventName::LabelRead,
            ManagerFact::DuplicatePrompt { .. } => EventName::DuplicatePrompt,
            ManagerFact::PromptAnswered { .. } => EventName::PromptAnswered,
            ManagerFact::IplDone => EventName::IplDone,
            ManagerFact::VtocRead { .. } => EventName::VtocRead,
            ManagerFact::RecoveryDone => EventName::RecoveryDone,
            ManagerFact::WriteIssued { .. }
            | ManagerFact::CopyMistyped { .. }
            | ManagerFact::CommandRefused { .. }
            | ManagerFact::CommandTyped { .. }
            | ManagerFact::CommandEnded { .. }
            | ManagerFact::BackupTyped { .. }
            | ManagerFact::WriteFailed { .. }
            | ManagerFact::ReadFailed { .. }
            | ManagerFact::StimulusRejected { .. }
            | ManagerFact::StimulusJoined { .. }
            | ManagerFact::CopyBegun { .. }
            | ManagerFact::HiddenIdUnfit { .. }
            | ManagerFact::DeviceRetired { .. }
            | ManagerFact::BackupVolumeTaken { .. }
            | ManagerFact::StepStarted { .. }
            | ManagerFact::StepEnded { .. }
            | ManagerFact::VaryOnlineRefused { .. }
            | ManagerFact::TapeErrorSeen { .. }
            | ManagerFact::RestoreStarted { .. }
            | ManagerFact::RestoreGivenUp { .. }
            | ManagerFact::RestoreRefused { .. }
            | ManagerFact::IplStarted
            | ManagerFact::Down => return None,
        })
    }

    /// Whether an online state or a cached ID may have changed.
    pub fn touches_identity(self) -> bool {
        matches!(
            self,
            ManagerFact::VaryOfflineDone { .. }
                | ManagerFact::VaryOnlineDone { .. }
                | ManagerFact::MountCommandDone { .. }
                | ManagerFact::IplDone
                | ManagerFact::LabelRead { .. }
                | ManagerFact::PromptAnswered { .. }
                | ManagerFact::Down
                | ManagerFact::DeviceRetired { .. }
                | ManagerFact::BackupVolumeTaken { .. }
                | ManagerFact::RestoreGuardPassed { .. }
                | ManagerFact::RestoreComplete { .. }
                | ManagerFact::JobEnded { .. }
        )
    }

    /// The device and the track it speaks of, where there are such.
    pub fn place(self) -> (Option<Device>, Option<TrackNo>) {
        match self {
            ManagerFact::WriteIssued { device, first, .. }
            | ManagerFact::WriteAcknowledged { device, first, .. }
            | ManagerFact::WriteFailed { device, first, .. }
            | ManagerFact::ReadFailed { device, first, .. } => (Some(device), Some(first)),
            ManagerFact::ReadDone { device, track, .. }
            | ManagerFact::DumpTrackRead { device, track, .. }
            | ManagerFact::RestoreTrackWritten { device, track, .. } => (Some(device), Some(track)),
            ManagerFact::ApplicationOpened { device, .. }
            | ManagerFact::VaryOfflineRequested { device }
            | ManagerFact::VaryOfflineDone { device }
            | ManagerFact::VaryOnlineRequested { device }
            | ManagerFact::VaryOnlineDone { device, .. }
            | ManagerFact::VaryOnlineRefused { device, .. }
            | ManagerFact::MountCommandDone { device, .. }
            | ManagerFact::OrphanRemoved { device }
            | ManagerFact::BackupVolumeTaken { device, .. }
            | ManagerFact::RestoreStarted { device, .. }
            | ManagerFact::RestoreLabelWritten { device, .. }
            | ManagerFact::RestoredLabelWritten { device, .. }
            | ManagerFact::RestoreComplete { device, .. }
            | ManagerFact::LabelRead { device } => (Some(device), None),
            ManagerFact::StimulusAccepted { source, .. }
            | ManagerFact::ApplicationQuiesced { source, .. }
            | ManagerFact::VtocRead { source, .. } => (Some(source), None),
            _ => (None, None),
        }
    }
}
