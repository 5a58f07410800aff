//! RAID levels, and what each keeps besides the data of a row.

use crate::names;

names! {
    /// How a rank survives the loss of disks (MODEL 3.7; the levels of Patterson, Gibson and Katz, and RAID-6 as P + Q).
    pub enum RaidLevel {
        /// Striping alone.
        Zero = "0",
        /// Every data disk has a mirror; one pair.
        One = "1",
        /// Rotated parity.
        Five = "5",
        /// Two rotated checks: parity, and a Reed-Solomon sum.
        Six = "6",
        /// Striping over mirrored pairs.
        Ten = "10",
    }
}

impl RaidLevel {
    /// Disks of a rank with so many data disks.
    pub fn disks(self, data_disks: u16) -> u16 {
        match self {
            RaidLevel::Zero => data_disks,
            RaidLevel::One | RaidLevel::Ten => data_disks * 2,
            RaidLevel::Five => data_disks + 1,
            RaidLevel::Six => data_disks + 2,
        }
    }

    pub fn is_mirrored(self) -> bool {
        matches!(self, RaidLevel::One | RaidLevel::Ten)
    }

    /// Disks whose loss no arrangement of failures can turn into a loss of data.
    pub fn survives(self) -> u16 {
        match self {
            RaidLevel::Zero => 0,
            RaidLevel::One | RaidLevel::Five | RaidLevel::Ten => 1,
            RaidLevel::Six => 2,
        }
    }
}
