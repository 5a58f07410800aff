//! The moving parts: how long the arm takes, when a sector passes under a head, and what one pass over a track yields.

use super::clock::{Clock, Instant};
use super::geometry::{Geometry, Position};
use super::seek::SeekCurve;
use super::specification::Specification;
use crate::vocab::Op;

/// Tables of the moving parts, built at load.
#[derive(Clone, Debug)]
pub struct Mechanics {
    pub clock: Clock,
    pub geometry: Geometry,
    seek_read: SeekCurve,
    seek_write: SeekCurve,
    /// Nanoseconds of a change of heads before a read and before a write.
    head_switch: [u64; 2],
}

/// Where the arm stands and which head was used last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arm {
    pub cylinder: u32,
    pub head: u32,
}

/// The arm, and from when on it is free to move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub arm: Arm,
    pub free: Instant,
}

/// Neighbouring sectors of a track, numbered without a gap, that pass under the head in one go.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub first: u64,
    pub count: u64,
    /// When the first of them begins to pass.
    pub start: Instant,
    position: Position,
}

impl Mechanics {
    /// `specification` has passed its check; a seek curve may still be impossible.
    pub(super) fn new(specification: &Specification) -> Result<Mechanics, super::DiskError> {
        let clock = Clock::new(specification.rpm_hundredths);
        let cylinders = specification.cylinders;
        let read = SeekCurve::of(cylinders, &specification.seek_read).map_err(super::DiskError::SeekRead)?;
        let write = match &specification.seek_write {
            Some(form) => SeekCurve::of(cylinders, form).map_err(super::DiskError::SeekWrite)?,
            None => read.clone(),
        };
        let head_switch = specification.head_switch.ns();
        let settled = if head_switch == 0 { 0 } else { head_switch.saturating_add_signed(specification.write_settle) };
        Ok(Mechanics {
            clock,
            geometry: Geometry::new(specification, &clock),
            seek_read: read,
            seek_write: write.delayed(specification.write_settle),
            head_switch: [head_switch, settled],
        })
    }

    /// Ticks from the moment the arm leaves one track to the moment it is settled on another.
    pub fn positioning(&self, arm: Arm, to: Position, op: Op) -> u64 {
        let distance = arm.cylinder.abs_diff(to.cylinder);
        let (seek, switch) = match op {
            Op::Read => (&self.seek_read, self.head_switch[0]),
            Op::Write => (&self.seek_write, self.head_switch[1]),
        };
        let seek = seek.time(distance).ns();
        self.clock.ticks(if arm.head == to.head { seek } else { seek.max(switch) })
    }

    /// Moves the head to sector `first` and waits for it; the stretch has at most `most` sectors. The head is free again
    /// from its arrival on.
    pub fn approach(&self, head: &mut Head, first: u64, most: u64, op: Op) -> Stretch {
        let (position, count) = self.geometry.run(first, most);
        let positioning = self.positioning(head.arm, position, op);
        head.arm = Arm { cylinder: position.cylinder, head: position.head };
        head.free = self.clock.after(head.free, positioning);
        let start = self.clock.next_at(head.free, self.geometry.angle(position));
        Stretch { first, count, start, position }
    }

    /// When `sectors` of a stretch have passed.
    pub fn passed(&self, stretch: &Stretch, sectors: u64) -> Instant {
        self.clock.after(stretch.start, self.ticks(stretch, sectors))
    }

    fn ticks(&self, stretch: &Stretch, sectors: u64) -> u64 {
        let from = stretch.position.sector;
        let to = from + sectors as u32;
        self.geometry.ticks_to(stretch.position, to) - self.geometry.ticks_to(stretch.position, from)
    }

    /// How many sectors of a stretch have passed at an instant.
    pub fn passed_by(&self, stretch: &Stretch, instant: Instant) -> u64 {
        if instant < stretch.start {
            return 0;
        }
        let since = self.clock.between(stretch.start, instant);
        let turn = u128::from(self.clock.turn());
        if since >= turn {
            return stretch.count;
        }
        let mut sectors = ((since * u128::from(stretch.position.sectors_per_track) / turn) as u64).min(stretch.count);
        let since = since as u64;
        // The starts of sectors are whole ticks: the one under the head may already be through.
        if sectors < stretch.count && self.ticks(stretch, sectors + 1) <= since {
            sectors += 1;
        }
        if sectors > 0 && self.ticks(stretch, sectors) > since {
            sectors -= 1;
        }
        sectors
    }

    /// Whole sectors that pass between the arrival of the head and the start of a stretch.
    pub fn free_sectors(&self, arrival: Instant, stretch: &Stretch) -> u64 {
        let wait = self.clock.between(arrival, stretch.start);
        (wait * u128::from(stretch.position.sectors_per_track) / u128::from(self.clock.turn())) as u64
    }
}
