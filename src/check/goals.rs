//! What a run should have met at least once (HAZARDS 9): situations in which a defect could have shown itself.
//!
//! A goal is listed here when facts can show it. A scenario names the goals it requires; one that was not met makes its
//! run inconclusive.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::Scene;
use super::tape::{self, TapeNews};
use super::view::View;
use crate::controller::dasd::{CopyMode, DasdFact};
use crate::controller::tape::TapeFact;
use crate::host::workload::WorkloadFact;
use crate::manager::{Job, ManagerFact, Outcome};
pub use crate::vocab::Goal;
use crate::vocab::{Backup, Device, Drive, HiddenState, RelationNumber, Status, StepName, TrackNo};

/// What a backup is doing, as far as a goal depends on it.
#[derive(Clone, Debug)]
struct Watch {
    backup: Backup,
    source: Device,
    target: Device,
    relation: Option<RelationNumber>,
    committed: bool,
    hidden_written: bool,
    withdrawn: bool,
    dumping: bool,
    dumped: BTreeSet<TrackNo>,
    /// Tracks that the target has by itself, and those of them that the background copy brought.
    own: BTreeSet<TrackNo>,
    by_background: BTreeSet<TrackNo>,
    updated: BTreeSet<TrackNo>,
    /// Copies on write that are started and not hardened; hardened and without their bit.
    half_copied: BTreeSet<TrackNo>,
    bit_missing: BTreeSet<TrackNo>,
    acknowledged: BTreeSet<TrackNo>,
    mark: bool,
    trailer: bool,
    tape_error: bool,
}

#[derive(Clone, Debug)]
pub struct Goals {
    hits: Vec<u64>,
    watches: Vec<Watch>,
    /// Blocks acknowledged by a drive since its cartridge was loaded.
    blocks: BTreeMap<Drive, u64>,
    outstanding: u64,
    /// A cluster crashed and the other one has not taken over.
    failing_over: bool,
}

impl Default for Goals {
    fn default() -> Goals {
        Goals {
            hits: vec![0; Goal::ALL.len()],
            watches: Vec::new(),
            blocks: BTreeMap::new(),
            outstanding: 0,
            failing_over: false,
        }
    }
}

impl Goals {
    pub fn hits(&self, goal: Goal) -> u64 {
        self.hits[goal as usize]
    }

    pub fn hit(&mut self, goal: Goal) {
        self.hits[goal as usize] += 1;
    }

    fn hit_if(&mut self, met: bool, goal: Goal) {
        self.hits[goal as usize] += u64::from(met);
    }

    pub fn dasd(&mut self, scene: &Scene<impl View>, fact: DasdFact) {
        match fact {
            DasdFact::CowCopyStarted { device, track } => self.each_on(device, |watch| {
                watch.half_copied.insert(track);
            }),
            DasdFact::CowCopyHardened { device, track } => self.cow_hardened(scene, device, track),
            DasdFact::CowBitSet { device, track } | DasdFact::TargetEntryCleared { device, track } => {
                self.each_on(device, |watch| watch.gain(track));
            }
            DasdFact::BackgroundTrackHardened { device, track } => self.each_on(device, |watch| {
                watch.gain(track);
                watch.by_background.insert(track);
            }),
            DasdFact::SourceHomeWritten { device, newer: false, .. } => {
                let related = self.watches.iter().any(|watch| watch.source == device && watch.is_related());
                self.hit_if(related, Goal::WriteOlderThanT0DestagedAfterT0);
            }
            DasdFact::PointInTimeSet { relation, source, target } => {
                let pair = |watch: &&mut Watch| watch.source == source && watch.target == target;
                if let Some(watch) = self.watches.iter_mut().rev().find(pair) {
                    *watch = Watch { relation: Some(relation), ..Watch::new(watch.backup, source, target) };
                }
            }
            DasdFact::RelationshipCommitted { relation, .. } => self.of(relation, |watch| watch.committed = true),
            DasdFact::HiddenIdWritten { device } => self.each_target(device, |watch| watch.hidden_written = true),
            DasdFact::HiddenIdCleared { device } => self.each_target(device, |watch| watch.hidden_written = false),
            DasdFact::RelationshipWithdrawn { relation, .. } => self.of(relation, |watch| watch.withdrawn = true),
            DasdFact::BackgroundCopyComplete { relation, .. } => {
                let early = self.watches.iter().any(|watch| watch.relation == Some(relation) && !watch.mark);
                self.hit_if(early, Goal::TargetCompleteBeforeDumpEnd);
                self.of(relation, |watch| watch.withdrawn = true);
            }
            DasdFact::TargetDeleted { device } => self.each_target(device, |watch| {
                (watch.withdrawn, watch.hidden_written) = (true, false);
            }),
            DasdFact::NvsFull => self.hit(Goal::NvsFull),
            DasdFact::ClusterFailed { modified, .. } => {
                self.failing_over = true;
                self.hit_if(modified > 0, Goal::FailoverWithModifiedData);
            }
            DasdFact::FailoverDone { .. } | DasdFact::Down => self.failing_over = false,
            DasdFact::Ncl75 => self.hit(Goal::NclAbove75),
            _ => {}
        }
    }

