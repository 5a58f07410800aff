//! The pending events, delivered in the total order (time, class, sequence).
//!
//! Two stores with one order. Timers wait in a binary heap of 32-byte entries with a packed 128-bit key. Messages at the
//! current instant have the smallest possible key, so they wait in a first-in-first-out lane beside the heap: no
//! comparison, no sift. With shuffled ties messages lose that property and go through the heap as well.
//!
//! Removal leaves a vacancy at the top of the heap; the first timer that a handler then schedules drops into it. A
//! vacancy that nothing fills is closed before the boundary, so a fork never sees one.

use std::collections::VecDeque;

use super::fingerprint::mix;
use super::time::{Span, Time};

/// What comes first among events of one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// A message at the current instant: a command in progress finishes its hops first.
    Message = 0,
    /// A device, transfer or microcode step is done: exactly at the deadline counts as in time.
    Completion = 1,
    /// A time-out or another timer.
    Timer = 2,
    /// An application request, an operator action, a scheduled backup: sees the state after completions.
    NewWork = 3,
}

/// The component whose handler scheduled an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(pub u16);

const SEQUENCE_BITS: u32 = 56;
/// With shuffled ties the upper 16 of the 56 sequence bits are a hash.
const SHUFFLED_SEQUENCE_BITS: u32 = 40;

/// (time, class, sequence) packed so that one integer comparison decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    fn new(time: Time, class: Class, sequence: u64) -> Key {
        debug_assert!(sequence < 1 << SEQUENCE_BITS, "the sequence fits its 56 bits");
        Key(u128::from(time.ns()) << 64 | u128::from(class as u8) << SEQUENCE_BITS | u128::from(sequence))
    }

    fn time(self) -> Time {
        Time::from_ns((self.0 >> 64) as u64)
    }

    fn class(self) -> Class {
        match (self.0 >> SEQUENCE_BITS) as u8 {
            0 => Class::Message,
            1 => Class::Completion,
            2 => Class::Timer,
            _ => Class::NewWork,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    key: Key,
    event: E,
}

/// A binary min-heap whose top can be replaced in one sift.
#[derive(Clone, Debug)]
struct Heap<E> {
    entries: Vec<Entry<E>>,
    /// The top entry was taken and nothing has replaced it yet.
    vacant: bool,
}

impl<E: Copy> Heap<E> {
    fn push(&mut self, entry: Entry<E>) {
        if self.vacant {
            self.replace_top(entry);
            return;
        }
        self.entries.push(entry);
        let mut child = self.entries.len() - 1;
        while child > 0 {
            let parent = (child - 1) / 2;
            if self.entries[parent].key <= entry.key {
                break;
            }
            self.entries[child] = self.entries[parent];
            child = parent;
        }
        self.entries[child] = entry;
    }

    /// Which child comes first is as good as random, so it is computed and not branched upon: a branch that is foretold
    /// wrongly half of the time costs more than the rest of the level.
    fn replace_top(&mut self, entry: Entry<E>) {
        self.vacant = false;
        let entries = &mut self.entries[..];
        let mut parent = 0;
        loop {
            let left = 2 * parent + 1;
            if left + 1 >= entries.len() {
                if left < entries.len() && entries[left].key < entry.key {
                    entries[parent] = entries[left];
                    parent = left;
                }
                break;
            }
            let child = left + usize::from(entries[left + 1].key < entries[left].key);
            if entry.key <= entries[child].key {
                break;
            }
            entries[parent] = entries[child];
            parent = child;
        }
        entries[parent] = entry;
    }

    fn close_vacancy(&mut self) {
        if !self.vacant {
            return;
        }
        let last = self.entries.pop().expect("a vacancy is an entry of the heap");
        if self.entries.is_empty() {
            self.vacant = false;
        } else {
            self.replace_top(last);
        }
    }

    fn peek(&self) -> Option<&Entry<E>> {
        assert!(!self.vacant, "a vacancy is closed before anyone looks at the top");
        self.entries.first()
    }

    fn take_top(&mut self) -> Option<Entry<E>> {
        assert!(!self.vacant, "a vacancy is closed before the next entry is taken");
        let top = *self.entries.first()?;
        self.vacant = true;
        Some(top)
    }

    fn len(&self) -> usize {
        self.entries.len() - usize::from(self.vacant)
    }
}

/// One event as it is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<E> {
    pub time: Time,
    pub class: Class,
    pub event: E,
}

/// The clock and all pending events of a run.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: Heap<E>,
    lane: VecDeque<E>,
    now: Time,
    sequence: u64,
    shuffle: Option<u64>,
}

impl<E: Copy> Default for Queue<E> {
    fn default() -> Self {
        Queue::new()
    }
}

