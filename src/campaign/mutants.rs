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
use crate::vocab::{CheckMutant, Mutant};

/// The shipped scenario on which mutants are tried.
pub const STANDING: &str = "standing";

/// What is broken: the system, or a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    System(Mutant),
    /// The stage has a defect that is noticed without the mutant, or none.
    Check(CheckMutant),
}

impl Broken {
    pub fn name(self) -> &'static str {
        match self {
            Broken::System(mutant) => mutant.name(),
            Broken::Check(mutant) => mutant.name(),
        }
    }

    /// The option `--set` that brings it in.
    pub fn change(self) -> String {
        match self {
            Broken::System(mutant) => format!("mutant.name={mutant}"),
            Broken::Check(mutant) => format!("mutant.check={mutant}"),
        }
    }
}

/// A mutant, and where it is to be seen.
#[derive(Clone, Copy, Debug)]
pub struct Specimen {
    /// Its number in the catalogue.
    pub number: u8,
    pub mutant: Broken,
    /// What is broken.
    pub about: &'static str,
    /// Each of them kills it.
    pub fires: &'static [Invariant],
    /// A shipped scenario, and the options `--set` that make it the stage.
    pub scenario: &'static str,
    pub set: &'static [&'static str],
    /// What strikes at every boundary; nothing where the run alone shows it.
    pub strikes: &'static [&'static str],
    /// 1, or 2: crashes strike again within the recovery from the first.
    pub depth: u8,
    /// What does not show it, striking once at every boundary.
    pub spared_by: &'static [&'static str],
}

const fn specimen(number: u8, mutant: Mutant, about: &'static str, fires: &'static [Invariant]) -> Specimen {
    let mutant = Broken::System(mutant);
    Specimen { number, mutant, about, fires, scenario: STANDING, set: &[], strikes: &[], depth: 1, spared_by: &[] }
}

