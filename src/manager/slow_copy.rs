//! The copy track by track, where the instant copy is not to be had (`fast_replication`, MODEL 3.4.7).
//!
//! The manager reads the source and writes the target, a read of a dump at a time, while applications go on: what it calls
//! T0 is the instant at which it begins, and every write that comes in front of the copy smears it (H19). A target that
//! is to keep its own ID gets its label, with the source's hidden, when track 0 passes. There is no relationship, so that
//! a crash in the middle undoes the job.

use std::sync::Arc;

use super::method::place_in;
use super::plan::{BackupPlan, FastReplication, MethodName};
use super::session::SessionTag;
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{DasdCommand, HiddenRule, Payload};
use crate::kernel::Time;
use crate::vocab::{
    HiddenId, Label, LabelTrack, RelationNumber, Status, StepName, TRACK_BYTES, TrackImage, TrackNo, TrackRange,
    VolumeId,
};

/// A copy in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlowCopy {
    /// The first track that is not copied.
    next: u32,
}

impl BackupPlan {
    /// Whether the controller is asked for an instant copy at all.
    pub(super) fn wants_instant_copy(&self) -> bool {
        self.fast_replication != FastReplication::None
    }
}

impl Manager {
    pub(super) fn begin_slow_copy(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.slow_copy = Some(SlowCopy { next: 0 });
        run.copied_slowly = true;
        run.t0 = out.now();
        let (backup, BackupPlan { source, target, .. }) = (run.backup, run.plan);
        out.report(ManagerFact::CopyBegun { backup, source, target });
        self.forget_changes(source);
        self.read_source(slot, 0, out);
    }

    /// An answer to the read or the write of some tracks.
    pub(super) fn slow_copy_dasd(
        &mut self,
        slot: u32,
        step: StepName,
        status: Status,
        payload: &Payload,
        out: &mut ManagerOutbox,
    ) {
        let run = self.backup_run(slot);
        let (plan, t0) = (run.plan, run.t0);
        let Some(SlowCopy { next }) = run.slow_copy else { unreachable!("the session copies") };
        if status != Status::Good {
            run.slow_copy = None;
            self.step_failed(slot, out);
            return;
        }
        if let Payload::Images(images) = payload {
            let mut images = images.to_vec();
            if let Some(first) = images.first_mut().filter(|_| next == 0) {
                *first = target_image(&plan, t0, first);
            }
            run.slow_copy = Some(SlowCopy { next: next + images.len() as u32 });
            let images: Arc<[TrackImage]> = images.into();
            let ticket = self.session_ticket(slot, SessionTag::Step);
            let first = TrackNo(next);
            out.send(ManagerMessage::Dasd(DasdCommand::WriteTracks { ticket, device: plan.target, first, images }));
        } else if next < plan.tracks {
            self.read_source(slot, next, out);
        } else {
            run.slow_copy = None;
            self.member_established(slot, step, out);
            self.step_ended(slot, out);
        }
    }

    /// There is no snapshot to delete: the target keeps its tracks, as a home does behind a withdraw, but hides no ID.
    pub(super) fn end_slow_copy(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let plan = self.backup_run(slot).plan;
        if plan.hidden_rule() != HiddenRule::Clear || place_in(&plan, StepName::RelabelTarget).is_some() {
            self.step_ended(slot, out);
            return;
        }
        let ticket = self.session_ticket(slot, SessionTag::Step);
        let label = LabelTrack::fresh(plan.target_id);
        out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device: plan.target, label }));
    }

    fn read_source(&mut self, slot: u32, next: u32, out: &mut ManagerOutbox) {
        let plan = self.backup_run(slot).plan;
        let count = self.parameters.dump_read_tracks.min(plan.tracks - next);
        let range = TrackRange { device: plan.source, first: TrackNo(next), count };
        let bytes = u64::from(count) * TRACK_BYTES;
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::Read { ticket, range, bytes, images: true }));
    }
}

/// Track 0 as it goes to the target: with the target's own ID and the source's hidden, where the ID is withheld.
fn target_image(plan: &BackupPlan, t0: Time, image: &TrackImage) -> TrackImage {
    match plan.method {
        MethodName::SafeBackup => {}
        MethodName::NoVolidManual => {
            let label = Some(Arc::new(LabelTrack::fresh(plan.target_id)));
            return TrackImage { tag: image.tag, label };
        }
        MethodName::SameIdOffline | MethodName::DirectDump => return image.clone(),
    }
    let source = image.label.as_ref().and_then(|track| track.id()).unwrap_or(VolumeId::BLANK);
    let target = plan.shown_id;
    let mut record = Label::new(target);
    let t0_seconds = HiddenId::seconds_of(t0);
    record.hide(HiddenId { source, target, t0_seconds, relation: RelationNumber(0) }, plan.hidden_format);
    let label = LabelTrack { label: Some(record), embedded: target };
    TrackImage { tag: image.tag, label: Some(Arc::new(label)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Device, HiddenContext, HiddenState, Tag};

    #[test]
    fn track_0_of_a_slow_copy_hides_the_source_behind_the_target() {
        let [source, target] = ["PROD01", "SPARE1"].map(|text| VolumeId::parse(text).unwrap());
        let mut plan = BackupPlan::plain(Device(0), source, Device(1), target, 15);
        let image = TrackImage { tag: Tag(7), label: Some(Arc::new(LabelTrack::fresh(source))) };
        let copied = target_image(&plan, Time::from_ns(9_000_000_000), &image);
        let track = copied.label.unwrap();
        let context = HiddenContext { t0_seconds: 9, relation: RelationNumber(0) };
        let hidden = track.label.unwrap().hidden(plan.hidden_format, Some(context));
        assert_eq!((track.id(), hidden), (Some(target), HiddenState::Valid { source }));
        plan.method = MethodName::SameIdOffline;
        assert_eq!(target_image(&plan, Time::ZERO, &image), image);
    }
}
