//! Which ID a dump bears, and which one a restored volume gets: the reintroduction of patent step 506 and claim 1.
//!
//! A dump program that takes part in the scheme looks into the hidden place of every label that it dumps. A valid hidden
//! ID is the identity of the dump: at dump time it goes into the header, into the label record and into the names that
//! embed the ID, or (`reintroduce_scope`) into fewer of them; with `reintroduce = "at-restore"` track 0 goes to tape as it
//! is, and the restore program puts the hidden ID in its place. A program that does not take part (`old-program`) copies
//! what it sees.

use std::sync::Arc;

use super::plan::{BackupPlan, ClearHidden, HiddenMissing, MethodName, Reintroduce, ReintroduceScope};
use crate::vocab::{HiddenContext, HiddenState, LabelTrack, Mutant, TrackImage, VolumeId};

/// Which of the installed programs know of the hidden place. They lie on a host disk and survive every crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Participation {
    pub dump: bool,
    pub restore: bool,
}

impl Participation {
    pub const ALL: Participation = Participation { dump: true, restore: true };
}

/// What a dump writes besides the tracks as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DumpIdentity {
    /// The ID in the volume header record and in the name of the file.
    pub header: VolumeId,
    pub track0: Reintroduction,
}

/// What becomes of the image of track 0 on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reintroduction {
    AsItIs,
    /// The ID in the label record and, where `names` says so, in the names; nothing in the hidden place if `blank`.
    Of {
        id: VolumeId,
        names: bool,
        blank: bool,
    },
}

/// What a dump program makes of the label in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelReading {
    /// Not looked for, or nothing is hidden where nothing has to be.
    Plain(DumpIdentity),
    Hidden {
        id: VolumeId,
        identity: DumpIdentity,
    },
    /// The hidden place is not what it should be; without an identity the dump must not go on.
    Unfit {
        state: HiddenState,
        identity: Option<DumpIdentity>,
    },
    /// No label at all.
    NoLabel,
}

/// Reads the label of the device that is about to be dumped. `context` is the copy that the job made.
pub(super) fn read_label(
    plan: &BackupPlan,
    participation: Participation,
    label: &LabelTrack,
    context: HiddenContext,
) -> LabelReading {
    let (Some(record), Some(shown)) = (label.label.as_ref(), label.id()) else { return LabelReading::NoLabel };
    let as_it_is = DumpIdentity { header: shown, track0: Reintroduction::AsItIs };
    // Without the label track the target bears its own ID; whose tracks they are the plan says.
    if !plan.extents.holds_label() {
        return LabelReading::Plain(DumpIdentity { header: plan.source_id, ..as_it_is });
    }
    if !participation.dump {
        return LabelReading::Plain(as_it_is);
    }
    let must_hide = plan.method == MethodName::SafeBackup;
    let state = match record.hidden(plan.hidden_format, Some(context)) {
        HiddenState::Stale { source } | HiddenState::Foreign { source } if plan.lacks(Mutant::SealNotChecked) => {
            HiddenState::Valid { source }
        }
        state => state,
    };
    match state {
        HiddenState::Valid { source } => {
            LabelReading::Hidden { id: source, identity: reintroduction(plan, source, shown) }
        }
        HiddenState::Blank if !must_hide => LabelReading::Plain(as_it_is),
        state @ (HiddenState::Blank | HiddenState::Torn | HiddenState::Stale { .. } | HiddenState::Foreign { .. }) => {
            let identity = match plan.hidden_missing {
                HiddenMissing::FailDump => None,
                HiddenMissing::DumpAsTarget => Some(as_it_is),
            };
            LabelReading::Unfit { state, identity }
        }
    }
}

fn reintroduction(plan: &BackupPlan, source: VolumeId, shown: VolumeId) -> DumpIdentity {
    if plan.lacks(Mutant::SkipReintroduction) {
        return DumpIdentity { header: shown, track0: Reintroduction::AsItIs };
    }
    let header = if plan.reintroduce_scope == ReintroduceScope::Label { shown } else { source };
    let track0 = match plan.reintroduce {
        Reintroduce::AtDump => label_change(plan, source),
        Reintroduce::AtRestore => Reintroduction::AsItIs,
    };
    DumpIdentity { header, track0 }
}

