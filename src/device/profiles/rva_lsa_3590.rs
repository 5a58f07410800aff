//! A log-structured array of the RVA class beside the hosts and tapes of `ess-f20-3590` (MODEL 5.2).
//!
//! Disks, channels, host, operators and tapes are those of that profile, so that a comparison of the two varies the disk
//! controller alone.

use super::{Entry, Profile, entry, ess_f20_3590};

pub const PROFILE: Profile = Profile {
    name: "rva-lsa-3590",
    about: "RVA class log-structured array with SnapShot; disks, host and tapes of ess-f20-3590 (about 1998)",
    own: OWN,
    base: Some(&ess_f20_3590::PROFILE),
};

const OWN: &[Entry] = &[
    entry("dasd.architecture", "log-structured", "S-35", "how tracks lead to places: home-area or log-structured"),
    entry("raid.level", "6", "S-35", "RAID level of the array"),
    entry("raid.data_disks", "13", "G?", "disks worth of data; two more hold checks"),
    entry("raid.spares", "1", "A", "disks that wait to take the place of a failed one"),
    entry("controller.cache", "1 GiB", "G?", "cache of all clusters (1,024 MiB)"),
    entry("controller.nvs_per_cluster", "4 MiB", "G?", "battery-backed memory: 8 MiB in all"),
];
