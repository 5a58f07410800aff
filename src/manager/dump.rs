//! The dump: a volume to tape (d1 to d6 of HAZARDS 1.1, patent step 506).
//!
//! First the identity: the label track of the device is read. A conditioned copy bears its own ID and hides the source's;
//! the hidden ID must be valid, and goes into the dump's header, into the label record of the track-0 image, and into the
//! names that embed it: the tape looks like a dump of the source itself. Then a scratch cartridge is mounted and labelled,
//! and tracks flow through a few buffers of one cylinder each: reading, transfer and tape writing overlap, and chains reach
//! the tape in track order.
//!
//! An error on tape first lets everything on the way come back. A temporary one is retried from the first block that is not
//! on tape; a permanent one condemns the cartridge, and the dump starts again on another.

use std::collections::VecDeque;
use std::sync::Arc;

use super::catalog::{BackupPlace, CartridgeUse, EntryState, InventoryEntry, Section};
use super::fact::Job;
use super::identity::{self, LabelReading};
use super::session::{SessionTag, Wait};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{DasdCommand, HiddenRule, Payload};
use crate::controller::tape::{TapeCommand, TapeResult};
use crate::device::cartridge::{FileName, Record};
use crate::vocab::{
    Cartridge, HiddenContext, HiddenId, LabelTrack, RelationNumber, Status, TRACK_BYTES, TrackImage, TrackNo,
    TrackRange, VolumeId,
};

/// Records in front of the first track: three labels, a tape mark, the header.
pub(super) const FIRST_TRACK_RECORD: u64 = 5;

