//! One run of one plan: events and faults in order, until the work is done and everything is quiet.

use super::faults::Faults;
use super::outcome::{EndReason, Overrun};
use crate::fault::plan::Fault;
use crate::kernel::{Run, Span, Time};
use crate::scenario::Plan;
use crate::scenario::plan::Ending;
use crate::world::{BuildError, World};

/// What happened at a boundary, for observers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    Event,
    /// A fault acted: its place in [`Faults::all`], and whether it found something to act upon.
    Fault {
        index: usize,
        effect: bool,
    },
}

/// How far [`Trial::advance_before`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Reached(Happening),
    /// Whatever comes next comes at the mark or after it. Nothing has happened.
    Mark,
    /// The run is over.
    Over,
}

/// A run in progress with its faults and its end. Cloning it forks the future, faults included.
#[derive(Clone, Debug)]
pub struct Trial {
    pub run: Run<World>,
    pub faults: Faults,
    ending: Ending,
    /// When the work was seen to be done.
    done_at: Option<Time>,
    stopped: bool,
    /// A fault that acts next, behind a mark.
    due: Option<(usize, Time)>,
    give_up_at: Time,
    overrun: Option<Overrun>,
}

/// How often the end of the work is looked for, in events; job ends are seen at once.
const LOOK_EVERY: u64 = 64;

impl Trial {
    pub fn new(plan: &Plan) -> Result<Trial, BuildError> {
        let last_start = plan.backups.iter().map(|backup| backup.stimulus.trigger.last_instant());
        let last_start = last_start.chain(plan.restores.iter().filter_map(|restore| restore.at)).max();
        // A hundred times the longest job and a month: no job that still does something takes so long (A).
        let patience = plan.limits.job_time * 100 + Span::from_secs(30 * 86_400);
        Ok(Trial {
            run: World::build(plan)?,
            faults: Faults::new(&plan.faults, &plan.rates, plan.seed),
            ending: plan.ending,
            done_at: None,
            stopped: false,
            due: None,
            overrun: None,
            give_up_at: last_start.max(plan.ending.at()).unwrap_or(Time::ZERO).saturating_add(patience),
        })
    }

    /// Goes on to the next boundary: lets one fault act, or delivers one event. `None` when the run is over.
    pub fn advance(&mut self) -> Option<Happening> {
        match self.advance_before(None) {
            Step::Reached(happening) => Some(happening),
            Step::Mark | Step::Over => None,
        }
    }

    /// As [`Trial::advance`], but stays in front of everything that happens at `mark` or after it.
    pub fn advance_before(&mut self, mark: Option<Time>) -> Step {
        let stop = self.stop_time();
        let due = self.due.take().or_else(|| self.faults.due(&mut self.run, !self.stopped));
        if let Some((index, time)) = due
            && stop.is_none_or(|stop| time <= stop)
        {
            if mark.is_some_and(|mark| mark <= time) {
                self.due = due;
                return Step::Mark;
            }
            return Step::Reached(self.strike(index, time));
        }
        let near = mark.filter(|&mark| stop.is_none_or(|stop| mark <= stop));
        if self.run.step_until(near.or(stop)).is_none() {
            if near.is_some() && !self.run.queue.is_empty() {
                return Step::Mark;
            }
            // Nothing is left, or nothing before the end of the work.
            if stop.is_none() {
                return Step::Over;
            }
            self.stopped = true;
            self.faults.forget_ahead();
            self.run.inject("stop", |world, _, _| world.stop_workloads());
            return self.advance_before(mark);
        }
        let facts = self.run.model.facts();
        self.faults.count(self.run.now(), facts);
        let look = self.run.steps.is_multiple_of(LOOK_EVERY);
        if look || facts.iter().any(|fact| fact.ends_work()) {
            self.look_for_the_end();
        }
        if look {
            self.look_for_an_overrun();
        }
        Step::Reached(Happening::Event)
    }

    /// Runs to the end, showing every boundary to `observer`.
    pub fn finish(&mut self, mut observer: impl FnMut(&Trial, Happening)) -> EndReason {
        while let Some(happening) = self.advance() {
            observer(self, happening);
            if let Some(reason) = self.given_up() {
                return reason;
            }
        }
        self.end_reason()
    }

    /// Why the run is over, now that nothing is pending any more.
    pub fn end_reason(&self) -> EndReason {
        if self.ending.at().is_some() { EndReason::Until } else { EndReason::Quiescent }
    }

    /// Why there is no point in going on, if there is none.
    pub fn given_up(&self) -> Option<EndReason> {
        match self.overrun {
            Some(_) => Some(EndReason::Overrun),
            None => self.has_stalled().then_some(EndReason::Stalled),
        }
    }

    /// The workload that asks faster than it is answered, once it was seen.
    pub fn overrun(&self) -> Option<Overrun> {
        self.overrun
    }

    /// No job that still does something takes as long as this.
    pub fn has_stalled(&self) -> bool {
        self.run.now() > self.give_up_at
    }

    /// Lets a fault act at the present boundary, beside those of the plan.
    pub fn inject(&mut self, fault: Fault) -> Happening {
        let now = self.run.now();
        let index = self.faults.add(fault, now);
        self.strike(index, now)
    }

    /// Workloads issue nothing more from now on; everything else goes on, and applications open their volumes again.
    pub fn silence(&mut self) {
        self.faults.forget_ahead();
        self.run.model.silence_workloads();
    }

    /// Whether workloads have been stopped and the run only drains.
    pub fn is_draining(&self) -> bool {
        self.stopped
    }

    fn strike(&mut self, index: usize, time: Time) -> Happening {
        self.run.advance_to(time);
        let fault = self.faults.all()[index].fault;
        let effect =
            self.run.inject("fault", |world, queue, fingerprint| world.strike(index, fault, queue, fingerprint));
        self.faults.acted(index, self.run.steps, time, effect);
        let silence = effect && self.faults.all()[index].silence;
        self.faults.count(time, self.run.model.facts());
        self.done_at = None;
        if silence {
            self.run.model.silence_workloads();
        }
        Happening::Fault { index, effect }
    }

    /// When workloads stop, as far as that is known.
    fn stop_time(&self) -> Option<Time> {
        if self.stopped {
            return None;
        }
        match self.ending {
            Ending::At(time) => Some(time),
            Ending::AfterWork { tail } => self.done_at.map(|done| done + tail),
        }
    }

    fn look_for_an_overrun(&mut self) {
        let mut workloads = self.run.model.workloads.iter().enumerate();
        let outruns = workloads.find(|(_, workload)| workload.outruns_the_system());
        let overrun =
            |(workload, it): (usize, &crate::host::Workload)| Overrun { workload, outstanding: it.outstanding() };
        self.overrun = self.overrun.or(outruns.map(overrun));
    }

    fn look_for_the_end(&mut self) {
        let world = &self.run.model;
        let limited = |workload: &crate::host::Workload| workload.plan().is_finite();
        let now = self.run.now();
        let done = world.images.iter().all(|image| image.work_is_done(now))
            && world.dasd.is_up()
            && world.requesters.iter().all(|requester| requester.is_done())
            && world.orders_left == 0
            && !self.faults.any_scheduled()
            && world.workloads.iter().filter(|workload| limited(workload)).all(|workload| workload.is_exhausted());
        self.done_at = if done { self.done_at.or(Some(self.run.now())) } else { None };
    }
}