fn label_change(plan: &BackupPlan, id: VolumeId) -> Reintroduction {
    let names = plan.reintroduce_scope == ReintroduceScope::All;
    // What is never blanked travels with the label (H60).
    Reintroduction::Of {
        id,
        names,
        blank: plan.clear_hidden_on != ClearHidden::Never && !plan.lacks(Mutant::HiddenAreaDumpedAsData),
    }
}

/// What a restore makes of the image of track 0 of a backup made by `plan`; `None` when it must not go on.
pub(super) fn restored(plan: &BackupPlan, participation: Participation, image: &TrackImage) -> Option<TrackImage> {
    let conditioned = plan.method == MethodName::SafeBackup;
    if !participation.restore || !conditioned || plan.reintroduce == Reintroduce::AtDump {
        return Some(image.clone());
    }
    let record = image.label.as_ref()?.label?;
    match (record.hidden(plan.hidden_format, None), plan.hidden_missing) {
        (HiddenState::Valid { source }, _) => {
            let mut change = label_change(plan, source);
            if let Reintroduction::Of { blank, .. } = &mut change {
                *blank &= !plan.lacks(Mutant::HiddenIdLeftInRestoredLabel);
            }
            Some(reintroduced(image, change))
        }
        (_, HiddenMissing::DumpAsTarget) => Some(image.clone()),
        (_, HiddenMissing::FailDump) => None,
    }
}

