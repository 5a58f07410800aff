//! From a failing run to the smallest scenario that violates the same invariant (HAZARDS 11).
//!
//! The run is recorded; what was drawn in it (requests, faults by rates, slips) becomes literal; then everything is taken out
//! that the violation does without: operations and faults, jobs, tracks, volumes, keys, long times. Each draft is run, never
//! predicted. As no way to tell the moments of faults is the shortest for every story, each is followed to its end, and the
//! smallest result is kept. What cannot be literal stays drawn from the seed: how long operators take, where disks stand at the
//! start, and whether track 0 is copied by the way.

mod draft;
mod hunt;
mod minimise;
mod record;

pub use draft::Size;
pub use record::Form;

use crate::campaign::judge;
use crate::campaign::one::execute;
use crate::campaign::outcome::{Flow, RunOutcome, Verdict, Watch};
use crate::check::Violation;
use crate::fault::plan::Anchor;
use crate::scenario::document::{Node, Value};
use crate::scenario::edit::top;
use crate::scenario::{Loaded, Plan};
use crate::vocab::Invariant;
use crate::world::BuildError;
use draft::{Literal, base, literal, loaded, size};
use hunt::Hunt;
use minimise::minimise;
use record::{Record, record};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The invariant that stays violated; without it the first that the scenario does not expect to be violated, or else the
    /// first of all.
    pub invariant: Option<Invariant>,
    /// Drafts that are run at most.
    pub budget: u64,
    /// Has no influence on the result.
    pub threads: usize,
}

/// Why there is no small scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShrinkError {
    #[error("no invariant is violated: there is nothing to make smaller")]
    NothingViolated,
    #[error("{wanted} is not violated; violated: {found}")]
    NotViolated { wanted: Invariant, found: String },
    #[error("interrupted before the scenario was run to its end: there is nothing to show")]
    Interrupted,
    #[error("{0}")]
    Build(#[from] BuildError),
    /// A defect: the scenario that was made does not do what it says.
    #[error("the small scenario does not come out as it says: {0}")]
    NoTest(String),
}

/// The smallest scenario that was found.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// Tables and keys, with `[expect]`: a test of itself.
    pub text: String,
    pub invariant: Invariant,
    /// Its first violation in the small scenario, and in the given one.
    pub violation: Violation,
    pub first_violation: Violation,
    pub from: Size,
    pub to: Size,
    pub form: Form,
    /// What stays drawn although it could be literal, because the violation goes with it otherwise.
    pub drawn: Vec<&'static str>,
    pub runs: u64,
    /// The budget was used up: it may get smaller.
    pub exhausted: bool,
    /// Somebody ended it.
    pub interrupted: bool,
    pub fingerprint: u64,
    pub events: u64,
    /// What else the given scenario violates.
    pub others: Vec<Invariant>,
}

/// A draft to which nothing more could be done.
struct Least {
    draft: Node,
    size: Size,
    form: Form,
    literal: Literal,
}

/// Makes a scenario small; `tell` hears how many drafts were run, and may end it.
///
/// # Errors
/// When the scenario does not violate the invariant, or any.
pub fn shrink(given: &Loaded, order: &Order, tell: &(dyn Fn(u64) -> Flow + Sync)) -> Result<Shrunk, ShrinkError> {
    let stop = || tell(0) == Flow::Stop;
    let whole = record(&given.plan, None, stop)?.ok_or(ShrinkError::Interrupted)?;
    let invariant = chosen(&whole, &given.plan, order.invariant)?;
    let recorded = record(&given.plan, Some(invariant), stop)?.ok_or(ShrinkError::Interrupted)?;
    let from = size(&given.plan, whole.issued);
    let base = base(&given.resolved, &format!("{invariant} in {}", given.plan.name));
    let most_events = whole.events.saturating_mul(4).saturating_add(10_000);
    let mut hunt = Hunt::new(invariant, most_events, order.budget, order.threads, tell);
    let mut best: Option<Least> = None;
    let mut seen: Vec<String> = Vec::new();
    let forms = forms(&given.plan);
    for (place, &form) in forms.iter().enumerate() {
        // What is left is shared by the forms that are left.
        let left = (forms.len() - place) as u64;
        hunt.budget = hunt.runs + (order.budget - hunt.runs.min(order.budget)).div_ceil(left);
        let Some((draft, how)) = first_literal(&mut hunt, &base, &given.plan, &recorded, form, &mut seen) else {
            continue;
        };
        let draft = minimise(&mut hunt, draft);
        let Some(found) = measured(&draft, form, how) else { continue };
        if best.as_ref().is_none_or(|best| found.size.order() < best.size.order()) {
            best = Some(found);
        }
    }
    let best = match best {
        Some(best) => best,
        None => as_given(&base)?,
    };
    let (text, outcome) = tested(best.draft, invariant)?;
    let violation = |violated: &[(Invariant, Violation)]| {
        let found = violated.iter().find(|(violated, _)| *violated == invariant);
        found.expect("it was seen to be violated").1.clone()
    };
    let now = outcome.checks.iter().find(|check| check.invariant == invariant).and_then(|check| check.first.clone());
    Ok(Shrunk {
        text,
        invariant,
        violation: now.expect("the outcome was seen to violate it"),
        first_violation: violation(&whole.violated),
        from,
        to: best.size,
        form: best.form,
        drawn: drawn(best.literal, &recorded),
        runs: hunt.runs,
        exhausted: hunt.cut,
        interrupted: hunt.stopped,
        fingerprint: outcome.fingerprint,
        events: outcome.events,
        others: whole.violated.iter().map(|(other, _)| *other).filter(|other| *other != invariant).collect(),
    })
}

