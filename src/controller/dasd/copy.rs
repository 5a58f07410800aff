//! Copy services: establish and withdraw of an instant virtual copy (patent paragraphs 22 to 24, 36, 43 and 45; MODEL
//! 3.4).

use std::collections::VecDeque;
use std::sync::Arc;

use super::command::{DasdFact, Identity, Payload, Rejection};
use super::microcode::Work;
use super::parameters::{
    Architecture, Cascade, CopyMode, CopyTerms, CowTiming, Fence, HiddenRule, LabelCommit, LabelResidency,
    OpportunisticCopy,
};
use super::tables::{Overlay, Record, Relation};
use super::write::Insertion;
use super::{DasdController, DasdOutbox};
use crate::kernel::{Span, Time};
use crate::vocab::{
    Device, Extents, HiddenFormat, HiddenId, HiddenState, Label, LabelTrack, Mutant, RelationNumber, Status, Ticket,
    TrackImage, TrackNo, VolumeId,
};

/// Establish (patent step 504, MODEL 3.4.1): long busy, drain, T0, tables, commit, acknowledge.
#[derive(Clone, Debug)]
pub struct Establish {
    pub ticket: Ticket,
    pub source: Device,
    pub target: Device,
    pub identity: Identity,
    pub mode: CopyMode,
    pub terms: CopyTerms,
    pub extents: Arc<Extents>,
    pub number: RelationNumber,
    pub t0: Time,
    pub phase: EstablishPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstablishPhase {
    Drain,
    /// T0 is set; bitmaps are built.
    Build,
    /// The label of `before-establish` is on its way.
    LabelFirst,
    /// A snapshot counts the bindings of its target before it makes them.
    RaiseCounts,
    Relationship,
    /// The label of `after-establish` is on its way.
    LabelLast,
    Acknowledge,
}

/// Withdraw (patent step 508, MODEL 3.4.4): drain reads, delete the entry, blank the hidden field.
#[derive(Clone, Debug)]
pub struct Withdraw {
    pub ticket: Ticket,
    pub source: Device,
    pub target: Device,
    pub number: RelationNumber,
    pub hidden: HiddenRule,
    /// The label was an overlay: it is gone with the relationship.
    pub overlaid: bool,
    pub phase: WithdrawPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawPhase {
    Drain,
    Work,
    Commit,
    ClearHidden { withdrawn: bool },
}

impl Establish {
    fn is_overlaid(&self) -> bool {
        let has_own = matches!(self.identity, Identity::Withheld { .. } | Identity::Kept { .. });
        has_own && self.terms.residency == LabelResidency::Overlay
    }

