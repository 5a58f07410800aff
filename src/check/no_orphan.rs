//! `no-orphan`: what belongs to a job does not outlive it.
//!
//! Later than `orphan_grace` after a job ended, or recovery was done without it, there is no relationship, hidden ID,
//! fence, undeleted snapshot, tape allocation or inventory entry in progress without a live job; a held job counts as
//! live. Judged at the
//! first event after each grace, when recovery is done and at the end of the run; not while a host or a
//! controller is down or recovering, because nobody could clean up.

use std::collections::BTreeSet;

use super::scene::Scene;
use super::tally::Tally;
use super::view::{EntryState, Relation, View};
use crate::kernel::Time;
use crate::manager::Job;
use crate::vocab::{Backup, Device, Drive, RelationNumber};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Orphan {
    Relation { number: RelationNumber, source: Device, target: Device },
    HiddenId(Device),
    Fence(Device),
    Allocation(Drive),
    Entry(Backup),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoOrphan {
    pub tally: Tally,
    /// When a grace ends.
    dues: BTreeSet<Time>,
    /// Found already.
    known: BTreeSet<Orphan>,
    /// A job ended or a recovery was done.
    premise: bool,
}

impl NoOrphan {
    /// A job ended, was undone, or recovery is done.
    pub fn ended(&mut self, scene: &Scene<impl View>) {
        self.premise = true;
        self.dues.insert(scene.now().saturating_add(scene.setup.limits.orphan_grace));
    }

    pub fn due(&self) -> Time {
        self.dues.first().copied().unwrap_or(Time::NEVER)
    }

    /// At the first event at or after a due instant, and when recovery is done.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        self.dues = self.dues.split_off(&Time::from_ns(scene.now().ns() + 1));
        let grace = scene.setup.limits.orphan_grace;
        self.search(scene, |since| since.saturating_add(grace) <= scene.now());
    }

    /// Z: in a system that is quiet nobody will clean up any more.
    pub fn end(&mut self, scene: &Scene<impl View>) {
        let (quiet, grace) = (scene.view.is_quiet(), scene.setup.limits.orphan_grace);
        self.search(scene, |since| quiet || since.saturating_add(grace) <= scene.now());
    }

    /// `is_late` judges since when something has been without a job.
    fn search(&mut self, scene: &Scene<impl View>, is_late: impl Fn(Time) -> bool) {
        let found: BTreeSet<Orphan> =
            orphans(scene).into_iter().filter(|(_, since)| is_late(*since)).map(|(orphan, _)| orphan).collect();
        self.tally.evaluate(self.premise);
        for &orphan in found.difference(&self.known) {
            self.tally.violate(scene.at, || describe(scene, orphan));
        }
        self.known = found;
    }
}

/// Everything without a live job, and since when.
fn orphans(scene: &Scene<impl View>) -> Vec<(Orphan, Time)> {
    let live: Vec<Job> =
        scene.view.jobs().iter().filter(|state| state.live || state.held).map(|state| state.job).collect();
    let is_live = |backup: Backup| live.contains(&Job::Backup(backup));
    let backups = &scene.books.jobs.backups;
    // The last job with that target ended at some moment; what no job ever named has been there from the start.
    let since = |device: Device| {
        let ends = backups.iter().filter(|case| case.target == device);
        ends.map(|case| case.ended_at().or(case.finish.map(|finish| finish.at)).unwrap_or(case.started))
            .max()
            .unwrap_or(Time::ZERO)
    };
    let has_job = |device: Device| backups.iter().any(|case| case.target == device && is_live(case.backup));
    let mut found = Vec::new();
    // A copy back was asked for by a person and never belonged to a job.
    let is_ownerless =
        |relation: &&Relation| !has_job(relation.target) && scene.books.copied_back(relation.number).is_none();
    for relation in scene.view.relations().iter().filter(is_ownerless) {
        let orphan = Orphan::Relation { number: relation.number, source: relation.source, target: relation.target };
        found.push((orphan, since(relation.target)));
    }
    for device in scene.setup.devices().filter(|&device| !has_job(device)) {
        if scene.view.durable_label(device).label.is_some_and(|label| label.has_hidden()) {
            found.push((Orphan::HiddenId(device), since(device)));
        }
    }
    for device in scene.view.fences().into_iter().filter(|&device| !has_job(device)) {
        found.push((Orphan::Fence(device), since(device)));
    }
    for allocation in scene.view.tape_allocations().iter().filter(|allocation| !live.contains(&allocation.job)) {
        found.push((Orphan::Allocation(allocation.drive), end_of(scene, allocation.job)));
    }
    for entry in scene.view.inventory() {
        if entry.state == EntryState::InProgress && !is_live(entry.backup) {
            found.push((Orphan::Entry(entry.backup), end_of(scene, Job::Backup(entry.backup))));
        }
    }
    found
}

