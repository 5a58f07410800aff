//! `progress`: every job ends, every host request ends, and a quiet system owes nobody an answer.
//!
//! A started job ends within three times its fault-free time, and a host request within `io_bound`, both plus the
//! outages they meet: while the controller is down, and from the crash of a host to the end of its recovery.

use super::outages::Outages;
use super::scene::Scene;
use super::tally::Tally;
use super::view::View;
use crate::kernel::{Span, Time};
use crate::manager::Job;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub tally: Tally,
    /// When the next bound may be passed.
    due: Option<Time>,
    /// Jobs already counted as late.
    late: Vec<Job>,
    /// Issue time of a request already counted as late.
    late_request: Option<Time>,
}

/// A job without an end, and since when.
type OpenJob = (Job, Time);

impl Progress {
    /// J: a job ended; it may have been late.
    pub fn ended(&mut self, scene: &Scene<impl View>, outages: &Outages, job: Job) {
        let started = match job {
            Job::Backup(backup) => scene.books.jobs.backup(backup).map(|case| case.started),
            Job::Restore(restore) => scene.books.jobs.restore(restore).map(|case| case.started),
        };
        self.tally.evaluate(started.is_some());
        if let Some(started) = started {
            self.judge_job(scene, outages, (job, started));
        }
        self.late.retain(|late| *late != job);
    }

    /// A job was started or resumed: its bound is to be looked at.
    pub fn job_opened(&mut self) {
        self.due = None;
    }

    pub fn due(&self) -> Time {
        self.due.unwrap_or(Time::ZERO)
    }

    /// At the first event at or after [`Self::due`].
    pub fn look(&mut self, scene: &Scene<impl View>, outages: &Outages) {
        let (job_bound, io_bound) = (scene.setup.job_bound(), scene.setup.limits.io_bound);
        // A request that is issued later passes its bound later than this; a job that is opened later says so.
        let mut due = scene.now().saturating_add(io_bound);
        for open in open_jobs(scene) {
            due = due.min(self.judge_job(scene, outages, open));
        }
        if let Some(issued) = scene.view.outstanding().oldest {
            due = due.min(self.judge_request(scene, outages, issued));
            if self.late_request == Some(issued) {
                // It hides the requests behind it, so that they are looked for more often.
                due = due.min(scene.now().saturating_add(job_bound));
            }
        }
        self.due = Some(due);
    }

    /// Z.
    pub fn end(&mut self, scene: &Scene<impl View>, outages: &Outages) {
        self.look(scene, outages);
        let outstanding = scene.view.outstanding().count;
        let jobs = &scene.books.jobs;
        let started = !jobs.backups.is_empty() || !jobs.restores.is_empty();
        if !scene.view.is_quiet() {
            return self.tally.evaluate(started || outstanding > 0);
        }
        self.tally.evaluate(true);
        if outstanding > 0 {
            self.tally
                .violate(scene.at, || format!("nothing is pending and {outstanding} host requests have no answer"));
        }
        for (job, _) in open_jobs(scene) {
            if !self.late.contains(&job) {
                self.tally.violate(scene.at, || format!("nothing is pending and {job} has not ended"));
            }
        }
    }

    pub fn begin_fork(&mut self) {
        self.tally.forget_violations();
    }

    /// Returns the instant at which to judge it again.
    fn judge_job(&mut self, scene: &Scene<impl View>, outages: &Outages, (job, started): OpenJob) -> Time {
        let bound = scene.setup.job_bound();
        let (late, again) = exceeds(scene.now(), outages, started, bound);
        if late && !self.late.contains(&job) {
            self.late.push(job);
            self.tally.evaluate(true);
            let took = scene.now() - started;
            self.tally.violate(scene.at, || {
                format!("{job} has taken {took}, which is more than {bound} and the outages it met")
            });
        }
        again
    }

    fn judge_request(&mut self, scene: &Scene<impl View>, outages: &Outages, issued: Time) -> Time {
        let bound = scene.setup.limits.io_bound;
        let (late, again) = exceeds(scene.now(), outages, issued, bound);
        if late && self.late_request != Some(issued) {
            self.late_request = Some(issued);
            self.tally.evaluate(true);
            self.tally.violate(scene.at, || {
                format!("a host request issued at {issued} has no answer after {bound} and the outages it met")
            });
        }
        again
    }
}

