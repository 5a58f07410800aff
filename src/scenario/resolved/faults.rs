//! The faults of a resolved scenario.

use super::super::names::{BLOCK_CHOICES, UPDATE_TRACKS};
use super::super::plan::Plan;
use super::super::units::Dimension;
use super::{Writer, device, duration, listed, name, quoted, share, when};
use crate::fault::plan::{BlockChoice, Fault, FaultPlan, FaultRate, Gap, UpdateTrack};
use crate::kernel::Span;
use crate::vocab::{Device, TrackNo, VolumeId};

/// A fault as an entry of a scenario, heading included.
pub fn fault_entry(fault: &FaultPlan, plan: &Plan) -> String {
    let mut writer = Writer { text: String::new() };
    writer.fault_entry(fault, plan);
    writer.text
}

impl Writer {
    pub(super) fn fault_entry(&mut self, fault: &FaultPlan, plan: &Plan) {
        self.heading("[[fault]]");
        self.fault(fault.fault, plan);
        self.raw("when", &when(fault.anchor, plan));
        if fault.silence {
            self.raw("silence", "true");
        }
    }

    /// A fault that comes at random; the lines of `[rates]` stand elsewhere.
    pub(super) fn rate_entry(&mut self, rate: &FaultRate, plan: &Plan) {
        self.heading("[[fault]]");
        self.fault(rate.fault, plan);
        let gap = match rate.gap {
            Gap::Exponential { mean } => format!("mean = {}", duration(mean)),
            Gap::Weibull { scale, shape_milli } => {
                format!("scale = {}, shape = {}", duration(scale), quoted(&Dimension::Ratio.show(shape_milli)))
            }
        };
        self.raw("rate", &format!("{{ {gap} }}"));
    }

    fn fault(&mut self, fault: Fault, plan: &Plan) {
        self.raw("kind", &name(fault.kind()));
        match fault {
            Fault::HostCrash { image, outage } => {
                self.image(image, plan);
                self.raw("outage", &duration(outage));
            }
            Fault::ControllerCrash { nvs, outage } => {
                self.raw("nvs", &name(nvs));
                self.raw("outage", &duration(outage));
            }
            Fault::PowerLoss { duration: length }
            | Fault::PathLoss { duration: length }
            | Fault::NoScratch { duration: length }
            | Fault::AccessorStop { duration: length } => self.raw("duration", &duration(length)),
            Fault::SourceUpdate { device: on, track } | Fault::TargetUpdate { device: on, track } => {
                self.device(on, plan);
                self.update_track(track);
            }
            Fault::TapeWriteError { permanent, block } | Fault::TapeReadError { permanent, block } => {
                self.raw("permanent", &permanent.to_string());
                self.block(block);
            }
            Fault::ClusterCrash { cluster, outage } => {
                self.raw("cluster", &cluster.to_string());
                self.raw("outage", &duration(outage));
            }
            Fault::NvsLoss { cluster } => self.raw("cluster", &cluster.to_string()),
            Fault::MetadataLoss { transactions } | Fault::MetadataRollback { transactions } => {
                self.raw("transactions", &transactions.to_string());
            }
            Fault::DiskFailure { disk, rebuild } => {
                self.raw("disk", &disk.to_string());
                self.raw("rebuild", &rebuild.to_string());
            }
            Fault::DiskReadError { device, track, latent } => {
                self.slot(device, track, plan);
                self.raw("latent", &latent.to_string());
            }
            Fault::DiskSlow { disk, factor_milli, duration: length } => {
                self.raw("disk", &disk.to_string());
                self.raw("factor", &quoted(&Dimension::Ratio.show(factor_milli)));
                self.raw("duration", &duration(length));
            }
            Fault::SilentCorruption { device, track, path } => {
                self.slot(device, track, plan);
                self.raw("during", &name(path));
            }
            Fault::LostWrite { device, track } => self.slot(device, track, plan),
            Fault::MisdirectedWrite { device, track, to } => {
                self.slot(device, track, plan);
                self.raw("to", &to.0.to_string());
            }
            Fault::TornWrite { device, bytes } => {
                self.device(device, plan);
                self.raw("bytes", &bytes.to_string());
            }
            Fault::TapeDriveCrash { drive, outage } => self.drive(drive.0, "outage", outage),
            Fault::TapeDriveOffline { drive, duration } => self.drive(drive.0, "duration", duration),
            Fault::MountFailure { count } => self.raw("count", &count.to_string()),
            Fault::CartridgeSwap { section, action } => {
                self.raw("section", &section.to_string());
                self.raw("action", &name(action));
            }
            Fault::EarlyEndOfVolume { at_ppm } => self.raw("at", &share(at_ppm)),
            Fault::JobAbend | Fault::InstantCopyUnavailable => {}
            Fault::InventoryLoss { entries, rollback } => {
                self.raw("entries", &entries.to_string());
                self.raw("rollback", &rollback.to_string());
            }
            Fault::LabelRewrite { device, volser, keep_reserved } => {
                self.device(device, plan);
                self.volser(volser);
                self.raw("keep_reserved", &keep_reserved.to_string());
            }
            Fault::LabelCopy { device, onto } => {
                self.device(device, plan);
                self.raw("onto", &name(plan.dasd.volumes[usize::from(onto.0)].device));
            }
            Fault::SourceRename { device, volser } => {
                self.device(device, plan);
                self.volser(volser);
            }
            Fault::VaryOnline { device, image } | Fault::VaryOffline { device, image } => {
                self.device(device, plan);
                self.image(image, plan);
            }
            Fault::Withdraw { which } => self.raw("which", &name(which)),
            Fault::ReEstablish { source, target } => {
                let id = plan.dasd.volumes[usize::from(source.0)].id;
                self.raw("source", &name(id));
                self.device(target, plan);
            }
            Fault::DuplicateStimulus { delay } => self.raw("delay", &duration(delay)),
            Fault::ClockStep { by, backward } => {
                self.raw("by", &duration(by));
                self.raw("backward", &backward.to_string());
            }
            Fault::OldProgram { program } => self.raw("program", &name(program)),
            Fault::OperatorSlip { slip, step } => {
                self.raw("slip", &name(slip));
                if let Some(step) = step {
                    self.raw("step", &name(step));
                }
            }
        }
    }

    fn device(&mut self, on: Device, plan: &Plan) {
        self.raw("device", &name(device(plan, on)));
    }

    fn slot(&mut self, on: Device, track: TrackNo, plan: &Plan) {
        self.device(on, plan);
        self.raw("track", &track.0.to_string());
    }

    fn drive(&mut self, drive: u8, key: &str, length: Span) {
        self.raw("drive", &drive.to_string());
        self.raw(key, &duration(length));
    }

    fn volser(&mut self, volser: VolumeId) {
        self.raw("volser", &quoted(&volser.to_string()));
    }

    fn update_track(&mut self, track: UpdateTrack) {
        let number = match track {
            UpdateTrack::Number(track) => track.0.to_string(),
            _ => String::new(),
        };
        self.raw("track", &listed(UPDATE_TRACKS, &track).unwrap_or(number));
    }

    fn block(&mut self, block: BlockChoice) {
        let number = match block {
            BlockChoice::Number(block) => block.to_string(),
            _ => String::new(),
        };
        self.raw("block", &listed(BLOCK_CHOICES, &block).unwrap_or(number));
    }
}
