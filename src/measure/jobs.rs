//! What became of the backups and restores of a run, step by step, and what the operator had to do.

use crate::kernel::{Span, Time};
use crate::manager::plan::MethodName;
use crate::manager::{Job, ManagerFact, Outcome, Refusal};
use crate::names;
use crate::vocab::{Backup, Cartridge, Device, Image, Restore, StepName, VolumeId};

names! {
    /// How far a step got.
    pub enum StepEnd {
        Done = "done",
        /// The host went down while it ran, or the job ended before it did.
        Cut = "cut",
        Running = "running",
    }
}

/// One execution of a step; a step that was tried again has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepMeasure {
    pub step: StepName,
    pub started: Time,
    pub ended: Option<Time>,
    pub end: StepEnd,
}

/// The steps of one job and the time that its tape was mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    pub steps: Vec<StepMeasure>,
    /// Steps that were started again.
    pub retries: u32,
    /// Times that a restart took the job up again.
    pub resumes: u32,
    /// From a mount to the hardened trailer, the end of the restore, or whatever cut it; summed over mounts.
    pub tape: Span,
    pub cartridges: Vec<Cartridge>,
    mounted: Option<Time>,
}

impl Course {
    fn start(&mut self, now: Time, step: StepName) {
        self.retries += u32::from(self.steps.iter().any(|earlier| earlier.step == step));
        self.steps.push(StepMeasure { step, started: now, ended: None, end: StepEnd::Running });
    }

    fn end(&mut self, now: Time, step: StepName) {
        let open = self.steps.iter_mut().rev().find(|open| open.step == step && open.ended.is_none());
        if let Some(open) = open {
            (open.ended, open.end) = (Some(now), StepEnd::Done);
        }
    }

    fn mount(&mut self, now: Time, cartridge: Cartridge) {
        self.mounted.get_or_insert(now);
        if self.cartridges.last() != Some(&cartridge) {
            self.cartridges.push(cartridge);
        }
    }

    fn release_tape(&mut self, now: Time) {
        if let Some(since) = self.mounted.take() {
            self.tape += now - since;
        }
    }

    fn cut(&mut self, now: Time) {
        for open in self.steps.iter_mut().filter(|step| step.ended.is_none()) {
            (open.ended, open.end) = (Some(now), StepEnd::Cut);
        }
        self.release_tape(now);
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupMeasure {
    pub backup: Backup,
    pub method: MethodName,
    pub source: Device,
    /// The ID that the source bore at the stimulus.
    pub source_id: VolumeId,
    pub target: Device,
    pub started: Time,
    pub ended: Option<Time>,
    /// Nothing while it runs.
    pub outcome: Option<Outcome>,
    /// It left something that waits for a release.
    pub held: bool,
    /// A restart rolled it back.
    pub undone: bool,
    /// The last instant whose state it was to keep.
    pub point_in_time: Option<Time>,
    /// How long writes of the application waited for it.
    pub writes_held: Span,
    held_since: Option<Time>,
    pub course: Course,
    /// Time of its life in which its source's ID was in doubt.
    pub exposure: Span,
    pub by_hand: ByHand,
    /// What the account of the ID showed at the stimulus.
    doubt_before: Span,
    answers_before: ByHand,
}

impl BackupMeasure {
    fn resume(&mut self, now: Time) {
        if let Some(since) = self.held_since.take() {
            self.writes_held += now - since;
        }
    }
}

/// What people did for a job: its own steps, and the prompts they answered while it lived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByHand {
    pub actions: u32,
    /// Working time of steps, and from prompt to answer.
    pub time: Span,
}

impl ByHand {
    fn add(&mut self, time: Span) {
        self.actions += 1;
        self.time += time;
    }

