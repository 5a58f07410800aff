//! One run of the scenario that is to be made small, and what happened in it: requests, faults and slips with their moments.

use std::collections::BTreeMap;

use crate::campaign::one::observe;
use crate::campaign::trial::{Happening, Trial};
use crate::check::{Checks, Seen, Setup, Violation};
use crate::fault::plan::{Anchor, Fault, FaultPlan, Occurrence, Side};
use crate::host::{WorkloadFact, WorkloadKind};
use crate::kernel::Time;
use crate::manager::ManagerFact;
use crate::names;
use crate::scenario::Plan;
use crate::scenario::check::{LiteralRequest, MOST_REQUESTS};
use crate::vocab::{EventName, Invariant, Slip, Status};
use crate::world::{BuildError, Fact};

names! {
    /// How the moments of faults are told. None is the shortest for every story (HAZARDS 11).
    pub enum Form {
        /// As the scenario has it; a fault that was drawn has its instant.
        Given = "as-given",
        /// The event right before it, counted.
        Event = "event",
        /// The event of the storage manager right before it, counted.
        ManagerEvent = "manager-event",
        Instant = "instant",
    }
}

/// A fault that acted, with all the ways to say when.
#[derive(Clone, Debug)]
pub(super) struct ActedFault {
    pub fault: Fault,
    pub silence: bool,
    /// The scenario names it; the others were drawn.
    pub planned: bool,
    given: Anchor,
    event: Option<Anchor>,
    manager_event: Option<Anchor>,
    time: Time,
}

impl ActedFault {
    pub fn told(&self, form: Form) -> FaultPlan {
        let instant = Anchor::At(self.time);
        let anchor = match form {
            Form::Given => self.given,
            Form::Event => self.event.unwrap_or(instant),
            Form::ManagerEvent => self.manager_event.unwrap_or(instant),
            Form::Instant => instant,
        };
        FaultPlan { fault: self.fault, anchor, silence: self.silence }
    }
}

/// What one run gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// What was violated, first of all what was violated first.
    pub violated: Vec<(Invariant, Violation)>,
    /// By workload; nothing of a workload with more than a literal one may have.
    pub requests: Vec<Option<Vec<LiteralRequest>>>,
    /// Requests of all workloads.
    pub issued: u64,
    pub faults: Vec<ActedFault>,
    /// What operators did wrong without a fault that ordered it.
    pub slips: Vec<FaultPlan>,
    pub events: u64,
}

impl Record {
    pub fn violates(&self, invariant: Invariant) -> bool {
        self.violated.iter().any(|(violated, _)| *violated == invariant)
    }
}

/// Events between two questions whether to go on.
const ASK_EVERY: u64 = 4_096;

/// Runs `plan`: to the first violation of `invariant`, or to its end. `stop` is asked now and then; a run that it ends gives nothing.
///
/// # Errors
/// When no system can be built from the plan.
pub(super) fn record(
    plan: &Plan,
    invariant: Option<Invariant>,
    stop: impl Fn() -> bool,
) -> Result<Option<Record>, BuildError> {
    let mut trial = Trial::new(plan)?;
    let mut checks = Checks::new(Setup::of(plan, |device| u64::from(device.0)));
    let mut recorder = Recorder::new(plan);
    let mut cut = false;
    while let Some(happening) = trial.advance() {
        recorder.see(&trial, happening);
        observe(&mut checks, &trial, happening);
        cut = invariant.is_some_and(|invariant| checks.violations(invariant) > 0);
        if cut || trial.given_up().is_some() {
            break;
        }
        if trial.run.steps.is_multiple_of(ASK_EVERY) && stop() {
            return Ok(None);
        }
    }
    if !cut {
        let (now, quiet) = (trial.run.now(), trial.run.queue.is_empty());
        checks.end(&Seen { world: &trial.run.model, now, quiet }, trial.run.steps);
    }
    let mut violated: Vec<(Invariant, Violation)> =
        checks.report().into_iter().filter_map(|check| Some((check.invariant, check.first?))).collect();
    violated.sort_by_key(|(_, violation)| violation.boundary);
    Ok(Some(Record { violated, events: trial.run.steps, ..recorder.record }))
}

/// A named event of the past.
#[derive(Clone, Copy, Debug)]
struct Named {
    name: EventName,
    nth: u64,
    time: Time,
}

impl Named {
    /// So long behind it.
    fn anchor(self, time: Time) -> Anchor {
        let occurrence = Occurrence::Event { name: self.name, device: None, track: None };
        Anchor::Around { side: Side::After, occurrence, nth: self.nth, delay: time.saturating_since(self.time) }
    }
}

struct Recorder<'p> {
    plan: &'p Plan,
    record: Record,
    counts: BTreeMap<EventName, u64>,
    last: Option<Named>,
    last_of_manager: Option<Named>,
    /// By workload: the number under which its latest request was sent.
    sent: Vec<u32>,
    /// When somebody last did something by hand, or the run began.
    by_hand: Time,
    wrong_answers: u64,
    /// Slips that faults have ordered and whose steps are not done yet.
    ordered: Vec<Slip>,
}