    pub fn manager(&mut self, scene: &Scene<impl View>, fact: ManagerFact) {
        match fact {
            ManagerFact::WriteAcknowledged { device, first, count, .. } if !self.watches.is_empty() => {
                (first.0..first.0 + count).for_each(|track| self.updated(device, TrackNo(track)));
            }
            ManagerFact::StimulusAccepted { backup, source, target, .. } => {
                let mut earlier = scene.books.jobs.backups.iter().filter(|case| case.backup != backup);
                let reused = earlier.any(|case| case.target == target && case.source != source);
                self.hit_if(reused, Goal::TargetReusedByOtherSource);
                self.watches.push(Watch::new(backup, source, target));
            }
            ManagerFact::StimulusRejected { .. } | ManagerFact::StimulusJoined { .. } => {
                self.hit(Goal::DuplicateStimulusReceived);
            }
            ManagerFact::StepStarted { job: Job::Backup(backup), step } if is_dump(step) => {
                self.backup(backup, |watch| watch.dumping = true);
            }
            ManagerFact::StepEnded { job: Job::Backup(backup), step } if is_dump(step) => {
                self.backup(backup, |watch| watch.dumping = false);
            }
            ManagerFact::TapeLabelsWritten { section: 1.., .. } => self.hit(Goal::SecondCartridgeUsed),
            ManagerFact::TapeLabelsWritten { backup, section: 0, .. } => self.backup(backup, |watch| {
                watch.acknowledged.clear();
                watch.mark = false;
            }),
            ManagerFact::DumpTrackRead { backup, device, track, .. } => self.dumped(scene, backup, device, track),
            ManagerFact::TapeMarkWritten { backup } => self.backup(backup, |watch| watch.mark = true),
            ManagerFact::TapeEofHardened { backup } => self.backup(backup, |watch| watch.trailer = true),
            ManagerFact::TapeErrorSeen { backup, .. } => self.backup(backup, |watch| watch.tape_error = true),
            ManagerFact::JobEnded { job: Job::Backup(backup), outcome, .. } => self.ended(scene, backup, outcome),
            ManagerFact::RestoreStarted { volume, .. } => {
                let bears =
                    |image| scene.setup.devices().any(|device| scene.view.online(image, device) == Some(volume));
                self.hit_if(scene.images().any(bears), Goal::RestoreWhileSourceOnline);
            }
            ManagerFact::RestoreComplete { backup, device, .. } => {
                if let Some(case) = scene.books.jobs.backup(backup) {
                    let original = case.source == device;
                    self.hit(if original { Goal::RestoreToOriginalDevice } else { Goal::RestoreToOtherDevice });
                }
            }
            ManagerFact::HiddenIdUnfit { state: HiddenState::Torn, .. } => self.hit(Goal::HiddenIdTornDetected),
            ManagerFact::HiddenIdUnfit { state: HiddenState::Stale { .. }, .. } => {
                self.hit(Goal::HiddenIdStaleDetected)
            }
            ManagerFact::HiddenIdUnfit { state: HiddenState::Foreign { .. }, .. } => {
                self.hit(Goal::HiddenIdForeignDetected)
            }
            ManagerFact::OrphanRemoved { .. } => self.hit(Goal::OrphanSwept),
            ManagerFact::DuplicatePrompt { .. } => self.hit(Goal::DuplicatePromptShown),
            ManagerFact::VaryOnlineRefused { .. } => self.hit(Goal::VaryOnlineRefused),
            ManagerFact::Down => self.outstanding = 0,
            _ => {}
        }
    }

