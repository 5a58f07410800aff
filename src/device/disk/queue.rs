//! Commands that wait at a disk, and which of them goes next.
//!
//! Deliberately absent: ageing. Whoever is always farther away waits for as long as nearer commands keep coming, except
//! with [`Scheduler::Fcfs`] and [`Scheduler::CLook`], which come to everybody.

use std::collections::VecDeque;

use super::{Disk, DiskModel};
use crate::kernel::Time;
use crate::names;
use crate::vocab::Op;

names! {
    /// Which of those that wait at a disk goes next.
    pub enum Scheduler {
        /// In the order of arrival.
        Fcfs = "fcfs",
        /// The nearest first.
        Sstf = "sstf",
        /// Upwards from place to place, then again from the lowest.
        CLook = "c-look",
        /// The one whose first sector is under its head soonest, counting overhead, seek and rotation.
        Sptf = "sptf",
    }
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
    scheduler: Scheduler,
    waiting: VecDeque<Waiting<T>>,
    /// Where an upward sweep has come to.
    sweep: u64,
}

impl<T> DiskQueue<T> {
    pub fn new(scheduler: Scheduler) -> DiskQueue<T> {
        DiskQueue { scheduler, waiting: VecDeque::new(), sweep: 0 }
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
        let place = match self.scheduler {
            Scheduler::Fcfs => best(&|_| 0),
            Scheduler::Sstf => {
                let at = disk.arm().cylinder;
                best(&|command| u64::from(model.geometry().locate(command.first).cylinder.abs_diff(at)))
            }
            // Those behind the sweep come after all that are before it.
            Scheduler::CLook => best(&|command| command.first.wrapping_sub(self.sweep)),
            Scheduler::Sptf => best(&|command| disk.time_to_first_sector(model, now, command.first, command.op).ns()),
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
    fn order(scheduler: Scheduler, sectors: &[u64]) -> Vec<u64> {
        let model = DiskModel::of(&small()).expect("it is possible");
        let mut disk = Disk::new(&model, 0);
        let mut queue = DiskQueue::new(scheduler);
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
    fn each_scheduler_has_its_order() {
        // Thirty sectors a cylinder in the first zone: these lie in cylinders 2, 0, 3, 1, 2 and 0.
        let sectors = [65, 0, 100, 35, 61, 5];
        assert_eq!(order(Scheduler::Fcfs, &sectors), sectors);
        assert_eq!(order(Scheduler::CLook, &sectors), [61, 65, 100, 0, 5, 35]);
        // From cylinder 2: the two on it in the order of arrival, then 3 (it came before 1, which is as near), 1, 0, 0.
        assert_eq!(order(Scheduler::Sstf, &sectors), [65, 61, 100, 35, 0, 5]);
        // Sector 61 comes under the head when 60 has been read, and 65 four sectors later.
        let shortest = order(Scheduler::Sptf, &sectors);
        assert_eq!(shortest[..2], [61, 65]);
    }

    #[test]
    fn the_shortest_positioning_is_the_shortest() {
        let model = DiskModel::new(&disk_36_gb()).expect("it is possible");
        let mut disk = Disk::new(&model, 0);
        let mut draws = Stream::new(3, "disk", "queue").draws(0);
        let mut now = Time::ZERO;
        for _ in 0..200 {
            let mut queue = DiskQueue::new(Scheduler::Sptf);
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
    fn mean_service(scheduler: Scheduler) -> u64 {
        const OPERATIONS: u64 = 4_000;
        let model = DiskModel::new(&disk_36_gb()).expect("it is possible");
        let mut disk = Disk::new(&model, 0);
        let mut draws = Stream::new(4, "disk", "line").draws(0);
        let mut queue = DiskQueue::new(scheduler);
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
    fn the_more_a_scheduler_knows_the_faster_random_reads_are() {
        let [fcfs, sstf, c_look, sptf] =
            [Scheduler::Fcfs, Scheduler::Sstf, Scheduler::CLook, Scheduler::Sptf].map(mean_service);
        assert!(fcfs > c_look && c_look > sptf && fcfs > sstf && sstf > sptf, "{fcfs} {sstf} {c_look} {sptf}");
        // With 16 in the line about two fifths of the time of a random read remain (Worthington 1994: 35 to 50 %, G).
        assert!((0.3..0.6).contains(&(sptf as f64 / fcfs as f64)), "{sptf} of {fcfs}");
    }
}