/// A check that is broken, on a stage with a defect that it should report, or with none.
const fn checker(number: u8, mutant: CheckMutant, about: &'static str, fires: &'static [Invariant]) -> Specimen {
    let mutant = Broken::Check(mutant);
    Specimen { number, mutant, about, fires, scenario: STANDING, set: &[], strikes: &[], depth: 1, spared_by: &[] }
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

    const fn twice(mut self) -> Specimen {
        self.depth = 2;
        self
    }

    const fn spared_by(mut self, strikes: &'static [&'static str]) -> Specimen {
        self.spared_by = strikes;
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
    specimen(
        9,
        Mutant::SourceWriteBeforeCow,
        "the source's home is overwritten first",
        &[CowOrder, PointInTimeFidelity],
    ),
    specimen(10, Mutant::TapeCompleteEarly, "complete when the last block is sent", &[SuccessMeansSuccess])
        .struck_by(CRASH),
    specimen(11, Mutant::IgnoreTapeError, "a write error counts as success", &[SuccessMeansSuccess])
        .struck_by(&["tape-write-error"])
        .spared_by(CRASH),
    specimen(12, Mutant::RecoverySkipsWithdraw, "the restart leaves the relationship", &[NoOrphan])
        .with(&["backup[0].job_journal=off"])
        .struck_by(CRASH),
    specimen(13, Mutant::RecoveryKeepsOwnBits, "old own bits are those of the next copy", &[PointInTimeFidelity])
        .on("standing-reused")
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
    specimen(20, Mutant::IdCompareIgnoresCase, "`a` equals `A` in VARY", &[AccessibleAfterRestore])
        .on("standing-names"),
    specimen(21, Mutant::IdComparePrefix, "five characters are compared", &[AccessibleAfterRestore])
        .on("standing-names"),
    specimen(22, Mutant::IdCompareKeepsBlanks, "an unpadded compare misses a duplicate", &[UniqueOnlineId])
        .on("standing-names"),
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
    specimen(27, Mutant::CowCopiesPartOfTrack, "half of each track is saved", &[PointInTimeFidelity]),
    specimen(28, Mutant::LabelTrackWithoutCow, "track 0 is exempt from copy on write", &[PointInTimeFidelity])
        .with(&["backup[0].label_residency=overlay", "workload[0].read=100 %"])
        .struck_by(&["source-update(track=label)"])
        .spared_by(CRASH),
    specimen(29, Mutant::DumpUsesCurrentAllocation, "what was freed after T0 is skipped", &[PointInTimeFidelity])
        .on("standing-directory"),
    specimen(
        30,
        Mutant::AutoEndClearsHiddenId,
        "the end of a copy blanks the hidden ID before the dump",
        &[HiddenIdSound],
    )
    .with(&["backup[0].mode=copy"]),
    specimen(32, Mutant::TargetAcceptsHostWrites, "the fence is ignored", &[PointInTimeFidelity])
        .struck_by(&["target-update"]),
    specimen(33, Mutant::RetryAppends, "a retry does not send the tape back", &[RestoreFidelity, PointInTimeFidelity])
        .struck_by(&["tape-write-error"]),
    specimen(34, Mutant::AcceptOutOfOrderSections, "the order of cartridges is not checked", &[RestoreFidelity])
        .on("reel-reorder-verify"),
    specimen(35, Mutant::StaleBitmapGeneration, "bits of a former copy are believed", &[PointInTimeFidelity])
        .on("standing-reused")
        .struck_by(CRASH),
    specimen(36, Mutant::SnapshotSkipsCount, "counts are not raised", &[RefcountExact]).with(&[LSA]),
    specimen(
        37,
        Mutant::CollectorFreesSharedPlace,
        "a place with two bindings is taken for free",
        &[RefcountExact, PointInTimeFidelity],
    )
    .on("lsa-collection-moves-shared"),
    specimen(38, Mutant::CollectorMovesOneBinding, "the other binding leads nowhere", &[RefcountExact])
        .on("lsa-collection-moves-shared"),
    specimen(39, Mutant::CountAfterPointer, "pointers are durable before counts", &[RefcountExact])
        .with(&[LSA])
        .struck_by(CRASH),
    specimen(40, Mutant::CowWriteHole, "copy on write is not in the stripe log", &[PointInTimeFidelity])
        .on("standing-degraded")
        .struck_by(&["power-loss"]),
    specimen(41, Mutant::VaryOnlineWithoutCheck, "the label is not compared", &[UniqueOnlineId])
        .on("target-varied-online-again"),
    specimen(42, Mutant::CheckThenVary, "the check and the change are two steps", &[UniqueOnlineId])
        .on("standing-names"),
    specimen(43, Mutant::UniquenessPerController, "the check sees one controller image", &[UniqueOnlineId])
        .on("standing-names")
        .with(&["volume[6].device=0B60", "fault[3].device=0B60"]),
    specimen(
        44,
        Mutant::RecoveryNotIdempotent,
        "a second restart withdraws the copy of a resumed job",
        &[PointInTimeFidelity],
    )
    .with(&["workload[0].limit=20"])
    .struck_by(&["host-crash"])
    .twice()
    .spared_by(&["host-crash"]),
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
    .struck_by(&["tape-write-error(permanent=true)"])
    .spared_by(CRASH),
    specimen(51, Mutant::SealNotChecked, "a foreign hidden ID is put back", &[BackupId]).on("foreign-hidden-id-sealed"),
    specimen(52, Mutant::ScratchBeforeVerify, "the old tape is freed first", &[BackupExists])
        .on("scratch-after-new-verified"),
    specimen(53, Mutant::UcbNotRefreshed, "VARY ONLINE keeps the configured ID", &[CachedIdCoherent]),
    specimen(54, Mutant::DoubleBinding, "a restart takes a bound place for free", &[BindingExclusive])
        .with(&["backup[0].delete_target=after-backup"])
        .struck_by(CRASH),
    specimen(55, Mutant::BusyNeverReleased, "the source stays busy", &[Progress]),
    specimen(56, Mutant::NvsNotReplayed, "modified data is ignored at a restart", &[NoLostAckedWrite]).struck_by(CRASH),
    specimen(57, Mutant::IplOnlineFlagIgnored, "an IPL brings every device online", &[UniqueOnlineId])
        .with(&[
            "backup[0].method=same-id-offline",
            "host.duplicate_volser_policy=admit-both",
            "volume[1].online=false",
            "volume[1].online_at_ipl=false",
        ])
        .struck_by(&["host-crash"]),
    checker(58, CheckMutant::TwoVolumesOnly, "a third device is not looked at", &[UniqueOnlineId]).with(&[
        "mutant.name=label-source-id-first",
        "backup[0].target=0A20",
        "restore[0].to=0A10",
    ]),
    checker(59, CheckMutant::SkipsLastTrack, "the last track of a restore is not compared", &[RestoreFidelity])
        .on("standing-lying-disk")
        .with(&["fault[0].track=14"]),
    checker(60, CheckMutant::TruncatedTag, "32 of 64 bits of a tag are compared", &[PointInTimeFidelity])
        .on("standing-lying-disk"),
    checker(61, CheckMutant::PitAtReceipt, "the image is that of the request", &[PointInTimeFidelity])
        .with(&["workload[0].rate=300 /s", "workload[0].limit=1600"]),
    checker(62, CheckMutant::LedgerFromDisk, "the ledger believes the disks", &[NoLostAckedWrite])
        .with(&["mutant.name=nvs-not-replayed"])
        .struck_by(CRASH),
];

