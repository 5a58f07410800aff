//! Reading a backup back, for a restore or for a comparison: its cartridges in the order of their sections, or the volume
//! on which it lies.
//!
//! With `sequence_check = "verify"` each cartridge must bear its own name, the section number that is due and the block
//! count that the inventory and the trailer name, and the tracks must follow one another. With `"trust"` whatever is
//! mounted is read to its end, and tracks go where their records say: a reel that is missing, doubled or in the wrong order
//! leaves a hole that nobody notices (HAZARDS H48; source S-52). With `label_check = "bypass"` the name on the cartridge is
//! not looked at.
//!
//! An error that is not permanent is tried again from the first record that has not been delivered; so is a drive that was
//! reset, after the tape has been found again.

use std::sync::Arc;

use super::catalog::{BackupPlace, InventoryEntry, Section};
use super::dump_section::OpenSection;
use super::plan::{LabelCheck, SequenceCheck};
use super::session::{SessionTag, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::DasdCommand;
use crate::controller::tape::{ReadEnd, TapeCommand, TapeResult, Target};
use crate::device::cartridge::Record;
use crate::vocab::{Backup, Extents, TRACK_BYTES, TrackImage, TrackNo, TrackRange};

#[derive(Clone, Debug)]
pub(super) struct Reader {
    backup: Backup,
    place: BackupPlace,
    /// What the backup holds; tracks are counted by their position in it.
    extents: Extents,
    tracks: u32,
    sequence_check: SequenceCheck,
    stage: Stage,
    /// The cartridge being read, from 0, and its first track.
    section: u16,
    first: u32,
    /// The next track expected, and the first that was not asked for yet.
    next: u32,
    asked: u32,
    reads: u32,
    retries: u32,
    failed_mounts: u32,
    /// Records of this cartridge that were delivered, counted from its load point.
    delivered: u64,
    /// The drive does not know where the tape is.
    position_lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Mount,
    Rewind,
    Labels,
    Header,
    Tracks,
    /// An error, or the mark behind the data: what is on the way comes back first.
    Settle {
        data_ended: bool,
    },
    Locate,
    Mark,
    Trailer,
    Complete,
}

/// What an answer led to.
#[derive(Clone, Debug)]
pub(super) enum Read {
    Pending,
    /// The first labels and the volume header are right: tracks may be asked for.
    Opened,
    /// Tracks, each group without a gap from its first on.
    Tracks(Vec<(u32, Vec<TrackImage>)>),
    /// Everything was read and the last trailer is right.
    Complete,
    /// The backup cannot be read. What lies in section `section` (from 0) is no good.
    Failed {
        section: u16,
    },
}

impl Read {
    /// Nothing new, but more may be asked for.
    const NOTHING: Read = Read::Tracks(Vec::new());
}

impl Reader {
    pub fn new(entry: &InventoryEntry, sequence_check: SequenceCheck) -> Reader {
        let stage = match entry.place {
            BackupPlace::Tape(_) => Stage::Mount,
            BackupPlace::Dasd(_) => Stage::Tracks,
        };
        Reader {
            backup: entry.backup,
            place: entry.place.clone(),
            extents: entry.extents,
            tracks: entry.tracks,
            sequence_check,
            stage,
            section: 0,
            first: 0,
            next: 0,
            asked: 0,
            reads: 0,
            retries: 0,
            failed_mounts: 0,
            delivered: 0,
            position_lost: false,
        }
    }

    fn trusts(&self) -> bool {
        self.sequence_check == SequenceCheck::Trust
    }

    fn sections(&self) -> &[Section] {
        match &self.place {
            BackupPlace::Tape(sections) => sections,
            BackupPlace::Dasd(_) => &[],
        }
    }

    fn present(&self) -> Section {
        self.sections()[usize::from(self.section)]
    }

    /// The track behind the last one of this cartridge, as far as the reader believes the inventory.
    fn end_of_section(&self) -> u32 {
        match (&self.place, self.trusts()) {
            (BackupPlace::Dasd(_), _) => self.tracks,
            (BackupPlace::Tape(_), true) => u32::MAX,
            // An entry may say of a cartridge that it has no block at all.
            (BackupPlace::Tape(_), false) => {
                (self.first + self.present().blocks).saturating_sub(u32::from(self.section == 0))
            }
        }
    }

    fn lead(&self) -> u64 {
        OpenSection { number: self.section, ..OpenSection::default() }.lead()
    }

    fn is_last_section(&self) -> bool {
        usize::from(self.section) + 1 >= self.sections().len()
    }

    pub fn section(&self) -> u16 {
        self.section
    }

    pub fn is_complete(&self) -> bool {
        self.stage == Stage::Complete
    }

    fn labels_fit(&self, records: &[Record]) -> bool {
        if self.trusts() {
            return true;
        }
        let due = self.section + 1;
        matches!(
            records,
            [Record::Vol1 { .. }, Record::Hdr1 { section, .. }, Record::Hdr2, Record::TapeMark] if *section == due
        )
    }

    fn trailer_fits(&self, record: &Record) -> bool {
        let expected = self.present().blocks;
        match record {
            Record::Eof1 { block_count } => self.is_last_section() && *block_count == expected,
            Record::Eov1 { block_count } => !self.is_last_section() && *block_count == expected,
            _ => false,
        }
    }

    /// Sorts the records of a chain into tracks; `None` when one of them is not the next.
    fn take(&mut self, records: &[Record]) -> Option<Vec<(u32, Vec<TrackImage>)>> {
        let mut groups: Vec<(u32, Vec<TrackImage>)> = Vec::new();
        for record in records.iter().filter(|record| **record != Record::TapeMark) {
            self.delivered += 1;
            let Record::Track { backup, track, image } = record else {
                if self.trusts() {
                    continue;
                }
                return None;
            };
            let due = self.extents.at(self.next).map(|(track, _)| track);
            if !self.trusts() && (due != Some(*track) || *backup != self.backup) {
                return None;
            }
            self.next += 1;
            if !self.extents.contains(*track) {
                continue;
            }
            match groups.last_mut() {
                Some((first, images)) if *first + images.len() as u32 == track.0 => images.push(image.clone()),
                _ => groups.push((track.0, vec![image.clone()])),
            }
        }
        Some(groups)
    }
}

impl Manager {
    fn reader(&mut self, slot: u32) -> &mut Reader {
        let work = self.volatile.sessions.get_mut(&slot).map(|session| &mut session.work);
        let reader = match work {
            Some(Work::Restore(run)) => run.reader.as_mut(),
            Some(Work::Backup(run)) => run.readback.as_mut(),
            _ => None,
        };
        reader.expect("the session reads a backup")
    }

    fn reading_job(&self, slot: u32) -> super::Job {
        self.volatile.sessions[&slot].job().expect("a job reads a backup")
    }

    /// Begins with the first cartridge. A backup on another volume is open at once.
    pub(super) fn begin_reading(&mut self, slot: u32, out: &mut ManagerOutbox) -> Read {
        match self.reader(slot).place {
            BackupPlace::Dasd(_) => Read::Opened,
            BackupPlace::Tape(_) => {
                self.mount_section(slot, out);
                Read::Pending
            }
        }
    }

    fn mount_section(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let reader = self.reader(slot);
        reader.delivered = 0;
        reader.position_lost = false;
        let cartridge = reader.present().cartridge;
        // A cartridge that the job has just written is still there.
        let held = self.tape_of(slot).filter(|(held, _)| *held == cartridge);
        if let Some((_, drive)) = held {
            self.reader(slot).stage = Stage::Rewind;
            let ticket = self.tape_ticket(slot, SessionTag::Reading);
            out.send(ManagerMessage::Tape(TapeCommand::Rewind { ticket, drive }));
            return;
        }
        self.unload_session_tape(slot, out);
        self.reader(slot).stage = Stage::Mount;
        let ticket = self.tape_ticket(slot, SessionTag::Reading);
        out.send(ManagerMessage::Tape(TapeCommand::Mount { ticket, drive: None, cartridge }));
    }

    fn read_records(&mut self, slot: u32, stage: Stage, count: u32, out: &mut ManagerOutbox) -> Read {
        self.reader(slot).stage = stage;
        let (_, drive) = self.tape_of(slot).expect("a mounted tape is read");
        let ticket = self.tape_ticket(slot, SessionTag::Reading);
        out.send(ManagerMessage::Tape(TapeCommand::Read { ticket, drive, count }));
        Read::Pending
    }

    /// Asks for tracks, `most` commands at once; returns how many are on the way now.
    pub(super) fn read_on(&mut self, slot: u32, most: u32, out: &mut ManagerOutbox) {
        let cylinder = self.parameters.dump_read_tracks;
        loop {
            let reader = self.reader(slot);
            let end = reader.end_of_section();
            if reader.stage != Stage::Tracks || reader.reads >= most || reader.asked >= end {
                break;
            }
            let (first, count) = (reader.asked, cylinder.min(end - reader.asked));
            reader.asked += count;
            reader.reads += 1;
            match reader.place {
                BackupPlace::Dasd(device) => {
                    let ticket = self.session_ticket(slot, SessionTag::TracksRead(first));
                    let range = TrackRange { device, first: TrackNo(first), count };
                    let bytes = u64::from(count) * TRACK_BYTES;
                    out.send(ManagerMessage::Dasd(DasdCommand::Read { ticket, range, bytes, images: true }));
                }
                BackupPlace::Tape(_) => {
                    let (_, drive) = self.tape_of(slot).expect("a mounted tape is read");
                    let ticket = self.tape_ticket(slot, SessionTag::ChainRead);
                    out.send(ManagerMessage::Tape(TapeCommand::Read { ticket, drive, count }));
                }
            }
        }
        let reader = self.reader(slot);
        let ended = reader.stage == Stage::Tracks && reader.reads == 0 && reader.next >= reader.end_of_section();
        if ended && matches!(reader.place, BackupPlace::Tape(_)) {
            self.read_records(slot, Stage::Mark, 1, out);
        }
    }

    /// Tracks of a backup on another volume.
    pub(super) fn volume_read(&mut self, slot: u32, first: u32, images: &Arc<[TrackImage]>) -> Read {
        let reader = self.reader(slot);
        reader.reads -= 1;
        reader.next = reader.next.max(first + images.len() as u32);
        if reader.reads == 0 && reader.asked == reader.tracks {
            reader.stage = Stage::Complete;
        }
        Read::Tracks(vec![(first, images.to_vec())])
    }

    pub(super) fn tape_read(
        &mut self,
        slot: u32,
        tag: SessionTag,
        result: TapeResult,
        out: &mut ManagerOutbox,
    ) -> Read {
        if tag == SessionTag::ChainRead {
            return self.chain_read(slot, result, out);
        }
        let reader = self.reader(slot);
        let (stage, section) = (reader.stage, reader.section);
        match (stage, result) {
            (Stage::Mount, TapeResult::Mounted { drive, volser }) => {
                let cartridge = reader.present().cartridge;
                self.set_session_tape(slot, (cartridge, drive));
                let sticker = self.parameters.cartridges[cartridge.0 as usize];
                if self.parameters.label_check == LabelCheck::Verify && volser != Some(sticker) {
                    return Read::Failed { section };
                }
                out.report(ManagerFact::TapeMounted { job: self.reading_job(slot), cartridge });
                self.read_records(slot, Stage::Labels, 4, out)
            }
            (Stage::Mount, TapeResult::MountFailed) => {
                let retries = self.parameters.step_retries;
                let reader = self.reader(slot);
                reader.failed_mounts += 1;
                if reader.failed_mounts > retries {
                    return Read::Failed { section };
                }
                self.mount_section(slot, out);
                Read::Pending
            }
            // A reel that nobody finds: the operator lets the job go on without it.
            (Stage::Mount, TapeResult::CartridgeMissing) if reader.trusts() => self.next_section(slot, out),
            (Stage::Rewind, TapeResult::Done) => self.read_records(slot, Stage::Labels, 4, out),
            (Stage::Labels, TapeResult::RecordsUntil { records, .. }) if reader.labels_fit(&records) => {
                reader.delivered = 4;
                let opening = section == 0;
                if opening && !reader.trusts() {
                    return self.read_records(slot, Stage::Header, 1, out);
                }
                reader.stage = Stage::Tracks;
                if opening { Read::Opened } else { Read::NOTHING }
            }
            (Stage::Header, TapeResult::Records(records)) => {
                if !matches!(records[0], Record::Header { backup, .. } if backup == reader.backup) {
                    return Read::Failed { section };
                }
                reader.delivered += 1;
                reader.stage = Stage::Tracks;
                Read::Opened
            }
            (Stage::Locate, TapeResult::Done) => {
                let reader = self.reader(slot);
                reader.position_lost = false;
                reader.stage = Stage::Tracks;
                reader.asked = reader.next;
                Read::NOTHING
            }
            (Stage::Mark, TapeResult::RecordsUntil { .. }) => self.read_records(slot, Stage::Trailer, 1, out),
            (Stage::Trailer, TapeResult::Records(records)) => {
                let reader = self.reader(slot);
                let last = matches!(records[0], Record::Eof1 { .. });
                match reader.trusts() {
                    // The program believes the labels: the file ends where they say so.
                    true if last => self.all_read(slot),
                    false if !reader.trailer_fits(&records[0]) => Read::Failed { section },
                    _ => self.next_section(slot, out),
                }
            }
            (stage, TapeResult::ReadError { permanent, .. }) => self.read_again(slot, stage, permanent, false, out),
            (stage, TapeResult::Reset { .. }) => self.read_again(slot, stage, false, true, out),
            _ if self.reader(slot).trusts() && !matches!(stage, Stage::Mount) => self.next_section(slot, out),
            _ => Read::Failed { section },
        }
    }

    fn all_read(&mut self, slot: u32) -> Read {
        self.reader(slot).stage = Stage::Complete;
        Read::Complete
    }

    fn next_section(&mut self, slot: u32, out: &mut ManagerOutbox) -> Read {
        let reader = self.reader(slot);
        if reader.is_last_section() {
            return self.all_read(slot);
        }
        reader.section += 1;
        reader.first = reader.next;
        reader.asked = reader.next;
        self.mount_section(slot, out);
        Read::Pending
    }

    fn chain_read(&mut self, slot: u32, result: TapeResult, out: &mut ManagerOutbox) -> Read {
        let reader = self.reader(slot);
        reader.reads -= 1;
        let section = reader.section;
        let taken = match result {
            TapeResult::Records(records) => reader.take(&records),
            TapeResult::RecordsUntil { records, end } if reader.trusts() => {
                debug_assert!(matches!(end, ReadEnd::TapeMark | ReadEnd::EndOfData), "nothing else ends a chain");
                reader.stage = Stage::Settle { data_ended: true };
                reader.take(&records)
            }
            TapeResult::ReadError { permanent, records } => {
                let taken = reader.take(&records);
                if permanent || reader.retries >= self.parameters.step_retries {
                    return Read::Failed { section };
                }
                let reader = self.reader(slot);
                reader.retries += 1;
                reader.stage = Stage::Settle { data_ended: false };
                taken
            }
            TapeResult::Reset { .. } => {
                if reader.retries >= self.parameters.step_retries {
                    return Read::Failed { section };
                }
                let reader = self.reader(slot);
                reader.retries += 1;
                reader.position_lost = true;
                reader.stage = Stage::Settle { data_ended: false };
                Some(Vec::new())
            }
            TapeResult::NotExecuted => {
                if reader.stage == Stage::Tracks {
                    reader.stage = Stage::Settle { data_ended: false };
                }
                Some(Vec::new())
            }
            _ => None,
        };
        let Some(tracks) = taken else { return Read::Failed { section } };
        self.settle_reading(slot, out);
        Read::Tracks(tracks)
    }

    /// After an error, or at the mark behind the data, once nothing is on the way.
    fn settle_reading(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let reader = self.reader(slot);
        let Stage::Settle { data_ended } = reader.stage else { return };
        if reader.reads > 0 {
            return;
        }
        reader.asked = reader.next;
        if data_ended {
            self.read_records(slot, Stage::Trailer, 1, out);
        } else if reader.position_lost {
            let to = Target::Record(reader.lead().max(reader.delivered));
            reader.stage = Stage::Locate;
            let (_, drive) = self.tape_of(slot).expect("a mounted tape is read");
            let ticket = self.tape_ticket(slot, SessionTag::Reading);
            out.send(ManagerMessage::Tape(TapeCommand::Locate { ticket, drive, to }));
        } else {
            // The tape stands in front of the record that could not be read.
            reader.stage = Stage::Tracks;
        }
    }

    /// A command outside the data met an error.
    fn read_again(
        &mut self,
        slot: u32,
        stage: Stage,
        permanent: bool,
        position_lost: bool,
        out: &mut ManagerOutbox,
    ) -> Read {
        let retries = self.parameters.step_retries;
        let reader = self.reader(slot);
        if permanent || reader.retries >= retries {
            return Read::Failed { section: reader.section };
        }
        reader.retries += 1;
        match stage {
            // From the load point; or, behind the data, from the mark.
            Stage::Labels | Stage::Header | Stage::Rewind | Stage::Mount => {
                let (_, drive) = self.tape_of(slot).expect("a mounted tape is read");
                self.reader(slot).stage = Stage::Rewind;
                let ticket = self.tape_ticket(slot, SessionTag::Reading);
                out.send(ManagerMessage::Tape(TapeCommand::Rewind { ticket, drive }));
            }
            _ if position_lost || stage != Stage::Mark => {
                reader.position_lost = true;
                reader.stage = Stage::Settle { data_ended: false };
                self.settle_reading(slot, out);
            }
            _ => {
                self.read_records(slot, Stage::Mark, 1, out);
            }
        }
        Read::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog::EntryState;
    use super::*;
    use crate::kernel::Time;
    use crate::vocab::{Cartridge, Tag, VolumeId};

    /// A backup of thirty tracks: seventeen on its first cartridge, thirteen on its second.
    fn reader(sequence_check: SequenceCheck, section: u16) -> Reader {
        let volume = VolumeId::parse("PROD01").unwrap();
        let sections = [(0, 18), (1, 13)].map(|(number, blocks)| Section { cartridge: Cartridge(number), blocks });
        let entry = InventoryEntry {
            backup: Backup(7),
            source: volume,
            header: volume,
            t0: Time::ZERO,
            place: BackupPlace::Tape(sections.to_vec()),
            extents: Extents::whole(30),
            tracks: 30,
            state: EntryState::Complete,
        };
        let first = if section == 0 { 0 } else { 17 };
        Reader { section, first, next: first, ..Reader::new(&entry, sequence_check) }
    }

    fn track(backup: u16, number: u32) -> Record {
        let image = TrackImage::data(Tag(number.into()));
        Record::Track { backup: Backup(backup), track: TrackNo(number), image }
    }

    #[test]
    fn a_trailer_names_the_blocks_of_its_cartridge_and_whether_it_is_the_last() {
        let fits = |section, record: Record| reader(SequenceCheck::Verify, section).trailer_fits(&record);
        assert!(fits(0, Record::Eov1 { block_count: 18 }) && fits(1, Record::Eof1 { block_count: 13 }));
        assert!(!fits(0, Record::Eov1 { block_count: 17 }) && !fits(1, Record::Eof1 { block_count: 14 }));
        assert!(!fits(0, Record::Eof1 { block_count: 18 }) && !fits(1, Record::Eov1 { block_count: 13 }));
        assert_eq!(reader(SequenceCheck::Verify, 0).end_of_section(), 17);
        assert_eq!(reader(SequenceCheck::Verify, 1).end_of_section(), 30);
    }

    #[test]
    fn who_verifies_takes_tracks_of_this_backup_in_order_and_nothing_else() {
        let mut verifying = reader(SequenceCheck::Verify, 1);
        let tracks = verifying.take(&[track(7, 17), track(7, 18)]).expect("they follow one another");
        assert_eq!((tracks.len(), tracks[0].0, tracks[0].1.len(), verifying.next), (1, 17, 2, 19));
        for wrong in [track(7, 20), track(6, 19), Record::Hdr2] {
            assert_eq!(verifying.clone().take(&[wrong]), None);
        }
    }

    #[test]
    fn who_trusts_puts_each_track_where_its_record_says() {
        let mut trusting = reader(SequenceCheck::Trust, 0);
        let records = [Record::Hdr2, track(6, 3), track(6, 4), track(6, 9), track(6, 30), Record::TapeMark];
        let tracks = trusting.take(&records).expect("whatever it is");
        let places: Vec<(u32, usize)> = tracks.iter().map(|(first, images)| (*first, images.len())).collect();
        assert_eq!(places, [(3, 2), (9, 1)], "a track beyond the volume goes nowhere");
    }
}
