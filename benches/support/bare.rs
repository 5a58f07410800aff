//! What everything is compared with: two queueing models on an event loop with nothing around it.
//!
//! A typed enum, the heap of the standard library, integer time; no observer, no digest, no cancellation. The models have
//! exact answers: M/M/1 at a load of 0.8 waits 4 service times on the mean; a closed network of 64 customers, one
//! processor (mean 1) and eight disks (mean 6, chosen evenly) completes 0.999795 visits to the processor per unit of
//! time (mean-value analysis).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use tiersim::kernel::{Draws, Span, Stream};

use super::Done;

/// The unit of both models: the mean service of the one server, or of the processor.
pub const UNIT: Span = Span::from_ms(1);
/// M/M/1: mean time between arrivals, in hundredths of [`UNIT`], for a load of 0.8.
pub const ARRIVAL_PERCENT: u64 = 125;
pub const MEAN_WAIT: f64 = 4.0;

pub const CUSTOMERS: u32 = 64;
pub const DISKS: u64 = 8;
pub const DISK_MEAN: u64 = 6;
pub const THROUGHPUT: f64 = 0.999_795;

/// The draws that every engine uses for these models, so that all of them handle the same events.
pub fn draws(purpose: &str) -> Draws {
    Stream::new(1, "bench", purpose).draws(0)
}

pub fn arrival_mean() -> Span {
    Span::from_ns(UNIT.ns() * ARRIVAL_PERCENT / 100)
}

pub fn disk_mean() -> Span {
    Span::from_ns(UNIT.ns() * DISK_MEAN)
}

/// The pending events of a bare loop: earliest first, and in the order scheduled at one instant.
struct Pending<E> {
    heap: BinaryHeap<Reverse<(u64, u64, E)>>,
    now: u64,
    scheduled: u64,
}

impl<E: Ord> Pending<E> {
    fn new() -> Pending<E> {
        Pending { heap: BinaryHeap::new(), now: 0, scheduled: 0 }
    }

    fn after(&mut self, delay: Span, event: E) {
        self.scheduled += 1;
        self.heap.push(Reverse((self.now + delay.ns(), self.scheduled, event)));
    }

    fn next(&mut self) -> E {
        let Reverse((time, _, event)) = self.heap.pop().expect("these models never end by themselves");
        self.now = time;
        event
    }
}

/// M/M/1 until `customers` have been served; the check is the mean wait.
pub fn mm1(customers: u64) -> Done {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Event {
        Arrival,
        Departure,
    }
    let mut draws = draws("mm1");
    let mut pending = Pending::new();
    let mut line: VecDeque<u64> = VecDeque::new();
    let (mut busy, mut served, mut waited, mut events) = (false, 0, 0, 0);
    pending.after(draws.exponential(arrival_mean()), Event::Arrival);
    while served < customers {
        events += 1;
        match pending.next() {
            Event::Arrival => {
                if busy {
                    line.push_back(pending.now);
                } else {
                    busy = true;
                    pending.after(draws.exponential(UNIT), Event::Departure);
                }
                pending.after(draws.exponential(arrival_mean()), Event::Arrival);
            }
            Event::Departure => {
                served += 1;
                match line.pop_front() {
                    Some(arrived) => {
                        waited += pending.now - arrived;
                        pending.after(draws.exponential(UNIT), Event::Departure);
                    }
                    None => busy = false,
                }
            }
        }
    }
    Done { operations: events, check: waited as f64 / served as f64 / UNIT.ns() as f64 }
}

/// The closed network for `events` events; the check is the throughput of the processor.
pub fn closed(events: u64) -> Done {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Event {
        Processor { customer: u32 },
        Disk { disk: u32, customer: u32 },
    }
    let mut draws = draws("closed");
    let mut pending = Pending::new();
    let mut processor: VecDeque<u32> = (1..CUSTOMERS).collect();
    let mut processor_busy = true;
    let mut disks: Vec<(bool, VecDeque<u32>)> = (0..DISKS).map(|_| (false, VecDeque::new())).collect();
    let mut visits = 0u64;
    pending.after(draws.exponential(UNIT), Event::Processor { customer: 0 });
    for _ in 0..events {
        match pending.next() {
            Event::Processor { customer } => {
                visits += 1;
                match processor.pop_front() {
                    Some(customer) => pending.after(draws.exponential(UNIT), Event::Processor { customer }),
                    None => processor_busy = false,
                }
                let disk = draws.below(DISKS) as u32;
                let (busy, line) = &mut disks[disk as usize];
                if *busy {
                    line.push_back(customer);
                } else {
                    *busy = true;
                    pending.after(draws.exponential(disk_mean()), Event::Disk { disk, customer });
                }
            }
            Event::Disk { disk, customer } => {
                let (busy, line) = &mut disks[disk as usize];
                match line.pop_front() {
                    Some(customer) => {
                        pending.after(draws.exponential(disk_mean()), Event::Disk { disk, customer });
                    }
                    None => *busy = false,
                }
                if processor_busy {
                    processor.push_back(customer);
                } else {
                    processor_busy = true;
                    pending.after(draws.exponential(UNIT), Event::Processor { customer });
                }
            }
        }
    }
    Done { operations: events, check: visits as f64 * UNIT.ns() as f64 / pending.now as f64 }
}