    pub fn commit(&self) -> Option<LabelCommit> {
        match self.identity {
            Identity::Copied | Identity::Untouched | Identity::Recovered { .. } => None,
            // An overlay is part of the relationship's entry: it cannot come before or after it.
            Identity::Kept { .. } | Identity::Withheld { .. } if self.is_overlaid() => Some(LabelCommit::Atomic),
            Identity::Kept { commit, .. } | Identity::Withheld { commit, .. } => Some(commit),
        }
    }
}

impl DasdController {
    #[allow(clippy::too_many_arguments, reason = "the fields of one command, taken apart by the dispatcher")]
    pub(super) fn accept_establish(
        &mut self,
        ticket: Ticket,
        source: Device,
        target: Device,
        identity: Identity,
        (mode, terms): (CopyMode, CopyTerms),
        extents: Arc<Extents>,
        out: &mut DasdOutbox,
    ) {
        // What is hidden when the command comes is what the target gets, whoever blanks it meanwhile.
        let identity = match identity {
            Identity::Recovered { format } => match self.hidden_id(source, format) {
                Some(target) => Identity::Kept { target, commit: LabelCommit::Atomic },
                None => {
                    self.reply(ticket, Status::Rejected, Payload::Rejected(Rejection::NothingHidden), out);
                    return;
                }
            },
            other => other,
        };
        let identity = match self.parameters.lacks(Mutant::IgnoreNoCopyVolid) {
            true => Identity::Copied,
            false => identity,
        };
        let identity = match identity {
            Identity::Withheld { target, format, cascade, .. } if self.parameters.lacks(Mutant::LabelSourceIdFirst) => {
                Identity::Withheld { target, format, cascade, commit: LabelCommit::AfterEstablish }
            }
            other => other,
        };
        if let Some(rejection) = self.rejection_of_copy(source, target, identity, &extents) {
            self.reply(ticket, Status::Rejected, Payload::Rejected(rejection), out);
            return;
        }
        let number = RelationNumber(self.battery.next_relation);
        self.battery.next_relation += 1;
        // Nothing is copied on write, and the label of a snapshot's target has a place of its own: both as a matter of course.
        let terms = match self.parameters.architecture {
            Architecture::HomeArea => terms,
            Architecture::LogStructured => {
                CopyTerms { cow: CowTiming::OnDestage, residency: LabelResidency::Resident, ..terms }
            }
        };
        let establish = Establish {
            ticket,
            source,
            target,
            identity,
            mode,
            terms,
            extents,
            number,
            t0: Time::ZERO,
            phase: EstablishPhase::Drain,
        };
        let quiet = self.is_quiet_for(&establish);
        let slot = self.start(Work::Establish(establish));
        // Writes to the target are held as well: what it holds is about to be replaced.
        for device in [source, target] {
            self.volatile.devices[device.0 as usize].establishing = true;
        }
        self.volatile.devices[target.0 as usize].held = Some(VecDeque::new());
        // A source that a freeze keeps busy is so already.
        if self.volatile.devices[source.0 as usize].held.is_none() {
            self.volatile.devices[source.0 as usize].held = Some(VecDeque::new());
            out.report(DasdFact::LongBusyStarted { source });
        }
        if quiet {
            self.wait(slot, Span::ZERO, out);
        } else {
            self.volatile.devices[source.0 as usize].drainer = Some(slot);
            self.volatile.devices[target.0 as usize].drainer = Some(slot);
        }
    }

    /// What stands in the way of a copy.
    fn rejection_of_copy(
        &self,
        source: Device,
        target: Device,
        identity: Identity,
        extents: &Extents,
    ) -> Option<Rejection> {
        let tables = &self.volatile.tables;
        let hides = |device| self.logical_label(device).label.is_some_and(|record| record.has_hidden());
        let withheld = matches!(identity, Identity::Withheld { cascade: Cascade::Refuse, .. });
        let busy = self.volatile.devices[source.0 as usize].establishing
            || self.volatile.devices[target.0 as usize].held.is_some();
        let obstacles = [
            (self.copies_refused, Rejection::CopiesUnavailable),
            (source == target, Rejection::SameDevice),
            // The deletion that ends a snapshot takes all tracks of its target: it copies whole volumes.
            (self.is_log_structured() && !extents.is_whole(), Rejection::PartOfVolume),
            (withheld && hides(source), Rejection::SourceHidesId),
            (tables.is_related(source), Rejection::SourceInCopy),
            (tables.is_related(target), Rejection::TargetInCopy),
            (tables.tracks(source) != tables.tracks(target), Rejection::SizesDiffer),
            (busy, Rejection::CopyBeingMade),
        ];
        obstacles.into_iter().find(|(stands, _)| *stands).map(|(_, rejection)| rejection)
    }

