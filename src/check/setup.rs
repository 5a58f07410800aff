//! What the checks know beforehand: the scenario, as far as an observer needs it.

use crate::controller::dasd::Architecture;
use crate::kernel::Span;
use crate::manager::plan::{Allocations, BackupPlan, RestorePlan};
use crate::scenario::Plan;
use crate::scenario::plan::Limits;
use crate::vocab::{CheckMutant, Device, DeviceNumber, Invariant, VolumeId};

#[derive(Clone, Debug)]
pub struct Setup {
    /// The names of the host images.
    pub images: Vec<String>,
    pub architecture: Architecture,
    /// In the order of [`Device`].
    pub volumes: Vec<CheckedVolume>,
    pub backups: Vec<BackupPlan>,
    pub restores: Vec<RestorePlan>,
    /// What the directories of volumes say, from which instant on.
    pub allocations: Allocations,
    /// Whether the writes of a workload are a chain, each of which depends on those before it.
    pub chains: Vec<bool>,
    pub limits: Limits,
    /// The invariants whose premise must have been true.
    pub required: Vec<Invariant>,
    /// What the checks do wrong.
    pub mutant: Option<CheckMutant>,
}

/// A volume as it is at the start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedVolume {
    pub number: DeviceNumber,
    pub id: VolumeId,
    /// An image has it online.
    pub online: bool,
    pub tracks: u32,
    /// The number from which `Tag::initial` makes its contents.
    pub contents: u64,
    /// Nothing of it is stored but its label: nobody can say what reading it gives.
    pub empty: bool,
}

impl Setup {
    /// `contents` gives the number from which the world makes the initial tags of a device.
    pub fn of(plan: &Plan, contents: impl Fn(Device) -> u64) -> Setup {
        let online = |place: u16| plan.images.iter().any(|image| image.online[usize::from(place)]);
        let volumes = plan.dasd.volumes.iter().zip(0..).map(|(volume, place)| CheckedVolume {
            number: volume.device,
            id: volume.id,
            online: online(place),
            tracks: volume.tracks,
            contents: contents(Device(place)),
            empty: plan.dasd.stored_at_first(volume).empty,
        });
        Setup {
            images: plan.images.iter().map(|image| image.name.clone()).collect(),
            architecture: plan.dasd.architecture,
            volumes: volumes.collect(),
            backups: plan.backups.clone(),
            restores: plan.restores.clone(),
            allocations: plan.host.allocations.clone(),
            chains: plan.workloads.iter().map(|workload| workload.dependent).collect(),
            limits: plan.limits,
            required: plan.expect.required.clone(),
            mutant: plan.check_mutant,
        }
    }

    pub fn has_mutant(&self, mutant: CheckMutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub fn is_log_structured(&self) -> bool {
        self.architecture == Architecture::LogStructured
    }

    /// Whether the invariant speaks of this architecture: of two there is one in every report.
    pub fn has_row(&self, invariant: Invariant) -> bool {
        match invariant {
            Invariant::BindingExclusive => !self.is_log_structured(),
            Invariant::RefcountExact => self.is_log_structured(),
            _ => true,
        }
    }

    pub fn devices(&self) -> impl Iterator<Item = Device> + use<> {
        (0..u16::try_from(self.volumes.len()).expect("device numbers have 16 bits")).map(Device)
    }

    pub fn volume(&self, device: Device) -> &CheckedVolume {
        &self.volumes[device.0 as usize]
    }

    pub fn number(&self, device: Device) -> DeviceNumber {
        self.volume(device).number
    }

    /// The plan behind a stimulus.
    pub fn plan(&self, place: u16) -> Option<&BackupPlan> {
        self.backups.get(usize::from(place))
    }

    /// The longest time a job may take without faults (HAZARDS 3, `progress`: three times the mean time, A).
    pub fn job_bound(&self) -> Span {
        self.limits.job_time * 3
    }
}