    /// What was added since `before`, on top of what is there.
    fn add_since(&mut self, now: ByHand, before: ByHand) {
        self.actions += now.actions - before.actions;
        self.time += now.time - before.time;
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreMeasure {
    pub restore: Restore,
    pub volume: VolumeId,
    pub device: Device,
    /// The backup it came from.
    pub from: Option<Backup>,
    pub started: Time,
    pub ended: Option<Time>,
    pub outcome: Option<Outcome>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    pub course: Course,
    pub milestones: Vec<(Milestone, Time)>,
    pub tracks_written: u64,
    /// The last crash or power loss before it started.
    pub failure: Option<Time>,
    pub by_hand: ByHand,
    answers_before: ByHand,
}

names! {
    /// What a restore has reached.
    pub enum Milestone {
        GuardPassed = "guard-passed",
        TapeMounted = "tape-mounted",
        FirstTrack = "first-track-written",
        LastTrack = "last-track-written",
        LabelWritten = "label-written",
        Complete = "restore-complete",
        Opened = "application-opened",
    }
}

impl RestoreMeasure {
    pub fn reached(&self, milestone: Milestone) -> Option<Time> {
        self.milestones.iter().rev().find(|(name, _)| *name == milestone).map(|(_, at)| *at)
    }

    fn reach(&mut self, now: Time, milestone: Milestone) {
        match self.milestones.iter_mut().find(|(name, _)| *name == milestone) {
            Some((_, at)) => *at = now,
            None => self.milestones.push((milestone, now)),
        }
    }

    fn write_track(&mut self, now: Time) {
        self.tracks_written += 1;
        if self.tracks_written == 1 {
            self.reach(now, Milestone::FirstTrack);
        }
        self.reach(now, Milestone::LastTrack);
    }
}

/// What operators had to do in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorMeasure {
    /// Prompts that were answered.
    pub answers: ByHand,
    /// Steps of jobs that were done by hand.
    pub steps: ByHand,
    /// Commands that belong to no job.
    pub commands: ByHand,
    /// Prompts that nobody answered.
    pub unanswered: u32,
    /// Prompts without an answer: whose, and since when.
    open: Vec<(Image, Time)>,
}

/// All jobs of a run.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    pub backups: Vec<BackupMeasure>,
    pub restores: Vec<RestoreMeasure>,
    pub operator: OperatorMeasure,
    last_failure: Option<Time>,
}

impl Jobs {
    /// A crash or a loss of power acts now.
    pub fn failure(&mut self, now: Time) {
        self.last_failure = Some(now);
    }

    /// A backup starts; `doubt` is how long the ID of its source has been in doubt until now.
    pub fn stimulus(&mut self, now: Time, start: BackupStart, doubt: Span) {
        let BackupStart { backup, method, source, source_id, target } = start;
        self.backups.push(BackupMeasure {
            backup,
            method,
            source,
            source_id,
            target,
            started: now,
            ended: None,
            outcome: None,
            held: false,
            undone: false,
            point_in_time: None,
            writes_held: Span::ZERO,
            held_since: None,
            course: Course::default(),
            exposure: Span::ZERO,
            by_hand: ByHand::default(),
            doubt_before: doubt,
            answers_before: self.operator.answers,
        });
    }

    /// Everything a manager reports but `stimulus-accepted` and the end of a backup.
    pub fn observe(&mut self, now: Time, image: Image, fact: ManagerFact) {
        match fact {
            ManagerFact::StepStarted { job, step } => self.course(job, |course| course.start(now, step)),
            ManagerFact::StepEnded { job, step } => self.course(job, |course| course.end(now, step)),
            ManagerFact::JobResumed { job, .. } => self.course(job, |course| course.resumes += 1),
            ManagerFact::TapeMounted { job, cartridge } => {
                self.course(job, |course| course.mount(now, cartridge));
                if let Job::Restore(restore) = job {
                    self.restore(restore, |it| it.reach(now, Milestone::TapeMounted));
                }
            }
            ManagerFact::TapeEofHardened { backup } => {
                self.course(Job::Backup(backup), |course| course.release_tape(now));
            }
            ManagerFact::ApplicationQuiesced { backup, .. } => self.backup(backup, |it| {
                it.point_in_time = Some(now);
                it.held_since.get_or_insert(now);
            }),
            ManagerFact::ApplicationResumed { backup } => self.backup(backup, |it| it.resume(now)),
            ManagerFact::Down => self.host_down(now, image),
            ManagerFact::DuplicatePrompt { .. } => self.operator.open.push((image, now)),
            ManagerFact::PromptAnswered { .. } => {
                let open = &mut self.operator.open;
                let place = open.iter().position(|&(asker, _)| asker == image);
                let waited = place.map_or(Span::ZERO, |place| now - open.remove(place).1);
                self.operator.answers.add(waited);
            }
            ManagerFact::OperatorStep { job, working, .. } => self.by_hand(job, working),
            ManagerFact::CommandTyped { working, .. } => self.operator.commands.add(working),
            ManagerFact::ApplicationOpened { volume, device } => {
                let opened = |it: &&mut RestoreMeasure| it.volume == volume && it.device == device;
                let done = |it: &&mut RestoreMeasure| it.reached(Milestone::Complete).is_some();
                let first = |it: &&mut RestoreMeasure| it.reached(Milestone::Opened).is_none();
                if let Some(it) = self.restores.iter_mut().rfind(|it| opened(it) && done(it) && first(it)) {
                    it.reach(now, Milestone::Opened);
                }
            }
            _ => self.restoring(now, fact),
        }
    }

