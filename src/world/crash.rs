//! What a fault does, at the boundary between two events and outside the queue. What it causes are ordinary events.

use super::route::{Message, OUTSIDE};
use super::{Event, Fact, INJECTOR_PORT, World};
use crate::controller::dasd::{CopyMode, DasdCommand};
use crate::device::raid::Astray;
use crate::fault::plan::{DataPath, Fault, NvsFate, UpdateTrack, WithdrawChoice};
use crate::host::OrderedSlip;
use crate::kernel::{Fingerprint, Queue, Span};
use crate::manager::command::Volid;
use crate::manager::order::{Giver, Order};
use crate::manager::{ConsoleCommand, Manager, ManagerOutbox};
use crate::vocab::{Device, HostRequest, Image, Label, LabelTrack, Op, Ticket, TrackNo, VolumeId, WriteNumber};

/// Injected writes are numbered apart from those of all workloads.
const INJECTED_WRITES: u64 = 0xFF_FFFF << 40;
/// Bytes of an injected update: one block of the default workload (MODEL 8).
const UPDATE_BYTES: u32 = 4_096;

/// What a rewritten label record has in its reserved area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reserved {
    Kept,
    Blanked,
}

impl World {
    /// Lets a fault act. False when there was nothing that it could act upon.
    pub fn strike(
        &mut self,
        index: usize,
        fault: Fault,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) -> bool {
        self.facts.clear();
        let now = queue.now();
        self.dasd_out.open(now);
        self.tape_out.open(now);
        self.manager_out.open(now);
        let effect = match fault {
            Fault::HostCrash { image, outage } => {
                // The tape controller is attached to the image with the storage manager alone.
                if image == Image::FIRST {
                    self.tape.host_crash(&mut self.tape_out);
                    self.apply_tape(queue, fingerprint);
                }
                self.lose_host(image, outage, self.dasd.answers(), queue, fingerprint);
                true
            }
            Fault::ControllerCrash { nvs, outage } => {
                self.dasd.crash(nvs == NvsFate::Lost, outage, &mut self.dasd_out);
                true
            }
            Fault::PowerLoss { duration } => {
                self.dasd.crash(duration > self.nvs_battery, duration, &mut self.dasd_out);
                self.tape.power_loss(&mut self.tape_out);
                self.apply_dasd(queue, fingerprint);
                self.apply_tape(queue, fingerprint);
                for image in (0..self.images.len() as u8).map(Image) {
                    self.lose_host(image, duration, false, queue, fingerprint);
                }
                true
            }
            Fault::SourceUpdate { device, track } | Fault::TargetUpdate { device, track } => {
                self.update(device, track, queue, fingerprint)
            }
            Fault::VaryOnline { device, image } => {
                self.type_command(image, ConsoleCommand::VaryOnline { device }, queue, fingerprint)
            }
            Fault::VaryOffline { device, image } => {
                self.type_command(image, ConsoleCommand::VaryOffline { device }, queue, fingerprint)
            }
            Fault::LabelRewrite { device, volser, keep_reserved } => {
                let reserved = if keep_reserved { Reserved::Kept } else { Reserved::Blanked };
                self.rewrite_label(device, volser, reserved, queue, fingerprint)
            }
            Fault::LabelCopy { device, onto } => self.copy_label(device, onto, queue, fingerprint),
            Fault::TapeWriteError { permanent, block } => self.spoil_write(permanent, block),
            Fault::TapeReadError { permanent, block } => self.spoil_read(permanent, block),
            Fault::ClusterCrash { cluster, outage } => self.dasd.crash_cluster(cluster, outage, &mut self.dasd_out),
            Fault::NvsLoss { cluster } => self.dasd.lose_nvs(cluster, &mut self.dasd_out),
            Fault::MetadataLoss { transactions } => self.dasd.lose_metadata(transactions, true),
            Fault::MetadataRollback { transactions } => self.dasd.lose_metadata(transactions, false),
            Fault::PathLoss { duration } => self.dasd.lose_path(duration, &mut self.dasd_out),
            Fault::DiskFailure { disk, rebuild } => self.dasd.fail_disk(disk, rebuild, &mut self.dasd_out),
            Fault::DiskReadError { device, track, latent } => self.dasd.spoil_read(device, track, latent),
            Fault::DiskSlow { disk, factor_milli, duration } => self.dasd.slow_disk(disk, factor_milli, now + duration),
            Fault::SilentCorruption { device, track, path: DataPath::Read } => self.dasd.corrupt_read(device, track),
            Fault::SilentCorruption { device, track, path: DataPath::Write } => {
                self.dasd.lead_write_astray(device, track, Astray::Altered)
            }
            Fault::LostWrite { device, track } => self.dasd.lead_write_astray(device, track, Astray::Lost),
            Fault::MisdirectedWrite { device, track, to } => self.dasd.misdirect_write(device, track, to),
            Fault::TornWrite { device, bytes } => self.dasd.tear_label(device, bytes),
            Fault::Withdraw { which } => self.withdraw_outside(which, queue, fingerprint),
            Fault::ReEstablish { source, target } => {
                let order = Order::Copy { source, target, volid: Volid::Withheld, mode: CopyMode::NoCopy };
                self.at_manager(queue, fingerprint, |manager, out| manager.order(order, Giver::Fault, out))
            }
            Fault::SourceRename { device, volser } => {
                self.rewrite_label(device, volser, Reserved::Blanked, queue, fingerprint)
            }
            Fault::OperatorSlip { slip, step } => {
                // The operator who does the steps of jobs, and those who answer prompts.
                let ordered = OrderedSlip { fault: index, slip, step };
                self.operators.iter_mut().for_each(|operator| operator.order_slip(ordered));
                true
            }
            Fault::InstantCopyUnavailable => self.dasd.refuse_copies(),
            Fault::InventoryLoss { entries, rollback } => {
                self.at_manager(queue, fingerprint, |manager, _| manager.lose_inventory(entries, rollback))
            }
            Fault::DuplicateStimulus { delay } => {
                self.at_manager(queue, fingerprint, |manager, out| manager.repeat_stimulus(delay, out))
            }
            Fault::ClockStep { by, backward } => {
                self.at_manager(queue, fingerprint, |manager, _| manager.step_clock(by, backward))
            }
            Fault::JobAbend => self.at_manager(queue, fingerprint, Manager::abend),
            Fault::OldProgram { program } => {
                self.at_manager(queue, fingerprint, |manager, _| manager.install_old(program))
            }
            Fault::TapeDriveCrash { drive, outage } => self.tape.drive_crash(drive, outage, &mut self.tape_out),
            Fault::TapeDriveOffline { drive, duration } => {
                self.tape.drive_offline(drive, duration, &mut self.tape_out);
                true
            }
            Fault::MountFailure { count } => {
                self.tape.inject_mount_failures(count);
                true
            }
            Fault::NoScratch { duration } => self.empty_scratch_pool(now + duration),
            Fault::CartridgeSwap { section, action } => self.swap_cartridge(section, action),
            Fault::AccessorStop { duration } => {
                self.tape.stop_accessors(duration, &self.tape_out);
                true
            }
            Fault::EarlyEndOfVolume { at_ppm } => self.end_volume_early(at_ppm),
        };
        self.apply_dasd(queue, fingerprint);
        self.apply_tape(queue, fingerprint);
        // A slip acts when somebody makes it.
        if !matches!(fault, Fault::OperatorSlip { .. }) {
            self.note(Fact::Fault { index, fault }, fingerprint);
        }
        effect
    }

