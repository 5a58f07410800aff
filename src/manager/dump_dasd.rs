//! A dump onto another volume (patent paragraph 44: the hierarchy's next level may be disks).
//!
//! The backup volume is varied offline and loses its label; then tracks are copied through the same few buffers as to tape,
//! and the label track, which bears the ID of the source, is written last: half a backup bears no ID at all. A volume is
//! then there that bears the ID beside the live one (HAZARDS H10). With `dasd_backup_online = "never"` it is off the
//! online-at-IPL list from before its first track is written; with `"as-genned"` nobody takes it off.
//!
//! What the volume held before is given up with the record that says so, backups of earlier generations included. A dump
//! that is given up leaves the volume with its own ID and on the list again.
//!
//! Left out: compression, and several backups on one volume.

use std::sync::Arc;

use super::catalog::{BackupPlace, EntryState, InventoryEntry};
use super::dump::DumpPhase;
use super::identity;
use super::plan::DasdBackupOnline;
use super::session::{SessionTag, Wait};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::DasdCommand;
use crate::vocab::{Backup, Device, LabelTrack, TrackImage, TrackNo};

impl Manager {
    /// The identity is known: the inventory is to name the volume.
    pub(super) fn reserve_volume(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.wait = Wait::Record;
        run.dump.as_mut().expect("the session dumps").phase = DumpPhase::Reserve;
        self.session_after(slot, self.parameters.record_write, out);
    }

    fn backup_volume(&mut self, slot: u32) -> Device {
        self.backup_run(slot).plan.backup_device.expect("a backup on DASD has its volume")
    }

    pub(super) fn volume_recorded(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let device = self.backup_volume(slot);
        let run = self.backup_run(slot);
        let (backup, plan, t0) = (run.backup, run.plan, run.t0);
        let header = run.dump.as_ref().expect("the session dumps").id;
        let t0 = self.image_time(t0);
        let entry = InventoryEntry {
            backup,
            source: if super::method::is_listed_by_label(plan.method) { header } else { plan.source_id },
            header,
            t0,
            place: BackupPlace::Dasd(device),
            extents: plan.extents,
            tracks: plan.tracks,
            state: EntryState::InProgress,
        };
        // What the volume held of other backups will be gone.
        for known in self.durable.inventory.iter_mut().filter(|known| known.device() == Some(device)) {
            known.state = EntryState::Invalid;
        }
        self.add_inventory(entry);
        if plan.dasd_backup_online == DasdBackupOnline::Never {
            self.durable.online_at_ipl[device.0 as usize] = false;
        }
        out.report(ManagerFact::BackupVolumeTaken { backup, device });
        if !self.is_online(device) {
            self.blank_backup_volume(slot, out);
            return;
        }
        out.report(ManagerFact::VaryOfflineRequested { device });
        let delay = self.vary_time();
        let run = self.backup_run(slot);
        run.wait = Wait::Record;
        run.dump.as_mut().expect("the session dumps").phase = DumpPhase::VaryOffline;
        self.session_after(slot, delay, out);
    }

    pub(super) fn volume_varied(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let device = self.backup_volume(slot);
        self.backup_run(slot).wait = Wait::Answer;
        if self.is_online(device) {
            self.set_offline(device, out);
        }
        self.blank_backup_volume(slot, out);
    }

    fn blank_backup_volume(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let device = self.backup_volume(slot);
        self.dump(slot).phase = DumpPhase::BlankLabel;
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label: LabelTrack::BLANK }));
    }

    /// Sends what is read, in order, and asks for more while buffers are free.
    pub(super) fn pump_to_volume(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let device = self.backup_volume(slot);
        loop {
            let dump = self.dump(slot);
            let Some(buffer) = dump.buffers.iter_mut().find(|buffer| !buffer.sent) else { break };
            let Some(images) = buffer.images.take() else { break };
            buffer.sent = true;
            let (first, count) = (buffer.first, buffer.count);
            let change = self.backup_run(slot).identity.expect("tracks are sent under an identity").track0;
            let images: Vec<TrackImage> = images.iter().map(|image| identity::reintroduced(image, change)).collect();
            for (track, image) in (first..).zip(&images) {
                self.backup_run(slot).sums.note(track, image);
            }
            let dump = self.dump(slot);
            if first == 0 {
                // The label track travels alone and waits for the end.
                dump.label_track = images.into_iter().next();
                dump.buffers.pop_front();
                dump.written = 1;
                continue;
            }
            dump.chains += 1;
            self.write_to_volume(slot, device, first, count, images.into(), out);
        }
        self.read_ahead(slot, out);
        self.label_backup_volume(slot, out);
    }

    fn write_to_volume(
        &mut self,
        slot: u32,
        device: Device,
        first: u32,
        count: u32,
        images: Arc<[TrackImage]>,
        out: &mut ManagerOutbox,
    ) {
        let ticket = self.session_ticket(slot, SessionTag::TracksWritten(first, count));
        out.send(ManagerMessage::Dasd(DasdCommand::WriteTracks { ticket, device, first: TrackNo(first), images }));
    }

    /// The controller has what was sent to the backup volume.
    pub(super) fn volume_written(&mut self, slot: u32, tag: SessionTag, out: &mut ManagerOutbox) {
        let dump = self.dump(slot);
        match (dump.phase, tag) {
            (DumpPhase::BlankLabel, SessionTag::Step) => {
                dump.phase = DumpPhase::Tracks;
                self.read_ahead(slot, out);
            }
            (DumpPhase::Tracks, SessionTag::TracksWritten(first, count)) => {
                dump.chains -= 1;
                dump.written += count;
                dump.buffers.retain(|buffer| buffer.first != first);
                self.pump_to_volume(slot, out);
            }
            (DumpPhase::LabelTrack, SessionTag::TracksWritten(..)) => {
                self.backup_run(slot).dump = None;
                self.step_ended(slot, out);
            }
            (phase, _) => unreachable!("the volume is not written in phase {phase:?}"),
        }
    }

    /// All other tracks are there: the label, and with it the ID.
    fn label_backup_volume(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let device = self.backup_volume(slot);
        let tracks = self.backup_run(slot).plan.tracks;
        let dump = self.dump(slot);
        if dump.written < tracks || dump.chains > 0 || dump.phase != DumpPhase::Tracks {
            return;
        }
        let Some(image) = dump.label_track.take() else { return };
        dump.phase = DumpPhase::LabelTrack;
        self.write_to_volume(slot, device, 0, 1, Arc::new([image]), out);
    }

    /// The volume of an unfinished dump, with the label that it had by itself.
    pub(super) fn abandoned_volume(&self, backup: Backup) -> Option<(Device, LabelTrack)> {
        let unfinished = |entry: &&InventoryEntry| {
            entry.backup == backup && matches!(entry.state, EntryState::InProgress | EntryState::Invalid)
        };
        let device = self.durable.inventory.iter().rev().find(unfinished)?.device()?;
        Some((device, LabelTrack::fresh(self.parameters.devices[device.0 as usize].id)))
    }

    /// A volume that bears its own ID again is on the online-at-IPL list again.
    pub(super) fn give_volume_back(&mut self, device: Device) {
        let place = usize::from(device.0);
        self.durable.online_at_ipl[place] = self.durable.as_genned[place];
    }
}
