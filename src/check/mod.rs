//! Is what the system does right? Fifteen invariants, judged from outside.
//!
//! [`Checks`] watches the facts of every event and looks at the system through [`View`]; no component knows of it. It
//! belongs to a run and is cloned with it. One file holds one invariant; `books` holds what all of them remember of the
//! past: the [`ledger`](Ledger) of host acknowledgements, the jobs with their images at T0, the labels.
//!
//! *When.* After every event ([`Checks::observe`]), right after an injected fault ([`Checks::crashed`], durable state
//! only), and at the end ([`Checks::end`]). State predicates are true or false after *every* event, but are looked at
//! only when a fact says that what they depend on may have changed; all other events repeat the last answer. Bounds on
//! time are looked at in the first event at or after the instant at which they could be passed.

mod accessible_after_restore;
mod backup_exists;
mod backup_id;
mod binding_exclusive;
mod books;
mod cached_id_coherent;
mod chains;
mod cow_order;
mod doubt;
mod exposure;
#[cfg(test)]
mod fake;
mod goals;
mod hidden_id_sound;
mod jobs;
mod ledger;
mod no_lost_acked_write;
mod no_orphan;
mod outages;
mod point_in_time_fidelity;
mod progress;
mod refcount_exact;
mod restore_fidelity;
mod rows;
mod scene;
mod setup;
mod success_means_success;
mod tally;
mod tape;
mod touched;
mod unique_ipl_id;
mod unique_online_id;
mod verdict;
mod view;
mod world;

use std::sync::Arc;

pub use exposure::{Duplicate, Episode};
pub use goals::{Goal, Goals};
pub use ledger::{Contents, HostWrite, LastWrite, Ledger, Loss};
pub use setup::{CheckedVolume, Setup};
pub use tally::{Moment, Tally, Violation};
pub use verdict::{CheckReport, ExposureReport, Verdict};
pub use view::{
    Bindings, EntryState, InventoryEntry, JobState, Outstanding, PlaceRange, PlaceUse, Places, Relation,
    TapeAllocation, TapeRecord, View,
};
pub use world::Seen;

use crate::controller::dasd::DasdFact;
use crate::controller::tape::{LabelKind, TapeFact};
use crate::kernel::{Time, mix};
use crate::manager::{Job, ManagerFact, Outcome};
use crate::vocab::{Extents, Image, Invariant};
use crate::world::Fact;
use books::Books;
use jobs::BackupCase;
use outages::Outages;
use rows::Rows;
use scene::Scene;
use tape::{Reading, TapeAudit, TapeNews};
use touched::Touched;

/// When a state predicate is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Looking {
    /// When a fact says that it may have changed.
    #[default]
    OnChange,
    /// After every event: slow, for the test that the other way misses nothing.
    Always,
}

/// Ledger, fifteen invariants and goals of one run.
#[derive(Clone, Debug)]
pub struct Checks {
    setup: Arc<Setup>,
    books: Books,
    outages: Outages,
    rows: Rows,
    goals: Goals,
    looking: Looking,
    /// When a bound on time has to be looked at next.
    due: Time,
    /// The last boundary that was seen.
    at: Moment,
    started: bool,
}

impl Checks {
    pub fn new(setup: Setup) -> Checks {
        Checks {
            books: Books::new(&setup),
            setup: Arc::new(setup),
            outages: Outages::default(),
            rows: Rows::default(),
            goals: Goals::default(),
            looking: Looking::default(),
            due: Time::ZERO,
            at: Moment::default(),
            started: false,
        }
    }

    /// Changes when state predicates are looked at.
    #[must_use]
    pub fn looking(self, looking: Looking) -> Checks {
        Checks { looking, ..self }
    }

    /// E, R and J rows: after every event, with its facts. `boundary` counts the events so far.
    pub fn observe(&mut self, view: &impl View, boundary: u64, facts: &[Fact]) {
        self.at = Moment { boundary, time: view.now() };
        let mut touched = if self.started { Touched::default() } else { Touched::ALL };
        self.started = true;
        for &fact in facts {
            self.take_note(view, fact, &mut touched);
        }
        self.look(view, touched);
        self.rows.count();
    }

    /// Right after a fault was injected that is no crash, with the facts that it caused. It is no event: nothing counts.
    pub fn injected(&mut self, view: &impl View, boundary: u64, facts: &[Fact]) {
        self.at = Moment { boundary, time: view.now() };
        let mut touched = Touched::ALL;
        self.started = true;
        for &fact in facts {
            self.take_note(view, fact, &mut touched);
        }
        self.look(view, touched);
    }

