//! What a component asks for while it handles one input: timers to itself, messages to others, facts for observers.
//!
//! A handler returns intentions; one place in the world applies them in the order asked.

use super::queue::Class;
use super::time::{Span, Time};

/// The intentions of one handler. `T`, `M` and `F` are the component's timers, its messages and the facts it reports.
#[derive(Clone, Debug)]
pub struct Outbox<T, M, F> {
    now: Time,
    pub timers: Vec<(Time, Class, T)>,
    pub messages: Vec<M>,
    pub facts: Vec<F>,
}

impl<T, M, F> Default for Outbox<T, M, F> {
    fn default() -> Self {
        Outbox { now: Time::ZERO, timers: Vec::new(), messages: Vec::new(), facts: Vec::new() }
    }
}

impl<T, M, F> Outbox<T, M, F> {
    /// Empties the box for the handling of one input at `now`.
    pub fn open(&mut self, now: Time) {
        debug_assert!(self.timers.is_empty() && self.messages.is_empty(), "the last intentions were applied");
        self.now = now;
    }

    pub fn now(&self) -> Time {
        self.now
    }

    /// Asks for `timer` after `delay`, among the completions of that instant.
    pub fn complete_after(&mut self, delay: Span, timer: T) {
        self.timers.push((self.now + delay, Class::Completion, timer));
    }

    /// Asks for `timer` at `at`, in the given class.
    pub fn timer_at(&mut self, at: Time, class: Class, timer: T) {
        self.timers.push((at, class, timer));
    }

    pub fn send(&mut self, message: M) {
        self.messages.push(message);
    }

    pub fn report(&mut self, fact: F) {
        self.facts.push(fact);
    }
}
