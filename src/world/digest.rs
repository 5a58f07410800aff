//! What would be left after a power loss, as a digest: by it an exploration knows that two crashes leave the same.
//!
//! Contents of volumes, relationships, damage, cartridges, and the catalogue of the storage manager enter; no clock, no
//! sequence number, and nothing that a power loss takes. What is volatile elsewhere (an application, an operator) forgets.

use std::hash::{Hash, Hasher};

use super::World;
use crate::kernel::StateDigest;

impl World {
    pub fn durable_digest(&self) -> StateDigest {
        let mut digest = StateDigest::default();
        self.dasd.hash_durable(&mut digest);
        self.tape.durable().cartridges.iter().for_each(|cartridge| digest.write_u64(cartridge.digest()));
        for image in &self.images {
            image.catalog().hash(&mut digest);
        }
        digest.write_usize(self.orders_left);
        digest
    }
}
