//! Do the checks notice when a protection is missing? Every mutant on a small scenario, as it is and struck at every
//! boundary, beside the same without the mutant (HAZARDS 8).
//!
//! A mutant is killed by a violation of an invariant that it must break and that the same study does not show without it.
//! One that survives is a gap: of the scenario, of the faults, or of a check.

use std::collections::{BTreeMap, BTreeSet};

use super::explore::{AfterFault, Points, Strike, Study, explore};
use crate::check::Verdict;
use crate::scenario::examples::Example;
use crate::scenario::{Overrides, load};
use crate::vocab::Invariant;
use crate::vocab::Invariant::*;
use crate::vocab::Mutant;

/// The shipped scenario on which mutants are tried.
pub const STANDING: &str = "standing";

/// A mutant, and where it is to be seen.
#[derive(Clone, Copy, Debug)]
pub struct Specimen {
    /// Its number in the catalogue.
    pub number: u8,
    pub mutant: Mutant,
    /// What is broken.
    pub about: &'static str,
    /// Each of them kills it.
    pub fires: &'static [Invariant],
    /// A shipped scenario, and the options `--set` that make it the stage.
    pub scenario: &'static str,
    pub set: &'static [&'static str],
    /// What strikes at every boundary; nothing where the run alone shows it.
    pub strikes: &'static [&'static str],
}

const fn specimen(number: u8, mutant: Mutant, about: &'static str, fires: &'static [Invariant]) -> Specimen {
    Specimen { number, mutant, about, fires, scenario: STANDING, set: &[], strikes: &[] }
}

impl Specimen {
    const fn on(mut self, scenario: &'static str) -> Specimen {
        self.scenario = scenario;
        self
    }

    const fn with(mut self, set: &'static [&'static str]) -> Specimen {
        self.set = set;
        self
    }

    const fn struck_by(mut self, strikes: &'static [&'static str]) -> Specimen {
        self.strikes = strikes;
        self
    }
}

const CRASH: &[&str] = &["power-loss", "host-crash", "controller-crash"];
const LSA: &str = "dasd[0].architecture=log-structured";