/// What a study shows: invariants violated by the run alone, and in how many forks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub alone: BTreeSet<Invariant>,
    pub forks: BTreeMap<Invariant, u64>,
    pub branches: u64,
}

impl Shown {
    /// Whether the run alone shows a violation, and how many forks do.
    pub fn of(&self, invariant: Invariant) -> (bool, u64) {
        (self.alone.contains(&invariant), self.forks.get(&invariant).copied().unwrap_or(0))
    }

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
    /// What the mutant shows under the faults that must not show it.
    pub spared: Option<Shown>,
}

impl Trial {
    /// The invariants that noticed it.
    pub fn killers(&self) -> Vec<Invariant> {
        let tells = |it: &&Invariant| match self.specimen.mutant {
            Broken::System(_) => self.mutated.has(**it) && !self.healthy.has(**it),
            // A defect that goes unseen, or one that is none.
            Broken::Check(_) => self.mutated.of(**it) != self.healthy.of(**it),
        };
        self.specimen.fires.iter().filter(tells).copied().collect()
    }

    pub fn is_killed(&self) -> bool {
        !self.killers().is_empty()
    }

    /// Whether weaker faults show it, which they must not.
    pub fn is_shown_early(&self) -> bool {
        self.spared.as_ref().is_some_and(|spared| self.killers().into_iter().any(|it| spared.has(it)))
    }

    /// Whatever else was violated with the mutant alone.
    pub fn beside(&self) -> Vec<Invariant> {
        let other =
            |it: &&Invariant| self.mutated.has(**it) && !self.healthy.has(**it) && !self.specimen.fires.contains(it);
        Invariant::ALL.iter().filter(other).copied().collect()
    }
}

/// Tries mutants one after the other, each study on so many threads.
pub fn run(specimens: &[&'static Specimen], threads: usize, reduce: bool, tell: impl Fn(u64)) -> Vec<Trial> {
    let mut healthy: BTreeMap<String, Shown> = BTreeMap::new();
    let mut trials = Vec::new();
    for &specimen in specimens {
        let Specimen { scenario, set, strikes, depth, .. } = specimen;
        let stage = format!("{scenario} {set:?} {strikes:?} {depth}");
        let healthy = healthy.entry(stage).or_insert_with(|| study(specimen, None, threads, reduce)).clone();
        let weaker = Specimen { strikes: specimen.spared_by, depth: 1, ..*specimen };
        let is_spared = !specimen.spared_by.is_empty();
        let spared = is_spared.then(|| study(&weaker, Some(specimen.mutant), threads, reduce));
        let mutated = study(specimen, Some(specimen.mutant), threads, reduce);
        trials.push(Trial { specimen, mutated, healthy, spared });
        tell(trials.len() as u64);
    }
    trials
}

fn study(specimen: &Specimen, mutant: Option<Broken>, threads: usize, reduce: bool) -> Shown {
    let source = Example::find(specimen.scenario).expect("it is shipped").source();
    let mut set: Vec<String> = specimen.set.iter().map(|&change| change.to_owned()).collect();
    set.extend(mutant.map(Broken::change));
    let overrides = Overrides { set, ..Overrides::default() };
    let strike = |name: &&str| Strike::of(&source, &overrides, name).expect("the stage has a place for it");
    let study = Study {
        plan: load(&source, &overrides).expect("the stage is valid").plan,
        strikes: specimen.strikes.iter().map(strike).collect(),
        depth: specimen.depth,
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
        let listed: Vec<Broken> = SPECIMENS.iter().map(|specimen| specimen.mutant).collect();
        let system = Mutant::ALL.iter().copied().map(Broken::System);
        for mutant in system.chain(CheckMutant::ALL.iter().copied().map(Broken::Check)) {
            assert_eq!(listed.iter().filter(|it| **it == mutant).count(), 1, "{}", mutant.name());
        }
        assert!(SPECIMENS.is_sorted_by_key(|specimen| specimen.number));
    }
}