/// In the order in which they are followed; of results of one size the first is kept. Numbers of events come last: they move with
/// every change to the model.
fn forms(plan: &Plan) -> [Form; 4] {
    let numbered = plan.faults.iter().any(|fault| matches!(fault.anchor, Anchor::Boundary(_)));
    match numbered {
        true => [Form::Event, Form::ManagerEvent, Form::Instant, Form::Given],
        false => [Form::Given, Form::Event, Form::ManagerEvent, Form::Instant],
    }
}

fn chosen(whole: &Record, plan: &Plan, wanted: Option<Invariant>) -> Result<Invariant, ShrinkError> {
    let first = whole.violated.first().ok_or(ShrinkError::NothingViolated)?.0;
    let Some(wanted) = wanted else {
        let unexpected = whole.violated.iter().find(|(invariant, _)| !plan.expect.violates.contains(invariant));
        return Ok(unexpected.map_or(first, |(invariant, _)| *invariant));
    };
    if whole.violates(wanted) {
        return Ok(wanted);
    }
    let found: Vec<&str> = whole.violated.iter().map(|(invariant, _)| invariant.name()).collect();
    Err(ShrinkError::NotViolated { wanted, found: found.join(", ") })
}

/// The draft with the most literal parts that still violates; nothing when the form gives no new draft.
fn first_literal(
    hunt: &mut Hunt<'_>,
    base: &Node,
    plan: &Plan,
    recorded: &Record,
    form: Form,
    seen: &mut Vec<String>,
) -> Option<(Node, Literal)> {
    for choice in Literal::CHOICES {
        let draft = literal(base, plan, recorded, form, choice);
        let text = draft.written();
        if seen.contains(&text) {
            return None;
        }
        seen.push(text);
        if hunt.violates(&draft) {
            return Some((draft, choice));
        }
    }
    None
}

fn measured(draft: &Node, form: Form, literal: Literal) -> Option<Least> {
    let loaded = loaded(&draft.written())?;
    let issued = record(&loaded.plan, None, || false).ok().flatten().map_or(0, |record| record.issued);
    Some(Least { draft: draft.clone(), size: size(&loaded.plan, issued), form, literal })
}

/// Where no draft could be run before the budget was used up.
fn as_given(base: &Node) -> Result<Least, ShrinkError> {
    let nothing = Literal { requests: false, slips: false, rates: false };
    let given = measured(base, Form::Given, nothing);
    given.ok_or_else(|| ShrinkError::NoTest("the resolved scenario cannot be read".to_owned()))
}

/// Adds what comes out as `[expect]`, and runs it as anybody would.
fn tested(mut draft: Node, invariant: Invariant) -> Result<(String, RunOutcome), ShrinkError> {
    let unreadable = || ShrinkError::NoTest("it cannot be read".to_owned());
    let plan = loaded(&draft.written()).ok_or_else(unreadable)?.plan;
    let outcome = run(&plan)?;
    let violated = outcome.checks.iter().filter(|check| check.verdict == Verdict::Fail);
    let mut violated: Vec<&str> = violated.map(|check| check.invariant.name()).collect();
    violated.sort_by_key(|name| *name != invariant.name());
    let idle = outcome.checks.iter().filter(|check| check.required && check.verdict == Verdict::Inconclusive);
    let idle: Vec<&str> = idle.map(|check| check.invariant.name()).collect();
    draft.put(&[], "expect", Node::new(Value::Table(Default::default())));
    let names = |names: &[&str]| Node::new(Value::List(names.iter().map(|name| Node::text(name)).collect()));
    draft.put(&top("expect"), "violates", names(&violated));
    if !idle.is_empty() {
        draft.put(&top("expect"), "optional", names(&idle));
    }
    let text = draft.written();
    let plan = loaded(&text).ok_or_else(unreadable)?.plan;
    let outcome = run(&plan)?;
    let judgement = judge(&outcome, &plan.faults, &plan.expect);
    match judgement.held && violated.first() == Some(&invariant.name()) {
        true => Ok((text, outcome)),
        false => Err(ShrinkError::NoTest(judgement.reasons.join("; "))),
    }
}

fn run(plan: &Plan) -> Result<RunOutcome, BuildError> {
    execute(plan, Watch::new(&mut |_| Flow::Continue))
}

/// What a literal would have stood for if the violation had stayed.
fn drawn(literal: Literal, recorded: &Record) -> Vec<&'static str> {
    let mut drawn = Vec::new();
    if !literal.requests && !recorded.requests.is_empty() {
        drawn.push("requests");
    }
    if !literal.slips && !recorded.slips.is_empty() {
        drawn.push("slips of operators");
    }
    if !literal.rates {
        drawn.push("faults by their rates");
    }
    drawn
}
