//! The dump: a volume to tape (d1 to d6 of HAZARDS 1.1, patent step 506).
//!
//! First the identity: the label track of the device is read. A conditioned copy bears its own ID and hides the source's;
//! the hidden ID must be valid, and goes into the dump's header, into the label record of the track-0 image, and into the
//! names that embed it: the tape looks like a dump of the source itself. Then a scratch cartridge is mounted and labelled,
//! and tracks flow through a few buffers of one cylinder each: reading, transfer and tape writing overlap, and chains reach
//! the tape in track order.
//!
//! What a full cartridge leads to is in `dump_section`, what an error on tape leads to in `dump_error`, and a dump onto
//! another volume in `dump_dasd`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::catalog::EntryState;
use super::dump_error::Resolution;
use super::fact::Job;
use super::identity::{self, LabelReading};
use super::plan::{LabelCheck, Medium};
use super::session::{SessionTag, Wait};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{DasdCommand, HiddenRule, Payload};
use crate::controller::tape::{TapeCommand, TapeResult};
use crate::device::cartridge::{FileName, Record};
use crate::vocab::{
    Cartridge, Extents, HiddenContext, HiddenId, LabelTrack, Mutant, RelationNumber, Status, TRACK_BYTES, TrackImage,
    TrackNo, TrackRange, VolumeId,
};

#[derive(Clone, Debug)]
pub(super) struct Dump {
    pub(super) phase: DumpPhase,
    /// The ID that the backup will bear.
    pub(super) id: VolumeId,
    pub(super) cartridge: Cartridge,
    /// Mounts of this cartridge that failed.
    pub(super) failed_mounts: u32,
    /// The cartridge is being closed in front of a place that cannot be written.
    pub(super) forced: bool,
    /// Tracks by their position in what is dumped, read or being read, in order; a buffer is freed when its chain is in
    /// the drive.
    pub(super) buffers: VecDeque<Buffer>,
    /// The position to ask for next.
    pub(super) next_read: u32,
    /// Tracks whose record the drive has acknowledged.
    pub(super) written: u32,
    pub(super) reads: u32,
    pub(super) chains: u32,
    /// A label track that is written last.
    pub(super) label_track: Option<TrackImage>,
}

#[derive(Clone, Debug)]
pub(super) struct Buffer {
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) images: Option<Arc<[TrackImage]>>,
    pub(super) sent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DumpPhase {
    /// The label track of the device is read.
    Identity,
    /// The library has no scratch cartridge for a while.
    AwaitScratch,
    /// The inventory notes an unfinished dump and its cartridge, or its volume.
    Reserve,
    Mount,
    Labels,
    Header,
    Tracks,
    Mark,
    /// The labels that close a full cartridge are on their way.
    VolumeEnd,
    /// Waits until everything on the way has come back.
    Settle(Resolution),
    /// The tape goes to the first record that is not good.
    Reposition {
        track: u32,
    },
    Rewind,
    /// A dump onto another volume: it is varied offline, loses its label, and gets the ID last.
    VaryOffline,
    BlankLabel,
    LabelTrack,
}

impl Dump {
    pub(super) fn new(phase: DumpPhase, id: VolumeId, cartridge: Cartridge) -> Dump {
        Dump {
            phase,
            id,
            cartridge,
            failed_mounts: 0,
            forced: false,
            buffers: VecDeque::new(),
            next_read: 0,
            written: 0,
            reads: 0,
            chains: 0,
            label_track: None,
        }
    }
}

impl Manager {
    /// Starts a dump, or starts it again: from the beginning, or behind what is safe on closed cartridges.
    pub(super) fn begin_dump(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (device, id) = (run.dumped(), run.plan.source_id);
        run.dump = Some(Dump::new(DumpPhase::Identity, id, Cartridge(0)));
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
    }

    pub(super) fn dump(&mut self, slot: u32) -> &mut Dump {
        self.backup_run(slot).dump.as_mut().expect("the session dumps")
    }

