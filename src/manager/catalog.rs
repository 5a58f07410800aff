//! What the storage manager keeps on a host disk: the job journal and the inventory of backups. Durable.
//!
//! Every change is one transaction and takes the time of one record. The inventory tells which cartridge holds which
//! volume as of which instant; the journal how far a job has come.

use std::collections::VecDeque;

use super::identity::Participation;
use super::inventory_loss::InventoryChange;
use super::plan::{BackupPlan, RestorePlan};
use super::stimulus::StimulusRecord;
use crate::kernel::Time;
use crate::vocab::{Backup, Cartridge, Device, Extents, RelationNumber, Restore, VolumeId};

/// A backup that the inventory knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InventoryEntry {
    pub backup: Backup,
    /// The volume that was backed up.
    pub source: VolumeId,
    /// The ID in the dump's header.
    pub header: VolumeId,
    pub t0: Time,
    pub place: BackupPlace,
    pub extents: Extents,
    /// Tracks in it.
    pub tracks: u32,
    pub state: EntryState,
}

/// Where a backup lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BackupPlace {
    /// On cartridges, in the order of their sections.
    Tape(Vec<Section>),
    /// On another volume.
    Dasd(Device),
}

/// The part of a backup that lies on one cartridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Section {
    pub cartridge: Cartridge,
    /// Data blocks on it, the volume header included, as its trailer says; 0 while it is being written.
    pub blocks: u32,
}

impl InventoryEntry {
    /// Its cartridges in order; none when it lies on another volume.
    pub fn sections(&self) -> &[Section] {
        match &self.place {
            BackupPlace::Tape(sections) => sections,
            BackupPlace::Dasd(_) => &[],
        }
    }

    /// The volume on which it lies.
    pub fn device(&self) -> Option<Device> {
        match self.place {
            BackupPlace::Tape(_) => None,
            BackupPlace::Dasd(device) => Some(device),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryState {
    InProgress,
    Complete,
    /// The dump failed; the cartridge went back to scratch.
    Invalid,
    /// A later generation took its place, or it was too old; its cartridges went back to scratch.
    Expired,
}

/// How far a job has come, as its journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JournalEntry {
    pub job: JournalJob,
    /// Steps of the method's table that are done.
    pub steps_done: usize,
    pub state: JournalState,
    /// A restart has decided to take the job up again.
    pub resumed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JournalJob {
    Backup { backup: Backup, relation: Option<RelationNumber>, t0: Time },
    Restore { restore: Restore },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JournalState {
    Open,
    /// The job failed; what it did is being taken back.
    Undoing,
    /// The job has ended but what it left behind stands until somebody releases it.
    Held,
    Closed,
}

/// Writes to `volume` wait until the backup that asked for it lets them go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuiesceMark {
    pub backup: Backup,
    pub volume: VolumeId,
}

/// A line of the run book: the tape of the backup holds `volume`. Paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunBookNote {
    pub volume: VolumeId,
    pub backup: Backup,
}

/// Use of one cartridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CartridgeUse {
    Scratch,
    Allocated(Backup),
    /// A write error was permanent: not used again.
    Rejected,
}

/// The durable half of the storage manager.
#[derive(Clone, Debug, Hash)]
pub struct Catalog {
    pub journal: Vec<JournalEntry>,
    pub inventory: Vec<InventoryEntry>,
    pub cartridges: Vec<CartridgeUse>,
    /// What each `[[backup]]` has had of its stimuli, in the order of the scenario.
    pub stimuli: Vec<StimulusRecord>,
    pub restores_started: Vec<bool>,
    /// Devices brought online at IPL: the I/O configuration.
    pub online_at_ipl: Vec<bool>,
    pub quiesced: Vec<QuiesceMark>,
    /// The last changes of the inventory.
    pub inventory_changes: VecDeque<InventoryChange>,
    /// Which programs take part in the scheme.
    pub participation: Participation,
    pub run_book: Vec<RunBookNote>,
    /// Images on tape whose label was edited, and the ID that they have since.
    pub image_labels: Vec<(Backup, VolumeId)>,
    /// Restores that an operator takes for done and that left a volume nobody can use.
    pub undiscovered: Vec<Restore>,
    /// The tracks that a backup found allocated.
    pub scopes: Vec<(Backup, Extents)>,
    /// Volumes that are copied back, by their device, and that somebody waits for. Paper.
    pub awaited: Vec<(Device, VolumeId)>,
    /// The same as it was generated.
    pub as_genned: Vec<bool>,
    pub backups: u16,
    /// The `[[backup]]` that each backup came from.
    pub stimulus_of: Vec<usize>,
}

impl Catalog {
    pub fn new(
        cartridges: usize,
        backups: &[BackupPlan],
        restores: &[RestorePlan],
        online_at_ipl: Vec<bool>,
    ) -> Catalog {
        Catalog {
            journal: Vec::new(),
            inventory: Vec::new(),
            cartridges: vec![CartridgeUse::Scratch; cartridges],
            stimuli: backups.iter().map(StimulusRecord::new).collect(),
            restores_started: vec![false; restores.len()],
            as_genned: online_at_ipl.clone(),
            online_at_ipl,
            quiesced: Vec::new(),
            inventory_changes: VecDeque::new(),
            participation: Participation::ALL,
            run_book: Vec::new(),
            image_labels: Vec::new(),
            undiscovered: Vec::new(),
            scopes: Vec::new(),
            awaited: Vec::new(),
            backups: 0,
            stimulus_of: Vec::new(),
        }
    }

