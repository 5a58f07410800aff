//! What can go wrong with the controller's surroundings: channel paths, disks, slots, and a label write that is cut.

use super::command::DasdFact;
use super::microcode::Work;
use super::read::ReadPhase;
use super::state::Suspended;
use super::write::WritePhase;
use super::{DasdController, DasdMessage, DasdOutbox, DasdTimerKind};
use crate::device::raid::Astray;
use crate::kernel::{Class, Span, Time};
use crate::vocab::{Device, Label, LabelTrack, Tag, TrackNo};

impl DasdController {
    /// Whether a host can reach it at all.
    pub fn has_path(&self) -> bool {
        self.paths_lost < self.parameters.channel.paths
    }

    /// Whether it takes commands.
    pub fn answers(&self) -> bool {
        self.is_up() && self.has_path()
    }

    /// A path fails for a while. Without any the host gives up what it had sent, as when the controller itself is gone:
    /// transfers end, and commands that waited to begin are forgotten. What is accepted is finished, and nobody hears of it.
    pub fn lose_path(&mut self, duration: Span, out: &mut DasdOutbox) -> bool {
        if !self.has_path() {
            return false;
        }
        self.paths_lost += 1;
        let paths = self.parameters.channel.paths - self.paths_lost;
        let started = self.volatile.channel.set_paths(out.now(), paths);
        assert!(started.is_empty(), "fewer paths start nothing");
        out.timer_at(out.now() + duration, Class::Completion, self.timer(DasdTimerKind::PathBack, 0));
        if !self.has_path() {
            self.cut_transfers(out);
            for device in &mut self.volatile.devices {
                device.held.iter_mut().for_each(|held| held.clear());
            }
            self.volatile.suspended.retain(|suspended| matches!(suspended, Suspended::Work(_)));
            out.report(DasdFact::PathsGone);
            if self.is_up() {
                out.send(DasdMessage::Down);
            }
            self.run_ready(out);
        }
        true
    }

    pub(super) fn path_back(&mut self, out: &mut DasdOutbox) {
        let was_cut_off = !self.has_path();
        self.paths_lost -= 1;
        let paths = self.parameters.channel.paths - self.paths_lost;
        for (slot, service) in self.volatile.channel.set_paths(out.now(), paths) {
            out.complete_after(service, self.timer(DasdTimerKind::Channel, slot));
        }
        if was_cut_off {
            out.report(DasdFact::PathsBack);
            if self.is_up() {
                out.send(DasdMessage::Up);
            }
        }
    }

    /// Whatever is on a channel path, or waits for one, never arrives.
    fn cut_transfers(&mut self, out: &mut DasdOutbox) {
        for slot in self.volatile.channel.withdraw(|_| true) {
            self.volatile.ops[slot as usize].outstanding -= 1;
        }
        for slot in 0..self.volatile.ops.len() as u32 {
            let device = match &self.volatile.ops[slot as usize].work {
                Work::Read(read) if read.phase == ReadPhase::Channel => {
                    self.volatile.devices[read.range.device.0 as usize].reads -= 1;
                    read.range.device
                }
                Work::Write(write) if write.phase == WritePhase::Channel => {
                    self.volatile.devices[write.range.device.0 as usize].writes -= 1;
                    write.range.device
                }
                &Work::WriteTracks { device, phase: WritePhase::Channel, .. } => {
                    self.volatile.devices[device.0 as usize].writes -= 1;
                    device
                }
                _ => continue,
            };
            self.volatile.ops[slot as usize].work = Work::Cut { parent: None };
            if self.volatile.ops[slot as usize].outstanding == 0 {
                self.volatile.ready.push_back(slot);
            }
            self.drained(device, out);
        }
    }

    /// A disk fails for good; with `rebuild` a spare takes its place, if there is one.
    pub fn fail_disk(&mut self, disk: u16, rebuild: bool, out: &mut DasdOutbox) -> bool {
        let failed = self.rank.fail_disk(disk);
        if failed {
            out.report(DasdFact::DiskFailed { disk });
            if rebuild && self.rank.take_spare(disk) {
                out.report(DasdFact::RebuildStarted { disk });
            }
            if self.is_up() {
                self.start_rebuilds();
                self.run_ready(out);
            }
        }
        failed
    }

    pub fn slow_disk(&mut self, disk: u16, factor_milli: u64, until: Time) -> bool {
        self.rank.slow_down(disk, factor_milli, until);
        true
    }

    /// The home of a track cannot be read: until it is written, or only the next time. False for a track without a home.
    pub fn spoil_read(&mut self, device: Device, track: TrackNo, latent: bool) -> bool {
        let place = self.volatile.tables.place(device, track);
        place.is_some_and(|place| {
            self.rank.make_unreadable(place, latent);
            true
        })
    }

    /// The home of a track reads as something else, without an error.
    pub fn corrupt_read(&mut self, device: Device, track: TrackNo) -> bool {
        let place = self.volatile.tables.place(device, track);
        place.is_some_and(|place| {
            self.rank.make_lie(place);
            true
        })
    }

    /// The next write of a track's home goes wrong, without an error.
    pub fn lead_write_astray(&mut self, device: Device, track: TrackNo, what: Astray) -> bool {
        let place = self.volatile.tables.place(device, track);
        place.is_some_and(|place| {
            self.rank.lead_astray(place, what);
            true
        })
    }

    /// The next write of a track's home lands on the home of another track of the volume.
    pub fn misdirect_write(&mut self, device: Device, track: TrackNo, to: TrackNo) -> bool {
        let Some(place) = self.volatile.tables.place(device, to) else { return false };
        let at = self.rank.locate(place);
        self.lead_write_astray(device, track, Astray::Misdirected { disk: at.disk, row: at.row })
    }

    /// The next label record that is written to the device is cut behind so many bytes.
    pub fn tear_label(&mut self, device: Device, bytes: u8) -> bool {
        self.torn.insert(device, bytes);
        true
    }

    /// What arrives of a label record: all of it, or its first bytes in front of the old rest.
    pub(super) fn torn_label(&mut self, device: Device, mut track: LabelTrack) -> LabelTrack {
        if let (Some(new), Some(&bytes)) = (track.label, self.torn.get(&device)) {
            self.torn.remove(&device);
            let old = self.logical_label(device).label;
            let mut record = old.map_or([0; 80], |old| *old.bytes());
            let cut = usize::from(bytes).min(record.len());
            record[..cut].copy_from_slice(&new.bytes()[..cut]);
            track.label = Some(Label::from_bytes(record));
        }
        track
    }

    pub(super) fn is_unreadable(&self, device: Device, track: TrackNo) -> bool {
        self.rank.is_damaged() && self.logical_image(device, track).tag == Tag::UNREADABLE
    }
}