    pub fn tape(&mut self, scene: &Scene<impl View>, fact: TapeFact) {
        match tape::news(fact) {
            Some(TapeNews::Acknowledged { drive, backup, track }) => {
                *self.blocks.entry(drive).or_default() += 1;
                self.backup(backup, |watch| {
                    watch.acknowledged.insert(track);
                });
            }
            Some(TapeNews::Loaded { drive }) => {
                self.blocks.insert(drive, 0);
            }
            Some(TapeNews::Error { drive }) => {
                let dump = self.watches.iter().rev().find(|watch| watch.dumping);
                let tracks = dump.map(|watch| u64::from(scene.setup.volume(watch.source).tracks));
                let before = self.blocks.get(&drive).copied().unwrap_or(0);
                self.hit_if(tracks.is_some() && before == 0, Goal::TapeErrorOnFirstBlock);
                self.hit_if(tracks.is_some_and(|all| before > 0 && before + 1 < all), Goal::TapeErrorOnMiddleBlock);
                self.hit_if(tracks.is_some_and(|all| before > 0 && before + 1 >= all), Goal::TapeErrorOnLastBlock);
            }
            Some(TapeNews::Lost { count }) => self.hit_if(count > 0, Goal::LostBlocksReported),
            Some(TapeNews::StopStart) => self.hit(Goal::StopStartOccurred),
            Some(TapeNews::Hardened { .. }) | None => {}
        }
    }

    pub fn workload(&mut self, fact: WorkloadFact) {
        match fact {
            WorkloadFact::Issued { .. } => {
                self.outstanding += 1;
                self.hit_if(self.outstanding > 1, Goal::QueueDepthAboveOne);
            }
            WorkloadFact::Done { status, .. } => {
                self.outstanding = self.outstanding.saturating_sub(1);
                let rejected = matches!(status, Status::Rejected | Status::WriteInhibited);
                self.hit_if(rejected, Goal::HostRequestRejected);
            }
            _ => {}
        }
    }

    /// Where a crash found the system; `recovering` says whether an earlier one was still being recovered from.
    pub fn crashed(&mut self, scene: &Scene<impl View>, recovering: bool) {
        self.hit_if(recovering, Goal::CrashDuringRecovery);
        self.hit_if(self.failing_over, Goal::CrashDuringFailover);
        let restoring = |case: &super::jobs::RestoreCase| case.is_live() && case.completed.is_none();
        self.hit_if(scene.books.jobs.restores.iter().any(restoring), Goal::CrashDuringRestore);
        let mut met = BTreeSet::new();
        for watch in &self.watches {
            let conditioned = scene.books.jobs.backup(watch.backup).is_some_and(|case| case.is_conditioned());
            let tracks = u64::from(scene.setup.volume(watch.source).tracks);
            let related = watch.is_related();
            let positions = [
                (Goal::CrashBetweenRelationshipAndHiddenId, related && conditioned && !watch.hidden_written),
                (Goal::CrashWithCowHalfDone, related && !watch.half_copied.is_empty()),
                (Goal::CrashBetweenCopyAndBit, related && !watch.bit_missing.is_empty()),
                (Goal::CrashBetweenLastBlockAndMark, watch.acknowledged.len() as u64 == tracks && !watch.mark),
                (Goal::CrashBetweenEofAndWithdraw, related && watch.trailer),
                (Goal::CrashBetweenWithdrawAndClear, watch.withdrawn && watch.hidden_written),
            ];
            met.extend(positions.into_iter().filter(|(_, holds)| *holds).map(|(goal, _)| goal));
        }
        met.into_iter().for_each(|goal| self.hit(goal));
        for watch in &mut self.watches {
            watch.half_copied.clear();
            watch.bit_missing.clear();
            watch.dumping = false;
        }
    }

    fn cow_hardened(&mut self, scene: &Scene<impl View>, device: Device, track: TrackNo) {
        let mut met = Vec::new();
        self.each_on(device, |watch| {
            watch.half_copied.remove(&track);
            watch.bit_missing.insert(track);
            if watch.dumping {
                met.push(Goal::CowDuringDump);
            }
            let dumped = watch.dumped.contains(&track);
            met.push(if dumped { Goal::CowOnTrackAlreadyDumped } else { Goal::CowOnTrackNotYetDumped });
            let case = scene.books.jobs.backup(watch.backup);
            if case.is_some_and(|case| case.mode == CopyMode::Copy && !case.whole) {
                met.push(Goal::HostWriteBeatsBackgroundCopy);
            }
        });
        met.into_iter().for_each(|goal| self.hit(goal));
    }

    fn updated(&mut self, device: Device, track: TrackNo) {
        let mut met = Vec::new();
        for watch in self.watches.iter_mut().filter(|watch| watch.source == device && watch.is_related()) {
            if !watch.updated.insert(track) {
                met.push(Goal::TwoUpdatesOfOneTrack);
            }
            if track == TrackNo(0) {
                met.push(Goal::UpdateOfLabelTrackWhileRelated);
            }
            if watch.by_background.contains(&track) {
                met.push(Goal::BackgroundCopyBeatsHostWrite);
            }
        }
        met.into_iter().for_each(|goal| self.hit(goal));
    }