    /// The controller has fixed what a copy of `source` on `target` shows.
    pub fn point_in_time(&mut self, now: Time, source: Device, target: Device) {
        let own = |it: &&mut BackupMeasure| it.ended.is_none() && (it.source, it.target) == (source, target);
        self.backups.iter_mut().filter(own).for_each(|it| it.point_in_time = Some(now));
    }

    /// Ends a backup; `doubt` as for [`Jobs::stimulus`]. False when it had ended before.
    pub fn backup_ended(&mut self, now: Time, backup: Backup, end: BackupEnd, doubt: Span) -> bool {
        let answers = self.operator.answers;
        let Some(it) = self.backups.iter_mut().find(|it| it.backup == backup) else { return false };
        let first = it.ended.is_none();
        match end {
            BackupEnd::Undone => {
                it.undone = true;
                it.outcome.get_or_insert(Outcome::FailedClean);
            }
            BackupEnd::Reported { outcome, held } => (it.outcome, it.held) = (Some(outcome), held),
        }
        it.ended = Some(now);
        it.course.cut(now);
        it.exposure = doubt.saturating_sub(it.doubt_before);
        if first {
            it.by_hand.add_since(answers, it.answers_before);
        }
        first
    }

    /// Closes the accounts of what still runs at the end of the run.
    pub fn finish(&mut self, now: Time, doubt: impl Fn(VolumeId) -> Span) {
        self.backups.iter_mut().for_each(|it| it.resume(now));
        for it in self.backups.iter_mut().filter(|it| it.ended.is_none()) {
            it.course.release_tape(now);
            it.exposure = doubt(it.source_id).saturating_sub(it.doubt_before);
            it.by_hand.add_since(self.operator.answers, it.answers_before);
        }
        self.restores.iter_mut().for_each(|it| it.course.release_tape(now));
        for it in self.restores.iter_mut().filter(|it| it.ended.is_none()) {
            it.by_hand.add_since(self.operator.answers, it.answers_before);
        }
        self.operator.unanswered += u32::try_from(self.operator.open.len()).expect("prompts are few");
    }

    fn restoring(&mut self, now: Time, fact: ManagerFact) {
        match fact {
            ManagerFact::RestoreStarted { restore, volume, device } => self.restores.push(RestoreMeasure {
                restore,
                volume,
                device,
                from: None,
                started: now,
                ended: None,
                outcome: None,
                refusal: None,
                course: Course::default(),
                milestones: Vec::new(),
                tracks_written: 0,
                failure: self.last_failure,
                by_hand: ByHand::default(),
                answers_before: self.operator.answers,
            }),
            ManagerFact::GenerationSelected { restore, backup } => {
                self.restore(restore, |it| it.from = Some(backup));
            }
            ManagerFact::RestoreGuardPassed { restore } => {
                self.restore(restore, |it| it.reach(now, Milestone::GuardPassed));
            }
            ManagerFact::RestoreRefused { restore, refusal } => {
                self.restore(restore, |it| it.refusal = Some(refusal));
            }
            ManagerFact::RestoreTrackWritten { restore, .. } => self.restore(restore, |it| it.write_track(now)),
            ManagerFact::RestoreLabelWritten { restore, .. } => {
                self.restore(restore, |it| it.reach(now, Milestone::LabelWritten));
            }
            ManagerFact::RestoreComplete { restore, backup, .. } => self.restore(restore, |it| {
                it.from = Some(backup);
                it.reach(now, Milestone::Complete);
                it.course.release_tape(now);
            }),
            ManagerFact::JobEnded { job: Job::Restore(restore), outcome, .. } => {
                let answers = self.operator.answers;
                self.restore(restore, |it| {
                    if it.ended.is_none() {
                        it.by_hand.add_since(answers, it.answers_before);
                    }
                    (it.ended, it.outcome) = (Some(now), Some(outcome));
                    it.course.cut(now);
                });
            }
            _ => {}
        }
    }

    /// Whatever the image was doing stops, and it waits for no answer any more. Jobs run on the first image.
    fn host_down(&mut self, now: Time, image: Image) {
        if image == Image::FIRST {
            self.backups.iter_mut().filter(|it| it.ended.is_none()).for_each(|it| it.course.cut(now));
            self.restores.iter_mut().filter(|it| it.ended.is_none()).for_each(|it| it.course.cut(now));
        }
        let before = self.operator.open.len();
        self.operator.open.retain(|&(asker, _)| asker != image);
        self.operator.unanswered += u32::try_from(before - self.operator.open.len()).expect("prompts are few");
    }

