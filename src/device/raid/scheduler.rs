//! Which of the operations that wait for a disk is served next.
//!
//! The array controller knows rows, not cylinders and angles: the nearest operation and the next one upwards are judged by
//! row. Shortest positioning is what a disk with a command queue does for itself: it knows where its arm and its sectors are.
//! Every policy but the first can keep an operation waiting for long (G: Worthington, Ganger and Patt 1994).

use std::collections::VecDeque;

use super::DiskOp;
use crate::kernel::Span;

pub use crate::device::disk::Scheduler;

impl Scheduler {
    /// The place in `line` of the operation to serve, with the arm behind `row`. Of equals the one that has waited longest.
    pub fn choose(self, line: &VecDeque<DiskOp>, row: u64, mut service: impl FnMut(&DiskOp) -> Span) -> usize {
        let places = line.iter().enumerate();
        let chosen = match self {
            Scheduler::Fcfs => Some(0),
            Scheduler::Sstf => places.min_by_key(|(_, op)| op.row.abs_diff(row)).map(|(place, _)| place),
            Scheduler::CLook => places.min_by_key(|(_, op)| (op.row < row, op.row)).map(|(place, _)| place),
            Scheduler::Sptf => places.min_by_key(|(_, op)| service(op)).map(|(place, _)| place),
        };
        chosen.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::*;

    #[test]
    fn each_policy_takes_its_own() {
        let line: VecDeque<DiskOp> = [500, 90, 130, 60, 900]
            .into_iter()
            .map(|row| DiskOp { disk: 0, row, rows: 1, action: Action::Read, owner: 0 })
            .collect();
        let served = |scheduler: Scheduler| {
            let (mut line, mut row, mut order) = (line.clone(), 100, Vec::new());
            while !line.is_empty() {
                // The rotation happens to favour high rows.
                let place = scheduler.choose(&line, row, |op| Span::from_ns(1_000 - op.row));
                let op = line.remove(place).expect("a place in the line");
                row = op.row;
                order.push(op.row);
            }
            order
        };
        assert_eq!(served(Scheduler::Fcfs), [500, 90, 130, 60, 900]);
        assert_eq!(served(Scheduler::Sstf), [90, 60, 130, 500, 900]);
        assert_eq!(served(Scheduler::CLook), [130, 500, 900, 60, 90]);
        assert_eq!(served(Scheduler::Sptf), [900, 500, 130, 90, 60]);
    }
}
