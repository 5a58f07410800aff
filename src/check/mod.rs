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
    EntryState, InventoryEntry, JobState, Outstanding, PlaceRange, Places, Relation, TapeAllocation, TapeRecord, View,
};
pub use world::Seen;

use crate::controller::dasd::DasdFact;
use crate::kernel::{Time, mix};
use crate::manager::{Job, ManagerFact, Outcome};
use crate::vocab::Invariant;
use crate::world::Fact;
use books::Books;
use outages::Outages;
use rows::Rows;
use scene::Scene;
use tape::{TapeAudit, TapeNews};
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
        let Checks { goals, setup, books, at, .. } = self;
        goals.crashed(&Scene { view, setup: &*setup, books: &*books, at: *at }, recovering);
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
        rows.progress.end(&scene, &outages);
        self.outages = outages;
    }

    /// The fifteen rows, in the order of [`Invariant::ALL`].
    pub fn report(&self) -> Vec<CheckReport> {
        let required = |invariant| self.setup.required.contains(&invariant);
        let exposure = |invariant| {
            let exposure = self.rows.exposure(invariant)?;
            let (total, longest) = exposure.until(self.at.time);
            Some(ExposureReport { total, longest, episodes: exposure.episodes().to_vec() })
        };
        let rows = self.rows.tallies();
        rows.map(|(invariant, tally)| CheckReport::new(invariant, required(invariant), tally, exposure(invariant)))
            .collect()
    }

    pub fn goals(&self) -> &Goals {
        &self.goals
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
            Fact::Manager(fact) => self.manager(view, fact, touched),
            Fact::Tape(fact) => {
                if let Some(TapeNews::Hardened { backup, track, tag }) = tape::news(fact) {
                    let (rows, scene) = self.parts(view);
                    rows.point_in_time_fidelity.hardened(&scene, backup, track, tag);
                }
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
        rows.hidden_id_sound.note_dasd(&scene, fact);
        touched.dasd(fact);
    }

    #[inline]
    fn manager(&mut self, view: &impl View, fact: ManagerFact, touched: &mut Touched) {
        if let ManagerFact::ReadDone { device, track, tag, issued, volume } = fact {
            let answer = self.books.ledger.read(volume, track, tag, issued);
            let (rows, scene) = self.parts(view);
            let detail = || no_lost_acked_write::wrong_read(&scene, volume, device, track);
            return rows.no_lost_acked_write.read(scene.at, answer, detail);
        }
        self.books.note_manager(view, &self.setup, fact);
        let Checks { goals, setup, books, at, .. } = self;
        goals.manager(&Scene { view, setup: &*setup, books: &*books, at: *at }, fact);
        if matches!(
            fact,
            ManagerFact::WriteIssued { .. } | ManagerFact::WriteAcknowledged { .. } | ManagerFact::WriteFailed { .. }
        ) {
            return self.books.tidy(view);
        }
        self.outages.note_manager(fact, self.at.time);
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
                let wrong = rows.restore_fidelity.completed(&scene, backup, device);
                rows.success_means_success.restore_completed(&scene, restore, wrong);
                if let Some(case) = scene.books.jobs.restore(restore) {
                    rows.accessible_after_restore.restored(&scene, case.volume);
                }
            }
            ManagerFact::JobUndone { .. } => rows.no_orphan.ended(&scene),
            ManagerFact::RecoveryDone { .. } => {
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
                let tracks = books.jobs.backup(backup).map_or(0, |case| setup.volume(case.source).tracks);
                let inventory = view.inventory();
                let audit = inventory
                    .iter()
                    .find(|entry| entry.backup == backup)
                    .map(|entry| TapeAudit::of(view, entry, image.map(AsRef::as_ref), tracks))
                    .unwrap_or_else(|| TapeAudit::unregistered(tracks));
                rows.point_in_time_fidelity.ended(&scene, backup, &audit);
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
        let timed = self.at.time >= self.due || touched.jobs;
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
        if always || touched.hidden {
            rows.hidden_id_sound.look(&scene);
        }
        if always || touched.places {
            rows.binding_exclusive.look(&scene);
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
