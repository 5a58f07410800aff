//! The names of what can happen: anchors of faults, rows of reports (HAZARDS 1 and 2).

/// Declares a closed set of names: variants, their text, and the way back.
#[macro_export]
macro_rules! names {
    ($(#[$about:meta])* pub enum $type:ident { $($(#[$note:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$note])* $variant,)+ }

        impl $type {
            pub const ALL: &'static [$type] = &[$($type::$variant,)+];

            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $text,)+ }
            }

            pub fn parse(text: &str) -> Option<$type> {
                Self::ALL.iter().copied().find(|candidate| candidate.name() == text)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

names! {
    /// A named event. Every one is an anchor for faults.
    pub enum EventName {
        // backup steps
        StimulusAccepted = "stimulus-accepted",
        ApplicationQuiesced = "application-quiesced",
        ApplicationResumed = "application-resumed",
        OperatorStep = "operator-step",
        SourceLongBusyStarted = "source-long-busy-started",
        PointInTimeSet = "point-in-time-set",
        RelationshipCommitted = "relationship-committed",
        HiddenIdWritten = "hidden-id-written",
        TargetLabelWritten = "target-label-written",
        EstablishAcknowledged = "establish-acknowledged",
        HiddenIdRead = "hidden-id-read",
        VaryOfflineRequested = "vary-offline-requested",
        VaryOfflineDone = "vary-offline-done",
        WithdrawRequested = "withdraw-requested",
        RelationshipWithdrawn = "relationship-withdrawn",
        HiddenIdCleared = "hidden-id-cleared",
        TargetDeleted = "target-deleted",
        InventoryUpdated = "inventory-updated",
        RunBookNoted = "run-book-noted",
        BackupImageRelabelled = "backup-image-relabelled",
        JobEnded = "job-ended",
        // dump and restore
        TapeMounted = "tape-mounted",
        TapeLabelsWritten = "tape-labels-written",
        DumpHeaderSent = "dump-header-sent",
        DumpTrack0Sent = "dump-track0-sent",
        DumpTrackRead = "dump-track-read",
        TapeBlockAcknowledged = "tape-block-acknowledged",
        TapeBlockHardened = "tape-block-hardened",
        TapeMarkWritten = "tape-mark-written",
        TapeEofHardened = "tape-eof-hardened",
        TapeEovHardened = "tape-eov-hardened",
        GenerationSelected = "generation-selected",
        RestoreGuardPassed = "restore-guard-passed",
        RestoreTrackWritten = "restore-track-written",
        RestoreLabelWritten = "restore-label-written",
        RestoreComplete = "restore-complete",
        RestoredLabelWritten = "restored-label-written",
        // restart
        NvsReplayed = "nvs-replayed",
        TablesRebuilt = "tables-rebuilt",
        MetadataFinished = "metadata-finished",
        LabelRead = "label-read",
        DuplicatePrompt = "duplicate-prompt",
        PromptAnswered = "prompt-answered",
        IplDone = "ipl-done",
        JobResumed = "job-resumed",
        JobUndone = "job-undone",
        OrphanRemoved = "orphan-removed",
        RecoveryDone = "recovery-done",
        // host I/O
        SourceWriteAccepted = "source-write-accepted",
        SourceWriteAcknowledged = "source-write-acknowledged",
        TargetWriteAcknowledged = "target-write-acknowledged",
        HostReadDone = "host-read-done",
        ApplicationOpened = "application-opened",
        // copy-on-write, background copy
        CowCopyStarted = "cow-copy-started",
        CowCopyHardened = "cow-copy-hardened",
        CowBitSet = "cow-bit-set",
        SourceHomeWritten = "source-home-written",
        TargetEntryCleared = "target-entry-cleared",
        BackgroundTrackHardened = "background-track-hardened",
        BackgroundCopyComplete = "background-copy-complete",
        // log-structured array
        SnapshotCountsRaised = "snapshot-counts-raised",
        SnapshotPointersWritten = "snapshot-pointers-written",
        PlaceFreed = "place-freed",
        SegmentCollected = "segment-collected",
        Ncl75 = "ncl-75",
        Ncl100 = "ncl-100",
        // cache, NVS, RAID
        StageDone = "stage-done",
        DestageStarted = "destage-started",
        DestageDone = "destage-done",
        NvsHigh = "nvs-high",
        NvsFull = "nvs-full",
        ClusterFailed = "cluster-failed",
        FailoverDone = "failover-done",
        FailbackDone = "failback-done",
        StripeDataWritten = "stripe-data-written",
        StripeParityWritten = "stripe-parity-written",
        DiskFailed = "disk-failed",
        RebuildStarted = "rebuild-started",
        RebuildDone = "rebuild-done",
        ScrubPassDone = "scrub-pass-done",
        SlotRepaired = "slot-repaired",
        SlotLost = "slot-lost",
        ScrubMismatch = "scrub-mismatch",
        // tape
        TapeLoaded = "tape-loaded",
        TapeErrorReported = "tape-error-reported",
        BlocksLost = "blocks-lost",
        TapeUnloaded = "tape-unloaded",
        TapeScratched = "tape-scratched",
        // identity
        LabelWritten = "label-written",
        VaryOnlineRequested = "vary-online-requested",
        VaryOnlineDone = "vary-online-done",
        MountCommandDone = "mount-command-done",
        TargetReused = "target-reused",
        VtocRead = "vtoc-read",
    }
}

names! {
    /// A step of a backup method or of a restore; `before` and `after` of a fault may name it.
    pub enum StepName {
        AcceptStimulus = "accept-stimulus",
        QuiesceApplication = "quiesce-application",
        DumpSource = "dump-source",
        ResumeApplication = "resume-application",
        OperatorEstablish = "operator-establish",
        OperatorDump = "operator-dump",
        OperatorWithdraw = "operator-withdraw",
        EstablishWithVolid = "establish-with-volid",
        VaryTargetOffline = "vary-target-offline",
        DumpTarget = "dump-target",
        EstablishWithheld = "establish-withheld",
        DumpWithReintroduction = "dump-with-reintroduction",
        HardenTrailer = "harden-trailer",
        UpdateInventory = "update-inventory",
        Withdraw = "withdraw",
        RelabelTarget = "relabel-target",
        End = "end",
        DeleteTarget = "delete-target",
        RelabelBackupImage = "relabel-backup-image",
        MountAndRestore = "mount-and-restore",
        RelabelRestored = "relabel-restored",
        VaryRestoredOnline = "vary-restored-online",
        ReadVtoc = "read-vtoc",
    }
}

impl StepName {
    /// Whether a volume goes to tape in it.
    pub fn is_dump(self) -> bool {
        matches!(
            self,
            StepName::DumpWithReintroduction | StepName::DumpTarget | StepName::DumpSource | StepName::OperatorDump
        )
    }
}

names! {
    /// How an operator step goes wrong (HAZARDS 7).
    pub enum Slip {
        Omit = "omit",
        Delay = "delay",
        /// A parameter that is forgotten, or a value that is mistyped.
        Argument = "argument",
        WrongDevice = "wrong-device",
        WrongReply = "wrong-reply",
        Repeat = "repeat",
        /// The next step is done before this one has ended.
        WrongOrder = "wrong-order",
    }
}

names! {
    /// What is checked (HAZARDS 3). A run reports fifteen rows: the architecture chooses between `binding-exclusive` and
    /// `refcount-exact`.
    pub enum Invariant {
        UniqueOnlineId = "unique-online-id",
        UniqueIplId = "unique-ipl-id",
        CachedIdCoherent = "cached-id-coherent",
        PointInTimeFidelity = "point-in-time-fidelity",
        RestoreFidelity = "restore-fidelity",
        BackupId = "backup-id",
        NoLostAckedWrite = "no-lost-acked-write",
        AccessibleAfterRestore = "accessible-after-restore",
        NoOrphan = "no-orphan",
        HiddenIdSound = "hidden-id-sound",
        BindingExclusive = "binding-exclusive",
        /// In the place of the row above where the architecture is log-structured.
        RefcountExact = "refcount-exact",
        CowOrder = "cow-order",
        BackupExists = "backup-exists",
        SuccessMeansSuccess = "success-means-success",
        Progress = "progress",
    }
}

impl Invariant {
    /// What must hold, in a sentence or two (HAZARDS 3 has the exact statement).
    pub const fn statement(self) -> &'static str {
        match self {
            Invariant::UniqueOnlineId => "No two devices that a host has online bear the same volume ID.",
            Invariant::UniqueIplId => {
                "If the host crashed now, its next start would not find two devices with the same volume ID."
            }
            Invariant::CachedIdCoherent => {
                "The ID that a host believes an online device to bear is the one in its label."
            }
            Invariant::PointInTimeFidelity => {
                "Every track of a virtual copy, of its dump and of the blocks on tape is what the source held at T0."
            }
            Invariant::RestoreFidelity => {
                "A restored volume equals the source at T0: every track, all 80 bytes of the label, the embedded names."
            }
            Invariant::BackupId => {
                "Header, track-0 image and inventory of a complete backup name the ID that the source had at T0."
            }
            Invariant::NoLostAckedWrite => "Whoever opens a volume ID reads every write to it that was acknowledged.",
            Invariant::AccessibleAfterRestore => {
                "An application can open the restored ID within the recovery time objective."
            }
            Invariant::NoOrphan => {
                "After a job or a recovery no relationship, hidden ID, fence, tape or unfinished entry is left without a job."
            }
            Invariant::HiddenIdSound => {
                "A label hides an ID exactly while its device is the target of a live conditioned copy, and hides the right one."
            }
            Invariant::BindingExclusive => {
                "Every place on disk belongs to one volume or is free, never both, never neither."
            }
            Invariant::RefcountExact => {
                "Every place on disk counts the tracks bound to it; those that count none are free, and no others."
            }
            Invariant::CowOrder => {
                "A source track is overwritten only when its T0 content is safe at the target; an own bit implies that it is."
            }
            Invariant::BackupExists => {
                "Once a volume has a complete backup, it always has a readable one that is not older than the objective."
            }
            Invariant::SuccessMeansSuccess => {
                "A job that reports success has everything on tape, registered and right."
            }
            Invariant::Progress => {
                "Every job and every request ends in time; when all is quiet nothing is outstanding."
            }
        }
    }
}

names! {
    /// A situation that a run should have met for its verdict to mean much (HAZARDS 9).
    pub enum Goal {
        // crash position
        CrashBetweenRelationshipAndHiddenId = "crash-between-relationship-and-hidden-id",
        CrashWithCowHalfDone = "crash-with-cow-half-done",
        CrashBetweenCopyAndBit = "crash-between-copy-and-bit",
        CrashBetweenLastBlockAndMark = "crash-between-last-block-and-mark",
        CrashBetweenEofAndWithdraw = "crash-between-eof-and-withdraw",
        CrashBetweenWithdrawAndClear = "crash-between-withdraw-and-clear",
        CrashDuringRecovery = "crash-during-recovery",
        CrashDuringRestore = "crash-during-restore",
        CrashDuringFailover = "crash-during-failover",
        // copy-on-write
        CowOnTrackNotYetDumped = "cow-on-track-not-yet-dumped",
        CowDuringDump = "cow-during-dump",
        CowDuringDumpOfSameTrack = "cow-during-dump-of-same-track",
        CowOnTrackAlreadyDumped = "cow-on-track-already-dumped",
        TwoUpdatesOfOneTrack = "two-updates-of-one-track",
        UpdateOfLabelTrackWhileRelated = "update-of-label-track-while-related",
        WriteOlderThanT0DestagedAfterT0 = "write-older-than-t0-destaged-after-t0",
        BackgroundCopyBeatsHostWrite = "background-copy-beats-host-write",
        HostWriteBeatsBackgroundCopy = "host-write-beats-background-copy",
        DumpReadThroughRelationship = "dump-read-through-relationship",
        DumpReadFromTargetHome = "dump-read-from-target-home",
        TargetCompleteBeforeDumpEnd = "target-complete-before-dump-end",
        // tape
        TapeErrorOnFirstBlock = "tape-error-on-first-block",
        TapeErrorOnMiddleBlock = "tape-error-on-middle-block",
        TapeErrorOnLastBlock = "tape-error-on-last-block",
        SecondCartridgeUsed = "second-cartridge-used",
        RetrySucceeded = "retry-succeeded",
        RetryExhausted = "retry-exhausted",
        LostBlocksReported = "lost-blocks-reported",
        StopStartOccurred = "stop-start-occurred",
        // life cycle
        TargetReusedByOtherSource = "target-reused-by-other-source",
        RestoreWhileSourceOnline = "restore-while-source-online",
        RestoreToOriginalDevice = "restore-to-original-device",
        RestoreToOtherDevice = "restore-to-other-device",
        RelationshipLimitReached = "relationship-limit-reached",
        DuplicateStimulusReceived = "duplicate-stimulus-received",
        OrphanSwept = "orphan-swept",
        // identity
        DuplicatePromptShown = "duplicate-prompt-shown",
        VaryOnlineRefused = "vary-online-refused",
        StaleUcbPresent = "stale-ucb-present",
        HiddenIdTornDetected = "hidden-id-torn-detected",
        HiddenIdStaleDetected = "hidden-id-stale-detected",
        HiddenIdForeignDetected = "hidden-id-foreign-detected",
        // load
        QueueDepthAboveOne = "queue-depth-above-one",
        NvsFull = "nvs-full",
        HostRequestRejected = "host-request-rejected",
        NclAbove75 = "ncl-above-75",
        FailoverWithModifiedData = "failover-with-modified-data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_event() {
        for &event in EventName::ALL {
            assert_eq!(EventName::parse(event.name()), Some(event));
        }
        assert_eq!(EventName::parse("relationship-commited"), None);
        assert_eq!(Invariant::ALL.len(), 16, "fifteen rows, one of which has two forms");
    }
}