    /// C rows: right after an injected crash of a host, of a controller or of everything, with the facts that it caused.
    pub fn crashed(&mut self, view: &impl View, boundary: u64, facts: &[Fact]) {
        self.at = Moment { boundary, time: view.now() };
        let recovering = self.outages.is_running();
        // What a crash meets in the middle is a job or a recovery of the first image.
        let elsewhere = |fact: &Fact| matches!(fact, Fact::Fault { fault, .. } if !fault.reaches(Image::FIRST));
        if !facts.iter().any(elsewhere) {
            let Checks { goals, setup, books, at, .. } = self;
            goals.crashed(&Scene { view, setup: &*setup, books: &*books, at: *at }, recovering);
        }
        self.injected(view, boundary, facts);
        let (rows, scene) = self.parts(view);
        rows.cow_order.crashed(&scene);
        rows.point_in_time_fidelity.resolve(&scene);
        rows.backup_id.sweep(&scene);
        rows.no_lost_acked_write.crashed(&scene);
        rows.hidden_id_sound.crashed(&scene);
    }

    /// Z rows: the run is over.
    pub fn end(&mut self, view: &impl View, boundary: u64) {
        self.at = Moment { boundary, time: view.now() };
        self.look(view, Touched::ALL);
        let outages = std::mem::take(&mut self.outages);
        let (rows, scene) = self.parts(view);
        rows.no_lost_acked_write.end(&scene);
        rows.restore_fidelity.end(&scene);
        rows.backup_id.sweep(&scene);
        rows.accessible_after_restore.end(&scene);
        rows.no_orphan.end(&scene);
        rows.hidden_id_sound.end(&scene);
        rows.progress.end(&scene, &outages);
        self.outages = outages;
    }

    /// The fifteen rows of the architecture, in the order of [`Invariant::ALL`].
    pub fn report(&self) -> Vec<CheckReport> {
        let required = |invariant| self.setup.required.contains(&invariant);
        let exposure = |invariant| {
            let exposure = self.rows.exposure(invariant)?;
            let (total, longest) = exposure.until(self.at.time);
            Some(ExposureReport { total, longest, episodes: exposure.episodes().to_vec() })
        };
        let rows = self.rows.tallies().filter(|(invariant, _)| self.setup.has_row(*invariant));
        rows.map(|(invariant, tally)| CheckReport::new(invariant, required(invariant), tally, exposure(invariant)))
            .collect()
    }

    /// The host or the controller is down, or the recovery from that has not ended.
    pub fn in_recovery(&self) -> bool {
        self.outages.in_recovery()
    }

    pub fn goals(&self) -> &Goals {
        &self.goals
    }

    /// What hosts were told.
    pub fn ledger(&self) -> &Ledger {
        &self.books.ledger
    }

    /// How often an invariant was violated so far.
    pub fn violations(&self, invariant: Invariant) -> u64 {
        self.rows.tally(invariant).violations
    }

    /// A fork begins at this boundary: it answers for its own time only (HAZARDS 10.3). A state predicate that is false
    /// here counts as seen here.
    pub fn begin_fork(&mut self, view: &impl View, boundary: u64) {
        self.at = Moment { boundary, time: view.now() };
        let (rows, scene) = self.parts(view);
        rows.begin_fork(&scene);
    }

    /// A digest of what the checks will hold against the future: ledger, images at T0, states of jobs. No time enters.
    pub fn digest(&self) -> u64 {
        let jobs = &self.books.jobs;
        let backups = jobs.backups.iter().fold(self.books.ledger.digest(), |digest, case| {
            let image = case.image.as_ref().map_or(0, |image| image.contents.digest());
            let state = (case.copy as u64) << 3
                | u64::from(case.whole) << 2
                | u64::from(case.is_live()) << 1
                | u64::from(case.finish.is_some());
            mix(mix(digest, image), state)
        });
        let rows = mix(backups, self.rows.digest());
        jobs.restores.iter().fold(rows, |digest, case| {
            mix(digest, u64::from(case.is_live()) << 1 | u64::from(case.completed.is_some()))
        })
    }

