//! When faults act: the plan's anchors, watched while a run goes on.
//!
//! Faults act at boundaries and never go through the queue. An anchor in time acts before the first event at or after its
//! instant; one at a boundary after that many events; one around an occurrence at the boundary behind the event that
//! reports it, or in front of it. "In front" is known only when the event has been handled: a scout, a fork of the run, is
//! kept one event ahead while such an anchor is armed.

use crate::fault::plan::{Anchor, Fault, FaultPlan, FaultRate, Occurrence, Side};
use crate::kernel::{Run, Span, Stream, Time};
use crate::manager::ManagerFact;
use crate::world::{Fact, World};

/// A fault and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    pub fault: Fault,
    pub anchor: Anchor,
    /// Workloads ask nothing more once it has acted.
    pub silence: bool,
    /// The number of the rate that it was drawn from.
    rate: Option<usize>,
    pub state: FaultState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultState {
    /// Acts at the first boundary at or after this instant.
    Due(Time),
    AtBoundary(u64),
    /// Waits for so many more occurrences.
    Waiting {
        left: u64,
    },
    Acted {
        boundary: u64,
        time: Time,
        effect: bool,
    },
}

/// All faults of a run.
#[derive(Clone, Debug)]
pub struct Faults {
    armed: Vec<Armed>,
    /// How many of them the scenario plans.
    planned: usize,
    /// Places in `armed` of those that have not acted yet, in order.
    open: Vec<usize>,
    clocks: Vec<Clock>,
    scout: Option<Run<World>>,
}

/// One random kind of fault: the instants of its occurrences.
#[derive(Clone, Debug)]
struct Clock {
    rate: FaultRate,
    draws: Stream,
    drawn: u64,
    next: Time,
}

impl Clock {
    fn new(rate: FaultRate, run_seed: u64) -> Clock {
        let draws = Stream::new(run_seed, "faults", &rate.stream());
        let mut clock = Clock { rate, draws, drawn: 0, next: Time::ZERO };
        clock.draw();
        clock
    }

    fn draw(&mut self) {
        let gap = self.rate.gap.draw(&mut self.draws.draws(self.drawn));
        self.drawn += 1;
        self.next = self.next.saturating_add(gap.max(Span::from_ns(1)));
    }
}

impl Faults {
    pub fn new(faults: &[FaultPlan], rates: &[FaultRate], run_seed: u64) -> Faults {
        let arm = |plan: &FaultPlan| {
            let state = match plan.anchor {
                Anchor::At(time) => FaultState::Due(time),
                Anchor::Boundary(number) => FaultState::AtBoundary(number),
                Anchor::Around { nth, .. } => FaultState::Waiting { left: nth },
            };
            Armed { fault: plan.fault, anchor: plan.anchor, silence: plan.silence, rate: None, state }
        };
        Faults {
            armed: faults.iter().map(arm).collect(),
            planned: faults.len(),
            open: (0..faults.len()).collect(),
            clocks: rates.iter().map(|&rate| Clock::new(rate, run_seed)).collect(),
            scout: None,
        }
    }

    /// A fault that the plan does not have, due now.
    pub fn add(&mut self, fault: Fault, now: Time) -> usize {
        let (anchor, state) = (Anchor::At(now), FaultState::Due(now));
        self.armed.push(Armed { fault, anchor, silence: false, rate: None, state });
        self.open.push(self.armed.len() - 1);
        self.armed.len() - 1
    }

    /// The scenario's faults in their order, then those drawn from rates in the order in which they acted.
    pub fn all(&self) -> &[Armed] {
        &self.armed
    }

    /// The place of what fault `index` came from: the faults of the scenario in their order, then its rates. Nothing for
    /// one that was added.
    pub fn origin(&self, index: usize) -> Option<usize> {
        match self.armed[index].rate {
            Some(rate) => Some(self.planned + rate),
            None => (index < self.planned).then_some(index),
        }
    }

    /// Whether a fault will act at a known instant or boundary, rates left aside.
    pub fn any_scheduled(&self) -> bool {
        self.open.iter().any(|&it| matches!(self.armed[it].state, FaultState::Due(_) | FaultState::AtBoundary(_)))
    }

    /// Whether no fault will ever act again.
    fn is_spent(&self) -> bool {
        self.clocks.is_empty() && self.open.is_empty()
    }

    /// The fault that acts next at this boundary, with its instant, when nothing pending lies before it.
    pub fn due(&mut self, run: &mut Run<World>, rates_run: bool) -> Option<(usize, Time)> {
        if self.is_spent() {
            return None;
        }
        let now = run.now();
        self.look_ahead(run);
        let next_event = run.peek().map_or(Time::NEVER, |event| event.time);
        let due_at = |fault: &Armed| match fault.state {
            FaultState::Due(time) if time <= next_event => Some(time.max(now)),
            FaultState::AtBoundary(number) if number <= run.steps => Some(now),
            _ => None,
        };
        let planned = self.open.iter().filter_map(|&index| Some((due_at(&self.armed[index])?, index))).min();
        let random = self.clocks.iter().enumerate().map(|(number, clock)| (clock.next, number)).min();
        let random = random.filter(|&(time, _)| rates_run && time <= next_event && next_event < Time::NEVER);
        match (planned, random) {
            (Some((time, index)), random) if random.is_none_or(|(other, _)| time <= other) => Some((index, time)),
            (_, Some((time, number))) => {
                let clock = &mut self.clocks[number];
                let fault = clock.rate.fault;
                clock.draw();
                let index = self.add(fault, time);
                self.armed[index].rate = Some(number);
                Some((index, time.max(now)))
            }
            _ => None,
        }
    }