impl<E: Copy> Queue<E> {
    pub fn new() -> Queue<E> {
        Queue {
            heap: Heap { entries: Vec::new(), vacant: false },
            lane: VecDeque::new(),
            now: Time::ZERO,
            sequence: 0,
            shuffle: None,
        }
    }

    /// A queue that delivers events of equal time and class, but of different origin, in an order drawn from `seed`.
    ///
    /// A result that changes with the seed depends on an order that the real system does not promise.
    pub fn with_shuffled_ties(seed: u64) -> Queue<E> {
        Queue { shuffle: Some(seed), ..Queue::new() }
    }

    pub fn now(&self) -> Time {
        self.now
    }

    pub fn len(&self) -> usize {
        self.heap.len() + self.lane.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Schedules a timer at `at`, which is never earlier than now.
    pub fn push(&mut self, at: Time, class: Class, origin: Origin, event: E) {
        assert!(at >= self.now, "an event is never scheduled in the past");
        let sequence = self.next_sequence(at, class, origin);
        self.heap.push(Entry { key: Key::new(at, class, sequence), event });
    }

    /// Schedules a timer `delay` from now.
    pub fn push_after(&mut self, delay: Span, class: Class, origin: Origin, event: E) {
        self.push(self.now + delay, class, origin, event);
    }

    /// Sends a message: an event at the current instant, before everything else that is pending then.
    pub fn send(&mut self, origin: Origin, event: E) {
        if self.shuffle.is_some() {
            self.push(self.now, Class::Message, origin, event);
        } else {
            self.sequence += 1;
            self.lane.push_back(event);
        }
    }

    /// The next event and its place in the order; the queue itself does not change.
    pub fn peek(&mut self) -> Option<Delivery<E>> {
        if let Some(&event) = self.lane.front() {
            return Some(Delivery { time: self.now, class: Class::Message, event });
        }
        self.heap.close_vacancy();
        self.heap.peek().map(|entry| Delivery { time: entry.key.time(), class: entry.key.class(), event: entry.event })
    }

    /// Takes the next event and moves the clock to it.
    pub fn pop(&mut self) -> Option<Delivery<E>> {
        self.pop_live(|_| true)
    }

    /// Takes the next event for which `is_live` holds and moves the clock to it. Those ahead of it were cancelled: they
    /// are dropped and move no clock.
    pub fn pop_live(&mut self, is_live: impl Fn(&E) -> bool) -> Option<Delivery<E>> {
        self.pop_live_until(None, is_live)
    }

    /// As [`Self::pop_live`], but nothing that is due at `limit` or later is taken.
    pub fn pop_live_until(&mut self, limit: Option<Time>, is_live: impl Fn(&E) -> bool) -> Option<Delivery<E>> {
        if limit.is_some_and(|limit| self.now >= limit) {
            return None;
        }
        while let Some(event) = self.lane.pop_front() {
            if is_live(&event) {
                return Some(Delivery { time: self.now, class: Class::Message, event });
            }
        }
        loop {
            self.heap.close_vacancy();
            if let Some(limit) = limit
                && self.heap.peek()?.key.time() >= limit
            {
                return None;
            }
            let Entry { key, event } = self.heap.take_top()?;
            if is_live(&event) {
                assert!(key.time() >= self.now, "time never runs back");
                self.now = key.time();
                return Some(Delivery { time: self.now, class: key.class(), event });
            }
        }
    }

    /// Takes the next event without moving the clock: it was cancelled.
    pub fn discard(&mut self) {
        if self.lane.pop_front().is_none() {
            let _ = self.heap.take_top();
        }
        self.heap.close_vacancy();
    }

    /// Moves the clock forward between two events.
    pub fn advance_to(&mut self, at: Time) {
        assert!(self.lane.is_empty() || at == self.now, "messages are delivered before the clock moves");
        assert!(at >= self.now, "time never runs back");
        self.now = at;
    }

    /// Ends the handling of an event: whatever it left open is closed, so that a copy of the queue is complete.
    pub fn reach_boundary(&mut self) {
        self.heap.close_vacancy();
    }

    fn next_sequence(&mut self, at: Time, class: Class, origin: Origin) -> u64 {
        self.sequence += 1;
        let Some(seed) = self.shuffle else {
            assert!(self.sequence < 1 << SEQUENCE_BITS, "a run has fewer than 2^56 events");
            return self.sequence;
        };
        assert!(self.sequence < 1 << SHUFFLED_SEQUENCE_BITS, "a shuffled run has fewer than 2^40 events");
        let place = mix(mix(seed, at.ns()), u64::from(origin.0) << 8 | class as u64);
        (place >> 48) << SHUFFLED_SEQUENCE_BITS | self.sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Origin = Origin(1);
    const B: Origin = Origin(2);

    fn drain(queue: &mut Queue<u32>) -> Vec<u32> {
        let mut delivered = Vec::new();
        while let Some(delivery) = queue.pop() {
            delivered.push(delivery.event);
            queue.reach_boundary();
        }
        delivered
    }

    #[test]
    fn class_then_sequence_decide_at_one_instant() {
        let mut queue = Queue::new();
        let at = Time::from_ns(5);
        queue.push(at, Class::NewWork, A, 30);
        queue.push(at, Class::Timer, A, 20);
        queue.push(at, Class::Completion, A, 10);
        queue.push(at, Class::Completion, B, 11);
        queue.push(Time::from_ns(4), Class::NewWork, A, 1);
        assert_eq!(drain(&mut queue), [1, 10, 11, 20, 30]);
    }

    #[test]
    fn nothing_is_taken_at_a_limit_or_behind_it() {
        let mut queue = Queue::new();
        for (at, event) in [(4, 1), (5, 2), (6, 3)] {
            queue.push(Time::from_ns(at), Class::Timer, A, event);
        }
        let limit = Some(Time::from_ns(6));
        assert_eq!(queue.pop_live_until(limit, |&event| event > 1).map(|taken| taken.event), Some(2));
        assert!(queue.pop_live_until(limit, |_| true).is_none());
        assert_eq!(queue.now(), Time::from_ns(5), "the clock waits");
        assert!(queue.pop_live_until(Some(Time::from_ns(5)), |_| true).is_none(), "not even what is due by now");
        assert_eq!(queue.pop().map(|taken| taken.event), Some(3), "nothing is lost");
    }

    #[test]
    fn messages_come_before_everything_at_the_instant() {
        let mut queue = Queue::new();
        queue.push(Time::ZERO, Class::Completion, A, 7);
        queue.send(A, 1);
        queue.send(B, 2);
        assert_eq!(drain(&mut queue), [1, 2, 7]);
    }

    #[test]
    fn the_heap_orders_like_a_sorted_list() {
        let mut queue = Queue::new();
        let mut expected = Vec::new();
        let mut state = 1u64;
        let mut delivered = Vec::new();
        for number in 0..2_000u32 {
            state = mix(state, u64::from(number));
            let at = queue.now() + Span::from_ns(state % 50);
            queue.push(at, Class::Completion, A, number);
            expected.push((at, number));
            if state.is_multiple_of(3)
                && let Some(delivery) = queue.pop()
            {
                delivered.push((delivery.time, delivery.event));
                if state.is_multiple_of(2) {
                    queue.reach_boundary();
                }
            }
        }
        while let Some(delivery) = queue.pop() {
            delivered.push((delivery.time, delivery.event));
        }
        assert_eq!(delivered.len(), expected.len());
        assert!(delivered.windows(2).all(|pair| pair[0] < pair[1]), "delivered in (time, sequence) order");
        expected.sort();
        delivered.sort();
        assert_eq!(delivered, expected);
    }

    #[test]
    fn shuffling_keeps_the_order_of_one_origin_and_mixes_origins() {
        let orders: Vec<Vec<u32>> = (0..20)
            .map(|seed| {
                let mut queue = Queue::with_shuffled_ties(seed);
                for number in 0..3 {
                    queue.send(A, number);
                    queue.send(B, 10 + number);
                }
                drain(&mut queue)
            })
            .collect();
        for order in &orders {
            let of_a: Vec<_> = order.iter().filter(|&&event| event < 10).collect();
            assert!(of_a.is_sorted(), "one origin stays first-in first-out");
        }
        assert!(orders.iter().any(|order| order[0] == 0) && orders.iter().any(|order| order[0] == 10));
    }

    #[test]
    fn a_discarded_event_does_not_move_the_clock() {
        let mut queue = Queue::new();
        queue.push(Time::from_ns(9), Class::Timer, A, 1);
        queue.discard();
        assert_eq!((queue.now(), queue.len()), (Time::ZERO, 0));
    }

    #[test]
    fn cancelled_events_are_passed_over_in_lane_and_heap() {
        let mut queue = Queue::new();
        for number in 1..=5 {
            queue.push(Time::from_ns(number), Class::Timer, A, number as u32);
        }
        queue.send(A, 11);
        queue.send(A, 12);
        let mut taken = Vec::new();
        while let Some(delivery) = queue.pop_live(|event| event % 2 == 0) {
            taken.push((delivery.time.ns(), delivery.event));
        }
        assert_eq!(taken, [(0, 12), (2, 2), (4, 4)]);
        assert_eq!((queue.now().ns(), queue.len()), (4, 0), "what was cancelled moves no clock");
    }

    #[test]
    #[should_panic(expected = "never scheduled in the past")]
    fn the_past_is_closed() {
        let mut queue = Queue::new();
        queue.push(Time::from_ns(9), Class::Timer, A, 1);
        queue.pop();
        queue.push(Time::from_ns(8), Class::Timer, A, 2);
    }
}