    pub(super) fn proceed_establish(
        &mut self,
        slot: u32,
        mut establish: Establish,
        out: &mut DasdOutbox,
    ) -> Option<Establish> {
        let Establish { source, target, number, .. } = establish;
        let log = self.log_time();
        establish.phase = match establish.phase {
            // A destage may have begun since all was quiet.
            EstablishPhase::Drain if !self.is_quiet_for(&establish) => {
                self.volatile.devices[source.0 as usize].drainer = Some(slot);
                self.volatile.devices[target.0 as usize].drainer = Some(slot);
                EstablishPhase::Drain
            }
            EstablishPhase::Drain => {
                self.volatile.devices[source.0 as usize].drainer = None;
                self.volatile.devices[target.0 as usize].drainer = None;
                self.pause_destage(&establish, true);
                establish.t0 = out.now();
                out.report(DasdFact::PointInTimeSet { relation: number, source, target });
                let tracks = u64::from(establish.extents.tracks());
                let work = self.parameters.establish_base + self.parameters.establish_per_track * tracks;
                self.wait(slot, work.saturating_sub(log), out);
                EstablishPhase::Build
            }
            EstablishPhase::Build if establish.commit() == Some(LabelCommit::BeforeEstablish) => {
                self.wait(slot, log, out);
                EstablishPhase::LabelFirst
            }
            EstablishPhase::Build => {
                self.wait(slot, log, out);
                self.first_commit()
            }
            EstablishPhase::LabelFirst => {
                self.discard_versions(target, &establish.extents);
                self.commit_conditioned_label(&establish, None, out);
                self.wait(slot, log, out);
                self.first_commit()
            }
            EstablishPhase::RaiseCounts => {
                self.raise_counts(&establish, out);
                self.wait(slot, log, out);
                match self.parameters.lacks(Mutant::CountAfterPointer) {
                    true => EstablishPhase::Acknowledge,
                    false => EstablishPhase::Relationship,
                }
            }
            EstablishPhase::Relationship => {
                if self.is_log_structured() {
                    self.commit_snapshot(&establish, out);
                    if self.parameters.lacks(Mutant::CountAfterPointer) {
                        establish.phase = EstablishPhase::RaiseCounts;
                        self.wait(slot, log, out);
                        return Some(establish);
                    }
                } else {
                    self.commit_relationship(&establish, out);
                }
                if establish.commit() == Some(LabelCommit::AfterEstablish) {
                    self.wait(slot, log, out);
                    EstablishPhase::LabelLast
                } else {
                    self.wait(slot, Span::ZERO, out);
                    EstablishPhase::Acknowledge
                }
            }
            EstablishPhase::LabelLast => {
                self.commit_conditioned_label(&establish, Some(establish.t0), out);
                self.log(Record::Own { relation: number, tracks: vec![TrackNo(0)] }, out);
                self.wait(slot, Span::ZERO, out);
                EstablishPhase::Acknowledge
            }
            EstablishPhase::Acknowledge => {
                self.acknowledge_establish(&establish, out);
                return None;
            }
        };
        Some(establish)
    }

    fn first_commit(&self) -> EstablishPhase {
        let counts_first = self.is_log_structured() && !self.parameters.lacks(Mutant::CountAfterPointer);
        if counts_first { EstablishPhase::RaiseCounts } else { EstablishPhase::Relationship }
    }

    /// Writes the target's label: its own ID and, where that is asked for, the source's ID hidden (406, 412).
    pub(super) fn commit_conditioned_label(&mut self, establish: &Establish, t0: Option<Time>, out: &mut DasdOutbox) {
        let (source, target) = (establish.source, establish.target);
        let label = self.conditioned_label(establish, t0);
        let label = self.torn_label(target, label);
        let tag = self.logical_image(source, TrackNo(0)).tag;
        self.insert_modified_label(target, TrackImage { tag, label: Some(Arc::new(label)) }, out.now());
        if matches!(establish.identity, Identity::Withheld { .. }) {
            out.report(DasdFact::HiddenIdWritten { device: target });
        }
        out.report(DasdFact::TargetLabelWritten { device: target });
    }

