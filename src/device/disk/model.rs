//! What all disks of one type have in common: tables built at load, never changed, shared by their users.

use super::mechanics::Mechanics;
use super::queue::Scheduler;
use super::specification::{Controller, Specification};
use super::{DiskError, DiskParameters, Geometry};

#[derive(Clone, Debug)]
pub struct DiskModel {
    pub mechanics: Mechanics,
    pub(super) controller: Controller,
}

impl DiskModel {
    /// The disk that a data sheet describes, without a cache: arrays switch it off.
    ///
    /// # Errors
    /// What is impossible in the parameters.
    pub fn new(parameters: &DiskParameters) -> Result<DiskModel, DiskError> {
        DiskModel::of(&parameters.specification()?)
    }

    /// The disk with all that is known of it.
    ///
    /// # Errors
    /// What is impossible in the specification.
    pub fn of(specification: &Specification) -> Result<DiskModel, DiskError> {
        specification.check()?;
        Ok(DiskModel { mechanics: Mechanics::new(specification)?, controller: specification.controller.clone() })
    }

    pub fn geometry(&self) -> &Geometry {
        &self.mechanics.geometry
    }

    /// Sectors a host may address.
    pub fn sectors(&self) -> u64 {
        self.mechanics.geometry.sectors()
    }

    /// The order in which the disk serves commands that wait; nothing where it has one that is not modelled.
    pub fn scheduler(&self) -> Option<Scheduler> {
        self.controller.scheduler
    }

    /// Ticks of a turn: phases are less.
    pub fn turn(&self) -> u64 {
        self.mechanics.clock.turn()
    }
}
