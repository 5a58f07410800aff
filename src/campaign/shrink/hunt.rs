//! Whether a draft still violates the same invariant: every one is run, none is predicted.

use std::collections::BTreeMap;

use rayon::ThreadPool;
use rayon::prelude::*;

use super::draft::loaded;
use crate::campaign::Flow;
use crate::campaign::one::observe;
use crate::campaign::trial::Trial;
use crate::check::{Checks, Seen, Setup};
use crate::scenario::Plan;
use crate::scenario::document::Node;
use crate::vocab::Invariant;

/// Drafts that are looked at together; the first that violates is taken, whatever the others say, so the number changes no
/// result.
const TOGETHER: usize = 8;

/// A hunt for smaller drafts: what they must violate, and how many may still be run.
pub(super) struct Hunt<'t> {
    pub invariant: Invariant,
    /// A draft that takes more events than this is no shorter story.
    pub most_events: u64,
    /// Drafts that may be run.
    pub budget: u64,
    /// Drafts that were run.
    pub runs: u64,
    pub stopped: bool,
    /// A draft was left out because the budget was used up.
    pub cut: bool,
    pub pool: ThreadPool,
    /// Told how many drafts were run; may end the hunt.
    pub tell: &'t (dyn Fn(u64) -> Flow + Sync),
    known: BTreeMap<String, bool>,
}

impl<'t> Hunt<'t> {
    pub fn new(
        invariant: Invariant,
        most_events: u64,
        budget: u64,
        threads: usize,
        tell: &'t (dyn Fn(u64) -> Flow + Sync),
    ) -> Hunt<'t> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("the system gives threads");
        Hunt { invariant, most_events, budget, runs: 0, stopped: false, cut: false, pool, tell, known: BTreeMap::new() }
    }

    /// Whether nothing more may be run.
    pub fn is_over(&self) -> bool {
        self.stopped || self.runs >= self.budget
    }

    pub fn violates(&mut self, draft: &Node) -> bool {
        self.first(vec![draft.clone()]).is_some()
    }

    /// The first of these drafts that violates the invariant, with its place.
    pub fn first(&mut self, drafts: Vec<Node>) -> Option<(usize, Node)> {
        let mut place = 0;
        let mut drafts = drafts.into_iter();
        loop {
            let batch: Vec<Node> = drafts.by_ref().take(TOGETHER).collect();
            if batch.is_empty() || self.is_over() {
                self.cut |= !batch.is_empty() && !self.stopped;
                return None;
            }
            if let Some(found) = self.first_of_batch(&batch) {
                return batch.into_iter().nth(found).map(|draft| (place + found, draft));
            }
            place += batch.len();
        }
    }

    /// Counted are the drafts up to the first that violates: what was run beside it depends on threads.
    fn first_of_batch(&mut self, batch: &[Node]) -> Option<usize> {
        let texts: Vec<String> = batch.iter().map(Node::written).collect();
        let Hunt { invariant, most_events, known, pool, .. } = self;
        let (invariant, most_events) = (*invariant, *most_events);
        let judge = |text: &String| known.get(text).copied().unwrap_or_else(|| judge(text, invariant, most_events));
        let found = pool.install(|| texts.par_iter().position_first(judge));
        for (place, text) in texts.into_iter().enumerate() {
            if found.is_some_and(|found| place > found) {
                break;
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = self.known.entry(text) {
                entry.insert(Some(place) == found);
                self.runs += 1;
            }
        }
        self.stopped |= (self.tell)(self.runs) == Flow::Stop;
        found
    }
}

fn judge(text: &str, invariant: Invariant, most_events: u64) -> bool {
    loaded(text).is_some_and(|loaded| violates(&loaded.plan, invariant, most_events))
}

/// Runs a plan to the first violation of an invariant, or to its end; false when it takes too long.
fn violates(plan: &Plan, invariant: Invariant, most_events: u64) -> bool {
    let Ok(mut trial) = Trial::new(plan) else { return false };
    let mut checks = Checks::new(Setup::of(plan, |device| u64::from(device.0)));
    while let Some(happening) = trial.advance() {
        observe(&mut checks, &trial, happening);
        if checks.violations(invariant) > 0 {
            return true;
        }
        if trial.run.steps > most_events {
            return false;
        }
        if trial.given_up().is_some() {
            break;
        }
    }
    let (now, quiet) = (trial.run.now(), trial.run.queue.is_empty());
    checks.end(&Seen { world: &trial.run.model, now, quiet }, trial.run.steps);
    checks.violations(invariant) > 0
}