/// Whether more than `bound` has passed since `from`, outages not counted; and when that could first be so.
fn exceeds(now: Time, outages: &Outages, from: Time, bound: Span) -> (bool, Time) {
    let elapsed = now.saturating_since(from).saturating_sub(outages.between(from, now));
    if elapsed > bound {
        return (true, Time::NEVER);
    }
    (false, now.saturating_add(bound.saturating_sub(elapsed)).saturating_add(Span::from_ns(1)))
}

/// Jobs that the manager owes an end: also those that it forgot.
fn open_jobs(scene: &Scene<impl View>) -> Vec<OpenJob> {
    let jobs = &scene.books.jobs;
    let backups = jobs.backups.iter().filter(|case| case.finish.is_none());
    let restores = jobs.restores.iter().filter(|case| case.finish.is_none());
    backups
        .map(|case| (Job::Backup(case.backup), case.started))
        .chain(restores.map(|case| (Job::Restore(case.restore), case.started)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake};
    use crate::check::view::Outstanding;
    use crate::controller::dasd::DasdFact;
    use crate::manager::{ManagerFact, Outcome};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    const ENDED: ManagerFact =
        ManagerFact::JobEnded { job: Job::Backup(BACKUP), outcome: Outcome::Complete, held: false };

    #[test]
    fn a_job_that_ends_in_time_holds() {
        let (mut fake, mut check, outages) = (Fake::with_copy(), Progress::default(), Outages::default());
        fake.now = at(300);
        fake.note_manager(ENDED);
        fake.quiet = true;
        fake.scene(|scene| {
            check.ended(scene, &outages, Job::Backup(BACKUP));
            check.end(scene, &outages);
        });
        assert_eq!((check.tally.premise_true, check.tally.violations), (2, 0));
    }

    #[test]
    fn a_job_beyond_its_bound_violates_once_and_outages_extend_it() {
        let (mut fake, mut check) = (Fake::with_copy(), Progress::default());
        let mut outages = Outages::default();
        outages.note_dasd(DasdFact::Down, at(100));
        outages.note_dasd(DasdFact::Up, at(150));
        for (seconds, violations) in [(300, 0), (350, 0), (351, 1), (999, 1)] {
            fake.now = at(seconds);
            fake.scene(|scene| check.look(scene, &outages));
            assert_eq!(check.tally.violations, violations, "at {seconds} s");
        }
        fake.note_manager(ENDED);
        fake.scene(|scene| check.ended(scene, &outages, Job::Backup(BACKUP)));
        assert_eq!(check.tally.violations, 1);
        let detail = check.tally.first.expect("a violation is kept").detail;
        assert_eq!(detail, "backup 1 has taken 351 s, which is more than 300 s and the outages it met");
    }

    #[test]
    fn a_request_without_an_answer_violates() {
        let (mut fake, mut check, outages) = (Fake::new(), Progress::default(), Outages::default());
        fake.outstanding = Outstanding { count: 1, oldest: Some(at(5)) };
        fake.now = at(605);
        fake.scene(|scene| check.look(scene, &outages));
        assert_eq!((check.tally.violations, check.due()), (0, at(605) + Span::from_ns(1)));
        fake.now = check.due();
        fake.scene(|scene| {
            check.look(scene, &outages);
            check.look(scene, &outages);
        });
        assert_eq!(check.tally.violations, 1);
    }

    #[test]
    fn a_quiet_system_owes_nothing() {
        let (mut fake, mut check, outages) = (Fake::with_copy(), Progress::default(), Outages::default());
        fake.quiet = true;
        fake.outstanding.count = 2;
        fake.scene(|scene| check.end(scene, &outages));
        assert_eq!(check.tally.violations, 2);
        let detail = check.tally.first.expect("a violation is kept").detail;
        assert_eq!(detail, "nothing is pending and 2 host requests have no answer");
    }

    #[test]
    fn a_run_cut_before_anything_started_is_no_premise() {
        let (mut fake, mut check, outages) = (Fake::new(), Progress::default(), Outages::default());
        fake.scene(|scene| check.end(scene, &outages));
        assert_eq!((check.tally.evaluated, check.tally.premise_true), (1, 0));
    }
}