    fn course(&mut self, job: Job, change: impl FnOnce(&mut Course)) {
        let course = match job {
            Job::Backup(backup) => self.backups.iter_mut().find(|it| it.backup == backup).map(|it| &mut it.course),
            Job::Restore(restore) => self.restores.iter_mut().find(|it| it.restore == restore).map(|it| &mut it.course),
        };
        if let Some(course) = course {
            change(course);
        }
    }

    /// A step by hand: it may come before the job is known, as the one that asks for it, or after its end.
    fn by_hand(&mut self, job: Job, working: Span) {
        self.operator.steps.add(working);
        match job {
            Job::Backup(backup) => {
                let it = self.backups.iter_mut().find(|it| it.backup == backup);
                it.into_iter().for_each(|it| it.by_hand.add(working));
            }
            Job::Restore(restore) => self.restore(restore, |it| it.by_hand.add(working)),
        }
    }

    fn backup(&mut self, backup: Backup, change: impl FnOnce(&mut BackupMeasure)) {
        if let Some(it) = self.backups.iter_mut().find(|it| it.backup == backup) {
            change(it);
        }
    }

    fn restore(&mut self, restore: Restore, change: impl FnOnce(&mut RestoreMeasure)) {
        if let Some(it) = self.restores.iter_mut().find(|it| it.restore == restore) {
            change(it);
        }
    }
}

/// What a stimulus says.
#[derive(Clone, Copy, Debug)]
pub struct BackupStart {
    pub backup: Backup,
    pub method: MethodName,
    pub source: Device,
    pub source_id: VolumeId,
    pub target: Device,
}

#[derive(Clone, Copy, Debug)]
pub enum BackupEnd {
    Reported { outcome: Outcome, held: bool },
    Undone,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Image, TrackNo};

    const BACKUP: Job = Job::Backup(Backup(0));
    const RESTORE: Restore = Restore(0);

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    fn prod() -> VolumeId {
        VolumeId::parse("PROD01").expect("a legal ID")
    }

    fn started() -> Jobs {
        let mut jobs = Jobs::default();
        let start = BackupStart {
            backup: Backup(0),
            method: MethodName::SafeBackup,
            source: Device(0),
            source_id: prod(),
            target: Device(1),
        };
        jobs.stimulus(at(60), start, Span::from_secs(5));
        jobs
    }

    #[test]
    fn a_crash_cuts_the_dump_and_a_restart_takes_it_up_again() {
        let (dump, harden) = (StepName::DumpWithReintroduction, StepName::HardenTrailer);
        let mut jobs = started();
        for (seconds, fact) in [
            (61, ManagerFact::StepStarted { job: BACKUP, step: dump }),
            (70, ManagerFact::TapeMounted { job: BACKUP, cartridge: Cartridge(0) }),
            (100, ManagerFact::Down),
            (1_000, ManagerFact::JobResumed { job: BACKUP, step: dump }),
            (1_000, ManagerFact::StepStarted { job: BACKUP, step: dump }),
            (1_020, ManagerFact::TapeMounted { job: BACKUP, cartridge: Cartridge(1) }),
            (1_300, ManagerFact::StepEnded { job: BACKUP, step: dump }),
            (1_300, ManagerFact::StepStarted { job: BACKUP, step: harden }),
            (1_310, ManagerFact::TapeEofHardened { backup: Backup(0) }),
            (1_310, ManagerFact::StepEnded { job: BACKUP, step: harden }),
        ] {
            jobs.observe(at(seconds), Image::FIRST, fact);
        }
        let end = BackupEnd::Reported { outcome: Outcome::Complete, held: false };
        assert!(jobs.backup_ended(at(1_320), Backup(0), end, Span::from_secs(12)));
        assert!(!jobs.backup_ended(at(1_321), Backup(0), end, Span::from_secs(12)), "it ended before");
        let it = &jobs.backups[0];
        let steps: Vec<_> = it.course.steps.iter().map(|s| (s.step, s.end, s.ended)).collect();
        assert_eq!(
            steps,
            [
                (dump, StepEnd::Cut, Some(at(100))),
                (dump, StepEnd::Done, Some(at(1_300))),
                (harden, StepEnd::Done, Some(at(1_310))),
            ]
        );
        assert_eq!((it.course.retries, it.course.resumes), (1, 1));
        assert_eq!(it.course.tape, Span::from_secs(30 + 290));
        assert_eq!(it.exposure, Span::from_secs(7));
        assert_eq!(it.outcome, Some(Outcome::Complete));
    }

