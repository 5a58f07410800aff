//! The volumes of a scenario: who they are, how large, and whether their disks can hold them.

use crate::controller::dasd::{Architecture, DasdParameters, VolumeParameters};
use crate::device::cartridge::TapeVolser;
use crate::device::disk::SECTOR_BYTES;
use crate::device::profiles::Profile;
use crate::host::WorkloadPlan;
use crate::manager::plan::{Allocations, BackupPlan, DeviceConfiguration, HostParameters, RestorePlan};
use crate::vocab::{Device, DeviceNumber, SLOT_BYTES, TRACKS_PER_CYLINDER, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place, suggestion};
use super::super::raw::RawVolume;
use super::super::shape::{Given, out_of_range};
use super::{Context, list, or};
use crate::kernel::Span;

/// Models of the 3390 and their cylinders (S-45).
pub const MODELS: &[(&str, u32)] = &[
    ("3390-1", 1_113),
    ("3390-2", 2_226),
    ("3390-3", 3_339),
    ("3390-9", 10_017),
    ("3390-27", 32_760),
    ("3390-54", 65_520),
];

/// The model with exactly this many tracks.
pub fn model_of(tracks: u32) -> Option<&'static str> {
    MODELS.iter().find(|(_, cylinders)| cylinders * TRACKS_PER_CYLINDER == tracks).map(|(name, _)| *name)
}

/// The largest volume: a 3390-54.
const MOST_CYLINDERS: u64 = 65_520;
/// Volumes of one host: device numbers of a large configuration.
const MOST_VOLUMES: usize = 4_096;
/// Tracks of all volumes together: the page tables of their contents then stay below 64 MB.
const MOST_TRACKS: u64 = 1 << 28;

/// A volume that was read, with the places that messages need.
#[derive(Clone, Debug)]
pub struct Volume {
    pub id: VolumeId,
    pub device: DeviceNumber,
    pub tracks: u32,
    /// For images that do not say otherwise.
    pub online: bool,
    pub online_at_ipl: bool,
    pub id_place: Place,
    pub device_place: Place,
    /// Where its size is given: model, cylinders or, by default, the table.
    pub size_place: Place,
}

