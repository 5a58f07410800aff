//! What all drives of one type have in common: tables built at load, never changed, shared by their users.

use super::DiskError;
use super::mechanics::Mechanics;
use super::specification::{Controller, Specification};

#[derive(Clone, Debug)]
pub struct Model {
    pub mechanics: Mechanics,
    pub controller: Controller,
}

impl Model {
    /// # Errors
    /// What is impossible in the specification.
    pub fn new(specification: &Specification) -> Result<Model, DiskError> {
        specification.check()?;
        Ok(Model { mechanics: Mechanics::new(specification)?, controller: specification.controller.clone() })
    }

    /// Sectors a host may address.
    pub fn sectors(&self) -> u64 {
        self.mechanics.layout.sectors()
    }
}