    #[test]
    fn a_restore_is_timed_from_the_failure_to_the_open() {
        let mut jobs = Jobs::default();
        jobs.failure(at(10));
        let (device, restore) = (Device(2), RESTORE);
        jobs.observe(at(100), Image::FIRST, ManagerFact::RestoreStarted { restore, volume: prod(), device });
        jobs.failure(at(101));
        for track in 0..3 {
            let track = TrackNo(track);
            jobs.observe(
                at(110 + u64::from(track.0)),
                Image::FIRST,
                ManagerFact::RestoreTrackWritten { restore, device, track },
            );
        }
        jobs.observe(at(120), Image::FIRST, ManagerFact::ApplicationOpened { volume: prod(), device });
        jobs.observe(at(130), Image::FIRST, ManagerFact::RestoreComplete { restore, backup: Backup(4), device });
        jobs.observe(at(140), Image::FIRST, ManagerFact::ApplicationOpened { volume: prod(), device: Device(9) });
        jobs.observe(at(150), Image::FIRST, ManagerFact::ApplicationOpened { volume: prod(), device });
        jobs.observe(at(160), Image::FIRST, ManagerFact::ApplicationOpened { volume: prod(), device });
        let it = &jobs.restores[0];
        assert_eq!((it.failure, it.from, it.tracks_written), (Some(at(10)), Some(Backup(4)), 3));
        assert_eq!(it.reached(Milestone::FirstTrack), Some(at(110)));
        assert_eq!(it.reached(Milestone::LastTrack), Some(at(112)));
        assert_eq!(it.reached(Milestone::Opened), Some(at(150)), "only an open of the finished volume counts");
    }

    #[test]
    fn prompts_are_answered_in_order_or_not_at_all() {
        let mut jobs = started();
        let prompt = ManagerFact::DuplicatePrompt { first: Device(0), second: Device(1) };
        jobs.observe(at(100), Image::FIRST, prompt);
        jobs.observe(at(130), Image::FIRST, ManagerFact::PromptAnswered { keep: Device(0) });
        jobs.observe(at(200), Image::FIRST, prompt);
        jobs.observe(at(201), Image::FIRST, ManagerFact::Down);
        jobs.observe(at(300), Image::FIRST, prompt);
        jobs.finish(at(400), |_| Span::from_secs(5));
        assert_eq!(jobs.operator.answers, ByHand { actions: 1, time: Span::from_secs(30) });
        assert_eq!(jobs.operator.unanswered, 2);
        let backup = &jobs.backups[0];
        assert_eq!((backup.by_hand, backup.exposure), (jobs.operator.answers, Span::ZERO));
    }

    #[test]
    fn steps_by_hand_belong_to_their_job_and_answers_to_whatever_lived() {
        let mut jobs = started();
        let (restore, device) = (RESTORE, Device(2));
        let by_hand =
            |job, step, seconds| ManagerFact::OperatorStep { job, step, slip: None, working: Span::from_secs(seconds) };
        let prompt = ManagerFact::DuplicatePrompt { first: Device(0), second: Device(1) };
        for (seconds, fact) in [
            (70, by_hand(BACKUP, StepName::OperatorDump, 20)),
            (80, ManagerFact::RestoreStarted { restore, volume: prod(), device }),
            (90, by_hand(Job::Restore(restore), StepName::RelabelRestored, 40)),
            (100, prompt),
            (130, ManagerFact::PromptAnswered { keep: Device(0) }),
            (140, ManagerFact::JobEnded { job: Job::Restore(restore), outcome: Outcome::Complete, held: false }),
            (150, by_hand(Job::Restore(restore), StepName::VaryRestoredOnline, 5)),
        ] {
            jobs.observe(at(seconds), Image(0), fact);
        }
        jobs.finish(at(200), |_| Span::from_secs(5));
        let of = |actions, seconds| ByHand { actions, time: Span::from_secs(seconds) };
        assert_eq!(jobs.backups[0].by_hand, of(2, 20 + 30));
        assert_eq!(jobs.restores[0].by_hand, of(3, 40 + 30 + 5), "what is done behind its end is done for it too");
        assert_eq!((jobs.operator.answers, jobs.operator.steps), (of(1, 30), of(3, 65)));
    }

    #[test]
    fn a_backup_that_a_restart_rolled_back_failed_clean() {
        let mut jobs = started();
        assert!(jobs.backup_ended(at(90), Backup(0), BackupEnd::Undone, Span::from_secs(5)));
        assert_eq!((jobs.backups[0].outcome, jobs.backups[0].undone), (Some(Outcome::FailedClean), true));
    }
}
