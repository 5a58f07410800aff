//! What is wrong with the disks of a rank: whole disks that failed, slots that cannot be read or lie, writes that go astray.
//!
//! Damage belongs to the platters: no crash heals it. A slot that cannot be read is computed from the other disks of its
//! row as far as they suffice. A slot that lies, and a write that goes astray, raise no error: only a scrub compares data
//! with parity.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::{Span, Time};
use crate::vocab::Tag;

/// The bits in which an altered content differs: any but none. The upper half stays, so that a check that compares half a tag
/// is found out.
const ALTERED: u64 = 0xD0A7_7E25;

/// What becomes of the next write of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Astray {
    /// Other content than was sent.
    Altered,
    /// It is acknowledged and does not arrive.
    Lost,
    /// It arrives on this disk and row.
    Misdirected { disk: u16, row: u64 },
}

#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Damage {
    /// Nothing below is ever anything but empty: looked at on every access.
    any: bool,
    /// Disks that failed, each with the first row that the spare in its place does not hold yet, if one stands there.
    failed: BTreeMap<u16, Option<u64>>,
    /// Slots that cannot be read until they are written.
    unreadable: BTreeSet<(u64, u16)>,
    /// Slots whose next read fails, and only that.
    stumbling: BTreeSet<(u64, u16)>,
    /// Slots that read as something else until they are written.
    lying: BTreeSet<(u64, u16)>,
    astray: BTreeMap<(u64, u16), Astray>,
    slow: BTreeMap<u16, (u64, Time)>,
}

impl Damage {
    pub fn any(&self) -> bool {
        self.any
    }

    pub fn fail_disk(&mut self, disk: u16) -> bool {
        self.any = true;
        if self.failed.contains_key(&disk) {
            return false;
        }
        self.failed.insert(disk, None);
        // What was wrong with single slots went with it.
        for slots in [&mut self.unreadable, &mut self.stumbling, &mut self.lying] {
            slots.retain(|&(_, of)| of != disk);
        }
        true
    }

    /// Whether a row of the disk is gone.
    pub fn has_failed(&self, disk: u16, row: u64) -> bool {
        self.any && self.failed.get(&disk).is_some_and(|rebuilt| row >= rebuilt.unwrap_or(0))
    }

    /// A spare takes the place of a disk that failed. False when none failed there, or one stands there already.
    pub fn begin_rebuild(&mut self, disk: u16) -> bool {
        match self.failed.get_mut(&disk) {
            Some(rebuilt @ None) => {
                *rebuilt = Some(0);
                true
            }
            _ => false,
        }
    }

    /// Disks with a spare in their place that is not complete, and its first missing row.
    pub fn rebuilding(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.failed.iter().filter_map(|(&disk, &rebuilt)| Some((disk, rebuilt?)))
    }

    /// The spare holds all rows below `row`, of `rows`.
    pub fn rebuilt(&mut self, disk: u16, row: u64, rows: u64) {
        if row >= rows {
            self.failed.remove(&disk);
        } else if let Some(rebuilt) = self.failed.get_mut(&disk) {
            *rebuilt = Some(row);
        }
    }

    pub fn make_unreadable(&mut self, disk: u16, row: u64, latent: bool) {
        self.any = true;
        if latent {
            self.unreadable.insert((row, disk))
        } else {
            self.stumbling.insert((row, disk))
        };
    }

    pub fn make_lie(&mut self, disk: u16, row: u64) {
        self.any = true;
        self.lying.insert((row, disk));
    }

    pub fn lead_astray(&mut self, disk: u16, row: u64, what: Astray) {
        self.any = true;
        self.astray.insert((row, disk), what);
    }

    /// Multiplies service times of a disk by so many thousandths until an instant.
    pub fn slow_down(&mut self, disk: u16, factor_milli: u64, until: Time) {
        self.any = true;
        self.slow.insert(disk, (factor_milli, until));
    }

    pub fn is_readable(&self, disk: u16, row: u64) -> bool {
        !self.any || !(self.has_failed(disk, row) || self.unreadable.contains(&(row, disk)))
    }

    /// Whether a read must turn to the other disks of the row. A slot that only stumbles does so once.
    pub fn read_fails(&mut self, disk: u16, row: u64) -> bool {
        self.any && (!self.is_readable(disk, row) || self.stumbling.remove(&(row, disk)))
    }

    /// What a read of the slot says when it holds `tag`.
    pub fn as_read(&self, disk: u16, row: u64, tag: Tag) -> Tag {
        if self.lying.contains(&(row, disk)) { Tag(tag.0 ^ ALTERED) } else { tag }
    }

    /// Where a write lands and with what; `None` when nowhere. What it lands on can be read again.
    pub fn as_written(&mut self, disk: u16, row: u64, tag: Tag) -> Option<(u16, u64, Tag)> {
        let (disk, row, tag) = match self.astray.remove(&(row, disk)) {
            None => (disk, row, tag),
            Some(Astray::Altered) => (disk, row, Tag(tag.0 ^ ALTERED)),
            Some(Astray::Lost) => return None,
            Some(Astray::Misdirected { disk, row }) => (disk, row, tag),
        };
        if self.has_failed(disk, row) {
            return None;
        }
        self.unreadable.remove(&(row, disk));
        self.stumbling.remove(&(row, disk));
        self.lying.remove(&(row, disk));
        Some((disk, row, tag))
    }

    pub fn service(&self, disk: u16, now: Time, service: Span) -> Span {
        match self.slow.get(&disk) {
            Some(&(factor_milli, until)) if now < until => {
                let slowed = u128::from(service.ns()) * u128::from(factor_milli) / 1_000;
                Span::from_ns(u64::try_from(slowed).unwrap_or(u64::MAX))
            }
            _ => service,
        }
    }
}