/// Track 0 with what is to be put back; any other track as it is.
pub(super) fn reintroduced(image: &TrackImage, change: Reintroduction) -> TrackImage {
    let Reintroduction::Of { id, names, blank } = change else { return image.clone() };
    let label = image.label.as_ref().map(|track| {
        let mut track = **track;
        if let Some(record) = track.label.as_mut() {
            record.set_volume_id(id);
            if blank {
                record.clear_hidden();
            }
        }
        if names {
            track.embedded = id;
        }
        Arc::new(track)
    });
    TrackImage { tag: image.tag, label }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Device, HiddenFormat, HiddenId, Label, RelationNumber, Tag};

    const CONTEXT: HiddenContext = HiddenContext { t0_seconds: 9, relation: RelationNumber(1) };

    fn id(text: &str) -> VolumeId {
        VolumeId::parse(text).unwrap()
    }

    fn plan(change: impl FnOnce(&mut BackupPlan)) -> BackupPlan {
        let mut plan = BackupPlan::plain(Device(0), id("PROD01"), Device(1), id("SPARE1"), 15);
        change(&mut plan);
        plan
    }

    fn conditioned(format: HiddenFormat) -> LabelTrack {
        let mut record = Label::new(id("SPARE1"));
        let hidden =
            HiddenId { source: id("PROD01"), target: id("SPARE1"), t0_seconds: 9, relation: RelationNumber(1) };
        record.hide(hidden, format);
        LabelTrack { label: Some(record), embedded: id("SPARE1") }
    }

    fn image(label: LabelTrack) -> TrackImage {
        TrackImage { tag: Tag(7), label: Some(Arc::new(label)) }
    }

    /// Header, then label record and embedded names as they lie on tape.
    fn dumped(plan: &BackupPlan) -> (VolumeId, LabelTrack) {
        let label = conditioned(plan.hidden_format);
        let LabelReading::Hidden { id: found, identity } = read_label(plan, Participation::ALL, &label, CONTEXT) else {
            panic!("the hidden ID is valid");
        };
        assert_eq!(found, id("PROD01"));
        (identity.header, *reintroduced(&image(label), identity.track0).label.unwrap())
    }

    #[test]
    fn the_tape_looks_like_a_dump_of_the_source() {
        let plan = plan(|_| {});
        assert_eq!(dumped(&plan), (id("PROD01"), LabelTrack::fresh(id("PROD01"))));
    }

    #[test]
    fn a_smaller_scope_leaves_the_rest_to_the_target() {
        let names_left = LabelTrack { embedded: id("SPARE1"), ..LabelTrack::fresh(id("PROD01")) };
        let header = plan(|plan| plan.reintroduce_scope = ReintroduceScope::HeaderAndLabel);
        assert_eq!(dumped(&header), (id("PROD01"), names_left));
        let label = plan(|plan| plan.reintroduce_scope = ReintroduceScope::Label);
        assert_eq!(dumped(&label), (id("SPARE1"), names_left));
    }

    #[test]
    fn at_restore_the_tape_hides_the_id_and_the_restore_puts_it_back() {
        for format in [HiddenFormat::Sealed, HiddenFormat::Bare] {
            let plan = plan(|plan| {
                plan.reintroduce = Reintroduce::AtRestore;
                plan.hidden_format = format;
            });
            let (header, label) = dumped(&plan);
            assert_eq!((header, label), (id("PROD01"), conditioned(format)));
            let back = restored(&plan, Participation::ALL, &image(label)).unwrap();
            assert_eq!(back, image(LabelTrack::fresh(id("PROD01"))));
            let old = Participation { restore: false, ..Participation::ALL };
            assert_eq!(restored(&plan, old, &image(label)), Some(image(label)));
        }
        let sealed = plan(|plan| plan.reintroduce = Reintroduce::AtRestore);
        assert_eq!(restored(&sealed, Participation::ALL, &image(LabelTrack::fresh(id("SPARE1")))), None);
    }

    #[test]
    fn a_program_that_does_not_take_part_dumps_what_it_sees() {
        let old = Participation { dump: false, ..Participation::ALL };
        let reading = read_label(&plan(|_| {}), old, &conditioned(HiddenFormat::Sealed), CONTEXT);
        let identity = DumpIdentity { header: id("SPARE1"), track0: Reintroduction::AsItIs };
        assert_eq!(reading, LabelReading::Plain(identity));
    }

    #[test]
    fn a_hidden_id_that_is_not_valid_is_refused_or_left_alone() {
        let elsewhere = HiddenContext { relation: RelationNumber(2), ..CONTEXT };
        let label = conditioned(HiddenFormat::Sealed);
        let stale = HiddenState::Stale { source: id("PROD01") };
        let refused = read_label(&plan(|_| {}), Participation::ALL, &label, elsewhere);
        assert_eq!(refused, LabelReading::Unfit { state: stale, identity: None });
        let lenient = plan(|plan| plan.hidden_missing = HiddenMissing::DumpAsTarget);
        let identity = DumpIdentity { header: id("SPARE1"), track0: Reintroduction::AsItIs };
        let reading = read_label(&lenient, Participation::ALL, &label, elsewhere);
        assert_eq!(reading, LabelReading::Unfit { state: stale, identity: Some(identity) });
        // The bare form says nothing of the copy it belongs to.
        let bare = plan(|plan| plan.hidden_format = HiddenFormat::Bare);
        let reading = read_label(&bare, Participation::ALL, &conditioned(HiddenFormat::Bare), elsewhere);
        assert!(matches!(reading, LabelReading::Hidden { .. }));
    }

    #[test]
    fn only_a_conditioned_copy_must_hide_an_id() {
        let fresh = LabelTrack::fresh(id("PROD01"));
        let safe = read_label(&plan(|_| {}), Participation::ALL, &fresh, CONTEXT);
        assert_eq!(safe, LabelReading::Unfit { state: HiddenState::Blank, identity: None });
        let same = plan(|plan| plan.method = MethodName::SameIdOffline);
        let identity = DumpIdentity { header: id("PROD01"), track0: Reintroduction::AsItIs };
        assert_eq!(read_label(&same, Participation::ALL, &fresh, CONTEXT), LabelReading::Plain(identity));
        assert_eq!(read_label(&same, Participation::ALL, &LabelTrack::BLANK, CONTEXT), LabelReading::NoLabel);
    }

    #[test]
    fn a_hidden_id_that_is_never_blanked_travels() {
        let plan = plan(|plan| plan.clear_hidden_on = ClearHidden::Never);
        let (_, label) = dumped(&plan);
        assert_eq!(label.id(), Some(id("PROD01")));
        assert!(label.label.unwrap().has_hidden());
    }
}