/// All mutants, by their numbers.
pub static SPECIMENS: &[Specimen] = &[
    specimen(1, Mutant::IgnoreNoCopyVolid, "the target receives the source's ID", &[UniqueOnlineId, UniqueIplId]),
    specimen(2, Mutant::SkipHiddenIdWrite, "the hidden place stays blank", &[HiddenIdSound]),
    specimen(3, Mutant::WithdrawBeforeDumpEnd, "the withdraw runs before the last track", &[PointInTimeFidelity]).with(
        &["volume[0].cylinders=8", "volume[1].cylinders=8", "volume[2].cylinders=8", "flashcopy.withdraw_time=1 ms"],
    ),
    specimen(4, Mutant::SkipCow, "the source is overwritten, T0 is not saved", &[CowOrder, PointInTimeFidelity]),
    specimen(5, Mutant::DumpReadsSource, "the dump bypasses the relationship", &[PointInTimeFidelity]),
    specimen(6, Mutant::SkipReintroduction, "the tape carries the copy's ID", &[BackupId]),
    specimen(7, Mutant::VolatileRelationship, "the relationship table is in memory only", &[PointInTimeFidelity])
        .struck_by(CRASH),
    specimen(8, Mutant::OwnBitBeforeCopy, "own bits are durable before the copy", &[CowOrder, PointInTimeFidelity]),
    specimen(12, Mutant::RecoverySkipsWithdraw, "the restart leaves the relationship", &[NoOrphan])
        .with(&["backup[0].job_journal=off"])
        .struck_by(CRASH),
    specimen(14, Mutant::DumpSkipsLastTrack, "the last track is not dumped", &[PointInTimeFidelity]),
    specimen(15, Mutant::EstablishWithoutDrain, "accepted writes land after T0", &[PointInTimeFidelity])
        .with(&["workload[0].rate=300 /s", "workload[0].limit=1600"]),
    specimen(16, Mutant::HiddenIdKept, "the hidden ID is not cleared", &[NoOrphan, HiddenIdSound]),
    specimen(17, Mutant::TapeCompleteAtOpen, "complete before there is data", &[SuccessMeansSuccess, BackupExists])
        .struck_by(CRASH),
    specimen(
        18,
        Mutant::RecoveryCompletesPartialTape,
        "a partial tape is registered",
        &[SuccessMeansSuccess, BackupExists],
    )
    .struck_by(CRASH),
    specimen(19, Mutant::LabelSourceIdFirst, "the target bears the source's label, then its own", &[UniqueOnlineId]),
    specimen(23, Mutant::HiddenIdFromPreviousSource, "a target hides the ID of its former source", &[BackupId])
        .on("standing-reused"),
    specimen(
        24,
        Mutant::HiddenIdLeftInRestoredLabel,
        "a restore keeps the hidden ID",
        &[RestoreFidelity, HiddenIdSound],
    )
    .with(&["backup[0].reintroduce=at-restore"]),
    specimen(
        25,
        Mutant::RestoreBesideOnlineSource,
        "a restore leaves the old volume online",
        &[UniqueOnlineId, UniqueIplId],
    ),
    specimen(26, Mutant::HiddenAreaDumpedAsData, "the image of track 0 keeps the hidden ID", &[RestoreFidelity]),
    specimen(28, Mutant::LabelTrackWithoutCow, "track 0 is exempt from copy on write", &[PointInTimeFidelity])
        .with(&["backup[0].label_residency=overlay"])
        .struck_by(&["source-update(track=label)"]),
    specimen(
        30,
        Mutant::AutoEndClearsHiddenId,
        "the end of a copy blanks the hidden ID before the dump",
        &[HiddenIdSound],
    )
    .with(&["backup[0].mode=copy"]),
    specimen(32, Mutant::TargetAcceptsHostWrites, "the fence is ignored", &[PointInTimeFidelity])
        .struck_by(&["target-update"]),
    specimen(34, Mutant::AcceptOutOfOrderSections, "the order of cartridges is not checked", &[RestoreFidelity])
        .on("reel-reorder-verify"),
    specimen(36, Mutant::SnapshotSkipsCount, "counts are not raised", &[RefcountExact]).with(&[LSA]),
    specimen(39, Mutant::CountAfterPointer, "pointers are durable before counts", &[RefcountExact])
        .with(&[LSA])
        .struck_by(CRASH),
    specimen(41, Mutant::VaryOnlineWithoutCheck, "the label is not compared", &[UniqueOnlineId])
        .on("target-varied-online-again"),
    specimen(45, Mutant::LabelBeforeTracks, "the label of a restore comes first", &[NoLostAckedWrite])
        .with(&["volume[0].cylinders=3", "volume[1].cylinders=3", "volume[2].cylinders=3"])
        .struck_by(&["host-crash"]),
    specimen(46, Mutant::TargetReadFromDirtySlot, "the newest cached version is served", &[PointInTimeFidelity]),
    specimen(47, Mutant::CowCopiesStaleHome, "a write from before T0 is not copied", &[PointInTimeFidelity])
        .with(&["controller.destage_age=60 s", "backup[0].mode=copy"]),
    specimen(48, Mutant::StaleTargetCache, "cached tracks of the target survive the establish", &[PointInTimeFidelity])
        .on("cached-target"),
    specimen(49, Mutant::UnhardenedBlocksCounted, "acknowledged counts as on tape", &[SuccessMeansSuccess])
        .struck_by(&["tape-drive-crash"]),
    specimen(
        50,
        Mutant::WithdrawBeforeEof,
        "the withdraw runs before the trailer is on tape",
        &[BackupExists, PointInTimeFidelity],
    )
    .struck_by(&["tape-write-error(permanent=true)"]),
    specimen(51, Mutant::SealNotChecked, "a foreign hidden ID is put back", &[BackupId]).on("foreign-hidden-id-sealed"),
    specimen(52, Mutant::ScratchBeforeVerify, "the old tape is freed first", &[BackupExists])
        .on("scratch-after-new-verified"),
    specimen(55, Mutant::BusyNeverReleased, "the source stays busy", &[Progress]),
    specimen(56, Mutant::NvsNotReplayed, "modified data is ignored at a restart", &[NoLostAckedWrite]).struck_by(CRASH),
];

