//! From a plan to a system at rest, and the first events.

use std::sync::Arc;

use super::requests::REQUESTER_PORTS;
use super::route::TypedOrder;
use super::{WORKLOAD_PORTS, World};
use crate::controller::dasd::{DasdController, DasdOutbox};
use crate::controller::tape::{TapeController, TapeOutbox};
use crate::device::cartridge::Cartridge;
use crate::device::raid::RankError;
use crate::host::{Operator, Requester, RequesterOutbox, Workload, WorkloadOutbox, entity_names};
use crate::kernel::{Fingerprint, Queue, Run, Stream};
use crate::manager::order::CommandEffect;
use crate::manager::plan::BackupPlan;
use crate::manager::trigger::Stimulant;
use crate::manager::{Manager, ManagerOutbox};
use crate::scenario::Plan;
use crate::scenario::plan::CartridgeState;
use crate::vocab::{self, Command, Image};

/// Why a plan is no system. A checked scenario has none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    #[error("the disks cannot be built: {0}")]
    Rank(#[from] RankError),
}

impl World {
    /// The system of a plan, with the clocks of its stimuli set.
    pub fn build(plan: &Plan) -> Result<Run<World>, BuildError> {
        let seed = plan.seed;
        let phases = Stream::new(seed, "rank 0", "spindle phase");
        let opportunism = Stream::new(seed, "flashcopy", "opportunistic copy");
        let names = &plan.host.cartridges;
        let capacity = plan.tape.drive.capacity;
        let cartridges = names.iter().zip(&plan.cartridges).map(|(&name, &state)| match state {
            CartridgeState::Scratch => Cartridge::initialised(capacity, name),
            CartridgeState::Blank => Cartridge::blank(capacity),
            CartridgeState::Foreign => Cartridge::foreign(capacity),
        });
        let entities = entity_names(&plan.workloads);
        let workloads = plan.workloads.iter().zip(&entities).enumerate().map(|(number, (workload, entity))| {
            let number = number as u16;
            Workload::new(workload.clone(), vocab::Workload(number), WORKLOAD_PORTS + number, seed, entity)
        });
        let world = World {
            dasd: DasdController::new(Arc::new(plan.dasd.clone()), &phases, opportunism)?,
            tape: TapeController::new(plan.tape.clone(), cartridges.collect()),
            images: images_of(plan),
            workloads: workloads.collect(),
            operators: (0..plan.images.len()).map(|image| operator_of(plan, image)).collect(),
            requesters: requesters_of(plan),
            orders_left: orders_of(plan).count(),
            nvs_battery: plan.dasd.nvs_battery,
            mail: Default::default(),
            injected: 0,
            facts: Vec::new(),
            dasd_out: DasdOutbox::default(),
            tape_out: TapeOutbox::default(),
            manager_out: ManagerOutbox::default(),
            workload_out: WorkloadOutbox::default(),
            requester_out: RequesterOutbox::default(),
        };
        let queue = plan.shuffle_ties.map_or_else(Queue::new, Queue::with_shuffled_ties);
        let mut run = Run::new(world, queue);
        let Run { model, queue, fingerprint, .. } = &mut run;
        model.begin(queue, fingerprint);
        for (number, order) in (0..).zip(orders_of(plan)) {
            model.type_order(number, order, queue, fingerprint);
        }
        Ok(run)
    }

    fn begin(&mut self, queue: &mut Queue<super::Event>, fingerprint: &mut Fingerprint) {
        self.dasd_out.open(queue.now());
        self.dasd.begin(&mut self.dasd_out);
        self.apply_dasd(queue, fingerprint);
        for image in (0..self.images.len() as u8).map(Image) {
            self.manager_out.open(queue.now());
            let (manager, out) = self.image_mut(image);
            manager.start(out);
            self.apply_manager(image, queue, fingerprint);
        }
        for number in 0..self.workloads.len() {
            self.workload_out.open(queue.now());
            self.workloads[number].start(&mut self.workload_out);
            self.apply_workload(vocab::Workload(number as u16), queue, fingerprint);
        }
        self.start_requesters(queue, fingerprint);
    }

    /// Workloads issue no more requests; their applications go on opening volumes.
    pub fn silence_workloads(&mut self) {
        self.workloads.iter_mut().for_each(Workload::fall_silent);
    }

    /// Workloads issue no more requests, and the upkeep of disks pauses for good; what is under way still ends.
    pub fn stop_workloads(&mut self) {
        self.workloads.iter_mut().for_each(Workload::stop);
        self.dasd.stop_upkeep();
    }
}

/// One asker for every backup that the manager does not think of by itself.
fn requesters_of(plan: &Plan) -> Vec<Requester> {
    let entries = plan.backups.iter().enumerate();
    let entries = entries.filter(|(entry, backup)| backup.stimulus.by != Stimulant::Internal && backup.leads(*entry));
    let asker = |(number, (entry, backup)): (usize, (usize, &BackupPlan))| {
        Requester::new(backup.stimulus, entry as u16, REQUESTER_PORTS + number as u16)
    };
    entries.enumerate().map(asker).collect()
}

/// The commands that begin no job: those that do come by way of their jobs.
fn orders_of(plan: &Plan) -> impl Iterator<Item = TypedOrder> + '_ {
    let commands = (0..).map(Command).zip(&plan.commands);
    commands.filter_map(|(command, plan)| match plan.effect {
        CommandEffect::Order(order) => Some(TypedOrder { command, at: plan.at, image: plan.image, order }),
        CommandEffect::Backup(_) | CommandEffect::Restore(_) => None,
    })
}

/// The storage manager and its jobs on the first image, applications on all.
fn images_of(plan: &Plan) -> Vec<Manager> {
    let host = Arc::new(plan.host.clone());
    let image = |(number, image)| {
        let number = Image(number);
        let (backups, restores) = match number {
            Image::FIRST => (plan.backups.clone(), plan.restores.clone()),
            _ => Default::default(),
        };
        Manager::new(number, image, Arc::clone(&host), backups.into(), restores.into(), plan.seed)
    };
    (0..).zip(&plan.images).map(image).collect()
}

fn operator_of(plan: &Plan, image: usize) -> Operator {
    let entity = if image == 0 { "operator".to_owned() } else { format!("operator {image}") };
    Operator::new(plan.operator, plan.seed, &entity)
}