    /// The label of the device has been read: the dump goes on under the ID that it gives, or not at all.
    fn identify(&mut self, slot: u32, label: &LabelTrack, out: &mut ManagerOutbox) {
        let participation = self.durable.participation;
        let run = self.backup_run(slot);
        let backup = run.backup;
        // A copy track by track has no relationship: nothing that was sealed for one fits it.
        let relation = run.relation.unwrap_or(RelationNumber(0));
        let context = HiddenContext { t0_seconds: HiddenId::seconds_of(run.t0), relation };
        let identity = match identity::read_label(&run.plan, participation, label, context) {
            LabelReading::Plain(identity) => Some(identity),
            LabelReading::Hidden { id, identity } => {
                out.report(ManagerFact::HiddenIdRead { backup, id });
                Some(identity)
            }
            LabelReading::Unfit { state, identity } => {
                out.report(ManagerFact::HiddenIdUnfit { backup, state });
                identity
            }
            LabelReading::NoLabel => None,
        };
        self.backup_run(slot).identity = identity;
        match identity {
            Some(identity) => {
                self.dump(slot).id = identity.header;
                match self.backup_run(slot).plan.medium {
                    Medium::Tape => self.begin_sections(slot, out),
                    Medium::Dasd => self.reserve_volume(slot, out),
                }
            }
            None => self.give_up_dump(slot, out),
        }
    }

    pub(super) fn dump_dasd(
        &mut self,
        slot: u32,
        tag: SessionTag,
        status: Status,
        payload: Payload,
        out: &mut ManagerOutbox,
    ) {
        let run = self.backup_run(slot);
        let (backup, device, medium, extents) = (run.backup, run.dumped(), run.plan.medium, run.plan.extents);
        let phase = self.dump(slot).phase;
        match (tag, payload) {
            (SessionTag::Step, Payload::Label(label)) if status == Status::Good && phase == DumpPhase::Identity => {
                self.identify(slot, &label, out);
            }
            (SessionTag::TracksRead(first), Payload::Images(images)) if status == Status::Good => {
                for (track, image) in tracks_from(&extents, first, &images) {
                    out.report(ManagerFact::DumpTrackRead { backup, device, track, tag: image.tag });
                }
                let dump = self.dump(slot);
                dump.reads -= 1;
                if let Some(buffer) = dump.buffers.iter_mut().find(|buffer| buffer.first == first) {
                    buffer.images = Some(images);
                }
                match medium {
                    Medium::Tape => self.pump(slot, out),
                    Medium::Dasd => self.pump_to_volume(slot, out),
                }
            }
            (SessionTag::TracksRead(_), _) => {
                self.dump(slot).reads -= 1;
                self.give_up_dump(slot, out);
            }
            (tag, _) if status == Status::Good && medium == Medium::Dasd => self.volume_written(slot, tag, out),
            _ => self.give_up_dump(slot, out),
        }
    }

    /// A record that the dump waited for is durable, or a delay is over.
    pub(super) fn dump_recorded(&mut self, slot: u32, out: &mut ManagerOutbox) {
        match self.dump(slot).phase {
            DumpPhase::AwaitScratch => self.reserve_cartridge(slot, out),
            DumpPhase::VaryOffline => self.volume_varied(slot, out),
            DumpPhase::Reserve => {
                let run = self.backup_run(slot);
                run.wait = Wait::Answer;
                match run.plan.medium {
                    Medium::Tape => self.cartridge_recorded(slot, out),
                    Medium::Dasd => self.volume_recorded(slot, out),
                }
            }
            phase => unreachable!("a dump waits for no record in phase {phase:?}"),
        }
    }