    fn conditioned_label(&self, establish: &Establish, t0: Option<Time>) -> LabelTrack {
        let (id, hidden_format) = match establish.identity {
            Identity::Withheld { target, format, cascade, .. } => (target, Some((format, cascade))),
            Identity::Kept { target, .. } => (target, None),
            Identity::Copied | Identity::Untouched | Identity::Recovered { .. } => {
                unreachable!("only a target that bears an ID of its own gets a label")
            }
        };
        let mut record = Label::new(id);
        if let Some((format, cascade)) = hidden_format {
            let hidden = self.hidden_id(establish.source, format).filter(|_| cascade == Cascade::PropagateHidden);
            let source = hidden.or(self.logical_label(establish.source).id()).unwrap_or(VolumeId::BLANK);
            let t0_seconds = t0.map_or(0, HiddenId::seconds_of);
            let former = self.logical_label(establish.target).label.filter(|record| record.has_hidden());
            match former.filter(|_| self.parameters.lacks(Mutant::HiddenIdFromPreviousSource)) {
                Some(former) => record = former,
                None if self.parameters.lacks(Mutant::SkipHiddenIdWrite) => {}
                None => record.hide(HiddenId { source, target: id, t0_seconds, relation: establish.number }, format),
            }
        }
        LabelTrack { label: Some(record), embedded: id }
    }

    /// The ID that the label of a device hides.
    fn hidden_id(&self, device: Device, format: HiddenFormat) -> Option<VolumeId> {
        match self.logical_label(device).label.map(|record| record.hidden(format, None)) {
            Some(HiddenState::Valid { source }) => Some(source),
            _ => None,
        }
    }

    pub(super) fn insert_modified_label(&mut self, device: Device, image: TrackImage, now: Time) {
        match self.volatile.cache.newest(device, TrackNo(0)).map(|slot| (slot, self.volatile.cache.slot(slot).nvs())) {
            Some((slot, Some(place))) => {
                self.battery.modified.overwrite(place, image.clone(), 0);
                self.volatile.cache.overwrite(slot, image, 0, place, now);
            }
            _ => self.insert_modified(device, TrackNo(0), image, 0, now),
        }
    }

    /// Makes the relationship durable; with an atomic label commit the label in the same log record.
    pub(super) fn commit_relationship(&mut self, establish: &Establish, out: &mut DasdOutbox) {
        let Establish { source, target, number, t0, .. } = *establish;
        let tracks = self.volatile.tables.tracks(source);
        let mut relation = Relation::new(number, source, target, t0, tracks).within(*establish.extents);
        relation.background = establish.mode == CopyMode::Copy;
        let commit = establish.commit();
        relation.conditioned = matches!(establish.identity, Identity::Withheld { .. } | Identity::Untouched);
        if relation.conditioned {
            relation.terms = establish.terms;
        }
        relation.terms.cow = establish.terms.cow;
        if self.parameters.lacks(Mutant::TargetAcceptsHostWrites) {
            relation.terms.fence = Fence::None;
        }
        if establish.is_overlaid() {
            let unwritten = self.volatile.cache.newest(target, TrackNo(0));
            let kept = unwritten.and_then(|slot| self.volatile.cache.slot(slot).image.label.clone());
            let shown = Arc::new(self.conditioned_label(establish, Some(t0)));
            relation.overlay = Some(Overlay { shown, kept });
        }
        if commit != Some(LabelCommit::BeforeEstablish) {
            self.discard_versions(target, &establish.extents);
        }
        let resident = relation.overlay.is_none();
        if resident && matches!(commit, Some(LabelCommit::Atomic | LabelCommit::BeforeEstablish)) {
            relation.set_own(TrackNo(0));
        }
        if self.parameters.lacks(Mutant::RecoveryKeepsOwnBits) {
            let stale = self.battery.stale_bits.iter().filter(|(device, _)| *device == target);
            stale.flat_map(|(_, tracks)| tracks).for_each(|&track| relation.set_own(track));
        }
        if !self.volatile.tables.is_bound(target) {
            self.log(Record::Bind { device: target }, out);
        }
        self.log(Record::Establish(relation), out);
        out.report(DasdFact::RelationshipCommitted { relation: number, source, target });
        if !resident {
            out.report(DasdFact::HiddenIdWritten { device: target });
            out.report(DasdFact::TargetLabelWritten { device: target });
        } else if commit == Some(LabelCommit::Atomic) {
            self.commit_conditioned_label(establish, Some(t0), out);
        }
    }