impl Context<'_> {
    pub(super) fn volumes(&mut self, profile: &Profile) {
        let entries = list(&self.raw.volume);
        let lost = |path: &str| path == "volume" || path.starts_with("volume[") && path.ends_with(']');
        self.volumes_complete = !self.problems.iter().any(|problem| lost(&problem.path));
        if entries.is_empty() {
            if self.volumes_complete {
                let problem = Diagnostic::error(Code::NoVolume, "the scenario has no volume")
                    .path("volume")
                    .help("add `[[volume]]` with `id = \"PROD01\"`, `device = \"0A00\"` and `cylinders = 20`");
                self.problems.push(problem);
            }
            return;
        }
        if !self.bound(&self.raw.volume, MOST_VOLUMES, "volumes") {
            self.volumes_complete = false;
            return;
        }
        for entry in entries {
            match self.volume(entry, profile) {
                Some(volume) => self.volumes.push(volume),
                None => self.volumes_complete = false,
            }
        }
        self.devices_differ();
        self.disks_hold_volumes();
    }

    fn volume(&mut self, entry: &Given<RawVolume>, profile: &Profile) -> Option<Volume> {
        let raw = &entry.value;
        if let Some(dasd) = &raw.dasd {
            self.controller_exists(dasd);
        }
        // Without the size that was meant, what the volume fits together with is not known.
        let is_wrong =
            ["model", "cylinders", "tracks"].iter().any(|key| self.has_problem_at(&format!("{}.{key}", entry.path)));
        let size = if is_wrong { None } else { self.tracks(raw, &entry.place, profile) };
        for (missing, key, example) in
            [(raw.id.is_none(), "id", "\"PROD01\""), (raw.device.is_none(), "device", "\"0A00\"")]
        {
            // A value that is present but wrong has its own message.
            if missing && !self.has_problem_at(&format!("{}.{key}", entry.path)) {
                self.missing(key, "a volume", &entry.place, &entry.path, example);
            }
        }
        let (id, device, (tracks, size_place)) = (raw.id.as_ref()?, raw.device.as_ref()?, size?);
        Some(Volume {
            id: id.value,
            device: device.value,
            tracks,
            online: or(&raw.online, true),
            online_at_ipl: or(&raw.online_at_ipl, true),
            id_place: id.place.clone(),
            device_place: device.place.clone(),
            size_place,
        })
    }

    fn controller_exists(&mut self, dasd: &Given<String>) {
        let first = list(&self.raw.dasd).first();
        let name = first.and_then(|first| first.value.name.as_ref()).map_or("dasd", |name| name.value.as_str());
        if dasd.value != name {
            let problem =
                Diagnostic::error(Code::UnknownName, format!("no DASD controller has the name `{}`", dasd.value))
                    .at(&dasd.place, "unknown controller")
                    .path(dasd.path.clone())
                    .help(suggestion(&dasd.value, &[name], "controllers"));
            self.problems.push(problem);
        }
    }

    pub(super) fn has_problem_at(&self, path: &str) -> bool {
        self.problems.iter().any(|problem| problem.path == path)
    }

    fn tracks(&mut self, raw: &RawVolume, table: &Place, profile: &Profile) -> Option<(u32, Place)> {
        self.size_is_given_once(raw)?;
        if let Some(model) = &raw.model {
            let found = MODELS.iter().find(|(name, _)| *name == model.value);
            if found.is_none() {
                let known: Vec<&str> = MODELS.iter().map(|(name, _)| *name).collect();
                let problem = Diagnostic::error(Code::UnknownName, format!("`{}` is not a model", model.value))
                    .at(&model.place, "unknown: expected a model of the 3390")
                    .path(model.path.clone())
                    .help(format!("{}; or give `cylinders`", suggestion(&model.value, &known, "models")));
                self.problems.push(problem);
            }
            return found.map(|(_, cylinders)| (cylinders * TRACKS_PER_CYLINDER, model.place.clone()));
        }
        if let Some(cylinders) = &raw.cylinders {
            let count = self.count_within(cylinders, MOST_CYLINDERS, "cylinders, a 3390-54")?;
            return Some((count * TRACKS_PER_CYLINDER, cylinders.place.clone()));
        }
        if let Some(tracks) = &raw.tracks {
            let most = MOST_CYLINDERS * u64::from(TRACKS_PER_CYLINDER);
            return Some((self.count_within(tracks, most, "tracks, a 3390-54")?, tracks.place.clone()));
        }
        let name = profile.entry("volume.model").expect("a profile has a default model").value;
        let found = MODELS.iter().find(|(model, _)| *model == name).expect("the default is a known model");
        Some((found.1 * TRACKS_PER_CYLINDER, table.clone()))
    }

    /// A size between 1 and a 3390-54.
    fn count_within(&mut self, given: &Given<u64>, most: u64, noun: &str) -> Option<u32> {
        if !(1..=most).contains(&given.value) {
            self.problems.push(out_of_range(&given.place, &given.path, &format!("1 to {most} {noun}")));
            return None;
        }
        Some(u32::try_from(given.value).expect("within the limit"))
    }

    fn size_is_given_once(&mut self, raw: &RawVolume) -> Option<()> {
        let sizes = ["model", "cylinders", "tracks"];
        let given: Vec<(&str, &Place)> = raw.given().into_iter().filter(|(key, _)| sizes.contains(key)).collect();
        let [(first, first_place), (second, second_place), ..] = given[..] else { return Some(()) };
        let problem = Diagnostic::error(Code::Exclusive, format!("a volume has both `{first}` and `{second}`"))
            .at(second_place, "and its size again here")
            .related(first_place, "its size is given here")
            .path(format!("{}.{second}", raw.path))
            .help("keep one of the two");
        self.problems.push(problem);
        None
    }

    fn devices_differ(&mut self) {
        for (at, volume) in self.volumes.iter().enumerate() {
            let Some(first) = self.volumes[..at].iter().find(|first| first.device == volume.device) else { continue };
            let problem = Diagnostic::error(Code::SameDevice, format!("two volumes have the device {}", volume.device))
                .at(&volume.device_place, "used again")
                .related(&first.device_place, "first used here")
                .path(format!("volume[{at}].device"))
                .help("give one of them another device number");
            self.problems.push(problem);
        }
    }

    fn disks_hold_volumes(&mut self) {
        let rank = self.hardware.number("raid.data_disks") * (self.hardware.number("disk.capacity") / SLOT_BYTES);
        let total: u64 = self.volumes.iter().map(|volume| u64::from(volume.tracks)).sum();
        for (at, volume) in self.volumes.iter().enumerate() {
            if u64::from(volume.tracks) > rank {
                let message = format!("no rank can hold {}: {} tracks, a rank has {rank}", volume.id, volume.tracks);
                let problem = Diagnostic::error(Code::RankTooSmall, message)
                    .at(&volume.size_place, "too large for a rank")
                    .path(format!("volume[{at}]"))
                    .help("make it smaller, or raise `disk.capacity` or `raid.data_disks`");
                self.problems.push(problem);
            }
        }
        if total > MOST_TRACKS {
            let last = self.volumes.last().map(|volume| volume.size_place.clone()).unwrap_or_default();
            let problem = Diagnostic::error(Code::TooMuch, format!("all volumes together have {total} tracks"))
                .at(&last, "with this one")
                .path("volume")
                .help(format!("a scenario has at most {MOST_TRACKS} tracks"));
            self.problems.push(problem);
        }
    }

    pub(super) fn volume_parameters(
        &self,
        workloads: &[WorkloadPlan],
        backups: &[BackupPlan],
        restores: &[RestorePlan],
    ) -> Vec<VolumeParameters> {
        // A log-structured array stores what was written: a spare that only backups and restores name holds nothing yet.
        let spare = |device: Device, id: VolumeId| {
            let named = backups.iter().any(|backup| backup.target == device)
                || restores.iter().any(|restore| restore.to == device);
            let used = backups.iter().any(|backup| backup.source == device)
                || workloads.iter().any(|workload| workload.volumes.iter().any(|volume| volume.id == id));
            named && !used
        };
        let parameters = |(volume, number): (&Volume, u16)| VolumeParameters {
            id: volume.id,
            device: volume.device,
            tracks: volume.tracks,
            empty: spare(Device(number), volume.id),
        };
        self.volumes.iter().zip(0..).map(parameters).collect()
    }

    /// A log-structured array has room for what is stored at the start, and its disks for its segments.
    pub(super) fn array_holds_volumes(&mut self, dasd: &DasdParameters) {
        if dasd.architecture != Architecture::LogStructured || self.volumes.is_empty() {
            return;
        }
        let stored: u64 = dasd.volumes.iter().map(|volume| dasd.stored_at_first(volume).places()).sum();
        let (segment, segments) = dasd.segments();
        let slot = u64::from(dasd.rank.slot_sectors) * SECTOR_BYTES;
        let disks = u64::from(dasd.rank.data_disks) * (dasd.rank.disk.capacity / slot);
        let path = "lsa.physical_capacity";
        let capacity = dasd.lsa.capacity;
        let (message, help) = if stored > capacity {
            let message =
                format!("the array has a capacity of {capacity} tracks, and {stored} are stored at the start");
            (message, "raise `lsa.physical_capacity`")
        } else if segment * segments > disks {
            let message = format!("the array has {} tracks, and its disks hold {disks}", segment * segments);
            (message, "lower `lsa.physical_capacity`, or raise `disk.capacity` or `raid.data_disks`")
        } else {
            return;
        };
        let place = self.hardware.place(path).or_else(|| self.volumes.last().map(|volume| volume.size_place.clone()));
        let problem = Diagnostic::error(Code::RankTooSmall, message)
            .at(&place.unwrap_or_default(), "does not fit")
            .path(path)
            .help(help);
        self.problems.push(problem);
    }

    /// The host, but for what `[limits]` says.
    pub(super) fn host(&self, cartridges: Vec<TapeVolser>) -> HostParameters {
        let hardware = self.hardware;
        let configuration =
            |volume: &Volume| DeviceConfiguration { device: volume.device, id: volume.id, tracks: volume.tracks };
        let small = |key| u32::try_from(hardware.number(key)).expect("the limits lie within 32 bits");
        HostParameters {
            architecture: self.architecture,
            io_time: hardware.io_time(),
            ipl_median: hardware.span("host.ipl_median"),
            ipl_sigma_milli: small("host.ipl_sigma"),
            vary_shortest: hardware.span("host.vary_shortest"),
            vary_longest: hardware.span("host.vary_longest"),
            record_write: hardware.span("host.record_write"),
            relabel_time: hardware.span("label.reformat_time"),
            duplicate_volser_policy: hardware.duplicate_policy(),
            orphan_grace: Span::ZERO,
            orphan_sweep: hardware.orphan_sweep(),
            step_retries: small("host.step_retries"),
            dump_read_tracks: small("host.dump_read_tracks"),
            dump_buffers: small("host.dump_buffers"),
            devices: self.volumes.iter().map(configuration).collect(),
            mutant: None,
            allocations: Allocations::default(),
            cartridges,
            label_check: hardware.label_check(),
            sequence_check: hardware.sequence_check(),
            buffered_marks: hardware.buffered_marks(),
        }
    }
}
