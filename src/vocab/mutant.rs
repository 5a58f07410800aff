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
    }
}