    fn parts<'a, V: View>(&'a mut self, view: &'a V) -> (&'a mut Rows, Scene<'a, V>) {
        (&mut self.rows, Scene { view, setup: &self.setup, books: &self.books, at: self.at })
    }

    #[inline]
    fn take_note(&mut self, view: &impl View, fact: Fact, touched: &mut Touched) {
        match fact {
            Fact::Dasd(fact) => self.dasd(view, fact, touched),
            Fact::Manager(image, fact) => self.manager(view, image, fact, touched),
            Fact::Tape(fact) => {
                if let Some(TapeNews::Hardened { backup, track, tag }) = tape::news(fact) {
                    let (rows, scene) = self.parts(view);
                    rows.point_in_time_fidelity.hardened(&scene, backup, track, tag);
                }
                // What stood on the cartridge is gone with its first new record.
                touched.inventory |= matches!(fact, TapeFact::LabelHardened { label: LabelKind::Vol1, .. });
                let Checks { goals, setup, books, at, .. } = self;
                goals.tape(&Scene { view, setup: &*setup, books: &*books, at: *at }, fact);
            }
            Fact::Workload(_, fact) => self.goals.workload(fact),
            Fact::Fault { .. } => *touched = Touched::ALL,
        }
    }

    #[inline]
    fn dasd(&mut self, view: &impl View, fact: DasdFact, touched: &mut Touched) {
        // The facts of ordinary reads and destages concern nobody here.
        if matches!(
            fact,
            DasdFact::WriteAccepted { .. }
                | DasdFact::WriteCommitted { .. }
                | DasdFact::StageDone { .. }
                | DasdFact::DestageStarted { .. }
                | DasdFact::DestageDone { .. }
                | DasdFact::StripeDataWritten { .. }
                | DasdFact::StripeParityWritten { .. }
        ) {
            return;
        }
        self.books.note_dasd(view, fact);
        self.outages.note_dasd(fact, self.at.time);
        let Checks { goals, setup, books, at, rows, .. } = self;
        let scene = Scene { view, setup: &*setup, books: &*books, at: *at };
        goals.dasd(&scene, fact);
        rows.cow_order.react(&scene, fact);
        rows.refcount_exact.react(&scene, fact);
        rows.hidden_id_sound.note_dasd(&scene, fact);
        if let DasdFact::RelationshipCommitted { relation, .. } = fact
            && let Some(volume) = books.copied_back(relation)
        {
            rows.accessible_after_restore.restored(&scene, volume);
        }
        touched.dasd(fact);
    }

    #[inline]
    fn manager(&mut self, view: &impl View, image: Image, fact: ManagerFact, touched: &mut Touched) {
        if let ManagerFact::ReadDone { device, track, tag, issued, volume } = fact {
            let answer = self.books.ledger.read(volume, track, tag, issued);
            let (rows, scene) = self.parts(view);
            let detail = || no_lost_acked_write::wrong_read(&scene, volume, device, track);
            return rows.no_lost_acked_write.read(scene.at, answer, detail);
        }
        self.books.note_manager(view, &self.setup, image, fact);
        let Checks { goals, setup, books, at, .. } = self;
        goals.manager(&Scene { view, setup: &*setup, books: &*books, at: *at }, fact);
        if matches!(
            fact,
            ManagerFact::WriteIssued { .. } | ManagerFact::WriteAcknowledged { .. } | ManagerFact::WriteFailed { .. }
        ) {
            return self.books.tidy(view);
        }
        if matches!(
            fact,
            ManagerFact::StimulusAccepted { .. } | ManagerFact::RestoreStarted { .. } | ManagerFact::JobResumed { .. }
        ) {
            self.rows.progress.job_opened();
            self.due = Time::ZERO;
        }
        self.outages.note_manager(image, fact, self.at.time);
        let (rows, scene) = self.parts(view);
        rows.hidden_id_sound.note_manager(&scene, fact);
        self.judge(view, fact);
        touched.manager(fact);
    }

    /// The rows of the moments that a fact of the manager names.
    fn judge(&mut self, view: &impl View, fact: ManagerFact) {
        if let ManagerFact::JobEnded { job, outcome, .. } = fact {
            return self.ended(view, job, outcome);
        }
        let (rows, scene) = self.parts(view);
        match fact {
            ManagerFact::DumpTrackRead { backup, device, track, tag } => {
                rows.point_in_time_fidelity.dump_read(&scene, backup, device, track, tag);
            }
            ManagerFact::ApplicationOpened { volume, device } => {
                rows.no_lost_acked_write.opened(&scene, volume, device);
                rows.accessible_after_restore.opened(&scene, volume);
            }
            ManagerFact::RestoreComplete { restore, backup, device } => {
                let case = scene.books.jobs.restore(restore);
                let extents = case.map_or(Extents::whole(u32::MAX), |case| case.extents);
                let wrong = rows.restore_fidelity.completed(&scene, backup, device, &extents);
                rows.success_means_success.restore_completed(&scene, restore, wrong);
                if let Some(case) = case {
                    // Tracks without a label come back under the ID of whatever volume holds them.
                    let bears = scene.books.label(device).id().filter(|_| !extents.holds_label());
                    rows.accessible_after_restore.restored(&scene, bears.unwrap_or(case.volume));
                }
            }
            ManagerFact::JobUndone { .. } => rows.no_orphan.ended(&scene),
            ManagerFact::RecoveryDone => {
                rows.point_in_time_fidelity.resolve(&scene);
                rows.no_orphan.ended(&scene);
                rows.no_orphan.look(&scene);
            }
            _ => {}
        }
    }

    fn ended(&mut self, view: &impl View, job: Job, outcome: Outcome) {
        let Checks { rows, setup, books, at, outages, .. } = self;
        let scene = Scene { view, setup: &*setup, books: &*books, at: *at };
        rows.progress.ended(&scene, outages, job);
        rows.no_orphan.ended(&scene);
        match job {
            _ if outcome != Outcome::Complete => {}
            Job::Backup(backup) => {
                let image = books.jobs.image(backup);
                let case = books.jobs.backup(backup);
                let whole = case.map_or(0, |case| setup.volume(case.source).tracks);
                let extents = image.map_or(Extents::whole(whole), |image| image.extents);
                let reading = case.map_or(Reading::VolumeId, BackupCase::reading);
                let inventory = view.inventory();
                let audit = inventory
                    .iter()
                    .find(|entry| entry.backup == backup)
                    .map(|entry| TapeAudit::of(view, entry, image.map(AsRef::as_ref), &extents).read_as(reading))
                    .unwrap_or_else(|| TapeAudit::unregistered(&extents));
                rows.point_in_time_fidelity.ended(&scene, backup, &audit);
                rows.point_in_time_fidelity.cut(&scene, backup);
                rows.backup_id.ended(&scene, backup, &audit);
                rows.success_means_success.backup_ended(&scene, backup, &audit);
            }
            Job::Restore(restore) => rows.success_means_success.restore_ended(&scene, restore),
        }
    }

    /// State predicates that may have changed, and bounds that may be passed.
    #[inline]
    fn look(&mut self, view: &impl View, touched: Touched) {
        let always = self.looking == Looking::Always;
        let timed = self.at.time >= self.due;
        if !(always || timed || touched.identity || touched.hidden || touched.places || touched.inventory) {
            return;
        }
        let Checks { rows, setup, books, at, outages, goals, .. } = self;
        let scene = Scene { view, setup: &*setup, books: &*books, at: *at };
        if always || touched.identity {
            rows.unique_online_id.look(&scene);
            rows.unique_ipl_id.look(&scene);
            let before = rows.cached_id_coherent.is_violated();
            rows.cached_id_coherent.look(&scene);
            if rows.cached_id_coherent.is_violated() && !before {
                goals.hit(Goal::StaleUcbPresent);
            }
        }
        // While a host or a controller is down nobody can delete a target; the recovery does.
        let expired = timed && !outages.in_recovery() && rows.hidden_id_sound.expire(at.time);
        if always || touched.hidden || expired {
            rows.hidden_id_sound.look(&scene);
        }
        if always || touched.places {
            if setup.is_log_structured() {
                rows.refcount_exact.look(&scene);
            } else {
                rows.binding_exclusive.look(&scene);
            }
        }
        if always || touched.inventory || rows.backup_exists.due() <= at.time {
            rows.backup_exists.look(&scene);
        }
        if always || timed {
            rows.accessible_after_restore.look(&scene);
            if rows.no_orphan.due() <= at.time && !outages.in_recovery() {
                rows.no_orphan.look(&scene);
            }
            if rows.progress.due() <= at.time {
                rows.progress.look(&scene, outages);
            }
        }
        self.due = rows.due();
    }
}

