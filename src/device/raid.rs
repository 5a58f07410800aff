//! A rank: disks that hold volumes with parity.

use super::disk::DiskParameters;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankParameters {
    /// Data disks; a RAID-5 rank has one more for parity, rotated over all.
    pub data_disks: u32,
    pub disk: DiskParameters,
}
