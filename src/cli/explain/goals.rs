//! What `tiersim explain` says of a goal: the situation that a run is to have met.

use super::page::Page;
use crate::scenario::library::Library;
use crate::vocab::Goal;

pub fn page(goal: Goal, library: &Library) -> Page {
    let line = format!("goals = [\"{goal}\"]");
    let needs = |text: &str| text.contains(&format!("\"{goal}\""));
    let wanting = library.scenarios.iter().filter(|scenario| needs(scenario.example.text));
    Page::new(goal.name(), "a goal", format!("{} A run that never met it proves less.", situation(goal)))
        .list("To require it", vec!["[expect]".to_owned(), line])
        .list("Shipped scenarios that require it", wanting.flat_map(|scenario| scenario.lines()).collect())
}

fn situation(goal: Goal) -> &'static str {
    use Goal::*;
    match goal {
        CrashBetweenRelationshipAndHiddenId => "A crash fell between the durable relationship and the hidden ID.",
        CrashWithCowHalfDone => "A crash fell while the T0 content of a track was being saved.",
        CrashBetweenCopyAndBit => "A crash fell between the saved track and the mark that the copy owns it.",
        CrashBetweenLastBlockAndMark => "A crash fell between the last block of a dump and its end mark.",
        CrashBetweenEofAndWithdraw => "A crash fell between the safe end of a tape and the end of the copy.",
        CrashBetweenWithdrawAndClear => "A crash fell between the end of the copy and the blanking of the hidden ID.",
        CrashDuringRecovery => "A crash fell while an earlier one was being recovered from.",
        CrashDuringRestore => "A crash fell in the middle of a restore.",
        CrashDuringFailover => "A crash fell while one cluster was taking over from the other.",
        CowOnTrackNotYetDumped => "A track was saved for the copy before the dump had read it.",
        CowDuringDump => "A track was saved for the copy while the dump ran.",
        CowDuringDumpOfSameTrack => "A track was saved for the copy just while the dump read it.",
        CowOnTrackAlreadyDumped => "A track was saved for the copy after the dump had read it.",
        TwoUpdatesOfOneTrack => "One track was updated twice during a relationship.",
        UpdateOfLabelTrackWhileRelated => "The track with the label was updated during a relationship.",
        WriteOlderThanT0DestagedAfterT0 => "A write from before T0 reached the disk after it.",
        BackgroundCopyBeatsHostWrite => "The controller had copied a track when the first host write to it came.",
        HostWriteBeatsBackgroundCopy => "A host write saved a track before the controller had copied it.",
        DumpReadThroughRelationship => "The dump read a track that copy and source share.",
        DumpReadFromTargetHome => "The dump read a track that the copy owns.",
        TargetCompleteBeforeDumpEnd => "Every track was copied before the dump had ended.",
        TapeErrorOnFirstBlock => "A tape error hit the first block.",
        TapeErrorOnMiddleBlock => "A tape error hit a block in the middle.",
        TapeErrorOnLastBlock => "A tape error hit the last block.",
        SecondCartridgeUsed => "A dump went on with a second cartridge.",
        RetrySucceeded => "Something that failed went well at another try.",
        RetryExhausted => "Something failed as often as it may be tried.",
        LostBlocksReported => "A drive reported that acknowledged blocks were lost.",
        StopStartOccurred => "The tape had to stop and wait for data.",
        TargetReusedByOtherSource => "A target served another source than before.",
        RestoreWhileSourceOnline => "A restore began while its ID was online.",
        RestoreToOriginalDevice => "A volume came back onto the device it was saved from.",
        RestoreToOtherDevice => "A volume came back onto another device.",
        RelationshipLimitReached => "The controller had as many relationships as it can have.",
        DuplicateStimulusReceived => "A request for a backup came while its source was being saved.",
        OrphanSwept => "A copy without a job was found and removed.",
        DuplicatePromptShown => "An IPL asked which of two devices it should keep.",
        VaryOnlineRefused => "A host refused to vary a device online.",
        StaleUcbPresent => "A host believed an ID that the label no longer bore.",
        HiddenIdTornDetected => "A torn hidden ID was noticed.",
        HiddenIdStaleDetected => "A hidden ID of an earlier life was noticed.",
        HiddenIdForeignDetected => "A hidden ID that was sealed for another volume was noticed.",
        QueueDepthAboveOne => "Requests stood in line.",
        NvsFull => "The battery-backed memory had no room for another write.",
        HostRequestRejected => "A host request was turned away.",
        NclAbove75 => "The net capacity load of a log-structured array passed 75 %.",
        FailoverWithModifiedData => "A cluster with modified data failed over.",
    }
}