    fn dumped(&mut self, scene: &Scene<impl View>, backup: Backup, device: Device, track: TrackNo) {
        let mut through = None;
        self.backup(backup, |watch| {
            watch.dumping = true;
            watch.dumped.insert(track);
            // Track 0 of a conditioned target is its own from the start, so it says nothing.
            if device == watch.target && watch.is_related() && track != TrackNo(0) {
                through = Some(!watch.own.contains(&track));
            }
        });
        // A snapshot has no relationship to read through: its target is bound to what it reads.
        if scene.setup.is_log_structured() {
            return;
        }
        self.hit_if(through == Some(true), Goal::DumpReadThroughRelationship);
        self.hit_if(through == Some(false), Goal::DumpReadFromTargetHome);
    }

    fn ended(&mut self, scene: &Scene<impl View>, backup: Backup, outcome: Outcome) {
        let failed_tape = self.watches.iter().any(|watch| watch.backup == backup && watch.tape_error);
        self.hit_if(failed_tape && outcome == Outcome::Complete, Goal::RetrySucceeded);
        self.hit_if(failed_tape && outcome == Outcome::FailedClean, Goal::RetryExhausted);
        let several = |entry: &super::view::InventoryEntry| entry.backup == backup && entry.cartridges.len() > 1;
        self.hit_if(
            outcome == Outcome::Complete && scene.view.inventory().iter().any(several),
            Goal::SecondCartridgeUsed,
        );
        self.watches.retain(|watch| watch.backup != backup);
    }

    /// Facts of a copy name its source or its target.
    fn each_on(&mut self, device: Device, mut change: impl FnMut(&mut Watch)) {
        let concerned = |watch: &&mut Watch| watch.is_related() && (watch.source == device || watch.target == device);
        self.watches.iter_mut().filter(concerned).for_each(&mut change);
    }

    fn each_target(&mut self, device: Device, change: impl FnMut(&mut Watch)) {
        self.watches.iter_mut().filter(|watch| watch.target == device).for_each(change);
    }

    fn of(&mut self, relation: RelationNumber, change: impl FnMut(&mut Watch)) {
        self.watches.iter_mut().filter(|watch| watch.relation == Some(relation)).for_each(change);
    }

    fn backup(&mut self, backup: Backup, change: impl FnMut(&mut Watch)) {
        self.watches.iter_mut().filter(|watch| watch.backup == backup).for_each(change);
    }
}

impl Watch {
    fn new(backup: Backup, source: Device, target: Device) -> Watch {
        Watch {
            backup,
            source,
            target,
            relation: None,
            committed: false,
            hidden_written: false,
            withdrawn: false,
            dumping: false,
            dumped: BTreeSet::new(),
            own: BTreeSet::new(),
            by_background: BTreeSet::new(),
            updated: BTreeSet::new(),
            half_copied: BTreeSet::new(),
            bit_missing: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            mark: false,
            trailer: false,
            tape_error: false,
        }
    }

    fn is_related(&self) -> bool {
        self.committed && !self.withdrawn
    }

    fn gain(&mut self, track: TrackNo) {
        self.bit_missing.remove(&track);
        self.own.insert(track);
    }
}