impl Recorder<'_> {
    fn new(plan: &Plan) -> Recorder<'_> {
        Recorder {
            plan,
            record: Record { requests: vec![Some(Vec::new()); plan.workloads.len()], ..Record::default() },
            counts: BTreeMap::new(),
            last: None,
            last_of_manager: None,
            sent: vec![0; plan.workloads.len()],
            by_hand: Time::ZERO,
            wrong_answers: 0,
            ordered: Vec::new(),
        }
    }

    fn see(&mut self, trial: &Trial, happening: Happening) {
        if let Happening::Fault { index, .. } = happening {
            self.fault(trial, index);
        }
        let (now, facts) = (trial.run.now(), trial.run.model.facts());
        self.requests(trial, facts);
        self.slips(trial, facts);
        for fact in facts {
            let Some(name) = fact.name() else { continue };
            let nth = self.counts.entry(name).and_modify(|count| *count += 1).or_insert(1);
            let named = Some(Named { name, nth: *nth, time: now });
            self.last = named;
            if matches!(fact, Fact::Manager(..)) && !is_of_a_request(name) {
                self.last_of_manager = named;
            }
        }
    }

    fn fault(&mut self, trial: &Trial, index: usize) {
        let (armed, time) = (trial.faults.all()[index], trial.run.now());
        let anchor = |named: Option<Named>| named.map(|named| named.anchor(time));
        self.record.faults.push(ActedFault {
            fault: armed.fault,
            silence: armed.silence,
            planned: index < self.plan.faults.len(),
            given: armed.anchor,
            event: anchor(self.last),
            manager_event: anchor(self.last_of_manager),
            time,
        });
    }

    /// Notes what each workload has issued: what is under way since now, and what met a closed volume.
    fn requests(&mut self, trial: &Trial, facts: &[Fact]) {
        let now = trial.run.now();
        for (place, workload) in trial.run.model.workloads.iter().enumerate() {
            let issues = |fact: &Fact| matches!(fact, Fact::Workload(number, WorkloadFact::Issued { .. }) if usize::from(number.0) == place);
            if !facts.iter().any(issues) {
                continue;
            }
            let begun = workload.begun().expect("requests are issued by an application that has started");
            let volumes = &self.plan.workloads[place].volumes;
            let request = |op, volume: u16, track: u32, bytes: u64| LiteralRequest {
                at: now - begun,
                op,
                volume: (volumes.len() > 1).then(|| volumes[usize::from(volume)].id),
                track,
                bytes,
            };
            let mut issued = Vec::new();
            let last = self.sent[place];
            for sent in workload.under_way().into_iter().filter(|it| it.issued_at == now && it.sent > last) {
                self.sent[place] = sent.sent;
                issued.push(request(sent.op, sent.volume, sent.track.0, u64::from(sent.bytes)));
            }
            for fact in facts {
                match *fact {
                    Fact::Workload(number, WorkloadFact::Done { op, track, issued_at, volume, status, .. })
                        if usize::from(number.0) == place && issued_at == now && status == Status::NotOperational =>
                    {
                        issued.push(request(op, volume, track.0, bytes_of(&self.plan.workloads[place].kind)));
                    }
                    _ => {}
                }
            }
            self.record.issued += issued.len() as u64;
            let known = &mut self.record.requests[place];
            if let Some(requests) = known {
                requests.extend(issued);
                if requests.len() > MOST_REQUESTS {
                    *known = None;
                }
            }
        }
    }

    /// Notes slips that no fault has ordered, as faults that order them from the last work by hand on.
    fn slips(&mut self, trial: &Trial, facts: &[Fact]) {
        let mut reply_ordered = false;
        for fact in facts {
            let Fact::Fault { fault: Fault::OperatorSlip { slip, .. }, .. } = *fact else { continue };
            reply_ordered |= slip == Slip::WrongReply;
            self.ordered.extend((slip != Slip::WrongReply).then_some(slip));
        }
        let answers = trial.run.model.operators.iter().map(|operator| operator.usage().wrong_answers).sum();
        if std::mem::replace(&mut self.wrong_answers, answers) < answers && !reply_ordered {
            let nth = self.counts.get(&EventName::DuplicatePrompt).copied().unwrap_or(1);
            let prompt = Named { name: EventName::DuplicatePrompt, nth, time: trial.run.now() };
            let fault = Fault::OperatorSlip { slip: Slip::WrongReply, step: None };
            self.record.slips.push(FaultPlan { fault, anchor: prompt.anchor(prompt.time), silence: false });
        }
        for fact in facts {
            let Fact::Manager(_, ManagerFact::OperatorStep { step, slip, .. }) = *fact else { continue };
            let ordered = slip.and_then(|slip| self.ordered.iter().position(|ordered| *ordered == slip));
            if let Some(place) = ordered {
                self.ordered.remove(place);
            } else if let Some(slip) = slip {
                let fault = Fault::OperatorSlip { slip, step: Some(step) };
                self.record.slips.push(FaultPlan { fault, anchor: Anchor::At(self.by_hand), silence: false });
            }
            self.by_hand = trial.run.now();
        }
    }
}

/// The bytes of a request that found no volume to go to: of a trace nobody asks how many they were.
fn bytes_of(kind: &WorkloadKind) -> u64 {
    match kind {
        WorkloadKind::Open { mix, .. } | WorkloadKind::Closed { mix, .. } => u64::from(mix.bytes),
        WorkloadKind::Trace { .. } => 1,
    }
}

/// Whether an event belongs to a host request: those go when the requests go.
fn is_of_a_request(name: EventName) -> bool {
    matches!(name, EventName::SourceWriteAcknowledged | EventName::TargetWriteAcknowledged | EventName::HostReadDone)
}
