//! When the host or the controller was out of work: bounds on jobs and requests are extended by that much.

use crate::controller::dasd::DasdFact;
use crate::kernel::{Span, Time};
use crate::manager::ManagerFact;
use crate::vocab::Image;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outages {
    /// Finished pieces, in order, without overlaps.
    pieces: Vec<(Time, Time)>,
    since: Option<Time>,
    controller_down: bool,
    /// The controller was lost, and no manager has finished its recovery since.
    unrecovered: bool,
    /// A cluster crashed and the other one has not taken over.
    failing_over: bool,
    /// No path to the controller works.
    paths_gone: bool,
    /// Images between their crash and the end of their recovery; bit by number.
    images_down: u128,
}

impl Outages {
    pub fn note_dasd(&mut self, fact: DasdFact, now: Time) {
        match fact {
            DasdFact::Down => {
                self.controller_down = true;
                self.failing_over = false;
                self.unrecovered = true;
            }
            DasdFact::Up => self.controller_down = false,
            DasdFact::PathsGone => {
                self.paths_gone = true;
                self.unrecovered = true;
            }
            DasdFact::PathsBack => self.paths_gone = false,
            DasdFact::ClusterFailed { .. } => self.failing_over = true,
            DasdFact::FailoverDone { .. } => self.failing_over = false,
            _ => return,
        }
        self.update(now);
    }

    pub fn note_manager(&mut self, image: Image, fact: ManagerFact, now: Time) {
        let bit = 1 << (image.0 % 128);
        match fact {
            ManagerFact::Down => self.images_down |= bit,
            ManagerFact::RecoveryDone => {
                self.images_down &= !bit;
                self.unrecovered = false;
            }
            // An image without the storage manager has nothing to recover behind its IPL.
            ManagerFact::IplDone if image != Image::FIRST => self.images_down &= !bit,
            _ => return,
        }
        self.update(now);
    }

    /// An image is down, or a manager has yet to recover from the loss of its host or its controller.
    pub fn in_recovery(&self) -> bool {
        self.images_down != 0 || self.unrecovered
    }

    pub fn is_running(&self) -> bool {
        self.since.is_some()
    }

    /// How much of the time from `from` to `to` was outage.
    pub fn between(&self, from: Time, to: Time) -> Span {
        let running = self.since.map(|since| (since, to));
        let overlap = |&(start, end): &(Time, Time)| end.min(to).saturating_since(start.max(from));
        self.pieces.iter().rev().take_while(|(_, end)| *end > from).chain(running.iter()).map(overlap).sum()
    }

    fn update(&mut self, now: Time) {
        match (self.since, self.controller_down || self.failing_over || self.paths_gone || self.images_down != 0) {
            (None, true) => self.since = Some(now),
            (Some(since), false) => {
                self.pieces.push((since, now));
                self.since = None;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    #[test]
    fn overlapping_outages_count_once_and_only_inside_the_interval() {
        let mut outages = Outages::default();
        outages.note_dasd(DasdFact::Down, at(10));
        outages.note_manager(Image(0), ManagerFact::Down, at(12));
        outages.note_dasd(DasdFact::Up, at(20));
        assert!(outages.in_recovery());
        outages.note_manager(Image(0), ManagerFact::RecoveryDone, at(30));
        outages.note_dasd(DasdFact::Down, at(50));
        let between = |from, to| outages.between(at(from), at(to)).ns() / 1_000_000_000;
        assert_eq!(between(0, 40), 20);
        assert_eq!(between(15, 25), 10);
        assert_eq!(between(0, 60), 30);
        assert_eq!(between(55, 60), 5);
        assert_eq!(between(31, 49), 0);
    }

    #[test]
    fn an_image_without_jobs_is_back_when_its_ipl_is_done() {
        let mut outages = Outages::default();
        outages.note_manager(Image(1), ManagerFact::Down, at(10));
        outages.note_manager(Image(0), ManagerFact::IplDone, at(15));
        assert!(outages.is_running() && outages.in_recovery());
        outages.note_manager(Image(1), ManagerFact::IplDone, at(20));
        assert!(!outages.is_running() && !outages.in_recovery());
    }
}
