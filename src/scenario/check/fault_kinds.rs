//! The kinds of faults: which keys each has, and what they mean together.

use crate::fault::plan::{
    BlockChoice, DataPath, Fault, FaultKind, NvsFate, Program, Slip, SwapAction, UpdateTrack, WithdrawChoice,
};
use crate::manager::plan::BackupPlan;
use crate::vocab::{Device, Drive, StepName, TrackNo, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, suggestion};
use super::super::raw::RawFault;
use super::super::shape::{Given, out_of_range};
use super::faults::OUTAGE;
use super::{Context, Volume, list, or};

/// Most metadata transactions, mounts, inventory entries that one fault speaks of (A).
const MOST_THINGS: u64 = 1_000_000;
/// A slow disk is slower than itself by at most this factor, in thousandths (A).
const SLOWEST_MILLI: u64 = 1_000_000;
/// A label record is 80 bytes; a write cut behind 57 of them tears the sealed form (MODEL 2.2).
const TORN_BYTES: u64 = 57;

/// The keys of a fault that belong to its kind.
pub fn keys_of(kind: FaultKind) -> &'static [&'static str] {
    match kind {
        FaultKind::HostCrash => &["outage", "image"],
        FaultKind::ControllerCrash => &["nvs", "outage"],
        FaultKind::PowerLoss => &["duration"],
        FaultKind::SourceUpdate | FaultKind::TargetUpdate => &["device", "track"],
        FaultKind::TapeWriteError | FaultKind::TapeReadError => &["permanent", "block"],
        FaultKind::ClusterCrash => &["cluster", "outage"],
        FaultKind::NvsLoss => &["cluster"],
        FaultKind::MetadataLoss | FaultKind::MetadataRollback => &["transactions"],
        FaultKind::PathLoss | FaultKind::NoScratch | FaultKind::AccessorStop => &["duration"],
        FaultKind::DiskFailure => &["disk", "rebuild"],
        FaultKind::DiskReadError => &["device", "track", "latent"],
        FaultKind::DiskSlow => &["disk", "factor", "duration"],
        FaultKind::SilentCorruption => &["device", "track", "during"],
        FaultKind::LostWrite => &["device", "track"],
        FaultKind::MisdirectedWrite => &["device", "track", "to"],
        FaultKind::TornWrite => &["device", "bytes"],
        FaultKind::TapeDriveCrash => &["drive", "outage"],
        FaultKind::TapeDriveOffline => &["drive", "duration"],
        FaultKind::MountFailure => &["count"],
        FaultKind::CartridgeSwap => &["section", "action"],
        FaultKind::EarlyEndOfVolume => &["at"],
        FaultKind::JobAbend | FaultKind::InstantCopyUnavailable => &[],
        FaultKind::InventoryLoss => &["entries", "rollback"],
        FaultKind::LabelRewrite => &["device", "volser", "keep_reserved"],
        FaultKind::LabelCopy => &["device", "onto"],
        FaultKind::VaryOnline | FaultKind::VaryOffline => &["device", "image"],
        FaultKind::Withdraw => &["which"],
        FaultKind::ReEstablish => &["source", "device"],
        FaultKind::DuplicateStimulus => &["delay"],
        FaultKind::SourceRename => &["device", "volser"],
        FaultKind::ClockStep => &["by", "backward"],
        FaultKind::OldProgram => &["program"],
        FaultKind::OperatorSlip => &["slip", "step"],
    }
}

/// Whose device is meant when a fault names none.
#[derive(Clone, Copy)]
enum Side {
    Source,
    Target,
}

