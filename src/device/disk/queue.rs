//! Commands that wait at a disk, and which of them goes next.
//!
//! Deliberately absent: ageing. Whoever is always farther away waits for as long as nearer commands keep coming, except
//! with [`Discipline::Fcfs`] and [`Discipline::CLook`], which pass everybody.

use std::collections::VecDeque;

use super::{Disk, DiskModel};
use crate::kernel::Time;
use crate::vocab::Op;

/// The order of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discipline {
    /// In the order of arrival.
    #[default]
    Fcfs,
    /// Shortest seek time first: the nearest cylinder.
    Sstf,
    /// Upwards by number of sector, and from the last back to the first.
    CLook,
    /// Shortest positioning time first: the command whose first sector is under its head soonest, counting overhead,
    /// seek and rotation.
    Sptf,
}

/// A command in the line, with what its owner wants to know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting<T> {
    pub first: u64,
    pub sectors: u32,
    pub op: Op,
    pub owner: T,
}

/// The line, in the order of arrival.
#[derive(Clone, Debug)]
pub struct DiskQueue<T> {
    discipline: Discipline,
    waiting: VecDeque<Waiting<T>>,
    /// Where an upward sweep has come to.
    sweep: u64,
}

impl Discipline {
    pub const ALL: [Discipline; 4] = [Discipline::Fcfs, Discipline::Sstf, Discipline::CLook, Discipline::Sptf];

    pub const fn name(self) -> &'static str {
        match self {
            Discipline::Fcfs => "fcfs",
            Discipline::Sstf => "sstf",
            Discipline::CLook => "c-look",
            Discipline::Sptf => "sptf",
        }
    }
}

impl<T> DiskQueue<T> {
    pub fn new(discipline: Discipline) -> DiskQueue<T> {
        DiskQueue { discipline, waiting: VecDeque::new(), sweep: 0 }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn push(&mut self, command: Waiting<T>) {
        self.waiting.push_back(command);
    }

    /// Takes the command that goes next on a disk that is free at `now`. Of two alike the earlier one goes.
    pub fn next(&mut self, model: &DiskModel, disk: &Disk, now: Time) -> Option<Waiting<T>> {
        let best = |key: &dyn Fn(&Waiting<T>) -> u64| {
            self.waiting.iter().enumerate().min_by_key(|(_, command)| key(command)).map(|(place, _)| place)
        };
        let place = match self.discipline {
            Discipline::Fcfs => best(&|_| 0),
            Discipline::Sstf => {
                let at = disk.arm().cylinder;
                best(&|command| u64::from(model.geometry().locate(command.first).cylinder.abs_diff(at)))
            }
            // Those behind the sweep come after all that are before it.
            Discipline::CLook => best(&|command| command.first.wrapping_sub(self.sweep)),
            Discipline::Sptf => best(&|command| disk.time_to_first_sector(model, now, command.first, command.op).ns()),
        }?;
        let command = self.waiting.remove(place)?;
        self.sweep = command.first;
        Some(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::disk::parameters::examples::disk_36_gb;
    use crate::device::disk::specification::examples::small;
    use crate::kernel::{Span, Stream};

    /// The order in which sectors are served that all wait when sector 60 has been.
    fn order(discipline: Discipline, sectors: &[u64]) -> Vec<u64> {
        let model = DiskModel::of(&small()).expect("it is possible");
        let mut disk = Disk::new(&model, 0);
        let mut queue = DiskQueue::new(discipline);
        let read = |first| Waiting { first, sectors: 1, op: Op::Read, owner: () };
        queue.push(read(60));
        let mut now = Time::ZERO;
        let mut served = Vec::new();
        while let Some(command) = queue.next(&model, &disk, now) {
            if served.is_empty() {
                sectors.iter().for_each(|&first| queue.push(read(first)));
            }
            now += disk.service(&model, now, command.first, command.sectors, command.op);
            served.push(command.first);
        }
        assert!(queue.is_empty());
        served.split_off(1)
    }

    #[test]
    fn each_discipline_has_its_order() {
        // Thirty sectors a cylinder in the first zone: these lie in cylinders 2, 0, 3, 1, 2 and 0.
        let sectors = [65, 0, 100, 35, 61, 5];
        assert_eq!(order(Discipline::Fcfs, &sectors), sectors);
        assert_eq!(order(Discipline::CLook, &sectors), [61, 65, 100, 0, 5, 35]);
        // From cylinder 2: the two on it in the order of arrival, then 3 (it came before 1, which is as near), 1, 0, 0.
        assert_eq!(order(Discipline::Sstf, &sectors), [65, 61, 100, 35, 0, 5]);
        // Sector 61 comes under the head when 60 has been read, and 65 four sectors later.
        let shortest = order(Discipline::Sptf, &sectors);
        assert_eq!(shortest[..2], [61, 65]);
    }

    #[test]
    fn the_shortest_positioning_is_the_shortest() {
        let model = DiskModel::new(&disk_36_gb()).expect("it is possible");
        let mut disk = Disk::new(&model, 0);
        let mut draws = Stream::new(3, "disk", "queue").draws(0);
        let mut now = Time::ZERO;
        for _ in 0..200 {
            let mut queue = DiskQueue::new(Discipline::Sptf);
            let firsts: Vec<u64> = (0..16).map(|_| draws.below(model.sectors())).collect();
            firsts.iter().for_each(|&first| queue.push(Waiting { first, sectors: 1, op: Op::Write, owner: () }));
            let chosen = queue.next(&model, &disk, now).expect("sixteen wait").first;
            // What a command takes is told by carrying it out; the transfer of a sector differs by zone.
            let time = |first: u64| {
                let track = u64::from(model.geometry().locate(first).sectors_per_track);
                disk.clone().service(&model, now, first, 1, Op::Write) - Span::from_ns(6_000_000 / track)
            };
            let best = firsts.iter().map(|&first| time(first)).min().expect("there are sixteen");
            assert!(time(chosen) <= best + Span::from_ns(2), "{} beats {}", best, time(chosen));
            now += disk.service(&model, now, chosen, 1, Op::Write);
        }
    }

    /// Mean time from one completion to the next with 16 random reads in the line.
    fn mean_service(discipline: Discipline) -> u64 {
        const OPERATIONS: u64 = 4_000;
        let model = DiskModel::new(&disk_36_gb()).expect("it is possible");
        let mut disk = Disk::new(&model, 0);
        let mut draws = Stream::new(4, "disk", "line").draws(0);
        let mut queue = DiskQueue::new(discipline);
        let mut read = || Waiting { first: draws.below(model.sectors() - 8), sectors: 8, op: Op::Read, owner: () };
        (0..16).for_each(|_| queue.push(read()));
        let mut now = Time::ZERO;
        for _ in 0..OPERATIONS {
            let command = queue.next(&model, &disk, now).expect("the line is kept full");
            now += disk.service(&model, now, command.first, command.sectors, command.op);
            queue.push(read());
        }
        now.ns() / OPERATIONS
    }

    #[test]
    fn the_more_a_discipline_knows_the_faster_random_reads_are() {
        let [fcfs, sstf, c_look, sptf] = Discipline::ALL.map(mean_service);
        assert!(fcfs > c_look && c_look > sptf && fcfs > sstf && sstf > sptf, "{fcfs} {sstf} {c_look} {sptf}");
        // With 16 in the line about two fifths of the time of a random read remain (Worthington 1994: 35 to 50 %, G).
        assert!((0.3..0.6).contains(&(sptf as f64 / fcfs as f64)), "{sptf} of {fcfs}");
    }
}