fn is_dump(step: StepName) -> bool {
    step.is_dump()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake, RELATION, SOURCE, TARGET, id};
    use crate::manager::plan::MethodName;
    use crate::vocab::{Tag, WriteNumber};

    const TRACK: TrackNo = TrackNo(3);

    /// A backup whose relationship is committed, then `facts`.
    fn after(facts: &[DasdFact], more: &[ManagerFact]) -> (Goals, Fake) {
        let mut fake = Fake::with_copy();
        let mut goals = Goals::default();
        let (backup, relation, source, target) = (BACKUP, RELATION, SOURCE, TARGET);
        fake.scene(|scene| {
            let method = MethodName::SafeBackup;
            goals.manager(scene, ManagerFact::StimulusAccepted { backup, plan: 0, source, target, method });
            goals.dasd(scene, DasdFact::PointInTimeSet { relation, source, target });
            goals.dasd(scene, DasdFact::RelationshipCommitted { relation, source, target });
            more.iter().for_each(|&fact| goals.manager(scene, fact));
            facts.iter().for_each(|&fact| goals.dasd(scene, fact));
        });
        (goals, fake)
    }

    fn met(goals: &Goals) -> Vec<&'static str> {
        Goal::ALL.iter().filter(|goal| goals.hits(**goal) > 0).map(|goal| goal.name()).collect()
    }

    const READ: ManagerFact = ManagerFact::DumpTrackRead { backup: BACKUP, device: TARGET, track: TRACK, tag: Tag(1) };
    const COPIED: DasdFact = DasdFact::CowCopyHardened { device: SOURCE, track: TRACK };

    #[test]
    fn a_copy_on_write_is_told_by_what_the_dump_has_done() {
        let (goals, _) = after(&[COPIED], &[]);
        assert_eq!(met(&goals), ["cow-on-track-not-yet-dumped"]);
        let (goals, _) = after(&[COPIED], &[READ]);
        assert_eq!(met(&goals), ["cow-during-dump", "cow-on-track-already-dumped", "dump-read-through-relationship"]);
    }

    #[test]
    fn a_dump_reads_the_target_home_once_the_bit_is_set() {
        let (mut goals, mut fake) = after(&[DasdFact::CowBitSet { device: TARGET, track: TRACK }], &[]);
        fake.scene(|scene| goals.manager(scene, READ));
        assert_eq!(met(&goals), ["dump-read-from-target-home"]);
    }

    #[test]
    fn updates_while_related_are_counted_by_track() {
        let written = |track: u32, write: u64| ManagerFact::WriteAcknowledged {
            device: SOURCE,
            first: TrackNo(track),
            count: 1,
            write: WriteNumber(write),
            volume: id("PROD01"),
            target: false,
        };
        let (goals, _) = after(&[], &[written(0, 1), written(3, 2)]);
        assert_eq!(met(&goals), ["update-of-label-track-while-related"]);
        let (goals, _) = after(&[], &[written(3, 1), written(3, 2)]);
        assert_eq!(met(&goals), ["two-updates-of-one-track"]);
    }

    #[test]
    fn a_crash_is_told_by_where_it_falls() {
        let crashed = |facts: &[DasdFact]| {
            let (mut goals, mut fake) = after(&[DasdFact::HiddenIdWritten { device: TARGET }], &[]);
            fake.scene(|scene| {
                facts.iter().for_each(|&fact| goals.dasd(scene, fact));
                goals.crashed(scene, false);
            });
            met(&goals)
        };
        let started = DasdFact::CowCopyStarted { device: SOURCE, track: TRACK };
        let bit = DasdFact::CowBitSet { device: SOURCE, track: TRACK };
        assert_eq!(crashed(&[started]), ["crash-with-cow-half-done"]);
        assert_eq!(crashed(&[started, COPIED])[0], "crash-between-copy-and-bit");
        assert_eq!(crashed(&[started, COPIED, bit]), ["cow-on-track-not-yet-dumped"]);
        let (relation, source, target) = (RELATION, SOURCE, TARGET);
        let withdrawn = DasdFact::RelationshipWithdrawn { relation, source, target };
        assert_eq!(crashed(&[withdrawn]), ["crash-between-withdraw-and-clear"]);
        assert_eq!(crashed(&[withdrawn, DasdFact::HiddenIdCleared { device: TARGET }]), [""; 0]);
    }

    #[test]
    fn a_tape_error_is_told_by_the_blocks_before_it() {
        let told = |blocks: u32| {
            let (mut goals, mut fake) = after(&[], &[READ]);
            fake.scene(|scene| {
                for track in (0..blocks).map(TrackNo) {
                    let (drive, cartridge, tag) = (Drive(0), crate::vocab::Cartridge(0), Tag(1));
                    let track = Some(track);
                    goals.tape(scene, TapeFact::BlockAcknowledged { drive, cartridge, backup: BACKUP, track, tag });
                }
                goals.tape(scene, TapeFact::ErrorReported { drive: Drive(0), permanent: false });
            });
            met(&goals)[1]
        };
        assert_eq!(told(0), "tape-error-on-first-block");
        assert_eq!(told(4), "tape-error-on-middle-block");
        assert_eq!(told(7), "tape-error-on-last-block");
    }

    #[test]
    fn the_names_are_those_of_the_hazards() {
        assert_eq!(Goal::parse("cow-during-dump"), Some(Goal::CowDuringDump));
        assert_eq!(Goal::parse("cow-during-dumps"), None);
        let names: BTreeSet<&str> = Goal::ALL.iter().map(|goal| goal.name()).collect();
        assert_eq!(names.len(), Goal::ALL.len());
    }
}