#[derive(Clone, Debug)]
pub(super) struct Dump {
    pub(super) phase: DumpPhase,
    /// The ID that the tape will bear.
    pub(super) id: VolumeId,
    pub(super) cartridge: Cartridge,
    /// Tracks read or being read, in order; a buffer is freed when its chain is in the drive.
    pub(super) buffers: VecDeque<Buffer>,
    /// The next track to ask for.
    pub(super) next_read: u32,
    /// Tracks whose chain the drive has acknowledged.
    pub(super) written: u32,
    pub(super) reads: u32,
    pub(super) chains: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Buffer {
    first: u32,
    count: u32,
    images: Option<Arc<[TrackImage]>>,
    sent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DumpPhase {
    /// The label track of the device is read.
    Identity,
    /// The inventory notes an unfinished dump and its cartridge.
    Reserve,
    Mount,
    Labels,
    Header,
    Tracks,
    Mark,
    /// Waits until everything on the way has come back, to go on behind this record or on another cartridge.
    Settle {
        permanent: bool,
        hardened: u64,
    },
    Reposition {
        track: u32,
    },
    Rewind,
}

impl Dump {
    pub(super) fn new(phase: DumpPhase, id: VolumeId, cartridge: Cartridge) -> Dump {
        Dump { phase, id, cartridge, buffers: VecDeque::new(), next_read: 0, written: 0, reads: 0, chains: 0 }
    }
}

impl Manager {
    /// Starts a dump, or starts it again from the beginning.
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
                self.reserve_cartridge(slot, out);
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
        let (backup, device) = (run.backup, run.dumped());
        match (tag, payload) {
            (SessionTag::Step, Payload::Label(label)) if status == Status::Good => {
                self.identify(slot, &label, out);
            }
            (SessionTag::TracksRead(first), Payload::Images(images)) if status == Status::Good => {
                for (place, image) in images.iter().enumerate() {
                    let track = TrackNo(first + place as u32);
                    out.report(ManagerFact::DumpTrackRead { backup, device, track, tag: image.tag });
                }
                let dump = self.dump(slot);
                dump.reads -= 1;
                if let Some(buffer) = dump.buffers.iter_mut().find(|buffer| buffer.first == first) {
                    buffer.images = Some(images);
                }
                self.pump(slot, out);
            }
            (SessionTag::TracksRead(_), _) => {
                self.dump(slot).reads -= 1;
                self.give_up_dump(slot, out);
            }
            _ => self.give_up_dump(slot, out),
        }
    }

    fn reserve_cartridge(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let Some(cartridge) = self.durable.scratch() else {
            self.give_up_dump(slot, out);
            return;
        };
        let backup = self.backup_run(slot).backup;
        // Taken at once: another dump may look for a cartridge before the record is durable.
        self.durable.cartridges[cartridge.0 as usize] = CartridgeUse::Allocated(backup);
        let run = self.backup_run(slot);
        run.wait = Wait::Record;
        let dump = run.dump.as_mut().expect("the session dumps");
        dump.phase = DumpPhase::Reserve;
        dump.cartridge = cartridge;
        self.session_after(slot, self.parameters.record_write, out);
    }

    /// The inventory knows of the unfinished dump: the cartridge may be written.
    pub(super) fn dump_recorded(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.wait = Wait::Answer;
        let dump = run.dump.as_mut().expect("the session dumps");
        dump.phase = DumpPhase::Mount;
        let entry = InventoryEntry {
            backup: run.backup,
            // Whoever dumps by hand dumps a volume by the ID that it bears: the inventory lists that.
            source: if run.plan.method == super::plan::MethodName::NoVolidManual {
                dump.id
            } else {
                run.plan.source_id
            },
            header: dump.id,
            t0: run.t0,
            place: BackupPlace::Tape(vec![Section { cartridge: dump.cartridge, blocks: 0 }]),
            tracks: run.plan.tracks,
            state: EntryState::InProgress,
        };
        let cartridge = dump.cartridge;
        self.add_inventory(entry);
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::Mount { ticket, drive: None, cartridge }));
    }

    pub(super) fn dump_tape(&mut self, slot: u32, tag: SessionTag, result: TapeResult, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let backup = run.backup;
        let tracks = run.plan.tracks;
        let phase = run.dump.as_ref().expect("the session dumps").phase;
        if let TapeResult::WriteError { permanent, .. } = result {
            out.report(ManagerFact::TapeErrorSeen { backup, permanent });
        }
        match (phase, result) {
            (DumpPhase::Mount, TapeResult::Mounted { drive, volser }) => {
                let cartridge = self.dump(slot).cartridge;
                self.backup_run(slot).tape = Some((cartridge, drive));
                let sticker = self.parameters.cartridges[cartridge.0 as usize];
                if volser.is_some_and(|volser| volser != sticker) {
                    // Somebody else's tape: it is not overwritten.
                    self.condemn_cartridge(slot);
                    self.dump_failed(slot, true, out);
                    return;
                }
                out.report(ManagerFact::TapeMounted { job: Job::Backup(backup), cartridge });
                self.write_labels(slot, out);
            }
            (DumpPhase::Labels, TapeResult::Done) => {
                let dump = self.dump(slot);
                dump.phase = DumpPhase::Header;
                let (id, cartridge) = (dump.id, dump.cartridge);
                out.report(ManagerFact::TapeLabelsWritten { backup, cartridge });
                self.send_chain(slot, vec![Record::Header { volume: id, backup }], out);
            }
            (DumpPhase::Header, TapeResult::Done) => {
                let dump = self.dump(slot);
                dump.phase = DumpPhase::Tracks;
                dump.chains -= 1;
                let id = dump.id;
                out.report(ManagerFact::DumpHeaderSent { backup, id });
                self.pump(slot, out);
            }
            (DumpPhase::Tracks, TapeResult::Done) => {
                let dump = self.dump(slot);
                dump.chains -= 1;
                let buffer = dump.buffers.pop_front().expect("an acknowledged chain came from a buffer");
                dump.written = buffer.first + buffer.count;
                let done = dump.written == tracks;
                if buffer.first == 0 {
                    out.report(ManagerFact::DumpTrack0Sent { backup });
                }
                if done {
                    self.write_mark(slot, out);
                } else {
                    self.pump(slot, out);
                }
            }
            (DumpPhase::Mark, TapeResult::Done) => {
                out.report(ManagerFact::TapeMarkWritten { backup });
                self.backup_run(slot).dump = None;
                self.step_ended(slot, out);
            }
            (DumpPhase::Settle { .. }, _) => {
                if tag == SessionTag::ChainWritten {
                    self.dump(slot).chains -= 1;
                }
                self.settle(slot, out);
            }
            (DumpPhase::Reposition { track }, TapeResult::Done) => {
                let dump = self.dump(slot);
                dump.next_read = track;
                dump.written = track;
                if track == tracks {
                    self.write_mark(slot, out);
                } else {
                    self.dump(slot).phase = DumpPhase::Tracks;
                    self.pump(slot, out);
                }
            }
            (DumpPhase::Rewind, TapeResult::Done) => self.write_labels(slot, out),
            (DumpPhase::Mark, TapeResult::WriteError { permanent, hardened_blocks, .. }) => {
                self.start_settling(slot, permanent, hardened_blocks, out);
            }
            (_, TapeResult::WriteError { permanent, hardened_blocks, .. }) => {
                if tag == SessionTag::ChainWritten {
                    self.dump(slot).chains -= 1;
                }
                self.start_settling(slot, permanent, hardened_blocks, out);
            }
            // No drive, no cartridge, a full tape, a drive that was reset: another attempt, another cartridge.
            (phase, _) => {
                if tag == SessionTag::ChainWritten {
                    self.dump(slot).chains -= 1;
                }
                let mounted = !matches!(phase, DumpPhase::Mount);
                self.start_settling(slot, mounted, 0, out);
            }
        }
    }

    /// All tracks are in the drive: the mark behind the data.
    fn write_mark(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.dump(slot).phase = DumpPhase::Mark;
        let (_, drive) = self.backup_run(slot).tape.expect("a dump is on a tape");
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::WriteMark { ticket, drive, synchronise: false }));
    }

    fn write_labels(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let dump = run.dump.as_mut().expect("the session dumps");
        dump.phase = DumpPhase::Labels;
        let (id, backup, cartridge) = (dump.id, run.backup, dump.cartridge);
        let (_, drive) = run.tape.expect("labels go onto a mounted tape");
        let volser = self.parameters.cartridges[cartridge.0 as usize];
        let file = FileName::of_dump(id, backup);
        let records = [
            Record::Vol1 { volser },
            Record::Hdr1 { file, first_volser: volser, section: 1, sequence: 1 },
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
    fn pump(&mut self, slot: u32, out: &mut ManagerOutbox) {
        if let DumpPhase::Settle { .. } = self.dump(slot).phase {
            self.settle(slot, out);
            return;
        }
        loop {
            let dump = self.dump(slot);
            let Some(buffer) = dump.buffers.iter_mut().find(|buffer| !buffer.sent) else { break };
            let Some(images) = buffer.images.take() else { break };
            buffer.sent = true;
            let first = buffer.first;
            let run = self.backup_run(slot);
            let backup = run.backup;
            let change = run.identity.expect("tracks are sent under an identity").track0;
            let records = images.iter().enumerate().map(|(place, image)| Record::Track {
                backup,
                track: TrackNo(first + place as u32),
                image: identity::reintroduced(image, change),
            });
            let records = records.collect();
            self.send_chain(slot, records, out);
        }
        let (buffers, cylinder) = (self.parameters.dump_buffers as usize, self.parameters.dump_read_tracks);
        loop {
            let run = self.backup_run(slot);
            let (device, tracks) = (run.dumped(), run.plan.tracks);
            let dump = run.dump.as_mut().expect("the session dumps");
            if dump.buffers.len() >= buffers || dump.next_read >= tracks {
                break;
            }
            let first = dump.next_read;
            // The label track goes alone: its image is an event of its own.
            let count = if first == 0 { 1 } else { cylinder.min(tracks - first) };
            dump.buffers.push_back(Buffer { first, count, images: None, sent: false });
            dump.next_read += count;
            dump.reads += 1;
            let ticket = self.session_ticket(slot, SessionTag::TracksRead(first));
            let range = TrackRange { device, first: TrackNo(first), count };
            let bytes = u64::from(count) * TRACK_BYTES;
            out.send(ManagerMessage::Dasd(DasdCommand::Read { ticket, range, bytes, images: true }));
        }
        self.withdraw_early(slot, out);
    }

    /// A job that does not wait for its reads asks for the withdraw as soon as it has asked for the last track (H33).
    fn withdraw_early(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let all_asked = run.dump.as_ref().is_some_and(|dump| dump.next_read >= run.plan.tracks);
        if run.plan.drain_before_withdraw || run.withdrawn_early || !all_asked {
            return;
        }
        run.withdrawn_early = true;
        let target = run.plan.target;
        let ticket = self.session_ticket(slot, SessionTag::EarlyWithdraw);
        let (hidden, drain) = (HiddenRule::Keep, false);
        out.send(ManagerMessage::Dasd(DasdCommand::Withdraw { ticket, target, hidden, drain }));
    }
}