    /// A withdraw of the relationship of the first backup, or of any other.
    fn withdraw_outside(
        &mut self,
        which: WithdrawChoice,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) -> bool {
        let Some(plan) = self.manager().backup_plans().first() else { return false };
        let right = plan.target;
        let mut targets = self.dasd.tables().relations.iter().map(|relation| relation.target);
        let chosen = targets.find(|target| (*target == right) == (which == WithdrawChoice::Right));
        let Some(target) = chosen else { return false };
        let order = Order::Withdraw { target };
        self.at_manager(queue, fingerprint, |manager, out| manager.order(order, Giver::Fault, out))
    }

    fn lose_host(
        &mut self,
        image: Image,
        outage: Span,
        dasd_up: bool,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        self.mail.lose_from(image);
        let on_it = self.workloads.iter_mut().filter(|workload| workload.plan().image == image);
        on_it.for_each(|workload| workload.host_down(queue.now()));
        // Backups are asked for at the first image.
        if image == Image::FIRST {
            self.requesters.iter_mut().for_each(|requester| requester.host_down());
        }
        let (manager, out) = self.image_mut(image);
        manager.crash(outage, dasd_up, out);
        self.apply_manager(image, queue, fingerprint);
    }

    /// Something happens to the image with the storage manager; true when it had an effect.
    fn at_manager(
        &mut self,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
        act: impl FnOnce(&mut Manager, &mut ManagerOutbox) -> bool,
    ) -> bool {
        let (manager, out) = self.image_mut(Image::FIRST);
        let effect = act(manager, out);
        self.apply_manager(Image::FIRST, queue, fingerprint);
        effect
    }