    pub(super) fn acknowledge_establish(&mut self, establish: &Establish, out: &mut DasdOutbox) {
        let Establish { source, target, number, .. } = *establish;
        out.report(DasdFact::EstablishAcknowledged { relation: number, source, target });
        self.reply(establish.ticket, Status::Good, Payload::Established { number, t0: establish.t0 }, out);
        self.pause_destage(establish, false);
        if self.parameters.lacks(Mutant::BusyNeverReleased) {
            return;
        }
        for device in [source, target] {
            self.volatile.devices[device.0 as usize].establishing = false;
            self.end_long_busy(device, out);
        }
        self.arm_scan(out);
        if self.volatile.tables.relation(number).is_some_and(|relation| relation.background) {
            self.start_background(number, source, target);
        }
    }

    /// Lets held writes go, once neither an establish nor a freeze keeps the device busy.
    pub(super) fn end_long_busy(&mut self, device: Device, out: &mut DasdOutbox) {
        let state = &mut self.volatile.devices[device.0 as usize];
        if state.establishing || state.frozen.is_some() {
            return;
        }
        let held = state.held.take().expect("the device was busy");
        for command in held {
            self.accept(command, out);
        }
    }

    pub(super) fn accept_withdraw(
        &mut self,
        ticket: Ticket,
        target: Device,
        hidden: HiddenRule,
        drain: bool,
        out: &mut DasdOutbox,
    ) {
        // A log-structured array has no relationship table to withdraw from: its copies end with the deletion.
        if self.is_log_structured() {
            self.reply(ticket, Status::Rejected, Payload::Rejected(Rejection::EndsByDeletion), out);
            return;
        }
        let Some(relation) = self.volatile.tables.relation_of_target(target) else {
            // The relationship of a COPY ends by itself; the hidden ID stays until it is asked to go.
            if hidden == HiddenRule::Clear && self.logical_label(target).label.is_some_and(|record| record.has_hidden())
            {
                let (phase, number) = (WithdrawPhase::ClearHidden { withdrawn: false }, RelationNumber(0));
                let work = Withdraw { ticket, source: target, target, number, hidden, overlaid: false, phase };
                let slot = self.start(Work::Withdraw(work));
                self.wait(slot, self.log_time(), out);
            } else {
                self.reply(ticket, Status::Rejected, Payload::Rejected(Rejection::NoCopy), out);
            }
            return;
        };
        let (number, source) = (relation.number, relation.source);
        out.report(DasdFact::WithdrawRequested { relation: number, source, target });
        let phase = WithdrawPhase::Drain;
        let work = Withdraw { ticket, source, target, number, hidden, overlaid: false, phase };
        let slot = self.start(Work::Withdraw(work));
        if !drain || self.volatile.devices[target.0 as usize].reads == 0 {
            self.wait(slot, Span::ZERO, out);
        } else {
            self.volatile.devices[target.0 as usize].drainer = Some(slot);
        }
    }

    pub(super) fn proceed_withdraw(
        &mut self,
        slot: u32,
        mut withdraw: Withdraw,
        out: &mut DasdOutbox,
    ) -> Option<Withdraw> {
        let Withdraw { source, target, number, .. } = withdraw;
        let log = self.log_time();
        withdraw.phase = match withdraw.phase {
            WithdrawPhase::Drain => {
                self.wait(slot, self.parameters.withdraw_time, out);
                WithdrawPhase::Work
            }
            WithdrawPhase::Work => {
                self.wait(slot, log, out);
                WithdrawPhase::Commit
            }
            WithdrawPhase::Commit => {
                let relation = self.volatile.tables.relation(number);
                withdraw.overlaid = relation.is_some_and(|relation| relation.overlay.is_some());
                self.end_relationship(number, source, target, out);
                out.report(DasdFact::RelationshipWithdrawn { relation: number, source, target });
                if withdraw.overlaid {
                    out.report(DasdFact::HiddenIdCleared { device: target });
                } else if withdraw.hidden == HiddenRule::ClearOnWrite {
                    self.log(Record::ClearOnWrite { device: target, wanted: true }, out);
                }
                if withdraw.overlaid || withdraw.hidden != HiddenRule::Clear {
                    self.reply(withdraw.ticket, Status::Good, Payload::Nothing, out);
                    return None;
                }
                self.wait(slot, log, out);
                WithdrawPhase::ClearHidden { withdrawn: true }
            }
            WithdrawPhase::ClearHidden { withdrawn } => {
                let mut label = *self.logical_label(target);
                if let Some(record) = label.label.as_mut() {
                    record.clear_hidden();
                }
                self.commit_label(target, label, out);
                out.report(DasdFact::HiddenIdCleared { device: target });
                let status = if withdrawn { Status::Good } else { Status::Rejected };
                self.reply(withdraw.ticket, status, Payload::Nothing, out);
                return None;
            }
        };
        Some(withdraw)
    }