/// What a study shows: invariants violated by the run alone, and in how many forks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub alone: BTreeSet<Invariant>,
    pub forks: BTreeMap<Invariant, u64>,
    pub branches: u64,
}

impl Shown {
    fn has(&self, invariant: Invariant) -> bool {
        self.alone.contains(&invariant) || self.forks.contains_key(&invariant)
    }
}

/// What became of one mutant.
#[derive(Clone, Debug)]
pub struct Trial {
    pub specimen: &'static Specimen,
    pub mutated: Shown,
    /// The same study without the mutant.
    pub healthy: Shown,
}

impl Trial {
    /// The invariants that noticed it.
    pub fn killers(&self) -> Vec<Invariant> {
        let notices = |it: &&Invariant| self.mutated.has(**it) && !self.healthy.has(**it);
        self.specimen.fires.iter().filter(notices).copied().collect()
    }

    pub fn is_killed(&self) -> bool {
        !self.killers().is_empty()
    }

    /// Whatever else was violated with the mutant alone.
    pub fn beside(&self) -> Vec<Invariant> {
        let other =
            |it: &&Invariant| self.mutated.has(**it) && !self.healthy.has(**it) && !self.specimen.fires.contains(it);
        Invariant::ALL.iter().filter(other).copied().collect()
    }
}

/// Tries mutants one after the other, each study on so many threads.
pub fn run(specimens: &[&'static Specimen], threads: usize, reduce: bool) -> Vec<Trial> {
    let mut healthy: BTreeMap<(&str, Vec<&str>, Vec<&str>), Shown> = BTreeMap::new();
    let mut trials = Vec::new();
    for &specimen in specimens {
        let key = (specimen.scenario, specimen.set.to_vec(), specimen.strikes.to_vec());
        let healthy = healthy.entry(key).or_insert_with(|| study(specimen, None, threads, reduce)).clone();
        trials.push(Trial { specimen, mutated: study(specimen, Some(specimen.mutant), threads, reduce), healthy });
    }
    trials
}

fn study(specimen: &Specimen, mutant: Option<Mutant>, threads: usize, reduce: bool) -> Shown {
    let source = Example::find(specimen.scenario).expect("it is shipped").source();
    let mut set: Vec<String> = specimen.set.iter().map(|&change| change.to_owned()).collect();
    set.extend(mutant.map(|mutant| format!("mutant.name={mutant}")));
    let overrides = Overrides { set, ..Overrides::default() };
    let strike = |name: &&str| Strike::of(&source, &overrides, name).expect("the stage has a place for it");
    let study = Study {
        plan: load(&source, &overrides).expect("the stage is valid").plan,
        strikes: specimen.strikes.iter().map(strike).collect(),
        depth: 1,
        points: Points::Event,
        after_fault: AfterFault::Stop,
        reduce,
        budget: None,
        threads,
    };
    let exploration = explore(&study, |_| ()).expect("a checked scenario is a system that can be built");
    let failed = exploration.trunk.iter().filter(|check| check.verdict == Verdict::Fail);
    let mut shown = Shown { alone: failed.map(|check| check.invariant).collect(), ..Shown::default() };
    shown.branches = exploration.branches.len() as u64;
    for branch in &exploration.branches {
        let found: BTreeSet<Invariant> = branch.findings.iter().map(|finding| finding.invariant).collect();
        found.into_iter().for_each(|invariant| *shown.forks.entry(invariant).or_default() += 1);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_has_its_place_in_the_catalogue() {
        let listed: Vec<Mutant> = SPECIMENS.iter().map(|specimen| specimen.mutant).collect();
        for mutant in Mutant::ALL {
            assert_eq!(listed.iter().filter(|it| *it == mutant).count(), 1, "{mutant}");
        }
        assert!(SPECIMENS.is_sorted_by_key(|specimen| specimen.number));
    }
}
