//! Protections that can be switched off, one at a time, to see whether the checks notice (HAZARDS 8).
//!
//! A mutant is one place of the system that does less than it should. It belongs to no real controller or program, and no
//! scenario of a study names one: `tiersim mutants` does.

use crate::names;

names! {
    /// What is left out.
    pub enum Mutant {
        /// The target receives the source's ID whatever was asked for.
        IgnoreNoCopyVolid = "ignore-no-copy-volid",
        /// The hidden place of the target's label stays blank.
        SkipHiddenIdWrite = "skip-hidden-id-write",
        /// The copy is withdrawn in front of the dump.
        WithdrawBeforeDumpEnd = "withdraw-before-dump-end",
        /// The source is overwritten, and T0 is not saved.
        SkipCow = "skip-cow",
        /// The dump reads the source instead of the copy.
        DumpReadsSource = "dump-reads-source",
        /// The tape carries the copy's ID.
        SkipReintroduction = "skip-reintroduction",
        /// The relationship table is in memory only.
        VolatileRelationship = "volatile-relationship",
        /// The own bit is durable before the copy.
        OwnBitBeforeCopy = "own-bit-before-copy",
        /// The restart leaves relationships where they are.
        RecoverySkipsWithdraw = "recovery-skips-withdraw",
        /// The last track is not dumped.
        DumpSkipsLastTrack = "dump-skips-last-track",
        /// Writes that are accepted already land after T0.
        EstablishWithoutDrain = "establish-without-drain",
        /// The hidden ID stays when the copy ends.
        HiddenIdKept = "hidden-id-kept",
        /// A tape with the beginning of a dump is registered as complete at a restart.
        RecoveryCompletesPartialTape = "recovery-completes-partial-tape",
        /// The target gets the source's label first and its own later.
        LabelSourceIdFirst = "label-source-id-first",
        /// A target that is used again hides the ID of its former source.
        HiddenIdFromPreviousSource = "hidden-id-from-previous-source",
        /// The image of track 0 keeps the hidden ID on tape.
        HiddenAreaDumpedAsData = "hidden-area-dumped-as-data",
        /// Track 0 is exempt from copy on write.
        LabelTrackWithoutCow = "label-track-without-cow",
        /// Host writes to the target are let through.
        TargetAcceptsHostWrites = "target-accepts-host-writes",
        /// Reference counts are not raised by a snapshot.
        SnapshotSkipsCount = "snapshot-skips-count",
        /// Bindings are durable before their counts.
        CountAfterPointer = "count-after-pointer",
        /// The label of a restored volume is written first, whatever was asked for.
        LabelBeforeTracks = "label-before-tracks",
        /// The newest cached version of the source is served as the copy's.
        TargetReadFromDirtySlot = "target-read-from-dirty-slot",
        /// Copy on write takes the disk's content though a version from before T0 is in the cache.
        CowCopiesStaleHome = "cow-copies-stale-home",
        /// Cached tracks of the target survive the establish.
        StaleTargetCache = "stale-target-cache",
        /// A copy is withdrawn before the trailer is on tape.
        WithdrawBeforeEof = "withdraw-before-eof",
        /// A torn or foreign hidden ID is put back as if it were good.
        SealNotChecked = "seal-not-checked",
        /// A source that was kept busy for an establish stays busy.
        BusyNeverReleased = "busy-never-released",
        /// Modified data in battery-backed memory is ignored at a restart.
        NvsNotReplayed = "nvs-not-replayed",
        /// A restore leaves a volume with the same ID online beside the restored one.
        RestoreBesideOnlineSource = "restore-beside-online-source",
        /// The inventory says complete when the dump begins.
        TapeCompleteAtOpen = "tape-complete-at-open",
        /// A restore that puts the ID back leaves the hidden one in the label.
        HiddenIdLeftInRestoredLabel = "hidden-id-left-in-restored-label",
        /// Cartridges are read in whatever order they come.
        AcceptOutOfOrderSections = "accept-out-of-order-sections",
        /// A device comes online whatever ID its label has.
        VaryOnlineWithoutCheck = "vary-online-without-check",
        /// What the drive has acknowledged counts as being on tape.
        UnhardenedBlocksCounted = "unhardened-blocks-counted",
        /// The old generation goes before the new one is verified.
        ScratchBeforeVerify = "scratch-before-verify",
        /// The end of a background copy blanks the hidden ID before the dump.
        AutoEndClearsHiddenId = "auto-end-clears-hidden-id",
        /// The source's home is overwritten in front of the copy.
        SourceWriteBeforeCow = "source-write-before-cow",
        /// The inventory says complete when the last block is sent.
        TapeCompleteEarly = "tape-complete-early",
        /// A write error of the drive counts as success.
        IgnoreTapeError = "ignore-tape-error",
        /// The own bits that a restart finds are those of the next copy onto the target.
        RecoveryKeepsOwnBits = "recovery-keeps-own-bits",
        /// `a` and `A` are one letter where IDs are compared.
        IdCompareIgnoresCase = "id-compare-ignores-case",
        /// Only the first five characters of IDs are compared.
        IdComparePrefix = "id-compare-prefix",
        /// An ID with trailing blanks equals no other.
        IdCompareKeepsBlanks = "id-compare-keeps-blanks",
        /// Copy on write saves half of each track.
        CowCopiesPartOfTrack = "cow-copies-part-of-track",
        /// The dump skips what is not allocated any more.
        DumpUsesCurrentAllocation = "dump-uses-current-allocation",
        /// A dump goes on behind a write error without sending the tape back.
        RetryAppends = "retry-appends",
        /// A restart takes the own bits of a former copy for those of the present one.
        StaleBitmapGeneration = "stale-bitmap-generation",
        /// The collector takes a place with several bindings for free.
        CollectorFreesSharedPlace = "collector-frees-shared-place",
        /// The collector moves one binding of a place that has several.
        CollectorMovesOneBinding = "collector-moves-one-binding",
        /// What copy on write writes is not in the stripe log.
        CowWriteHole = "cow-write-hole",
        /// VARY compares IDs when it is typed, and not when the device comes online.
        CheckThenVary = "check-then-vary",
        /// VARY compares IDs within one controller image, the devices whose numbers begin alike.
        UniquenessPerController = "uniqueness-per-controller",
        /// A second restart withdraws the copy of a job that the first one resumed.
        RecoveryNotIdempotent = "recovery-not-idempotent",
        /// VARY ONLINE keeps the ID that the device was configured with.
        UcbNotRefreshed = "ucb-not-refreshed",
        /// A restart takes the list of free places from the metadata store, without the log.
        DoubleBinding = "double-binding",
        /// An IPL brings every device online.
        IplOnlineFlagIgnored = "ipl-online-flag-ignored",
    }
}

names! {
    /// What a check does wrong, to see whether a defect would then go unseen.
    pub enum CheckMutant {
        /// Duplicates are looked for among the first two devices.
        TwoVolumesOnly = "checker-two-volumes-only",
        /// The last track of a restored volume is not compared.
        SkipsLastTrack = "checker-skips-last-track",
        /// Half of each tag is compared.
        TruncatedTag = "checker-truncated-tag",
        /// The image of a copy is that of the moment at which it was asked for.
        PitAtReceipt = "checker-pit-at-receipt",
        /// The ledger believes what the disks hold when the controller is up again.
        LedgerFromDisk = "checker-ledger-from-disk",
    }
}
