//! What the facts of one event may have changed: only that is looked at again.

use crate::controller::dasd::DasdFact;
use crate::manager::ManagerFact;

/// What the facts of one event may have changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Touched {
    /// Labels, online states, the I/O configuration.
    pub identity: bool,
    /// Labels, or a job or restore that started or ended.
    pub hidden: bool,
    pub places: bool,
    /// Inventory or cartridges.
    pub inventory: bool,
}

impl Touched {
    pub const ALL: Touched = Touched { identity: true, hidden: true, places: true, inventory: true };

    pub fn dasd(&mut self, fact: DasdFact) {
        let identity = fact.touches_identity();
        self.identity |= identity;
        self.hidden |=
            identity || matches!(fact, DasdFact::EstablishAcknowledged { .. } | DasdFact::WithdrawRequested { .. });
        self.places |= matches!(
            fact,
            DasdFact::TargetUnbound { .. }
                | DasdFact::TargetDeleted { .. }
                | DasdFact::SnapshotCountsRaised { .. }
                | DasdFact::SnapshotPointersWritten { .. }
                | DasdFact::TablesRebuilt
                | DasdFact::Up
        );
    }

    pub fn manager(&mut self, fact: ManagerFact) {
        // A restore may take a device out of service or off the online-at-IPL list; a sweep may write a label.
        let configuration = matches!(
            fact,
            ManagerFact::RestoreStarted { .. }
                | ManagerFact::BackupVolumeTaken { .. }
                | ManagerFact::RestoreGuardPassed { .. }
                | ManagerFact::RestoreLabelWritten { .. }
                | ManagerFact::RestoreComplete { .. }
                | ManagerFact::OrphanRemoved { .. }
                | ManagerFact::RecoveryDone
        );
        let job = matches!(
            fact,
            ManagerFact::StimulusAccepted { .. }
                | ManagerFact::RestoreStarted { .. }
                | ManagerFact::RestoreComplete { .. }
                | ManagerFact::JobEnded { .. }
                | ManagerFact::JobUndone { .. }
                | ManagerFact::RecoveryDone
        );
        self.identity |= configuration || fact.touches_identity();
        self.hidden |= configuration || job;
        self.inventory |= matches!(
            fact,
            ManagerFact::InventoryUpdated { .. }
                | ManagerFact::BackupImageRelabelled { .. }
                | ManagerFact::TapeScratched { .. }
                | ManagerFact::TapeLabelsWritten { .. }
                | ManagerFact::BackupVolumeTaken { .. }
                | ManagerFact::JobUndone { .. }
                | ManagerFact::RecoveryDone
        );
    }
}
