//! A run in progress: deliver one event at a time, inject between two, fork by cloning.

use std::hash::{Hash, Hasher};

use super::fingerprint::Fingerprint;
use super::queue::{Delivery, Origin, Queue};
use super::time::Time;

/// A system whose whole state is one value.
pub trait Model: Clone {
    type Event: Copy + Hash;

    /// Handles one event. What the handler reports (messages, facts, durable writes) goes into `fingerprint`.
    fn handle(&mut self, event: Self::Event, queue: &mut Queue<Self::Event>, fingerprint: &mut Fingerprint);

    /// The component whose handler scheduled the event; decides what is a tie.
    fn origin(&self, event: &Self::Event) -> Origin;

    /// False for an event whose slot has moved on to another generation: it is dropped unseen.
    fn is_live(&self, _event: &Self::Event) -> bool {
        true
    }
}

/// The whole simulated state, its pending events and its history in one digest. Cloning it forks the future.
#[derive(Clone, Debug)]
pub struct Run<M: Model> {
    pub model: M,
    pub queue: Queue<M::Event>,
    /// Events delivered so far: the number of the boundary that was reached.
    pub steps: u64,
    /// Pairs of consecutive deliveries with equal time and class but different origin.
    pub ties: u64,
    pub fingerprint: Fingerprint,
    /// Time, class and origin of the last delivery; at first a time that never comes.
    last: (Time, u8, Origin),
}

impl<M: Model> Run<M> {
    pub fn new(model: M, queue: Queue<M::Event>) -> Run<M> {
        Run { model, queue, steps: 0, ties: 0, fingerprint: Fingerprint::default(), last: (Time::NEVER, 0, Origin(0)) }
    }

    pub fn now(&self) -> Time {
        self.queue.now()
    }

    /// The next event that will be delivered. Cancelled events ahead of it are dropped here: they move no clock, take
    /// no number and make no boundary.
    pub fn peek(&mut self) -> Option<Delivery<M::Event>> {
        loop {
            let delivery = self.queue.peek()?;
            if self.model.is_live(&delivery.event) {
                return Some(delivery);
            }
            self.queue.discard();
        }
    }

    /// Delivers one event and reaches the next boundary; `None` when nothing is pending.
    pub fn step(&mut self) -> Option<Delivery<M::Event>> {
        self.step_until(None)
    }

    /// As [`Self::step`], but delivers nothing that is due at `limit` or later.
    pub fn step_until(&mut self, limit: Option<Time>) -> Option<Delivery<M::Event>> {
        let Run { model, queue, .. } = self;
        let delivery = queue.pop_live_until(limit, |event| model.is_live(event))?;
        let origin = self.model.origin(&delivery.event);
        let class = delivery.class as u8;
        let (time, last_class, last_origin) = self.last;
        self.ties += u64::from((time == delivery.time) & (last_class == class) & (last_origin != origin));
        self.last = (delivery.time, class, origin);
        self.fingerprint.write_u64(delivery.time.ns());
        self.fingerprint.write_u8(class);
        delivery.event.hash(&mut self.fingerprint);
        self.model.handle(delivery.event, &mut self.queue, &mut self.fingerprint);
        self.queue.reach_boundary();
        self.steps += 1;
        Some(delivery)
    }

    /// Acts on the model at the present boundary, outside the queue: an injection takes no sequence number, makes no
    /// event and moves no boundary. `what` enters the fingerprint.
    pub fn inject<R>(
        &mut self,
        what: impl Hash,
        act: impl FnOnce(&mut M, &mut Queue<M::Event>, &mut Fingerprint) -> R,
    ) -> R {
        what.hash(&mut self.fingerprint);
        let result = act(&mut self.model, &mut self.queue, &mut self.fingerprint);
        self.queue.reach_boundary();
        result
    }

    /// Moves the clock to `at`, which no pending event precedes.
    pub fn advance_to(&mut self, at: Time) {
        assert!(self.peek().is_none_or(|next| next.time >= at), "no event is left behind");
        self.queue.advance_to(at);
    }

    /// Steps until the next event would lie after `until`.
    pub fn run_until(&mut self, until: Time) {
        while self.peek().is_some_and(|delivery| delivery.time <= until) {
            self.step();
        }
    }
}