#[cfg(test)]
mod tests {
    use super::fake::{BACKUP, Fake, RELATION, SOURCE, SPARE, TARGET, id};
    use super::*;
    use crate::fault::plan::{Fault, NvsFate};
    use crate::kernel::Span;
    use crate::manager::plan::MethodName;
    use crate::vocab::{Device, LabelTrack, Restore, Tag, TrackNo, VolumeId, WriteNumber};
    use proptest::prelude::*;

    /// A fake system under observation.
    struct Watched {
        fake: Fake,
        checks: Checks,
        boundary: u64,
    }

    impl Watched {
        fn new(fake: Fake, looking: Looking) -> Watched {
            Watched { checks: Checks::new(fake.setup.clone()).looking(looking), fake, boundary: 0 }
        }

        /// One event after `seconds`.
        fn event(&mut self, seconds: u64, facts: &[Fact]) {
            self.fake.now += Span::from_secs(seconds);
            self.boundary += 1;
            self.checks.observe(&self.fake, self.boundary, facts);
        }

        fn crash(&mut self, facts: &[Fact]) {
            self.checks.crashed(&self.fake, self.boundary, facts);
        }

        fn violated(&self) -> Vec<&'static str> {
            let rows = self.checks.report();
            rows.iter().filter(|row| row.violations > 0).map(|row| row.invariant.name()).collect()
        }