    /// Deletes the entry. A label track that was still shared then holds what the target's home held, or T0 if the
    /// controller has copied it by itself (MODEL 3.4.4).
    pub(super) fn end_relationship(
        &mut self,
        number: RelationNumber,
        source: Device,
        target: Device,
        out: &mut DasdOutbox,
    ) {
        let relation = self.volatile.tables.relation(number);
        let label_shared = relation.is_some_and(|relation| !relation.owns(TrackNo(0)));
        let kept = relation.and_then(|relation| relation.overlay.as_ref()?.kept.clone());
        // What was written to the target itself is not lost by a copy that comes late.
        let written = self.volatile.cache.newest(target, TrackNo(0)).is_some();
        let copied = (label_shared && !written && self.copies_by_itself(number))
            .then(|| self.t0_image(number.0, source, TrackNo(0)));
        self.log(Record::End { relation: number }, out);
        let home = |label| TrackImage { tag: self.home_image(target, TrackNo(0)).tag, label: Some(label) };
        let left = copied.or_else(|| kept.filter(|_| label_shared && !written).map(home));
        if let Some(image) = left {
            let written = self.commit_track(target, TrackNo(0), image, out);
            assert_eq!(written, Insertion::Done, "NVS keeps room for label tracks");
        }
        self.forget_older_versions(source);
    }

    /// Whether the controller has copied the label track although nobody asked for it.
    fn copies_by_itself(&self, number: RelationNumber) -> bool {
        match self.parameters.opportunistic_copy {
            OpportunisticCopy::Adversarial => true,
            OpportunisticCopy::Never => false,
            OpportunisticCopy::Seeded => self.opportunism.draws(u64::from(number.0)).chance(0.5),
        }
    }

    /// Wakes the establish or withdraw that waits for this device, once nothing of the kind it waits for is left.
    pub(super) fn drained(&mut self, device: Device, out: &mut DasdOutbox) {
        let state = &self.volatile.devices[device.0 as usize];
        let Some(slot) = state.drainer else { return };
        let quiet = match &self.volatile.ops[slot as usize].work {
            Work::Establish(establish) => self.is_quiet_for(establish),
            Work::Withdraw(_) => state.reads == 0,
            Work::Freeze(freeze) => self.is_quiet_for_freeze(freeze),
            Work::Delete(_) => self.is_quiet_for_delete(device),
            _ => false,
        };
        if quiet {
            // An operation that waits for several devices is woken once, though one append may end for all of them.
            for state in self.volatile.devices.iter_mut().filter(|state| state.drainer == Some(slot)) {
                state.drainer = None;
            }
            // Not within this event: answers that are on their way arrive first.
            self.wait(slot, Span::ZERO, out);
        }
    }

    pub(super) fn is_quiet_for(&self, establish: &Establish) -> bool {
        if self.parameters.lacks(Mutant::EstablishWithoutDrain) {
            return true;
        }
        self.volatile.devices[establish.source.0 as usize].writes == 0
            && self.volatile.devices[establish.target.0 as usize].destages == 0
            && self.volatile.devices[establish.target.0 as usize].writes == 0
            && (!self.is_log_structured() || self.volatile.devices[establish.source.0 as usize].destages == 0)
    }
}
