//! Violations grouped by cause, and how long the windows are in which they can happen.
//!
//! The number of forks that violate something says nothing about the number of defects: it grows with the number of
//! boundaries. A cause is an invariant, a strike, and the event before it; its window is the time that the trunk spends at
//! boundaries where that strike violates that invariant (HAZARDS 12). Durable state is constant between two boundaries.
//!
//! *What the run violates without any fault* is no fault's doing, and has neither cause nor window. Two volumes that bear one
//! ID for a while are different: a crash within that time is what makes somebody believe the wrong one. There the window is
//! the time in which the crash finds them, or in which what was under way brings them about; what a job does that is asked for
//! behind the fault is that job's.

use std::collections::BTreeMap;

use super::{Branch, End, Exploration};
use crate::kernel::Span;
use crate::vocab::{EventName, Invariant, StepName};

/// Forks that violate one invariant by one strike behind one kind of event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub invariant: Invariant,
    /// Place of the strike in the study.
    pub strike: usize,
    pub event: Option<EventName>,
    /// The step of the first example.
    pub step: Option<StepName>,
    pub forks: u64,
    /// The place of the shortest example among the branches: the one that is seen after the fewest events.
    pub example: usize,
    pub window: Span,
}

/// For how long a strike violates an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub invariant: Invariant,
    pub strike: usize,
    pub total: Span,
    /// Without a gap between two boundaries.
    pub longest: Span,
    pub boundaries: u64,
    /// The event that opens the longest one, and the one that closes it.
    pub opens: Option<EventName>,
    pub closes: Option<EventName>,
    /// What it would be if every boundary that was not struck, or whose fork was skipped, were bad.
    pub at_most: Span,
}

/// All causes, the longest window first; those of zero length (several events at one instant) last.
pub fn causes(exploration: &Exploration) -> Vec<Cause> {
    let mut groups: BTreeMap<(Invariant, usize, Option<EventName>), Cause> = BTreeMap::new();
    let mut last: BTreeMap<(Invariant, usize, Option<EventName>), usize> = BTreeMap::new();
    for (place, branch) in exploration.branches.iter().enumerate() {
        let boundary = &exploration.boundaries[branch.boundary];
        for finding in branch.findings.iter().filter(|finding| exploration.is_of_the_fault(branch, finding)) {
            let key = (finding.invariant, branch.strike, boundary.event);
            let cause = groups.entry(key).or_insert(Cause {
                invariant: finding.invariant,
                strike: branch.strike,
                event: boundary.event,
                step: boundary.step,
                forks: 0,
                example: place,
                window: Span::ZERO,
            });
            cause.forks += 1;
            if delay(branch, finding.invariant, exploration) < shortest(cause, exploration) {
                (cause.example, cause.step) = (place, boundary.step);
            }
            // Several forks at one boundary, by a choice or a second crash, open its window once.
            if last.insert(key, branch.boundary) != Some(branch.boundary) {
                cause.window += boundary.until - boundary.time;
            }
        }
    }
    let mut causes: Vec<Cause> = groups.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.window));
    causes
}

fn shortest(cause: &Cause, exploration: &Exploration) -> (u8, u64) {
    delay(&exploration.branches[cause.example], cause.invariant, exploration)
}

/// One fault before two, then the fewest events from the fault to the violation.
fn delay(branch: &Branch, invariant: Invariant, exploration: &Exploration) -> (u8, u64) {
    let struck = exploration.boundaries[branch.boundary].number;
    let seen = branch.findings.iter().find(|finding| finding.invariant == invariant);
    let events = seen.map_or(u64::MAX, |finding| finding.boundary.saturating_sub(struck));
    (u8::from(branch.wrong_reply) + u8::from(branch.second.is_some()) * 2, events)
}

/// The window of every invariant and strike that has one, by invariant and strike.
pub fn windows(exploration: &Exploration) -> Vec<Window> {
    // By strike and boundary: what is violated there; skipped forks may be bad for everything.
    let mut bad: BTreeMap<(Invariant, usize), Vec<usize>> = BTreeMap::new();
    let mut skipped: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for branch in &exploration.branches {
        if branch.end == End::Skipped {
            skipped.entry(branch.strike).or_default().push(branch.boundary);
        }
        for finding in branch.findings.iter().filter(|finding| exploration.is_of_the_fault(branch, finding)) {
            let places = bad.entry((finding.invariant, branch.strike)).or_default();
            if places.last() != Some(&branch.boundary) {
                places.push(branch.boundary);
            }
        }
    }
    let length = |&place: &usize| exploration.boundaries[place].until - exploration.boundaries[place].time;
    let unstruck: Span = exploration
        .boundaries
        .iter()
        .filter(|boundary| !boundary.chosen)
        .map(|boundary| boundary.until - boundary.time)
        .sum();
    let windows = bad.into_iter().map(|((invariant, strike), places)| {
        let total: Span = places.iter().map(length).sum();
        let more: Span = skipped.get(&strike).into_iter().flatten().map(length).sum();
        let mut longest = (Span::ZERO, places[0], places[0]);
        let mut begun = 0;
        for (at, &place) in places.iter().enumerate() {
            if places.get(at + 1) != Some(&(place + 1)) {
                let span: Span = places[begun..=at].iter().map(length).sum();
                if span >= longest.0 {
                    longest = (span, places[begun], place);
                }
                begun = at + 1;
            }
        }
        let event = |place: usize| exploration.boundaries.get(place).and_then(|boundary| boundary.event);
        Window {
            invariant,
            strike,
            total,
            longest: longest.0,
            boundaries: places.len() as u64,
            opens: event(longest.1),
            closes: event(longest.2 + 1),
            at_most: total + more + unstruck,
        }
    });
    windows.collect()
}