fn end_of(scene: &Scene<impl View>, job: Job) -> Time {
    let jobs = &scene.books.jobs;
    let (finish, vanished) = match job {
        Job::Backup(backup) => jobs.backup(backup).map_or((None, None), |case| (case.finish, case.vanished)),
        Job::Restore(restore) => jobs.restore(restore).map_or((None, None), |case| (case.finish, case.vanished)),
    };
    finish.map(|finish| finish.at).or(vanished).unwrap_or(Time::ZERO)
}

fn describe(scene: &Scene<impl View>, orphan: Orphan) -> String {
    let number = |device| scene.number(device);
    match orphan {
        Orphan::Relation { source, target, .. } if scene.setup.is_log_structured() => {
            format!("the snapshot of {} on {} was not deleted and has no live job", number(source), number(target))
        }
        Orphan::Relation { source, target, .. } => {
            format!("the relationship from {} to {} stands without a live job", number(source), number(target))
        }
        Orphan::HiddenId(device) => format!("device {} keeps a hidden ID without a live job", number(device)),
        Orphan::Fence(device) => format!("device {} is fenced without a live job", number(device)),
        Orphan::Allocation(drive) => format!("tape drive {} is allocated without a live job", drive.0),
        Orphan::Entry(backup) => {
            format!("the inventory has backup {} in progress without a live job", backup.0 + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake};
    use crate::check::view::TapeAllocation;
    use crate::kernel::Span;
    use crate::manager::{ManagerFact, Outcome};

    const ENDED: ManagerFact =
        ManagerFact::JobEnded { job: Job::Backup(BACKUP), outcome: Outcome::Complete, held: false };

    /// The job ends at 10 s; the last look is at `look_at` seconds.
    fn looked(look_at: u64, change: impl FnOnce(&mut Fake)) -> NoOrphan {
        let mut fake = Fake::with_copy();
        fake.now = Time::ZERO + Span::from_secs(10);
        fake.note_manager(ENDED);
        fake.jobs.clear();
        change(&mut fake);
        let mut check = NoOrphan::default();
        fake.scene(|scene| check.ended(scene));
        assert_eq!(check.due(), Time::ZERO + Span::from_secs(70));
        fake.now = Time::ZERO + Span::from_secs(look_at);
        fake.scene(|scene| check.look(scene));
        check
    }

    #[test]
    fn a_job_that_leaves_nothing_holds() {
        let check = looked(70, |fake| {
            fake.relations.clear();
            fake.clear_hidden();
        });
        assert_eq!((check.tally.premise_true, check.tally.violations), (1, 0));
        assert_eq!(check.due(), Time::NEVER);
    }

    #[test]
    fn what_stays_beyond_the_grace_violates_once_each() {
        assert_eq!(looked(69, |_| {}).tally.violations, 0);
        let mut check = looked(70, |fake| {
            fake.fences.push(crate::check::fake::TARGET);
            fake.allocations.push(TapeAllocation { drive: Drive(1), job: Job::Backup(BACKUP) });
        });
        assert_eq!(check.tally.violations, 4);
        let detail = check.tally.first.as_ref().map(|first| first.detail.as_str());
        assert_eq!(detail, Some("the relationship from 0A00 to 0A10 stands without a live job"));
        let mut fake = Fake::with_copy();
        fake.jobs.clear();
        fake.quiet = true;
        fake.scene(|scene| check.end(scene));
        assert_eq!(check.tally.violations, 4, "the relationship and the hidden ID were known");
    }

    #[test]
    fn an_entry_in_progress_without_its_job_violates() {
        let mut fake = Fake::with_backup();
        fake.inventory[0].state = EntryState::InProgress;
        fake.quiet = true;
        let mut check = NoOrphan::default();
        fake.scene(|scene| check.end(scene));
        assert_eq!(check.tally.violations, 0, "its job is live");
        fake.jobs.clear();
        fake.relations.clear();
        fake.clear_hidden();
        fake.scene(|scene| check.end(scene));
        let detail = check.tally.first.expect("a violation is kept").detail;
        assert_eq!(detail, "the inventory has backup 1 in progress without a live job");
    }

    #[test]
    fn a_held_job_is_live() {
        let check = looked(70, |fake| fake.hold());
        assert_eq!((check.tally.premise_true, check.tally.violations), (1, 0));
    }

    #[test]
    fn before_any_job_ended_there_is_no_premise() {
        let mut check = NoOrphan::default();
        Fake::new().scene(|scene| check.look(scene));
        assert_eq!((check.tally.evaluated, check.tally.premise_true), (1, 0));
    }
}