impl Context<'_> {
    pub(super) fn fault_of(
        &mut self,
        kind: FaultKind,
        entry: &Given<RawFault>,
        backups: &[BackupPlan],
    ) -> Option<Fault> {
        let raw = &entry.value;
        Some(match kind {
            FaultKind::HostCrash => {
                Fault::HostCrash { image: self.image_named(&raw.image)?, outage: or(&raw.outage, OUTAGE) }
            }
            FaultKind::ControllerCrash => {
                Fault::ControllerCrash { nvs: or(&raw.nvs, NvsFate::Kept), outage: or(&raw.outage, OUTAGE) }
            }
            FaultKind::PowerLoss => Fault::PowerLoss { duration: or(&raw.duration, OUTAGE) },
            FaultKind::SourceUpdate => {
                let (device, track) = self.update(entry, backups, Side::Source)?;
                Fault::SourceUpdate { device, track }
            }
            FaultKind::TargetUpdate => {
                let (device, track) = self.update(entry, backups, Side::Target)?;
                Fault::TargetUpdate { device, track }
            }
            FaultKind::TapeWriteError => Fault::TapeWriteError {
                permanent: or(&raw.permanent, false),
                block: or(&raw.block, BlockChoice::Middle),
            },
            FaultKind::TapeReadError => Fault::TapeReadError {
                permanent: or(&raw.permanent, false),
                block: or(&raw.block, BlockChoice::Middle),
            },
            FaultKind::JobAbend => Fault::JobAbend,
            FaultKind::InstantCopyUnavailable => Fault::InstantCopyUnavailable,
            FaultKind::ClusterCrash
            | FaultKind::NvsLoss
            | FaultKind::MetadataLoss
            | FaultKind::MetadataRollback
            | FaultKind::PathLoss
            | FaultKind::DiskFailure
            | FaultKind::DiskReadError
            | FaultKind::DiskSlow
            | FaultKind::SilentCorruption
            | FaultKind::LostWrite
            | FaultKind::MisdirectedWrite
            | FaultKind::TornWrite => return self.dasd_fault(kind, entry, backups),
            FaultKind::TapeDriveCrash
            | FaultKind::TapeDriveOffline
            | FaultKind::MountFailure
            | FaultKind::NoScratch
            | FaultKind::CartridgeSwap
            | FaultKind::AccessorStop
            | FaultKind::EarlyEndOfVolume => return self.tape_fault(kind, raw),
            FaultKind::InventoryLoss
            | FaultKind::LabelRewrite
            | FaultKind::LabelCopy
            | FaultKind::VaryOnline
            | FaultKind::VaryOffline
            | FaultKind::Withdraw
            | FaultKind::ReEstablish
            | FaultKind::DuplicateStimulus
            | FaultKind::SourceRename
            | FaultKind::ClockStep
            | FaultKind::OldProgram
            | FaultKind::OperatorSlip => return self.host_fault(kind, entry, backups),
        })
    }

    fn dasd_fault(&mut self, kind: FaultKind, entry: &Given<RawFault>, backups: &[BackupPlan]) -> Option<Fault> {
        let raw = &entry.value;
        let clusters = self.hardware.number("controller.clusters");
        let last_disk = u64::from(self.hardware.raid_disks()) - 1;
        let duration = or(&raw.duration, OUTAGE);
        Some(match kind {
            FaultKind::ClusterCrash => {
                let cluster = small(self.within(&raw.cluster, 0, 0, clusters - 1)?);
                Fault::ClusterCrash { cluster, outage: or(&raw.outage, OUTAGE) }
            }
            FaultKind::NvsLoss => Fault::NvsLoss { cluster: small(self.within(&raw.cluster, 0, 0, clusters - 1)?) },
            FaultKind::MetadataLoss => Fault::MetadataLoss { transactions: self.things(&raw.transactions)? },
            FaultKind::MetadataRollback => Fault::MetadataRollback { transactions: self.things(&raw.transactions)? },
            FaultKind::PathLoss => Fault::PathLoss { duration },
            FaultKind::DiskFailure => {
                let disk = small(self.within(&raw.disk, 0, 0, last_disk)?);
                Fault::DiskFailure { disk, rebuild: or(&raw.rebuild, true) }
            }
            FaultKind::DiskSlow => {
                let disk = small(self.within(&raw.disk, 0, 0, last_disk)?);
                let factor_milli = raw.factor.as_ref().map_or(2_000, |factor| factor.value.0);
                if !(1_000..=SLOWEST_MILLI).contains(&factor_milli) {
                    let given = raw.factor.as_ref().expect("the default lies within");
                    self.problems.push(out_of_range(&given.place, &given.path, "1 to 1000 times as slow"));
                    return None;
                }
                Fault::DiskSlow { disk, factor_milli, duration }
            }
            FaultKind::DiskReadError => {
                let (device, track) = self.slot(entry, backups)?;
                Fault::DiskReadError { device, track, latent: or(&raw.latent, true) }
            }
            FaultKind::SilentCorruption => {
                let (device, track) = self.slot(entry, backups)?;
                Fault::SilentCorruption { device, track, path: or(&raw.during, DataPath::Read) }
            }
            FaultKind::LostWrite => {
                let (device, track) = self.slot(entry, backups)?;
                Fault::LostWrite { device, track }
            }
            FaultKind::MisdirectedWrite => {
                let (device, track) = self.slot(entry, backups)?;
                let most = u64::from(self.volumes[usize::from(device.0)].tracks) - 1;
                let to = TrackNo(small(self.within(&raw.to, most, 0, most)?));
                Fault::MisdirectedWrite { device, track, to }
            }
            FaultKind::TornWrite => {
                let (device, _) = self.faulty_device(entry, backups, Side::Target)?;
                Fault::TornWrite { device, bytes: small(self.within(&raw.bytes, TORN_BYTES, 0, 80)?) }
            }
            _ => unreachable!("the caller sends the faults of the DASD side"),
        })
    }

    fn tape_fault(&mut self, kind: FaultKind, raw: &RawFault) -> Option<Fault> {
        let drives = self.hardware.number("tape.drives");
        let duration = or(&raw.duration, OUTAGE);
        Some(match kind {
            FaultKind::TapeDriveCrash => {
                let drive = Drive(small(self.within(&raw.drive, 0, 0, drives - 1)?));
                Fault::TapeDriveCrash { drive, outage: or(&raw.outage, OUTAGE) }
            }
            FaultKind::TapeDriveOffline => {
                Fault::TapeDriveOffline { drive: Drive(small(self.within(&raw.drive, 0, 0, drives - 1)?)), duration }
            }
            FaultKind::MountFailure => Fault::MountFailure { count: self.things(&raw.count)? },
            FaultKind::NoScratch => Fault::NoScratch { duration },
            FaultKind::AccessorStop => Fault::AccessorStop { duration },
            FaultKind::CartridgeSwap => Fault::CartridgeSwap {
                section: small(self.within(&raw.section, 1, 1, 9_999)?),
                action: or(&raw.action, SwapAction::Missing),
            },
            FaultKind::EarlyEndOfVolume => {
                Fault::EarlyEndOfVolume { at_ppm: raw.at.as_ref().map_or(500_000, |share| share.value.0) }
            }
            _ => unreachable!("the caller sends the faults of the tape side"),
        })
    }

    fn host_fault(&mut self, kind: FaultKind, entry: &Given<RawFault>, backups: &[BackupPlan]) -> Option<Fault> {
        let raw = &entry.value;
        let image = self.image_named(&raw.image)?;
        Some(match kind {
            FaultKind::InventoryLoss => {
                // One entry is lost, unless the fault says what else is.
                let entries = u64::from(raw.rollback.is_none());
                let entries = small(self.within(&raw.entries, entries, 0, MOST_THINGS)?);
                Fault::InventoryLoss { entries, rollback: small(self.within(&raw.rollback, 0, 0, MOST_THINGS)?) }
            }
            FaultKind::LabelRewrite => {
                let (device, _) = self.faulty_device(entry, backups, Side::Target)?;
                let volser = self.any_volser(entry)?;
                Fault::LabelRewrite { device, volser, keep_reserved: or(&raw.keep_reserved, false) }
            }
            FaultKind::LabelCopy => {
                let (device, _) = self.faulty_device(entry, backups, Side::Target)?;
                self.need(&raw.onto, "onto", "a fault of kind \"label-copy\"", entry, "\"0A20\"");
                let given = raw.onto.as_ref()?;
                let (onto, _) = self.volume_on(given)?;
                if onto == device {
                    let other = "another device than the one whose label is copied";
                    self.problems.push(out_of_range(&given.place, &given.path, other));
                    return None;
                }
                Fault::LabelCopy { device, onto }
            }
            FaultKind::SourceRename => {
                let (device, _) = self.faulty_device(entry, backups, Side::Source)?;
                Fault::SourceRename { device, volser: self.any_volser(entry)? }
            }
            FaultKind::VaryOnline => {
                Fault::VaryOnline { device: self.faulty_device(entry, backups, Side::Target)?.0, image }
            }
            FaultKind::VaryOffline => {
                Fault::VaryOffline { device: self.faulty_device(entry, backups, Side::Target)?.0, image }
            }
            FaultKind::Withdraw => Fault::Withdraw { which: or(&raw.which, WithdrawChoice::Right) },
            FaultKind::ReEstablish => {
                self.need(&raw.source, "source", "a fault of kind \"re-establish\"", entry, "\"PROD02\"");
                let (source, _) = self.volume_named(raw.source.as_ref()?)?;
                let (target, _) = self.faulty_device(entry, backups, Side::Target)?;
                Fault::ReEstablish { source, target }
            }
            FaultKind::DuplicateStimulus => {
                Fault::DuplicateStimulus { delay: or(&raw.delay, crate::kernel::Span::ZERO) }
            }
            FaultKind::ClockStep => Fault::ClockStep { by: or(&raw.by, OUTAGE), backward: or(&raw.backward, false) },
            FaultKind::OldProgram => Fault::OldProgram { program: or(&raw.program, Program::Dump) },
            FaultKind::OperatorSlip => {
                Fault::OperatorSlip { slip: or(&raw.slip, Slip::Omit), step: self.slipping_step(raw)? }
            }
            _ => unreachable!("the caller sends the faults of the host side"),
        })
    }

    /// `None` outside when the step is unknown.
    fn slipping_step(&mut self, raw: &RawFault) -> Option<Option<StepName>> {
        let Some(given) = &raw.step else { return Some(None) };
        let step = StepName::parse(&given.value);
        if step.is_none() {
            let known: Vec<&str> = StepName::ALL.iter().map(|step| step.name()).collect();
            let problem = Diagnostic::error(Code::UnknownAnchor, format!("no step is called `{}`", given.value))
                .at(&given.place, "unknown step")
                .path(given.path.clone())
                .help(suggestion(&given.value, &known, "steps"));
            self.problems.push(problem);
        }
        step.map(Some)
    }

    fn things(&mut self, given: &Option<Given<u64>>) -> Option<u32> {
        Some(small(self.within(given, 1, 1, MOST_THINGS)?))
    }

    /// Any six bytes of ASCII: a foreign utility is bound by no rule of ours (MODEL 2.2).
    fn any_volser(&mut self, entry: &Given<RawFault>) -> Option<VolumeId> {
        self.need(&entry.value.volser, "volser", "this fault", entry, "\"OTHER1\"");
        let given = entry.value.volser.as_ref()?;
        let text = given.value.as_bytes();
        if text.len() > 6 || !text.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            let problem = Diagnostic::error(Code::BadVolumeId, format!("`{}` fits no label", given.value))
                .at(&given.place, "expected up to six printable ASCII characters")
                .path(given.path.clone())
                .help("the ID field of a label has six bytes");
            self.problems.push(problem);
            return None;
        }
        let mut bytes = *b"      ";
        bytes[..text.len()].copy_from_slice(text);
        Some(VolumeId::from_bytes(bytes))
    }

    fn update(&mut self, entry: &Given<RawFault>, backups: &[BackupPlan], side: Side) -> Option<(Device, UpdateTrack)> {
        let (device, volume) = self.faulty_device(entry, backups, side)?;
        let track = or(&entry.value.track, UpdateTrack::Label);
        self.track_exists(&entry.value, track, &volume)?;
        Some((device, track))
    }

    /// A track slot on disk: a device and a number, by default the middle of the source of the first backup.
    fn slot(&mut self, entry: &Given<RawFault>, backups: &[BackupPlan]) -> Option<(Device, TrackNo)> {
        let (device, volume) = self.faulty_device(entry, backups, Side::Source)?;
        let track = match or(&entry.value.track, UpdateTrack::Number(TrackNo(volume.tracks / 2))) {
            UpdateTrack::Number(track) => track,
            UpdateTrack::Label => TrackNo(0),
            UpdateTrack::Last => TrackNo(volume.tracks - 1),
            UpdateTrack::JustDumped | UpdateTrack::AboutToBeDumped | UpdateTrack::Next => {
                let given = entry.value.track.as_ref().expect("the default is a number");
                self.problems.push(out_of_range(&given.place, &given.path, "a number, \"label\" or \"last\""));
                return None;
            }
        };
        self.track_exists(&entry.value, UpdateTrack::Number(track), &volume)?;
        Some((device, track))
    }

    /// The device of a fault: as given, else the source or the target of the first backup.
    fn faulty_device(
        &mut self,
        entry: &Given<RawFault>,
        backups: &[BackupPlan],
        side: Side,
    ) -> Option<(Device, Volume)> {
        if let Some(given) = &entry.value.device {
            return self.volume_on(given);
        }
        if let Some(backup) = backups.first() {
            let device = match side {
                Side::Source => backup.source,
                Side::Target => backup.target,
            };
            return Some((device, self.volumes[usize::from(device.0)].clone()));
        }
        if list(&self.raw.backup).is_empty() {
            let kind = entry.value.kind.as_ref().map_or("", |kind| kind.value.name());
            let noun = format!("a fault of kind \"{kind}\" without a backup");
            self.need(&entry.value.device, "device", &noun, entry, "\"0A00\"");
        }
        None
    }

    fn track_exists(&mut self, raw: &RawFault, track: UpdateTrack, volume: &Volume) -> Option<()> {
        let UpdateTrack::Number(TrackNo(number)) = track else { return Some(()) };
        if number < volume.tracks {
            return Some(());
        }
        let given = raw.track.as_ref().expect("a number was given");
        self.problems.push(out_of_range(&given.place, &given.path, &format!("a track below {}", volume.tracks)));
        None
    }
}

/// A number whose limits lie within its type.
fn small<T: TryFrom<u64>>(number: u64) -> T {
    T::try_from(number).ok().expect("the limits of the key lie within its type")
}