    pub fn acted(&mut self, index: usize, boundary: u64, time: Time, effect: bool) {
        self.armed[index].state = FaultState::Acted { boundary, time, effect };
        self.open.retain(|&open| open != index);
        self.forget_ahead();
    }

    /// The run was changed from outside: whatever a scout saw ahead is void.
    pub fn forget_ahead(&mut self) {
        self.scout = None;
    }

    /// Counts the occurrences that an event, or an injection, reported.
    pub fn count(&mut self, now: Time, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        for &index in &self.open {
            let fault = &mut self.armed[index];
            let (FaultState::Waiting { left }, Anchor::Around { side: Side::After, occurrence, delay, .. }) =
                (fault.state, fault.anchor)
            else {
                continue;
            };
            let seen = occurrences(facts, occurrence, Side::After);
            fault.state = match left.checked_sub(seen) {
                Some(0) | None => FaultState::Due(now + delay),
                Some(left) => FaultState::Waiting { left },
            };
        }
    }

    /// Handles the next event on a fork, and makes due what it shows to lie right ahead.
    fn look_ahead(&mut self, run: &Run<World>) {
        let waits_in_front = |fault: &Armed| {
            matches!(fault.state, FaultState::Waiting { .. })
                && matches!(fault.anchor, Anchor::Around { side: Side::Before, .. })
        };
        if !self.open.iter().any(|&index| waits_in_front(&self.armed[index])) {
            self.scout = None;
            return;
        }
        let scout = self.scout.get_or_insert_with(|| run.clone());
        while scout.steps <= run.steps {
            if scout.step().is_none() {
                return;
            }
            for fault in self.armed.iter_mut().filter(|fault| waits_in_front(fault)) {
                let (FaultState::Waiting { left }, Anchor::Around { occurrence, delay, .. }) =
                    (fault.state, fault.anchor)
                else {
                    unreachable!("the filter lets through what waits for an occurrence");
                };
                let seen = occurrences(scout.model.facts(), occurrence, Side::Before);
                fault.state = match left.checked_sub(seen) {
                    Some(0) | None => FaultState::Due(run.now() + delay),
                    Some(left) => FaultState::Waiting { left },
                };
            }
        }
    }
}

/// How often the facts report what an anchor counts.
fn occurrences(facts: &[Fact], occurrence: Occurrence, side: Side) -> u64 {
    let matches = |fact: &&Fact| match occurrence {
        Occurrence::Event { name, device, track } => {
            let (of_device, of_track) = fact.place();
            fact.name() == Some(name)
                && (device.is_none() || device == of_device)
                && (track.is_none() || track == of_track)
        }
        Occurrence::Step(wanted) => match (side, fact) {
            (Side::Before, Fact::Manager(_, ManagerFact::StepStarted { step, .. }))
            | (Side::After, Fact::Manager(_, ManagerFact::StepEnded { step, .. })) => *step == wanted,
            _ => false,
        },
    };
    facts.iter().filter(matches).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::plan::{ClockName, Gap};

    fn instants(gap: Gap, clock: ClockName, count: usize) -> Vec<Time> {
        let rate = FaultRate { fault: Fault::JobAbend, gap, clock };
        let mut clock = Clock::new(rate, 7);
        let mut next = || {
            let now = clock.next;
            clock.draw();
            now
        };
        (0..count).map(|_| next()).collect()
    }

    /// The mean gap is that of theory: the mean itself, and the scale times gamma(1 + 1/shape).
    #[test]
    fn clocks_have_the_means_of_their_distributions() {
        const COUNT: usize = 40_000;
        let scale = Span::from_secs(1_000);
        let weibull = |shape_milli| Gap::Weibull { scale, shape_milli };
        for (gap, mean) in [
            (Gap::Exponential { mean: scale }, 1_000.0),
            (weibull(1_000), 1_000.0),
            (weibull(500), 2_000.0),
            (weibull(2_000), 886.227),
            (weibull(700), 1_265.823),
        ] {
            let last = instants(gap, ClockName::Entry(0), COUNT)[COUNT - 1];
            let found = last.ns() as f64 / 1e9 / COUNT as f64;
            // Three deviations of the mean of so many gaps; that of a Weibull of shape 0.5 is 2.24 times its mean.
            assert!((found / mean - 1.0).abs() < 3.0 * 2.24 / (COUNT as f64).sqrt(), "{gap:?}: {found} s");
            assert!((gap.mean().ns() as f64 / 1e9 / mean - 1.0).abs() < 1e-5, "{gap:?}: {}", gap.mean());
        }
    }

    #[test]
    fn each_clock_has_a_stream_of_its_own() {
        let gap = Gap::Exponential { mean: Span::from_secs(1) };
        let of = |clock| instants(gap, clock, 3);
        assert_eq!(of(ClockName::Entry(0)), of(ClockName::Entry(0)));
        assert_ne!(of(ClockName::Entry(0)), of(ClockName::Entry(1)));
        assert_ne!(of(ClockName::Entry(0)), of(ClockName::Table(0)));
    }
}