        fn row(&self, invariant: Invariant) -> CheckReport {
            self.checks.report().into_iter().find(|row| row.invariant == invariant).expect("the row is reported")
        }
    }

    const LABEL: fn(Device) -> Fact = |device| Fact::Dasd(DasdFact::LabelWritten { device });

    fn write(number: u64, track: u32) -> [Fact; 2] {
        let (device, first, count, write, volume) = (SOURCE, TrackNo(track), 1, WriteNumber(number), id("PROD01"));
        [
            Fact::Manager(Image::FIRST, ManagerFact::WriteIssued { device, first, count, write, volume }),
            Fact::Manager(
                Image::FIRST,
                ManagerFact::WriteAcknowledged { device, first, count, write, volume, target: false },
            ),
        ]
    }

    /// A safe backup from its stimulus to its end, with a restore; the fake shows the right states.
    fn safe_backup() -> Watched {
        let mut watched = Watched::new(Fake::new(), Looking::OnChange);
        let (backup, relation, source, target) = (BACKUP, RELATION, SOURCE, TARGET);
        let method = MethodName::SafeBackup;
        watched.event(
            0,
            &[Fact::Manager(Image::FIRST, ManagerFact::StimulusAccepted { backup, plan: 0, source, target, method })],
        );
        watched.fake = Fake::with_restore();
        let image = watched.fake.image();
        watched.fake.labels[2] = LabelTrack::fresh(id("SPARE2"));
        watched.fake.online[2] = None;
        watched.fake.genned[2] = false;
        watched.event(0, &write(90, 5));
        watched.event(0, &[Fact::Dasd(DasdFact::PointInTimeSet { relation, source, target })]);
        watched.event(
            0,
            &[
                Fact::Dasd(DasdFact::RelationshipCommitted { relation, source, target }),
                Fact::Dasd(DasdFact::HiddenIdWritten { device: target }),
                Fact::Dasd(DasdFact::TargetLabelWritten { device: target }),
            ],
        );
        watched.event(0, &[Fact::Dasd(DasdFact::EstablishAcknowledged { relation, source, target })]);
        for track in (0..8).map(TrackNo) {
            let tag = image.contents.get(track);
            watched.event(
                1,
                &[Fact::Manager(Image::FIRST, ManagerFact::DumpTrackRead { backup, device: target, track, tag })],
            );
        }
        watched.event(1, &[Fact::Manager(Image::FIRST, ManagerFact::InventoryUpdated { backup })]);
        watched.event(0, &[Fact::Dasd(DasdFact::WithdrawRequested { relation, source, target })]);
        watched.fake.relations.clear();
        watched.event(1, &[Fact::Dasd(DasdFact::RelationshipWithdrawn { relation, source, target })]);
        watched.fake.clear_hidden();
        watched.event(0, &[Fact::Dasd(DasdFact::HiddenIdCleared { device: target })]);
        watched.fake.jobs.clear();
        let (job, outcome) = (Job::Backup(backup), Outcome::Complete);
        watched.event(1, &[Fact::Manager(Image::FIRST, ManagerFact::JobEnded { job, outcome, held: false })]);
        watched
    }

    fn restore(watched: &mut Watched) {
        let (restore, backup, device, volume) = (Restore(0), BACKUP, SPARE, id("PROD01"));
        let label = watched.fake.image().label;
        watched.event(1, &[Fact::Manager(Image::FIRST, ManagerFact::RestoreStarted { restore, volume, device })]);
        watched.event(1, &[Fact::Manager(Image::FIRST, ManagerFact::RestoreGuardPassed { restore })]);
        watched.fake.labels[2] = label;
        watched.fake.durable_labels[2] = label;
        watched.event(1, &[LABEL(device)]);
        watched.event(1, &[Fact::Manager(Image::FIRST, ManagerFact::RestoreComplete { restore, backup, device })]);
        let (job, outcome) = (Job::Restore(restore), Outcome::Complete);
        watched.event(0, &[Fact::Manager(Image::FIRST, ManagerFact::JobEnded { job, outcome, held: false })]);
        watched.fake.online = vec![None, Some(id("SPARE1")), Some(volume)];
        watched.event(1, &[Fact::Manager(Image::FIRST, ManagerFact::VaryOnlineDone { device, volume })]);
        watched.event(1, &[Fact::Manager(Image::FIRST, ManagerFact::ApplicationOpened { volume, device })]);
    }

    #[test]
    fn a_safe_backup_and_its_restore_hold_everywhere() {
        let mut watched = safe_backup();
        restore(&mut watched);
        watched.fake.quiet = true;
        watched.checks.end(&watched.fake, watched.boundary);
        assert_eq!(watched.violated(), [""; 0]);
        let vacuous: Vec<&str> = watched
            .checks
            .report()
            .iter()
            .filter(|row| row.verdict == Verdict::Inconclusive)
            .map(|row| row.invariant.name())
            .collect();
        assert_eq!(vacuous, ["cow-order"], "nobody wrote to the source while it was related");
    }

    #[test]
    fn a_lost_write_shows_when_the_restored_volume_is_opened() {
        let mut watched = safe_backup();
        watched.fake.logical[2][5] = Tag(1);
        restore(&mut watched);
        assert_eq!(watched.violated(), ["restore-fidelity", "no-lost-acked-write", "success-means-success"]);
    }

    #[test]
    fn a_job_that_begins_between_two_looks_is_late_in_time() {
        let mut watched = Watched::new(Fake::new(), Looking::OnChange);
        watched.event(0, &[]);
        let (backup, source, target, method) = (BACKUP, SOURCE, TARGET, MethodName::SafeBackup);
        watched.event(
            50,
            &[Fact::Manager(Image::FIRST, ManagerFact::StimulusAccepted { backup, plan: 0, source, target, method })],
        );
        let bound = watched.fake.setup.job_bound();
        assert!(bound < watched.fake.setup.limits.io_bound, "no bound of a request is looked at in between");
        watched.event(bound.ns() / 1_000_000_000, &[]);
        assert_eq!(watched.violated(), [""; 0]);
        watched.event(1, &[]);
        assert_eq!(watched.violated(), ["progress"]);
    }

    #[test]
    fn a_crash_shows_what_durable_state_lacks() {
        let mut watched = Watched::new(Fake::new(), Looking::OnChange);
        watched.event(0, &write(1, 3));
        let fault = Fault::ControllerCrash { nvs: NvsFate::Lost, outage: Span::from_secs(60) };
        let mut fork = watched.checks.clone();
        let facts = [Fact::Fault { index: 0, fault }, Fact::Dasd(DasdFact::Down)];
        watched.crash(&facts);
        assert_eq!(watched.violated(), ["no-lost-acked-write"]);
        let tag = watched.fake.durable[0][3].after_write(WriteNumber(1), 0);
        watched.fake.durable[0][3] = tag;
        fork.crashed(&watched.fake, 1, &facts);
        assert_eq!(fork.violations(Invariant::NoLostAckedWrite), 0);
    }

    #[test]
    fn exposure_is_the_time_between_two_events() {
        let mut watched = Watched::new(Fake::new(), Looking::OnChange);
        watched.event(1, &[]);
        watched.fake.relabel(TARGET, "PROD01");
        watched.event(1, &[LABEL(TARGET)]);
        watched.event(3, &[]);
        watched.fake.online[1] = None;
        watched.event(2, &[Fact::Manager(Image::FIRST, ManagerFact::VaryOfflineDone { device: TARGET })]);
        watched.event(10, &[]);
        let exposed = |invariant| watched.row(invariant).exposure.map(|exposure| exposure.total);
        assert_eq!(exposed(Invariant::UniqueOnlineId), Some(Span::from_secs(5)));
        assert_eq!(exposed(Invariant::UniqueIplId), Some(Span::from_secs(15)));
        let row = watched.row(Invariant::UniqueOnlineId);
        assert_eq!((row.evaluated, row.premise_true, row.violations), (5, 5, 1));
        let first = row.first.expect("a violation is kept");
        assert_eq!((first.boundary, first.time), (2, Time::from_ns(2_000_000_000)));
    }

    #[test]
    fn a_fork_answers_for_its_own_time() {
        let mut watched = Watched::new(Fake::new(), Looking::OnChange);
        watched.fake.relabel(TARGET, "PROD01");
        watched.event(1, &[LABEL(TARGET)]);
        let read = |tag| {
            let (device, track, issued, volume) = (SOURCE, TrackNo(1), Time::ZERO, id("PROD01"));
            [Fact::Manager(Image::FIRST, ManagerFact::ReadDone { device, track, tag, issued, volume })]
        };
        watched.event(1, &read(Tag(1)));
        watched.checks.begin_fork(&watched.fake, 7);
        assert_eq!(watched.violated(), ["unique-online-id", "unique-ipl-id", "cached-id-coherent"]);
        assert_eq!(watched.row(Invariant::UniqueIplId).first.map(|first| first.boundary), Some(7));
    }

    #[test]
    fn digests_tell_ledgers_apart_and_forget_time() {
        let digest = |writes: &[u64], wait: u64| {
            let mut watched = Watched::new(Fake::new(), Looking::OnChange);
            writes.iter().for_each(|&number| watched.event(wait, &write(number, 3)));
            watched.checks.digest()
        };
        assert_eq!(digest(&[1, 2], 1), digest(&[1, 2], 5));
        assert_ne!(digest(&[1, 2], 1), digest(&[2, 1], 1));
        assert_ne!(digest(&[1], 1), digest(&[], 1));
    }

    /// Something that changes the fake and says so, as a component would.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Relabel(u16, u8),
        Hide(u16, bool),
        Vary(u16, bool),
        Gen(u16, bool),
        Reach(u16, bool),
        Bind(u64),
        Inventory(u8),
        Write(u32),
        Read(u32, bool),
        Stimulus,
        PointInTime,
        End(bool),
        Outage(bool),
        Nothing,
    }

    fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
        let step = prop_oneof![
            (0..3_u16, 0..4_u8).prop_map(|(device, name)| Step::Relabel(device, name)),
            (0..3_u16, any::<bool>()).prop_map(|(device, torn)| Step::Hide(device, torn)),
            (0..3_u16, any::<bool>()).prop_map(|(device, online)| Step::Vary(device, online)),
            (0..3_u16, any::<bool>()).prop_map(|(device, genned)| Step::Gen(device, genned)),
            (0..3_u16, any::<bool>()).prop_map(|(device, path)| Step::Reach(device, path)),
            (6..9_u64).prop_map(Step::Bind),
            (0..4_u8).prop_map(Step::Inventory),
            (0..8_u32).prop_map(Step::Write),
            (0..8_u32, any::<bool>()).prop_map(|(track, right)| Step::Read(track, right)),
            Just(Step::Stimulus),
            Just(Step::PointInTime),
            any::<bool>().prop_map(Step::End),
            any::<bool>().prop_map(Step::Outage),
            Just(Step::Nothing),
        ];
        prop::collection::vec((0..90_u64, step), 1..60)
    }

    fn apply(fake: &mut Fake, step: Step, number: u64) -> Vec<Fact> {
        let names: [VolumeId; 4] = ["PROD01", "SPARE1", "SPARE2", "OTHER1"].map(id);
        let (backup, relation, source, target) = (BACKUP, RELATION, SOURCE, TARGET);
        let vary = |device| Fact::Manager(Image::FIRST, ManagerFact::VaryOfflineDone { device });
        match step {
            Step::Relabel(device, name) => {
                fake.relabel(Device(device), &names[name as usize].to_string());
                vec![LABEL(Device(device))]
            }
            Step::Hide(device, torn) => {
                let mut label = Fake::with_copy().labels[1];
                if torn {
                    label.label.as_mut().expect("it has one").set_volume_id(names[0]);
                }
                fake.labels[device as usize] = label;
                fake.durable_labels[device as usize] = label;
                vec![Fact::Dasd(DasdFact::HiddenIdWritten { device: Device(device) })]
            }
            Step::Vary(device, online) => {
                fake.online[device as usize] = fake.labels[device as usize].id().filter(|_| online);
                vec![vary(Device(device))]
            }
            Step::Gen(device, genned) => {
                fake.genned[device as usize] = genned;
                vec![Fact::Manager(Image::FIRST, ManagerFact::RestoreGuardPassed { restore: Restore(9) })]
            }
            Step::Reach(device, path) => {
                fake.reachable[device as usize] = path;
                let fault = Fault::HostCrash { image: Image::FIRST, outage: Span::ZERO };
                vec![Fact::Fault { index: 0, fault }]
            }
            Step::Bind(count) => {
                fake.places.bound[1].1.count = count;
                vec![Fact::Dasd(DasdFact::TargetDeleted { device: TARGET })]
            }
            Step::Inventory(kind) => {
                let mut other = Fake::with_backup();
                other.inventory[0].scratched = kind == 1;
                other.inventory[0].state = if kind == 2 { EntryState::InProgress } else { EntryState::Complete };
                other.inventory.truncate(usize::from(kind != 3));
                (fake.inventory, fake.tapes) = (other.inventory, other.tapes);
                vec![Fact::Manager(Image::FIRST, ManagerFact::InventoryUpdated { backup })]
            }
            Step::Write(track) => write(number, track).to_vec(),
            Step::Read(track, right) => {
                let tag = if right { fake.logical[0][track as usize] } else { Tag(3) };
                let (track, issued) = (TrackNo(track), fake.now);
                vec![Fact::Manager(
                    Image::FIRST,
                    ManagerFact::ReadDone { device: source, track, tag, issued, volume: names[0] },
                )]
            }
            Step::Stimulus => {
                fake.jobs = vec![JobState { job: Job::Backup(backup), live: true, held: false }];
                let method = MethodName::SafeBackup;
                vec![Fact::Manager(
                    Image::FIRST,
                    ManagerFact::StimulusAccepted { backup, plan: 0, source, target, method },
                )]
            }
            Step::PointInTime => vec![
                Fact::Dasd(DasdFact::PointInTimeSet { relation, source, target }),
                Fact::Dasd(DasdFact::RelationshipCommitted { relation, source, target }),
                Fact::Dasd(DasdFact::EstablishAcknowledged { relation, source, target }),
            ],
            Step::End(held) => {
                fake.jobs = vec![JobState { job: Job::Backup(backup), live: false, held }];
                let (job, outcome) = (Job::Backup(backup), Outcome::Complete);
                vec![Fact::Manager(Image::FIRST, ManagerFact::JobEnded { job, outcome, held })]
            }
            Step::Outage(true) => vec![Fact::Manager(Image::FIRST, ManagerFact::Down)],
            Step::Outage(false) => vec![Fact::Manager(Image::FIRST, ManagerFact::RecoveryDone)],
            Step::Nothing => Vec::new(),
        }
    }

    proptest! {
        /// Looking only when a fact says so finds what looking after every event finds.
        #[test]
        fn nothing_changes_without_a_fact(steps in steps()) {
            let mut lazy = Watched::new(Fake::new(), Looking::OnChange);
            let mut eager = Watched::new(Fake::new(), Looking::Always);
            for (number, &(seconds, step)) in (1..).zip(&steps) {
                let facts = apply(&mut lazy.fake, step, number);
                prop_assert_eq!(&apply(&mut eager.fake, step, number), &facts);
                lazy.event(seconds, &facts);
                eager.event(seconds, &facts);
                // The rows that are judged at label writes only count those; all else is equal.
                for (lazy, eager) in lazy.checks.report().into_iter().zip(eager.checks.report()) {
                    let counted = lazy.invariant != Invariant::HiddenIdSound;
                    let evaluated = |row: &CheckReport| if counted { (row.evaluated, row.premise_true) } else { (0, 0) };
                    prop_assert_eq!(evaluated(&lazy), evaluated(&eager));
                    prop_assert_eq!((lazy.violations, lazy.undecided), (eager.violations, eager.undecided));
                    prop_assert_eq!((lazy.first, lazy.exposure), (eager.first, eager.exposure));
                }
            }
        }
    }
}