    /// The next scratch cartridge, lowest number first.
    pub fn scratch(&self) -> Option<Cartridge> {
        let place = self.cartridges.iter().position(|used| *used == CartridgeUse::Scratch)?;
        Some(Cartridge(place as u16))
    }

    /// The backup that a restore of these tracks of `volume` uses: the latest complete one that has them all and that
    /// inventory or run book knows it by.
    pub fn latest(&self, volume: VolumeId, wanted: &Extents) -> Option<&InventoryEntry> {
        let noted = |backup| self.run_book.iter().any(|note| note.backup == backup && note.volume == volume);
        let complete = self
            .inventory
            .iter()
            .filter(|entry| entry.state == EntryState::Complete && (entry.source == volume || noted(entry.backup)));
        let complete = complete.filter(|entry| entry.extents.cover(wanted));
        complete.max_by_key(|entry| (entry.t0, entry.backup))
    }

    pub fn entry(&self, backup: Backup) -> Option<&InventoryEntry> {
        self.inventory.iter().rev().find(|entry| entry.backup == backup)
    }

    /// The entry of a backup, to be changed.
    pub fn entry_mut(&mut self, backup: Backup) -> Option<&mut InventoryEntry> {
        self.note_inventory_change(backup);
        self.inventory.iter_mut().rev().find(|entry| entry.backup == backup)
    }

    pub fn journal_mut(&mut self, job: super::fact::Job) -> Option<&mut JournalEntry> {
        self.journal.iter_mut().find(|entry| entry.job() == job)
    }
}

impl JournalEntry {
    /// Whether a recovery has to do something about it.
    pub fn is_open(&self) -> bool {
        matches!(self.state, JournalState::Open | JournalState::Undoing)
    }

    /// The backup that it is of, if it is of one.
    pub fn backup(&self) -> Option<Backup> {
        match self.job {
            JournalJob::Backup { backup, .. } => Some(backup),
            JournalJob::Restore { .. } => None,
        }
    }

    pub fn job(&self) -> super::fact::Job {
        match self.job {
            JournalJob::Backup { backup, .. } => super::fact::Job::Backup(backup),
            JournalJob::Restore { restore } => super::fact::Job::Restore(restore),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_takes_the_latest_complete_backup() {
        let volume = VolumeId::parse("PROD01").unwrap();
        let mut catalog = Catalog::new(2, &[], &[], Vec::new());
        for (backup, t0, state) in
            [(0, 10, EntryState::Complete), (1, 20, EntryState::Complete), (2, 30, EntryState::Invalid)]
        {
            catalog.inventory.push(InventoryEntry {
                backup: Backup(backup),
                source: volume,
                header: volume,
                t0: Time::from_ns(t0),
                place: BackupPlace::Tape(vec![Section { cartridge: Cartridge(backup), blocks: 16 }]),
                extents: Extents::whole(15),
                tracks: 15,
                state,
            });
        }
        assert_eq!(catalog.latest(volume, &Extents::whole(15)).map(|entry| entry.backup), Some(Backup(1)));
        catalog.cartridges[0] = CartridgeUse::Allocated(Backup(0));
        assert_eq!(catalog.scratch(), Some(Cartridge(1)));
    }
}
