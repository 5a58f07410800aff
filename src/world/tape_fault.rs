//! What faults do to tapes, drives and the library: which cartridge, which block.

use super::World;
use crate::fault::plan::{BlockChoice, SwapAction};
use crate::kernel::Time;
use crate::manager::Disorder;
use crate::manager::catalog::{EntryState, InventoryEntry};
use crate::vocab::{Cartridge, Drive, Image, TrackNo};

/// Records in front of the first track of a dump: three labels, a tape mark, the header. A later cartridge has no header.
const FIRST_TRACK_RECORD: u64 = 5;

/// A cartridge of a backup: its tracks, and where the first of them stands.
#[derive(Clone, Copy, Debug)]
struct Part {
    cartridge: Cartridge,
    first: u32,
    tracks: u32,
    lead: u64,
}

/// The cartridges of a backup in order. One that is being written counts as holding all that is left.
fn parts(entry: &InventoryEntry) -> Vec<Part> {
    let mut first = 0;
    let parts = entry.sections().iter().enumerate().map(|(number, section)| {
        let header = u32::from(number == 0);
        let tracks = if section.blocks == 0 { entry.tracks - first } else { section.blocks - header };
        let part =
            Part { cartridge: section.cartridge, first, tracks, lead: FIRST_TRACK_RECORD - u64::from(number > 0) };
        first += tracks;
        part
    });
    parts.collect()
}

impl World {
    fn entry_with(&self, cartridge: Cartridge) -> Option<&InventoryEntry> {
        let holds = |entry: &&InventoryEntry| entry.sections().iter().any(|section| section.cartridge == cartridge);
        self.manager().catalog().inventory.iter().rev().find(holds)
    }

    fn latest_complete(&self) -> Option<&InventoryEntry> {
        let entries = self.manager().catalog().inventory.iter();
        entries.rev().find(|entry| entry.state == EntryState::Complete && !entry.sections().is_empty())
    }

    /// Spoils a block of the dump in progress, or of the next one. False when it is on tape already.
    pub(super) fn spoil_write(&mut self, permanent: bool, block: BlockChoice) -> bool {
        let Some(tracks) = self.manager().backup_plans().first().map(|plan| plan.tracks) else { return false };
        let in_use = self.manager().tape_in_use();
        let part = in_use.and_then(|(cartridge, _)| {
            parts(self.entry_with(cartridge)?).into_iter().rev().find(|part| part.cartridge == cartridge)
        });
        let track = match block {
            BlockChoice::First => 0,
            BlockChoice::Middle => tracks / 2,
            BlockChoice::Last => tracks - 1,
            BlockChoice::Number(number) => number,
            BlockChoice::Next => {
                let (drive, on_tape) = in_use.map_or((Drive(0), 0), |(_, drive)| {
                    (drive, self.tape.position(drive) - self.tape.unhardened(drive))
                });
                let lead = part.map_or(FIRST_TRACK_RECORD, |part| part.lead);
                self.tape.inject_write_error(drive, permanent, on_tape.max(lead) - on_tape);
                return true;
            }
        };
        if let (Some(part), Some((_, drive))) = (part, in_use) {
            let on_tape = self.tape.position(drive) - self.tape.unhardened(drive);
            let next = u64::from(part.first) + on_tape.saturating_sub(part.lead);
            if u64::from(track) < next {
                return false;
            }
        }
        self.tape.inject_block_error(TrackNo(track), permanent);
        true
    }

    /// Spoils a block of the tape that is being read, or of the latest complete backup.
    pub(super) fn spoil_read(&mut self, permanent: bool, block: BlockChoice) -> bool {
        let in_use = self.manager().tape_in_use();
        let entry = in_use.and_then(|(cartridge, _)| self.entry_with(cartridge)).or_else(|| self.latest_complete());
        let Some(entry) = entry else { return false };
        let (parts, tracks) = (parts(entry), entry.tracks);
        let track = match block {
            BlockChoice::First => 0,
            BlockChoice::Middle => tracks / 2,
            BlockChoice::Last => tracks - 1,
            BlockChoice::Number(number) => number,
            BlockChoice::Next => in_use.map_or(0, |(cartridge, drive)| {
                let part = parts.iter().find(|part| part.cartridge == cartridge);
                let (first, lead) = part.map_or((0, FIRST_TRACK_RECORD), |part| (part.first, part.lead));
                first + self.tape.position(drive).saturating_sub(lead) as u32
            }),
        };
        let part = parts.iter().find(|part| (part.first..part.first + part.tracks).contains(&track));
        let Some(part) = part.or(parts.last()) else { return false };
        let index = part.lead + u64::from(track.saturating_sub(part.first));
        self.tape.inject_read_error(part.cartridge, index, permanent)
    }

    /// The cartridge being written, or else the next that will be, ends at this share of its nominal capacity.
    /// The drive notices in time: what it has taken already finds room, and so do the labels behind it.
    pub(super) fn end_volume_early(&mut self, at_ppm: u32) -> bool {
        let in_use = self.manager().tape_in_use().map(|(cartridge, _)| cartridge);
        let Some(cartridge) = in_use.or_else(|| self.manager().catalog().scratch()) else { return false };
        let nominal = u128::from(self.tape.cartridge(cartridge).capacity());
        let capacity = u64::try_from(nominal * u128::from(at_ppm) / 1_000_000).expect("a part of a capacity");
        let room = self.tape.bytes_spoken_for(cartridge);
        self.tape.inject_early_end_of_volume(cartridge, capacity.max(room));
        true
    }

    /// A cartridge of the latest complete backup is not what it should be: taken away, or exchanged with a scratch one,
    /// behind the library's back; or the list of its cartridges names one of them twice or in the wrong order.
    pub(super) fn swap_cartridge(&mut self, section: u16, action: SwapAction) -> bool {
        let Some(entry) = self.latest_complete() else { return false };
        let (backup, place) = (entry.backup, usize::from(section).saturating_sub(1));
        let Some(cartridge) = entry.sections().get(place).map(|section| section.cartridge) else { return false };
        match action {
            SwapAction::Missing => self.tape.inject_cartridge_removal(cartridge),
            SwapAction::Wrong => match self.manager().catalog().scratch() {
                Some(other) => self.tape.inject_cartridge_swap(cartridge, other),
                None => false,
            },
            SwapAction::Duplicate => self.image_mut(Image::FIRST).0.confuse_sections(backup, place, Disorder::Doubled),
            SwapAction::Reorder => self.image_mut(Image::FIRST).0.confuse_sections(backup, place, Disorder::Exchanged),
        }
    }

    pub(super) fn empty_scratch_pool(&mut self, until: Time) -> bool {
        self.image_mut(Image::FIRST).0.lose_scratch_until(until);
        true
    }
}