    /// One host write by the normal path, from the first image that has the volume online.
    fn update(
        &mut self,
        device: Device,
        track: UpdateTrack,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) -> bool {
        let volume_at = |manager: &Manager| {
            let volume = manager.ucbs()[usize::from(device.0)].online.filter(|_| manager.is_up());
            volume.map(|volume| (manager.image(), volume))
        };
        let Some((image, volume)) = self.images.iter().find_map(volume_at) else { return false };
        let Some(track) = self.update_track(device, track) else { return false };
        let write = WriteNumber(INJECTED_WRITES | self.injected);
        let ticket = self.injector_ticket();
        let (op, first, count, bytes) = (Op::Write, track, 1, UPDATE_BYTES);
        let request = HostRequest::Transfer { ticket, volume, op, first, count, bytes, write };
        self.post(OUTSIDE, Message::Request { image, request }, queue, fingerprint);
        true
    }

    /// A utility on a system that is no image of the scenario rewrites the label record; no image hears of it. The names
    /// embedded in the volume stay as they are (MODEL 2.1). A fence keeps it out like every other host write.
    fn rewrite_label(
        &mut self,
        device: Device,
        volser: VolumeId,
        reserved: Reserved,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) -> bool {
        if !self.dasd.is_up() || self.dasd.is_fenced(device, TrackNo(0), 1) {
            return false;
        }
        let mut label = *self.dasd.logical_label(device);
        let mut record = label.label.unwrap_or(Label::new(volser));
        record.set_volume_id(volser);
        if reserved == Reserved::Blanked {
            record.clear_hidden();
        }
        label.label = Some(record);
        self.write_label(device, label, queue, fingerprint);
        true
    }

    /// A utility that copies tracks as they are writes the label record of a device over that of another, then puts the
    /// other's own ID back, as a copy of a whole volume does that is not told to take the ID along (G). What is hidden
    /// behind the ID travels. False without a label on either side, or against a fence.
    fn copy_label(
        &mut self,
        device: Device,
        onto: Device,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) -> bool {
        if !self.dasd.is_up() || self.dasd.is_fenced(onto, TrackNo(0), 1) {
            return false;
        }
        let mut label = *self.dasd.logical_label(onto);
        let (Some(own), Some(mut record)) = (label.id(), self.dasd.logical_label(device).label) else { return false };
        record.set_volume_id(own);
        label.label = Some(record);
        self.write_label(onto, label, queue, fingerprint);
        true
    }

    fn write_label(
        &mut self,
        device: Device,
        label: LabelTrack,
        queue: &mut Queue<Event>,
        fingerprint: &mut Fingerprint,
    ) {
        let ticket = self.injector_ticket();
        let command = DasdCommand::WriteLabel { ticket, device, label };
        self.post(OUTSIDE, Message::ToDasd(command), queue, fingerprint);
    }

    /// What comes back with it goes nowhere.
    fn injector_ticket(&mut self) -> Ticket {
        let number = self.injected as u32;
        self.injected += 1;
        Ticket { port: INJECTOR_PORT, number, generation: 0 }
    }

    fn update_track(&self, device: Device, track: UpdateTrack) -> Option<TrackNo> {
        let tracks = self.dasd.tracks(device);
        let dumped = || self.manager().dump_position().map(|(_, next)| next);
        let number = match track {
            UpdateTrack::Label => 0,
            UpdateTrack::Last => tracks - 1,
            UpdateTrack::Number(track) => track.0,
            UpdateTrack::JustDumped => dumped()?.checked_sub(1)?,
            UpdateTrack::AboutToBeDumped => dumped()?,
            UpdateTrack::Next => dumped()? + 1,
        };
        (number < tracks).then_some(TrackNo(number))
    }
}