    pub(super) fn mount_for_dump(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let cartridge = self.dump(slot).cartridge;
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::Mount { ticket, drive: None, cartridge }));
    }

    pub(super) fn dump_tape(&mut self, slot: u32, tag: SessionTag, result: TapeResult, out: &mut ManagerOutbox) {
        let phase = self.dump(slot).phase;
        if tag == SessionTag::ChainWritten {
            self.dump(slot).chains -= 1;
        }
        if phase == DumpPhase::VolumeEnd {
            self.volume_end_answered(slot, tag, &result, out);
            return;
        }
        if matches!(phase, DumpPhase::Settle(_)) {
            self.settle(slot, out);
            return;
        }
        match result {
            TapeResult::Done => self.tape_done(slot, phase, out),
            TapeResult::Mounted { drive, volser } => {
                let cartridge = self.dump(slot).cartridge;
                self.backup_run(slot).tape = Some((cartridge, drive));
                let sticker = self.parameters.cartridges[cartridge.0 as usize];
                let checks = self.parameters.label_check == LabelCheck::Verify;
                if checks && volser.is_some_and(|volser| volser != sticker) {
                    // Somebody else's tape: it is not overwritten.
                    self.start_settling(slot, Resolution::Another { condemned: true }, out);
                    return;
                }
                let job = Job::Backup(self.backup_run(slot).backup);
                out.report(ManagerFact::TapeMounted { job, cartridge });
                self.write_labels(slot, out);
            }
            result => self.dump_error(slot, phase, &result, out),
        }
    }

    pub(super) fn tape_done(&mut self, slot: u32, phase: DumpPhase, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, tracks, section) = (run.backup, run.plan.tracks, run.section);
        let labelled = run.plan.extents.holds_label();
        match phase {
            DumpPhase::Labels => {
                let dump = self.dump(slot);
                let (id, cartridge) = (dump.id, dump.cartridge);
                dump.next_read = section.first;
                dump.written = section.first;
                out.report(ManagerFact::TapeLabelsWritten { backup, cartridge, section: section.number });
                if section.number > 0 {
                    dump.phase = DumpPhase::Tracks;
                    self.pump(slot, out);
                } else {
                    dump.phase = DumpPhase::Header;
                    self.send_chain(slot, vec![Record::Header { volume: id, backup }], out);
                }
            }
            DumpPhase::Header => {
                let dump = self.dump(slot);
                dump.phase = DumpPhase::Tracks;
                let id = dump.id;
                out.report(ManagerFact::DumpHeaderSent { backup, id });
                self.pump(slot, out);
            }
            DumpPhase::Tracks => {
                let dump = self.dump(slot);
                let buffer = dump.buffers.pop_front().expect("an acknowledged chain came from a buffer");
                dump.written = buffer.first + buffer.count;
                let done = dump.written == tracks;
                if buffer.first == 0 && labelled {
                    out.report(ManagerFact::DumpTrack0Sent { backup });
                }
                if done {
                    self.write_mark(slot, out);
                } else {
                    self.pump(slot, out);
                }
            }
            DumpPhase::Mark => {
                out.report(ManagerFact::TapeMarkWritten { backup });
                self.backup_run(slot).dump = None;
                self.step_ended(slot, out);
            }
            DumpPhase::Reposition { track } => self.repositioned(slot, track, out),
            DumpPhase::Rewind => self.write_labels(slot, out),
            phase => unreachable!("no command of phase {phase:?} is done like this"),
        }
    }

    /// All tracks are in the drive: the mark behind the data.
    pub(super) fn write_mark(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.dump(slot).phase = DumpPhase::Mark;
        let (_, drive) = self.backup_run(slot).tape.expect("a dump is on a tape");
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::WriteMark { ticket, drive, synchronise: false }));
    }

    fn write_labels(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, section) = (run.backup, run.section.number + 1);
        let dump = run.dump.as_mut().expect("the session dumps");
        dump.phase = DumpPhase::Labels;
        let (id, cartridge) = (dump.id, dump.cartridge);
        let (_, drive) = run.tape.expect("labels go onto a mounted tape");
        let volser = self.parameters.cartridges[cartridge.0 as usize];
        let first_volser = self.first_volser(backup).unwrap_or(volser);
        let file = FileName::of_dump(id, backup);
        let records = [
            Record::Vol1 { volser },
            Record::Hdr1 { file, first_volser, section, sequence: 1 },
            Record::Hdr2,
            Record::TapeMark,
        ];
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::Write { ticket, drive, records: records.into() }));
    }

    fn send_chain(&mut self, slot: u32, records: Vec<Record>, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (_, drive) = run.tape.expect("a chain goes onto a mounted tape");
        run.dump.as_mut().expect("the session dumps").chains += 1;
        let ticket = self.tape_ticket(slot, SessionTag::ChainWritten);
        out.send(ManagerMessage::Tape(TapeCommand::Write { ticket, drive, records: records.into() }));
    }

    /// Sends what is read and next in order, and asks for more while buffers are free.
    pub(super) fn pump(&mut self, slot: u32, out: &mut ManagerOutbox) {
        if let DumpPhase::Settle(_) = self.dump(slot).phase {
            self.settle(slot, out);
            return;
        }
        loop {
            let dump = self.dump(slot);
            let Some(buffer) = dump.buffers.iter_mut().find(|buffer| !buffer.sent) else { break };
            let Some(images) = buffer.images.take() else { break };
            buffer.sent = true;
            let (first, behind) = (buffer.first, buffer.first + buffer.count);
            let source = self.backup_run(slot).plan.source;
            let allocated = self.parameters.allocations.at(source, out.now());
            let run = self.backup_run(slot);
            let (backup, extents, last) = (run.backup, run.plan.extents, behind == run.plan.tracks);
            let change = run.identity.expect("tracks are sent under an identity").track0;
            let mut records = Vec::with_capacity(images.len());
            let skipped = run.plan.lacks(Mutant::DumpSkipsLastTrack).then(|| run.plan.tracks - 1);
            let current = allocated.filter(|_| run.plan.lacks(Mutant::DumpUsesCurrentAllocation));
            for (position, (track, image)) in (first..).zip(tracks_from(&extents, first, &images)) {
                if Some(position) == skipped || current.is_some_and(|current| !current.contains(track)) {
                    continue;
                }
                let image = identity::reintroduced(image, change);
                run.sums.note(position, &image);
                records.push(Record::Track { backup, track, image });
            }
            if last
                && self.parameters.lacks(Mutant::TapeCompleteEarly)
                && let Some(entry) = self.durable.entry_mut(backup)
            {
                entry.state = EntryState::Complete;
            }
            self.send_chain(slot, records, out);
        }
        self.read_ahead(slot, out);
    }

    /// Asks for tracks of the copy while buffers are free.
    pub(super) fn read_ahead(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let (buffers, cylinder) = (self.parameters.dump_buffers as usize, self.parameters.dump_read_tracks);
        loop {
            let run = self.backup_run(slot);
            let (device, extents) = (run.dumped(), run.plan.extents);
            let dump = run.dump.as_mut().expect("the session dumps");
            if dump.buffers.len() >= buffers || dump.next_read >= extents.tracks() {
                break;
            }
            let first = dump.next_read;
            let (track, follow) = extents.at(first).expect("a position before the last has its track");
            // The label track goes alone: its image is an event of its own.
            let count = if track.0 == 0 { 1 } else { cylinder.min(follow) };
            dump.buffers.push_back(Buffer { first, count, images: None, sent: false });
            dump.next_read += count;
            dump.reads += 1;
            let ticket = self.session_ticket(slot, SessionTag::TracksRead(first));
            let device = match self.parameters.lacks(Mutant::DumpReadsSource) && track.0 > 0 {
                true => self.backup_run(slot).plan.source,
                false => device,
            };
            let range = TrackRange { device, first: track, count };
            let bytes = u64::from(count) * TRACK_BYTES;
            out.send(ManagerMessage::Dasd(DasdCommand::Read { ticket, range, bytes, images: true }));
        }
        self.withdraw_early(slot, out);
    }

    /// A job that does not wait for its reads asks for the withdraw as soon as it has asked for the last track (H33).
    fn withdraw_early(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let all_asked = run.dump.as_ref().is_some_and(|dump| dump.next_read >= run.plan.tracks);
        let too_early =
            run.plan.lacks(Mutant::WithdrawBeforeDumpEnd) && run.dump.as_ref().is_some_and(|dump| dump.written > 0);
        let early = all_asked && !run.plan.drain_before_withdraw || too_early;
        if !early || run.withdrawn_early {
            return;
        }
        run.withdrawn_early = true;
        let target = run.plan.target;
        let ticket = self.session_ticket(slot, SessionTag::EarlyWithdraw);
        let (hidden, drain) = (HiddenRule::Keep, false);
        out.send(ManagerMessage::Dasd(DasdCommand::Withdraw { ticket, target, hidden, drain }));
    }
}

/// Images with their tracks, from a position of the extents on.
fn tracks_from<'i>(
    extents: &Extents,
    first: u32,
    images: &'i [TrackImage],
) -> impl Iterator<Item = (TrackNo, &'i TrackImage)> + use<'i> {
    let extents = *extents;
    (first..)
        .zip(images)
        .map(move |(position, image)| (extents.at(position).expect("what was read lies within the extents").0, image))
}
